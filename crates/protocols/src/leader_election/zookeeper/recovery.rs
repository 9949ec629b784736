//! A leader's way to its first proposal: Zab's recovery.
//!
//! Junqueira, Reed and Serafini 2011: discovery (phase 1) and synchronisation (phase 2), as built in Leader.java and
//! LearnerHandler.java (Medeiros 2012, section 4): as the election picks the server with the latest history, a leader
//! brings its followers in line with its own and gives up when one turns out to have a later one.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::view::Text;

use super::config::Broken;
use super::disk::Effect;
use super::leader::Stage;
use super::message::Zab;
use super::server::{Server, ZkCtx};

impl Server {
    /// With a quorum connected: an epoch above all that any of it has accepted.
    pub(super) fn discover(&mut self, ctx: &mut ZkCtx<'_>) {
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

    pub(super) fn acknowledged_epoch(&mut self, from: NodeId, history: (u64, u64), ctx: &mut ZkCtx<'_>) {
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
}
