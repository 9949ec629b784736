//! Every scenario of the gallery is valid, runs, and gives the trace that it always gave.
//!
//! `NETSPLIT_BLESS=1 cargo test -p netsplit-lab --test gallery` writes the hashes anew; where one of an existing
//! scenario changes, a semantics number has to rise with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use netsplit_lab::scenario::{self, Duration, Scenario};
use netsplit_lab::{Experiment, catalogue, default_scenario, gallery};

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden.txt")
}

fn run(scenario: &Scenario) -> Experiment {
    let mut x =
        Experiment::open(scenario).unwrap_or_else(|problems| panic!("{}: {problems}", scenario.title));
    while !x.advance(x.duration(), u64::MAX).done {}
    x
}

fn all() -> Vec<(String, Scenario)> {
    let catalogue = catalogue();
    let mut all: Vec<(String, Scenario)> = gallery()
        .iter()
        .map(|entry| {
            let read = scenario::read(entry.json, &catalogue);
            (entry.id.to_owned(), read.unwrap_or_else(|problems| panic!("{}: {problems}", entry.id)))
        })
        .collect();
    for pattern in &catalogue.patterns {
        for algorithm in &pattern.algorithms {
            let mut scenario = default_scenario(&pattern.id, &algorithm.id);
            scenario.duration = Duration::from_secs(10);
            all.push((format!("default/{}/{}", pattern.id, algorithm.id), scenario));
        }
    }
    all
}

#[test]
fn the_gallery_runs_as_it_always_did() {
    let known: BTreeMap<String, String> = std::fs::read_to_string(golden())
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(id, rest)| (id.to_owned(), rest.to_owned()))
        .collect();
    let mut lines = BTreeMap::new();
    let mut table = String::new();
    for (id, scenario) in all() {
        let x = run(&scenario);
        let report = x.report();
        let operations = &report.metrics.operations;
        let _ = writeln!(
            table,
            "{id}: {} events, {} ok, {} failed, {} timed out, {:?}",
            report.events, operations.ok, operations.failed, operations.timed_out, report.metrics.own
        );
        assert!(report.events > 100, "{id}: hardly anything happens");
        assert!(operations.ok > 0, "{id}: no operation is ok");
        assert!(report.no_effect.is_empty(), "{id}: without effect: {:?}", report.no_effect);
        assert!(x.log_around(None, 1000, 0).rows.iter().all(|entry| !entry.sentence.is_empty()), "{id}");
        lines.insert(id, format!("{} {}", report.trace_hash, report.events));
    }
    println!("{table}");
    if std::env::var_os("NETSPLIT_BLESS").is_some() {
        let text: String = lines.iter().map(|(id, rest)| format!("{id} {rest}\n")).collect();
        std::fs::write(golden(), text).expect("the test's folder is writable");
        return;
    }
    let differ: Vec<&String> = lines.keys().filter(|id| known.get(*id) != lines.get(*id)).collect();
    assert!(differ.is_empty(), "these differ from tests/golden.txt: {differ:?}\n{table}");
    assert_eq!(known.len(), lines.len(), "tests/golden.txt has scenarios that are gone");
}

#[test]
fn the_gallery_shows_each_pattern_twice_and_says_what_one_sees() {
    for pattern in catalogue().patterns.iter().filter(|pattern| !pattern.algorithms.is_empty()) {
        let count = gallery().iter().filter(|entry| entry.pattern == pattern.id).count();
        assert!(count >= 2, "{}: {count}", pattern.id);
    }
    for entry in gallery() {
        let sentences = entry.notes.matches(". ").count() + 1;
        assert!(entry.title.len() > 15 && (2..=3).contains(&sentences), "{}: {sentences}", entry.id);
    }
}

#[test]
fn a_gallery_scenario_fits_a_link() {
    for (id, scenario) in all() {
        let link = scenario::encode(&scenario);
        assert!(link.len() < 2000, "{id}: {}", link.len());
    }
}
