//! The single decree: its invariants under random faults, its laws, planted mistakes, and duels.

mod weather;

use netsplit_protocols::leader_election::paxos::Command;
use netsplit_protocols::leader_election::paxos::single::{self, PAXOS, Server, Watch};
use netsplit_protocols::parts::host::Hosted;
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Observation, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::trace::Kind;
use netsplit_sim::watch::Watch as _;
use netsplit_sim::{Cluster, NodeId, Simulation};
use weather::{Clients, Observer, fill, setup, storm, with};

#[derive(Default)]
struct Run {
    watch: Watch,
    clients: Clients,
    refused: u64,
}

impl Observer<Hosted<Server>> for Run {
    fn after(&mut self, sim: &Cluster<Hosted<Server>>, who: NodeId, up: &[bool]) -> Result<(), String> {
        if let Some(breach) = self.watch.after(sim.nodes(), who, up) {
            return Err(format!("{breach:?}"));
        }
        Ok(())
    }
    fn hear(&mut self, seen: &[Observation]) -> Result<(), String> {
        self.clients.hear(seen);
        self.refused += seen
            .iter()
            .filter(|o| matches!(&o.what, What::Note(text, _) if text.id == "decree-refused"))
            .count() as u64;
        Ok(())
    }
}

fn one(seed: u64, how: &'static str) -> Result<Run, String> {
    let nodes = 3 + 2 * (seed % 2) as u32;
    let mut setup = with(setup(&PAXOS, seed, nodes, 15.0), "broken", Value::Choice(how));
    // Endless duels are many events: few schedules have them.
    let backoff = ["random", "fixed", "random", "random", "random", "none", "random", "random"];
    setup = with(setup, "backoff", Value::Choice(backoff[seed as usize / 2 % 8]));
    let mut sim = single::cluster(&setup);
    sim.listen(true);
    let mut run = Run::default();
    // At whoever has promised the highest ballot for what is undecided.
    let aim = |nodes: &[Hosted<Server>]| {
        let open = |node: &Hosted<Server>| node.server().and_then(|s| s.open.values().last().copied());
        (0..3).max_by_key(|at| open(&nodes[*at]).map_or(0, |acceptor| acceptor.promised))
    };
    storm(&mut sim, seed, nodes, (5 * SECOND, 300 * MILLISECOND), |_| true, aim, &mut run)?;
    run.clients.linearizable()?;
    Ok(run)
}

fn reproduce(seed: u64, why: &str) -> String {
    format!(
        "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test decree one_schedule"
    )
}

#[test]
fn safety_under_a_thousand_random_schedules() {
    let (mut decided, mut compared, mut refused, mut writes, mut reads) = (0, 0, 0, 0, 0);
    for seed in 0..1000 {
        let run = one(seed, "none").unwrap_or_else(|why| panic!("{}", reproduce(seed, &why)));
        decided += run.watch.decided.len();
        compared += run.watch.compared;
        refused += run.refused;
        writes += run.clients.acknowledged.len();
        reads += run.clients.reads;
    }
    println!(
        "single decree: {decided} decided and asked for, {compared} times compared, {refused} ballots refused, {writes} writes, {reads} reads"
    );
    assert!(compared > 40_000, "{compared}");
    assert!(decided > 20_000 && refused > 10_000 && writes > 10_000 && reads > 10_000);
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
            "single decree, {how}: caught in {} of 200 schedules: promise {}, chosen {}, agreement {}, clients {}",
            caught.len(),
            by("paxos_promise"),
            by("paxos_chosen"),
            by("paxos_agreement"),
            by("linearizable")
        );
        assert!(caught.len() >= 20, "{how}: {}", caught.len());
    }
}

/// What a server's history has to hold for its observer to say that an invariant is broken: each by hand.
#[test]
fn what_nobody_asked_for_is_told_once() {
    let mut sim = single::cluster(&setup(&PAXOS, 1, 3, 15.0));
    let mut watch = Watch::default();
    let mut told = Vec::new();
    for events in 0..20_000 {
        sim.run(20 * SECOND, 1);
        let at = sim.core().trace.last().map_or(0, |record| record.node);
        if events == 2_000 {
            // n2 learns a decree out of nowhere, and everybody from it.
            let Hosted::Server(server) = sim.node_mut(NodeId(1)) else { panic!("a server") };
            let mut value = *server.decided.get(0).expect("something is decided");
            let Command::Client(_, operation) = &mut value.command else { panic!("of a client") };
            operation.value += 1;
            server.decided.push(value);
        }
        told.extend(watch.after(sim.nodes(), NodeId(at), &[true; 5]).map(|breach| breach.invariant));
    }
    assert!(told.contains(&"paxos_validity"), "{told:?}");
    assert_eq!(told.iter().filter(|it| **it == "paxos_validity").count(), 1, "{told:?}");
}

