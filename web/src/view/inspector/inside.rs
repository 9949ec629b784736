//! What a node has inside: its timers, its disk, its clock, its lives.

use netsplit_lab::Inside;

use super::{row, title};
use crate::model::format;
use crate::view::dom::{El, el, fragment};
use crate::view::timeline::{hatch, path, px, rect, text};

/// Width of a drawing.
const WIDTH: f64 = 312.0;
/// Lives that are drawn.
const LIVES: usize = 24;
/// Writes that are drawn, the newest at the right.
const WRITES: u64 = 10;

fn drawing(height: u32, label: &str) -> El {
    el("svg")
        .set("viewBox", format!("0 0 {WIDTH} {height}"))
        .set("role", "img")
        .set("aria-label", label.to_owned())
}

fn note(x: f64, y: u32, words: String) -> El {
    text("ax", px(x.clamp(18.0, WIDTH - 18.0)), y.to_string()).set("text-anchor", "middle").with(words)
}

/// Its running timers.
pub fn timers(inside: &Inside) -> Option<El> {
    let timer = |(label, left, of): &(String, u64, u64)| {
        let name = format::sentence_case(label);
        let bar = el("progress").set("max", of.to_string()).set("value", left.to_string());
        el("div")
            .class("kv timer")
            .with(el("span").with(&name))
            .with(bar.set("aria-label", name))
            .with(el("b").with(format!("{} of {} left", format::span(*left), format::span(*of))))
    };
    let section = || el("section").with(title("Timers", String::new())).each(inside.timers.iter().map(timer));
    (!inside.timers.is_empty()).then(section)
}

/// The newest writes, in memory and on disk.
pub fn disk(inside: &Inside) -> Option<El> {
    let (made, open) = inside.writes;
    let shown = made.min(WRITES);
    let durable = shown - open.min(shown);
    let cells = |label: &'static str, missing: &'static str| {
        let cell = |at: u64| el("i").class(if at < durable { "" } else { missing });
        let cells = el("span").class("cells").set("aria-hidden", true).each((0..shown).map(cell));
        el("div").class("kv").with(el("span").with(label)).with(cells)
    };
    let lost = || {
        let sync = inside
            .next_sync
            .map_or_else(|| "no sync under way".to_owned(), |at| format!("next sync {}", format::exact(at)));
        el("p").class("advice").with(format!("{} not on disk, {sync}", format::many(open, "write")))
    };
    let section = || {
        el("section")
            .class("disk")
            .with(title("Memory and disk", format::many(made, "write")))
            .with(cells("Memory", "unsynced"))
            .with(cells("Disk", "missing"))
            .with(if open > 0 { lost() } else { el("p").class("muted").with("Everything is on disk.") })
    };
    (made > 0).then(section)
}

/// Its own clock beside true time.
pub fn clock(inside: &Inside, now: u64) -> El {
    let off = inside.clock as f64 - now as f64;
    let span = format::span(off.abs() as u64);
    let words = match off {
        o if o > 0.0 => format!("{span} ahead"),
        o if o < 0.0 => format!("{span} behind"),
        _ => "as true time".to_owned(),
    };
    let line = || {
        let mut reach = 1e6;
        while reach < off.abs() {
            reach *= 10.0;
        }
        let middle = WIDTH / 2.0;
        let own = middle + off / reach * (middle - 10.0);
        let ticks: String = (0..9).map(|at| format!("M{:.1} 26v8", 10.0 + 36.5 * f64::from(at))).collect();
        let edge = format::span(reach as u64);
        drawing(56, &format!("Own clock {words} of true time"))
            .with(path("gridl", format!("M10 30H302{ticks}")))
            .with(path("off", format!("M{middle} 30H{own:.1}")))
            .with(path("nowl", format!("M{middle} 20v20")))
            .with(el("circle").class("own").set("cx", px(own)).set("cy", "30").set("r", "6"))
            .with(note(10.0, 52, format!("−{edge}")))
            .with(note(WIDTH, 52, format!("+{edge}")))
            .with(note(middle, 52, "true".to_owned()))
    };
    el("section")
        .with(title("Clock", words.clone()))
        .with(row("Own clock", format::exact(inside.clock)))
        .with((off != 0.0).then(line))
}

/// A bar for each life, hatched while the node was down.
pub fn lives(inside: &Inside, now: u64) -> Option<El> {
    let all = &inside.lives;
    let last = all.last()?;
    let name = |at: usize| format!("{} life", format::ordinal(at + 1));
    let lost = all.iter().rev().find(|life| life.to.is_some()).map_or(0, |life| life.lost);
    let lost = if lost > 0 { format!("; {} lost", format::many(lost, "write")) } else { String::new() };
    let words = match last.to {
        None => format!("{} since {}{lost}", name(all.len() - 1), format::instant(last.from)),
        Some(at) => format!("down since {}{lost}", format::instant(at)),
    };
    let first = all.len().saturating_sub(LIVES);
    let from = all[first].from;
    let x = |at: u64| WIDTH * (at - from) as f64 / (now - from).max(1) as f64;
    let mut free = 0.0;
    let mut label = |at: u64, y: u32| {
        let fits = x(at) >= free;
        if fits {
            free = x(at) + 48.0;
        }
        fits.then(|| note(x(at), y, format::instant(at)))
    };
    let mut bars = fragment();
    for (at, life) in all.iter().enumerate().skip(first) {
        let (a, b) = (x(life.from), x(life.to.unwrap_or(now)));
        let bar =
            rect(if life.to.is_none() { "life now" } else { "life" }, a, 2.0, (b - a).max(1.5), px(14.0));
        let inner = (b - a > 48.0).then(|| {
            text(if life.to.is_none() { "lifel now" } else { "lifel" }, px(a + 7.0), px(13.0)).with(name(at))
        });
        let end = life.to.map(|to| {
            let until = all.get(at + 1).map_or(now, |next| next.from);
            let cross = (b + 4.0).min(WIDTH - 8.0);
            fragment()
                .with(hatch(b, 2.0, x(until) - b, 14.0))
                .with(path("off", format!("M{cross:.1} 5l8 8m0-8l-8 8")))
                .with(label(to, 34))
        });
        bars = bars.with(bar.set("rx", "2")).with(inner).with(end);
    }
    let drawn = drawing(40, &words).with(bars);
    Some(
        el("section")
            .with(title("Lives", words.clone()))
            .with((all.len() > 1 || last.to.is_some()).then_some(drawn)),
    )
}
