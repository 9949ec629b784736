//! One random schedule of faults against Raft, with an observer of every event and a check of what clients saw.
//!
//! There is one generator for every variant. It may aim (at leaders, at whoever has just appended or stands for
//! election), but nothing in it is written for one mistake; what differs between variants are Raft's own switches.

#![allow(dead_code, reason = "each test uses a part of it")]

use netsplit_checker::live::Live;
use netsplit_checker::{self as checker, Call, History};
use netsplit_protocols::leader_election::raft::invariants::Watch;
use netsplit_protocols::leader_election::raft::{self, RAFT, Server};
use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::parts::raft::{Replica, Role};
use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::Setup;
use netsplit_sim::cluster::Stop;
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Function, Observation, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::small::Map;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{Cluster, NodeId, Simulation};

pub type Raft = Cluster<Hosted<Server>>;

/// Raft's switches for a row of schedules.
#[derive(Clone, Copy)]
pub struct Variant {
    pub name: &'static str,
    /// Servers at the start, by the seed.
    pub nodes: [u32; 2],
    /// How many strikes in a hundred are an operator's: transfers and membership changes.
    pub operator: u32,
    pub switches: &'static [(&'static str, Switch)],
}

/// A setting that a static table can hold.
#[derive(Clone, Copy)]
pub enum Switch {
    On,
    Int(i64),
    Real(f64),
    Span(Nanos),
    Choice(&'static str),
}

use Switch::{Choice, Int, On, Real, Span};

/// Figure 2 of the paper, and what was added to it.
pub const VARIANTS: &[Variant] = &[
    Variant { name: "paper", nodes: [3, 5], operator: 10, switches: &[] },
    Variant {
        name: "short timeouts",
        nodes: [3, 5],
        operator: 5,
        switches: &[
            ("election_min", Span(50 * MILLISECOND)),
            ("election_max", Span(60 * MILLISECOND)),
            ("heartbeat", Span(15 * MILLISECOND)),
        ],
    },
    Variant {
        name: "small messages",
        nodes: [5, 5],
        operator: 5,
        switches: &[
            ("max_entries", Int(1)),
            ("inflight", Int(1)),
            ("election_min", Span(60 * MILLISECOND)),
            ("election_max", Span(120 * MILLISECOND)),
            ("heartbeat", Span(25 * MILLISECOND)),
        ],
    },
    Variant {
        name: "ReadIndex",
        nodes: [3, 5],
        operator: 10,
        switches: &[("reads", Choice("read_index")), ("batch", Span(2 * MILLISECOND))],
    },
    Variant {
        name: "leases",
        nodes: [3, 5],
        operator: 30,
        switches: &[
            ("reads", Choice("lease")),
            ("drift", Real(100_000.0)),
            ("election_min", Span(300 * MILLISECOND)),
            ("election_max", Span(600 * MILLISECOND)),
        ],
    },
    Variant {
        name: "tight leases",
        nodes: [3, 3],
        operator: 50,
        switches: &[
            ("reads", Choice("lease")),
            ("drift", Real(10_000.0)),
            ("election_min", Span(300 * MILLISECOND)),
            ("election_max", Span(310 * MILLISECOND)),
        ],
    },
    Variant {
        name: "snapshots",
        nodes: [3, 5],
        operator: 10,
        switches: &[("snapshot_every", Int(10)), ("pre_vote", On)],
    },
    Variant { name: "one at a time", nodes: [4, 4], operator: 40, switches: &[("snapshot_every", Int(60))] },
    Variant {
        name: "joint",
        nodes: [3, 5],
        operator: 40,
        switches: &[
            ("membership", Choice("joint")),
            ("check_quorum", On),
            ("pre_vote", On),
            ("refuse_votes", On),
            ("inflight", Int(1)),
        ],
    },
];

pub fn variant(name: &str) -> &'static Variant {
    VARIANTS.iter().find(|variant| variant.name == name).expect("a variant's name")
}

pub fn set(settings: &mut Settings, id: &str, value: Switch) {
    let choice = |id: &str, choice: &str| {
        let param = RAFT.params.iter().find(|param| param.id == id).expect("declared");
        let netsplit_sim::declare::Kind::Choice(options) = param.kind else { panic!("{id} is no choice") };
        options.iter().find(|(option, _)| *option == choice).expect("an option").0
    };
    let value = match value {
        On => Value::Bool(true),
        Int(value) => Value::Int(value),
        Real(value) => Value::Real(value),
        Span(value) => Value::Duration(value),
        Choice(option) => Value::Choice(choice(id, option)),
    };
    settings.set(id, value).expect("declared");
}

