//! Courses of events that share their beginning. What a hand changes in the past makes a new one and keeps the old
//! one; they travel in the document's `branches`.
//!
//! Each line has the whole document of its own run; what the document says of a branch is how it differs from its
//! parent's ([`differs`]). Lines share copies of the world and log up to where they left each other. Lines that are not
//! shown keep their history as long as it fits into the budget; otherwise it is made again from a relative's.

use netsplit_scenario::document::View;
use netsplit_scenario::{Branch, Compare, Problem, Problems, Scenario, limits};

use crate::experiment::Experiment;
use crate::snapshots::BUDGET;
use crate::text::{instant, say};
use crate::{compare, differs};

/// What lines that are not shown may keep (bytes).
const PARKED: usize = BUDGET / 2;

/// A line, as a face shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BranchFrame {
    /// Stays the same as long as the line is there.
    pub id: u32,
    /// Its name; the main line's is empty.
    pub name: String,
    /// The line that it left.
    pub parent: Option<u32>,
    /// The first instant that may differ (ns).
    pub from: u64,
    /// How far it was simulated (ns).
    pub reached: u64,
    /// It is the one that is shown.
    pub current: bool,
    /// How it differs from its parent, in words.
    pub differs: String,
}

struct Line {
    id: u32,
    name: String,
    parent: Option<u32>,
    from: u64,
    /// Its document, without branches; an experiment's own one counts where there is one.
    scenario: Scenario,
    experiment: Option<Experiment>,
    /// Where its cursor was, and its frontier.
    left: (u64, u64),
    /// When it was last shown.
    shown: u64,
}

impl Line {
    fn document(&self) -> &Scenario {
        self.experiment.as_ref().map_or(&self.scenario, Experiment::document)
    }
}

/// A main line and its branches, one of which is shown. The first line is the main one.
pub struct Branches {
    lines: Vec<Line>,
    current: usize,
    next: u32,
    turn: u64,
    /// What the document compares.
    compare: Option<Compare>,
}

impl Branches {
    /// Opens a scenario with its branches; the line that its view names is shown, its cursor at 0.
    ///
    /// # Errors
    /// Every problem of the scenario.
    pub fn open(scenario: &Scenario) -> Result<Self, Problems> {
        let shown = scenario.view.branch.clone();
        let mut main = scenario.clone();
        let branches = std::mem::take(&mut main.branches);
        let compare = main.compare.take();
        if shown.is_some() {
            main.view = View::default();
        }
        let mut all = Self::of(Experiment::open(&main)?);
        all.compare = compare;
        for branch in &branches {
            let of = branch.of.as_ref().and_then(|of| all.lines.iter().position(|line| line.name == *of));
            let parent = &all.lines[of.unwrap_or(0)];
            let mut own = differs::apply(parent.document(), branch);
            own.view = View::default();
            if shown.as_ref() == Some(&branch.name) {
                own.view = View { branch: None, ..scenario.view.clone() };
            }
            let parent = Some(parent.id);
            all.add(branch.name.clone(), parent, branch.from.0, own, None);
        }
        if let Some(at) = shown.and_then(|name| all.lines.iter().position(|line| line.name == name)) {
            all.show(at)?;
        }
        Ok(all)
    }

    /// A main line without branches.
    #[must_use]
    pub fn of(experiment: Experiment) -> Self {
        let mut all = Self { lines: Vec::new(), current: 0, next: 0, turn: 0, compare: None };
        all.add(String::new(), None, 0, experiment.document().clone(), Some(experiment));
        all
    }

    fn add(&mut self, name: String, parent: Option<u32>, from: u64, own: Scenario, x: Option<Experiment>) {
        let id = self.next;
        self.next += 1;
        self.turn += 1;
        let line =
            Line { id, name, parent, from, scenario: own, experiment: x, left: (0, 0), shown: self.turn };
        self.lines.push(line);
    }

    /// The line that is shown.
    #[must_use]
    pub fn current(&self) -> &Experiment {
        // The line that is shown always has its experiment.
        self.lines[self.current].experiment.as_ref().unwrap_or_else(|| unreachable!())
    }

    /// The line that is shown, to move it. What changes its course of events goes through [`Branches::act`].
    pub fn current_mut(&mut self) -> &mut Experiment {
        self.lines[self.current].experiment.as_mut().unwrap_or_else(|| unreachable!())
    }

