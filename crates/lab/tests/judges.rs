//! What the judges say of runs that are known to be right or wrong.

use netsplit_lab::judges::{self, BUDGET, Row};
use netsplit_lab::scenario::{self, Duration, Fault, LinkName, Operation, Scenario, Target};
use netsplit_lab::{Experiment, Grade, gallery, text};

fn seconds(seconds: f64) -> Duration {
    Duration((seconds * 1e9) as u64)
}

fn run(scenario: &Scenario) -> Experiment {
    let mut x = Experiment::open(scenario).expect("valid");
    x.seek(scenario.duration.0);
    x
}

fn row(rows: &[Row], id: &str) -> Row {
    rows.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("no row {id}")).clone()
}

fn partition(from: f64, lasts: f64, one: &[&str], other: &[&str]) -> Fault {
    let mut fault = Fault::new(seconds(from), "partition");
    fault.lasts = Some(seconds(lasts));
    let group = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    fault.target = Target::Groups(vec![group(one), group(other)]);
    fault
}

#[test]
fn raft_keeps_everything() {
    let mut scenario = Scenario::new("leader_election", "raft");
    scenario.duration = Duration::from_secs(10);
    scenario.faults.push(partition(3.0, 3.0, &["n1", "n2"], &["n3", "n4", "n5"]));
    let x = run(&scenario);
    let rows = judges::rows(&x, BUDGET);
    for row in rows.iter().filter(|row| row.aspect != "liveness") {
        assert_eq!((row.grade, row.number), (Grade::Kept, 0), "{row:?}");
        assert!(row.promised, "linearizable reads imply it: {row:?}");
    }
    assert_eq!(rows.iter().filter(|row| row.aspect == "consistency").count(), 8);
    let live = row(&rows, "live");
    assert_eq!((live.grade, live.number), (Grade::Kept, 0), "{live:?}");
    assert_eq!(row(&rows, "linearizable").assuming, ["no disk is lost"]);
    // The same question has the same answer; with hardly any steps it has none.
    assert_eq!(judges::rows(&x, BUDGET), rows);
    let hurried = judges::rows(&x, 1);
    assert_eq!(row(&hurried, "sequential").grade, Grade::Undecided);
    assert_eq!(hurried, judges::rows(&x, 1));
}

#[test]
fn replicas_that_were_apart_gave_stale_reads_and_agree_in_the_end() {
    let mut scenario = Scenario::new("eventual_consistency", "anti_entropy_lww");
    scenario.duration = Duration::from_secs(12);
    scenario.system.nodes = Some(3);
    (scenario.workload.clients, scenario.workload.read_share) = (2, 1.0);
    scenario.workload.keys = 4;
    scenario.faults.push(partition(5.0, 4.0, &["n1", "n2", "c1"], &["n3", "c2"]));
    let operation = |at: f64, client: &str, f: &str, value: Option<u64>, node: &str| Operation {
        at: seconds(at),
        client: client.to_owned(),
        f: f.to_owned(),
        key: Some("x".to_owned()),
        value: value.map(Into::into),
        node: Some(node.to_owned()),
    };
    scenario.operations = vec![
        operation(1.0, "c1", "write", Some(7), "n1"),
        operation(6.0, "c1", "write", Some(9), "n1"),
        operation(7.0, "c2", "read", None, "n3"),
        operation(8.0, "c2", "read", None, "n3"),
    ];
    let mut x = run(&scenario);
    let rows = judges::rows(&x, BUDGET);
    let linearizable = row(&rows, "linearizable");
    assert_eq!((linearizable.grade, linearizable.number), (Grade::NeverPromised, 2));
    assert_eq!(linearizable.operations.len(), 3, "two writes and the read");
    assert!((6.9e9..7.1e9).contains(&(linearizable.first.expect("when").1 as f64)));
    // In one session nothing went back, and with real time left aside an order explains it all.
    for id in ["sequential", "monotonic_reads", "read_your_writes"] {
        assert_eq!(row(&rows, id).grade, Grade::Kept, "{id}");
    }
    let fresh = row(&rows, "fresh_reads");
    assert_eq!((fresh.grade, fresh.number), (Grade::NeverPromised, 2));
    // Acknowledged a little after 6 s, still not seen at 8 s.
    assert!(fresh.sentence.contains("1.9") && fresh.sentence.contains("1 version"), "{}", fresh.sentence);
    assert_eq!((row(&rows, "eventual").grade, row(&rows, "eventual").number), (Grade::Kept, 0));
    assert_eq!(row(&rows, "lost_updates").grade, Grade::Undecided, "nobody knows the order of versions");
    // In the midst of it the replicas differ, which is no verdict; and what came later has not happened yet.
    x.seek(6_500_000_000);
    let then = judges::rows(&x, BUDGET);
    assert_eq!((row(&then, "eventual").grade, row(&then, "eventual").number), (Grade::Undecided, 1));
    assert_eq!(row(&then, "linearizable").grade, Grade::Kept);
}

