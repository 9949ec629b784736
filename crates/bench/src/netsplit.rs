//! The engine as every algorithm uses it: nodes, contexts, network, processors, trace and hash.

use netsplit_sim::core::NodeMeta;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::{Body, Detail, NodeView};
use netsplit_sim::{Cluster, Simulation, digest};

use crate::workload::{BETWEEN, LATENCY, LEAST, MOST, NODES, Run, SERVICE, WIRE, Workload};

const SEED: u64 = 1;
const SERVER: NodeId = NodeId(1);
const TO: Purpose = Purpose::named("bench.to");
const NEXT: Purpose = Purpose::named("bench.next");
const DEMAND: Purpose = Purpose::named("bench.demand");

/// Starts a workload.
#[must_use]
pub fn start(workload: Workload) -> Box<dyn Run> {
    match workload {
        Workload::PingPong => {
            Box::new(cluster(Distribution::Constant(LATENCY), vec![Player { received: 0 }; 2]))
        }
        Workload::Random => Box::new(cluster(
            Distribution::Uniform { min: LEAST, max: MOST },
            vec![Passer { received: 0 }; NODES as usize],
        )),
        Workload::Queue => {
            let between = Distribution::Exponential { mean: BETWEEN };
            let service = Distribution::Exponential { mean: SERVICE };
            let nodes = vec![Station::Source { between, sent: 0 }, Station::Server { service, served: 0 }];
            let mut cluster = cluster(Distribution::Constant(WIRE), nodes);
            cluster.set_workers(SERVER, 1, 0);
            Box::new(cluster)
        }
    }
}

fn cluster<N: Node>(latency: Distribution, nodes: Vec<N>) -> Cluster<N> {
    let named = |(i, node)| (NodeMeta::new(format!("n{}", i + 1), 0), node);
    let network = Network::uniform(Profile::new(latency, Transport::Datagram));
    Cluster::new(SEED, network, nodes.into_iter().enumerate().map(named).collect())
}

impl<N: Node> Run for Cluster<N> {
    fn advance(&mut self, events: u64) {
        self.run(Nanos::MAX, events);
    }

    fn in_system(&self) -> usize {
        let server = &self.core().nodes[SERVER.index()];
        (server.busy + server.queued) as usize
    }
}

#[derive(Clone)]
struct Ball(u64);

impl Message for Ball {
    fn kind(&self) -> u8 {
        0
    }
    fn digest(&self) -> u64 {
        digest::of(&[self.0])
    }
}

fn dot() -> NodeView {
    NodeView::new(Body::Ring, "role-server")
}

#[derive(Clone)]
struct Player {
    received: u64,
}

impl Node for Player {
    type Message = Ball;
    type Timer = ();
    type Disk = ();
    type Watch = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        if ctx.me() == NodeId(0) {
            ctx.send(NodeId(1), Ball(0));
        }
    }
    fn receive(&mut self, from: NodeId, ball: Ball, ctx: &mut Ctx<'_, Self>) {
        self.received += 1;
        ctx.send(from, Ball(ball.0 + 1));
    }
    fn timer(&mut self, (): (), _: &mut Ctx<'_, Self>) {}
    fn digest(&self) -> u64 {
        digest::of(&[self.received])
    }
    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        dot()
    }
}

#[derive(Clone)]
struct Passer {
    received: u64,
}

impl Node for Passer {
    type Message = Ball;
    type Timer = ();
    type Disk = ();
    type Watch = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        ctx.send(ctx.me(), Ball(u64::from(ctx.me().0)));
    }
    fn receive(&mut self, _: NodeId, ball: Ball, ctx: &mut Ctx<'_, Self>) {
        self.received += 1;
        let to = draw::below(ctx.draw(TO, self.received), NODES);
        ctx.send(NodeId(to), ball);
    }
    fn timer(&mut self, (): (), _: &mut Ctx<'_, Self>) {}
    fn digest(&self) -> u64 {
        digest::of(&[self.received])
    }
    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        dot()
    }
}

/// A customer carries the quantile of the service that it wants; the server knows the law.
#[derive(Clone)]
struct Customer {
    number: u64,
    quantile: u64,
}

impl Message for Customer {
    fn kind(&self) -> u8 {
        0
    }
    fn digest(&self) -> u64 {
        digest::of(&[self.number, self.quantile])
    }
}

#[derive(Clone)]
enum Station {
    Source { between: Distribution, sent: u64 },
    Server { service: Distribution, served: u64 },
}

impl Node for Station {
    type Message = Customer;
    type Timer = ();
    type Disk = ();
    type Watch = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        if matches!(self, Self::Source { .. }) {
            ctx.set_timer(0, ());
        }
    }
    fn receive(&mut self, _: NodeId, _: Customer, _: &mut Ctx<'_, Self>) {
        if let Self::Server { served, .. } = self {
            *served += 1;
        }
    }
    fn timer(&mut self, (): (), ctx: &mut Ctx<'_, Self>) {
        if let Self::Source { between, sent } = self {
            *sent += 1;
            ctx.send(SERVER, Customer { number: *sent, quantile: ctx.draw(DEMAND, *sent) });
            ctx.set_timer(between.sample(ctx.draw(NEXT, *sent)), ());
        }
    }
    fn demand(&self, _: NodeId, customer: &Customer) -> Nanos {
        match self {
            Self::Server { service, .. } => service.sample(customer.quantile),
            Self::Source { .. } => 0,
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Source { sent, .. } => digest::of(&[0, *sent]),
            Self::Server { served, .. } => digest::of(&[1, *served]),
        }
    }
    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        dot()
    }
}
