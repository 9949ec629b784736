//! One random schedule of faults against etcd: the watch's invariants while it runs, what the checker says of the clients'
//! history, and what must be true once the faults are over.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;

use netsplit_checker::live::Live;
use netsplit_checker::{self as checker, Call, History};
use netsplit_protocols::leader_election::etcd::{self, ETCD, LOCK, Member, Server, Session};
use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::Setup;
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Function, Observation, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{Cluster, NodeId, Simulation};

pub type Etcd = Cluster<Hosted<Member>>;

/// Faults and traffic end here.
const LENGTH: Nanos = 8 * SECOND;
/// So long after the last fault all members agree and all watches have everything.
const CALM: Nanos = 12 * SECOND;
const STEP: Nanos = 20 * MILLISECOND;

/// Short timeouts, so that seconds hold many elections.
pub fn setup(seed: u64, nodes: u32) -> Setup {
    let latency = Distribution::Uniform { min: MILLISECOND, max: 6 * MILLISECOND };
    let mut settings = Settings::defaults(ETCD.params);
    for (id, span) in [
        ("heartbeat", 20 * MILLISECOND),
        ("election", 150 * MILLISECOND),
        ("ttl", SECOND),
        ("hold", 150 * MILLISECOND),
    ] {
        settings.set(id, Value::Duration(span)).unwrap();
    }
    let mut network = Network::uniform(Profile::new(latency, Transport::Stream));
    network.give_up = SECOND;
    let workload = Workload {
        clients: 3,
        arrivals: Arrivals::Closed,
        think: Distribution::Exponential { mean: 30 * MILLISECOND },
        keys: 3,
        timeout: 400 * MILLISECOND,
        retries: 2,
        stop: LENGTH,
        ..Workload::default()
    };
    Setup { seed, nodes, spares: 0, settings, overrides: Vec::new(), network, zones: Vec::new(), workload }
}

pub fn servers(sim: &Etcd) -> Vec<&Server> {
    sim.nodes().iter().filter_map(Hosted::server).filter_map(Member::server).collect()
}

pub fn sessions(sim: &Etcd) -> Vec<&Session> {
    sim.nodes().iter().filter_map(Hosted::server).filter_map(Member::session).collect()
}

/// What came of a schedule.
#[derive(Clone, Debug, Default)]
pub struct Outcomes {
    pub writes: u64,
    pub reads: u64,
    pub compared: u64,
    pub held_equal: u64,
    pub in_doubt: u64,
    pub terms: u64,
    pub truncated: u64,
    pub snapshots: u64,
    pub events: u64,
    pub gone: u64,
    pub held: u64,
    pub lost: u64,
    pub compactions: u64,
    /// How long after the last fault everything agreed (the longest, in ns).
    pub recovery: Nanos,
    /// What the watch found.
    pub breaches: Vec<&'static str>,
}

impl Outcomes {
    pub fn add(&mut self, other: &Self) {
        self.writes += other.writes;
        self.reads += other.reads;
        self.compared += other.compared;
        self.held_equal += other.held_equal;
        self.in_doubt += other.in_doubt;
        self.terms += other.terms;
        self.truncated += other.truncated;
        self.snapshots += other.snapshots;
        self.events += other.events;
        self.gone += other.gone;
        self.held += other.held;
        self.lost += other.lost;
        self.compactions += other.compactions;
        self.recovery = self.recovery.max(other.recovery);
    }
}

/// What clients saw, for the checker.
#[derive(Default)]
struct Ledger {
    history: History,
    open: BTreeMap<(u32, u64), (usize, Function, u64)>,
    /// The last value that a read of each key gave.
    known: BTreeMap<u64, u64>,
    processes: u64,
    outcomes: Outcomes,
}

impl Ledger {
    fn hear(&mut self, sim: &mut Etcd) {
        let mut seen: Vec<Observation> = Vec::new();
        sim.drain(&mut seen);
        for o in seen {
            match o.what {
                What::Invoke(op, _) => {
                    let call = match op.function {
                        Function::Write => Call::Write { key: op.key, value: op.value },
                        Function::Cas => {
                            let old = (op.expected > 0).then_some(op.expected);
                            Call::Cas { key: op.key, old, new: op.value }
                        }
                        _ => Call::Read { key: op.key },
                    };
                    self.processes += 1;
                    let record = self.history.invoke(self.processes, call, o.time, o.event);
                    self.open.insert((o.node.0, op.number), (record, op.function, op.key));
                }
                What::Complete(number, outcome, _) => {
                    let Some((record, function, key)) = self.open.remove(&(o.node.0, number)) else {
                        continue;
                    };
                    let outcomes = &mut self.outcomes;
                    let outcome = match outcome {
                        Outcome::Ok(answer) => {
                            match function {
                                Function::Write => outcomes.writes += 1,
                                Function::Cas => {
                                    outcomes.compared += 1;
                                    outcomes.held_equal += answer.unwrap_or(0);
                                }
                                _ => {
                                    outcomes.reads += 1;
                                    self.known.extend(answer.map(|value| (key, value)));
                                }
                            }
                            checker::Outcome::Ok(answer)
                        }
                        Outcome::Fail(_) => checker::Outcome::Fail(checker::Cause::Timeout),
                        Outcome::Unknown(_) => {
                            outcomes.in_doubt += 1;
                            checker::Outcome::Unknown(checker::Cause::Timeout)
                        }
                    };
                    self.history.complete(record, outcome, o.time, o.event);
                }
                // Of which etcd says itself that it cannot be relied on.
                What::Breach(breach) if breach.invariant == "one_holder" => {}
                What::Breach(breach) => self.outcomes.breaches.push(breach.invariant),
                _ => {}
            }
        }
    }

