//! What Zab guarantees, watched while it runs by somebody who sees every server.
//!
//! Junqueira, Reed and Serafini 2011: integrity, total order, agreement, local primary order, global primary
//! order, primary integrity. To deliver is to apply. And of ZooKeeper: what a session has seen never goes back, ephemeral
//! znodes go only with their session or by their owner's hand, and a watch fires before its client hears of anything later.

use netsplit_sim::NodeId;
use netsplit_sim::small::{Map, Set};
use netsplit_sim::view::Text;
use netsplit_sim::watch::{Breach, Watch};

use super::contender::Contender;
use super::message::{Txn, counter, epoch};
use super::server::Server;
use super::tree::{Change, Path};
use super::{Member, message};
use crate::parts::chunked::Chunked;
use crate::parts::host::Holds;

/// A delivered transaction.
#[derive(Clone, Copy, Debug)]
struct Delivered {
    zxid: u64,
    word: u64,
}

/// What a server was like when it was last looked at.
#[derive(Clone, Debug, Default)]
struct Seen {
    delivered: u64,
    last: u64,
    /// It leads this epoch.
    leads: u64,
    ephemerals: Vec<Path>,
}

/// Everything that the invariants need to remember. All of it is about the run, none of it about a server's memory, so
/// crashes change nothing.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    /// All that was delivered, in the order of its first delivery.
    order: Chunked<Delivered>,
    /// What primaries broadcast: zxid and word.
    broadcast: Map<u64, u64>,
    /// The latest epoch that a primary began, and what it had delivered by then.
    primary: (u64, u64),
    /// Znodes that were deleted by request, and sessions that ended, with the zxid of that.
    deleted: Map<Path, u64>,
    ended: Map<u64, u64>,
    /// Whose ephemeral znodes are, or were.
    owners: Map<Path, u64>,
    seen: Map<u32, Seen>,
    /// What was told of each node: once is enough.
    told: Set<(u32, &'static str)>,
}

fn zxid_of(text: Text, zxid: u64) -> Text {
    text.with("epoch", message::epoch(zxid)).with("count", counter(zxid))
}

impl Invariants {
    /// Before a primary broadcasts it has delivered all that was delivered of earlier epochs (primary integrity).
    fn begins(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        let (own, delivered) = (server.epoch(), server.tree.zxid);
        if own <= self.primary.0 {
            return None;
        }
        self.primary = (own, delivered);
        let missing = self.order.iter().rev().find(|d| epoch(d.zxid) < own)?;
        (missing.zxid > delivered).then(|| integrity(who, own, missing.zxid))
    }

    /// What a primary appends is broadcast.
    fn broadcasts(&mut self, server: &Server, from: usize) {
        for at in from..server.log.len() {
            if let Some(txn) = server.log.get(at).filter(|txn| epoch(txn.zxid) == server.epoch()) {
                self.broadcast.insert(txn.zxid, txn.word());
            }
        }
    }

    /// The next transaction that a server delivers, after this one.
    fn delivers(&mut self, who: NodeId, txn: &Txn, before: u64) -> Option<Breach> {
        let told = |invariant, text| told(who, invariant, text, txn.zxid);
        match txn.change {
            Change::Delete(path) => drop(self.deleted.insert(path, txn.zxid)),
            Change::Close(session, _) => drop(self.ended.insert(session, txn.zxid)),
            _ => {}
        }
        let word = txn.word();
        if txn.zxid <= before {
            return told("global_primary_order", Text::new("zk-breach-global"));
        }
        if counter(txn.zxid) > 1 && before != txn.zxid - 1 {
            return told("local_primary_order", Text::new("zk-breach-local"));
        }
        if self.broadcast.get(&txn.zxid) != Some(&word) {
            return told("integrity", Text::new("zk-breach-integrity"));
        }
        let place = self.place(before);
        match self.order.get(place).copied() {
            None => {
                self.order.push(Delivered { zxid: txn.zxid, word });
                if epoch(txn.zxid) < self.primary.0 && txn.zxid > self.primary.1 {
                    return Some(integrity(who, self.primary.0, txn.zxid));
                }
                None
            }
            Some(known) if (known.zxid, known.word) == (txn.zxid, word) => None,
            Some(_) if self.order.iter().any(|d| d.zxid == txn.zxid && d.word == word) => {
                told("total_order", Text::new("zk-breach-order"))
            }
            Some(_) => told("agreement", Text::new("zk-breach-agreement")),
        }
    }