fn most_decided(sim: &Cluster<Hosted<Server>>) -> usize {
    sim.nodes().iter().filter_map(Hosted::server).map(|server| server.decided.len()).max().unwrap_or(0)
}

/// All disks, or those of a majority, have no room for 200 ms: nothing that is asked then is decided, and afterwards
/// all goes on as before.
#[test]
fn a_full_disk_holds_things_up_only_while_it_is_full() {
    let mut after = 0;
    for seed in 0..100 {
        let nodes = 3 + 2 * (seed % 2) as u32;
        let mut sim = single::cluster(&setup(&PAXOS, seed, nodes, 15.0));
        let at = 3 * SECOND + seed * 37 % 500 * MILLISECOND;
        let first = if seed % 4 < 2 { 0 } else { nodes / 2 };
        fill(&mut sim, at, 200 * MILLISECOND, first..nodes);
        // What is under way then may come to its end.
        sim.run(at + 40 * MILLISECOND, u64::MAX);
        let before = most_decided(&sim);
        sim.run(at + 200 * MILLISECOND, u64::MAX);
        let full = most_decided(&sim);
        assert_eq!(full, before, "seed {seed}");
        sim.run(at + 3_200 * MILLISECOND, u64::MAX);
        assert!(most_decided(&sim) > full + 10, "seed {seed}: {full}, then {}", most_decided(&sim));
        after += most_decided(&sim) - full;
    }
    println!("single decree: {after} decided in three seconds after the disks had room");
    assert!(after > 3_000, "{after}");
}

/// A server is cut off with its client for a minute. What that client asked for in vain is not proposed afterwards, the
/// decrees that the server missed come many at a time, and the client is answered as before.
#[test]
fn a_server_that_was_cut_off_soon_serves_again() {
    for seed in 0..6 {
        let mut sim = single::cluster(&setup(&PAXOS, seed, 3, 30.0));
        let side = vec![Selector::Node(NodeId(0)), Selector::Node(NodeId(3))];
        let (kind, duration) = (FaultKind::Partition(vec![side]), Some(60 * SECOND));
        let (from, to) = (Vec::new(), Vec::new());
        sim.schedule_fault(Fault {
            at: 5 * SECOND,
            duration,
            kind,
            from,
            to,
            message: None,
            directed: false,
        });
        let mut answers = |until: Nanos| {
            sim.run(until, u64::MAX);
            let mut seen = Vec::new();
            sim.drain(&mut seen);
            let ok = |o: &&Observation| {
                o.node == NodeId(3) && matches!(o.what, What::Complete(_, Outcome::Ok(_), _))
            };
            seen.iter().filter(ok).count()
        };
        answers(7 * SECOND);
        assert_eq!(answers(65 * SECOND), 0);
        // Pauses between attempts have grown to 3.2 s.
        answers(69 * SECOND);
        let after = answers(79 * SECOND);
        assert!(after > 75, "seed {seed}: {after} in ten seconds");
    }
}

/// After faults of all kinds have ended, how long until every client is answered; in milliseconds.
fn recovery(seed: u64) -> u64 {
    let nodes = [1, 2, 3, 5, 7][seed as usize % 5];
    let mut sim = single::cluster(&setup(&PAXOS, seed, nodes, 15.0));
    let faults = (2 * SECOND, 150 * MILLISECOND);
    storm(&mut sim, seed, nodes, faults, |_| true, |_| None, &mut Run::default())
        .unwrap_or_else(|why| panic!("{why}"));
    let stop = sim.now() + 1;
    for index in 0..sim.core().entries.len() {
        sim.end_fault(index, stop);
    }
    sim.run(stop, u64::MAX);
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    let mut waiting = vec![NodeId(nodes), NodeId(nodes + 1)];
    (1..=1000)
        .find(|round| {
            seen.clear();
            sim.run(stop + round * 100 * MILLISECOND, u64::MAX);
            sim.drain(&mut seen);
            let ok = |client: &NodeId| {
                let is = |o: &Observation| {
                    o.node == *client && matches!(o.what, What::Complete(_, Outcome::Ok(_), _))
                };
                seen.iter().any(is)
            };
            waiting.retain(|client| !ok(client));
            waiting.is_empty()
        })
        .map_or(u64::MAX, |round| round * 100)
}

/// Nothing but a pause may be left of the faults: 64 times 50 ms at most.
#[test]
fn every_client_is_answered_soon_after_the_faults() {
    let mut took: Vec<u64> = (0..1000).map(recovery).collect();
    took.sort_unstable();
    println!(
        "single decree: until all are answered: median {} ms, 99.9 % {}, most {}",
        took[500], took[998], took[999]
    );
    assert!(took[998] <= 10_000 && took[999] < 100_000, "{:?}", &took[990..]);
}

