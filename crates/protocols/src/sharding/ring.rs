//! Consistent hashing: keys and nodes hash onto one ring, and a joining node takes over only what is next to its
//! points, while the ring serves traffic.
//!
//! Karger et al., "Consistent Hashing and Random Trees", STOC 1997; virtual nodes and requests that any node
//! forwards to the owner as in DeCandia et al., "Dynamo", SOSP 2007. Tokens are Cassandra's Murmur3 tokens.
//!
//! Authority moves once for each old owner: the joiner pulls copies while the owner goes on serving and marks what
//! is written meanwhile; then the joiner asks for the hand-over, the owner stops answering for those keys for good
//! and sends what it marked, and only then the joiner answers. Every step is asked for again until it is answered,
//! so lost messages delay a move and lose nothing.

mod invariants;
mod server;

use std::sync::Arc;

use netsplit_sim::Simulation;
use netsplit_sim::declare::{
    ActionKind, Aspect, Kind, Law, Layout, MessageKind, Param, Promise, Role, Series, Shape,
};
use netsplit_sim::node::NodeId;
use netsplit_sim::time::{MILLISECOND, SECOND};

use crate::parts::client::Route;
use crate::parts::declared::{CLIENT, SERVER};
use crate::parts::host::build_hosted;
use crate::parts::switches::SERVICE;
use crate::registry::{Algorithm, Setup};
use server::Rings;
pub use server::Shard;

/// The registry's entry.
pub static CONSISTENT_HASHING: Algorithm = Algorithm {
    id: "consistent_hashing",
    label: "Consistent hashing",
    summary: "Keys and nodes hash onto one ring. A key belongs to the next node clockwise.",
    semantics: 1,
    nodes: (1, 50, 5),
    spares: 1,
    params: PARAMS,
    presets: &[],
    roles: &[SERVER, CLIENT],
    messages: &[
        MessageKind { label: "Client request", role: Role::Client, shape: Shape::Circle },
        MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
        MessageKind { label: "Forwarded request", role: Role::Client, shape: Shape::Circle },
        MessageKind { label: "Pull", role: Role::Gossip, shape: Shape::Hexagon },
        MessageKind { label: "Range copy", role: Role::Data, shape: Shape::Pill },
        MessageKind { label: "Hand over", role: Role::Gossip, shape: Shape::Diamond },
        MessageKind { label: "Handed over", role: Role::Data, shape: Shape::Pill },
        MessageKind { label: "New map", role: Role::Gossip, shape: Shape::Hexagon },
    ],
    layout: Layout::Ring,
    series: &[
        Series { id: "keys_moved", label: "Keys moved", unit: "", chart: "", counts: false },
        Series { id: "moved_share", label: "Share of keys moved", unit: "", chart: "", counts: false },
        Series {
            id: "modulo_share",
            label: "Share that hash mod N would move",
            unit: "",
            chart: "",
            counts: false,
        },
    ],
    lanes: &[("members", "Members")],
    actions: &[ActionKind { id: "add_node", label: "Add a node", on_node: false }],
    promises: |_| {
        vec![
            Promise {
                id: "durable",
                aspect: Aspect::Durability,
                promised: true,
                assuming: &["no disk is lost"],
                sentence: "A move of keys loses no acknowledged write.",
            },
            Promise {
                id: "linearizable",
                aspect: Aspect::Consistency,
                promised: true,
                assuming: &["no node crashes during a move"],
                sentence: "At any time at most one node answers for a key.",
            },
            Promise {
                id: "live",
                aspect: Aspect::Liveness,
                promised: true,
                assuming: &["the key's owner is up and reachable"],
                sentence: "Each key has one copy: while its owner is away, its requests fail.",
            },
        ]
    },
    build,
};

static PARAMS: &[Param] = &[
    Param {
        id: "virtual_nodes",
        label: "Virtual nodes",
        unit: "each",
        group: "",
        kind: Kind::Int(8, 1, 256),
        help: "Points of each node on the ring. More points make more even shares.",
    },
    Param {
        id: "stock",
        label: "Keys stored",
        unit: "",
        group: "",
        kind: Kind::Int(2_000, 0, 100_000),
        help: "Keys that are there from the start, besides those that clients write.",
    },
    Param {
        id: "batch",
        label: "Keys per copy",
        unit: "",
        group: "",
        kind: Kind::Int(20, 1, 10_000),
        help: "How many keys one copy message carries.",
    },
    Param {
        id: "pace",
        label: "Copy every",
        unit: "",
        group: "",
        kind: Kind::Duration(100 * MILLISECOND, MILLISECOND, 60 * SECOND),
        help: "Pause between two copies from the same owner; also how long an answer is waited for.",
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

fn build(setup: &Setup) -> Box<dyn Simulation> {
    let points = setup.settings.int("virtual_nodes").clamp(1, 256) as u32;
    let name = |node: u32| format!("n{}", node + 1);
    let stock = setup.settings.int("stock").max(0) as u64;
    let rings = Arc::new(Rings::new(setup.nodes, points, stock));
    let servers = (0..setup.nodes + setup.spares.min(1)).map(|me| {
        let settings = setup.settings_of(&name(me));
        let mut meta = setup.meta(name(me), 0);
        meta.workers = 1;
        meta.absent = me >= setup.nodes;
        meta.sync = settings.law("sync");
        let shard = Shard::new(Arc::clone(&rings), me, stock, settings);
        (meta, shard)
    });
    let targets = (0..setup.nodes).map(NodeId).collect();
    build_hosted(setup, servers.collect(), targets, Route::Session, 1)
}
