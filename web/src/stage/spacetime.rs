//! The space-time diagram on its canvas.

use netsplit_lab::spacetime::Lane;
use netsplit_lab::{FaultBlock, Legend};
use web_sys::CanvasRenderingContext2d as Canvas;

use super::dense::Dense;
use super::glyphs::{dash, path};
use super::theme::Theme;
use crate::model::format;
use crate::model::spacetime::{BOTTOM, Diagram, LEFT, Places, RIGHT, TOP};

/// Labels on the axis.
const TICKS: u64 = 6;
/// With lanes lower than this, not each has its name.
const NAME: f64 = 14.0;
const ROLES: [&str; 6] = ["append", "vote_request", "vote", "client", "data", "gossip"];

/// Draws it anew. False where not all of it is there as yet: it is to be drawn again.
pub fn draw(
    on: &Canvas,
    (diagram, dense): (&Diagram, &mut Dense),
    legend: &[Legend],
    faults: &[FaultBlock],
    theme: &Theme,
    (size, ratio): ((f64, f64), f64),
) -> bool {
    let places = diagram.places(size);
    let mut whole = true;
    on.set_global_alpha(1.0);
    on.set_fill_style_str(&theme.stage);
    on.fill_rect(0.0, 0.0, size.0, size.1);
    axis(on, diagram, theme, &places, size);
    for fault in faults {
        // Shaded while it lasts, with its name on top.
        let (from, to) = (places.x(fault.from).max(LEFT), places.x(fault.to).min(size.0 - RIGHT));
        if to > from || (fault.from == fault.to && (LEFT..size.0 - RIGHT).contains(&from)) {
            on.set_fill_style_str(&theme.fault);
            on.set_global_alpha(0.07);
            on.fill_rect(from, TOP, (to - from).max(1.0), size.1 - TOP - BOTTOM);
            on.set_global_alpha(1.0);
            on.set_text_align("left");
            let _ = on.fill_text(&fault.label, from + 3.0, TOP - 4.0);
        }
    }
    lanes(on, diagram, theme, &places, size);
    // What does not belong to the causal past fades: first the rest, then that.
    let some = diagram.past.is_some();
    for part in if some { [Some(false), Some(true)] } else { [None, None] } {
        on.set_global_alpha(if part == Some(false) { 0.22 } else { 1.0 });
        if Dense::meant(diagram) {
            whole &= dense.draw(on, diagram, legend, theme, (size, ratio), part);
        } else {
            arrows(on, diagram, legend, theme, &places, part);
            dots(on, diagram, theme, &places, part);
        }
        if part.is_none() {
            break;
        }
    }
    on.set_global_alpha(1.0);
    chain(on, diagram, theme, &places);
    // Nothing lies over the names.
    on.set_fill_style_str(&theme.stage);
    on.fill_rect(0.0, TOP, LEFT - 8.0, size.1);
    names(on, diagram, theme, &places);
    whole
}

fn axis(on: &Canvas, diagram: &Diagram, theme: &Theme, places: &Places<'_>, size: (f64, f64)) {
    on.set_font(&format!("11px {}", theme.font));
    on.set_text_align("center");
    on.set_line_width(1.0);
    for tick in 0..=TICKS {
        let time = diagram.from + diagram.span / TICKS * tick;
        let x = places.x(time);
        on.set_stroke_style_str(&theme.line);
        path(on, &[(x, TOP), (x, size.1 - BOTTOM)], false);
        on.stroke();
        on.set_fill_style_str(&theme.ink_2);
        let fine = diagram.span / TICKS < 100_000_000;
        let label = if fine { format::exact(time) } else { format::instant(time) };
        let _ = on.fill_text(&label, x, TOP - 18.0);
    }
}

