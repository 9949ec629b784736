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

    pub(crate) fn disk_reset(&mut self, node: NodeId) {
        let disk = &mut self.nodes[node.index()].disk;
        disk.free_at = 0;
        let held = std::mem::take(&mut disk.held);
        for slot in held {
            self.release(slot);
        }
    }
}
