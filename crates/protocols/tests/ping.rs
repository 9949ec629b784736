//! Estimates of other clocks against the clocks themselves: within the published bounds, always.

use netsplit_protocols::parts::workload::Workload;
use netsplit_protocols::registry::{Setup, find};
use netsplit_protocols::time::ping::{self, Machine};
use netsplit_sim::declare::{Settings, Value};
use netsplit_sim::distribution::Distribution;
use netsplit_sim::draw;
use netsplit_sim::fault::{Fault, FaultKind, Selector};
use netsplit_sim::network::{Network, Profile, Transport};
use netsplit_sim::small::Map;
use netsplit_sim::time::{MICROSECOND, MILLISECOND, Nanos, SECOND};
use netsplit_sim::{Cluster, NodeId, Simulation};

fn setup(seed: u64, nodes: u32, network: Network, values: &[(&str, Value)]) -> Setup {
    let algorithm = find("time", "ping").expect("registered");
    let mut settings = Settings::defaults(algorithm.params);
    for (id, value) in values {
        settings.set(id, value.clone()).expect("declared");
    }
    Setup {
        seed,
        nodes,
        spares: 0,
        settings,
        overrides: Vec::new(),
        network,
        zones: Vec::new(),
        workload: Workload::default(),
    }
}

fn clock(sim: &mut Cluster<Machine>, at: Nanos, kind: FaultKind, node: u32) {
    let from = vec![Selector::Node(NodeId(node))];
    sim.schedule_fault(Fault {
        at,
        duration: None,
        kind,
        from,
        to: Vec::new(),
        message: None,
        directed: false,
    });
}

/// How far one clock is ahead of another now.
fn truth(sim: &Cluster<Machine>, of: NodeId, to: NodeId) -> i64 {
    sim.core().clock(of) as i64 - sim.core().clock(to) as i64
}

/// Runs to the end and looks at each estimate at the instant at which it is made; gives how many there were, and how many
/// did not allow the truth, by Cristian's rule, by NTP's and by the filter.
fn watch(sim: &mut Cluster<Machine>, end: Nanos) -> (u64, [u64; 3]) {
    let (mut looked, mut wrong) = (0, [0; 3]);
    let mut seen: Map<(u32, u32), Nanos> = Map::new();
    let nodes = sim.nodes().len() as u32;
    while sim.now() < end {
        sim.run(end, 1);
        for (me, other) in (0..nodes).flat_map(|a| (0..nodes).map(move |b| (a, b))) {
            let machine = &sim.nodes()[me as usize];
            let Some(last) = machine.peer(NodeId(other)).and_then(|peer| peer.exchanges.last()) else {
                continue;
            };
            if seen.insert((me, other), last.t4) == Some(last.t4) {
                continue;
            }
            let truth = truth(sim, NodeId(other), NodeId(me));
            let now = sim.core().clock(NodeId(me));
            let estimates = [
                machine.cristian(NodeId(other)),
                machine.ntp(NodeId(other)),
                machine.filtered(NodeId(other), now),
            ];
            looked += 1;
            for (estimate, wrong) in estimates.iter().zip(&mut wrong) {
                *wrong += u64::from(!estimate.expect("there was an exchange").allows(truth));
            }
        }
    }
    (looked, wrong)
}

/// Every link its own law of latency, both ways apart.
fn network(seed: u64, nodes: u32) -> (Network, Nanos) {
    let word = |what| draw::word(draw::mix(seed), what);
    let least = word(1) % (3 * MILLISECOND);
    let mut network =
        Network::uniform(Profile::new(Distribution::Constant(MILLISECOND), Transport::Datagram));
    for (from, to) in (0..nodes).flat_map(|a| (0..nodes).map(move |b| (a, b))) {
        let (kind, size) = (word(u64::from(from * 64 + to) + 10) % 4, word(u64::from(from * 64 + to) + 5000));
        let most = MICROSECOND + size % (40 * MILLISECOND);
        let latency = match kind {
            0 => Distribution::Constant(least + most),
            1 => Distribution::Uniform { min: least, max: least + most },
            2 => Distribution::Uniform { min: least + most / 2, max: least + 5 * most },
            _ => Distribution::Pareto { scale: least + most, shape: 1.5 },
        };
        let mut profile = Profile::new(latency, Transport::Datagram);
        (profile.loss, profile.reorder) = (0.03, 0.05);
        network.profiles.push(profile);
        network.by_link.insert((from, to), network.profiles.len() as u16 - 1);
    }
    (network, least)
}

#[test]
fn no_estimate_is_off_by_more_than_its_bound() {
    let mut looked = 0;
    for seed in 0..150 {
        let word = |what| draw::word(draw::mix(seed ^ 0xc10c), what);
        let nodes = 2 + (seed % 3) as u32;
        let (network, least) = network(seed, nodes);
        let drift = word(0) % 2_000;
        let values = [
            ("least", Value::Duration(least)),
            ("drift", Value::Int(drift as i64)),
            ("turnaround", Value::Duration(word(1) % (20 * MILLISECOND) * (seed % 2))),
            ("interval", Value::Duration(30 * MILLISECOND + word(2) % (200 * MILLISECOND))),
        ];
        let mut sim = ping::cluster(&setup(seed, nodes, network, &values));
        for node in 0..nodes {
            let signed =
                |what: u64, most: u64| (word(what + u64::from(node)) % (2 * most + 1)) as i64 - most as i64;
            // A clock does not go below 0, so all go forward, by different spans.
            let ahead = 300 * MILLISECOND as i64 + signed(100, 300 * MILLISECOND);
            clock(&mut sim, 0, FaultKind::ClockOffset(ahead), node);
            clock(&mut sim, 0, FaultKind::ClockDrift(signed(200, drift) as f64), node);
        }
        let (count, wrong) = watch(&mut sim, 8 * SECOND);
        assert_eq!(wrong, [0; 3], "seed {seed}");
        looked += count;
    }
    assert!(looked > 20_000, "{looked}");
}

