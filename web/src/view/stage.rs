//! The stage's frame: canvas, nodes' buttons, legend, palette, the armed tool's bar; and the verdict under it.

use crate::stage::draw::spoken_for;
use crate::stage::roam;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use super::compare;
use super::controls::{A_SPAN, field, switch, typed, wrong};
use super::dom::{El, el, fragment};
use super::icons::{glyph, icon};
use super::transport;
use crate::app::gesture::{Phase, Pointer};
use crate::app::{App, Msg};
use crate::model::face::Face;
use crate::model::tool::{Aim, Hit, PALETTE};
use crate::model::ui::{Dialog, Selection};
use crate::model::{format, setup};
use netsplit_lab::Frame;
use netsplit_lab::scenario::Duration;
use netsplit_lab::scenario::catalogue::{ParamDecl, TargetKind};

/// Nodes that always have a button; of more, those around the one where the arrows are have one as well.
const BUTTONS: usize = 256;
/// With more than so many, Tab stops at one of them.
const CROWD: usize = 60;

/// The stage.
pub fn stage(app: &App, on: &Callback<Msg>) -> El {
    let aim = app.ui.aim.as_ref();
    let (down, moved, up) = pointer(app, on);
    let behind = app.session.as_ref().and_then(|session| session.playback.behind());
    let goal = app.session.as_ref().and_then(|session| session.goal);
    let saying = if spoken_for(&app.frame).is_some() { "sr" } else { "saying" };
    let slow = |text: String| el("p").class("slow").set("role", "status").with(text);
    el("div")
        .class(if aim.is_some() { "stage aim" } else { "stage" })
        .set("role", "group")
        .set("aria-label", describe(&app.frame))
        .on_pointer(down, moved, up)
        .with(el("canvas").at(&app.refs.canvas).set("aria-hidden", true))
        .with(el("canvas").class("above").at(&app.refs.above).set("aria-hidden", true))
        .with(nodes(app, &app.frame, on))
        .with(aim.is_none().then(|| legend(app)))
        .with(look(app, on))
        .with(app.frame.line.as_ref().map(|line| el("p").class(saying).with(line)))
        .with(behind.map(|share| slow(format!("Running at {} of the chosen speed", format::speed(share)))))
        .with(goal.map(|goal| slow(format!("Simulating up to {}", format::instant(goal)))))
        .with(
            app.trouble
                .as_ref()
                .map(|trouble| el("p").class("saying err").set("role", "alert").with(trouble)),
        )
        .with(aim.map(|aim| aim_bar(aim, on)))
}

type PointerHeard = Callback<PointerEvent>;

/// What pointers do on the stage and on its nodes.
fn pointer(app: &App, on: &Callback<Msg>) -> (PointerHeard, PointerHeard, PointerHeard) {
    let canvas = app.refs.canvas.clone();
    let tell = {
        let on = on.clone();
        move |phase: Phase, event: &PointerEvent| {
            let rect = canvas.cast::<Element>().map(|canvas| canvas.get_bounding_client_rect());
            let (left, top) = rect.map_or((0.0, 0.0), |rect| (rect.left(), rect.top()));
            let (x, y) = (f64::from(event.client_x()) - left, f64::from(event.client_y()) - top);
            on.emit(Msg::Pointer(Pointer {
                phase,
                id: event.pointer_id(),
                x,
                y,
                touch: event.pointer_type() == "touch",
            }));
        }
    };
    let down = {
        let tell = tell.clone();
        Callback::from(move |event: PointerEvent| {
            let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
            let Some(target) = target.filter(|target| target.tag_name() == "CANVAS") else { return };
            if event.button() == 0 {
                let _ = target.set_pointer_capture(event.pointer_id());
                tell(Phase::Down, &event);
            }
        })
    };
    let moved = {
        let tell = tell.clone();
        Callback::from(move |event: PointerEvent| {
            if event.buttons() & 1 == 1 {
                tell(Phase::Move, &event);
            }
        })
    };
    let up = Callback::from(move |event: PointerEvent| {
        let phase = if event.type_() == "pointercancel" { Phase::Cancel } else { Phase::Up };
        tell(phase, &event);
    });
    (down, moved, up)
}

