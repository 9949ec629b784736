//! A client with a session that takes part in an election: ZooKeeper's recipe for locks.
//!
//! ZooKeeper's documentation, "ZooKeeper Recipes and Solutions", Locks: create an ephemeral sequential child; list the
//! children without a watch; the lowest holds the lock; otherwise watch the next lower one, and list again when it is gone.
//! With `herd` everybody watches the holder instead, and all wake up when it goes (Hunt et al. 2010, section 2.4: "Simple
//! Locks", and "Simple Locks without Herd Effect").
//!
//! The session: a ping after a third of its timeout without anything else, another server after two thirds without an
//! answer, or, while it connects, after the timeout divided by the number of servers (ClientCnxn's readTimeout and
//! connectTimeout). Who is not connected does not know whether its session expired: only a server can tell.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::node::Context;
use netsplit_sim::time::{Nanos, SECOND};
use netsplit_sim::view::Text;

use super::disk::Write;
use super::message::Zk;
use super::server::Timer;
use super::talk::{Ask, Talk};
use super::tree::Path;
use crate::parts::host::Envelope;

const PAUSE: Purpose = Purpose::named("zookeeper.reconnect");

/// The znode whose children contend: `/lock`.
pub const LOCK: u64 = 1 << 52 | 0x6c << 21 | 0x6f << 14 | 0x63 << 7 | 0x6b;

/// Settings that all contenders share.
#[derive(Clone, Debug)]
pub struct Config {
    /// Servers.
    pub servers: Vec<NodeId>,
    /// Session timeout, as negotiated (ns).
    pub timeout: Nanos,
    /// Everybody watches the holder.
    pub herd: bool,
    /// Who holds the lock gives it back after so long (ns); 0: never.
    pub hold: Nanos,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Not connected.
    Away,
    /// Wants a child of its own.
    Creating,
    /// Looks who is before it.
    Listing,
    /// Waits for an event.
    Waiting,
    /// Holds the lock.
    Holding,
    /// Gives it back, and does not rely on it any more.
    Leaving,
}

type Ctx<'a> = Context<'a, Envelope<Zk>, Timer, Write>;

/// The client.
#[derive(Clone, Debug)]
pub struct Contender {
    pub(super) config: Arc<Config>,
    /// Which of the servers it is connected to, or tries.
    pub(super) at: usize,
    /// Connections so far.
    turn: u32,
    connected: bool,
    /// Its session, as far as it knows; 0 for none.
    pub session: u64,
    /// The highest zxid that a server told it.
    pub zxid: u64,
    number: u64,
    /// The request under way.
    asked: u64,
    /// How far it has come.
    pub step: Step,
    /// Its child of the lock, as far as it knows.
    pub child: Option<u32>,
    /// It believes that it holds the lock.
    pub holds: bool,
    /// What it watches, and since which zxid (0: it has not heard yet whether it does).
    pub watches: Option<(Path, u64)>,
    heard: Nanos,
    /// Watch events received.
    pub events: u64,
    /// How often it held the lock.
    pub held: u64,
    /// Sessions that it was told had expired.
    pub expired: u64,
    /// A server told it a lower zxid than it had seen.
    pub regressed: bool,
    holding: u64,
}

impl Contender {
    /// The contender with this index.
    #[must_use]
    pub fn new(index: usize, config: Arc<Config>) -> Self {
        Self {
            at: index % config.servers.len(),
            config,
            turn: 0,
            connected: false,
            session: 0,
            zxid: 0,
            number: 0,
            asked: 0,
            step: Step::Away,
            child: None,
            holds: false,
            watches: None,
            heard: 0,
            events: 0,
            held: 0,
            expired: 0,
            regressed: false,
            holding: 0,
        }
    }

    /// The server that it is connected to, or tries.
    #[must_use]
    pub fn server(&self) -> NodeId {
        self.config.servers[self.at]
    }

    /// Whether it is connected.
    #[must_use]
    pub fn connected(&self) -> bool {
        self.connected
    }

    pub(super) fn heard(&self) -> Nanos {
        self.heard
    }

    pub(super) fn start(&mut self, ctx: &mut Ctx<'_>) {
        // Numbers of different lives differ, as the workload's do.
        self.number = u64::from(ctx.life() & 63) << 24;
        self.connect(ctx);
        ctx.set_timer(self.config.timeout / 6, Timer::Session);
    }

    fn say(&self, talk: Talk, ctx: &mut Ctx<'_>) {
        ctx.send(self.server(), Envelope::Server(Zk::Talk(talk)));
    }

    fn connect(&mut self, ctx: &mut Ctx<'_>) {
        self.turn += 1;
        self.number += 1;
        self.connected = false;
        self.step = Step::Away;
        self.watches = None;
        self.heard = ctx.elapsed();
        self.say(Talk::Connect(self.session, self.zxid, self.turn, self.number), ctx);
        let patience = self.config.timeout / self.config.servers.len() as u64;
        ctx.set_timer(patience, Timer::Connecting(self.turn));
    }

    /// Another server, after up to a second.
    fn leave(&mut self, ctx: &mut Ctx<'_>) {
        self.at = (self.at + 1) % self.config.servers.len();
        self.turn += 1;
        self.connected = false;
        self.step = Step::Away;
        self.watches = None;
        let pause = u64::from(draw::below(ctx.draw(PAUSE, u64::from(self.turn)), SECOND as u32));
        ctx.set_timer(pause, Timer::Reconnect(self.turn));
        self.heard = ctx.elapsed();
    }

