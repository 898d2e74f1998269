//! A text as numbers of words and pairs, which is most of the work of scoring.

use super::cache::{ChunkCache, LONGEST_CHUNK};
use super::lanes::{Inside, Sentence};
use super::lookup::{Key, NO_KEY, StringNumbers, key, key_in, word_key};
use super::scorer::Scorer;
use super::tables::{ABSENT, Entry, Table};
use crate::error::Result;
use crate::features::{NAME, Piece, SLACK, Token, Tokenizer};

/// Bytes, roughly, at which one thread's caches are emptied.
const CACHE_BYTES: usize = 24 << 20;

/// One thread's caches and buffers.
#[derive(Debug, Default)]
pub struct Scratch {
    cache: ChunkCache,
    unknown: Unknown,
    /// The last sentence.
    pub(super) sentence: Sentence,
    /// The current text, its ASCII in lower case, with some slack behind.
    lower: Vec<u8>,
    /// Its tokens that have no place yet.
    cut: Cut,
    pub(super) subwords: Subwords,
}

/// Buffers for the subwords of one word.
#[derive(Debug, Default)]
pub(super) struct Subwords {
    pub padded: String,
    pub keys: Vec<Key>,
    pub places: Vec<u32>,
    /// Their columns, sorted, each as often as it occurs.
    pub columns: Vec<u32>,
}

/// ASCII tokens: the key of each, or [`NO_KEY`], and its bytes in the text.
#[derive(Debug, Default)]
struct Cut {
    keys: Vec<Key>,
    spans: Vec<(usize, usize)>,
}

/// Words outside the vocabulary that were met, numbered in order.
#[derive(Debug, Default)]
struct Unknown {
    numbers: StringNumbers,
    /// What lies inside each of them, by group of frames.
    rows: Vec<Vec<Inside>>,
    n_bytes: usize,
}

impl Scratch {
    /// What lies inside the unknown words, in order of their numbers, group by group.
    pub(super) fn unknown(&self) -> impl Iterator<Item = &[Inside]> {
        self.unknown.rows.iter().map(Vec::as_slice).chain(std::iter::repeat(&[][..]))
    }
}

