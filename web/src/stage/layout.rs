//! Where nodes stand, for a frame and a size.

use crate::model::math;
use std::f64::consts::{PI, TAU};

use netsplit_lab::{Frame, NodeFrame};
use netsplit_raster::Disc;

/// What the words below nodes at the edges take beside these (px).
const WORDS: f64 = 36.0;

/// A node's place: centre and radius in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Centre.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Radius of a ring; half the width of a box.
    pub r: f64,
    /// Free to the right of it, up to the next column of tiers or the edge.
    pub room: f64,
}

impl Place {
    /// Half the height: boxes are flatter than rings.
    pub fn half_height(&self, body: &str) -> f64 {
        match body {
            "client" => self.r * 0.8,
            "backend" => self.r * 0.62,
            _ => self.r,
        }
    }
}

/// A ring of key ranges.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ring {
    /// Centre.
    pub x: f64,
    /// Centre.
    pub y: f64,
    /// Middle of the band.
    pub radius: f64,
    /// Width of the band.
    pub band: f64,
}

/// Everything's place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layout {
    /// By the node's position in the frame.
    pub places: Vec<Place>,
    /// The ring, where the frame has one.
    pub ring: Option<Ring>,
    /// Width of the stage.
    pub width: f64,
    /// Height of the stage.
    pub height: f64,
    /// Where the legend over it ends, and how much of its lower edge tools lie over.
    pub lies: (f64, f64),
    pub(super) index: Vec<u32>,
}

/// What a layout depends on; while it is the same, so is the layout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    kind: String,
    nodes: Vec<(u32, bool, u8, bool)>,
    ring: bool,
    width: f64,
    height: f64,
    lies: (f64, f64),
}

/// What lies over the stage is kept clear of nodes where that leaves them so much of its height (px).
const LEAST: f64 = 150.0;

/// The free area of the stage.
#[derive(Clone, Copy)]
struct Area {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl Area {
    fn width(&self) -> f64 {
        (self.right - self.left).max(1.0)
    }
    fn height(&self) -> f64 {
        (self.bottom - self.top).max(1.0)
    }
    fn centre(&self) -> (f64, f64) {
        ((self.left + self.right) / 2.0, (self.top + self.bottom) / 2.0)
    }
}

/// What the layout of a frame depends on.
pub fn key(frame: &Frame, (width, height): (f64, f64), lies: (f64, f64)) -> Key {
    Key {
        kind: frame.layout.clone(),
        nodes: frame.nodes.iter().map(|n| (n.id, n.client, n.tier, n.status == "absent")).collect(),
        ring: !frame.ring.is_empty(),
        width,
        height,
        lies,
    }
}

impl Key {
    /// Whether the layout of this frame would be the same.
    pub fn fits(&self, frame: &Frame, (width, height): (f64, f64), lies: (f64, f64)) -> bool {
        let own = self.nodes.iter().copied();
        let size = (self.width - width).abs() + (self.height - height).abs();
        size + (self.lies.0 - lies.0).abs() + (self.lies.1 - lies.1).abs() < 0.01
            && self.kind == frame.layout
            && self.ring != frame.ring.is_empty()
            && own.eq(frame.nodes.iter().map(|n| (n.id, n.client, n.tier, n.status == "absent")))
    }
}

impl Layout {
    /// The layout of a frame on a stage of this size, over whose upper edge a legend lies down to `over`, and tools over
    /// so much of its lower one.
    pub fn new(frame: &Frame, (width, height): (f64, f64), (over, under): (f64, f64)) -> Self {
        let phone = width < 520.0;
        let mut area = if phone || height < 420.0 {
            let (top, bottom) = (f64::max(14.0, over + 4.0), height - f64::max(36.0, under + 8.0));
            // Better over than squeezed.
            let (top, bottom) = if bottom - top < LEAST { (14.0, height - 36.0) } else { (top, bottom) };
            Area { left: 12.0, top, right: width - 12.0, bottom }
        } else {
            let top = f64::max(52.0, over + 4.0);
            Area { left: 20.0, top, right: width - 20.0, bottom: height - 82.0 }
        };
        if frame.nodes.iter().filter(|node| node.body == "balancer").take(2).count() > 1 {
            // What one of several has just decided is said at the stage's edge.
            if phone {
                area.top += 16.0;
            } else {
                area.bottom -= 28.0;
            }
        }
        let places = vec![Place::default(); frame.nodes.len()];
        let mut layout = Self { places, width, height, lies: (over, under), ..Self::default() };
        layout.index = frame.nodes.iter().map(|n| n.id).collect();
        let there = |n: &&(usize, &NodeFrame)| n.1.status != "absent";
        let all: Vec<(usize, &NodeFrame)> = frame.nodes.iter().enumerate().collect();
        let present: Vec<(usize, &NodeFrame)> = all.iter().filter(there).copied().collect();
        if frame.layout == "tiers" {
            layout.tiers(&present, area, phone);
            return layout;
        }
        // Whoever looks like a client stands with the clients, also where it issues no operations.
        let outside = |n: &&(usize, &NodeFrame)| n.1.client || n.1.body == "client";
        let clients: Vec<usize> = present.iter().filter(outside).map(|n| n.0).collect();
        let servers: Vec<usize> = present.iter().filter(|n| !outside(n)).map(|n| n.0).collect();
        let mut inner = layout.clients(&clients, area, phone);
        if present.iter().any(|n| n.1.body == "client" && !n.1.client) {
            // They have words below them.
            (inner.left, inner.right) = (inner.left + WORDS, inner.right - WORDS);
        }
        if frame.layout == "ring" && !frame.ring.is_empty() {
            layout.on_ring(&servers, inner, phone);
        } else {
            layout.circle(&servers, inner, phone);
        }
        layout
    }

