//! The running experiment with its playback: what the page's buttons do to it.

mod beside;
mod change;

use netsplit_lab::breakpoints::{self, Breakpoint};
use netsplit_lab::changes::{self, Changed};
use netsplit_lab::scenario::{Fault, Problems, Scenario, encode, limits};
use netsplit_lab::{
    Amounts, Around, Band, BranchFrame, Branches, Breach, Cap, Chart, Consistency, Experiment, FaultBlock,
    Finding, Frame, Grade, Legend, LogEntry, LogPage, Row,
};

pub use beside::{Beside, Results};

use super::compare::{self, Differs};
use super::playback::{Playback, comfortable};
use super::setup;
use super::summary::Operations;

/// Events that run between two looks at the clock.
const CHUNK: u64 = 512;
/// Steps of the verdict in a picture.
const JUDGED: u64 = 4_096;

/// Violations and breaches of one picture whose kind is looked at.
const KINDS: usize = 64;

/// A scenario without a cursor opens so far into its run (ns) …
const WARM: u64 = 2_000_000_000;
/// … but so long before its first fault (ns), and after at most so many events.
const LEAD: u64 = 1_000_000_000;
const WARM_EVENTS: u64 = 100_000;

/// A scenario that is open.
pub struct Session {
    /// The run with its branches.
    lines: Branches,
    /// The run that it is compared with, where that is shown.
    beside: Option<Beside>,
    /// Both are to be shown.
    two: bool,
    /// What they are to differ in, as far as that was chosen.
    pub chosen: Option<Differs>,
    /// How far somebody has looked at the line that is shown (ns).
    seen: u64,
    /// The line and the fault in it that a hand is shaping.
    shaping: Option<(u32, usize)>,
    /// The name of the branch that the latest change has made.
    left: Option<String>,
    /// What was opened, with what was changed in the set-up since.
    pub scenario: Scenario,
    /// Playing and speed.
    pub playback: Playback,
    /// Kinds of message.
    pub legend: Vec<Legend>,
    /// Lanes of the time line: (id, label).
    pub lanes: Vec<(String, String)>,
    /// Kinds of violation that the playback has stopped at.
    met: Vec<&'static str>,
    /// What is to be said about a stop.
    stopped: Option<String>,
    /// Where it stops by itself while it plays, and the one that it has just stopped at.
    pub breaks: Vec<Breakpoint>,
    broke: Option<usize>,
    behind: bool,
    caught_up: bool,
    /// Where the cursor is to be, while the engine still works towards it.
    pub goal: Option<u64>,
    /// It works towards the next thing worth seeing after this instant.
    hunt: Option<u64>,
    /// The link's own hash was not reached.
    pub differs: bool,
}

/// A violation, or the breach of an invariant, of a kind that was not met before.
#[derive(Clone, Copy)]
struct Met {
    time: u64,
    index: usize,
    kind: Option<&'static str>,
    breach: bool,
}

