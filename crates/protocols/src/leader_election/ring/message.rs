//! What nodes say to each other.

use netsplit_sim::declare::{MessageKind, Role, Shape};
use netsplit_sim::digest;
use netsplit_sim::node::{Message, NodeId};

/// A number on its way round the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The number.
    pub number: u32,
    /// Whose it is.
    pub owner: NodeId,
    /// Which of its owner's starts this is: in one life after the other, one after the other.
    pub start: u64,
}

/// Between nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ring {
    /// To the neighbour: a number that may be the highest.
    Election(Token),
    /// To the neighbour: this number is the highest.
    Elected(Token),
    /// Are you there? The number of the check.
    Check(u64),
    /// Yes, to the check of this number.
    Here(u64),
}

/// Labels, hues and shapes, the client's first.
pub(super) static MESSAGES: &[MessageKind] = &[
    MessageKind { label: "Job", role: Role::Client, shape: Shape::Circle },
    MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
    MessageKind { label: "Election", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "Elected", role: Role::Vote, shape: Shape::Triangle },
    MessageKind { label: "Check", role: Role::Append, shape: Shape::HollowSquare },
    MessageKind { label: "Here", role: Role::Append, shape: Shape::TickSquare },
];

impl Message for Ring {
    fn kind(&self) -> u8 {
        match self {
            Self::Election(_) => 0,
            Self::Elected(_) => 1,
            Self::Check(_) => 2,
            Self::Here(_) => 3,
        }
    }
    fn digest(&self) -> u64 {
        let kind = u64::from(self.kind());
        match self {
            Self::Election(t) | Self::Elected(t) => digest::of(&[kind, u64::from(t.number), t.start]),
            Self::Check(number) | Self::Here(number) => digest::of(&[kind, *number]),
        }
    }
}
