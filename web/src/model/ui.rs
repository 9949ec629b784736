//! What is open, selected and armed on the page.

use std::rc::Rc;

use netsplit_lab::MessageFrame;
use serde_json::Value;

use super::opening::BadLink;
use super::tool::{Aim, Hit};

/// A tab of the right panel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Charts.
    #[default]
    Metrics,
    /// What is selected.
    Inspector,
    /// The event log.
    Events,
    /// The space-time diagram over the stage, and why something happened.
    SpaceTime,
}

impl Tab {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Metrics, "Metrics"),
        (Self::Inspector, "Inspector"),
        (Self::Events, "Events"),
        (Self::SpaceTime, "Space-time"),
    ];
}

/// What is selected.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Selection {
    /// Nothing.
    #[default]
    None,
    /// A node.
    Node(u32),
    /// The link between two nodes.
    Link(u32, u32),
    /// A message as it was when it was selected.
    Message(Box<MessageFrame>),
    /// A fault, by its index.
    Fault(usize),
    /// An operation that nothing explains, by its index.
    Violation(usize),
    /// An invariant that was broken, by its index.
    Breach(usize),
    /// A course of events, by its number.
    Branch(u32),
}

/// What a hand does to courses of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BranchDeed {
    /// Another one from here on.
    Fork,
    /// Shows one, by its number.
    Show(u32),
    /// Gives one another name.
    Name(u32, String),
    /// Takes one out.
    Delete(u32),
    /// Lays one beside the one that is shown.
    Compare(u32),
}

/// What a hand does to a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum CompareDeed {
    /// Begins one, or ends it.
    Toggle,
    /// What the runs differ in, by the entry's id.
    Differs(String),
    /// The second run's value of that.
    Value(Value),
    /// To the first event that is another.
    First,
    /// To a violation of the second run, or to the breach of an invariant, by its place among them: when (ns).
    Broken(usize, bool, u64),
}

/// What lies beside the stage in place of the panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sheet {
    /// Why a violation is one, by its index.
    Why(usize),
    /// What a partition cost, by its place among them.
    Cap(usize),
    /// The scenario over many seeds.
    Sweep,
}

/// A menu of what can be done to something on the stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Menu {
    /// What it is about.
    pub hit: Hit,
    /// Where on the page (px).
    pub x: f64,
    /// Where on the page (px).
    pub y: f64,
}

/// A dialog.
#[derive(Clone, Debug, PartialEq)]
pub enum Dialog {
    /// The link.
    Share(String),
    /// The gallery.
    Gallery,
    /// Keys and what things mean.
    Help,
    /// Every fault with its target and amounts.
    Faults,
    /// A link that cannot be opened.
    BadLink(Rc<BadLink>),
}

/// A panel that lies over the stage on a narrow page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drawer {
    /// None.
    #[default]
    Closed,
    /// The rail.
    Setup,
    /// The right panel.
    Analysis,
    /// The fault tools of an embed.
    Faults,
}

/// Which entries of the event log are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Filter {
    /// All.
    #[default]
    All,
    /// What the protocol's nodes decided.
    Notable,
    /// Faults.
    Faults,
    /// Lost messages.
    Lost,
    /// Operations that failed.
    Failed,
}

impl Filter {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::All, "All"),
        (Self::Notable, "Notable"),
        (Self::Faults, "Faults"),
        (Self::Lost, "Lost"),
        (Self::Failed, "Failed"),
    ];

    /// The kind of the entries that are listed; nothing for all.
    pub fn kind(self) -> Option<&'static str> {
        match self {
            Self::All => None,
            Self::Notable => Some("notable"),
            Self::Faults => Some("fault"),
            Self::Lost => Some("lost"),
            Self::Failed => Some("operation"),
        }
    }

    /// How many of them there are, given how many of each kind (see [`netsplit_lab::LogPage::counts`]).
    pub fn count(self, counts: &[u64; 6]) -> u64 {
        match self {
            Self::All => counts.iter().sum(),
            Self::Notable => counts[1],
            Self::Faults => counts[2],
            Self::Lost => counts[3],
            Self::Failed => counts[4],
        }
    }
}

