//! A message in flight.

use netsplit_lab::MessageFrame;
use netsplit_lab::scenario::Target;
use yew::prelude::*;

use super::{row, title};
use crate::app::{App, Msg};
use crate::model::format;
use crate::view::dom::{El, el, fragment};
use crate::view::icons::glyph;

/// A message.
pub fn message(app: &App, on: &Callback<Msg>, sent: &MessageFrame) -> El {
    let name =
        |id: u32| app.frame.nodes.iter().find(|n| n.id == id).map_or_else(String::new, |n| n.name.clone());
    let kind = app.session.as_ref().and_then(|session| session.legend.get(sent.kind as usize));
    let (label, role, shape) = kind.map_or(("", "", ""), |kind| (&kind.label, &kind.role, &kind.shape));
    let there = app.frame.messages.iter().any(|m| m.same(sent) && !m.lost);
    let state = if there {
        "on the way"
    } else if sent.lost {
        "lost"
    } else if app.panels.now < sent.sent {
        "not sent yet"
    } else {
        "no longer on the way"
    };
    let act = |kind: &'static str, label: &'static str| {
        let target = sent.id.parse().map(Target::Message).unwrap_or_default();
        super::act(on, kind, label, target).flag("disabled", !there)
    };
    let arrives = || {
        fragment()
            .with(row("Arrives", format::instant(sent.due)))
            .with(row("Takes", format::span(sent.due.saturating_sub(sent.sent))))
    };
    let look = el("b").class("kind").with(glyph(role, shape)).with(label.to_owned());
    let body = el("section")
        .with(title(label, state.to_owned()))
        .with(el("div").class("kv").with(el("span").with("Kind")).with(look))
        .with(row("From", name(sent.from)))
        .with(row("To", name(sent.to)))
        .with(row("Sent", format::instant(sent.sent)))
        .with((!sent.lost).then(arrives))
        .with(
            el("div")
                .class("acts")
                .with(act("drop_message", "Drop"))
                .with(act("delay_message", "Delay"))
                .with(act("duplicate_message", "Duplicate")),
        );
    el("div").class("ins").with(body)
}
