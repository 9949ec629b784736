//! Stateless draws: a keyed hash of (seed, purpose, stable name, life, occasion).
//!
//! No draw has a predecessor, so a fault, a node or a message more shifts no other draw. The mixer is
//! splitmix64's finaliser (Steele, Lea, Flood 2014), pinned by known-answer tests.

/// What a draw is for. Two purposes never share a word, whatever the occasion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(pub u64);

impl Purpose {
    /// A purpose named by text, hashed when compiled: `const ELECTION: Purpose = Purpose::named("raft.election")`.
    #[must_use]
    pub const fn named(name: &str) -> Self {
        Self(hash_bytes(name.as_bytes()))
    }
}

/// FNV-1a over bytes, then finalised: the hash of stable names.
#[must_use]
pub const fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        at += 1;
    }
    mix(hash)
}

/// splitmix64's finaliser: a bijection that spreads every input bit over the word.
#[must_use]
#[inline]
pub const fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// One step of a keyed stream: the word of `occasion` under `key`.
#[must_use]
#[inline]
pub const fn word(key: u64, occasion: u64) -> u64 {
    mix(key
        ^ occasion.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23).wrapping_add(0x9e37_79b9_7f4a_7c15))
}

/// Joins two keys into one; not symmetric.
#[must_use]
#[inline]
pub const fn join(a: u64, b: u64) -> u64 {
    mix(a.rotate_left(29) ^ b.wrapping_mul(0xd6e8_feb8_6659_fd93))
}

/// A word as a real in the open interval (0, 1), never 0 and never 1.
#[must_use]
#[inline]
pub fn unit(word: u64) -> f64 {
    ((word >> 12) as f64 + 0.5) * (1.0 / (1u64 << 52) as f64)
}

/// A word as an integer in `0..bound` (bias below bound / 2^32 for small bounds; `bound` 0 gives 0).
#[must_use]
#[inline]
pub const fn below(word: u64, bound: u32) -> u32 {
    (((word >> 32) * bound as u64) >> 32) as u32
}

/// Whether an event of probability `p` (0 to 1) happens under this word.
#[must_use]
#[inline]
pub fn chance(word: u64, p: f64) -> bool {
    unit(word) < p
}
