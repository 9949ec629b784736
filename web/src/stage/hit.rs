//! What is under a point, and which nodes a line parts.

use super::layout::{Layout, Place};
use crate::model::math;

/// How far beside a message a click still means it.
const REACH: f64 = 11.0;

/// The nearest of `glyphs` (x, y, index) within reach.
pub fn message(glyphs: &[(f32, f32, u32)], x: f64, y: f64) -> Option<usize> {
    let distance = |g: &(f32, f32, u32)| (f64::from(g.0) - x).hypot(f64::from(g.1) - y);
    let nearest = glyphs.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    (distance(nearest) <= REACH).then_some(nearest.2 as usize)
}

/// The node (position in the frame) at a point; what lies outside its outline counts a little as well.
pub fn node(layout: &Layout, x: f64, y: f64) -> Option<usize> {
    let distance = |place: &Place| (place.x - x).hypot(place.y - y) - place.r;
    let there = layout.places.iter().enumerate().filter(|(_, place)| place.r > 0.0);
    let (at, place) = there.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
    (distance(place) <= REACH).then_some(at)
}

/// The one of `links` (nodes' numbers) that runs through a point.
pub fn link(layout: &Layout, links: &[(u32, u32)], x: f64, y: f64) -> Option<(u32, u32)> {
    let mut best: Option<(f64, (u32, u32))> = None;
    for (a, b) in links {
        let (Some(from), Some(to)) = (layout.of(*a), layout.of(*b)) else { continue };
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let length = (dx * dx + dy * dy).sqrt();
        let along = ((x - from.x) * dx + (y - from.y) * dy) / (length * length).max(1.0);
        let off = ((x - from.x) * dy - (y - from.y) * dx).abs() / length.max(1.0);
        if (0.0..=1.0).contains(&along) && off <= REACH && best.is_none_or(|(known, _)| off < known) {
            best = Some((off, (*a, *b)));
        }
    }
    best.map(|(_, pair)| pair)
}

/// On which side of the line from `a` to `b` a place is: positive left as seen on the way (screen, y down).
pub fn side(a: (f64, f64), b: (f64, f64), place: &Place) -> f64 {
    (b.1 - a.1) * (place.x - a.0) - (b.0 - a.0) * (place.y - a.1)
}

/// The nodes (positions in the frame) on the smaller side of a line; nothing where all are on one side.
pub fn parted(layout: &Layout, a: (f64, f64), b: (f64, f64)) -> Vec<usize> {
    let on = |positive: bool| -> Vec<usize> {
        let there = layout.places.iter().enumerate().filter(|(_, place)| place.r > 0.0);
        there.filter(|(_, place)| (side(a, b, place) > 0.0) == positive).map(|(at, _)| at).collect()
    };
    let (one, other) = (on(true), on(false));
    if one.is_empty() || other.is_empty() {
        Vec::new()
    } else if one.len() <= other.len() {
        one
    } else {
        other
    }
}

/// How far along `way` it crosses `line` (0 to 1).
pub fn crossing(way: ((f64, f64), (f64, f64)), line: ((f64, f64), (f64, f64))) -> Option<f64> {
    let (a, b) = way;
    let (c, d) = line;
    let (rx, ry, sx, sy) = (b.0 - a.0, b.1 - a.1, d.0 - c.0, d.1 - c.1);
    let area = rx * sy - ry * sx;
    if area.abs() < 1e-9 {
        return None;
    }
    let at = ((c.0 - a.0) * sy - (c.1 - a.1) * sx) / area;
    (0.0..=1.0).contains(&at).then_some(at)
}

/// A line that parts these places (true against false), as wide apart as may be, from edge to edge of the
/// stage, below the legend. Nothing where no straight line does.
pub fn parting_line(
    places: &[(Place, bool)],
    (width, height): (f64, f64),
    lies: (f64, f64),
) -> Option<((f64, f64), (f64, f64))> {
    let mut best: Option<(f64, f64, f64)> = None;
    for step in 0..72 {
        let turn = f64::from(step) * std::f64::consts::PI / 72.0;
        let (nx, ny) = (math::cos(turn), math::sin(turn));
        let along = |place: &Place| place.x * nx + place.y * ny;
        let edge = |yes: bool| {
            let side = places.iter().filter(move |(_, group)| *group == yes);
            side.fold((f64::MAX, f64::MIN), |(low, high), (place, _)| {
                (low.min(along(place) - place.r), high.max(along(place) + place.r))
            })
        };
        let ((a_low, a_high), (b_low, b_high)) = (edge(true), edge(false));
        let (gap, middle) = if a_high < b_low {
            (b_low - a_high, (a_high + b_low) / 2.0)
        } else {
            (a_low - b_high, (b_high + a_low) / 2.0)
        };
        // Upright lines look best: a small bonus.
        let worth = gap + 6.0 * nx.abs();
        if gap > 0.0 && best.is_none_or(|(known, ..)| worth > known) {
            best = Some((worth, turn, middle));
        }
    }
    let (_, turn, middle) = best?;
    clip(turn, middle, (width, height), lies)
}

