//! What there is to choose from: the tables of the engine and of the algorithms, joined into the catalogue that
//! documents are validated against.

use std::sync::OnceLock;

use netsplit_protocols::registry::{self, Algorithm, Preset, PresetValue};
use netsplit_scenario::catalogue::{
    ActionDecl, AlgorithmDecl, Catalogue, Control, FaultDecl, NodeCount, NodeUse, ParamDecl, ParamKind,
    PatternDecl, PresetDecl, PresetValueDecl, RoleCount, RoleDecl, TargetKind,
};
use netsplit_scenario::{
    Distribution, Duration, Mode, ParamValue, Scenario, Transport, declarations, to_value,
};
use netsplit_sim::declare::{Kind, NodeRole, Param, Settings, Value};
use netsplit_sim::distribution::Distribution as Law;
use netsplit_sim::fault::{FAULTS, Target};
use serde_json::Value as Json;

use crate::text;

/// What a number of some algorithm is called: as its series is, with the chart that it shares with others; one that is no
/// series has a name of its own.
pub(crate) fn value_label(id: &str) -> String {
    let algorithms = netsplit_protocols::registry::PATTERNS.iter().flat_map(|pattern| pattern.algorithms);
    match algorithms.flat_map(|algorithm| algorithm.series).find(|series| series.id == id) {
        Some(series) if series.chart.is_empty() => series.label.to_owned(),
        Some(series) => format!("{}, {}", text::say(&format!("chart-{}", series.chart), &[]), series.label),
        None => text::say(&format!("value-{}", id.replace('_', "-")), &[]),
    }
}

/// The engine's semantics number: raised whenever the trace of an unchanged scenario changes.
pub const ENGINE_SEMANTICS: u32 = 3;

/// Everything that there is to choose from.
#[must_use]
pub fn catalogue() -> Catalogue {
    shared().clone()
}

/// The same, made once.
#[must_use]
pub fn shared() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue {
        engine: ENGINE_SEMANTICS,
        patterns: registry::PATTERNS
            .iter()
            .map(|pattern| PatternDecl {
                id: pattern.id.to_owned(),
                label: pattern.label.to_owned(),
                algorithms: pattern.algorithms.iter().map(|a| algorithm(pattern.id, a)).collect(),
            })
            .collect(),
        network: declarations::network(),
        workload: declarations::workload(),
        faults: FAULTS
            .iter()
            .map(|fault| FaultDecl {
                kind: fault.id.to_owned(),
                label: fault.label.to_owned(),
                help: fault.help.to_owned(),
                target: match fault.target {
                    Target::Node => TargetKind::Node,
                    Target::Link => TargetKind::Link,
                    Target::Groups => TargetKind::Groups,
                    Target::Message => TargetKind::Message,
                    Target::Traffic => TargetKind::None,
                },
                has_duration: fault.lasts,
                params: fault.params.iter().map(param).collect(),
            })
            .collect(),
    })
}

/// A scenario to begin with: the system's own defaults under a load that shows something.
#[must_use]
pub fn default_scenario(pattern: &str, algorithm: &str) -> Scenario {
    let mut scenario = Scenario::new(pattern, algorithm);
    if pattern == "load_balancing" {
        // Four fifths of what the default backends can do, and queues that come and go while one looks.
        scenario
            .system
            .params
            .insert("service".into(), to_value(&Distribution::Exponential { mean: Duration(20_000_000) }));
        scenario.workload.mode = Mode::Open;
        scenario.workload.rate = 160.0;
    } else {
        scenario.workload.think = Distribution::Exponential { mean: Duration(20_000_000) };
    }
    scenario
}

/// The transport that `auto` means for an algorithm.
#[must_use]
pub fn transport(pattern: &str, algorithm: &str) -> Transport {
    if registry::datagrams(pattern, algorithm) { Transport::Datagram } else { Transport::Stream }
}

fn algorithm(pattern: &str, algorithm: &Algorithm) -> AlgorithmDecl {
    let (min, max, default) = algorithm.nodes;
    let mut promises: Vec<String> = (algorithm.promises)(&Settings::defaults(algorithm.params))
        .iter()
        .map(|promise| promise.id.to_owned())
        .collect();
    promises.dedup();
    AlgorithmDecl {
        id: algorithm.id.to_owned(),
        label: algorithm.label.to_owned(),
        summary: algorithm.summary.to_owned(),
        semantics: algorithm.semantics,
        nodes: NodeCount { min, max, default },
        transport: transport(pattern, algorithm.id),
        params: algorithm.params.iter().map(param).collect(),
        presets: algorithm.presets.iter().map(preset).collect(),
        actions: algorithm
            .actions
            .iter()
            .map(|action| ActionDecl {
                kind: action.id.to_owned(),
                label: action.label.to_owned(),
                help: action.label.to_owned(),
                node: match (action.id, action.on_node) {
                    (ADD_NODE, _) => NodeUse::New,
                    (_, true) => NodeUse::Required,
                    (_, false) => NodeUse::No,
                },
                params: Vec::new(),
            })
            .collect(),
        operations: Vec::new(),
        promises,
        roles: algorithm.roles.iter().filter(|role| !role.client).map(|r| role(algorithm, r)).collect(),
    }
}

