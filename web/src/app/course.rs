//! Courses of events: branches, and the run that is laid beside the one that is shown.

use std::rc::Rc;

use web_sys::Element;

use super::App;
use super::roam::BESIDE;
use crate::browser;
use crate::model::compare::{self, Differs};
use crate::model::session::Session;
use crate::model::tool::Hit;
use crate::model::ui::{BranchDeed, CompareDeed, Drawer, Selection, Tab};
use crate::parts;
use crate::stage::draw::{CROWD, Layers, Overlay};
use crate::stage::hit;

/// How the compared runs differ is worked out anew so often while they play (ms).
const RESULTS: f64 = 700.0;

impl App {
    pub(super) fn branch(&mut self, deed: BranchDeed) {
        match deed {
            BranchDeed::Fork => {
                let Some(id) = self.attempt(Session::fork) else { return };
                self.look_at_branch(id);
                self.toast(
                    "A branch from here on. What you change now stays in it.".to_owned(),
                    true,
                    6000.0,
                );
                self.changed();
            }
            BranchDeed::Show(id) => {
                if self.attempt(|session| session.show_branch(id)).is_some() {
                    self.shown_anew();
                    self.ui.selection = Selection::Branch(id);
                }
                self.changed();
            }
            BranchDeed::Name(id, name) => {
                let done = self.session.as_mut().is_some_and(|session| session.rename_branch(id, &name));
                if !done {
                    self.toast("Another branch has this name, or it is too long.".to_owned(), false, 4000.0);
                }
                self.changed();
            }
            BranchDeed::Delete(id) => {
                if self.attempt(|session| session.delete_branch(id)).is_some() {
                    self.shown_anew();
                    self.toast("The branch is gone.".to_owned(), true, 5000.0);
                }
                self.changed();
            }
            BranchDeed::Compare(id) => {
                if self.attempt(|session| session.compare_with(id)).is_some() {
                    self.begun();
                }
                self.changed();
            }
        }
    }

    pub(super) fn compare(&mut self, deed: CompareDeed) {
        let Some(session) = self.session.as_mut() else { return };
        let catalogue = *self.catalogue;
        let own = session.experiment().document().clone();
        match deed {
            CompareDeed::Toggle => {
                if session.beside().is_some() {
                    session.part();
                } else {
                    let said = session.compared().cloned();
                    let next = said.or_else(|| compare::begin(catalogue, &own, &Differs::Algorithm));
                    let done = next.and_then(|next| self.attempt(|session| session.compare(next)));
                    done.into_iter().for_each(|()| self.begun());
                }
                self.changed();
            }
            CompareDeed::Differs(id) => {
                let next = Differs::of_id(&id).and_then(|differs| compare::begin(catalogue, &own, &differs));
                session.chosen = Differs::of_id(&id);
                if let Some(next) = next {
                    self.attempt(|session| session.compare(next));
                    self.begun();
                }
                self.changed();
            }
            CompareDeed::Value(value) => {
                let Some(differs) = session.differs() else { return };
                let next = compare::set(&own, &differs, &value);
                self.attempt(|session| session.compare(next));
                self.begun();
                self.changed();
            }
            CompareDeed::First => {
                session.playback.set_playing(false);
                let words = match session.both().and_then(|both| both.diverges()) {
                    Some(found) => {
                        session.go_to_event(found.event, found.time);
                        netsplit_lab::compare::sentence(&found)
                    }
                    None => "So far both runs are the same.".to_owned(),
                };
                self.toast(words, false, 12_000.0);
            }
            CompareDeed::Broken(index, breach, time) => {
                let words = session.broken_beside(index, breach);
                self.stop_at(time);
                self.ui.selection = Selection::None;
                words.into_iter().for_each(|words| self.toast(words, false, 12_000.0));
            }
        }
    }

    /// From one thing worth seeing to the next; what the other run broke there is said, since no panel shows it.
    pub(super) fn jump(&mut self, forward: bool) {
        if let Some(session) = self.session.as_mut() {
            session.jump(forward);
        }
        let beside = self.session.as_ref().filter(|session| session.beside().is_some());
        if let Some(words) = beside.and_then(Session::broken_beside_here) {
            self.toast(words, false, 12_000.0);
        }
    }

