//! Time: what clocks of different machines say about each other.

pub mod estimate;
pub mod ping;

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] = &[&ping::PING];
