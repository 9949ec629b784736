//! Turns the locale's Fluent files into one text, and the gallery's scenarios into one file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../../static");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("messages.txt"), messages(&root.join("locales"))).expect("OUT_DIR is writable");
    fs::write(out.join("gallery.txt"), gallery(&root.join("gallery"))).expect("OUT_DIR is writable");
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    println!("cargo:rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

/// One line a message, in the order of ids: its id, U+0000, its text. In it U+0001 begins an argument, U+0002 ends its
/// name; U+0003 begins a selection by an argument, U+0004 a variant, U+0005 ends its key, U+0006 ends the selection, whose
/// default comes last. (A table of pieces would be three times as large, for its pointers.)
fn messages(folder: &Path) -> String {
    let mut table: BTreeMap<String, String> = BTreeMap::new();
    let mut sources = vec![folder.join("en.ftl")];
    sources.extend(files(&folder.join("parts"), "ftl"));
    for path in sources {
        println!("cargo:rerun-if-changed={}", path.display());
        let Ok(source) = fs::read_to_string(&path) else { continue };
        let resource = fluent_syntax::parser::parse(source.as_str()).unwrap_or_else(|(resource, errors)| {
            println!("cargo:warning={}: {errors:?}", path.display());
            resource
        });
        for entry in resource.body {
            let Entry::Message(message) = entry else { continue };
            let Some(value) = &message.value else { continue };
            let id = message.id.name.to_owned();
            let text = text(value);
            assert!(!text.contains(['\n', '\0']), "{id}: more than a line");
            if table.insert(id.clone(), text.clone()).is_some_and(|other| other != text) {
                println!("cargo:warning={}: {id} is defined twice and differs", path.display());
            }
        }
    }
    table.into_iter().map(|(id, text)| format!("{id}\0{text}\n")).collect()
}

fn text(pattern: &Pattern<&str>) -> String {
    let element = |element: &PatternElement<&str>| match element {
        PatternElement::TextElement { value } => (*value).to_owned(),
        PatternElement::Placeable { expression } => expressed(expression),
    };
    pattern.elements.iter().map(element).collect()
}

fn expressed(expression: &Expression<&str>) -> String {
    match expression {
        Expression::Inline(InlineExpression::Placeable { expression }) => expressed(expression),
        Expression::Inline(InlineExpression::NumberLiteral { value }) => (*value).to_owned(),
        Expression::Inline(InlineExpression::StringLiteral { value }) => {
            let mut text = String::new();
            let _ = fluent_syntax::unicode::unescape_unicode(&mut text, value);
            text
        }
        Expression::Inline(inline) => format!("\u{1}{}\u{2}", variable(inline)),
        Expression::Select { selector, variants } => {
            let mut code = format!("\u{3}{}\u{2}", variable(selector));
            let ordered = variants.iter().filter(|variant| !variant.default);
            for variant in ordered.chain(variants.iter().filter(|variant| variant.default)) {
                let key = match &variant.key {
                    VariantKey::Identifier { name } => name,
                    VariantKey::NumberLiteral { value } => value,
                };
                let text = text(&variant.value);
                assert!(!text.contains('\u{3}'), "a selection in a selection: {text}");
                let _ = write!(code, "\u{4}{key}\u{5}{text}");
            }
            code + "\u{6}"
        }
    }
}

fn variable(inline: &InlineExpression<&str>) -> String {
    match inline {
        InlineExpression::VariableReference { id } => id.name.to_owned(),
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments.positional.first().map_or_else(String::new, variable)
        }
        other => panic!("not provided for: {other:?}"),
    }
}

const PATTERNS: [&str; 6] =
    ["load_balancing", "sharding", "replication", "leader_election", "eventual_consistency", "time"];

fn gallery(folder: &Path) -> String {
    let mut entries: Vec<(usize, String, String)> = Vec::new();
    for path in files(folder, "json") {
        println!("cargo:rerun-if-changed={}", path.display());
        let id = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let document: serde_json::Value = match serde_json::from_str(&text) {
            Ok(document) => document,
            Err(error) => {
                println!("cargo:warning={}: {error}", path.display());
                continue;
            }
        };
        let pattern = document["system"]["pattern"].as_str().unwrap_or_default();
        let rank = PATTERNS.iter().position(|known| *known == pattern).unwrap_or(PATTERNS.len());
        entries.push((rank, id.clone(), format!("{id}\t{document}\n")));
    }
    entries.sort();
    entries.into_iter().map(|(_, _, line)| line).collect()
}
