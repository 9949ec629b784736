//! Maglev hashing: a table that nearly evens out the backends' shares and changes little when one leaves
//! ([`crate::parts::maglev`]). The request's hash says the entry. Google's network load balancer, Envoy `MAGLEV`,
//! Cilium.

use std::sync::Arc;

use netsplit_sim::declare::Settings;
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::parts::maglev;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "maglev",
    label: "Maglev",
    summary: "A hash leads to an entry of a table that is the same at every balancer. Even shares, few moves.",
    params: declare::WITH_TABLE,
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    let size = match settings.choice("table_size") {
        "251" => 251,
        "2039" => 2039,
        _ => 65_537,
    };
    let by_client = settings.choice("hash_on") == "client";
    Box::new(Maglev { size, by_client, table: Arc::default(), generation: Nanos::MAX, last: None })
}

#[derive(Clone, Debug)]
struct Maglev {
    size: u32,
    by_client: bool,
    table: Arc<Vec<u32>>,
    generation: u64,
    /// The pick and its entry.
    last: Option<(u32, u32)>,
}

impl Rule for Maglev {
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32> {
        if self.generation != view.generation {
            self.generation = view.generation;
            let of = |backend: &u32| (*backend, u64::from(view.peers[*backend as usize].weight));
            let backends: Vec<(u32, u64)> = view.usable.iter().map(of).collect();
            self.table = Arc::new(maglev::table(&backends, |backend| format!("b{}", backend + 1), self.size));
        }
        let hash = if self.by_client { ask.flow } else { ask.key };
        let entry = (hash % u64::from(self.size)) as usize;
        let (before, after) = self.table.split_at(entry.min(self.table.len()));
        // Where that one may not get it, the next entry of one that may.
        let pick = after.iter().chain(before).copied().find(|backend| view.is_ready(*backend))?;
        self.last = Some((pick, entry as u32));
        Some(pick)
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let (pick, entry) = self.last?;
        Some(Text::new("lb-choice-maglev").with("e", entry).with("c", view.node(pick)))
    }
    fn digest(&self) -> u64 {
        self.table.len() as u64
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
