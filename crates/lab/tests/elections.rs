//! The gallery's stories about elections, leases and Paxos come out as their notes say.

mod common;

use common::{other, run_until, story};
use netsplit_lab::scenario::Scenario;
use netsplit_lab::{Experiment, Grade, judges};

fn run(scenario: &Scenario, seconds: u64) -> Experiment {
    let mut x = run_until(scenario, seconds);
    while !x.judge(1000) {}
    x
}

fn own(x: &Experiment, series: &str) -> u64 {
    x.report().metrics.own[series] as u64
}

fn grade(x: &Experiment) -> Grade {
    x.consistency().expect("something was promised").grade
}

#[test]
fn a_partition_gives_two_coordinators_until_it_heals() {
    let story = story("bully-partition");
    let coordinators: Vec<u64> = [4, 12, 20].map(|at| own(&run(&story, at), "coordinators")).into();
    assert_eq!(coordinators, [1, 2, 1]);
}

#[test]
fn the_worst_and_the_best_order_of_a_ring() {
    assert_eq!(own(&run(&story("ring-worst-order"), 2), "election_messages"), 36);
    assert_eq!(own(&run(&other("ring-worst-order"), 2), "election_messages"), 15);
}

#[test]
fn the_client_who_woke_up_late() {
    for (id, stale, expected) in [
        ("late-client-none", 2, Grade::NeverPromised),
        ("late-client-check", 1, Grade::NeverPromised),
        ("late-client-fencing", 0, Grade::Kept),
    ] {
        let x = run(&story(id), 100);
        assert_eq!((own(&x, "stale"), grade(&x)), (stale, expected), "{id}");
        let log = x.log_around(None, 100_000, 0).rows;
        let said = log.iter().any(|row| row.sentence.contains("33 < 34"));
        assert_eq!(said, stale == 0, "{id}");
    }
}

#[test]
fn proposers_duel_until_one_of_them_is_gone_or_waits() {
    let x = run(&story("duelling-proposers"), 10);
    println!("without a pause: {} decided, {} refused", own(&x, "decided"), own(&x, "preempted"));
    assert!(own(&x, "decided") == 0 && own(&x, "preempted") > 300);
    let end = run(&story("duelling-proposers"), 100);
    println!("when one of them is gone: {} decided", own(&end, "decided"));
    assert!(own(&end, "decided") > 10);
    assert!(own(&run(&story("duel-with-pause"), 10), "decided") > 50);
}

#[test]
fn the_first_is_lost_and_the_second_decided() {
    assert_eq!(own(&run(&story("first-lost-second-decided"), 100), "order_lost"), 1);
    assert_eq!(own(&run(&other("first-lost-second-decided"), 100), "order_lost"), 0);
    let judged = |x: &Experiment| {
        let rows = judges::declared(x, judges::BUDGET);
        let of =
            |aspect: &str| rows.iter().find(|row| row.id == "primary_order" && row.aspect == aspect).cloned();
        let row = of("consistency").expect("something is said of it");
        (row.grade, row.number, row.promised, of("invariant").map(|row| row.grade))
    };
    let never = Grade::NeverPromised;
    assert_eq!(judged(&run(&story("first-lost-second-decided"), 100)), (never, 1, false, Some(never)));
    assert_eq!(judged(&run(&other("first-lost-second-decided"), 100)), (Grade::Kept, 0, true, None));
}

#[test]
fn two_holders_are_told_and_excused_by_a_pause() {
    for (id, grade) in [
        ("late-client-none", Grade::NeverPromised),
        ("late-client-check", Grade::AssumptionBroken),
        ("late-client-fencing", Grade::AssumptionBroken),
        ("etcd-lock-pause", Grade::NeverPromised),
        ("etcd-lock", Grade::NeverPromised),
    ] {
        let x = run(&story(id), 100);
        let rows = judges::declared(&x, judges::BUDGET);
        let row = rows.iter().find(|row| row.id == "one_holder").expect("something is said of it");
        println!("{id}: {}", row.sentence);
        if id == "etcd-lock" {
            assert_eq!((row.grade, row.number), (Grade::Kept, 0), "{id}");
        } else {
            assert_eq!((row.grade, row.number > 0), (grade, true), "{id}");
        }
    }
}

#[test]
fn what_is_broken_on_purpose_breaks_its_promise_and_the_correct_one_keeps_it() {
    for id in ["broken-acceptor-forgets", "broken-adopts-any", "broken-store-forgets", "broken-tokens-reused"]
    {
        let x = run(&story(id), 100);
        println!("{id}: {:?}", x.consistency().expect("something was promised").sentence);
        assert_eq!(grade(&x), Grade::Broken, "{id}");
        assert_eq!(grade(&run(&other(id), 100)), Grade::Kept, "{id}");
    }
}
