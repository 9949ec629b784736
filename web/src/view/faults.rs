//! Every kind of fault in a list, with its target, its amounts and how long it lasts.

use netsplit_lab::scenario::catalogue::{Catalogue, FaultDecl, ParamDecl, TargetKind};
use netsplit_lab::scenario::{Duration, Fault, LinkName, Params, Target};
use serde_json::Value;
use yew::prelude::*;

use super::controls::{Param, option, param, pick};
use super::dom::{El, el, fragment};
use super::icons::icon;
use super::island::{Change as Within, Props};
use crate::app::Msg;

/// What there is to break.
#[derive(Clone, PartialEq)]
pub struct Offer {
    /// Names of nodes.
    pub nodes: Vec<String>,
    /// Names of messages in flight.
    pub messages: Vec<String>,
}

/// What is filled in.
#[derive(Default)]
pub struct Form {
    kind: String,
    params: Params,
    picked: Vec<String>,
    lasts: String,
    /// The messages that were in flight when the dialog opened.
    messages: Vec<String>,
    message: String,
}

/// Something that is filled in.
#[derive(Clone)]
pub enum Change {
    /// Another kind of fault.
    Kind(String),
    /// An amount.
    Amount(String, Value),
    /// A node is picked, or no longer.
    Pick(String),
    /// Which message.
    Message(String),
    /// How long it lasts.
    Lasts(String),
}

impl Form {
    /// Nothing but the first kind.
    pub fn new(catalogue: &Catalogue, offer: &Offer) -> Self {
        Self {
            kind: catalogue.faults.first().map(|f| f.kind.clone()).unwrap_or_default(),
            messages: offer.messages.clone(),
            message: offer.messages.first().cloned().unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Fills something in.
    pub fn change(&mut self, change: Change) {
        match change {
            Change::Kind(kind) => {
                self.kind = kind;
                self.params.clear();
                self.picked.clear();
            }
            Change::Amount(id, value) => drop(self.params.insert(id, value)),
            Change::Pick(name) => match self.picked.iter().position(|known| *known == name) {
                Some(at) => drop(self.picked.remove(at)),
                None => self.picked.push(name),
            },
            Change::Message(message) => self.message = message,
            Change::Lasts(text) => self.lasts = text,
        }
    }
}

/// The list of all faults.
pub fn list(
    props: &Props,
    offer: &Offer,
    form: &Form,
    draft: &Option<(String, Value)>,
    change: &Callback<Within>,
) -> El {
    let Some(decl) = props.catalogue.fault(&form.kind) else { return fragment() };
    let target = target(decl, &form.picked, &form.message);
    let span = form.lasts.trim().parse::<Duration>().ok();
    let odd = !form.lasts.trim().is_empty() && span.is_none();
    let kind = |fault: &FaultDecl| {
        let button = el("button")
            .set("data-kind", &fault.kind)
            .set("aria-pressed", fault.kind == decl.kind)
            .sends(change, Within::Form(Change::Kind(fault.kind.clone())))
            .with(&fault.label);
        el("li").with(button)
    };
    let amount = |decl: &ParamDecl| {
        let (heard, id) = (change.clone(), decl.id.clone());
        param(Param {
            decl,
            value: form.params.get(&decl.id).unwrap_or(&decl.default).clone(),
            name: format!("{}-{}", form.kind, decl.id),
            on: Callback::from(move |value| heard.emit(Within::Form(Change::Amount(id.clone(), value)))),
            draft,
            drags: change,
        })
    };
    let lasts = || {
        let field = el("input")
            .class("box")
            .set("type", "text")
            .set("placeholder", "until healed, or 2s, 500ms …")
            .value(&form.lasts)
            .set("aria-invalid", odd)
            .tells(change, |text| Within::Form(Change::Lasts(text)));
        el("label").class("line").with("Lasts").with(field)
    };
    let body = el("div")
        .class("form")
        .with(el("h3").with(&decl.label))
        .with(el("p").class("muted").with(&decl.help))
        .with(target_form(decl, offer, form, change))
        .each(decl.params.iter().map(amount))
        .with(decl.has_duration.then(lasts));
    let kinds = el("ul").set("aria-label", "Kinds of fault").each(props.catalogue.faults.iter().map(kind));
    let aim = || {
        el("button")
            .class("btn")
            .sends(&props.on, Msg::Arm(Some(decl.kind.clone())))
            .with(icon("i-select", ""))
            .with("Aim on the stage")
    };
    let mut apply =
        el("button").class("btn solid").flag("disabled", target.is_none() || odd).with("Apply now");
    if let Some(target) = target {
        let lasts = span.filter(|_| decl.has_duration);
        let (kind, params) = (decl.kind.clone(), form.params.clone());
        apply =
            apply.sends(&props.on, Msg::Inject(Fault { at: Duration::ZERO, lasts, kind, target, params }));
    }
    let words = "It happens at this moment of the run, and is part of the link.";
    let foot = el("footer")
        .with(el("span").class("grow").with(words))
        .with((decl.target != TargetKind::None).then(aim))
        .with(apply);
    fragment().with(el("div").class("body faultlist").with(kinds).with(body)).with(foot)
}

/// The target that is picked, where it suffices.
fn target(decl: &FaultDecl, picked: &[String], message: &str) -> Option<Target> {
    match (decl.target, picked) {
        (TargetKind::None | TargetKind::Any, []) => Some(Target::None),
        (TargetKind::None, _) => Some(Target::None),
        (TargetKind::Message, _) => message.parse().ok().map(Target::Message),
        (TargetKind::Groups, [_, ..]) => Some(Target::Groups(vec![picked.to_vec()])),
        (TargetKind::Link, [from, to]) => {
            let both = decl.kind != "one_way";
            Some(Target::Link(LinkName { from: from.clone(), to: to.clone(), both }))
        }
        (_, [one]) => Some(Target::Node(one.clone())),
        (_, [_, _, ..]) => Some(Target::Nodes(picked.to_vec())),
        _ => None,
    }
}

fn target_form(decl: &FaultDecl, offer: &Offer, form: &Form, change: &Callback<Within>) -> El {
    let label = match decl.target {
        TargetKind::None => return fragment(),
        TargetKind::Message if form.messages.is_empty() => {
            return el("p").class("err").with("No message is on the way at this moment.");
        }
        TargetKind::Message => {
            let list = el("select")
                .class("select sm")
                .tells(change, |text| Within::Form(Change::Message(text)))
                .each(form.messages.iter().map(|id| option(id.clone(), id.clone(), *id == form.message)));
            return el("label").class("line").with("Message").with(pick("pick", list));
        }
        TargetKind::Groups => "One side",
        TargetKind::Link => "Two nodes, or one for all its links",
        TargetKind::Node | TargetKind::Any => "Nodes",
    };
    let chip = |name: &String| {
        el("button")
            .class("chip")
            .set("aria-pressed", form.picked.contains(name))
            .sends(change, Within::Form(Change::Pick(name.clone())))
            .with(name)
    };
    let group = el("div").class("picks").set("role", "group").set("aria-label", label);
    el("div")
        .with(el("p").class("muted").with(label))
        .with(group.each(offer.nodes.iter().take(400).map(chip)))
}
