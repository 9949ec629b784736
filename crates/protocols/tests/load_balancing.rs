//! Balancers, backends and clients: determinism, equal traffic under every rule, nothing lost or answered twice,
//! and the two stories that this pattern tells.

use std::collections::BTreeMap;

use netsplit_protocols::load_balancing::rule::Make;
use netsplit_protocols::load_balancing::{ALGORITHMS, cluster, least_connections, round_robin, two_choices};
use netsplit_protocols::parts::workload::{Arrivals, Workload};
use netsplit_protocols::registry::{Algorithm, Setup};
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Cause, Function, Observation, Operation, Outcome, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::{Arg, Detail, Item};
use netsplit_sim::{NodeId, Simulation};

fn algorithm(id: &str) -> &'static Algorithm {
    ALGORITHMS.iter().find(|a| a.id == id).expect("known")
}

fn setup(id: &str, nodes: u32, workload: Workload, values: &[(&str, Value)]) -> Setup {
    let mut settings = Settings::defaults(algorithm(id).params);
    for (name, value) in values {
        settings.set(name, value.clone()).expect("declared");
    }
    Setup {
        seed: 7,
        nodes,
        spares: 0,
        settings,
        overrides: Vec::new(),
        network: Network::uniform(Profile::new(Distribution::Constant(MILLISECOND), Transport::Stream)),
        zones: Vec::new(),
        workload,
    }
}

fn load(rate: f64) -> Workload {
    Workload { rate, ..Workload::default() }
}

fn fault(kind: FaultKind, node: NodeId, at: Nanos, duration: Nanos) -> Fault {
    let from = vec![Selector::Node(node)];
    Fault { at, duration: Some(duration), kind, from, to: Vec::new(), message: None, directed: false }
}

fn run(sim: &mut dyn Simulation, until: Nanos) -> Vec<Observation> {
    sim.run(until, u64::MAX);
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    seen
}

fn begun(seen: &[Observation]) -> Vec<(NodeId, Operation, Nanos)> {
    let invoked = seen.iter().filter_map(|o| match o.what {
        What::Invoke(operation, intended) => Some((o.node, operation, intended)),
        _ => None,
    });
    invoked.collect()
}

/// Answers of each kind among the operations that end within these times.
#[derive(Debug, Default)]
struct Ends {
    ok: u32,
    failed: BTreeMap<Cause, u32>,
}

impl Ends {
    fn of(seen: &[Observation], from: Nanos, to: Nanos) -> Self {
        let mut ends = Self::default();
        for o in seen.iter().filter(|o| o.time >= from && o.time < to) {
            match o.what {
                What::Complete(_, Outcome::Ok(_), _) => ends.ok += 1,
                What::Complete(_, Outcome::Fail(cause) | Outcome::Unknown(cause), _) => {
                    *ends.failed.entry(cause).or_default() += 1;
                }
                _ => {}
            }
        }
        ends
    }
    fn error_share(&self) -> f64 {
        let failed: u32 = self.failed.values().sum();
        f64::from(failed) / f64::from((failed + self.ok).max(1))
    }
}

#[test]
fn same_seed_same_run() {
    for algorithm in ALGORITHMS {
        let once = |seed| {
            let mut sim = (algorithm.build)(&Setup { seed, ..setup(algorithm.id, 5, load(45.0), &[]) });
            sim.schedule_fault(fault(FaultKind::Crash { host: false }, NodeId(2), 3 * SECOND, 2 * SECOND));
            sim.run(10 * SECOND, u64::MAX);
            (sim.trace_hash(), sim.events())
        };
        assert_eq!(once(7), once(7), "{}", algorithm.id);
        assert_ne!(once(7).0, once(8).0, "{}", algorithm.id);
    }
}

