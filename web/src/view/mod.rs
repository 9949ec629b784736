//! The panels around the stage. They show what [`crate::app::App`] knows and send it messages.

mod amounts;
mod branches;
mod breaks;
pub mod charts;
pub mod compare;
pub mod controls;
pub mod dialogs;
pub mod dom;
pub mod embed;
pub mod events;
pub mod faults;
pub mod first;
mod gallery;
pub mod icons;
pub mod inspector;
pub mod island;
pub mod menu;
pub mod rail;
mod readout;
pub mod sheet;
pub mod side;
pub mod spacetime;
pub mod stage;
pub mod strip;
pub mod timeline;
pub mod top;
pub mod transport;
pub mod verdict;
mod violations;

use yew::prelude::*;

use crate::app::{App, Msg};
use crate::model::face::Face;
use crate::model::ui::{Drawer, Selection, Sheet, Tab};
use crate::parts;
use dom::{El, el, fragment};
use icons::icon;
use island::{Props, What, island};

/// Where the right panel is in sight.
const SIDE: &str = "(min-width:1180px)";

/// The whole page.
pub fn page(app: &App, on: &Callback<Msg>) -> Html {
    let session = app.session.as_ref();
    let props = |what: What| Props {
        what,
        catalogue: app.catalogue.clone(),
        scenario: app.scenario.clone(),
        on: on.clone(),
    };
    // What is not there yet is on its way.
    let here = parts::ready(parts::PANELS);
    let rail_class = if app.drawer(Drawer::Setup) { "rail open" } else { "rail" };
    let first = app.face == Face::First;
    let two = here && parts::ready(parts::SHEETS) && compare::two(app);
    let roomy = two && crate::browser::matches(compare::ROOMY);
    let main = el("main")
        .class("main")
        .with(notes(app, on, false))
        .with(
            el("div")
                .class("stages")
                .with(
                    el("div")
                        .class("half")
                        .with(two.then(|| compare::first(app, on)).flatten())
                        .with(stage::stage(app, on)),
                )
                .with(two.then(|| compare::beside(app, on)).flatten()),
        )
        .with(roomy.then(|| compare::results(app, true)).flatten())
        .with(app.ui.sheet.map(|open| sheet::main(app, on, open)))
        .with((here && app.in_space_time()).then(|| spacetime::diagram(app, on)))
        .with(two.then(|| compare::verdict(app, on)).flatten().unwrap_or_else(|| verdict::verdict(app, on)))
        .with(stage::palette(app, on))
        .with(first.then(|| first::first(app, on)));
    let time = el("footer")
        .class("time")
        .set("aria-label", "Transport")
        .with(transport::transport(app, on))
        .with(if app.slim { strip::strip(app, on) } else { timeline::timeline(app, on) })
        .with(first.then(first::promise));
    let top = match app.face {
        Face::Embed => embed::head(app, on),
        Face::Full | Face::First => top::top(app, on),
    };
    let face = match app.face {
        Face::Full => "app",
        Face::First => "app first",
        Face::Embed => "app embed",
    };
    let parts = [
        (app.oneline(), "oneline"),
        (app.oneline() && !first, "flat"),
        (!app.wishes.controls, "bare"),
        (!app.wishes.editable, "fixed"),
        (app.drawer(Drawer::Faults), "tools"),
        (app.wishes.panel.is_some(), "panels"),
        (app.ui.full, "full"),
        (app.ui.sheet.is_some(), "sheeted"),
        (matches!(app.ui.sheet, Some(Sheet::Cap(_) | Sheet::Sweep)), "costs"),
        (app.in_space_time(), "times"),
        (two, "two"),
        (roomy, "roomy"),
        (app.ui.selection != Selection::None || app.drawer(Drawer::Analysis), "looked"),
    ];
    let mut class = face.to_owned();
    for (_, part) in parts.into_iter().filter(|(there, _)| *there) {
        class = class + " " + part;
    }
    let body = el("div")
        .class(class)
        .maybe("aria-busy", app.waiting.map(|_| true))
        .flag("inert", app.ui.dialog.is_some())
        .with(top)
        .with(el("aside").class(rail_class).set("aria-label", "Setup").with(if here {
            fragment()
                .with(island(props(What::Rail(top::clients(app) > 0 || app.scenario.workload.clients == 0))))
        } else {
            rail::tabs(&app.catalogue, &app.scenario.system.pattern, on)
        }))
        .with(main)
        .with(if here {
            side::side(app, on)
        } else {
            el("aside").class("side").set("aria-label", "Analysis")
        })
        .with(time)
        .with(phone_nav(app, on));
    el("div")
        .at(&app.refs.root)
        .maybe("data-time", session.map(|s| s.now()))
        .maybe("data-events", session.map(|s| s.events()))
        .set("data-messages", app.frame.messages.len() as u64)
        .set("data-hash", &app.hash)
        .set("data-playing", session.is_some_and(|s| s.playback.playing))
        .with(el("button").class("skip").sends(on, Msg::Skip).with("To the stage"))
        .with(body)
        .with(here.then(|| dialogs::dialog(app, on, &props)))
        .with(here.then(|| menu::menu(app, on)))
        .with(toast(app, on))
        .with(el("div").class("sr").set("aria-live", "polite").with(&app.speaker.line))
        .with(el("div").class("sr").set("role", "alert").with(&app.alarm))
        .done()
}

