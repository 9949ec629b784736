//! Commitment: what a majority stores, counted for entries of the leader's own term only (paper, 5.3 and 5.4.2).

use netsplit_sim::NodeId;
use netsplit_sim::small;

use super::members::bit;
use super::replica::{Progress, RaftCtx, Replica};
use super::rules::Broken;

impl Replica {
    /// The greatest value that a quorum has reached.
    pub(super) fn reached(&self, value: impl Fn(NodeId) -> u64) -> u64 {
        let part = |set: u128| {
            let mut values: Vec<u64> = super::members::nodes(set).map(&value).collect();
            small::sort(&mut values);
            values[values.len() - super::members::most(set) as usize]
        };
        let new = part(self.members.new);
        if self.members.joint() { new.min(part(self.members.old)) } else { new }
    }

    /// Whether a quorum has reached a value. Each answer asks this, so that only one that changes something costs a
    /// leader of a hundred the sorting of [`Replica::reached`].
    pub(super) fn have_reached(&self, least: u64, mine: u64, value: impl Fn(&Progress) -> u64) -> bool {
        let there = self.progress.iter().filter(|(_, progress)| value(progress) >= least);
        let set = there.fold(0, |set, (node, _)| set | bit(NodeId(*node)));
        self.members.quorum(if mine >= least { set | bit(self.me) } else { set & !bit(self.me) })
    }

    pub(super) fn advance_commit(&mut self, ctx: &mut RaftCtx<'_>) {
        if !self.have_reached(self.commit + 1, self.durable, |progress| progress.matched) {
            return;
        }
        let index = self.reached(|node| {
            if node == self.me {
                self.durable
            } else {
                self.progress.get(&node.0).map_or(0, |progress| progress.matched)
            }
        });
        let own = self.log.term_at(index) == self.term || self.rules.broken == Broken::CommitByCounting;
        if index > self.commit && own {
            let settled = self.settled();
            self.commit_to(index, ctx);
            if !settled {
                self.release_reads(ctx);
            }
            self.advance_changes(ctx);
            if self.rules.announce {
                for peer in self.others() {
                    self.replicate(peer, true, ctx);
                }
            }
        }
    }

    pub(super) fn commit_to(&mut self, index: u64, ctx: &mut RaftCtx<'_>) {
        if index <= self.commit {
            return;
        }
        let known = self.members_index <= self.commit && !self.members.joint();
        self.commit = index;
        if !known && self.members_index <= index {
            self.joined(ctx);
        }
    }
}
