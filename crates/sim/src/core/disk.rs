//! Disks: one device a node, working off writes and syncs in order.

use super::{Body, Core, Due};
use crate::draw::{self, Purpose};
use crate::node::{DiskFull, NodeId};
use crate::time::Nanos;

const WRITE: Purpose = Purpose::named("sim.disk.write");
const SYNC: Purpose = Purpose::named("sim.disk.sync");

/// What the core keeps of a disk; its content is in the cluster.
#[derive(Clone, Debug, Default)]
pub struct Device {
    free_at: Nanos,
    /// Writes made in all.
    pub(crate) written: u64,
    /// How many of them are durable, or died with a life.
    settled: u64,
    syncs: u64,
    /// Syncs that finish once the stall ends.
    pub(crate) held: Vec<u32>,
}

impl Core {
    pub(crate) fn disk_write(&mut self, node: NodeId) -> Result<(), DiskFull> {
        let key = self.key(node);
        let state = &mut self.nodes[node.index()];
        if state.full {
            return Err(DiskFull);
        }
        let word = draw::word(draw::join(key, WRITE.0), state.disk.written);
        let takes = self.meta[node.index()].write.sample(word);
        state.disk.written += 1;
        state.disk.free_at = state.disk.free_at.max(self.now).saturating_add(takes);
        Ok(())
    }

    pub(crate) fn disk_sync(&mut self, node: NodeId, ticket: u64) {
        let key = self.key(node);
        let state = &mut self.nodes[node.index()];
        let word = draw::word(draw::join(key, SYNC.0), state.disk.syncs);
        let takes = self.meta[node.index()].sync.sample(word);
        state.disk.syncs += 1;
        let at = state.disk.free_at.max(self.now).saturating_add(takes);
        state.disk.free_at = at;
        let (life, covers) = (state.life, state.disk.written);
        let slot = self.allocate();
        let cause = self.events;
        let body =
            Body { due: Due::Synced, node: node.0, life, sent: covers, aux: ticket, cause, ..Body::BLANK };
        self.enqueue(slot, at, body);
    }

    /// The writes before this number are durable.
    pub(crate) fn disk_settle(&mut self, node: NodeId, before: u64) {
        let disk = &mut self.nodes[node.index()].disk;
        disk.settled = disk.settled.max(before);
    }

    /// Writes that a node made in all, and how many of them a crash would lose now.
    #[must_use]
    pub fn writes(&self, node: NodeId) -> (u64, u64) {
        let disk = &self.nodes[node.index()].disk;
        (disk.written, disk.written - disk.settled)
    }

    /// When a node's next sync will be done; nothing where none is under way or its disk is stalled.
    #[must_use]
    pub fn next_sync(&self, node: NodeId) -> Option<Nanos> {
        let state = &self.nodes[node.index()];
        let own = |body: &&Body| {
            let due = body.due == Due::Synced && body.at >= self.now;
            due && body.node == node.0 && body.life == state.life && !state.stalled
        };
        self.bodies.iter().filter(own).map(|body| body.at).min()
    }

    /// Gives how many writes are lost.
    pub(crate) fn disk_reset(&mut self, node: NodeId) -> u64 {
        let (written, lost) = self.writes(node);
        let disk = &mut self.nodes[node.index()].disk;
        disk.free_at = 0;
        disk.settled = written;
        let held = std::mem::take(&mut disk.held);
        for slot in held {
            self.release(slot);
        }
        lost
    }
}
