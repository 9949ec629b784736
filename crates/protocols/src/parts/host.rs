//! Servers and clients in one world: the envelope that carries both kinds of message, and the node that is
//! either of them.

use std::convert::Infallible;
use std::sync::Arc;

use netsplit_sim::core::NodeMeta;
use netsplit_sim::node::{Action, Context, Look, Message};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{ClusterView, Data, Detail, NodeView};
use netsplit_sim::watch::Watch;
use netsplit_sim::{Cluster, Ctx, Node, NodeId, Simulation};

use crate::parts::client::{Client, ClientConfig, ClientCtx, ClientMessage, ClientTimer, Route};
use crate::registry::Setup;

/// A message of a system with clients: kinds 0 and 1 are the client's, the servers' own follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Envelope<M> {
    /// Between a client and a server.
    Client(ClientMessage),
    /// Between servers.
    Server(M),
}

/// Number of the clients' message kinds, before the servers' own.
pub const SERVER_KINDS: u8 = 2;

impl<M: Message> Message for Envelope<M> {
    fn kind(&self) -> u8 {
        match self {
            Self::Client(message) => message.kind(),
            Self::Server(message) => SERVER_KINDS + message.kind(),
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Client(message) => message.digest(),
            Self::Server(message) => message.digest(),
        }
    }
    fn bytes(&self) -> u32 {
        match self {
            Self::Client(message) => message.bytes(),
            Self::Server(message) => message.bytes(),
        }
    }
}

impl<M> From<ClientMessage> for Envelope<M> {
    fn from(message: ClientMessage) -> Self {
        Self::Client(message)
    }
}

/// A message type that can carry the clients' messages.
pub trait Carrier: Message + From<ClientMessage> {
    /// The client's message in it, if it is one.
    fn client(self) -> Option<ClientMessage>;
}

impl<M: Message> Carrier for Envelope<M> {
    fn client(self) -> Option<ClientMessage> {
        match self {
            Self::Client(message) => Some(message),
            Self::Server(_) => None,
        }
    }
}

/// What all clients together have got, in their present lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClientTotals {
    /// Operations answered.
    pub answered: u64,
    /// Operations that ended without.
    pub failed: u64,
}

/// Truths that no server knows, from all of them.
pub trait Overview: Sized {
    /// `servers` with their node numbers; `up[i]` says whether node i is running.
    fn overview(_servers: &[(usize, &Self)], _up: &[bool], _clients: ClientTotals) -> ClusterView {
        ClusterView::default()
    }

    /// What data the servers hold, and in which order it was written.
    fn data(_servers: &[(usize, &Self)], _up: &[bool]) -> Data {
        Data::default()
    }
}

/// Timers of a system with clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostTimer<T> {
    /// A client's.
    Client(ClientTimer),
    /// A server's.
    Server(T),
}

/// A node of a system with clients.
#[derive(Clone, Debug)]
pub enum Hosted<S> {
    /// A server.
    Server(S),
    /// A client.
    Client(Client),
}

/// A node that may be a server: what a watch needs of it to serve servers alone as well as among clients.
pub trait Holds<S> {
    /// The server, where this node is one.
    fn server(&self) -> Option<&S>;
}

impl<S> Holds<S> for S {
    fn server(&self) -> Option<&S> {
        Some(self)
    }
}

impl<S> Holds<S> for Hosted<S> {
    fn server(&self) -> Option<&S> {
        self.server()
    }
}

impl<S> Hosted<S> {
    /// The server, where this node is one.
    #[must_use]
    pub fn server(&self) -> Option<&S> {
        if let Self::Server(server) = self { Some(server) } else { None }
    }
}

/// The servers with their node numbers.
fn servers<S>(nodes: &[Hosted<S>]) -> Vec<(usize, &S)> {
    nodes.iter().enumerate().filter_map(|(at, node)| Some((at, node.server()?))).collect()
}

