//! The space-time diagram over the stage, and in the right panel why the selected event happened.

use netsplit_lab::causes::Step;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::{glyph, icon};
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::spacetime::{Deed, Diagram, LEFT, RIGHT};

/// Kinds of file, and what they are called.
const FILES: [(&str, &str); 8] = [
    ("svg", "Diagram (SVG)"),
    ("png", "Diagram (PNG)"),
    ("stage-svg", "Stage (SVG)"),
    ("stage-png", "Stage (PNG)"),
    ("jsonl", "Trace (JSON lines)"),
    ("shiviz", "Log for ShiViz"),
    ("csv", "Charts (CSV)"),
    ("prometheus", "Numbers (Prometheus)"),
];

/// The diagram.
#[inline(never)]
pub fn diagram(app: &App, on: &Callback<Msg>) -> El {
    let tool = |id: &str, label: &'static str, deed: Deed| {
        let button = el("button").class("btn sq sm").set("aria-label", label).set("title", label);
        button.sends(on, Msg::Diagram(deed)).with(icon(id, "i16"))
    };
    let (down, moved, up) = pointer(app, on);
    let events = app.diagram.data.events.len() as u64;
    let words = format!(
        "Space-time diagram: {} from {} on. Left and right walk along a node's line, up and down follow a message, \
         plus and minus zoom, Enter goes there.",
        format::many(events, "event"),
        format::instant(app.diagram.from),
    );
    el("div")
        .class("spacetime")
        .set("role", "application")
        .set("tabindex", "0")
        .set("aria-label", words)
        .set("data-shown", events)
        .maybe("data-event", app.diagram.selected())
        .on_key(keys(on))
        .on_pointer(down, moved, up)
        .with(el("canvas").at(&app.refs.diagram).set("aria-hidden", true))
        .with(el("div").class("now").at(&app.refs.now).set("aria-hidden", true))
        .with(
            el("div")
                .class("look")
                .set("role", "group")
                .set("aria-label", "View of time")
                .with(tool("i-left", "Earlier", Deed::Pan(-0.5)))
                .with(tool("i-minus", "More of time", Deed::Zoom(false, 0.5)))
                .with(tool("i-plus", "Less of time", Deed::Zoom(true, 0.5)))
                .with(tool("i-right", "Later", Deed::Pan(0.5))),
        )
        .with(app.diagram.data.cut.then(|| el("p").class("slow").with("Too much happens here: zoom in.")))
}

fn keys(on: &Callback<Msg>) -> Callback<KeyboardEvent> {
    let on = on.clone();
    Callback::from(move |event: KeyboardEvent| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let deed = match event.key().as_str() {
            "ArrowLeft" if event.shift_key() => Deed::Pan(-0.25),
            "ArrowRight" if event.shift_key() => Deed::Pan(0.25),
            "ArrowLeft" => Deed::Along(false),
            "ArrowRight" => Deed::Along(true),
            "ArrowUp" => Deed::Across(false),
            "ArrowDown" => Deed::Across(true),
            "+" | "=" => Deed::Zoom(true, 0.5),
            "-" => Deed::Zoom(false, 0.5),
            "Enter" => Deed::Go,
            "Escape" => Deed::Drop,
            _ => return,
        };
        // The buttons on it have keys of their own.
        let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
        if target.is_some_and(|target| target.tag_name() == "BUTTON") && event.key() == "Enter" {
            return;
        }
        event.prevent_default();
        on.emit(Msg::Diagram(deed));
    })
}

type Heard = Callback<PointerEvent>;

/// A press that moves drags the picture; one that does not selects.
fn pointer(app: &App, on: &Callback<Msg>) -> (Heard, Heard, Heard) {
    let canvas = app.refs.diagram.clone();
    let place = move |event: &PointerEvent| {
        let rect = canvas.cast::<Element>().map(|canvas| canvas.get_bounding_client_rect())?;
        let at = (f64::from(event.client_x()) - rect.left(), f64::from(event.client_y()) - rect.top());
        Some((at, rect.width().max(1.0)))
    };
    let (held, fingers) = (app.diagram_held.clone(), app.diagram_fingers.clone());
    let down = {
        let (held, place, fingers) = (held.clone(), place.clone(), fingers.clone());
        Callback::from(move |event: PointerEvent| {
            let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
            let Some(target) = target.filter(|target| target.tag_name() == "CANVAS") else { return };
            if event.button() == 0 {
                let _ = target.set_pointer_capture(event.pointer_id());
                let at = place(&event);
                held.set(at.map(|((x, y), _)| (x, y, false)));
                let mut fingers = fingers.borrow_mut();
                fingers.retain(|(id, _)| *id != event.pointer_id());
                fingers.extend(at.map(|((x, _), _)| (event.pointer_id(), x)));
                if fingers.len() > 1 {
                    // Two fingers neither select nor drag.
                    held.set(None);
                }
            }
        })
    };
    let moved = {
        let (on, held, place, fingers) = (on.clone(), held.clone(), place.clone(), fingers.clone());
        Callback::from(move |event: PointerEvent| {
            if let Some(((x, _), width)) = place(&event)
                && let Some((deed, moved)) = pinched(&mut fingers.borrow_mut(), event.pointer_id(), x, width)
            {
                on.emit(Msg::Diagram(deed));
                on.emit(Msg::Diagram(moved));
                return;
            }
            let (Some((from, y, dragged)), Some(((x, _), width))) = (held.get(), place(&event)) else {
                return;
            };
            if dragged || (x - from).abs() > 4.0 {
                held.set(Some((x, y, true)));
                on.emit(Msg::Diagram(Deed::Pan((from - x) / width)));
            }
        })
    };
    let on = on.clone();
    let up = Callback::from(move |event: PointerEvent| {
        fingers.borrow_mut().retain(|(id, _)| *id != event.pointer_id());
        if let (Some((_, _, false)), Some(((x, y), _))) = (held.take(), place(&event)) {
            on.emit(Msg::Diagram(Deed::Click(x, y)));
        }
    });
    (down, moved, up)
}

