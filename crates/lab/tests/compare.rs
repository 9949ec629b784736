//! Two runs that differ in one thing see the same traffic; where they part is named.

mod common;

use netsplit_checker::Event;
use netsplit_lab::compare::{Pair, other};
use netsplit_lab::scenario::{Branch, Compare, Distribution, Duration, Fault, Mode, Scenario, Target};
use netsplit_lab::{Experiment, catalogue, default_scenario};

const END: u64 = 6_000_000_000;

fn scenario(pattern: &str, algorithm: &str, mode: Mode) -> Scenario {
    let mut scenario = default_scenario(pattern, algorithm);
    scenario.duration = Duration(END);
    scenario.workload.mode = mode;
    scenario.workload.rate = 60.0;
    scenario.network.latency = Distribution::Constant(Duration::from_millis(3));
    scenario
}

/// Both runs, finished, with the work without data kept as well.
fn run(scenario: &Scenario) -> Pair {
    let mut pair = Pair::open(scenario).expect("valid");
    pair.a.keep_calls();
    pair.b.keep_calls();
    while !pair.advance(END, 1000).done {
        assert!(pair.a.now().abs_diff(pair.b.now()) < END);
    }
    assert_eq!((pair.a.now(), pair.b.now()), (END, END));
    pair
}

/// What each client asked, in its order: (client, what), and when.
fn asked(x: &Experiment) -> Vec<(String, Vec<(String, u64)>)> {
    let names: Vec<String> = x.frame().nodes.into_iter().filter(|n| n.client).map(|n| n.name).collect();
    let mut all: Vec<(String, Vec<(String, u64)>)> =
        names.into_iter().map(|name| (name, Vec::new())).collect();
    for record in x.history().records() {
        if let Event::Invoke(call) = &record.what {
            let client = x.process_name(record.process);
            let own = all.iter_mut().find(|(name, _)| *name == client).expect("a client");
            own.1.push((format!("{call:?}"), record.time));
        }
    }
    all
}

fn with_algorithm(mut scenario: Scenario, algorithm: &str) -> Scenario {
    scenario.compare = Some(Compare { algorithm: Some(algorithm.to_owned()), ..Compare::default() });
    scenario
}

/// Whether clients ask both for the same kind of thing: some algorithms keep no data.
fn alike(pair: &Pair) -> bool {
    let data = |x: &Experiment| {
        x.history()
            .records()
            .iter()
            .any(|record| matches!(&record.what, Event::Invoke(call) if call.key().is_some()))
    };
    data(&pair.a) == data(&pair.b)
}

/// Every two algorithms of a pattern that stand beside each other in the catalogue.
fn neighbours() -> Vec<(String, String, String)> {
    let patterns = catalogue().patterns;
    let pairs = patterns.iter().flat_map(|p| {
        p.algorithms.windows(2).map(|two| (p.id.clone(), two[0].id.clone(), two[1].id.clone()))
    });
    pairs.collect()
}

#[test]
fn open_loop_runs_see_the_same_arrivals() {
    let all = neighbours();
    assert!(all.len() >= 12);
    for (pattern, a, b) in all {
        let pair = run(&with_algorithm(scenario(&pattern, &a, Mode::Open), &b));
        let (left, right) = (asked(&pair.a), asked(&pair.b));
        assert!(left.iter().map(|(_, list)| list.len()).sum::<usize>() > 200, "{a}");
        if alike(&pair) {
            assert_eq!(left, right, "{a} and {b}");
        }
        let when = |all: &[(String, Vec<(String, u64)>)]| -> Vec<u64> {
            all.iter().flat_map(|(_, list)| list.iter().map(|(_, at)| *at)).collect()
        };
        assert_eq!(when(&left), when(&right), "{a} and {b}");
    }
}

#[test]
fn service_demands_belong_to_the_operations() {
    // So many workers that nobody waits: what remains of the latency is the demand.
    let mut scenario = scenario("load_balancing", "round_robin", Mode::Open);
    let set = |s: &mut Scenario, id: &str, value: serde_json::Value| {
        drop(s.system.params.insert(id.to_owned(), value))
    };
    set(&mut scenario, "workers", serde_json::json!(64));
    set(&mut scenario, "service", serde_json::json!({"kind": "exponential", "mean": "20ms"}));
    for other in ["random", "least_connections", "two_choices", "maglev", "peak_ewma"] {
        let pair = run(&with_algorithm(scenario.clone(), other));
        let took = |x: &Experiment| -> Vec<u64> {
            let records = x.history().records();
            let ended = records.iter().filter_map(|record| match &record.what {
                Event::Complete { invoke, .. } => Some((*invoke, record.time - records[*invoke].time)),
                Event::Invoke(_) => None,
            });
            let mut ended: Vec<(u64, u64, u64)> =
                ended.map(|(invoke, took)| (records[invoke].time, records[invoke].process, took)).collect();
            ended.sort_unstable();
            ended.into_iter().map(|(_, _, took)| took).collect()
        };
        let (left, right) = (took(&pair.a), took(&pair.b));
        let both = left.len().min(right.len()) - 40;
        assert!(both > 200, "{both}");
        assert_eq!(left[..both], right[..both], "{other}");
        let distinct: std::collections::BTreeSet<u64> = left.iter().copied().collect();
        assert!(distinct.len() > both * 9 / 10, "the demands differ from each other");
    }
}

