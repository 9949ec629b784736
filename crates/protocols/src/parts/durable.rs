//! What waits until the writes before it are durable.
//!
//! What a full disk refuses is kept, in order, and tried again with each event of the node: once there is room it goes
//! on. Until then nothing leaves it that was to follow the refused writes, as if its disk were slow. A server that ends
//! at such an error, as etcd's and ZooKeeper's do, says as little; whoever starts it again does what is done here.

use netsplit_sim::node::{Context, Message};

/// Effects behind syncs, in order; a node has one of these, and writes and asks for syncs by nothing else.
#[derive(Clone, Debug)]
pub struct Durable<E, W> {
    ticket: u64,
    synced: u64,
    dirty: bool,
    refused: Vec<W>,
    waiting: Vec<(u64, E)>,
}

impl<E, W> Default for Durable<E, W> {
    fn default() -> Self {
        Self { ticket: 0, synced: 0, dirty: false, refused: Vec::new(), waiting: Vec::new() }
    }
}

impl<E, W: Clone> Durable<E, W> {
    /// Writes that a full disk refused and that wait for room.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused.len()
    }

    /// Writes, after all writes before.
    pub fn write<M: Message, T: Copy>(&mut self, write: W, ctx: &mut Context<'_, M, T, W>) {
        if self.refused.is_empty() && ctx.write(write.clone()).is_ok() {
            self.dirty = true;
        } else {
            self.refused.push(write);
        }
    }

    /// Tries what was refused again; a node calls this as an event begins.
    pub fn retry<M: Message, T: Copy>(&mut self, ctx: &mut Context<'_, M, T, W>) {
        if self.refused.is_empty() {
            return;
        }
        let taken = self.refused.iter().take_while(|write| ctx.write((*write).clone()).is_ok()).count();
        self.refused.drain(..taken);
        self.dirty |= taken > 0;
        if self.refused.is_empty() && self.waiting.last().is_some_and(|(ticket, _)| *ticket > self.ticket) {
            self.sync(ctx);
        }
    }

    fn sync<M: Message, T: Copy>(&mut self, ctx: &mut Context<'_, M, T, W>) {
        self.dirty = false;
        self.ticket += 1;
        ctx.sync(self.ticket);
    }

    /// Gives the effect back if it need not wait, or keeps it.
    pub fn after<M: Message, T: Copy>(&mut self, effect: E, ctx: &mut Context<'_, M, T, W>) -> Option<E> {
        if !self.refused.is_empty() {
            // The next sync is asked for when all of them are written.
            self.waiting.push((self.ticket + 1, effect));
            return None;
        }
        if self.dirty {
            self.sync(ctx);
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
