//! The search for one order of all operations.

use crate::sort;
use crate::table::Seen;

use super::order::Clocks;
use super::{Need, Problem, Verdict};

/// Spreads every bit of a number over all of it (splitmix64's finaliser).
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// 128 bits for a fact about a state; a state's number is the exclusive or of all of its facts.
fn fact(kind: u64, place: u32, value: u32) -> u128 {
    let word = u64::from(place) << 32 | u64::from(value);
    let half = |salt: u64| u128::from(mix(mix(word ^ salt).wrapping_add(kind)));
    half(0x9e37_79b9_7f4a_7c15) << 64 | half(0xd1b5_4a32_d192_ed03)
}

/// A choice among writes.
struct Frame {
    choices: Vec<u32>,
    next: usize,
    /// How many steps had been taken before it.
    taken: usize,
}

pub(crate) struct Search<'a> {
    problem: &'a Problem,
    clocks: Option<Clocks>,
    /// How many steps of each thread have been taken.
    places: Vec<u32>,
    /// What each key holds.
    current: Vec<u32>,
    /// How many steps that are not taken need each value.
    needed: Vec<u32>,
    /// Threads that are not through.
    left: usize,
    number: u128,
    seen: Seen,
    /// Steps taken, each with what its key held before.
    trail: Vec<(u32, u32)>,
}

impl<'a> Search<'a> {
    pub fn new(problem: &'a Problem, clocks: Option<Clocks>) -> Self {
        Self {
            problem,
            clocks,
            places: vec![0; problem.threads.len()],
            current: problem.initial.clone(),
            needed: problem.needed.clone(),
            left: problem.must.iter().filter(|must| **must > 0).count(),
            number: 1,
            seen: Seen::default(),
            trail: Vec::new(),
        }
    }

    pub fn run(&mut self, budget: &mut u64) -> Verdict {
        let mut frames: Vec<Frame> = Vec::new();
        loop {
            // Reads that fit change nothing, so it never hurts to take them at once.
            self.reads(budget);
            if self.left == 0 {
                return Verdict::Consistent;
            }
            let choices = if self.seen.insert(((self.number >> 64) as u64, self.number as u64)) {
                self.choices()
            } else {
                Vec::new()
            };
            frames.push(Frame { choices, next: 0, taken: self.trail.len() });
            loop {
                let Some(frame) = frames.last_mut() else { return Verdict::Violated };
                if *budget == 0 {
                    return Verdict::Undecided;
                }
                *budget -= 1;
                while self.trail.len() > frame.taken {
                    self.back();
                }
                if let Some(step) = frame.choices.get(frame.next) {
                    frame.next += 1;
                    self.take(*step);
                    break;
                }
                frames.pop();
            }
        }
    }

    /// Takes every read that fits.
    fn reads(&mut self, budget: &mut u64) {
        loop {
            let before = self.trail.len();
            for thread in 0..self.places.len() {
                while let Some(step) = self.next(thread)
                    && self.problem.steps[step as usize].puts.is_none()
                    && self.fits(step)
                {
                    self.take(step);
                    *budget = budget.saturating_sub(1);
                }
            }
            if self.trail.len() == before {
                return;
            }
        }
    }

    /// The writes that could be next, those that were answered first in front.
    fn choices(&self) -> Vec<u32> {
        let next = (0..self.places.len()).filter_map(|thread| self.next(thread));
        let mut choices: Vec<u32> = next.filter(|step| self.fits(*step)).collect();
        sort::by_key(&mut choices, |step| self.problem.steps[*step as usize].hint as u64);
        choices
    }

    fn next(&self, thread: usize) -> Option<u32> {
        self.problem.threads[thread].get(self.places[thread] as usize).copied()
    }

    /// Whether a step can be next.
    fn fits(&self, at: u32) -> bool {
        let step = self.problem.steps[at as usize];
        let held = self.current[step.key as usize];
        let finds = match step.need {
            Need::Nothing => true,
            Need::Is(value) => value == held,
            Need::Not(value) => value != held,
        };
        // A value that comes but once must not be overwritten while somebody is still to see it.
        let own = u32::from(step.need == Need::Is(held) && self.problem.must(&step));
        let spoils =
            self.problem.writers.is_some() && step.puts.is_some() && self.needed[held as usize] > own;
        finds
            && !spoils
            && self
                .clocks
                .as_ref()
                .is_none_or(|clocks| clocks.before(at).iter().zip(&self.places).all(|(must, is)| must <= is))
    }

    fn take(&mut self, at: u32) {
        let step = self.problem.steps[at as usize];
        let held = self.current[step.key as usize];
        self.trail.push((at, held));
        self.turn(at, true);
        if let Some(value) = step.puts {
            self.put(step.key, value);
        }
    }

    fn back(&mut self) {
        let Some((at, held)) = self.trail.pop() else { return };
        self.turn(at, false);
        self.put(self.problem.steps[at as usize].key, held);
    }

    /// Moves a thread on or back over a step.
    fn turn(&mut self, at: u32, on: bool) {
        let step = self.problem.steps[at as usize];
        let thread = step.thread as usize;
        let must = self.problem.must[thread];
        let counts = self.problem.must(&step);
        self.number ^= fact(1, step.thread, step.place) ^ fact(1, step.thread, step.place + 1);
        if on {
            self.places[thread] += 1;
            self.left -= usize::from(self.places[thread] == must);
        } else {
            self.left += usize::from(self.places[thread] == must);
            self.places[thread] -= 1;
        }
        if let Need::Is(value) = step.need {
            // Operations that need not happen are not counted among those in need.
            if counts {
                let needed = &mut self.needed[value as usize];
                *needed = if on { *needed - 1 } else { *needed + 1 };
            }
        }
    }

    fn put(&mut self, key: u32, value: u32) {
        let held = &mut self.current[key as usize];
        self.number ^= fact(2, key, *held) ^ fact(2, key, value);
        *held = value;
    }
}
