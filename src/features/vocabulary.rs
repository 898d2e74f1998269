//! The vocabulary that training rows give, and the vectors it makes of sentences.

use std::cmp::Ordering;
use std::sync::LazyLock;

use hashbrown::HashMap;
use rayon::prelude::*;

use super::csr::Csr;
use super::documents::{Documents, NAME_NUMBER, Written};
use super::lexicon::Lexicon;
use super::matrix::{Block, Factored, FeatureMatrix, Sparse};
use super::params::{FeatureValidParams, Names};
use super::strings::StringTable;

/// Rows, or words, that one task works on.
const BLOCK: usize = 4096;

/// What turns words into features: the vocabulary of each kind, sorted, with inverse document frequencies.
///
/// Columns stand in the order words, pairs of words, subwords, each in byte order of its name (pairs by the positions of
/// their words).
#[derive(Debug, Clone, PartialEq)]
pub struct Vocabulary {
    /// Single words.
    pub(crate) words: StringTable,
    /// Neighbouring words, as positions in `words`; sorted.
    pub(crate) pairs: Vec<[u32; 2]>,
    /// Subwords.
    pub(crate) subwords: StringTable,
    /// Of the words, then the pairs.
    pub(crate) idf_words: Vec<f32>,
    /// Of the subwords.
    pub(crate) idf_subwords: Vec<f32>,
}

impl Vocabulary {
    /// Learns the vocabulary of the given rows of a lexicon.
    ///
    /// A feature's document frequency is the number of these rows that hold it, and its weight the smoothed inverse
    /// `idf = ln((1 + n) / (1 + df)) + 1`. When `max_features` cuts, more frequent features stay; ties go to the first by name. When names are
    /// masked, words are chosen by the rows that hold them without a capital letter, and weighed by all rows that hold them.
    ///
    /// Source of the idf: scikit-learn's `TfidfTransformer(smooth_idf=True)`.
    #[must_use]
    pub fn fit(lexicon: &Lexicon, rows: &[usize], params: &FeatureValidParams) -> Self {
        let documents = &lexicon.documents;
        let idf = |df: u32| (libm::log((1.0 + rows.len() as f64) / (1.0 + f64::from(df))) + 1.0) as f32;

        let mask = params.names == Names::Mask;
        let written_df = document_frequency(documents.words.len(), rows, |row, seen| {
            let counted = documents.tokens(row).iter().filter(|token| !(mask && token.is_capital()));
            counted.for_each(|token| seen.add(token.word()));
        });
        let by_spelling = |a: usize, b: usize| documents.words[a].cmp(&documents.words[b]);
        let mut words = select(&written_df, params.min_df, params.max_features - usize::from(mask), by_spelling);
        let mut known = vec![false; documents.words.len()];
        words.iter().for_each(|word| known[*word as usize] = true);
        let counts_as = |token: &Written| read(*token, params.names, |word| known[word as usize]);

        let word_df = if mask {
            document_frequency(documents.words.len(), rows, |row, seen| {
                documents.tokens(row).iter().for_each(|token| seen.add(counts_as(token)));
            })
        } else {
            written_df
        };
        if mask && word_df[NAME_NUMBER as usize] as usize >= params.min_df {
            let at = words.partition_point(|word| by_spelling(*word as usize, NAME_NUMBER as usize).is_lt());
            words.insert(at, NAME_NUMBER);
        }
        let mut position = vec![u32::MAX; documents.words.len()];
        for (at, word) in words.iter().enumerate() {
            position[*word as usize] = at as u32;
        }
        let place = |token: &Written| Some(position[counts_as(token) as usize]).filter(|at| *at != u32::MAX);

        let pairs = if params.max_words < 2 { Vec::new() } else { count_pairs(lexicon, rows, place, params) };

        let subword_df = document_frequency(lexicon.subwords.len(), rows, |row, seen| {
            for token in documents.tokens(row) {
                lexicon.subwords_of(counts_as(token)).iter().for_each(|(subword, _)| seen.add(*subword));
            }
        });
        // The lexicon's subwords are in order already.
        let subwords = select(&subword_df, params.min_df_subword, params.max_features, |a, b| a.cmp(&b));

        let word_idf = words.iter().map(|word| idf(word_df[*word as usize]));
        Vocabulary {
            idf_words: word_idf.chain(pairs.iter().map(|(_, df)| idf(*df))).collect(),
            idf_subwords: subwords.iter().map(|subword| idf(subword_df[*subword as usize])).collect(),
            words: StringTable::from_sorted(words.iter().map(|word| &*documents.words[*word as usize])),
            pairs: pairs.into_iter().map(|(pair, _)| pair).collect(),
            subwords: StringTable::from_sorted(subwords.iter().map(|subword| lexicon.subwords.get(*subword as usize))),
        }
    }

