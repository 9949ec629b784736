//! Raft's laws without faults, to the nanosecond and to the message.

mod raft_world;

use Switch::{Choice, Int, Span};
use netsplit_protocols::leader_election::raft;
use netsplit_protocols::parts::raft::{MESSAGES, Replica};
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
use raft_world::{Raft, Switch, replicas, set, setup};

/// n1 leads from about 100 ms on. Follower k syncs in `syncs[k]` ms and is `ways[k - 1]` ms from n1; the one client is
/// 5 ms from everybody.
fn lab(syncs: &[u64], ways: &[u64], switches: &[(&str, Switch)]) -> Raft {
    let nodes = syncs.len() as u32;
    let mut setup: Setup = setup(1, nodes, 0.01);
    setup.workload.clients = 1;
    setup.workload.timeout = 10 * SECOND;
    set(&mut setup.settings, "service", Span(0));
    set(&mut setup.settings, "heartbeat", Span(30 * MILLISECOND));
    for (id, value) in switches {
        set(&mut setup.settings, id, *value);
    }
    setup.overrides = (1..=nodes)
        .map(|n| {
            let mut own = setup.settings.clone();
            // n1 stands first and at once.
            let (min, max) = if n == 1 { (100, 100) } else { (3_000, 4_000) };
            set(&mut own, "election_min", Span(min * MILLISECOND));
            set(&mut own, "election_max", Span(max * MILLISECOND));
            let sync = Distribution::Constant(syncs[n as usize - 1] * MILLISECOND);
            own.set("sync", Value::Law(sync)).expect("declared");
            (format!("n{n}"), own)
        })
        .collect();
    let constant = |ms: u64| Profile::new(Distribution::Constant(ms * MILLISECOND), Transport::Datagram);
    setup.network = Network::uniform(constant(5));
    for (follower, way) in (1u32..).zip(ways) {
        setup.network.profiles.push(constant(*way));
        let index = setup.network.profiles.len() as u16 - 1;
        setup.network.by_link.insert((0, follower), index);
        setup.network.by_link.insert((follower, 0), index);
    }
    let mut sim = raft::cluster(&setup);
    sim.run(2 * SECOND, u64::MAX);
    assert!(replicas(&sim).next().is_some_and(|n1| n1.settled()));
    sim
}

fn client(sim: &Raft) -> NodeId {
    NodeId(sim.nodes().iter().position(|node| node.server().is_none()).expect("a client") as u32)
}

/// How long an operation takes that the client asks for just after 2 s (function 0: read, 1: write), and how many
/// messages went between servers because of it.
fn ask(sim: &mut Raft, function: u64) -> (Nanos, usize) {
    let client = client(sim);
    let start = sim.now() + 10 * MILLISECOND;
    // The same without the operation, for the heartbeats.
    let mut quiet = sim.fork();
    quiet.run(start + 150 * MILLISECOND, u64::MAX);
    let before = sim.events();
    let action = Action { id: "operation".to_owned(), node: Some(client), args: vec![function, 3, 9, 0, 1] };
    sim.schedule_action(start, action);
    sim.run(start + 150 * MILLISECOND, u64::MAX);
    let servers = client.0;
    let between = |r: &&netsplit_sim::trace::Record| {
        r.event > before && r.kind == Kind::Arrive && r.node < servers && r.peer < servers
    };
    let count = |sim: &dyn Simulation| sim.core().trace.iter().filter(between).count();
    let messages = count(sim) - count(quiet.as_ref());
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    let done = |what: &What| matches!(what, What::Complete(_, Outcome::Ok(_), _));
    let end = seen.iter().find(|o| done(&o.what) && o.time >= start).expect("answered");
    (end.time - start, messages)
}

/// Two hops of the client, and between them the leader's sync beside the round trip and the sync of the follower that
/// makes the majority.
#[test]
fn a_write_takes_exactly_as_long_as_the_law_says() {
    let cases: [(&[u64], &[u64]); 5] = [
        (&[1, 2, 3], &[3, 7]),
        (&[30, 2, 3], &[3, 7]),
        (&[1, 2, 3, 4, 5], &[3, 7, 12, 20]),
        (&[1, 9, 3, 1, 5], &[3, 7, 4, 20]),
        (&[1, 2, 3, 4, 5, 6, 7], &[3, 7, 12, 20, 5, 6]),
    ];
    for (syncs, ways) in cases {
        // A majority, of which the leader need not be one where its disk is the slowest (dissertation, 10.2.1).
        let mut rounds: Vec<u64> = ways.iter().zip(&syncs[1..]).map(|(way, sync)| 2 * way + sync).collect();
        rounds.push(syncs[0]);
        rounds.sort_unstable();
        let expected = (5 + rounds[syncs.len() / 2] + 5) * MILLISECOND;
        let (took, messages) = ask(&mut lab(syncs, ways, &[]), 1);
        assert_eq!(took, expected, "{syncs:?} {ways:?}");
        // AppendEntries to each follower and its answer.
        assert_eq!(messages, 2 * (syncs.len() - 1), "{syncs:?}");
    }
}

