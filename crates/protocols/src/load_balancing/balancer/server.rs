//! A server of this pattern is a balancer or a backend; what they say to each other.

use netsplit_sim::NodeId;
use netsplit_sim::digest;
use netsplit_sim::node::{Action, Ctx, Look, Message, Node};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{ClusterView, Detail, NodeView};

use super::backend::{Backend, BackendTimer};
use super::front::{self, Balancer, ResponseTimer};
use crate::parts::client::{Answer, ClientMessage, Request};
use crate::parts::host::{Envelope, Overview};

/// Between balancers and backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// A request for a backend, under the balancer's ticket.
    Forward(u64, Request),
    /// A backend's answer to the request with this ticket.
    Response(u64, Answer),
    /// A backend joins (true) or wants no more requests (false).
    Register(bool),
}

impl Message for Hop {
    fn kind(&self) -> u8 {
        match self {
            Self::Forward(..) => 0,
            Self::Response(..) => 1,
            Self::Register(_) => 2,
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Forward(ticket, request) => {
                digest::of(&[3, *ticket, ClientMessage::Request(*request).digest()])
            }
            Self::Response(ticket, Answer::Ok(_)) => digest::of(&[4, *ticket, 0]),
            Self::Response(ticket, Answer::Refused(cause)) => digest::of(&[4, *ticket, *cause as u64 + 1]),
            Self::Response(ticket, Answer::Redirect(_)) => digest::of(&[4, *ticket, u64::MAX]),
            Self::Register(joins) => digest::of(&[5, u64::from(*joins)]),
        }
    }
}

/// All messages of this pattern.
pub type Wire = Envelope<Hop>;

/// A balancer or a backend.
#[derive(Clone, Debug)]
pub enum Tier {
    /// In front.
    Balancer(Balancer),
    /// Behind.
    Backend(Backend),
}

/// Timers of either.
#[derive(Clone, Copy, Debug)]
pub enum TierTimer {
    /// The oldest open request of a balancer has waited long enough.
    Response(ResponseTimer),
    /// A backend's.
    Backend(BackendTimer),
}

impl Node for Tier {
    type Message = Wire;
    type Timer = TierTimer;
    type Disk = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        if let Self::Backend(backend) = self {
            backend.start(ctx);
        }
    }
    fn receive(&mut self, from: NodeId, message: Wire, ctx: &mut Ctx<'_, Self>) {
        match (self, message) {
            (Self::Balancer(front), Envelope::Client(ClientMessage::Request(request))) => {
                front.request(request, ctx);
            }
            (Self::Balancer(front), Envelope::Server(Hop::Response(ticket, answer))) => {
                front.response(ticket, answer, ctx);
            }
            (Self::Balancer(front), Envelope::Server(Hop::Register(joins))) => {
                front.register(from, joins, ctx)
            }
            (Self::Backend(backend), Envelope::Server(Hop::Forward(ticket, _))) => {
                backend.served(from, ticket, ctx);
            }
            _ => {}
        }
    }
    fn timer(&mut self, timer: TierTimer, ctx: &mut Ctx<'_, Self>) {
        match (self, timer) {
            (Self::Balancer(front), TierTimer::Response(_)) => front.overdue(ctx),
            (Self::Backend(backend), TierTimer::Backend(timer)) => backend.timer(timer, ctx),
            _ => {}
        }
    }
    fn demand(&self, _from: NodeId, message: &Wire) -> Nanos {
        match (self, message) {
            (Self::Backend(backend), Envelope::Server(Hop::Forward(_, request))) => backend.demand(request),
            _ => 0,
        }
    }
    fn overflow(&mut self, from: NodeId, message: Wire, ctx: &mut Ctx<'_, Self>) {
        if let (Self::Backend(backend), Envelope::Server(Hop::Forward(ticket, _))) = (self, message) {
            backend.turned_away(from, ticket, ctx);
        }
    }
    fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Self>) {
        if let Self::Balancer(front) = self {
            front.connection_lost(peer, ctx);
        }
    }
    fn act(&mut self, action: &Action, ctx: &mut Ctx<'_, Self>) -> bool {
        match self {
            Self::Backend(backend) => backend.act(action, ctx),
            Self::Balancer(_) => false,
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Balancer(front) => front.digest(),
            Self::Backend(backend) => backend.digest(),
        }
    }
    fn observe(&self, look: &Look, detail: Detail) -> NodeView {
        match self {
            Self::Balancer(front) => front.observe(look, detail),
            Self::Backend(backend) => backend.observe(look, detail),
        }
    }
}

impl Overview for Tier {
    fn overview(servers: &[(usize, &Self)], up: &[bool]) -> ClusterView {
        let fronts: Vec<&Balancer> = servers
            .iter()
            .filter(|(at, _)| up.get(*at).copied().unwrap_or(false))
            .filter_map(|(_, server)| if let Self::Balancer(front) = server { Some(front) } else { None })
            .collect();
        front::overview(&fronts)
    }
}
