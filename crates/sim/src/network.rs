//! The network as it was set up: profiles by pair of zones, with overrides for single links.

use crate::small::Map;

use crate::distribution::Distribution;
use crate::time::{MILLISECOND, Nanos, SECOND};

/// How a link carries messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Independent delays; may lose, duplicate and reorder.
    Datagram,
    /// In order, without duplicates; loss becomes delay; breaks on a crash or after `give_up`.
    Stream,
}

/// What a link does to messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// One-way latency.
    pub latency: Distribution,
    /// Probability that one transmission is lost.
    pub loss: f64,
    /// Probability that a datagram arrives twice.
    pub duplicate: f64,
    /// Probability that a datagram takes `reorder_by` longer.
    pub reorder: f64,
    /// Extra latency of a reordered datagram.
    pub reorder_by: Nanos,
    /// Bytes per second, 0 for unlimited. Messages queue for the link.
    pub bandwidth: u64,
    /// Datagram or stream.
    pub transport: Transport,
}

impl Profile {
    /// A link without loss and with this latency.
    #[must_use]
    pub fn new(latency: Distribution, transport: Transport) -> Self {
        Self {
            latency,
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            reorder_by: 50 * MILLISECOND,
            bandwidth: 0,
            transport,
        }
    }
}

/// The network.
#[derive(Clone, Debug)]
pub struct Network {
    /// Profiles; 0 is the default.
    pub profiles: Vec<Profile>,
    /// Number of zones (at least 1).
    pub zones: u16,
    /// Profile for each ordered pair of zones (row: from), or empty for the default everywhere.
    pub by_zone: Vec<u16>,
    /// Profiles of single links (from, to).
    pub by_link: Map<(u32, u32), u16>,
    /// First retransmission of a stream (ns); doubles.
    pub retransmit: Nanos,
    /// A stream that makes no progress for so long (ns) breaks at both ends.
    pub give_up: Nanos,
}

impl Network {
    /// One zone, one profile.
    #[must_use]
    pub fn uniform(profile: Profile) -> Self {
        Self {
            profiles: vec![profile],
            zones: 1,
            by_zone: Vec::new(),
            by_link: Map::new(),
            retransmit: 200 * MILLISECOND,
            give_up: 15 * SECOND,
        }
    }

    /// The profile of a link between nodes of these zones.
    #[must_use]
    #[inline]
    pub fn profile(&self, from: u32, to: u32, from_zone: u16, to_zone: u16) -> &Profile {
        let mut index = 0;
        if !self.by_zone.is_empty() {
            index = self.by_zone[usize::from(from_zone) * usize::from(self.zones) + usize::from(to_zone)];
        }
        if !self.by_link.is_empty() {
            index = self.by_link.get(&(from, to)).copied().unwrap_or(index);
        }
        &self.profiles[usize::from(index)]
    }
}
