//! Fast leader election. It is ZooKeeper's, not the Zab paper's, which leaves the choice of a prospective leader open.
//!
//! Medeiros, "ZooKeeper's atomic broadcast protocol: theory and practice", 2012, section 4 (Implementation), with
//! FastLeaderElection.java of ZooKeeper 3.x: everybody tells its vote, takes over a better one (by epoch, then zxid, then
//! id), and stops once a quorum of this round agrees and no better vote has come for `finalizeWait`. Who is already in an
//! ensemble answers with its vote, and a newcomer believes a quorum of such answers.

use netsplit_sim::NodeId;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::Text;

use super::config::Broken;
use super::message::{Role, Vote, Zk};
use super::server::{Server, Timer, ZkCtx};
use crate::parts::host::Envelope;

/// finalizeWait, and minNotificationInterval.
const WAIT: Nanos = 200 * MILLISECOND;
/// maxNotificationInterval.
const MOST: Nanos = 60 * SECOND;

impl Server {
    fn own_vote(&self) -> Vote {
        Vote { leader: self.me, epoch: self.current, zxid: self.last() }
    }

    fn better(&self, vote: &Vote, than: &Vote) -> bool {
        if self.config.broken == Broken::Epochs {
            return (vote.zxid, vote.leader) > (than.zxid, than.leader);
        }
        vote.rank() > than.rank()
    }

    fn tell(&self, to: NodeId, ctx: &mut ZkCtx<'_>) {
        ctx.send(to, Envelope::Server(Zk::Vote(self.vote, self.round, self.role)));
    }

    fn tell_all(&self, ctx: &mut ZkCtx<'_>) {
        ctx.send_all(
            self.peers.iter().copied(),
            &Envelope::Server(Zk::Vote(self.vote, self.round, self.role)),
        );
    }

    /// A new round.
    pub(super) fn elect(&mut self, ctx: &mut ZkCtx<'_>) {
        self.turn += 1;
        self.round += 1;
        self.vote = self.own_vote();
        self.heard.clear();
        self.span = WAIT;
        self.notified = ctx.elapsed();
        let round = self.round;
        ctx.note(|| Text::new("zk-looks").with("round", round));
        self.tell_all(ctx);
        ctx.set_timer(self.span, Timer::Notify(self.turn));
        self.count(ctx);
    }

    pub(super) fn notify_again(&mut self, ctx: &mut ZkCtx<'_>) {
        if self.role != Role::Looking {
            return;
        }
        let silent = ctx.elapsed().saturating_sub(self.notified);
        if silent >= self.span {
            self.tell_all(ctx);
            self.span = (2 * self.span).min(MOST);
            self.notified = ctx.elapsed();
            ctx.set_timer(self.span, Timer::Notify(self.turn));
        } else {
            // Never less than what a drifting clock can tell from nothing.
            ctx.set_timer((self.span - silent).max(MILLISECOND), Timer::Notify(self.turn));
        }
    }

    pub(super) fn notification(
        &mut self,
        from: NodeId,
        vote: Vote,
        round: u64,
        role: Role,
        ctx: &mut ZkCtx<'_>,
    ) {
        if self.role != Role::Looking {
            if role == Role::Looking {
                self.tell(from, ctx);
            }
            return;
        }
        self.notified = ctx.elapsed();
        if role == Role::Looking {
            if round < self.round {
                self.tell(from, ctx);
                return;
            }
            let own = self.own_vote();
            if round > self.round {
                self.round = round;
                self.vote = if self.better(&vote, &own) { vote } else { own };
                self.tell_all(ctx);
            } else if self.better(&vote, &self.vote) {
                self.vote = vote;
                self.tell_all(ctx);
            }
            self.heard.insert(from.0, (vote, round, role));
            self.count(ctx);
            return;
        }
        self.heard.insert(from.0, (vote, round, role));
        let leader = vote.leader;
        let known = self.heard.get(&leader.0).is_some_and(|(.., role)| *role == Role::Leading);
        // Those of this round, and those that look no more, whatever their round.
        let (mut same, mut others) = (0, 0);
        for (_, round, role) in self.heard.values().filter(|(vote, ..)| vote.leader == leader) {
            same += usize::from(*round == self.round);
            others += usize::from(*role != Role::Looking);
        }
        let itself = leader == self.me && round == self.round;
        if same.max(others) >= self.majority() && (known || itself) {
            self.round = round;
            self.vote = vote;
            self.decide_for(leader, ctx);
        }
    }

    /// Votes that agree with its own, its own included.
    fn backing(&self) -> usize {
        let mine = |(vote, round, _): &&(Vote, u64, Role)| (*vote, *round) == (self.vote, self.round);
        1 + self.heard.values().filter(mine).count()
    }

    fn count(&mut self, ctx: &mut ZkCtx<'_>) {
        if let Some(timer) = self.finalise.take() {
            ctx.cancel(timer);
        }
        if self.backing() >= self.majority() {
            self.finalise = Some(ctx.set_timer(WAIT, Timer::Finalise(self.turn)));
        }
    }

    pub(super) fn decide(&mut self, ctx: &mut ZkCtx<'_>) {
        self.finalise = None;
        if self.role == Role::Looking && self.backing() >= self.majority() {
            self.decide_for(self.vote.leader, ctx);
        }
    }

    fn decide_for(&mut self, leader: NodeId, ctx: &mut ZkCtx<'_>) {
        if let Some(timer) = self.finalise.take() {
            ctx.cancel(timer);
        }
        self.turn += 1;
        if leader == self.me {
            self.lead(ctx);
        } else {
            self.follow(leader, ctx);
        }
        if self.role != Role::Looking {
            ctx.set_timer(self.config.tick / 2, Timer::Tick(self.turn));
        }
    }
}
