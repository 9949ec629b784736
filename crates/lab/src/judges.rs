//! What the run says about each promise of its algorithm and each invariant that is watched: plain data.

use serde::Serialize;

use crate::experiment::Experiment;
use crate::recorder::Broken;
use crate::report::Verdict;
use crate::text::{self, say};
use crate::verdict::Grade;

/// An invariant of the algorithm that the run broke.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// Number of the event that broke it.
    pub event: u64,
    /// When (ns).
    pub time: u64,
    /// Which invariant ("election_safety").
    pub invariant: &'static str,
    /// The nodes whose states contradict it.
    pub nodes: Vec<String>,
    /// In a sentence.
    pub sentence: String,
}

impl Breach {
    pub(crate) fn new(x: &Experiment, broken: &Broken) -> Self {
        Self {
            event: broken.event,
            time: broken.time,
            invariant: broken.breach.invariant,
            nodes: broken.breach.nodes.iter().map(|node| x.name(node.0)).collect(),
            sentence: text::sentence(&broken.breach.text, |node| x.name(node)),
        }
    }
}

/// What an invariant takes for granted.
const ASSUMED: &str = "no disk is lost";

/// The invariants that the run broke, as rows of the report: each with its first breach.
pub(crate) fn invariants(x: &Experiment) -> Vec<Verdict> {
    let mut rows: Vec<Verdict> = Vec::new();
    for breach in x.breaches() {
        if rows.iter().any(|row| row.promise == breach.invariant) {
            continue;
        }
        let lost = x
            .faults()
            .iter()
            .any(|fault| fault.kind == "disk_lost" && !fault.no_effect && fault.from <= breach.time);
        let grade = if lost { Grade::AssumptionBroken } else { Grade::Broken };
        rows.push(Verdict {
            promise: breach.invariant.to_owned(),
            aspect: "invariant".to_owned(),
            promised: true,
            assuming: vec![ASSUMED.to_owned()],
            verdict: grade.id().to_owned(),
            found: Some(say(
                "invariant-broken",
                &[
                    ("time", text::instant(breach.time)),
                    ("event", breach.event.to_string()),
                    ("nodes", breach.nodes.join(", ")),
                    ("what", breach.sentence),
                ],
            )),
            sentence: say("invariant-checked", &[]),
        });
    }
    rows
}
