//! Every algorithm under chaos, for as long as told: `cargo xtask soak SECONDS`. Without a number each gets a moment,
//! so that the harness itself stays sound.

#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "how long to go on is wall time")]

mod etcd_world;
mod raft_world;
mod zookeeper_schedules;
mod zookeeper_world;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::{Algorithm, PATTERNS, Setup, datagrams};
use netsplit_sim::chaos::{self, Chaos};
use netsplit_sim::declare::Settings;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::history::{Observation, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{NodeId, draw};

/// Chaos reigns until here; every fault it makes ends …
const STORM: Nanos = 10 * SECOND;
/// … and from here to the end clients must be answered again.
const CALM: Nanos = 16 * SECOND;
const END: Nanos = 24 * SECOND;

fn seconds() -> f64 {
    std::env::var("NETSPLIT_SOAK_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(0.5)
}

fn setup(pattern: &str, algorithm: &Algorithm, seed: u64) -> Setup {
    let word = |what| draw::word(draw::mix(seed), what);
    let (least, most, usual) = algorithm.nodes;
    let spread = (most - least + 1).min(usual + 2);
    // What the page assumes for each pattern, and the other transport now and then where both are allowed.
    let datagrams = datagrams(pattern, algorithm.id) && word(1) % 4 > 0;
    let transport = if datagrams { Transport::Datagram } else { Transport::Stream };
    let latency = Distribution::Uniform { min: MILLISECOND, max: (2 + word(2) % 30) * MILLISECOND };
    Setup {
        seed,
        nodes: least + draw::below(word(3), spread),
        spares: algorithm.spares,
        settings: Settings::defaults(algorithm.params),
        overrides: Vec::new(),
        network: Network::uniform(Profile::new(latency, transport)),
        zones: Vec::new(),
        workload: Workload {
            clients: 3,
            arrivals: if word(4) & 1 == 0 { Arrivals::Open } else { Arrivals::Closed },
            rate: 12.0,
            retries: draw::below(word(5), 4),
            ..Workload::default()
        },
    }
}

/// What became of each client's operations.
#[derive(Default)]
struct Ledger {
    open: BTreeMap<(u32, u64), Nanos>,
    answered: u64,
    failed: u64,
    answered_in_calm: u64,
}

impl Ledger {
    fn hear(&mut self, seen: &mut Vec<Observation>, excused: impl Fn(&str) -> bool) -> Result<(), String> {
        for o in seen.drain(..) {
            match o.what {
                What::Invoke(operation, _) => {
                    let before = self.open.insert((o.node.0, operation.number), o.time);
                    if before.is_some() {
                        return Err(format!(
                            "operation {} of client {} began twice",
                            operation.number, o.node.0
                        ));
                    }
                }
                What::Complete(number, outcome, _) => {
                    if self.open.remove(&(o.node.0, number)).is_none() {
                        return Err(format!(
                            "operation {number} of client {} ended without an end due",
                            o.node.0
                        ));
                    }
                    let ok = matches!(outcome, Outcome::Ok(_));
                    self.answered += u64::from(ok);
                    self.failed += u64::from(!ok);
                    self.answered_in_calm += u64::from(ok && o.time >= CALM);
                }
                What::Breach(breach) if excused(breach.invariant) => {}
                What::Breach(breach) => return Err(format!("at {} ns: {breach:?}", o.time)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// One run: each operation ends at most once, a copy made in its midst goes the same way, and when the storm is
/// over clients are answered.
fn one(pattern: &str, algorithm: &Algorithm, seed: u64) -> Result<Ledger, String> {
    let setup = setup(pattern, algorithm, seed);
    let mut sim = (algorithm.build)(&setup);
    sim.listen(true);
    // Chaos keeps no bound on delays: what is promised only with one is watched elsewhere.
    let promises = (algorithm.promises)(&setup.settings);
    sim.watch(!promises.iter().any(|promise| promise.assuming.contains(&"delays are bounded")));
    let nodes: Vec<NodeId> = (0..setup.nodes).map(NodeId).collect();
    let storm = Chaos {
        kinds: chaos::KINDS.iter().map(|kind| (*kind).to_owned()).collect(),
        rate: 1.5,
        max_at_once: 3,
        from: SECOND,
        until: STORM,
        place: 0,
    };
    for mut fault in chaos::expand(seed, &storm, &nodes) {
        let longest = STORM.saturating_sub(fault.at).max(1);
        fault.duration = fault.duration.map(|lasts| lasts.min(longest));
        sim.schedule_fault(fault);
    }
    let mut ledger = Ledger::default();
    let mut seen = Vec::new();
    sim.run(STORM / 2 + draw::word(draw::mix(seed), 9) % SECOND, u64::MAX);
    let mut copy = sim.fork();
    sim.run(END, u64::MAX);
    copy.run(END, u64::MAX);
    if sim.trace_hash() != copy.trace_hash() {
        return Err("a copy of the run went another way".into());
    }
    sim.drain(&mut seen);
    // What is not promised, or only where nobody pauses, chaos breaks.
    let excused = |invariant: &str| {
        let of = promises.iter().find(|promise| promise.id == invariant);
        of.is_some_and(|of| !of.promised || of.assuming.contains(&"nobody pauses"))
    };
    ledger.hear(&mut seen, excused)?;
    Ok(ledger)
}

#[test]
fn every_algorithm_survives_chaos() {
    let budget = Duration::from_secs_f64(seconds());
    let first: u64 = std::env::var("NETSPLIT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    for pattern in PATTERNS {
        for algorithm in pattern.algorithms {
            let (mut runs, mut total) = (0, Ledger::default());
            let start = Instant::now();
            while runs < 4 || start.elapsed() < budget {
                let seed = first + runs;
                let ledger = one(pattern.id, algorithm, seed).unwrap_or_else(|why| {
                    panic!("{}: {why}\n  reproduce: NETSPLIT_SEED={seed} cargo xtask soak 0", algorithm.id)
                });
                runs += 1;
                total.answered += ledger.answered;
                total.failed += ledger.failed;
                total.answered_in_calm += ledger.answered_in_calm;
            }
            println!(
                "{:24} {runs:>6} runs: {} answered, {} failed, {} answered after the storm",
                algorithm.id, total.answered, total.failed, total.answered_in_calm
            );
            // An algorithm that does nothing breaks nothing, either.
            assert!(total.answered > 100 * runs, "{}: {} answered", algorithm.id, total.answered);
            assert!(total.answered_in_calm > 40 * runs, "{}: silent after the storm", algorithm.id);
        }
    }
}

#[test]
fn raft_stays_safe() {
    let budget = Duration::from_secs_f64(seconds());
    let start = Instant::now();
    // Other seeds than the thousand of the ordinary test.
    let mut seed = 1_000_000;
    while start.elapsed() < budget {
        let variant = &raft_world::VARIANTS[(seed % raft_world::VARIANTS.len() as u64) as usize];
        if let Err(why) = raft_world::storm(seed, variant, "none") {
            panic!(
                "{why}\n  reproduce: NETSPLIT_SEED={seed} NETSPLIT_VARIANT='{}' \
                 cargo test -p netsplit-protocols --test raft one_schedule",
                variant.name
            );
        }
        seed += 1;
    }
    println!("raft: {} schedules", seed - 1_000_000);
}

#[test]
fn zookeeper_stays_safe() {
    let budget = Duration::from_secs_f64(seconds());
    let start = Instant::now();
    // Other seeds than the thousand of the ordinary test.
    let mut seed = 1_000_000;
    while start.elapsed() < budget {
        if let Err(why) = zookeeper_schedules::storm(seed, "none") {
            panic!(
                "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test zookeeper one_schedule"
            );
        }
        seed += 1;
    }
    println!("zookeeper: {} schedules", seed - 1_000_000);
}

#[test]
fn etcd_stays_safe() {
    let budget = Duration::from_secs_f64(seconds());
    let start = Instant::now();
    // Other seeds than the thousand of the ordinary test.
    let mut seed = 1_000_000;
    while start.elapsed() < budget {
        if let Err(why) = etcd_world::storm(seed, "none") {
            panic!(
                "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test etcd one_schedule"
            );
        }
        seed += 1;
    }
    println!("etcd: {} schedules", seed - 1_000_000);
}
