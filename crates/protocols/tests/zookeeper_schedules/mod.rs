//! One random schedule of faults against ZooKeeper, and what an observer who sees everything makes of it: the watch's
//! invariants while it runs, and at the end durability, equal states, and what the checkers say of the clients' history.

use std::collections::BTreeMap;

use netsplit_checker as checker;
use netsplit_checker::{Call, Event, History};
use netsplit_protocols::leader_election::zookeeper::{self, Change, Role};
use netsplit_protocols::parts::workload::Arrivals;
use netsplit_sim::cluster::Stop;
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Function, Observation, Operation, Outcome, What};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{NodeId, Simulation};

use crate::zookeeper_world::{Ensemble, contenders, servers, setup};

/// So long after the last fault, at most, a quorum serves again: 20 times the greatest of its timeouts.
const CALM: Nanos = 12 * SECOND;
const STEP: Nanos = 20 * MILLISECOND;

/// What came of a schedule.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    pub writes: u64,
    pub reads: u64,
    /// Comparisons answered, and how many of them held.
    pub compared: u64,
    pub held_equal: u64,
    pub in_doubt: u64,
    pub epochs: u64,
    pub truncated: u64,
    pub snapshots: u64,
    pub expired: u64,
    pub held: u64,
    pub undecided: u64,
    /// How long after the last fault a quorum served again (the longest, in ns).
    pub recovery: Nanos,
    /// What the watch found.
    pub breaches: Vec<&'static str>,
}

impl Outcomes {
    #[allow(dead_code, reason = "the soak adds nothing up")]
    pub fn add(&mut self, other: &Self) {
        self.writes += other.writes;
        self.reads += other.reads;
        self.compared += other.compared;
        self.held_equal += other.held_equal;
        self.in_doubt += other.in_doubt;
        self.epochs += other.epochs;
        self.truncated += other.truncated;
        self.snapshots += other.snapshots;
        self.expired += other.expired;
        self.held += other.held;
        self.undecided += other.undecided;
        self.recovery = self.recovery.max(other.recovery);
    }
}

/// What clients saw, as a history for the checkers: each client is a process, until it does not know an outcome.
#[derive(Default)]
struct Ledger {
    history: History,
    open: BTreeMap<(u32, u64), (usize, Operation)>,
    /// The last value that a read of each key gave.
    known: BTreeMap<u64, u64>,
    zxids: BTreeMap<u64, u64>,
    process: BTreeMap<u32, u64>,
    next: u64,
    acknowledged: Vec<u64>,
    outcomes: Outcomes,
}

impl Ledger {
    fn hear(&mut self, seen: &[Observation]) {
        for o in seen {
            match &o.what {
                What::Invoke(op, _) => {
                    let next = &mut self.next;
                    let process = *self.process.entry(o.node.0).or_insert_with(|| {
                        *next += 1;
                        *next
                    });
                    let call = match op.function {
                        Function::Write => Call::Write { key: op.key, value: op.value },
                        Function::Cas => {
                            let old = (op.expected > 0).then_some(op.expected);
                            Call::Cas { key: op.key, old, new: op.value }
                        }
                        _ => Call::Read { key: op.key },
                    };
                    let record = self.history.invoke(process, call, o.time, o.event);
                    self.open.insert((o.node.0, op.number), (record, *op));
                }
                What::Complete(number, outcome, _) => {
                    let Some((record, op)) = self.open.remove(&(o.node.0, *number)) else { continue };
                    let outcome = match outcome {
                        Outcome::Ok(answer) => {
                            match op.function {
                                Function::Write => {
                                    self.outcomes.writes += 1;
                                    self.acknowledged.push(op.value);
                                }
                                Function::Cas => {
                                    self.outcomes.compared += 1;
                                    if *answer == Some(1) {
                                        self.outcomes.held_equal += 1;
                                        self.acknowledged.push(op.value);
                                    }
                                }
                                _ => {
                                    self.outcomes.reads += 1;
                                    self.known.extend(answer.map(|value| (op.key, value)));
                                }
                            }
                            checker::Outcome::Ok(*answer)
                        }
                        Outcome::Fail(_) => checker::Outcome::Fail(checker::Cause::Timeout),
                        Outcome::Unknown(_) => {
                            self.outcomes.in_doubt += 1;
                            self.process.remove(&o.node.0);
                            checker::Outcome::Unknown(checker::Cause::Timeout)
                        }
                    };
                    self.history.complete(record, outcome, o.time, o.event);
                }
                What::Breach(breach) => self.outcomes.breaches.push(breach.invariant),
                _ => {}
            }
        }
    }

