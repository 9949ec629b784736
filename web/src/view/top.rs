//! The top bar.

use yew::prelude::*;

use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::ui::{Dialog, Drawer};
use crate::model::{format, setup};

/// The top bar.
pub fn top(app: &App, on: &Callback<Msg>) -> Html {
    let scenario = &app.scenario;
    let algorithm = setup::algorithm(&app.catalogue, scenario);
    let name = algorithm.map_or_else(|| scenario.system.algorithm.clone(), |a| a.label.clone());
    let nodes = algorithm.map_or(0, |a| a.node_count(scenario));
    let sub = format!(
        "{name}, {}, {}",
        format::many(u64::from(nodes), "node"),
        format::many(u64::from(scenario.workload.clients), "client")
    );
    let title = match scenario.title.as_str() {
        "" => format::sentence_case(&scenario.system.pattern),
        said => said.to_owned(),
    };
    html! {
        <header class="top">
            <a class="brand" href="./" aria-label="netsplit, start page">
                { icon("i-brand", "i22") }<span>{ "netsplit" }</span>
            </a>
            <div class="title"><h1 title={title.clone()}>{ title.clone() }</h1><span class="sub">{ sub }</span></div>
            <nav aria-label="Main">
                <button class="btn" onclick={on.reform(|_| Msg::Dialog(Some(Dialog::Gallery)))}>
                    { icon("i-gallery", "") }<span class="word">{ "Gallery" }</span>
                </button>
                <button class="btn line" onclick={on.reform(|_| Msg::Share)}>
                    { icon("i-share", "") }<span class="word">{ "Share" }</span>
                </button>
                <span class="sep"></span>
                <button class="btn sq" aria-label="Switch theme" onclick={on.reform(|_| Msg::Theme)}>
                    { icon("i-theme", "") }
                </button>
                <button
                    class="btn sq"
                    aria-label="Help and keyboard shortcuts"
                    onclick={on.reform(|_| Msg::Dialog(Some(Dialog::Help)))}
                >
                    { icon("i-help", "") }
                </button>
                <button
                    class="btn sq only-narrow"
                    aria-label="Setup"
                    aria-expanded={app.drawer(Drawer::Setup).to_string()}
                    onclick={on.reform(|_| Msg::Drawer(Drawer::Setup))}
                >
                    { icon("i-sliders", "") }
                </button>
                <button
                    class="btn sq only-narrow"
                    aria-label="Metrics, inspector, events"
                    aria-expanded={app.drawer(Drawer::Analysis).to_string()}
                    onclick={on.reform(|_| Msg::Drawer(Drawer::Analysis))}
                >
                    { icon("i-chart", "") }
                </button>
            </nav>
        </header>
    }
}
