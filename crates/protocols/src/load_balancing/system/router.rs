//! The tier in front of the balancers: a router that knows nothing of requests. It sends each client's packets to
//! the balancer that the client's hash says, and balancers answer clients directly.
//!
//! ECMP: routers hash a flow over the next hops that are up (RFC 2992: with modulo hashing a change of the set
//! moves most flows). Maglev: the table of [`crate::parts::maglev`] over the live balancers. A client stands for
//! one long-lived flow; what a flow loses by moving (a broken connection) is not modelled, its new balancer's
//! ignorance is.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::Digest;
use netsplit_sim::node::Ctx;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, Detail, Item, NodeView, Text};

use super::message::{Hop, Wire};
use super::tier::{Tier, TierTimer};
use crate::parts::client::ClientMessage;
use crate::parts::host::Envelope;
use crate::parts::maglev;

/// Entries of a router's Maglev table.
const TABLE: u32 = 65_537;
/// Probes unanswered, the latest included, with which a balancer gets no traffic: it missed two in a row.
const MISSES: u32 = 3;

/// How routers are set up.
#[derive(Debug)]
pub struct RouterConfig {
    pub(super) balancers: Arc<[NodeId]>,
    pub(super) maglev: bool,
    pub(super) check: Nanos,
    /// Hash of each client, and the node number of the first one.
    pub(super) flows: Arc<Vec<u64>>,
    pub(super) first_client: u32,
}

/// A router's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterTimer {
    /// Time to probe.
    Check,
}

/// A router.
#[derive(Clone, Debug)]
pub struct Router {
    config: Arc<RouterConfig>,
    /// Probes that each balancer has left unanswered since it last answered one.
    missed: Vec<u32>,
    live: Vec<u32>,
    table: Arc<Vec<u32>>,
    probes: u64,
    forwarded: u64,
    /// Flows that went elsewhere with a change of the set of balancers, all changes together.
    moved: u64,
}

impl Router {
    pub(super) fn new(config: Arc<RouterConfig>) -> Self {
        let missed = vec![0; config.balancers.len()];
        let mut router = Self {
            config,
            missed,
            live: Vec::new(),
            table: Arc::default(),
            probes: 0,
            forwarded: 0,
            moved: 0,
        };
        router.refresh();
        router
    }

    fn refresh(&mut self) -> bool {
        let up = |at: &u32| self.missed[*at as usize] < MISSES;
        let live: Vec<u32> = (0..self.missed.len() as u32).filter(up).collect();
        if live == self.live {
            return false;
        }
        let before: Vec<Option<u32>> = self.config.flows.iter().map(|flow| self.balancer(*flow)).collect();
        self.live = live;
        if self.config.maglev {
            let all: Vec<(u32, u64)> = self.live.iter().map(|at| (*at, 1)).collect();
            self.table = Arc::new(maglev::table(&all, |at| format!("lb{}", at + 1), TABLE));
        }
        let after = self.config.flows.iter().map(|flow| self.balancer(*flow));
        self.moved += before.iter().zip(after).filter(|(a, b)| a.is_some() && *a != b).count() as u64;
        true
    }

    /// The balancer of a flow.
    fn balancer(&self, flow: u64) -> Option<u32> {
        if self.config.maglev {
            return self.table.get((flow % u64::from(TABLE)) as usize).copied();
        }
        let count = self.live.len() as u64;
        (count > 0).then(|| self.live[(flow % count) as usize])
    }

    pub(super) fn start(&mut self, ctx: &mut Ctx<'_, Tier>) {
        ctx.set_timer(self.config.check, TierTimer::Router(RouterTimer::Check));
    }

    pub(super) fn hear(&mut self, from: NodeId, message: Wire, ctx: &mut Ctx<'_, Tier>) {
        match message {
            Envelope::Client(message) => {
                let client = match message {
                    ClientMessage::Request(request) => request.client,
                    ClientMessage::Cancel(client, ..) => client,
                    ClientMessage::Reply(_) => return,
                };
                let flow = client.0.checked_sub(self.config.first_client);
                let flow = flow.and_then(|at| self.config.flows.get(at as usize)).copied().unwrap_or(0);
                if let Some(balancer) = self.balancer(flow) {
                    self.forwarded += 1;
                    let to = self.config.balancers[balancer as usize];
                    ctx.send(to, Envelope::Client(message));
                }
            }
            Envelope::Server(Hop::Well(number, _)) => {
                if let Some(at) = self.config.balancers.iter().position(|balancer| *balancer == from)
                    && number == self.probes
                {
                    self.missed[at] = 0;
                    self.changed(ctx);
                }
            }
            _ => {}
        }
    }

    fn changed(&mut self, ctx: &mut Ctx<'_, Tier>) {
        let before = self.moved;
        if self.refresh() {
            let (live, moved) = (self.live.len() as u64, self.moved - before);
            let (me, all) = (ctx.me(), self.config.flows.len() as u64);
            ctx.notable(|| {
                let text = Text::new("lb-front-changed").with("node", me).with("live", live);
                text.with("moved", moved).with("all", all)
            });
        }
    }

    pub(super) fn timer(&mut self, _timer: RouterTimer, ctx: &mut Ctx<'_, Tier>) {
        self.missed.iter_mut().for_each(|missed| *missed = (*missed + 1).min(MISSES));
        self.probes += 1;
        let probe = Envelope::Server(Hop::Probe(self.probes, false, 0));
        ctx.send_all(self.config.balancers.iter().copied(), &probe);
        self.changed(ctx);
        ctx.set_timer(self.config.check, TierTimer::Router(RouterTimer::Check));
    }

    pub(super) fn connection_lost(&mut self, peer: NodeId, ctx: &mut Ctx<'_, Tier>) {
        if let Some(at) = self.config.balancers.iter().position(|balancer| *balancer == peer) {
            self.missed[at] = MISSES;
            self.changed(ctx);
        }
    }

    pub(super) fn heap(&self) -> usize {
        size_of_val(&self.missed[..]) + size_of_val(&self.live[..])
    }

    pub(super) fn digest(&self) -> u64 {
        let digest = Digest::new().add(self.probes).add(self.forwarded).add(self.moved);
        digest.all(self.missed.iter().map(|missed| u64::from(*missed))).end()
    }

    pub(super) fn observe(&self, detail: Detail) -> NodeView {
        let mut view = NodeView::new(Body::Balancer, "role-front-router");
        if detail >= Detail::Card {
            view.items.push(Item::Fact("lb-forwarded", self.forwarded.to_string()));
            view.items.push(Item::Fact("lb-flows-moved", self.moved.to_string()));
        }
        if detail == Detail::Full {
            let rows = self.config.balancers.iter().enumerate().map(|(at, node)| {
                let count =
                    self.config.flows.iter().filter(|f| self.balancer(**f) == Some(at as u32)).count();
                (node.0, count.to_string(), u32::from(self.missed[at] >= MISSES))
            });
            view.items.push(Item::Matrix("lb-flows-by-balancer", rows.collect()));
        }
        view
    }
}
