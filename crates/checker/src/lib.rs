//! Operation histories in, verdicts out. It knows no simulator.
//!
//! - [`history`]: what clients did, in the order of real time;
//! - [`model`]: the objects they talked to, as if only one client existed;
//! - [`linear`]: whether there is an order that explains the answers, key by key;
//! - [`live`]: the same for a history that grows, some steps at a time;
//! - [`stream`]: one key of a history of any length, which forgets what is explained for good;
//! - [`witness`]: why there is none, with as few operations as will do;
//! - [`brute`]: the same, tried out in every order;
//! - [`sequential`]: one order over all keys that keeps the order of each process;
//! - [`session`]: what a session may rely on, over all keys;
//! - [`staleness`]: how old what was read is, lost updates, and whether replicas agree;
//! - [`versions`]: the order of a key's versions, where somebody knows it.

pub mod brute;
pub mod history;
pub mod linear;
pub mod live;
pub mod model;
mod operations;
pub mod sequential;
pub mod session;
mod sort;
pub mod staleness;
pub mod stream;
mod table;
#[cfg(test)]
mod testing;
pub mod versions;
pub mod witness;

pub use history::{Call, Cause, Event, History, Outcome, Record};
