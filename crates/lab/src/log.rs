//! The event log, in sentences.

use netsplit_protocols::parts::words;
use netsplit_sim::history::{Cause, Function, Observation, Operation, Outcome, What};

use serde_json::Value;

use crate::experiment::Experiment;
use crate::frame::{LogEntry, LogPage};
use crate::recorder::{Line, LineKind, cause};
use crate::text;
use crate::timeline::{self, Origin};

pub(crate) fn from(x: &Experiment, from_event: u64, limit: usize) -> Vec<LogEntry> {
    let lines = &x.recorder.lines;
    let start = lines.partition_point(|line| line.event < from_event);
    let shown =
        lines.range(start, lines.len()).take_while(|line| line.event <= x.events() && line.time <= x.now());
    shown.take(limit).map(|line| entry(x, line)).collect()
}

/// The kinds of entries.
pub(crate) const KINDS: [&str; 6] = ["note", "notable", "fault", "lost", "operation", "answer"];

pub(crate) fn kind(what: &LineKind) -> usize {
    match what {
        LineKind::Note(_, notable) => usize::from(*notable),
        LineKind::Breach(_) => 1,
        LineKind::Fault(..) | LineKind::NoEffect(_) => 2,
        LineKind::Lost(..) => 3,
        LineKind::Failed(.., false) => 4,
        LineKind::Failed(.., true) | LineKind::Answered(..) => 5,
    }
}

pub(crate) fn around(x: &Experiment, of: Option<&str>, before: usize, after: usize) -> LogPage {
    let lines = &x.recorder.lines;
    let end = lines.partition_point(|line| line.event <= x.events() && line.time <= x.now());
    let mut counts = [0; KINDS.len()];
    lines.iter().for_each(|line| counts[kind(&line.what)] += 1);
    let takes = |line: &&Line| of.is_none_or(|of| KINDS[kind(&line.what)] == of);
    let mut rows: Vec<LogEntry> =
        lines.range(0, end).rev().filter(takes).take(before).map(|line| entry(x, line)).collect();
    rows.reverse();
    let so_far = rows.len();
    rows.extend(lines.range(end, lines.len()).filter(takes).take(after).map(|line| entry(x, line)));
    LogPage { later: rows.len() - so_far, rows, counts }
}

/// Operations that fail within this time of each other are one landmark (ns).
const SPELL: u64 = 1_000_000_000;

pub(crate) fn landmarks(x: &Experiment) -> Vec<u64> {
    let mut marks: Vec<u64> = Vec::new();
    let mut failed = None;
    for line in x.recorder.lines.iter() {
        let worth = match &line.what {
            LineKind::Note(_, notable) => *notable,
            LineKind::Breach(_) => true,
            LineKind::Fault(..) | LineKind::NoEffect(_) => true,
            LineKind::Failed(..) => {
                let last = failed.replace(line.time);
                last.is_none_or(|last: u64| line.time - last > SPELL)
            }
            LineKind::Lost(..) | LineKind::Answered(..) => false,
        };
        if worth && marks.last() != Some(&line.time) {
            marks.push(line.time);
        }
    }
    // What nothing explains is found later than it happens.
    for (_, time) in x.violations() {
        let at = marks.partition_point(|mark| *mark < time);
        if marks.get(at) != Some(&time) {
            marks.insert(at, time);
        }
    }
    marks
}