pub fn setup(seed: u64, nodes: u32, rate: f64) -> Setup {
    // Now and then a message is very late.
    let latency = Distribution::LogNormal { median: 5 * MILLISECOND, sigma: 0.9 };
    let workload =
        Workload { clients: 6, arrivals: Arrivals::Open, rate, keys: 2, retries: 3, ..Workload::default() };
    Setup {
        seed,
        nodes,
        spares: RAFT.spares,
        settings: Settings::defaults(RAFT.params),
        overrides: Vec::new(),
        network: Network::uniform(Profile::new(latency, Transport::Datagram)),
        zones: Vec::new(),
        workload,
    }
}

pub fn replicas(sim: &Raft) -> impl Iterator<Item = &Replica> {
    sim.nodes().iter().filter_map(|node| node.server().map(|server| &server.replica))
}

/// What a schedule came to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ledger {
    pub writes: u64,
    pub reads: u64,
    pub leaders: u64,
    pub truncated: u64,
    pub installed: u64,
    pub doubtful: u64,
    pub changes: u64,
    pub events: u64,
}

impl Ledger {
    pub fn add(&mut self, other: &Self) {
        self.writes += other.writes;
        self.reads += other.reads;
        self.leaders += other.leaders;
        self.truncated += other.truncated;
        self.installed += other.installed;
        self.doubtful += other.doubtful;
        self.changes += other.changes;
        self.events += other.events;
    }
}

/// Watches every event of a run.
#[derive(Default)]
pub struct Observer {
    pub watch: Watch,
    history: History,
    open: Map<(u32, u64), usize>,
    processes: u64,
    seen: Vec<Observation>,
    doubtful: u64,
    pub breach: Option<String>,
}

impl Observer {
    /// Runs up to `until`, event by event.
    pub fn run(&mut self, sim: &mut Raft, until: Nanos, mut after: impl FnMut(&mut Raft) -> bool) {
        while self.breach.is_none() {
            let stop = sim.run(until, 1);
            if stop != Stop::Events {
                break;
            }
            // One event can begin several lives; whoever did nothing is passed over at once.
            for node in sim.nodes() {
                let Some(server) = node.server() else { break };
                if let Some(breach) = self.watch.look(server) {
                    self.breach.get_or_insert_with(|| format!("{}: {:?}", breach.id, breach.text.args));
                }
            }
            if after(sim) {
                break;
            }
        }
        sim.drain(&mut self.seen);
        self.hear();
    }

    fn hear(&mut self) {
        for o in self.seen.drain(..) {
            match o.what {
                What::Invoke(op, _) => {
                    let call = match op.function {
                        Function::Read => Call::Read { key: op.key },
                        _ => Call::Write { key: op.key, value: op.value },
                    };
                    self.processes += 1;
                    let record = self.history.invoke(self.processes, call, o.time, o.event);
                    self.open.insert((o.node.0, op.number), record);
                }
                What::Complete(number, outcome, _) => {
                    let Some(record) = self.open.remove(&(o.node.0, number)) else { continue };
                    let cause = checker::Cause::Timeout;
                    let outcome = match outcome {
                        Outcome::Ok(value) => checker::Outcome::Ok(value),
                        Outcome::Fail(_) => checker::Outcome::Fail(cause),
                        Outcome::Unknown(_) => {
                            self.doubtful += 1;
                            checker::Outcome::Unknown(cause)
                        }
                    };
                    self.history.complete(record, outcome, o.time, o.event);
                }
                _ => {}
            }
        }
    }

    /// What clients saw has an order that explains it.
    pub fn judge(&mut self) -> Result<(), String> {
        if let Some(breach) = self.breach.take() {
            return Err(breach);
        }
        let mut live = Live::new();
        for _ in 0..50 {
            if live.feed(&self.history, 200_000) {
                break;
            }
        }
        match live.violations().first() {
            Some(violation) => {
                Err(format!("linearizability: key {} at {} ns", violation.key, violation.time))
            }
            None => Ok(()),
        }
    }

    pub fn ledger(&self, sim: &Raft) -> Ledger {
        Ledger {
            writes: self.watch.writes,
            reads: self.watch.reads,
            leaders: self.watch.elections,
            truncated: self.watch.truncated,
            installed: self.watch.installed,
            doubtful: self.doubtful,
            changes: self.watch.changes,
            events: sim.events(),
        }
    }
}

