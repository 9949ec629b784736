//! What replicas say to each other, and what they keep on disk.

use std::any::Any;
use std::sync::Arc;

use netsplit_sim::declare::{MessageKind, Role, Shape};
use netsplit_sim::digest;
use netsplit_sim::history::{Function, Operation};
use netsplit_sim::node::{Message, NodeId, Storage};

use super::log::Log;
use super::members::Members;
use crate::parts::client::function_word;

/// A command for the host's state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// Whose it is.
    pub client: NodeId,
    /// What is asked; its number and the client name it.
    pub operation: Operation,
    /// The host's own: a kind of command, say.
    pub tag: u64,
}

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// A new leader's first entry: with it, entries of earlier terms commit too (paper, section 8).
    Noop,
    /// A command.
    Command(Command),
    /// A configuration, in force from the moment that it is in a log.
    Members(Members),
}

/// A log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Term in which the leader received it.
    pub term: u64,
    /// What it holds.
    pub payload: Payload,
}

impl Entry {
    /// As a word for digests.
    #[must_use]
    pub fn word(&self) -> u64 {
        match &self.payload {
            Payload::Noop => digest::of(&[self.term]),
            Payload::Command(command) => digest::of(&[
                self.term,
                u64::from(command.client.0),
                command.operation.number,
                function_word(command.operation.function),
                command.operation.key,
                command.operation.value,
                command.operation.expected,
                command.tag,
            ]),
            Payload::Members(members) => digest::of(&[self.term, members.word()]),
        }
    }

    /// Whether it is a command that only reads.
    #[must_use]
    pub fn reads(&self) -> bool {
        matches!(&self.payload, Payload::Command(command) if command.operation.function == Function::Read)
    }
}

impl Members {
    /// As a word for digests.
    #[must_use]
    pub fn word(&self) -> u64 {
        let halves = |set: u128| [set as u64, (set >> 64) as u64];
        digest::Digest::new().all(halves(self.new)).all(halves(self.old)).end()
    }
}

/// The state machine as it was after an entry.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Index of the last entry in it.
    pub index: u64,
    /// Its term.
    pub term: u64,
    /// The configuration then.
    pub members: Members,
    /// Digest of the state.
    pub digest: u64,
    /// Its size.
    pub bytes: u32,
    /// The host's state.
    pub state: Arc<dyn Any + Send + Sync>,
}

/// AppendEntries; without entries, a heartbeat.
#[derive(Clone, Debug)]
pub struct Append {
    /// Leader's term.
    pub term: u64,
    /// Index of the entry before the new ones (0: none).
    pub previous: u64,
    /// Its term.
    pub previous_term: u64,
    /// New entries.
    pub entries: Arc<[Entry]>,
    /// Leader's commit index.
    pub commit: u64,
    /// The leader's latest round of heartbeats, which the answer repeats.
    pub round: u64,
}

/// Raft's remote procedure calls, requests and answers (paper, figures 2 and 13; dissertation, 3.10 and 9.6).
#[derive(Clone, Debug)]
pub enum Raft {
    /// AppendEntries.
    Append(Append),
    /// Answer to AppendEntries and InstallSnapshot.
    Appended {
        /// Follower's term.
        term: u64,
        /// Whether the entry before matched.
        success: bool,
        /// On success the last entry that this message verified; else where the leader should try next.
        index: u64,
        /// Round of the message that is answered.
        round: u64,
        /// Index of the entry before those of the message that is answered.
        previous: u64,
    },
    /// RequestVote.
    RequestVote {
        /// Term to be elected in; with `pre`, the one after the candidate's.
        term: u64,
        /// Index of the candidate's last entry.
        last: u64,
        /// Term of its last entry.
        last_term: u64,
        /// Only a question.
        pre: bool,
        /// The leader itself asked the candidate to stand.
        transfer: bool,
    },
    /// Answer to RequestVote.
    Vote {
        /// Voter's term; with `pre`, the term asked for if it would be granted.
        term: u64,
        /// Whether it was granted.
        granted: bool,
        /// Answers a question only.
        pre: bool,
    },
    /// TimeoutNow: stand for election at once (leadership transfer).
    TimeoutNow {
        /// Leader's term.
        term: u64,
    },
    /// InstallSnapshot: one chunk.
    Install {
        /// Leader's term.
        term: u64,
        /// The snapshot, which is there once all its bytes are.
        snapshot: Arc<Snapshot>,
        /// Where the chunk begins in it (bytes).
        offset: u32,
        /// Bytes of the chunk.
        length: u32,
        /// As in AppendEntries.
        round: u64,
    },
    /// Answer to a chunk that is not the last one.
    Received {
        /// Follower's term.
        term: u64,
        /// Index of the snapshot.
        index: u64,
        /// So many of its bytes are there.
        offset: u32,
        /// Round of the message that is answered.
        round: u64,
    },
    /// A server wants to become a voter, or to be one no longer.
    Change {
        /// The server.
        node: NodeId,
        /// To become one.
        add: bool,
    },
    /// To a candidate: a committed configuration is without it.
    Removed {
        /// Index of the configuration.
        index: u64,
    },
}

