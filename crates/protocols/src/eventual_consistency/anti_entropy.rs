//! Anti-entropy with last-writer-wins: any node answers at once, and pairs of nodes reconcile from time to time.
//!
//! Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", PODC 1987, section 1.3: each site
//! regularly chooses another at random and both resolve their differences (push-pull), here by exchanging the
//! versions of all keys first and then only what differs. A version is (timestamp of the accepting node's *own*
//! wall clock, node): the higher one wins, whatever the order in which the writes really happened. Nothing warns
//! a client whose acknowledged write loses.

use netsplit_sim::small::Map;
use std::sync::Arc;

use netsplit_sim::Simulation;
use netsplit_sim::declare::{
    Aspect, Kind, Law, Layout, MessageKind, Param, Promise, Role, Series, Settings, Shape,
};
use netsplit_sim::digest::{self, Digest};
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::history::{Cause, Function};
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId, Storage};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::{Body, ClusterView, Data, Detail, Item, NodeView, Text};

use crate::parts::client::{Answer, ClientMessage, Reply, Request, Route};
use crate::parts::declared::{CLIENT, SERVER};
use crate::parts::host::{ClientTotals, Envelope, Overview, build_hosted};
use crate::parts::switches::SERVICE;
use crate::parts::words;
use crate::registry::{Algorithm, Setup};

const PARTNER: Purpose = Purpose::named("anti_entropy.partner");

/// The registry's entry.
pub static ANTI_ENTROPY: Algorithm = Algorithm {
    id: "anti_entropy_lww",
    label: "Anti-entropy, last writer wins",
    summary: "Every node accepts reads and writes. Random pairs reconcile; the higher timestamp wins.",
    semantics: 1,
    nodes: (2, 100, 5),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[SERVER, CLIENT],
    messages: &[
        MessageKind { label: "Client request", role: Role::Client, shape: Shape::Circle },
        MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
        MessageKind { label: "Digest", role: Role::Gossip, shape: Shape::Hexagon },
        MessageKind { label: "Repair", role: Role::Data, shape: Shape::Pill },
    ],
    layout: Layout::Graph,
    series: &[
        Series { id: "divergent_keys", label: "Keys that differ", unit: "", chart: "", counts: false },
        Series { id: "discarded", label: "Writes that lost", unit: "", chart: "", counts: false },
    ],
    lanes: &[("agreement", "Agreement")],
    actions: &[],
    promises,
    build,
};

static PARAMS: &[Param] = &[
    Param {
        id: "interval",
        label: "Anti-entropy every",
        unit: "",
        group: "",
        kind: Kind::Duration(500 * MILLISECOND, MILLISECOND, 3600 * SECOND),
        help: "How often a node reconciles with a random other one.",
    },
    Param {
        id: "sync",
        label: "Disk sync",
        unit: "",
        group: "",
        kind: Kind::Law(Law::Constant(MILLISECOND), 10 * SECOND),
        help: "Time until a write is durable; the client's answer waits for it.",
    },
    SERVICE,
];

fn promises(_: &Settings) -> Vec<Promise> {
    vec![
        Promise {
            id: "eventual",
            aspect: Aspect::Consistency,
            promised: true,
            assuming: &["writes stop", "every pair of nodes can reach each other, if only through others"],
            sentence: "All nodes hold the same values in the end.",
        },
        Promise {
            id: "linearizable",
            aspect: Aspect::Consistency,
            promised: false,
            assuming: &[],
            sentence: "A read may return an old value, and an acknowledged write may lose to one with a higher timestamp.",
        },
        Promise {
            id: "available",
            aspect: Aspect::Liveness,
            promised: true,
            assuming: &["the client reaches one node that is up"],
            sentence: "Any node answers, whatever it is cut off from.",
        },
    ]
}

/// Who wrote when, by the clock of the node that accepted the write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// That node's wall clock (ns).
    pub time: Nanos,
    /// That node: breaks ties.
    pub node: u32,
}

/// What a key holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Its version.
    pub version: Version,
    /// Its value.
    pub value: u64,
}

/// What replicas say to each other.
#[derive(Clone, Debug, PartialEq)]
pub enum Gossip {
    /// Versions of all keys of the sender.
    Digest(Arc<[(u64, Version)]>),
    /// Newer items for the receiver, and keys of which the sender wants the receiver's newer ones.
    Repair(Arc<[(u64, Held)]>, Arc<[u64]>),
}

