//! What a scenario is validated against: patterns, algorithms, parameters, faults, as plain owned data.
//!
//! One declaration per parameter gives its type, unit, default, bounds, help, page control and JSON Schema.
//! An algorithm's defaults belong to the document's version as much as those of [`crate::migrate::v1`] do.

use crate::document::{Params, Scenario, Transport};
use crate::record::from_value;
use crate::timeline::Action;
use crate::{Distribution, Duration, NodeSpace};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Everything that there is to choose from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Catalogue {
    /// The engine's semantics number.
    pub engine: u32,
    /// The patterns, in the order in which they are offered.
    pub patterns: Vec<PatternDecl>,
    /// The parameters of `network`: [`crate::declarations::network`], perhaps with tighter bounds.
    pub network: Vec<ParamDecl>,
    /// The parameters of `workload`: [`crate::declarations::workload`], perhaps with tighter bounds.
    pub workload: Vec<ParamDecl>,
    /// The kinds of fault, without `chaos`, which is the document's own.
    pub faults: Vec<FaultDecl>,
}

/// A pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PatternDecl {
    /// Its name in documents.
    pub id: String,
    /// Its name on the page.
    pub label: String,
    /// Its algorithms; the first is the one to start with.
    pub algorithms: Vec<AlgorithmDecl>,
}

/// An algorithm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlgorithmDecl {
    /// Its name in documents.
    pub id: String,
    /// Its name on the page.
    pub label: String,
    /// One sentence.
    pub summary: String,
    /// Its semantics number.
    pub semantics: u32,
    /// How many nodes it may have.
    pub nodes: NodeCount,
    /// The transport that it assumes: what `auto` means.
    pub transport: Transport,
    /// Its parameters.
    pub params: Vec<ParamDecl>,
    /// Values of them that belong together: the defaults of products.
    #[serde(default)]
    pub presets: Vec<PresetDecl>,
    /// The actions that it accepts.
    pub actions: Vec<ActionDecl>,
    /// What its clients may do; empty means [`OPERATIONS`].
    pub operations: Vec<String>,
    /// The ids of all promises that it makes with any of its settings.
    pub promises: Vec<String>,
    /// The roles of its nodes. Clients (`c1` …) are there without being declared.
    pub roles: Vec<RoleDecl>,
}

/// Parameters as a product has them by default. What it does not name has our own default.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PresetDecl {
    /// Its name in reports.
    pub id: String,
    /// Its name on the page, with the version that the values were read from.
    pub label: String,
    /// One sentence: what sets it apart.
    pub summary: String,
    /// The values.
    pub values: Vec<PresetValueDecl>,
}

/// One value of a preset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PresetValueDecl {
    /// The parameter's id.
    pub param: String,
    /// Its value, as a document says it.
    pub value: Value,
    /// The product's own name for it, and the page that gives its default.
    pub source: String,
}

/// What clients may do where the algorithm declares nothing.
pub const OPERATIONS: [&str; 6] = ["read", "write", "cas", "get", "put", "append"];
/// The prefix of clients, whose role is `client`.
pub const CLIENT_PREFIX: &str = "c";

/// A number of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeCount {
    /// The fewest.
    pub min: u32,
    /// The most.
    pub max: u32,
    /// Where nothing is said.
    pub default: u32,
}

/// A role: nodes that are named alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoleDecl {
    /// Its name in documents.
    pub id: String,
    /// Its name on the page.
    pub label: String,
    /// Letters before the number in its nodes' names: `n` for `n1`, `n2` …
    pub prefix: String,
    /// How many nodes have it.
    pub count: RoleCount,
}

/// How many nodes have a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoleCount {
    /// As many as `system.nodes` says.
    Nodes,
    /// Always so many.
    Fixed(u32),
    /// As many as this parameter of the algorithm says.
    Param(String),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParamDecl {
    /// Its name in documents.
    pub id: String,
    /// Its name on the page.
    pub label: String,
    /// One sentence.
    pub help: String,
    /// Its unit, if it has one that its type does not show.
    pub unit: String,
    /// The section under which a long list shows it; empty where it always shows.
    #[serde(default)]
    pub group: String,
    /// Its type and bounds.
    pub kind: ParamKind,
    /// Its value where nothing is said; null only where "nothing" is a value of its own.
    pub default: Value,
    /// How the page edits it.
    pub control: Control,
}

