//! The walk over a document's JSON, which notes every problem and goes on.

use super::problem::{Problem, Problems};
use crate::catalogue::{Catalogue, ParamDecl, ParamKind};
use crate::names::NameSet;
use crate::record::fields_of;
use crate::{Duration, NodeSpace, distribution, duration, json, limits};
use serde_json::{Map, Value};

/// The walk's state.
pub(super) struct Walk<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) problems: Problems,
    /// Which newer semantics the document comes from, if it does: "engine 3 (here 2)".
    pub(super) newer: Option<String>,
    pub(super) nodes: NodeSpace,
    pub(super) zones: NameSet,
}

/// The path of a field.
pub(super) fn field(path: &str, name: &str) -> String {
    let plain = !name.is_empty()
        && name.len() <= limits::NAME_CHARS
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    match (path.is_empty(), plain) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[\"{}\"]", clip(name)),
    }
}

/// A text short enough for a message, without control characters.
pub(super) fn clip(text: &str) -> String {
    let mut clipped: String =
        text.chars().take(40).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(40).is_some() {
        clipped.push('…');
    }
    clipped
}

/// Owned names, borrowed.
pub(super) fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Names for a message: `a, b or c`, not too many.
pub(super) fn listed(names: &[&str]) -> String {
    match names.len() {
        0 => "nothing".to_owned(),
        1..=30 => names.join(", "),
        count => format!("{} and {} more", names[..30].join(", "), count - 30),
    }
}

/// The nearest of some names, if one is near.
fn nearest(name: &str, known: &[&str]) -> Option<String> {
    // Long names get no hint: with many of them the comparison would take too long.
    if name.len() > 40 {
        return None;
    }
    let reach = (name.chars().count() / 3).clamp(1, 3);
    // ASCII: the tables of all other letters are 10 KB of the page, for a hint.
    let name = name.to_ascii_lowercase();
    let distances = known.iter().map(|candidate| (edits(&name, &candidate.to_ascii_lowercase()), candidate));
    let (edits, best) = distances.min_by_key(|(edits, _)| *edits)?;
    (edits <= reach && edits < name.chars().count()).then(|| (*best).to_owned())
}

