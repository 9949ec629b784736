//! The time line: ruler, lane of faults, the algorithm's lanes, the playhead.

use netsplit_lab::{Amounts, Band, FaultBlock, small};
use web_sys::Element;
use yew::prelude::*;

use super::amounts;
use super::branches;
use super::dom::{El, el, fragment};
use super::icons::icon;
use super::violations::{self, Broken};
use crate::app::{App, Msg};
use crate::model::block::Grip;
use crate::model::ui::Selection;
use crate::model::{format, scale};
use crate::stage::theme;

const RULER: f64 = 22.0;
const LANE: f64 = 24.0;
/// Height of a further row of faults; there are so many rows at most.
const ROW: f64 = 18.0;
const ROWS: usize = 6;
/// Bands of a lane that are drawn, the newest; and what is no wider than this has no corners of its own (px).
const BANDS: usize = 1500;
const SLIVER: f64 = 4.0;

/// Width of the lane labels and of the right margin.
pub fn gutters(slim: bool) -> (f64, f64) {
    if slim { (0.0, 0.0) } else { (104.0, 20.0) }
}

/// Where an instant is.
pub(super) struct Axis {
    left: f64,
    pub(super) width: f64,
    duration: u64,
    pub(super) whole: f64,
    /// Where the playhead is.
    head: f64,
    /// The row of each fault in their lane, by its place in the list.
    rows: Vec<usize>,
}

impl Axis {
    /// The page's own.
    pub(super) fn new(app: &App) -> Self {
        let whole = Some(app.lanes_size.0)
            .filter(|w| *w > 10.0)
            .or_else(|| crate::browser::window().inner_width().ok().and_then(|w| w.as_f64()))
            .unwrap_or(1200.0);
        let (left, right) = gutters(app.slim);
        let width = (whole - left - right).max(10.0);
        let mut axis = Self { left, width, duration: app.axis, whole, head: 0.0, rows: Vec::new() };
        axis.head = axis.x(app.panels.now);
        if !app.slim {
            axis.rows = rows(&axis, &app.panels.faults);
        }
        axis
    }

    /// Upper edge of a lane (px); the faults' lane is the first.
    pub(super) fn top(&self, lane: usize) -> f64 {
        let more = self.rows.iter().copied().max().unwrap_or(0);
        RULER + LANE * lane as f64 + if lane > 0 { ROW * more as f64 } else { 0.0 }
    }

    /// Pixels from here to the right end.
    pub(super) fn room(&self, x: f64) -> f64 {
        self.whole - x
    }

    /// Where words begin that belong at `x`: none that the playhead would cross, but behind it.
    pub(super) fn clear(&self, x: f64, words: &str) -> f64 {
        let crossed = (x - 5.0..x + wide(words) + 4.0).contains(&self.head);
        if crossed { self.head + 6.0 } else { x }
    }

    pub(super) fn x(&self, at: u64) -> f64 {
        self.left + self.width * (at as f64 / self.duration.max(1) as f64).clamp(0.0, 1.0)
    }
}

