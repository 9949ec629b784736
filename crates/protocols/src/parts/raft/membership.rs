//! Membership changes: one server at a time (dissertation, 4.1 to 4.3, with the condition found in 2015: the leader has
//! committed an entry of its own term first), or any number by joint consensus (paper, section 6). A new server catches
//! up without a vote, in rounds (dissertation, 4.2.1).

use netsplit_sim::NodeId;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::members::{Members, bit};
use super::message::{Payload, Raft};
use super::replica::{Progress, RaftCtx, Replica, Role};
use super::rules::Broken;

/// Rounds of catching up after which a new server is turned away: it is too slow (dissertation, 4.2.1). It may ask again.
const ROUNDS: u32 = 10;

/// A change that a leader has been asked for.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    node: NodeId,
    add: bool,
    /// The present round of catching up: what was last when it began, when that was, and its number.
    target: u64,
    since: Nanos,
    rounds: u32,
}

impl Replica {
    /// The configuration at an index, from the log or what came before it.
    pub(super) fn members_at(&self, index: u64) -> Members {
        self.latest_members(index).0
    }

    fn latest_members(&self, until: u64) -> (Members, u64) {
        let entries = self.log.iter().rev().filter(|(index, _)| *index <= until);
        let found = entries.into_iter().find_map(|(index, entry)| match entry.payload {
            Payload::Members(members) => Some((members, index)),
            _ => None,
        });
        let snapshot = self.snapshot.as_ref().filter(|snapshot| snapshot.index <= until);
        let before = snapshot.map_or((self.initial, 0), |snapshot| (snapshot.members, snapshot.index));
        found.unwrap_or(before)
    }

    /// The configuration in force: the latest in the log.
    pub(super) fn find_members(&mut self) {
        (self.members, self.members_index) = self.latest_members(u64::MAX);
    }

    /// The configuration before the one in force, while it is not known that the latter is committed. Whoever is out by it
    /// goes on hearing the leader until then.
    pub(super) fn members_before(&self) -> Members {
        let open = self.members_index > self.commit;
        if open { self.members_at(self.members_index - 1) } else { Members::default() }
    }

    /// Whether it may be elected: it is a voter, or was one before an entry that is not known to be committed, and may be
    /// the only one who can commit that (dissertation, 4.2.2).
    pub(super) fn may_stand(&self) -> bool {
        !self.removed && (self.members.has(self.me) || self.members_before().has(self.me))
    }

    /// Tells a candidate that a committed configuration is without it: no leader sends it anything any more, and it would
    /// stand for ever. (etcd's servers do the same when one that was removed connects to them.)
    pub(super) fn tell_removed(&self, candidate: NodeId, ctx: &mut RaftCtx<'_>) {
        let index = self.members_index;
        if index > 0 && index <= self.commit && !self.members.has(candidate) {
            ctx.send(candidate, Raft::Removed { index });
        }
    }

    /// The configuration at this index is committed, and without it. Unless it knows of a later one, it stands no more
    /// until it hears a leader.
    pub(super) fn told_removed(&mut self, index: u64, ctx: &mut RaftCtx<'_>) {
        if self.role != Role::Leader && self.members_index <= index {
            self.removed = true;
            self.step_down(ctx);
        }
    }

    /// A leader enters a configuration.
    pub(super) fn enter(&mut self, members: Members, index: u64, ctx: &RaftCtx<'_>) {
        (self.members, self.members_index) = (members, index);
        for node in super::members::nodes(members.all()) {
            self.track(node, ctx);
        }
    }

    fn track(&mut self, node: NodeId, ctx: &RaftCtx<'_>) {
        if node != self.me {
            let fresh = Progress::new(self.log.last().saturating_sub(1), ctx.elapsed());
            self.progress.slot(node.0, || fresh);
        }
    }

    /// Told to leave the cluster; it goes on asking until it is no member any more.
    pub fn leave(&mut self, ctx: &mut RaftCtx<'_>) -> bool {
        if self.leaving || !self.members.has(self.me) {
            return false;
        }
        self.leaving = true;
        self.term_unsaved = true;
        self.save(ctx);
        self.ask(ctx);
        true
    }

    /// A leader removes the voter that it has not heard for longest, and for two election timeouts at least.
    pub fn remove_silent(&mut self, ctx: &mut RaftCtx<'_>) -> bool {
        let now = ctx.elapsed();
        let voters = self.progress.iter().filter(|(node, _)| self.members.has(NodeId(**node)));
        let longest = voters.min_by_key(|(_, progress)| progress.heard);
        let silent = |progress: &Progress| now.saturating_sub(progress.heard) > 2 * self.rules.election_max;
        match longest.filter(|(_, progress)| silent(progress)).map(|(node, _)| NodeId(*node)) {
            Some(node) if self.role == Role::Leader => {
                self.wish(node, false, ctx);
                true
            }
            _ => false,
        }
    }

