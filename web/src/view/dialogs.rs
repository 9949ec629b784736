//! Dialogs: share, gallery, help, a broken link.

use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::faults;
use super::gallery;
use super::icons::icon;
use super::island::{self, What};
use super::top;
use crate::app::{App, Msg};
use crate::model::opening::BadLink;
use crate::model::ui::Dialog;
use crate::model::{format, setup};

/// The open dialog; `props` makes what an island is given.
#[inline(never)]
pub fn dialog(app: &App, on: &Callback<Msg>, props: &dyn Fn(What) -> island::Props) -> El {
    let Some(open) = &app.ui.dialog else { return fragment() };
    let away = {
        let on = on.clone();
        Callback::from(move |event: MouseEvent| {
            let target: Option<web_sys::Element> = event.target_dyn_into();
            if target.is_some_and(|target| target.class_list().contains("scrim")) {
                on.emit(Msg::Dialog(None));
            }
        })
    };
    let focus = |button: El| super::island(props(What::Focus(button.done())));
    let (class, role, title, body) = match open {
        Dialog::Share(link) => ("dlg", "dialog", "Share this moment", share(app, on, link)),
        Dialog::Gallery => ("dlg wide", "dialog", "Gallery", gallery::body(app, on)),
        Dialog::Help => ("dlg mid", "dialog", "Help", help()),
        Dialog::Faults => {
            let nodes = app.frame.nodes.iter().map(|n| n.name.clone()).collect();
            let flying = app.frame.messages.iter().filter(|m| !m.lost && !m.id.is_empty());
            let messages = flying.take(60).map(|m| m.id.clone()).collect();
            let list = super::island(props(What::Faults(faults::Offer { nodes, messages })));
            ("dlg mid", "dialog", "Break something", fragment().with(list))
        }
        Dialog::BadLink(bad) => ("dlg msg mid", "alertdialog", "", bad_link(app, on, bad, focus)),
    };
    let head = || {
        let close = el("button")
            .class("btn sq")
            .set("aria-label", "Close")
            .sends(on, Msg::Dialog(None))
            .with(icon("i-x", ""));
        el("header").with(el("h2").set("id", "dialog-title").with(title)).with(focus(close))
    };
    let section = el("section")
        .class(class)
        .set("role", role)
        .set("aria-modal", true)
        .set("aria-labelledby", "dialog-title")
        .with((!title.is_empty()).then(head))
        .with(body);
    el("div").class("scrim").on_click(away).with(section)
}

fn share(app: &App, on: &Callback<Msg>, link: &str) -> El {
    let session = app.session.as_ref();
    let faults = session.map_or(0, |s| s.alone().faults.len()) as u64;
    let algorithm =
        setup::algorithm(&app.catalogue, &app.scenario).map(|a| a.label.clone()).unwrap_or_default();
    let size = link.chars().count();
    let tier = match size {
        0..=2000 => "fits everywhere",
        2001..=8000 => "fits browsers; some chat programs cut it short",
        _ => "too long for some browsers",
    };
    let row = |name: &'static str, text: String| {
        let words = el("span").with(el("b").with(name)).with("  ").with(text);
        el("li").with(icon("i-ok", "i16")).with(words).with(el("em"))
    };
    let events = format::count(session.map_or(0, |s| s.events()));
    let field = el("input")
        .class("field")
        .set("id", "share-link")
        .flag("readonly", true)
        .value(link.to_owned())
        .set("aria-label", "Link")
        .on_focus(Callback::from(|event: FocusEvent| {
            if let Some(input) = event.target_dyn_into::<web_sys::HtmlInputElement>() {
                input.select();
            }
        }));
    let copy = el("button")
        .class("btn solid")
        .sends(on, Msg::Copy(link.to_owned()))
        .with(icon("i-copy", ""))
        .with("Copy");
    let facts = el("ul")
        .class("facts")
        .with(row("Scenario", format!("{algorithm}, seed {}", app.scenario.seed)))
        .with(row("Faults", format::many(faults, "fault")))
        .with(row("Moment", format!("{}, event {events}", format::instant(app.panels.now))))
        .with(row("Trace hash", session.map_or_else(String::new, |s| s.hash())));
    let body = el("div")
        .class("body")
        .with(
            el("p")
                .class("lead")
                .with("Whoever opens this link sees the same run, bit for bit, at this moment."),
        )
        .with(el("div").class("row").with(field).with(copy))
        .with(facts);
    let size = format!("{} characters: {tier}.", format::count(size as u64));
    fragment().with(body).with(el("footer").with(el("span").with(size)))
}

