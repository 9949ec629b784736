//! Each node's own clocks.

use super::Core;
use crate::node::NodeId;
use crate::time::Nanos;

/// A clock: local time runs on from (`base_true`, `base_local`) at a rate; the wall clock adds an offset.
/// Timers that run when the rate changes keep their old end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    base_true: Nanos,
    base_local: Nanos,
    /// Parts per billion fast.
    ppb: i64,
    /// Offsets in force and jumps made, together (ns).
    pub(crate) offset: i64,
    /// Sum of the jumps made (ns).
    pub(crate) jumped: i64,
    /// Local time when this life began.
    pub(crate) born: Nanos,
}

impl Clock {
    pub(crate) fn local(&self, now: Nanos) -> Nanos {
        let span = now - self.base_true;
        if self.ppb == 0 {
            return self.base_local + span;
        }
        let drift = i128::from(span) * i128::from(self.ppb) / 1_000_000_000;
        (i128::from(self.base_local) + i128::from(span) + drift) as Nanos
    }

    pub(crate) fn set_rate(&mut self, now: Nanos, ppb: i64) {
        if ppb != self.ppb {
            self.base_local = self.local(now);
            self.base_true = now;
            self.ppb = ppb;
        }
    }

    /// True time after which a span of local time has passed: to the next whole nanosecond, so that no timer of a
    /// clock that drifts fires before its time by that clock (and is set again at the same instant for ever).
    #[inline]
    pub(crate) fn true_span(&self, local: Nanos) -> Nanos {
        if self.ppb == 0 {
            return local;
        }
        let rate = (1_000_000_000 + i128::from(self.ppb)).max(1) as u128;
        (u128::from(local) * 1_000_000_000).div_ceil(rate) as Nanos
    }
}

impl Core {
    /// A node's wall clock (ns); it is never before 0.
    #[must_use]
    pub fn clock(&self, node: NodeId) -> Nanos {
        let clock = &self.nodes[node.index()].clock;
        clock.local(self.now).saturating_add_signed(clock.offset)
    }

    /// A node's monotonic clock since its life began (ns).
    #[must_use]
    pub fn elapsed(&self, node: NodeId) -> Nanos {
        let clock = &self.nodes[node.index()].clock;
        clock.local(self.now) - clock.born
    }
}
