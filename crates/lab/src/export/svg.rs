//! Pictures as SVG, made of plain data. They carry their colours and sizes, need no style sheet and no script, and say in
//! words what they show.

use crate::frame::{Frame, Legend};
use crate::spacetime::{SpaceTime, row};
use crate::text::{instant, say};

const WIDTH: f64 = 1_200.0;
const LANE: f64 = 46.0;
const TOP: f64 = 48.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 24.0;
/// Labels on the axis of time.
const TICKS: u64 = 8;

const INK: &str = "#1c2024";
const FAINT: &str = "#8b9199";
const LINE: &str = "#d3d7dc";
const FAULT: &str = "#c8401f";
/// By the role of a message: append, request for a vote, vote, client, data, gossip.
const ROLES: [(&str, &str); 6] = [
    ("append", "#2a6fb8"),
    ("vote_request", "#a9620a"),
    ("vote", "#7d6b00"),
    ("client", "#3f464d"),
    ("data", "#167a5b"),
    ("gossip", "#8a3f99"),
];

/// What SVG text may hold.
fn text(plain: &str) -> String {
    let mut out = String::new();
    for character in plain.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            character if u32::from(character) < 32 => out.push(' '),
            character => out.push(character),
        }
    }
    out
}

/// A coordinate: tenths of a pixel are fine enough.
fn at(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    let tenths = tenths.unsigned_abs();
    if tenths.is_multiple_of(10) {
        format!("{sign}{}", tenths / 10)
    } else {
        format!("{sign}{}.{}", tenths / 10, tenths % 10)
    }
}

struct Picture(String);

impl Picture {
    fn new(width: f64, height: f64, title: &str, description: &str) -> Self {
        let (width, height) = (at(width), at(height));
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
             role=\"img\" aria-labelledby=\"title desc\" font-family=\"system-ui, sans-serif\" font-size=\"12\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"desc\">{}</desc>\n\
             <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"6\" markerHeight=\"6\" \
             orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"{FAINT}\"/></marker></defs>\n\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
            text(title),
            text(description)
        ))
    }
    fn line(&mut self, from: (f64, f64), to: (f64, f64), stroke: &str, more: &str) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(at);
        self.0.push_str(&format!(
            "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{stroke}\"{more}/>\n"
        ));
    }
    fn words(&mut self, place: (f64, f64), words: &str, fill: &str, more: &str) {
        let (x, y) = (at(place.0), at(place.1));
        self.0.push_str(&format!("<text x=\"{x}\" y=\"{y}\" fill=\"{fill}\"{more}>{}</text>\n", text(words)));
    }
    fn cross(&mut self, (x, y): (f64, f64)) {
        let [left, right, top, bottom] = [x - 3.0, x + 3.0, y - 3.0, y + 3.0].map(at);
        self.0.push_str(&format!(
            "<path d=\"M{left} {top} {right} {bottom}M{right} {top} {left} {bottom}\" stroke=\"{FAULT}\" stroke-width=\"1.5\"/>\n"
        ));
    }
    fn circle(&mut self, (x, y): (f64, f64), radius: f64, fill: &str, stroke: &str, more: &str) {
        let (x, y, radius) = (at(x), at(y), at(radius));
        self.0.push_str(&format!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"{stroke}\"{more}/>\n"
        ));
    }
    fn done(mut self) -> String {
        self.0.push_str("</svg>\n");
        self.0
    }
}

fn colour(legend: &[Legend], kind: u8) -> &'static str {
    let role = legend.get(usize::from(kind)).map_or("", |kind| kind.role.as_str());
    ROLES.iter().find(|(known, _)| *known == role).map_or(FAINT, |(_, colour)| colour)
}

