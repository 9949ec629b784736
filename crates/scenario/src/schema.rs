//! The JSON Schema (draft 2020-12) of a scenario, made from the declarations.

use crate::breakpoint::EVENTS;
use crate::catalogue::{ActionDecl, AlgorithmDecl, Catalogue, NodeUse, ParamDecl, ParamKind, PatternDecl};
use crate::timeline::CHAOS;
use crate::{VERSION, declarations, limits};
use serde_json::{Map, Value, json};

/// The schema of a scenario of one algorithm.
pub fn algorithm_schema(catalogue: &Catalogue, pattern: &PatternDecl, algorithm: &AlgorithmDecl) -> Value {
    let operations = algorithm.operations.clone();
    document(
        catalogue,
        system(pattern, algorithm),
        actions([algorithm].into_iter()),
        json!({"enum": algorithm.promises}),
        if operations.is_empty() {
            json!({"enum": crate::catalogue::OPERATIONS})
        } else {
            json!({"enum": operations})
        },
    )
}

/// The schema of any scenario.
pub fn scenario_schema(catalogue: &Catalogue) -> Value {
    let all =
        catalogue.patterns.iter().flat_map(|pattern| pattern.algorithms.iter().map(move |a| (pattern, a)));
    let systems: Vec<Value> = all.clone().map(|(pattern, algorithm)| system(pattern, algorithm)).collect();
    let text = json!({"type": "string", "maxLength": limits::NAME_CHARS});
    document(catalogue, json!({"anyOf": systems}), actions(all.map(|(_, a)| a)), text.clone(), text)
}

