//! In the steady state an event allocates nothing: not on two nodes, not on a thousand, not in a queue.

mod common;

use common::{Ball, Habit, cluster, constant, uniform};
use netsplit_sim::core::NodeMeta;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::Purpose;
use netsplit_sim::network::{Network, Transport::Datagram};
use netsplit_sim::node::{Ctx, Look, Node, NodeId, WorkId};
use netsplit_sim::time::{MILLISECOND, Nanos};
use netsplit_sim::trace::Kind;
use netsplit_sim::view::{Body, Detail, NodeView};
use netsplit_sim::{Cluster, Simulation};

const WARM_UP: u64 = 1_000_000;

/// Allocations in the next 100,000 events and in the 400,000 after them.
fn allocations(sim: &mut dyn Simulation) -> [u64; 2] {
    sim.run(Nanos::MAX, WARM_UP);
    let counts = [100_000, 400_000].map(|events| {
        allocation_counter::measure(|| {
            sim.run(Nanos::MAX, events);
        })
        .count_total
    });
    assert_eq!(sim.events(), WARM_UP + 500_000);
    counts
}

#[test]
fn none_where_two_nodes_play() {
    let mut sim = cluster(1, constant(1, Datagram), &[Habit::Return, Habit::Return]);
    assert_eq!(allocations(&mut sim), [0, 0]);
}

#[test]
fn none_where_a_thousand_nodes_pass_messages_on() {
    let mut sim = cluster(1, uniform(Datagram), &vec![Habit::Pass(1024); 1024]);
    assert_eq!(allocations(&mut sim), [0, 0]);
}

/// The queue's record lengths still grow once in a while, and doubling makes that rarer and rarer; in this run
/// the warm-up holds the longest.
#[test]
fn none_where_a_queue_forms() {
    let nodes = [Station::Source { sent: 0 }, Station::Server];
    let nodes = nodes.into_iter().enumerate().map(|(i, n)| (NodeMeta::new(format!("n{i}"), 0), n)).collect();
    let mut sim = Cluster::new(1, Network::uniform(constant(1, Datagram)), nodes);
    sim.set_workers(NodeId(1), 1, 0);
    assert_eq!(allocations(&mut sim), [0, 0]);
    let server = &sim.core().nodes[1];
    assert!(server.busy + server.queued < 200, "a load of 0.9 is stable");
}

/// Work that a node begins itself shares its core, and every eighth piece is stopped.
#[test]
fn none_where_work_shares_a_core() {
    let mut server = NodeMeta::new("n2".into(), 0);
    server.cores = 1;
    let nodes = vec![
        (NodeMeta::new("n1".into(), 0), Station::Source { sent: 0 }),
        (server, Station::Sharer { last: None, begun: 0 }),
    ];
    let mut sim = Cluster::new(1, Network::uniform(constant(1, Datagram)), nodes);
    assert_eq!(allocations(&mut sim), [0, 0]);
    let served = sim.core().trace.iter().filter(|record| record.kind == Kind::Served).count();
    assert!(served > 1000, "{served}");
}

const NEXT: Purpose = Purpose::named("test.next");
const DEMAND: Purpose = Purpose::named("test.demand");

fn law() -> Distribution {
    Distribution::Exponential { mean: MILLISECOND * 9 / 10 }
}

/// M/M/1 at load 0.9.
#[derive(Clone)]
enum Station {
    Source { sent: u64 },
    Server,
    Sharer { last: Option<WorkId>, begun: u64 },
}

impl Node for Station {
    type Message = Ball;
    type Timer = ();
    type Disk = ();
    type Watch = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        if matches!(self, Self::Source { .. }) {
            ctx.set_timer(0, ());
        }
    }
    fn receive(&mut self, _: NodeId, ball: Ball, ctx: &mut Ctx<'_, Self>) {
        if let Self::Sharer { last, begun } = self {
            *begun += 1;
            if let Some(last) = last.filter(|_| begun.is_multiple_of(8)) {
                ctx.stop_work(last);
            }
            *last = Some(ctx.work(law().sample(ball.0), ()));
        }
    }
    fn timer(&mut self, (): (), ctx: &mut Ctx<'_, Self>) {
        if let Self::Source { sent } = self {
            *sent += 1;
            ctx.send(NodeId(1), Ball(ctx.draw(DEMAND, *sent)));
            let between = Distribution::Exponential { mean: MILLISECOND };
            ctx.set_timer(between.sample(ctx.draw(NEXT, *sent)), ());
        }
    }
    fn demand(&self, _: NodeId, ball: &Ball) -> Nanos {
        if matches!(self, Self::Server) { law().sample(ball.0) } else { 0 }
    }
    fn digest(&self) -> u64 {
        0
    }
    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        NodeView::new(Body::Ring, "role-server")
    }
}
