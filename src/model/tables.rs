//! From key to all that is to be known about it, in one access to memory.
//!
//! Scoring spends its time waiting for memory. So an entry holds key and values together, in no more than a cache line for up to four frames,
//! and stands in the slot that the key's hash leads to.

use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::FixedState;

/// The hash of a key.
#[inline]
pub(super) fn hash(key: impl Hash) -> u64 {
    FixedState::default().hash_one(key)
}

/// No place.
pub(super) const ABSENT: u32 = u32::MAX;

/// What a table holds: a key with its values. The default entry stands for an empty slot.
pub(super) trait Entry: Clone + Default {
    /// The default key is no entry's.
    type Key: Copy + Default + Eq + Hash;

    fn key(&self) -> Self::Key;
}

/// Entries by key, and by place: the number of the slot, which stays the same until the table grows.
#[derive(Debug)]
pub(super) struct Table<E> {
    /// At least half of them empty, so that most keys stand in the first slot looked at.
    slots: Vec<E>,
    len: usize,
}

impl<E: Entry> Table<E> {
    /// An empty table that does not grow before it has `n` entries.
    pub(super) fn with_capacity(n: usize) -> Self {
        Table { slots: vec![E::default(); (2 * n).next_power_of_two().max(2)], len: 0 }
    }

    /// How many slots there are: above all places.
    #[inline]
    pub(super) fn n_places(&self) -> u32 {
        self.slots.len() as u32
    }

    #[inline]
    pub(super) fn get(&self, place: u32) -> &E {
        &self.slots[place as usize]
    }

    /// The place of the entry with this key, which is not the default one.
    #[inline]
    pub(super) fn find(&self, key: E::Key) -> Option<u32> {
        let mut place = self.first(key);
        loop {
            let found = self.get(place).key();
            if found == key {
                return Some(place);
            }
            if found == E::Key::default() {
                return None;
            }
            place = self.next(place);
        }
    }

    /// Appends the place of each key, or [`ABSENT`], to `places`.
    #[inline]
    pub(super) fn find_all(&self, keys: &[E::Key], places: &mut Vec<u32>) {
        let start = places.len();
        // Short, and without a branch, so that the processor waits for many keys at once; few are not where they should be.
        places.extend(keys.iter().map(|key| {
            let place = self.first(*key);
            if self.get(place).key() == *key { place } else { ABSENT }
        }));
        for (place, key) in places[start..].iter_mut().zip(keys) {
            if *place == ABSENT {
                *place = self.find(*key).unwrap_or(ABSENT);
            }
        }
    }

    /// The slot where a key stands, if no other took it before.
    #[inline]
    fn first(&self, key: E::Key) -> u32 {
        (hash(key) as usize & (self.slots.len() - 1)) as u32
    }

    fn next(&self, place: u32) -> u32 {
        ((place as usize + 1) & (self.slots.len() - 1)) as u32
    }

    /// Adds an entry whose key is not there. Unless the table grows, those added first are found soonest.
    pub(super) fn insert(&mut self, entry: E) {
        self.len += 1;
        if 2 * self.len > self.slots.len() {
            let before = std::mem::replace(self, Table::with_capacity(self.len));
            self.len = before.len;
            before
                .slots
                .into_iter()
                .filter(|entry| entry.key() != E::Key::default())
                .for_each(|entry| self.fill(entry));
        }
        self.fill(entry);
    }

    /// Fills the first empty slot where the entry belongs.
    fn fill(&mut self, entry: E) {
        let mut place = self.first(entry.key());
        while self.get(place).key() != E::Key::default() {
            place = self.next(place);
        }
        self.slots[place as usize] = entry;
    }

    /// The entries with their places, in order of these.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, &E)> {
        (0..).zip(&self.slots).filter(|(_, entry)| entry.key() != E::Key::default())
    }

    /// The entries, to be changed in what is not their key.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut E> {
        self.slots.iter_mut().filter(|entry| entry.key() != E::Key::default())
    }
}

impl<E: Entry> FromIterator<E> for Table<E> {
    fn from_iter<I: IntoIterator<Item = E>>(entries: I) -> Self {
        let entries = entries.into_iter();
        let mut table = Table::with_capacity(entries.size_hint().0);
        entries.for_each(|entry| table.insert(entry));
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Square(u64);

    impl Entry for Square {
        type Key = u64;

        fn key(&self) -> u64 {
            self.0 * self.0
        }
    }

    #[test]
    fn finds_what_is_there_and_nothing_else() {
        let mut table = Table::with_capacity(0);
        for number in 1..1000 {
            assert_eq!(table.find(number * number), None);
            table.insert(Square(number));
        }
        for number in 1..1000 {
            let place = table.find(number * number).unwrap();
            assert_eq!(table.get(place).0, number);
            assert!(place < table.n_places());
        }
        assert_eq!((998_002..2_000_000).find(|key| table.find(*key).is_some()), None);
        assert_eq!(table.iter().count(), 999);
        table.iter().for_each(|(place, entry)| assert_eq!(table.find(entry.key()), Some(place)));
        assert!(table.n_places() >= 2 * 999, "at least half of the slots are empty");

        let keys: Vec<u64> = (1..5000).collect();
        let mut places = vec![7];
        table.find_all(&keys, &mut places);
        assert_eq!(places[0], 7);
        let one_by_one: Vec<u32> = keys.iter().map(|key| table.find(*key).unwrap_or(ABSENT)).collect();
        assert_eq!(places[1..], one_by_one);
    }

    #[test]
    fn what_comes_first_is_found_first() {
        let empty: Table<Square> = Table::with_capacity(4);
        let second = (2..1000).find(|number| empty.first(number * number) == empty.first(1)).unwrap();
        let (mut table, mut turned) = (Table::with_capacity(4), Table::with_capacity(4));
        for number in [1, second] {
            table.insert(Square(number));
        }
        for number in [second, 1] {
            turned.insert(Square(number));
        }
        let slot = empty.first(1);
        assert_eq!((table.get(slot).0, turned.get(slot).0), (1, second));
        assert_eq!((table.find(second * second), turned.find(1)), (Some(table.next(slot)), Some(table.next(slot))));
    }

    #[test]
    fn a_table_grows_to_twice_its_size() {
        let mut table = Table::with_capacity(4);
        let sizes: Vec<u32> = (1..=9)
            .map(|number| {
                table.insert(Square(number));
                table.n_places()
            })
            .collect();
        assert_eq!(sizes, [8, 8, 8, 8, 16, 16, 16, 16, 32]);
    }
}
