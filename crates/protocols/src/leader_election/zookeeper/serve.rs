//! A server and its clients: reads from its own state, writes through the leader, watches, sessions.
//!
//! Hunt, Konar, Junqueira and Reed, "ZooKeeper: Wait-free coordination for Internet-scale systems", 2010: section 2.3 for
//! the guarantees (linearizable writes, FIFO client order; a notification comes before the new state), section 4.4 for
//! `sync`, pings and sessions, and for the zxid in each answer: a server refuses a client that has seen more than it has.
//!
//! Compare and set is what a client makes of getData, which gives data and version, and of setData with that version,
//! which is BadVersion if it is another by then. Its server takes both steps for it; the second has its place among the
//! writes, and the first is a read like others: what it finds different may be old.
//!
//! The workload's clients need of a session only its order: their requests say the highest zxid seen and are answered in
//! the order in which they came. Contenders have whole sessions.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::history::{Cause, Function};
use netsplit_sim::small::{Map, Set};
use netsplit_sim::view::Text;

use super::config::{Broken, Reads};
use super::contender::LOCK;
use super::message::{Role, Txn, Zab, Zk};
use super::server::{Server, ZkCtx};
use super::talk::{Ask, Talk};
use super::tree::{ANY, Change, NEVER, Path};
use crate::parts::client::{Answer, ClientMessage, Reply, Request};
use crate::parts::host::Envelope;

/// In the number of a comparison's second request. Numbers of clients have 32 bits.
const SWAP: u64 = 1 << 32;

/// What a request wants when its turn has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Read(u64),
    /// If this key's znode has this data, other data: key, expected, new.
    Compare(u64, u64, u64),
    /// Its answer: whether it had.
    Compared,
    Done,
    Children,
    Exists(u32),
    Session(u32),
}

/// A request in its client's line.
#[derive(Clone, Copy, Debug)]
struct Item {
    number: u64,
    attempt: u32,
    want: Want,
    /// The highest zxid that its client had seen.
    seen: u64,
    /// Its write, or `sync`, is done.
    ready: bool,
    answer: u64,
}

/// A client's requests, in order.
#[derive(Clone, Debug, Default)]
struct Line {
    items: Vec<Item>,
    /// Its session; 0 where it has none.
    session: u64,
    contender: bool,
}

/// What a server knows of its clients.
#[derive(Clone, Debug, Default)]
pub(super) struct Clients {
    lines: Map<u32, Line>,
    /// One-shot watches, in the order in which they were set.
    watches: Vec<(Path, NodeId)>,
    heard: Set<u64>,
    /// Events that its clients are told with the next tick, if it is broken.
    late: Vec<(NodeId, Path, u64)>,
    /// It answered a client out of an older state than that had seen: never, unless it is broken.
    pub regressed: bool,
}

impl Clients {
    /// Sessions heard of since the last time.
    pub(super) fn touched(&mut self) -> Arc<[u64]> {
        let heard = std::mem::take(&mut self.heard);
        heard.keys().copied().collect()
    }

    /// Number of sessions here, and of watches.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.lines.values().filter(|line| line.session > 0).count(), self.watches.len())
    }
}

impl Server {
    /// A request of the workload.
    pub(super) fn request(&mut self, request: &Request, ctx: &mut ZkCtx<'_>) {
        let operation = request.operation;
        let behind = self.behind(request.session);
        if !self.serving || behind {
            if self.serving {
                let client = request.client;
                ctx.note(|| Text::new("zk-refuses-client").with("client", client));
            }
            self.reply(request.client, operation.number, request.attempt, Answer::Redirect(None), ctx);
            return;
        }
        let (key, value) = (operation.key, operation.value);
        let before = (self.config.reads == Reads::Write).then_some(Change::Nothing);
        let (want, change) = match operation.function {
            Function::Read => (Want::Read(key), before),
            Function::Cas => (Want::Compare(key, operation.expected, value), before),
            Function::Write => (Want::Done, Some(Change::Set(key, value))),
            Function::Call => {
                let answer = Answer::Refused(Cause::Error);
                self.reply(request.client, operation.number, request.attempt, answer, ctx);
                return;
            }
        };
        let line = self.clients.lines.slot(request.client.0, Line::default);
        if let Some(item) = line.items.iter_mut().find(|item| item.number & !SWAP == operation.number) {
            item.attempt = request.attempt;
            return;
        }
        let syncs = operation.function != Function::Write && self.config.reads == Reads::Sync;
        let known = change.and_then(|_| self.tree.done(request.client, operation.number));
        let ready = known.is_some() || (change.is_none() && !syncs);
        line.items.push(Item {
            number: operation.number,
            attempt: request.attempt,
            want,
            seen: request.session,
            ready,
            answer: known.unwrap_or(0),
        });
        if ready {
            self.drain(request.client, ctx);
        } else if let Some(change) = change {
            self.forward(request.client, operation.number, change, ctx);
        } else if self.role == Role::Leading {
            self.sync_for(self.me, request.client, operation.number, ctx);
        } else {
            self.up(Zab::Sync(request.client, operation.number), ctx);
        }
    }

