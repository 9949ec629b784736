//! A run stops where it was told to, and nowhere else; what an event changed is shown with the value before.

use netsplit_lab::breakpoints::{self, Break, Breakpoint};
use netsplit_lab::scenario::{BreakpointSpec, Duration, Fault, Target};
use netsplit_lab::{Experiment, changes, default_scenario};

const END: u64 = 6_000_000_000;

fn raft() -> Experiment {
    let mut scenario = default_scenario("leader_election", "raft");
    scenario.duration = Duration(END);
    let mut crash = Fault::new(Duration::from_secs(3), "crash");
    (crash.target, crash.lasts) = (Target::Node("n1".to_owned()), Some(Duration::from_secs(1)));
    scenario.faults.push(crash);
    Experiment::open(&scenario).expect("valid")
}

/// Where a breakpoint stops the run, all the way.
fn stops(x: &mut Experiment, at: Break) -> Vec<(u64, u64)> {
    x.set_breakpoints(vec![Breakpoint::new(at)]);
    x.seek(0);
    let mut stops = Vec::new();
    while !x.finished() {
        x.advance(END, 700);
        if x.take_stop() == Some(0) {
            stops.push((x.events(), x.now()));
        }
    }
    stops
}

#[test]
fn a_run_stops_where_it_was_told_to() {
    let mut straight = raft();
    straight.seek(END);
    let mut x = raft();
    assert_eq!(
        stops(&mut x, Break::At(2_000_000_123)).iter().map(|s| s.1).collect::<Vec<_>>(),
        [2_000_000_123]
    );
    assert_eq!(x.trace_hash(), straight.trace_hash(), "looking changes nothing");
    // A crash with its end, whether the run is new or known already.
    for _ in 0..2 {
        let faults: Vec<u64> =
            stops(&mut x, Break::Event("fault".to_owned(), None)).iter().map(|s| s.1).collect();
        assert_eq!(faults, [3_000_000_000, 4_000_000_000]);
    }
    let notable: Vec<(u64, u64)> = straight
        .log(0, usize::MAX)
        .iter()
        .filter(|line| line.kind == "notable")
        .map(|line| (line.event, line.time))
        .collect();
    assert!(!notable.is_empty());
    assert_eq!(stops(&mut x, Break::Event("notable".to_owned(), None)), notable);
    let starts = stops(&mut x, Break::Event("start".to_owned(), Some(0)));
    // The start of the run was before the cursor.
    assert_eq!(starts.iter().map(|s| s.1).collect::<Vec<_>>(), [4_000_000_000]);
    // Every vote that arrives.
    let votes = x.legend().iter().position(|kind| kind.label == "Vote").expect("Raft has votes") as u8;
    let whole = netsplit_lab::spacetime::space_time(&straight, 0, END, usize::MAX);
    let arrived = whole.arrows.iter().filter(|arrow| arrow.kind == votes && arrow.event > 0).count();
    assert_eq!(stops(&mut x, Break::Message(votes)).len(), arrived);
    // What is off stops nothing.
    let mut off = Breakpoint::new(Break::At(1_000_000_000));
    off.on = false;
    x.set_breakpoints(vec![off]);
    x.seek(0);
    assert!(x.advance(END, u64::MAX).done && x.finished() && x.take_stop().is_none());
}

#[test]
fn a_condition_stops_the_run_when_it_comes_true() {
    let mut x = raft();
    let leads: Vec<u64> = (0..5)
        .flat_map(|node| stops(&mut x, Break::Fact(node, "state".to_owned(), "Leader".to_owned())))
        .map(|stop| stop.1)
        .collect();
    let log = x.log(0, usize::MAX);
    let elected: Vec<u64> =
        log.iter().filter(|line| line.sentence.contains("is leader of")).map(|line| line.time).collect();
    assert_eq!(
        {
            let mut leads = leads;
            leads.sort_unstable();
            leads
        },
        elected
    );
    let crashed = stops(&mut x, Break::Fact(0, "state".to_owned(), "crashed".to_owned()));
    assert_eq!(crashed.iter().map(|stop| stop.1).collect::<Vec<_>>(), [3_000_000_000]);
    // A number: looked at as often as the charts are, and only its passing counts.
    let passed = stops(&mut x, Break::Metric("ok".to_owned(), true, 40.5));
    assert_eq!(passed.len(), 1);
    // However small the pieces are in which the run goes on.
    x.set_breakpoints(vec![Breakpoint::new(Break::Metric("ok".to_owned(), true, 40.5))]);
    x.seek(0);
    let mut stopped = Vec::new();
    while !x.finished() {
        x.advance(END, 3);
        stopped.extend(x.take_stop().map(|_| (x.events(), x.now())));
    }
    assert_eq!(stopped, passed);
    x.set_breakpoints(Vec::new());
    x.seek(passed[0].1);
    assert!(x.tally().ok > 40);
    x.seek(passed[0].1 - 200_000_000);
    assert!(x.tally().ok <= 40);
}

