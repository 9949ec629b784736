//! What servers say to each other, and what they keep on disk.

use std::sync::Arc;

use netsplit_sim::declare::{MessageKind, Role, Shape};
use netsplit_sim::digest::Digest;
use netsplit_sim::node::{Message, Storage};
use netsplit_sim::small::Map;

use crate::leader_election::paxos::message::{Ballot, Value};
use crate::parts::chunked::Chunked;

/// Between servers; all of one decree, the first number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decree {
    /// Phase 1a.
    Prepare(u64, Ballot),
    /// Phase 1b, with what was accepted.
    Promise(u64, Ballot, Option<(Ballot, Value)>),
    /// Phase 2a.
    Accept(u64, Ballot, Value),
    /// Phase 2b.
    Accepted(u64, Ballot),
    /// This ballot was promised, which is higher.
    Refused(u64, Ballot),
    /// What was decided, from this decree on.
    Decided(u64, Arc<[Value]>),
}

pub(super) static MESSAGES: &[MessageKind] = &[
    MessageKind { label: "Client request", role: Role::Client, shape: Shape::Circle },
    MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
    MessageKind { label: "Prepare", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "Promise", role: Role::Vote, shape: Shape::Triangle },
    MessageKind { label: "Accept", role: Role::Append, shape: Shape::Square },
    MessageKind { label: "Accepted", role: Role::Append, shape: Shape::TickSquare },
    MessageKind { label: "Refused", role: Role::Vote, shape: Shape::HollowTriangle },
    MessageKind { label: "Decided", role: Role::Data, shape: Shape::Pill },
];

impl Message for Decree {
    fn kind(&self) -> u8 {
        match self {
            Self::Prepare(..) => 0,
            Self::Promise(..) => 1,
            Self::Accept(..) => 2,
            Self::Accepted(..) => 3,
            Self::Refused(..) => 4,
            Self::Decided(..) => 5,
        }
    }
    fn digest(&self) -> u64 {
        let digest = Digest::new().add(u64::from(self.kind()));
        match self {
            Self::Prepare(decree, ballot)
            | Self::Accepted(decree, ballot)
            | Self::Refused(decree, ballot) => digest.add(*decree).add(*ballot),
            Self::Promise(decree, ballot, accepted) => digest
                .add(*decree)
                .add(*ballot)
                .all(accepted.iter().flat_map(|(ballot, value)| [*ballot, value.word()])),
            Self::Accept(decree, ballot, value) => digest.add(*decree).add(*ballot).add(value.word()),
            Self::Decided(decree, values) => digest.add(*decree).all(values.iter().map(Value::word)),
        }
        .end()
    }
}

/// What an acceptor has promised and accepted for one decree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acceptor {
    /// Nothing below this ballot is accepted.
    pub promised: Ballot,
    /// What was accepted, and in which ballot.
    pub accepted: Option<(Ballot, Value)>,
}

/// What is on disk: open decrees, and decided ones.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    pub(super) open: Map<u64, Acceptor>,
    pub(super) decided: Chunked<Value>,
}

/// One write: how an acceptor stands on a decree; or the next decree is decided.
#[derive(Clone, Copy, Debug)]
pub enum Write {
    /// How it stands.
    Open(u64, Acceptor),
    /// The decided value.
    Decided(Value),
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        match write {
            Write::Open(decree, acceptor) => {
                self.open.insert(decree, acceptor);
            }
            Write::Decided(value) => {
                self.decided.push(value);
                self.open.remove(&(self.decided.len() as u64));
            }
        }
    }
}
