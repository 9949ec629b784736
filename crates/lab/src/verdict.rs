//! What the run so far says about what its algorithm promised clients: whether the answers that they got can be
//! explained by some order of the operations ([`crate::why`] tells why not), and whether they were answered.

use netsplit_checker::live::Live;
use netsplit_sim::declare::{Aspect, Promise, Value};
use serde::Serialize;

use crate::experiment::Experiment;
use crate::frame::FaultBlock;
use crate::text::{self, say};
use crate::why;

/// The promise that is checked.
pub(crate) const LINEARIZABLE: &str = "linearizable";

/// Conditions of promises, and the faults that break them. A stable disk may lose what was not synced: nothing was said
/// about that. Conditions of liveness are not here: see [`unanswered`].
const CONDITIONS: &[(&str, &[&str])] = &[
    ("stable disk", &["disk_lost"]),
    ("no disk is lost", &["disk_lost"]),
    ("fewer than half of the disks are lost", &["disk_lost"]),
    ("every backup acknowledges", &["disk_lost"]),
    ("no node crashes during a move", &["crash"]),
    ("delays are bounded", &["partition", "cut", "one_way", "flap", "latency", "bandwidth", "pause", "slow"]),
    ("no message is lost", &["partition", "cut", "one_way", "flap", "loss", "drop_message"]),
    ("failures are crashes", &["pause", "disk_lost", "disk_stalled", "clock_drift", "clock_jump"]),
    ("clocks run at the same rate", &["clock_drift", "clock_jump"]),
    ("clock drift within bound", &["clock_drift"]),
    ("nobody sets a clock", &["clock_offset", "clock_jump"]),
    ("nobody pauses", &["pause"]),
];

/// Conditions on delays, and the setting of which they are to be less than a tenth (one way, a write to disk included).
const DELAYS: [(&str, &str); 4] = [
    ("delays are far below the election timeout", "election_min"),
    ("delays are far below the election timeout", "election"),
    ("delays are far below the timeout", "election_min"),
    ("delays are far below a tick", "tick"),
];

/// What became of a promise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// Nothing in this run speaks against it.
    Kept,
    /// It was promised, and this run shows that it does not hold.
    Broken,
    /// It does not hold, and nobody said that it would.
    NeverPromised,
    /// It does not hold, and a condition of the promise was broken before.
    AssumptionBroken,
    /// The check has not come to an end.
    #[default]
    Undecided,
}

impl Grade {
    /// Its name in reports.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Broken => "broken",
            Self::NeverPromised => "never_promised",
            Self::AssumptionBroken => "assumption_broken",
            Self::Undecided => "undecided",
        }
    }
}

/// The verdict on what clients saw, up to the cursor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Consistency {
    /// What became of the promise.
    pub grade: Grade,
    /// Whether every read was promised to see the latest write.
    pub promised: bool,
    /// Operations that were checked.
    pub operations: u64,
    /// Operations of unknown outcome among those that ended.
    pub unknown: u64,
    /// Operations that nothing explains.
    pub violations: usize,
    /// In a few words: the latest violation, if there is one.
    pub title: String,
    /// In a sentence.
    pub sentence: String,
    /// What was promised.
    pub promise: String,
}

/// The promise that reads see the latest write, if the algorithm says anything about it.
fn promise(x: &Experiment) -> Option<Promise> {
    (x.algorithm.promises)(&x.settings).into_iter().find(|promise| promise.id == LINEARIZABLE)
}

