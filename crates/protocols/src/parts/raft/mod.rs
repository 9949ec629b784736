//! The replicated log of Raft, as a part that systems host: a state machine without I/O, which asks its host for
//! nothing but a context and hands it committed entries.
//!
//! Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm (Extended Version)", 2014 ("the paper"),
//! and Ongaro, "Consensus: Bridging Theory and Practice", 2014 ("the dissertation"). Each file names its sections.

mod commit;
mod disk;
mod election;
mod log;
mod members;
mod membership;
mod message;
mod reads;
mod replica;
mod replication;
mod rules;
pub mod show;
mod snapshot;

pub use log::Log;
pub use members::Members;
pub use message::{Append, Command, Disk, Entry, MESSAGES, Payload, Raft, Snapshot, Write};
pub use replica::{Progress, RaftCtx, Replica, Role, Timer};
pub use rules::{BROKEN, Broken, Rules};
