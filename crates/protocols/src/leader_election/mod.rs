//! Leader election: choose one node to coordinate the others.

pub mod raft;
pub mod zookeeper;

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] = &[&raft::RAFT, &zookeeper::ZOOKEEPER];
