//! Faults are data: what can go wrong, on what, from when until when; and the table that declares them.

use crate::declare::{Kind, Param};
use crate::node::{Action, NodeId};
use crate::time::{MILLISECOND, Nanos, SECOND};

/// Nodes, by what a person names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selector {
    /// One node.
    Node(NodeId),
    /// All nodes of a zone.
    Zone(u16),
    /// All nodes of a role.
    Role(u8),
    /// Every node.
    All,
}

/// A message by name: sender, receiver, instant of sending, count within the instant, copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageName {
    /// Sender.
    pub from: NodeId,
    /// Receiver.
    pub to: NodeId,
    /// Sent at (ns).
    pub sent: Nanos,
    /// 0 for the first one of this instant.
    pub count: u32,
    /// 0 for the original, 1 for the network's copy.
    pub copy: u8,
}

/// What goes wrong. Probabilities are 0 to 1, factors 1.0 for normal.
#[derive(Clone, Debug, PartialEq)]
pub enum FaultKind {
    /// The process dies (`host` false: connections are refused) or its machine does (silence).
    Crash {
        /// The machine, not only the process.
        host: bool,
    },
    /// Ends every crash and pause of the node.
    Restart,
    /// The node stops for a while and forgets nothing; what arrives waits.
    Pause,
    /// Work takes `factor` times as long.
    Slow(f64),
    /// The disk loses everything; the process, which notices, starts anew with an empty one.
    LoseDisk,
    /// Syncs do not finish.
    StallDisk,
    /// Writes are refused.
    FillDisk,
    /// Power blip: unsynced writes are lost and the process starts anew.
    LoseUnsynced,
    /// The wall clock is wrong by so much (ns).
    ClockOffset(i64),
    /// Both clocks run fast (or slow) by so many parts per million.
    ClockDrift(f64),
    /// The wall clock jumps by so much (ns), for good.
    ClockJump(i64),
    /// No message passes between different groups; nodes in no group form one more.
    Partition(Vec<Vec<Selector>>),
    /// Messages from `from` to `to` are lost.
    OneWay,
    /// Messages between `from` and `to` are lost, both ways.
    Cut,
    /// As a cut that comes and goes: cut for one period, open for the next.
    Flap(Nanos),
    /// Loses each message with this probability.
    Loss(f64),
    /// Duplicates each datagram with this probability.
    Duplicate(f64),
    /// Delays each datagram with this probability by so much, so that later ones overtake it.
    Reorder(f64, Nanos),
    /// Adds to each latency.
    Latency(Nanos),
    /// Caps each link to bytes per second.
    Bandwidth(u64),
    /// Multiplies open-loop traffic.
    TrafficSpike(f64),
    /// Sends this share of operations to one key.
    HotKey(u64, f64),
    /// Drops a message in flight.
    DropMessage,
    /// Delays a message in flight.
    DelayMessage(Nanos),
    /// Duplicates a message in flight; the copy arrives so much later.
    DuplicateMessage(Nanos),
}

impl FaultKind {
    /// Happens at one instant and is over.
    #[must_use]
    pub fn is_instant(&self) -> bool {
        matches!(
            self,
            Self::Restart
                | Self::LoseDisk
                | Self::LoseUnsynced
                | Self::ClockJump(_)
                | Self::DropMessage
                | Self::DelayMessage(_)
                | Self::DuplicateMessage(_)
        )
    }
}

/// A fault on the time line.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Begins at (ns).
    pub at: Nanos,
    /// Lasts so long (ns); `None`: until the end (or, for an instant fault, no time at all).
    pub duration: Option<Nanos>,
    /// What.
    pub kind: FaultKind,
    /// On which nodes; for links: from which.
    pub from: Vec<Selector>,
    /// For links: to which; empty: all others, both ways.
    pub to: Vec<Selector>,
    /// On which message.
    pub message: Option<MessageName>,
    /// For links: only what goes that way, and not what comes back.
    pub directed: bool,
}

/// An entry of the time line: a fault or an action, in the document's order.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A fault.
    Fault(Fault),
    /// An action at this instant.
    Action(Nanos, Action),
}

/// What a fault is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Nodes.
    Node,
    /// Links: between two sets, or all links of one.
    Link,
    /// Groups of nodes.
    Groups,
    /// One message in flight.
    Message,
    /// Nothing: clients' traffic.
    Traffic,
}

