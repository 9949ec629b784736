//! A time axis whose quiet parts are folded away.

/// The axis: parts of time on one scale, and folds of one width between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Folded {
    /// Each part: from, to (ns) and where it begins (px).
    parts: Vec<(u64, u64, f64)>,
    /// Pixels for a nanosecond.
    scale: f64,
    /// Width of a fold (px).
    pub fold: f64,
}

impl Folded {
    /// These parts of time between two edges (px).
    pub fn new(spans: &[(u64, u64, usize)], left: f64, right: f64, fold: f64) -> Self {
        let long: u64 = spans.iter().map(|(from, to, _)| to - from).sum();
        let room = right - left - fold * spans.len().saturating_sub(1) as f64;
        let scale = room.max(1.0) / long.max(1) as f64;
        let mut x = left;
        let mut parts = Vec::new();
        for (from, to, _) in spans {
            parts.push((*from, *to, x));
            x += (to - from) as f64 * scale + fold;
        }
        Self { parts, scale, fold }
    }

    /// Where an instant is (px); one within a fold is in its midst.
    pub fn x(&self, time: u64) -> f64 {
        let Some(first) = self.parts.first() else { return 0.0 };
        let mut x = first.2;
        for (from, to, left) in &self.parts {
            if time < *from {
                return if *left > first.2 { left - self.fold / 2.0 } else { *left };
            }
            x = left + (time.min(*to) - from) as f64 * self.scale;
            if time <= *to {
                return x;
            }
        }
        x
    }

    /// Whether an instant is not folded away.
    pub fn shows(&self, time: u64) -> bool {
        self.parts.iter().any(|(from, to, _)| (*from..=*to).contains(&time))
    }

    /// Each part: from, to (ns), and its edges (px).
    pub fn parts(&self) -> impl Iterator<Item = (u64, u64, f64, f64)> + '_ {
        self.parts.iter().map(|(from, to, x)| (*from, *to, *x, x + (to - from) as f64 * self.scale))
    }

    /// Parts of this stretch of time that are shown: their edges (px).
    pub fn pieces(&self, from: u64, to: u64) -> impl Iterator<Item = (f64, f64)> + '_ {
        let touched = self.parts.iter().filter(move |(a, b, _)| from <= *b && to >= *a);
        touched.map(move |(a, b, _)| (self.x(from.max(*a)), self.x(to.min(*b))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_a_scale_and_what_lies_between_is_one_fold() {
        let axis = Folded::new(&[(100, 200, 3), (1000, 1300, 0)], 50.0, 500.0, 50.0);
        let x = |at: u64| axis.x(at).round() as i64;
        assert_eq!([100, 200, 1000, 1300].map(x), [50, 150, 200, 500]);
        assert_eq!([0, 500, 9999].map(x), [50, 175, 500]);
        assert!(axis.shows(1000) && !axis.shows(201));
        let whole = |(a, b): (f64, f64)| (a.round() as i64, b.round() as i64);
        let pieces: Vec<_> = axis.pieces(150, 1100).map(whole).collect();
        assert_eq!(pieces, [(100, 150), (200, 300)]);
        assert!(Folded::new(&[], 0.0, 10.0, 5.0).x(7).abs() < 1e-9);
    }
}
