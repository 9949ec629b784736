//! The bully algorithm under its own assumptions, its exact numbers of messages, and planted mistakes.

mod crashes;

use crashes::{Observer, broken, setup, storm};
use netsplit_protocols::leader_election::bully::{self, BULLY, Server, Watch};
use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::registry::Setup;
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Observation, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::watch::Watch as _;
use netsplit_sim::{NodeId, Simulation};

/// In so long after the last crash or restart all agree: the silence is noticed, an election that meets a crash is
/// held again, and the coordinator's next check finds whoever heard otherwise.
const SETTLE: u64 = 3_500 * MILLISECOND;

#[derive(Default)]
struct Run {
    watch: Watch,
    settled: u64,
    jobs: u64,
}

impl Observer<Hosted<Server>> for Run {
    fn after(&mut self, nodes: &[Hosted<Server>], who: NodeId, up: &[bool]) -> Result<(), String> {
        self.watch.after(nodes, who, up).map_or(Ok(()), |breach| Err(format!("{breach:?}")))
    }
    fn settled(&mut self, nodes: &[Hosted<Server>], up: &[bool]) -> Result<(), String> {
        self.settled += 1;
        let live: Vec<(usize, &Server)> = nodes
            .iter()
            .enumerate()
            .filter(|(at, _)| up[*at])
            .filter_map(|(at, n)| Some((at, n.server()?)))
            .collect();
        let highest = live.iter().map(|(at, _)| NodeId(*at as u32)).max();
        match live.iter().find(|(_, server)| server.coordinator != highest) {
            Some((at, server)) => Err(format!(
                "one coordinator: n{} follows {:?}, the highest is {highest:?}",
                at + 1,
                server.coordinator
            )),
            None => Ok(()),
        }
    }
}

fn one(seed: u64, how: &'static str) -> Result<Run, String> {
    let nodes = 2 + (seed % 6) as u32;
    let mut sim = bully::cluster(&broken(setup(&BULLY, seed, nodes, 4.0), how));
    let mut run = Run::default();
    let aim = |nodes: &[Hosted<Server>]| {
        nodes.iter().position(|node| node.server().is_some_and(Server::coordinates))
    };
    storm(&mut sim, seed, nodes, 30 * SECOND, SETTLE, aim, &mut run)?;
    let mut seen: Vec<Observation> = Vec::new();
    sim.drain(&mut seen);
    run.jobs = seen.iter().filter(|o| matches!(o.what, What::Complete(_, Outcome::Ok(_), _))).count() as u64;
    Ok(run)
}

fn reproduce(seed: u64, why: &str) -> String {
    format!(
        "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test bully one_schedule"
    )
}

#[test]
fn the_highest_coordinates_under_a_thousand_schedules_of_crashes() {
    let (mut announced, mut settled, mut jobs) = (0, 0, 0);
    for seed in 0..1000 {
        let run = one(seed, "none").unwrap_or_else(|why| panic!("{}", reproduce(seed, &why)));
        announced += run.watch.announced;
        settled += run.settled;
        jobs += run.jobs;
    }
    println!("bully: {announced} coordinators, all agreed {settled} times, {jobs} jobs done");
    assert!(announced > 10_000 && settled > 4_000 && jobs > 40_000, "{announced} {settled} {jobs}");
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
fn a_planted_mistake_is_caught() {
    let caught: Vec<String> = (0..200).filter_map(|seed| one(seed, "no_wait").err()).collect();
    println!("bully, no_wait: caught in {} of 200 schedules, first: {:?}", caught.len(), caught.first());
    assert!(caught.len() >= 20, "{}", caught.len());
}

/// Crashes that come together, delays that a timeout of 200 ms just covers twice, and up to ten nodes.
#[test]
fn all_agree_after_many_crashes_at_once() {
    let mut agreed = 0;
    for seed in 0..300 {
        let word = |what: u64, k: u64| draw::word(draw::join(draw::mix(seed), what), k);
        let nodes = 2 + (seed % 9) as u32;
        let mut setup = setup(&BULLY, seed, nodes, 0.5);
        let latency = Distribution::Uniform { min: MILLISECOND, max: 97 * MILLISECOND };
        setup.network = Network::uniform(Profile::new(latency, Transport::Datagram));
        let mut sim = bully::cluster(&setup);
        sim.watch(true);
        for k in 0..12 {
            for crash in 0..=word(1, k) % u64::from(nodes) {
                let at = sim.now() + 1 + word(2 + crash, k) % (700 * MILLISECOND);
                let from = vec![Selector::Node(NodeId(draw::below(word(20 + crash, k), nodes)))];
                let kind = FaultKind::Crash { host: word(40 + crash, k) & 1 == 0 };
                let duration = Some(1 + word(60 + crash, k) % (900 * MILLISECOND));
                sim.schedule_fault(Fault {
                    at,
                    duration,
                    kind,
                    from,
                    to: Vec::new(),
                    message: None,
                    directed: false,
                });
            }
            sim.run(sim.now() + 8 * SECOND, u64::MAX);
            let live: Vec<(usize, &Server)> =
                sim.nodes().iter().enumerate().filter_map(|(at, n)| Some((at, n.server()?))).collect();
            let highest = live.iter().map(|(at, _)| NodeId(*at as u32)).max();
            assert!(live.iter().all(|(_, server)| server.coordinator == highest), "seed {seed}, {k}");
            agreed += live.len();
        }
        let mut seen: Vec<Observation> = Vec::new();
        sim.drain(&mut seen);
        let breach = seen.iter().find(|o| matches!(o.what, What::Breach(_)));
        assert!(breach.is_none(), "seed {seed}: {breach:?}");
    }
    println!("bully: {agreed} times a node followed the highest");
}

/// A node is made to follow another one: no mistake on purpose does this, so it is done by hand. It is told once.
#[test]
fn who_follows_another_one_is_told_once() {
    let mut sim = bully::cluster(&setup(&BULLY, 5, 5, 4.0));
    sim.watch(true);
    let told = |sim: &mut netsplit_sim::Cluster<Hosted<Server>>| -> Vec<&'static str> {
        let mut seen: Vec<Observation> = Vec::new();
        sim.drain(&mut seen);
        let breach =
            |o: Observation| if let What::Breach(breach) = o.what { Some(breach.invariant) } else { None };
        seen.into_iter().filter_map(breach).collect()
    };
    sim.run(20 * SECOND, u64::MAX);
    assert!(told(&mut sim).is_empty());
    let Hosted::Server(server) = sim.node_mut(NodeId(1)) else { panic!("a server") };
    server.coordinator = Some(NodeId(0));
    sim.run(sim.now() + 400 * MILLISECOND, u64::MAX);
    assert_eq!(told(&mut sim), ["all_follow"]);
}

