//! Charts of series over time, with the intervals of faults shaded.

use super::dom::{El, el, fragment};
use super::icons::icon;
use super::readout;
use super::timeline::{path, px, rect, text};
use crate::app::{App, Msg};
use crate::model::math;
use crate::model::{format, scale};
use netsplit_lab::{Chart, FaultBlock, small};
use yew::prelude::*;

/// Left and right edge of the plot, in a box 344 wide.
pub(super) const PLOT: (f64, f64) = (48.0, 326.0);
/// Height of a plot.
pub(super) const HEIGHT: f64 = 108.0;
/// Room for a tick's label.
const LABEL: f64 = 16.0;
/// Height of a line's row in a legend.
const ROW: f64 = 16.0;

/// What a chart shows of time.
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) now: u64,
    /// Where the values are read, if a person reads them.
    pub(super) read: Option<u64>,
    /// The lines are runs.
    pub(super) runs: bool,
    /// Height of each plot.
    pub(super) tall: f64,
}

impl Span {
    fn x(&self, at: u64) -> f64 {
        let share = (at as f64 - self.from as f64) / (self.to - self.from).max(1) as f64;
        PLOT.0 + (PLOT.1 - PLOT.0) * share.clamp(0.0, 1.0)
    }

    /// Where the values are read, else the playhead.
    fn mark(&self) -> f64 {
        self.x(self.read.unwrap_or(self.now))
    }
}

/// All charts.
pub fn charts(app: &App, on: &Callback<Msg>) -> El {
    let panels = &app.panels;
    let (from, to) = match app.ui.window {
        0 => (0, panels.frontier.max(1_000_000_000)),
        seconds => {
            let width = seconds * 1_000_000_000;
            let from = panels.now.saturating_sub(width);
            (from, from + width)
        }
    };
    let read = app.ui.read.as_ref().map(|(at, _)| *at).filter(|at| (from..=to).contains(at));
    let span = Span { from, to, now: panels.now, read, runs: false, tall: HEIGHT };
    let chart = |chart: &Chart| {
        let open = app.ui.table == chart.id;
        let id = if open { String::new() } else { chart.id.clone() };
        let button = el("button")
            .class("btn sq sm astable")
            .set("aria-label", format!("{}: view as table", chart.label))
            .set("title", "View as table")
            .set("aria-expanded", open)
            .sends(on, Msg::Table(id))
            .with(icon("i-list", "i16"));
        let plot = plot(chart, &panels.faults, &span).set("tabindex", "0").set("data-chart", &chart.id);
        el("div").class("chart").with(plot).with(button).with(open.then(|| table(chart, &span)))
    };
    let said = app.ui.read.as_ref().and_then(|(_, id)| panels.charts.iter().find(|chart| chart.id == *id));
    let said = said.map_or_else(String::new, |chart| sentence(chart, &lines(chart, false), &span));
    let bucket = panels.charts.first().map_or(1, |chart| chart.bucket);
    readout::reads(el("div"), on, &span, bucket)
        .class("charts")
        .with(strip(&panels.faults, &span))
        .each(panels.charts.iter().map(chart))
        .with(axis(&span))
        .with(el("p").class("sr").set("role", "status").with(said))
}

/// A chart with a line for each of two runs, from the start, with a plot of this height; where others stand below it, the
/// last of them has the axis.
pub(super) fn of_runs(app: &App, chart: &Chart, tall: f64, last: bool) -> El {
    let panels = &app.panels;
    let to = panels.frontier.max(1_000_000_000);
    let span = Span { from: 0, to, now: panels.now, read: None, runs: true, tall };
    // The stages say what each run is.
    let named =
        chart.lines.iter().zip(["A", "B"]).map(|((_, values), name)| (name.to_owned(), values.clone()));
    let chart = Chart { lines: named.collect(), ..chart.clone() };
    el("div").class("chart").with(plot(&chart, &panels.faults, &span)).with(last.then(|| axis(&span)))
}

