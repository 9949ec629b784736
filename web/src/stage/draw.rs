//! The picture: links, partitions, the ring, messages, nodes.

use crate::model::math;
use std::f64::consts::TAU;

use netsplit_lab::small::Map;
use netsplit_lab::{Frame, Legend, MessageFrame};
use web_sys::CanvasRenderingContext2d as Canvas;

use super::glyphs::{self, Icons, circle, dash, path};
use super::hit;
use super::layout::{self, Layout, Place};
use super::nodes::{self, Look};
use super::theme::Theme;

/// Above this many glyphs there are no tails.
const TAILS: usize = 60;
/// Above this many glyphs they are dots.
const SHAPES: usize = 200;
/// A link that carried something stays visible for so long (wall ms).
const LINGER: f64 = 1200.0;

/// What is shown besides the frame.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Selected node.
    pub node: Option<u32>,
    /// Selected message.
    pub message: Option<String>,
    /// Names of nodes that are picked for the armed tool.
    pub picked: Vec<String>,
    /// A tool is armed: whether nodes are its targets.
    pub aim: Option<bool>,
    /// The line that is being dragged.
    pub drag: Option<((f64, f64), (f64, f64))>,
    /// Reduced motion: glyphs at mid-link with their whole arrow.
    pub still: bool,
    /// Hues are shards.
    pub shards: bool,
    /// Lines that a hand drew, by the fault's index.
    pub drawn: Map<usize, ((f64, f64), (f64, f64))>,
    /// Wall time (ms).
    pub wall: f64,
    /// Time passes.
    pub playing: bool,
}

/// A stage with what it remembers from picture to picture.
#[derive(Default)]
pub struct Stage {
    /// Where everything is.
    pub layout: Layout,
    key: layout::Key,
    /// Where each drawn message is: (x, y, position in the frame).
    pub glyphs: Vec<(f32, f32, u32)>,
    theme: Theme,
    icons: Icons,
    links: Map<(u32, u32), f64>,
    died: Map<(u32, u32, u64), f64>,
    cuts: Vec<((f64, f64), (f64, f64))>,
}

/// A partition's sides are A, B, C …
fn letter(partition: &netsplit_lab::PartitionFrame, side: &[u32]) -> char {
    let at = partition.sides.iter().position(|other| other == side).unwrap_or(0);
    char::from(b'A' + (at % 26) as u8)
}

/// The node that the frame's line is about, where there is just one that decides.
pub fn spoken_for(frame: &Frame) -> Option<u32> {
    let mut balancers = frame.nodes.iter().filter(|node| node.body == "balancer");
    let first = balancers.next()?;
    balancers.next().is_none().then_some(first.id)
}

