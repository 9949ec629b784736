//! What must hold in every run of load balancing, whatever the settings and the faults: each request ends in
//! exactly one way, each try is counted once, and nobody who is left out is chosen. And the planted bugs, which
//! these checks must catch.

use std::collections::{BTreeMap, BTreeSet};

use netsplit_protocols::load_balancing::rule::Make;
use netsplit_protocols::load_balancing::{
    ALGORITHMS, Balancer, Flaw, Tier, bounded_hash, cluster_with, join_idle_queue, least_connections,
    least_response_time, maglev, peak_ewma, random, round_robin, smooth_weighted, source_hash, two_choices,
    weighted_random,
};
use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::{Algorithm, Setup};
use netsplit_sim::declare::{Kind, Param, Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Cause, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{Cluster, NodeId, Simulation};

const RULES: [(&str, Make); 12] = [
    ("round_robin", round_robin::make),
    ("least_connections", least_connections::make),
    ("two_choices", two_choices::make),
    ("smooth_weighted", smooth_weighted::make),
    ("random", random::make),
    ("weighted_random", weighted_random::make),
    ("least_response_time", least_response_time::make),
    ("peak_ewma", peak_ewma::make),
    ("join_idle_queue", join_idle_queue::make),
    ("source_hash", source_hash::make),
    ("bounded_hash", bounded_hash::make),
    ("maglev", maglev::make),
];

/// Draws for one random setting.
struct Dice(u64);

impl Dice {
    fn word(&mut self) -> u64 {
        self.0 = draw::mix(self.0.wrapping_add(0x9e37_79b9_7f4a_7c15));
        self.0
    }
    fn below(&mut self, bound: u32) -> u32 {
        let word = self.word();
        draw::below(word, bound)
    }
    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u32) as usize]
    }
    fn often(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }
}

fn algorithm(id: &str) -> &'static Algorithm {
    ALGORITHMS.iter().find(|a| a.id == id).expect("known")
}

/// A value of a parameter within reach of a run of some seconds.
fn value(param: &Param, dice: &mut Dice) -> Value {
    let ms = MILLISECOND;
    match (param.id, param.kind) {
        ("balancers", _) => Value::Int(i64::from(1 + dice.below(3))),
        ("routers", _) => Value::Int(i64::from(dice.below(3))),
        ("response_timeout" | "request_timeout" | "connect_timeout", _) => {
            Value::Duration(dice.one(&[20 * ms, 80 * ms, 300 * ms, 1000 * ms]))
        }
        ("queue_limit", _) => Value::Int(dice.one(&[0, 1, 4, 20])),
        ("maxconn" | "queue_max" | "max_open" | "retry_open", _) => Value::Int(dice.one(&[1, 2, 5, 20])),
        ("max_fails" | "outlier_errors", _) => Value::Int(dice.one(&[1, 2, 3, 5])),
        ("outlier_max_percent", _) => Value::Int(dice.one(&[10, 50, 100])),
        ("fan_out", _) => Value::Int(dice.one(&[1, 2, 5])),
        ("retries", _) => Value::Int(dice.one(&[1, 2, 3])),
        ("workers" | "database_workers", _) => Value::Int(dice.one(&[1, 2, 4])),
        ("error_from", _) => Value::Duration(dice.one(&[0, SECOND])),
        ("service", _) => Value::Law(Distribution::Exponential { mean: 20 * ms }),
        ("database_service", _) => Value::Law(Distribution::Exponential { mean: 4 * ms }),
        (_, Kind::Bool(_)) => Value::Bool(dice.often(50)),
        (_, Kind::Choice(options)) => Value::Choice(dice.one(options).0),
        (_, Kind::Int(_, least, most)) => {
            Value::Int(least + i64::from(dice.below((most - least).min(100) as u32 + 1)))
        }
        (_, Kind::Duration(..)) => Value::Duration(dice.one(&[5 * ms, 30 * ms, 100 * ms, 500 * ms])),
        (_, Kind::Real(_, least, _)) => Value::Real(least + f64::from(dice.below(5))),
        (_, Kind::Law(law, _)) => Value::Law(law.distribution()),
    }
}

