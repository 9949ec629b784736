//! Thousands of dots as one image: they are put into memory here, and on the canvas in one call. (Without a graphics
//! card a path for each takes ten times as long.) It knows no browser, and is a crate of its own to be compiled for
//! speed, where the page is compiled for size: what is inlined there would be compiled for size again.

/// Places within a pixel that a dot's middle can have, each way.
const FINE: usize = 4;
/// A line's places are counted in parts of a pixel: as many as these bits hold.
const BITS: u32 = 14;
const FINER: f32 = (1 << BITS) as f32;

/// A pixel of a shape: where it lies from the shape's upper left, also as a distance in the image, and how much of it
/// is covered.
struct Cell {
    far: u32,
    right: u8,
    down: u8,
    cover: u8,
}

/// A shape of dot.
struct Stamp {
    radius: f32,
    /// Width of its line; 0 for a full one.
    line: f32,
    /// From its middle pixel to its edges.
    reach: i32,
    /// Its pixels, for each place of its middle within one.
    masks: Vec<Vec<Cell>>,
}

impl Stamp {
    /// For an image so wide.
    fn new(radius: f32, line: f32, width: usize) -> Self {
        let reach = radius.clamp(0.0, 120.0).ceil() as i32 + 1;
        let side = 2 * reach as usize + 1;
        let mask = |place: usize| {
            let middle = |at: usize| reach as f32 + (at as f32 + 0.5) / FINE as f32 - 0.5;
            let (x, y) = (middle(place % FINE), middle(place / FINE));
            let cover = |column: usize, row: usize| {
                let (dx, dy) = (column as f32 - x, row as f32 - y);
                let far = (dx * dx + dy * dy).sqrt();
                let full = (radius + 0.5 - far).clamp(0.0, 1.0);
                let hole = if line > 0.0 { (radius - line + 0.5 - far).clamp(0.0, 1.0) } else { 0.0 };
                ((full - hole) * 255.0) as u8
            };
            let cell = |at: usize| {
                let (right, down) = (at % side, at / side);
                let (cover, far) = (cover(right, down), (down * width + right) as u32);
                (cover > 0).then_some(Cell { far, right: right as u8, down: down as u8, cover })
            };
            (0..side * side).filter_map(cell).collect()
        };
        Self { radius, line, reach, masks: (0..FINE * FINE).map(mask).collect() }
    }
}

/// A dot's colour: red, green, blue.
pub type Colour = [u8; 3];

/// A disc between which dots travel: its middle and its radius (px).
#[derive(Clone, Copy, Debug, Default)]
pub struct Disc {
    /// Middle.
    pub x: f64,
    /// Middle.
    pub y: f64,
    /// Radius.
    pub r: f64,
}

/// A dot on its way from one disc to another, by their places in the list of discs.
#[derive(Clone, Copy, Debug)]
pub struct Traveller {
    /// Where it comes from.
    pub from: u32,
    /// Where it goes.
    pub to: u32,
    /// How far it is: 0 to 1.
    pub share: f64,
    /// Its place in the list of looks.
    pub look: u32,
}

/// What dots travel in.
pub struct Field<'a> {
    /// Discs; one without a radius is not there.
    pub discs: &'a [Disc],
    /// Where no dot is to be seen.
    pub shade: Option<&'a Shade>,
    /// Shapes, from [`Raster::stamp`], with their colours.
    pub looks: &'a [(usize, Colour)],
    /// How far from the discs' edges ways end, and how far beside the middle they run (px).
    pub gap: f64,
    /// See `gap`.
    pub beside: f64,
    /// The image's pixels for each of the discs' px.
    pub ratio: f64,
}

/// A straight way from the edge of one disc to the edge of another.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// Its start (px).
    pub from: (f64, f64),
    /// Its end (px).
    pub to: (f64, f64),
    /// Its direction, of length 1.
    pub along: (f64, f64),
    /// Its length (px), at least 1.
    pub length: f64,
}

impl Way {
    /// From `a` to `b`: `gap` from their edges, but never more than a third of what lies between, and `beside` to the
    /// right as seen when travelling. None between discs in the same place.
    #[must_use]
    #[inline(never)]
    pub fn new(a: Disc, b: Disc, gap: f64, beside: f64) -> Option<Self> {
        Self::between(a, b, gap, beside)
    }