/// The time line.
pub fn timeline(app: &App, on: &Callback<Msg>) -> El {
    let Some(session) = app.session.as_ref() else { return fragment() };
    let panels = &app.panels;
    let axis = Axis::new(app);
    let (left, whole) = (axis.left, axis.whole);
    let right = whole - left - axis.width;
    let lanes = &session.lanes;
    let judged = panels.consistency.is_some() || !panels.breaches.is_empty();
    // The lanes of the compared run stand under this one's.
    let other = app.results.as_deref().zip(session.beside());
    let own = lanes.len() + panels.amounts.len();
    let second = other.map_or(0, |(results, beside)| beside.lanes.len() + results.amounts.len());
    // What broke stands below all others, of each run that is judged.
    let (violations, breaches) = (&panels.violations[..], &panels.breaches[..]);
    let mut broken = Vec::new();
    if judged {
        broken.push(Broken { run: other.map(|_| 0), violations, breaches });
    }
    if let Some((results, _)) = other.filter(|(it, _)| it.consistency.1.is_some() || !it.breaches.is_empty())
    {
        let (violations, breaches) = (&results.violations[..], &results.breaches[..]);
        broken.push(Broken { run: Some(1), violations, breaches });
    }
    let first = 1 + own + second;
    let last = first + broken.len();
    let lines = panels.branches.len() > 1;
    let height = axis.top(last) + branches::height(&panels.branches) + 6.0;
    let (down, moved) = scrub(app, on);
    let up = {
        let on = on.clone();
        Callback::from(move |_: PointerEvent| on.emit(Msg::Hold(false)))
    };
    let simmed = axis.x(panels.frontier) - axis.left;
    let done = axis.x(panels.now) - axis.left;
    let foot = height - 4.0;
    let shards = app.scenario.system.pattern == "sharding";
    let rect = |width: f64| rect("simmed", left, RULER, width, px(height - RULER - 6.0));
    let tick = |tick: u64| {
        let x = axis.x(tick);
        let anchor = match tick {
            0 => "start",
            _ if x > whole - right - 8.0 => "end",
            _ => "middle",
        };
        let clear = (x - axis.x(panels.now)).abs() > 52.0;
        let label = || text("ax", px(x), "13".to_owned()).set("text-anchor", anchor).with(format::span(tick));
        fragment().with(clear.then(label)).with(path("gridl", format!("M{:.1} 18V{foot}", x.round() + 0.5)))
    };
    let run = |name: &'static str, label: &String| {
        if other.is_some() { format!("{name} {}", lower(label)) } else { label.clone() }
    };
    let lane = |name: &'static str,
                skip: usize,
                all: &[Band],
                (at, (id, label)): (usize, &(String, String))| {
        let at = skip + at;
        let place = (axis.top(at) + 4.0, 16.0);
        fragment().with(lane_label(&axis, &run(name, label), at)).with(bands(&axis, all, id, place, shards))
    };
    let amount = |name: &'static str, skip: usize, (at, amounts): (usize, &Amounts)| {
        let at = skip + at;
        let mine = name == "A";
        let others = other.map(|(results, _)| if mine { &results.amounts } else { &panels.amounts });
        let like = others.and_then(|all| all.iter().find(|one| one.lane == amounts.lane));
        let beside = like.map(|like| (like, if mine { "amount ra" } else { "amount rb" }));
        let place = (axis.top(at) + 4.0, 16.0);
        fragment()
            .with(lane_label(&axis, &run(name, &amounts.label), at))
            .with(amounts::amounts(&axis, amounts, place, beside))
    };
    let beside = other.map(|(results, beside)| {
        let skip = 1 + own;
        fragment()
            .each(beside.lanes.iter().enumerate().map(|entry| lane("B", skip, &results.bands, entry)))
            .each(
                results.amounts.iter().enumerate().map(|entry| amount("B", skip + beside.lanes.len(), entry)),
            )
    });
    let drawing = slider(app, on, session.duration())
        .set("viewBox", format!("0 0 {whole:.0} {height:.0}"))
        .set("preserveAspectRatio", "none")
        .with(rect(simmed))
        .with(rect(done))
        .each(scale::time_ticks(0, app.axis, 12).into_iter().map(tick))
        .with(lane_label(&axis, "Faults", 0))
        .each((0..panels.faults.len()).map(|at| block(&axis, at, &panels.faults)))
        .each(lanes.iter().enumerate().map(|entry| lane("A", 1, &panels.bands, entry)))
        .each(panels.amounts.iter().enumerate().map(|entry| amount("A", 1 + lanes.len(), entry)))
        .with(beside)
        .each(broken.iter().enumerate().map(|(at, broken)| violations::lane(&axis, *broken, first + at)))
        .with(lines.then(|| branches::lane(&axis, &panels.branches, last)))
        .with(path("gridl", format!("M16 {:.1}H{:.0}", foot + 0.5, whole - 16.0)))
        .with((!app.breaks.list.is_empty()).then(|| super::breaks::marks(app, &axis, foot)));
    el("div")
        .class("line-area")
        .at(&app.refs.lanes)
        .set("data-css", format!("--lanes-h:{height}px"))
        .on_pointer(down, moved, up)
        .with(drawing)
        .each(panels.faults.iter().enumerate().map(|(at, fault)| fault_button(app, on, &axis, (at, fault))))
        .each(
            broken
                .iter()
                .enumerate()
                .flat_map(|(at, broken)| violations::buttons(app, on, &axis, *broken, first + at)),
        )
        .with(lines.then(|| branches::buttons(app, on, &axis, last)))
        .with(el("canvas").class("headc").at(&app.refs.head).set("aria-hidden", true))
}

