//! One random schedule of faults against Raft, with an observer of every event and a check of what clients saw.
//!
//! There is one generator for every variant. It may aim (at leaders, at whoever has just appended or stands for
//! election), but nothing in it is written for one mistake; what differs between variants are Raft's own switches.

#![allow(dead_code, unused_imports, reason = "each test uses a part of it")]

mod scene;
mod storm;

pub use scene::scene;
pub use storm::{LENGTH, fault, storm, strike};

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
    Variant {
        name: "one at a time",
        nodes: [4, 4],
        operator: 40,
        switches: &[("snapshot_every", Int(60)), ("snapshot_chunk", Int(64))],
    },
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
                    self.breach
                        .get_or_insert_with(|| format!("{}: {:?}", breach.invariant, breach.text.args));
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
