//! Two runs locked to one clock. They differ in what the document's `compare` says (an algorithm, parameters, a branch's
//! faults); seed, traffic and the remaining faults are the same.

use netsplit_protocols::registry;
use netsplit_scenario::{Problem, Problems, Scenario};
use netsplit_sim::trace::Record;
use serde::Serialize;

use crate::branches::branch_of;
use crate::declared;
use crate::experiment::{Advance, Experiment};
use crate::frame::Chart;
use crate::replay::Replay;
use crate::report::Report;
use crate::text::{decimal, instant, say};
use crate::window::Window;

/// Events that are compared at once, where two runs are compared event by event.
const SLICE: u64 = 4_096;

/// A run and the one that it is compared with.
pub struct Pair {
    /// The document's own run.
    pub a: Experiment,
    /// The other one.
    pub b: Experiment,
    /// What each is called.
    pub titles: (String, String),
}

/// Two runs, to be asked how they differ.
#[derive(Clone, Copy)]
pub struct Both<'a> {
    /// The document's own run.
    pub a: &'a Experiment,
    /// The other one.
    pub b: &'a Experiment,
    /// What each is called.
    pub titles: (&'a str, &'a str),
}

/// A number of both runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// Its id in reports.
    pub id: String,
    /// In words.
    pub label: String,
    /// "ms", "/s" or "".
    pub unit: &'static str,
    /// In the first run.
    pub a: Option<f64>,
    /// In the second run.
    pub b: Option<f64>,
    /// The second against the first: "16.2× lower", "same", "none".
    pub words: String,
}

/// A promise and what became of it in both runs; nothing where one of them makes no such promise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verdicts {
    /// Id of the promise.
    pub promise: String,
    /// In the first run: "kept", "broken" and so on.
    pub a: Option<String>,
    /// In the second run.
    pub b: Option<String>,
}

/// The first event at which two runs differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Divergence {
    /// Its number, in both.
    pub event: u64,
    /// When it happened in the earlier one (ns).
    pub time: u64,
    /// What happened in the first run; nothing where it ended before.
    pub a: String,
    /// What happened in the second run.
    pub b: String,
}

/// The share of operations that were answered within so many milliseconds, in points.
pub type Curve = Vec<(f64, f64)>;

/// The second run of a document: what its `compare` says.
///
/// # Errors
/// Where it says nothing, or something impossible.
pub fn other(scenario: &Scenario) -> Result<Scenario, Problems> {
    let problem = |path: &str, message: &str, accepted: &str| {
        Problems::one(Problem::new("missing", path, message, accepted))
    };
    let Some(said) = &scenario.compare else {
        return Err(problem("compare", "this scenario compares nothing", "an object with what differs"));
    };
    let mut other = match &said.branch {
        Some(name) => branch_of(scenario, name)
            .ok_or_else(|| problem("compare.branch", "there is no such branch", "the name of a branch"))?,
        None => scenario.clone(),
    };
    other.branches.clear();
    other.compare = None;
    let system = &mut other.system;
    let first = registry::find(&system.pattern, &system.algorithm);
    if let Some(algorithm) = &said.algorithm {
        system.algorithm.clone_from(algorithm);
    }
    let second = registry::find(&system.pattern, &system.algorithm);
    // What is not said is the same, also where it is not said because it is the default: another algorithm has its own.
    let same = system.nodes.or(first.map(|found| found.nodes.2));
    let fits = |nodes: u32| second.map_or(nodes, |found| nodes.clamp(found.nodes.0, found.nodes.1));
    system.nodes = said.nodes.or(same.map(fits));
    // What the other algorithm does not know of, it does without.
    let declared = second.map_or(&[][..], |found| found.params);
    let known = |id: &String| declared.iter().any(|param| param.id == *id);
    system.params.retain(|id, _| known(id));
    system.overrides.values_mut().for_each(|own| own.retain(|id, _| known(id)));
    system.params.extend(said.params.clone());
    Ok(other)
}