/// A label within a line: "Leaders" is "leaders".
fn lower(label: &str) -> String {
    let mut label = label.to_owned();
    label.get_mut(..1).into_iter().for_each(str::make_ascii_lowercase);
    label
}

/// About how wide the words beside a lane's marks are.
pub(super) fn wide(words: &str) -> f64 {
    6.0 * words.chars().count() as f64
}

/// Pixels.
pub fn px(value: f64) -> String {
    format!("{value:.1}")
}

/// A rectangle.
pub fn rect(class: &'static str, x: f64, y: f64, width: f64, height: String) -> El {
    el("rect").class(class).set("x", px(x)).set("y", px(y)).set("width", px(width)).set("height", height)
}

/// A text.
pub fn text(class: &'static str, x: String, y: String) -> El {
    el("text").class(class).set("x", x).set("y", y)
}

/// A line.
pub fn path(class: &'static str, d: String) -> El {
    el("path").class(class).set("d", d)
}

pub(super) fn lane_label(axis: &Axis, label: &str, at: usize) -> El {
    let (y, whole) = (axis.top(at), axis.whole);
    let name = text("ax", "16".to_owned(), px(y + 16.0)).set("fill", "var(--ink-2)").with(label.to_owned());
    fragment().with(path("gridl", format!("M16 {:.1}H{:.0}", y + 0.5, whole - 16.0))).with(name)
}

pub(super) fn extent(axis: &Axis, fault: &FaultBlock) -> (f64, f64) {
    let a = axis.x(fault.from);
    (a, (axis.x(fault.to) - a).max(7.0))
}

/// The row of each fault: the first one in which nothing else is in force with it.
fn rows(axis: &Axis, faults: &[FaultBlock]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..faults.len()).collect();
    small::sort_by_key(&mut order, |at| faults[*at].from);
    let mut ends: Vec<f64> = Vec::new();
    let mut rows = vec![0; faults.len()];
    for at in order {
        let (x, width) = extent(axis, &faults[at]);
        let free = ends.iter().position(|end| *end <= x);
        let row = free.unwrap_or(ends.len()).min(ROWS - 1);
        if row == ends.len() {
            ends.push(0.0);
        }
        ends[row] = f64::max(ends[row], x + width);
        rows[at] = row;
    }
    rows
}

/// A fault: hatched block with its label inside or, where that is too narrow and nothing follows, behind it.
fn block(axis: &Axis, at: usize, all: &[FaultBlock]) -> El {
    let fault = &all[at];
    let (x, width) = extent(axis, fault);
    let y = RULER + 4.0 + ROW * axis.rows[at] as f64;
    let label = fault.label.as_str();
    let needed = label.chars().count() as f64 * 5.9 + 12.0;
    let beside = all.iter().zip(&axis.rows).filter(|(_, row)| **row == axis.rows[at]);
    let next = beside.filter(|(f, _)| f.from > fault.from).map(|(f, _)| axis.x(f.from));
    let next = next.fold(f64::MAX, f64::min);
    let inside = needed <= width.min(next - x);
    let behind = !inside && x + width + needed < next.min(axis.whole - 16.0);
    let label = |x: f64| text("flab", px(x), px(y + 12.0)).with(label.to_owned());
    let name = if inside {
        fragment()
            .with(rect("fback", x + 4.0, y + 2.0, needed - 6.0, "12".to_owned()).set("rx", "2"))
            .with(label(x + 7.0))
    } else {
        fragment().with(behind.then(|| label(x + width + 6.0)))
    };
    let class = if fault.no_effect { "fblock none" } else { "fblock" };
    fragment()
        .with(rect(class, x + 0.5, y + 0.5, width - 1.0, "15".to_owned()).set("rx", "3"))
        .with(hatch(x, y, width, 16.0))
        .with(name)
}

