//! What the run so far says about what its algorithm promised clients: whether the answers that they got can be
//! explained by some order of the operations, and what explains why not.

use netsplit_checker::live::{Live, Violation};
use netsplit_checker::{Call, Event, Outcome, Record};
use netsplit_protocols::parts::words;
use netsplit_sim::declare::Promise;
use serde::Serialize;

use crate::experiment::Experiment;
use crate::frame::FaultBlock;
use crate::text::{self, say};

/// The promise that is checked.
pub(crate) const LINEARIZABLE: &str = "linearizable";

/// Conditions of promises, and the faults that break them.
const CONDITIONS: [(&str, &[&str]); 3] = [
    ("stable disk", &["disk_lost", "unsynced_lost"]),
    ("no disk is lost", &["disk_lost"]),
    ("no node crashes during a move", &["crash"]),
];

/// What became of a promise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Nothing in this run speaks against it.
    Kept,
    /// It was promised, and this run shows that it does not hold.
    Broken,
    /// It does not hold, and nobody said that it would.
    NeverPromised,
    /// It does not hold, and a condition of the promise was broken before.
    AssumptionBroken,
    /// The check has not come to an end.
    #[default]
    Undecided,
}

impl Grade {
    /// Its name in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::NeverPromised => "never_promised",
            Self::AssumptionBroken => "assumption_broken",
            Self::Undecided => "undecided",
        }
    }
}

/// The verdict on what clients saw, up to the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Consistency {
    /// What became of the promise.
    pub grade: Grade,
    /// Whether every read was promised to see the latest write.
    pub promised: bool,
    /// Operations that were checked.
    pub operations: u64,
    /// Operations of unknown outcome among those that ended.
    pub unknown: u64,
    /// Operations that nothing explains.
    pub violations: usize,
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub sentence: String,
    /// What was promised.
    pub promise: String,
}

/// An operation that nothing explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Number of the event with which it was answered.
    pub event: u64,
    /// When (ns).
    pub time: u64,
    /// "stale_read", "unwritten_value", "no_order".
    pub kind: &'static str,
    /// In a few words.
    pub title: String,
    /// In a sentence.
    pub sentence: String,
    /// The operations that show it, as few as there can be, by their beginnings.
    pub shown: Vec<Shown>,
    /// Why no order explains them.
    pub because: String,
}

/// An operation as a person sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The client.
    pub client: String,
    /// When it asked (ns).
    pub from: u64,
    /// When it was answered (ns); nothing if it was not.
    pub to: Option<u64>,
    /// Whether it wrote.
    pub write: bool,
    /// Key and value ("x = 7").
    pub words: String,
    /// What it did, in a sentence.
    pub sentence: String,
    /// Whether it is the one that nothing explains.
    pub odd: bool,
}

/// One operation of the history.
#[derive(Clone, Copy)]
struct Op {
    process: u64,
    begin: usize,
    end: Option<usize>,
    from: u64,
    to: Option<u64>,
    write: bool,
    value: Option<u64>,
}

impl Op {
    fn ended_before(&self, other: &Self) -> bool {
        self.end.is_some_and(|end| end < other.begin)
    }
}

/// All reads and writes of a key that count, up to a record; nothing where there is anything else.
fn operations(records: &[Record], key: u64) -> Option<Vec<Op>> {
    let mut ops: Vec<Op> = Vec::new();
    for (at, record) in records.iter().enumerate() {
        match &record.what {
            Event::Invoke(call) if call.key() == Some(key) => {
                let (write, value) = match call {
                    Call::Write { value, .. } => (true, Some(*value)),
                    Call::Read { .. } => (false, None),
                    Call::Cas { .. } | Call::Work => return None,
                };
                let (process, from) = (record.process, record.time);
                ops.push(Op { process, begin: at, end: None, from, to: None, write, value });
            }
            Event::Complete { invoke, outcome } => {
                let Some(place) = ops.iter().rposition(|op| op.begin == *invoke) else { continue };
                match outcome {
                    Outcome::Ok(answer) => {
                        let op = &mut ops[place];
                        (op.end, op.to) = (Some(at), Some(record.time));
                        if !op.write {
                            op.value = *answer;
                        }
                    }
                    Outcome::Fail(_) => drop(ops.remove(place)),
                    Outcome::Unknown(_) => {}
                }
            }
            Event::Invoke(_) => {}
        }
    }
    // A read without an answer says nothing.
    ops.retain(|op| op.write || op.end.is_some());
    Some(ops)
}

