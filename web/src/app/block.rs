//! Faults' blocks on the time line, in a hand or by keys.

use netsplit_lab::scenario::Duration;

use super::App;
use crate::model::block::{self, Grab, Grip};
use crate::model::session::Panels;

impl App {
    /// Whether nothing ends the fault before the run's end.
    fn open_ended(&self, index: usize) -> Option<bool> {
        let fault = self.session.as_ref()?.fault(index)?;
        Some(fault.lasts.is_none() && self.catalogue.fault(&fault.kind).is_some_and(|decl| decl.has_duration))
    }

    fn span(&self, index: usize) -> Option<(u64, u64)> {
        self.panels.faults.iter().find(|fault| fault.index == index).map(|fault| (fault.from, fault.to))
    }

    /// A hand takes a block at a place (px), where a pixel is `scale` ns.
    pub(super) fn grab(&mut self, index: usize, part: Grip, at: f64, scale: f64) {
        // What chaos makes is not in the document's list.
        if let (Some(_), Some(was)) = (self.open_ended(index), self.span(index)) {
            self.dragged = false;
            self.grab = Some(Grab { index, part, at, scale, was, now: was });
            self.held = true;
        }
    }

    /// The hand moves on; without a place it lets go.
    pub(super) fn grab_to(&mut self, at: Option<f64>) {
        let Some(mut grab) = self.grab.take() else { return };
        let Some(at) = at else {
            self.held = false;
            // The click that ends a drag is none.
            self.dragged = grab.now != grab.was;
            if self.dragged {
                self.reshape(grab.index, grab.part, grab.now);
            }
            return;
        };
        let open = self.open_ended(grab.index).unwrap_or_default();
        let edge = if grab.part == Grip::End { grab.was.1 } else { grab.was.0 };
        let by = block::round(edge, ((at - grab.at) * grab.scale) as i64);
        // A click trembles; what is not a number is a drag that was taken away.
        let moved = (at - grab.at).abs() >= 2.0;
        grab.now = if moved {
            block::changed(grab.was, grab.part, by, open, self.panels.duration)
        } else {
            grab.was
        };
        self.grab = Some(grab);
    }

    /// By keys: so much (ns).
    pub(super) fn nudge_block(&mut self, index: usize, part: Grip, by: i64) {
        let (Some(open), Some(was)) = (self.open_ended(index), self.span(index)) else { return };
        if part == Grip::End && was.0 == was.1 {
            return;
        }
        let by = block::round(if part == Grip::End { was.1 } else { was.0 }, by);
        let now = block::changed(was, part, by, open, self.panels.duration);
        if now != was {
            self.reshape(index, part, now);
        }
    }

    /// The run is made again with the fault at this time.
    fn reshape(&mut self, index: usize, part: Grip, (from, to): (u64, u64)) {
        let Some(mut fault) = self.session.as_ref().and_then(|s| s.fault(index)) else {
            return;
        };
        // The part of it that is beyond the run's end stays as long as it is.
        let end = fault.lasts.map(|lasts| fault.at.0 + lasts.0);
        fault.at = Duration(from);
        match part {
            Grip::Whole => {}
            Grip::Start => fault.lasts = end.map(|end| Duration(end.saturating_sub(from))),
            Grip::End if to >= self.panels.duration => fault.lasts = None,
            Grip::End => fault.lasts = Some(Duration(to - from)),
        }
        self.put_fault(index, fault);
    }

    /// What is in a hand is shown where the hand has it.
    pub(super) fn show_grab(&self, panels: &mut Panels) {
        let Some(grab) = &self.grab else { return };
        if let Some(fault) = panels.faults.iter_mut().find(|fault| fault.index == grab.index) {
            (fault.from, fault.to) = grab.now;
        }
    }
}