    #[inline(always)]
    fn between(a: Disc, b: Disc, gap: f64, beside: f64) -> Option<Self> {
        let (dx, dy) = (b.x - a.x, b.y - a.y);
        let apart = (dx * dx + dy * dy).sqrt();
        if apart < 1.0 {
            return None;
        }
        let (ux, uy) = (dx / apart, dy / apart);
        let gap = gap.min((apart - a.r - b.r).max(0.0) / 3.0);
        let (ox, oy) = (-uy * beside, ux * beside);
        let (start, end) = (a.r + gap, b.r + gap);
        let from = (a.x + ux * start + ox, a.y + uy * start + oy);
        let to = (b.x - ux * end + ox, b.y - uy * end + oy);
        Some(Self { from, to, along: (ux, uy), length: (apart - start - end).abs().max(1.0) })
    }

    /// The place at this share of the way.
    #[must_use]
    pub fn at(&self, share: f64) -> (f64, f64) {
        let mix = |a: f64, b: f64| a + (b - a) * share;
        (mix(self.from.0, self.to.0), mix(self.from.1, self.to.1))
    }
}

/// A colour that covers nothing yet: as one word it is put into a pixel at once.
fn word([r, g, b]: Colour) -> u32 {
    u32::from_le_bytes([r, g, b, 0])
}

/// Side of a shade's cells (px).
const CELL: f64 = 3.0;

/// Where something lies above the dots: to leave a dot out costs less than to take it away again.
#[derive(Default)]
pub struct Shade {
    wide: usize,
    cells: Vec<bool>,
}

impl Shade {
    /// Covers just these discs in an area of this size (px).
    pub fn cover(&mut self, width: f64, height: f64, discs: impl Iterator<Item = Disc>) {
        let cells = |length: f64| (length.max(0.0) / CELL).ceil() as usize;
        self.wide = cells(width);
        self.cells.clear();
        self.cells.resize(self.wide * cells(height), false);
        for disc in discs {
            let upper = cells(disc.y - disc.r);
            for (row, cells) in
                self.cells.chunks_exact_mut(self.wide.max(1)).enumerate().skip(upper.saturating_sub(1))
            {
                let down = (row as f64 + 0.5) * CELL - disc.y;
                if down > disc.r {
                    break;
                }
                let half = (disc.r * disc.r - down * down).max(0.0).sqrt();
                let place = |x: f64| ((x / CELL - 0.5).ceil().max(0.0) as usize).min(self.wide);
                let (left, right) = (place(disc.x - half), place(disc.x + half));
                if down >= -disc.r {
                    cells[left..right.max(left)].fill(true);
                }
            }
        }
    }

    /// Whether a place is covered.
    #[must_use]
    pub fn covers(&self, x: f64, y: f64) -> bool {
        let at = (y / CELL) as usize * self.wide + (x / CELL) as usize;
        x >= 0.0 && y >= 0.0 && x < self.wide as f64 * CELL && self.cells.get(at).copied().unwrap_or(false)
    }
}

/// What covers most of a pixel has it: exact but where edges meet.
fn mix(pixel: &mut [u8; 4], word: u32, cover: u8) {
    if pixel[3] <= cover {
        *pixel = (word | u32::from(cover) << 24).to_le_bytes();
    }
}

/// The image.
#[derive(Default)]
pub struct Raster {
    width: usize,
    height: usize,
    /// Red, green, blue, opacity of each pixel.
    pub pixels: Vec<u8>,
    stamps: Vec<Stamp>,
}

impl Raster {
    /// Empty, of this size in pixels.
    pub fn clear(&mut self, width: usize, height: usize) {
        if (self.width, self.height) == (width, height) {
            self.pixels.fill(0);
        } else {
            if self.width != width {
                self.stamps.clear();
            }
            (self.width, self.height) = (width, height);
            self.pixels = vec![0; width * height * 4];
        }
    }

    /// A shape: its radius and, for a ring, the width of its line (px). It is of use until the image is as wide as
    /// another.
    pub fn stamp(&mut self, radius: f32, line: f32) -> usize {
        let known = |stamp: &Stamp| (stamp.radius - radius).abs() < 0.01 && (stamp.line - line).abs() < 0.01;
        self.stamps.iter().position(known).unwrap_or_else(|| {
            self.stamps.push(Stamp::new(radius, line, self.width));
            self.stamps.len() - 1
        })
    }

