//! Multi-Paxos: its invariants under random faults, its laws of latency and messages, planted mistakes, and the order
//! that it does not keep.

mod weather;

use netsplit_protocols::leader_election::paxos::{self, Command, MULTI_PAXOS, Role, Server, Watch};
use netsplit_protocols::parts::host::Hosted;
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Observation, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::watch::Watch as _;
use netsplit_sim::{Cluster, NodeId, Simulation};
use weather::{Clients, Observer, fill, setup, storm, with};

#[derive(Default)]
struct Run {
    watch: Watch,
    clients: Clients,
    order_lost: u64,
    /// Several proposals may be open: then their order is not promised.
    outstanding: bool,
    /// Times that it was lost.
    disordered: u64,
    checked: usize,
}

impl Observer<Hosted<Server>> for Run {
    fn after(&mut self, sim: &Cluster<Hosted<Server>>, who: NodeId, up: &[bool]) -> Result<(), String> {
        let nodes = sim.nodes();
        match self.watch.after(nodes, who, up) {
            Some(breach) if breach.invariant == "primary_order" && self.outstanding => self.disordered += 1,
            Some(breach) => return Err(format!("{breach:?}")),
            None => {}
        }
        // Only what a client asked may be decided.
        for value in &self.watch.decided[self.checked..] {
            if let Command::Client(client, operation) = value.command
                && self.clients.asked.get(&(client.0, operation.number)) != Some(&operation)
            {
                return Err(format!("validity: nobody asked for {operation:?}"));
            }
        }
        self.checked = self.watch.decided.len();
        Ok(())
    }
    fn hear(&mut self, seen: &[Observation]) -> Result<(), String> {
        self.clients.hear(seen);
        Ok(())
    }
}

fn one(seed: u64, how: &'static str) -> Result<Run, String> {
    windowed(seed, how, 16)
}

/// With so many proposals outstanding at most.
fn windowed(seed: u64, how: &'static str, window: i64) -> Result<Run, String> {
    let nodes = 3 + 2 * (seed % 2) as u32;
    let setup = with(setup(&MULTI_PAXOS, seed, nodes, 40.0), "broken", Value::Choice(how));
    let mut sim = paxos::cluster(&with(setup, "window", Value::Int(window)));
    let mut run = Run { outstanding: window > 1, ..Run::default() };
    // At whoever leads in the highest ballot.
    let aim = |nodes: &[Hosted<Server>]| {
        let leads =
            |at: &usize| nodes[*at].server().filter(|s| s.core.role == Role::Leading).map(|s| s.core.ballot);
        (0..nodes.len()).filter(|at| leads(at).is_some()).max_by_key(leads)
    };
    storm(&mut sim, seed, nodes, (10 * SECOND, 300 * MILLISECOND), |_| true, aim, &mut run)?;
    run.clients.linearizable()?;
    // Acknowledged writes are accepted on a majority's disks.
    for (key, value) in &run.clients.acknowledged {
        let is = |v: &paxos::Value| matches!(v.command, Command::Client(_, op) if (op.key, op.value) == (*key, *value));
        let holds = |node: &u32| {
            let disk = sim.disk(NodeId(*node));
            disk.chosen.iter().any(is) || disk.accepted.values().any(|(_, v)| is(v))
        };
        let copies = (0..nodes).filter(holds).count() as u32;
        if copies * 2 <= nodes {
            return Err(format!("durability: acknowledged value {value:x} is on {copies} of {nodes} disks"));
        }
    }
    run.order_lost =
        sim.nodes().iter().filter_map(Hosted::server).map(|s| s.core.order_lost).max().unwrap_or(0);
    Ok(run)
}

fn reproduce(seed: u64, why: &str) -> String {
    format!(
        "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test paxos one_schedule"
    )
}

