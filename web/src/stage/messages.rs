//! Messages: glyphs with tails, or, in a crowd, dots.

use netsplit_lab::small::Map;
use netsplit_lab::{Frame, Legend, MessageFrame};
use netsplit_raster::{Disc, Field, Traveller, Way};
use web_sys::CanvasRenderingContext2d as Canvas;

use super::draw::{CROWD, Overlay, Stage};
use super::glyphs::{self, circle, path};
use super::hit;
use crate::model::math;

/// Above this many glyphs there are no tails.
const TAILS: usize = 60;
/// A glyph keeps so far from the ends of its link (px), and so far beside it.
const GAP: f64 = 6.0;
const BESIDE: f64 = 5.0;
/// Radius of a dot (px), and of one among more than so many.
const DOT: f64 = 2.4;
const FINE: (usize, f64) = (2_000, 1.7);
/// The widest stroke that stands for a link's traffic (px).
const STROKE: u32 = 6;
/// A lost message fades for so long (wall ms).
const FADE: f64 = 420.0;

impl Stage {
    fn way(&self, message: &MessageFrame) -> Option<Way> {
        let disc = |id: u32| self.layout.of(id).map(|place| Disc { x: place.x, y: place.y, r: place.r });
        Way::new(disc(message.from)?, disc(message.to)?, GAP, BESIDE)
    }

    /// How far along its way a message is shown.
    fn share(&self, message: &MessageFrame, way: &Way, frame: &Frame, over: &Overlay) -> f64 {
        if over.still {
            return 0.5;
        }
        let share = progress(message, frame.time);
        if !message.lost || message.due != message.sent {
            return share;
        }
        // Lost on its way: it dies at the cut, or about halfway.
        let wall = self.cuts.iter().find_map(|cut| hit::crossing((way.from, way.to), *cut));
        share / 0.45 * wall.map_or(0.45, |at| (at - 24.0 / way.length).max(0.04))
    }