    /// Columns of words and pairs, then of subwords.
    #[must_use]
    pub fn n_features(&self) -> [usize; 2] {
        [self.idf_words.len(), self.idf_subwords.len()]
    }

    /// How many single words there are.
    #[must_use]
    pub fn n_words(&self) -> usize {
        self.words.len()
    }

    /// How many pairs there are.
    #[must_use]
    pub fn n_pairs(&self) -> usize {
        self.pairs.len()
    }

    /// The name of a column of words and pairs; the words of a pair are joined by a space.
    #[must_use]
    pub fn word_name(&self, column: usize) -> String {
        match column.checked_sub(self.words.len()) {
            None => self.words.get(column).to_owned(),
            Some(pair) => {
                let [first, second] = self.pairs[pair].map(|word| self.words.get(word as usize));
                format!("{first} {second}")
            }
        }
    }

    /// Which of the documents' words the vocabulary holds.
    #[must_use]
    pub(crate) fn knows(&self, documents: &Documents, names: Names) -> Known {
        Known { known: self.columns_of(documents).iter().map(Option::is_some).collect(), names }
    }

    /// The vectors of the given rows, of shape (n_rows, n_features); a block is zero where the row holds nothing of its
    /// vocabulary.
    ///
    /// Words and pairs: `(1 + ln tf) · idf`, brought to the length `word_weight`. Subwords, of length about 1: `r_i Σ_w D_iw φ_w`, where `D_iw` counts word w in
    /// the row, `φ_w` holds the word's subword counts times idf, and `r_i = (Σ_w D_iw ‖φ_w‖²)^(-1/2)`, which leaves the overlap
    /// of different words out of the norm: that is what lets the block factor by word.
    #[must_use]
    pub fn transform(&self, lexicon: &Lexicon, rows: &[usize], params: &FeatureValidParams) -> FeatureMatrix {
        let column = self.columns_of(&lexicon.documents);
        let blocks = vec![
            Block::Sparse(Sparse::new(self.word_block(lexicon, rows, &column, params))),
            Block::Factored(self.subword_block(lexicon, rows, &column, params.names)),
        ];
        FeatureMatrix::new(rows.len(), blocks)
    }

    /// The place in the vocabulary of each of the documents' words.
    fn columns_of(&self, documents: &Documents) -> Vec<Option<u32>> {
        let columns: HashMap<&str, u32> = self.words.iter().zip(0..).collect();
        documents.words.par_iter().with_min_len(BLOCK).map(|word| columns.get(&**word).copied()).collect()
    }