impl Message for Gossip {
    fn kind(&self) -> u8 {
        match self {
            Self::Digest(_) => 0,
            Self::Repair(..) => 1,
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Digest(keys) => {
                Digest::new().all(keys.iter().flat_map(|(k, v)| [*k, v.time, u64::from(v.node)])).end()
            }
            Self::Repair(items, wishes) => Digest::new()
                .all(items.iter().flat_map(|(k, i)| [*k, i.version.time, u64::from(i.version.node), i.value]))
                .all(wishes.iter().copied())
                .end(),
        }
    }
    fn bytes(&self) -> u32 {
        match self {
            Self::Digest(keys) => 32 + 20 * keys.len() as u32,
            Self::Repair(items, wishes) => 32 + 64 * items.len() as u32 + 8 * wishes.len() as u32,
        }
    }
}

/// What is on disk.
#[derive(Clone, Debug, Default)]
pub struct Disk(Map<u64, Held>);

impl Storage for Disk {
    type Write = (u64, Held);
    fn apply(&mut self, (key, item): (u64, Held)) {
        self.0.insert(key, item);
    }
}

/// Time to reconcile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reconcile;

/// A replica.
#[derive(Clone, Debug)]
pub struct Replica {
    interval: Nanos,
    service: Nanos,
    peers: Arc<[NodeId]>,
    items: Map<u64, Held>,
    rounds: u64,
    ticket: u64,
    waiting: Map<u64, Request>,
    discarded: u64,
}

impl Replica {
    /// What it holds.
    #[must_use]
    pub fn items(&self) -> &Map<u64, Held> {
        &self.items
    }

    /// Takes an item if its version is higher; what loses is gone.
    fn merge(&mut self, key: u64, item: Held, ctx: &mut Ctx<'_, Self>) -> bool {
        match self.items.get(&key) {
            Some(kept) if kept.version >= item.version => false,
            _ => {
                // A full disk: the item stays in memory only and comes back by anti-entropy after a crash.
                let _ = ctx.write((key, item));
                self.items.insert(key, item);
                true
            }
        }
    }

    fn request(&mut self, request: Request, ctx: &mut Ctx<'_, Self>) {
        let op = request.operation;
        match op.function {
            Function::Read | Function::Call => {
                let value = self.items.get(&op.key).map(|item| item.value);
                reply(&request, Answer::Ok(value), ctx);
            }
            Function::Cas => reply(&request, Answer::Refused(Cause::Unavailable), ctx),
            Function::Write => {
                let version = Version { time: ctx.clock(), node: ctx.me().0 };
                let item = Held { version, value: op.value };
                if !self.merge(op.key, item, ctx) {
                    self.discarded += 1;
                    let kept = self.items.get(&op.key).map_or(0, |kept| kept.version.time);
                    ctx.notable(|| {
                        Text::new("lww-discards")
                            .with("client", request.client)
                            .with("key", op.key)
                            .with("clock", netsplit_sim::view::Arg::Time(version.time))
                            .with("kept", netsplit_sim::view::Arg::Time(kept))
                    });
                }
                self.ticket += 1;
                self.waiting.insert(self.ticket, request);
                ctx.sync(self.ticket);
            }
        }
    }

    fn gossip(&mut self, from: NodeId, message: &Gossip, ctx: &mut Ctx<'_, Self>) {
        match message {
            Gossip::Digest(theirs) => {
                // A digest is in the order of its keys.
                let has =
                    |key: &u64| theirs.binary_search_by_key(key, |(key, _)| *key).map(|at| theirs[at].1);
                let newer =
                    self.items.iter().filter(|(key, item)| !has(key).is_ok_and(|v| v >= item.version));
                let newer: Vec<(u64, Held)> = newer.map(|(key, item)| (*key, *item)).collect();
                let wishes = theirs
                    .iter()
                    .filter(|(key, version)| self.items.get(key).is_none_or(|item| item.version < *version));
                let wishes: Vec<u64> = wishes.map(|(key, _)| *key).collect();
                if !newer.is_empty() || !wishes.is_empty() {
                    ctx.send(from, Envelope::Server(Gossip::Repair(newer.into(), wishes.into())));
                }
            }
            Gossip::Repair(items, wishes) => {
                let taken = items.iter().filter(|(key, item)| self.merge(*key, *item, ctx)).count() as u64;
                if taken > 0 {
                    self.ticket += 1;
                    ctx.sync(self.ticket);
                    ctx.note(|| Text::new("anti-entropy-repaired").with("count", taken).with("peer", from));
                }
                let wanted: Vec<(u64, Held)> =
                    wishes.iter().filter_map(|key| self.items.get(key).map(|item| (*key, *item))).collect();
                if !wanted.is_empty() {
                    ctx.send(from, Envelope::Server(Gossip::Repair(wanted.into(), Arc::new([]))));
                }
            }
        }
    }
}

fn reply(request: &Request, answer: Answer, ctx: &mut Ctx<'_, Replica>) {
    let reply = Reply { number: request.operation.number, attempt: request.attempt, answer, session: 0 };
    ctx.send(request.client, ClientMessage::Reply(reply).into());
}

