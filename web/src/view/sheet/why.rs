//! Why a violation is one, in sentences.

use netsplit_lab::{Finding, Shown};
use yew::prelude::*;

use super::head;
use crate::app::{App, Msg};
use crate::model::format;
use crate::view::dom::{El, el, fragment};
use crate::view::icons::icon;

/// The operations of a violation in sentences, numbered, and why no order explains them.
pub fn chain(on: &Callback<Msg>, found: &Finding) -> El {
    let step = |(at, op): (usize, &Shown)| {
        let goal = op.to.unwrap_or(op.from);
        let go = el("button")
            .class("k")
            .set("aria-label", format!("Go to {}, {}", at + 1, format::instant(goal)))
            .sends(on, Msg::SeekTo(goal))
            .with((at + 1).to_string());
        el("li").with(go).with(el("p").with(&op.sentence))
    };
    let cross = el("span").class("k x").with(icon("i-bad", "i20"));
    let because = el("li").with(cross).with(el("p").class("strong").with(&found.because));
    el("ol").class("chain").each(found.shown.iter().enumerate().map(step)).with(because)
}

/// The panel.
pub fn why(app: &App, on: &Callback<Msg>, index: usize) -> El {
    let Some(found) = app.session.as_ref().and_then(|session| session.finding(index)) else {
        return fragment();
    };
    let odd = found.shown.iter().find(|op| op.odd);
    let before = odd.map_or(found.time, |op| op.from).saturating_sub(1);
    let body = el("div")
        .class("panel")
        .set("role", "region")
        .set("tabindex", "0")
        .set("aria-label", "Why is this a violation?")
        .with(
            el("div")
                .class("pad")
                .with(el("h3").with(&found.title))
                .with(chain(on, &found))
                .with(el("p").class("muted").with(&found.proof))
                .with(app.panels.consistency.as_ref().map(|c| el("p").class("muted").with(&c.promise))),
        );
    let jump = el("button").class("btn line").sends(on, Msg::SeekTo(found.time));
    let fork = el("button").class("btn solid").sends(on, Msg::SeekTo(before));
    let foot = el("div")
        .class("foot")
        .with(jump.with(format!("Jump to {}", format::instant(found.time))))
        .with(fork.with(icon("i-fork", "i16")).with("Go before it"));
    fragment().with(head(on, "Why is this a violation?")).with(body).with(foot)
}
