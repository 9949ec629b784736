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
    Variant { name: "paper", nodes: [3, 5], switches: &[] },
    Variant { name: "small messages", nodes: [5, 5], switches: &[("max_entries", Int(1)), ("inflight", Int(4))] },
    Variant { name: "ReadIndex", nodes: [3, 5], switches: &[("reads", Choice("read_index")), ("batch", Span(2_000_000))] },
    Variant {
        name: "leases",
        nodes: [3, 3],
        switches: &[("reads", Choice("lease")), ("drift", Real(100_000.0)), ("pre_vote", On)],
    },
    Variant { name: "snapshots", nodes: [3, 5], switches: &[("snapshot_every", Int(10))] },
    Variant { name: "one at a time", nodes: [4, 4], switches: &[("refuse_votes", On), ("snapshot_every", Int(60))] },
    Variant {
        name: "joint",
        nodes: [3, 5],
        switches: &[("membership", Choice("joint")), ("check_quorum", On), ("pre_vote", On), ("inflight", Int(1))],
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
    let latency = Distribution::Uniform { min: 2 * MILLISECOND, max: 12 * MILLISECOND };
    let workload = Workload {
        clients: 3,
        arrivals: Arrivals::Open,
        rate,
        keys: 2,
        retries: 3,
        timeout: 250 * MILLISECOND,
        ..Workload::default()
    };
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
                    if std::env::var("NETSPLIT_SEED").is_ok() { for s in replicas(sim) { eprintln!("DEBUG {:?} {:?} term {} vote {:?} log {}..{} commit {} stable {} members {:b}/{:b} at {} heard {:?}", s.me(), s.role, s.term, s.vote, s.log.base(), s.log.last(), s.commit, s.stable, s.members.new, s.members.old, s.members_index, s.progress); } }
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
            Some(violation) => Err(format!("linearizability: key {} at {} ns", violation.key, violation.time)),
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
    /// A leader has not committed in its term.
    Fresh,
}

fn come(moment: Moment, sim: &Raft) -> bool {
    let leads = |replica: &Replica| replica.role == Role::Leader;
    match moment {
        Moment::Now => true,
        Moment::Appended => replicas(sim).any(|r| leads(r) && r.log.last() > r.commit),
        Moment::Standing => replicas(sim).any(|r| r.role == Role::Candidate),
        Moment::Fresh => replicas(sim).any(|r| leads(r) && !r.settled()),
    }
}

/// How long a schedule is.
pub const LENGTH: Nanos = 3 * SECOND;

/// A random schedule against a variant, with a mistake or with none.
pub fn storm(seed: u64, variant: &Variant, broken: &'static str) -> Result<Ledger, String> {
    let mut sim = world(seed, variant, broken);
    let mut observer = Observer::default();
    let mut dice = Dice { key: draw::mix(seed ^ 0x57_0a11), count: 0 };
    let mut next = 200 * MILLISECOND;
    while sim.now() < LENGTH && observer.breach.is_none() {
        observer.run(&mut sim, next.min(LENGTH), |_| false);
        let moment = match dice.below(6) {
            0 | 1 => Moment::Appended,
            2 => Moment::Standing,
            3 => Moment::Fresh,
            _ => Moment::Now,
        };
        if !come(moment, &sim) {
            let patience = (sim.now() + 300 * MILLISECOND).min(LENGTH);
            observer.run(&mut sim, patience, |sim| come(moment, sim));
        }
        strike(&mut sim, &mut dice);
        next = sim.now() + 1 + dice.word() % if dice.below(3) == 0 { 30 * MILLISECOND } else { 300 * MILLISECOND };
    }
    observer.judge()?;
    Ok(observer.ledger(&sim))
}

