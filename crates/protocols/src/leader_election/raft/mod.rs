//! Raft: one leader a term replicates a log; an entry is committed once a majority stores it.
//!
//! Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)", 2014: figure 2
//! and sections 5.1 to 5.4, with section 8's no-op at the start of a term and its client sessions; from
//! Ongaro's dissertation, the leader's own write in parallel (10.2.1), leadership transfer (3.10) and the leader
//! that steps down without a majority (6.2, "CheckQuorum").
//!
//! Needs no ordered links: everything is sent again with a heartbeat, and late, lost or doubled messages are
//! harmless. Membership is fixed, and the log is never compacted.

mod invariants;
mod message;
mod server;
mod store;
mod view;

use std::sync::Arc;

use netsplit_sim::declare::{
    ActionKind, Aspect, Kind, Law, Layout, NodeRole, Param, Promise, Series, Settings,
};
use netsplit_sim::node::NodeId;
use netsplit_sim::time::{MICROSECOND, MILLISECOND, SECOND};
use netsplit_sim::{Cluster, Simulation};

pub use invariants::Invariants;
pub use message::{Command, Disk, Entry, Raft};
pub use server::{Config, Role, Server};
pub use store::Store;

use crate::parts::client::{ClientConfig, Route};
use crate::parts::host::{Hosted, hosted_cluster};
use crate::registry::{Algorithm, Setup};

/// Deliberate mistakes that the tests must notice. Not a parameter: no scenario can ask for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Planted {
    /// None: Raft as published.
    #[default]
    None,
    /// Term and vote are not written.
    VoteNotPersisted,
    /// Effects do not wait for the disk.
    AckBeforeSync,
    /// A follower cuts its log at every AppendEntries, not only on conflict.
    TruncateAlways,
}

/// The registry's entry.
pub static RAFT: Algorithm = Algorithm {
    id: "raft",
    label: "Raft",
    summary: "One leader per term replicates a log. A write commits once a majority stores it.",
    semantics: 1,
    nodes: (1, 15, 5),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[
        NodeRole { id: "server", prefix: "n", tier: 1, client: false },
        NodeRole { id: "client", prefix: "c", tier: 0, client: true },
    ],
    messages: message::MESSAGES,
    layout: Layout::Circle,
    series: &[
        Series { id: "leaders", label: "Leaders", unit: "", chart: "", counts: false },
        Series { id: "term", label: "Term", unit: "", chart: "", counts: false },
        Series { id: "committed", label: "Committed entries", unit: "", chart: "", counts: false },
    ],
    lanes: &[("leaders", "Leaders")],
    actions: &[ActionKind { id: "transfer_leadership", label: "Transfer leadership", on_node: false }],
    promises,
    build: |setup| Box::new(cluster(setup, Planted::None)) as Box<dyn Simulation>,
};

static PARAMS: &[Param] = &[
    Param {
        id: "election_min",
        label: "Election timeout, least",
        unit: "",
        group: "",
        kind: Kind::Duration(150 * MILLISECOND, MILLISECOND, 60 * SECOND),
        help: "A follower that hears no leader for a random time between least and most stands for election.",
    },
    Param {
        id: "election_max",
        label: "Election timeout, most",
        unit: "",
        group: "",
        kind: Kind::Duration(300 * MILLISECOND, MILLISECOND, 60 * SECOND),
        help: "The wider the range, the rarer split votes.",
    },
    Param {
        id: "heartbeat",
        label: "Heartbeat",
        unit: "",
        group: "",
        kind: Kind::Duration(50 * MILLISECOND, MILLISECOND, 10 * SECOND),
        help: "How often a leader tells that it lives.",
    },
    Param {
        id: "reads",
        label: "Reads served by",
        unit: "",
        group: "",
        kind: Kind::Choice(&[("log", "Log"), ("leader_local", "Leader, unsafe")]),
        help: "Through the log, reads are linearizable; from the leader's own state they can be stale.",
    },
    Param {
        id: "check_quorum",
        label: "CheckQuorum",
        unit: "",
        group: "",
        kind: Kind::Bool(false),
        help: "A leader that hears no majority for an election timeout steps down.",
    },
    Param {
        id: "sync",
        label: "Disk sync",
        unit: "",
        group: "",
        kind: Kind::Law(Law::Constant(MILLISECOND), 10 * SECOND),
        help: "Time until a write is durable. Votes and acknowledgements wait for it.",
    },
    Param {
        id: "service",
        label: "Work per message",
        unit: "",
        group: "",
        kind: Kind::Duration(50 * MICROSECOND, 0, SECOND),
        help: "Processor time of one message; the slow fault multiplies it.",
    },
];

fn promises(settings: &Settings) -> Vec<Promise> {
    let safe = settings.choice("reads") == "log";
    vec![
        Promise {
            id: "linearizable",
            aspect: Aspect::Consistency,
            promised: safe,
            assuming: &["stable disk"],
            sentence: if safe {
                "Every read sees every write that was acknowledged before it began."
            } else {
                "A deposed leader may answer a read with an old value."
            },
        },
        Promise {
            id: "durable",
            aspect: Aspect::Durability,
            promised: true,
            assuming: &["fewer than half of the disks are lost"],
            sentence: "An acknowledged write is on a majority's disks.",
        },
        Promise {
            id: "live",
            aspect: Aspect::Liveness,
            promised: true,
            assuming: &["a majority is up and connected", "delays are far below the election timeout"],
            sentence: "Some leader is elected and requests are answered.",
        },
    ]
}

/// The cluster itself, for tests that look into servers or plant a mistake.
#[must_use]
pub fn cluster(setup: &Setup, planted: Planted) -> Cluster<Hosted<Server>> {
    let servers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let nodes = servers.iter().map(|me| {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let least = settings.duration("election_min");
        let config = Config {
            election_min: least,
            election_max: settings.duration("election_max").max(least),
            heartbeat: settings.duration("heartbeat"),
            check_quorum: settings.bool("check_quorum"),
            local_reads: settings.choice("reads") == "leader_local",
            service: settings.duration("service"),
            planted,
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        meta.sync = settings.law("sync");
        let peers = servers.iter().copied().filter(|peer| peer != me).collect();
        (meta, Server::new(Arc::new(config), peers))
    });
    let clients = ClientConfig::new(setup.workload.clone(), servers.clone(), Route::Leader);
    hosted_cluster(setup, nodes.collect(), clients, 1)
}
