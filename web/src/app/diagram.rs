//! The space-time diagram: what hands do to it, and when it is drawn.

use netsplit_lab::export;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event, HtmlCanvasElement, WheelEvent};

use super::App;
use crate::browser;
use crate::model::face::Face;
use crate::model::math;
use crate::model::spacetime::{Deed, Diagram, LEFT, RIGHT};
use crate::model::ui::{Selection, Tab};
use crate::stage::spacetime;

/// While it glides, who reads it is told of what it shows this often (wall ms).
const GLIDE: f64 = 100.0;
/// So long is made of it at a time (wall ms), and so many events between two looks at the clock.
const SLICE: (f64, u64) = (3.0, 256);

impl App {
    /// It lies over the stage.
    pub(crate) fn in_space_time(&self) -> bool {
        self.ui.tab == Tab::SpaceTime
    }

    pub(super) fn diagram(&mut self, deed: Deed) {
        self.diagram.gliding |= deed.glides();
        let Some(session) = self.session.as_mut() else { return };
        let picked = match deed {
            Deed::Pick(event) => Some(event),
            Deed::Click(x, y) => {
                let found = self.diagram.at(x, y, self.diagram_size);
                if found.is_none() {
                    self.diagram.past = None;
                    self.diagram.stale = true;
                }
                found
            }
            Deed::Drop => {
                self.diagram.past = None;
                self.diagram.stale = true;
                None
            }
            Deed::Along(forward) => self.diagram.along(forward),
            Deed::Across(forward) => self.diagram.across(forward),
            Deed::Zoom(closer, share) => {
                self.diagram.zoom(closer, share);
                self.diagram.stale = true;
                None
            }
            Deed::Scale(factor, share) => {
                self.diagram.scale(factor, share);
                self.diagram.stale = true;
                None
            }
            Deed::Pan(share) => {
                self.diagram.pan(share);
                self.diagram.stale = true;
                None
            }
            Deed::Go => {
                if let Some((event, time)) = self.diagram.step().map(|step| (step.event, step.time)) {
                    session.go_to_event(event, time);
                }
                None
            }
            Deed::Older => {
                self.diagram.older(session.experiment());
                None
            }
            Deed::Save(kind) => {
                self.save(kind);
                None
            }
        };
        if let (Some(event), Some(session)) = (picked, self.session.as_mut()) {
            session.playback.set_playing(false);
            self.diagram.pick(session.experiment(), event);
            // The stage and the event log show the same.
            self.picked = Some(event);
            if let Some(node) = self.diagram.step().map(|step| step.node).filter(|node| *node != u32::MAX) {
                self.ui.selection = Selection::Node(node);
            }
        }
    }

    /// A panel that comes into sight shows the event that was picked in another one.
    pub(super) fn show_picked(&mut self) {
        let (Some(session), Some(event)) = (self.session.as_ref(), self.picked) else { return };
        match self.ui.tab {
            Tab::SpaceTime if self.diagram.selected() != Some(event) => {
                self.diagram.bring(session.experiment());
                self.diagram.pick(session.experiment(), event);
            }
            Tab::Events => {
                self.log.bring(session.experiment());
                self.log.select(session.experiment(), event);
            }
            _ => {}
        }
    }

    fn save(&mut self, kind: &'static str) {
        let Some(session) = self.session.as_ref() else { return };
        let x = session.experiment();
        let title = &x.document().title;
        let title = if title.is_empty() { "netsplit" } else { title };
        if let "png" | "stage-png" = kind {
            return self.save_picture(kind == "png");
        }
        let mut text = String::new();
        let shown = &self.diagram.data.events;
        let part = shown.first().map_or(1, |dot| dot.event)..shown.last().map_or(1, |dot| dot.event) + 1;
        let (name, media) = match kind {
            "svg" => {
                let past = self.diagram.past.as_ref().map_or(&[][..], |past| &past.events);
                text = export::svg::space_time(&self.diagram.data, &session.legend, title, past);
                ("space-time.svg", "image/svg+xml")
            }
            "stage-svg" => {
                text = export::svg::stage(&session.frame(), &session.legend, title);
                ("stage.svg", "image/svg+xml")
            }
            "jsonl" => {
                export::trace::json_lines(x, part.start, part.end - 1, &mut |line| text.push_str(line));
                ("trace.jsonl", "application/jsonl")
            }
            "shiviz" => {
                export::trace::shiviz(x, part.start, part.end - 1, &mut |line| text.push_str(line));
                ("shiviz.log", "text/plain")
            }
            "csv" => {
                text = export::metrics::csv(x);
                ("metrics.csv", "text/csv")
            }
            _ => {
                text = export::metrics::prometheus(x);
                ("metrics.prom", "text/plain")
            }
        };
        let said = if browser::download(&text, name, media) {
            if kind == "shiviz" {
                format!("Saved {name}. ShiViz reads it with {}", export::trace::SHIVIZ_PARSER)
            } else {
                format!("Saved {name}.")
            }
        } else {
            "Saving is not allowed here.".to_owned()
        };
        self.toast(said, false, 6000.0);
    }

