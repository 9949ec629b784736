//! Numbers about operations: throughput, errors by cause, latency from the invocation and from the intended
//! start, in all and over time.

use std::collections::BTreeMap;
use std::rc::Rc;

use hdrhistogram::Histogram;
use netsplit_checker::Cause;
use netsplit_sim::history::Outcome;
use serde::Serialize;

use crate::recorder::{End, Op, cause};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;

/// Width of a bucket for a run of this length: a round number near a two-hundredth of it, 100 ms at least where
/// the run is long enough for that.
#[must_use]
pub fn bucket_width(duration: u64) -> u64 {
    let round = |least: u64| {
        let mut unit = 1_000;
        loop {
            for step in [1, 2, 5] {
                if unit * step >= least {
                    return unit * step;
                }
            }
            unit *= 10;
        }
    };
    round(duration / 200).max(round(duration / 40).min(100 * MILLISECOND))
}

/// Latency in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Latency {
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Longest.
    pub max: f64,
}

/// Counts of operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Operations {
    /// Begun.
    pub invoked: u64,
    /// Done.
    pub ok: u64,
    /// Failed: surely without effect, or an error was answered.
    pub failed: u64,
    /// Ended without an answer in time; may have had an effect.
    pub timed_out: u64,
    /// Still open when the run ended.
    pub open: u64,
    /// Those that were not ok, by cause.
    pub by_cause: BTreeMap<String, u64>,
    /// Attempts beyond the first.
    pub retries: u64,
}

/// A histogram whose mean and greatest value are exact.
#[derive(Clone, Debug)]
struct Spans {
    histogram: Histogram<u32>,
    sum: u128,
    max: u64,
}

impl Spans {
    fn new(digits: u8) -> Self {
        // Bounds that are valid by construction: 1 µs to 2 µs, growing as needed.
        let mut histogram = Histogram::new_with_bounds(1, 2, digits).unwrap_or_else(|_| unreachable!());
        histogram.auto(true);
        Self { histogram, sum: 0, max: 0 }
    }

    fn add(&mut self, nanos: u64) {
        self.sum += u128::from(nanos);
        self.max = self.max.max(nanos);
        // It grows as needed; it would refuse only what is beyond 64 bits.
        let _ = self.histogram.record((nanos / 1_000).max(1));
    }

    fn at(&self, quantile: f64) -> f64 {
        let value = self.histogram.value_at_quantile(quantile) as f64 / 1e3;
        value.min(self.max as f64 / 1e6)
    }

    /// About how many bytes it takes.
    fn bytes(&self) -> usize {
        self.histogram.distinct_values() * 4 + size_of::<Self>()
    }

    fn latency(&self) -> Option<Latency> {
        let count = self.histogram.len();
        (count > 0).then(|| Latency {
            mean: self.sum as f64 / count as f64 / 1e6,
            p50: self.at(0.5),
            p90: self.at(0.9),
            p99: self.at(0.99),
            p999: self.at(0.999),
            max: self.max as f64 / 1e6,
        })
    }
}

/// One bucket of time.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub ok: u64,
    pub failed: u64,
    pub timed_out: u64,
    latency: Spans,
    /// The same from the intended start, where some operation here began late. Most runs have none, and a histogram
    /// takes several KB.
    intended: Option<Box<Spans>>,
}

impl Bucket {
    fn new() -> Self {
        Self { ok: 0, failed: 0, timed_out: 0, latency: Spans::new(2), intended: None }
    }

    fn answered(&mut self, op: &Op, end: &End) {
        let late = op.invoked.saturating_sub(op.intended);
        // Less than the histogram can tell apart is the rounding of clocks that drift.
        if late >= MICROSECOND && self.intended.is_none() {
            self.intended = Some(Box::new(self.latency.clone()));
        }
        self.ok += 1;
        let span = end.time.saturating_sub(op.invoked);
        self.latency.add(span);
        if let Some(intended) = &mut self.intended {
            intended.add(span + late);
        }
    }

    /// Latency from the invocation (ms).
    pub(crate) fn quantile(&self, quantile: f64) -> Option<f64> {
        (self.ok > 0).then(|| self.latency.at(quantile))
    }

    /// Latency from the intended start (ms), where some operation began late.
    pub(crate) fn quantile_from_intended(&self, quantile: f64) -> Option<f64> {
        self.intended.as_ref().map(|intended| intended.at(quantile))
    }
}

