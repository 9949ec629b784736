//! Axes and ticks.

use crate::model::math;

/// Round steps so that at most `most` of them span `range`.
pub fn step(range: f64, most: usize) -> f64 {
    if !(range.is_finite() && range > 0.0) {
        return 1.0;
    }
    let raw = range / most.max(1) as f64;
    let size = math::pow(10.0, math::log10(raw).floor());
    let factor = [1.0, 2.0, 5.0, 10.0].into_iter().find(|f| f * size >= raw * 0.999_999).unwrap_or(10.0);
    factor * size
}

/// Ticks of a linear axis from 0: the values, the last at or above `max`.
pub fn ticks(max: f64, most: usize) -> Vec<f64> {
    let step = step(if max > 0.0 { max } else { 1.0 }, most);
    let count = ((max / step) - 1e-9).ceil().max(1.0) as usize;
    (0..=count).map(|at| at as f64 * step).collect()
}

/// Decades of a logarithmic axis that hold everything from `min` to `max`.
pub fn decades(min: f64, max: f64) -> Vec<f64> {
    let low = math::log10(min.max(1e-9)).floor() as i32;
    let high = (math::log10(max.max(min).max(1e-9)).ceil() as i32).max(low + 1);
    (low..=high).map(|decade| math::pow(10.0, f64::from(decade))).collect()
}

/// Ticks in time between two instants (ns): at most `most`, at round places.
pub fn time_ticks(from: u64, to: u64, most: usize) -> Vec<u64> {
    let range = to.saturating_sub(from) as f64;
    let minute = 60e9;
    let step = if range / most.max(1) as f64 > 10e9 {
        [
            15e9,
            30e9,
            minute,
            2.0 * minute,
            5.0 * minute,
            10.0 * minute,
            30.0 * minute,
            60.0 * minute,
            240.0 * minute,
        ]
        .into_iter()
        .find(|s| range / s <= most as f64)
        .unwrap_or(480.0 * minute)
    } else {
        step(range, most)
    }
    .max(1.0) as u64;
    let first = from.div_ceil(step) * step;
    (0..).map(|at| first + at * step).take_while(|at| *at <= to).take(64).collect()
}

/// Where the time line ends: a run is far longer than what has been simulated of it at first, so it shows a
/// round span around that, and whatever is scheduled.
pub fn axis_end(frontier: u64, duration: u64, faults: &[netsplit_lab::FaultBlock]) -> u64 {
    let second = 1_000_000_000;
    let scheduled =
        faults.iter().map(|f| if f.to < duration { f.to } else { f.from + second }).max().unwrap_or(0);
    let needed = (frontier + frontier / 8).max(scheduled);
    let round = [2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600].map(|s| s * second);
    round.into_iter().find(|end| *end >= needed).unwrap_or(duration).min(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        assert_eq!(ticks(120.0, 3), [0.0, 50.0, 100.0, 150.0]);
        assert_eq!(ticks(0.0, 3).first(), Some(&0.0));
        assert_eq!(decades(12.0, 800.0), [10.0, 100.0, 1000.0]);
    }

    #[test]
    fn the_time_line_grows_with_the_run() {
        let minute = 60_000_000_000;
        assert_eq!(axis_end(0, minute, &[]), 2_000_000_000);
        assert_eq!(axis_end(4_000_000_000, minute, &[]), 5_000_000_000);
        assert_eq!(axis_end(59_000_000_000, minute, &[]), minute);
        assert_eq!(axis_end(0, 500_000_000, &[]), 500_000_000);
        let late = netsplit_lab::FaultBlock { from: 12_000_000_000, to: minute, ..Default::default() };
        assert_eq!(axis_end(0, minute, &[late]), 20_000_000_000);
    }

    #[test]
    fn time_has_seconds_and_minutes() {
        assert_eq!(time_ticks(0, 18_000_000_000, 9).len(), 10);
        assert_eq!(time_ticks(0, 60_000_000_000, 12)[1], 5_000_000_000);
        assert_eq!(time_ticks(0, 600_000_000_000, 10)[1], 60_000_000_000);
        assert!(time_ticks(5, 5, 4).len() <= 1);
    }
}