    fn linearizable(&self) -> Result<(), String> {
        let mut live = Live::new();
        for _ in 0..50 {
            if live.feed(&self.history, 200_000) {
                break;
            }
        }
        match live.violations().first() {
            Some(found) => Err(format!("linearizability: key {} at {} ns", found.key, found.time)),
            None => Ok(()),
        }
    }
}

/// Whether all members have the same state, and all watches all of it.
fn agree(sim: &Etcd) -> bool {
    let all = servers(sim);
    let same = all.iter().all(|server| server.store == all[0].store && server.applied == all[0].applied);
    let revision = all[0].store.revision;
    same && all.iter().any(|server| server.replica.settled())
        && sessions(sim).iter().all(|session| session.key.is_some() || session.revision == revision)
}

fn fault(sim: &mut Etcd, kind: FaultKind, from: Vec<Selector>, to: Vec<Selector>, span: Nanos) {
    let duration = (!kind.is_instant()).then_some(span);
    sim.schedule_fault(Fault { at: sim.now() + 1, duration, kind, from, to, message: None, directed: false });
}

/// One random schedule. It may aim at the leader, and nothing in it is written for one bug.
pub fn storm(seed: u64, broken: &'static str) -> Result<Outcomes, String> {
    let outcomes = schedule(seed, broken, true)?;
    if outcomes.breaches.is_empty() { Ok(outcomes) } else { Err(format!("watched: {:?}", outcomes.breaches)) }
}

