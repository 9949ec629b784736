//! A run with faults injected by hand, whenever and however, equals the replay from its link; and time travel
//! changes nothing.

use netsplit_lab::scenario::{Action, Duration, Fault, LinkName, Scenario, Target, catalogue::TargetKind};
use netsplit_lab::{Experiment, catalogue, default_scenario};
use proptest::prelude::*;

const END: u64 = 3_000_000_000;

/// What a hand does.
#[derive(Clone, Debug)]
enum Deed {
    /// Runs on for so long (ns).
    Advance(u64),
    /// Runs single events.
    Steps(u32),
    Back,
    /// Jumps to this share of the run, in thousandths.
    Seek(u64),
    /// A fault of this kind on these nodes, for so long (ms, 0 for ever).
    Inject(usize, usize, usize, u64),
    End(usize),
    Remove(usize),
    /// This fault begins at that share of the run, and lasts so long (ms) if it ends at all.
    Edit(usize, u64, u64),
    /// The action of this index on this node.
    Act(usize, usize),
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (1u64..400_000_000).prop_map(Deed::Advance),
        3 => (1u32..20).prop_map(Deed::Steps),
        1 => Just(Deed::Back),
        1 => (0u64..1000).prop_map(Deed::Seek),
        4 => (0usize..100, 0usize..20, 0usize..20, 0u64..800).prop_map(|(k, a, b, l)| Deed::Inject(k, a, b, l)),
        1 => (0usize..8).prop_map(Deed::End),
        1 => (0usize..8).prop_map(Deed::Remove),
        2 => (0usize..8, 0u64..1000, 0u64..800).prop_map(|(f, s, l)| Deed::Edit(f, s, l)),
        1 => (0usize..8, 0usize..20).prop_map(|(k, a)| Deed::Act(k, a)),
    ]
}

fn algorithms() -> Vec<(String, String)> {
    let patterns = catalogue().patterns;
    let all = patterns.iter().flat_map(|p| p.algorithms.iter().map(|a| (p.id.clone(), a.id.clone())));
    all.collect()
}

/// Constant latencies of whole milliseconds: many events share an instant.
fn scenario(which: usize, seed: u64) -> Option<Scenario> {
    let all = algorithms();
    let (pattern, algorithm) = all.get(which % all.len().max(1))?;
    let mut scenario = default_scenario(pattern, algorithm);
    scenario.seed = netsplit_lab::scenario::Seed::Number(seed);
    scenario.duration = Duration(END);
    scenario.network.latency = netsplit_lab::scenario::Distribution::Constant(Duration::from_millis(2));
    let mut loss = Fault::new(Duration::from_millis(100), "chaos");
    loss.lasts = Some(Duration::from_millis(2000));
    loss.params = serde_json::from_value(
        serde_json::json!({"kinds": ["pause", "latency"], "rate": 1.0, "each": "200ms"}),
    )
    .ok()?;
    scenario.faults.push(loss);
    Some(scenario)
}

fn servers(x: &Experiment) -> Vec<String> {
    x.frame().nodes.into_iter().filter(|n| !n.client && n.status != "absent").map(|n| n.name).collect()
}

fn perform(x: &mut Experiment, deed: &Deed, names: &[String]) {
    let name = |at: usize| names[at % names.len()].clone();
    match *deed {
        Deed::Advance(by) => {
            x.advance(x.now() + by, 50_000);
        }
        Deed::Steps(count) => (0..count).for_each(|_| {
            x.step();
        }),
        Deed::Back => {
            x.step_back();
        }
        Deed::Seek(share) => x.seek(END / 1000 * share),
        Deed::Inject(kind, a, b, lasts) => {
            let faults = catalogue().faults;
            let kind = &faults[kind % faults.len()];
            let mut fault = Fault::new(Duration(0), &kind.kind);
            fault.lasts = (kind.has_duration && lasts > 0).then(|| Duration::from_millis(lasts));
            fault.target = match kind.target {
                TargetKind::Node => Target::Node(name(a)),
                TargetKind::Link if name(a) != name(b) => {
                    Target::Link(LinkName { from: name(a), to: name(b), both: lasts % 2 == 0 })
                }
                TargetKind::Link => Target::Node(name(a)),
                TargetKind::Groups => Target::Groups(vec![vec![name(a)]]),
                TargetKind::Message => match x.frame().messages.iter().find(|m| !m.lost) {
                    Some(message) => Target::Message(message.id.parse().expect("a name of its own making")),
                    None => return,
                },
                TargetKind::Any | TargetKind::None => Target::None,
            };
            let before = x.events();
            if x.now() < END {
                x.inject(fault).expect("valid");
            }
            assert_eq!(x.events(), before);
        }
        Deed::End(index) => x.end_fault(index),
        Deed::Remove(index) => x.remove_fault(index),
        Deed::Edit(index, share, lasts) => {
            let faults = x.scenario().faults;
            let Some(mut fault) = faults.get(index).cloned() else {
                assert!(x.edit_fault(index, Fault::new(Duration(0), "crash")).is_err());
                return;
            };
            fault.at = Duration(END / 1000 * share);
            fault.lasts = fault.lasts.map(|_| Duration::from_millis(lasts + 1));
            let here = (x.now(), x.trace_hash());
            // A target that this kind does not have is refused, and nothing changes.
            let mut wrong = fault.clone();
            wrong.kind = "no_such_fault".to_owned();
            assert!(x.edit_fault(index, wrong).is_err());
            assert_eq!((x.now(), x.trace_hash()), here);
            x.edit_fault(index, fault).expect("valid");
        }
        Deed::Act(index, at) => {
            let scenario = x.scenario();
            let catalogue = catalogue();
            let system = &scenario.system;
            let Some(decl) = catalogue.algorithm(&system.pattern, &system.algorithm) else { return };
            if decl.actions.is_empty() || x.now() >= END {
                return;
            }
            let action = &decl.actions[index % decl.actions.len()];
            let node = match action.node {
                netsplit_lab::scenario::catalogue::NodeUse::Required => Some(name(at)),
                _ => None,
            };
            // Where no spare is left, this is refused.
            let _ = x.act(Action {
                at: Duration(0),
                kind: action.kind.clone(),
                node,
                params: Default::default(),
            });
        }
    }
}

