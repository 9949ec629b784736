//! The picture: two layers. Below, nodes and links, which in a crowd are drawn only where they changed; above,
//! messages, sixty times a second.

use crate::model::math;
use crate::parts;
use std::f64::consts::TAU;

use netsplit_lab::small::Map;
use netsplit_lab::{Frame, Legend, MessageFrame};
use netsplit_raster::{Disc, Raster, Shade, Traveller, Way};
use wasm_bindgen::Clamped;
use web_sys::{CanvasRenderingContext2d as Canvas, ImageData};

use super::camera::{self, Camera, Moved};
use super::glyphs::{Icons, circle, dash};
use super::hit;
use super::layout::{self, Layout, Place};
use super::nodes::{self, Look};
use super::theme::Theme;

/// Above this many nodes the lower layer is drawn only where it changed, without links that are well.
pub const CROWD: usize = 60;
/// Above this many glyphs they are dots.
pub const SHAPES: usize = 200;
/// Above this many dots each link's traffic is a stroke.
const DOTS: usize = 20_000;
/// Nodes smaller than this are dots as well (px).
const SMALL: f64 = 7.0;
/// Below this width (px) logs are not drawn beside nodes.
const NARROW: f64 = 520.0;

/// A line from one point to another.
pub type Line = ((f64, f64), (f64, f64));

/// What is shown besides the frame.
#[derive(Clone, Debug, Default)]
pub struct Overlay {
    /// Selected node.
    pub node: Option<u32>,
    /// Selected link.
    pub link: Option<(u32, u32)>,
    /// Selected message.
    pub message: Option<Box<MessageFrame>>,
    /// Names of nodes that are picked for the armed tool.
    pub picked: Vec<String>,
    /// A tool is armed: whether nodes are its targets.
    pub aim: Option<bool>,
    /// The line that is being dragged.
    pub drag: Option<Line>,
    /// Reduced motion: glyphs at mid-link with their whole arrow.
    pub still: bool,
    /// Hues are shards.
    pub shards: bool,
    /// Lines that a hand drew, by the fault's index, in the layout's own places.
    pub drawn: Map<usize, Line>,
    /// Wall time (ms).
    pub wall: f64,
    /// Time passes.
    pub playing: bool,
}

/// A stage with what it remembers from picture to picture.
#[derive(Default)]
pub struct Stage {
    /// Where everything is, as it is seen.
    pub layout: Layout,
    flat: Layout,
    key: layout::Key,
    /// Where the legend over it ends (px).
    pub over: f64,
    /// How much of its lower edge the tools lie over (px).
    pub under: f64,
    /// Pan and zoom.
    pub camera: Camera,
    /// Nodes that a hand has moved.
    pub moved: Moved,
    /// Camera or moved nodes changed.
    pub stale: bool,
    /// Where each drawn message is: (x, y, position in the frame).
    pub glyphs: Vec<(f32, f32, u32)>,
    /// The lines of partitions that are drawn, with the fault's index.
    pub lines: Vec<(usize, Line)>,
    /// The links that are drawn, by their nodes' numbers.
    pub drawn_links: Vec<(u32, u32)>,
    pub(super) theme: Theme,
    icons: Icons,
    pub(super) links: Map<(u32, u32), f64>,
    pub(super) died: Map<(u32, u32, u64), f64>,
    pub(super) cuts: Vec<Line>,
    pub(super) raster: Raster,
    /// Where nodes have shapes.
    pub(super) shade: Shade,
    /// Nodes by their numbers.
    pub(super) discs: Vec<Disc>,
    /// Messages as dots, in the list of the picture before.
    pub(super) travellers: Vec<Traveller>,
    /// What the lower layer was drawn from.
    drawn: u64,
    /// Something is on the upper layer.
    above: bool,
}

/// The canvases with their size in CSS pixels and the device's pixels for each.
pub struct Layers {
    /// Nodes and links.
    pub below: Canvas,
    /// Messages.
    pub above: Canvas,
    /// Width (px).
    pub width: f64,
    /// Height (px).
    pub height: f64,
    /// Device pixels for a CSS pixel.
    pub ratio: f64,
}

/// The node that the frame's line is about, where there is just one that decides.
pub fn spoken_for(frame: &Frame) -> Option<u32> {
    let mut balancers = frame.nodes.iter().filter(|node| node.body == "balancer");
    let first = balancers.next()?;
    balancers.next().is_none().then_some(first.id)
}

