//! The component that owns the run and the stage, and its loop.

mod block;
mod breaks;
mod course;
mod diagram;
mod eventlog;
pub mod gesture;
mod keys;
mod menu;
mod msg;
mod needs;
mod picture;
mod readouts;
mod roam;
mod sheet;
mod sweep;
mod update;
mod visit;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use netsplit_lab::changes::Changed;
use netsplit_lab::declared::shared;
use netsplit_lab::scenario::{Catalogue, Scenario};
use netsplit_lab::{Around, Cap, Frame, Measured, Row};
use web_sys::{Element, HtmlCanvasElement, KeyboardEvent};
use yew::prelude::*;

use crate::browser::{self, Listener, Pictures, Sizes};
use crate::model::block::Grab;
use crate::model::breaks::Breaks;
use crate::model::eventlog::EventLog;
use crate::model::face::{self, Face, Wishes};
use crate::model::history::History;
use crate::model::opening::{self, Opening};
use crate::model::session::{Panels, Results, Session};
use crate::model::spacetime::Diagram;
use crate::model::ui::{Dialog, Speaker, Ui};
use crate::parts;
use crate::stage::dense::Dense;
use crate::stage::draw::{Overlay, Stage};
use crate::view;
use gesture::{Gesture, Phase};
pub use msg::Msg;
pub use needs::run;
use picture::Canvases;
use readouts::ReadOuts;
pub use sweep::Sweeping;

/// What the address asks for, and the face that shows it.
pub fn opening() -> (Opening, Face) {
    let opening = opening::opening(&browser::hash(), &browser::search());
    let known = browser::stored("netsplit-known").is_some();
    let face = Wishes::read(&browser::search()).face(opening != Opening::Nothing, known);
    (opening, face)
}

/// The scenario that is opened.
pub fn opens(opening: &Opening, face: Face) -> Scenario {
    match opening {
        Opening::Scenario(scenario) => Scenario::clone(scenario),
        Opening::Nothing if face == Face::First => match opening::from_gallery(face::FIRST) {
            Opening::Scenario(welcome) => *welcome,
            _ => opening::first(),
        },
        Opening::Nothing | Opening::Bad(_) => opening::first(),
    }
}

/// Something that is shared and compared by identity.
#[derive(Debug)]
pub struct Shared<T>(pub Rc<T>);

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Shared<T> {
    fn from(value: T) -> Self {
        Self(Rc::new(value))
    }
}

/// Elements that are written to directly.
#[derive(Clone, Default)]
pub struct Refs {
    /// The whole page.
    pub root: NodeRef,
    /// The stage's lower canvas.
    pub canvas: NodeRef,
    /// Its upper one.
    pub above: NodeRef,
    /// The time read-out.
    pub clock: NodeRef,
    /// The playhead: a canvas over the lanes, or an element on the strip.
    pub head: NodeRef,
    /// The lanes.
    pub lanes: NodeRef,
    /// The legend over the stage.
    pub legend: NodeRef,
    /// The open sheet's drawing.
    pub sheet: NodeRef,
    /// The compared run's stage: its lower canvas and its upper one.
    pub canvas_beside: NodeRef,
    /// Its upper one.
    pub above_beside: NodeRef,
    /// The event log's list.
    pub log: NodeRef,
    /// The space-time diagram's canvas.
    pub diagram: NodeRef,
    /// The cursor's line on it.
    pub now: NodeRef,
}