    /// Whether a client has seen more than this server has.
    fn behind(&self, seen: u64) -> bool {
        seen > self.tree.zxid && self.config.broken != Broken::Seen
    }

    /// To the leader, or its own business.
    fn forward(&mut self, client: NodeId, number: u64, change: Change, ctx: &mut ZkCtx<'_>) {
        if self.role == Role::Leading {
            self.propose(self.me, client, number, change, ctx);
        } else {
            self.up(Zab::Request(client, number, change), ctx);
        }
    }

    fn reply(&self, client: NodeId, number: u64, attempt: u32, answer: Answer, ctx: &mut ZkCtx<'_>) {
        let session = if matches!(answer, Answer::Ok(_)) { self.tree.zxid } else { 0 };
        let reply = Reply { number: number & !SWAP, attempt, answer, session };
        ctx.send(client, Envelope::Client(ClientMessage::Reply(reply)));
    }

    fn say(client: NodeId, talk: Talk, ctx: &mut ZkCtx<'_>) {
        ctx.send(client, Envelope::Server(Zk::Talk(talk)));
    }

    /// A request's write or `sync` is done.
    pub(super) fn ready(&mut self, client: NodeId, number: u64, answer: u64, ctx: &mut ZkCtx<'_>) {
        let line = self.clients.lines.get_mut(&client.0);
        let item = line.and_then(|line| line.items.iter_mut().find(|item| item.number == number));
        if let Some(item) = item {
            (item.ready, item.answer) = (true, answer);
            self.drain(client, ctx);
        }
    }

    /// A request will not be done: whoever still waits for it will not be answered here. A session whose client is here
    /// after all (it was renewed at another server too late) has to connect anew (FinalRequestProcessor.java).
    pub(super) fn moved(&mut self, client: NodeId, number: u64, ctx: &mut ZkCtx<'_>) {
        let Some(line) = self.clients.lines.get_mut(&client.0) else { return };
        let all = line.items.len();
        line.items.retain(|item| item.number != number);
        if line.contender && line.items.len() < all {
            Self::say(client, Talk::Refused(u32::MAX), ctx);
            self.forget(client);
        } else {
            self.drain(client, ctx);
        }
    }

    /// Answers a client's requests from the front of its line, as far as they are ready.
    fn drain(&mut self, client: NodeId, ctx: &mut ZkCtx<'_>) {
        while let Some(line) = self.clients.lines.get_mut(&client.0) {
            let Some(mut item) = line.items.first().copied().filter(|item| item.ready) else { return };
            if let Want::Compare(key, expected, new) = item.want {
                item.want = Want::Compared;
                let (held, version) = self.tree.held(key);
                let number = item.number | SWAP;
                let done = self.tree.done(client, number);
                // Where an earlier attempt may be under way, its answer or that it comes too late is in the order.
                if done.is_none() && (held == expected || item.attempt > 0) {
                    let any = self.config.broken == Broken::Version;
                    let version = if any { ANY } else { version };
                    let version = if held == expected { version } else { NEVER };
                    line.items[0] = Item { number, ready: false, ..item };
                    self.forward(client, number, Change::SetIf(key, new, version), ctx);
                    return;
                }
                item.answer = done.unwrap_or(0);
            }
            line.items.remove(0);
            if line.contender {
                self.answer(client, item, ctx);
            } else {
                self.clients.regressed |= item.seen > self.tree.zxid;
                let value = match item.want {
                    Want::Read(key) => self.tree.get(key),
                    Want::Compared => Some(item.answer),
                    _ => None,
                };
                self.reply(client, item.number, item.attempt, Answer::Ok(value), ctx);
            }
        }
    }

    fn answer(&mut self, client: NodeId, item: Item, ctx: &mut ZkCtx<'_>) {
        let mut answer = item.answer;
        let mut children: Vec<(u32, u64)> = Vec::new();
        match item.want {
            Want::Session(turn) => {
                if let Some(line) = self.clients.lines.get_mut(&client.0) {
                    line.session = answer;
                }
                Self::say(client, Talk::Connected(turn, answer), ctx);
                return;
            }
            Want::Children => children = self.tree.children_of(LOCK).collect(),
            Want::Exists(child) => {
                let there = self.tree.children.contains_key(&(LOCK, child));
                answer = u64::from(there);
                if there {
                    self.clients.watches.push(((LOCK, child), client));
                }
            }
            Want::Read(_) | Want::Compare(..) | Want::Compared | Want::Done => {}
        }
        Self::say(client, Talk::Answer(item.number, self.tree.zxid, answer, children.into()), ctx);
    }

