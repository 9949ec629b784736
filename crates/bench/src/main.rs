//! The engine's speed beside other simulators': three workloads, one table, and the ratios aimed for.
//!
//! Everyone does the same work in the same run: rounds alternate between rows, processor time is measured,
//! warm-up and set-up are not, and an event is what [`netsplit_bench::workload`] says. Everyone is compiled
//! with cargo's plain release profile, as their users have them; with fat link-time optimisation
//! (`CARGO_PROFILE_RELEASE_LTO=fat`) simcore and nexosim gain most. The bare
//! loop is a limit, not a peer: heap, slab and the model's own work, without nodes, links, faults, trace or
//! hash. A row that this machine cannot run is skipped with the reason.

mod contestant;
mod peers;
mod report;
mod rounds;
mod rows;

use std::process::ExitCode;

use rounds::Effort;

const USAGE: &str = "usage: netsplit-bench [--quick] [--only NAME]... [--json FILE]

  --quick       short rounds: rougher numbers in a few seconds
  --only NAME   only rows whose name contains NAME
  --json FILE   write the numbers there as well
";

struct Options {
    effort: Effort,
    only: Vec<String>,
    json: Option<String>,
}

fn main() -> ExitCode {
    let result = match options(std::env::args().skip(1)) {
        Ok(Some(options)) => run(&options),
        Ok(None) => {
            print!("{USAGE}");
            Ok(())
        }
        Err(message) => Err(format!("{message}\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("bench: {message}");
            ExitCode::from(2)
        }
    }
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options { effort: Effort { rounds: 5, turn: 0.4 }, only: Vec::new(), json: None };
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value"));
        match arg.as_str() {
            "--quick" => options.effort = Effort { rounds: 3, turn: 0.06 },
            "--only" => options.only.push(value()?),
            "--json" => options.json = Some(value()?),
            "--help" | "-h" => return Ok(None),
            _ => return Err(format!("unknown argument `{arg}`")),
        }
    }
    Ok(Some(options))
}

fn run(options: &Options) -> Result<(), String> {
    let mut rows = rows::chosen(&options.only);
    if rows.is_empty() {
        return Err("no row has such a name".into());
    }
    let scores = rounds::measure(&mut rows, options.effort);
    let outcomes = report::outcomes(&scores);
    report::print_table(&scores);
    if !outcomes.is_empty() {
        report::print_outcomes(&outcomes);
    }
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", report::json(&scores, &outcomes));
        std::fs::write(path, text).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}
