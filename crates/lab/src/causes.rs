//! Why: what an event depends on. *Happens before* is Lamport's relation (Communications of the ACM 21(7), 1978): an event
//! depends on what happened before at its node, and on the event that sent the message, set the timer or began the work
//! that it is the end of. The chain is the part of it that one tells: from an event to its cause, and on.

use netsplit_sim::small::Set;
use netsplit_sim::trace::{Kind, Record};
use serde::Serialize;

use crate::experiment::Experiment;
use crate::window::{self, Window};

/// Steps of a chain that are told at once.
pub const STEPS: usize = 12;
/// Events before the one asked for in which the causal past is looked for, if nobody says otherwise.
pub const NEAR: u64 = 4_096;

/// A step of a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Number of the event.
    pub event: u64,
    /// When (ns).
    pub time: u64,
    /// Where: the node's number, `u32::MAX` for the time line of faults.
    pub node: u32,
    /// The node's name.
    pub name: String,
    /// "arrive", "timer" and so on.
    pub kind: &'static str,
    /// The kind of message that it is about: index in the legend.
    pub message: Option<u8>,
    /// What happened, in a sentence whose subject is the node.
    pub sentence: String,
    /// The event that caused it; 0 for none.
    pub cause: u64,
}

/// The causal past of an event within a part of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Past {
    /// The event.
    pub event: u64,
    /// All events of the part that happened before it, itself among them, in order.
    pub events: Vec<u64>,
    /// Events in the part, up to this one.
    pub of: usize,
    /// The chain, oldest first; the event itself is the last one.
    pub chain: Vec<Step>,
    /// The event that the chain's oldest step was caused by, where it goes on; see [`chain`].
    pub older: u64,
}

/// What happened before an event among those from `from` on; nothing where the run has no such event so far.
#[must_use]
pub fn past(x: &Experiment, event: u64, from: u64) -> Option<Past> {
    let window = Window::of(x, from.clamp(1, event.max(1)), event);
    let record = *window.event(event)?;
    // Backwards: an event belongs to the past if one that does was caused by it, or came after it at its node.
    let (mut nodes, mut causes): (Set<u32>, Set<u64>) = (Set::new(), Set::new());
    causes.add(event);
    let (mut events, mut of) = (Vec::new(), 0);
    for record in window.records.iter().rev().filter(|record| record.event >= from && is_event(record)) {
        of += 1;
        let caused = causes.remove(&record.event).is_some();
        if caused || (nodes.contains(&record.node) && record.node != u32::MAX) {
            events.push(record.event);
            nodes.add(record.node);
            if record.cause() > 0 {
                causes.add(record.cause());
            }
        }
    }
    events.reverse();
    let mut chain = chain(x, event, STEPS);
    let older = chain.first().map_or(0, |step| step.cause);
    gather(x, &window, &record, &mut chain);
    Some(Past { event, events, of, chain, older })
}

fn is_event(record: &Record) -> bool {
    record.kind != Kind::Lost
}

/// From an event back to its cause and on, at most so many steps; oldest first. Older parts of the run are made again.
#[must_use]
pub fn chain(x: &Experiment, event: u64, most: usize) -> Vec<Step> {
    let (mut steps, mut window, mut at) = (Vec::new(), Window::default(), event);
    while at > 0 && steps.len() < most {
        if at < window.first() {
            window = Window::of(x, at, at);
        }
        let Some(record) = window.event(at) else { break };
        steps.push(step(x, &window, record));
        at = record.cause();
    }
    steps.reverse();
    steps
}

fn step(x: &Experiment, window: &Window, record: &Record) -> Step {
    Step {
        event: record.event,
        time: record.time,
        node: record.node,
        name: if record.node == u32::MAX { String::new() } else { x.name(record.node) },
        kind: window::kind(record.kind),
        message: (record.sent > 0 || record.kind == Kind::Arrive).then_some(record.label),
        sentence: window.sentence(x, record),
        cause: record.cause(),
    }
}

/// Adds the answers that the event's node had gathered before it: what came to it since it asked (the last step there
/// before the chain came from elsewhere) and goes back to that, with what lies between. So a majority's votes are in the
/// chain of the vote that made it one.
fn gather(x: &Experiment, window: &Window, last: &Record, chain: &mut Vec<Step>) {
    let here = |step: &&Step| step.node == last.node;
    let mut asked = chain.iter().rev().skip_while(here).filter(here);
    let Some(round) = asked.next().map(|step| step.event) else { return };
    let start = window.records.partition_point(|record| record.event <= round);
    let mut found: Set<u64> = Set::new();
    for record in window.records[start..].iter().filter(|record| is_event(record)) {
        if record.node != last.node || record.kind != Kind::Arrive || record.event >= last.event {
            continue;
        }
        let (mut path, mut at) = (vec![record.event], record.cause());
        while at > round && path.len() < STEPS {
            path.push(at);
            at = window.event(at).map_or(0, Record::cause);
        }
        if at == round {
            found.extend(path.into_iter().map(|event| (event, ())));
        }
    }
    let known = |event: u64| chain.iter().any(|step| step.event == event);
    let new: Vec<u64> = found.keys().copied().filter(|event| !known(*event)).take(STEPS).collect();
    chain.extend(
        new.into_iter().filter_map(|event| window.event(event)).map(|record| step(x, window, record)),
    );
    netsplit_sim::small::sort_by_key(chain, |step| step.event);
}
