//! The space-time diagram and the causal past, against what they are by definition.

use std::collections::{BTreeMap, BTreeSet};

use netsplit_lab::scenario::{Duration, Fault, Target};
use netsplit_lab::spacetime::{Dot, Logical, Making, SpaceTime, row, space_time};
use netsplit_lab::{Experiment, catalogue, causes, default_scenario};

const END: u64 = 3_000_000_000;

fn run(pattern: &str, algorithm: &str, crash: bool) -> Experiment {
    let mut scenario = default_scenario(pattern, algorithm);
    scenario.duration = Duration(END);
    scenario.network.loss = if algorithm == "raft" { 0.05 } else { 0.0 };
    if crash {
        let mut fault = Fault::new(Duration::from_millis(800), "crash");
        (fault.target, fault.lasts) = (Target::All, Some(Duration::from_millis(300)));
        scenario.faults.push(fault);
        let mut pause = Fault::new(Duration::from_millis(1500), "pause");
        (pause.target, pause.lasts) = (Target::All, Some(Duration::from_millis(200)));
        scenario.faults.push(pause);
    }
    let mut x = Experiment::open(&scenario).expect("valid");
    x.seek(END);
    x
}

fn all(crash: bool) -> Vec<Experiment> {
    let patterns = catalogue().patterns;
    let all = patterns.iter().flat_map(|p| p.algorithms.iter().map(|a| (p.id.clone(), a.id.clone())));
    all.map(|(pattern, algorithm)| run(&pattern, &algorithm, crash)).collect()
}

/// Happens-before by its definition, by walking back over all edges.
fn before(events: &[Dot], of: u64) -> BTreeSet<u64> {
    let by_number: BTreeMap<u64, &Dot> = events.iter().map(|dot| (dot.event, dot)).collect();
    let mut last: BTreeMap<u32, u64> = BTreeMap::new();
    let mut previous: BTreeMap<u64, u64> = BTreeMap::new();
    for dot in events.iter().filter(|dot| dot.node != u32::MAX) {
        if let Some(before) = last.insert(dot.node, dot.event) {
            previous.insert(dot.event, before);
        }
    }
    let (mut found, mut stack) = (BTreeSet::new(), vec![of]);
    while let Some(event) = stack.pop() {
        if by_number.contains_key(&event) && found.insert(event) {
            stack.push(by_number[&event].cause);
            stack.extend(previous.get(&event));
        }
    }
    found
}

#[test]
fn the_causal_past_is_what_happens_before() {
    for x in all(true) {
        let name = &x.document().system.algorithm;
        let diagram = space_time(&x, 0, END, usize::MAX);
        let events = &diagram.events;
        for share in [3, 10, 31, 50, 77, 100] {
            let of = events[(events.len() - 1) * share / 100].event;
            let past = causes::past(&x, of, 1).expect("there is one");
            let expected = before(events, of);
            assert_eq!(past.events.iter().copied().collect::<BTreeSet<_>>(), expected, "{name}: {of}");
            assert_eq!(past.of, events.iter().filter(|dot| dot.event <= of).count());
            // The chain goes from cause to event and ends with it; every step happened before.
            assert_eq!(past.chain.last().map(|step| step.event), Some(of), "{name}");
            assert!(past.chain.iter().all(|step| expected.contains(&step.event)), "{name}: {past:?}");
            assert!(past.chain.iter().all(|step| !step.sentence.is_empty()), "{name}: {past:?}");
            // A part of the run holds a part of the past.
            let part = causes::past(&x, of, of.saturating_sub(500)).expect("there is one");
            let from = of.saturating_sub(500);
            assert!(part.events.iter().all(|event| *event >= from && expected.contains(event)));
            // Older causes are made again on demand, as far as there are any.
            let older = causes::chain(&x, past.older, 5);
            assert_eq!(older.is_empty(), past.older == 0);
        }
        assert!(causes::past(&x, x.events() + 1, 1).is_none());
    }
}

