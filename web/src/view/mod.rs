//! The panels around the stage. They show what [`crate::app::App`] knows and send it messages.

pub mod charts;
pub mod controls;
pub mod dialogs;
pub mod dom;
pub mod events;
pub mod faults;
pub mod icons;
pub mod inspector;
pub mod island;
pub mod rail;
pub mod side;
pub mod stage;
pub mod timeline;
pub mod top;
pub mod transport;

use yew::prelude::*;

use crate::app::{App, Msg};
use crate::model::ui::{Drawer, Tab};
use dom::{El, el, fragment};
use icons::icon;
use island::{Props, What, island};

/// The whole page.
pub fn page(app: &App, on: &Callback<Msg>) -> Html {
    let session = app.session.as_ref();
    let props = |what: What| Props {
        what,
        catalogue: app.catalogue.clone(),
        scenario: app.scenario.clone(),
        on: on.clone(),
    };
    let rail = if app.drawer(Drawer::Setup) { "rail open" } else { "rail" };
    let main = el("main")
        .class("main")
        .with(stage::stage(app, on))
        .with(stage::verdict(app, on))
        .with(stage::palette(app, on));
    let time = el("footer")
        .class("time")
        .set("aria-label", "Transport")
        .with(transport::transport(app, on))
        .with(timeline::timeline(app, on));
    let body = el("div")
        .class(if app.ui.full { "app full" } else { "app" })
        .flag("inert", app.ui.dialog.is_some())
        .with(top::top(app, on))
        .with(el("aside").class(rail).set("aria-label", "Setup").with(island(props(What::Rail))))
        .with(main)
        .with(side::side(app, on))
        .with(time)
        .with(phone_nav(app, on));
    el("div")
        .at(&app.refs.root)
        .maybe("data-time", session.map(|s| s.now()))
        .maybe("data-events", session.map(|s| s.events()))
        .set("data-messages", app.frame.messages.len() as u64)
        .set("data-hash", &app.hash)
        .set("data-playing", session.is_some_and(|s| s.playback.playing))
        .with(icons::sprite())
        .with(body)
        .with(dialogs::dialog(app, on, props))
        .with(toast(app, on))
        .with(el("div").class("sr").set("aria-live", "polite").with(&app.speaker.line))
        .done()
}

fn toast(app: &App, on: &Callback<Msg>) -> El {
    let Some(toast) = &app.ui.toast else { return fragment() };
    let button = if toast.undo.is_some() {
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
