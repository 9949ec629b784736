//! `netsplit export`: a run for other programs.

use clap::{Args, ValueEnum};
use netsplit_lab::scenario::Duration;
use netsplit_lab::{Experiment, export, spacetime};

use crate::{Failure, input, output};

const BATCH: u64 = 1 << 20;
/// Events of a diagram: what a viewer of pictures still shows.
const DIAGRAM: usize = 20_000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file, a link, `gallery:ID`, or `-` for standard input.
    scenario: String,
    /// What to write.
    #[arg(long, value_enum)]
    format: Format,
    /// Leave out what happens before this instant ("12.5s"); for the trace and the diagram.
    #[arg(long)]
    from: Option<Duration>,
    /// Stop at this instant instead of the run's end.
    #[arg(long)]
    until: Option<Duration>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// Every event as a line of JSON.
    Jsonl,
    /// A log with vector clocks for ShiViz; standard error says how it is read.
    Shiviz,
    /// The charts.
    Csv,
    /// The numbers in Prometheus' text format.
    Prometheus,
    /// The space-time diagram.
    Svg,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let scenario = input::read(&arguments.scenario)?;
    let problems = |problems| Failure::Input(format!("{}:\n{problems}", arguments.scenario));
    let mut x = Experiment::open(&scenario).map_err(problems)?;
    let until = arguments.until.map_or(x.duration(), |until| until.0);
    let from = arguments.from.map_or(0, |from| from.0);
    let mut first = 1;
    if from > 0 {
        while !x.advance((from - 1).min(until), BATCH).done {}
        first = x.events() + 1;
    }
    while !x.advance(until, BATCH).done {}
    let mut trouble = Ok(());
    let mut write = |text: &str| {
        if trouble.is_ok() {
            trouble = output::raw(text);
        }
    };
    match arguments.format {
        Format::Jsonl => export::trace::json_lines(&x, first, u64::MAX, &mut write),
        Format::Shiviz => {
            let last =
                if arguments.until.is_some() { u64::MAX } else { first + export::trace::SHIVIZ_EVENTS };
            eprintln!("ShiViz reads it with the expression {}", export::trace::SHIVIZ_PARSER);
            export::trace::shiviz(&x, first, last, &mut write);
        }
        Format::Csv => write(&export::metrics::csv(&x)),
        Format::Prometheus => write(&export::metrics::prometheus(&x)),
        Format::Svg => {
            let diagram = spacetime::space_time(&x, from, until, DIAGRAM);
            let title = if scenario.title.is_empty() { "netsplit" } else { &scenario.title };
            write(&export::svg::space_time(&diagram, &x.legend(), title, &[]));
        }
    }
    trouble
}
