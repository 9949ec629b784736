//! One random schedule of faults against Raft, and an observer that sees every server and checks each safety
//! property of the paper after every few events.

use std::collections::BTreeMap;

use netsplit_protocols::leader_election::raft::{self, Command, Entry, Planted, RAFT, Role, Server};
use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::Setup;
use netsplit_sim::cluster::Stop;
use netsplit_sim::declare::Settings;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Function, Observation, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{Cluster, NodeId, Simulation};

pub type Raft = Cluster<Hosted<Server>>;

pub fn setup(seed: u64, nodes: u32, rate: f64) -> Setup {
    let latency = Distribution::Uniform { min: 2 * MILLISECOND, max: 12 * MILLISECOND };
    let workload = Workload { clients: 2, arrivals: Arrivals::Open, rate, retries: 3, ..Workload::default() };
    Setup {
        seed,
        nodes,
        spares: 0,
        settings: Settings::defaults(RAFT.params),
        overrides: Vec::new(),
        network: Network::uniform(Profile::new(latency, Transport::Datagram)),
        zones: Vec::new(),
        workload,
    }
}

pub fn servers(sim: &Raft) -> Vec<&Server> {
    sim.nodes().iter().filter_map(Hosted::server).collect()
}

/// What an observer who sees everything keeps, to compare later states with.
#[derive(Default)]
pub struct Oracle {
    leaders: BTreeMap<u64, usize>,
    committed: Vec<Entry>,
    /// (term, length) of each leader's log when it was last seen leading.
    leading: BTreeMap<usize, (u64, Vec<Entry>)>,
    writes: BTreeMap<(u32, u64), (u64, u64)>,
    pub acknowledged: Vec<(u64, u64)>,
    pub reads: u64,
    pub changes: u64,
    pub truncated: u64,
    seen_truncated: BTreeMap<usize, u64>,
    /// Invariants that the algorithm's own watch found broken.
    pub breaches: Vec<&'static str>,
}

impl Oracle {
    fn look(&mut self, sim: &Raft) -> Result<(), String> {
        for (at, server) in servers(sim).into_iter().enumerate() {
            let before = self.seen_truncated.insert(at, server.truncated).unwrap_or(0);
            self.truncated += server.truncated.saturating_sub(before);
            if server.role == Role::Leader {
                let term = server.term;
                match self.leaders.get(&term) {
                    Some(other) if *other != at => {
                        return Err(format!(
                            "election safety: n{} and n{} lead term {term}",
                            other + 1,
                            at + 1
                        ));
                    }
                    Some(_) => {}
                    None => {
                        self.changes += 1;
                        self.leaders.insert(term, at);
                        if server.log.slice(0, self.committed.len()) != self.committed {
                            return Err(format!(
                                "leader completeness: the leader of term {term} lacks a committed entry"
                            ));
                        }
                    }
                }
                if let Some((then, log)) = self.leading.get(&at)
                    && *then == term
                    && server.log.slice(0, log.len()) != *log
                {
                    return Err(format!("leader append-only: n{} changed its log in term {term}", at + 1));
                }
                self.leading.insert(at, (term, server.log.iter().copied().collect()));
            }
            let commit = server.commit as usize;
            let known = commit.min(self.committed.len());
            if server.log.slice(0, known) != self.committed[..known] {
                return Err(format!("state-machine safety: n{} committed something else", at + 1));
            }
            if commit > self.committed.len() {
                self.committed = server.log.slice(0, commit);
            }
        }
        Ok(())
    }

    /// Log matching: equal index and term mean equal logs up to there.
    fn logs_match(sim: &Raft) -> Result<(), String> {
        let all = servers(sim);
        for (i, a) in all.iter().enumerate() {
            for (j, b) in all.iter().enumerate().skip(i + 1) {
                let (a, b) = (a.log.slice(0, b.log.len()), b.log.slice(0, a.log.len()));
                if let Some(last) = (0..a.len()).rev().find(|k| a[*k].term == b[*k].term)
                    && a[..=last] != b[..=last]
                {
                    return Err(format!("log matching: n{} and n{}", i + 1, j + 1));
                }
            }
        }
        Ok(())
    }

    fn hear(&mut self, seen: &[Observation]) {
        for o in seen {
            match &o.what {
                What::Invoke(op, _) if op.function == Function::Write => {
                    self.writes.insert((o.node.0, op.number), (op.key, op.value));
                }
                What::Complete(number, Outcome::Ok(_), _) => match self.writes.get(&(o.node.0, *number)) {
                    Some(write) => self.acknowledged.push(*write),
                    None => self.reads += 1,
                },
                What::Breach(breach) => self.breaches.push(breach.invariant),
                _ => {}
            }
        }
    }