#[test]
fn safety_under_a_thousand_random_schedules() {
    let (mut decided, mut compared, mut ballots, mut writes, mut reads, mut lost) = (0, 0, 0, 0, 0, 0);
    for seed in 0..1000 {
        let run = one(seed, "none").unwrap_or_else(|why| panic!("{}", reproduce(seed, &why)));
        decided += run.watch.decided.len();
        compared += run.watch.compared;
        ballots += run.watch.ballots;
        writes += run.clients.acknowledged.len();
        reads += run.clients.reads;
        // The other way round, whoever knew it may be down at the end.
        assert!(run.disordered > 0 || run.order_lost == 0, "seed {seed}");
        lost += run.order_lost;
    }
    println!(
        "paxos: {decided} decided, {compared} times compared, {ballots} leaders, {writes} writes, {reads} reads, {lost} lost before later ones"
    );
    assert!(decided > 80_000 && ballots > 2_500, "{decided} {ballots}");
    assert!(compared > 200_000, "{compared}");
    assert!(writes > 40_000 && reads > 40_000, "{writes} {reads}");
    assert!(lost > 500, "several proposals outstanding keep no order");
}

#[test]
fn one_proposal_at_a_time_keeps_the_order_of_its_primary() {
    let mut decided = 0;
    for seed in 0..300 {
        let run =
            windowed(seed, "none", 1).unwrap_or_else(|why| panic!("seed {seed}, one outstanding: {why}"));
        assert_eq!(run.order_lost, 0, "seed {seed}");
        decided += run.watch.decided.len();
    }
    println!("paxos, one outstanding: {decided} decided");
    assert!(decided > 10_000, "{decided}");
}

#[test]
fn one_schedule() {
    if let Some(seed) = std::env::var("NETSPLIT_SEED").ok().and_then(|seed| seed.parse::<u64>().ok())
        && let Err(why) = one(seed, "none")
    {
        panic!("{why}");
    }
}

#[test]
fn planted_mistakes_are_caught() {
    for how in ["acceptor_forgets", "adopts_any"] {
        let caught: Vec<String> = (0..200).filter_map(|seed| one(seed, how).err()).collect();
        let by = |what: &str| caught.iter().filter(|why| why.contains(what)).count();
        println!(
            "paxos, {how}: caught in {} of 200 schedules: promise {}, chosen {}, agreement {}, validity {}, clients {}, durability {}",
            caught.len(),
            by("paxos_promise"),
            by("paxos_chosen"),
            by("paxos_agreement"),
            by("paxos_validity"),
            by("linearizable"),
            by("durability")
        );
        assert!(caught.len() >= 20, "{how}: {}", caught.len());
    }
}

/// A node comes to know a slot to be decided out of nowhere.
#[test]
fn what_nobody_proposed_is_told_once() {
    let mut sim = paxos::cluster(&setup(&MULTI_PAXOS, 1, 3, 40.0));
    let (mut watch, mut told) = (Watch::default(), Vec::new());
    for events in 0..10_000 {
        sim.run(20 * SECOND, 1);
        let mut at = sim.core().trace.last().map_or(0, |record| record.node);
        if events == 5_000 {
            assert!(told.is_empty(), "{told:?}");
            let knows = |at: &u32| {
                let server = sim.nodes()[*at as usize].server();
                server.is_some_and(|s| s.core.decided() == watch.decided.len() as u64)
            };
            let first = (0..3).find(knows).expect("whoever knew the last one first");
            let Hosted::Server(server) = sim.node_mut(NodeId(first)) else { panic!("a server") };
            let mut value = *watch.decided.last().expect("something is decided");
            value.serial += 1_000_000;
            server.core.chosen.push(value);
            at = first;
        }
        told.extend(watch.after(sim.nodes(), NodeId(at), &[true; 5]).map(|breach| breach.invariant));
    }
    assert_eq!(told.iter().filter(|it| **it == "paxos_validity").count(), 1, "{told:?}");
}

fn most_decided(sim: &Cluster<Hosted<Server>>) -> u64 {
    sim.nodes().iter().filter_map(Hosted::server).map(|s| s.core.decided()).max().unwrap_or(0)
}