impl Stage {
    /// The colours.
    pub fn theme(&self) -> &Theme {
        &self.theme
    }

    /// New colours.
    pub fn set_theme(&mut self, theme: Theme) {
        self.theme = theme;
        self.drawn = 0;
    }

    /// Forgets what it remembers of another run.
    pub fn clear(&mut self) {
        self.links.clear();
        self.died.clear();
    }

    /// The automatic layout, whole.
    pub fn tidy(&mut self) {
        self.moved.clear();
        self.camera = Camera::default();
        self.stale = true;
    }

    /// Lays the frame out; true where something moved.
    pub fn place(&mut self, frame: &Frame, width: f64, height: f64) -> bool {
        let lies = (self.over, self.under);
        let changed = !self.key.fits(frame, (width, height), lies);
        if changed {
            self.flat = Layout::new(frame, (width, height), lies);
            self.key = layout::key(frame, (width, height), lies);
        }
        if changed || self.stale {
            self.camera.hold(width, height);
            self.layout = camera::seen(&self.flat, self.camera, &self.moved);
            // In a crowd, messages are on the upper layer and nodes that have a shape on the lower one.
            let shapes = frame.nodes.iter().zip(&self.layout.places).filter(|(_, place)| place.r >= SMALL);
            let discs = shapes.map(|(node, place)| {
                // A box reaches out of its disc at its corners.
                let boxed = node.body == "client" || node.body == "backend";
                Disc { x: place.x, y: place.y, r: place.r * if boxed { 1.2 } else { 1.0 } + 1.0 }
            });
            self.shade.cover(width, height, discs);
            self.discs = self.layout.discs();
            self.drawn = 0;
        }
        std::mem::take(&mut self.stale) || changed
    }

    /// Draws the frame; the canvases are already scaled to CSS pixels.
    pub fn draw(&mut self, on: &Layers, frame: &Frame, legend: &[Legend], over: &Overlay) {
        let mark = self.mark(frame, over);
        if frame.nodes.len() <= CROWD || mark != self.drawn {
            self.lower(&on.below, frame, over);
            self.drawn = mark;
        }
        let strokes = frame.messages.len() > DOTS;
        let dots = frame.messages.len() > SHAPES;
        let small = frame.nodes.len() > CROWD;
        if self.above && (!dots || strokes) && !small {
            on.above.clear_rect(0.0, 0.0, on.width, on.height);
        }
        self.above = true;
        if dots && !strokes || small {
            let size = |length: f64| (length * on.ratio).round().max(1.0) as usize;
            self.raster.clear(size(on.width), size(on.height));
            if dots && !strokes {
                self.dot_messages(frame, legend, over, on.ratio);
            }
            if small {
                self.dot_nodes(frame, over, on.ratio);
            }
            let (width, height) = self.raster.size();
            let pixels = Clamped(self.raster.pixels.as_slice());
            let image = ImageData::new_with_u8_clamped_array_and_sh(pixels, width as u32, height as u32);
            if let Ok(image) = image {
                let _ = on.above.put_image_data(&image, 0.0, 0.0);
            }
        }
        if strokes {
            self.draw_traffic(&on.above, frame);
        } else if dots {
            self.selected_glyph(&on.above, frame, legend, over);
        } else {
            self.draw_glyphs(&on.above, frame, legend, over);
        }
    }

    /// Everything that the lower layer of a crowd depends on, in one number.
    fn mark(&self, frame: &Frame, over: &Overlay) -> u64 {
        let mut mark = 0xcbf2_9ce4_8422_2325_u64;
        let mut add = |value: u64| mark = (mark ^ value).wrapping_mul(0x0100_0000_01b3);
        let text = |text: &str| text.bytes().fold(7u64, |sum, byte| sum * 31 + u64::from(byte));
        let labels = self.labels(frame);
        for node in &frame.nodes {
            let marks =
                text(&node.status) ^ text(&node.mark).rotate_left(20) ^ text(&node.caption).rotate_left(40);
            add(marks ^ u64::from(node.hue) << 32 ^ (node.badges.len() as u64) << 60);
            if labels {
                let (busy, waiting, _) = node.queue.unwrap_or_default();
                add(text(&node.state) ^ u64::from(busy) << 32 ^ u64::from(waiting) << 40);
                add(node.gauge.map_or(0, |gauge| 1 + (gauge * 200.0) as u64)
                    ^ (node.cells.len() as u64) << 16);
            }
        }
        add(over.node.map_or(0, |node| 1 + u64::from(node)));
        add(over.link.map_or(0, |(a, b)| (1 + u64::from(a)) ^ (u64::from(b) << 32)));
        add(over.picked.len() as u64
            ^ (frame.links.len() as u64) << 16
            ^ (frame.partitions.len() as u64) << 40);
        add(over.aim.map_or(0, |nodes| 1 + u64::from(nodes)));
        add(over
            .drag
            .map_or(0, |(a, b)| (a.0 * 7.0 + a.1 + b.0 * 4096.0) as u64 ^ ((b.1 * 16.0) as u64) << 32));
        add(frame.line.as_deref().filter(|_| spoken_for(frame).is_some()).map_or(0, text));
        mark | 1
    }

