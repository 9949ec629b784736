//! What a run leaves behind: the history of operations, the event log, samples over time. Everything is
//! appended, carries the number of the event it comes from, and can be cut back to an earlier moment.

use std::collections::VecDeque;

use netsplit_checker::{self as checker, Call, History};
use netsplit_sim::Simulation;
use netsplit_sim::history::{Cause, Function, Observation, Operation, Outcome, What};
use netsplit_sim::small::Map;
use netsplit_sim::view::Text;

use crate::metrics::{Metrics, bucket_width};

/// Most entries of the event log that are kept; older ones are forgotten.
const LOG: usize = 50_000;
/// Samples in each bucket of the charts.
pub(crate) const SAMPLES: u64 = 5;

/// A client's operation from its invocation to its end.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub client: u32,
    pub operation: Operation,
    pub invoked: u64,
    pub intended: u64,
    pub end: Option<End>,
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
    /// Index of the operation.
    Failed(usize),
}

/// A sample: the state of the nodes and of the algorithm's series at one instant.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sample {
    /// Work in service and waiting, by node.
    pub load: Vec<u32>,
    /// The algorithm's series, in its order.
    pub values: Vec<Option<f64>>,
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

#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    pub history: History,
    pub ops: Vec<Op>,
    /// For each record of the history, the operation.
    refs: Vec<u32>,
    /// Invocation's place in the history, by operation.
    invokes: Vec<usize>,
    open: Map<(u32, u64), u32>,
    processes: Map<u32, Processes>,
    next_process: u64,
    pub metrics: Metrics,
    pub lines: VecDeque<Line>,
    pub no_effect: Vec<(u64, u32)>,
    /// Time between two samples (ns).
    pub tick: u64,
    pub samples: Vec<Sample>,
    pub bands: Vec<(u64, Bands)>,
    pub lives: Vec<Turn>,
    series: Vec<&'static str>,
}

impl Recorder {
    pub(crate) fn new(duration: u64, series: Vec<&'static str>) -> Self {
        let bucket = bucket_width(duration);
        Self {
            metrics: Metrics::new(bucket),
            history: History::new(),
            ops: Vec::new(),
            refs: Vec::new(),
            invokes: Vec::new(),
            open: Map::new(),
            processes: Map::new(),
            next_process: 0,
            lines: VecDeque::new(),
            no_effect: Vec::new(),
            tick: bucket / SAMPLES,
            samples: Vec::new(),
            bands: Vec::new(),
            lives: Vec::new(),
            series,
        }
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
                let Some(op) = self.open.remove(&(node, number)) else { return };
                let end = End { event: seen.event, time: seen.time, outcome, attempts };
                self.complete(op, end);
                if !matches!(outcome, Outcome::Ok(_)) {
                    self.line(seen.event, seen.time, node, LineKind::Failed(op as usize));
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
        }
    }

    fn turn(&mut self, seen: &Observation, died: Option<u64>) {
        self.lives.push(Turn { event: seen.event, time: seen.time, node: seen.node.0, died });
    }

    fn line(&mut self, event: u64, time: u64, node: u32, what: LineKind) {
        if self.lines.len() == LOG {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { event, time, node, what });
    }

    fn invoke(&mut self, client: u32, operation: Operation, intended: u64, seen: &Observation) {
        let op = self.ops.len() as u32;
        let free = self.processes.slot(client, Processes::default).free.pop();
        let process = free.unwrap_or_else(|| {
            self.next_process += 1;
            self.next_process - 1
        });
        let call = match operation.function {
            Function::Read => Call::Read { key: operation.key },
            Function::Write => Call::Write { key: operation.key, value: operation.value },
            Function::Cas => {
                let old = Some(operation.expected).filter(|old| *old != 0);
                Call::Cas { key: operation.key, old, new: operation.value }
            }
            Function::Call => Call::Work,
        };
        self.invokes.push(self.history.invoke(process, call, seen.time, seen.event));
        self.refs.push(op);
        self.open.insert((client, operation.number), op);
        self.ops.push(Op { client, operation, invoked: seen.time, intended, end: None });
    }

    fn complete(&mut self, op: u32, end: End) {
        let at = self.invokes[op as usize];
        self.history.complete(at, outcome(end.outcome), end.time, end.event);
        self.refs.push(op);
        self.ops[op as usize].end = Some(end);
        self.metrics.add(&self.ops[op as usize], &end);
        // A process with an operation of unknown outcome never acts again under its number.
        if !matches!(end.outcome, Outcome::Unknown(_)) {
            let process = self.history.records()[at].process;
            let client = self.ops[op as usize].client;
            self.processes.slot(client, Processes::default).free.push(process);
        }
    }

    /// Forgets everything after this event and this instant, all of which must have run: losses are no events, and
    /// those of an instant cannot be told apart.
    pub(crate) fn truncate(&mut self, event: u64, time: u64) {
        self.history.truncate(event);
        self.refs.truncate(self.history.records().len());
        let ops = self.invokes.partition_point(|at| *at < self.history.records().len());
        self.invokes.truncate(ops);
        self.ops.truncate(ops);
        for op in &mut self.ops {
            op.end = op.end.filter(|end| end.event <= event);
        }
        self.reopen();
        self.metrics = Metrics::new(self.metrics.bucket);
        for op in &self.ops {
            if let Some(end) = &op.end {
                self.metrics.add(op, end);
            }
        }
        while self.lines.back().is_some_and(|line| line.event > event || line.time > time) {
            self.lines.pop_back();
        }
        self.no_effect.retain(|(at, _)| *at <= event);
        self.lives.retain(|turn| turn.event <= event && turn.time <= time);
        self.samples.truncate((time / self.tick) as usize);
        self.bands.retain(|(at, _)| *at <= time);
    }

    /// Works out again which operations are open and which processes are free.
    fn reopen(&mut self) {
        self.open.clear();
        self.processes.clear();
        self.next_process = 0;
        for (record, op) in self.history.records().iter().zip(&self.refs) {
            let known = &self.ops[*op as usize];
            let free = &mut self.processes.slot(known.client, Processes::default).free;
            match &record.what {
                checker::Event::Invoke(_) => {
                    self.open.insert((known.client, known.operation.number), *op);
                    match free.pop() {
                        Some(_) => {}
                        None => self.next_process += 1,
                    }
                }
                checker::Event::Complete { outcome, .. } => {
                    self.open.remove(&(known.client, known.operation.number));
                    if !matches!(outcome, checker::Outcome::Unknown(_)) {
                        free.push(record.process);
                    }
                }
            }
        }
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
