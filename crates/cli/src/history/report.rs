//! The verdict on a history, in words and as JSON.

use std::fmt::Write as _;

use netsplit_checker::linear::{End, Op};
use netsplit_checker::model::{Action, Interner};
use netsplit_checker::stream::{Finding, Kind, Limits, Told, Violation, Why};
use serde_json::{Value, json};

use super::judge::{Counts, Judged};
use crate::Failure;

/// Violations and undecided keys that are named one by one.
const NAMED: usize = 1_000;

/// The verdict.
pub(super) struct Report<'a> {
    pub model: Kind,
    limits: Limits,
    lines: u64,
    pub counts: Counts,
    keys: usize,
    /// Keys that are broken, by the line with which they became so.
    pub violations: Vec<(&'a Option<String>, &'a Violation)>,
    undecided: Vec<(&'a Option<String>, Why)>,
}

/// An operation of a witness.
pub(super) struct Shown {
    pub number: usize,
    pub process: u64,
    pub begin: u64,
    pub end: Option<u64>,
    /// What it did, in words.
    pub words: String,
    /// It stands for all that came before.
    pub start: bool,
    /// With its end nothing explains them any more.
    pub last: bool,
    /// Only looks.
    pub reads: bool,
    json: Value,
}

impl<'a> Report<'a> {
    pub(super) fn new(model: Kind, limits: Limits, lines: u64, counts: Counts, judged: &'a [Judged]) -> Self {
        let mut it = Self {
            model,
            limits,
            lines,
            counts,
            keys: judged.len(),
            violations: Vec::new(),
            undecided: Vec::new(),
        };
        for Judged { key, finding } in judged {
            match finding {
                Finding::Linearizable => {}
                Finding::Violated(violation) => it.violations.push((key, violation)),
                Finding::Undecided(why) => it.undecided.push((key, *why)),
            }
        }
        it.violations.sort_by_key(|(_, violation)| violation.told.end);
        it
    }