fn settings(table: &'static [Param], dice: &mut Dice) -> Settings {
    let mut settings = Settings::defaults(table);
    for param in table {
        let always = matches!(param.id, "service" | "response_timeout" | "database_service");
        if always || dice.often(25) {
            let value = value(param, dice);
            settings.set(param.id, value).expect("declared");
        }
    }
    settings
}

fn random_setup(seed: u64) -> (Setup, Make, &'static str, Vec<Fault>) {
    let mut dice = Dice(seed);
    let (id, make) = dice.one(&RULES);
    let table = algorithm(id).params;
    let all = settings(table, &mut dice);
    let nodes = 1 + dice.below(6);
    let mut overrides = Vec::new();
    if dice.often(40) {
        let mut own = all.clone();
        own.set("weight", Value::Int(i64::from(1 + dice.below(5)))).unwrap();
        own.set("error_from", Value::Duration(SECOND)).unwrap();
        overrides.push(("b1".to_owned(), own));
    }
    let transport = if dice.often(70) { Transport::Stream } else { Transport::Datagram };
    let mut profile = Profile::new(Distribution::Uniform { min: 0, max: 4 * MILLISECOND }, transport);
    if dice.often(40) {
        (profile.loss, profile.duplicate, profile.reorder) = (0.03, 0.03, 0.03);
    }
    let workload = Workload {
        clients: 1 + dice.below(6),
        arrivals: dice.one(&[Arrivals::Open, Arrivals::Open, Arrivals::Closed, Arrivals::Paced]),
        rate: dice.one(&[20.0, 100.0, 300.0]),
        timeout: dice.one(&[0, 50, 200, 1000]) * MILLISECOND,
        retries: dice.below(3),
        ..Workload::default()
    };
    let setup = Setup {
        seed,
        nodes,
        spares: dice.below(2),
        settings: all,
        overrides,
        network: Network::uniform(profile),
        zones: Vec::new(),
        workload,
    };
    let servers = 3 + nodes;
    let faults = (0..dice.below(5)).map(|_| {
        let kind = match dice.below(6) {
            0 => FaultKind::Crash { host: false },
            1 => FaultKind::Crash { host: true },
            2 => FaultKind::Pause,
            3 => FaultKind::Slow(8.0),
            4 => FaultKind::Cut,
            _ => FaultKind::TrafficSpike(3.0),
        };
        Fault {
            at: u64::from(dice.below(2500)) * MILLISECOND,
            duration: Some(u64::from(100 + dice.below(1500)) * MILLISECOND),
            kind,
            from: vec![Selector::Node(NodeId(dice.below(servers)))],
            to: Vec::new(),
            message: None,
            directed: false,
        }
    });
    let faults: Vec<Fault> = faults.collect();
    (setup, make, id, faults)
}

type World = Cluster<Hosted<Tier>>;

fn balancers(world: &World) -> impl Iterator<Item = (NodeId, &Balancer)> {
    world.nodes().iter().enumerate().filter_map(|(at, node)| match node.server() {
        Some(Tier::Balancer(balancer)) => Some((NodeId(at as u32), balancer)),
        _ => None,
    })
}

/// Each request is in exactly one place, and so is each try.
fn conserved(world: &World) -> Result<(), String> {
    for (_, balancer) in balancers(world) {
        let ledger = balancer.ledger();
        let ended = ledger.answered + ledger.all_failed() + ledger.cancelled;
        if ledger.requests != ended + ledger.open {
            return Err(format!("requests do not add up: {ledger:?}"));
        }
        let mut live: BTreeMap<u32, u32> = BTreeMap::new();
        for (backend, _) in balancer.tries() {
            *live.entry(backend).or_default() += 1;
        }
        let under_way: u32 = live.values().sum();
        let ended = ledger.tries_answered + ledger.tries_failed + ledger.tries_given_up;
        if ledger.tries != ended + u64::from(under_way) {
            return Err(format!("tries do not add up: {ledger:?} and {under_way} under way"));
        }
        if ledger.tries - ledger.retries - ledger.hedges > ledger.requests {
            return Err(format!("more first tries than requests: {ledger:?}"));
        }
        for (at, peer) in balancer.peers().iter().enumerate() {
            let here = live.get(&(at as u32)).copied().unwrap_or(0);
            if peer.open != here {
                return Err(format!("b{} counts {} open and has {here}", at + 1, peer.open));
            }
        }
        let tries: u64 = balancer.peers().iter().map(|peer| peer.tries).sum();
        if tries != ledger.tries {
            return Err(format!("{tries} tries by backend, {} in all", ledger.tries));
        }
    }
    Ok(())
}

