//! etcd's laws without faults, to the nanosecond and to the message.

mod etcd_world;

use etcd_world::{Etcd, servers, sessions, setup};
use netsplit_protocols::leader_election::etcd::{self, LOCK, Step};
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::trace::Kind;
use netsplit_sim::{NodeId, Simulation};

/// Members, 5 ms from everybody, with disks that take 2 ms; n1 leads from about 150 ms on. One client, who does nothing of
/// its own.
fn lab(nodes: u32, reads: &'static str, more: &[(&str, Value)]) -> Etcd {
    lab_of(nodes, reads, more, 2 * SECOND)
}

/// The same with another election timeout of the followers.
fn lab_of(nodes: u32, reads: &'static str, more: &[(&str, Value)], election: Nanos) -> Etcd {
    let mut setup = setup(1, nodes);
    setup.workload.clients = 1;
    setup.workload.timeout = 10 * SECOND;
    setup.workload.start = 3600 * SECOND;
    setup.network =
        Network::uniform(Profile::new(Distribution::Constant(5 * MILLISECOND), Transport::Stream));
    let mut set = |id: &str, value: Value| setup.settings.set(id, value).expect("declared");
    set("service", Value::Duration(0));
    set("sync", Value::Law(Distribution::Constant(2 * MILLISECOND)));
    set("heartbeat", Value::Duration(50 * MILLISECOND));
    set("election", Value::Duration(election));
    set("reads", Value::Choice(reads));
    set("watchers", Value::Int(0));
    set("contenders", Value::Int(0));
    for (id, value) in more {
        set(id, value.clone());
    }
    let mut first = setup.settings.clone();
    first.set("election", Value::Duration(150 * MILLISECOND)).expect("declared");
    setup.overrides.push(("n1".to_owned(), first));
    let mut sim = etcd::cluster(&setup);
    sim.watch(true);
    sim.run(2 * SECOND, u64::MAX);
    assert!(servers(&sim)[0].replica.settled());
    sim
}

/// How long an operation takes that the client asks a member for (function 0: read, 1: write, 2: compare and set), what was
/// answered, and how many messages went between members because of it.
fn ask(sim: &mut Etcd, member: u64, function: u64, value: u64, expected: u64) -> (Nanos, usize, Option<u64>) {
    let client = NodeId(sim.nodes().len() as u32 - 1);
    let start = sim.now() + 7 * MILLISECOND;
    // The same without the operation, for the heartbeats.
    let mut quiet = sim.fork();
    quiet.run(start + 150 * MILLISECOND, u64::MAX);
    let before = sim.events();
    let args = vec![function, 3, value, expected, member + 1];
    sim.schedule_action(start, Action { id: "operation".to_owned(), node: Some(client), args });
    sim.run(start + 150 * MILLISECOND, u64::MAX);
    let members = servers(sim).len() as u32;
    let between = |r: &&netsplit_sim::trace::Record| {
        r.event > before && r.kind == Kind::Arrive && r.node < members && r.peer < members
    };
    let count = |sim: &dyn Simulation| sim.core().trace.iter().filter(between).count();
    let messages = count(sim) - count(quiet.as_ref());
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    let found = seen.iter().find_map(|o| match o.what {
        What::Complete(_, Outcome::Ok(answer), _) if o.time >= start => Some((o.time - start, answer)),
        _ => None,
    });
    let (took, answer) = found.expect("answered");
    (took, messages, answer)
}

/// At the leader: the client's two hops, and between them a round trip and a sync; AppendEntries to each follower and its
/// answer, and the same once more to say that it is committed. At a follower the proposal goes to the leader first, and a
/// message later than the leader it hears that it is committed.
#[test]
fn a_put_costs_one_round_and_a_forwarded_one_a_message_more() {
    for nodes in [3, 5] {
        let (took, messages, _) = ask(&mut lab(nodes, "linearizable", &[]), 0, 1, 9, 0);
        let round = 2 * (nodes as usize - 1);
        assert_eq!((took, messages), ((5 + 12 + 5) * MILLISECOND, 2 * round));
        let (took, messages, _) = ask(&mut lab(nodes, "linearizable", &[]), 1, 1, 9, 0);
        assert_eq!((took, messages), ((5 + 5 + 12 + 5 + 5) * MILLISECOND, 2 * round + 1));
    }
}

