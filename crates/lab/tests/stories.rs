//! The gallery's stories about load balancing come out as their notes say, in numbers, and not only under the seed
//! that they are told with.

mod common;

use common::{other, run_until, story};
use netsplit_lab::Report;
use netsplit_lab::scenario::{Mode, Scenario, Seed};

fn run(scenario: &Scenario) -> Report {
    run_until(scenario, u64::MAX).report()
}

/// The seed of the gallery, and others.
fn seeds(scenario: &Scenario) -> Vec<Scenario> {
    let with = |seed: u64| Scenario { seed: Seed::Number(seed), ..scenario.clone() };
    std::iter::once(scenario.clone()).chain([101, 102, 103].map(with)).collect()
}

fn ok(report: &Report) -> f64 {
    report.metrics.operations.ok as f64
}

fn not_ok(report: &Report) -> f64 {
    (report.metrics.operations.failed + report.metrics.operations.timed_out) as f64
}

fn p99(report: &Report) -> f64 {
    report.metrics.latency_ms.expect("some were ok").p99
}

fn mean(report: &Report) -> f64 {
    report.metrics.latency_ms.expect("some were ok").mean
}

/// Both runs of a story under several seeds, put to a check.
fn compare(id: &str, check: impl Fn(&Report, &Report)) {
    for (one, two) in seeds(&story(id)).iter().zip(seeds(&other(id))) {
        let (a, b) = (run(one), run(&two));
        println!(
            "{id}: ok {} and {}, not ok {} and {}, mean {:.0} and {:.0} ms, p99 {:.0} and {:.0} ms",
            ok(&a),
            ok(&b),
            not_ok(&a),
            not_ok(&b),
            mean(&a),
            mean(&b),
            p99(&a),
            p99(&b)
        );
        check(&a, &b);
    }
}

/// Answers per second between two moments.
fn goodput(scenario: &Scenario, from: u64, to: u64) -> f64 {
    (ok(&run_until(scenario, to).report()) - ok(&run_until(scenario, from).report())) / (to - from) as f64
}

#[test]
fn an_outage_outlives_its_cause_unless_retries_have_a_budget() {
    for scenario in seeds(&story("outage-outlives-cause")) {
        assert!(goodput(&scenario, 5, 20) > 265.0);
        let after = goodput(&scenario, 40, 70);
        println!("without a budget: {after:.0} answers a second from 40 s to 70 s");
        assert!(after < 15.0, "{after}");
    }
    for scenario in seeds(&story("outage-with-budget")) {
        let (during, after) = (goodput(&scenario, 30, 35), goodput(&scenario, 45, 70));
        println!("with a budget: {during:.0} a second until 35 s, {after:.0} from 45 s");
        // The cause is gone at 30 s; about 15 s later all is well.
        assert!(during < 150.0 && after > 265.0, "{during} {after}");
    }
}

#[test]
fn the_fastest_backend_is_the_broken_one() {
    compare("fastest-is-broken", |least, turn| {
        let share = |report: &Report| not_ok(report) / 4000.0;
        assert!((0.65..0.9).contains(&share(least)), "{}", share(least));
        assert!((share(turn) - 0.2).abs() < 0.02, "{}", share(turn));
    });
}

#[test]
fn a_silent_host_under_the_defaults_of_nginx_and_of_haproxy() {
    for (nginx, haproxy) in
        seeds(&story("nginx-silent-host")).iter().zip(seeds(&story("haproxy-silent-host")))
    {
        let (nginx, haproxy) = (run(nginx), run(&haproxy));
        println!("timed out: NGINX {}, HAProxy {}", not_ok(&nginx), not_ok(&haproxy));
        assert!(not_ok(&nginx) > 50.0 && not_ok(&haproxy) < not_ok(&nginx) / 3.0);
    }
    // A process that died refuses: NGINX's passive check learns of it with the first request.
    let mut refusing = story("nginx-silent-host");
    refusing.faults[0].params.remove("host");
    assert!(not_ok(&run(&refusing)) < 3.0);
}

#[test]
fn a_lone_backend_is_never_left_out_by_nginx() {
    let mut scenario = story("nginx-silent-host");
    scenario.system.nodes = Some(1);
    scenario.faults.clear();
    scenario.workload.rate = 10.0;
    scenario.system.params.insert("error_from".into(), "2s".into());
    let report = run(&scenario);
    assert_eq!(report.metrics.operations.by_cause.keys().collect::<Vec<_>>(), ["error"]);
}

#[test]
fn a_cold_backend_needs_a_slow_start() {
    compare("cold-herd", |full, slow| {
        assert!(not_ok(full) > 60.0 && not_ok(slow) < not_ok(full) / 3.0);
    });
}

#[test]
fn a_sticky_hash_drowns_one_backend() {
    compare("sticky-hot-client", |hash, two| {
        assert!(not_ok(hash) > 500.0 && not_ok(two) < 1.0 && p99(two) < 300.0);
    });
}