#[test]
fn logical_clocks_say_what_happens_before() {
    for x in all(true).iter().step_by(3) {
        let diagram = space_time(x, END / 4, END / 3, 4_000);
        let of = |event: u64| diagram.logical(event).expect("in the part");
        let picks: Vec<&Dot> = diagram.events.iter().step_by(diagram.events.len() / 25 + 1).collect();
        let clocks: Vec<(u64, Logical)> = picks.iter().map(|dot| (dot.event, of(dot.event))).collect();
        let known =
            |clock: &Logical, node: u32| clock.vector.iter().find(|(n, _)| *n == node).map_or(0, |(_, c)| *c);
        for ((a, one), dot) in clocks.iter().zip(&picks) {
            for (b, other) in &clocks {
                let happened = before(&diagram.events, *b).contains(a);
                // Fidge and Mattern: a happened before b exactly where b knows a's own count.
                let own = known(one, dot.node);
                assert_eq!(happened, known(other, dot.node) >= own, "{a} and {b}");
                // Lamport: only this way round.
                assert!(!happened || a == b || one.lamport < other.lamport);
            }
        }
        assert_eq!(diagram.logical(0), None);
    }
}

#[test]
fn a_diagram_shows_each_event_and_message_once() {
    for x in all(false) {
        let name = &x.document().system.algorithm;
        let whole = space_time(&x, 0, END, usize::MAX);
        assert!(!whole.cut && whole.to == END);
        // Two halves are the whole, but for what is on the way at the seam.
        let (left, right) =
            (space_time(&x, 0, END / 2, usize::MAX), space_time(&x, END / 2 + 1, END, usize::MAX));
        assert_eq!([left.events.clone(), right.events.clone()].concat(), whole.events, "{name}");
        let arrived = |d: &SpaceTime| d.arrows.iter().filter(|a| a.event > 0 || a.lost).count();
        assert_eq!(arrived(&left) + arrived(&right), arrived(&whole), "{name}");
        let flying = left.arrows.iter().filter(|a| a.event == 0 && !a.lost);
        assert!(flying.clone().all(|a| a.sent <= END / 2 && a.at > END / 2), "{name}");
        for arrow in whole.arrows.iter().filter(|a| a.event > 0 && a.cause > 0) {
            let sender =
                whole.events.binary_search_by_key(&arrow.cause, |dot| dot.event).map(|at| &whole.events[at]);
            let sender = sender.expect("its cause is in the run");
            assert_eq!((sender.node, sender.time), (arrow.from, arrow.sent), "{name}");
        }
        // What is too much is cut.
        let cut = space_time(&x, 0, END, 100);
        assert!(cut.cut && cut.events.len() <= 101 + cut.lanes.len() && cut.to < END);
        // Bit by bit it becomes the same.
        for (from, most) in [(0, usize::MAX), (END / 3, usize::MAX), (END / 3, 100)] {
            let mut making = Making::new(&x, from, END, most);
            let slices = (0..).find(|_| making.go_on(&x, 37)).expect("it comes to an end");
            assert!(slices > 0 && making.done(&x) == space_time(&x, from, END, most), "{name}: from {from}");
        }
    }
}

#[test]
fn lanes_show_lives_pauses_and_clocks() {
    let x = run("leader_election", "raft", true);
    let diagram = space_time(&x, 0, END, usize::MAX);
    // Who may yet be added has no lane.
    assert_eq!(diagram.lanes.len(), 8);
    for (at, lane) in diagram.lanes.iter().enumerate() {
        assert_eq!((lane.born, row(&diagram.lanes, lane.node)), (Some(0), at), "{}", lane.name);
        assert_eq!(lane.down, [(800_000_000, 1_100_000_000)], "{}", lane.name);
        assert_eq!(lane.paused, [(1_500_000_000, 1_700_000_000)], "{}", lane.name);
        assert!(lane.clock.iter().all(|(at, own)| at == own) && lane.clock.len() == 9);
    }
    let part = space_time(&x, 900_000_000, 1_600_000_000, usize::MAX);
    assert_eq!(part.lanes[0].down, [(900_000_000, 1_100_000_000)]);
    assert_eq!(part.lanes[0].paused, [(1_500_000_000, 1_600_000_000)]);
}