impl Pair {
    /// Both runs of a document, at 0.
    ///
    /// # Errors
    /// Every problem of the document, and where it compares nothing.
    pub fn open(scenario: &Scenario) -> Result<Self, Problems> {
        let second = other(scenario)?;
        let mut first = scenario.clone();
        (first.branches, first.compare) = (Vec::new(), None);
        let said = scenario.compare.as_ref().map(|compare| compare.title.clone()).unwrap_or_default();
        let pair = Self::of(Experiment::open(&first)?, Experiment::open(&second)?);
        Ok(if said.is_empty() { pair } else { Self { titles: (pair.titles.0, said), ..pair } })
    }

    /// Two runs that stand at the same instant.
    #[must_use]
    pub fn of(a: Experiment, b: Experiment) -> Self {
        let titles = titles(&a, &b);
        Self { a, b, titles }
    }

    /// Moves both on, running about so many events of each; neither gets ahead of what the other reached.
    pub fn advance(&mut self, until_ns: u64, budget_events: u64) -> Advance {
        if self.b.now() >= self.a.now() {
            self.a.advance(until_ns, budget_events);
        }
        let reached = self.a.now().min(until_ns.max(self.b.now()));
        self.b.advance(reached, budget_events);
        let over = |x: &Experiment| x.now() >= until_ns.min(x.duration()) || x.finished();
        Advance { reached_ns: self.now(), done: over(&self.a) && over(&self.b) }
    }

    /// Puts both to an instant.
    pub fn seek(&mut self, t_ns: u64) {
        self.a.seek(t_ns);
        self.b.seek(t_ns);
    }

    /// The instant that both have reached (ns).
    #[must_use]
    pub fn now(&self) -> u64 {
        self.a.now().min(self.b.now())
    }

    /// Both, to be asked how they differ.
    #[must_use]
    pub fn both(&self) -> Both<'_> {
        Both { a: &self.a, b: &self.b, titles: (&self.titles.0, &self.titles.1) }
    }
}

/// What two runs are called where nobody has named them: after their algorithms, if those differ.
#[must_use]
pub fn titles(a: &Experiment, b: &Experiment) -> (String, String) {
    let title = |x: &Experiment, other: &Experiment, or: &str| {
        let differs = x.algorithm.id != other.algorithm.id;
        if differs { x.algorithm.label.to_owned() } else { or.to_owned() }
    };
    (title(a, b, "A"), title(b, a, "B"))
}