    /// Puts a shape with its middle at (x, y), pixels from the upper left.
    #[inline(never)]
    pub fn put(&mut self, stamp: usize, x: f32, y: f32, colour: Colour) {
        self.press(stamp, x, y, word(colour));
    }

    /// Puts a dot for each traveller. `places` gets where they are (px), each with its place in the list; those whose
    /// discs are not there, or lie in one place, are left out.
    #[inline(never)]
    pub fn travel(&mut self, field: &Field<'_>, travellers: &[Traveller], places: &mut Vec<(f32, f32, u32)>) {
        for (at, traveller) in travellers.iter().enumerate() {
            let disc = |at: u32| field.discs.get(at as usize).filter(|disc| disc.r > 0.0);
            let (Some(from), Some(to)) = (disc(traveller.from), disc(traveller.to)) else { continue };
            let Some(way) = Way::between(*from, *to, field.gap, field.beside) else { continue };
            let (x, y) = way.at(traveller.share);
            places.push((x as f32, y as f32, at as u32));
            if field.shade.is_some_and(|shade| shade.covers(x, y)) {
                continue;
            }
            if let Some((stamp, colour)) = field.looks.get(traveller.look as usize) {
                self.press(*stamp, (x * field.ratio) as f32, (y * field.ratio) as f32, word(*colour));
            }
        }
    }

    #[inline(always)]
    fn press(&mut self, stamp: usize, x: f32, y: f32, word: u32) {
        let Self { width, height, pixels, stamps } = self;
        let Some(Stamp { reach, masks, .. }) = stamps.get(stamp) else { return };
        let (column, row) = (x.floor(), y.floor());
        let place = ((y - row) * FINE as f32) as usize * FINE + ((x - column) * FINE as f32) as usize;
        let Some(mask) = masks.get(place) else { return };
        let (left, top) = (column as i32 - reach, row as i32 - reach);
        let inside = |from: i32, size: usize| from >= 0 && from + 2 * reach < size as i32;
        let (pixels, _) = pixels.as_chunks_mut::<4>();
        if inside(left, *width) && inside(top, *height) {
            let (_, rest) = pixels.split_at_mut(top as usize * *width + left as usize);
            for cell in mask {
                if let Some(pixel) = rest.get_mut(cell.far as usize) {
                    mix(pixel, word, cell.cover);
                }
            }
            return;
        }
        for cell in mask {
            let (x, y) = (left.wrapping_add(cell.right.into()), top.wrapping_add(cell.down.into()));
            if x >= 0 && y >= 0 && x < *width as i32 && y < *height as i32 {
                mix(&mut pixels[y as usize * *width + x as usize], word, cell.cover);
            }
        }
    }

