//! The same scenario over many seeds. A seed's result is a pure function of the scenario and the seed, and
//! results are joined in the order of the seeds, so how many threads there were makes no difference.

use std::collections::BTreeMap;

use netsplit_scenario::document::View;
use netsplit_scenario::{Problems, Scenario, Seed};
use serde::Serialize;

use crate::experiment::Experiment;
use crate::text::{self, say};

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
    /// 90th percentile (nearest rank).
    pub p90: f64,
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
    let mut x = open(scenario, seed)?;
    while !x.advance(x.duration(), u64::MAX).done {}
    Ok(result(&x, seed))
}

fn open(scenario: &Scenario, seed: u64) -> Result<Experiment, Problems> {
    Experiment::open_swept(&with_seed(scenario, seed))
}

/// The scenario of one of the runs, to open it: what the sweep told of its seed is what it shows.
#[must_use]
pub fn with_seed(scenario: &Scenario, seed: u64) -> Scenario {
    let view = View { cursor: None, trace_hash: None, ..scenario.view.clone() };
    Scenario { seed: Seed::from_value(seed), view, ..scenario.clone() }
}

/// What a run that is over came to.
fn result(x: &Experiment, seed: u64) -> SeedResult {
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
    SeedResult { seed, trace_hash: report.trace_hash, events: report.events, values, verdicts, against }
}

/// A sweep that is under way, a slice at a time: for a page that must not stand still, on its main thread or in a worker.
/// To stop it, drop it; what is done so far can be read at any time.
pub struct Running {
    scenario: Scenario,
    next: u64,
    to: u64,
    current: Option<(u64, Experiment)>,
    done: Vec<SeedResult>,
}

impl Running {
    /// Begins with the seeds from `from` to `to`, which is not among them.
    ///
    /// # Errors
    /// Every problem of the scenario.
    pub fn new(scenario: &Scenario, from: u64, to: u64) -> Result<Self, Problems> {
        let current = (from < to).then(|| open(scenario, from)).transpose()?.map(|x| (from, x));
        let next = from.saturating_add(1).min(to.max(from));
        Ok(Self { scenario: scenario.clone(), next, to, current, done: Vec::new() })
    }

    /// Runs about so many events more; whether all seeds are done.
    pub fn advance(&mut self, budget_events: u64) -> bool {
        let mut left = budget_events;
        while left > 0 {
            let Some((seed, x)) = &mut self.current else { return true };
            let before = x.events();
            if x.advance(x.duration(), left).done {
                self.done.push(result(x, *seed));
                let more = self.next < self.to;
                // The scenario was valid with another seed.
                self.current =
                    more.then(|| open(&self.scenario, self.next).ok().map(|x| (self.next, x))).flatten();
                self.next += u64::from(more);
                left = left.saturating_sub(1);
            } else {
                left = left.saturating_sub(x.events() - before);
            }
        }
        self.current.is_none()
    }

    /// How many seeds are done, and how many there are.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        let done = self.done.len() as u64;
        (done, done + u64::from(self.current.is_some()) + self.to.saturating_sub(self.next))
    }

    /// The results so far, in the order of the seeds.
    #[must_use]
    pub fn results(&self) -> &[SeedResult] {
        &self.done
    }
}

/// How often which value was measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    /// Where the first bar begins.
    pub from: f64,
    /// How wide each is; 0 where all values are the same.
    pub width: f64,
    /// The seeds in each bar, in order: one of them can be opened.
    pub bars: Vec<Vec<u64>>,
}

/// The numbers that can be shown, by name.
#[must_use]
pub fn metrics(results: &[SeedResult]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in results.iter().flat_map(|result| result.values.keys()) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// The values of a number, with their seeds, and the least and the most of them.
fn column(results: &[SeedResult], metric: &str) -> Option<(Vec<(u64, f64)>, f64, f64)> {
    let values: Vec<(u64, f64)> =
        results.iter().filter_map(|result| Some((result.seed, *result.values.get(metric)?))).collect();
    let least = values.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min);
    let most = values.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max);
    (!values.is_empty()).then_some((values, least, most))
}