/// How the stage is looked at.
fn look(app: &App, on: &Callback<Msg>) -> El {
    let tool = |id: &str, label: &'static str, title: &'static str, msg: Msg| {
        let button = el("button").class("btn sq sm").set("aria-label", label).set("title", title);
        button.sends(on, msg).with(icon(id, "i16"))
    };
    let full = app.ui.full;
    let wide = tool("i-fit", "Full screen", "Full screen", Msg::Full(!full)).set("aria-pressed", full);
    el("div")
        .class("look")
        .set("role", "group")
        .set("aria-label", "View")
        .with((app.face == Face::Full).then(|| compare::button(on)))
        .with(tool("i-minus", "Zoom out", "Zoom out (−)", Msg::Magnify(Some(false))))
        .with(tool("i-plus", "Zoom in", "Zoom in (+)", Msg::Magnify(Some(true))))
        .with(tool("i-tidy", "Tidy and fit", "All nodes back in their places (0)", Msg::Magnify(None)))
        .with(wide)
}

/// What a stage shows, in words.
pub(super) fn describe(frame: &Frame) -> String {
    let (mut nodes, mut clients) = (0, 0);
    for node in frame.nodes.iter().filter(|node| node.status != "absent") {
        *(if node.client { &mut clients } else { &mut nodes }) += 1;
    }
    let words = format!("Cluster: {} and {}", format::many(nodes, "node"), format::many(clients, "client"));
    if frame.partitions.is_empty() { words } else { format!("{words}, partitioned") }
}

/// The nodes' buttons: of the run that is shown, or of the one beside it.
pub(super) fn nodes(app: &App, frame: &Frame, on: &Callback<Msg>) -> El {
    let present = || frame.nodes.iter().enumerate().filter(|(_, node)| node.status != "absent");
    let crowd = present().nth(CROWD).is_some();
    let roamed = present().find(|(_, node)| node.id == app.ui.roamed).or(present().next()).map(|(at, _)| at);
    let many = roamed.filter(|_| present().nth(BUTTONS).is_some());
    let beside = std::ptr::eq(frame, &app.frame_beside);
    let stage = if beside { &app.stage_beside } else { &app.stage };
    let near = many.map_or_else(Vec::new, |at| roam::around(&stage.layout, at));
    // What is selected is so in both, by its name.
    let selected = match app.ui.selection {
        Selection::Node(id) => app.frame.nodes.iter().find(|node| node.id == id),
        _ => None,
    };
    let mut list = el("div").class(if crowd { "nodes crowd" } else { "nodes" });
    for (order, (at, node)) in present().enumerate() {
        if order >= BUTTONS && !near.contains(&at) {
            continue;
        }
        let picked = app.ui.aim.as_ref().is_some_and(|aim| aim.picked.contains(&node.name));
        let mut words = node.name_in_words.clone();
        if beside {
            words.push_str(", run B");
        }
        let button = el("button")
            .key(node.id.to_string())
            .set("data-node", u64::from(node.id))
            .set("data-name", &node.name)
            .set("aria-label", words)
            .set("tabindex", stop(!crowd || roamed == Some(at)))
            .set("aria-pressed", picked || selected.is_some_and(|selected| selected.name == node.name))
            .sends(on, Msg::Hit(Some(Hit::Node(node.name.clone()))));
        list = list.with(button);
    }
    list
}

fn legend(app: &App) -> El {
    let Some(session) = app.session.as_ref() else { return fragment() };
    let entry = |(at, kind): (usize, &netsplit_lab::Legend)| {
        let same = |other: &&netsplit_lab::Legend| other.role == kind.role && other.shape == kind.shape;
        // Kinds that look the same share an entry; its title names them all.
        if session.legend[..at].iter().any(|other| same(&other)) {
            return None;
        }
        let all: Vec<&str> = session.legend.iter().filter(same).map(|k| k.label.as_str()).collect();
        Some(el("li").set("title", all.join(", ")).with(glyph(&kind.role, &kind.shape)).with(&kind.label))
    };
    el("ul")
        .class("legend")
        .at(&app.refs.legend)
        .maybe("tabindex", app.slim.then_some("0"))
        .set("aria-label", "Legend")
        .each(session.legend.iter().enumerate().filter_map(entry))
        .with(el("li").with(glyph("fault", "cross")).with("Lost"))
}

/// Tab stops at one of many; the arrows reach the others.
fn stop(here: bool) -> &'static str {
    if here { "0" } else { "-1" }
}

