//! What each partition cost, here and under a stronger and a weaker setting.

use netsplit_lab::{Cut, GivenUp, Measured, text};
use yew::prelude::*;

use super::{bar, head};
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::ui::Sheet;
use crate::view::dom::{El, el, fragment};
use crate::view::icons::icon;
use crate::view::timeline::{path, px, rect, text as label};

/// Letters of the runs.
const NAMES: [&str; 3] = ["A", "B", "C"];

/// A run's mark: each has a shape of its own.
pub fn mark(run: usize, x: f64, y: f64) -> El {
    let d = match run {
        0 => format!("M{x} {}l6.500 6.500-6.500 6.500-6.500-6.500z", y - 6.5),
        1 => format!("M{} {}h11v11h-11z", x - 5.5, y - 5.5),
        _ => format!("M{} {}l6.500 11h-13z", x, y - 6.0),
    };
    path(["rm ra", "rm rb", "rm rc"][run.min(2)], d)
}

/// A run's mark beside a word.
pub fn key(run: usize) -> El {
    el("svg").class("rk").set("viewBox", "-7 -7 14 14").set("aria-hidden", true).with(mark(run, 0.0, 0.0))
}

/// The sheet in the stage's place.
pub fn main(app: &App, on: &Callback<Msg>, cut: usize) -> El {
    let cuts = app.measured.first().map_or(0, |run| run.cuts.len());
    let chip = |at: usize| {
        let cut = &app.measured[0].cuts[at];
        el("button")
            .class("chip")
            .set("aria-pressed", at == shown(app, cut_of(app)))
            .sends(on, Msg::Sheet(Some(Sheet::Cap(at))))
            .with(format!("{} to {}", format::span(round(cut.from)), format::span(round(cut.to))))
    };
    let head = bar(on)
        .with(el("h2").with("What was given up"))
        .with((cuts > 1).then(|| el("span").class("picks").each((0..cuts.min(6)).map(chip))))
        .with(el("span").class("grow"))
        .with(el("span").class("opt").with("Same seed, same requests, same faults"));
    let cut = shown(app, cut);
    let body = match app.measured.is_empty() {
        true => el("p").class("empty").set("role", "status").with(waiting(app)),
        false => fragment().with(table(app, cut)).with(
            (app.capped < 1000).then(|| el("p").class("muted wait").set("role", "status").with(waiting(app))),
        ),
    };
    let sheet = el("div")
        .class("ops cap")
        .set("tabindex", "0")
        .set("role", "region")
        .set("aria-label", "What was given up");
    fragment().with(head).with(sheet.with(body).with(landed(app, cut)))
}

fn cut_of(app: &App) -> usize {
    match app.ui.sheet {
        Some(Sheet::Cap(cut)) => cut,
        _ => 0,
    }
}

/// The partition that is shown: it may no longer be there.
fn shown(app: &App, cut: usize) -> usize {
    cut.min(app.measured.first().map_or(0, |run| run.cuts.len().saturating_sub(1)))
}

fn waiting(app: &App) -> String {
    format!("Running the other settings, {}%", app.capped / 10)
}

fn round(ns: u64) -> u64 {
    ns / 1_000_000 * 1_000_000
}

/// A row of the table: its name and a cell for each run.
fn row(name: String, cells: Vec<El>) -> El {
    el("tr").with(el("th").set("scope", "row").with(name)).each(cells)
}

/// "697 of 720", marked where something was lost.
fn share(part: u64, all: u64, lost: bool, id: &str, tone: &'static str) -> El {
    let mark = || icon(id, tone);
    let of = el("small").with(format!(" of {}", format::count(all)));
    el("td").with(lost.then(mark)).with(format::count(part)).with(of)
}

