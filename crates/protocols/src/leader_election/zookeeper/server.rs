//! A server: what it keeps, and which part handles what.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::node::{Context, TimerId};
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::config::Config;
use super::disk::{Disk, Pending, Write};
use super::follower::Following;
use super::leader::Leading;
use super::message::{Role, Txn, Vote, Zab, Zk};
use super::serve::Clients;
use super::tree::Tree;
use crate::parts::chunked::Chunked;
use crate::parts::client::ClientMessage;
use crate::parts::host::Envelope;

/// Timers of servers and of sessions' clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// Nobody was heard for some time: tell the vote again.
    Notify(u64),
    /// No better vote came.
    Finalise(u64),
    /// Try the leader once more.
    Connect(u64),
    /// Half a tick is over.
    Tick(u64),
    /// A session's client looks after its connection.
    Session,
    /// The server that it tries does not answer.
    Connecting(u32),
    /// It tries another server.
    Reconnect(u32),
    /// It has held the lock for long enough.
    Hold(u64),
}

/// Context of a server.
pub(super) type ZkCtx<'a> = Context<'a, Envelope<Zk>, Timer, Write>;

/// The server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) config: Arc<Config>,
    pub(super) me: NodeId,
    pub(super) peers: Vec<NodeId>,
    /// The last epoch accepted.
    pub accepted: u64,
    /// The epoch of the last leader with which it was in sync.
    pub current: u64,
    /// The last snapshot.
    pub base: Arc<Tree>,
    /// Transactions after it.
    pub log: Chunked<Txn>,
    /// The state up to what is committed, as far as it knows.
    pub tree: Tree,
    /// It knows that everything up to here is committed.
    pub commit: u64,
    /// What it is.
    pub role: Role,
    /// It answers clients.
    pub serving: bool,
    /// Changes of role, so that timers of an earlier one say nothing.
    pub(super) turn: u64,
    /// Connections to leaders so far.
    pub(super) links: u64,
    /// Its vote.
    pub vote: Vote,
    /// Round of the election (its logical clock).
    pub round: u64,
    /// The last vote of each other server, its round, and what that server was.
    pub(super) heard: Map<u32, (Vote, u64, Role)>,
    pub(super) span: Nanos,
    pub(super) notified: Nanos,
    pub(super) finalise: Option<TimerId>,
    pub(super) following: Following,
    pub(super) leading: Leading,
    pub(super) clients: Clients,
    /// Sessions that it expired, in this life.
    pub(super) expiries: u64,
    pub(super) pending: Pending,
    /// Transactions that it had to give up, in this life.
    pub truncated: u64,
    /// Snapshots that it was sent, in this life.
    pub snapshots: u64,
}

impl Server {
    /// A server that knows its peers.
    #[must_use]
    pub fn new(config: Arc<Config>, me: NodeId, peers: Vec<NodeId>) -> Self {
        Self {
            config,
            me,
            peers,
            accepted: 0,
            current: 0,
            base: Arc::default(),
            log: Chunked::default(),
            tree: Tree::default(),
            commit: 0,
            role: Role::Looking,
            serving: false,
            turn: 0,
            links: 0,
            vote: Vote { leader: me, epoch: 0, zxid: 0 },
            round: 0,
            heard: Map::new(),
            span: 0,
            notified: 0,
            finalise: None,
            following: Following::default(),
            leading: Leading::default(),
            clients: Clients::default(),
            expiries: 0,
            pending: Pending::default(),
            truncated: 0,
            snapshots: 0,
        }
    }

    pub(super) fn majority(&self) -> usize {
        self.peers.len().div_ceil(2) + 1
    }

    /// The last zxid in its history.
    #[must_use]
    pub fn last(&self) -> u64 {
        let end = self.log.len();
        if end == 0 { self.base.zxid } else { self.log.get(end - 1).map_or(0, |txn| txn.zxid) }
    }

    /// How many transactions of the log are not later than this one.
    pub(super) fn place(&self, zxid: u64) -> usize {
        let later = self.log.iter().rev().take_while(|txn| txn.zxid > zxid).count();
        self.log.len() - later
    }

    /// Leads, and has its followers' acknowledgements: the primary.
    #[must_use]
    pub fn established(&self) -> bool {
        self.role == Role::Leading && self.serving
    }