impl Both<'_> {
    /// Charts with a line for each run: 99th percentile, operations that are ok, and those that are not.
    #[must_use]
    pub fn charts(&self) -> Vec<Chart> {
        let (a, b) = (self.a.charts(), self.b.charts());
        let line = |charts: &[Chart], id: &str, lines: &[usize]| -> Vec<Option<f64>> {
            let Some(chart) = charts.iter().find(|chart| chart.id == id) else { return Vec::new() };
            let count = chart.lines.first().map_or(0, |(_, values)| values.len());
            let value = |at: usize| {
                let values: Vec<f64> =
                    lines.iter().filter_map(|line| *chart.lines.get(*line)?.1.get(at)?).collect();
                (!values.is_empty()).then(|| values.iter().sum())
            };
            (0..count).map(value).collect()
        };
        // By the lines of the charts of every run: latency has p50 and p99; throughput ok, failed, timed out.
        let wanted: [(&str, &str, &[usize]); 3] =
            [("p99", "latency", &[1]), ("ok", "throughput", &[0]), ("failures", "throughput", &[1, 2])];
        let chart = |(id, of, lines): (&str, &str, &[usize])| {
            let like = a.iter().find(|chart| chart.id == of)?;
            let both = vec![
                (self.titles.0.to_owned(), line(&a, of, lines)),
                (self.titles.1.to_owned(), line(&b, of, lines)),
            ];
            let label = say(&format!("compare-{id}"), &[]);
            Some(Chart { id: id.to_owned(), label, lines: both, ..like.clone() })
        };
        wanted.into_iter().filter_map(chart).collect()
    }

    /// How latency is distributed in both.
    #[must_use]
    pub fn curves(&self) -> (Curve, Curve) {
        (self.a.recorder.metrics().curve(), self.b.recorder.metrics().curve())
    }

    /// Both runs in numbers, up to their frontiers.
    #[must_use]
    pub fn rows(&self) -> Vec<Row> {
        rows(&self.a.report(), &self.b.report())
    }

    /// What became of the promises in both.
    #[must_use]
    pub fn verdicts(&self) -> Vec<Verdicts> {
        verdicts(&self.a.report(), &self.b.report())
    }

    /// The first event at which they differ, as far as both have been simulated; nothing where they are the same so far.
    #[must_use]
    pub fn diverges(&self) -> Option<Divergence> {
        let (a, b) = (self.a, self.b);
        let same_system = a.scenario.system == b.scenario.system;
        let event = if same_system { by_hash(a, b) } else { by_events(a, b) }?;
        let at = |x: &Experiment| -> (Option<u64>, String) {
            let window = Window::of(x, event, event);
            let Some(record) = window.event(event) else { return (None, String::new()) };
            let subject = if record.node == u32::MAX { String::new() } else { x.name(record.node) };
            let sentence = window.sentence(x, record);
            (Some(record.time), format!("{subject} {sentence}").trim_start().to_owned())
        };
        let ((a_time, a), (b_time, b)) = (at(a), at(b));
        let time = a_time.into_iter().chain(b_time).min().unwrap_or(self.a.now().min(self.b.now()));
        Some(Divergence { event, time, a, b })
    }
}

/// Where two runs of the same system differ: the hash of everything so far, by halving.
fn by_hash(a: &Experiment, b: &Experiment) -> Option<u64> {
    let hash = |x: &Experiment, event: u64| {
        let mut replay = Replay::before_event(x, event + 1);
        replay.run_to_event(x, event, x.frontier());
        (replay.world.events(), replay.world.trace_hash())
    };
    let differs = |event: u64| hash(a, event) != hash(b, event);
    let last = a.frontier.events.max(b.frontier.events);
    if !differs(last) {
        return None;
    }
    let (mut same, mut other) = (0, last);
    if differs(0) {
        return Some(1);
    }
    while other - same > 1 {
        let middle = same.midpoint(other);
        if differs(middle) { other = middle } else { same = middle }
    }
    Some(other)
}

/// Where two runs of different systems differ: the first event that is another, by time, kind, place and message.
fn by_events(a: &Experiment, b: &Experiment) -> Option<u64> {
    let key = |x: &Experiment, record: &Record| {
        let message = if record.sent > 0 { Window::message(x, record) } else { "" };
        (record.event, record.time, record.kind as u8, x.name(record.node), x.name(record.peer), message)
    };
    let mut sides = [a, b].map(|x| (x, Replay::before_event(x, 0), Vec::new()));
    let mut event = 0;
    loop {
        event += SLICE;
        for (x, replay, records) in &mut sides {
            replay.watch(x, event, x.frontier(), records, None);
        }
        let [(_, _, left), (_, _, right)] = &sides;
        let pairs = left.iter().zip(right);
        if let Some((one, _)) = pairs.into_iter().find(|(one, other)| key(a, one) != key(b, other)) {
            return Some(one.event);
        }
        if left.len() != right.len() {
            let both = left.len().min(right.len());
            return left.get(both).or(right.get(both)).map(|record| record.event);
        }
        if left.is_empty() {
            return None;
        }
        sides.iter_mut().for_each(|(_, _, records)| records.clear());
    }
}

