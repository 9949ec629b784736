//! What servers say to each other.
//!
//! Zab's messages have ZooKeeper's names; the paper's in brackets: FOLLOWERINFO (CEPOCH), LEADERINFO (NEWEPOCH), ACKEPOCH
//! (ACK-E); DIFF, TRUNC and SNAP carry what NEWLEADER carries in the paper.

use std::sync::Arc;

use netsplit_sim::declare::{MessageKind, Role as Hue, Shape};
use netsplit_sim::digest::{self, Digest};
use netsplit_sim::node::{Message, NodeId};

use super::talk::Talk;
use super::tree::{Change, Tree};

/// The epoch of a zxid: its upper half. The lower half counts the epoch's transactions from 1; with 0 it stands for the
/// epoch's beginning.
#[must_use]
pub const fn epoch(zxid: u64) -> u64 {
    zxid >> 32
}

/// The count of a zxid within its epoch.
#[must_use]
pub const fn counter(zxid: u64) -> u64 {
    zxid & 0xffff_ffff
}

/// A transaction: what a leader proposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Txn {
    /// Epoch and count.
    pub zxid: u64,
    /// Who asked for it; the leader itself where a session expired.
    pub client: NodeId,
    /// Number of the request among the client's.
    pub number: u64,
    /// The change.
    pub change: Change,
}

impl Txn {
    /// As a word for digests.
    #[must_use]
    pub fn word(&self) -> u64 {
        digest::of(&[self.zxid, u64::from(self.client.0), self.number, self.change.word()])
    }
}

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Looks for a leader.
    Looking,
    /// Follows.
    Following,
    /// Leads, or prepares to.
    Leading,
}

/// A vote: for whom, and what speaks for that server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The server voted for.
    pub leader: NodeId,
    /// Its current epoch: of the last leader with which it was in sync.
    pub epoch: u64,
    /// Its last zxid.
    pub zxid: u64,
}

impl Vote {
    /// What decides between two votes: epoch, zxid, id.
    #[must_use]
    pub fn rank(&self) -> (u64, u64, u32) {
        (self.epoch, self.zxid, self.leader.0)
    }
}

/// Over a connection between a follower and its leader.
#[derive(Clone, Debug)]
pub enum Zab {
    /// From a follower: the last epoch that it accepted.
    FollowerInfo(u64),
    /// From the leader: the new epoch.
    LeaderInfo(u64),
    /// From a follower: its current epoch, its last zxid, and whether this counts (it had not accepted this epoch before).
    AckEpoch(u64, u64, bool),
    /// What the follower lacks.
    Diff(Arc<[Txn]>),
    /// Give up everything after this zxid.
    Trunc(u64),
    /// The whole state instead.
    Snap(Arc<Tree>),
    /// The history of this epoch begins with what was sent.
    NewLeader(u64),
    /// Serve clients; everything up to this zxid is committed.
    UpToDate(u64),
    /// A transaction.
    Proposal(Txn),
    /// It is on disk, and all before it.
    Ack(u64),
    /// It is committed, and all before it.
    Commit(u64),
    /// From the leader, or a follower's answer: sessions heard of since the last one.
    Ping(Arc<[u64]>),
    /// A client's write, from the server that it asked.
    Request(NodeId, u64, Change),
    /// A client's `sync`, to the leader and back.
    Sync(NodeId, u64),
    /// From the leader: this client's request is not taken, as the client has asked through another server since.
    Moved(NodeId, u64),
    /// Whether this session still exists, asked for a client; and the answer.
    Revalidate(NodeId, u64, Option<bool>),
}

/// What servers (and sessions) exchange.
#[derive(Clone, Debug)]
pub enum Zk {
    /// Fast leader election: a vote, the round in which it was cast, what its sender is.
    Vote(Vote, u64, Role),
    /// The n-th message of this connection, in this direction: connection, n, content.
    Zab(u64, u32, Zab),
    /// This connection is closed.
    Close(u64),
    /// Between a session's client and a server.
    Talk(Talk),
}

