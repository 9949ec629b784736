//! A sweep over seeds: how a number is distributed, what became of each promise, and the runs behind every bar.

use netsplit_lab::breakpoints::metrics as own_metrics;
use netsplit_lab::sweep::{self as lab, Histogram, SeedResult, Spread};
use yew::prelude::*;

use super::{bar, head};
use crate::app::{App, Msg, Sweeping};
use crate::model::format;
use crate::model::sweep::{self, COUNTS, Deed, State};
use crate::model::ui::Sheet;
use crate::view::controls::{option, pick, typed};
use crate::view::dom::{El, el, fragment};
use crate::view::icons::icon;

/// Bars of the histogram where there is room, and where there is little.
const BARS: (usize, usize) = (24, 10);
/// Seeds of a row of the table, or of a list, that can be opened.
const SEEDS: usize = 12;
/// How wide a bar is at most (px).
const WIDEST: usize = 96;
/// Labels below the bars.
const TICKS: usize = 6;

/// What became of a promise: id, words, icon, and the class of its mark.
const GRADES: [(&str, &str, &str, &str); 5] = [
    ("kept", "kept", "i-ok", "i16 c-ok"),
    ("broken", "broken", "i-bad", "i16 c-bad"),
    ("never_promised", "not promised", "i-never", "i16"),
    ("assumption_broken", "its assumption was broken", "i-warn", "i16 c-warn"),
    ("undecided", "undecided", "i-unsure", "i16"),
];

/// Sends what a hand does to the sweep.
fn sends(button: El, on: &Callback<Msg>, deed: Deed) -> El {
    button.sends(on, Msg::Sweep(deed))
}

fn list(on: &Callback<Msg>, label: &'static str, make: fn(String) -> Deed, entries: Vec<El>) -> El {
    let on = on.clone();
    let hears = Callback::from(move |event: Event| on.emit(Msg::Sweep(make(typed(&event)))));
    pick("pick", el("select").class("select sm").set("aria-label", label).on_change(hears).each(entries))
}

/// The sheet in the stage's place.
pub fn main(app: &App, on: &Callback<Msg>) -> El {
    let Some(sweeping) = app.sweeping.as_ref() else { return fragment() };
    let (state, (done, all)) = sweeping.look(|sweep| (sweep.state, sweep.progress()));
    let counts =
        COUNTS.map(|count| option(count.to_string(), format::many(count, "seed"), count == sweeping.count));
    let go = match state {
        State::Running => sends(el("button").class("btn line sm sweepgo"), on, Deed::Cancel).with("Cancel"),
        State::Idle => sends(el("button").class("btn solid sm sweepgo"), on, Deed::Start).with("Run them"),
        _ => sends(el("button").class("btn line sm sweepgo"), on, Deed::Start).with("Run again"),
    };
    let hands = || match sweeping.hands {
        0 => "on the page's own thread".to_owned(),
        workers => format!("in {}", format::many(workers as u64, "worker")),
    };
    let words = match state {
        State::Idle => String::new(),
        State::Running => format!("{} of {} done, {}", format::count(done), format::count(all), hands()),
        State::Cancelled => format!("Cancelled after {} of {}", format::count(done), format::count(all)),
        State::Done => format!("All {} done, {}", format::count(all), hands()),
    };
    let head = bar(on)
        .with(el("h2").with("Many seeds"))
        .with(list(on, "How many", |text| Deed::Count(text.parse().unwrap_or(200)), counts.into()))
        .with(go);
    let told = el("p").class("told").set("role", "status").with(words);
    let progress = (state == State::Running).then(|| {
        el("progress")
            .class("sweepbar")
            .set("max", all.to_string())
            .set("value", done.to_string())
            .set("aria-label", "Seeds done")
    });
    let body = match done {
        0 => el("p").class("empty").with(match state {
            State::Idle => "The scenario in hand, run with one seed after the other: how far its numbers and verdicts depend on chance. Every bar can be opened as a run.",
            _ => "The first run is under way.",
        }),
        _ => sweeping.look(|sweep| results(app, on, sweeping, &sweep.results)),
    };
    let sheet = el("div")
        .class("ops sweep")
        .set("tabindex", "0")
        .set("role", "region")
        .set("aria-label", "Sweep over seeds");
    fragment().with(head).with(sheet.with(progress).with(told).with(body))
}