fn rows(a: &Report, b: &Report) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |id: &str, unit: &'static str, value: &dyn Fn(&Report) -> Option<f64>| {
        let (a, b) = (value(a), value(b));
        if a.is_some() || b.is_some() {
            let label = say(&format!("compare-{}", id.replace(['.', '_'], "-")), &[]);
            rows.push(Row { id: id.to_owned(), label, unit, a, b, words: against(a, b) });
        }
    };
    let latency = |report: &Report| report.metrics.latency_ms;
    row("latency_ms.mean", "ms", &|r| latency(r).map(|l| l.mean));
    row("latency_ms.p50", "ms", &|r| latency(r).map(|l| l.p50));
    row("latency_ms.p99", "ms", &|r| latency(r).map(|l| l.p99));
    row("latency_ms.max", "ms", &|r| latency(r).map(|l| l.max));
    row("goodput_per_s", "/s", &|r| Some(r.metrics.goodput_per_s));
    row("operations.ok", "", &|r| Some(r.metrics.operations.ok as f64));
    row("operations.failed", "", &|r| Some(r.metrics.operations.failed as f64));
    row("operations.timed_out", "", &|r| Some(r.metrics.operations.timed_out as f64));
    row("longest_queue", "", &|r| {
        r.metrics.queues.values().map(|queue| f64::from(queue.most)).reduce(f64::max)
    });
    let own: Vec<&String> = a.metrics.own.keys().filter(|id| b.metrics.own.contains_key(*id)).collect();
    for id in own {
        let (a, b) = (a.metrics.own.get(id).copied(), b.metrics.own.get(id).copied());
        let label = declared::value_label(id);
        rows.push(Row { id: id.clone(), label, unit: "", a, b, words: apart(a, b) });
    }
    rows
}

/// The second number of an algorithm's own against the first, in words. Of a whole number what lies between them says
/// something, and the ratio nothing: no term is 1.4 times another.
fn apart(a: Option<f64>, b: Option<f64>) -> String {
    match (a, b) {
        (Some(a), Some(b)) if a.fract() == 0.0 && b.fract() == 0.0 && (a - b).abs() >= 1.0 => {
            let id = if b > a { "compare-above" } else { "compare-below" };
            say(id, &[("count", decimal((a - b).abs(), 0))])
        }
        _ => against(a, b),
    }
}

/// The second number against the first, in words.
fn against(a: Option<f64>, b: Option<f64>) -> String {
    let (Some(a), Some(b)) = (a, b) else { return String::new() };
    let near = (a - b).abs() <= 0.01 * a.abs().max(b.abs());
    let (id, ratio) = match (a, b) {
        _ if near => return say("compare-same", &[]),
        _ if (a - b).abs() <= 0.05 * a.abs().max(b.abs()) => return say("compare-near", &[]),
        (_, 0.0) => return say("compare-none", &[]),
        (0.0, _) => return say("compare-only", &[]),
        _ if b.abs() > a.abs() => ("compare-higher", b / a),
        _ => ("compare-lower", a / b),
    };
    say(id, &[("times", decimal(ratio.abs(), if ratio < 10.0 { 1 } else { 0 }))])
}

fn verdicts(a: &Report, b: &Report) -> Vec<Verdicts> {
    let of = |report: &Report, id: &str| {
        report.verdicts.iter().find(|verdict| verdict.promise == id).map(|verdict| verdict.verdict.clone())
    };
    let mut ids: Vec<&str> = Vec::new();
    for verdict in a.verdicts.iter().chain(&b.verdicts) {
        if !ids.contains(&verdict.promise.as_str()) {
            ids.push(&verdict.promise);
        }
    }
    ids.into_iter().map(|id| Verdicts { promise: id.to_owned(), a: of(a, id), b: of(b, id) }).collect()
}

/// A divergence in one sentence.
#[must_use]
pub fn sentence(divergence: &Divergence) -> String {
    let args = [
        ("event", divergence.event.to_string()),
        ("time", instant(divergence.time)),
        ("a", divergence.a.clone()),
        ("b", divergence.b.clone()),
    ];
    say("compare-diverges", &args)
}
