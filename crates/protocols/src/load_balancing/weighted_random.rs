//! Weighted random: a backend of weight 3 is three times as likely as one of weight 1 (NGINX `random`, Envoy
//! `RANDOM` with locality weights, DNS with SRV weights, RFC 2782).

use netsplit_sim::declare::Settings;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "weighted_random",
    label: "Weighted random",
    summary: "Any backend, likely in proportion to its weight.",
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(_settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    Box::new(WeightedRandom { last: None })
}

/// The place in `0..total` that a word stands for.
pub(super) fn place(word: u64, total: u64) -> u64 {
    ((u128::from(word) * u128::from(total)) >> 64) as u64
}

#[derive(Clone, Debug)]
struct WeightedRandom {
    last: Option<(u32, u32)>,
}

impl Rule for WeightedRandom {
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32> {
        let total: u64 = view.ready.iter().map(|index| view.weight(*index)).sum();
        let mut left = place(ask.word, total);
        let pick = *view.ready.iter().find(|index| {
            let weight = view.weight(**index);
            let here = left < weight;
            left = left.saturating_sub(weight);
            here
        })?;
        self.last = Some((pick, (view.weight(pick) * 1000 / total.max(1)) as u32));
        Some(pick)
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let (pick, permille) = self.last?;
        let share = format!("{}.{}", permille / 10, permille % 10);
        Some(Text::new("lb-choice-weighted-random").with("c", view.node(pick)).with("share", share))
    }
    fn digest(&self) -> u64 {
        0
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
