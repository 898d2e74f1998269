//! The model compiled for speed: what a word adds to each frame's logit is looked up, not computed.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use rayon::prelude::*;

use super::artifact::Model;
use super::cache::{ChunkCache, LONGEST_CHUNK};
use crate::corpus::Frames;
use crate::error::Result;
use crate::evaluation::Predictions;
use crate::features::{NAME, StringIndex, Token, Tokenizer, chunks, sublinear, subwords};
use crate::stats::sigmoid;

/// Bytes, roughly, at which one thread's caches are emptied.
const CACHE_BYTES: usize = 24 << 20;

/// A model ready to score. Shared by threads; each brings its own [`Scratch`].
///
/// What one look-up needs stands together, in rows of `f32`: a memory access costs more than the arithmetic on what it brings.
#[derive(Debug)]
pub struct Scorer {
    model: Model,
    words: StringIndex,
    subwords: StringIndex,
    pairs: PairIndex,
    /// A row a word: idf, `‖φ‖²`, what the word adds to each frame, what its subwords add.
    word_rows: Vec<f32>,
    /// A row a pair: idf, what it adds to each frame.
    pair_rows: Vec<f32>,
    /// A row a subword: idf, what it adds to each frame per unit.
    subword_rows: Vec<f32>,
    /// Intercepts of the calibrated logit.
    intercepts: Vec<f64>,
}

/// One thread's caches and buffers.
#[derive(Debug, Default)]
pub struct Scratch {
    cache: ChunkCache,
    unknown: Unknown,
    /// The words of the last sentence; numbers from the vocabulary's end on are unknown words.
    pub(super) sentence: Vec<u32>,
    /// Columns of the last sentence's words and pairs, sorted, each as often as it occurs.
    pub(super) columns: Vec<u32>,
    /// Sums over words and pairs, then over subwords, per frame.
    sums: Vec<f64>,
}

/// Words outside the vocabulary that were met, numbered from its end.
#[derive(Debug, Default)]
struct Unknown {
    numbers: HashMap<Box<str>, u32, FixedState>,
    /// A row a word: `‖φ‖²`, what its subwords add to each frame.
    rows: Vec<f32>,
    n_bytes: usize,
}

/// What each block of a sentence is multiplied by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    /// One over the norm of the block of words, times the block's length; 0 if the block is empty.
    pub words: f64,
    /// One over the norm of the block of subwords; 0 if it is empty.
    pub subwords: f64,
}