#[test]
fn arrivals_do_not_depend_on_the_system() {
    let plain =
        |rule: Make| begun(&run(&mut cluster(&setup("two_choices", 4, load(60.0), &[]), rule), 20 * SECOND));
    let expected = plain(round_robin::make);
    assert!(expected.len() > 1000);
    assert_eq!(plain(least_connections::make), expected);
    assert_eq!(plain(two_choices::make), expected);
    for kind in [FaultKind::Crash { host: true }, FaultKind::Slow(8.0), FaultKind::Pause] {
        // Of the balancer as well as of a backend.
        for node in [NodeId(0), NodeId(2)] {
            let mut sim = cluster(&setup("two_choices", 4, load(60.0), &[]), two_choices::make);
            sim.schedule_fault(fault(kind.clone(), node, 5 * SECOND, 5 * SECOND));
            assert_eq!(begun(&run(&mut sim, 20 * SECOND)), expected, "{kind:?} of {node:?}");
        }
    }
    // A spike adds operations and leaves the others as they are.
    let mut sim = cluster(&setup("two_choices", 4, load(60.0), &[]), two_choices::make);
    let spike = FaultKind::TrafficSpike(3.0);
    sim.schedule_fault(Fault { from: Vec::new(), ..fault(spike, NodeId(0), 5 * SECOND, 5 * SECOND) });
    let with_spike = begun(&run(&mut sim, 20 * SECOND));
    let (base, extra): (Vec<_>, Vec<_>) = with_spike.into_iter().partition(|(_, o, _)| o.number < 1 << 30);
    assert_eq!(base, expected);
    assert!((500..700).contains(&extra.len()), "{}", extra.len());
    assert!(extra.iter().all(|(_, _, at)| (5 * SECOND..=10 * SECOND).contains(at)));
}

#[test]
fn every_operation_ends_once_or_is_open() {
    for (id, transport) in [
        ("round_robin", Transport::Stream),
        ("least_connections", Transport::Datagram),
        ("two_choices", Transport::Stream),
        ("two_choices", Transport::Datagram),
    ] {
        let retrying = Workload { retries: 2, timeout: 400 * MILLISECOND, ..load(30.0) };
        let values = [
            ("queue_limit", Value::Int(5)),
            ("max_fails", Value::Int(3)),
            ("panic_threshold", Value::Int(50)),
        ];
        let mut setup = setup(id, 4, retrying, &values);
        let mut profile = Profile::new(Distribution::Uniform { min: 0, max: 20 * MILLISECOND }, transport);
        (profile.loss, profile.duplicate, profile.reorder) = (0.05, 0.05, 0.05);
        setup.network = Network::uniform(profile);
        let mut sim = (algorithm(id).build)(&setup);
        sim.schedule_fault(fault(FaultKind::Crash { host: false }, NodeId(1), 2 * SECOND, 2 * SECOND));
        sim.schedule_fault(fault(FaultKind::Crash { host: true }, NodeId(2), 5 * SECOND, 2 * SECOND));
        sim.schedule_fault(fault(FaultKind::Crash { host: false }, NodeId(0), 8 * SECOND, SECOND));
        sim.schedule_fault(fault(FaultKind::Pause, NodeId(5), 11 * SECOND, SECOND));
        let seen = run(&mut *sim, 20 * SECOND);
        let mut open: BTreeMap<(u32, u64), Nanos> = BTreeMap::new();
        let mut names: BTreeMap<(u32, u64), u32> = BTreeMap::new();
        for o in &seen {
            match o.what {
                What::Invoke(operation, intended) => {
                    assert_eq!(operation.function, Function::Call);
                    assert!(intended <= o.time);
                    assert!(open.insert((o.node.0, operation.number), o.time).is_none());
                    *names.entry((o.node.0, operation.number)).or_default() += 1;
                }
                What::Complete(number, _, attempts) => {
                    assert!(open.remove(&(o.node.0, number)).is_some(), "{id}: ended twice");
                    assert!((1..=3).contains(&attempts));
                }
                _ => {}
            }
        }
        assert!(names.values().all(|times| *times == 1));
        assert!(names.len() > 500);
        // What is open began within the time that all attempts take.
        assert!(open.values().all(|at| at + 1300 * MILLISECOND > 20 * SECOND), "{id}: {open:?}");
        let ends = Ends::of(&seen, 0, 20 * SECOND);
        println!("{id} over {transport:?}: {ends:?}");
        assert!(ends.ok > 250 && !ends.failed.is_empty(), "{id} over {transport:?}: {ends:?}");
    }
}

