//! What a scenario says about itself: a paragraph, or steps that lead through it, a line each.

use netsplit_lab::gallery;
use yew::prelude::*;

use super::title;
use crate::app::{App, Msg};
use crate::view::dom::{El, el};

/// Where somebody starts who has never put anything in: the scenario for a pattern.
const STARTS: [(&str, &str); 2] = [("replication", "try-a-copy"), ("eventual_consistency", "try-a-rumour")];

/// The steps that lead through the scenario; none in most.
fn steps(app: &App) -> impl Iterator<Item = &str> {
    let steps = app.scenario.lesson.as_ref().and_then(|lesson| lesson.get("steps")?.as_array());
    steps.into_iter().flatten().filter_map(|step| step.as_str())
}

/// Whether the scenario leads, step by step.
pub fn leads(app: &App) -> bool {
    steps(app).next().is_some()
}

/// The notes, and the steps.
pub fn guide(app: &App) -> Option<El> {
    let notes = app.scenario.notes.as_str();
    if notes.is_empty() && !leads(app) {
        return None;
    }
    let name = if app.scenario.title.is_empty() { "This run" } else { app.scenario.title.as_str() };
    let steps: Vec<El> = steps(app).map(|step| el("li").with(el("p").with(step.to_owned()))).collect();
    let list = (!steps.is_empty()).then(|| el("ol").each(steps));
    let notes = el("p").class("muted").with(notes.to_owned());
    Some(el("section").class("guide").with(title(name, String::new())).with(notes).with(list))
}

/// The way to the scenario that leads through it, where there is one for this pattern.
pub fn start(app: &App, on: &Callback<Msg>) -> Option<El> {
    let (_, id) = STARTS.iter().find(|(pattern, _)| *pattern == app.scenario.system.pattern)?;
    if leads(app) || !gallery().iter().any(|entry| entry.id == *id) {
        return None;
    }
    let go = el("button").class("link").sends(on, Msg::Gallery((*id).to_owned()));
    Some(el("p").class("muted").with("First time? ").with(go.with("Insert at one node, read at another")))
}
