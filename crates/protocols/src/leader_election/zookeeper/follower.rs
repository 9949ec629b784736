//! A follower: Zab's phases seen from below.
//!
//! Junqueira, Reed and Serafini 2011, phases 1 to 3, with the messages of Follower.java and Learner.java: it accepts an epoch
//! only if it is above every other that it accepted, has its history brought in line, and acknowledges NEWLEADER and each
//! proposal once they are on its disk.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::config::Broken;
use super::disk::{Effect, Write};
use super::message::{Role, Zab, Zk, counter, epoch};
use super::server::{Server, Timer, ZkCtx};
use crate::parts::chunked::Chunked;
use crate::parts::host::Envelope;

/// Attempts to reach an elected leader that does not answer yet.
const TRIES: u32 = 5;

/// What a follower knows of its leader.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Following {
    pub leader: NodeId,
    /// Names the connection.
    pub link: u64,
    sent: u32,
    got: u32,
    tries: u32,
    /// The leader has answered.
    joined: bool,
    since: Nanos,
    pub heard: Nanos,
}

impl Server {
    pub(super) fn follow(&mut self, leader: NodeId, ctx: &mut ZkCtx<'_>) {
        self.role = Role::Following;
        self.following = Following { leader, since: ctx.elapsed(), ..Following::default() };
        ctx.note(|| Text::new("zk-follows").with("leader", leader));
        self.connect(ctx);
    }

    pub(super) fn connect(&mut self, ctx: &mut ZkCtx<'_>) {
        self.links += 1;
        let following = &mut self.following;
        following.link = u64::from(ctx.life()) << 32 | self.links;
        (following.sent, following.got) = (0, 0);
        following.heard = ctx.elapsed();
        self.up(Zab::FollowerInfo(self.accepted), ctx);
    }

    /// Says something to the leader.
    pub(super) fn up(&mut self, zab: Zab, ctx: &mut ZkCtx<'_>) {
        let following = &mut self.following;
        let message = Zk::Zab(following.link, following.sent, zab);
        following.sent += 1;
        ctx.send(following.leader, Envelope::Server(message));
    }

    /// The connection to the leader is gone: while it has not answered yet, once more.
    pub(super) fn cut_off(&mut self, ctx: &mut ZkCtx<'_>) {
        let following = &mut self.following;
        if !following.joined && following.tries < TRIES {
            following.tries += 1;
            // leaderConnectDelayDuringRetryMs: 100 of a tick of 2,000.
            ctx.set_timer(self.config.tick / 20, Timer::Connect(self.turn));
        } else {
            let leader = following.leader;
            ctx.note(|| Text::new("zk-lost-leader").with("leader", leader));
            self.look(ctx);
        }
    }

    pub(super) fn follower_tick(&mut self, ctx: &mut ZkCtx<'_>) {
        let now = ctx.elapsed();
        let (start, limit) = if self.serving {
            (self.following.heard, self.config.sync_limit)
        } else {
            (self.following.since, self.config.init_limit)
        };
        if now.saturating_sub(start) >= limit * self.config.tick {
            let leader = self.following.leader;
            ctx.note(|| Text::new("zk-leader-silent").with("leader", leader));
            self.look(ctx);
        }
    }

    pub(super) fn hear_leader(&mut self, from: NodeId, link: u64, place: u32, zab: Zab, ctx: &mut ZkCtx<'_>) {
        let following = &mut self.following;
        if self.role != Role::Following || following.leader != from || following.link != link {
            return;
        }
        if place != following.got {
            // A message of this connection is missing: it was broken in between.
            self.cut_off(ctx);
            return;
        }
        following.got += 1;
        following.heard = ctx.elapsed();
        match zab {
            Zab::LeaderInfo(epoch) => self.leader_info(epoch, ctx),
            Zab::Diff(txns) => {
                let keep = self.log.len();
                self.log.extend(&txns);
                self.save_log(keep, txns, ctx);
            }
            Zab::Trunc(zxid) => self.truncate(zxid, ctx),
            Zab::Snap(tree) => {
                self.snapshots += 1;
                let zxid = tree.zxid;
                ctx.note(|| Text::new("zk-snapshot").with("count", counter(zxid)).with("epoch", epoch(zxid)));
                self.truncated += (self.log.len() - self.place(zxid)) as u64;
                self.tree = (*tree).clone();
                self.commit = zxid;
                self.base = Arc::clone(&tree);
                self.log = Chunked::default();
                self.save(Write::Snapshot(tree, Arc::new([])), ctx);
            }
            Zab::NewLeader(epoch) => {
                if epoch != self.accepted {
                    self.look(ctx);
                    return;
                }
                self.current = epoch;
                self.save_epochs(ctx);
                self.when_durable(Effect::Ack(link, epoch << 32), ctx);
            }
            Zab::UpToDate(zxid) => {
                self.commit = self.commit.max(zxid);
                self.apply(ctx);
                self.serving = true;
            }
            Zab::Proposal(txn) => {
                let keep = self.log.len();
                self.log.push(txn);
                self.save_log(keep, Arc::new([txn]), ctx);
                self.when_durable(Effect::Ack(link, txn.zxid), ctx);
            }
            Zab::Commit(zxid) => {
                self.commit = self.commit.max(zxid);
                self.apply(ctx);
            }
            Zab::Ping(_) => {
                let touched = self.clients.touched();
                self.up(Zab::Ping(touched), ctx);
            }
            Zab::Sync(client, number) => self.ready(client, number, 0, ctx),
            Zab::Moved(client, number) => self.moved(client, number, ctx),
            Zab::Revalidate(client, session, Some(valid)) => self.revalidated(client, session, valid, ctx),
            _ => {}
        }
    }

    /// An epoch below one that it accepted is refused. As in Learner.java, whoever accepted the epoch of a leader that came
    /// to nothing stays out until the ensemble that went on without it elects again.
    fn leader_info(&mut self, epoch: u64, ctx: &mut ZkCtx<'_>) {
        self.following.joined = true;
        let fresh = epoch > self.accepted;
        if !fresh && epoch < self.accepted && self.config.broken != Broken::Epochs {
            let accepted = self.accepted;
            ctx.note(|| Text::new("zk-refuses-epoch").with("epoch", epoch).with("accepted", accepted));
            self.look(ctx);
            return;
        }
        let counts = fresh || self.config.broken == Broken::Epochs;
        if self.accepted != epoch {
            self.accepted = epoch;
            self.save_epochs(ctx);
        }
        self.when_durable(Effect::AckEpoch(self.following.link, counts), ctx);
    }

    /// Gives up what the leader does not have.
    fn truncate(&mut self, zxid: u64, ctx: &mut ZkCtx<'_>) {
        let keep = self.place(zxid);
        let gone = (self.log.len() - keep) as u64;
        self.truncated += gone;
        let leader = self.following.leader;
        ctx.notable(|| Text::new("zk-truncates").with("count", gone).with("leader", leader));
        self.log.truncate(keep);
        self.save_log(keep, Arc::new([]), ctx);
    }
}
