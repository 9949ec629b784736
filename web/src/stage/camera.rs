//! How the laid-out stage is looked at: pan and zoom, and nodes that a hand has moved.

use netsplit_lab::small::Map;

use super::layout::{Layout, Place};

/// The least and the most magnification.
pub const ZOOM: (f64, f64) = (0.5, 12.0);
/// Nodes grow with the magnification up to this radius (px).
const LARGEST: f64 = 46.0;

/// Pan and zoom: a point of the layout appears at `point * zoom + (x, y)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Camera {
    /// Shift (px).
    pub x: f64,
    /// Shift (px).
    pub y: f64,
    /// Magnification.
    pub zoom: f64,
}

impl Default for Camera {
    fn default() -> Self {
        Self { x: 0.0, y: 0.0, zoom: 1.0 }
    }
}

impl Camera {
    /// Where a point of the layout appears.
    pub fn shown(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (x * self.zoom + self.x, y * self.zoom + self.y)
    }

    /// Which point of the layout appears there.
    pub fn meant(&self, (x, y): (f64, f64)) -> (f64, f64) {
        ((x - self.x) / self.zoom, (y - self.y) / self.zoom)
    }

    /// Magnifies by a factor; what is at `(x, y)` stays there.
    pub fn zoom_at(&mut self, x: f64, y: f64, factor: f64) {
        let meant = self.meant((x, y));
        self.zoom = (self.zoom * factor).clamp(ZOOM.0, ZOOM.1);
        (self.x, self.y) = (x - meant.0 * self.zoom, y - meant.1 * self.zoom);
    }

    /// Keeps the middle of the stage within the layout, so that it cannot be lost.
    pub fn hold(&mut self, width: f64, height: f64) {
        let within = |shift: f64, size: f64| shift.clamp(size / 2.0 - size * self.zoom, size / 2.0);
        (self.x, self.y) = (within(self.x, width), within(self.y, height));
    }

    /// Whether it shows the whole layout as it is.
    pub fn plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Places of nodes that a hand has moved, as shares of the stage's width and height.
pub type Moved = Map<u32, (f64, f64)>;

/// The layout as it is seen.
pub fn seen(flat: &Layout, camera: Camera, moved: &Moved) -> Layout {
    let mut seen = flat.clone();
    if camera.plain() && moved.is_empty() {
        return seen;
    }
    for (place, id) in seen.places.iter_mut().zip(&seen.index) {
        let own = moved.get(id).map(|(x, y)| (x * flat.width, y * flat.height));
        (place.x, place.y) = camera.shown(own.unwrap_or((place.x, place.y)));
        let grown = (place.r * camera.zoom).min(LARGEST.max(place.r));
        let beside: f64 = if own.is_some() { 0.0 } else { place.room * camera.zoom };
        *place = Place { r: grown, room: beside, ..*place };
    }
    if let Some(ring) = seen.ring.as_mut() {
        (ring.x, ring.y) = camera.shown((ring.x, ring.y));
        ring.radius *= camera.zoom;
        ring.band *= camera.zoom;
    }
    seen
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_under_the_pointer_stays_there() {
        let mut camera = Camera::default();
        for (x, y, factor) in [(100.0, 50.0, 2.0), (300.0, 200.0, 1.7), (10.0, 400.0, 0.4), (0.0, 0.0, 99.0)]
        {
            let before = camera.meant((x, y));
            camera.zoom_at(x, y, factor);
            let after = camera.meant((x, y));
            assert!((before.0 - after.0).abs() < 1e-9 && (before.1 - after.1).abs() < 1e-9);
            assert!((ZOOM.0..=ZOOM.1).contains(&camera.zoom));
        }
    }

    #[test]
    fn the_layout_cannot_be_lost() {
        for zoom in [0.5, 1.0, 4.0] {
            for far in [-1e6, 0.0, 1e6] {
                let mut camera = Camera { x: far, y: -far, zoom };
                camera.hold(800.0, 600.0);
                let (x, y) = camera.meant((400.0, 300.0));
                assert!((-1e-6..=800.0 + 1e-6).contains(&x) && (-1e-6..=600.0 + 1e-6).contains(&y));
            }
        }
    }

    #[test]
    fn nodes_go_where_they_are_put_and_grow_only_so_far() {
        let place = |x: f64, r: f64| Place { x, y: 100.0, r, room: 50.0 };
        let flat = Layout {
            places: vec![place(100.0, 10.0), place(300.0, 34.0)],
            index: vec![7, 9],
            width: 400.0,
            height: 200.0,
            ..Layout::default()
        };
        let mut moved = Moved::new();
        moved.insert(9, (0.5, 0.25));
        let seen = seen(&flat, Camera { x: -10.0, y: 0.0, zoom: 2.0 }, &moved);
        assert_eq!((seen.places[0].x, seen.places[0].y, seen.places[0].r), (190.0, 200.0, 20.0));
        assert_eq!((seen.places[1].x, seen.places[1].y, seen.places[1].r), (390.0, 100.0, LARGEST));
    }
}