fn fill(values: Vec<(u64, f64)>, from: f64, width: f64, bars: usize) -> Histogram {
    let mut out = Histogram { from, width, bars: vec![Vec::new(); if width > 0.0 { bars } else { 1 }] };
    let last = out.bars.len() - 1;
    for (seed, value) in values {
        let at = if width > 0.0 { ((value - from) / width) as usize } else { 0 };
        out.bars[at.min(last)].push(seed);
    }
    out
}

/// A number over the seeds in which it was measured, in at most so many bars of equal width.
#[must_use]
pub fn histogram(results: &[SeedResult], metric: &str, bars: usize) -> Histogram {
    match column(results, metric) {
        Some((values, least, most)) if bars > 0 => fill(values, least, (most - least) / bars as f64, bars),
        _ => Histogram::default(),
    }
}

/// The same with edges at round numbers: a bar is 1, 2 or 5 of a power of ten wide, and never less than 1 where the number
/// only counts. There may be one bar more than asked for.
#[must_use]
pub fn round_histogram(results: &[SeedResult], metric: &str, bars: usize) -> Histogram {
    let Some((values, least, most)) = column(results, metric).filter(|_| bars > 0) else {
        return Histogram::default();
    };
    let (range, bars) = (most - least, bars as f64);
    if range.partial_cmp(&0.0) != Some(std::cmp::Ordering::Greater) {
        return fill(values, least, 0.0, 1);
    }
    let mut decade = 1.0;
    while decade * bars > range {
        decade /= 10.0;
    }
    while decade * 10.0 * bars <= range {
        decade *= 10.0;
    }
    let fits = |step: &f64| step * bars >= range;
    let mut width =
        [1.0, 2.0, 5.0].map(|share| share * decade).into_iter().find(fits).unwrap_or(10.0 * decade);
    if values.iter().all(|(_, value)| value.fract() == 0.0) {
        width = width.max(1.0);
    }
    let from = (least / width).floor() * width;
    let count = ((most - from) / width) as usize + 1;
    fill(values, from, width, count)
}

/// How a number is distributed over the seeds in which it was measured, if there are any.
#[must_use]
pub fn spread_of(results: &[SeedResult], metric: &str) -> Option<Spread> {
    let values: Vec<f64> = results.iter().filter_map(|result| result.values.get(metric).copied()).collect();
    (!values.is_empty()).then(|| spread(values))
}

/// The seeds by what became of a promise in them, in the order in which it was first met.
#[must_use]
pub fn verdicts(results: &[SeedResult], promise: &str) -> Vec<(String, Vec<u64>)> {
    let mut all: Vec<(String, Vec<u64>)> = Vec::new();
    for result in results {
        let Some(verdict) = result.verdicts.get(promise) else { continue };
        match all.iter_mut().find(|(known, _)| known == verdict) {
            Some((_, seeds)) => seeds.push(result.seed),
            None => all.push((verdict.clone(), vec![result.seed])),
        }
    }
    all
}

