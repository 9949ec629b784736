//! Load balancing: requests spread over backends that each have a queue of their own.

mod balancer;
mod least_connections;
mod round_robin;
mod two_choices;

pub use balancer::{Rule, Tier, cluster};

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] =
    &[&round_robin::ALGORITHM, &least_connections::ALGORITHM, &two_choices::ALGORITHM];
