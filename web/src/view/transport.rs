//! Play, pause, single events, the time, the speed.

use netsplit_lab::scenario::json::number;
use yew::prelude::*;

use super::compare;
use super::controls::{option, pick, typed};
use super::dom::{El, el, fragment};
use super::icons::{self, icon};
use crate::app::{App, Msg};
use crate::model::breaks::Deed;
use crate::model::format;
use crate::model::playback::{self, SLIDER};

/// The row of controls.
pub fn transport(app: &App, on: &Callback<Msg>) -> El {
    let Some(session) = app.session.as_ref() else { return fragment() };
    let playing = session.playback.playing;
    let state = if session.goal.is_some() {
        "simulating"
    } else if playing {
        "playing"
    } else if app.breaks.hit.is_some_and(|(_, time)| time == session.now()) {
        "stopped at a breakpoint"
    } else if session.finished() {
        "end of the run"
    } else if session.now() == 0 {
        "at the start"
    } else if app.panels.violations.iter().chain(&app.panels.breaches).any(|(_, time)| *time == session.now())
    {
        "paused on a violation"
    } else {
        "paused"
    };
    let button = |class: &'static str, label: &'static str, title: &'static str, msg: Msg| {
        el("button").class(class).set("aria-label", label).set("title", title).sends(on, msg)
    };
    let play = if playing {
        icons::picture("0 0 24 24", "i i20".to_owned())
            .with(el("path").set("d", "M7.500 6h3v12h-3zM13.500 6h3v12h-3z"))
    } else {
        icon("i-play", "i20")
    };
    el("div")
        .class("ctrl")
        .with(
            button("btn sq opt", "Back to the start", "Back to the start", Msg::Seek(0))
                .with(icon("i-restart", "")),
        )
        .with(
            button("btn sq", "Previous event", "Previous event (Left)", Msg::Step(false))
                .with(icon("i-stepb", "")),
        )
        .with(
            button("play", if playing { "Pause" } else { "Play" }, "Play, pause (Space)", Msg::Toggle)
                .with(play),
        )
        .with(button("btn sq", "Next event", "Next event (Right)", Msg::Step(true)).with(icon("i-stepf", "")))
        .with(
            el("span")
                .class("clock")
                .with(el("canvas").at(&app.refs.clock).set("aria-hidden", true))
                .with(el("span").class("sr").with(format::clock(session.now())))
                .with(el("small").with(state)),
        )
        .with(el("span").class("grow"))
        .with(jump(app, on))
        .with(
            button("btn sq opt", "Breakpoints", "Breakpoints (B)", Msg::Breaks(Deed::Show))
                .with(icon("i-break", "")),
        )
        .with(el("span").class("sep opt"))
        .with(compare::fork(on))
        .with(el("span").class("sep opt"))
        .with(step(app, on, true, "btn sq opt"))
        .with(step(app, on, false, "btn sq opt"))
        .with(el("span").class("sep opt"))
        .with(el("span").class("muted opt").with(format!("{} events", format::count(session.events()))))
        .with(el("span").class("sep opt"))
        .with(speed(session.playback.speed, on))
}

/// One step back, or forward again, named after what it undoes or does again.
pub fn step(app: &App, on: &Callback<Msg>, back: bool, class: &'static str) -> El {
    let (word, key, id, msg) = match back {
        true => ("Undo", "Ctrl Z", "i-undo", Msg::Undo),
        false => ("Redo", "Ctrl Shift Z", "i-redo", Msg::Redo),
    };
    let what = app.steps[usize::from(!back)].as_ref();
    let name = what.map_or_else(|| word.to_owned(), |what| format!("{word}: {what}"));
    el("button")
        .class(class)
        .set("title", format!("{name}, {key}"))
        .set("aria-label", name)
        .flag("disabled", !app.history.can(back))
        .sends(on, msg)
        .with(icon(id, ""))
}

/// From one thing worth seeing to the next.
fn jump(app: &App, on: &Callback<Msg>) -> El {
    let (at, all) = app.panels.marks;
    let none =
        |violations: &[(u64, u64)], breaches: &[(u64, u64)]| violations.is_empty() && breaches.is_empty();
    let beside = app.results.as_ref().is_none_or(|other| none(&other.violations, &other.breaches));
    let (name, back, on_to) = match beside && none(&app.panels.violations, &app.panels.breaches) {
        // The log's notable entries are some of them: faults and spells of failures are others.
        true => ("Moment", "Previous thing worth seeing (,)", "Next thing worth seeing (.)"),
        false => ("Violation", "Previous violation (,)", "Next violation (.)"),
    };
    let to = |forward: bool, id: &str, label: &'static str| {
        let button = el("button").class("btn sq").set("aria-label", label).set("title", label);
        button.sends(on, Msg::Jump(forward)).with(icon(id, "i16"))
    };
    el("span")
        .class("jump opt")
        .with(to(false, "i-left", back))
        .with(el("span").with(format!(
            "{name} {} of {}",
            format::count(at as u64),
            format::count(all as u64)
        )))
        .with(to(true, "i-right", on_to))
}

fn speed(speed: f64, on: &Callback<Msg>) -> El {
    let place = playback::place(speed);
    let oninput = {
        let on = on.clone();
        Callback::from(move |event: InputEvent| {
            on.emit(Msg::Speed(playback::at_place(number(&typed(&event)).unwrap_or(600.0))));
        })
    };
    let text = format::pace(speed);
    let range = el("input")
        .set("type", "range")
        .set("min", "0")
        .set("max", SLIDER.to_string())
        .set("step", "1")
        .value(format!("{place:.0}"))
        .set("data-css", format!("--v:{:.1}%", place / SLIDER * 100.0))
        .set("aria-label", "Speed")
        .set("aria-valuetext", &text)
        .on_input(oninput);
    let mark = |(at, label): (usize, &'static str)| {
        let x = 7.0 + 162.0 * at as f64 / 5.0;
        el("text")
            .class("ax")
            .set("x", format!("{x:.1}"))
            .set("y", "14")
            .set("text-anchor", "middle")
            .with(label)
    };
    let marks = [".001", ".01", ".1", "1", "10", "100"].into_iter().enumerate();
    let ruler = el("svg").set("viewBox", "0 0 176 20").set("aria-hidden", true).each(marks.map(mark));
    let list = el("select")
        .class("select sm")
        .set("aria-label", "Speed")
        .tells(on, |text| Msg::Speed(number(&text).unwrap_or(1.0)))
        .each(playback::round_speeds().map(|round| {
            option(round.to_string(), format::speed(round), (round - speed).abs() < round * 0.01)
        }));
    el("div")
        .class("speed")
        .with(el("span").with("Speed"))
        .with(el("div").class("track").with(range).with(ruler))
        .with(el("b").class("opt").with(text))
        .with(pick("pick chooser", list))
}