impl Stage {
    /// New colours.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
    }

    /// Forgets what it remembers of another run.
    pub fn clear(&mut self) {
        self.links.clear();
        self.died.clear();
    }

    /// Lays the frame out; true where something moved.
    pub fn place(&mut self, frame: &Frame, width: f64, height: f64) -> bool {
        let key = layout::key(frame, width, height);
        let changed = key != self.key;
        if changed {
            self.layout = Layout::new(frame, width, height);
            self.key = key;
        }
        changed
    }

    /// Draws the frame; the canvas is already scaled to CSS pixels.
    pub fn draw(&mut self, on: &Canvas, frame: &Frame, legend: &[Legend], over: &Overlay) {
        on.set_fill_style_str(&self.theme.stage);
        on.fill_rect(0.0, 0.0, self.layout.width, self.layout.height);
        on.set_line_join("round");
        on.set_line_cap("butt");
        self.ring(on, frame);
        self.links(on, frame, over);
        self.cuts = frame.partitions.iter().filter_map(|p| self.partition(on, frame, p, over)).collect();
        self.messages(on, frame, legend, over);
        let servers = frame.nodes.iter().filter(|n| !n.client).count();
        let labels = servers <= 32 && !(self.layout.width < 600.0 && servers > 12);
        for (shown, place) in frame.nodes.iter().zip(&self.layout.places) {
            if place.r <= 0.0 {
                continue;
            }
            let look = Look {
                theme: &self.theme,
                icons: &self.icons,
                shards: over.shards,
                labels,
                tiers: frame.layout == "tiers",
                dim: over.aim == Some(false),
                picked: over.picked.contains(&shown.name),
                selected: over.node == Some(shown.id),
            };
            nodes::node(on, &look, shown, *place);
        }
        if let (Some(line), Some(speaker)) = (&frame.line, spoken_for(frame)) {
            self.saying(on, line, speaker);
        }
        if let Some((a, b)) = over.drag {
            self.zigzag(on, a, b);
            let part = hit::parted(&self.layout, a, b);
            for at in &part {
                if let Some(place) = self.layout.places.get(*at) {
                    circle(on, place.x, place.y, place.r + 8.0);
                    dash(on, &[4.0, 3.0]);
                    on.set_line_width(2.0);
                    on.stroke();
                    dash(on, &[]);
                }
            }
            let text = format!("{} | {}", part.len(), frame.nodes.len() - part.len());
            self.text(on, &text, b.0 + 12.0, b.1, "left", true);
        }
    }

    /// What a node has just decided, below its name; a comma or colon may break the line.
    fn saying(&self, on: &Canvas, line: &str, speaker: u32) {
        let Some(place) = self.layout.of(speaker) else { return };
        let mut y = place.y + place.r + 36.0;
        for part in line.split_inclusive([',', ':']) {
            self.text(on, part.trim(), place.x, y, "center", false);
            y += 16.0;
        }
    }

    fn text(&self, on: &Canvas, text: &str, x: f64, y: f64, align: &str, strong: bool) {
        on.set_font(&format!("{} 12px {}", if strong { "600" } else { "400" }, self.theme.font));
        on.set_text_align(align);
        on.set_fill_style_str(if strong { &self.theme.ink } else { &self.theme.ink_3 });
        let _ = on.fill_text(text, x, y);
    }

    /// A line from edge to edge of two places.
    fn span(&self, from: u32, to: u32, gap: f64) -> Option<(f64, f64, f64, f64)> {
        let (a, b): (Place, Place) = (self.layout.of(from)?, self.layout.of(to)?);
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let length = dx.hypot(dy);
        if length < 1.0 {
            return None;
        }
        let (ux, uy) = (dx / length, dy / length);
        let room = (length - a.r - b.r).max(0.0);
        let gap = gap.min(room / 3.0);
        Some((a.x + ux * (a.r + gap), a.y + uy * (a.r + gap), b.x - ux * (b.r + gap), b.y - uy * (b.r + gap)))
    }

    fn links(&mut self, on: &Canvas, frame: &Frame, over: &Overlay) {
        let pair = |a: u32, b: u32| (a.min(b), a.max(b));
        for message in &frame.messages {
            self.links.insert(pair(message.from, message.to), over.wall);
        }
        self.links.retain(|_, seen| over.wall - *seen < LINGER);
        let mut cut: Vec<(u32, u32)> =
            frame.links.iter().filter(|l| l.state == "cut").map(|l| pair(l.from, l.to)).collect();
        let servers: Vec<u32> =
            frame.nodes.iter().filter(|n| !n.client && n.status != "absent").map(|n| n.id).collect();
        let mut pairs: Map<(u32, u32), f64> = Map::new();
        let mesh = frame.layout == "circle" || frame.layout == "graph";
        if mesh && servers.len() <= 9 {
            for (at, a) in servers.iter().enumerate() {
                pairs.extend(servers[at + 1..].iter().map(|b| (pair(*a, *b), 1.0)));
            }
        } else if frame.layout == "tiers" && frame.nodes.len() <= 40 {
            for a in &frame.nodes {
                let next = frame.nodes.iter().filter(|b| b.tier == a.tier + 1 && b.status != "absent");
                pairs.extend(next.map(|b| (pair(a.id, b.id), 1.0)));
            }
        }
        if self.links.len() <= 400 {
            for (link, seen) in self.links.iter() {
                let age = (over.wall - seen) / LINGER;
                let strength = pairs.slot(*link, || 0.0);
                *strength = strength.max(1.0 - age);
            }
        }
        for partition in &frame.partitions {
            let side = |id: u32| partition.sides.iter().position(|s| s.contains(&id));
            cut.extend(pairs.keys().copied().filter(|(a, b)| side(*a) != side(*b)));
        }
        let sick =
            |a: u32, b: u32| frame.links.iter().find(|l| pair(l.from, l.to) == (a, b) && l.state != "cut");
        on.set_line_width(1.25);
        for ((a, b), strength) in pairs.iter() {
            let Some((x0, y0, x1, y1)) = self.span(*a, *b, 10.0) else { continue };
            let dead = cut.contains(&(*a, *b));
            let ill = sick(*a, *b);
            on.set_stroke_style_str(if ill.is_some() { &self.theme.fault } else { &self.theme.line_2 });
            on.set_global_alpha(if ill.is_some() { 0.7 } else { *strength });
            dash(
                on,
                if dead {
                    &[2.0, 5.0]
                } else if ill.is_some() {
                    &[7.0, 4.0]
                } else {
                    &[]
                },
            );
            path(on, &[(x0, y0), (x1, y1)], false);
            on.stroke();
            if let Some(ill) = ill.filter(|_| pairs.len() < 60) {
                dash(on, &[]);
                on.set_global_alpha(1.0);
                self.text(on, &ill.state, (x0 + x1) / 2.0, (y0 + y1) / 2.0 - 6.0, "center", false);
            }
        }
        on.set_global_alpha(1.0);
        dash(on, &[]);
        for link in frame.links.iter().filter(|l| l.state == "cut").take(80) {
            if let Some((x0, y0, x1, y1)) = self.span(link.from, link.to, 0.0) {
                glyphs::cross(on, &self.theme, (x0 + x1) / 2.0, (y0 + y1) / 2.0, 4.0);
            }
        }
    }

    /// Draws a partition; gives the line, where one can be drawn.
    fn partition(
        &self,
        on: &Canvas,
        frame: &Frame,
        partition: &netsplit_lab::PartitionFrame,
        over: &Overlay,
    ) -> Option<((f64, f64), (f64, f64))> {
        let first = partition.sides.first()?;
        let places = |clients: bool| -> Vec<(Place, bool)> {
            let there = frame.nodes.iter().zip(&self.layout.places);
            there
                .filter(|(n, p)| p.r > 0.0 && (clients || !n.client))
                .filter(|(n, _)| partition.sides.iter().any(|s| s.contains(&n.id)))
                .map(|(n, p)| (*p, first.contains(&n.id)))
                .collect()
        };
        let everyone = places(true);
        let by_hand = over.drawn.get(&partition.fault).copied().filter(|(a, b)| {
            let side = |yes: bool| {
                everyone.iter().filter(move |(_, g)| *g == yes).map(|(p, _)| hit::side(*a, *b, p))
            };
            let positive = side(true).next().is_some_and(|s| s > 0.0);
            side(true).all(|s| (s > 0.0) == positive) && side(false).all(|s| (s > 0.0) != positive)
        });
        let two = partition.sides.len() == 2;
        let part = |of: &[(Place, bool)]| {
            hit::parting_line(of, self.layout.width, self.layout.height).filter(|_| two)
        };
        let whole = by_hand.or_else(|| part(&everyone));
        // Where clients stand in the way, the line parts the servers, and letters say which side clients are on.
        let line = whole.or_else(|| part(&places(false)));
        let servers = |ids: &[u32]| {
            ids.iter().filter(|id| frame.nodes.iter().any(|n| n.id == **id && !n.client)).count()
        };
        let total: usize = partition.sides.iter().map(|s| servers(s)).sum();
        if let Some((a, b)) = line {
            self.zigzag(on, a, b);
            let (top, low) = if a.1 <= b.1 { (a, b) } else { (b, a) };
            let steep = (low.1 - top.1).abs() > (low.0 - top.0).abs();
            for side in &partition.sides {
                let here = places_of(frame, &self.layout, side);
                let Some(mean) = middle(&here) else { continue };
                let count = servers(side);
                let label = format!("{} of {total}", count);
                let kind = if count * 2 > total { "Majority, " } else { "Minority, " };
                let words = if count * 2 == total { label } else { format!("{kind}{label}") };
                let words =
                    if whole.is_some() { words } else { format!("{}: {words}", letter(partition, side)) };
                if steep {
                    let left = mean.0 < (top.0 + low.0) / 2.0;
                    let (x, align) = if left { (top.0 - 18.0, "right") } else { (top.0 + 18.0, "left") };
                    self.text(on, &words, x, top.1 + 12.0, align, true);
                } else {
                    let above = mean.1 < (top.1 + low.1) / 2.0;
                    let (x, y) = if a.0 < b.0 { a } else { b };
                    self.text(on, &words, x + 10.0, y + if above { -14.0 } else { 24.0 }, "left", true);
                }
            }
        }
        if whole.is_none() {
            // No straight line parts them all: each node carries its side's letter.
            for side in &partition.sides {
                for place in places_of(frame, &self.layout, side) {
                    on.set_font(&format!("600 11px {}", self.theme.font));
                    on.set_text_align("center");
                    on.set_fill_style_str(&self.theme.fault);
                    let (x, y) = (place.x - place.r - 8.0, place.y - place.r * 0.6);
                    let _ = on.fill_text(&letter(partition, side).to_string(), x, y);
                }
            }
        }
        line
    }

    fn zigzag(&self, on: &Canvas, a: (f64, f64), b: (f64, f64)) {
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = dx.hypot(dy);
        if length < 8.0 {
            return;
        }
        let (ux, uy) = (dx / length, dy / length);
        let teeth = (length / 11.0).round().max(2.0) as usize;
        let mut points = vec![a];
        for at in 1..teeth {
            let along = length * at as f64 / teeth as f64;
            let out = if at % 2 == 0 { 6.0 } else { -6.0 };
            points.push((a.0 + ux * along - uy * out, a.1 + uy * along + ux * out));
        }
        points.push(b);
        path(on, &[a, b], false);
        on.set_stroke_style_str(&self.theme.stage);
        on.set_line_width(24.0);
        on.stroke();
        path(on, &points, false);
        on.set_stroke_style_str(&self.theme.fault);
        on.set_line_width(2.0);
        on.stroke();
        for end in [a, b] {
            circle(on, end.0, end.1, 5.0);
            on.set_fill_style_str(&self.theme.stage);
            on.fill();
            on.stroke();
        }
    }

    fn ring(&self, on: &Canvas, frame: &Frame) {
        let Some(ring) = self.layout.ring else { return };
        let turn = |share: f64| share * TAU - TAU / 4.0;
        let hue = |id: u32| frame.nodes.iter().find(|n| n.id == id).map_or(0, |n| n.hue);
        for arc in &frame.ring {
            let (from, mut to) = (turn(arc.from), turn(arc.to));
            if to <= from {
                to += TAU;
            }
            let gap = (0.6 / ring.radius).min((to - from) / 4.0);
            let lift = if arc.moving_from.is_some() { 10.0 } else { 0.0 };
            if let Some(old) = arc.moving_from {
                on.begin_path();
                let _ = on.arc(ring.x, ring.y, ring.radius - ring.band / 2.0, from, to);
                on.set_stroke_style_str(&self.theme.hue(hue(old), true).css);
                on.set_line_width(1.25);
                dash(on, &[3.0, 2.5]);
                on.stroke();
                dash(on, &[]);
            }
            on.begin_path();
            let _ = on.arc(ring.x, ring.y, ring.radius + lift, from + gap, to - gap);
            on.set_stroke_style_str(&self.theme.hue(hue(arc.owner), true).css);
            on.set_line_width(ring.band);
            on.stroke();
        }
    }

    fn messages(&mut self, on: &Canvas, frame: &Frame, legend: &[Legend], over: &Overlay) {
        self.glyphs.clear();
        let count = frame.messages.len();
        let mut dots: Map<&str, Vec<(f64, f64)>> = Map::new();
        let mut crosses: Vec<(f64, f64, f64)> = Vec::new();
        for (at, message) in frame.messages.iter().enumerate() {
            let Some((x0, y0, x1, y1)) = self.span(message.from, message.to, 6.0) else { continue };
            let (dx, dy) = (x1 - x0, y1 - y0);
            let length = dx.hypot(dy).max(1.0);
            // To the right of the link as seen when travelling.
            let (ox, oy) = (-dy / length * 5.0, dx / length * 5.0);
            let mut share = if over.still { 0.5 } else { progress(message, frame.time) };
            if message.lost && message.due == message.sent && !over.still {
                let way = ((x0 + ox, y0 + oy), (x1 + ox, y1 + oy));
                let wall = self.cuts.iter().filter_map(|cut| hit::crossing(way, *cut)).next();
                let end = wall.map_or(0.45, |at| (at - 24.0 / length).max(0.04));
                share = share / 0.45 * end;
            }
            let (x, y) = (x0 + dx * share + ox, y0 + dy * share + oy);
            let kind = legend.get(message.kind as usize);
            let (role, shape) = kind.map_or(("client", "circle"), |k| (k.role.as_str(), k.shape.as_str()));
            let selected = over.message.as_deref() == Some(message.id.as_str());
            self.glyphs.push((x as f32, y as f32, at as u32));
            if count > SHAPES && !selected {
                if !message.lost {
                    dots.slot(role, Vec::new).push((x, y));
                } else if crosses.len() < 100 {
                    crosses.push((x, y, 1.0));
                }
                continue;
            }
            let ink = self.theme.role(role);
            let alpha = if message.lost {
                let name = (message.from, message.to, message.sent);
                let moving = message.due == message.sent && dying(message, frame.time) < 1.0;
                if !over.playing || moving {
                    self.died.remove(&name);
                }
                let born = *self.died.slot(name, || over.wall);
                let left = 1.0 - (over.wall - born) / 420.0;
                if left <= 0.0 {
                    continue;
                }
                if left > 0.4 { 0.5 } else { 0.5 * left / 0.4 }
            } else {
                1.0
            };
            if over.still {
                self.arrow(on, (x0 + ox, y0 + oy), (x1 + ox, y1 + oy), &ink.css);
            } else if count <= TAILS {
                let tail = (length * share).min(44.0) / 3.0;
                on.set_stroke_style_str(&ink.css);
                on.set_line_width(2.0);
                for (step, strength) in [0.75, 0.42, 0.18].into_iter().enumerate() {
                    let near = tail * step as f64;
                    let (ux, uy) = (dx / length, dy / length);
                    on.set_global_alpha(strength * alpha);
                    let far = near + tail;
                    path(on, &[(x - ux * near, y - uy * near), (x - ux * far, y - uy * far)], false);
                    on.stroke();
                }
            }
            on.set_global_alpha(alpha);
            glyphs::message(on, &self.theme, ink, shape, x, y, math::atan2(dy, dx));
            on.set_global_alpha(1.0);
            if selected {
                circle(on, x, y, 11.0);
                on.set_stroke_style_str(&self.theme.focus);
                on.set_line_width(2.0);
                on.stroke();
            }
            if message.lost {
                crosses.push((x + dx / length * 15.0, y + dy / length * 15.0, alpha * 2.0));
            }
        }
        for (role, points) in dots {
            on.begin_path();
            for (x, y) in points {
                on.move_to(x + 2.4, y);
                let _ = on.arc(x, y, 2.4, 0.0, TAU);
            }
            on.set_fill_style_str(&self.theme.role(role).css);
            on.fill();
        }
        for (x, y, alpha) in crosses {
            on.set_global_alpha(alpha);
            glyphs::cross(on, &self.theme, x, y, 3.4);
        }
        on.set_global_alpha(1.0);
        if self.died.len() > 400 {
            self.died.retain(|_, born| over.wall - *born < 2000.0);
        }
    }

    fn arrow(&self, on: &Canvas, from: (f64, f64), to: (f64, f64), css: &str) {
        on.set_stroke_style_str(css);
        on.set_line_width(1.25);
        on.set_global_alpha(0.5);
        path(on, &[from, to], false);
        on.stroke();
        let turn = math::atan2(to.1 - from.1, to.0 - from.0);
        let wing = |by: f64| (to.0 - 7.0 * math::cos(turn + by), to.1 - 7.0 * math::sin(turn + by));
        path(on, &[wing(0.45), to, wing(-0.45)], false);
        on.stroke();
        on.set_global_alpha(1.0);
    }
}

/// How far along its link a message is; a lost one stays where it died.
pub fn progress(message: &MessageFrame, now: u64) -> f64 {
    let whole = message.due.saturating_sub(message.sent);
    if message.lost {
        // Lost on arrival, or on the way: then it is seen to die halfway.
        return if whole > 0 { 0.93 } else { dying(message, now) * 0.45 };
    }
    if whole == 0 {
        return 1.0;
    }
    (now.saturating_sub(message.sent) as f64 / whole as f64).clamp(0.0, 1.0)
}

/// How much of its way to where it dies a message has come (0 to 1).
fn dying(message: &MessageFrame, now: u64) -> f64 {
    (now.saturating_sub(message.sent) as f64 / 8e6).clamp(0.15, 1.0)
}

fn places_of(frame: &Frame, layout: &Layout, side: &[u32]) -> Vec<Place> {
    let there = frame.nodes.iter().zip(&layout.places).filter(|(n, p)| p.r > 0.0 && side.contains(&n.id));
    there.map(|(_, place)| *place).collect()
}

fn middle(places: &[Place]) -> Option<(f64, f64)> {
    let count = places.len() as f64;
    (count > 0.0).then(|| {
        let sum = places.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
        (sum.0 / count, sum.1 / count)
    })
}
