//! Crate `netsplit-web` becomes `dist/`: cargo, wasm-bindgen (as a library), wasm-opt, the splitting, the static files
//! and the entry page. The JavaScript API (`netsplit-wasm`) goes the same way.

use std::path::{Path, PathBuf};
use std::time::{Instant, UNIX_EPOCH};
use std::{fs, io};

use wasm_bindgen_cli_support::Bindgen;

use crate::html::{self, Link};
use crate::{Outcome, cargo, command, root, run, say, setup, split, target_dir};

/// The names that Trunk gives as well, so that a worker can find its program under either.
const NAME: &str = "netsplit-web";
/// The gallery, beside the program.
const GALLERY: &str = "gallery.txt";
/// The folder whose lock file names wasm-opt.
pub const TOOLS: &str = "crates/xtask/npm";

/// Flags for what becomes WebAssembly only, so that nothing else is compiled anew.
const RUSTFLAGS: &str = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS";

/// How much trouble to take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// For `serve`: soon ready.
    Fast,
    /// For `dist/` on a host: link-time optimisation and wasm-opt.
    Release,
}

impl Build {
    fn profile(self) -> &'static str {
        match self {
            Build::Fast => "wasm-fast",
            Build::Release => "wasm",
        }
    }
}

/// Where the page is built.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The page's WebAssembly as it is served.
pub fn dist_wasm() -> PathBuf {
    dist().join(format!("{NAME}_bg.wasm"))
}

/// The page's WebAssembly as cargo leaves it, with function names.
pub fn named_wasm() -> PathBuf {
    cargo_wasm(Build::Release, NAME)
}