    /// Where each value has its place in the order, by the logs as they are now.
    fn read_logs(&mut self, sim: &Ensemble) {
        for server in servers(sim) {
            for txn in server.log.iter().rev() {
                let (Change::Set(_, value) | Change::SetIf(_, value, _)) = txn.change else { continue };
                // What a deposed leader kept to itself comes again, later in the order.
                let zxid = self.zxids.entry(value).or_insert(0);
                if *zxid >= txn.zxid {
                    break;
                }
                *zxid = txn.zxid;
            }
        }
    }

    /// Acknowledged writes are on the synced disks of a majority: in the log or in the snapshot before it.
    fn durable(&self, sim: &Ensemble) -> Result<(), String> {
        let count = servers(sim).len();
        for value in &self.acknowledged {
            let Some(zxid) = self.zxids.get(value) else {
                // A burst may be proposed, committed and folded into the snapshot between two looks.
                if servers(sim).iter().any(|server| server.base.zxid > 0) {
                    continue;
                }
                return Err(format!("durability: acknowledged value {value:x} was in no log"));
            };
            let holds = |node: u32| {
                let disk = sim.disk(NodeId(node));
                disk.base.zxid >= *zxid || disk.log.iter().any(|txn| txn.zxid == *zxid)
            };
            let copies = (0..count as u32).filter(|node| holds(*node)).count();
            if copies * 2 <= count {
                return Err(format!(
                    "durability: acknowledged value {value:x} is on {copies} of {count} disks"
                ));
            }
        }
        Ok(())
    }

    /// Servers that have applied the same have the same state.
    fn states(sim: &Ensemble) -> Result<(), String> {
        let mut known: BTreeMap<u64, u64> = BTreeMap::new();
        for server in servers(sim) {
            let digest = server.tree.digest();
            if *known.entry(server.tree.zxid).or_insert(digest) != digest {
                return Err(format!("two states after {:x}", server.tree.zxid));
            }
        }
        Ok(())
    }
}

fn linearizable(history: &History) -> Result<bool, String> {
    let mut undecided = false;
    for (key, ops) in checker::linear::registers(history.records()) {
        match checker::linear::check(&ops, checker::model::Model::Register, 200_000) {
            checker::linear::Verdict::Violated { .. } => {
                return Err(format!("the history of k{key} is not linearizable"));
            }
            checker::linear::Verdict::Undecided => undecided = true,
            checker::linear::Verdict::Linearizable => {}
        }
    }
    Ok(undecided)
}

/// Writes, and the comparisons that held or may have: they have one order wherever reads are served.
fn writes(history: &History) -> History {
    let records = history.records();
    let mut dropped = vec![false; records.len()];
    for (at, record) in records.iter().enumerate() {
        match &record.what {
            Event::Invoke(Call::Read { .. }) => dropped[at] = true,
            Event::Complete { invoke, outcome: checker::Outcome::Ok(Some(0)) } => dropped[*invoke] = true,
            _ => {}
        }
    }
    let (mut kept, mut places) = (History::default(), BTreeMap::new());
    for (at, record) in records.iter().enumerate() {
        match &record.what {
            Event::Invoke(call) if !dropped[at] => {
                places.insert(at, kept.invoke(record.process, call.clone(), record.time, record.event));
            }
            Event::Complete { invoke, outcome } if !dropped[*invoke] => {
                kept.complete(places[invoke], *outcome, record.time, record.event);
            }
            _ => {}
        }
    }
    kept
}

/// Whether a leader and a quorum answer clients. Not all need to: see `leader_info`.
fn serves(sim: &Ensemble) -> bool {
    let all = servers(sim);
    let serving = all.iter().filter(|server| server.serving).count();
    serving * 2 > all.len() && all.iter().any(|server| server.established())
}