#[test]
fn stale_views_are_worse_than_none() {
    for scenario in seeds(&story("stale-views")) {
        let mut unshared = scenario.clone();
        unshared.system.params.insert("view_sync".into(), "0s".into());
        let (stale, none) = (mean(&run(&scenario)), mean(&run(&unshared)));
        println!("stale {stale:.0} ms, not shared {none:.0} ms");
        assert!(stale > 1.7 * none, "{stale} {none}");
    }
    compare("stale-views", |stale, two| assert!(mean(stale) > 1.7 * mean(two)));
}

#[test]
fn a_second_copy_cuts_the_tail_for_a_twentieth() {
    compare("hedging", |hedged, plain| {
        let more = hedged.metrics.own["tries_per_request"] - 1.0;
        assert!((0.04..0.06).contains(&more), "{more}");
        assert!(p99(plain) > 450.0 && p99(hedged) < 120.0);
    });
}

#[test]
fn the_tail_at_scale() {
    compare("tail-at-scale", |plain, hedged| {
        // More than half of all take a second; with second copies hardly any does.
        assert!(plain.metrics.latency_ms.unwrap().p50 > 1000.0);
        assert!((600.0..700.0).contains(&mean(plain)), "{}", mean(plain));
        assert!(hedged.metrics.latency_ms.unwrap().p50 < 50.0 && mean(hedged) < 60.0);
    });
}

#[test]
fn clients_that_wait_hide_the_delay() {
    for scenario in seeds(&story("closed-loop-hides")) {
        let report = run(&scenario);
        let intended = report.metrics.latency_from_intended_ms.unwrap().p99;
        println!("p99 {:.0} ms, from the intended start {intended:.0} ms", p99(&report));
        assert!(intended > 5.0 * p99(&report) && intended > 3000.0);
        let mut open = scenario;
        open.workload.mode = Mode::Open;
        let seen = p99(&run(&open));
        assert!((seen / intended - 1.0).abs() < 0.15, "an open loop sees {seen}");
    }
}

#[test]
fn ejections_cascade_without_a_panic_threshold() {
    compare("ejection-cascade", |cascade, panic| {
        assert!(not_ok(cascade) > ok(cascade) && not_ok(panic) < 0.12 * ok(panic));
    });
}

#[test]
fn a_shallow_probe_sees_nothing() {
    compare("shallow-check", |shallow, deep| {
        assert!(not_ok(shallow) > 1000.0 && not_ok(deep) < 200.0);
    });
}

#[test]
fn a_slow_database_stops_the_whole_site() {
    for scenario in seeds(&story("overload-travels")) {
        let healthy = goodput(&scenario, 5, 15);
        let after = goodput(&scenario, 40, 60);
        println!("{healthy:.0} answers a second before, {after:.0} from 40 s to 60 s");
        assert!(healthy > 185.0 && after < 20.0, "{healthy} {after}");
    }
    for scenario in seeds(&other("overload-travels")) {
        assert!(goodput(&scenario, 40, 60) > 180.0);
    }
}

#[test]
fn work_is_wasted_unless_it_is_dropped_or_cancelled() {
    compare("wasted-work", |wasted, dropped| {
        let share = |report: &Report| report.metrics.own["wasted_share"];
        assert!(share(wasted) > 0.85 && share(dropped) < 0.1);
    });
    let mut cancelled = story("wasted-work");
    cancelled.system.params.insert("abandoned".into(), "cancel".into());
    assert!(run(&cancelled).metrics.own["wasted_share"] < 0.1);
}

#[test]
fn a_queue_in_the_balancer_walks_around_a_slow_backend() {
    compare("queue-in-balancer", |balancer, backends| {
        assert!(not_ok(balancer) < 1.0 && not_ok(backends) > 20.0 && p99(backends) > 4.0 * p99(balancer));
    });
}

#[test]
fn each_worker_learns_on_its_own() {
    compare("stale-workers", |six, one| {
        assert!(not_ok(six) > 15.0 && not_ok(one) < 10.0);
    });
}

#[test]
fn a_dead_balancer_moves_few_clients_by_maglev() {
    let moved = |scenario: &Scenario| -> u32 {
        let x = run_until(scenario, 15);
        let entries = x.log_around(None, 100_000, 0).rows;
        let said = entries.iter().find(|entry| entry.sentence.contains("clients move")).expect("it is said");
        println!("{} ms: {}", said.time / 1_000_000, said.sentence);
        let words: Vec<&str> = said.sentence.split(' ').collect();
        let of = words.iter().position(|word| *word == "of").unwrap();
        words[of - 1].parse().unwrap()
    };
    let (ecmp, maglev) = (moved(&story("front-tier")), moved(&other("front-tier")));
    assert!(ecmp >= 20 && maglev <= 12, "{ecmp} {maglev}");
}

#[test]
fn the_tables_of_queueing_theory() {
    compare("mm1-md1", |exponential, constant| {
        assert!((mean(exponential) / 5.0 - 5.0).abs() < 1.0, "{}", mean(exponential));
        assert!((mean(constant) / 5.0 - 3.0).abs() < 0.4, "{}", mean(constant));
    });
    let (two, random) = (run(&story("two-choices-table")), run(&other("two-choices-table")));
    assert!((mean(&two) / 50.0 - 1.9585).abs() < 0.06, "{}", mean(&two));
    assert!((mean(&random) / 50.0 - 5.0).abs() < 0.5, "{}", mean(&random));
}
