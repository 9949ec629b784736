//! The event log: its filters, its keys, and where it is scrolled to.

use web_sys::{Element, HtmlElement};

use super::App;
use crate::browser::{self, Listener};
use crate::model::eventlog::Deed;
use crate::model::ui::{Selection, Tab};

/// The panel that scrolls, once it was there, with the ear for it; and what it was scrolled to by the page itself.
#[derive(Default)]
pub(super) struct Scroller {
    panel: Option<Element>,
    ear: Option<Listener>,
    moved: std::rc::Rc<std::cell::Cell<bool>>,
    set: f64,
}

impl App {
    pub(super) fn log_does(&mut self, deed: Deed) {
        let Some(session) = self.session.as_mut() else { return };
        match deed {
            Deed::Text(text) => self.log.filter.text = text,
            Deed::Node(node) => self.log.filter.node = node,
            Deed::Walk(by) => self.log.walk(session.experiment(), by),
            Deed::Follow => self.log.follow(),
            Deed::Go => {
                if let Some(entry) = self.log.entry(session.experiment()) {
                    let node =
                        self.frame.nodes.iter().find(|node| node.name == entry.node).map(|node| node.id);
                    let line = self.log.line.unwrap_or(0);
                    self.moment(entry.time, entry.event, node, line);
                }
            }
        }
    }

    /// To an entry of the log: its instant, its event, its node, the number of its line.
    pub(super) fn moment(&mut self, time: u64, event: u64, node: Option<u32>, line: u64) {
        self.log.line = Some(line);
        // Who reads the list wants it to stay.
        self.log.follows = false;
        self.stop_at(time);
        self.ui.selection = node.map_or(Selection::None, Selection::Node);
        self.picked = Some(event);
    }

    /// Brings the list up to the run.
    pub(super) fn bring_log(&mut self) {
        if self.ui.tab != Tab::Events {
            return;
        }
        if let Some(session) = self.session.as_ref() {
            self.log.filter.kind = self.ui.filter.kind().unwrap_or_default().to_owned();
            self.log.bring(session.experiment());
        }
    }

    /// Where the list begins within the panel that scrolls, and that panel.
    fn log_place(&self) -> Option<(HtmlElement, f64)> {
        let panel: HtmlElement =
            self.scroller.panel.clone().and_then(|p| wasm_bindgen::JsCast::dyn_into(p).ok())?;
        let list = self.refs.log.cast::<Element>()?;
        let (a, b) = (list.get_bounding_client_rect().top(), panel.get_bounding_client_rect().top());
        let top = a - b + f64::from(panel.scroll_top());
        Some((panel, top))
    }

    /// It was scrolled. True where other rows are to be made, or a search has not come to its end.
    pub(super) fn log_scrolled(&mut self) -> bool {
        if self.ui.tab != Tab::Events {
            return false;
        }
        let mut more = false;
        if self.scroller.moved.take()
            && let Some((panel, top)) = self.log_place()
            && let Some(session) = self.session.as_ref()
        {
            let at = f64::from(panel.scroll_top());
            let by_hand = (at - self.scroller.set).abs() > 2.0;
            self.scroller.set = at;
            let followed = self.log.follows;
            let seen = (at - top, f64::from(panel.client_height()));
            more = self.log.scrolled(session.experiment(), seen, by_hand) || followed != self.log.follows;
        }
        if !self.log.done {
            self.bring_log();
            more = true;
        }
        more
    }

    /// After the page was made: listens to the panel, and scrolls it where it is to be.
    pub(super) fn scroll_log(&mut self) {
        let panel = browser::document().get_element_by_id("panel");
        if panel != self.scroller.panel {
            let moved = self.scroller.moved.clone();
            self.scroller.ear =
                panel.as_ref().map(|panel| Listener::new(panel, "scroll", move |_| moved.set(true)));
            self.scroller.panel = panel;
        }
        if self.ui.tab == Tab::Events
            && let Some(to) = self.log.wanted.take()
            && let Some((panel, top)) = self.log_place()
        {
            panel.set_scroll_top(if to < 0.0 { 0 } else { (top + to) as i32 });
            self.scroller.set = f64::from(panel.scroll_top());
        }
    }
}
