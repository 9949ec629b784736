//! Series over time, faults as blocks, bands.

use netsplit_sim::declare::Layout;

use crate::experiment::Experiment;
use crate::frame::{Amounts, Band, Chart, FaultBlock};
use crate::metrics::Bucket;
use crate::recorder::{SAMPLES, Sample};
use crate::text;
use crate::timeline::{self, Origin};

/// With more servers than this, a chart shows the mean and the greatest instead of each.
const LINES: usize = 12;

pub(crate) fn charts(x: &Experiment) -> Vec<Chart> {
    let metrics = x.recorder.metrics();
    let bucket = metrics.bucket;
    // The bucket that is not complete yet is left out, except at the end of the run.
    let reached = x.frontier.now;
    let mut complete = (reached / bucket) as usize;
    if reached >= x.duration() && !reached.is_multiple_of(bucket) {
        complete += 1;
    }
    let per_second = |count: u64| count as f64 * 1e9 / bucket as f64;
    let series = |value: &dyn Fn(Option<&Bucket>) -> Option<f64>| -> Vec<Option<f64>> {
        (0..complete).map(|at| value(metrics.buckets.get(at).map(AsRef::as_ref))).collect()
    };
    let count = |which: fn(&Bucket) -> u64| series(&|b| Some(per_second(b.map_or(0, which))));
    let label = |id: &str| text::say(&format!("chart-{id}"), &[]);
    let p50 = series(&|b| b.and_then(|b| b.quantile(0.5)));
    let p99 = series(&|b| b.and_then(|b| b.quantile(0.99)));
    let waited = series(&|b| b.and_then(|b| b.quantile_from_intended(0.99)));
    // One in a hundred is as fine as these histograms are.
    let differs =
        p99.iter().zip(&waited).any(|(p99, all)| matches!((p99, all), (Some(p), Some(a)) if *a > p * 1.01));
    let all = differs.then(|| p99.iter().zip(waited).map(|(p99, waited)| waited.or(*p99)).collect());
    let mut latency = vec![("p50".to_owned(), p50), ("p99".to_owned(), p99)];
    latency.extend(all.map(|all| (label("intended"), all)));
    let mut charts = vec![
        Chart {
            id: "throughput".to_owned(),
            label: label("throughput"),
            unit: "/s".to_owned(),
            bucket,
            lines: vec![
                (label("ok"), count(|b| b.ok)),
                (label("failed"), count(|b| b.failed)),
                (label("timed-out"), count(|b| b.timed_out)),
            ],
            log: false,
        },
        Chart {
            id: "latency".to_owned(),
            label: label("latency"),
            unit: "ms".to_owned(),
            bucket,
            lines: latency,
            log: true,
        },
    ];
    // Where requests queue up at backends, that is what to look at first.
    if x.algorithm.layout == Layout::Tiers {
        charts.extend(queues(x, bucket, complete));
        charts.extend(own(x, bucket, complete));
    } else {
        charts.extend(own(x, bucket, complete));
        charts.extend(queues(x, bucket, complete));
    }
    charts
}

/// A value over the samples of each bucket: where it stood at the end, where it is a whole number (there is no term 1.4),
/// else its mean.
fn stood(x: &Experiment, complete: usize, value: impl Fn(&Sample) -> Option<f64>) -> Vec<Option<f64>> {
    let mut ends = x.recorder.samples.chunks(SAMPLES as usize).map(|bucket| {
        let whole = bucket.iter().filter_map(&value).all(|value| value.fract() == 0.0);
        bucket.iter().rev().find_map(&value).filter(|_| whole)
    });
    let mut all = sampled(x, complete, &value);
    all.iter_mut().for_each(|mean| *mean = ends.next().flatten().or(*mean));
    all
}

/// The mean of a value over the samples of each bucket.
fn sampled(x: &Experiment, complete: usize, value: impl Fn(&Sample) -> Option<f64>) -> Vec<Option<f64>> {
    let samples = &x.recorder.samples;
    (0..complete)
        .map(|at| {
            let from = (at * SAMPLES as usize).min(samples.len());
            let to = (from + SAMPLES as usize).min(samples.len());
            let values: Vec<f64> = samples[from..to].iter().filter_map(&value).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        })
        .collect()
}

