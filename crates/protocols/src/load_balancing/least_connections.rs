//! Least connections: the backend with the fewest open requests for its weight; in turn where several have them.
//! NGINX `least_conn`, HAProxy `leastconn`, Envoy `LEAST_REQUEST` for few hosts. With one balancer that sees all
//! requests it is join-the-shortest-queue.
//!
//! Compared is (open + 1) / weight, as HAProxy and Envoy do: what the load would be with this request.

use netsplit_sim::declare::Settings;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "least_connections",
    label: "Least connections",
    summary: "The backend with the fewest open requests. Finds the fast ones, also one that fails fast.",
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(_settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    Box::new(LeastConnections { turn: 0, last: None })
}

#[derive(Clone, Debug)]
struct LeastConnections {
    turn: u32,
    /// The pick, how many requests it had, among how many.
    last: Option<(u32, u32, u32)>,
}

impl Rule for LeastConnections {
    fn pick(&mut self, _ask: &Ask, view: &View<'_>) -> Option<u32> {
        let pick = view.best(self.turn, |a, b| view.lighter(a, b))?;
        self.turn = pick + 1;
        self.last = Some((pick, view.open(pick), view.ready.len() as u32));
        Some(pick)
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let (pick, open, among) = self.last?;
        Some(Text::new("lb-choice-least").with("c", view.node(pick)).with("q", open).with("n", among))
    }
    fn digest(&self) -> u64 {
        u64::from(self.turn)
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
