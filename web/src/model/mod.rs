//! The view-model: what the page knows and how it changes, in plain Rust without a browser.
//!
//! - [`face`]: what the query says about how the page presents itself;
//! - [`block`]: a fault's block on the time line, in a hand;
//! - [`breaks`]: where the run is told to stop;
//! - [`curve`]: how spans are spread;
//! - [`eventlog`]: the event log as it is scrolled;
//! - [`format`]: times, numbers and speeds in words;
//! - [`history`]: what was done to the run, to undo and to do again;
//! - [`playback`]: how wall time becomes virtual time;
//! - [`tool`]: the armed fault tool and what the clicks on the stage make of it;
//! - [`setup`]: reading and changing a scenario by its declarations, and what a slider's place means;
//! - [`session`]: the running experiment with its branches, its playback and the run beside it;
//! - [`compare`]: what that run differs in;
//! - [`opening`]: which scenario an address asks for;
//! - [`spacetime`]: which part of the run the space-time diagram shows, and what is selected there;
//! - [`sweep`]: a sweep over seeds that several hands share;
//! - [`summary`]: the three cells under the stage;
//! - [`scale`]: axes and ticks;
//! - [`ui`]: what is open, selected and armed.

pub mod block;
pub mod breaks;
pub mod compare;
pub mod console;
pub mod curve;
pub mod eventlog;
pub mod face;
pub mod fold;
pub mod format;
pub mod history;
pub mod math;
pub mod opening;
pub mod playback;
pub mod scale;
pub mod session;
pub mod setup;
pub mod spacetime;
pub mod summary;
pub mod sweep;
pub mod tool;
pub mod ui;
