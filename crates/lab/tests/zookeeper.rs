//! The gallery's stories about ZooKeeper come out as their notes say.

mod common;

use common::{other, run_until, story};
use netsplit_lab::Experiment;
use netsplit_lab::scenario::Scenario;

fn run(scenario: &Scenario) -> Experiment {
    run_until(scenario, u64::MAX)
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// When somebody first said something like this.
fn said(x: &Experiment, what: &str) -> Option<f64> {
    let lines = x.log(0, usize::MAX);
    lines.iter().find(|line| line.sentence.contains(what)).map(|line| seconds(line.time))
}

fn own(x: &Experiment, id: &str) -> f64 {
    x.report().metrics.own.get(id).copied().unwrap_or_else(|| panic!("no {id}"))
}

/// What a client was answered to what somebody let it read.
fn answers(x: &Experiment, client: &str) -> Vec<String> {
    let start = format!("{client} read ");
    let lines = x.log(0, usize::MAX);
    let read = lines.iter().filter(|line| line.sentence.starts_with(&start));
    read.filter_map(|line| Some(line.sentence.split_once(" = ")?.1.to_owned())).collect()
}

fn verdict(x: &Experiment) -> String {
    let mut x = x.fork();
    while !x.judge(u64::MAX) {}
    x.finding(0).map_or_else(|| "No violation".to_owned(), |found| found.sentence)
}

#[test]
fn a_herd_wakes_up_or_one_does() {
    let (herd, one) = (run(&story("zookeeper-herd")), run(&other("zookeeper-herd")));
    let (all, each) = (own(&herd, "watch_events"), own(&one, "watch_events"));
    assert!(all > 200.0 && (all - 11.0 * each).abs() < 1.0, "{all} and {each}");
}

#[test]
fn a_session_expires_while_its_client_cannot_know() {
    let x = run(&story("zookeeper-session-expires"));
    let expired = said(&x, "expires session").expect("it expires");
    let holds = x.log(0, usize::MAX);
    let second = holds.iter().filter(|line| line.sentence.contains("holds the lock")).nth(1).expect("p2");
    let told = said(&x, "is told that its session").expect("told");
    println!("expired {expired}, next holder {}, told {told}", seconds(second.time));
    assert!((8.0..12.0).contains(&expired) && seconds(second.time) < expired + 0.5 && told > 20.0);
}

#[test]
fn a_lagging_server_answers_an_old_value_and_after_a_sync_it_does_not() {
    let x = run(&story("zookeeper-stale-read"));
    assert!(verdict(&x).contains("c1 read x = 1 after x = 2"), "{}", verdict(&x));
    assert!(x.breaches().is_empty(), "nothing that was promised");
    assert!(verdict(&run(&other("zookeeper-stale-read"))).contains("No violation"));
}

#[test]
fn a_deposed_leader_answers_a_sync_but_commits_no_write() {
    let x = run(&story("zookeeper-sync-asleep"));
    assert!(verdict(&x).contains("c1 read x = 1 after x = 2"), "{}", verdict(&x));
    let other = run(&other("zookeeper-sync-asleep"));
    assert!(verdict(&other).contains("No violation") && other.report().metrics.operations.ok == 3);
}

#[test]
fn a_returning_leader_gives_up_what_it_alone_had() {
    let x = run(&story("zookeeper-trunc"));
    assert!(said(&x, "transactions that n4 does not have").is_some_and(|at| at > 12.0));
    assert!(x.breaches().is_empty());
}

#[test]
fn a_primarys_order_is_kept() {
    let x = run(&story("zookeeper-primary-order"));
    assert_eq!(answers(&x, "c2"), ["1", "2"]);
    assert!(x.breaches().is_empty());
}

#[test]
fn mistakes_show_and_without_them_nothing_does() {
    for (id, invariant) in [
        ("broken-zookeeper-synchronisation", "local_primary_order"),
        ("broken-zookeeper-epochs", "primary_integrity"),
        ("broken-zookeeper-fsync", "primary_integrity"),
        ("broken-zookeeper-zxid", "session_order"),
    ] {
        let x = run(&story(id));
        let breaches: Vec<_> = x.breaches().iter().map(|breach| breach.invariant).collect();
        assert!(breaches.contains(&invariant), "{id}: {breaches:?}");
        let published = run(&other(id));
        assert!(published.breaches().is_empty(), "{id}: {:?}", published.breaches());
    }
}
