//! Raft: one leader a term replicates a log; an entry is committed once a majority stores it. A key-value store with
//! client sessions stands on it.
//!
//! Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)", 2014, and Ongaro's
//! dissertation, 2014. The log itself is [`crate::parts::raft`]. It needs no ordered links: everything is sent again
//! with a heartbeat, and late, lost or doubled messages are harmless.

pub mod invariants;
mod params;
mod server;
mod view;

use std::sync::Arc;

use netsplit_sim::declare::{ActionKind, Layout, Series};
use netsplit_sim::node::NodeId;
use netsplit_sim::{Cluster, Simulation};

pub use crate::parts::store::{Applied, Store};
pub use server::{Config, Deed, Reads, Server};

use crate::leader_election::declared::{LEADERS, LEADERS_LANE};
use crate::parts::client::{ClientConfig, Route};
use crate::parts::declared::{CLIENT, SERVER, series};
use crate::parts::host::{Hosted, hosted_cluster};
use crate::parts::raft::show::{COMMITTED, SNAPSHOTS, TERM};
use crate::parts::raft::{Broken, MESSAGES, Members, Rules};
use crate::registry::{Algorithm, Setup};

/// The registry's entry.
pub static RAFT: Algorithm = Algorithm {
    id: "raft",
    label: "Raft",
    summary: "One leader per term replicates a log. A write commits once a majority stores it.",
    semantics: 5,
    nodes: (1, 100, 5),
    spares: 4,
    params: params::PARAMS,
    presets: &[],
    roles: &[SERVER, CLIENT],
    messages: MESSAGES,
    layout: Layout::Circle,
    series: &[
        LEADERS,
        TERM,
        COMMITTED,
        SNAPSHOTS,
        Series { id: "without_leader", label: "Without a leader", unit: "ms", chart: "", counts: false },
        series("split_terms", "Terms without a leader"),
    ],
    lanes: &[LEADERS_LANE],
    actions: &[
        ActionKind { id: "transfer_leadership", label: "Transfer leadership", on_node: false },
        ActionKind { id: "add_node", label: "Add a server", on_node: false },
        ActionKind { id: "remove_node", label: "Remove server", on_node: true },
        ActionKind { id: "remove_silent", label: "Remove a silent server", on_node: false },
    ],
    promises: params::promises,
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
};

/// The cluster itself, for tests that look into servers.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Server>> {
    let name = |node: NodeId| format!("n{}", node.0 + 1);
    let first: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let all = || (0..setup.nodes + setup.spares).map(NodeId);
    let initial = Members::of(first.iter().copied());
    // What a leader may rest on is the shortest timeout of all.
    let quickest =
        all().map(|node| setup.settings_of(&name(node)).duration("election_min")).min().unwrap_or(0);
    let nodes = all().map(|me| {
        let settings = setup.settings_of(&name(me));
        let least = settings.duration("election_min");
        let reads = settings.choice("reads");
        let lease = (quickest as f64 / (1.0 + settings.real("drift") / 1e6)) as u64;
        let rules = Rules {
            election_min: least,
            election_max: settings.duration("election_max").max(least),
            heartbeat: settings.duration("heartbeat"),
            pre_vote: settings.bool("pre_vote"),
            check_quorum: settings.bool("check_quorum"),
            refuse: settings.bool("refuse_votes"),
            lease: if reads == "lease" { lease } else { 0 },
            joint: settings.choice("membership") == "joint",
            max_entries: settings.int("max_entries").max(1) as usize,
            inflight: settings.int("inflight").max(1) as u32,
            batch: settings.duration("batch"),
            announce: false,
            compact: settings.int("snapshot_every").max(0) as u64,
            chunk: settings.int("snapshot_chunk").max(1) as u32,
            measure_from: settings.duration("measure_from"),
            broken: Broken::of(settings.choice("broken")),
        };
        let reads = match reads {
            "log" => Reads::Log,
            "leader_local" => Reads::Local,
            _ => Reads::Index,
        };
        let config = Config { rules: Arc::new(rules), reads, service: settings.duration("service") };
        let mut meta = setup.meta(name(me), 0);
        meta.workers = 1;
        meta.absent = me.0 >= setup.nodes;
        meta.sync = settings.law("sync");
        (meta, Server::new(me, Arc::new(config), initial))
    });
    let clients = ClientConfig::new(setup.workload.clone(), first.clone(), Route::Leader);
    hosted_cluster(setup, nodes.collect(), clients, 1)
}
