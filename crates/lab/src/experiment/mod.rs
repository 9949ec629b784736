//! [`Experiment`]: a scenario brought to life, its cursor and its frontier.
//!
//! The world stands at the cursor. The frontier is the furthest moment that has been simulated on this course of
//! events; what the recorder holds reaches to it. Going back restores a snapshot and replays.

mod change;
mod run;

use std::cell::RefCell;

use netsplit_checker::History;
use netsplit_checker::live::Live;
use netsplit_protocols::registry::Algorithm;
use netsplit_scenario::document::{Cursor, Semantics, TraceHash};
use netsplit_scenario::{Duration, Fault, Problems, Scenario};
use netsplit_sim::Simulation;
use netsplit_sim::declare::Settings;
use netsplit_sim::history::{Observation, Tally};

use crate::around::{self, Around};
use crate::breakpoints::Breakpoint;
use crate::declared;
use crate::frame::{Amounts, Band, Chart, FaultBlock, Frame, Legend, LogEntry, LogPage, NodeFrame};
use crate::judges::{self, Breach, Row};
use crate::recorder::Recorder;
use crate::report::Report;
use crate::setup;
use crate::snapshots::{BUDGET, Snapshots};
use crate::timeline::{self, Item, Origin, Resolver};
use crate::verdict::{self, Consistency, Grade};
use crate::why::{self, Finding};

use change::check;
use run::Pumped;

/// Events after which a run ends, whatever its duration.
pub const MAX_EVENTS: u64 = 200_000_000;
/// Events of one instant that [`Experiment::advance`] adds to its budget so as not to stop in its midst.
const SAME_INSTANT: u64 = 1_000_000;

/// How far [`Experiment::advance`] came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Advance {
    /// The cursor's time now (ns).
    pub reached_ns: u64,
    /// The instant asked for, or the end of the run, has been reached; false where the budget ran out first.
    pub done: bool,
}

/// A moment of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub events: u64,
    pub now: u64,
}

/// A running experiment.
pub struct Experiment {
    pub(crate) scenario: Scenario,
    pub(crate) algorithm: &'static Algorithm,
    pub(crate) settings: Settings,
    pub(crate) names: Vec<String>,
    /// Nodes that are no clients and exist from the start.
    servers: Vec<String>,
    pub(crate) world: Box<dyn Simulation>,
    pub(crate) timeline: Vec<Item>,
    pushed: usize,
    pub(crate) recorder: Recorder,
    /// What was judged of the history so far.
    judge: Live,
    /// Violations that were explained already, by their records.
    pub(crate) findings: RefCell<Vec<(usize, Finding)>>,
    snapshots: Snapshots,
    /// What all that is kept of this run may take (bytes).
    budget: usize,
    pub(crate) frontier: Moment,
    pub(crate) limit: Option<&'static str>,
    /// Whether notes, samples and snapshots are kept; a sweep needs none of them.
    lean: bool,
    /// Whether invariants are watched.
    pub(crate) watched: bool,
    scratch: Vec<Observation>,
    /// Where [`Experiment::advance`] stops by itself.
    breaks: Vec<Breakpoint>,
    /// The breakpoint that it has just stopped at.
    stopped: Option<usize>,
    /// Where it was looked for one last, event and instant: from there on conditions are known.
    armed: Option<(u64, u64)>,
    /// It looks for a breakpoint: what is observed is kept in `heard`, for one event.
    watching: bool,
    heard: Vec<Observation>,
}

impl Experiment {
    /// Brings a scenario to life. The cursor stands at 0, whatever the scenario's own cursor says (see
    /// [`Experiment::saved_cursor`]).
    ///
    /// # Errors
    /// Every problem of the scenario, each with its path.
    pub fn open(scenario: &Scenario) -> Result<Self, Problems> {
        Self::start(check(scenario)?, false, true)
    }

    /// The same without event log, samples and going back: faster, for measurements.
    ///
    /// # Errors
    /// Every problem of the scenario, each with its path.
    pub fn open_lean(scenario: &Scenario) -> Result<Self, Problems> {
        Self::start(check(scenario)?, true, false)
    }

    /// The same, with invariants watched all the same: for runs that are judged and forgotten.
    pub(crate) fn open_swept(scenario: &Scenario) -> Result<Self, Problems> {
        Self::start(check(scenario)?, true, true)
    }

