//! What has an instant: faults, actions, operations, branches.

use crate::document::{Params, is_default};
use crate::{Duration, LinkName, MessageName};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The fields of a fault that are not the kind's own parameters.
pub const FAULT_FIELDS: [&str; 11] =
    ["at", "for", "kind", "node", "nodes", "link", "message", "groups", "zone", "role", "all"];

/// What a fault hits. In JSON one field of the fault: `node`, `nodes`, `link`, `message`, `groups`, `zone`, `role`
/// or `all`.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Target {
    /// Nothing is said.
    #[default]
    None,
    /// One node.
    Node(String),
    /// Several nodes.
    Nodes(Vec<String>),
    /// One link.
    Link(LinkName),
    /// One message.
    Message(MessageName),
    /// The groups of a partition; nodes in none of them are together in one more.
    Groups(Vec<Vec<String>>),
    /// All nodes of a zone.
    Zone(String),
    /// All nodes of a role.
    Role(String),
    /// Everything.
    All,
}

/// Something that breaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "FaultFields", into = "FaultFields")]
pub struct Fault {
    /// When.
    pub at: Duration,
    /// For how long; without it until the end.
    pub lasts: Option<Duration>,
    /// The kind's id.
    pub kind: String,
    /// What it hits.
    pub target: Target,
    /// The kind's own parameters.
    pub params: Params,
}

#[derive(Clone, Serialize, Deserialize)]
struct FaultFields {
    at: Duration,
    #[serde(rename = "for", default, skip_serializing_if = "Option::is_none")]
    lasts: Option<Duration>,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nodes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<LinkName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<MessageName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<Vec<String>>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    role: Option<String>,
    #[serde(default, skip_serializing_if = "is_default")]
    all: bool,
    #[serde(flatten)]
    params: Params,
}

impl From<FaultFields> for Fault {
    fn from(fields: FaultFields) -> Self {
        let target = fields
            .node
            .map(Target::Node)
            .or(fields.nodes.map(Target::Nodes))
            .or(fields.link.map(Target::Link))
            .or(fields.message.map(Target::Message))
            .or(fields.groups.map(Target::Groups))
            .or(fields.zone.map(Target::Zone))
            .or(fields.role.map(Target::Role))
            .unwrap_or(if fields.all { Target::All } else { Target::None });
        Self { at: fields.at, lasts: fields.lasts, kind: fields.kind, target, params: fields.params }
    }
}

impl From<Fault> for FaultFields {
    fn from(fault: Fault) -> Self {
        let mut fields = Self {
            at: fault.at,
            lasts: fault.lasts,
            kind: fault.kind,
            node: None,
            nodes: None,
            link: None,
            message: None,
            groups: None,
            zone: None,
            role: None,
            all: false,
            params: fault.params,
        };
        match fault.target {
            Target::None => {}
            Target::Node(node) => fields.node = Some(node),
            Target::Nodes(nodes) => fields.nodes = Some(nodes),
            Target::Link(link) => fields.link = Some(link),
            Target::Message(message) => fields.message = Some(message),
            Target::Groups(groups) => fields.groups = Some(groups),
            Target::Zone(zone) => fields.zone = Some(zone),
            Target::Role(role) => fields.role = Some(role),
            Target::All => fields.all = true,
        }
        fields
    }
}

/// The kind of the fault that expands into others.
pub const CHAOS: &str = "chaos";
/// The parameters of a chaos entry.
pub const CHAOS_FIELDS: [&str; 4] = ["kinds", "rate", "max_at_once", "each"];

/// What a fault of kind `chaos` says beside its time and target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Chaos {
    /// The kinds that it draws from.
    pub kinds: Vec<String>,
    /// Incidents per second, on average.
    pub rate: f64,
    /// How many may last at the same time; what would be one too many does not happen.
    #[serde(default = "one")]
    pub max_at_once: u32,
    /// How long an incident lasts on average (from half of it to one and a half).
    #[serde(default = "two_seconds")]
    pub each: Duration,
}

fn one() -> u32 {
    1
}

fn two_seconds() -> Duration {
    Duration::from_secs(2)
}

impl Fault {
    /// A fault without a duration, a target or parameters.
    pub fn new(at: Duration, kind: impl Into<String>) -> Self {
        Self { at, lasts: None, kind: kind.into(), target: Target::None, params: Params::new() }
    }

    /// The chaos entry that this is, if it is one.
    pub fn chaos(&self) -> Option<Chaos> {
        if self.kind != CHAOS {
            return None;
        }
        let object = self.params.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        serde_json::from_value(Value::Object(object)).ok()
    }
}

/// Something that the operator does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// When.
    pub at: Duration,
    /// The kind's id, one of those that the algorithm accepts.
    pub kind: String,
    /// The node that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The kind's own parameters.
    #[serde(flatten)]
    pub params: Params,
}

/// An operation spelt out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// When it is invoked.
    pub at: Duration,
    /// Which client invokes it: `c1` …; it need not be one of the workload's.
    pub client: String,
    /// What it does: `read`, `write`, `cas`, `get`, `put`, `append`, or what the algorithm declares.
    pub f: String,
    /// On which key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// With which value; for `cas` the old one and the new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
}

/// A what-if: another course of events from some moment on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// The branch that it leaves, one listed before it; without it the main line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// The first instant that may differ: everything before it is shared with the parent. (A fork at a cursor
    /// that stands at T leaves from T + 1 ns.)
    pub from: Duration,
    /// Whether what its parent has in store at `from` and after happens here too.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub keep: bool,
    /// What breaks in this branch only, none before `from`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What the operator does in this branch only, nothing before `from`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
}

fn yes() -> bool {
    true
}

fn is_yes(value: &bool) -> bool {
    *value
}
