//! The run that is compared with the one that is shown: locked to its clock, on the same seed, traffic and faults.

use netsplit_lab::compare::{Both, Curve, Row, Verdicts, titles};
use netsplit_lab::scenario::{Compare, Problems};
use netsplit_lab::{Amounts, Band, Chart, Consistency, Experiment, Grade, Legend, declared};

use super::{CHUNK, Differs, JUDGED, Met, Session, compare, setup};
use crate::model::format;
use crate::model::setup::Part;

/// The other run.
pub struct Beside {
    experiment: Experiment,
    /// What each run is called.
    pub titles: (String, String),
    /// Kinds of message.
    pub legend: Vec<Legend>,
    /// Lanes of the time line: (id, label).
    pub lanes: Vec<(String, String)>,
    /// Kinds of violation that the playback has stopped at, and up to where they were looked for (ns).
    met: Vec<&'static str>,
    looked: u64,
}

impl Beside {
    /// The run itself.
    pub fn experiment(&self) -> &Experiment {
        &self.experiment
    }
}

impl Session {
    /// The run beside this one.
    pub fn beside(&self) -> Option<&Beside> {
        self.beside.as_ref()
    }

    /// Both runs, to be asked how they differ.
    pub fn both(&self) -> Option<Both<'_>> {
        let beside = self.beside.as_ref()?;
        let titles = (beside.titles.0.as_str(), beside.titles.1.as_str());
        Some(Both { a: self.lines.current(), b: &beside.experiment, titles })
    }

    /// What the document compares the run with.
    pub fn compared(&self) -> Option<&Compare> {
        self.lines.compare()
    }

    /// What they differ in.
    pub fn differs(&self) -> Option<Differs> {
        let scenario = self.lines.current().document();
        self.compared().map(|compare| Differs::of(scenario, compare, self.chosen.as_ref()))
    }

    /// Shows another run beside this one.
    ///
    /// # Errors
    /// What is wrong with that; then nothing changes.
    pub fn compare(&mut self, compare: Compare) -> Result<(), Problems> {
        let before = (self.lines.compare().cloned(), self.two);
        self.lines.set_compare(Some(compare));
        self.two = true;
        let done = self.pair();
        if done.is_err() {
            self.lines.set_compare(before.0);
            self.two = before.1;
        }
        done
    }

    /// Shows this run alone; what it was compared with is kept.
    pub fn part(&mut self) {
        (self.two, self.beside) = (false, None);
    }

    /// Makes the run beside this one anew, where there is to be one; it catches up later.
    pub(super) fn pair(&mut self) -> Result<(), Problems> {
        if self.two && self.lines.compare().is_some() {
            return self.lay_beside();
        }
        self.part();
        Ok(())
    }

    #[inline(never)]
    fn lay_beside(&mut self) -> Result<(), Problems> {
        let title = self.lines.compare().map(|compare| compare.title.clone()).unwrap_or_default();
        let experiment = self.lines.other(self.beside.as_ref().map(Beside::experiment))?;
        let mut titles = titles(self.lines.current(), &experiment);
        let both = self.named(&experiment).unwrap_or_default();
        if !both.0.is_empty() {
            titles = both;
        }
        if !title.is_empty() {
            titles.1 = title;
        }
        let (legend, lanes) = (experiment.legend(), experiment.lanes());
        // What has happened there before it is shown stops nothing.
        let looked = self.lines.current().now();
        self.beside = Some(Beside { experiment, titles, legend, lanes, met: Vec::new(), looked });
        Ok(())
    }

    /// What tells two runs of one algorithm apart: their branches, how many nodes they have, or a parameter.
    fn named(&self, other: &Experiment) -> Option<(String, String)> {
        let (a, b) = (self.lines.current().document(), other.document());
        let algorithm = setup::algorithm(declared::shared(), a)?;
        Some(match self.differs()? {
            Differs::Algorithm => return None,
            Differs::Branch(name) => {
                let own = self.lines.list().into_iter().find(|line| line.id == self.lines.shown());
                (compare::title(&own?.name), name)
            }
            Differs::Nodes => {
                let nodes = |scenario| format::many(algorithm.node_count(scenario).into(), "node");
                (nodes(a), nodes(b))
            }
            Differs::Param(id) => {
                let decl = algorithm.params.iter().find(|decl| decl.id == id)?;
                let words = |scenario| setup::words(decl, &setup::get(scenario, Part::System, decl));
                (format!("{} {}", decl.label, words(a)), words(b))
            }
        })
    }

    /// Goes on with the run beside this one, if it is not as far, for so long (ms). True while it is behind.
    pub(super) fn catch_up(&mut self, budget_ms: f64, clock: &impl Fn() -> f64) -> bool {
        let (frontier, now) = (self.lines.current().frontier(), self.lines.current().now());
        let Some(Beside { experiment, .. }) = &mut self.beside else { return false };
        if experiment.frontier() >= frontier || experiment.finished() {
            return false;
        }
        let start = clock();
        let reached = experiment.frontier();
        if experiment.now() < reached {
            experiment.seek(reached);
        }
        while !experiment.advance(frontier, CHUNK).done {
            if clock() - start >= budget_ms {
                return true;
            }
        }
        experiment.seek(now);
        false
    }

    /// Whether the run beside this one is still being brought up to it.
    pub fn catching_up(&self) -> bool {
        let frontier = self.lines.current().frontier();
        self.beside.as_ref().is_some_and(|b| b.experiment.frontier() < frontier && !b.experiment.finished())
    }

    /// Puts the run beside this one to the same instant, as far as it has been simulated.
    pub(super) fn follow(&mut self) {
        let now = self.lines.current().now();
        let Some(Beside { experiment, .. }) = &mut self.beside else { return };
        // What is just a picture ahead is done at once; more than that in pieces.
        if now > experiment.frontier() && experiment.now() == experiment.frontier() {
            experiment.advance(now, 4 * CHUNK);
        } else if experiment.now() != now && now <= experiment.frontier() {
            experiment.seek(now);
        }
        experiment.judge(CHUNK);
    }

    /// Goes on with the verdict on the run beside this one: what is to stop the playback, which was at an instant before.
    #[inline(never)]
    pub(super) fn judge_beside(&mut self, before: u64, played: bool) -> Option<Met> {
        let now = self.lines.current().now();
        let Beside { experiment, met, looked, .. } = self.beside.as_mut()?;
        let done = experiment.judge(JUDGED);
        if !played {
            *looked = now;
            return None;
        }
        let to = experiment.now().min(now);
        let found = Met::first(experiment, met, before.min(*looked), to);
        // What a verdict that lags behind finds later is met all the same.
        if done {
            *looked = to;
        }
        found
    }

    /// What is said where a violation of the run beside this one has stopped the playback.
    #[inline(never)]
    pub(super) fn stop_beside(&mut self, found: &Met) -> Option<String> {
        let Beside { experiment, met, .. } = self.beside.as_mut()?;
        met.extend(found.kind);
        found.words(experiment).map(|words| format!("In B: {words} Paused."))
    }

    /// What broke in the run beside this one, by its place in the list.
    #[inline(never)]
    pub fn broken_beside(&self, index: usize, breach: bool) -> Option<String> {
        let beside = self.beside.as_ref()?;
        let words = Met { time: 0, index, kind: None, breach }.words(&beside.experiment);
        words.map(|words| format!("In B: {words}"))
    }

    /// What broke in the run beside this one at this very instant.
    #[inline(never)]
    pub fn broken_beside_here(&self) -> Option<String> {
        let (x, now) = (&self.beside.as_ref()?.experiment, self.now());
        let at = |marks: Vec<(u64, u64)>| marks.iter().position(|(_, time)| *time == now);
        let odd = at(x.violations()).map(|index| (index, false));
        let (index, breach) = odd.or(at(x.breach_marks()).map(|index| (index, true)))?;
        self.broken_beside(index, breach)
    }

    /// Lays a branch beside the one that is shown: the later one of the two is the second.
    ///
    /// # Errors
    /// Where there is no such branch, or it cannot be made.
    pub fn compare_with(&mut self, id: u32) -> Result<(), Problems> {
        let shown = self.lines.shown();
        let main = self.lines.list().first().map(|line| line.id);
        // The main line has no name to be compared by; nor is a run compared with itself.
        let (first, second) = match (Some(id) == main, id == shown) {
            (true, false) => (id, shown),
            (false, true) => (self.branch(id).and_then(|branch| branch.parent).unwrap_or(shown), id),
            _ => (shown, id),
        };
        if first != shown {
            self.show_branch(first)?;
        }
        let branch = self.branch(second).map(|branch| branch.name);
        self.compare(Compare { branch, ..Compare::default() })
    }

    /// How both runs differ, as far as they were simulated.
    #[inline(never)]
    pub fn results(&self) -> Option<Results> {
        let (both, beside) = (self.both()?, self.beside.as_ref()?);
        Some(Results {
            titles: beside.titles.clone(),
            bands: both.b.bands(),
            amounts: both.b.amounts(),
            charts: both.charts(),
            curves: both.curves(),
            rows: both.rows(),
            verdicts: both.verdicts(),
            consistency: (both.a.consistency(), both.b.consistency()),
            violations: both.b.violations(),
            breaches: both.b.breach_marks(),
            broke: [both.a, both.b].map(worst),
            reached: both.a.frontier().min(both.b.frontier()),
        })
    }
}

