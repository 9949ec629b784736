//! What waits until a part of the program is there.

use netsplit_lab::scenario::Scenario;

use super::{App, Msg};
use crate::browser;
use crate::model::compare::{self, Differs};
use crate::model::opening::{self, Opening};
use crate::model::session::Session;
use crate::model::spacetime::Deed;
use crate::model::sweep::Deed as SweepDeed;
use crate::model::ui::{BranchDeed, CompareDeed, Sheet};
use crate::parts;

/// After so long a person is told what is being waited for (wall ms).
const PATIENCE: f64 = 400.0;

impl App {
    /// True where a message has to wait for a part of the program: it comes again when that is there.
    pub(super) fn waits(&mut self, msg: &Msg) -> bool {
        let needs = self.needs(msg);
        let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
        self.waits_for(&needs, msg)
    }

    /// The same for these parts.
    pub(super) fn waits_for(&mut self, needs: &[&str], msg: &Msg) -> bool {
        let missing: Vec<&str> = needs.iter().copied().filter(|part| !parts::ready(part)).collect();
        if missing.is_empty() {
            return false;
        }
        self.waiting = Some(browser::wall());
        let (on, msg) = (self.on.clone(), Box::new(msg.clone()));
        parts::bring(&missing, move |good| on.emit(Msg::Brought(good, Some(msg))));
        true
    }

    /// The parts that a message needs besides those of every action.
    fn needs(&self, msg: &Msg) -> Vec<String> {
        match msg {
            Msg::Choose(pattern, algorithm) => vec![parts::of(pattern, algorithm).to_owned()],
            Msg::Sweep(SweepDeed::Gallery(id)) => {
                let mut needs = opens(&opening::from_gallery(id));
                needs.push(parts::SHEETS.to_owned());
                needs
            }
            Msg::Sweep(_) => vec![parts::SHEETS.to_owned()],
            Msg::Gallery(id) => opens(&opening::from_gallery(id)),
            Msg::Paste(text) => link(text),
            Msg::HashChanged => link(&browser::hash()),
            Msg::Share | Msg::Away => vec![parts::SHARE.to_owned()],
            // What is saved has every verdict in it, and so has what the sheets judge.
            Msg::Diagram(Deed::Save(_)) => vec![parts::EXPORT.to_owned(), parts::SHEETS.to_owned()],
            // Costs are measured on runs with other settings, and other algorithms.
            Msg::Sheet(Some(Sheet::Cap(_))) => {
                let mut needs: Vec<String> = parts::COMPARED.map(str::to_owned).to_vec();
                needs.extend([parts::SHEETS.to_owned(), self.scenario.system.pattern.clone()]);
                needs
            }
            Msg::Sheet(Some(Sheet::Why(_))) => vec![parts::SHEETS.to_owned()],
            // Workers are told the scenario as a link.
            Msg::Sheet(Some(Sheet::Sweep)) => vec![parts::SHEETS.to_owned(), parts::SHARE.to_owned()],
            Msg::Compare(deed) => vec![parts::SHEETS.to_owned(), self.compared_part(deed)],
            Msg::Branch(BranchDeed::Compare(_)) => vec![parts::SHEETS.to_owned()],
            _ => Vec::new(),
        }
    }

    /// The part that runs what is compared.
    fn compared_part(&self, deed: &CompareDeed) -> String {
        let system = &self.scenario.system;
        let said = self.session.as_ref().and_then(Session::compared).and_then(|said| said.algorithm.clone());
        let begun = || compare::begin(*self.catalogue, &self.scenario, &Differs::Algorithm)?.algorithm;
        let algorithm = match deed {
            CompareDeed::Value(value) => value.as_str().map(str::to_owned),
            CompareDeed::Toggle | CompareDeed::First | CompareDeed::Broken(..) => said.or_else(begun),
            CompareDeed::Differs(_) => begun(),
        };
        parts::of(&system.pattern, algorithm.as_deref().unwrap_or(&system.algorithm)).to_owned()
    }

    /// A part has come, or not: what waited for it happens now.
    pub(super) fn brought(&mut self, good: bool, waited: Option<Msg>) {
        self.waiting = None;
        match waited {
            _ if !good => {
                let words = "A part of netsplit could not be fetched. Is this machine still online?";
                self.toast(words.to_owned(), false, 8000.0);
            }
            Some(msg) => self.on.emit(msg),
            None => {}
        }
    }

    /// Says what is being waited for, once that takes long.
    pub(super) fn say_wait(&mut self, wall: f64) -> bool {
        let long = self.waiting.is_some_and(|since| wall - since > PATIENCE);
        if long {
            self.waiting = Some(f64::INFINITY);
            self.toast("Fetching that part of netsplit.".to_owned(), false, 4000.0);
        }
        long
    }
}

/// The parts that run a scenario: its own, that of the run beside it, and what marks where it is to stop.
pub fn run(scenario: &Scenario) -> Vec<String> {
    let part = |algorithm: &str| parts::of(&scenario.system.pattern, algorithm).to_owned();
    let mut needs = vec![part(&scenario.system.algorithm)];
    if let Some(other) = scenario.compare.as_ref().filter(|_| scenario.view.compare) {
        needs.extend(other.algorithm.as_deref().map(part));
        needs.push(parts::SHEETS.to_owned());
    }
    if !scenario.view.breakpoints.is_empty() {
        needs.push(parts::PANELS.to_owned());
    }
    needs
}

fn opens(opening: &Opening) -> Vec<String> {
    match opening {
        Opening::Scenario(scenario) => run(scenario),
        Opening::Nothing | Opening::Bad(_) => Vec::new(),
    }
}

fn link(text: &str) -> Vec<String> {
    if parts::ready(parts::SHARE) { opens(&opening::link(text)) } else { vec![parts::SHARE.to_owned()] }
}
