//! A control for a declared parameter.

use std::rc::Rc;

use netsplit_lab::scenario::ParamKind;
use netsplit_lab::scenario::catalogue::{Control, ParamDecl};
use netsplit_lab::scenario::json::number;
use netsplit_scenario::Distribution;
use serde_json::Value;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use super::island::Change;
use crate::browser;
use crate::model::{curve, setup};

/// What a control is for.
pub struct Param<'a> {
    /// The declaration.
    pub decl: &'a ParamDecl,
    /// What it stands at.
    pub value: Value,
    /// Tells it from its neighbours.
    pub name: String,
    /// Hears a new value.
    pub on: Callback<Value>,
    /// The slider that is being dragged, and its value.
    pub draft: &'a Option<(String, Value)>,
    /// Hears that one is.
    pub drags: &'a Callback<Change>,
}

/// A control for a declared parameter, with its name.
pub fn param(param: Param<'_>) -> El {
    let Param { decl, value, on, .. } = &param;
    let control = match (&decl.kind, &decl.control) {
        (ParamKind::Bool, _) => {
            let checked = value.as_bool().unwrap_or(false);
            labelled(decl, switch(&decl.label, checked).sends(on, Value::from(!checked)))
        }
        (ParamKind::Choice { options }, control) => choice(&param, options, *control),
        (ParamKind::Distribution { .. }, _) => law(&param),
        (ParamKind::Text { .. } | ParamKind::Node, _) => field_row(&param),
        (_, Control::Slider { .. }) => slider(&param),
        _ => field_row(&param),
    };
    control.key(param.name)
}

fn labelled(decl: &ParamDecl, body: El) -> El {
    let label = el("span").class("lab").with(&decl.label);
    el("div").class("param").set("title", &decl.help).with(label).with(body)
}

/// A switch.
pub fn switch(label: &String, checked: bool) -> El {
    el("button").class("switch").set("role", "switch").set("aria-label", label).set("aria-checked", checked)
}

/// A list with its arrow.
pub fn pick(class: &'static str, select: El) -> El {
    el("span").class(class).with(select).with(icon("i-down", "i16"))
}

/// An entry of a list.
pub fn option(value: String, name: String, selected: bool) -> El {
    el("option").set("value", value).chosen(selected).with(name)
}

fn choice(param: &Param<'_>, options: &[(String, String)], control: Control) -> El {
    let Param { decl, value, on, .. } = param;
    let now = value.as_str().unwrap_or_default();
    // What has no room side by side is a list: 226 px, 6 for a letter, 14 around each word.
    let letters: usize = options.iter().map(|o| o.1.len()).sum();
    let body = if control == Control::Segmented && letters * 6 + options.len() * 14 <= 226 {
        let entry = |(id, label): &(String, String)| {
            el("button")
                .set("aria-pressed", id == now)
                .set("title", label)
                .sends(on, Value::from(id.as_str()))
                .with(label)
        };
        let group = el("div").class("seg wide").set("role", "group").set("aria-label", &decl.label);
        group.each(options.iter().map(entry))
    } else {
        let entry = |(id, label): &(String, String)| option(id.clone(), label.clone(), id == now);
        let list = el("select").class("select sm").set("aria-label", &decl.label).tells(on, Value::String);
        pick("pick wide", list.each(options.iter().map(entry)))
    };
    labelled(decl, body)
}

/// What a field or a list was set to.
pub fn typed(event: &Event) -> String {
    if let Some(input) = event.target_dyn_into::<HtmlInputElement>() {
        return input.value();
    }
    event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default()
}

/// A field whose text `on` hears once it is typed. What is being typed stays while the page is made anew around it, as it is
/// some times a second while the run plays; `id` tells the field from others.
pub fn field(id: &str, value: String, on: Callback<Event>) -> El {
    let draft = browser::typing(id);
    let begins = Callback::from(|event: InputEvent| mark(event.target_dyn_into(), true));
    let ends = Callback::from(move |event: Event| {
        mark(event.target_dyn_into(), false);
        on.emit(event);
    });
    el("input")
        .set("type", "text")
        .set("data-field", id.to_owned())
        .value(draft.unwrap_or(value))
        .on_input(begins)
        .on_change(ends)
}