    /// `column` has the place in the vocabulary of each of the lexicon's words.
    fn word_block(
        &self,
        lexicon: &Lexicon,
        rows: &[usize],
        column: &[Option<u32>],
        params: &FeatureValidParams,
    ) -> Csr {
        let n_words = self.words.len() as u32;
        let pair_column: HashMap<[u32; 2], u32> =
            self.pairs.iter().zip(n_words..).map(|(pair, column)| (*pair, column)).collect();
        let block = |rows: &[usize]| {
            let mut csr = Csr::with_columns(self.idf_words.len());
            let mut hits: Vec<u32> = Vec::new();
            for row in rows {
                hits.clear();
                let mut last = None;
                for token in lexicon.documents.tokens(*row) {
                    let this = column[read(*token, params.names, |word| column[word as usize].is_some()) as usize];
                    hits.extend(this);
                    if let (Some(a), Some(b)) = (last, this) {
                        hits.extend(pair_column.get(&[a, b]));
                    }
                    last = this;
                }
                hits.sort_unstable();
                let weighted: Vec<(u32, f64)> = hits
                    .chunk_by(|a, b| a == b)
                    .map(|run| (run[0], sublinear(run.len()) * f64::from(self.idf_words[run[0] as usize])))
                    .collect();
                let norm = weighted.iter().map(|(_, x)| x * x).sum::<f64>().sqrt();
                csr.push_row(weighted.iter().map(|(column, x)| (*column, (params.word_weight * x / norm) as f32)));
            }
            csr
        };
        Csr::stacked(self.idf_words.len(), rows.par_chunks(BLOCK).map(block).collect())
    }

    fn subword_block(&self, lexicon: &Lexicon, rows: &[usize], word_column: &[Option<u32>], names: Names) -> Factored {
        let words = |row: usize| {
            let is_known = |word: u32| word_column[word as usize].is_some();
            lexicon.documents.tokens(row).iter().map(move |token| read(*token, names, is_known))
        };
        // Only words that occur in these rows get a row of Φ, in order of appearance.
        let mut number: Vec<u32> = vec![u32::MAX; lexicon.documents.words.len()];
        let mut numbered: Vec<u32> = Vec::new();
        for word in rows.iter().flat_map(|row| words(*row)) {
            let slot = &mut number[word as usize];
            if *slot == u32::MAX {
                *slot = numbered.len() as u32;
                numbered.push(word);
            }
        }

        let column = self.subwords.places_of(&lexicon.subwords);
        let weigh = |words: &[u32]| {
            let mut phi = Csr::with_columns(self.subwords.len());
            let mut squares: Vec<f64> = Vec::with_capacity(words.len());
            for word in words {
                let entries: Vec<(u32, f32)> = lexicon
                    .subwords_of(*word)
                    .iter()
                    .filter_map(|(subword, count)| {
                        let column = column[*subword as usize]?;
                        Some((column, *count as f32 * self.idf_subwords[column as usize]))
                    })
                    .collect();
                squares.push(entries.iter().map(|(_, x)| f64::from(*x) * f64::from(*x)).sum());
                phi.push_row(entries);
            }
            (phi, squares)
        };
        let (phi, squares): (Vec<Csr>, Vec<Vec<f64>>) = numbered.par_chunks(BLOCK).map(weigh).unzip();
        let squares = squares.concat();

        let count = |rows: &[usize]| {
            let mut counts = Csr::with_columns(squares.len());
            let mut scale = Vec::with_capacity(rows.len());
            let mut hits: Vec<u32> = Vec::new();
            for row in rows {
                hits.clear();
                hits.extend(words(*row).map(|word| number[word as usize]));
                hits.sort_unstable();
                let runs = || hits.chunk_by(|a, b| a == b).map(|run| (run[0], run.len() as f32));
                let square: f64 = runs().map(|(word, n)| f64::from(n) * squares[word as usize]).sum();
                scale.push(if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 });
                counts.push_row(runs());
            }
            (counts, scale)
        };
        let (counts, scale): (Vec<Csr>, Vec<Vec<f64>>) = rows.par_chunks(BLOCK).map(count).unzip();
        let (counts, phi) = (Csr::stacked(squares.len(), counts), Csr::stacked(self.subwords.len(), phi));
        Factored::new(scale.concat(), counts, phi)
    }
}

/// Which words of some documents a vocabulary holds.
#[derive(Debug)]
pub(crate) struct Known {
    known: Vec<bool>,
    names: Names,
}

impl Known {
    /// Whether the vocabulary holds the token, or it counts as a name.
    pub(crate) fn is_known(&self, token: Written) -> bool {
        let known = |word: u32| self.known[word as usize];
        known(token.word()) || self.names.masks(token.is_capital(), || false)
    }
}

