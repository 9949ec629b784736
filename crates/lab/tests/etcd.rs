//! The gallery's stories about etcd come out as their notes say.

mod common;

use common::{other, run_until, story};
use netsplit_lab::scenario::Scenario;
use netsplit_lab::{Experiment, Grade};

fn run(scenario: &Scenario, seconds: u64) -> Experiment {
    let mut x = run_until(scenario, seconds);
    while !x.judge(1000) {}
    x
}

fn ok(x: &Experiment) -> u64 {
    x.report().metrics.operations.ok
}

fn own(x: &Experiment, series: &str) -> u64 {
    x.report().metrics.own[series] as u64
}

/// When a node whose name begins so first said something like this after an instant (s).
fn said(x: &Experiment, who: &str, what: &str, after: f64) -> Option<f64> {
    let lines = x.log(0, usize::MAX).into_iter();
    let told = lines.filter(|line| line.node.starts_with(who) && line.sentence.contains(what));
    let mut times = told.map(|line| line.time as f64 / 1e9);
    times.find(|time| *time >= after)
}

/// What was answered to what somebody asked by hand.
fn answers(x: &Experiment, what: &str) -> Vec<String> {
    let lines = x.log(0, usize::MAX);
    let asked = lines.iter().filter(|line| line.sentence.starts_with(what));
    asked.map(|line| line.sentence.clone()).collect()
}

#[test]
fn without_a_quorum_only_serializable_reads_are_answered() {
    let counts = |scenario: &Scenario| [8, 15, 26].map(|at| ok(&run(scenario, at)));
    let (linearizable, serializable) = (counts(&story("etcd-no-quorum")), counts(&other("etcd-no-quorum")));
    println!("linearizable {linearizable:?}, serializable {serializable:?}");
    assert_eq!(linearizable[0], linearizable[1], "nothing is answered");
    assert!(linearizable[2] > linearizable[1] + 100, "until a quorum is back");
    assert!(serializable[1] > serializable[0] + 3 && serializable[2] > serializable[1] + 100);
    let revisions = [8, 15].map(|at| own(&run(&other("etcd-no-quorum"), at), "revision"));
    assert_eq!(revisions[0], revisions[1], "nothing is written");
}

#[test]
fn a_lease_that_nobody_could_renew_is_kept_by_the_next_leader() {
    for scenario in [story("etcd-no-quorum"), other("etcd-no-quorum")] {
        let x = run(&scenario, 100);
        let (lost, revoked) = (said(&x, "p", "lease", 0.0), said(&x, "n", "revoked lease", 28.4));
        let next = said(&x, "p", "holds the lock", 14.0);
        println!("lost at {lost:?}, revoked at {revoked:?}, held again at {next:?}");
        assert!(lost.is_some_and(|at| (14.4..14.6).contains(&at)));
        assert!(revoked.is_some_and(|at| (28.4..28.6).contains(&at)));
        assert!(next.zip(revoked).is_some_and(|(next, revoked)| next > revoked && next < revoked + 0.5));
        // Those that nobody heard of were revoked as well.
        assert_eq!((own(&x, "leases"), own(&x, "holders")), (2, 1));
    }
}

#[test]
fn a_watch_is_told_that_history_is_gone_or_goes_on() {
    let (gone, kept) = (run(&story("etcd-watch-compaction"), 100), run(&other("etcd-watch-compaction"), 100));
    assert_eq!((own(&gone, "watch_gone"), own(&kept, "watch_gone")), (1, 0));
    assert!(gone.breaches().is_empty() && kept.breaches().is_empty());
    assert!(own(&kept, "watch_events") > own(&gone, "watch_events"));
}

#[test]
fn a_lock_goes_with_its_lease() {
    for (id, believers) in [("etcd-lock", 1), ("etcd-lock-pause", 2)] {
        let x = run(&story(id), 100);
        let (expired, next) = (said(&x, "n", "revoked lease", 6.0), said(&x, "p2", "holds the lock", 6.0));
        println!("{id}: expired at {expired:?}, p2 holds from {next:?}");
        let (expired, next) = (expired.expect("it expires"), next.expect("p2 holds the lock"));
        assert!((8.5..12.0).contains(&expired) && next >= expired && next < expired + 0.5, "{id}");
        assert_eq!(own(&run(&story(id), 13), "holders"), believers, "{id}");
        let broken: Vec<&str> = x.breaches().iter().map(|breach| breach.invariant).collect();
        assert_eq!(broken, if believers > 1 { vec!["one_holder"] } else { vec![] }, "{id}");
    }
}

#[test]
fn a_serializable_read_is_old_and_a_linearizable_one_waits() {
    let old = run(&story("etcd-stale-read"), 100);
    println!("{:#?}", answers(&old, "c"));
    let found = old.consistency().expect("etcd speaks of it");
    assert_eq!(found.grade, Grade::NeverPromised, "{}", found.sentence);
    assert!(found.sentence.contains("c1 read x = 1 after x = 2"), "{}", found.sentence);
    let waits = run(&other("etcd-stale-read"), 100);
    assert_eq!(waits.consistency().map(|found| found.grade), Some(Grade::Kept));
    assert_eq!((ok(&old), ok(&waits)), (8, 8));
}

#[test]
fn mistakes_show_and_without_them_nothing_does() {
    for (id, invariant) in [
        ("broken-etcd-read-index", "fresh_reads"),
        ("broken-etcd-watch", "watch_gapless"),
        ("broken-etcd-expiry", "same_revision"),
        ("broken-etcd-compare", "same_revision"),
        ("broken-etcd-revokes", "lease_kept"),
    ] {
        let x = run(&story(id), 100);
        let breaches: Vec<_> = x.breaches().iter().map(|breach| breach.invariant).collect();
        assert!(breaches.contains(&invariant), "{id}: {breaches:?}");
        let published = run(&other(id), 100);
        assert!(published.breaches().is_empty(), "{id}: {:?}", published.breaches());
        assert_eq!(published.consistency().map(|found| found.grade), Some(Grade::Kept), "{id}");
    }
    let seen = run(&story("broken-etcd-read-index"), 100).consistency().map(|found| found.grade);
    assert_eq!(seen, Some(Grade::Broken), "clients see it too");
}
