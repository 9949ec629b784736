//! Clients: arrivals, operations, timeouts, retries, sessions. Hosted as a part by each algorithm's client node.
//!
//! The messages are here; [`Client`] is the state machine, [`ClientConfig`] what all clients of a run share.

mod config;
mod driver;
mod operations;

pub use config::{ClientConfig, Route};
pub use driver::{Client, ClientCtx, ClientTimer};
pub use operations::is_by_hand;

use netsplit_sim::NodeId;
use netsplit_sim::digest;
use netsplit_sim::history::{Cause, Function, Operation};
use netsplit_sim::node::Message;
use netsplit_sim::time::Nanos;

/// A client's request. `work` is the operation's own quantile word of service demand: whichever server
/// handles it applies its own distribution to the same word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub client: NodeId,
    /// The operation; its number and the client name it.
    pub operation: Operation,
    /// 0 for the first attempt.
    pub attempt: u32,
    /// Quantile word of the service demand.
    pub work: u64,
    /// Highest version this session has seen (0 where the algorithm has none); sent with reads.
    pub session: u64,
    /// How long the client will wait for the answer (ns); 0 where it does not say.
    pub patience: Nanos,
}

/// What a server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done; a read carries its value.
    Ok(Option<u64>),
    /// Not done, for this reason; surely without effect.
    Refused(Cause),
    /// Not here: ask this node (or, without one, another).
    Redirect(Option<NodeId>),
}

/// A server's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Number of the operation.
    pub number: u64,
    /// Attempt that it answers.
    pub attempt: u32,
    /// The answer.
    pub answer: Answer,
    /// Version that the session has now seen, or 0.
    pub session: u64,
}

/// What clients and servers exchange; an algorithm wraps it into its own message type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    /// To a server.
    Request(Request),
    /// To a client.
    Reply(Reply),
    /// To a server: this client no longer waits for this attempt of its operation of this number.
    Cancel(NodeId, u64, u32),
}

/// Index of [`ClientMessage::Request`] in every algorithm's table of message kinds.
pub const REQUEST_KIND: u8 = 0;
/// Index of [`ClientMessage::Reply`] in every algorithm's table of message kinds.
pub const REPLY_KIND: u8 = 1;
/// Index of [`ClientMessage::Cancel`], in the tables of those algorithms whose clients cancel: the servers' own first.
pub const CANCEL_KIND: u8 = 2;

impl Message for ClientMessage {
    fn kind(&self) -> u8 {
        match self {
            Self::Request(_) => REQUEST_KIND,
            Self::Reply(_) => REPLY_KIND,
            Self::Cancel(..) => CANCEL_KIND,
        }
    }
    fn digest(&self) -> u64 {
        match self {
            Self::Cancel(client, number, attempt) => {
                digest::of(&[3, u64::from(client.0), *number, u64::from(*attempt)])
            }
            Self::Request(r) if r.patience > 0 => {
                digest::of(&[4, r.patience, Self::Request(Request { patience: 0, ..*r }).digest()])
            }
            Self::Request(r) => digest::of(&[
                1,
                u64::from(r.client.0),
                r.operation.number,
                function_word(r.operation.function),
                r.operation.key,
                r.operation.value,
                r.operation.expected,
                u64::from(r.attempt),
                r.session,
            ]),
            Self::Reply(r) => {
                let (tag, value) = match r.answer {
                    Answer::Ok(None) => (1, 0),
                    Answer::Ok(Some(value)) => (2, value),
                    Answer::Refused(cause) => (3, cause as u64),
                    Answer::Redirect(node) => (4, node.map_or(0, |n| u64::from(n.0) + 1)),
                };
                digest::of(&[2, r.number, u64::from(r.attempt), tag, value, r.session])
            }
        }
    }
}

/// A function as a word for digests.
#[must_use]
pub fn function_word(function: Function) -> u64 {
    match function {
        Function::Read => 0,
        Function::Write => 1,
        Function::Cas => 2,
        Function::Call => 3,
    }
}
