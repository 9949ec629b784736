//! The same scenario over many seeds. A seed's result is a pure function of the scenario and the seed, and
//! results are joined in the order of the seeds, so how many threads there were makes no difference.

use std::collections::BTreeMap;

use netsplit_scenario::{Problems, Scenario, Seed};
use serde::Serialize;

use crate::experiment::Experiment;

/// What one seed came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeedResult {
    /// The seed.
    pub seed: u64,
    /// 32 hexadecimal digits.
    pub trace_hash: String,
    /// Events processed.
    pub events: u64,
    /// Numbers by name; one that was not measured (the latency of no operation) is not there.
    pub values: BTreeMap<String, f64>,
    /// What became of each promise ("kept", "broken" …).
    pub verdicts: BTreeMap<String, String>,
    /// The promises that this run speaks against, promised or not.
    pub against: Vec<String>,
}

/// How a number is distributed over the seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// Seeds in which it was measured.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Least.
    pub min: f64,
    /// Median.
    pub median: f64,
    /// 99th percentile (nearest rank).
    pub p99: f64,
    /// Most.
    pub max: f64,
    /// Confidence interval of the median, 95 % at least, by order statistics: it assumes nothing of the
    /// distribution. With fewer than six seeds there is none and it spans from the least to the most.
    pub median_ci95: (f64, f64),
}

/// What a sweep came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Sweep {
    /// First seed.
    pub from: u64,
    /// The seed after the last.
    pub to: u64,
    /// Numbers, by name.
    pub spreads: BTreeMap<String, Spread>,
    /// Of each promise in how many seeds what became of it.
    pub verdicts: BTreeMap<String, BTreeMap<String, u64>>,
    /// Each seed's result, in order.
    pub seeds: Vec<SeedResult>,
}

/// Runs the scenario with this seed.
///
/// # Errors
/// Every problem of the scenario.
pub fn one(scenario: &Scenario, seed: u64) -> Result<SeedResult, Problems> {
    let mut scenario = scenario.clone();
    scenario.seed = Seed::from_value(seed);
    let mut x = Experiment::open_lean(&scenario)?;
    while !x.advance(x.duration(), u64::MAX).done {}
    let report = x.report();
    let metrics = &report.metrics;
    let mut values: BTreeMap<String, f64> = BTreeMap::new();
    let mut put = |name: &str, value: f64| {
        if value.is_finite() {
            values.insert(name.to_owned(), value);
        }
    };
    put("operations.ok", metrics.operations.ok as f64);
    put("operations.failed", metrics.operations.failed as f64);
    put("operations.timed_out", metrics.operations.timed_out as f64);
    put("goodput_per_s", metrics.goodput_per_s);
    put("throughput_per_s", metrics.throughput_per_s);
    for (name, latency) in
        [("latency_ms", metrics.latency_ms), ("latency_from_intended_ms", metrics.latency_from_intended_ms)]
    {
        let Some(latency) = latency else { continue };
        put(&format!("{name}.mean"), latency.mean);
        put(&format!("{name}.p50"), latency.p50);
        put(&format!("{name}.p99"), latency.p99);
        put(&format!("{name}.max"), latency.max);
    }
    for (name, value) in &metrics.own {
        put(name, *value);
    }
    let against = report.verdicts.iter().filter(|verdict| verdict.speaks_against());
    let against = against.map(|verdict| verdict.promise.clone()).collect();
    let verdicts = report.verdicts.into_iter().map(|verdict| (verdict.promise, verdict.verdict)).collect();
    Ok(SeedResult { seed, trace_hash: report.trace_hash, events: report.events, values, verdicts, against })
}

/// Joins results; they may come in any order.
#[must_use]
pub fn join(mut seeds: Vec<SeedResult>) -> Sweep {
    seeds.sort_by_key(|result| result.seed);
    let mut columns: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (name, value) in seeds.iter().flat_map(|result| &result.values) {
        columns.entry(name.clone()).or_default().push(*value);
    }
    let mut verdicts: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
    for (promise, grade) in seeds.iter().flat_map(|result| &result.verdicts) {
        *verdicts.entry(promise.clone()).or_default().entry(grade.clone()).or_default() += 1;
    }
    Sweep {
        verdicts,
        from: seeds.first().map_or(0, |result| result.seed),
        to: seeds.last().map_or(0, |result| result.seed + 1),
        spreads: columns.into_iter().map(|(name, values)| (name, spread(values))).collect(),
        seeds,
    }
}

fn spread(mut values: Vec<f64>) -> Spread {
    // Summed before sorting: in the order of the seeds.
    let sum: f64 = values.iter().sum();
    values.sort_by(f64::total_cmp);
    let n = values.len();
    let median = if n % 2 == 1 { values[n / 2] } else { (values[n / 2 - 1] + values[n / 2]) / 2.0 };
    let rank = (n * 99).div_ceil(100).max(1) - 1;
    let low = order(n);
    Spread {
        count: n as u64,
        mean: sum / n as f64,
        min: values[0],
        median,
        p99: values[rank],
        max: values[n - 1],
        median_ci95: (values[low], values[n - 1 - low]),
    }
}

/// The index k such that the median lies between the k-th value and the k-th from the end with probability 95 %
/// or more: the largest with P(Binomial(n, 1/2) <= k) <= 2.5 %.
fn order(n: usize) -> usize {
    if n > 1000 {
        // The normal approximation, one step to the safe side.
        let half = n as f64 / 2.0 - 0.98 * (n as f64).sqrt();
        return (half as usize).saturating_sub(1);
    }
    let mut term = (0..n).fold(1.0, |product, _| product / 2.0);
    let (mut sum, mut k) = (term, 0);
    while k < n / 2 {
        term = term * (n - k) as f64 / (k + 1) as f64;
        sum += term;
        if sum > 0.025 {
            break;
        }
        k += 1;
    }
    k
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_statistics_are_those_of_the_tables() {
        // Conover, Practical Nonparametric Statistics: n = 6 gives (1st, 6th), n = 20 (6th, 15th), n = 50 (18th, 33rd).
        assert_eq!(order(6), 0);
        assert_eq!(order(20), 5);
        assert_eq!(order(50), 17);
        assert!(order(1) == 0 && order(2) == 0);
        // Both ways agree where they meet.
        assert!(order(1000).abs_diff(order(1001)) <= 2);
    }

    #[test]
    fn spreads() {
        let spread = spread((1..=100).rev().map(f64::from).collect());
        assert!((spread.median - 50.5).abs() < 1e-12 && (spread.mean - 50.5).abs() < 1e-12);
        assert!((spread.p99 - 99.0).abs() < 1e-12);
        assert!(spread.median_ci95.0 < 50.5 && spread.median_ci95.1 > 50.5);
    }

    #[test]
    fn joining_does_not_depend_on_the_order() {
        let result = |seed: u64| SeedResult {
            seed,
            trace_hash: String::new(),
            events: seed,
            values: [("x".to_owned(), 0.1 * seed as f64)].into(),
            verdicts: [("linearizable".to_owned(), "kept".to_owned())].into(),
            against: Vec::new(),
        };
        let forwards = join((0..50).map(result).collect());
        let backwards = join((0..50).rev().map(result).collect());
        assert_eq!(forwards, backwards);
    }
}
