//! What each operation knows: the versions that its session, and those whose writes it saw, put before it.

use std::collections::BTreeMap;

use crate::sort;

use super::facts::Facts;
use super::{Guarantee, Undecidable, Versions};
use crate::operations::{Deed, Operations};

/// A point per key: what is known comes before it.
type Known = BTreeMap<u64, u32>;

/// What a session has seen and written.
#[derive(Default)]
struct Session {
    seen: Known,
    written: Known,
}

/// A history, ready to be asked.
pub(super) struct Passing<'a> {
    operations: &'a Operations,
    /// Beginnings (operation, doubled) and answers (and one) in the order of real time.
    events: Vec<usize>,
    /// What holds whatever is guaranteed: versions, and facts about their order.
    ground: Facts,
    /// The version of each value of each key.
    versions: BTreeMap<(u64, Option<u64>), u32>,
    /// Whether anybody saw it.
    seen: Vec<bool>,
}

impl<'a> Passing<'a> {
    pub fn new(operations: &'a Operations, order: Versions) -> Result<Self, Undecidable> {
        if operations.overlap {
            return Err(Undecidable::NoSession);
        }
        let list = &operations.list;
        let (mut ground, mut versions) = (Facts::default(), BTreeMap::new());
        for (at, op) in list.iter().enumerate() {
            versions.entry((op.key, None)).or_insert_with(|| {
                ground.writers.push(None);
                ground.node(op.key, true)
            });
            if let Some(value) = op.deed.wrote() {
                ground.writers.push(Some(at as u32));
                if versions.insert((op.key, Some(value)), ground.node(op.key, true)).is_some() {
                    return Err(Undecidable::ValueWrittenTwice);
                }
            }
        }
        let mut events: Vec<(usize, usize)> = Vec::with_capacity(list.len() * 2);
        for (at, op) in list.iter().enumerate() {
            events.push((op.invoke, at * 2));
            events.extend(op.answer.map(|answer| (answer, at * 2 + 1)));
        }
        sort::by_key(&mut events, |(record, _)| *record as u64);
        let events: Vec<usize> = events.into_iter().map(|(_, event)| event).collect();
        for ((key, value), version) in &versions {
            if value.is_some() {
                ground.edges.push((versions[&(*key, None)], *version, None));
            }
        }
        let mut it = Self { operations, events, seen: vec![false; ground.nodes.len()], ground, versions };
        for op in list {
            if let Some(version) = op.deed.saw().and_then(|value| it.versions.get(&(op.key, value))) {
                it.seen[*version as usize] = true;
            }
        }
        it.order(order);
        Ok(it)
    }

    fn version(&self, key: u64, value: Option<u64>) -> Result<u32, Undecidable> {
        self.versions.get(&(key, value)).copied().ok_or(Undecidable::ValueFromNowhere)
    }

    /// Writes down what is known of the order of versions.
    fn order(&mut self, order: Versions) {
        match order {
            Versions::Unknown => {}
            Versions::Known(order) => {
                let mut ranked: Vec<(u64, u32, u32)> = (self.versions.iter())
                    .filter_map(|((key, value), version)| Some((*key, order.rank(*key, *value)?, *version)))
                    .collect();
                sort::by_key(&mut ranked, |(_, rank, _)| u64::from(*rank));
                sort::by_key(&mut ranked, |(key, ..)| *key);
                for pair in ranked.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
                    self.ground.edges.push((pair[0].2, pair[1].2, None));
                }
            }
            Versions::RealTime => {
                let mut ended = Known::new();
                for event in &self.events {
                    let op = self.operations.list[event / 2];
                    let Some(value) = op.deed.wrote() else { continue };
                    let version = self.versions[&(op.key, Some(value))];
                    let last = ended.get(&op.key).copied();
                    if event % 2 == 0 {
                        self.ground.edges.extend(last.map(|last| (last, version, None)));
                    } else {
                        let now = self.ground.node(op.key, false);
                        self.ground.edges.push((version, now, None));
                        self.ground.edges.extend(last.map(|last| (last, now, None)));
                        ended.insert(op.key, now);
                    }
                }
            }
        }
    }

    /// All that follows if exactly these guarantees are kept. For one key alone it also says who told what.
    pub fn facts(&self, set: u8, key: Option<u64>, budget: &mut u64) -> Result<Facts, Undecidable> {
        let facts = Facts {
            nodes: self.ground.nodes.clone(),
            edges: self.ground.edges.clone(),
            writers: self.ground.writers.clone(),
        };
        let with = vec![None; self.seen.len()];
        Pass { on: self, set, key, budget, facts, sessions: BTreeMap::new(), with, open: BTreeMap::new() }
            .run()
    }
}