    /// The number of the line that is shown.
    #[must_use]
    pub fn shown(&self) -> u32 {
        self.lines[self.current].id
    }

    /// All lines, the main one first.
    #[must_use]
    pub fn list(&self) -> Vec<BranchFrame> {
        let frame = |(at, line): (usize, &Line)| BranchFrame {
            id: line.id,
            name: line.name.clone(),
            parent: line.parent,
            from: line.from,
            reached: line.experiment.as_ref().map_or(line.left.1, Experiment::frontier),
            current: at == self.current,
            differs: self.parent(line).map_or_else(String::new, |parent| {
                let words = differs::words(parent.document(), line.document());
                if words.is_empty() { say("branch-same", &[]) } else { words }
            }),
        };
        self.lines.iter().enumerate().map(frame).collect()
    }

    fn parent(&self, line: &Line) -> Option<&Line> {
        self.lines.iter().find(|other| Some(other.id) == line.parent)
    }

    /// Changes the run that is shown. Where that alters what was simulated already, the old course of events is kept
    /// and the changed one is a new line, which is shown from now on; gives its number then.
    ///
    /// # Errors
    /// What the change says; then nothing changes.
    pub fn act<R>(
        &mut self,
        change: impl FnOnce(&mut Experiment) -> Result<R, Problems>,
    ) -> Result<(R, Option<u32>), Problems> {
        let old = self.current();
        let mut changed = old.fork();
        let answer = change(&mut changed)?;
        let from = differs::first(old.document(), changed.document());
        let Some(from) = from.filter(|from| *from <= old.frontier()) else {
            *self.current_mut() = changed;
            return Ok((answer, None));
        };
        let words = differs::words(old.document(), changed.document());
        Ok((answer, Some(self.leave(&words, from, changed)?)))
    }

