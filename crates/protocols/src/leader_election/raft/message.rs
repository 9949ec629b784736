//! What Raft servers say to each other, and what they keep on disk.

use std::sync::Arc;

use netsplit_sim::declare::{MessageKind, Role, Shape};
use netsplit_sim::digest;
use netsplit_sim::history::Operation;
use netsplit_sim::node::{Message, NodeId, Storage};

use crate::parts::chunked::Chunked;
use crate::parts::client::function_word;

/// A command in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// A new leader's first entry: with it, entries of earlier terms commit too.
    Noop,
    /// A client's operation.
    Client(NodeId, Operation),
}

/// A log entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Term in which the leader received it.
    pub term: u64,
    /// The command.
    pub command: Command,
}

impl Entry {
    /// As a word for digests.
    #[must_use]
    pub fn word(&self) -> u64 {
        match &self.command {
            Command::Noop => digest::of(&[self.term]),
            Command::Client(client, op) => digest::of(&[
                self.term,
                u64::from(client.0),
                op.number,
                function_word(op.function),
                op.key,
                op.value,
            ]),
        }
    }
}

/// Raft's remote procedure calls, requests and answers, as in figure 2 of the extended paper.
#[derive(Clone, Debug, PartialEq)]
pub enum Raft {
    /// AppendEntries; without entries, a heartbeat.
    Append {
        /// Leader's term.
        term: u64,
        /// Index of the entry before the new ones (0: none).
        previous: u64,
        /// Its term.
        previous_term: u64,
        /// New entries.
        entries: Arc<[Entry]>,
        /// Leader's commit index.
        commit: u64,
    },
    /// Answer to AppendEntries.
    Appended {
        /// Follower's term.
        term: u64,
        /// Whether the entry before matched.
        success: bool,
        /// On success the last entry that this message verified; else where the leader should try next.
        index: u64,
    },
    /// RequestVote.
    RequestVote {
        /// Candidate's term.
        term: u64,
        /// Index of its last entry.
        last: u64,
        /// Term of its last entry.
        last_term: u64,
    },
    /// Answer to RequestVote.
    Vote {
        /// Voter's term.
        term: u64,
        /// Whether it was granted.
        granted: bool,
    },
    /// TimeoutNow: stand for election at once (leadership transfer).
    TimeoutNow {
        /// Leader's term.
        term: u64,
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
];

impl Message for Raft {
    fn kind(&self) -> u8 {
        match self {
            Self::Append { entries, .. } if entries.is_empty() => 1,
            Self::Append { .. } => 0,
            Self::Appended { .. } => 2,
            Self::RequestVote { .. } => 3,
            Self::Vote { granted: true, .. } => 4,
            Self::Vote { .. } => 5,
            Self::TimeoutNow { .. } => 6,
        }
    }

    fn digest(&self) -> u64 {
        match self {
            Self::Append { term, previous, previous_term, entries, commit } => digest::Digest::new()
                .add(*term)
                .add(*previous)
                .add(*previous_term)
                .add(*commit)
                .all(entries.iter().map(Entry::word))
                .end(),
            Self::Appended { term, success, index } => digest::of(&[1, *term, u64::from(*success), *index]),
            Self::RequestVote { term, last, last_term } => digest::of(&[2, *term, *last, *last_term]),
            Self::Vote { term, granted } => digest::of(&[3, *term, u64::from(*granted)]),
            Self::TimeoutNow { term } => digest::of(&[4, *term]),
        }
    }

    fn bytes(&self) -> u32 {
        if let Self::Append { entries, .. } = self { 64 + 64 * entries.len() as u32 } else { 64 }
    }
}

/// What a server keeps on disk: everything that the paper calls persistent state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Latest term.
    pub term: u64,
    /// Vote in that term.
    pub vote: Option<NodeId>,
    /// The log.
    pub log: Chunked<Entry>,
}

/// One write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    /// Term and vote.
    Term(u64, Option<NodeId>),
    /// Keep so many entries, then append these.
    Log(u64, Vec<Entry>),
}

impl Storage for Disk {
    type Write = Write;
    fn apply(&mut self, write: Write) {
        match write {
            Write::Term(term, vote) => (self.term, self.vote) = (term, vote),
            Write::Log(keep, entries) => {
                self.log.truncate(keep as usize);
                self.log.extend(&entries);
            }
        }
    }
}
