//! The rules by which a balancer picks a backend.

use netsplit_sim::draw;
use netsplit_sim::small;

/// The rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Each in turn.
    RoundRobin,
    /// The fewest open requests; in turn where several have them.
    LeastConnections,
    /// The fewest open requests among a few drawn at random.
    Choices,
}

/// What was compared, for people: up to two backends (index, open requests) and the one picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    /// The picked one.
    pub pick: (u32, u32),
    /// The other one, of two that were drawn.
    pub other: Option<(u32, u32)>,
    /// The picked one was drawn first.
    pub first: bool,
    /// How many were compared.
    pub among: u32,
}

/// The next of `ready` (backend indices, rising) at or after `turn`.
pub(super) fn in_turn(ready: &[u32], turn: u32) -> Option<u32> {
    let at = ready.partition_point(|index| *index < turn);
    ready.get(at).or(ready.first()).copied()
}

/// The one with the fewest open requests; among equals the next at or after `turn`.
pub(super) fn least(ready: &[u32], turn: u32, open: impl Fn(u32) -> u32) -> Option<u32> {
    let at = ready.partition_point(|index| *index < turn);
    let (before, after) = ready.split_at(at);
    // `min_by_key` keeps the first of equals.
    after.iter().chain(before).copied().min_by_key(|index| open(*index))
}

/// `count` distinct places below `len`, each ordered set equally likely, under this word.
pub(super) fn distinct(word: u64, len: u32, count: u32, into: &mut Vec<u32>) {
    into.clear();
    for i in 0..count.min(len) {
        // The place among those not drawn yet, moved past the drawn ones.
        let mut place = draw::below(draw::word(word, u64::from(i)), len - i);
        let mut order: [u32; 16] = [u32::MAX; 16];
        let drawn = &mut order[..into.len()];
        drawn.copy_from_slice(into);
        small::sort(drawn);
        for taken in drawn.iter() {
            if place >= *taken {
                place += 1;
            }
        }
        into.push(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_distinct_and_even() {
        let mut counts = [[0u32; 5]; 5];
        let mut drawn = Vec::new();
        for n in 0..200_000 {
            distinct(draw::word(3, n), 5, 2, &mut drawn);
            counts[drawn[0] as usize][drawn[1] as usize] += 1;
        }
        for (a, row) in counts.iter().enumerate() {
            for (b, count) in row.iter().enumerate() {
                if a == b {
                    assert_eq!(*count, 0);
                } else {
                    // 10,000 each; the standard deviation is about 97.
                    assert!(count.abs_diff(10_000) < 400, "{counts:?}");
                }
            }
        }
    }

    #[test]
    fn in_turn_wraps_and_skips() {
        assert_eq!(in_turn(&[0, 2, 3], 1), Some(2));
        assert_eq!(in_turn(&[0, 2, 3], 4), Some(0));
        assert_eq!(in_turn(&[], 0), None);
        assert_eq!(least(&[0, 1, 2], 1, |i| [1, 1, 1][i as usize]), Some(1));
        assert_eq!(least(&[0, 1, 2], 1, |i| [0, 1, 2][i as usize]), Some(0));
    }
}
