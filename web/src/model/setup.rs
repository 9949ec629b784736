//! Reading and changing a scenario by its declarations; what a slider's place means.

use crate::model::math;
use netsplit_scenario::catalogue::{
    AlgorithmDecl, Catalogue, Control, ParamDecl, ParamKind, PresetValueDecl,
};
use netsplit_scenario::json::number as number_of;
use netsplit_scenario::record::Field;
use netsplit_scenario::{Distribution, Duration, Scenario, from_value, to_value};
use serde_json::Value;

/// Which table a parameter is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The algorithm's parameters.
    System,
    /// All links.
    Network,
    /// The clients.
    Workload,
}

/// Steps of a slider.
pub const STEPS: f64 = 1000.0;

/// The algorithm of a scenario.
pub fn algorithm<'a>(catalogue: &'a Catalogue, scenario: &Scenario) -> Option<&'a AlgorithmDecl> {
    catalogue.algorithm(&scenario.system.pattern, &scenario.system.algorithm)
}

/// What a parameter stands at, as JSON; its default where nothing is said.
pub fn get(scenario: &Scenario, part: Part, decl: &ParamDecl) -> Value {
    let said = match part {
        Part::System => scenario.system.params.get(&decl.id).cloned(),
        Part::Network => to_value(&scenario.network).get(&decl.id).cloned(),
        Part::Workload => to_value(&scenario.workload).get(&decl.id).cloned(),
    };
    said.unwrap_or_else(|| decl.default.clone())
}

/// Puts a value in; false where it is of the wrong type.
pub fn set(scenario: &mut Scenario, part: Part, id: &str, value: Value) -> bool {
    fn replace<T: Field + Clone + Default>(into: &mut T, id: &str, value: Value) -> bool {
        let mut object = to_value(into);
        if let Some(fields) = object.as_object_mut() {
            fields.insert(id.to_owned(), value);
        }
        match from_value(&object) {
            Ok(changed) => {
                *into = changed;
                true
            }
            Err(_) => false,
        }
    }
    match part {
        Part::System => {
            scenario.system.params.insert(id.to_owned(), value);
            true
        }
        Part::Network => replace(&mut scenario.network, id, value),
        Part::Workload => replace(&mut scenario.workload, id, value),
    }
}

/// Another algorithm of any pattern: what belongs to the old one goes, seed, network and workload stay within
/// a pattern.
pub fn choose(scenario: &Scenario, pattern: &str, algorithm: &str, fresh: Scenario) -> Scenario {
    let mut next = fresh;
    next.seed = scenario.seed.clone();
    if scenario.system.pattern == pattern && scenario.system.algorithm != algorithm {
        next.network = scenario.network.clone();
        next.workload = scenario.workload.clone();
        next.duration = scenario.duration;
        next.faults = scenario.faults.clone();
        next.topology = scenario.topology.clone();
    }
    next
}

/// What [`adopted`] gives where the parameters are those of no preset.
pub const CUSTOM: &str = "custom";

/// Whether some preset has a value of its own for this parameter.
fn in_presets(algorithm: &AlgorithmDecl, id: &str) -> bool {
    algorithm.presets.iter().flat_map(|preset| &preset.values).any(|value| value.param == id)
}

/// Takes the defaults of a product, or our own where no preset has this id. What no preset is about stays.
pub fn adopt(scenario: &mut Scenario, algorithm: &AlgorithmDecl, id: &str) {
    let params = &mut scenario.system.params;
    for (id, value) in std::mem::take(params) {
        if !in_presets(algorithm, &id) {
            params.insert(id, value);
        }
    }
    for said in algorithm.presets.iter().filter(|preset| preset.id == id).flat_map(|preset| &preset.values) {
        params.insert(said.param.clone(), said.value.clone());
    }
}

/// Whose defaults the parameters are: the id of a preset, nothing where they are our own, or [`CUSTOM`].
pub fn adopted<'a>(scenario: &Scenario, algorithm: &'a AlgorithmDecl) -> &'a str {
    let is = |values: &[PresetValueDecl]| {
        algorithm.params.iter().filter(|decl| in_presets(algorithm, &decl.id)).all(|decl| {
            let said = values.iter().find(|said| said.param == decl.id);
            decl.same(&get(scenario, Part::System, decl), said.map_or(&decl.default, |said| &said.value))
        })
    };
    if is(&[]) {
        return "";
    }
    algorithm.presets.iter().find(|preset| is(&preset.values)).map_or(CUSTOM, |preset| &preset.id)
}

