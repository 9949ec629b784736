//! Turns the locale's Fluent files into a static table, and the gallery's scenarios into one file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement, VariantKey};

fn main() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../../static");
    let out = PathBuf::from(env::var("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("messages.rs"), messages(&root.join("locales"))).expect("OUT_DIR is writable");
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
            let parts = parts(value);
            if table.insert(id.clone(), parts.clone()).is_some_and(|other| other != parts) {
                println!("cargo:warning={}: {id} is defined twice and differs", path.display());
            }
        }
    }
    let mut code = String::from("static MESSAGES: &[(&str, &[Part])] = &[\n");
    for (id, parts) in table {
        let _ = writeln!(code, "    ({id:?}, {parts}),");
    }
    code + "];\n"
}

fn parts(pattern: &Pattern<&str>) -> String {
    let parts: Vec<String> = pattern
        .elements
        .iter()
        .map(|element| match element {
            PatternElement::TextElement { value } => format!("Part::Text({value:?})"),
            PatternElement::Placeable { expression } => expression_code(expression),
        })
        .collect();
    format!("&[{}]", parts.join(", "))
}

fn expression_code(expression: &Expression<&str>) -> String {
    match expression {
        Expression::Inline(inline) => inline_code(inline),
        Expression::Select { selector, variants } => {
            let name = variable(selector).unwrap_or_default();
            let default = variants.iter().position(|variant| variant.default).unwrap_or(0);
            let variants: Vec<String> = variants
                .iter()
                .map(|variant| {
                    let key = match &variant.key {
                        VariantKey::Identifier { name } => name,
                        VariantKey::NumberLiteral { value } => value,
                    };
                    format!("({key:?}, {})", parts(&variant.value))
                })
                .collect();
            format!("Part::Select({name:?}, &[{}], {default})", variants.join(", "))
        }
    }
}

fn variable(inline: &InlineExpression<&str>) -> Option<String> {
    match inline {
        InlineExpression::VariableReference { id } => Some(id.name.to_owned()),
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments.positional.first().and_then(variable)
        }
        _ => None,
    }
}

fn inline_code(inline: &InlineExpression<&str>) -> String {
    match inline {
        InlineExpression::StringLiteral { value } => {
            let mut text = String::new();
            let _ = fluent_syntax::unicode::unescape_unicode(&mut text, value);
            format!("Part::Text({text:?})")
        }
        InlineExpression::NumberLiteral { value } => format!("Part::Text({value:?})"),
        InlineExpression::MessageReference { id, .. } => format!("Part::Message({:?})", id.name),
        InlineExpression::Placeable { expression } => expression_code(expression),
        other => match variable(other) {
            Some(name) => format!("Part::Arg({name:?})"),
            None => "Part::Text(\"\")".to_owned(),
        },
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
