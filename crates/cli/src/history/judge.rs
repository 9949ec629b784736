//! From records to the operations on each key, and to what came of them.

use std::collections::{BTreeMap, BTreeSet};

use netsplit_checker::stream::{Ask, Ended, Finding, Kind, Limits, Stream};

use super::record::{Function, Record, Type};
use super::value::Value;

/// Keys whose violation is explained; the others are named.
const EXPLAINED: usize = 10;

/// An operation that has not ended.
struct Open {
    key: usize,
    op: u32,
    function: Function,
    value: Value,
    line: u64,
}

/// How many operations there are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub invoked: u64,
    pub ok: u64,
    pub failed: u64,
    pub unknown: u64,
    /// Invoked by a process that already had an operation of unknown outcome.
    pub reused: u64,
    /// Records of others than clients.
    pub skipped: u64,
}

/// What came of a key.
pub(super) struct Judged {
    /// As JSON; nothing where there is one object in all.
    pub key: Option<String>,
    pub finding: Finding,
}

/// A history as it comes in.
pub(super) struct Judge {
    pub model: Kind,
    limits: Limits,
    keys: Vec<(Option<String>, Stream)>,
    places: BTreeMap<Option<String>, usize>,
    open: BTreeMap<u64, Open>,
    in_doubt: BTreeSet<u64>,
    pub counts: Counts,
}

impl Judge {
    pub(super) fn new(model: Kind, limits: Limits) -> Self {
        Self {
            model,
            limits,
            keys: Vec::new(),
            places: BTreeMap::new(),
            open: BTreeMap::new(),
            in_doubt: BTreeSet::new(),
            counts: Counts::default(),
        }
    }

    /// Takes a record in; why it cannot be, otherwise.
    pub(super) fn take(&mut self, record: Record, line: u64) -> Result<(), String> {
        if record.kind == Type::Invoke { self.invoke(record, line) } else { self.complete(&record, line) }
    }

    fn invoke(&mut self, record: Record, line: u64) -> Result<(), String> {
        let Record { process, function, key, value, .. } = record;
        if let Some(open) = self.open.get(&process) {
            return Err(format!(
                "process {process} begins an operation while its {} of line {} is open",
                open.function.name(self.model),
                open.line
            ));
        }
        let texts = self.texts(function, &value)?;
        let ask = match (function, &texts) {
            (Function::Read, _) => Ask::Read,
            (Function::Write, (text, _)) => Ask::Write(text.as_deref()),
            (Function::Cas, (old, new)) => Ask::Cas(old.as_deref(), new.as_deref()),
            (Function::Append, (text, _)) => Ask::Append(text.as_deref().unwrap_or("")),
        };
        let fresh = self.keys.len();
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                self.places.insert(key.clone(), fresh);
                self.keys.push((key, Stream::new(self.model, self.limits)));
                fresh
            }
        };
        self.counts.invoked += 1;
        // A process that goes on after an unknown outcome is read as a new one: the operation stays in doubt.
        self.counts.reused += u64::from(self.in_doubt.remove(&process));
        let op = self.keys[place].1.invoke(process, ask, line);
        self.open.insert(process, Open { key: place, op, function, value, line });
        Ok(())
    }

    /// What a write, a comparison or an append is about.
    fn texts(&self, function: Function, value: &Value) -> Result<(Option<String>, Option<String>), String> {
        let name = function.name(self.model);
        Ok(match function {
            Function::Read => (None, None),
            Function::Write | Function::Append => (self.text(value, name)?, None),
            Function::Cas => {
                let pair = value
                    .pair()
                    .ok_or_else(|| format!("the value of a cas is {}; [old, new] is needed", value.text()))?;
                (self.text(pair.0, name)?, self.text(pair.1, name)?)
            }
        })
    }

    /// A value as a text; nothing for a register's null.
    fn text(&self, value: &Value, name: &str) -> Result<Option<String>, String> {
        match (self.model, value) {
            (Kind::Register, Value::Null) => Ok(None),
            (Kind::Register, value) => Ok(Some(value.text())),
            (Kind::Kv, Value::Text(text)) => Ok(Some(text.clone())),
            (Kind::Kv, Value::Null) if name == "get" => Ok(Some(String::new())),
            (Kind::Kv, other) => Err(format!("the value of a {name} is {}; a text is needed", other.text())),
        }
    }

    fn complete(&mut self, record: &Record, line: u64) -> Result<(), String> {
        let process = record.process;
        let Some(open) = self.open.remove(&process) else {
            return Err(format!("an operation of process {process} ends, but none is open"));
        };
        let name = open.function.name(self.model);
        if open.function != record.function {
            return Err(format!(
                "process {process} is answered a {}, but its operation of line {} is a {name}",
                record.function.name(self.model),
                open.line
            ));
        }
        let key = &self.keys[open.key].0;
        // A completion that leaves the key out means the key of its invocation.
        if record.key.is_some() && *key != record.key {
            return Err(format!(
                "the key is {}, but that of the invocation in line {} is {}",
                record.key.as_deref().unwrap_or("absent"),
                open.line,
                key.as_deref().unwrap_or("absent")
            ));
        }
        let seen;
        let ended = match (record.kind, open.function) {
            (Type::Ok, Function::Read) => {
                seen = self.text(&record.value, name)?;
                Ended::Saw(seen.as_deref())
            }
            (Type::Ok, Function::Cas) if record.result == Some(false) => Ended::Differed,
            (Type::Ok, _) => {
                if record.value != Value::Null && record.value != open.value {
                    return Err(format!(
                        "the {name} of line {} was of {}, and is answered as one of {}",
                        open.line,
                        open.value.text(),
                        record.value.text()
                    ));
                }
                Ended::Done
            }
            (Type::Fail, _) => Ended::Failed,
            (Type::Info | Type::Invoke, _) => Ended::Unknown,
        };
        match record.kind {
            Type::Ok => self.counts.ok += 1,
            Type::Fail => self.counts.failed += 1,
            Type::Info | Type::Invoke => {
                self.counts.unknown += 1;
                self.in_doubt.insert(process);
            }
        }
        self.keys[open.key].1.complete(open.op, ended, line);
        Ok(())
    }

    /// What came of each key, in the order of their first operations. What is still open has an unknown outcome.
    pub(super) fn finish(mut self) -> (Counts, Vec<Judged>) {
        self.counts.unknown += self.open.len() as u64;
        let mut explained = 0;
        let judge = |(key, stream): (Option<String>, Stream)| {
            let finding = stream.finish(explained < EXPLAINED);
            explained += usize::from(matches!(finding, Finding::Violated(_)));
            Judged { key, finding }
        };
        (self.counts, self.keys.into_iter().map(judge).collect())
    }
}