/// What the generator waits for before it strikes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    Now,
    /// A leader has an entry that is not committed.
    Appended,
    /// Somebody stands for election.
    Standing,
    /// Somebody has voted, and knows of no leader yet.
    Voted,
    /// A leader has not committed in its term.
    Fresh,
}

/// It has voted and knows of no leader yet.
fn voted(replica: &Replica) -> bool {
    replica.role == Role::Follower && replica.vote.is_some() && replica.leader.is_none()
}

/// Whose moment has come.
fn come(moment: Moment, sim: &Raft) -> Option<NodeId> {
    let find = |which: &dyn Fn(&&Replica) -> bool| {
        replicas(sim).filter(which).max_by_key(|r| r.term).map(Replica::me)
    };
    let leads = |replica: &&Replica| replica.role == Role::Leader;
    match moment {
        Moment::Now => find(&|r| leads(r)),
        Moment::Appended => find(&|r| leads(r) && r.log.last() > r.commit),
        Moment::Standing => find(&|r| r.role == Role::Candidate),
        Moment::Voted => find(&|r| voted(r)),
        Moment::Fresh => find(&|r| leads(r) && !r.settled()),
    }
}

/// How long a schedule is.
pub const LENGTH: Nanos = 6 * SECOND;

/// A random schedule against a variant, with a mistake or with none.
pub fn storm(seed: u64, variant: &Variant, broken: &'static str) -> Result<Ledger, String> {
    let mut sim = world(seed, variant, broken);
    let mut storm = Storm {
        observer: Observer::default(),
        dice: Dice { key: draw::mix(seed ^ 0x57_0a11), count: 0 },
        operator: variant.operator,
        drift: if variant.name == "tight leases" { 4_500.0 } else { 45_000.0 },
    };
    storm.wait(&mut sim, 200 * MILLISECOND);
    while !storm.over(&sim) {
        match storm.dice.below(6) {
            0 => storm.chairs(&mut sim),
            1 => storm.two_sides(&mut sim),
            2 => storm.stumble(&mut sim),
            _ => storm.single(&mut sim),
        }
        let most = if storm.dice.below(3) == 0 { 30 } else { 250 };
        let pause = storm.dice.span(most);
        storm.wait(&mut sim, pause);
    }
    storm.observer.judge()?;
    Ok(storm.observer.ledger(&sim))
}

struct Storm {
    observer: Observer,
    dice: Dice,
    operator: u32,
    /// How far a clock's rate may be off (ppm): within what leases are told.
    drift: f64,
}

impl Storm {
    fn over(&self, sim: &Raft) -> bool {
        sim.now() >= LENGTH || self.observer.breach.is_some()
    }

    fn wait(&mut self, sim: &mut Raft, span: Nanos) {
        let until = (sim.now() + span).min(LENGTH);
        self.observer.run(sim, until, |_| false);
    }

    /// Waits for a moment, but not for ever, and often a little longer.
    fn await_moment(&mut self, sim: &mut Raft, moment: Moment, patience: Nanos) -> Option<NodeId> {
        if come(moment, sim).is_none() {
            let until = (sim.now() + patience).min(LENGTH);
            self.observer.run(sim, until, |sim| come(moment, sim).is_some());
        }
        let who = come(moment, sim);
        if self.dice.below(2) == 0 {
            let span = self.dice.span(15);
            self.wait(sim, span);
        }
        who
    }

    /// One fault or two, now or at a moment that is worth it.
    fn single(&mut self, sim: &mut Raft) {
        let moment = match self.dice.below(8) {
            0 | 1 => Moment::Appended,
            2 => Moment::Standing,
            3 | 4 => Moment::Voted,
            5 => Moment::Fresh,
            _ => Moment::Now,
        };
        let aim = self.await_moment(sim, moment, 300 * MILLISECOND);
        for _ in 0..1 + self.dice.below(3) / 2 {
            strike(sim, &mut self.dice, aim, self.operator, self.drift);
        }
    }

