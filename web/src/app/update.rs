//! What each message does.

use std::rc::Rc;

use netsplit_lab::metrics::bucket_width;
use netsplit_lab::scenario::catalogue::{Catalogue, TargetKind};
use netsplit_lab::scenario::{Duration, Fault, Problems, Scenario, Seed, Target};
use netsplit_lab::{MessageFrame, default_scenario, differs};
use yew::Context;

use super::{App, Msg};
use crate::browser;
use crate::model::face::Face;
use crate::model::opening::{self, Opening};
use crate::model::session::Session;
use crate::model::setup;
use crate::model::tool::{Aim, Hit};
use crate::model::ui::{Dialog, Drawer, Selection, Sheet, Tab, Toast};
use crate::parts;
use crate::stage::hit;
use crate::stage::theme::Theme;

/// What is undone may take so long before there is a picture (wall ms).
const RETURN: f64 = 40.0;

impl App {
    #[inline(never)]
    pub(super) fn handle(&mut self, ctx: &Context<Self>, msg: Msg) {
        self.close_menu();
        match msg {
            Msg::Picture(_)
            | Msg::Key(_)
            | Msg::Pointer(_)
            | Msg::Wheel(_)
            | Msg::DiagramWheel(_)
            | Msg::Context(_)
            | Msg::Brought(..)
            | Msg::Menu
            | Msg::Read(_) => {}
            Msg::HashChanged => {
                let hash = browser::hash();
                if hash != self.own_hash {
                    self.opened(opening::opening(&hash, ""));
                }
            }
            Msg::ThemeChanged => {
                self.coloured();
            }
            Msg::Toggle => self.with(Session::toggle),
            Msg::Step(forward) => self.with(|session| session.step(forward)),
            Msg::Seek(to) => self.with(|session| session.seek(to)),
            Msg::Breach(index, time) => {
                self.stop_at(time);
                (self.ui.selection, self.ui.tab) = (Selection::Breach(index), Tab::Inspector);
                self.ui.sheet = None;
                if self.is_slim() {
                    self.ui.drawer = Drawer::Analysis;
                }
            }
            Msg::SeekTo(time) => self.stop_at(time),
            Msg::Model(id) => self.ui.model = id,
            Msg::Sheet(sheet) => {
                // What is read there is not to be covered.
                self.ui.toast = self.ui.toast.take().filter(|toast| toast.undo);
                self.turn(sheet);
            }
            Msg::Violation(index, time) => {
                self.stop_at(time);
                (self.ui.selection, self.ui.tab) = (Selection::Violation(index), Tab::Inspector);
                if let Some(Sheet::Why(shown)) = self.ui.sheet.as_mut() {
                    *shown = index;
                }
            }
            Msg::Ask(line, node) => {
                let Some(session) = self.session.as_mut() else { return };
                match session.ask(&line, &node) {
                    Ok(_) => {
                        self.changed();
                        if !self.session.as_ref().is_some_and(|session| session.playback.playing) {
                            self.toast("Asked. Play to see the answer.".to_owned(), true, 4000.0);
                        }
                    }
                    Err(trouble) => self.toast(trouble, false, 6000.0),
                }
            }
            Msg::Moment(time, event, node, line) => self.moment(time, event, node, line),
            Msg::Log(deed) => self.log_does(deed),
            Msg::Jump(forward) => self.jump(forward),
            Msg::Hold(held) => self.held = held,
            Msg::SeekBy(by) => self.with(|session| {
                session.playback.set_playing(false);
                // A key that is held down goes on from where the last press is still on its way to.
                let to = session.goal.unwrap_or(session.now()).saturating_add_signed(by);
                session.seek(to);
            }),
            Msg::Speed(speed) => self.with(|session| session.playback.set_speed(speed)),
            Msg::Nudge(up) => self.with(|session| session.playback.nudge(up)),
            Msg::Arm(kind) => self.arm(kind),
            Msg::Amount(id, value) => {
                if let Some(aim) = self.ui.aim.as_mut() {
                    aim.params.insert(id, value);
                }
            }
            Msg::Lasts(text) => {
                if let Some(aim) = self.ui.aim.as_mut() {
                    aim.lasts = text.trim().parse::<Duration>().ok().filter(|d| d.0 > 0);
                }
            }
            Msg::Finish => {
                if let Some(fault) = self.ui.aim.as_mut().and_then(Aim::finish) {
                    self.inject(fault, None);
                }
            }
            Msg::Hit(hit) => self.hit(hit),
            Msg::Magnify(closer) => self.magnify(closer),
            Msg::Full(full) => self.full(full),
            Msg::Select(Selection::Fault(_)) if std::mem::take(&mut self.dragged) => {}
            Msg::Select(selection) => {
                if matches!(selection, Selection::Violation(_)) && self.is_slim() {
                    self.ui.drawer = Drawer::Analysis;
                }
                if selection != Selection::None {
                    self.ui.tab = Tab::Inspector;
                }
                self.ui.selection = selection;
            }
            Msg::Tab(tab) => {
                self.ui.tab = tab;
                self.diagram.stale = true;
                if self.session.as_ref().is_some_and(|session| session.beside().is_some()) && !self.is_slim()
                {
                    self.ui.drawer = Drawer::Analysis;
                }
                self.show_picked();
            }
            Msg::Filter(filter) => self.ui.filter = filter,
            Msg::Table(id) => self.ui.table = id,
            Msg::Window(seconds) => self.ui.window = seconds,
            Msg::Dialog(dialog) => self.dialog(dialog),
            Msg::Search(search) => self.ui.search = search,
            Msg::Share => {
                // The moment is chosen.
                self.with(|session| session.playback.set_playing(false));
                if let Some(session) = self.session.as_ref() {
                    let hash = session.link();
                    let link = format!("{}{hash}", browser::base());
                    self.own_hash.clone_from(&hash);
                    browser::replace_hash(&hash);
                    self.dialog(Some(Dialog::Share(link)));
                }
            }
            Msg::Copy(text) => {
                let on = ctx.link().callback(Msg::Say);
                browser::copy(&text, move |worked| {
                    let line =
                        if worked { "Copied." } else { "Copying is not allowed here: select the text." };
                    on.emit(line.to_owned());
                });
            }
            Msg::Say(text) => {
                // So long as it takes to read.
                let lasts = 2500.0 + 50.0 * text.len() as f64;
                self.toast(text, false, lasts);
            }
            Msg::Drawer(drawer) => {
                self.ui.drawer = if self.ui.drawer == drawer { Drawer::Closed } else { drawer };
            }
            Msg::Theme => {
                let light =
                    self.ui.theme.unwrap_or_else(|| browser::matches("(prefers-color-scheme: light)"));
                self.ui.theme = Some(!light);
                browser::set_theme(self.ui.theme);
                browser::store("netsplit-theme", if light { "dark" } else { "light" });
                self.coloured();
            }
            Msg::Choose(pattern, algorithm) => {
                let fresh = default_scenario(&pattern, &algorithm);
                let now = self.session.as_ref().map_or_else(|| (*self.scenario).clone(), Session::alone);
                let mut next = setup::choose(&now, &pattern, &algorithm, fresh.clone());
                // The second run stays, where it is another algorithm.
                let kept =
                    now.compare.clone().filter(|c| c.algorithm.is_some() && now.system.pattern == pattern);
                next.view.compare = now.view.compare && kept.is_some();
                next.compare = kept;
                let bare = setup::choose(&now, "", "", fresh);
                self.change(next, Some(bare));
            }
            Msg::Set(part, id, value) => {
                self.edit(&mut |scenario| {
                    setup::set(scenario, part, &id, value.clone());
                });
            }
            Msg::Nodes(count) => self.edit(&mut |scenario| scenario.system.nodes = Some(count)),
            Msg::Defaults => self.edit(&mut |scenario| {
                scenario.system.params.clear();
                scenario.system.nodes = None;
            }),
            Msg::Preset(id) => {
                let catalogue: &'static Catalogue = &self.catalogue;
                self.edit(&mut |scenario| {
                    if let Some(algorithm) = setup::algorithm(catalogue, scenario) {
                        setup::adopt(scenario, algorithm, &id);
                    }
                });
            }
            Msg::Seed(text) => self.edit(&mut |scenario| scenario.seed = Seed::from_text(text.trim())),
            Msg::Dice => {
                let drawn = (js_sys::Math::random() * 4_294_967_296.0) as u32;
                let text = format!("{:04x}-{:04x}", drawn >> 16, drawn & 0xffff);
                self.edit(&mut |scenario| scenario.seed = Seed::from_text(&text));
            }
            Msg::Inject(fault) => self.inject(fault, None),
            Msg::Act(action) => {
                self.attempt(|session| session.act(action));
                self.changed();
            }
            Msg::Heal(index) => {
                self.attempt(|session| session.heal(index));
                self.changed();
            }
            Msg::HealAll => {
                let count = self.attempt(Session::heal_all).unwrap_or(0);
                let words = if count == 0 { "Nothing to heal." } else { "Every fault is healed." };
                self.toast(words.to_owned(), false, 3000.0);
                self.changed();
            }
            Msg::Remove(index) => {
                if self.attempt(|session| session.remove(index)).is_some() {
                    self.ui.selection = Selection::None;
                    self.toast("The fault is taken out of the run.".to_owned(), true, 5000.0);
                }
                self.changed();
            }
            Msg::Branch(deed) => self.branch(deed),
            Msg::Compare(deed) => self.compare(deed),
            Msg::Beside(x, y) => self.hit_beside(x, y),
            Msg::Put(index, fault) => drop(self.put_fault(index, fault)),
            Msg::Grab(index, part, at, scale) => self.grab(index, part, at, scale),
            Msg::GrabTo(at) => self.grab_to(at),
            Msg::Block(index, part, by) => self.nudge_block(index, part, by),
            Msg::Paste(text) => match opening::link(&text) {
                Opening::Nothing => self.toast("That is not a link to a run.".to_owned(), false, 4000.0),
                other => self.opened(other),
            },
            Msg::Gallery(id) => {
                self.opened(opening::from_gallery(&id));
                if self.ui.dialog.is_none() {
                    browser::set_scenario(&id);
                }
            }
            Msg::Undo => self.go(true),
            Msg::Redo => self.go(false),
            Msg::ToastGone => self.ui.toast = None,
            Msg::NotesGone => self.ui.notes = false,
            Msg::SlowDown => self.slow_down(),
            Msg::Seen(seen) => self.unseen = !seen,
            Msg::Sweep(deed) => self.sweep(deed),
            Msg::Breaks(deed) => self.breaks(deed),
            Msg::Diagram(deed) => self.diagram(deed),
            Msg::Away => self.lead_away(),
            Msg::Skip => drop(browser::focus(".nodes button:not([tabindex='-1'])")),
        }
    }