pub(crate) fn entry(x: &Experiment, line: &Line) -> LogEntry {
    let name = |node: u32| x.name(node);
    let (node, sentence) = match &line.what {
        LineKind::Note(text, _) | LineKind::Breach(text) => (name(line.node), text::sentence(text, name)),
        LineKind::Fault(index, begins) => {
            let what = entry_label(x, *index);
            let id = match (x.origin(*index), begins) {
                (Some(Origin::Action(_)), _) => "entry-action",
                (Some(Origin::Operation(_)), _) => "entry-operation",
                (_, true) => "entry-fault-begins",
                (_, false) => "entry-fault-ends",
            };
            (String::new(), text::say(id, &[("what", what)]))
        }
        LineKind::NoEffect(index) => {
            let what = entry_label(x, *index);
            (String::new(), text::say("entry-no-effect", &[("what", what)]))
        }
        LineKind::Lost(to, kind) => {
            let label = x.algorithm.messages.get(usize::from(*kind)).map_or("message", |kind| kind.label);
            let args = [("from", name(line.node)), ("to", name(*to)), ("message", label.to_owned())];
            (name(line.node), text::say("entry-lost", &args))
        }
        LineKind::Answered(operation, value) => (name(line.node), answered(x, operation, *value, line.node)),
        LineKind::Failed(what, key, outcome, _) => {
            (name(line.node), failed(x, *what, *key, *outcome, line.node))
        }
    };
    LogEntry { event: line.event, time: line.time, node, kind: KINDS[kind(&line.what)].to_owned(), sentence }
}

/// What a note or the beginning or end of a fault says, as an entry of the log would.
pub(crate) fn spoken(x: &Experiment, seen: &Observation) -> Option<String> {
    let what = match &seen.what {
        What::Note(text, notable) => LineKind::Note(text.clone(), *notable),
        What::Fault(index, begins) => LineKind::Fault(*index, *begins),
        What::NoEffect(index) => LineKind::NoEffect(*index),
        _ => return None,
    };
    let line = Line { event: seen.event, time: seen.time, node: seen.node.0, what };
    Some(entry(x, &line).sentence)
}

fn failed(x: &Experiment, what: Function, key: u64, outcome: Outcome, client: u32) -> String {
    let (id, why) = match outcome {
        Outcome::Fail(why) => ("entry-operation-failed", why),
        Outcome::Unknown(why) => ("entry-operation-unknown", why),
        Outcome::Ok(_) => ("entry-operation-unknown", Cause::Timeout),
    };
    let what = match what {
        Function::Read => "read",
        Function::Write => "write",
        Function::Cas => "cas",
        Function::Call => "call",
    };
    let args = [
        ("client", x.name(client)),
        ("what", text::say(&format!("operation-{what}"), &[("key", words::key(key))])),
        ("cause", text::say(&format!("cause-{}", cause(why).id().replace('_', "-")), &[])),
    ];
    text::say(id, &args)
}

fn answered(x: &Experiment, operation: &Operation, value: Option<u64>, client: u32) -> String {
    let said = match operation.function {
        Function::Read => value,
        _ => Some(operation.value),
    };
    let id = match operation.function {
        Function::Read => "entry-answered-read",
        Function::Cas if value == Some(0) => "entry-answered-differs",
        _ => "entry-answered-write",
    };
    let value = said.map_or_else(|| text::say("value-none", &[]), words::value);
    text::say(id, &[("client", x.name(client)), ("key", words::key(operation.key)), ("value", value)])
}

fn entry_label(x: &Experiment, index: u32) -> String {
    match x.origin(index) {
        Some(Origin::Fault(at)) => x.scenario.faults.get(at).map(timeline::label),
        Some(Origin::Chaos(at)) => x.chaos_faults().get(at).map(timeline::label),
        Some(Origin::Action(at)) => x.scenario.actions.get(at).map(|action| {
            let declared = x.algorithm.actions.iter().find(|known| known.id == action.kind);
            let label = declared.map_or(action.kind.as_str(), |known| known.label);
            format!("{label} {}", action.node.as_deref().unwrap_or("")).trim_end().to_owned()
        }),
        Some(Origin::Operation(at)) => x.scenario.operations.get(at).map(|operation| {
            let key = operation.key.as_deref().unwrap_or("k0");
            let node = operation.node.as_ref().map(|node| format!(" at {node}")).unwrap_or_default();
            match &operation.value {
                Some(Value::String(value)) => {
                    format!("{} {} {key} {value}{node}", operation.client, operation.f)
                }
                Some(value) => format!("{} {} {key} {value}{node}", operation.client, operation.f),
                None => format!("{} {} {key}{node}", operation.client, operation.f),
            }
        }),
        None => None,
    }
    .unwrap_or_default()
}
