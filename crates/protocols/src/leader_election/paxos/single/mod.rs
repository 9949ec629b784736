//! The single decree: every proposer runs both phases for every decree, and proposers duel.
//!
//! Lamport, "Paxos Made Simple", 2001, section 2. A server that a client asks proposes that command for the lowest
//! decree that it does not know to be decided; where another's command was decided instead, it proposes its own for
//! the next one. Without a distinguished proposer two of them can keep each other from ever deciding (2.4): whose
//! ballot was refused tries a higher one, at once or after a pause (`backoff`). Safety hangs on none of that.

mod invariants;
mod message;
mod server;
mod view;

use std::sync::Arc;

use netsplit_sim::declare::{Kind, Param, Promise, Settings};
use netsplit_sim::node::NodeId;
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::{Cluster, Simulation};

pub use invariants::Watch;
pub use message::{Acceptor, Decree, Disk, Write};
pub use server::Server;

use super::{BROKEN, MULTI_PAXOS};
use crate::parts::client::{ClientConfig, Route};
use crate::parts::declared::series;
use crate::parts::host::{Hosted, hosted_cluster};
use crate::parts::switches::{SERVICE, SYNC, param};
use crate::registry::{Algorithm, Setup};
use message::MESSAGES;
use server::Config;

/// The registry's entry.
pub static PAXOS: Algorithm = Algorithm {
    id: "paxos",
    label: "Paxos, single decree",
    summary: "Whoever is asked proposes. A majority's promises, then its acceptance, decide one value.",
    params: PARAMS,
    messages: MESSAGES,
    series: &[
        series("decided", "Decrees decided"),
        series("preempted", "Ballots refused"),
        series("round", "Highest round of a decree"),
    ],
    lanes: &[("proposers", "Proposers")],
    promises,
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
    ..MULTI_PAXOS
};

fn promises(settings: &Settings) -> Vec<Promise> {
    let mut promises = (MULTI_PAXOS.promises)(&Settings::default());
    promises.retain(|promise| promise.id != "primary_order");
    for promise in promises.iter_mut().filter(|promise| promise.id == "live") {
        (promise.promised, promise.sentence) = match settings.choice("backoff") {
            "random" => (true, "Sooner or later somebody's ballot is left alone, and requests are answered."),
            _ => (false, "Two proposers may refuse each other's ballots for ever."),
        };
    }
    promises
}

static PARAMS: &[Param] = &[
    param(
        "backoff",
        "After a refusal",
        "",
        Kind::Choice(&[("random", "Random pause"), ("fixed", "Fixed pause"), ("none", "No pause")]),
        "When a proposer whose ballot was refused tries a higher one. A random pause grows with each refusal.",
    ),
    param(
        "pause",
        "Pause",
        "",
        Kind::Duration(50 * MILLISECOND, MILLISECOND, 10 * SECOND),
        "Length of the pause; if random, the most for the first refusal, doubled with each further one.",
    ),
    param(
        "timeout",
        "Wait for a majority",
        "",
        Kind::Duration(500 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "A proposer that hears no majority for so long tries again with a higher ballot.",
    ),
    Param { help: "Time until a write is durable. Promises and acceptances wait for it.", ..SYNC },
    SERVICE,
    BROKEN,
];

/// The cluster itself, for tests that look into servers.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Server>> {
    let servers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let nodes = servers.iter().map(|me| {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let backoff = settings.choice("backoff");
        let config = Config {
            random: backoff == "random",
            pause: if backoff == "none" { 0 } else { settings.duration("pause") },
            timeout: settings.duration("timeout"),
            service: settings.duration("service"),
            forgets: settings.choice("broken") == "acceptor_forgets",
            adopts_any: settings.choice("broken") == "adopts_any",
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        meta.sync = settings.law("sync");
        let peers = servers.iter().copied().filter(|peer| peer != me).collect();
        let server = Server::new(Arc::new(config), *me, peers);
        (meta, server)
    });
    let mut clients = ClientConfig::new(setup.workload.clone(), servers.clone(), Route::Sticky);
    clients.tells_patience = true;
    hosted_cluster(setup, nodes.collect(), clients, 1)
}
