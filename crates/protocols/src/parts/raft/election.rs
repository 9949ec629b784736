//! Elections: timeouts, votes, terms (paper, 5.2 and 5.4.1), the question before (dissertation, 9.6), the refusal while
//! a leader is heard (4.2.3), and leadership transfer (3.10).

use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::Purpose;
use netsplit_sim::node::NodeId;
use netsplit_sim::view::Text;

use super::disk::Effect;
use super::members::bit;
use super::message::{Payload, Raft};
use super::replica::{Progress, RaftCtx, Replica, Role, Timer};
use super::rules::Broken;

const ELECTION: Purpose = Purpose::named("raft.election");

impl Replica {
    pub(super) fn reset_election(&mut self, ctx: &mut RaftCtx<'_>) {
        if let Some(timer) = self.election.take() {
            ctx.cancel(timer);
        }
        self.elections += 1;
        let law = Distribution::Uniform { min: self.rules.election_min, max: self.rules.election_max };
        let span = law.sample(ctx.draw(ELECTION, self.elections));
        self.election_started = ctx.elapsed();
        self.election_span = span;
        self.election = Some(ctx.set_timer(span, Timer::Election));
    }

    pub(super) fn election_timeout(&mut self, ctx: &mut RaftCtx<'_>) {
        self.election = None;
        if self.role == Role::Leader {
            return;
        }
        self.leader = None;
        if !self.may_stand() {
            // Who has no vote does not stand; who waits to be let in asks again.
            self.step_down(ctx);
            if self.election.is_none() {
                self.reset_election(ctx);
            }
            self.ask(ctx);
        } else if self.rules.pre_vote {
            self.role = Role::PreCandidate;
            self.votes = 0;
            self.reset_election(ctx);
            let term = self.term;
            ctx.note(|| Text::new("raft-asks").with("term", term + 1));
            self.request_votes(term + 1, true, false, ctx);
            self.count_vote(self.me, ctx);
        } else {
            self.stand(false, ctx);
        }
    }

    pub(super) fn stand(&mut self, transfer: bool, ctx: &mut RaftCtx<'_>) {
        self.term += 1;
        self.vote = Some(self.me);
        self.role = Role::Candidate;
        self.leader = None;
        self.votes = 0;
        self.term_unsaved = true;
        self.reset_election(ctx);
        let term = self.term;
        ctx.note(|| Text::new("raft-stands").with("term", term));
        self.when_durable(Effect::OwnVote(term), ctx);
        self.request_votes(term, false, transfer, ctx);
    }

    fn request_votes(&mut self, term: u64, pre: bool, transfer: bool, ctx: &mut RaftCtx<'_>) {
        let (last, last_term) = (self.log.last(), self.log.last_term());
        let request = Raft::RequestVote { term, last, last_term, pre, transfer };
        // The candidate's own vote is made durable beside asking for the others' (figure 2 wants it before answers only),
        // but not what they judge by: a log whose end a crash could take back must not have won votes.
        let now = pre || (self.unsaved == u64::MAX && self.stable >= last);
        for peer in super::members::nodes(self.members.all() & !bit(self.me)) {
            if now {
                ctx.send(peer, request.clone());
            } else {
                self.when_durable(Effect::Send(peer, request.clone()), ctx);
            }
        }
    }

    pub(super) fn count_vote(&mut self, from: NodeId, ctx: &mut RaftCtx<'_>) {
        self.votes |= bit(from);
        // A candidate whose own vote is not durable yet could, after a crash, give it to another.
        let own = self.role == Role::PreCandidate || self.votes & bit(self.me) != 0;
        if !own || !self.members.quorum(self.votes) {
            return;
        }
        match self.role {
            Role::PreCandidate => self.stand(false, ctx),
            Role::Candidate => self.lead(ctx),
            Role::Follower | Role::Leader => {}
        }
    }

    fn lead(&mut self, ctx: &mut RaftCtx<'_>) {
        self.role = Role::Leader;
        self.leader = Some(self.me);
        self.durable = 0;
        self.count_terms();
        if let Some(timer) = self.election.take() {
            ctx.cancel(timer);
        }
        let fresh = Progress::new(self.log.last(), ctx.elapsed());
        let known = self.members.all() | self.members_before().all();
        let others = super::members::nodes(known).filter(|node| *node != self.me);
        self.progress = others.map(|node| (node.0, fresh)).collect();
        self.rounds.clear();
        self.lease_until = 0;
        self.transferred = false;
        let (term, votes) = (self.term, u64::from(self.votes.count_ones()));
        ctx.notable(|| Text::new("raft-leads").with("term", term).with("votes", votes));
        self.new_round(ctx);
        self.append(Payload::Noop, ctx);
        self.flush(ctx);
        self.beat = Some(ctx.set_timer(self.rules.heartbeat, Timer::Heartbeat));
    }

    pub(super) fn step_down(&mut self, ctx: &mut RaftCtx<'_>) {
        if self.role == Role::Leader {
            // Until now there was one.
            self.heard_clock = ctx.clock();
            self.progress.clear();
            self.reads.clear();
            self.changes.clear();
            self.transfer = None;
            self.lease_until = 0;
            if let Some(timer) = self.beat.take() {
                ctx.cancel(timer);
            }
            self.save(ctx);
        }
        if self.role != Role::Follower {
            self.reset_election(ctx);
        }
        self.role = Role::Follower;
        self.leader = None;
        self.in_doubt = false;
        self.votes = 0;
    }