/// Kinds of message, clients' first.
pub static MESSAGES: &[MessageKind] = &[
    MessageKind { label: "Client request", role: Hue::Client, shape: Shape::Circle },
    MessageKind { label: "Reply", role: Hue::Client, shape: Shape::HollowCircle },
    MessageKind { label: "Notification", role: Hue::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "FOLLOWERINFO", role: Hue::Vote, shape: Shape::Triangle },
    MessageKind { label: "LEADERINFO", role: Hue::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "ACKEPOCH", role: Hue::Vote, shape: Shape::Triangle },
    MessageKind { label: "DIFF", role: Hue::Data, shape: Shape::Pill },
    MessageKind { label: "TRUNC", role: Hue::Data, shape: Shape::HollowTriangle },
    MessageKind { label: "SNAP", role: Hue::Data, shape: Shape::Pill },
    MessageKind { label: "NEWLEADER", role: Hue::VoteRequest, shape: Shape::Square },
    MessageKind { label: "UPTODATE", role: Hue::VoteRequest, shape: Shape::HollowSquare },
    MessageKind { label: "PROPOSAL", role: Hue::Append, shape: Shape::Square },
    MessageKind { label: "ACK", role: Hue::Append, shape: Shape::TickSquare },
    MessageKind { label: "COMMIT", role: Hue::Append, shape: Shape::TickSquare },
    MessageKind { label: "PING", role: Hue::Append, shape: Shape::HollowSquare },
    MessageKind { label: "REQUEST", role: Hue::Client, shape: Shape::Pill },
    MessageKind { label: "SYNC", role: Hue::Client, shape: Shape::Hexagon },
    MessageKind { label: "REVALIDATE", role: Hue::Client, shape: Shape::Hexagon },
    MessageKind { label: "SESSIONMOVED", role: Hue::Client, shape: Shape::HollowTriangle },
    MessageKind { label: "Close", role: Hue::Vote, shape: Shape::HollowTriangle },
    MessageKind { label: "Connect", role: Hue::Client, shape: Shape::Diamond },
    MessageKind { label: "Session request", role: Hue::Client, shape: Shape::Circle },
    MessageKind { label: "Session reply", role: Hue::Client, shape: Shape::HollowCircle },
    MessageKind { label: "Session ping", role: Hue::Client, shape: Shape::HollowSquare },
    MessageKind { label: "Watch event", role: Hue::Gossip, shape: Shape::Hexagon },
];

impl Zab {
    fn kind(&self) -> u8 {
        match self {
            Self::FollowerInfo(_) => 1,
            Self::LeaderInfo(_) => 2,
            Self::AckEpoch(..) => 3,
            Self::Diff(_) => 4,
            Self::Trunc(_) => 5,
            Self::Snap(_) => 6,
            Self::NewLeader(_) => 7,
            Self::UpToDate(_) => 8,
            Self::Proposal(_) => 9,
            Self::Ack(_) => 10,
            Self::Commit(_) => 11,
            Self::Ping(_) => 12,
            Self::Request(..) => 13,
            Self::Sync(..) => 14,
            Self::Revalidate(..) => 15,
            Self::Moved(..) => 16,
        }
    }

    fn word(&self) -> u64 {
        let words = match self {
            Self::FollowerInfo(word)
            | Self::LeaderInfo(word)
            | Self::Trunc(word)
            | Self::NewLeader(word)
            | Self::UpToDate(word)
            | Self::Ack(word)
            | Self::Commit(word) => [*word, 0, 0],
            Self::AckEpoch(current, zxid, counts) => [*current, *zxid, u64::from(*counts)],
            Self::Diff(txns) => [Digest::new().all(txns.iter().map(Txn::word)).end(), 0, 0],
            Self::Snap(tree) => [tree.digest(), 0, 0],
            Self::Proposal(txn) => [txn.word(), 0, 0],
            Self::Ping(sessions) => [Digest::new().all(sessions.iter().copied()).end(), 0, 0],
            Self::Request(client, number, change) => [u64::from(client.0), *number, change.word()],
            Self::Sync(client, number) => [u64::from(client.0), *number, 0],
            Self::Moved(client, number) => [u64::from(client.0), *number, 1],
            Self::Revalidate(client, session, valid) => {
                [u64::from(client.0), *session, valid.map_or(0, |valid| 1 + u64::from(valid))]
            }
        };
        digest::of(&words)
    }
}

impl Message for Zk {
    fn kind(&self) -> u8 {
        match self {
            Self::Vote(..) => 0,
            Self::Zab(_, _, what) => what.kind(),
            Self::Close(_) => 17,
            Self::Talk(talk) => 18 + talk.kind(),
        }
    }

    fn digest(&self) -> u64 {
        let kind = u64::from(self.kind());
        match self {
            Self::Vote(vote, round, role) => {
                digest::of(&[kind, u64::from(vote.leader.0), vote.epoch, vote.zxid, *round, *role as u64])
            }
            Self::Zab(link, place, what) => digest::of(&[kind, *link, u64::from(*place), what.word()]),
            Self::Close(link) => digest::of(&[kind, *link]),
            Self::Talk(talk) => digest::of(&[kind, talk.word()]),
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Self::Zab(_, _, Zab::Diff(txns)) => 64 + 64 * txns.len() as u32,
            Self::Zab(_, _, Zab::Snap(tree)) => 64 + 64 * tree.len() as u32,
            Self::Zab(_, _, Zab::Proposal(_)) => 128,
            _ => 64,
        }
    }
}