/// A parameter's type and bounds (inclusive).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ParamKind {
    /// Yes or no.
    Bool,
    /// A whole number.
    Int {
        /// The least.
        min: i64,
        /// The most.
        max: i64,
    },
    /// A number.
    Real {
        /// The least.
        min: f64,
        /// The most.
        max: f64,
    },
    /// A length of time.
    Duration {
        /// The shortest.
        min: Duration,
        /// The longest.
        max: Duration,
    },
    /// One of several.
    Choice {
        /// The ids, each with its name on the page.
        options: Vec<(String, String)>,
    },
    /// How a length of time is spread.
    Distribution {
        /// The longest duration that may stand in it.
        max: Duration,
    },
    /// Text: a key, say.
    Text {
        /// The most characters.
        max: u32,
    },
    /// The name of a node.
    Node,
}

/// How the page edits a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// A slider.
    Slider {
        /// Whether its steps are factors.
        log: bool,
    },
    /// A field for a number.
    Number,
    /// A switch.
    Switch,
    /// Buttons side by side, for few options.
    Segmented,
    /// A list to choose from.
    Select,
    /// The editor of distributions.
    Distribution,
    /// A field for text.
    Text,
}

/// A value that has been read according to its declaration.
#[derive(Clone, Debug, PartialEq)]
pub enum ParamValue {
    /// Nothing was said, and nothing is a value of its own.
    None,
    /// Of [`ParamKind::Bool`].
    Bool(bool),
    /// Of [`ParamKind::Int`].
    Int(i64),
    /// Of [`ParamKind::Real`].
    Real(f64),
    /// Of [`ParamKind::Duration`].
    Duration(Duration),
    /// Of [`ParamKind::Choice`], [`ParamKind::Text`] and [`ParamKind::Node`].
    Text(String),
    /// Of [`ParamKind::Distribution`].
    Distribution(Distribution),
}

/// A kind of action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionDecl {
    /// Its name in documents.
    pub kind: String,
    /// Its name on the page.
    pub label: String,
    /// One sentence.
    pub help: String,
    /// Whether it is about a node.
    pub node: NodeUse,
    /// Its parameters.
    pub params: Vec<ParamDecl>,
}

/// Whether an action is about a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeUse {
    /// It takes none.
    No,
    /// It may name one.
    Optional,
    /// It must name one.
    Required,
    /// It names one that does not exist yet, and makes it.
    New,
}

/// A kind of fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultDecl {
    /// Its name in documents.
    pub kind: String,
    /// Its name on the page.
    pub label: String,
    /// One sentence.
    pub help: String,
    /// What it may hit.
    pub target: TargetKind,
    /// Whether it lasts, so that `for` means something.
    pub has_duration: bool,
    /// Its parameters.
    pub params: Vec<ParamDecl>,
}

/// What a fault may hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// `node`, `nodes`, `zone`, `role`, `all`.
    Node,
    /// `link`; or all links of `node`, `nodes`, `zone`, `role`; or `all`.
    Link,
    /// `message`.
    Message,
    /// `groups`; or `node`, `nodes`, `zone`, `role`: these on one side, the rest on the other.
    Groups,
    /// `node`, `nodes`, `link`, `zone`, `role`, `all`, or nothing, which means all.
    Any,
    /// Nothing.
    None,
}

impl TargetKind {
    /// The fields that say such a target.
    pub fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Node => &["node", "nodes", "zone", "role", "all"],
            Self::Link => &["link", "node", "nodes", "zone", "role", "all"],
            Self::Message => &["message"],
            Self::Groups => &["groups", "node", "nodes", "zone", "role"],
            Self::Any => &["node", "nodes", "link", "zone", "role", "all"],
            Self::None => &[],
        }
    }

    /// Whether a fault must say one.
    pub fn required(self) -> bool {
        !matches!(self, Self::Any | Self::None)
    }
}

impl Catalogue {
    /// The pattern of this id.
    pub fn pattern(&self, id: &str) -> Option<&PatternDecl> {
        self.patterns.iter().find(|pattern| pattern.id == id)
    }

    /// The algorithm of this id in the pattern of that id.
    pub fn algorithm(&self, pattern: &str, algorithm: &str) -> Option<&AlgorithmDecl> {
        self.pattern(pattern)?.algorithms.iter().find(|decl| decl.id == algorithm)
    }

    /// The kind of fault of this id.
    pub fn fault(&self, kind: &str) -> Option<&FaultDecl> {
        self.faults.iter().find(|fault| fault.kind == kind)
    }

    /// Takes out of a scenario every parameter that equals its default, so that its link is short.
    pub fn leave_out_defaults(&self, scenario: &mut Scenario) {
        let Some(decl) = self.algorithm(&scenario.system.pattern, &scenario.system.algorithm) else { return };
        strip(&mut scenario.system.params, &decl.params);
        scenario.system.nodes = scenario.system.nodes.filter(|nodes| *nodes != decl.nodes.default);
        let branches = scenario.branches.iter_mut();
        let (mut faults, mut actions) = (vec![&mut scenario.faults], vec![&mut scenario.actions]);
        for branch in branches {
            faults.push(&mut branch.faults);
            actions.push(&mut branch.actions);
        }
        for fault in faults.into_iter().flatten() {
            if let Some(kind) = self.fault(&fault.kind) {
                strip(&mut fault.params, &kind.params);
            }
        }
        for action in actions.into_iter().flatten() {
            if let Some(kind) = decl.action(&action.kind) {
                strip(&mut action.params, &kind.params);
            }
        }
    }
}