/// The tools.
pub fn palette(app: &App, on: &Callback<Msg>) -> El {
    let armed = app.ui.aim.as_ref().map(|aim| aim.decl.kind.as_str());
    let tip = |label: &'static str, key: &'static str| {
        let name = el("b").with(label).with(el("kbd").with(key));
        el("span").class("tip").set("aria-hidden", true).with(name)
    };
    let sep = || el("span").class("sep");
    let tool =
        |(at, (kind, id, key, label)): (usize, &(&'static str, &'static str, &'static str, &'static str))| {
            let decl = app.catalogue.fault(kind)?;
            let button = el("button")
                .class("tool")
                .set("data-tool", *kind)
                .set("aria-pressed", armed == Some(*kind))
                .set("aria-keyshortcuts", *key)
                .set("tabindex", stop(armed == Some(*kind)))
                .sends(on, Msg::Arm(Some((*kind).to_owned())))
                .with(icon(id, "i20"))
                .with(*label)
                .with(tip(label, key).with(&decl.help));
            Some(fragment().with(matches!(at, 4 | 8).then(sep)).with(button))
        };
    let select = el("button")
        .class("tool")
        .set("aria-pressed", armed.is_none())
        .set("tabindex", stop(armed.is_none()))
        .sends(on, Msg::Arm(None))
        .with(icon("i-select", "i20"))
        .with("Select")
        .with(tip("Select", "V").with("Click a node, a message or a fault to look into it."));
    let other = armed.is_some_and(|kind| PALETTE.iter().all(|(known, ..)| *known != kind));
    let more = el("button")
        .class("tool")
        .set("aria-haspopup", "dialog")
        .set("aria-pressed", other)
        .set("tabindex", stop(other))
        .sends(on, Msg::Dialog(Some(Dialog::Faults)))
        .with(icon("i-more", "i20"))
        .with("More");
    el("div")
        .class("palette")
        .set("role", "toolbar")
        .set("aria-label", "Fault tools")
        .with(select)
        .with(steps(app, on))
        .with(sep())
        .each(PALETTE.iter().enumerate().filter_map(tool))
        .with(sep())
        .with(more)
}

/// Undo and redo, where the transport has no room for them: once something was done.
fn steps(app: &App, on: &Callback<Msg>) -> El {
    if !app.slim || !(app.history.can(true) || app.history.can(false)) {
        return fragment();
    }
    let step = |back: bool, word: &'static str| {
        transport::step(app, on, back, "tool").set("tabindex", stop(false)).with(word)
    };
    fragment().with(step(true, "Undo")).with(step(false, "Redo"))
}

/// What the armed tool does, how much, and what to do next.
fn aim_bar(aim: &Aim, on: &Callback<Msg>) -> El {
    let enough = aim.untargeted() || (!aim.picked.is_empty() && aim.decl.target != TargetKind::Node);
    let hint =
        el("span").set("role", "status").with(el("b").with(&aim.decl.label)).with(": ").with(aim.hint());
    let keys = (aim.decl.target == TargetKind::Groups)
        .then(|| el("span").class("keyhint").with("Space picks, Enter cuts."));
    let lasts = || {
        let on = on.clone();
        let heard = Callback::from(move |event: Event| {
            let text = typed(&event);
            let odd = !text.trim().is_empty() && text.trim().parse::<Duration>().is_err();
            wrong(&event, odd.then_some(A_SPAN));
            on.emit(Msg::Lasts(text));
        });
        let now = aim.lasts.map(|lasts| lasts.to_string()).unwrap_or_default();
        let field = field(&format!("{} lasts", aim.decl.kind), now, heard);
        el("label").with("for").with(field.class("box").set("placeholder", "until healed"))
    };
    let away = el("button")
        .class("btn sm sq away-tool")
        .set("aria-label", "Put the tool away")
        .sends(on, Msg::Arm(None))
        .with(icon("i-x", "i16"));
    el("div")
        .key(aim.decl.kind.clone())
        .class("aimbar")
        .set("role", "group")
        .set("aria-label", format!("{}, armed", aim.decl.label))
        .with(hint)
        .with(keys)
        .each(aim.decl.params.iter().map(|decl| amount(aim, decl, on)))
        .with(aim.decl.has_duration.then(lasts))
        .with(enough.then(|| el("button").class("btn solid sm").sends(on, Msg::Finish).with("Apply")))
        .with(away)
}

fn amount(aim: &Aim, decl: &ParamDecl, on: &Callback<Msg>) -> El {
    let value = aim.amount(decl);
    let id = decl.id.clone();
    let label = el("label").with(&decl.label);
    if let Some(checked) = value.as_bool() {
        return label.with(switch(&decl.label, checked).sends(on, Msg::Amount(id, (!checked).into())));
    }
    let (text, unit) = setup::shown(decl, &value);
    let (owned, behind, on) = (decl.clone(), unit.clone(), on.clone());
    let onchange = Callback::from(move |event: Event| {
        let value = setup::typed(&owned, &typed(&event), &behind);
        wrong(&event, value.is_none().then(|| setup::possible(&owned)).as_deref());
        value.into_iter().for_each(|value| on.emit(Msg::Amount(id.clone(), value)));
    });
    label.with(field(&format!("{} {}", aim.decl.kind, decl.id), text, onchange).class("box")).with(unit)
}
