//! ZooKeeper's sessions and the lock by them: when they expire, which server they belong to, and which server their client
//! asks.

mod zookeeper_world;

use netsplit_protocols::leader_election::zookeeper::{self, Role, Step, ZOOKEEPER};
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::trace::Kind;
use netsplit_sim::{NodeId, Simulation};
use zookeeper_world::{Ensemble, contenders, servers, setup};

/// Contenders, servers at 5 ms from everybody, ticks of a second; no other clients. The last server leads, and the first
/// contender, who was refused at n1 while nobody did, is connected to n2.
fn world(nodes: u32, contenders: i64, session: Nanos, hold: Nanos, give_up: Nanos) -> Ensemble {
    let begun = (0..100).map(|seed| {
        let mut sim = begin(seed, nodes, contenders, session, hold, give_up);
        until(&mut sim, 20 * SECOND, |sim| zookeeper_world::contenders(sim)[0].connected());
        sim
    });
    let fits = |sim: &Ensemble| {
        let leads = servers(sim).last().is_some_and(|server| server.established());
        leads && zookeeper_world::contenders(sim)[0].server() == NodeId(1)
    };
    begun.into_iter().find(fits).expect("some seed")
}

fn begin(seed: u64, nodes: u32, contenders: i64, session: Nanos, hold: Nanos, give_up: Nanos) -> Ensemble {
    let mut setup = setup(seed, nodes);
    setup.workload.clients = 0;
    let mut set = |id: &str, value: Value| setup.settings.set(id, value).expect("declared");
    set("contenders", Value::Int(contenders));
    set("tick", Value::Duration(SECOND));
    set("sync_limit", Value::Int(20));
    set("session", Value::Duration(session));
    set("hold", Value::Duration(hold));
    setup.network =
        Network::uniform(Profile::new(Distribution::Constant(5 * MILLISECOND), Transport::Stream));
    setup.network.give_up = give_up;
    zookeeper::cluster(&setup)
}

/// Between two nodes, or at the first of them; from the next nanosecond on.
fn fault(sim: &mut Ensemble, from: u32, to: u32, kind: FaultKind, span: Nanos) {
    let node = |node| vec![Selector::Node(NodeId(node))];
    let at = sim.now() + 1;
    let (from, to) = (node(from), node(to));
    sim.schedule_fault(Fault { at, duration: Some(span), kind, from, to, message: None, directed: false });
}

/// Runs until something is so, and says when.
fn until(sim: &mut Ensemble, limit: Nanos, so: impl Fn(&Ensemble) -> bool) -> Nanos {
    while !so(sim) {
        assert!(sim.now() < limit, "not within {limit} ns");
        sim.run(sim.now() + MILLISECOND, u64::MAX);
    }
    sim.now()
}

fn arrived(sim: &Ensemble, label: &str, since: Nanos) -> usize {
    let kind = ZOOKEEPER.messages.iter().position(|kind| kind.label == label).expect("known") as u8;
    let records = sim.core().trace.iter();
    records.filter(|r| r.time >= since && r.kind == Kind::Arrive && r.label == kind).count()
}

/// p1 has its child deleted through n2, which is slow to reach the leader n3, and goes on at n3. When the deletion arrives
/// the session belongs to n3: it is refused, and p1 has the lock that it has found it still has.
#[test]
fn a_request_through_the_server_that_a_session_has_left_is_refused() {
    let mut sim = world(3, 2, 6 * SECOND, 10 * SECOND, 300 * MILLISECOND);
    let asked = until(&mut sim, 40 * SECOND, |sim| contenders(sim)[0].step == Step::Leaving);
    fault(&mut sim, 1, 2, FaultKind::Latency(5 * SECOND), SECOND);
    sim.run(asked + 6 * MILLISECOND, u64::MAX);
    fault(&mut sim, 3, 1, FaultKind::Cut, 20 * SECOND);
    let back = until(&mut sim, asked + 4 * SECOND, |sim| contenders(sim)[0].holds);
    assert_eq!((contenders(&sim)[0].server(), arrived(&sim, "SESSIONMOVED", asked)), (NodeId(2), 0));
    while sim.now() < back + 9 * SECOND {
        sim.run(sim.now() + MILLISECOND, u64::MAX);
        let holders = contenders(&sim).iter().filter(|client| client.holds).count();
        assert!(holders == 1 && contenders(&sim)[0].holds, "at {}", sim.now());
    }
    assert_eq!(arrived(&sim, "SESSIONMOVED", asked), 1, "the deletion has come, too late");
    until(&mut sim, back + 11 * SECOND, |sim| contenders(sim)[1].holds);
}

