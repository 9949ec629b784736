//! The engine's own promises: determinism, faults, streams, disks, clocks, draws.

mod common;

use common::{Habit, cluster, constant, uniform};
use netsplit_sim::NodeId;
use netsplit_sim::Simulation;
use netsplit_sim::cluster::Stop;
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, MessageName, Selector};
use netsplit_sim::network::Transport::{Datagram, Stream};
use netsplit_sim::time::{MILLISECOND, Nanos, SECOND};

fn fault(at_ms: u64, for_ms: Option<u64>, kind: FaultKind, node: u32) -> Fault {
    Fault {
        at: at_ms * MILLISECOND,
        duration: for_ms.map(|ms| ms * MILLISECOND),
        kind,
        from: vec![Selector::Node(NodeId(node))],
        to: Vec::new(),
        message: None,
        directed: false,
    }
}

#[test]
fn known_answers_of_the_generator() {
    assert_eq!(draw::mix(0), 0);
    assert_eq!(draw::mix(1), 0x5692_161d_100b_05e5);
    // splitmix64 from state 0: its first output is the finaliser of the golden gamma.
    assert_eq!(draw::mix(0x9e37_79b9_7f4a_7c15), 0xe220_a839_7b1d_cdaf);
    assert_eq!(draw::below(u64::MAX, 10), 9);
    assert_eq!(draw::below(0, 10), 0);
}

#[test]
fn means_of_distributions() {
    let ms = MILLISECOND;
    let laws = [
        Distribution::Constant(5 * ms),
        Distribution::Uniform { min: ms, max: 9 * ms },
        Distribution::Normal { mean: 50 * ms, sd: 5 * ms },
        Distribution::LogNormal { median: 5 * ms, sigma: 0.5 },
        Distribution::Exponential { mean: 5 * ms },
        Distribution::Pareto { scale: ms, shape: 4.0 },
        Distribution::Erlang { mean: 5 * ms, phases: 2 },
        Distribution::Mixture(vec![
            (0.9, Distribution::Constant(ms)),
            (0.1, Distribution::Exponential { mean: 9 * ms }),
        ]),
        Distribution::Empirical(vec![ms, 2 * ms, 9 * ms]),
    ];
    for law in laws {
        let count = 200_000u64;
        let sum: f64 = (0..count).map(|i| law.sample(draw::word(7, i)) as f64).sum();
        let (mean, expected) = (sum / count as f64, law.mean());
        assert!((mean / expected - 1.0).abs() < 0.015, "{law:?}: {mean} against {expected}");
    }
}

#[test]
fn same_seed_same_run_and_a_fork_goes_on_alike() {
    let habits = vec![Habit::Pass(16); 16];
    let mut a = cluster(1, uniform(Datagram), &habits);
    let mut b = cluster(1, uniform(Datagram), &habits);
    a.run(SECOND, u64::MAX);
    // Other batches, the same run.
    while b.run(SECOND, 777) == Stop::Events {}
    assert_eq!((a.events(), a.trace_hash()), (b.events(), b.trace_hash()));
    let mut fork = a.fork();
    a.run(3 * SECOND, u64::MAX);
    fork.run(3 * SECOND, u64::MAX);
    assert_eq!(a.trace_hash(), fork.trace_hash());
    let mut other = cluster(2, uniform(Datagram), &habits);
    other.run(3 * SECOND, u64::MAX);
    assert_ne!(a.trace_hash(), other.trace_hash());
}

#[test]
fn streams_keep_order_and_lose_nothing_under_loss_and_a_cut() {
    let mut profile = uniform(Stream);
    profile.loss = 0.3;
    let mut sim = cluster(3, profile, &[Habit::Count, Habit::Listen]);
    sim.schedule_fault(fault(
        500,
        Some(2000),
        FaultKind::Partition(vec![vec![Selector::Node(NodeId(0))]]),
        0,
    ));
    sim.run(10 * SECOND, u64::MAX);
    let heard = &sim.nodes()[1].heard;
    assert!(heard.len() > 5_000, "{}", heard.len());
    assert!(heard.iter().enumerate().all(|(i, v)| i as u64 == *v));
}

#[test]
fn streams_break_when_the_process_dies_and_when_nothing_gets_through() {
    let mut sim = cluster(3, constant(10, Stream), &[Habit::Count, Habit::Listen]);
    sim.schedule_fault(fault(500, Some(100), FaultKind::Crash { host: false }, 1));
    sim.run(SECOND, u64::MAX);
    assert!(!sim.nodes()[0].lost.is_empty());
    assert!(!sim.nodes()[1].heard.is_empty(), "a new connection works after the restart");

    let mut sim = cluster(3, constant(10, Stream), &[Habit::Count, Habit::Listen]);
    sim.schedule_fault(fault(500, None, FaultKind::Cut, 1));
    sim.run(10 * SECOND, u64::MAX);
    assert!(sim.nodes()[0].lost.is_empty(), "a cut is silent until the sender gives up");
    sim.run(20 * SECOND, u64::MAX);
    assert!(!sim.nodes()[0].lost.is_empty());
}