    /// A term has a leader: how many before it had none?
    fn count_terms(&mut self) {
        if self.led_term > 0 {
            self.split_terms = (self.term - self.led_term).saturating_sub(1);
        }
        self.led_term = self.term;
    }

    /// A leader of its own term was heard.
    pub(super) fn follow(&mut self, from: NodeId, ctx: &mut RaftCtx<'_>) {
        if self.role == Role::Leader {
            self.step_down(ctx);
        }
        self.role = Role::Follower;
        self.removed = false;
        let clock = ctx.clock();
        if self.led_term != self.term {
            let known = self.led_term > 0 || self.rules.measure_from > 0;
            self.count_terms();
            if known && clock > self.rules.measure_from {
                self.without_leader = clock.saturating_sub(self.heard_clock.max(self.rules.measure_from));
            }
        }
        self.leader = Some(from);
        self.heard = Some(ctx.elapsed());
        self.heard_clock = clock;
        self.reset_election(ctx);
    }

    /// Whether a leader was heard so recently that nobody else can have been elected.
    fn hears_leader(&self, ctx: &RaftCtx<'_>) -> bool {
        let recent = |heard| ctx.elapsed().saturating_sub(heard) < self.rules.election_min;
        self.role == Role::Leader || self.heard.is_some_and(recent)
    }

    pub(super) fn vote_on(
        &mut self,
        from: NodeId,
        (term, last, last_term): (u64, u64, u64),
        pre: bool,
        transfer: bool,
        ctx: &mut RaftCtx<'_>,
    ) {
        let refuses = (pre || self.rules.refuse || self.rules.lease > 0) && !transfer;
        if refuses && term > self.term && self.hears_leader(ctx) {
            let leader = self.leader.unwrap_or(self.me);
            ctx.note(|| {
                let text = Text::new("raft-refuses-hears").with("candidate", from).with("term", term);
                text.with("leader", leader)
            });
            if pre {
                ctx.send(from, Raft::Vote { term: self.term, granted: false, pre });
            }
            self.tell_removed(from, ctx);
            return;
        }
        if term > self.term && !pre {
            self.adopt(term, ctx);
        }
        let mine = (self.log.last_term(), self.log.last());
        let fresh = (last_term, last) >= mine || self.rules.broken == Broken::NoLogCheck;
        let free = pre || self.vote.is_none() || self.vote == Some(from);
        let granted = fresh
            && if pre { term > self.term } else { term == self.term && free && self.role != Role::Leader };
        if !granted {
            let (now, vote, role) = (self.term, self.vote, self.role);
            ctx.note(|| {
                let why = if term < now {
                    Text::new("raft-refuses-old").with("now", now)
                } else if role == Role::Leader {
                    Text::new("raft-refuses-leads").with("now", now)
                } else if let (false, Some(other)) = (free, vote) {
                    Text::new("raft-refuses-voted").with("other", other)
                } else {
                    Text::new("raft-refuses-log").with("last", last).with("mine", mine.1)
                };
                why.with("candidate", from).with("term", term)
            });
            self.tell_removed(from, ctx);
        }
        if pre {
            let term = if granted { term } else { self.term };
            ctx.send(from, Raft::Vote { term, granted, pre });
            return;
        }
        if granted {
            self.role = Role::Follower;
            if self.vote.is_none() {
                self.vote = Some(from);
                self.term_unsaved = true;
            }
            self.reset_election(ctx);
        }
        self.when_durable(Effect::Send(from, Raft::Vote { term: self.term, granted, pre }), ctx);
    }

    /// A leader hands over to the voter that has most of the log: it takes no more commands, and asks that one to stand
    /// once it has everything. False where there is nobody.
    pub fn transfer(&mut self, ctx: &mut RaftCtx<'_>) -> bool {
        if self.role != Role::Leader || self.transfer.is_some() {
            return false;
        }
        let voters = self.progress.iter().filter(|(peer, _)| self.members.has(NodeId(**peer)));
        let best = voters.max_by_key(|(_, progress)| progress.matched).map(|(peer, _)| NodeId(*peer));
        self.transfer = best.map(|to| (to, ctx.elapsed()));
        self.hand_over(ctx);
        best.is_some()
    }

    /// Sends TimeoutNow once the log is there; gives up after an election timeout.
    pub(super) fn hand_over(&mut self, ctx: &mut RaftCtx<'_>) {
        let Some((to, since)) = self.transfer else { return };
        if ctx.elapsed().saturating_sub(since) > self.rules.election_max {
            self.transfer = None;
        } else if self.progress.get(&to.0).is_some_and(|progress| progress.matched == self.log.last()) {
            // From now on another may be elected at any time: what heartbeats promise is worth nothing any more.
            self.transferred = true;
            if self.rules.broken != Broken::LeaseKept {
                self.lease_until = 0;
            }
            ctx.send(to, Raft::TimeoutNow { term: self.term });
        }
    }
}
