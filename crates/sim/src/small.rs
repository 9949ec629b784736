//! Small collections. The standard library's trees and sorts are made for many items and add 5 to 10 KB of code for
//! each type that they are used with; what an algorithm keeps is a handful, or grows at its end.

use std::collections::VecDeque;

/// Sorts by insertion: for a handful of items, or such as are nearly in order.
pub fn sort<T: Copy + PartialOrd>(items: &mut [T]) {
    for end in 1..items.len() {
        let item = items[end];
        let mut at = end;
        while at > 0 && items[at - 1] > item {
            items[at] = items[at - 1];
            at -= 1;
        }
        items[at] = item;
    }
}

/// Puts items in the order of their keys; equal keys stay as they are. One sort serves items of every type.
pub fn sort_by_key<T>(items: &mut Vec<T>, key: impl Fn(&T) -> u64) {
    let mut order: Vec<(u64, u32)> = (0u32..).zip(&*items).map(|(at, item)| (key(item), at)).collect();
    merge_sort(&mut order);
    let mut loose: Vec<Option<T>> = items.drain(..).map(Some).collect();
    items.extend(order.iter().filter_map(|(_, at)| loose[*at as usize].take()));
}

/// Merges runs of twice the length, until there is one. The standard library's sorts are ten times as much code, which
/// the page has to fetch.
fn merge_sort(order: &mut Vec<(u64, u32)>) {
    let (end, mut run) = (order.len(), 1);
    let mut merged = Vec::with_capacity(end);
    while run < end {
        merged.clear();
        for start in (0..end).step_by(2 * run) {
            let (middle, stop) = ((start + run).min(end), (start + 2 * run).min(end));
            let (mut a, mut b) = (start, middle);
            while a < middle || b < stop {
                let first = b == stop || a < middle && order[a] <= order[b];
                let at = if first { &mut a } else { &mut b };
                merged.push(order[*at]);
                *at += 1;
            }
        }
        std::mem::swap(order, &mut merged);
        run *= 2;
    }
}

/// A map in one vector, in the order of its keys. Looking up takes a binary search; inserting in the midst and
/// removing move what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map<K, V> {
    pairs: Vec<(K, V)>,
}

/// A set in one vector, in order.
pub type Set<K> = Map<K, ()>;

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V> Map<K, V> {
    /// Nothing in it.
    #[must_use]
    pub const fn new() -> Self {
        Self { pairs: Vec::new() }
    }
    /// How many pairs.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }
    /// Nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
    /// Forgets all.
    pub fn clear(&mut self) {
        self.pairs.clear();
    }
    /// All pairs, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> + ExactSizeIterator + Clone {
        self.pairs.iter().map(|(key, value)| (key, value))
    }
    /// All pairs, in order, to change the values.
    pub fn iter_mut(&mut self) -> impl DoubleEndedIterator<Item = (&K, &mut V)> {
        self.pairs.iter_mut().map(|(key, value)| (&*key, value))
    }
    /// All keys, in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator + Clone {
        self.pairs.iter().map(|(key, _)| key)
    }
    /// All values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator + Clone {
        self.pairs.iter().map(|(_, value)| value)
    }
    /// Takes the first pair out.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        (!self.pairs.is_empty()).then(|| self.pairs.remove(0))
    }
    /// Keeps the pairs for which `keep` says so.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        self.pairs.retain_mut(|(key, value)| keep(key, value));
    }
}

impl<K: Ord + Copy, V> Map<K, V> {
    fn place(&self, key: &K) -> Result<usize, usize> {
        // What grows, grows at its end.
        if self.pairs.last().is_none_or(|(last, _)| last < key) {
            return Err(self.pairs.len());
        }
        self.pairs.binary_search_by(|(other, _)| other.cmp(key))
    }
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        self.place(key).ok().map(|at| &self.pairs[at].1)
    }
    /// The value of a key, to change it.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.place(key).ok().map(|at| &mut self.pairs[at].1)
    }
    /// Whether it has this key.
    #[must_use]
    pub fn contains_key(&self, key: &K) -> bool {
        self.place(key).is_ok()
    }
    /// Adds a pair; gives the value that the key had before.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Ok(at) => Some(std::mem::replace(&mut self.pairs[at].1, value)),
            Err(at) => {
                self.pairs.insert(at, (key, value));
                None
            }
        }
    }
    /// Takes a pair out; gives its value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        self.place(key).ok().map(|at| self.pairs.remove(at).1)
    }
    /// The value of a key, made first where there is none.
    pub fn slot(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        let at = match self.place(&key) {
            Ok(at) => at,
            Err(at) => {
                self.pairs.insert(at, (key, make()));
                at
            }
        };
        &mut self.pairs[at].1
    }
    /// The pairs from this key on.
    pub fn from(&self, key: &K) -> impl Iterator<Item = (&K, &V)> {
        let at = self.place(key).unwrap_or_else(|at| at);
        self.pairs[at..].iter().map(|(key, value)| (key, value))
    }
    /// Takes the pairs from this key on out into a map of their own.
    #[must_use]
    pub fn split_off(&mut self, key: &K) -> Self {
        let at = self.place(key).unwrap_or_else(|at| at);
        Self { pairs: self.pairs.split_off(at) }
    }
}

