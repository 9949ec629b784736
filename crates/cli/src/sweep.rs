//! `netsplit sweep`: the same scenario with many seeds.

use std::io::{self, IsTerminal};

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use netsplit_lab::Experiment;
use netsplit_lab::sweep::{self, SeedResult};
use rayon::prelude::*;

use crate::{Failure, input, output};

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file, a link, `gallery:ID`, or `-` for standard input.
    scenario: String,
    /// Seeds from A to B, B excluded.
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    seeds: (u64, u64),
    /// How many at once; all cores if not said. The result does not depend on it.
    #[arg(long)]
    jobs: Option<usize>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Most seeds of one sweep.
const MOST: u64 = 1_000_000;

fn seeds(said: &str) -> Result<(u64, u64), String> {
    let example = "write two numbers, such as 0..100";
    let (from, to) = said.split_once("..").ok_or(example)?;
    let number = |text: &str| text.trim().parse::<u64>().map_err(|_| example.to_owned());
    let (from, to) = (number(from)?, number(to)?);
    match to.checked_sub(from) {
        None | Some(0) => Err(format!("no seed lies in {from}..{to}")),
        Some(count) if count > MOST => Err(format!("at most {MOST} seeds")),
        Some(_) => Ok((from, to)),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let scenario = input::read(&arguments.scenario)?;
    let problems = |problems| Failure::Input(format!("{}:\n{problems}", arguments.scenario));
    // Whatever is wrong with the scenario is wrong with every seed.
    Experiment::open_lean(&scenario).map_err(problems)?;
    let (from, to) = arguments.seeds;
    let bar = ProgressBar::new(to - from);
    if io::stderr().is_terminal() {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} seeds, {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    } else {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(arguments.jobs.unwrap_or(0)).build();
    let pool = pool.map_err(|error| Failure::Input(format!("--jobs: {error}")))?;
    let results: Result<Vec<SeedResult>, _> = pool.install(|| {
        (from..to)
            .into_par_iter()
            .map(|seed| {
                let result = sweep::one(&scenario, seed);
                bar.inc(1);
                result
            })
            .collect()
    });
    bar.finish_and_clear();
    let joined = sweep::join(results.map_err(problems)?);
    if arguments.json {
        output::json(&joined)?;
    } else {
        output::sweep(&joined)?;
    }
    for promise in &scenario.expect {
        let against: Vec<u64> = (joined.seeds.iter())
            .filter(|seed| seed.against.contains(promise))
            .map(|seed| seed.seed)
            .collect();
        if let Some(first) = against.first() {
            let (count, all) = (against.len(), joined.seeds.len());
            return Err(Failure::Broken(format!(
                "broken: {promise} in {count} of {all} seeds, first with seed {first}"
            )));
        }
    }
    Ok(())
}
