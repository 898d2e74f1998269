//! A sorted list of strings in one buffer, and fast look-up in it.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// Distinct strings in byte order; a string's position is its feature's column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StringTable {
    bytes: Vec<u8>,
    /// Where each string starts, and the end: length n + 1.
    offsets: Vec<u32>,
}

impl StringTable {
    /// Collects strings that are sorted and distinct.
    pub(crate) fn from_sorted<'a>(strings: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = StringTable { bytes: Vec::new(), offsets: vec![0] };
        for string in strings {
            table.bytes.extend_from_slice(string.as_bytes());
            table.offsets.push(u32::try_from(table.bytes.len()).expect("a vocabulary is far below 4 GB"));
        }
        table
    }

    /// Rebuilds a table from its parts; `None` unless the parts are one: rising offsets, UTF-8, sorted and distinct.
    pub(crate) fn from_parts(bytes: Vec<u8>, offsets: Vec<u32>) -> Option<Self> {
        let whole = offsets.first() == Some(&0) && offsets.last().map(|end| *end as usize) == Some(bytes.len());
        let rising = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        let text = std::str::from_utf8(&bytes).ok()?;
        let on_characters = whole && rising && offsets.iter().all(|at| text.is_char_boundary(*at as usize));
        if !on_characters {
            return None;
        }
        let table = StringTable { bytes, offsets };
        let sorted = (1..table.len()).all(|i| table.get(i - 1) < table.get(i));
        sorted.then_some(table)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn offsets(&self) -> &[u32] {
        &self.offsets
    }

    /// How many strings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The string at a position below [`StringTable::len`].
    #[must_use]
    pub fn get(&self, i: usize) -> &str {
        std::str::from_utf8(self.get_bytes(i)).expect("a table is built from strings and checked when loaded")
    }

    fn get_bytes(&self, i: usize) -> &[u8] {
        &self.bytes[self.offsets[i] as usize..self.offsets[i + 1] as usize]
    }

    /// The strings in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|i| self.get(i))
    }

    /// The position here of each string of another table: one walk over both, as both are sorted.
    pub(crate) fn places_of(&self, others: &StringTable) -> Vec<Option<u32>> {
        let mut at = 0;
        (0..others.len())
            .map(|i| {
                let wanted = others.get_bytes(i);
                while at < self.len() && self.get_bytes(at) < wanted {
                    at += 1;
                }
                (at < self.len() && self.get_bytes(at) == wanted).then_some(at as u32)
            })
            .collect()
    }

    /// An index for look-ups by string.
    pub(crate) fn index(&self) -> StringIndex {
        let mut index = StringIndex { table: HashTable::with_capacity(self.len()), hasher: FixedState::default() };
        for i in 0..self.len() {
            let hash = index.hasher.hash_one(self.get_bytes(i));
            // Rehashing needs the strings, but the capacity is exact: it never happens.
            index.table.insert_unique(hash, i as u32, |i| index.hasher.hash_one(self.get_bytes(*i as usize)));
        }
        index
    }
}

/// From string to position in a [`StringTable`].
#[derive(Debug, Clone)]
pub(crate) struct StringIndex {
    table: HashTable<u32>,
    hasher: FixedState,
}

impl StringIndex {
    pub(crate) fn find(&self, strings: &StringTable, wanted: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(wanted.as_bytes());
        self.table.find(hash, |i| strings.get_bytes(*i as usize) == wanted.as_bytes()).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_is_there() {
        let table = StringTable::from_sorted(["", "a", "é", "ée"]);
        let index = table.index();
        for (i, string) in table.iter().enumerate() {
            assert_eq!(index.find(&table, string), Some(i as u32));
        }
        assert_eq!(index.find(&table, "b"), None);
        let others = StringTable::from_sorted(["a", "b", "ée", "ö"]);
        assert_eq!(table.places_of(&others), [Some(1), None, Some(3), None]);
        assert_eq!(others.places_of(&table), [None, Some(0), None, Some(2)]);
        assert_eq!(StringTable::from_parts(table.bytes().to_vec(), table.offsets().to_vec()), Some(table));
    }

    #[test]
    fn broken_parts_are_refused() {
        assert!(StringTable::from_parts(b"ab".to_vec(), vec![0, 2, 1]).is_none(), "falling");
        assert!(StringTable::from_parts(b"ab".to_vec(), vec![0, 9]).is_none(), "beyond the end");
        assert!(StringTable::from_parts("é".into(), vec![0, 1, 2]).is_none(), "inside a character");
        assert!(StringTable::from_parts(b"ba".to_vec(), vec![0, 1, 2]).is_none(), "unsorted");
        assert!(StringTable::from_parts(b"aa".to_vec(), vec![0, 1, 2]).is_none(), "twice");
        assert!(StringTable::from_parts(vec![], vec![]).is_none(), "no end");
    }
}