    /// The page has other colours.
    fn coloured(&mut self) {
        self.stage.set_theme(Theme::read(browser::colour));
        self.stage_beside.set_theme(self.stage.theme().clone());
        self.diagram.stale = true;
    }

    pub(super) fn stop_at(&mut self, time: u64) {
        self.with(|session| {
            session.playback.set_playing(false);
            session.seek(time);
        });
    }

    fn with(&mut self, act: impl FnOnce(&mut Session)) {
        if let Some(session) = self.session.as_mut() {
            act(session);
        }
    }

    /// Opens a scenario; what was there stays where it cannot run.
    pub(super) fn open(&mut self, scenario: Scenario, playing: bool) -> bool {
        match Session::open(scenario) {
            Ok(session) => {
                self.install(session, playing);
                true
            }
            Err(problems) => {
                self.trouble = Some(problems.to_string());
                false
            }
        }
    }

    fn install(&mut self, mut session: Session, playing: bool) {
        session.playback.reduced = browser::matches("(prefers-reduced-motion: reduce)");
        session.playback.set_playing(playing);
        if session.differs {
            let words =
                "This link was made with another version: the run differs from the one that was shared.";
            self.toast(words.to_owned(), false, 10_000.0);
        }
        let system = |scenario: &Scenario| (scenario.system.algorithm.clone(), scenario.system.nodes);
        if system(&session.scenario) != system(&self.scenario) {
            self.stage.tidy();
            self.breaks.forget();
        }
        if self.session.as_ref().is_none_or(|before| before.duration() != session.duration()) {
            // A window of fewer than twenty samples shows nothing.
            let sampled = bucket_width(session.duration()) / 50_000_000;
            self.ui.window = [10, 30].into_iter().find(|seconds| *seconds >= sampled).unwrap_or(0);
        }
        self.resumes = false;
        let leads = session.scenario.lesson.is_some() && session.scenario.lesson != self.scenario.lesson;
        self.scenario = session.scenario.clone().into();
        browser::set_title(&self.scenario.title);
        self.breaks.hit = None;
        // A link brings its own.
        if session.breaks.is_empty() {
            session.breaks.clone_from(&self.breaks.list);
        } else {
            self.breaks.forget();
            self.breaks.list.clone_from(&session.breaks);
        }
        self.session = Some(session);
        // Steps that lead are to be seen.
        if leads && self.face == Face::Full {
            (self.ui.tab, self.ui.drawer) =
                (Tab::Inspector, if self.is_slim() { Drawer::Analysis } else { Drawer::Closed });
        }
        self.trouble = None;
        self.stage.clear();
        self.begun();
        self.diagram.restart();
        self.overlay.drawn.clear();
        self.ui.selection = Selection::None;
        self.ui.aim = None;
        self.ui.sheet = None;
        self.speaker.forget();
        self.changed();
    }

