//! The scenario, as typed data. [`crate::validate`] makes it from JSON; serde writes it, leaving defaults out.
//!
//! Defaults are frozen per version in [`crate::migrate::v1`].

use crate::migrate::v1;
use crate::timeline::{Action, Branch, Fault, Operation};
use crate::{Distribution, Duration, Seed};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Values of parameters, by the parameter's id, as JSON. [`crate::catalogue::ParamDecl::value`] reads one.
pub type Params = BTreeMap<String, Value>;

/// A whole scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// The version of the document: 1.
    pub version: u32,
    /// What made it, if it is the record of a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semantics: Option<Semantics>,
    /// Says what one will see.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Two or three sentences more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// All chance comes from it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub seed: Seed,
    /// When the run ends.
    #[serde(default = "v1::duration", skip_serializing_if = "v1::is_duration")]
    pub duration: Duration,
    /// What runs.
    pub system: System,
    /// Zones, and links that differ from the others.
    #[serde(default, skip_serializing_if = "is_default")]
    pub topology: Topology,
    /// All other links.
    #[serde(default, skip_serializing_if = "is_default")]
    pub network: Network,
    /// What the clients do.
    #[serde(default, skip_serializing_if = "is_default")]
    pub workload: Workload,
    /// Operations spelt out, beside the workload.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<Operation>,
    /// What breaks, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What the operator does, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// The promises whose breach is a failure.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expect: Vec<String>,
    /// What-ifs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<Branch>,
    /// A second run beside this one, on the same seed, traffic and faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Compare>,
    /// A lesson; an object whose content this crate does not interpret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lesson: Option<Value>,
    /// Where the reader stands.
    #[serde(default, skip_serializing_if = "is_default")]
    pub view: View,
}

impl Scenario {
    /// A scenario with nothing but a system: everything else has its default.
    pub fn new(pattern: impl Into<String>, algorithm: impl Into<String>) -> Self {
        Self {
            version: crate::VERSION,
            semantics: None,
            title: String::new(),
            notes: String::new(),
            seed: Seed::default(),
            duration: v1::DURATION,
            system: System {
                pattern: pattern.into(),
                algorithm: algorithm.into(),
                nodes: None,
                params: Params::new(),
                overrides: BTreeMap::new(),
            },
            topology: Topology::default(),
            network: Network::default(),
            workload: Workload::default(),
            operations: Vec::new(),
            faults: Vec::new(),
            actions: Vec::new(),
            expect: Vec::new(),
            branches: Vec::new(),
            compare: None,
            lesson: None,
            view: View::default(),
        }
    }

    /// As JSON on one line, defaults left out.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As indented JSON for a file, defaults left out.
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// The semantics numbers: equal numbers mean bit-equal runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Semantics {
    /// Of the engine.
    pub engine: u32,
    /// Of the algorithm.
    pub algorithm: u32,
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct System {
    /// The pattern's id.
    pub pattern: String,
    /// The algorithm's id.
    pub algorithm: String,
    /// How many nodes there are; without it the algorithm's own number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// The algorithm's parameters, those that differ from their defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: Params,
    /// Parameters that differ on one node, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub overrides: BTreeMap<String, Params>,
}

/// Zones, and links that differ from [`Network`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Topology {
    /// Racks or regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<Zone>,
    /// Latencies between zones, and within one (`from` equal to `to`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zone_latency: Vec<ZoneLatency>,
    /// Links that differ; these win over zones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<LinkSpec>,
}

/// A rack or a region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Zone {
    /// Its name.
    pub name: String,
    /// The nodes in it; each node is in one zone at most.
    #[serde(default)]
    pub nodes: Vec<String>,
}

/// The latency between two zones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ZoneLatency {
    /// A zone.
    pub from: String,
    /// Another zone, or the same.
    pub to: String,
    /// How long a message takes.
    pub latency: Distribution,
    /// Only from `from` to `to`; otherwise both ways.
    #[serde(default, skip_serializing_if = "is_default")]
    pub one_way: bool,
}

/// A link that differs from the others. What it leaves out is as in [`Network`] and the zones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkSpec {
    /// A node.
    pub from: String,
    /// Another node.
    pub to: String,
    /// How long a message takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<Distribution>,
    /// The probability that a message is lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// Bytes per second; 0 is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<u64>,
    /// Datagrams or a stream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transport: Option<Transport>,
    /// Only from `from` to `to`; otherwise both ways.
    #[serde(default, skip_serializing_if = "is_default")]
    pub one_way: bool,
}

