//! A long list whose copies share all but its end: logs are copied with every copy of the world.

use std::sync::Arc;

/// Items in a chunk.
const CHUNK: usize = 64;

/// A list that grows and is cut back at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunked<T> {
    full: Vec<Arc<[T]>>,
    end: Vec<T>,
}

impl<T> Default for Chunked<T> {
    fn default() -> Self {
        Self { full: Vec::new(), end: Vec::new() }
    }
}

impl<T: Copy> Chunked<T> {
    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.full.len() * CHUNK + self.end.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes a copy takes that shares what it can.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.full.len() * size_of::<Arc<[T]>>() + self.end.len() * size_of::<T>()
    }

    /// The item at this place.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&T> {
        match self.full.get(at / CHUNK) {
            Some(chunk) => chunk.get(at % CHUNK),
            None => self.end.get(at - self.full.len() * CHUNK),
        }
    }

    /// The items of a range, as far as there are any.
    #[must_use]
    pub fn slice(&self, from: usize, until: usize) -> Vec<T> {
        (from..until.min(self.len())).filter_map(|at| self.get(at).copied()).collect()
    }

    /// All items in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        (0..self.len()).map(|at| self.get(at).unwrap_or_else(|| unreachable!()))
    }

    /// Adds an item.
    pub fn push(&mut self, item: T) {
        if self.end.capacity() == 0 {
            self.end.reserve_exact(CHUNK);
        }
        self.end.push(item);
        if self.end.len() == CHUNK {
            self.full.push(self.end.as_slice().into());
            self.end.clear();
        }
    }

    /// Adds items.
    pub fn extend(&mut self, items: &[T]) {
        items.iter().for_each(|item| self.push(*item));
    }

    /// Keeps the first so many items.
    pub fn truncate(&mut self, keep: usize) {
        let full = keep / CHUNK;
        if full < self.full.len() {
            self.end.clear();
            self.end.extend_from_slice(&self.full[full][..keep % CHUNK]);
            self.full.truncate(full);
        } else {
            self.end.truncate(keep - self.full.len() * CHUNK);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list() {
        let (mut chunked, mut plain) = (Chunked::default(), Vec::new());
        for round in 0..400usize {
            let items: Vec<usize> = (0..round % 37).map(|at| round * 100 + at).collect();
            chunked.extend(&items);
            plain.extend(&items);
            let before = chunked.clone();
            if round % 3 == 0 {
                let keep = plain.len().saturating_sub(round % 131);
                chunked.truncate(keep);
                assert_eq!(before.iter().copied().collect::<Vec<_>>(), plain);
                plain.truncate(keep);
            }
            assert_eq!(chunked.len(), plain.len());
            assert!(chunked.iter().eq(plain.iter()) && chunked.iter().rev().eq(plain.iter().rev()));
            assert_eq!((chunked.get(plain.len()), chunked.get(0)), (None, plain.first()));
        }
    }
}
