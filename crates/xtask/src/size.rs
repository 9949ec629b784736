//! What the page's WebAssembly weighs, as a visitor downloads it, and which algorithm weighs how much.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use wasmparser::{KnownCustom, Name, Parser, Payload};

use crate::{Outcome, command, output, page};

/// What is fetched before the first picture, as served by a host that compresses: the limit that the project has set
/// itself.
const LIMIT: u64 = 350 * 1024;
/// No part may keep a person waiting for longer than this takes.
const PART_LIMIT: u64 = 128 * 1024;
/// What Raft adds to what it shares with the other elections.
const RAFT_LIMIT: u64 = 20 * 1024;

/// Owners that the table lists.
const ROWS: usize = 40;

/// Prints the tables; over a limit is an error if `strict`.
pub fn report(strict: bool) -> Outcome {
    let first = weigh(&page::dist_wasm())?;
    let parts = page::dist_parts()?;
    if parts.is_empty() {
        return Err("the page's WebAssembly is in one piece".into());
    }
    println!(
        "the page's WebAssembly: what the first picture needs, and the parts that are fetched when asked for\n"
    );
    println!("     raw     gzip   brotli  limit");
    let mut over = Vec::new();
    let (mut sum, first) = ([0; 3], ("first".to_owned(), first, LIMIT));
    let mut rows = vec![first];
    for (name, file) in parts {
        let limit = if name == "raft" { RAFT_LIMIT } else { PART_LIMIT };
        rows.push((name, weigh(&file)?, limit));
    }
    for (name, sizes, limit) in &rows {
        let [raw, gzip, brotli] = sizes;
        println!("{raw:>8} {gzip:>8} {brotli:>8} {limit:>6}  {name}");
        sum.iter_mut().zip(sizes).for_each(|(sum, size)| *sum += size);
        if brotli > limit {
            over.push(format!("{name}: {brotli} bytes compressed is over the limit of {limit}"));
        }
    }
    println!("{:>8} {:>8} {:>8}         in all", sum[0], sum[1], sum[2]);
    algorithms(sum[2])?;
    if strict && !over.is_empty() {
        return Err(over.join("\n"));
    }
    Ok(())
}

/// Bytes as they are, gzip, brotli.
fn weigh(file: &Path) -> Outcome<[u64; 3]> {
    const SCRIPT: &str = "const z=require('zlib'),b=require('fs').readFileSync(process.argv[1]);\
        console.log(b.length,z.gzipSync(b,{level:9}).length,z.brotliCompressSync(b,{params:{\
        [z.constants.BROTLI_PARAM_QUALITY]:11,[z.constants.BROTLI_PARAM_LGWIN]:24,\
        [z.constants.BROTLI_PARAM_SIZE_HINT]:b.length}}).length)";
    let measured = output(command("node").args(["-e", SCRIPT]).arg(file))?;
    let sizes: Vec<u64> = measured.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    sizes.try_into().map_err(|_| format!("node measured `{measured}`"))
}

/// Code bytes by algorithm: each function counts for the first algorithm that its name mentions, those of
/// the engine made for one node type included. Compressed bytes are its share of
/// the whole download, so they are an estimate.
fn algorithms(brotli: u64) -> Outcome {
    let bytes = fs::read(page::named_wasm()).map_err(|error| error.to_string())?;
    let functions = functions(&bytes).map_err(|error| format!("the module could not be read: {error}"))?;
    let total: u64 = functions.iter().map(|(_, size)| size).sum();
    let mut owners: BTreeMap<String, u64> = BTreeMap::new();
    for (name, size) in &functions {
        *owners.entry(owner(name)).or_default() += size;
    }
    let mut rows: Vec<_> = owners.into_iter().collect();
    rows.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    println!("\ncode before wasm-opt: {total} bytes in {} functions\n", functions.len());
    println!("   bytes  ≈brotli  owner");
    for (owner, size) in rows.into_iter().take(ROWS) {
        println!("{size:>8} {:>8}  {owner}", size * brotli / total.max(1));
    }
    Ok(())
}

fn functions(bytes: &[u8]) -> wasmparser::Result<Vec<(String, u64)>> {
    let mut imported = 0;
    let mut sizes = Vec::new();
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    imported += u32::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => sizes.push(body.range().len() as u64),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(reader) = section.as_known() {
                    for part in reader {
                        if let Name::Function(map) = part? {
                            for naming in map {
                                let naming = naming?;
                                names.insert(
                                    naming.index,
                                    format!("{:#}", rustc_demangle::demangle(naming.name)),
                                );
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    Ok((imported..)
        .zip(sizes)
        .map(|(index, size)| (names.remove(&index).unwrap_or_default(), size))
        .collect())
}

/// `netsplit_protocols::pattern::algorithm`, else another crate of ours, else the library's crate.
fn owner(name: &str) -> String {
    const OURS: [&str; 6] = [
        "netsplit_lab",
        "netsplit_scenario",
        "netsplit_checker",
        "netsplit_sim",
        "netsplit_web",
        "netsplit_protocols",
    ];
    if let Some(at) = name.find("netsplit_protocols::") {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut path =
            name[at..].split("::").map(|word| word.split(|c| !is_word(c)).next().unwrap_or_default());
        let (crate_name, pattern, algorithm) = (
            path.next().unwrap_or_default(),
            path.next().unwrap_or_default(),
            path.next().unwrap_or_default(),
        );
        // A module's name is in lower case; what is not one is an item of the module before.
        let is_module = |word: &str| word.starts_with(|c: char| c.is_ascii_lowercase());
        return match (is_module(pattern), is_module(algorithm)) {
            (true, true) => format!("{crate_name}::{pattern}::{algorithm}"),
            (true, false) => format!("{crate_name}::{pattern}"),
            _ => crate_name.into(),
        };
    }
    // A generic of a library made for one of our types is ours.
    OURS.iter().find(|ours| name.contains(*ours)).map_or_else(|| library(name), |ours| (*ours).into())
}

/// The first crate that a library's function names.
fn library(name: &str) -> String {
    let start = name.find(|c: char| c.is_ascii_lowercase()).unwrap_or(0);
    let word = name[start..].split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next();
    match word.unwrap_or_default() {
        // What each binding tells wasm-bindgen about its types.
        word if word.starts_with("__wbindgen_describe_") || word.starts_with("wbindgen_describe_") => {
            "library wasm_bindgen".into()
        }
        word => format!("library {word}"),
    }
}

#[cfg(test)]
mod tests {
    use super::owner;

    #[test]
    fn a_function_counts_for_the_algorithm_it_mentions() {
        assert_eq!(
            owner("<netsplit_sim::Cluster<netsplit_protocols::leader_election::raft::Node> as X>::step"),
            "netsplit_protocols::leader_election::raft"
        );
        assert_eq!(owner("netsplit_protocols::sharding::Entry::new"), "netsplit_protocols::sharding");
        assert_eq!(owner("netsplit_sim::queue::push"), "netsplit_sim");
        assert_eq!(owner("core::fmt::write"), "library core");
        assert_eq!(owner("__wbindgen_describe___wbg_log_1"), "library wasm_bindgen");
    }
}
