//! A deterministic simulator of distributed systems: virtual time, an event queue, stateless draws, nodes,
//! a network, processors, disks, clocks, faults, a trace with causes, a rolling hash, snapshots.
//!
//! It knows no protocol, no JSON and no browser.

pub mod chaos;
pub mod cluster;
pub mod core;
pub mod declare;
pub mod digest;
pub mod distribution;
pub mod draw;
pub mod fault;
pub mod history;
pub mod math;
pub mod network;
pub mod node;
pub mod queue;
pub mod small;
pub mod time;
pub mod trace;
pub mod view;
pub mod watch;

pub use cluster::{Cluster, Simulation};
pub use node::{Context, Ctx, Node, NodeId};
