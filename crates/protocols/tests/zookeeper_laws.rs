//! ZooKeeper's laws without faults, exact to the nanosecond and the message: what a commit takes, how many messages it
//! costs, who can go on, how many a released lock wakes.

mod zookeeper_world;

use netsplit_protocols::leader_election::zookeeper::{self, Step, ZOOKEEPER, counter};
use netsplit_protocols::registry::Setup;
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::trace::Kind;
use netsplit_sim::{NodeId, Simulation};
use zookeeper_world::{Ensemble, contenders, servers, setup};

const CALM: Nanos = 5 * SECOND;

/// One client that asks nothing by itself; links of 5 ms, and of `one_way` ms between the last server and the others in
/// order. Server k needs k ms to sync; with equal histories the last server, of the highest id, is elected.
fn quiet(one_way: &[u64]) -> Setup {
    let nodes = one_way.len() as u32 + 1;
    let mut setup = setup(1, nodes);
    setup.workload.clients = 1;
    setup.workload.think = Distribution::Constant(3600 * SECOND);
    setup.workload.timeout = 10 * SECOND;
    // Pings are rare enough to keep out of the way.
    setup.settings.set("tick", Value::Duration(4 * SECOND)).unwrap();
    setup.settings.set("service", Value::Duration(0)).unwrap();
    setup.overrides = (1..=u64::from(nodes))
        .map(|n| {
            let mut own = setup.settings.clone();
            own.set("sync", Value::Law(Distribution::Constant(n * MILLISECOND))).unwrap();
            (format!("n{n}"), own)
        })
        .collect();
    let profile = |ms: u64| Profile::new(Distribution::Constant(ms * MILLISECOND), Transport::Stream);
    setup.network = Network::uniform(profile(5));
    for (follower, ms) in (0u32..).zip(one_way) {
        setup.network.profiles.push(profile(*ms));
        let index = follower as u16 + 1;
        setup.network.by_link.insert((nodes - 1, follower), index);
        setup.network.by_link.insert((follower, nodes - 1), index);
    }
    setup
}

/// Writes once at a server, and says how long that took.
fn write(sim: &mut Ensemble, at: Nanos, server: u32, value: u64) -> Nanos {
    let client = sim.nodes().len() as u32 - 1;
    let args = vec![1, 3, value, 0, u64::from(server) + 1];
    let action = Action { id: "operation".to_owned(), node: Some(NodeId(client)), args };
    sim.schedule_action(at, action);
    sim.run(at + SECOND, u64::MAX);
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    let done = seen.iter().find(|o| matches!(o.what, What::Complete(_, Outcome::Ok(_), _)) && o.time > at);
    done.expect("it is answered").time - at
}

/// Client's hop and, at a follower, the hop to the leader; the leader's sync beside the floor(n/2)-th fastest follower's
/// round trip and sync; at a follower, COMMIT's hop back; the answer's hop.
#[test]
fn a_write_takes_exactly_as_long_as_the_law_says() {
    for slowest in [40, 400] {
        // One way and sync of the followers n1 to n4; the leader n5 syncs in 5 ms.
        let one_way = [3, 7, slowest, 12];
        let mut sim = zookeeper::cluster(&quiet(&one_way));
        sim.run(CALM, u64::MAX);
        assert!(servers(&sim)[4].established(), "the highest id leads");
        // 2·3+1, 2·7+2, 2·12+4, … : the second fastest, 16 ms.
        let quorum = 16;
        assert_eq!(write(&mut sim, CALM + 1, 4, 7), (5 + quorum + 5) * MILLISECOND);
        for (at, follower) in [(2, 0), (4, 1)] {
            let hop = one_way[follower as usize];
            let took = write(&mut sim, CALM + at * SECOND, follower, 8 + at);
            assert_eq!(took, (5 + hop + quorum + hop + 5) * MILLISECOND, "at n{}", follower + 1);
        }
    }
}

/// Compare and set: each with what is expected of key 3, what is set, and the server, at one instant; the answers of all,
/// what the znode holds then, and its version.
fn compared(broken: &'static str, all: &[(u64, u64, u32)]) -> (Vec<Option<u64>>, (u64, u32)) {
    let mut setup = quiet(&[5, 5]);
    for (_, own) in &mut setup.overrides {
        own.set("broken", Value::Choice(broken)).unwrap();
    }
    let mut sim = zookeeper::cluster(&setup);
    let client = Some(NodeId(sim.nodes().len() as u32 - 1));
    sim.run(CALM, u64::MAX);
    write(&mut sim, CALM + 1, 2, 7);
    for (expected, value, server) in all {
        let args = vec![2, 3, *value, *expected, u64::from(*server) + 1];
        sim.schedule_action(CALM + 2 * SECOND, Action { id: "operation".to_owned(), node: client, args });
    }
    sim.run(CALM + 4 * SECOND, u64::MAX);
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    let answers = seen.iter().filter_map(|o| match o.what {
        What::Complete(number, Outcome::Ok(answer), _) => Some((number, answer)),
        _ => None,
    });
    let mut answers: Vec<_> = answers.collect();
    answers.sort_unstable();
    let held: Vec<_> = servers(&sim).iter().map(|server| server.tree.held(3)).collect();
    assert!(held.iter().all(|one| *one == held[0]), "{held:?}");
    (answers.into_iter().map(|(_, answer)| answer).collect(), held[0])
}