/// Ids of the numbers that can be shown, and the one that is.
fn metric(app: &App, sweeping: &Sweeping, results: &[SeedResult]) -> (Vec<String>, String) {
    let metrics = lab::metrics(results);
    let shown = match metrics.contains(&sweeping.metric) {
        true => sweeping.metric.clone(),
        false => sweep::first(&metrics, &app.scenario.notes),
    };
    (metrics, shown)
}

fn results(app: &App, on: &Callback<Msg>, sweeping: &Sweeping, results: &[SeedResult]) -> El {
    let own = app.session.as_ref().map_or_else(Vec::new, |session| own_metrics(session.experiment()));
    let (metrics, shown) = metric(app, sweeping, results);
    let entry = |id: &String| option(id.clone(), sweep::name(id, &own), *id == shown);
    let name = sweep::name(&shown, &own);
    let table = sweeping.table;
    let as_table = sends(el("button").class("btn sm"), on, Deed::Table)
        .set("aria-pressed", table)
        .with(icon("i-list", "i16"))
        .with("View as table");
    let choose = el("div")
        .class("sweephead")
        .with(list(on, "Metric", Deed::Metric, metrics.iter().map(entry).collect()))
        .with(as_table);
    let bars = lab::round_histogram(results, &shown, if app.slim { BARS.1 } else { BARS.0 });
    let Some(mut spread) = lab::spread_of(results, &shown) else { return choose };
    let counts = results.iter().filter_map(|r| r.values.get(&shown)).all(|value| value.fract() == 0.0);
    // Of an algorithm's own whole numbers, terms for one, nothing lies between two: they have no mean.
    if counts && own.iter().any(|(id, _)| *id == shown) {
        (spread.median, spread.mean) = (spread.median.floor(), f64::NAN);
    }
    let drawing = match table {
        true => rows(on, &name, &bars, counts),
        false => plot(on, &name, (&bars, counts), &spread, results),
    };
    fragment()
        .with(choose)
        .with(figures(&spread))
        .with(drawing)
        .with(el("h3").with("What became of the promises"))
        .each(promises(results).iter().map(|promise| {
            let title =
                app.session.as_ref().map_or_else(String::new, |s| lab::title(s.experiment(), promise));
            grades(on, (promise, format::sentence_case(&title)), results, table)
        }))
}

/// The number's median, mean and so on, with the marks that they have in the histogram.
fn figures(spread: &Spread) -> El {
    let figure = |class: &'static str, name: &'static str, value: String| {
        let mark = (!class.is_empty()).then(|| el("i").class(class));
        el("div").with(el("dt").with(mark).with(name)).with(el("dd").with(value))
    };
    let (low, high) = spread.median_ci95;
    el("dl")
        .class("figures")
        .with(figure("m0", "Median", format::short(spread.median)))
        .with(spread.mean.is_finite().then(|| figure("m1", "Mean", format::short(spread.mean))))
        .with(figure("m2", "90 %", format::short(spread.p90)))
        .with(figure(
            "",
            "Least to most",
            format!("{} to {}", format::short(spread.min), format::short(spread.max)),
        ))
        .with(figure(
            "",
            "Median lies within, 95 %",
            format!("{} to {}", format::short(low), format::short(high)),
        ))
        .with(figure("", "Runs", format::count(spread.count)))
}

/// Whether a bar stands for one number only.
fn single(bars: &Histogram, whole: bool) -> bool {
    whole && (bars.width - 1.0).abs() < 1e-9
}

/// From where to where a bar reaches.
fn extent(bars: &Histogram, at: usize, whole: bool) -> String {
    let from = bars.from + bars.width * at as f64;
    match bars.width > 0.0 && !single(bars, whole) {
        true => format!("{} to {}", format::short(from), format::short(from + bars.width)),
        false => format::short(from),
    }
}

