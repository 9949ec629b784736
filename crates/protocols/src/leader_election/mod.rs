//! Leader election: choose one node to coordinate the others.

pub mod bully;
pub mod leases;
pub mod paxos;
pub mod raft;
pub mod ring;
pub mod zookeeper;

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] = &[
    &raft::RAFT,
    &zookeeper::ZOOKEEPER,
    &paxos::single::PAXOS,
    &paxos::MULTI_PAXOS,
    &leases::LEASES,
    &bully::BULLY,
    &ring::RING,
];
