//! The order of a key's versions, where somebody knows it.

use crate::table::{By, Table};

/// Per key the values in the order of their versions, oldest first; what a key holds initially comes before all.
///
/// A simulator knows it: the order in the log, of timestamps, of tags. Nobody can tell it from answers alone.
#[derive(Clone, Debug, Default)]
pub struct Order {
    keys: By<(Vec<u64>, Table)>,
}

impl Order {
    /// From lists of values; none if a value is twice in the list of a key, so that it does not name a version.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = (u64, Vec<u64>)>) -> Option<Self> {
        let mut it = Self::default();
        for (key, values) in keys {
            let mut ranks = Table::default();
            for (value, rank) in values.iter().zip(1..) {
                if ranks.get_or_insert(*value, rank) != rank {
                    return None;
                }
            }
            if it.keys.get(key).is_some() {
                return None;
            }
            it.keys.slot(key, (values, ranks));
        }
        Some(it)
    }

    /// The values of a key, oldest first.
    #[must_use]
    pub fn values(&self, key: u64) -> &[u64] {
        self.keys.get(key).map_or(&[], |(values, _)| values)
    }

    /// The place of a version: 0 is the initial one; none if the value is no version of the key.
    #[must_use]
    pub fn rank(&self, key: u64, value: Option<u64>) -> Option<u32> {
        match value {
            None => Some(0),
            Some(value) => self.keys.get(key)?.1.get(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_names_one_version() {
        let order = Order::new([(1, vec![7, 5]), (2, vec![])]).expect("all different");
        assert_eq!(
            [Some(5), Some(7), None, Some(6)].map(|value| order.rank(1, value)),
            [Some(2), Some(1), Some(0), None]
        );
        assert_eq!((order.rank(3, None), order.rank(3, Some(1))), (Some(0), None));
        assert_eq!((order.values(1), order.values(9)), (&[7, 5][..], &[][..]));
        assert!(Order::new([(1, vec![7, 7])]).is_none());
        assert!(Order::new([(1, vec![7]), (1, vec![8])]).is_none());
    }
}
