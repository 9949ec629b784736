//! The event log in sentences: the newest first, what comes after the cursor dim above it. Only the rows near what is
//! seen are on the page.

use netsplit_lab::LogEntry;
use yew::prelude::*;

use super::controls::{option, pick, typed};
use super::dom::{El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::eventlog::{Deed, ROW};
use crate::model::format;
use crate::model::ui::Filter;

/// Rows of a page of the list.
const PAGE: i64 = 12;

/// The event log.
pub fn events(app: &App, on: &Callback<Msg>) -> El {
    let log = &app.log;
    let counts = app.panels.log.counts;
    let chip = |(filter, name): (Filter, &'static str)| {
        let count = el("small").with(format::count(filter.count(&counts)));
        el("button")
            .class("chip")
            .set("aria-pressed", app.ui.filter == filter)
            .sends(on, Msg::Filter(filter))
            .with(name)
            .with(count)
    };
    let chips = el("div").class("chips").set("role", "group").set("aria-label", "Filter");
    let narrowed = !log.filter.text.is_empty() || log.filter.node.is_some();
    let none = || match (log.done, narrowed) {
        (false, _) => "Looking …",
        (true, true) => "No event is like that.",
        (true, false) => "Nothing of this kind has happened yet.",
    };
    let empty = log.rows.is_empty();
    let bar = el("div").class("logbar").with(search(app, on)).with(nodes(app, on));
    let away = || {
        let button = el("button").class("btn line sm tocursor").sends(on, Msg::Log(Deed::Follow));
        button.with(icon("i-fit", "i16")).with("To the cursor")
    };
    fragment()
        .with(super::breaks::breaks(app, on))
        .with(chips.each(Filter::ALL.map(chip)))
        .with(bar.with((!log.follows && !empty).then(away)))
        .with(empty.then(|| el("p").class("empty").set("role", "status").with(none())))
        .with((!empty).then(|| list(app, on)))
}

fn search(app: &App, on: &Callback<Msg>) -> El {
    let on = on.clone();
    el("input")
        .class("box sm")
        .set("type", "search")
        .set("aria-label", "Search events")
        .set("placeholder", "Search events")
        .value(app.log.filter.text.clone())
        .on_input(Callback::from(move |event: InputEvent| on.emit(Msg::Log(Deed::Text(typed(&event))))))
}

fn nodes(app: &App, on: &Callback<Msg>) -> El {
    let now = app.log.filter.node;
    let entry =
        |node: &netsplit_lab::NodeFrame| option(node.id.to_string(), node.name.clone(), now == Some(node.id));
    let any = option(String::new(), "Any node".to_owned(), now.is_none());
    let on = on.clone();
    let list = el("select").class("select sm").set("aria-label", "Node").on_change(Callback::from(
        move |event: Event| on.emit(Msg::Log(Deed::Node(typed(&event).parse().ok()))),
    ));
    // Who may yet be added has done nothing.
    let there = |node: &&netsplit_lab::NodeFrame| node.status != "absent" || now == Some(node.id);
    pick("pick", list.with(any).each(app.frame.nodes.iter().filter(there).take(400).map(entry)))
}

fn list(app: &App, on: &Callback<Msg>) -> El {
    let log = &app.log;
    let below = log.of.saturating_sub(log.first + log.rows.len());
    let space =
        format!("padding-top:{:.0}px;padding-bottom:{:.0}px", log.first as f64 * ROW, below as f64 * ROW);
    let there = log.line.filter(|line| log.rows.iter().any(|(known, _)| known == line));
    let rows = log.rows.iter().enumerate().map(|(at, (line, entry))| {
        let place = log.first + at;
        row(app, on, entry, *line, place < log.later).set("aria-posinset", (place + 1) as u64)
    });
    el("ol")
        .class("ev")
        .at(&app.refs.log)
        .set("role", "listbox")
        .set("tabindex", "0")
        .set("aria-label", "Events, the newest first")
        .set("data-of", log.of as u64)
        .set("data-css", space)
        .maybe("aria-activedescendant", there.map(|line| format!("ev-{line}")))
        .on_key(keys(on))
        .each(rows.map(|row| row.set("aria-setsize", log.of as u64)))
}

/// Up and down from entry to entry, Enter to its moment.
fn keys(on: &Callback<Msg>) -> Callback<KeyboardEvent> {
    let on = on.clone();
    Callback::from(move |event: KeyboardEvent| {
        let deed = match event.key().as_str() {
            "ArrowDown" => Deed::Walk(1),
            "ArrowUp" => Deed::Walk(-1),
            "PageDown" => Deed::Walk(PAGE),
            "PageUp" => Deed::Walk(-PAGE),
            "Home" => Deed::Walk(i64::MIN / 2),
            "End" => Deed::Walk(i64::MAX / 2),
            "Enter" | " " => Deed::Go,
            _ => return,
        };
        event.prevent_default();
        on.emit(Msg::Log(deed));
    })
}

fn row(app: &App, on: &Callback<Msg>, entry: &LogEntry, line: u64, later: bool) -> El {
    let glyph = match entry.kind.as_str() {
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
    let chosen = app.log.line == Some(line);
    let words = el("span").with(el("b").with(subject.to_owned())).with(rest);
    let more = || el("small").with(format!("{}, event {}", format::exact(entry.time), entry.event));
    el("li")
        .key(line.to_string())
        .set("id", format!("ev-{line}"))
        .set("role", "option")
        .set("aria-selected", chosen)
        .class(format!("k-{}{}", entry.kind, if later { " later" } else { "" }))
        .maybe("title", (!chosen).then(|| entry.sentence.clone()))
        .sends(on, Msg::Moment(entry.time, entry.event, node, line))
        .with(el("time").with(time))
        .with(icon(glyph, "i16"))
        .with(words.with(chosen.then(more)))
}
