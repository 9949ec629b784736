//! `netsplit run`.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use netsplit_lab::scenario::{Duration, Seed};
use netsplit_lab::{Experiment, Report, report};

use crate::{Failure, input, output};

/// Events between two looks at the clock of the progress line.
const BATCH: u64 = 1 << 20;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file, a link, `gallery:ID`, or `-` for standard input.
    scenario: String,
    /// Another seed than the scenario's: a number or any text.
    #[arg(long)]
    seed: Option<String>,
    /// Stop at this instant ("12.5s") instead of the scenario's end.
    #[arg(long)]
    until: Option<Duration>,
    /// Stop after so many events, and name the last one (for comparing two runs).
    #[arg(long, value_name = "N", conflicts_with = "until")]
    events: Option<u64>,
    /// Do not run; print the scenario with chaos made into ordinary faults.
    #[arg(long)]
    expand: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Write what clients did to this file, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut scenario = input::read(&arguments.scenario)?;
    if let Some(seed) = &arguments.seed {
        scenario.seed = Seed::from_text(seed);
    }
    let problems = |problems| Failure::Input(format!("{}:\n{problems}", arguments.scenario));
    let mut experiment = Experiment::open(&scenario).map_err(problems)?;
    if arguments.expand {
        return output::line(&experiment.expanded().to_json_pretty());
    }
    if arguments.history.is_some() {
        experiment.keep_calls();
    }
    let until = arguments.until.map_or(experiment.duration(), |until| until.0);
    if let Some(events) = arguments.events {
        experiment.run_to_event(events);
        if let Some(event) = experiment.last_event() {
            eprintln!("{event}");
        }
    } else {
        while !experiment.advance(until, BATCH).done {}
    }
    let result = experiment.report();
    if let Some(path) = &arguments.history {
        let records = experiment.history().records().iter();
        let lines: String = records.map(|record| report::history_line(&experiment, record) + "\n").collect();
        fs::write(path, lines).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    }
    if arguments.json {
        output::json(&result)?
    } else {
        output::report(&result)?
    }
    broken(&scenario.expect, &result)
}

/// Status 1 where a promise that the scenario expects was broken.
fn broken(expected: &[String], result: &Report) -> Result<(), Failure> {
    let verdicts = result.verdicts.iter().filter(|verdict| expected.contains(&verdict.promise));
    let broken: Vec<&str> = verdicts
        .filter(|verdict| verdict.verdict == "broken")
        .map(|verdict| verdict.promise.as_str())
        .collect();
    if broken.is_empty() { Ok(()) } else { Err(Failure::Broken(format!("broken: {}", broken.join(", ")))) }
}