/// The word that a token counts as: itself, or [`NAME`](super::documents::NAME) if it is written with a capital letter, is not
/// known without one, and names are masked.
fn read(token: Written, names: Names, known: impl Fn(u32) -> bool) -> u32 {
    if names.masks(token.is_capital(), || known(token.word())) { NAME_NUMBER } else { token.word() }
}

/// `1 + ln tf`.
#[inline]
pub(crate) fn sublinear(tf: usize) -> f64 {
    /// Those of nearly all words of nearly all sentences.
    static SMALL: LazyLock<[f64; 32]> = LazyLock::new(|| std::array::from_fn(of));
    fn of(tf: usize) -> f64 {
        1.0 + libm::log(tf as f64)
    }
    SMALL.get(tf).copied().unwrap_or_else(|| of(tf))
}

/// In how many of the rows each of `n` features occurs; `visit` adds every occurrence in a row.
fn document_frequency(n: usize, rows: &[usize], visit: impl Fn(usize, &mut Seen) + Sync) -> Vec<u32> {
    // Each thread counts some of the rows; sums of counts are the same in any order.
    let share = rows.len().div_ceil(rayon::current_num_threads()).max(BLOCK);
    let count = |rows: &[usize]| {
        let mut seen = Seen { row: 0, of_feature: vec![(0, 0); n] };
        for row in rows {
            seen.row += 1;
            visit(*row, &mut seen);
        }
        seen.of_feature.into_iter().map(|(_, df)| df).collect()
    };
    let add = |mut a: Vec<u32>, b: Vec<u32>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    rows.par_chunks(share).map(count).reduce_with(add).unwrap_or_else(|| vec![0; n])
}

/// What was seen of each feature: the last row that held it, counted from 1, and how many rows did.
struct Seen {
    row: u32,
    of_feature: Vec<(u32, u32)>,
}

impl Seen {
    fn add(&mut self, feature: u32) {
        let (last, df) = &mut self.of_feature[feature as usize];
        if *last != self.row {
            *last = self.row;
            *df += 1;
        }
    }
}

/// The features frequent enough, at most `max` of them, in order of their names, which are distinct.
fn select(df: &[u32], min_df: usize, max: usize, by_name: impl Fn(usize, usize) -> Ordering + Sync) -> Vec<u32> {
    let by_name = |a: &u32, b: &u32| by_name(*a as usize, *b as usize);
    let mut kept: Vec<u32> = (0..df.len() as u32).filter(|i| df[*i as usize] as usize >= min_df.max(1)).collect();
    if kept.len() > max {
        kept.select_nth_unstable_by(max, |a, b| df[*b as usize].cmp(&df[*a as usize]).then_with(|| by_name(a, b)));
        kept.truncate(max);
    }
    kept.par_sort_unstable_by(by_name);
    kept
}

