//! The top bar.

use yew::prelude::*;

use super::dom::{El, el};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::ui::{Dialog, Drawer};
use crate::model::{format, setup};

/// How many clients the run has: not every algorithm has use for those of the workload.
pub fn clients(app: &App) -> u64 {
    app.frame.nodes.iter().filter(|node| node.client).count() as u64
}

/// What the run is called, and what it is.
pub fn names(app: &App) -> (String, String) {
    let scenario = &app.scenario;
    let algorithm = setup::algorithm(&app.catalogue, scenario);
    let name = algorithm.map_or_else(|| scenario.system.algorithm.clone(), |a| a.label.clone());
    let nodes = algorithm.map_or(0, |a| a.node_count(scenario));
    let mut sub = format!("{name}, {}", format::many(u64::from(nodes), "node"));
    let clients = clients(app);
    if clients > 0 {
        sub = format!("{sub}, {}", format::many(clients, "client"));
    }
    let beside = app.session.as_ref().and_then(|session| session.beside());
    // Where the algorithm is the same, the first run has no name of its own.
    let sub = beside.map_or(sub, |beside| match (&beside.titles.0, &beside.titles.1) {
        (first, second) if first == "A" && second == "B" => format!("{name}, two runs"),
        (first, second) if first == "A" => format!("{name}, compared: {second}"),
        (first, second) if *first == name => format!("{first} against {second}"),
        (first, second) => format!("{name}: {first} against {second}"),
    });
    let title = match scenario.title.as_str() {
        "" => format::sentence_case(&scenario.system.pattern),
        said => said.to_owned(),
    };
    (title, sub)
}

/// The top bar.
pub fn top(app: &App, on: &Callback<Msg>) -> El {
    let (title, sub) = names(app);
    let brand = el("a")
        .class("brand")
        .set("href", "./")
        .set("aria-label", "netsplit, start page")
        .with(icon("i-brand", "i22"))
        .with(el("span").with("netsplit"));
    let button = |class: &'static str, msg: Msg| el("button").class(class).sends(on, msg);
    let word = |text: &'static str| el("span").class("word").with(text);
    let drawer = |drawer: Drawer, id: &str, label: &'static str| {
        button("btn sq only-narrow", Msg::Drawer(drawer))
            .set("aria-label", label)
            .set("aria-expanded", app.drawer(drawer))
            .with(icon(id, ""))
    };
    let gallery = button("btn", Msg::Dialog(Some(Dialog::Gallery)));
    let help = button("btn sq", Msg::Dialog(Some(Dialog::Help)));
    let nav = el("nav")
        .set("aria-label", "Main")
        .with(gallery.with(icon("i-gallery", "")).with(word("Gallery")))
        .with(button("btn line", Msg::Share).with(icon("i-share", "")).with(word("Share")))
        .with(el("span").class("sep"))
        .with(button("btn sq", Msg::Theme).set("aria-label", "Switch theme").with(icon("i-theme", "")))
        .with(help.set("aria-label", "Help and keyboard shortcuts").with(icon("i-help", "")))
        .with(drawer(Drawer::Setup, "i-sliders", "Setup"))
        .with(drawer(Drawer::Analysis, "i-chart", "Metrics, inspector, events"));
    let name = el("h1").set("title", &title).with(title);
    el("header")
        .class("top")
        .with(brand)
        .with(el("div").class("title").with(name).with(el("span").class("sub").with(sub)))
        .with(nav)
}
