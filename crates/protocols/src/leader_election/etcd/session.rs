//! A client that watches, and one that holds a lock by a lease and a transaction.
//!
//! etcd's documentation, "etcd API" (Watch API, Lease API), and "Why etcd", "Notes on the usage of lock and lease": the
//! lock is a key that is put with the holder's lease if it was never created, in one transaction; whoever comes too late
//! watches the key until it is deleted, by its holder or with its lease. The lease is kept alive each third of the time to
//! live that the answer names, and taken for lost once that has passed since the last answer, as the client library's
//! lessor does. A holder that pauses cannot know better. Who gives the lock back does not rely on it from then on.
//!
//! Like the library with `WithRequireLeader` it leaves a member that knows no leader, and goes on at the next one: a watch
//! from the revision after the last that it has seen. Where history is gone it begins anew from what there is.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::Text;

use super::message::{Etcd, Talk};
use super::server::{EtcdCtx, Timer as Any, say};
use super::store::{Done, Event, Kind};

/// The lock's key: `lock`.
pub const LOCK: u64 = 1 << 52 | 0x6c << 21 | 0x6f << 14 | 0x63 << 7 | 0x6b;

/// How often it asks whether the member is there, and after how long it tries another one.
const PING: Nanos = SECOND;
const SILENCE: Nanos = 3 * SECOND;
/// Before it connects to another member.
const PAUSE: Nanos = 200 * MILLISECOND;

/// Settings that all of them share.
#[derive(Clone, Debug)]
pub struct Config {
    /// The members.
    pub servers: Vec<NodeId>,
    /// Time to live of a lease, as asked for (ns).
    pub ttl: Nanos,
    /// The lock is held for so long (ns); 0: until the lease is lost.
    pub hold: Nanos,
}

/// Its timers.
#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// Is the member there?
    Ping,
    /// Connect to the next member, in this turn.
    Connect(u32),
    /// Keep this lease alive.
    KeepAlive(u64),
    /// By now this lease is lost unless it was renewed.
    Deadline(u64),
    /// The lock was held, or not wanted, for long enough since the how many-th change of that.
    Hold(u64),
}

/// How far a lock's client has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It only watches.
    Watching,
    /// Wants a lease.
    Granting,
    /// Tries to put the key.
    Acquiring,
    /// Waits until the key is deleted.
    Waiting,
    /// Holds the lock.
    Holding,
    /// Deletes the key.
    Releasing,
    /// Does not want the lock for a while.
    Resting,
}

/// What its watch was told last: for the invariants.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which one, in all lives.
    pub number: u64,
    /// It begins anew here.
    pub first: bool,
    /// What follows after this revision …
    pub after: u64,
    /// … up to this one …
    pub until: u64,
    /// … is this.
    pub events: Arc<[Event]>,
}

/// The client.
#[derive(Clone, Debug)]
pub struct Session {
    pub(super) config: Arc<Config>,
    /// What it watches; everything without a key.
    pub key: Option<u64>,
    at: usize,
    turn: u32,
    /// The last revision that it has seen everything of.
    pub revision: u64,
    heard: Nanos,
    begins: bool,
    number: u64,
    asked: Option<(u64, Kind, Nanos)>,
    /// How far it has come.
    pub step: Step,
    /// Its lease; 0 for none.
    pub lease: u64,
    /// Its time to live, as granted (ns).
    pub(super) ttl: Nanos,
    /// Until when it believes to have it (ns of `elapsed`).
    pub deadline: Nanos,
    /// It believes that it holds the lock.
    pub holds: bool,
    changes: u64,
    deleted: u64,
    tells: u64,
    /// Events told.
    pub events: u64,
    /// How often history was gone.
    pub compacted: u64,
    /// How often it held the lock.
    pub held: u64,
    /// Leases lost.
    pub lost: u64,
    /// What it was told in the present event.
    pub told: Option<Told>,
}

impl Session {
    /// The one with this index: it contends for the lock, or watches everything.
    #[must_use]
    pub fn new(index: usize, lock: bool, config: Arc<Config>) -> Self {
        Self {
            at: index % config.servers.len(),
            config,
            key: lock.then_some(LOCK),
            turn: 0,
            revision: 0,
            heard: 0,
            begins: true,
            number: 0,
            asked: None,
            step: if lock { Step::Granting } else { Step::Watching },
            lease: 0,
            ttl: 0,
            deadline: 0,
            holds: false,
            changes: 0,
            deleted: 0,
            tells: 0,
            events: 0,
            compacted: 0,
            held: 0,
            lost: 0,
            told: None,
        }
    }

