//! A table from small keys to numbers, small enough itself to stay near the processor.

use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::FixedState;

/// From key to number. A slot holds a part of the key's hash and the number, and leads to the key: a miss costs one access to memory, a hit
/// two, to tables that are a quarter of the size that slots with keys inside would need.
#[derive(Debug, Clone)]
pub(super) struct Slots<K> {
    /// At least half of them empty, so that most keys stand in the first slot looked at.
    places: Vec<Slot>,
    /// By number.
    keys: Vec<K>,
    hasher: FixedState,
    len: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    tag: u32,
    /// The number plus 1; 0 in an empty slot.
    number: u32,
}

impl<K: Copy + Default + Eq + Hash> Default for Slots<K> {
    fn default() -> Self {
        Slots::with_capacity(0)
    }
}

impl<K: Copy + Default + Eq + Hash> Slots<K> {
    /// An empty table with room for `n` keys.
    pub(super) fn with_capacity(n: usize) -> Self {
        let places = vec![Slot::default(); (2 * n).next_power_of_two().max(2)];
        Slots { places, keys: Vec::with_capacity(n), hasher: FixedState::default(), len: 0 }
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(super) fn find(&self, key: K) -> Option<u32> {
        let mask = self.places.len() - 1;
        let hash = self.hasher.hash_one(key);
        let mut at = hash as usize & mask;
        loop {
            let slot = self.places[at];
            let number = slot.number.checked_sub(1)?;
            if slot.tag == tag(hash) && self.keys[number as usize] == key {
                return Some(number);
            }
            at = (at + 1) & mask;
        }
    }

    /// Adds a key that is not there, with a number that no other key has; numbers stay below `u32::MAX`.
    pub(super) fn insert(&mut self, key: K, number: u32) {
        if 2 * (self.len + 1) > self.places.len() {
            let before = std::mem::take(&mut self.places);
            self.places = vec![Slot::default(); 2 * before.len()];
            for slot in before.into_iter().filter(|slot| slot.number > 0) {
                self.place(self.keys[slot.number as usize - 1], slot.number);
            }
        }
        if self.keys.len() <= number as usize {
            self.keys.resize(number as usize + 1, K::default());
        }
        self.keys[number as usize] = key;
        self.place(key, number + 1);
        self.len += 1;
    }

    /// Fills the first empty slot where the key belongs.
    fn place(&mut self, key: K, number: u32) {
        let mask = self.places.len() - 1;
        let hash = self.hasher.hash_one(key);
        let mut at = hash as usize & mask;
        while self.places[at].number != 0 {
            at = (at + 1) & mask;
        }
        self.places[at] = Slot { tag: tag(hash), number };
    }
}

/// The half of a hash that does not choose the slot.
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_added_and_nothing_else() {
        let mut slots = Slots::default();
        for i in 0..1000_u64 {
            assert_eq!(slots.find(i * i), None);
            slots.insert(i * i, i as u32);
        }
        assert_eq!(slots.len(), 1000);
        for i in 0..1000_u64 {
            assert_eq!(slots.find(i * i), Some(i as u32));
        }
        assert_eq!((1_000_001..2_000_000).find(|key| slots.find(*key).is_some()), None);
    }
}