#[test]
fn what_an_event_changed_is_shown_with_the_value_before() {
    let mut x = raft();
    x.seek(END);
    let log = x.log(0, usize::MAX);
    let elected = log.iter().find(|line| line.sentence.contains("is leader of")).expect("there is a leader");
    x.seek(elected.time - 1);
    while x.events() < elected.event {
        x.step();
    }
    let node = x.frame().nodes.iter().position(|node| node.name == elected.node).expect("it is there") as u32;
    let hash = x.trace_hash();
    let changed = changes::changed(&mut x, node).expect("something happened");
    assert_eq!((changed.event, changed.time, x.trace_hash()), (elected.event, elected.time, hash));
    assert_eq!(changed.sentence, elected.sentence);
    let state = changed.fields.iter().find(|change| change.label == "State").expect("it became leader");
    assert_eq!((state.before.as_deref(), state.after.as_deref()), (Some("Candidate"), Some("Leader")));
    // A crash of several nodes at once: each shows its own.
    let mut crash = Fault::new(Duration(0), "crash");
    crash.target = Target::Role("server".to_owned());
    x.seek(2_000_000_000);
    x.inject(crash).expect("valid");
    x.advance(2_000_000_001, 100);
    assert!(x.inspect(3).status == "crashed");
    let earlier = changes::changed(&mut x, 3).expect("it did something before");
    assert!(earlier.time <= 2_000_000_000);
    // Nothing has happened yet.
    x.seek(0);
    let mut fresh = raft();
    assert_eq!(changes::changed(&mut fresh, 0), None);
    assert_eq!(changes::changed(&mut x, 99), None);
    // Before its first start it was nothing: it had not crashed.
    let born = std::iter::from_fn(|| {
        fresh.step();
        Some(changes::changed(&mut fresh, 0))
    });
    let born = born.take(20).flatten().next().expect("it starts");
    let state = born.fields.iter().find(|change| change.label == "State").expect("it has one now");
    assert_eq!((state.before.as_deref(), state.after.as_deref()), (None, Some("Follower")));
}

#[test]
fn a_document_says_every_breakpoint_and_only_what_there_is() {
    let x = raft();
    let all = [
        Break::At(2_000_000_123),
        Break::Event("failed".to_owned(), None),
        Break::Event("start".to_owned(), Some(2)),
        Break::Message(1),
        Break::Metric("failed".to_owned(), true, 12.5),
        Break::Metric("ok".to_owned(), false, -3.0),
        Break::Fact(1, "term".to_owned(), "3".to_owned()),
    ];
    for at in all {
        for on in [true, false] {
            let mut point = Breakpoint::new(at.clone());
            point.on = on;
            let spec = breakpoints::spec(&x, &point).expect("it fits");
            assert_eq!(breakpoints::of_specs(&x, std::slice::from_ref(&spec)), [point]);
            // A document with it is valid, and says the same when it is read again.
            let mut scenario = default_scenario("leader_election", "raft");
            scenario.view.breakpoints = vec![spec];
            let text = serde_json::to_string(&scenario).expect("JSON");
            let read = netsplit_lab::scenario::read(&text, netsplit_lab::declared::shared()).expect("valid");
            assert_eq!(read.view.breakpoints, scenario.view.breakpoints);
        }
    }
    // What the run does not have, or what no document holds, is left out.
    let long = "x".repeat(5_000);
    for at in [
        Break::At(0),
        Break::At(u64::MAX),
        Break::Event("start".to_owned(), Some(99)),
        Break::Message(200),
        Break::Metric(long.clone(), true, 1.0),
        Break::Metric("ok".to_owned(), true, f64::INFINITY),
        Break::Metric("ok".to_owned(), true, f64::NAN),
        Break::Fact(99, "term".to_owned(), "3".to_owned()),
        Break::Fact(1, "term".to_owned(), long),
    ] {
        assert_eq!(breakpoints::spec(&x, &Breakpoint::new(at)), None);
    }
    let spec = BreakpointSpec { message: Some("Bully".to_owned()), ..BreakpointSpec::default() };
    assert_eq!(breakpoints::of_specs(&x, &[spec]), []);
}
