//! Breakpoints: the list above the event log with the form that makes one, and their marks on the time line.

use netsplit_lab::breakpoints::{self, Break, Breakpoint};
use yew::prelude::*;

use super::controls::{option, pick, switch, typed};
use super::dom::{El, el, fragment};
use super::icons::icon;
use super::timeline::{Axis, path, px, text};
use crate::app::{App, Msg};
use crate::model::breaks::{Deed, EVENTS, KINDS, Slot, sentence};
use crate::model::format;

/// The list, folded or not.
pub fn breaks(app: &App, on: &Callback<Msg>) -> El {
    let breaks = &app.breaks;
    let active = breaks.list.iter().filter(|point| point.on).count();
    let count = match (breaks.list.len(), active) {
        (0, _) => "none".to_owned(),
        (all, active) if all == active => all.to_string(),
        (all, active) => format!("{active} of {all} on"),
    };
    let fold = el("button")
        .class("fold")
        .set("aria-expanded", breaks.open)
        .set("aria-controls", "breaks")
        .sends(on, Msg::Breaks(Deed::Fold))
        .with(icon("i-break", "i16"))
        .with(el("b").with("Breakpoints"))
        .with(el("small").with(count))
        .with(icon(if breaks.open { "i-up" } else { "i-down" }, "i16"));
    let body = || {
        let none = || el("p").class("muted").with("A run that plays stops where one of these comes true.");
        el("div")
            .set("id", "breaks")
            .with(breaks.list.is_empty().then(none))
            .with(el("ul").each(breaks.list.iter().enumerate().map(|(at, point)| row(app, on, at, point))))
            .with(form(app, on))
    };
    el("section").class("breaks").set("aria-label", "Breakpoints").with(fold).with(breaks.open.then(body))
}

fn row(app: &App, on: &Callback<Msg>, at: usize, point: &Breakpoint) -> El {
    let words = words(app, &point.at);
    let hit = app.breaks.hit.is_some_and(|(hit, time)| hit == at && time == app.panels.now);
    let class = match (hit, app.breaks.editing == Some(at), point.on) {
        (true, ..) => "hit",
        (_, true, _) => "edited",
        (.., false) => "off",
        _ => "",
    };
    let edit = el("button")
        .class("say")
        .set("title", "Change it")
        .sends(on, Msg::Breaks(Deed::Edit(at)))
        .with(el("small").with((at + 1).to_string()))
        .with(&words);
    let remove = el("button")
        .class("btn sm sq")
        .set("aria-label", format!("Remove breakpoint {}: {words}", at + 1))
        .sends(on, Msg::Breaks(Deed::Remove(at)))
        .with(icon("i-x", "i16"));
    el("li")
        .class(class)
        .with(
            switch(&format!("Breakpoint {}: {words}", at + 1), point.on)
                .sends(on, Msg::Breaks(Deed::Switch(at))),
        )
        .with(edit)
        .with(remove)
}

/// Where it stops the run.
fn words(app: &App, at: &Break) -> String {
    app.session.as_ref().map_or_else(String::new, |s| sentence(at, s.experiment(), &s.legend))
}

/// What a field says goes into its slot.
fn sets(el: El, on: &Callback<Msg>, slot: Slot) -> El {
    let on = on.clone();
    el.on_change(Callback::from(move |event: Event| on.emit(Msg::Breaks(Deed::Set(slot, typed(&event))))))
}

