//! Leases and fencing tokens: whoever holds the lease works for clients and writes to a store.
//!
//! Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency", SOSP
//! 1989, for the lease; Burrows, "The Chubby Lock Service for Loosely-Coupled Distributed Systems", OSDI 2006, section
//! 2.4, for tokens that the store compares (its sequencers); Kleppmann, "Designing Data-Intensive Applications", 2017,
//! chapter 8 ("The leader and the lock"), for the story that gives them their name here.
//!
//! The lock servers, three of them, keep the holder and the count of tokens in a replicated log (Multi-Paxos, [`super::paxos`]), so
//! that tokens rise whoever leads them: a token is part of the state on which a majority agreed, and no failover goes
//! back behind it. A holder counts its lease from when it asked; the lock service from when it granted; a new leader
//! of the lock service gives the holder its whole span again, never less. So while clocks run at the same rate and
//! nobody pauses no two nodes believe that they hold it.
//!
//! Pauses happen. The holder reads the store's document when its lease begins, changes it and writes it back as a
//! whole: a holder of old overwrites what came after it. Looking at the clock just before (`check`) does not help
//! against a pause between the look and the write, nor against a slow message. The store that compares tokens
//! (`fencing`) does: whoever shows a token, reading or writing, shuts the older ones out, and the highest is on disk
//! before anything is answered. A write with an old token that comes before any newer one is accepted: nobody has
//! read what it changes.

mod invariants;
mod lock;
mod message;
mod node;
mod store;
mod worker;

use std::sync::Arc;

use netsplit_sim::declare::{Aspect, Kind, Layout, NodeRole, Param, Promise, Settings};
use netsplit_sim::node::NodeId;
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::{Cluster, Simulation};

pub use invariants::Watch;
pub use message::{Document, Lease};
pub use node::Node;

use super::paxos;
use crate::leader_election::declared::LINEARIZABLE;
use crate::parts::client::{ClientConfig, Route};
use crate::parts::declared::{CLIENT, series};
use crate::parts::host::{Hosted, hosted_cluster};
use crate::parts::switches::{SERVICE, SYNC, mistakes, param};
use crate::registry::{Algorithm, Setup};
use lock::Lock;
use store::Store;
use worker::{Config, Guard, Worker};

/// The registry's entry.
pub static LEASES: Algorithm = Algorithm {
    id: "leases",
    label: "Leases and fencing tokens",
    summary: "A lock service hands out a lease; its holder writes to a store, which may compare tokens.",
    semantics: 3,
    nodes: (1, 9, 3),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[
        NodeRole { id: "worker", prefix: "n", tier: 2, client: false },
        CLIENT,
        NodeRole { id: "lock", prefix: "l", tier: 1, client: false },
        NodeRole { id: "store", prefix: "s", tier: 1, client: false },
    ],
    messages: &message::MESSAGES,
    layout: Layout::Circle,
    series: &[
        series("holders", "Nodes that believe they hold it"),
        series("token", "Last token"),
        series("fenced", "Orders with an old token refused"),
        series("stale", "Writes with an old token accepted"),
    ],
    lanes: &[("holders", "Holders")],
    actions: &[],
    promises,
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
};

