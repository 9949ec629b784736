//! What the inspector tells of a node: timers, disk, clock, lives.

use netsplit_lab::scenario::{Duration, Fault, Target};
use netsplit_lab::{Experiment, Inside, Life, default_scenario};
use serde_json::json;

const SECOND: u64 = 1_000_000_000;

fn fault(kind: &str, at: u64, lasts: u64, node: &str) -> Fault {
    let mut fault = Fault::new(Duration::from_secs(at), kind);
    (fault.lasts, fault.target) = (Some(Duration::from_secs(lasts)), Target::Node(node.to_owned()));
    fault
}

fn inside(experiment: &Experiment, node: &str) -> Inside {
    let id = experiment.frame().nodes.iter().find(|n| n.name == node).map(|n| n.id).expect("a node");
    *experiment.inspect(id).inside.expect("for the inspector")
}

#[test]
fn lives_are_those_up_to_the_cursor() {
    let mut scenario = default_scenario("leader_election", "raft");
    scenario.faults = vec![fault("crash", 2, 1, "n2"), fault("crash", 5, 2, "n2")];
    let mut experiment = Experiment::open(&scenario).expect("valid");
    let life = |from: u64, to: Option<u64>| (from * SECOND, to.map(|to| to * SECOND));
    let lives = |experiment: &Experiment, node: &str| -> Vec<_> {
        inside(experiment, node).lives.iter().map(|Life { from, to, .. }| (*from, *to)).collect()
    };
    experiment.seek(8 * SECOND);
    let all = [life(0, Some(2)), life(3, Some(5)), life(7, None)];
    assert_eq!(lives(&experiment, "n2"), all);
    assert_eq!(lives(&experiment, "n1"), [life(0, None)]);
    experiment.seek(6 * SECOND);
    assert_eq!(lives(&experiment, "n2"), all[..2]);
    experiment.seek(4 * SECOND);
    assert_eq!(lives(&experiment, "n2"), [all[0], life(3, None)]);
    // Another course of events forgets what followed.
    experiment.remove_fault(1);
    experiment.seek(8 * SECOND);
    assert_eq!(lives(&experiment, "n2"), [all[0], life(3, None)]);
}

#[test]
fn a_clock_a_disk_and_a_timer() {
    let mut scenario = default_scenario("leader_election", "raft");
    let mut skew = fault("clock_offset", 1, 100, "n3");
    skew.params.insert("offset".to_owned(), json!("80ms"));
    scenario.faults = vec![skew, fault("disk_stalled", 2, 100, "n2")];
    let mut experiment = Experiment::open(&scenario).expect("valid");
    experiment.seek(4 * SECOND);
    let clock = |node| inside(&experiment, node).clock - 4 * SECOND;
    assert_eq!((clock("n1"), clock("n3")), (0, 80_000_000));
    let stalled = inside(&experiment, "n2");
    assert!(stalled.writes.1 > 0 && stalled.next_sync.is_none(), "{stalled:?}");
    let followers = ["n1", "n2", "n3", "n4", "n5"].map(|node| inside(&experiment, node).timers);
    let running: Vec<_> = followers.iter().flatten().collect();
    assert!(!running.is_empty(), "a follower's election timer");
    assert!(running.iter().all(|(label, left, of)| label == "election" && left <= of), "{running:?}");
    assert_eq!(experiment.frame().nodes[0].inside, None, "only where it is asked for");
}