/// How messages travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// What the algorithm assumes ([`crate::AlgorithmDecl::transport`]).
    #[default]
    Auto,
    /// Independent delays; may reorder.
    Datagram,
    /// In order, no duplicates.
    Stream,
}

/// All links that nothing else is said about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// How long a message takes.
    #[serde(skip_serializing_if = "v1::is_latency")]
    pub latency: Distribution,
    /// The probability that a message is lost.
    #[serde(skip_serializing_if = "is_default")]
    pub loss: f64,
    /// The probability that a message arrives twice.
    #[serde(skip_serializing_if = "is_default")]
    pub duplicate: f64,
    /// The probability that a message is held back behind later ones.
    #[serde(skip_serializing_if = "is_default")]
    pub reorder: f64,
    /// Bytes per second; 0 is unlimited.
    #[serde(skip_serializing_if = "is_default")]
    pub bandwidth: u64,
    /// Datagrams or streams.
    #[serde(skip_serializing_if = "is_default")]
    pub transport: Transport,
}

/// Whether clients wait for answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Arrivals are a Poisson process of `rate`; nobody waits.
    Open,
    /// Each client sends, waits for the answer, thinks, and sends again.
    #[default]
    Closed,
}

/// What the clients do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workload {
    /// How many clients there are: `c1` …
    #[serde(skip_serializing_if = "v1::is_clients")]
    pub clients: u32,
    /// Whether they wait.
    #[serde(skip_serializing_if = "is_default")]
    pub mode: Mode,
    /// Operations per second of all clients together (open loop).
    #[serde(skip_serializing_if = "v1::is_rate")]
    pub rate: f64,
    /// The pause between an answer and the next operation (closed loop).
    #[serde(skip_serializing_if = "v1::is_think")]
    pub think: Distribution,
    /// The share of reads.
    #[serde(skip_serializing_if = "v1::is_read_share")]
    pub read_share: f64,
    /// How many keys there are.
    #[serde(skip_serializing_if = "v1::is_keys")]
    pub keys: u32,
    /// The exponent of Zipf's law over the keys; 0 is uniform.
    #[serde(skip_serializing_if = "is_default")]
    pub skew: f64,
    /// The size of a written value in bytes.
    #[serde(skip_serializing_if = "v1::is_value_bytes")]
    pub value_bytes: u32,
    /// How long a client waits for an answer.
    #[serde(skip_serializing_if = "v1::is_timeout")]
    pub timeout: Duration,
    /// How often a client tries again.
    #[serde(skip_serializing_if = "is_default")]
    pub retries: u32,
    /// The pause before the first retry; it doubles with each.
    #[serde(skip_serializing_if = "v1::is_backoff")]
    pub backoff: Duration,
    /// Each client keeps a session, so that a retried write can be recognised.
    #[serde(skip_serializing_if = "v1::is_sessions")]
    pub sessions: bool,
    /// When the first operation may start.
    #[serde(skip_serializing_if = "is_default")]
    pub start: Duration,
    /// When the last operation may start; without it the run's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<Duration>,
}

/// A second run beside this one. What is left out is the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Compare {
    /// What the second run is called.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Another algorithm of the same pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Another number of nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// Other parameters, instead of `system.params`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: Params,
    /// A branch of this scenario, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// Where the reader stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// The moment that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// The branch that is shown; without it the main line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What is selected: the name of a node, link, message or operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
    /// 32 bits of the trace hash at the cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_hash: Option<TraceHash>,
    /// Simulated seconds per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
}

/// A moment: an instant, and how many of its events have run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The instant.
    pub time: Duration,
    /// Events processed at that instant.
    #[serde(default, skip_serializing_if = "is_default")]
    pub events: u64,
}

/// 32 bits of a trace hash: 8 lowercase hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceHash(pub u32);

impl fmt::Display for TraceHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl TraceHash {
    /// Reads 8 lowercase hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.len() == 8 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        u32::from_str_radix(text, 16).ok().filter(|_| digits).map(Self)
    }
}

impl Serialize for TraceHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TraceHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not 8 hexadecimal digits"))
    }
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