fn lanes(on: &Canvas, diagram: &Diagram, theme: &Theme, places: &Places<'_>, size: (f64, f64)) {
    // Of lanes that would run into each other, those with names have lines.
    let each = if places.lane < 4.0 { named(places) } else { 1 };
    for (at, lane) in diagram.data.lanes.iter().enumerate() {
        let y = places.y(lane.node);
        on.set_line_width(1.0);
        on.set_stroke_style_str(&theme.line_3);
        // Who may yet be added has no line.
        if let Some(born) = born(lane, diagram).filter(|_| at % each == 0) {
            path(on, &[(places.x(born).max(LEFT), y), (size.0 - RIGHT, y)], false);
            on.stroke();
        }
        for (from, to) in &lane.down {
            let (from, to) = (places.x(*from).max(LEFT), places.x(*to));
            on.set_line_width(4.0);
            on.set_stroke_style_str(&theme.stage);
            path(on, &[(from, y), (to, y)], false);
            on.stroke();
            on.set_line_width(1.5);
            on.set_stroke_style_str(&theme.fault);
            dash(on, &[2.0, 4.0]);
            path(on, &[(from, y), (to, y)], false);
            on.stroke();
            dash(on, &[]);
            cross(on, from, y, 4.0);
        }
        for (from, to) in &lane.paused {
            on.set_line_width(5.0);
            on.set_global_alpha(0.4);
            on.set_stroke_style_str(&theme.fault);
            path(on, &[(places.x(*from).max(LEFT), y), (places.x(*to), y)], false);
            on.stroke();
            on.set_global_alpha(1.0);
        }
    }
}

/// When the node of a lane came, where that is before the picture's end.
fn born(lane: &Lane, diagram: &Diagram) -> Option<u64> {
    lane.born.filter(|born| *born < diagram.from + diagram.span)
}

/// One of so many lanes has its name beside it.
fn named(places: &Places<'_>) -> usize {
    (NAME / places.lane).ceil().max(1.0) as usize
}

fn names(on: &Canvas, diagram: &Diagram, theme: &Theme, places: &Places<'_>) {
    on.set_font(&format!("600 12px {}", theme.font));
    on.set_text_align("right");
    let each = named(places);
    for lane in diagram.data.lanes.iter().step_by(each) {
        let there = born(lane, diagram).is_some();
        on.set_fill_style_str(if there { &theme.ink } else { &theme.ink_3 });
        let _ = on.fill_text(&lane.name, LEFT - 12.0, places.y(lane.node) + 4.0);
    }
}

fn cross(on: &Canvas, x: f64, y: f64, by: f64) {
    path(on, &[(x - by, y - by), (x + by, y + by)], false);
    on.stroke();
    path(on, &[(x - by, y + by), (x + by, y - by)], false);
    on.stroke();
}

/// Whether an event belongs to the part that is drawn now.
pub(super) fn belongs(diagram: &Diagram, event: u64, part: Option<bool>) -> bool {
    let Some(wanted) = part else { return true };
    diagram.past.as_ref().is_some_and(|past| past.events.binary_search(&event).is_ok()) == wanted
}