/// The action that brings an absent node in.
pub(crate) const ADD_NODE: &str = "add_node";

/// A role is as numerous as the algorithm's parameter named after it ("balancers"); otherwise the role of the
/// servers is as numerous as the system's nodes, and any other exists once.
fn role(algorithm: &Algorithm, role: &NodeRole) -> RoleDecl {
    let counted = |role: &NodeRole| {
        let plural = format!("{}s", role.id);
        algorithm.params.iter().find(|param| param.id == plural)
    };
    let rest = algorithm.roles.iter().filter(|r| !r.client && counted(r).is_none());
    let servers = rest.max_by_key(|r| r.tier).map(|r| r.id);
    RoleDecl {
        id: role.id.to_owned(),
        label: role.id.to_owned(),
        prefix: role.prefix.to_owned(),
        count: if let Some(param) = counted(role) {
            RoleCount::Param(param.id.to_owned())
        } else if Some(role.id) == servers {
            RoleCount::Nodes
        } else {
            RoleCount::Fixed(1)
        },
    }
}

fn param(param: &Param) -> ParamDecl {
    let (kind, default, control) = match param.kind {
        Kind::Bool(default) => (ParamKind::Bool, Json::from(default), Control::Switch),
        Kind::Int(default, min, max) => {
            let control = if max - min <= 200 { Control::Slider { log: false } } else { Control::Number };
            (ParamKind::Int { min, max }, Json::from(default), control)
        }
        Kind::Real(default, min, max) => {
            let log = min > 0.0 && max / min > 1000.0;
            (ParamKind::Real { min, max }, Json::from(default), Control::Slider { log })
        }
        Kind::Duration(default, min, max) => (
            ParamKind::Duration { min: Duration(min), max: Duration(max) },
            to_value(&Duration(default)),
            Control::Slider { log: true },
        ),
        Kind::Choice(options) => {
            let owned = options.iter().map(|(id, label)| ((*id).to_owned(), (*label).to_owned())).collect();
            let control = if options.len() <= 3 { Control::Segmented } else { Control::Select };
            (ParamKind::Choice { options: owned }, Json::from(options.first().map_or("", |o| o.0)), control)
        }
        Kind::Law(law, max) => {
            let law = spread(&law.distribution());
            (ParamKind::Distribution { max: Duration(max) }, law, Control::Distribution)
        }
    };
    ParamDecl {
        id: param.id.to_owned(),
        label: param.label.to_owned(),
        help: param.help.to_owned(),
        unit: param.unit.to_owned(),
        group: param.group.to_owned(),
        kind,
        default,
        control,
    }
}

fn preset(preset: &Preset) -> PresetDecl {
    let value = |said: &PresetValue| PresetValueDecl {
        param: said.param.to_owned(),
        value: said_as(&said.value),
        source: said.source.to_owned(),
    };
    PresetDecl {
        id: preset.id.to_owned(),
        label: preset.label.to_owned(),
        summary: preset.summary.to_owned(),
        values: preset.values.iter().map(value).collect(),
    }
}

/// A value as a document says it.
fn said_as(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::Int(value) => Json::from(*value),
        Value::Real(value) => Json::from(*value),
        Value::Duration(span) => to_value(&Duration(*span)),
        Value::Choice(id) => Json::from(*id),
        Value::Law(law) => spread(law),
    }
}

/// Settings by a table: the declared defaults, then what each of `layers` says.
#[must_use]
pub fn settings(table: &[Param], layers: &[&netsplit_scenario::Params]) -> Settings {
    let mut settings = Settings::defaults(table);
    for declared in table {
        let decl = param(declared);
        for layer in layers {
            let Some(read) = layer.get(declared.id).and_then(|value| decl.read(value)) else { continue };
            if let Some(value) = value(declared, read) {
                // The id is from the table that the settings were made of.
                let _ = settings.set(declared.id, value);
            }
        }
    }
    settings
}

