//! The model compiled for speed: what a word adds to each frame's logit is looked up, not computed.

use std::hash::BuildHasher as _;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};

use super::artifact::Model;
use crate::corpus::Frames;
use crate::error::Result;
use crate::evaluation::Predictions;
use crate::features::{StringIndex, Tokenizer, chunks, sublinear, subwords};
use crate::stats::sigmoid;

/// Chunks longer than this are tokenised each time: they are rare, and would fill the cache with what never returns.
const LONGEST_CACHED: usize = 48;
/// Bytes of chunk text and tables, roughly, at which a cache is emptied.
const CACHE_BYTES: usize = 24 << 20;

/// A model ready to score. Shared by threads; each brings its own [`Scratch`].
#[derive(Debug)]
pub struct Scorer {
    model: Model,
    words: StringIndex,
    subwords: StringIndex,
    pairs: HashMap<[u32; 2], u32, FixedState>,
    /// What a word or pair adds per unit of `(1 + ln tf)`, before the block's norm: n_frames values per column.
    own: Vec<f64>,
    /// What a vocabulary word's subwords add per occurrence, before the block's norm: n_frames values per word.
    inner: Vec<f64>,
    /// `‖φ_w‖²` of each vocabulary word.
    squares: Vec<f64>,
    /// Intercepts of the calibrated logit.
    intercepts: Vec<f64>,
}

/// One thread's caches and buffers.
#[derive(Debug, Default)]
pub struct Scratch {
    /// By hash, the last short chunk met with it.
    hot: Vec<HotChunk>,
    /// From chunk to the range of its tokens in `tokens`.
    chunks: HashTable<CachedChunk>,
    chunk_text: String,
    tokens: Vec<u32>,
    /// Words outside the vocabulary, numbered from its end.
    unknown: HashMap<Box<str>, u32, FixedState>,
    unknown_inner: Vec<f64>,
    unknown_squares: Vec<f64>,
    sentence: Vec<u32>,
    columns: Vec<u32>,
    bytes: usize,
}

/// A short chunk and its tokens in half a cache line, so that the common ones cost a single access to memory.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(32))]
struct HotChunk {
    text: [u8; HOT_BYTES],
    tokens: [u32; HOT_TOKENS],
    len: u8,
    n_tokens: u8,
}

const HOT_BYTES: usize = 16;
const HOT_TOKENS: usize = 3;
/// Slots of the table of hot chunks, each for the last chunk with that hash: 512 KB, which stay in a core's own cache.
const HOT_SLOTS: usize = 1 << 14;

impl HotChunk {
    fn new(chunk: &str, tokens: &[u32]) -> Option<Self> {
        if chunk.len() > HOT_BYTES || tokens.len() > HOT_TOKENS {
            return None;
        }
        let mut hot = HotChunk { len: chunk.len() as u8, n_tokens: tokens.len() as u8, ..HotChunk::default() };
        hot.text[..chunk.len()].copy_from_slice(chunk.as_bytes());
        hot.tokens[..tokens.len()].copy_from_slice(tokens);
        Some(hot)
    }

    fn tokens_of(&self, chunk: &str) -> Option<&[u32]> {
        let same = usize::from(self.len) == chunk.len() && &self.text[..chunk.len().min(HOT_BYTES)] == chunk.as_bytes();
        same.then(|| &self.tokens[..usize::from(self.n_tokens)])
    }
}

#[derive(Debug, Clone, Copy)]
struct CachedChunk {
    text: (u32, u32),
    tokens: (u32, u32),
}

/// What each block of a sentence is multiplied by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scales {
    /// One over the norm of the block of words, times the block's length; 0 if the block is empty.
    pub words: f64,
    /// One over the norm of the block of subwords; 0 if it is empty.
    pub subwords: f64,
}

impl Scratch {
    /// The words of the last sentence; numbers from the vocabulary's end on are unknown words.
    pub(super) fn sentence(&self) -> &[u32] {
        &self.sentence
    }

    /// Columns of the last sentence's words and pairs, sorted, each as often as it occurs.
    pub(super) fn columns(&self) -> &[u32] {
        &self.columns
    }
}

