//! A server of this pattern is a balancer, a backend, a router or the database.

use netsplit_sim::NodeId;
use netsplit_sim::node::{Action, Ctx, Look, Node};
use netsplit_sim::view::{ClusterView, Detail, NodeView};

use super::backend::{Backend, BackendTimer};
use super::balancer::{Balancer, BalancerTimer, show};
use super::message::Wire;
use super::router::{Router, RouterTimer};
use crate::parts::client::ClientMessage;
use crate::parts::host::{ClientTotals, Envelope, Overview};

/// A server.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few nodes, and boxes would cost every message a step"
)]
pub enum Tier {
    /// In front of the backends.
    Balancer(Balancer),
    /// Works on requests; the database is one, too.
    Backend(Backend),
    /// In front of the balancers.
    Router(Router),
}

/// Timers of all of them.
#[derive(Clone, Copy, Debug)]
pub enum TierTimer {
    /// A balancer's.
    Balancer(BalancerTimer),
    /// A backend's.
    Backend(BackendTimer),
    /// A router's.
    Router(RouterTimer),
}

impl Node for Tier {
    type Message = Wire;
    type Timer = TierTimer;
    type Disk = ();
    type Watch = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Balancer(balancer) => balancer.start(ctx),
            Self::Backend(backend) => backend.start(ctx),
            Self::Router(router) => router.start(ctx),
        }
    }
    fn receive(&mut self, from: NodeId, message: Wire, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Balancer(balancer) => match message {
                Envelope::Client(ClientMessage::Request(request)) => balancer.request(request, ctx),
                Envelope::Client(ClientMessage::Cancel(client, number, attempt)) => {
                    balancer.cancelled(client, number, attempt, ctx);
                }
                Envelope::Client(ClientMessage::Reply(_)) => {}
                Envelope::Server(hop) => balancer.hear(from, hop, ctx),
            },
            Self::Backend(backend) => {
                if let Envelope::Server(hop) = message {
                    backend.hear(from, hop, ctx);
                }
            }
            Self::Router(router) => router.hear(from, message, ctx),
        }
    }
    fn timer(&mut self, timer: TierTimer, ctx: &mut Ctx<'_, Self>) {
        match (self, timer) {
            (Self::Balancer(balancer), TierTimer::Balancer(timer)) => balancer.timer(timer, ctx),
            (Self::Backend(backend), TierTimer::Backend(timer)) => backend.timer(timer, ctx),
            (Self::Router(router), TierTimer::Router(timer)) => router.timer(timer, ctx),
            _ => {}
        }
    }
    fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Self>) {
        match self {
            Self::Balancer(balancer) => balancer.connection_lost(peer, ctx),
            Self::Backend(backend) => backend.connection_lost(peer, ctx),
            Self::Router(router) => router.connection_lost(peer, ctx),
        }
    }
    fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Self>) -> bool {
        match self {
            Self::Backend(backend) => backend.act(action, ctx),
            _ => false,
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Balancer(balancer) => balancer.digest(),
            Self::Backend(backend) => backend.digest(),
            Self::Router(router) => router.digest(),
        }
    }
    fn heap(&self) -> usize {
        match self {
            Self::Balancer(balancer) => balancer.heap(),
            Self::Backend(backend) => backend.heap(),
            Self::Router(router) => router.heap(),
        }
    }
    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        match self {
            Self::Balancer(balancer) => balancer.observe(look, detail),
            Self::Backend(backend) => backend.observe(look, detail),
            Self::Router(router) => router.observe(detail),
        }
    }
}

impl Overview for Tier {
    fn overview(servers: &[(usize, &Self)], up: &[bool], clients: ClientTotals) -> ClusterView {
        let up = |at: &usize| up.get(*at).copied().unwrap_or(false);
        let balancers: Vec<&Balancer> = servers
            .iter()
            .filter(|(at, _)| up(at))
            .filter_map(|(_, server)| if let Self::Balancer(one) = server { Some(one) } else { None })
            .collect();
        let backends = servers.iter().filter_map(|(_, server)| match server {
            Self::Backend(backend) if !backend.is_database() => Some(backend.done()),
            _ => None,
        });
        show::overview(&balancers, backends.sum(), clients)
    }
}
