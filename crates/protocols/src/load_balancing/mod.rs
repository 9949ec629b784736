//! Load balancing: requests spread over backends that each have a queue of their own.
//!
//! A file for each rule, and `system`, which they all share: balancers, backends, health checks, retries, the
//! front tier and the database behind.

mod average;
pub mod bounded_hash;
pub mod join_idle_queue;
pub mod least_connections;
pub mod least_response_time;
pub mod maglev;
pub mod peak_ewma;
mod presets;
pub mod random;
pub mod round_robin;
pub mod rule;
pub mod smooth_weighted;
pub mod source_hash;
mod system;
pub mod two_choices;
pub mod weighted_random;

pub use system::{Balancer, Flaw, Ledger, Peer, Tier, cluster, cluster_with};

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] = &[
    &round_robin::ALGORITHM,
    &least_connections::ALGORITHM,
    &two_choices::ALGORITHM,
    &smooth_weighted::ALGORITHM,
    &random::ALGORITHM,
    &weighted_random::ALGORITHM,
    &least_response_time::ALGORITHM,
    &peak_ewma::ALGORITHM,
    &join_idle_queue::ALGORITHM,
    &source_hash::ALGORITHM,
    &bounded_hash::ALGORITHM,
    &maglev::ALGORITHM,
];
