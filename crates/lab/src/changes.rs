//! What an event changed in a node: its state before and after, made by replay.

use serde::Serialize;

use crate::experiment::Experiment;
use crate::frame::NodeFrame;
use crate::replay::Replay;
use crate::text::say;
use crate::window::Window;

/// What the last event at a node changed in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changed {
    /// Number of the event.
    pub event: u64,
    /// When (ns).
    pub time: u64,
    /// What happened, in a sentence whose subject is the node.
    pub sentence: String,
    /// What differs, in the order in which the inspector shows it.
    pub fields: Vec<Change>,
}

/// A field of a node's state before and after an event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Its label, as the inspector shows it.
    pub label: String,
    /// Its value before; nothing where it was not there.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

/// How far back an event at the node is looked for, in copies of the world.
const NEAR: usize = 8;

/// What the last event at this node, up to the cursor, changed in it; nothing where there was none lately.
pub fn changed(x: &mut Experiment, node: u32) -> Option<Changed> {
    let (event, time, sentence) = last_event(x, node)?;
    // A fault on several nodes makes several events at once: back to where the step began that this one is part of.
    let most_at_once = x.names.len() as u64 + 1;
    let mut start = event.saturating_sub(1);
    let end = x.frontier();
    let mut replay = Replay::before_event(x, event);
    replay.run_to_event(x, event.saturating_sub(most_at_once), end);
    while replay.world.events() < event {
        start = replay.world.events();
        let before = replay.world.events();
        replay.run_to_event(x, before + 1, end);
        if replay.world.events() == before {
            return None;
        }
    }
    let after = replay.world;
    let mut replay = Replay::before_event(x, event);
    replay.run_to_event(x, start, end);
    let before = replay.world;
    let mut look = |mut world| {
        std::mem::swap(&mut x.world, &mut world);
        let frame = x.inspect(node);
        std::mem::swap(&mut x.world, &mut world);
        frame
    };
    let (before, after) = (look(before), look(after));
    Some(Changed { event, time, sentence, fields: compare(&before, &after) })
}

/// The last event at a node up to the cursor: number, instant, sentence.
fn last_event(x: &Experiment, node: u32) -> Option<(u64, u64, String)> {
    let mut to = x.events();
    for _ in 0..NEAR {
        if to == 0 {
            return None;
        }
        let window = Window::of(x, to, to);
        let found = window.records.iter().rev().find(|record| {
            record.node == node
                && record.kind != netsplit_sim::trace::Kind::Lost
                && record.event <= x.events()
        });
        if let Some(record) = found {
            return Some((record.event, record.time, window.sentence(x, record)));
        }
        to = window.first().min(to) - 1;
    }
    None
}

/// Every labelled value of a node, in order.
fn fields(frame: &NodeFrame) -> Vec<(String, String)> {
    // Before its first life it has not crashed.
    let born = frame.inside.as_ref().is_none_or(|inside| !inside.lives.is_empty());
    let state = match frame.status.as_str() {
        "up" => frame.state.clone(),
        "crashed" if !born => String::new(),
        other => other.to_owned(),
    };
    let mut all = vec![(say("field-state", &[]), state), (String::new(), frame.caption.clone())];
    all.extend(frame.facts.iter().cloned());
    if !frame.cells.is_empty() {
        let cells = frame
            .cells
            .iter()
            .map(|(label, _, solid)| if *solid { label.clone() } else { format!("({label})") });
        all.push((say("field-log", &[]), cells.collect::<Vec<_>>().join(" ")));
    }
    if let Some((busy, waiting, _)) = frame.queue {
        all.push((say("field-queue", &[]), format!("{busy} + {waiting}")));
    }
    for (title, rows) in &frame.tables {
        all.extend(rows.iter().map(|(label, value, _)| (format!("{title}: {label}"), value.clone())));
    }
    if let Some(inside) = &frame.inside {
        let (written, unsynced) = inside.writes;
        all.push((say("field-writes", &[]), written.to_string()));
        all.push((say("field-unsynced", &[]), unsynced.to_string()));
    }
    all.retain(|(_, value)| !value.is_empty());
    all
}

fn compare(before: &NodeFrame, after: &NodeFrame) -> Vec<Change> {
    let (old, new) = (fields(before), fields(after));
    let value = |list: &[(String, String)], label: &str| {
        list.iter().find(|(known, _)| known == label).map(|(_, value)| value.clone())
    };
    let gone = old.iter().filter(|(label, _)| value(&new, label).is_none());
    let mut changes: Vec<Change> = Vec::new();
    for (label, _) in new.iter().chain(gone) {
        let (before, after) = (value(&old, label), value(&new, label));
        if before != after && !changes.iter().any(|known| known.label == *label) {
            changes.push(Change { label: label.clone(), before, after });
        }
    }
    changes
}
