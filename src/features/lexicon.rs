//! The distinct words of a corpus with the subwords of each, found once and shared by all folds.

use hashbrown::HashMap;
use rayon::prelude::*;

use super::documents::Documents;
use super::params::FeatureValidParams;
use super::strings::StringTable;
use super::subwords::subwords;

/// Documents, and what lies inside their words.
#[derive(Debug, Clone)]
pub struct Lexicon {
    pub(crate) documents: Documents,
    /// All subwords of all words, sorted.
    pub(crate) subwords: StringTable,
    /// For each word its distinct subwords and how often each occurs in it, in subword order.
    of_word: Vec<(u32, u32)>,
    starts: Vec<usize>,
}

impl Lexicon {
    /// Cuts every distinct word of the documents into its subwords.
    #[must_use]
    pub fn new(documents: Documents, params: &FeatureValidParams) -> Self {
        let mut number: HashMap<Box<str>, u32> = HashMap::new();
        let mut names: Vec<Box<str>> = Vec::new();
        let mut flat: Vec<u32> = Vec::new();
        let mut ends = Vec::with_capacity(documents.words.len());
        for word in &documents.words {
            subwords(word, params.min_subword, params.max_subword, |subword| {
                flat.push(*number.entry_ref(subword).or_insert_with(|| {
                    names.push(subword.into());
                    names.len() as u32 - 1
                }));
            });
            ends.push(flat.len());
        }
        drop(number);

        let mut order: Vec<u32> = (0..names.len() as u32).collect();
        order.par_sort_unstable_by(|a, b| names[*a as usize].cmp(&names[*b as usize]));
        let mut rank = vec![0; names.len()];
        for (at, i) in order.iter().enumerate() {
            rank[*i as usize] = at as u32;
        }
        let (mut of_word, mut starts) = (Vec::new(), vec![0]);
        let mut from = 0;
        for end in ends {
            let mut ranks: Vec<u32> = flat[from..end].iter().map(|i| rank[*i as usize]).collect();
            ranks.sort_unstable();
            of_word.extend(ranks.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as u32)));
            starts.push(of_word.len());
            from = end;
        }
        let subwords = StringTable::from_sorted(order.iter().map(|i| &*names[*i as usize]));
        Lexicon { documents, subwords, of_word, starts }
    }

    /// The documents.
    #[must_use]
    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    /// The distinct subwords of a word with their counts.
    pub(crate) fn subwords_of(&self, word: u32) -> &[(u32, u32)] {
        &self.of_word[self.starts[word as usize]..self.starts[word as usize + 1]]
    }
}
