//! What each partition of a run cost: consistency, availability, both or neither (Gilbert and Lynch, "Brewer's
//! Conjecture and the Feasibility of Consistent, Available, Partition-Tolerant Web Services", 2002), for the run in hand
//! and, with the same seed and faults, for a stronger and a weaker setting; and what the choice costs where no fault is
//! (Abadi, "Consistency Tradeoffs in Modern Distributed Database System Design", 2012: PACELC).
//!
//! Consistency is linearizability. Availability is that every request to a node that is up gets an answer that is no
//! error: three times in each partition a copy of the world is taken in which every live node is asked to write and to
//! read, by a client on its side. How many of the run's own requests were answered within the client's timeout is counted
//! besides: some of them reach no node at all.
//!
//! - [`settings`]: which other settings the run is compared with;
//! - [`measure`]: one run, measured.

mod measure;
mod settings;

use serde::Serialize;

use crate::experiment::Experiment;
use measure::Run;

/// What was given up during a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GivenUp {
    /// Every live node answered, and an order explains all answers.
    #[default]
    Neither,
    /// Some answers contradict each other.
    Consistency,
    /// Some live node did not answer.
    Availability,
    /// Both.
    Both,
}

/// Requests of the clients on one side of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its servers, by name.
    pub servers: Vec<String>,
    /// Requests.
    pub asked: u64,
    /// Those that were answered in time.
    pub answered: u64,
}

/// A partition in one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Cut {
    /// From (ns).
    pub from: u64,
    /// To (ns).
    pub to: u64,
    /// What was given up.
    pub given_up: GivenUp,
    /// Sides, the one with the most servers first.
    pub sides: Vec<Side>,
    /// Live servers that a client could ask during it.
    pub live: u64,
    /// Those of them that once did not answer.
    pub silent: Vec<String>,
    /// Operations that were answered from its beginning until the next one.
    pub operations: u64,
    /// Those of them that nothing explains.
    pub violations: u64,
    /// Keys on which replicas differed when it healed; nothing where the algorithm does not show its replicas.
    pub differing: Option<u64>,
    /// How long after that they agreed again (ns), if they did.
    pub converged: Option<u64>,
}

impl Cut {
    /// Requests, and those that were answered in time.
    #[must_use]
    pub fn answered(&self) -> (u64, u64) {
        self.sides
            .iter()
            .fold((0, 0), |(asked, answered), side| (asked + side.asked, answered + side.answered))
    }
}

/// The time without any fault.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calm {
    /// Median latency of reads (ns).
    pub read: Option<u64>,
    /// Median latency of writes (ns).
    pub write: Option<u64>,
    /// Operations that nothing explains, and all.
    pub violations: (u64, u64),
}

/// A run, measured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Measured {
    /// What it is called: an algorithm, or a parameter and its value.
    pub title: String,
    /// What it promises readers, in a sentence.
    pub promise: String,
    /// Its partitions.
    pub cuts: Vec<Cut>,
    /// The time without faults.
    pub calm: Calm,
}

/// The runs that are compared, on their way.
pub struct Cap {
    runs: Vec<Run>,
}

impl Cap {
    /// For the run in hand, as far as it goes; nothing where the algorithm keeps no data.
    #[must_use]
    #[inline(never)]
    pub fn new(x: &Experiment) -> Option<Self> {
        let runs: Vec<Run> =
            settings::of(x)?.into_iter().filter_map(|(title, s)| Run::new(x, title, &s)).collect();
        (!runs.is_empty()).then_some(Self { runs })
    }

    /// Goes on, by about so many events; true when all is measured.
    #[inline(never)]
    pub fn work(&mut self, events: u64) -> bool {
        match self.runs.iter_mut().find(|run| !run.done()) {
            Some(run) => run.work(events),
            None => return true,
        }
        self.runs.iter().all(Run::done)
    }

    /// How much of the way is behind it, in thousandths.
    #[must_use]
    pub fn progress(&self) -> u64 {
        self.runs.iter().map(Run::progress).sum::<u64>() / self.runs.len().max(1) as u64
    }

    /// What was measured so far: a run is there once it is done. The first is the run in hand.
    #[must_use]
    #[inline(never)]
    pub fn measured(&self) -> Vec<Measured> {
        self.runs.iter().filter(|run| run.done()).map(Run::measured).collect()
    }
}