impl Scorer {
    /// Compiles a model. The calibration is folded in, so that logits are those of the calibrated probabilities.
    #[must_use]
    pub fn new(model: Model) -> Self {
        let vocabulary = &model.vocabulary;
        let calibration = &model.metadata.calibration;
        let n_words = vocabulary.words.len();
        let intercepts: Vec<f64> = calibration
            .iter()
            .zip(&model.intercepts)
            .map(|(calibration, intercept)| calibration.map.slope * intercept + calibration.map.intercept)
            .collect();
        let row = |idf: f32, weights: ndarray::ArrayView1<'_, f32>| -> Vec<f32> {
            let add = |(calibration, w): (&crate::calibration::Calibration, &f32)| {
                (calibration.map.slope * f64::from(idf) * f64::from(*w)) as f32
            };
            std::iter::once(idf).chain(calibration.iter().zip(weights).map(add)).collect()
        };
        let rows = |idf: &[f32], weights: &ndarray::Array2<f32>| -> Vec<Vec<f32>> {
            idf.iter().zip(weights.columns()).map(|(idf, weights)| row(*idf, weights)).collect()
        };
        let own = rows(&vocabulary.idf_words, &model.word_weights);
        let mut scorer = Scorer {
            words: vocabulary.words.index(),
            subwords: vocabulary.subwords.index(),
            pairs: PairIndex::new(&vocabulary.pairs, n_words as u32),
            word_rows: Vec::new(),
            pair_rows: own[n_words..].concat(),
            subword_rows: rows(&vocabulary.idf_subwords, &model.subword_weights).concat(),
            intercepts,
            model,
        };
        let mut inside = Vec::new();
        for (i, word) in scorer.model.vocabulary.words.iter().enumerate() {
            inside.clear();
            scorer.look_inside(word, &mut inside);
            let (idf, adds) = own[i].split_first().expect("a row starts with its idf");
            let (square, subwords) = inside.split_first().expect("a row starts with its square");
            scorer.word_rows.extend([*idf, *square]);
            scorer.word_rows.extend(adds.iter().chain(subwords));
        }
        scorer
    }

    /// The frames, in column order.
    #[must_use]
    pub fn frames(&self) -> &Frames {
        self.model.frames()
    }

    /// The model it was compiled from.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Intercepts of the calibrated logit, length n_frames.
    #[must_use]
    pub fn intercepts(&self) -> &[f64] {
        &self.intercepts
    }

    /// Writes the calibrated logit of each frame into `logits`, of length n_frames. Any text will do; one without a word of the
    /// vocabulary and without a known subword gets the intercepts.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`](crate::ErrorKind::Tokenizer) if the tokenizer fails.
    pub fn logits(&self, text: &str, scratch: &mut Scratch, logits: &mut [f64]) -> Result<()> {
        self.read(text, scratch)?;
        let scales = self.sum(scratch);
        let (words, subwords) = scratch.sums.split_at(self.intercepts.len());
        for (j, logit) in logits.iter_mut().enumerate() {
            *logit = self.intercepts[j] + scales.words * words[j] + scales.subwords * subwords[j];
        }
        Ok(())
    }

    /// Writes the calibrated probability of each frame into `proba`, of length n_frames.
    ///
    /// # Errors
    /// As [`Scorer::logits`].
    pub fn proba(&self, text: &str, scratch: &mut Scratch, proba: &mut [f64]) -> Result<()> {
        self.logits(text, scratch, proba)?;
        proba.iter_mut().for_each(|p| *p = sigmoid(*p));
        Ok(())
    }

    /// The decision on each frame at these probabilities, in column order.
    pub fn decide<'a>(&'a self, proba: &'a [f64]) -> impl Iterator<Item = bool> + 'a {
        proba.iter().zip(&self.model.metadata.calibration).map(|(p, calibration)| *p >= calibration.threshold)
    }

    /// The calibrated probabilities of one sentence, in column order.
    ///
    /// # Errors
    /// As [`Scorer::logits`].
    pub fn score(&self, text: &str) -> Result<Vec<f64>> {
        let mut proba = vec![0.0; self.intercepts.len()];
        self.proba(text, &mut Scratch::default(), &mut proba)?;
        Ok(proba)
    }

    /// Scores and decides many sentences, in order, on all cores.
    ///
    /// # Errors
    /// As [`Scorer::logits`].
    pub fn predictions<S: AsRef<str> + Sync>(&self, texts: &[S]) -> Result<Predictions> {
        /// Sentences that one scratch, with the words it remembers, reads.
        const BLOCK: usize = 8192;
        let n_frames = self.intercepts.len();
        let mut predictions = Predictions::zeros(texts.len(), n_frames);
        let proba = predictions.proba.as_slice_mut().expect("the array was just made, in standard order");
        proba.par_chunks_mut(BLOCK * n_frames).zip(texts.par_chunks(BLOCK)).try_for_each(|(proba, texts)| {
            let mut scratch = Scratch::default();
            proba
                .chunks_exact_mut(n_frames)
                .zip(texts)
                .try_for_each(|(proba, text)| self.proba(text.as_ref(), &mut scratch, proba))
        })?;
        for (proba, mut predicted) in predictions.proba.rows().into_iter().zip(predictions.predicted.rows_mut()) {
            let proba = proba.to_slice().expect("rows of a standard array are contiguous");
            predicted.iter_mut().zip(self.decide(proba)).for_each(|(cell, decision)| *cell = decision);
        }
        Ok(predictions)
    }

    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.model.tokenizer
    }

    fn n_words(&self) -> usize {
        self.model.vocabulary.words.len()
    }

    /// The idf of a column of words and pairs, and what one unit of it adds to each frame.
    pub(super) fn own(&self, column: u32) -> (f64, &[f32]) {
        let n_frames = self.intercepts.len();
        let row = match (column as usize).checked_sub(self.n_words()) {
            None => &self.word_rows[column as usize * (2 + 2 * n_frames)..],
            Some(pair) => {
                let row = &self.pair_rows[pair * (1 + n_frames)..][..=n_frames];
                return (f64::from(row[0]), &row[1..]);
            }
        };
        (f64::from(row[0]), &row[2..2 + n_frames])
    }

    /// `‖φ‖²` of a word, and what the subwords of one occurrence add to each frame.
    pub(super) fn inner<'a>(&'a self, word: u32, scratch: &'a Scratch) -> (f64, &'a [f32]) {
        let n_frames = self.intercepts.len();
        match (word as usize).checked_sub(self.n_words()) {
            None => {
                let row = &self.word_rows[word as usize * (2 + 2 * n_frames)..][..2 + 2 * n_frames];
                (f64::from(row[1]), &row[2 + n_frames..])
            }
            Some(unknown) => {
                let row = &scratch.unknown.rows[unknown * (1 + n_frames)..][..=n_frames];
                (f64::from(row[0]), &row[1..])
            }
        }
    }

    /// The column of a pair of neighbours, if it is a feature.
    pub(super) fn pair(&self, first: u32, second: u32) -> Option<u32> {
        self.pairs.find([first, second])
    }

    /// Fills the sentence of `scratch` with the words of a text.
    fn read(&self, text: &str, scratch: &mut Scratch) -> Result<()> {
        if scratch.cache.n_bytes() + scratch.unknown.n_bytes > CACHE_BYTES {
            *scratch = Scratch::default();
        }
        let Scratch { cache, unknown, sentence, .. } = scratch;
        sentence.clear();
        let hasher = FixedState::default();
        for chunk in chunks(text) {
            let hash = hasher.hash_one(chunk.as_bytes());
            let start = sentence.len();
            if cache.append_hot(chunk.as_bytes(), hash, sentence) {
                continue;
            }
            // Scanning a plain chunk again is cheaper than finding it in a table too large to be near.
            if self.tokenizer().scan(chunk, |token, capital| sentence.push(self.read_word(token, capital, unknown))) {
                cache.heat(chunk.as_bytes(), hash, &sentence[start..]);
                continue;
            }
            let short = chunk.len() <= LONGEST_CHUNK;
            if short && cache.append(chunk.as_bytes(), hash, sentence) {
                cache.heat(chunk.as_bytes(), hash, &sentence[start..]);
                continue;
            }
            self.tokenizer()
                .tokenize_chunk(chunk, |token, capital| sentence.push(self.read_word(token, capital, unknown)))?;
            if short {
                cache.insert(chunk.as_bytes(), hash, &sentence[start..]);
            }
        }
        Ok(())
    }

    /// Reads tokens that somebody else has cut.
    pub(super) fn read_tokens(&self, tokens: &[Token], scratch: &mut Scratch) {
        let Scratch { unknown, sentence, .. } = scratch;
        sentence.clear();
        sentence.extend(tokens.iter().map(|token| self.read_word(&token.text, token.capital, unknown)));
    }

    /// The number of what a word counts as: itself, or the stand-in for names.
    fn read_word(&self, word: &str, capital: bool, unknown: &mut Unknown) -> u32 {
        match self.known(word) {
            Some(known) => known,
            None if self.masks(capital) => self.known(NAME).unwrap_or_else(|| self.number(NAME, unknown)),
            None => self.number(word, unknown),
        }
    }

    fn known(&self, word: &str) -> Option<u32> {
        self.words.find(&self.model.vocabulary.words, word)
    }

    /// Whether a word outside the vocabulary counts as a name.
    fn masks(&self, capital: bool) -> bool {
        self.model.metadata.features.names.masks(capital, || false)
    }

    /// Whether a token is read as the stand-in for names.
    pub(super) fn is_name(&self, token: &Token) -> bool {
        self.masks(token.capital) && self.known(&token.text).is_none()
    }

    /// The number of a word outside the vocabulary, found or given in `unknown`.
    fn number(&self, word: &str, unknown: &mut Unknown) -> u32 {
        if let Some(number) = unknown.numbers.get(word) {
            return *number;
        }
        let number = (self.n_words() + unknown.numbers.len()) as u32;
        self.look_inside(word, &mut unknown.rows);
        unknown.numbers.insert(word.into(), number);
        unknown.n_bytes += word.len() + 48 + 4 * (1 + self.intercepts.len());
        number
    }

    /// Appends a row to `rows`: `‖φ‖²` of a word, and what its subwords add to each frame.
    fn look_inside(&self, word: &str, rows: &mut Vec<f32>) {
        let params = &self.model.metadata.features;
        let n_frames = self.intercepts.len();
        let mut found: Vec<u32> = Vec::with_capacity(64);
        subwords(word, params.min_subword, params.max_subword, |subword| {
            found.extend(self.subwords.find(&self.model.vocabulary.subwords, subword));
        });
        found.sort_unstable();
        let start = rows.len();
        rows.resize(start + 1 + n_frames, 0.0);
        let (square, adds) = rows[start..].split_first_mut().expect("the row was just made");
        for run in found.chunk_by(|a, b| a == b) {
            let row = &self.subword_rows[run[0] as usize * (1 + n_frames)..][..=n_frames];
            let count = run.len() as f32;
            *square += count * row[0] * count * row[0];
            adds.iter_mut().zip(&row[1..]).for_each(|(sum, add)| *sum += count * add);
        }
    }

    /// Sums up what the sentence in `scratch` holds, block by block.
    pub(super) fn sum(&self, scratch: &mut Scratch) -> Scales {
        let n_frames = self.intercepts.len();
        let n_words = self.n_words() as u32;
        let mut sums = std::mem::take(&mut scratch.sums);
        sums.clear();
        sums.resize(2 * n_frames, 0.0);
        let (of_words, of_subwords) = sums.split_at_mut(n_frames);

        scratch.columns.clear();
        let mut square = 0.0;
        let mut last = u32::MAX;
        for word in &scratch.sentence {
            let (of_word, adds) = self.inner(*word, scratch);
            square += of_word;
            of_subwords.iter_mut().zip(adds).for_each(|(sum, add)| *sum += f64::from(*add));
            if *word < n_words {
                scratch.columns.push(*word);
                if last < n_words {
                    scratch.columns.extend(self.pairs.find([last, *word]));
                }
            }
            last = *word;
        }
        scratch.columns.sort_unstable();
        let mut norm = 0.0;
        for run in scratch.columns.chunk_by(|a, b| a == b) {
            let tf = sublinear(run.len());
            let (idf, adds) = self.own(run[0]);
            norm += tf * idf * tf * idf;
            of_words.iter_mut().zip(adds).for_each(|(sum, add)| *sum += tf * f64::from(*add));
        }
        scratch.sums = sums;
        let inverse = |square: f64| if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
        Scales { words: self.model.metadata.features.word_weight * inverse(norm), subwords: inverse(square) }
    }
}

