//! `cargo xtask …`: set-up, serve, build, test, bench.
//!
//! - [`setup`]: what the machine lacks is installed or named
//! - [`page`]: crate `netsplit-web` becomes `dist/`
//! - [`split`]: the page's WebAssembly in pieces, of which most are fetched later
//! - [`html`]: the entry page, from the same `web/index.html` that Trunk reads
//! - [`serve`]: a static file server for `dist/`
//! - [`checks`]: `test`, and its table of times
//! - [`size`]: what the WebAssembly weighs, and which algorithm weighs how much

mod checks;
mod html;
mod page;
mod serve;
mod setup;
mod size;
mod split;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// What a step answers; the error is a sentence for the person at the terminal.
type Outcome<T = ()> = Result<T, String>;

const USAGE: &str = "\
cargo xtask COMMAND

  serve [--port N] [--release]   build the page and serve it on this machine
  build [--api]                  build dist/, for any static host (--api: the JavaScript API into dist/api/ as well)
  gallery FOLDER                 the page's file of all scenarios (Trunk asks for it)
  test [--quick]                 every check; --quick: format, lints and native tests only
  bench [ARGS]                   the engine's speed beside other simulators'
  frames                         what a picture costs in the browser: 200 nodes with 5,000 messages, 1,000 with 10,000,
                                 100 Raft nodes with clients
  seek                           how long going anywhere in a million events takes, natively and in the browser
  shots [NAME…]                  pictures of the page in tests/browser/shots/, and the README's
  size [--no-fail]               what the page weighs, in all and per algorithm
  soak [SECONDS] [ARGS]          random fault schedules, for as long as told (60 s without a number), and the scenarios of
                                 all mistakes on purpose under 1,000 seeds (some minutes; not with 0 seconds)
  theory                         queueing theory's numbers with ten million jobs each, some minutes
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.split_first() {
        Some((command, rest)) => dispatch(command, rest),
        None => Err(USAGE.into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: &str, args: &[String]) -> Outcome {
    let mut flags = Flags(args.to_vec());
    match command {
        "serve" => {
            let port = flags.value("--port")?;
            let build = if flags.take("--release") { page::Build::Release } else { page::Build::Fast };
            flags.done()?;
            page::build(build)?;
            serve::serve(page::dist(), port)
        }
        "build" => {
            let api = flags.take("--api");
            flags.done()?;
            page::build(page::Build::Release)?;
            if api { page::build_api() } else { Ok(()) }
        }
        "test" => {
            let quick = flags.take("--quick");
            flags.done()?;
            checks::run(quick)
        }
        "gallery" => {
            let staging = std::env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from);
            let folder = args.first().map(PathBuf::from).or(staging);
            page::gallery(&folder.ok_or("gallery: into which folder?")?)
        }
        "shots" => checks::shots(args),
        "size" => {
            let strict = !flags.take("--no-fail");
            flags.done()?;
            page::build(page::Build::Release)?;
            size::report(strict)
        }
        "bench" => {
            say("bench: building and running crates/bench in release mode");
            let manifest = root().join("crates/bench/Cargo.toml");
            run(cargo().args(["run", "--release", "--manifest-path"]).arg(manifest).arg("--").args(args))
        }
        "frames" => {
            flags.done()?;
            page::build(page::Build::Release)?;
            checks::node(&["frames.mjs".into()])
        }
        "seek" => {
            flags.done()?;
            run(cargo()
                .args(["test", "--release", "-p", "netsplit-lab", "--test", "seek", "--"])
                .args(["--ignored", "--nocapture"]))?;
            page::build(page::Build::Release)?;
            page::build_api()?;
            checks::node(&["seek.mjs".into()])
        }
        "soak" => {
            let (seconds, rest) = match args.split_first() {
                Some((first, rest)) if first.parse::<u64>().is_ok() => (first.as_str(), rest),
                _ => ("60", args),
            };
            say(&format!("soak: random fault schedules for {seconds} s per algorithm"));
            run(cargo()
                .args([
                    "test",
                    "--release",
                    "-p",
                    "netsplit-protocols",
                    "--test",
                    "soak",
                    "--",
                    "--nocapture",
                ])
                .args(rest)
                .env("NETSPLIT_SOAK_SECONDS", seconds))?;
            if seconds == "0" {
                return Ok(());
            }
            say("soak: every mistake's scenario, 200 seeds with it and 1,000 without");
            run(cargo()
                .args(["test", "--release", "-p", "netsplit-lab", "--test", "mistakes", "--"])
                .args(["--ignored", "--nocapture"])
                .args(rest))
        }
        "theory" => {
            say("theory: ten million jobs for each row");
            run(cargo().args([
                "test",
                "--release",
                "-p",
                "netsplit-protocols",
                "--test",
                "queueing",
                "--",
                "--ignored",
                "--nocapture",
            ]))
        }
        "help" | "--help" | "-h" => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(format!("there is no command `{other}`\n\n{USAGE}")),
    }
}

/// The arguments that no one has claimed yet.
struct Flags(Vec<String>);

impl Flags {
    fn take(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|arg| arg != name);
        self.0.len() != before
    }

    fn value(&mut self, name: &str) -> Outcome<Option<u16>> {
        let Some(at) = self.0.iter().position(|arg| arg == name) else { return Ok(None) };
        let given = self.0.get(at + 1).and_then(|text| text.parse().ok());
        let value = given.ok_or_else(|| format!("{name} wants a number below 65536"))?;
        self.0.drain(at..at + 2);
        Ok(Some(value))
    }

    fn done(self) -> Outcome {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(format!("not understood: {}\n\n{USAGE}", self.0.join(" ")))
        }
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).map_or(here.clone(), PathBuf::from)
}

/// Where cargo puts what it builds.
fn target_dir() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// The cargo that started this tool, in the workspace's folder.
fn cargo() -> Command {
    command(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
}

fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// One line about what happens now.
fn say(line: &str) {
    println!("» {line}");
}

/// Runs to the end with the terminal's own input and output.
fn run(command: &mut Command) -> Outcome {
    let shown = shown(command);
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` failed ({status})")),
        Err(error) => Err(format!("`{shown}` could not be started: {error}")),
    }
}

/// Runs quietly and gives what it printed.
fn output(command: &mut Command) -> Outcome<String> {
    let shown = shown(command);
    let output = command.output().map_err(|error| format!("`{shown}` could not be started: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(format!("`{shown}` failed: {}", String::from_utf8_lossy(&output.stderr).trim()))
    }
}

fn shown(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let mut line = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    if line.len() > 120 { line.chars().take(117).collect::<String>() + "…" } else { line }
}