/// A value in words.
pub fn words(decl: &ParamDecl, value: &Value) -> String {
    match (&decl.kind, value) {
        (_, Value::Bool(on)) => if *on { "on" } else { "off" }.to_owned(),
        (ParamKind::Choice { options }, Value::String(id)) => {
            options.iter().find(|option| option.0 == *id).map_or_else(String::new, |option| option.1.clone())
        }
        _ => {
            let (text, unit) = shown(decl, value);
            if unit.is_empty() { text } else { format!("{text}\u{a0}{unit}") }
        }
    }
}

/// The numbers that a slider spans: least, most, and whether its steps are factors. Declared bounds may be far
/// wider than anybody wants to drag through: the slider keeps near the default, the field beside it takes all.
pub fn span(decl: &ParamDecl, value: f64) -> (f64, f64, bool) {
    let log = matches!(decl.control, Control::Slider { log: true });
    let (min, max) = bounds(decl);
    let usual = number(decl, &decl.default).unwrap_or(min);
    let (mut low, mut high) = (min, max);
    if log {
        let centre = if usual > 0.0 { usual } else { (max * 1e-3).max(1.0) };
        low = min.max(centre / 50.0);
        high = max.min(centre * 50.0);
    } else if max - min > 1000.0 || (min >= 0.0 && usual > 0.0 && max > usual * 50.0) {
        high = max.min(usual.max(min + 1.0) * 10.0);
    }
    if value > high {
        high = value;
    }
    if value < low && (!log || value > 0.0) {
        low = value;
    }
    (low, high.max(low + f64::EPSILON), log && low > 0.0)
}

fn bounds(decl: &ParamDecl) -> (f64, f64) {
    match &decl.kind {
        ParamKind::Int { min, max } => (*min as f64, *max as f64),
        ParamKind::Real { min, max } => (*min, *max),
        ParamKind::Duration { min, max } => (min.0 as f64, max.0 as f64),
        _ => (0.0, 1.0),
    }
}

fn least(decl: &ParamDecl) -> f64 {
    let (min, _) = bounds(decl);
    if min == 0.0 { 0.0 } else { f64::MAX }
}

/// A slider's place for a value.
pub fn place(decl: &ParamDecl, value: f64) -> f64 {
    place_in(span(decl, value), value)
}

/// A slider's place for a value between these ends.
pub fn place_in((low, high, log): (f64, f64, bool), value: f64) -> f64 {
    if value <= low {
        return 0.0;
    }
    let share =
        if log { math::log10(value / low) / math::log10(high / low) } else { (value - low) / (high - low) };
    share.clamp(0.0, 1.0) * STEPS
}

/// The value at a slider's place, rounded to what a person would say.
pub fn at_place(decl: &ParamDecl, current: f64, place: f64) -> Value {
    let (low, high, log) = span(decl, current);
    let share = (place / STEPS).clamp(0.0, 1.0);
    let raw = if log { low * math::pow(high / low, share) } else { low + (high - low) * share };
    let value = if share <= 0.0 {
        // The far left of a slider of factors is the least there is: nothing at all, where that is allowed.
        if log { least(decl).min(low) } else { low }
    } else if share >= 1.0 {
        high
    } else {
        round(raw, if log { raw } else { high - low })
    };
    from_number(decl, value.min(high))
}

fn round(value: f64, of: f64) -> f64 {
    let size = math::pow(10.0, math::log10(of.abs().max(1e-12)).floor() - 1.0);
    (value / size).round() * size
}

/// A value as a number: durations in ns.
pub fn number(decl: &ParamDecl, value: &Value) -> Option<f64> {
    match decl.kind {
        ParamKind::Duration { .. } => value.as_str()?.parse::<Duration>().ok().map(|d| d.0 as f64),
        _ => value.as_f64(),
    }
}

/// A number as a value of this parameter.
pub fn from_number(decl: &ParamDecl, value: f64) -> Value {
    match decl.kind {
        ParamKind::Duration { .. } => to_value(&Duration(value.max(0.0).round() as u64)),
        ParamKind::Int { .. } => Value::from(value.round() as i64),
        // Twelve digits: 0.30000000000000004 is nobody's choice.
        _ => Value::from(number_of(&format!("{value:.12}")).unwrap_or(value)),
    }
}