fn form(app: &App, on: &Callback<Msg>) -> El {
    let breaks = &app.breaks;
    let Some(session) = app.session.as_ref() else { return fragment() };
    let list = |slot: Slot, label: &'static str, entries: Vec<(String, String)>| {
        let now = breaks.field(slot);
        let entry = |(id, name): (String, String)| {
            let chosen = id == now;
            option(id, name, chosen)
        };
        let select = el("select").class("select sm").set("aria-label", label);
        pick("pick", sets(select, on, slot).each(entries.into_iter().map(entry)))
    };
    let field = |slot: Slot, label: &'static str, hint: String| {
        let input = el("input")
            .class("box sm")
            .set("aria-label", label)
            .set("placeholder", hint)
            .set("aria-invalid", !breaks.trouble.is_empty())
            .value(breaks.field(slot).to_owned());
        let (sets, keep) = (on.clone(), on.clone());
        let enter = Callback::from(move |event: KeyboardEvent| {
            if event.key() == "Enter" {
                event.prevent_default();
                keep.emit(Msg::Breaks(Deed::Keep));
            }
        });
        // With every letter: the page may be made anew before the field is left.
        input
            .on_input(Callback::from(move |event: InputEvent| {
                sets.emit(Msg::Breaks(Deed::Set(slot, typed(&event))));
            }))
            .on_key(enter)
    };
    let pairs = |known: &[(&str, &str)]| -> Vec<(String, String)> {
        known.iter().map(|(id, name)| ((*id).to_owned(), (*name).to_owned())).collect()
    };
    // Who may yet be added is not there.
    let there = |node: &&netsplit_lab::NodeFrame| {
        node.status != "absent" || breaks.field(Slot::Node).parse() == Ok(node.id)
    };
    let nodes = || app.frame.nodes.iter().filter(there).map(|node| (node.id.to_string(), node.name.clone()));
    let any = || std::iter::once((String::new(), "at any node".to_owned()));
    let more = match breaks.field(Slot::Kind) {
        "time" => fragment().with(field(Slot::At, "Instant", "2.5 s".to_owned())),
        "event" => {
            let mut events = pairs(&EVENTS);
            let kinds = session.legend.iter().enumerate();
            events.extend(kinds.map(|(at, kind)| (format!("m{at}"), format!("{} arrives", kind.label))));
            let message = breaks.field(Slot::Event).starts_with('m');
            let node = || list(Slot::Node, "Node", any().chain(nodes()).collect());
            fragment().with(list(Slot::Event, "Event", events)).with((!message).then(node))
        }
        "metric" => fragment()
            .with(list(Slot::Metric, "Metric", breakpoints::metrics(session.experiment())))
            .with(list(Slot::Side, "Passes", pairs(&[("above", "rises above"), ("below", "falls below")])))
            .with(field(Slot::Limit, "Limit", "10".to_owned())),
        _ => {
            let node = breaks.field(Slot::Node).parse().unwrap_or(0);
            let facts = breakpoints::facts(session.experiment(), node);
            let label = breaks.field(Slot::Label);
            let now = facts.iter().find(|(known, _)| known == label).map(|(_, value)| value.clone());
            let labels = facts.iter().map(|(label, _)| (label.clone(), label.clone())).collect();
            fragment()
                .with(list(Slot::Node, "Node", nodes().collect()))
                .with(list(Slot::Label, "What of it", labels))
                .with(field(Slot::Value, "Becomes", now.map(|now| format!("now {now}")).unwrap_or_default()))
        }
    };
    let editing = breaks.editing;
    let act = |class: &'static str, label: String, deed: Deed| {
        el("button").class(class).sends(on, Msg::Breaks(deed)).with(label)
    };
    let keep = editing.map_or_else(|| "Add".to_owned(), |at| format!("Change {}", at + 1));
    el("div")
        .class("brkform")
        .set("role", "group")
        .set("aria-label", "A breakpoint")
        .with(list(Slot::Kind, "Kind", pairs(&KINDS)))
        .with(more)
        .with(act("btn line sm", keep, Deed::Keep))
        .with(editing.is_some().then(|| act("btn sm", "Cancel".to_owned(), Deed::Clear)))
        .with(
            (!breaks.trouble.is_empty())
                .then(|| el("p").class("err").set("role", "alert").with(&breaks.trouble)),
        )
}

/// Where on the ruler breakpoints are: those on an instant, and the one that has stopped the run.
#[inline(never)]
pub(super) fn marks(app: &App, axis: &Axis, tall: f64) -> El {
    let breaks = &app.breaks;
    let at = |(index, point): (usize, &Breakpoint)| match point.at {
        Break::At(at) => Some((index, at, point.on)),
        _ => None,
    };
    let fixed = breaks.list.iter().enumerate().filter_map(at);
    let hit =
        breaks.hit.filter(|(index, _)| !matches!(breaks.list.get(*index).map(|p| &p.at), Some(Break::At(_))));
    let all = fixed.chain(hit.map(|(index, time)| (index, time, true)));
    let mark = |(index, time, live): (usize, u64, bool)| {
        let x = axis.x(time);
        let class = if live { "brk" } else { "brk off" };
        let words = breaks.list.get(index).map(|point| words(app, &point.at)).unwrap_or_default();
        let title = el("title").with(format!("Breakpoint {}: {words}, {}", index + 1, format::instant(time)));
        el("g")
            .class(class)
            .with(title)
            .with(path("brkl", format!("M{x:.1} 17V{tall:.0}")))
            .with(path("brkb", format!("M{:.1} 3h13v8l-6.500 6-6.500-6z", x - 6.5)))
            .with(text("brkn", px(x), "12".to_owned()).with((index + 1).to_string()))
    };
    fragment().each(all.map(mark))
}