/// Builds the page.
pub fn build(build: Build) -> Outcome {
    let start = Instant::now();
    compile(build, NAME)?;
    let made = bind(build, NAME, false)?;

    say("page: assembling dist/");
    let dist = dist();
    let trouble = |error: io::Error| format!("dist/ could not be written: {error}");
    let staging = target_dir().join("page-staging");
    if staging.exists() {
        fs::remove_dir_all(&staging).map_err(trouble)?;
    }
    copy_dir(&made, &staging).map_err(trouble)?;
    gallery(&staging)?;
    let page = entry_page(&staging)?;
    fs::write(staging.join("index.html"), page).map_err(trouble)?;
    // Hosts that would run the files through a site generator are told not to.
    fs::write(staging.join(".nojekyll"), "").map_err(trouble)?;
    if dist.exists() {
        fs::remove_dir_all(&dist).map_err(trouble)?;
    }
    fs::rename(&staging, &dist)
        .or_else(|_| copy_dir(&staging, &dist).and_then(|()| fs::remove_dir_all(&staging)))
        .map_err(trouble)?;
    say(&format!("page: dist/ is ready after {:.1} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// Builds the JavaScript API, with its TypeScript declaration, into `dist/api/`.
pub fn build_api() -> Outcome {
    compile(Build::Release, "netsplit-wasm")?;
    let made = bind(Build::Release, "netsplit-wasm", true)?;
    copy_dir(&made, &dist().join("api")).map_err(|error| format!("dist/api: {error}"))?;
    say("api: dist/api/ is ready");
    Ok(())
}

/// The gallery's scenarios as one file in a folder: a line for each, its name and the document.
pub fn gallery(folder: &Path) -> Outcome {
    let trouble = |error: io::Error| format!("the gallery: {error}");
    let mut lines = Vec::new();
    for entry in fs::read_dir(root().join("static/gallery")).map_err(trouble)? {
        let path = entry.map_err(trouble)?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).map_err(trouble)?;
        // No text of JSON goes over the end of a line.
        let document: String = text.lines().map(str::trim).collect();
        lines.push(format!("{name}\t{document}\n"));
    }
    lines.sort();
    fs::write(folder.join(GALLERY), lines.concat()).map_err(trouble)
}

fn compile(build: Build, package: &str) -> Outcome {
    setup::wasm_target()?;
    say(&format!("{package}: compiling to WebAssembly (cargo, profile {})", build.profile()));
    let mut cargo = cargo();
    // Version 0 of the symbol names says for which of our types a library's generic function was made:
    // `cargo xtask size` counts it for its owner. The names themselves are not in the page.
    let mut flags = String::from("-Csymbol-mangling-version=v0");
    // Whose machine it was built on is nobody's business, and costs bytes. (Flags are parted by spaces.)
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let sources = home.or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    if let Some(sources) = sources.map(|home| home.join("registry/src").display().to_string())
        && !sources.contains(' ')
    {
        flags += &format!(" --remap-path-prefix={sources}=");
    }
    cargo.env(RUSTFLAGS, flags);
    cargo.args(["build", "--target", "wasm32-unknown-unknown", "--profile", build.profile()]);
    if package == NAME {
        cargo.args(["-p", package]);
    } else {
        cargo.args(["-p", package, "--lib"]);
    }
    run(&mut cargo)
}

fn cargo_wasm(build: Build, package: &str) -> PathBuf {
    // A library's file has its crate's name, a program's its package's.
    let file = if package == NAME { package.to_owned() } else { package.replace('-', "_") };
    target_dir().join("wasm32-unknown-unknown").join(build.profile()).join(file + ".wasm")
}

/// wasm-bindgen and wasm-opt, unless they have seen this very file already.
fn bind(build: Build, package: &str, typescript: bool) -> Outcome<PathBuf> {
    let input = cargo_wasm(build, package);
    let out = target_dir().join("page").join(build.profile()).join(package);
    // What this tool and the loader make of it belongs to it.
    let tool = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut stamps = String::new();
    for file in [&input, &loader(), &tool] {
        stamps += &stamp(file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    let stamp = stamps;
    let mark = out.with_extension("stamp");
    if fs::read_to_string(&mark).is_ok_and(|done| done == stamp) {
        return Ok(out);
    }
    let trouble = |error: io::Error| format!("{}: {error}", out.display());
    if out.exists() {
        fs::remove_dir_all(&out).map_err(trouble)?;
    }
    fs::create_dir_all(&out).map_err(trouble)?;

    say(&format!("{package}: writing the JavaScript bindings (wasm-bindgen)"));
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(&input)
        .typescript(typescript)
        // wasm-opt sorts by them, the splitting goes by them and leaves them out.
        .remove_name_section(false)
        .demangle(false)
        .remove_producers_section(true)
        .out_name(package)
        // The page names its file, version and all; who uses the API calls `init()`.
        .omit_default_module_path(package == NAME)
        .web(true)
        .and_then(|bindgen| bindgen.generate(&out))
        .map_err(|error| format!("wasm-bindgen: {error:#}"))?;

    if build == Build::Release {
        setup::npm(TOOLS, "wasm-opt")?;
        say(&format!("{package}: optimising the WebAssembly (wasm-opt -O3)"));
        let wasm = out.join(format!("{package}_bg.wasm"));
        // No feature flags: the module's own section says what the browser has to know.
        let tool = root().join(TOOLS).join("node_modules/binaryen/bin/wasm-opt");
        let mut options = vec![];
        // Control flow is written anew (-0.7 % of the compressed size), and nothing lies below the first KiB (-0.6 %).
        // Never `--ignore-implicit-traps`: it moves loads before the test that says whether their address is one.
        options.extend(["--flatten", "--rereloop", "-O2", "-O3", "--low-memory-unused"]);
        // No inlining here: rustc has done its own, and more of it only makes the download larger.
        options.extend(["-ocimfs", "0", "-aimfs", "0", "-fimfs", "0"]);
        // Functions of one type beside each other compress better (-0.6 %).
        options.push("--reorder-functions-by-name");
        options.push(if package == NAME { "-g" } else { "--strip-debug" });
        run(command("node").arg(tool).args(options).arg(&wasm).arg("-o").arg(&wasm))?;
        if package == NAME {
            pieces(&out)?;
        }
    }
    fs::write(mark, stamp).map_err(trouble)?;
    Ok(out)
}

/// The finished module in pieces, and the loader for them behind the bindings.
fn pieces(out: &Path) -> Outcome {
    say(&format!("{NAME}: splitting the WebAssembly"));
    let trouble = |error: io::Error| format!("{}: {error}", out.display());
    let (wasm, script) = (out.join(format!("{NAME}_bg.wasm")), out.join(format!("{NAME}.js")));
    let pieces = split::split(&fs::read(&wasm).map_err(trouble)?)?;
    // With its names, for profiles and for whoever asks what is where.
    fs::rename(&wasm, out.with_extension("named.wasm")).map_err(trouble)?;
    fs::write(&wasm, &pieces.first).map_err(trouble)?;
    // The pieces belong together: the address of each has the content of all.
    let all: Vec<&[u8]> =
        pieces.parts.iter().map(|(_, bytes)| &bytes[..]).chain([&pieces.first[..]]).collect();
    let version = version(&all);
    let mut addresses = Vec::new();
    for (name, bytes) in &pieces.parts {
        let file = part_file(name);
        fs::write(out.join(&file), bytes).map_err(trouble)?;
        addresses.push(format!("{name}: './{file}?v={version}'"));
    }
    let loader = fs::read_to_string(loader()).map_err(|error| format!("web/parts.js: {error}"))?;
    let mut glue = fs::read_to_string(&script).map_err(trouble)?;
    for (old, new, times) in [
        ("= __wbg_get_imports();", "= pieces.imports(__wbg_get_imports());", 2),
        ("wasm = instance.exports;", "wasm = instance.exports;\n    pieces.begin(instance);", 1),
    ] {
        if glue.matches(old).count() != times {
            return Err(format!("the bindings have not {times} times `{old}`: is it another wasm-bindgen?"));
        }
        glue = glue.replace(old, new);
    }
    let with = split::WITH.map(|(part, with)| format!("{part}: '{with}'"));
    let loader = loader.replace("__WITH__", &format!("{{ {} }}", with.join(", ")));
    glue += &loader.replace("__PARTS__", &format!("{{ {} }}", addresses.join(", ")));
    fs::write(&script, glue).map_err(trouble)
}

/// The file of a part of the page's WebAssembly.
fn part_file(name: &str) -> String {
    format!("{NAME}_{name}.wasm")
}

/// The loader of the parts.
fn loader() -> PathBuf {
    root().join("web/parts.js")
}

/// The parts of the page's WebAssembly as they are served: names and files.
pub fn dist_parts() -> Outcome<Vec<(String, PathBuf)>> {
    let mut parts = Vec::new();
    for entry in fs::read_dir(dist()).map_err(|error| format!("dist/: {error}"))? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let name = file.strip_prefix(NAME).and_then(|rest| rest.strip_prefix('_')?.strip_suffix(".wasm"));
        if let Some(name) = name.filter(|name| *name != "bg") {
            parts.push((name.to_owned(), path.clone()));
        }
    }
    parts.sort();
    Ok(parts)
}

fn stamp(file: &Path) -> io::Result<String> {
    let meta = fs::metadata(file)?;
    let when = meta.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(format!("{} bytes, modified {} ns\n", meta.len(), when.as_nanos()))
}

/// `index.html`, with all that it asks for put beside it in `out`.
fn entry_page(out: &Path) -> Outcome<String> {
    let web = root().join("web");
    let source =
        fs::read_to_string(web.join("index.html")).map_err(|error| format!("web/index.html: {error}"))?;
    let script = fs::read(out.join(format!("{NAME}.js"))).map_err(|error| error.to_string())?;
    let wasm = fs::read(out.join(format!("{NAME}_bg.wasm"))).map_err(|error| error.to_string())?;
    // Names stay, addresses change with the content: no host's cache can mix two versions.
    let gallery = fs::read(out.join(GALLERY)).map_err(|error| error.to_string())?;
    let worker = fs::read(web.join("worker.js")).map_err(|error| format!("web/worker.js: {error}"))?;
    let version = version(&[&script, &wasm, &gallery, &worker]);

    // Whoever waits wants to know for how much.
    let weight = format!("Loading the simulator, {:.1} MB", (script.len() + wasm.len()) as f64 / 1e6);
    let source = source.replace("Loading the simulator", &weight);

    html::transform(&source, |link| match link {
        Link::Rust => {
            let boot =
                fs::read_to_string(web.join("boot.js")).map_err(|error| format!("web/boot.js: {error}"))?;
            let boot = boot.replace("__VERSION__", &version);
            fs::write(out.join("boot.js"), &boot).map_err(|error| error.to_string())?;
            let boot_version = self::version(&[boot.as_bytes()]);
            Ok(format!(
                "<link rel=\"modulepreload\" href=\"{NAME}.js?v={version}\" />\n    \
                 <link rel=\"preload\" href=\"{NAME}_bg.wasm?v={version}\" as=\"fetch\" \
                 type=\"application/wasm\" crossorigin />\n    \
                 <link rel=\"preload\" href=\"{GALLERY}?v={version}\" as=\"fetch\" crossorigin />\n    \
                 <script type=\"module\" src=\"boot.js?v={boot_version}\"></script>"
            ))
        }
        Link::Css(path) => place(&web, &path, out)
            .map(|(name, version)| format!("<link rel=\"stylesheet\" href=\"{name}?v={version}\" />")),
        Link::Icon(path) => place(&web, &path, out)
            .map(|(name, version)| format!("<link rel=\"icon\" href=\"{name}?v={version}\" />")),
        Link::File(path) => place(&web, &path, out).map(|_| String::new()),
        Link::Inline(path) => fs::read_to_string(web.join(&path))
            .map_err(|error| format!("web/index.html names {path}: {error}")),
        Link::Dir(path) => {
            let from = web.join(&path);
            let name = from.file_name().ok_or_else(|| format!("web/index.html: {path} has no name"))?;
            copy_dir(&from, &out.join(name)).map_err(|error| format!("{path}: {error}"))?;
            Ok(String::new())
        }
    })
}

/// Copies one file of `web/` to the top of `out`; its name there, and its version.
fn place(web: &Path, path: &str, out: &Path) -> Outcome<(String, String)> {
    let from = web.join(path);
    let bytes = fs::read(&from).map_err(|error| format!("web/index.html names {path}: {error}"))?;
    let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    fs::write(out.join(&name), &bytes).map_err(|error| error.to_string())?;
    Ok((name, version(&[&bytes])))
}

/// Eleven digits that change when the content does (FNV-1a).
fn version(parts: &[&[u8]]) -> String {
    let hash = parts.iter().copied().flatten().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:011x}", hash >> 20)
}

fn copy_dir(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_dir(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
