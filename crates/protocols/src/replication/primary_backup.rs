//! Primary-backup replication, asynchronous and synchronous, with failover by timeout.
//!
//! Alsberg and Day, "A Principle for Resilient Sharing of Distributed Resources", 1976, is the origin; Budhiraja,
//! Marzullo, Schneider and Toueg, "The Primary-Backup Approach", 1993, the reference. The primary orders writes
//! and streams its log to the backups. Synchronous: it acknowledges once enough backups have the write on disk,
//! and never falls back. Asynchronous: once its own disk has it.
//!
//! Failover has no quorum, on purpose: the first live backup in a fixed order promotes itself when it has not
//! heard a primary for its timeout. A primary that was only cut off goes on; when it hears a higher epoch, it
//! gives up what the new primary does not have. That is how acknowledged writes are lost, and each is named.

mod invariants;
mod server;

use netsplit_sim::Simulation;
use netsplit_sim::declare::{Aspect, Kind, Law, Layout, MessageKind, Param, Promise, Role, Series, Shape};
use netsplit_sim::node::NodeId;
use netsplit_sim::small::Map;
use netsplit_sim::time::{MILLISECOND, SECOND};

use crate::parts::chunked::Chunked;
use crate::parts::client::Route;
use crate::parts::declared::{CLIENT, SERVER};
use crate::parts::host::build_hosted;
use crate::parts::switches::SERVICE;
use crate::registry::{Algorithm, Setup};
pub use server::Server;

/// Acknowledges when the primary's disk has the write.
pub static ASYNCHRONOUS: Algorithm = Algorithm {
    id: "async_primary_backup",
    label: "Primary-backup, asynchronous",
    summary: "The primary acknowledges at once and copies to its backups afterwards.",
    // All but the number of backups that a write waits for.
    params: PARAMS.split_at(PARAMS.len() - 1).0,
    presets: &[],
    build: |setup| build(setup, false),
    promises: |_| promises(false),
    ..SYNCHRONOUS
};

/// Acknowledges when the backups' disks have the write, too.
pub static SYNCHRONOUS: Algorithm = Algorithm {
    id: "sync_primary_backup",
    label: "Primary-backup, synchronous",
    summary: "The primary acknowledges a write once its backups have it on disk.",
    semantics: 1,
    nodes: (1, 15, 3),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[SERVER, CLIENT],
    messages: &[
        MessageKind { label: "Client request", role: Role::Client, shape: Shape::Circle },
        MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
        MessageKind { label: "Replicate", role: Role::Append, shape: Shape::Square },
        MessageKind { label: "Heartbeat", role: Role::Append, shape: Shape::HollowSquare },
        MessageKind { label: "Ack", role: Role::Append, shape: Shape::TickSquare },
    ],
    layout: Layout::Circle,
    series: &[
        Series { id: "primaries", label: "Primaries", unit: "", chart: "", counts: false },
        Series { id: "lag", label: "Writes that the last backup lacks", unit: "", chart: "", counts: false },
        Series { id: "lost_writes", label: "Acknowledged writes lost", unit: "", chart: "", counts: false },
    ],
    lanes: &[("primaries", "Primaries")],
    actions: &[],
    promises: |_| promises(true),
    build: |setup| build(setup, true),
};

static PARAMS: &[Param] = &[
    Param {
        id: "heartbeat",
        label: "Heartbeat",
        unit: "",
        group: "",
        kind: Kind::Duration(500 * MILLISECOND, MILLISECOND, 60 * SECOND),
        help: "How often the primary tells that it lives.",
    },
    Param {
        id: "failover",
        label: "Failover after",
        unit: "",
        group: "",
        kind: Kind::Duration(3 * SECOND, MILLISECOND, 3600 * SECOND),
        help: "A backup that hears no primary for so long takes over; the next in line waits twice as long.",
    },
    Param {
        id: "sync",
        label: "Disk sync",
        unit: "",
        group: "",
        kind: Kind::Law(Law::Constant(MILLISECOND), 10 * SECOND),
        help: "Time until a write is durable.",
    },
    SERVICE,
    Param {
        id: "acks",
        label: "Backups awaited",
        unit: "",
        group: "",
        kind: Kind::Choice(&[("all", "All"), ("majority", "Majority"), ("one", "One")]),
        help: "How many backups must have a write on disk before it is acknowledged. A majority counts the primary. Without enough, writes wait.",
    },
];

fn promises(synchronous: bool) -> Vec<Promise> {
    vec![
        Promise {
            id: "durable",
            aspect: Aspect::Durability,
            promised: synchronous,
            assuming: &["every backup acknowledges", "no disk is lost"],
            sentence: if synchronous {
                "An acknowledged write is on the disk of every backup that had to acknowledge it."
            } else {
                "A failover may lose the writes that were acknowledged last."
            },
        },
        Promise {
            id: "linearizable",
            aspect: Aspect::Consistency,
            promised: false,
            assuming: &[],
            sentence: "A primary that was cut off goes on answering while another has taken over.",
        },
        Promise {
            id: "live",
            aspect: Aspect::Liveness,
            promised: !synchronous,
            assuming: &["the primary is up, or its failover timeout has passed"],
            sentence: if synchronous {
                "Writes wait while a backup that must acknowledge does not."
            } else {
                "Some primary answers."
            },
        },
    ]
}

fn build(setup: &Setup, synchronous: bool) -> Box<dyn Simulation> {
    let nodes: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let servers = nodes.iter().map(|me| {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let acks = match settings.choice("acks") {
            "one" => 1,
            "majority" => nodes.len() / 2,
            _ => nodes.len() - 1,
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        meta.sync = settings.law("sync");
        let server = Server {
            synchronous,
            heartbeat: settings.duration("heartbeat"),
            failover: settings.duration("failover"),
            service: settings.duration("service"),
            acks,
            me: *me,
            peers: nodes.iter().copied().filter(|peer| peer != me).collect(),
            epoch: 0,
            primary: None,
            log: Chunked::default(),
            values: Map::new(),
            acknowledged: Map::new(),
            durable: 0,
            ticket: 0,
            syncing: Vec::new(),
            backups: Map::new(),
            waiting: Map::new(),
            heard: 0,
            lost: 0,
        };
        (meta, server)
    });
    build_hosted(setup, servers.collect(), nodes.clone(), Route::Leader, 1)
}