/// What stands in the field, and the unit after it.
pub fn shown(decl: &ParamDecl, value: &Value) -> (String, String) {
    match (&decl.kind, value) {
        (ParamKind::Duration { .. }, Value::String(text)) => match text.parse::<Duration>() {
            Ok(Duration::ZERO) => ("0".to_owned(), "ms".to_owned()),
            Ok(span) => {
                let words = super::format::span(span.0);
                let (number, unit) = words.split_once(' ').unwrap_or((&words, ""));
                (number.to_owned(), unit.to_owned())
            }
            Err(_) => (text.clone(), String::new()),
        },
        (_, Value::Number(number)) => {
            let text = number.as_f64().map_or_else(|| number.to_string(), super::format::short);
            (text, unit(&decl.unit))
        }
        (_, Value::String(text)) => (text.clone(), unit(&decl.unit)),
        _ => (String::new(), unit(&decl.unit)),
    }
}

fn unit(unit: &str) -> String {
    match unit {
        "1/s" => "/s".to_owned(),
        "bytes/s" => "B/s".to_owned(),
        "bytes" => "B".to_owned(),
        other => other.to_owned(),
    }
}

/// What a parameter can be, in words: "1 to 1,000".
pub fn possible(decl: &ParamDecl) -> String {
    let (least, most) = match &decl.kind {
        ParamKind::Duration { min, max } => (super::format::span(min.0), super::format::span(max.0)),
        ParamKind::Int { min, max } => return between(*min, *max),
        ParamKind::Real { min, max } => (super::format::short(*min), super::format::short(*max)),
        _ => return "something else is wanted".to_owned(),
    };
    format!("{least} to {most}")
}

/// The same of whole numbers.
pub fn between(least: i64, most: i64) -> String {
    format!("{} to {}", super::format::short(least as f64), super::format::short(most as f64))
}

/// What was typed into the field; `unit` is the one that stood behind it, for a duration without its own.
pub fn typed(decl: &ParamDecl, text: &str, unit: &str) -> Option<Value> {
    let text = text.trim().replace(',', "");
    match &decl.kind {
        ParamKind::Duration { min, max } => {
            let bare = number_of(&text).is_some();
            let text = if bare { format!("{text}{unit}") } else { text };
            let value: Duration = text.parse().ok()?;
            (value >= *min && value <= *max).then(|| to_value(&value))
        }
        ParamKind::Int { min, max } => {
            let value: i64 = text.parse().ok()?;
            (value >= *min && value <= *max).then(|| Value::from(value))
        }
        ParamKind::Real { min, max } => {
            let value = number_of(&text)?;
            (value >= *min && value <= *max).then(|| Value::from(value))
        }
        ParamKind::Text { max } => (text.chars().count() <= *max as usize).then(|| Value::from(text)),
        ParamKind::Node => Some(Value::from(text)),
        _ => None,
    }
}

/// The kinds of distribution that the page edits: (kind, name, names of its fields).
pub const LAWS: [(&str, &str, &[&str]); 6] = [
    ("constant", "Constant", &["value"]),
    ("uniform", "Uniform", &["min", "max"]),
    ("log_normal", "Log-normal", &["median", "sigma"]),
    ("exponential", "Exponential", &["mean"]),
    ("normal", "Normal", &["mean", "sd"]),
    ("pareto", "Pareto", &["scale", "shape"]),
];

/// Kind of a distribution and its fields as text.
pub fn law_fields(law: &Distribution) -> (&'static str, Vec<String>) {
    match law {
        Distribution::Constant(value) => ("constant", vec![value.to_string()]),
        Distribution::Uniform { min, max } => ("uniform", vec![min.to_string(), max.to_string()]),
        Distribution::LogNormal { median, sigma } => {
            ("log_normal", vec![median.to_string(), sigma.to_string()])
        }
        Distribution::Exponential { mean } => ("exponential", vec![mean.to_string()]),
        Distribution::Normal { mean, sd } => ("normal", vec![mean.to_string(), sd.to_string()]),
        Distribution::Pareto { scale, shape } => ("pareto", vec![scale.to_string(), shape.to_string()]),
        Distribution::Mixture { .. } => ("mixture", Vec::new()),
        Distribution::Empirical { .. } => ("empirical", Vec::new()),
    }
}

