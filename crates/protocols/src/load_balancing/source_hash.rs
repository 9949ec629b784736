//! Source hash: the client's address, hashed, modulo the weights of the backends in use: the same client comes to
//! the same backend, and its neighbours' load is none of its concern. HAProxy `balance source` with its default
//! `hash-type map-based`, NGINX `hash $remote_addr` (NGINX `ip_hash` takes the first three octets of the address).
//! When a backend leaves or joins, most clients move.

use netsplit_sim::declare::Settings;
use netsplit_sim::view::Text;

use super::rule::{Ask, Rule, View};
use super::system::declare;
use crate::registry::Algorithm;

/// See the module.
pub static ALGORITHM: Algorithm = Algorithm {
    id: "source_hash",
    label: "Source hash",
    summary: "A hash of the client says where it goes, always to the same backend. One busy client, one busy backend.",
    build: |setup| declare::build(setup, make),
    ..declare::BASE
};

/// Makes the rule.
#[must_use]
pub fn make(_settings: &Settings, _backends: u32) -> Box<dyn Rule> {
    Box::new(SourceHash { last: None })
}

#[derive(Clone, Debug)]
struct SourceHash {
    last: Option<(u32, u32)>,
}

impl Rule for SourceHash {
    fn pick(&mut self, ask: &Ask, view: &View<'_>) -> Option<u32> {
        // A slow start would send clients back and forth: only full weights count.
        let weight = |index: &u32| u64::from(view.peers[*index as usize].weight);
        let mut left = ask.flow % view.weight_in_use.max(1);
        let at = view.usable.iter().position(|index| {
            let here = left < weight(index);
            left = left.saturating_sub(weight(index));
            here
        })?;
        // Where that one may not get it, the next one that may.
        let (before, after) = view.usable.split_at(at);
        let pick = after.iter().chain(before).copied().find(|index| view.is_ready(*index))?;
        self.last = Some((pick, view.usable.len() as u32));
        Some(pick)
    }
    fn why(&self, view: &View<'_>) -> Option<Text> {
        let (pick, among) = self.last?;
        Some(Text::new("lb-choice-source").with("n", among).with("c", view.node(pick)))
    }
    fn digest(&self) -> u64 {
        0
    }
    fn boxed(&self) -> Box<dyn Rule> {
        Box::new(self.clone())
    }
}
