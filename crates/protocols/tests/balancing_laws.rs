//! What the literature and the vendors say of single rules and features, exactly or within the stated tolerance.

use netsplit_protocols::load_balancing::rule::Make;
use netsplit_protocols::load_balancing::{
    ALGORITHMS, Balancer, Ledger, Tier, bounded_hash, cluster, least_connections, round_robin,
    smooth_weighted, two_choices,
};
use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::parts::workload::Workload;
use netsplit_protocols::registry::Setup;
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::history::{Outcome, What};
use netsplit_sim::math;
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::{Cluster, NodeId, Simulation};

fn setup(id: &str, nodes: u32, workload: Workload, values: &[(&str, Value)]) -> Setup {
    let table = ALGORITHMS.iter().find(|a| a.id == id).expect("known").params;
    let mut settings = Settings::defaults(table);
    for (name, value) in values {
        settings.set(name, value.clone()).expect("declared");
    }
    Setup {
        seed: 3,
        nodes,
        spares: 0,
        settings,
        overrides: Vec::new(),
        network: Network::uniform(Profile::new(Distribution::Constant(0), Transport::Stream)),
        zones: Vec::new(),
        workload,
    }
}

fn weighted(mut setup: Setup, weights: &[i64]) -> Setup {
    for (at, weight) in weights.iter().enumerate() {
        let mut own = setup.settings.clone();
        own.set("weight", Value::Int(*weight)).unwrap();
        setup.overrides.push((format!("b{}", at + 1), own));
    }
    setup
}

fn load(rate: f64) -> Workload {
    Workload { clients: 1, rate, timeout: 3600 * SECOND, ..Workload::default() }
}

fn balancer(world: &Cluster<Hosted<Tier>>) -> &Balancer {
    match world.nodes()[0].server() {
        Some(Tier::Balancer(balancer)) => balancer,
        _ => panic!("the first node is a balancer"),
    }
}

/// Backends of the first requests, in order.
fn sequence(setup: &Setup, make: Make, count: usize) -> String {
    let mut world = cluster(setup, make);
    let tries = |world: &Cluster<Hosted<Tier>>| -> Vec<u64> {
        balancer(world).peers().iter().map(|peer| peer.tries).collect()
    };
    let mut letters = String::new();
    while letters.len() < count {
        let before = tries(&world);
        world.run(Nanos::MAX, 1);
        let chosen = before.iter().zip(tries(&world)).position(|(was, is)| is > *was);
        letters.extend(chosen.map(|at| (b'a' + at as u8) as char));
    }
    letters
}

#[test]
fn smooth_weighted_round_robin_as_nginx_documents_it() {
    // The example of NGINX's change: weights 5, 1, 1.
    let setup = weighted(setup("smooth_weighted", 3, load(10.0), &[]), &[5, 1, 1]);
    assert_eq!(sequence(&setup, smooth_weighted::make, 21), "aabacaa".repeat(3));
}

#[test]
fn smooth_weighted_shares_are_the_weights() {
    let setup = weighted(setup("smooth_weighted", 4, load(10.0), &[]), &[7, 3, 2, 1]);
    let letters = sequence(&setup, smooth_weighted::make, 130);
    for (letter, weight) in ['a', 'b', 'c', 'd'].into_iter().zip([7, 3, 2, 1]) {
        assert_eq!(letters.matches(letter).count(), weight * 10);
    }
}