    /// Leader after leader dies soon after it stands, perhaps cut off with one other before, and the one before it
    /// comes back.
    fn chairs(&mut self, sim: &mut Raft) {
        let mut crashed = None;
        for _ in 0..2 + self.dice.below(3) {
            let moment = if self.dice.below(2) == 0 { Moment::Fresh } else { Moment::Appended };
            let Some(leader) = self.await_moment(sim, moment, 800 * MILLISECOND) else { break };
            if self.dice.below(2) == 0 {
                let span = self.dice.span(100);
                self.cut_off(sim, leader, 1, Some(span));
                let span = self.dice.span(80);
                self.wait(sim, span);
            }
            let crash = FaultKind::Crash { host: true };
            let next = fault(sim, None, crash, vec![Selector::Node(leader)], Vec::new());
            if let Some(before) = crashed.replace(next) {
                sim.end_fault(before, sim.now() + 1);
            }
        }
        if let Some(last) = crashed {
            let after = sim.now() + 1 + self.dice.span(200);
            sim.end_fault(last, after);
        }
    }

    /// The leader is down for a moment, somebody's messages are slow, and voters restart.
    fn stumble(&mut self, sim: &mut Raft) {
        let Some(leader) = come(Moment::Now, sim) else { return };
        let span = Some(self.dice.span(150));
        fault(sim, span, FaultKind::Crash { host: true }, vec![Selector::Node(leader)], Vec::new());
        let all = here(sim);
        let slow = Selector::Node(all[self.dice.below(all.len() as u32) as usize]);
        let late = FaultKind::Latency(self.dice.span(150));
        let others = all.iter().map(|node| Selector::Node(*node)).filter(|other| *other != slow).collect();
        let span = Some(self.dice.span(800));
        fault(sim, span, late, vec![slow], others);
        for _ in 0..self.dice.below(4) {
            if let Some(voter) = self.await_moment(sim, Moment::Voted, 300 * MILLISECOND) {
                let mut who = vec![Selector::Node(voter)];
                if self.dice.below(2) == 0 {
                    who = replicas(sim).filter(|r| voted(r)).map(|r| Selector::Node(r.me())).collect();
                }
                fault(sim, None, FaultKind::LoseUnsynced, who, Vec::new());
            }
        }
    }

    /// The leader is cut off with fewer than half of the others until somebody else leads, and perhaps an operator asks
    /// for something before or meanwhile.
    fn two_sides(&mut self, sim: &mut Raft) {
        let Some(leader) = self.await_moment(sim, Moment::Appended, 300 * MILLISECOND) else { return };
        if self.dice.below(100) < self.operator {
            operate(sim, &mut self.dice, leader);
            let span = self.dice.span(40);
            self.wait(sim, span);
        }
        if self.dice.below(4) == 0 {
            // Its links are slow before they break.
            let late = FaultKind::Latency(self.dice.span(150));
            let span = Some(self.dice.span(1000));
            let others = here(sim).into_iter().filter(|node| *node != leader).map(Selector::Node).collect();
            fault(sim, span, late, vec![Selector::Node(leader)], others);
            let span = self.dice.span(300);
            self.wait(sim, span);
        }
        let most = replicas(sim).find(|r| r.me() == leader).map_or(1, |r| r.members.new.count_ones());
        let others = self.dice.below(most.saturating_sub(1) / 2 + 1);
        let cut = self.cut_off(sim, leader, others, None);
        if self.dice.below(100) < self.operator {
            let span = self.dice.span(200);
            self.wait(sim, span);
            operate(sim, &mut self.dice, leader);
        }
        let until = (sim.now() + 1500 * MILLISECOND).min(LENGTH);
        self.observer.run(sim, until, |sim| replicas(sim).any(|r| r.settled() && r.me() != leader));
        let span = self.dice.span(250);
        self.wait(sim, span);
        sim.end_fault(cut, sim.now() + 1);
    }

    /// Cuts the links between a server with so many of the others and the rest of the servers.
    fn cut_off(&mut self, sim: &mut Raft, node: NodeId, others: u32, lasts: Option<Nanos>) -> usize {
        let mut rest: Vec<NodeId> = here(sim).into_iter().filter(|other| *other != node).collect();
        let mut side = vec![Selector::Node(node)];
        for _ in 0..others.min(rest.len() as u32) {
            let at = self.dice.below(rest.len() as u32) as usize;
            side.push(Selector::Node(rest.remove(at)));
        }
        let rest = rest.into_iter().map(Selector::Node).collect();
        let kind = if self.dice.below(3) == 0 { FaultKind::OneWay } else { FaultKind::Cut };
        fault(sim, lasts, kind, side, rest)
    }
}