/// How a fault is declared.
#[derive(Clone, Copy, Debug)]
pub struct FaultDeclaration {
    /// Name in documents.
    pub id: &'static str,
    /// Name on the page.
    pub label: &'static str,
    /// What to click and what survives.
    pub help: &'static str,
    /// What it is aimed at.
    pub target: Target,
    /// Whether it lasts.
    pub lasts: bool,
    /// Amounts.
    pub params: &'static [Param],
}

const fn param(
    id: &'static str,
    label: &'static str,
    unit: &'static str,
    kind: Kind,
    help: &'static str,
) -> Param {
    Param { id, label, unit, group: "", kind, help }
}

/// Every fault of the engine.
pub static FAULTS: &[FaultDeclaration] = &[
    FaultDeclaration {
        id: "crash",
        label: "Crash",
        help: "Click a node. It loses memory and unsynced writes; its disk survives.",
        target: Target::Node,
        lasts: true,
        params: &[param(
            "host",
            "Whole machine",
            "",
            Kind::Bool(false),
            "The machine dies, not only the process: connections meet silence instead of a refusal.",
        )],
    },
    FaultDeclaration {
        id: "restart",
        label: "Restart",
        help: "Click a crashed or paused node. It starts from its disk.",
        target: Target::Node,
        lasts: false,
        params: &[],
    },
    FaultDeclaration {
        id: "pause",
        label: "Pause",
        help: "Click a node. It freezes and forgets nothing; messages wait for it.",
        target: Target::Node,
        lasts: true,
        params: &[],
    },
    FaultDeclaration {
        id: "slow",
        label: "Slow",
        help: "Click a node. Its work takes several times as long.",
        target: Target::Node,
        lasts: true,
        params: &[param(
            "factor",
            "Factor",
            "×",
            Kind::Real(8.0, 0.01, 10_000.0),
            "How many times as long work takes.",
        )],
    },
    FaultDeclaration {
        id: "disk_lost",
        label: "Disk loss",
        help: "Click a node. It loses its disk and starts anew with an empty one.",
        target: Target::Node,
        lasts: false,
        params: &[],
    },
    FaultDeclaration {
        id: "disk_stalled",
        label: "Disk stall",
        help: "Click a node. Syncs do not finish until this ends.",
        target: Target::Node,
        lasts: true,
        params: &[],
    },
    FaultDeclaration {
        id: "disk_full",
        label: "Disk full",
        help: "Click a node. Its disk refuses writes until this ends.",
        target: Target::Node,
        lasts: true,
        params: &[],
    },
    FaultDeclaration {
        id: "unsynced_lost",
        label: "Power blip",
        help: "Click a node. Unsynced writes are lost and the process starts anew at once.",
        target: Target::Node,
        lasts: false,
        params: &[],
    },
    FaultDeclaration {
        id: "clock_offset",
        label: "Clock offset",
        help: "Click a node. Its wall clock is wrong by this much.",
        target: Target::Node,
        lasts: true,
        params: &[
            param(
                "offset",
                "Offset",
                "",
                Kind::Duration(SECOND, 0, 86_400 * SECOND),
                "How wrong the clock is.",
            ),
            param("behind", "Behind", "", Kind::Bool(false), "The clock is late instead of early."),
        ],
    },
    FaultDeclaration {
        id: "clock_drift",
        label: "Clock drift",
        help: "Click a node. Its clocks run fast (or slow).",
        target: Target::Node,
        lasts: true,
        params: &[param(
            "ppm",
            "Drift",
            "ppm",
            Kind::Real(200.0, -500_000.0, 500_000.0),
            "Parts per million; negative for a slow clock.",
        )],
    },
    FaultDeclaration {
        id: "clock_jump",
        label: "Clock jump",
        help: "Click a node. Its wall clock jumps once.",
        target: Target::Node,
        lasts: false,
        params: &[
            param("by", "By", "", Kind::Duration(SECOND, 0, 86_400 * SECOND), "How far it jumps."),
            param("back", "Backwards", "", Kind::Bool(false), "It jumps back."),
        ],
    },
    FaultDeclaration {
        id: "partition",
        label: "Partition",
        help: "Press on empty stage and drag a line. Nothing passes it.",
        target: Target::Groups,
        lasts: true,
        params: &[],
    },
    FaultDeclaration {
        id: "one_way",
        label: "One-way cut",
        help: "Click the sender, then the receiver. Only that direction is cut.",
        target: Target::Link,
        lasts: true,
        params: &[],
    },
    FaultDeclaration {
        id: "cut",
        label: "Cut link",
        help: "Click two nodes. Nothing passes between them.",
        target: Target::Link,
        lasts: true,
        params: &[],
    },
    FaultDeclaration {
        id: "flap",
        label: "Flapping link",
        help: "Click two nodes. The link comes and goes.",
        target: Target::Link,
        lasts: true,
        params: &[param(
            "period",
            "Period",
            "",
            Kind::Duration(500 * MILLISECOND, MILLISECOND, 3600 * SECOND),
            "Cut for one period, open for the next.",
        )],
    },
    FaultDeclaration {
        id: "loss",
        label: "Loss",
        help: "Click a node or two. Messages are lost at this rate.",
        target: Target::Link,
        lasts: true,
        params: &[param(
            "p",
            "Share lost",
            "",
            Kind::Real(0.2, 0.0, 1.0),
            "Probability that a message is lost.",
        )],
    },
    FaultDeclaration {
        id: "duplicate",
        label: "Duplication",
        help: "Click a node or two. Datagrams arrive twice at this rate.",
        target: Target::Link,
        lasts: true,
        params: &[param(
            "p",
            "Share doubled",
            "",
            Kind::Real(0.2, 0.0, 1.0),
            "Probability that a datagram arrives twice.",
        )],
    },
    FaultDeclaration {
        id: "reorder",
        label: "Reordering",
        help: "Click a node or two. Some datagrams are overtaken.",
        target: Target::Link,
        lasts: true,
        params: &[
            param(
                "p",
                "Share delayed",
                "",
                Kind::Real(0.2, 0.0, 1.0),
                "Probability that a datagram is held back.",
            ),
            param(
                "by",
                "By",
                "",
                Kind::Duration(50 * MILLISECOND, 0, 60 * SECOND),
                "How long it is held back.",
            ),
        ],
    },
    FaultDeclaration {
        id: "latency",
        label: "Latency",
        help: "Click a node or two. Messages take longer.",
        target: Target::Link,
        lasts: true,
        params: &[param(
            "add",
            "Added",
            "",
            Kind::Duration(100 * MILLISECOND, 0, 3600 * SECOND),
            "Added to each one-way latency.",
        )],
    },
    FaultDeclaration {
        id: "bandwidth",
        label: "Bandwidth",
        help: "Click a node or two. Messages queue for a thin link.",
        target: Target::Link,
        lasts: true,
        params: &[param(
            "bytes_per_s",
            "Limit",
            "B/s",
            Kind::Int(10_000, 1, 1_000_000_000_000),
            "Bytes per second and link.",
        )],
    },
    FaultDeclaration {
        id: "traffic_spike",
        label: "Traffic spike",
        help: "Open-loop clients send more.",
        target: Target::Traffic,
        lasts: true,
        params: &[param("factor", "Factor", "×", Kind::Real(3.0, 1.0, 1000.0), "Times the base rate.")],
    },
    FaultDeclaration {
        id: "hot_key",
        label: "Hot key",
        help: "One key takes a large share of the traffic.",
        target: Target::Traffic,
        lasts: true,
        params: &[
            param("key", "Key", "", Kind::Int(0, 0, 1_000_000), "Number of the key."),
            param("share", "Share", "", Kind::Real(0.4, 0.0, 1.0), "Share of operations that go to it."),
        ],
    },
    FaultDeclaration {
        id: "drop_message",
        label: "Drop message",
        help: "Click a message in flight. It is lost.",
        target: Target::Message,
        lasts: false,
        params: &[],
    },
    FaultDeclaration {
        id: "delay_message",
        label: "Delay message",
        help: "Click a message in flight. It arrives later.",
        target: Target::Message,
        lasts: false,
        params: &[param(
            "by",
            "By",
            "",
            Kind::Duration(500 * MILLISECOND, 0, 3600 * SECOND),
            "How much later.",
        )],
    },
    FaultDeclaration {
        id: "duplicate_message",
        label: "Duplicate message",
        help: "Click a message in flight. A copy follows it.",
        target: Target::Message,
        lasts: false,
        params: &[param(
            "after",
            "After",
            "",
            Kind::Duration(100 * MILLISECOND, 0, 3600 * SECOND),
            "How much later the copy arrives.",
        )],
    },
];