/// p1's session is renewed through n3 only after p1 has given n3 up and gone on at n4: leader and client disagree on where
/// it is. What p1 asks at n4 is refused, and it connects anew instead of waiting for ever (ZOOKEEPER-710).
#[test]
fn a_session_that_was_renewed_elsewhere_too_late_is_connected_anew() {
    let mut sim = world(5, 2, 12 * SECOND, 20 * SECOND, 300 * MILLISECOND);
    until(&mut sim, 40 * SECOND, |sim| contenders(sim)[0].step == Step::Holding);
    let start = sim.now();
    fault(&mut sim, 2, 4, FaultKind::Latency(8 * SECOND), 8 * SECOND);
    fault(&mut sim, 5, 1, FaultKind::Cut, 100 * SECOND);
    let away = until(&mut sim, start + 11 * SECOND, |sim| {
        let client = contenders(sim)[0];
        client.connected() && client.server() == NodeId(3)
    });
    // n4's question and its answer; n3's is under way.
    assert_eq!(arrived(&sim, "REVALIDATE", start), 2);
    until(&mut sim, away + 40 * SECOND, |sim| arrived(sim, "SESSIONMOVED", start) > 0);
    until(&mut sim, away + 60 * SECOND, |sim| contenders(sim)[1].holds);
    assert_eq!(contenders(&sim)[0].expired, 0);
}

/// Who gives the lock back has it no more, however late the answer is.
#[test]
fn without_a_fault_nobody_believes_in_a_lock_that_another_has() {
    let mut sim = world(3, 2, 6 * SECOND, 500 * MILLISECOND, SECOND);
    sim.run(SECOND, u64::MAX);
    for server in 0..3 {
        fault(&mut sim, server, 3, FaultKind::Latency(300 * MILLISECOND), 3600 * SECOND);
    }
    while sim.now() < 20 * SECOND {
        sim.run(sim.now() + MILLISECOND, u64::MAX);
        let holders = contenders(&sim).iter().filter(|client| client.holds).count();
        assert!(holders <= 1, "{holders} at {}", sim.now());
    }
    assert!(contenders(&sim).iter().all(|client| client.held > 5));
}

/// A server that does not take a session is left after the timeout divided by the number of servers, and up to a second
/// later the next one is tried.
#[test]
fn a_silent_server_is_given_up_after_its_share_of_the_timeout() {
    for nodes in [3, 5] {
        let session = 15 * SECOND;
        let mut sim = world(nodes, 1, session, 0, 3600 * SECOND);
        for server in 1..3 {
            fault(&mut sim, nodes, server, FaultKind::Cut, 3600 * SECOND);
        }
        let at = |server| move |sim: &Ensemble| contenders(sim)[0].server() == NodeId(server);
        let left = until(&mut sim, 40 * SECOND, at(2));
        let share = session / u64::from(nodes);
        let tried = until(&mut sim, 40 * SECOND, at(3 % nodes)) - left;
        assert!(tried >= share && tried <= share + SECOND + MILLISECOND, "{tried} ns for {share} ns");
    }
}

/// The parent counts its sequential children from 0, and never the same number twice.
#[test]
fn the_first_sequential_child_is_number_0() {
    let mut sim = world(3, 1, 6 * SECOND, 100 * MILLISECOND, SECOND);
    for child in 0..3 {
        until(&mut sim, 20 * SECOND, |sim| {
            contenders(sim)[0].holds && contenders(sim)[0].child == Some(child)
        });
    }
}

