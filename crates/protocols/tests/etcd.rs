//! etcd under random faults: what it guarantees, and planted mistakes.

mod etcd_world;

use etcd_world::{Etcd, Outcomes, setup, storm, watched};
use netsplit_protocols::leader_election::etcd::{self, LOCK, Member};
use netsplit_protocols::parts::host::Hosted;
use netsplit_sim::declare::Value;
use netsplit_sim::history::{Observation, What};
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::{NodeId, Simulation};

const BROKEN: [&str; 5] =
    ["no_read_index", "watch_forgets", "local_expiry", "cas_unchecked", "revokes_forwarded"];

fn reproduce(seed: u64, why: &str) -> String {
    format!(
        "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test etcd one_schedule"
    )
}

#[test]
fn revisions_watches_and_leases_under_a_thousand_random_schedules() {
    let mut total = Outcomes::default();
    let asked = std::env::var("NETSPLIT_SCHEDULES").ok().and_then(|count| count.parse().ok());
    for seed in 0..asked.unwrap_or(1000) {
        total.add(&storm(seed, "none").unwrap_or_else(|why| panic!("{}", reproduce(seed, &why))));
    }
    // A protocol that does nothing is safe as well: it must also have done its work.
    println!("{total:?}");
    assert!(total.writes > 50_000 && total.reads > 50_000 && total.in_doubt > 10_000);
    assert!(total.compared > 20_000 && total.held_equal > 5_000);
    assert!(total.terms > 8_000 && total.truncated > 1_500 && total.snapshots > 500);
    assert!(total.events > 100_000 && total.gone > 150 && total.compactions > 500);
    assert!(total.held > 2_500 && total.lost > 700);
}

#[test]
fn one_schedule() {
    if let Some(seed) = std::env::var("NETSPLIT_SEED").ok().and_then(|seed| seed.parse::<u64>().ok()) {
        let broken = std::env::var("NETSPLIT_BROKEN").unwrap_or_default();
        let broken = BROKEN.into_iter().find(|known| *known == broken).unwrap_or("none");
        println!("{:?}", storm(seed, broken).unwrap_or_else(|why| panic!("{why}")));
    }
}

/// n2 leads, crashes and leads again; one of its messages of the earlier life is refused late, in the new term. What that
/// refusal says of the old life's rounds must not count as an answer to the new one's.
#[test]
fn a_leader_that_started_again_is_not_confirmed_by_what_it_sent_before() {
    storm(1_023_666, "none").unwrap_or_else(|why| panic!("{why}"));
}

/// A member loses a lease and keeps its key: no mistake on purpose does this, so it is done by hand.
#[test]
fn a_key_whose_lease_is_gone_is_told() {
    let mut setup = setup(1, 3);
    setup.settings.set("contenders", Value::Int(2)).expect("declared");
    let mut sim = etcd::cluster(&setup);
    sim.watch(true);
    let held = |sim: &Etcd| {
        let server = sim.nodes()[1].server().and_then(Member::server).expect("a member");
        server.store.keys.get(&LOCK).map(|held| held.lease)
    };
    while held(&sim).is_none() {
        sim.run(5 * SECOND, 1);
    }
    let told = |sim: &mut Etcd| -> Vec<&'static str> {
        let mut seen = Vec::new();
        sim.drain(&mut seen);
        let breach =
            |o: Observation| if let What::Breach(breach) = o.what { Some(breach.invariant) } else { None };
        seen.into_iter().filter_map(breach).collect()
    };
    assert!(told(&mut sim).is_empty());
    let lease = held(&sim).expect("it is held");
    let Hosted::Server(Member::Server(server)) = sim.node_mut(NodeId(1)) else { panic!("a member") };
    server.store.leases.remove(&lease);
    sim.run(sim.now() + 100 * MILLISECOND, u64::MAX);
    assert_eq!(told(&mut sim), ["lease_keys"]);
}

/// By the watch alone, and by all that is checked. The correct variant passes a thousand of the same schedules above.
#[test]
fn each_mistake_is_caught_within_two_hundred_schedules() {
    for broken in BROKEN {
        let watch: Vec<&str> = (0..200).filter_map(|seed| watched(seed, broken).first().copied()).collect();
        let all = (0..200).find_map(|seed| Some((seed, storm(seed, broken).err()?)));
        println!("{broken}: {} of 200 watched ({:?}), found {all:?}", watch.len(), watch.first());
        assert!(watch.len() >= 10 && all.is_some(), "{broken}");
    }
}
