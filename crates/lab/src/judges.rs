//! What the run so far says about every promise of its algorithm, every consistency model that the checker knows, and
//! every invariant that is watched: one graded row each, with a number and a sentence. Plain data for reports and the page.

mod liveness;
mod models;

use netsplit_checker::{Call, Event, Outcome};
use netsplit_protocols::parts::words;
use netsplit_sim::declare::{Aspect, Promise};
use serde::Serialize;

use crate::experiment::Experiment;
use crate::recorder::Broken;
use crate::text::{self, say};
use crate::verdict::{self, Grade};

/// Steps that each model may take unless told otherwise: a second or so at most.
pub const BUDGET: u64 = 2_000_000;

/// An invariant of the algorithm that the run broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Number of the event that broke it.
    pub event: u64,
    /// When (ns).
    pub time: u64,
    /// Which invariant ("election_safety").
    pub invariant: &'static str,
    /// The nodes whose states contradict it.
    pub nodes: Vec<String>,
    /// In a sentence.
    pub sentence: String,
}

impl Breach {
    pub(crate) fn new(x: &Experiment, broken: &Broken) -> Self {
        Self {
            event: broken.event,
            time: broken.time,
            invariant: broken.breach.invariant,
            nodes: broken.breach.nodes.iter().map(|node| x.name(node.0)).collect(),
            sentence: text::sentence(&broken.breach.text, |node| x.name(node)),
        }
    }
}

/// What became of a promise, a model or an invariant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The promise's id, as in `expect`, or the model's or invariant's own ("monotonic_reads", "election_safety").
    pub id: String,
    /// "consistency", "durability", "liveness"; "invariant" for one that was watched and broken.
    pub aspect: &'static str,
    /// Whether it is promised, itself or by a stronger promise.
    pub promised: bool,
    /// Conditions of that promise.
    pub assuming: Vec<String>,
    /// What became of it.
    pub grade: Grade,
    /// How many violations, stale reads, lost writes, breaches … there are.
    pub number: u64,
    /// Its name, in a few words.
    pub title: String,
    /// What was found.
    pub sentence: String,
    /// Number of the event that shows it first, and when (ns).
    pub first: Option<(u64, u64)>,
    /// The operations that show it: indices of their invocations in the history.
    pub operations: Vec<usize>,
}

/// What a judge found, before it is graded.
#[derive(Clone, Debug, Default)]
struct Found {
    number: u64,
    undecided: bool,
    /// Whatever was found was to be expected: what the promise takes for granted did not hold.
    excused: bool,
    sentence: String,
    first: Option<(u64, u64)>,
    operations: Vec<usize>,
}

/// Promises that say as much as a model or more.
const STRONGER: [(&str, &[&str]); 7] = [
    ("sequential", &["linearizable"]),
    ("read_your_writes", &["linearizable", "sequential", "causal"]),
    ("monotonic_reads", &["linearizable", "sequential", "causal"]),
    ("monotonic_writes", &["linearizable", "sequential", "causal"]),
    ("writes_follow_reads", &["linearizable", "sequential", "causal"]),
    ("fresh_reads", &["linearizable"]),
    ("lost_updates", &["linearizable", "sequential"]),
];

/// All rows, as of the cursor; each judge may take so many steps, and says "undecided" where they do not do.
#[must_use]
pub fn rows(x: &Experiment, steps: u64) -> Vec<Row> {
    some(x, steps, false)
}

/// The rows about what the algorithm itself says something about, and the invariants that broke.
#[must_use]
pub fn declared(x: &Experiment, steps: u64) -> Vec<Row> {
    some(x, steps, true)
}

#[inline(never)]
fn some(x: &Experiment, steps: u64, only_declared: bool) -> Vec<Row> {
    let promises = (x.algorithm.promises)(&x.settings);
    let mut rows: Vec<Row> = Vec::new();
    let models = models::Models::of(x);
    for model in models::ALL {
        let declared = promises.iter().find(|promise| promise.id == model);
        if only_declared && declared.is_none() {
            continue;
        }
        let Some(found) = models.judge(model, steps) else { continue };
        let stronger = STRONGER.iter().find(|(id, _)| *id == model).map_or(&[][..], |(_, stronger)| stronger);
        let by = promises.iter().find(|it| it.promised && (it.id == model || stronger.contains(&it.id)));
        let aspect = if model == "durable" { Aspect::Durability } else { Aspect::Consistency };
        rows.push(graded(x, model, aspect, by.or(declared), found));
    }
    for promise in &promises {
        if !rows.iter().any(|row| row.id == promise.id) {
            let said = (promise.aspect == Aspect::Liveness).then(|| liveness::answered(x)).flatten();
            let unknown =
                || Found { undecided: true, sentence: promise.sentence.to_owned(), ..Found::default() };
            let found = said.unwrap_or_else(unknown);
            rows.push(graded(x, promise.id, promise.aspect, Some(promise), found));
        }
    }
    rows.extend(invariants(x));
    rows
}