const KEYS: [(&str, &str); 31] = [
    ("Space", "Play, pause"),
    ("Ctrl Z", "Undo"),
    ("Ctrl Shift Z", "Redo"),
    ("+ − 0", "Zoom in, out, whole"),
    ("Alt arrows", "On the stage: move it, or the node in focus"),
    ("Shift F10", "What can be done to the node in focus"),
    ("← →", "Previous, next event"),
    ("Shift ← →", "100 ms back, on"),
    (", .", "Previous, next violation or thing worth seeing"),
    ("W", "Why there is a violation"),
    ("G", "What was given up"),
    ("F", "Another course of events from here on"),
    ("M", "Another run beside this one"),
    ("N", "Many seeds"),
    ("B", "Breakpoints"),
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
    ("1 2 3 4", "Metrics, inspector, events, space-time"),
    ("/", "Search scenarios"),
    ("?", "This page"),
];

fn help() -> El {
    let key = |(key, what): (&'static str, &'static str)| {
        el("div").with(el("span").with(what)).with(el("kbd").with(key))
    };
    el("div")
        .class("body")
        .with(el("p").class("lead").with(
            "A real protocol runs here, simulated in your browser. Pick a tool below the stage, click a node or drag a line, and see what that does. Every run can be rewound and shared.",
        ))
        .with(el("div").class("keys").each(KEYS.into_iter().map(key)))
}

fn bad_link(app: &App, on: &Callback<Msg>, bad: &BadLink, focus: impl Fn(El) -> Html) -> El {
    let problem = |(path, message): &(String, String)| {
        let place = || fragment().with(el("b").class("mono").with(path)).with("  ");
        el("li")
            .with(el("span").class("c-bad").with(icon("i-bad", "")))
            .with(el("span").with((!path.is_empty()).then(place)).with(message))
            .with(el("em"))
    };
    let problems = || el("ul").class("facts").each(bad.problems.iter().map(problem));
    let body = el("div")
        .class("body")
        .with(el("h2").set("id", "dialog-title").with(&bad.title))
        .with(el("p").class("lead").with(&bad.reason))
        .with((!bad.problems.is_empty()).then(problems))
        .with((!bad.named).then(|| paste(on)));
    // What is seen behind the dialog is a run all the same: which one it is, is said.
    let shown = el("span").class("grow").with(app.session.is_some().then(|| {
        let (title, sub) = top::names(app);
        fragment().with("Shown instead: ").with(el("b").with(title)).with(format!(" ({sub})."))
    }));
    let gallery = el("button")
        .class("btn line")
        .sends(on, Msg::Dialog(Some(Dialog::Gallery)))
        .with(icon("i-gallery", ""))
        .with("Look in the gallery");
    let stay = el("button").class("btn solid").sends(on, Msg::Dialog(None)).with("Go on with this run");
    fragment().with(body).with(el("footer").with(shown).with(gallery).with(focus(stay)))
}

/// A field for the whole link.
fn paste(on: &Callback<Msg>) -> El {
    let field = NodeRef::default();
    let open = {
        let (on, field) = (on.clone(), field.clone());
        Callback::from(move |_: MouseEvent| {
            let text =
                field.cast::<web_sys::HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            on.emit(Msg::Paste(text));
        })
    };
    let field = el("input")
        .class("field")
        .at(&field)
        .set("id", "paste-link")
        .set("placeholder", "Paste it here")
        .set("aria-label", "The whole link");
    let button = el("button").class("btn line").on_click(open).with("Open");
    fragment()
        .with(el("h3").with("Have the whole link?"))
        .with(el("div").class("row").with(field).with(button))
}
