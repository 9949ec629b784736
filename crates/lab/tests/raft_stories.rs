//! The gallery's stories about Raft come out as their notes say.

mod common;

use common::{other, run_until, story};
use netsplit_lab::scenario::{Scenario, Seed};
use netsplit_lab::{Report, gallery};

fn run(scenario: &Scenario) -> Report {
    run_until(scenario, u64::MAX).report()
}

fn reads(report: &Report) -> &str {
    let verdict = report.verdicts.iter().find(|verdict| verdict.promise == "linearizable");
    &verdict.expect("Raft speaks of it").verdict
}

/// How many operations no order explains.
fn unexplained(report: &Report) -> u64 {
    let verdict = report.verdicts.iter().find(|verdict| verdict.promise == "linearizable");
    verdict.expect("Raft speaks of it").number
}

fn ok(report: &Report) -> u64 {
    report.metrics.operations.ok
}

#[test]
fn clients_see_what_is_broken_on_purpose_and_nothing_otherwise() {
    let mistakes: Vec<&str> = gallery()
        .iter()
        .filter(|entry| entry.algorithm == "raft")
        .map(|entry| entry.id)
        .filter(|id| id.starts_with("broken-"))
        .collect();
    assert_eq!(mistakes.len(), 16);
    for id in mistakes {
        let (broken, published) = (run(&story(id)), run(&other(id)));
        println!("{id}: {}, as published {}", reads(&broken), reads(&published));
        assert_eq!(reads(&published), "kept", "{id}");
        assert_eq!(reads(&broken), "broken", "{id}");
    }
}

#[test]
fn what_is_not_promised_or_not_assumed_is_said_to_be_so() {
    let deposed = run(&story("deposed-leader-reads"));
    assert_eq!(reads(&deposed), "never_promised");
    assert!(unexplained(&deposed) > 0, "no client saw an old value");
    assert_eq!(reads(&run(&other("deposed-leader-reads"))), "kept");
    assert_eq!(reads(&run(&story("disk-loss"))), "assumption_broken");
    assert_eq!(reads(&run(&story("committed-survives"))), "kept");
    assert_eq!(reads(&run(&story("figure-8"))), "kept");
    assert_eq!(reads(&run(&other("figure-8"))), "broken");
}

#[test]
fn cures_cure() {
    // With the cure, the term rises no more than the one change of leaders needs.
    for id in ["cut-off-returns", "two-cut-apart"] {
        let (ill, cured) = (run(&story(id)).metrics.own["term"], run(&other(id)).metrics.own["term"]);
        println!("{id}: term {ill}, with the cure {cured}");
        assert!(ill > 10.0 && cured < 5.0, "{id}: {ill} {cured}");
    }
    for id in ["cannot-hear", "split-vote", "four-servers"] {
        let (ill, cured) = (ok(&run(&story(id))), ok(&run(&other(id))));
        println!("{id}: {ill} answered, with the cure {cured}");
        assert!(cured as f64 > 1.15 * ill as f64, "{id}: {ill} {cured}");
    }
}

#[test]
fn whoever_hands_over_is_not_missed_and_whoever_crashes_is() {
    let x = run_until(&story("transfer"), u64::MAX);
    let bands = x.bands();
    let leads: Vec<&str> = bands.iter().map(|band| band.label.as_str()).collect();
    assert_eq!(leads, ["n1, term 1", "n5, term 2", "n1, term 3"]);
    let gap = |at: usize| bands[at + 1].from - bands[at].to;
    assert!(gap(0) < gap(1), "{} {}", gap(0), gap(1));
}

#[test]
fn figure_16_can_be_swept() {
    // Median of the paper (ms), and the tolerance for a sixth of its trials.
    for (id, low, high) in [
        ("raft-figure-16", 150.0, 200.0),
        ("raft-figure-16-narrow", 150.0, 470.0),
        ("raft-figure-16-fast", 25.0, 37.0),
    ] {
        let scenario = story(id);
        let mut times: Vec<f64> = (0..150)
            .map(|seed| {
                let scenario = Scenario { seed: Seed::Number(seed), ..scenario.clone() };
                run(&scenario).metrics.own["without_leader"]
            })
            .collect();
        times.sort_by(f64::total_cmp);
        println!("{id}: median {:.1}", times[75]);
        assert!((low..high).contains(&times[75]), "{id}: {}", times[75]);
    }
}