fn aspect_id(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Consistency => "consistency",
        Aspect::Durability => "durability",
        Aspect::Liveness => "liveness",
    }
}

fn graded(x: &Experiment, id: &str, aspect: Aspect, promise: Option<&Promise>, found: Found) -> Row {
    let promised = promise.is_some_and(|promise| promise.promised);
    let assuming = promise.filter(|promise| promise.promised).map_or(&[][..], |promise| promise.assuming);
    let grade = match found.number {
        _ if found.undecided => Grade::Undecided,
        0 => Grade::Kept,
        _ if !promised => Grade::NeverPromised,
        _ if found.excused => Grade::AssumptionBroken,
        _ => {
            let until = found.first.map_or(x.now(), |(_, time)| time);
            if verdict::breaks(x, assuming, until) { Grade::AssumptionBroken } else { Grade::Broken }
        }
    };
    let label = format!("judge-{}", id.replace('_', "-"));
    Row {
        id: id.to_owned(),
        aspect: aspect_id(aspect),
        promised,
        assuming: assuming.iter().map(|text| (*text).to_owned()).collect(),
        grade,
        number: found.number,
        title: if text::has(&label) { say(&label, &[]) } else { id.replace('_', " ") },
        sentence: found.sentence,
        first: found.first,
        operations: found.operations,
    }
}

/// What an invariant takes for granted.
const ASSUMED: &[&str] = &["no disk is lost"];

/// The invariants that the run broke up to the cursor, each with its first breach.
pub(crate) fn invariants(x: &Experiment) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    // They hold wherever what is promised of data does, and no longer.
    let mut assumed = ASSUMED.to_vec();
    for promise in (x.algorithm.promises)(&x.settings).iter().filter(|p| p.aspect == Aspect::Consistency) {
        for condition in promise.assuming {
            if !assumed.contains(condition) {
                assumed.push(condition);
            }
        }
    }
    for breach in x.breaches().into_iter().filter(|breach| breach.event <= x.events()) {
        if let Some(row) = rows.iter_mut().find(|row| row.id == breach.invariant) {
            row.number += 1;
            continue;
        }
        let lost = verdict::breaks(x, &assumed, breach.time);
        rows.push(Row {
            id: breach.invariant.to_owned(),
            aspect: "invariant",
            promised: true,
            assuming: assumed.iter().map(|text| (*text).to_owned()).collect(),
            grade: if lost { Grade::AssumptionBroken } else { Grade::Broken },
            number: 1,
            title: text::invariant(breach.invariant),
            sentence: say(
                "invariant-broken",
                &[
                    ("time", text::instant(breach.time)),
                    ("event", breach.event.to_string()),
                    ("nodes", breach.nodes.join(", ")),
                    ("what", breach.sentence),
                ],
            ),
            first: Some((breach.event, breach.time)),
            operations: Vec::new(),
        });
    }
    rows
}

/// The operation whose invocation is this record of the history, in a sentence.
pub(crate) fn told(x: &Experiment, invoke: usize) -> String {
    let records = x.history().records();
    let Some(record) = records.get(invoke) else { return String::new() };
    let answer = records[invoke..].iter().find_map(|other| match &other.what {
        Event::Complete { invoke: of, outcome } if *of == invoke => Some((other.time, *outcome)),
        _ => None,
    });
    let ok = match answer {
        Some((time, Outcome::Ok(value))) => Some((time, value)),
        _ => None,
    };
    let Some(call) = x.history().call(record) else { return String::new() };
    let (value, id) = match (call, ok) {
        (Call::Write { value, .. } | Call::Cas { new: value, .. }, Some(_)) => (Some(*value), "shown-write"),
        (Call::Write { value, .. } | Call::Cas { new: value, .. }, None) => {
            (Some(*value), "shown-write-open")
        }
        (Call::Read { .. } | Call::Work, ok) => (ok.and_then(|(_, value)| value), "shown-read"),
    };
    let args = [
        ("client", x.client(record.process)),
        (
            "what",
            format!(
                "{} = {}",
                call.key().map_or_else(String::new, words::key),
                value.map_or_else(|| say("value-none", &[]), words::value)
            ),
        ),
        ("from", text::instant(record.time)),
        ("to", ok.map_or_else(String::new, |(time, _)| text::instant(time))),
    ];
    say(id, &args)
}
