//! Partitions: the jagged line, the words beside it, and letters where no line parts the sides.

use netsplit_lab::{Frame, PartitionFrame};
use web_sys::CanvasRenderingContext2d as Canvas;

use super::draw::{Line, Overlay, Stage};
use super::glyphs::{circle, path};
use super::hit;
use super::layout::{Layout, Place};

/// A partition's sides are A, B, C …
fn letter(partition: &PartitionFrame, side: &[u32]) -> char {
    let at = partition.sides.iter().position(|other| other == side).unwrap_or(0);
    char::from(b'A' + (at % 26) as u8)
}

impl Stage {
    /// Draws a partition; gives the line, where one can be drawn.
    pub(super) fn draw_partition(
        &self,
        on: &Canvas,
        frame: &Frame,
        partition: &PartitionFrame,
        over: &Overlay,
    ) -> Option<Line> {
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
        let shown = |(a, b): Line| (self.camera.shown(a), self.camera.shown(b));
        let by_hand = over.drawn.get(&partition.fault).copied().map(shown).filter(|(a, b)| {
            let side = |yes: bool| {
                everyone.iter().filter(move |(_, g)| *g == yes).map(|(p, _)| hit::side(*a, *b, p))
            };
            let positive = side(true).next().is_some_and(|s| s > 0.0);
            side(true).all(|s| (s > 0.0) == positive) && side(false).all(|s| (s > 0.0) != positive)
        });
        let two = partition.sides.len() == 2;
        let part = |of: &[(Place, bool)]| {
            hit::parting_line(of, (self.layout.width, self.layout.height), self.layout.over).filter(|_| two)
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
                    let wide = words.len() as f64 * 6.6;
                    let from = if left { x - wide } else { x };
                    // Beside the line's upper end, above it, or beside its lower end: wherever no node is.
                    let rows = [top.1 + 12.0, top.1 - 16.0, low.1 + 4.0];
                    let free = |y: &&f64| {
                        **y > 12.0 && self.vacant((from, **y - 10.0, from + wide, **y + 2.0), None)
                    };
                    self.text(on, &words, x, *rows.iter().find(free).unwrap_or(&rows[0]), align, true);
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

    pub(super) fn zigzag(&self, on: &Canvas, a: (f64, f64), b: (f64, f64)) {
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
