//! The gallery: what can be opened, by pattern and by words.

use netsplit_lab::{GalleryEntry, gallery};
use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::format;
use crate::model::sweep::Deed;
use crate::model::ui::Search;

/// Whether an entry is looked for; `system` is its algorithm's name.
fn found(search: &Search, entry: &GalleryEntry, system: &str) -> bool {
    let pattern = search.pattern.is_empty() || search.pattern == entry.pattern;
    let text = format!("{} {system} {}", entry.title, entry.notes).to_ascii_lowercase();
    pattern && search.words.to_ascii_lowercase().split_ascii_whitespace().all(|word| text.contains(word))
}

/// The dialog's body.
pub fn body(app: &App, on: &Callback<Msg>) -> El {
    let search = &app.ui.search;
    let entries = gallery();
    let system = |entry: &GalleryEntry| {
        let known = app.catalogue.algorithm(entry.pattern, entry.algorithm);
        known.map_or("", |known| known.label.as_str())
    };
    let field = el("input")
        .class("field find")
        .set("type", "search")
        .set("aria-label", "Search scenarios and systems")
        .set("placeholder", "Search scenarios and systems")
        .value(search.words.clone())
        .on_input({
            let (on, pattern) = (on.clone(), search.pattern.clone());
            Callback::from(move |event: InputEvent| {
                let words = super::controls::typed(&event);
                on.emit(Msg::Search(Search { words, pattern: pattern.clone() }));
            })
        });
    let chip = |id: &str, label: &str| {
        let all = id.is_empty();
        let count = entries.iter().filter(|entry| all || entry.pattern == id).count() as u64;
        let next = Search { words: search.words.clone(), pattern: id.to_owned() };
        el("button")
            .class("chip")
            .set("aria-pressed", search.pattern == id)
            .sends(on, Msg::Search(next))
            .with(label.to_owned())
            .with(el("span").class("n").with(format::count(count)))
    };
    let chips = el("div")
        .class("finds")
        .set("role", "group")
        .set("aria-label", "Pattern")
        .with(chip("", "All"))
        .each(app.catalogue.patterns.iter().map(|pattern| chip(&pattern.id, &pattern.label)));
    let mut cards = el("div").class("cards");
    let mut any = false;
    for pattern in &app.catalogue.patterns {
        let mut here =
            entries.iter().filter(|e| e.pattern == pattern.id && found(search, e, system(e))).peekable();
        if here.peek().is_none() {
            continue;
        }
        any = true;
        let card = |entry: &GalleryEntry| {
            let sweeps = entry.notes.contains(" sweep ");
            let sweep = || {
                el("button")
                    .class("btn line sm")
                    .set("aria-label", format!("Run over many seeds: {}", entry.title))
                    .sends(on, Msg::Sweep(Deed::Gallery(entry.id.to_owned())))
                    .with(icon("i-seeds", "i16"))
                    .with("Run over many seeds")
            };
            let card = el("button")
                .class("card")
                .set("data-scenario", entry.id)
                .sends(on, Msg::Gallery(entry.id.to_owned()))
                .with(el("b").with(entry.title))
                .with(el("span").class("notes").with(entry.notes))
                .with(el("small").with(system(entry).to_owned()));
            el("div").class("cardbox").with(card).with(sweeps.then(sweep))
        };
        let head = el("h3").with(icon(super::rail::pattern_icon(&pattern.id), "")).with(&pattern.label);
        cards = cards.with(fragment().with(head).each(here.map(card)));
    }
    let none = || {
        let words =
            if entries.is_empty() { "The gallery is empty." } else { "No scenario has all these words." };
        el("p").class("empty").set("role", "status").with(words)
    };
    let head = el("div").class("findbar").with(field).with(chips);
    fragment().with(head).with(el("div").class("body").with(cards).with((!any).then(none)))
}