#[test]
fn what_an_asynchronous_failover_loses_is_counted() {
    let mut scenario = Scenario::new("replication", "async_primary_backup");
    scenario.duration = Duration::from_secs(24);
    scenario.workload.clients = 2;
    scenario.faults.push(partition(5.0, 10.0, &["n1", "c1"], &["n2", "n3", "c2"]));
    let x = run(&scenario);
    let lost = x.report().metrics.own["lost_writes"];
    assert!(lost > 5.0, "{lost}");
    let rows = judges::rows(&x, BUDGET);
    let durable = row(&rows, "durable");
    assert_eq!((durable.grade, durable.number as f64), (Grade::NeverPromised, lost), "{durable:?}");
    assert_eq!(row(&rows, "linearizable").grade, Grade::NeverPromised);
    // The report says the same of what the algorithm itself speaks of.
    let report = x.report();
    let said = report.verdicts.iter().find(|verdict| verdict.promise == "durable").expect("declared");
    assert!(said.number == durable.number && said.speaks_against() && !said.witness.is_empty());
}

/// A holder that pauses beyond its lease: a store that fences owes its promise all the same; one that does not never gave
/// it, and what a checked lease promises has the pause for an excuse.
#[test]
fn fencing_is_judged_without_the_excuse_of_a_pause() {
    let story = |guard: &str, broken: &str, pauses: bool| {
        let shared = netsplit_lab::declared::shared();
        let entry = gallery().iter().find(|entry| entry.id == "late-client-none").expect("in the gallery");
        let mut scenario = scenario::read(entry.json, shared).expect("valid");
        scenario.system.params.insert("guard".to_owned(), guard.into());
        scenario.system.params.insert("broken".to_owned(), broken.into());
        if !pauses {
            // n1 is not paused: its message to the store is late, and it is gone before it could ask for anything.
            let mut late = Fault::new(Duration::from_secs(2), "latency");
            late.params.insert("add".to_owned(), "15s".into());
            (late.target, late.lasts) = (
                Target::Link(LinkName { from: "n1".to_owned(), to: "s1".to_owned(), both: false }),
                Some(seconds(0.1)),
            );
            let mut gone = Fault::new(seconds(2.1), "crash");
            gone.params.insert("host".to_owned(), true.into());
            (gone.target, gone.lasts) = (Target::Node("n1".to_owned()), Some(Duration::from_secs(20)));
            scenario.faults = vec![late, gone];
        } else if broken == "store_forgets" {
            // The store starts again before n1 wakes.
            let mut again = Fault::new(seconds(16.0), "crash");
            (again.target, again.lasts) = (Target::Node("s1".to_owned()), Some(seconds(0.1)));
            scenario.faults.push(again);
        }
        let x = run(&scenario);
        let rows = judges::rows(&x, BUDGET);
        let found = rows.iter().find(|row| row.id == "lease_fenced").map(|row| (row.grade, row.promised));
        (row(&rows, "fenced").grade, row(&rows, "linearizable").grade, found)
    };
    let (kept, never) = (Grade::Kept, Grade::NeverPromised);
    assert_eq!(story("fencing", "none", true), (kept, kept, None));
    assert_eq!(story("fencing", "none", false), (kept, kept, None));
    // A store that forgets its highest token breaks what it promised, whoever paused.
    assert_eq!(
        story("fencing", "store_forgets", true),
        (Grade::Broken, Grade::Broken, Some((Grade::Broken, true)))
    );
    assert_eq!(story("check", "none", true), (never, never, Some((Grade::AssumptionBroken, true))));
    assert_eq!(story("check", "none", false), (never, never, Some((never, false))));
    assert_eq!(story("none", "none", true), (never, never, Some((never, false))));
}