    /// Acknowledged entries are on the synced disks of a majority.
    fn durable(&self, sim: &Raft) -> Result<(), String> {
        let count = servers(sim).len();
        for (key, value) in &self.acknowledged {
            let holds = |node: u32| {
                sim.disk(NodeId(node)).log.iter().any(
                    |entry| matches!(entry.command, Command::Client(_, op) if (op.key, op.value) == (*key, *value)),
                )
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

    fn applied_once(&self) -> Result<(), String> {
        // The session table makes a repeated command harmless; what is applied is what it lets through.
        let store = self.committed.iter().fold(raft::Store::default(), |mut store, entry| {
            if let Command::Client(client, op) = &entry.command {
                store.apply(client.0, op);
            }
            store
        });
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        let mut seen: BTreeMap<u64, ()> = BTreeMap::new();
        for entry in &self.committed {
            if let Command::Client(_, op) = &entry.command
                && op.function == Function::Write
                && seen.insert(op.value, ()).is_none()
            {
                last.insert(op.key, op.value);
            }
        }
        let kept: BTreeMap<u64, u64> = store.iter().collect();
        if kept == last { Ok(()) } else { Err("a command was applied twice".to_owned()) }
    }
}

/// One random schedule. It may aim at the leader, and nothing in it is written for one bug.
pub fn storm(seed: u64, nodes: u32, planted: Planted) -> Result<Oracle, String> {
    let oracle = schedule(seed, nodes, planted, true)?;
    if oracle.breaches.is_empty() { Ok(oracle) } else { Err(format!("watched: {:?}", oracle.breaches)) }
}

/// The same, seen only by the watch that is part of the algorithm: what it found.
#[allow(dead_code, reason = "the soak plants nothing")]
pub fn watched(seed: u64, nodes: u32, planted: Planted) -> Vec<&'static str> {
    schedule(seed, nodes, planted, false).map_or_else(|_| Vec::new(), |oracle| oracle.breaches)
}

fn schedule(seed: u64, nodes: u32, planted: Planted, look: bool) -> Result<Oracle, String> {
    let word = |what: u64, k: u64| draw::word(draw::join(draw::mix(seed), what), k);
    let mut sim = raft::cluster(&setup(seed, nodes, 40.0), planted);
    sim.listen(true);
    sim.watch(true);
    let mut oracle = Oracle::default();
    let mut seen = Vec::new();
    let length: Nanos = 6 * SECOND;
    let mut next = 300 * MILLISECOND;
    let mut count = 0;
    while sim.now() < length {
        if sim.now() >= next {
            count += 1;
            next = sim.now() + word(1, count) % (500 * MILLISECOND);
            let any = NodeId(draw::below(word(2, count), nodes));
            let leader = sim.nodes().iter().position(|n| n.server().is_some_and(|s| s.role == Role::Leader));
            let aim = leader.filter(|_| word(3, count) & 1 == 0).map_or(any, |at| NodeId(at as u32));
            let span = MILLISECOND
                + word(4, count) % if word(5, count) & 3 == 0 { 2 * SECOND } else { 150 * MILLISECOND };
            let mut from = vec![Selector::Node(aim)];
            let mut to = Vec::new();
            let share = draw::unit(word(6, count)) * 0.5;
            let kind = match word(7, count) % 13 {
                0..=2 => FaultKind::Crash { host: word(8, count) & 1 == 0 },
                3 => FaultKind::Pause,
                4 => FaultKind::LoseUnsynced,
                5 | 6 => {
                    // The target with some of the others, cut off from the rest.
                    let side = (0..nodes).filter(|n| *n == aim.0 || word(9 + count, u64::from(*n)) & 3 == 0);
                    FaultKind::Partition(vec![side.map(|n| Selector::Node(NodeId(n))).collect()])
                }
                7 => {
                    to = vec![Selector::Node(NodeId(draw::below(word(10, count), nodes)))];
                    if word(11, count) & 1 == 0 {
                        std::mem::swap(&mut from, &mut to);
                    }
                    FaultKind::OneWay
                }
                8 => FaultKind::Loss(share),
                9 => FaultKind::Duplicate(share),
                10 => FaultKind::Reorder(share, 200 * MILLISECOND),
                11 => FaultKind::ClockDrift(draw::unit(word(12, count)) * 100_000.0 - 50_000.0),
                _ => FaultKind::StallDisk,
            };
            let duration = (!kind.is_instant()).then_some(span);
            sim.schedule_fault(Fault { at: sim.now() + 1, duration, kind, from, to, message: None });
        }
        let stop = sim.run((sim.now() + 20 * MILLISECOND).min(length), 24);
        if look {
            oracle.look(&sim)?;
        }
        sim.drain(&mut seen);
        oracle.hear(&seen);
        seen.clear();
        if stop == Stop::Idle {
            break;
        }
    }
    if !look {
        return Ok(oracle);
    }
    Oracle::logs_match(&sim)?;
    oracle.durable(&sim)?;
    oracle.applied_once()?;
    Ok(oracle)
}