    /// Changes the line that is shown in place: what a hand is still shaping makes no line for each of its steps.
    /// A line that others left is not changed so: then it is as with [`Branches::act`].
    ///
    /// # Errors
    /// What the change says; then nothing changes.
    pub fn amend<R>(
        &mut self,
        change: impl FnOnce(&mut Experiment) -> Result<R, Problems>,
    ) -> Result<R, Problems> {
        let line = &self.lines[self.current];
        let has_children = self.lines.iter().any(|other| other.parent == Some(line.id));
        let Some(parent) = self.parent(line).filter(|_| !has_children) else {
            return Ok(self.act(change)?.0);
        };
        let mut changed = self.current().fork();
        let answer = change(&mut changed)?;
        let before = short(&differs::words(parent.document(), self.current().document()));
        let words = differs::words(parent.document(), changed.document());
        let from = differs::first(parent.document(), changed.document()).unwrap_or(line.from);
        let name = (line.name == before).then(|| self.free_name(&words));
        let line = &mut self.lines[self.current];
        line.from = from;
        line.experiment = Some(changed);
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            self.call(self.current, name);
        }
        Ok(answer)
    }

    /// Gives up what was simulated beyond the cursor: nobody has seen it, so that it is not worth a line of its own.
    pub fn forget_the_future(&mut self) {
        self.current_mut().forget_the_future();
    }

    /// Another line that leaves this one at the cursor and does not differ yet; it is shown from now on.
    ///
    /// # Errors
    /// Where there are as many as a document may have.
    pub fn fork(&mut self) -> Result<u32, Problems> {
        let old = self.current();
        let (from, mut fork) = (old.now() + 1, old.fork());
        fork.forget_the_future();
        self.leave(&say("branch-fork", &[("at", instant(from - 1))]), from, fork)
    }

    /// Adds a line that left the current one, and shows it.
    fn leave(&mut self, name: &str, from: u64, x: Experiment) -> Result<u32, Problems> {
        if self.lines.len() > limits::BRANCHES {
            let accepted = format!("at most {} branches", limits::BRANCHES);
            return Err(Problems::one(Problem::new(
                "out_of_range",
                "branches",
                "too many branches",
                accepted,
            )));
        }
        self.park();
        let (name, parent) = (self.free_name(name), self.lines[self.current].id);
        self.add(name, Some(parent), from, x.document().clone(), Some(x));
        self.current = self.lines.len() - 1;
        self.fit();
        Ok(self.shown())
    }

    fn park(&mut self) {
        self.turn += 1;
        let turn = self.turn;
        let line = &mut self.lines[self.current];
        if let Some(x) = &line.experiment {
            (line.left, line.shown) = ((x.now(), x.frontier()), turn);
        }
    }

    /// Shows another line; false where there is none of this number. Its cursor stands where it was, unless its history
    /// had to be given up: then it stands before that, and the answer is where it should go.
    ///
    /// # Errors
    /// What is wrong with a branch that a document brought along.
    pub fn switch(&mut self, id: u32) -> Result<Option<u64>, Problems> {
        let Some(at) = self.lines.iter().position(|line| line.id == id) else { return Ok(None) };
        if at != self.current {
            self.park();
            self.show(at)?;
        }
        Ok(Some(self.lines[at].left.0.max(self.current().now())))
    }

    #[inline(never)]
    fn show(&mut self, at: usize) -> Result<(), Problems> {
        if self.lines[at].experiment.is_none() {
            let line = &self.lines[at];
            // The relative that it shares most with.
            let alive = self.lines.iter().filter_map(|other| other.experiment.as_ref());
            let common = |x: &Experiment| differs::first(x.document(), &line.scenario).unwrap_or(u64::MAX);
            let shares = |x: &Experiment| common(x).min(x.frontier());
            let near = alive.max_by_key(|x| shares(x)).unwrap_or_else(|| unreachable!());
            let x = near.with(&line.scenario, common(near))?;
            self.lines[at].experiment = Some(x);
        }
        self.current = at;
        self.fit();
        Ok(())
    }

    /// Gives a line another name; false where another one has it, or where it is none.
    pub fn rename(&mut self, id: u32, name: &str) -> bool {
        let name = name.trim();
        let taken = self.lines.iter().any(|line| line.id != id && line.name == name);
        let fits = !name.is_empty() && name.chars().count() <= limits::NAME_CHARS;
        let branch = self.lines.iter().skip(1).position(|line| line.id == id);
        match branch.filter(|_| fits && !taken) {
            Some(at) => {
                self.call(at + 1, name.to_owned());
                true
            }
            None => false,
        }
    }

    /// A line has this name from now on, also where it is compared.
    fn call(&mut self, at: usize, name: String) {
        let old = std::mem::replace(&mut self.lines[at].name, name.clone());
        if let Some(compared) = self.compare.as_mut().and_then(|compare| compare.branch.as_mut())
            && *compared == old
        {
            *compared = name;
        }
    }

    /// Takes a branch out; those that left it leave its parent now, and nothing is compared with it any more. False for
    /// the main line. Where it is shown, its parent is shown instead.
    ///
    /// # Errors
    /// What is wrong with a parent that a document brought along.
    pub fn delete(&mut self, id: u32) -> Result<bool, Problems> {
        let Some(at) = self.lines.iter().position(|line| line.id == id).filter(|at| *at > 0) else {
            return Ok(false);
        };
        let parent = self.lines[at].parent;
        if at == self.current {
            let to = self.lines.iter().position(|line| Some(line.id) == parent).unwrap_or(0);
            self.show(to)?;
        }
        let line = self.lines.remove(at);
        self.current -= usize::from(self.current > at);
        self.compare.take_if(|compare| compare.branch.as_ref() == Some(&line.name));
        for child in self.lines.iter_mut().filter(|child| child.parent == Some(id)) {
            child.parent = parent;
            child.from = child.from.min(line.from);
        }
        Ok(true)
    }

    /// The document with all branches, the view on the line that is shown.
    #[must_use]
    pub fn scenario(&self) -> Scenario {
        let shown = self.current().scenario();
        let mut scenario = self.lines[0].document().clone();
        scenario.compare.clone_from(&self.compare);
        scenario.semantics = shown.semantics;
        scenario.view = shown.view;
        let name = |line: &Line| (line.parent.is_some()).then(|| line.name.clone());
        scenario.view.branch = name(&self.lines[self.current]);
        // A line is listed after its parent: it came later.
        scenario.branches = self
            .lines
            .iter()
            .skip(1)
            .filter_map(|line| {
                let parent = self.parent(line)?;
                let mut branch = differs::branch(parent.document(), line.document(), line.from);
                (branch.name, branch.of) = (line.name.clone(), name(parent));
                Some(branch)
            })
            .collect();
        scenario
    }

    /// About how many bytes all lines keep.
    #[must_use]
    pub fn memory(&self) -> usize {
        (0..self.lines.len()).map(|at| self.own(at)).sum()
    }

    /// What a line keeps that those before it do not share.
    fn own(&self, at: usize) -> usize {
        let others = self.lines[..at].iter().filter_map(|line| line.experiment.as_ref());
        self.lines[at].experiment.as_ref().map_or(0, |x| x.own_memory(others))
    }

    /// Gives up what does not fit: copies of the world of the lines that are not shown, then the history of those that
    /// were not shown for longest.
    fn fit(&mut self) {
        let mut thinned = false;
        loop {
            let hidden = |at: &usize| *at != self.current;
            let parked: usize = (0..self.lines.len()).filter(hidden).map(|at| self.own(at)).sum();
            if parked <= PARKED {
                return self.current_mut().set_budget(BUDGET.saturating_sub(parked));
            }
            let current = self.current;
            let lines = self
                .lines
                .iter_mut()
                .enumerate()
                .filter(|(at, line)| *at != current && line.experiment.is_some());
            let mut lines: Vec<&mut Line> = lines.map(|(_, line)| line).collect();
            if thinned {
                let Some(line) = lines.into_iter().min_by_key(|line| line.shown) else { return };
                if let Some(x) = line.experiment.take() {
                    line.scenario = x.document().clone();
                }
            } else {
                thinned = true;
                let each = PARKED / lines.len().max(1);
                lines.iter_mut().filter_map(|line| line.experiment.as_mut()).for_each(|x| x.set_budget(each));
            }
        }
    }

    /// The run of the document's `compare`, beside the line that is shown; it begins with what it shares with `near`,
    /// the one before, where that differs in its time line only.
    ///
    /// # Errors
    /// Where it compares nothing, or something impossible.
    pub fn other(&self, near: Option<&Experiment>) -> Result<Experiment, Problems> {
        let mut own = self.current().document().clone();
        own.compare.clone_from(&self.compare);
        let branch = self.compare.as_ref().and_then(|compare| compare.branch.as_ref());
        let line = branch.and_then(|name| self.lines.iter().find(|line| line.name == *name));
        // A branch has its whole document here.
        let mut other = match (line, &mut own.compare) {
            (Some(line), Some(compare)) => {
                compare.branch = None;
                Scenario { compare: own.compare, ..line.document().clone() }
            }
            _ => own,
        };
        other.view = View::default();
        let mut other = compare::other(&other)?;
        other.semantics = None;
        match near.filter(|near| differs::in_time_only(near.document(), &other)) {
            Some(near) => near.with(&other, differs::first(near.document(), &other).unwrap_or(u64::MAX)),
            None => Experiment::open(&other),
        }
    }

    /// What the document compares the line that is shown with.
    #[must_use]
    pub fn compare(&self) -> Option<&Compare> {
        self.compare.as_ref()
    }

    /// Compares the line that is shown with something else, or no longer.
    pub fn set_compare(&mut self, compare: Option<Compare>) {
        self.compare = compare;
    }

    fn free_name(&self, wish: &str) -> String {
        let short = short(wish);
        let taken = |name: &str| self.lines.iter().any(|line| line.name == name);
        let numbered = (2..).map(|number| format!("{short} {number}"));
        let name = std::iter::once(short.clone()).chain(numbered).find(|name| !taken(name));
        name.unwrap_or_default()
    }
}

