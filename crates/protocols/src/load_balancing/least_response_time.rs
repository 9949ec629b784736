//! Least response time: the backend with the lowest product of its average response time and its open requests,
//! this one included, for its weight. NGINX Plus calls it `least_time`, Citrix ADC `LEASTRESPONSETIME` (active
//! transactions times time to first byte); neither publishes how it averages. Here the average forgets with the
//! decay time, and a backend that has not answered yet comes first.

use netsplit_sim::declare::Settings;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::average::{self, Average};
use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "least_response_time",
    label: "Least response time",
    summary: "The backend that has answered fastest, times what it has to do already.",
    params: declare::WITH_DECAY,
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(settings: &Settings, backends: u32) -> Box<dyn Rule> {
    let times = vec![Average::default(); backends as usize];
    Box::new(LeastResponseTime { times, decay: settings.duration("ewma_decay"), turn: 0, last: None })
}

#[derive(Clone, Debug)]
struct LeastResponseTime {
    times: Vec<Average>,
    decay: Nanos,
    turn: u32,
    /// The pick, its score (ns), among how many.
    last: Option<(u32, f64, u32)>,
}

impl LeastResponseTime {
    fn score(&self, backend: u32, view: &View<'_>) -> f64 {
        let weight = view.weight(backend) as f64 / 1000.0;
        self.times[backend as usize].value * (f64::from(view.open(backend)) + 1.0) / weight
    }
}

impl Rule for LeastResponseTime {
    fn pick(&mut self, _ask: &Ask, view: &View<'_>) -> Option<u32> {
        let pick = view.best(self.turn, |a, b| self.score(a, view) < self.score(b, view))?;
        self.turn = pick + 1;
        self.last = Some((pick, self.score(pick, view), view.ready.len() as u32));
        Some(pick)
    }
    fn answered(&mut self, backend: u32, took: Nanos, now: Nanos) {
        self.times[backend as usize].add(took, now, self.decay, false);
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let (pick, score, among) = self.last?;
        let text = Text::new("lb-choice-time").with("n", among).with("c", view.node(pick));
        Some(text.with("t", average::shown(score)))
    }
    fn digest(&self) -> u64 {
        average::digest(&self.times).add(u64::from(self.turn)).end()
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
