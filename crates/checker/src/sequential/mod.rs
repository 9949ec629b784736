//! Sequential consistency (Lamport, 1979): is there one order of all operations, over all keys, that keeps the
//! order of each process and explains every answer? Real time does not count.
//!
//! It cannot be asked key by key: P1 writes x and then finds y empty, P2 writes y and then finds x empty. Each
//! key alone is fine, both together are not.
//!
//! First comes what follows of necessity, if all values written to a key are different: a read that saw a write
//! comes after it, and before or after any other write to that key according to where that one is. A circle in
//! this is a violation; that finds nearly all of them without a search. Then an order is searched for within
//! what is left, with a memo and a budget. The question is NP-complete, so some answers are "undecided".

//!
//! - [`order`]: what must come before what;
//! - [`search`]: the search.

mod order;
mod search;

use crate::history::Record;
use crate::operations::{Deed, Operation, Operations};
use crate::table::{By, Table};
use order::{Circle, Clocks};
use search::Search;

/// Steps that a check may take unless told otherwise: some seconds at most.
pub const BUDGET: u64 = 5_000_000;

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is such an order.
    Consistent,
    /// There is none.
    Violated,
    /// The budget was spent, or a process had two operations at once and so has no order.
    Undecided,
}

/// Checks a history. The budget is in steps, never in time: the same question has the same answer everywhere.
///
/// The verdict on a prefix is not final: sequential consistency lets a read see what is written only later.
#[must_use]
pub fn check(records: &[Record], budget: u64) -> Verdict {
    let operations = Operations::of(records);
    if operations.overlap {
        return Verdict::Undecided;
    }
    Problem::new(&operations.list).solve(&mut { budget })
}

/// A few operations that are inexplicable by themselves, named by the indices of their invocations; none if the
/// history is consistent or the budget was spent before anything was found.
///
/// Only reads, and writes whose value nothing kept has seen, are removed; removing any one more of those would
/// leave something that can be explained (or not be decided within the budget).
#[must_use]
pub fn witness(records: &[Record], mut budget: u64) -> Option<Vec<usize>> {
    let operations = Operations::of(records);
    let violated =
        |list: &[Operation], budget: &mut u64| Problem::new(list).solve(budget) == Verdict::Violated;
    let mut kept = operations.list;
    if operations.overlap || !violated(&kept, &mut budget) {
        return None;
    }
    let mut chunk = kept.len().next_power_of_two() / 2;
    while chunk > 0 {
        let before = kept.len();
        let mut end = before;
        while end > 0 {
            if budget == 0 {
                return Some(kept.iter().map(|op| op.invoke).collect());
            }
            let from = end.saturating_sub(chunk);
            let seen: Vec<(u64, u64)> =
                kept.iter().filter_map(|op| Some((op.key, op.deed.saw()??))).collect();
            let free = |op: &Operation| match op.deed {
                Deed::Read(_) | Deed::Differs(_) => true,
                Deed::Write(value) | Deed::Cas(_, value) => !seen.contains(&(op.key, value)),
            };
            let fewer: Vec<Operation> = (kept.iter().enumerate())
                .filter(|(at, op)| !(from..end).contains(at) || !free(op))
                .map(|(_, op)| *op)
                .collect();
            if fewer.len() < kept.len() && violated(&fewer, &mut budget) {
                kept = fewer;
            }
            end = from.min(kept.len());
        }
        // What was removed may have freed a write that was kept for it.
        if chunk > 1 || kept.len() == before {
            chunk /= 2;
        }
    }
    Some(kept.iter().map(|op| op.invoke).collect())
}

/// What an operation needs to find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    Is(u32),
    Not(u32),
}

/// An operation in small numbers. A value is the number of a pair of key and value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub thread: u32,
    /// Its place in its thread.
    pub place: u32,
    pub key: u32,
    pub need: Need,
    pub puts: Option<u32>,
    /// The place of its answer in real time: a hint only.
    pub hint: usize,
}

/// The operations of a history, by process.
#[derive(Debug, Default)]
pub(crate) struct Problem {
    pub steps: Vec<Step>,
    /// Steps of each process in its order.
    pub threads: Vec<Vec<u32>>,
    /// How many of them must be in the order; the last one need not if its outcome is unknown.
    pub must: Vec<u32>,
    /// Initial value of each key.
    pub initial: Vec<u32>,
    /// How many steps need each value.
    pub needed: Vec<u32>,
    /// The step that wrote each value, if no value was written to a key twice.
    pub writers: Option<Vec<Option<u32>>>,
    /// Keys upon which a comparison did not hold.
    differs: Vec<bool>,
    /// Something was seen that nobody wrote.
    thin_air: bool,
}

/// Numbers of values, key by key; what a key holds initially is one of them.
#[derive(Default)]
struct Values {
    initial: By<u32>,
    written: By<Table>,
    count: u32,
}

impl Values {
    fn add(&mut self, key: u32, value: Option<u64>) {
        let number = match value {
            None => *self.initial.slot(u64::from(key), self.count),
            Some(value) => {
                self.written.slot(u64::from(key), Table::default()).get_or_insert(value, self.count)
            }
        };
        self.count += u32::from(number == self.count);
    }

