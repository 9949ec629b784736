//! Every message that the algorithms speak of is in the locale's files.

use std::path::Path;

use netsplit_lab::text;

fn sources(folder: &Path, into: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").filter_map(|e| Some(e.ok()?.path())).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("text");
            // What follows is for tests only.
            let shipped = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
            into.push((path.display().to_string(), shipped));
        }
    }
}

/// The literals right after each occurrence of `before`.
fn literals<'a>(source: &'a str, before: &str) -> Vec<&'a str> {
    source
        .match_indices(before)
        .filter_map(|(at, _)| source[at + before.len()..].trim_start().strip_prefix('"')?.split('"').next())
        .collect()
}

#[test]
fn no_message_is_missing() {
    let mut files = Vec::new();
    let protocols = Path::new(env!("CARGO_MANIFEST_DIR")).join("../protocols/src");
    sources(&protocols, &mut files);
    let mut missing = Vec::new();
    for (path, source) in &files {
        let mut ids = literals(source, "Text::new(");
        let labels = [
            "Item::Fact(",
            "Item::Timer(",
            "Item::Interval(",
            "Item::Cells(",
            "Item::Table(",
            "Item::Matrix(",
        ];
        let labels = labels.iter().flat_map(|before| literals(source, before));
        ids.extend(labels.filter(|label| label.contains('-')));
        let roles = source.match_indices("\"role-").filter_map(|(at, _)| source[at + 1..].split('"').next());
        ids.extend(roles);
        missing.extend(ids.iter().filter(|id| !text::has(id)).map(|id| format!("{path}: {id}")));
    }
    assert!(missing.is_empty(), "not in static/locales:\n{}", missing.join("\n"));
}

#[test]
fn the_labels_of_this_crate_are_there() {
    for id in [
        "status-crashed",
        "entry-lost",
        "chart-throughput",
        "chart-intended",
        "cause-timeout",
        "operation-read",
        "ring-title",
    ] {
        assert!(text::has(id), "{id}");
    }
}

#[test]
fn names_of_invariants_are_those_of_invariants() {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    sources(&root.join("crates/protocols/src"), &mut files);
    let parts = std::fs::read_dir(root.join("static/locales/parts")).expect("a folder");
    let mut names = 0;
    for path in parts.filter_map(|entry| Some(entry.ok()?.path())) {
        let messages = std::fs::read_to_string(&path).expect("text");
        for line in messages.lines().filter_map(|line| line.strip_prefix("invariant-")) {
            let (id, name) = line.split_once(" = ").expect("a message");
            let invariant = id.replace('-', "_");
            let known = files.iter().any(|(_, source)| source.contains(&format!("\"{invariant}\"")));
            assert!(known, "{}: no algorithm watches {invariant}", path.display());
            assert_eq!(text::invariant(&invariant), name);
            names += 1;
        }
    }
    assert!(names > 0);
    // One that has no name is called by its id.
    assert_eq!(text::invariant("total_order"), "total order");
}
