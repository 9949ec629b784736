//! What lies beside the stage, in place of the panels, until somebody goes back to it.
//!
//! - [`why`]: why a violation is one;
//! - [`lanes`]: the operations around it, a lane for each client;
//! - [`cap`]: what each partition cost;
//! - [`sweep`]: the same scenario over many seeds.

mod cap;
mod lanes;
pub mod sweep;
mod why;

pub use cap::{key as run_key, mark as run_mark};
pub use why::chain;

use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::ui::Sheet;

/// What stands above and beside the stage.
#[inline(never)]
pub fn main(app: &App, on: &Callback<Msg>, open: Sheet) -> El {
    match open {
        Sheet::Cap(cut) => cap::main(app, on, cut),
        Sheet::Sweep => sweep::main(app, on),
        Sheet::Why(index) => {
            let bar = bar(on).with(steps(app, on, index)).with(lanes::legend());
            fragment().with(bar).with(lanes::lanes(app, on, index))
        }
    }
}

/// What stands in the right panel's place.
#[inline(never)]
pub fn side(app: &App, on: &Callback<Msg>, open: Sheet) -> El {
    match open {
        Sheet::Why(index) => why::why(app, on, index),
        Sheet::Cap(_) => cap::side(app, on),
        Sheet::Sweep => sweep::side(app, on),
    }
}

/// The bar above a sheet, with the way back.
fn bar(on: &Callback<Msg>) -> El {
    let back = el("button").class("btn sm back").sends(on, Msg::Sheet(None));
    let back = back.with(icon("i-left", "i16")).with("Back to stage");
    el("div").class("vbar").with(back).with(el("span").class("sep"))
}

/// From one violation to the next.
fn steps(app: &App, on: &Callback<Msg>, index: usize) -> El {
    let violations = &app.panels.violations;
    let to = |at: Option<usize>, name: &'static str, id: &str| {
        let goal = at.and_then(|at| Some((at, violations.get(at)?.1)));
        el("button")
            .class("btn sm sq")
            .set("aria-label", name)
            .flag("disabled", goal.is_none())
            .sends(on, goal.map_or(Msg::Menu, |(at, time)| Msg::Violation(at, time)))
            .with(icon(id, "i16"))
    };
    let words = format!("Violation {} of {}", index + 1, format::count(violations.len() as u64));
    el("span")
        .class("jump")
        .with(to(index.checked_sub(1), "Previous violation", "i-left"))
        .with(el("span").with(words))
        .with(to(Some(index + 1), "Next violation", "i-right"))
}

/// The head of what stands in the right panel's place.
fn head(on: &Callback<Msg>, title: &'static str) -> El {
    let close = el("button").class("btn sm sq").set("aria-label", "Close").sends(on, Msg::Sheet(None));
    el("div").class("tabs named").with(el("h2").with(title)).with(close.with(icon("i-x", "i16")))
}
