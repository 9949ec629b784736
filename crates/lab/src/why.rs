//! Why an operation cannot be explained, in words: the checker's witness (`netsplit_checker::witness`), which the page,
//! the command line and reports all tell.

use netsplit_checker::linear::{End, Op, Ops};
use netsplit_checker::live::{Live, Violation};
use netsplit_checker::model::{Action, Model};
use netsplit_checker::witness::{self, Witness};
use netsplit_checker::{Call, Event, Outcome, Record};
use netsplit_protocols::parts::words;
use serde::Serialize;

use crate::experiment::Experiment;
use crate::text::{self, say};

/// Steps for each of the checks that a witness takes.
pub(crate) const BUDGET: u64 = 100_000;

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
    /// The one that contradicts the last of them: its index there.
    pub clash: Option<usize>,
    /// How real time orders these two, and how their values do; empty where no two contradict each other.
    pub order: (String, String),
    /// Why no order explains them.
    pub because: String,
    /// That they are as few as can be, and how many operations were checked.
    pub proof: String,
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

/// What kind of violation it is, by the operation that ends it; cheap, for every one that is met.
pub(crate) fn kind(records: &[Record], violation: &Violation) -> &'static str {
    let Some(Event::Complete { invoke, outcome: Outcome::Ok(seen) }) =
        records.get(violation.record).map(|record| &record.what)
    else {
        return "no_order";
    };
    match records.get(*invoke).map(|record| &record.what) {
        Some(Event::Invoke(Call::Read { key })) => {
            let wrote = |record: &Record| match &record.what {
                Event::Invoke(
                    Call::Write { key: other, value } | Call::Cas { key: other, new: value, .. },
                ) => key == other && Some(*value) == *seen,
                _ => false,
            };
            let known = seen.is_none() || records[..violation.record].iter().rev().any(wrote);
            if known { "stale_read" } else { "unwritten_value" }
        }
        _ => "no_order",
    }
}

/// The operations on the key of a violation, up to it.
pub(crate) struct OnKey {
    pub ops: Ops,
    /// The operation that nothing explains.
    pub violated: usize,
    key: String,
    /// Values by their numbers in `ops`; 0 is what a key holds initially.
    values: Vec<u64>,
}

impl OnKey {
    pub(crate) fn of(records: &[Record], live: &Live, violation: &Violation) -> Option<Self> {
        let ops = live.operations(records, violation);
        let violated = ops.list().iter().position(|op| op.end.at() == Some(violation.record as u32))?;
        let mut values = vec![0];
        let mut note = |number: u32, value: u64| {
            let number = number as usize;
            values.resize(values.len().max(number + 1), 0);
            values[number] = value;
        };
        for op in ops.list() {
            match (op.action, &records[op.begin as usize].what) {
                (Action::Write(number), Event::Invoke(Call::Write { value, .. })) => note(number, *value),
                (Action::Cas(from, to), Event::Invoke(Call::Cas { old, new, .. })) => {
                    note(from, old.unwrap_or(0));
                    note(to, *new);
                }
                (Action::Read(number), _) => {
                    let seen = op.end.at().map(|at| &records[at as usize].what);
                    if let Some(Event::Complete { outcome: Outcome::Ok(Some(value)), .. }) = seen {
                        note(number, *value);
                    }
                }
                _ => {}
            }
        }
        Some(Self { ops, violated, key: words::key(violation.key), values })
    }

    /// How many of the operations were answered.
    fn answered(&self) -> u64 {
        self.ops.list().iter().filter(|op| matches!(op.end, End::Done(_))).count() as u64
    }

    /// The key in words.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// A value in words.
    pub(crate) fn value(&self, number: u32) -> String {
        match number {
            0 => say("value-none", &[]),
            _ => words::value(self.values.get(number as usize).copied().unwrap_or(0)),
        }
    }

    /// What an operation did, without the key: the value that it wrote or read.
    pub(crate) fn label(&self, action: Action) -> String {
        match action {
            Action::Read(value) | Action::Write(value) | Action::Append(value) => self.value(value),
            Action::Cas(old, new) => format!("{} → {}", self.value(old), self.value(new)),
            Action::Differs(value) => format!("≠ {}", self.value(value)),
        }
    }

    pub(crate) fn witness(&self) -> Option<Witness> {
        witness::witness(&self.ops, Model::Register, self.violated, BUDGET)
    }