/// Lets a server act in its own context.
fn serve<S: Node, R>(
    ctx: &mut Context<'_, S::Message, HostTimer<S::Timer>, <S::Disk as netsplit_sim::node::Storage>::Write>,
    run: impl FnOnce(&mut Ctx<'_, S>) -> R,
) -> R {
    ctx.scoped(0, &|message| message, &HostTimer::Server, &|write| write, run)
}

/// Lets a client act in its own context; it has no disk.
fn attend<M: Carrier, T: Copy, W, R>(
    ctx: &mut Context<'_, M, HostTimer<T>, W>,
    run: impl FnOnce(&mut ClientCtx<'_>) -> R,
) -> R {
    ctx.scoped(
        1,
        &|message: ClientMessage| M::from(message),
        &HostTimer::Client,
        &|write: Infallible| match write {},
        run,
    )
}

impl<S> Node for Hosted<S>
where
    S: Node + Overview,
    S::Message: Carrier,
    S::Watch: Watch<Self>,
{
    type Message = S::Message;
    type Timer = HostTimer<S::Timer>;
    type Disk = S::Disk;
    type Watch = S::Watch;

    fn start(&mut self, disk: &Self::Disk, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => serve::<S, _>(ctx, |ctx| server.start(disk, ctx)),
            Self::Client(client) => attend(ctx, |ctx| client.start(ctx)),
        }
    }
    fn receive(&mut self, from: NodeId, message: Self::Message, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => serve::<S, _>(ctx, |ctx| server.receive(from, message, ctx)),
            Self::Client(client) => {
                if let Some(message) = message.client() {
                    attend(ctx, |ctx| client.receive(from, message, ctx));
                }
            }
        }
    }
    fn timer(&mut self, timer: Self::Timer, ctx: &mut Ctx<'_, Self>) {
        match (self, timer) {
            (Self::Server(server), HostTimer::Server(timer)) => {
                serve::<S, _>(ctx, |ctx| server.timer(timer, ctx));
            }
            (Self::Client(client), HostTimer::Client(timer)) => attend(ctx, |ctx| client.timer(timer, ctx)),
            _ => {}
        }
    }
    fn synced(&mut self, ticket: u64, ctx: &mut Ctx<'_, Self>) {
        if let Self::Server(server) = self {
            serve::<S, _>(ctx, |ctx| server.synced(ticket, ctx));
        }
    }
    fn demand(&self, from: NodeId, message: &Self::Message) -> Nanos {
        match self {
            Self::Server(server) => server.demand(from, message),
            Self::Client(_) => 0,
        }
    }
    fn overflow(&mut self, from: NodeId, message: Self::Message, ctx: &mut Ctx<'_, Self>) {
        if let Self::Server(server) = self {
            serve::<S, _>(ctx, |ctx| server.overflow(from, message, ctx));
        }
    }
    fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => serve::<S, _>(ctx, |ctx| server.connection_lost(peer, ctx)),
            Self::Client(client) => attend(ctx, |ctx| client.connection_lost(peer, ctx)),
        }
    }
    fn environment(&mut self, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Server(server) => serve::<S, _>(ctx, |ctx| server.environment(ctx)),
            Self::Client(client) => attend(ctx, |ctx| client.environment(ctx)),
        }
    }
    fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Self>) -> bool {
        match self {
            Self::Server(server) => serve::<S, _>(ctx, |ctx| server.act(action, ctx)),
            Self::Client(client) => attend(ctx, |ctx| client.act(action, ctx)),
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Server(server) => server.digest(),
            Self::Client(client) => client.digest(),
        }
    }
    fn heap(&self) -> usize {
        match self {
            Self::Server(server) => server.heap(),
            Self::Client(client) => client.heap(),
        }
    }
    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        match self {
            Self::Server(server) => server.observe(look, detail),
            Self::Client(client) => client.observe(detail),
        }
    }
    fn overview(nodes: &[Self], up: &[bool]) -> ClusterView {
        let mut clients = ClientTotals::default();
        for node in nodes {
            if let Self::Client(client) = node {
                let (answered, failed) = client.counts();
                clients.answered += answered;
                clients.failed += failed;
            }
        }
        <S as Overview>::overview(&servers(nodes), up, clients)
    }
    fn data(nodes: &[Self], up: &[bool]) -> Data {
        <S as Overview>::data(&servers(nodes), up)
    }
    fn keeps(&self, key: u64) -> bool {
        self.server().is_some_and(|server| server.keeps(key))
    }
}

/// The servers, and after them the clients c1, c2 …, in one world.
pub fn hosted_cluster<S>(
    setup: &Setup,
    servers: Vec<(NodeMeta, S)>,
    config: ClientConfig,
    client_role: u8,
) -> Cluster<Hosted<S>>
where
    S: Node + Overview,
    S::Message: Carrier,
    S::Watch: Watch<Hosted<S>>,
{
    let config = Arc::new(config.over(&setup.network));
    let mut nodes: Vec<(NodeMeta, Hosted<S>)> =
        servers.into_iter().map(|(meta, server)| (meta, Hosted::Server(server))).collect();
    for index in 0..setup.workload.clients {
        let meta = setup.meta(format!("c{}", index + 1), client_role);
        nodes.push((meta, Hosted::Client(Client::new(index, Arc::clone(&config)))));
    }
    Cluster::new(setup.seed, setup.network.clone(), nodes)
}

/// A run of these servers with the set-up's workload of reads and writes.
pub fn build_hosted<S>(
    setup: &Setup,
    servers: Vec<(NodeMeta, S)>,
    targets: Vec<NodeId>,
    route: Route,
    client_role: u8,
) -> Box<dyn Simulation>
where
    S: Node + Overview,
    S::Message: Carrier,
    S::Watch: Watch<Hosted<S>>,
{
    let config = ClientConfig::new(setup.workload.clone(), targets, route);
    Box::new(hosted_cluster(setup, servers, config, client_role))
}
