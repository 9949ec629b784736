//! Published numbers: figure 16 of the Raft paper, and the split votes of the dissertation's chapter 9.

mod raft_world;

use std::collections::BTreeSet;

use Switch::{Int, Span};
use netsplit_protocols::leader_election::raft;
use netsplit_protocols::parts::raft::Role;
use netsplit_protocols::registry::Setup;
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{NodeId, Simulation};
use raft_world::{Raft, Switch, replicas, set, setup};

/// When the leader crashes.
const CRASH: Nanos = 2 * SECOND;

/// How the others come to have logs of different lengths: from these moments on n1 does not hear n2, n3 and n4.
const DEAF: [Nanos; 3] = [1000 * MILLISECOND, 1200 * MILLISECOND, 1400 * MILLISECOND];

struct Row {
    /// Least election timeout of n1.
    first: Nanos,
    min: Nanos,
    max: Nanos,
    /// One way, and a sync.
    latency: Nanos,
    sync: Nanos,
}

/// Five servers, n1 leads and crashes at 2 s; its election timeout, and with it the phase of its heartbeats, is uniform
/// over one interval.
fn world(row: &Row, seed: u64, lengths: bool) -> Raft {
    let mut setup: Setup = setup(seed, 5, if lengths { 40.0 } else { 0.001 });
    setup.workload.stop = CRASH - row.min.max(50 * MILLISECOND);
    setup.workload.read_share = 0.0;
    let latency = Distribution::Constant(row.latency);
    setup.network = Network::uniform(Profile::new(latency, Transport::Datagram));
    let heartbeat = row.min / 2;
    let switches = [
        ("election_min", Span(row.min)),
        ("election_max", Span(row.max)),
        ("heartbeat", Span(heartbeat)),
        ("service", Span(0)),
        ("max_entries", Int(1)),
        ("inflight", Int(1)),
        ("measure_from", Span(CRASH)),
    ];
    for (id, value) in switches {
        set(&mut setup.settings, id, value);
    }
    setup.settings.set("sync", Value::Law(Distribution::Constant(row.sync))).expect("declared");
    let mut own = setup.settings.clone();
    set(&mut own, "election_min", Span(row.first));
    set(&mut own, "election_max", Span(row.first + heartbeat));
    setup.overrides.push(("n1".to_owned(), own));
    let mut sim = raft::cluster(&setup);
    let node = |n: u32| Selector::Node(NodeId(n));
    let mut fault = |at, duration, kind, from, to: Option<u32>| {
        let (from, to) = (vec![node(from)], to.map(node).into_iter().collect());
        sim.schedule_fault(Fault { at, duration, kind, from, to, message: None, directed: false });
    };
    // The others do not hear each other at first, so that nobody but n1 can be elected.
    for (a, b) in [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)] {
        fault(0, Some(900 * MILLISECOND), FaultKind::Cut, a, Some(b));
    }
    if lengths {
        (1..).zip(DEAF).for_each(|(n, at)| fault(at, None, FaultKind::OneWay, n, Some(0)));
    }
    fault(CRASH, None, FaultKind::Crash { host: true }, 0, None);
    sim
}

/// What trials came to.
struct Trials {
    /// Time without a leader (ms), the shortest first.
    times: Vec<f64>,
    /// How many had a term without a leader.
    split: u64,
    /// How many were decided in the first term in which somebody stood whom a majority could elect.
    first: u64,
}

/// Runs one for each seed.
fn trials(row: &Row, count: u64, lengths: bool) -> Trials {
    let (mut split, mut first) = (0, 0);
    let mut times: Vec<f64> = (0..count)
        .map(|seed| {
            let mut sim = world(row, seed, lengths);
            sim.run(CRASH - 1, u64::MAX);
            let n1 = replicas(&sim).next().expect("n1");
            assert!(n1.role == Role::Leader, "n1 does not lead");
            let ends: Vec<u64> = replicas(&sim).take(5).map(|r| r.log.last()).collect();
            if lengths {
                assert!(ends[1] < ends[2] && ends[2] < ends[3] && ends[3] < ends[4], "{ends:?}");
            }
            // Until somebody leads again and the others know it.
            let value = |sim: &Raft, id: &str| {
                sim.overview().values.iter().find(|(name, _)| *name == id).expect("declared").1
            };
            sim.run(CRASH, u64::MAX);
            let mut stood = BTreeSet::new();
            while value(&sim, "leaders") < 1.0 {
                let next = sim.now() + 100 * MILLISECOND;
                sim.run(next, 1);
                // With logs of different lengths, n4 and n5 alone are followed by two others.
                let electable = replicas(&sim).take(5).skip(if lengths { 3 } else { 1 });
                stood.extend(electable.filter(|r| r.role == Role::Candidate).map(|r| r.term));
            }
            first += u64::from(stood.len() == 1);
            let settled = sim.now() + 50 * MILLISECOND;
            sim.run(settled, u64::MAX);
            split += u64::from(value(&sim, "split_terms") > 0.0);
            value(&sim, "without_leader")
        })
        .collect();
    times.sort_by(f64::total_cmp);
    Trials { times, split, first }
}

