//! From node to node by arrow keys.

use super::layout::{Layout, Place};

/// Right, down, left, up.
const WAYS: [(f64, f64); 4] = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)];

/// Where the arrows lead from a node, and itself (positions in the frame).
pub fn around(layout: &Layout, from: usize) -> Vec<usize> {
    let nearest = WAYS.iter().filter_map(|way| next(layout, from, *way));
    std::iter::once(from).chain(nearest).collect()
}

/// The nearest node (position in the frame) in a direction. What lies aside counts double.
pub fn next(layout: &Layout, from: usize, way: (f64, f64)) -> Option<usize> {
    let start = layout.places.get(from)?;
    let mut best: Option<(f64, usize)> = None;
    for (at, place) in layout.places.iter().enumerate().filter(|(at, place)| *at != from && place.r > 0.0) {
        let (along, aside) = apart(start, place, way);
        let far = along + 2.0 * aside;
        if along > 1.0 && aside <= along * 2.0 && best.is_none_or(|(known, _)| far < known) {
            best = Some((far, at));
        }
    }
    best.map(|(_, at)| at)
}

/// How far a place is along a way, and beside it.
fn apart(from: &Place, to: &Place, way: (f64, f64)) -> (f64, f64) {
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    (dx * way.0 + dy * way.1, (dx * way.1 - dy * way.0).abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_reach_the_nearest_and_stop_at_the_edge() {
        let at = |x: f64, y: f64| Place { x, y, r: 5.0, ..Place::default() };
        let places = vec![at(0.0, 0.0), at(20.0, 2.0), at(50.0, 0.0), at(1.0, 30.0), at(20.0, 30.0)];
        let layout = Layout { places, ..Layout::default() };
        assert_eq!(next(&layout, 0, (1.0, 0.0)), Some(1));
        assert_eq!(next(&layout, 1, (1.0, 0.0)), Some(2));
        assert_eq!(next(&layout, 0, (0.0, 1.0)), Some(3));
        assert_eq!(next(&layout, 4, (-1.0, 0.0)), Some(3));
        assert_eq!(next(&layout, 4, (0.0, -1.0)), Some(1));
        assert_eq!(next(&layout, 2, (1.0, 0.0)), None);
    }

    #[test]
    fn every_node_of_a_grid_is_reached() {
        let places = (0..100)
            .map(|at| Place {
                x: f64::from(at % 10) * 20.0,
                y: f64::from(at / 10) * 20.0,
                r: 5.0,
                ..Place::default()
            })
            .collect();
        let layout = Layout { places, ..Layout::default() };
        let mut seen = vec![0];
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            for next in around(&layout, at) {
                if !seen.contains(&next) {
                    seen.push(next);
                    open.push(next);
                }
            }
        }
        assert_eq!(seen.len(), 100);
    }
}
