//! Round robin: each backend in turn, however long its queue, whatever its weight. What DNS and the simplest
//! client-side lists do; NGINX's and HAProxy's rules of this name know weights ([`super::smooth_weighted`]).

use netsplit_sim::declare::Settings;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "round_robin",
    label: "Round robin",
    summary: "Each backend in turn. Equal shares, whatever the backends can do.",
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(_settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    Box::new(RoundRobin { turn: 0, last: None })
}

#[derive(Clone, Debug)]
struct RoundRobin {
    turn: u32,
    last: Option<u32>,
}

impl Rule for RoundRobin {
    fn pick(&mut self, _ask: &Ask, view: &View<'_>) -> Option<u32> {
        let pick = view.in_turn(self.turn)?;
        self.turn = pick + 1;
        self.last = Some(pick);
        Some(pick)
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        Some(Text::new("lb-choice-turn").with("c", view.node(self.last?)))
    }
    fn digest(&self) -> u64 {
        u64::from(self.turn)
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
