//! Random schedules of all that may go wrong, for protocols that must be safe whatever happens. The generator may aim
//! at one node, and nothing in it is written for one bug.

use std::collections::BTreeMap;

use netsplit_checker::live::Live;
use netsplit_checker::{Call, Cause, History, Outcome};
use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::{Algorithm, Setup};
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{self, Function, Observation, Operation, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{Cluster, Node, NodeId, Simulation};

pub fn setup(algorithm: &Algorithm, seed: u64, nodes: u32, rate: f64) -> Setup {
    let latency = Distribution::Uniform { min: 2 * MILLISECOND, max: 12 * MILLISECOND };
    let workload = Workload { clients: 2, arrivals: Arrivals::Open, rate, retries: 3, ..Workload::default() };
    Setup {
        seed,
        nodes,
        spares: 0,
        settings: Settings::defaults(algorithm.params),
        overrides: Vec::new(),
        network: Network::uniform(Profile::new(latency, Transport::Datagram)),
        zones: Vec::new(),
        workload,
    }
}

pub fn with(mut setup: Setup, id: &str, value: Value) -> Setup {
    setup.settings.set(id, value).expect("declared");
    setup
}

/// The fault of this number: on `aim` half of the time, otherwise on any of the first `targets` of `nodes` nodes;
/// those after them are clients.
fn fault(seed: u64, count: u64, now: Nanos, (targets, nodes): (u32, u32), aim: Option<usize>) -> Fault {
    let word = |what: u64| draw::word(draw::join(draw::mix(seed), what), count);
    let any = NodeId(draw::below(word(2), targets));
    let on = aim.filter(|_| word(3) & 1 == 0).map_or(any, |at| NodeId(at as u32));
    let long = word(5) & 3 == 0;
    let span = MILLISECOND + word(4) % if long { 3 * SECOND } else { 200 * MILLISECOND };
    let share = draw::unit(word(6)) * 0.5;
    let (mut from, mut to) = (vec![Selector::Node(on)], Vec::new());
    let kind = match word(7) % 16 {
        0..=2 => FaultKind::Crash { host: word(8) & 1 == 0 },
        3 | 4 => FaultKind::Pause,
        5 => FaultKind::LoseUnsynced,
        6 | 7 => {
            // The target with some of the others and of the clients, cut off from the rest.
            let joins = |n: u32| draw::word(word(9), u64::from(n)) & if n < targets { 3 } else { 1 } == 0;
            let side = (0..nodes).filter(|n| *n == on.0 || joins(*n));
            FaultKind::Partition(vec![side.map(|n| Selector::Node(NodeId(n))).collect()])
        }
        8 => {
            to = vec![Selector::Node(NodeId(draw::below(word(10), targets)))];
            if word(11) & 1 == 0 {
                std::mem::swap(&mut from, &mut to);
            }
            FaultKind::OneWay
        }
        9 => FaultKind::Loss(share),
        10 => FaultKind::Duplicate(share),
        11 => FaultKind::Reorder(share, 20 * MILLISECOND + word(12) % SECOND),
        12 => FaultKind::ClockDrift(draw::unit(word(12)) * 400_000.0 - 200_000.0),
        13 => FaultKind::ClockJump((word(12) % (4 * SECOND)) as i64 - 2 * SECOND as i64),
        14 => FaultKind::Latency(word(12) % (2 * SECOND)),
        _ if word(13) & 1 == 0 => FaultKind::FillDisk,
        _ => FaultKind::StallDisk,
    };
    let duration = (!kind.is_instant()).then_some(span);
    Fault { at: now + 1, duration, kind, from, to, message: None, directed: false }
}

/// Whom `aim` names is gone for long, paused or cut off (clients may be cut off with it), and trouble does not come alone:
/// it also starts again while it is cut off, or others lose their power just before it is back, and whom `aim` names by
/// then is among them. Outages that meet are what protocols are made for, and independent faults seldom meet.
struct Outage {
    first: NodeId,
    /// When the second fault comes, and when the first one ends.
    second: Nanos,
    end: Nanos,
    /// The second fault is on the same node.
    same: bool,
}

impl Outage {
    fn begin(
        seed: u64,
        count: u64,
        now: Nanos,
        (targets, nodes): (u32, u32),
        first: NodeId,
    ) -> (Self, Fault) {
        let word = |what: u64| draw::word(draw::join(draw::mix(seed), what), count);
        let lasts = 400 * MILLISECOND + word(20) % (1600 * MILLISECOND);
        let (cut, end) = (word(21) & 1 == 0, now + lasts);
        let same = cut && word(22) & 1 == 0;
        let kind = if cut {
            let clients = (targets..nodes).filter(|n| draw::word(word(23), u64::from(*n)) & 1 == 0);
            let side = std::iter::once(first.0).chain(clients);
            FaultKind::Partition(vec![side.map(|n| Selector::Node(NodeId(n))).collect()])
        } else {
            FaultKind::Pause
        };
        let second = end - word(24) % if same { lasts } else { 300 * MILLISECOND };
        let from = vec![Selector::Node(first)];
        let fault = Fault {
            at: now + 1,
            duration: Some(lasts),
            kind,
            from,
            to: Vec::new(),
            message: None,
            directed: false,
        };
        (Self { first, second, end, same }, fault)
    }

    fn second(&self, seed: u64, count: u64, now: Nanos, targets: u32, aim: Option<usize>) -> Fault {
        let word = |what: u64| draw::word(draw::join(draw::mix(seed), what), count);
        let then = aim.map(|at| NodeId(at as u32)).filter(|_| !self.same).unwrap_or(self.first);
        let others = (0..targets).map(NodeId).filter(|n| *n != self.first && *n != then && !self.same);
        let some = others.filter(|n| draw::word(word(25), u64::from(n.0)) & 1 == 0);
        let from = std::iter::once(then).chain(some).map(Selector::Node).collect();
        let kind = FaultKind::Crash { host: word(26) & 1 == 0 };
        let lasts = MILLISECOND + word(27) % (self.end + 20 * MILLISECOND - now);
        Fault {
            at: now + 1,
            duration: Some(lasts),
            kind,
            from,
            to: Vec::new(),
            message: None,
            directed: false,
        }
    }
}

/// Looks at a run after each of its events.
pub trait Observer<N: Node> {
    /// After `who` handled an event.
    fn after(&mut self, sim: &Cluster<N>, who: NodeId, up: &[bool]) -> Result<(), String>;
    /// What was observed of clients and nodes.
    fn hear(&mut self, _seen: &[Observation]) -> Result<(), String> {
        Ok(())
    }
}

/// A run of `length` under random faults of the kinds that `may` happen, one each `every` at most; now and then an
/// outage takes the place of one, where pauses may happen.
pub fn storm<N: Node>(
    sim: &mut Cluster<N>,
    seed: u64,
    targets: u32,
    (length, every): (Nanos, Nanos),
    may: impl Fn(&FaultKind) -> bool,
    aim: impl Fn(&[N]) -> Option<usize>,
    observer: &mut impl Observer<N>,
) -> Result<(), String> {
    let mut next = 300 * MILLISECOND;
    let mut outage: Option<Outage> = None;
    let mut count = 0;
    let mut seen = Vec::new();
    let mut up = Vec::new();
    loop {
        if sim.now() >= next {
            count += 1;
            let now = sim.now();
            next = now + draw::word(draw::mix(seed), count) % every;
            let nodes = (targets, sim.nodes().len() as u32);
            let aimed = aim(sim.nodes());
            let out =
                aimed.filter(|_| draw::word(draw::mix(seed), !count) & 3 == 0 && may(&FaultKind::Pause));
            let fault = if let Some(outage) = outage.take() {
                next += outage.end - now;
                outage.second(seed, count, now, targets, aimed)
            } else if let Some(first) = out {
                let (begun, fault) = Outage::begin(seed, count, now, nodes, NodeId(first as u32));
                next = begun.second;
                outage = Some(begun);
                fault
            } else {
                fault(seed, count, now, nodes, aimed)
            };
            if may(&fault.kind) {
                sim.schedule_fault(fault);
            }
        }
        let before = sim.events();
        sim.run(length.min(next), 1);
        if sim.events() == before && sim.now() >= length {
            return Ok(());
        }
        up.clear();
        up.extend(sim.core().nodes.iter().map(|node| node.up));
        let who = NodeId(sim.core().trace.last().map_or(0, |record| record.node));
        observer.after(sim, who, &up).map_err(|why| format!("at {} ns: {why}", sim.now()))?;
        sim.drain(&mut seen);
        observer.hear(&seen).map_err(|why| format!("at {} ns: {why}", sim.now()))?;
        seen.clear();
    }
}

/// The disks of these nodes are full from `at` on for `lasts`.
pub fn fill(sim: &mut impl Simulation, at: Nanos, lasts: Nanos, nodes: impl Iterator<Item = u32>) {
    let from = nodes.map(|node| Selector::Node(NodeId(node))).collect();
    let (kind, to) = (FaultKind::FillDisk, Vec::new());
    sim.schedule_fault(Fault { at, duration: Some(lasts), kind, from, to, message: None, directed: false });
}

/// What clients did, for the checker of linearizability.
#[derive(Default)]
pub struct Clients {
    history: History,
    open: BTreeMap<(u32, u64), (usize, Operation)>,
    live: Live,
    /// Reads answered.
    pub reads: u64,
    /// Writes acknowledged: key and value.
    pub acknowledged: Vec<(u64, u64)>,
    /// All that was asked, by client and number.
    pub asked: BTreeMap<(u32, u64), Operation>,
}

impl Clients {
    /// Takes in what was observed.
    pub fn hear(&mut self, seen: &[Observation]) {
        for o in seen {
            match &o.what {
                What::Invoke(operation, _) => {
                    let call = match operation.function {
                        Function::Read => Call::Read { key: operation.key },
                        _ => Call::Write { key: operation.key, value: operation.value },
                    };
                    // A process of its own for each: a client asks several things at once.
                    let process = self.history.records().len() as u64;
                    let at = self.history.invoke(process, call, o.time, o.event);
                    self.open.insert((o.node.0, operation.number), (at, *operation));
                    self.asked.insert((o.node.0, operation.number), *operation);
                }
                What::Complete(number, outcome, _) => {
                    let Some((at, asked)) = self.open.remove(&(o.node.0, *number)) else { continue };
                    let outcome = match outcome {
                        history::Outcome::Ok(value) => {
                            if asked.function == Function::Write {
                                self.acknowledged.push((asked.key, asked.value));
                            } else {
                                self.reads += 1;
                            }
                            Outcome::Ok(*value)
                        }
                        history::Outcome::Fail(_) => Outcome::Fail(Cause::Error),
                        history::Outcome::Unknown(_) => Outcome::Unknown(Cause::Error),
                    };
                    self.history.complete(at, outcome, o.time, o.event);
                }
                _ => {}
            }
        }
    }

    /// Whether some order explains all answers.
    pub fn linearizable(&mut self) -> Result<(), String> {
        while !self.live.feed(&self.history, u64::MAX) {}
        match self.live.violations().first() {
            Some(violation) => Err(format!("not linearizable: {violation:?}")),
            None => Ok(()),
        }
    }
}