    /// How many delivered transactions are not later than this one.
    fn place(&self, zxid: u64) -> usize {
        let (mut from, mut until) = (0, self.order.len());
        while from < until {
            let middle = usize::midpoint(from, until);
            if self.order.get(middle).is_some_and(|d| d.zxid <= zxid) {
                from = middle + 1;
            } else {
                until = middle;
            }
        }
        from
    }

    /// What was not told of this node before: it hides nothing that comes after it.
    fn news(&self, who: NodeId, found: Option<Breach>) -> Option<Breach> {
        found.filter(|breach| !self.told.contains(&(who.0, breach.invariant)))
    }

    fn server(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        if server.clients.regressed && !self.told.contains(&(who.0, "session_order")) {
            let text = Text::new("zk-breach-served").with("node", who);
            return Some(Breach { invariant: "session_order", nodes: vec![who], text });
        }
        let (delivered, last) = (server.tree.zxid, server.last());
        let leads = if server.established() { server.epoch() } else { 0 };
        let seen = self.seen.slot(who.0, Seen::default);
        if (seen.delivered, seen.last, seen.leads) == (delivered, last, leads) {
            return None;
        }
        let known = (seen.delivered, seen.last, seen.leads);
        (seen.delivered, seen.last, seen.leads) = (delivered, last, leads);
        // A snapshot from the leader is delivered as a whole; a new life begins at its own.
        let mut before = known.0.max(server.base.zxid);
        if delivered < known.0 {
            before = server.base.zxid;
            seen.ephemerals.clear();
        }
        let mut breach = None;
        if leads > 0 {
            let from = if known.2 == leads { server.place(known.1) } else { 0 };
            let found = self.begins(who, server);
            breach = self.news(who, found);
            self.broadcasts(server, from);
        }
        for at in server.place(before)..server.place(delivered) {
            let Some(txn) = server.log.get(at).copied() else { break };
            let found = self.delivers(who, &txn, before);
            breach = breach.or(self.news(who, found));
            before = txn.zxid;
        }
        breach.or_else(|| self.ephemerals(who, server))
    }

    /// The zxid with which an ephemeral znode went, by request or with its session.
    fn gone(&self, path: Path) -> Option<u64> {
        let ended = self.owners.get(&path).and_then(|owner| self.ended.get(owner));
        self.deleted.get(&path).or(ended).copied()
    }

    fn ephemerals(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        let mut paths = Vec::new();
        let mut wrong = None;
        for (path, znode) in server.tree.children.iter() {
            paths.push(*path);
            self.owners.insert(*path, znode.owner);
            if !server.tree.sessions.contains_key(&znode.owner) {
                wrong = Some(*path);
            }
        }
        let seen = self.seen.slot(who.0, Seen::default);
        let before = std::mem::replace(&mut seen.ephemerals, paths);
        let there = |path: &Path| server.tree.children.contains_key(path);
        let path =
            before.iter().find(|path| !there(path) && self.gone(**path).is_none()).copied().or(wrong)?;
        let text = Text::new("zk-breach-ephemeral").with("node", who).with("child", u64::from(path.1));
        Some(Breach { invariant: "ephemeral", nodes: vec![who], text })
    }

    /// What a session's client has seen.
    fn contender(&mut self, who: NodeId, client: &Contender) -> Option<Breach> {
        if client.regressed {
            let text = Text::new("zk-breach-session").with("node", who);
            return Some(Breach { invariant: "session_order", nodes: vec![who], text });
        }
        let (path, since) = client.watches?;
        let gone = self.gone(path)?;
        (since > 0 && since < gone && client.zxid >= gone).then(|| {
            let text = Text::new("zk-breach-watch").with("node", who).with("child", u64::from(path.1));
            Breach { invariant: "watch_order", nodes: vec![who], text }
        })
    }
}

/// A function of its own, so that many breaches cost little.
#[inline(never)]
fn told(who: NodeId, invariant: &'static str, text: Text, zxid: u64) -> Option<Breach> {
    Some(Breach { invariant, nodes: vec![who], text: zxid_of(text.with("node", who), zxid) })
}

fn integrity(who: NodeId, epoch: u64, zxid: u64) -> Breach {
    let text = Text::new("zk-breach-primary").with("node", who).with("primary", epoch);
    Breach { invariant: "primary_integrity", nodes: vec![who], text: zxid_of(text, zxid) }
}

impl<N: Holds<Member>> Watch<N> for Invariants {
    fn after(&mut self, nodes: &[N], who: NodeId, _: &[bool]) -> Option<Breach> {
        let breach = match nodes.get(who.index())?.server()? {
            Member::Server(server) => self.server(who, server),
            Member::Contender(client) => self.contender(who, client),
        }?;
        self.told.add((who.0, breach.invariant)).then_some(breach)
    }
}

#[cfg(test)]
mod tests;
