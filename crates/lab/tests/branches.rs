//! What a hand changes in the past makes a branch; the old course of events is kept, and both travel in the link.

use netsplit_lab::scenario::{self, Decoded, Duration, Fault, Operation, Scenario, Seed, Target};
use netsplit_lab::{Branches, Experiment, catalogue, default_scenario};
use proptest::prelude::*;

const END: u64 = 3_000_000_000;

fn algorithms() -> Vec<(String, String)> {
    let patterns = catalogue().patterns;
    patterns.iter().flat_map(|p| p.algorithms.iter().map(|a| (p.id.clone(), a.id.clone()))).collect()
}

fn open(which: usize, seed: u64) -> Branches {
    let all = algorithms();
    let (pattern, algorithm) = &all[which % all.len()];
    let mut scenario = default_scenario(pattern, algorithm);
    scenario.seed = Seed::Number(seed);
    scenario.duration = Duration(END);
    Branches::of(Experiment::open(&scenario).expect("valid"))
}

fn fault(x: &Experiment, kind: &str, node: usize, lasts: u64) -> Fault {
    let nodes = x.frame().nodes;
    let servers: Vec<_> = nodes.iter().filter(|n| !n.client && n.status != "absent").collect();
    let mut fault = Fault::new(Duration(0), kind);
    fault.target = Target::Node(servers[node % servers.len()].name.clone());
    fault.lasts = (lasts > 0).then(|| Duration::from_millis(lasts));
    fault
}

fn hash_at_the_end(x: &mut Experiment) -> String {
    x.seek(END);
    x.trace_hash()
}

/// Every line's name and hash at its end, by running each document alone from its start.
fn alone(all: &Branches) -> Vec<(String, String)> {
    let scenario = all.scenario();
    let main = Scenario { branches: Vec::new(), view: Default::default(), ..scenario.clone() };
    let branch = |name: &str| netsplit_lab::branches::branch_of(&scenario, name).expect("there is one");
    let lines = std::iter::once((String::new(), main))
        .chain(scenario.branches.iter().map(|b| (b.name.clone(), branch(&b.name))));
    lines
        .map(|(name, mut scenario)| {
            scenario.view = Default::default();
            (name, hash_at_the_end(&mut Experiment::open(&scenario).expect("valid")))
        })
        .collect()
}

fn each(all: &mut Branches) -> Vec<(String, String)> {
    let list = all.list();
    list.iter()
        .map(|line| {
            all.switch(line.id).expect("valid");
            (line.name.clone(), hash_at_the_end(all.current_mut()))
        })
        .collect()
}

