//! The right panel: metrics, inspector, events, causes.

use yew::prelude::*;

use super::controls::{option, pick};
use super::dom::{El, el, fragment};
use super::{charts, compare, events, inspector, sheet, spacetime};
use crate::app::{App, Msg};
use crate::model::ui::{Drawer, Tab};

/// How much the charts show: seconds and name.
const WINDOWS: [(u64, &str); 4] = [(2, "Last 2 s"), (10, "Last 10 s"), (30, "Last 30 s"), (0, "Whole run")];

/// The right panel.
#[inline(never)]
pub fn side(app: &App, on: &Callback<Msg>) -> El {
    if let Some(sheet) = app.ui.sheet.map(|open| sheet::side(app, on, open)) {
        return el("aside").class("side").set("aria-label", "Analysis").with(sheet);
    }
    let now = app.ui.tab;
    let name = Tab::ALL.iter().find(|(known, _)| *known == now).map_or("", |(_, name)| *name);
    let tab = |(tab, name): (Tab, &'static str)| {
        el("button")
            .set("role", "tab")
            .set("id", format!("tab-{name}"))
            .set("aria-controls", "panel")
            .set("aria-selected", now == tab)
            .set("tabindex", if now == tab { "0" } else { "-1" })
            .sends(on, Msg::Tab(tab))
            .with(name)
    };
    let body = match now {
        Tab::Metrics if compare::in_panel(app) => fragment().with(compare::results(app, false)),
        Tab::Metrics => metrics(app, on),
        Tab::Inspector => inspector::inspector(app, on),
        Tab::Events => events::events(app, on),
        Tab::SpaceTime => spacetime::why(app, on),
    };
    let panel = el("div")
        .class("panel")
        .set("id", "panel")
        .set("role", "tabpanel")
        .set("tabindex", "0")
        .set("aria-label", name)
        .with(body);
    el("aside")
        .class(if app.drawer(Drawer::Analysis) { "side open" } else { "side" })
        .set("aria-label", "Analysis")
        .with(
            el("div")
                .class("tabs")
                .set("role", "tablist")
                .set("aria-label", "Analysis")
                .each(Tab::ALL.map(tab)),
        )
        .with(super::notes(app, on, true))
        .with(panel)
}

fn metrics(app: &App, on: &Callback<Msg>) -> El {
    let list =
        el("select")
            .class("select sm")
            .set("aria-label", "Time shown")
            .tells(on, |text| Msg::Window(text.parse().unwrap_or(0)))
            .each(WINDOWS.map(|(seconds, name)| {
                option(seconds.to_string(), name.to_owned(), app.ui.window == seconds)
            }));
    fragment()
        .with(
            el("div").class("subhead").with(el("span").with("Shaded: fault active")).with(pick("pick", list)),
        )
        .with(charts::charts(app, on))
}
