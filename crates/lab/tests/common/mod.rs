//! The gallery's scenarios, and the runs that they are compared with.

#![allow(dead_code, reason = "each test uses a part of it")]

use netsplit_lab::scenario::{self, Scenario};
use netsplit_lab::{Experiment, catalogue, compare, gallery};

pub fn story(id: &str) -> Scenario {
    let entry = gallery().iter().find(|entry| entry.id == id).unwrap_or_else(|| panic!("no {id}"));
    scenario::read(entry.json, &catalogue()).unwrap_or_else(|problems| panic!("{id}: {problems}"))
}

/// The run that a story is compared with.
pub fn other(id: &str) -> Scenario {
    compared(&story(id))
}

pub fn compared(story: &Scenario) -> Scenario {
    compare::other(story).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The scenario's first seconds.
pub fn run_until(scenario: &Scenario, seconds: u64) -> Experiment {
    let mut x = Experiment::open(scenario).unwrap_or_else(|problems| panic!("{problems}"));
    let until = x.duration().min(seconds.saturating_mul(1_000_000_000));
    while !x.advance(until, u64::MAX).done {}
    x
}
