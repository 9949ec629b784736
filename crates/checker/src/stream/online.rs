//! A register that is never quiet, whose writes have values of their own: each record is judged as it comes
//! ([`crate::linear::zones`]), and what nobody can see any more is forgotten. There is no witness.

use std::collections::BTreeMap;

use crate::linear::zones::Zones;
use crate::linear::{End, Ops};
use crate::model::{Action, Interner};
use crate::table::mix;

/// An operation that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub process: u64,
    /// Position of its beginning.
    pub began: u32,
    /// Where that is told.
    pub place: u64,
    /// The value that it writes; none if it reads.
    write: Option<u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Online {
    zones: Zones,
    open: BTreeMap<u32, Open>,
    next: u32,
    at: u32,
    /// Values that are known before some are forgotten; and when that is due.
    window: usize,
    due: usize,
}

/// A value as a number. Two that have the same are taken for one: then the values are not all different, and nothing is
/// decided.
fn number(text: &str) -> u64 {
    let mut word = 0x9e37_79b9_7f4a_7c15 ^ text.len() as u64;
    for part in text.as_bytes().chunks(8) {
        let mut bytes = [0; 8];
        bytes[..part.len()].copy_from_slice(part);
        word = mix(word ^ u64::from_le_bytes(bytes)).wrapping_add(0x2545_f491_4f6c_dd1d);
    }
    word
}

impl Online {
    /// From what has come so far, if that is for it: reads and writes, all writes of values of their own, and nothing
    /// inexplicable. `begun` tells where each operation's beginning was told.
    pub fn of(
        ops: &Ops,
        names: &Interner,
        begun: impl Fn(usize) -> u64,
        open: impl Fn(usize) -> bool,
        window: usize,
    ) -> Option<Self> {
        let mut it =
            Self { zones: Zones::default(), open: BTreeMap::new(), next: 0, at: 0, window, due: window };
        it.next = ops.list().len() as u32;
        for entry in ops.order() {
            let (op, ends) = ((entry / 2) as usize, entry & 1 == 1);
            let known = ops.list()[op];
            let begin = known.begin + 1;
            it.at = it.at.max(if ends { known.end.at().unwrap_or(0) + 1 } else { begin });
            let write = match known.action {
                Action::Write(0) | Action::Cas(..) | Action::Differs(_) | Action::Append(_) => return None,
                Action::Write(value) => Some(number(names.text(value))),
                Action::Read(_) => None,
            };
            let fine = match (write, ends, known.end) {
                (Some(value), false, _) => it.zones.write_begins(value, begin),
                (Some(value), true, End::Failed(_)) => it.zones.write_fails(value),
                (Some(value), true, End::Done(end)) => {
                    it.zones.write_ends(value, end + 1);
                    true
                }
                (None, true, End::Done(end)) => {
                    let seen = seen(known.action, names);
                    it.zones.read(seen, begin, end + 1)
                }
                _ => true,
            };
            if !fine {
                return None;
            }
            if !ends && open(op) {
                let (process, place) = (known.process, begun(op));
                it.open.insert(op as u32, Open { process, began: begin, place, write });
            }
        }
        Some(it)
    }

    /// A read or a write of this value begins. None if the value is not new: then this is not for it any more.
    pub fn begin(&mut self, process: u64, write: Option<&str>, place: u64) -> Option<u32> {
        self.at += 1;
        let write = write.map(number);
        if let Some(value) = write
            && !self.zones.write_begins(value, self.at)
        {
            return None;
        }
        self.next += 1;
        self.open.insert(self.next, Open { process, began: self.at, place, write });
        Some(self.next)
    }

    /// It was answered (a read with this value). The operation if that is inexplicable.
    pub fn done(&mut self, op: u32, saw: Option<&str>) -> Option<Open> {
        self.at += 1;
        let open = self.open.remove(&op)?;
        let fine = match open.write {
            Some(value) => {
                self.zones.write_ends(value, self.at);
                true
            }
            None => self.zones.read(saw.map(number), open.began, self.at),
        };
        if self.zones.len() >= self.due {
            let oldest = self.open.values().map(|open| open.began).min().unwrap_or(self.at);
            self.zones.forget(oldest);
            self.due = self.window + 2 * self.zones.len();
        }
        (!fine).then_some(open)
    }

    /// It did not happen (`failed`), or nobody knows. The operation if somebody had seen what failed.
    pub fn gone(&mut self, op: u32, failed: bool) -> Option<Open> {
        self.at += 1;
        let open = self.open.remove(&op)?;
        let value = open.write.filter(|_| failed)?;
        (!self.zones.write_fails(value)).then_some(open)
    }

    /// Values that are known.
    pub fn known(&self) -> usize {
        self.zones.len()
    }
}

/// What a read saw, as a number.
fn seen(action: Action, names: &Interner) -> Option<u64> {
    match action {
        Action::Read(value) if value != 0 => Some(number(names.text(value))),
        _ => None,
    }
}
