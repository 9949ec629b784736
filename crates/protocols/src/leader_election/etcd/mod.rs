//! etcd: a key-value store on Raft, with revisions, watches that miss nothing, and leases.
//!
//! etcd's documentation, version 3.6: "etcd API guarantees" for what gets, puts and watches promise; "etcd API" and "Data
//! model" for revisions, transactions, leases and compaction; "Tuning" for the timeouts and the snapshot count; "Why
//! etcd", "Notes on the usage of lock and lease". What the documentation leaves open is as in etcd's code, which each file
//! names. The log is [`crate::parts::raft`] with etcd's defaults: heartbeats each 100 ms; an election timeout of 1000 ms,
//! drawn anew between one and two of it; PreVote (on since 3.5) and CheckQuorum, and no votes while a leader is heard; a
//! snapshot after 10,000 entries, with half as many kept; at most 512 messages under way to a follower.
//!
//! Needs streams, as etcd does: a request that arrives twice is done twice. Learners, authentication, quotas, lease
//! checkpoints and transactions of several keys are left out; CheckQuorum gives a leader two election timeouts.

mod invariants;
mod lessor;
mod message;
mod params;
mod serve;
mod server;
mod session;
mod store;
mod view;

use std::sync::Arc;

use netsplit_sim::declare::{ActionKind, Layout, NodeRole};
use netsplit_sim::node::{Action, Ctx, Look, Node, NodeId};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{ClusterView, Data, Detail, NodeView};
use netsplit_sim::{Cluster, Simulation};

pub use invariants::Invariants;
pub use message::{Etcd, Talk};
pub use server::{Broken, Config, Deed, Server, Timer};
pub use session::{LOCK, Session, Step};
pub use store::{Event, KeyValue, Kind, Store};

use crate::leader_election::declared::{HOLDERS, HOLDERS_LANE, LEADERS, LEADERS_LANE, WATCH_EVENTS};
use crate::parts::client::{ClientConfig, Route};
use crate::parts::declared::{CLIENT, SERVER, series};
use crate::parts::host::{ClientTotals, Envelope, Hosted, Overview, hosted_cluster};
use crate::parts::raft::show::{COMMITTED, SNAPSHOTS, TERM};
use crate::parts::raft::{self, Disk, Members, Rules};
use crate::registry::{Algorithm, Setup};

/// The registry's entry.
pub static ETCD: Algorithm = Algorithm {
    id: "etcd",
    label: "etcd",
    summary: "A store on Raft: every change has a revision, watches follow it, keys can go with a lease.",
    semantics: 4,
    nodes: (1, 9, 3),
    spares: 0,
    params: params::PARAMS,
    presets: &[],
    roles: &[
        SERVER,
        NodeRole { id: "watcher", prefix: "w", tier: 0, client: false },
        NodeRole { id: "contender", prefix: "p", tier: 0, client: false },
        CLIENT,
    ],
    messages: &message::MESSAGES,
    layout: Layout::Circle,
    series: &[
        LEADERS,
        TERM,
        COMMITTED,
        SNAPSHOTS,
        series("revision", "Revision"),
        series("leases", "Leases"),
        HOLDERS,
        WATCH_EVENTS,
        series("watch_gone", "Watches without history"),
    ],
    lanes: &[LEADERS_LANE, HOLDERS_LANE],
    actions: &[
        ActionKind { id: "transfer_leadership", label: "Transfer leadership", on_node: false },
        ActionKind { id: "compact", label: "Compact history", on_node: false },
    ],
    promises: params::promises,
    build: |setup| Box::new(cluster(setup)) as Box<dyn Simulation>,
};

/// A node that is no client of the workload.
#[derive(Clone, Debug)]
pub enum Member {
    /// A member of the cluster.
    Server(Box<Server>),
    /// A client that watches or holds a lock.
    Session(Box<Session>),
}

impl Member {
    /// The member of the cluster, where it is one.
    #[must_use]
    pub fn server(&self) -> Option<&Server> {
        if let Self::Server(server) = self { Some(server) } else { None }
    }

    /// The watching or locking client, where it is one.
    #[must_use]
    pub fn session(&self) -> Option<&Session> {
        if let Self::Session(session) = self { Some(session) } else { None }
    }
}