/// A space-time diagram; `past` are events to be stressed, all others fade then.
#[must_use]
#[inline(never)]
pub fn space_time(diagram: &SpaceTime, legend: &[Legend], title: &str, past: &[u64]) -> String {
    let height = TOP + LANE * diagram.lanes.len() as f64 + 8.0;
    let span = (diagram.to - diagram.from).max(1) as f64;
    let x = |time: u64| LEFT + (time as f64 - diagram.from as f64) / span * (WIDTH - LEFT - RIGHT);
    let y = |node: u32| TOP + LANE * (row(&diagram.lanes, node) as f64 + 0.5);
    let lost = diagram.arrows.iter().filter(|arrow| arrow.lost).count();
    let args = [
        ("from", instant(diagram.from)),
        ("to", instant(diagram.to)),
        ("nodes", diagram.lanes.len().to_string()),
        ("events", diagram.events.len().to_string()),
        ("messages", diagram.arrows.len().to_string()),
        ("lost", lost.to_string()),
    ];
    let mut out = Picture::new(WIDTH, height, title, &say("svg-space-time", &args));
    for tick in 0..=TICKS {
        let time = diagram.from + (span * tick as f64 / TICKS as f64) as u64;
        out.line((x(time), TOP - 8.0), (x(time), height - 8.0), LINE, "");
        out.words((x(time), TOP - 14.0), &instant(time), FAINT, " text-anchor=\"middle\"");
    }
    for lane in &diagram.lanes {
        let y = y(lane.node);
        out.words((LEFT - 12.0, y + 4.0), &lane.name, INK, " text-anchor=\"end\" font-weight=\"600\"");
        if let Some(born) = lane.born.filter(|born| *born < diagram.to) {
            out.line((x(born).max(LEFT), y), (WIDTH - RIGHT, y), FAINT, "");
        }
        for (from, to) in &lane.down {
            out.line((x(*from), y), (x(*to), y), "#ffffff", " stroke-width=\"6\"");
            out.line((x(*from), y), (x(*to), y), FAULT, " stroke-dasharray=\"2 4\"");
            out.cross((x(*from), y));
        }
        for (from, to) in &lane.paused {
            out.line((x(*from), y), (x(*to), y), FAULT, " stroke-width=\"5\" stroke-opacity=\"0.35\"");
        }
    }
    let known = |event: u64| past.binary_search(&event).is_ok();
    for arrow in &diagram.arrows {
        let (from, to) = ((x(arrow.sent), y(arrow.from)), (x(arrow.at), y(arrow.to)));
        // What left earlier or arrives later is drawn as far as it is in the picture.
        let part = |share: f64| (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
        let share =
            |edge: f64| if to.0 > from.0 { ((edge - from.0) / (to.0 - from.0)).clamp(0.0, 1.0) } else { 1.0 };
        let (start, end) = (part(if from.0 < LEFT { share(LEFT) } else { 0.0 }), share(WIDTH - RIGHT));
        let faded = !past.is_empty() && (!known(arrow.event) || !known(arrow.cause));
        let opacity = if faded { " opacity=\"0.2\"" } else { "" };
        if arrow.lost {
            // It never came to its receiver.
            let end = part(end * 0.85);
            out.line(start, end, FAINT, &format!(" stroke-dasharray=\"3 3\"{opacity}"));
            out.cross(end);
        } else {
            let head = if end >= 1.0 { " marker-end=\"url(#head)\"" } else { "" };
            out.line(start, part(end), colour(legend, arrow.kind), &format!("{head}{opacity}"));
        }
    }
    for dot in diagram.events.iter().filter(|dot| dot.node != u32::MAX) {
        let faded = !past.is_empty() && !known(dot.event);
        let more = if faded { " opacity=\"0.2\"" } else { "" };
        out.circle((x(dot.time), y(dot.node)), 2.0, INK, "none", more);
    }
    for dot in diagram.events.iter().filter(|dot| dot.node == u32::MAX) {
        out.line((x(dot.time), TOP - 8.0), (x(dot.time), height - 8.0), FAULT, " stroke-dasharray=\"5 3\"");
    }
    out.done()
}

/// The stage at one instant: nodes where their layout puts them, messages on their way.
#[must_use]
pub fn stage(frame: &Frame, legend: &[Legend], title: &str) -> String {
    let (width, height) = (900.0, 600.0);
    let names: Vec<&str> = frame.nodes.iter().map(|node| node.name_in_words.as_str()).collect();
    let args = [
        ("at", instant(frame.time)),
        ("messages", frame.messages.len().to_string()),
        ("nodes", names.join("; ")),
    ];
    let mut out = Picture::new(width, height, title, &say("svg-stage", &args));
    let places = places(frame, width, height);
    let place = |id: u32| places.get(id as usize).copied().unwrap_or((0.0, 0.0));
    let mut links: Vec<(u32, u32)> = Vec::new();
    for message in &frame.messages {
        let link = (message.from.min(message.to), message.from.max(message.to));
        if !links.contains(&link) {
            links.push(link);
            out.line(place(link.0), place(link.1), LINE, "");
        }
    }
    for link in frame.links.iter().filter(|link| link.state == "cut") {
        out.line(place(link.from), place(link.to), FAULT, " stroke-dasharray=\"2 5\"");
    }
    for message in &frame.messages {
        let span = message.due.saturating_sub(message.sent).max(1) as f64;
        let share = (frame.time.saturating_sub(message.sent) as f64 / span).min(1.0);
        let (from, to) = (place(message.from), place(message.to));
        let here = (from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share);
        if message.lost {
            out.cross(here);
        } else {
            out.circle(here, 5.0, colour(legend, message.kind), "#ffffff", "");
        }
    }
    for node in &frame.nodes {
        let here = place(node.id);
        let down = node.status == "crashed" || node.status == "absent";
        let more = if down { " stroke-dasharray=\"4 4\"" } else { " stroke-width=\"1.5\"" };
        out.circle(here, 24.0, "#ffffff", if down { FAINT } else { INK }, more);
        if node.mark.starts_with("leader") {
            out.circle(here, 28.0, "none", INK, more);
        }
        out.words((here.0, here.1 + 4.0), &node.name, INK, " text-anchor=\"middle\" font-weight=\"600\"");
        let below = if node.status == "up" { &node.state } else { &node.status };
        out.words((here.0, here.1 + 44.0), below, FAINT, " text-anchor=\"middle\"");
        out.words((here.0, here.1 + 58.0), &node.caption, FAINT, " text-anchor=\"middle\"");
    }
    out.done()
}

/// Where nodes stand: in columns by tier, or servers on a circle and clients at the left.
fn places(frame: &Frame, width: f64, height: f64) -> Vec<(f64, f64)> {
    let tiers = frame.layout == "tiers";
    let column = |tier: u8| frame.nodes.iter().filter(move |node| node.tier == tier).count().max(1) as f64;
    let most = f64::from(frame.nodes.iter().map(|node| node.tier).max().unwrap_or(0).max(1));
    let servers = frame.nodes.iter().filter(|node| !node.client).count().max(1) as f64;
    let mut taken = [0.0; 256];
    frame
        .nodes
        .iter()
        .map(|node| {
            let row = &mut taken[usize::from(node.tier)];
            *row += 1.0;
            let down = height * (*row - 0.5) / column(node.tier);
            if tiers {
                return (80.0 + (width - 160.0) * f64::from(node.tier) / most, down);
            }
            if node.client {
                return (70.0, down);
            }
            let angle = std::f64::consts::TAU * (*row - 1.0) / servers;
            let (sin, cos) = (netsplit_sim::math::sin(angle), netsplit_sim::math::cos(angle));
            (width * 0.58 + height * 0.36 * sin, height * 0.5 - height * 0.36 * cos)
        })
        .collect()
}
