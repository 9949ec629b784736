//! Charts of series over time, with the intervals of faults shaded.

use netsplit_lab::{Chart, FaultBlock};
use yew::prelude::*;

use crate::app::App;
use crate::model::{format, scale};

/// Left and right edge of the plot, in a box 344 wide.
const PLOT: (f64, f64) = (48.0, 326.0);
/// Height of a plot.
const HEIGHT: f64 = 108.0;

/// What a chart shows of time.
struct Span {
    from: u64,
    to: u64,
    now: u64,
}

impl Span {
    fn x(&self, at: u64) -> f64 {
        let share = (at as f64 - self.from as f64) / (self.to - self.from).max(1) as f64;
        PLOT.0 + (PLOT.1 - PLOT.0) * share.clamp(0.0, 1.0)
    }
}

/// All charts.
pub fn charts(app: &App) -> Html {
    let panels = &app.panels;
    let span = match app.ui.window {
        0 => Span { from: 0, to: panels.frontier.max(1_000_000_000), now: panels.now },
        seconds => {
            let width = seconds * 1_000_000_000;
            let from = panels.now.saturating_sub(width);
            Span { from, to: from + width, now: panels.now }
        }
    };
    html! {
        <>
            { strip(&panels.faults, &span) }
            { for panels.charts.iter().map(|chart| html! { <div class="chart">{ plot(chart, &panels.faults, &span) }</div> }) }
            { axis(&span) }
        </>
    }
}

fn in_span<'a>(faults: &'a [FaultBlock], span: &'a Span) -> impl Iterator<Item = &'a FaultBlock> {
    faults
        .iter()
        .filter(|f| !f.no_effect && f.to >= span.from && f.from <= span.to && f.from <= span.now)
        .take(60)
}

/// The names of the faults, above the first chart.
fn strip(faults: &[FaultBlock], span: &Span) -> Html {
    let mut free = f64::MIN;
    let labels = in_span(faults, span).map(|fault| {
        let (a, b) = (span.x(fault.from), span.x(fault.to.min(span.to)));
        let text = fault.kind.replace('_', " ");
        let width = text.len() as f64 * 6.0;
        let at = a.min(PLOT.1 - width);
        let fits = at > free;
        if fits {
            free = at + width + 6.0;
        }
        html! {
            <>
                <rect class="washbar" x={px(a)} y="12" width={px((b - a).max(2.0))} height="4" rx="1" />
                if fits { <text class="washlab" x={px(at)} y="8">{ text }</text> }
            </>
        }
    });
    html! { <div class="chart"><svg viewBox="0 0 344 16" aria-hidden="true">{ for labels }</svg></div> }
}

fn axis(span: &Span) -> Html {
    let ticks = scale::time_ticks(span.from, span.to, 5);
    let now = span.x(span.now);
    html! {
        <div class="chart axis">
            <svg viewBox="0 0 344 20" aria-hidden="true">
                { for ticks.iter().filter(|t| (span.x(**t) - now).abs() > 30.0).map(|tick| html! {
                    <text class="ax" x={px(span.x(*tick))} y="12" text-anchor="middle">{ format::span(*tick) }</text>
                }) }
                <rect x={px((now - 24.0).min(296.0))} y="0" width="48" height="17" rx="4" fill="var(--ink)" />
                <text
                    x={px((now).min(320.0))} y="12.5" text-anchor="middle" font-size="11" font-weight="600" fill="var(--ink-inv)"
                >{ format!("{:.2}", span.now as f64 / 1e9) }</text>
            </svg>
        </div>
    }
}

fn px(value: f64) -> String {
    format!("{value:.1}")
}

struct Line<'a> {
    label: &'a str,
    values: &'a [Option<f64>],
    class: String,
}

/// Bad things are red and dashed, the first line is ink, the second softer; more are told apart by hue.
fn lines(chart: &Chart) -> Vec<Line<'_>> {
    let many = chart.lines.len() > 3;
    let mut plain = 0;
    chart
        .lines
        .iter()
        .enumerate()
        .map(|(at, (label, values))| {
            let low = label.to_ascii_lowercase();
            let class = if low.contains("fail") || low.contains("timed") || low.contains("stale") {
                "ln bad".to_owned()
            } else if many {
                format!("ln s{}", at % 6 + 1)
            } else {
                plain += 1;
                if plain == 1 { "ln".to_owned() } else { "ln soft".to_owned() }
            };
            Line { label, values, class }
        })
        .collect()
}

