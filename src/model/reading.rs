//! A text as numbers of words and pairs, which is most of the work of scoring.

use super::cache::{ChunkCache, LONGEST_CHUNK};
use super::lanes::{Inside, Sentence};
use super::lookup::{Key, NO_KEY, StringNumbers, ascii_key, key, word_key};
use super::scorer::Scorer;
use crate::error::Result;
use crate::features::{NAME, Piece, Token, Tokenizer};

/// Bytes, roughly, at which one thread's caches are emptied.
const CACHE_BYTES: usize = 24 << 20;

/// One thread's caches and buffers.
#[derive(Debug, Default)]
pub struct Scratch {
    cache: ChunkCache,
    unknown: Unknown,
    /// The last sentence.
    pub(super) sentence: Sentence,
    /// Tokens of the current sentence that have no place yet.
    cut: Vec<Cut>,
    /// The columns of one word's subwords.
    columns: Vec<u32>,
}

/// An ASCII token: its key, or [`NO_KEY`], and its bytes in the text.
#[derive(Debug, Clone, Copy)]
struct Cut {
    key: Key,
    start: usize,
    end: usize,
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

    /// Fills the tokens of `scratch` with the places of a text's words; `find` has those of the vocabulary.
    #[inline]
    pub(super) fn read_text(&self, text: &str, scratch: &mut Scratch, find: impl Fn(Key) -> Option<u32>) -> Result<()> {
        if scratch.cache.n_bytes() + scratch.unknown.n_bytes > CACHE_BYTES {
            *scratch = Scratch::default();
        }
        scratch.sentence.tokens.clear();
        let mut cut = std::mem::take(&mut scratch.cut);
        for piece in self.tokenizer().pieces(text) {
            match piece {
                Piece::Token { start, end } => {
                    cut.push(Cut { key: ascii_key(text.as_bytes(), start..end).unwrap_or(NO_KEY), start, end });
                }
                Piece::Chunk { start, end, n_replaced } => {
                    cut.truncate(cut.len() - n_replaced);
                    self.place_all(text, &mut cut, scratch, &find);
                    self.read_chunk(&text[start..end], scratch)?;
                }
            }
        }
        self.place_all(text, &mut cut, scratch, &find);
        scratch.cut = cut;
        Ok(())
    }

    /// Appends the places of tokens that were cut from a text. This is a loop of its own, and a short one, so that the processor may wait
    /// for several look-ups at once.
    #[inline]
    fn place_all(&self, text: &str, cut: &mut Vec<Cut>, scratch: &mut Scratch, find: &impl Fn(Key) -> Option<u32>) {
        for Cut { key, start, end } in cut.drain(..) {
            let place = find(key).unwrap_or_else(|| self.other_token(&text[start..end], key, scratch));
            scratch.sentence.tokens.push(place);
        }
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
    fn other_token(&self, token: &str, key: Key, scratch: &mut Scratch) -> u32 {
        let capital = token.as_bytes()[0].is_ascii_uppercase();
        if key == NO_KEY || self.masks(capital) {
            return self.place(&token.to_ascii_lowercase(), capital, scratch);
        }
        let met = scratch.unknown.numbers.find_key(key);
        met.map_or_else(|| self.meet(&token.to_ascii_lowercase(), scratch), |number| self.n_places + number)
    }

    /// The place of what a word in lower case counts as: itself, or the stand-in for names.
    fn place(&self, word: &str, capital: bool, scratch: &mut Scratch) -> u32 {
        let word = match self.find(word) {
            Some(place) => return place,
            None if self.masks(capital) => NAME,
            None => word,
        };
        let met = || scratch.unknown.numbers.find(word).map(|number| self.n_places + number);
        match self.find(word).or_else(met) {
            Some(place) => place,
            None => self.meet(word, scratch),
        }
    }

    /// Gives a place to a word that is neither known nor met before.
    fn meet(&self, word: &str, Scratch { unknown, columns, .. }: &mut Scratch) -> u32 {
        let number = unknown.numbers.len() as u32;
        self.subwords_of(word, columns);
        unknown.rows.resize(self.groups.len(), Vec::new());
        for (rows, group) in unknown.rows.iter_mut().zip(&self.groups) {
            rows.push(group.look_inside(columns));
        }
        unknown.numbers.insert(word, number);
        // Its key, two slots of which one is empty, and what growing leaves free.
        unknown.n_bytes += word.len() + 64 + self.groups.len() * 2 * size_of::<Inside>();
        self.n_places + number
    }

    /// The place of a word of the vocabulary, in lower case.
    fn find(&self, word: &str) -> Option<u32> {
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
