//! Work that nodes schedule themselves: each piece on its own, or all of them sharing a node's cores.
//!
//! Sharing is kept as progress: how much each piece that has been there since the node was last idle has got done
//! of its demand. All pieces advance alike, so one number serves them all, and a piece is done when the progress
//! has grown by its demand since it began.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Body, Core, Due, NONE};
use crate::node::{NodeId, WorkId};
use crate::queue::SLOT_BITS;
use crate::time::Nanos;

/// Progress is counted in parts of a nanosecond, so many to the power of two.
const PART_BITS: u32 = 32;
/// A slow factor is taken as a decimal fraction with this denominator at most: so people write it.
const SLOW_UNIT: u32 = 1_000_000;
/// Rounding may leave the progress a little short of what it should be, by less than a part for each change of the
/// number of pieces. An end that is within two to minus this power after a whole nanosecond is that nanosecond.
const SLACK_BITS: u32 = 12;

/// The pieces of work that share a node's cores.
#[derive(Clone, Debug)]
pub(crate) struct Sharing {
    /// (Progress at which it is done, sequence and slot). What was stopped stays until it comes first.
    pieces: BinaryHeap<Reverse<(u128, u64)>>,
    /// Pieces under way: those that were not stopped.
    count: u32,
    /// Pieces begun since the node was idle.
    begun: u64,
    progress: u128,
    /// When the progress was that.
    since: Nanos,
    /// The event at the next end, and when that is.
    tick: u32,
    tick_at: Nanos,
}

impl Sharing {
    const fn new() -> Self {
        Self { pieces: BinaryHeap::new(), count: 0, begun: 0, progress: 0, since: 0, tick: NONE, tick_at: 0 }
    }

    /// Progress of each piece in a nanosecond, as a fraction.
    fn rate(&self, cores: u32, slow: f64) -> (u128, u128) {
        // As few digits as hold the factor: small numbers divide faster.
        let mut unit = 1;
        while unit < SLOW_UNIT && (slow < 1.0 / f64::from(unit) || (slow * f64::from(unit)).fract() != 0.0) {
            unit *= 10;
        }
        let factor = ((slow * f64::from(unit) + 0.5) as u64).clamp(1, 1 << 48);
        let (parts, per) = (u128::from(unit) << PART_BITS, u128::from(factor));
        if self.count <= cores {
            (parts, per)
        } else {
            (parts * u128::from(cores), per * u128::from(self.count))
        }
    }

    fn advance(&mut self, now: Nanos, cores: u32, slow: f64) {
        let span = u128::from(now - self.since);
        self.since = now;
        if span > 0 && self.count > 0 {
            let (parts, per) = self.rate(cores, slow);
            self.progress += span.saturating_mul(parts) / per;
        }
    }

    /// When a piece that is done at this progress ends, if nothing changes.
    fn end(&self, finish: u128, cores: u32, slow: f64) -> Nanos {
        let (parts, per) = self.rate(cores, slow);
        let left = finish.saturating_sub(self.progress).saturating_mul(per);
        let span = left.saturating_add(parts - 1 - (parts >> SLACK_BITS)) / parts;
        self.since.saturating_add(Nanos::try_from(span).unwrap_or(Nanos::MAX))
    }
}

impl Core {
    /// A node begins with a piece of work; its timer is under this slot.
    #[inline(never)]
    pub(crate) fn begin_work(&mut self, slot: u32, node: NodeId, demand: Nanos) -> WorkId {
        let at = node.index();
        let (life, cause) = (self.nodes[at].life, self.events);
        let body = Body { node: node.0, life, cause, aux: demand, ..Body::BLANK };
        let cores = self.meta[at].cores;
        if cores == 0 {
            let end = self.now.saturating_add(self.nodes[at].slowed(demand));
            self.enqueue(slot, end, Body { due: Due::Work, ..body });
        } else {
            self.fill(slot, Nanos::MAX, Body { due: Due::Shared, ..body });
            let state = &mut self.nodes[at];
            let sharing = state.sharing.get_or_insert_with(|| Box::new(Sharing::new()));
            sharing.advance(self.now, cores, state.slow);
            let finish = sharing.progress + (u128::from(demand) << PART_BITS);
            sharing.pieces.push(Reverse((finish, (sharing.begun << SLOT_BITS) | u64::from(slot))));
            sharing.begun += 1;
            sharing.count += 1;
            self.set_tick(node.0);
        }
        WorkId { slot, stamp: self.bodies[slot as usize].stamp }
    }