#[test]
fn a_linearizable_read_costs_one_round_of_heartbeats_and_a_serializable_one_nothing() {
    for nodes in [3, 5] {
        let round = 2 * (nodes as usize - 1);
        let (took, messages, _) = ask(&mut lab(nodes, "linearizable", &[]), 0, 0, 0, 0);
        assert_eq!((took, messages), ((5 + 10 + 5) * MILLISECOND, round));
        // A follower asks its leader for the index, and is told.
        let (took, messages, _) = ask(&mut lab(nodes, "linearizable", &[]), 1, 0, 0, 0);
        assert_eq!((took, messages), ((5 + 5 + 10 + 5 + 5) * MILLISECOND, round + 2));
        for member in 0..u64::from(nodes) {
            let (took, messages, _) = ask(&mut lab(nodes, "serializable", &[]), member, 0, 0, 0);
            assert_eq!((took, messages), (10 * MILLISECOND, 0));
        }
    }
}

#[test]
fn a_transaction_puts_what_its_comparison_allows() {
    let mut sim = lab(3, "linearizable", &[]);
    // Absent, absent no more, equal, equal no more; and nobody gets anything else than what is there.
    for (value, expected, held) in [(7, 0, 1), (8, 0, 0), (8, 7, 1), (9, 7, 0)] {
        assert_eq!(ask(&mut sim, 0, 2, value, expected).2, Some(held));
        let now = if held == 1 { value } else { ask(&mut sim, 1, 0, 0, 0).2.unwrap_or(0) };
        assert_eq!(ask(&mut sim, 2, 0, 0, 0).2, Some(now));
    }
    let store = &servers(&sim)[0].store;
    let held = store.keys.iter().next().map(|(_, held)| *held).expect("a key");
    // An empty store is at revision 1; what does not change it has no revision.
    assert_eq!((store.revision, held.create_revision, held.mod_revision, held.version), (3, 2, 3, 2));
}

/// From the last keep-alive on a lease lasts its time to live, and until the leader's next look twice a second.
#[test]
fn a_lease_lasts_as_long_as_it_was_granted_and_a_new_leader_grants_it_anew() {
    for crash in [false, true] {
        let more = [
            ("contenders", Value::Int(1)),
            ("ttl", Value::Duration(3 * SECOND)),
            ("hold", Value::Duration(0)),
        ];
        let mut sim = lab(3, "linearizable", &more);
        sim.run(3 * SECOND, u64::MAX);
        assert!(sessions(&sim)[0].holds);
        let fault = |sim: &mut Etcd, node: u32| {
            let (at, kind) = (sim.now() + 1, FaultKind::Crash { host: true });
            let from = vec![Selector::Node(NodeId(node))];
            sim.schedule_fault(Fault {
                at,
                duration: None,
                kind,
                from,
                to: Vec::new(),
                message: None,
                directed: false,
            });
        };
        let last = servers(&sim)[0].lessor.expiry.values().copied().max().expect("a lease");
        fault(&mut sim, 3);
        sim.run(sim.now() + 2, u64::MAX);
        assert_eq!(servers(&sim)[0].lessor.expiry.values().copied().max(), Some(last));
        let gone = |sim: &Etcd| servers(sim).iter().skip(1).all(|server| server.store.leases.is_empty());
        let (mut earliest, mut latest) = (last, last + 500 * MILLISECOND + 100 * MILLISECOND);
        if crash {
            fault(&mut sim, 0);
            // A leader stands after one to two election timeouts of 2 s, and gives all its time and one of them more.
            earliest = sim.now() + 2 * SECOND + 3 * SECOND + 2 * SECOND;
            latest = sim.now() + 4 * SECOND + 3 * SECOND + 2 * SECOND + SECOND;
        }
        while !gone(&sim) {
            sim.run(sim.now() + MILLISECOND, u64::MAX);
            assert!(sim.now() <= latest, "late");
        }
        assert!(sim.now() >= earliest, "early: {} instead of {earliest}", sim.now());
    }
}

