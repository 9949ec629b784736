//! What waits until the writes before it are durable.

/// Effects behind syncs, in order; a node has one of these and asks for no sync besides.
#[derive(Clone, Debug)]
pub struct Durable<E> {
    ticket: u64,
    synced: u64,
    dirty: bool,
    stuck: bool,
    waiting: Vec<(u64, E)>,
}

impl<E> Default for Durable<E> {
    fn default() -> Self {
        Self { ticket: 0, synced: 0, dirty: false, stuck: false, waiting: Vec::new() }
    }
}

impl<E> Durable<E> {
    /// A write was made; false where a full disk refused it. From then on nothing becomes durable in this life:
    /// what is on disk may lack what memory has.
    pub fn wrote(&mut self, accepted: bool) {
        self.stuck |= !accepted;
        self.dirty = true;
    }
    /// A write was refused.
    #[must_use]
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }
    /// Gives the effect back if it need not wait, or keeps it. `sync` asks the disk for a sync with this ticket.
    pub fn after(&mut self, effect: E, sync: impl FnOnce(u64)) -> Option<E> {
        if self.stuck {
            return None;
        }
        if self.dirty {
            self.dirty = false;
            self.ticket += 1;
            sync(self.ticket);
        }
        if self.synced >= self.ticket {
            return Some(effect);
        }
        self.waiting.push((self.ticket, effect));
        None
    }
    /// The sync with this ticket is done: what need not wait any more.
    #[must_use]
    pub fn synced(&mut self, ticket: u64) -> Vec<E> {
        self.synced = self.synced.max(ticket);
        let at = self.waiting.partition_point(|(needed, _)| *needed <= ticket);
        self.waiting.drain(..at).map(|(_, effect)| effect).collect()
    }
}