    /// What a step would undo, or do again.
    pub(super) fn step_in_words(&self, back: bool) -> Option<String> {
        let (now, next) = self.history.step_between(back)?;
        let (before, after) = if back { (next, now) } else { (now, next) };
        Some(differs::step(before, after)).filter(|what| !what.is_empty())
    }

    /// One step of what was done back, or forward again; the cursor stays where it is if the run has been so far.
    fn go(&mut self, back: bool) {
        let Some(session) = self.session.as_ref() else { return };
        // The step before may still be on its way to where it belongs.
        let now = session.goal.unwrap_or(session.now());
        let (speed, playing) = (session.playback.speed, session.playback.playing);
        let was = session.document();
        let Some((document, left)) = self.history.step(back, now) else { return };
        // A run that differs in its faults only goes on being looked at where it is.
        let alike = document.system == was.system
            && document.workload == was.workload
            && document.network == was.network
            && document.seed == was.seed;
        let kept = (self.ui.selection.clone(), self.ui.aim.clone());
        if self.open(Scenario::clone(&document), playing) {
            self.with(|session| {
                session.playback.set_speed(speed);
                session.return_to(if alike { now } else { left }, RETURN, browser::wall);
            });
            if alike && !matches!(kept.0, Selection::Fault(_)) {
                (self.ui.selection, self.ui.aim) = kept;
            }
        }
        let (before, after) = if back { (&*document, &was) } else { (&was, &*document) };
        let what = differs::step(before, after);
        let end = if what.is_empty() { "." } else { ": " };
        let said = if back { "Undone" } else { "Done again" };
        self.toast(format!("{said}{end}{what}"), false, 4000.0);
    }