    /// Whether there is room for words beside nodes.
    fn labels(&self, frame: &Frame) -> bool {
        let servers = frame.nodes.iter().filter(|n| !n.client).count();
        let few = servers <= 32 && !(self.layout.width < 600.0 && servers > 12);
        few || self.camera.zoom > 1.0 && self.layout.places.iter().any(|place| place.r >= 20.0)
    }

    /// Whether an area below a node (half its width, its upper and its lower edge from the node's centre) meets no other.
    fn free(&self, place: &Place, (half, top, low): (f64, f64, f64)) -> bool {
        self.vacant((place.x - half, place.y + top, place.x + half, place.y + low), Some(place))
    }

    /// Whether words have room below a node.
    fn room_below(&self, place: &Place, words: &str) -> bool {
        let half = (words.len() as f64 * 3.0).max(34.0);
        let x = nodes::inward(place.x, half, self.layout.width);
        self.vacant((x - half, place.y + place.r + 10.0, x + half, place.y + place.r + 26.0), Some(place))
    }

    /// Whether an area (left, top, right, bottom) meets no node but this one.
    pub(super) fn vacant(&self, area: (f64, f64, f64, f64), own: Option<&Place>) -> bool {
        let (left, top, right, low) = area;
        self.layout.places.iter().filter(|place| place.r > 0.0 && own.is_none_or(|own| own != *place)).all(
            |place| {
                let (dx, dy) = (place.x - place.x.clamp(left, right), place.y - place.y.clamp(top, low));
                dx * dx + dy * dy >= (place.r + 8.0) * (place.r + 8.0)
            },
        )
    }

    fn lower(&mut self, on: &Canvas, frame: &Frame, over: &Overlay) {
        let (width, height) = (self.layout.width, self.layout.height);
        on.set_fill_style_str(&self.theme.stage);
        on.fill_rect(0.0, 0.0, width, height);
        on.set_line_join("round");
        on.set_line_cap("butt");
        self.draw_ring(on, frame);
        self.draw_links(on, frame, over);
        self.lines.clear();
        // A first visit has none before its first action.
        let there = !frame.partitions.is_empty() && parts::ready(parts::PANELS);
        for partition in frame.partitions.iter().filter(|_| there) {
            if let Some(line) = self.draw_partition(on, frame, partition, over) {
                self.lines.push((partition.fault, line));
            }
        }
        self.cuts = self.lines.iter().map(|(_, line)| *line).collect();
        let labels = self.labels(frame);
        let crowd = frame.nodes.len() > CROWD;
        for (shown, place) in frame.nodes.iter().zip(&self.layout.places) {
            let far = place.r + 120.0;
            let off = place.x < -far || place.y < -far || place.x > width + far || place.y > height + far;
            let picked = over.picked.contains(&shown.name);
            let selected = over.node == Some(shown.id);
            if place.r <= 0.0 || off || crowd && place.r < SMALL && !picked && !selected {
                continue;
            }
            let look = Look {
                theme: &self.theme,
                icons: &self.icons,
                shards: over.shards,
                labels,
                words: !labels || self.room_below(place, &shown.state),
                width,
                cells: labels && width >= NARROW && self.free(place, (66.0, place.r + 26.0, place.r + 48.0)),
                tiers: frame.layout == "tiers",
                dim: over.aim == Some(false),
                target: over.aim == Some(true),
                picked,
                selected,
            };
            nodes::node(on, &look, shown, *place);
        }
        if let (Some(line), Some(speaker)) = (&frame.line, spoken_for(frame)) {
            self.saying(on, line, speaker);
        }
        if let Some((a, b)) = over.drag {
            self.draft(on, frame, a, b);
        }
    }

