//! The verdict while a run is made: fed with the records of a history as they are added, some at a time.
//!
//! Keys are registers. As long as a key's writes all have values of their own and nobody compares-and-sets, each
//! record costs constant time. From the first record that is not so, the key is searched anew whenever there are
//! new records of it, from its beginning.
//!
//! An operation whose end makes the history inexplicable is a violation, and is set aside: from there on it is
//! as if its outcome were unknown (a read is left out, a write may have happened), so that later violations are
//! found as well. A key whose search spends its budget is undecided from the last record on, until it is fed more.

use crate::history::{Call, Event, History, Outcome, Record};
use crate::linear::search::Search;
use crate::linear::zones::Zones;
use crate::linear::{BUDGET, Ops, Verdict, register};
use crate::model::Model;
use crate::table::Table;

/// An operation that nothing explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its key.
    pub key: u64,
    /// Index of the record that ends it.
    pub record: usize,
    /// The run's event that caused this record.
    pub event: u64,
    /// When (ns).
    pub time: u64,
}

/// What is known of the history up to an event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix {
    /// Operations on keys that were answered.
    pub operations: usize,
    /// Operations on keys that ended without anyone knowing how.
    pub unknown: usize,
    /// The first violation.
    pub first: Option<Violation>,
    /// Violations.
    pub violations: usize,
    /// Keys on which the budget was spent.
    pub undecided: usize,
}

/// One key.
#[derive(Clone, Debug)]
struct Key {
    key: u64,
    zones: Zones,
    /// Its records.
    records: Vec<u32>,
    /// Whether it is searched.
    searched: bool,
    /// Whether there are records that no search has seen.
    stale: bool,
    /// Event of the last record when the budget was spent.
    undecided: Option<u64>,
    /// Records whose operations are set aside.
    aside: Vec<u32>,
}

/// A search between two calls.
#[derive(Clone, Debug)]
struct Job {
    key: usize,
    ops: Ops,
    search: Search,
}

/// An incremental checker of one history.
#[derive(Clone, Debug, Default)]
pub struct Live {
    fed: usize,
    table: Table,
    keys: Vec<Key>,
    /// Keys that wait for a search.
    stale: Vec<u32>,
    job: Option<Job>,
    violations: Vec<Violation>,
    /// Events at which operations were answered, and at which they ended unknown.
    answered: Vec<u64>,
    unknown: Vec<u64>,
}

impl Live {
    /// One that was fed nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what was recorded since, in about so many steps; whether it has caught up. The verdict does not
    /// depend on how the steps are sliced (where the budget was spent, the event from which on it is undecided
    /// may).
    pub fn feed(&mut self, history: &History, steps: u64) -> bool {
        let records = history.records();
        let mut left = steps.max(1);
        while left > 0 {
            if let Some(record) = records.get(self.fed) {
                self.take(records, record);
                self.fed += 1;
                left -= 1;
            } else if let Some(job) = self.job.take() {
                left = self.work(job, records, left);
            } else if let Some(key) = self.stale.pop() {
                let key = key as usize;
                self.keys[key].stale = false;
                self.start(key, records);
                left = left.saturating_sub(self.keys[key].records.len() as u64 / 4 + 1);
            } else {
                break;
            }
        }
        self.fed >= records.len() && self.job.is_none() && self.stale.is_empty()
    }

    /// The history was cut to so many records. Everything is taken in anew, by [`Live::feed`].
    pub fn truncate(&mut self, records: usize) {
        if records < self.fed {
            *self = Self::default();
        }
    }

    /// How many records were taken in.
    #[must_use]
    pub fn fed(&self) -> usize {
        self.fed
    }

    /// All violations found, by record.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// The operations on the key of a violation up to it; positions are indices of records. Earlier violations of
    /// the key are set aside, as they were when this one was found.
    #[must_use]
    pub fn operations(&self, records: &[Record], found: &Violation) -> Ops {
        let Some(key) = self.table.get(found.key).and_then(|place| self.keys.get(place as usize)) else {
            return Ops::new();
        };
        let own = key.records.partition_point(|at| *at as usize <= found.record);
        let aside = key.aside.partition_point(|at| (*at as usize) < found.record);
        register(records, &key.records[..own], &key.aside[..aside])
    }

