//! From a history of many keys to the operations on each.

use super::ops::{End, Ops};
use crate::history::{Call, Event, Outcome, Record};
use crate::model::Action;
use crate::table::Table;

/// The registers of a history, by the first operation on each: key and operations, whose positions are the
/// records' indices. Values get numbers as they come.
///
/// A comparison that was answered and did not hold is two operations: one that saw another value, and one that
/// might have written until then, and failed.
#[must_use]
pub fn registers(records: &[Record]) -> Vec<(u64, Ops)> {
    let mut keys: Vec<(u64, Gather)> = Vec::new();
    let mut table = Table::default();
    // Of each record: its key's place and its operation, for the completion.
    let mut places = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        let mut place = (0, u32::MAX);
        match &record.what {
            Event::Invoke(call) => {
                if let Some(key) = call.key() {
                    let at_key = table.get_or_insert(key, keys.len() as u32);
                    if at_key as usize == keys.len() {
                        keys.push((key, Gather::default()));
                    }
                    place = (at_key, keys[at_key as usize].1.begin(at as u32, record.process, call));
                }
            }
            Event::Complete { invoke, outcome } => {
                if let Some((key, op)) = places.get(*invoke)
                    && *op != u32::MAX
                {
                    keys[*key as usize].1.end(*op as usize, at as u32, outcome, false);
                }
            }
        }
        places.push(place);
    }
    keys.into_iter().map(|(key, gather)| (key, gather.ops)).collect()
}

/// One register: that of these records (indices in order); operations that end at the records in `aside` (in
/// order) have an unknown outcome.
pub(crate) fn register(records: &[Record], those: &[u32], aside: &[u32]) -> Ops {
    let (mut gather, mut places) = (Gather::default(), Table::default());
    for at in those {
        let record = &records[*at as usize];
        match &record.what {
            Event::Invoke(call) => {
                let op = gather.begin(*at, record.process, call);
                places.get_or_insert(u64::from(*at), op);
            }
            Event::Complete { invoke, outcome } => {
                if let Some(op) = places.get(*invoke as u64) {
                    gather.end(op as usize, *at, outcome, aside.binary_search(at).is_ok());
                }
            }
        }
    }
    gather.ops
}

/// The operations on one register as they come.
#[derive(Default)]
struct Gather {
    ops: Ops,
    values: Table,
}

impl Gather {
    fn number(&mut self, value: Option<u64>) -> u32 {
        value.map_or(0, |value| {
            let fresh = self.values.len();
            self.values.get_or_insert(value, fresh) + 1
        })
    }

    fn begin(&mut self, at: u32, process: u64, call: &Call) -> u32 {
        let action = match call {
            Call::Write { value, .. } => Action::Write(self.number(Some(*value))),
            Call::Cas { old, new, .. } => Action::Cas(self.number(*old), self.number(Some(*new))),
            Call::Read { .. } | Call::Work => Action::Read(0),
        };
        let op = self.ops.begin(process, at, action);
        if let Action::Cas(old, _) = action {
            self.ops.begin(process, at, Action::Differs(old));
        }
        op as u32
    }

    fn end(&mut self, op: usize, at: u32, outcome: &Outcome, aside: bool) {
        let was = self.ops.list()[op];
        if was.end != End::Unknown || aside {
            return;
        }
        match outcome {
            Outcome::Ok(answer) => match was.action {
                Action::Read(_) => {
                    let seen = self.number(*answer);
                    self.ops.done(op, at, Action::Read(seen));
                }
                Action::Cas(old, _) if *answer == Some(0) => {
                    self.ops.failed(op, at);
                    self.ops.done(op + 1, at, Action::Differs(old));
                }
                action => self.ops.done(op, at, action),
            },
            Outcome::Fail(_) => self.ops.failed(op, at),
            Outcome::Unknown(_) => {}
        }
    }
}
