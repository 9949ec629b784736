//! Two small hash tables with open addressing: the standard library's are large in WebAssembly, and their order
//! is forbidden here. Nothing walks through these.

/// Spreads every bit of a number over all of it (splitmix64's finaliser).
pub(crate) fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// From numbers to numbers below 2^32 - 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    /// Keys, and values plus one; 0 is a free place.
    slots: Vec<(u64, u32)>,
    len: usize,
}

impl Table {
    /// What this key has.
    pub fn get(&self, key: u64) -> Option<u32> {
        if self.slots.is_empty() {
            return None;
        }
        self.slots[self.place(key)].1.checked_sub(1)
    }

    /// How many keys there are.
    pub fn len(&self) -> u32 {
        self.len as u32
    }

    /// What this key has; if nothing, it gets this.
    pub fn get_or_insert(&mut self, key: u64, value: u32) -> u32 {
        if self.len * 2 >= self.slots.len() {
            let more = (self.slots.len() * 2).max(8);
            let old = core::mem::replace(&mut self.slots, vec![(0, 0); more]);
            for slot in old {
                if slot.1 != 0 {
                    let place = self.place(slot.0);
                    self.slots[place] = slot;
                }
            }
        }
        let place = self.place(key);
        let slot = &mut self.slots[place];
        if slot.1 == 0 {
            *slot = (key, value + 1);
            self.len += 1;
        }
        slot.1 - 1
    }

    /// Where the key is or would be.
    fn place(&self, key: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = mix(key) as usize & mask;
        while self.slots[place].1 != 0 && self.slots[place].0 != key {
            place = (place + 1) & mask;
        }
        place
    }
}

/// Values by number: a map that nothing walks through in order.
#[derive(Clone, Debug)]
pub(crate) struct By<V> {
    places: Table,
    list: Vec<V>,
}

impl<V> Default for By<V> {
    fn default() -> Self {
        Self { places: Table::default(), list: Vec::new() }
    }
}

impl<V> By<V> {
    /// What this key has.
    pub fn get(&self, key: u64) -> Option<&V> {
        self.list.get(self.places.get(key)? as usize)
    }

    /// What this key has; if nothing, it gets this.
    pub fn slot(&mut self, key: u64, otherwise: V) -> &mut V {
        let place = self.places.get_or_insert(key, self.list.len() as u32) as usize;
        if place == self.list.len() {
            self.list.push(otherwise);
        }
        &mut self.list[place]
    }

    /// All values, by the first appearance of their keys.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.list.iter_mut()
    }
}

/// A set of pairs that are random already; the pair of zeros is not for it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    slots: Vec<(u64, u64)>,
    len: usize,
}

impl Seen {
    /// Adds a pair; whether it was new.
    pub fn insert(&mut self, pair: (u64, u64)) -> bool {
        if self.len * 2 >= self.slots.len() {
            let more = (self.slots.len() * 2).max(16);
            let old = core::mem::replace(&mut self.slots, vec![(0, 0); more]);
            for slot in old {
                if slot != (0, 0) {
                    self.put(slot);
                }
            }
        }
        let new = self.put(pair);
        self.len += usize::from(new);
        new
    }

    fn put(&mut self, pair: (u64, u64)) -> bool {
        let mask = self.slots.len() - 1;
        let mut place = pair.0 as usize & mask;
        loop {
            match self.slots[place] {
                (0, 0) => {
                    self.slots[place] = pair;
                    return true;
                }
                other if other == pair => return false,
                _ => place = (place + 1) & mask,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_keep_what_they_were_given() {
        let mut table = Table::default();
        let mut seen = Seen::default();
        assert_eq!(table.get(0), None);
        for n in 0..1_000_u64 {
            assert_eq!(table.get_or_insert(n * 7, n as u32), n as u32);
            assert!(seen.insert((n + 1, n % 3)));
        }
        for n in 0..1_000_u64 {
            assert_eq!(table.get_or_insert(n * 7, 9), n as u32);
            assert_eq!((table.get(n * 7), table.get(n * 7 + 1)), (Some(n as u32), None));
            assert!(!seen.insert((n + 1, n % 3)));
        }
    }
}
