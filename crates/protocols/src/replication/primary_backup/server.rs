//! The servers: what they say to each other, what is on their disks, and what they do.

use std::sync::Arc;

use netsplit_sim::digest::{self, Digest};
use netsplit_sim::history::{Cause, Function, Operation};
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId, Storage};
use netsplit_sim::small::{self, Map};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, Cell, ClusterView, Data, Detail, Item, Mark, NodeView, Text};

use super::invariants;
use crate::parts::chunked::Chunked;
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::{ClientTotals, Envelope, Overview};
use crate::parts::words;

const CELLS: usize = 8;
const BATCH: usize = 64;

/// A write in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Epoch of the primary that ordered it.
    pub epoch: u64,
    /// Whose it is.
    pub client: NodeId,
    /// The write.
    pub operation: Operation,
}

impl Entry {
    fn word(&self) -> u64 {
        digest::of(&[self.epoch, u64::from(self.client.0), self.operation.key, self.operation.value])
    }
}

/// What servers say to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Copy {
    /// From the primary: entries after so many; without entries, a heartbeat.
    Replicate {
        /// Its epoch.
        epoch: u64,
        /// How many entries come before these.
        after: u64,
        /// Epoch of the last one before.
        after_epoch: u64,
        /// The entries.
        entries: Arc<[Entry]>,
        /// How many entries the primary has in all.
        total: u64,
    },
    /// From a backup: how many entries it has on disk, and whether the last message fitted.
    Ack {
        /// Its epoch.
        epoch: u64,
        /// Entries on disk that agree with the primary's.
        stored: u64,
        /// The entries before the last message's did not agree: send earlier ones.
        gap: bool,
    },
}

impl Message for Copy {
    fn kind(&self) -> u8 {
        match self {
            Self::Replicate { entries, .. } if !entries.is_empty() => 0,
            Self::Replicate { .. } => 1,
            Self::Ack { .. } => 2,
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Replicate { epoch, after, after_epoch, entries, total } => Digest::new()
                .add(*epoch)
                .add(*after)
                .add(*after_epoch)
                .add(*total)
                .all(entries.iter().map(Entry::word))
                .end(),
            Self::Ack { epoch, stored, gap } => digest::of(&[*epoch, *stored, u64::from(*gap)]),
        }
    }
    fn bytes(&self) -> u32 {
        if let Self::Replicate { entries, .. } = self { 64 + 64 * entries.len() as u32 } else { 64 }
    }
}

/// What is on disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    epoch: u64,
    log: Chunked<Entry>,
}

/// One write to disk: the epoch; keep so many entries, then these.
#[derive(Clone, Debug)]
pub struct Write {
    epoch: u64,
    keep: u64,
    entries: Vec<Entry>,
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        self.epoch = write.epoch;
        self.log.truncate(write.keep as usize);
        self.log.extend(&write.entries);
    }
}

/// Timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The primary's heartbeat, in this epoch.
    Heartbeat(u64),
    /// A backup looks whether the primary is silent.
    Watch,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Backup {
    stored: u64,
    next: u64,
    sent: u64,
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) synchronous: bool,
    pub(super) heartbeat: Nanos,
    pub(super) failover: Nanos,
    pub(super) service: Nanos,
    pub(super) acks: usize,
    pub(super) me: NodeId,
    pub(super) peers: Vec<NodeId>,
    pub(super) epoch: u64,
    pub(super) primary: Option<NodeId>,
    pub(super) log: Chunked<Entry>,
    pub(super) values: Map<u64, u64>,
    /// Entries that were acknowledged to clients by this server.
    pub(super) acknowledged: Map<u64, Entry>,
    pub(super) durable: u64,
    pub(super) ticket: u64,
    pub(super) syncing: Vec<(u64, Sync)>,
    pub(super) backups: Map<u32, Backup>,
    pub(super) waiting: Map<u64, Request>,
    pub(super) heard: Nanos,
    pub(super) lost: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Sync {
    Own(u64, u64),
    Ack(NodeId, u64, u64),
}

/// What a log's writes leave behind.
fn values(log: &Chunked<Entry>) -> Map<u64, u64> {
    log.iter().map(|entry| (entry.operation.key, entry.operation.value)).collect()
}

impl Server {
    pub(super) fn is_primary(&self) -> bool {
        self.primary == Some(self.me)
    }