/// All disks, or those of a majority, have no room for 200 ms: nothing that is asked then is decided, and afterwards
/// all goes on as before.
#[test]
fn a_full_disk_holds_things_up_only_while_it_is_full() {
    let (mut during, mut after) = (0, 0);
    for seed in 0..100 {
        let nodes = 3 + 2 * (seed % 2) as u32;
        let mut sim = paxos::cluster(&setup(&MULTI_PAXOS, seed, nodes, 40.0));
        let at = 3 * SECOND + seed * 37 % 500 * MILLISECOND;
        let first = if seed % 4 < 2 { 0 } else { nodes / 2 };
        fill(&mut sim, at, 200 * MILLISECOND, first..nodes);
        // What is under way then may come to its end.
        sim.run(at + 40 * MILLISECOND, u64::MAX);
        let before = most_decided(&sim);
        sim.run(at + 200 * MILLISECOND, u64::MAX);
        let full = most_decided(&sim);
        assert_eq!(full, before, "seed {seed}");
        sim.run(at + 240 * MILLISECOND, u64::MAX);
        during += most_decided(&sim) - full;
        sim.run(at + 2_200 * MILLISECOND, u64::MAX);
        assert!(most_decided(&sim) > full + 40, "seed {seed}: {full}, then {}", most_decided(&sim));
        assert!(sim.nodes().iter().filter_map(Hosted::server).all(|s| s.core.refused() == 0), "seed {seed}");
        after += most_decided(&sim) - full;
    }
    println!("paxos: {during} slots that had waited for room, {after} in two seconds after it");
    assert!(during > 500 && after > 8_000, "{during} {after}");
}

/// n1 leads; its followers' hops and syncs differ.
fn quiet(slowest: u64) -> Cluster<Hosted<Server>> {
    let mut setup = setup(&MULTI_PAXOS, 1, 5, 0.01);
    setup.workload.clients = 1;
    setup.workload.timeout = 10 * SECOND;
    setup.settings.set("service", Value::Duration(0)).unwrap();
    setup.overrides = (1..=5)
        .map(|n| {
            let mut own = setup.settings.clone();
            let (min, max) = if n == 1 { (100, 100) } else { (3_000, 4_000) };
            own.set("election_min", Value::Duration(min * MILLISECOND)).unwrap();
            own.set("election_max", Value::Duration(max * MILLISECOND)).unwrap();
            own.set("sync", Value::Law(Distribution::Constant(n * MILLISECOND))).unwrap();
            (format!("n{n}"), own)
        })
        .collect();
    let constant = |ms| Profile::new(Distribution::Constant(ms * MILLISECOND), Transport::Datagram);
    setup.network = Network::uniform(constant(5));
    for (index, ms) in [3, 7, 12, slowest].into_iter().enumerate() {
        setup.network.profiles.push(constant(ms));
        let (follower, index) = (index as u32 + 1, index as u16 + 1);
        setup.network.by_link.insert((0, follower), index);
        setup.network.by_link.insert((follower, 0), index);
    }
    let mut sim = paxos::cluster(&setup);
    // Just after a heartbeat at a whole tenth of a second and the leader's sync of its promise.
    sim.run(2 * SECOND + 10 * MILLISECOND, u64::MAX);
    sim
}

/// Two clients' hops, then the leader's sync beside the second fastest follower's round trip and sync; and without
/// batching 2(n-1) messages between the servers.
#[test]
fn a_write_takes_exactly_as_long_and_as_many_messages_as_the_law_says() {
    for slowest in [40, 45] {
        let mut sim = quiet(slowest);
        let start = sim.now();
        let action = Action { id: "operation".to_owned(), node: Some(NodeId(5)), args: vec![1, 3, 9] };
        sim.schedule_action(start + 1, action);
        let events = sim.events();
        sim.run(start + SECOND, u64::MAX);
        let mut seen = Vec::new();
        sim.drain(&mut seen);
        let end =
            seen.iter().find(|o| matches!(o.what, What::Complete(_, Outcome::Ok(_), _)) && o.time > start);
        assert_eq!(end.map(|o| o.time - start - 1), Some((5 + 17 + 5) * MILLISECOND));
        let arrived = |label: u8| {
            let trace = sim.core().trace.iter();
            let messages = trace.filter(|r| {
                r.event > events && r.kind == netsplit_sim::trace::Kind::Arrive && r.label == label
            });
            messages.count()
        };
        assert_eq!((arrived(4), arrived(5)), (4, 4), "Accept and Accepted");
    }
}

