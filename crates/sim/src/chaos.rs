//! `chaos`: random faults at a rate, expanded when a scenario is loaded into ordinary faults.

use crate::draw::{self, Purpose};
use crate::fault::{Fault, FaultKind, Selector};
use crate::math;
use crate::node::NodeId;
use crate::time::{MILLISECOND, Nanos, SECOND, nanos_from_f64};

const CHAOS: Purpose = Purpose::named("sim.chaos");

/// What chaos may do.
#[derive(Clone, Debug, PartialEq)]
pub struct Chaos {
    /// Ids from the fault table, of those in [`KINDS`].
    pub kinds: Vec<String>,
    /// Faults per second.
    pub rate: f64,
    /// Most faults in force at once.
    pub max_at_once: u32,
    /// From (ns).
    pub from: Nanos,
    /// Until (ns).
    pub until: Nanos,
    /// Which entry of the document this is: two entries draw apart.
    pub place: u64,
}

/// Kinds that chaos can draw.
pub const KINDS: &[&str] = &[
    "crash",
    "pause",
    "slow",
    "disk_stalled",
    "unsynced_lost",
    "clock_offset",
    "clock_drift",
    "partition",
    "one_way",
    "cut",
    "loss",
    "duplicate",
    "reorder",
    "latency",
];

/// Most faults that one entry expands to.
pub const MAX_FAULTS: usize = 10_000;

/// The faults that a chaos entry stands for, on these nodes.
#[must_use]
pub fn expand(seed: u64, chaos: &Chaos, nodes: &[NodeId]) -> Vec<Fault> {
    let mut faults: Vec<Fault> = Vec::new();
    let kinds: Vec<&str> = KINDS.iter().copied().filter(|k| chaos.kinds.iter().any(|c| c == k)).collect();
    if nodes.is_empty() || kinds.is_empty() || chaos.rate.is_nan() || chaos.rate <= 0.0 {
        return faults;
    }
    let key = draw::join(draw::mix(seed ^ CHAOS.0), chaos.place);
    let mut at = chaos.from;
    for occasion in 0..MAX_FAULTS as u64 {
        let word = |what: u64| draw::word(draw::join(key, what), occasion);
        let gap = -math::ln(draw::unit(word(0))) / chaos.rate * SECOND as f64;
        at = at.saturating_add(nanos_from_f64(gap).max(1));
        if at >= chaos.until {
            break;
        }
        let running = faults.iter().filter(|f| f.at.saturating_add(f.duration.unwrap_or(0)) > at).count();
        if running >= chaos.max_at_once as usize {
            continue;
        }
        let pick = |what: u64| nodes[draw::below(word(what), nodes.len() as u32) as usize];
        let (a, b) = (pick(2), pick(3));
        // Half of all faults last less than a second; a few last many.
        let span = nanos_from_f64(-math::ln(draw::unit(word(4))) * 1.5 * SECOND as f64);
        let duration = Some(span.max(10 * MILLISECOND).min(chaos.until - at));
        let share = 0.05 + 0.45 * draw::unit(word(5));
        let mut from = vec![Selector::Node(a)];
        let mut to = Vec::new();
        let kind = match kinds[draw::below(word(1), kinds.len() as u32) as usize] {
            "crash" => FaultKind::Crash { host: word(6) & 1 == 1 },
            "pause" => FaultKind::Pause,
            "slow" => FaultKind::Slow(2.0 + 30.0 * draw::unit(word(6))),
            "disk_stalled" => FaultKind::StallDisk,
            "unsynced_lost" => FaultKind::LoseUnsynced,
            "clock_offset" => FaultKind::ClockOffset((word(6) % (2 * SECOND)) as i64 - SECOND as i64),
            "clock_drift" => FaultKind::ClockDrift(draw::unit(word(6)) * 400.0 - 200.0),
            "partition" => {
                let side = nodes.iter().enumerate().filter(|(i, _)| draw::word(word(6), *i as u64) & 1 == 0);
                from = Vec::new();
                FaultKind::Partition(vec![side.map(|(_, n)| Selector::Node(*n)).collect()])
            }
            cut @ ("one_way" | "cut") => {
                if a == b {
                    continue;
                }
                to = vec![Selector::Node(b)];
                if cut == "cut" { FaultKind::Cut } else { FaultKind::OneWay }
            }
            "loss" => FaultKind::Loss(share),
            "duplicate" => FaultKind::Duplicate(share),
            "reorder" => FaultKind::Reorder(share, 10 * MILLISECOND + word(6) % (200 * MILLISECOND)),
            _ => FaultKind::Latency(word(6) % (300 * MILLISECOND)),
        };
        let duration = if kind.is_instant() { None } else { duration };
        faults.push(Fault { at, duration, kind, from, to, message: None, directed: false });
    }
    faults
}
