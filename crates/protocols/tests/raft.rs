//! Raft's safety, each property on its own, under random faults; its laws of latency; and planted mistakes.

mod oracle;

use netsplit_protocols::leader_election::raft::{self, Planted};
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::{NodeId, Simulation};
use oracle::{servers, setup, storm};

fn reproduce(seed: u64, why: &str) -> String {
    format!(
        "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test raft one_schedule"
    )
}

#[test]
fn safety_under_a_thousand_random_schedules() {
    let (mut writes, mut reads, mut changes, mut truncated) = (0, 0, 0, 0);
    for seed in 0..1000 {
        let nodes = 3 + 2 * (seed % 2) as u32;
        let oracle =
            storm(seed, nodes, Planted::None).unwrap_or_else(|why| panic!("{}", reproduce(seed, &why)));
        writes += oracle.acknowledged.len() as u64;
        reads += oracle.reads;
        changes += oracle.changes;
        truncated += oracle.truncated;
    }
    // A protocol that does nothing is safe as well: it must also have done its work.
    println!("writes {writes}, reads {reads}, leader changes {changes}, truncated {truncated}");
    assert!(writes > 40_000 && reads > 40_000, "writes {writes}, reads {reads}");
    assert!(changes > 3_000 && truncated > 200, "leader changes {changes}, truncated {truncated}");
}

#[test]
fn one_schedule() {
    if let Some(seed) = std::env::var("NETSPLIT_SEED").ok().and_then(|seed| seed.parse::<u64>().ok())
        && let Err(why) = storm(seed, 3 + 2 * (seed % 2) as u32, Planted::None)
    {
        panic!("{why}");
    }
}

fn caught(planted: Planted, seeds: u64) -> Option<u64> {
    (0..seeds).find(|seed| storm(*seed, 3 + 2 * (seed % 2) as u32, planted).is_err())
}

#[test]
fn an_unpersisted_vote_is_caught() {
    assert!(caught(Planted::VoteNotPersisted, 200).is_some());
}

#[test]
fn an_acknowledgement_before_the_sync_is_caught() {
    assert!(caught(Planted::AckBeforeSync, 200).is_some());
}

#[test]
fn truncation_without_a_conflict_is_caught() {
    assert!(caught(Planted::TruncateAlways, 200).is_some());
}

/// The watch that runs with every scenario finds the planted mistakes by itself. (That it finds nothing in Raft as
/// published is part of `storm`.)
#[test]
fn the_watch_finds_planted_mistakes() {
    for (planted, expected) in [
        (Planted::VoteNotPersisted, "election_safety"),
        (Planted::AckBeforeSync, "state_machine_safety"),
        (Planted::TruncateAlways, "leader_completeness"),
    ] {
        let watched = |seed| oracle::watched(seed, 3 + 2 * (seed % 2) as u32, planted);
        assert!((0..200).any(|seed| watched(seed).contains(&expected)), "{planted:?}");
    }
}

/// Two clients' hops, then the leader's sync beside the second fastest follower's round trip and sync.
#[test]
fn a_write_takes_exactly_as_long_as_the_law_says() {
    for slowest in [40, 400] {
        let mut setup = setup(1, 5, 0.01);
        setup.workload.clients = 1;
        setup.workload.timeout = 10 * SECOND;
        setup.settings.set("service", Value::Duration(0)).unwrap();
        setup.overrides = (1..=5)
            .map(|n| {
                let mut own = setup.settings.clone();
                // n1 stands first and at once; its followers sync at different speeds.
                let (min, max) = if n == 1 { (100, 100) } else { (3_000, 4_000) };
                own.set("election_min", Value::Duration(min * MILLISECOND)).unwrap();
                own.set("election_max", Value::Duration(max * MILLISECOND)).unwrap();
                own.set("sync", Value::Law(Distribution::Constant(n * MILLISECOND))).unwrap();
                (format!("n{n}"), own)
            })
            .collect();
        let one_way = [3, 7, 12, slowest];
        let profiles =
            one_way.map(|ms| Profile::new(Distribution::Constant(ms * MILLISECOND), Transport::Datagram));
        setup.network =
            Network::uniform(Profile::new(Distribution::Constant(5 * MILLISECOND), Transport::Datagram));
        for (follower, profile) in profiles.into_iter().enumerate() {
            setup.network.profiles.push(profile);
            let (follower, index) = (follower as u32 + 1, follower as u16 + 1);
            setup.network.by_link.insert((0, follower), index);
            setup.network.by_link.insert((follower, 0), index);
        }
        let mut sim = raft::cluster(&setup, Planted::None);
        sim.run(2 * SECOND, u64::MAX);
        let args = vec![1, 3, 9];
        let operation =
            netsplit_sim::node::Action { id: "operation".to_owned(), node: Some(NodeId(5)), args };
        sim.schedule_action(2 * SECOND + 1, operation);
        sim.run(3 * SECOND, u64::MAX);
        let mut seen = Vec::new();
        sim.drain(&mut seen);
        let end = seen
            .iter()
            .find(|o| matches!(o.what, What::Complete(_, Outcome::Ok(_), _)) && o.time > 2 * SECOND);
        let took = end.map(|o| o.time - 2 * SECOND - 1);
        // Leader: 1 ms. Followers: 2·3+2, 2·7+3, … : a majority is the leader and the second fastest, 17 ms.
        assert_eq!(took, Some((5 + 17 + 5) * MILLISECOND));
    }
}

#[test]
fn progress_if_and_only_if_a_majority_is_up() {
    for nodes in [3, 5] {
        for up in 0..1u32 << nodes {
            let mut sim = raft::cluster(&setup(7, nodes, 50.0), Planted::None);
            let down = (0..nodes).filter(|n| up & (1 << n) == 0).map(|n| Selector::Node(NodeId(n))).collect();
            let kind = FaultKind::Crash { host: true };
            sim.schedule_fault(Fault {
                at: 0,
                duration: None,
                kind,
                from: down,
                to: Vec::new(),
                message: None,
            });
            sim.run(5 * SECOND, u64::MAX);
            let committed = servers(&sim).iter().any(|s| s.commit > 1);
            assert_eq!(committed, up.count_ones() * 2 > nodes, "up: {up:b} of {nodes}");
        }
    }
}
