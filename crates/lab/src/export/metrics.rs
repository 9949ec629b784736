//! Numbers as text: the charts as CSV (RFC 4180), the state at the frontier in Prometheus' text format (version 0.0.4).

use netsplit_scenario::json;
use serde_json::Value;

use crate::experiment::Experiment;

/// A number as short as it can be said.
fn number(value: f64) -> String {
    if value.abs() < 1e15 && (value - value.trunc()).abs() <= 0.0 {
        return (value as i64).to_string();
    }
    serde_json::Number::from_f64(value).map_or_else(String::new, |number| json::line(&Value::Number(number)))
}

/// A field of CSV.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// All charts up to the frontier: a row for each bucket of time, a column for each line. The first row names them; what
/// was not measured is empty.
#[must_use]
#[inline(never)]
pub fn csv(x: &Experiment) -> String {
    let charts = x.charts();
    let mut columns: Vec<(String, &[Option<f64>])> = Vec::new();
    for chart in &charts {
        for (label, values) in &chart.lines {
            let unit = if chart.unit.is_empty() { String::new() } else { format!(" ({})", chart.unit) };
            columns.push((format!("{}: {label}{unit}", chart.label), values));
        }
    }
    let rows = columns.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let bucket = charts.first().map_or(0, |chart| chart.bucket);
    let mut out = String::from("from_s");
    for (label, _) in &columns {
        out.push(',');
        out.push_str(&field(label));
    }
    out.push_str("\r\n");
    for row in 0..rows {
        out.push_str(&number(bucket as f64 * row as f64 / 1e9));
        for (_, values) in &columns {
            out.push(',');
            if let Some(value) = values.get(row).copied().flatten() {
                out.push_str(&number(value));
            }
        }
        out.push_str("\r\n");
    }
    out
}

/// Families of metrics in Prometheus' text format.
struct Families(String);

impl Families {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        self.0.push_str(&format!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
    }
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (at, (label, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            self.0.push_str(&format!("{}{label}=\"{value}\"", if at == 0 { '{' } else { ',' }));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        self.0.push_str(&format!("{end} {}\n", number(value)));
    }
}

/// What the run came to so far, in Prometheus' text format: metrics and their names as its naming rules have them (base
/// units, counters end in `_total`).
#[must_use]
#[inline(never)]
pub fn prometheus(x: &Experiment) -> String {
    let report = x.report();
    let (metrics, operations) = (&report.metrics, &report.metrics.operations);
    let mut out = Families(String::new());
    out.family("netsplit_simulated_time_seconds", "gauge", "Simulated time so far.");
    out.sample("netsplit_simulated_time_seconds", &[], report.time_ns as f64 / 1e9);
    out.family("netsplit_events_total", "counter", "Events that the simulator has processed.");
    out.sample("netsplit_events_total", &[], report.events as f64);
    let name = "netsplit_operations_total";
    out.family(name, "counter", "Client operations that have ended, by outcome.");
    for (outcome, count) in
        [("ok", operations.ok), ("failed", operations.failed), ("timed_out", operations.timed_out)]
    {
        out.sample(name, &[("outcome", outcome)], count as f64);
    }
    let name = "netsplit_operation_failures_total";
    out.family(name, "counter", "Client operations that were not ok, by cause.");
    for (cause, count) in &operations.by_cause {
        out.sample(name, &[("cause", cause)], *count as f64);
    }
    let name = "netsplit_operation_retries_total";
    out.family(name, "counter", "Attempts of client operations beyond the first.");
    out.sample(name, &[], operations.retries as f64);
    out.family("netsplit_operations_open", "gauge", "Client operations that have begun and not ended.");
    out.sample("netsplit_operations_open", &[], operations.open as f64);
    if let Some(latency) = metrics.latency_ms {
        let name = "netsplit_operation_latency_seconds";
        out.family(name, "summary", "Latency of client operations that are ok.");
        for (quantile, ms) in
            [("0.5", latency.p50), ("0.9", latency.p90), ("0.99", latency.p99), ("0.999", latency.p999)]
        {
            out.sample(name, &[("quantile", quantile)], ms / 1e3);
        }
        out.sample(&format!("{name}_sum"), &[], latency.mean * operations.ok as f64 / 1e3);
        out.sample(&format!("{name}_count"), &[], operations.ok as f64);
    }
    if !metrics.queues.is_empty() {
        let name = "netsplit_node_work_mean";
        out.family(name, "gauge", "Work in service and waiting at a node, mean over the run.");
        metrics.queues.iter().for_each(|(node, queue)| out.sample(name, &[("node", node)], queue.mean));
        let name = "netsplit_node_work_most";
        out.family(name, "gauge", "Work in service and waiting at a node, most over the run.");
        let most = |queue: &crate::report::Queue| f64::from(queue.most);
        metrics.queues.iter().for_each(|(node, queue)| out.sample(name, &[("node", node)], most(queue)));
    }
    for (id, value) in &metrics.own {
        let counts = x.algorithm.series.iter().any(|series| series.id == id && series.counts);
        // A suffix that means something else in Prometheus is not left at the end.
        let reserved = ["_total", "_sum", "_count", "_bucket", "_info"].iter().any(|end| id.ends_with(end));
        let end = if counts && !id.ends_with("_total") {
            "_total"
        } else if !counts && reserved {
            "_value"
        } else {
            ""
        };
        let name = format!("netsplit_{id}{end}");
        let help = format!("{}.", crate::declared::value_label(id));
        out.family(&name, if counts { "counter" } else { "gauge" }, &help);
        out.sample(&name, &[], *value);
    }
    out.0
}
