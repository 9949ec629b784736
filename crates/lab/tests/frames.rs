//! What a picture says that no node knows: who keeps a hot key, and who is on which side of a partition.

use netsplit_lab::scenario::{self, Action, Duration, Fault, Target};
use netsplit_lab::{Experiment, Frame, catalogue, default_scenario, gallery};

const SECOND: u64 = 1_000_000_000;

/// The nodes that carry the badge of a hot key, and what it says.
fn hot(frame: &Frame) -> Vec<(String, String)> {
    let badges = frame.nodes.iter().flat_map(|node| node.badges.iter().map(move |badge| (node, badge)));
    let hot = badges.filter(|(_, (kind, _))| kind == "hot_key");
    hot.map(|(node, (_, amount))| (node.name.clone(), amount.clone())).collect()
}

#[test]
fn a_hot_key_is_marked_at_the_node_that_works_for_it() {
    let entry = gallery().iter().find(|entry| entry.id == "hot-key").expect("it is there");
    let scenario = scenario::read(entry.json, &catalogue()).expect("valid");
    let mut x = Experiment::open(&scenario).expect("valid");
    x.seek(5 * SECOND);
    assert_eq!(hot(&x.frame()), [], "not before it is hot");
    for at in [8, 12, 20] {
        x.seek(at * SECOND);
        let frame = x.frame();
        let marked = hot(&frame);
        let [(name, amount)] = &marked[..] else { panic!("{at} s: {marked:?}") };
        assert_eq!(amount, "k7 60 %");
        let work =
            |node: &&netsplit_lab::NodeFrame| node.queue.map_or(0, |(busy, waiting, _)| busy + waiting);
        let busiest =
            frame.nodes.iter().filter(|node| !node.client).max_by_key(work).expect("there are nodes");
        assert_eq!(&busiest.name, name, "{at} s");
        assert!(busiest.name_in_words.contains("Hot key k7 60 %"), "{}", busiest.name_in_words);
    }
    // Where every node has every key, the fault has no place of its own.
    let mut scenario = default_scenario("leader_election", "raft");
    scenario.faults = vec![Fault::new(Duration::from_secs(1), "hot_key")];
    let mut x = Experiment::open(&scenario).expect("valid");
    x.seek(2 * SECOND);
    assert_eq!(hot(&x.frame()), []);
}

/// All that a partition lists, and who is there.
fn sides(x: &Experiment) -> (Vec<u32>, Vec<u32>) {
    let frame = x.frame();
    let mut listed: Vec<u32> = frame.partitions[0].sides.iter().flatten().copied().collect();
    listed.sort_unstable();
    (listed, frame.nodes.iter().filter(|node| node.status != "absent").map(|node| node.id).collect())
}

#[test]
fn who_is_not_there_is_on_no_side_of_a_partition() {
    let mut scenario = default_scenario("leader_election", "raft");
    let mut cut = Fault::new(Duration::from_secs(1), "partition");
    cut.target = Target::Groups(vec![vec!["n1".to_owned(), "n2".to_owned()]]);
    scenario.faults = vec![cut];
    scenario.actions = vec![Action {
        at: Duration::from_secs(4),
        kind: "add_node".to_owned(),
        node: Some("n6".to_owned()),
        params: scenario::Params::new(),
    }];
    let mut x = Experiment::open(&scenario).expect("valid");
    x.seek(3 * SECOND);
    let (listed, there) = sides(&x);
    assert!(x.frame().nodes.len() > there.len(), "there are spare servers");
    assert_eq!(listed, there);
    let n6 =
        x.frame().nodes.iter().find(|node| node.name == "n6").map(|node| node.id).expect("a spare server");
    assert!(!listed.contains(&n6));
    // Once it has come it is on a side.
    x.seek(6 * SECOND);
    let (listed, there) = sides(&x);
    assert!(listed.contains(&n6) && listed == there);
}
