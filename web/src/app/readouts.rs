//! Time and playhead, for every picture: on canvases, as the browser would lay out and paint the page for each change
//! of an element.

use web_sys::{CanvasRenderingContext2d as Canvas, Element, HtmlCanvasElement};
use yew::NodeRef;

use super::App;
use crate::browser;
use crate::model::format;
use crate::stage::glyphs::{path, rounded};

/// The playhead's label (px).
const LABEL: (f64, f64) = (64.0, 17.0);

impl App {
    pub(super) fn read_outs(&mut self) {
        let Some(session) = self.session.as_ref() else { return };
        let now = session.now();
        let share = (now as f64 / self.axis.max(1) as f64).min(1.0);
        let (width, height) = self.lanes_size;
        let (left, right) = crate::view::timeline::gutters(self.slim);
        let x = left + (width - left - right) * share;
        if self.slim {
            if let Some(head) = self.refs.head.cast::<Element>() {
                browser::style(&head, "transform", &format!("translateX({x:.2}px)"));
            }
        } else if let Some(on) = canvas(&self.refs.head, self.lanes_size) {
            self.playhead(&on, x, &format::instant(now), (width, height));
        }
        let (width, height) = self.clock_size;
        if let Some(on) = canvas(&self.refs.clock, self.clock_size) {
            let theme = self.stage.theme();
            on.clear_rect(0.0, 0.0, width, height);
            on.set_font(&format!("600 {height:.0}px {}", theme.font));
            on.set_fill_style_str(&theme.ink);
            on.set_text_align("center");
            // Digits as wide as each other, whatever the font.
            let cell = height * 0.585;
            let mut x = 0.0;
            for letter in format::clock(now).chars() {
                let wide = if letter.is_ascii_digit() { cell } else { cell * 0.5 };
                let _ = on.fill_text(letter.encode_utf8(&mut [0; 4]), x + wide / 2.0, height * 0.86);
                x += wide;
            }
        }
    }

    fn playhead(&self, on: &Canvas, x: f64, label: &str, (width, height): (f64, f64)) {
        let theme = self.stage.theme();
        on.clear_rect(0.0, 0.0, width, height);
        on.set_stroke_style_str(&theme.ink);
        on.set_line_width(1.5);
        path(on, &[(x, 12.0), (x, height - 4.0)], false);
        on.stroke();
        // At the edges the label stays on the page.
        let middle = x.clamp(LABEL.0 / 2.0, (width - LABEL.0 / 2.0).max(LABEL.0 / 2.0));
        rounded(on, middle - LABEL.0 / 2.0, 0.0, LABEL.0, LABEL.1, 4.0);
        on.set_fill_style_str(&theme.ink);
        on.fill();
        on.set_font(&format!("600 11px {}", theme.font));
        on.set_text_align("center");
        on.set_fill_style_str(&theme.ink_inverse);
        let _ = on.fill_text(label, middle, 12.5);
    }
}

fn canvas(at: &NodeRef, size: (f64, f64)) -> Option<Canvas> {
    let canvas = at.cast::<HtmlCanvasElement>().filter(|_| size.0 > 2.0)?;
    browser::fit(&canvas, size, browser::ratio())
}
