//! Parts of the page with a life of their own: made anew only where what they are made of changed.
//!
//! There is one component for all of them, as Yew brings its whole machinery anew for each.

use netsplit_lab::scenario::{Catalogue, Scenario};
use serde_json::Value;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::dom::el;
use super::faults::{Form, Offer};
use super::{faults, rail};
use crate::app::{Msg, Shared};
use crate::browser;

/// Which part it is.
#[derive(Clone, PartialEq)]
pub enum What {
    /// The left rail; whether the run has clients.
    Rail(bool),
    /// The list of all faults.
    Faults(Offer),
    /// The first button or field in it gets the focus when it appears.
    Focus(Html),
}

/// What it is made of.
#[derive(Clone, PartialEq, Properties)]
pub struct Props {
    /// Which part it is.
    pub what: What,
    /// What there is to choose from.
    pub catalogue: Shared<&'static Catalogue>,
    /// What is chosen.
    pub scenario: Shared<Scenario>,
    /// Hears what happens.
    pub on: Callback<Msg>,
}

/// What happens within.
#[derive(Clone)]
pub enum Change {
    /// A slider is being dragged to a value, or was let go.
    Draft(Option<(String, Value)>),
    /// Something in the form for a fault.
    Form(faults::Change),
}

/// Such a part.
pub struct Island {
    draft: Option<(String, Value)>,
    form: Form,
    holder: NodeRef,
}

/// Such a part, where it stands.
pub fn island(props: Props) -> Html {
    html! { <Island ..props /> }
}

impl Component for Island {
    type Message = Change;
    type Properties = Props;

    fn create(ctx: &Context<Self>) -> Self {
        let form = match &ctx.props().what {
            What::Faults(offer) => Form::new(&ctx.props().catalogue, offer),
            What::Rail(_) | What::Focus(_) => Form::default(),
        };
        Self { draft: None, form, holder: NodeRef::default() }
    }

    fn update(&mut self, _ctx: &Context<Self>, change: Change) -> bool {
        match change {
            Change::Draft(draft) if draft == self.draft => return false,
            Change::Draft(draft) => self.draft = draft,
            Change::Form(change) => self.form.change(change),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let on = ctx.link().callback(|change| change);
        match &props.what {
            What::Rail(clients) => rail::rail(props, *clients, &self.draft, &on).done(),
            What::Faults(offer) => faults::list(props, offer, &self.form, &self.draft, &on).done(),
            What::Focus(inside) => el("span").at(&self.holder).with(inside.clone()).done(),
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        if !matches!(ctx.props().what, What::Focus(_)) {
            if let Some(root) = browser::document().document_element() {
                browser::apply_css(&root);
            }
        } else if first {
            let inside =
                self.holder.cast::<Element>().and_then(|e| e.query_selector("button,input").ok().flatten());
            if let Some(inside) = inside.and_then(|e| e.dyn_into::<HtmlElement>().ok()) {
                let _ = inside.focus();
            }
        }
    }
}
