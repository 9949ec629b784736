//! A sweep comes to what whole runs come to, verdicts and broken invariants among it.

use netsplit_lab::declared::shared;
use netsplit_lab::scenario::{Duration, Fault, Scenario, Target, read};
use netsplit_lab::{Experiment, default_scenario, sweep};
use netsplit_protocols::registry::PATTERNS;

/// What became of each promise, and which invariants broke, in a run of which all is kept.
fn whole(scenario: &Scenario, seed: u64) -> Vec<(String, String)> {
    let mut x = Experiment::open(&sweep::with_seed(scenario, seed)).expect("valid");
    while !x.advance(x.duration(), u64::MAX).done {}
    let mut all: Vec<(String, String)> =
        x.report().verdicts.into_iter().map(|verdict| (verdict.promise, verdict.verdict)).collect();
    all.sort();
    all
}

fn swept(scenario: &Scenario, seed: u64) -> Vec<(String, String)> {
    sweep::one(scenario, seed).expect("valid").verdicts.into_iter().collect()
}

#[test]
fn verdicts_are_those_of_whole_runs() {
    for pattern in PATTERNS {
        for algorithm in pattern.algorithms {
            let mut scenario = default_scenario(pattern.id, algorithm.id);
            scenario.duration = Duration::from_secs(6);
            let mut cut = Fault::new(Duration::from_secs(2), "partition");
            let names = names_of(&scenario);
            cut.target = Target::Groups(vec![names[..1].to_vec(), names[1..].to_vec()]);
            cut.lasts = Some(Duration::from_secs(2));
            scenario.faults.push(cut);
            for seed in [1, 2] {
                assert_eq!(swept(&scenario, seed), whole(&scenario, seed), "{} {seed}", algorithm.id);
            }
        }
    }
}

/// The nodes that are there from the start.
fn names_of(scenario: &Scenario) -> Vec<String> {
    let nodes = Experiment::open(scenario).expect("valid").frame().nodes;
    nodes.into_iter().filter(|node| node.status != "absent").map(|node| node.name).collect()
}

#[test]
fn a_broken_invariant_is_counted() {
    for id in ["broken-bully", "broken-log-not-persisted", "broken-adopts-any"] {
        let path = format!("{}/../../static/gallery/{id}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("in the gallery");
        let scenario = read(&text, shared()).expect("valid");
        let seed = scenario.seed.value();
        let (swept, whole) = (swept(&scenario, seed), whole(&scenario, seed));
        assert_eq!(swept, whole, "{id}");
        assert!(swept.iter().any(|(_, verdict)| verdict == "broken"), "{id}: {swept:?}");
        let result = sweep::one(&scenario, seed).expect("valid");
        assert!(!result.against.is_empty(), "{id}");
    }
}
