//! The past made again: a world apart from the experiment's own, from the copy before a moment on. It records nothing;
//! what it passes can be looked at.

use netsplit_sim::Simulation;
use netsplit_sim::cluster::Stop;
use netsplit_sim::history::Observation;
use netsplit_sim::trace::Record;

use crate::experiment::Experiment;
use crate::timeline::What;

/// Events between two looks at the trace: it holds more records than these can make.
const SLICE: u64 = 1_024;

/// A world on its way through the time line of the run that it came from.
pub(crate) struct Replay {
    pub world: Box<dyn Simulation>,
    pushed: usize,
}

impl Replay {
    /// From the latest copy at which fewer than so many events had run.
    pub(crate) fn before_event(x: &Experiment, event: u64) -> Self {
        let snapshot = x.snapshots().latest(|snapshot| snapshot.events < event);
        Self { world: snapshot.restore(), pushed: snapshot.pushed }
    }

    /// From the latest copy before an instant.
    pub(crate) fn before(x: &Experiment, instant: u64) -> Self {
        let snapshot = x.snapshots().latest(|snapshot| snapshot.now < instant);
        Self { world: snapshot.restore(), pushed: snapshot.pushed }
    }

    /// Runs what is due up to an instant, but at most so many events; false where these were used up first.
    pub(crate) fn run(&mut self, x: &Experiment, until: u64, budget: u64) -> bool {
        let last = self.world.events().saturating_add(budget);
        loop {
            while x.timeline.get(self.pushed).is_some_and(|item| item.at <= self.world.now()) {
                self.push(x);
            }
            let left = last.saturating_sub(self.world.events());
            if left == 0 {
                return false;
            }
            let entry = x.timeline.get(self.pushed).map(|item| item.at).filter(|at| *at <= until);
            let stop = self.world.run(entry.map_or(until, |at| at - 1), left);
            if stop == Stop::Limit {
                return true;
            }
            if stop == Stop::Events {
                continue;
            }
            let Some(at) = entry else { return true };
            while x.timeline.get(self.pushed).is_some_and(|item| item.at == at) {
                self.push(x);
            }
        }
    }

    /// Runs on until so many events have run in all.
    pub(crate) fn run_to_event(&mut self, x: &Experiment, event: u64, end: u64) {
        let mut done = false;
        while self.world.events() < event && !done {
            done = self.run(x, end, event - self.world.events());
        }
    }

    /// The same with every record of the trace on the way, and what was observed; true once the instant is reached.
    pub(crate) fn watch(
        &mut self,
        x: &Experiment,
        event: u64,
        until: u64,
        see: &mut Vec<Record>,
        mut hear: Option<&mut Vec<Observation>>,
    ) -> bool {
        self.world.listen(hear.is_some());
        let (mut done, mut seen) = (false, self.world.events());
        while self.world.events() < event && !done {
            done = self.run(x, until, SLICE.min(event - self.world.events()));
            let from = see.len();
            see.extend(self.world.core().trace.iter().rev().take_while(|record| record.event > seen));
            see[from..].reverse();
            seen = self.world.events();
            if let Some(hear) = hear.as_deref_mut() {
                self.world.drain(hear);
            }
        }
        done
    }

    fn push(&mut self, x: &Experiment) {
        let item = &x.timeline[self.pushed];
        match &item.what {
            What::Fault(fault) => self.world.schedule_fault(fault.clone()),
            What::Action(action) => self.world.schedule_action(item.at, action.clone()),
        };
        self.pushed += 1;
    }
}
