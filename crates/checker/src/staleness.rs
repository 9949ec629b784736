//! How stale reads were, which updates were lost, and whether replicas came to agree. All of it needs the order
//! of versions ([`Order`]), which answers alone do not tell: for histories from outside only the staleness that real
//! time shows is told ([`at_least`]).

use std::collections::BTreeMap;

use crate::history::Record;
use crate::operations::{Deed, Operation, Operations, writers};
use crate::sort;
use crate::table::By;
use crate::versions::Order;

/// A read that saw an old version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stale {
    /// Index of its invocation.
    pub read: usize,
    /// Key.
    pub key: u64,
    /// How many newer versions had been acknowledged when it began.
    pub versions: u32,
    /// For how long the first of these had been acknowledged then (ns).
    pub time: u64,
}

/// The staleness of reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Staleness {
    /// Reads that saw a version whose place is known.
    pub reads: u64,
    /// Answered reads of values that are no version: nothing is said about them.
    pub unknown: u64,
    /// Those that saw an old version, in the order of the history.
    pub stale: Vec<Stale>,
}

impl Staleness {
    /// The most newer versions that a read missed.
    #[must_use]
    pub fn most_versions(&self) -> u32 {
        self.stale.iter().map(|read| read.versions).max().unwrap_or(0)
    }

    /// The longest time for which what a read saw had been replaced (ns).
    #[must_use]
    pub fn longest(&self) -> u64 {
        self.stale.iter().map(|read| read.time).max().unwrap_or(0)
    }
}

/// How stale each read was. A version counts as newer than another by its place in the order, and it counts at
/// all from the acknowledgement of its write; a read is judged at its beginning, so what was written while it ran
/// never makes it stale. A comparison that held is a read too.
///
/// Nothing if two operations wrote the same value to a key: then the version that was read is not known.
#[must_use]
pub fn staleness(records: &[Record], order: &Order) -> Option<Staleness> {
    let list = Operations::of(records).list;
    // Of each key: the acknowledged versions, newest first, as (place, record, time).
    writers(&list)?;
    let mut acknowledged: By<Vec<(u32, usize, u64)>> = By::default();
    for op in &list {
        let rank = op.deed.wrote().and_then(|value| order.rank(op.key, Some(value)));
        if let (Some(answer), Some(rank)) = (op.answer, rank) {
            acknowledged.slot(op.key, Vec::new()).push((rank, answer, op.ended));
        }
    }
    for versions in acknowledged.values_mut() {
        sort::by_key(versions, |version| u64::MAX - u64::from(version.0));
    }
    let mut result = Staleness::default();
    for op in list.iter().filter(|op| op.answer.is_some()) {
        let Some(value) = op.deed.saw() else { continue };
        let Some(rank) = order.rank(op.key, value) else {
            result.unknown += 1;
            continue;
        };
        result.reads += 1;
        let newer = acknowledged.get(op.key).map_or(&[][..], Vec::as_slice);
        let newer = newer.iter().take_while(|version| version.0 > rank);
        let (mut versions, mut first) = (0, u64::MAX);
        for (_, _, time) in newer.filter(|(_, answer, _)| *answer < op.invoke) {
            versions += 1;
            first = first.min(*time);
        }
        if versions > 0 {
            let time = op.began.saturating_sub(first);
            result.stale.push(Stale { read: op.invoke, key: op.key, versions, time });
        }
    }
    Some(result)
}

