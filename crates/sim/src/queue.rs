//! The event queue: a binary heap of 16-byte keys. Order is (time, class, sequence); the slot comes along.
//!
//! After a pop the root stays until the next push replaces it: most events schedule one successor, and one
//! sift instead of two is what that costs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::time::Nanos;

/// Bits of a slot in a key.
pub(crate) const SLOT_BITS: u32 = 24;
/// Most events pending at once.
pub const MAX_PENDING: usize = (1 << SLOT_BITS) - 1;

/// Order within an instant: faults and actions first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Faults and actions, in the document's order.
    Schedule = 0,
    /// Everything else.
    Event = 1,
}

/// The queue.
#[derive(Clone, Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<u128>>,
    root_is_spent: bool,
    sequence: u64,
}

impl Queue {
    /// Schedules an event after all others of its instant that are scheduled already.
    #[inline]
    pub fn push(&mut self, time: Nanos, slot: u32) {
        self.sequence += 1;
        self.insert(time, Class::Event, self.sequence, slot);
    }

    /// Schedules a fault or an action: before all events of its instant, in the order of `place`.
    pub fn push_schedule(&mut self, time: Nanos, place: u64, slot: u32) {
        self.insert(time, Class::Schedule, place, slot);
    }

    /// Schedules an event before those of its instant that are not yet scheduled this way, and after the
    /// instant's faults: what waited for something goes on in the order in which it waited.
    pub fn push_first(&mut self, time: Nanos, slot: u32) {
        self.sequence += 1;
        self.insert(time, Class::Schedule, (1 << 38) + (self.sequence & ((1 << 38) - 1)), slot);
    }

    #[inline]
    fn insert(&mut self, time: Nanos, class: Class, place: u64, slot: u32) {
        let low = ((class as u64) << 63) | (place << SLOT_BITS) | u64::from(slot);
        let key = Reverse((u128::from(time) << 64) | u128::from(low));
        if self.root_is_spent {
            self.root_is_spent = false;
            if let Some(mut root) = self.heap.peek_mut() {
                *root = key;
                return;
            }
        }
        self.heap.push(key);
    }

    #[inline]
    fn settle(&mut self) {
        if self.root_is_spent {
            self.root_is_spent = false;
            self.heap.pop();
        }
    }

    /// The next event's (time, slot) if it is due at or before `until`; it is taken off.
    #[inline]
    pub fn pop(&mut self, until: Nanos) -> Option<(Nanos, u32)> {
        self.settle();
        let Reverse(key) = *self.heap.peek()?;
        let time = (key >> 64) as u64;
        if time > until {
            return None;
        }
        self.root_is_spent = true;
        Some((time, (key as u32) & ((1 << SLOT_BITS) - 1)))
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_time(&mut self) -> Option<Nanos> {
        self.settle();
        self.heap.peek().map(|Reverse(key)| (key >> 64) as u64)
    }

    /// All pending (time, slot), in no order.
    pub fn pending(&self) -> impl Iterator<Item = (Nanos, u32)> + '_ {
        let spent = if self.root_is_spent { self.heap.peek().copied() } else { None };
        self.heap
            .iter()
            .filter(move |key| Some(**key) != spent)
            .map(|Reverse(key)| ((key >> 64) as u64, (*key as u32) & ((1 << SLOT_BITS) - 1)))
    }
}
