//! Two runs beside each other: what they differ in, their stages, and what came of it.

use netsplit_lab::compare::{Curve, Row};
use netsplit_lab::scenario::catalogue::{AlgorithmDecl, ParamDecl, ParamKind};
use netsplit_lab::sweep;
use netsplit_lab::{Chart, Consistency, Frame, Grade};
use serde_json::Value;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use super::charts::{self, PLOT};
use super::controls::{self, option, pick, typed, wrong};
use super::dom::{El, el, fragment};
use super::icons::icon;
use super::sheet::{run_key, run_mark};
use super::stage::{describe, nodes};
use super::timeline::{path, px, text};
use crate::app::{App, Msg};
use crate::model::compare::{self, Differs};
use crate::model::session::Results;
use crate::model::setup::{self, Part};
use crate::model::summary::{self, Tone};
use crate::model::ui::{BranchDeed, CompareDeed, Tab};
use crate::model::{format, math, scale};
use crate::stage::draw::spoken_for;

/// Where there is room for the results under the stages; elsewhere they are in the panel of metrics.
pub const ROOMY: &str = "(min-width:1180px) and (min-height:820px)";

/// Whether two runs are shown: a sheet and the space-time diagram are about the first one alone.
pub fn two(app: &App) -> bool {
    app.ui.sheet.is_none()
        && !app.in_space_time()
        && app.session.as_ref().is_some_and(|session| session.beside().is_some())
}

/// What stands above the first stage.
#[inline(never)]
pub fn first(app: &App, on: &Callback<Msg>) -> Option<El> {
    let session = app.session.as_ref().filter(|_| two(app))?;
    let scenario = session.experiment().document();
    let algorithm = setup::algorithm(&app.catalogue, scenario)?;
    let differs = session.differs()?;
    let shows = match &differs {
        Differs::Algorithm => {
            let pattern = scenario.system.pattern.clone();
            let heard = {
                let on = on.clone();
                Callback::from(move |event: Event| on.emit(Msg::Choose(pattern.clone(), typed(&event))))
            };
            algorithms(app, "Algorithm of A", &scenario.system.algorithm)
                .map(|list| pick("pick", list.on_change(heard)))
        }
        Differs::Nodes => Some(el("span").with(format::many(algorithm.node_count(scenario).into(), "node"))),
        Differs::Param(id) => {
            let decl = algorithm.params.iter().find(|decl| decl.id == *id)?;
            let value = setup::get(scenario, Part::System, decl);
            let (shown, unit) = setup::shown(decl, &value);
            let shown = match value.as_bool() {
                Some(on) => switched(on).to_owned(),
                None => named(decl, &shown),
            };
            Some(el("span").with(format!("{}: {shown} {unit}", decl.label)))
        }
        Differs::Branch(_) => {
            let own = app.panels.branches.iter().find(|branch| branch.current);
            Some(el("span").with(own.map(|own| compare::title(&own.name)).unwrap_or_default()))
        }
    };
    let exit = el("button")
        .class("btn sm")
        .sends(on, Msg::Compare(CompareDeed::Toggle))
        .set("title", "One run again (M)")
        .with(icon("i-x", "i16"))
        .with("Exit");
    let run = el("b").with(run_key(0)).with("A");
    let head = el("div").class("sh").with(run).with(shows).with(note(&app.frame));
    Some(head.with(exit))
}