#[test]
fn no_backend_gets_more_than_its_bound() {
    // Skewed keys make the ring as uneven as it gets.
    for (percent, weights) in [(100, [1; 10]), (125, [1; 10]), (150, [4, 1, 1, 1, 1, 1, 1, 1, 1, 1])] {
        let workload = Workload { keys: 50, skew: 1.2, ..load(180.0) };
        let values = [
            ("load_bound", Value::Int(percent)),
            ("queue_limit", Value::Int(0)),
            ("service", Value::Law(Distribution::Exponential { mean: 50 * MILLISECOND })),
        ];
        let setup = weighted(setup("bounded_hash", 10, workload, &values), &weights);
        let mut world = cluster(&setup, bounded_hash::make);
        let mut at_bound = 0;
        let total: u32 = balancer(&world).peers().iter().map(|peer| peer.weight).sum();
        for _ in 0..60_000 {
            let before: Vec<u64> = balancer(&world).peers().iter().map(|peer| peer.tries).collect();
            world.run(Nanos::MAX, 1);
            let peers = balancer(&world).peers();
            let open: u32 = peers.iter().map(|peer| peer.open).sum();
            for (peer, before) in peers.iter().zip(before) {
                if peer.tries > before {
                    // ceil(c m w / W), with this one among the m.
                    let share = f64::from(open) * f64::from(peer.weight) / f64::from(total);
                    let bound = (share * percent as f64 / 100.0 - 1e-9).ceil() as u32;
                    assert!(peer.open <= bound, "{} open, bound {bound}", peer.open);
                    at_bound += u32::from(peer.open == bound);
                }
            }
        }
        assert!(at_bound > 1000, "the bound must bind: {at_bound}");
    }
}

fn ledger_after(world: &mut Cluster<Hosted<Tier>>, seconds: u64) -> Ledger {
    world.run(seconds * SECOND, u64::MAX);
    balancer(world).ledger()
}

#[test]
fn hedging_after_a_quantile_adds_the_rest() {
    // Exponential service of 10 ms without queueing: the quantile q is reached after -ln(1 - q) times that.
    for quantile in [0.5f64, 0.9, 0.95, 0.99] {
        let after = (-math::ln(1.0 - quantile) * 10.0 * MILLISECOND as f64) as Nanos;
        let values = [
            ("hedge", Value::Choice("hedged")),
            ("hedge_after", Value::Duration(after)),
            ("workers", Value::Int(1000)),
            ("service", Value::Law(Distribution::Exponential { mean: 10 * MILLISECOND })),
        ];
        let setup = setup("two_choices", 10, load(500.0), &values);
        let ledger = ledger_after(&mut cluster(&setup, two_choices::make), 200);
        let share = ledger.hedges as f64 / ledger.requests as f64;
        println!("hedged after {quantile}: {share:.4} more requests");
        assert!((share / (1.0 - quantile) - 1.0).abs() < 0.1, "{share}");
    }
}

/// Latencies of all answers.
fn latencies(world: &mut Cluster<Hosted<Tier>>, seconds: u64) -> Vec<Nanos> {
    world.run(seconds * SECOND, u64::MAX);
    let (mut seen, mut open) = (Vec::new(), std::collections::BTreeMap::new());
    world.drain(&mut seen);
    let mut spans = Vec::new();
    for o in seen {
        match o.what {
            What::Invoke(operation, _) => {
                open.insert((o.node, operation.number), o.time);
            }
            What::Complete(number, Outcome::Ok(_), _) => spans.push(o.time - open[&(o.node, number)]),
            _ => {}
        }
    }
    spans
}

/// One answer in 100 is slow.
fn slow_tail(values: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let fast = Distribution::Uniform { min: 5 * MILLISECOND, max: 10 * MILLISECOND };
    let law = Distribution::Mixture(vec![(0.99, fast), (0.01, Distribution::Constant(SECOND))]);
    let mut all = vec![("service", Value::Law(law)), ("workers", Value::Int(10_000))];
    all.extend(values.iter().cloned());
    all
}