/// What is looked for in the gallery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// All of these words.
    pub words: String,
    /// A pattern's id; all where it is empty.
    pub pattern: String,
}

/// A line at the lower edge, with a way back where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Toast {
    /// What happened.
    pub text: String,
    /// It offers to undo it.
    pub undo: bool,
    /// Until when it stays (wall ms).
    pub until: f64,
}

/// The state of the page besides the run.
#[derive(Clone, Debug, Default)]
pub struct Ui {
    /// Tab of the right panel.
    pub tab: Tab,
    /// What is selected.
    pub selection: Selection,
    /// The armed tool.
    pub aim: Option<Aim>,
    /// The open dialog.
    pub dialog: Option<Dialog>,
    /// What is looked for in the gallery.
    pub search: Search,
    /// The open menu.
    pub menu: Option<Menu>,
    /// The open drawer.
    pub drawer: Drawer,
    /// The open sheet.
    pub sheet: Option<Sheet>,
    /// The consistency model that is asked for, by its id; the strongest where it is empty.
    pub model: String,
    /// Filter of the event log.
    pub filter: Filter,
    /// The chart that is shown as a table.
    pub table: String,
    /// Where the charts' values are read, and the chart whose values are spoken, if keys moved it there.
    pub read: Option<(u64, String)>,
    /// Seconds that the charts show; 0 for all.
    pub window: u64,
    /// What the scenario is about is shown, until somebody has read it.
    pub notes: bool,
    /// A toast.
    pub toast: Option<Toast>,
    /// The stage has the whole page.
    pub full: bool,
    /// The node of a crowd that Tab stops at.
    pub roamed: u32,
    /// Light theme; nothing where the system decides.
    pub theme: Option<bool>,
}

/// Says notable things at most every five seconds.
#[derive(Clone, Debug, Default)]
pub struct Speaker {
    /// The line that is said now.
    pub line: String,
    waiting: Option<String>,
    last: Option<f64>,
    event: u64,
}

/// A screen reader needs so long for a line (ms).
const PAUSE: f64 = 5000.0;

impl Speaker {
    /// Something to say as soon as there is time; only the newest waits.
    pub fn say(&mut self, line: String) {
        self.waiting = Some(line);
    }

    /// Takes the newest notable entry beyond those known: (number of the event, sentence).
    pub fn hear(&mut self, newest: Option<(u64, &str)>) {
        if let Some((event, sentence)) = newest.filter(|(event, _)| *event > self.event) {
            self.event = event;
            self.waiting = Some(sentence.to_owned());
        }
    }

    /// Another run: earlier numbers are new again.
    pub fn forget(&mut self) {
        self.event = 0;
    }

    /// True where the line changed.
    pub fn tick(&mut self, wall: f64) -> bool {
        if self.waiting.is_none() || self.last.is_some_and(|last| wall - last < PAUSE) {
            return false;
        }
        self.line = self.waiting.take().unwrap_or_default();
        self.last = Some(wall);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_one_line_in_five_seconds() {
        let mut speaker = Speaker::default();
        speaker.hear(Some((3, "n4 is leader of term 4.")));
        assert!(speaker.tick(100.0));
        speaker.hear(Some((3, "n4 is leader of term 4.")));
        assert!(!speaker.tick(6000.0));
        speaker.hear(Some((9, "n1 steps down.")));
        speaker.say("Crash n4.".to_owned());
        assert!(!speaker.tick(3000.0));
        assert!(speaker.tick(5200.0));
        assert_eq!(speaker.line, "Crash n4.");
    }

    #[test]
    fn filters_count_their_kind() {
        let counts = [7, 5, 3, 2, 1, 4];
        assert_eq!(Filter::ALL.map(|(filter, _)| filter.count(&counts)), [22, 5, 3, 2, 1]);
    }
}
