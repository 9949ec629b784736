//! What partitions cost, under settings of which it is known.

use netsplit_lab::scenario::{self, Scenario};
use netsplit_lab::{Cap, Experiment, GivenUp, Measured};

fn gallery(id: &str) -> Scenario {
    let entry = netsplit_lab::gallery().iter().find(|entry| entry.id == id).expect("there");
    scenario::read(entry.json, netsplit_lab::declared::shared()).expect("valid")
}

fn measured(scenario: &Scenario) -> Vec<Measured> {
    let mut x = Experiment::open(scenario).expect("valid");
    x.seek(x.duration());
    let mut cap = Cap::new(&x).expect("it keeps data");
    let mut slices = 0;
    while !cap.work(2_000) {
        slices += 1;
        assert!(slices < 100_000 && cap.progress() < 1000);
    }
    assert_eq!(cap.progress(), 1000);
    cap.measured()
}

#[test]
fn raft_gives_up_availability_and_anti_entropy_gives_up_consistency() {
    let runs = measured(&gallery("minority-leader"));
    let cut = &runs[0].cuts[0];
    assert_eq!(cut.given_up, GivenUp::Availability, "{cut:?}");
    // Nobody on the minority's side answers, and everybody on the other one does.
    assert_eq!(cut.silent, cut.sides[1].servers);
    assert_eq!(cut.violations, 0);
    assert!(cut.sides[0].servers.len() > cut.sides[1].servers.len() && cut.live == 5, "{cut:?}");
    let (asked, answered) = cut.answered();
    assert!(answered > 0 && answered < asked, "{cut:?}");
    // The same seed, clients and faults under a setting that answers everywhere.
    let available = runs.iter().skip(1).find(|run| run.cuts[0].silent.is_empty()).expect("compared");
    assert_eq!((available.cuts[0].from, available.cuts[0].to), (cut.from, cut.to));
    assert!(runs.len() > 1 && runs.len() <= 3);

    let runs = measured(&gallery("drift-apart"));
    let cut = &runs[0].cuts[0];
    assert_eq!(cut.given_up, GivenUp::Consistency, "{cut:?}");
    assert!(cut.silent.is_empty() && cut.live == 5, "{cut:?}");
    let (asked, answered) = cut.answered();
    assert!(asked > 50 && asked == answered, "{cut:?}");
    assert!(
        cut.differing.is_some_and(|keys| keys > 0) && cut.converged.is_some_and(|time| time > 0),
        "{cut:?}"
    );
    let stronger = &runs[1];
    assert_eq!(stronger.cuts[0].given_up, GivenUp::Availability, "{stronger:?}");
    // Without a fault the stronger setting is slower: that is the other trade.
    assert!(stronger.calm.write > runs[0].calm.write, "{runs:?}");
    assert_eq!(stronger.calm.violations.0, 0);
}

#[test]
fn asynchronous_primary_backup_loses_both_and_a_cut_between_nobody_costs_nothing() {
    let mut scenario = gallery("acknowledged-then-gone");
    let runs = measured(&scenario);
    assert_eq!(runs[0].cuts[0].given_up, GivenUp::Both, "{:?}", runs[0].cuts);
    assert_eq!(runs[1].title, "Synchronous");
    // A backup alone is cut off, for less than it waits before it takes over: nobody can ask it.
    scenario.faults[0].target = netsplit_lab::scenario::Target::Groups(vec![vec!["n3".into()]]);
    scenario.faults[0].at = netsplit_lab::scenario::Duration::from_secs(5);
    scenario.faults[0].lasts = Some(netsplit_lab::scenario::Duration::from_millis(500));
    let runs = measured(&scenario);
    let cut = &runs[0].cuts[0];
    assert_eq!((cut.live, cut.given_up), (2, GivenUp::Neither), "{cut:?}");
}

#[test]
fn without_a_partition_latency_is_what_is_left() {
    let mut scenario = Scenario::new("leader_election", "raft");
    scenario.duration = netsplit_lab::scenario::Duration::from_secs(20);
    let runs = measured(&scenario);
    assert!(runs.iter().all(|run| run.cuts.is_empty() && run.calm.write.is_some()));
    assert!(runs.len() > 1 && !runs[0].promise.is_empty());
    assert!(
        Cap::new(&Experiment::open(&Scenario::new("load_balancing", "round_robin")).expect("valid"))
            .is_none()
    );
}