impl Met {
    /// The first one of a run after an instant, and up to another.
    fn first(x: &Experiment, met: &[&'static str], from: u64, to: u64) -> Option<Self> {
        let mut first: Option<Self> = None;
        for breach in [false, true] {
            let marks = if breach { x.breach_marks() } else { x.violations() };
            let start = marks.partition_point(|(_, time)| *time <= from);
            for (index, (_, time)) in marks.into_iter().enumerate().skip(start).take(KINDS) {
                let kind = if breach { x.breach_kind(index) } else { x.finding_kind(index) };
                if time > to || first.is_some_and(|first| first.time <= time) {
                    break;
                }
                if kind.is_some_and(|kind| !met.contains(&kind)) {
                    first = Some(Self { time, index, kind, breach });
                }
            }
        }
        first
    }

    /// What it is.
    fn words(&self, x: &Experiment) -> Option<String> {
        match self.breach {
            true => x.breach(self.index).map(|breach| breach.sentence),
            false => x.finding(self.index).map(|found| format!("{}: {}", found.title, found.sentence)),
        }
    }
}

/// Where a scenario without a cursor opens: in full swing, and before anything goes wrong (ns). Faults at the
/// very start are part of the set-up.
fn warm(scenario: &Scenario) -> u64 {
    let faults = scenario.faults.iter().map(|fault| fault.at.nanos());
    let actions = scenario.actions.iter().map(|action| action.at.nanos());
    let operations = scenario.operations.iter().map(|operation| operation.at.nanos());
    let first = faults.chain(actions).chain(operations).filter(|at| *at > 0).min().unwrap_or(u64::MAX);
    WARM.min(scenario.duration.nanos() / 8).min(first.saturating_sub(LEAD))
}

/// What the panels show; made a few times a second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Panels {
    /// The cursor (ns).
    pub now: u64,
    /// Simulated so far (ns).
    pub frontier: u64,
    /// The run's length (ns).
    pub duration: u64,
    /// Clients' operations.
    pub operations: Operations,
    /// How many violations there have been, and in all so far; things worth seeing in a run without any.
    pub marks: (usize, usize),
    /// What clients saw, judged up to the cursor.
    pub consistency: Option<Consistency>,
    /// Operations that nothing explains: event and instant (ns).
    pub violations: Vec<(u64, u64)>,
    /// Invariants that were broken: event and instant (ns).
    pub breaches: Vec<(u64, u64)>,
    /// What it says about the promise to answer that some requests were not answered just now.
    pub unanswered: Option<Grade>,
    /// Faults as blocks.
    pub faults: Vec<FaultBlock>,
    /// Bands of the lanes.
    pub bands: Vec<Band>,
    /// Amounts of the lanes under them.
    pub amounts: Vec<Amounts>,
    /// Charts.
    pub charts: Vec<Chart>,
    /// The event log around the cursor.
    pub log: LogPage,
    /// Courses of events, the main one first.
    pub branches: Vec<BranchFrame>,
}

impl Session {
    /// Opens a scenario; its own cursor is worked towards.
    ///
    /// # Errors
    /// Every problem of the scenario.
    pub fn open(mut scenario: Scenario) -> Result<Self, Problems> {
        // From here on they are the page's: another set-up may do without the nodes that they name.
        let said = std::mem::take(&mut scenario.view.breakpoints);
        let mut lines = Branches::open(&scenario)?;
        let experiment = lines.current_mut();
        let latency = setup::typical(&scenario.network.latency);
        let speed = scenario.view.speed.unwrap_or_else(|| comfortable(latency));
        let saved = experiment.saved_cursor().is_some();
        if saved {
            experiment.seek_saved_cursor();
        } else {
            // Nobody wants to see a cluster that has not found itself: it opens warm.
            experiment.advance(warm(&scenario), WARM_EVENTS);
        }
        let differs = saved && experiment.agrees() == Some(false);
        let mut session = Self {
            beside: None,
            two: scenario.view.compare && scenario.compare.is_some(),
            chosen: None,
            seen: experiment.frontier(),
            shaping: None,
            left: None,
            met: Vec::new(),
            stopped: None,
            breaks: if said.is_empty() { Vec::new() } else { breakpoints::of_specs(experiment, &said) },
            broke: None,
            behind: false,
            caught_up: false,
            legend: experiment.legend(),
            lanes: experiment.lanes(),
            playback: Playback::new(speed),
            goal: None,
            hunt: None,
            differs,
            scenario,
            lines,
        };
        session.pair()?;
        Ok(session)
    }

    /// One picture's worth of work: `clock` gives wall milliseconds, `budget_ms` is how long it may take.
    /// True where the cursor moved.
    pub fn tick(&mut self, wall_ms: f64, budget_ms: f64, clock: impl Fn() -> f64) -> bool {
        let before = (self.lines.current().now(), self.lines.current().events());
        let played = self.playback.playing && self.goal.is_none();
        self.watch(played);
        if self.catch_up(budget_ms * 2.0, &clock) {
            // The run beside is being brought up to this one, which waits.
        } else if let Some(goal) = self.goal {
            self.pursue(goal, budget_ms * 2.0, &clock);
        } else if self.playback.playing {
            if self.playback.reduced {
                if self.playback.event_due(wall_ms) {
                    self.step_watched();
                }
            } else {
                let target = self.playback.target(before.0, wall_ms, self.lines.current().duration());
                self.work(target, budget_ms, &clock);
                let got = self.lines.current().now().saturating_sub(before.0);
                self.playback.record(target.saturating_sub(before.0), got, wall_ms);
            }
            self.broke = self.lines.current_mut().take_stop();
            if self.lines.current().finished() || self.broke.is_some() {
                self.playback.set_playing(false);
            }
        }
        self.follow();
        self.judge(before.0, played);
        self.seen = self.seen.max(self.now());
        before != (self.lines.current().now(), self.lines.current().events())
    }

