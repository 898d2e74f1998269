//! A text as numbers of words and pairs, which is most of the work of scoring.

use super::cache::{ChunkCache, LONGEST_CHUNK};
use super::lanes::{Inside, Sentence};
use super::lookup::{Key, StringNumbers, ascii_key};
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
    /// The columns of one word's subwords.
    columns: Vec<u32>,
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

    /// Fills the sentence of `scratch` with the words of a text.
    pub(super) fn read(&self, text: &str, scratch: &mut Scratch) -> Result<()> {
        if scratch.cache.n_bytes() + scratch.unknown.n_bytes > CACHE_BYTES {
            *scratch = Scratch::default();
        }
        scratch.sentence.tokens.clear();
        for piece in self.tokenizer().pieces(text) {
            match piece {
                Piece::Token { start, end } => {
                    let capital = text.as_bytes()[start].is_ascii_uppercase();
                    let number = match ascii_key(text.as_bytes(), start..end) {
                        Some(key) => self.number_of_key(key, &text[start..end], capital, scratch),
                        None => self.number(&text[start..end].to_ascii_lowercase(), capital, scratch),
                    };
                    scratch.sentence.tokens.push(number);
                }
                Piece::Chunk { start, end, n_replaced } => {
                    let kept = scratch.sentence.tokens.len() - n_replaced;
                    scratch.sentence.tokens.truncate(kept);
                    self.read_chunk(&text[start..end], scratch)?;
                }
            }
        }
        self.find_pairs(&mut scratch.sentence);
        Ok(())
    }

    /// Appends the words of a chunk that is not plain ASCII.
    fn read_chunk(&self, chunk: &str, scratch: &mut Scratch) -> Result<()> {
        let short = chunk.len() <= LONGEST_CHUNK;
        if short && scratch.cache.append(chunk, &mut scratch.sentence.tokens) {
            return Ok(());
        }
        let start = scratch.sentence.tokens.len();
        self.tokenizer().tokenize_chunk(chunk, |token, capital| {
            let number = self.number(token, capital, scratch);
            scratch.sentence.tokens.push(number);
        })?;
        if short {
            scratch.cache.insert(chunk, &scratch.sentence.tokens[start..]);
        }
        Ok(())
    }

    /// Fills the sentence of `scratch` with tokens that somebody else has cut.
    pub(super) fn read_tokens(&self, tokens: &[Token], scratch: &mut Scratch) {
        scratch.sentence.tokens.clear();
        for token in tokens {
            let number = self.number(&token.text, token.capital, scratch);
            scratch.sentence.tokens.push(number);
        }
        self.find_pairs(&mut scratch.sentence);
    }

    /// Fills in the words and pairs that are in the vocabulary.
    fn find_pairs(&self, Sentence { tokens, words, pairs }: &mut Sentence) {
        let n_words = self.n_words() as u32;
        words.clear();
        pairs.clear();
        let mut last = u32::MAX;
        for token in tokens {
            if *token < n_words {
                words.push(*token);
                if last < n_words {
                    pairs.extend(self.pairs.find([last, *token]));
                }
            }
            last = *token;
        }
        words.sort_unstable();
        pairs.sort_unstable();
    }

    /// The number of what a word counts as: itself, or the stand-in for names. The word may be written in any case, its key in lower case.
    fn number_of_key(&self, key: Key, word: &str, capital: bool, scratch: &mut Scratch) -> u32 {
        if let Some(known) = self.words.find_key(key) {
            return known;
        }
        if self.masks(capital) {
            return self.name_number(scratch);
        }
        match scratch.unknown.numbers.find_key(key) {
            Some(met) => self.n_words() as u32 + met,
            None => self.meet(&word.to_ascii_lowercase(), scratch),
        }
    }

    /// The same for a word in lower case.
    fn number(&self, word: &str, capital: bool, scratch: &mut Scratch) -> u32 {
        match self.words.find(word) {
            Some(known) => known,
            None if self.masks(capital) => self.name_number(scratch),
            None => self.unknown_number(word, scratch),
        }
    }

    fn name_number(&self, scratch: &mut Scratch) -> u32 {
        self.name.unwrap_or_else(|| self.unknown_number(NAME, scratch))
    }

    fn unknown_number(&self, word: &str, scratch: &mut Scratch) -> u32 {
        match scratch.unknown.numbers.find(word) {
            Some(met) => self.n_words() as u32 + met,
            None => self.meet(word, scratch),
        }
    }

    /// Gives a number to a word that is neither known nor met before.
    fn meet(&self, word: &str, Scratch { unknown, columns, .. }: &mut Scratch) -> u32 {
        let number = unknown.numbers.len() as u32;
        self.subwords_of(word, columns);
        unknown.rows.resize(self.groups.len(), Vec::new());
        for (rows, group) in unknown.rows.iter_mut().zip(&self.groups) {
            rows.push(group.look_inside(columns));
        }
        unknown.numbers.insert(word, number);
        // A slot is at most half full, and was half as large before.
        unknown.n_bytes += word.len() + 96 + self.groups.len() * size_of::<Inside>();
        self.n_words() as u32 + number
    }

    /// Whether a word outside the vocabulary counts as a name.
    fn masks(&self, capital: bool) -> bool {
        self.model().metadata.features.names.masks(capital, || false)
    }

    /// Whether a token is read as the stand-in for names.
    pub(super) fn is_name(&self, token: &Token) -> bool {
        self.masks(token.capital) && self.words.find(&token.text).is_none()
    }
}