    /// The diagram or the stage as it is seen, in dots.
    fn save_picture(&mut self, diagram: bool) {
        let canvas = |of: &yew::NodeRef| of.cast::<HtmlCanvasElement>();
        let (layers, name) = match diagram {
            true => (vec![canvas(&self.refs.diagram)], "space-time.png"),
            false => (vec![canvas(&self.refs.canvas), canvas(&self.refs.above)], "stage.png"),
        };
        let layers: Vec<HtmlCanvasElement> = layers.into_iter().flatten().collect();
        let saved = browser::download_picture(&layers, &self.stage.theme().stage, name);
        let said = if saved { format!("Saved {name}.") } else { "Saving is not allowed here.".to_owned() };
        self.toast(said, false, 6000.0);
    }

    /// The wheel over it: up is closer, sideways moves; with a trackpad, two fingers do.
    #[inline(never)]
    pub(super) fn wheel_diagram(&mut self, event: &Event) {
        let (Some(wheel), Some(canvas)) =
            (event.dyn_ref::<WheelEvent>(), self.refs.diagram.cast::<Element>())
        else {
            return;
        };
        // In somebody else's page the wheel alone scrolls that page.
        if self.face == Face::Embed && !wheel.ctrl_key() && !wheel.meta_key() {
            return;
        }
        event.prevent_default();
        let unit = [1.0, 16.0, 100.0][wheel.delta_mode().min(2) as usize];
        let (dx, dy) = (wheel.delta_x() * unit, wheel.delta_y() * unit);
        let rect = canvas.get_bounding_client_rect();
        let deed = if wheel.shift_key() || dx.abs() > dy.abs() {
            let by = if dx == 0.0 { dy } else { dx };
            Deed::Pan(by / rect.width().max(1.0))
        } else {
            let share = Diagram::share(f64::from(wheel.client_x()) - rect.left(), rect.width());
            Deed::Scale(math::pow(2.0, -dy.clamp(-240.0, 240.0) / 300.0), share)
        };
        self.diagram(deed);
    }

    /// While time glides under a hand the picture moves with it, and what is missing at its edges comes bit by bit.
    /// True where what it shows has come, and who reads it was not told just now.
    pub(super) fn diagram_due(&mut self, wall: f64) -> bool {
        if self.in_space_time() && (self.diagram.gliding || self.diagram.making()) {
            self.bring_diagram();
        }
        let told = self.diagram_came && wall - self.diagram_at > GLIDE;
        if told {
            (self.diagram_came, self.diagram_at) = (false, wall);
        }
        told
    }

    /// Makes some of what it shows; called as often as the panels are made.
    #[inline(never)]
    pub(super) fn bring_diagram(&mut self) {
        if self.in_space_time()
            && let Some(session) = self.session.as_ref()
        {
            let (x, end) = (session.experiment(), browser::wall() + SLICE.0);
            self.diagram.gliding &= !self.diagram.begin(x);
            while self.diagram.making() && browser::wall() < end {
                self.diagram_came |= self.diagram.go_on(x, SLICE.1);
            }
        }
    }

    /// Draws it where anything changed, and puts the cursor's line where it belongs.
    pub(super) fn paint_diagram(&mut self) {
        if self.in_space_time() {
            self.draw_diagram();
        }
    }

    #[inline(never)]
    fn draw_diagram(&mut self) {
        let Some(canvas) = self.refs.diagram.cast::<HtmlCanvasElement>() else { return };
        let Some(session) = self.session.as_ref() else { return };
        if let Some(around) =
            canvas.parent_element().filter(|_| self.diagram.stale || self.diagram_size.0 < 2.0)
        {
            self.diagram_size = browser::size(&around);
        }
        if std::mem::take(&mut self.diagram.stale)
            && let Some(on) = browser::fit(&canvas, self.diagram_size, browser::ratio())
        {
            let faults = &self.panels.faults;
            self.diagram.stale = !spacetime::draw(
                &on,
                (&self.diagram, &mut self.dense),
                &session.legend,
                faults,
                self.stage.theme(),
                (self.diagram_size, browser::ratio()),
            );
        }
        if let Some(line) = self.refs.now.cast::<Element>() {
            let x = self.diagram.places(self.diagram_size).x(session.now());
            let inside = x >= LEFT && x <= self.diagram_size.0 - RIGHT;
            browser::style(&line, "transform", &format!("translateX({x:.1}px)"));
            browser::style(&line, "visibility", if inside { "visible" } else { "hidden" });
        }
    }
}