impl<K: Ord + Copy> Set<K> {
    /// Whether it is in the set.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.contains_key(key)
    }
    /// Adds it; whether it was new.
    pub fn add(&mut self, key: K) -> bool {
        self.insert(key, ()).is_none()
    }
}

impl<K: Ord + Copy, V> Extend<(K, V)> for Map<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, pairs: I) {
        for (key, value) in pairs {
            self.insert(key, value);
        }
    }
}

impl<K: Ord + Copy, V> FromIterator<(K, V)> for Map<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut map = Self::new();
        map.extend(pairs);
        map
    }
}

impl<K, V> IntoIterator for Map<K, V> {
    type Item = (K, V);
    type IntoIter = std::vec::IntoIter<(K, V)>;
    fn into_iter(self) -> Self::IntoIter {
        self.pairs.into_iter()
    }
}

/// What is under way, by a number: whatever comes and goes nearly in order costs little, however much there is.
#[derive(Clone, Debug)]
pub struct Window<V> {
    pairs: VecDeque<(u64, V)>,
}

impl<V> Default for Window<V> {
    fn default() -> Self {
        Self { pairs: VecDeque::new() }
    }
}

impl<V> Window<V> {
    fn place(&self, number: u64) -> Option<usize> {
        self.pairs.binary_search_by(|(other, _)| other.cmp(&number)).ok()
    }
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.pairs.len()
    }
    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
    /// Adds one, whose number is new.
    pub fn add(&mut self, number: u64, value: V) {
        if self.pairs.back().is_none_or(|(last, _)| *last < number) {
            self.pairs.push_back((number, value));
        } else if let Err(at) = self.pairs.binary_search_by(|(other, _)| other.cmp(&number)) {
            self.pairs.insert(at, (number, value));
        }
    }
    /// The one with this number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&V> {
        self.place(number).map(|at| &self.pairs[at].1)
    }
    /// The one with this number, to change it.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut V> {
        self.place(number).map(|at| &mut self.pairs[at].1)
    }
    /// Takes one out.
    pub fn remove(&mut self, number: u64) -> Option<V> {
        let at = self.place(number)?;
        self.pairs.remove(at).map(|(_, value)| value)
    }
    /// All, in order.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.pairs.iter().map(|(number, value)| (*number, value))
    }
}

#[cfg(test)]
mod tests {
    use super::{Map, sort};

    #[test]
    fn a_map_behaves_like_the_standard_librarys() {
        let (mut ours, mut theirs) = (Map::new(), std::collections::BTreeMap::new());
        let mut word = 1u64;
        for _ in 0..20_000 {
            word = crate::draw::mix(word);
            let key = word % 97;
            match word >> 61 {
                0..=3 => assert_eq!(ours.insert(key, word), theirs.insert(key, word)),
                4 | 5 => assert_eq!(ours.remove(&key), theirs.remove(&key)),
                6 => *ours.slot(key, || 7) += 1,
                _ => assert!(ours.split_off(&key).into_iter().eq(theirs.split_off(&key))),
            }
            if word >> 61 == 6 {
                *theirs.entry(key).or_insert(7) += 1;
            }
            assert_eq!(ours.get(&key), theirs.get(&key));
            assert!(ours.from(&key).eq(theirs.range(key..)));
        }
        assert!(ours.iter().eq(theirs.iter()));
    }

    #[test]
    fn equal_keys_keep_their_order() {
        let mut items = vec![(2, 'a'), (1, 'b'), (2, 'c'), (1, 'd')];
        super::sort_by_key(&mut items, |item| item.0);
        assert_eq!(items, [(1, 'b'), (1, 'd'), (2, 'a'), (2, 'c')]);
    }

    #[test]
    fn it_sorts() {
        let mut items = [3, 1, 2, 2, 9, 0];
        sort(&mut items);
        assert_eq!(items, [0, 1, 2, 2, 3, 9]);
        sort::<u32>(&mut []);
    }
}
