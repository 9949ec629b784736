//! What the tests of this crate share.

use crate::history::{Call, History, Outcome};

/// A small generator of random numbers.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// An operation: process, call, answer.
pub type Said = (u64, Call, Outcome);

/// Operations one after another, a nanosecond each and one between.
pub fn told(said: &[Said]) -> History {
    let mut history = History::new();
    for (at, (process, call, outcome)) in said.iter().enumerate() {
        let at = at as u64 * 2;
        let invoke = history.invoke(*process, call.clone(), at, at);
        history.complete(invoke, *outcome, at + 1, at + 1);
    }
    history
}

pub fn write(process: u64, key: u64, value: u64) -> Said {
    (process, Call::Write { key, value }, Outcome::Ok(None))
}

pub fn read(process: u64, key: u64, value: impl Into<Option<u64>>) -> Said {
    (process, Call::Read { key }, Outcome::Ok(value.into()))
}

pub fn cas(process: u64, key: u64, old: impl Into<Option<u64>>, new: u64) -> Said {
    (process, Call::Cas { key, old: old.into(), new }, Outcome::Ok(Some(1)))
}