    /// A glyph for each message.
    pub(super) fn draw_glyphs(&mut self, on: &Canvas, frame: &Frame, legend: &[Legend], over: &Overlay) {
        self.glyphs.clear();
        let count = frame.messages.len();
        let mut crosses: Vec<(f64, f64, f64)> = Vec::new();
        for (at, message) in frame.messages.iter().enumerate() {
            let Some(way) = self.way(message) else { continue };
            let share = self.share(message, &way, frame, over);
            let (x, y) = way.at(share);
            let kind = legend.get(message.kind as usize);
            let (role, shape) = kind.map_or(("client", "circle"), |k| (k.role.as_str(), k.shape.as_str()));
            self.glyphs.push((x as f32, y as f32, at as u32));
            let Some(alpha) = self.opacity(message, frame, over) else { continue };
            let ink = self.theme.role(role);
            let (ux, uy) = way.along;
            if over.still {
                arrow(on, way.from, way.to, &ink.css);
            } else if count <= TAILS {
                let tail = (way.length * share).min(44.0) / 3.0;
                on.set_stroke_style_str(&ink.css);
                on.set_line_width(2.0);
                for (step, strength) in [0.75, 0.42, 0.18].into_iter().enumerate() {
                    let near = tail * step as f64;
                    on.set_global_alpha(strength * alpha);
                    let far = near + tail;
                    path(on, &[(x - ux * near, y - uy * near), (x - ux * far, y - uy * far)], false);
                    on.stroke();
                }
            }
            on.set_global_alpha(alpha);
            glyphs::message(on, &self.theme, ink, shape, x, y, math::atan2(uy, ux));
            on.set_global_alpha(1.0);
            if over.message.as_ref().is_some_and(|selected| selected.same(message)) {
                self.halo(on, x, y);
            }
            if message.lost {
                crosses.push((x + ux * 15.0, y + uy * 15.0, alpha * 2.0));
            }
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

    /// 1 for a message on its way; a lost one fades, and then there is nothing to draw.
    fn opacity(&mut self, message: &MessageFrame, frame: &Frame, over: &Overlay) -> Option<f64> {
        if !message.lost {
            return Some(1.0);
        }
        let name = (message.from, message.to, message.sent);
        let moving = message.due == message.sent && dying(message, frame.time) < 1.0;
        if !over.playing || moving {
            self.died.remove(&name);
        }
        let born = *self.died.slot(name, || over.wall);
        let left = 1.0 - (over.wall - born) / FADE;
        (left > 0.0).then(|| if left > 0.4 { 0.5 } else { 0.5 * left / 0.4 })
    }

    fn halo(&self, on: &Canvas, x: f64, y: f64) {
        circle(on, x, y, 11.0);
        on.set_stroke_style_str(&self.theme.focus);
        on.set_line_width(2.0);
        on.stroke();
    }

    /// A dot for each message, into the image.
    pub(super) fn dot_messages(&mut self, frame: &Frame, legend: &[Legend], over: &Overlay, ratio: f64) {
        let r = if frame.messages.len() > FINE.0 { FINE.1 } else { DOT } * ratio;
        let dot = self.raster.stamp(r as f32, 0.0);
        let ring = self.raster.stamp((r * 1.7) as f32, (1.5 * ratio) as f32);
        let mut looks: Vec<_> = legend.iter().map(|kind| (dot, self.theme.role(&kind.role).rgb)).collect();
        let lost = looks.len() as u32;
        looks.push((ring, self.theme.fault_rgb));
        let mut travellers = std::mem::take(&mut self.travellers);
        travellers.clear();
        travellers.extend(frame.messages.iter().map(|message| {
            let (look, share) = match message.lost {
                false if over.still => (message.kind.into(), 0.5),
                false => (message.kind.into(), progress(message, frame.time)),
                true => {
                    let way = self.way(message);
                    (lost, way.map_or(0.0, |way| self.share(message, &way, frame, over)))
                }
            };
            Traveller { from: message.from, to: message.to, share, look }
        }));
        let shade = Some(&self.shade).filter(|_| frame.nodes.len() > CROWD);
        let field = Field { discs: &self.discs, shade, looks: &looks, gap: GAP, beside: BESIDE, ratio };
        self.glyphs.clear();
        self.raster.travel(&field, &travellers, &mut self.glyphs);
        self.travellers = travellers;
    }

    /// A stroke for each way that messages are on, the wider the more of them there are.
    pub(super) fn draw_traffic(&mut self, on: &Canvas, frame: &Frame) {
        self.glyphs.clear();
        let mut ways: Map<(u32, u32), u32> = Map::new();
        for message in &frame.messages {
            *ways.slot((message.from, message.to), || 0) += 1;
        }
        let most = ways.values().copied().max().unwrap_or(1);
        on.set_stroke_style_str(&self.theme.ink_3);
        // Thousands of them cross.
        on.set_global_alpha(if ways.len() > 400 { 0.3 } else { 0.6 });
        for width in 1..=STROKE {
            on.begin_path();
            let class = |count: u32| 1 + (count - 1) * STROKE / most;
            for ((from, to), _) in ways.iter().filter(|(_, count)| class(**count) == width) {
                let disc =
                    |id: u32| self.layout.of(id).map(|place| Disc { x: place.x, y: place.y, r: place.r });
                let Some(way) = disc(*from).zip(disc(*to)).and_then(|(a, b)| Way::new(a, b, GAP, BESIDE))
                else {
                    continue;
                };
                on.move_to(way.from.0, way.from.1);
                on.line_to(way.to.0, way.to.1);
            }
            on.set_line_width(f64::from(width) * 0.75);
            on.stroke();
        }
        on.set_global_alpha(1.0);
    }

    /// The glyph of the selected message, above the dots.
    pub(super) fn selected_glyph(&self, on: &Canvas, frame: &Frame, legend: &[Legend], over: &Overlay) {
        let Some(selected) = &over.message else { return };
        let found = self.glyphs.iter().find_map(|(x, y, at)| {
            let message = frame.messages.get(*at as usize).filter(|message| selected.same(message))?;
            Some((f64::from(*x), f64::from(*y), legend.get(message.kind as usize)?))
        });
        if let Some((x, y, kind)) = found {
            glyphs::message(on, &self.theme, self.theme.role(&kind.role), &kind.shape, x, y, 0.0);
            self.halo(on, x, y);
        }
    }
}

fn arrow(on: &Canvas, from: (f64, f64), to: (f64, f64), css: &str) {
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