/// A watch costs each event one message, wherever it is, and is told all of them in order.
#[test]
fn a_watch_is_told_each_change_once() {
    let mut sim = lab(3, "linearizable", &[("watchers", Value::Int(3))]);
    let revision = servers(&sim)[0].store.revision;
    for value in 1..=20 {
        ask(&mut sim, value % 3, 1, value, 0);
    }
    sim.run(sim.now() + SECOND, u64::MAX);
    for session in sessions(&sim) {
        assert_eq!((session.events, session.revision), (20, revision + 20));
    }
}

/// Between two nodes; from the next nanosecond on.
fn link(sim: &mut Etcd, from: u32, to: u32, kind: FaultKind, span: Nanos) {
    let node = |node| vec![Selector::Node(NodeId(node))];
    let (at, from, to) = (sim.now() + 1, node(from), node(to));
    sim.schedule_fault(Fault { at, duration: Some(span), kind, from, to, message: None, directed: false });
}

/// A lease of 100 ms is granted for a second: a client that is cut off for less than that has it still.
#[test]
fn a_client_counts_the_time_that_was_granted() {
    let more = [
        ("contenders", Value::Int(1)),
        ("ttl", Value::Duration(100 * MILLISECOND)),
        ("hold", Value::Duration(0)),
    ];
    let mut sim = lab(3, "linearizable", &more);
    sim.run(4 * SECOND, u64::MAX);
    assert_eq!(servers(&sim)[0].store.leases.values().copied().collect::<Vec<_>>(), [SECOND]);
    // The answer is 5 ms older when it is there.
    let counted =
        sessions(&sim)[0].deadline - servers(&sim)[0].lessor.expiry.values().copied().max().unwrap();
    assert_eq!(counted, 5 * MILLISECOND);
    link(&mut sim, 3, 0, FaultKind::Cut, 500 * MILLISECOND);
    sim.run(12 * SECOND, u64::MAX);
    let session = sessions(&sim)[0];
    assert!(session.holds && (session.held, session.lost) == (1, 0), "{} lost", session.lost);
}

/// Somebody puts the lock's key by hand, without a lease: all contenders wait until it is deleted, and make no leases.
#[test]
fn a_key_without_a_lease_is_waited_for() {
    let mut sim = lab(3, "linearizable", &[("contenders", Value::Int(2))]);
    let client = NodeId(sim.nodes().len() as u32 - 1);
    let args = vec![1, LOCK, 9, 0, 1];
    sim.schedule_action(3 * SECOND, Action { id: "operation".to_owned(), node: Some(client), args });
    sim.run(5 * SECOND, u64::MAX);
    let leases: Vec<u64> = servers(&sim)[0].store.leases.keys().copied().collect();
    assert_eq!(leases.len(), 2);
    sim.run(30 * SECOND, u64::MAX);
    assert!(sessions(&sim).iter().all(|session| session.step == Step::Waiting && !session.holds));
    assert_eq!(servers(&sim)[0].store.leases.keys().copied().collect::<Vec<_>>(), leases);
    assert_eq!(servers(&sim)[0].store.get(LOCK), Some(9));
}

/// Who gives the lock back has it no more, however late the answer is.
#[test]
fn without_a_fault_nobody_believes_in_a_lock_that_another_has() {
    let mut sim = lab(3, "linearizable", &[("contenders", Value::Int(2)), ("hold", Value::Duration(SECOND))]);
    for member in 0..3 {
        link(&mut sim, member, 3, FaultKind::Latency(300 * MILLISECOND), 3600 * SECOND);
    }
    while sim.now() < 40 * SECOND {
        sim.run(sim.now() + MILLISECOND, u64::MAX);
        let holders = sessions(&sim).iter().filter(|session| session.holds).count();
        assert!(holders <= 1, "{holders} at {}", sim.now());
    }
    let held: Vec<u64> = sessions(&sim).iter().map(|session| session.held).collect();
    assert!(held.iter().all(|held| *held > 5), "{held:?}");
}

