//! Invariants are watched without a trace: the run stays the same, costs nothing where nobody watches, and what the watch
//! knows goes back with the world.

use netsplit_sim::core::NodeMeta;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::What;
use netsplit_sim::network::{Network, Profile, Transport::Datagram};
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::{Body, Detail, NodeView, Text};
use netsplit_sim::watch::{Breach, Watch};
use netsplit_sim::{Cluster, Simulation};

#[derive(Clone, Copy)]
struct Tick;

impl Message for Tick {
    fn kind(&self) -> u8 {
        0
    }
    fn digest(&self) -> u64 {
        1
    }
}

/// Counts what it gets; the first sends, everybody passes on.
#[derive(Clone, Default)]
struct Counter {
    count: u64,
}

/// No counter may reach a multiple of a thousand; and what it saw of who was up.
#[derive(Clone, Default)]
struct Thousands {
    events: u64,
    down: u64,
}

impl Watch<Counter> for Thousands {
    fn after(&mut self, nodes: &[Counter], who: NodeId, up: &[bool]) -> Option<Breach> {
        self.events += 1;
        self.down += u64::from(up.contains(&false));
        let count = nodes[who.index()].count;
        (count > 0 && count.is_multiple_of(1_000)).then(|| Breach {
            invariant: "thousands",
            nodes: vec![who],
            text: Text::new("test").with("events", self.events).with("down", self.down),
        })
    }
}

impl Node for Counter {
    type Message = Tick;
    type Timer = ();
    type Disk = ();
    type Watch = Thousands;

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        if ctx.me() == NodeId(0) {
            ctx.send(NodeId(1), Tick);
        }
    }
    fn receive(&mut self, from: NodeId, _: Tick, ctx: &mut Ctx<'_, Self>) {
        self.count += 1;
        ctx.send(from, Tick);
    }
    fn timer(&mut self, (): (), _: &mut Ctx<'_, Self>) {}
    fn digest(&self) -> u64 {
        self.count
    }
    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        NodeView::new(Body::Ring, "role-server")
    }
}

fn world() -> Cluster<Counter> {
    let nodes = (0..3).map(|n| (NodeMeta::new(format!("n{n}"), 0), Counter::default())).collect();
    let link = Profile::new(Distribution::Constant(MILLISECOND), Datagram);
    let mut sim = Cluster::new(1, Network::uniform(link), nodes);
    let from = vec![Selector::Node(NodeId(2))];
    let kind = FaultKind::Crash { host: true };
    sim.schedule_fault(Fault {
        at: SECOND,
        duration: Some(SECOND),
        kind,
        from,
        to: Vec::new(),
        message: None,
        directed: false,
    });
    sim
}

fn breaches(sim: &mut dyn Simulation) -> Vec<(Nanos, u64, Breach)> {
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    let found = seen.into_iter().filter_map(|o| match o.what {
        What::Breach(breach) => Some((o.time, o.event, breach)),
        _ => None,
    });
    found.collect()
}

#[test]
fn a_breach_is_told_with_its_event_and_changes_nothing() {
    let (mut plain, mut watched) = (world(), world());
    watched.listen(true);
    watched.watch(true);
    plain.run(6 * SECOND, u64::MAX);
    watched.run(6 * SECOND, u64::MAX);
    assert_eq!(plain.trace_hash(), watched.trace_hash());
    assert!(breaches(&mut plain).is_empty());
    let found = breaches(&mut watched);
    // One message a millisecond, to one and the other in turn: the thousandth of the second node comes at 1,999 ms.
    let times: Vec<Nanos> = found.iter().map(|(time, ..)| time / MILLISECOND).collect();
    assert_eq!(times, [1_999, 2_000, 3_999, 4_000, 5_999, 6_000]);
    assert!(found.iter().all(|(_, event, breach)| *event > 0 && breach.invariant == "thousands"));
}

#[test]
fn what_it_knows_goes_back_with_the_world() {
    let mut sim = world();
    sim.watch(true);
    sim.run(SECOND + SECOND / 2, u64::MAX);
    let mut back = sim.fork();
    sim.listen(true);
    sim.run(4 * SECOND, u64::MAX);
    let first = breaches(&mut sim);
    assert_eq!(first.len(), 4);
    back.listen(true);
    back.run(4 * SECOND, u64::MAX);
    assert_eq!(breaches(back.as_mut()), first);
    // It saw that a node was down for a second: in about a thousand events.
    let text = &first[3].2.text;
    let down = text.args.iter().find(|(name, _)| *name == "down");
    assert!(matches!(down, Some((_, netsplit_sim::view::Arg::Number(990..=1_010)))), "{text:?}");
}

#[test]
fn watching_allocates_nothing() {
    let mut sim = world();
    sim.watch(true);
    sim.run(10 * SECOND, u64::MAX);
    let counted = allocation_counter::measure(|| {
        // Between two breaches.
        sim.run(11 * SECOND, u64::MAX);
    });
    assert_eq!(counted.count_total, 0);
}