#[test]
fn datagrams_survive_their_sender_but_not_a_receiver_that_is_down() {
    let mut sim = cluster(3, constant(10, Datagram), &[Habit::Count, Habit::Listen]);
    sim.schedule_fault(fault(100, None, FaultKind::Crash { host: true }, 0));
    sim.run(SECOND, u64::MAX);
    // Sent at 1..=99 ms and, because faults come first at an instant, not at 100 ms.
    assert_eq!(sim.nodes()[1].heard.len(), 99);
    assert_eq!(sim.nodes()[1].heard.last(), Some(&98));

    let mut sim = cluster(3, constant(10, Datagram), &[Habit::Count, Habit::Listen]);
    sim.schedule_fault(fault(100, Some(5), FaultKind::Crash { host: true }, 1));
    sim.run(200 * MILLISECOND, u64::MAX);
    let heard = &sim.nodes()[1].heard;
    // Memory starts anew at 105 ms: it hears what was sent from 95 ms on, before and during its absence.
    assert_eq!(heard.first(), Some(&94));
}

#[test]
fn a_crash_between_write_and_sync_loses_the_write() {
    let mut sim = cluster(3, constant(1, Datagram), &[Habit::Count, Habit::Record]);
    // Writes arrive at 2, 3, 4 … ms and take 1 ms to sync. The crash at 10.5 ms comes amid one.
    let mut crash = fault(10, Some(100), FaultKind::Crash { host: false }, 1);
    crash.at += MILLISECOND / 2;
    sim.schedule_fault(crash);
    sim.run(10 * MILLISECOND, u64::MAX);
    assert_eq!(sim.core().writes(NodeId(1)), (9, 1));
    assert_eq!(sim.core().next_sync(NodeId(1)), Some(11 * MILLISECOND));
    sim.listen(true);
    sim.run(100 * MILLISECOND, u64::MAX);
    assert_eq!((sim.core().writes(NodeId(1)), sim.core().next_sync(NodeId(1))), ((9, 0), None));
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    assert!(seen.iter().any(|o| o.node == NodeId(1) && o.what == netsplit_sim::history::What::Died(1)));
    let durable = sim.disk(NodeId(1)).0.clone();
    assert_eq!(durable, (0..=7).collect::<Vec<_>>());
    sim.run(120 * MILLISECOND, u64::MAX);
    assert_eq!(sim.nodes()[1].lives, durable, "it starts from what was durable");
}

#[test]
fn a_stalled_disk_syncs_late_and_a_paused_node_answers_late() {
    let mut sim = cluster(3, constant(1, Datagram), &[Habit::Count, Habit::Record]);
    sim.schedule_fault(fault(10, Some(50), FaultKind::StallDisk, 1));
    sim.run(59 * MILLISECOND, u64::MAX);
    assert!(sim.nodes()[1].synced.len() < 10);
    sim.run(62 * MILLISECOND, u64::MAX);
    assert!(sim.nodes()[1].synced.len() > 50);

    let mut sim = cluster(3, constant(1, Datagram), &[Habit::Count, Habit::Listen]);
    sim.schedule_fault(fault(10, Some(50), FaultKind::Pause, 1));
    sim.run(59 * MILLISECOND, u64::MAX);
    assert!(sim.nodes()[1].heard.len() < 10);
    sim.run(61 * MILLISECOND, u64::MAX);
    assert_eq!(sim.nodes()[1].heard, (0..60).collect::<Vec<_>>());
}

#[test]
fn workers_make_a_queue_and_a_slow_node_a_longer_one() {
    let run = |slow: Option<f64>| {
        let mut sim = cluster(3, constant(1, Datagram), &[Habit::Count, Habit::Listen]);
        sim.set_workers(NodeId(1), 1, 0);
        sim.node_mut(NodeId(1)).work = MILLISECOND * 9 / 10;
        if let Some(factor) = slow {
            sim.schedule_fault(fault(0, None, FaultKind::Slow(factor), 1));
        }
        sim.run(SECOND, u64::MAX);
        (sim.nodes()[1].heard.len(), sim.core().nodes[1].queued)
    };
    assert_eq!(run(None), (998, 0));
    let (heard, queued) = run(Some(2.0));
    assert!((553..=556).contains(&heard), "{heard}");
    assert!(queued > 400, "{queued}");
}

#[test]
fn clocks_are_the_nodes_own() {
    let mut sim = cluster(3, constant(1, Datagram), &[Habit::Count, Habit::Listen]);
    sim.schedule_fault(fault(0, None, FaultKind::ClockDrift(100_000.0), 0));
    sim.schedule_fault(fault(0, None, FaultKind::ClockOffset(-250_000_000), 1));
    sim.schedule_fault(fault(500, None, FaultKind::ClockJump(3_000_000_000), 1));
    sim.run(SECOND, u64::MAX);
    assert_eq!(sim.core().clock(NodeId(0)), 1_100_000_000);
    assert_eq!(sim.core().clock(NodeId(1)), 3_750_000_000);
    assert_eq!(sim.core().elapsed(NodeId(1)), SECOND);
    // A tenth fast: eleven timers of a millisecond in ten.
    let sent = sim.nodes()[0].counter;
    assert!((1098..=1101).contains(&sent), "{sent}");
}

