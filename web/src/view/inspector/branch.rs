//! A course of events: how it differs, and what can be done with it.

use netsplit_lab::BranchFrame;
use yew::prelude::*;

use super::{row, title};
use crate::app::{App, Msg};
use crate::model::ui::{BranchDeed, CompareDeed, Selection};
use crate::model::{compare, format};
use crate::view::controls::{field, typed};
use crate::view::dom::{El, el, fragment};
use crate::view::icons::icon;

/// A branch, and the others.
pub fn branch(app: &App, on: &Callback<Msg>, id: u32) -> El {
    let all = &app.panels.branches;
    let Some(shown) = all.iter().find(|branch| branch.id == id) else {
        return el("p").class("empty").with("This branch is no longer there.");
    };
    let button = |deed: BranchDeed, id: &str, label: &'static str| {
        el("button").class("btn line sm").sends(on, Msg::Branch(deed)).with(icon(id, "i16")).with(label)
    };
    let parent = all.iter().find(|branch| Some(branch.id) == shown.parent);
    let main = parent.is_none();
    let name = || {
        let on = on.clone();
        let heard = Callback::from(move |event: Event| {
            on.emit(Msg::Branch(BranchDeed::Name(id, typed(&event))));
        });
        let field =
            field(&format!("branch {id}"), shown.name.clone(), heard).class("box").set("aria-label", "Name");
        el("div").class("kv").with(el("span").with("Name")).with(field)
    };
    let left = parent.map(|parent| {
        fragment()
            .with(row("Leaves", compare::title(&parent.name)))
            .with(row("At", format::instant(shown.from.saturating_sub(1))))
            .with(el("p").class("differs").with(&shown.differs))
    });
    let acts = el("div")
        .class("acts")
        .with((!shown.current).then(|| button(BranchDeed::Show(id), "i-eye", "Show")))
        .with((all.len() > 1).then(|| button(BranchDeed::Compare(id), "i-compare", "Compare")))
        .with((!main).then(|| button(BranchDeed::Delete(id), "i-x", "Delete")));
    let state = if shown.current { "shown" } else { "kept" };
    let body = el("section")
        .with(title(&compare::title(&shown.name), state.to_owned()))
        .with((!main).then(name))
        .with(left)
        .with(row("Simulated up to", format::instant(shown.reached)))
        .with(acts);
    el("div").class("ins").with(body).with(list(app, on))
}

/// Other courses of events, and the ways to one.
pub fn begin(app: &App, on: &Callback<Msg>) -> El {
    let button = |msg: Msg, id: &str, label: &'static str| {
        el("button").class("btn line sm").sends(on, msg).with(icon(id, "i16")).with(label)
    };
    let compare = if crate::view::compare::two(app) { "One run again" } else { "Compare" };
    let acts = el("div")
        .class("acts")
        .with(button(Msg::Branch(BranchDeed::Fork), "i-fork", "Fork from here"))
        .with(button(Msg::Compare(CompareDeed::Toggle), "i-compare", compare));
    let others = (app.panels.branches.len() > 1).then(|| list(app, on));
    fragment().with(others).with(el("div").class("ins").with(el("section").with(acts)))
}

/// All courses of events: where there is no room for the time line's lane, this is the way to one.
pub fn list(app: &App, on: &Callback<Msg>) -> El {
    let chip = |branch: &BranchFrame| {
        el("button")
            .class("chip")
            .set("aria-pressed", branch.current)
            .sends(
                on,
                if branch.current {
                    Msg::Select(Selection::Branch(branch.id))
                } else {
                    Msg::Branch(BranchDeed::Show(branch.id))
                },
            )
            .with(compare::title(&branch.name))
    };
    fragment()
        .with(el("p").class("empty").with("Courses of events:"))
        .with(el("div").class("nodepick").each(app.panels.branches.iter().map(chip)))
}
