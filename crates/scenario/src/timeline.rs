//! What has an instant: faults, actions, operations, branches.

use crate::document::Params;
use crate::record::{Field, Port, Record, Unread, by_value, from_value};
use crate::{Duration, LinkName, MessageName};
use serde_json::Value;

/// The fields of a fault that are not the kind's own parameters.
pub const FAULT_FIELDS: [&str; 11] =
    ["at", "for", "kind", "node", "nodes", "link", "message", "groups", "zone", "role", "all"];

/// Those of them that say what it hits.
pub(crate) const TARGETS: [&str; 8] = ["node", "nodes", "link", "message", "groups", "zone", "role", "all"];

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
#[derive(Clone, Debug, Default, PartialEq)]
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

impl Record for Fault {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("at", &mut self.at);
        port.may("for", &mut self.lasts);
        port.need("kind", &mut self.kind);
        self.target.field(port);
        port.rest(&mut self.params);
    }
}

impl Target {
    /// One field of an object that may have any of [`TARGETS`]; the first that is there counts.
    fn field(&mut self, port: &mut Port<'_>) {
        for name in TARGETS {
            let Some(value) = port.given(name).filter(|value| !value.is_null()) else { continue };
            if *self != Self::None || (name == "all" && value == &Value::Bool(false)) {
                continue;
            }
            *self = Self::of_field(name);
            let read = match self.content() {
                (_, Some(content)) => content.read(value),
                _ => value.as_bool().map(|_| ()).ok_or(Unread::TYPE),
            };
            if let Err(unread) = read {
                port.refuse(name, unread);
            }
        }
        match self.content() {
            ("", _) => {}
            (name, Some(content)) => port.write(name, content),
            (name, None) => port.write(name, &mut true),
        }
    }

    /// A target of one of [`TARGETS`], with nothing in it yet.
    fn of_field(name: &str) -> Self {
        match name {
            "node" => Self::Node(String::new()),
            "nodes" => Self::Nodes(Vec::new()),
            "link" => Self::Link(LinkName::default()),
            "message" => Self::Message(MessageName::default()),
            "groups" => Self::Groups(Vec::new()),
            "zone" => Self::Zone(String::new()),
            "role" => Self::Role(String::new()),
            _ => Self::All,
        }
    }

    /// Its field, with what stands there.
    fn content(&mut self) -> (&'static str, Option<&mut dyn Field>) {
        match self {
            Self::None => ("", None),
            Self::Node(node) => ("node", Some(node)),
            Self::Nodes(nodes) => ("nodes", Some(nodes)),
            Self::Link(link) => ("link", Some(link)),
            Self::Message(message) => ("message", Some(message)),
            Self::Groups(groups) => ("groups", Some(groups)),
            Self::Zone(zone) => ("zone", Some(zone)),
            Self::Role(role) => ("role", Some(role)),
            Self::All => ("all", None),
        }
    }
}

/// The kind of the fault that expands into others.
pub const CHAOS: &str = "chaos";

/// What a fault of kind `chaos` says beside its time and target.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chaos {
    /// The kinds that it draws from.
    pub kinds: Vec<String>,
    /// Incidents per second, on average.
    pub rate: f64,
    /// How many may last at the same time; what would be one too many does not happen.
    pub max_at_once: u32,
    /// How long an incident lasts on average (from half of it to one and a half).
    pub each: Duration,
}

impl Record for Chaos {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("kinds", &mut self.kinds);
        port.need("rate", &mut self.rate);
        port.or("max_at_once", &mut self.max_at_once, &mut 1_u32);
        port.or("each", &mut self.each, &mut Duration::from_secs(2));
    }
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
        from_value(&Value::Object(object)).ok()
    }
}

/// Something that the operator does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Action {
    /// When.
    pub at: Duration,
    /// The kind's id, one of those that the algorithm accepts.
    pub kind: String,
    /// The node that it is about.
    pub node: Option<String>,
    /// The kind's own parameters.
    pub params: Params,
}

impl Record for Action {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("at", &mut self.at);
        port.need("kind", &mut self.kind);
        port.may("node", &mut self.node);
        port.rest(&mut self.params);
    }
}

/// An operation spelt out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// When it is invoked.
    pub at: Duration,
    /// Which client invokes it: `c1` …; it need not be one of the workload's.
    pub client: String,
    /// What it does: `read`, `write`, `cas`, `get`, `put`, `append`, or what the algorithm declares.
    pub f: String,
    /// On which key.
    pub key: Option<String>,
    /// With which value; for `cas` the old one and the new one.
    pub value: Option<Value>,
    /// Which node is asked first; without it, the one that the client would ask.
    pub node: Option<String>,
}

impl Record for Operation {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("at", &mut self.at);
        port.need("client", &mut self.client);
        port.need("f", &mut self.f);
        port.may("key", &mut self.key);
        port.may("value", &mut self.value);
        port.may("node", &mut self.node);
    }
}

/// A what-if: another course of events from some moment on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Branch {
    /// Its name.
    pub name: String,
    /// The branch that it leaves, one listed before it; without it the main line.
    pub of: Option<String>,
    /// The first instant that may differ: everything before it is shared with the parent. (A fork at a cursor
    /// that stands at T leaves from T + 1 ns.)
    pub from: Duration,
    /// Whether what its parent has in store at `from` and after happens here too.
    pub keep: bool,
    /// What breaks in this branch only, none before `from`.
    pub faults: Vec<Fault>,
    /// What the operator does in this branch only, nothing before `from`.
    pub actions: Vec<Action>,
    /// What clients ask by hand in this branch only, nothing before `from`.
    pub operations: Vec<Operation>,
}

impl Record for Branch {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("name", &mut self.name);
        port.may("of", &mut self.of);
        port.need("from", &mut self.from);
        port.or("keep", &mut self.keep, &mut true);
        port.may("faults", &mut self.faults);
        port.may("actions", &mut self.actions);
        port.may("operations", &mut self.operations);
    }
}

by_value!(Fault, Chaos, Action, Operation, Branch);