/// n nodes with constant, unequal delays; node k misses the coordinator first, at once all the others much later.
fn counted(count: u32, first: u32) -> [u64; 3] {
    let mut setup: Setup = setup(&BULLY, 2, count, 0.01);
    setup.workload.clients = 1;
    setup.network = Network::uniform(Profile::new(Distribution::Constant(MILLISECOND), Transport::Datagram));
    for from in 0..count {
        for to in 0..count {
            let span = (2 + u64::from(from * 7 + to * 3) % 23) * MILLISECOND;
            setup.network.profiles.push(Profile::new(Distribution::Constant(span), Transport::Datagram));
            setup.network.by_link.insert((from, to), setup.network.profiles.len() as u16 - 1);
        }
    }
    setup.overrides = (0..count)
        .map(|node| {
            let mut own = setup.settings.clone();
            let patience = if node == first { SECOND } else { 60 * SECOND };
            own.set("patience", Value::Duration(patience)).expect("declared");
            (format!("n{}", node + 1), own)
        })
        .collect();
    let mut sim = bully::cluster(&setup);
    sim.run(5 * SECOND, u64::MAX);
    let sent = |sim: &netsplit_sim::Cluster<Hosted<Server>>| {
        let servers = || sim.nodes().iter().filter_map(Hosted::server).take(count as usize - 1);
        [0, 1, 2].map(|kind| servers().map(|server| server.sent[kind]).sum::<u64>())
    };
    let before = sent(&sim);
    let elections: Vec<u64> = sim.nodes().iter().filter_map(Hosted::server).map(|s| s.elections).collect();
    let from = vec![Selector::Node(NodeId(count - 1))];
    let kind = FaultKind::Crash { host: true };
    sim.schedule_fault(Fault {
        at: sim.now() + 1,
        duration: None,
        kind,
        from,
        to: Vec::new(),
        message: None,
        directed: false,
    });
    sim.run(15 * SECOND, u64::MAX);
    for (server, before) in
        sim.nodes().iter().filter_map(Hosted::server).take(count as usize - 1).zip(elections)
    {
        assert_eq!(server.coordinator, Some(NodeId(count - 2)));
        assert!(server.elections <= before + 1, "each node starts at most one election");
    }
    let after = sent(&sim);
    [0, 1, 2].map(|kind| after[kind] - before[kind])
}

/// Election, answer and coordinator messages when the highest of n has crashed.
#[test]
fn the_numbers_of_messages_are_exact() {
    for n in 3..=12u64 {
        let lowest = counted(n as u32, 0);
        assert_eq!(lowest, [n * (n - 1) / 2, (n - 1) * (n - 2) / 2, n - 2], "the lowest of {n} notices");
        let next = counted(n as u32, n as u32 - 2);
        assert_eq!(next, [0, 0, n - 2], "the next-highest of {n} notices, and knows that it is");
    }
}
