//! The words of an article that can tell its story from others.

use super::lexicon::Class;
use super::words::Word;

/// A word's hash, folded to 32 bits.
pub(super) fn fold(hash: u64) -> u32 {
    (hash >> 32) as u32 ^ hash as u32
}

/// Words that tell something, each with how often it occurs, sorted by hash. Short words and the commonest ones tell nothing, and
/// are half of all.
pub(super) fn story_terms<'a>(words: impl Iterator<Item = &'a Word>) -> Vec<(u32, u16)> {
    let telling = words.filter(|word| word.end - word.start > 2 && !word.entry.is(Class::Common));
    let mut hashes: Vec<u32> = telling.map(|word| fold(word.hash)).collect();
    hashes.sort_unstable();
    hashes.chunk_by(|a, b| a == b).map(|term| (term[0], u16::try_from(term.len()).unwrap_or(u16::MAX))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::words::words;

    #[test]
    fn terms_are_counted() {
        let terms = story_terms(words("The Talan men said: Talan's men, and the sea.").iter());
        assert_eq!(terms.iter().map(|(_, n)| *n).sum::<u16>(), 5);
        assert_eq!(terms.len(), 3);
    }
}
