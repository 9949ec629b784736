//! Random: each backend equally likely, with no memory at all. The yardstick of the theory: with exponential
//! service every backend is an M/M/1 queue of its own.

use netsplit_sim::declare::Settings;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "random",
    label: "Random",
    summary: "Any backend, equally likely. Needs to know nothing, and queues show it.",
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(_settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    Box::new(Random { last: None })
}

#[derive(Clone, Debug)]
struct Random {
    last: Option<(u32, u32)>,
}

impl Rule for Random {
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32> {
        let pick = view.any(ask.word)?;
        self.last = Some((pick, view.ready.len() as u32));
        Some(pick)
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let (pick, among) = self.last?;
        Some(Text::new("lb-choice-random").with("n", among).with("c", view.node(pick)))
    }
    fn digest(&self) -> u64 {
        0
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