    /// What reproduces the run is kept for the case that the engine stops by itself, and to be undone.
    pub(super) fn changed(&mut self) {
        let left = self.session.as_mut().and_then(Session::take_left);
        (self.around, self.cap, self.judged_at, self.changed) = (None, None, None, None);
        self.diagram.forget();
        self.log.forget();
        self.picked = None;
        if let Some(session) = self.session.as_ref() {
            if self.history.note(session.document(), self.last_now) {
                // What a toast offered to undo is no longer the latest step.
                self.ui.toast = self.ui.toast.take().filter(|toast| !toast.undo);
            }
            let link = if parts::ready(parts::SHARE) {
                session.link()
            } else {
                browser::search() + &browser::hash()
            };
            browser::remember(Some(link), session.now());
        }
        if let Some(name) = left {
            let words = format!("A branch: {name}. The run as it was stays beside it.");
            self.toast(words, true, 8000.0);
        }
    }

    pub(super) fn opened(&mut self, what: Opening) {
        match what {
            Opening::Nothing => {}
            Opening::Scenario(scenario) => {
                let at_moment = scenario.view.cursor.is_some();
                if self.open(*scenario, !at_moment) {
                    self.dialog(None);
                    self.tell_notes();
                    self.forget_address();
                } else if let Some(trouble) = self.trouble.clone() {
                    self.toast(trouble, false, 8000.0);
                }
            }
            Opening::Bad(bad) => self.dialog(Some(Dialog::BadLink(Rc::new(bad)))),
        }
    }

    /// What a scenario is about, where nothing leads through it.
    pub(super) fn tell_notes(&mut self) {
        self.ui.notes = self.scenario.lesson.is_none() && self.face == Face::Full;
    }