/// Why nothing explains the last operation: operations, and which kind of violation that is.
fn explain(ops: &[Op], odd: usize) -> (&'static str, Vec<Op>) {
    let last = ops[odd];
    let of = |value: Option<u64>| ops.iter().filter(move |op| op.value == value);
    let writer = ops.iter().find(|op| op.write && op.value == last.value);
    if !last.write && last.value.is_some() {
        match writer {
            None => return ("unwritten_value", vec![last]),
            Some(writer) if last.ended_before(writer) => return ("unwritten_value", vec![last, *writer]),
            Some(_) => {}
        }
    }
    // The value was there before another one, and is seen after it: the fewest operations that say so.
    let first_end = |value: Option<u64>| of(value).filter(|op| op.end.is_some()).min_by_key(|op| op.end);
    let before = first_end(last.value);
    let others = ops.iter().rev().filter(|op| op.value != last.value && op.value.is_some());
    for other in others {
        // What nobody has written yet is before everything.
        let first = last.value.is_none()
            || before.is_some_and(|before| of(other.value).any(|op| before.ended_before(op)))
            || writer.is_some_and(|writer| of(other.value).any(|op| writer.ended_before(op)));
        let after = first_end(other.value).filter(|op| op.ended_before(&last));
        if let (true, Some(after)) = (first, after) {
            let mut shown: Vec<Op> = writer.copied().into_iter().collect();
            // A read that saw it while its write was under way is needed to say that it was before.
            if let Some(before) = before
                && !shown.iter().any(|op| of(other.value).any(|other| op.ended_before(other)))
                && before.begin != last.begin
            {
                shown.push(*before);
            }
            let wrote = of(other.value).find(|op| op.write).filter(|op| op.begin != after.begin);
            shown.extend(wrote.copied());
            shown.extend([*after, last]);
            shown.dedup_by_key(|op| op.begin);
            return ("stale_read", shown);
        }
    }
    ("no_order", vec![last])
}

pub(crate) fn finding(x: &Experiment, violation: &Violation) -> Finding {
    let records = &x.history().records()[..=violation.record];
    let ops = operations(records, violation.key);
    let place = |ops: &Vec<Op>| ops.iter().position(|op| op.end == Some(violation.record));
    let explained = ops.as_ref().and_then(|ops| Some(explain(ops, place(ops)?)));
    let (kind, mut chosen) = explained.unwrap_or(("no_order", Vec::new()));
    chosen.sort_unstable_by_key(|op| op.begin);
    let key = words::key(violation.key);
    let shown: Vec<Shown> =
        chosen.iter().map(|op| shown(x, op, &key, op.end == Some(violation.record))).collect();
    let odd = shown.iter().find(|op| op.odd);
    let client = odd.map_or_else(|| x.client(records[violation.record].process), |op| op.client.clone());
    let what = odd.map_or_else(|| key.clone(), |op| op.words.clone());
    let newer = shown.iter().rev().find(|op| !op.odd).map_or_else(String::new, |op| op.words.clone());
    let at = text::instant(violation.time);
    let args = [("client", client), ("what", what), ("newer", newer), ("time", at), ("key", key)];
    let id = kind.replace('_', "-");
    Finding {
        event: violation.event,
        time: violation.time,
        kind,
        title: say(&format!("finding-{id}"), &args),
        sentence: say(&format!("finding-{id}-sentence"), &args),
        because: say(&format!("finding-{id}-because"), &args),
        shown,
    }
}

