//! The arrows walk among nodes, Home and End go to the first and the last one: those of a crowd, which is one stop for Tab, and those that a tool waits for.

use web_sys::{Element, KeyboardEvent};

use super::App;
use crate::browser;
use crate::stage::roam;

/// The half of the run beside the one that is shown.
pub(super) const BESIDE: &str = ".half+.half";

impl App {
    /// True where a key was meant for the crowd.
    pub(super) fn roam(&mut self, target: Option<&Element>, event: &KeyboardEvent) -> bool {
        // While a tool waits for nodes, the arrows walk among few ones as well.
        let among = if self.ui.aim.is_some() { ".nodes" } else { ".crowd" };
        let Some(target) = target.filter(|t| browser::inside(t, among)) else {
            return false;
        };
        let beside = browser::inside(target, BESIDE);
        let (frame, stage) = match beside {
            true => (&self.frame_beside, &self.stage_beside),
            false => (&self.frame, &self.stage),
        };
        let id = target.get_attribute("data-node").and_then(|id| id.parse::<u32>().ok());
        let Some(from) = id.and_then(|id| frame.nodes.iter().position(|node| node.id == id)) else {
            return false;
        };
        let placed = |at: &usize| stage.layout.places.get(*at).is_some_and(|place| place.r > 0.0);
        let next = match event.key().as_str() {
            "ArrowLeft" => roam::next(&stage.layout, from, (-1.0, 0.0)),
            "ArrowRight" => roam::next(&stage.layout, from, (1.0, 0.0)),
            "ArrowUp" => roam::next(&stage.layout, from, (0.0, -1.0)),
            "Home" => (0..frame.nodes.len()).find(placed),
            "End" => (0..frame.nodes.len()).rev().find(placed),
            _ => roam::next(&stage.layout, from, (0.0, 1.0)),
        };
        event.prevent_default();
        let half = if beside { BESIDE } else { "" };
        if let Some(node) = next.and_then(|at| frame.nodes.get(at)) {
            self.ui.roamed = node.id;
            if !browser::focus(&format!("{half} .nodes [data-node='{}']", node.id)) {
                self.focus_on =
                    Some(if beside { ".half+.half .nodes [tabindex='0']" } else { ".nodes [tabindex='0']" });
            }
            // Those around it may get buttons.
            (self.placed, self.placed_beside) = (false, false);
        }
        true
    }
}
