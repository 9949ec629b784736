//! `netsplit check-history`: whether a history that somebody else recorded is linearizable.
//!
//! - [`source`]: the history piece by piece;
//! - [`value`]: JSON and EDN;
//! - [`record`]: what a record says;
//! - [`judge`]: the operations on each key, and what came of them;
//! - [`report`]: that in words and as JSON;
//! - [`picture`]: and as a page.

mod judge;
mod picture;
mod record;
mod report;
mod source;
mod value;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use netsplit_checker::stream::{Kind, Limits};

use crate::{Failure, output};
use judge::Judge;
use report::Report;
use source::{Refused, Source};

/// Steps of each search unless told otherwise: some seconds and some hundred megabytes at most.
const STEPS: u64 = 100_000_000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// A file, or `-` for standard input.
    history: String,
    /// The object behind each key: a register (read, write, cas; initially null), or a text (get, put, append;
    /// initially empty).
    #[arg(long)]
    model: Model,
    /// How it is written; by the file's name if not said (.edn is EDN), else JSON lines.
    #[arg(long)]
    format: Option<Format>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Write a picture of what no order explains, as a page that needs nothing else.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Steps that each search may take; the verdict is "undecided" where they do not do. The same history has the same
    /// verdict on every machine.
    #[arg(long, value_name = "N", default_value_t = STEPS, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Model {
    Register,
    Kv,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One JSON object a line.
    Jsonl,
    /// Jepsen's history.edn: maps one after another, or a vector of them.
    Edn,
    /// Jepsen's log, with lines such as `INFO  jepsen.util - 3 :invoke :read nil`; all else is passed over.
    JepsenLog,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let name = &arguments.history;
    let format = arguments.format.unwrap_or(if name.ends_with(".edn") { Format::Edn } else { Format::Jsonl });
    let input: Box<dyn io::BufRead> = if name == "-" {
        Box::new(BufReader::with_capacity(1 << 16, io::stdin()))
    } else {
        let file = File::open(name).map_err(|error| Failure::Input(format!("{name}: {error}")))?;
        Box::new(BufReader::with_capacity(1 << 16, file))
    };
    let model = match arguments.model {
        Model::Register => Kind::Register,
        Model::Kv => Kind::Kv,
    };
    let limits = Limits { steps: arguments.steps, ..Limits::default() };
    let (judge, lines) = read(Source::new(input), format, Judge::new(model, limits))
        .map_err(|Refused { line, why }| Failure::Input(format!("{name}:{line}: {why}")))?;
    let (counts, judged) = judge.finish();
    let report = Report::new(model, limits, lines, counts, &judged);
    if let Some(path) = &arguments.html {
        let page = picture::page(name, &report);
        fs::write(path, page).map_err(|error| Failure::Input(format!("{}: {error}", path.display())))?;
    }
    if arguments.json {
        output::json(&report.json())?;
    } else {
        output::line(report.words().trim_end())?;
    }
    report.status()
}

fn read(mut source: Source, format: Format, mut judge: Judge) -> Result<(Judge, u64), Refused> {
    loop {
        let piece = if format == Format::Edn { source.form()? } else { source.line()? };
        let Some((line, text)) = piece else { break };
        let record = match format {
            Format::Jsonl => value::json(text).and_then(|form| record::of(&form, judge.model)),
            Format::Edn => value::edn(text).and_then(|form| record::of(&form, judge.model)),
            Format::JepsenLog => record::of_log(text, judge.model),
        };
        let taken = match record {
            Ok(Some(record)) => judge.take(record, line),
            Ok(None) => {
                judge.counts.skipped += 1;
                Ok(())
            }
            Err(why) => Err(why),
        };
        taken.map_err(|why| Refused::new(line, why))?;
    }
    Ok((judge, source.lines()))
}
