//! What Paxos nodes say to each other, and what they keep on disk.

use std::sync::Arc;

use netsplit_sim::declare::{MessageKind, Role, Shape};
use netsplit_sim::digest::{self, Digest};
use netsplit_sim::history::Operation;
use netsplit_sim::node::{Message, NodeId, Storage};
use netsplit_sim::small::Map;

use crate::parts::chunked::Chunked;
use crate::parts::client::function_word;

/// A ballot's number: the round above, its proposer below, so that no two proposers share one. 0 is none.
pub type Ballot = u64;
/// The ballot of a value that is known to be chosen: above all others.
pub const CHOSEN: Ballot = Ballot::MAX;

/// The ballot of a round and a proposer.
#[must_use]
pub fn ballot(round: u64, proposer: NodeId) -> Ballot {
    round << 8 | u64::from(proposer.0)
}

/// As people read it: round and proposer.
pub(super) fn ballot_name(ballot: Ballot) -> String {
    if ballot == 0 { "none".to_owned() } else { format!("{}.{}", ballot >> 8, (ballot & 0xff) + 1) }
}

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Fills a gap.
    Noop,
    /// A client's operation.
    Client(NodeId, Operation),
}

/// A value for a slot of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// The ballot in which it was first proposed; whoever proposes it again leaves that as it is.
    pub origin: Ballot,
    /// Counts the clients' commands of that ballot, from 1.
    pub serial: u64,
    /// The command.
    pub command: Command,
}

impl Value {
    /// As a word for digests.
    #[must_use]
    pub fn word(&self) -> u64 {
        match &self.command {
            Command::Noop => digest::of(&[self.origin]),
            Command::Client(client, op) => digest::of(&[
                self.origin,
                self.serial,
                u64::from(client.0),
                op.number,
                function_word(op.function),
                op.key,
                op.value,
                op.expected,
            ]),
        }
    }
}

/// What was accepted for a slot, and in which ballot.
pub type Accepted = (u64, Ballot, Value);

/// Between nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum Paxos {
    /// Phase 1a, for all slots from one on at once.
    Prepare {
        /// The ballot.
        ballot: Ballot,
        /// The first slot that its proposer does not know to be decided.
        from: u64,
    },
    /// Phase 1b: nothing below this ballot will be accepted; what was accepted so far.
    Promise {
        /// The ballot.
        ballot: Ballot,
        /// What this acceptor accepted from that slot on.
        accepted: Arc<[Accepted]>,
    },
    /// Phase 2a.
    Accept {
        /// The ballot.
        ballot: Ballot,
        /// The slot.
        slot: u64,
        /// The value.
        value: Value,
        /// Slots up to here are decided.
        chosen: u64,
    },
    /// Phase 2b, to the proposer.
    Accepted {
        /// The ballot.
        ballot: Ballot,
        /// The slot.
        slot: u64,
    },
    /// A higher ballot was promised.
    Refused {
        /// That ballot.
        promised: Ballot,
    },
    /// The leader lives.
    Heartbeat {
        /// Its ballot.
        ballot: Ballot,
        /// Slots up to here are decided.
        chosen: u64,
    },
    /// What was decided from this slot on?
    Learn(u64),
    /// Decided values from this slot on.
    Chosen(u64, Arc<[Value]>),
}

/// Labels, hues and shapes, the client's first.
pub(in crate::leader_election) const MESSAGES: [MessageKind; 10] = [
    MessageKind { label: "Client request", role: Role::Client, shape: Shape::Circle },
    MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
    MessageKind { label: "Prepare", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "Promise", role: Role::Vote, shape: Shape::Triangle },
    MessageKind { label: "Accept", role: Role::Append, shape: Shape::Square },
    MessageKind { label: "Accepted", role: Role::Append, shape: Shape::TickSquare },
    MessageKind { label: "Refused", role: Role::Vote, shape: Shape::HollowTriangle },
    MessageKind { label: "Heartbeat", role: Role::Append, shape: Shape::HollowSquare },
    MessageKind { label: "Learn", role: Role::Data, shape: Shape::Hexagon },
    MessageKind { label: "Chosen", role: Role::Data, shape: Shape::Pill },
];

impl Message for Paxos {
    fn kind(&self) -> u8 {
        match self {
            Self::Prepare { .. } => 0,
            Self::Promise { .. } => 1,
            Self::Accept { .. } => 2,
            Self::Accepted { .. } => 3,
            Self::Refused { .. } => 4,
            Self::Heartbeat { .. } => 5,
            Self::Learn(_) => 6,
            Self::Chosen(..) => 7,
        }
    }
    fn digest(&self) -> u64 {
        let digest = Digest::new().add(u64::from(self.kind()));
        match self {
            Self::Prepare { ballot, from } => digest.add(*ballot).add(*from),
            Self::Promise { ballot, accepted } => digest
                .add(*ballot)
                .all(accepted.iter().flat_map(|(slot, ballot, value)| [*slot, *ballot, value.word()])),
            Self::Accept { ballot, slot, value, chosen } => {
                digest.add(*ballot).add(*slot).add(value.word()).add(*chosen)
            }
            Self::Accepted { ballot, slot } => digest.add(*ballot).add(*slot),
            Self::Refused { promised } => digest.add(*promised),
            Self::Heartbeat { ballot, chosen } => digest.add(*ballot).add(*chosen),
            Self::Learn(from) => digest.add(*from),
            Self::Chosen(from, values) => digest.add(*from).all(values.iter().map(Value::word)),
        }
        .end()
    }
    fn bytes(&self) -> u32 {
        let values = match self {
            Self::Promise { accepted, .. } => accepted.len(),
            Self::Chosen(_, values) => values.len(),
            Self::Accept { .. } => 1,
            _ => 0,
        };
        64 + 64 * values as u32
    }
}

/// What an acceptor keeps on disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// It accepts nothing below this ballot.
    pub promised: Ballot,
    /// The decided values of the slots from 1 on, without a gap.
    pub chosen: Chunked<Value>,
    /// What it accepted after them.
    pub accepted: Map<u64, (Ballot, Value)>,
}

/// One write to disk.
#[derive(Clone, Copy, Debug)]
pub enum Write {
    /// A promise.
    Promise(Ballot),
    /// A value was accepted for a slot, and with it its ballot promised.
    Accept(u64, Ballot, Value),
    /// What is accepted up to this slot is what was chosen.
    Chosen(u64),
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        match write {
            Write::Promise(ballot) => self.promised = self.promised.max(ballot),
            Write::Accept(slot, ballot, value) => {
                if ballot != CHOSEN {
                    self.promised = self.promised.max(ballot);
                }
                self.accepted.insert(slot, (ballot, value));
            }
            Write::Chosen(slot) => {
                for next in self.chosen.len() as u64 + 1..=slot {
                    let Some((_, value)) = self.accepted.remove(&next) else { break };
                    self.chosen.push(value);
                }
            }
        }
    }
}