#[test]
fn a_slower_minority_changes_nothing() {
    let fast = ask(&mut lab(&[1, 2, 3, 4, 5], &[3, 7, 12, 13], &[]), 1).0;
    let slow = ask(&mut lab(&[1, 2, 3, 40, 30], &[3, 7, 40, 50], &[]), 1).0;
    assert_eq!(fast, slow);
    let slower_majority = ask(&mut lab(&[1, 2, 3, 40, 30], &[3, 8, 40, 50], &[]), 1).0;
    assert_eq!(slower_majority, fast + 2 * MILLISECOND);
}

/// ReadIndex adds one round trip to a majority to the client's hops, a lease nothing, the log all that a write takes.
#[test]
fn reads_take_exactly_as_long_as_the_law_says() {
    let (syncs, ways): (&[u64], &[u64]) = (&[1, 2, 3, 4, 5], &[3, 7, 12, 20]);
    let by = |reads| ask(&mut lab(syncs, ways, &[("reads", Choice(reads))]), 0);
    assert_eq!(by("read_index"), ((5 + 14 + 5) * MILLISECOND, 8));
    assert_eq!(by("lease"), (10 * MILLISECOND, 0));
    assert_eq!(by("leader_local"), (10 * MILLISECOND, 0));
    assert_eq!(by("log"), ((5 + 17 + 5) * MILLISECOND, 8));
}

/// What is collected for a while goes out in one message, and waits for as long.
#[test]
fn a_batch_is_one_message() {
    let batch = [("batch", Span(20 * MILLISECOND)), ("heartbeat", Span(250 * MILLISECOND))];
    let (took, messages) = ask(&mut lab(&[1, 2, 3], &[3, 7], &batch), 1);
    assert_eq!((took, messages), ((5 + 20 + 8 + 5) * MILLISECOND, 4));
    let mut sim = lab(&[1, 2, 3], &[3, 7], &batch);
    let start = sim.now() + 10 * MILLISECOND;
    for n in 0..10 {
        let action =
            Action { id: "operation".to_owned(), node: Some(NodeId(3 + 4)), args: vec![1, n, 7, 0, 1] };
        sim.schedule_action(start + n * MILLISECOND, action);
    }
    // Who joins a batch that goes out anyway costs no message.
    assert_eq!(ask(&mut sim, 1), ((5 + 20 + 8 + 5) * MILLISECOND, 0));
}

#[test]
fn progress_if_and_only_if_a_majority_is_up() {
    for nodes in 3..=7 {
        for up in 0..1u32 << nodes {
            let mut sim = raft::cluster(&setup(7, nodes, 50.0));
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
            let committed = replicas(&sim).any(|replica| replica.commit > 1);
            assert_eq!(committed, up.count_ones() * 2 > nodes, "up: {up:b} of {nodes}");
        }
    }
}

/// A follower that needs a snapshot gets it in chunks, one a round trip (figure 13).
#[test]
fn a_snapshot_takes_a_round_trip_a_chunk() {
    let switches = [("snapshot_every", Int(10)), ("snapshot_chunk", Int(64))];
    let mut sim = lab(&[1, 1, 1], &[3, 3], &switches);
    let client = client(&sim);
    let node = |n: u32| Selector::Node(NodeId(n));
    let (cut, healed) = (sim.now() + MILLISECOND, sim.now() + SECOND);
    for other in [0, 1] {
        let duration = Some(healed - cut);
        let (from, to) = (vec![node(2)], vec![node(other)]);
        sim.schedule_fault(Fault {
            at: cut,
            duration,
            kind: FaultKind::Cut,
            from,
            to,
            message: None,
            directed: false,
        });
    }
    for number in 1..=40 {
        let args = vec![1, number % 12, number, 0, 1];
        let action = Action { id: "operation".to_owned(), node: Some(client), args };
        sim.schedule_action(cut + number * 20 * MILLISECOND, action);
    }
    sim.run(healed + SECOND, u64::MAX);
    let all: Vec<&Replica> = replicas(&sim).take(3).collect();
    assert!(all[2].installed == 1 && all[2].commit == all[0].commit && all[0].commit > 40);
    let bytes = all[0].snapshot.as_ref().expect("it was taken").bytes;
    let label = MESSAGES.iter().position(|kind| kind.label == "InstallSnapshot").expect("declared");
    let chunks: Vec<Nanos> = sim
        .core()
        .trace
        .iter()
        .filter(|r| r.kind == Kind::Arrive && r.node == 2 && usize::from(r.label) == label)
        .map(|r| r.time)
        .collect();
    assert_eq!(chunks.len() as u32, bytes.div_ceil(64));
    assert!(
        chunks.len() > 3 && chunks.windows(2).all(|pair| pair[1] - pair[0] == 6 * MILLISECOND),
        "{chunks:?}"
    );
}
