//! The operations around a violation: a lane for each client, the order that explains all but one, the two that clash,
//! and what the key would hold.

use netsplit_lab::{Around, Bar, FaultBlock, Finding};
use yew::prelude::*;

use crate::app::{App, Msg};
use crate::model::fold::Folded;
use crate::model::{format, scale};
use crate::view::dom::{El, el, fragment};
use crate::view::icons::picture;
use crate::view::timeline::{path, px, rect, text};

/// Heights: faults and ruler above the lanes, what the key holds below them.
const TOP: f64 = 60.0;
const FOOT: f64 = 92.0;
/// A lane's height, least and most.
const LANE: (f64, f64) = (56.0, 128.0);
/// Heights of bars, of the witness and of all others.
const TALL: (f64, f64) = (30.0, 22.0);
/// From this right edge on there is room for the key in the witness's bars.
const ROOMY: f64 = 700.0;
/// A letter's width, about.
const LETTER: f64 = 6.6;

/// What the bars mean.
pub fn legend() -> El {
    let mark = |class: &'static str| {
        let bar = rect(class, 1.0, 2.0, 20.0, "12".to_owned()).set("rx", "3");
        picture("0 0 22 16", "key".to_owned()).with(bar)
    };
    let line = picture("0 0 30 16", "key wide".to_owned())
        .with(path("oline", "M3 12L15 4L27 12".to_owned()))
        .each([(3, 12), (15, 4), (27, 12)].map(|(x, y)| dot(f64::from(x), f64::from(y))));
    let entry = |mark: El, words: &'static str| el("li").with(mark).with(words);
    el("ul")
        .class("legend")
        .set("aria-label", "Legend")
        .with(entry(mark("wop write"), "Write"))
        .with(entry(mark("wop"), "Read, value returned"))
        .with(entry(mark("wop open"), "Not answered"))
        .with(entry(line, "Largest order that works"))
}

fn dot(x: f64, y: f64) -> El {
    el("circle").class("odot").set("cx", px(x)).set("cy", px(y)).set("r", "2.8")
}

/// The drawing's measures.
struct Plot<'a> {
    around: &'a Around,
    axis: Folded,
    left: f64,
    right: f64,
    pitch: f64,
    /// Of each bar: left edge and width.
    bars: Vec<(f64, f64)>,
}

impl Plot<'_> {
    fn y(&self, client: usize) -> f64 {
        TOP + self.pitch * (client as f64 + 0.5)
    }

    fn foot(&self) -> f64 {
        TOP + self.pitch * self.around.clients.len() as f64
    }

    fn tall(bar: &Bar) -> f64 {
        if bar.number > 0 { TALL.0 } else { TALL.1 }
    }

    /// The bar with this number in the witness.
    fn numbered(&self, number: usize) -> Option<usize> {
        self.around.bars.iter().position(|bar| bar.number == number)
    }
}

/// Left edge and width of each bar: wide enough for its value where the client did nothing else then.
fn places(around: &Around, axis: &Folded, right: f64) -> Vec<(f64, f64)> {
    let mut places: Vec<(f64, f64)> = Vec::new();
    let mut last: Vec<Option<usize>> = vec![None; around.clients.len()];
    for (at, bar) in around.bars.iter().enumerate() {
        let x = axis.x(bar.from);
        let end = bar.to.map_or(right, |to| axis.x(to));
        let roomy = bar.number > 0 && bar.write && right > ROOMY;
        let named = if roomy { around.key.chars().count() + 3 } else { 0 };
        let least =
            (bar.label.chars().count() + named) as f64 * LETTER + if bar.number > 0 { 20.0 } else { 10.0 };
        places.push((x, (end - x).max(least)));
        if let Some(before) = last[bar.client].replace(at) {
            let (from, width) = places[before];
            places[before].1 = width.min((x - 3.0 - from).max(5.0));
        }
    }
    places
}