    fn save(&mut self, keep: u64, entries: &[Entry], then: Sync, ctx: &mut Ctx<'_, Self>) {
        // A full disk refuses: then nothing is acknowledged.
        if ctx.write(Write { epoch: self.epoch, keep, entries: entries.to_vec() }).is_ok() {
            self.ticket += 1;
            self.syncing.push((self.ticket, then));
            ctx.sync(self.ticket);
        }
    }

    fn promote(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.epoch = self.epoch.max(1) + u64::from(self.epoch > 0);
        self.primary = Some(self.me);
        self.durable = self.log.len() as u64;
        let next = self.durable + 1;
        self.backups =
            self.peers.iter().map(|peer| (peer.0, Backup { stored: 0, next, sent: next })).collect();
        let (epoch, keep) = (self.epoch, self.durable);
        ctx.notable(|| Text::new("pb-takes-over").with("epoch", epoch));
        self.save(keep, &[], Sync::Own(epoch, keep), ctx);
        self.beat(ctx);
    }

    fn beat(&mut self, ctx: &mut Ctx<'_, Self>) {
        for peer in self.peers.clone() {
            if let Some(backup) = self.backups.get_mut(&peer.0) {
                // What was sent a heartbeat ago and is not stored is sent again.
                if backup.stored + 1 < backup.sent {
                    backup.next = backup.stored + 1;
                }
                backup.sent = backup.next;
            }
            self.replicate(peer, ctx);
        }
        ctx.set_timer(self.heartbeat, Timer::Heartbeat(self.epoch));
    }

    fn replicate(&mut self, to: NodeId, ctx: &mut Ctx<'_, Self>) {
        let Some(backup) = self.backups.get_mut(&to.0) else { return };
        let from = (backup.next - 1) as usize;
        let until = self.log.len().min(from + BATCH);
        let entries: Arc<[Entry]> = self.log.slice(from, until).into();
        backup.next = until as u64 + 1;
        let after_epoch = if from == 0 { 0 } else { self.log.get(from - 1).map_or(0, |entry| entry.epoch) };
        let total = self.log.len() as u64;
        let message = Copy::Replicate { epoch: self.epoch, after: from as u64, after_epoch, entries, total };
        ctx.send(to, Envelope::Server(message));
    }

    fn request(&mut self, request: Request, ctx: &mut Ctx<'_, Self>) {
        if !self.is_primary() {
            let answer = match self.primary {
                Some(primary) => Answer::Redirect(Some(primary)),
                None => Answer::Refused(Cause::Unavailable),
            };
            return reply(&request, answer, ctx);
        }
        let op = request.operation;
        match op.function {
            Function::Read | Function::Call => {
                reply(&request, Answer::Ok(self.values.get(&op.key).copied()), ctx);
            }
            Function::Cas => reply(&request, Answer::Refused(Cause::Unavailable), ctx),
            Function::Write => {
                let entry = Entry { epoch: self.epoch, client: request.client, operation: op };
                let keep = self.log.len() as u64;
                self.log.push(entry);
                self.values.insert(op.key, op.value);
                self.waiting.insert(keep + 1, request);
                self.save(keep, &[entry], Sync::Own(self.epoch, keep + 1), ctx);
                for peer in self.peers.clone() {
                    self.replicate(peer, ctx);
                }
            }
        }
    }

    /// Answers every write that is stored where it must be.
    fn acknowledge(&mut self, ctx: &mut Ctx<'_, Self>) {
        let mut safe = self.durable;
        let needed = self.acks.min(self.peers.len());
        if self.synchronous && needed > 0 {
            let mut stored: Vec<u64> = self.backups.values().map(|backup| backup.stored).collect();
            small::sort(&mut stored);
            safe = safe.min(stored[stored.len() - needed]);
        }
        let later = self.waiting.split_off(&(safe + 1));
        for (index, request) in std::mem::replace(&mut self.waiting, later) {
            if let Some(entry) = self.log.get(index as usize - 1) {
                self.acknowledged.insert(index, *entry);
            }
            reply(&request, Answer::Ok(None), ctx);
        }
    }

    fn follow(&mut self, primary: NodeId, epoch: u64, ctx: &mut Ctx<'_, Self>) {
        if self.is_primary() {
            ctx.notable(|| Text::new("pb-steps-down").with("primary", primary).with("epoch", epoch));
        }
        self.epoch = epoch;
        self.primary = Some(primary);
        self.backups.clear();
        self.waiting.clear();
    }

