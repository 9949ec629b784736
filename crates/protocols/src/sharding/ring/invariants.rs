//! Authority, not belief: at any time at most one node answers for a key.

use netsplit_sim::NodeId;
use netsplit_sim::small::Set;
use netsplit_sim::view::Text;
use netsplit_sim::watch::{Breach, Watch};

use super::Shard;
use crate::parts::host::Holds;

/// The old owners whose keys were once seen to have two owners: each is told once.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    told: Set<u32>,
}

impl<N: Holds<Shard>> Watch<N> for Invariants {
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach> {
        let at = |node: u32| {
            let place = node as usize;
            nodes.get(place)?.server().filter(|_| up.get(place) == Some(&true))
        };
        let joiner = at(at(who.0)?.joiner())?;
        let both = |old: &u32| at(*old).is_some_and(|owner| !owner.given) && !self.told.contains(old);
        let old = *joiner.moved.keys().find(|old| both(old))?;
        self.told.add(old);
        let (old, new) = (NodeId(old), NodeId(joiner.me));
        let text = Text::new("ring-breach-owners").with("old", old).with("new", new);
        Some(Breach { invariant: "one_owner", nodes: vec![old, new], text })
    }
}
