//! The bully algorithm: of the nodes that are up, the one with the highest number coordinates.
//!
//! Garcia-Molina, "Elections in a Distributed Computing System", IEEE Transactions on Computers C-31(1), 1982,
//! section IV, with the messages as textbooks have them since (Coulouris, Dollimore, Kindberg and Blair,
//! "Distributed Systems", 5th edition, section 15.3): who notices that the coordinator is down asks every higher
//! node (election); a higher one that is up answers and holds an election of its own; whom nobody answers tells
//! every lower one (coordinator). A node that starts again holds an election, and bullies whoever coordinates.
//! Of Garcia-Molina's procedures it has `Check`, by which the coordinator asks all others whether they follow it.
//!
//! It assumes synchrony: a bound on delays that `timeout` covers twice, reliable links, a fixed membership, and
//! failures that are crashes. Beyond that, two coordinators are as published.

mod invariants;
mod message;
mod server;

use std::sync::Arc;

use netsplit_sim::declare::{Kind, Layout, Param, Promise, Settings};
use netsplit_sim::node::NodeId;
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::{Cluster, Simulation};

pub use invariants::Watch;
pub use message::Bully;
pub use server::{Phase, Server};

use crate::leader_election::declared::{COORDINATORS, COORDINATORS_LANE, JOBS, synchronous};
use crate::parts::client::{ClientConfig, Route};
use crate::parts::declared::{CLIENT, SERVER, series};
use crate::parts::host::{Hosted, hosted_cluster};
use crate::parts::switches::{SERVICE, mistakes, param};
use crate::registry::{Algorithm, Setup};
use server::Config;

/// The registry's entry.
pub static BULLY: Algorithm = Algorithm {
    id: "bully",
    label: "Bully",
    summary: "The highest node that is up coordinates. Whoever misses the coordinator asks all higher ones.",
    semantics: 2,
    nodes: (1, 15, 5),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[SERVER, CLIENT],
    messages: message::MESSAGES,
    layout: Layout::Circle,
    series: &[COORDINATORS, series("electing", "Nodes in an election"), JOBS],
    lanes: &[COORDINATORS_LANE],
    actions: &[],
    promises,
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
};

static PARAMS: &[Param] = &[
    param(
        "check",
        "Check interval",
        "",
        Kind::Duration(300 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "How often the coordinator asks the others whether they follow it.",
    ),
    param(
        "patience",
        "Silence before an election",
        "",
        Kind::Duration(SECOND, MILLISECOND, 3600 * SECOND),
        "A node that was not asked for so long takes the coordinator for crashed.",
    ),
    param(
        "timeout",
        "Wait for answers",
        "",
        Kind::Duration(200 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "A node that no higher one answers for so long coordinates. It must cover a round trip.",
    ),
    SERVICE,
    mistakes(
        &[("none", "Nothing"), ("no_wait", "Waits for no answer")],
        "A mistake to find: whoever holds an election announces itself at once.",
    ),
];

fn promises(settings: &Settings) -> Vec<Promise> {
    // Whoever is asked less often than it loses patience takes a coordinator for crashed that is not.
    let least = settings.duration("check") + settings.duration("timeout");
    let promised = settings.duration("patience") >= least;
    let mut promises = PROMISES.to_vec();
    for promise in &mut promises {
        promise.promised = promised;
    }
    promises
}

static PROMISES: [Promise; 2] =
    synchronous("Once crashes and restarts pause, all nodes follow the highest one that is up.");

/// The cluster itself, for tests that look into servers.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Server>> {
    let servers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let nodes = servers.iter().map(|me| {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let config = Config {
            check: settings.duration("check"),
            patience: settings.duration("patience"),
            timeout: settings.duration("timeout"),
            service: settings.duration("service"),
            no_wait: settings.choice("broken") == "no_wait",
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        (meta, Server::new(Arc::new(config), *me, setup.nodes))
    });
    let clients = ClientConfig::new(setup.workload.clone(), servers.clone(), Route::Leader).calls();
    hosted_cluster(setup, nodes.collect(), clients, 1)
}
