//! The panels around the stage. They show what [`crate::app::App`] knows and send it messages.

pub mod charts;
pub mod controls;
pub mod dialogs;
pub mod events;
pub mod faults;
pub mod icons;
pub mod inspector;
pub mod rail;
pub mod side;
pub mod stage;
pub mod timeline;
pub mod top;
pub mod transport;

use yew::prelude::*;

use crate::app::{App, Msg};
use crate::model::ui::{Drawer, Tab};
use icons::icon;

/// The whole page.
pub fn page(app: &App, on: &Callback<Msg>) -> Html {
    let session = app.session.as_ref();
    let open = app.ui.dialog.is_some();
    let attribute = |value: Option<String>| value.map(AttrValue::from);
    let playing = session.is_some_and(|s| s.playback.playing);
    html! {
        <div
            ref={app.refs.root.clone()}
            data-time={attribute(session.map(|s| s.now().to_string()))}
            data-events={attribute(session.map(|s| s.events().to_string()))}
            data-messages={app.frame.messages.len().to_string()}
            data-hash={app.hash.clone()}
            data-playing={playing.to_string()}
        >
            { icons::sprite() }
            <div class="app" inert={open}>
                { top::top(app, on) }
                <aside class={classes!("rail", app.drawer(Drawer::Setup).then_some("open"))} aria-label="Setup">
                    <rail::Rail catalogue={app.catalogue.clone()} scenario={app.scenario.clone()} on={on.clone()} />
                </aside>
                <main class="main">
                    { stage::stage(app, on) }
                    { stage::verdict(app, on) }
                    { stage::palette(app, on) }
                </main>
                { side::side(app, on) }
                <footer class="time" aria-label="Transport">
                    { transport::transport(app, on) }
                    { timeline::timeline(app, on) }
                </footer>
                { phone_nav(app, on) }
            </div>
            { dialogs::dialog(app, on) }
            { toast(app, on) }
            <div class="sr" aria-live="polite">{ app.speaker.line.clone() }</div>
        </div>
    }
}

fn toast(app: &App, on: &Callback<Msg>) -> Html {
    let Some(toast) = &app.ui.toast else { return html! {} };
    html! {
        <div class="toast" role="status">
            <span>{ toast.text.clone() }</span>
            if toast.undo.is_some() {
                <button class="btn sm" onclick={on.reform(|_| Msg::Undo)}>{ "Undo" }</button>
            } else {
                <button class="btn sm sq" aria-label="Close" onclick={on.reform(|_| Msg::ToastGone)}>
                    { icon("i-x", "i16") }
                </button>
            }
        </div>
    }
}

/// The bar at the bottom of a phone.
fn phone_nav(app: &App, on: &Callback<Msg>) -> Html {
    let drawer = app.ui.drawer;
    let tab = app.ui.tab;
    let to = |drawer: Drawer, tab: Option<Tab>, now: Drawer| {
        on.reform(move |_: MouseEvent| match tab {
            Some(tab) if now == drawer => Msg::Tab(tab),
            _ => Msg::Drawer(drawer),
        })
    };
    let pick = |tab: Tab| {
        let on = on.clone();
        let open = drawer == Drawer::Analysis;
        let same = app.ui.tab == tab;
        Callback::from(move |_: MouseEvent| {
            on.emit(Msg::Tab(tab));
            if !open || same {
                on.emit(Msg::Drawer(Drawer::Analysis));
            }
        })
    };
    let analysis = drawer == Drawer::Analysis;
    let entry = |name: &'static str, id: &'static str, pressed: bool, onclick: Callback<MouseEvent>| {
        html! {
            <button aria-pressed={pressed.to_string()} {onclick}>{ icon(id, "i22") }{ name }</button>
        }
    };
    html! {
        <nav class="mnav" aria-label="Panels">
            { entry("Stage", "i-elect", drawer == Drawer::Closed, on.reform(|_| Msg::Drawer(Drawer::Closed))) }
            { entry("Setup", "i-sliders", drawer == Drawer::Setup, to(Drawer::Setup, None, drawer)) }
            { entry("Metrics", "i-chart", analysis && tab == Tab::Metrics, pick(Tab::Metrics)) }
            { entry("Events", "i-list", analysis && tab == Tab::Events, pick(Tab::Events)) }
        </nav>
    }
}