/// What the invariants come to that a run broke up to its cursor: a broken promise, if one of them is.
fn worst(run: &Experiment) -> Option<Grade> {
    let mut grades = run.breaches().into_iter().filter(|it| it.time <= run.now()).map(|it| it.grade);
    let first = grades.next()?;
    Some(if grades.any(|grade| grade == Grade::Broken) { Grade::Broken } else { first })
}

/// How two runs differ.
pub struct Results {
    /// What each is called.
    pub titles: (String, String),
    /// Bands of the second run's lanes.
    pub bands: Vec<Band>,
    /// Amounts of its lanes under them.
    pub amounts: Vec<Amounts>,
    /// Charts with a line for each run.
    pub charts: Vec<Chart>,
    /// How latency is distributed in each.
    pub curves: (Curve, Curve),
    /// Numbers of both.
    pub rows: Vec<Row>,
    /// What became of the promises.
    pub verdicts: Vec<Verdicts>,
    /// What clients saw in each.
    pub consistency: (Option<Consistency>, Option<Consistency>),
    /// Operations of the second run that nothing explains: event and instant (ns).
    pub violations: Vec<(u64, u64)>,
    /// Invariants that it broke: event and instant (ns).
    pub breaches: Vec<(u64, u64)>,
    /// What the invariants that each broke by now come to, the worst of them.
    pub broke: [Option<Grade>; 2],
    /// How far both were simulated (ns).
    pub reached: u64,
}