/// What is done to one direction of a link leaves the other alone.
#[test]
fn a_fault_on_one_direction_spares_the_other() {
    let heard = |kind: &FaultKind, from: u32, directed: bool| {
        let mut sim = cluster(3, constant(10, Datagram), &[Habit::Count, Habit::Listen]);
        let to = vec![Selector::Node(NodeId(1 - from))];
        sim.schedule_fault(Fault { to, directed, ..fault(0, None, kind.clone(), from) });
        sim.run(SECOND, u64::MAX);
        sim.nodes()[1].heard.len()
    };
    let all = heard(&FaultKind::Loss(0.0), 0, false);
    let cases = [
        (FaultKind::Loss(1.0), 0),
        (FaultKind::Latency(100 * MILLISECOND), all - 100),
        (FaultKind::Flap(2 * SECOND), 0),
        (FaultKind::Cut, 0),
        (FaultKind::Reorder(1.0, 100 * MILLISECOND), all - 100),
    ];
    for (kind, changed) in cases {
        let seen = [(0, true), (1, true), (0, false), (1, false)].map(|(from, way)| heard(&kind, from, way));
        assert_eq!(seen, [changed, all, changed, changed], "{kind:?}");
    }
}

#[test]
fn faults_on_one_message() {
    let name = |sent: Nanos| MessageName { from: NodeId(0), to: NodeId(1), sent, count: 0, copy: 0 };
    let on = |kind, sent_ms: u64| Fault {
        at: (sent_ms + 1) * MILLISECOND,
        duration: None,
        kind,
        from: Vec::new(),
        to: Vec::new(),
        message: Some(name(sent_ms * MILLISECOND)),
        directed: false,
    };
    let mut sim = cluster(3, constant(10, Datagram), &[Habit::Count, Habit::Listen]);
    sim.listen(true);
    sim.schedule_fault(on(FaultKind::DropMessage, 5));
    sim.schedule_fault(on(FaultKind::DelayMessage(2 * MILLISECOND), 8));
    sim.schedule_fault(on(FaultKind::DuplicateMessage(3 * MILLISECOND), 11));
    let never = sim.schedule_fault(on(FaultKind::DropMessage, 300));
    sim.run(SECOND / 4, u64::MAX);
    let heard = &sim.nodes()[1].heard;
    assert_eq!(&heard[..15], &[0, 1, 2, 3, 5, 6, 8, 7, 9, 10, 11, 12, 10, 13, 14]);
    sim.run(SECOND, u64::MAX);
    let mut seen = Vec::new();
    sim.drain(&mut seen);
    assert!(!seen.iter().any(|o| o.what == netsplit_sim::history::What::NoEffect(never as u32)));
}

#[test]
fn a_fault_added_live_is_the_same_run_as_one_scheduled() {
    let habits = vec![Habit::Pass(8); 8];
    for moment in [1, 3, 250, 999] {
        let at = moment * MILLISECOND + 1;
        let mut crash = fault(0, Some(100), FaultKind::Crash { host: false }, 2);
        crash.at = at;
        let mut loss = fault(0, Some(300), FaultKind::Loss(0.1), 3);
        loss.at = at;
        let mut live = cluster(9, uniform(Datagram), &habits);
        live.run(moment * MILLISECOND, u64::MAX);
        live.schedule_fault(crash.clone());
        let index = live.schedule_fault(loss.clone());
        live.run(at + 50 * MILLISECOND, u64::MAX);
        live.end_fault(index, at + 50 * MILLISECOND + 1);
        live.run(2 * SECOND, u64::MAX);

        let mut replay = cluster(9, uniform(Datagram), &habits);
        loss.duration = Some(50 * MILLISECOND + 1);
        replay.schedule_fault(crash);
        replay.schedule_fault(loss);
        replay.run(2 * SECOND, u64::MAX);
        assert_eq!((live.events(), live.trace_hash()), (replay.events(), replay.trace_hash()));
    }
}

#[test]
fn a_bystanders_messages_do_not_change_when_a_fault_or_a_node_is_added() {
    let base = [Habit::Count, Habit::Listen, Habit::Listen];
    let arrivals = |extra: bool, with_fault: bool| {
        let mut habits = base.to_vec();
        if extra {
            habits.push(Habit::Pass(4));
        }
        let mut sim = cluster(5, uniform(Datagram), &habits);
        if with_fault {
            sim.schedule_fault(fault(100, Some(100), FaultKind::Loss(0.5), 2));
        }
        let mut times = Vec::new();
        while sim.now() < SECOND {
            let before = sim.nodes()[1].heard.len();
            sim.run(SECOND, 1);
            if sim.nodes()[1].heard.len() > before && sim.nodes()[1].heard.last() != Some(&0) {
                times.push((sim.now(), *sim.nodes()[1].heard.last().unwrap_or(&0)));
            }
        }
        times
    };
    let plain = arrivals(false, false);
    assert_eq!(plain, arrivals(false, true));
    assert_eq!(plain, arrivals(true, false));
}
