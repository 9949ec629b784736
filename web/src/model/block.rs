//! A fault's block on the time line, moved and stretched by hand.

/// Which part of it a hand has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grip {
    /// All of it.
    Whole,
    /// Its beginning.
    Start,
    /// Its end.
    End,
}

/// Nothing is made shorter than this (ns).
const LEAST: u64 = 1_000_000;

/// A block in a hand.
#[derive(Clone, Debug, PartialEq)]
pub struct Grab {
    /// The fault's index.
    pub index: usize,
    /// What of it.
    pub part: Grip,
    /// Where it was taken (px).
    pub at: f64,
    /// Time in a pixel (ns).
    pub scale: f64,
    /// From and until when it was (ns).
    pub was: (u64, u64),
    /// And is now.
    pub now: (u64, u64),
}

/// What moves an edge about so far, and to a whole millisecond (ns).
pub fn round(edge: u64, by: i64) -> i64 {
    let to = edge.saturating_add_signed(by);
    (to.saturating_add(LEAST / 2) / LEAST * LEAST) as i64 - edge as i64
}

/// From and until when it is after `by` (ns); `open` where nothing ends it before the run's end.
pub fn changed((from, to): (u64, u64), part: Grip, by: i64, open: bool, end: u64) -> (u64, u64) {
    let length = to.saturating_sub(from);
    match part {
        Grip::Start => (from.saturating_add_signed(by).min(to.saturating_sub(LEAST.min(length))), to),
        Grip::End => (from, to.saturating_add_signed(by).clamp((from + LEAST).min(end), end)),
        Grip::Whole if open => (from.saturating_add_signed(by).min(end.saturating_sub(LEAST)), to),
        Grip::Whole => {
            let from = from.saturating_add_signed(by).min(end.saturating_sub(length));
            (from, from + length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    #[test]
    fn blocks_move_and_stretch_within_the_run() {
        let end = 1000 * MS;
        let by = |ms: i64| ms * MS as i64;
        let of = |was: (u64, u64), part, ms, open| {
            let (from, to) = changed((was.0 * MS, was.1 * MS), part, by(ms), open, end);
            (from / MS, to / MS)
        };
        assert_eq!(of((100, 300), Grip::Whole, 50, false), (150, 350));
        assert_eq!(of((100, 300), Grip::Whole, -500, false), (0, 200));
        assert_eq!(of((100, 300), Grip::Whole, 5000, false), (800, 1000));
        assert_eq!(of((100, 1000), Grip::Whole, 50, true), (150, 1000));
        assert_eq!(of((100, 300), Grip::Start, 500, false), (299, 300));
        assert_eq!(of((100, 300), Grip::End, -500, false), (100, 101));
        assert_eq!(of((100, 300), Grip::End, 5000, false), (100, 1000));
        assert_eq!(round(2_000_000_001, 1_472_911_392), 1_472_999_999);
        assert_eq!((round(5, -50), round(3 * MS, 0)), (-5, 0));
        // What happens at once has no length.
        assert_eq!(of((100, 100), Grip::Whole, 50, false), (150, 150));
    }
}
