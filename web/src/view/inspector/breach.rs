//! An invariant that was broken: what happened, the nodes whose states contradict it, and what these states are.

use netsplit_lab::{Grade, text};
use yew::prelude::*;

use super::{row, title};
use crate::app::{App, Msg};
use crate::model::tool::Hit;
use crate::model::{format, summary};
use crate::view::dom::{El, el};
use crate::view::icons::icon;

/// Why it is one.
pub fn breach(app: &App, on: &Callback<Msg>, index: usize) -> El {
    let Some(session) = app.session.as_ref() else { return el("p") };
    let Some(found) = session.breach(index) else {
        return el("p").class("empty").with("In this run no invariant was broken.");
    };
    let node = |name: &String| {
        let node = app.frame.nodes.iter().find(|node| node.name == *name)?;
        let go = el("button").class("link").sends(on, Msg::Hit(Some(Hit::Node(name.clone()))));
        let facts = session.inspect(node.id).facts;
        let words: Vec<String> =
            facts.into_iter().take(3).map(|(label, value)| format!("{label} {value}")).collect();
        let state = if words.is_empty() { node.name_in_words.clone() } else { words.join(", ") };
        Some(row(go.with(name), format!("{}. {state}", node.state).trim_start_matches(". ").to_owned()))
    };
    let here = app.panels.now == found.time;
    // As the verdict under the stage has it.
    let (tone, mark) = summary::look(found.grade, true);
    let grade = match found.grade {
        Grade::AssumptionBroken => Some(format!("excused: it assumes that {}", found.assuming.join(", "))),
        Grade::NeverPromised => Some(summary::graded(Grade::NeverPromised).to_owned()),
        _ => None,
    };
    let jump = el("button").class("btn line sm").sends(on, Msg::Breach(index, found.time));
    let of = format!("{} of {}", index + 1, format::count(app.panels.breaches.len() as u64));
    let head = el("section")
        .class("why")
        .with(title("An invariant is broken", of))
        .with(
            el("p").class("strong").with(icon(mark, &format!("i16 {}", tone.class()))).with(&found.sentence),
        )
        .with(row("Invariant", format::sentence_case(&text::invariant(found.invariant))))
        .with(grade.map(|words| row("Verdict", words)))
        .with(row("At", format::exact(found.time)))
        .with(row("Event", format::count(found.event)))
        .with(el("div").class("acts").with(jump.with(format!("Jump to {}", format::exact(found.time)))));
    let when = if here { "just then" } else { "at the playhead" };
    let states = el("section").class("states").with(title("The nodes' states", when.to_owned()));
    el("div").class("ins").with(head).with(states.each(found.nodes.iter().filter_map(node)))
}