/// The schema of one parameter.
pub fn param_schema(decl: &ParamDecl) -> Value {
    let mut schema = match &decl.kind {
        ParamKind::Bool => json!({"type": "boolean"}),
        ParamKind::Int { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        ParamKind::Real { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
        ParamKind::Duration { min, max } => {
            json!({"$ref": "#/$defs/duration", "$comment": format!("from {min} to {max}")})
        }
        ParamKind::Choice { options } => {
            json!({"enum": options.iter().map(|(id, _)| id).collect::<Vec<_>>()})
        }
        ParamKind::Distribution { .. } => json!({"$ref": "#/$defs/distribution"}),
        ParamKind::Text { max } => json!({"type": "string", "maxLength": max}),
        ParamKind::Node => json!({"$ref": "#/$defs/node"}),
    };
    schema["title"] = json!(decl.label);
    let unit = if decl.unit.is_empty() { String::new() } else { format!(" ({})", decl.unit) };
    schema["description"] = json!(format!("{}{unit}", decl.help));
    if decl.default != Value::Null {
        schema["default"] = decl.default.clone();
    }
    schema
}

fn object(properties: Value, required: &[&str]) -> Value {
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

fn list(items: Value, max: usize) -> Value {
    json!({"type": "array", "items": items, "maxItems": max})
}

fn params(decls: &[ParamDecl]) -> Map<String, Value> {
    decls.iter().map(|decl| (decl.id.clone(), param_schema(decl))).collect()
}

fn system(pattern: &PatternDecl, algorithm: &AlgorithmDecl) -> Value {
    let own = object(Value::Object(params(&algorithm.params)), &[]);
    let nodes = algorithm.nodes;
    let properties = json!({
        "pattern": {"const": pattern.id},
        "algorithm": {"const": algorithm.id},
        "nodes": {"type": "integer", "minimum": nodes.min, "maximum": nodes.max, "default": nodes.default},
        "params": own,
        "overrides": {"type": "object", "additionalProperties": own},
    });
    let mut schema = object(properties, &["pattern", "algorithm"]);
    schema["title"] = json!(algorithm.label);
    schema["description"] = json!(algorithm.summary);
    schema
}

fn actions<'a>(algorithms: impl Iterator<Item = &'a AlgorithmDecl>) -> Value {
    let one = |action: &ActionDecl| {
        let mut properties = params(&action.params);
        properties.insert("at".to_owned(), json!({"$ref": "#/$defs/duration"}));
        properties.insert("kind".to_owned(), json!({"const": action.kind}));
        let mut required = vec!["at", "kind"];
        if action.node != NodeUse::No {
            properties.insert("node".to_owned(), json!({"$ref": "#/$defs/node"}));
        }
        required.extend(matches!(action.node, NodeUse::Required | NodeUse::New).then_some("node"));
        let mut schema = object(Value::Object(properties), &required);
        schema["title"] = json!(action.label);
        schema["description"] = json!(action.help);
        schema
    };
    let mut kinds: Vec<Value> = Vec::new();
    for schema in algorithms.flat_map(|algorithm| &algorithm.actions).map(one) {
        if !kinds.contains(&schema) {
            kinds.push(schema);
        }
    }
    // An empty `anyOf` is not a schema; without actions, nothing is one.
    if kinds.is_empty() { json!(false) } else { json!({"anyOf": kinds}) }
}

fn faults(catalogue: &Catalogue) -> Value {
    let mut kinds: Vec<Value> = Vec::new();
    for fault in &catalogue.faults {
        let mut properties = params(&fault.params);
        properties.insert("at".to_owned(), json!({"$ref": "#/$defs/duration"}));
        properties.insert("kind".to_owned(), json!({"const": fault.kind}));
        if fault.has_duration {
            properties.insert("for".to_owned(), json!({"$ref": "#/$defs/duration"}));
        }
        for name in fault.target.fields() {
            properties.insert((*name).to_owned(), target(name));
        }
        let mut schema = object(Value::Object(properties), &["at", "kind"]);
        if fault.target.required() {
            let one: Vec<Value> =
                fault.target.fields().iter().map(|name| json!({"required": [name]})).collect();
            schema["oneOf"] = json!(one);
        }
        schema["title"] = json!(fault.label);
        schema["description"] = json!(fault.help);
        kinds.push(schema);
    }
    let names: Vec<&str> = catalogue.faults.iter().map(|fault| fault.kind.as_str()).collect();
    let chaos = json!({
        "at": {"$ref": "#/$defs/duration"},
        "for": {"$ref": "#/$defs/duration"},
        "kind": {"const": CHAOS},
        "kinds": {"type": "array", "items": {"enum": names}, "minItems": 1, "maxItems": limits::CHAOS_KINDS},
        "rate": {"type": "number", "minimum": 0, "maximum": limits::CHAOS_RATE},
        "max_at_once": {"type": "integer", "minimum": 1, "maximum": limits::NODES, "default": 1},
        "each": {"$ref": "#/$defs/duration"},
        "node": target("node"),
        "nodes": target("nodes"),
        "zone": target("zone"),
        "role": target("role"),
        "all": target("all"),
    });
    kinds.push(object(chaos, &["at", "kind", "kinds", "rate"]));
    json!({"anyOf": kinds})
}

fn target(name: &str) -> Value {
    let nodes = json!({"type": "array", "items": {"$ref": "#/$defs/node"}, "minItems": 1});
    match name {
        "node" => json!({"$ref": "#/$defs/node"}),
        "nodes" => nodes,
        "groups" => json!({"type": "array", "items": nodes, "minItems": 1, "maxItems": limits::GROUPS}),
        "link" => json!({"type": "string", "pattern": "^[A-Za-z]+[1-9][0-9]*<?>[A-Za-z]+[1-9][0-9]*$"}),
        "message" => json!({"type": "string", "pattern": "^[A-Za-z]+[1-9][0-9]*>[A-Za-z]+[1-9][0-9]*@[0-9]"}),
        "all" => json!({"const": true}),
        _ => json!({"type": "string", "maxLength": limits::NAME_CHARS}),
    }
}

fn document(catalogue: &Catalogue, system: Value, actions: Value, promise: Value, operation: Value) -> Value {
    let name = json!({"type": "string", "minLength": 1, "maxLength": limits::NAME_CHARS});
    let text = |max: usize| json!({"type": "string", "maxLength": max});
    let duration = json!({"$ref": "#/$defs/duration"});
    let node = json!({"$ref": "#/$defs/node"});
    let latency = json!({"$ref": "#/$defs/distribution"});
    let faults = list(faults(catalogue), limits::FAULTS);
    let actions = list(actions, limits::ACTIONS);
    let zone = object(json!({"name": name, "nodes": list(node.clone(), limits::NODES as usize)}), &["name"]);
    let pair = json!({"from": name, "to": name, "latency": latency, "one_way": {"type": "boolean"}});
    let mut link = params(&declarations::network());
    link.retain(|id, schema| {
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("default");
        }
        ["latency", "loss", "bandwidth", "transport"].contains(&id.as_str())
    });
    link.insert("from".to_owned(), node.clone());
    link.insert("to".to_owned(), node);
    link.insert("one_way".to_owned(), json!({"type": "boolean"}));
    let client = json!({"type": "string", "pattern": "^c[1-9][0-9]*$"});
    let call =
        json!({"at": duration, "client": client, "f": operation, "key": name, "value": true, "node": name});
    let operations = list(object(call, &["at", "client", "f"]), limits::OPERATIONS);
    let branch = json!({
        "name": name, "of": name, "from": duration, "keep": {"type": "boolean", "default": true},
        "faults": faults, "actions": actions, "operations": operations,
    });
    let integer = json!({"type": "integer", "minimum": 0});
    let properties = json!({
        "version": {"const": VERSION},
        "semantics": object(json!({"engine": integer, "algorithm": integer}), &["engine", "algorithm"]),
        "title": text(limits::TEXT_CHARS),
        "notes": text(limits::NOTES_CHARS),
        "seed": {"oneOf": [
            text(limits::TEXT_CHARS),
            {"type": "integer", "minimum": 0, "exclusiveMaximum": crate::seed::NUMBER_LIMIT},
        ]},
        "duration": duration,
        "system": system,
        "topology": object(json!({
            "zones": list(zone, limits::ZONES),
            "zone_latency": list(object(pair, &["from", "to", "latency"]), limits::ZONES * limits::ZONES),
            "links": list(object(Value::Object(link), &["from", "to"]), limits::LINKS),
        }), &[]),
        "network": object(Value::Object(params(&declarations::network())), &[]),
        "workload": object(Value::Object(params(&declarations::workload())), &[]),
        "operations": operations,
        "faults": faults,
        "actions": actions,
        "expect": list(promise, limits::EXPECTATIONS),
        "branches": list(object(branch, &["name", "from"]), limits::BRANCHES),
        "compare": object(json!({
            "title": text(limits::TEXT_CHARS), "algorithm": name, "nodes": integer,
            "params": {"type": "object"}, "branch": name,
        }), &[]),
        "lesson": {"type": "object"},
        "view": object(json!({
            "cursor": object(json!({"time": duration, "events": integer}), &["time"]),
            "branch": name,
            "selection": text(limits::TEXT_CHARS),
            "trace_hash": {"type": "string", "pattern": "^[0-9a-f]{8}$"},
            "speed": {"type": "number", "minimum": 1e-6, "maximum": 1e6},
            "compare": {"type": "boolean"},
            "breakpoints": list(breakpoint(), limits::BREAKPOINTS),
        }), &[]),
    });
    let mut schema = object(properties, &["version", "system"]);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("netsplit scenario");
    schema["$defs"] = json!({
        "duration": {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)? ?(ns|us|µs|ms|s|m|h)$"},
        "node": {"type": "string", "pattern": "^[A-Za-z]+[1-9][0-9]*$"},
        "distribution": distribution(),
    });
    schema
}

/// A breakpoint: a form for each thing that it may be on.
fn breakpoint() -> Value {
    let name = json!({"type": "string", "minLength": 1, "maxLength": limits::NAME_CHARS});
    let (node, off) = (json!({"$ref": "#/$defs/node"}), json!({"type": "boolean"}));
    let limit = json!({"type": "number", "minimum": -limits::BREAK_LIMIT, "maximum": limits::BREAK_LIMIT});
    let becomes = json!({"type": "string", "maxLength": limits::TEXT_CHARS});
    json!({"anyOf": [
        object(json!({"at": {"$ref": "#/$defs/duration"}, "off": off}), &["at"]),
        object(json!({"event": {"enum": EVENTS}, "node": node, "off": off}), &["event"]),
        object(json!({"message": name, "off": off}), &["message"]),
        object(json!({"metric": name, "above": limit, "off": off}), &["metric", "above"]),
        object(json!({"metric": name, "below": limit, "off": off}), &["metric", "below"]),
        object(json!({"fact": name, "becomes": becomes, "node": node, "off": off}), &["fact", "becomes", "node"]),
    ]})
}

fn distribution() -> Value {
    let time = json!({"$ref": "#/$defs/duration"});
    let kind = |kind: &str, fields: Value| {
        let Value::Object(mut fields) = fields else { return json!(false) };
        fields.insert("kind".to_owned(), json!({"const": kind}));
        let required: Vec<String> = fields.keys().cloned().collect();
        let required: Vec<&str> = required.iter().map(String::as_str).collect();
        object(Value::Object(fields), &required)
    };
    let positive = json!({"type": "number", "exclusiveMinimum": 0});
    let part = object(json!({"weight": positive, "of": {"$ref": "#/$defs/distribution"}}), &["weight", "of"]);
    json!({"anyOf": [
        time,
        kind("uniform", json!({"min": time, "max": time})),
        kind("normal", json!({"mean": time, "sd": time})),
        kind("log_normal", json!({"median": time, "sigma": {"type": "number", "minimum": 0, "maximum": 5}})),
        kind("exponential", json!({"mean": time})),
        kind("pareto", json!({"scale": time, "shape": {"type": "number", "minimum": 0.1, "maximum": 100}})),
        kind("mixture", json!({"parts": list(part, limits::MIXTURE_PARTS)})),
        kind("empirical", json!({"quantiles": list(time.clone(), limits::QUANTILES)})),
    ]})
}
