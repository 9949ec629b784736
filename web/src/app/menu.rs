//! The menu of what can be done to a node, a link or a message: by the right button, a long press, or its key.

use wasm_bindgen::JsCast;
use web_sys::{Element, Event, KeyboardEvent, MouseEvent};

use super::gesture::Gesture;
use super::{App, Msg};
use crate::browser;
use crate::model::tool::Hit;
use crate::model::ui::Menu;
use crate::stage::hit;

/// A finger that rests so long means the menu (ms).
const LONG: f64 = 500.0;
/// The click that its lifting makes comes within so long (ms).
const LIFT: f64 = 350.0;

impl App {
    /// What is at a point of the stage: a node, else a message, else a link that is drawn.
    pub(super) fn at(&self, x: f64, y: f64) -> Option<Hit> {
        let frame = &self.frame;
        if let Some(node) = hit::node(&self.stage.layout, x, y).and_then(|at| frame.nodes.get(at)) {
            return Some(Hit::Node(node.name.clone()));
        }
        if let Some(found) = hit::message(&self.stage.glyphs, x, y).and_then(|at| frame.messages.get(at)) {
            return Some(Hit::Message(self.named(found).id)).filter(|_| !found.lost);
        }
        let (a, b) = hit::link(&self.stage.layout, &self.stage.drawn_links, x, y)?;
        let name = |id: u32| frame.nodes.iter().find(|node| node.id == id).map(|node| node.name.clone());
        Some(Hit::Link(name(a)?, name(b)?))
    }

    /// The browser would show its own menu now.
    #[inline(never)]
    pub(super) fn context_menu(&mut self, event: &Event) {
        let Some(mouse) = event.dyn_ref::<MouseEvent>() else { return };
        let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
        let Some(target) = target.filter(|_| self.wishes.editable) else { return };
        let (mut x, mut y) = (f64::from(mouse.client_x()), f64::from(mouse.client_y()));
        let hit = match target.get_attribute("data-name") {
            Some(name) => {
                // By the keyboard, on the node in focus.
                let rect = target.get_bounding_client_rect();
                (x, y) = (rect.x() + rect.width() / 2.0, rect.y() + rect.height() / 2.0);
                Some(Hit::Node(name))
            }
            None if target.tag_name() == "CANVAS" => {
                let rect = target.get_bounding_client_rect();
                self.at(x - rect.left(), y - rect.top())
            }
            None => return,
        };
        event.prevent_default();
        self.gesture = Gesture::Idle;
        self.open_menu(hit, x, y);
    }

    /// The finger was lifted.
    pub(super) fn lifted(&mut self) {
        if let Some(until) = self.held_menu.as_mut() {
            *until = browser::wall() + LIFT;
        }
    }

    /// A finger that rests on something opens its menu. True then.
    pub(super) fn rested(&mut self, wall: f64) -> bool {
        let Gesture::Press((x, y), _) = self.gesture else { return false };
        if !self.touched || wall - self.pressed_at < LONG || !self.wishes.editable {
            return false;
        }
        self.gesture = Gesture::Idle;
        let rect = self.canvas().map(|canvas| canvas.get_bounding_client_rect());
        let (left, top) = rect.map_or((0.0, 0.0), |rect| (rect.left(), rect.top()));
        self.open_menu(self.at(x, y), x + left, y + top);
        self.ui.menu.is_some()
    }

    fn open_menu(&mut self, hit: Option<Hit>, x: f64, y: f64) {
        let Some(hit) = hit else { return };
        self.opener = browser::document().active_element();
        self.ui.menu = Some(Menu { hit, x, y });
        self.menu_opened = true;
        self.held_menu = (self.touched && !self.fingers.is_empty()).then_some(f64::INFINITY);
    }

    /// The finger that opened the menu has gone for a moment: from now on its entries can be chosen. True then.
    pub(super) fn menu_freed(&mut self, wall: f64) -> bool {
        self.held_menu.take_if(|until| *until < wall).is_some()
    }

    /// Whatever else happens, the menu is done; the focus goes back.
    pub(super) fn close_menu(&mut self) {
        self.ui.menu = None;
    }

    /// Keys while the menu is open.
    pub(super) fn menu_key(&mut self, event: &KeyboardEvent) -> Option<Msg> {
        match event.key().as_str() {
            "Escape" | "Tab" => Some(Msg::Menu),
            "ArrowUp" | "ArrowDown" => {
                let target: Option<Element> = event.target().and_then(|target| target.dyn_into().ok());
                super::keys::roving(target.as_ref(), event, "button");
                None
            }
            _ => None,
        }
    }
}
