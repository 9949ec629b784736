//! Work that nodes schedule themselves: each piece on its own, or sharing a node's cores. Times are nanoseconds.

use netsplit_sim::cluster::Stop;
use netsplit_sim::core::NodeMeta;
use netsplit_sim::digest::Digest;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw::{self, Purpose};
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::{Ctx, Look, Message, Node, NodeId, WorkId};
use netsplit_sim::time::{MICROSECOND, MILLISECOND, Nanos};
use netsplit_sim::trace::Kind;
use netsplit_sim::view::{Body, Detail, NodeView};
use netsplit_sim::{Cluster, Simulation};

const LATENCY: Nanos = 10;

/// What a node does at some time of its life.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Begins work of this demand under this number.
    Begin(Nanos, usize),
    /// The same, by a part that is hosted in the node.
    Host(Nanos, usize),
    /// Stops the work with this number.
    Stop(usize),
    /// Reports this load.
    Report(u32, u32),
}
use Step::{Begin, Host, Report, Stop as Halt};

#[derive(Clone, Copy, Debug)]
enum Timer {
    Script(usize),
    Done(usize),
}

#[derive(Clone, Copy, Debug)]
struct Keep(WorkId);

impl Message for Keep {
    fn kind(&self) -> u8 {
        3
    }
    fn digest(&self) -> u64 {
        0
    }
}

#[derive(Clone, Debug, Default)]
struct Worker {
    script: Vec<(Nanos, Step)>,
    work: Vec<Option<WorkId>>,
    done: Vec<(Nanos, usize)>,
    stopped: Vec<bool>,
    /// When the first is done, it stops the second.
    stops: Option<(usize, usize)>,
    /// When the first is done, it begins the second, with this demand.
    begins: Option<(usize, usize, Nanos)>,
    /// In its first life, sends the name of each of its pieces of work to node 1.
    sends: bool,
}

impl Worker {
    fn keep(&mut self, number: usize, work: WorkId, ctx: &mut Ctx<'_, Self>) {
        self.work.resize(self.work.len().max(number + 1), None);
        self.work[number] = Some(work);
        if self.sends && ctx.life() == 0 {
            ctx.send(NodeId(1), Keep(work));
        }
    }
    fn halt(&mut self, work: Option<WorkId>, ctx: &mut Ctx<'_, Self>) {
        self.stopped.extend(work.map(|work| ctx.stop_work(work)));
    }
}

impl Node for Worker {
    type Message = Keep;
    type Timer = Timer;
    type Disk = ();
    type Watch = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        for (place, (at, _)) in self.script.iter().enumerate() {
            ctx.set_timer(*at, Timer::Script(place));
        }
    }
    fn receive(&mut self, from: NodeId, keep: Keep, ctx: &mut Ctx<'_, Self>) {
        if self.sends {
            self.halt(Some(keep.0), ctx);
        } else {
            // Not its own work.
            self.halt(Some(keep.0), ctx);
            ctx.send(from, keep);
        }
    }
    fn timer(&mut self, timer: Timer, ctx: &mut Ctx<'_, Self>) {
        match timer {
            Timer::Script(place) => match self.script[place].1 {
                Begin(demand, number) => {
                    let work = ctx.work(demand, Timer::Done(number));
                    self.keep(number, work, ctx);
                }
                Host(demand, number) => {
                    let work = ctx.scoped(7, &|keep: Keep| keep, &Timer::Done, &|()| (), |part| {
                        part.work(demand, number)
                    });
                    self.keep(number, work, ctx);
                }
                Halt(number) => self.halt(self.work[number], ctx),
                Report(busy, waiting) => {
                    ctx.report_load(busy, waiting);
                    assert_eq!(ctx.load(), (busy, waiting));
                }
            },
            Timer::Done(number) => {
                self.done.push((ctx.clock(), number));
                if let Some((_, next, demand)) = self.begins.filter(|(first, ..)| *first == number) {
                    let work = ctx.work(demand, Timer::Done(next));
                    self.keep(next, work, ctx);
                }
                if let Some((_, victim)) = self.stops.filter(|(first, _)| *first == number) {
                    self.halt(self.work[victim], ctx);
                }
            }
        }
    }
    fn digest(&self) -> u64 {
        Digest::new().all(self.done.iter().flat_map(|(at, number)| [*at, *number as u64])).end()
    }
    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        NodeView::new(Body::Ring, "role-server")
    }
}