/// Slanted lines across a block.
pub(super) fn hatch(x: f64, y: f64, width: f64, height: f64) -> El {
    let lines = (width / 6.0) as usize;
    let slant = |at: usize| {
        let at = x + at as f64 * 6.0;
        let foot = (at - height * 0.6).max(x);
        format!("M{at:.1} {y}L{foot:.1} {:.1}", y + (at - foot) / 0.6)
    };
    path("fhatch", (1..lines.min(400)).map(slant).collect())
}

/// The bands of a lane with its top and height: each has all of it, but where others are in force as well. Who is so now
/// beside another is named behind them.
pub(super) fn bands(axis: &Axis, bands: &[Band], lane: &str, (top, tall): (f64, f64), shards: bool) -> El {
    let mut here: Vec<&Band> = bands.iter().filter(|band| band.lane == lane).collect();
    small::sort_by_key(&mut here, |band| band.from);
    let skip = here.len().saturating_sub(BANDS);
    let mut list = fragment();
    // Slivers are one path of each hue.
    let mut slivers: Vec<(u32, String)> = Vec::new();
    let mut open: Vec<&Band> = Vec::new();
    let mut next = skip;
    for band in here.iter().skip(skip) {
        open.retain(|other| other.to > band.from);
        while next < here.len() && here[next].from < band.to {
            open.push(here[next]);
            next += 1;
        }
        // All that is in force together with it.
        let near: Vec<&Band> = open.iter().copied().filter(|other| other.from < band.to).collect();
        let mut group = el("g").class(theme::hue(band.hue, shards));
        let (mut named, mut drawn) = (false, false);
        for (from, to) in pieces(band, &near) {
            let together = || near.iter().filter(|b| b.from < to && from < b.to);
            let height = tall / together().count().clamp(1, 4) as f64;
            let order = together().position(|b| std::ptr::eq(*b, *band)).unwrap_or(0).min(3) as f64;
            let (x, end) = (axis.x(from), axis.x(to));
            // Bands that follow each other are kept apart, pieces of one are not.
            let width = (end - x - if to == band.to { 1.0 } else { 0.0 }).max(1.5);
            let y = top + order * height;
            if width < SLIVER {
                let sliver = format!("M{x:.1} {y:.1}h{width:.1}v{:.1}h-{width:.1}z", height - 0.5);
                match slivers.iter_mut().find(|(hue, _)| *hue == band.hue) {
                    Some((_, path)) => path.push_str(&sliver),
                    None => slivers.push((band.hue, sliver)),
                }
                continue;
            }
            drawn = true;
            group = group.with(rect("band", x, y, width, px(height - 0.5)).set("rx", "2"));
            let fits = width > band.label.chars().count() as f64 * 6.2 + 10.0 && height >= 16.0;
            if fits && !named {
                named = true;
                group = group.with(text("bandlab", px(x + 6.0), px(top + 11.8)).with(&band.label));
            }
        }
        list = list.with(drawn.then_some(group));
    }
    let sliver = |(hue, d): (u32, String)| el("g").class(theme::hue(hue, shards)).with(path("band", d));
    let last = here.iter().map(|band| band.to).max().unwrap_or(0);
    let still: Vec<&str> =
        here.iter().filter(|band| band.to == last).map(|band| band.label.as_str()).collect();
    let words = if matches!(still.len(), 2 | 3) { still.join(" and ") } else { String::new() };
    let x = axis.clear(axis.x(last) + 6.0, &words);
    let room = !words.is_empty() && axis.room(x) > wide(&words);
    let beside = room.then(|| text("ax", px(x), px(top + 12.0)).set("fill", "var(--ink-2)").with(words));
    list.each(slivers.into_iter().map(sliver)).with(beside)
}

