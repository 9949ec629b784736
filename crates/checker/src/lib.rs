//! Operation histories in, verdicts out. It knows no simulator.
//!
//! - [`history`]: what clients did, in the order of real time.

pub mod history;

pub use history::{Call, Cause, Event, History, Outcome, Record};