/// The values of what a chart shows, the newest first.
fn table(chart: &Chart, span: &Span) -> El {
    let head = |name: &str| el("th").set("scope", "col").with(name.to_owned());
    let buckets = chart.lines.iter().map(|(_, values)| values.len()).max().unwrap_or(0) as u64;
    let shown = (0..buckets).rev().filter(|at| {
        let time = (at + 1) * chart.bucket;
        time > span.from && time <= span.to.min(span.now)
    });
    let row = |at: u64| {
        let value = |values: &[Option<f64>]| {
            let value = values.get(at as usize).copied().flatten();
            el("td").with(value.map_or_else(|| "–".to_owned(), format::short))
        };
        el("tr")
            .with(el("th").set("scope", "row").with(format::instant((at + 1) * chart.bucket)))
            .each(chart.lines.iter().map(|(_, values)| value(values)))
    };
    let unit = if chart.unit.is_empty() { String::new() } else { format!(", {}", chart.unit) };
    let table = el("table")
        .with(el("caption").class("sr").with(format!("{}{unit}", chart.label)))
        .with(el("thead").with(el("tr").with(head("Until")).each(chart.lines.iter().map(|l| head(&l.0)))))
        .with(el("tbody").each(shown.take(60).map(row)));
    el("div")
        .class("values")
        .set("tabindex", "0")
        .set("role", "region")
        .set("aria-label", &chart.label)
        .with(table)
}

fn in_span<'a>(faults: &'a [FaultBlock], span: &'a Span) -> impl Iterator<Item = &'a FaultBlock> {
    faults
        .iter()
        .filter(|f| !f.no_effect && f.to >= span.from && f.from <= span.to && f.from <= span.now)
        .take(60)
}

/// When something is in force, in places of the charts, with how many faults that are, and the first one's kind.
fn unions<'a>(faults: &'a [FaultBlock], span: &'a Span) -> Vec<(f64, f64, usize, &'a str)> {
    let mut shown: Vec<&FaultBlock> = in_span(faults, span).collect();
    small::sort_by_key(&mut shown, |fault| fault.from);
    let mut all: Vec<(f64, f64, usize, &str)> = Vec::new();
    for fault in shown {
        let (a, b) = (span.x(fault.from.max(span.from)), span.x(fault.to.min(span.to)));
        match all.last_mut() {
            Some((_, end, count, _)) if a <= *end => (*end, *count) = (end.max(b), *count + 1),
            _ => all.push((a, b, 1, &fault.kind)),
        }
    }
    all
}

/// The names of the faults, above the first chart.
fn strip(faults: &[FaultBlock], span: &Span) -> El {
    let mut free = f64::MIN;
    let labels = unions(faults, span).into_iter().map(|(a, b, count, kind)| {
        let mut name = kind.replace('_', " ");
        if count > 1 {
            name = format!("{name} +{}", count - 1);
        }
        let width = name.len() as f64 * 6.0;
        let at = a.min(PLOT.1 - width);
        let fits = at > free;
        if fits {
            free = at + width + 6.0;
        }
        let bar = el("rect")
            .class("washbar")
            .set("x", px(a))
            .set("y", "12")
            .set("width", px((b - a).max(2.0)))
            .set("height", "4")
            .set("rx", "1");
        fragment().with(bar).with(fits.then(|| text("washlab", px(at), "8".to_owned()).with(name)))
    });
    let drawing = el("svg").set("viewBox", "0 0 344 16").set("aria-hidden", true).each(labels);
    el("div").class("chart").with(drawing)
}

fn axis(span: &Span) -> El {
    let ticks = scale::time_ticks(span.from, span.to, 5);
    let (now, mark) = (span.x(span.now), span.mark());
    let clear = |tick: u64| {
        let x = span.x(tick);
        (x - now).abs() > 30.0 && (span.read.is_none() || (x - mark).abs() > 30.0)
    };
    let tick = |tick: &u64| middle(text("ax", px(span.x(*tick)), "12".to_owned())).with(format::span(*tick));
    let flag = |class: &'static str, at: u64| {
        let x = span.x(at);
        let back = rect("back", (x - 24.0).min(293.0), 0.0, 48.0, px(17.0)).set("rx", "4");
        let label = middle(text("", px(x.min(317.0)), px(12.5))).with(format!("{:.2}", at as f64 / 1e9));
        el("g").class(class).with(back).with(label)
    };
    let drawing = el("svg")
        .set("viewBox", "0 0 344 20")
        .set("aria-hidden", true)
        .each(ticks.iter().filter(|t| clear(**t)).map(tick))
        .with(flag("flag", span.now))
        .with(span.read.map(|at| flag("flag read", at)));
    el("div").class("chart axis").with(drawing)
}

fn middle(el: El) -> El {
    el.set("text-anchor", "middle")
}

/// A line's value where it is read, else the newest one.
fn value(chart: &Chart, line: &Line<'_>, span: &Span) -> Option<f64> {
    let bucket = chart.bucket.max(1);
    if let Some(at) = span.read {
        return line.values.get((at / bucket) as usize).copied().flatten();
    }
    let end = ((span.now / bucket) as usize).min(line.values.len());
    line.values[..end].iter().rev().take(4).flatten().next().copied()
}