/// A band's extent, cut wherever another one begins or ends.
fn pieces(band: &Band, near: &[&Band]) -> Vec<(u64, u64)> {
    let mut pieces = Vec::new();
    let mut from = band.from;
    while from < band.to {
        let edges = near.iter().flat_map(|other| [other.from, other.to]);
        let to = edges.filter(|edge| *edge > from).min().unwrap_or(band.to).min(band.to);
        pieces.push((from, to));
        from = to;
    }
    pieces
}

fn fault_button(app: &App, on: &Callback<Msg>, axis: &Axis, (at, fault): (usize, &FaultBlock)) -> El {
    let (x, width) = extent(axis, fault);
    let index = fault.index;
    let selected = app.ui.selection == Selection::Fault(index);
    let alone = |msg: Msg| {
        let on = on.clone();
        Callback::from(move |event: MouseEvent| {
            event.stop_propagation();
            on.emit(msg.clone());
        })
    };
    let top = RULER + 3.0 + ROW * axis.rows[at] as f64;
    let take = || {
        let left = (x + width + 3.0).min(axis.whole - 22.0);
        el("button")
            .class("fdel")
            .set("data-css", format!("left:{left:.1}px;top:{top:.1}px"))
            .set("aria-label", format!("Take {} out of the run", fault.label))
            .set("title", "Take out of the run")
            .on_click(alone(Msg::Remove(index)))
            .with(icon("i-x", ""))
    };
    let scale = axis.duration as f64 / axis.width;
    let down = {
        let on = on.clone();
        Callback::from(move |event: PointerEvent| {
            let target: Option<Element> = event.target_dyn_into();
            let Some(target) = target.filter(|_| event.button() == 0) else { return };
            let _ = target.set_pointer_capture(event.pointer_id());
            let part = match target.class_name().as_str() {
                "edge" => Grip::Start,
                "edge end" => Grip::End,
                _ => Grip::Whole,
            };
            on.emit(Msg::Grab(index, part, f64::from(event.client_x()), scale));
        })
    };
    let moved = {
        let on = on.clone();
        Callback::from(move |event: PointerEvent| {
            // The playhead stays where it is.
            event.stop_propagation();
            if event.buttons() & 1 == 1 {
                on.emit(Msg::GrabTo(Some(f64::from(event.client_x()))));
            }
        })
    };
    let up = {
        let on = on.clone();
        Callback::from(move |event: PointerEvent| {
            if event.type_() == "pointercancel" {
                // Back where it was.
                on.emit(Msg::GrabTo(Some(f64::NAN)));
            }
            on.emit(Msg::GrabTo(None));
        })
    };
    let lasts = fault.to > fault.from;
    let mut words = format!("Fault: {}, from {}", fault.label, format::instant(fault.from));
    if lasts {
        words = format!("{words} to {}", format::instant(fault.to));
    }
    let edge = |class: &'static str| lasts.then(|| el("i").class(class));
    let button = el("button")
        .class("fbtn")
        .set("data-fault", index as u64)
        .set("data-css", format!("left:{x:.1}px;top:{top:.1}px;width:{width:.1}px"))
        .set("aria-label", words)
        .set("aria-pressed", selected)
        .on_click(alone(Msg::Select(Selection::Fault(index))))
        .on_key(block_keys(on, index, axis.duration / 200))
        .on_pointer(down, moved, up)
        .with(edge("edge"))
        .with(edge("edge end"));
    fragment().with(button).with(selected.then(take))
}

