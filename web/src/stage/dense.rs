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
use crate::model::spacetime::{Diagram, Places};

/// Above so many messages or events the picture is made this way.
const MANY: usize = 2_000;
/// How much of its ground a line covers, and an event (of 255): thousands cross.
const COVER: u8 = 120;
/// Radius of an event and of the end of a lost message (px).
const DOT: f64 = 1.1;
/// A lost message ends so far on its way.
const LOST: f64 = 0.82;

/// What the image is made with.
#[derive(Default)]
pub struct Dense {
    raster: Raster,
    canvas: Option<HtmlCanvasElement>,
}

impl Dense {
    /// Whether there is so much to be drawn.
    pub fn meant(diagram: &Diagram) -> bool {
        diagram.data.events.len().max(diagram.data.arrows.len()) > MANY
    }

    /// Draws messages and events, or only those of a part: what belongs to the causal past, or what does not.
    pub fn draw(
        &mut self,
        on: &Canvas,
        diagram: &Diagram,
        legend: &[Legend],
        (theme, places): (&Theme, &Places),
        (size, ratio): ((f64, f64), f64),
        part: Option<bool>,
    ) {
        let (width, height) = ((size.0 * ratio) as usize, (size.1 * ratio) as usize);
        self.raster.clear(width, height);
        let colours: Vec<Colour> = legend.iter().map(|kind| theme.role(&kind.role).rgb).collect();
        let dot = self.raster.stamp((DOT * ratio) as f32, 0.0);
        let at = |time: u64, node: u32| ((places.x(time) * ratio) as f32, (places.y(node) * ratio) as f32);
        let mine = |arrow: &&Arrow| part.is_none_or(|part| inside(diagram, arrow) == part);
        for arrow in diagram.data.arrows.iter().filter(mine) {
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
        let events = diagram.data.events.iter().filter(|event| event.node != u32::MAX);
        for event in events.filter(|event| belongs(diagram, event.event, part)) {
            let (x, y) = at(event.time, event.node);
            self.raster.put(dot, x, y, theme.ink_rgb);
        }
        let pixels = Clamped(self.raster.pixels.as_slice());
        let image = ImageData::new_with_u8_clamped_array_and_sh(pixels, width as u32, height as u32);
        if self.canvas.is_none() {
            let made = browser::document().create_element("canvas");
            self.canvas = made.ok().and_then(|made| made.dyn_into().ok());
        }
        let (Some(canvas), Ok(image)) = (&self.canvas, image) else { return };
        // What lies below it is already there: a canvas of its own takes the image, and is laid over it.
        if let Some(own) = browser::fit(canvas, (width as f64, height as f64), 1.0)
            && own.put_image_data(&image, 0.0, 0.0).is_ok()
        {
            let _ = on.draw_image_with_html_canvas_element_and_dw_and_dh(canvas, 0.0, 0.0, size.0, size.1);
        }
    }
}

/// Whether a message belongs to the causal past of the selected event.
fn inside(diagram: &Diagram, arrow: &Arrow) -> bool {
    arrow.event > 0
        && belongs(diagram, arrow.event, Some(true))
        && (arrow.sent < diagram.from || belongs(diagram, arrow.cause, Some(true)))
}