fn table(app: &App, cut: usize) -> El {
    let runs = &app.measured;
    let column = |(at, run): (usize, &Measured)| {
        let name = el("span").class("keyed").with(key(at)).with(NAMES[at.min(2)]);
        let title = el("small").with(&run.title);
        el("th").set("scope", "col").set("title", &run.promise).with(name).with(title)
    };
    let cuts: Vec<&Cut> = runs.iter().filter_map(|run| run.cuts.get(cut)).collect();
    let each = |cell: &dyn Fn(&Cut) -> El| -> Vec<El> { cuts.iter().map(|cut| cell(cut)).collect() };
    let calm = |cell: &dyn Fn(&Measured) -> El| -> Vec<El> { runs.iter().map(cell).collect() };
    let mut rows = fragment();
    let measured = match cuts.first() {
        Some(first) => {
            for side in 0..first.sides.len().min(2) {
                let name = match (side, first.sides.len()) {
                    (_, 1) => "Answered in time".to_owned(),
                    (0, _) => format!("Answered, {}", names(&first.sides[0].servers)),
                    _ => format!("Answered, {}", names(&first.sides[1].servers)),
                };
                let cell = |cut: &Cut| match cut.sides.get(side).filter(|side| side.asked > 0) {
                    Some(s) => share(s.answered, s.asked, s.answered < s.asked, "i-warn", "i16 c-warn"),
                    None => el("td").with(el("small").with("nobody asked")),
                };
                rows = rows.with(row(name, each(&cell)));
            }
            let live = |cut: &Cut| {
                let all = cut.live - cut.silent.len() as u64;
                share(all, cut.live, all < cut.live, "i-warn", "i16 c-warn")
            };
            let odd =
                |cut: &Cut| share(cut.violations, cut.operations, cut.violations > 0, "i-bad", "i16 c-bad");
            let differ = |cut: &Cut| match cut.differing {
                Some(count) => {
                    el("td").with((count > 0).then(|| icon("i-bad", "i16 c-bad"))).with(format::count(count))
                }
                None => el("td").with(el("small").with("not told")),
            };
            let agree = |cut: &Cut| match (cut.differing, cut.converged) {
                (_, Some(time)) => el("td").with(format::span(round(time))),
                (Some(_), None) => {
                    el("td").with(icon("i-bad", "i16 c-bad")).with(el("small").with("not yet"))
                }
                _ => el("td").with(el("small").with("not told")),
            };
            let gave = |cut: &Cut| el("td").with(given(cut.given_up));
            rows = rows
                .with(row("Live servers that answer".to_owned(), each(&live)))
                .with(row("Answers that no order explains".to_owned(), each(&odd)))
                .with(row("Different when healed".to_owned(), each(&differ)))
                .with(row("Time to converge after healing".to_owned(), each(&agree)))
                .with(row("Given up".to_owned(), each(&gave)).class("sum"));
            format!("Partition, {} to {}", format::span(round(first.from)), format::span(round(first.to)))
        }
        None => "No partition in this run".to_owned(),
    };
    let time = |time: Option<u64>| match time {
        Some(time) => el("td").with(format::span(time / 10_000 * 10_000)),
        None => el("td").with(el("small").with("none")),
    };
    let quiet = |run: &Measured| {
        let (odd, all) = run.calm.violations;
        share(odd, all, odd > 0, "i-bad", "i16 c-bad")
    };
    let head = |words: String| {
        el("tr").class("group").with(el("th").with(words)).each(runs.iter().enumerate().map(column))
    };
    let rest = el("tr").class("group").with(
        el("th").set("colspan", runs.len() as u64 + 1).with("Without a fault: latency against consistency"),
    );
    rows = rows
        .with(rest)
        .with(row("Median read".to_owned(), calm(&|run| time(run.calm.read))))
        .with(row("Median write".to_owned(), calm(&|run| time(run.calm.write))))
        .with(row("Answers that no order explains".to_owned(), calm(&quiet)));
    el("table").class("cmp").with(el("thead").with(head(measured))).with(el("tbody").with(rows))
}

fn names(servers: &[String]) -> String {
    if servers.len() > 4 { format::many(servers.len() as u64, "server") } else { servers.join(" ") }
}

fn given(what: GivenUp) -> &'static str {
    match what {
        GivenUp::Neither => "neither",
        GivenUp::Consistency => "C",
        GivenUp::Availability => "A",
        GivenUp::Both => "C and A",
    }
}