#[test]
fn progress_if_and_only_if_a_majority_is_up() {
    for nodes in 3..=7u32 {
        for up in 0..1u32 << nodes {
            let mut sim = paxos::cluster(&setup(&MULTI_PAXOS, 7, nodes, 50.0));
            let from = (0..nodes).filter(|n| up & (1 << n) == 0).map(|n| Selector::Node(NodeId(n))).collect();
            let kind = FaultKind::Crash { host: true };
            sim.schedule_fault(Fault {
                at: 0,
                duration: None,
                kind,
                from,
                to: Vec::new(),
                message: None,
                directed: false,
            });
            sim.run(5 * SECOND, u64::MAX);
            let decided = sim.nodes().iter().filter_map(Hosted::server).any(|s| s.core.decided() > 1);
            assert_eq!(decided, up.count_ones() * 2 > nodes, "up: {up:b} of {nodes}");
        }
    }
}

/// The leader proposes two commands; all that reaches anybody is the second one, and then the leader is gone.
fn first_lost(window: i64) -> (u64, Vec<u64>) {
    let mut setup = with(setup(&MULTI_PAXOS, 1, 3, 0.01), "window", Value::Int(window));
    setup.workload.clients = 1;
    setup.workload.timeout = 20 * SECOND;
    setup.overrides = (1..=3)
        .map(|n| {
            let mut own = setup.settings.clone();
            for id in ["election_min", "election_max"] {
                own.set(id, Value::Duration(n * 500 * MILLISECOND)).unwrap();
            }
            (format!("n{n}"), own)
        })
        .collect();
    setup.network =
        Network::uniform(Profile::new(Distribution::Constant(2 * MILLISECOND), Transport::Datagram));
    let mut sim = paxos::cluster(&setup);
    let start = 2 * SECOND + 30 * MILLISECOND;
    for (after, value) in [(0, 1), (10, 2)] {
        let action =
            Action { id: "operation".to_owned(), node: Some(NodeId(3)), args: vec![1, value, value] };
        sim.schedule_action(start + after * MILLISECOND, action);
    }
    let mut fault = |at, lasts, kind| {
        let (from, to) = (vec![Selector::Node(NodeId(0))], Vec::new());
        sim.schedule_fault(Fault {
            at,
            duration: Some(lasts),
            kind,
            from,
            to,
            message: None,
            directed: false,
        });
    };
    // The first proposal's messages are lost, its answers as well; then the leader crashes for three seconds.
    let cut = FaultKind::Partition(vec![vec![Selector::Node(NodeId(0)), Selector::Node(NodeId(3))]]);
    fault(start + MILLISECOND, 6 * MILLISECOND, cut);
    fault(start + 20 * MILLISECOND, 3 * SECOND, FaultKind::Crash { host: true });
    sim.run(10 * SECOND, u64::MAX);
    let server = sim.nodes()[1].server().expect("n2");
    let keys = server.core.chosen.iter().filter_map(|value| match value.command {
        Command::Client(_, operation) => Some(operation.key),
        Command::Noop => None,
    });
    (server.core.order_lost, keys.collect())
}

#[test]
fn the_first_is_lost_and_the_second_decided_unless_they_go_one_by_one() {
    let (lost, keys) = first_lost(16);
    assert_eq!((lost, keys.first()), (1, Some(&2)), "{keys:?}");
    let (lost, keys) = first_lost(1);
    assert_eq!((lost, keys.contains(&2) && !keys.contains(&1)), (0, false), "{keys:?}");
}

