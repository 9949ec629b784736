//! What is selected: a node, a message or a fault.

use netsplit_lab::scenario::{Duration, Fault, Target};
use netsplit_lab::{MessageFrame, NodeFrame};
use yew::prelude::*;

use super::icons::{glyph, icon};
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::tool::{self, Hit};
use crate::model::ui::Selection;
use crate::stage::theme;

/// The inspector.
pub fn inspector(app: &App, on: &Callback<Msg>) -> Html {
    let Some(session) = app.session.as_ref() else { return html! {} };
    match &app.ui.selection {
        Selection::None => html! {
            <>
                <p class="empty">{ "Click a node, a message or a fault to look into it. Or pick a node here:" }</p>
                <div class="nodepick">
                    { for app.frame.nodes.iter().filter(|n| n.status != "absent").take(400).map(|node| {
                        let name = node.name.clone();
                        let onclick = on.reform(move |_| Msg::Hit(Some(Hit::Node(name.clone()))));
                        html! { <button class="chip" {onclick}>{ &node.name }</button> }
                    }) }
                </div>
            </>
        },
        Selection::Node(id) => node(app, on, &session.inspect(*id)),
        Selection::Message(sent) => message(app, on, sent),
        Selection::Fault(index) => fault(app, on, *index),
    }
}

fn row(label: &str, value: &str) -> Html {
    html! { <div class="kv"><span>{ label }</span><b>{ value }</b></div> }
}

fn node(app: &App, on: &Callback<Msg>, node: &NodeFrame) -> Html {
    let shards = app.scenario.system.pattern == "sharding";
    let prefix = if shards { 's' } else { 't' };
    let state = match node.status.as_str() {
        "up" | "" => node.state.clone(),
        other => other.to_owned(),
    };
    let act = |kind: &'static str, label: &'static str| {
        let name = node.name.clone();
        let onclick = on.reform(move |_| {
            let mut fault = Fault::new(Duration::ZERO, kind);
            fault.target = Target::Node(name.clone());
            Msg::Inject(fault)
        });
        html! { <button class="btn line sm" {onclick}>{ icon(tool::icon(kind), "i16") }{ label }</button> }
    };
    let down = node.status == "crashed" || node.status == "paused";
    html! {
        <div class="ins">
            <section>
                <h3>{ &node.name }<small>{ &state }</small></h3>
                if !node.caption.is_empty() { { row("Caption", &node.caption) } }
                { for node.badges.iter().map(|(kind, amount)| row(&kind.replace('_', " "), if amount.is_empty() { "in force" } else { amount })) }
                if let Some((serving, waiting, limit)) = node.queue {
                    { row("In service", &format::count(u64::from(serving))) }
                    { row("Waiting", &if limit > 0 { format!("{waiting} of {limit}") } else { waiting.to_string() }) }
                }
                <div class="acts">
                    if down { { act("restart", "Restart") } } else { { act("crash", "Crash") }{ act("pause", "Pause") } }
                    if !down && !node.client { { act("slow", "Slow") } }
                </div>
            </section>
            if !node.facts.is_empty() {
                <section>
                    <h3>{ "State" }</h3>
                    { for node.facts.iter().map(|(label, value)| row(label, value)) }
                </section>
            }
            if !node.cells.is_empty() {
                <section>
                    <h3>{ "Log" }<small>{ format::many(node.cells.len() as u64, "entry").replace("entrys", "entries") }</small></h3>
                    <div class="cells">
                        { for node.cells.iter().rev().take(120).rev().map(|(label, hue, solid)| html! {
                            <i class={classes!(format!("{prefix}{}", theme::class(*hue, shards)), (!solid).then_some("open"))}>{ label }</i>
                        }) }
                    </div>
                    <p class="muted">{ "Solid: committed as far as this node knows." }</p>
                </section>
            }
            { for node.tables.iter().map(|(title, rows)| html! {
                <section>
                    <h3>{ title }</h3>
                    { for rows.iter().take(200).map(|(label, value, hue)| html! {
                        <div class="kv">
                            <span>{ label }</span>
                            <b>
                                if *hue > 0 { <i class={classes!("swatch", format!("{prefix}{}", theme::class(*hue, shards)))}></i> }
                                { value }
                            </b>
                        </div>
                    }) }
                </section>
            }) }
        </div>
    }
}

fn message(app: &App, on: &Callback<Msg>, sent: &MessageFrame) -> Html {
    let name =
        |id: u32| app.frame.nodes.iter().find(|n| n.id == id).map_or_else(String::new, |n| n.name.clone());
    let kind = app
        .session
        .as_ref()
        .and_then(|session| session.legend.get(sent.kind as usize).cloned())
        .unwrap_or_default();
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
        let target = sent.id.parse().ok().map(Target::Message);
        let onclick = on.reform(move |_| {
            let mut fault = Fault::new(Duration::ZERO, kind);
            fault.target = target.clone().unwrap_or_default();
            Msg::Inject(fault)
        });
        html! { <button class="btn line sm" disabled={!there} {onclick}>{ icon(tool::icon(kind), "i16") }{ label }</button> }
    };
    html! {
        <div class="ins">
            <section>
                <h3>{ &kind.label }<small>{ state }</small></h3>
                <div class="kv"><span>{ "Kind" }</span><b class="legend-inline">{ glyph(&kind.role, &kind.shape) }</b></div>
                { row("From", &name(sent.from)) }
                { row("To", &name(sent.to)) }
                { row("Sent", &format::instant(sent.sent)) }
                if !sent.lost {
                    { row("Arrives", &format::instant(sent.due)) }
                    { row("Takes", &format::span(sent.due.saturating_sub(sent.sent))) }
                }
                if !sent.id.is_empty() { { row("Name", &sent.id) } }
                <div class="acts">
                    { act("drop_message", "Drop") }{ act("delay_message", "Delay") }{ act("duplicate_message", "Duplicate") }
                </div>
            </section>
        </div>
    }
}

fn fault(app: &App, on: &Callback<Msg>, index: usize) -> Html {
    let Some(block) = app.panels.faults.iter().find(|f| f.index == index) else {
        return html! { <p class="empty">{ "This fault is no longer in the run." }</p> };
    };
    let now = app.panels.now;
    let active = block.from <= now && now < block.to;
    let decl = app.catalogue.fault(&block.kind);
    html! {
        <div class="ins">
            <section>
                <h3>{ &block.label }<small>{ if active { "in force" } else { "not in force" } }</small></h3>
                <p class="muted">{ decl.map(|d| d.label.clone()).unwrap_or_default() }</p>
                { row("From", &format::instant(block.from)) }
                if block.to > block.from {
                    { row("Until", &if block.to >= app.panels.duration { "the end of the run".to_owned() } else { format::instant(block.to) }) }
                }
                if block.no_effect { { row("Effect", "none: its target was not there") } }
                <div class="acts">
                    if active {
                        <button class="btn line sm" onclick={on.reform(move |_| Msg::Heal(index))}>{ icon("i-heal", "i16") }{ "Heal now" }</button>
                    }
                    <button class="btn line sm" onclick={on.reform(move |_| Msg::Remove(index))}>{ icon("i-x", "i16") }{ "Take out of the run" }</button>
                </div>
                <p class="hint">{ "Healing ends it at this moment. Taking it out makes the run again as if it had never been." }</p>
            </section>
        </div>
    }
}