/// Runs a random setting; how its operations ended.
fn check(seed: u64) -> Result<[u64; 4], String> {
    let (setup, make, id, faults) = random_setup(seed);
    let mut world = cluster_with(&setup, make, id == "join_idle_queue", None);
    let mut dice = Dice(!seed);
    for fault in faults {
        world.schedule_fault(fault);
    }
    let mut seen = Vec::new();
    while world.now() < 4 * SECOND {
        let slice = u64::from(1 + dice.below(400));
        world.run(4 * SECOND, slice);
        conserved(&world).map_err(|why| format!("{id}: {why}"))?;
    }
    world.drain(&mut seen);
    let mut open = BTreeSet::new();
    let [mut ok, mut timed_out, mut shed, mut failed] = [0u64; 4];
    for o in &seen {
        match o.what {
            What::Invoke(operation, _) => {
                let new = open.insert((o.node.0, operation.number));
                new.then_some(()).ok_or_else(|| format!("{id}: an operation began twice"))?;
            }
            What::Complete(number, outcome, _) => {
                if !open.remove(&(o.node.0, number)) {
                    return Err(format!("{id}: an operation ended twice"));
                }
                match outcome {
                    Outcome::Ok(_) => ok += 1,
                    Outcome::Fail(Cause::Timeout) | Outcome::Unknown(Cause::Timeout) => timed_out += 1,
                    Outcome::Fail(Cause::Overload) => shed += 1,
                    _ => failed += 1,
                }
            }
            _ => {}
        }
    }
    Ok([ok, timed_out, shed, failed])
}

#[test]
fn every_request_ends_once_in_thousands_of_settings() {
    let mut sums = [0u64; 4];
    for seed in 0..3000 {
        match check(seed) {
            Ok(ends) => ends.iter().zip(&mut sums).for_each(|(end, sum)| *sum += end),
            Err(why) => panic!("seed {seed}: {why}"),
        }
    }
    println!("answered, timed out, shed, failed otherwise: {sums:?}");
    // The settings must not be such that nothing happens.
    assert!(sums.iter().all(|sum| *sum > 10_000), "{sums:?}");
}

fn steady(values: &[(&str, Value)], nodes: u32, rate: f64, timeout: Nanos) -> Setup {
    let mut settings = Settings::defaults(algorithm("two_choices").params);
    settings.set("service", Value::Law(Distribution::Exponential { mean: 20 * MILLISECOND })).unwrap();
    for (name, value) in values {
        settings.set(name, value.clone()).expect("declared");
    }
    Setup {
        seed: 11,
        nodes,
        spares: 0,
        settings,
        overrides: Vec::new(),
        network: Network::uniform(Profile::new(Distribution::Constant(MILLISECOND), Transport::Stream)),
        zones: Vec::new(),
        workload: Workload { rate, timeout, ..Workload::default() },
    }
}

/// The first breach of conservation within 200 seeds.
fn caught(values: &[(&str, Value)], flaw: Option<Flaw>) -> Option<(u64, String)> {
    (0..200).find_map(|seed| {
        let setup = Setup { seed, ..steady(values, 4, 150.0, SECOND) };
        let mut world = cluster_with(&setup, two_choices::make, false, flaw);
        (0..40).find_map(|_| {
            world.run(Nanos::MAX, 100);
            conserved(&world).err().map(|why| (seed, why))
        })
    })
}

const RETRYING: [(&str, Value); 3] = [
    ("retries", Value::Int(2)),
    ("retry_on", Value::Choice("error")),
    ("response_timeout", Value::Duration(30 * MILLISECOND)),
];

#[test]
fn planted_a_retry_counted_twice() {
    assert_eq!(caught(&RETRYING, None), None);
    let (seed, why) = caught(&RETRYING, Some(Flaw::RetryCountedTwice)).expect("caught");
    println!("seed {seed}: {why}");
}

