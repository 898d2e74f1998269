//! A sorted list of strings in one buffer.

/// Distinct strings in byte order; a string's position is its feature's column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StringTable {
    text: String,
    /// Where each string starts, and the end: length n + 1.
    offsets: Vec<u32>,
}

impl StringTable {
    /// Collects strings that are sorted and distinct.
    pub(crate) fn from_sorted<'a>(strings: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = StringTable { text: String::new(), offsets: vec![0] };
        for string in strings {
            table.text.push_str(string);
            table.offsets.push(u32::try_from(table.text.len()).expect("a vocabulary is far below 4 GB"));
        }
        table
    }

    /// Rebuilds a table from its parts; `None` unless the parts are one: rising offsets, UTF-8, sorted and distinct.
    pub(crate) fn from_parts(bytes: Vec<u8>, offsets: Vec<u32>) -> Option<Self> {
        let whole = offsets.first() == Some(&0) && offsets.last().map(|end| *end as usize) == Some(bytes.len());
        let rising = offsets.windows(2).all(|pair| pair[0] <= pair[1]);
        let text = String::from_utf8(bytes).ok()?;
        let on_characters = whole && rising && offsets.iter().all(|at| text.is_char_boundary(*at as usize));
        if !on_characters {
            return None;
        }
        let table = StringTable { text, offsets };
        let sorted = (1..table.len()).all(|i| table.get(i - 1) < table.get(i));
        sorted.then_some(table)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
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
        &self.text[self.offsets[i] as usize..self.offsets[i + 1] as usize]
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
                let wanted = others.get(i);
                while at < self.len() && self.get(at) < wanted {
                    at += 1;
                }
                (at < self.len() && self.get(at) == wanted).then_some(at as u32)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_and_are_found() {
        let table = StringTable::from_sorted(["", "a", "é", "ée"]);
        assert_eq!(table.iter().collect::<Vec<_>>(), ["", "a", "é", "ée"]);
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
