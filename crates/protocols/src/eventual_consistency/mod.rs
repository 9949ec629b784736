//! Eventual consistency: accept writes anywhere, agree later.

pub mod anti_entropy;

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] = &[&anti_entropy::ANTI_ENTROPY];