/// The link of this moment, opened again.
fn reopen(x: &Experiment) -> Experiment {
    let link = netsplit_lab::scenario::encode(&x.scenario());
    let scenario = match netsplit_lab::scenario::decode(&link, &catalogue()) {
        netsplit_lab::scenario::Decoded::Scenario(scenario) => scenario,
        other => panic!("{other:?}"),
    };
    Experiment::open(&scenario).expect("valid")
}

fn finish(x: &mut Experiment) {
    while !x.advance(END, u64::MAX).done {}
}

fn check(which: usize, seed: u64, deeds: &[Deed]) {
    let Some(scenario) = scenario(which, seed) else { return };
    let mut x = Experiment::open(&scenario).expect("valid");
    let names = servers(&x);
    for deed in deeds {
        perform(&mut x, deed, &names);
    }
    // The moment itself.
    let mut again = reopen(&x);
    again.seek_saved_cursor();
    assert_eq!((again.now(), again.events()), (x.now(), x.events()));
    assert_eq!(again.trace_hash(), x.trace_hash());
    if x.events() > 0 {
        assert_eq!(again.agrees(), Some(true));
    }
    // From there to the end, and from the start to the end.
    finish(&mut x);
    finish(&mut again);
    let mut straight = reopen(&x);
    finish(&mut straight);
    assert_eq!(x.trace_hash(), again.trace_hash());
    assert_eq!(x.trace_hash(), straight.trace_hash());
    assert_eq!(x.events(), straight.events());
    let (a, b) = (x.report(), straight.report());
    assert_eq!(a.metrics.operations, b.metrics.operations);
    assert_eq!(x.history().records(), straight.history().records());
    assert_eq!(x.charts(), straight.charts());
    assert_eq!(x.faults(), straight.faults());
    assert_eq!(x.log(0, usize::MAX), straight.log(0, usize::MAX));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn live_injection_equals_replay(
        which in 0usize..64,
        seed in 0u64..1000,
        deeds in prop::collection::vec(deed(), 1..25),
    ) {
        check(which, seed, &deeds);
    }
}

#[test]
fn back_and_forth_is_the_same_everywhere() {
    for which in 0..algorithms().len() {
        let scenario = scenario(which, 7).expect("there is one");
        let mut x = Experiment::open(&scenario).expect("valid");
        let mut seen = Vec::new();
        for tenth in 1..=10 {
            x.seek(END / 10 * tenth);
            seen.push((x.events(), x.trace_hash(), x.frame().nodes));
        }
        for tenth in [3, 9, 1, 10, 5, 4, 2, 8, 7, 6] {
            x.seek(END / 10 * tenth);
            let (events, hash, nodes) = &seen[tenth as usize - 1];
            assert_eq!((x.events(), &x.trace_hash()), (*events, hash), "{}", scenario.system.algorithm);
            assert_eq!(&x.frame().nodes, nodes);
        }
        // One event back and forward, too.
        let (events, hash) = (x.events(), x.trace_hash());
        for _ in 0..50 {
            assert!(x.step_back());
        }
        assert_eq!(x.events(), events - 50);
        for _ in 0..50 {
            assert!(x.step());
        }
        assert_eq!((x.events(), x.trace_hash()), (events, hash));
    }
}

#[test]
fn a_budget_changes_nothing() {
    for which in 0..algorithms().len() {
        let scenario = scenario(which, 3).expect("there is one");
        let mut whole = Experiment::open(&scenario).expect("valid");
        finish(&mut whole);
        let mut lean = Experiment::open_lean(&scenario).expect("valid");
        while !lean.advance(END, 77).done {}
        let mut frames = Experiment::open(&scenario).expect("valid");
        let mut at = 0;
        while !frames.finished() {
            at += 16_666_667;
            while !frames.advance(at, 1000).done {}
            assert_eq!(frames.frame().time, frames.now());
        }
        assert_eq!(whole.trace_hash(), lean.trace_hash());
        assert_eq!(whole.trace_hash(), frames.trace_hash());
        assert_eq!(whole.report().metrics, frames.report().metrics);
        assert_eq!(whole.bands(), frames.bands());
    }
}
