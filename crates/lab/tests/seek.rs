//! Going back and forth changes nothing, and is quick.

use netsplit_lab::scenario::{Duration, Fault, Mode, Scenario, Seed};
use netsplit_lab::{Experiment, catalogue, default_scenario};
use proptest::prelude::*;

const END: u64 = 4_000_000_000;

/// Every algorithm, with faults of every kind that chaos can make.
fn scenario(which: usize, seed: u64, rate: f64) -> Scenario {
    let patterns = catalogue().patterns;
    let all: Vec<(&str, &str)> =
        patterns.iter().flat_map(|p| p.algorithms.iter().map(|a| (p.id.as_str(), a.id.as_str()))).collect();
    let (pattern, algorithm) = all[which % all.len()];
    let mut scenario = default_scenario(pattern, algorithm);
    scenario.seed = Seed::Number(seed);
    scenario.duration = Duration(END);
    let kinds: Vec<String> =
        catalogue().faults.iter().filter(|f| f.has_duration).map(|f| f.kind.clone()).collect();
    let mut chaos = Fault::new(Duration::from_millis(50), "chaos");
    chaos.lasts = Some(Duration::from_millis(3500));
    let params = serde_json::json!({"kinds": kinds, "rate": rate, "max_at_once": 3, "each": "300ms"});
    chaos.params = serde_json::from_value(params).expect("an object");
    scenario.faults.push(chaos);
    scenario
}

fn finish(x: &mut Experiment) {
    while !x.advance(END, u64::MAX).done {}
}

/// Everything that a run can be asked, at its end.
fn same(a: &Experiment, b: &Experiment) {
    let name = &a.document().system.algorithm;
    assert_eq!(a.trace_hash(), b.trace_hash(), "{name}");
    let (left, right) = (a.report(), b.report());
    assert_eq!(left.metrics, right.metrics, "{name}");
    assert_eq!(left.verdicts, right.verdicts, "{name}");
    assert_eq!(a.history().records(), b.history().records(), "{name}");
    assert_eq!(a.charts(), b.charts(), "{name}");
    assert_eq!(a.bands(), b.bands(), "{name}");
    assert_eq!(a.landmarks(), b.landmarks(), "{name}");
    assert_eq!(a.log(0, usize::MAX), b.log(0, usize::MAX), "{name}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn seeking_anywhere_and_playing_on_changes_nothing(
        which in 0usize..1000,
        seed in 0u64..1000,
        rate in 0.5f64..4.0,
        moves in prop::collection::vec((0u8..4, 0u64..4000), 1..16),
    ) {
        let scenario = scenario(which, seed, rate);
        let mut straight = Experiment::open(&scenario).expect("valid");
        finish(&mut straight);
        let mut x = Experiment::open(&scenario).expect("valid");
        let mut fork = None;
        for (what, share) in moves {
            match what {
                0 => x.seek(END / 4000 * share),
                1 => {
                    x.advance(x.now() + share * 100_000, 20_000);
                }
                2 => (0..share % 40).for_each(|_| {
                    x.step_back();
                }),
                _ => fork = Some(x.fork()),
            }
        }
        // A fork that changes nothing is the same run.
        for mut x in [Some(x), fork].into_iter().flatten() {
            finish(&mut x);
            same(&straight, &x);
        }
    }
}

/// A run of a million events, and how long it takes to go anywhere in it:
/// `cargo test --release -p netsplit-lab --test seek -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement, for `cargo xtask seek`"]
fn anywhere_in_a_million_events() {
    let crowd = |nodes: u32| {
        let mut scenario = default_scenario("load_balancing", "two_choices");
        scenario.duration = Duration::from_secs(3600);
        scenario.system.nodes = Some(nodes);
        (scenario.workload.mode, scenario.workload.clients) = (Mode::Open, 20);
        // Four fifths of what they can do: the state stays as small as it is.
        scenario.workload.rate = f64::from(nodes) * 40.0;
        scenario
    };
    let raft = || {
        let mut scenario = default_scenario("leader_election", "raft");
        scenario.duration = Duration::from_secs(3 * 3600);
        scenario
    };
    for (name, scenario) in [
        ("raft", raft()),
        ("6 backends", crowd(6)),
        ("200 backends", crowd(200)),
        ("1,000 backends", crowd(1000)),
    ] {
        let mut x = Experiment::open(&scenario).expect("valid");
        x.run_to_event(1_000_000);
        assert_eq!(x.events(), 1_000_000);
        let end = x.now();
        let mut word = 1u64;
        let mut times: Vec<f64> = (0..200)
            .map(|_| {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                #[expect(clippy::disallowed_types, reason = "it measures wall time")]
                let start = std::time::Instant::now();
                x.seek(((u128::from(word) * u128::from(end)) >> 64) as u64);
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!(
            "{name}: median {:.2} ms, 95 % {:.2} ms, longest {:.2} ms; history {:.1} MiB, a copy {:.2} MiB",
            times[100],
            times[190],
            times[199],
            x.memory() as f64 / f64::from(1 << 20),
            x.copy_bytes() as f64 / f64::from(1 << 20)
        );
        assert!(times[100] < 50.0 && x.memory() < 64 << 20);
    }
}
