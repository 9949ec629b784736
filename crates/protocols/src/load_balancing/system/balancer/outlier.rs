//! Outlier detection, as in Envoy (source/common/upstream/outlier_detection_impl.cc): a backend is ejected at once
//! after so many failures in a row, and at a sweep if its success rate lies too far below the mean; the n-th
//! ejection lasts n times the base time, 300 s at most. A sweep lets back in whoever's time is over, and forgives
//! one ejection of whoever is in. No more than a share of the backends is out at once: with Envoy's 10 % and fewer
//! than ten backends, none (`always_eject_one_host` is off).

use netsplit_sim::math;
use netsplit_sim::time::{Nanos, SECOND};

/// The longest ejection (Envoy `max_ejection_time`).
const LONGEST: Nanos = 300 * SECOND;
/// Requests in an interval without which a backend's success rate says nothing (`success_rate_request_volume`).
const VOLUME: u32 = 100;
/// Backends with that many requests without which rates are not compared (`success_rate_minimum_hosts`).
const HOSTS: usize = 5;

/// What a balancer remembers of a backend.
#[derive(Clone, Copy, Debug, Default)]
pub(in super::super) struct Outlier {
    /// Failures in a row.
    row: u32,
    /// Requests of this interval that succeeded, and all.
    good: u32,
    all: u32,
    /// How many ejections count.
    times: u32,
    /// When it was ejected, if it is out.
    since: Option<Nanos>,
}

impl Outlier {
    pub(super) fn is_out(&self) -> bool {
        self.since.is_some()
    }

    /// A request ended; true where the backend ought to be ejected for its failures in a row.
    pub(super) fn ended(&mut self, well: bool, errors: u32) -> bool {
        self.all += 1;
        if well {
            self.good += 1;
            self.row = 0;
        } else {
            self.row += 1;
        }
        errors > 0 && self.row >= errors && self.since.is_none()
    }

    pub(super) fn eject(&mut self, now: Nanos) {
        (self.row, self.since) = (0, Some(now));
        self.times += 1;
    }

    /// A sweep; true where its time is over and it is let back in.
    pub(super) fn sweep(&mut self, now: Nanos, base: Nanos) -> bool {
        match self.since {
            Some(since) if now >= since.saturating_add(time(base, self.times)) => {
                self.since = None;
                true
            }
            Some(_) => false,
            None => {
                self.times = self.times.saturating_sub(1);
                false
            }
        }
    }

    /// The success rate of the interval that ends now, if it had enough requests.
    pub(super) fn rate(&mut self) -> Option<f64> {
        let (good, all) = (std::mem::take(&mut self.good), std::mem::take(&mut self.all));
        (all >= VOLUME).then(|| f64::from(good) / f64::from(all))
    }

    pub(super) fn word(&self) -> u64 {
        let since = self.since.map_or(0, |since| since + 1);
        u64::from(self.row) ^ u64::from(self.all) << 20 ^ u64::from(self.times) << 40 ^ since.rotate_left(13)
    }
}

/// How long the ejection of this number lasts.
fn time(base: Nanos, times: u32) -> Nanos {
    base.saturating_mul(u64::from(times)).min(LONGEST.max(base))
}

/// The rate below which backends are outliers: the mean less so many thousandths of the standard deviation.
pub(super) fn threshold(rates: &[f64], factor: u32) -> Option<f64> {
    if factor == 0 || rates.len() < HOSTS {
        return None;
    }
    let count = rates.len() as f64;
    let mean = rates.iter().sum::<f64>() / count;
    let variance = rates.iter().map(|rate| (rate - mean) * (rate - mean)).sum::<f64>() / count;
    Some(mean - math::sqrt(variance) * f64::from(factor) / 1000.0)
}

/// Whether one more of `all` may be out, of whom `out` are.
pub(super) fn may_eject(out: usize, all: usize, max_percent: u32) -> bool {
    (out + 1) * 100 <= all * max_percent as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ejections_grow_and_are_forgiven() {
        let mut outlier = Outlier::default();
        for _ in 0..4 {
            assert!(!outlier.ended(false, 5));
        }
        assert!(outlier.ended(false, 5));
        outlier.eject(100);
        assert!(!outlier.sweep(129, 30) && outlier.is_out());
        assert!(outlier.sweep(130, 30) && !outlier.is_out());
        outlier.eject(200);
        assert!(!outlier.sweep(259, 30));
        assert!(outlier.sweep(260, 30));
        // Two quiet sweeps forgive both.
        outlier.sweep(270, 30);
        outlier.sweep(280, 30);
        outlier.eject(300);
        assert!(outlier.sweep(330, 30));
        assert_eq!(time(30 * SECOND, 100), LONGEST);
    }

    #[test]
    fn a_tenth_of_few_is_none() {
        assert!(
            !may_eject(0, 9, 10) && may_eject(0, 10, 10) && may_eject(1, 20, 10) && !may_eject(2, 20, 10)
        );
    }

    #[test]
    fn rates_are_compared_among_enough() {
        assert_eq!(threshold(&[1.0, 1.0, 1.0, 0.2], 1900), None);
        let rates = [1.0, 1.0, 1.0, 1.0, 1.0, 0.2];
        // Mean 0.8667, standard deviation 0.2981.
        let threshold = threshold(&rates, 1900).unwrap();
        assert!((threshold - 0.3002).abs() < 1e-3, "{threshold}");
    }
}