    /// Goes on with the verdict; at the first violation of a kind that it meets, and at the first breach of an
    /// invariant, the playback stops, in whichever run that is. Who has asked for an instant gets there, whatever lies on
    /// the way.
    fn judge(&mut self, before: u64, played: bool) {
        let done = self.lines.current_mut().judge(JUDGED);
        // The panels have shown a verdict that was not up to date.
        self.caught_up = self.behind && done;
        self.behind &= !done;
        let x = self.lines.current();
        let own = if played { Met::first(x, &self.met, before, x.now()) } else { None };
        let other = if self.beside.is_some() { self.judge_beside(before, played) } else { None };
        let sooner = own.is_none_or(|own| other.is_some_and(|other| other.time < own.time));
        let met = if sooner { other } else { own };
        let Some(met) = met else { return };
        self.playback.set_playing(false);
        self.lines.current_mut().seek(met.time);
        if sooner {
            self.stopped = self.stop_beside(&met);
        } else {
            self.met.extend(met.kind);
            self.stopped = met.words(self.lines.current()).map(|words| format!("{words} Paused."));
        }
        self.follow();
    }

    /// Breakpoints stop what plays: who has asked for an instant gets there.
    fn watch(&mut self, played: bool) {
        let wanted = if played { self.breaks.as_slice() } else { &[] };
        let of = |point: &Breakpoint| (point.at.clone(), point.on);
        if !self.lines.current().breakpoints().iter().map(of).eq(wanted.iter().map(of)) {
            let wanted = wanted.to_vec();
            self.lines.current_mut().set_breakpoints(wanted);
        }
    }

    /// One event on; a breakpoint that it hits is kept.
    fn step_watched(&mut self) {
        if self.lines.current().breakpoints().is_empty() {
            self.lines.current_mut().step();
            return;
        }
        let (before, end) = (self.lines.current().events(), self.lines.current().duration());
        while self.lines.current().events() == before && !self.lines.current_mut().advance(end, 1).done {}
    }

    /// What the last event at a node changed in it.
    #[inline(never)]
    pub fn changed(&mut self, node: u32) -> Option<Changed> {
        changes::changed(self.lines.current_mut(), node)
    }

    /// The breakpoint at which the playback has just stopped, by its place in the list.
    pub fn take_break(&mut self) -> Option<usize> {
        self.broke.take()
    }

    /// Whether the verdict has just come to the frontier after the panels had to show an older one.
    pub fn caught_up(&self) -> bool {
        self.caught_up
    }

    /// What is to be said about the violation at which the playback has just stopped.
    pub fn take_stop(&mut self) -> Option<String> {
        self.stopped.take()
    }

    /// What every model says up to the cursor.
    pub fn judged(&self, steps: u64) -> Vec<Row> {
        self.lines.current().judged(steps)
    }

    /// An invariant that was broken.
    pub fn breach(&self, index: usize) -> Option<Breach> {
        self.lines.current().breach(index)
    }

    /// Runs that say what partitions cost.
    pub fn cap(&self) -> Option<Cap> {
        Cap::new(self.lines.current())
    }

    /// A violation, explained.
    pub fn finding(&self, index: usize) -> Option<Finding> {
        self.lines.current().finding(index)
    }

    /// The operations around a violation.
    pub fn around(&self, index: usize) -> Option<Around> {
        self.lines.current().around(index)
    }

    fn work(&mut self, target: u64, budget_ms: f64, clock: &impl Fn() -> f64) {
        let start = clock();
        loop {
            let step = self.lines.current_mut().advance(target, CHUNK);
            self.follow();
            if step.done || clock() - start >= budget_ms {
                break;
            }
        }
    }

