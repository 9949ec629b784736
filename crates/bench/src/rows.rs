//! The table's rows, and what the bench makes for itself before it measures: the WebAssembly module, the
//! row that is built apart, Python's environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use netsplit_bench::{bare, netsplit};

use crate::contestant::{Apart, Contestant, Native};
use crate::peers;

/// A row: its name, and who runs in it or why nobody does.
pub struct Row {
    pub name: &'static str,
    pub contestant: Result<Box<dyn Contestant>, String>,
}

pub const NETSPLIT: &str = "netsplit";
pub const NETSPLIT_WASM: &str = "netsplit, wasm";
pub const BARE: &str = "bare loop";
pub const SIMCORE: &str = "simcore 0.1";

type Maker = fn() -> Result<Box<dyn Contestant>, String>;

const ROWS: [(&str, Maker); 8] = [
    (NETSPLIT, || native(Native::new(netsplit::start))),
    (NETSPLIT_WASM, || wasm(0)),
    (BARE, || native(Native::new(bare::start))),
    ("bare loop, wasm", || wasm(1)),
    (SIMCORE, || native(Native::new(peers::simcore::start))),
    ("nexosim 1.0", || native(Native::new(peers::nexosim::start))),
    ("anysystem 0.3", anysystem),
    ("SimPy 4.1", simpy),
];

/// The rows whose name contains one of these texts, or all of them where there are none.
pub fn chosen(only: &[String]) -> Vec<Row> {
    ROWS.iter()
        .filter(|(name, _)| {
            only.is_empty() || only.iter().any(|part| name.to_lowercase().contains(&part.to_lowercase()))
        })
        .map(|(name, make)| Row { name, contestant: make() })
        .collect()
}

fn native(engine: Native) -> Result<Box<dyn Contestant>, String> {
    Ok(Box::new(engine))
}

fn wasm(engine: u32) -> Result<Box<dyn Contestant>, String> {
    if !succeeds(Command::new("node").arg("--version")) {
        return Err("there is no `node`".into());
    }
    let target = "wasm32-unknown-unknown";
    build(&["rustc", "--lib", "--crate-type", "cdylib", "--target", target])
        .map_err(|error| format!("{error}; is the target {target} installed?"))?;
    let module = target_folder().join(target).join("release/netsplit_bench.wasm");
    let mut command = Command::new("node");
    command.arg(root().join("runners/wasm.mjs")).arg(module).arg(engine.to_string());
    Ok(Box::new(Apart::spawn(&mut command)?))
}

fn anysystem() -> Result<Box<dyn Contestant>, String> {
    let package = "netsplit-bench-anysystem";
    build(&["build", "--package", package])
        .map_err(|error| format!("{error}; it needs Python's library to link with"))?;
    let name = format!("{package}{}", std::env::consts::EXE_SUFFIX);
    Ok(Box::new(Apart::spawn(&mut Command::new(target_folder().join("release").join(name)))?))
}

fn simpy() -> Result<Box<dyn Contestant>, String> {
    if !succeeds(Command::new("python3").arg("--version")) {
        return Err("there is no `python3`".into());
    }
    let venv = root().join(".venv");
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let has_simpy = || succeeds(Command::new(&python).args(["-c", "import simpy"]));
    if !has_simpy() {
        eprintln!("bench: making {} with SimPy", venv.display());
        if !succeeds(Command::new("python3").args(["-m", "venv"]).arg(&venv)) {
            return Err("`python3 -m venv` fails".into());
        }
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "simpy==4.1.1"];
        if !succeeds(Command::new(&python).args(install)) || !has_simpy() {
            return Err("`pip install simpy` fails (no network?)".into());
        }
    }
    Ok(Box::new(Apart::spawn(Command::new(&python).arg(root().join("runners/simpy_rows.py")))?))
}

/// This package's folder.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn succeeds(command: &mut Command) -> bool {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Runs cargo on this workspace, in release mode.
fn build(args: &[&str]) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let manifest = root().join("Cargo.toml");
    let mut command = Command::new(cargo);
    command.args(args).args(["--release", "--quiet", "--manifest-path"]).arg(manifest);
    command.arg("--target-dir").arg(target_folder());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        _ => Err(format!("`cargo {}` fails", args.join(" "))),
    }
}
