//! What a run came to: the object of `netsplit run --json`.

use std::collections::BTreeMap;

use netsplit_checker::{Call, Event, Outcome, Record};
use serde::Serialize;
use serde_json::{Value, json};

use crate::declared::ENGINE_SEMANTICS;
use crate::experiment::Experiment;
use crate::judges::{self, Row};
use crate::metrics::{Latency, Operations};
use crate::verdict::Grade;

/// A run's result.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Title of the scenario.
    pub title: String,
    /// Pattern.
    pub pattern: String,
    /// Algorithm.
    pub algorithm: String,
    /// Seed, as the scenario says it.
    pub seed: String,
    /// Simulated time (ns).
    pub time_ns: u64,
    /// Why the run ended: "duration", "until" or the limit that was reached.
    pub ended: String,
    /// 32 hexadecimal digits.
    pub trace_hash: String,
    /// Events processed.
    pub events: u64,
    /// The engine and the semantics numbers.
    pub engine: Engine,
    /// Numbers.
    pub metrics: Metrics,
    /// The promises and what became of them.
    pub verdicts: Vec<Verdict>,
    /// Faults and actions that found no target.
    pub no_effect: Vec<String>,
}

/// What ran.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Engine {
    /// "netsplit".
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// The engine's semantics number.
    pub semantics: u32,
    /// The algorithm's semantics number.
    pub algorithm_semantics: u32,
}

/// Numbers of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metrics {
    /// Counts.
    pub operations: Operations,
    /// Latency of operations that are ok, from their invocation; absent where none was.
    pub latency_ms: Option<Latency>,
    /// The same from the intended start.
    pub latency_from_intended_ms: Option<Latency>,
    /// Operations that ended, per second.
    pub throughput_per_s: f64,
    /// Operations that are ok, per second.
    pub goodput_per_s: f64,
    /// Work in service and waiting, by node with workers: mean and most over the samples.
    pub queues: BTreeMap<String, Queue>,
    /// The algorithm's own series, as they stood at the end.
    #[serde(flatten)]
    pub own: BTreeMap<String, f64>,
}

/// Work at a node.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Queue {
    /// Mean over the samples.
    pub mean: f64,
    /// Most at a sample.
    pub most: u32,
}

/// What became of a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The promise's id, as in `expect`; or that of a model or an invariant.
    pub promise: String,
    /// "consistency", "durability" or "liveness"; "invariant" for one that was watched and broken.
    pub aspect: String,
    /// Whether it is promised at all.
    pub promised: bool,
    /// Under which conditions.
    pub assuming: Vec<String>,
    /// "kept", "broken", "assumption_broken", "undecided"; "never_promised" where it is not promised.
    pub verdict: String,
    /// How many violations, stale reads, lost writes … the check of this run found.
    pub number: u64,
    /// When the first of them was (ns).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_ns: Option<u64>,
    /// What the check of this run found, in words; nothing where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// The operations that show it, each in a sentence.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub witness: Vec<String>,
    /// In words.
    pub sentence: String,
}

impl Verdict {
    /// Whether the run speaks against it. That it was never promised is no excuse for what somebody expects; that an
    /// assumption of the promise was broken is one.
    #[must_use]
    pub fn speaks_against(&self) -> bool {
        self.number > 0 && ["broken", "never_promised"].contains(&self.verdict.as_str())
    }
}

/// Operations of a verdict that are shown.
const SHOWN: usize = 40;