    /// A straight line, about a pixel wide, that covers so much of what it lies on (of 255).
    #[inline(never)]
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), colour: Colour, cover: u8) {
        let word = word(colour);
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let long = dx.abs().max(dy.abs());
        let far = [from.0, from.1, to.0, to.1].into_iter().any(|at| !at.is_finite());
        if far || long < 0.5 {
            return;
        }
        // Its part within the image, from one share of it to another.
        let (mut start, mut end) = (0.0f32, 1.0f32);
        for (at, by, size) in [(from.0, dx, self.width), (from.1, dy, self.height)] {
            let most = size as f32 - 1.0;
            if by.abs() < 1e-6 {
                if at < 0.0 || at > most {
                    return;
                }
                continue;
            }
            let (one, other) = (-at / by, (most - at) / by);
            (start, end) = (start.max(one.min(other)), end.min(one.max(other)));
        }
        if start >= end {
            return;
        }
        let (x0, y0) = (from.0 + dx * start, from.1 + dy * start);
        let (dx, dy) = (dx * (end - start), dy * (end - start));
        let steps = dx.abs().max(dy.abs()).round() as usize + 1;
        let flat = dx.abs() > dy.abs();
        // Across it lie the two pixels that share it. Places are in parts of a pixel: whole numbers take half the time.
        let width = self.width;
        let beside = if flat { width } else { 1 };
        let fine = |at: f32| (at * FINER) as i32;
        let (mut x, mut y) = (fine(x0), fine(y0));
        let (right, down) = (fine(dx / steps as f32), fine(dy / steps as f32));
        let (pixels, _) = self.pixels.as_chunks_mut::<4>();
        for _ in 0..steps {
            let part = (if flat { y } else { x } & (FINER as i32 - 1)) as u32;
            let at = (y.max(0) >> BITS) as usize * width + (x.max(0) >> BITS) as usize;
            let near = (part * u32::from(cover)) >> BITS;
            for (at, cover) in [(at, u32::from(cover) - near), (at + beside, near)] {
                if let Some(pixel) = pixels.get_mut(at) {
                    mix(pixel, word, cover as u8);
                }
            }
            (x, y) = (x + right, y + down);
        }
    }

    /// Size in pixels.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        (self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_run_from_edge_to_edge_beside_the_line() {
        let disc = |x: f64, y: f64, r: f64| Disc { x, y, r };
        let way = Way::new(disc(0.0, 0.0, 10.0), disc(100.0, 0.0, 20.0), 6.0, 5.0);
        let way = way.expect("they are apart");
        assert_eq!((way.from, way.to, way.length), ((16.0, 5.0), (74.0, 5.0), 58.0));
        assert_eq!(way.at(0.5), (45.0, 5.0));
        assert!(Way::new(disc(3.0, 3.0, 1.0), disc(3.0, 3.0, 1.0), 6.0, 5.0).is_none());
    }

    fn opacity(raster: &Raster) -> f32 {
        raster.pixels.chunks(4).map(|pixel| f32::from(pixel[3]) / 255.0).sum()
    }

    #[test]
    fn a_dot_covers_its_area_wherever_it_stands() {
        let mut raster = Raster::default();
        for (radius, line) in [(2.4, 0.0), (4.8, 0.0), (6.0, 1.5)] {
            for at in 0..20 {
                raster.clear(40, 40);
                let stamp = raster.stamp(radius, line);
                raster.put(stamp, 20.0 + at as f32 * 0.13, 19.5 - at as f32 * 0.21, [9, 8, 7]);
                let hole = if line > 0.0 { radius - line } else { 0.0 };
                let want = std::f32::consts::PI * (radius * radius - hole * hole);
                assert!(
                    (opacity(&raster) / want - 1.0).abs() < 0.06,
                    "{radius} {line}: {}",
                    opacity(&raster)
                );
                let full = raster.pixels.chunks(4).find(|pixel| pixel[3] == 255);
                assert_eq!(full.map(|pixel| &pixel[..3]), Some(&[9, 8, 7][..]));
            }
        }
    }

    #[test]
    fn travellers_are_where_their_ways_lead() {
        let disc = |x: f64, r: f64| Disc { x, y: 20.0, r };
        let discs = [disc(10.0, 4.0), disc(90.0, 4.0), disc(50.0, 0.0)];
        let mut shade = Shade::default();
        shade.cover(100.0, 40.0, std::iter::once(Disc { x: 80.0, y: 20.0, r: 12.0 }));
        let mut raster = Raster::default();
        raster.clear(200, 80);
        let looks = [(raster.stamp(3.0, 0.0), [1, 2, 3]), (raster.stamp(4.0, 1.0), [4, 5, 6])];
        let field =
            Field { discs: &discs, shade: Some(&shade), looks: &looks, gap: 6.0, beside: 5.0, ratio: 2.0 };
        let on = |from: u32, to: u32, share: f64, look: u32| Traveller { from, to, share, look };
        let all = [
            on(0, 1, 0.5, 0),
            on(1, 0, 0.5, 1),
            on(0, 1, 0.99, 0),
            on(0, 2, 0.5, 0),
            on(0, 9, 0.5, 0),
            on(0, 0, 0.5, 0),
            on(0, 1, 0.0, 7),
        ];
        let mut places = Vec::new();
        raster.travel(&field, &all, &mut places);
        assert_eq!(places.iter().map(|(_, _, at)| *at).collect::<Vec<_>>(), [0, 1, 2, 6]);
        assert_eq!((places[0].0, places[0].1), (50.0, 25.0));
        assert_eq!((places[1].0, places[1].1), (50.0, 15.0));
        let colour = |x: usize, y: usize| &raster.pixels[(y * 200 + x) * 4..][..4];
        assert_eq!(colour(100, 50), [1, 2, 3, 255]);
        assert_eq!((colour(100, 30)[3], &colour(103, 30)[..3]), (0, &[4, 5, 6][..]));
        // In the shade there is none, and one of no look is none.
        assert_eq!((colour(158, 50)[3], colour(40, 50)[3]), (0, 0));
        // A wider image has its own shapes.
        raster.clear(300, 80);
        let looks = [(raster.stamp(3.0, 0.0), [1, 2, 3])];
        raster.travel(&Field { looks: &looks, ..field }, &all, &mut places);
        assert_eq!(raster.pixels[(50 * 300 + 100) * 4..][..4], [1, 2, 3, 255]);
    }

    #[test]
    fn a_line_covers_its_length_wherever_it_lies() {
        let mut raster = Raster::default();
        let all = |raster: &Raster| raster.pixels.chunks(4).map(|p| f32::from(p[3])).sum::<f32>();
        for (from, to) in [((5.0, 5.0), (45.0, 5.0)), ((8.0, 40.0), (8.5, 3.0)), ((3.3, 4.4), (44.0, 21.0))] {
            raster.clear(50, 50);
            raster.line(from, to, [1, 2, 3], 200);
            let long = (to.0 - from.0).abs().max((to.1 - from.1).abs());
            assert!((all(&raster) / (long * 200.0) - 1.0).abs() < 0.08, "{} for {long}", all(&raster));
        }
        // What lies outside is left out, and the rest is where it would be.
        let mut whole = Raster::default();
        whole.clear(50, 50);
        whole.line((-1e6, 20.0), (1e6, 20.0), [1, 2, 3], 200);
        assert!((all(&whole) / (49.0 * 200.0) - 1.0).abs() < 0.05);
        assert_eq!(whole.pixels[20 * 50 * 4 + 3], 200);
        for (from, to) in [
            ((-5.0, -5.0), (-1.0, 60.0)),
            ((0.0, 90.0), (50.0, 90.0)),
            ((f32::NAN, 1.0), (3.0, 3.0)),
            ((f32::INFINITY, 1.0), (3.0, 3.0)),
            ((3.0, 3.0), (3.0, 3.0)),
        ] {
            raster.clear(50, 50);
            raster.line(from, to, [1, 2, 3], 200);
            assert!(all(&raster) < 0.5, "{from:?} {to:?}");
        }
        raster.line((-1e9, -1e9), (1e9, 1e9), [1, 2, 3], 200);
        raster.line((0.0, 49.0), (49.0, 49.0), [1, 2, 3], 200);
    }

    #[test]
    fn a_shade_covers_its_discs_and_nothing_else() {
        let discs = [
            Disc { x: 40.0, y: 30.0, r: 12.0 },
            Disc { x: 98.0, y: 2.0, r: 9.0 },
            Disc { x: -50.0, y: -50.0, r: 7.0 },
        ];
        let mut shade = Shade::default();
        assert!(!shade.covers(0.0, 0.0));
        shade.cover(100.0, 60.0, discs.into_iter());
        for (x, y) in (-20..140).flat_map(|x| (-20..90).map(move |y| (f64::from(x), f64::from(y)))) {
            let within = |r: f64| discs.iter().any(|disc| (disc.x - x).hypot(disc.y - y) < disc.r + r);
            let inside = (0.0..100.0).contains(&x) && (0.0..60.0).contains(&y);
            assert!(!shade.covers(x, y) || within(CELL), "{x} {y}");
            assert!(shade.covers(x, y) || !within(-CELL) || !inside, "{x} {y}");
        }
        shade.cover(100.0, 60.0, std::iter::empty());
        assert!(!shade.covers(40.0, 30.0));
        shade.cover(0.0, 0.0, discs.into_iter());
        assert!(!shade.covers(40.0, 30.0));
    }

    #[test]
    fn nothing_is_put_beyond_the_edges() {
        let mut raster = Raster::default();
        raster.clear(10, 6);
        let stamp = raster.stamp(3.0, 0.0);
        let far =
            [(-1.0, -1.0), (10.0, 6.0), (4.0, -2.0), (-50.0, 3.0), (3.0, 500.0), (9.9, 5.9), (1e9, -1e9)];
        for (x, y) in far {
            raster.put(stamp, x, y, [1, 2, 3]);
        }
        assert_eq!(raster.size(), (10, 6));
        assert!(raster.pixels.len() == 240);
    }
}
