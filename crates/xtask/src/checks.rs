//! `cargo xtask test`: every check in turn, all of them even if one fails, and a table of times at the end.

use std::fs;
use std::time::Instant;

use crate::{Outcome, cargo, command, page, root, say, setup, size, target_dir};

const BROWSER: &str = "tests/browser";

/// How one step ended.
enum End {
    Passed,
    Failed(String),
    Skipped(String),
}

struct Steps(Vec<(&'static str, f64, End)>);

impl Steps {
    fn step(&mut self, name: &'static str, what: &str, body: impl FnOnce() -> Outcome<Option<String>>) {
        say(&format!("{name}: {what}"));
        let start = Instant::now();
        let end = match body() {
            Ok(None) => End::Passed,
            Ok(Some(reason)) => End::Skipped(reason),
            Err(error) => {
                eprintln!("{error}");
                End::Failed(error)
            }
        };
        self.0.push((name, start.elapsed().as_secs_f64(), end));
    }

    fn passed(&self, name: &str) -> bool {
        self.0.iter().any(|(step, _, end)| *step == name && matches!(end, End::Passed))
    }

    fn report(&self) -> Outcome {
        println!("\nstep             seconds  result");
        for (name, seconds, end) in &self.0 {
            let result = match end {
                End::Passed => "passed".to_owned(),
                End::Failed(error) => format!("FAILED: {}", error.lines().next().unwrap_or_default()),
                End::Skipped(reason) => format!("skipped: {reason}"),
            };
            println!("{name:<15} {seconds:>8.1}  {result}");
        }
        println!("{:<15} {:>8.1}", "in all", self.0.iter().map(|(_, seconds, _)| seconds).sum::<f64>());
        match self.0.iter().filter(|(_, _, end)| matches!(end, End::Failed(_))).count() {
            0 => Ok(()),
            failed => Err(format!("{failed} of {} steps failed", self.0.len())),
        }
    }
}

/// Every check; `quick` leaves out the page.
pub fn run(quick: bool) -> Outcome {
    setup::components()?;
    if !quick {
        // What is missing is found out now, not after twenty minutes.
        setup::wasm_target()?;
        setup::npm(page::TOOLS, "wasm-opt")?;
        setup::npm(BROWSER, "the browser driver")?;
        setup::chrome()?;
    }
    let mut steps = Steps(Vec::new());
    let done = |()| None;

    steps.step("format", "cargo fmt --check", || cargo_step(&["fmt", "--all", "--check"]).map(done));
    steps.step("lints", "cargo clippy, warnings are errors", || {
        cargo_step(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).map(done)
    });
    steps.step("native tests", "cargo test --workspace", || {
        cargo_step(&["test", "--workspace", "--exclude", "xtask"])?;
        // In the profile that this tool is already compiled in.
        cargo_step(&["test", "-p", "xtask", "--profile", "xtask"]).map(done)
    });
    if !quick {
        steps.step("page", "cargo xtask build", || page::build(page::Build::Release).map(done));
        steps.step("api", "cargo xtask build --api", || page::build_api().map(done));
        if steps.passed("page") {
            steps.step("size", "what the page weighs", || size::report(true).map(done));
            steps.step("browser tests", "Chromium, driven by node --test", || browser().map(done));
            steps.step("trunk", "trunk build, from the same index.html", trunk);
        }
    }
    steps.report()
}

fn cargo_step(args: &[&str]) -> Outcome {
    crate::run(cargo().args(args))
}

fn browser() -> Outcome {
    let mut files: Vec<String> = fs::read_dir(root().join(BROWSER))
        .map_err(|error| format!("{BROWSER}: {error}"))?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".test.mjs"))
        .collect();
    files.sort();
    let mut args = ["--test", "--test-reporter=spec", "--test-concurrency=1"].map(String::from).to_vec();
    args.extend(files);
    node(&args)
}

/// Runs scripts of the browser tests' folder with what they need: a browser, the page, the command line.
pub fn node(args: &[String]) -> Outcome {
    setup::npm(BROWSER, "the browser driver")?;
    let chrome = setup::chrome()?;
    // The command line beside the page: tests compare the two.
    crate::run(cargo().args(["build", "--profile", "test", "-p", "netsplit-cli"]))?;
    let cli = target_dir().join("debug").join(format!("netsplit{}", std::env::consts::EXE_SUFFIX));
    crate::run(
        command("node")
            .current_dir(root().join(BROWSER))
            .args(args)
            .env("CHROME", chrome)
            .env("NETSPLIT_DIST", page::dist())
            .env("NETSPLIT_CLI", cli),
    )
}

/// Pictures of the page, in tests/browser/shots/; the README's too.
pub fn shots(names: &[String]) -> Outcome {
    setup::npm(BROWSER, "the browser driver")?;
    let chrome = setup::chrome()?;
    page::build(page::Build::Release)?;
    crate::run(
        command("node")
            .current_dir(root().join(BROWSER))
            .arg("shots.mjs")
            .args(names)
            .env("CHROME", chrome)
            .env("NETSPLIT_DIST", page::dist()),
    )
}

fn trunk() -> Outcome<Option<String>> {
    if setup::on_path("trunk").is_none() {
        return Ok(Some("trunk is not installed here (`cargo install trunk`)".into()));
    }
    let out = target_dir().join("trunk-dist");
    crate::run(command("trunk").args(["build", "--dist"]).arg(&out))?;
    for file in ["index.html", "netsplit-web.js", "netsplit-web_bg.wasm", "static"] {
        if !out.join(file).exists() {
            return Err(format!("trunk build left no {file}"));
        }
    }
    Ok(None)
}