#[test]
fn who_waits_in_vain_is_counted_and_excused_by_faults_alone() {
    let raft = |seconds: u64, faults: Vec<Fault>| {
        let mut scenario = Scenario::new("leader_election", "raft");
        (scenario.duration, scenario.faults) = (Duration::from_secs(seconds), faults);
        let rows = judges::rows(&run(&scenario), BUDGET);
        row(&rows, "live").clone()
    };
    // A minority cut off for long, and a majority for a short while.
    let long = partition(3.0, 25.0, &["n1", "n2"], &["n3", "n4", "n5", "c1", "c2", "c3"]);
    let short = partition(35.0, 6.0, &["n1", "n2", "c1", "c2", "c3"], &["n3", "n4", "n5"]);
    assert_eq!(raft(60, vec![long, short]).grade, Grade::Kept);
    // No majority: nobody is answered, and that was to be expected; once, however many gave up meanwhile.
    let apart = partition(5.0, 30.0, &["n1", "n2"], &["n3", "n4"]);
    let cut = partition(5.0, 30.0, &["n1", "n2", "n3", "n4"], &["n5"]);
    let none = raft(60, vec![apart, cut]);
    assert_eq!((none.grade, none.number), (Grade::AssumptionBroken, 1), "{none:?}");
    assert!(none.first.is_some_and(|(_, time)| (4_500_000_000..7_000_000_000).contains(&time)), "{none:?}");
    let timers = |least: &str, most: &str, heartbeat: &str| {
        let mut scenario = Scenario::new("leader_election", "raft");
        scenario.duration = Duration::from_secs(40);
        for (id, value) in [("election_min", least), ("election_max", most), ("heartbeat", heartbeat)] {
            scenario.system.params.insert(id.to_owned(), value.into());
        }
        row(&judges::rows(&run(&scenario), BUDGET), "live")
    };
    // Timers that let nobody stand: no fault is to blame.
    let never = timers("30s", "35s", "50ms");
    assert_eq!((never.grade, never.number), (Grade::Broken, 1), "{never:?}");
    assert_eq!(never.operations.len(), 1);
    // Timers that never let anybody win: the network is slower than the promise takes for granted.
    let slow = timers("10ms", "10ms", "5ms");
    assert_eq!((slow.grade, slow.number), (Grade::AssumptionBroken, 1), "{slow:?}");
}

#[test]
fn every_judge_has_words() {
    let models = ["linearizable", "sequential", "fresh-reads", "lost-updates", "durable", "eventual"];
    let guarantees = ["read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"];
    let why = ["budget", "values", "nowhere", "session", "order", "which"];
    let found = models.iter().map(|id| format!("judged-{id}"));
    let broken = guarantees.iter().map(|id| format!("judged-session-{id}"));
    let names = models.iter().chain(&guarantees).map(|id| format!("judge-{id}"));
    let undecided = why.iter().map(|id| format!("judged-undecided-{id}"));
    for id in found.chain(broken).chain(names).chain(undecided) {
        assert!(text::has(&id), "{id}");
    }
    for id in
        ["judged-kept", "judged-eventual-none", "judged-live", "judged-live-kept", "judged-live-excused"]
    {
        assert!(text::has(id), "{id}");
    }
}

#[test]
fn nothing_is_lost_where_a_majority_keeps_it_on_disk() {
    let all: Vec<String> = (1..=5).map(|n| format!("n{n}")).collect();
    let crash = |at: u64, nodes: &[String]| {
        let mut fault = Fault::new(Duration::from_secs(at), "crash");
        (fault.target, fault.lasts) = (Target::Nodes(nodes.to_vec()), Some(Duration::from_secs(3)));
        fault
    };
    let judged = |algorithm: &str, broken: &str| {
        let mut scenario = Scenario::new("leader_election", algorithm);
        (scenario.system.nodes, scenario.duration) = (Some(5), Duration::from_secs(30));
        scenario.system.params.insert("broken".to_owned(), broken.into());
        scenario.system.params.insert("sync".to_owned(), "50ms".into());
        // Everybody at once, then each for itself, and the power of all.
        scenario.faults.push(crash(6, &all));
        scenario.faults.extend((0..6).map(|n| {
            let mut blip = Fault::new(Duration(11_500_000_000 + n * 2_700_000_000), "unsynced_lost");
            blip.target = Target::Nodes(all.clone());
            blip
        }));
        scenario.faults.extend((0..3).map(|n| crash(14 + 4 * n, &all[n as usize..=n as usize])));
        let x = run(&scenario);
        assert!(x.report().metrics.operations.ok > 100, "{algorithm}");
        let rows = judges::rows(&x, BUDGET);
        (row(&rows, "durable").clone(), row(&rows, "lost_updates").clone())
    };
    for algorithm in ["raft", "etcd", "zookeeper", "multi_paxos"] {
        let (durable, updates) = judged(algorithm, "none");
        assert_eq!(
            (durable.grade, updates.grade),
            (Grade::Kept, Grade::Kept),
            "{algorithm} {durable:?} {updates:?}"
        );
    }
    for (algorithm, broken) in [("raft", "ack_before_sync"), ("zookeeper", "ack_before_sync")] {
        let (durable, _) = judged(algorithm, broken);
        assert!(durable.number > 0 && durable.grade != Grade::Kept, "{algorithm}: {durable:?}");
    }
}
