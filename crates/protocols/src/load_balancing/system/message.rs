//! What the servers of this pattern say to each other.

use std::sync::Arc;

use netsplit_sim::NodeId;
use netsplit_sim::digest::{self, Digest};
use netsplit_sim::history::{Function, Operation};
use netsplit_sim::node::Message;
use netsplit_sim::time::Nanos;

use crate::parts::client::{Answer, ClientMessage, Request};
use crate::parts::host::Envelope;

/// A request on its way to a backend or to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Names it at its sender.
    pub ticket: u64,
    /// The request.
    pub request: Request,
    /// How long its sender will wait (ns); 0 where it does not say.
    pub patience: Nanos,
    /// Where its copy is, and that one's ticket: the two are tied.
    pub twin: Option<(NodeId, u64)>,
}

impl Work {
    /// A probe that does what a request does.
    #[must_use]
    pub fn probe(number: u64, word: u64) -> Self {
        let operation = Operation { number, function: Function::Call, key: 0, value: 0, expected: 0 };
        let client = NodeId(u32::MAX);
        let request = Request { client, operation, attempt: 0, work: word, session: 0, patience: 0 };
        Self { ticket: number, request, patience: 0, twin: None }
    }
}

/// Between balancers, backends, routers and the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hop {
    /// Nobody waits for the sender's request with this ticket any more.
    Cancel(u64),
    /// Another backend has begun to work on the twin of this balancer's request with this ticket.
    Begun(NodeId, u64),
    /// A request for a backend or the database.
    Forward(Work),
    /// The answer to the request with this ticket.
    Response(u64, Answer),
    /// The request with this ticket was dropped, because another server works on its twin.
    Dropped(u64),
    /// A connection for the request with this ticket.
    Connect(u64),
    /// It stands: a backend's system accepts it, however long the queue is.
    Accepted(u64),
    /// A backend joins (true) or wants no more requests (false).
    Register(bool),
    /// Are you well? With true, do what you would do for a request; the word is its demand.
    Probe(u64, bool, u64),
    /// The answer to the probe of this number.
    Well(u64, bool),
    /// A backend has run out of work.
    Idle,
    /// How many requests a balancer has open at each backend.
    View(Arc<[u32]>),
}

impl Message for Hop {
    fn kind(&self) -> u8 {
        match self {
            // The client's own cancellation has the same place in the table: `client::CANCEL_KIND`.
            Self::Cancel(_) | Self::Begun(..) => 0,
            Self::Forward(_) => 1,
            Self::Response(..) | Self::Dropped(_) => 2,
            Self::Connect(_) => 3,
            Self::Accepted(_) => 4,
            Self::Register(_) => 5,
            Self::Probe(..) => 6,
            Self::Well(..) => 7,
            Self::Idle => 8,
            Self::View(_) => 9,
        }
    }
    fn digest(&self) -> u64 {
        let tag = u64::from(self.kind()) + 16;
        match self {
            Self::Cancel(ticket) => digest::of(&[tag, *ticket]),
            Self::Begun(owner, ticket) => digest::of(&[tag, *ticket, u64::from(owner.0) + 1]),
            Self::Forward(work) => {
                let twin = work.twin.map_or(0, |(node, ticket)| ticket ^ u64::from(node.0 + 1) << 40);
                let request = ClientMessage::Request(work.request).digest();
                digest::of(&[tag, work.ticket, work.patience, twin, request])
            }
            Self::Response(ticket, Answer::Ok(_)) => digest::of(&[tag, *ticket, 0]),
            Self::Response(ticket, Answer::Refused(cause)) => digest::of(&[tag, *ticket, *cause as u64 + 1]),
            Self::Response(ticket, Answer::Redirect(_)) => digest::of(&[tag, *ticket, u64::MAX]),
            Self::Dropped(ticket) => digest::of(&[tag, *ticket, u64::MAX - 1]),
            Self::Connect(ticket) | Self::Accepted(ticket) => digest::of(&[tag, *ticket]),
            Self::Register(joins) => digest::of(&[tag, u64::from(*joins)]),
            Self::Probe(number, deep, word) => digest::of(&[tag, *number, u64::from(*deep), *word]),
            Self::Well(number, well) => digest::of(&[tag, *number, u64::from(*well)]),
            Self::Idle => tag,
            Self::View(open) => Digest::new().add(tag).all(open.iter().map(|n| u64::from(*n))).end(),
        }
    }
}

/// All messages of this pattern.
pub type Wire = Envelope<Hop>;
