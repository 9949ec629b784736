//! Hashes and rings, as the systems that made them known compute them.

use netsplit_sim::small::sort_by_key;

/// Cassandra's token of a key (Murmur3Partitioner): the first half of MurmurHash3 x64 128 (Appleby), with
/// Cassandra's own treatment of the tail, whose bytes it takes as signed.
#[must_use]
pub fn cassandra_murmur3_token(key: &[u8]) -> i64 {
    const C1: u64 = 0x87c3_7b91_1142_53d5;
    const C2: u64 = 0x4cf5_ad43_2745_937f;
    let (mut h1, mut h2) = (0u64, 0u64);
    let mut blocks = key.chunks_exact(16);
    for block in &mut blocks {
        let word = |at: usize| (0..8).fold(0u64, |w, i| w | u64::from(block[at + i]) << (8 * i));
        h1 ^= word(0).wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
        h1 = h1.rotate_left(27).wrapping_add(h2).wrapping_mul(5).wrapping_add(0x52dc_e729);
        h2 ^= word(8).wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
        h2 = h2.rotate_left(31).wrapping_add(h1).wrapping_mul(5).wrapping_add(0x3849_5ab5);
    }
    let tail = blocks.remainder();
    // A negative byte sets all bits above it: `as i8 as i64` is what makes Cassandra's tokens its own.
    let signed = |i: usize| (tail[i] as i8) as i64 as u64;
    let half = |from: usize, to: usize| (from..to).fold(0u64, |k, i| k ^ (signed(i) << (8 * (i - from))));
    if tail.len() > 8 {
        h2 ^= half(8, tail.len()).wrapping_mul(C2).rotate_left(33).wrapping_mul(C1);
    }
    if !tail.is_empty() {
        h1 ^= half(0, tail.len().min(8)).wrapping_mul(C1).rotate_left(31).wrapping_mul(C2);
    }
    h1 ^= key.len() as u64;
    h2 ^= key.len() as u64;
    h1 = h1.wrapping_add(h2);
    h2 = h2.wrapping_add(h1);
    h1 = finish(h1);
    h2 = finish(h2);
    let token = h1.wrapping_add(h2) as i64;
    // Cassandra keeps the least token for itself.
    if token == i64::MIN { i64::MAX } else { token }
}

const fn finish(mut h: u64) -> u64 {
    h = (h ^ (h >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    h = (h ^ (h >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    h ^ (h >> 33)
}

/// Place of a text on the ring: its token, with the least one at 0.
#[must_use]
pub fn place(text: &str) -> u64 {
    (cassandra_murmur3_token(text.as_bytes()) as u64) ^ (1 << 63)
}

/// A consistent-hashing ring (Karger et al. 1997) with several points ("virtual nodes") for each node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    /// (place, node), in order of the places.
    points: Vec<(u64, u32)>,
}

impl Ring {
    /// A ring of these nodes, named by `name`.
    #[must_use]
    pub fn new(nodes: impl Iterator<Item = u32>, points: u32, name: impl Fn(u32) -> String) -> Self {
        let mut all: Vec<(u64, u32)> = nodes
            .flat_map(|node| {
                let name = name(node);
                (0..points).map(move |point| (place(&format!("{name}#{point}")), node)).collect::<Vec<_>>()
            })
            .collect();
        sort_by_key(&mut all, |(place, _)| *place);
        Self { points: all }
    }

    /// The node whose point comes next, clockwise.
    #[must_use]
    pub fn owner(&self, place: u64) -> u32 {
        let at = self.points.partition_point(|(point, _)| *point < place);
        self.points.get(at).or_else(|| self.points.first()).map_or(0, |(_, node)| *node)
    }

    /// (place, node) of all points, in order: a node owns what lies between its point and the one before.
    #[must_use]
    pub fn points(&self) -> &[(u64, u32)] {
        &self.points
    }
}
