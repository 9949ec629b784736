//! What happens rarely: lives begin and end, disks finish their syncs, streams break.

use super::population::Population;
use crate::core::{Body, Core, Due};
use crate::draw;
use crate::history::What;
use crate::node::NodeId;
use crate::trace::Kind;

/// The engine and the nodes, without their type.
pub(super) struct World<'a> {
    pub(super) core: &'a mut Core,
    pub(super) nodes: &'a mut dyn Population,
}

impl World<'_> {
    /// Runs an event that is neither a message, a timer nor a worker's; false where nothing of the run happened.
    pub(super) fn rare(&mut self, slot: u32, body: Body) -> bool {
        match body.due {
            Due::Start => {
                self.core.release(slot);
                // A crash at the very start comes first: then there is no life to begin yet.
                if self.core.nodes[body.node as usize].crashes == 0 {
                    self.begin_life(body.node, 0);
                }
                true
            }
            Due::Synced => self.synced(slot, body),
            Due::Broken => {
                if !self.core.alive(slot, &body) {
                    return false;
                }
                self.core.release(slot);
                self.core.record(Kind::Broken, &body);
                self.nodes.connection_lost(self.core, body.node, NodeId(body.peer));
                true
            }
            Due::Begin | Due::End => {
                self.core.release(slot);
                let index = body.place as usize;
                let begins = body.due == Due::Begin;
                // An end that was moved is no event of the run: only the latest one counts.
                if !begins && (self.core.ends[index] != body.aux || !self.core.active.contains(&body.place)) {
                    return false;
                }
                self.core.record(Kind::Schedule, &body);
                self.schedule_event(index, begins);
                true
            }
            Due::Message | Due::Timer | Due::Served | Due::Work | Due::Shared | Due::Tick | Due::Free => {
                false
            }
        }
    }

    fn synced(&mut self, slot: u32, body: Body) -> bool {
        if !self.core.alive(slot, &body) {
            return false;
        }
        if self.core.nodes[body.node as usize].stalled {
            self.core.nodes[body.node as usize].disk.held.push(slot);
            return false;
        }
        self.core.release(slot);
        self.core.record(Kind::Synced, &body);
        // `sent` holds the number of writes that this sync covers.
        self.core.disk_settle(NodeId(body.node), body.sent);
        self.nodes.harden(body.node, body.sent);
        self.nodes.synced(self.core, body.node, body.aux);
        true
    }

    /// `cause` is the number of the event that brings it about, 0 for none.
    pub(super) fn begin_life(&mut self, node: u32, cause: u64) {
        let at = node as usize;
        let state = &mut self.core.nodes[at];
        if state.up {
            return;
        }
        state.absent = false;
        state.up = true;
        state.silent = false;
        state.key = draw::join(state.wire, u64::from(state.life) + 1);
        state.clock.born = state.clock.local(self.core.now);
        self.core.record(Kind::Start, &Body { node, cause, ..Body::default() });
        self.core.tell(NodeId(node), What::Born);
        self.nodes.start(self.core, node);
    }

    pub(super) fn end_life(&mut self, node: u32, silent: bool) {
        let at = node as usize;
        if !self.core.nodes[at].up {
            self.core.nodes[at].silent &= silent;
            return;
        }
        self.core.reset_streams(NodeId(node), silent);
        while let Some(slot) = self.core.next_work(NodeId(node)) {
            self.nodes.drop_payload(slot);
            self.core.release(slot);
        }
        self.core.drop_shared(node);
        let state = &mut self.core.nodes[at];
        state.up = false;
        state.silent = silent;
        state.life += 1;
        // A node that schedules its own work reports both.
        (state.busy, state.queued) = (0, 0);
        let parked = std::mem::take(&mut state.parked);
        for slot in parked {
            // What waited for a paused process dies with it: it had been delivered to its machine.
            self.core.release(slot);
        }
        let lost = self.core.disk_reset(NodeId(node));
        self.core.tell(NodeId(node), What::Died(lost));
        self.nodes.forget(node);
    }

    pub(super) fn resume(&mut self, node: u32) {
        let parked = std::mem::take(&mut self.core.nodes[node as usize].parked);
        for slot in parked {
            self.core.queue.push_first(self.core.now, slot);
        }
    }
}
