//! `chaos` entries made into ordinary faults.
//!
//! Incidents come as a Poisson process of the entry's rate, each with a kind, a victim and a length drawn from the
//! entry's own draws, so that adding another entry or fault changes none of them.

use crate::catalogue::{Catalogue, FaultDecl, TargetKind};
use crate::timeline::{Fault, Target};
use crate::{Duration, LinkName, limits};

/// The faults with every chaos entry replaced by what it expands to, in its place.
///
/// `nodes` gives the names that a chaos entry's target stands for (all nodes where it has none), `until` is the
/// run's end, and `draw(entry, occasion)` is the engine's fault stream: 64 bits for the entry-th chaos entry's
/// occasion-th draw.
pub fn expand(
    faults: &[Fault],
    catalogue: &Catalogue,
    until: Duration,
    nodes: &dyn Fn(&Target) -> Vec<String>,
    draw: &dyn Fn(u64, u64) -> u64,
) -> Vec<Fault> {
    let mut expanded = Vec::new();
    let mut entry = 0;
    for fault in faults {
        match fault.chaos() {
            Some(_) => {
                let mut draws = Draws { draw, entry, occasion: 0 };
                incidents(fault, catalogue, until, &nodes(&fault.target), &mut draws, &mut expanded);
                entry += 1;
            }
            None => expanded.push(fault.clone()),
        }
    }
    expanded
}

struct Draws<'a> {
    draw: &'a dyn Fn(u64, u64) -> u64,
    entry: u64,
    occasion: u64,
}

impl Draws<'_> {
    fn bits(&mut self) -> u64 {
        let bits = (self.draw)(self.entry, self.occasion);
        self.occasion += 1;
        bits
    }

    /// Below `bound`, which is not zero.
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// Exponential with mean 1, by von Neumann's comparisons: it needs no logarithm, so every target agrees.
    fn exponential(&mut self) -> f64 {
        let mut whole = 0u32;
        loop {
            let first = self.bits();
            let (mut last, mut falls) = (first, 1u32);
            loop {
                let next = self.bits();
                if next >= last {
                    break;
                }
                (last, falls) = (next, falls + 1);
            }
            if falls % 2 == 1 {
                return f64::from(whole) + (first >> 11) as f64 / (1u64 << 53) as f64;
            }
            whole += 1;
        }
    }
}

fn incidents(
    fault: &Fault,
    catalogue: &Catalogue,
    until: Duration,
    nodes: &[String],
    draws: &mut Draws<'_>,
    expanded: &mut Vec<Fault>,
) {
    let Some(chaos) = fault.chaos() else { return };
    let kinds: Vec<&FaultDecl> = chaos.kinds.iter().filter_map(|kind| catalogue.fault(kind)).collect();
    if kinds.is_empty() || nodes.is_empty() || chaos.rate <= 0.0 || chaos.rate.is_nan() {
        return;
    }
    let end = fault.lasts.map_or(until.0, |lasts| fault.at.0.saturating_add(lasts.0)).min(until.0);
    let mean = 1e9 / chaos.rate.min(limits::CHAOS_RATE);
    let mut now = fault.at.0;
    // When each incident that is under way ends, and what it is.
    let mut under_way: Vec<(u64, String, Target)> = Vec::new();
    for _ in 0..limits::FAULTS {
        now = now.saturating_add((draws.exponential() * mean) as u64).saturating_add(1);
        if now >= end {
            return;
        }
        let kind = kinds[draws.below(kinds.len() as u64) as usize];
        let target = victim(kind.target, nodes, draws);
        let length = (chaos.each.0 / 2).saturating_add(draws.below(chaos.each.0.max(1)));
        under_way.retain(|(ends, _, _)| *ends > now);
        let Some(target) = target else { continue };
        let busy = under_way.iter().any(|(_, other, hit)| *other == kind.kind && *hit == target);
        if busy || under_way.len() >= chaos.max_at_once as usize {
            continue;
        }
        let length = length.min(end - now);
        if kind.has_duration {
            under_way.push((now + length, kind.kind.clone(), target.clone()));
        }
        let lasts = kind.has_duration.then_some(Duration(length));
        expanded.push(Fault { at: Duration(now), lasts, target, ..Fault::new(Duration(now), &kind.kind) });
    }
}

/// A victim; nothing where the nodes do not suffice. It takes the same number of draws whatever comes of it.
fn victim(kind: TargetKind, nodes: &[String], draws: &mut Draws<'_>) -> Option<Target> {
    let count = nodes.len() as u64;
    let first = draws.below(count) as usize;
    let second = draws.below(count.saturating_sub(1).max(1)) as usize;
    let other = if second >= first { second + 1 } else { second };
    match kind {
        TargetKind::Node => Some(Target::Node(nodes[first].clone())),
        TargetKind::Link => {
            let (from, to) = (nodes[first].clone(), nodes.get(other)?.clone());
            Some(Target::Link(LinkName { from, to, both: true }))
        }
        TargetKind::Groups => {
            // A run of neighbours from `first` on, at least one and never all.
            let size = 1 + second;
            let side: Vec<String> = nodes.iter().cycle().skip(first).take(size).cloned().collect();
            (size < nodes.len()).then_some(Target::Groups(vec![side]))
        }
        TargetKind::Any => Some(Target::All),
        TargetKind::None => Some(Target::None),
        TargetKind::Message => None,
    }
}
