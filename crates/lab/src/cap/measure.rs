//! One run of a comparison: made without anything that only a picture needs, and measured at its partitions.

use netsplit_checker::staleness::{self, Replica};
use netsplit_checker::{Call, Event, Outcome};
use netsplit_protocols::parts::words;
use netsplit_scenario::{Duration, Operation, Scenario};
use netsplit_sim::declare::Aspect;
use netsplit_sim::small;

use super::{Calm, Cut, GivenUp, Measured, Side};
use crate::experiment::Experiment;

/// A run is followed for so long after its last partition, or as far as the run in hand (ns).
const AFTER: u64 = 10_000_000_000;
/// Without partitions at least for so long (ns).
const LEAST: u64 = 15_000_000_000;
/// How often replicas are compared after a partition (ns).
const POLL: u64 = 20_000_000;
/// Nobody waits longer for an answer (ns).
const PATIENCE: u64 = 30_000_000_000;
/// Most servers that are asked in the midst of a partition.
const ASKED: usize = 60;
/// A fault is felt for so long after its end (ns).
const FELT: u64 = 2_000_000_000;
/// When live nodes are asked, in tenths of a partition: soon after it began, in its midst, shortly before its end.
const PROBES: [u64; 3] = [1, 5, 9];
/// Key that they are asked for.
const KEY: &str = "probe";
/// Events of a copy of the world at most.
const PROBE: u64 = 2_000_000;

pub(super) struct Run {
    x: Experiment,
    title: String,
    until: u64,
    cuts: Vec<Cut>,
    /// Sides of each, by numbers of nodes.
    parted: Vec<Vec<Vec<u32>>>,
    /// Instants at which nodes were asked, and cuts whose end was looked at.
    probed: usize,
    healed: usize,
    measured: Option<Calm>,
}

impl Run {
    pub(super) fn new(of: &Experiment, title: String, scenario: &Scenario) -> Option<Self> {
        let x = Experiment::open_lean(scenario).ok()?;
        let partitions = |x: &Experiment| -> Vec<(u64, u64)> {
            let blocks = x.faults().into_iter();
            let mut cuts: Vec<(u64, u64)> = blocks
                .filter(|block| block.kind == "partition")
                .map(|block| (block.from, block.to))
                .collect();
            small::sort(&mut cuts);
            cuts
        };
        let mut cuts = partitions(&x);
        cuts.retain(|(from, to)| to > from && *from < of.frontier().max(1));
        let mut until = of.frontier().max(LEAST);
        for (from, to) in &mut cuts {
            // One that is not healed is looked at for as long as the run in hand went on.
            if *to >= x.duration() {
                *to = (*from + AFTER).max(of.frontier()).min(x.duration());
            }
            until = until.max(*to + AFTER);
        }
        let cuts: Vec<Cut> =
            cuts.iter().map(|(from, to)| Cut { from: *from, to: *to, ..Cut::default() }).collect();
        let until = until.min(x.duration());
        Some(Self { x, title, until, cuts, parted: Vec::new(), probed: 0, healed: 0, measured: None })
    }

    pub(super) fn done(&self) -> bool {
        self.measured.is_some()
    }

    pub(super) fn progress(&self) -> u64 {
        if self.done() { 1000 } else { 950 * self.x.now().min(self.until) / self.until.max(1) }
    }

    pub(super) fn measured(&self) -> Measured {
        let promises = (self.x.algorithm.promises)(&self.x.settings);
        let reads = promises.iter().filter(|promise| promise.aspect == Aspect::Consistency);
        let said = reads.clone().find(|promise| promise.promised).or(reads.clone().next());
        Measured {
            title: self.title.clone(),
            promise: said.map_or_else(String::new, |promise| promise.sentence.to_owned()),
            cuts: self.cuts.clone(),
            calm: self.measured.clone().unwrap_or_default(),
        }
    }

