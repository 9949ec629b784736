//! The lane of the time line that shows courses of events: a line for each, leaving its parent's where they part.

use netsplit_lab::BranchFrame;
use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::timeline::{Axis, lane_label, path, px, text};
use crate::app::{App, Msg};
use crate::model::compare::title;
use crate::model::format;
use crate::model::ui::{BranchDeed, Selection};

/// Height of a line's row; so many rows are shown at most, the shown line's among them.
const ROW: f64 = 14.0;
const ROWS: usize = 5;

/// The lines that have a row, with their places among all.
fn rows(all: &[BranchFrame]) -> Vec<&BranchFrame> {
    let mut rows: Vec<&BranchFrame> = all.iter().take(ROWS).collect();
    if let Some(shown) = all.iter().skip(ROWS).find(|branch| branch.current) {
        rows[ROWS - 1] = shown;
    }
    rows
}

/// The lane's height, where there is one.
pub(super) fn height(all: &[BranchFrame]) -> f64 {
    if all.len() > 1 { 10.0 + ROW * rows(all).len() as f64 } else { 0.0 }
}

fn y(top: f64, row: usize) -> f64 {
    top + 12.0 + ROW * row as f64
}

/// The lane.
#[inline(never)]
pub(super) fn lane(axis: &Axis, all: &[BranchFrame], at: usize) -> El {
    let (top, rows) = (axis.top(at), rows(all));
    let place = |id: Option<u32>| rows.iter().position(|branch| Some(branch.id) == id).unwrap_or(0);
    let line = |(row, branch): (usize, &&BranchFrame)| {
        let (end, here) = (axis.x(branch.reached), y(top, row));
        let class = if branch.current { "branch on" } else { "branch" };
        let from = axis.x(branch.from);
        let drawn = match branch.parent {
            None => format!("M{:.1} {here:.1}H{end:.1}", axis.x(0)),
            Some(_) => {
                let above = y(top, place(branch.parent));
                let end = end.max(from + 12.0);
                format!(
                    "M{from:.1} {above:.1}C{:.1} {above:.1} {:.1} {here:.1} {:.1} {here:.1}H{end:.1}",
                    from + 5.0,
                    from + 3.0,
                    from + 10.0
                )
            }
        };
        let fork = branch.parent.map(|_| {
            let dot = el("circle").class(if branch.current { "bdot on" } else { "bdot" });
            dot.set("cx", px(from)).set("cy", px(y(top, place(branch.parent)))).set("r", "3")
        });
        let tip = el("circle").class(if branch.current { "btip on" } else { "btip" });
        let tip = tip.set("cx", px(end.max(from))).set("cy", px(here)).set("r", "2");
        let after = end.max(from + 12.0) + 8.0;
        let words = title(&branch.name);
        let room = ((axis.room(after) - 24.0) / 6.0).max(0.0) as usize;
        let short: String = words.chars().take(room).collect();
        let name = (room > 6).then(|| {
            let cut = if short.len() < words.len() { "…" } else { "" };
            text(if branch.current { "ax on" } else { "ax" }, px(after), px(here + 4.0))
                .with(format!("{short}{cut}"))
        });
        fragment().with(path(class, drawn)).with(fork).with(tip).with(name)
    };
    fragment().with(lane_label(axis, "Branches", at)).each(rows.iter().enumerate().map(line))
}

/// Buttons over the lines: a click shows one.
#[inline(never)]
pub(super) fn buttons(app: &App, on: &Callback<Msg>, axis: &Axis, at: usize) -> El {
    let all = &app.panels.branches;
    let top = axis.top(at);
    let button = |(row, branch): (usize, &&BranchFrame)| {
        let x = if branch.parent.is_some() { axis.x(branch.from) } else { axis.x(0) };
        let width = (axis.x(branch.reached) - x).max(40.0) + 60.0;
        let msg = match branch.current {
            true => Msg::Select(Selection::Branch(branch.id)),
            false => Msg::Branch(BranchDeed::Show(branch.id)),
        };
        let go = {
            let on = on.clone();
            Callback::from(move |event: MouseEvent| {
                event.stop_propagation();
                on.emit(msg.clone());
            })
        };
        let parted = match branch.parent {
            Some(_) => format!(", leaves at {}", format::instant(branch.from.saturating_sub(1))),
            None => String::new(),
        };
        el("button")
            .class("bbtn")
            .set("data-css", format!("left:{x:.1}px;top:{:.1}px;width:{width:.1}px", y(top, row) - ROW / 2.0))
            .set("data-branch", u64::from(branch.id))
            .set("aria-label", format!("Course of events: {}{parted}", title(&branch.name)))
            .set("title", title(&branch.name))
            .set("aria-pressed", branch.current)
            .on_click(go)
    };
    fragment().each(rows(all).iter().enumerate().map(button))
}
