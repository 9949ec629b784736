//! An operation that nothing explains, with the few others that show it.

use netsplit_lab::{FaultBlock, Finding, Shown};
use yew::prelude::*;

use super::title;
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::ui::Selection;
use crate::view::dom::{El, el, fragment};
use crate::view::icons::icon;
use crate::view::timeline::{path, px, rect, text};

/// Width of the drawing.
const WIDTH: f64 = 312.0;
/// Left and right edge of the time in it.
const PLOT: (f64, f64) = (34.0, 300.0);
/// Height of a client's row.
const ROW: f64 = 40.0;
/// Above the first row: faults.
const TOP: f64 = 22.0;

/// Why there is no order.
pub fn witness(app: &App, on: &Callback<Msg>, index: usize) -> El {
    let violations = &app.panels.violations;
    let Some(found) = app.session.as_ref().and_then(|session| session.finding(index)) else {
        return el("p").class("empty").with("In this run every answer can be explained.");
    };
    let step = |(at, op): (usize, &Shown)| {
        let mark = el("i").class("num-mark").with((at + 1).to_string());
        el("li").with(mark).with(el("span").with(&op.sentence))
    };
    let because = el("li").with(icon("i-bad", "c-bad i16")).with(el("span").with(&found.because));
    let to = |at: Option<usize>, name: &'static str, id: &str| {
        let goal = at.and_then(|at| Some((at, *violations.get(at)?)));
        el("button")
            .class("btn line sm")
            .set("aria-label", name)
            .flag("disabled", goal.is_none())
            .sends(on, goal.map_or(Msg::Select(Selection::None), |(at, (_, time))| Msg::Violation(at, time)))
            .with(icon(id, "i16"))
    };
    let jump = el("button").class("btn line sm").sends(on, Msg::Violation(index, found.time));
    let acts = el("div")
        .class("acts")
        .with(jump.with(format!("Jump to {}", format::exact(found.time))))
        .with(to(index.checked_sub(1), "Previous violation", "i-left"))
        .with(to(Some(index + 1), "Next violation", "i-right"));
    let consistency = app.panels.consistency.as_ref();
    let section = el("section")
        .class("why")
        .with(title(
            "Why is this a violation?",
            format!("{} of {}", index + 1, format::count(violations.len() as u64)),
        ))
        .with(el("p").with(el("b").with(&found.title)))
        .with(el("ol").each(found.shown.iter().enumerate().map(step)).with(because))
        .with((!found.shown.is_empty()).then(|| drawing(&found, &app.panels.faults)))
        .with(acts);
    let small = "Smallest proof: without any one of these operations, the rest can be explained.";
    let model = "Linearizable: each operation takes effect at one instant between its start and its end, and every \
                 read sees the latest write.";
    el("div").class("ins").with(section).with(
        el("section")
            .with((found.kind == "stale_read").then(|| el("p").class("muted").with(small)))
            .with(consistency.map(|c| el("p").class("muted").with(&c.promise)))
            .with(el("p").class("muted").with(model)),
    )
}

/// The operations as intervals, a row for each client. Instants stand apart evenly: their order is what counts.
fn drawing(found: &Finding, faults: &[FaultBlock]) -> El {
    let mut instants: Vec<u64> = found.shown.iter().flat_map(|op| [Some(op.from), op.to]).flatten().collect();
    netsplit_lab::small::sort(&mut instants);
    instants.dedup();
    let gaps = instants.len().saturating_sub(1).max(1) as f64;
    let x = |time: u64| {
        let after = instants.partition_point(|at| *at <= time);
        let share = match (after.checked_sub(1).map(|at| instants[at]), instants.get(after)) {
            (Some(before), Some(next)) => {
                (after - 1) as f64 + (time - before) as f64 / (next - before).max(1) as f64
            }
            (None, _) => 0.0,
            (_, None) => gaps,
        };
        PLOT.0 + (PLOT.1 - PLOT.0) * share / gaps
    };
    let mut clients: Vec<&str> = Vec::new();
    for op in &found.shown {
        if !clients.contains(&op.client.as_str()) {
            clients.push(&op.client);
        }
    }
    let foot = TOP + ROW * clients.len() as f64;
    let lane = |(at, client): (usize, &&str)| {
        let y = TOP + ROW * at as f64 + 24.0;
        fragment()
            .with(text("wclient", px(0.0), px(y + 4.0)).with((*client).to_owned()))
            .with(path("gridl", format!("M{} {y}H{}", PLOT.0, PLOT.1)))
    };
    let bar = |(at, op): (usize, &Shown)| {
        let row = clients.iter().position(|client| *client == op.client).unwrap_or(0);
        let y = TOP + ROW * row as f64 + 13.0;
        let (from, to) = (x(op.from), op.to.map_or(PLOT.1, &x));
        let class = match (op.odd, op.write, op.to.is_some()) {
            (true, ..) => "wop odd",
            (_, true, true) => "wop write",
            (_, _, true) => "wop",
            _ => "wop open",
        };
        let middle = f64::midpoint(from, to).clamp(PLOT.0 + 14.0, PLOT.1 - 14.0);
        let label = if op.write { "wlab write" } else { "wlab" };
        fragment()
            .with(rect(class, from, y, (to - from).max(4.0), px(22.0)).set("rx", "3"))
            .with(text(label, px(middle), px(y + 15.0)).with(&op.words))
            .with(el("circle").class("wdot").set("cx", px(from)).set("cy", px(y)).set("r", "8"))
            .with(text("wnum", px(from), px(y + 4.0)).with((at + 1).to_string()))
    };
    let (first, last) = (instants.first().copied().unwrap_or(0), instants.last().copied().unwrap_or(0));
    let fault = |fault: &FaultBlock| {
        let (a, b) = (x(fault.from), x(fault.to));
        fragment()
            .with(rect("wshade", a, TOP - 4.0, (b - a).max(2.0), px(foot - TOP + 4.0)))
            .with(path("wfault", format!("M{a:.1} {}H{:.1}", TOP - 5.0, b.max(a + 2.0))))
            .with(text("wfaultl", px(a.min(PLOT.1 - 60.0)), px(TOP - 10.0)).with(&fault.label))
    };
    let shading = faults.iter().filter(|f| f.from < last && f.to > first && !f.no_effect).take(3);
    let mut free = 0.0;
    let mut tick = |at: &u64| {
        let fits = x(*at) >= free;
        if fits {
            free = x(*at) + 50.0;
        }
        fits.then(|| {
            text("ax", px(x(*at)), px(foot + 16.0)).set("text-anchor", "middle").with(format::instant(*at))
        })
    };
    let mut ticks = fragment();
    for at in &instants {
        ticks = ticks.with(tick(at));
    }
    let words: Vec<&str> = found.shown.iter().map(|op| op.sentence.as_str()).collect();
    el("svg")
        .set("viewBox", format!("0 0 {WIDTH} {}", foot + 22.0))
        .set("role", "img")
        .set("aria-label", words.join(" "))
        .each(shading.map(fault))
        .each(clients.iter().enumerate().map(lane))
        .each(found.shown.iter().enumerate().map(bar))
        .with(ticks)
}
