//! A fault of the run.

use netsplit_lab::scenario::catalogue::ParamDecl;
use netsplit_lab::scenario::{Duration, Fault};
use yew::prelude::*;

use super::{row, title};
use crate::app::{App, Msg};
use crate::model::{format, setup};
use crate::view::controls::{self, A_SPAN, switch, typed, wrong};
use crate::view::dom::{El, el, fragment};
use crate::view::icons::icon;

/// A fault.
pub fn fault(app: &App, on: &Callback<Msg>, index: usize) -> El {
    let Some(block) = app.panels.faults.iter().find(|f| f.index == index) else {
        return el("p").class("empty").with("This fault is no longer in the run.");
    };
    let now = app.panels.now;
    let active = block.from <= now && now < block.to;
    let decl = app.catalogue.fault(&block.kind);
    let until = || {
        let whole = block.to >= app.panels.duration;
        row("Until", if whole { "the end of the run".to_owned() } else { format::instant(block.to) })
    };
    let button = |msg: Msg, id: &str, label: &'static str| {
        el("button").class("btn line sm").sends(on, msg).with(icon(id, "i16")).with(label)
    };
    // What chaos makes is not in the document's list, and is not edited.
    let own = app.session.as_ref().and_then(|s| s.fault(index)).zip(decl);
    let times = match &own {
        None => fragment()
            .with(row("From", format::instant(block.from)))
            .with((block.to > block.from).then(until)),
        Some((fault, decl)) => fragment()
            .with(field(on, index, fault, "From", fault.at.to_string(), String::new(), |fault, text| {
                text.parse().map(|at| fault.at = at).is_ok()
            }))
            .with(decl.has_duration.then(|| {
                let lasts = fault.lasts.map(|lasts| lasts.to_string()).unwrap_or_default();
                field(on, index, fault, "Lasts", lasts, "until healed".to_owned(), |fault, text| {
                    fault.lasts = text.parse::<Duration>().ok().filter(|lasts| lasts.0 > 0);
                    fault.lasts.is_some() || text.is_empty()
                })
            })),
    };
    let acts = el("div")
        .class("acts")
        .with(active.then(|| button(Msg::Heal(index), "i-heal", "Heal now")))
        .with(button(Msg::Remove(index), "i-x", "Take out of the run"));
    let acts = if own.is_some() {
        fragment().with(acts).with(el("p").class("hint").with(
            "Healing ends it at this moment. Taking it out makes the run again as if it had never been.",
        ))
    } else {
        el("p").class("hint").with("The scenario's chaos made it, from the seed.")
    };
    let body = el("section")
        .with(title(&block.label, if active { "in force" } else { "not in force" }.to_owned()))
        .with(el("p").class("muted").with(decl.map(|d| d.label.clone()).unwrap_or_default()))
        .with(times)
        .each(
            own.iter()
                .flat_map(|(fault, decl)| decl.params.iter().map(|decl| amount(on, index, fault, decl))),
        )
        .with(block.no_effect.then(|| row("Effect", "none: its target was not there")))
        .with(acts);
    el("div").class("ins").with(body)
}

/// A field that changes the fault by what is typed into it.
fn field(
    on: &Callback<Msg>,
    index: usize,
    fault: &Fault,
    label: &'static str,
    value: String,
    none: String,
    change: fn(&mut Fault, &str) -> bool,
) -> El {
    let (on, fault) = (on.clone(), fault.clone());
    let heard = Callback::from(move |event: Event| {
        let mut fault = fault.clone();
        let fine = change(&mut fault, typed(&event).trim());
        wrong(&event, (!fine).then_some(A_SPAN));
        if fine {
            on.emit(Msg::Put(index, fault));
        }
    });
    let key = format!("{index} {label}");
    let field =
        controls::field(&key, value, heard).class("box").set("aria-label", label).set("placeholder", none);
    el("div").key(key).class("kv").with(el("span").with(label)).with(field)
}

/// An amount of the fault.
fn amount(on: &Callback<Msg>, index: usize, fault: &Fault, decl: &ParamDecl) -> El {
    let value = fault.params.get(&decl.id).unwrap_or(&decl.default);
    if let Some(checked) = value.as_bool() {
        let mut other = fault.clone();
        other.params.insert(decl.id.clone(), (!checked).into());
        return row(&decl.label, switch(&decl.label, checked).sends(on, Msg::Put(index, other)));
    }
    let (text, unit) = setup::shown(decl, value);
    let (on, fault, owned, behind) = (on.clone(), fault.clone(), decl.clone(), unit.clone());
    let heard = Callback::from(move |event: Event| {
        let value = setup::typed(&owned, &typed(&event), &behind);
        wrong(&event, value.is_none().then(|| setup::possible(&owned)).as_deref());
        if let Some(value) = value {
            let mut fault = fault.clone();
            fault.params.insert(owned.id.clone(), value);
            on.emit(Msg::Put(index, fault));
        }
    });
    let key = format!("{index} {}", decl.id);
    let field = controls::field(&key, text, heard).class("box").set("aria-label", &decl.label);
    el("div")
        .key(key)
        .class("kv")
        .set("title", &decl.help)
        .with(el("span").with(&decl.label))
        .with(el("span").with(field).with(" ").with(unit))
}
