//! The scenarios that ship with netsplit.

use serde::Serialize;

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
    /// The scenario.
    pub json: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/gallery.rs"));

/// All scenarios of the gallery, in the order of the patterns.
#[must_use]
pub fn gallery() -> &'static [GalleryEntry] {
    GALLERY
}

/// The scenario of this id.
#[must_use]
pub fn find(id: &str) -> Option<&'static GalleryEntry> {
    GALLERY.iter().find(|entry| entry.id == id)
}
