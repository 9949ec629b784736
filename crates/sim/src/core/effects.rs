//! Faults in force, as effects on links and nodes. They are computed anew whenever a fault begins or ends, so
//! that overlapping faults need no bookkeeping of their own.

use super::Core;
use crate::fault::{Entry, Fault, FaultKind, Selector};
use crate::node::{NodeId, Traffic};
use crate::time::Nanos;

/// What an active fault does to links.
#[derive(Clone, Debug)]
pub struct Effect {
    /// Group of each node for a partition, or side: bit 0 "from", bit 1 "to".
    pub(crate) side: Vec<u16>,
    pub(crate) what: Work,
    pub(crate) since: Nanos,
    /// Only what goes from the one side to the other.
    pub(crate) directed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Work {
    Split,
    Cut,
    Flap(Nanos),
    Loss(f64),
    Duplicate(f64),
    Reorder(f64, Nanos),
    Latency(Nanos),
    Bandwidth(u64),
}

impl Effect {
    /// Whether messages between these nodes are concerned, in this direction.
    pub(crate) fn concerns(&self, from: usize, to: usize) -> bool {
        let (a, b) = (self.side[from], self.side[to]);
        match self.what {
            Work::Split => a != b,
            _ => (a & 1 != 0 && b & 2 != 0) || (!self.directed && a & 2 != 0 && b & 1 != 0),
        }
    }
}

impl Core {
    /// The nodes that a selector means now.
    #[must_use]
    pub fn selected(&self, selectors: &[Selector]) -> Vec<NodeId> {
        let matches = |index: usize| {
            selectors.iter().any(|selector| match *selector {
                Selector::Node(node) => node.index() == index,
                Selector::Zone(zone) => self.meta[index].zone == zone,
                Selector::Role(role) => self.meta[index].role == role,
                Selector::All => true,
            })
        };
        (0..self.nodes.len()).filter(|index| matches(*index)).map(|index| NodeId(index as u32)).collect()
    }

    fn sides(&self, fault: &Fault) -> Vec<u16> {
        let mut side = vec![0u16; self.nodes.len()];
        for node in self.selected(&fault.from) {
            side[node.index()] |= 1;
        }
        if fault.to.is_empty() {
            // No other end named: all links of these nodes.
            side.iter_mut().for_each(|s| *s |= 2);
        } else {
            for node in self.selected(&fault.to) {
                side[node.index()] |= 2;
            }
        }
        side
    }

    /// Whether a link is cut now.
    #[must_use]
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.effects.iter().any(|effect| {
            let cuts = match effect.what {
                Work::Split | Work::Cut => true,
                Work::Flap(period) => ((self.now - effect.since) / period.max(1)).is_multiple_of(2),
                _ => false,
            };
            cuts && from != to && effect.concerns(from.index(), to.index())
        })
    }

    /// Derives everything that active faults imply.
    pub(crate) fn recompute(&mut self) {
        let mut effects = Vec::new();
        let mut traffic = Traffic { extra_permille: 0, hot_permille: 0, hot_key: 0 };
        let count = self.nodes.len();
        let (mut slow, mut stalled, mut full) = (vec![1.0; count], vec![false; count], vec![false; count]);
        let (mut offset, mut ppm) = (vec![0i64; count], vec![0.0; count]);
        for &index in &self.active {
            let Entry::Fault(fault) = &self.entries[index as usize] else { continue };
            let work = match &fault.kind {
                FaultKind::Partition(groups) => {
                    let mut side = vec![0u16; count];
                    for (group, selectors) in groups.iter().enumerate() {
                        for node in self.selected(selectors) {
                            side[node.index()] = group as u16 + 1;
                        }
                    }
                    effects.push(Effect { side, what: Work::Split, since: fault.at, directed: false });
                    continue;
                }
                FaultKind::OneWay | FaultKind::Cut => Work::Cut,
                FaultKind::Flap(period) => Work::Flap(*period),
                FaultKind::Loss(p) => Work::Loss(*p),
                FaultKind::Duplicate(p) => Work::Duplicate(*p),
                FaultKind::Reorder(p, by) => Work::Reorder(*p, *by),
                FaultKind::Latency(add) => Work::Latency(*add),
                FaultKind::Bandwidth(bytes) => Work::Bandwidth(*bytes),
                FaultKind::TrafficSpike(factor) => {
                    traffic.extra_permille += ((factor - 1.0).max(0.0) * 1000.0) as u32;
                    continue;
                }
                FaultKind::HotKey(key, share) => {
                    traffic.hot_key = *key;
                    traffic.hot_permille = (share * 1000.0) as u32;
                    continue;
                }
                other => {
                    for node in self.selected(&fault.from) {
                        let at = node.index();
                        match other {
                            FaultKind::Slow(factor) => slow[at] *= factor,
                            FaultKind::StallDisk => stalled[at] = true,
                            FaultKind::FillDisk => full[at] = true,
                            FaultKind::ClockOffset(by) => offset[at] += by,
                            FaultKind::ClockDrift(by) => ppm[at] += by,
                            _ => {}
                        }
                    }
                    continue;
                }
            };
            let directed = fault.directed || fault.kind == FaultKind::OneWay;
            effects.push(Effect { side: self.sides(fault), what: work, since: fault.at, directed });
        }
        self.effects = effects;
        self.traffic = traffic;
        for at in 0..count {
            self.set_slow(at as u32, slow[at]);
            let node = &mut self.nodes[at];
            node.full = full[at];
            node.clock.offset = offset[at] + node.clock.jumped;
            node.clock.set_rate(self.now, (ppm[at] * 1000.0) as i64);
            node.stalled = stalled[at];
            if !node.stalled {
                for slot in std::mem::take(&mut node.disk.held) {
                    self.queue.push_first(self.now, slot);
                }
            }
        }
    }
}
