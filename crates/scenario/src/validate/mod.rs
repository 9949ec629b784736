//! From text or JSON to a [`Scenario`], or to everything that is wrong with it, each with its path and with what
//! would be accepted. Whatever the input, this neither panics nor takes more than memory in proportion to it.

mod catalogue;
mod parts;
mod problem;
mod timeline;
mod walk;

pub use catalogue::catalogue_problems;
pub use problem::{Problem, Problems};

use crate::catalogue::Catalogue;
use crate::names::NameSet;
use crate::{NodeSpace, Scenario, from_value, json, limits, migrate};
use serde_json::Value;

/// Reads a scenario from its JSON text.
pub fn read(text: &str, catalogue: &Catalogue) -> Result<Scenario, Problems> {
    if text.len() > limits::DOCUMENT_BYTES {
        let accepted = format!("at most {} bytes", limits::DOCUMENT_BYTES);
        let message = format!("the document has {} bytes", text.len());
        return Err(Problems::one(Problem::new("too_large", "", message, accepted)));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match json::parse(text) {
        Ok(value) => validate(value, catalogue),
        Err(error) if error.too_deep() => Err(Problems::one(too_deep())),
        Err(error) => {
            let message = format!("this is not JSON: {error}");
            Err(Problems::one(Problem::new("syntax", "", message, "one JSON object")))
        }
    }
}

/// Reads a scenario from JSON.
pub fn validate(document: Value, catalogue: &Catalogue) -> Result<Scenario, Problems> {
    if !depth_within(&document, limits::DEPTH) {
        return Err(Problems::one(too_deep()));
    }
    if !document.is_object() {
        let problem =
            Problem::new("wrong_type", "", "a scenario is an object", "{\"version\": 1, \"system\": …}");
        return Err(Problems::one(problem));
    }
    let document = migrate::migrate(document).map_err(Problems::one)?;
    let mut walk = walk::Walk {
        catalogue,
        problems: Problems::default(),
        newer: None,
        nodes: NodeSpace::default(),
        zones: NameSet::default(),
    };
    walk.document(&document);
    if !walk.problems.is_empty() {
        return Err(walk.problems);
    }
    // The walk has seen everything that reading could object to; should it have missed something, this says so.
    from_value(&document)
        .map_err(|error| Problems::one(Problem::new("wrong_type", "", error.to_string(), "")))
}

fn too_deep() -> Problem {
    let accepted = format!("at most {} levels", limits::DEPTH);
    Problem::new("too_deep", "", "lists and objects are nested too deeply", accepted)
}

fn depth_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(list) => levels > 0 && list.iter().all(|value| depth_within(value, levels - 1)),
        Value::Object(map) => levels > 0 && map.values().all(|value| depth_within(value, levels - 1)),
        _ => true,
    }
}
