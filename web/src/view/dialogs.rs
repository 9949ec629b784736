//! Dialogs: share, gallery, help, a broken link.

use netsplit_lab::gallery;
use yew::prelude::*;

use super::faults::FaultList;
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::opening::BadLink;
use crate::model::ui::Dialog;
use crate::model::{format, setup};

/// The open dialog.
pub fn dialog(app: &App, on: &Callback<Msg>) -> Html {
    let Some(open) = &app.ui.dialog else { return html! {} };
    let close = on.reform(|_| Msg::Dialog(None));
    let away = {
        let on = on.clone();
        Callback::from(move |event: MouseEvent| {
            let target: Option<web_sys::Element> = event.target_dyn_into();
            if target.is_some_and(|target| target.class_list().contains("scrim")) {
                on.emit(Msg::Dialog(None));
            }
        })
    };
    let (class, role, title, body) = match open {
        Dialog::Share(link) => ("dlg", "dialog", "Share this moment", share(app, on, link)),
        Dialog::Gallery => ("dlg wide", "dialog", "Gallery", gallery_list(app, on)),
        Dialog::Help => ("dlg mid", "dialog", "Help", help()),
        Dialog::Faults => {
            let nodes: Vec<String> = app.frame.nodes.iter().map(|n| n.name.clone()).collect();
            let messages: Vec<(String, String)> = app
                .frame
                .messages
                .iter()
                .filter(|m| !m.lost && !m.id.is_empty())
                .take(60)
                .map(|m| (m.id.clone(), m.id.clone()))
                .collect();
            let body =
                html! { <FaultList catalogue={app.catalogue.clone()} {nodes} {messages} on={on.clone()} /> };
            ("dlg mid", "dialog", "Break something", body)
        }
        Dialog::BadLink(bad) => ("dlg msg mid", "alertdialog", "", bad_link(on, bad)),
    };
    html! {
        <div class="scrim" onclick={away}>
            <section class={class} role={role} aria-modal="true" aria-labelledby="dialog-title">
                if !title.is_empty() {
                    <header>
                        <h2 id="dialog-title">{ title }</h2>
                        <Focus>
                            <button class="btn sq" aria-label="Close" onclick={close}>{ icon("i-x", "") }</button>
                        </Focus>
                    </header>
                }
                { body }
            </section>
        </div>
    }
}

/// What [`Focus`] wraps.
#[derive(Clone, PartialEq, Properties)]
pub struct FocusProps {
    /// The first button or field in it gets the focus when it appears.
    pub children: Html,
}

/// Puts the focus on what it wraps when it appears.
#[component]
pub fn Focus(props: &FocusProps) -> Html {
    let holder = use_node_ref();
    {
        let holder = holder.clone();
        use_effect_with((), move |()| {
            let element = holder.cast::<web_sys::Element>();
            let first = element.and_then(|e| e.query_selector("button,input").ok().flatten());
            if let Some(first) =
                first.and_then(|e| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(e).ok())
            {
                let _ = first.focus();
            }
        });
    }
    html! { <span ref={holder}>{ props.children.clone() }</span> }
}

fn share(app: &App, on: &Callback<Msg>, link: &str) -> Html {
    let session = app.session.as_ref();
    let faults = session.map_or(0, |s| s.document().faults.len()) as u64;
    let algorithm =
        setup::algorithm(&app.catalogue, &app.scenario).map(|a| a.label.clone()).unwrap_or_default();
    let copied = link.to_owned();
    let size = link.chars().count();
    let tier = match size {
        0..=2000 => "fits everywhere",
        2001..=8000 => "fits browsers; some chat programs cut it short",
        _ => "too long for some browsers",
    };
    let row = |name: &str, text: String| html! { <li>{ icon("i-ok", "i16") }<span><b>{ name }</b>{ "  " }{ text }</span><em></em></li> };
    html! {
        <>
            <div class="body">
                <p class="lead">{ "Whoever opens this link sees the same run, bit for bit, at this moment." }</p>
                <div class="row">
                    <input class="field" id="share-link" readonly=true value={link.to_owned()} aria-label="Link"
                        onfocus={|event: FocusEvent| {
                            if let Some(input) = event.target_dyn_into::<web_sys::HtmlInputElement>() { input.select(); }
                        }} />
                    <button class="btn solid" onclick={on.reform(move |_| Msg::Copy(copied.clone()))}>{ icon("i-copy", "") }{ "Copy" }</button>
                </div>
                <ul class="facts">
                    { row("Scenario", format!("{algorithm}, seed {}", app.scenario.seed)) }
                    { row("Faults", format::many(faults, "fault")) }
                    { row("Moment", format!("{}, event {}", format::instant(app.panels.now), format::count(session.map_or(0, |s| s.events())))) }
                    { row("Trace hash", session.map_or_else(String::new, |s| s.hash())) }
                </ul>
            </div>
            <footer><span>{ format!("{} characters: {tier}.", format::count(size as u64)) }</span></footer>
        </>
    }
}