fn meta(name: &str, cores: u32) -> NodeMeta {
    let mut meta = NodeMeta::new(name.into(), 0);
    meta.cores = cores;
    meta
}

fn network() -> Network {
    Network::uniform(Profile::new(Distribution::Constant(LATENCY), Transport::Datagram))
}

/// A worker with this script on so many cores; a second node only sends messages back.
fn worker(cores: u32, script: &[(Nanos, Step)]) -> Cluster<Worker> {
    with(cores, script, Worker::default())
}

fn with(cores: u32, script: &[(Nanos, Step)], worker: Worker) -> Cluster<Worker> {
    let worker = Worker { script: script.to_vec(), ..worker };
    Cluster::new(1, network(), vec![(meta("n1", cores), worker), (meta("n2", cores), Worker::default())])
}

fn fault(at: Nanos, duration: Nanos, kind: FaultKind) -> Fault {
    let from = vec![Selector::Node(NodeId(0))];
    Fault { at, duration: Some(duration), kind, from, to: Vec::new(), message: None, directed: false }
}

/// Runs to the end: (when, number) of all work that the first node heard of.
fn finish(mut sim: Cluster<Worker>) -> Vec<(Nanos, usize)> {
    assert_eq!(sim.run(Nanos::MAX, u64::MAX), Stop::Idle);
    sim.nodes()[0].done.clone()
}

/// When work was done, in all lives.
fn served(sim: &Cluster<Worker>) -> Vec<Nanos> {
    sim.core().trace.iter().filter(|r| r.kind == Kind::Served).map(|r| r.time).collect()
}

#[test]
fn each_piece_on_its_own() {
    let script = [(0, Begin(10, 0)), (4, Begin(10, 1)), (4, Begin(3, 2)), (5, Begin(0, 3))];
    assert_eq!(finish(worker(0, &script)), [(5, 3), (7, 2), (10, 0), (14, 1)]);
    // As many cores as pieces are the same.
    assert_eq!(finish(worker(4, &script)), [(5, 3), (7, 2), (10, 0), (14, 1)]);
}

#[test]
fn one_core() {
    // 0 alone gets 4 of its 10 done; both share until 16; 1 has 4 left then.
    assert_eq!(finish(worker(1, &[(0, Begin(10, 0)), (4, Begin(10, 1))])), [(16, 0), (20, 1)]);
    // 2 comes at 6 and needs 2: with three, 6 ns. Until 6, 0 has done 5 and 1 has done 1.
    let script = [(0, Begin(10, 0)), (4, Begin(10, 1)), (6, Begin(2, 2))];
    assert_eq!(finish(worker(1, &script)), [(12, 2), (18, 0), (22, 1)]);
    // An idle core begins anew.
    assert_eq!(finish(worker(1, &[(0, Begin(5, 0)), (7, Begin(5, 1))])), [(5, 0), (12, 1)]);
    // Work without demand is done at once, but not before its beginning is over.
    assert_eq!(finish(worker(1, &[(3, Begin(8, 0)), (5, Begin(0, 1))])), [(5, 1), (11, 0)]);
}

#[test]
fn two_cores() {
    assert_eq!(finish(worker(2, &[(0, Begin(10, 0)), (3, Begin(10, 1))])), [(10, 0), (13, 1)]);
    // 0 and 1 have 6 left when 2 comes with 6: two thirds of a core each.
    let script = [(0, Begin(10, 0)), (0, Begin(10, 1)), (4, Begin(6, 2))];
    assert_eq!(finish(worker(2, &script)), [(13, 0), (13, 1), (13, 2)]);
    // 2 is done at 4 + 4.5, heard of at the next whole nanosecond; 0 and 1 have 3 left then, and cores of their own.
    let script = [(0, Begin(10, 0)), (0, Begin(10, 1)), (4, Begin(3, 2))];
    assert_eq!(finish(worker(2, &script)), [(9, 2), (12, 0), (12, 1)]);
    assert_eq!(finish(worker(2, &[(0, Begin(1, 0)), (0, Begin(1, 1)), (0, Begin(1, 2))]))[0], (2, 0));
}

