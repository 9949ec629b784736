//! Links: hairlines where something may pass or has just passed, dotted where cut, dashed where ill.

use netsplit_lab::Frame;
use netsplit_lab::small::Map;
use web_sys::CanvasRenderingContext2d as Canvas;

use super::draw::{CROWD, Overlay, Stage};
use super::glyphs::{self, dash, path};

/// A link that carried something stays visible for so long (wall ms).
const LINGER: f64 = 1200.0;
/// Servers of a mesh whose links are all drawn.
const MESH: usize = 9;
/// Nodes in tiers whose links are all drawn.
const TIERS: usize = 40;
/// Links that are drawn because they carried something.
const MOST: usize = 400;

fn pair(a: u32, b: u32) -> (u32, u32) {
    (a.min(b), a.max(b))
}

impl Stage {
    /// How strongly each link is drawn (0 to 1).
    fn strengths(&mut self, frame: &Frame, wall: f64) -> Map<(u32, u32), f64> {
        let mut pairs: Map<(u32, u32), f64> = Map::new();
        if frame.nodes.len() > CROWD {
            self.links.clear();
            return pairs;
        }
        for message in &frame.messages {
            self.links.insert(pair(message.from, message.to), wall);
        }
        self.links.retain(|_, seen| wall - *seen < LINGER);
        let mesh = frame.layout == "circle" || frame.layout == "graph";
        let there = |n: &&netsplit_lab::NodeFrame| n.status != "absent";
        let servers: Vec<u32> =
            frame.nodes.iter().filter(|n| !n.client).filter(there).map(|n| n.id).collect();
        if mesh && servers.len() <= MESH {
            for (at, a) in servers.iter().enumerate() {
                pairs.extend(servers[at + 1..].iter().map(|b| (pair(*a, *b), 1.0)));
            }
        } else if frame.layout == "tiers" && frame.nodes.len() <= TIERS {
            for a in &frame.nodes {
                let next = frame.nodes.iter().filter(|b| b.tier == a.tier + 1).filter(there);
                pairs.extend(next.map(|b| (pair(a.id, b.id), 1.0)));
            }
        }
        if self.links.len() <= MOST {
            for (link, seen) in self.links.iter() {
                let age = (wall - seen) / LINGER;
                let strength = pairs.slot(*link, || 0.0);
                *strength = strength.max(1.0 - age);
            }
        }
        pairs
    }

    pub(super) fn draw_links(&mut self, on: &Canvas, frame: &Frame, over: &Overlay) {
        let mut pairs = self.strengths(frame, over.wall);
        let mut cut: Vec<(u32, u32)> =
            frame.links.iter().filter(|l| l.state == "cut").map(|l| pair(l.from, l.to)).collect();
        for partition in &frame.partitions {
            let side = |id: u32| partition.sides.iter().position(|s| s.contains(&id));
            cut.extend(pairs.keys().copied().filter(|(a, b)| side(*a) != side(*b)));
        }
        // What the line that is being drawn crosses is as good as cut.
        if let Some(line) = over.drag {
            let crosses = |(a, b): &(u32, u32)| {
                let way = self.layout.of(*a).zip(self.layout.of(*b)).map(|(a, b)| ((a.x, a.y), (b.x, b.y)));
                way.is_some_and(|way| super::hit::crossing(way, line).is_some())
            };
            cut.extend(pairs.keys().copied().filter(crosses));
        }
        let sick =
            |a: u32, b: u32| frame.links.iter().find(|l| pair(l.from, l.to) == (a, b) && l.state != "cut");
        let ill = frame.links.iter().filter(|l| l.state != "cut").take(MOST).map(|l| (l.from, l.to));
        for (a, b) in ill.chain(over.link) {
            pairs.slot(pair(a, b), || 1.0);
        }
        self.drawn_links = pairs.keys().copied().collect();
        for ((a, b), strength) in pairs.iter() {
            let Some((x0, y0, x1, y1)) = self.span(*a, *b, 10.0) else { continue };
            let dead = cut.contains(&(*a, *b));
            let ill = sick(*a, *b);
            on.set_stroke_style_str(if ill.is_some() { &self.theme.fault } else { &self.theme.line_2 });
            on.set_global_alpha(if ill.is_some() { 0.7 } else { *strength });
            on.set_line_width(1.25);
            if over.link.is_some_and(|(from, to)| pair(from, to) == (*a, *b)) {
                on.set_stroke_style_str(&self.theme.focus);
                on.set_global_alpha(1.0);
                on.set_line_width(2.5);
            }
            let pattern: &[f64] = match (dead, ill.is_some()) {
                (true, _) => &[2.0, 5.0],
                (_, true) => &[7.0, 4.0],
                _ => &[],
            };
            dash(on, pattern);
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
}