pub(crate) fn report(x: &Experiment) -> Report {
    let recorder = &x.recorder;
    let operations = recorder.metrics().operations();
    let seconds = x.frontier.now as f64 / 1e9;
    let rate = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
    let overview = x.world.overview();
    let ended = match x.limit() {
        Some(limit) => limit,
        None if x.frontier.now >= x.duration() => "duration",
        None => "until",
    };
    let blocks = x.faults();
    Report {
        title: x.scenario.title.clone(),
        pattern: x.scenario.system.pattern.clone(),
        algorithm: x.scenario.system.algorithm.clone(),
        seed: x.scenario.seed.to_string(),
        time_ns: x.now(),
        ended: ended.to_owned(),
        trace_hash: x.trace_hash(),
        events: x.events(),
        engine: Engine {
            name: "netsplit".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            semantics: ENGINE_SEMANTICS,
            algorithm_semantics: x.algorithm.semantics,
        },
        metrics: Metrics {
            throughput_per_s: rate(operations.ok + operations.failed + operations.timed_out),
            goodput_per_s: rate(operations.ok),
            operations,
            latency_ms: recorder.metrics().latency(),
            latency_from_intended_ms: recorder.metrics().latency_from_intended(),
            queues: queues(x),
            own: overview.values.iter().map(|(id, value)| ((*id).to_owned(), *value)).collect(),
        },
        verdicts: judges::declared(x, judges::BUDGET).into_iter().map(|row| verdict(x, row)).collect(),
        no_effect: blocks.into_iter().filter(|block| block.no_effect).map(|block| block.label).collect(),
    }
}

fn queues(x: &Experiment) -> BTreeMap<String, Queue> {
    let samples = &x.recorder.samples;
    let core = x.world.core();
    let works = |id: &usize| core.meta[*id].workers > 0 && !core.nodes[*id].absent && !samples.is_empty();
    (0..core.meta.len())
        .filter(works)
        .map(|id| {
            let loads = samples.iter().filter_map(|sample| sample.load.get(id).copied());
            let (sum, most) =
                loads.fold((0u64, 0), |(sum, most), load| (sum + u64::from(load), most.max(load)));
            (x.name(id as u32), Queue { mean: sum as f64 / samples.len() as f64, most })
        })
        .collect()
}

/// A row of the judges as a report has it. The algorithm's own sentence says what it promises.
fn verdict(x: &Experiment, row: Row) -> Verdict {
    let promises = (x.algorithm.promises)(&x.settings);
    let own = promises.iter().find(|promise| promise.id == row.id);
    Verdict {
        // What nobody promised is not kept either, even if nothing speaks against it.
        verdict: if row.promised { row.grade.id() } else { Grade::NeverPromised.id() }.to_owned(),
        sentence: own.map_or_else(|| row.title.clone(), |promise| promise.sentence.to_owned()),
        witness: row.operations.iter().take(SHOWN).map(|invoke| judges::told(x, *invoke)).collect(),
        found: own.is_none_or(|promise| promise.sentence != row.sentence).then_some(row.sentence),
        promise: row.id,
        aspect: row.aspect.to_owned(),
        promised: row.promised,
        assuming: row.assuming,
        number: row.number,
        first_ns: row.first.map(|(_, time)| time),
    }
}

/// All that the judges know of, as of the cursor: slower than the report, which has the algorithm's own promises only.
#[must_use]
pub fn verdicts(x: &Experiment, steps: u64) -> Vec<Verdict> {
    judges::rows(x, steps).into_iter().map(|row| verdict(x, row)).collect()
}

/// A record of the history as one line of JSON, in the convention of Jepsen and Maelstrom.
#[must_use]
pub fn history_line(x: &Experiment, record: &Record) -> String {
    let Some(call) = x.history().call(record) else { return String::new() };
    let (kind, outcome) = match &record.what {
        Event::Invoke(_) => ("invoke", None),
        Event::Complete { outcome: Outcome::Ok(value), .. } => ("ok", Some(*value)),
        Event::Complete { outcome: Outcome::Fail(_), .. } => ("fail", None),
        Event::Complete { outcome: Outcome::Unknown(_), .. } => ("info", None),
    };
    let (f, value) = match call {
        Call::Read { .. } => ("read", json!(outcome.flatten())),
        Call::Write { value, .. } => ("write", json!(value)),
        Call::Cas { old, new, .. } => ("cas", json!([old, new])),
        Call::Work => ("call", Value::Null),
    };
    let mut line = json!({ "process": record.process, "type": kind, "f": f });
    if let Some(key) = call.key() {
        line["key"] = json!(key);
    }
    line["value"] = value;
    line["time"] = json!(record.time);
    if let (Call::Cas { .. }, Some(held)) = (call, outcome) {
        line["result"] = json!(held != Some(0));
    }
    if let Event::Complete { outcome: Outcome::Fail(cause) | Outcome::Unknown(cause), .. } = &record.what {
        line["error"] = json!(cause.id());
    }
    line.to_string()
}