    /// A node's place by its number.
    pub fn of(&self, id: u32) -> Option<Place> {
        let at = if self.index.get(id as usize) == Some(&id) {
            id as usize
        } else {
            self.index.iter().position(|known| *known == id)?
        };
        self.places.get(at).copied().filter(|place| place.r > 0.0)
    }

    /// Nodes by their numbers; who has no place has no radius.
    pub fn discs(&self) -> Vec<Disc> {
        let end = self.index.iter().max().map_or(0, |last| *last as usize + 1);
        let mut discs = vec![Disc::default(); end];
        for (id, place) in self.index.iter().zip(&self.places) {
            discs[*id as usize] = Disc { x: place.x, y: place.y, r: place.r };
        }
        discs
    }

    /// Clients in columns at both edges, the first at the right; what is left in the middle.
    fn clients(&mut self, clients: &[usize], area: Area, phone: bool) -> Area {
        if clients.is_empty() {
            return area;
        }
        let half: f64 = if phone { 15.0 } else { 20.0 };
        let (right, left): (Vec<_>, Vec<_>) = clients.iter().enumerate().partition(|(at, _)| at % 2 == 0);
        let mut inner = area;
        for (column, members) in [(1.0, right), (-1.0, left)] {
            let count = members.len();
            if count == 0 {
                continue;
            }
            let rows_max = (area.height() / 22.0).floor().max(1.0) as usize;
            let columns = count.div_ceil(rows_max);
            let rows = count.div_ceil(columns);
            let pitch = area.height() / rows as f64;
            let r = half.min(pitch * 0.42).max(4.0);
            for (order, (_, node)) in members.into_iter().enumerate() {
                let (row, col) = (order % rows, order / rows);
                let y = area.top + pitch * (row as f64 + 0.5);
                let inset = r + 6.0 + col as f64 * (r * 2.0 + 8.0);
                let x = if column > 0.0 { area.right - inset } else { area.left + inset };
                self.places[*node] = Place { x, y, r, ..Place::default() };
            }
            let taken = columns as f64 * (r * 2.0 + 8.0) + if phone { 10.0 } else { 44.0 };
            if column > 0.0 {
                inner.right -= taken;
            } else {
                inner.left += taken;
            }
        }
        inner
    }

    fn circle(&mut self, servers: &[usize], area: Area, phone: bool) {
        let count = servers.len();
        let (x, y) = area.centre();
        // A low stage is filled sideways, with nodes too small for a log.
        let low = area.height() < 300.0;
        let largest = match area.height() {
            _ if low => 21.0,
            _ if phone => 30.0,
            // The logs have room below smaller ones.
            ..345.0 => 25.0,
            _ => 34.0,
        };
        // Room above for a crown, below for the label and the log.
        let (over, under) = if count <= 16 { (24.0, if low { 28.0 } else { 52.0 }) } else { (4.0, 6.0) };
        let (a, b) = (area.width() / 2.0 - largest, (area.height() - over - under) / 2.0 - largest);
        let stretch = if low { 4.0 } else { 1.55 };
        let (a, b) = (a.max(10.0).min(b.max(10.0) * stretch), b.max(10.0));
        if count == 1 {
            self.places[servers[0]] = Place { x, y, r: largest, ..Place::default() };
            return;
        }
        let y = area.top
            + over
            + largest
            + b
            + (area.height() - over - under - 2.0 * (b + largest)).max(0.0) / 2.0;
        let round = PI * (3.0 * (a + b) - ((3.0 * a + b) * (a + 3.0 * b)).sqrt());
        // At the ends of a flat one they stand above each other.
        let apart = 2.0 * b * math::sin(PI / count as f64);
        let r = largest.min(round / count.max(1) as f64 * 0.33).min(apart / 2.0 - 2.0);
        // Names are read in larger ones.
        if r < 11.0 || b < 40.0 && count > 3 {
            self.rows(servers, area);
            return;
        }
        for (order, node) in servers.iter().enumerate() {
            let turn = -PI + PI / count as f64 - order as f64 * TAU / count as f64;
            self.places[*node] =
                Place { x: x + a * math::cos(turn), y: y + b * math::sin(turn), r, ..Place::default() };
        }
    }

