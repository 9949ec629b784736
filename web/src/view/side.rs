//! The right panel: metrics, inspector, events.

use yew::prelude::*;

use super::controls::chosen;
use super::icons::icon;
use super::{charts, events, inspector};
use crate::app::{App, Msg};
use crate::model::ui::{Drawer, Tab};

/// How much the charts show: seconds and name.
const WINDOWS: [(u64, &str); 4] = [(2, "Last 2 s"), (10, "Last 10 s"), (30, "Last 30 s"), (0, "Whole run")];

/// The right panel.
pub fn side(app: &App, on: &Callback<Msg>) -> Html {
    html! {
        <aside class={classes!("side", app.drawer(Drawer::Analysis).then_some("open"))} aria-label="Analysis">
            <div class="tabs" role="tablist" aria-label="Analysis">
                { for Tab::ALL.into_iter().map(|(tab, name)| {
                    let selected = app.ui.tab == tab;
                    html! {
                        <button
                            role="tab"
                            id={format!("tab-{name}")}
                            aria-controls="panel"
                            aria-selected={selected.to_string()}
                            tabindex={if selected { "0" } else { "-1" }}
                            onclick={on.reform(move |_| Msg::Tab(tab))}
                        >{ name }</button>
                    }
                }) }
            </div>
            <div class="panel" id="panel" role="tabpanel" tabindex="0" aria-label={name(app.ui.tab)}>
                { match app.ui.tab {
                    Tab::Metrics => metrics(app, on),
                    Tab::Inspector => inspector::inspector(app, on),
                    Tab::Events => events::events(app, on),
                } }
            </div>
        </aside>
    }
}

fn name(tab: Tab) -> &'static str {
    Tab::ALL.iter().find(|(known, _)| *known == tab).map_or("", |(_, name)| *name)
}

fn metrics(app: &App, on: &Callback<Msg>) -> Html {
    let change = on.reform(|event: Event| Msg::Window(chosen(&event).parse().unwrap_or(0)));
    html! {
        <>
            <div class="subhead">
                <span>{ "Shaded: fault active" }</span>
                <span class="pick">
                    <select class="select sm" aria-label="Time shown" onchange={change}>
                        { for WINDOWS.iter().map(|(seconds, name)| html! {
                            <option value={seconds.to_string()} selected={app.ui.window == *seconds}>{ *name }</option>
                        }) }
                    </select>
                    { icon("i-down", "i16") }
                </span>
            </div>
            { charts::charts(app) }
        </>
    }
}