#[test]
fn ties_end_in_the_order_of_their_start() {
    let script = [(0, Begin(5, 2)), (0, Begin(5, 0)), (0, Begin(5, 1))];
    for (cores, at) in [(0, 5), (1, 15), (3, 5)] {
        assert_eq!(finish(worker(cores, &script)), [(at, 2), (at, 0), (at, 1)]);
    }
    // 1 alone until 1, then both have 4 left.
    assert_eq!(finish(worker(1, &[(0, Begin(5, 1)), (1, Begin(4, 0))])), [(9, 1), (9, 0)]);
}

#[test]
fn rounding_in_the_middle_does_not_delay_the_end() {
    // Three share for 10 ns, four for 8, three again: 10/3 + 2 + 14/3 = 10.
    let script = [
        (0, Begin(10, 0)),
        (0, Begin(10, 1)),
        (0, Begin(10, 2)),
        (10, Begin(90, 3)),
        (18, Halt(3)),
        (19, Begin(7, 4)),
        (19, Halt(4)),
    ];
    assert_eq!(finish(worker(1, &script)), [(32, 0), (32, 1), (32, 2)]);
}

#[test]
fn stopped_work_never_ends_and_the_rest_goes_on_faster() {
    let script =
        [(0, Begin(10, 0)), (0, Begin(20, 1)), (6, Halt(0)), (7, Halt(0)), (24, Halt(1)), (25, Halt(1))];
    // Both have done 3 when 0 is stopped.
    let mut sim = worker(1, &script);
    sim.run(Nanos::MAX, u64::MAX);
    assert_eq!(sim.nodes()[0].done, [(23, 1)]);
    assert_eq!(sim.nodes()[0].stopped, [true, false, false, false]);

    let mut sim = worker(0, &script);
    sim.run(Nanos::MAX, u64::MAX);
    assert_eq!(sim.nodes()[0].done, [(20, 1)]);
    assert_eq!(sim.nodes()[0].stopped, [true, false, false, false]);
}

#[test]
fn all_is_stopped_and_the_core_is_idle() {
    let script = [(0, Begin(10, 0)), (0, Begin(20, 1)), (4, Halt(1)), (5, Halt(0)), (9, Begin(3, 2))];
    for cores in [0, 1, 2] {
        assert_eq!(finish(worker(cores, &script)), [(12, 2)]);
    }
}

#[test]
fn the_name_of_work_that_is_done_stops_no_later_work() {
    for cores in [0, 1] {
        // The second takes the first one's place in the engine.
        let worker = Worker { begins: Some((0, 1, 9)), ..Worker::default() };
        let mut sim = with(cores, &[(0, Begin(4, 0)), (6, Halt(0))], worker);
        sim.run(Nanos::MAX, u64::MAX);
        assert_eq!(sim.nodes()[0].done, [(4, 0), (13, 1)]);
        assert_eq!(sim.nodes()[0].stopped, [false]);
    }
}

#[test]
fn what_ends_now_can_still_stop_what_also_ends_now() {
    for (cores, at) in [(0, 4), (1, 8)] {
        let mut sim = with(
            cores,
            &[(0, Begin(4, 0)), (0, Begin(4, 1)), (99, Halt(0))],
            Worker { stops: Some((0, 1)), ..Worker::default() },
        );
        sim.run(Nanos::MAX, u64::MAX);
        assert_eq!(sim.nodes()[0].done, [(at, 0)]);
        assert_eq!(sim.nodes()[0].stopped, [true, false]);
    }
}

#[test]
fn a_slow_node() {
    // Sharing: 4 of 10 done before, 2 while it is three times as slow, 4 after.
    let mut sim = worker(1, &[(0, Begin(10, 0))]);
    sim.schedule_fault(fault(4, 6, FaultKind::Slow(3.0)));
    assert_eq!(finish(sim), [(14, 0)]);
    // Two pieces, two faults that overlap: 2 done at 4 each; at a sixth 1 until 10; at a twelfth 1 until 22.
    let mut sim = worker(1, &[(0, Begin(4, 0)), (0, Begin(5, 1))]);
    sim.schedule_fault(fault(4, 18, FaultKind::Slow(3.0)));
    sim.schedule_fault(fault(10, 12, FaultKind::Slow(2.0)));
    assert_eq!(finish(sim), [(22, 0), (23, 1)]);
    // Faster than normal, and no whole number.
    let mut sim = worker(1, &[(0, Begin(1_000_000, 0))]);
    sim.schedule_fault(fault(0, 1 << 40, FaultKind::Slow(0.3)));
    assert_eq!(finish(sim), [(300_000, 0)]);
    for (factor, end) in [(0.29, 290_000_000_000), (1.1, 1_100_000_000_000), (1.234_567, 1_234_567_000_000)] {
        let mut sim = worker(1, &[(0, Begin(1_000_000_000_000, 0))]);
        sim.schedule_fault(fault(0, 1 << 42, FaultKind::Slow(factor)));
        assert_eq!(finish(sim), [(end, 0)]);
    }
    // On its own: the factor at the beginning counts.
    let mut sim = worker(0, &[(0, Begin(10, 0)), (5, Begin(10, 1))]);
    sim.schedule_fault(fault(4, 6, FaultKind::Slow(3.0)));
    assert_eq!(finish(sim), [(10, 0), (35, 1)]);
}

