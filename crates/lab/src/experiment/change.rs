//! Changes by hand: faults and actions injected, ended, taken out; what lies beyond the cursor is forgotten.

use netsplit_scenario::{Action, Duration, Fault, Operation, Problem, Problems, Scenario};

use super::{Experiment, Moment};
use crate::declared;
use crate::timeline::{self, Item, Resolver};

impl Experiment {
    /// Injects a fault at the cursor's time + 1 ns, whatever its `at` says; what was simulated beyond the
    /// cursor is forgotten. Returns its index in the scenario's list.
    ///
    /// # Errors
    /// What is wrong with it, by path within the fault.
    pub fn inject(&mut self, fault: Fault) -> Result<usize, Problems> {
        let at = self.next_instant()?;
        let index = self.scenario.faults.len();
        let mut changed = self.scenario.clone();
        changed.faults.push(Fault { at: Duration(at), ..fault });
        self.change(changed, &format!("faults[{index}]"))?;
        Ok(index)
    }

    /// Runs an action at the cursor's time + 1 ns. Returns its index in the scenario's list.
    ///
    /// # Errors
    /// What is wrong with it, by path within the action.
    pub fn act(&mut self, action: Action) -> Result<usize, Problems> {
        let at = self.next_instant()?;
        let index = self.scenario.actions.len();
        let mut changed = self.scenario.clone();
        let mut action = Action { at: Duration(at), ..action };
        if action.kind == declared::ADD_NODE && action.node.is_none() {
            let taken = |name: &String| changed.actions.iter().any(|a| a.node.as_ref() == Some(name));
            let core = self.world.core();
            let spare = core.meta.iter().zip(&core.nodes).find(|(m, n)| n.absent && !taken(&m.name));
            action.node = spare.map(|(meta, _)| meta.name.clone());
        }
        changed.actions.push(action);
        self.change(changed, &format!("actions[{index}]"))?;
        Ok(index)
    }

    /// Has a client ask something, at the cursor's time + 1 ns or later. Returns its index in the scenario's list.
    ///
    /// # Errors
    /// What is wrong with it, by path within the operation.
    pub fn operate(&mut self, operation: Operation) -> Result<usize, Problems> {
        let at = self.next_instant()?.max(operation.at.0);
        let index = self.scenario.operations.len();
        let mut changed = self.scenario.clone();
        changed.operations.push(Operation { at: Duration(at), ..operation });
        self.change(changed, &format!("operations[{index}]"))?;
        Ok(index)
    }

    /// Takes a fault out of the scenario as if it had never been; the run is made again up to the cursor.
    /// Nothing happens where there is no such fault.
    pub fn remove_fault(&mut self, index: usize) {
        if index < self.scenario.faults.len() {
            let mut changed = self.scenario.clone();
            let fault = changed.faults.remove(index);
            // Chaos entries draw by their place among each other: without one, the others may differ.
            self.remake(changed, if fault.chaos().is_some() { 0 } else { fault.at.0 });
        }
    }

    /// Puts another fault in a fault's place; the run is made again up to the cursor.
    ///
    /// # Errors
    /// What is wrong with it, by path within the fault; then nothing changes.
    pub fn edit_fault(&mut self, index: usize, fault: Fault) -> Result<(), Problems> {
        let path = format!("faults[{index}]");
        let mut changed = self.scenario.clone();
        let Some(place) = changed.faults.get_mut(index) else {
            return Err(Problems::one(Problem::new("range", &path, "no such fault", "the index of a fault")));
        };
        // Chaos entries draw by their place among each other, from the start.
        let chaos = fault.chaos().is_some() || place.chaos().is_some();
        let from = if chaos { 0 } else { place.at.0.min(fault.at.0) };
        *place = fault;
        let changed = check(&changed).map_err(|problems| within(problems, &path))?;
        self.remake(changed, from);
        Ok(())
    }

