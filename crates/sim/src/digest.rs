//! Digests of messages and states: order matters, no pointer, no `usize`, no hasher of the library.

use crate::draw;

/// Collects words into a digest.
#[derive(Clone, Copy, Debug)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl Digest {
    /// Empty.
    #[must_use]
    pub const fn new() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
    /// Adds one word.
    #[must_use]
    pub const fn add(self, word: u64) -> Self {
        let x = (self.0 ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        Self(x ^ (x >> 29) ^ self.0.rotate_left(31))
    }
    /// Adds each word of a sequence, and its length.
    #[must_use]
    pub fn all(self, words: impl IntoIterator<Item = u64>) -> Self {
        let (digest, count) = words.into_iter().fold((self, 0), |(d, n), w| (d.add(w), n + 1));
        digest.add(count)
    }
    /// The digest.
    #[must_use]
    pub const fn end(self) -> u64 {
        draw::mix(self.0)
    }
}

/// Digest of a few words.
#[must_use]
pub fn of(words: &[u64]) -> u64 {
    words.iter().fold(Digest::new(), |digest, word| digest.add(*word)).end()
}