    /// So much of the way to where the cursor is to be.
    fn pursue(&mut self, goal: u64, budget_ms: f64, clock: &impl Fn() -> f64) {
        self.work(goal, budget_ms, clock);
        if let Some(from) = self.hunt
            && let Some(found) = self.marks().into_iter().find(|mark| *mark > from)
        {
            self.seek(found);
        } else if self.lines.current().now() >= goal || self.lines.current().finished() {
            (self.goal, self.hunt) = (None, None);
        }
    }

    /// To an instant, and so much of the way at once: a run of usual size is never seen at its start.
    pub fn return_to(&mut self, to: u64, budget_ms: f64, clock: impl Fn() -> f64) {
        self.seek(to);
        if let Some(goal) = self.goal {
            self.pursue(goal, budget_ms, &clock);
        }
    }

    /// Plays or stops; at the end it starts anew.
    pub fn toggle(&mut self) {
        if !self.playback.playing && self.lines.current().finished() {
            self.seek(0);
        }
        (self.goal, self.hunt) = (None, None);
        self.playback.set_playing(!self.playback.playing);
    }

    /// To the previous or the next violation, or in a run without any to the previous or the next thing worth seeing;
    /// beyond what is simulated it is looked for.
    pub fn jump(&mut self, forward: bool) {
        self.playback.set_playing(false);
        let (now, marks) = (self.now(), self.marks());
        let at = marks.partition_point(|mark| if forward { *mark <= now } else { *mark < now });
        match if forward { marks.get(at) } else { marks[..at].last() } {
            Some(mark) => self.seek(*mark),
            None if forward => {
                self.seek(self.duration());
                self.hunt = self.goal.map(|_| now);
            }
            None => self.seek(0),
        }
    }

    fn marks(&self) -> Vec<u64> {
        let mut marks: Vec<u64> = Vec::new();
        let mut add = |x: &Experiment| {
            for list in [x.violations(), x.breach_marks()] {
                marks.extend(list.iter().map(|(_, time)| *time));
            }
        };
        add(self.lines.current());
        self.beside.iter().for_each(|beside| add(beside.experiment()));
        if marks.is_empty() {
            return self.lines.current().landmarks();
        }
        netsplit_lab::small::sort_by_key(&mut marks, |mark| *mark);
        marks.dedup();
        marks
    }

    /// To an instant; far ahead it takes several pictures.
    pub fn seek(&mut self, to: u64) {
        self.hunt = None;
        let to = to.min(self.lines.current().duration());
        if to > self.lines.current().frontier() {
            self.goal = Some(to);
        } else {
            self.goal = None;
            self.lines.current_mut().seek(to);
            self.follow();
        }
    }

    /// One event on or back.
    pub fn step(&mut self, forward: bool) {
        self.playback.set_playing(false);
        self.goal = None;
        if forward {
            self.lines.current_mut().step();
        } else {
            self.lines.current_mut().step_back();
        }
        self.follow();
    }

    /// The newest answers to what was asked by hand, oldest first.
    pub fn answers(&self) -> Vec<LogEntry> {
        self.lines.current().log_around(Some("answer"), 6, 0).rows
    }

    /// The document's faults that are in force now.
    pub fn active(&self) -> Vec<usize> {
        let now = self.lines.current().now();
        let listed = self.lines.current().document().faults.len();
        let faults = self.lines.current().faults();
        faults.iter().filter(|f| f.index < listed && f.from <= now && now < f.to).map(|f| f.index).collect()
    }

    /// The same run from its start with another set-up: what was injected by hand stays.
    ///
    /// # Errors
    /// Every problem of the changed scenario.
    pub fn reopened(&self, change: &mut dyn FnMut(&mut Scenario)) -> Result<Self, Problems> {
        let mut scenario = self.document();
        scenario.view.cursor = None;
        scenario.view.trace_hash = None;
        scenario.semantics = None;
        let before = scenario.clone();
        change(&mut scenario);
        compare::carry(&before, &mut scenario);
        let mut next = Self::open(scenario)?;
        next.playback = self.playback.clone();
        next.chosen.clone_from(&self.chosen);
        Ok(next)
    }

