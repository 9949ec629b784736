//! A node's state, log and tables.

use netsplit_lab::NodeFrame;
use netsplit_lab::scenario::Target;
use yew::prelude::*;

use super::{before, console, inside, row, title};
use crate::app::{App, Msg};
use crate::model::format;
use crate::stage::theme;
use crate::view::dom::{El, el, fragment};

/// A node.
pub fn node(app: &App, on: &Callback<Msg>, node: &NodeFrame) -> El {
    let shards = app.scenario.system.pattern == "sharding";
    let state = match node.status.as_str() {
        "up" | "" => node.state.clone(),
        other => other.to_owned(),
    };
    let act = |kind: &'static str, label: &'static str| {
        super::act(on, kind, label, Target::Node(node.name.clone()))
    };
    let down = node.status == "crashed" || node.status == "paused";
    let queue = |(serving, waiting, limit): (u32, u32, u32)| {
        let waits = if limit > 0 { format!("{waiting} of {limit}") } else { waiting.to_string() };
        fragment().with(row("In service", format::count(u64::from(serving)))).with(row("Waiting", waits))
    };
    let badge = |(kind, amount): &(String, String)| {
        row(
            format::sentence_case(&kind.replace('_', " ")),
            if amount.is_empty() { "in force".to_owned() } else { amount.clone() },
        )
    };
    let acts = if down {
        fragment().with(act("restart", "Restart"))
    } else {
        fragment().with(act("crash", "Crash")).with(act("pause", "Pause"))
    };
    let cell = |(label, hue, solid): &(String, u32, bool)| {
        let open = if *solid { "" } else { " open" };
        el("i").class(format!("{}{open}", theme::hue(*hue, shards))).with(label)
    };
    let log = || {
        let count = format::many(node.cells.len() as u64, "entry").replace("entrys", "entries");
        let newest = node.cells.len().saturating_sub(120);
        el("section")
            .with(title("Log", count))
            .with(el("div").class("cells").each(node.cells[newest..].iter().map(cell)))
            .with(el("p").class("muted").with("Solid: committed as far as this node knows."))
    };
    let line = |(label, value, hue): &(String, String, u32)| {
        let swatch = (*hue > 0).then(|| el("i").class(format!("swatch {}", theme::hue(*hue, shards))));
        el("div").class("kv").with(el("span").with(label)).with(el("b").with(swatch).with(value))
    };
    let changed = before::of(app, node.id);
    let facts = || {
        el("section")
            .with(el("h3").with("State"))
            .each(node.facts.iter().map(|(label, value)| before::row(changed, label, value)))
    };
    let head = el("section")
        .with(title(&node.name, state))
        .with((!node.caption.is_empty()).then(|| row("On the stage", &node.caption)))
        .each(node.badges.iter().map(badge))
        .with(node.queue.map(queue))
        .with(el("div").class("acts").with(acts).with((!down && !node.client).then(|| act("slow", "Slow"))));
    let inside = node.inside.as_deref();
    el("div")
        .class("ins")
        .with(head)
        .with(changed.map(|changed| before::last(changed, node, app.panels.now)))
        .with((!node.client && !down).then(|| console::console(app, on, &node.name)).flatten())
        .with((!node.facts.is_empty()).then(facts))
        .with((!node.cells.is_empty()).then(log))
        .with(inside.and_then(inside::timers))
        .with(inside.map(|inside| {
            fragment()
                .with(inside::disk(inside))
                .with(inside::clock(inside, app.frame.time))
                .with(inside::lives(inside, app.frame.time))
        }))
        .each(node.tables.iter().map(|(title, rows)| {
            el("section")
                .with(el("h3").with(format::sentence_case(title)))
                .each(rows.iter().take(200).map(line))
        }))
}
