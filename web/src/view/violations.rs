//! The lane of the time line that shows the operations that nothing explains.

use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::timeline::{Axis, lane_label, path, px, text, wide};
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::ui::{CompareDeed, Selection, Sheet};

/// Marks stand apart so much at least (px).
const APART: f64 = 9.0;

/// A mark on the lane: a violation, or a breach of an invariant.
#[derive(Clone, Copy)]
struct Mark {
    index: usize,
    time: u64,
    breach: bool,
    x: f64,
}

/// What broke in a run.
#[derive(Clone, Copy)]
pub(super) struct Broken<'a> {
    /// Which of two it is, if there are two.
    pub(super) run: Option<usize>,
    /// Operations that nothing explains: event and instant (ns).
    pub(super) violations: &'a [(u64, u64)],
    /// Invariants: event and instant (ns).
    pub(super) breaches: &'a [(u64, u64)],
}

impl Broken<'_> {
    /// The violations and breaches that have a mark of their own.
    fn marks(&self, axis: &Axis) -> Vec<Mark> {
        let mark = |breach: bool| {
            move |(index, (_, time)): (usize, &(u64, u64))| Mark {
                index,
                time: *time,
                breach,
                x: axis.x(*time),
            }
        };
        let mut all: Vec<Mark> = self.breaches.iter().enumerate().map(mark(true)).collect();
        all.extend(self.violations.iter().enumerate().map(mark(false)));
        netsplit_lab::small::sort_by_key(&mut all, |mark| mark.time);
        let mut marks: Vec<Mark> = Vec::new();
        for mark in all {
            if marks.last().is_none_or(|last| mark.x - last.x >= APART) {
                marks.push(mark);
            }
        }
        marks
    }
}

/// An octagon: half of an edge, and half of its width.
fn octagon(x: f64, middle: f64, (edge, half): (f64, f64)) -> String {
    let (long, cut) = (edge * 2.0, half - edge);
    format!(
        "M{:.1} {:.1}h{long}l{cut} {cut}v{long}l-{cut} {cut}h-{long}l-{cut} -{cut}v-{long}z",
        x - edge,
        middle - half
    )
}

/// On the strip of a narrow page: an octagon for each.
#[inline(never)]
pub(super) fn strip(app: &App, axis: &Axis, middle: f64) -> El {
    let (violations, breaches) = (&app.panels.violations[..], &app.panels.breaches[..]);
    let marks = Broken { run: None, violations, breaches }.marks(axis);
    fragment().each(marks.into_iter().map(|mark| path("vmark", octagon(mark.x, middle, (2.0, 4.8)))))
}

/// The lane: an octagon for each, a hollow square in the second of two runs, and how many there are.
pub(super) fn lane(axis: &Axis, broken: Broken<'_>, at: usize) -> El {
    let middle = axis.top(at) + 12.0;
    let second = broken.run == Some(1);
    let mark = |Mark { x, .. }: Mark| {
        let octagon = octagon(x, middle, if second { (5.0, 5.0) } else { (2.5, 6.0) });
        let cross = format!("M{:.1} {:.1}l4.4 4.4m0-4.4l-4.4 4.4", x - 2.2, middle - 2.2);
        let classes = if second { ("vmark b", "vcross b") } else { ("vmark", "vcross") };
        fragment().with(path(classes.0, octagon)).with(path(classes.1, cross))
    };
    let all = broken.marks(axis);
    let words = match (broken.violations.len() as u64, broken.breaches.len() as u64) {
        (0, 0) => "none".to_owned(),
        (count, 0) => format::many(count, "violation"),
        (0, count) => format!("{} of invariants", format::many_as(count, "breach", "breaches")),
        (count, broken) => {
            let broken = format::many_as(broken, "breach", "breaches");
            format!("{}, {broken} of invariants", format::many(count, "violation"))
        }
    };
    let label = match broken.run {
        None => "Violations",
        Some(0) => "A violations",
        Some(_) => "B violations",
    };
    let end = all.last().map_or(axis.x(0) + 4.0, |mark| mark.x + 12.0);
    let wide = wide(&words);
    let (mut end, mut anchor) = (axis.clear(end, &words), "start");
    if axis.room(end) < wide {
        // At the right end of a run they stand before the last mark that has room, or else end at the edge.
        let mut from = axis.x(0);
        (end, anchor) = (axis.whole, "end");
        for mark in &all {
            let to = mark.x - 12.0;
            if to - from > wide {
                end = to;
            }
            from = mark.x + 12.0;
        }
    }
    let words = text("ax", px(end), px(middle + 4.0)).set("text-anchor", anchor).with(words);
    fragment().with(lane_label(axis, label, at)).each(all.into_iter().map(mark)).with(words)
}

/// Buttons over the marks. The Tab key passes over them: keys go from one to the next in the inspector, and with the
/// comma and the full stop.
pub(super) fn buttons(app: &App, on: &Callback<Msg>, axis: &Axis, broken: Broken<'_>, at: usize) -> Vec<El> {
    let top = axis.top(at) + 2.0;
    let second = broken.run == Some(1);
    let button = |Mark { index, time, breach, x }: Mark| {
        let (name, all, selection, msg) = match breach {
            false => (
                "Violation",
                broken.violations.len(),
                Selection::Violation(index),
                Msg::Violation(index, time),
            ),
            true => (
                "Broken invariant",
                broken.breaches.len(),
                Selection::Breach(index),
                Msg::Breach(index, time),
            ),
        };
        let msg = if second { Msg::Compare(CompareDeed::Broken(index, breach, time)) } else { msg };
        let run = ["", " in A", " in B"][broken.run.map_or(0, |run| run + 1)];
        let go = {
            let on = on.clone();
            Callback::from(move |event: MouseEvent| {
                event.stop_propagation();
                on.emit(msg.clone());
            })
        };
        el("button")
            .class("vbtn")
            .set("tabindex", "-1")
            .set("data-css", format!("left:{x:.1}px;top:{top:.1}px"))
            .set("aria-label", format!("{name} {} of {all}{run}, {}", index + 1, format::instant(time)))
            .set("aria-pressed", !second && app.ui.selection == selection)
            .on_click(go)
    };
    if second {
        return broken.marks(axis).into_iter().map(button).collect();
    }
    // The operations of the violation that is explained, by their numbers; the last one is the violation itself.
    let explained = match app.ui.sheet {
        Some(Sheet::Why(index)) => app.session.as_ref().and_then(|session| session.finding(index)),
        _ => None,
    };
    let shown = explained.map(|found| found.shown).unwrap_or_default();
    let numbered = shown.iter().enumerate().filter(|(_, op)| !op.odd).map(|(at, op)| {
        let goal = op.to.unwrap_or(op.from);
        el("button")
            .class("wbtn")
            .set("tabindex", "-1")
            .set("data-css", format!("left:{:.1}px;top:{top:.1}px", axis.x(goal)))
            .set("aria-label", format!("{}: {}", at + 1, op.sentence))
            .sends(on, Msg::SeekTo(goal))
            .with((at + 1).to_string())
    });
    broken.marks(axis).into_iter().map(button).chain(numbered).collect()
}
