//! What members say to each other and to clients that watch or hold leases.

use std::sync::Arc;

use netsplit_sim::declare::{MessageKind, Role, Shape};
use netsplit_sim::digest::{self, Digest};
use netsplit_sim::node::{Message, NodeId};
use netsplit_sim::time::Nanos;

use super::store::{Done, Event, Kind};
use crate::parts::raft::{self, Command, Entry, Payload, Raft};

/// Between a client's watch or lease and a member.
#[derive(Clone, Debug)]
pub enum Talk {
    /// To a member: a request with its number, what it is, and the lease that it speaks of.
    Ask(u64, Kind, u64),
    /// To the client: number, what came of it, the store's revision.
    Answer(u64, Done, u64),
    /// To a member: a lease is kept alive.
    KeepAlive(u64),
    /// To the client: it has its whole time to live again, which is so long (ns; 0: it is gone).
    Alive(u64, Nanos),
    /// To a member: which watch of the client's, of which key (all without one), from which revision (0: from now on).
    Watch(u32, Option<u64>, u64),
    /// To a member: how far is this watch?
    Progress(u32),
    /// To the client: of which watch; what follows after which revision, and up to which.
    Events(u32, u64, u64, Arc<[Event]>),
    /// To the client: its watch is cancelled, as history before this revision is gone.
    Compacted(u32, u64),
}

impl Talk {
    fn kind(&self) -> u8 {
        match self {
            Self::Ask(..) => 4,
            Self::Answer(..) => 5,
            Self::KeepAlive(_) | Self::Alive(..) => 6,
            Self::Watch(..) | Self::Progress(_) => 7,
            Self::Events(..) | Self::Compacted(..) => 8,
        }
    }

    fn word(&self) -> u64 {
        match self {
            Self::Ask(number, kind, lease) => digest::of(&[1, *number, *kind as u64, *lease]),
            Self::Answer(number, done, revision) => digest::of(&[2, *number, done.word(), *revision]),
            Self::KeepAlive(lease) => digest::of(&[3, *lease]),
            Self::Alive(lease, ttl) => digest::of(&[4, *lease, *ttl]),
            Self::Watch(turn, key, from) => {
                digest::of(&[5, u64::from(*turn), key.map_or(0, |key| key + 1), *from])
            }
            Self::Progress(turn) => digest::of(&[6, u64::from(*turn)]),
            Self::Events(turn, after, until, events) => Digest::new()
                .all([7, u64::from(*turn), *after, *until])
                .all(events.iter().map(Event::word))
                .end(),
            Self::Compacted(turn, revision) => digest::of(&[8, u64::from(*turn), *revision]),
        }
    }
}

/// What etcd's members and clients exchange beyond gets and puts.
#[derive(Clone, Debug)]
pub enum Etcd {
    /// The log's own messages.
    Raft(Raft),
    /// A proposal, from a member to its leader (MsgProp).
    Propose(Command),
    /// From a member to its leader: up to where must it have applied for its read of this number (MsgReadIndex)?
    ReadIndex(u64),
    /// The answer: number, index (MsgReadIndexResp).
    ReadIndexed(u64, u64),
    /// From a member to its leader: this client keeps this lease alive; back with its time to live (0: it is gone).
    Renew(NodeId, u64, Option<Nanos>),
    /// Between a member and a client.
    Talk(Talk),
}

const OWN: [MessageKind; 9] = [
    MessageKind { label: "Forwarded proposal", role: Role::Append, shape: Shape::Hexagon },
    MessageKind { label: "ReadIndex request", role: Role::VoteRequest, shape: Shape::Hexagon },
    MessageKind { label: "ReadIndex", role: Role::Vote, shape: Shape::Hexagon },
    MessageKind { label: "Forwarded keep-alive", role: Role::Gossip, shape: Shape::HollowSquare },
    MessageKind { label: "Lease or transaction", role: Role::Client, shape: Shape::Square },
    MessageKind { label: "Answer", role: Role::Client, shape: Shape::HollowSquare },
    MessageKind { label: "Lease keep-alive", role: Role::Gossip, shape: Shape::HollowCircle },
    MessageKind { label: "Watch", role: Role::Gossip, shape: Shape::Diamond },
    MessageKind { label: "Watch events", role: Role::Gossip, shape: Shape::Pill },
];

/// Kinds of the clients' and of the log's own messages, which come first.
const FIRST: usize = 12;

/// Kinds of message.
pub static MESSAGES: [MessageKind; FIRST + OWN.len()] = {
    let mut all = [OWN[0]; FIRST + OWN.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < FIRST { raft::MESSAGES[at] } else { OWN[at - FIRST] };
        at += 1;
    }
    all
};

impl Message for Etcd {
    fn kind(&self) -> u8 {
        let own = match self {
            Self::Raft(message) => return message.kind(),
            Self::Propose(_) => 0,
            Self::ReadIndex(_) => 1,
            Self::ReadIndexed(..) => 2,
            Self::Renew(..) => 3,
            Self::Talk(talk) => talk.kind(),
        };
        FIRST as u8 - crate::parts::host::SERVER_KINDS + own
    }

    fn digest(&self) -> u64 {
        match self {
            Self::Raft(message) => message.digest(),
            Self::Propose(command) => {
                digest::of(&[11, Entry { term: 0, payload: Payload::Command(*command) }.word()])
            }
            Self::ReadIndex(number) => digest::of(&[12, *number]),
            Self::ReadIndexed(number, index) => digest::of(&[13, *number, *index]),
            Self::Renew(client, lease, ttl) => {
                digest::of(&[14, u64::from(client.0), *lease, ttl.map_or(0, |ttl| 1 + ttl)])
            }
            Self::Talk(talk) => digest::of(&[15, talk.word()]),
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Self::Raft(message) => message.bytes(),
            Self::Talk(Talk::Events(.., events)) => 64 + 40 * events.len() as u32,
            _ => 64,
        }
    }
}