    pub(super) fn forget_address(&mut self) {
        self.own_hash.clear();
        browser::set_scenario("");
    }

    /// The same run with another set-up, from its start.
    fn edit(&mut self, change: &mut dyn FnMut(&mut Scenario)) {
        let Some(session) = self.session.as_ref() else { return };
        let now = session.now();
        let was_playing = session.playback.playing || session.finished();
        let was = self.scenario.seed.clone();
        match session.reopened(change) {
            Ok(next) => {
                self.install(next, was_playing);
                if now > 0 {
                    let seed = if was == self.scenario.seed { "the same" } else { "another" };
                    self.toast(format!("Started anew with {seed} seed."), true, 8000.0);
                }
            }
            Err(problems) => {
                // Another one, so that the rail shows again what holds.
                self.scenario = Scenario::clone(&self.scenario).into();
                self.refuse(&problems);
            }
        }
    }

    /// Another algorithm; `bare` is tried where what was kept does not fit.
    fn change(&mut self, next: Scenario, bare: Option<Scenario>) {
        let faults = self.session.as_ref().is_some_and(|session| !session.alone().faults.is_empty());
        let opened = self.open(next, true) || bare.is_some_and(|bare| self.open(bare, true));
        if opened {
            self.forget_address();
            if faults {
                self.toast("Another algorithm, from its start.".to_owned(), true, 8000.0);
            }
        } else if let Some(trouble) = self.trouble.clone() {
            self.toast(trouble, false, 8000.0);
        }
    }

    fn arm(&mut self, kind: Option<String>) {
        let again = self.ui.aim.as_ref().map(|aim| aim.decl.kind.clone()) == kind;
        let decl = kind.filter(|_| !again).and_then(|kind| self.catalogue.fault(&kind).cloned());
        self.ui.aim = decl.map(Aim::new);
        self.overlay.drag = None;
        if self.ui.aim.is_some() {
            self.ui.dialog = None;
        }
    }

    /// A drag across the stage draws a cut.
    pub(super) fn cutting(&self) -> bool {
        self.ui.aim.as_ref().is_some_and(|aim| aim.decl.target == TargetKind::Groups)
    }

    /// A click at a point of the stage: a node, else a message, else a link, else nothing.
    pub(super) fn point(&mut self, x: f64, y: f64) {
        let hit = self.at(x, y);
        if self.ui.aim.is_some() || matches!(hit, Some(Hit::Node(_))) {
            return self.hit(hit);
        }
        let id = |name: &String| self.frame.nodes.iter().find(|node| node.name == *name).map(|node| node.id);
        self.ui.selection = match hit {
            Some(Hit::Link(a, b)) => {
                id(&a).zip(id(&b)).map_or(Selection::None, |(a, b)| Selection::Link(a, b))
            }
            Some(Hit::Message(_)) => {
                let found = hit::message(&self.stage.glyphs, x, y).and_then(|at| self.frame.messages.get(at));
                found.map_or(Selection::None, |found| Selection::Message(Box::new(self.named(found))))
            }
            _ => Selection::None,
        };
        if self.ui.selection != Selection::None {
            self.ui.tab = Tab::Inspector;
        }
    }

    /// A message with its name, which the pictures of a crowd leave out.
    pub(super) fn named(&self, message: &MessageFrame) -> MessageFrame {
        let full =
            self.session.as_ref().filter(|_| message.id.is_empty() && !message.lost).map(Session::frame);
        let found = full.and_then(|frame| frame.messages.into_iter().find(|other| other.same(message)));
        found.unwrap_or_else(|| message.clone())
    }

    pub(super) fn hit(&mut self, hit: Option<Hit>) {
        match (self.ui.aim.as_mut(), hit) {
            (Some(aim), Some(hit)) => {
                if let Some(fault) = aim.click(&hit) {
                    self.inject(fault, None);
                }
            }
            (None, Some(Hit::Node(name))) => {
                if let Some(node) = self.frame.nodes.iter().find(|node| node.name == name) {
                    self.ui.selection = Selection::Node(node.id);
                    self.ui.tab = Tab::Inspector;
                    if self.face == Face::Full && browser::matches("(max-width: 599px)") {
                        self.ui.drawer = Drawer::Analysis;
                    }
                }
            }
            (None, Some(Hit::Message(_) | Hit::Link(..)) | None) | (Some(_), None) => {}
        }
    }