/// Who expects something else is told so and writes nothing; of two that read the same, at different servers, the second
/// is BadVersion.
#[test]
fn a_comparison_holds_once_for_each_version() {
    assert_eq!(compared("none", &[(7, 8, 0)]), (vec![Some(1)], (8, 2)));
    assert_eq!(compared("none", &[(6, 8, 0)]), (vec![Some(0)], (7, 1)));
    assert_eq!(compared("none", &[(0, 8, 0)]), (vec![Some(0)], (7, 1)));
    let (answers, (value, version)) = compared("none", &[(7, 8, 0), (7, 9, 1)]);
    assert_eq!((answers.iter().flatten().sum::<u64>(), version), (1, 2), "{answers:?}");
    assert_eq!(answers, if value == 8 { [Some(1), Some(0)] } else { [Some(0), Some(1)] });
    // Set with the version -1, both hold.
    assert_eq!(compared("no_version", &[(7, 8, 0), (7, 9, 1)]).0, [Some(1), Some(1)]);
}

/// 2(n-1) for PROPOSAL and ACK, as in any commit by acknowledgements, and n-1 more: COMMIT is a message of its own.
#[test]
fn a_commit_costs_three_messages_a_follower() {
    for nodes in 3..=7u64 {
        let mut sim = zookeeper::cluster(&quiet(&vec![5; nodes as usize - 1]));
        sim.run(CALM, u64::MAX);
        // A forwarded write costs one more.
        for (round, server, forwarded) in [(1, nodes as u32 - 1, 0), (3, 0, 1)] {
            write(&mut sim, CALM + round * SECOND, server, 9);
            let count = |label: &str| {
                let kind =
                    ZOOKEEPER.messages.iter().position(|kind| kind.label == label).expect("known") as u8;
                let since = CALM + round * SECOND;
                let arrived = |r: &&netsplit_sim::trace::Record| {
                    r.time >= since && r.kind == Kind::Arrive && r.label == kind
                };
                sim.core().trace.iter().filter(arrived).count() as u64
            };
            assert_eq!(count("PROPOSAL"), nodes - 1);
            assert_eq!(count("ACK"), nodes - 1);
            assert_eq!(count("COMMIT"), nodes - 1);
            assert_eq!(count("REQUEST"), forwarded);
        }
    }
}

#[test]
fn progress_if_and_only_if_a_majority_is_up() {
    for nodes in 3..=7 {
        for up in 0..1u32 << nodes {
            let mut sim = zookeeper::cluster(&setup(7, nodes));
            let down = (0..nodes).filter(|n| up & (1 << n) == 0).map(|n| Selector::Node(NodeId(n))).collect();
            let kind = FaultKind::Crash { host: true };
            sim.schedule_fault(Fault {
                at: 0,
                duration: None,
                kind,
                from: down,
                to: Vec::new(),
                message: None,
                directed: false,
            });
            sim.run(4 * SECOND, u64::MAX);
            let committed = servers(&sim).iter().any(|server| counter(server.tree.zxid) > 1);
            assert_eq!(committed, up.count_ones() * 2 > nodes, "up: {up:b} of {nodes}");
        }
    }
}

/// All watch the holder: each release wakes all the others. Each watches its predecessor: each release wakes one.
#[test]
fn a_release_wakes_the_herd_or_one() {
    for (recipe, woken) in [("holder", 9), ("predecessor", 1)] {
        let mut setup = setup(3, 3);
        setup.workload.clients = 0;
        setup.settings.set("contenders", Value::Int(10)).unwrap();
        setup.settings.set("recipe", Value::Choice(recipe)).unwrap();
        let mut sim = zookeeper::cluster(&setup);
        let counts = |sim: &Ensemble| {
            let all = contenders(sim);
            let events: u64 = all.iter().map(|client| client.events).sum();
            let holds = all.iter().filter(|client| client.holds).count();
            assert!(holds <= 1, "{holds} hold the lock");
            (events, all.iter().map(|client| client.held).sum::<u64>())
        };
        let mut at = 3 * SECOND;
        // From one moment to another at which somebody holds it and all others wait.
        let mut settled = |sim: &mut Ensemble| loop {
            at += MILLISECOND;
            sim.run(at, u64::MAX);
            let waiting = contenders(sim).iter().filter(|client| client.step == Step::Waiting).count();
            if waiting == 9 && contenders(sim).iter().any(|client| client.step == Step::Holding) {
                return counts(sim);
            }
        };
        let (events, held) = settled(&mut sim);
        for _ in 0..2000 {
            settled(&mut sim);
        }
        let (more, held_more) = settled(&mut sim);
        println!("{recipe}: {} events for {} releases", more - events, held_more - held);
        assert!(held_more - held > 10);
        assert_eq!(more - events, woken * (held_more - held));
    }
}