/// The page.
pub struct App {
    /// Hears what happens. Made once: the rail is made anew whenever it is another one, and takes away what is being
    /// typed.
    on: Callback<Msg>,
    pub(crate) catalogue: Shared<&'static Catalogue>,
    pub(crate) session: Option<Session>,
    pub(crate) scenario: Shared<Scenario>,
    pub(crate) trouble: Option<String>,
    pub(crate) frame: Frame,
    pub(crate) panels: Shared<Panels>,
    pub(crate) ui: Ui,
    pub(crate) speaker: Speaker,
    pub(crate) refs: Refs,
    pub(crate) stage: Stage,
    /// Device pixels for a CSS pixel, as of the latest picture.
    ratio: f64,
    canvases: Canvases,
    canvases_beside: Canvases,
    read_outs: ReadOuts,
    pub(crate) overlay: Overlay,
    /// The compared run's picture, its stage, that stage's size and element.
    pub(crate) frame_beside: Frame,
    pub(crate) stage_beside: Stage,
    size_beside: (f64, f64),
    beside: Option<Element>,
    /// How the compared runs differ so far, and when that was made (wall ms).
    pub(crate) results: Option<Rc<Results>>,
    results_at: f64,
    pub(crate) hash: String,
    /// Where the time line ends (ns).
    pub(crate) axis: u64,
    held: bool,
    wall: f64,
    panels_at: f64,
    fresh: bool,
    own_hash: String,
    opener: Option<Element>,
    /// The open dialog has stopped a run that goes on when it is closed.
    resumes: bool,
    /// A finger has opened the menu and is still on it, or was just now (wall ms): it does not choose yet.
    pub(crate) held_menu: Option<f64>,
    pub(crate) history: History,
    /// What would be undone, and what done again, in words; nothing where there is no such step.
    pub(crate) steps: [Option<String>; 2],
    grab: Option<Grab>,
    /// A block was let go of just now, somewhere else.
    dragged: bool,
    /// The cursor as of the latest picture (ns).
    last_now: u64,
    gesture: Gesture,
    /// When the latest press began (wall ms), and whether by a finger.
    pressed_at: f64,
    touched: bool,
    /// The menu has just been opened: its first entry is to get the focus.
    menu_opened: bool,
    /// The gallery has just been opened to look for something.
    finding: bool,
    fingers: Vec<(i32, (f64, f64))>,
    /// When the picture's nodes were made (wall ms).
    nodes_at: f64,
    /// Who had the focus before the latest message.
    focused: Option<Element>,
    /// Which of its faces the page shows, and what the query asked for.
    pub(crate) face: Face,
    pub(crate) wishes: Wishes,
    /// Since when something waits for a part of the program (wall ms).
    pub(crate) waiting: Option<f64>,
    /// Nobody can see it: time stands still.
    unseen: bool,
    placed: bool,
    placed_beside: bool,
    /// How many nodes had buttons when those were placed, in each run.
    buttons: (usize, usize),
    watched: Sizes,
    stage_size: (f64, f64),
    pub(crate) lanes_size: (f64, f64),
    clock_size: (f64, f64),
    lanes: Option<Element>,
    legend: Option<Element>,
    sheet: Option<Element>,
    pub(crate) sheet_size: (f64, f64),
    /// What the open sheet draws: which violation it is, and the operations around it.
    pub(crate) around: Option<((usize, (u64, u64)), Rc<Around>)>,
    /// The runs that are compared, what they came to so far, and how far they are (thousandths).
    pub(crate) cap: Option<Cap>,
    pub(crate) measured: Vec<Measured>,
    pub(crate) capped: u64,
    /// What every model says up to the cursor, and at which event that was.
    pub(crate) judged: Vec<Row>,
    judged_at: Option<u64>,
    /// What is to get the focus once it is there.
    focus_on: Option<&'static str>,
    /// Something is wrong, said at once.
    pub(crate) alarm: String,
    /// There is no room, or no need, for the whole time line.
    pub(crate) slim: bool,
    pub(crate) log: EventLog,
    scroller: eventlog::Scroller,
    /// The event that was picked last: what shows events shows this one.
    picked: Option<u64>,
    /// The sweep over seeds, once its sheet was open.
    pub(crate) sweeping: Option<Sweeping>,
    pub(crate) breaks: Breaks,
    /// What the last event at the selected node changed in it, and at which node and event that was asked.
    pub(crate) changed: Option<((u32, u64), Option<Changed>)>,
    pub(crate) diagram: Diagram,
    dense: Dense,
    diagram_size: (f64, f64),
    /// When its reader was last told of what the diagram shows (wall ms), and whether more has come since.
    diagram_at: f64,
    diagram_came: bool,
    /// The diagram, once it was there, with the ear for the wheel over it.
    diagram_wheel: Option<(Element, Listener)>,
    /// The fingers on it: which, and where (px).
    pub(crate) diagram_fingers: Rc<RefCell<Vec<(i32, f64)>>>,
    /// Where the pointer that drags the diagram was (px), and whether it has moved.
    pub(crate) diagram_held: Rc<Cell<Option<(f64, f64, bool)>>>,
    _pictures: Pictures,
    listeners: Vec<Listener>,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> Self {
        let link = ctx.link();
        let pictures = Pictures::start({
            let on = link.callback(Msg::Picture);
            move |time| on.emit(time)
        });
        let window = browser::window();
        let mut listeners = vec![
            Listener::new(&browser::document(), "keydown", {
                let on = link.callback(Msg::Key);
                move |event| {
                    if let Ok(event) = wasm_bindgen::JsCast::dyn_into::<KeyboardEvent>(event) {
                        on.emit(event);
                    }
                }
            }),
            Listener::new(&browser::document(), "fullscreenchange", {
                let on = link.callback(Msg::Full);
                move |_| {
                    if !browser::is_full_screen() {
                        on.emit(false);
                    }
                }
            }),
            Listener::new(&window, "hashchange", {
                let on = link.callback(|()| Msg::HashChanged);
                move |_| on.emit(())
            }),
        ];
        for query in ["(prefers-color-scheme: light)", "(forced-colors: active)"] {
            if let Ok(Some(list)) = window.match_media(query) {
                let on = link.callback(|()| Msg::ThemeChanged);
                listeners.push(Listener::new(&list, "change", move |_| on.emit(())));
            }
        }
        let mut app = Self {
            on: link.callback(|msg| msg),
            catalogue: shared().into(),
            session: None,
            scenario: opening::first().into(),
            trouble: None,
            frame: Frame::default(),
            panels: Panels::default().into(),
            ui: Ui::default(),
            speaker: Speaker::default(),
            refs: Refs::default(),
            ratio: 1.0,
            canvases: Canvases::default(),
            canvases_beside: Canvases::default(),
            read_outs: ReadOuts::default(),
            stage: Stage::default(),
            overlay: Overlay::default(),
            frame_beside: Frame::default(),
            stage_beside: Stage::default(),
            size_beside: (0.0, 0.0),
            beside: None,
            results: None,
            results_at: 0.0,
            hash: String::new(),
            axis: 1,
            held: false,
            wall: browser::wall(),
            panels_at: 0.0,
            fresh: true,
            own_hash: String::new(),
            opener: None,
            resumes: false,
            held_menu: None,
            history: History::default(),
            steps: [None, None],
            grab: None,
            dragged: false,
            last_now: 0,
            gesture: Gesture::Idle,
            pressed_at: 0.0,
            touched: false,
            menu_opened: false,
            finding: false,
            fingers: Vec::new(),
            nodes_at: 0.0,
            focused: None,
            face: Face::Full,
            wishes: Wishes::read(&browser::search()),
            waiting: None,
            unseen: false,
            placed: false,
            placed_beside: false,
            buttons: (0, 0),
            watched: Sizes::new(),
            stage_size: (0.0, 0.0),
            lanes_size: (0.0, 0.0),
            clock_size: (0.0, 0.0),
            lanes: None,
            legend: None,
            sheet: None,
            sheet_size: (780.0, 540.0),
            around: None,
            judged: Vec::new(),
            judged_at: None,
            cap: None,
            measured: Vec::new(),
            capped: 0,
            focus_on: None,
            alarm: String::new(),
            slim: false,
            log: EventLog::default(),
            scroller: eventlog::Scroller::default(),
            picked: None,
            sweeping: None,
            breaks: Breaks::default(),
            changed: None,
            diagram: Diagram::default(),
            dense: Dense::default(),
            diagram_size: (0.0, 0.0),
            diagram_at: 0.0,
            diagram_came: false,
            diagram_wheel: None,
            diagram_fingers: Rc::default(),
            diagram_held: Rc::default(),
            _pictures: pictures,
            listeners,
        };
        app.ui.window = 10;
        app.present(link);
        let playing = app.wishes.autoplay;
        let (opening, face) = opening();
        app.face = face;
        let scenario = opens(&opening, face);
        match opening {
            Opening::Scenario(scenario) => {
                let at_moment = scenario.view.cursor.is_some();
                if app.open(*scenario, playing && !at_moment) && !at_moment {
                    app.tell_notes();
                }
            }
            Opening::Nothing => drop(app.open(scenario, playing)),
            Opening::Bad(bad) => {
                app.open(scenario, false);
                app.resumes = playing;
                app.ui.dialog = Some(Dialog::BadLink(Rc::new(bad)));
            }
        }
        if let (Some(session), Some(speed)) = (app.session.as_mut(), app.wishes.speed) {
            session.playback.set_speed(speed);
        }
        app.refresh();
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Picture(time) => self.picture(time),
            Msg::Brought(good, waited) => {
                self.focused = browser::document().active_element();
                self.brought(good, waited.map(|msg| *msg));
                true
            }
            // A finger that is not down has nothing to move.
            Msg::Pointer(pointer) if pointer.phase == Phase::Move && self.fingers.is_empty() => false,
            msg if self.waits_for(&[parts::PANELS, parts::SHARE], &msg) => false,
            msg => self.hear(ctx, msg),
        }
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        view::page(self, &self.on)
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        // Yew's own listeners for the wheel cannot keep the page from scrolling.
        if let Some(stage) = self.canvas().filter(|_| first).and_then(|canvas| canvas.parent_element()) {
            let on = ctx.link().callback(Msg::Wheel);
            self.listeners.push(Listener::new(&stage, "wheel", move |event| on.emit(event)));
            self.watched.watch(&stage);
            let on = ctx.link().callback(Msg::Context);
            self.listeners.push(Listener::new(&stage, "contextmenu", move |event| on.emit(event)));
        }
        let lanes = self.refs.lanes.cast::<Element>();
        if lanes != self.lanes {
            lanes.iter().for_each(|lanes| self.watched.watch(lanes));
            self.lanes = lanes;
        }
        let legend = self.refs.legend.cast::<Element>();
        if legend != self.legend {
            legend.iter().for_each(|legend| self.watched.watch(legend));
            self.legend = legend;
        }
        let beside = self.refs.canvas_beside.cast::<Element>();
        if beside != self.beside {
            beside.iter().for_each(|canvas| self.watched.watch(canvas));
            self.beside = beside;
        }
        let sheet = self.refs.sheet.cast::<Element>();
        if sheet != self.sheet {
            sheet.iter().for_each(|sheet| self.watched.watch(sheet));
            self.sheet = sheet;
        }
        if let Some(root) = self.refs.root.cast::<Element>() {
            browser::apply_css(&root);
        }
        // The page was made anew: nodes may have got other buttons.
        let count = |frame: &Frame| frame.nodes.iter().filter(|node| node.status != "absent").count();
        let buttons = (count(&self.frame), count(&self.frame_beside));
        let before = std::mem::replace(&mut self.buttons, buttons);
        self.placed &= before.0 == buttons.0;
        self.placed_beside &= before.1 == buttons.1;
        if std::mem::take(&mut self.menu_opened) {
            browser::focus(".menu button");
        }
        if std::mem::take(&mut self.finding) {
            browser::focus(".find");
        }
        self.scroll_log();
        let diagram = self.refs.diagram.cast::<Element>().and_then(|canvas| canvas.parent_element());
        if diagram.as_ref() != self.diagram_wheel.as_ref().map(|(known, _)| known) {
            let on = ctx.link().callback(Msg::DiagramWheel);
            let ear = |diagram: Element| {
                let listener = Listener::new(&diagram, "wheel", move |event| on.emit(event));
                (diagram, listener)
            };
            self.diagram_wheel = diagram.map(ear);
        }
        self.take_focus();
        self.keep_focus_somewhere();
    }
}