pub fn world(seed: u64, variant: &Variant, broken: &'static str) -> Raft {
    world_with(seed, variant, broken, &[], &[], 500 * MILLISECOND)
}

/// The same with more switches, and some of n1 alone.
fn world_with(
    seed: u64,
    variant: &Variant,
    broken: &'static str,
    all: &[(&str, Switch)],
    first: &[(&str, Switch)],
    timeout: Nanos,
) -> Raft {
    let mut setup = setup(seed, variant.nodes[(seed & 1) as usize], 80.0);
    setup.workload.timeout = timeout;
    set(&mut setup.settings, "service", Span(0));
    let sync = Distribution::Uniform { min: MILLISECOND, max: 10 * MILLISECOND };
    setup.settings.set("sync", Value::Law(sync)).expect("declared");
    for (id, value) in variant.switches.iter().chain(all) {
        set(&mut setup.settings, id, *value);
    }
    set(&mut setup.settings, "broken", Choice(broken));
    if !first.is_empty() {
        let mut own = setup.settings.clone();
        first.iter().for_each(|(id, value)| set(&mut own, id, *value));
        setup.overrides.push(("n1".to_owned(), own));
    }
    raft::cluster(&setup)
}

/// Words in a row.
pub struct Dice {
    pub key: u64,
    pub count: u64,
}

impl Dice {
    pub fn word(&mut self) -> u64 {
        self.count += 1;
        draw::word(self.key, self.count)
    }
    pub fn below(&mut self, n: u32) -> u32 {
        draw::below(self.word(), n)
    }
    /// A span below so many milliseconds.
    pub fn span(&mut self, below: u64) -> Nanos {
        self.word() % (below * MILLISECOND)
    }
    pub fn unit(&mut self) -> f64 {
        draw::unit(self.word())
    }
}

/// The servers that are there.
fn here(sim: &Raft) -> Vec<NodeId> {
    replicas(sim).map(Replica::me).filter(|node| !sim.core().nodes[node.index()].absent).collect()
}

fn fault(
    sim: &mut Raft,
    lasts: Option<Nanos>,
    kind: FaultKind,
    from: Vec<Selector>,
    to: Vec<Selector>,
) -> usize {
    let at = sim.now() + 1;
    let duration = lasts.filter(|_| !kind.is_instant());
    sim.schedule_fault(Fault { at, duration, kind, from, to, message: None })
}

/// An operator asks for something.
fn operate(sim: &mut Raft, dice: &mut Dice, aim: NodeId) {
    let at = sim.now() + 1;
    let act = |id: &str, node: Option<NodeId>| Action { id: id.to_owned(), node, args: Vec::new() };
    let all = here(sim);
    // Not so many leave that nothing is left.
    let members = replicas(sim).map(|r| r.members.new.count_ones()).max().unwrap_or(0);
    match dice.below(10) {
        0..=3 => drop(sim.schedule_action(at, act("transfer_leadership", None))),
        4 => drop(sim.schedule_action(at, act("remove_silent", None))),
        _ => {
            for _ in 0..1 + dice.below(2) {
                let any = all[dice.below(all.len() as u32) as usize];
                let node = if dice.below(4) == 0 { aim } else { any };
                if members > 3 && dice.below(4) > 0 {
                    sim.schedule_action(at, act("remove_node", Some(node)));
                } else {
                    sim.schedule_action(at, act("add_node", None));
                }
            }
        }
    }
}