#[test]
fn extreme_demands_and_factors_end_late_not_early() {
    let mut sim = worker(1, &[(0, Begin(Nanos::MAX, 0)), (0, Begin(Nanos::MAX, 1)), (1 << 60, Begin(6, 2))]);
    sim.schedule_fault(fault(1, 1 << 50, FaultKind::Slow(1e30)));
    assert_eq!(sim.run(1 << 61, u64::MAX), Stop::Time);
    assert_eq!(sim.nodes()[0].done, [((1 << 60) + 18, 2)]);
    let mut sim = worker(1, &[(0, Begin(1_000_000, 0))]);
    sim.schedule_fault(fault(0, 1 << 50, FaultKind::Slow(0.0)));
    sim.run(MILLISECOND, u64::MAX);
    // The least factor is a millionth.
    assert_eq!(sim.nodes()[0].done, [(1, 0)]);
}

#[test]
fn a_crash_ends_all_work() {
    for (cores, ends) in [(0, [22, 30]), (1, [34, 42]), (2, [22, 30])] {
        let script = [(0, Begin(12, 0)), (0, Begin(20, 1))];
        let mut sim = worker(cores, &script);
        sim.schedule_fault(fault(7, 3, FaultKind::Crash { host: false }));
        sim.run(Nanos::MAX, u64::MAX);
        // The second life begins at 10.
        assert_eq!(served(&sim), ends);
    }
}

#[test]
fn a_name_from_an_earlier_life_or_of_another_node_stops_nothing() {
    for cores in [0, 1] {
        let mut sim = with(cores, &[(0, Begin(100, 0))], Worker { sends: true, ..Worker::default() });
        // The name comes back at 20; the second life, with work of its own, began at 10.
        sim.schedule_fault(fault(5, 5, FaultKind::Crash { host: false }));
        sim.run(Nanos::MAX, u64::MAX);
        assert_eq!(sim.nodes()[1].stopped, [false]);
        assert_eq!(sim.nodes()[0].stopped, [false]);
        assert_eq!(sim.nodes()[0].done, [(110, 0)]);

        // Without the crash the name is good.
        let mut sim = with(cores, &[(0, Begin(100, 0))], Worker { sends: true, ..Worker::default() });
        sim.run(Nanos::MAX, u64::MAX);
        assert_eq!(sim.nodes()[0].stopped, [true]);
        assert_eq!(sim.nodes()[0].done, []);
    }
}

#[test]
fn a_paused_node_hears_of_its_work_afterwards() {
    // On one core they end at 8 and 14.
    let script = [(0, Begin(4, 0)), (0, Begin(10, 1))];
    let mut sim = worker(1, &script);
    sim.schedule_fault(fault(5, 7, FaultKind::Pause));
    assert_eq!(finish(sim), [(12, 0), (14, 1)]);
    for cores in [0, 1] {
        let mut sim = worker(cores, &script);
        sim.schedule_fault(fault(2, 28, FaultKind::Pause));
        assert_eq!(finish(sim), [(30, 0), (30, 1)]);
        // The first one that it hears of stops the other one.
        let mut sim = with(cores, &script, Worker { stops: Some((0, 1)), ..Worker::default() });
        sim.schedule_fault(fault(2, 28, FaultKind::Pause));
        assert_eq!(finish(sim), [(30, 0)]);
        // A crash amid the pause: it never hears of them.
        let mut sim = worker(cores, &script);
        sim.schedule_fault(fault(2, 28, FaultKind::Pause));
        sim.schedule_fault(fault(20, 1 << 50, FaultKind::Crash { host: true }));
        sim.run(MILLISECOND, u64::MAX);
        assert_eq!(served(&sim), []);
    }
}

