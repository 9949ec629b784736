//! Session guarantees (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", 1994): read
//! your writes, monotonic reads, monotonic writes, writes follow reads. A session is a process.
//!
//! **What is asked.** A store keeps its guarantees if the versions of each key can be put in an order, the same
//! for everybody, such that
//!
//! - read your writes: a read sees the version that its session wrote, or a later one;
//! - monotonic reads: a read sees the version that its session saw before, or a later one;
//! - monotonic writes: what a session writes comes after what it wrote before;
//! - writes follow reads: what a session writes comes after what it has seen;
//!
//! and this over all keys: whoever sees a write knows from then on all that its guarantee puts before it. P1
//! writes x and then y; P2 sees y and then an old x: either the store's servers take P1's writes in another
//! order (no monotonic writes), or P2's second read went to a server that knows less than the first (no
//! monotonic reads). Which of the two cannot be told from outside; both are then [`Answer::Undecided`], and the
//! breach names them together.
//!
//! **Which order of versions.** Clients cannot see it. [`Versions::Unknown`] asks whether *any* order does: only
//! what follows from the answers and from the order of each session is used, and that the initial value is the
//! oldest and a comparison that held puts its new value after the old one. [`Versions::Known`] takes the order
//! from somebody who knows it. [`Versions::RealTime`] assumes that a write which ended before another began is
//! older; that is so in stores that promise it, and not where clocks decide which write wins.
//!
//! Each value written to a key must be written once, or the writer of what was read is not known and nothing is
//! decided.
//!
//! - [`passing`]: what each operation knows, and what that says about versions;
//! - [`facts`]: which of two versions is no newer;
//! - [`circle`]: whether it can all be true.

mod circle;
mod facts;
mod passing;

use crate::history::Record;
use crate::operations::Operations;
use crate::sort;
use crate::versions::Order;
use passing::Passing;

/// Steps that a check may take unless told otherwise: some seconds at most.
pub const BUDGET: u64 = 50_000_000;

/// A session guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Guarantee {
    /// A read sees its session's writes.
    ReadYourWrites,
    /// A read sees no less than earlier reads of its session.
    MonotonicReads,
    /// Writes of a session are in its order everywhere.
    MonotonicWrites,
    /// A write comes after what its session has seen.
    WritesFollowReads,
}

impl Guarantee {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::ReadYourWrites, Self::MonotonicReads, Self::MonotonicWrites, Self::WritesFollowReads];

    /// Its name in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::ReadYourWrites => "read_your_writes",
            Self::MonotonicReads => "monotonic_reads",
            Self::MonotonicWrites => "monotonic_writes",
            Self::WritesFollowReads => "writes_follow_reads",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// What is known of the order of versions.
#[derive(Clone, Copy, Debug)]
pub enum Versions<'a> {
    /// Only what follows from the answers.
    Unknown,
    /// A write that ended before another began is older.
    RealTime,
    /// All of it. Values that it does not name are as if unknown.
    Known(&'a Order),
}

/// What came of a check of one guarantee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing in this history contradicts it.
    Kept,
    /// No order of versions keeps it.
    Broken,
    /// It may be broken, or nothing could be decided.
    Undecided,
}

/// Why nothing, or nothing more, could be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecidable {
    /// Some value was written to a key twice.
    ValueWrittenTwice,
    /// Some value was seen that no write which had begun by then had written.
    ValueFromNowhere,
    /// A process had two operations at once, or went on after one of unknown outcome.
    NoSession,
    /// The order of versions contradicts the comparisons that held.
    NoOrder,
    /// The budget was spent.
    Budget,
}

/// Operations that cannot all be explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// At least one of these is broken.
    pub guarantees: Vec<Guarantee>,
    /// The key whose versions would have to be both older and newer than each other.
    pub key: u64,
    /// The operations that show it: indices of their invocations, in order.
    pub operations: Vec<usize>,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    answers: [Answer; 4],
    /// What was found: for each key and each smallest set of guarantees the earliest.
    pub breaches: Vec<Breach>,
    /// Why nothing, or nothing more, could be decided, if that is so.
    pub why: Option<Undecidable>,
}

impl Report {
    /// The answer for one guarantee.
    #[must_use]
    pub fn answer(&self, guarantee: Guarantee) -> Answer {
        self.answers[guarantee as usize]
    }
}

/// Checks all four guarantees. The budget is in steps, never in time.
#[must_use]
pub fn check(records: &[Record], versions: Versions, mut budget: u64) -> Report {
    let mut report = Report { answers: [Answer::Kept; 4], breaches: Vec::new(), why: None };
    let operations = Operations::of(records);
    report.why = find(&operations, versions, &mut budget, &mut report.breaches).err();
    if report.why.is_some() {
        report.answers = [Answer::Undecided; 4];
    }
    for breach in &report.breaches {
        for guarantee in &breach.guarantees {
            let answer = &mut report.answers[*guarantee as usize];
            if let [_] = breach.guarantees[..] {
                *answer = Answer::Broken;
            } else if *answer == Answer::Kept {
                *answer = Answer::Undecided;
            }
        }
    }
    report
}

fn find(
    operations: &Operations,
    versions: Versions,
    budget: &mut u64,
    breaches: &mut Vec<Breach>,
) -> Result<(), Undecidable> {
    let passing = Passing::new(operations, versions)?;
    let mut sets: Vec<u8> = (0..16).collect();
    sort::by_key(&mut sets, |set| u64::from(set.count_ones()));
    // A key whose versions can be ordered so that all four hold is no trouble to any of them.
    for key in circle::keys(&passing.facts(0b1111, None, budget)?) {
        let mut found: Vec<u8> = Vec::new();
        for set in &sets {
            if found.iter().any(|smaller| smaller & set == *smaller) {
                continue;
            }
            let facts = passing.facts(*set, Some(key), budget)?.only(key);
            let Some(circle) = circle::first(&facts) else { continue };
            if *set == 0 {
                return Err(Undecidable::NoOrder);
            }
            found.push(*set);
            let guarantees = Guarantee::ALL.into_iter().filter(|it| set & it.bit() != 0).collect();
            let mut shown: Vec<usize> =
                circle.iter().map(|op| operations.list[*op as usize].invoke).collect();
            sort::by_key(&mut shown, |invoke| *invoke as u64);
            shown.dedup();
            breaches.push(Breach { guarantees, key, operations: shown });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