/// Something goes wrong, or somebody asks for a change.
pub fn strike(sim: &mut Raft, dice: &mut Dice, aim: Option<NodeId>, operator: u32, drift: f64) {
    let servers = replicas(sim).count() as u32;
    let all = here(sim);
    let any = all[dice.below(all.len() as u32) as usize];
    let leader = come(Moment::Now, sim);
    let aim = match dice.below(5) {
        0 | 1 => aim.unwrap_or(any),
        2 => leader.unwrap_or(any),
        _ => any,
    };
    let other = all[dice.below(all.len() as u32) as usize];
    let span = MILLISECOND
        + dice.word()
            % match dice.below(4) {
                0 => 1200 * MILLISECOND,
                1 => 20 * MILLISECOND,
                _ => 250 * MILLISECOND,
            };
    let share = dice.unit() * 0.6;
    let (mut from, mut to) = (vec![Selector::Node(aim)], Vec::new());
    if dice.below(100) < operator {
        operate(sim, dice, aim);
        return;
    }
    let kind = match dice.below(20) {
        0..=2 => FaultKind::Crash { host: dice.below(2) == 0 },
        3 => FaultKind::Pause,
        4..=6 => FaultKind::LoseUnsynced,
        7..=10 => {
            // The target with some of the others, cut off from the rest, and the clients on either side.
            let mut sides = vec![vec![Selector::Node(aim)], Vec::new()];
            for node in all.iter().filter(|node| **node != aim) {
                sides[usize::from(dice.below(3) > 0)].push(Selector::Node(*node));
            }
            for client in servers..sim.nodes().len() as u32 {
                sides[dice.below(2) as usize].push(Selector::Node(NodeId(client)));
            }
            FaultKind::Partition(sides)
        }
        11 | 12 => {
            let others = all.iter().filter(|node| **node != aim).map(|node| Selector::Node(*node));
            to = if dice.below(2) == 0 { others.collect() } else { vec![Selector::Node(other)] };
            if dice.below(2) == 0 {
                std::mem::swap(&mut from, &mut to);
            }
            FaultKind::OneWay
        }
        13 => FaultKind::Loss(share),
        14 => FaultKind::Duplicate(share),
        15 | 16 => FaultKind::Reorder(share, 20 * MILLISECOND + dice.word() % (300 * MILLISECOND)),
        17 => FaultKind::ClockDrift((2.0 * dice.unit() - 1.0) * drift),
        18 => FaultKind::Latency(20 * MILLISECOND + dice.word() % (300 * MILLISECOND)),
        _ => FaultKind::StallDisk,
    };
    fault(sim, Some(span), kind, from, to);
}

/// Mistakes that random schedules show too seldom, and the course of events that shows each. It is random all the same:
/// latencies, timeouts and clients differ from seed to seed.
pub fn scene(seed: u64, of: &str, broken: &'static str) -> Result<Ledger, String> {
    let dice = &mut Dice { key: draw::mix(seed ^ 0x5ce_ae), count: 0 };
    let node = |n: u32| Selector::Node(NodeId(n));
    let variant = variant(if of == "early_change" { "one at a time" } else { "leases" });
    // n1 is the first to stand.
    let timeout = |max| {
        [
            ("election_min", Span(200 * MILLISECOND)),
            ("election_max", Span(max * MILLISECOND)),
            ("drift", Real(1000.0)),
        ]
    };
    let (quick, slow) = (timeout(200), timeout(300));
    let mut sim = world_with(seed, variant, broken, &slow, &quick, 200 * MILLISECOND);
    let mut observer = Observer::default();
    observer.run(&mut sim, SECOND + dice.span(100), |_| false);
    let act = |id: &str, n: u32| Action { id: id.to_owned(), node: Some(NodeId(n)), args: Vec::new() };
    let servers: Vec<u32> = here(&sim).iter().map(|node| node.0).filter(|n| *n != 0).collect();
    let others = || servers.iter().map(|n| node(*n)).collect::<Vec<_>>();
    if of == "early_change" {
        // n1 is heard no more, and is asked to remove n2; the next leader is asked to remove n3.
        fault(&mut sim, Some(2 * SECOND), FaultKind::OneWay, vec![node(0)], others());
        let at = sim.now() + 1 + dice.span(50);
        sim.schedule_action(at, act("remove_node", 1));
        let at = sim.now() + 1 + dice.span(100);
        sim.schedule_action(at, act("remove_node", 2));
    } else if of == "lease_kept" {
        // n1 hands over, and is cut off from the other servers before it hears of its successor.
        sim.schedule_action(2 * SECOND, Action { node: None, ..act("transfer_leadership", 0) });
        observer.run(&mut sim, 2 * SECOND + dice.span(30), |_| false);
        fault(&mut sim, Some(SECOND), FaultKind::Cut, vec![node(0)], others());
    } else {
        // n1 hears the others late, and then they hear nothing of it.
        fault(
            &mut sim,
            Some(3 * SECOND),
            FaultKind::Latency(100 * MILLISECOND + dice.span(50)),
            others(),
            vec![node(0)],
        );
        observer.run(&mut sim, 2 * SECOND, |_| false);
        fault(&mut sim, Some(2 * SECOND), FaultKind::OneWay, vec![node(0)], others());
    }
    observer.run(&mut sim, 4 * SECOND, |_| false);
    observer.judge()?;
    Ok(observer.ledger(&sim))
}
