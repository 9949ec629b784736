//! The stage's frame: canvas, nodes' buttons, legend, palette, the armed tool's bar; and the verdict under it.

use crate::stage::draw::spoken_for;
use wasm_bindgen::JsCast;
use web_sys::Element;
use yew::prelude::*;

use super::controls::typed;
use super::icons::{glyph, icon};
use crate::app::{App, Msg};
use crate::model::summary::{self, Cell, Tone};
use crate::model::tool::{Aim, Hit, PALETTE};
use crate::model::ui::{Dialog, Selection};
use crate::model::{format, setup};
use netsplit_lab::scenario::catalogue::TargetKind;

/// Nodes with a button of their own; a crowd is reached through the inspector's list.
const BUTTONS: usize = 256;

/// The stage.
pub fn stage(app: &App, on: &Callback<Msg>) -> Html {
    let aiming = app.ui.aim.as_ref().map(|aim| aim.decl.kind.clone());
    let cutting = app.ui.aim.as_ref().is_some_and(|aim| aim.decl.target == TargetKind::Groups);
    let (down, moved, up) = pointer(app, on, cutting);
    let behind = app.session.as_ref().and_then(|session| session.playback.behind());
    let goal = app.session.as_ref().and_then(|session| session.goal);
    html! {
        <div
            class={classes!("stage", aiming.is_some().then_some("aim"))}
            role="group"
            aria-label={describe(app)}
            onpointerdown={down}
            onpointermove={moved}
            onpointerup={up}
        >
            <canvas ref={app.refs.canvas.clone()} aria-hidden="true"></canvas>
            <div class="nodes">{ nodes(app, on) }</div>
            if app.ui.aim.is_none() { { legend(app) } }
            if let Some(line) = &app.frame.line {
                <p class={if spoken_for(&app.frame).is_some() { "sr" } else { "saying" }}>{ line }</p>
            }
            if let Some(share) = behind {
                <p class="slow" role="status">{ format!("Running at {} of the chosen speed", format::speed(share)) }</p>
            }
            if let Some(goal) = goal {
                <p class="slow" role="status">{ format!("Simulating up to {}", format::instant(goal)) }</p>
            }
            if let Some(trouble) = &app.trouble { <p class="saying err" role="alert">{ trouble }</p> }
            if let Some(aim) = &app.ui.aim { { aim_bar(aim, on) } }
        </div>
    }
}

type Pointer = Callback<PointerEvent>;

/// Presses on the empty stage: a click means a message or nothing, a drag with the partition tool a cut.
fn pointer(app: &App, on: &Callback<Msg>, cutting: bool) -> (Pointer, Pointer, Pointer) {
    let canvas = app.refs.canvas.clone();
    let at = move |event: &PointerEvent| {
        let rect = canvas.cast::<Element>().map(|canvas| canvas.get_bounding_client_rect());
        let (left, top) = rect.map_or((0.0, 0.0), |rect| (rect.left(), rect.top()));
        (f64::from(event.client_x()) - left, f64::from(event.client_y()) - top)
    };
    let down = {
        let (on, at) = (on.clone(), at.clone());
        Callback::from(move |event: PointerEvent| {
            let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
            let Some(target) = target.filter(|target| target.tag_name() == "CANVAS") else { return };
            if event.button() == 0 {
                let _ = target.set_pointer_capture(event.pointer_id());
                let (x, y) = at(&event);
                on.emit(Msg::Press(x, y));
            }
        })
    };
    let moved = {
        let (on, at) = (on.clone(), at.clone());
        Callback::from(move |event: PointerEvent| {
            if cutting && event.buttons() & 1 == 1 {
                let (x, y) = at(&event);
                on.emit(Msg::Drag(x, y));
            }
        })
    };
    let up = {
        let on = on.clone();
        Callback::from(move |event: PointerEvent| {
            let (x, y) = at(&event);
            on.emit(Msg::Release(x, y));
        })
    };
    (down, moved, up)
}

fn describe(app: &App) -> String {
    let clients = app.frame.nodes.iter().filter(|n| n.client).count() as u64;
    let nodes = app.frame.nodes.len() as u64 - clients;
    let words = format!("Cluster: {} and {}", format::many(nodes, "node"), format::many(clients, "client"));
    if app.frame.partitions.is_empty() { words } else { format!("{words}, partitioned") }
}

fn nodes(app: &App, on: &Callback<Msg>) -> Html {
    app.frame
        .nodes
        .iter()
        .filter(|node| node.status != "absent")
        .take(BUTTONS)
        .map(|node| {
            let name = node.name.clone();
            let onclick = on.reform(move |_| Msg::Hit(Some(Hit::Node(name.clone()))));
            let pressed = app.ui.selection == Selection::Node(node.id)
                || app.ui.aim.as_ref().is_some_and(|aim| aim.picked.contains(&node.name));
            html! {
                <button
                    key={node.id}
                    data-node={node.id.to_string()}
                    data-name={node.name.clone()}
                    aria-label={node.name_in_words.clone()}
                    aria-pressed={pressed.to_string()}
                    {onclick}
                ></button>
            }
        })
        .collect()
}

fn legend(app: &App) -> Html {
    let Some(session) = app.session.as_ref() else { return html! {} };
    html! {
        <ul class="legend" aria-label="Legend">
            { for session.legend.iter().enumerate().filter_map(|(at, kind)| {
                let same = |other: &&netsplit_lab::Legend| other.role == kind.role && other.shape == kind.shape;
                // Kinds that look the same share an entry; its title names them all.
                if session.legend[..at].iter().any(|other| same(&other)) {
                    return None;
                }
                let all: Vec<&str> = session.legend.iter().filter(same).map(|k| k.label.as_str()).collect();
                Some(html! { <li title={all.join(", ")}>{ glyph(&kind.role, &kind.shape) }{ &kind.label }</li> })
            }) }
            <li>{ glyph("fault", "cross") }{ "Lost" }</li>
        </ul>
    }
}

