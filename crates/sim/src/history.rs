//! What clients did and what came of it, and what nodes say about themselves: the run's observations.

use crate::node::NodeId;
use crate::time::Nanos;
use crate::view::Text;
use crate::watch::Breach;

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// Read a key.
    Read,
    /// Write a value to a key.
    Write,
    /// Compare and set: the expected value is `expected`.
    Cas,
    /// Work without data (load balancing).
    Call,
}

/// One client operation. Values are unique per write (client and number), so that a read tells its writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Counts the client's operations from 0.
    pub number: u64,
    /// What is asked.
    pub function: Function,
    /// Key.
    pub key: u64,
    /// Value written, or 0.
    pub value: u64,
    /// Value that a compare-and-set expects, or 0.
    pub expected: u64,
}

/// Why an operation did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// No answer within the client's timeout, retries included.
    Timeout,
    /// Connection refused or reset.
    Refused,
    /// The server answered with an error.
    Error,
    /// The server had no quorum, no leader, or no authority.
    Unavailable,
    /// A queue was full.
    Overload,
    /// The client itself crashed.
    ClientCrash,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done; a read carries its value (`None`: nothing there), a cas whether it held (1 or 0).
    Ok(Option<u64>),
    /// Surely did not happen.
    Fail(Cause),
    /// May or may not have happened, now or later.
    Unknown(Cause),
}

/// Something that an observer of the run may want to keep.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// Number of the event that caused it.
    pub event: u64,
    /// When (ns).
    pub time: Nanos,
    /// At which node.
    pub node: NodeId,
    /// What.
    pub what: What,
}

/// Kinds of observation.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An operation began; `intended` is its intended start (ns since the start of the run).
    Invoke(Operation, Nanos),
    /// The operation with this number of this client ended after so many attempts.
    Complete(u64, Outcome, u32),
    /// A sentence; true where it deserves a stop.
    Note(Text, bool),
    /// The fault at this index of the schedule began (true) or ended (false).
    Fault(u32, bool),
    /// The fault or action at this index found no target.
    NoEffect(u32),
    /// A message to this node was lost on the way: refused, cut, dropped or its receiver was down.
    Lost(NodeId, u8),
    /// A life of the node began.
    Born,
    /// It ended, and with it so many writes that were not durable.
    Died(u64),
    /// An invariant was broken by what the node did.
    Breach(Breach),
}

/// Slots of the last second in a [`Tally`].
const SLOTS: usize = 20;
/// Width of a slot (ns).
const SLOT: Nanos = 1_000_000_000 / SLOTS as Nanos;

/// How many operations there have been, counted as they happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Begun.
    pub invoked: u64,
    /// Done.
    pub ok: u64,
    /// Ended otherwise.
    pub failed: u64,
    /// Done, and ended otherwise, by slot of the second up to `newest`.
    recent: [(u32, u32); SLOTS],
    newest: u64,
}

impl Tally {
    pub(crate) fn end(&mut self, now: Nanos, ok: bool) {
        let slot = now / SLOT;
        for old in (self.newest + 1..=slot).rev().take(SLOTS) {
            self.recent[old as usize % SLOTS] = (0, 0);
        }
        self.newest = slot;
        let recent = &mut self.recent[slot as usize % SLOTS];
        if ok {
            self.ok += 1;
            recent.0 += 1;
        } else {
            self.failed += 1;
            recent.1 += 1;
        }
    }

    /// Operations done and otherwise ended in the second before this instant, to the twentieth of a second.
    #[must_use]
    pub fn recent(&self, now: Nanos) -> (u64, u64) {
        let slot = now / SLOT;
        let first = (slot + 1).saturating_sub(SLOTS as u64);
        (first..=self.newest.min(slot)).filter(|at| at + SLOTS as u64 > self.newest).fold(
            (0, 0),
            |sum, at| {
                let (ok, failed) = self.recent[at as usize % SLOTS];
                (sum.0 + u64::from(ok), sum.1 + u64::from(failed))
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_second_slides() {
        let mut tally = Tally::default();
        for at in 0..40 {
            tally.end(at * 100_000_000, at % 4 != 0);
        }
        assert_eq!((tally.ok, tally.failed), (30, 10));
        let (ok, failed) = tally.recent(3_900_000_000);
        assert_eq!((ok + failed, failed), (10, 2));
        // Half of it is left half a second later, nothing after another second.
        assert_eq!(tally.recent(4_430_000_000), (4, 1));
        assert_eq!(tally.recent(6_000_000_000), (0, 0));
        tally.end(60_000_000_000, true);
        assert_eq!(tally.recent(60_000_000_000), (1, 0));
    }
}
