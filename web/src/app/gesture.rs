//! Fingers and pointers on the stage: clicks, cuts, panning, zooming, moving nodes.

use web_sys::{Event, WheelEvent};

use super::App;
use crate::browser;
use crate::model::face::Face;
use crate::model::math;
use crate::stage::draw::Line;
use crate::stage::hit;

/// How far a press may wander and still be a click (px).
const CLICK: f64 = 6.0;
/// How near to its end a partition's line is taken (px).
const GRIP: f64 = 16.0;
/// One step of the keyboard (px), and the factor of one step of magnification.
const STEP: f64 = 16.0;
const FACTOR: f64 = 1.3;

/// What a pointer did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It went down.
    Down,
    /// It moved while down.
    Move,
    /// It came up.
    Up,
    /// The browser took it away.
    Cancel,
}

/// A pointer on the stage.
#[derive(Clone, Copy, Debug)]
pub struct Pointer {
    /// What it did.
    pub phase: Phase,
    /// The browser's number for it.
    pub id: i32,
    /// Where (px).
    pub x: f64,
    /// Where (px).
    pub y: f64,
    /// It is a finger.
    pub touch: bool,
}

/// What a press has become.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Gesture {
    /// Nothing is pressed.
    #[default]
    Idle,
    /// Maybe a click, on a node or not.
    Press((f64, f64), Option<u32>),
    /// The stage is being moved.
    Pan((f64, f64)),
    /// A node is being moved.
    Node(u32),
    /// A line is being drawn from there.
    Cut((f64, f64)),
    /// One end of a partition's line is being moved: the fault's index and the other end.
    End(usize, (f64, f64)),
    /// Two fingers.
    Pinch,
}

fn apart(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (x, y) = (a.0 - b.0, a.1 - b.1);
    (x * x + y * y).sqrt()
}

impl App {
    /// True where more than the picture changed.
    #[inline(never)]
    pub(super) fn pointer(&mut self, pointer: Pointer) -> bool {
        let at = (pointer.x, pointer.y);
        match pointer.phase {
            Phase::Down => self.pressed(pointer, at),
            Phase::Move => self.dragged(pointer, at),
            Phase::Up | Phase::Cancel => return self.released(pointer, at),
        }
        self.fresh = true;
        false
    }

    fn pressed(&mut self, pointer: Pointer, at: (f64, f64)) {
        self.fingers.retain(|(id, _)| *id != pointer.id);
        self.fingers.push((pointer.id, at));
        self.overlay.drag = None;
        (self.pressed_at, self.touched) = (browser::wall(), pointer.touch);
        let end = || {
            let lines = self.stage.lines.iter();
            let free = lines.filter(|_| self.ui.aim.is_none());
            free.flat_map(|(fault, (a, b))| [(*fault, *a, *b), (*fault, *b, *a)])
                .find(|(_, end, _)| apart(*end, at) < GRIP)
        };
        self.gesture = match (self.fingers.len(), end()) {
            (1, Some((fault, _, other))) => Gesture::End(fault, other),
            (1, None) => Gesture::Press(at, self.node_at(at)),
            _ => Gesture::Pinch,
        };
    }

    fn node_at(&self, at: (f64, f64)) -> Option<u32> {
        let found = hit::node(&self.stage.layout, at.0, at.1);
        found.and_then(|at| self.frame.nodes.get(at)).map(|node| node.id)
    }

    fn dragged(&mut self, pointer: Pointer, at: (f64, f64)) {
        let Some(finger) = self.fingers.iter().position(|(id, _)| *id == pointer.id) else { return };
        let last = std::mem::replace(&mut self.fingers[finger].1, at);
        if let Gesture::Press(from, node) = self.gesture {
            if apart(from, at) < CLICK {
                return;
            }
            self.gesture = match node {
                _ if self.cutting() => Gesture::Cut(from),
                Some(node) if self.ui.aim.is_none() => Gesture::Node(node),
                _ => Gesture::Pan(from),
            };
        }
        match self.gesture {
            Gesture::Pan(from) => {
                self.pan(at.0 - from.0, at.1 - from.1);
                self.gesture = Gesture::Pan(at);
            }
            Gesture::Node(node) => self.put_node(node, at),
            Gesture::Cut(from) | Gesture::End(_, from) => self.overlay.drag = Some((from, at)),
            Gesture::Pinch => {
                let other = self.fingers.iter().find(|(id, _)| *id != pointer.id);
                let Some((_, other)) = other.copied() else { return };
                let middle = |a: (f64, f64)| ((a.0 + other.0) / 2.0, (a.1 + other.1) / 2.0);
                let (old, new) = (middle(last), middle(at));
                self.pan(new.0 - old.0, new.1 - old.1);
                self.zoom(new, apart(at, other) / apart(last, other).max(1.0));
            }
            Gesture::Idle | Gesture::Press(..) => {}
        }
    }