/// The tools.
pub fn palette(app: &App, on: &Callback<Msg>) -> Html {
    let armed = app.ui.aim.as_ref().map(|aim| aim.decl.kind.as_str());
    html! {
        <div class="palette" role="toolbar" aria-label="Fault tools">
            <button class="tool" aria-pressed={armed.is_none().to_string()} onclick={on.reform(|_| Msg::Arm(None))}>
                { icon("i-select", "i20") }{ "Select" }
                <span class="tip" aria-hidden="true">
                    <b>{ "Select" }<kbd>{ "V" }</kbd></b>{ "Click a node, a message or a fault to look into it." }
                </span>
            </button>
            <span class="sep"></span>
            { for PALETTE.iter().enumerate().filter_map(|(at, (kind, id, key, label))| {
                let decl = app.catalogue.fault(kind)?;
                let chosen = (*kind).to_owned();
                let group = matches!(at, 4 | 8);
                Some(html! {
                    <>
                        if group { <span class="sep"></span> }
                        <button
                            class="tool"
                            data-tool={*kind}
                            aria-pressed={(armed == Some(*kind)).to_string()}
                            aria-keyshortcuts={*key}
                            onclick={on.reform(move |_| Msg::Arm(Some(chosen.clone())))}
                        >
                            { icon(id, "i20") }{ *label }
                            <span class="tip" aria-hidden="true"><b>{ *label }<kbd>{ *key }</kbd></b>{ &decl.help }</span>
                        </button>
                    </>
                })
            }) }
            <span class="sep"></span>
            <button
                class="tool"
                aria-haspopup="dialog"
                aria-pressed={armed.is_some_and(|kind| PALETTE.iter().all(|(known, ..)| *known != kind)).to_string()}
                onclick={on.reform(|_| Msg::Dialog(Some(Dialog::Faults)))}
            >
                { icon("i-more", "i20") }{ "More" }
            </button>
        </div>
    }
}

/// What the armed tool does, how much, and what to do next.
fn aim_bar(aim: &Aim, on: &Callback<Msg>) -> Html {
    let enough = aim.untargeted() || (!aim.picked.is_empty() && aim.decl.target != TargetKind::Node);
    html! {
        <div class="aimbar" role="group" aria-label={format!("{}, armed", aim.decl.label)}>
            <span role="status"><b>{ &aim.decl.label }</b>{ ": " }{ aim.hint() }</span>
            { for aim.decl.params.iter().map(|decl| {
                let value = aim.amount(decl);
                let id = decl.id.clone();
                let (text, unit) = setup::shown(decl, &value);
                if let Some(checked) = value.as_bool() {
                    let onclick = on.reform(move |_| Msg::Amount(id.clone(), (!checked).into()));
                    return html! {
                        <label>{ &decl.label }
                            <button class="switch" role="switch" aria-label={decl.label.clone()} aria-checked={checked.to_string()} {onclick}></button>
                        </label>
                    };
                }
                let (owned, behind, on) = (decl.clone(), unit.clone(), on.clone());
                let onchange = Callback::from(move |event: Event| {
                    if let Some(value) = setup::typed(&owned, &typed(&event), &behind) {
                        on.emit(Msg::Amount(id.clone(), value));
                    }
                });
                html! { <label>{ &decl.label }<input class="box" type="text" value={text} {onchange} />{ unit }</label> }
            }) }
            if aim.decl.has_duration {
                <label>
                    { "for" }
                    <input
                        class="box"
                        type="text"
                        placeholder="until healed"
                        value={aim.lasts.map(|lasts| lasts.to_string()).unwrap_or_default()}
                        onchange={on.reform(|event: Event| Msg::Lasts(typed(&event)))}
                    />
                </label>
            }
            if enough {
                <button class="btn solid sm" onclick={on.reform(|_| Msg::Finish)}>{ "Apply" }</button>
            }
            <button class="btn sm sq" aria-label="Put the tool away" onclick={on.reform(|_| Msg::Arm(None))}>
                { icon("i-x", "i16") }
            </button>
        </div>
    }
}

/// The three cells under the stage.
pub fn verdict(app: &App, on: &Callback<Msg>) -> Html {
    let cells = summary::cells(&app.panels.operations, &app.frame, &app.panels.faults);
    let faulty = app.panels.faults.iter().any(|f| f.from <= app.panels.now && app.panels.now < f.to);
    let cell = |cell: &Cell, heal: bool| {
        let tone = match cell.tone {
            Tone::Plain => "c-ink",
            Tone::Ok => "c-ok",
            Tone::Warn => "c-warn",
            Tone::Bad => "c-bad",
        };
        html! {
            <div>
                <svg class={classes!("i", tone)} viewBox="0 0 24 24" aria-hidden="true">
                    <use href={format!("#{}", cell.icon)} />
                </svg>
                <b title={cell.title.clone()}>
                    <span class="full">{ &cell.title }</span><span class="short">{ &cell.short }</span>
                </b>
                <p title={cell.text.clone()}>
                    { &cell.text }
                    if heal {
                        { " " }<button class="link" onclick={on.reform(|_| Msg::HealAll)}>{ "Heal" }</button>
                    }
                </p>
            </div>
        }
    };
    html! {
        <section class="verdict" aria-label="Verdict">
            { cell(&cells[0], false) }
            { cell(&cells[1], false) }
            { cell(&cells[2], faulty) }
        </section>
    }
}