fn arrows(
    on: &Canvas,
    diagram: &Diagram,
    legend: &[Legend],
    theme: &Theme,
    places: &Places<'_>,
    part: Option<bool>,
) {
    on.set_line_width(if part == Some(true) { 2.0 } else { 1.2 });
    let mine = |arrow: &&netsplit_lab::spacetime::Arrow| match part {
        None => true,
        Some(wanted) => {
            let inside = arrow.event > 0
                && belongs(diagram, arrow.event, Some(true))
                && (arrow.sent < diagram.from || belongs(diagram, arrow.cause, Some(true)));
            inside == wanted
        }
    };
    // One path for each colour: thousands of strokes would take too long.
    for (at, role) in ROLES.iter().enumerate() {
        let ink = theme.message.get(at).map_or(theme.ink_2.as_str(), |ink| ink.css.as_str());
        on.set_stroke_style_str(ink);
        on.set_fill_style_str(ink);
        let own = |kind: u8| legend.get(usize::from(kind)).is_some_and(|kind| kind.role == *role);
        let all = || diagram.data.arrows.iter().filter(|arrow| !arrow.lost && own(arrow.kind)).filter(mine);
        on.begin_path();
        for arrow in all() {
            let (from, to) =
                ((places.x(arrow.sent), places.y(arrow.from)), (places.x(arrow.at), places.y(arrow.to)));
            on.move_to(from.0, from.1);
            on.line_to(to.0, to.1);
        }
        on.stroke();
        on.begin_path();
        for arrow in all() {
            let (from, to) =
                ((places.x(arrow.sent), places.y(arrow.from)), (places.x(arrow.at), places.y(arrow.to)));
            head(on, from, to);
        }
        on.fill();
    }
    on.set_stroke_style_str(&theme.ink_3);
    dash(on, &[3.0, 3.0]);
    let lost = || diagram.data.arrows.iter().filter(|arrow| arrow.lost).filter(mine);
    // A lost message never came to its receiver's line.
    let ends = |arrow: &netsplit_lab::spacetime::Arrow| {
        let (from, to) =
            ((places.x(arrow.sent), places.y(arrow.from)), (places.x(arrow.at), places.y(arrow.to)));
        let at = |a: f64, b: f64| a + (b - a) * 0.82;
        // What was lost as it was sent is drawn as a stub.
        let x = if to.0 - from.0 < 6.0 { from.0 + 10.0 } else { at(from.0, to.0) };
        (from, (x, at(from.1, to.1)))
    };
    on.begin_path();
    for (from, to) in lost().map(ends) {
        on.move_to(from.0, from.1);
        on.line_to(to.0, to.1);
    }
    on.stroke();
    dash(on, &[]);
    on.set_stroke_style_str(&theme.fault);
    lost().map(ends).for_each(|(_, to)| cross(on, to.0, to.1, 3.0));
}

fn head(on: &Canvas, from: (f64, f64), to: (f64, f64)) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let long = (dx * dx + dy * dy).sqrt().max(0.001);
    let (ux, uy) = (dx / long, dy / long);
    on.move_to(to.0, to.1);
    on.line_to(to.0 - 7.0 * ux + 3.0 * uy, to.1 - 7.0 * uy - 3.0 * ux);
    on.line_to(to.0 - 7.0 * ux - 3.0 * uy, to.1 - 7.0 * uy + 3.0 * ux);
}

fn dots(on: &Canvas, diagram: &Diagram, theme: &Theme, places: &Places<'_>, part: Option<bool>) {
    on.set_fill_style_str(&theme.ink);
    on.begin_path();
    let half = if places.lane < NAME { 1.0 } else { 2.2 };
    let shown = diagram.data.events.iter().filter(|dot| dot.node != u32::MAX);
    for dot in shown.filter(|dot| belongs(diagram, dot.event, part)) {
        on.rect(places.x(dot.time) - half, places.y(dot.node) - half, 2.0 * half, 2.0 * half);
    }
    on.fill();
}

/// The steps of the chain, numbered.
fn chain(on: &Canvas, diagram: &Diagram, theme: &Theme, places: &Places<'_>) {
    let Some(past) = &diagram.past else { return };
    on.set_text_align("center");
    // Numbers that would lie on each other go above and below the line in turn.
    let (mut before, mut below) = ((f64::NEG_INFINITY, f64::NEG_INFINITY), false);
    for (at, step) in past.chain.iter().enumerate().filter(|(_, step)| step.node != u32::MAX) {
        let (x, y) = (places.x(step.time), places.y(step.node));
        below = !below && (before.1 - y).abs() < 1.0 && x - before.0 < NAME;
        before = (x, y);
        let last = step.event == past.event;
        let r = if last { 7.0 } else { 4.0 };
        on.begin_path();
        let _ = on.arc(x, y, r, 0.0, std::f64::consts::TAU);
        on.set_fill_style_str(if last { &theme.focus } else { &theme.stage });
        on.fill();
        on.set_line_width(2.0);
        on.set_stroke_style_str(&theme.ink);
        on.stroke();
        on.set_font(&format!("600 11px {}", theme.font));
        on.set_fill_style_str(&theme.ink);
        let _ = on.fill_text(&(at + 1).to_string(), x, if below { y + r + 12.0 } else { y - r - 4.0 });
    }
}