/// Left and right move a block, with Shift its end; Delete takes it out.
fn block_keys(on: &Callback<Msg>, index: usize, step: u64) -> Callback<KeyboardEvent> {
    let on = on.clone();
    Callback::from(move |event: KeyboardEvent| {
        let part = if event.shift_key() { Grip::End } else { Grip::Whole };
        let step = step.max(1_000_000) as i64;
        let msg = match event.key().as_str() {
            "ArrowLeft" => Msg::Block(index, part, -step),
            "ArrowRight" => Msg::Block(index, part, step),
            "Delete" | "Backspace" => Msg::Remove(index),
            _ => return,
        };
        event.prevent_default();
        on.emit(msg);
    })
}

/// Dragging anywhere but on a fault moves the playhead.
pub(super) fn scrub(app: &App, on: &Callback<Msg>) -> (Callback<PointerEvent>, Callback<PointerEvent>) {
    let lanes = app.refs.lanes.clone();
    let (duration, slim) = (app.axis, app.slim);
    let seek = {
        let on = on.clone();
        move |event: &PointerEvent| {
            let Some(element) = lanes.cast::<Element>() else { return };
            let rect = element.get_bounding_client_rect();
            let (left, right) = gutters(slim);
            let share =
                (f64::from(event.client_x()) - rect.left() - left) / (rect.width() - left - right).max(1.0);
            on.emit(Msg::Seek((share.clamp(0.0, 1.0) * duration as f64) as u64));
        }
    };
    let down = {
        let (seek, hold) = (seek.clone(), on.clone());
        Callback::from(move |event: PointerEvent| {
            let target: Option<Element> = event.target_dyn_into();
            let Some(target) = target.filter(|t| t.closest("button").ok().flatten().is_none()) else {
                return;
            };
            if event.button() == 0 {
                let _ = target.set_pointer_capture(event.pointer_id());
                hold.emit(Msg::Hold(true));
                seek(&event);
            }
        })
    };
    let moved = Callback::from(move |event: PointerEvent| {
        let target: Option<Element> = event.target_dyn_into();
        if event.buttons() & 1 == 1 && target.is_some_and(|t| t.has_pointer_capture(event.pointer_id())) {
            seek(&event);
        }
    });
    (down, moved)
}

/// A drawing that is a slider over the run's time.
pub(super) fn slider(app: &App, on: &Callback<Msg>, duration: u64) -> El {
    let now = app.panels.now;
    let seconds = |at: u64| format!("{:.3}", at as f64 / 1e9);
    let split = if app.frame.partitions.is_empty() { "" } else { ", partitioned" };
    let words = format!("{} of {}{split}", format::instant(now), format::instant(duration));
    // A key goes on from where the last one is still on its way to.
    let from = app.session.as_ref().and_then(|session| session.goal).unwrap_or(now);
    el("svg")
        .set("role", "slider")
        .set("tabindex", "0")
        .set("aria-label", "Time line")
        .set("aria-valuemin", "0")
        .set("aria-valuemax", seconds(duration))
        .set("aria-valuenow", seconds(now))
        .set("aria-valuetext", words)
        .on_key(slider_keys(on, from, duration))
}

fn slider_keys(on: &Callback<Msg>, from: u64, duration: u64) -> Callback<KeyboardEvent> {
    let on = on.clone();
    Callback::from(move |event: KeyboardEvent| {
        let step = duration / 100;
        let to = match event.key().as_str() {
            "ArrowLeft" | "ArrowDown" => from.saturating_sub(step),
            "ArrowRight" | "ArrowUp" => from + step,
            "PageDown" => from.saturating_sub(step * 10),
            "PageUp" => from + step * 10,
            "Home" => 0,
            "End" => duration,
            _ => return,
        };
        event.prevent_default();
        on.emit(Msg::Seek(to.min(duration)));
    })
}