static PARAMS: &[Param] = &[
    param(
        "guard",
        "Guard",
        "",
        Kind::Choice(&[("fencing", "Fencing token"), ("check", "Check before writing"), ("none", "None")]),
        "What keeps a holder of old from writing: the store compares tokens, the holder looks at its clock, or nothing until it is told.",
    ),
    param(
        "ttl",
        "Lease",
        "",
        Kind::Duration(2 * SECOND, 10 * MILLISECOND, 3600 * SECOND),
        "How long a lease lasts. The holder prolongs it once a third is over.",
    ),
    param(
        "poll",
        "Asks again after",
        "",
        Kind::Duration(300 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "How often a node asks for the lease, or for an answer that did not come.",
    ),
    param(
        "join",
        "Asks first at",
        "",
        Kind::Duration(0, 0, 3600 * SECOND),
        "When a node begins to ask for the lease.",
    ),
    param(
        "gap",
        "Between check and write",
        "",
        Kind::Duration(10 * MILLISECOND, 0, 60 * SECOND),
        "Work on a write after the check, whatever the guard. A pause may fall into it.",
    ),
    param(
        "clock",
        "Lease measured by",
        "",
        Kind::Choice(&[("monotonic", "Monotonic clock"), ("wall", "Wall clock")]),
        "A wall clock jumps, and the holder believes it. Both drift.",
    ),
    param(
        "locks",
        "Lock servers",
        "",
        Kind::Int(3, 1, 5),
        "A majority of them decides who holds the lease, and counts the tokens.",
    ),
    param(
        "first_token",
        "First token",
        "",
        Kind::Int(1, 1, 1_000_000),
        "The lock service has handed out all tokens before this one.",
    ),
    Param { help: "Time until a write of the store or of a lock server is durable.", ..SYNC },
    Param { help: "Processor time of one message at a worker; the slow fault multiplies it.", ..SERVICE },
    mistakes(
        &[
            ("none", "Nothing"),
            ("store_forgets", "The store keeps no token on disk"),
            ("tokens_reused", "The lock service's leader counts tokens"),
        ],
        "A mistake to find: the highest token is lost in a crash of the store, or a new leader of the lock service begins to count anew.",
    ),
];

fn promises(settings: &Settings) -> Vec<Promise> {
    let (safe, sentence) = match settings.choice("guard") {
        "fencing" => (true, LINEARIZABLE.sentence),
        "check" => (
            false,
            "A pause between check and write, or a slow message, lets a holder of old overwrite newer work.",
        ),
        _ => (false, "A holder of old overwrites newer work when it wakes."),
    };
    vec![
        Promise { promised: safe, sentence, ..LINEARIZABLE },
        Promise {
            id: "fenced",
            aspect: Aspect::Consistency,
            promised: safe,
            assuming: &["no disk is lost"],
            sentence: "The store accepts no write with a token below one that it has accepted.",
        },
        Promise {
            id: "one_holder",
            aspect: Aspect::Consistency,
            promised: settings.choice("guard") != "none",
            assuming: match settings.choice("clock") {
                "wall" => &["clocks run at the same rate", "nobody sets a clock", "nobody pauses"],
                _ => &["clocks run at the same rate", "nobody pauses"],
            },
            sentence: "No two nodes believe at once that they hold the lease.",
        },
        Promise {
            id: "live",
            aspect: Aspect::Liveness,
            promised: true,
            assuming: &["a majority of lock servers and the store are up and connected"],
            sentence: "When a holder is gone another takes over after the lease.",
        },
    ]
}

/// The cluster itself, for tests that look into nodes: workers, lock servers, the store, clients.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Node>> {
    let workers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let count = setup.settings.int("locks").clamp(1, 5) as u32;
    let locks: Arc<[NodeId]> = (setup.nodes..setup.nodes + count).map(NodeId).collect();
    let store = NodeId(setup.nodes + count);
    let mut nodes = Vec::new();
    for me in &workers {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let config = Config {
            guard: match setup.settings.choice("guard") {
                "fencing" => Guard::Fencing,
                "check" => Guard::Check,
                _ => Guard::None,
            },
            ttl: setup.settings.duration("ttl"),
            poll: settings.duration("poll"),
            join: settings.duration("join"),
            gap: settings.duration("gap"),
            wall: settings.choice("clock") == "wall",
            service: settings.duration("service"),
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        nodes.push((meta, Node::Worker(Worker::new(Arc::new(config), Arc::clone(&locks), store))));
    }
    let broken = setup.settings.choice("broken");
    for (index, me) in locks.iter().enumerate() {
        let mut meta = setup.meta(format!("l{}", index + 1), 2);
        meta.sync = setup.settings.law("sync");
        let config = paxos::Config {
            election: (300 * MILLISECOND, 600 * MILLISECOND),
            heartbeat: 100 * MILLISECOND,
            window: 16,
            forgets: false,
            adopts_any: false,
        };
        let peers = locks.iter().copied().filter(|peer| peer != me).collect();
        let core = paxos::Core::new(Arc::new(config), *me, peers);
        let first = setup.settings.int("first_token").max(1) as u64;
        let lock = Lock::new(core, setup.settings.duration("ttl"), first, broken == "tokens_reused");
        nodes.push((meta, Node::Lock(Box::new(lock))));
    }
    let mut meta = setup.meta("s1".to_owned(), 3);
    meta.sync = setup.settings.law("sync");
    let fences = setup.settings.choice("guard") == "fencing";
    nodes.push((meta, Node::Store(Store::new(fences, broken == "store_forgets"))));
    let clients = ClientConfig::new(setup.workload.clone(), workers, Route::Leader);
    hosted_cluster(setup, nodes, clients, 1)
}
