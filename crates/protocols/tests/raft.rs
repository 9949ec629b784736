//! Raft's safety under random faults, each property on its own; its mistakes on purpose, each of which is caught; and
//! that it comes to life again when the faults are over.

mod raft_world;

use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::parts::raft::{BROKEN, Payload, Replica, Role};
use netsplit_sim::fault::{FaultKind, Selector};
use netsplit_sim::time::{MILLISECOND, SECOND};
use netsplit_sim::{NodeId, Simulation};
use raft_world::{
    Dice, Ledger, Observer, Raft, VARIANTS, Variant, fault, replicas, scene, storm, strike, variant, world,
};

fn reproduce(variant: &Variant, broken: &str, seed: u64, why: &str) -> String {
    format!(
        "{}: {why}\n  reproduce: NETSPLIT_SEED={seed} NETSPLIT_VARIANT='{}' NETSPLIT_BROKEN={broken} \
         cargo test -p netsplit-protocols --test raft one_schedule",
        variant.name, variant.name
    )
}

/// One schedule of each seed, the variants in turn.
fn row(seeds: std::ops::Range<u64>) -> Ledger {
    let mut total = Ledger::default();
    for seed in seeds {
        let variant = &VARIANTS[(seed % VARIANTS.len() as u64) as usize];
        match storm(seed, variant, "none") {
            Ok(ledger) => total.add(&ledger),
            Err(why) => panic!("{}", reproduce(variant, "none", seed, &why)),
        }
    }
    total
}

#[test]
fn safety_under_a_thousand_random_schedules() {
    // With 9000, each variant gets a thousand.
    let asked = std::env::var("NETSPLIT_SCHEDULES").ok().and_then(|count| count.parse().ok());
    let total = row(0..asked.unwrap_or(1000));
    println!("{total:?}");
    // A protocol that does nothing is safe as well: it must also have done its work.
    assert!(total.writes > 50_000 && total.reads > 50_000, "{total:?}");
    assert!(total.leaders > 5_000 && total.truncated > 10_000, "{total:?}");
    assert!(total.installed > 300 && total.changes > 900 && total.doubtful > 10_000, "{total:?}");
}

#[test]
fn one_schedule() {
    let asked = |name: &str| std::env::var(format!("NETSPLIT_{name}")).ok();
    if let Some(seed) = asked("SEED").and_then(|seed| seed.parse::<u64>().ok()) {
        let variant = asked("VARIANT").map_or(&VARIANTS[0], |name| variant(&name));
        let wanted = asked("BROKEN").unwrap_or_default();
        let broken = BROKEN.iter().find(|(id, _)| *id == wanted).map_or("none", |(id, _)| id);
        if let Err(why) = storm(seed, variant, broken) {
            panic!("{why}");
        }
    }
}

/// Each mistake, and under which switches (or in which scene) it shows.
const SHOWS: [(&str, &str); 16] = [
    ("vote_not_persisted", "short timeouts"),
    ("log_not_persisted", "paper"),
    ("ack_before_sync", "paper"),
    ("commit_by_counting", "small messages"),
    ("no_log_check", "paper"),
    ("truncate_always", "paper"),
    ("leader_commit", "paper"),
    ("stale_replies", "short timeouts"),
    ("early_read_index", "ReadIndex"),
    ("lease_from_ack", "lease_from_ack"),
    ("lease_kept", "lease_kept"),
    ("lease_too_long", "leases"),
    ("snapshot_without_sessions", "snapshots"),
    ("no_sessions", "paper"),
    ("early_change", "early_change"),
    ("two_at_once", "one at a time"),
];

/// A random schedule under a variant's switches, or a scene.
fn run(seed: u64, name: &str, broken: &'static str) -> Result<Ledger, String> {
    match VARIANTS.iter().find(|variant| variant.name == name) {
        Some(variant) => storm(seed, variant, broken),
        None => scene(seed, name, broken),
    }
}

#[test]
fn scenes_that_show_a_mistake_show_none_without_it() {
    for name in SHOWS.iter().map(|(_, name)| *name).filter(|name| VARIANTS.iter().all(|v| v.name != *name)) {
        let mut total = Ledger::default();
        for seed in 0..1000 {
            total.add(&run(seed, name, "none").unwrap_or_else(|why| panic!("{name}, seed {seed}: {why}")));
        }
        println!("{name}: {total:?}");
        assert!(total.writes > 20_000 && total.leaders > 1_500, "{name}: {total:?}");
    }
}