    /// The member that it is connected to, or tries.
    #[must_use]
    pub fn server(&self) -> NodeId {
        self.config.servers[self.at]
    }

    fn say(&self, talk: Talk, ctx: &mut EtcdCtx<'_>) {
        say(self.server(), Etcd::Talk(talk), ctx);
    }

    pub(super) fn start(&mut self, ctx: &mut EtcdCtx<'_>) {
        // Numbers of different lives differ.
        self.number = u64::from(ctx.life() & 63) << 24;
        self.turn = (ctx.life() & 63) << 24;
        self.tells = u64::from(ctx.life()) << 32;
        self.connect(ctx);
        ctx.set_timer(PING, Any::Session(Timer::Ping));
    }

    /// Watches on, and asks again what was not answered.
    fn connect(&mut self, ctx: &mut EtcdCtx<'_>) {
        self.turn += 1;
        self.heard = ctx.elapsed();
        let from = if self.begins && self.revision == 0 { 0 } else { self.revision + 1 };
        self.say(Talk::Watch(self.turn, self.key, from), ctx);
        match self.step {
            Step::Granting => self.ask(Kind::Grant, ctx),
            Step::Acquiring => self.ask(Kind::Acquire, ctx),
            Step::Releasing => self.ask(Kind::Release, ctx),
            Step::Watching | Step::Waiting | Step::Holding | Step::Resting => {}
        }
        if self.lease > 0 {
            self.say(Talk::KeepAlive(self.lease), ctx);
        }
    }

    fn leave(&mut self, ctx: &mut EtcdCtx<'_>) {
        self.at = (self.at + 1) % self.config.servers.len();
        self.turn += 1;
        self.asked = None;
        self.heard = ctx.elapsed();
        ctx.set_timer(PAUSE, Any::Session(Timer::Connect(self.turn)));
    }

    fn ask(&mut self, kind: Kind, ctx: &mut EtcdCtx<'_>) {
        self.number += 1;
        self.asked = Some((self.number, kind, ctx.elapsed()));
        let about = if kind == Kind::Grant { self.config.ttl } else { self.lease };
        self.say(Talk::Ask(self.number, kind, about), ctx);
    }

    fn acquire(&mut self, ctx: &mut EtcdCtx<'_>) {
        self.step = Step::Acquiring;
        self.ask(Kind::Acquire, ctx);
    }

    /// The lock is held for a while, or left to others.
    fn hold(&mut self, step: Step, ctx: &mut EtcdCtx<'_>) {
        self.step = step;
        self.holds = step == Step::Holding;
        self.changes += 1;
        if self.config.hold > 0 {
            ctx.set_timer(self.config.hold, Any::Session(Timer::Hold(self.changes)));
        }
    }

    fn renewed(&mut self, ttl: Nanos, ctx: &mut EtcdCtx<'_>) {
        self.ttl = ttl;
        self.deadline = ctx.elapsed() + ttl;
        ctx.set_timer(ttl, Any::Session(Timer::Deadline(self.lease)));
    }

    fn keep_alive_later(&self, ctx: &mut EtcdCtx<'_>) {
        ctx.set_timer(self.ttl / 3, Any::Session(Timer::KeepAlive(self.lease)));
    }

    /// Its lease is gone, as far as it knows, and the lock with it.
    fn lose(&mut self, ctx: &mut EtcdCtx<'_>) {
        let (lease, held) = (self.lease, self.holds);
        ctx.notable(|| Text::new(if held { "etcd-loses" } else { "etcd-lease-lost" }).with("lease", lease));
        self.lost += 1;
        self.lease = 0;
        self.holds = false;
        self.changes += 1;
        self.step = Step::Granting;
        self.ask(Kind::Grant, ctx);
    }

