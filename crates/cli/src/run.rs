//! `netsplit run`.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use netsplit_lab::report::Verdict;
use netsplit_lab::scenario::{Duration, Seed};
use netsplit_lab::{Experiment, judges, report};

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
    let mut result = experiment.report();
    result.verdicts = report::verdicts(&experiment, judges::BUDGET);
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
    broken(&scenario.expect, &result.verdicts)
}

/// Status 1, with what shows it, where something that the scenario expects does not hold.
fn broken(expected: &[String], verdicts: &[Verdict]) -> Result<(), Failure> {
    let against = |verdict: &&Verdict| expected.contains(&verdict.promise) && verdict.speaks_against();
    let mut message = String::new();
    for verdict in verdicts.iter().filter(against) {
        let found = verdict.found.as_deref().unwrap_or_default();
        message += &format!("broken: {}: {found}\n", verdict.promise);
        for (at, line) in verdict.witness.iter().enumerate() {
            message += &format!("  ({}) {line}\n", at + 1);
        }
    }
    if message.is_empty() { Ok(()) } else { Err(Failure::Broken(message.trim_end().to_owned())) }
}
