//! Invariants that are checked while a run goes on, by somebody who sees every node.

use crate::node::NodeId;
use crate::view::Text;

/// An invariant does not hold any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// Which one ("election_safety").
    pub invariant: &'static str,
    /// The nodes whose states contradict it.
    pub nodes: Vec<NodeId>,
    /// What is wrong, for people.
    pub text: Text,
}

impl Breach {
    /// A breach that these nodes show.
    #[must_use]
    pub fn new(invariant: &'static str, nodes: &[usize], text: Text) -> Self {
        Self { invariant, nodes: nodes.iter().map(|node| NodeId(*node as u32)).collect(), text }
    }
}

/// Looks at all nodes after each event that one of them handled. It is cloned with the world and rewound with it, takes
/// no part in the hash, and decides nothing: no node sees it.
pub trait Watch<N>: Clone + Default + 'static {
    /// Whether there is anything to look at; otherwise not even the call is compiled.
    const ACTIVE: bool = true;

    /// Called after `who` handled an event; `up[i]` says whether node i is running. An invariant that is broken is
    /// told once, not after every event from then on.
    fn after(&mut self, nodes: &[N], who: NodeId, up: &[bool]) -> Option<Breach>;

    /// About how many bytes a copy of it takes beyond its own size and a few KB; what copies share does not count.
    fn heap(&self) -> usize {
        0
    }
}

impl<N> Watch<N> for () {
    const ACTIVE: bool = false;

    fn after(&mut self, _: &[N], _: NodeId, _: &[bool]) -> Option<Breach> {
        None
    }
}
