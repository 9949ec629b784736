//! What the machine lacks is installed where that is safe, and named where it is not.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::{Outcome, command, output, root, run, say};

/// The WebAssembly target of the toolchain in use.
pub fn wasm_target() -> Outcome {
    const TARGET: &str = "wasm32-unknown-unknown";
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let lib = output(command(&rustc).args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(lib.trim()).is_dir() {
        return Ok(());
    }
    say("set-up: adding the WebAssembly target to the Rust toolchain (rustup)");
    run(command("rustup").args(["target", "add", TARGET])).map_err(|error| {
        format!("{error}\nRust's {TARGET} target is missing; with rustup: `rustup target add {TARGET}`")
    })
}

/// rustfmt and clippy.
pub fn components() -> Outcome {
    for (probe, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if output(crate::cargo().args([probe, "--version"])).is_err() {
            say(&format!("set-up: adding {component} to the Rust toolchain (rustup)"));
            run(command("rustup").args(["component", "add", component]))?;
        }
    }
    Ok(())
}

/// The tools that a folder's lock file names, from npm.
pub fn npm(folder: &str, what: &str) -> Outcome {
    let folder = root().join(folder);
    let lock = fs::read_to_string(folder.join("package-lock.json")).map_err(|error| error.to_string())?;
    let mark = folder.join("node_modules/.netsplit-lock");
    if fs::read_to_string(&mark).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    say(&format!("set-up: fetching {what} (npm ci)"));
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    run(command(npm).current_dir(&folder).args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))
        .map_err(|error| format!("{error}\nNode.js with npm is needed (20 or newer)"))?;
    fs::write(mark, lock).map_err(|error| error.to_string())
}

/// A Chrome or Chromium: `CHROME`, else what is on the path or in its usual place, else from Debian's packages.
pub fn chrome() -> Outcome<PathBuf> {
    if let Some(given) = env::var_os("CHROME") {
        let given = PathBuf::from(given);
        return if given.is_file() {
            Ok(given)
        } else {
            Err(format!("CHROME names {}, which is not a file", given.display()))
        };
    }
    if let Some(found) = find_chrome() {
        return Ok(found);
    }
    let is_root = output(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if is_root && Path::new("/usr/bin/apt-get").exists() {
        say("set-up: installing Chromium for the browser tests (apt-get)");
        run(command("apt-get").args(["update", "-qq"]))?;
        run(command("apt-get")
            .args(["install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-liberation"])
            .env("DEBIAN_FRONTEND", "noninteractive"))?;
        if let Some(found) = find_chrome() {
            return Ok(found);
        }
    }
    Err("the browser tests need Chrome or Chromium, and none was found.\n\
         Debian, Ubuntu: `sudo apt-get install chromium` · Fedora: `sudo dnf install chromium` · \
         macOS: `brew install --cask google-chrome`\n\
         or set CHROME to the path of one that is elsewhere"
        .into())
}

fn find_chrome() -> Option<PathBuf> {
    const NAMES: [&str; 5] =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    const PLACES: [&str; 3] = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    ];
    NAMES
        .iter()
        .find_map(|name| on_path(name))
        .or_else(|| PLACES.iter().map(PathBuf::from).find(|place| place.is_file()))
}

/// A program on the search path.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let file = format!("{name}{}", env::consts::EXE_SUFFIX);
    env::split_paths(&env::var_os("PATH")?).map(|dir| dir.join(&file)).find(|path| path.is_file())
}