    fn released(&mut self, pointer: Pointer, at: (f64, f64)) -> bool {
        self.fingers.retain(|(id, _)| *id != pointer.id);
        self.lifted();
        self.overlay.drag = None;
        self.fresh = true;
        let gesture = std::mem::take(&mut self.gesture);
        if pointer.phase == Phase::Cancel {
            return false;
        }
        match gesture {
            Gesture::Press(..) => self.point(at.0, at.1),
            Gesture::Cut(from) => self.cut_along(from, at),
            Gesture::End(fault, from) if apart(from, at) > CLICK => self.cut_anew(fault, from, at),
            _ => return false,
        }
        true
    }

    /// A line on the stage as the layout has it, whatever the camera does.
    pub(super) fn laid(&self, line: Line) -> Line {
        (self.stage.camera.meant(line.0), self.stage.camera.meant(line.1))
    }

    fn pan(&mut self, x: f64, y: f64) {
        self.stage.camera.x += x;
        self.stage.camera.y += y;
        self.stage.stale = true;
    }

    fn zoom(&mut self, at: (f64, f64), factor: f64) {
        self.stage.camera.zoom_at(at.0, at.1, factor);
        self.stage.stale = true;
    }

    fn put_node(&mut self, node: u32, at: (f64, f64)) {
        let (x, y) = self.stage.camera.meant(at);
        let (width, height) = (self.stage.layout.width.max(1.0), self.stage.layout.height.max(1.0));
        let place = ((x / width).clamp(0.02, 0.98), (y / height).clamp(0.02, 0.98));
        self.stage.moved.insert(node, place);
        self.stage.stale = true;
    }

    /// A step of magnification about the middle; none for the whole layout as it was.
    pub(super) fn magnify(&mut self, closer: Option<bool>) {
        let middle = (self.stage.layout.width / 2.0, self.stage.layout.height / 2.0);
        match closer {
            Some(true) => self.zoom(middle, FACTOR),
            Some(false) => self.zoom(middle, 1.0 / FACTOR),
            None => self.stage.tidy(),
        }
        self.fresh = true;
    }

    /// Alt and an arrow: the node in focus moves, else the stage.
    pub(super) fn shift(&mut self, key: &str, node: Option<u32>) -> bool {
        let (x, y) = match key {
            "ArrowLeft" => (-STEP, 0.0),
            "ArrowRight" => (STEP, 0.0),
            "ArrowUp" => (0.0, -STEP),
            "ArrowDown" => (0.0, STEP),
            _ => return false,
        };
        match node.and_then(|node| self.stage.layout.of(node).map(|place| (node, place))) {
            Some((node, place)) => self.put_node(node, (place.x + x, place.y + y)),
            None => self.pan(-x * 2.0, -y * 2.0),
        }
        self.fresh = true;
        true
    }

    /// The wheel magnifies what is under the pointer.
    #[inline(never)]
    pub(super) fn wheel(&mut self, event: &Event) {
        let Some(wheel) = wasm_bindgen::JsCast::dyn_ref::<WheelEvent>(event) else { return };
        // In somebody else's page the wheel alone scrolls that page.
        let meant = self.face != Face::Embed || wheel.ctrl_key() || wheel.meta_key();
        let Some(canvas) = self.canvas().filter(|_| meant) else { return };
        event.prevent_default();
        let rect = canvas.get_bounding_client_rect();
        let at = (f64::from(wheel.client_x()) - rect.left(), f64::from(wheel.client_y()) - rect.top());
        // A line is about 16 px; a page counts as a few lines.
        let unit = [1.0, 16.0, 100.0][wheel.delta_mode().min(2) as usize];
        let by = (wheel.delta_y() * unit).clamp(-240.0, 240.0);
        self.zoom(at, math::pow(2.0, -by / 300.0));
        self.fresh = true;
    }

    /// The stage on the whole screen, or as it was.
    pub(super) fn full(&mut self, full: bool) {
        self.ui.full = full;
        browser::full_screen(full);
    }
}