    /// The line that is being drawn, with the nodes that it parts off.
    #[inline(never)]
    fn draft(&self, on: &Canvas, frame: &Frame, a: (f64, f64), b: (f64, f64)) {
        self.zigzag(on, a, b);
        let part = hit::parted(&self.layout, a, b);
        for place in part.iter().filter_map(|at| self.layout.places.get(*at)) {
            circle(on, place.x, place.y, place.r + 8.0);
            dash(on, &[4.0, 3.0]);
            on.set_line_width(2.0);
            on.stroke();
            dash(on, &[]);
        }
        let text = format!("{} | {}", part.len(), frame.nodes.len() - part.len());
        self.text(on, &text, b.0 + 12.0, b.1, "left", true);
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

    pub(super) fn text(&self, on: &Canvas, text: &str, x: f64, y: f64, align: &str, strong: bool) {
        on.set_font(&format!("{} 12px {}", if strong { "600" } else { "400" }, self.theme.font));
        on.set_text_align(align);
        on.set_fill_style_str(if strong { &self.theme.ink } else { &self.theme.ink_3 });
        let _ = on.fill_text(text, x, y);
    }

    /// A line from edge to edge of two places.
    pub(super) fn span(&self, from: u32, to: u32, gap: f64) -> Option<(f64, f64, f64, f64)> {
        let disc = |id: u32| self.layout.of(id).map(|place| Disc { x: place.x, y: place.y, r: place.r });
        let way = Way::new(disc(from)?, disc(to)?, gap, 0.0)?;
        Some((way.from.0, way.from.1, way.to.0, way.to.1))
    }

    /// In a crowd, what of nodes changes all the time, or is too small for a shape: into the image.
    fn dot_nodes(&mut self, frame: &Frame, over: &Overlay, ratio: f64) {
        let queues = !self.labels(frame);
        let waiting = self.raster.stamp((1.6 * ratio) as f32, 0.0);
        for (node, shown) in frame.nodes.iter().enumerate() {
            let Some(place) = self.layout.places.get(node).copied().filter(|place| place.r > 0.0) else {
                continue;
            };
            let at = |value: f64| (value * ratio) as f32;
            let (x, y, r) = (at(place.x), at(place.y), at(place.r));
            if place.r < SMALL {
                self.dot_node(shown, (x, y, r), over);
            }
            if let Some((_, queued, _)) = shown.queue.filter(|_| queues && place.r >= 3.0) {
                let most = (place.room / 4.0).clamp(0.0, 8.0) as u32;
                for dot in 0..queued.min(most) {
                    let beside = at(place.r + 4.0 + f64::from(dot) * 4.0);
                    self.raster.put(waiting, x + beside, y, self.theme.ink_rgb);
                }
            }
        }
    }

    /// Small and grey without news, full in its hue otherwise; a ring for one that is down.
    fn dot_node(&mut self, shown: &netsplit_lab::NodeFrame, (x, y, r): (f32, f32, f32), over: &Overlay) {
        let (grown, line, colour) = match shown.status.as_str() {
            "crashed" => (r, r * 0.35, self.theme.fault_rgb),
            "paused" => (r, r * 0.35, self.theme.ink_rgb),
            _ if shown.hue == 0 => (r * 0.75, 0.0, self.theme.ink_3_rgb),
            _ => (r, 0.0, self.theme.hue(shown.hue, over.shards).rgb),
        };
        let stamp = self.raster.stamp(grown, line);
        self.raster.put(stamp, x, y, colour);
    }

    fn draw_ring(&self, on: &Canvas, frame: &Frame) {
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
            // Whose it is, where the name has room.
            let out = ring.radius + lift + ring.band / 2.0 + 10.0;
            let owner = frame.nodes.iter().find(|n| n.id == arc.owner).filter(|_| (to - from) * out > 22.0);
            if let Some(owner) = owner {
                let (x, y) = (math::cos((from + to) / 2.0), math::sin((from + to) / 2.0));
                on.set_font(&format!("11px {}", self.theme.font));
                on.set_text_align("center");
                on.set_fill_style_str(&self.theme.ink_2);
                let _ = on.fill_text(&owner.name, ring.x + x * out, ring.y + y * out + 4.0);
            }
        }
    }
}
