//! Timeouts of equal length, kept in one queue behind one timer: no timer per request, none to cancel.

use std::collections::VecDeque;

use netsplit_sim::time::Nanos;

/// Deadlines in the order in which they fall due. What they are for may have ended long before.
#[derive(Clone, Debug, Default)]
pub struct Deadlines {
    queue: VecDeque<(Nanos, u64, u32)>,
    armed: bool,
}

impl Deadlines {
    /// About how many bytes a copy takes beyond its own size.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.queue.len() * size_of::<(Nanos, u64, u32)>()
    }

    /// Adds one, not earlier than those before it: (number, attempt) is due at `at` of the node's elapsed time.
    pub fn push(&mut self, at: Nanos, number: u64, attempt: u32) {
        self.queue.push_back((at, number, attempt));
    }

    /// The timer fired; call this once, then [`Deadlines::due`] until it is empty, then [`Deadlines::arm`].
    pub fn fired(&mut self) {
        self.armed = false;
    }

    /// The next one that is due now; what is no longer `alive` is dropped.
    pub fn due(&mut self, now: Nanos, alive: impl Fn(u64, u32) -> bool) -> Option<(u64, u32)> {
        while let Some(&(at, number, attempt)) = self.queue.front() {
            let lives = alive(number, attempt);
            if lives && at > now {
                return None;
            }
            self.queue.pop_front();
            if lives {
                return Some((number, attempt));
            }
        }
        None
    }

    /// Drops what is over from the front.
    pub fn trim(&mut self, alive: impl Fn(u64, u32) -> bool) {
        while self.queue.front().is_some_and(|(_, number, attempt)| !alive(*number, *attempt)) {
            self.queue.pop_front();
        }
    }

    /// The delay for which a timer must be set now, if one must.
    pub fn arm(&mut self, now: Nanos) -> Option<Nanos> {
        if self.armed {
            return None;
        }
        let (at, ..) = self.queue.front()?;
        self.armed = true;
        Some(at.saturating_sub(now))
    }
}
