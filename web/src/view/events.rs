//! The event log in sentences, the newest first.

use netsplit_lab::LogEntry;
use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::ui::Filter;

/// Rows that are listed.
const ROWS: usize = 80;

/// The event log.
pub fn events(app: &App, on: &Callback<Msg>) -> El {
    let log = &app.panels.log;
    let rows: Vec<&LogEntry> =
        log.iter().rev().filter(|entry| app.ui.filter.takes(&entry.kind)).take(ROWS).collect();
    let chip = |(filter, name): (Filter, &'static str)| {
        el("button")
            .class("chip")
            .set("aria-pressed", app.ui.filter == filter)
            .sends(on, Msg::Filter(filter))
            .with(name)
    };
    let none = || el("p").class("empty").with("Nothing of this kind has happened yet.");
    let empty = rows.is_empty();
    let rows = rows.into_iter().enumerate().map(|(at, entry)| row(app, on, at, entry));
    fragment()
        .with(
            el("div")
                .class("chips")
                .set("role", "group")
                .set("aria-label", "Filter")
                .each(Filter::ALL.map(chip)),
        )
        .with(empty.then(none))
        .with(el("ol").class("ev").set("aria-label", "Events, the newest first").each(rows))
}

fn row(app: &App, on: &Callback<Msg>, at: usize, entry: &LogEntry) -> El {
    let id = match entry.kind.as_str() {
        "fault" => "i-bolt",
        "lost" => "i-loss",
        "operation" => "i-warn",
        "notable" => "i-flag",
        _ => "i-message",
    };
    let node = app.frame.nodes.iter().find(|node| node.name == entry.node).map(|node| node.id);
    // A lost message's sentence names both ends.
    let about = if entry.kind == "lost" { "" } else { entry.node.as_str() };
    let (subject, rest) = format::subject(about, &entry.sentence);
    let time = format!("{:.3}", entry.time as f64 / 1e9);
    let about = el("button").sends(on, Msg::Moment(entry.time, node));
    let words = fragment().with(el("b").with(subject.to_owned())).with(rest);
    el("li")
        .key(format!("{}-{at}", entry.event))
        .class(format!("k-{}", entry.kind))
        .with(el("time").set("title", format!("{time} s, event {}", entry.event)).with(time))
        .with(icon(id, "i16"))
        .with(about.with(words))
}
