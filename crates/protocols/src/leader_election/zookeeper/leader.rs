//! A leader: what it keeps, what it hears from its followers, and its clock.
//!
//! Zab's phases as Junqueira, Reed and Serafini 2011 have them, seen from above: `recovery` has discovery and
//! synchronisation, `broadcast` the third.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::learner::Learner;
use super::message::{Role, Zab, Zk};
use super::server::{Server, ZkCtx};
use crate::parts::host::Envelope;

/// How far a leader has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Finds out which epoch is new.
    #[default]
    Discovery,
    /// Brings followers in line.
    Synchronisation,
    /// Proposes.
    Broadcast,
}

/// A leader's own state.
#[derive(Clone, Debug, Default)]
pub(super) struct Leading {
    pub stage: Stage,
    /// Its epoch; 0 before it is chosen.
    pub epoch: u64,
    pub announced: bool,
    pub learners: Map<u32, Learner>,
    /// It has itself entered the epoch, on disk.
    pub entered: bool,
    /// The last of its own transactions on disk.
    pub durable: u64,
    since: Nanos,
    halves: u64,
    /// `sync`s that wait for what was proposed before them: (zxid, server, client, number).
    pub syncs: Vec<(u64, NodeId, NodeId, u64)>,
    /// When each session expires.
    pub sessions: Map<u64, Nanos>,
    /// Through which server each session was connected last (setOwner in SessionTrackerImpl.java).
    pub owners: Map<u64, NodeId>,
    /// Through which server each client without a session has last asked for something.
    pub asked: Map<u32, NodeId>,
    /// It does not hear a quorum.
    pub in_doubt: bool,
}

impl Server {
    pub(super) fn lead(&mut self, ctx: &mut ZkCtx<'_>) {
        self.role = Role::Leading;
        self.leading = Leading { since: ctx.elapsed(), ..Leading::default() };
        let votes = self.majority() as u64;
        ctx.note(|| Text::new("zk-elected").with("votes", votes));
        self.discover(ctx);
    }

    /// Says something to a follower.
    pub(super) fn down(&mut self, to: u32, zab: Zab, ctx: &mut ZkCtx<'_>) {
        if let Some(learner) = self.leading.learners.get_mut(&to) {
            let message = Zk::Zab(learner.link, learner.sent, zab);
            learner.sent += 1;
            ctx.send(NodeId(to), Envelope::Server(message));
        }
    }

    /// Its followers of which this is true.
    pub(super) fn learners(&self, which: fn(&Learner) -> bool) -> Vec<u32> {
        let learners = self.leading.learners.iter();
        learners.filter(|(_, learner)| which(learner)).map(|(to, _)| *to).collect()
    }

    pub(super) fn down_all(&mut self, zab: &Zab, which: fn(&Learner) -> bool, ctx: &mut ZkCtx<'_>) {
        for to in self.learners(which) {
            self.down(to, zab.clone(), ctx);
        }
    }

    pub(super) fn drop_learner(&mut self, peer: NodeId, ctx: &mut ZkCtx<'_>) {
        if let Some(learner) = self.leading.learners.remove(&peer.0) {
            ctx.send(peer, Envelope::Server(Zk::Close(learner.link)));
        }
    }

    pub(super) fn hear_learner(
        &mut self,
        from: NodeId,
        link: u64,
        place: u32,
        zab: Zab,
        ctx: &mut ZkCtx<'_>,
    ) {
        if self.role != Role::Leading {
            // Nobody listens here.
            ctx.send(from, Envelope::Server(Zk::Close(link)));
            return;
        }
        let now = ctx.elapsed();
        if let Zab::FollowerInfo(accepted) = zab {
            let learner = Learner { link, got: 1, accepted, heard: now, since: now, ..Learner::default() };
            self.leading.learners.insert(from.0, learner);
            if self.leading.announced {
                self.down(from.0, Zab::LeaderInfo(self.leading.epoch), ctx);
            } else {
                self.discover(ctx);
            }
            return;
        }
        let Some(learner) = self.leading.learners.get_mut(&from.0).filter(|l| l.link == link) else { return };
        if learner.got != place {
            self.drop_learner(from, ctx);
            return;
        }
        learner.got += 1;
        learner.heard = now;
        match zab {
            Zab::AckEpoch(current, zxid, counts) => {
                (learner.history, learner.counts) = (Some((current, zxid)), counts);
                self.acknowledged_epoch(from, (current, zxid), ctx);
            }
            Zab::Ack(zxid) => {
                learner.acknowledged(zxid);
                if zxid == self.leading.epoch << 32 {
                    learner.synced = true;
                    if self.leading.stage == Stage::Broadcast {
                        self.down(from.0, Zab::UpToDate(self.commit), ctx);
                    }
                    self.establish(ctx);
                }
                self.advance(ctx);
            }
            Zab::Ping(sessions) => sessions.iter().for_each(|session| self.touch(*session, now)),
            Zab::Request(client, number, change) => self.propose(from, client, number, change, ctx),
            Zab::Sync(client, number) => self.sync_for(from, client, number, ctx),
            Zab::Revalidate(client, session, None) => {
                let valid = self.revalidate(from, session, now);
                self.down(from.0, Zab::Revalidate(client, session, Some(valid)), ctx);
            }
            _ => {}
        }
    }

    pub(super) fn leader_tick(&mut self, ctx: &mut ZkCtx<'_>) {
        let (now, tick) = (ctx.elapsed(), self.config.tick);
        self.leading.halves += 1;
        let (init, sync) = (self.config.init_limit * tick, self.config.sync_limit * tick);
        for learner in self.learners(|_| true) {
            if self.leading.learners.get(&learner).is_some_and(|l| l.late(now, init, sync)) {
                self.drop_learner(NodeId(learner), ctx);
            }
        }
        let majority = self.majority();
        let leading = &mut self.leading;
        if leading.stage != Stage::Broadcast {
            if now.saturating_sub(leading.since) >= self.config.init_limit * tick {
                ctx.note(|| Text::new("zk-no-followers"));
                self.look(ctx);
            }
            return;
        }
        // Whoever has not answered the last two pings is doubted before it is given up.
        let heard = |l: &&Learner| l.synced && now.saturating_sub(l.heard) <= tick + tick / 2;
        leading.in_doubt = leading.learners.values().filter(heard).count() + 1 < majority;
        let synced = leading.learners.values().filter(|l| l.synced).count();
        if leading.halves.is_multiple_of(2) && synced + 1 < majority {
            ctx.note(|| Text::new("zk-no-quorum").with("count", synced as u64));
            self.look(ctx);
            return;
        }
        let own = self.clients.touched();
        own.iter().for_each(|session| self.touch(*session, now));
        self.expire(now, ctx);
        self.down_all(&Zab::Ping(Arc::new([])), |_| true, ctx);
    }
}
