//! The settings that a run is compared with: one that promises more and one that promises less, derived from what
//! algorithms promise. The nearest counts: what the scenario itself names, then another value of one parameter, then
//! another algorithm of the pattern, then one of another pattern.

use netsplit_protocols::registry::{Algorithm, PATTERNS};
use netsplit_scenario::{Params, Scenario};
use netsplit_sim::declare::{Aspect, Kind, Promise};

use crate::compare;
use crate::declared;
use crate::experiment::Experiment;
use crate::verdict::LINEARIZABLE;

/// How much is promised: how strong reads are, whether acknowledged writes survive, and that any node answers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Strength {
    reads: u8,
    durable: bool,
}

/// Models of reads, weakest first; what is not named is below all of them.
const MODELS: [&str; 4] = ["monotonic_reads", "causal", "sequential", LINEARIZABLE];

fn strength(promises: &[Promise]) -> (Strength, bool) {
    let kept = |aspect: Aspect| promises.iter().filter(move |p| p.promised && p.aspect == aspect);
    let rank = |p: &Promise| MODELS.iter().position(|model| *model == p.id).map_or(0, |at| at as u8 + 1);
    let reads = kept(Aspect::Consistency).map(rank).max().unwrap_or(0);
    let durable = kept(Aspect::Durability).next().is_some();
    (Strength { reads, durable }, kept(Aspect::Liveness).any(|p| p.id == "available"))
}

fn promises(algorithm: &Algorithm, params: &Params) -> Vec<Promise> {
    (algorithm.promises)(&declared::settings(algorithm.params, &[params]))
}

/// The run in hand, and what it is compared with: titles and scenarios.
pub(super) fn of(x: &Experiment) -> Option<Vec<(String, Scenario)>> {
    let mut here = x.expanded();
    (here.view.cursor, here.view.trace_hash, here.semantics) = (None, None, None);
    let own = promises(x.algorithm, &here.system.params);
    own.iter().find(|promise| promise.id == LINEARIZABLE)?;
    let (strength_here, available_here) = strength(&own);
    let mut runs = vec![(x.algorithm.label.to_owned(), here.clone())];
    let (mut stronger, mut durable, mut weaker, mut available) = (None, None, None, None);
    for (at, (title, scenario)) in candidates(x, &here).into_iter().enumerate() {
        let Some(algorithm) =
            netsplit_protocols::registry::find(&scenario.system.pattern, &scenario.system.algorithm)
        else {
            continue;
        };
        let said = promises(algorithm, &scenario.system.params);
        if !said.iter().any(|promise| promise.id == LINEARIZABLE) {
            continue;
        }
        let (strength, any) = strength(&said);
        let named = at == 0 && here.compare.is_some();
        let place = if strength.reads > strength_here.reads || named && strength > strength_here {
            &mut stronger
        } else if strength > strength_here {
            &mut durable
        } else if any && !available_here {
            &mut available
        } else if strength < strength_here {
            &mut weaker
        } else {
            continue;
        };
        if place.is_none() && Experiment::open_lean(&scenario).is_ok() {
            *place = Some((title, scenario));
        }
    }
    // Three columns fit; who promises an answer at any node says most about partitions.
    runs.extend(stronger.or(durable));
    runs.extend(available);
    runs.extend(weaker);
    runs.truncate(3);
    Some(runs)
}

fn candidates(x: &Experiment, here: &Scenario) -> Vec<(String, Scenario)> {
    let mut all = Vec::new();
    if let Some(said) = here.compare.as_ref().filter(|compare| compare.branch.is_none())
        && let Ok(other) = compare::other(here)
    {
        all.push((said.title.clone(), other));
    }
    for param in x.algorithm.params {
        let mut with = |label: &str, value: serde_json::Value| {
            let mut other = here.clone();
            other.system.params.insert(param.id.to_owned(), value);
            all.push((format!("{}: {label}", param.label), other));
        };
        match param.kind {
            Kind::Choice(options) => options.iter().for_each(|(id, label)| with(label, (*id).into())),
            Kind::Bool(_) => {
                [(true, "on"), (false, "off")].iter().for_each(|(on, label)| with(label, (*on).into()))
            }
            _ => {}
        }
    }
    let own = |pattern: &&netsplit_protocols::registry::Pattern| pattern.id == here.system.pattern;
    // Sharding is about many keys, not about what one of them promises.
    let others = PATTERNS.iter().filter(|pattern| !own(pattern) && pattern.id != "sharding");
    let patterns = PATTERNS.iter().filter(own).chain(others);
    for (pattern, algorithm) in
        patterns.flat_map(|pattern| pattern.algorithms.iter().map(move |a| (pattern, a)))
    {
        // Faults and clients name nodes.
        let prefixes =
            |algorithm: &Algorithm| algorithm.roles.iter().map(|role| role.prefix).collect::<Vec<_>>();
        if algorithm.id == here.system.algorithm || prefixes(algorithm) != prefixes(x.algorithm) {
            continue;
        }
        let mut other = here.clone();
        (other.system.pattern, other.system.algorithm) = (pattern.id.to_owned(), algorithm.id.to_owned());
        other.system.params.clear();
        other.system.overrides.clear();
        other.system.nodes = Some(here.system.nodes.unwrap_or(x.algorithm.nodes.2));
        other.actions.clear();
        other.expect.clear();
        other.compare = None;
        all.push((algorithm.label.to_owned(), other));
    }
    all
}