/// A chart's values in words.
fn sentence(chart: &Chart, lines: &[Line<'_>], span: &Span) -> String {
    let said: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            value(chart, line, span)
                .map(|value| format!("{} {} {}", line.label, format::short(value), chart.unit))
        })
        .collect();
    let at = span.read.map_or_else(String::new, |at| format!(" at {}", format::instant(at)));
    let said = if said.is_empty() { "no values yet".to_owned() } else { said.join(", ") };
    format!("{}{at}: {said}", chart.label)
}

struct Line<'a> {
    label: &'a str,
    values: &'a [Option<f64>],
    class: String,
}

/// Bad things are red and dashed, the first line is ink, the second softer, a third dotted; more are told apart by hue.
fn lines(chart: &Chart, runs: bool) -> Vec<Line<'_>> {
    let many = chart.lines.len() > 3;
    let mut plain = 0;
    chart
        .lines
        .iter()
        .enumerate()
        .map(|(at, (label, values))| {
            let low = label.to_ascii_lowercase();
            let class = if runs {
                ["ln ra", "ln rb"][at.min(1)].to_owned()
            } else if many {
                format!("ln s{}", at % 6 + 1)
            } else if low.contains("fail") || low.contains("timed") || low.contains("stale") {
                "ln bad".to_owned()
            } else {
                plain += 1;
                ["ln", "ln soft", "ln soft dots"][usize::min(plain, 3) - 1].to_owned()
            };
            Line { label, values, class }
        })
        .collect()
}

