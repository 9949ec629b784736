//! What an observer who sees every node says when an invariant of an algorithm does not hold.

use netsplit_sim::NodeId;
use netsplit_sim::view::Text;

/// An invariant does not hold any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// Which one ("bully_highest").
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