fn strip(params: &mut Params, declared: &[ParamDecl]) {
    // What stays is put into a map of its own: nothing else here takes anything out of one.
    for (id, value) in std::mem::take(params) {
        if !declared.iter().any(|decl| decl.id == id && decl.same(&value, &decl.default)) {
            params.insert(id, value);
        }
    }
}

impl AlgorithmDecl {
    /// The action of this kind.
    pub fn action(&self, kind: &str) -> Option<&ActionDecl> {
        self.actions.iter().find(|action| action.kind == kind)
    }

    /// How many nodes this scenario has: what it says, or the default.
    pub fn node_count(&self, scenario: &Scenario) -> u32 {
        scenario.system.nodes.unwrap_or(self.nodes.default)
    }

    /// The names that the run starts with, clients not among them, in the order of the roles.
    pub fn node_names(&self, scenario: &Scenario) -> Vec<String> {
        self.ranges(scenario.system.nodes, &scenario.system.params)
            .into_iter()
            .flat_map(|(prefix, count)| (1..=count).map(move |index| format!("{prefix}{index}")))
            .collect()
    }

    /// All names that may be said in this scenario: nodes, clients, and nodes that actions add.
    pub fn node_space(&self, scenario: &Scenario) -> NodeSpace {
        let mut ranges = self.ranges(scenario.system.nodes, &scenario.system.params);
        ranges.push((CLIENT_PREFIX.to_owned(), scenario.workload.clients));
        let actions = scenario.actions.iter().chain(scenario.branches.iter().flat_map(|b| &b.actions));
        let new = |action: &&Action| self.action(&action.kind).is_some_and(|decl| decl.node == NodeUse::New);
        NodeSpace { ranges, added: actions.filter(new).filter_map(|action| action.node.clone()).collect() }
    }

    /// Each prefix with how many nodes bear it at the start, clients not among them.
    pub fn ranges(&self, nodes: Option<u32>, params: &Params) -> Vec<(String, u32)> {
        let count = |role: &RoleDecl| match &role.count {
            RoleCount::Nodes => nodes.unwrap_or(self.nodes.default),
            RoleCount::Fixed(count) => *count,
            RoleCount::Param(id) => match self.params.iter().find(|decl| decl.id == *id) {
                Some(decl) => match decl.value(params) {
                    ParamValue::Int(count) => u32::try_from(count).unwrap_or(0).min(crate::limits::NODES),
                    _ => 0,
                },
                None => 0,
            },
        };
        self.roles.iter().map(|role| (role.prefix.clone(), count(role))).collect()
    }
}

impl ParamDecl {
    /// This parameter's value in `params`, or its default. A value of the wrong type reads as the default; a
    /// validated scenario has none.
    pub fn value(&self, params: &Params) -> ParamValue {
        let said = params.get(&self.id).and_then(|value| self.read(value));
        said.or_else(|| self.read(&self.default)).unwrap_or(ParamValue::None)
    }

    /// Whether two values of this parameter mean the same: `1 s` and `1000ms` do.
    pub fn same(&self, one: &Value, other: &Value) -> bool {
        if one.is_null() || other.is_null() {
            return one.is_null() && other.is_null();
        }
        let read = self.read(one);
        read.is_some() && read == self.read(other)
    }

    /// Reads a value of this type; bounds are [`crate::validate`]'s affair.
    pub fn read(&self, value: &Value) -> Option<ParamValue> {
        match &self.kind {
            ParamKind::Bool => value.as_bool().map(ParamValue::Bool),
            ParamKind::Int { .. } => value.as_i64().map(ParamValue::Int),
            ParamKind::Real { .. } => value.as_f64().map(ParamValue::Real),
            ParamKind::Duration { .. } => value.as_str()?.parse().ok().map(ParamValue::Duration),
            ParamKind::Choice { .. } | ParamKind::Text { .. } | ParamKind::Node => {
                value.as_str().map(|text| ParamValue::Text(text.to_owned()))
            }
            ParamKind::Distribution { .. } => from_value(value).ok().map(ParamValue::Distribution),
        }
    }
}

/// Every declared parameter with its value: what `params` says, or the default.
pub fn resolve(declared: &[ParamDecl], params: &Params) -> BTreeMap<String, ParamValue> {
    declared.iter().map(|decl| (decl.id.clone(), decl.value(params))).collect()
}
