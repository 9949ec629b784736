//! A long list whose copies share all but their ends: what one branch recorded before it left, the other does not keep
//! a second time.

use std::collections::VecDeque;
use std::rc::Rc;

/// Items in a chunk.
const CHUNK: usize = 128;

/// A list that grows and is cut back at its end, and forgets at its beginning.
#[derive(Clone, Debug)]
pub(crate) struct Shared<T> {
    /// All but the last are full.
    chunks: VecDeque<Rc<Vec<T>>>,
    /// Items of the first chunk that are forgotten.
    gone: usize,
    len: usize,
}

impl<T: Clone> Shared<T> {
    pub(crate) fn new() -> Self {
        Self { chunks: VecDeque::new(), gone: 0, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        let at = at + self.gone;
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.chunks.back().is_none_or(|last| last.len() == CHUNK) {
            self.chunks.push_back(Rc::new(Vec::with_capacity(CHUNK)));
        }
        if let Some(last) = self.chunks.back_mut() {
            Rc::make_mut(last).push(item);
            self.len += 1;
        }
    }

    pub(crate) fn pop_front(&mut self) {
        if self.len > 0 {
            (self.gone, self.len) = (self.gone + 1, self.len - 1);
            if self.gone == CHUNK {
                self.chunks.pop_front();
                self.gone = 0;
            }
        }
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        if len >= self.len {
            return;
        }
        self.len = len;
        let end = len + self.gone;
        self.chunks.truncate(end.div_ceil(CHUNK));
        if let (Some(last), true) = (self.chunks.back_mut(), !end.is_multiple_of(CHUNK)) {
            Rc::make_mut(last).truncate(end % CHUNK);
        }
    }

    /// The items from one place to another, which is not among them.
    pub(crate) fn range(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = &T> {
        (from..to.min(self.len)).filter_map(|at| self.get(at))
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.range(0, self.len)
    }

    /// How many items at the start satisfy a condition that none after them satisfies.
    pub(crate) fn partition_point(&self, condition: impl Fn(&T) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).is_some_and(&condition) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// How many items are in chunks that `others` do not have as well.
    pub(crate) fn own<'a>(&'a self, others: impl Iterator<Item = &'a Self> + Clone) -> usize {
        let shared = |own: &Rc<Vec<T>>| {
            others.clone().any(|other| other.chunks.iter().any(|chunk| Rc::ptr_eq(own, chunk)))
        };
        self.chunks.iter().filter(|chunk| !shared(chunk)).map(|chunk| chunk.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_behaves_like_the_standard_librarys() {
        let (mut ours, mut theirs) = (Shared::new(), VecDeque::new());
        let (mut word, mut kept) = (1u64, Vec::new());
        for turn in 0..20_000u64 {
            word = netsplit_sim::draw::mix(word);
            match word >> 60 {
                0 if turn % 50 == 0 => {
                    let len = (word % 1000) as usize;
                    ours.truncate(len);
                    theirs.truncate(len);
                }
                1 | 2 => {
                    ours.pop_front();
                    theirs.pop_front();
                }
                3 if turn % 1000 == 3 => kept.push((ours.clone(), theirs.clone())),
                _ => {
                    ours.push(turn);
                    theirs.push_back(turn);
                }
            }
            assert_eq!((ours.len(), ours.get(7), ours.get(ours.len())), (theirs.len(), theirs.get(7), None));
        }
        kept.push((ours, theirs));
        for (ours, theirs) in &kept {
            assert!(ours.iter().eq(theirs.iter()));
            assert_eq!(ours.partition_point(|x| *x < 9_000), theirs.partition_point(|x| *x < 9_000));
        }
    }

    #[test]
    fn copies_share_what_they_have_in_common() {
        let mut one = Shared::new();
        (0..10_000).for_each(|at| one.push(at));
        let mut other = one.clone();
        other.truncate(5_000);
        (0..1_000).for_each(|at| other.push(at));
        assert_eq!(other.own([&one].into_iter()), 6_000 - 5_000 / CHUNK * CHUNK);
    }
}
