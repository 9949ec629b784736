//! What holds in etcd whatever happens, as somebody checks it who sees every member and client after each event.
//!
//! - `same_revision`: at each revision all members make the same changes, and a member's revision never goes back;
//! - `watch_gapless`: what a watch is told follows what it was told before, and is exactly what changed meanwhile ("etcd API
//!   guarantees", Watch APIs: ordered, unique, reliable, atomic, resumable);
//! - `lease_kept`: no lease is revoked as expired while the leader's clock says that it lasts;
//! - `lease_keys`: no key has a lease that is not there;
//! - `one_holder`: no two clients believe at once that they hold the lock (which etcd does not promise: its lock is no fence);
//! - `fresh_reads`: a linearizable read misses nothing that was acknowledged before it arrived.
//!
//! The log's own invariants are those of [`crate::leader_election::raft`], whose tests exercise it.

use netsplit_sim::NodeId;
use netsplit_sim::small::{Map, Set};
use netsplit_sim::view::Text;
use netsplit_sim::watch::{Breach, Watch};

use super::Member;
use super::server::{Deed, Server};
use super::session::Session;
use super::store::{Event, KeyValue, place};
use crate::parts::chunked::Chunked;
use crate::parts::host::Holds;

/// Reads of a client that are remembered.
const KEPT: usize = 256;

/// What is remembered of the run.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    /// All changes, as some member made them first.
    history: Chunked<Event>,
    /// The last event of each member that was looked at, its life, and its revision.
    seen: Map<u32, (u64, u32, u64)>,
    /// What each watch was told last, and up to which revision.
    watched: Map<u32, (u64, u64)>,
    /// The highest revision that was acknowledged.
    acknowledged: u64,
    /// What was acknowledged when a read arrived.
    floors: Map<u32, Map<u64, u64>>,
    /// What was told of each node: once is enough.
    told: Set<(u32, &'static str)>,
    /// Whether more than one believes that it holds the lock.
    doubled: bool,
    /// Linearizable reads answered.
    pub reads: u64,
    /// Events that watches were told.
    pub events: u64,
}

/// A function of its own, so that many breaches cost little.
#[inline(never)]
fn breach(who: NodeId, invariant: &'static str, id: &'static str, number: u64) -> Option<Breach> {
    let text = Text::new(id).with("node", who).with("revision", number);
    Some(Breach { invariant, nodes: vec![who], text })
}

impl Invariants {
    fn server(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        let now = (server.events, server.life, server.store.revision);
        let before = self.seen.insert(who.0, now).unwrap_or_default();
        if (before.0, before.1) == (now.0, now.1) {
            return None;
        }
        if before.1 == now.1 && now.2 < before.2 {
            return breach(who, "same_revision", "etcd-breach-back", now.2);
        }
        // All of them, for each keeps its own accounts.
        let (changes, deeds) = (self.changes(who, server), self.deeds(who, server));
        changes.or(deeds).or_else(|| {
            let store = &server.store;
            let orphan = |held: &&KeyValue| held.lease > 0 && !store.leases.contains_key(&held.lease);
            let held = store.keys.values().find(orphan).filter(|_| !server.fresh.is_empty())?;
            breach(who, "lease_keys", "etcd-breach-orphan", held.lease)
        })
    }

    fn changes(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        for event in &server.fresh {
            let at = place(&self.history, |known| (known.revision, known.sub) < (event.revision, event.sub));
            match self.history.get(at) {
                Some(known) if known == event => {}
                None if self
                    .history
                    .iter()
                    .next_back()
                    .is_none_or(|last| last.revision <= event.revision) =>
                {
                    self.history.push(*event);
                }
                _ => return breach(who, "same_revision", "etcd-breach-revision", event.revision),
            }
        }
        None
    }

    fn deeds(&mut self, who: NodeId, server: &Server) -> Option<Breach> {
        for deed in &server.deeds {
            match *deed {
                Deed::Asked(client, number) => {
                    // A read that is asked for again began with its first attempt.
                    let (now, floors) = (self.acknowledged, self.floors.slot(client.0, Map::new));
                    floors.slot(number, || now);
                    if floors.len() > KEPT {
                        floors.pop_first();
                    }
                }
                Deed::Answered(client, number, revision) => {
                    self.reads += 1;
                    let floor = self.floors.get(&client.0).and_then(|floors| floors.get(&number));
                    if floor.is_some_and(|floor| revision < *floor) {
                        return breach(who, "fresh_reads", "etcd-breach-stale", revision);
                    }
                }
                Deed::Acknowledged(revision) => self.acknowledged = self.acknowledged.max(revision),
                Deed::Early(lease) => return breach(who, "lease_kept", "etcd-breach-early", lease),
            }
        }
        None
    }

    fn holders<N: Holds<Member>>(&mut self, nodes: &[N], up: &[bool]) -> Option<Breach> {
        let session = |at: usize| nodes[at].server().filter(|_| up[at]).and_then(Member::session);
        let believe: Vec<usize> =
            (0..nodes.len()).filter(|at| session(*at).is_some_and(|s| s.holds)).collect();
        let before = std::mem::replace(&mut self.doubled, believe.len() > 1);
        if before || !self.doubled {
            return None;
        }
        let text = Text::new("etcd-breach-holders").with("count", believe.len() as u64);
        Some(Breach::new("one_holder", &believe, text))
    }

    fn session(&mut self, who: NodeId, session: &Session) -> Option<Breach> {
        let told = session.told.as_ref()?;
        let (number, before) = self.watched.insert(who.0, (told.number, told.until)).unwrap_or_default();
        if number == told.number {
            return None;
        }
        self.events += told.events.len() as u64;
        if !told.first && told.after != before {
            return breach(who, "watch_gapless", "etcd-breach-watch", before + 1);
        }
        let from = place(&self.history, |event| event.revision <= told.after);
        let until = place(&self.history, |event| event.revision <= told.until);
        let expected = (from..until).filter_map(|at| self.history.get(at));
        let mut expected = expected.filter(|event| session.key.is_none_or(|key| key == event.key));
        for event in told.events.iter() {
            if expected.next() != Some(event) {
                return breach(who, "watch_gapless", "etcd-breach-watch", event.revision);
            }
        }
        let missed = expected.next()?.revision;
        breach(who, "watch_gapless", "etcd-breach-watch", missed)
    }
}

impl<N: Holds<Member>> Watch<N> for Invariants {
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        let breach = match nodes.get(who.index())?.server()? {
            Member::Server(server) => self.server(who, server),
            Member::Session(session) => {
                let told = self.session(who, session);
                let doubled = self.holders(nodes, up);
                told.or(doubled)
            }
        }?;
        self.told.add((who.0, breach.invariant)).then_some(breach)
    }

    fn heap(&self) -> usize {
        let floors: usize = self.floors.values().map(|of| 16 * of.len()).sum();
        self.history.heap() + floors
    }
}
