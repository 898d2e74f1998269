//! Short strings as numbers that are found and compared at once.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::tables::{ABSENT, Entry, Table};
use crate::features::{SLACK, StringTable};

/// Bytes of the longest word that fits into a [`Key`] beside its length.
const LONGEST_KEY: usize = SLACK - 1;

/// A short word as one number: its bytes, and its length on top, so that no two words share one. 0 is that of the empty string, which is no
/// word.
pub(super) type Key = u128;

/// What no string has as its key.
pub(super) const NO_KEY: Key = Key::MAX;

/// The key of a word, if it is short enough.
pub(super) fn key(word: &str) -> Option<Key> {
    key_in(word.as_bytes(), 0..word.len())
}

/// The key of a word of the vocabulary: its own, or one that no short word has, made of its number.
pub(super) fn word_key(number: u32, word: &str) -> Key {
    key(word).unwrap_or(u128::from(u8::MAX) << 120 | u128::from(number))
}

/// The key of a part of a text, if it is short enough; quicker where the text goes on for [`SLACK`] bytes.
#[inline]
pub(super) fn key_in(text: &[u8], span: Range<usize>) -> Option<Key> {
    let keep = KEEP.get(span.len())?;
    // Loading a fixed number of bytes and masking is cheaper than copying the right number.
    let bytes = match text[span.start..].first_chunk::<SLACK>() {
        Some(bytes) => u128::from_le_bytes(*bytes),
        None => {
            let mut bytes = [0; SLACK];
            bytes[..span.len()].copy_from_slice(&text[span.clone()]);
            u128::from_le_bytes(bytes)
        }
    };
    Some(bytes & keep | (span.len() as u128) << 120)
}

/// Masks that keep the first bytes, by their number.
const KEEP: [u128; SLACK] = {
    let mut keep = [0; SLACK];
    let mut n = 0;
    while n <= LONGEST_KEY {
        keep[n] = (1 << (8 * n)) - 1;
        n += 1;
    }
    keep
};

/// A short string and its number.
#[derive(Debug, Clone, Default)]
struct Numbered {
    key: Key,
    number: u32,
}

impl Entry for Numbered {
    type Key = Key;

    #[inline]
    fn key(&self) -> Key {
        self.key
    }
}

/// Strings, each to be found by its key or, if it is long, by its text.
#[derive(Debug)]
pub(super) struct StringNumbers {
    short: Table<Numbered>,
    long: HashMap<Box<str>, u32, FixedState>,
    len: u32,
}

impl Default for StringNumbers {
    fn default() -> Self {
        StringNumbers::with_capacity(0)
    }
}

impl StringNumbers {
    fn with_capacity(n: usize) -> Self {
        StringNumbers { short: Table::with_capacity(n), long: HashMap::default(), len: 0 }
    }

    /// Numbers the strings of a table by their positions.
    pub(super) fn new(strings: &StringTable) -> Self {
        let mut numbers = StringNumbers::with_capacity(strings.len());
        for string in strings.iter() {
            numbers.push(string);
        }
        numbers
    }

    /// Adds a string that is not there, nor empty, and returns its number, the next one.
    pub(super) fn push(&mut self, string: &str) -> u32 {
        let number = self.len;
        match key(string) {
            Some(key) => self.short.insert(Numbered { key, number }),
            None => drop(self.long.insert(string.into(), number)),
        }
        self.len += 1;
        number
    }

    #[inline]
    pub(super) fn find_key(&self, key: Key) -> Option<u32> {
        self.short.find(key).map(|place| self.short.get(place).number)
    }

    pub(super) fn find(&self, string: &str) -> Option<u32> {
        key(string).map_or_else(|| self.find_long(string), |key| self.find_key(key))
    }

    /// Finds a string that has no key.
    pub(super) fn find_long(&self, string: &str) -> Option<u32> {
        self.long.get(string).copied()
    }

    /// Appends the numbers of those strings that are there, by their keys. `places` is a buffer.
    pub(super) fn find_all(&self, keys: &[Key], places: &mut Vec<u32>, numbers: &mut Vec<u32>) {
        places.clear();
        self.short.find_all(keys, places);
        let there = places.iter().filter(|place| **place != ABSENT);
        numbers.extend(there.map(|place| self.short.get(*place).number));
    }
}

/// Turns away most of the pairs that are not in the vocabulary, without a look at those that are.
#[derive(Debug)]
pub(super) struct PairFilter(Vec<u64>);

impl PairFilter {
    /// A filter for `n` pairs with these hashes.
    pub(super) fn new(n: usize, hashes: impl Iterator<Item = u64>) -> Self {
        // Eight bits a pair let about one stranger in nine through, and stay small enough to be near.
        let mut filter = PairFilter(vec![0; (n / 8).next_power_of_two()]);
        for hash in hashes {
            let (at, bit) = filter.place(hash);
            filter.0[at] |= bit;
        }
        filter
    }

    #[inline]
    fn place(&self, hash: u64) -> (usize, u64) {
        ((hash >> 6) as usize & (self.0.len() - 1), 1 << (hash & 63))
    }

    #[inline]
    pub(super) fn may_hold(&self, hash: u64) -> bool {
        let (at, bit) = self.place(hash);
        self.0[at] & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::tables::hash;

    proptest! {
        #[test]
        fn a_part_of_a_text_has_the_key_of_the_word(text in "[ -~\\x00-\\x1F]{1,40}", from in 0_usize..40, to in 0_usize..40) {
            let (from, to) = (from.min(text.len()), to.min(text.len()));
            if from < to {
                let word = &text[from..to];
                prop_assert_eq!(key_in(text.as_bytes(), from..to), key(word));
                prop_assert_eq!(key(word).is_some(), word.len() <= LONGEST_KEY);
            }
        }

        #[test]
        fn words_that_differ_have_keys_that_differ(a in "[a\\x00]{1,15}", b in "[a\\x00]{1,15}") {
            prop_assert_eq!(key(&a) == key(&b), a == b);
        }
    }

    #[test]
    fn strings_and_pairs_are_found() {
        let words = StringTable::from_sorted(["a", "antidisestablishmentarianism", "b", "ée"]);
        let index = StringNumbers::new(&words);
        for (number, word) in words.iter().enumerate() {
            assert_eq!(index.find(word), Some(number as u32));
        }
        assert_eq!(index.find("é"), None);
        assert_eq!(index.find("antidisestablishmentarianismus"), None);

        let pairs: Vec<u64> = (0..500_u64).map(|i| hash(i << 32 | (7 * i))).collect();
        let filter = PairFilter::new(pairs.len(), pairs.iter().copied());
        assert!(pairs.iter().all(|pair| filter.may_hold(*pair)));
        let strangers = (0..10_000_u64).filter(|i| filter.may_hold(hash(i << 32 | (7 * i + 1)))).count();
        assert!(strangers < 2_500, "{strangers} of 10,000 strangers get through");
        assert!(!PairFilter::new(0, std::iter::empty()).may_hold(0));
    }
}
