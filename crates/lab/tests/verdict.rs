//! The verdict on what clients saw, on runs that are known to be right or wrong.

use netsplit_lab::scenario::{Duration, Fault, Operation, Scenario, Target};
use netsplit_lab::{Experiment, Grade};

fn seconds(seconds: f64) -> Duration {
    Duration((seconds * 1e9) as u64)
}

fn operation(at: f64, client: &str, f: &str, key: &str, value: Option<u64>, node: &str) -> Operation {
    Operation {
        at: seconds(at),
        client: client.to_owned(),
        f: f.to_owned(),
        key: Some(key.to_owned()),
        value: value.map(Into::into),
        node: Some(node.to_owned()),
    }
}

/// x = 7 at the primary, then x = 9 while n3 is cut off, and a read at n3.
fn stale() -> Scenario {
    let mut scenario = Scenario::new("eventual_consistency", "anti_entropy_lww");
    scenario.duration = Duration::from_secs(12);
    scenario.system.nodes = Some(3);
    (scenario.workload.clients, scenario.workload.read_share) = (2, 1.0);
    scenario.workload.keys = 4;
    let mut partition = Fault::new(seconds(5.0), "partition");
    partition.lasts = Some(seconds(4.0));
    partition.target =
        Target::Groups(vec![vec!["n1".into(), "n2".into(), "c1".into()], vec!["n3".into(), "c2".into()]]);
    scenario.faults.push(partition);
    scenario.operations = vec![
        operation(1.0, "c1", "write", "x", Some(7), "n1"),
        operation(6.0, "c1", "write", "x", Some(9), "n1"),
        operation(7.0, "c2", "read", "x", None, "n3"),
        operation(8.0, "c2", "read", "x", None, "n3"),
    ];
    scenario
}

fn judged(scenario: &Scenario) -> Experiment {
    let mut x = Experiment::open(scenario).expect("valid");
    x.seek(scenario.duration.0);
    while !x.judge(100) {}
    x
}

#[test]
fn a_stale_read_is_found_and_explained() {
    let mut x = judged(&stale());
    let verdict = x.consistency().expect("said something about");
    assert_eq!((verdict.grade, verdict.promised, verdict.violations), (Grade::NeverPromised, false, 2));
    let found = x.finding(0).expect("one");
    assert_eq!(found.kind, "stale_read");
    assert!((7.0e9..7.1e9).contains(&(found.time as f64)), "{found:?}");
    let words: Vec<(&str, &str, bool)> =
        found.shown.iter().map(|op| (op.client.as_str(), op.words.as_str(), op.odd)).collect();
    assert_eq!(words, [("c1", "x = 7", false), ("c1", "x = 9", false), ("c2", "x = 7", true)]);
    assert_eq!(found.sentence, "c2 read x = 7 after x = 9.");

    // As of the cursor: nothing was wrong before, and the second came later.
    x.seek(6_900_000_000);
    let before = x.consistency().expect("still");
    assert_eq!((before.grade, before.violations), (Grade::Kept, 0));
    x.seek(7_900_000_000);
    assert_eq!(x.consistency().expect("still").violations, 1);

    // Taking the partition out makes the run again, and the verdict with it.
    x.remove_fault(0);
    x.seek(12_000_000_000);
    while !x.judge(7) {}
    assert_eq!(x.consistency().map(|verdict| (verdict.grade, verdict.violations)), Some((Grade::Kept, 0)));
}

#[test]
fn unsafe_reads_of_a_deposed_leader_are_found_and_reads_through_the_log_are_not() {
    for (reads, grade) in [("log", Grade::Kept), ("leader_local", Grade::NeverPromised)] {
        let mut violations = 0;
        for seed in 0..12 {
            let mut scenario = Scenario::new("leader_election", "raft");
            scenario.seed = netsplit_lab::scenario::Seed::from_text(&seed.to_string());
            scenario.duration = Duration::from_secs(20);
            scenario.system.params.insert("reads".to_owned(), reads.into());
            (scenario.workload.clients, scenario.workload.keys) = (4, 2);
            let mut partition = Fault::new(seconds(5.0), "partition");
            partition.lasts = Some(seconds(10.0));
            let side = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            partition.target =
                Target::Groups(vec![side(&["n1", "n2", "c1", "c2"]), side(&["n3", "n4", "n5", "c3", "c4"])]);
            scenario.faults.push(partition);
            let x = judged(&scenario);
            let verdict = x.consistency().expect("said something about");
            assert!(verdict.operations > 100, "{verdict:?}");
            violations += verdict.violations;
            if verdict.violations > 0 {
                assert_eq!(verdict.grade, grade);
                assert!(!x.finding(0).expect("one").shown.is_empty());
            }
            let said = x.report().verdicts.into_iter().find(|v| v.promise == "linearizable").expect("listed");
            assert_eq!(said.verdict, if reads == "log" { "kept" } else { "never_promised" });
            assert!(said.found.is_some());
        }
        assert_eq!(violations > 0, reads != "log", "{reads}: {violations}");
    }
}