    /// Heals a fault at the cursor's time + 1 ns; one that has not begun yet never will.
    pub fn end_fault(&mut self, index: usize) {
        let Some(fault) = self.scenario.faults.get(index) else { return };
        let (at, now) = (fault.at.0, self.now());
        if at > now {
            return self.remove_fault(index);
        }
        let heals = now + 1 - at;
        let lasts = netsplit_sim::fault::FAULTS.iter().any(|f| f.id == fault.kind && f.lasts);
        let chaos = fault.chaos().is_some();
        if (lasts || chaos) && fault.lasts.is_none_or(|lasts| lasts.0 > heals) {
            let mut changed = self.scenario.clone();
            changed.faults[index].lasts = Some(Duration(heals));
            self.remake(changed, at);
        }
    }

    fn next_instant(&self) -> Result<u64, Problems> {
        let at = self.now() + 1;
        if at > self.duration() || self.limit.is_some() {
            let accepted = "a moment before the end of the run";
            return Err(Problems::one(Problem::new("conflict", "at", "the run is over", accepted)));
        }
        Ok(at)
    }

    /// A change that takes effect after the cursor only.
    fn change(&mut self, changed: Scenario, path: &str) -> Result<(), Problems> {
        let changed = check(&changed).map_err(|problems| within(problems, path))?;
        self.forget_the_future();
        self.scenario = changed;
        self.timeline = self.resolve();
        debug_assert!(self.timeline[..self.pushed].iter().all(|item| item.at <= self.now()));
        Ok(())
    }

    /// A change that takes effect from an instant on that may lie before the cursor.
    fn remake(&mut self, changed: Scenario, from: u64) {
        let here = Moment { events: self.events(), now: self.now() };
        if from > here.now {
            self.forget_the_future();
        } else {
            self.cut_back(|snapshot| snapshot.now < from);
            // The whole instant, which is the same with the change and without.
            if self.now() < from {
                self.seek_forward(self.now());
            }
        }
        self.scenario = changed;
        self.timeline = self.resolve();
        self.seek_forward(here.now);
    }

    /// Makes the cursor the frontier.
    pub(crate) fn forget_the_future(&mut self) {
        let here = Moment { events: self.events(), now: self.now() };
        if here == self.frontier {
            return;
        }
        // The cursor may stand in the midst of an instant: back before it, and forward again to record it anew.
        self.cut_back(|snapshot| snapshot.now < here.now);
        if here.now > 0 {
            self.seek_forward(here.now - 1);
        }
        while self.events() < here.events && self.step() {}
        if self.now() < here.now {
            self.seek_forward(here.now);
        }
    }

    /// The time line of the scenario as it is now, in which nothing before the cursor may have changed.
    pub(crate) fn retime(&mut self) {
        self.timeline = self.resolve();
    }

    /// Another run that shares what lies before `from`, the first instant at which it may differ, and has this scenario.
    /// Its cursor stands before that.
    pub(crate) fn with(&self, scenario: &Scenario, from: u64) -> Result<Self, Problems> {
        let scenario = check(scenario)?;
        let mut other = self.fork();
        if from <= other.frontier.now {
            other.cut_back(|snapshot| snapshot.now < from);
        }
        other.scenario = scenario;
        other.timeline = other.resolve();
        Ok(other)
    }

    fn resolve(&self) -> Vec<Item> {
        let resolver =
            Resolver { simulation: self.world.as_ref(), algorithm: self.algorithm, scenario: &self.scenario };
        timeline::items(&resolver, &self.servers)
    }
}

/// Checks a scenario as its JSON would be checked.
pub(super) fn check(scenario: &Scenario) -> Result<Scenario, Problems> {
    netsplit_scenario::validate(netsplit_scenario::to_value(scenario), declared::shared())
}

/// Paths within a part of the document.
fn within(mut problems: Problems, path: &str) -> Problems {
    for problem in &mut problems.list {
        if let Some(rest) = problem.path.strip_prefix(path) {
            problem.path = rest.trim_start_matches('.').to_owned();
        }
    }
    problems
}
