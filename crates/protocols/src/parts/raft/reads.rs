//! Reads that do not go through the log: ReadIndex and leases (dissertation, 6.4).
//!
//! A leader that still leads after a read has arrived may answer it from its state, once that has reached the commit
//! index of the arrival, and provided that it has committed an entry of its own term: before that it does not know what
//! is committed. That it still leads a majority confirms by answering a round of heartbeats; or it is a matter of time,
//! because whoever has answered a heartbeat elects nobody for the least election timeout.

use netsplit_sim::NodeId;

use super::replica::{RaftCtx, Replica, Role};
use super::rules::Broken;

/// A read that waits for a round of heartbeats.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// The host's number for it.
    read: u64,
    /// Round that a majority must have answered; nothing where the leader has not committed in its own term.
    round: Option<u64>,
    /// Commit index when it arrived.
    index: u64,
}

impl Replica {
    /// A leader is asked to read: the host finds the number in `ready` once its state is fresh enough.
    pub fn read(&mut self, read: u64, ctx: &mut RaftCtx<'_>) {
        let early = self.rules.broken == Broken::EarlyReadIndex;
        if !self.settled() && !early {
            self.reads.push(Waiting { read, round: None, index: 0 });
        } else if self.leased(ctx) {
            self.ready.push(read);
        } else {
            // The round that begins with the next flush.
            self.reads.push(Waiting { read, round: Some(self.round + 1), index: self.commit });
            self.reading = true;
            self.flush_later(ctx);
        }
    }

    /// Whether nobody else can have been elected yet.
    #[must_use]
    pub fn leased(&self, ctx: &RaftCtx<'_>) -> bool {
        self.rules.lease > 0 && self.settled() && ctx.elapsed() < self.lease_until
    }

    /// Heartbeats that go out from now on are told from earlier ones.
    pub(super) fn new_round(&mut self, ctx: &RaftCtx<'_>) {
        self.round += 1;
        self.rounds.push_back((self.round, ctx.elapsed()));
    }

    /// The first entry of its own term is committed: reads that waited for it begin their round.
    pub(super) fn release_reads(&mut self, ctx: &mut RaftCtx<'_>) {
        if !self.settled() {
            return;
        }
        for waiting in self.reads.iter_mut().filter(|waiting| waiting.round.is_none()) {
            (waiting.round, waiting.index) = (Some(self.round + 1), self.commit);
            self.reading = true;
        }
        if self.reading {
            self.flush_later(ctx);
        }
    }

    /// Another replica may have answered a round.
    pub(super) fn confirm(&mut self, ctx: &RaftCtx<'_>) {
        if self.role != Role::Leader {
            return;
        }
        let pending = self.reads.iter().filter_map(|waiting| waiting.round);
        let Some(next) = pending.chain(self.rounds.front().map(|(round, _)| *round)).min() else { return };
        if !self.have_reached(next, self.round, |progress| progress.round) {
            return;
        }
        let round = self.reached(|node: NodeId| {
            if node == self.me {
                self.round
            } else {
                self.progress.get(&node.0).map_or(0, |progress| progress.round)
            }
        });
        while let Some((_, sent)) = self.rounds.front().copied().filter(|(sent, _)| *sent <= round) {
            self.rounds.pop_front();
            let begin = if self.rules.broken == Broken::LeaseFromAck { ctx.elapsed() } else { sent };
            let lasts = match self.rules.broken {
                Broken::LeaseTooLong => self.rules.election_max,
                _ => self.rules.lease,
            };
            if !self.transferred || self.rules.broken == Broken::LeaseKept {
                self.lease_until = self.lease_until.max(begin.saturating_add(lasts));
            }
        }
        let commit = self.commit;
        let ready = &mut self.ready;
        self.reads.retain(|waiting| {
            let done = waiting.round.is_some_and(|needed| needed <= round) && waiting.index <= commit;
            if done {
                ready.push(waiting.read);
            }
            !done
        });
    }
}