    /// Asks to be let in, or out, according to what it is.
    pub(super) fn ask(&mut self, ctx: &mut RaftCtx<'_>) {
        let add = !self.members.has(self.me);
        if add == self.leaving {
            return;
        }
        self.asked = ctx.elapsed();
        if self.role == Role::Leader {
            self.wish(self.me, add, ctx);
            return;
        }
        let to = self.leader.map_or_else(|| self.others(), |leader| vec![leader]);
        ctx.send_all(to, &Raft::Change { node: self.me, add });
    }

    pub(super) fn ask_to_leave(&mut self, ctx: &mut RaftCtx<'_>) {
        let waited = ctx.elapsed().saturating_sub(self.asked);
        if self.leaving && self.members.has(self.me) && waited >= self.rules.election_min {
            self.ask(ctx);
        }
    }

    pub(super) fn change(&mut self, from: NodeId, node: NodeId, add: bool, ctx: &mut RaftCtx<'_>) {
        if self.role == Role::Leader {
            self.wish(node, add, ctx);
        } else if let Some(leader) = self.leader.filter(|leader| *leader != from && from == node) {
            ctx.send(leader, Raft::Change { node, add });
        }
    }

    fn wish(&mut self, node: NodeId, add: bool, ctx: &mut RaftCtx<'_>) {
        if (self.members.new & bit(node) != 0) == add || self.changes.iter().any(|change| change.node == node)
        {
            return;
        }
        if add {
            self.track(node, ctx);
            self.replicate(node, true, ctx);
        }
        let (target, since) = (self.log.last(), ctx.elapsed());
        self.changes.push(Change { node, add, target, since, rounds: 1 });
        self.advance_changes(ctx);
    }

    /// Takes the next step of a change, if there is one to take.
    pub(super) fn advance_changes(&mut self, ctx: &mut RaftCtx<'_>) {
        if self.role != Role::Leader || self.changes.is_empty() {
            return;
        }
        let (now, last) = (ctx.elapsed(), self.log.last());
        let quick = self.rules.election_min;
        let mut ready = Vec::new();
        let given_up = |change: &Change, matched: u64| {
            change.add
                && matched >= change.target
                && change.rounds >= ROUNDS
                && now.saturating_sub(change.since) >= quick
        };
        let progress = &mut self.progress;
        let members = self.members;
        self.changes.retain(|change| {
            let matched = progress.get(&change.node.0).map_or(0, |progress| progress.matched);
            let slow = given_up(change, matched);
            if slow && !members.has(change.node) {
                progress.remove(&change.node.0);
            }
            !slow
        });
        for change in &mut self.changes {
            let matched = self.progress.get(&change.node.0).map_or(0, |progress| progress.matched);
            if !change.add {
                ready.push((change.node, false));
            } else if matched >= change.target {
                // A round that was quick enough is the last: what is missing still comes about as quickly.
                if now.saturating_sub(change.since) < quick {
                    ready.push((change.node, true));
                } else {
                    (change.target, change.since, change.rounds) = (last, now, change.rounds + 1);
                }
            }
        }
        let broken = self.rules.broken;
        let settled = self.settled() || broken == Broken::EarlyChange;
        let free = self.members_index <= self.commit || broken == Broken::TwoAtOnce;
        if ready.is_empty() || !settled || !free || self.members.joint() {
            return;
        }
        ready.truncate(if self.rules.joint { ready.len() } else { 1 });
        let mut new = self.members.new;
        for (node, add) in &ready {
            new = if *add { new | bit(*node) } else { new & !bit(*node) };
        }
        self.changes.retain(|change| ready.iter().all(|(node, _)| *node != change.node));
        if new == 0 {
            return;
        }
        let old = if self.rules.joint { self.members.new } else { 0 };
        let (node, add) = ready[0];
        ctx.notable(|| Text::new(if add { "raft-adds" } else { "raft-removes" }).with("server", node));
        self.propose(Payload::Members(Members { new, old }), ctx);
    }

    /// The latest configuration is committed.
    pub(super) fn joined(&mut self, ctx: &mut RaftCtx<'_>) {
        if self.role != Role::Leader {
            return;
        }
        if self.members.joint() {
            // The leader that finishes what was begun need not be the one that began.
            self.propose(Payload::Members(Members { new: self.members.new, old: 0 }), ctx);
            return;
        }
        // Those who are out learn it with a last heartbeat.
        let out =
            |node: NodeId| !self.members.has(node) && self.changes.iter().all(|change| change.node != node);
        let gone: Vec<NodeId> = self.others().into_iter().filter(|node| out(*node)).collect();
        for node in gone {
            self.replicate(node, true, ctx);
            self.progress.remove(&node.0);
        }
        if !self.members.has(self.me) {
            for peer in self.others() {
                self.replicate(peer, true, ctx);
            }
            let term = self.term;
            ctx.notable(|| Text::new("raft-left").with("term", term));
            self.step_down(ctx);
        }
    }
}