    /// "linearizable", "violated" or "undecided".
    pub(super) fn verdict(&self) -> &'static str {
        if !self.violations.is_empty() {
            "violated"
        } else if !self.undecided.is_empty() {
            "undecided"
        } else {
            "linearizable"
        }
    }

    /// Fine only if everything is explained.
    pub(super) fn status(&self) -> Result<(), Failure> {
        match self.verdict() {
            "violated" => Err(Failure::Broken(String::new())),
            "undecided" => Err(Failure::Undecided),
            _ => Ok(()),
        }
    }

    /// The first line: what is the matter, and with how much.
    pub(super) fn title(&self) -> String {
        let keys = match self.keys {
            1 => String::new(),
            keys => format!(" on {keys} keys"),
        };
        let Counts { invoked, unknown, .. } = self.counts;
        let about = format!("{invoked} operations{keys}, {unknown} of unknown outcome");
        match self.verdict() {
            "violated" => {
                format!("not linearizable: {} of {} keys; {about}", self.violations.len(), self.keys)
            }
            "undecided" => format!("undecided: {} of {} keys; {about}", self.undecided.len(), self.keys),
            _ => format!("linearizable: {about}"),
        }
    }

    pub(super) fn words(&self) -> String {
        let mut out = self.title() + "\n";
        let Counts { reused, skipped, .. } = self.counts;
        if reused > 0 {
            let _ = writeln!(
                out,
                "  {reused} times a process went on after an operation of unknown outcome; it is read as another process"
            );
        }
        if skipped > 0 {
            let _ = writeln!(out, "  {skipped} records are no client's and were passed over");
        }
        for (key, why) in self.undecided.iter().take(NAMED) {
            let _ = writeln!(out, "\n{}: undecided: {}", named(key), self.why(*why));
        }
        for (key, violation) in self.violations.iter().take(NAMED) {
            let _ = writeln!(
                out,
                "\n{}: no order explains the operations from line {} on: process {}, {}",
                named(key),
                violation.told.end,
                violation.last.process,
                self.said(&violation.last, &violation.names)
            );
            self.explain(violation, &mut out);
        }
        out
    }

    fn explain(&self, violation: &Violation, out: &mut String) {
        let Some(witness) = &violation.witness else {
            out.push_str("  (what it contradicts is not kept, or --steps did not do to find it)\n");
            return;
        };
        let _ = writeln!(out, "  these contradict each other{}:", checked(witness.certain));
        for shown in self.shown(violation) {
            let end =
                shown.end.map_or_else(|| "no answer".to_owned(), |line| format!("answered in line {line}"));
            let what = if shown.start {
                format!("{} in line {}", shown.words, shown.end.unwrap_or(0))
            } else {
                format!("process {}, line {}: {}, {end}", shown.process, shown.begin, shown.words)
            };
            let mark = if shown.last { "  <-- from its end on, nothing explains them" } else { "" };
            let _ = writeln!(out, "    ({}) {what}{mark}", shown.number);
        }
        let order: Vec<String> = witness.explained.iter().map(|turn| format!("({})", turn.op + 1)).collect();
        if !order.is_empty() {
            let _ = writeln!(out, "  an order that explains all but the last: {}", order.join(" "));
        }
        if witness.possible.is_empty() {
            return;
        }
        let possible: Vec<String> =
            witness.possible.iter().map(|value| self.value(*value, &violation.names)).collect();
        let _ = writeln!(out, "  what was there at that time, in some order: {}", possible.join(", "));
    }

    /// The operations of a witness.
    pub(super) fn shown(&self, violation: &Violation) -> Vec<Shown> {
        let Some(witness) = &violation.witness else { return Vec::new() };
        let sources: Vec<Told> = violation.sources.clone();
        let ops = witness.ops.list().iter().zip(sources).enumerate();
        ops.filter_map(|(at, (op, told))| {
            let end = matches!(op.end, End::Done(_)).then_some(told.end).filter(|line| *line > 0);
            let (f, value, result) = self.parts(op.action, &violation.names);
            let mut json = json!({ "process": op.process, "f": f, "value": value, "invoked": told.begin, "completed": end });
            if let Some(result) = result {
                json["result"] = json!(result);
            }
            if told.start {
                // It stands for a read: nobody wrote it here.
                json["start"] = json!(true);
            }
            let last = at == witness.last;
            if last {
                json["last"] = json!(true);
            }
            let words = if told.start {
                let Action::Write(value) = op.action else { return None };
                format!("held {}, as process {} saw", self.value(value, &violation.names), op.process)
            } else {
                self.said(op, &violation.names)
            };
            let reads = op.action.observes();
            Some(Shown { number: at + 1, process: op.process, begin: told.begin, end, words, start: told.start, last, reads, json })
        })
        .collect()
    }

    /// What an operation did: function, value, and whether a comparison held.
    fn parts(&self, action: Action, names: &Interner) -> (&'static str, Value, Option<bool>) {
        let value = |value: u32| {
            let text = self.value(value, names);
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        };
        let kv = self.model == Kind::Kv;
        match action {
            Action::Read(seen) => (if kv { "get" } else { "read" }, value(seen), None),
            Action::Write(new) => (if kv { "put" } else { "write" }, value(new), None),
            Action::Append(piece) => ("append", value(piece), None),
            Action::Cas(old, new) => ("cas", json!([value(old), value(new)]), None),
            Action::Differs(old) => ("cas", json!([value(old), Value::Null]), Some(false)),
        }
    }

    fn said(&self, op: &Op, names: &Interner) -> String {
        let value = |value: u32| self.value(value, names);
        let kv = self.model == Kind::Kv;
        match op.action {
            Action::Read(seen) => format!("{} -> {}", if kv { "get" } else { "read" }, value(seen)),
            Action::Write(new) => format!("{} {}", if kv { "put" } else { "write" }, value(new)),
            Action::Append(piece) => format!("append {}", value(piece)),
            Action::Cas(old, new) => format!("cas {} -> {}", value(old), value(new)),
            Action::Differs(old) => format!("cas: found something else than {}", value(old)),
        }
    }

    /// A value as JSON.
    fn value(&self, value: u32, names: &Interner) -> String {
        match (self.model, value) {
            (Kind::Register, 0) => "null".to_owned(),
            (Kind::Register, value) => names.text(value).to_owned(),
            (Kind::Kv, value) => Value::from(names.text(value)).to_string(),
        }
    }

    fn why(&self, why: Why) -> String {
        match why {
            Why::Budget => format!("{} steps did not do (--steps)", self.limits.steps),
            Why::NeverQuiet => format!(
                "{} operations, and never a read that nothing overlapped, after which what came before could be forgotten",
                self.limits.kept
            ),
        }
    }

    pub(super) fn json(&self) -> Value {
        let key = |key: &Option<String>| {
            key.as_ref().map_or(Value::Null, |key| serde_json::from_str(key).unwrap_or(Value::Null))
        };
        let violation = |(name, violation): &(&Option<String>, &Violation)| {
            let witness = violation.witness.as_ref().map(|witness| {
                let explained = witness.explained.iter().map(|turn| turn.op + 1);
                let possible = witness.possible.iter().map(|value| self.value(*value, &violation.names));
                let possible = possible.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)));
                json!({
                    "operations": self.shown(violation).into_iter().map(|shown| shown.json).collect::<Vec<_>>(),
                    "explained": explained.collect::<Vec<_>>(),
                    "possible": possible.collect::<Vec<_>>(),
                    "checked_by_brute_force": witness.certain,
                })
            });
            json!({ "key": key(name), "line": violation.told.end, "process": violation.last.process, "witness": witness })
        };
        let undecided = |(name, why): &(&Option<String>, Why)| {
            let id = match why {
                Why::Budget => "budget",
                Why::NeverQuiet => "never_quiet",
            };
            json!({ "key": key(name), "reason": id, "sentence": self.why(*why) })
        };
        let Counts { invoked, ok, failed, unknown, reused, skipped } = self.counts;
        json!({
            "verdict": self.verdict(),
            "model": if self.model == Kind::Kv { "kv" } else { "register" },
            "lines": self.lines,
            "operations": { "invoked": invoked, "ok": ok, "failed": failed, "unknown": unknown },
            "processes_reused": reused,
            "records_skipped": skipped,
            "keys": self.keys,
            "keys_violated": self.violations.len(),
            "keys_undecided": self.undecided.len(),
            "steps": self.limits.steps,
            "violations": self.violations.iter().take(NAMED).map(violation).collect::<Vec<_>>(),
            "undecided": self.undecided.iter().take(NAMED).map(undecided).collect::<Vec<_>>(),
        })
    }
}

/// A key for a sentence.
pub(super) fn named(key: &Option<String>) -> String {
    key.as_ref().map_or_else(|| "the one object".to_owned(), |key| format!("key {key}"))
}

pub(super) fn checked(certain: bool) -> &'static str {
    if certain { " (every order was tried)" } else { "" }
}