    /// What is known of the history up to this event of the run.
    #[must_use]
    pub fn as_of(&self, event: u64) -> Prefix {
        let violations = self.violations.partition_point(|violation| violation.event <= event);
        let undecided = |key: &&Key| key.undecided.is_some_and(|from| from <= event);
        Prefix {
            operations: self.answered.partition_point(|at| *at <= event),
            unknown: self.unknown.partition_point(|at| *at <= event),
            first: self.violations[..violations].first().copied(),
            violations,
            undecided: self.keys.iter().filter(undecided).count(),
        }
    }

    /// Takes in a record.
    fn take(&mut self, records: &[Record], record: &Record) {
        let at = self.fed as u32;
        // Zones keep position 0 for the initial value.
        let place = at + 1;
        match &record.what {
            Event::Invoke(call) => {
                let Some(key) = call.key() else { return };
                let key = self.key(key);
                self.keys[key].records.push(at);
                let zones = &mut self.keys[key].zones;
                let fine = match call {
                    Call::Write { value, .. } => zones.write_begins(*value, place),
                    Call::Cas { .. } => false,
                    Call::Read { .. } | Call::Work => true,
                };
                if !fine {
                    self.keys[key].searched = true;
                }
            }
            Event::Complete { invoke, outcome } => {
                let Some(Event::Invoke(call)) = records.get(*invoke).map(|record| &record.what) else {
                    return;
                };
                let Some(key) = call.key() else { return };
                let key = self.key(key);
                self.keys[key].records.push(at);
                match outcome {
                    Outcome::Ok(_) => self.answered.push(record.event),
                    Outcome::Unknown(_) => return self.unknown.push(record.event),
                    Outcome::Fail(_) => {}
                }
                if self.keys[key].searched {
                    if !core::mem::replace(&mut self.keys[key].stale, true) {
                        self.stale.push(key as u32);
                    }
                    return;
                }
                let zones = &mut self.keys[key].zones;
                let fine = match (call, outcome) {
                    (Call::Write { value, .. }, Outcome::Ok(_)) => {
                        zones.write_ends(*value, place);
                        true
                    }
                    (Call::Write { value, .. }, Outcome::Fail(_)) => zones.write_fails(*value),
                    (Call::Read { .. }, Outcome::Ok(value)) => zones.read(*value, *invoke as u32 + 1, place),
                    _ => true,
                };
                if !fine {
                    self.violated(key, at, record);
                }
            }
        }
    }

    /// The place of a key.
    fn key(&mut self, key: u64) -> usize {
        let place = self.table.get_or_insert(key, self.keys.len() as u32) as usize;
        if place == self.keys.len() {
            let zones = Zones::default();
            let (records, aside) = (Vec::new(), Vec::new());
            self.keys.push(Key {
                key,
                zones,
                records,
                searched: false,
                stale: false,
                undecided: None,
                aside,
            });
        }
        place
    }

    /// Begins a search of this key.
    fn start(&mut self, key: usize, records: &[Record]) {
        let entry = &mut self.keys[key];
        entry.undecided = None;
        let ops = register(records, &entry.records, &entry.aside);
        let search = Search::new(&ops, Model::Register);
        self.job = Some(Job { key, ops, search });
    }

    /// Goes on with a search; answers how many steps are left.
    fn work(&mut self, mut job: Job, records: &[Record], left: u64) -> u64 {
        let spent = job.search.spent();
        let verdict = job.search.run((spent + left).min(BUDGET));
        let left = left.saturating_sub(job.search.spent() - spent + 1);
        match verdict {
            Some(Verdict::Violated { op }) => {
                if let Some(at) = job.ops.list()[op].end.at() {
                    self.violated(job.key, at, &records[at as usize]);
                    self.start(job.key, records);
                }
            }
            None if job.search.spent() >= BUDGET => {
                self.keys[job.key].undecided = self.fed.checked_sub(1).map(|last| records[last].event);
            }
            None => self.job = Some(job),
            Some(_) => {}
        }
        left
    }

    /// A violation, which is set aside.
    fn violated(&mut self, key: usize, at: u32, record: &Record) {
        let Key { key, aside, .. } = &mut self.keys[key];
        aside.insert(aside.partition_point(|other| *other < at), at);
        let found = Violation { key: *key, record: at as usize, event: record.event, time: record.time };
        let place = self.violations.partition_point(|other| other.record < found.record);
        self.violations.insert(place, found);
    }
}
