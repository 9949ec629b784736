//! Breakpoints: what hands do to them, and what is said where one stops the run.

use super::App;
use crate::model::breaks::{Deed, sentence};
use crate::model::format;
use crate::model::ui::{Drawer, Tab};

impl App {
    pub(super) fn breaks(&mut self, deed: Deed) {
        if deed == Deed::Show {
            self.ui.tab = Tab::Events;
            self.ui.sheet = None;
            if self.is_slim() {
                self.ui.drawer = Drawer::Analysis;
            }
            self.focus_on = Some(".brkform select");
        }
        // What had the focus is no longer there.
        match deed {
            Deed::Remove(_) => self.focus_on = Some(".breaks .fold"),
            Deed::Edit(_) => self.focus_on = Some(".brkform select"),
            _ => {}
        }
        self.breaks.does(deed);
        self.set_breaks();
    }

    /// The run is told where to stop.
    pub(super) fn set_breaks(&mut self) {
        if let Some(session) = self.session.as_mut() {
            session.breaks.clone_from(&self.breaks.list);
        }
    }

    /// A breakpoint has stopped the run: says so. True where one has.
    pub(super) fn broke(&mut self) -> bool {
        let Some(session) = self.session.as_mut() else { return false };
        let Some(at) = session.take_break() else { return false };
        let Some(point) = self.breaks.list.get(at) else { return false };
        let words = sentence(&point.at, session.experiment(), &session.legend);
        let now = session.now();
        self.breaks.hit = Some((at, now));
        self.alarm = format!("Stopped at {}. Breakpoint {}: {words}.", format::exact(now), at + 1);
        self.toast(self.alarm.clone(), false, 6000.0);
        true
    }
}