/// The same, seen only by the watch that is part of the algorithm: what it found.
pub fn watched(seed: u64, broken: &'static str) -> Vec<&'static str> {
    schedule(seed, broken, false).map_or_else(|_| Vec::new(), |outcomes| outcomes.breaches)
}

fn schedule(seed: u64, broken: &'static str, judge: bool) -> Result<Outcomes, String> {
    let word = |what: u64, k: u64| draw::word(draw::join(draw::mix(seed ^ 0xe7cd), what), k);
    let nodes = 3 + 2 * (seed % 2) as u32;
    let mut setup = setup(seed, nodes);
    let mut set = |id: &str, value: Value| setup.settings.set(id, value).expect("declared");
    set("broken", Value::Choice(broken));
    let linearizable = word(20, 0) % 4 > 0;
    set("reads", Value::Choice(if linearizable { "linearizable" } else { "serializable" }));
    set("snapshot_count", Value::Int(if word(21, 0) & 1 == 0 { 20 } else { 10_000 }));
    set("retention", Value::Duration((word(22, 0) % 3) * 600 * MILLISECOND));
    set("watchers", Value::Int(2));
    set("contenders", Value::Int((word(23, 0) % 4) as i64));
    set("pre_vote", Value::Bool(word(24, 0) & 1 == 0));
    let sync = Distribution::Constant(if word(25, 0) & 1 == 0 { MILLISECOND } else { 12 * MILLISECOND });
    set("sync", Value::Law(sync));
    let mut sim = etcd::cluster(&setup);
    sim.listen(true);
    sim.watch(true);
    let members = sim.nodes().len() as u32;
    let first = members - setup.workload.clients;
    let mut ledger = Ledger::default();
    let (mut next, mut compare, mut count) = (600 * MILLISECOND, SECOND, 0);
    let mut lives: BTreeMap<u32, [u64; 2]> = BTreeMap::new();
    while sim.now() < LENGTH {
        count += 1;
        if sim.now() >= compare {
            compare = sim.now() + word(30, count) % (200 * MILLISECOND);
            let key = word(31, count) % 3;
            let client = first + draw::below(word(32, count), setup.workload.clients);
            let expected = ledger.known.get(&key).copied().unwrap_or(0);
            let args = vec![2, key, 0, expected, 0];
            let ask = Action { id: "operation".to_owned(), node: Some(NodeId(client)), args };
            sim.schedule_action(sim.now() + 1, ask);
        }
        if sim.now() >= next {
            next = sim.now() + word(1, count) % (700 * MILLISECOND);
            let any = NodeId(draw::below(word(2, count), nodes));
            let leader = servers(&sim).iter().position(|server| server.replica.settled());
            let aim = leader.filter(|_| word(3, count) & 1 == 0).map_or(any, |at| NodeId(at as u32));
            let mut span = MILLISECOND
                + word(4, count)
                    % if word(5, count) & 3 == 0 { 2500 * MILLISECOND } else { 300 * MILLISECOND };
            let (mut from, mut to) = (vec![Selector::Node(aim)], Vec::new());
            let share = draw::unit(word(6, count)) * 0.5;
            let kind = match word(7, count) % 15 {
                0..=2 => FaultKind::Crash { host: word(8, count) & 1 == 0 },
                3 | 4 => {
                    // Now and then for longer than leases last.
                    if word(18, count) & 1 == 0 {
                        span = 1200 * MILLISECOND + word(19, count) % (1300 * MILLISECOND);
                    }
                    FaultKind::Pause
                }
                5..=7 => {
                    // The target with some of the others, clients too, cut off from the rest.
                    let side =
                        (0..members).filter(|n| *n == aim.0 || word(9 + count, u64::from(*n)) & 3 == 0);
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
                10 => FaultKind::LoseUnsynced,
                11 => FaultKind::ClockDrift(draw::unit(word(12, count)) * 100_000.0 - 50_000.0),
                12 => FaultKind::Slow(1.0 + 200.0 * share),
                13 => FaultKind::FillDisk,
                _ => FaultKind::StallDisk,
            };
            fault(&mut sim, kind, from, to, span);
            // Now and then a lock's client goes, or an operator asks for something.
            if first > nodes && word(13, count) & 3 == 0 {
                let client = NodeId(nodes + draw::below(word(14, count), first - nodes));
                let kind =
                    if word(15, count) & 1 == 0 { FaultKind::Pause } else { FaultKind::Crash { host: true } };
                fault(&mut sim, kind, vec![Selector::Node(client)], Vec::new(), span);
            }
            if word(16, count) & 7 == 0 {
                let id = if word(17, count) & 1 == 0 { "compact" } else { "transfer_leadership" };
                sim.schedule_action(
                    sim.now() + 1,
                    Action { id: id.to_owned(), node: None, args: Vec::new() },
                );
            }
        }
        sim.run((sim.now() + STEP).min(LENGTH), 64);
        for server in servers(&sim) {
            let (replica, at) = (&server.replica, server.replica.me().0);
            let before = lives.insert(at, [replica.truncated, replica.installed]).unwrap_or_default();
            ledger.outcomes.truncated += replica.truncated.saturating_sub(before[0]);
            ledger.outcomes.snapshots += replica.installed.saturating_sub(before[1]);
        }
        ledger.hear(&mut sim);
    }
    let all = sessions(&sim);
    ledger.outcomes.events = all.iter().map(|session| session.events).sum();
    ledger.outcomes.gone = all.iter().map(|session| session.compacted).sum();
    ledger.outcomes.held = all.iter().map(|session| session.held).sum();
    ledger.outcomes.lost = all.iter().map(|session| session.lost).sum();
    let most = |value: fn(&Server) -> u64| servers(&sim).into_iter().map(value).max().unwrap_or(0);
    ledger.outcomes.terms = most(|server| server.replica.term);
    ledger.outcomes.compactions = u64::from(most(|server| server.store.compacted) > 0);
    if !judge {
        return Ok(ledger.outcomes);
    }
    afterwards(&mut sim, &mut ledger)?;
    if linearizable {
        ledger.linearizable()?;
    }
    Ok(ledger.outcomes)
}

/// Faults end, and whoever holds the lock goes for good: all members agree, watches have everything, leases are gone.
fn afterwards(sim: &mut Etcd, ledger: &mut Ledger) -> Result<(), String> {
    let contends = |node: &Hosted<Member>| {
        node.server().and_then(Member::session).is_some_and(|session| session.key == Some(LOCK))
    };
    let contenders: Vec<Selector> = (0..)
        .zip(sim.nodes())
        .filter(|(_, node)| contends(node))
        .map(|(at, _)| Selector::Node(NodeId(at)))
        .collect();
    // Every fault ends within two and a half seconds from here.
    let calm = sim.now() + 2500 * MILLISECOND;
    sim.run(calm, u64::MAX);
    fault(sim, FaultKind::Crash { host: true }, contenders, Vec::new(), 3600 * SECOND);
    while !agree(sim) || servers(sim).iter().any(|server| !server.store.leases.is_empty()) {
        let waited = sim.now() - calm;
        ledger.outcomes.recovery = waited;
        if waited > CALM {
            return Err(
                "liveness: members, watches or leases are not settled long after the faults".to_owned()
            );
        }
        sim.run(sim.now() + STEP, u64::MAX);
    }
    ledger.hear(sim);
    match servers(sim).iter().any(|server| server.store.keys.contains_key(&LOCK)) {
        true => Err("the lock's key outlived all leases".to_owned()),
        false => Ok(()),
    }
}