    /// Goes on, by about so many events.
    pub(super) fn work(&mut self, events: u64) {
        let due = |cut: &Cut, tenths: u64| cut.from + (cut.to - cut.from) / 10 * tenths;
        let probe =
            self.cuts.get(self.probed / PROBES.len()).map(|cut| due(cut, PROBES[self.probed % PROBES.len()]));
        let waits = self.cuts.get(self.healed).map(|cut| {
            let due = cut.to + POLL * ((self.x.now() + 1).saturating_sub(cut.to).div_ceil(POLL));
            if self.x.now() < cut.to { cut.to } else { due }
        });
        let goal = [probe, waits].into_iter().flatten().fold(self.until, u64::min);
        if self.x.now() < goal {
            if !self.x.advance(goal, events).done {
                return;
            }
        } else if self.x.now() >= self.until && !self.x.judge(events * 4) {
            return;
        }
        let now = self.x.now();
        if probe.is_some_and(|due| now >= due) {
            self.probe();
        }
        if waits.is_some_and(|due| now >= due) {
            self.compare();
        }
        if now >= self.until && self.x.judge(events) {
            self.count();
        }
    }

    /// During a partition: who is on which side, and who answers.
    fn probe(&mut self) {
        let (at, first) = (self.probed / PROBES.len(), self.probed.is_multiple_of(PROBES.len()));
        let cut = &mut self.cuts[at];
        self.probed += 1;
        let frame = self.x.frame();
        let node = |id: u32| frame.nodes.iter().find(|node| node.id == id);
        // Nodes that have not joined are on no side.
        let there = |id: &u32| node(*id).filter(|node| node.status != "absent");
        let servers =
            |side: &Vec<u32>| side.iter().filter(|id| there(id).is_some_and(|node| !node.client)).count();
        let mut sides = frame.partitions.first().map_or_else(Vec::new, |partition| partition.sides.clone());
        sides.retain(|side| side.iter().any(|id| there(id).is_some()));
        small::sort_by_key(&mut sides, |side| u64::MAX - servers(side) as u64);
        let named: Vec<Side> = sides
            .iter()
            .map(|side| {
                let of = side
                    .iter()
                    .filter_map(|id| node(*id))
                    .filter(|node| !node.client && node.status != "absent");
                Side { servers: of.map(|node| node.name.clone()).collect(), ..Side::default() }
            })
            .collect();
        let mut asked = Vec::new();
        let mut copy = self.x.fork();
        for side in &sides {
            let up = |id: &&u32| node(**id).is_some_and(|node| node.status == "up");
            let clients: Vec<&u32> =
                side.iter().filter(up).filter(|id| node(**id).is_some_and(|node| node.client)).collect();
            for (at, id) in side.iter().filter(up).enumerate() {
                let (Some(server), false) = (node(*id).filter(|node| !node.client), clients.is_empty())
                else {
                    continue;
                };
                let client =
                    node(*clients[at % clients.len()]).map_or_else(String::new, |node| node.name.clone());
                if asked.len() < ASKED {
                    asked.push((server.name.clone(), client));
                }
            }
        }
        if first {
            cut.sides = named;
            self.parted.push(sides);
        }
        cut.live = cut.live.max(asked.len() as u64);
        for (server, client) in &asked {
            for f in ["write", "read"] {
                copy.scenario.operations.push(Operation {
                    at: Duration(copy.now() + 1),
                    client: client.clone(),
                    f: f.to_owned(),
                    key: Some(KEY.to_owned()),
                    value: None,
                    node: Some(server.clone()),
                });
            }
        }
        copy.retime();
        let workload = &copy.scenario.workload;
        let timeout = if workload.timeout.0 == 0 { AFTER } else { workload.timeout.0 };
        let patience = (timeout + workload.backoff.0) * (u64::from(workload.retries) + 1) + 1_000_000;
        let before = copy.history().records().len();
        copy.advance(copy.now() + patience.min(PATIENCE), PROBE);
        let records = copy.history().records();
        let key = words::name(KEY);
        let begun = records
            .iter()
            .enumerate()
            .skip(before)
            .filter(|(_, record)| matches!(&record.what, Event::Invoke(call) if call.key() == key));
        let answered = |invoke: usize| {
            records[invoke..].iter().any(|record| {
                matches!(&record.what, Event::Complete { invoke: of, outcome: Outcome::Ok(_) } if *of == invoke)
            })
        };
        // Two for each server, in the order in which they were given.
        let answers: Vec<bool> = begun.map(|(at, _)| answered(at)).collect();
        for ((server, _), both) in asked.into_iter().zip(answers.chunks(2)) {
            if both.contains(&false) && !cut.silent.contains(&server) {
                cut.silent.push(server);
            }
        }
    }