    /// A comparison has begun: two stages take the place of one.
    pub(super) fn begun(&mut self) {
        self.stage_beside = Default::default();
        self.stage_beside.set_theme(self.stage.theme().clone());
        self.frame_beside = Default::default();
        self.overlay.drag = None;
        self.ui.sheet = None;
        (self.results, self.results_at) = (None, 0.0);
        if self.in_space_time() {
            self.ui.tab = Tab::Metrics;
        }
        self.fresh = true;
    }

    /// A click on the compared run's stage means the node of that name in both.
    pub(super) fn hit_beside(&mut self, x: f64, y: f64) {
        let at = hit::node(&self.stage_beside.layout, x, y);
        let name = at.and_then(|at| self.frame_beside.nodes.get(at)).map(|node| node.name.clone());
        self.hit(name.map(Hit::Node));
    }

    /// Another course of events is shown: what was looked at in the one before may not be there.
    fn shown_anew(&mut self) {
        self.stage.clear();
        self.diagram.restart();
        self.overlay.drawn.clear();
        self.ui.aim = None;
        self.ui.sheet = None;
        self.ui.selection = Selection::None;
        self.speaker.forget();
    }

    fn look_at_branch(&mut self, id: u32) {
        (self.ui.selection, self.ui.tab) = (Selection::Branch(id), Tab::Inspector);
        if self.is_slim() {
            self.ui.drawer = Drawer::Analysis;
        }
    }

    /// Draws the compared run's stage.
    #[inline(never)]
    pub(super) fn paint_beside(&mut self, wall: f64) {
        let Some(beside) = self.session.as_ref().and_then(Session::beside) else { return };
        let ((width, height), ratio) = (self.size_beside, self.ratio);
        let (lower, upper) = (&self.refs.canvas_beside, &self.refs.above_beside);
        let Some((below, above)) = self.canvases_beside.fit(lower, upper, self.size_beside, ratio) else {
            return;
        };
        // Nodes are the same by their names.
        let name = self.overlay.node.and_then(|id| self.frame.nodes.iter().find(|node| node.id == id));
        let node = name.and_then(|name| self.frame_beside.nodes.iter().find(|node| node.name == name.name));
        let node = node.map(|node| node.id);
        let overlay = Overlay {
            picked: self.overlay.picked.clone(),
            aim: self.overlay.aim,
            still: self.overlay.still,
            shards: self.overlay.shards,
            playing: self.overlay.playing,
            node,
            drawn: self.overlay.drawn.clone(),
            wall,
            ..Overlay::default()
        };
        let moved = self.stage_beside.place(&self.frame_beside, width, height);
        let layers = Layers { below, above, width, height, ratio };
        self.stage_beside.draw(&layers, &self.frame_beside, &beside.legend, &overlay);
        if moved || self.fresh || !self.placed_beside {
            self.place_buttons(BESIDE, &self.stage_beside.layout);
            self.placed_beside = true;
        }
    }

    /// Brings the compared run's picture up to now.
    pub(super) fn glance_beside(&mut self, all: bool) {
        let Some(beside) = self.session.as_ref().and_then(Session::beside) else { return };
        let all = all || self.frame_beside.nodes.len() <= CROWD;
        beside.experiment().glance(&mut self.frame_beside, all, false);
    }

    pub(super) fn size_beside(&mut self) {
        let canvas: Option<Element> = self.refs.canvas_beside.cast();
        self.size_beside = canvas.as_ref().map_or((0.0, 0.0), browser::size);
    }

    /// Works out how the compared runs differ, not too often.
    pub(super) fn refresh_results(&mut self) {
        let Some(session) =
            self.session.as_ref().filter(|session| session.beside().is_some() && parts::ready(parts::SHEETS))
        else {
            self.results = None;
            return;
        };
        let wall = browser::wall();
        let busy = session.playback.playing || session.goal.is_some() || session.catching_up();
        if self.results.is_none() || !busy || wall - self.results_at > RESULTS {
            self.results = session.results().map(Rc::new);
            self.results_at = wall;
        }
    }
}