/// One of two fingers moved to a place: how the picture grows around their middle, and goes with it.
fn pinched(fingers: &mut [(i32, f64)], id: i32, x: f64, width: f64) -> Option<(Deed, Deed)> {
    let [a, b] = fingers else { return None };
    let before = (a.1, b.1);
    match id {
        known if known == a.0 => a.1 = x,
        known if known == b.0 => b.1 = x,
        _ => return None,
    }
    let apart = |(a, b): (f64, f64)| (a - b).abs().max(24.0);
    let middle = |(a, b): (f64, f64)| (a + b) / 2.0;
    let now = (a.1, b.1);
    let grown = Deed::Scale(apart(now) / apart(before), Diagram::share(middle(before), width));
    Some((grown, Deed::Pan((middle(before) - middle(now)) / (width - LEFT - RIGHT).max(1.0))))
}

/// Why the selected event happened.
pub fn why(app: &App, on: &Callback<Msg>) -> El {
    let Some((past, step)) = app.diagram.past.as_ref().zip(app.diagram.step()) else {
        return fragment()
            .with(el("p").class("empty").with("Select an event in the diagram: what led to it is told here."))
            .with(files(on));
    };
    let others = past.of as u64 - past.events.len() as u64;
    let about = format!(
        "{} of {} so far in this part could have influenced it. The other {} are faded.",
        past.events.len(),
        format::many(past.of as u64, "event"),
        others
    );
    let row = |(at, step): (usize, &Step)| {
        let kind = step.message.and_then(|kind| app.session.as_ref()?.legend.get(usize::from(kind)).cloned());
        let mark = match &kind {
            Some(kind) => glyph(&kind.role, &kind.shape),
            None => icon(if step.kind == "fault" { "i-bolt" } else { "i-message" }, "i16"),
        };
        el("li").key(step.event.to_string()).with(
            el("button")
                .set("aria-current", if step.event == past.event { "true" } else { "false" })
                .sends(on, Msg::Diagram(Deed::Pick(step.event)))
                .with(el("i").with((at + 1).to_string()))
                .with(mark)
                .with(el("span").with(el("b").with(step.name.clone())).with(" ").with(step.sentence.clone()))
                .with(el("time").with(format::instant(step.time))),
        )
    };
    let clock = app.diagram.data.logical(past.event).map(|clock| {
        let name = |node: u32| {
            let lane = app.diagram.data.lanes.iter().find(|lane| lane.node == node);
            lane.map_or("faults", |lane| lane.name.as_str())
        };
        let vector: Vec<String> =
            clock.vector.iter().map(|(node, count)| format!("{} {count}", name(*node))).collect();
        el("dl")
            .class("clocks")
            .with(el("dt").with("Lamport clock"))
            .with(el("dd").with(clock.lamport.to_string()))
            .with(el("dt").with("Vector clock"))
            .with(el("dd").with(vector.join(", ")))
            .with(el("dt").with("Own wall clock"))
            .with(el("dd").with(own_clock(app, step)))
    });
    let act = |label: &'static str, deed: Deed| {
        el("button").class("btn sm").sends(on, Msg::Diagram(deed)).with(label)
    };
    el("div")
        .class("because")
        .with(
            el("h3")
                .set("aria-live", "polite")
                .with(format!("Why {} {}", step.name, step.sentence).trim_end().to_owned()),
        )
        .with(el("p").with(about))
        .with((past.older > 0).then(|| act("Older causes", Deed::Older)))
        .with(
            el("ol")
                .class("causes")
                .set("aria-label", "Causes, the oldest first")
                .each(past.chain.iter().enumerate().map(row)),
        )
        .with(
            el("div").class("row").with(act("Go to this moment", Deed::Go)).with(act("Show all", Deed::Drop)),
        )
        .with(clock)
        .with(el("p").class("small").with("Clocks count from the left edge of the diagram."))
        .with(files(on))
}

/// What the node's own wall clock showed, between the readings of its lane.
fn own_clock(app: &App, step: &Step) -> String {
    let lane = app.diagram.data.lanes.iter().find(|lane| lane.node == step.node);
    let readings = lane.map_or(&[][..], |lane| &lane.clock);
    let after = readings.partition_point(|(at, _)| *at <= step.time);
    match (after.checked_sub(1).and_then(|at| readings.get(at)), readings.get(after)) {
        (Some((a, own_a)), Some((b, own_b))) if b > a => {
            let share = (step.time - a) as f64 / (b - a) as f64;
            format::instant((*own_a as f64 + (*own_b as f64 - *own_a as f64) * share) as u64)
        }
        (Some((at, own)), None) if *at == step.time => format::instant(*own),
        _ => "not known here".to_owned(),
    }
}

fn files(on: &Callback<Msg>) -> El {
    let file = |(id, name): (&'static str, &'static str)| {
        el("button").class("btn sm").set("data-save", id).sends(on, Msg::Diagram(Deed::Save(id))).with(name)
    };
    el("div")
        .class("files")
        .set("role", "group")
        .set("aria-label", "Save")
        .with(el("h4").with("Save"))
        .each(FILES.map(file))
}
