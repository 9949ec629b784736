//! The verdict under the stage: consistency, availability, network, always in this order.

use yew::prelude::*;

use super::dom::{El, el, fragment};
use super::icons::icon;
use crate::app::{App, Msg};
use crate::model::summary::{self, Cell, Tone};
use crate::model::ui::Sheet;

/// The three cells.
pub fn verdict(app: &App, on: &Callback<Msg>) -> El {
    let panels = &app.panels;
    let first = panels.consistency.as_ref();
    let cells = summary::cells(first, &panels.operations, panels.unanswered, &app.frame, &panels.faults);
    let shown = panels.violations.partition_point(|(_, time)| *time <= panels.now).checked_sub(1);
    let faulty = panels.faults.iter().any(|f| f.from <= panels.now && panels.now < f.to);
    let cell = |(at, cell): (usize, &Cell)| {
        let tone = match cell.tone {
            Tone::Plain => "c-ink",
            Tone::Ok => "c-ok",
            Tone::Warn => "c-warn",
            Tone::Bad => "c-bad",
        };
        let link = |msg: Msg, words: &'static str| {
            fragment().with(" ").with(el("button").class("link").sends(on, msg).with(words))
        };
        let why = |index: usize| match app.ui.sheet {
            Some(Sheet::Why(_)) => fragment().with(" Shown above."),
            _ => link(Msg::Sheet(Some(Sheet::Why(index))), "Show why"),
        };
        let name = el("b")
            .set("title", &cell.title)
            .with(el("span").class("full").with(&cell.title))
            .with(el("span").class("short").with(&cell.short));
        let words = format!("{} {}", cell.text, cell.grade);
        el("div")
            .class(if cell.tone == Tone::Bad && at < 2 { "alarm" } else { "" })
            .with(icon(cell.icon, tone))
            .with(name)
            .with(
                el("p")
                    .set("title", words.trim_end().to_owned())
                    .with(el("span").with(words.trim_end().to_owned()))
                    .with((at == 2 && faulty).then(|| link(Msg::HealAll, "Heal")))
                    .with(shown.filter(|_| at == 0).map(why)),
            )
    };
    el("section").class("verdict").set("aria-label", "Verdict").each(cells.iter().enumerate().map(cell))
}