/// What stands above the second stage.
fn second(app: &App, on: &Callback<Msg>) -> Option<El> {
    let session = app.session.as_ref()?;
    let compare = session.compared()?;
    let scenario = session.experiment().document();
    let algorithm = setup::algorithm(&app.catalogue, scenario)?;
    let differs = session.differs()?;
    let entry = |one: Differs, name: String| option(one.id(), name, one == differs);
    let params =
        compare::params(algorithm).map(|decl| entry(Differs::Param(decl.id.clone()), decl.label.clone()));
    let branches = app.panels.branches.iter().skip(1).filter(|branch| !branch.current);
    let branches: Vec<El> =
        branches.map(|branch| entry(Differs::Branch(branch.name.clone()), branch.name.clone())).collect();
    let group = |label: &'static str| el("optgroup").set("label", label);
    let list = el("select")
        .class("select sm")
        .set("aria-label", "What the runs differ in")
        .tells(on, |id| Msg::Compare(CompareDeed::Differs(id)))
        .with(entry(Differs::Algorithm, "Algorithm".to_owned()))
        .with(entry(Differs::Nodes, "Nodes".to_owned()))
        .with(group("Parameter").each(params))
        .with((!branches.is_empty()).then(|| group("Branch").each(branches)));
    let value = match &differs {
        Differs::Algorithm => {
            let list = algorithms(app, "Algorithm of B", compare.algorithm.as_deref().unwrap_or_default());
            let value = |id: String| Msg::Compare(CompareDeed::Value(Value::String(id)));
            list.map(|list| pick("pick", list.tells(on, value)))
        }
        Differs::Nodes => {
            let (on, least, most) = (on.clone(), algorithm.nodes.min, algorithm.nodes.max);
            let heard = Callback::from(move |event: Event| {
                let count = typed(&event).trim().parse::<u32>().ok();
                let count = count.filter(|count| (least..=most).contains(count));
                let possible = || setup::between(i64::from(least), i64::from(most));
                wrong(&event, count.is_none().then(possible).as_deref());
                let value = count.map(|count| CompareDeed::Value(count.into()));
                value.into_iter().for_each(|value| on.emit(Msg::Compare(value)));
            });
            let now = u64::from(compare.nodes.unwrap_or_default()).to_string();
            let field = controls::field("nodes of B", now, heard).class("box sm");
            Some(field.set("inputmode", "numeric").set("aria-label", "Nodes of B"))
        }
        Differs::Param(id) => {
            let decl = algorithm.params.iter().find(|decl| decl.id == *id)?;
            Some(control(decl, compare.params.get(id).unwrap_or(&decl.default), on))
        }
        Differs::Branch(_) => None,
    };
    let run = el("b").with(run_key(1)).with("B");
    let head = el("div").key(differs.id()).class("sh").with(run).with(pick("pick", list)).with(value);
    Some(head.with(note(&app.frame_beside)))
}

/// The second run's value of a parameter.
fn control(decl: &ParamDecl, value: &Value, on: &Callback<Msg>) -> El {
    let say = |value: Value| Msg::Compare(CompareDeed::Value(value));
    let label = format!("{} of B", decl.label);
    match &decl.kind {
        ParamKind::Bool => {
            let now = value.as_bool().unwrap_or_default();
            let list = el("select").class("select sm").set("aria-label", label);
            let list = list.tells(on, |id| Msg::Compare(CompareDeed::Value(Value::from(id == "true"))));
            let entry = |on: bool| option(on.to_string(), switched(on).to_owned(), on == now);
            pick("pick", list.each([true, false].map(entry)))
        }
        ParamKind::Choice { options } => {
            let now = value.as_str().unwrap_or_default();
            let list = el("select").class("select sm").set("aria-label", label);
            let list = list.tells(on, |id| Msg::Compare(CompareDeed::Value(Value::String(id))));
            pick(
                "pick",
                list.each(options.iter().map(|(id, name)| option(id.clone(), name.clone(), id == now))),
            )
        }
        _ => {
            let (shown, unit) = setup::shown(decl, value);
            let (on, owned, behind) = (on.clone(), decl.clone(), unit.clone());
            let heard = Callback::from(move |event: Event| {
                let value = setup::typed(&owned, &typed(&event), &behind);
                wrong(&event, value.is_none().then(|| setup::possible(&owned)).as_deref());
                value.into_iter().for_each(|value| on.emit(say(value)));
            });
            let field = controls::field(&label, shown, heard).class("box sm").set("inputmode", "decimal");
            fragment().with(field.set("aria-label", label)).with(el("span").class("muted").with(unit))
        }
    }
}

