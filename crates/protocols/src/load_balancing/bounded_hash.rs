//! Consistent hashing with bounded loads (Mirrokni, Thorup, Zadimoghaddam, SODA 2018; HAProxy
//! `hash-balance-factor`, Envoy `hash_balance_factor`): a request goes to the first backend clockwise of its hash
//! on a ring of virtual nodes that has less than its bound, ceil(c * m / n) of m requests open, this one included,
//! at n backends, in proportion to the weights. Without a bound it is plain consistent hashing (Karger et al. 1997).
//!
//! Requests that are under way cannot be moved: where others end, a backend may for a while have more than the
//! bound of fewer requests. It gets one beyond the bound only where all others have refused that one already.

use netsplit_sim::declare::Settings;
use netsplit_sim::small;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::parts::hashing::place;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "bounded_hash",
    label: "Bounded-load hashing",
    summary: "A ring of virtual nodes, and no backend beyond its bound: what is too much goes to the next one.",
    params: declare::WITH_RING,
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    Box::new(BoundedHash {
        points: settings.int("points").max(1) as u64,
        percent: settings.int("load_bound").max(0) as u64,
        by_client: settings.choice("hash_on") == "client",
        ring: Vec::new(),
        generation: Nanos::MAX,
        last: None,
    })
}

/// The most requests that a backend of this weight may have, of `open` in all; `total` is the sum of the weights.
#[must_use]
pub fn bound(percent: u64, open: u64, weight: u64, total: u64) -> u64 {
    (percent * open * weight).div_ceil(100 * total.max(1))
}

#[derive(Clone, Copy, Debug)]
struct Last {
    pick: u32,
    /// Backends passed because they were at their bound.
    passed: u32,
    bound: u64,
}

#[derive(Clone, Debug)]
struct BoundedHash {
    points: u64,
    /// Bound in per cent of the mean; 0 for none.
    percent: u64,
    by_client: bool,
    /// (place, backend), in order of the places.
    ring: Vec<(u64, u32)>,
    generation: u64,
    last: Option<Last>,
}

impl BoundedHash {
    fn build(&mut self, view: &View<'_>) {
        self.generation = view.generation;
        self.ring.clear();
        for backend in view.usable {
            let points = self.points * u64::from(view.peers[*backend as usize].weight);
            let points = (0..points).map(|n| (place(&format!("b{}#{n}", backend + 1)), *backend));
            self.ring.extend(points);
        }
        small::sort_by_key(&mut self.ring, |point| point.0);
    }
}

impl Rule for BoundedHash {
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32> {
        if self.generation != view.generation {
            self.build(view);
        }
        let hash = if self.by_client { ask.flow } else { ask.key };
        let weight = |backend: u32| u64::from(view.peers[backend as usize].weight);
        let bound = |backend| bound(self.percent, view.open_in_use + 1, weight(backend), view.weight_in_use);
        let start = self.ring.partition_point(|(place, _)| *place < hash);
        let (before, after) = self.ring.split_at(start);
        let way = after.iter().chain(before).map(|(_, backend)| *backend);
        let (mut passed, mut latest) = (0, u32::MAX);
        for backend in way {
            if backend == latest {
                continue;
            }
            latest = backend;
            let within = self.percent == 0 || u64::from(view.open(backend)) < bound(backend);
            if within && view.is_ready(backend) {
                let bound = if self.percent == 0 { 0 } else { bound(backend) };
                self.last = Some(Last { pick: backend, passed, bound });
                return Some(backend);
            }
            passed += 1;
        }
        // Those that may get it are all at their bound: the least of them.
        let pick = view.best(0, |a, b| view.lighter(a, b))?;
        self.last = Some(Last { pick, passed, bound: bound(pick) });
        Some(pick)
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let last = self.last?;
        let pick = view.node(last.pick);
        Some(if last.passed == 0 {
            Text::new("lb-choice-ring").with("c", pick)
        } else {
            let text = Text::new("lb-choice-ring-full").with("n", last.passed).with("bound", last.bound);
            text.with("c", pick)
        })
    }
    fn digest(&self) -> u64 {
        self.ring.len() as u64
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