fn reopen(all: &Branches) -> Branches {
    let link = scenario::encode(&all.scenario());
    match scenario::decode(&link, &catalogue()) {
        Decoded::Scenario(scenario) => {
            let mut all = Branches::open(&scenario).expect("valid");
            all.current_mut().seek_saved_cursor();
            all
        }
        other => panic!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_are_the_runs_that_they_say(
        which in 0usize..1000,
        seed in 0u64..100,
        deeds in prop::collection::vec((0u8..9, 0u64..3000, 0usize..9, 0u64..600), 1..10),
    ) {
        let mut all = open(which, seed);
        for (what, at, node, lasts) in deeds {
            let x = all.current_mut();
            let kinds = ["crash", "pause", "slow", "clock_offset"];
            let (kind, faults) = (kinds[node % kinds.len()], x.document().faults.len());
            match what {
                0 | 1 => x.seek(at * 1_000_000),
                2 | 3 if x.now() < END => {
                    let fault = fault(x, kind, node, lasts);
                    let (now, frontier, lines) = (x.now(), x.frontier(), all.list().len());
                    let (_, id) = all.act(|x| x.inject(fault)).expect("valid");
                    // Where the run goes on from its end, there is nothing to keep.
                    assert_eq!(id.is_some(), now < frontier);
                    assert_eq!(all.list().len(), lines + usize::from(id.is_some()));
                }
                4 if faults > 0 => {
                    let index = node % faults;
                    let mut fault = x.document().faults[index].clone();
                    fault.at = Duration::from_millis(at);
                    all.act(|x| x.edit_fault(index, fault)).expect("valid");
                }
                5 if faults > 0 => {
                    all.act(|x| { x.remove_fault(node % faults); Ok(()) }).expect("valid");
                }
                6 if faults > 0 => {
                    all.act(|x| { x.end_fault(node % faults); Ok(()) }).expect("valid");
                }
                7 => {
                    let list = all.list();
                    all.switch(list[node % list.len()].id).expect("valid");
                }
                8 if x.now() < END => {
                    let operation = Operation { client: "c1".into(), f: "write".into(), ..Operation::default() };
                    let operation = Operation { at: Duration(0), key: Some("k1".into()), ..operation };
                    all.act(|x| x.operate(operation)).expect("valid");
                }
                _ => {}
            }
        }
        let (expected, now) = (alone(&all), (all.current().now(), all.current().events()));
        let mut again = reopen(&all);
        assert_eq!((again.current().now(), again.current().events()), now);
        assert_eq!(again.current().trace_hash(), all.current().trace_hash());
        if now.1 > 0 {
            assert_eq!(again.current().agrees(), Some(true));
        }
        let strip = |all: &Branches| -> Vec<_> {
            all.list().into_iter().map(|line| (line.name, line.parent, line.current, line.differs)).collect()
        };
        assert_eq!(strip(&again), strip(&all));
        assert_eq!(each(&mut all), expected);
        assert_eq!(each(&mut again), expected);
    }
}

#[test]
fn branches_can_be_named_and_taken_out() {
    let mut all = open(0, 1);
    all.current_mut().seek(END);
    let main = all.current().trace_hash();
    let mut ids = Vec::new();
    for at in [2_000_000_000, 1_000_000_000] {
        all.current_mut().seek(at);
        let crash = fault(all.current(), "crash", 0, 100);
        ids.extend(all.act(|x| x.inject(crash)).expect("valid").1);
        all.current_mut().seek(END);
    }
    let list = all.list();
    assert_eq!(list.iter().map(|line| line.parent).collect::<Vec<_>>(), [None, Some(0), Some(ids[0])]);
    assert_eq!(list.iter().map(|line| line.from).collect::<Vec<_>>(), [0, 2_000_000_001, 1_000_000_001]);
    assert!(list[2].current && list[1].differs.starts_with("with crash"), "{list:?}");
    assert!(all.rename(ids[0], " one ") && !all.rename(ids[1], "one") && !all.rename(ids[1], " "));
    assert!(!all.rename(0, "main"));
    let deep = hash_at_the_end(all.current_mut());
    // The one in the midst goes; what left it stays as it was.
    assert!(all.delete(ids[0]).expect("valid") && !all.delete(0).expect("valid"));
    let list = all.list();
    assert_eq!((list.len(), list[1].parent), (2, Some(0)));
    assert_eq!(list[1].differs.matches("with crash").count(), 2, "{list:?}");
    assert_eq!(hash_at_the_end(all.current_mut()), deep);
    assert_eq!(alone(&all)[1].1, deep);
    // The one that is shown goes; its parent is shown.
    assert!(all.delete(ids[1]).expect("valid"));
    assert_eq!((all.shown(), hash_at_the_end(all.current_mut())), (0, main));
}

#[test]
fn a_fork_that_changes_nothing_is_the_same_run() {
    for which in 0..algorithms().len() {
        let mut all = open(which, 5);
        let main = hash_at_the_end(all.current_mut());
        all.current_mut().seek(END / 2);
        let events = all.current().events();
        let id = all.fork().expect("there is room");
        assert_eq!((all.shown(), all.current().events(), all.current().frontier()), (id, events, END / 2));
        assert_eq!(hash_at_the_end(all.current_mut()), main);
        // What happens at its end makes no branch of it.
        all.current_mut().seek(END / 2);
        all.current_mut().advance(END / 2, 0);
        assert_eq!(all.list().len(), 2);
    }
}
