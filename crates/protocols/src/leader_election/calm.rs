//! How long no node came or went: for observers of promises that hold only once that pauses.

use netsplit_sim::small::{Map, Set};
use netsplit_sim::time::Nanos;
use netsplit_sim::view::Text;
use netsplit_sim::watch::Breach;

/// What the observer remembers.
#[derive(Clone, Debug, Default)]
pub(super) struct Calm {
    up: Vec<bool>,
    /// For each node that is up and has done anything since then, by its own clock: when first, and when last.
    seen: Map<usize, (Nanos, Nanos)>,
    /// Those that have waited long enough.
    waited: Set<usize>,
    told: bool,
}

impl Calm {
    /// After one of `count` nodes, which runs, handled an event at `now` by its clock, which begins anew with each life:
    /// whether each that is up has been so for `long` since a node came or went.
    pub(super) fn lasts(
        &mut self,
        count: usize,
        up: &[bool],
        (who, now): (usize, Nanos),
        long: Nanos,
    ) -> bool {
        let up = &up[..count];
        if self.up != up || self.seen.get(&who).is_some_and(|(_, last)| now < *last) {
            *self = Self { up: up.to_vec(), ..Self::default() };
        }
        let (first, last) = self.seen.slot(who, || (now, now));
        *last = now;
        if now - *first >= long {
            self.waited.add(who);
        }
        self.waited.len() == up.iter().filter(|up| **up).count()
    }

    /// `all_follow`: all follow the highest. Told once until a node comes or goes.
    pub(super) fn breach(&mut self, id: &'static str, who: usize, highest: usize) -> Option<Breach> {
        let name = |node: usize| netsplit_sim::NodeId(node as u32);
        let text = || Text::new(id).with("node", name(who)).with("highest", name(highest));
        (!std::mem::replace(&mut self.told, true)).then(|| Breach::new("all_follow", &[who, highest], text()))
    }
}
