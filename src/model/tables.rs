//! Words and pairs with all that scoring needs of them, each in one place.
//!
//! Scoring spends its time waiting for memory, so that an entry holds key and weights together and fills no more than a cache line for up
//! to four frames.

use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::FixedState;

/// What has a key and a place in the vocabulary's order.
pub(super) trait Entry: Copy + Default {
    type Key: Copy + Eq + Hash;

    fn key(&self) -> Self::Key;

    /// The number in the vocabulary's order plus 1; 0 in an empty place.
    fn order(&self) -> u32;
}

/// Entries by key. Where an entry stands depends on the keys alone, so that tables of the same keys agree.
#[derive(Debug)]
pub(super) struct Table<E> {
    /// At least half of them empty, so that most keys stand in the first place looked at.
    places: Vec<E>,
    hasher: FixedState,
}

impl<E: Entry> Table<E> {
    /// Places entries whose keys are distinct.
    pub(super) fn new(entries: impl ExactSizeIterator<Item = E>) -> Self {
        let n = (2 * entries.len()).next_power_of_two().max(2);
        let mut table = Table { places: vec![E::default(); n], hasher: FixedState::default() };
        for entry in entries {
            let mut at = table.first(entry.key());
            while table.places[at].order() != 0 {
                at = (at + 1) & (n - 1);
            }
            table.places[at] = entry;
        }
        table
    }

    /// The first place where a key may stand.
    #[inline]
    fn first(&self, key: E::Key) -> usize {
        self.hasher.hash_one(key) as usize & (self.places.len() - 1)
    }

    /// Where the entry with this key stands.
    #[inline]
    pub(super) fn find(&self, key: E::Key) -> Option<u32> {
        let mut at = self.first(key);
        loop {
            let entry = &self.places[at];
            if entry.order() == 0 {
                return None;
            }
            if entry.key() == key {
                return Some(at as u32);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    /// How many places there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    #[inline]
    pub(super) fn get(&self, place: u32) -> &E {
        &self.places[place as usize]
    }

    /// All entries.
    pub(super) fn entries_mut(&mut self) -> impl Iterator<Item = &mut E> {
        self.places.iter_mut().filter(|entry| entry.order() > 0)
    }

    /// The entry's number in the vocabulary's order, and behind it its place: sorting these sorts by number.
    #[inline]
    pub(super) fn ranked(&self, place: u32) -> u64 {
        u64::from(self.get(place).order()) << 32 | u64::from(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Copy, Default)]
    struct Square {
        key: u64,
        order: u32,
    }

    impl Entry for Square {
        type Key = u64;

        fn key(&self) -> u64 {
            self.key
        }

        fn order(&self) -> u32 {
            self.order
        }
    }

    #[test]
    fn finds_what_is_there_and_nothing_else() {
        let squares = (0..1000_u32).map(|i| Square { key: u64::from(i).pow(2), order: i + 1 });
        let mut table = Table::new(squares);
        for i in 0..1000 {
            let place = table.find(i * i).unwrap();
            assert_eq!(table.get(place).key, i * i);
            assert_eq!(table.ranked(place) >> 32, i + 1);
        }
        assert_eq!((1_000_001..2_000_000).find(|key| table.find(*key).is_some()), None);
        assert_eq!(table.entries_mut().count(), 1000);
        assert_eq!(Table::<Square>::new(std::iter::empty()).find(0), None);
    }
}
