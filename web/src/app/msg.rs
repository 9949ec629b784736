//! What happens on the page.

use netsplit_lab::scenario::{Action, Fault};
use serde_json::Value;
use web_sys::{Event, KeyboardEvent};

use super::gesture::Pointer;
use crate::model::block::Grip;
use crate::model::breaks::Deed as BreakDeed;
use crate::model::eventlog::Deed as LogDeed;
use crate::model::setup::Part;
use crate::model::spacetime::Deed;
use crate::model::sweep::Deed as SweepDeed;
use crate::model::tool::Hit;
use crate::model::ui::{BranchDeed, CompareDeed, Dialog, Drawer, Filter, Search, Selection, Sheet, Tab};

/// What happens on the page.
#[derive(Clone, Debug)]
pub enum Msg {
    /// A picture is due (wall ms).
    Picture(f64),
    /// A key went down.
    Key(KeyboardEvent),
    /// The address has another fragment.
    HashChanged,
    /// The system's theme changed.
    ThemeChanged,
    /// Play or pause.
    Toggle,
    /// One event on or back.
    Step(bool),
    /// To an instant.
    Seek(u64),
    /// The playhead is being dragged: the time line keeps its length.
    Hold(bool),
    /// To an entry of the event log: its instant, its event, its node, and the number of its line.
    Moment(u64, u64, Option<u32>, u64),
    /// Something done to the event log.
    Log(LogDeed),
    /// Has a client ask at a node what was typed.
    Ask(String, String),
    /// To an instant, and stop there.
    SeekTo(u64),
    /// A consistency model that is asked for, by its id.
    Model(String),
    /// Opens a sheet, or goes back to the stage.
    Sheet(Option<Sheet>),
    /// To an operation that nothing explains, by its index, at its instant.
    Violation(usize, u64),
    /// To an invariant that was broken, by its index, at its instant.
    Breach(usize, u64),
    /// To the next thing worth seeing, or the previous one.
    Jump(bool),
    /// So much on or back.
    SeekBy(i64),
    /// A speed.
    Speed(f64),
    /// The next round speed.
    Nudge(bool),
    /// Arms a tool, or none.
    Arm(Option<String>),
    /// An amount of the armed tool.
    Amount(String, Value),
    /// How long what the armed tool does lasts, as text.
    Lasts(String),
    /// What is picked is all.
    Finish,
    /// A click on the stage.
    Hit(Option<Hit>),
    /// A pointer on the stage.
    Pointer(Pointer),
    /// The wheel over the stage.
    Wheel(Event),
    /// The browser would show its menu on the stage.
    Context(Event),
    /// The menu is done.
    Menu,
    /// A step of magnification; none for the whole layout, tidy.
    Magnify(Option<bool>),
    /// The stage on the whole screen.
    Full(bool),
    /// Selects.
    Select(Selection),
    /// A tab of the right panel.
    Tab(Tab),
    /// Which events are listed.
    Filter(Filter),
    /// The chart that is shown as a table, by id; none where it is empty.
    Table(String),
    /// Seconds that the charts show.
    Window(u64),
    /// Reads the charts' values at an instant, or no longer; speaks those of a chart.
    Read(Option<(u64, String)>),
    /// Opens a dialog, or none.
    Dialog(Option<Dialog>),
    /// Opens the share dialog.
    Share,
    /// Copies a text and says so.
    Copy(String),
    /// Says something.
    Say(String),
    /// Opens or closes a drawer.
    Drawer(Drawer),
    /// The other theme.
    Theme,
    /// Another algorithm.
    Choose(String, String),
    /// A parameter.
    Set(Part, String, Value),
    /// How many nodes.
    Nodes(u32),
    /// Back to the algorithm's own parameters.
    Defaults,
    /// The defaults of a product, by the id of its preset; our own where it is empty.
    Preset(String),
    /// A seed as text.
    Seed(String),
    /// A new seed.
    Dice,
    /// Breaks something.
    Inject(Fault),
    /// The operator does something.
    Act(Action),
    /// Ends a fault.
    Heal(usize),
    /// Ends every fault.
    HealAll,
    /// Takes a fault out of the run.
    Remove(usize),
    /// Something with courses of events.
    Branch(BranchDeed),
    /// A click on the compared run's stage (px).
    Beside(f64, f64),
    /// Something with the comparison.
    Compare(CompareDeed),
    /// Puts another fault in its place.
    Put(usize, Fault),
    /// A hand takes a fault's block: index, part, place (px), time in a pixel (ns).
    Grab(usize, Grip, f64, f64),
    /// It moves to a place (px), or lets go.
    GrabTo(Option<f64>),
    /// By keys: so much (ns).
    Block(usize, Grip, i64),
    /// A link that was pasted.
    Paste(String),
    /// What is looked for in the gallery.
    Search(Search),
    /// A scenario of the gallery.
    Gallery(String),
    /// One step of what was done back.
    Undo,
    /// And forward again.
    Redo,
    /// What the scenario is about has been read.
    NotesGone,
    /// The toast goes.
    ToastGone,
    /// The one thing that a first visit offers to do.
    SlowDown,
    /// An embed came into view, or left it.
    Seen(bool),
    /// Something done to the sweep over seeds.
    Sweep(SweepDeed),
    /// Something done to the breakpoints.
    Breaks(BreakDeed),
    /// The wheel over the space-time diagram.
    DiagramWheel(Event),
    /// Something in the space-time diagram.
    Diagram(Deed),
    /// "Open in netsplit" is about to be followed.
    Away,
    /// Past everything else to the stage.
    Skip,
    /// A part of the program has come, or could not be fetched; what waited for it, if anything.
    Brought(bool, Option<Box<Msg>>),
}
