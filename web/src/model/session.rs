//! The running experiment with its playback: what the page's buttons do to it.

use netsplit_lab::scenario::{Action, Fault, Problems, Scenario, encode};
use netsplit_lab::{
    Amounts, Around, Band, Breach, Cap, Chart, Consistency, Experiment, FaultBlock, Finding, Frame, Grade,
    Legend, LogEntry, LogPage, Row,
};

use super::console;
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
    experiment: Experiment,
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
    behind: bool,
    caught_up: bool,
    /// Where the cursor is to be, while the engine still works towards it.
    pub goal: Option<u64>,
    /// It works towards the next thing worth seeing after this instant.
    hunt: Option<u64>,
    /// The link's own hash was not reached.
    pub differs: bool,
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
}

impl Session {
    /// Opens a scenario; its own cursor is worked towards.
    ///
    /// # Errors
    /// Every problem of the scenario.
    pub fn open(scenario: Scenario) -> Result<Self, Problems> {
        let mut experiment = Experiment::open(&scenario)?;
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
        Ok(Self {
            met: Vec::new(),
            stopped: None,
            behind: false,
            caught_up: false,
            legend: experiment.legend(),
            lanes: experiment.lanes(),
            playback: Playback::new(speed),
            goal: None,
            hunt: None,
            differs,
            scenario,
            experiment,
        })
    }

    /// One picture's worth of work: `clock` gives wall milliseconds, `budget_ms` is how long it may take.
    /// True where the cursor moved.
    pub fn tick(&mut self, wall_ms: f64, budget_ms: f64, clock: impl Fn() -> f64) -> bool {
        let before = (self.experiment.now(), self.experiment.events());
        let played = self.playback.playing && self.goal.is_none();
        if let Some(goal) = self.goal {
            self.work(goal, budget_ms * 2.0, &clock);
            if let Some(from) = self.hunt
                && let Some(found) = self.marks().into_iter().find(|mark| *mark > from)
            {
                self.seek(found);
            } else if self.experiment.now() >= goal || self.experiment.finished() {
                (self.goal, self.hunt) = (None, None);
            }
        } else if self.playback.playing {
            if self.playback.reduced {
                if self.playback.event_due(wall_ms) {
                    self.experiment.step();
                }
            } else {
                let target = self.playback.target(before.0, wall_ms, self.experiment.duration());
                self.work(target, budget_ms, &clock);
                let got = self.experiment.now().saturating_sub(before.0);
                self.playback.record(target.saturating_sub(before.0), got, wall_ms);
            }
            if self.experiment.finished() {
                self.playback.set_playing(false);
            }
        }
        self.judge(before.0, played);
        before != (self.experiment.now(), self.experiment.events())
    }

    /// Goes on with the verdict; at the first violation of a kind that it meets, and at the first breach of an
    /// invariant, the playback stops. Who has asked for an instant gets there, whatever lies on the way.
    fn judge(&mut self, before: u64, played: bool) {
        let done = self.experiment.judge(JUDGED);
        // The panels have shown a verdict that was not up to date.
        self.caught_up = self.behind && done;
        self.behind &= !done;
        if !played {
            return;
        }
        let now = self.experiment.now();
        let fresh = |marks: Vec<(u64, u64)>| {
            let from = marks.partition_point(|(_, time)| *time <= before);
            marks
                .into_iter()
                .enumerate()
                .skip(from)
                .map(|(index, (_, time))| (index, time))
                .take_while(move |m| m.1 <= now)
        };
        let x = &self.experiment;
        let new = |kind: &Option<&'static str>| kind.is_some_and(|kind| !self.met.contains(&kind));
        let odd = fresh(x.violations()).map(|(at, time)| (time, at, x.finding_kind(at), false));
        let broken = fresh(x.breach_marks()).map(|(at, time)| (time, at, x.breach_kind(at), true));
        let odd = odd.take(KINDS).find(|(.., kind, _)| new(kind));
        let broken = broken.take(KINDS).find(|(.., kind, _)| new(kind));
        let Some((time, at, kind, breach)) = [odd, broken].into_iter().flatten().min_by_key(|found| found.0)
        else {
            return;
        };
        self.met.extend(kind);
        self.playback.set_playing(false);
        self.experiment.seek(time);
        let words = match breach {
            true => self.experiment.breach(at).map(|breach| breach.sentence),
            false => self.experiment.finding(at).map(|found| format!("{}: {}", found.title, found.sentence)),
        };
        self.stopped = words.map(|words| format!("{words} Paused."));
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
        self.experiment.judged(steps)
    }