#[test]
fn each_mistake_is_caught_within_200_schedules() {
    assert_eq!(SHOWS.len() + 1, BROKEN.len());
    let mut missed = Vec::new();
    for (broken, name) in SHOWS {
        let found = (0..200).find_map(|seed| Some((seed, run(seed, name, broken).err()?)));
        match found {
            Some((seed, why)) => println!("{broken} ({name}): schedule {seed}, {why}"),
            None => missed.push(broken),
        }
    }
    assert!(missed.is_empty(), "not caught: {missed:?}");
}

/// A leader's log is cut, its last entry is made another, or it is cut and filled up again: each is told. No mistake on
/// purpose does this, so it is done by hand.
#[test]
fn a_leader_that_touches_its_own_log_is_told() {
    for how in 0..3 {
        let mut sim = world(1, &VARIANTS[0], "none");
        let mut observer = Observer::default();
        let busy = |sim: &Raft| {
            replicas(sim).find(|r| r.role == Role::Leader && r.settled() && r.log.last() > 20).map(|r| r.me())
        };
        observer.run(&mut sim, 5 * SECOND, |sim| busy(sim).is_some());
        assert_eq!(observer.breach, None);
        let leader = busy(&sim).expect("a leader with entries");
        let Hosted::Server(server) = sim.node_mut(leader) else { panic!("a server") };
        let replica = &mut server.replica;
        let last = replica.log.last();
        let mut other = *replica.log.get(last).expect("it is there");
        let Payload::Command(command) = &mut other.payload else { panic!("a command") };
        command.operation.value += 1;
        match how {
            0 => replica.log.replace(last - 1, &[]),
            1 => replica.log.replace(last - 1, &[other]),
            _ => {
                replica.truncated += 1;
                replica.edited = last;
            }
        }
        observer.run(&mut sim, 6 * SECOND, |_| false);
        let told = observer.breach.expect("it is told");
        assert!(told.starts_with("leader_append_only"), "{how}: {told}");
    }
}

/// A full disk refuses writes, crashes take what was not synced, and a leader's disk is full when it is asked: what a
/// refused write would have allowed does not happen, and all of it happens once there is room.
#[test]
fn full_disks_break_nothing_and_what_they_refused_is_written_later() {
    let mut total = Ledger::default();
    let mut full = 0;
    for seed in 0..300 {
        let variant = &VARIANTS[(seed % VARIANTS.len() as u64) as usize];
        let mut sim = world(seed, variant, "none");
        let mut observer = Observer::default();
        let mut dice = Dice { key: netsplit_sim::draw::mix(seed ^ 0xf0d1), count: 0 };
        while sim.now() < 5 * SECOND && observer.breach.is_none() {
            let servers = replicas(&sim).filter(|replica| !sim.core().nodes[replica.me().index()].absent);
            let servers: Vec<NodeId> = servers.map(Replica::me).collect();
            let leader = replicas(&sim).find(|replica| replica.role == Role::Leader).map(|r| r.me());
            let any = servers[dice.below(servers.len() as u32) as usize];
            let who = leader.filter(|_| dice.below(2) == 0).unwrap_or(any);
            let kind = match dice.below(5) {
                0..=2 => FaultKind::FillDisk,
                3 => FaultKind::LoseUnsynced,
                _ => FaultKind::Crash { host: true },
            };
            full += u64::from(kind == FaultKind::FillDisk);
            let lasts = Some(MILLISECOND + dice.span(400));
            fault(&mut sim, lasts, kind, vec![Selector::Node(who)], Vec::new());
            let until = sim.now() + dice.span(150);
            observer.run(&mut sim, until, |_| false);
        }
        observer.judge().unwrap_or_else(|why| panic!("{}, seed {seed}: {why}", variant.name));
        total.add(&observer.ledger(&sim));
    }
    println!("{full} full disks: {total:?}");
    assert!(
        full > 8_000 && total.writes > 10_000 && total.reads > 10_000 && total.leaders > 1_000,
        "{total:?}"
    );
    // Alone, a leader whose disk was full has nobody to remind it.
    let mut sim = world(1, &Variant { nodes: [1, 1], ..VARIANTS[0] }, "none");
    sim.run(SECOND, u64::MAX);
    let lasts = Some(50 * MILLISECOND);
    fault(&mut sim, lasts, FaultKind::FillDisk, vec![Selector::Node(NodeId(0))], Vec::new());
    sim.run(SECOND + 49 * MILLISECOND, u64::MAX);
    let refused =
        replicas(&sim).next().map(|replica| (replica.commit, replica.log.last())).expect("it is there");
    assert!(refused.0 < refused.1, "something was asked meanwhile");
    let quiet = FaultKind::Pause;
    let clients = (1..sim.nodes().len() as u32).map(|node| Selector::Node(NodeId(node))).collect();
    fault(&mut sim, Some(SECOND), quiet, clients, Vec::new());
    sim.run(SECOND + 300 * MILLISECOND, u64::MAX);
    assert!(replicas(&sim).next().is_some_and(|replica| replica.commit >= refused.1));
}

