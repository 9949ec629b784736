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
    /// What it comes to: a broken promise, one whose condition was broken before, or none.
    pub grade: Grade,
    /// What the invariant takes for granted.
    #[serde(skip)]
    pub assuming: Vec<&'static str>,
}

impl Breach {
    pub(crate) fn new(x: &Experiment, broken: &Broken) -> Self {
        let (grade, assuming) = graded_breach(x, broken.breach.invariant, broken.time);
        Self {
            grade,
            assuming,
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
            let said = match promise.aspect {
                Aspect::Liveness => liveness::answered(x).map(|found| {
                    let excused = found.excused || verdict::slow(x, promise);
                    Found { excused, ..found }
                }),
                _ => watched(x, promise.id),
            };
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

/// What every invariant takes for granted.
const ASSUMED: &[&str] = &["no disk is lost"];

/// Invariants that hold where a promise does, under its conditions: invariant, promise, and whether that is all that the
/// promise says, so that it is judged by it. All others hold whatever happens, but for what is [`ASSUMED`].
const SAID: [(&str, &str, bool); 9] = [
    ("lease_fenced", "fenced", true),
    ("watch_gapless", "watch_gapless", true),
    ("one_holder", "one_holder", true),
    ("primary_order", "primary_order", true),
    ("fresh_reads", "linearizable", false),
    ("one_owner", "linearizable", false),
    ("all_follow", "one_coordinator", true),
    ("bully_highest", "one_coordinator", false),
    ("ring_highest", "one_coordinator", false),
];

/// What an invariant's breach at an instant comes to, and what it takes for granted. One that is not promised may still
/// follow from what is (only one holds the lease, so nobody writes with an old token): then the conditions of that
/// excuse it, and where they held nobody had promised it.
fn graded_breach(x: &Experiment, invariant: &str, time: u64) -> (Grade, Vec<&'static str>) {
    let promises = (x.algorithm.promises)(&x.settings);
    let by = SAID.iter().find(|(said, ..)| *said == invariant).map(|(_, by, _)| *by);
    let own = promises.iter().find(|promise| Some(promise.id) == by);
    let promised = own.is_none_or(|own| own.promised);
    let stands = |promise: &&Promise| {
        let follows = promise.promised && promise.aspect == Aspect::Consistency && !promised;
        follows || own.is_some_and(|own| own.id == promise.id)
    };
    let mut assumed = ASSUMED.to_vec();
    for condition in promises.iter().filter(stands).flat_map(|promise| promise.assuming) {
        if !assumed.contains(condition) {
            assumed.push(condition);
        }
    }
    let grade = match verdict::breaks(x, &assumed, time) {
        true => Grade::AssumptionBroken,
        false if promised => Grade::Broken,
        false => Grade::NeverPromised,
    };
    (grade, assumed)
}

/// A promise that is judged by an invariant, where invariants are watched.
fn watched(x: &Experiment, promise: &str) -> Option<Found> {
    let (invariant, ..) = SAID.iter().find(|(_, by, all)| *all && *by == promise)?;
    if !x.watched {
        return None;
    }
    let so_far = x.recorder.breaches.iter().filter(|broken| broken.event <= x.events());
    let of: Vec<&Broken> = so_far.filter(|broken| broken.breach.invariant == *invariant).collect();
    let Some(first) = of.first() else {
        return Some(Found { sentence: say("judged-watched", &[]), ..Found::default() });
    };
    Some(Found {
        number: of.len() as u64,
        sentence: told_breach(&Breach::new(x, first)),
        first: Some((first.event, first.time)),
        ..Found::default()
    })
}

fn told_breach(breach: &Breach) -> String {
    say(
        "invariant-broken",
        &[
            ("time", text::instant(breach.time)),
            ("event", breach.event.to_string()),
            ("nodes", breach.nodes.join(", ")),
            ("what", breach.sentence.clone()),
        ],
    )
}

/// The invariants that the run broke up to the cursor, each with its first breach.
pub(crate) fn invariants(x: &Experiment) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for found in x.breaches().into_iter().filter(|breach| breach.event <= x.events()) {
        if let Some(row) = rows.iter_mut().find(|row| row.id == found.invariant) {
            row.number += 1;
            continue;
        }
        rows.push(Row {
            id: found.invariant.to_owned(),
            aspect: "invariant",
            promised: found.grade != Grade::NeverPromised,
            assuming: found.assuming.iter().map(|text| (*text).to_owned()).collect(),
            grade: found.grade,
            number: 1,
            title: text::invariant(found.invariant),
            sentence: told_breach(&found),
            first: Some((found.event, found.time)),
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