impl Scorer {
    /// Compiles a model. The calibration is folded in, so that logits are those of the calibrated probabilities.
    #[must_use]
    pub fn new(model: Model) -> Self {
        let vocabulary = &model.vocabulary;
        let n_frames = model.intercepts.len();
        let slopes: Vec<f64> = model.metadata.calibration.iter().map(|c| c.map.slope).collect();
        let intercepts = (0..n_frames)
            .map(|j| slopes[j] * model.intercepts[j] + model.metadata.calibration[j].map.intercept)
            .collect();
        let own = vocabulary
            .idf_words
            .iter()
            .enumerate()
            .flat_map(|(column, idf)| {
                let (slopes, weights) = (&slopes, &model.word_weights);
                (0..n_frames).map(move |j| slopes[j] * f64::from(*idf) * f64::from(weights[(j, column)]))
            })
            .collect();
        let pairs = vocabulary.pairs.iter().zip(vocabulary.words.len() as u32..).map(|(p, c)| (*p, c)).collect();
        let mut scorer = Scorer {
            words: vocabulary.words.index(),
            subwords: vocabulary.subwords.index(),
            pairs,
            own,
            inner: Vec::with_capacity(vocabulary.words.len() * n_frames),
            squares: Vec::with_capacity(vocabulary.words.len()),
            intercepts,
            model,
        };
        let (mut inner, mut squares) = (std::mem::take(&mut scorer.inner), std::mem::take(&mut scorer.squares));
        for word in scorer.model.vocabulary.words.iter() {
            squares.push(scorer.look_inside(word, &mut inner));
        }
        (scorer.inner, scorer.squares) = (inner, squares);
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
    /// vocabulary gets the intercepts.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`](crate::ErrorKind::Tokenizer) if the tokenizer fails.
    pub fn logits(&self, text: &str, scratch: &mut Scratch, logits: &mut [f64]) -> Result<()> {
        self.read(text, scratch)?;
        let scales = self.count(scratch);
        let n_frames = self.intercepts.len();
        let mut sums = [0.0; 8];
        let mut more = Vec::new();
        let sums = if n_frames <= sums.len() {
            &mut sums[..n_frames]
        } else {
            more.resize(n_frames, 0.0);
            &mut more[..]
        };
        for run in scratch.columns.chunk_by(|a, b| a == b) {
            let tf = sublinear(run.len());
            for (sum, own) in sums.iter_mut().zip(self.own(run[0])) {
                *sum += tf * own;
            }
        }
        for (logit, (sum, intercept)) in logits.iter_mut().zip(sums.iter_mut().zip(&self.intercepts)) {
            *logit = intercept + scales.words * *sum;
            *sum = 0.0;
        }
        for word in &scratch.sentence {
            for (sum, inner) in sums.iter_mut().zip(self.inner(*word, scratch)) {
                *sum += inner;
            }
        }
        logits.iter_mut().zip(sums.iter()).for_each(|(logit, sum)| *logit += scales.subwords * sum);
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

    /// Scores and decides many sentences, in order.
    ///
    /// # Errors
    /// As [`Scorer::logits`].
    pub fn predictions<S: AsRef<str>>(&self, texts: &[S]) -> Result<Predictions> {
        let mut predictions = Predictions::zeros(texts.len(), self.intercepts.len());
        let mut scratch = Scratch::default();
        let mut of_row = vec![0.0; self.intercepts.len()];
        for (row, text) in texts.iter().enumerate() {
            self.proba(text.as_ref(), &mut scratch, &mut of_row)?;
            let decisions = predictions.predicted.row_mut(row).into_iter().zip(self.decide(&of_row));
            decisions.for_each(|(cell, decision)| *cell = decision);
            predictions.proba.row_mut(row).iter_mut().zip(&of_row).for_each(|(cell, p)| *cell = *p);
        }
        Ok(predictions)
    }

    pub(super) fn tokenizer(&self) -> &Tokenizer {
        &self.model.tokenizer
    }

    /// What one unit of a word or pair adds to each frame.
    pub(super) fn own(&self, column: u32) -> &[f64] {
        let n = self.intercepts.len();
        &self.own[column as usize * n..][..n]
    }

    /// What the subwords of one occurrence of a word add to each frame.
    pub(super) fn inner<'a>(&'a self, word: u32, scratch: &'a Scratch) -> &'a [f64] {
        let n = self.intercepts.len();
        let word = word as usize;
        match word.checked_sub(self.squares.len()) {
            None => &self.inner[word * n..][..n],
            Some(unknown) => &scratch.unknown_inner[unknown * n..][..n],
        }
    }

    /// The column of a pair of neighbours, if it is a feature.
    pub(super) fn pair(&self, first: u32, second: u32) -> Option<u32> {
        let n_words = self.squares.len() as u32;
        if first >= n_words || second >= n_words {
            return None;
        }
        self.pairs.get(&[first, second]).copied()
    }

    /// Fills `scratch.sentence` with the words of a text.
    fn read(&self, text: &str, scratch: &mut Scratch) -> Result<()> {
        if scratch.bytes > CACHE_BYTES {
            *scratch = Scratch::default();
        }
        if scratch.hot.is_empty() {
            scratch.hot.resize(HOT_SLOTS, HotChunk::default());
        }
        scratch.sentence.clear();
        let hasher = FixedState::default();
        for chunk in chunks(text) {
            if chunk.len() > LONGEST_CACHED {
                let mut sentence = std::mem::take(&mut scratch.sentence);
                let read = self.tokenizer().tokenize_chunk(chunk, |token| sentence.push(self.number(token, scratch)));
                scratch.sentence = sentence;
                read?;
                continue;
            }
            let hash = hasher.hash_one(chunk.as_bytes());
            let slot = hash as usize % HOT_SLOTS;
            if let Some(tokens) = scratch.hot[slot].tokens_of(chunk) {
                scratch.sentence.extend_from_slice(tokens);
                continue;
            }
            let found = {
                let text = scratch.chunk_text.as_bytes();
                scratch.chunks.find(hash, |c| &text[c.text.0 as usize..c.text.1 as usize] == chunk.as_bytes()).copied()
            };
            let (from, to) = match found {
                Some(cached) => cached.tokens,
                None => self.remember(chunk, hash, scratch)?,
            };
            let tokens = &scratch.tokens[from as usize..to as usize];
            scratch.sentence.extend_from_slice(tokens);
            if let Some(hot) = HotChunk::new(chunk, tokens) {
                scratch.hot[slot] = hot;
            }
        }
        Ok(())
    }

    #[cold]
    fn remember(&self, chunk: &str, hash: u64, scratch: &mut Scratch) -> Result<(u32, u32)> {
        let mut tokens = std::mem::take(&mut scratch.tokens);
        let from = tokens.len() as u32;
        let read = self.tokenizer().tokenize_chunk(chunk, |token| tokens.push(self.number(token, scratch)));
        scratch.tokens = tokens;
        read?;
        let range = (from, scratch.tokens.len() as u32);
        let start = scratch.chunk_text.len() as u32;
        scratch.chunk_text.push_str(chunk);
        let cached = CachedChunk { text: (start, scratch.chunk_text.len() as u32), tokens: range };
        let text = scratch.chunk_text.as_bytes();
        scratch.chunks.insert_unique(hash, cached, |c| {
            FixedState::default().hash_one(&text[c.text.0 as usize..c.text.1 as usize])
        });
        scratch.bytes += chunk.len() + 4 * (range.1 - range.0) as usize + 2 * size_of::<CachedChunk>();
        Ok(range)
    }

    /// The number of a word, which for one outside the vocabulary is found or given in `scratch`.
    fn number(&self, word: &str, scratch: &mut Scratch) -> u32 {
        if let Some(known) = self.words.find(&self.model.vocabulary.words, word) {
            return known;
        }
        if let Some(unknown) = scratch.unknown.get(word) {
            return *unknown;
        }
        let number = (self.squares.len() + scratch.unknown_squares.len()) as u32;
        let square = self.look_inside(word, &mut scratch.unknown_inner);
        scratch.unknown_squares.push(square);
        scratch.unknown.insert(word.into(), number);
        scratch.bytes += word.len() + 48 + 8 * (1 + self.intercepts.len());
        number
    }

    /// Appends to `inner` what a word's subwords add to each frame, and returns `‖φ_w‖²`.
    fn look_inside(&self, word: &str, inner: &mut Vec<f64>) -> f64 {
        let vocabulary = &self.model.vocabulary;
        let params = &self.model.metadata.features;
        let mut found: Vec<u32> = Vec::new();
        subwords(word, params.min_subword, params.max_subword, |subword| {
            found.extend(self.subwords.find(&vocabulary.subwords, subword));
        });
        found.sort_unstable();
        let start = inner.len();
        inner.resize(start + self.intercepts.len(), 0.0);
        let mut square = 0.0;
        for run in found.chunk_by(|a, b| a == b) {
            let column = run[0] as usize;
            let value = run.len() as f64 * f64::from(vocabulary.idf_subwords[column]);
            square += value * value;
            for (j, sum) in inner[start..].iter_mut().enumerate() {
                *sum += value * f64::from(self.model.subword_weights[(j, column)]);
            }
        }
        for (sum, calibration) in inner[start..].iter_mut().zip(&self.model.metadata.calibration) {
            *sum *= calibration.map.slope;
        }
        square
    }

    /// Counts what the sentence in `scratch` holds.
    fn count(&self, scratch: &mut Scratch) -> Scales {
        let n_words = self.squares.len() as u32;
        scratch.columns.clear();
        let mut last = u32::MAX;
        let mut square = 0.0;
        for word in &scratch.sentence {
            if *word < n_words {
                scratch.columns.push(*word);
                square += self.squares[*word as usize];
                if last < n_words {
                    scratch.columns.extend(self.pairs.get(&[last, *word]));
                }
            } else {
                square += scratch.unknown_squares[(*word - n_words) as usize];
            }
            last = *word;
        }
        scratch.columns.sort_unstable();
        let idf = &self.model.vocabulary.idf_words;
        let norm = scratch.columns.chunk_by(|a, b| a == b).map(|run| {
            let x = sublinear(run.len()) * f64::from(idf[run[0] as usize]);
            x * x
        });
        let inverse = |square: f64| if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
        Scales { words: self.model.metadata.features.word_weight * inverse(norm.sum()), subwords: inverse(square) }
    }

    /// Reads words that somebody else has cut, and counts what they hold.
    pub(super) fn count_words(&self, words: &[&str], scratch: &mut Scratch) -> Scales {
        let sentence = words.iter().map(|word| self.number(word, scratch)).collect();
        scratch.sentence = sentence;
        self.count(scratch)
    }
}
