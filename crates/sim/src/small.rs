//! Small collections. The standard library's sort and its building of maps from iterators are made for many items
//! and add some 5 KB of code for each type that they are used with; what netsplit sorts while it runs is a handful.

use std::collections::BTreeMap;

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

/// A map of these pairs; of two with one key the later counts.
pub fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key, value);
    }
    map
}

#[cfg(test)]
mod tests {
    use super::sort;

    #[test]
    fn it_sorts() {
        let mut items = [3, 1, 2, 2, 9, 0];
        sort(&mut items);
        assert_eq!(items, [0, 1, 2, 2, 3, 9]);
        sort::<u32>(&mut []);
    }
}