#[test]
fn closed_loop_asks_one_at_a_time() {
    let closed = Workload { arrivals: Arrivals::Closed, clients: 5, ..Workload::default() };
    let mut sim = cluster(&setup("round_robin", 4, closed, &[]), round_robin::make);
    let mut open: BTreeMap<u32, u64> = BTreeMap::new();
    let mut ended = 0;
    for o in run(&mut sim, 20 * SECOND) {
        match o.what {
            What::Invoke(operation, _) => assert!(open.insert(o.node.0, operation.number).is_none()),
            What::Complete(number, ..) => {
                assert_eq!(open.remove(&o.node.0), Some(number));
                ended += 1;
            }
            _ => {}
        }
    }
    assert!(ended > 300, "{ended}");
}

#[test]
fn round_robin_takes_turns() {
    let mut sim = cluster(&setup("round_robin", 5, load(30.0), &[]), round_robin::make);
    let line = |sim: &dyn Simulation| sim.overview().line.map(|line| (line.id, line.args[0].1.clone()));
    let mut turns = Vec::new();
    while turns.len() < 20 {
        sim.run(Nanos::MAX, 1);
        if let Some((id, Arg::Node(node))) = line(&sim) {
            assert_eq!(id, "lb-choice-turn");
            if turns.last() != Some(&node) {
                turns.push(node);
            }
        }
    }
    // lb1 is node 0; b1 to b5 follow.
    assert!(turns.iter().enumerate().all(|(at, node)| *node == 1 + at as u32 % 5), "{turns:?}");
}

#[test]
fn the_line_says_what_was_compared() {
    let mut sim = cluster(&setup("two_choices", 5, load(40.0), &[]), two_choices::make);
    sim.run(5 * SECOND, u64::MAX);
    let line = sim.overview().line.expect("a choice was made");
    assert_eq!(line.id, "lb-choice-two");
    let of = |name: &str| line.args.iter().find(|(n, _)| *n == name).map(|(_, value)| value.clone()).unwrap();
    let (Arg::Number(qa), Arg::Number(qb), Arg::Word(sign)) = (of("qa"), of("qb"), of("cmp")) else {
        panic!("{line:?}")
    };
    assert_eq!(sign, ["<", "=", ">"][(qa.cmp(&qb) as i8 + 1) as usize]);
    assert_ne!(of("a"), of("b"));
    assert_eq!(of("c"), if qa <= qb { of("a") } else { of("b") });
    let view = sim.observe(NodeId(1), Detail::Card);
    assert!(matches!(view.items[0], Item::Queue(_, _, 100)));
}

#[test]
fn a_spare_joins_and_a_backend_drains() {
    let mut setup = setup("round_robin", 2, load(10.0), &[]);
    setup.spares = 1;
    let mut sim = cluster(&setup, round_robin::make);
    let act = |id: &str, node| Action { id: id.to_owned(), node, args: Vec::new() };
    sim.schedule_action(5 * SECOND, act("add_node", None));
    sim.schedule_action(10 * SECOND, act("decommission", Some(NodeId(1))));
    let shares = |sim: &dyn Simulation| -> Vec<u64> {
        let served = |node| {
            sim.observe(NodeId(node), Detail::Card).items.iter().find_map(|item| match item {
                Item::Fact("lb-served", count) => count.parse().ok(),
                _ => None,
            })
        };
        (1..=3).map(|node| served(node).unwrap_or(0)).collect()
    };
    sim.run(5 * SECOND, u64::MAX);
    assert_eq!(shares(&sim)[2], 0);
    sim.run(11 * SECOND, u64::MAX);
    let before = shares(&sim);
    assert!(before[2] > 10, "{before:?}");
    sim.run(20 * SECOND, u64::MAX);
    let after = shares(&sim);
    assert_eq!(after[0], before[0]);
    assert!(after[1] > before[1] + 30 && after[2] > before[2] + 30, "{after:?}");
}

