//! Leader election: choose one node to coordinate the others.

pub mod bully;
mod calm;
mod declared;
pub mod etcd;
pub mod leases;
pub mod paxos;
pub mod raft;
pub mod ring;
pub mod zookeeper;

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] = &[
    &raft::RAFT,
    &etcd::ETCD,
    &zookeeper::ZOOKEEPER,
    &paxos::single::PAXOS,
    &paxos::MULTI_PAXOS,
    &leases::LEASES,
    &bully::BULLY,
    &ring::RING,
];

/// Those of them that assume streams.
pub static STREAMS: &[&str] = &["etcd", "zookeeper"];