    /// The names on the smaller side of a line; says so where all are on one side.
    fn parted(&mut self, a: (f64, f64), b: (f64, f64)) -> Option<Target> {
        let parted = hit::parted(&self.stage.layout, a, b);
        let named = parted.iter().filter_map(|at| self.frame.nodes.get(*at));
        let names: Vec<String> = named.map(|node| node.name.clone()).collect();
        if names.is_empty() {
            self.toast("The line has all nodes on one side.".to_owned(), false, 4000.0);
            return None;
        }
        Some(Target::Groups(vec![names]))
    }

    /// The line of a partition was drawn elsewhere: the run is made again with the nodes that it parts now.
    pub(super) fn cut_anew(&mut self, index: usize, a: (f64, f64), b: (f64, f64)) {
        let fault = self.session.as_ref().and_then(|session| session.fault(index));
        let (Some(mut fault), Some(target)) = (fault, self.parted(a, b)) else { return };
        fault.target = target;
        let line = self.laid((a, b));
        if self.put_fault(index, fault) {
            self.overlay.drawn.insert(index, line);
        }
    }

    /// Another fault in a fault's place: the run is made again up to the cursor.
    pub(super) fn put_fault(&mut self, index: usize, fault: Fault) -> bool {
        let done = self.attempt(|session| session.edit_fault(index, fault));
        self.changed();
        done.is_some()
    }

    pub(super) fn cut_along(&mut self, a: (f64, f64), b: (f64, f64)) {
        let Some(target) = self.parted(a, b) else { return };
        let Some(aim) = self.ui.aim.as_ref() else { return };
        let fault = aim.fault(target);
        let line = self.laid((a, b));
        self.inject(fault, Some(line));
    }

    pub(super) fn inject(&mut self, fault: Fault, line: Option<((f64, f64), (f64, f64))>) {
        if let Some(index) = self.attempt(|session| session.inject(fault)) {
            if let Some(line) = line {
                self.overlay.drawn.insert(index, line);
            }
            if matches!(self.ui.dialog, Some(Dialog::Faults)) {
                self.dialog(None);
            }
        }
        self.changed();
    }

    /// Does something to the run, and says why where it cannot be done.
    pub(super) fn attempt<R>(&mut self, act: impl FnOnce(&mut Session) -> Result<R, Problems>) -> Option<R> {
        match act(self.session.as_mut()?) {
            Ok(done) => Some(done),
            Err(problems) => {
                self.refuse(&problems);
                None
            }
        }
    }

    fn refuse(&mut self, problems: &Problems) {
        // What a hand did is no document to it: where in one the problem lies says nothing.
        let words = match problems.list.first() {
            None => "That does not fit.".to_owned(),
            Some(first) if first.path.starts_with("faults") => {
                format!("Not with the faults of this run: {}.", first.message)
            }
            Some(first) if first.path.starts_with("actions") => {
                format!("Not with what is done in this run: {}.", first.message)
            }
            Some(first) => first.to_string(),
        };
        self.toast(words, false, 8000.0);
    }

    pub(super) fn toast(&mut self, text: String, undo: bool, lasts: f64) {
        self.ui.toast = Some(Toast { text, undo, until: browser::wall() + lasts });
    }

    fn dialog(&mut self, dialog: Option<Dialog>) {
        if dialog.is_some() && self.ui.dialog.is_none() {
            if self.opener.is_none() {
                self.opener = browser::document().active_element();
            }
            // The run waits meanwhile.
            self.resumes = self.session.as_ref().is_some_and(|session| session.playback.playing);
            self.with(|session| session.playback.set_playing(false));
        } else if dialog.is_none() && std::mem::take(&mut self.resumes) && self.ui.dialog.is_some() {
            self.with(|session| session.playback.set_playing(true));
        }
        let bad = |dialog: &Option<Dialog>| matches!(dialog, Some(Dialog::BadLink(_)));
        if bad(&self.ui.dialog) && !bad(&dialog) {
            // The address asks for what could not be opened: it says nothing about the run that is shown.
            self.forget_address();
        }
        self.ui.dialog = dialog;
    }
}