/// One random schedule. It may aim at the leader, and nothing in it is written for one bug.
pub fn storm(seed: u64, broken: &'static str) -> Result<Outcomes, String> {
    let outcomes = schedule(seed, broken, true)?;
    if outcomes.breaches.is_empty() { Ok(outcomes) } else { Err(format!("watched: {:?}", outcomes.breaches)) }
}

#[allow(dead_code, reason = "the soak plants nothing")]
/// The same, seen only by the watch that is part of the algorithm: what it found.
pub fn watched(seed: u64, broken: &'static str) -> Vec<&'static str> {
    schedule(seed, broken, false).map_or_else(|_| Vec::new(), |outcomes| outcomes.breaches)
}

fn schedule(seed: u64, broken: &'static str, judge: bool) -> Result<Outcomes, String> {
    let word = |what: u64, k: u64| draw::word(draw::join(draw::mix(seed), what), k);
    let nodes = 3 + 2 * (seed % 2) as u32;
    let mut setup = setup(seed, nodes);
    setup.settings.set("broken", Value::Choice(broken)).unwrap();
    let contending = (word(20, 0) % 4) as u32;
    setup.settings.set("contenders", Value::Int(i64::from(contending))).unwrap();
    setup.settings.set("kept", Value::Int(if word(21, 0) & 1 == 0 { 8 } else { 500 })).unwrap();
    let recipe = if word(22, 0) & 1 == 0 { "predecessor" } else { "holder" };
    setup.settings.set("recipe", Value::Choice(recipe)).unwrap();
    let reads = ["local", "sync", "write"][(word(23, 0) % 3) as usize];
    setup.settings.set("reads", Value::Choice(reads)).unwrap();
    let sync = Distribution::Constant(if word(24, 0) & 1 == 0 { MILLISECOND } else { 12 * MILLISECOND });
    setup.settings.set("sync", Value::Law(sync)).unwrap();
    // Now and then many requests at once of each client, and again where one is not answered.
    let open = word(25, 0) & 3 == 0;
    if open {
        setup.workload.arrivals = Arrivals::Open;
        setup.workload.rate = 50.0;
        setup.workload.retries = 2;
        setup.workload.backoff = (word(26, 0) & 1) * 30 * MILLISECOND;
    }
    // Now and then clients compare and set beside it all, and again where they are not answered.
    let compares = word(27, 0) & 3 == 0;
    if compares && !open {
        setup.workload.retries = (word(28, 0) & 1) as u32;
    }
    let mut sim = zookeeper::cluster(&setup);
    let first = sim.nodes().len() as u32 - setup.workload.clients;
    sim.listen(true);
    sim.watch(true);
    let mut ledger = Ledger::default();
    let mut seen = Vec::new();
    let length: Nanos = 7 * SECOND;
    let mut next = 800 * MILLISECOND;
    let mut count = 0;
    let (mut epoch, mut asked) = (0, 0);
    let (mut truncated, mut snapshots) = (BTreeMap::new(), BTreeMap::new());
    while sim.now() < length {
        if sim.now() >= next {
            count += 1;
            next = sim.now() + word(1, count) % (600 * MILLISECOND);
            let any = NodeId(draw::below(word(2, count), nodes));
            let leader = servers(&sim).iter().position(|server| server.role == Role::Leading);
            let aim = leader.filter(|_| word(3, count) & 1 == 0).map_or(any, |at| NodeId(at as u32));
            let span = MILLISECOND
                + word(4, count) % if word(5, count) & 3 == 0 { 2 * SECOND } else { 300 * MILLISECOND };
            let mut from = vec![Selector::Node(aim)];
            let mut to = Vec::new();
            let share = draw::unit(word(6, count)) * 0.5;
            let kind = match word(7, count) % 14 {
                0..=2 => FaultKind::Crash { host: word(8, count) & 1 == 0 },
                3 => FaultKind::Pause,
                4 => {
                    // Now and then the power fails for all.
                    if word(13, count) & 1 == 0 {
                        from = (0..nodes).map(|n| Selector::Node(NodeId(n))).collect();
                    }
                    FaultKind::LoseUnsynced
                }
                5..=7 => {
                    // The target with some of the others, clients too, cut off from the rest.
                    let all = sim.nodes().len() as u32;
                    let side = (0..all).filter(|n| *n == aim.0 || word(9 + count, u64::from(*n)) & 3 == 0);
                    FaultKind::Partition(vec![side.map(|n| Selector::Node(NodeId(n))).collect()])
                }
                8 => {
                    to = vec![Selector::Node(NodeId(draw::below(word(10, count), nodes)))];
                    if word(11, count) & 1 == 0 {
                        std::mem::swap(&mut from, &mut to);
                    }
                    FaultKind::OneWay
                }
                9 => FaultKind::Loss(share),
                10 => FaultKind::FillDisk,
                11 => FaultKind::ClockDrift(draw::unit(word(12, count)) * 100_000.0 - 50_000.0),
                12 => FaultKind::Slow(1.0 + 200.0 * share),
                _ => FaultKind::StallDisk,
            };
            if contending > 0 && word(14, count) & 7 == 0 {
                let node = Some(NodeId(nodes + draw::below(word(15, count), contending)));
                let close = Action { id: "close_session".to_owned(), node, args: Vec::new() };
                sim.schedule_action(sim.now() + 1, close);
            }
            let duration = (!kind.is_instant()).then_some(span);
            sim.schedule_fault(Fault {
                at: sim.now() + 1,
                duration,
                kind,
                from,
                to,
                message: None,
                directed: false,
            });
        }
        asked += 1;
        if compares && sim.now() > 500 * MILLISECOND && word(30, asked) % 3 == 0 {
            let key = word(31, asked) % setup.workload.keys;
            let client = NodeId(first + draw::below(word(32, asked), setup.workload.clients));
            let expected = ledger.known.get(&key).copied().unwrap_or(0);
            let args = vec![2, key, 0, expected, 0];
            let ask = Action { id: "operation".to_owned(), node: Some(client), args };
            sim.schedule_action(sim.now() + 1, ask);
        }
        let stop = sim.run((sim.now() + STEP).min(length), 64);
        for (at, server) in servers(&sim).into_iter().enumerate() {
            let before = truncated.insert(at, server.truncated).unwrap_or(0);
            ledger.outcomes.truncated += server.truncated.saturating_sub(before);
            let before = snapshots.insert(at, server.snapshots).unwrap_or(0);
            ledger.outcomes.snapshots += server.snapshots.saturating_sub(before);
            if server.established() && server.epoch() > epoch {
                epoch = server.epoch();
                ledger.outcomes.epochs += 1;
            }
        }
        if judge {
            ledger.read_logs(&sim);
        }
        sim.drain(&mut seen);
        ledger.hear(&seen);
        seen.clear();
        if stop == Stop::Idle {
            break;
        }
    }
    if judge {
        // Every fault ends within two seconds from here; then a quorum must serve again before long.
        let calm = sim.now() + 2 * SECOND;
        while sim.now() < calm || !serves(&sim) {
            let waited = sim.now().saturating_sub(calm);
            if waited > CALM {
                return Err("liveness: no quorum serves long after all faults ended".to_owned());
            }
            ledger.outcomes.recovery = waited;
            sim.run(sim.now() + STEP, 64);
            ledger.read_logs(&sim);
        }
        sim.drain(&mut seen);
        ledger.hear(&seen);
        seen.clear();
    }
    ledger.outcomes.expired = servers(&sim).iter().map(|server| server.tree.expired).max().unwrap_or(0);
    ledger.outcomes.held = contenders(&sim).iter().map(|client| client.held).sum();
    if !judge {
        return Ok(ledger.outcomes);
    }
    ledger.durable(&sim)?;
    Ledger::states(&sim)?;
    if reads == "write" {
        ledger.outcomes.undecided += u64::from(linearizable(&ledger.history)?);
    }
    if compares {
        ledger.outcomes.undecided += u64::from(linearizable(&writes(&ledger.history))?);
    }
    if open || compares {
        // Whose requests overlap has no order of its own.
        return Ok(ledger.outcomes);
    }
    match checker::sequential::check(ledger.history.records(), 200_000) {
        checker::sequential::Verdict::Violated => return Err("not sequentially consistent".to_owned()),
        checker::sequential::Verdict::Undecided => ledger.outcomes.undecided += 1,
        checker::sequential::Verdict::Consistent => {}
    }
    Ok(ledger.outcomes)
}