/// The drawing.
pub fn lanes(app: &App, on: &Callback<Msg>, index: usize) -> El {
    let holder = el("div").class("ops").at(&app.refs.sheet).set("tabindex", "0").set("role", "region");
    let holder = holder.set("aria-label", "Operations around the violation");
    let found = app.session.as_ref().and_then(|session| session.finding(index));
    let (Some((_, around)), Some(found)) = (&app.around, found) else { return holder };
    let (width, height) = app.sheet_size;
    let narrow = width < 560.0;
    let (left, right) = if narrow { (36.0, width - 24.0) } else { (52.0, width - 36.0) };
    let count = around.clients.len().max(1) as f64;
    let pitch = ((height - TOP - FOOT) / count).clamp(LANE.0, LANE.1);
    let axis = Folded::new(&around.spans, left, right, if narrow { 36.0 } else { 46.0 });
    let bars = places(around, &axis, right);
    let plot = Plot { around, axis, left, right, pitch, bars };
    let whole = (plot.foot() + FOOT).max(height);
    let words: Vec<&str> = found.shown.iter().map(|op| op.sentence.as_str()).collect();
    let drawing = el("svg")
        .set("viewBox", format!("0 0 {width:.0} {whole:.0}"))
        .set("data-css", format!("width:{width:.0}px;height:{whole:.0}px"))
        .set("role", "img")
        .set("aria-label", words.join(" "))
        .with(ground(&plot, &app.panels.faults, app.panels.now))
        .each((0..around.bars.len()).map(|at| bar(&plot, at)))
        .with(order(&plot))
        .with(clash(&plot, &found))
        .each((0..around.bars.len()).filter(|at| around.bars[*at].number > 0).map(|at| number(&plot, at)))
        .with(held(&plot))
        .with(cursor(&plot, app.panels.now));
    let button = |at: usize| {
        let bar = &around.bars[at];
        let ((x, wide), y) = (plot.bars[at], plot.y(bar.client) - TALL.0 / 2.0);
        let goal = bar.to.unwrap_or(bar.from);
        let sentence = found.shown.get(bar.number - 1).map_or("", |op| op.sentence.as_str()).to_owned();
        el("button")
            .class("obtn")
            .set("data-css", format!("left:{x:.1}px;top:{y:.1}px;width:{:.1}px", wide.max(28.0)))
            .set("aria-label", format!("{}: {sentence}", bar.number))
            .set("title", format!("Go to {}", format::instant(goal)))
            .sends(on, Msg::SeekTo(goal))
    };
    let mut numbered: Vec<usize> =
        (1..=found.shown.len()).filter_map(|number| plot.numbered(number)).collect();
    numbered.dedup();
    holder.with(drawing).each(numbered.into_iter().map(button))
}

/// Faults, ruler, lanes and folds.
fn ground(plot: &Plot, faults: &[FaultBlock], now: u64) -> El {
    let (around, axis, foot) = (plot.around, &plot.axis, plot.foot());
    let mut layer = fragment();
    // A fault is a bar on top and a wash; its label stands where it is first seen.
    let mut free = 0.0;
    for fault in faults.iter().filter(|fault| !fault.no_effect && fault.to > fault.from) {
        let mut first = true;
        for (a, b) in axis.pieces(fault.from, fault.to) {
            let b = b.max(a + 2.0);
            layer = layer
                .with(rect("wshade", a, TOP - 4.0, b - a, px(foot - TOP + 4.0)))
                .with(path("wfault", format!("M{a:.1} 22H{b:.1}")));
            if fault.from > 0 && axis.shows(fault.from) && first {
                layer = layer.with(path("washedge", format!("M{a:.1} {}V{foot:.1}", TOP - 4.0)));
            }
            let label = format!("{}, from {}", fault.label, format::span(fault.from / 1_000_000 * 1_000_000));
            let wide = label.chars().count() as f64 * 5.8;
            if first && a.max(free) + wide < plot.right {
                layer = layer.with(text("wfaultl", px(a.max(free)), "15".to_owned()).with(label));
                free = a.max(free) + wide + 16.0;
            }
            first = false;
        }
    }
    let mut free = 0.0;
    for (from, to, a, b) in axis.parts() {
        for tick in scale::time_ticks(from, to, (((b - a) / 64.0) as usize).max(1)) {
            let x = axis.x(tick);
            layer = layer.with(path("gridl", format!("M{:.1} {}V{foot:.1}", x.round() + 0.5, TOP - 8.0)));
            let clear = (x - axis.x(now)).abs() > 50.0 || !axis.shows(now);
            if clear && x - 20.0 > free && x - 18.0 > a - 8.0 && x + 18.0 < b + 8.0 {
                free = x + 22.0;
                let label = text("ax", px(x), "44".to_owned()).set("text-anchor", "middle");
                layer = layer.with(label.with(netsplit_lab::text::span(tick)));
            }
        }
    }
    for (at, client) in around.clients.iter().enumerate() {
        let y = plot.y(at);
        layer = layer
            .with(text("wclient", "16".to_owned(), px(y + 5.0)).with(client))
            .with(path("gridl", format!("M{} {:.1}H{}", plot.left, y.round() + 0.5, plot.right)));
    }
    for (at, (_, to, hidden)) in around.spans.iter().enumerate() {
        let Some((next, ..)) = around.spans.get(at + 1) else { continue };
        let (x, wide) = (axis.x(*to), axis.fold);
        // Slanted hairlines from edge to edge; how long it is, and what it hides, stands above.
        let slants = (0..((foot - TOP) / 12.0) as usize).map(|line| {
            let y = TOP + 10.0 + line as f64 * 12.0;
            format!("M{:.1} {y:.1}l12 -6", x + wide / 2.0 - 6.0)
        });
        let long = format::span((next - to) / 10_000_000 * 10_000_000);
        let line = |y: f64, words: String| {
            text("foldt", px(x + wide / 2.0), px(y)).set("text-anchor", "middle").with(words)
        };
        layer = layer
            .with(rect("foldb", x, TOP - 8.0, wide, px(foot - TOP + 8.0)))
            .with(path("foldl", slants.collect()))
            .with(line(34.0, long))
            .with((*hidden > 0).then(|| line(46.0, format::many(*hidden as u64, "op"))));
    }
    layer
}