#[test]
fn a_part_works_as_it_sets_timers() {
    for (cores, ends) in [(0, [(5, 1), (7, 0)]), (1, [(10, 1), (12, 0)])] {
        let script = [(0, Host(7, 0)), (0, Host(5, 1)), (0, Host(9, 2)), (0, Halt(2))];
        assert_eq!(finish(worker(cores, &script)), ends);
    }
}

#[test]
fn the_load_is_what_the_node_reports() {
    let script = [(0, Begin(9, 0)), (0, Begin(90, 1)), (2, Report(2, 5))];
    for cores in [0, 1] {
        let mut sim = worker(cores, &script);
        sim.schedule_fault(fault(50, 10, FaultKind::Crash { host: false }));
        let load = |sim: &Cluster<Worker>| (sim.core().nodes[0].busy, sim.core().nodes[0].queued);
        sim.run(1, u64::MAX);
        assert_eq!(load(&sim), (0, 0));
        sim.run(40, u64::MAX);
        assert_eq!(load(&sim), (2, 5));
        sim.run(55, u64::MAX);
        assert_eq!(load(&sim), (0, 0));
        sim.run(62, u64::MAX);
        assert_eq!(load(&sim), (2, 5));
    }
}

/// Against a model that counts down what is left of each piece, nanosecond by nanosecond, in units of which every
/// share is a whole number.
#[test]
fn random_schedules_end_when_a_model_says() {
    const UNITS: u64 = 360;
    let (mut ends, mut word) = (0, 1u64);
    let mut random = |below: u32| {
        word = draw::mix(word.wrapping_add(0x9e37_79b9_7f4a_7c15));
        draw::below(word, below)
    };
    for round in 0..300 {
        let cores = 1 + round % 3;
        let (mut script, mut expected) = (Vec::new(), Vec::new());
        let mut left: Vec<(usize, u64)> = Vec::new();
        let (mut begun, mut slow_from) = (0, 0);
        let slow = [u64::from(random(300)), u64::from(random(300))];
        for now in 0..400 {
            // Ends, in the order in which the pieces would have ended with parts of nanoseconds, then of their start.
            let mut over: Vec<(usize, u64)> = left.iter().copied().filter(|(_, l)| *l <= 1 << 40).collect();
            over.sort_by_key(|(number, l)| (*l, *number));
            expected.extend(over.iter().map(|(number, _)| (now, *number)));
            left.retain(|(_, l)| *l > 1 << 40);
            if left.len() < 6 && random(8) == 0 && now < 300 {
                let demand = u64::from(random(25));
                script.push((now, Begin(demand, begun)));
                if demand == 0 {
                    expected.push((now, begun));
                } else {
                    left.push((begun, (1 << 40) + demand * UNITS));
                }
                begun += 1;
            }
            if !left.is_empty() && random(20) == 0 {
                let (number, _) = left.remove(random(left.len() as u32) as usize);
                script.push((now, Halt(number)));
            }
            slow_from += u64::from(now == slow[0]);
            let factor = if now >= slow[0] && now < slow[0] + slow[1] { 3 } else { 1 };
            let share = UNITS * u64::from(cores) / (left.len() as u64).max(u64::from(cores)) / factor;
            left.iter_mut().for_each(|(_, l)| *l -= share);
        }
        assert_eq!(slow_from, 1);
        let mut sim = worker(cores, &script);
        if slow[1] > 0 {
            sim.schedule_fault(fault(slow[0], slow[1], FaultKind::Slow(3.0)));
        }
        sim.run(399, u64::MAX);
        let mut done = sim.nodes()[0].done.clone();
        // What begins and ends at once is put at its instant's end by the model, perhaps not by the engine.
        done.sort_unstable();
        expected.sort_unstable();
        assert_eq!(done, expected, "round {round}");
        ends += done.len();
    }
    assert!(ends > 5_000, "{ends}");
}

const NEXT: Purpose = Purpose::named("test.next");
const DEMAND: Purpose = Purpose::named("test.demand");

/// Poisson arrivals, one a microsecond; each begins at once.
#[derive(Clone)]
struct Station {
    law: Distribution,
    arrived: u64,
    served: u64,
    total: Nanos,
    /// Every so many arrivals stop the piece before.
    stop_every: u64,
    last: Option<WorkId>,
}

#[derive(Clone, Copy)]
enum Tick {
    Next,
    Done(Nanos),
}

