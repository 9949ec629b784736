//! How large anything may be. What is larger is refused with a message, never truncated.

use crate::Duration;

/// Bytes of a scenario's JSON, in a file or decompressed from a link: 1 MiB.
pub const DOCUMENT_BYTES: usize = 1 << 20;
/// Characters of a link: 64 K.
pub const LINK_CHARS: usize = 64 * 1024;
/// Levels of nesting in a document.
pub const DEPTH: usize = 64;
/// Characters of any one text.
pub const TEXT_CHARS: usize = 4096;
/// Characters of `notes`, and of any one text within `lesson`.
pub const NOTES_CHARS: usize = 16 * 1024;
/// Characters of a name (a zone, a branch, a key, a field of one's own).
pub const NAME_CHARS: usize = 128;
/// Nodes of a system.
pub const NODES: u32 = 10_000;
/// Clients of a workload.
pub const CLIENTS: u32 = 1_000;
/// Faults of one time line.
pub const FAULTS: usize = 10_000;
/// Actions of one time line.
pub const ACTIONS: usize = 10_000;
/// Operations that a scenario spells out.
pub const OPERATIONS: usize = 10_000;
/// Branches of a scenario.
pub const BRANCHES: usize = 64;
/// Zones of a topology.
pub const ZONES: usize = 256;
/// Links of a topology that are spelt out.
pub const LINKS: usize = 10_000;
/// Groups of a partition.
pub const GROUPS: usize = 256;
/// Parts of a mixture.
pub const MIXTURE_PARTS: usize = 16;
/// Quantiles of an empirical distribution.
pub const QUANTILES: usize = 1024;
/// Promises that a scenario may expect.
pub const EXPECTATIONS: usize = 64;
/// Fault kinds of one chaos entry.
pub const CHAOS_KINDS: usize = 64;
/// Incidents per second of one chaos entry.
pub const CHAOS_RATE: f64 = 1_000.0;
/// The longest run, and the latest instant: 24 hours.
pub const DURATION: Duration = Duration(24 * 3_600 * 1_000_000_000);
/// Breakpoints of a view.
pub const BREAKPOINTS: usize = 64;
/// A number that a breakpoint may wait for: so much at most, either way.
pub const BREAK_LIMIT: f64 = 1e15;
/// Problems that are spelt out; the others are counted.
pub const PROBLEMS: usize = 500;
