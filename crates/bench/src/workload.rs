//! What is measured: three workloads, the same for everyone.
//!
//! An event is one arrival, one timer or one completion that the model handles. Whatever an engine does
//! besides (a wake-up, a second hop inside) is its own affair and does not count.

use netsplit_sim::time::{MILLISECOND, Nanos};

/// Nodes of [`Workload::Random`].
pub const NODES: u32 = 1024;
/// Latency of [`Workload::PingPong`] (ns).
pub const LATENCY: Nanos = MILLISECOND;
/// Least delay of [`Workload::Random`] (ns).
pub const LEAST: Nanos = MILLISECOND / 2;
/// Greatest delay of [`Workload::Random`] (ns).
pub const MOST: Nanos = MILLISECOND * 3 / 2;
/// Mean time between arrivals of [`Workload::Queue`] (ns).
pub const BETWEEN: Nanos = MILLISECOND;
/// Mean service time of [`Workload::Queue`] (ns): load 0.9.
pub const SERVICE: Nanos = MILLISECOND * 9 / 10;
/// Way from the source to the server of [`Workload::Queue`] (ns).
pub const WIRE: Nanos = MILLISECOND / 10;

/// A workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workload {
    /// Two nodes send one ball to and fro with a constant latency. One event a hop.
    PingPong,
    /// 1,024 nodes begin with one message each; whoever gets one passes it on to a node drawn at random,
    /// after a delay drawn uniformly. 1,024 events are pending; one event a hop.
    Random,
    /// M/M/1 at load 0.9: a source's timer sends a customer to one first-come-first-served server. Three
    /// events a customer: timer, arrival, completion.
    Queue,
}

impl Workload {
    /// All, in the order of the table's columns.
    pub const ALL: [Self; 3] = [Self::PingPong, Self::Random, Self::Queue];

    /// Heading of its column.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::PingPong => "ping-pong",
            Self::Random => "1,024 nodes",
            Self::Queue => "M/M/1 at 0.9",
        }
    }
}

/// One workload under way on one engine; it never ends.
pub trait Run {
    /// Handles so many more events.
    fn advance(&mut self, events: u64);

    /// Customers waiting or in service, for [`Workload::Queue`].
    fn in_system(&self) -> usize {
        0
    }
}