    fn start(scenario: Scenario, lean: bool, watched: bool) -> Result<Self, Problems> {
        let setup::World { algorithm, settings, simulation: mut world } = setup::build(&scenario)?;
        let names = world.core().meta.iter().map(|meta| meta.name.clone()).collect();
        let resolver = Resolver { simulation: world.as_ref(), algorithm, scenario: &scenario };
        let servers = resolver.servers();
        let timeline = timeline::items(&resolver, &servers);
        let series = algorithm.series.iter().map(|series| series.id).collect();
        let recorder = Recorder::new(scenario.duration.0, series);
        world.listen(!lean);
        let snapshots = Snapshots::new(world.as_ref(), recorder.mark());
        Ok(Self {
            scenario,
            algorithm,
            settings,
            names,
            servers,
            world,
            timeline,
            pushed: 0,
            recorder,
            judge: Live::new(),
            findings: RefCell::default(),
            snapshots,
            budget: BUDGET,
            frontier: Moment { events: 0, now: 0 },
            limit: None,
            lean,
            watched,
            scratch: Vec::new(),
            breaks: Vec::new(),
            stopped: None,
            armed: None,
            watching: false,
            heard: Vec::new(),
        })
    }

    /// Another experiment that stands at the same moment and shares the past.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            scenario: self.scenario.clone(),
            algorithm: self.algorithm,
            settings: self.settings.clone(),
            names: self.names.clone(),
            servers: self.servers.clone(),
            world: self.world.fork(),
            timeline: self.timeline.clone(),
            pushed: self.pushed,
            recorder: self.recorder.clone(),
            judge: self.judge.clone(),
            findings: self.findings.clone(),
            snapshots: self.snapshots.clone(),
            budget: self.budget,
            frontier: self.frontier,
            limit: self.limit,
            lean: self.lean,
            watched: self.watched,
            scratch: Vec::new(),
            breaks: self.breaks.clone(),
            stopped: None,
            armed: None,
            watching: false,
            heard: Vec::new(),
        }
    }

    /// The scenario with what was injected by hand, the cursor, and 32 bits of the trace hash there.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.semantics =
            Some(Semantics { engine: declared::ENGINE_SEMANTICS, algorithm: self.algorithm.semantics });
        let (time, events) = (Duration(self.now()), self.events_at_this_instant());
        scenario.view.cursor = (self.events() > 0).then_some(Cursor { time, events });
        let hash = TraceHash((self.world.trace_hash() >> 96) as u32);
        scenario.view.trace_hash = scenario.view.cursor.map(|_| hash);
        scenario
    }

    /// The scenario as it was opened or changed by hand, without the cursor of this moment.
    #[must_use]
    pub fn document(&self) -> &Scenario {
        &self.scenario
    }

    /// Where the opened scenario's own cursor stands (ns), if it has one.
    #[must_use]
    pub fn saved_cursor(&self) -> Option<u64> {
        self.scenario.view.cursor.map(|cursor| cursor.time.0)
    }

    /// Moves to the opened scenario's cursor, to the event. Nothing happens where it has none.
    pub fn seek_saved_cursor(&mut self) {
        let Some(cursor) = self.scenario.view.cursor else { return };
        let time = cursor.time.0.min(self.duration());
        if time == 0 {
            self.restore(|snapshot| snapshot.events == 0);
        } else {
            self.seek(time - 1);
        }
        let target = self.events().saturating_add(cursor.events);
        while self.events() < target && self.pump(time, 1) == Pumped::Budget {}
        if cursor.events == 0 {
            self.seek_forward(time);
        }
    }

    /// Whether the hash in the opened scenario is that of this moment; `None` where it has none, or the cursor
    /// stands at another instant.
    #[must_use]
    pub fn agrees(&self) -> Option<bool> {
        let said = self.scenario.view.trace_hash?;
        (self.saved_cursor()? == self.now()).then(|| said.0 == (self.world.trace_hash() >> 96) as u32)
    }

    /// Moves the cursor (and, beyond it, the frontier) forward, running about `budget_events` at most.
    pub fn advance(&mut self, until_ns: u64, budget_events: u64) -> Advance {
        let until = until_ns.min(self.duration());
        if self.breaks.iter().any(|point| point.on) {
            return self.advance_to_break(until, budget_events);
        }
        let mut pumped = if until < self.now() { Pumped::Done } else { self.pump(until, budget_events) };
        if pumped == Pumped::Budget {
            // Not in the midst of an instant: a person sees instants, and so does a link.
            let now = self.now();
            self.pump(now, SAME_INSTANT);
            if now == until {
                pumped = Pumped::Done;
            }
        }
        Advance { reached_ns: self.now(), done: pumped != Pumped::Budget }
    }

    /// Where [`Experiment::advance`] stops by itself.
    #[must_use]
    pub fn breakpoints(&self) -> &[Breakpoint] {
        &self.breaks
    }

    /// Other breakpoints from now on.
    pub fn set_breakpoints(&mut self, breaks: Vec<Breakpoint>) {
        self.breaks = breaks;
        (self.stopped, self.armed) = (None, None);
    }

    /// The breakpoint at which [`Experiment::advance`] has stopped, once.
    pub fn take_stop(&mut self) -> Option<usize> {
        self.stopped.take()
    }

    /// Runs one event; false at the end of the run.
    pub fn step(&mut self) -> bool {
        let before = self.events();
        self.pump(self.duration(), 1);
        self.events() > before
    }

    /// Runs on until so many events have been processed in all, or the run ends; for comparisons of two runs.
    pub fn run_to_event(&mut self, event: u64) {
        let mut before = None;
        while self.events() < event && before != Some(self.events()) {
            before = Some(self.events());
            self.pump(self.duration(), event - self.events());
        }
    }

    /// The last event that was processed, in one line that is the same wherever the run is the same.
    #[must_use]
    pub fn last_event(&self) -> Option<String> {
        let record = self.world.core().trace.last()?;
        let name = |node| self.names.get(node as usize).map_or("-", String::as_str);
        Some(format!(
            "event {} at {} ns: {:?} at {}, peer {}, label {}, caused by event {}",
            record.event,
            record.time,
            record.kind,
            name(record.node),
            name(record.peer),
            record.label,
            record.cause()
        ))
    }

    /// Undoes one event; false at the start.
    pub fn step_back(&mut self) -> bool {
        let events = self.events();
        if events == 0 {
            return false;
        }
        self.restore(|snapshot| snapshot.events < events);
        // A fault on all nodes makes one event for itself and one for each of them.
        let most_at_once = self.names.len() as u64 + 1;
        while (events - 1 - self.events()) / most_at_once > 0 {
            self.pump(self.duration(), (events - 1 - self.events()) / most_at_once);
        }
        let near = (self.world.fork(), self.pushed);
        let mut steps = 0;
        while self.events() < events && self.step() {
            steps += 1;
        }
        (self.world, self.pushed) = near;
        for _ in 1..steps {
            self.step();
        }
        true
    }

    /// Puts the cursor after everything due at `t_ns` (at most the end of the run).
    pub fn seek(&mut self, t_ns: u64) {
        let target = t_ns.min(self.duration());
        let near = self.snapshots.latest(|snapshot| snapshot.now <= target).events;
        if target < self.now() || near > self.events() {
            self.restore(|snapshot| snapshot.now <= target);
        }
        self.seek_forward(target);
    }

    fn seek_forward(&mut self, target: u64) {
        while self.pump(target, u64::MAX) == Pumped::Budget {}
    }

    /// The picture at the cursor.
    #[must_use]
    pub fn frame(&self) -> Frame {
        crate::picture::frame(self)
    }

    /// Brings an earlier picture up to the cursor, for faces that draw sixty a second: its messages, and the rest only
    /// if `all`. Without `ids` messages have no names and no order.
    pub fn glance(&self, frame: &mut Frame, all: bool, ids: bool) {
        crate::picture::glance(self, frame, all, ids);
    }

    /// Clients' operations up to the cursor.
    #[must_use]
    pub fn tally(&self) -> &Tally {
        &self.world.core().tally
    }

    /// Takes work without data (load balancing) into the history as well, from now on.
    pub fn keep_calls(&mut self) {
        self.recorder.calls = true;
    }

    /// Everything about one node at the cursor; nothing much where there is no such node.
    #[must_use]
    pub fn inspect(&self, node: u32) -> NodeFrame {
        crate::picture::inspect(self, node)
    }

    /// The kinds of message, by [`crate::MessageFrame::kind`].
    #[must_use]
    pub fn legend(&self) -> Vec<Legend> {
        crate::picture::legend(self.algorithm)
    }

    /// At most `limit` entries of the event log from event number `from_event` on, up to the cursor.
    #[must_use]
    pub fn log(&self, from_event: u64, limit: usize) -> Vec<LogEntry> {
        crate::log::from(self, from_event, limit)
    }

    /// The newest entries of the event log up to the cursor and the first ones after it, of one kind or of all.
    #[must_use]
    pub fn log_around(&self, kind: Option<&str>, before: usize, after: usize) -> LogPage {
        crate::log::around(self, kind, before, after)
    }

    /// Instants worth seeing, in order, as far as the run has been simulated: what nodes decided, faults that began or
    /// ended, and where operations began to fail.
    #[must_use]
    pub fn landmarks(&self) -> Vec<u64> {
        crate::log::landmarks(self)
    }

    /// Goes on judging what clients saw, in about so many steps; whether it has caught up with the frontier.
    pub fn judge(&mut self, steps: u64) -> bool {
        self.judge.feed(&self.recorder.history, steps)
    }

    /// What clients saw up to the cursor, as far as it was judged (see [`Experiment::judge`]); nothing where the
    /// algorithm says nothing about it.
    #[must_use]
    pub fn consistency(&self) -> Option<Consistency> {
        verdict::consistency(self, &self.judge, self.events())
    }

    /// Operations that nothing explains, up to the frontier: number of the event and instant (ns).
    #[must_use]
    pub fn violations(&self) -> Vec<(u64, u64)> {
        self.judge.violations().iter().map(|found| (found.event, found.time)).collect()
    }

    /// What kind of violation one of them is; the cheap part of [`Experiment::finding`].
    #[must_use]
    pub fn finding_kind(&self, index: usize) -> Option<&'static str> {
        let violation = self.judge.violations().get(index)?;
        Some(why::kind(self.history().records(), violation))
    }

    /// One of them, explained.
    #[must_use]
    pub fn finding(&self, index: usize) -> Option<Finding> {
        self.judge.violations().get(index).map(|violation| why::finding(self, &self.judge, violation))
    }

    /// The operations around one of them.
    #[must_use]
    pub fn around(&self, index: usize) -> Option<Around> {
        self.judge.violations().get(index).and_then(|violation| around::around(self, &self.judge, violation))
    }

    /// What it says about the promise to answer that some requests were not answered just now; nothing where there is
    /// no such promise.
    #[must_use]
    pub fn unanswered(&self) -> Option<Grade> {
        verdict::unanswered(self)
    }

    /// What every model says about the run up to the cursor, each within so many steps.
    #[must_use]
    pub fn judged(&self, steps: u64) -> Vec<Row> {
        judges::rows(self, steps)
    }

    /// When invariants were broken, up to the frontier: number of the event and instant (ns).
    #[must_use]
    pub fn breach_marks(&self) -> Vec<(u64, u64)> {
        self.recorder.breaches.iter().map(|broken| (broken.event, broken.time)).collect()
    }

    /// Which invariant one of them broke.
    #[must_use]
    pub fn breach_kind(&self, index: usize) -> Option<&'static str> {
        self.recorder.breaches.get(index).map(|broken| broken.breach.invariant)
    }

    /// One of them, in words.
    #[must_use]
    pub fn breach(&self, index: usize) -> Option<Breach> {
        self.recorder.breaches.get(index).map(|broken| Breach::new(self, broken))
    }

    /// Invariants of the algorithm that the run broke, up to the frontier, the first thousand in order.
    #[must_use]
    pub fn breaches(&self) -> Vec<Breach> {
        self.recorder.breaches.iter().map(|broken| Breach::new(self, broken)).collect()
    }

    /// The charts, up to the frontier.
    #[must_use]
    #[inline(never)]
    pub fn charts(&self) -> Vec<Chart> {
        crate::charts::charts(self)
    }

    /// The 99th percentile of latency (ms) in each of the last so many complete windows that have answers.
    #[must_use]
    pub fn tail(&self, most: usize) -> Vec<f64> {
        let metrics = self.recorder.metrics();
        let complete = (self.frontier.now / metrics.bucket) as usize;
        let seen = &metrics.buckets[..complete.min(metrics.buckets.len())];
        seen[seen.len().saturating_sub(most)..].iter().filter_map(|window| window.quantile(0.99)).collect()
    }

    /// The faults of the scenario (with their index in its list), then those that chaos made.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultBlock> {
        crate::charts::faults(self)
    }

    /// The bands on the lanes, up to the frontier.
    #[must_use]
    pub fn bands(&self) -> Vec<Band> {
        crate::charts::bands(self)
    }

    /// The amounts on further lanes, up to the frontier.
    #[must_use]
    pub fn amounts(&self) -> Vec<Amounts> {
        crate::charts::amounts(self)
    }

    /// The lanes of the time line beyond faults: (id, label).
    #[must_use]
    pub fn lanes(&self) -> Vec<(String, String)> {
        self.algorithm.lanes.iter().map(|(id, label)| ((*id).to_owned(), (*label).to_owned())).collect()
    }

    /// The cursor's time (ns).
    #[must_use]
    pub fn now(&self) -> u64 {
        self.world.now()
    }

    /// How far it has been simulated (ns).
    #[must_use]
    pub fn frontier(&self) -> u64 {
        self.frontier.now
    }

    /// About how many bytes all that is kept of this run takes: copies of the world, trace, series, logs, history.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.snapshots.bytes() + self.recorder.bytes([].into_iter()) + self.world.core().trace.most()
    }

    /// The same, of which `others` do not have it as well.
    pub(crate) fn own_memory<'a>(&'a self, others: impl Iterator<Item = &'a Self> + Clone) -> usize {
        self.snapshots.own_bytes(others.clone().map(|other| &other.snapshots))
            + self.recorder.bytes(others.map(|other| &other.recorder))
            + self.world.core().trace.most()
    }

    /// What all that is kept of this run may take from now on (bytes).
    pub(crate) fn set_budget(&mut self, bytes: usize) {
        self.budget = bytes;
        self.share();
    }

    /// About how many bytes a copy of the world takes at the cursor.
    #[must_use]
    pub fn copy_bytes(&self) -> usize {
        self.world.footprint()
    }

    /// The run's length (ns).
    #[must_use]
    pub fn duration(&self) -> u64 {
        self.scenario.duration.0
    }

    /// Events processed at the cursor.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.world.events()
    }

    /// The trace hash at the cursor: 32 hexadecimal digits.
    #[must_use]
    pub fn trace_hash(&self) -> String {
        format!("{:032x}", self.world.trace_hash())
    }

    /// The cursor stands at the end of the run.
    #[must_use]
    pub fn finished(&self) -> bool {
        self.now() >= self.duration() || (self.limit.is_some() && self.live())
    }

    /// Which documented limit ended the run before its time, if one did.
    #[must_use]
    pub fn limit(&self) -> Option<&'static str> {
        self.limit
    }

    /// What happened up to the frontier.
    #[must_use]
    pub fn report(&self) -> Report {
        crate::report::report(self)
    }

    /// What clients did, up to the frontier.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.recorder.history
    }

    /// The name of the client that a process of the history belongs to.
    #[must_use]
    pub fn process_name(&self, process: u64) -> String {
        self.client(process)
    }

    /// The client that a process of the history belongs to.
    pub(crate) fn client(&self, process: u64) -> String {
        self.recorder.owners.get(process as usize).map_or_else(String::new, |client| self.name(*client))
    }

    /// A node's name.
    #[must_use]
    pub fn name(&self, node: u32) -> String {
        self.names.get(node as usize).cloned().unwrap_or_else(|| format!("#{node}"))
    }

    /// The scenario with every chaos entry made into ordinary faults.
    #[must_use]
    pub fn expanded(&self) -> Scenario {
        let mut scenario = self.scenario.clone();
        scenario.faults.retain(|fault| fault.chaos().is_none());
        scenario.faults.extend(self.chaos_faults());
        scenario
    }

    /// The faults that the scenario's chaos entries stand for.
    pub(crate) fn chaos_faults(&self) -> Vec<Fault> {
        timeline::chaos(&self.scenario, self.algorithm, &self.servers)
    }

    /// The fault of the document that an engine's entry stands for, or the one that chaos made.
    pub(crate) fn origin(&self, entry: u32) -> Option<Origin> {
        self.timeline.get(entry as usize).map(|item| item.origin)
    }
}