/// What the scenario is about, until somebody has read it: at the head of the right panel or, where that is not in sight,
/// above the stage. It covers nothing of what it tells of.
pub(super) fn notes(app: &App, on: &Callback<Msg>, panel: bool) -> Option<El> {
    let words = app.scenario.notes.as_str();
    if !app.ui.notes || words.is_empty() || app.ui.full || app.ui.sheet.is_some() {
        return None;
    }
    // The inspector has it as well.
    if panel != crate::browser::matches(SIDE) || panel && app.ui.tab == Tab::Inspector {
        return None;
    }
    let close = el("button")
        .class("btn sm sq")
        .set("aria-label", "Close the notes")
        .sends(on, Msg::NotesGone)
        .with(icon("i-x", "i16"));
    // On a phone it is scrolled.
    let words = el("p").maybe("tabindex", (!panel).then_some("0")).with(words.to_owned());
    Some(el("div").class("about-run").set("role", "note").set("aria-label", "Notes").with(words).with(close))
}

fn toast(app: &App, on: &Callback<Msg>) -> El {
    let Some(toast) = &app.ui.toast else { return fragment() };
    let button = if toast.undo {
        el("button").class("btn sm").sends(on, Msg::Undo).with("Undo")
    } else {
        el("button")
            .class("btn sm sq")
            .set("aria-label", "Close")
            .sends(on, Msg::ToastGone)
            .with(icon("i-x", "i16"))
    };
    el("div").class("toast").set("role", "status").with(el("span").with(&toast.text)).with(button)
}

/// The bar at the bottom of a phone.
fn phone_nav(app: &App, on: &Callback<Msg>) -> El {
    let (drawer, tab) = (app.ui.drawer, app.ui.tab);
    let analysis = drawer == Drawer::Analysis;
    let pick = |tab: Tab| {
        let on = on.clone();
        let turn = !analysis || app.ui.tab == tab;
        Callback::from(move |_: MouseEvent| {
            on.emit(Msg::Tab(tab));
            if turn {
                on.emit(Msg::Drawer(Drawer::Analysis));
            }
        })
    };
    let entry = |name: &'static str, id: &'static str, pressed: bool| {
        el("button").set("aria-pressed", pressed).with(icon(id, "i22")).with(name)
    };
    el("nav")
        .class("mnav")
        .set("aria-label", "Panels")
        .with(entry("Stage", "i-elect", drawer == Drawer::Closed).sends(on, Msg::Drawer(Drawer::Closed)))
        .with(entry("Setup", "i-sliders", drawer == Drawer::Setup).sends(on, Msg::Drawer(Drawer::Setup)))
        .with(entry("Metrics", "i-chart", analysis && tab == Tab::Metrics).on_click(pick(Tab::Metrics)))
        .with(entry("Events", "i-list", analysis && tab == Tab::Events).on_click(pick(Tab::Events)))
}