/// Where the runs landed: how much was answered, and how much of it was right.
fn landed(app: &App, cut: usize) -> Option<El> {
    let cuts: Vec<&Cut> = app.measured.iter().filter_map(|run| run.cuts.get(cut)).collect();
    let first = cuts.first()?;
    // A field for each pair of answers; within it the share says how far.
    let (left, top, wide, tall) = (104.0, 44.0, 124.0, 84.0);
    let mut words = Vec::new();
    let place = |(at, cut): (usize, &&Cut)| {
        let (asked, answered) = cut.answered();
        let a = if asked == 0 { 1.0 } else { answered as f64 / asked as f64 };
        let c = 1.0 - cut.violations as f64 / cut.operations.max(1) as f64;
        let whole = matches!(cut.given_up, GivenUp::Neither | GivenUp::Consistency);
        let right = matches!(cut.given_up, GivenUp::Neither | GivenUp::Availability);
        // Marks of runs that landed in one place stand beside each other.
        let beside = at as f64 * 18.0;
        let x = if whole { left + wide + 36.0 + beside } else { left + 14.0 + a * (wide - 66.0) + beside };
        let y = if right { top + 24.0 } else { top + tall + 14.0 + (1.0 - c) * (tall - 42.0) };
        (at, x, y, a, c)
    };
    let places: Vec<_> = cuts.iter().enumerate().map(place).collect();
    for (at, _, _, a, c) in &places {
        words.push(format!(
            "{}: {} of requests answered, {} of answers explained.",
            NAMES[(*at).min(2)],
            format::percent(*a),
            format::percent(*c)
        ));
    }
    let start = (left + wide * 2.0 - 16.0, top + 12.0);
    let field = |x: f64, y: f64, class: &'static str| rect(class, x, y, wide, px(tall));
    let axis = |x: f64, y: f64, anchor: &'static str, words: &'static str| {
        label("ax", px(x), px(y)).set("text-anchor", anchor).with(words)
    };
    let way = |(at, x, y, ..): &(usize, f64, f64, f64, f64)| {
        let class = ["way ra", "way rb", "way rc"][(*at).min(2)];
        let name =
            label("rname", px(*x), px(y + 20.0)).set("text-anchor", "middle").with(NAMES[(*at).min(2)]);
        fragment()
            .with(path(class, format!("M{} {}L{x:.1} {y:.1}", start.0, start.1)))
            .with(mark(*at, x.round(), y.round()))
            .with(name)
    };
    let drawing = el("svg")
        .set("viewBox", "0 0 368 224")
        .set("role", "img")
        .set("aria-label", words.join(" "))
        .with(field(left, top, "fld"))
        .with(field(left, top + tall, "fld"))
        .with(field(left + wide, top + tall, "fld"))
        .with(field(left + wide, top, "fld best"))
        .with(axis(left + wide / 2.0, top - 8.0, "middle", "some live node silent"))
        .with(axis(left + wide * 1.5, top - 8.0, "middle", "every live node answers"))
        .with(axis(left - 8.0, top + tall / 2.0 - 3.0, "end", "an order explains"))
        .with(axis(left - 8.0, top + tall / 2.0 + 12.0, "end", "every answer"))
        .with(axis(left - 8.0, top + tall * 1.5 - 3.0, "end", "some answers"))
        .with(axis(left - 8.0, top + tall * 1.5 + 12.0, "end", "contradict"))
        .each(places.iter().map(way))
        .with(el("circle").class("start").set("cx", px(start.0)).set("cy", px(start.1)).set("r", "5"));
    let sentence =
        el("div").class("say").with(el("h3").with("In one sentence")).with(el("p").with(told(app, cut)));
    let from = format!("Where the runs landed, from {}", format::span(round(first.from)));
    Some(el("div").class("landed").with(el("div").with(el("h3").with(from)).with(drawing)).with(sentence))
}

/// What the runs gave up, in words.
fn told(app: &App, cut: usize) -> String {
    let each = app.measured.iter().enumerate().filter_map(|(at, run)| {
        let cut = run.cuts.get(cut)?;
        let (asked, answered) = cut.answered();
        let args = [
            ("run", NAMES[at.min(2)].to_owned()),
            ("lost", format::count(asked - answered)),
            ("asked", format::count(asked)),
            ("silent", names(&cut.silent)),
            ("odd", format::count(cut.violations)),
            ("all", format::count(cut.operations)),
        ];
        let lost = asked > answered;
        let id = match cut.given_up {
            GivenUp::Neither => "cap-neither",
            GivenUp::Consistency => "cap-consistency",
            GivenUp::Availability => "cap-availability",
            GivenUp::Both => "cap-both",
        };
        let kept = matches!(cut.given_up, GivenUp::Neither | GivenUp::Consistency);
        let mut words = text::say(id, &args);
        if lost {
            words = words + " " + &text::say(if kept { "cap-unreached" } else { "cap-unanswered" }, &args);
        }
        Some(words)
    });
    each.collect::<Vec<String>>().join(" ")
}

/// What is often said, and what is true of it.
pub fn side(app: &App, on: &Callback<Msg>) -> El {
    let pattern = app.scenario.system.pattern.as_str();
    let also = match pattern {
        "replication" => "copies",
        "leader_election" => "agree",
        "eventual_consistency" => "converge",
        _ => "more",
    };
    let card = |id: &str| {
        let said = |end: &str| text::say(&format!("cap-{id}-{end}"), &[]);
        el("section")
            .with(el("h3").with(format!("\u{201c}{}\u{201d}", said("said"))))
            .with(el("p").with(said("true")))
    };
    let cards = ["two", "calm", "c", "a", "p"].into_iter().chain([also]).map(card);
    let panel = el("div")
        .class("panel said")
        .set("role", "region")
        .set("tabindex", "0")
        .set("aria-label", "Often said");
    let words = told(app, shown(app, cut_of(app)));
    let copy =
        el("button").class("btn line").sends(on, Msg::Copy(words.clone())).flag("disabled", words.is_empty());
    let odd = app.panels.violations.first().map(|(_, _)| Sheet::Why(0));
    let show = el("button").class("btn solid").flag("disabled", odd.is_none()).sends(on, Msg::Sheet(odd));
    let foot = el("div")
        .class("foot")
        .with(copy.with(icon("i-copy", "i16")).with("Copy"))
        .with(show.with("Show a violation"));
    fragment().with(head(on, "Often said, and what is so")).with(panel.each(cards)).with(foot)
}
