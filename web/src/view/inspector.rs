//! What is selected: a node, a message or a fault.

use netsplit_lab::scenario::{Duration, Fault, Target};
use netsplit_lab::{MessageFrame, NodeFrame};
use yew::prelude::*;

use super::dom::{Content, El, el, fragment};
use super::icons::{glyph, icon};
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::tool::{self, Hit};
use crate::model::ui::Selection;
use crate::stage::theme;

/// The inspector.
pub fn inspector(app: &App, on: &Callback<Msg>) -> El {
    let Some(session) = app.session.as_ref() else { return fragment() };
    match &app.ui.selection {
        Selection::None => {
            let nodes = app.frame.nodes.iter().filter(|n| n.status != "absent").take(400);
            let chip = |node: &NodeFrame| {
                let hit = Hit::Node(node.name.clone());
                el("button").class("chip").sends(on, Msg::Hit(Some(hit))).with(&node.name)
            };
            fragment()
                .with(
                    el("p")
                        .class("empty")
                        .with("Click a node, a message or a fault to look into it. Or pick a node here:"),
                )
                .with(el("div").class("nodepick").each(nodes.map(chip)))
        }
        Selection::Node(id) => node(app, on, &session.inspect(*id)),
        Selection::Message(sent) => message(app, on, sent),
        Selection::Fault(index) => fault(app, on, *index),
    }
}

fn row(label: impl Content, value: impl Content) -> El {
    el("div").class("kv").with(el("span").with(label)).with(el("b").with(value))
}

fn title(name: &str, more: String) -> El {
    el("h3").with(name.to_owned()).with(el("small").with(more))
}

/// A button that breaks what is looked at.
fn act(on: &Callback<Msg>, kind: &'static str, label: &'static str, target: Target) -> El {
    let mut fault = Fault::new(Duration::ZERO, kind);
    fault.target = target;
    el("button")
        .class("btn line sm")
        .sends(on, Msg::Inject(fault))
        .with(icon(tool::icon(kind), "i16"))
        .with(label)
}

fn node(app: &App, on: &Callback<Msg>, node: &NodeFrame) -> El {
    let shards = app.scenario.system.pattern == "sharding";
    let state = match node.status.as_str() {
        "up" | "" => node.state.clone(),
        other => other.to_owned(),
    };
    let act = |kind: &'static str, label: &'static str| act(on, kind, label, Target::Node(node.name.clone()));
    let down = node.status == "crashed" || node.status == "paused";
    let queue = |(serving, waiting, limit): (u32, u32, u32)| {
        let waits = if limit > 0 { format!("{waiting} of {limit}") } else { waiting.to_string() };
        fragment().with(row("In service", format::count(u64::from(serving)))).with(row("Waiting", waits))
    };
    let badge = |(kind, amount): &(String, String)| {
        row(kind.replace('_', " "), if amount.is_empty() { "in force".to_owned() } else { amount.clone() })
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
    let facts = || {
        el("section")
            .with(el("h3").with("State"))
            .each(node.facts.iter().map(|(label, value)| row(label, value)))
    };
    let head = el("section")
        .with(title(&node.name, state))
        .with((!node.caption.is_empty()).then(|| row("Caption", &node.caption)))
        .each(node.badges.iter().map(badge))
        .with(node.queue.map(queue))
        .with(el("div").class("acts").with(acts).with((!down && !node.client).then(|| act("slow", "Slow"))));
    el("div")
        .class("ins")
        .with(head)
        .with((!node.facts.is_empty()).then(facts))
        .with((!node.cells.is_empty()).then(log))
        .each(node.tables.iter().map(|(title, rows)| {
            el("section").with(el("h3").with(title)).each(rows.iter().take(200).map(line))
        }))
}

fn message(app: &App, on: &Callback<Msg>, sent: &MessageFrame) -> El {
    let name =
        |id: u32| app.frame.nodes.iter().find(|n| n.id == id).map_or_else(String::new, |n| n.name.clone());
    let kind = app.session.as_ref().and_then(|session| session.legend.get(sent.kind as usize));
    let (label, role, shape) = kind.map_or(("", "", ""), |kind| (&kind.label, &kind.role, &kind.shape));
    let there = app.frame.messages.iter().any(|m| m.id == sent.id && !m.lost && !m.id.is_empty());
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
        act(on, kind, label, target).flag("disabled", !there)
    };
    let arrives = || {
        fragment()
            .with(row("Arrives", format::instant(sent.due)))
            .with(row("Takes", format::span(sent.due.saturating_sub(sent.sent))))
    };
    let look = el("b").class("legend-inline").with(glyph(role, shape));
    let body = el("section")
        .with(title(label, state.to_owned()))
        .with(el("div").class("kv").with(el("span").with("Kind")).with(look))
        .with(row("From", name(sent.from)))
        .with(row("To", name(sent.to)))
        .with(row("Sent", format::instant(sent.sent)))
        .with((!sent.lost).then(arrives))
        .with((!sent.id.is_empty()).then(|| row("Name", &sent.id)))
        .with(
            el("div")
                .class("acts")
                .with(act("drop_message", "Drop"))
                .with(act("delay_message", "Delay"))
                .with(act("duplicate_message", "Duplicate")),
        );
    el("div").class("ins").with(body)
}

fn fault(app: &App, on: &Callback<Msg>, index: usize) -> El {
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