#[test]
fn the_tail_at_scale() {
    // Dean and Barroso 2013: 1 - 0.99^n of the requests with n parts meet a slow one.
    for parts in [1, 10, 100] {
        let values = slow_tail(&[("fan_out", Value::Int(parts))]);
        let setup = setup("round_robin", 100, load(50.0), &values);
        let spans = latencies(&mut cluster(&setup, round_robin::make), 200);
        let slow = spans.iter().filter(|span| **span >= SECOND).count() as f64 / spans.len() as f64;
        let published = 1.0 - math::pow(0.99, parts as f64);
        let error = (published * (1.0 - published) / spans.len() as f64).sqrt();
        println!("{parts} parts: {:.1} % slow, published {:.1} %", slow * 100.0, published * 100.0);
        assert!((slow - published).abs() < 3.0 * error, "{parts}: {slow} {published}");
    }
    // A second copy after 10 ms cures it for one more request in a hundred.
    let values = slow_tail(&[
        ("fan_out", Value::Int(100)),
        ("hedge", Value::Choice("hedged")),
        ("hedge_after", Value::Duration(10 * MILLISECOND)),
    ]);
    let setup = setup("round_robin", 100, load(50.0), &values);
    let mut world = cluster(&setup, round_robin::make);
    let spans = latencies(&mut world, 200);
    let slow = spans.iter().filter(|span| **span >= SECOND).count() as f64 / spans.len() as f64;
    let ledger = balancer(&world).ledger();
    let more = ledger.hedges as f64 / ledger.requests as f64;
    println!("hedged: {:.1} % slow, {:.2} % more requests", slow * 100.0, more * 100.0);
    assert!(slow < 0.02 && (more - 0.01).abs() < 0.001, "{slow} {more}");
}

#[test]
fn tied_requests_shorten_the_wait_in_queues() {
    let mean = |hedge| {
        let values = [
            ("hedge", Value::Choice(hedge)),
            ("hedge_after", Value::Duration(MILLISECOND)),
            ("service", Value::Law(Distribution::Exponential { mean: 10 * MILLISECOND })),
        ];
        let mut setup = setup("random", 10, load(500.0), &values);
        setup.network =
            Network::uniform(Profile::new(Distribution::Constant(MILLISECOND / 4), Transport::Stream));
        let mut world = cluster(&setup, netsplit_protocols::load_balancing::random::make);
        let spans = latencies(&mut world, 100);
        spans.iter().sum::<u64>() as f64 / spans.len() as f64 / MILLISECOND as f64
    };
    let (plain, tied) = (mean("off"), mean("tied"));
    println!("mean: {plain:.1} ms, tied {tied:.1} ms");
    // Half load under random placement: 20 ms; whichever of two queues is shorter is served first.
    assert!(tied < plain * 0.75, "{plain} {tied}");
}

#[test]
fn a_request_that_is_sent_is_not_repeated_if_it_must_not_be() {
    let retries = |percent| {
        let values = [
            ("retries", Value::Int(1)),
            ("retry_on", Value::Choice("error")),
            ("non_idempotent", Value::Int(percent)),
            ("error_from", Value::Duration(MILLISECOND)),
        ];
        let setup = setup("round_robin", 4, load(100.0), &values);
        let ledger = ledger_after(&mut cluster(&setup, round_robin::make), 50);
        ledger.retries as f64 / ledger.requests as f64
    };
    assert!((retries(0) - 1.0).abs() < 0.01);
    assert!((retries(30) - 0.7).abs() < 0.03);
    assert!(retries(100) < 1e-9);
}

#[test]
fn a_budget_holds_retries_down() {
    let values = [
        ("retries", Value::Int(3)),
        ("retry_on", Value::Choice("error")),
        ("error_from", Value::Duration(MILLISECOND)),
        ("error_latency", Value::Duration(20 * MILLISECOND)),
        ("workers", Value::Int(1000)),
        ("retry_budget", Value::Int(20)),
        ("retry_open", Value::Int(3)),
    ];
    let setup = setup("round_robin", 4, load(2000.0), &values);
    let ledger = ledger_after(&mut cluster(&setup, round_robin::make), 50);
    let share = ledger.retries as f64 / ledger.requests as f64;
    println!("retries per request under a budget of 20 %: {share:.3}, without 3");
    // A fifth of the open requests may be retries: a fourth of those that are not.
    assert!((0.2..0.27).contains(&share), "{share}");
}

