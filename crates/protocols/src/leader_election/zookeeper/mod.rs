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
mod recovery;
mod serve;
mod server;
mod sessions;
mod talk;
mod tree;
mod view;

use std::sync::Arc;

use netsplit_sim::declare::{ActionKind, Aspect, Kind, Layout, NodeRole, Param, Promise, Series, Settings};
use netsplit_sim::node::{Action, Ctx, Look, Node, NodeId};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::{ClusterView, Data, Detail, NodeView};
use netsplit_sim::{Cluster, Simulation};

pub use config::{Broken, Config, Reads};
pub use contender::{Contender, LOCK, Step};
pub use disk::Disk;
pub use invariants::Invariants;
pub use message::{Role, Txn, Vote, Zab, Zk, counter, epoch};
pub use server::{Server, Timer};
pub use tree::{Change, Path, Tree, Znode};

use crate::parts::client::{ClientConfig, Route};
use crate::parts::host::{ClientTotals, Envelope, Hosted, Overview, hosted_cluster};
use crate::parts::switches::{SERVICE, SYNC};
use crate::registry::{Algorithm, Setup};

/// The registry's entry.
pub static ZOOKEEPER: Algorithm = Algorithm {
    id: "zookeeper",
    label: "ZooKeeper",
    summary: "A leader orders all writes (Zab). Every server answers reads from its own state.",
    semantics: 2,
    nodes: (1, 15, 5),
    spares: 0,
    params: PARAMS,
    presets: &[],
    roles: &[
        NodeRole { id: "server", prefix: "n", tier: 1, client: false },
        NodeRole { id: "contender", prefix: "p", tier: 0, client: false },
        NodeRole { id: "client", prefix: "c", tier: 0, client: true },
    ],
    messages: message::MESSAGES,
    layout: Layout::Circle,
    series: &[
        Series { id: "leaders", label: "Leaders", unit: "", chart: "", counts: false },
        Series { id: "epoch", label: "Epoch", unit: "", chart: "", counts: false },
        Series { id: "committed", label: "Committed in this epoch", unit: "", chart: "", counts: false },
        Series { id: "sessions", label: "Sessions", unit: "", chart: "zk-sessions", counts: false },
        Series { id: "expired", label: "Expired", unit: "", chart: "zk-sessions", counts: false },
        Series {
            id: "holders",
            label: "Believe that they hold the lock",
            unit: "",
            chart: "",
            counts: false,
        },
        Series { id: "watch_events", label: "Watch events", unit: "", chart: "", counts: true },
    ],
    lanes: &[("leaders", "Leaders"), ("holders", "Lock")],
    actions: &[ActionKind { id: "close_session", label: "Close session", on_node: true }],
    promises,
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
};

static PARAMS: &[Param] = &[
    Param {
        id: "tick",
        label: "Tick",
        unit: "",
        group: "",
        kind: Kind::Duration(2 * SECOND, 10 * MILLISECOND, 60 * SECOND),
        help: "tickTime: the leader pings twice a tick; all limits count ticks.",
    },
    Param {
        id: "init_limit",
        label: "Ticks to join",
        unit: "",
        group: "",
        kind: Kind::Int(10, 1, 1000),
        help: "initLimit: so long may a new leader and its followers take to come into sync.",
    },
    Param {
        id: "sync_limit",
        label: "Ticks of silence",
        unit: "",
        group: "",
        kind: Kind::Int(5, 1, 1000),
        help: "syncLimit: after so long without a word a leader and a follower give each other up, and a leader a follower that acknowledges nothing.",
    },
    Param {
        id: "reads",
        label: "Reads",
        unit: "",
        group: "",
        kind: Kind::Choice(&[
            ("local", "Own state"),
            ("sync", "sync, then read"),
            ("write", "Write, then read"),
        ]),
        help: "sync lets a server catch up with the leader before it reads. A write before the read takes a place in the order of all writes.",
    },
    Param {
        id: "kept",
        label: "Committed log",
        unit: "",
        group: "",
        kind: Kind::Int(500, 1, 100_000),
        help: "commitLogCount: a follower that lacks more than so many transactions is sent a snapshot.",
    },
    Param {
        id: "contenders",
        label: "Contenders",
        unit: "",
        group: "Sessions",
        kind: Kind::Int(0, 0, 100),
        help: "Clients with a session that contend for a lock: each makes an ephemeral sequential znode.",
    },
    Param {
        id: "recipe",
        label: "They watch",
        unit: "",
        group: "Sessions",
        kind: Kind::Choice(&[("predecessor", "Predecessor"), ("holder", "Holder")]),
        help: "If all watch the holder, all wake up when it goes: the herd effect.",
    },
    Param {
        id: "hold",
        label: "Lock held for",
        unit: "",
        group: "Sessions",
        kind: Kind::Duration(2 * SECOND, 0, 3600 * SECOND),
        help: "0: until the holder's session ends, as in an election.",
    },
    Param {
        id: "session",
        label: "Session timeout",
        unit: "",
        group: "Sessions",
        kind: Kind::Duration(10 * SECOND, 10 * MILLISECOND, 3600 * SECOND),
        help: "What the client asks for; servers grant 2 to 20 ticks.",
    },
    Param { help: "Time until a write is durable. Acknowledgements wait for it.", ..SYNC },
    SERVICE,
    Param {
        id: "broken",
        label: "Mistake",
        unit: "",
        group: "Broken on purpose",
        kind: Kind::Choice(&[
            ("none", "Nothing"),
            ("no_synchronisation", "No synchronisation phase"),
            ("no_epoch_check", "Epochs are not compared"),
            ("ack_before_sync", "Acknowledged before the disk has it"),
            ("no_zxid_check", "Servers take clients that have seen more"),
            ("no_version", "Compare and set without the version"),
            ("late_watches", "Watch events wait for the next tick"),
        ]),
        help: "What happens without a part that looks dispensable.",
    },
];

/// A broken variant claims what the correct one does.
fn promises(settings: &Settings) -> Vec<Promise> {
    let reads = settings.choice("reads");
    vec![
        Promise {
            id: "linearizable",
            aspect: Aspect::Consistency,
            promised: reads == "write",
            assuming: &["no disk is lost"],
            sentence: match reads {
                "write" => {
                    "A read sees every write that was acknowledged before it began: it has a place among them."
                }
                "sync" => {
                    "After a sync a server knows what its leader had committed; but a leader that was deposed and does not know yet answers as well."
                }
                _ => "A server answers from its own state, which may lag.",
            },
        },
        Promise {
            id: "linearizable_writes",
            aspect: Aspect::Consistency,
            promised: true,
            assuming: &["no disk is lost"],
            sentence: "All writes have one order, which agrees with real time.",
        },
        Promise {
            id: "sequential",
            aspect: Aspect::Consistency,
            promised: true,
            assuming: &["no disk is lost"],
            sentence: "A client sees all writes in their order and never goes back, whichever server it asks.",
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
            assuming: &["a majority is up and connected", "delays are far below a tick"],
            sentence: "Some leader is elected and requests are answered.",
        },
    ]
}

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
            broken: match settings.choice("broken") {
                "no_synchronisation" => Broken::Synchronisation,
                "no_epoch_check" => Broken::Epochs,
                "ack_before_sync" => Broken::Sync,
                "no_zxid_check" => Broken::Seen,
                "no_version" => Broken::Version,
                "late_watches" => Broken::Watches,
                _ => Broken::Nothing,
            },
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
