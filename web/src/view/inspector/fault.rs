//! A fault of the run.

use yew::prelude::*;

use super::{row, title};
use crate::app::{App, Msg};
use crate::model::format;
use crate::view::dom::{El, el};
use crate::view::icons::icon;

/// A fault.
pub fn fault(app: &App, on: &Callback<Msg>, index: usize) -> El {
    let Some(block) = app.panels.faults.iter().find(|f| f.index == index) else {
        return el("p").class("empty").with("This fault is no longer in the run.");
    };
    let now = app.panels.now;
    let active = block.from <= now && now < block.to;
    let decl = app.catalogue.fault(&block.kind);
    let until = || {
        let whole = block.to >= app.panels.duration;
        row("Until", if whole { "the end of the run".to_owned() } else { format::instant(block.to) })
    };
    let button = |msg: Msg, id: &str, label: &'static str| {
        el("button").class("btn line sm").sends(on, msg).with(icon(id, "i16")).with(label)
    };
    let acts = el("div")
        .class("acts")
        .with(active.then(|| button(Msg::Heal(index), "i-heal", "Heal now")))
        .with(button(Msg::Remove(index), "i-x", "Take out of the run"));
    let body = el("section")
        .with(title(&block.label, if active { "in force" } else { "not in force" }.to_owned()))
        .with(el("p").class("muted").with(decl.map(|d| d.label.clone()).unwrap_or_default()))
        .with(row("From", format::instant(block.from)))
        .with((block.to > block.from).then(until))
        .with(block.no_effect.then(|| row("Effect", "none: its target was not there")))
        .with(acts)
        .with(el("p").class("hint").with(
            "Healing ends it at this moment. Taking it out makes the run again as if it had never been.",
        ));
    el("div").class("ins").with(body)
}
