//! Election on a ring: every number goes round, and the highest one swallows the others.
//!
//! Chang and Roberts, "An improved algorithm for decentralized extrema-finding in circular configurations of
//! processes", Communications of the ACM 22(5), 1979. A node that starts sends its number to its neighbour; a
//! number is passed on by nodes whose own is lower and swallowed by those whose own is higher; the one that comes
//! back has won, and goes round once more to say so. With n nodes that all start: 2n-1 election messages at best,
//! n(n+1)/2 at worst, n(1 + 1/2 + ... + 1/n) on average over all orders; and n to announce.
//!
//! The paper assumes links that keep the order (over datagrams a number that the result overtook starts one
//! election more) and a ring in which nothing fails meanwhile. Around it, as systems do it: each node asks its
//! neighbour whether it is there and leaves it out when it is not, so that the ring closes; who leaves the coordinator out
//! starts; a node that comes back starts; whoever hears no result for `retry` starts again.

mod invariants;
mod message;
mod server;

use std::sync::Arc;

use netsplit_sim::declare::{Kind, Layout, Param, Promise};
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::node::NodeId;
use netsplit_sim::small;
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::{Cluster, Simulation};

pub use invariants::Watch;
pub use message::Ring;
pub use server::Server;

use crate::leader_election::declared::{COORDINATORS, COORDINATORS_LANE, JOBS, synchronous};
use crate::parts::client::{ClientConfig, Route};
use crate::parts::declared::{CLIENT, SERVER, series};
use crate::parts::host::{Hosted, hosted_cluster};
use crate::parts::switches::{SERVICE, mistakes, param};
use crate::registry::{Algorithm, Setup};
use server::Config;

const ORDER: Purpose = Purpose::named("ring.order");

/// The registry's entry.
pub static RING: Algorithm = Algorithm {
    id: "ring",
    label: "Ring (Chang-Roberts)",
    summary: "Numbers go round a ring, and the highest swallows the others. Its node coordinates.",
    semantics: 3,
    nodes: (1, 32, 6),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[SERVER, CLIENT],
    messages: message::MESSAGES,
    layout: Layout::Circle,
    series: &[COORDINATORS, series("election_messages", "Election messages"), JOBS],
    lanes: &[COORDINATORS_LANE],
    actions: &[],
    promises: |_| PROMISES.to_vec(),
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
};

static PARAMS: &[Param] = &[
    param(
        "order",
        "Numbers along the ring",
        "",
        Kind::Choice(&[("shuffled", "Shuffled"), ("rising", "Rising, best"), ("falling", "Falling, worst")]),
        "Rising numbers are swallowed by the next node, falling ones travel far.",
    ),
    param(
        "check",
        "Check interval",
        "",
        Kind::Duration(300 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "How often a node asks its neighbour whether it is there.",
    ),
    param(
        "timeout",
        "Wait for a neighbour",
        "",
        Kind::Duration(200 * MILLISECOND, MILLISECOND, 60 * SECOND),
        "A neighbour that is silent for so long is left out. It must cover a round trip.",
    ),
    param(
        "retry",
        "Wait for a result",
        "",
        Kind::Duration(2 * SECOND, MILLISECOND, 3600 * SECOND),
        "A node that hears no result for so long starts again. It must cover two turns of the ring.",
    ),
    SERVICE,
    mistakes(
        &[("none", "Nothing"), ("passes_all", "Swallows no number")],
        "A mistake to find: every number is passed on, so every node that starts wins.",
    ),
];

static PROMISES: [Promise; 2] =
    synchronous("Once crashes and restarts pause, all nodes follow the one with the highest number.");

/// The number of each node, from 1, in the order of the ring.
fn numbers(setup: &Setup) -> Vec<u32> {
    let count = setup.nodes;
    match setup.settings.choice("order") {
        "rising" => (1..=count).collect(),
        "falling" => (1..=count).rev().collect(),
        _ => {
            let key = draw::join(draw::mix(setup.seed), ORDER.0);
            let mut all: Vec<u32> = (1..=count).collect();
            small::sort_by_key(&mut all, |number| draw::word(key, u64::from(*number)));
            all
        }
    }
}

/// The cluster itself, for tests that look into servers.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Server>> {
    let servers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let numbers: Arc<[u32]> = numbers(setup).into();
    let nodes = servers.iter().map(|me| {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let config = Config {
            check: settings.duration("check"),
            timeout: settings.duration("timeout"),
            retry: settings.duration("retry"),
            service: settings.duration("service"),
            passes_all: settings.choice("broken") == "passes_all",
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        (meta, Server::new(Arc::new(config), Arc::clone(&numbers), *me))
    });
    let clients = ClientConfig::new(setup.workload.clone(), servers.clone(), Route::Leader).calls();
    hosted_cluster(setup, nodes.collect(), clients, 1)
}