/// The distribution of this kind with these fields; nothing where one cannot be read.
pub fn law(kind: &str, fields: &[String]) -> Option<Distribution> {
    let span = |at: usize| fields.get(at).and_then(|text| text.trim().parse::<Duration>().ok());
    let real = |at: usize| fields.get(at).and_then(|text| number_of(text.trim()));
    Some(match kind {
        "constant" => Distribution::Constant(span(0)?),
        "uniform" => {
            let (a, b) = (span(0)?, span(1)?);
            Distribution::Uniform { min: a.min(b), max: a.max(b) }
        }
        "log_normal" => {
            Distribution::LogNormal { median: span(0)?, sigma: real(1).filter(|s| (0.0..=5.0).contains(s))? }
        }
        "exponential" => Distribution::Exponential { mean: span(0)? },
        "normal" => Distribution::Normal { mean: span(0)?, sd: span(1)? },
        "pareto" => {
            Distribution::Pareto { scale: span(0)?, shape: real(1).filter(|s| (0.1..=100.0).contains(s))? }
        }
        _ => return None,
    })
}

/// The same law in another kind, about as long.
pub fn recast(law: &Distribution, kind: &str) -> Option<Distribution> {
    let middle = Duration(typical(law).max(1_000));
    let half = Duration(middle.0 / 2);
    Some(match kind {
        "constant" => Distribution::Constant(middle),
        "uniform" => Distribution::Uniform { min: half, max: Duration(middle.0 + half.0) },
        "log_normal" => Distribution::LogNormal { median: middle, sigma: 0.5 },
        "exponential" => Distribution::Exponential { mean: middle },
        "normal" => Distribution::Normal { mean: middle, sd: Duration(middle.0 / 4) },
        "pareto" => Distribution::Pareto { scale: half, shape: 2.0 },
        _ => return None,
    })
}

