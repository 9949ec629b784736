//! One picture: some of the run, the stage, the read-outs; and, a few times a second, the panels.

use web_sys::{CanvasRenderingContext2d as Canvas, Element, HtmlElement};
use yew::NodeRef;

use super::App;
use crate::browser::{self, Surface};
use crate::model::ui::{Drawer, Selection, Tab};
use crate::model::{format, scale};
use crate::parts;
use crate::stage::draw::{CROWD, Layers, SHAPES};
use crate::stage::layout::Layout;

/// How long the engine may work for one picture (ms).
const BUDGET: f64 = 6.0;
/// The same while the run is behind the chosen speed: fewer pictures, but in time.
const BEHIND: f64 = 20.0;
/// How often the panels are made anew while it plays (ms), and while the run is behind or the stage has a crowd to draw.
const PANELS: (f64, f64) = (125.0, 850.0);

/// Entries of the event log up to the cursor among which something worth saying is looked for.
const LOG: usize = 24;
/// How often the nodes of a crowd are (wall ms). Its panels are made in the same pictures, so that no more than one
/// picture in twenty is a slow one.
const NODES: f64 = 450.0;

/// A stage's two canvases.
#[derive(Default)]
pub struct Canvases {
    below: Surface,
    above: Surface,
}

impl Canvases {
    /// Contexts of the lower and the upper one, so large (px).
    pub fn fit(
        &mut self,
        below: &NodeRef,
        above: &NodeRef,
        size: (f64, f64),
        ratio: f64,
    ) -> Option<(Canvas, Canvas)> {
        let (below, _) = self.below.fit(below, size, ratio)?;
        let (above, _) = self.above.fit(above, size, ratio)?;
        Some((below.clone(), above.clone()))
    }
}

impl App {
    /// True where the panels are to be drawn.
    pub(super) fn picture(&mut self, time: f64) -> bool {
        let wall = browser::wall();
        let elapsed = (time - self.wall).clamp(0.0, 250.0);
        (self.wall, self.ratio) = (time, browser::ratio());
        if self.unseen {
            return false;
        }
        let crowd = self.crowd();
        let Some(session) = self.session.as_mut() else { return false };
        let was_busy = session.playback.playing || session.goal.is_some() || session.catching_up();
        self.last_now = session.now();
        browser::remember(None, self.last_now);
        let late = session.playback.late;
        let budget = if late { BEHIND } else { BUDGET };
        let panels = if late || crowd { PANELS.1 } else { PANELS.0 };
        let moved = session.tick(elapsed, budget, browser::wall);
        let playing = session.playback.playing;
        if let Some(alarm) = session.take_stop() {
            self.alarm = alarm;
        }
        self.broke();
        let Some(session) = self.session.as_mut() else { return false };
        let busy = playing || session.goal.is_some() || session.catching_up();
        let stopped = was_busy && !busy || session.caught_up();
        let mut whole = true;
        if moved || self.fresh {
            // Sixty times a second a crowd gets new places for its messages only.
            let all =
                self.frame.nodes.len() <= CROWD || self.fresh || !playing || wall - self.nodes_at > NODES;
            if all && self.frame.nodes.len() > CROWD {
                self.nodes_at = wall;
            }
            whole = all;
            let ids = !playing || self.frame.messages.len() <= SHAPES;
            session.glance(&mut self.frame, all, ids);
            self.glance_beside(all);
        }
        self.overlay.playing = playing;
        let resized = self.resized();
        if moved || playing || self.fresh || resized {
            self.paint(wall);
            if self.session.as_ref().is_some_and(|session| session.beside().is_some()) {
                self.paint_beside(wall);
            }
        }
        self.fresh = false;
        self.diagram.stale |= resized;
        let glided = self.diagram_due(wall);
        self.paint_diagram();
        let measured = self.measure(budget) | self.sweep_on(budget);
        let rested = self.rested(wall) | self.menu_freed(wall);
        let said = self.speaker.tick(wall);
        let gone = self.ui.toast.as_ref().is_some_and(|toast| wall > toast.until);
        if gone {
            self.ui.toast = None;
        }
        let due = (moved && whole && wall - self.panels_at > panels) || stopped || resized;
        if due {
            self.refresh();
        }
        let scrolled = self.log_scrolled();
        let told = self.say_wait(wall);
        due || said || gone || rested || measured || scrolled || glided || told
    }

    /// There is so much to be drawn that a picture has no time for everything.
    pub(super) fn crowd(&self) -> bool {
        self.frame.nodes.len() > CROWD || self.frame.messages.len() > SHAPES
    }

