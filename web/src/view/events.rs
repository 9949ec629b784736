//! The event log in sentences, the newest first.

use netsplit_lab::LogEntry;
use yew::prelude::*;

use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::ui::{Filter, Selection};

/// Rows that are listed.
const ROWS: usize = 80;

/// The event log.
pub fn events(app: &App, on: &Callback<Msg>) -> Html {
    let log = &app.panels.log;
    let rows: Vec<&LogEntry> =
        log.iter().rev().filter(|entry| app.ui.filter.takes(&entry.kind)).take(ROWS).collect();
    html! {
        <>
            <div class="chips" role="group" aria-label="Filter">
                { for Filter::ALL.into_iter().map(|(filter, name)| html! {
                    <button
                        class="chip"
                        aria-pressed={(app.ui.filter == filter).to_string()}
                        onclick={on.reform(move |_| Msg::Filter(filter))}
                    >{ name }</button>
                }) }
            </div>
            if rows.is_empty() {
                <p class="empty">{ "Nothing of this kind has happened yet." }</p>
            }
            <ol class="ev" aria-label="Events, the newest first">
                { for rows.into_iter().enumerate().map(|(at, entry)| row(app, on, at, entry)) }
            </ol>
        </>
    }
}

fn row(app: &App, on: &Callback<Msg>, at: usize, entry: &LogEntry) -> Html {
    let id = match entry.kind.as_str() {
        "fault" => "i-bolt",
        "lost" => "i-loss",
        "operation" => "i-warn",
        "notable" => "i-flag",
        _ => "i-message",
    };
    let node = app.frame.nodes.iter().find(|node| node.name == entry.node).map(|node| node.id);
    // A lost message's sentence names both ends.
    let about = if entry.kind == "lost" { "" } else { entry.node.as_str() };
    let (subject, rest) = format::subject(about, &entry.sentence);
    let words = html! { <><b>{ subject }</b>{ rest }</> };
    let time = format!("{:.3}", entry.time as f64 / 1e9);
    html! {
        <li key={format!("{}-{at}", entry.event)} class={format!("k-{}", entry.kind)}>
            <time title={format!("{time} s, event {}", entry.event)}>{ time }</time>
            { icon(id, "i16") }
            if let Some(node) = node {
                <button onclick={on.reform(move |_| Msg::Select(Selection::Node(node)))}>{ words }</button>
            } else {
                <span>{ words }</span>
            }
        </li>
    }
}