impl Scorer {
    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.model().tokenizer
    }

    /// Fills the tokens of `scratch` with the places of a text's words; `words` has those of the vocabulary.
    #[inline]
    pub(super) fn read_text<E: Entry<Key = Key>>(
        &self,
        text: &str,
        scratch: &mut Scratch,
        words: &Table<E>,
    ) -> Result<()> {
        if scratch.cache.n_bytes() + scratch.unknown.n_bytes > CACHE_BYTES {
            *scratch = Scratch::default();
        }
        scratch.sentence.tokens.clear();
        let (mut cut, mut lower) = (std::mem::take(&mut scratch.cut), std::mem::take(&mut scratch.lower));
        lower.clear();
        lower.extend_from_slice(text.as_bytes());
        lower.make_ascii_lowercase();
        lower.extend_from_slice(&[0; SLACK]);
        self.tokenizer().pieces(text, |piece| {
            match piece {
                Piece::Token { start, end } => {
                    cut.keys.push(key_in(&lower, start..end).unwrap_or(NO_KEY));
                    cut.spans.push((start, end));
                }
                Piece::Chunk { start, end } => {
                    let before = cut.spans.iter().rposition(|span| span.0 < start).map_or(0, |last| last + 1);
                    cut.keys.truncate(before);
                    cut.spans.truncate(before);
                    self.place_all(text, &mut cut, scratch, words);
                    self.read_chunk(&text[start..end], scratch)?;
                }
            }
            Ok(())
        })?;
        self.place_all(text, &mut cut, scratch, words);
        (scratch.cut, scratch.lower) = (cut, lower);
        Ok(())
    }

    /// Appends the places of tokens that were cut from a text.
    #[inline]
    fn place_all<E: Entry<Key = Key>>(
        &self,
        text: &str,
        Cut { keys, spans }: &mut Cut,
        scratch: &mut Scratch,
        words: &Table<E>,
    ) {
        let start = scratch.sentence.tokens.len();
        words.find_all(keys, &mut scratch.sentence.tokens);
        for i in 0..keys.len() {
            if scratch.sentence.tokens[start + i] == ABSENT {
                scratch.sentence.tokens[start + i] = self.other_token(text, keys[i], spans[i], scratch);
            }
        }
        keys.clear();
        spans.clear();
    }

    /// Fills the sentence of `scratch` with tokens that somebody else has cut.
    pub(super) fn read_tokens(&self, tokens: &[Token], scratch: &mut Scratch) {
        scratch.sentence.tokens.clear();
        for token in tokens {
            let place = self.place(&token.text, token.capital, scratch);
            scratch.sentence.tokens.push(place);
        }
        self.groups[0].complete(&mut scratch.sentence);
    }

    /// Appends the words of a chunk that is not plain ASCII.
    fn read_chunk(&self, chunk: &str, scratch: &mut Scratch) -> Result<()> {
        let short = chunk.len() <= LONGEST_CHUNK;
        if short && scratch.cache.append(chunk, &mut scratch.sentence.tokens) {
            return Ok(());
        }
        let start = scratch.sentence.tokens.len();
        self.tokenizer().tokenize_chunk(chunk, |token, capital| {
            let place = self.place(token, capital, scratch);
            scratch.sentence.tokens.push(place);
        })?;
        if short {
            scratch.cache.insert(chunk, &scratch.sentence.tokens[start..]);
        }
        Ok(())
    }

    /// The place of an ASCII token that the vocabulary does not hold by its key.
    fn other_token(&self, text: &str, key: Key, (start, end): (usize, usize), scratch: &mut Scratch) -> u32 {
        let capital = text.as_bytes()[start].is_ascii_uppercase();
        let lower = || text[start..end].to_ascii_lowercase();
        if key == NO_KEY {
            return self.place(&lower(), capital, scratch);
        }
        if self.masks(capital) {
            return self.name(scratch);
        }
        let met = scratch.unknown.numbers.find_key(key);
        met.map_or_else(|| self.meet(&lower(), scratch), |number| self.n_places + number)
    }

    /// The place of a word in lower case, or of the stand-in for names if it counts as one.
    fn place(&self, word: &str, capital: bool, scratch: &mut Scratch) -> u32 {
        match self.find(word) {
            Some(place) => place,
            None if self.masks(capital) => self.name(scratch),
            None => self.stranger(word, scratch),
        }
    }

    /// The place of the stand-in for names.
    fn name(&self, scratch: &mut Scratch) -> u32 {
        self.name.unwrap_or_else(|| self.stranger(NAME, scratch))
    }

    /// The place of a word outside the vocabulary.
    fn stranger(&self, word: &str, scratch: &mut Scratch) -> u32 {
        match scratch.unknown.numbers.find(word) {
            Some(number) => self.n_places + number,
            None => self.meet(word, scratch),
        }
    }

    /// Gives a place to a word that is neither known nor met before.
    fn meet(&self, word: &str, Scratch { unknown, subwords, .. }: &mut Scratch) -> u32 {
        self.subwords_of(word, subwords);
        unknown.rows.resize(self.groups.len(), Vec::new());
        for (rows, group) in unknown.rows.iter_mut().zip(&self.groups) {
            rows.push(group.look_inside(&subwords.columns));
        }
        // Its text if it is long, up to four slots, and what growing leaves free.
        unknown.n_bytes += word.len() + 128 + self.groups.len() * 2 * size_of::<Inside>();
        self.n_places + unknown.numbers.push(word)
    }

    /// The place of a word of the vocabulary, in lower case.
    pub(super) fn find(&self, word: &str) -> Option<u32> {
        let key = key(word).or_else(|| self.long.get(word).map(|number| word_key(*number, word)))?;
        self.groups[0].find(key)
    }

    /// Whether a word outside the vocabulary counts as a name.
    fn masks(&self, capital: bool) -> bool {
        self.model().metadata.features.names.masks(capital, || false)
    }

    /// Whether a token is read as the stand-in for names.
    pub(super) fn is_name(&self, token: &Token) -> bool {
        self.masks(token.capital) && self.find(&token.text).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::tests::quick_scorer;

    #[test]
    fn memory_for_unknown_words_is_bounded() {
        let scorer = quick_scorer();
        let mut scratch = Scratch::default();
        let mut logits = vec![0.0; scorer.frames().len()];
        let text = "He said qwrtp, zzyzx and naïve vbnm.";
        scorer.logits(text, &mut scratch, &mut logits).unwrap();
        let before = logits.clone();
        let (mut last, mut n_emptied) = (0, 0);
        for sentence in 0..4_000 {
            let words: Vec<String> = (0..50).map(|word| format!("x{}q", sentence * 50 + word)).collect();
            scorer.logits(&words.join(" "), &mut scratch, &mut logits).unwrap();
            n_emptied += usize::from(scratch.unknown.n_bytes < last);
            last = scratch.unknown.n_bytes;
            assert!(last < CACHE_BYTES + (1 << 20), "{last} bytes");
        }
        assert!(n_emptied > 0, "{last} bytes of 200,000 words");
        scorer.logits(text, &mut scratch, &mut logits).unwrap();
        assert_eq!(logits, before);
    }
}
