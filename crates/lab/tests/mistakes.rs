//! Every mistake on purpose is offered with a scenario, and found within 200 seeds of it; without the mistake 1,000 seeds
//! of the same scenario find nothing. For Raft, etcd and ZooKeeper the ordinary test looks at fewer seeds; `cargo xtask
//! soak` looks at all of them and says in how many each mistake was found.

mod common;

use common::{compared, story};
use netsplit_lab::scenario::Scenario;
use netsplit_lab::{Experiment, Grade, gallery, sweep};
use netsplit_protocols::registry::PATTERNS;
use netsplit_sim::declare::Kind;

/// The scenarios that offer a mistake, with their names: all of an algorithm, or all that there are.
fn stories(algorithm: Option<&str>) -> Vec<(&'static str, Scenario)> {
    let of = gallery().iter().filter(|entry| algorithm.is_none_or(|id| id == entry.algorithm));
    of.filter(|entry| entry.id.starts_with("broken-")).map(|entry| (entry.id, story(entry.id))).collect()
}

/// What speaks against a run: the first invariant that it breaks, or what its clients saw.
fn found(scenario: &Scenario, seed: u64) -> Option<&'static str> {
    let mut x = Experiment::open(&sweep::with_seed(scenario, seed)).expect("it was read");
    for second in 1.. {
        let until = x.duration().min(second * 1_000_000_000);
        while !x.advance(until, u64::MAX).done {}
        if let Some(broken) = x.breaches().iter().find(|breach| breach.grade == Grade::Broken) {
            return Some(broken.invariant);
        }
        while !x.judge(u64::MAX) {}
        if x.consistency().is_some_and(|found| found.grade == Grade::Broken) {
            return Some("clients");
        }
        if until == x.duration() {
            break;
        }
    }
    None
}

/// Finds each mistake of an algorithm as often as is enough within 200 seeds, and nothing in so many seeds without it.
fn look(algorithm: &str, enough: usize, seeds: u64) {
    let stories = stories(Some(algorithm));
    assert!(!stories.is_empty(), "{algorithm}");
    for (id, story) in stories {
        let hits = (1..=200).filter_map(|seed| Some((seed, found(&story, seed)?)));
        let hits: Vec<(u64, &str)> = hits.take(enough).collect();
        let within = if hits.len() < enough { 200 } else { hits[enough - 1].0 };
        println!("{id}: {} of {within} seeds, first {:?}", hits.len(), hits.first());
        assert!(!hits.is_empty(), "{id}: not found");
        let other = compared(&story);
        for seed in 1..=seeds {
            let wrong = found(&other, seed);
            assert_eq!(wrong, None, "{id} without the mistake, seed {seed}");
        }
    }
}

/// The algorithms whose scenarios are over quickly.
const QUICK: [&str; 5] = ["bully", "ring", "leases", "paxos", "multi_paxos"];
const SLOWER: [&str; 2] = ["etcd", "zookeeper"];

#[test]
fn every_mistake_has_a_scenario() {
    let stories = stories(None);
    let offers = |what: &str| {
        let is =
            |(_, story): &(&str, Scenario)| format!("{:?}", story.system.params["broken"]).contains(what);
        stories.iter().any(is)
    };
    let mut mistakes = 0;
    for algorithm in PATTERNS.iter().flat_map(|pattern| pattern.algorithms) {
        let Some(param) = algorithm.params.iter().find(|param| param.id == "broken") else { continue };
        let Kind::Choice(choices) = param.kind else { panic!("{}: a choice of mistakes", algorithm.id) };
        for (mistake, _) in choices.iter().filter(|(id, _)| *id != "none") {
            assert!(offers(mistake), "{}: {mistake}", algorithm.id);
            mistakes += 1;
        }
    }
    assert!(mistakes >= stories.len() && stories.len() >= 31, "{mistakes} {}", stories.len());
    let known = |id: &str| QUICK.contains(&id) || SLOWER.contains(&id) || id == "raft";
    assert!(
        stories.iter().all(|(_, story)| known(&story.system.algorithm)),
        "all of them are looked at below"
    );
}

#[test]
fn mistakes_of_raft_are_found_within_200_seeds() {
    look("raft", 1, 10);
}

#[test]
fn mistakes_of_etcd_and_zookeeper_are_found_within_200_seeds() {
    for algorithm in SLOWER {
        look(algorithm, 200, 200);
    }
}

#[test]
fn other_mistakes_are_found_within_200_seeds() {
    for algorithm in QUICK {
        look(algorithm, 200, 1000);
    }
}

#[test]
#[ignore = "minutes: cargo xtask soak"]
fn in_200_seeds_of_raft_and_none_of_a_thousand_without() {
    look("raft", 200, 1000);
}

#[test]
#[ignore = "minutes: cargo xtask soak"]
fn in_200_seeds_of_the_slower_ones_and_none_of_a_thousand_without() {
    for algorithm in SLOWER {
        look(algorithm, 200, 1000);
    }
}
