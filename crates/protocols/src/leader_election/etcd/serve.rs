//! Reads and watches.
//!
//! A linearizable read ("etcd API guarantees") needs no entry of the log: the member that was asked learns from its leader
//! up to which index everything is committed, and the leader confirms by a round of heartbeats that it still leads; once
//! the member has applied that much, it answers from its own state (ReadIndex; `linearizableReadLoop` of
//! `server/etcdserver/v3_server.go`: one question at a time, all reads that arrive meanwhile share the next). A
//! serializable read is answered at once, and may be old.
//!
//! A watch ("etcd API guarantees", Watch APIs) gets all events from a revision on, in order, none twice and none left
//! out; it may be resumed at any member from the last revision seen. Where history is compacted beyond that it is
//! cancelled, with the revision from which on there is history.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::history::Cause;
use netsplit_sim::small::Map;
use netsplit_sim::time::Nanos;

use super::lessor::Keep;
use super::message::{Etcd, Talk};
use super::server::{Broken, Deed, EtcdCtx, Server, TICK, reply, say, within};
use super::store::Event;
use crate::parts::client::{Answer, Request};

/// What hangs on a leader's knowing that it leads.
#[derive(Clone, Copy, Debug)]
pub enum Asking {
    /// A member's question, by its number.
    Index(NodeId, u64),
    /// A lease that is to be kept alive.
    Keep(Keep),
}

/// Reads that wait.
#[derive(Clone, Debug, Default)]
pub struct Reads {
    /// For the next question.
    queued: Vec<(Nanos, Request)>,
    /// For the answer to the present one.
    asked: Vec<(Nanos, Request)>,
    /// The present question's number, and its answer.
    current: Option<(u64, Option<u64>)>,
    sent: Nanos,
    count: u64,
    /// What the log is asked for, by its numbers.
    whose: Map<u64, Asking>,
    numbers: u64,
}

impl Reads {
    /// The number before the first one.
    pub(super) fn number_from(&mut self, number: u64) {
        self.count = number;
    }

    /// The leader's answer to a question.
    pub(super) fn indexed(&mut self, number: u64, index: u64) {
        if let Some((asked, answer @ None)) = &mut self.current
            && *asked == number
        {
            *answer = Some(index);
        }
    }

    /// Reads that wait.
    pub(super) fn len(&self) -> usize {
        self.queued.len() + self.asked.len()
    }
}

/// A client's watch.
#[derive(Clone, Debug)]
pub struct Watcher {
    client: NodeId,
    turn: u32,
    key: Option<u64>,
    /// The first revision that has not been looked at for it.
    next: u64,
    /// Up to which revision its client was told everything.
    told: u64,
}

impl Server {
    /// A client gets a key.
    pub(super) fn get(&mut self, request: Request, ctx: &mut EtcdCtx<'_>) {
        if self.config.serializable {
            self.answer(&request, ctx);
            return;
        }
        self.deeds.push(Deed::Asked(request.client, request.operation.number));
        if self.config.broken == Broken::NoReadIndex {
            self.answer(&request, ctx);
            return;
        }
        self.reads.queued.push((ctx.elapsed(), request));
        self.next_question(ctx);
    }

    fn answer(&mut self, request: &Request, ctx: &mut EtcdCtx<'_>) {
        if !self.config.serializable {
            let (client, number) = (request.client, request.operation.number);
            self.deeds.push(Deed::Answered(client, number, self.store.revision));
        }
        reply(request, Answer::Ok(self.store.get(request.operation.key)), ctx);
    }

    fn next_question(&mut self, ctx: &mut EtcdCtx<'_>) {
        if self.reads.current.is_none() && !self.reads.queued.is_empty() {
            self.reads.asked = std::mem::take(&mut self.reads.queued);
            self.reads.count += 1;
            self.reads.current = Some((self.reads.count, None));
            self.question(ctx);
        }
    }

    /// Asks the leader, if one is known.
    fn question(&mut self, ctx: &mut EtcdCtx<'_>) {
        self.reads.sent = ctx.elapsed();
        let number = self.reads.count;
        if self.leads() {
            self.confirm(Asking::Index(self.replica.me(), number), ctx);
        } else if let Some(leader) = self.replica.leader {
            say(leader, Etcd::ReadIndex(number), ctx);
        }
    }

