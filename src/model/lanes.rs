//! What words, pairs and subwords add to the logits, compiled for up to eight frames side by side.

use std::fmt::Debug;

use ndarray::ArrayView1;

use super::artifact::Model;
use super::lookup::{Key, PairFilter, word_key};
use super::reading::Scratch;
use super::scorer::Scorer;
use super::tables::{Entry, Table};
use crate::error::Result;
use crate::features::sublinear;

/// Most frames in one group.
pub(super) const MAX_LANES: usize = 8;

/// What lies inside a word: `‖φ‖²`, and what its subwords add to each frame of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Inside {
    pub square: f32,
    pub adds: [f32; MAX_LANES],
}

/// Sums over a sentence, for the frames of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    /// `Σ ((1 + ln tf) idf)²` over words and pairs.
    pub norm: f64,
    /// `Σ ‖φ‖²` over tokens.
    pub square: f64,
    /// Of words and pairs.
    pub own: [f64; MAX_LANES],
    /// Of the subwords of all tokens.
    pub inside: [f64; MAX_LANES],
}

/// A sentence as the places of its words in their table.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    /// Its words in order; from the table's end on, words outside the vocabulary.
    pub tokens: Vec<u32>,
    /// The words of the vocabulary, [ranked](Table::ranked) and sorted, each as often as it occurs.
    pub words: Vec<u64>,
    /// The pairs of the vocabulary, likewise.
    pub pairs: Vec<u64>,
}

/// Some frames' part of a model. All parts of a model have the same places.
pub(super) trait Lanes: Debug + Send + Sync {
    /// Fills the sentence of `scratch` with the words of a text.
    fn read(&self, scorer: &Scorer, text: &str, scratch: &mut Scratch) -> Result<()>;

    /// The place of a word of the vocabulary.
    fn find(&self, key: Key) -> Option<u32>;

    /// How many places words have.
    fn n_places(&self) -> u32;

    /// Fills in the words and pairs of the vocabulary, from the tokens.
    fn complete(&self, sentence: &mut Sentence);

    /// Sums up a sentence. `unknown` has what lies inside words outside the vocabulary, in order of their numbers.
    fn sum(&self, sentence: &Sentence, unknown: &[Inside]) -> Sums;

    /// Sums up the subwords of a word: their columns, sorted, each as often as it occurs.
    fn look_inside(&self, subwords: &[u32]) -> Inside;

    /// Sets what lies inside the words of the vocabulary, by number.
    fn set_inside(&mut self, words: &[Inside]);

    /// What one unit of the word at a place adds to a frame, and what lies inside it; and its rank.
    fn word(&self, place: u32, lane: usize) -> (f32, f32, u64);

    /// What one unit of a pair of words adds to a frame, if the vocabulary holds the pair; and its rank.
    fn pair(&self, first: u32, second: u32, lane: usize) -> Option<(f32, u64)>;
}

/// Compiles the frames from `first` on, eight at most.
pub(super) fn compile(model: &Model, first: usize) -> Box<dyn Lanes> {
    match model.frames().len() - first {
        1 => Box::new(Group::<1>::new(model, first)),
        2 => Box::new(Group::<2>::new(model, first)),
        3 => Box::new(Group::<3>::new(model, first)),
        4 => Box::new(Group::<4>::new(model, first)),
        _ => Box::new(Group::<MAX_LANES>::new(model, first)),
    }
}

/// `L` frames; those beyond the model's last one add nothing.
#[derive(Debug)]
struct Group<const L: usize> {
    words: Table<Word<L>>,
    pairs: Table<Pair<L>>,
    filter: PairFilter,
    subwords: Vec<Row<L>>,
}

/// An idf, and what one unit adds to each frame.
#[derive(Debug, Clone, Copy)]
struct Row<const L: usize> {
    idf: f32,
    adds: [f32; L],
}

/// A word of the vocabulary: a cache line, for up to four frames.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Word<const L: usize> {
    key: Key,
    number: u32,
    own: Row<L>,
    square: f32,
    inside: [f32; L],
}

/// A pair of words of the vocabulary: half a cache line, for up to four frames.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct Pair<const L: usize> {
    /// The places of its words.
    key: u64,
    number: u32,
    own: Row<L>,
}

impl<const L: usize> Row<L> {
    const EMPTY: Row<L> = Row { idf: 0.0, adds: [0.0; L] };
}

impl<const L: usize> Entry for Word<L> {
    type Key = Key;

    #[inline]
    fn key(&self) -> Key {
        self.key
    }

    #[inline]
    fn number(&self) -> u32 {
        self.number
    }

    fn idf(&self) -> f32 {
        self.own.idf
    }
}

impl<const L: usize> Entry for Pair<L> {
    type Key = u64;

    #[inline]
    fn key(&self) -> u64 {
        self.key
    }

    #[inline]
    fn number(&self) -> u32 {
        self.number
    }

    fn idf(&self) -> f32 {
        self.own.idf
    }
}

#[inline]
fn joined(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | u64::from(second)
}

/// Sums over words and pairs.
struct Own<const L: usize> {
    norm: f64,
    sums: [f64; L],
}

impl<const L: usize> Own<L> {
    /// Adds a word or pair that occurs `n` times.
    #[inline]
    fn add(&mut self, row: &Row<L>, n: usize) {
        let (tf, idf) = (sublinear(n), f64::from(row.idf));
        self.norm += tf * idf * tf * idf;
        for lane in 0..L {
            self.sums[lane] += tf * f64::from(row.adds[lane]);
        }
    }
}

