//! The event log in sentences: the newest first, the next ones after the cursor dim above it.

use netsplit_lab::LogEntry;
use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::browser;
use crate::model::format;
use crate::model::ui::Filter;

/// The event log.
pub fn events(app: &App, on: &Callback<Msg>) -> El {
    let log = &app.panels.log;
    let chip = |(filter, name): (Filter, &'static str)| {
        let count = el("small").with(format::count(filter.count(&log.counts)));
        el("button")
            .class("chip")
            .set("aria-pressed", app.ui.filter == filter)
            .sends(on, Msg::Filter(filter))
            .with(name)
            .with(count)
    };
    let none = || el("p").class("empty").with("Nothing of this kind has happened yet.");
    let cursor = log.rows.len() - log.later;
    let mut ids: Vec<(String, u64, Option<u32>)> = Vec::new();
    let mut rows: Vec<El> = Vec::new();
    let mut before = (u64::MAX, 0);
    for (at, entry) in log.rows.iter().enumerate() {
        // Several entries of one event are told apart by their place among them.
        before = if before.0 == entry.event { (before.0, before.1 + 1) } else { (entry.event, 0) };
        let id = format!("ev-{}-{}", before.0, before.1);
        let node = app.frame.nodes.iter().find(|node| node.name == entry.node).map(|node| node.id);
        rows.push(row(app, on, entry, &id, node, at >= cursor));
        ids.push((id, entry.time, node));
    }
    let empty = rows.is_empty();
    rows.reverse();
    ids.reverse();
    let known = ids.iter().any(|(id, ..)| *id == app.ui.entry);
    let list = el("ol")
        .class("ev")
        .set("role", "listbox")
        .set("tabindex", "0")
        .set("aria-label", "Events, the newest first")
        .maybe("aria-activedescendant", known.then(|| app.ui.entry.clone()))
        .on_key(keys(on, ids, app.ui.entry.clone(), log.later))
        .each(rows);
    fragment()
        .with(super::breaks::breaks(app, on))
        .with(
            el("div")
                .class("chips")
                .set("role", "group")
                .set("aria-label", "Filter")
                .each(Filter::ALL.map(chip)),
        )
        .with(empty.then(none))
        .with((!empty).then_some(list))
}

/// Up and down from entry to entry, Enter to its moment.
fn keys(
    on: &Callback<Msg>,
    ids: Vec<(String, u64, Option<u32>)>,
    entry: String,
    later: usize,
) -> Callback<KeyboardEvent> {
    let on = on.clone();
    Callback::from(move |event: KeyboardEvent| {
        let at = ids.iter().position(|(id, ..)| *id == entry);
        let last = ids.len().saturating_sub(1);
        let to = match event.key().as_str() {
            "ArrowDown" => at.map_or(later, |at| at + 1),
            "ArrowUp" => at.map_or(later, |at| at.saturating_sub(1)),
            "Home" => 0,
            "End" => last,
            "Enter" | " " => {
                if let Some((id, time, node)) = at.and_then(|at| ids.get(at)) {
                    event.prevent_default();
                    on.emit(Msg::Moment(*time, *node, id.clone()));
                }
                return;
            }
            _ => return,
        };
        event.prevent_default();
        if let Some((id, ..)) = ids.get(to.min(last)) {
            browser::reveal(id);
            on.emit(Msg::Entry(id.clone()));
        }
    })
}

fn row(app: &App, on: &Callback<Msg>, entry: &LogEntry, id: &str, node: Option<u32>, later: bool) -> El {
    let glyph = match entry.kind.as_str() {
        "fault" => "i-bolt",
        "lost" => "i-loss",
        "operation" => "i-warn",
        "notable" => "i-flag",
        _ => "i-message",
    };
    // A lost message's sentence names both ends.
    let about = if entry.kind == "lost" { "" } else { entry.node.as_str() };
    let (subject, rest) = format::subject(about, &entry.sentence);
    let time = format!("{:.3}", entry.time as f64 / 1e9);
    let words = el("span").with(el("b").with(subject.to_owned())).with(rest);
    let chosen = app.ui.entry == id;
    let more = || el("small").with(format!("{}, event {}", format::exact(entry.time), entry.event));
    el("li")
        .key(id.to_owned())
        .set("id", id.to_owned())
        .set("role", "option")
        .set("aria-selected", chosen)
        .class(format!("k-{}{}", entry.kind, if later { " later" } else { "" }))
        .sends(on, Msg::Moment(entry.time, node, id.to_owned()))
        .with(el("time").with(time))
        .with(icon(glyph, "i16"))
        .with(words.with(chosen.then(more)))
}
