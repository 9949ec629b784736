//! What a second run beside the one that is shown differs in, as a person chooses it.

use netsplit_lab::scenario::catalogue::{AlgorithmDecl, Catalogue, ParamDecl, ParamKind};
use netsplit_lab::scenario::{Compare, Scenario};
use serde_json::Value;

use super::setup::{self, Part};

/// In which one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Differs {
    /// Another algorithm of the same pattern.
    Algorithm,
    /// Another number of nodes.
    Nodes,
    /// Another value of a parameter, by its id.
    Param(String),
    /// Another course of events, by its name.
    Branch(String),
}

impl Differs {
    /// As an entry of a list.
    pub fn id(&self) -> String {
        match self {
            Self::Algorithm => "algorithm".to_owned(),
            Self::Nodes => "nodes".to_owned(),
            Self::Param(id) => format!("param {id}"),
            Self::Branch(name) => format!("branch {name}"),
        }
    }

    /// The entry of this id.
    pub fn of_id(id: &str) -> Option<Self> {
        let (kind, rest) = id.split_once(' ').unwrap_or((id, ""));
        Some(match kind {
            "algorithm" => Self::Algorithm,
            "nodes" => Self::Nodes,
            "param" => Self::Param(rest.to_owned()),
            "branch" => Self::Branch(rest.to_owned()),
            _ => return None,
        })
    }

    /// What a document says. Where both runs have the same values, so that it could be any parameter which the second run
    /// names, it is the one that was chosen last, if that is known.
    pub fn of(scenario: &Scenario, compare: &Compare, chosen: Option<&Self>) -> Self {
        if let Some(name) = &compare.branch {
            return Self::Branch(name.clone());
        }
        if compare.algorithm.is_some() {
            return Self::Algorithm;
        }
        let own = |id: &String| scenario.system.params.get(id);
        let mut named = compare.params.iter();
        if let Some((id, _)) = named.clone().find(|(id, value)| own(id) != Some(value)) {
            return Self::Param(id.clone());
        }
        match (named.next(), chosen) {
            _ if compare.nodes.is_some() => Self::Nodes,
            (Some(_), Some(Self::Param(id))) if compare.params.contains_key(id) => Self::Param(id.clone()),
            (Some((id, _)), _) => Self::Param(id.clone()),
            (None, _) => Self::Algorithm,
        }
    }
}

/// The parameters in which two runs may differ.
pub fn params(algorithm: &AlgorithmDecl) -> impl Iterator<Item = &ParamDecl> {
    let simple = |decl: &&ParamDecl| {
        matches!(decl.kind, ParamKind::Bool | ParamKind::Choice { .. })
            || setup::number(decl, &decl.default).is_some()
    };
    algorithm.params.iter().filter(simple)
}

/// The second run that differs in this, with a value that is another one.
pub fn begin(catalogue: &Catalogue, scenario: &Scenario, differs: &Differs) -> Option<Compare> {
    let system = &scenario.system;
    let algorithm = setup::algorithm(catalogue, scenario)?;
    match differs {
        Differs::Branch(name) => Some(Compare { branch: Some(name.clone()), ..Compare::default() }),
        Differs::Algorithm => {
            let known = &catalogue.pattern(&system.pattern)?.algorithms;
            let at = known.iter().position(|a| a.id == system.algorithm)?;
            // The rule that most comparisons of balancers are about.
            let famous = known.iter().find(|a| a.id == "two_choices" && a.id != system.algorithm);
            if known.len() == 1 {
                // There is no other one.
                return begin(catalogue, scenario, &Differs::Nodes);
            }
            let other = famous.unwrap_or(&known[(at + 1) % known.len()]);
            Some(set(scenario, differs, &Value::from(other.id.as_str())))
        }
        Differs::Nodes => {
            let now = algorithm.node_count(scenario);
            let other = if now + 2 <= algorithm.nodes.max { now + 2 } else { algorithm.nodes.min };
            Some(set(scenario, differs, &Value::from(other)))
        }
        Differs::Param(id) => {
            let decl = algorithm.params.iter().find(|decl| decl.id == *id)?;
            let now = setup::get(scenario, Part::System, decl);
            Some(set(scenario, differs, &other_value(decl, &now)))
        }
    }
}

/// Another value than this one.
fn other_value(decl: &ParamDecl, now: &Value) -> Value {
    match &decl.kind {
        ParamKind::Bool => Value::from(!now.as_bool().unwrap_or_default()),
        ParamKind::Choice { options } => {
            let at = options.iter().position(|(id, _)| now.as_str() == Some(id)).unwrap_or(0);
            Value::from(options[(at + 1) % options.len()].0.as_str())
        }
        _ => {
            let start = setup::number(decl, now).unwrap_or_default();
            let place = setup::place_in(setup::span(decl, start), start);
            let steps = setup::STEPS;
            setup::at_place(decl, start, if place < steps / 2.0 { steps * 0.8 } else { steps * 0.2 })
        }
    }
}

