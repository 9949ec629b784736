//! Replication: keep copies of data on several nodes.

pub mod primary_backup;

use crate::registry::Algorithm;

/// The algorithms of this pattern, the default first.
pub static ALGORITHMS: &[&Algorithm] = &[&primary_backup::ASYNCHRONOUS, &primary_backup::SYNCHRONOUS];