/// About how long it is (ns): a median or a mean.
pub fn typical(law: &Distribution) -> u64 {
    match law {
        Distribution::Constant(value) => value.0,
        Distribution::Uniform { min, max } => min.0 / 2 + max.0 / 2,
        Distribution::Normal { mean, .. } | Distribution::Exponential { mean } => mean.0,
        Distribution::LogNormal { median, .. } => median.0,
        Distribution::Pareto { scale, .. } => scale.0.saturating_mul(3) / 2,
        Distribution::Mixture { parts } => parts.first().map_or(0, |part| typical(&part.of)),
        Distribution::Empirical { quantiles } => quantiles.get(quantiles.len() / 2).map_or(0, |q| q.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_scenario::catalogue::PresetDecl;
    use netsplit_scenario::declarations;
    use serde_json::json;

    fn decl(table: Vec<ParamDecl>, id: &str) -> ParamDecl {
        table.into_iter().find(|decl| decl.id == id).unwrap_or_else(|| panic!("{id} is declared"))
    }

    #[test]
    fn values_go_in_and_come_out() {
        let mut scenario = Scenario::new("leader_election", "raft");
        for (id, value) in [("rate", json!(250.0)), ("timeout", json!("300ms")), ("mode", json!("open"))] {
            let decl = decl(declarations::workload(), id);
            assert!(set(&mut scenario, Part::Workload, id, value.clone()), "{id}");
            assert_eq!(get(&scenario, Part::Workload, &decl), value);
        }
        assert!(!set(&mut scenario, Part::Workload, "rate", json!("fast")));
        assert_eq!(get(&scenario, Part::Network, &decl(declarations::network(), "loss")), json!(0.0));
    }

    #[test]
    fn sliders_reach_their_ends_and_come_back() {
        for id in ["timeout", "rate", "read_share", "skew", "keys", "clients"] {
            let decl = decl(declarations::workload(), id);
            let start = number(&decl, &decl.default).unwrap_or(0.0);
            let (low, high, log) = span(&decl, start);
            let low = if log { least(&decl).min(low) } else { low };
            for (place_, want) in [(0.0, low), (STEPS, high)] {
                let got = number(&decl, &at_place(&decl, start, place_)).unwrap_or(f64::NAN);
                assert!((got - want).abs() <= want.abs() * 1e-6 + 1.0, "{id}: {got} for {want}");
            }
            let back = number(&decl, &at_place(&decl, start, place(&decl, start))).unwrap_or(f64::NAN);
            assert!((back - start).abs() <= start.abs() * 0.06 + 1e-9, "{id}: {back} for {start}");
        }
    }

    #[test]
    fn what_is_typed_is_read_with_the_unit_beside_it() {
        let timeout = decl(declarations::workload(), "timeout");
        assert_eq!(shown(&timeout, &json!("150ms")), ("150".to_owned(), "ms".to_owned()));
        assert_eq!(typed(&timeout, "250", "ms"), Some(json!("250ms")));
        assert_eq!(typed(&timeout, "2s", "ms"), Some(json!("2s")));
        assert_eq!(typed(&timeout, "soon", "ms"), None);
        let share = decl(declarations::workload(), "read_share");
        assert_eq!(typed(&share, "1.5", ""), None);
    }

    #[test]
    fn distributions_are_edited_by_fields() {
        for (kind, _, fields) in LAWS {
            let start = Distribution::Constant(Duration::from_millis(20));
            let made = recast(&start, kind).unwrap_or_default();
            let (named, values) = law_fields(&made);
            assert_eq!((named, values.len()), (kind, fields.len()));
            assert_eq!(law(kind, &values), Some(made));
        }
        assert_eq!(law("uniform", &["x".to_owned(), "2ms".to_owned()]), None);
    }

    #[test]
    fn a_preset_takes_the_place_of_another_and_leaves_the_rest() {
        let value = |param: &str, value: Value| {
            let (param, source) = (param.to_owned(), "its manual".to_owned());
            PresetValueDecl { param, value, source }
        };
        let preset = |id: &str, values| {
            let (id, label, summary) = (id.to_owned(), id.to_owned(), String::new());
            PresetDecl { id, label, summary, values }
        };
        let mut algorithm = netsplit_lab::catalogue().patterns.remove(0).algorithms.remove(0);
        let own = |id: &str, kind, default| {
            let (id, label, control) = (id.to_owned(), id.to_owned(), Control::Number);
            let (help, unit, group) = (String::new(), String::new(), String::new());
            ParamDecl { id, label, help, unit, group, kind, default, control }
        };
        let time = ParamKind::Duration { min: Duration::ZERO, max: Duration::from_secs(60) };
        algorithm.params = vec![
            own("wait", time, json!("5s")),
            own("tries", ParamKind::Int { min: 0, max: 9 }, json!(0)),
            own("work", ParamKind::Int { min: 0, max: 9 }, json!(1)),
        ];
        algorithm.presets = vec![
            preset("a", vec![value("wait", json!("1s"))]),
            preset("b", vec![value("wait", json!("5s")), value("tries", json!(2))]),
        ];
        let mut scenario = Scenario::new("p", "a");
        assert_eq!(adopted(&scenario, &algorithm), "");
        scenario.system.params.insert("work".to_owned(), json!(3));
        adopt(&mut scenario, &algorithm, "a");
        assert_eq!(adopted(&scenario, &algorithm), "a");
        adopt(&mut scenario, &algorithm, "b");
        assert_eq!(json!(scenario.system.params), json!({"tries": 2, "wait": "5s", "work": 3}));
        assert_eq!(adopted(&scenario, &algorithm), "b");
        // Another way to say it, or to leave a default unsaid, is the same.
        scenario.system.params.remove("wait");
        assert_eq!(adopted(&scenario, &algorithm), "b");
        scenario.system.params.insert("wait".to_owned(), json!("1000ms"));
        assert_eq!(adopted(&scenario, &algorithm), CUSTOM);
        scenario.system.params.remove("tries");
        assert_eq!(adopted(&scenario, &algorithm), "a");
        adopt(&mut scenario, &algorithm, "");
        assert_eq!(json!(scenario.system.params), json!({"work": 3}));
        assert_eq!(adopted(&scenario, &algorithm), "");
    }

    #[test]
    fn values_have_words() {
        let workload = declarations::workload();
        let of = |id: &str, value: Value| words(&decl(workload.clone(), id), &value);
        assert_eq!(of("sessions", json!(true)), "on");
        assert_eq!(of("mode", json!("open")), "Open loop");
        assert_eq!(of("timeout", json!("1500ms")), "1.5\u{a0}s");
        assert_eq!(of("rate", json!(250)), "250\u{a0}/s");
        assert_eq!(of("retries", json!(3)), "3");
    }
}
