//! What is under way, found by number in one step however it comes and goes.

/// Bits of a number that say the place.
const PLACE: u32 = 20;

/// Values by number; at most 2^20 at once.
#[derive(Clone, Debug)]
pub struct Slab<V> {
    /// Number + 1, or 0 where the place is free, and the value.
    places: Vec<(u64, Option<V>)>,
    free: Vec<u32>,
    count: u32,
}

impl<V> Default for Slab<V> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new(), count: 0 }
    }
}

impl<V> Slab<V> {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.count
    }
    /// There is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
    /// Adds one under a number made of `serial` (36 bits, new each time); `None` where it is full.
    pub fn add(&mut self, serial: u64, value: V) -> Option<u64> {
        let place = match self.free.pop() {
            Some(place) => place,
            None if self.places.len() < 1 << PLACE => {
                self.places.push((0, None));
                self.places.len() as u32 - 1
            }
            None => return None,
        };
        let number = (serial << PLACE) | u64::from(place);
        self.places[place as usize] = (number + 1, Some(value));
        self.count += 1;
        Some(number)
    }
    fn place(number: u64) -> usize {
        (number & ((1 << PLACE) - 1)) as usize
    }
    /// The one with this number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<&V> {
        self.places.get(Self::place(number)).filter(|place| place.0 == number + 1)?.1.as_ref()
    }
    /// The one with this number, to change it.
    pub fn get_mut(&mut self, number: u64) -> Option<&mut V> {
        self.places.get_mut(Self::place(number)).filter(|place| place.0 == number + 1)?.1.as_mut()
    }
    /// Takes one out.
    pub fn remove(&mut self, number: u64) -> Option<V> {
        let place = Self::place(number);
        let entry = self.places.get_mut(place).filter(|entry| entry.0 == number + 1)?;
        entry.0 = 0;
        let value = entry.1.take();
        self.free.push(place as u32);
        self.count -= 1;
        value
    }
    /// About how many bytes a copy takes beyond its own size.
    #[must_use]
    pub fn heap(&self) -> usize {
        size_of_val(&self.places[..]) + size_of_val(&self.free[..])
    }
    /// All, by place.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.places.iter().filter_map(|(number, value)| Some((number.wrapping_sub(1), value.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::Slab;

    #[test]
    fn a_number_names_one_value_for_ever() {
        let mut slab = Slab::default();
        let a = slab.add(1, 'a').unwrap();
        let b = slab.add(2, 'b').unwrap();
        assert_eq!((slab.remove(a), slab.len()), (Some('a'), 1));
        let c = slab.add(3, 'c').unwrap();
        assert_ne!(a, c);
        assert_eq!((slab.get(a), slab.get(b), slab.get(c)), (None, Some(&'b'), Some(&'c')));
        assert_eq!(slab.remove(a), None);
        assert_eq!(slab.iter().map(|(_, v)| *v).collect::<String>(), "cb");
    }
}
