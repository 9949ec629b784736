//! A server's disk: what it keeps there, and what waits until that is durable.

use std::sync::Arc;

use netsplit_sim::node::Storage;

use super::config::Broken;
use super::message::{Role, Txn, Zab, epoch};
use super::server::{Server, ZkCtx};
use super::tree::Tree;
use crate::parts::chunked::Chunked;

/// What a server keeps on disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// The last epoch accepted (the paper's f.p).
    pub accepted: u64,
    /// The epoch of the last leader with which it was in sync (f.a).
    pub current: u64,
    /// The last snapshot: the state up to some zxid.
    pub base: Arc<Tree>,
    /// Transactions after it.
    pub log: Chunked<Txn>,
}

/// One write.
#[derive(Clone, Debug)]
pub enum Write {
    /// Accepted and current epoch.
    Epochs(u64, u64),
    /// Keep so many transactions, then append these.
    Log(u32, Arc<[Txn]>),
    /// A snapshot, and the transactions after it.
    Snapshot(Arc<Tree>, Arc<[Txn]>),
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        match write {
            Write::Epochs(accepted, current) => (self.accepted, self.current) = (accepted, current),
            Write::Log(keep, txns) => {
                self.log.truncate(keep as usize);
                self.log.extend(&txns);
            }
            Write::Snapshot(base, txns) => {
                self.base = base;
                self.log = Chunked::default();
                self.log.extend(&txns);
            }
        }
    }
}

/// What waits until the writes before it are durable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// An acknowledgement on this connection to the leader.
    Ack(u64, u64),
    /// The acceptance of its epoch, and whether it counts.
    AckEpoch(u64, bool),
    /// A leader's own acceptance of its epoch.
    OwnEpoch(u64),
    /// Its own entry into it.
    OwnNewLeader(u64),
    /// Its own transaction.
    OwnAck(u64),
}

/// Writes that wait for room, and effects that wait for syncs.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    unsaved: Vec<Write>,
    dirty: bool,
    ticket: u64,
    synced: u64,
    waiting: Vec<(u64, Effect)>,
}

impl Server {
    pub(super) fn save_epochs(&mut self, ctx: &mut ZkCtx<'_>) {
        self.save(Write::Epochs(self.accepted, self.current), ctx);
    }

    pub(super) fn save_log(&mut self, keep: usize, txns: Arc<[Txn]>, ctx: &mut ZkCtx<'_>) {
        self.save(Write::Log(keep as u32, txns), ctx);
    }

    pub(super) fn save(&mut self, write: Write, ctx: &mut ZkCtx<'_>) {
        self.pending.unsaved.push(write);
        self.flush(ctx);
    }

    /// A full disk keeps writes waiting, in their order, and everything that depends on them.
    pub(super) fn flush(&mut self, ctx: &mut ZkCtx<'_>) {
        while let Some(write) = self.pending.unsaved.first() {
            if ctx.write(write.clone()).is_err() {
                return;
            }
            self.pending.unsaved.remove(0);
            self.pending.dirty = true;
        }
    }

    pub(super) fn when_durable(&mut self, effect: Effect, ctx: &mut ZkCtx<'_>) {
        if self.config.broken == Broken::Sync {
            self.sync(ctx);
            self.run(effect, ctx);
            return;
        }
        let clean = !self.pending.dirty && self.pending.unsaved.is_empty();
        let needed = self.pending.ticket + u64::from(!clean);
        self.sync(ctx);
        if needed <= self.pending.synced {
            self.run(effect, ctx);
        } else {
            self.pending.waiting.push((needed, effect));
        }
    }

    pub(super) fn sync(&mut self, ctx: &mut ZkCtx<'_>) {
        if self.pending.dirty && self.pending.unsaved.is_empty() {
            self.pending.dirty = false;
            self.pending.ticket += 1;
            ctx.sync(self.pending.ticket);
        }
    }

    pub(super) fn synced(&mut self, ticket: u64, ctx: &mut ZkCtx<'_>) {
        self.pending.synced = self.pending.synced.max(ticket);
        let at = self.pending.waiting.partition_point(|(needed, _)| *needed <= ticket);
        let rest = self.pending.waiting.split_off(at);
        for (_, effect) in std::mem::replace(&mut self.pending.waiting, rest) {
            self.run(effect, ctx);
        }
    }

    fn run(&mut self, effect: Effect, ctx: &mut ZkCtx<'_>) {
        match effect {
            Effect::Ack(link, zxid) if self.is_on(link) => self.up(Zab::Ack(zxid), ctx),
            Effect::AckEpoch(link, counts) if self.is_on(link) => {
                self.up(Zab::AckEpoch(self.current, self.last(), counts), ctx);
            }
            Effect::OwnEpoch(epoch) if self.prepares(epoch) => self.announce(ctx),
            Effect::OwnNewLeader(epoch) if self.prepares(epoch) => {
                self.leading.entered = true;
                self.establish(ctx);
            }
            Effect::OwnAck(zxid) if self.prepares(epoch(zxid)) => {
                self.leading.durable = self.leading.durable.max(zxid);
                self.advance(ctx);
            }
            _ => {}
        }
    }

    fn is_on(&self, link: u64) -> bool {
        self.role == Role::Following && self.following.link == link
    }

    fn prepares(&self, epoch: u64) -> bool {
        self.role == Role::Leading && self.leading.epoch == epoch
    }

    /// Committed transactions beyond what is kept go into the snapshot.
    pub(super) fn fold(&mut self, ctx: &mut ZkCtx<'_>) {
        let committed = self.place(self.tree.zxid);
        if committed < 2 * self.config.kept {
            return;
        }
        let goes = committed - self.config.kept;
        let mut base = (*self.base).clone();
        for txn in self.log.slice(0, goes) {
            base.apply(&txn);
        }
        let rest = self.log.slice(goes, self.log.len());
        self.base = Arc::new(base);
        self.log = Chunked::default();
        self.log.extend(&rest);
        self.save(Write::Snapshot(Arc::clone(&self.base), rest.into()), ctx);
    }
}