    /// An invariant that was broken.
    pub fn breach(&self, index: usize) -> Option<Breach> {
        self.experiment.breach(index)
    }

    /// Runs that say what partitions cost.
    pub fn cap(&self) -> Option<Cap> {
        Cap::new(&self.experiment)
    }

    /// A violation, explained.
    pub fn finding(&self, index: usize) -> Option<Finding> {
        self.experiment.finding(index)
    }

    /// The operations around a violation.
    pub fn around(&self, index: usize) -> Option<Around> {
        self.experiment.around(index)
    }

    fn work(&mut self, target: u64, budget_ms: f64, clock: &impl Fn() -> f64) {
        let start = clock();
        loop {
            let step = self.experiment.advance(target, CHUNK);
            if step.done || clock() - start >= budget_ms {
                break;
            }
        }
    }

    /// Plays or stops; at the end it starts anew.
    pub fn toggle(&mut self) {
        if !self.playback.playing && self.experiment.finished() {
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
        let mut marks: Vec<u64> = self.experiment.violations().into_iter().map(|(_, time)| time).collect();
        marks.extend(self.experiment.breach_marks().into_iter().map(|(_, time)| time));
        if marks.is_empty() {
            return self.experiment.landmarks();
        }
        netsplit_lab::small::sort_by_key(&mut marks, |mark| *mark);
        marks.dedup();
        marks
    }

    /// To an instant; far ahead it takes several pictures.
    pub fn seek(&mut self, to: u64) {
        self.hunt = None;
        let to = to.min(self.experiment.duration());
        if to > self.experiment.frontier() {
            self.goal = Some(to);
        } else {
            self.goal = None;
            self.experiment.seek(to);
        }
    }

    /// One event on or back.
    pub fn step(&mut self, forward: bool) {
        self.playback.set_playing(false);
        self.goal = None;
        if forward {
            self.experiment.step();
        } else {
            self.experiment.step_back();
        }
    }

    /// Breaks something now. Gives the fault's index.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn inject(&mut self, fault: Fault) -> Result<usize, Problems> {
        self.changes();
        let index = self.experiment.inject(fault)?;
        self.settle();
        Ok(index)
    }