fn value(declared: &Param, read: ParamValue) -> Option<Value> {
    Some(match (read, declared.kind) {
        (ParamValue::Bool(value), Kind::Bool(_)) => Value::Bool(value),
        (ParamValue::Int(value), Kind::Int(_, min, max)) => Value::Int(value.clamp(min, max)),
        (ParamValue::Real(value), Kind::Real(_, min, max)) => Value::Real(value.clamp(min, max)),
        (ParamValue::Duration(value), Kind::Duration(_, min, max)) => {
            Value::Duration(value.0.clamp(min, max))
        }
        (ParamValue::Text(text), Kind::Choice(options)) => {
            Value::Choice(options.iter().find(|(id, _)| *id == text)?.0)
        }
        (ParamValue::Distribution(law), Kind::Law(..)) => Value::Law(distribution(&law)),
        _ => return None,
    })
}

/// The laws that a declaration can hold, as a document says them. Any other is null, which the check of the catalogue
/// refuses.
fn spread(law: &Law) -> Json {
    to_value(&match law {
        Law::Constant(span) => Distribution::Constant(Duration(*span)),
        Law::Uniform { min, max } => Distribution::Uniform { min: Duration(*min), max: Duration(*max) },
        Law::Exponential { mean } => Distribution::Exponential { mean: Duration(*mean) },
        Law::LogNormal { median, sigma } => {
            Distribution::LogNormal { median: Duration(*median), sigma: *sigma }
        }
        _ => return Json::Null,
    })
}

/// A document's distribution as the engine's.
#[must_use]
pub fn distribution(law: &Distribution) -> Law {
    match law {
        Distribution::Constant(span) => Law::Constant(span.0),
        Distribution::Uniform { min, max } => Law::Uniform { min: min.0, max: max.0 },
        Distribution::Normal { mean, sd } => Law::Normal { mean: mean.0, sd: sd.0 },
        Distribution::LogNormal { median, sigma } => Law::LogNormal { median: median.0, sigma: *sigma },
        Distribution::Exponential { mean } => Law::Exponential { mean: mean.0 },
        Distribution::Pareto { scale, shape } => Law::Pareto { scale: scale.0, shape: *shape },
        Distribution::Mixture { parts } => {
            Law::Mixture(parts.iter().map(|part| (part.weight, distribution(&part.of))).collect())
        }
        Distribution::Empirical { quantiles } => Law::Empirical(quantiles.iter().map(|q| q.0).collect()),
    }
}

/// Spans (ns) that stand for a law, at equal steps of probability, the shortest first.
#[must_use]
pub fn quantiles(law: &Distribution) -> Vec<u64> {
    const STEPS: u64 = 1000;
    let law = distribution(law);
    let word = |step: u64| (u64::MAX / STEPS) * step + u64::MAX / (2 * STEPS);
    let mut spans: Vec<u64> = (0..STEPS).map(|step| law.sample(word(step))).collect();
    netsplit_sim::small::sort_by_key(&mut spans, |span| *span);
    spans
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sound() {
        let problems = netsplit_scenario::validate::catalogue_problems(shared());
        assert!(problems.is_empty(), "{problems}");
    }

    #[test]
    fn every_number_has_a_name() {
        let mut nameless = std::collections::BTreeSet::new();
        for pattern in registry::PATTERNS {
            for algorithm in pattern.algorithms {
                let scenario = default_scenario(pattern.id, algorithm.id);
                let mut x = crate::Experiment::open(&scenario).expect("valid");
                x.seek(2_000_000_000);
                let ids = x.report().metrics.own.into_keys();
                nameless.extend(ids.filter(|id| value_label(id).starts_with("value-")));
            }
        }
        assert!(nameless.is_empty(), "{nameless:?}");
    }

    #[test]
    fn presets_say_their_values_as_documents_do() {
        let value = |param, value| PresetValue { param, value, source: "x_timeout, https://example.org/x" };
        let values = [
            value("a", Value::Bool(true)),
            value("b", Value::Int(-3)),
            value("c", Value::Real(0.5)),
            value("d", Value::Duration(1_500_000_000)),
            value("e", Value::Choice("best")),
            value("f", Value::Law(Law::Exponential { mean: 2_000_000 })),
        ];
        let values: &'static [PresetValue] = Box::leak(Box::new(values));
        let made = preset(&Preset { id: "x", label: "X 1.0", summary: "It waits.", values });
        assert_eq!(
            (made.id.as_str(), made.label.as_str(), made.summary.as_str()),
            ("x", "X 1.0", "It waits.")
        );
        let said: Vec<String> = made.values.iter().map(|v| format!("{} {}", v.param, v.value)).collect();
        let law = r#"f {"kind":"exponential","mean":"2ms"}"#;
        assert_eq!(said, ["a true", "b -3", "c 0.5", r#"d "1500ms""#, r#"e "best""#, law]);
        assert_eq!(made.values[0].source, "x_timeout, https://example.org/x");
    }
}
