//! Leader election: choose one node to coordinate the others.

pub mod bully;
pub mod leases;
pub mod paxos;
pub mod raft;
pub mod ring;

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] =
    &[&raft::RAFT, &bully::BULLY, &ring::RING, &leases::LEASES, &paxos::single::PAXOS, &paxos::MULTI_PAXOS];