/// Everything counted so far.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    pub bucket: u64,
    /// By time; copies share all but the newest.
    pub buckets: Vec<Rc<Bucket>>,
    pub invoked: u64,
    ok: u64,
    failed: u64,
    timed_out: u64,
    retries: u64,
    causes: [u64; 6],
    latency: Spans,
    intended: Spans,
}

impl Metrics {
    pub(crate) fn new(bucket: u64) -> Self {
        Self {
            bucket,
            buckets: Vec::new(),
            invoked: 0,
            ok: 0,
            failed: 0,
            timed_out: 0,
            retries: 0,
            causes: [0; 6],
            latency: Spans::new(3),
            intended: Spans::new(3),
        }
    }

    /// About how many bytes a copy takes: its own histograms, and the bucket that is shared until the next operation.
    pub(crate) fn bytes(&self) -> usize {
        let newest = self.buckets.last().map_or(0, |bucket| bucket.latency.bytes());
        self.latency.bytes() + self.intended.bytes() + newest + self.buckets.len() * size_of::<Rc<Bucket>>()
    }

    /// About how many bytes all of it takes.
    pub(crate) fn all_bytes(&self) -> usize {
        self.buckets.iter().map(|bucket| bucket.latency.bytes()).sum::<usize>() + self.bytes()
    }

    /// Counts an operation that ended.
    pub(crate) fn add(&mut self, op: &Op, end: &End) {
        let at = (end.time / self.bucket) as usize;
        while self.buckets.len() <= at {
            self.buckets.push(Rc::new(Bucket::new()));
        }
        let bucket = Rc::make_mut(&mut self.buckets[at]);
        self.retries += u64::from(end.attempts.saturating_sub(1));
        let why = match end.outcome {
            Outcome::Ok(_) => {
                let span = end.time.saturating_sub(op.invoked);
                self.ok += 1;
                bucket.answered(op, end);
                self.latency.add(span);
                self.intended.add(end.time.saturating_sub(op.intended.min(op.invoked)));
                return;
            }
            Outcome::Fail(why) | Outcome::Unknown(why) => cause(why),
        };
        self.causes[why as usize] += 1;
        if why == Cause::Timeout {
            self.timed_out += 1;
            bucket.timed_out += 1;
        } else {
            self.failed += 1;
            bucket.failed += 1;
        }
    }

    pub(crate) fn operations(&self) -> Operations {
        let invoked = self.invoked;
        let ended = self.ok + self.failed + self.timed_out;
        let causes = Cause::ALL.iter().zip(self.causes).filter(|(_, count)| *count > 0);
        Operations {
            invoked,
            ok: self.ok,
            failed: self.failed,
            timed_out: self.timed_out,
            open: invoked.saturating_sub(ended),
            by_cause: causes.map(|(cause, count)| (cause.id().to_owned(), count)).collect(),
            retries: self.retries,
        }
    }

    /// Latency of operations that are ok, from their invocation.
    pub(crate) fn latency(&self) -> Option<Latency> {
        self.latency.latency()
    }

    /// The share of answered operations within so many milliseconds, for a chart.
    pub(crate) fn curve(&self) -> Vec<(f64, f64)> {
        if self.ok == 0 {
            return Vec::new();
        }
        let shares = (0..=99).map(|percent| f64::from(percent) / 100.0).chain([0.995, 0.999, 0.9999]);
        let mut curve: Vec<(f64, f64)> = shares.map(|share| (self.latency.at(share), share)).collect();
        curve.push((self.latency.max as f64 / 1e6, 1.0));
        curve
    }

    /// The same from their intended start: a client that had to wait before it could ask counts the wait.
    pub(crate) fn latency_from_intended(&self) -> Option<Latency> {
        self.intended.latency()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_round() {
        assert_eq!(bucket_width(60_000_000_000), 500_000_000);
        assert_eq!(bucket_width(20_000_000_000), 100_000_000);
        assert_eq!(bucket_width(10_000_000_000), 100_000_000);
        assert_eq!(bucket_width(1_000_000_000), 50_000_000);
        assert!(bucket_width(0) > 0);
    }

    #[test]
    fn percentiles_are_within_a_thousandth() {
        let mut spans = Spans::new(3);
        (1..=1000u64).for_each(|ms| spans.add(ms * MILLISECOND));
        let latency = spans.latency().expect("not empty");
        assert!((latency.p50 - 500.0).abs() < 0.6, "{latency:?}");
        assert!((latency.p99 - 990.0).abs() < 1.1, "{latency:?}");
        assert!((latency.mean - 500.5).abs() < 1e-9);
        assert!((latency.max - 1000.0).abs() < 1e-9);
    }
}