impl App {
    /// What a person did, or the page for one.
    #[inline(never)]
    fn hear(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        if self.waits(&msg) {
            return false;
        }
        let other = self.heard(ctx, msg);
        if other {
            self.steps = [true, false].map(|back| self.step_in_words(back));
        }
        other
    }

    fn heard(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Key(event) => self.key(ctx, &event),
            Msg::Read(read) => {
                // Nothing of the run is to be made anew.
                let other = self.ui.read != read;
                self.ui.read = read;
                other
            }
            Msg::Wheel(event) => {
                self.wheel(&event);
                false
            }
            Msg::Pointer(pointer) => {
                let more = self.pointer(pointer);
                if more {
                    self.acted(&msg);
                    self.refresh();
                }
                more
            }
            Msg::Diagram(deed) if deed.glides() => {
                self.diagram(deed);
                false
            }
            Msg::DiagramWheel(event) => {
                self.wheel_diagram(&event);
                false
            }
            Msg::Context(event) => {
                self.context_menu(&event);
                self.ui.menu.is_some()
            }
            other => {
                self.focused = browser::document().active_element();
                self.acted(&other);
                self.handle(ctx, other);
                self.fresh = true;
                self.refresh();
                true
            }
        }
    }

    /// The canvas, once it is there.
    fn canvas(&self) -> Option<HtmlCanvasElement> {
        self.refs.canvas.cast()
    }
}