    fn shown(&self, x: &Experiment, op: &Op, clash: Option<(usize, &Op)>, odd: bool) -> Shown {
        let records = x.history().records();
        let time = |at: u32| records[at as usize].time;
        let (from, to) = (time(op.begin), op.end.at().map(time));
        let client = x.client(op.process);
        let words = match op.action {
            Action::Differs(_) => format!("{} {}", self.key, self.label(op.action)),
            _ => format!("{} = {}", self.key, self.label(op.action)),
        };
        let args = [
            ("client", client.clone()),
            ("what", words.clone()),
            ("from", text::instant(from)),
            ("to", to.map(text::instant).unwrap_or_default()),
            ("other", clash.map_or_else(String::new, |(at, _)| (at + 1).to_string())),
        ];
        let write = !op.action.observes();
        let id = match (write, to.is_some()) {
            (true, true) => "shown-write",
            (true, false) => "shown-write-open",
            _ if odd && clash.is_some() => "shown-read-after",
            _ => "shown-read",
        };
        Shown { from, to, write, words, sentence: say(id, &args), odd, client }
    }
}

/// The latest operation that ended before this one began and has another value.
fn clash(ops: &Ops, last: usize) -> Option<(usize, &Op)> {
    let op = ops.list()[last];
    let Action::Read(seen) = op.action else { return None };
    let left = |action| match action {
        Action::Read(value) | Action::Write(value) | Action::Cas(_, value) => value,
        Action::Differs(_) | Action::Append(_) => 0,
    };
    let before = |other: &&(usize, &Op)| {
        let (_, other) = *other;
        let ended = matches!(other.end, End::Done(at) if at < op.begin);
        ended && left(other.action) != 0 && left(other.action) != seen
    };
    let all: Vec<(usize, &Op)> = ops.list().iter().enumerate().collect();
    all.iter().filter(before).max_by_key(|(_, other)| other.end.at()).copied()
}

/// Three digits are enough.
fn rounded(span: u64) -> u64 {
    let unit = [10_000_000_000, 1_000_000_000, 100_000_000, 10_000_000, 1_000_000]
        .into_iter()
        .find(|unit| span >= *unit);
    unit.map_or(span, |unit| span / (unit / 100) * (unit / 100))
}

/// A violation, explained.
#[inline(never)]
pub(crate) fn finding(x: &Experiment, live: &Live, violation: &Violation) -> Finding {
    let mut known = x.findings.borrow_mut();
    if let Some((_, found)) = known.iter().find(|(record, _)| *record == violation.record) {
        return found.clone();
    }
    let found = explain(x, live, violation);
    known.push((violation.record, found.clone()));
    found
}

fn explain(x: &Experiment, live: &Live, violation: &Violation) -> Finding {
    let records = x.history().records();
    let kind = kind(records, violation);
    let on_key = OnKey::of(records, live, violation);
    let witness = on_key.as_ref().and_then(OnKey::witness);
    let mut shown = Vec::new();
    let mut against = None;
    if let Some(on_key) = &on_key {
        match &witness {
            // What nobody wrote needs no other operation to be odd.
            Some(witness) if kind != "unwritten_value" => {
                let clash = clash(&witness.ops, witness.last);
                against = clash.map(|(at, _)| at);
                let list = witness.ops.list().iter().enumerate();
                shown = list.map(|(at, op)| on_key.shown(x, op, clash, at == witness.last)).collect();
            }
            _ => shown.push(on_key.shown(x, &on_key.ops.list()[on_key.violated], None, true)),
        }
    }
    let odd = shown.iter().position(|op| op.odd).unwrap_or(0);
    let client =
        shown.get(odd).map_or_else(|| x.client(records[violation.record].process), |op| op.client.clone());
    let key = words::key(violation.key);
    let other = against.and_then(|at| shown.get(at));
    let gap =
        other.zip(shown.get(odd)).map(|(other, odd)| odd.from.saturating_sub(other.to.unwrap_or(odd.from)));
    let args = [
        ("client", client),
        ("what", shown.get(odd).map_or_else(|| key.clone(), |op| op.words.clone())),
        ("newer", other.map_or_else(String::new, |op| op.words.clone())),
        ("time", text::instant(violation.time)),
        ("last", (odd + 1).to_string()),
        ("other", against.map_or_else(String::new, |at| (at + 1).to_string())),
        ("gap", text::span(rounded(gap.unwrap_or(0)))),
        ("count", shown.len().to_string()),
        ("all", text::count(live.as_of(violation.event).operations as u64)),
        ("own", text::count(on_key.as_ref().map_or(0, OnKey::answered))),
        ("key", key),
    ];
    let id = kind.replace('_', "-");
    let apart = against.is_some();
    let pair = |id: &str| if apart { say(id, &args) } else { String::new() };
    let because = if kind == "stale_read" && !apart {
        "finding-no-order-because"
    } else {
        &format!("finding-{id}-because")
    };
    let proof = if witness.is_some() && shown.len() > 1 { "finding-proof" } else { "finding-checked" };
    Finding {
        event: violation.event,
        time: violation.time,
        kind,
        title: say(&format!("finding-{id}"), &args),
        sentence: say(&format!("finding-{id}-sentence"), &args),
        order: (pair("finding-real-time"), pair("finding-by-value")),
        because: say(because, &args),
        proof: say(proof, &args),
        clash: against,
        shown,
    }
}