fn mark(field: Option<Element>, typing: bool) {
    let _ = field.map(|field| match typing {
        true => field.set_attribute(browser::TYPING, ""),
        false => field.remove_attribute(browser::TYPING),
    });
}

fn field_row(param: &Param<'_>) -> El {
    let Param { decl, value, on, .. } = param;
    let (mut text, unit) = setup::shown(decl, value);
    if value.is_null() {
        text.clear();
    }
    let field = el("input")
        .set("type", "text")
        .set("inputmode", "decimal")
        .value(text.clone())
        .set("placeholder", "none")
        .set("aria-label", &decl.label)
        .on_change(commit(Rc::new((*decl).clone()), &unit, text, on));
    el("div")
        .class("prow field-row")
        .set("title", &decl.help)
        .with(el("label").with(&decl.label))
        .with(el("span").class("num").with(field).with(el("u").with(unit)))
}

/// Takes what was typed into a field; what is not possible gives way to `before`, and it is said what is.
fn commit(decl: Rc<ParamDecl>, unit: &str, before: String, on: &Callback<Value>) -> Callback<Event> {
    let (unit, on) = (unit.to_owned(), on.clone());
    Callback::from(move |event: Event| {
        take(&event, setup::typed(&decl, &typed(&event), &unit), (&before, &setup::possible(&decl)), &on);
    })
}

fn take(event: &Event, value: Option<Value>, (before, possible): (&str, &str), on: &Callback<Value>) {
    wrong(event, value.is_none().then_some(possible));
    match value {
        Some(value) => on.emit(value),
        None => event.target_dyn_into::<HtmlInputElement>().into_iter().for_each(|it| it.set_value(before)),
    }
}

/// What a length of time looks like.
pub const A_SPAN: &str = "a span such as 500ms or 2s";

/// Says under a field's row, and once aloud, what would be `possible` where what was typed is not; takes that away where
/// it is. The focus stays where it is.
pub fn wrong(event: &Event, possible: Option<&str>) {
    let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
    let row = input.closest(".prow,.law,.kv,.aimbar,.sh").ok().flatten();
    let words = possible.map(|possible| format!("“{}” does not fit: {possible}.", input.value()));
    for (of, name) in [(Some(input.unchecked_into()), "aria-description"), (row, "data-wrong")] {
        let Some(of): Option<Element> = of else { continue };
        let _ = match &words {
            Some(words) => of.set_attribute(name, words),
            None => of.remove_attribute(name),
        };
    }
    browser::announce(words.as_deref().unwrap_or_default());
}

/// A slider with its field: dragging shows the value, letting go takes it.
fn slider(param: &Param<'_>) -> El {
    let Param { decl, name, on, drags, .. } = param;
    let start = setup::number(decl, &param.value).unwrap_or(0.0);
    let draft = param.draft.as_ref().filter(|(dragged, _)| dragged == name).map(|(_, value)| value);
    let value = draft.unwrap_or(&param.value);
    let now = setup::number(decl, value).unwrap_or(start);
    // The ends stay where they are while it is dragged.
    let place = setup::place_in(setup::span(decl, start), now);
    let (text, unit) = setup::shown(decl, value);
    let decl = Rc::new((*decl).clone());
    let oninput = {
        let (drags, decl, name) = ((*drags).clone(), decl.clone(), name.clone());
        Callback::from(move |event: InputEvent| {
            if let Some(place) = number(&typed(&event)) {
                drags.emit(Change::Draft(Some((name.clone(), setup::at_place(&decl, start, place)))));
            }
        })
    };
    let onchange = {
        let (drags, decl, on) = ((*drags).clone(), decl.clone(), on.clone());
        Callback::from(move |event: Event| {
            let place = number(&typed(&event));
            drags.emit(Change::Draft(None));
            if let Some(place) = place {
                on.emit(setup::at_place(&decl, start, place));
            }
        })
    };
    let range = el("input")
        .set("type", "range")
        .set("min", "0")
        .set("max", setup::STEPS.to_string())
        .set("step", "1")
        .value(format!("{place:.0}"))
        .set("data-css", format!("--v:{:.1}%", place.round() / 10.0))
        .set("aria-label", &decl.label)
        .set("aria-valuetext", format!("{text} {unit}"))
        .on_input(oninput)
        .on_change(onchange);
    let field = el("input")
        .set("type", "text")
        .set("inputmode", "decimal")
        .value(text.clone())
        .set(
            "aria-label",
            format!(
                "{}, value{}",
                decl.label,
                if unit.is_empty() { String::new() } else { format!(" in {unit}") }
            ),
        )
        .on_change(commit(decl.clone(), &unit, text, on));
    el("div")
        .class(if decl.label.chars().count() > 15 { "prow long" } else { "prow" })
        .set("title", &decl.help)
        .with(el("label").with(&decl.label))
        .with(range)
        .with(el("span").class("num").with(field).with(el("u").with(unit)))
}