    pub(super) fn timer(&mut self, timer: Timer, ctx: &mut EtcdCtx<'_>) {
        self.told = None;
        let now = ctx.elapsed();
        match timer {
            Timer::Ping => {
                let unanswered = self.asked.is_some_and(|(_, _, since)| now - since >= SILENCE);
                if unanswered || now.saturating_sub(self.heard) >= SILENCE {
                    self.leave(ctx);
                } else {
                    self.say(Talk::Progress(self.turn), ctx);
                }
                ctx.set_timer(PING, Any::Session(Timer::Ping));
            }
            Timer::Connect(turn) if turn == self.turn => self.connect(ctx),
            Timer::KeepAlive(lease) if lease == self.lease => {
                self.say(Talk::KeepAlive(lease), ctx);
                self.keep_alive_later(ctx);
            }
            Timer::Deadline(lease) if lease == self.lease && now >= self.deadline => self.lose(ctx),
            Timer::Hold(changes) if changes == self.changes => match self.step {
                Step::Holding => {
                    self.step = Step::Releasing;
                    self.holds = false;
                    self.ask(Kind::Release, ctx);
                }
                Step::Resting => self.acquire(ctx),
                _ => {}
            },
            _ => {}
        }
    }

    pub(super) fn receive(&mut self, from: NodeId, talk: Talk, ctx: &mut EtcdCtx<'_>) {
        self.told = None;
        if from != self.server() {
            return;
        }
        match talk {
            Talk::Answer(number, done, revision) => {
                if let Some((_, kind, _)) = self.asked.filter(|(asked, ..)| *asked == number) {
                    self.asked = None;
                    self.answered(kind, done, revision, ctx);
                }
            }
            Talk::Alive(lease, ttl) if lease == self.lease && lease > 0 => {
                if ttl > 0 {
                    self.renewed(ttl, ctx);
                } else {
                    self.lose(ctx);
                }
            }
            Talk::Events(turn, after, until, events) if turn == self.turn => {
                self.heard = ctx.elapsed();
                self.events_came(after, until, events, ctx);
            }
            Talk::Compacted(turn, revision) if turn == self.turn => {
                self.heard = ctx.elapsed();
                self.compacted += 1;
                let seen = self.revision;
                ctx.notable(|| Text::new("etcd-compacted").with("seen", seen).with("revision", revision));
                self.revision = revision - 1;
                self.begins = true;
                self.turn += 1;
                self.say(Talk::Watch(self.turn, self.key, revision), ctx);
                // It may have missed that the lock was given back.
                if self.step == Step::Waiting {
                    self.acquire(ctx);
                }
            }
            _ => {}
        }
    }

    fn events_came(&mut self, after: u64, until: u64, events: Arc<[Event]>, ctx: &mut EtcdCtx<'_>) {
        let first = std::mem::take(&mut self.begins);
        if !first && after != self.revision {
            // Something between was lost on the way: once more from there.
            self.connect(ctx);
            return;
        }
        self.revision = until;
        self.events += events.len() as u64;
        if let Some(event) = events.iter().rev().find(|event| event.key == LOCK && !event.put) {
            self.deleted = event.revision;
        }
        self.tells += 1;
        self.told = Some(Told { number: self.tells, first, after, until, events });
        if self.step == Step::Waiting
            && self.told.as_ref().is_some_and(|told| told.events.iter().any(|e| !e.put))
        {
            self.acquire(ctx);
        }
    }

    fn answered(&mut self, kind: Kind, done: Done, revision: u64, ctx: &mut EtcdCtx<'_>) {
        match (kind, self.step) {
            (Kind::Grant, Step::Granting) => {
                self.lease = done.found.unwrap_or(0);
                self.renewed(done.ttl, ctx);
                self.keep_alive_later(ctx);
                self.acquire(ctx);
            }
            // It may have had it before, and not have heard of it.
            (Kind::Acquire, Step::Acquiring) if done.ok || done.found == Some(self.lease) => {
                self.held += 1;
                ctx.notable(|| Text::new("etcd-holds").with("revision", revision));
                self.hold(Step::Holding, ctx);
            }
            (Kind::Acquire, Step::Acquiring) if done.found.is_none() => {
                // The key is free, but the lease is not there.
                self.lose(ctx);
            }
            (Kind::Acquire, Step::Acquiring) if self.deleted > revision => self.acquire(ctx),
            (Kind::Acquire, Step::Acquiring) => self.step = Step::Waiting,
            (Kind::Release, Step::Releasing) => self.hold(Step::Resting, ctx),
            _ => {}
        }
    }

    pub(super) fn connection_lost(&mut self, peer: NodeId, ctx: &mut EtcdCtx<'_>) {
        self.told = None;
        if peer == self.server() {
            self.leave(ctx);
        }
    }

    pub(super) fn digest(&self) -> u64 {
        Digest::new()
            .all([self.revision, self.number, self.lease, self.deadline, self.events])
            .add(u64::from(self.turn) << 8 | (self.step as u64) << 1 | u64::from(self.holds))
            .end()
    }
}
