//! The scenario, as typed data. [`crate::validate`] makes it from JSON; [`crate::record`] writes it, leaving
//! defaults out.
//!
//! Defaults are frozen per version in [`crate::migrate::v1`].

use crate::breakpoint::BreakpointSpec;
use crate::migrate::v1;
use crate::record::{Port, Record, as_text, as_word, by_value, to_value};
use crate::timeline::{Action, Branch, Fault, Operation};
use crate::{Distribution, Duration, Seed, json};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

pub use crate::topology::{LinkSpec, Network, Topology, Transport, Zone, ZoneLatency};

/// Values of parameters, by the parameter's id, as JSON. [`crate::catalogue::ParamDecl::value`] reads one.
pub type Params = BTreeMap<String, Value>;

/// A whole scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The version of the document: 1.
    pub version: u32,
    /// What made it, if it is the record of a run.
    pub semantics: Option<Semantics>,
    /// Says what one will see.
    pub title: String,
    /// Two or three sentences more.
    pub notes: String,
    /// All chance comes from it.
    pub seed: Seed,
    /// When the run ends.
    pub duration: Duration,
    /// What runs.
    pub system: System,
    /// Zones, and links that differ from the others.
    pub topology: Topology,
    /// All other links.
    pub network: Network,
    /// What the clients do.
    pub workload: Workload,
    /// Operations spelt out, beside the workload.
    pub operations: Vec<Operation>,
    /// What breaks, and when.
    pub faults: Vec<Fault>,
    /// What the operator does, and when.
    pub actions: Vec<Action>,
    /// The promises whose breach is a failure.
    pub expect: Vec<String>,
    /// What-ifs.
    pub branches: Vec<Branch>,
    /// A second run beside this one, on the same seed, traffic and faults.
    pub compare: Option<Compare>,
    /// A lesson; an object whose content this crate does not interpret.
    pub lesson: Option<Value>,
    /// Where the reader stands.
    pub view: View,
}

impl Record for Scenario {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("version", &mut self.version);
        port.may("semantics", &mut self.semantics);
        port.may("title", &mut self.title);
        port.may("notes", &mut self.notes);
        port.or("seed", &mut self.seed, &mut Seed::default());
        port.or("duration", &mut self.duration, &mut { v1::DURATION });
        port.need("system", &mut self.system);
        port.may("topology", &mut self.topology);
        port.may("network", &mut self.network);
        port.may("workload", &mut self.workload);
        port.may("operations", &mut self.operations);
        port.may("faults", &mut self.faults);
        port.may("actions", &mut self.actions);
        port.may("expect", &mut self.expect);
        port.may("branches", &mut self.branches);
        port.may("compare", &mut self.compare);
        port.may("lesson", &mut self.lesson);
        port.may("view", &mut self.view);
    }
}

/// Nothing runs: what reading starts from.
impl Default for Scenario {
    fn default() -> Self {
        Self::new("", "")
    }
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
        json::line(&to_value(self))
    }

    /// As indented JSON for a file, defaults left out.
    pub fn to_json_pretty(&self) -> String {
        json::pretty(&to_value(self))
    }
}

/// The semantics numbers: equal numbers mean bit-equal runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Semantics {
    /// Of the engine.
    pub engine: u32,
    /// Of the algorithm.
    pub algorithm: u32,
}

impl Record for Semantics {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("engine", &mut self.engine);
        port.need("algorithm", &mut self.algorithm);
    }
}

/// What runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct System {
    /// The pattern's id.
    pub pattern: String,
    /// The algorithm's id.
    pub algorithm: String,
    /// How many nodes there are; without it the algorithm's own number.
    pub nodes: Option<u32>,
    /// The algorithm's parameters, those that differ from their defaults.
    pub params: Params,
    /// Parameters that differ on one node, by its name.
    pub overrides: BTreeMap<String, Params>,
}

impl Record for System {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("pattern", &mut self.pattern);
        port.need("algorithm", &mut self.algorithm);
        port.may("nodes", &mut self.nodes);
        port.may("params", &mut self.params);
        port.may("overrides", &mut self.overrides);
    }
}

/// Whether clients wait for answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Arrivals are a Poisson process of `rate`; nobody waits.
    Open,
    /// Each client sends, waits for the answer, thinks, and sends again.
    #[default]
    Closed,
    /// The arrivals of the open loop, but each client waits for its answer before it sends the next one.
    Paced,
}

as_word!(Mode { Open: "open", Closed: "closed", Paced: "paced" });