/// Neighbouring pairs of vocabulary words with their document frequencies, sorted by position.
fn count_pairs(
    lexicon: &Lexicon,
    rows: &[usize],
    place: impl Fn(&Written) -> Option<u32> + Sync,
    params: &FeatureValidParams,
) -> Vec<([u32; 2], u32)> {
    let collect = |rows: &[usize]| {
        let mut pairs: Vec<u64> = Vec::new();
        for row in rows {
            let from = pairs.len();
            // Both positions in one number, which compares as they do and sorts faster.
            let joined = |pair: &[Written]| Some(u64::from(place(&pair[0])?) << 32 | u64::from(place(&pair[1])?));
            pairs.extend(lexicon.documents.tokens(*row).windows(2).filter_map(joined));
            pairs[from..].sort_unstable();
            let mut kept = from;
            for at in from..pairs.len() {
                if at == from || pairs[at] != pairs[kept - 1] {
                    pairs[kept] = pairs[at];
                    kept += 1;
                }
            }
            pairs.truncate(kept);
        }
        pairs
    };
    let mut pairs: Vec<u64> = rows.par_chunks(BLOCK).map(collect).collect::<Vec<_>>().concat();
    pairs.par_sort_unstable();
    let df: Vec<u32> = pairs.chunk_by(|a, b| a == b).map(|run| run.len() as u32).collect();
    pairs.dedup();
    // They are in order of position already.
    let kept = select(&df, params.min_df, params.max_features, |a, b| a.cmp(&b));
    let split = |pair: u64| [(pair >> 32) as u32, pair as u32];
    kept.iter().map(|i| (split(pairs[*i as usize]), df[*i as usize])).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use linfa::ParamGuard as _;
    use proptest::prelude::*;

    use super::*;
    use crate::features::subwords::subwords;
    use crate::features::{FeatureParams, Tokenizer};

    /// Names with the sentences that hold each, cut as the documentation says.
    fn cut(df: BTreeMap<String, usize>, min_df: usize, max: usize) -> Vec<(String, usize)> {
        let mut kept: Vec<(String, usize)> = df.into_iter().filter(|(_, df)| *df >= min_df).collect();
        kept.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        kept.truncate(max);
        kept.sort();
        kept
    }

    fn df(sentences: impl Iterator<Item = Vec<String>>) -> BTreeMap<String, usize> {
        let mut df = BTreeMap::new();
        for sentence in sentences {
            sentence
                .into_iter()
                .collect::<BTreeSet<_>>()
                .into_iter()
                .for_each(|name| *df.entry(name).or_insert(0) += 1);
        }
        df
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Counting by threads, sorting and cutting gives what one would count by hand.
        #[test]
        fn counts_are_the_plain_ones(
            sentences in prop::collection::vec(prop::collection::vec("[ab]{1,3}", 0..12), 1..40),
            copies in prop::sample::select(vec![1_usize, 400]),
            min_df in 1..4_usize,
            max_features in 1..30_usize,
        ) {
            // The many rows are more than one task counts.
            let sentences: Vec<Vec<String>> = (0..copies).flat_map(|_| sentences.clone()).collect();
            let texts: Vec<String> = sentences.iter().map(|words| words.join(" ")).collect();
            let params = FeatureValidParams { min_df, min_df_subword: min_df, max_features, ..FeatureValidParams::default() };
            let params = FeatureParams(params).check().unwrap();
            let lexicon = Lexicon::new(Documents::new(&Tokenizer::default(), &texts).unwrap(), &params);
            let rows: Vec<usize> = (0..texts.len()).collect();
            let vocabulary = Vocabulary::fit(&lexicon, &rows, &params);

            let words = cut(df(sentences.iter().cloned()), min_df, max_features);
            let known: BTreeSet<&String> = words.iter().map(|(word, _)| word).collect();
            let pairs = df(sentences.iter().map(|words| {
                let known = words.windows(2).filter(|pair| pair.iter().all(|word| known.contains(word)));
                // The first character sorts before all letters, as positions compare word by word.
                known.map(|pair| pair.join(" ")).collect()
            }));
            let pairs = cut(pairs, min_df, max_features);
            let subwords = df(sentences.iter().map(|words| {
                let mut all = Vec::new();
                words.iter().for_each(|word| subwords(word, 3, 6, |subword| all.push(subword.to_owned())));
                all
            }));
            let subwords = cut(subwords, min_df, max_features);

            let idf = |df: usize| (libm::log((1.0 + texts.len() as f64) / (1.0 + df as f64)) + 1.0) as f32;
            let names: Vec<(String, f32)> =
                (0..vocabulary.idf_words.len()).map(|j| (vocabulary.word_name(j), vocabulary.idf_words[j])).collect();
            let expected: Vec<(String, f32)> = words.iter().chain(&pairs).map(|(name, df)| (name.clone(), idf(*df))).collect();
            prop_assert_eq!(names, expected);
            let names: Vec<(String, f32)> =
                vocabulary.subwords.iter().map(str::to_owned).zip(vocabulary.idf_subwords.iter().copied()).collect();
            let expected: Vec<(String, f32)> = subwords.iter().map(|(name, df)| (name.clone(), idf(*df))).collect();
            prop_assert_eq!(names, expected);
        }
    }
}