/// What a running total grew by in each bucket, per second. A total begins at 0; where it falls, because a node lost
/// its memory, nothing is known to have happened.
fn growth(samples: &[Option<f64>], seconds: f64, complete: usize) -> Vec<Option<f64>> {
    let mut last = 0.0;
    let mut ticks = samples.chunks(SAMPLES as usize);
    (0..complete)
        .map(|_| {
            let ticks = ticks.next()?;
            let (mut grown, mut known) = (0.0, false);
            for total in ticks.iter().flatten() {
                grown += (total - last).max(0.0);
                (last, known) = (*total, true);
            }
            // The last bucket of a run may be a part of one.
            known.then(|| grown / (seconds * ticks.len() as f64))
        })
        .collect()
}

/// The algorithm's own series.
fn own(x: &Experiment, bucket: u64, complete: usize) -> Vec<Chart> {
    let mut charts: Vec<Chart> = Vec::new();
    for (at, series) in x.algorithm.series.iter().enumerate() {
        let value = |sample: &Sample| sample.values.get(at).copied().flatten();
        let values = if series.counts {
            let totals: Vec<Option<f64>> = x.recorder.samples.iter().map(value).collect();
            growth(&totals, x.recorder.tick as f64 / 1e9, complete)
        } else {
            stood(x, complete, value)
        };
        let line = (series.label.to_owned(), values);
        if let Some(chart) = charts.iter_mut().find(|chart| chart.id == series.chart) {
            chart.lines.push(line);
            continue;
        }
        let alone = series.chart.is_empty();
        let id = if alone { series.id } else { series.chart };
        charts.push(Chart {
            id: id.to_owned(),
            label: if alone { series.label.to_owned() } else { text::say(&format!("chart-{id}"), &[]) },
            unit: format!("{}{}", series.unit, if series.counts { "/s" } else { "" }),
            bucket,
            lines: vec![line],
            log: false,
        });
    }
    charts
}

fn queues(x: &Experiment, bucket: u64, complete: usize) -> Option<Chart> {
    let core = x.world.core();
    let works = |id: &usize| core.meta[*id].workers > 0 && !core.nodes[*id].absent;
    let workers: Vec<usize> = (0..core.meta.len()).filter(works).collect();
    if workers.is_empty() {
        return None;
    }
    let load = |sample: &Sample, id: usize| sample.load.get(id).map(|load| f64::from(*load));
    let lines = if workers.len() <= LINES {
        let line = |id: &usize| (x.name(*id as u32), sampled(x, complete, |sample| load(sample, *id)));
        workers.iter().map(line).collect()
    } else {
        let loads = |sample: &Sample| workers.iter().filter_map(|id| load(sample, *id)).collect::<Vec<_>>();
        let mean = sampled(x, complete, |sample| {
            let loads = loads(sample);
            Some(loads.iter().sum::<f64>() / loads.len().max(1) as f64)
        });
        let most = sampled(x, complete, |sample| loads(sample).into_iter().reduce(f64::max));
        vec![(text::say("chart-mean", &[]), mean), (text::say("chart-most", &[]), most)]
    };
    let label = text::say("chart-queues", &[]);
    Some(Chart { id: "queues".to_owned(), label, unit: String::new(), bucket, lines, log: false })
}

pub(crate) fn faults(x: &Experiment) -> Vec<FaultBlock> {
    let duration = x.duration();
    let made = x.chaos_faults();
    let said = x.scenario.faults.iter().chain(&made).enumerate();
    let unfelt = |index: usize| {
        let own = |entry: &u32| match x.origin(*entry) {
            Some(Origin::Fault(at)) => at == index,
            Some(Origin::Chaos(at)) => at + x.scenario.faults.len() == index,
            _ => false,
        };
        x.recorder.no_effect.iter().any(|(_, entry)| own(entry))
    };
    said.map(|(index, fault)| {
        let from = fault.at.0.min(duration);
        let declared = netsplit_sim::fault::FAULTS.iter().find(|declared| declared.id == fault.kind);
        let instant = declared.is_some_and(|declared| !declared.lasts);
        let to = match fault.lasts {
            _ if instant => from,
            Some(lasts) => from.saturating_add(lasts.0).min(duration),
            None => duration,
        };
        let label = timeline::label(fault);
        FaultBlock { index, kind: fault.kind.clone(), label, from, to, no_effect: unfelt(index) }
    })
    .collect()
}

