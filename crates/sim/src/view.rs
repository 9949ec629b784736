//! How a node wants to be seen: a closed vocabulary that every face draws. Texts are message ids with arguments.

use crate::small::{self, Map, Set};
use crate::time::Nanos;

/// A sentence: an id in the locale's file with its arguments, in order of their names there.
#[derive(Clone, Debug, PartialEq)]
pub struct Text {
    /// Message id, for example `raft-vote-refused`.
    pub id: &'static str,
    /// (argument name, value).
    pub args: Vec<(&'static str, Arg)>,
}

impl Text {
    /// A sentence without arguments.
    #[must_use]
    pub fn new(id: &'static str) -> Self {
        Self { id, args: Vec::new() }
    }
    /// With one more argument.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Arg>) -> Self {
        self.args.push((name, value.into()));
        self
    }
}

/// An argument of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// A node, shown by its name.
    Node(u32),
    /// A whole number.
    Number(i64),
    /// A span or an instant.
    Time(Nanos),
    /// Text as it is.
    Word(String),
}
impl From<crate::NodeId> for Arg {
    fn from(node: crate::NodeId) -> Self {
        Self::Node(node.0)
    }
}
impl From<u64> for Arg {
    fn from(value: u64) -> Self {
        Self::Number(value as i64)
    }
}
impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Number(value)
    }
}
impl From<u32> for Arg {
    fn from(value: u32) -> Self {
        Self::Number(i64::from(value))
    }
}
impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Word(value.to_owned())
    }
}
impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Word(value)
    }
}

/// How much a face wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Role, mark and hue only.
    Dot,
    /// What fits beside the node on the stage.
    Card,
    /// Everything, for the inspector.
    Full,
}

/// What sets a node apart at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    None,
    /// Solid crown: leader or primary that can act.
    Leader,
    /// Hollow crown: believes that it leads, but has lost its majority or right.
    LeaderInDoubt,
    /// Dashed inner ring: candidate.
    Candidate,
    /// Joining or catching up, with the share done in parts per thousand.
    Joining(u16),
}

/// Outline of a node's glyph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// A ring: a server.
    Ring,
    /// Rounded square: a client.
    Client,
    /// Plain circle: a load balancer or coordinator.
    Balancer,
    /// Rounded rectangle: a backend.
    Backend,
}

/// One cell of a log or strip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Printed inside (a term, say).
    pub label: String,
    /// Hue class (term or shard number; cycles).
    pub hue: u32,
    /// Committed: drawn solid; else dashed.
    pub solid: bool,
}

/// A part of a ring owned by one node: positions are fractions of the circle times 2^32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arc {
    /// Start, included.
    pub from: u32,
    /// End, excluded (wraps).
    pub to: u32,
    /// Owner's node number.
    pub owner: u32,
    /// Previous owner while the range is being handed over.
    pub moving_from: Option<u32>,
}

/// One of the closed set of things that a node can show besides its body.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// Labelled value (inspector row; the first two also on the card).
    Fact(&'static str, String),
    /// A timer: (label, time left, of how long), by the node's own clock; drawn as an arc around it.
    Timer(&'static str, Nanos, Nanos),
    /// Work in progress and waiting, drawn as dots: (in service, waiting, limit or 0).
    Queue(u32, u32, u32),
    /// A span of local time, for a lease or an uncertainty: (label, from, to).
    Interval(&'static str, Nanos, Nanos),
    /// A log: cells in order, the last of many.
    Cells(&'static str, Vec<Cell>),
    /// The ring as this node believes it to be.
    Ring(Vec<Arc>),
    /// Rows: (label, value, hue class).
    Table(&'static str, Vec<(String, String, u32)>),
    /// This node's view of its peers: (node, state label, hue class).
    Matrix(&'static str, Vec<(u32, String, u32)>),
    /// A sentence.
    Line(Text),
}

/// What one node shows.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeView {
    /// Outline.
    pub body: Body,
    /// Role as text id ("role-leader").
    pub role: &'static str,
    /// Crown or ring.
    pub mark: Mark,
    /// Hue class (a term, a shard, a version), 0 for neutral.
    pub hue: u32,
    /// Second line inside the node ("term 3"), or empty.
    pub caption: String,
    /// The rest, by detail.
    pub items: Vec<Item>,
}

impl NodeView {
    /// A neutral node of this outline and role.
    #[must_use]
    pub fn new(body: Body, role: &'static str) -> Self {
        Self { body, role, mark: Mark::None, hue: 0, caption: String::new(), items: Vec::new() }
    }
}

/// Truths that no node knows: bands over time (who leads), totals (keys moved, divergence).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterView {
    /// Bands in force now, by lane id: (lane, label, hue class); several at once are drawn stacked.
    pub bands: Vec<(&'static str, String, u32)>,
    /// Totals and ratios: (series id, value).
    pub values: Vec<(&'static str, f64)>,
    /// The true ring, where there is one.
    pub ring: Vec<Arc>,
    /// What others hold of a node, which it does not know itself: (node, "left_out" …), drawn as a badge.
    pub held: Vec<(u32, &'static str)>,
    /// The choice just made and why.
    pub line: Option<Text>,
}

/// The data that a system holds, for the judges: what no client can know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Data {
    /// Of each key the values of its versions, oldest first, where the protocol orders them: those that count now.
    pub versions: Option<Vec<(u64, Vec<u64>)>>,
    /// What each replica holds, by key; empty where there are no replicas of everything.
    pub replicas: Vec<Vec<(u64, u64)>>,
}

impl Data {
    /// From all writes (key and value) in their order. One that is there twice was asked, and done, again: what it did
    /// last counts.
    #[must_use]
    pub fn of_writes(writes: Vec<(u64, u64)>) -> Self {
        let mut versions: Map<u64, Vec<u64>> = Map::new();
        for (key, value) in writes {
            versions.slot(key, Vec::new).push(value);
        }
        for (_, values) in versions.iter_mut() {
            let mut order = values.clone();
            small::sort_by_key(&mut order, |value| *value);
            if order.windows(2).any(|pair| pair[0] == pair[1]) {
                let mut seen: Set<u64> = Set::new();
                values.reverse();
                values.retain(|value| seen.add(*value));
                values.reverse();
            }
        }
        Self { versions: Some(versions.into_iter().collect()), replicas: Vec::new() }
    }
}