    /// The scenario with everything done by hand, all branches, the cursor and the hash.
    pub fn document(&self) -> Scenario {
        let mut scenario = self.lines.scenario();
        scenario.view.compare = self.two;
        scenario
    }

    /// The course of events that is shown, as a document of its own.
    pub fn alone(&self) -> Scenario {
        let mut scenario = self.lines.current().scenario();
        scenario.compare = self.lines.compare().cloned();
        scenario.view.compare = self.two;
        scenario
    }

    /// A fault of the course of events that is shown.
    pub fn fault(&self, index: usize) -> Option<Fault> {
        self.lines.current().document().faults.get(index).cloned()
    }

    /// The link's fragment, `#s=…`.
    #[inline(never)]
    pub fn link(&self) -> String {
        let mut scenario = self.document();
        netsplit_lab::declared::shared().leave_out_defaults(&mut scenario);
        scenario.view.speed = Some(self.playback.speed);
        let said = self.breaks.iter().filter_map(|point| breakpoints::spec(self.lines.current(), point));
        scenario.view.breakpoints = said.take(limits::BREAKPOINTS).collect();
        format!("#s={}", encode(&scenario))
    }

    /// The run itself, to ask it what only few parts of the page show.
    pub fn experiment(&self) -> &Experiment {
        self.lines.current()
    }

    /// To an event, by its number and instant.
    pub fn go_to_event(&mut self, event: u64, time: u64) {
        self.playback.set_playing(false);
        (self.goal, self.hunt) = (None, None);
        self.lines.current_mut().seek(time.saturating_sub(1));
        self.lines.current_mut().run_to_event(event);
        self.follow();
    }

    /// The picture now.
    pub fn frame(&self) -> Frame {
        self.lines.current().frame()
    }

    /// Brings a picture up to now: see [`Experiment::glance`].
    pub fn glance(&self, frame: &mut Frame, all: bool, ids: bool) {
        self.lines.current().glance(frame, all, ids);
    }

    /// Everything about a node.
    pub fn inspect(&self, node: u32) -> netsplit_lab::NodeFrame {
        self.lines.current().inspect(node)
    }

    /// The cursor (ns).
    pub fn now(&self) -> u64 {
        self.lines.current().now()
    }

    /// The run's length (ns).
    pub fn duration(&self) -> u64 {
        self.lines.current().duration()
    }

    /// Events up to the cursor.
    pub fn events(&self) -> u64 {
        self.lines.current().events()
    }

    /// The trace hash at the cursor.
    pub fn hash(&self) -> String {
        self.lines.current().trace_hash()
    }

    /// The end of the run is reached.
    pub fn finished(&self) -> bool {
        self.lines.current().finished()
    }

    /// What the panels show now, with entries of the event log of one kind or of all: so many up to the cursor, and so
    /// many after it.
    pub fn panels(&mut self, kind: Option<&str>, (before, after): (usize, usize), charts: bool) -> Panels {
        self.behind = !self.lines.current_mut().judge(8 * JUDGED);
        let now = self.lines.current().now();
        let marks = self.marks();
        Panels {
            marks: (marks.partition_point(|mark| *mark <= now), marks.len()),
            now,
            frontier: self.lines.current().frontier(),
            duration: self.lines.current().duration(),
            operations: self.operations(),
            consistency: self.lines.current().consistency(),
            violations: self.lines.current().violations(),
            breaches: self.lines.current().breach_marks(),
            unanswered: self.lines.current().unanswered(),
            faults: self.lines.current().faults(),
            bands: self.lines.current().bands(),
            amounts: self.lines.current().amounts(),
            charts: if charts { self.lines.current().charts() } else { Vec::new() },
            log: self.lines.current().log_around(kind, before, after),
            branches: self.lines.list(),
        }
    }

    fn operations(&self) -> Operations {
        let tally = self.lines.current().tally();
        let (recent_ok, recent_failed) = tally.recent(self.lines.current().now());
        let open = tally.invoked.saturating_sub(tally.ok + tally.failed);
        Operations { ok: tally.ok, failed: tally.failed, open, recent_ok, recent_failed }
    }
}
