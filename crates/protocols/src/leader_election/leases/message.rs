//! What nodes say to each other, and what they keep on disk.

use std::sync::Arc;

use netsplit_sim::declare::{MessageKind, Role, Shape};
use netsplit_sim::digest::Digest;
use netsplit_sim::node::{Message, NodeId, Storage};
use netsplit_sim::small::Map;

use crate::leader_election::paxos::{self, Paxos};

/// Number of an order to the lock service or the store; its sender never uses it again.
pub type Order = u64;
/// A fencing token.
pub type Token = u64;

/// The document that the store keeps, as a whole: a holder reads it, changes it and writes it back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// Values by key.
    pub values: Map<u64, u64>,
    /// The last writes in it, by client and number: what comes twice is done once.
    pub done: Vec<u64>,
    /// For each life and lane of a client the highest number that is in there no more: what is not above it might have
    /// been done, and is not done any more.
    pub floors: Map<u64, u64>,
}

/// Writes remembered in a document.
const DONE: usize = 256;

impl Document {
    /// Takes a client's write in, unless it is in already; false where that is not known any more.
    pub fn write(&mut self, client: NodeId, number: u64, key: u64, value: u64) -> bool {
        let id = u64::from(client.0) << 40 | number;
        if self.done.contains(&id) {
            return true;
        }
        if self.floors.get(&(id >> 24)).is_some_and(|floor| id <= *floor) {
            return false;
        }
        if self.done.len() == DONE {
            let oldest = self.done.remove(0);
            let floor = self.floors.slot(oldest >> 24, || oldest);
            *floor = oldest.max(*floor);
        }
        self.done.push(id);
        self.values.insert(key, value);
        true
    }

    /// As a word.
    #[must_use]
    pub fn word(&self) -> u64 {
        let pairs = self.values.iter().flat_map(|(key, value)| [*key, *value]);
        let floors = self.floors.values().copied();
        Digest::new().all(pairs).all(self.done.iter().copied()).all(floors).end()
    }
}

/// Between nodes.
#[derive(Clone, Debug, PartialEq)]
pub enum Lease {
    /// Among the lock servers.
    Log(Paxos),
    /// To the lock service: the lease, please.
    Acquire(Order),
    /// To the lock service: longer, please.
    Renew(Order, Token),
    /// It is yours from the moment at which you asked, with this token.
    Granted(Order, Token),
    /// It is not yours; who has it.
    Refused(Order, Option<NodeId>),
    /// Another lock server leads.
    Elsewhere(Order, Option<NodeId>),
    /// To the store: the document, please.
    Load(Order, Token),
    /// The document.
    Loaded(Order, Arc<Document>),
    /// To the store: the value of a key, please.
    Get(Order, Token, u64),
    /// Its value.
    Value(Order, Option<u64>),
    /// To the store: the document is this now. The number counts the writes under that token.
    Put(Order, Token, u64, Arc<Document>),
    /// It is.
    Stored(Order),
    /// It is not: a newer token than yours was here.
    Fenced(Order, Token),
}

const LABELS: [MessageKind; 12] = [
    MessageKind { label: "Acquire", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "Renew", role: Role::VoteRequest, shape: Shape::HollowSquare },
    MessageKind { label: "Granted", role: Role::Vote, shape: Shape::Triangle },
    MessageKind { label: "Refused", role: Role::Vote, shape: Shape::HollowTriangle },
    MessageKind { label: "Not the leader", role: Role::Vote, shape: Shape::HollowTriangle },
    MessageKind { label: "Load", role: Role::Data, shape: Shape::Hexagon },
    MessageKind { label: "Document", role: Role::Data, shape: Shape::Pill },
    MessageKind { label: "Get", role: Role::Data, shape: Shape::Hexagon },
    MessageKind { label: "Value", role: Role::Data, shape: Shape::HollowCircle },
    MessageKind { label: "Put", role: Role::Append, shape: Shape::Square },
    MessageKind { label: "Stored", role: Role::Append, shape: Shape::TickSquare },
    MessageKind { label: "Fenced", role: Role::Vote, shape: Shape::HollowTriangle },
];

const LOG: usize = paxos::MESSAGES.len();

/// Labels, hues and shapes: the client's, the log's, then these.
pub(super) static MESSAGES: [MessageKind; LOG + LABELS.len()] = {
    let mut all = [LABELS[0]; LOG + LABELS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < LOG { paxos::MESSAGES[at] } else { LABELS[at - LOG] };
        at += 1;
    }
    all
};

impl Message for Lease {
    fn kind(&self) -> u8 {
        let own = match self {
            Self::Log(message) => return message.kind(),
            Self::Acquire(_) => 0,
            Self::Renew(..) => 1,
            Self::Granted(..) => 2,
            Self::Refused(..) => 3,
            Self::Elsewhere(..) => 4,
            Self::Load(..) => 5,
            Self::Loaded(..) => 6,
            Self::Get(..) => 7,
            Self::Value(..) => 8,
            Self::Put(..) => 9,
            Self::Stored(_) => 10,
            Self::Fenced(..) => 11,
        };
        // The client's two kinds are counted elsewhere.
        LOG as u8 - 2 + own
    }
    fn digest(&self) -> u64 {
        let digest = Digest::new().add(u64::from(self.kind()));
        let node = |node: &Option<NodeId>| node.map_or(0, |node| u64::from(node.0) + 1);
        match self {
            Self::Log(message) => digest.add(message.digest()),
            Self::Acquire(order) | Self::Stored(order) => digest.add(*order),
            Self::Renew(order, token)
            | Self::Granted(order, token)
            | Self::Load(order, token)
            | Self::Fenced(order, token) => digest.add(*order).add(*token),
            Self::Refused(order, by) | Self::Elsewhere(order, by) => digest.add(*order).add(node(by)),
            Self::Loaded(order, document) => digest.add(*order).add(document.word()),
            Self::Get(order, token, key) => digest.add(*order).add(*token).add(*key),
            Self::Value(order, value) => {
                digest.add(*order).add(u64::from(value.is_some())).add(value.unwrap_or(0))
            }
            Self::Put(order, token, count, document) => {
                digest.add(*order).add(*token).add(*count).add(document.word())
            }
        }
        .end()
    }
    fn bytes(&self) -> u32 {
        match self {
            Self::Log(message) => message.bytes(),
            Self::Loaded(_, document) | Self::Put(.., document) => {
                let words = 2 * document.values.len() + document.done.len() + document.floors.len();
                64 + 8 * words as u32
            }
            _ => 64,
        }
    }
}

/// What the store keeps.
#[derive(Clone, Debug, Default)]
pub struct Kept {
    /// The document.
    pub document: Arc<Document>,
    /// The highest token that it has seen.
    pub token: Token,
    /// The last write of each holder: its token, and its number under it.
    pub last: Map<u32, (Token, u64)>,
}

/// What is on disk: a lock server's log, or what the store keeps.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Of a lock server.
    pub log: paxos::Disk,
    /// Of the store.
    pub kept: Kept,
}

/// One write to disk.
#[derive(Clone, Debug)]
pub enum Write {
    /// To a lock server's log.
    Log(paxos::Write),
    /// All that the store keeps.
    Keep(Kept),
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        match write {
            Write::Log(write) => self.log.apply(write),
            Write::Keep(kept) => self.kept = kept,
        }
    }
}
