//! ZooKeeper under random faults: Zab's guarantees, the sessions', and planted mistakes.

mod zookeeper_schedules;
mod zookeeper_world;

use std::collections::BTreeMap;

use zookeeper_schedules::{Outcomes, storm, watched};

/// What the mistakes break often enough; all others have observations made by hand, beside the watch.
const INVARIANTS: [&str; 8] = [
    "total_order",
    "agreement",
    "local_primary_order",
    "global_primary_order",
    "primary_integrity",
    "ephemeral",
    "session_order",
    "watch_order",
];

const BROKEN: [&str; 6] = [
    "no_synchronisation",
    "no_epoch_check",
    "ack_before_sync",
    "no_zxid_check",
    "no_version",
    "late_watches",
];

fn reproduce(seed: u64, why: &str) -> String {
    format!(
        "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test zookeeper one_schedule"
    )
}

#[test]
fn zab_and_sessions_under_a_thousand_random_schedules() {
    let mut total = Outcomes::default();
    for seed in 0..1000 {
        total.add(&storm(seed, "none").unwrap_or_else(|why| panic!("{}", reproduce(seed, &why))));
    }
    // A protocol that does nothing is safe as well: it must also have done its work.
    println!("{total:?}");
    assert!(total.writes > 100_000 && total.reads > 100_000 && total.in_doubt > 8_000);
    assert!(total.compared > 5_000 && total.held_equal > 1_000);
    assert!(total.epochs > 3_500 && total.truncated > 250 && total.snapshots > 300);
    assert!(total.expired > 1_000 && total.held > 10_000);
    // The checkers were not put off: hardly a history was left open.
    assert!(total.undecided < 20);
}

#[test]
fn one_schedule() {
    if let Some(seed) = std::env::var("NETSPLIT_SEED").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        let broken = std::env::var("NETSPLIT_BROKEN").unwrap_or_default();
        let broken = BROKEN.into_iter().find(|known| *known == broken).unwrap_or("none");
        println!("{:?}", storm(seed, broken).unwrap_or_else(|why| panic!("{why}")));
    }
}

/// By the watch alone, and by all that is checked. The correct variant passes a thousand of the same schedules above.
/// Most guarantees are broken by some mistake in some schedule.
#[test]
fn each_mistake_is_caught_within_two_hundred_schedules() {
    let mut told: BTreeMap<&str, u32> = BTreeMap::new();
    for broken in BROKEN {
        let mut first = None;
        for seed in 0..200 {
            for breach in watched(seed, broken) {
                first.get_or_insert((seed, breach));
                *told.entry(breach).or_default() += 1;
            }
        }
        let all = (0..200).find_map(|seed| Some((seed, storm(seed, broken).err()?)));
        println!("{broken}: watched {first:?}, found {all:?}");
        // What a client was told of its comparison no server's state contradicts.
        assert!((first.is_some() || broken == "no_version") && all.is_some(), "{broken}");
    }
    println!("{told:?}");
    for invariant in INVARIANTS {
        assert!(told.contains_key(invariant), "{invariant} is never broken: {told:?}");
    }
}
