//! The link between two nodes.

use netsplit_lab::scenario::catalogue::TargetKind;
use netsplit_lab::scenario::{LinkName, Target};
use yew::prelude::*;

use super::{row, title};
use crate::app::{App, Msg};
use crate::model::format;
use crate::view::dom::{El, el};

/// A link.
pub fn link(app: &App, on: &Callback<Msg>, a: u32, b: u32) -> El {
    let frame = &app.frame;
    let name = |id: u32| frame.nodes.iter().find(|n| n.id == id).map_or("", |n| n.name.as_str());
    let flying = |from: u32, to: u32| {
        frame.messages.iter().filter(|m| !m.lost && (m.from, m.to) == (from, to)).count() as u64
    };
    let way = |from: u32, to: u32| {
        let apart = frame.partitions.iter().any(|partition| {
            let side = |id: u32| partition.sides.iter().position(|side| side.contains(&id));
            side(from) != side(to)
        });
        let ill = frame.links.iter().filter(|link| (link.from, link.to) == (from, to));
        let mut states: Vec<&str> = ill.map(|link| link.state.as_str()).collect();
        if apart {
            states.push("cut by a partition");
        }
        let state = if states.is_empty() { "well".to_owned() } else { states.join(", ") };
        let label = format!("{} to {}", name(from), name(to));
        row(label, format!("{}, {state}", format::many(flying(from, to), "message")))
    };
    let both =
        |kind: &str| LinkName { from: name(a).to_owned(), to: name(b).to_owned(), both: kind != "one_way" };
    let faults = app.catalogue.faults.iter().filter(|decl| decl.target == TargetKind::Link);
    let body = el("section")
        .with(title(&format!("{} – {}", name(a), name(b)), "link".to_owned()))
        .with(way(a, b))
        .with(way(b, a))
        .with(el("div").class("acts").each(
            faults.map(|decl| super::act(on, &decl.kind, &decl.label, Target::Link(both(&decl.kind)))),
        ));
    el("div").class("ins").with(body)
}
