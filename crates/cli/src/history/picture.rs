//! What no order explains as a page by itself: each operation a bar from its invocation to its answer, one row a process.

use std::fmt::Write as _;

use super::report::{Report, Shown, checked, named};

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1d2433;--dim:#5b6474;--line:#c9d0db;--paper:#fff;--write:#2f6fde;--read:#0f8a6c;--bad:#c8322b}\
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf2;--dim:#9aa5b8;--line:#3a4456;--paper:#141923;--write:#7aa9ff;--read:#4fd0ae;--bad:#ff7b72}}\
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:70rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.3rem}h2{font-size:1.1rem;margin-top:2.5rem}p,figcaption{color:var(--dim)}figure{margin:0;overflow-x:auto}\
svg text{font:13px system-ui,sans-serif;fill:var(--ink)}svg .dim{fill:var(--dim)}svg .row{stroke:var(--line)}\
svg .bar{fill-opacity:.22;stroke-width:1.5;fill:var(--write);stroke:var(--write)}svg .reads{fill:var(--read);stroke:var(--read)}\
svg .last{fill:var(--bad);stroke:var(--bad);stroke-width:2.5}svg .open{stroke-dasharray:5 4}\
table{border-collapse:collapse;margin-top:1rem}th,td{text-align:left;padding:.2rem .9rem .2rem 0;border-bottom:1px solid var(--line)}\
td.last{color:var(--bad);font-weight:600}code{font-family:ui-monospace,monospace}";

/// The page.
pub(super) fn page(name: &str, report: &Report) -> String {
    let title = escape(&report.title());
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n<h1>{title}</h1>\n<p>History: <code>{}</code></p>\n",
        escape(name)
    );
    let mut pictures = 0;
    for (key, violation) in &report.violations {
        let Some(witness) = &violation.witness else { continue };
        pictures += 1;
        let shown = report.shown(violation);
        let _ = writeln!(
            out,
            "<h2>{}: no order explains these{}</h2>\n<p>From line {} on. Removing any one more read, or write that nobody saw, would leave something that can be explained.</p>",
            escape(&named(key)),
            checked(witness.certain),
            violation.told.end
        );
        figure(&shown, &mut out);
        table(&shown, &mut out);
        let order: Vec<String> = witness.explained.iter().map(|turn| (turn.op + 1).to_string()).collect();
        if !order.is_empty() {
            let _ = writeln!(out, "<p>An order that explains all but the last: {}.</p>", order.join(", "));
        }
    }
    if pictures == 0 {
        out.push_str("<p>There is no contradiction to show.</p>\n");
    }
    out.push_str("</html>\n");
    out
}

/// Bars along the order of the lines; what lies between two of them does not matter.
fn figure(shown: &[Shown], out: &mut String) {
    let mut marks: Vec<u64> = shown.iter().flat_map(|op| [Some(op.begin), op.end]).flatten().collect();
    marks.sort_unstable();
    marks.dedup();
    let mut rows: Vec<u64> = shown.iter().map(|op| op.process).collect();
    rows.sort_unstable();
    rows.dedup();
    let (left, step, high) = (110, 64, 46);
    let width = left + step * (marks.len() as u64 + 1) + 40;
    let height = high * rows.len() as u64 + 44;
    let x = |line: u64| left + step * marks.partition_point(|mark| *mark < line) as u64 + step / 2;
    let _ = writeln!(
        out,
        "<figure><svg role=\"img\" aria-label=\"Operations as bars, one row a process; the table below says the same\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">"
    );
    for (at, process) in rows.iter().enumerate() {
        let y = 24 + high * at as u64 + high / 2;
        let _ = writeln!(
            out,
            "<line class=\"row\" x1=\"{left}\" x2=\"{width}\" y1=\"{y}\" y2=\"{y}\"/><text x=\"4\" y=\"{}\">process {process}</text>",
            y + 5
        );
    }
    for mark in &marks {
        let _ = writeln!(
            out,
            "<text class=\"dim\" text-anchor=\"middle\" x=\"{}\" y=\"{}\">{mark}</text>",
            x(*mark),
            height - 6
        );
    }
    for op in shown {
        let row = rows.partition_point(|process| *process < op.process) as u64;
        let (from, y) = (x(op.begin), 24 + high * row + high / 2 - 14);
        let to = op.end.map_or(width - 8, x);
        let mut class = String::from("bar");
        for (name, on) in [(" reads", op.reads), (" last", op.last), (" open", op.end.is_none())] {
            if on {
                class.push_str(name);
            }
        }
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{from}\" y=\"{y}\" width=\"{}\" height=\"28\" rx=\"6\"><title>{}</title></rect><text x=\"{}\" y=\"{}\">{} {}</text>",
            (to - from).max(12),
            escape(&op.words),
            from + 6,
            y + 19,
            op.number,
            escape(&short(&op.words))
        );
    }
    out.push_str("</svg><figcaption>Numbers below are lines of the history: the order of real time.</figcaption></figure>\n");
}

fn table(shown: &[Shown], out: &mut String) {
    out.push_str("<table><tr><th>#<th>Process<th>Operation<th>Invoked in line<th>Answered in line</tr>\n");
    for op in shown {
        let class = if op.last { " class=\"last\"" } else { "" };
        let _ = writeln!(
            out,
            "<tr><td>{}<td>{}<td{class}><code>{}</code>{}<td>{}<td>{}</tr>",
            op.number,
            op.process,
            escape(&op.words),
            if op.last { " (nothing explains it)" } else { "" },
            op.begin,
            op.end.map_or_else(|| "never".to_owned(), |line| line.to_string())
        );
    }
    out.push_str("</table>\n");
}

/// What fits beside a bar's number.
fn short(words: &str) -> String {
    const MOST: usize = 18;
    if words.chars().count() <= MOST {
        return words.to_owned();
    }
    words.chars().take(MOST - 1).chain(['…']).collect()
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
