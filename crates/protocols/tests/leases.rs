//! Leases and fencing: the invariants under random faults, clocks among them; the story of the client who woke up
//! late, in its three variants; what else defeats a check; planted mistakes.

mod weather;

use netsplit_protocols::leader_election::leases::{self, LEASES, Node, Watch};
use netsplit_protocols::parts::host::Hosted;
use netsplit_protocols::registry::Setup;
use netsplit_sim::declare::Value;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::history::{Observation, What};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::node::Action;
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};
use netsplit_sim::view::{Arg, Text};
use netsplit_sim::watch::Watch as _;
use netsplit_sim::{Cluster, NodeId, Simulation};
use weather::{Clients, Observer, fill, setup, storm, with};

#[derive(Default)]
struct Run {
    watch: Watch,
    clients: Clients,
    fenced: u64,
    /// How often two came to believe that they hold the lease.
    doubled: u64,
    seen: u64,
}

impl Observer<Hosted<Node>> for Run {
    fn after(&mut self, sim: &Cluster<Hosted<Node>>, who: NodeId, up: &[bool]) -> Result<(), String> {
        if let Some(store) = sim.nodes().get(who.index()).and_then(Hosted::server).and_then(Node::store) {
            self.fenced += store.fenced.saturating_sub(self.seen);
            self.seen = store.fenced;
        }
        match self.watch.after(sim.nodes(), who, up) {
            Some(breach) if breach.invariant == "one_holder" => self.doubled += 1,
            Some(breach) => return Err(format!("{breach:?}")),
            None => {}
        }
        Ok(())
    }
    fn hear(&mut self, seen: &[Observation]) -> Result<(), String> {
        self.clients.hear(seen);
        Ok(())
    }
}

fn one(seed: u64, guard: &'static str, how: &'static str) -> Result<Run, String> {
    schedule(seed, guard, how, |_| true)
}

fn schedule(
    seed: u64,
    guard: &'static str,
    how: &'static str,
    may: impl Fn(&FaultKind) -> bool,
) -> Result<Run, String> {
    let workers = 2 + (seed % 2) as u32;
    // Little traffic leaves gaps for what comes late, much traffic and long work fill pauses with what is to be written.
    let rate = [8.0, 16.0, 40.0][seed as usize % 3];
    let mut setup = with(setup(&LEASES, seed, workers, rate), "ttl", Value::Duration(250 * MILLISECOND));
    setup = with(setup, "gap", Value::Duration([0, 50, 200, 600][seed as usize / 3 % 4] * MILLISECOND));
    setup = with(setup, "poll", Value::Duration(50 * MILLISECOND));
    setup = with(setup, "guard", Value::Choice(guard));
    setup = with(setup, "broken", Value::Choice(how));
    setup = with(setup, "clock", Value::Choice(if seed % 4 < 2 { "wall" } else { "monotonic" }));
    let mut sim = leases::cluster(&setup);
    let mut run = Run::default();
    // At the holder; while two believe that they are it, at the store, which has to tell them apart.
    let aim = |nodes: &[Hosted<Node>]| {
        let holds =
            |node: &Hosted<Node>| node.server().and_then(Node::worker).is_some_and(|w| w.token.is_some());
        let believers = nodes.iter().filter(|node| holds(node)).count();
        let store = |node: &Hosted<Node>| node.server().and_then(Node::store).is_some();
        nodes.iter().position(|node| if believers > 1 { store(node) } else { holds(node) })
    };
    storm(&mut sim, seed, workers + 4, (20 * SECOND, 500 * MILLISECOND), may, aim, &mut run)?;
    run.clients.linearizable()?;
    Ok(run)
}

fn reproduce(seed: u64, why: &str) -> String {
    format!(
        "{why}\n  reproduce: NETSPLIT_SEED={seed} cargo test -p netsplit-protocols --test leases one_schedule"
    )
}

