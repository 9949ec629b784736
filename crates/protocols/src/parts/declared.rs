//! Rows of declarations that several algorithms have in common, and a short way to write a series.

use netsplit_sim::declare::{NodeRole, Series};

/// A server: n1, n2 …
pub const SERVER: NodeRole = NodeRole { id: "server", prefix: "n", tier: 1, client: false };

/// A client of the workload: c1, c2 …
pub const CLIENT: NodeRole = NodeRole { id: "client", prefix: "c", tier: 0, client: true };

/// A series without a unit, in a chart of its own, of what is so at each instant.
#[must_use]
pub const fn series(id: &'static str, label: &'static str) -> Series {
    Series { id, label, unit: "", chart: "", counts: false }
}