    /// When it healed, and again and again until replicas agree.
    fn compare(&mut self) {
        let data = self.x.world.data();
        let replicas: Vec<Replica> = data.replicas.iter().map(|held| staleness::replica(held)).collect();
        let differ = (replicas.len() > 1).then(|| staleness::divergences(&replicas).len() as u64);
        let cut = &mut self.cuts[self.healed];
        let now = self.x.now();
        if now <= cut.to {
            cut.differing = differ;
        }
        if differ.is_none_or(|differ| differ == 0) {
            cut.converged = differ.map(|_| now - cut.to);
            self.healed += 1;
        } else if now >= self.until || self.cuts.get(self.healed + 1).is_some_and(|next| now >= next.from) {
            self.healed += 1;
        }
    }

    /// What was answered, and what nothing explains.
    fn count(&mut self) {
        let records = self.x.history().records();
        let mut ends: Vec<Option<(u64, Outcome)>> = vec![None; records.len()];
        for record in records {
            if let Event::Complete { invoke, outcome } = &record.what {
                ends[*invoke] = Some((record.time, *outcome));
            }
        }
        let violations = self.x.violations();
        let owner = |process: u64| self.x.recorder.owners.get(process as usize).copied().unwrap_or(u32::MAX);
        let blocks = self.x.faults();
        let calm = |from: u64, to: u64| {
            !blocks
                .iter()
                .any(|fault| from <= fault.to.saturating_add(FELT) && to >= fault.from && !fault.no_effect)
        };
        let (mut reads, mut writes) = (Vec::new(), Vec::new());
        let mut quiet = Calm::default();
        let starts: Vec<u64> = self.cuts.iter().map(|cut| cut.from).collect();
        for (at, record) in records.iter().enumerate() {
            let Event::Invoke(call) = &record.what else { continue };
            let end = ends[at];
            let ok = end.filter(|(_, outcome)| matches!(outcome, Outcome::Ok(_))).map(|(time, _)| time);
            if let Some(time) = ok {
                if calm(record.time, time) {
                    quiet.violations.1 += 1;
                    let list = if matches!(call, Call::Read { .. }) { &mut reads } else { &mut writes };
                    list.push(time - record.time);
                }
                if let Some(cut) = starts.partition_point(|from| *from <= time).checked_sub(1) {
                    self.cuts[cut].operations += 1;
                }
            }
            // Whoever asked shortly before the end of the measurement may still get an answer.
            if end.is_none() && record.time + PATIENCE > self.until {
                continue;
            }
            for (cut, sides) in self.cuts.iter_mut().zip(&self.parted) {
                let side = sides.iter().position(|side| side.contains(&owner(record.process)));
                if let Some(side) = side.filter(|_| (cut.from..cut.to).contains(&record.time)) {
                    cut.sides[side].asked += 1;
                    cut.sides[side].answered += u64::from(ok.is_some());
                }
            }
        }
        for (_, time) in violations {
            quiet.violations.0 += u64::from(calm(time, time));
            if let Some(cut) = starts.partition_point(|from| *from <= time).checked_sub(1) {
                self.cuts[cut].violations += 1;
            }
        }
        for cut in &mut self.cuts {
            // What reached no node is the network's fault, and is counted with the rest.
            let (c, a) = (cut.violations > 0, !cut.silent.is_empty());
            cut.given_up = match (c, a) {
                (false, false) => GivenUp::Neither,
                (true, false) => GivenUp::Consistency,
                (false, true) => GivenUp::Availability,
                (true, true) => GivenUp::Both,
            };
        }
        let median = |list: &mut Vec<u64>| {
            small::sort_by_key(list, |span| *span);
            list.get(list.len() / 2).copied()
        };
        (quiet.read, quiet.write) = (median(&mut reads), median(&mut writes));
        self.measured = Some(quiet);
    }
}