#[test]
fn connections_beyond_the_limit_wait_in_the_balancer() {
    let values = [
        ("maxconn", Value::Int(2)),
        ("service", Value::Law(Distribution::Constant(10 * MILLISECOND))),
        ("workers", Value::Int(2)),
    ];
    let setup = setup("least_connections", 2, load(380.0), &values);
    let mut world = cluster(&setup, least_connections::make);
    let mut most_waiting = 0;
    for _ in 0..40_000 {
        world.run(Nanos::MAX, 1);
        let balancer = balancer(&world);
        assert!(balancer.peers().iter().all(|peer| peer.open <= 2));
        most_waiting = most_waiting.max(balancer.ledger().waiting);
    }
    // Nothing is lost meanwhile: the queue is in the balancer.
    let ledger = balancer(&world).ledger();
    println!("{most_waiting} waited at most; {ledger:?}");
    assert!(most_waiting > 3 && ledger.all_failed() == 0);
}

#[test]
fn several_balancers_do_worse_and_sharing_views_helps() {
    let mean = |balancers: i64, sync: Nanos| {
        let values = [
            ("balancers", Value::Int(balancers)),
            ("view_sync", Value::Duration(sync)),
            ("queue_limit", Value::Int(0)),
            ("service", Value::Law(Distribution::Exponential { mean: 10 * MILLISECOND })),
        ];
        let workload = Workload { clients: 40, ..load(1800.0) };
        let mut setup = setup("least_connections", 20, workload, &values);
        setup.network = Network::uniform(Profile::new(Distribution::Constant(1000), Transport::Stream));
        let spans = latencies(&mut cluster(&setup, least_connections::make), 60);
        spans.iter().sum::<u64>() as f64 / spans.len() as f64 / (10.0 * MILLISECOND as f64)
    };
    let (one, ten) = (mean(1, 0), mean(10, 0));
    let (fresh, stale) = (mean(10, MILLISECOND), mean(10, 200 * MILLISECOND));
    println!("one {one:.2}, ten {ten:.2}, sharing each 1 ms {fresh:.2}, each 200 ms {stale:.2}");
    assert!(one < fresh && fresh < ten && ten < stale, "{one} {fresh} {ten} {stale}");
}

/// How many clients change their balancer when one of ten dies.
fn moved(spread: &'static str) -> u32 {
    let values = [
        ("balancers", Value::Int(10)),
        ("routers", Value::Int(1)),
        ("spread", Value::Choice(spread)),
        ("service", Value::Law(Distribution::Constant(MILLISECOND))),
    ];
    let workload = Workload { clients: 400, ..load(2000.0) };
    let mut world = cluster(&setup("round_robin", 4, workload, &values), round_robin::make);
    world.schedule_fault(netsplit_sim::fault::Fault {
        at: 5 * SECOND,
        duration: None,
        kind: netsplit_sim::fault::FaultKind::Crash { host: true },
        from: vec![netsplit_sim::fault::Selector::Node(NodeId(3))],
        to: Vec::new(),
        message: None,
        directed: false,
    });
    world.run(15 * SECOND, u64::MAX);
    let router = NodeId(10 + 4);
    let view = world.observe(router, netsplit_sim::view::Detail::Full);
    let count = view.items.iter().find_map(|item| match item {
        netsplit_sim::view::Item::Fact("lb-flows-moved", count) => count.parse().ok(),
        _ => None,
    });
    count.expect("a router counts")
}

#[test]
fn a_dead_balancer_moves_few_clients_by_maglev_and_most_by_ecmp() {
    let (ecmp, maglev) = (moved("ecmp"), moved("maglev"));
    println!("of 400 clients: ECMP moves {ecmp}, Maglev {maglev}");
    // Modulo 10 to 9 moves nine tenths; Maglev the dead one's tenth and a few more.
    assert!((330..=385).contains(&ecmp) && (25..=65).contains(&maglev), "{ecmp} {maglev}");
}
