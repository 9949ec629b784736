//! Where a reader had the run stop by itself.

use crate::Duration;
use crate::record::{Port, Record, by_value};

/// The fields that say where: each breakpoint has one of them.
pub const PLACES: [&str; 5] = ["at", "event", "message", "metric", "fact"];

/// Kinds of event that a run may stop after.
pub const EVENTS: [&str; 10] =
    ["notable", "fault", "failed", "lost", "start", "timer", "arrive", "served", "synced", "broken"];

/// What goes with each field of [`PLACES`], but for `off`, and whether it must be there. Of `above` and `below` there is
/// one.
pub(crate) const COMPANIONS: [(&str, &str, bool); 5] = [
    ("event", "node", false),
    ("metric", "above", false),
    ("metric", "below", false),
    ("fact", "node", true),
    ("fact", "becomes", true),
];

/// A breakpoint: one of `at`, `event`, `message`, `metric` and `fact`, with what belongs to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BreakpointSpec {
    /// At an instant.
    pub at: Option<Duration>,
    /// After an event of this kind, one of [`EVENTS`]; at `node`, or at any.
    pub event: Option<String>,
    /// When a message of this kind arrives, by its name ("AppendEntries").
    pub message: Option<String>,
    /// When a number passes a limit, by its id: a series of the algorithm's own, "ok", "failed" or "waiting".
    pub metric: Option<String>,
    /// The limit that `metric` rises above.
    pub above: Option<f64>,
    /// The limit that `metric` falls below.
    pub below: Option<f64>,
    /// When a fact of `node` becomes something: its label, "state" or "caption".
    pub fact: Option<String>,
    /// What it becomes.
    pub becomes: Option<String>,
    /// The node.
    pub node: Option<String>,
    /// It is kept, but stops nothing.
    pub off: bool,
}

impl Record for BreakpointSpec {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.may("at", &mut self.at);
        port.may("event", &mut self.event);
        port.may("message", &mut self.message);
        port.may("metric", &mut self.metric);
        port.may("above", &mut self.above);
        port.may("below", &mut self.below);
        port.may("fact", &mut self.fact);
        port.may("becomes", &mut self.becomes);
        port.may("node", &mut self.node);
        port.may("off", &mut self.off);
    }
}

by_value!(BreakpointSpec);