fn gallery_list(app: &App, on: &Callback<Msg>) -> Html {
    let entries = gallery();
    html! {
        <div class="body">
            <div class="cards">
                { for app.catalogue.patterns.iter().map(|pattern| {
                    let here: Vec<_> = entries.iter().filter(|entry| entry.pattern == pattern.id).collect();
                    if here.is_empty() {
                        return html! {};
                    }
                    html! {
                        <>
                            <h3>{ &pattern.label }</h3>
                            { for here.into_iter().map(|entry| html! {
                                <button class="card" data-scenario={entry.id} onclick={on.reform(|_| Msg::Gallery(entry.id.to_owned()))}>
                                    <b>{ entry.title }</b><span>{ entry.notes }</span>
                                </button>
                            }) }
                        </>
                    }
                }) }
                if entries.is_empty() { <p class="empty">{ "The gallery is empty." }</p> }
            </div>
        </div>
    }
}

const KEYS: [(&str, &str); 18] = [
    ("Space", "Play, pause"),
    ("← →", "Previous, next event"),
    ("Shift ← →", "100 ms back, on"),
    ("[ ]", "Slower, faster"),
    ("C", "Crash a node"),
    ("R", "Restart a node"),
    ("Z", "Pause a node"),
    ("S", "Slow a node down"),
    ("X", "Cut a link"),
    ("P", "Partition"),
    ("L", "Loss on a link"),
    ("T", "Latency on a link"),
    ("K", "Clock skew"),
    ("D", "Disk loss"),
    ("H", "Heal everything"),
    ("V, Esc", "Put the tool away"),
    ("1 2 3", "Metrics, inspector, events"),
    ("?", "This page"),
];

fn help() -> Html {
    html! {
        <div class="body">
            <p class="lead">
                { "A real protocol runs here, simulated in your browser. Pick a tool below the stage, click a node or drag a line, and see what that does. Every run can be rewound and shared." }
            </p>
            <div class="keys">
                { for KEYS.iter().map(|(key, what)| html! { <div><span>{ *what }</span><kbd>{ *key }</kbd></div> }) }
            </div>
        </div>
    }
}

fn bad_link(on: &Callback<Msg>, bad: &BadLink) -> Html {
    let field = NodeRef::default();
    let open = {
        let (on, field) = (on.clone(), field.clone());
        Callback::from(move |_: MouseEvent| {
            let text =
                field.cast::<web_sys::HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            on.emit(Msg::Paste(text));
        })
    };
    html! {
        <>
            <div class="body">
                <h2 id="dialog-title">{ &bad.title }</h2>
                <p class="lead">{ &bad.reason }</p>
                if !bad.problems.is_empty() {
                    <ul class="facts">
                        { for bad.problems.iter().map(|(path, message)| html! {
                            <li>
                                <span class="c-bad">{ icon("i-bad", "") }</span>
                                <span>if !path.is_empty() { <b class="mono">{ path }</b>{ "  " } }{ message }</span>
                                <em></em>
                            </li>
                        }) }
                    </ul>
                }
                <h3>{ "Have the whole link?" }</h3>
                <div class="row">
                    <input class="field" ref={field} id="paste-link" placeholder="Paste it here" aria-label="The whole link" />
                    <button class="btn line" onclick={open}>{ "Open" }</button>
                </div>
            </div>
            <footer>
                <span class="grow">{ "Nothing was opened in its place." }</span>
                <Focus>
                    <button class="btn solid" onclick={on.reform(|_| Msg::Default)}>{ "Open the default scenario" }</button>
                </Focus>
            </footer>
        </>
    }
}