#[test]
fn fencing_is_safe_under_a_thousand_random_schedules() {
    let (mut tokens, mut accepted, mut fenced, mut reads, mut two, mut leaders) = (0, 0, 0, 0, 0, 0);
    for seed in 0..1000 {
        let run = one(seed, "fencing", "none").unwrap_or_else(|why| panic!("{}", reproduce(seed, &why)));
        tokens += run.watch.granted.len();
        accepted += run.watch.accepted;
        fenced += run.fenced;
        reads += run.clients.reads;
        assert_eq!(run.doubled > 0, run.watch.believers > 1, "seed {seed}");
        two += u32::from(run.doubled > 0);
        leaders += run.watch.leaders();
    }
    println!(
        "leases: {tokens} tokens, {accepted} writes accepted, {fenced} orders refused, {reads} reads, {leaders} leaders of the lock service, two believers in {two} schedules"
    );
    assert!(tokens > 10_000 && accepted > 60_000 && reads > 60_000, "{tokens} {accepted} {reads}");
    assert!(fenced > 5_000 && two > 800 && leaders > 3_000, "{fenced} {two} {leaders}");
}

/// The promise that needs no store: nobody pauses, clocks run at one rate, and nobody sets the one that measures the
/// lease.
#[test]
fn while_clocks_agree_and_nobody_pauses_one_holds_the_lease() {
    let (mut tokens, mut schedules) = (0, 0);
    for seed in 0..400 {
        // Of four seeds two measure by the monotonic clock, which nobody sets.
        let wall = seed % 4 < 2;
        let mild = |kind: &FaultKind| match kind {
            FaultKind::Pause | FaultKind::ClockDrift(_) => false,
            FaultKind::ClockOffset(_) | FaultKind::ClockJump(_) => !wall,
            _ => true,
        };
        let run = schedule(seed, "fencing", "none", mild).unwrap_or_else(|why| panic!("{seed}: {why}"));
        assert!(run.watch.believers <= 1, "seed {seed}: {} hold the lease", run.watch.believers);
        tokens += run.watch.granted.len();
        schedules += 1;
    }
    println!("leases: {tokens} tokens in {schedules} schedules, and never two holders");
    assert!(tokens > 5 * schedules / 2, "{tokens}");
}

#[test]
fn one_schedule() {
    if let Some(seed) = std::env::var("NETSPLIT_SEED").ok().and_then(|seed| seed.parse::<u64>().ok())
        && let Err(why) = one(seed, "fencing", "none")
    {
        panic!("{why}");
    }
}

