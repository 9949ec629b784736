//! What nodes say to each other.

use netsplit_sim::declare::{MessageKind, Role, Shape};
use netsplit_sim::digest;
use netsplit_sim::node::{Message, NodeId};

/// Between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bully {
    /// To every higher node: is anybody up?
    Election,
    /// To the lower node that asked: yes, and I take over.
    Answer,
    /// To every lower node: I coordinate.
    Coordinator,
    /// From the coordinator: do you follow me?
    Check,
    /// Whom this node follows.
    Follows(Option<NodeId>),
}

/// Labels, hues and shapes, the client's first.
pub(super) static MESSAGES: &[MessageKind] = &[
    MessageKind { label: "Job", role: Role::Client, shape: Shape::Circle },
    MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
    MessageKind { label: "Election", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "Answer", role: Role::Vote, shape: Shape::HollowTriangle },
    MessageKind { label: "Coordinator", role: Role::Vote, shape: Shape::Triangle },
    MessageKind { label: "Check", role: Role::Append, shape: Shape::HollowSquare },
    MessageKind { label: "Follows", role: Role::Append, shape: Shape::TickSquare },
];

impl Message for Bully {
    fn kind(&self) -> u8 {
        match self {
            Self::Election => 0,
            Self::Answer => 1,
            Self::Coordinator => 2,
            Self::Check => 3,
            Self::Follows(_) => 4,
        }
    }
    fn digest(&self) -> u64 {
        let whom = if let Self::Follows(Some(node)) = self { u64::from(node.0) + 1 } else { 0 };
        digest::of(&[u64::from(self.kind()), whom])
    }
}