/// From pair of words to column, behind a filter that turns away most of the pairs that are none.
#[derive(Debug)]
struct PairIndex {
    filter: Vec<u64>,
    columns: HashMap<[u32; 2], u32, FixedState>,
}

impl PairIndex {
    fn new(pairs: &[[u32; 2]], first_column: u32) -> Self {
        // Eight bits a pair let about one stranger in nine through, and stay small enough to be near.
        let mut index = PairIndex {
            filter: vec![0; (pairs.len() / 8).next_power_of_two()],
            columns: pairs.iter().zip(first_column..).map(|(pair, column)| (*pair, column)).collect(),
        };
        for pair in pairs {
            let (at, bit) = index.place(*pair);
            index.filter[at] |= bit;
        }
        index
    }

    fn place(&self, [first, second]: [u32; 2]) -> (usize, u64) {
        // Multiplicative hashing: the high bits of the product depend on all bits of the pair.
        let hash = (u64::from(first) << 32 | u64::from(second)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        ((hash >> 38) as usize & (self.filter.len() - 1), 1 << (hash >> 32 & 63))
    }

    fn find(&self, pair: [u32; 2]) -> Option<u32> {
        let (at, bit) = self.place(pair);
        if self.filter[at] & bit == 0 {
            return None;
        }
        self.columns.get(&pair).copied()
    }
}
