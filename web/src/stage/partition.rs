//! Partitions: the jagged line, the words beside it, and letters where no line parts the sides.

use netsplit_lab::{Frame, NodeFrame, PartitionFrame};
use web_sys::CanvasRenderingContext2d as Canvas;

use super::draw::{Line, Overlay, Stage};
use super::glyphs::{circle, path};
use super::hit;
use super::layout::{Layout, Place};

/// Nodes whose links words keep off; of more, some link crosses every place.
const LINKED: usize = 16;

/// A partition's sides are X, Y and Z, or P, Q, R … where there are more: A and B are two runs.
fn letter(partition: &PartitionFrame, side: &[u32]) -> char {
    let at = partition.sides.iter().position(|other| other == side).unwrap_or(0);
    let first = if partition.sides.len() > 3 { b'P' } else { b'X' };
    char::from(first + (at % 11) as u8)
}

impl Stage {
    /// Draws a partition; gives the line, where one can be drawn.
    #[inline(never)]
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
            hit::parting_line(of, (self.layout.width, self.layout.height), self.layout.lies).filter(|_| two)
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
            let mut taken = None;
            for side in &partition.sides {
                // Where the line parts the servers only, they say on which side of it the words belong.
                let here = |clients: bool| middle(&places_of(frame, &self.layout, side, clients));
                let Some(mean) = here(whole.is_some()).or_else(|| here(true)) else { continue };
                let count = servers(side);
                let label = format!("{} of {total}", count);
                let kind = if count * 2 > total { "Majority, " } else { "Minority, " };
                let words = if count * 2 == total { label } else { format!("{kind}{label}") };
                let words =
                    if whole.is_some() { words } else { format!("{}: {words}", letter(partition, side)) };
                let wide = words.len() as f64 * 6.6;
                // Along the line, from its upper or left end on.
                let (first, last) = if steep {
                    (top, low)
                } else if a.0 < b.0 {
                    (a, b)
                } else {
                    (b, a)
                };
                let on_line =
                    |share: f64| (first.0 + (last.0 - first.0) * share, first.1 + (last.1 - first.1) * share);
                let lies_left = mean.0 < (top.0 + low.0) / 2.0;
                let lies_above = mean.1 < (top.1 + low.1) / 2.0;
                let spot = |share: f64| {
                    let (x, y) = on_line(share);
                    if steep {
                        let from = if lies_left { x - 18.0 - wide } else { x + 18.0 };
                        (from, if share > 0.9 { y + 4.0 } else { y + 12.0 })
                    } else {
                        let from = (x - wide * share + 10.0 - 20.0 * share).max(first.0);
                        let at = |x: f64| {
                            first.1
                                + (last.1 - first.1) * ((x - first.0) / (last.0 - first.0)).clamp(0.0, 1.0)
                        };
                        let (one, other) = (at(from), at(from + wide));
                        (from, if lies_above { one.min(other) - 14.0 } else { one.max(other) + 24.0 })
                    }
                };
                let mut spots = [0.0, 1.0, 0.25, 0.5, 0.75].map(spot).to_vec();
                if steep {
                    spots.insert(1, (spots[0].0, top.1 - 16.0));
                }
                if whole.is_none() {
                    // With its letter it is understood anywhere.
                    let (right, low) = (self.layout.width - 10.0 - wide, self.foot() - 6.0);
                    let up = self.layout.lies.0 + 16.0;
                    spots.extend([(10.0, low), (right, low), (10.0, up), (right, up)]);
                    spots.retain(|spot| Some(*spot) != taken);
                }
                let (x, y) = self.room(frame, &spots, wide);
                taken = Some((x, y));
                let (x, align) = if steep && lies_left { (x + wide, "right") } else { (x, "left") };
                self.text(on, &words, x, y, align, true);
            }
        }
        if whole.is_none() {
            // No straight line parts them all: each node carries its side's letter.
            for side in &partition.sides {
                for (node, place) in frame.nodes.iter().zip(&self.layout.places) {
                    if place.r <= 0.0 || !side.contains(&node.id) {
                        continue;
                    }
                    on.set_font(&format!("600 11px {}", self.theme.font));
                    on.set_text_align("center");
                    on.set_fill_style_str(&self.theme.fault);
                    // Outside what is drawn around a node.
                    let out = if node.client { 8.0 } else { 18.0 };
                    let (x, y) = (place.x - place.r - out, place.y - place.r * 0.6);
                    let _ = on.fill_text(&letter(partition, side).to_string(), x, y);
                }
            }
        }
        line
    }

    /// Down to where words are seen: on a phone the legend lies over the lower edge.
    fn foot(&self) -> f64 {
        let legend: f64 = if self.layout.width < 520.0 { 34.0 } else { 4.0 };
        self.layout.height - legend.max(self.layout.lies.1 + 4.0)
    }

    /// Of these places (left end and base line) for words so wide, the one on the stage where the least is in the way:
    /// nodes and their names above all, then links, along which messages go.
    fn room(&self, frame: &Frame, spots: &[(f64, f64)], wide: f64) -> (f64, f64) {
        let (width, over, foot) = (self.layout.width, self.layout.lies.0, self.foot());
        let in_way = |(x, y): (f64, f64)| {
            let area = (x - 2.0, y - 11.0, x + wide + 2.0, y + 3.0);
            let seen = x >= 4.0 && x + wide <= width - 4.0 && y >= over + 12.0 && y <= foot;
            let meets = |place: &&Place| {
                let name =
                    (place.x - 34.0, place.y + place.r + 6.0, place.x + 34.0, place.y + place.r + 28.0);
                let apart = area.2 < name.0 || area.0 > name.2 || area.3 < name.1 || area.1 > name.3;
                place.r > 0.0 && !(apart && away(place, area) >= place.r + 12.0)
            };
            let nodes = self.layout.places.iter().filter(meets).count();
            let crosses = |a: &Place, b: &Place| {
                // Somewhere in the area's height the link passes it.
                let rise = b.y - a.y;
                let at = |y: f64| a.x + (b.x - a.x) * ((y - a.y) / rise).clamp(0.0, 1.0);
                let level = rise.abs() < 1.0;
                let (one, other) = if level { (a.x, b.x) } else { (at(area.1), at(area.3)) };
                let within = a.y.min(b.y) <= area.3 && a.y.max(b.y) >= area.1;
                within && one.min(other) <= area.2 && one.max(other) >= area.0
            };
            let there =
                || frame.nodes.iter().zip(&self.layout.places).filter(|(_, p)| p.r > 0.0).take(LINKED);
            let from = |(node, a): (&NodeFrame, &Place)| {
                let ends = there().filter(|(other, _)| !other.client && other.id != node.id);
                ends.filter(|(_, b)| crosses(a, b)).count()
            };
            let links: usize = there().map(from).sum();
            u32::from(!seen) * 10_000 + 100 * nodes as u32 + links as u32
        };
        spots.iter().copied().min_by_key(|spot| in_way(*spot)).unwrap_or_default()
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

/// How far an area (left, top, right, bottom) is from a place's centre.
fn away(place: &Place, (left, top, right, low): (f64, f64, f64, f64)) -> f64 {
    (place.x - place.x.clamp(left, right)).hypot(place.y - place.y.clamp(top, low))
}

fn places_of(frame: &Frame, layout: &Layout, side: &[u32], clients: bool) -> Vec<Place> {
    let there = frame.nodes.iter().zip(&layout.places).filter(|(n, p)| p.r > 0.0 && side.contains(&n.id));
    there.filter(|(n, _)| clients || !n.client).map(|(_, place)| *place).collect()
}

fn middle(places: &[Place]) -> Option<(f64, f64)> {
    let count = places.len() as f64;
    (count > 0.0).then(|| {
        let sum = places.iter().fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
        (sum.0 / count, sum.1 / count)
    })
}