/// As much of a name as is kept.
fn short(wish: &str) -> String {
    wish.chars().take(60).collect()
}

/// A branch of a document as a scenario of its own; nothing where there is none of this name.
#[must_use]
pub fn branch_of(scenario: &Scenario, name: &str) -> Option<Scenario> {
    let branch = |name: &str| scenario.branches.iter().find(|branch| branch.name == name);
    // From the branch down to the main line.
    let mut chain: Vec<&Branch> = vec![branch(name)?];
    while let Some(of) = chain.last().and_then(|last| last.of.as_deref()) {
        chain.push(branch(of).filter(|_| chain.len() <= scenario.branches.len())?);
    }
    let mut own = scenario.clone();
    own.branches.clear();
    Some(chain.iter().rev().fold(own, |parent, branch| differs::apply(&parent, branch)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_scenario::{Duration, Fault, Target};

    #[test]
    fn a_line_whose_history_was_given_up_is_made_again() {
        let mut scenario = crate::default_scenario("leader_election", "raft");
        scenario.duration = Duration::from_secs(10);
        let mut all = Branches::of(Experiment::open(&scenario).expect("valid"));
        all.current_mut().seek(8_000_000_000);
        let main = all.current().trace_hash();
        all.current_mut().seek(4_000_000_000);
        let mut crash = Fault::new(Duration::default(), "crash");
        crash.target = Target::Role("server".to_owned());
        let (_, id) = all.act(|x| x.inject(crash)).expect("valid");
        assert!(id.is_some());
        all.current_mut().seek(8_000_000_000);
        let branch = all.current().trace_hash();
        assert_ne!(main, branch);
        for (at, hash) in [(0, &main), (1, &branch), (0, &main)] {
            for line in &mut all.lines {
                if let (true, Some(x)) = (line.id != all.current as u32, &line.experiment) {
                    line.scenario = x.document().clone();
                    line.experiment = None;
                }
            }
            let goal = all.switch(at).expect("valid").expect("there is one");
            assert!(all.current().frontier() < 4_000_000_001 && goal <= 8_000_000_000);
            all.current_mut().seek(8_000_000_000);
            assert_eq!(all.current().trace_hash(), *hash);
        }
        assert_eq!(all.switch(7), Ok(None));
    }

    #[test]
    fn what_is_compared_follows_a_branch_to_its_name_and_goes_with_it() {
        let scenario = crate::default_scenario("leader_election", "raft");
        let mut all = Branches::of(Experiment::open(&scenario).expect("valid"));
        all.current_mut().seek(1_000_000_000);
        let id = all.fork().expect("there is room");
        let name = all.list()[1].name.clone();
        all.set_compare(Some(Compare { branch: Some(name), ..Compare::default() }));
        assert!(all.rename(id, "what if"));
        let document = all.scenario();
        assert_eq!(document.compare.as_ref().and_then(|c| c.branch.as_deref()), Some("what if"));
        assert!(Branches::open(&document).is_ok(), "a link to it opens");
        assert_eq!(all.delete(id), Ok(true));
        assert_eq!(all.compare(), None);
        assert!(Branches::open(&all.scenario()).is_ok());
    }

    #[test]
    fn a_fork_at_the_very_end_can_be_opened_again() {
        let mut scenario = crate::default_scenario("leader_election", "raft");
        scenario.duration = Duration::from_secs(2);
        let mut all = Branches::of(Experiment::open(&scenario).expect("valid"));
        all.current_mut().seek(2_000_000_000);
        all.fork().expect("there is room");
        let document = all.scenario();
        let read =
            netsplit_scenario::validate(netsplit_scenario::to_value(&document), crate::declared::shared());
        assert!(read.is_ok(), "{read:?}");
        let again = Branches::open(&read.unwrap_or(document)).expect("it opens");
        assert_eq!(again.list().len(), 2);
    }

    #[test]
    fn lines_share_their_past_and_keep_to_the_budget() {
        let mut scenario = crate::default_scenario("load_balancing", "two_choices");
        scenario.duration = Duration::from_secs(600);
        (scenario.workload.mode, scenario.workload.rate) = (netsplit_scenario::Mode::Open, 300.0);
        let mut all = Branches::of(Experiment::open(&scenario).expect("valid"));
        all.current_mut().run_to_event(400_000);
        let alone = all.memory();
        let end = all.current().now();
        all.current_mut().seek(end / 2);
        all.fork().expect("there is room");
        // Most copies of the world that it can go back to are those of its parent.
        let (parent, fork) = (all.own(0), all.own(1));
        assert!(fork < all.current().memory() / 3 * 2, "{fork} of {}", all.current().memory());
        assert!(parent <= PARKED && parent <= alone, "{parent} and {fork}, was {alone}");
        for _ in 0..12 {
            all.current_mut().run_to_event(400_000);
            all.current_mut().seek(end / 2);
            all.fork().expect("there is room");
        }
        assert_eq!(all.lines.len(), 14);
        assert!(all.memory() <= BUDGET, "{}", all.memory());
    }
}
