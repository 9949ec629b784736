//! What a run leaves behind: the history of operations, the event log, samples over time. Everything is
//! appended, carries the number of the event it comes from, and can be cut back to an earlier moment.

use netsplit_checker::{self as checker, Call, History};
use netsplit_protocols::parts::client::is_by_hand;
use netsplit_sim::Simulation;
use netsplit_sim::history::{Cause, Function, Observation, Operation, Outcome, What};
use netsplit_sim::small::Map;
use netsplit_sim::view::Text;
use netsplit_sim::watch::Breach;

use crate::metrics::{Metrics, bucket_width};
use crate::shared::Shared;

/// Most entries of the event log that are kept; older ones are forgotten.
const LOG: usize = 50_000;
/// Most breaches of invariants that are kept: the first ones say what is wrong.
const BREACHES: usize = 1_000;
/// About how many bytes an entry takes.
const LINE: usize = 240;
/// Samples in each bucket of the charts.
pub(crate) const SAMPLES: u64 = 5;

/// A client's operation that has begun.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub operation: Operation,
    pub invoked: u64,
    pub intended: u64,
    /// Its invocation in the history and its process there, if it is kept.
    record: Option<(usize, u64)>,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub event: u64,
    pub time: u64,
    pub outcome: Outcome,
    pub attempts: u32,
}

/// An entry of the event log, not yet in words.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub event: u64,
    pub time: u64,
    pub node: u32,
    pub what: LineKind,
}

#[derive(Clone, Debug)]
pub(crate) enum LineKind {
    Note(Text, bool),
    /// Engine's index of the entry, and whether it began.
    Fault(u32, bool),
    NoEffect(u32),
    Lost(u32, u8),
    Breach(Text),
    /// What was asked, of which key, the outcome, and whether by hand.
    Failed(Function, u64, Outcome, bool),
    /// An operation by hand was answered.
    Answered(Operation, Option<u64>),
}

/// A sample: the state of the nodes and of the algorithm's series at one instant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Work in service and waiting, by node.
    pub load: Vec<u32>,
    /// The algorithm's series, in its order.
    pub values: Vec<Option<f64>>,
}

/// An invariant was broken.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub event: u64,
    pub time: u64,
    pub breach: Breach,
}

/// A node's life began or ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Turn {
    pub event: u64,
    pub time: u64,
    pub node: u32,
    /// Where it ended: how many writes were lost.
    pub died: Option<u64>,
}

/// Bands that are in force from a time on.
pub(crate) type Bands = Vec<(&'static str, String, u32)>;

/// Processes of one client, in the sense of a history.
#[derive(Clone, Debug, Default)]
struct Processes {
    free: Vec<u64>,
}

/// What changes as operations begin and end, as opposed to what is only appended.
#[derive(Clone, Debug)]
struct Running {
    /// By client, and by the number that it gave.
    open: Map<u32, Map<u64, Op>>,
    processes: Map<u32, Processes>,
    next_process: u64,
    metrics: Metrics,
    /// Lines ever written.
    lines: u64,
}

/// How far the recorder had come at a moment, to go on from there.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    running: Running,
    history: usize,
    no_effect: usize,
    samples: usize,
    bands: usize,
    lives: usize,
    breaches: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    pub history: History,
    /// Work without data is in the history as well: no check asks for it, and there may be a lot of it.
    pub calls: bool,
    running: Running,
    /// Whose each process is.
    pub owners: Vec<u32>,
    pub lines: Shared<Line>,
    pub no_effect: Vec<(u64, u32)>,
    /// Time between two samples (ns).
    pub tick: u64,
    pub samples: Vec<Sample>,
    pub bands: Vec<(u64, Bands)>,
    pub lives: Vec<Turn>,
    pub breaches: Vec<Broken>,
    series: Vec<&'static str>,
}