/// The verdict as of an event, as far as this check has come.
pub(crate) fn consistency(x: &Experiment, live: &Live, event: u64) -> Option<Consistency> {
    let promise = promise(x)?;
    let known = live.as_of(event);
    let behind = x.history().prefix(event).len() > live.fed();
    let first = known.first.map(|violation| why::finding(x, live, &violation));
    let grade = match &first {
        Some(first) if !promise.promised => Grade::NeverPromised,
        Some(first) if breaks(x, promise.assuming, first.time) => Grade::AssumptionBroken,
        Some(_) => Grade::Broken,
        None if behind || known.undecided > 0 => Grade::Undecided,
        None => Grade::Kept,
    };
    let count = |operations: usize| text::count(operations as u64);
    let args = [("count", count(known.operations)), ("unknown", count(known.unknown))];
    // The first one decides what became of the promise; the latest one is what somebody sees happen.
    let latest =
        live.violations().get(known.violations.wrapping_sub(1)).map(|found| why::finding(x, live, found));
    let (title, sentence, words) = match latest {
        Some(latest) => {
            let words = say(&format!("verdict-{}", grade.id().replace('_', "-")), &[]);
            (latest.title, latest.sentence, words)
        }
        None => {
            let id = if grade == Grade::Undecided { "verdict-undecided" } else { "verdict-kept" };
            let promised = if promise.promised { "verdict-promised" } else { "verdict-not-promised" };
            (say(id, &args), say("verdict-checked", &args), say(promised, &[]))
        }
    };
    Some(Consistency {
        grade,
        promised: promise.promised,
        operations: known.operations as u64,
        unknown: known.unknown as u64,
        violations: known.violations,
        title,
        sentence,
        promise: words,
    })
}

/// What became of the promise that requests are answered, where some were not; nothing where the algorithm says nothing
/// about it. What the conditions say of load is not looked at: a fault may have broken them, and without one they hold.
pub(crate) fn unanswered(x: &Experiment) -> Option<Grade> {
    let promises = (x.algorithm.promises)(&x.settings);
    let promise = promises.iter().find(|promise| promise.aspect == Aspect::Liveness)?;
    let recently = |fault: &FaultBlock| {
        fault.from <= x.now() && x.now() <= fault.to.saturating_add(RECENT) && !fault.no_effect
    };
    let down = || x.world.core().nodes.iter().any(|node| !node.up && !node.absent);
    Some(match promise.promised {
        false => Grade::NeverPromised,
        true if x.faults().iter().any(recently) || down() || slow(x, promise) => Grade::AssumptionBroken,
        // Whoever has just been started has to find together first.
        true if x.now() < RECENT => Grade::Undecided,
        true => Grade::Broken,
    })
}

/// Whether the document's own network and disks are slower than the promise takes for granted; the median of a law is
/// its delay.
pub(crate) fn slow(x: &Experiment, promise: &Promise) -> bool {
    const MIDDLE: u64 = 1 << 63;
    let bounds = DELAYS.iter().filter(|(condition, _)| promise.assuming.contains(condition));
    let Some(least) = bounds.map(|(_, id)| x.settings.duration(id)).find(|least| *least > 0) else {
        return false;
    };
    let sync = if let Some(Value::Law(law)) = x.settings.get("sync") { law.sample(MIDDLE) } else { 0 };
    let core = x.world.core();
    let servers = || (0..core.nodes.len()).filter(|at| core.meta[*at].role == 0);
    servers().any(|a| {
        servers().filter(|b| *b != a).any(|b| {
            let link = core.network.profile(a as u32, b as u32, core.meta[a].zone, core.meta[b].zone);
            link.latency.sample(MIDDLE).saturating_add(sync).saturating_mul(10) > least
        })
    })
}

/// A fault is felt for so long after its end, and so is the start of the run (ns).
pub(crate) const RECENT: u64 = 10_000_000_000;

/// Whether a fault before this instant broke one of these conditions.
pub(crate) fn breaks(x: &Experiment, assuming: &[&str], time: u64) -> bool {
    let faults = x.faults();
    CONDITIONS.iter().filter(|(condition, _)| assuming.contains(condition)).any(|(_, kinds)| {
        let breaks = |fault: &FaultBlock| kinds.contains(&fault.kind.as_str()) && !fault.no_effect;
        faults.iter().any(|fault| fault.from <= time && breaks(fault))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_protocols::registry::PATTERNS;
    use netsplit_scenario::Scenario;

    #[test]
    fn every_condition_of_the_checked_promise_is_known() {
        for algorithm in PATTERNS.iter().flat_map(|pattern| pattern.algorithms) {
            let pattern = PATTERNS
                .iter()
                .find(|pattern| pattern.algorithms.iter().any(|known| known.id == algorithm.id))
                .expect("its own");
            let x = Experiment::open(&Scenario::new(pattern.id, algorithm.id)).expect("valid");
            for condition in promise(&x).iter().flat_map(|promise| promise.assuming) {
                assert!(CONDITIONS.iter().any(|(known, _)| known == condition), "{condition}");
            }
        }
    }
}