/// n1 pings, but its disk does not finish: the leader gives it up when a proposal has waited for syncLimit ticks.
#[test]
fn a_follower_that_acknowledges_nothing_is_given_up() {
    let mut sim = world(3, 1, 6 * SECOND, 300 * MILLISECOND, SECOND);
    sim.run(5 * SECOND, u64::MAX);
    let stalled = sim.now();
    fault(&mut sim, 0, 0, FaultKind::StallDisk, 30 * SECOND);
    sim.run(stalled + 20 * SECOND, u64::MAX);
    assert!(servers(&sim).iter().all(|server| server.serving), "syncLimit is 20 ticks");
    until(&mut sim, stalled + 22 * SECOND, |sim| servers(sim)[0].role != Role::Following);
    assert!(servers(&sim)[1].serving && servers(&sim)[2].established());
    until(&mut sim, stalled + 40 * SECOND, |sim| servers(sim).iter().all(|server| server.serving));
}

/// A client that is cut off keeps its ephemeral znode, and believes in its lock, until the leader expires its session; it
/// is told only when it reaches a server again.
#[test]
fn a_session_expires_at_the_leader_first() {
    let mut setup = setup(5, 3);
    setup.workload.clients = 0;
    setup.settings.set("contenders", Value::Int(2)).unwrap();
    setup.settings.set("hold", Value::Duration(0)).unwrap();
    let timeout = 600 * MILLISECOND;
    let mut sim = zookeeper::cluster(&setup);
    sim.run(2 * SECOND, u64::MAX);
    let holder = contenders(&sim).iter().position(|client| client.holds).expect("one holds it");
    let from = vec![Selector::Node(NodeId(3 + holder as u32))];
    let cut = Fault {
        at: 2 * SECOND,
        duration: Some(2 * SECOND),
        kind: FaultKind::Partition(vec![from.clone()]),
        from: Vec::new(),
        to: Vec::new(),
        message: None,
        directed: false,
    };
    sim.schedule_fault(cut);
    // Not before the timeout, counted from its last ping at the latest a third before the cut.
    sim.run(2 * SECOND + timeout * 2 / 3 - 60 * MILLISECOND, u64::MAX);
    assert_eq!(servers(&sim).iter().map(|server| server.tree.expired).max(), Some(0));
    sim.run(3 * SECOND + 500 * MILLISECOND, u64::MAX);
    let both: Vec<bool> = contenders(&sim).iter().map(|client| client.holds).collect();
    assert_eq!(both, [true, true], "the old holder cannot know");
    assert!(!contenders(&sim)[holder].connected());
    assert_eq!(contenders(&sim)[holder].expired, 0);
    assert!(servers(&sim).iter().all(|server| server.tree.expired == 1 && server.tree.sessions.len() == 1));
    sim.run(7 * SECOND, u64::MAX);
    assert_eq!(contenders(&sim)[holder].expired, 1, "it was told");
    assert_eq!(contenders(&sim).iter().filter(|client| client.holds).count(), 1);
    assert!(servers(&sim).iter().all(|server| server.tree.sessions.len() == 2));
}

/// A session that its client closes ends at once, and with it its ephemeral znode: nothing need expire.
#[test]
fn a_closed_session_gives_the_lock_back_at_once() {
    let mut setup = setup(5, 3);
    setup.workload.clients = 0;
    setup.settings.set("contenders", Value::Int(2)).unwrap();
    setup.settings.set("hold", Value::Duration(0)).unwrap();
    let mut sim = zookeeper::cluster(&setup);
    sim.run(2 * SECOND, u64::MAX);
    let holder = contenders(&sim).iter().position(|client| client.holds).expect("one holds it");
    let node = Some(NodeId(3 + holder as u32));
    sim.schedule_action(2 * SECOND, Action { id: "close_session".to_owned(), node, args: Vec::new() });
    sim.run(2 * SECOND + 100 * MILLISECOND, u64::MAX);
    assert!(contenders(&sim)[1 - holder].holds && !contenders(&sim)[holder].holds);
    sim.run(5 * SECOND, u64::MAX);
    assert!(servers(&sim).iter().all(|s| s.tree.expired == 0 && s.tree.sessions.len() == 2));
    assert!(contenders(&sim)[1 - holder].holds && contenders(&sim)[holder].step == Step::Waiting);
}