    fn replicated(
        &mut self,
        from: NodeId,
        after: u64,
        after_epoch: u64,
        entries: &[Entry],
        total: u64,
        ctx: &mut Ctx<'_, Self>,
    ) {
        self.heard = ctx.elapsed();
        let have = self.log.len() as u64;
        let agrees = after == 0
            || (after <= have
                && self.log.get(after as usize - 1).map_or(0, |entry| entry.epoch) == after_epoch);
        if !agrees {
            let stored = have.min(after.saturating_sub(BATCH as u64 / 2));
            return ctx.send(from, Envelope::Server(Copy::Ack { epoch: self.epoch, stored, gap: true }));
        }
        let same =
            entries.iter().enumerate().take_while(|(i, e)| self.log.get(after as usize + i) == Some(e));
        let keep = after + same.count() as u64;
        let new = &entries[(keep - after) as usize..];
        let end = after + entries.len() as u64;
        // What goes beyond all that a new primary has was never in its log. A late message of the same one
        // may know less: its own epoch's entries stay.
        let beyond = end == total
            && have > end
            && self.log.get(end as usize).is_some_and(|entry| entry.epoch < self.epoch);
        if new.is_empty() && !beyond {
            let ack = Sync::Ack(from, self.epoch, end);
            return if self.syncing.is_empty() { self.run(ack, ctx) } else { self.after_sync(ack, ctx) };
        }
        self.give_up(keep, ctx);
        self.log.truncate(keep as usize);
        self.log.extend(new);
        if keep < have {
            self.values = values(&self.log);
        } else {
            for entry in new {
                self.values.insert(entry.operation.key, entry.operation.value);
            }
        }
        self.save(keep, new, Sync::Ack(from, self.epoch, end), ctx);
    }

    fn after_sync(&mut self, then: Sync, ctx: &mut Ctx<'_, Self>) {
        self.ticket += 1;
        self.syncing.push((self.ticket, then));
        ctx.sync(self.ticket);
    }

    /// Names each acknowledged write that is given up.
    fn give_up(&mut self, keep: u64, ctx: &mut Ctx<'_, Self>) {
        for (_, entry) in self.acknowledged.split_off(&(keep + 1)) {
            self.lost += 1;
            ctx.notable(|| {
                Text::new("pb-lost-write")
                    .with("client", entry.client)
                    .with("key", entry.operation.key)
                    .with("number", entry.operation.number + 1)
            });
        }
    }

    fn run(&mut self, then: Sync, ctx: &mut Ctx<'_, Self>) {
        match then {
            Sync::Own(epoch, index) => {
                if epoch == self.epoch && self.is_primary() {
                    self.durable = self.durable.max(index);
                    self.acknowledge(ctx);
                }
            }
            Sync::Ack(to, epoch, stored) => {
                if epoch == self.epoch {
                    ctx.send(to, Envelope::Server(Copy::Ack { epoch, stored, gap: false }));
                }
            }
        }
    }

    fn handle(&mut self, from: NodeId, message: Copy, ctx: &mut Ctx<'_, Self>) {
        match message {
            Copy::Replicate { epoch, after, after_epoch, entries, total } => {
                // Of two primaries of one epoch the first in line wins: a rule, not an agreement.
                let theirs = (epoch, std::cmp::Reverse(from.0));
                let mine = (self.epoch, std::cmp::Reverse(self.primary.map_or(u32::MAX, |p| p.0)));
                if theirs < mine {
                    // The old primary learns that it is one.
                    let ack = Copy::Ack { epoch: self.epoch, stored: 0, gap: true };
                    return ctx.send(from, Envelope::Server(ack));
                }
                if theirs > mine {
                    self.follow(from, epoch, ctx);
                }
                self.replicated(from, after, after_epoch, &entries, total, ctx);
            }
            Copy::Ack { epoch, stored, gap } => {
                if !self.is_primary() || epoch != self.epoch {
                    return;
                }
                let end = self.log.len() as u64;
                let Some(backup) = self.backups.get_mut(&from.0) else { return };
                if gap {
                    backup.next = (stored + 1).max(backup.stored + 1).min(backup.next);
                } else {
                    backup.stored = backup.stored.max(stored);
                    backup.next = backup.next.max(stored + 1);
                }
                if backup.next <= end {
                    self.replicate(from, ctx);
                }
                self.acknowledge(ctx);
            }
        }
    }

    /// How long this server waits before it takes over: its place among the others.
    fn patience(&self) -> Nanos {
        let line: Vec<NodeId> = {
            let mut all = self.peers.clone();
            all.push(self.me);
            small::sort(&mut all);
            all.into_iter().filter(|node| Some(*node) != self.primary).collect()
        };
        let place = line.iter().position(|node| *node == self.me).unwrap_or(0) as u64;
        self.failover.saturating_mul(place + 1)
    }
}