impl Node for Member {
    type Message = Envelope<Etcd>;
    type Timer = Timer;
    type Disk = Disk;
    type Watch = Invariants;

    fn start(&mut self, disk: &Disk, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => server.start(disk, ctx),
            Self::Session(session) => session.start(ctx),
        }
    }

    fn receive(&mut self, from: NodeId, message: Envelope<Etcd>, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => server.receive(from, message, ctx),
            Self::Session(session) => {
                if let Envelope::Server(Etcd::Talk(talk)) = message {
                    session.receive(from, talk, ctx);
                }
            }
        }
    }

    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match (self, timer) {
            (Self::Server(server), timer) => server.timer(timer, ctx),
            (Self::Session(session), Timer::Session(timer)) => session.timer(timer, ctx),
            _ => {}
        }
    }

    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        if let Self::Server(server) = self {
            server.synced(ticket, ctx);
        }
    }

    fn demand(&self, _: NodeId, _: &Envelope<Etcd>) -> Nanos {
        self.server().map_or(0, |server| server.config.service)
    }

    fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Self>) {
        if let Self::Session(session) = self {
            session.connection_lost(peer, ctx);
        }
    }

    fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Self>) -> bool {
        if let Self::Server(server) = self { server.act(action, ctx) } else { false }
    }

    fn digest(&self) -> u64 {
        match self {
            Self::Server(server) => server.digest(),
            Self::Session(session) => session.digest(),
        }
    }

    fn heap(&self) -> usize {
        match self {
            Self::Server(server) => size_of::<Server>() + server.heap(),
            Self::Session(_) => size_of::<Session>(),
        }
    }

    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        match self {
            Self::Server(server) => view::server(server, look, detail),
            Self::Session(session) => view::session(session, look, detail),
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

/// The cluster itself, for tests that look into members.
#[must_use]
pub fn cluster(setup: &Setup) -> Cluster<Hosted<Member>> {
    let servers: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let initial = Members::of(servers.iter().copied());
    let mut nodes = Vec::new();
    for me in &servers {
        let name = format!("n{}", me.0 + 1);
        let settings = setup.settings_of(&name);
        let election = settings.duration("election");
        let rules = Rules {
            election_min: election,
            election_max: 2 * election,
            heartbeat: settings.duration("heartbeat"),
            pre_vote: settings.bool("pre_vote"),
            check_quorum: true,
            refuse: true,
            lease: 0,
            joint: false,
            max_entries: 64,
            inflight: 512,
            batch: 0,
            // `stepLeader` sends to all as soon as `maybeCommit` says so.
            announce: true,
            compact: settings.int("snapshot_count").max(0) as u64,
            // It sends a snapshot as one stream (`snap.Message`).
            chunk: u32::MAX,
            measure_from: 0,
            broken: raft::Broken::Nothing,
        };
        let config = Config {
            rules: Arc::new(rules),
            serializable: settings.choice("reads") == "serializable",
            retention: settings.duration("retention"),
            service: settings.duration("service"),
            broken: params::broken(settings.choice("broken")),
        };
        let mut meta = setup.meta(name, 0);
        meta.workers = 1;
        meta.sync = settings.law("sync");
        nodes.push((meta, Member::Server(Box::new(Server::new(*me, Arc::new(config), initial)))));
    }
    let settings = &setup.settings;
    let config = Arc::new(session::Config {
        servers: servers.clone(),
        ttl: settings.duration("ttl"),
        hold: settings.duration("hold"),
    });
    for (role, prefix, count) in [(1, "w", "watchers"), (2, "p", "contenders")] {
        for index in 0..settings.int(count) as usize {
            let meta = setup.meta(format!("{prefix}{}", index + 1), role);
            let session = Session::new(index, role == 2, Arc::clone(&config));
            nodes.push((meta, Member::Session(Box::new(session))));
        }
    }
    let mut clients = ClientConfig::new(setup.workload.clone(), servers, Route::Leader);
    (clients.careful, clients.compares) = (true, true);
    hosted_cluster(setup, nodes, clients, 3)
}