fn two(out: Nanos, back: Nanos, values: &[(&str, Value)]) -> Cluster<Machine> {
    let mut network = Network::uniform(Profile::new(Distribution::Constant(out), Transport::Datagram));
    network.profiles.push(Profile::new(Distribution::Constant(back), Transport::Datagram));
    network.by_link.insert((1, 0), 1);
    ping::cluster(&setup(1, 2, network, values))
}

#[test]
fn a_slower_way_back_shifts_the_estimate_by_half_of_it_and_no_more() {
    // 5 ms there, 45 ms back: NTP takes 25 for each, and so is off by 20, of 25 that it allows.
    let mut sim = two(5 * MILLISECOND, 45 * MILLISECOND, &[("drift", Value::Int(0))]);
    clock(&mut sim, 0, FaultKind::ClockOffset(80_000_000), 1);
    assert_eq!(watch(&mut sim, 2 * SECOND).1, [0; 3]);
    let (me, other) = (&sim.nodes()[0], NodeId(1));
    let ntp = me.ntp(other).expect("there were exchanges");
    assert_eq!((ntp.offset, ntp.error), (60_000_000, 25_000_002));
    assert_eq!(truth(&sim, other, NodeId(0)), 80_000_000);
    // The other side sees the same exchange from the other end.
    assert_eq!(sim.nodes()[1].ntp(NodeId(0)).map(|e| e.offset), Some(-60_000_000));
    // Who knows that no message takes less than 5 ms has a bound that the truth just reaches: it cannot be narrower.
    let mut sim = two(
        5 * MILLISECOND,
        45 * MILLISECOND,
        &[("drift", Value::Int(0)), ("least", Value::Duration(5_000_000))],
    );
    clock(&mut sim, 0, FaultKind::ClockOffset(80_000_000), 1);
    assert_eq!(watch(&mut sim, 2 * SECOND).1, [0; 3]);
    let cristian = sim.nodes()[0].cristian(other).expect("there were exchanges");
    assert_eq!((80_000_000 - cristian.offset, cristian.error), (20_000_000, 20_000_002));
    // With a bound that is wrong the truth is out of reach.
    let mut sim = two(
        5 * MILLISECOND,
        45 * MILLISECOND,
        &[("drift", Value::Int(0)), ("least", Value::Duration(6_000_000))],
    );
    let (looked, wrong) = watch(&mut sim, 2 * SECOND);
    assert_eq!(wrong, [looked, 0, 0]);
}

#[test]
fn turnaround_is_taken_out_by_ntp_only() {
    let values = [("drift", Value::Int(0)), ("turnaround", Value::Duration(30 * MILLISECOND))];
    let mut sim = two(10 * MILLISECOND, 10 * MILLISECOND, &values);
    assert_eq!(watch(&mut sim, 2 * SECOND).1, [0; 3]);
    let me = &sim.nodes()[0];
    assert_eq!(me.ntp(NodeId(1)).map(|e| (e.offset, e.error)), Some((0, 10_000_002)));
    assert_eq!(me.cristian(NodeId(1)).map(|e| (e.offset, e.error)), Some((15_000_000, 25_000_002)));
}

#[test]
fn a_clock_that_jumps_or_drifts_more_than_was_said_breaks_the_bound() {
    // The filter still believes exchanges from before the jump.
    let mut sim = two(10 * MILLISECOND, 10 * MILLISECOND, &[]);
    clock(&mut sim, SECOND, FaultKind::ClockJump(500_000_000), 1);
    let (_, wrong) = watch(&mut sim, 10 * SECOND);
    assert!(wrong[2] > 0, "{wrong:?}");
    let mut sim = two(MICROSECOND, MICROSECOND, &[("drift", Value::Int(10))]);
    clock(&mut sim, 0, FaultKind::ClockDrift(5_000.0), 1);
    let (_, wrong) = watch(&mut sim, 10 * SECOND);
    assert!(wrong[2] > 0, "{wrong:?}");
}

#[test]
fn logs_say_the_impossible_exactly_where_the_offset_beats_the_delay() {
    for (behind, impossible) in [(9, false), (10, false), (11, true), (80, true)] {
        let mut sim = two(10 * MILLISECOND, 10 * MILLISECOND, &[]);
        clock(&mut sim, 0, FaultKind::ClockOffset(-behind * MILLISECOND as i64), 1);
        sim.run(SECOND, u64::MAX);
        // A clock does not go below 0, where it would be at the start.
        sim.run(4 * SECOND, u64::MAX);
        let of = |sim: &Cluster<Machine>| {
            sim.overview().values.iter().find(|(id, _)| *id == "impossible").map(|v| v.1)
        };
        let before = of(&sim).unwrap_or_default();
        sim.run(6 * SECOND, u64::MAX);
        let more = of(&sim).unwrap_or_default() - before;
        assert_eq!(more > 0.0, impossible, "{behind} ms");
    }
}