/// Insertions, deletions, replacements and swaps of neighbours between two texts.
fn edits(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect(), vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        rows[2][0] = i;
        for j in 1..=b.len() {
            let replace = rows[1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[1][j] + 1).min(rows[2][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = best;
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

impl<'a> Walk<'a> {
    pub(super) fn problem(&mut self, code: &str, path: &str, message: impl Into<String>, accepted: &str) {
        self.problems.push(Problem::new(code, path, message, accepted));
    }

    /// Something that is not known here: from a newer version if the document is, or a slip of the pen.
    pub(super) fn unknown(&mut self, code: &str, path: &str, what: &str, name: &str, known: &[&str]) {
        if self.problems.is_full() {
            self.problems.more += 1;
            return;
        }
        let accepted = listed(known);
        if let Some(newer) = &self.newer {
            let message = format!("{what} \"{}\" comes from a newer version: {newer}", clip(name));
            self.problems.push(Problem { newer: true, ..Problem::new("newer", path, message, accepted) });
            return;
        }
        let hint = nearest(name, known).map_or(String::new(), |near| format!("; did you mean \"{near}\"?"));
        self.problem(code, path, format!("unknown {what} \"{}\"{hint}", clip(name)), &accepted);
    }

    pub(super) fn wrong(&mut self, path: &str, value: &Value, accepted: &str) {
        let is = match value {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(_) => format!("the number {}", json::line(value)),
            Value::String(text) => format!("the text \"{}\"", clip(text)),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        self.problem("wrong_type", path, format!("this is {is}"), accepted);
    }

    /// An object of which every field is known.
    pub(super) fn object<'v>(
        &mut self,
        path: &str,
        value: &'v Value,
        known: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let map = self.map(path, value)?;
        for name in map.keys().filter(|name| !known.contains(&name.as_str())) {
            self.unknown("unknown_field", &field(path, name), "field", name, known);
        }
        Some(map)
    }

    pub(super) fn map<'v>(&mut self, path: &str, value: &'v Value) -> Option<&'v Map<String, Value>> {
        if value.as_object().is_none() {
            self.wrong(path, value, "an object");
        }
        value.as_object()
    }

    pub(super) fn list<'v>(&mut self, path: &str, value: &'v Value, min: usize, max: usize) -> &'v [Value] {
        let Some(list) = value.as_array() else {
            self.wrong(path, value, "a list");
            return &[];
        };
        if list.len() > max || list.len() < min {
            let accepted = if min == 0 { format!("at most {max}") } else { format!("from {min} to {max}") };
            self.problem("out_of_range", path, format!("the list has {} entries", list.len()), &accepted);
        }
        &list[..list.len().min(max)]
    }

    /// A field that must be there.
    pub(super) fn need<'v>(
        &mut self,
        path: &str,
        map: &'v Map<String, Value>,
        name: &str,
        accepted: &str,
    ) -> Option<&'v Value> {
        let value = map.get(name);
        if value.is_none() {
            self.problem("missing", &field(path, name), "this is missing", accepted);
        }
        value
    }

    pub(super) fn text<'v>(&mut self, path: &str, value: &'v Value, max: usize) -> Option<&'v str> {
        let Some(text) = value.as_str() else {
            self.wrong(path, value, "a text");
            return None;
        };
        if text.len() > max && text.chars().count() > max {
            let accepted = format!("at most {max} characters");
            self.problem("out_of_range", path, "the text is too long", &accepted);
            return None;
        }
        Some(text)
    }

    /// A text of one character at least.
    pub(super) fn name<'v>(&mut self, path: &str, value: &'v Value) -> Option<&'v str> {
        let text = self.text(path, value, limits::NAME_CHARS)?;
        if text.is_empty() {
            self.problem("out_of_range", path, "the name is empty", "a name");
            return None;
        }
        Some(text)
    }

    /// One of some names.
    pub(super) fn one_of<'v>(
        &mut self,
        path: &str,
        value: &'v Value,
        what: &str,
        known: &[&str],
    ) -> Option<&'v str> {
        let Some(text) = value.as_str() else {
            self.wrong(path, value, &listed(known));
            return None;
        };
        if !known.contains(&text) {
            self.unknown("unknown_name", path, what, text, known);
            return None;
        }
        Some(text)
    }

    pub(super) fn flag(&mut self, path: &str, value: &Value) -> Option<bool> {
        if value.as_bool().is_none() {
            self.wrong(path, value, "true or false");
        }
        value.as_bool()
    }

    pub(super) fn whole(&mut self, path: &str, value: &Value, min: i64, max: i64) -> Option<i64> {
        let accepted = format!("a whole number from {min} to {max}");
        match value.as_i64() {
            Some(number) if number >= min && number <= max => return Some(number),
            None if value.as_u64().is_none() => self.wrong(path, value, &accepted),
            _ => self.problem(
                "out_of_range",
                path,
                format!("{} is out of range", json::line(value)),
                &accepted,
            ),
        }
        None
    }

    pub(super) fn real(&mut self, path: &str, value: &Value, min: f64, max: f64) -> Option<f64> {
        let accepted = format!("a number from {min} to {max}");
        match value.as_f64() {
            Some(number) if number >= min && number <= max => return Some(number),
            Some(_) => self.problem(
                "out_of_range",
                path,
                format!("{} is out of range", json::line(value)),
                &accepted,
            ),
            None => self.wrong(path, value, &accepted),
        }
        None
    }

    pub(super) fn duration(
        &mut self,
        path: &str,
        value: &Value,
        min: Duration,
        max: Duration,
    ) -> Option<Duration> {
        let Some(read) = value.as_str().and_then(|text| text.parse::<Duration>().ok()) else {
            self.wrong(path, value, duration::ACCEPTED);
            return None;
        };
        if read < min || read > max {
            let accepted = format!("from {min} to {max}");
            self.problem("out_of_range", path, format!("{read} is out of range"), &accepted);
            return None;
        }
        Some(read)
    }

    /// An instant of the run.
    pub(super) fn instant(&mut self, path: &str, value: &Value) -> Option<Duration> {
        self.duration(path, value, Duration::ZERO, limits::DURATION)
    }

    /// The name of a node that there is.
    pub(super) fn node<'v>(&mut self, path: &str, value: &'v Value) -> Option<&'v str> {
        let Some(name) = value.as_str() else {
            let accepted = format!("the name of a node: {}", self.nodes.describe());
            self.wrong(path, value, &accepted);
            return None;
        };
        if !self.node_exists(path, name) {
            return None;
        }
        Some(name)
    }

    pub(super) fn node_exists(&mut self, path: &str, name: &str) -> bool {
        let exists = self.nodes.contains(name);
        if !exists {
            let near = self.nodes.nearest(name).map_or(String::new(), |n| format!("; did you mean \"{n}\"?"));
            let accepted = self.nodes.describe();
            self.problem(
                "unknown_name",
                path,
                format!("there is no node \"{}\"{near}", clip(name)),
                &accepted,
            );
        }
        exists
    }

    /// Parameters by declaration, wherever they stand.
    pub(super) fn param(&mut self, path: &str, decl: &ParamDecl, value: &Value) {
        match &decl.kind {
            ParamKind::Bool => drop(self.flag(path, value)),
            ParamKind::Int { min, max } => drop(self.whole(path, value, *min, *max)),
            ParamKind::Real { min, max } => drop(self.real(path, value, *min, *max)),
            ParamKind::Duration { min, max } => drop(self.duration(path, value, *min, *max)),
            ParamKind::Choice { options } => {
                let ids: Vec<&str> = options.iter().map(|(id, _)| id.as_str()).collect();
                self.one_of(path, value, "choice", &ids);
            }
            ParamKind::Distribution { max } => self.distribution(path, value, *max),
            ParamKind::Text { max } => drop(self.text(path, value, (*max as usize).min(limits::TEXT_CHARS))),
            ParamKind::Node => drop(self.node(path, value)),
        }
    }

    /// An object of parameters.
    pub(super) fn params(&mut self, path: &str, decls: &[ParamDecl], value: &Value) {
        let known: Vec<&str> = decls.iter().map(|decl| decl.id.as_str()).collect();
        let Some(map) = self.map(path, value) else { return };
        for (name, value) in map {
            let path = field(path, name);
            match decls.iter().find(|decl| decl.id == *name) {
                Some(decl) => self.param(&path, decl, value),
                None => self.unknown("unknown_field", &path, "parameter", name, &known),
            }
        }
    }

    pub(super) fn distribution(&mut self, path: &str, value: &Value, max: Duration) {
        if value.is_string() {
            self.duration(path, value, Duration::ZERO, max);
            return;
        }
        let Some(map) = value.as_object() else {
            self.wrong(path, value, distribution::ACCEPTED);
            return;
        };
        let Some(kind) = self.need(path, map, "kind", &listed(&distribution::KINDS)) else { return };
        let kinds = &distribution::KINDS;
        let Some(kind) = self.one_of(&field(path, "kind"), kind, "kind of distribution", kinds) else {
            return;
        };
        let fields = distribution::fields(kind);
        self.object(path, value, &fields);
        let mut times = Vec::new();
        for name in fields.into_iter().skip(1) {
            let accepted = match name {
                "sigma" | "shape" => "a number",
                "parts" | "quantiles" => "a list",
                _ => duration::ACCEPTED,
            };
            let Some(value) = self.need(path, map, name, accepted) else { continue };
            let path = field(path, name);
            match name {
                "sigma" => drop(self.real(&path, value, 0.0, 5.0)),
                "shape" => drop(self.real(&path, value, 0.1, 100.0)),
                "parts" => self.parts(&path, value, max),
                "quantiles" => {
                    for (index, value) in self.list(&path, value, 2, limits::QUANTILES).iter().enumerate() {
                        let path = format!("{path}[{index}]");
                        let Some(time) = self.duration(&path, value, Duration::ZERO, max) else { continue };
                        if times.last().is_some_and(|last| *last > time) {
                            self.problem("conflict", &path, "quantiles must not fall", "none below the last");
                        }
                        times.push(time);
                    }
                }
                _ => times.extend(self.duration(&path, value, Duration::ZERO, max)),
            }
        }
        if kind == "uniform" && times.len() == 2 && times[0] > times[1] {
            let accepted = format!("{} or more", times[0]);
            self.problem("conflict", &field(path, "max"), "max is below min", &accepted);
        }
    }

    fn parts(&mut self, path: &str, value: &Value, max: Duration) {
        for (index, part) in self.list(path, value, 1, limits::MIXTURE_PARTS).iter().enumerate() {
            let path = format!("{path}[{index}]");
            let Some(map) = self.object(&path, part, &fields_of::<distribution::Part>()) else { continue };
            if let Some(weight) = self.need(&path, map, "weight", "a number above 0") {
                self.real(&field(&path, "weight"), weight, 1e-9, 1e9);
            }
            if let Some(of) = self.need(&path, map, "of", distribution::ACCEPTED) {
                self.distribution(&field(&path, "of"), of, max);
            }
        }
    }
}
