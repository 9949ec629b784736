//! The algorithms: one folder a pattern, one file (or folder) an algorithm, and the parts they share.
//!
//! A new algorithm is one new file and one line in its pattern's `ALGORITHMS`.

pub mod eventual_consistency;
pub mod leader_election;
pub mod load_balancing;
pub mod parts;
pub mod registry;
pub mod replication;
pub mod sharding;
pub mod time;