impl Node for Replica {
    type Message = Envelope<Gossip>;
    type Timer = Reconcile;
    type Disk = Disk;
    type Watch = ();

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        self.items = disk.0.clone();
        // Rounds start apart, as machines do.
        let first = ctx.draw(PARTNER, u64::MAX) % self.interval.max(1);
        ctx.set_timer(first, Reconcile);
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Gossip>, ctx: &mut Ctx<'_, Self>) {
        match message {
            Envelope::Client(ClientMessage::Request(request)) => self.request(request, ctx),
            Envelope::Client(ClientMessage::Reply(_) | ClientMessage::Cancel(..)) => {}
            Envelope::Server(message) => self.gossip(from, &message, ctx),
        }
    }

    fn timer(&mut self, _: Reconcile, ctx: &mut Ctx<'_, Self>) {
        self.rounds += 1;
        if !self.peers.is_empty() {
            let at = draw::below(ctx.draw(PARTNER, self.rounds), self.peers.len() as u32);
            let versions: Vec<(u64, Version)> = self.items.iter().map(|(k, i)| (*k, i.version)).collect();
            ctx.send(self.peers[at as usize], Envelope::Server(Gossip::Digest(versions.into())));
        }
        ctx.set_timer(self.interval, Reconcile);
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        let later = self.waiting.split_off(&(ticket + 1));
        for (_, request) in std::mem::replace(&mut self.waiting, later) {
            reply(&request, Answer::Ok(None), ctx);
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Gossip>) -> Nanos {
        self.service
    }

    fn digest(&self) -> u64 {
        let words = self.items.iter().flat_map(|(k, i)| [*k, i.version.time, i.value]);
        digest::of(&[Digest::new().all(words).end(), self.rounds, self.waiting.len() as u64])
    }

    fn observe(&self, _: &Look, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Ring, "role-replica");
        let newest = self.items.values().map(|item| item.version).max().unwrap_or_default();
        view.hue = newest.node + 1;
        if detail == Detail::Dot {
            return view;
        }
        let keys = self.items.len();
        view.caption = format!("{keys} key{}", if keys == 1 { "" } else { "s" });
        view.items.push(Item::Fact("rounds", self.rounds.to_string()));
        view.items.push(Item::Fact("writes that lost here", self.discarded.to_string()));
        if detail == Detail::Full {
            let rows = self.items.iter().map(|(key, item)| {
                let ms = item.version.time / MILLISECOND;
                let value = words::value(item.value);
                (
                    words::key(*key),
                    format!("{value} at {ms} ms by n{}", item.version.node + 1),
                    item.version.node + 1,
                )
            });
            view.items.push(Item::Table("values", rows.collect()));
        }
        view
    }
}

impl Overview for Replica {
    fn overview(servers: &[(usize, &Self)], _: &[bool], _: ClientTotals) -> ClusterView {
        let mut keys: Map<u64, (Version, bool, usize)> = Map::new();
        for (_, server) in servers {
            for (key, item) in server.items.iter() {
                let entry = keys.slot(*key, || (item.version, true, 0));
                entry.1 &= entry.0 == item.version;
                entry.2 += 1;
            }
        }
        let differ = keys.values().filter(|(_, same, count)| !same || *count < servers.len()).count();
        let discarded: u64 = servers.iter().map(|(_, server)| server.discarded).sum();
        let label = if differ == 0 { "all agree".to_owned() } else { "replicas differ".to_owned() };
        ClusterView {
            bands: vec![("agreement", label, if differ == 0 { 3 } else { 2 })],
            values: vec![("divergent_keys", differ as f64), ("discarded", discarded as f64)],
            ..ClusterView::default()
        }
    }

    fn data(servers: &[(usize, &Self)], up: &[bool]) -> Data {
        let holds = |(_, server): &(usize, &Self)| {
            server.items.iter().map(|(key, item)| (*key, item.value)).collect()
        };
        Data { versions: None, replicas: servers.iter().filter(|(at, _)| up[*at]).map(holds).collect() }
    }
}

fn build(setup: &Setup) -> Box<dyn Simulation> {
    let nodes: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let servers = nodes.iter().map(|me| {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        meta.sync = settings.law("sync");
        let replica = Replica {
            interval: settings.duration("interval"),
            service: settings.duration("service"),
            peers: nodes.iter().copied().filter(|peer| peer != me).collect(),
            items: Map::new(),
            rounds: 0,
            ticket: 0,
            waiting: Map::new(),
            discarded: 0,
        };
        (meta, replica)
    });
    build_hosted(setup, servers.collect(), nodes.clone(), Route::Session, 1)
}
