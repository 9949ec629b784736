//! What a face draws: plain data in the user's words. A recorded frame can drive a screenshot or a test.

use serde::{Deserialize, Serialize};

/// One picture of the run at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Instant shown (ns).
    pub time: u64,
    /// Events processed so far.
    pub events: u64,
    /// "tiers", "ring", "circle" or "graph".
    pub layout: String,
    /// Nodes, clients included, in a stable order.
    pub nodes: Vec<NodeFrame>,
    /// Messages in flight, and lost ones for a short while.
    pub messages: Vec<MessageFrame>,
    /// Links that differ from healthy: cut, lossy, slow.
    pub links: Vec<LinkFrame>,
    /// Partitions in force.
    pub partitions: Vec<PartitionFrame>,
    /// The true ring, where there is one.
    pub ring: Vec<ArcFrame>,
    /// The choice just made and why, or another line of the algorithm's own.
    pub line: Option<String>,
}

/// One node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeFrame {
    /// Number.
    pub id: u32,
    /// "n1".
    pub name: String,
    /// Role id ("server", "client", "balancer", "backend").
    pub role: String,
    /// Column in a tiered layout.
    pub tier: u8,
    /// Whether it issues operations.
    pub client: bool,
    /// "ring", "client", "balancer", "backend".
    pub body: String,
    /// What it is now, in words ("Leader", "Follower").
    pub state: String,
    /// "none", "leader", "leader_in_doubt", "candidate", "joining".
    pub mark: String,
    /// Share done of what `mark` says, 0 to 1 (joining).
    pub progress: f32,
    /// Hue class, 0 neutral.
    pub hue: u32,
    /// Second line inside ("term 3").
    pub caption: String,
    /// "up", "crashed", "paused", "absent".
    pub status: String,
    /// Badges of active faults: (fault kind, amount in words), e.g. ("slow", "×8").
    pub badges: Vec<(String, String)>,
    /// In service, waiting, limit (0 none): drawn as dots.
    pub queue: Option<(u32, u32, u32)>,
    /// A gauge 0 to 1 drawn as an arc around the node (election timer).
    pub gauge: Option<f32>,
    /// Cells of its log: (label, hue class, committed).
    pub cells: Vec<(String, u32, bool)>,
    /// Labelled facts for card and inspector.
    pub facts: Vec<(String, String)>,
    /// Tables for the inspector: (title, rows of (label, value, hue)).
    pub tables: Vec<(String, Vec<(String, String, u32)>)>,
    /// Accessible name: "n1, leader of term 3, cut off".
    pub name_in_words: String,
    /// What only the inspector asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Box<Inside>>,
}

/// What a node has inside: its timers, disk, clock and lives.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Inside {
    /// Running timers: (label, left, of how long), in ns by its own clock.
    pub timers: Vec<(String, u64, u64)>,
    /// Writes to its disk in all, and those that are not durable yet.
    pub writes: (u64, u64),
    /// When the next sync will be done (ns).
    pub next_sync: Option<u64>,
    /// What its own clock shows (ns).
    pub clock: u64,
    /// Its lives so far.
    pub lives: Vec<Life>,
}

/// A life of a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Life {
    /// From (ns).
    pub from: u64,
    /// To (ns); nothing for the one that lasts.
    pub to: Option<u64>,
    /// Writes that were lost with it.
    pub lost: u64,
}

/// One message in flight or just lost.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MessageFrame {
    /// Sender's number.
    pub from: u32,
    /// Receiver's number.
    pub to: u32,
    /// Left at (ns).
    pub sent: u64,
    /// Arrives at (ns); for a lost one, when it was lost.
    pub due: u64,
    /// Index in [`Legend`].
    pub kind: u8,
    /// Lost on the way.
    pub lost: bool,
    /// "n1>n2@12.480123456", the name for faults on this message.
    pub id: String,
}

impl MessageFrame {
    /// Whether both show the same message, maybe at different moments.
    #[must_use]
    pub fn same(&self, other: &Self) -> bool {
        let name = |m: &Self| (m.from, m.to, m.sent, m.kind);
        name(self) == name(other) && (self.due == other.due || self.lost || other.lost)
    }
}

/// A link that is not healthy.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LinkFrame {
    /// From.
    pub from: u32,
    /// To.
    pub to: u32,
    /// "cut", "loss", "latency", "bandwidth" …
    pub state: String,
}

/// A partition in force.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PartitionFrame {
    /// Index of the fault in the scenario's list.
    pub fault: usize,
    /// Node numbers of each side.
    pub sides: Vec<Vec<u32>>,
}

/// An arc of a ring; positions are fractions of the circle, 0 to 1.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ArcFrame {
    /// Start.
    pub from: f64,
    /// End (may be less than start: wraps).
    pub to: f64,
    /// Owner's number.
    pub owner: u32,
    /// Previous owner while handed over.
    pub moving_from: Option<u32>,
}

/// A row of the legend, by message kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Legend {
    /// "AppendEntries".
    pub label: String,
    /// "append", "vote_request", "vote", "client", "data", "gossip".
    pub role: String,
    /// "square", "hollow_square", "tick_square", "diamond", "triangle", "hollow_triangle", "circle",
    /// "hollow_circle", "pill", "hexagon".
    pub shape: String,
}

/// An entry of the event log.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Number of the event.
    pub event: u64,
    /// When (ns).
    pub time: u64,
    /// Node's name.
    pub node: String,
    /// "note", "notable", "fault", "lost", "operation", "answer".
    pub kind: String,
    /// The sentence.
    pub sentence: String,
}

/// A part of the event log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogPage {
    /// Entries, oldest first.
    pub rows: Vec<LogEntry>,
    /// How many of them, at the end, are after the cursor.
    pub later: usize,
    /// How many the whole log has so far: notes, notable ones, faults, lost messages, operations that failed, answers to
    /// operations by hand.
    pub counts: [u64; 6],
}

/// A chart: several lines over one time axis, equal buckets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Chart {
    /// Id ("throughput", "latency", "queues", or the algorithm's own).
    pub id: String,
    /// Title.
    pub label: String,
    /// Unit.
    pub unit: String,
    /// Width of a bucket (ns).
    pub bucket: u64,
    /// (label, one value a bucket; NaN-free: `None` where nothing was measured).
    pub lines: Vec<(String, Vec<Option<f64>>)>,
    /// Draw on a logarithmic axis.
    pub log: bool,
}

/// A fault as an object on the time line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FaultBlock {
    /// Index in the scenario's list.
    pub index: usize,
    /// Kind id.
    pub kind: String,
    /// "crash n5", "partition n1 n2 | n3 n4 n5".
    pub label: String,
    /// From (ns).
    pub from: u64,
    /// Until (ns); the run's end where it is not healed.
    pub to: u64,
    /// Found no target.
    pub no_effect: bool,
}

/// A band on a lane of the time line (who led when).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// Lane id.
    pub lane: String,
    /// Printed in it.
    pub label: String,
    /// Hue class.
    pub hue: u32,
    /// From (ns).
    pub from: u64,
    /// To (ns).
    pub to: u64,
}

/// An amount on a lane of the time line, in equal buckets from the run's start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Amounts {
    /// Lane id ("queues", "failures").
    pub lane: String,
    /// Printed beside it.
    pub label: String,
    /// Width of a bucket (ns).
    pub bucket: u64,
    /// The most in each bucket, or how many.
    pub values: Vec<u64>,
}