#[test]
fn figure_16() {
    // One network round trip with a disk write takes 15 ms, or 10 ms where timeouts are short.
    let row = |min: u64, max: u64| Row {
        // Early enough to be the first, and late enough for votes to come back.
        first: if min > 100 { min * MILLISECOND / 8 } else { 10_500_000 },
        min: min * MILLISECOND,
        max: max * MILLISECOND,
        latency: 2_250_000,
        sync: if min > 100 { 10_500_000 } else { 5_500_000 },
    };
    // Median, mean and 90th percentile (ms) of the figure, and how far off each may be.
    for (min, max, published) in [
        (150, 151, None),
        (150, 155, Some(([287.0, 345.0, 609.0], [0.35, 1.0, 1.0]))),
        (150, 175, None),
        (150, 200, None),
        (150, 300, Some(([171.0, 180.0, 244.0], [0.10, 0.10, 0.15]))),
        (12, 15, None),
        (12, 18, None),
        (12, 24, Some(([30.1, 34.7, 53.0], [0.15, 0.15, 0.15]))),
    ] {
        // Rows that are not asserted are run for a look.
        let count = if published.is_some() { 1000 } else { 60 };
        let Trials { times, first, .. } = trials(&row(min, max), count, true);
        let at = |q: f64| times[(q * count as f64) as usize];
        let mean = times.iter().sum::<f64>() / count as f64;
        println!(
            "{min}-{max}: p10 {:.1} p25 {:.1} median {:.1} p75 {:.1} p90 {:.1} mean {mean:.1} longest {:.0}, \
             first term {:.1} %",
            at(0.1),
            at(0.25),
            at(0.5),
            at(0.75),
            at(0.9),
            times[times.len() - 1],
            first as f64 * 100.0 / count as f64
        );
        let Some((numbers, tolerances)) = published else { continue };
        for ((measured, published), tolerance) in [at(0.5), mean, at(0.9)].iter().zip(numbers).zip(tolerances)
        {
            let off = (measured / published - 1.0).abs();
            assert!(off <= tolerance, "{min}-{max}: {measured} where the paper has {published}");
        }
    }
}

/// P(split) for s servers that can stand, in a cluster of n, when all timers start together and messages take a share l
/// of the range.
fn split_probability(n: u64, s: u64, l: f64) -> f64 {
    let c = s - n / 2 + 1;
    let choose = |k: u64| (0..k).fold(1.0, |product, i| product * (s - i) as f64 / (i + 1) as f64);
    let power = |x: f64, k: u64| (0..k).fold(1.0, |product, _| product * x);
    (c - 1..=s).map(|k| choose(k) * power(l, k) * power(1.0 - l, s - k)).sum()
}

#[test]
fn split_votes() {
    for (latency, published) in [(1, 0.0006), (10, 0.052), (20, 0.181)] {
        let first = 20 * MILLISECOND;
        let row = Row {
            first,
            min: 150 * MILLISECOND,
            max: 250 * MILLISECOND,
            latency: latency * MILLISECOND,
            sync: 0,
        };
        let count = 4000;
        let split = trials(&row, count, false).split;
        let p = split_probability(5, 4, latency as f64 / 100.0);
        let share = split as f64 / count as f64;
        let error = (p * (1.0 - p) / count as f64).sqrt();
        println!("{latency} ms: {share:.4}, formula {p:.4}, published {published}");
        assert!((p - published).abs() < 0.0006 && (share - p).abs() < 3.0 * error, "{latency} ms: {share}");
    }
}