/// Kinds of message, clients' first.
pub static MESSAGES: &[MessageKind] = &[
    MessageKind { label: "Client request", role: Role::Client, shape: Shape::Circle },
    MessageKind { label: "Reply", role: Role::Client, shape: Shape::HollowCircle },
    MessageKind { label: "AppendEntries", role: Role::Append, shape: Shape::Square },
    MessageKind { label: "Heartbeat", role: Role::Append, shape: Shape::HollowSquare },
    MessageKind { label: "Ack", role: Role::Append, shape: Shape::TickSquare },
    MessageKind { label: "RequestVote", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "Vote", role: Role::Vote, shape: Shape::Triangle },
    MessageKind { label: "Vote denied", role: Role::Vote, shape: Shape::HollowTriangle },
    MessageKind { label: "TimeoutNow", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "PreVote request", role: Role::VoteRequest, shape: Shape::Diamond },
    MessageKind { label: "InstallSnapshot", role: Role::Data, shape: Shape::Pill },
    MessageKind { label: "Membership", role: Role::VoteRequest, shape: Shape::Hexagon },
];

impl Message for Raft {
    fn kind(&self) -> u8 {
        match self {
            Self::Append(append) if append.entries.is_empty() => 1,
            Self::Append(_) => 0,
            Self::Appended { .. } | Self::Received { .. } => 2,
            Self::RequestVote { pre: false, .. } => 3,
            Self::Vote { granted: true, .. } => 4,
            Self::Vote { .. } => 5,
            Self::TimeoutNow { .. } => 6,
            Self::RequestVote { .. } => 7,
            Self::Install { .. } => 8,
            Self::Change { .. } | Self::Removed { .. } => 9,
        }
    }

    fn digest(&self) -> u64 {
        match self {
            Self::Append(append) => digest::Digest::new()
                .all([append.term, append.previous, append.previous_term, append.commit, append.round])
                .all(append.entries.iter().map(Entry::word))
                .end(),
            Self::Appended { term, success, index, round, previous } => {
                digest::of(&[1, *term, u64::from(*success), *index, *round, *previous])
            }
            Self::RequestVote { term, last, last_term, pre, transfer } => {
                digest::of(&[2, *term, *last, *last_term, u64::from(*pre), u64::from(*transfer)])
            }
            Self::Vote { term, granted, pre } => {
                digest::of(&[3, *term, u64::from(*granted), u64::from(*pre)])
            }
            Self::TimeoutNow { term } => digest::of(&[4, *term]),
            Self::Install { term, snapshot, offset, length, round } => {
                let whole = digest::of(&[5, *term, snapshot.index, snapshot.term, snapshot.digest, *round]);
                let all = *length == snapshot.bytes;
                if all { whole } else { digest::of(&[whole, u64::from(*offset), u64::from(*length)]) }
            }
            Self::Received { term, index, offset, round } => {
                digest::of(&[7, *term, *index, u64::from(*offset), *round])
            }
            Self::Change { node, add } => digest::of(&[6, u64::from(node.0), u64::from(*add)]),
            Self::Removed { index } => digest::of(&[8, *index]),
        }
    }

    fn bytes(&self) -> u32 {
        match self {
            Self::Append(append) => 64 + 64 * append.entries.len() as u32,
            Self::Install { length, .. } => 64 + length,
            _ => 64,
        }
    }
}

/// What a replica keeps on disk: everything that the paper calls persistent state, and the snapshot.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    /// Latest term.
    pub term: u64,
    /// Vote in that term.
    pub vote: Option<NodeId>,
    /// It was told to leave the cluster.
    pub leaving: bool,
    /// The log.
    pub log: Log,
    /// The latest snapshot.
    pub snapshot: Option<Arc<Snapshot>>,
}

/// One write.
#[derive(Clone, Debug)]
pub enum Write {
    /// Term and vote, and whether it was told to leave.
    Term(u64, Option<NodeId>, bool),
    /// Keep the entries up to this index, then append these.
    Log(u64, Vec<Entry>),
    /// A snapshot, and up to which entry (of which term) the log goes.
    Snapshot(Arc<Snapshot>, u64, u64),
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        match write {
            Write::Term(term, vote, leaving) => (self.term, self.vote, self.leaving) = (term, vote, leaving),
            Write::Log(keep, entries) => self.log.replace(keep, &entries),
            Write::Snapshot(snapshot, index, term) => {
                self.log.cover(index, term);
                self.snapshot = Some(snapshot);
            }
        }
    }
}
