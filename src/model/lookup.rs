//! Short strings as numbers that are found and compared at once.

use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::slots::Slots;
use crate::features::StringTable;

/// Bytes of the longest word that fits into a [`Key`] beside its length.
pub(super) const LONGEST_KEY: usize = 15;

/// A short word as one number: its bytes, and its length on top, so that no two words share one.
pub(super) type Key = u128;

/// What is no string's key: that of the empty one, which is no word.
pub(super) const NO_KEY: Key = 0;

/// The key of a word, if it is short enough.
pub(super) fn key(word: &str) -> Option<Key> {
    key_of(word.as_bytes(), 0..word.len(), |bytes| bytes)
}

/// The key of a word of the vocabulary: its own, or one that no short word has, made of its number.
pub(super) fn word_key(number: u32, word: &str) -> Key {
    key(word).unwrap_or(u128::from(u8::MAX) << 120 | u128::from(number))
}

/// The key of a stretch of ASCII, lower-cased, if it is short enough.
#[inline]
pub(super) fn ascii_key(text: &[u8], span: Range<usize>) -> Option<Key> {
    key_of(text, span, lower_case)
}

#[inline]
fn key_of(text: &[u8], span: Range<usize>, change: impl Fn(u128) -> u128) -> Option<Key> {
    let keep = KEEP.get(span.len())?;
    // Loading a fixed number of bytes and masking is cheaper than copying the right number.
    let bytes = match text[span.start..].first_chunk::<16>() {
        Some(bytes) => u128::from_le_bytes(*bytes),
        None => {
            let mut bytes = [0; 16];
            bytes[..span.len()].copy_from_slice(&text[span.clone()]);
            u128::from_le_bytes(bytes)
        }
    };
    Some(change(bytes & keep) | (span.len() as u128) << 120)
}

/// Masks that keep the first bytes, by their number.
const KEEP: [u128; LONGEST_KEY + 1] = {
    let mut keep = [0; LONGEST_KEY + 1];
    let mut n = 0;
    while n <= LONGEST_KEY {
        keep[n] = (1 << (8 * n)) - 1;
        n += 1;
    }
    keep
};

/// Lower-cases sixteen ASCII bytes at once.
fn lower_case(bytes: u128) -> u128 {
    const ONES: u128 = u128::from_le_bytes([1; 16]);
    // In each byte the highest bit says whether it reaches 'A', and whether it is beyond 'Z'.
    let reaches = bytes + ONES * (0x80 - u128::from(b'A'));
    let beyond = bytes + ONES * (0x7F - u128::from(b'Z'));
    let capital = (reaches ^ beyond) & (ONES << 7);
    bytes | capital >> 2
}

/// Sorted strings, each to be found by its key or, if it is long, by its text.
#[derive(Debug, Default)]
pub(super) struct StringNumbers {
    short: Slots<Key>,
    long: HashMap<Box<str>, u32, FixedState>,
}

impl StringNumbers {
    pub(super) fn new(strings: &StringTable) -> Self {
        let mut numbers = StringNumbers { short: Slots::with_capacity(strings.len()), long: HashMap::default() };
        for (number, string) in strings.iter().enumerate() {
            numbers.insert(string, number as u32);
        }
        numbers
    }

    /// Adds a string that is not there, with a number that no other has.
    pub(super) fn insert(&mut self, string: &str, number: u32) {
        match key(string) {
            Some(key) => self.short.insert(key, number),
            None => drop(self.long.insert(string.into(), number)),
        }
    }

    #[inline]
    pub(super) fn find_key(&self, key: Key) -> Option<u32> {
        self.short.find(key)
    }

    pub(super) fn find(&self, string: &str) -> Option<u32> {
        self.find_in(string, 0..string.len())
    }

    /// Finds a part of a text; quicker where the text goes on for 16 bytes.
    pub(super) fn find_in(&self, text: &str, span: Range<usize>) -> Option<u32> {
        match key_of(text.as_bytes(), span.clone(), |bytes| bytes) {
            Some(key) => self.short.find(key),
            None => self.long.get(&text[span]).copied(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }
}

/// Turns away most of the pairs that are not in the vocabulary, without a look at those that are.
#[derive(Debug)]
pub(super) struct PairFilter(Vec<u64>);

impl PairFilter {
    /// A filter for `n` pairs.
    pub(super) fn new(n: usize, pairs: impl Iterator<Item = u64>) -> Self {
        // Eight bits a pair let about one stranger in nine through, and stay small enough to be near.
        let mut filter = PairFilter(vec![0; (n / 8).next_power_of_two()]);
        for pair in pairs {
            let (at, bit) = filter.place(pair);
            filter.0[at] |= bit;
        }
        filter
    }

    #[inline]
    fn place(&self, pair: u64) -> (usize, u64) {
        // Multiplicative hashing: the high bits of the product depend on all bits of the pair.
        let hash = pair.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((hash >> 38) as usize & (self.0.len() - 1), 1 << (hash >> 32 & 63))
    }

    #[inline]
    pub(super) fn may_hold(&self, pair: u64) -> bool {
        let (at, bit) = self.place(pair);
        self.0[at] & bit != 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_the_word_in_lower_case(text in "[ -~\\x00-\\x1F]{1,40}", from in 0_usize..40, to in 0_usize..40) {
            let (from, to) = (from.min(text.len()), to.min(text.len()));
            if from < to {
                let word = &text[from..to];
                prop_assert_eq!(ascii_key(text.as_bytes(), from..to), key(&word.to_ascii_lowercase()));
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
        assert_eq!(index.len(), 4);

        let pairs: Vec<u64> = (0..500).map(|i| i << 32 | (7 * i)).collect();
        let filter = PairFilter::new(pairs.len(), pairs.iter().copied());
        assert!(pairs.iter().all(|pair| filter.may_hold(*pair)));
        let strangers = (0..10_000).filter(|i| filter.may_hold(i << 32 | (7 * i + 1))).count();
        assert!(strangers < 2_500, "{strangers} of 10,000 strangers get through");
        assert!(!PairFilter::new(0, std::iter::empty()).may_hold(0));
    }
}