/// What a promise, a model or an invariant of a run is called, by its id: an invariant is no promise, though it may be about
/// the same.
#[must_use]
pub fn title(x: &Experiment, id: &str) -> String {
    let label = format!("judge-{}", id.replace('_', "-"));
    if text::has(&label) {
        return say(&label, &[]);
    }
    let promised = (x.algorithm.promises)(&x.settings).iter().any(|promise| promise.id == id);
    if promised { id.replace('_', " ") } else { say("invariant-of", &[("what", text::invariant(id))]) }
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
    let rank = |share: usize| (n * share).div_ceil(100).max(1) - 1;
    let low = order(n);
    Spread {
        count: n as u64,
        mean: sum / n as f64,
        min: values[0],
        median,
        p90: values[rank(90)],
        p99: values[rank(99)],
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
        assert!((spread.p90 - 90.0).abs() < 1e-12 && (spread.p99 - 99.0).abs() < 1e-12);
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

    #[test]
    fn slices_come_to_the_same_as_whole_runs() {
        let mut scenario = crate::default_scenario("leader_election", "raft");
        scenario.duration = netsplit_scenario::Duration::from_secs(3);
        let whole: Vec<SeedResult> = (5..12).map(|seed| one(&scenario, seed).expect("valid")).collect();
        let mut running = Running::new(&scenario, 5, 12).expect("valid");
        assert_eq!(running.progress(), (0, 7));
        let mut slices = 0;
        while !running.advance(700) {
            slices += 1;
            let (done, of) = running.progress();
            assert!(done <= 7 && of == 7 && running.results().len() as u64 == done);
        }
        assert!(slices > 7);
        assert_eq!(running.results(), whole);
        // A seed that a bar names is that run.
        let shown = histogram(&whole, "operations.ok", 4);
        assert_eq!(shown.bars.iter().map(Vec::len).sum::<usize>(), 7);
        let seed = shown.bars.iter().flatten().next().copied().expect("not empty");
        let mut x = Experiment::open(&with_seed(&scenario, seed)).expect("valid");
        x.seek(3_000_000_000);
        let of = whole.iter().find(|result| result.seed == seed).expect("it is one of them");
        assert_eq!(x.trace_hash(), of.trace_hash);
        let linear = verdicts(&whole, "linearizable");
        assert_eq!(linear, [("kept".to_owned(), (5..12).collect())]);
        assert!(metrics(&whole).contains(&"latency_ms.p99".to_owned()));
        assert!(Running::new(&scenario, 3, 3).expect("valid").advance(1));
    }

    #[test]
    fn bars_hold_every_value_once() {
        let result = |seed: u64, value: f64| SeedResult {
            seed,
            trace_hash: String::new(),
            events: 0,
            values: [("x".to_owned(), value)].into(),
            verdicts: BTreeMap::new(),
            against: Vec::new(),
        };
        let results: Vec<SeedResult> = (0..100).map(|seed| result(seed, (seed % 10) as f64)).collect();
        let shown = histogram(&results, "x", 3);
        assert_eq!(shown.bars.iter().map(Vec::len).collect::<Vec<_>>(), [30, 30, 40]);
        assert!(shown.bars.iter().all(|bar| bar.is_sorted()));
        let round = round_histogram(&results, "x", 20);
        assert_eq!((round.from, round.width), (0.0, 1.0));
        assert_eq!(round.bars.iter().map(Vec::len).collect::<Vec<_>>(), [10; 10]);
        let odd: Vec<SeedResult> =
            (0..500).map(|seed| result(seed, 99.9 + (seed * seed % 437) as f64)).collect();
        let round = round_histogram(&odd, "x", 24);
        assert_eq!((round.from, round.width, round.bars.len()), (80.0, 20.0, 23));
        assert_eq!(round.bars.iter().map(Vec::len).sum::<usize>(), 500);
        for scale in [1e-7, 1e-3, 1.0, 1e6] {
            let some: Vec<SeedResult> =
                (0..90).map(|seed| result(seed, seed as f64 * 1.37 * scale)).collect();
            let round = round_histogram(&some, "x", 24);
            assert!((9..=25).contains(&round.bars.len()), "{} at {scale}", round.bars.len());
            assert_eq!(round.bars.iter().map(Vec::len).sum::<usize>(), 90);
        }
        assert_eq!(round_histogram(&[result(4, 2.0), result(9, 2.0)], "x", 9).bars, vec![vec![4, 9]]);
        let same = histogram(&[result(4, 2.0), result(9, 2.0)], "x", 20);
        assert_eq!((same.width > 0.0, same.bars), (false, vec![vec![4, 9]]));
        assert_eq!(histogram(&results, "y", 3), Histogram::default());
    }
}
