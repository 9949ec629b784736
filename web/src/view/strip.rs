//! The time line where there is no room for the whole one: faults and lanes without labels, and the playhead.

use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::timeline::{Axis, bands, extent, hatch, px, rect, scrub, slider};
use super::violations;
use crate::app::{App, Msg};
use crate::parts;

/// Height of the whole strip, and of the faults' lane in it.
const HEIGHT: f64 = 32.0;
const FAULTS: f64 = 11.0;

/// The strip.
pub fn strip(app: &App, on: &Callback<Msg>) -> El {
    let Some(session) = app.session.as_ref() else { return fragment() };
    let axis = Axis::new(app);
    let (down, moved) = scrub(app, on);
    let up = {
        let on = on.clone();
        Callback::from(move |_: PointerEvent| on.emit(Msg::Hold(false)))
    };
    let shards = app.scenario.system.pattern == "sharding";
    let tall = (HEIGHT - FAULTS - 2.0) / session.lanes.len().max(1) as f64;
    let lane = |(at, (id, _)): (usize, &(String, String))| {
        bands(&axis, &app.panels.bands, id, (FAULTS + 1.0 + tall * at as f64, tall - 1.0), shards)
    };
    let fault = |fault| {
        let (x, width) = extent(&axis, fault);
        fragment()
            .with(rect("fblock", x + 0.5, 1.5, width - 1.0, px(FAULTS - 3.0)).set("rx", "2"))
            .with(hatch(x, 1.5, width, FAULTS - 3.0))
    };
    let drawing = slider(app, on, session.duration())
        .set("viewBox", format!("0 0 {:.0} {HEIGHT}", axis.width))
        .set("preserveAspectRatio", "none")
        .with(rect("simmed", 0.0, 0.0, axis.x(app.panels.frontier), px(HEIGHT)))
        .each(app.panels.faults.iter().map(fault))
        .each(session.lanes.iter().enumerate().map(lane))
        .with(parts::ready(parts::PANELS).then(|| violations::strip(app, &axis, (FAULTS + HEIGHT) / 2.0)))
        .with((!app.breaks.list.is_empty()).then(|| super::breaks::marks(app, &axis, HEIGHT)));
    el("div")
        .class("strip line-area")
        .at(&app.refs.lanes)
        .on_pointer(down, moved, up)
        .with(drawing)
        .with(el("div").class("head").at(&app.refs.head).set("aria-hidden", true))
}
