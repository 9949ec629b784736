//! What the last event at a node changed in it, with the values before.

use netsplit_lab::NodeFrame;
use netsplit_lab::changes::{Change, Changed};

use super::title;
use crate::app::App;
use crate::model::format;
use crate::view::dom::{El, el, fragment};

/// What is known of the last event at this node, where the run stands still.
pub fn of(app: &App, node: u32) -> Option<&Changed> {
    app.changed.as_ref().filter(|((known, _), _)| *known == node)?.1.as_ref()
}

/// A fact of the node: what it was before is struck out.
pub fn row(changed: Option<&Changed>, label: &str, value: &str) -> El {
    let found =
        changed.and_then(|changed| Some((changed, changed.fields.iter().find(|f| f.label == label)?)));
    match found {
        None => super::row(format::sentence_case(label), value.to_owned()),
        Some((changed, field)) => line(label, field).with(el("time").with(format::exact(changed.time))),
    }
}

/// A changed field: what it is now, and what it was.
fn line(label: &str, field: &Change) -> El {
    let old = field.before.clone().unwrap_or_else(|| "none".to_owned());
    let was = el("s").with(el("span").class("sr").with("before: ")).with(old);
    let new = field.after.clone().unwrap_or_else(|| "none".to_owned());
    let value = fragment().with(el("b").with(new)).with(" ").with(was);
    let label = if label.is_empty() { "On the stage".to_owned() } else { format::sentence_case(label) };
    el("div").class("kv c").with(el("span").with(label)).with(el("span").class("both").with(value))
}

/// The last event, and what it changed that has no row of its own among the node's facts.
pub fn last(changed: &Changed, node: &NodeFrame, now: u64) -> El {
    let own = |field: &&Change| !node.facts.iter().any(|(label, _)| *label == field.label);
    let when = match changed.time == now {
        true => "just now".to_owned(),
        false => format!("{} ago", format::span(now - changed.time)),
    };
    let nothing = || el("p").class("muted").with("It changed nothing that is shown here.");
    let rest = changed.fields.iter().filter(own);
    let (subject, told) = format::subject(&node.name, &changed.sentence);
    let sentence = el("p").class("last").with(el("b").with(subject.to_owned())).with(told);
    el("section")
        .class("lastev")
        .with(title("Last event", format!("{}, {when}", format::exact(changed.time))))
        .with(sentence)
        .with(changed.fields.is_empty().then(nothing))
        .each(rest.map(|field| line(&field.label, field)))
}