fn bar(plot: &Plot, at: usize) -> El {
    let bar = &plot.around.bars[at];
    let ((x, wide), tall, y) = (plot.bars[at], Plot::tall(bar), plot.y(bar.client));
    let class = match (bar.odd, bar.write, bar.to.is_some()) {
        (true, ..) => "wop odd",
        (_, true, true) => "wop write",
        (_, _, true) => "wop",
        _ => "wop open",
    };
    let label = match (bar.write, bar.number > 0) {
        (true, true) => format!("{} = {}", plot.around.key, bar.label),
        _ => bar.label.clone(),
    };
    let fits = |label: &str| label.chars().count() as f64 * LETTER + 6.0 <= wide;
    let label = if fits(&label) { Some(label) } else { Some(bar.label.clone()).filter(|label| fits(label)) };
    let tone = match (bar.odd, bar.write && bar.to.is_some()) {
        (true, _) => "wlab odd",
        (_, true) => "wlab write",
        _ => "wlab",
    };
    el("g")
        .class(if bar.number > 0 { "wbar" } else { "wbar other" })
        .with(rect(class, x, y - tall / 2.0, wide, px(tall)).set("rx", "3"))
        .with(label.map(|label| text(tone, px(x + wide / 2.0), px(y + 4.0)).with(label)))
}

fn number(plot: &Plot, at: usize) -> El {
    let bar = &plot.around.bars[at];
    let (x, y) = (plot.bars[at].0, plot.y(bar.client) - TALL.0 / 2.0);
    fragment()
        .with(el("circle").class("wdot").set("cx", px(x)).set("cy", px(y)).set("r", "10"))
        .with(text("wnum", px(x), px(y + 4.0)).with(bar.number.to_string()))
}

/// The order that explains all but one: a line through dots on the lower edges of the bars.
fn order(plot: &Plot) -> El {
    let place = |(at, instant): &(usize, u64)| {
        let bar = &plot.around.bars[*at];
        let (x, wide) = plot.bars[*at];
        (plot.axis.x(*instant).clamp(x, x + wide), plot.y(bar.client) + Plot::tall(bar) / 2.0)
    };
    let dots: Vec<(f64, f64)> = plot.around.order.iter().map(place).collect();
    let mut line = String::new();
    for (at, (x, y)) in dots.iter().enumerate() {
        line.push_str(if at == 0 { "M" } else { "L" });
        line.push_str(&px(*x));
        line.push(' ');
        line.push_str(&px(*y));
    }
    // Where it would have to go on.
    let odd = plot.around.bars.iter().position(|bar| bar.odd);
    let leg = odd.zip(dots.last()).map(|(odd, (x, y))| {
        let (from, wide) = plot.bars[odd];
        let (to, foot) = (from + wide / 2.0, plot.y(plot.around.bars[odd].client) + TALL.0 / 2.0 + 8.0);
        let cross = format!("M{:.1} {:.1}l8 8m0-8l-8 8", to - 4.0, foot - 4.0);
        fragment().with(path("oleg", format!("M{x:.1} {y:.1}L{to:.1} {foot:.1}"))).with(path("ocross", cross))
    });
    fragment().with(path("oline", line)).with(leg).each(dots.iter().map(|(x, y)| dot(*x, *y)))
}

