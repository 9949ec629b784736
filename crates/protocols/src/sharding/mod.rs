//! Sharding: split data over nodes.

pub mod ring;

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] = &[&ring::CONSISTENT_HASHING];