/// More commands come meanwhile than answers are kept: one that is sent again is not applied once more.
#[test]
fn what_is_sent_again_late_is_applied_once() {
    for seed in 0..12 {
        let mut setup = setup(&MULTI_PAXOS, seed, 3, 20.0);
        (setup.workload.timeout, setup.workload.retries) = (300 * MILLISECOND, 5);
        let mut sim = paxos::cluster(&setup);
        let mut fault = |at, lasts, kind, from| {
            let (at, duration, to) = (at * SECOND, Some(lasts * SECOND), Vec::new());
            sim.schedule_fault(Fault { at, duration, kind, from, to, message: None, directed: false });
        };
        fault(1, 20, FaultKind::TrafficSpike(3.0), Vec::new());
        fault(15, 10, FaultKind::Loss(0.1), vec![Selector::All]);
        let (mut clients, mut seen) = (Clients::default(), Vec::new());
        sim.run(30 * SECOND, u64::MAX);
        sim.drain(&mut seen);
        clients.hear(&seen);
        assert!(clients.acknowledged.len() > 500, "{}", clients.acknowledged.len());
        clients.linearizable().unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
}

/// After faults of all kinds have ended, with all servers up and delays below a tenth of the timeout, how long until a
/// leader has decided something in its own ballot; in greatest timeouts.
fn recovery(seed: u64) -> u64 {
    let nodes = [1, 2, 3, 5, 7, 15][seed as usize % 6];
    let mut sim = paxos::cluster(&setup(&MULTI_PAXOS, seed, nodes, 40.0));
    let aim = |nodes: &[Hosted<Server>]| {
        nodes.iter().position(|node| node.server().is_some_and(|s| s.core.role == Role::Leading))
    };
    let faults = (2 * SECOND, 150 * MILLISECOND);
    storm(&mut sim, seed, nodes, faults, |_| true, aim, &mut Run { outstanding: true, ..Run::default() })
        .unwrap_or_else(|why| panic!("{why}"));
    let stop = sim.now() + 1;
    for index in 0..sim.core().entries.len() {
        sim.end_fault(index, stop);
    }
    sim.run(stop, u64::MAX);
    let most = most_ballot(&sim);
    (1..=200)
        .find(|round| {
            sim.run(stop + round * 600 * MILLISECOND, u64::MAX);
            let leads = |core: &paxos::Core| {
                let own = core.chosen.iter().next_back().is_some_and(|value| value.origin == core.ballot);
                core.role == Role::Leading && core.ballot >= most && own
            };
            sim.nodes().iter().filter_map(Hosted::server).any(|server| leads(&server.core))
        })
        .unwrap_or(u64::MAX)
}

/// The highest ballot in which anybody leads.
fn most_ballot(sim: &Cluster<Hosted<Server>>) -> u64 {
    let servers = sim.nodes().iter().filter_map(Hosted::server);
    servers
        .map(|server| if server.core.role == Role::Leading { server.core.ballot } else { 0 })
        .max()
        .unwrap_or(0)
}

#[test]
fn a_leader_stands_soon_after_the_faults() {
    let mut rounds: Vec<u64> = (0..1000).map(recovery).collect();
    rounds.sort_unstable();
    println!(
        "paxos: timeouts until a leader stands: median {}, 99.9 % {}, most {}",
        rounds[500], rounds[998], rounds[999]
    );
    assert!(rounds[998] <= 20 && rounds[999] <= 200, "{:?}", &rounds[990..]);
}

/// A clock that runs fast counts a nanosecond in less than one: its timers wait for the next.
#[test]
fn a_client_whose_clock_drifts_does_not_stop_time() {
    for ppm in (-20..=20).map(|step| f64::from(step) * 9_973.0) {
        let mut sim = paxos::cluster(&setup(&MULTI_PAXOS, 3, 3, 40.0));
        let kind = FaultKind::ClockDrift(ppm);
        let from = vec![Selector::Role(1)];
        sim.schedule_fault(Fault {
            at: 1,
            duration: None,
            kind,
            from,
            to: Vec::new(),
            message: None,
            directed: false,
        });
        let kind = FaultKind::Crash { host: true };
        let from = vec![Selector::Role(0)];
        let duration = Some(2 * SECOND);
        sim.schedule_fault(Fault {
            at: SECOND,
            duration,
            kind,
            from,
            to: Vec::new(),
            message: None,
            directed: false,
        });
        sim.run(10 * SECOND, 100_000);
        assert_eq!(sim.now(), 10 * SECOND, "{ppm}");
    }
}