    /// Evenly over the whole area, for many: in rows, as a crowd stands.
    fn rows(&mut self, servers: &[usize], area: Area) {
        let pitch = (area.width() * area.height() / servers.len().max(1) as f64).sqrt();
        let columns = (area.width() / pitch).floor().max(1.0) as usize;
        let rows = servers.len().div_ceil(columns);
        let (dx, dy) = (area.width() / columns as f64, (area.height() / rows as f64).min(pitch * 1.1));
        let top = area.centre().1 - dy * (rows as f64 - 1.0) / 2.0;
        let r = (dx.min(dy) * 0.36).clamp(1.0, 16.0);
        for (order, node) in servers.iter().enumerate() {
            let (row, column) = ((order / columns) as f64, (order % columns) as f64);
            let (x, y) = (area.left + dx * (column + 0.5), top + dy * row);
            self.places[*node] = Place { x, y, r, ..Place::default() };
        }
    }

    fn on_ring(&mut self, servers: &[usize], area: Area, phone: bool) {
        let (x, y) = area.centre();
        let outer = (area.width().min(area.height()) / 2.0 - if phone { 8.0 } else { 22.0 }).max(40.0);
        let band = (outer * 0.09).clamp(8.0, 20.0);
        self.ring = Some(Ring { x, y, radius: outer - band / 2.0, band });
        let circle = (outer - band) * 0.66;
        let count = servers.len().max(1) as f64;
        let r = (TAU * circle / count * 0.3).min(if phone { 24.0 } else { 34.0 }).max(3.0);
        for (order, node) in servers.iter().enumerate() {
            let turn = -PI / 2.0 + order as f64 * TAU / count;
            self.places[*node] = Place {
                x: x + circle * math::cos(turn),
                y: y + circle * math::sin(turn),
                r,
                ..Place::default()
            };
        }
    }