    /// Stops a piece of work of this node; false where it is not under way.
    #[inline(never)]
    pub(crate) fn stop_work(&mut self, node: NodeId, work: WorkId) -> bool {
        let state = &mut self.nodes[node.index()];
        let body = &mut self.bodies[work.slot as usize];
        let known = body.stamp == work.stamp && body.node == node.0 && body.life == state.life;
        if !known || body.cancelled || !matches!(body.due, Due::Work | Due::Shared) {
            return false;
        }
        body.cancelled = true;
        if body.due == Due::Shared
            && let Some(sharing) = &mut state.sharing
        {
            sharing.advance(self.now, self.meta[node.index()].cores, state.slow);
            sharing.count = sharing.count.saturating_sub(1);
            self.set_tick(node.0);
        }
        true
    }

    /// The event at the end of a shared piece of work: the piece's slot, which is now as that of work on its own
    /// that is done.
    #[inline(never)]
    pub(crate) fn end_shared(&mut self, tick: u32, node: u32) -> Option<u32> {
        self.release(tick);
        let state = &mut self.nodes[node as usize];
        let sharing = state.sharing.as_mut()?;
        sharing.tick = NONE;
        sharing.advance(self.now, self.meta[node as usize].cores, state.slow);
        let Reverse((_, place)) = sharing.pieces.pop()?;
        sharing.count = sharing.count.saturating_sub(1);
        let slot = slot_of(place);
        self.bodies[slot as usize].due = Due::Work;
        // Before the node hears of it: what ends at the same instant comes before what the node does now.
        self.set_tick(node);
        Some(slot)
    }

    /// Work takes so many times as long from now on, also what is shared and under way.
    pub(crate) fn set_slow(&mut self, node: u32, slow: f64) {
        let state = &mut self.nodes[node as usize];
        let old = std::mem::replace(&mut state.slow, slow);
        #[expect(clippy::float_cmp, reason = "the same faults give the same factor")]
        if old != slow
            && let Some(sharing) = &mut state.sharing
        {
            sharing.advance(self.now, self.meta[node as usize].cores, old);
            self.set_tick(node);
        }
    }

    /// A life ended: its shared work is gone. (Work on its own is dropped when it would have been done.)
    pub(crate) fn drop_shared(&mut self, node: u32) {
        let Some(mut sharing) = self.nodes[node as usize].sharing.take() else { return };
        for Reverse((_, place)) in sharing.pieces.drain() {
            self.release(slot_of(place));
        }
        if sharing.tick != NONE {
            self.bodies[sharing.tick as usize].cancelled = true;
        }
        // The room that it has is kept.
        *sharing = Sharing { pieces: sharing.pieces, ..Sharing::new() };
        self.nodes[node as usize].sharing = Some(sharing);
    }

    /// Schedules the event at the next end, wherever that has moved.
    fn set_tick(&mut self, node: u32) {
        let state = &mut self.nodes[node as usize];
        let (slow, cores) = (state.slow, self.meta[node as usize].cores);
        let Some(mut sharing) = state.sharing.take() else { return };
        let mut next = None;
        while let Some(Reverse((finish, place))) = sharing.pieces.peek() {
            let slot = slot_of(*place);
            if !self.bodies[slot as usize].cancelled {
                next = Some(sharing.end(*finish, cores, slow));
                break;
            }
            self.release(slot);
            sharing.pieces.pop();
        }
        if sharing.tick != NONE && next != Some(sharing.tick_at) {
            self.bodies[sharing.tick as usize].cancelled = true;
            sharing.tick = NONE;
        }
        match next {
            None => (sharing.progress, sharing.begun) = (0, 0),
            Some(at) if sharing.tick == NONE => {
                (sharing.tick, sharing.tick_at) = (self.allocate(), at);
                self.enqueue(sharing.tick, at, Body { due: Due::Tick, node, ..Body::BLANK });
            }
            Some(_) => {}
        }
        self.nodes[node as usize].sharing = Some(sharing);
    }
}

const fn slot_of(place: u64) -> u32 {
    (place as u32) & ((1 << SLOT_BITS) - 1)
}