fn reply(request: &Request, answer: Answer, ctx: &mut Ctx<'_, Server>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}

impl Node for Server {
    type Message = Envelope<Copy>;
    type Timer = Timer;
    type Disk = Disk;
    type Watch = invariants::Invariants;

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        self.epoch = disk.epoch;
        self.log = disk.log.clone();
        self.values = values(&self.log);
        if ctx.life() == 0 && self.me.0 == 0 {
            self.promote(ctx);
        } else if ctx.life() == 0 {
            self.primary = Some(NodeId(0));
        }
        ctx.set_timer(self.heartbeat, Timer::Watch);
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Copy>, ctx: &mut Ctx<'_, Self>) {
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(request, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(message) => self.handle(from, message, ctx),
        }
    }

    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match timer {
            Timer::Heartbeat(epoch) => {
                if epoch == self.epoch && self.is_primary() {
                    self.beat(ctx);
                }
            }
            Timer::Watch => {
                if !self.is_primary() && ctx.elapsed().saturating_sub(self.heard) >= self.patience() {
                    self.promote(ctx);
                }
                ctx.set_timer(self.heartbeat.min(self.failover), Timer::Watch);
            }
        }
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        let at = self.syncing.partition_point(|(number, _)| *number <= ticket);
        let done: Vec<Sync> = self.syncing.drain(..at).map(|(_, then)| then).collect();
        for then in done {
            self.run(then, ctx);
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Copy>) -> Nanos {
        self.service
    }

    fn heap(&self) -> usize {
        // In memory and on disk.
        2 * self.log.heap() + 16 * self.values.len() + self.acknowledged.len() * size_of::<(u64, Entry)>()
    }
    fn digest(&self) -> u64 {
        Digest::new()
            .add(self.epoch)
            .add(self.log.len() as u64)
            .add(self.durable)
            .add(self.lost)
            .all(self.log.iter().rev().take(64).map(Entry::word))
            .end()
    }

    fn observe(&self, _: &Look, detail: Detail) -> NodeView {
        let role = if self.is_primary() { "role-primary" } else { "role-backup" };
        let mut view = NodeView::new(Body::Ring, role);
        view.mark = if self.is_primary() { Mark::Leader } else { Mark::None };
        view.hue = self.epoch as u32;
        if detail == Detail::Dot {
            return view;
        }
        view.caption = format!("epoch {}", self.epoch);
        let first = self.log.len().saturating_sub(CELLS);
        let safe = self.log.len() as u64 - self.waiting.len() as u64;
        let cells = self.log.iter().enumerate().skip(first).map(|(at, entry)| Cell {
            label: entry.epoch.to_string(),
            hue: entry.epoch as u32,
            solid: !self.is_primary() || (at as u64) < safe,
        });
        view.items.push(Item::Cells("log", cells.collect()));
        view.items.push(Item::Fact("writes", self.log.len().to_string()));
        view.items.push(Item::Fact("acknowledged writes lost", self.lost.to_string()));
        if detail == Detail::Full {
            let rows = self.backups.iter().map(|(peer, b)| (*peer, format!("{} stored", b.stored), 0));
            view.items.push(Item::Matrix("backups", rows.collect()));
            let rows = self.values.iter().map(|(key, value)| (words::key(*key), words::value(*value), 0));
            view.items.push(Item::Table("values", rows.collect()));
        }
        view
    }
}

impl Overview for Server {
    fn overview(servers: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        let mut view = ClusterView::default();
        for (at, server) in servers {
            if server.is_primary() && up[*at] {
                view.bands.push((
                    "primaries",
                    format!("n{}, epoch {}", at + 1, server.epoch),
                    server.epoch as u32,
                ));
            }
        }
        let most = servers.iter().map(|(_, server)| server.log.len()).max().unwrap_or(0);
        let least = servers.iter().map(|(_, server)| server.log.len()).min().unwrap_or(0);
        let lost: u64 = servers.iter().map(|(_, server)| server.lost).sum();
        view.values = vec![
            ("primaries", view.bands.len() as f64),
            ("lag", (most - least) as f64),
            ("lost_writes", lost as f64),
        ];
        view
    }

    fn data(servers: &[(usize, &Self)], up: &[bool]) -> Data {
        invariants::data(servers, up)
    }
}