fn plot(
    on: &Callback<Msg>,
    name: &str,
    (bars, counts): (&Histogram, bool),
    spread: &Spread,
    results: &[SeedResult],
) -> El {
    let most = bars.bars.iter().map(Vec::len).max().unwrap_or(0).max(1);
    let odd = |seed: &u64| {
        let at = results.partition_point(|result| result.seed < *seed);
        results.get(at).is_some_and(|result| !result.against.is_empty())
    };
    let first = bars.bars.iter().position(|bar| !bar.is_empty()).unwrap_or(0);
    let bar = |(at, seeds): (usize, &Vec<u64>)| {
        let Some(seed) = seeds.first().copied() else { return el("span").class("hbar") };
        let against = seeds.iter().filter(|seed| odd(seed)).count();
        let share = |count: usize| count as f64 / most as f64 * 100.0;
        let mut words = format!("{}: {}", extent(bars, at, counts), format::many(seeds.len() as u64, "run"));
        if against > 0 {
            words = format!("{words}, {against} against a promise");
        }
        let words = format!("{words}. Opens seed {seed}.");
        sends(el("button").class("hbar"), on, Deed::Open(seed))
            .set("tabindex", if at == first { "0" } else { "-1" })
            .set("aria-label", words.clone())
            .set("title", words)
            .with(el("i").set("data-css", format!("height:{:.1}%", share(seeds.len()))))
            .with(
                (against > 0)
                    .then(|| el("i").class("odd").set("data-css", format!("height:{:.1}%", share(against)))),
            )
    };
    // Of what only counts, a bar one wide stands for its number: its middle is there.
    let many = bars.bars.len();
    let (whole, half) = (bars.width * many as f64, if single(bars, counts) { 0.5 } else { 0.0 });
    let place = |value: f64| if whole > 0.0 { (value - bars.from + half) / whole * 100.0 } else { 50.0 };
    let mark = |class: &'static str, value: f64| {
        el("i").class(class).set("data-css", format!("left:{:.2}%", place(value)))
    };
    // At edges of bars, which are round.
    let step = many.div_ceil(TICKS).max(1);
    let tick = |at: usize| {
        let value = bars.from + bars.width * at as f64;
        el("span").set("data-css", format!("left:{:.1}%", place(value))).with(format::short(value))
    };
    let last = if half > 0.0 { many - 1 } else { many };
    let ticks = (0..=if whole > 0.0 { last } else { 0 }).step_by(step);
    let drawn = el("div")
        .class("hbars")
        .set("role", "toolbar")
        .set(
            "aria-label",
            format!("{name}: a bar for each part of its range. Arrow keys walk, Enter opens a run."),
        )
        .each(bars.bars.iter().enumerate().map(bar));
    el("div")
        .class(if half > 0.0 || whole == 0.0 { "histogram middle" } else { "histogram" })
        .set("data-css", format!("max-width:{}px", many * WIDEST))
        .with(el("span").class("hmost").set("aria-hidden", true).with(format::many(most as u64, "run")))
        .with(drawn)
        .with(
            el("div")
                .class("hmarks")
                .set("aria-hidden", true)
                .with(mark("m0", spread.median))
                .with(spread.mean.is_finite().then(|| mark("m1", spread.mean)))
                .with(mark("m2", spread.p90)),
        )
        .with(el("div").class("hticks").set("aria-hidden", true).each(ticks.map(tick)))
}

/// Buttons that open runs, and how many more there are.
fn seeds(on: &Callback<Msg>, seeds: &[u64]) -> El {
    let open = |seed: &u64| {
        sends(el("button").class("link"), on, Deed::Open(*seed))
            .set("aria-label", format!("Open seed {seed}"))
            .with(seed.to_string())
    };
    let more = seeds.len().saturating_sub(SEEDS);
    let list = el("span").class("seeds").each(seeds.iter().take(SEEDS).map(open));
    list.with((more > 0).then(|| el("small").with(format!("and {}", format::count(more as u64)))))
}

/// A table of how many runs there are of each kind, and which.
fn table(caption: &str, first: &'static str, rows: impl Iterator<Item = (String, usize, El)>) -> El {
    let column = |name: &'static str| el("th").set("scope", "col").with(name);
    let row = |(name, count, seeds): (String, usize, El)| {
        el("tr")
            .with(el("th").set("scope", "row").with(name))
            .with(el("td").with(format::count(count as u64)))
            .with(el("td").with(seeds))
    };
    let head = el("tr").with(column(first)).with(column("Runs")).with(column("Seeds"));
    el("table")
        .class("sweeprows")
        .with(el("caption").class("sr").with(caption.to_owned()))
        .with(el("thead").with(head))
        .with(el("tbody").each(rows.map(row)))
}

fn rows(on: &Callback<Msg>, name: &str, bars: &Histogram, counts: bool) -> El {
    let filled = bars.bars.iter().enumerate().filter(|(_, bar)| !bar.is_empty());
    table(name, "Range", filled.map(|(at, bar)| (extent(bars, at, counts), bar.len(), seeds(on, bar))))
}

/// The promises that runs were judged by.
fn promises(results: &[SeedResult]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for promise in results.iter().flat_map(|result| result.verdicts.keys()) {
        if !all.contains(promise) {
            all.push(promise.clone());
        }
    }
    all
}

