//! The diagram's messages and events where there are thousands of them: one image, made in memory. (As paths, without a
//! graphics card, a picture of 20,000 events takes the better part of a second.)

use netsplit_lab::Legend;
use netsplit_lab::spacetime::Arrow;
use netsplit_raster::{Colour, Raster};
use wasm_bindgen::{Clamped, JsCast};
use web_sys::{CanvasRenderingContext2d as Canvas, HtmlCanvasElement, ImageData};

use super::spacetime::belongs;
use super::theme::Theme;
use crate::browser;
use crate::model::spacetime::{Diagram, LEFT};

/// Above so many messages or events the picture is made this way.
const MANY: usize = 2_000;
/// How much of its ground a line covers, and an event (of 255): thousands cross.
const COVER: u8 = 120;
/// Radius of an event and of the end of a lost message (px).
const DOT: f64 = 1.1;
/// A lost message ends so far on its way.
const LOST: f64 = 0.82;

/// So long is drawn at a time (wall ms), and so many messages and events between two looks at the clock.
const SLICE: (f64, usize) = (3.0, 256);

/// What an image shows.
#[derive(Clone, Copy, PartialEq)]
struct Shown {
    /// Which run, and which making of its diagram.
    of: (u64, u64),
    /// From where (ns), and how much (ns).
    part: (u64, u64),
    /// The selected event, and how many belong to its causal past.
    past: Option<(u64, usize)>,
    /// Size (px of the screen).
    size: (usize, usize),
    /// The theme's ink.
    ink: Colour,
}

/// An image that is laid over the diagram, made bit by bit: all of it takes longer than a picture may.
#[derive(Default)]
struct Layer {
    raster: Raster,
    canvas: Option<HtmlCanvasElement>,
    shown: Option<Shown>,
    /// What is being made, and how many messages and events are drawn.
    making: Option<(Shown, usize)>,
}

/// The images: of all or of what is not in the causal past, and of what is.
#[derive(Default)]
pub struct Dense([Layer; 2]);

impl Dense {
    /// Whether there is so much to be drawn.
    pub fn meant(diagram: &Diagram) -> bool {
        diagram.data.events.len().max(diagram.data.arrows.len()) > MANY
    }

    /// Draws messages and events, or only those of a part: what belongs to the causal past, or what does not. False
    /// where it is an older image as yet, and is to be drawn again.
    pub fn draw(
        &mut self,
        on: &Canvas,
        diagram: &Diagram,
        legend: &[Legend],
        theme: &Theme,
        (size, ratio): ((f64, f64), f64),
        part: Option<bool>,
    ) -> bool {
        let past = part == Some(true);
        let layer = &mut self.0[usize::from(past)];
        let wanted = Shown {
            of: diagram.version,
            part: (diagram.from, diagram.span),
            past: diagram.past.as_ref().map(|past| (past.event, past.events.len())),
            size: ((size.0 * ratio) as usize, (size.1 * ratio) as usize),
            ink: theme.ink_rgb,
        };
        if layer.shown != Some(wanted) {
            layer.make(wanted, diagram, legend, theme, (size, ratio), part);
        }
        // Moved and stretched, an older image shows the same, though not all of it.
        let serves = |shown: &&Shown| {
            (shown.of.0, shown.size, shown.ink) == (wanted.of.0, wanted.size, wanted.ink)
                && (!past || shown.past == wanted.past)
        };
        if let (Some(shown), Some(canvas)) = (layer.shown.as_ref().filter(serves), &layer.canvas) {
            let stretch = shown.part.1 as f64 / wanted.part.1 as f64;
            let x = diagram.places(size).x(shown.part.0) - LEFT * stretch;
            let width = size.0 * stretch;
            let _ = on.draw_image_with_html_canvas_element_and_dw_and_dh(canvas, x, 0.0, width, size.1);
        }
        layer.shown == Some(wanted)
    }
}

impl Layer {
    fn make(
        &mut self,
        wanted: Shown,
        diagram: &Diagram,
        legend: &[Legend],
        theme: &Theme,
        (size, ratio): ((f64, f64), f64),
        part: Option<bool>,
    ) {
        let (shown, mut done) = match self.making.take() {
            // What was begun before the hand moved on is finished first, or nothing ever would be.
            Some((shown, done)) if (Shown { part: wanted.part, ..shown }) == wanted => (shown, done),
            _ => {
                self.raster.clear(wanted.size.0, wanted.size.1);
                (wanted, 0)
            }
        };
        let places = diagram.places_of(shown.part, size);
        let colours: Vec<Colour> = legend.iter().map(|kind| theme.role(&kind.role).rgb).collect();
        let dot = self.raster.stamp((DOT * ratio) as f32, 0.0);
        let at = |time: u64, node: u32| ((places.x(time) * ratio) as f32, (places.y(node) * ratio) as f32);
        let (arrows, events) = (&diagram.data.arrows, &diagram.data.events);
        let all = arrows.len() + events.len();
        let end = browser::wall() + SLICE.0;
        while done < all {
            if browser::wall() > end {
                self.making = Some((shown, done));
                return;
            }
            let slice = done..(done + SLICE.1).min(all);
            done = slice.end;
            for number in slice {
                let Some(arrow) = arrows.get(number) else {
                    let event = &events[number - arrows.len()];
                    if event.node != u32::MAX && belongs(diagram, event.event, part) {
                        let (x, y) = at(event.time, event.node);
                        self.raster.put(dot, x, y, theme.ink_rgb);
                    }
                    continue;
                };
                if part.is_some_and(|part| inside(diagram, arrow) != part) {
                    continue;
                }
                let (from, mut to) = (at(arrow.sent, arrow.from), at(arrow.at, arrow.to));
                let mut colour = colours.get(usize::from(arrow.kind)).copied().unwrap_or(theme.ink_3_rgb);
                if arrow.lost {
                    let short = |a: f32, b: f32| a + (b - a) * LOST as f32;
                    (to, colour) = ((short(from.0, to.0), short(from.1, to.1)), theme.ink_3_rgb);
                }
                self.raster.line(from, to, colour, COVER);
                if arrow.lost {
                    self.raster.put(dot, to.0, to.1, theme.fault_rgb);
                }
            }
        }
        if self.canvas.is_none() {
            let made = browser::document().create_element("canvas");
            self.canvas = made.ok().and_then(|made| made.dyn_into().ok());
        }
        let (width, height) = shown.size;
        let pixels = Clamped(self.raster.pixels.as_slice());
        let image = ImageData::new_with_u8_clamped_array_and_sh(pixels, width as u32, height as u32);
        // What lies below it is already there: a canvas of its own takes the image, and is laid over it.
        if let (Some(canvas), Ok(image)) = (&self.canvas, image)
            && let Some(own) = browser::fit(canvas, (width as f64, height as f64), 1.0)
        {
            let _ = own.put_image_data(&image, 0.0, 0.0);
        }
        self.shown = Some(shown);
    }
}

/// Whether a message belongs to the causal past of the selected event.
fn inside(diagram: &Diagram, arrow: &Arrow) -> bool {
    arrow.event > 0
        && belongs(diagram, arrow.event, Some(true))
        && (arrow.sent < diagram.from || belongs(diagram, arrow.cause, Some(true)))
}
