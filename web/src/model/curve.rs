//! How spans are spread: a small curve.

use super::format;

/// Places of the curve.
const BINS: usize = 60;
/// Between two names (px).
const GAP: f64 = 6.0;

/// A curve on a ground of this size (px).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// SVG path of its line.
    pub line: String,
    /// Where the median and the slowest hundredth are (px), with their names and where the middles of these are (px).
    pub ticks: Vec<(f64, String, f64)>,
}

/// The curve of spans (ns), the shortest first.
pub fn curve(spans: &[u64], width: f64, height: f64) -> Curve {
    let at = |share: f64| spans.get((share * spans.len() as f64) as usize).copied().unwrap_or(0);
    let (middle, slow) = (at(0.5), at(0.99));
    let end = (slow as f64 * 1.12).max(middle as f64 * 2.0).max(1.0);
    let x = |span: f64| span / end * width;
    let mut bins = [0.0f64; BINS];
    for span in spans {
        // Each span counts for its neighbours as well: a smooth curve of few samples.
        let place = *span as f64 / end * BINS as f64;
        for (bin, count) in bins.iter_mut().enumerate() {
            let far = (bin as f64 + 0.5 - place).abs() / 2.2;
            *count += (1.0 - far * far).max(0.0);
        }
    }
    let most = bins.iter().copied().fold(1e-9, f64::max);
    let mut line = format!("M0 {height:.1}");
    for (bin, count) in bins.iter().enumerate() {
        let across = (bin as f64 + 0.5) / BINS as f64 * width;
        line.push_str(&format!("L{across:.1} {:.1}", height - count / most * (height - 2.0)));
    }
    line.push_str(&format!("L{width:.1} {height:.1}"));
    let mut ticks = vec![(x(middle as f64), format!("p50 {}", format::span(middle)), 0.0)];
    if slow > middle {
        ticks.push((x(slow as f64), format!("p99 {}", format::span(slow)), 0.0));
    }
    for tick in &mut ticks {
        tick.2 = tick.0.min(width - half(&tick.1)).max(half(&tick.1));
    }
    // Names that would run into each other make room, to the left first.
    if let [a, b] = &mut ticks[..] {
        let apart = half(&a.1) + half(&b.1) + GAP;
        a.2 = a.2.min(b.2 - apart).max(half(&a.1));
        b.2 = b.2.max(a.2 + apart);
    }
    Curve { line, ticks }
}

/// About half of the width of a name (px).
fn half(name: &str) -> f64 {
    name.len() as f64 * 3.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_lab::scenario::{Distribution, Duration};

    fn of(law: &Distribution) -> Curve {
        curve(&netsplit_lab::quantiles(law), 200.0, 30.0)
    }

    #[test]
    fn ticks_are_where_the_law_has_them() {
        let flat = of(&Distribution::Uniform { min: Duration::ZERO, max: Duration::from_millis(100) });
        let names: Vec<&str> = flat.ticks.iter().map(|(_, name, _)| name.as_str()).collect();
        assert!(names[0].starts_with("p50 50") && names[1].starts_with("p99 99"), "{names:?}");
        let place = flat.ticks[0].0 / flat.ticks[1].0;
        assert!((place - 0.505).abs() < 0.01, "{place}");
        let steep = of(&Distribution::Exponential { mean: Duration::from_millis(10) });
        // ln 2 and ln 100 means.
        assert!(steep.ticks[0].1.contains("6.9") && steep.ticks[1].1.contains("46"), "{:?}", steep.ticks);
    }

    #[test]
    fn every_law_has_a_curve_on_its_ground() {
        let some = Distribution::Exponential { mean: Duration::from_millis(5) };
        for (kind, ..) in super::super::setup::LAWS {
            let law = super::super::setup::recast(&some, kind).expect("a law");
            let curve = of(&law);
            assert!(
                curve.line.starts_with("M0 30.0L") && !curve.line.contains("NaN"),
                "{kind}: {}",
                curve.line
            );
            assert!(curve.ticks.iter().all(|(x, ..)| (0.0..=200.0).contains(x)), "{kind}: {:?}", curve.ticks);
            for (_, name, middle) in &curve.ticks {
                assert!(half(name) <= *middle && middle + half(name) <= 200.0, "{kind}: {:?}", curve.ticks);
            }
            if let [a, b] = &curve.ticks[..] {
                assert!(a.2 + half(&a.1) < b.2 - half(&b.1), "{kind}: {:?}", curve.ticks);
            }
        }
        assert_eq!(of(&Distribution::Constant(Duration::from_millis(3))).ticks.len(), 1);
    }
}