    /// Lets the operator do something now.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn act(&mut self, action: Action) -> Result<usize, Problems> {
        self.changes();
        let index = self.experiment.act(action)?;
        self.settle();
        Ok(index)
    }

    /// Has a client ask what a person typed, at a node: one that the node can be reached from, if there is any.
    ///
    /// # Errors
    /// What is wrong with it, for people.
    pub fn ask(&mut self, line: &str, node: &str) -> Result<usize, String> {
        let frame = self.experiment.frame();
        let id = |name: &str| frame.nodes.iter().find(|known| known.name == name).map(|known| known.id);
        let Some(asked) = id(node) else { return Err(format!("There is no {node}.")) };
        let clients = || frame.nodes.iter().filter(|known| known.client);
        let apart = |client: u32| {
            let side = |sides: &Vec<Vec<u32>>, id: u32| sides.iter().position(|side| side.contains(&id));
            frame.partitions.iter().any(|cut| side(&cut.sides, client) != side(&cut.sides, asked))
        };
        let client = clients().find(|client| !apart(client.id)).or_else(|| clients().next());
        let Some(client) = client else { return Err("There is no client that could ask.".to_owned()) };
        let operation = console::parse(line, node, &client.name)?;
        self.changes();
        let index = self.experiment.operate(operation).map_err(|problems| problems.to_string())?;
        self.settle();
        Ok(index)
    }

    /// The newest answers to what was asked by hand, oldest first.
    pub fn answers(&self) -> Vec<LogEntry> {
        self.experiment.log_around(Some("answer"), 6, 0).rows
    }

    /// The run is about to become another one from here on.
    fn changes(&mut self) {
        (self.goal, self.hunt) = (None, None);
    }

    /// What a hand did takes effect a nanosecond after the cursor: while the run stands still, it is shown at once.
    fn settle(&mut self) {
        if !self.playback.playing {
            let next = self.experiment.now() + 1;
            self.experiment.advance(next, CHUNK);
        }
    }

    /// Ends a fault now.
    pub fn heal(&mut self, index: usize) {
        self.changes();
        self.experiment.end_fault(index);
        self.settle();
    }

    /// Ends every fault that is in force. Gives how many there were.
    pub fn heal_all(&mut self) -> usize {
        self.changes();
        let active = self.active();
        active.iter().for_each(|index| self.experiment.end_fault(*index));
        self.settle();
        active.len()
    }

    /// Puts another fault in a fault's place.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn edit_fault(&mut self, index: usize, fault: Fault) -> Result<(), Problems> {
        self.changes();
        self.experiment.edit_fault(index, fault)
    }

    /// Takes a fault out of the run.
    pub fn remove(&mut self, index: usize) {
        self.changes();
        self.experiment.remove_fault(index);
    }

    /// The document's faults that are in force now.
    pub fn active(&self) -> Vec<usize> {
        let now = self.experiment.now();
        let listed = self.experiment.scenario().faults.len();
        let faults = self.experiment.faults();
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
        change(&mut scenario);
        let mut next = Self::open(scenario)?;
        next.playback = self.playback.clone();
        Ok(next)
    }

    /// The scenario with everything done by hand, the cursor and the hash.
    pub fn document(&self) -> Scenario {
        self.experiment.scenario()
    }

    /// The link's fragment, `#s=…`.
    #[inline(never)]
    pub fn link(&self) -> String {
        let mut scenario = self.document();
        netsplit_lab::declared::shared().leave_out_defaults(&mut scenario);
        scenario.view.speed = Some(self.playback.speed);
        format!("#s={}", encode(&scenario))
    }

    /// The run itself, to ask it what only few parts of the page show.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }

    /// To an event, by its number and instant.
    pub fn go_to_event(&mut self, event: u64, time: u64) {
        self.playback.set_playing(false);
        (self.goal, self.hunt) = (None, None);
        self.experiment.seek(time.saturating_sub(1));
        self.experiment.run_to_event(event);
    }

    /// The picture now.
    pub fn frame(&self) -> Frame {
        self.experiment.frame()
    }

    /// Brings a picture up to now: see [`Experiment::glance`].
    pub fn glance(&self, frame: &mut Frame, all: bool, ids: bool) {
        self.experiment.glance(frame, all, ids);
    }

    /// Everything about a node.
    pub fn inspect(&self, node: u32) -> netsplit_lab::NodeFrame {
        self.experiment.inspect(node)
    }

    /// The cursor (ns).
    pub fn now(&self) -> u64 {
        self.experiment.now()
    }

    /// The run's length (ns).
    pub fn duration(&self) -> u64 {
        self.experiment.duration()
    }

    /// Events up to the cursor.
    pub fn events(&self) -> u64 {
        self.experiment.events()
    }

    /// The trace hash at the cursor.
    pub fn hash(&self) -> String {
        self.experiment.trace_hash()
    }

    /// The end of the run is reached.
    pub fn finished(&self) -> bool {
        self.experiment.finished()
    }

    /// What the panels show now, with entries of the event log of one kind or of all: so many up to the cursor, and so
    /// many after it.
    pub fn panels(&mut self, kind: Option<&str>, (before, after): (usize, usize), charts: bool) -> Panels {
        self.behind = !self.experiment.judge(8 * JUDGED);
        let now = self.experiment.now();
        let marks = self.marks();
        Panels {
            marks: (marks.partition_point(|mark| *mark <= now), marks.len()),
            now,
            frontier: self.experiment.frontier(),
            duration: self.experiment.duration(),
            operations: self.operations(),
            consistency: self.experiment.consistency(),
            violations: self.experiment.violations(),
            breaches: self.experiment.breach_marks(),
            unanswered: self.experiment.unanswered(),
            faults: self.experiment.faults(),
            bands: self.experiment.bands(),
            amounts: self.experiment.amounts(),
            charts: if charts { self.experiment.charts() } else { Vec::new() },
            log: self.experiment.log_around(kind, before, after),
        }
    }

    fn operations(&self) -> Operations {
        let tally = self.experiment.tally();
        let (recent_ok, recent_failed) = tally.recent(self.experiment.now());
        let open = tally.invoked.saturating_sub(tally.ok + tally.failed);
        Operations { ok: tally.ok, failed: tally.failed, open, recent_ok, recent_failed }
    }
}