fn algorithms(app: &App, label: &'static str, now: &str) -> Option<El> {
    let pattern = app.catalogue.pattern(&app.scenario.system.pattern)?;
    let entry = |known: &AlgorithmDecl| option(known.id.clone(), known.label.clone(), known.id == now);
    Some(el("select").class("select sm").set("aria-label", label).each(pattern.algorithms.iter().map(entry)))
}

/// A choice by its name.
fn switched(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn named(decl: &ParamDecl, shown: &str) -> String {
    let options = match &decl.kind {
        ParamKind::Choice { options } => &options[..],
        _ => &[],
    };
    options.iter().find(|(id, _)| id == shown).map_or_else(|| shown.to_owned(), |(_, name)| name.clone())
}

/// The longest queue.
fn note(frame: &Frame) -> El {
    let queue = |node: &netsplit_lab::NodeFrame| node.queue.map_or(0, |(_, waiting, _)| waiting);
    let longest = frame.nodes.iter().filter(|node| !node.client).max_by_key(|node| queue(node));
    let words = match longest.filter(|node| queue(node) > 0) {
        Some(node) => format!("{} waiting at {}", format::count(queue(node).into()), node.name),
        None => String::new(),
    };
    el("span").class("note").with(words)
}

/// The second run's half.
#[inline(never)]
pub fn beside(app: &App, on: &Callback<Msg>) -> Option<El> {
    let session = app.session.as_ref().filter(|_| two(app))?;
    let catching = session.catching_up();
    let click = {
        let (on, canvas) = (on.clone(), app.refs.canvas_beside.clone());
        Callback::from(move |event: MouseEvent| {
            let Some(rect) = canvas.cast::<Element>().map(|canvas| canvas.get_bounding_client_rect()) else {
                return;
            };
            let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
            if target.is_some_and(|target| target.tag_name() == "CANVAS") {
                let (x, y) =
                    (f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top());
                on.emit(Msg::Beside(x, y));
            }
        })
    };
    let slow = || el("p").class("slow").set("role", "status").with("Simulating the other run");
    let saying = if spoken_for(&app.frame_beside).is_some() { "sr" } else { "saying" };
    let stage = el("div")
        .class("stage")
        .set("role", "group")
        .set("aria-label", format!("Run B: {}", describe(&app.frame_beside)))
        .on_click(click)
        .with(el("canvas").at(&app.refs.canvas_beside).set("aria-hidden", true))
        .with(el("canvas").class("above").at(&app.refs.above_beside).set("aria-hidden", true))
        .with(nodes(app, &app.frame_beside, on))
        .with(app.frame_beside.line.as_ref().map(|line| el("p").class(saying).with(line)))
        .with(catching.then(slow));
    Some(el("div").class("half").with(second(app, on)).with(stage))
}

/// What came of it: under the stages, or in the panel of metrics.
#[inline(never)]
pub fn results(app: &App, roomy: bool) -> Option<El> {
    let results = app.results.as_deref()?;
    // Under the stages all that has time to the right stands over one axis.
    let tall = |chart: &Chart| match (roomy, chart.id.as_str()) {
        (false, _) => charts::HEIGHT,
        (true, "p99") => 44.0,
        (true, _) => 22.0,
    };
    let last = results.charts.len().saturating_sub(1);
    let each = results.charts.iter().enumerate();
    let over = each.map(|(at, chart)| charts::of_runs(app, chart, tall(chart), !roomy || at == last));
    let region = el("div").class("numbers").set("role", "region").set("tabindex", "0");
    let (now, reached) = (app.panels.now, results.reached);
    let taken = match (format::instant(reached), now < reached) {
        (reached, true) => format!("Counted up to {reached}; the playhead is at {}.", format::instant(now)),
        (reached, false) => format!("Counted up to {reached}."),
    };
    let region = region
        .set("aria-label", "Both runs in numbers")
        .with((now < reached).then(|| el("p").class("hint taken").with(&taken)))
        .with(table(app, results))
        .with((now >= reached).then(|| el("p").class("hint").with(&taken)))
        .with(el("p").class("hint").with("Same seed, same requests, same faults."));
    let over = el("div").class("over").each(over);
    Some(el("div").class("res").with(curve(results)).with(over).with(region))
}

/// A number with its unit.
fn number(value: Option<f64>, unit: &str) -> String {
    match (value, unit) {
        (None, _) => "–".to_owned(),
        (Some(ms), "ms") => format::span(round(ms)),
        (Some(value), unit) => format!("{}{unit}", format::short(value)),
    }
}

/// Three digits of a number of milliseconds, in nanoseconds.
fn round(ms: f64) -> u64 {
    let ns = (ms * 1e6).max(0.0) as u64;
    let unit = 10u64.pow(ns.max(1).ilog10().saturating_sub(2));
    ns / unit * unit
}

fn table(app: &App, results: &Results) -> El {
    let promise_title = |id: &str| {
        let title = app.session.as_ref().map_or_else(String::new, |s| sweep::title(s.experiment(), id));
        format::sentence_case(&title)
    };
    let column = |at: usize, title: &String| {
        let key = el("span").class("keyed").with(run_key(at)).with(["A", "B"][at]);
        el("th").set("scope", "col").set("title", title).with(key)
    };
    let head = el("tr")
        .with(el("td"))
        .with(column(0, &results.titles.0))
        .with(column(1, &results.titles.1))
        .with(el("th").set("scope", "col").with("B against A"));
    let row = |row: &Row| {
        el("tr")
            .with(el("th").set("scope", "row").with(&row.label))
            .with(el("td").with(number(row.a, row.unit)))
            .with(el("td").with(number(row.b, row.unit)))
            .with(el("td").class("d").with(&row.words))
    };
    let promise = |verdict: &netsplit_lab::compare::Verdicts| {
        let cell = |grade: &Option<String>| {
            let (id, class) = match grade.as_deref() {
                Some("kept") => ("i-ok", "i16 c-ok"),
                Some("broken") => ("i-bad", "i16 c-bad"),
                Some("undecided") => ("i-unsure", "i16 c-ink"),
                Some("never_promised") => ("i-never", "i16 c-warn"),
                Some(_) => ("i-warn", "i16 c-warn"),
                None => return el("td").with(el("small").with("no such promise")),
            };
            let words = grade.as_deref().unwrap_or_default().replace('_', " ");
            el("td").with(icon(id, class)).with(el("small").with(words))
        };
        let same = if verdict.a == verdict.b { "same" } else { "" };
        el("tr")
            .with(el("th").set("scope", "row").with(promise_title(&verdict.promise)))
            .with(cell(&verdict.a))
            .with(cell(&verdict.b))
            .with(el("td").class("d").with(same))
    };
    let body = el("tbody").each(results.rows.iter().map(row)).each(results.verdicts.iter().map(promise));
    el("table").class("cmp").with(el("thead").with(head)).with(body)
}

/// The time within which a share of the operations was answered (ms).
fn within(curve: &Curve, share: f64) -> Option<f64> {
    curve.iter().find(|(_, done)| *done >= share).map(|(ms, _)| *ms)
}

/// How latency is distributed in both.
fn curve(results: &Results) -> El {
    let (top, foot) = (24.0, 172.0);
    let both = [&results.curves.0, &results.curves.1];
    let ends = |f: fn(&(f64, f64)) -> f64| both.into_iter().flatten().map(f).collect::<Vec<f64>>();
    let times = ends(|point| point.0);
    let least = times.iter().copied().filter(|ms| *ms > 0.0).fold(f64::MAX, f64::min);
    let most = times.iter().copied().fold(0.0, f64::max);
    let drawn = el("svg").set("viewBox", "0 0 344 190").set("role", "img");
    let name = text("tt", "16".to_owned(), "13".to_owned()).with("Latency, share of operations answered");
    if times.is_empty() {
        let none = text("ax", px((PLOT.0 + PLOT.1) / 2.0), "100".to_owned()).set("text-anchor", "middle");
        let drawn =
            drawn.set("aria-label", "Latency: no values yet").with(name).with(none.with("No values yet"));
        return el("div").class("chart").with(drawn);
    }
    let decades = scale::decades(least, most.max(least * 1.01));
    let (low, high) = (decades[0], decades[decades.len() - 1]);
    let x = |ms: f64| {
        let share = math::log10(ms.max(low) / low) / math::log10(high / low);
        PLOT.0 + (PLOT.1 - PLOT.0) * share.clamp(0.0, 1.0)
    };
    let y = |share: f64| foot - share.clamp(0.0, 1.0) * (foot - top - 6.0);
    let line = |(at, curve): (usize, &Curve)| {
        let mut d = String::new();
        for (step, (ms, share)) in curve.iter().enumerate() {
            d.push_str(&format!("{}{:.1} {:.1}", if step == 0 { "M" } else { "L" }, x(*ms), y(*share)));
        }
        path(["ln ra", "ln rb"][at], d)
    };
    let slowest = both.map(|curve| within(curve, 0.99));
    let mark = |(at, ms): (usize, &Option<f64>)| ms.map(|ms| run_mark(at, x(ms).round(), y(0.99).round()));
    let between = match slowest {
        [Some(a), Some(b)] if (x(a) - x(b)).abs() > 40.0 => {
            let (from, to) = (x(a).min(x(b)), x(a).max(x(b)));
            let at = y(0.99) + 16.0;
            let words =
                results.rows.iter().find(|row| row.id == "latency_ms.p99").map(|row| row.words.clone());
            let arrow = format!(
                "M{:.1} {at:.1}H{:.1}m-5 -4l5 4l-5 4M{:.1} {:.1}l-5 4l5 4",
                from + 2.0,
                to - 2.0,
                from + 7.0,
                at - 4.0
            );
            let name = text("rname", px((from + to) / 2.0), px(at + 15.0)).set("text-anchor", "middle");
            fragment().with(path("span", arrow)).with(name.with(format!("p99 {}", words.unwrap_or_default())))
        }
        _ => fragment(),
    };
    let tick = |ms: &f64| {
        let at = x(*ms).round() + 0.5;
        let label = text("ax", px(at), "185".to_owned()).set("text-anchor", "middle");
        fragment()
            .with(path("gridl", format!("M{at} {top}V{foot}")))
            .with(label.with(format::span((ms * 1e6) as u64)))
    };
    let level = |share: f64| {
        let at = y(share).round() + 0.5;
        let label = text("ax", "42".to_owned(), px(at + 3.5)).set("text-anchor", "end");
        let grid = path("gridl", format!("M{} {at}H{}", PLOT.0, PLOT.1));
        fragment().with(grid).with(label.with(format::percent(share)))
    };
    let said = |at: usize| slowest[at].map_or_else(|| "no values".to_owned(), |ms| format::span(round(ms)));
    let words = format!("Latency: 99% answered within {} in A, {} in B", said(0), said(1));
    let every = decades.len().div_ceil(5);
    let drawn = drawn
        .set("aria-label", words)
        .with(name)
        .each([0.0, 0.5, 0.99].map(level))
        .each(decades.iter().step_by(every).map(tick))
        .each(both.into_iter().enumerate().map(line))
        .each(slowest.iter().enumerate().filter_map(mark))
        .with(between);
    el("div").class("chart").with(drawn)
}

/// What each run came to, and where they part.
#[inline(never)]
pub fn verdict(app: &App, on: &Callback<Msg>) -> Option<El> {
    let results = app.results.as_deref().filter(|_| two(app))?;
    let p99 = results.rows.iter().find(|row| row.id == "latency_ms.p99");
    let failed = results
        .rows
        .iter()
        .filter(|row| row.id.starts_with("operations.failed") || row.id.ends_with("timed_out"));
    let failed =
        failed.fold((0.0, 0.0), |sum, row| (sum.0 + row.a.unwrap_or(0.0), sum.1 + row.b.unwrap_or(0.0)));
    // What a run breaks of its own has no excuse in what clients happened to see.
    let broken = [&app.panels.breaches, &results.breaches]
        .map(|all| all.iter().filter(|(_, time)| *time <= app.panels.now).count() as u64);
    // What clients saw is judged at the playhead; numbers count all that was simulated.
    let up_to = match app.panels.now < results.reached {
        true => format!(" up to {}", format::instant(results.reached)),
        false => String::new(),
    };
    let cell = |run: usize, said: &Option<Consistency>, failed: f64, p99: Option<f64>| {
        let name = ["A", "B"][run];
        let ((tone, id), title) = match said {
            _ if broken[run] > 0 => {
                let of = if broken[run] == 1 { "an invariant" } else { "invariants" };
                let title = format!("{} of {of}", format::many_as(broken[run], "breach", "breaches"));
                (summary::look(results.broke[run].unwrap_or(Grade::Undecided), true), title)
            }
            Some(said) => (summary::look(said.grade, said.promised), said.title.clone()),
            None if failed > 0.0 => {
                let failed = format::count(failed as u64);
                ((Tone::Warn, "i-warn"), format!("{failed} not answered{up_to}"))
            }
            None => ((Tone::Ok, "i-ok"), format!("all answered{up_to}")),
        };
        let text = match (said, p99) {
            (Some(said), _) => said.sentence.clone(),
            (None, Some(ms)) => format!("99% of the answers{up_to} came within {}.", format::span(round(ms))),
            (None, None) => "No answer yet.".to_owned(),
        };
        el("div")
            .class(if tone == Tone::Bad { "alarm" } else { "" })
            .with(icon(id, tone.class()))
            .with(el("b").set("title", &title).with(format!("{name}: {title}")))
            .with(el("p").set("title", &text).with(el("span").with(&text)))
    };
    let go = el("button").class("link").sends(on, Msg::Compare(CompareDeed::First)).with("Go there");
    let third = el("div")
        .with(icon("i-fork", "c-ink"))
        .with(el("b").with("Where the runs part"))
        .with(el("p").with(el("span").with("The first event that differs.")).with(" ").with(go));
    let p99 = |pick: fn(&Row) -> Option<f64>| p99.and_then(pick);
    Some(
        el("section")
            .class("verdict")
            .set("aria-label", "Verdict")
            .with(cell(0, &results.consistency.0, failed.0, p99(|row| row.a)))
            .with(cell(1, &results.consistency.1, failed.1, p99(|row| row.b)))
            .with(third),
    )
}

/// The way into a comparison, on the stage.
pub fn button(on: &Callback<Msg>) -> El {
    el("button")
        .class("btn sm")
        .set("title", "Lay another run beside this one (M)")
        .set("aria-keyshortcuts", "M")
        .sends(on, Msg::Compare(CompareDeed::Toggle))
        .with(icon("i-compare", "i16"))
        .with(el("span").class("word").with("Compare"))
}

/// The way into a branch, beside the transport.
pub fn fork(on: &Callback<Msg>) -> El {
    el("button")
        .class("btn line opt fork")
        .set("title", "Another course of events from this moment on (F)")
        .set("aria-keyshortcuts", "F")
        .sends(on, Msg::Branch(BranchDeed::Fork))
        .with(icon("i-fork", "i16"))
        .with("Fork from here")
}

/// Whether the results are in the panel of metrics.
pub fn in_panel(app: &App) -> bool {
    two(app) && app.ui.tab == Tab::Metrics && !crate::browser::matches(ROOMY)
}