/// The part of the line `x cos + y sin = middle` that is on the stage, 16 px from its edges and clear of what lies over them.
fn clip(
    turn: f64,
    middle: f64,
    (width, height): (f64, f64),
    (over, under): (f64, f64),
) -> Option<((f64, f64), (f64, f64))> {
    let (nx, ny) = (math::cos(turn), math::sin(turn));
    let (left, right, top, bottom) = (
        16.0,
        width - 16.0,
        56.0f64.min(height * 0.1).max(over + 8.0),
        height - 90.0f64.min(height * 0.18).max(under + 14.0),
    );
    let mut ends: Vec<(f64, f64)> = Vec::new();
    if nx.abs() > 1e-9 {
        for y in [top, bottom] {
            let x = (middle - y * ny) / nx;
            if (left..=right).contains(&x) {
                ends.push((x, y));
            }
        }
    }
    if ny.abs() > 1e-9 {
        for x in [left, right] {
            let y = (middle - x * nx) / ny;
            if (top..=bottom).contains(&y) {
                ends.push((x, y));
            }
        }
    }
    let first = *ends.first()?;
    let far = |p: &(f64, f64)| (p.0 - first.0).hypot(p.1 - first.1);
    let last = *ends.iter().max_by(|a, b| far(a).total_cmp(&far(b)))?;
    (far(&last) > 20.0).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: f64, y: f64) -> Place {
        Place { x, y, r: 10.0, ..Place::default() }
    }

    #[test]
    fn the_nearest_message_within_reach_is_meant() {
        let glyphs = [(10.0, 10.0, 0), (18.0, 10.0, 1)];
        assert_eq!(message(&glyphs, 17.0, 11.0), Some(1));
        assert_eq!(message(&glyphs, 60.0, 60.0), None);
        assert_eq!(message(&[], 0.0, 0.0), None);
    }

    #[test]
    fn a_line_parts_the_smaller_side_off() {
        let layout =
            Layout { places: vec![at(10.0, 50.0), at(90.0, 20.0), at(90.0, 80.0)], ..Layout::default() };
        assert_eq!(parted(&layout, (50.0, 0.0), (50.0, 100.0)), [0]);
        assert_eq!(parted(&layout, (50.0, 100.0), (50.0, 0.0)), [0]);
        assert!(parted(&layout, (0.0, 0.0), (0.0, 100.0)).is_empty());
    }

    #[test]
    fn a_way_crosses_a_line_somewhere_or_not() {
        let line = ((50.0, 0.0), (50.0, 100.0));
        assert!(crossing(((0.0, 50.0), (100.0, 50.0)), line).is_some_and(|at| (at - 0.5).abs() < 1e-9));
        assert_eq!(crossing(((0.0, 50.0), (40.0, 50.0)), line), None);
        assert_eq!(crossing(((0.0, 0.0), (0.0, 50.0)), line), None);
    }

    #[test]
    fn a_parting_line_is_found_where_there_is_one() {
        let apart = [(at(100.0, 200.0), true), (at(300.0, 100.0), false), (at(300.0, 300.0), false)];
        let (a, b) = parting_line(&apart, (400.0, 400.0), (0.0, 0.0)).expect("there is one");
        for (place, group) in &apart {
            assert_eq!(side(a, b, place) > 0.0, (side(a, b, &apart[0].0) > 0.0) == *group);
        }
        let mixed = [
            (at(100.0, 100.0), true),
            (at(300.0, 300.0), true),
            (at(100.0, 300.0), false),
            (at(300.0, 100.0), false),
        ];
        assert_eq!(parting_line(&mixed, (400.0, 400.0), (0.0, 0.0)), None);
    }
}