    fn tiers(&mut self, nodes: &[(usize, &NodeFrame)], area: Area, phone: bool) {
        let tiers: Vec<u8> = (0..=u8::MAX).filter(|tier| nodes.iter().any(|n| n.1.tier == *tier)).collect();
        let count = tiers.len();
        let queues = nodes.iter().any(|n| n.1.queue.is_some());
        let room = if queues { if phone { 46.0 } else { 130.0 } } else { 40.0 };
        let (from, to) = (area.left + if phone { 24.0 } else { 56.0 }, area.right - room);
        for (at, tier) in tiers.iter().enumerate() {
            let members: Vec<&(usize, &NodeFrame)> = nodes.iter().filter(|n| n.1.tier == *tier).collect();
            let x = if count < 2 {
                (from + to) / 2.0
            } else {
                from + (to - from) * at as f64 / (count - 1) as f64
            };
            // As far apart each way, where rows of 20 px would need more columns than there is room for.
            let wide = (to - from) / (count.max(2) - 1) as f64 * 0.8;
            let square = (wide * area.height() / members.len().max(1) as f64).sqrt();
            let rows_max = (area.height() / square.min(20.0)).floor().max(1.0) as usize;
            let columns = members.len().div_ceil(rows_max);
            let rows = members.len().div_ceil(columns.max(1)).max(1);
            let pitch = (area.height() / rows as f64).min(if phone { 90.0 } else { 110.0 });
            let top = (area.top + area.bottom) / 2.0 - pitch * (rows as f64 - 1.0) / 2.0;
            for (order, (node, shown)) in members.iter().copied().enumerate() {
                let largest: f64 = match shown.body.as_str() {
                    "balancer" => 38.0,
                    "client" => 20.0,
                    _ => 33.0,
                };
                let largest = if phone { largest * 0.72 } else { largest };
                let flat = if shown.body == "backend" { 0.66 } else { 0.4 };
                let r = largest.min(pitch * flat).min(wide / columns.max(1) as f64 / 2.6).max(1.5);
                let gap = (r * 0.6).min(8.0);
                let (row, col) = (order % rows, order / rows);
                let shift = (col as f64 - (columns as f64 - 1.0) / 2.0) * (r * 2.0 + gap);
                let most = (columns as f64 - 1.0) * (r + gap / 2.0) + r;
                let middle = x.max(area.left + most).min((self.width - most).max(area.left + most));
                self.places[*node] =
                    Place { x: middle + shift, y: top + pitch * row as f64, r, ..Place::default() };
            }
        }
        // What a queue may take without touching the next column.
        let edges: Vec<(f64, f64)> =
            nodes.iter().map(|(at, _)| self.places[*at]).map(|p| (p.x, p.r)).collect();
        for (node, _) in nodes {
            let Place { x, r, .. } = self.places[*node];
            let next = edges.iter().filter(|(other, _)| *other > x + r).map(|(other, r)| other - r);
            self.places[*node].room = next.fold(self.width, f64::min) - x - r;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: &str, servers: u32, clients: u32) -> Frame {
        let node = |id: u32, client: bool| NodeFrame {
            id,
            name: format!("{}{id}", if client { "c" } else { "n" }),
            client,
            tier: if client { 0 } else { 1 + u8::from(id > 0) },
            body: if client { "client" } else { "ring" }.to_owned(),
            status: "up".to_owned(),
            ..NodeFrame::default()
        };
        let mut nodes: Vec<NodeFrame> = (0..servers).map(|id| node(id, false)).collect();
        nodes.extend((servers..servers + clients).map(|id| node(id, true)));
        Frame { layout: kind.to_owned(), nodes, ..Frame::default() }
    }

    #[test]
    fn nodes_stand_on_the_stage_and_apart() {
        for kind in ["circle", "tiers", "graph", "ring"] {
            for (servers, clients) in [(1, 1), (3, 3), (5, 3), (12, 6), (60, 10), (200, 3), (1000, 40)] {
                for (width, height) in [(824.0, 628.0), (390.0, 330.0), (1400.0, 500.0)] {
                    let frame = frame(kind, servers, clients);
                    let layout = Layout::new(&frame, (width, height), (48.0, 0.0));
                    for (at, place) in layout.places.iter().enumerate() {
                        let name =
                            format!("{kind} {servers}+{clients} {width}x{height} node {at}: {place:?}");
                        assert!(place.r > 0.0, "{name}");
                        assert!(place.x - place.r >= -1.0 && place.x + place.r <= width + 1.0, "{name}");
                        assert!(place.y - place.r >= -1.0 && place.y + place.r <= height + 1.0, "{name}");
                    }
                    if servers <= 60 && width > 600.0 {
                        apart(&layout, &format!("{kind} {servers}+{clients}"));
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_lies_under_the_legend_or_the_edge_and_contenders_stand_outside() {
        let mut shown = frame("circle", 6, 3);
        for at in [3, 4, 5] {
            shown.nodes[at].body = "client".to_owned();
        }
        for over in [40.0, 68.0, 88.0, 108.0] {
            let layout = Layout::new(&shown, (824.0, 628.0), (over, 0.0));
            let top = layout.places.iter().map(|place| place.y - place.r).fold(f64::MAX, f64::min);
            assert!(top >= over + 4.0, "{top} {over}");
            // Further out than any server.
            let middle = |at: usize| (layout.places[at].x - 412.0).abs();
            let servers = (0..3).map(middle).fold(0.0, f64::max);
            assert!((3..9).all(|at| middle(at) > servers + 60.0), "{:?}", layout.places);
        }
    }

    fn apart(layout: &Layout, name: &str) {
        for (at, a) in layout.places.iter().enumerate() {
            for b in &layout.places[at + 1..] {
                assert!((a.x - b.x).hypot(a.y - b.y) > 1.2 * a.r.min(b.r), "{name}: {a:?} {b:?}");
            }
        }
    }

    #[test]
    fn the_first_of_five_is_at_the_upper_left_and_the_fourth_at_the_right() {
        let layout = Layout::new(&frame("circle", 5, 3), (824.0, 628.0), (0.0, 0.0));
        let [n1, n2, _, n4, n5] = layout.places[..5] else { panic!("five") };
        assert!(n1.x < n4.x && n1.y < n2.y && n5.y < n4.y && n4.x > n5.x);
        assert_eq!(layout.of(3), Some(n4));
        assert_eq!(layout.of(99), None);
    }
}