/// The second run with this value of what it differs in.
pub fn set(scenario: &Scenario, differs: &Differs, value: &Value) -> Compare {
    let mut compare = Compare::default();
    match differs {
        Differs::Algorithm => compare.algorithm = value.as_str().map(str::to_owned),
        Differs::Nodes => compare.nodes = value.as_u64().and_then(|count| u32::try_from(count).ok()),
        Differs::Param(id) => {
            compare.params.clone_from(&scenario.system.params);
            compare.params.insert(id.clone(), value.clone());
        }
        Differs::Branch(name) => compare.branch = Some(name.clone()),
    }
    compare
}

/// Another set-up of the first run is one of the second as well, but for what they differ in.
pub fn carry(before: &Scenario, after: &mut Scenario) {
    let Some(compare) = after.compare.as_mut().filter(|compare| !compare.params.is_empty()) else { return };
    let mut params = after.system.params.clone();
    for (id, value) in &compare.params {
        if before.system.params.get(id) != Some(value) {
            params.insert(id.clone(), value.clone());
        }
    }
    compare.params = params;
}

/// A course of events as it is called.
pub fn title(name: &str) -> String {
    if name.is_empty() { "Main".to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_lab::declared::shared;
    use netsplit_lab::default_scenario;

    #[test]
    fn a_second_run_differs_in_what_was_chosen() {
        let scenario = default_scenario("leader_election", "raft");
        let algorithm = setup::algorithm(shared(), &scenario).expect("known");
        let choices = params(algorithm).map(|decl| Differs::Param(decl.id.clone()));
        for differs in choices.chain([Differs::Algorithm, Differs::Nodes]) {
            assert_eq!(Differs::of_id(&differs.id()), Some(differs.clone()));
            let compare = begin(shared(), &scenario, &differs).expect("possible");
            assert_eq!(Differs::of(&scenario, &compare, None), differs);
            let both = Scenario { compare: Some(compare), ..scenario.clone() };
            let other = netsplit_lab::compare::other(&both).expect("it compares something");
            assert_ne!(other.system, scenario.system, "{differs:?}");
        }
    }

    #[test]
    fn the_only_algorithm_is_compared_with_itself_on_other_nodes() {
        for pattern in shared().patterns.iter().filter(|pattern| pattern.algorithms.len() == 1) {
            let scenario = default_scenario(&pattern.id, &pattern.algorithms[0].id);
            let compare = begin(shared(), &scenario, &Differs::Algorithm).expect("possible");
            assert_eq!(Differs::of(&scenario, &compare, None), Differs::Nodes, "{}", pattern.id);
            let both = Scenario { compare: Some(compare), ..scenario.clone() };
            let other = netsplit_lab::compare::other(&both).expect("it compares something");
            assert_ne!(other.system.nodes, scenario.system.nodes, "{}", pattern.id);
        }
    }

    #[test]
    fn the_first_run_s_set_up_is_carried_over() {
        let mut before = default_scenario("leader_election", "raft");
        let differs = Differs::Param("heartbeat".to_owned());
        before.compare = begin(shared(), &before, &differs);
        let mut after = before.clone();
        after.system.params.insert("pre_vote".to_owned(), Value::from(true));
        carry(&before, &mut after);
        let compare = after.compare.as_ref().expect("still");
        assert_eq!(compare.params.get("pre_vote"), Some(&Value::from(true)));
        assert_eq!(Differs::of(&after, compare, None), differs);
    }

    #[test]
    fn a_parameter_with_the_same_value_in_both_is_still_what_they_differ_in() {
        let mut scenario = default_scenario("leader_election", "raft");
        let algorithm = setup::algorithm(shared(), &scenario).expect("known");
        let id = "heartbeat".to_owned();
        let decl = algorithm.params.iter().find(|decl| decl.id == id).expect("declared");
        let differs = Differs::Param(id.clone());
        // The default, said by the second run and by neither or both.
        for own in [None, Some(decl.default.clone())] {
            own.into_iter().for_each(|value| drop(scenario.system.params.insert(id.clone(), value)));
            let compare = set(&scenario, &differs, &decl.default);
            assert_eq!(Differs::of(&scenario, &compare, None), differs);
        }
        // One of several that are the same in both: what the hand holds, whatever the order of their names is.
        for (other, value) in [("batch", "2ms"), ("election", "1s")] {
            scenario.system.params.insert(other.to_owned(), Value::from(value));
        }
        let compare = set(&scenario, &differs, &decl.default);
        assert_eq!(Differs::of(&scenario, &compare, Some(&differs)), differs);
        assert!(matches!(Differs::of(&scenario, &compare, None), Differs::Param(_)));
        // What does differ says more than what was chosen.
        let chosen = Differs::Param("batch".to_owned());
        let compare = set(&scenario, &differs, &Value::from("70ms"));
        assert_eq!(Differs::of(&scenario, &compare, Some(&chosen)), differs);
    }
}
