//! What must come before what in any order that explains a history, if the writer of each value is known.

use super::{Need, Problem};

/// More numbers than this are not kept; the search then goes without.
const MOST: usize = 1 << 24;

/// So many orders that follow from a new one are a step of the budget.
const STEP: u32 = 8;

/// Something would have to come before itself.
pub(crate) struct Circle;

/// For each step and thread, how many steps of that thread must come before it.
pub(crate) struct Clocks {
    threads: usize,
    before: Vec<u32>,
    /// Orders that are not those of the threads.
    after: Vec<Vec<u32>>,
    /// What was done since the last step of the budget.
    done: u32,
}

impl Clocks {
    /// Works them out: none if values were written twice or there are too many steps; as far as the budget goes,
    /// since less of this is no mistake.
    pub fn of(problem: &Problem, budget: &mut u64) -> Result<Option<Self>, Circle> {
        let threads = problem.threads.len();
        let Some(writers) = &problem.writers else { return Ok(None) };
        if problem.steps.len() * threads > MOST {
            return Ok(None);
        }
        let mut it = Self {
            threads,
            before: vec![0; problem.steps.len() * threads],
            after: vec![Vec::new(); problem.steps.len()],
            done: 0,
        };
        let mut puts: Vec<Vec<Vec<u32>>> = vec![vec![Vec::new(); threads]; problem.initial.len()];
        let live = || problem.threads.iter().flatten().copied();
        for at in live() {
            let step = problem.steps[at as usize];
            it.before[at as usize * threads + step.thread as usize] = step.place;
            if step.puts.is_some() {
                puts[step.key as usize][step.thread as usize].push(at);
            }
        }
        // What need not be in the order orders nothing.
        let reads = || live().filter(|at| problem.must(&problem.steps[*at as usize]));
        for at in reads() {
            if let Need::Is(value) = problem.steps[at as usize].need
                && let Some(writer) = writers[value as usize]
            {
                if *budget == 0 {
                    return Ok(Some(it));
                }
                it.add(problem, writer, at, budget)?;
            }
        }
        loop {
            let mut changed = false;
            for at in reads() {
                let step = problem.steps[at as usize];
                let Need::Is(value) = step.need else { continue };
                for (thread, puts) in puts[step.key as usize].iter().enumerate() {
                    if puts.is_empty() {
                        continue;
                    }
                    if *budget == 0 {
                        return Ok(Some(it));
                    }
                    *budget -= 1;
                    let writer = writers[value as usize];
                    // The last other write that comes before this read comes before what it saw.
                    let seen = it.before[at as usize * threads + thread];
                    let until = puts.partition_point(|put| problem.steps[*put as usize].place < seen);
                    if let Some(other) = until.checked_sub(1).map(|last| puts[last])
                        && Some(other) != writer
                        && other != at
                    {
                        changed |= it.add(problem, other, writer.ok_or(Circle)?, budget)?;
                    }
                    if *budget == 0 {
                        // What was begun is not at its end: nothing may be concluded from it.
                        return Ok(Some(it));
                    }
                    // The first other write that comes after what it saw comes after this read.
                    let from = writer.map_or(0, |writer| {
                        puts.partition_point(|put| !it.precedes(problem, writer, *put) || *put == writer)
                    });
                    if let Some(other) = puts.get(from)
                        && *other != at
                    {
                        changed |= it.add(problem, at, *other, budget)?;
                    }
                }
            }
            if !changed {
                return Ok(Some(it));
            }
        }
    }

    /// Whether the first of these must come before the second.
    fn precedes(&self, problem: &Problem, first: u32, second: u32) -> bool {
        let step = problem.steps[first as usize];
        self.before[second as usize * self.threads + step.thread as usize] > step.place
    }

    /// How many steps of each thread come before this one.
    pub fn before(&self, step: u32) -> &[u32] {
        &self.before[step as usize * self.threads..(step as usize + 1) * self.threads]
    }

    /// The first comes before the second, and so do all before it; whether that was new. What follows from it is worked
    /// out as far as the budget goes.
    fn add(&mut self, problem: &Problem, first: u32, second: u32, budget: &mut u64) -> Result<bool, Circle> {
        if first == second {
            return Err(Circle);
        }
        if self.precedes(problem, first, second) {
            return Ok(false);
        }
        self.after[first as usize].push(second);
        self.join(problem, first, second);
        let mut work = vec![second];
        while let Some(at) = work.pop() {
            self.done += 1;
            if self.done == STEP {
                self.done = 0;
                *budget = budget.saturating_sub(1);
            }
            if *budget == 0 {
                break;
            }
            let step = problem.steps[at as usize];
            if self.before[at as usize * self.threads + step.thread as usize] > step.place {
                return Err(Circle);
            }
            let next = problem.threads[step.thread as usize].get(step.place as usize + 1).copied();
            for after in 0..self.after[at as usize].len() {
                let after = self.after[at as usize][after];
                if self.join(problem, at, after) {
                    work.push(after);
                }
            }
            if let Some(next) = next
                && self.join(problem, at, next)
            {
                work.push(next);
            }
        }
        Ok(true)
    }

    /// All that comes before the first, and itself, comes before the second; whether that was new.
    fn join(&mut self, problem: &Problem, first: u32, second: u32) -> bool {
        let step = problem.steps[first as usize];
        let (from, to) = (first as usize * self.threads, second as usize * self.threads);
        let mut changed = false;
        for thread in 0..self.threads {
            let mut clock = self.before[from + thread];
            if thread == step.thread as usize {
                clock = clock.max(step.place + 1);
            }
            if clock > self.before[to + thread] {
                self.before[to + thread] = clock;
                changed = true;
            }
        }
        changed
    }
}
