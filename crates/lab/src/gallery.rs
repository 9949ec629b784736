//! The scenarios that ship with netsplit: part of the program with the feature `gallery`, otherwise a file that is
//! handed to [`fill`].

use std::sync::OnceLock;

use serde::Serialize;
use serde_json::Value;

/// A scenario of the gallery.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct GalleryEntry {
    /// Name in links ("no-quorum").
    pub id: &'static str,
    /// What one will see.
    pub title: &'static str,
    /// Two or three sentences.
    pub notes: &'static str,
    /// Its pattern.
    pub pattern: &'static str,
    /// Its algorithm.
    pub algorithm: &'static str,
    /// The scenario.
    pub json: &'static str,
}

#[cfg(feature = "gallery")]
const EMBEDDED: &str = include_str!(concat!(env!("OUT_DIR"), "/gallery.txt"));
#[cfg(not(feature = "gallery"))]
const EMBEDDED: &str = "";

static GALLERY: OnceLock<Vec<GalleryEntry>> = OnceLock::new();

/// Takes the gallery from its file, unless it is there already. A line is a scenario: id, tab, JSON; lines that say
/// anything else are left out.
pub fn fill(text: &'static str) {
    GALLERY.get_or_init(|| text.lines().filter_map(entry).collect());
}

fn entry(line: &'static str) -> Option<GalleryEntry> {
    let (id, json) = line.split_once('\t')?;
    let document = netsplit_scenario::json::parse(json).ok()?;
    // They live as long as the program.
    let text = |value: Option<&Value>| -> &'static str {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        Box::leak(text.to_owned().into_boxed_str())
    };
    Some(GalleryEntry {
        id,
        title: text(document.get("title")),
        notes: text(document.get("notes")),
        pattern: text(document.get("system").and_then(|system| system.get("pattern"))),
        algorithm: text(document.get("system").and_then(|system| system.get("algorithm"))),
        json,
    })
}

/// All scenarios of the gallery, in the order of the patterns.
#[must_use]
pub fn gallery() -> &'static [GalleryEntry] {
    if !EMBEDDED.is_empty() {
        fill(EMBEDDED);
    }
    GALLERY.get().map_or(&[], Vec::as_slice)
}

/// The scenario of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static GalleryEntry> {
    gallery().iter().find(|entry| entry.id == id)
}