#[test]
fn closed_loop_runs_see_the_same_operations() {
    for (pattern, a, b) in neighbours() {
        let pair = run(&with_algorithm(scenario(&pattern, &a, Mode::Closed), &b));
        if !alike(&pair) {
            continue;
        }
        for ((client, left), (_, right)) in asked(&pair.a).iter().zip(&asked(&pair.b)) {
            let both = left.len().min(right.len());
            assert!(both > 5, "{a} and {b}: {client} asked {both}");
            let what = |list: &[(String, u64)]| -> Vec<String> {
                list[..both].iter().map(|(w, _)| w.clone()).collect()
            };
            assert_eq!(what(left), what(right), "{a} and {b}: {client}");
        }
    }
}

#[test]
fn a_fault_less_is_where_the_runs_part() {
    let mut scenario = scenario("leader_election", "raft", Mode::Closed);
    let mut crash = Fault::new(Duration::from_secs(2), "crash");
    crash.target = Target::Node("n1".to_owned());
    scenario.faults.push(crash.clone());
    let gone = Branch { name: "no crash".to_owned(), from: crash.at, ..Branch::default() };
    scenario.branches.push(Branch { keep: false, ..gone });
    scenario.compare =
        Some(Compare { branch: Some("no crash".to_owned()), title: "B".into(), ..Compare::default() });
    assert!(other(&scenario).expect("valid").faults.is_empty());
    let pair = run(&scenario);
    assert_eq!(pair.titles.1, "B");
    let found = pair.both().diverges().expect("they differ");
    assert!(found.time <= 2_000_000_000, "{found:?}");
    assert!(found.a.contains("Crash n1") && !found.b.is_empty(), "{found:?}");
    // Just before it they are the same.
    let mut sides =
        [Experiment::open(pair.a.document()), Experiment::open(pair.b.document())].map(|x| x.expect("valid"));
    sides.iter_mut().for_each(|x| x.run_to_event(found.event - 1));
    assert_eq!(sides[0].trace_hash(), sides[1].trace_hash());
    sides.iter_mut().for_each(|x| x.run_to_event(found.event));
    assert_ne!(sides[0].trace_hash(), sides[1].trace_hash());
    // Charts have a line for each run, rows a number of each, and both verdicts are there.
    assert!(
        pair.both().charts().iter().all(|chart| chart.lines.len() == 2) && pair.both().charts().len() == 3
    );
    let rows = pair.both().rows();
    let ok = rows.iter().find(|row| row.id == "operations.ok").expect("it is always there");
    assert_eq!(ok.a, Some(pair.a.report().metrics.operations.ok as f64));
    assert!(rows.iter().all(|row| !row.label.starts_with("compare-")), "{rows:?}");
    let linear = pair
        .both()
        .verdicts()
        .into_iter()
        .find(|row| row.promise == "linearizable")
        .expect("Raft promises it");
    assert_eq!((linear.a.as_deref(), linear.b.as_deref()), (Some("kept"), Some("kept")));
    let (a, _) = pair.both().curves();
    assert!(a.windows(2).all(|two| two[0].0 <= two[1].0 && two[0].1 <= two[1].1) && a.len() > 90);
}

#[test]
fn other_rules_part_at_the_first_choice_and_the_same_run_never() {
    let balanced = scenario("load_balancing", "round_robin", Mode::Open);
    let pair = run(&with_algorithm(balanced.clone(), "random"));
    let found = pair.both().diverges().expect("they differ");
    assert!(found.event > 1 && found.time < 1_000_000_000 && found.a != found.b, "{found:?}");
    let mut same = balanced;
    same.compare = Some(Compare::default());
    assert_eq!(run(&same).both().diverges(), None);
    same.compare = None;
    assert!(Pair::open(&same).is_err());
}

#[test]
fn the_same_events_that_say_something_else_are_no_equal_runs() {
    let story = common::story("broken-leader-commit");
    let mut pair = Pair::open(&story).expect("valid");
    while !pair.advance(story.duration.0, 1000).done {}
    let found = pair.both().diverges().expect("their hashes differ");
    assert!(found.contents && pair.a.trace_hash() != pair.b.trace_hash(), "{found:?}");
    let linear = pair.both().verdicts().into_iter().find(|row| row.promise == "linearizable");
    assert_eq!(linear.and_then(|row| row.a).as_deref(), Some("broken"));
}