pub fn world(seed: u64, variant: &Variant, broken: &'static str) -> Raft {
    let mut setup = setup(seed, variant.nodes[(seed & 1) as usize], 60.0);
    set(&mut setup.settings, "service", Span(0));
    let sync = Distribution::Uniform { min: MILLISECOND, max: 10 * MILLISECOND };
    setup.settings.set("sync", Value::Law(sync)).expect("declared");
    for (id, value) in variant.switches {
        set(&mut setup.settings, id, *value);
    }
    set(&mut setup.settings, "broken", Choice(broken));
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
    pub fn unit(&mut self) -> f64 {
        draw::unit(self.word())
    }
}

/// Something goes wrong, or somebody asks for a change.
pub fn strike(sim: &mut Raft, dice: &mut Dice) {
    let at = sim.now() + 1;
    let all: Vec<NodeId> = (0..sim.nodes().len() as u32)
        .filter(|node| sim.nodes()[*node as usize].server().is_some())
        .filter(|node| !sim.core().nodes[*node as usize].absent)
        .map(NodeId)
        .collect();
    let leader = replicas(sim).filter(|r| r.role == Role::Leader).max_by_key(|r| r.term).map(Replica::me);
    let standing = replicas(sim).find(|r| r.role == Role::Candidate).map(Replica::me);
    let any = all[dice.below(all.len() as u32) as usize];
    let aim = match dice.below(5) {
        0 | 1 => leader.unwrap_or(any),
        2 => standing.unwrap_or(any),
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
    let act = |id: &str, node: Option<NodeId>| Action { id: id.to_owned(), node, args: Vec::new() };
    let kind = match dice.below(22) {
        0..=2 => FaultKind::Crash { host: dice.below(2) == 0 },
        3 => FaultKind::Pause,
        4 | 5 => FaultKind::LoseUnsynced,
        6..=9 => {
            // The target with some of the others, cut off from the rest; clients stay where they are.
            let mut side = vec![aim];
            side.extend(all.iter().filter(|node| **node != aim && dice.below(3) == 0));
            let mut sides = vec![side.iter().map(|node| Selector::Node(*node)).collect::<Vec<_>>()];
            sides.push(all.iter().filter(|node| !side.contains(node)).map(|n| Selector::Node(*n)).collect());
            // Some clients are with the target, the others with the rest.
            for client in all.len() as u32 + absent(sim)..sim.nodes().len() as u32 {
                sides[dice.below(2) as usize].push(Selector::Node(NodeId(client)));
            }
            FaultKind::Partition(sides)
        }
        10 | 11 => {
            to = if dice.below(3) == 0 { all.iter().filter(|n| **n != aim).map(|n| Selector::Node(*n)).collect() } else { vec![Selector::Node(other)] };
            if dice.below(2) == 0 {
                std::mem::swap(&mut from, &mut to);
            }
            FaultKind::OneWay
        }
        12 => FaultKind::Loss(share),
        13 => FaultKind::Duplicate(share),
        14 | 15 => FaultKind::Reorder(share, 20 * MILLISECOND + dice.word() % (300 * MILLISECOND)),
        16 => FaultKind::ClockDrift(dice.unit() * 90_000.0 - 45_000.0),
        17 => FaultKind::StallDisk,
        18 | 19 => {
            sim.schedule_action(at, act("transfer_leadership", None));
            return;
        }
        20 => {
            let id = if dice.below(4) == 0 { "remove_silent" } else { "add_node" };
            sim.schedule_action(at, act(id, None));
            return;
        }
        _ => {
            // Not so many that nothing is left.
            let members = replicas(sim).map(|r| r.members.new.count_ones()).max().unwrap_or(0);
            for node in [aim, other].into_iter().take(1 + dice.below(2) as usize) {
                if members > 3 {
                    sim.schedule_action(at, act("remove_node", Some(node)));
                } else {
                    sim.schedule_action(at, act("add_node", None));
                }
            }
            return;
        }
    };
    let duration = (!kind.is_instant()).then_some(span);
    sim.schedule_fault(Fault { at, duration, kind, from, to, message: None });
}

fn absent(sim: &Raft) -> u32 {
    sim.core().nodes.iter().filter(|node| node.absent).count() as u32
}
