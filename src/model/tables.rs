//! Words and pairs with all that scoring needs of them, those that are met most close together.
//!
//! Scoring spends its time waiting for memory. So an entry holds key and weights together, in no more than a cache line for up to four
//! frames; and entries stand in order of their frequency, so that nearly all of a text is found on a few pages.

use std::hash::{BuildHasher as _, Hash};

use foldhash::fast::FixedState;

/// What has a key and a place in the vocabulary's order.
pub(super) trait Entry {
    type Key: Copy + Eq + Hash;

    fn key(&self) -> Self::Key;

    /// The number in the vocabulary's order.
    fn number(&self) -> u32;

    /// What is higher in rarer entries.
    fn idf(&self) -> f32;
}

/// Entries by key. Where an entry stands depends on idf and number alone, so that tables of the same vocabulary agree.
#[derive(Debug)]
pub(super) struct Table<E> {
    /// Most frequent first.
    entries: Vec<E>,
    /// At least half of them empty, so that most keys are found by the first slot looked at.
    slots: Vec<Slot>,
    hasher: FixedState,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    /// The half of the key's hash that does not choose the slot: few others lead to an entry in vain.
    tag: u32,
    /// The entry's place plus 1; 0 in an empty slot.
    place: u32,
}

impl<E: Entry> Table<E> {
    /// Places entries whose keys are distinct.
    pub(super) fn new(mut entries: Vec<E>) -> Self {
        entries.sort_unstable_by(|a, b| a.idf().total_cmp(&b.idf()).then(a.number().cmp(&b.number())));
        let slots = vec![Slot::default(); (2 * entries.len()).next_power_of_two().max(2)];
        let mut table = Table { entries, slots, hasher: FixedState::default() };
        for place in 0..table.entries.len() {
            let (mut at, tag) = table.first(table.entries[place].key());
            while table.slots[at].place != 0 {
                at = (at + 1) & (table.slots.len() - 1);
            }
            table.slots[at] = Slot { tag, place: place as u32 + 1 };
        }
        table
    }

    /// The first slot for a key, and its tag.
    #[inline]
    fn first(&self, key: E::Key) -> (usize, u32) {
        let hash = self.hasher.hash_one(key);
        (hash as usize & (self.slots.len() - 1), (hash >> 32) as u32)
    }

    /// The place of the entry with this key.
    #[inline]
    pub(super) fn find(&self, key: E::Key) -> Option<u32> {
        let (mut at, tag) = self.first(key);
        loop {
            let slot = self.slots[at];
            let place = slot.place.checked_sub(1)?;
            if slot.tag == tag && self.entries[place as usize].key() == key {
                return Some(place);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// All entries, by place.
    #[inline]
    pub(super) fn entries(&self) -> &[E] {
        &self.entries
    }

    #[inline]
    pub(super) fn get(&self, place: u32) -> &E {
        &self.entries[place as usize]
    }

    /// All entries, to be changed in what does not place them.
    pub(super) fn entries_mut(&mut self) -> &mut [E] {
        &mut self.entries
    }

    /// The entry's number in the vocabulary's order, and behind it its place: sorting these sorts by number.
    #[inline]
    pub(super) fn ranked(&self, place: u32) -> u64 {
        u64::from(self.get(place).number()) << 32 | u64::from(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Square {
        number: u32,
    }

    impl Entry for Square {
        type Key = u64;

        fn key(&self) -> u64 {
            u64::from(self.number).pow(2)
        }

        fn number(&self) -> u32 {
            self.number
        }

        fn idf(&self) -> f32 {
            -(self.number as f32)
        }
    }

    #[test]
    fn finds_what_is_there_and_nothing_else() {
        let table = Table::new((0..1000).map(|number| Square { number }).collect());
        for number in 0..1000 {
            let place = table.find(number * number).unwrap();
            assert_eq!(place, 999 - number as u32, "the rarest comes last");
            assert_eq!(table.ranked(place), number << 32 | u64::from(place));
        }
        assert_eq!((998_002..2_000_000).find(|key| table.find(*key).is_some()), None);
        assert_eq!(table.entries().len(), 1000);
        assert_eq!(Table::<Square>::new(Vec::new()).find(0), None);
    }
}