    fn ask(&mut self, ask: Ask, step: Step, ctx: &mut Ctx<'_>) {
        self.number += 1;
        self.asked = self.number;
        self.step = step;
        self.say(Talk::Ask(self.number, ask), ctx);
    }

    fn list(&mut self, ctx: &mut Ctx<'_>) {
        self.ask(Ask::Children, Step::Listing, ctx);
    }

    fn see(&mut self, zxid: u64) {
        self.regressed |= zxid < self.zxid;
        self.zxid = self.zxid.max(zxid);
    }

    pub(super) fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_>) {
        match timer {
            Timer::Session => {
                let silent = ctx.elapsed().saturating_sub(self.heard);
                if self.connected && silent >= self.config.timeout * 2 / 3 {
                    self.leave(ctx);
                } else if self.connected {
                    self.say(Talk::Ping(0), ctx);
                }
                ctx.set_timer(self.config.timeout / 3, Timer::Session);
            }
            Timer::Connecting(turn) if turn == self.turn && !self.connected => self.leave(ctx),
            Timer::Reconnect(turn) if turn == self.turn => self.connect(ctx),
            Timer::Hold(holding) if holding == self.holding && self.holds => {
                if let (Some(child), true) = (self.child, self.connected) {
                    self.holds = false;
                    self.ask(Ask::Delete(child), Step::Leaving, ctx);
                }
            }
            _ => {}
        }
    }

    pub(super) fn receive(&mut self, from: NodeId, talk: Talk, ctx: &mut Ctx<'_>) {
        if from != self.server() {
            return;
        }
        match talk {
            Talk::Connected(turn, session) if turn == self.turn => {
                self.heard = ctx.elapsed();
                if session == 0 {
                    let old = self.session;
                    ctx.notable(|| Text::new("zk-told-expired").with("session", old));
                    self.expired += 1;
                    self.session = 0;
                    self.give_up();
                    self.connect(ctx);
                    return;
                }
                self.connected = true;
                if self.session == 0 {
                    self.session = session;
                    self.ask(Ask::Create, Step::Creating, ctx);
                } else {
                    // Whether its last request was done it does not know: it looks.
                    self.list(ctx);
                }
            }
            Talk::Refused(turn) if turn == self.turn || turn == u32::MAX => self.leave(ctx),
            Talk::Ping(zxid) if self.connected => {
                self.heard = ctx.elapsed();
                self.see(zxid);
            }
            Talk::Event(path, zxid) if self.connected => {
                self.heard = ctx.elapsed();
                self.events += 1;
                self.zxid = self.zxid.max(zxid);
                self.watches = None;
                if self.step == Step::Waiting {
                    self.list(ctx);
                }
                ctx.note(|| Text::new("zk-woken").with("child", u64::from(path.1)));
            }
            Talk::Answer(number, zxid, answer, children) if self.connected => {
                self.heard = ctx.elapsed();
                self.see(zxid);
                if number == self.asked {
                    self.answered(answer, &children, ctx);
                }
            }
            _ => {}
        }
    }

    fn give_up(&mut self) {
        self.child = None;
        self.holds = false;
        self.holding += 1;
        self.watches = None;
    }

    fn answered(&mut self, answer: u64, children: &[(u32, u64)], ctx: &mut Ctx<'_>) {
        match self.step {
            Step::Creating => self.list(ctx),
            Step::Leaving => {
                self.give_up();
                self.ask(Ask::Create, Step::Creating, ctx);
            }
            Step::Listing => {
                let own = children.iter().find(|(_, owner)| *owner == self.session);
                let Some((own, _)) = own.copied() else {
                    self.give_up();
                    self.ask(Ask::Create, Step::Creating, ctx);
                    return;
                };
                self.child = Some(own);
                let mut lower = children.iter().map(|(child, _)| *child).filter(|child| *child < own);
                let before = if self.config.herd { lower.next() } else { lower.next_back() };
                if let Some(before) = before {
                    self.watches = Some(((LOCK, before), 0));
                    self.ask(Ask::Exists(before), Step::Waiting, ctx);
                    return;
                }
                self.step = Step::Holding;
                if !std::mem::replace(&mut self.holds, true) {
                    self.held += 1;
                    self.holding += 1;
                    ctx.notable(|| Text::new("zk-holds").with("child", u64::from(own)));
                }
                if self.config.hold > 0 {
                    ctx.set_timer(self.config.hold, Timer::Hold(self.holding));
                }
            }
            Step::Waiting => {
                if answer == 0 {
                    // Gone already.
                    self.watches = None;
                    self.list(ctx);
                } else if let Some((_, since)) = &mut self.watches {
                    *since = self.zxid;
                }
            }
            Step::Away | Step::Holding => {}
        }
    }

    /// Closes its session: its child goes at once, and it begins anew with another one.
    pub(super) fn close(&mut self, ctx: &mut Ctx<'_>) -> bool {
        if !self.connected || self.session == 0 {
            return false;
        }
        self.ask(Ask::Close, Step::Away, ctx);
        self.session = 0;
        self.give_up();
        true
    }

    pub(super) fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_>) {
        if peer == self.server() {
            self.leave(ctx);
        }
    }

    pub(super) fn digest(&self) -> u64 {
        Digest::new()
            .add(self.session)
            .add(self.zxid)
            .add(self.number)
            .add(self.at as u64)
            .add(u64::from(self.turn) << 8 | (self.step as u64) << 1 | u64::from(self.holds))
            .add(self.child.map_or(0, |child| 1 + u64::from(child)))
            .add(self.events)
            .end()
    }
}
