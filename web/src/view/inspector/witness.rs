//! An operation that nothing explains, with the few others that show it, in sentences; the sheet draws them.

use yew::prelude::*;

use super::title;
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::ui::Sheet;
use crate::view::dom::{El, el};
use crate::view::sheet::chain;

/// Why there is no order.
pub fn witness(app: &App, on: &Callback<Msg>, index: usize) -> El {
    let Some(found) = app.session.as_ref().and_then(|session| session.finding(index)) else {
        return el("p").class("empty").with("In this run every answer can be explained.");
    };
    let jump = el("button").class("btn line sm").sends(on, Msg::SeekTo(found.time));
    let draw = el("button").class("btn line sm").sends(on, Msg::Sheet(Some(Sheet::Why(index))));
    let acts = el("div")
        .class("acts")
        .with(draw.with("Show the operations"))
        .with(jump.with(format!("Jump to {}", format::exact(found.time))));
    let of = format!("{} of {}", index + 1, format::count(app.panels.violations.len() as u64));
    let section =
        el("section").with(title("Why is this a violation?", of)).with(chain(on, &found)).with(acts);
    el("div").class("ins").with(section)
}
