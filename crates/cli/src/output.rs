//! What is printed. A reader that goes away early (`| head`) is no error.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use netsplit_lab::sweep::Sweep;
use netsplit_lab::{Report, declared, gallery, text};
use serde::Serialize;

use crate::Failure;

/// Prints a text and ends the line.
pub(crate) fn line(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Input(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints a text as it is.
pub(crate) fn raw(text: &str) -> Result<(), Failure> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Input(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON object.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Input(error.to_string()))?;
    line(&text)
}

/// A run's result in words.
pub(crate) fn report(report: &Report) -> Result<(), Failure> {
    let mut out = String::new();
    let metrics = &report.metrics;
    let operations = &metrics.operations;
    let title = if report.title.is_empty() { "untitled" } else { &report.title };
    let _ = writeln!(out, "{title}");
    let _ = writeln!(
        out,
        "  {} / {}, seed {}, {} of simulated time, {} events (ended by: {})",
        report.pattern,
        report.algorithm,
        report.seed,
        text::span(report.time_ns),
        report.events,
        report.ended
    );
    let _ = writeln!(out, "  trace {}", report.trace_hash);
    let _ = writeln!(
        out,
        "  operations: {} ok, {} failed, {} timed out, {} open; {:.1}/s ok",
        operations.ok, operations.failed, operations.timed_out, operations.open, metrics.goodput_per_s
    );
    for (cause, count) in &operations.by_cause {
        let _ = writeln!(out, "    {cause}: {count}");
    }
    for (name, latency) in
        [("latency", metrics.latency_ms), ("from the intended start", metrics.latency_from_intended_ms)]
    {
        if let Some(l) = latency {
            let _ = writeln!(
                out,
                "  {name} (ms): mean {:.2}, p50 {:.2}, p90 {:.2}, p99 {:.2}, p99.9 {:.2}, max {:.2}",
                l.mean, l.p50, l.p90, l.p99, l.p999, l.max
            );
        }
    }
    for (name, value) in &metrics.own {
        let _ = writeln!(out, "  {name}: {value}");
    }
    for label in &report.no_effect {
        let _ = writeln!(out, "  had no effect: {label}");
    }
    for verdict in &report.verdicts {
        let _ = writeln!(
            out,
            "  {} ({}): {}",
            verdict.promise,
            verdict.verdict.replace('_', " "),
            verdict.sentence
        );
        if let Some(found) = verdict.found.as_ref().filter(|_| verdict.number > 0 || verdict.promised) {
            let _ = writeln!(out, "    {found}");
        }
    }
    line(out.trim_end())
}

/// A sweep's result as a table.
pub(crate) fn sweep(sweep: &Sweep) -> Result<(), Failure> {
    let mut out = format!("seeds {}..{}\n", sweep.from, sweep.to);
    let _ = writeln!(
        out,
        "{:<32} {:>6} {:>12} {:>12} {:>26} {:>12} {:>12}",
        "", "seeds", "mean", "median", "95 % interval of median", "p99", "max"
    );
    for (name, s) in &sweep.spreads {
        let interval = format!("{:.3} – {:.3}", s.median_ci95.0, s.median_ci95.1);
        let _ = writeln!(
            out,
            "{name:<32} {:>6} {:>12.3} {:>12.3} {interval:>26} {:>12.3} {:>12.3}",
            s.count, s.mean, s.median, s.p99, s.max
        );
    }
    for (promise, grades) in &sweep.verdicts {
        let grades: Vec<String> =
            grades.iter().map(|(grade, count)| format!("{} in {count}", grade.replace('_', " "))).collect();
        let _ = writeln!(out, "{promise}: {}", grades.join(", "));
    }
    line(out.trim_end())
}

/// What there is to run.
pub(crate) fn patterns(as_json: bool) -> Result<(), Failure> {
    let catalogue = declared::shared();
    if as_json {
        return json(catalogue);
    }
    let mut out = String::new();
    for pattern in &catalogue.patterns {
        let _ = writeln!(out, "{} ({})", pattern.label, pattern.id);
        for algorithm in &pattern.algorithms {
            let _ = writeln!(out, "  {:<24} {}", algorithm.id, algorithm.summary);
            for param in &algorithm.params {
                let _ = writeln!(out, "    {:<22} {} (default {})", param.id, param.help, param.default);
            }
        }
        for entry in gallery::gallery().iter().filter(|entry| entry.pattern == pattern.id) {
            let _ = writeln!(out, "  gallery:{:<16} {}", entry.id, entry.title);
        }
    }
    line(out.trim_end())
}
