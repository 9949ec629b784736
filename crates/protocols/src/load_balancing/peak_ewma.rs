//! Peak EWMA, as Finagle has it (`com.twitter.finagle.loadbalancer.PeakEwma`): two backends are drawn, and the one
//! with the lower cost gets the request, where the cost is the average response time times the open requests, this
//! one included. The average follows a longer response time at once ("peak") and forgets it with the decay time.
//! A backend that has not answered yet and has work already is avoided.

use netsplit_sim::declare::Settings;
use netsplit_sim::digest::Digest;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::average::{self, Average};
use super::rule::{Ask, Rule, View, sign};
use super::system::declare;
use super::two_choices;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "peak_ewma",
    label: "Peak EWMA",
    summary: "Draws two backends and takes the one with the lower recent response time, quick to fear a slow one.",
    params: declare::WITH_DECAY,
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Cost of a backend with work of which nothing has come back yet (Finagle's penalty, in ns).
const PENALTY: f64 = (i64::MAX >> 16) as f64;

/// Makes the rule.
#[must_use]
pub fn make(settings: &Settings, backends: u32) -> Box<dyn Rule> {
    let times = vec![Average::default(); backends as usize];
    Box::new(PeakEwma { times, decay: settings.duration("ewma_decay"), drawn: Vec::new(), last: None })
}

#[derive(Clone, Debug)]
struct PeakEwma {
    times: Vec<Average>,
    decay: Nanos,
    drawn: Vec<u32>,
    /// The two drawn, each with its cost (ns).
    last: Option<[(u32, f64); 2]>,
}

impl PeakEwma {
    fn cost(&self, backend: u32, view: &View<'_>) -> f64 {
        let time = &self.times[backend as usize];
        let open = f64::from(view.open(backend));
        if time.value <= 0.0 && open > 0.0 {
            return PENALTY + open;
        }
        time.faded(view.now, self.decay) * (open + 1.0) / (view.weight(backend) as f64 / 1000.0)
    }
}

impl Rule for PeakEwma {
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32> {
        two_choices::distinct(ask.word, view.ready.len() as u32, 2, &mut self.drawn);
        let first = view.ready[*self.drawn.first()? as usize];
        let second = self.drawn.get(1).map_or(first, |place| view.ready[*place as usize]);
        let (a, b) = (self.cost(first, view), self.cost(second, view));
        self.last = Some([(first, a), (second, b)]);
        Some(if b < a { second } else { first })
    }
    fn answered(&mut self, backend: u32, took: Nanos, now: Nanos) {
        self.times[backend as usize].add(took, now, self.decay, true);
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let [(first, a), (second, b)] = self.last?;
        let shown = |cost: f64| -> netsplit_sim::view::Arg {
            if cost >= PENALTY { "?".into() } else { average::shown(cost) }
        };
        let text = Text::new("lb-choice-ewma").with("a", view.node(first)).with("b", view.node(second));
        let text = text.with("ta", shown(a)).with("cmp", sign(a, b)).with("tb", shown(b));
        Some(text.with("c", view.node(if b < a { second } else { first })))
    }
    fn digest(&self) -> u64 {
        Digest::new().add(average::digest(&self.times).end()).end()
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