/// Two arrows between the operations that contradict each other: real time, and the value that was seen.
fn clash(plot: &Plot, found: &Finding) -> El {
    let odd = found.shown.iter().position(|op| op.odd);
    let at = |place: Option<usize>| place.and_then(|place| plot.numbered(place + 1));
    let (Some(other), Some(odd)) = (at(found.clash), at(odd)) else { return fragment() };
    let (a, b) = (plot.bars[other].0 + plot.bars[other].1, plot.bars[odd].0);
    let (from, to) = (plot.y(plot.around.bars[other].client), plot.y(plot.around.bars[odd].client));
    let half = TALL.0 / 2.0;
    // Between the two lanes; on the same lane, or where there is no room between, below.
    let down = to >= from;
    let first = if down { from + half + 18.0 } else { from - half - 42.0 };
    let second = first + 28.0;
    let (a, b) =
        if b - a < 24.0 { (a.min(b) - 4.0, a.max(b).max(a.min(b) + 40.0)) } else { (a + 4.0, b - 4.0) };
    let label = |class: &'static str, y: f64, words: &str| {
        let half = words.chars().count() as f64 * 6.2 / 2.0;
        let low = plot.left + half;
        let middle = f64::midpoint(a, b).clamp(low, (plot.right + 12.0 - half).max(low));
        text(class, px(middle), px(y - 6.0)).set("text-anchor", "middle").with(words.to_owned())
    };
    let edge = |x: f64, y: f64, to: f64| path("aguide", format!("M{x:.1} {y:.1}V{to:.1}"));
    fragment()
        .with(edge(a - 4.0, from + if down { half } else { -half }, if down { second } else { first }))
        .with(edge(b + 4.0, to + if down { -half } else { half }, if down { first } else { second }))
        .with(path("areal", format!("M{a:.1} {first:.1}H{:.1}", b - 6.0)))
        .with(path("ahead", format!("M{b:.1} {first:.1}l-8 -4v8z")))
        .with(path("avalue", format!("M{b:.1} {second:.1}H{:.1}", a + 6.0)))
        .with(path("ahead bad", format!("M{a:.1} {second:.1}l8 -4v8z")))
        .with(label("atext", first, &found.order.0))
        .with(label("atext bad", second, &found.order.1))
}

/// What the key holds if the operations take effect along the line.
fn held(plot: &Plot) -> El {
    let (around, axis) = (plot.around, &plot.axis);
    let y = plot.foot() + 16.0;
    let last = around.spans.last().map_or(0, |span| span.1);
    let odd = around.bars.iter().find(|bar| bar.odd);
    // From the odd one on there is no such value.
    let until = odd.map_or(last, |bar| bar.from);
    let mut layer = fragment();
    for (at, (from, value)) in around.held.iter().enumerate() {
        let to = around.held.get(at + 1).map_or(until, |next| next.0).min(until);
        if *from >= to {
            continue;
        }
        for (a, b) in axis.pieces(*from, to).filter(|(a, b)| b - a > 2.0) {
            let fits = value.chars().count() as f64 * LETTER + 12.0 <= b - a;
            let name = fits.then(|| text("hlab", px(a + 8.0), px(y + 16.0)).with(value));
            layer = layer.with(rect("hval", a, y, b - a - 1.0, "24".to_owned())).with(name);
        }
    }
    let gap = odd.map(|bar| {
        let (a, b) = (axis.x(bar.from), plot.right);
        let holds =
            around.held.iter().rev().find(|(from, _)| *from <= bar.from).map_or("", |(_, value)| value);
        let number = bar.number;
        let held = if holds.is_empty() { String::new() } else { format!("{holds}, yet ") };
        let words = format!("{held}{number} read {}", bar.label);
        let short = format!("not {}", bar.label);
        let fits = |words: &str| words.chars().count() as f64 * LETTER + 12.0 <= b - a;
        let words = [words, short].into_iter().find(|words| fits(words) && !bar.write);
        fragment()
            .with(rect("hgap", a, y + 0.5, (b - a).max(4.0), "23".to_owned()))
            .with(words.map(|words| text("hlab bad", px(a + 8.0), px(y + 16.0)).with(words)))
    });
    let (fit, all) = around.fits;
    let caption = match (fit, plot.right - plot.left > 420.0) {
        (0, _) => "No order was found for the others in the time there was.".to_owned(),
        (_, true) => format!(
            "Value of {} if the operations took effect along the line. {fit} of {all} operations on it fit.",
            around.key
        ),
        _ => format!("{} along the line. {fit} of {all} fit.", around.key),
    };
    layer
        .with(gap)
        .with(text("wclient", "16".to_owned(), px(y + 17.0)).with(&around.key))
        .with(text("hcap", px(plot.left), px(y + 44.0)).with(caption))
}

/// The playhead, where it is not folded away.
fn cursor(plot: &Plot, now: u64) -> El {
    if !plot.axis.shows(now) {
        return fragment();
    }
    let (x, words) = (plot.axis.x(now), format::instant(now));
    let wide = words.chars().count() as f64 * 6.2 + 12.0;
    let left = (x - wide / 2.0).clamp(0.0, plot.right + 28.0 - wide);
    fragment()
        .with(path("nowl", format!("M{x:.1} 48V{:.1}", plot.foot())))
        .with(rect("nowb", left, 32.0, wide, "17".to_owned()).set("rx", "4"))
        .with(text("nowt", px(left + wide / 2.0), "44.5".to_owned()).with(words))
}
