//! ZooKeeper: a tree of znodes, replicated by Zab, the atomic broadcast of one primary after another.
//!
//! Junqueira, Reed and Serafini, "Zab: High-performance broadcast for primary-backup systems", DSN 2011, pages 245 to 256,
//! for what Zab guarantees (see [`Invariants`]) and for its three phases. Hunt, Konar, Junqueira and Reed, "ZooKeeper:
//! Wait-free coordination for Internet-scale systems", USENIX ATC 2010, for znodes, sessions, watches and `sync`. What is
//! built is ZooKeeper 3.x rather than the paper where they differ (Medeiros, "ZooKeeper's atomic broadcast protocol: theory
//! and practice", 2012, section 4): fast leader election, which is no part of Zab, picks the server with the latest
//! history, so that no history need be fetched; DIFF, TRUNC and SNAP bring followers in line. Defaults are those of
//! ZooKeeper 3.x: tickTime 2000 ms, initLimit 10 and syncLimit 5 of its zoo_sample.cfg; commitLogCount 500 and a session
//! timeout of 2 to 20 ticks of the administrator's guide, "Configuration Parameters".
//!
//! Needs streams: a follower acknowledges what it has of an ordered channel, and a broken one is made anew from the
//! beginning. On links that reorder, every connection breaks at once. Observers, quotas, ACLs, dynamic reconfiguration and
//! `multi` are left out; a znode has children only where a recipe makes them.

mod broadcast;
mod config;
mod contender;
mod disk;
mod election;
mod follower;
mod invariants;
mod leader;
mod learner;
mod message;
mod params;
mod recovery;
mod serve;
mod server;
mod sessions;
mod talk;
mod tree;
mod view;

use std::sync::Arc;

use netsplit_sim::declare::{ActionKind, Layout, NodeRole, Series, Settings};
use netsplit_sim::node::{Action, Ctx, Look, Node, NodeId};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{ClusterView, Data, Detail, NodeView};
use netsplit_sim::{Cluster, Simulation};

pub use config::{Broken, Config, Reads};
pub use contender::{Contender, LOCK, Step};
pub use disk::Disk;
pub use invariants::Invariants;
pub use message::{Role, Txn, Vote, Zab, Zk, counter, epoch};
pub use server::{Server, Timer};
pub use tree::{Change, Path, Tree, Znode};

use crate::leader_election::declared::{HOLDERS, HOLDERS_LANE, LEADERS, LEADERS_LANE, WATCH_EVENTS};
use crate::parts::client::{ClientConfig, Route};
use crate::parts::declared::{CLIENT, SERVER, series};
use crate::parts::host::{ClientTotals, Envelope, Hosted, Overview, hosted_cluster};
use crate::registry::{Algorithm, Setup};

/// The registry's entry.
pub static ZOOKEEPER: Algorithm = Algorithm {
    id: "zookeeper",
    label: "ZooKeeper",
    summary: "A leader orders all writes (Zab). Every server answers reads from its own state.",
    semantics: 2,
    nodes: (1, 15, 5),
    spares: 0,
    params: params::PARAMS,
    presets: &[],
    roles: &[SERVER, NodeRole { id: "contender", prefix: "p", tier: 0, client: false }, CLIENT],
    messages: message::MESSAGES,
    layout: Layout::Circle,
    series: &[
        LEADERS,
        series("epoch", "Epoch"),
        series("committed", "Committed in this epoch"),
        Series { id: "sessions", label: "Sessions", unit: "", chart: "zk-sessions", counts: false },
        Series { id: "expired", label: "Expired", unit: "", chart: "zk-sessions", counts: false },
        HOLDERS,
        WATCH_EVENTS,
    ],
    lanes: &[LEADERS_LANE, HOLDERS_LANE],
    actions: &[ActionKind { id: "close_session", label: "Close session", on_node: true }],
    promises: params::promises,
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
};

/// A node that is no client of the workload.
#[derive(Clone, Debug)]
pub enum Member {
    /// A server of the ensemble.
    Server(Box<Server>),
    /// A client with a session.
    Contender(Contender),
}

impl Member {
    /// The server, where it is one.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        if let Self::Server(server) = self { Some(server) } else { None }
    }

    /// The contender, where it is one.
    #[must_use]
    pub fn contender(&self) -> Option<&Contender> {
        if let Self::Contender(client) = self { Some(client) } else { None }
    }
}

impl Node for Member {
    type Message = Envelope<Zk>;
    type Timer = Timer;
    type Disk = Disk;
    type Watch = Invariants;

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => server.start(disk, ctx),
            Self::Contender(client) => client.start(ctx),
        }
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Zk>, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => server.receive(from, message, ctx),
            Self::Contender(client) => {
                if let Envelope::Server(Zk::Talk(talk)) = message {
                    client.receive(from, talk, ctx);
                }
            }
        }
    }

    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => server.timer(timer, ctx),
            Self::Contender(client) => client.timer(timer, ctx),
        }
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        if let Self::Server(server) = self {
            server.synced(ticket, ctx);
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Zk>) -> Nanos {
        self.server().map_or(0, |server| server.config.service)
    }

    fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => server.connection_lost(peer, ctx),
            Self::Contender(client) => client.connection_lost(peer, ctx),
        }
    }

    fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Self>) -> bool {
        match self {
            Self::Contender(client) if action.id == "close_session" => client.close(ctx),
            _ => false,
        }
    }

    fn digest(&self) -> u64 {
        match self {
            Self::Server(server) => server.digest(),
            Self::Contender(client) => client.digest(),
        }
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        match self {
            Self::Server(server) => view::server(server, detail),
            Self::Contender(client) => view::contender(client, look, detail),
        }
    }
}

impl Overview for Member {
    fn overview(members: &[(usize, &Self)], up: &[bool], _: ClientTotals) -> ClusterView {
        view::cluster(members, up)
    }

    fn data(members: &[(usize, &Self)], up: &[bool]) -> Data {
        view::data(members, up)
    }
}

/// The cluster itself, for tests that look into servers.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Member>> {
    let servers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let mut nodes: Vec<_> = Vec::new();
    let timeout = |settings: &Settings| {
        let tick = settings.duration("tick");
        settings.duration("session").clamp(2 * tick, 20 * tick)
    };
    for me in &servers {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let config = Config {
            tick: settings.duration("tick"),
            init_limit: settings.int("init_limit") as u64,
            sync_limit: settings.int("sync_limit") as u64,
            session: timeout(settings),
            reads: match settings.choice("reads") {
                "sync" => Reads::Sync,
                "write" => Reads::Write,
                _ => Reads::Local,
            },
            kept: settings.int("kept") as usize,
            service: settings.duration("service"),
            broken: params::broken(settings.choice("broken")),
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        meta.sync = settings.law("sync");
        let peers = servers.iter().copied().filter(|peer| peer != me).collect();
        nodes.push((meta, Member::Server(Box::new(Server::new(Arc::new(config), *me, peers)))));
    }
    let settings = &setup.settings;
    let config = Arc::new(contender::Config {
        servers: servers.clone(),
        timeout: timeout(settings),
        herd: settings.choice("recipe") == "holder",
        hold: settings.duration("hold"),
    });
    for index in 0..settings.int("contenders") as usize {
        let meta = setup.meta(format!("p{}", index + 1), 1);
        nodes.push((meta, Member::Contender(Contender::new(index, Arc::clone(&config)))));
    }
    let mut clients = ClientConfig::new(setup.workload.clone(), servers, Route::Leader);
    clients.compares = true;
    hosted_cluster(setup, nodes, clients, 2)
}