fn plot(chart: &Chart, faults: &[FaultBlock], span: &Span) -> El {
    let lines = lines(chart, span.runs);
    let bucket = chart.bucket.max(1);
    let first = (span.from / bucket) as usize;
    let last = (span.to / bucket) as usize + 1;
    let visible = |values: &[Option<f64>]| -> Vec<f64> {
        values.iter().skip(first).take(last - first).flatten().copied().collect()
    };
    let all: Vec<f64> = lines.iter().flat_map(|line| visible(line.values)).collect();
    let most = all.iter().copied().fold(0.0, f64::max);
    let least = all.iter().copied().filter(|v| *v > 0.0).fold(f64::MAX, f64::min);
    // Names too long for the head, or for the ends of the lines, get rows of their own.
    let keyed = lines.len() > 1 && lines.iter().any(|line| line.label.len() > 10);
    let (head, below) = if span.tall < HEIGHT { (20.0, 4.0) } else { (24.0, 8.0) };
    let top = if keyed { head + ROW * lines.len() as f64 } else { head };
    let foot = top + span.tall;
    let ticks = if chart.log {
        scale::decades(least.min(most.max(1.0)), most.max(1.0))
    } else {
        let counts = chart.unit.is_empty() && all.iter().all(|value| value.fract() == 0.0);
        let most = if counts { most.max(1.0) } else { most };
        let mut ticks = scale::ticks(most, if span.tall < 2.0 * LABEL { 2 } else { 3 });
        // There is no half of a leader.
        ticks.retain(|tick| !counts || tick.fract() == 0.0);
        ticks
    };
    let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
    let every = ticks.len().div_ceil((span.tall / LABEL) as usize + 1);
    let y = |value: f64| {
        let share = if chart.log {
            math::log10(value.max(low) / low) / math::log10(high / low)
        } else {
            (value - low) / (high - low)
        };
        foot - share.clamp(0.0, 1.0) * (span.tall - 6.0)
    };
    let latest = |line: &Line<'_>| value(chart, line, span);
    let drawn = |line: &Line<'_>| {
        let mut path = String::new();
        let mut pen = false;
        for (at, value) in line.values.iter().enumerate().skip(first).take(last - first) {
            match value {
                Some(value) => {
                    let x = span.x((at as u64) * bucket + bucket / 2);
                    // A value alone is a dot.
                    let (step, dot) = if pen { ("L", "") } else { ("M", "h.01") };
                    path.push_str(&format!("{step}{x:.1} {:.1}{dot}", y(*value)));
                    pen = true;
                }
                None => pen = false,
            }
        }
        path
    };
    let empty = all.is_empty();
    let label = sentence(chart, &lines, span);
    let alone = lines.len() == 1;
    let head = lines.iter().take(3).filter_map(|line| {
        let value = latest(line)?;
        let bad = line.class.contains("bad");
        if bad && value <= 0.0 {
            return None;
        }
        let number = el("tspan")
            .set("fill", if bad { "var(--bad)" } else { "var(--ink)" })
            .set("font-weight", "600")
            .with(format!("\u{a0}\u{a0}{}", format::short(value)));
        Some(fragment().with(number).with(aside(if alone { "" } else { line.label })))
    });
    let few = lines.len() <= 3 && !keyed;
    let mut taken: Vec<f64> = Vec::new();
    let names: Vec<(String, f64, String)> = lines
        .iter()
        .filter(|_| !few && !keyed)
        .filter_map(|line| {
            let value = latest(line)?;
            let mut at = y(value).clamp(top + 8.0, foot - 2.0);
            while taken.iter().any(|other: &f64| (other - at).abs() < 10.0) {
                at -= 10.0;
                if at < top {
                    return None;
                }
            }
            taken.push(at);
            let read = span.read.map_or_else(String::new, |_| format!(" {}", format::short(value)));
            Some((format!("{}{read}", line.label), at, line.class.replace("ln", "lnlab")))
        })
        .collect();
    let row = |(at, line): (usize, &Line<'_>)| {
        let y = 29.0 + ROW * at as f64;
        let value = latest(line).map_or_else(|| "–".to_owned(), format::short);
        fragment()
            .with(el("path").class(&line.class).set("d", format!("M16 {:.1}H36", y - 4.0)))
            .with(text("tv", "44".to_owned(), px(y)).with(line.label.to_owned()))
            .with(text("tv n", "328".to_owned(), px(y)).set("text-anchor", "end").with(value))
    };
    let rows = lines.iter().filter(|_| keyed).enumerate().map(row);
    let (now, mark) = (span.x(span.now), span.mark());
    let value = text("tv", "328".to_owned(), "13".to_owned())
        .set("text-anchor", "end")
        .with(few.then(|| fragment().each(head)))
        .with(aside(&chart.unit));
    let wash = |(a, b, ..): (f64, f64, usize, &str)| {
        fragment()
            .with(rect("wash", a, top, (b - a).max(1.0), px(span.tall)))
            .with(path("washedge", format!("M{a:.1} {top}V{foot}M{b:.1} {top}V{foot}")))
    };
    let tick = |tick: &f64| {
        let at = y(*tick).round() + 0.5;
        let label =
            text("ax", "42".to_owned(), px(at + 3.5)).set("text-anchor", "end").with(format::short(*tick));
        fragment().with(path("gridl", format!("M{} {at}H{}", PLOT.0, PLOT.1))).with(label)
    };
    let none = || {
        let words = if span.now == 0 { "Press play" } else { "No values yet" };
        middle(text("ax", px((PLOT.0 + PLOT.1) / 2.0), px(top + span.tall / 2.0))).with(words)
    };
    el("svg")
        .class(if keyed { "keyed" } else { "" })
        .set("viewBox", format!("0 0 344 {:.0}", foot + below))
        .set("role", "img")
        .set("aria-label", label)
        .with(text("tt", "16".to_owned(), "13".to_owned()).with(&chart.label))
        .with(value)
        .each(rows)
        .each(unions(faults, span).into_iter().map(wash))
        .each(ticks.iter().step_by(every).map(tick))
        .each(lines.iter().map(|line| el("path").class(&line.class).set("d", drawn(line))))
        .with(empty.then(none))
        .with((now < PLOT.1 - 1.0).then(|| rect("future", now, top, PLOT.1 - now, px(span.tall))))
        .each(names.into_iter().map(|(name, at, class)| {
            // What is read stands where there is room for it.
            let left = span.read.is_some() && mark > 270.0;
            let x = px(if left { mark - 4.0 } else { (mark + 4.0).min(326.0) });
            let anchor = if left { "end" } else { "start" };
            el("text").class(class).set("x", x).set("y", px(at + 3.0)).set("text-anchor", anchor).with(name)
        }))
        .with(path("nowl", format!("M{now:.1} {}V{}", top - 2.0, foot + 2.0)))
        .with(span.read.map(|_| {
            let dot = |line: &Line<'_>| {
                let at = latest(line).map(|value| px(y(value)));
                at.map(|at| el("circle").class("readdot").set("cx", px(mark)).set("cy", at).set("r", "2.5"))
            };
            let line = path("readl", format!("M{mark:.1} {}V{}", top - 2.0, foot + 2.0));
            fragment().with(line).each(lines.iter().filter_map(dot))
        }))
}

/// Words behind a number.
fn aside(words: &str) -> El {
    let words = if words.is_empty() { String::new() } else { format!("\u{a0}{words}") };
    el("tspan").set("fill", "var(--ink-3)").with(words)
}
