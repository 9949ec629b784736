//! The lane of the time line that shows the operations that nothing explains.

use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::timeline::{Axis, LANE, RULER, lane_label, path, text};
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::session::Panels;
use crate::model::ui::{Selection, Sheet};

/// Marks stand apart so much at least (px).
const APART: f64 = 9.0;

/// Indices of the violations that have a mark of their own, and where.
fn marks(axis: &Axis, panels: &Panels) -> Vec<(usize, f64)> {
    let mut marks: Vec<(usize, f64)> = Vec::new();
    for (index, (_, time)) in panels.violations.iter().enumerate() {
        let x = axis.x(*time);
        if marks.last().is_none_or(|(_, last)| x - last >= APART) {
            marks.push((index, x));
        }
    }
    marks
}

/// The lane: an octagon for each, and how many there are.
pub(super) fn lane(axis: &Axis, panels: &Panels, at: usize) -> El {
    let middle = RULER + LANE * at as f64 + 12.0;
    let mark = |(_, x): (usize, f64)| {
        let (a, b) = (2.5, 6.0);
        let octagon = format!(
            "M{:.1} {:.1}h{}l{c} {c}v{}l-{c} {c}h-{}l-{c} -{c}v-{}z",
            x - a,
            middle - b,
            a * 2.0,
            a * 2.0,
            a * 2.0,
            a * 2.0,
            c = b - a
        );
        let cross = format!("M{:.1} {:.1}l4.4 4.4m0-4.4l-4.4 4.4", x - 2.2, middle - 2.2);
        fragment().with(path("vmark", octagon)).with(path("vcross", cross))
    };
    let all = marks(axis, panels);
    let end = all.last().map_or(axis.x(0) + 4.0, |(_, x)| x + 12.0);
    let words = match panels.violations.len() as u64 {
        0 => "none".to_owned(),
        count => format::many(count, "violation"),
    };
    fragment()
        .with(lane_label("Violations", at, axis.whole))
        .each(all.into_iter().map(mark))
        .with(text("ax", format!("{end:.1}"), format!("{:.1}", middle + 4.0)).with(words))
}

/// Buttons over the marks. The Tab key passes over them: keys go from one to the next in the inspector, and with the
/// comma and the full stop.
pub(super) fn buttons(app: &App, on: &Callback<Msg>, axis: &Axis, at: usize) -> Vec<El> {
    let panels = &app.panels;
    let top = RULER + LANE * at as f64 + 2.0;
    let all = panels.violations.len();
    let button = |(index, x): (usize, f64)| {
        let time = panels.violations[index].1;
        let go = {
            let on = on.clone();
            Callback::from(move |event: MouseEvent| {
                event.stop_propagation();
                on.emit(Msg::Violation(index, time));
            })
        };
        el("button")
            .class("vbtn")
            .set("tabindex", "-1")
            .set("data-css", format!("left:{x:.1}px;top:{top:.1}px"))
            .set("aria-label", format!("Violation {} of {all}, {}", index + 1, format::instant(time)))
            .set("aria-pressed", app.ui.selection == Selection::Violation(index))
            .on_click(go)
    };
    // The operations of the violation that is explained, by their numbers; the last one is the violation itself.
    let explained = match app.ui.sheet {
        Some(Sheet::Why(index)) => app.session.as_ref().and_then(|session| session.finding(index)),
        None => None,
    };
    let shown = explained.map(|found| found.shown).unwrap_or_default();
    let numbered = shown.iter().enumerate().map(|(at, op)| {
        let goal = op.to.unwrap_or(op.from);
        el("button")
            .class("wbtn")
            .set("tabindex", "-1")
            .set("data-css", format!("left:{:.1}px;top:{top:.1}px", axis.x(goal)))
            .set("aria-label", format!("{}: {}", at + 1, op.sentence))
            .sends(on, Msg::SeekTo(goal))
            .with((at + 1).to_string())
    });
    marks(axis, panels).into_iter().map(button).chain(numbered).collect()
}