/// Story 1: four backends of 100 requests a second, all twice as slow from 20 s to 30 s.
fn outage(budget_permille: u32) -> Vec<Observation> {
    let workload =
        Workload { clients: 20, retries: 3, retry_permille: budget_permille, timeout: SECOND, ..load(280.0) };
    let values = [
        ("service", Value::Law(Distribution::Exponential { mean: 10 * MILLISECOND })),
        ("queue_limit", Value::Int(400)),
    ];
    let mut sim = cluster(&setup("round_robin", 4, workload, &values), round_robin::make);
    for backend in 1..=4 {
        sim.schedule_fault(fault(FaultKind::Slow(2.0), NodeId(backend), 20 * SECOND, 10 * SECOND));
    }
    run(&mut sim, 70 * SECOND)
}

#[test]
fn an_outage_outlives_its_cause() {
    let goodput = |seen: &[Observation], from: u64, to: u64| {
        f64::from(Ends::of(seen, from * SECOND, to * SECOND).ok) / (to - from) as f64
    };
    let seen = outage(0);
    let report: Vec<f64> = (0..7).map(|i| goodput(&seen, i * 10, i * 10 + 10)).collect();
    println!("no budget: {report:.0?}");
    assert!(goodput(&seen, 5, 20) > 260.0);
    assert!(goodput(&seen, 40, 70) < 15.0, "retries keep the overload alive: {report:?}");
    let seen = outage(100);
    let report: Vec<f64> = (0..14).map(|i| goodput(&seen, i * 5, i * 5 + 5)).collect();
    println!("budget of 10 %: {report:.0?}");
    assert!(goodput(&seen, 50, 70) > 260.0, "{report:?}");
}

/// Story 2: five backends of 100 ms, 200 requests a second; b3 answers errors in 1 ms from 10 s.
fn black_hole(id: &str, rule: Make, max_fails: i64) -> (f64, f64) {
    let values = [
        ("workers", Value::Int(20)),
        ("service", Value::Law(Distribution::Constant(100 * MILLISECOND))),
        ("max_fails", Value::Int(max_fails)),
    ];
    let mut setup = setup(id, 5, Workload { clients: 10, ..load(200.0) }, &values);
    setup.network =
        Network::uniform(Profile::new(Distribution::Constant(MILLISECOND / 10), Transport::Stream));
    let mut broken = setup.settings.clone();
    broken.set("error_from", Value::Duration(10 * SECOND)).unwrap();
    setup.overrides.push(("b3".to_owned(), broken));
    let seen = run(&mut cluster(&setup, rule), 30 * SECOND);
    let share = |from, to| Ends::of(&seen, from, to).error_share();
    (share(5 * SECOND, 10 * SECOND), share(11 * SECOND, 30 * SECOND))
}

#[test]
fn the_fastest_backend_is_the_broken_one() {
    let (before, least) = black_hole("least_connections", least_connections::make, 0);
    let (_, turn) = black_hole("round_robin", round_robin::make, 0);
    let (_, two) = black_hole("two_choices", two_choices::make, 0);
    let (_, checked) = black_hole("least_connections", least_connections::make, 3);
    println!(
        "errors: least {least:.3}, round robin {turn:.3}, two choices {two:.3}, with checks {checked:.3}"
    );
    assert!(before < 1e-9);
    assert!((0.70..0.88).contains(&least), "{least}");
    assert!((turn - 0.2).abs() < 0.01, "{turn}");
    assert!((0.35..0.43).contains(&two), "{two}");
    assert!(checked < 0.02, "{checked}");
}

#[test]
fn ejections_cascade_without_a_panic_threshold() {
    let share = |panic| {
        let values = [
            ("queue_limit", Value::Int(5)),
            ("max_fails", Value::Int(1)),
            ("panic_threshold", Value::Int(panic)),
        ];
        // A tenth above the capacity.
        let seen =
            run(&mut cluster(&setup("round_robin", 4, load(44.0), &values), round_robin::make), 60 * SECOND);
        Ends::of(&seen, 0, 60 * SECOND).error_share()
    };
    let (cascade, panic) = (share(0), share(100));
    println!("failed: without {cascade:.2}, with a panic threshold {panic:.2}");
    assert!(cascade > 0.5 && panic < 0.25, "{cascade} {panic}");
}
