//! Smooth weighted round robin, as NGINX has it since 1.3.1 (src/http/ngx_http_upstream_round_robin.c): at each
//! request every backend's current weight rises by its effective weight, the greatest is picked, and the sum of
//! all is taken from it. Weights 5, 1, 1 give a a b a c a a and not a a a a a b c. A failure lowers the effective
//! weight by the weight over `max_fails`; it recovers by 1 with each request.

use netsplit_sim::declare::Settings;
use netsplit_sim::digest::Digest;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "smooth_weighted",
    label: "Smooth weighted round robin",
    summary: "In turn, in proportion to the weights, and evenly mixed. NGINX's default.",
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(settings: &Settings, backends: u32) -> Box<dyn Rule> {
    let none = vec![Weight::default(); backends as usize];
    Box::new(SmoothWeighted { all: none, max_fails: settings.int("max_fails"), last: None })
}

/// In thousandths.
#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    current: i64,
    /// By how much failures have lowered the effective weight.
    lowered: i64,
    full: i64,
}

#[derive(Clone, Debug)]
struct SmoothWeighted {
    all: Vec<Weight>,
    max_fails: i64,
    last: Option<(u32, u64)>,
}

impl Rule for SmoothWeighted {
    fn pick(&mut self, _ask: &Ask, view: &View<'_>) -> Option<u32> {
        let mut total = 0;
        let mut best: Option<u32> = None;
        for index in view.ready {
            let weight = &mut self.all[*index as usize];
            weight.full = view.weight(*index) as i64;
            let effective = (weight.full - weight.lowered).max(0);
            weight.current += effective;
            total += effective;
            weight.lowered = (weight.lowered - 1000).max(0);
            let current = weight.current;
            if best.is_none_or(|best| current > self.all[best as usize].current) {
                best = Some(*index);
            }
        }
        let pick = best?;
        self.all[pick as usize].current -= total;
        self.last = Some((pick, view.weight(pick)));
        Some(pick)
    }
    fn failed(&mut self, backend: u32) {
        let weight = &mut self.all[backend as usize];
        if self.max_fails > 0 {
            weight.lowered = (weight.lowered + weight.full / self.max_fails).min(weight.full);
        }
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let (pick, weight) = self.last?;
        let weight = if weight.is_multiple_of(1000) {
            (weight / 1000).to_string()
        } else {
            format!("{}.{:03}", weight / 1000, weight % 1000)
        };
        Some(Text::new("lb-choice-weight").with("c", view.node(pick)).with("w", weight))
    }
    fn digest(&self) -> u64 {
        let words = self.all.iter().flat_map(|w| [w.current as u64, w.lowered as u64]);
        Digest::new().all(words).end()
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