fn ask(sim: &mut Cluster<Hosted<Server>>, at: Nanos, client: u32, value: u64) {
    let action = Action { id: "operation".to_owned(), node: Some(NodeId(client)), args: vec![1, 3, value] };
    sim.schedule_action(at, action);
}

fn answered(sim: &mut Cluster<Hosted<Server>>) -> Vec<Nanos> {
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    let ok = seen.iter().filter(|o| matches!(o.what, What::Complete(_, Outcome::Ok(_), _)));
    ok.map(|o| o.time).collect()
}

#[test]
fn progress_if_and_only_if_a_majority_is_up() {
    for nodes in 1..=7 {
        for up in 0..1u32 << nodes {
            let mut sim = single::cluster(&setup(&PAXOS, 7, nodes, 50.0));
            let from = (0..nodes).filter(|n| up & (1 << n) == 0).map(|n| Selector::Node(NodeId(n))).collect();
            let (kind, to) = (FaultKind::Crash { host: true }, Vec::new());
            sim.schedule_fault(Fault {
                at: 0,
                duration: None,
                kind,
                from,
                to,
                message: None,
                directed: false,
            });
            sim.run(4 * SECOND, u64::MAX);
            // Of those that are asked; a client stays with its server.
            let asked = up & 0b11 > 0;
            let decides = asked && up.count_ones() * 2 > nodes;
            assert_eq!(most_decided(&sim) > 1, decides, "up: {up:b} of {nodes}");
        }
    }
}

/// Without a rival: two hops of the client, the proposer's sync of its ballot, then twice the round trip and sync of
/// the second fastest of the others; 4(n-1) messages to decide, and n-1 to tell.
#[test]
fn a_decree_takes_exactly_as_long_and_as_many_messages_as_the_law_says() {
    for slowest in [40, 400] {
        let mut setup = setup(&PAXOS, 1, 5, 0.001);
        (setup.workload.clients, setup.workload.timeout) = (1, 10 * SECOND);
        setup.workload.start = 3000 * SECOND;
        setup = with(setup, "service", Value::Duration(0));
        setup = with(setup, "timeout", Value::Duration(5 * SECOND));
        setup.overrides = (1..=5)
            .map(|n| {
                let sync = Value::Law(Distribution::Constant(n * MILLISECOND));
                (format!("n{n}"), with(setup.clone(), "sync", sync).settings)
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
        let mut sim = single::cluster(&setup);
        ask(&mut sim, SECOND, 5, 9);
        sim.run(4 * SECOND, u64::MAX);
        let end = answered(&mut sim);
        assert_eq!(end, [SECOND + (5 + 1 + 17 + 17 + 5) * MILLISECOND]);
        let arrived = |label: u8| {
            sim.core().trace.iter().filter(|r| r.kind == Kind::Arrive && r.label == label).count()
        };
        // Prepare, Promise, Accept, Accepted, Refused, Decided.
        assert_eq!([2, 3, 4, 5, 6, 7].map(arrived), [4, 4, 4, 4, 0, 4]);
    }
}

/// Two proposers asked at the same moment, equal delays: without a pause neither ever wins; with a random one both
/// are soon done.
#[test]
fn a_duel_ends_with_a_random_pause_and_never_without_one() {
    let duel = |backoff: &'static str, seed: u64| {
        let mut setup = with(setup(&PAXOS, seed, 5, 0.001), "backoff", Value::Choice(backoff));
        (setup.workload.clients, setup.workload.timeout, setup.workload.retries) = (2, 60 * SECOND, 0);
        setup.workload.start = 3000 * SECOND;
        setup.network =
            Network::uniform(Profile::new(Distribution::Constant(10 * MILLISECOND), Transport::Datagram));
        let mut sim = single::cluster(&setup);
        ask(&mut sim, SECOND, 5, 1);
        ask(&mut sim, SECOND + 5 * MILLISECOND, 6, 2);
        sim.run(30 * SECOND, u64::MAX);
        let refused: u64 = sim.nodes().iter().filter_map(Hosted::server).map(|s| s.preempted).sum();
        (answered(&mut sim), refused)
    };
    for seed in 0..20 {
        let (none, refused) = duel("none", seed);
        assert!(none.is_empty() && refused > 300, "{none:?}, {refused} refused");
    }
    let mut worst = 0;
    for seed in 0..200 {
        let (random, _) = duel("random", seed);
        assert_eq!(random.len(), 2, "seed {seed}");
        worst = worst.max(random[1] - SECOND);
    }
    println!("duels of 200 seeds with a random pause: the longest took {} ms", worst / MILLISECOND);
    assert!(worst < 3 * SECOND, "{worst}");
}
