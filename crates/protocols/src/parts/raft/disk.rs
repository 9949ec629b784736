//! What has to be durable before what: term, vote and entries before any answer that rests on them (paper, figure 2).
//! A leader writes its own log beside sending it (dissertation, 10.2.1).

use netsplit_sim::NodeId;

use super::message::{Raft, Write};
use super::replica::{RaftCtx, Replica, Role};
use super::rules::Broken;

/// What waits until the writes before it are durable.
#[derive(Clone, Debug)]
pub enum Effect {
    /// A message.
    Send(NodeId, Raft),
    /// Its own vote in this term.
    OwnVote(u64),
    /// A leader's own log, in this term up to this index.
    OwnLog(u64, u64),
    /// The log on its disk reaches to this index.
    Stable(u64),
}

impl Replica {
    /// Writes what is not written and asks for a sync; false where the disk is full. Then nothing that rests on it
    /// happens, and it is tried again with the next message.
    pub(super) fn save(&mut self, ctx: &mut RaftCtx<'_>) -> bool {
        let (mut wrote, mut logged, mut own) = (false, false, false);
        let lost = self.rules.broken == Broken::LogNotPersisted;
        if let (Some((index, term)), Some(snapshot)) = (self.snapshot_unsaved, &self.snapshot) {
            if ctx.write(Write::Snapshot(snapshot.clone(), index, term)).is_err() {
                return false;
            }
            self.snapshot_unsaved = None;
            logged = true;
        }
        if self.unsaved != u64::MAX {
            let keep = self.unsaved.max(self.log.base());
            if !lost && ctx.write(Write::Log(keep, self.log.slice(keep, self.log.last()))).is_err() {
                return false;
            }
            self.unsaved = u64::MAX;
            logged |= !lost;
            own = self.role == Role::Leader;
        }
        if self.term_unsaved {
            let lost = self.rules.broken == Broken::VoteNotPersisted;
            if !lost && ctx.write(Write::Term(self.term, self.vote, self.leaving)).is_err() {
                return false;
            }
            self.term_unsaved = false;
            wrote = !lost;
        }
        if wrote || logged {
            self.ticket += 1;
            ctx.sync(self.ticket);
            if logged {
                let reach = if lost { self.log.base() } else { self.log.last() };
                self.waiting.push((self.ticket, Effect::Stable(reach)));
            }
            if own {
                // Whatever had it written.
                self.waiting.push((self.ticket, Effect::OwnLog(self.term, self.log.last())));
            }
        }
        true
    }

    /// The log beyond `keep` has changed.
    pub(super) fn edit(&mut self, keep: u64) {
        self.unsaved = self.unsaved.min(keep);
        self.stable = self.stable.min(keep);
        self.edited = self.edited.min(keep + 1);
        for (_, effect) in &mut self.waiting {
            if let Effect::Stable(index) = effect {
                *index = keep.min(*index);
            }
        }
    }

    pub(super) fn when_durable(&mut self, effect: Effect, ctx: &mut RaftCtx<'_>) {
        if !self.save(ctx) {
            return;
        }
        if self.synced >= self.ticket || self.rules.broken == Broken::AckBeforeSync {
            self.run(effect, ctx);
        } else {
            self.waiting.push((self.ticket, effect));
        }
    }

    pub(super) fn run(&mut self, effect: Effect, ctx: &mut RaftCtx<'_>) {
        match effect {
            Effect::Send(to, message) => ctx.send(to, message),
            Effect::OwnVote(term) => {
                if term == self.term && self.role == Role::Candidate {
                    self.count_vote(self.me, ctx);
                }
            }
            Effect::OwnLog(term, index) => {
                if term == self.term && self.role == Role::Leader {
                    self.durable = self.durable.max(index);
                    self.advance_commit(ctx);
                }
            }
            Effect::Stable(index) => self.stable = self.stable.max(index),
        }
    }
}