/// The store's disk, or those of all lock servers, have no room for 200 ms: afterwards all goes on as before.
#[test]
fn a_full_disk_holds_things_up_only_while_it_is_full() {
    let (mut full, mut after) = (0, 0);
    for seed in 0..100 {
        let setup = with(setup(&LEASES, seed, 2, 16.0), "ttl", Value::Duration(250 * MILLISECOND));
        let setup = with(setup, "poll", Value::Duration(50 * MILLISECOND));
        let mut sim = leases::cluster(&setup);
        let at = 3 * SECOND + seed * 37 % 500 * MILLISECOND;
        fill(&mut sim, at, 200 * MILLISECOND, if seed % 2 == 0 { 5..6 } else { 2..5 });
        let mut clients = Clients::default();
        let mut writes = |until| {
            sim.run(until, u64::MAX);
            let (mut seen, before) = (Vec::new(), clients.acknowledged.len());
            sim.drain(&mut seen);
            clients.hear(&seen);
            clients.acknowledged.len() - before
        };
        // What is under way then may come to its end.
        writes(at + 50 * MILLISECOND);
        let during = writes(at + 200 * MILLISECOND);
        assert!(during == 0 || seed % 2 > 0, "seed {seed}: {during}");
        full += during;
        let then = writes(at + 3_200 * MILLISECOND);
        assert!(then >= 5, "seed {seed}: {then}");
        after += then;
        clients.linearizable().unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
    println!(
        "leases: {full} writes while the lock servers' disks were full, {after} in three seconds after it"
    );
    assert!(after > 2_000, "{after}");
}

/// Neither of the two is a promise: here is what each of them costs.
#[test]
fn without_fencing_holders_of_old_overwrite() {
    for guard in ["none", "check"] {
        let caught: Vec<String> = (0..200).filter_map(|seed| one(seed, guard, "none").err()).collect();
        let tokens = caught.iter().filter(|why| why.contains("lease_fenced")).count();
        println!("leases, {guard}: {} of 200 schedules, {tokens} by a token", caught.len());
        assert!(tokens > 5, "{guard}: {tokens}");
    }
}

#[test]
fn planted_mistakes_are_caught() {
    let mut numbers = Vec::new();
    for how in ["store_forgets", "tokens_reused"] {
        let caught: Vec<String> = (0..200).filter_map(|seed| one(seed, "fencing", how).err()).collect();
        println!("leases, {how}: caught in {} of 200 schedules, first: {:?}", caught.len(), caught.first());
        numbers.push(caught.len());
    }
    assert!(numbers.iter().all(|caught| *caught >= 20), "{numbers:?}");
}

/// More writes come meanwhile than the document names: one that is sent again is not done once more.
#[test]
fn what_is_sent_again_late_is_done_once() {
    for seed in 0..6 {
        let mut setup = with(setup(&LEASES, seed, 3, 500.0), "gap", Value::Duration(0));
        (setup.workload.timeout, setup.workload.retries) = (400 * MILLISECOND, 5);
        let mut sim = leases::cluster(&setup);
        for kind in [FaultKind::Loss(0.1), FaultKind::Duplicate(0.2), FaultKind::Reorder(0.2, SECOND)] {
            let (at, duration, from) = (2 * SECOND, Some(2 * SECOND), vec![Selector::All]);
            sim.schedule_fault(Fault {
                at,
                duration,
                kind,
                from,
                to: Vec::new(),
                message: None,
                directed: false,
            });
        }
        let (mut clients, mut seen) = (Clients::default(), Vec::new());
        sim.run(6 * SECOND, u64::MAX);
        sim.drain(&mut seen);
        clients.hear(&seen);
        assert!(clients.acknowledged.len() > 500, "{}", clients.acknowledged.len());
        clients.linearizable().unwrap_or_else(|why| panic!("seed {seed}: {why}"));
    }
}

/// Two workers, constant delays of 5 ms, a lease of ten seconds, nothing but what is asked by hand: n1 asks for the
/// lease from 1 s on, n2 from 2.5 s on, and the next token is 33.
fn quiet(guard: &'static str, gap: Nanos) -> Setup {
    let mut setup = with(setup(&LEASES, 7, 2, 0.001), "ttl", Value::Duration(10 * SECOND));
    setup = with(setup, "guard", Value::Choice(guard));
    setup = with(setup, "gap", Value::Duration(gap));
    setup = with(setup, "first_token", Value::Int(33));
    (setup.workload.retries, setup.workload.start) = (0, 3000 * SECOND);
    setup.overrides = [("n1", SECOND), ("n2", 2_500 * MILLISECOND)]
        .map(|(name, join)| (name.to_owned(), with(setup.clone(), "join", Value::Duration(join)).settings))
        .into();
    setup.network =
        Network::uniform(Profile::new(Distribution::Constant(5 * MILLISECOND), Transport::Stream));
    setup
}

const N1: NodeId = NodeId(0);
const N2: NodeId = NodeId(1);
const STORE: NodeId = NodeId(5);
const X: u64 = 1;
const Y: u64 = 2;

struct Told {
    sim: Cluster<Hosted<Node>>,
    clients: Clients,
    notes: Vec<(Nanos, NodeId, Text)>,
}

impl Told {
    fn new(setup: &Setup) -> Self {
        let mut sim = leases::cluster(setup);
        sim.listen(true);
        Self { sim, clients: Clients::default(), notes: Vec::new() }
    }
    /// A client's operation by hand: client 1 or 2, read (0) or write (1), at this worker.
    fn ask(&mut self, at: Nanos, client: u32, function: u64, key: u64, value: u64, worker: NodeId) {
        let args = vec![function, key, value, 0, u64::from(worker.0) + 1];
        let node = Some(NodeId(5 + client));
        self.sim.schedule_action(at, Action { id: "operation".to_owned(), node, args });
    }
    fn fault(
        &mut self,
        at: Nanos,
        duration: Option<Nanos>,
        kind: FaultKind,
        from: NodeId,
        to: Option<NodeId>,
    ) {
        let (from, to) = (vec![Selector::Node(from)], to.map(Selector::Node).into_iter().collect());
        self.sim.schedule_fault(Fault { at, duration, kind, from, to, message: None, directed: false });
    }
    fn run(&mut self, until: Nanos) {
        self.sim.run(until, u64::MAX);
        let mut seen = Vec::new();
        self.sim.drain(&mut seen);
        self.clients.hear(&seen);
        self.notes.extend(seen.into_iter().filter_map(|o| match o.what {
            What::Note(text, _) => Some((o.time, o.node, text)),
            _ => None,
        }));
    }
    fn notes(&self, id: &str) -> Vec<&(Nanos, NodeId, Text)> {
        self.notes.iter().filter(|(.., text)| text.id == id).collect()
    }
    /// (writes with an old token accepted, orders refused)
    fn store(&self) -> (u64, u64) {
        let store = self.sim.nodes()[STORE.index()].server().and_then(Node::store).expect("the store");
        (store.stale, store.fenced)
    }
}

/// Lease of 10 s; n1 takes token 33 at 1 s, checks, is paused from 2 s to 17 s; n2 takes 34 and writes at 12 s; n1
/// writes on waking.
fn woke_up_late(guard: &'static str) -> Told {
    let mut told = Told::new(&quiet(guard, 100 * MILLISECOND));
    told.ask(1_300 * MILLISECOND, 1, 1, X, 1, N1);
    told.ask(1_950 * MILLISECOND, 1, 1, Y, 1, N1);
    told.fault(2 * SECOND, Some(15 * SECOND), FaultKind::Pause, N1, None);
    // Asked of n1 while it sleeps.
    told.ask(5 * SECOND, 1, 1, Y, 2, N1);
    told.ask(12 * SECOND, 2, 1, X, 2, N2);
    told.ask(20 * SECOND, 2, 0, X, 0, N2);
    told.run(25 * SECOND);
    let holds: Vec<(Nanos, NodeId, &Arg)> = told
        .notes("lease-holds")
        .iter()
        .map(|(at, node, text)| (*at / SECOND, *node, &text.args[0].1))
        .collect();
    assert_eq!(holds, [(1, N1, &Arg::Number(33)), (11, N2, &Arg::Number(34))]);
    told
}

#[test]
fn the_client_who_woke_up_late() {
    let mut told = woke_up_late("fencing");
    let args = [("holder", Arg::Node(0)), ("token", Arg::Number(33)), ("newest", Arg::Number(34))];
    let fenced = told.notes("lease-fenced");
    // The write that it had begun before the pause.
    assert_eq!(fenced.len(), 1);
    for (at, _, text) in fenced {
        assert!((17 * SECOND..17_200 * MILLISECOND).contains(at));
        assert_eq!(text.args, args);
    }
    assert_eq!(told.store().0, 0);
    told.clients.linearizable().expect("n1's writes changed nothing");

    // The check passed before the pause; what was asked for meanwhile is turned down.
    let mut told = woke_up_late("check");
    assert_eq!((told.notes("lease-overwrites").len(), told.store()), (1, (1, 0)));
    assert!(told.clients.linearizable().is_err(), "x is 1 again");

    let mut told = woke_up_late("none");
    assert_eq!((told.notes("lease-overwrites").len(), told.store()), (2, (2, 0)));
    assert!(told.clients.linearizable().is_err(), "x is 1 again");
}

/// Nobody pauses and nothing lies between check and write: one slow message is enough.
#[test]
fn a_slow_message_defeats_the_check() {
    for (guard, expected) in [("none", (1, 0)), ("check", (1, 0)), ("fencing", (0, 1))] {
        let mut told = Told::new(&quiet(guard, 0));
        told.ask(1_300 * MILLISECOND, 1, 1, X, 1, N1);
        told.fault(2 * SECOND, Some(100 * MILLISECOND), FaultKind::Latency(15 * SECOND), N1, Some(STORE));
        told.ask(2_010 * MILLISECOND, 1, 1, Y, 1, N1);
        // n1 is gone, and its message still under way.
        told.fault(2_100 * MILLISECOND, Some(20 * SECOND), FaultKind::Crash { host: true }, N1, None);
        told.ask(13 * SECOND, 2, 1, X, 2, N2);
        told.ask(20 * SECOND, 2, 0, X, 0, N2);
        told.run(25 * SECOND);
        assert_eq!(told.store(), expected, "{guard}");
        assert_eq!(told.clients.linearizable().is_ok(), guard == "fencing", "{guard}");
    }
}

/// A write with an old token that comes before any newer one is accepted, and that is right: the new holder reads it.
#[test]
fn an_old_token_before_any_newer_one_is_accepted() {
    let mut told = Told::new(&quiet("fencing", 0));
    told.ask(1_300 * MILLISECOND, 1, 1, X, 1, N1);
    told.fault(2 * SECOND, Some(100 * MILLISECOND), FaultKind::Latency(9_800 * MILLISECOND), N1, Some(STORE));
    told.ask(2_010 * MILLISECOND, 1, 1, Y, 7, N1);
    told.fault(2_100 * MILLISECOND, Some(20 * SECOND), FaultKind::Crash { host: true }, N1, None);
    // n2 gets token 34 at about 11 s; its first order reaches the store a second later.
    told.fault(10_500 * MILLISECOND, Some(SECOND), FaultKind::Latency(SECOND), N2, Some(STORE));
    told.run(11_700 * MILLISECOND);
    assert_eq!(told.notes("lease-holds").len(), 2);
    told.ask(15 * SECOND, 2, 0, Y, 0, N2);
    told.ask(16 * SECOND, 2, 1, X, 2, N2);
    told.ask(17 * SECOND, 2, 0, Y, 0, N2);
    told.run(25 * SECOND);
    assert_eq!(told.store(), (0, 0));
    assert_eq!(told.clients.reads, 2);
    let store = told.sim.nodes()[STORE.index()].server().and_then(Node::store).expect("the store");
    assert_eq!((store.kept.document.values.get(&Y), store.kept.token), (Some(&7), 34));
    told.clients.linearizable().expect("it is");
}

/// What clocks do to the check, by the clock that measures the lease. n1 is cut off from the lock service alone.
#[test]
fn clocks_and_the_check() {
    let wrong = |guard, clock: &'static str, kind: FaultKind, from: Nanos| {
        let mut setup = quiet(guard, 0);
        for (_, own) in &mut setup.overrides {
            own.set("clock", Value::Choice(clock)).expect("declared");
        }
        let mut told = Told::new(&setup);
        let lasts = (!kind.is_instant()).then_some(30 * SECOND);
        told.fault(from, lasts, kind, N1, None);
        for lock in 2..5 {
            told.fault(1_500 * MILLISECOND, Some(30 * SECOND), FaultKind::Cut, N1, Some(NodeId(lock)));
        }
        told.ask(1_300 * MILLISECOND, 1, 1, X, 1, N1);
        told.ask(13 * SECOND, 2, 1, X, 2, N2);
        told.ask(14 * SECOND, 1, 1, Y, 1, N1);
        told.ask(15 * SECOND, 2, 0, X, 0, N2);
        told.run(20 * SECOND);
        let linearizable = told.clients.linearizable().is_ok();
        (told.store().0, linearizable)
    };
    let second = SECOND as i64;
    // A constant offset breaks nothing, whatever the clock.
    for clock in ["monotonic", "wall"] {
        assert_eq!(wrong("check", clock, FaultKind::ClockOffset(-second / 2), 0), (0, true), "{clock}");
        assert_eq!(wrong("check", clock, FaultKind::ClockOffset(5 * second), 0), (0, true), "{clock}");
    }
    // A jump back moves the end of a lease by the wall clock, and not by the other.
    let jump = || FaultKind::ClockJump(-5 * second);
    assert_eq!(wrong("check", "wall", jump(), 7 * SECOND), (1, false));
    assert_eq!(wrong("check", "monotonic", jump(), 7 * SECOND), (0, true));
    // A slow clock deceives both.
    for clock in ["monotonic", "wall"] {
        assert_eq!(
            wrong("check", clock, FaultKind::ClockDrift(-400_000.0), 2 * SECOND),
            (1, false),
            "{clock}"
        );
    }
    for kind in [jump(), FaultKind::ClockDrift(-400_000.0)] {
        for clock in ["monotonic", "wall"] {
            assert_eq!(wrong("fencing", clock, kind.clone(), 7 * SECOND), (0, true), "{clock}");
        }
    }
}