fn plot(chart: &Chart, faults: &[FaultBlock], span: &Span) -> Html {
    let lines = lines(chart);
    let bucket = chart.bucket.max(1);
    let first = (span.from / bucket) as usize;
    let last = (span.to / bucket) as usize + 1;
    let visible = |values: &[Option<f64>]| -> Vec<f64> {
        values.iter().skip(first).take(last - first).flatten().copied().collect()
    };
    let all: Vec<f64> = lines.iter().flat_map(|line| visible(line.values)).collect();
    let most = all.iter().copied().fold(0.0, f64::max);
    let least = all.iter().copied().filter(|v| *v > 0.0).fold(f64::MAX, f64::min);
    let (top, foot) = (24.0, 24.0 + HEIGHT);
    let ticks = if chart.log {
        scale::decades(least.min(most.max(1.0)), most.max(1.0))
    } else {
        scale::ticks(most, 3)
    };
    let (low, high) = (ticks[0], ticks[ticks.len() - 1]);
    let y = |value: f64| {
        let share = if chart.log {
            (value.max(low).log10() - low.log10()) / (high.log10() - low.log10())
        } else {
            (value - low) / (high - low)
        };
        foot - share.clamp(0.0, 1.0) * (HEIGHT - 6.0)
    };
    let now_bucket = (span.now / bucket) as usize;
    let latest = |line: &Line<'_>| {
        let end = now_bucket.min(line.values.len());
        line.values[..end].iter().rev().take(4).flatten().next().copied()
    };
    let drawn = |line: &Line<'_>| {
        let mut path = String::new();
        let mut pen = false;
        for (at, value) in line.values.iter().enumerate().skip(first).take(last - first) {
            match value {
                Some(value) => {
                    let x = span.x((at as u64) * bucket + bucket / 2);
                    path.push_str(&format!("{}{x:.1} {:.1}", if pen { "L" } else { "M" }, y(*value)));
                    pen = true;
                }
                None => pen = false,
            }
        }
        path
    };
    let empty = all.is_empty();
    let said: Vec<String> = lines
        .iter()
        .filter_map(|line| {
            latest(line).map(|value| format!("{} {} {}", line.label, format::short(value), chart.unit))
        })
        .collect();
    let label = format!(
        "{}: {}",
        chart.label,
        if said.is_empty() { "no values yet".to_owned() } else { said.join(", ") }
    );
    let alone = lines.len() == 1;
    let head = lines.iter().take(3).filter_map(|line| {
        let value = latest(line)?;
        let bad = line.class.contains("bad");
        if bad && value <= 0.0 {
            return None;
        }
        Some(html! {
            <>
                <tspan fill={if bad { "var(--bad)" } else { "var(--ink)" }} font-weight="600">
                    { format!("\u{a0}\u{a0}{}", format::short(value)) }
                </tspan>
                <tspan fill="var(--ink-3)">{ if alone { String::new() } else { format!("\u{a0}{}", line.label) } }</tspan>
            </>
        })
    });
    let few = lines.len() <= 3;
    let mut taken: Vec<f64> = Vec::new();
    let names: Vec<(String, f64, String)> = lines
        .iter()
        .filter(|_| !few)
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
            Some((line.label.to_owned(), at, line.class.replace("ln", "lnlab")))
        })
        .collect();
    let now = span.x(span.now);
    html! {
        <svg viewBox={format!("0 0 344 {:.0}", foot + 8.0)} role="img" aria-label={label}>
            <text class="tt" x="16" y="13">{ &chart.label }</text>
            <text class="tv" x="328" y="13" text-anchor="end">
                if few { { for head } }
                <tspan fill="var(--ink-3)">
                    { if chart.unit.is_empty() { String::new() } else { format!("\u{a0}{}", chart.unit) } }
                </tspan>
            </text>
            { for in_span(faults, span).map(|fault| {
                let (a, b) = (span.x(fault.from), span.x(fault.to.min(span.to)));
                html! {
                    <>
                        <rect class="wash" x={px(a)} y={px(top)} width={px((b - a).max(1.0))} height={px(HEIGHT)} />
                        <path class="washedge" d={format!("M{a:.1} {top}V{foot}M{b:.1} {top}V{foot}")} />
                    </>
                }
            }) }
            { for ticks.iter().map(|tick| { let at = y(*tick).round() + 0.5; html! {
                <>
                    <path class="gridl" d={format!("M{} {at}H{}", PLOT.0, PLOT.1)} />
                    <text class="ax" x="42" y={px(at + 3.5)} text-anchor="end">{ format::short(*tick) }</text>
                </>
            } }) }
            { for lines.iter().map(|line| html! { <path class={line.class.clone()} d={drawn(line)} /> }) }
            if empty {
                <text class="ax" x={px((PLOT.0 + PLOT.1) / 2.0)} y={px(top + HEIGHT / 2.0)} text-anchor="middle">
                    { if span.now == 0 { "Press play" } else { "No values yet" } }
                </text>
            }
            if now < PLOT.1 - 1.0 {
                <rect class="future" x={px(now)} y={px(top)} width={px(PLOT.1 - now)} height={px(HEIGHT)} />
            }
            { for names.into_iter().map(|(name, at, class)| html! {
                <text class={class} x={px((now + 4.0).min(326.0))} y={px(at + 3.0)}>{ name }</text>
            }) }
            <path class="nowl" d={format!("M{now:.1} {}V{}", top - 2.0, foot + 2.0)} />
        </svg>
    }
}
