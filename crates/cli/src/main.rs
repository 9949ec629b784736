//! The `netsplit` command.
//!
//! Exit status: 0 fine, 1 a promise that was asked for (or a history) was broken, 2 bad input (message on standard
//! error), 3 a history is undecided.

mod compare;
mod export;
mod history;
mod input;
mod link;
mod output;
mod run;
mod sweep;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// A playground for distributed systems: run scenarios and links, the same bit for bit as in the browser.
#[derive(Parser)]
#[command(name = "netsplit", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a scenario to its end and report what happened.
    Run(run::Arguments),
    /// Run a scenario with many seeds, on all cores, and report how the numbers are distributed.
    Sweep(sweep::Arguments),
    /// Run both runs of a scenario that compares, and report how they differ.
    Compare(compare::Arguments),
    /// Write a run's trace, metrics or diagram for another program.
    Export(export::Arguments),
    /// Check a scenario and name everything that is wrong with it.
    Validate {
        /// A file, a link, `gallery:ID`, or `-` for standard input.
        scenario: String,
    },
    /// List patterns, algorithms, their parameters, and the gallery.
    Patterns {
        /// Print the whole catalogue as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check whether a history that somebody recorded is linearizable, and show why not. Status 3: undecided.
    CheckHistory(history::Arguments),
    /// Make a link of a scenario, or a scenario of a link.
    #[command(subcommand)]
    Link(link::Command),
}

/// Why a command ends with a status other than 0.
enum Failure {
    /// A promise that was asked for was broken.
    Broken(String),
    /// Bad input.
    Input(String),
    /// A history is undecided.
    Undecided,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Sweep(arguments) => sweep::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Validate { scenario } => input::read(&scenario).and_then(|read| {
            let system = &read.system;
            output::line(&format!("fine: {} / {}", system.pattern, system.algorithm))
        }),
        Command::Patterns { json } => output::patterns(json),
        Command::CheckHistory(arguments) => history::run(&arguments),
        Command::Link(command) => link::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Broken(message)) => {
            if !message.is_empty() {
                eprintln!("{message}");
            }
            ExitCode::from(1)
        }
        Err(Failure::Undecided) => ExitCode::from(3),
        Err(Failure::Input(message)) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}