/// A distribution: its kind and its fields.
fn law(param: &Param<'_>) -> El {
    let Param { decl, value, on, .. } = param;
    let law: Distribution = netsplit_lab::scenario::from_value(value).unwrap_or_default();
    let (kind, fields) = setup::law_fields(&law);
    let spans = netsplit_lab::quantiles(&law);
    let change = {
        let on = (*on).clone();
        Callback::from(move |event: Event| {
            if let Some(next) = setup::recast(&law, &typed(&event)) {
                on.emit(netsplit_lab::scenario::to_value(&next));
            }
        })
    };
    let known = setup::LAWS.iter().find(|(id, ..)| *id == kind);
    let names: &[&'static str] = known.map_or(&[], |(_, _, names)| *names);
    let label = &decl.label;
    let list = el("select")
        .class("select sm")
        .set("aria-label", format!("{label}, distribution"))
        .on_change(change)
        .each(
            setup::LAWS.iter().map(|(id, name, _)| option((*id).to_owned(), (*name).to_owned(), *id == kind)),
        )
        .with(known.is_none().then(|| option(kind.to_owned(), kind.to_owned(), true)));
    let mut body = el("div").class("law wide").with(pick("pick", list));
    let entry = |(at, (name, text)): (usize, (&&'static str, &String))| {
        let (on, fields) = ((*on).clone(), fields.clone());
        let onchange = Callback::from(move |event: Event| {
            let mut next = fields.clone();
            next[at] = typed(&event);
            let law = setup::law(kind, &next).map(|law| netsplit_lab::scenario::to_value(&law));
            take(&event, law, (&fields[at], "a span such as 20ms"), &on);
        });
        let field = el("input")
            .class("box sm")
            .set("type", "text")
            .value(text)
            .on_change(onchange)
            .set("aria-label", format!("{label}, {name}"));
        el("label").with(el("span").class("muted").with(*name)).with(field)
    };
    body = body.each(names.iter().zip(&fields).enumerate().map(entry));
    let label = label.clone();
    fragment().with(labelled(decl, body)).with(plot(&label, &spans))
}

/// How spans are spread, with the median and the slowest hundredth.
fn plot(label: &str, spans: &[u64]) -> El {
    let (width, height) = (230.0, 26.0);
    let curve = curve::curve(spans, width, height);
    let said: Vec<&str> = curve.ticks.iter().map(|(_, name, _)| name.as_str()).collect();
    let said = format!("{label}: {}", said.join(", "));
    let tick = |(x, name, middle): &(f64, String, f64)| {
        let name = el("text")
            .class("ax")
            .set("x", format!("{middle:.1}"))
            .set("y", "39")
            .set("text-anchor", "middle")
            .with(name);
        fragment().with(el("path").class("tick").set("d", format!("M{x:.1} 4V{height}"))).with(name)
    };
    el("svg")
        .class("spread")
        .set("viewBox", format!("0 0 {width} 42"))
        .set("role", "img")
        .set("aria-label", said)
        .with(el("path").set("d", &curve.line))
        .each(curve.ticks.iter().map(tick))
}
