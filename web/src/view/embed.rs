//! The bar above an embed.

use yew::prelude::*;

use super::dom::{El, el};
use super::icons::icon;
use super::top;
use crate::app::{App, Msg};
use crate::model::ui::Drawer;

/// The bar above an embed.
pub fn head(app: &App, on: &Callback<Msg>) -> El {
    let toggle = |drawer: Drawer, id: &str, name: &'static str| {
        el("button")
            .class("btn sm")
            .set("aria-label", name)
            .set("aria-expanded", app.drawer(drawer))
            .sends(on, Msg::Drawer(drawer))
            .with(icon(id, "i16"))
            .with(el("span").class("word").with(name))
    };
    let panel = app.wishes.panel.map(|_| toggle(Drawer::Analysis, "i-chart", "Analysis"));
    let faults = app.wishes.editable.then(|| toggle(Drawer::Faults, "i-partition", "Faults"));
    let ask = || {
        let on = on.clone();
        Callback::from(move |_: PointerEvent| on.emit(Msg::Away))
    };
    let focus = {
        let on = on.clone();
        Callback::from(move |_: FocusEvent| on.emit(Msg::Away))
    };
    let away = el("a")
        .class("btn sm away")
        .set("href", "./")
        .set("target", "_blank")
        .set("rel", "noopener")
        .sends(on, Msg::Away)
        .on_focus(focus)
        .on_pointer(ask(), Callback::noop(), Callback::noop())
        .with("Open in netsplit")
        .with(icon("i-ext", "i16"));
    let (title, _) = top::names(app);
    el("header")
        .class("top")
        .with(el("h1").set("title", &title).with(title))
        .with(panel)
        .with(faults)
        .with(away)
}