/// How stale each read was at least, by real time alone: a version counts as newer than another if its write began
/// after that of the other was answered. Stores in which clocks decide may order them otherwise; clients see this.
///
/// Nothing if two operations wrote the same value to a key.
#[must_use]
pub fn at_least(records: &[Record]) -> Option<Staleness> {
    let list = Operations::of(records).list;
    let writers = writers(&list)?;
    // Of each key: the acknowledged writes as (invocation, answer, time), by their invocations.
    let mut writes: By<Vec<(usize, usize, u64)>> = By::default();
    for op in list.iter().filter(|op| op.deed.wrote().is_some()) {
        if let Some(answer) = op.answer {
            writes.slot(op.key, Vec::new()).push((op.invoke, answer, op.ended));
        }
    }
    let mut result = Staleness::default();
    for op in list.iter().filter(|op| op.answer.is_some()) {
        let Some(value) = op.deed.saw() else { continue };
        let over = match value.map(|value| writers.get(op.key, value)) {
            None => 0,
            // One of unknown outcome may have taken effect at any time.
            Some(Some(writer)) => list[writer].answer.unwrap_or(usize::MAX),
            Some(None) => {
                result.unknown += 1;
                continue;
            }
        };
        result.reads += 1;
        let all = writes.get(op.key).map_or(&[][..], Vec::as_slice);
        let from = if value.is_none() { 0 } else { all.partition_point(|(invoke, ..)| *invoke <= over) };
        let newer = all[from..].iter().take_while(|(invoke, ..)| *invoke < op.invoke);
        let (mut versions, mut first) = (0, u64::MAX);
        for (.., time) in newer.filter(|(_, answer, _)| *answer < op.invoke) {
            versions += 1;
            first = first.min(*time);
        }
        if versions > 0 {
            let time = op.began.saturating_sub(first);
            result.stale.push(Stale { read: op.invoke, key: op.key, versions, time });
        }
    }
    Some(result)
}

/// How an acknowledged write was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// A later acknowledged write built on an older version: it put its own in place without having seen this.
    Overwritten {
        /// Index of the invocation that did.
        by: usize,
    },
    /// It was put before a version that had been acknowledged when it began, so nobody was ever to see it.
    Buried {
        /// Index of the invocation that wrote that version.
        under: usize,
    },
    /// It is no version of its key, or no replica holds it or a later version at the end.
    Gone,
}

/// An acknowledged write that was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Index of its invocation.
    pub write: usize,
    /// Key.
    pub key: u64,
    /// How.
    pub how: Loss,
}

/// What a replica holds at the end: values by key. A key that is not there holds what it held initially.
pub type Replica = BTreeMap<u64, u64>;

/// A replica from keys with their values.
#[must_use]
pub fn replica(held: &[(u64, u64)]) -> Replica {
    let mut replica = Replica::new();
    for (key, value) in held {
        replica.insert(*key, *value);
    }
    replica
}

/// Which writes build on what they have seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Building {
    /// Comparisons only: plain writes overwrite blindly, and mean to.
    Comparisons,
    /// Plain writes too: each builds on the version that its process saw or wrote last.
    AllWrites,
}

/// The acknowledged writes that were lost, in the order of the history, each once, for the first reason that is
/// found: overwritten, buried, gone. Without replicas (an empty list) only what is no version at all is gone.
///
/// Nothing if two operations wrote the same value to a key.
#[must_use]
pub fn lost_updates(
    records: &[Record],
    order: &Order,
    building: Building,
    replicas: &[Replica],
) -> Option<Vec<Lost>> {
    let list = Operations::of(records).list;
    let writers = writers(&list)?;
    let mut losses: By<(usize, u64, Loss)> = By::default();
    let rank_of = |op: &Operation| order.rank(op.key, Some(op.deed.wrote()?));
    for (op, base) in built(&list, building) {
        let (Some(base), Some(own)) = (order.rank(op.key, base), rank_of(op)) else { continue };
        // All acknowledged versions between the one it built on and its own.
        let between = order.values(op.key).get(base as usize..own.saturating_sub(1) as usize);
        for value in between.unwrap_or_default() {
            if let Some(write) = writers.get(op.key, *value).map(|at| &list[at])
                && write.answer.is_some()
            {
                losses.slot(write.invoke as u64, (write.invoke, op.key, Loss::Overwritten { by: op.invoke }));
            }
        }
    }
    for (write, under) in buried(&list, order) {
        losses.slot(write.invoke as u64, (write.invoke, write.key, Loss::Buried { under }));
    }
    for op in list.iter().filter(|op| op.answer.is_some() && op.deed.wrote().is_some()) {
        let kept = |rank| {
            let holds = |replica: &Replica| order.rank(op.key, replica.get(&op.key).copied()) >= Some(rank);
            replicas.is_empty() || replicas.iter().any(holds)
        };
        if !rank_of(op).is_some_and(kept) {
            losses.slot(op.invoke as u64, (op.invoke, op.key, Loss::Gone));
        }
    }
    let mut lost: Vec<Lost> =
        losses.values_mut().map(|(write, key, how)| Lost { write: *write, key: *key, how: *how }).collect();
    sort::by_key(&mut lost, |lost| lost.write as u64);
    Some(lost)
}

