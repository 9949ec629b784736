//! A leader: Zab's phases seen from above, and the sessions' clock.
//!
//! Junqueira, Reed and Serafini 2011: discovery (phase 1), synchronisation (phase 2), broadcast (phase 3), as
//! built in Leader.java and LearnerHandler.java (Medeiros 2012, section 4): as the election picks the server with the
//! latest history, a leader brings its followers in line with its own and gives up when one turns out to have a later one.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::small::{self, Map};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::learner::Learner;
use super::message::{Role, Txn, Zab, Zk, counter, epoch};
use super::server::{Broken, Effect, Server, ZkCtx};
use super::tree::Change;
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
    announced: bool,
    pub learners: Map<u32, Learner>,
    /// It has itself entered the epoch, on disk.
    pub entered: bool,
    /// The last of its own transactions on disk.
    pub durable: u64,
    since: Nanos,
    halves: u64,
    /// `sync`s that wait for what was proposed before them: (zxid, server, client, number).
    syncs: Vec<(u64, NodeId, NodeId, u64)>,
    /// When each session expires.
    pub sessions: Map<u64, Nanos>,
    /// Through which server each session was connected last (setOwner in SessionTrackerImpl.java).
    owners: Map<u64, NodeId>,
    /// Through which server each client without a session has last asked for something.
    asked: Map<u32, NodeId>,
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
    fn down(&mut self, to: u32, zab: Zab, ctx: &mut ZkCtx<'_>) {
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

    fn down_all(&mut self, zab: &Zab, which: fn(&Learner) -> bool, ctx: &mut ZkCtx<'_>) {
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

    // ---- phase 1 ----

    /// With a quorum connected: an epoch above all that any of it has accepted.
    fn discover(&mut self, ctx: &mut ZkCtx<'_>) {
        if self.leading.epoch > 0 || self.leading.learners.len() + 1 < self.majority() {
            return;
        }
        let mut latest = self.accepted;
        if self.config.broken != Broken::Epochs {
            latest = self.leading.learners.values().map(|l| l.accepted).fold(latest, u64::max);
        }
        self.accepted = latest + 1;
        self.leading.epoch = self.accepted;
        self.save_epochs(ctx);
        self.when_durable(Effect::OwnEpoch(self.accepted), ctx);
    }

    pub(super) fn announce(&mut self, ctx: &mut ZkCtx<'_>) {
        self.leading.announced = true;
        self.down_all(&Zab::LeaderInfo(self.leading.epoch), |_| true, ctx);
        self.synchronise(ctx);
    }

    fn acknowledged_epoch(&mut self, from: NodeId, history: (u64, u64), ctx: &mut ZkCtx<'_>) {
        let compares = self.config.broken != Broken::Epochs;
        if compares && history > (self.current, self.last()) {
            ctx.note(|| Text::new("zk-behind").with("follower", from));
            self.look(ctx);
            return;
        }
        if self.leading.stage == Stage::Discovery {
            self.synchronise(ctx);
        } else {
            self.bring_in_line(from.0, ctx);
        }
    }

    // ---- phase 2 ----

    fn synchronise(&mut self, ctx: &mut ZkCtx<'_>) {
        let counted = self.learners(|l| l.history.is_some() && l.counts).len();
        if self.leading.stage != Stage::Discovery || !self.leading.announced || counted + 1 < self.majority()
        {
            return;
        }
        self.leading.stage = Stage::Synchronisation;
        self.current = self.leading.epoch;
        self.save_epochs(ctx);
        for to in self.learners(|l| l.history.is_some()) {
            self.bring_in_line(to, ctx);
        }
        self.when_durable(Effect::OwnNewLeader(self.leading.epoch), ctx);
    }

    /// DIFF, TRUNC or SNAP, then what is proposed but not committed, then NEWLEADER.
    fn bring_in_line(&mut self, to: u32, ctx: &mut ZkCtx<'_>) {
        let Some((_, theirs)) = self.leading.learners.get(&to).and_then(|l| l.history) else { return };
        let committed =
            if self.leading.stage == Stage::Broadcast { self.place(self.commit) } else { self.log.len() };
        if self.config.broken != Broken::Synchronisation {
            // The last of its transactions that is here as well.
            let mut shared = self.place(theirs).min(committed);
            let at = |place: usize| if place == 0 { self.base.zxid } else { self.zxid_at(place - 1) };
            if theirs < self.base.zxid {
                // No further than what is known to be committed: a state cannot be cut back.
                shared = self.place(self.tree.zxid);
                self.down(to, Zab::Snap(Arc::new(self.tree.clone())), ctx);
            } else if at(shared) < theirs {
                let zxid = at(shared);
                self.down(to, Zab::Trunc(zxid), ctx);
            }
            let lacks = self.log.slice(shared, committed);
            self.down(to, Zab::Diff(lacks.into()), ctx);
        }
        for txn in self.log.slice(committed, self.log.len()) {
            self.down(to, Zab::Proposal(txn), ctx);
        }
        if let Some(learner) = self.leading.learners.get_mut(&to) {
            learner.forwarding = true;
        }
        self.down(to, Zab::NewLeader(self.leading.epoch), ctx);
    }

    fn zxid_at(&self, place: usize) -> u64 {
        self.log.get(place).map_or(0, |txn| txn.zxid)
    }

    /// With a quorum in line, itself included: its history is committed, and it is the primary.
    pub(super) fn establish(&mut self, ctx: &mut ZkCtx<'_>) {
        let synced = self.learners(|l| l.synced).len();
        if self.leading.stage != Stage::Synchronisation
            || !self.leading.entered
            || synced + 1 < self.majority()
        {
            return;
        }
        self.leading.stage = Stage::Broadcast;
        self.leading.durable = self.leading.epoch << 32;
        self.commit = self.last();
        self.apply(ctx);
        self.serving = true;
        let (epoch, now) = (self.leading.epoch, ctx.elapsed());
        ctx.notable(|| Text::new("zk-leads").with("epoch", epoch).with("servers", synced as u64 + 1));
        // Every session gets its whole timeout again.
        let sessions: Vec<u64> = self.tree.sessions.keys().copied().collect();
        for session in sessions {
            self.leading.sessions.insert(session, 0);
            self.touch(session, now);
        }
        self.down_all(&Zab::UpToDate(self.commit), |l| l.synced, ctx);
    }

    // ---- phase 3 ----

    /// A client's write becomes a transaction, unless it already is one, or its session has moved: what comes through
    /// another server than that is refused (checkSession in PrepRequestProcessor.java; a session's own beginning and end
    /// are not checked there). That a request is known by its number and done once is more than ZooKeeper does: there a
    /// client that asks again has to look first.
    pub(super) fn propose(
        &mut self,
        server: NodeId,
        client: NodeId,
        number: u64,
        change: Change,
        ctx: &mut ZkCtx<'_>,
    ) {
        if self.leading.stage != Stage::Broadcast {
            return;
        }
        let open = self.log.slice(self.place(self.tree.zxid), self.log.len());
        let same = |txn: &&Txn| txn.client == client && txn.number >> 24 == number >> 24;
        let mut known = open.iter().filter(same);
        if self.tree.done(client, number).is_some() || known.clone().any(|txn| txn.number == number) {
            return;
        }
        let late = known.any(|txn| txn.number > number);
        let moved = match change {
            Change::Create(_, session) => self.belongs_elsewhere(session, server),
            Change::Delete(path) => {
                let owner = self.tree.children.get(&path).map(|znode| znode.owner);
                owner.is_some_and(|session| self.belongs_elsewhere(session, server))
            }
            Change::Open | Change::Close(..) => false,
            Change::Nothing | Change::Set(..) | Change::SetIf(..) => {
                self.out_of_order(server, client, number, late)
            }
        };
        if moved {
            if server == self.me {
                self.moved(client, number, ctx);
            } else {
                self.down(server.0, Zab::Moved(client, number), ctx);
            }
            return;
        }
        let last = self.last();
        let count = if epoch(last) == self.leading.epoch { counter(last) } else { 0 };
        let txn = Txn { zxid: self.leading.epoch << 32 | (count + 1), client, number, change };
        if change == Change::Open {
            self.leading.owners.insert(txn.zxid, server);
        }
        let keep = self.log.len();
        self.log.push(txn);
        self.save_log(keep, Arc::new([txn]), ctx);
        let now = ctx.elapsed();
        for to in self.learners(|l| l.forwarding) {
            if let Some(learner) = self.leading.learners.get_mut(&to) {
                learner.proposed(txn.zxid, now);
            }
            self.down(to, Zab::Proposal(txn), ctx);
        }
        self.when_durable(Effect::OwnAck(txn.zxid), ctx);
    }

    /// Whether a session is connected through another server. Whoever asks first in a leader's time is believed.
    fn belongs_elsewhere(&mut self, session: u64, server: NodeId) -> bool {
        let lives = self.leading.sessions.contains_key(&session);
        lives && *self.leading.owners.slot(session, || server) != server
    }

    /// The same for a client without a session: what comes after a later request of its, by another server than that, or
    /// so late that nobody remembers whether it was done.
    fn out_of_order(&mut self, server: NodeId, client: NodeId, number: u64, late: bool) -> bool {
        let late = late || self.tree.passed(client, number);
        let before = self.leading.asked.get(&client.0) == Some(&server);
        let refused = late && (!before || self.tree.forgotten(client, number));
        if !refused {
            self.leading.asked.insert(client.0, server);
        }
        refused
    }

    /// Commits, in order, what a quorum has on disk.
    pub(super) fn advance(&mut self, ctx: &mut ZkCtx<'_>) {
        if self.leading.stage != Stage::Broadcast {
            return;
        }
        let mut acked: Vec<u64> =
            self.leading.learners.values().map(|l| if l.synced { l.acked } else { 0 }).collect();
        acked.push(self.leading.durable);
        acked.resize(self.peers.len() + 1, 0);
        small::sort(&mut acked);
        let safe = acked[acked.len() - self.majority()];
        let mut at = self.place(self.commit);
        while let Some(txn) = self.log.get(at).copied().filter(|txn| txn.zxid <= safe) {
            at += 1;
            self.commit = txn.zxid;
            self.down_all(&Zab::Commit(txn.zxid), |l| l.forwarding, ctx);
            self.apply(ctx);
        }
        while let Some((zxid, server, client, number)) = self.leading.syncs.first().copied() {
            if zxid > self.commit {
                break;
            }
            self.leading.syncs.remove(0);
            self.answer_sync(server, client, number, ctx);
        }
    }

    /// `sync`: answered in the stream of commits, after all that was proposed before. It asks nobody else: a leader that
    /// was deposed and does not know yet answers as well.
    pub(super) fn sync_for(&mut self, server: NodeId, client: NodeId, number: u64, ctx: &mut ZkCtx<'_>) {
        let last = self.last();
        if last <= self.commit {
            self.answer_sync(server, client, number, ctx);
        } else {
            self.leading.syncs.push((last, server, client, number));
        }
    }

    fn answer_sync(&mut self, server: NodeId, client: NodeId, number: u64, ctx: &mut ZkCtx<'_>) {
        if server == self.me {
            self.ready(client, number, 0, ctx);
        } else {
            self.down(server.0, Zab::Sync(client, number), ctx);
        }
    }

    // ---- the clock ----

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

    /// A session was heard of: it lives for its timeout from now, rounded up to the next tick (ExpiryQueue).
    pub(super) fn touch(&mut self, session: u64, now: Nanos) {
        let tick = self.config.tick;
        let until = (now + self.config.session) / tick * tick + tick;
        if let Some(deadline) = self.leading.sessions.get_mut(&session) {
            *deadline = until.max(*deadline);
        }
    }

    /// A client goes on with its session at this server: if it lives, that is where it is from now on.
    pub(super) fn revalidate(&mut self, server: NodeId, session: u64, now: Nanos) -> bool {
        self.touch(session, now);
        let valid = self.leading.sessions.contains_key(&session);
        if valid {
            self.leading.owners.insert(session, server);
        }
        valid
    }

    /// A session has ended.
    pub(super) fn untrack(&mut self, session: u64) {
        self.leading.sessions.remove(&session);
        self.leading.owners.remove(&session);
    }

    fn expire(&mut self, now: Nanos, ctx: &mut ZkCtx<'_>) {
        loop {
            let due = |(_, deadline): &(&u64, &Nanos)| **deadline <= now;
            let next = self.leading.sessions.iter().find(due).map(|(session, _)| *session);
            let Some(session) = next else { return };
            self.untrack(session);
            let owner = self.tree.sessions.get(&session).copied().unwrap_or_default();
            ctx.notable(|| Text::new("zk-expires").with("owner", owner).with("session", session));
            self.expiries += 1;
            let number = u64::from(ctx.life() & 63) << 24 | self.expiries;
            self.propose(self.me, self.me, number, Change::Close(session, true), ctx);
        }
    }
}