impl<const L: usize> Group<L> {
    /// The calibration is folded in, so that sums are those of the calibrated logit.
    fn new(model: &Model, first: usize) -> Self {
        let slopes: Vec<f64> = model.calibration().iter().skip(first).take(L).map(|of| of.map.slope).collect();
        let rows = |idf: &[f32], weights: &ndarray::Array2<f32>| -> Vec<Row<L>> {
            let row = |(idf, weights): (&f32, ArrayView1<'_, f32>)| {
                let mut row = Row { idf: *idf, ..Row::EMPTY };
                for ((add, slope), weight) in row.adds.iter_mut().zip(&slopes).zip(weights.iter().skip(first)) {
                    *add = (slope * f64::from(*idf) * f64::from(*weight)) as f32;
                }
                row
            };
            idf.iter().zip(weights.columns()).map(row).collect()
        };
        let vocabulary = model.vocabulary();
        let keys: Vec<Key> = (0..).zip(vocabulary.words.iter()).map(|(number, word)| word_key(number, word)).collect();
        let own = rows(&vocabulary.idf_words, &model.word_weights);
        let (of_words, of_pairs) = own.split_at(keys.len());
        let word = |(i, own): (usize, &Row<L>)| Word {
            key: keys[i],
            number: i as u32,
            own: *own,
            square: 0.0,
            inside: [0.0; L],
        };
        let words = Table::new(of_words.iter().enumerate().map(word).collect());
        let place = |number: u32| words.find(keys[number as usize]).expect("every word was placed");
        let pair_key = |[first, second]: [u32; 2]| joined(place(first), place(second));
        let pair =
            |(i, own): (usize, &Row<L>)| Pair { key: pair_key(vocabulary.pairs[i]), number: i as u32, own: *own };
        let pairs = Table::new(of_pairs.iter().enumerate().map(pair).collect());
        let filter = PairFilter::new(of_pairs.len(), pairs.entries().iter().map(|pair| pair.key));
        Group { words, pairs, filter, subwords: rows(&vocabulary.idf_subwords, &model.subword_weights) }
    }
}

#[expect(clippy::needless_range_loop, reason = "loops over lanes, whose number is known, become straight code")]
impl<const L: usize> Lanes for Group<L> {
    fn read(&self, scorer: &Scorer, text: &str, scratch: &mut Scratch) -> Result<()> {
        scorer.read_text(text, scratch, |key| self.words.find(key))?;
        self.complete(&mut scratch.sentence);
        Ok(())
    }

    fn find(&self, key: Key) -> Option<u32> {
        self.words.find(key)
    }

    fn n_places(&self) -> u32 {
        self.words.entries().len() as u32
    }

    fn complete(&self, Sentence { tokens, words, pairs }: &mut Sentence) {
        let n_places = self.n_places();
        words.clear();
        pairs.clear();
        let mut last = u32::MAX;
        for token in tokens {
            if *token < n_places {
                words.push(self.words.ranked(*token));
                let pair = joined(last, *token);
                if last < n_places && self.filter.may_hold(pair) {
                    pairs.push(pair);
                }
            }
            last = *token;
        }
        // In a loop of its own, so that the processor may wait for several of them at once.
        pairs.retain_mut(|pair| {
            let place = self.pairs.find(*pair);
            *pair = place.map_or(0, |place| self.pairs.ranked(place));
            place.is_some()
        });
        words.sort_unstable();
        pairs.sort_unstable();
    }

    fn sum(&self, sentence: &Sentence, unknown: &[Inside]) -> Sums {
        let (mut square, mut inside) = (0.0, [0.0; L]);
        for token in &sentence.tokens {
            match token.checked_sub(self.n_places()) {
                None => {
                    let word = self.words.get(*token);
                    square += f64::from(word.square);
                    for lane in 0..L {
                        inside[lane] += f64::from(word.inside[lane]);
                    }
                }
                Some(number) => {
                    let word = &unknown[number as usize];
                    square += f64::from(word.square);
                    for lane in 0..L {
                        inside[lane] += f64::from(word.adds[lane]);
                    }
                }
            }
        }
        let mut own = Own { norm: 0.0, sums: [0.0; L] };
        for run in sentence.words.chunk_by(|a, b| a == b) {
            own.add(&self.words.get(run[0] as u32).own, run.len());
        }
        for run in sentence.pairs.chunk_by(|a, b| a == b) {
            own.add(&self.pairs.get(run[0] as u32).own, run.len());
        }
        let mut sums = Sums { norm: own.norm, square, ..Sums::default() };
        sums.own[..L].copy_from_slice(&own.sums);
        sums.inside[..L].copy_from_slice(&inside);
        sums
    }

    fn look_inside(&self, subwords: &[u32]) -> Inside {
        let mut found = Inside::default();
        for run in subwords.chunk_by(|a, b| a == b) {
            let Row { idf, adds } = &self.subwords[run[0] as usize];
            let count = run.len() as f32;
            found.square += count * idf * count * idf;
            found.adds.iter_mut().zip(adds).for_each(|(sum, add)| *sum += count * add);
        }
        found
    }

    fn set_inside(&mut self, words: &[Inside]) {
        for word in self.words.entries_mut() {
            let inside = &words[word.number as usize];
            word.square = inside.square;
            word.inside.copy_from_slice(&inside.adds[..L]);
        }
    }

    fn word(&self, place: u32, lane: usize) -> (f32, f32, u64) {
        let word = self.words.get(place);
        (word.own.adds[lane], word.inside[lane], self.words.ranked(place))
    }

    fn pair(&self, first: u32, second: u32, lane: usize) -> Option<(f32, u64)> {
        let place = self.pairs.find(joined(first, second))?;
        Some((self.pairs.get(place).own.adds[lane], self.pairs.ranked(place)))
    }
}