/// A walk along the history.
struct Pass<'a> {
    on: &'a Passing<'a>,
    set: u8,
    key: Option<u64>,
    budget: &'a mut u64,
    facts: Facts,
    sessions: BTreeMap<u64, Session>,
    /// What comes with seeing each version.
    with: Vec<Option<Known>>,
    /// Operations that have begun and write: what they will leave with their session, once that is worked out.
    open: BTreeMap<usize, Option<(Known, Known)>>,
}

impl Pass<'_> {
    fn run(mut self) -> Result<Facts, Undecidable> {
        for event in &self.on.events {
            let (at, ends) = (event / 2, event % 2 == 1);
            let op = self.on.operations.list[at];
            match (op.deed, ends) {
                (Deed::Write(_), false) => {
                    self.open.insert(at, None);
                    self.work_out(at)?;
                }
                // What it sees may begin after it: it is worked out when needed, at the latest when it ends.
                (Deed::Cas(..), false) => {
                    self.open.insert(at, None);
                }
                (Deed::Write(_) | Deed::Cas(..), true) => {
                    self.work_out(at)?;
                    if let Some((saw, wrote)) = self.open.remove(&at).flatten() {
                        self.leave(op.process, &saw, &wrote, at)?;
                    }
                }
                (Deed::Read(value), true) => {
                    let saw = self.see(at, value)?;
                    self.leave(op.process, &saw, &Known::new(), at)?;
                }
                (Deed::Read(_), false) | (Deed::Differs(_), _) => {}
            }
        }
        Ok(self.facts)
    }

    fn has(&self, guarantee: Guarantee) -> bool {
        self.set & guarantee.bit() != 0
    }

    /// Works out a writing operation, and before it those whose values it saw.
    fn work_out(&mut self, at: usize) -> Result<(), Undecidable> {
        let mut chain = vec![at];
        while let Some(last) = chain.last()
            && let Some(Some(old)) = self.on.operations.list[*last].deed.saw()
            && self.open.get(last).is_some_and(Option::is_none)
        {
            let version = self.on.version(self.on.operations.list[*last].key, Some(old))?;
            let writer = self.facts.writers[version as usize].map(|writer| writer as usize);
            match writer {
                Some(writer) if self.open.get(&writer).is_some_and(Option::is_none) => {
                    if chain.len() > self.open.len() {
                        return Err(Undecidable::ValueFromNowhere);
                    }
                    chain.push(writer);
                }
                _ => break,
            }
        }
        while let Some(at) = chain.pop() {
            if self.open.get(&at).is_some_and(Option::is_none) {
                let done = self.write(at)?;
                self.open.insert(at, Some(done));
            }
        }
        Ok(())
    }

    /// What an operation knows once it has seen this value.
    fn see(&mut self, at: usize, value: Option<u64>) -> Result<Known, Undecidable> {
        let (op, tells) = (self.on.operations.list[at], Some(at as u32));
        let version = self.on.version(op.key, value)?;
        let writer = self.facts.writers[version as usize].map(|writer| writer as usize);
        if let Some(writer) = writer
            && writer != at
        {
            self.work_out(writer)?;
        }
        let mut known = Known::new();
        let session = self.sessions.entry(op.process).or_default();
        let explain = self.key.is_some();
        if self.set & Guarantee::MonotonicReads.bit() != 0 {
            join(&mut known, &session.seen, &mut self.facts, tells, explain);
        }
        if self.set & Guarantee::ReadYourWrites.bit() != 0 {
            join(&mut known, &session.written, &mut self.facts, tells, explain);
        }
        if let Some(before) = known.get(&op.key) {
            self.facts.edges.push((*before, version, tells));
        }
        if value.is_some() {
            let came = self.with[version as usize].as_ref().ok_or(Undecidable::ValueFromNowhere)?;
            join(&mut known, came, &mut self.facts, tells, explain);
        }
        self.hold(&mut known, op.key, version, at);
        self.spend(&known)?;
        Ok(known)
    }

    /// What a writing operation has seen and written.
    fn write(&mut self, at: usize) -> Result<(Known, Known), Undecidable> {
        let (op, tells) = (self.on.operations.list[at], Some(at as u32));
        let (saw, old) = match op.deed.saw() {
            Some(value) => (self.see(at, value)?, Some(self.on.version(op.key, value)?)),
            None => (Known::new(), None),
        };
        let version = self.on.version(op.key, op.deed.wrote())?;
        let mut known = Known::new();
        let (follow, explain) = (self.has(Guarantee::WritesFollowReads), self.key.is_some());
        let session = self.sessions.entry(op.process).or_default();
        if follow {
            join(&mut known, &session.seen, &mut self.facts, tells, explain);
            join(&mut known, &saw, &mut self.facts, tells, explain);
        }
        if self.set & Guarantee::MonotonicWrites.bit() != 0 {
            join(&mut known, &session.written, &mut self.facts, tells, explain);
        }
        if let Some(before) = known.get(&op.key) {
            self.facts.edges.push((*before, version, tells));
        }
        // A comparison that held puts the one after the other.
        self.facts.edges.extend(old.map(|old| (old, version, tells)));
        self.hold(&mut known, op.key, version, at);
        self.spend(&known)?;
        if self.on.seen[version as usize] {
            self.with[version as usize] = Some(known.clone());
        }
        Ok((saw, known))
    }

    /// Whoever knows this much knows this version.
    fn hold(&mut self, known: &mut Known, key: u64, version: u32, at: usize) {
        if self.key.is_none() {
            known.insert(key, version);
        } else if self.key == Some(key) {
            let point = self.facts.node(key, false);
            self.facts.edges.push((version, point, Some(at as u32)));
            known.insert(key, point);
        }
    }

    /// An operation ends; its session knows what it knew.
    fn leave(&mut self, process: u64, saw: &Known, wrote: &Known, at: usize) -> Result<(), Undecidable> {
        let (tells, explain) = (Some(at as u32), self.key.is_some());
        let session = self.sessions.entry(process).or_default();
        join(&mut session.seen, saw, &mut self.facts, tells, explain);
        // Where all is passed on to everything, what was written need not be kept apart.
        let all = self.set == 0b1111;
        let written = if all { &mut session.seen } else { &mut session.written };
        join(written, wrote, &mut self.facts, tells, explain);
        self.spend(saw)?;
        self.spend(wrote)
    }

    fn spend(&mut self, known: &Known) -> Result<(), Undecidable> {
        let left = self.budget.checked_sub(known.len() as u64 + 1);
        *self.budget = left.ok_or(Undecidable::Budget)?;
        Ok(())
    }
}

/// Adds what is known there to what is known here.
fn join(here: &mut Known, there: &Known, facts: &mut Facts, tells: Option<u32>, explain: bool) {
    for (key, point) in there {
        match here.get(key).copied() {
            None if !explain => {
                here.insert(*key, *point);
            }
            Some(old) if old == *point => {}
            old => {
                let both = facts.node(*key, false);
                facts.edges.extend(old.map(|old| (old, both, None)));
                facts.edges.push((*point, both, tells));
                here.insert(*key, both);
            }
        }
    }
}