pub(crate) fn bands(x: &Experiment) -> Vec<Band> {
    let mut bands: Vec<Band> = Vec::new();
    // A band is seen at a sample: it began since the sample before.
    let tick = x.recorder.tick;
    let changes = &x.recorder.bands;
    let mut open: Vec<usize> = Vec::new();
    for (at, (time, now)) in changes.iter().enumerate() {
        let from = if at == 0 { time.saturating_sub(tick) } else { *time };
        let mut still = Vec::new();
        for (lane, label, hue) in now {
            let same = |index: &&usize| {
                let band = &bands[**index];
                band.lane == *lane && band.label == *label && band.hue == *hue
            };
            match open.iter().find(same) {
                Some(index) => still.push(*index),
                None => {
                    let (lane, label) = ((*lane).to_owned(), label.clone());
                    bands.push(Band { lane, label, hue: *hue, from, to: from });
                    still.push(bands.len() - 1);
                }
            }
        }
        let to = changes.get(at + 1).map_or(x.frontier.now, |(next, _)| *next);
        for index in &still {
            bands[*index].to = to;
        }
        open = still;
    }
    bands
}

/// What the lanes of every algorithm show: how much work waits, where backends have queues, and how many operations
/// failed.
pub(crate) fn amounts(x: &Experiment) -> Vec<Amounts> {
    let bucket = x.recorder.metrics().bucket;
    let lane = |lane: &str, values| {
        let label = text::say(&format!("lane-{lane}"), &[]);
        Amounts { lane: lane.to_owned(), label, bucket, values }
    };
    let waiting = |sample: &Sample| -> u64 {
        let servers = x.world.core().meta.iter().zip(&sample.load).filter(|(meta, _)| meta.workers > 0);
        servers.map(|(meta, load)| u64::from(load.saturating_sub(meta.workers))).sum()
    };
    let most = |samples: &[Sample]| samples.iter().map(waiting).max().unwrap_or(0);
    let tiers = x.algorithm.layout == Layout::Tiers;
    let queues =
        tiers.then(|| lane("queues", x.recorder.samples.chunks(SAMPLES as usize).map(most).collect()));
    let failed = |bucket: &Bucket| bucket.failed + bucket.timed_out;
    let failures =
        lane("failures", x.recorder.metrics().buckets.iter().map(|bucket| failed(bucket)).collect());
    queues.into_iter().chain([failures]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsplit_protocols::registry::PATTERNS;
    use netsplit_scenario::{Duration, Fault, Mode, Scenario, Target};

    #[test]
    fn a_total_is_charted_as_its_growth_per_second() {
        // Buckets of 500 ms, samples each 100 ms.
        let of = |totals: &[f64], complete| {
            growth(&totals.iter().map(|total| Some(*total)).collect::<Vec<_>>(), 0.1, complete)
        };
        assert_eq!(of(&[1.0, 2.0, 3.0, 4.0, 5.0, 5.0, 5.0, 5.0, 5.0, 7.0], 2), [Some(10.0), Some(4.0)]);
        // A node restarts: its share of the total is gone, and what follows counts again.
        assert_eq!(of(&[9.0, 9.0, 9.0, 9.0, 9.0, 2.0, 2.0, 2.0, 2.0, 2.0], 2), [Some(18.0), Some(0.0)]);
        assert_eq!(of(&[9.0, 9.0, 9.0, 9.0, 9.0, 2.0, 2.0, 2.0, 2.0, 3.0], 2), [Some(18.0), Some(2.0)]);
        // The run ends within a bucket, or just at the start of one.
        assert_eq!(of(&[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0], 2), [Some(0.0), Some(10.0)]);
        assert_eq!(of(&[0.0, 0.0, 0.0, 0.0, 5.0], 2), [Some(10.0), None]);
        assert_eq!(growth(&[None; 5], 0.1, 1), [None]);
        let late = [None, Some(3.0), None, None, Some(4.0)];
        assert_eq!(growth(&late, 0.1, 1), [Some(8.0)]);
    }

    #[test]
    fn waiting_before_the_invocation_has_a_line_where_there_was_any() {
        let mut scenario = Scenario::new("load_balancing", "round_robin");
        scenario.duration = Duration::from_secs(10);
        scenario.workload.mode = Mode::Open;
        scenario.workload.rate = 20.0;
        let lines = |scenario: &Scenario| {
            let mut experiment = Experiment::open(scenario).expect("valid");
            experiment.seek(scenario.duration.0);
            let latency = experiment.charts().into_iter().find(|chart| chart.id == "latency");
            latency.map(|chart| chart.lines).unwrap_or_default()
        };
        assert_eq!(lines(&scenario).len(), 2);
        // What a client should have sent during its pause it sends after it.
        let mut pause = Fault::new(Duration::from_secs(2), "pause");
        (pause.lasts, pause.target) = (Some(Duration::from_secs(2)), Target::Node("c1".to_owned()));
        scenario.faults.push(pause);
        let lines = lines(&scenario);
        assert_eq!(lines.len(), 3);
        let most = |at: usize| lines[at].1.iter().flatten().copied().fold(0.0, f64::max);
        assert!(most(2) > 1500.0 && most(1) < most(2), "{} and {}", most(1), most(2));
        assert!(lines[1].1.iter().zip(&lines[2].1).all(|(p99, all)| all >= p99), "{lines:?}");
    }

    #[test]
    fn series_of_one_chart_can_be_drawn_as_one() {
        for algorithm in PATTERNS.iter().flat_map(|pattern| pattern.algorithms) {
            for series in algorithm.series {
                let taken = |id: &str| ["throughput", "latency", "queues"].contains(&id);
                assert!(!taken(series.id) && !taken(series.chart), "{}: {}", algorithm.id, series.id);
                if series.chart.is_empty() {
                    continue;
                }
                assert!(text::has(&format!("chart-{}", series.chart)), "chart-{}", series.chart);
                for other in algorithm.series {
                    assert_ne!(other.id, series.chart, "{}: a chart of its own has this id", algorithm.id);
                    let together = other.chart == series.chart;
                    let alike = (other.unit, other.counts) == (series.unit, series.counts);
                    assert!(!together || alike, "{}: {} and {}", algorithm.id, series.id, other.id);
                }
            }
        }
    }

    #[test]
    fn lanes_show_what_waits_and_where_operations_failed() {
        let mut scenario = Scenario::new("load_balancing", "round_robin");
        scenario.duration = Duration::from_secs(10);
        let mut crash = Fault::new(Duration::from_secs(4), "crash");
        (crash.lasts, crash.target) = (Some(Duration::from_secs(2)), Target::Role("backend".to_owned()));
        scenario.faults.push(crash);
        let mut experiment = Experiment::open(&scenario).expect("valid");
        experiment.seek(scenario.duration.0);
        let lanes = experiment.amounts();
        let [queues, failures] = &lanes[..] else { panic!("{lanes:?}") };
        assert_eq!((queues.lane.as_str(), failures.lane.as_str()), ("queues", "failures"));
        let (first, last) =
            (4_000_000_000 / failures.bucket as usize, 8_000_000_000 / failures.bucket as usize);
        let failed = |range: std::ops::Range<usize>| failures.values[range].iter().sum::<u64>();
        assert!(failed(0..first) == 0 && failed(first..last) > 0, "{failures:?}");
        let report = experiment.report().metrics.operations;
        assert_eq!(failures.values.iter().sum::<u64>(), report.failed + report.timed_out);
        // Waiting is what is beyond the work in service: at no instant more than all work that there is.
        let all = |sample: &Sample| u64::from(sample.load.iter().sum::<u32>());
        let samples = experiment.recorder.samples.chunks(SAMPLES as usize);
        for (most, samples) in queues.values.iter().zip(samples) {
            assert!(*most < samples.iter().map(all).max().unwrap_or(0).max(1), "{most}");
        }
    }

    #[test]
    fn the_time_line_has_at_most_four_lanes() {
        for pattern in PATTERNS {
            for algorithm in pattern.algorithms {
                let experiment = Experiment::open(&Scenario::new(pattern.id, algorithm.id)).expect("valid");
                let lanes = 1 + experiment.lanes().len() + experiment.amounts().len();
                assert!(lanes <= 4, "{}: {lanes}", algorithm.id);
            }
        }
    }
}