impl Mark {
    /// About how many bytes it takes that others do not share.
    pub(crate) fn bytes(&self) -> usize {
        let running = &self.running;
        let open: usize = running.open.values().map(|open| open.len() * size_of::<(u64, Op)>()).sum();
        running.metrics.bytes() + open + size_of::<Self>()
    }
}

impl Recorder {
    pub(crate) fn new(duration: u64, series: Vec<&'static str>) -> Self {
        let bucket = bucket_width(duration);
        Self {
            history: History::new(),
            calls: false,
            running: Running {
                open: Map::new(),
                processes: Map::new(),
                next_process: 0,
                metrics: Metrics::new(bucket),
                lines: 0,
            },
            owners: Vec::new(),
            lines: Shared::new(),
            no_effect: Vec::new(),
            tick: bucket / SAMPLES,
            samples: Vec::new(),
            bands: Vec::new(),
            lives: Vec::new(),
            breaches: Vec::new(),
            series,
        }
    }

    /// Numbers about the operations that ended.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.running.metrics
    }

    /// When the next sample is due.
    pub(crate) fn next_sample(&self) -> u64 {
        (self.samples.len() as u64 + 1).saturating_mul(self.tick)
    }

    /// Takes the sample that is due.
    pub(crate) fn sample(&mut self, simulation: &dyn Simulation) {
        let core = simulation.core();
        let view = simulation.overview();
        let value = |id: &&str| view.values.iter().find(|(known, _)| known == id).map(|(_, value)| *value);
        self.samples.push(Sample {
            load: core.nodes.iter().map(|node| node.busy + node.queued).collect(),
            values: self.series.iter().map(value).collect(),
        });
        if self.bands.last().is_none_or(|(_, bands)| *bands != view.bands) {
            self.bands.push((core.now, view.bands));
        }
    }

    /// Takes an observation in.
    pub(crate) fn observe(&mut self, seen: Observation) {
        let node = seen.node.0;
        match seen.what {
            What::Invoke(operation, intended) => self.invoke(node, operation, intended, &seen),
            What::Complete(number, outcome, attempts) => {
                let open = self.running.open.get_mut(&node);
                let Some(op) = open.and_then(|open| open.remove(&number)) else { return };
                let end = End { event: seen.event, time: seen.time, outcome, attempts };
                self.complete(node, &op, end);
                if !matches!(outcome, Outcome::Ok(_)) {
                    let what = LineKind::Failed(
                        op.operation.function,
                        op.operation.key,
                        outcome,
                        is_by_hand(number),
                    );
                    self.line(seen.event, seen.time, node, what);
                } else if let (true, Outcome::Ok(value)) = (is_by_hand(number), outcome) {
                    self.line(seen.event, seen.time, node, LineKind::Answered(op.operation, value));
                }
            }
            What::Note(ref text, notable) => {
                self.line(seen.event, seen.time, node, LineKind::Note(text.clone(), notable));
            }
            What::Fault(index, begins) => {
                self.line(seen.event, seen.time, node, LineKind::Fault(index, begins));
            }
            What::NoEffect(index) => {
                self.no_effect.push((seen.event, index));
                self.line(seen.event, seen.time, node, LineKind::NoEffect(index));
            }
            What::Born => self.turn(&seen, None),
            What::Died(lost) => self.turn(&seen, Some(lost)),
            What::Lost(to, kind) => self.line(seen.event, seen.time, node, LineKind::Lost(to.0, kind)),
            What::Breach(breach) => {
                self.line(seen.event, seen.time, node, LineKind::Breach(breach.text.clone()));
                if self.breaches.len() < BREACHES {
                    self.breaches.push(Broken { event: seen.event, time: seen.time, breach });
                }
            }
        }
    }

    fn turn(&mut self, seen: &Observation, died: Option<u64>) {
        self.lives.push(Turn { event: seen.event, time: seen.time, node: seen.node.0, died });
    }

    fn line(&mut self, event: u64, time: u64, node: u32, what: LineKind) {
        if self.lines.len() == LOG {
            self.lines.pop_front();
        }
        self.lines.push(Line { event, time, node, what });
        self.running.lines += 1;
    }

    fn invoke(&mut self, client: u32, operation: Operation, intended: u64, seen: &Observation) {
        self.running.metrics.invoked += 1;
        let call = match operation.function {
            Function::Read => Call::Read { key: operation.key },
            Function::Write => Call::Write { key: operation.key, value: operation.value },
            Function::Cas => {
                let old = Some(operation.expected).filter(|old| *old != 0);
                Call::Cas { key: operation.key, old, new: operation.value }
            }
            Function::Call => Call::Work,
        };
        let kept = self.calls || call != Call::Work;
        let record = kept.then(|| {
            let free = self.running.processes.slot(client, Processes::default).free.pop();
            let process = free.unwrap_or_else(|| {
                self.running.next_process += 1;
                self.owners.push(client);
                self.running.next_process - 1
            });
            (self.history.invoke(process, call, seen.time, seen.event), process)
        });
        let op = Op { operation, invoked: seen.time, intended, record };
        self.running.open.slot(client, Map::new).insert(operation.number, op);
    }

    fn complete(&mut self, client: u32, op: &Op, end: End) {
        self.running.metrics.add(op, &end);
        let Some((record, process)) = op.record else { return };
        self.history.complete(record, outcome(end.outcome), end.time, end.event);
        // A process with an operation of unknown outcome never acts again under its number.
        if !matches!(end.outcome, Outcome::Unknown(_)) {
            self.running.processes.slot(client, Processes::default).free.push(process);
        }
    }

    /// About how many bytes it takes; of the log only what `others` do not have as well.
    pub(crate) fn bytes<'a>(&'a self, others: impl Iterator<Item = &'a Self> + Clone) -> usize {
        let samples = self.samples.iter().map(|sample| 4 * sample.load.len() + 16 * sample.values.len() + 48);
        samples.sum::<usize>()
            + self.lines.own(others.map(|other| &other.lines)) * LINE
            + size_of_val(self.history.records())
            + 8 * self.owners.len()
            + self.running.metrics.all_bytes()
    }

    /// How far it has come.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            running: self.running.clone(),
            history: self.history.records().len(),
            no_effect: self.no_effect.len(),
            samples: self.samples.len(),
            bands: self.bands.len(),
            lives: self.lives.len(),
            breaches: self.breaches.len(),
        }
    }

    /// Lines ever written on this course of events.
    pub(crate) fn written(&self) -> u64 {
        self.running.lines
    }

    /// Forgets everything since then.
    pub(crate) fn rewind(&mut self, to: &Mark) {
        let newer = self.running.lines - to.running.lines;
        self.lines.truncate(self.lines.len().saturating_sub(newer as usize));
        self.running = to.running.clone();
        self.owners.truncate(to.running.next_process as usize);
        self.history.truncate(to.history);
        self.no_effect.truncate(to.no_effect);
        self.samples.truncate(to.samples);
        self.bands.truncate(to.bands);
        self.lives.truncate(to.lives);
        self.breaches.truncate(to.breaches);
    }
}

fn outcome(outcome: Outcome) -> checker::Outcome {
    match outcome {
        Outcome::Ok(value) => checker::Outcome::Ok(value),
        Outcome::Fail(why) => checker::Outcome::Fail(cause(why)),
        Outcome::Unknown(why) => checker::Outcome::Unknown(cause(why)),
    }
}

/// The checker's name for a cause.
pub(crate) fn cause(cause: Cause) -> checker::Cause {
    match cause {
        Cause::Timeout => checker::Cause::Timeout,
        Cause::Refused => checker::Cause::Refused,
        Cause::Error => checker::Cause::Error,
        Cause::Unavailable => checker::Cause::Unavailable,
        Cause::Overload => checker::Cause::Overload,
        Cause::ClientCrash => checker::Cause::ClientCrash,
    }
}