fn shown(x: &Experiment, op: &Op, key: &str, odd: bool) -> Shown {
    let client = x.client(op.process);
    let value = op.value.map_or_else(|| say("value-none", &[]), words::value);
    let args = [
        ("client", client.clone()),
        ("key", key.to_owned()),
        ("value", value.clone()),
        ("from", text::instant(op.from)),
        ("to", op.to.map(text::instant).unwrap_or_default()),
    ];
    let id = match (op.write, op.to.is_some()) {
        (true, true) => "shown-write",
        (true, false) => "shown-write-open",
        _ => "shown-read",
    };
    Shown {
        from: op.from,
        to: op.to,
        write: op.write,
        words: format!("{key} = {value}"),
        sentence: say(id, &args),
        odd,
        client,
    }
}

/// The promise that reads see the latest write, if the algorithm says anything about it.
fn promise(x: &Experiment) -> Option<Promise> {
    (x.algorithm.promises)(&x.settings).into_iter().find(|promise| promise.id == LINEARIZABLE)
}

/// The verdict as of an event, as far as this check has come.
pub(crate) fn consistency(x: &Experiment, live: &Live, event: u64) -> Option<Consistency> {
    let promise = promise(x)?;
    let known = live.as_of(event);
    let behind = x.history().prefix(event).len() > live.fed();
    let first = known.first.map(|violation| finding(x, &violation));
    let grade = match &first {
        Some(first) if !promise.promised => Grade::NeverPromised,
        Some(first) if breaks(x, &promise, first.time) => Grade::AssumptionBroken,
        Some(_) => Grade::Broken,
        None if behind || known.undecided > 0 => Grade::Undecided,
        None => Grade::Kept,
    };
    let args = [("count", known.operations.to_string()), ("unknown", known.unknown.to_string())];
    let (title, sentence, words) = match first {
        Some(first) => {
            let words = say(&format!("verdict-{}", grade.id().replace('_', "-")), &[]);
            (first.title, first.sentence, words)
        }
        None => {
            let id = if grade == Grade::Undecided { "verdict-undecided" } else { "verdict-kept" };
            let promised = if promise.promised { "verdict-promised" } else { "verdict-not-promised" };
            (say(id, &args), say("verdict-checked", &args), say(promised, &[]))
        }
    };
    Some(Consistency {
        grade,
        promised: promise.promised,
        operations: known.operations as u64,
        unknown: known.unknown as u64,
        violations: known.violations,
        title,
        sentence,
        promise: words,
    })
}

/// Whether a fault before this instant broke a condition of the promise.
fn breaks(x: &Experiment, promise: &Promise, time: u64) -> bool {
    let faults = x.faults();
    CONDITIONS.iter().filter(|(condition, _)| promise.assuming.contains(condition)).any(|(_, kinds)| {
        let breaks = |fault: &FaultBlock| kinds.contains(&fault.kind.as_str()) && !fault.no_effect;
        faults.iter().any(|fault| fault.from <= time && breaks(fault))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_protocols::registry::PATTERNS;
    use netsplit_scenario::Scenario;

    #[test]
    fn every_condition_of_the_checked_promise_is_known() {
        for algorithm in PATTERNS.iter().flat_map(|pattern| pattern.algorithms) {
            let pattern = PATTERNS
                .iter()
                .find(|pattern| pattern.algorithms.iter().any(|known| known.id == algorithm.id))
                .expect("its own");
            let x = Experiment::open(&Scenario::new(pattern.id, algorithm.id)).expect("valid");
            for condition in promise(&x).iter().flat_map(|promise| promise.assuming) {
                assert!(CONDITIONS.iter().any(|(known, _)| known == condition), "{condition}");
            }
        }
    }
}
