//! The trace (fixed-size records in a ring) and the rolling hash of a run.

use crate::core::Body;
use crate::time::Nanos;

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A life began.
    Start = 0,
    /// A message arrived (and was worked on at once, or joined the node's queue).
    Arrive = 1,
    /// A worker finished with a message, or (without a peer) a piece of work that the node began itself is done.
    Served = 2,
    /// A timer fired.
    Timer = 3,
    /// A sync finished.
    Synced = 4,
    /// A stream broke at this end.
    Broken = 5,
    /// A fault began or ended, or an action ran.
    Schedule = 6,
    /// A message was lost; `peer` sent it.
    Lost = 7,
}

/// One record: 40 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// Number of the event, from 1.
    pub event: u64,
    /// When (ns).
    pub time: Nanos,
    /// When the message was sent that this is about (ns); 0 where it is about none.
    pub sent: Nanos,
    /// Where; `u32::MAX` for the time line of faults and actions.
    pub node: u32,
    /// The other node (sender of a message), or `u32::MAX`.
    pub peer: u32,
    /// How many events ago its cause was, and one more; 0 for none.
    back: u32,
    /// What.
    pub kind: Kind,
    /// Kind of message.
    pub label: u8,
}

impl Record {
    /// A record of this event.
    #[inline]
    pub(crate) fn new(event: u64, time: Nanos, kind: Kind, body: &Body) -> Self {
        let about = matches!(kind, Kind::Arrive | Kind::Served | Kind::Lost);
        Self {
            event,
            time,
            sent: if about { body.sent } else { 0 },
            node: body.node,
            peer: body.peer,
            back: if body.cause == 0 { 0 } else { (event - body.cause + 1) as u32 },
            kind,
            label: body.label,
        }
    }

    /// Number of the event that caused this one, 0 for none.
    #[must_use]
    pub fn cause(&self) -> u64 {
        if self.back == 0 { 0 } else { self.event + 1 - u64::from(self.back) }
    }
}

/// The last records.
#[derive(Debug)]
pub struct Ring {
    records: Vec<Record>,
    size: usize,
    /// Where the next record goes once the ring is full: the oldest one's place.
    next: usize,
}

impl Ring {
    /// Holds the last `1 << bits` records.
    #[must_use]
    pub fn new(bits: u32) -> Self {
        Self { records: Vec::new(), size: 1 << bits, next: 0 }
    }

    #[inline]
    pub(crate) fn push(&mut self, record: Record) {
        if self.records.len() < self.size {
            self.records.push(record);
        } else {
            self.records[self.next] = record;
            self.next = (self.next + 1) & (self.size - 1);
        }
    }

    /// The records that are still held, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.records[self.next..].iter().chain(&self.records[..self.next])
    }

    /// The first record of an event, where it is still held.
    #[must_use]
    pub fn of(&self, event: u64) -> Option<&Record> {
        let (newer, older) = self.records.split_at(self.next);
        let part = if older.last().is_some_and(|last| last.event >= event) { older } else { newer };
        part.get(part.partition_point(|record| record.event < event)).filter(|found| found.event == event)
    }

    /// How many bytes it holds at most.
    #[must_use]
    pub fn most(&self) -> usize {
        self.size * size_of::<Record>()
    }

    /// The newest record.
    #[must_use]
    pub fn last(&self) -> Option<&Record> {
        self.records[..self.next].last().or(self.records.last())
    }
}

/// A snapshot holds no trace: older windows are made again by replay.
impl Clone for Ring {
    fn clone(&self) -> Self {
        Self { records: Vec::new(), size: self.size, next: 0 }
    }
}

/// Rolling hash in two lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash {
    a: u64,
    b: u64,
}

impl Default for Hash {
    fn default() -> Self {
        Self { a: 0x243f_6a88_85a3_08d3, b: 0x1319_8a2e_0370_7344 }
    }
}

impl Hash {
    /// Adds one event. The parts are spread independently and joined with one multiplication a lane.
    #[inline]
    pub fn event(&mut self, time: Nanos, kind: Kind, node: u32, peer: u32, digest: u64) {
        let place = (u64::from(node) << 32) | u64::from(peer);
        let x = time ^ digest.rotate_left(17) ^ ((kind as u64) << 56);
        let y = place.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ digest;
        self.a = (self.a.rotate_left(23) ^ x).wrapping_mul(0x9fb2_1c65_1e98_df25).wrapping_add(y);
        self.b = (self.b.rotate_left(41) ^ y).wrapping_mul(0xd6e8_feb8_6659_fd93).wrapping_add(x ^ (x >> 32));
    }

    /// Adds a word (the digest of a node's state).
    pub fn word(&mut self, word: u64) {
        self.event(word, Kind::Start, 0, 0, word.rotate_left(32));
    }

    /// The hash so far.
    #[must_use]
    pub fn value(&self) -> u128 {
        let a = crate::draw::mix(self.a ^ self.b.rotate_left(32));
        let b = crate::draw::mix(self.b.wrapping_add(self.a.rotate_left(7)));
        (u128::from(a) << 64) | u128::from(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_found_while_the_ring_holds_it() {
        let mut ring = Ring::new(3);
        for at in 0..13 {
            let event = 1 + at / 2;
            ring.push(Record::new(event, at, Kind::Timer, &Body::default()));
        }
        // The eight newest are left: 6 to 12, the first of event 4 is the seventh record.
        assert_eq!(ring.iter().map(|record| record.time).collect::<Vec<_>>(), [5, 6, 7, 8, 9, 10, 11, 12]);
        for (event, first) in
            [(3, Some(5)), (4, Some(6)), (5, Some(8)), (6, Some(10)), (7, Some(12)), (2, None), (8, None)]
        {
            assert_eq!(ring.of(event).map(|record| record.time), first, "{event}");
        }
    }
}