impl Message for Tick {
    fn kind(&self) -> u8 {
        0
    }
    fn digest(&self) -> u64 {
        0
    }
}

impl Node for Station {
    type Message = Tick;
    type Timer = Tick;
    type Disk = ();
    type Watch = ();

    fn start(&mut self, (): &(), ctx: &mut Ctx<'_, Self>) {
        ctx.set_timer(0, Tick::Next);
    }
    fn receive(&mut self, _: NodeId, _: Tick, _: &mut Ctx<'_, Self>) {}
    fn timer(&mut self, timer: Tick, ctx: &mut Ctx<'_, Self>) {
        match timer {
            Tick::Next => {
                self.arrived += 1;
                if let Some(last) = self.last.filter(|_| self.arrived.is_multiple_of(self.stop_every)) {
                    ctx.stop_work(last);
                }
                let demand = self.law.sample(ctx.draw(DEMAND, self.arrived));
                self.last = Some(ctx.work(demand, Tick::Done(ctx.elapsed())));
                let between = Distribution::Exponential { mean: MICROSECOND };
                ctx.set_timer(between.sample(ctx.draw(NEXT, self.arrived)), Tick::Next);
            }
            Tick::Done(since) => {
                self.served += 1;
                self.total += ctx.elapsed() - since;
            }
        }
    }
    fn digest(&self) -> u64 {
        Digest::new().add(self.arrived).add(self.served).add(self.total).end()
    }
    fn observe(&self, _: &Look, _: Detail) -> NodeView {
        NodeView::new(Body::Ring, "role-server")
    }
}

fn station(seed: u64, cores: u32, law: Distribution, stop_every: u64) -> Cluster<Station> {
    let station = Station { law, arrived: 0, served: 0, total: 0, stop_every, last: None };
    Cluster::new(seed, network(), vec![(meta("n1", cores), station)])
}

/// The mean time in system under processor sharing is mean demand / (1 - load), whatever the law of the demand.
#[test]
fn the_mean_time_under_sharing_does_not_depend_on_the_law() {
    let mean = 800;
    for law in [
        Distribution::Exponential { mean },
        Distribution::Constant(mean),
        Distribution::Mixture(vec![
            (0.9, Distribution::Constant(mean / 2)),
            (0.1, Distribution::Constant(mean * 11 / 2)),
        ]),
    ] {
        let mut sim = station(1, 1, law.clone(), u64::MAX);
        sim.run(2_500_000 * MICROSECOND, u64::MAX);
        let state = &sim.nodes()[0];
        let slowdown = state.total as f64 / state.served as f64 / mean as f64;
        assert!((slowdown * 0.2 - 1.0).abs() < 0.02, "{law:?}: {slowdown}");
    }
}

#[test]
fn same_seed_same_run_and_a_fork_goes_on_alike() {
    for cores in [0, 1, 3] {
        let mean = u64::from(cores.max(1)) * 900;
        let make = || {
            let mut sim = station(5, cores, Distribution::Exponential { mean }, 7);
            sim.schedule_fault(fault(MILLISECOND, MILLISECOND, FaultKind::Slow(1.7)));
            sim.schedule_fault(fault(5 * MILLISECOND, MILLISECOND, FaultKind::Pause));
            sim.schedule_fault(fault(7 * MILLISECOND, MILLISECOND, FaultKind::Crash { host: false }));
            sim.schedule_fault(fault(12 * MILLISECOND, 4 * MILLISECOND, FaultKind::Slow(2.0)));
            sim
        };
        let end = 20 * MILLISECOND;
        let (mut whole, mut parts) = (make(), make());
        whole.run(end, u64::MAX);
        while parts.run(end, 777) == Stop::Events {}
        assert_eq!((whole.events(), whole.trace_hash()), (parts.events(), parts.trace_hash()));
        assert!(whole.events() > 20_000);
        for moment in [1_500, 2_000, 5_500, 7_500, 13_000, 15_999] {
            let mut trunk = make();
            trunk.run(moment * MICROSECOND, u64::MAX);
            let mut fork = trunk.fork();
            trunk.run(end, u64::MAX);
            fork.run(end, u64::MAX);
            assert_eq!(trunk.trace_hash(), whole.trace_hash());
            assert_eq!((fork.events(), fork.trace_hash()), (whole.events(), whole.trace_hash()));
        }
    }
}