    /// The leader's epoch, of whoever leads or prepares to.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.leading.epoch
    }

    /// Whom it follows, or itself.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        match self.role {
            Role::Looking => None,
            Role::Following => Some(self.following.leader),
            Role::Leading => Some(self.me),
        }
    }

    pub(super) fn start(&mut self, disk: &Disk, ctx: &mut ZkCtx<'_>) {
        (self.accepted, self.current) = (disk.accepted, disk.current);
        (self.base, self.log) = (Arc::clone(&disk.base), disk.log.clone());
        self.tree = (*self.base).clone();
        self.commit = self.base.zxid;
        self.look(ctx);
    }

    pub(super) fn receive(&mut self, from: NodeId, message: Envelope<Zk>, ctx: &mut ZkCtx<'_>) {
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(&request, ctx),
            Envelope::Client(_) => {}
            Envelope::Server(Zk::Vote(vote, round, role)) => self.notification(from, vote, round, role, ctx),
            Envelope::Server(Zk::Zab(link, place, zab)) => match zab {
                // Only followers say these.
                Zab::FollowerInfo(_)
                | Zab::AckEpoch(..)
                | Zab::Ack(_)
                | Zab::Request(..)
                | Zab::Revalidate(_, _, None) => self.hear_learner(from, link, place, zab, ctx),
                Zab::Ping(_) | Zab::Sync(..) if self.role == Role::Leading => {
                    self.hear_learner(from, link, place, zab, ctx);
                }
                _ => self.hear_leader(from, link, place, zab, ctx),
            },
            Envelope::Server(Zk::Close(link)) => self.closed(from, link, ctx),
            Envelope::Server(Zk::Talk(talk)) => self.talk(from, talk, ctx),
        }
    }

    pub(super) fn timer(&mut self, timer: Timer, ctx: &mut ZkCtx<'_>) {
        match timer {
            Timer::Notify(turn) if turn == self.turn => self.notify_again(ctx),
            Timer::Finalise(turn) if turn == self.turn => self.decide(ctx),
            Timer::Connect(turn) if turn == self.turn => self.connect(ctx),
            Timer::Tick(turn) if turn == self.turn => {
                self.flush(ctx);
                self.sync(ctx);
                self.fold(ctx);
                self.tell_late(ctx);
                match self.role {
                    Role::Looking => return,
                    Role::Following => self.follower_tick(ctx),
                    Role::Leading => self.leader_tick(ctx),
                }
                if turn == self.turn {
                    ctx.set_timer(self.config.tick / 2, timer);
                }
            }
            _ => {}
        }
    }

    pub(super) fn connection_lost(&mut self, peer: NodeId, ctx: &mut ZkCtx<'_>) {
        if self.peers.contains(&peer) {
            match self.role {
                Role::Following if self.following.leader == peer => self.cut_off(ctx),
                Role::Leading => self.drop_learner(peer, ctx),
                _ => {}
            }
        } else {
            self.forget(peer);
        }
    }

    /// A connection was closed at its other end.
    fn closed(&mut self, from: NodeId, link: u64, ctx: &mut ZkCtx<'_>) {
        match self.role {
            Role::Following if self.following.leader == from && self.following.link == link => {
                self.cut_off(ctx);
            }
            Role::Leading if self.leading.learners.get(&from.0).is_some_and(|l| l.link == link) => {
                self.leading.learners.remove(&from.0);
            }
            _ => {}
        }
    }

    /// Leaves what it was, and looks for a leader.
    pub(super) fn look(&mut self, ctx: &mut ZkCtx<'_>) {
        match self.role {
            Role::Looking => {}
            Role::Following => {
                let close = Zk::Close(self.following.link);
                ctx.send(self.following.leader, Envelope::Server(close));
            }
            Role::Leading => {
                for learner in self.learners(|_| true) {
                    self.drop_learner(NodeId(learner), ctx);
                }
                if self.serving {
                    let epoch = self.leading.epoch;
                    ctx.notable(|| Text::new("zk-stops-leading").with("epoch", epoch));
                }
            }
        }
        self.following = Following::default();
        self.leading = Leading::default();
        self.hang_up(ctx);
        self.serving = false;
        self.role = Role::Looking;
        self.elect(ctx);
    }

    /// Applies what is committed, wakes who watches, answers who waits.
    pub(super) fn apply(&mut self, ctx: &mut ZkCtx<'_>) {
        let mut at = self.place(self.tree.zxid);
        while let Some(txn) = self.log.get(at).copied().filter(|txn| txn.zxid <= self.commit) {
            at += 1;
            let (answer, gone) = self.tree.apply(&txn);
            self.applied(&txn, answer, &gone, ctx);
        }
    }

    pub(super) fn digest(&self) -> u64 {
        Digest::new()
            .add(self.accepted)
            .add(self.current)
            .add(self.commit)
            .add((self.role as u64) << 1 | u64::from(self.serving))
            .add(self.round)
            .add(u64::from(self.vote.leader.0) << 32 | self.turn)
            .add(self.tree.digest())
            .all(self.log.iter().rev().take(64).map(Txn::word))
            .add(self.last())
            .end()
    }
}