#[test]
fn the_picture_of_a_violation_has_the_witness_in_it_and_an_order_for_the_rest() {
    let x = judged(&stale());
    let (found, around) = (x.finding(0).expect("one"), x.around(0).expect("one"));
    assert_eq!(found.clash, Some(1));
    assert_eq!(found.order.1, "3 saw what was there before 2");
    assert!(found.because.starts_with("No order explains both 2 and 3."), "{}", found.because);
    assert!(found.proof.contains("of them on x"), "{}", found.proof);
    // The bars with numbers are the operations of the sentences.
    let mut numbered: Vec<_> = around.bars.iter().filter(|bar| bar.number > 0).collect();
    numbered.sort_by_key(|bar| bar.number);
    let times: Vec<_> = numbered.iter().map(|bar| (bar.from, bar.to, bar.write, bar.odd)).collect();
    let shown: Vec<_> = found.shown.iter().map(|op| (op.from, op.to, op.write, op.odd)).collect();
    assert_eq!(times, shown);
    assert_eq!((around.key.as_str(), around.clients.join(" ").as_str()), ("x", "c1 c2"));
    // Everything but the odd one fits, each at an instant between its start and its end, one after the other.
    assert_eq!(around.fits, (2, 3));
    let mut last = 0;
    for (bar, instant) in &around.order {
        let bar = &around.bars[*bar];
        assert!(
            !bar.odd && bar.from <= *instant && bar.to.is_none_or(|to| *instant <= to) && last <= *instant
        );
        last = *instant;
    }
    let held: Vec<&str> = around.held.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(held, ["7", "9"]);
    assert!(around.spans.len() >= 2 && around.spans.windows(2).all(|two| two[0].1 < two[1].0), "{around:?}");
}

#[test]
fn every_violation_of_a_long_run_is_explained_by_operations_that_cannot_be_explained() {
    for (id, algorithm) in
        [("replication", "async_primary_backup"), ("eventual_consistency", "anti_entropy_lww")]
    {
        let mut scenario = Scenario::new(id, algorithm);
        scenario.duration = Duration::from_secs(30);
        (scenario.workload.clients, scenario.workload.keys) = (6, 3);
        let mut partition = Fault::new(seconds(5.0), "partition");
        partition.lasts = Some(seconds(8.0));
        let side = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        partition.target =
            Target::Groups(vec![side(&["n1", "c1", "c2"]), side(&["n2", "n3", "c3", "c4", "c5", "c6"])]);
        scenario.faults.push(partition);
        let x = judged(&scenario);
        let violations = x.violations();
        assert!(violations.len() > 10, "{algorithm}: {}", violations.len());
        for index in 0..violations.len() {
            let (found, around) = (x.finding(index).expect("one"), x.around(index).expect("one"));
            assert_eq!(Some(found.kind), x.finding_kind(index));
            let odd: Vec<_> = found.shown.iter().filter(|op| op.odd).collect();
            assert!(odd.len() == 1 && (2..=6).contains(&found.shown.len()), "{algorithm} {index}: {found:?}");
            if let Some(clash) = found.clash.map(|at| &found.shown[at]) {
                assert!(clash.to.expect("answered") <= odd[0].from, "{found:?}");
            }
            assert_eq!(around.bars.iter().filter(|bar| bar.number > 0).count(), found.shown.len());
            assert!(around.fits.0 > 0 && !around.order.is_empty(), "{algorithm} {index}: {around:?}");
        }
    }
}

#[test]
fn an_unanswered_request_is_excused_by_a_fault_and_by_the_start_and_by_nothing_else() {
    // One of three is down from 20 s to 22 s, and felt for ten seconds more.
    let mut scenario = Scenario::new("leader_election", "raft");
    scenario.duration = Duration::from_secs(60);
    scenario.system.nodes = Some(3);
    let mut crash = Fault::new(seconds(20.0), "crash");
    crash.lasts = Some(seconds(2.0));
    crash.target = Target::Node("n1".to_owned());
    scenario.faults.push(crash);
    let mut x = Experiment::open(&scenario).expect("valid");
    let mut at = |time: f64| {
        x.seek(seconds(time).0);
        x.unanswered()
    };
    let grades = [1.0, 15.0, 21.0, 30.0, 45.0].map(&mut at);
    let (start, broken, excused) = (Grade::Undecided, Grade::Broken, Grade::AssumptionBroken);
    assert_eq!(grades, [start, broken, excused, excused, broken].map(Some));
    let sync = Experiment::open(&Scenario::new("replication", "sync_primary_backup")).expect("valid");
    assert_eq!(sync.unanswered(), Some(Grade::NeverPromised));
}
