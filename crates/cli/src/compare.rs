//! `netsplit compare`: the two runs of a scenario, on the same seed, traffic and faults.

use std::fmt::Write as _;

use clap::Args;
use netsplit_lab::compare::{self, Pair};
use serde_json::json;

use crate::{Failure, input, output};

/// Events between two steps of the pair.
const BATCH: u64 = 1 << 20;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file, a link, `gallery:ID`, or `-` for standard input; it says in `compare` what differs.
    scenario: String,
    /// Another algorithm of the same pattern for the second run, instead of what the scenario compares.
    #[arg(long, value_name = "ALGORITHM")]
    with: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut scenario = input::read(&arguments.scenario)?;
    if let Some(algorithm) = &arguments.with {
        let compare =
            netsplit_lab::scenario::Compare { algorithm: Some(algorithm.clone()), ..Default::default() };
        scenario.compare = Some(compare);
    }
    let problems = |problems| Failure::Input(format!("{}:\n{problems}", arguments.scenario));
    let mut pair = Pair::open(&scenario).map_err(problems)?;
    while !pair.advance(scenario.duration.0, BATCH).done {}
    let (rows, verdicts, diverges) = (pair.both().rows(), pair.both().verdicts(), pair.both().diverges());
    if arguments.json {
        return output::json(&json!({
            "a": { "title": pair.titles.0, "report": pair.a.report() },
            "b": { "title": pair.titles.1, "report": pair.b.report() },
            "differences": rows,
            "verdicts": verdicts,
            "diverges": diverges,
        }));
    }
    let mut out = format!("A: {}\nB: {}\n", pair.titles.0, pair.titles.1);
    let value = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    for row in &rows {
        let label = format!("{} {}", row.label, row.unit);
        let _ = writeln!(out, "  {label:<28} {:>14} {:>14}  {}", value(row.a), value(row.b), row.words);
    }
    for verdict in &verdicts {
        let word = |said: &Option<String>| said.as_deref().unwrap_or("-").replace('_', " ");
        let _ = writeln!(out, "  {:<28} {:>14} {:>14}", verdict.promise, word(&verdict.a), word(&verdict.b));
    }
    out.push_str(&match &diverges {
        Some(divergence) => compare::sentence(divergence),
        None => "Both runs are the same.".to_owned(),
    });
    output::line(&out)
}