/// What became of a promise, as a bar in parts or as a table.
fn grades(
    on: &Callback<Msg>,
    (promise, title): (&str, String),
    results: &[SeedResult],
    as_table: bool,
) -> El {
    let found = lab::verdicts(results, promise);
    let known = |grade: &str| GRADES.iter().find(|row| row.0 == grade).unwrap_or(&GRADES[4]);
    if as_table {
        let row =
            |(grade, list): &(String, Vec<u64>)| (known(grade).1.to_owned(), list.len(), seeds(on, list));
        let body = table(&title, "Verdict", found.iter().map(row));
        return fragment().with(el("h4").with(title)).with(body);
    }
    let part = |(at, (grade, list)): (usize, &(String, Vec<u64>))| {
        let (_, words, id, class) = known(grade);
        let seed = list.first().copied().unwrap_or(0);
        let part = format!("{} {words}", format::count(list.len() as u64));
        let said = format!("{title}: {part}. Opens seed {seed}.");
        sends(el("button"), on, Deed::Open(seed))
            .set("tabindex", if at == 0 { "0" } else { "-1" })
            .set("data-css", format!("flex-grow:{}", list.len()))
            .set("aria-label", said.clone())
            .set("title", said)
            .with(icon(id, class))
            .with(part)
    };
    let parts = el("div").class("gparts").set("role", "toolbar").set("aria-label", title.clone());
    let parts = parts.each(found.iter().enumerate().map(part));
    el("div").class("grow-row").with(el("span").with(title)).with(parts)
}

/// What stands in the right panel's place: the scenario, and the runs that stand out.
pub fn side(app: &App, on: &Callback<Msg>) -> El {
    let (title, sub) = crate::view::top::names(app);
    let notes = &app.scenario.notes;
    let about = el("section")
        .class("pad")
        .with(el("h3").with(title))
        .with(el("p").class("muted").with(sub))
        .with((!notes.is_empty()).then(|| el("p").class("muted").with(notes)));
    let panel = el("div")
        .class("panel sweepside")
        .set("role", "region")
        .set("tabindex", "0")
        .set("aria-label", "The scenario and its runs");
    let Some(sweeping) = app.sweeping.as_ref() else { return panel };
    let found = sweeping.look(|sweep| {
        let (_, shown) = metric(app, sweeping, &sweep.results);
        let spread = lab::spread_of(&sweep.results, &shown);
        let near = |value: f64| {
            let far =
                |result: &&SeedResult| (result.values.get(&shown).copied().unwrap_or(f64::NAN) - value).abs();
            let with = sweep.results.iter().filter(|result| result.values.contains_key(&shown));
            let found = with.min_by(|a, b| far(a).total_cmp(&far(b)))?;
            Some((found.seed, *found.values.get(&shown)?))
        };
        let named = |spread: Spread| [near(spread.min), near(spread.median), near(spread.max)];
        let against: Vec<u64> =
            sweep.results.iter().filter(|r| !r.against.is_empty()).map(|r| r.seed).collect();
        (spread.map(named), against)
    });
    let (named, against) = found;
    let run = |(name, at): (&'static str, Option<(u64, f64)>)| {
        at.map(|(seed, value)| {
            let words = format!("{name}, {}", format::short(value));
            let open = sends(el("button").class("btn line sm"), on, Deed::Open(seed));
            el("div").class("kv").with(el("span").with(words)).with(open.with(format!("Open seed {seed}")))
        })
    };
    let stands_out = |named: [Option<(u64, f64)>; 3]| {
        el("section")
            .class("pad")
            .with(el("h3").with("Runs that stand out"))
            .each(["The least", "In the middle", "The most"].into_iter().zip(named).filter_map(run))
    };
    let odd = || {
        el("section")
            .class("pad")
            .with(el("h3").with(format!("{} against a promise", format::many(against.len() as u64, "run"))))
            .with(seeds(on, &against))
    };
    let opened = sweeping.opened.map(|seed| {
        el("p")
            .class("muted pad")
            .with(format!("Opened last: seed {seed}. The results stay while the scenario does."))
    });
    let body =
        panel.with(about).with(named.map(stands_out)).with((!against.is_empty()).then(odd)).with(opened);
    fragment().with(head(on, "The scenario in hand")).with(body)
}

/// The way to it, beside the seed.
pub fn entry(on: &Callback<Msg>) -> El {
    el("button")
        .class("btn line sq")
        .set("aria-label", "Run over many seeds")
        .set("title", "Run over many seeds (N)")
        .sends(on, Msg::Sheet(Some(Sheet::Sweep)))
        .with(icon("i-seeds", ""))
}
