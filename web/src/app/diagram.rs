//! The space-time diagram: what hands do to it, and when it is drawn.

use netsplit_lab::export;
use web_sys::{Element, HtmlCanvasElement};

use super::App;
use crate::browser;
use crate::model::spacetime::{Deed, LEFT, RIGHT};
use crate::model::ui::Tab;
use crate::stage::spacetime;

impl App {
    /// It lies over the stage.
    pub(crate) fn in_space_time(&self) -> bool {
        self.ui.tab == Tab::SpaceTime
    }

    pub(super) fn diagram(&mut self, deed: Deed) {
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
        }
    }

    fn save(&mut self, kind: &'static str) {
        let Some(session) = self.session.as_ref() else { return };
        let x = session.experiment();
        let title = &x.document().title;
        let title = if title.is_empty() { "netsplit" } else { title };
        let mut text = String::new();
        let shown = &self.diagram.data.events;
        let part = shown.first().map_or(1, |dot| dot.event)..shown.last().map_or(1, |dot| dot.event) + 1;
        let (name, media) = match kind {
            "svg" => {
                let past = self.diagram.past.as_ref().map_or(&[][..], |past| &past.events);
                text = export::svg::space_time(&self.diagram.data, &session.legend, title, past);
                ("space-time.svg", "image/svg+xml")
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

    /// Makes what it shows; called as often as the panels are made.
    pub(super) fn bring_diagram(&mut self) {
        if self.in_space_time()
            && let Some(session) = self.session.as_ref()
        {
            self.diagram.bring(session.experiment());
        }
    }

    /// Draws it where anything changed, and puts the cursor's line where it belongs.
    pub(super) fn paint_diagram(&mut self) {
        if !self.in_space_time() {
            return;
        }
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
            spacetime::draw(
                &on,
                &self.diagram,
                &session.legend,
                faults,
                self.stage.theme(),
                self.diagram_size,
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
