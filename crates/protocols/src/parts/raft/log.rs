//! The log in memory: what a snapshot covers, and the entries after it.

use super::message::Entry;
use crate::parts::chunked::Chunked;

/// Entries from `base` + 1 on; those up to `base` are in a snapshot. Indices begin with 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Log {
    base: u64,
    base_term: u64,
    entries: Chunked<Entry>,
}

impl Log {
    /// Index of the last entry that only a snapshot has.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.base
    }

    /// Index of the last entry; 0 where there is none.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// Term of the last entry.
    #[must_use]
    pub fn last_term(&self) -> u64 {
        self.term_at(self.last())
    }

    /// Term of the entry at an index; 0 where it is not known.
    #[must_use]
    pub fn term_at(&self, index: u64) -> u64 {
        if index == self.base { self.base_term } else { self.get(index).map_or(0, |entry| entry.term) }
    }

    /// The entry at an index.
    #[must_use]
    pub fn get(&self, index: u64) -> Option<&Entry> {
        self.entries.get(index.checked_sub(self.base + 1)? as usize)
    }

    /// The entries after `from`, up to `until`, as far as they are here.
    #[must_use]
    pub fn slice(&self, from: u64, until: u64) -> Vec<Entry> {
        let place = |index: u64| index.saturating_sub(self.base) as usize;
        self.entries.slice(place(from), place(until))
    }

    /// All entries that are here, with their indices.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Entry)> + ExactSizeIterator {
        let base = self.base;
        self.entries.iter().enumerate().map(move |(at, entry)| (base + 1 + at as u64, entry))
    }

    /// Bytes that a copy of it does not share.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.entries.heap()
    }

    /// Adds an entry.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Keeps the entries up to an index, then adds others.
    pub fn replace(&mut self, keep: u64, entries: &[Entry]) {
        self.entries.truncate(keep.saturating_sub(self.base) as usize);
        self.entries.extend(entries);
    }

    /// Forgets the entries up to an index, which a snapshot covers; all where they do not agree with it.
    pub fn cover(&mut self, index: u64, term: u64) {
        let kept = if self.last() > index && self.term_at(index) == term {
            self.slice(index, self.last())
        } else {
            Vec::new()
        };
        (self.base, self.base_term) = (index, term);
        self.entries = Chunked::default();
        self.entries.extend(&kept);
    }
}
