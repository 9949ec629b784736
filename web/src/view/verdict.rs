//! The verdict under the stage: consistency, availability, network, always in this order.

use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::summary::{self, Cell, Tone};
use crate::model::ui::Sheet;
use netsplit_lab::Grade;

/// The three cells.
pub fn verdict(app: &App, on: &Callback<Msg>) -> El {
    let panels = &app.panels;
    let first = panels.consistency.as_ref();
    let mut cells = summary::cells(first, &panels.operations, panels.unanswered, &app.frame, &panels.faults);
    let so_far = |marks: &[(u64, u64)]| marks.partition_point(|(_, time)| *time <= panels.now);
    // A protocol that breaks its own invariant has no excuse in what clients happened to see; what they saw that is as bad
    // is easier to understand.
    let broken = so_far(&panels.breaches).checked_sub(1);
    let breach = broken.and_then(|index| app.session.as_ref()?.breach(index));
    let seen = first.filter(|first| first.violations > 0).map(|first| first.grade);
    let breach =
        breach.filter(|breach| seen.is_none_or(|seen| seen != breach.grade && seen != Grade::Broken));
    let first_is_breach = breach.is_some();
    if let Some(breach) = breach {
        cells[0] = summary::broken(&breach, so_far(&panels.breaches) as u64);
    }
    let shown = so_far(&panels.violations).checked_sub(1);
    let faulty = panels.faults.iter().any(|f| f.from <= panels.now && panels.now < f.to);
    // The partition at the playhead, or the one before it.
    let cuts = panels.faults.iter().filter(|f| f.kind == "partition" && f.from <= panels.now);
    let latest = cuts.count().saturating_sub(1);
    let cell = |(at, cell): (usize, &Cell)| {
        let link = |msg: Msg, words: &'static str| {
            fragment().with(" ").with(el("button").class("link").sends(on, msg).with(words))
        };
        let why = |index: usize| match app.ui.sheet {
            Some(Sheet::Why(_)) => fragment(),
            _ => link(Msg::Sheet(Some(Sheet::Why(index))), "Show why"),
        };
        let broke = |index: usize| {
            let time = panels.breaches.get(index).map_or(0, |mark| mark.1);
            link(Msg::Breach(index, time), "Show why")
        };
        let cost = || match app.ui.sheet {
            Some(Sheet::Cap(_)) => fragment(),
            _ => link(Msg::Sheet(Some(Sheet::Cap(latest))), "What it cost"),
        };
        let words = fragment()
            .with(el("span").class("full").with(&cell.title))
            .with(el("span").class("short").with(&cell.short));
        // Where there is no room for all of it, a touch tells it.
        let words = if app.slim {
            let grade = if cell.grade.is_empty() { String::new() } else { format!(", {}", cell.grade) };
            let whole = format!("{}{grade}. {}", cell.title, cell.text);
            el("button").class("whole").sends(on, Msg::Say(whole)).with(words)
        } else {
            words
        };
        let name = el("b").set("title", &cell.title).with(words);
        let name = name.with((!cell.grade.is_empty()).then(|| el("small").with(cell.grade)));
        el("div")
            .class(if cell.tone == Tone::Bad && at < 2 { "alarm" } else { "" })
            .with(icon(cell.icon, cell.tone.class()))
            .with(name)
            .with(
                el("p")
                    .set("title", &cell.text)
                    .with(el("span").with(&cell.text))
                    .with((at == 2 && faulty).then(|| link(Msg::HealAll, "Heal")))
                    .with(broken.filter(|_| at == 0 && first_is_breach).map(broke))
                    .with(shown.filter(|_| at == 0 && !first_is_breach).map(why))
                    .with((at == 1 && first.is_some()).then(cost)),
            )
    };
    el("section").class("verdict").set("aria-label", "Verdict").each(cells.iter().enumerate().map(cell))
}