    /// A transaction was applied: first who watches hears of it, then who asked for it.
    pub(super) fn applied(&mut self, txn: &Txn, answer: u64, gone: &[Path], ctx: &mut ZkCtx<'_>) {
        let mut at = 0;
        while let Some((path, client)) = self.clients.watches.get(at).copied() {
            if gone.contains(&path) {
                self.clients.watches.remove(at);
                if self.config.broken == Broken::Watches {
                    self.clients.late.push((client, path, txn.zxid));
                } else {
                    Self::say(client, Talk::Event(path, txn.zxid), ctx);
                }
            } else {
                at += 1;
            }
        }
        match txn.change {
            Change::Open if self.established() => {
                self.leading.sessions.insert(txn.zxid, 0);
                self.touch(txn.zxid, ctx.elapsed());
            }
            Change::Close(session, _) => {
                self.untrack(session);
                let here = self.clients.lines.iter().find(|(_, line)| line.session == session);
                if let Some(client) = here.map(|(client, _)| NodeId(*client)) {
                    Self::say(client, Talk::Refused(u32::MAX), ctx);
                    self.forget(client);
                }
            }
            _ => {}
        }
        self.ready(txn.client, txn.number, answer, ctx);
    }

    pub(super) fn tell_late(&mut self, ctx: &mut ZkCtx<'_>) {
        for (client, path, zxid) in std::mem::take(&mut self.clients.late) {
            Self::say(client, Talk::Event(path, zxid), ctx);
        }
    }

    // ---- sessions ----

    /// A session's client says something.
    pub(super) fn talk(&mut self, from: NodeId, talk: Talk, ctx: &mut ZkCtx<'_>) {
        match talk {
            Talk::Connect(session, zxid, turn, number) => {
                self.forget(from);
                if !self.serving || self.behind(zxid) {
                    if self.serving {
                        ctx.note(|| Text::new("zk-refuses-client").with("client", from));
                    }
                    Self::say(from, Talk::Refused(turn), ctx);
                    return;
                }
                let item = Item {
                    number,
                    attempt: 0,
                    want: Want::Session(turn),
                    seen: 0,
                    ready: false,
                    answer: session,
                };
                let line = Line { items: vec![item], session: 0, contender: true };
                self.clients.lines.insert(from.0, line);
                if session == 0 {
                    self.forward(from, number, Change::Open, ctx);
                } else if self.role == Role::Leading {
                    let valid = self.revalidate(self.me, session, ctx.elapsed());
                    self.revalidated(from, session, valid, ctx);
                } else {
                    self.up(Zab::Revalidate(from, session, None), ctx);
                }
            }
            Talk::Ask(number, ask) => {
                let Some(line) = self.clients.lines.get_mut(&from.0).filter(|line| line.session > 0) else {
                    Self::say(from, Talk::Refused(u32::MAX), ctx);
                    return;
                };
                let session = line.session;
                let (want, change) = match ask {
                    Ask::Create => (Want::Done, Some(Change::Create(LOCK, session))),
                    Ask::Delete(child) => (Want::Done, Some(Change::Delete((LOCK, child)))),
                    Ask::Close => (Want::Done, Some(Change::Close(session, false))),
                    Ask::Children => (Want::Children, None),
                    Ask::Exists(child) => (Want::Exists(child), None),
                };
                let ready = change.is_none();
                line.items.push(Item { number, attempt: 0, want, seen: 0, ready, answer: 0 });
                self.clients.heard.add(session);
                match change {
                    Some(change) => self.forward(from, number, change, ctx),
                    None => self.drain(from, ctx),
                }
            }
            Talk::Ping(_) => {
                let session = self.clients.lines.get(&from.0).map_or(0, |line| line.session);
                if session > 0 {
                    self.clients.heard.add(session);
                    Self::say(from, Talk::Ping(self.tree.zxid), ctx);
                } else {
                    Self::say(from, Talk::Refused(u32::MAX), ctx);
                }
            }
            Talk::Connected(..) | Talk::Refused(_) | Talk::Answer(..) | Talk::Event(..) => {}
        }
    }

    /// The leader's word on a session whose client wants to go on here.
    pub(super) fn revalidated(&mut self, client: NodeId, session: u64, valid: bool, ctx: &mut ZkCtx<'_>) {
        let Some(line) = self.clients.lines.get_mut(&client.0) else { return };
        let Some(item) = line.items.first_mut().filter(|item| item.answer == session && !item.ready) else {
            return;
        };
        if matches!(item.want, Want::Session(_)) {
            item.ready = true;
            item.answer = if valid { session } else { 0 };
            self.drain(client, ctx);
        }
    }

    /// A client is gone, or begins anew.
    pub(super) fn forget(&mut self, client: NodeId) {
        self.clients.lines.remove(&client.0);
        self.clients.watches.retain(|(_, who)| *who != client);
        self.clients.late.retain(|(who, ..)| *who != client);
    }

    /// Closes all connections: whoever waits asks another server.
    pub(super) fn hang_up(&mut self, ctx: &mut ZkCtx<'_>) {
        for (client, line) in std::mem::take(&mut self.clients.lines) {
            if line.contender {
                Self::say(NodeId(client), Talk::Refused(u32::MAX), ctx);
            }
            // Whether a comparison that is under way will be done nobody can say: it is not answered.
            for item in line.items.iter().filter(|item| !line.contender && item.number & SWAP == 0) {
                self.reply(NodeId(client), item.number, item.attempt, Answer::Redirect(None), ctx);
            }
        }
        self.clients.watches.clear();
        self.clients.late.clear();
        self.clients.heard.clear();
    }
}