    /// The number of a value that was added.
    fn of(&self, key: u32, value: Option<u64>) -> u32 {
        let key = u64::from(key);
        let number = match value {
            None => self.initial.get(key).copied(),
            Some(value) => self.written.get(key).and_then(|written| written.get(value)),
        };
        number.unwrap_or(0)
    }
}

impl Problem {
    pub fn new(list: &[Operation]) -> Self {
        let mut it = Self::default();
        let mut keys = Table::default();
        let mut values = Values::default();
        for op in list {
            let key = keys.get_or_insert(op.key, keys.len());
            let deed = op.deed;
            let compared = if let Deed::Differs(value) = deed { Some(value) } else { None };
            let all = [deed.saw(), deed.wrote().map(Some), compared, Some(None)];
            for value in all.into_iter().flatten() {
                values.add(key, value);
            }
        }
        let key_of = |op: &Operation| keys.get(op.key).unwrap_or(0);
        it.initial = (0..keys.len()).map(|key| values.of(key, None)).collect();
        it.needed = vec![0; values.count as usize];
        it.differs = vec![false; keys.len() as usize];
        for op in list.iter().filter(|op| matches!(op.deed, Deed::Differs(_))) {
            it.differs[key_of(op) as usize] = true;
        }
        for op in list {
            if let Some(value) = op.deed.saw()
                && op.answer.is_some()
            {
                it.needed[values.of(key_of(op), value) as usize] += 1;
            }
        }
        // A comparison of unknown outcome needs a value only if it happened, which somebody must have seen.
        let mut seen = it.needed.clone();
        for op in list.iter().filter(|op| op.answer.is_none()) {
            if let Some(value) = op.deed.saw() {
                seen[values.of(key_of(op), value) as usize] += 1;
            }
        }
        let mut threads = Table::default();
        let mut writers: Option<Vec<Option<u32>>> = Some(vec![None; values.count as usize]);
        for op in list {
            let key = key_of(op);
            let puts = op.deed.wrote().map(|value| values.of(key, Some(value)));
            // What may have happened and was not seen need not have happened, unless somebody saw a difference.
            if op.answer.is_none()
                && puts.is_none_or(|value| seen[value as usize] == 0)
                && !it.differs[key as usize]
            {
                continue;
            }
            let fresh = threads.len();
            let thread = threads.get_or_insert(op.process, fresh);
            if thread == fresh {
                it.threads.push(Vec::new());
                it.must.push(0);
            }
            let need = match op.deed {
                Deed::Read(value) | Deed::Cas(value, _) => Need::Is(values.of(key, value)),
                Deed::Differs(value) => Need::Not(values.of(key, value)),
                Deed::Write(_) => Need::Nothing,
            };
            let step = it.steps.len() as u32;
            let place = it.threads[thread as usize].len() as u32;
            it.threads[thread as usize].push(step);
            it.must[thread as usize] += u32::from(op.answer.is_some());
            let hint = op.answer.unwrap_or(usize::MAX);
            it.steps.push(Step { thread, place, key, need, puts, hint });
            if let (Some(list), Some(value)) = (&mut writers, puts)
                && list[value as usize].replace(step).is_some()
            {
                writers = None;
            }
        }
        it.settle(writers);
        it
    }

    /// What follows from who wrote what: values from nowhere, and unknown outcomes that somebody saw.
    fn settle(&mut self, writers: Option<Vec<Option<u32>>>) {
        let mut written = vec![false; self.needed.len()];
        let puts = self.steps.iter().filter_map(|step| step.puts);
        for value in puts.chain(self.initial.iter().copied()) {
            written[value as usize] = true;
        }
        self.thin_air = self.needed.iter().zip(&written).any(|(needed, written)| *needed > 0 && !written);
        self.writers = writers;
        let Some(writers) = &self.writers else { return };
        // A write of unknown outcome whose value an answered operation saw did happen; and so did what it needs.
        loop {
            let mut more = None;
            for (thread, steps) in self.threads.iter().enumerate() {
                let Some(last) = steps.get(self.must[thread] as usize) else { continue };
                let step = self.steps[*last as usize];
                if step.puts.is_some_and(|value| self.needed[value as usize] > 0) {
                    more = Some((thread, step.need));
                    break;
                }
            }
            let Some((thread, need)) = more else { break };
            self.must[thread] += 1;
            if let Need::Is(value) = need {
                self.needed[value as usize] += 1;
                self.thin_air |= writers[value as usize].is_none() && !self.initial.contains(&value);
            }
        }
        // The others need not have happened, and nobody saw them.
        for (thread, steps) in self.threads.iter_mut().enumerate() {
            let must = self.must[thread] as usize;
            if steps.get(must).is_some_and(|last| !self.differs[self.steps[*last as usize].key as usize]) {
                steps.truncate(must);
            }
        }
    }

    /// Whether a step must be in the order.
    pub fn must(&self, step: &Step) -> bool {
        step.place < self.must[step.thread as usize]
    }

    pub fn solve(&self, budget: &mut u64) -> Verdict {
        if self.thin_air {
            return Verdict::Violated;
        }
        let clocks = match Clocks::of(self, budget) {
            Ok(clocks) => clocks,
            Err(Circle) => return Verdict::Violated,
        };
        Search::new(self, clocks).run(budget)
    }
}

#[cfg(test)]
mod tests;
