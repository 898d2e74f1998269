//! Tokenised sentences: each distinct word stored once, each sentence a run of word numbers.

use hashbrown::HashMap;
use rayon::prelude::*;

use super::tokenizer::{Tokenizer, chunks};
use crate::error::Result;

/// The word that stands for names where they are masked. No token is like it: `<` is a token of its own.
pub(crate) const NAME: &str = "<name>";
/// Its number among the distinct words of every [`Documents`].
pub(crate) const NAME_NUMBER: u32 = 0;

/// A word as it is written in one place: its number among the distinct words, and whether it is written with a capital letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written(u32);

impl Written {
    fn new(word: u32, capital: bool) -> Self {
        Written(word << 1 | u32::from(capital))
    }

    /// The number of the word.
    pub(crate) fn word(self) -> u32 {
        self.0 >> 1
    }

    /// Whether it is written with a capital letter.
    pub(crate) fn is_capital(self) -> bool {
        self.0 & 1 == 1
    }
}

/// Sentences as sequences of words.
#[derive(Debug, Clone)]
pub struct Documents {
    /// Distinct words, [`NAME`] first, the others in order of first appearance.
    pub(crate) words: Vec<Box<str>>,
    tokens: Vec<Written>,
    /// Where each sentence's tokens start, and the end: length n_documents + 1.
    starts: Vec<usize>,
}

/// Sentences that one task tokenises, so that the work spreads over the cores.
const BLOCK: usize = 4096;
/// Blocks that are worked on together.
const BLOCKS: usize = 16;

impl Default for Documents {
    /// No sentence.
    fn default() -> Self {
        Documents::empty().0
    }
}

impl Documents {
    /// Tokenises sentences, each distinct chunk of a block of them once.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`](crate::ErrorKind::Tokenizer) if the tokenizer fails.
    pub fn new<S: AsRef<str> + Sync>(tokenizer: &Tokenizer, texts: &[S]) -> Result<Self> {
        // Joining the blocks in their order numbers the words as one pass over all sentences would. Some blocks at a time: each holds
        // words of its own until it is joined.
        let (mut all, mut number) = Documents::empty();
        for some in texts.chunks(BLOCK * BLOCKS) {
            let blocks: Vec<Documents> =
                some.par_chunks(BLOCK).map(|block| Documents::block(tokenizer, block)).collect::<Result<_>>()?;
            blocks.into_iter().for_each(|block| all.join(block, &mut number));
        }
        all.tokens.shrink_to_fit();
        Ok(all)
    }

    /// Appends sentences, whose words get the numbers that they have here.
    fn join(&mut self, block: Documents, number: &mut HashMap<Box<str>, u32>) {
        let renumbered: Vec<u32> = block
            .words
            .into_iter()
            .map(|word| {
                *number.entry(word).or_insert_with_key(|word| {
                    self.words.push(word.clone());
                    self.words.len() as u32 - 1
                })
            })
            .collect();
        let base = self.tokens.len();
        let renumber = |token: &Written| Written::new(renumbered[token.word() as usize], token.is_capital());
        self.tokens.extend(block.tokens.iter().map(renumber));
        self.starts.extend(block.starts[1..].iter().map(|start| base + start));
    }

    /// No sentence yet, and one word: [`NAME`].
    fn empty() -> (Self, HashMap<Box<str>, u32>) {
        let documents = Documents { words: vec![NAME.into()], tokens: Vec::new(), starts: vec![0] };
        (documents, HashMap::from([(NAME.into(), NAME_NUMBER)]))
    }

    fn block<S: AsRef<str>>(tokenizer: &Tokenizer, texts: &[S]) -> Result<Self> {
        let (mut documents, mut number) = Documents::empty();
        let mut cache: HashMap<&str, (usize, usize)> = HashMap::new();
        let mut cached: Vec<Written> = Vec::new();
        for text in texts {
            for chunk in chunks(text.as_ref()) {
                let (start, end) = match cache.get(chunk) {
                    Some(range) => *range,
                    None => {
                        let start = cached.len();
                        tokenizer.tokenize_chunk(chunk, |token, capital| {
                            let word = *number.entry_ref(token).or_insert_with(|| {
                                documents.words.push(token.into());
                                documents.words.len() as u32 - 1
                            });
                            cached.push(Written::new(word, capital));
                        })?;
                        cache.insert(chunk, (start, cached.len()));
                        (start, cached.len())
                    }
                };
                documents.tokens.extend_from_slice(&cached[start..end]);
            }
            documents.starts.push(documents.tokens.len());
        }
        Ok(documents)
    }

    /// How many sentences there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The words of sentence `i`.
    pub(crate) fn tokens(&self, i: usize) -> &[Written] {
        &self.tokens[self.starts[i]..self.starts[i + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_number_words_as_one_pass_would() {
        let texts: Vec<String> =
            (0..(BLOCKS + 1) * BLOCK + 10).map(|i| format!("word{} and word{}", i % 17, i % 5000)).collect();
        let tokenizer = Tokenizer::default();
        let joined = Documents::new(&tokenizer, &texts).unwrap();
        let single = Documents::block(&tokenizer, &texts).unwrap();
        assert_eq!(joined.words, single.words);
        assert_eq!(joined.tokens, single.tokens);
        assert_eq!(joined.starts, single.starts);
    }
}
