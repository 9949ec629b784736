//! Invariants that a run breaks are kept with their event, told in the log and the report, and forgotten with the past.

use netsplit_lab::Experiment;
use netsplit_lab::scenario::{self, Duration, Fault, Scenario, Target};

/// Three Raft servers forget everything: what was committed is overwritten.
fn amnesia() -> Scenario {
    let json = r#"{
        "version": 1, "seed": 5, "duration": "12s",
        "system": {"pattern": "leader_election", "algorithm": "raft", "nodes": 3},
        "faults": [{"at": "6s", "kind": "disk_lost", "nodes": ["n1", "n2", "n3"]}]
    }"#;
    scenario::read(json, netsplit_lab::declared::shared()).expect("valid")
}

#[test]
fn breaches_are_kept_told_and_rewound() {
    let mut x = Experiment::open(&amnesia()).expect("valid");
    x.advance(x.duration(), u64::MAX);
    let found = x.breaches();
    assert!(!found.is_empty(), "all that was committed is gone");
    let first = &found[0];
    assert!(first.time >= 6_000_000_000 && !first.nodes.is_empty() && !first.sentence.is_empty());
    let line = x.log(first.event, 100).into_iter().find(|line| line.sentence == first.sentence);
    assert_eq!(line.map(|line| (line.kind, line.time)), Some(("notable".to_owned(), first.time)));
    let report = x.report();
    let row = report.verdicts.iter().find(|row| row.promise == first.invariant).expect("a row");
    assert_eq!((row.aspect.as_str(), row.verdict.as_str()), ("invariant", "assumption_broken"));
    assert!(row.found.as_ref().is_some_and(|found| found.contains(&first.sentence)));
    // Looking back changes nothing.
    x.seek(2_000_000_000);
    x.seek(x.duration());
    assert_eq!(x.breaches(), found);
    // A fault by hand long before makes another run of it, from a copy of the world.
    x.seek(5_000_000_000);
    let crash = Fault { target: Target::Node("n1".to_owned()), ..Fault::new(Duration(0), "crash") };
    x.inject(crash).expect("valid");
    assert!(x.breaches().is_empty(), "what came after the cursor is not known any more");
    x.advance(x.duration(), u64::MAX);
    let mut anew = Experiment::open(&x.scenario()).expect("valid");
    anew.advance(anew.duration(), u64::MAX);
    assert_eq!(x.breaches(), anew.breaches());
    assert!(!anew.breaches().is_empty());
}