    /// A leader finds out up to where everything is committed, and that it leads.
    pub(super) fn confirm(&mut self, asking: Asking, ctx: &mut EtcdCtx<'_>) {
        self.reads.numbers += 1;
        let read = self.reads.numbers;
        self.reads.whose.insert(read, asking);
        within(ctx, |ctx| self.replica.read(read, ctx));
    }

    /// Answers the reads that may be answered now.
    pub(super) fn settle_reads(&mut self, ctx: &mut EtcdCtx<'_>) {
        if !self.leads() {
            self.reads.whose.clear();
        }
        for read in std::mem::take(&mut self.replica.ready) {
            match self.reads.whose.remove(&read) {
                Some(Asking::Index(member, number)) if member == self.replica.me() => {
                    self.reads.indexed(number, self.replica.commit);
                }
                Some(Asking::Index(member, number)) => {
                    say(member, Etcd::ReadIndexed(number, self.replica.commit), ctx);
                }
                Some(Asking::Keep(keep)) => self.renew_for(keep, ctx),
                None => {}
            }
        }
        if let Some((_, Some(index))) = self.reads.current
            && index <= self.applied
        {
            self.reads.current = None;
            for (_, request) in std::mem::take(&mut self.reads.asked) {
                self.answer(&request, ctx);
            }
            self.next_question(ctx);
        }
    }

    /// Asks again where the leader has not answered, and gives up reads that have waited too long.
    pub(super) fn read_again(&mut self, ctx: &mut EtcdCtx<'_>) {
        let (now, patience) = (ctx.elapsed(), self.config.patience());
        let late = |since: Nanos| now.saturating_sub(since) > patience;
        for list in [&mut self.reads.queued, &mut self.reads.asked] {
            for (_, request) in list.iter().filter(|(since, _)| late(*since)) {
                reply(request, Answer::Refused(Cause::Unavailable), ctx);
            }
            list.retain(|(since, _)| !late(*since));
        }
        if let Some((_, None)) = self.reads.current {
            if self.reads.asked.is_empty() {
                self.reads.current = None;
                self.next_question(ctx);
            } else if now.saturating_sub(self.reads.sent) >= TICK {
                self.question(ctx);
            }
        }
    }

    /// A client watches from a revision on, or from now on.
    pub(super) fn watch(
        &mut self,
        client: NodeId,
        turn: u32,
        key: Option<u64>,
        start: u64,
        ctx: &mut EtcdCtx<'_>,
    ) {
        self.watchers.retain(|watcher| watcher.client != client);
        let now = self.store.revision;
        let forgets = self.config.broken == Broken::WatchForgets;
        let next = if start == 0 || forgets { now + 1 } else { start };
        let told = if start == 0 { now } else { start - 1 };
        self.watchers.push(Watcher { client, turn, key, next, told });
        self.tell(self.watchers.len() - 1, true, ctx);
    }

    /// Says how far a watch is, where the member is not cut off from its leader.
    pub(super) fn progress(&mut self, client: NodeId, turn: u32, ctx: &mut EtcdCtx<'_>) {
        let of = |watcher: &Watcher| watcher.client == client && watcher.turn == turn;
        if let (Some(at), Some(_)) = (self.watchers.iter().position(of), self.replica.leader) {
            self.tell(at, true, ctx);
        }
    }

    /// Tells every watcher what is new to it.
    pub(super) fn notify(&mut self, ctx: &mut EtcdCtx<'_>) {
        if self.notified == self.store.revision {
            return;
        }
        self.notified = self.store.revision;
        for at in (0..self.watchers.len()).rev() {
            self.tell(at, false, ctx);
        }
    }

    fn tell(&mut self, at: usize, always: bool, ctx: &mut EtcdCtx<'_>) {
        let watcher = &mut self.watchers[at];
        if watcher.next < self.store.compacted {
            let gone = Talk::Compacted(watcher.turn, self.store.compacted);
            say(watcher.client, Etcd::Talk(gone), ctx);
            self.watchers.remove(at);
            return;
        }
        let wanted = |event: &&Event| watcher.key.is_none_or(|key| key == event.key);
        let events: Arc<[Event]> = self.store.since(watcher.next).filter(wanted).copied().collect();
        watcher.next = watcher.next.max(self.store.revision + 1);
        if always || !events.is_empty() {
            let until = self.store.revision.max(watcher.told);
            let after = std::mem::replace(&mut watcher.told, until);
            say(watcher.client, Etcd::Talk(Talk::Events(watcher.turn, after, until, events)), ctx);
        }
    }
}