/// What the clients do.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// How many clients there are: `c1` …
    pub clients: u32,
    /// Whether they wait.
    pub mode: Mode,
    /// Operations per second of all clients together (open loop).
    pub rate: f64,
    /// The pause between an answer and the next operation (closed loop).
    pub think: Distribution,
    /// The share of reads.
    pub read_share: f64,
    /// How many keys there are.
    pub keys: u32,
    /// The exponent of Zipf's law over the keys; 0 is uniform.
    pub skew: f64,
    /// The size of a written value in bytes.
    pub value_bytes: u32,
    /// How long a client waits for an answer.
    pub timeout: Duration,
    /// How often a client tries again.
    pub retries: u32,
    /// The pause before the first retry; it doubles with each.
    pub backoff: Duration,
    /// Retries allowed for each request on average; 0 sets no limit.
    pub retry_budget: f64,
    /// The exponent of Zipf's law over the clients' shares of `rate` (open loop); 0 gives all the same.
    pub client_skew: f64,
    /// Each client keeps a session, so that a retried write can be recognised.
    pub sessions: bool,
    /// When the first operation may start.
    pub start: Duration,
    /// When the last operation may start; without it the run's end.
    pub stop: Option<Duration>,
}

impl Record for Workload {
    fn fields(&mut self, port: &mut Port<'_>) {
        let mut default = Self::default();
        port.or("clients", &mut self.clients, &mut default.clients);
        port.or("mode", &mut self.mode, &mut default.mode);
        port.or("rate", &mut self.rate, &mut default.rate);
        port.or("think", &mut self.think, &mut default.think);
        port.or("read_share", &mut self.read_share, &mut default.read_share);
        port.or("keys", &mut self.keys, &mut default.keys);
        port.or("skew", &mut self.skew, &mut default.skew);
        port.or("value_bytes", &mut self.value_bytes, &mut default.value_bytes);
        port.or("timeout", &mut self.timeout, &mut default.timeout);
        port.or("retries", &mut self.retries, &mut default.retries);
        port.or("backoff", &mut self.backoff, &mut default.backoff);
        port.or("retry_budget", &mut self.retry_budget, &mut default.retry_budget);
        port.or("client_skew", &mut self.client_skew, &mut default.client_skew);
        port.or("sessions", &mut self.sessions, &mut default.sessions);
        port.or("start", &mut self.start, &mut default.start);
        port.or("stop", &mut self.stop, &mut default.stop);
    }
}

/// A second run beside this one. What is left out is the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Compare {
    /// What the second run is called.
    pub title: String,
    /// Another algorithm of the same pattern.
    pub algorithm: Option<String>,
    /// Another number of nodes.
    pub nodes: Option<u32>,
    /// Parameters that differ, laid over those of `system.params` that its algorithm knows.
    pub params: Params,
    /// A branch of this scenario, by name.
    pub branch: Option<String>,
}

impl Record for Compare {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.may("title", &mut self.title);
        port.may("algorithm", &mut self.algorithm);
        port.may("nodes", &mut self.nodes);
        port.may("params", &mut self.params);
        port.may("branch", &mut self.branch);
    }
}

/// Where the reader stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct View {
    /// The moment that is shown.
    pub cursor: Option<Cursor>,
    /// The branch that is shown; without it the main line.
    pub branch: Option<String>,
    /// What is selected: the name of a node, link, message or operation.
    pub selection: Option<String>,
    /// 32 bits of the trace hash at the cursor.
    pub trace_hash: Option<TraceHash>,
    /// Simulated seconds per second.
    pub speed: Option<f64>,
    /// The run that the document compares with is shown beside this one.
    pub compare: bool,
    /// Where the run stops by itself.
    pub breakpoints: Vec<BreakpointSpec>,
}

impl Record for View {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.may("cursor", &mut self.cursor);
        port.may("branch", &mut self.branch);
        port.may("selection", &mut self.selection);
        port.may("trace_hash", &mut self.trace_hash);
        port.may("speed", &mut self.speed);
        port.may("compare", &mut self.compare);
        port.may("breakpoints", &mut self.breakpoints);
    }
}

/// A moment: an instant, and how many of its events have run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The instant.
    pub time: Duration,
    /// Events processed at that instant.
    pub events: u64,
}

impl Record for Cursor {
    fn fields(&mut self, port: &mut Port<'_>) {
        port.need("time", &mut self.time);
        port.may("events", &mut self.events);
    }
}

/// 32 bits of a trace hash: 8 lowercase hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl FromStr for TraceHash {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}

as_text!(TraceHash);

by_value!(Scenario, Semantics, System, Mode, Workload, Compare, View, Cursor, TraceHash);
