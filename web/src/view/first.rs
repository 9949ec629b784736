//! The first visit: what one sees, one number, one thing to do.

use netsplit_lab::text;
use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use super::timeline::{path, px};
use crate::app::{App, Msg};
use crate::model::format;

/// Values that the small line shows.
const VALUES: usize = 60;
/// Size of its box.
const BOX: (f64, f64) = (300.0, 36.0);

/// What lies around the stage on a first visit.
pub fn first(app: &App, on: &Callback<Msg>) -> El {
    let words = |id: &str| text::say(id, &[]);
    let hello = el("div")
        .class("hello")
        .with(el("h1").with(&app.scenario.title))
        .with(el("p").with(&app.scenario.notes));
    let button = el("button")
        .class("btn solid")
        .sends(on, Msg::SlowDown)
        .with(icon("i-slow", "i20"))
        .with(words("first-button"));
    let look = el("p").with(el("b").with(words("first-look"))).with(" ").with(words("first-look-at"));
    let todo = el("div").class("todo").with(el("i").set("aria-hidden", true)).with(button).with(look);
    fragment().with(hello).with(watch(app)).with(todo)
}

/// The number to watch, with what it was.
fn watch(app: &App) -> El {
    // The charts come with the panels, after the first action.
    let shown = app.session.as_ref().map_or_else(Vec::new, |session| session.experiment().tail(VALUES));
    // What is usual is halfway up.
    let mean = shown.iter().sum::<f64>() / f64::max(shown.len() as f64, 1.0);
    let y = |value: f64| BOX.1 * (1.0 - 0.5 * value / f64::max(mean, 1.0)).max(0.0);
    let mut drawn = String::new();
    let (mut x, mut last) = (0.0, mean);
    for value in &shown {
        drawn.push_str(if drawn.is_empty() { "M" } else { "L" });
        drawn.push_str(&px(x));
        drawn.push(' ');
        drawn.push_str(&px(y(*value)));
        (x, last) = (x + BOX.0 / VALUES as f64, *value);
    }
    let dot = el("circle").set("cx", px(x)).set("cy", px(y(last))).set("r", "4");
    let drawing = el("svg")
        .set("viewBox", "0 0 310 40")
        .set("aria-hidden", true)
        .with(path("gridl", format!("M0 39.500H{}", BOX.0)))
        .with(path("ln soft", drawn))
        .with(dot);
    let state = text::say(if last > mean * 1.5 { "first-rising" } else { "first-steady" }, &[]);
    let number = format!("{} ms", format::short(last));
    el("div")
        .class("watch")
        .with(el("h2").with(text::say("first-number", &[])))
        .with(el("b").with(number).with(el("small").with(state)))
        .with(drawing)
}

/// What the page says about itself beside the transport.
pub fn promise() -> El {
    el("span").class("promise").with(text::say("first-promise", &[]))
}