/// After faults of all kinds have ended, with all servers up and delays below a tenth of the election timeout, how long
/// until a leader has committed an entry of its own term; in greatest election timeouts.
fn recovery(seed: u64) -> u64 {
    let variant = &VARIANTS[(seed % VARIANTS.len() as u64) as usize];
    let mut sim = world(seed, variant, "none");
    let mut dice = Dice { key: netsplit_sim::draw::mix(seed ^ 0x11fe), count: 0 };
    while sim.now() < SECOND {
        let next = sim.now() + dice.word() % (200 * MILLISECOND);
        sim.run(next, u64::MAX);
        strike(&mut sim, &mut dice, None, variant.operator, 4_500.0);
    }
    let stop = sim.now() + 1;
    for index in 0..sim.core().entries.len() {
        sim.end_fault(index, stop);
    }
    sim.run(stop, u64::MAX);
    let timeout = 300 * MILLISECOND;
    (1..=200)
        .find(|round| {
            sim.run(stop + round * timeout, u64::MAX);
            // Whoever was removed may be ahead in its terms: it has no vote.
            let leads = |leader: &Replica| {
                let voters = replicas(&sim).filter(|r| leader.members.has(r.me()));
                leader.settled() && voters.map(|r| r.term).max() == Some(leader.term)
            };
            replicas(&sim).any(leads)
        })
        .unwrap_or(u64::MAX)
}

#[test]
fn a_leader_stands_soon_after_the_faults() {
    let mut rounds: Vec<u64> = (0..1000).map(recovery).collect();
    rounds.sort_unstable();
    println!(
        "election timeouts until a leader stands: median {}, 99.9 % {}, most {}",
        rounds[500], rounds[998], rounds[999]
    );
    assert!(rounds[998] <= 20 && rounds[999] <= 200, "{:?}", &rounds[990..]);
}

#[test]
fn a_follower_that_lost_its_disk_is_sent_everything_again() {
    for variant in &VARIANTS[..4] {
        let mut sim = world(3, variant, "none");
        sim.run(SECOND, u64::MAX);
        let leader = replicas(&sim).find(|replica| replica.role == Role::Leader).expect("it is quiet");
        let (me, members) = (leader.me(), leader.members);
        let follower = replicas(&sim).map(Replica::me).find(|node| *node != me && members.has(*node));
        let Some(follower) = follower else { continue };
        let log = |sim: &_| {
            let find = |node| move |replica: &&Replica| replica.me() == node;
            let last = |node| replicas(sim).find(find(node)).expect("it is there").log.last();
            (last(follower), last(me))
        };
        fault(&mut sim, None, FaultKind::LoseDisk, vec![Selector::Node(follower)], Vec::new());
        sim.run(SECOND + 2 * MILLISECOND, u64::MAX);
        let (lost, whole) = log(&sim);
        assert!(lost < whole / 2, "{}: {lost} of {whole}", variant.name);
        sim.run(4 * SECOND, u64::MAX);
        let (found, _) = log(&sim);
        assert!(found >= whole, "{}: {found} of {whole}", variant.name);
    }
}