    /// Makes what the panels show.
    pub(super) fn refresh(&mut self) {
        let slim = self.is_slim();
        let Some(session) = self.session.as_mut() else { return };
        self.panels_at = browser::wall();
        self.slim = slim;
        let mut panels = session.panels(None, (LOG, 0), parts::ready(parts::PANELS));
        let ids = !session.playback.playing || self.frame.messages.len() <= SHAPES;
        session.glance(&mut self.frame, true, ids);
        if !session.playback.playing && session.goal.is_none() {
            self.hash = session.hash();
        }
        self.show_grab(&mut panels);
        self.look_back();
        self.panels = panels.into();
        self.glance_beside(true);
        self.refresh_results();
        self.refresh_sheet();
        if parts::ready(parts::PANELS) {
            self.bring_diagram();
            self.diagram_came = false;
            self.bring_log();
        }
        let log = &self.panels.log;
        let past = &log.rows[..log.rows.len() - log.later];
        let newest = past.iter().rev().find(|entry| entry.kind == "notable" || entry.kind == "fault");
        let line = newest.map(|entry| {
            let (subject, rest) = format::subject(&entry.node, &entry.sentence);
            (entry.event, format!("{subject}{rest}."))
        });
        self.speaker.hear(line.as_ref().map(|(event, line)| (*event, line.as_str())));
        if !self.held {
            let end = scale::axis_end(self.panels.frontier, self.panels.duration, &self.panels.faults);
            // The playhead stands elsewhere on another axis.
            self.fresh |= end != self.axis;
            self.axis = end;
        }
    }

    /// What the last event changed in the node that is looked at. It is made by replay, so only while the run stands
    /// still: while it plays nobody could read it.
    fn look_back(&mut self) {
        let Some(session) = self.session.as_mut() else { return };
        let Selection::Node(node) = self.ui.selection else { return };
        if self.ui.tab != Tab::Inspector || session.playback.playing || session.goal.is_some() {
            self.changed = None;
            return;
        }
        let asked = (node, session.events());
        if self.changed.as_ref().is_none_or(|(known, _)| *known != asked) {
            self.changed = Some((asked, session.changed(node)));
        }
    }

    /// Sizes are asked for only where one changed. True then.
    fn resized(&mut self) -> bool {
        let changed = self.watched.changed();
        if changed {
            let size = |of: Option<Element>| of.as_ref().map_or((0.0, 0.0), browser::size);
            self.stage_size = size(self.refs.canvas.cast());
            self.lanes_size = size(self.refs.lanes.cast());
            self.clock_size = size(self.refs.clock.cast());
            // An armed tool's bar takes the legend's place; on a phone it is at the lower edge.
            if let Some(legend) = self.refs.legend.cast::<HtmlElement>() {
                let (top, height) = (f64::from(legend.offset_top()), f64::from(legend.client_height()));
                self.stage.over = if height > 0.0 && top < 40.0 { top + height } else { 0.0 };
            }
            self.stage.under = browser::covered(".palette", ".half:first-child .stage");
            self.size_beside();
            if let Some(sheet) = self.refs.sheet.cast() {
                self.sheet_size = size(Some(sheet));
            }
            self.slim = self.is_slim();
        }
        changed
    }

    fn paint(&mut self, wall: f64) {
        let ((width, height), ratio) = (self.stage_size, self.ratio);
        if width < 2.0 || height < 2.0 {
            // A sheet lies over the stage; time goes on being shown.
            return self.read_outs();
        }
        let Some((below, above)) =
            self.canvases.fit(&self.refs.canvas, &self.refs.above, self.stage_size, ratio)
        else {
            return;
        };
        self.overlay.wall = wall;
        self.overlay.node = match self.ui.selection {
            Selection::Node(id) => Some(id),
            _ => None,
        };
        self.overlay.link = match self.ui.selection {
            Selection::Link(a, b) => Some((a, b)),
            _ => None,
        };
        self.overlay.message = match &self.ui.selection {
            Selection::Message(message) => Some(message.clone()),
            _ => None,
        };
        self.overlay.picked = self.ui.aim.as_ref().map_or_else(Vec::new, |aim| aim.picked.clone());
        self.overlay.aim = self.ui.aim.as_ref().map(crate::model::tool::Aim::wants_nodes);
        let moved = self.stage.place(&self.frame, width, height);
        if let Some(session) = self.session.as_ref() {
            self.overlay.shards = session.scenario.system.pattern == "sharding";
            self.overlay.still = session.playback.reduced;
            let layers = Layers { below, above, width, height, ratio };
            self.stage.draw(&layers, &self.frame, &session.legend, &self.overlay);
        }
        if moved || self.fresh || !self.placed {
            self.place_buttons(".half:first-child", &self.stage.layout);
            self.tie();
            self.placed = true;
        }
        self.read_outs();
    }

    /// The nodes' buttons lie over their pictures, in this half of the page.
    pub(super) fn place_buttons(&self, half: &str, layout: &Layout) {
        let Some(root) = self.refs.root.cast::<Element>() else { return };
        let Ok(list) = root.query_selector_all(&format!("{half} .nodes button")) else { return };
        for at in 0..list.length() {
            let Some(button) = list.get(at).and_then(|n| wasm_bindgen::JsCast::dyn_into::<Element>(n).ok())
            else {
                continue;
            };
            let id = button.get_attribute("data-node").and_then(|id| id.parse::<u32>().ok());
            let Some(place) = id.and_then(|id| layout.of(id)) else { continue };
            let size = (place.r * 2.0 + 6.0).max(if layout.width < 600.0 { 36.0 } else { 16.0 });
            browser::style(&button, "left", &format!("{:.1}px", place.x - size / 2.0));
            browser::style(&button, "top", &format!("{:.1}px", place.y - size / 2.0));
            browser::style(&button, "width", &format!("{size:.1}px"));
            browser::style(&button, "height", &format!("{size:.1}px"));
        }
    }

    /// Whether a panel lies over the stage.
    pub(crate) fn drawer(&self, which: Drawer) -> bool {
        self.ui.drawer == which
    }
}
