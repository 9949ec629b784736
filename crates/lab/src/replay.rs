//! The past made again: a world apart from the experiment's own, from the copy before a moment on. It records nothing;
//! what it passes can be looked at.

use netsplit_sim::Simulation;
use netsplit_sim::cluster::Stop;
use netsplit_sim::history::Observation;
use netsplit_sim::trace::Record;

use crate::experiment::Experiment;
use crate::timeline::{Item, What};

/// Events between two looks at the trace: it holds more records than these can make.
const SLICE: u64 = 1_024;

/// A world on its way through the time line.
pub(crate) struct Replay<'a> {
    pub world: Box<dyn Simulation>,
    timeline: &'a [Item],
    pushed: usize,
}

impl<'a> Replay<'a> {
    /// From the latest copy at which fewer than so many events had run.
    pub(crate) fn before_event(x: &'a Experiment, event: u64) -> Self {
        let snapshot = x.snapshots().latest(|snapshot| snapshot.events < event);
        Self { world: snapshot.restore(), timeline: &x.timeline, pushed: snapshot.pushed }
    }

    /// From the latest copy before an instant.
    pub(crate) fn before(x: &'a Experiment, instant: u64) -> Self {
        let snapshot = x.snapshots().latest(|snapshot| snapshot.now < instant);
        Self { world: snapshot.restore(), timeline: &x.timeline, pushed: snapshot.pushed }
    }

    /// Runs what is due up to an instant, but at most so many events; false where these were used up first.
    pub(crate) fn run(&mut self, until: u64, budget: u64) -> bool {
        let last = self.world.events().saturating_add(budget);
        loop {
            while self.timeline.get(self.pushed).is_some_and(|item| item.at <= self.world.now()) {
                self.push();
            }
            let left = last.saturating_sub(self.world.events());
            if left == 0 {
                return false;
            }
            let entry = self.timeline.get(self.pushed).map(|item| item.at).filter(|at| *at <= until);
            let stop = self.world.run(entry.map_or(until, |at| at - 1), left);
            if stop == Stop::Limit {
                return true;
            }
            if stop == Stop::Events {
                continue;
            }
            let Some(at) = entry else { return true };
            while self.timeline.get(self.pushed).is_some_and(|item| item.at == at) {
                self.push();
            }
        }
    }

    /// Runs on until so many events have run in all.
    pub(crate) fn run_to_event(&mut self, event: u64, end: u64) {
        let mut done = false;
        while self.world.events() < event && !done {
            done = self.run(end, event - self.world.events());
        }
    }

    /// The same with every record of the trace on the way, and what was observed.
    pub(crate) fn watch(
        &mut self,
        event: u64,
        until: u64,
        see: &mut Vec<Record>,
        hear: &mut Vec<Observation>,
    ) {
        self.world.listen(true);
        let (mut done, mut seen) = (false, self.world.events());
        while self.world.events() < event && !done {
            done = self.run(until, SLICE.min(event - self.world.events()));
            let from = see.len();
            see.extend(self.world.core().trace.iter().rev().take_while(|record| record.event > seen));
            see[from..].reverse();
            seen = self.world.events();
            self.world.drain(hear);
        }
    }

    fn push(&mut self) {
        let item = &self.timeline[self.pushed];
        match &item.what {
            What::Fault(fault) => self.world.schedule_fault(fault.clone()),
            What::Action(action) => self.world.schedule_action(item.at, action.clone()),
        };
        self.pushed += 1;
    }
}
