//! Sheets beside the stage: what they show is made when they open, or when the run became another one.

use std::rc::Rc;

use super::App;
use crate::browser;
use crate::model::session::Session;
use crate::model::ui::{Drawer, Selection, Sheet};

/// Events of a compared run between two looks at the clock.
const SLICE: u64 = 400;

/// Steps that each model may take: some milliseconds.
const MODELS: u64 = 40_000;

impl App {
    /// Opens a sheet, or goes back to the stage.
    pub(super) fn turn(&mut self, sheet: Option<Sheet>) {
        let was = std::mem::replace(&mut self.ui.sheet, sheet);
        if let Some(session) = self.session.as_mut().filter(|_| sheet.is_some()) {
            session.playback.set_playing(false);
        }
        if let Some(Sheet::Why(index)) = sheet {
            self.ui.selection = Selection::Violation(index);
        }
        if let (Some(Sheet::Cap(_)), None) = (sheet, &self.cap) {
            self.cap = self.session.as_ref().and_then(Session::cap);
            self.measured.clear();
            self.capped = 0;
        }
        self.around = None;
        self.ui.drawer = Drawer::Closed;
        self.focus_on = match (was, sheet) {
            (None, Some(_)) => Some(".back"),
            (Some(Sheet::Sweep), None) => Some(".railend [title]"),
            (Some(_), None) => Some(".verdict .link"),
            _ => None,
        };
    }

    /// Brings what the sheet shows up to the run.
    pub(super) fn refresh_sheet(&mut self) {
        let Some(session) = self.session.as_ref() else { return };
        match self.ui.sheet {
            Some(Sheet::Why(index)) => {
                let Some(mark) = self.panels.violations.get(index).copied() else {
                    // The run has become another one, in which this did not happen.
                    (self.ui.sheet, self.around) = (None, None);
                    return;
                };
                if self.around.as_ref().is_none_or(|(known, _)| *known != (index, mark)) {
                    self.around = session.around(index).map(|around| ((index, mark), Rc::new(around)));
                }
                // While it plays the playhead is too quick for all models.
                let still = !session.playback.playing && session.goal.is_none();
                if still && self.judged_at != Some(session.events()) {
                    self.judged = session.judged(MODELS);
                    self.judged_at = Some(session.events());
                }
            }
            Some(Sheet::Cap(_)) => {
                // The run has become another one.
                if self.cap.is_none() {
                    self.cap = session.cap();
                    self.measured.clear();
                    self.capped = 0;
                }
            }
            Some(Sheet::Sweep) => self.bring_sweep(),
            None => self.around = None,
        }
    }

    /// Goes on with the runs that are compared, for so long (ms). True where there is something new to show.
    pub(super) fn measure(&mut self, budget: f64) -> bool {
        let Some(cap) = self.cap.as_mut().filter(|_| self.capped < 1000) else { return false };
        if !matches!(self.ui.sheet, Some(Sheet::Cap(_))) {
            return false;
        }
        let start = browser::wall();
        while !cap.work(SLICE) && browser::wall() - start < budget {}
        let done = cap.progress();
        let new = done / 50 != self.capped / 50;
        self.capped = done;
        if new {
            self.measured = cap.measured();
        }
        new
    }

    /// The focus goes where the latest message wants it.
    pub(super) fn take_focus(&mut self) {
        if let Some(goal) = self.focus_on.take()
            && browser::focus(goal)
        {
            self.focused = None;
        }
    }
}