/// The acknowledged writes that build on a version, with that version.
fn built(list: &[Operation], building: Building) -> Vec<(&Operation, Option<u64>)> {
    // Of each process and key.
    let mut seen: By<By<Option<u64>>> = By::default();
    let mut found = Vec::new();
    // Operations of a process follow one another, so the order of their beginnings is theirs.
    for op in list.iter().filter(|op| op.answer.is_some()) {
        let last = seen.get(op.process).and_then(|keys| keys.get(op.key)).copied();
        let base = match op.deed {
            Deed::Cas(old, _) => Some(old),
            Deed::Write(_) if building == Building::AllWrites => last,
            _ => None,
        };
        found.extend(base.filter(|_| op.deed.wrote().is_some()).map(|base| (op, base)));
        if let Some(value) = op.deed.wrote().map(Some).or(op.deed.saw()) {
            *seen.slot(op.process, By::default()).slot(op.key, None) = value;
        }
    }
    found
}

/// The acknowledged writes that began when a version that comes after theirs had been acknowledged, with the
/// invocation that wrote the newest such version.
fn buried<'a>(list: &'a [Operation], order: &Order) -> Vec<(&'a Operation, usize)> {
    let mut events: Vec<(usize, &Operation, bool)> = Vec::new();
    for op in list.iter().filter(|op| op.deed.wrote().is_some()) {
        if let Some(answer) = op.answer {
            events.push((op.invoke, op, false));
            events.push((answer, op, true));
        }
    }
    sort::by_key(&mut events, |(at, ..)| *at as u64);
    let mut newest: By<(u32, usize)> = By::default();
    let mut found = Vec::new();
    for (_, op, ends) in events {
        let Some(rank) = order.rank(op.key, op.deed.wrote()) else { continue };
        let newest = newest.slot(op.key, (0, 0));
        if ends {
            *newest = (*newest).max((rank, op.invoke));
        } else if newest.0 > rank {
            found.push((op, newest.1));
        }
    }
    found
}

/// A key on which replicas differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// Key.
    pub key: u64,
    /// Each value there is, and how many replicas hold it.
    pub values: Vec<(Option<u64>, u32)>,
}

/// The keys on which replicas differ, in their order: none if they have converged. That they agree does not say
/// that they are right.
#[must_use]
pub fn divergences(replicas: &[Replica]) -> Vec<Divergence> {
    let mut held: Vec<(u64, u64)> = replicas.iter().flatten().map(|(key, value)| (*key, *value)).collect();
    sort::by_key(&mut held, |(_, value)| *value);
    sort::by_key(&mut held, |(key, _)| *key);
    let mut found = Vec::new();
    for own in held.chunk_by(|a, b| a.0 == b.0) {
        let without = (replicas.len() - own.len()) as u32;
        let mut values: Vec<(Option<u64>, u32)> = Vec::new();
        values.extend((without > 0).then_some((None, without)));
        for same in own.chunk_by(|a, b| a == b) {
            values.push((Some(same[0].1), same.len() as u32));
        }
        if values.len() > 1 {
            found.push(Divergence { key: own[0].0, values });
        }
    }
    found
}

#[cfg(test)]
#[path = "staleness_tests.rs"]
mod tests;