#[test]
fn planted_a_connection_count_that_leaks_on_timeout() {
    let (seed, why) = caught(&RETRYING, Some(Flaw::LeakOnTimeout)).expect("caught");
    println!("seed {seed}: {why}");
}

/// The first choice of a backend that is left out, event by event.
fn chosen_though_left_out(flaw: Option<Flaw>, values: &[(&str, Value)]) -> Option<String> {
    let mut setup = steady(values, 4, 150.0, SECOND);
    let mut broken = setup.settings.clone();
    broken.set("error_from", Value::Duration(SECOND)).unwrap();
    setup.overrides.push(("b2".to_owned(), broken));
    let mut world = cluster_with(&setup, two_choices::make, false, flaw);
    let state = |world: &World| balancers(world).map(|(_, one)| one.clone()).collect::<Vec<_>>();
    let mut ejected = false;
    while world.now() < 20 * SECOND {
        let before = state(&world);
        world.run(20 * SECOND, 1);
        // One balancer, whose clock is the run's.
        let now = world.now();
        for (was, is) in before.iter().zip(state(&world)) {
            for backend in 0..4 {
                let left_out = was.leaves_out(backend, now) && is.leaves_out(backend, now);
                ejected |= left_out;
                let tried = is.peers()[backend as usize].tries > was.peers()[backend as usize].tries;
                if left_out && tried {
                    return Some(format!("b{} at {now} ns", backend + 1));
                }
            }
        }
    }
    assert!(ejected, "somebody must be left out for this to say anything");
    None
}

#[test]
fn planted_an_ejected_backend_still_chosen() {
    for values in [
        vec![("max_fails", Value::Int(2)), ("fail_timeout", Value::Duration(2 * SECOND))],
        vec![("outlier_errors", Value::Int(3)), ("outlier_max_percent", Value::Int(50))],
        vec![("check_interval", Value::Duration(SECOND / 2)), ("check_kind", Value::Choice("deep"))],
    ] {
        assert_eq!(chosen_though_left_out(None, &values), None);
        let why = chosen_though_left_out(Some(Flaw::EjectedStillChosen), &values).expect("caught");
        println!("{}: {why}", values[0].0);
    }
}

/// Longest time for which a backend had a request that its balancer no longer waited for.
fn longest_orphan(flaw: Option<Flaw>, hedge: &'static str) -> (Nanos, u64) {
    let values = [("hedge", Value::Choice(hedge)), ("hedge_after", Value::Duration(30 * MILLISECOND))];
    let mut world = cluster_with(&steady(&values, 4, 120.0, 0), two_choices::make, false, flaw);
    let mut since: BTreeMap<(usize, u64), Nanos> = BTreeMap::new();
    let mut longest = 0;
    while world.now() < 20 * SECOND {
        world.run(20 * SECOND, 1);
        let awaited: Vec<u64> = balancers(&world).flat_map(|(_, one)| one.tries()).map(|t| t.1).collect();
        let mut now = BTreeMap::new();
        for (at, node) in world.nodes().iter().enumerate() {
            let Some(Tier::Backend(backend)) = node.server() else { continue };
            for (_, ticket) in backend.tickets().filter(|(_, ticket)| !awaited.contains(ticket)) {
                let began = since.get(&(at, ticket)).copied().unwrap_or(world.now());
                longest = longest.max(world.now() - began);
                now.insert((at, ticket), began);
            }
        }
        since = now;
    }
    let hedges = balancers(&world).map(|(_, one)| one.ledger().hedges).sum();
    (longest, hedges)
}

#[test]
fn planted_a_hedge_whose_loser_is_not_cancelled() {
    let (longest, hedges) = longest_orphan(None, "hedged");
    println!("{hedges} second copies; an orphan lives for {longest} ns at most");
    // The cancellation takes one way of 1 ms.
    assert!(hedges > 200 && longest <= MILLISECOND, "{longest}");
    let (longest, _) = longest_orphan(Some(Flaw::LoserNotCancelled), "hedged");
    assert!(longest > 20 * MILLISECOND, "{longest}");
    let (longest, hedges) = longest_orphan(None, "tied");
    println!("tied: {hedges} second copies; an orphan lives for {longest} ns at most");
    assert!(hedges > 200 && longest <= MILLISECOND, "{longest}");
}
