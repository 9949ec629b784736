//! Paxos: acceptors promise and accept, and what a majority accepted in one ballot is chosen for ever.
//!
//! Lamport, "Paxos Made Simple", ACM SIGACT News 32(4), 2001. Section 2 is the single decree ([`single`]); section 3
//! is the log, here [`core`]: one proposer, the leader, runs phase 1 once for all slots, fills the gaps that it finds
//! with no-ops, and then runs phase 2 alone, for several slots at once. The leader is also the distinguished learner
//! (2.3); the others learn from what it says to be decided. Acceptors keep promises and accepted values on disk, and
//! a proposer the highest ballot that it used, before anything that follows from them is sent (2.5). Who leads is
//! settled by timeouts of random length, which safety does not hang on.
//!
//! With several proposals outstanding the log has no primary order (Junqueira, Reed and Serafini, "Zab", DSN 2011,
//! section II): a leader's first proposal may be lost and its second decided. Each such loss is counted.

pub mod core;
mod invariants;
mod message;
mod server;
pub mod single;

use std::sync::Arc;

use netsplit_sim::declare::{Aspect, Kind, Layout, Param, Promise, Settings};
use netsplit_sim::node::NodeId;
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::{Cluster, Simulation};

pub use self::core::{Config, Core, Role};
pub use invariants::Watch;
pub(super) use message::MESSAGES;
pub use message::{CHOSEN, Command, Disk, Paxos, Value, Write};
pub use server::Server;
pub(super) use server::{log_view, refused};

use crate::leader_election::declared::{DURABLE, LEADERS, LEADERS_LANE, LINEARIZABLE, LIVE};
use crate::parts::client::{ClientConfig, Route};
use crate::parts::declared::{CLIENT, SERVER, series};
use crate::parts::host::{Hosted, hosted_cluster};
use crate::parts::switches::{SERVICE, SYNC, mistakes, param};
use crate::registry::{Algorithm, Setup};

/// The registry's entry.
pub static MULTI_PAXOS: Algorithm = Algorithm {
    id: "multi_paxos",
    label: "Multi-Paxos",
    summary: "A leader runs phase 1 once, then decides slot after slot of a log by majorities.",
    semantics: 3,
    nodes: (1, 15, 5),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[SERVER, CLIENT],
    messages: &message::MESSAGES,
    layout: Layout::Circle,
    series: &[
        LEADERS,
        series("round", "Highest round"),
        series("decided", "Decided slots"),
        series("order_lost", "Commands lost before later ones"),
    ],
    lanes: &[LEADERS_LANE],
    actions: &[],
    promises,
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
};

static PARAMS: &[Param] = &[
    param(
        "election_min",
        "Time without a leader, least",
        "",
        Kind::Duration(300 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "A node that hears no leader for a random time between least and most runs phase 1 itself.",
    ),
    param(
        "election_max",
        "Time without a leader, most",
        "",
        Kind::Duration(600 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "The wider the range, the rarer duels.",
    ),
    param(
        "heartbeat",
        "Heartbeat",
        "",
        Kind::Duration(100 * MILLISECOND, MILLISECOND, 10 * SECOND),
        "How often a leader tells that it lives, and sends again what is not yet accepted.",
    ),
    param(
        "window",
        "Proposals outstanding",
        "",
        Kind::Int(16, 1, 1000),
        "How many slots a leader proposes before the first is decided. With one the order is kept.",
    ),
    Param { help: "Time until a write is durable. Promises and acceptances wait for it.", ..SYNC },
    SERVICE,
    BROKEN,
];

/// The mistakes that can be switched on, here and in the single decree.
const BROKEN: Param = mistakes(
    &[
        ("none", "Nothing"),
        ("acceptor_forgets", "The acceptor keeps nothing on disk"),
        ("adopts_any", "The proposer adopts any accepted value"),
    ],
    "A mistake to find: promises and acceptances are lost in a crash, or a new leader takes the first value it is told of instead of that of the highest ballot.",
);

fn promises(settings: &Settings) -> Vec<Promise> {
    vec![
        LINEARIZABLE,
        Promise {
            id: "primary_order",
            aspect: Aspect::Consistency,
            promised: settings.int("window") == 1,
            assuming: &[],
            sentence: "Of one leader's commands none is decided unless all before it are.",
        },
        Promise { assuming: &["no disk is lost"], ..DURABLE },
        Promise {
            assuming: &["a majority is up and connected", "delays are far below the timeout"],
            sentence: "Some leader stands and requests are answered.",
            ..LIVE
        },
    ]
}

/// The settings of a log.
pub(super) fn config(settings: &Settings) -> Config {
    let least = settings.duration("election_min");
    Config {
        election: (least, settings.duration("election_max").max(least)),
        heartbeat: settings.duration("heartbeat"),
        window: settings.int("window").max(1) as u64,
        forgets: settings.choice("broken") == "acceptor_forgets",
        adopts_any: settings.choice("broken") == "adopts_any",
    }
}

/// The cluster itself, for tests that look into servers.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Server>> {
    let servers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let nodes = servers.iter().map(|me| {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let peers = servers.iter().copied().filter(|peer| peer != me).collect();
        let core = Core::new(Arc::new(config(settings)), *me, peers);
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        meta.sync = settings.law("sync");
        (meta, Server::new(core, settings.duration("service")))
    });
    let clients = ClientConfig::new(setup.workload.clone(), servers.clone(), Route::Leader);
    hosted_cluster(setup, nodes.collect(), clients, 1)
}