/// For every set of members that are up: changes and linearizable reads are answered if it is a majority, serializable
/// reads if the member that is asked is up.
#[test]
fn without_a_majority_only_serializable_reads_are_answered() {
    for (nodes, up) in (1..=5).flat_map(|nodes| (0..1u32 << nodes).map(move |up| (nodes, up))) {
        for (reads, function) in [("linearizable", 0), ("linearizable", 1), ("serializable", 0)] {
            let mut sim = lab_of(nodes, reads, &[], 300 * MILLISECOND);
            let from = (0..nodes).filter(|n| up & (1 << n) == 0).map(|n| Selector::Node(NodeId(n))).collect();
            let (at, kind) = (sim.now() + 1, FaultKind::Crash { host: true });
            sim.schedule_fault(Fault {
                at,
                duration: None,
                kind,
                from,
                to: Vec::new(),
                message: None,
                directed: false,
            });
            let client = NodeId(nodes);
            let asked = up.trailing_zeros().min(nodes - 1);
            let args = vec![function, 3, 9, 0, u64::from(asked) + 1];
            let at = sim.now() + 3 * SECOND;
            sim.schedule_action(at, Action { id: "operation".to_owned(), node: Some(client), args });
            sim.run(at + 5 * SECOND, u64::MAX);
            let mut seen = Vec::new();
            sim.drain(&mut seen);
            let answered = seen.iter().any(|o| matches!(o.what, What::Complete(_, Outcome::Ok(_), _)));
            let expected = if reads == "serializable" { up > 0 } else { up.count_ones() * 2 > nodes };
            assert_eq!(answered, expected, "{reads}, function {function}, up {up:b} of {nodes}");
        }
    }
}

/// A leader that was paused while another one was elected finds a keep-alive before it hears of that. It renews nothing on
/// its own word (`ensureLeadership` of `server/etcdserver/v3_server.go`): the other one counts the lease from earlier on.
#[test]
fn a_change_of_leader_shortens_no_lease() {
    for pause in (2..30).map(|step| step * 100 * MILLISECOND) {
        let (hold, ttl) = (Value::Duration(0), Value::Duration(10 * SECOND));
        let more = [("contenders", Value::Int(1)), ("hold", hold), ("ttl", ttl)];
        let mut sim = lab_of(3, "linearizable", &more, 500 * MILLISECOND);
        assert!(sessions(&sim)[0].holds);
        // Until a keep-alive is about to reach the leader.
        let before = sessions(&sim)[0].deadline;
        let ttl = servers(&sim)[0].store.leases.values().copied().max().expect("a lease");
        let next = before - ttl + ttl / 3;
        sim.run(next + 2 * MILLISECOND, u64::MAX);
        let fault = |sim: &mut Etcd, node: u32, kind: FaultKind, span: Nanos| {
            let (at, from) = (sim.now() + 1, vec![Selector::Node(NodeId(node))]);
            sim.schedule_fault(Fault {
                at,
                duration: Some(span),
                kind,
                from,
                to: Vec::new(),
                message: None,
                directed: false,
            });
        };
        fault(&mut sim, 0, FaultKind::Pause, pause);
        sim.run(sim.now() + pause + 20 * MILLISECOND, u64::MAX);
        // From here on the client is away; its clock is as good as any.
        let until = sessions(&sim)[0].deadline;
        fault(&mut sim, 3, FaultKind::Cut, 60 * SECOND);
        sim.run(until - MILLISECOND, u64::MAX);
        let kept = servers(&sim).iter().all(|server| !server.store.leases.is_empty());
        assert!(
            kept,
            "paused for {pause}: the client was told that it has the lease until {until}, from {before}"
        );
    }
}
