//! Why a violation is one, in sentences.

use netsplit_lab::{Finding, Grade, Row, Shown, text};
use yew::prelude::*;

use super::head;
use crate::app::{App, Msg};
use crate::model::{format, summary};
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

/// Weaker models, the strongest first: what each says about the run so far.
fn models(app: &App, on: &Callback<Msg>) -> El {
    let chosen = |row: &&Row| row.id == app.ui.model;
    let chosen = app.judged.iter().find(chosen).or(app.judged.first());
    let entry = |row: &Row| {
        let (tone, mark) = summary::look(row.grade, true);
        let words = match (row.grade, row.number) {
            (Grade::Undecided, 0) => "not decided".to_owned(),
            (_, 0) if row.promised => "kept, promised".to_owned(),
            (_, 0) => "kept".to_owned(),
            (_, count) => format!("{} found", format::count(count)),
        };
        let on_here = chosen.is_some_and(|chosen| chosen.id == row.id);
        let radio = el("input")
            .set("type", "radio")
            .set("name", "model")
            .value(row.id.clone())
            .flag("checked", on_here)
            .tells(on, Msg::Model);
        el("label")
            .class(if on_here { "on" } else { "" })
            .with(radio)
            .with(el("span").with(&row.title))
            .with(el("span").class("r").with(words).with(icon(mark, tone.class())))
    };
    let about = |row: &Row| {
        let model = text::say(&format!("model-{}", row.id.replace('_', "-")), &[]);
        let first = row.first.filter(|_| row.number > 0).map(|(_, time)| {
            let go = el("button").class("link").sends(on, Msg::SeekTo(time));
            fragment().with(" ").with(go.with(format!("Go to {}", format::instant(time))))
        });
        let found = el("p").class("strong").with(&row.sentence).with(first);
        el("div").class("about").set("role", "status").with(found).with(el("p").class("muted").with(model))
    };
    let rows = app.judged.iter().filter(|row| text::has(&format!("model-{}", row.id.replace('_', "-"))));
    let title = el("h3")
        .with("Ask for less")
        .with(el("small").with(format!("up to {}", format::instant(app.panels.now))));
    el("div")
        .class("models")
        .with(title)
        .with(
            el("div").set("role", "radiogroup").set("aria-label", "Consistency model").each(rows.map(entry)),
        )
        .with(chosen.map(about))
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
        )
        .with(models(app, on));
    let jump = el("button").class("btn line").sends(on, Msg::SeekTo(found.time));
    let fork = el("button").class("btn solid").sends(on, Msg::SeekTo(before));
    let foot = el("div")
        .class("foot")
        .with(jump.with(format!("Jump to {}", format::instant(found.time))))
        .with(fork.with(icon("i-fork", "i16")).with("Go before it"));
    fragment().with(head(on, "Why is this a violation?")).with(body).with(foot)
}
