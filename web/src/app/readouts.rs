//! Time and playhead, for every picture: on canvases, as the browser would lay out and paint the page for each change
//! of an element.

use web_sys::Element;

use super::App;
use crate::browser::{self, Surface};
use crate::model::format;
use crate::stage::glyphs::{path, rounded};

/// The playhead's label (px).
const LABEL: (f64, f64) = (64.0, 17.0);

/// The read-outs' canvases, and what is on them.
#[derive(Default)]
pub struct ReadOuts {
    head: Surface,
    /// Where the playhead's label begins (px).
    left: f64,
    clock: Surface,
    /// Whose turn it is where they take turns: the playhead's or not.
    turn: Option<bool>,
    /// The digits that are drawn.
    time: String,
    /// Their colour.
    ink: String,
}

impl ReadOuts {
    /// Whether this one is to be drawn in this picture: the playhead, or the clock.
    fn due(&self, head: bool) -> bool {
        self.turn.is_none_or(|turn| turn == head)
    }
}

impl App {
    pub(super) fn read_outs(&mut self) {
        let Some(session) = self.session.as_ref() else { return };
        let now = session.now();
        // While a crowd is on its way, a picture has one of them, the next one the other: each canvas that changes
        // costs the browser a third of a millisecond.
        let busy = session.playback.playing && self.crowd();
        self.read_outs.turn = busy.then(|| self.read_outs.turn != Some(true));
        let share = (now as f64 / self.axis.max(1) as f64).min(1.0);
        let (left, right) = crate::view::timeline::gutters(self.slim);
        let x = left + (self.lanes_size.0 - left - right) * share;
        if self.slim {
            if let Some(head) = self.refs.head.cast::<Element>() {
                browser::style(&head, "transform", &format!("translateX({x:.2}px)"));
            }
        } else if self.read_outs.due(true) {
            self.playhead(x, &format::instant(now));
        }
        if self.read_outs.due(false) {
            self.clock(format::clock(now));
        }
    }

    /// A line over the lanes, with its label. (As an element that moves, it would have the browser order all layers of the
    /// page anew for each picture.)
    fn playhead(&mut self, x: f64, label: &str) {
        let (width, height) = self.lanes_size;
        let own = &mut self.read_outs;
        let Some((on, fresh)) = own.head.fit(&self.refs.head, self.lanes_size, self.ratio) else { return };
        let theme = self.stage.theme();
        // At the edges the label stays on the page.
        let middle = x.clamp(LABEL.0 / 2.0, (width - LABEL.0 / 2.0).max(LABEL.0 / 2.0));
        let left = middle - LABEL.0 / 2.0;
        if !fresh {
            on.clear_rect(own.left - 2.0, 0.0, LABEL.0 + 4.0, height);
        }
        own.left = left;
        on.set_stroke_style_str(&theme.ink);
        on.set_line_width(1.5);
        path(on, &[(x, 12.0), (x, height - 4.0)], false);
        on.stroke();
        rounded(on, left, 0.0, LABEL.0, LABEL.1, 4.0);
        on.set_fill_style_str(&theme.ink);
        on.fill();
        if fresh {
            on.set_font(&format!("600 11px {}", theme.font));
            on.set_text_align("center");
        }
        on.set_fill_style_str(&theme.ink_inverse);
        let _ = on.fill_text(label, middle, 12.5);
    }

    /// Only digits that changed are drawn; once a second, all of them.
    fn clock(&mut self, time: String) {
        let own = &mut self.read_outs;
        let Some((on, fresh)) = own.clock.fit(&self.refs.clock, self.clock_size, self.ratio) else { return };
        let theme = self.stage.theme();
        let height = self.clock_size.1;
        let second = |time: &str| time.find('.').and_then(|at| time.get(..at)).map(str::to_owned);
        let all = fresh || own.ink != theme.ink || second(&own.time) != second(&time);
        if all {
            on.clear_rect(0.0, 0.0, self.clock_size.0, height);
            on.set_font(&format!("600 {height:.0}px {}", theme.font));
            on.set_fill_style_str(&theme.ink);
            on.set_text_align("center");
            own.ink.clone_from(&theme.ink);
        }
        // Digits as wide as each other, whatever the font.
        let cell = height * 0.585;
        let mut x = 0.0;
        let mut drawn = own.time.chars();
        for letter in time.chars() {
            let wide = if letter.is_ascii_digit() { cell } else { cell * 0.5 };
            if drawn.next() != Some(letter) || all {
                if !all {
                    on.clear_rect(x, 0.0, wide, height);
                }
                let _ = on.fill_text(letter.encode_utf8(&mut [0; 4]), x + wide / 2.0, height * 0.86);
            }
            x += wide;
        }
        own.time = time;
    }
}
