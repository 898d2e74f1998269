//! What words, pairs and subwords add to the logits, compiled for up to eight frames side by side.

use std::fmt::Debug;

use ndarray::Array2;

use super::artifact::Model;
use super::lookup::{Key, PairFilter, word_key};
use super::reading::Scratch;
use super::scorer::Scorer;
use super::tables::{ABSENT, Entry, Table, hash};
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
    /// The words of the vocabulary, [ranked] and sorted, each as often as it occurs.
    pub words: Vec<u64>,
    /// The pairs of the vocabulary, likewise.
    pub pairs: Vec<u64>,
    /// The words outside the vocabulary, by number.
    pub others: Vec<u32>,
    /// The keys of neighbours that may be a pair of the vocabulary, and their places.
    candidates: Vec<u64>,
    places: Vec<u32>,
}

/// The number in the vocabulary's order of what stands at a place, and behind it the place: sorting these sorts by number.
#[inline]
fn ranked(number: u32, place: u32) -> u64 {
    u64::from(number) << 32 | u64::from(place)
}

/// The places of sorted ranks, and how often each of them occurs.
#[inline]
fn runs(ranks: &[u64]) -> impl Iterator<Item = (u32, usize)> + '_ {
    ranks.chunk_by(|a, b| a == b).map(|run| (run[0] as u32, run.len()))
}

/// Some frames' part of a model. All parts of a model have the same places.
pub(super) trait Lanes: Debug + Send + Sync {
    /// Fills the sentence of `scratch` with the words of a text.
    fn read(&self, scorer: &Scorer, text: &str, scratch: &mut Scratch) -> Result<()>;

    /// The place of a word of the vocabulary.
    fn find(&self, key: Key) -> Option<u32>;

    /// What is above the places of all words.
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
        // Four lanes fill the processor's registers better than three.
        3 | 4 => Box::new(Group::<4>::new(model, first)),
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

/// What is added to each frame.
#[derive(Debug, Clone, Copy)]
struct Adds<const L: usize>([f32; L]);

impl<const L: usize> Default for Adds<L> {
    fn default() -> Self {
        Adds([0.0; L])
    }
}

/// An idf, and what one unit adds.
#[derive(Debug, Clone, Copy, Default)]
struct Row<const L: usize> {
    idf: f32,
    adds: Adds<L>,
}

/// A word of the vocabulary: a cache line, for up to four frames.
#[derive(Debug, Clone, Default)]
#[repr(align(64))]
struct Word<const L: usize> {
    key: Key,
    /// In the vocabulary's order.
    number: u32,
    own: Row<L>,
    square: f32,
    inside: Adds<L>,
}

impl<const L: usize> Entry for Word<L> {
    type Key = Key;

    #[inline]
    fn key(&self) -> Key {
        self.key
    }
}

/// A pair of words of the vocabulary: half a cache line, for up to four frames.
#[derive(Debug, Clone, Default)]
#[repr(align(32))]
struct Pair<const L: usize> {
    key: u64,
    /// In the vocabulary's order.
    number: u32,
    own: Row<L>,
}

impl<const L: usize> Entry for Pair<L> {
    type Key = u64;

    #[inline]
    fn key(&self) -> u64 {
        self.key
    }
}

/// The key of a pair, from the places of its words; 0 is none.
#[inline]
fn joined(first: u32, second: u32) -> u64 {
    u64::from(first) << 32 | (u64::from(second) + 1)
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
            self.sums[lane] += tf * f64::from(row.adds.0[lane]);
        }
    }
}

/// The numbers of features in order of frequency, which is that of their idf.
fn by_frequency(idf: &[f32]) -> impl Iterator<Item = u32> {
    // The bits of floats that are not negative sort as the floats do, and any order will do for others.
    let mut ranked: Vec<u64> = idf.iter().zip(0..).map(|(idf, i)| u64::from(idf.to_bits()) << 32 | i).collect();
    ranked.sort_unstable();
    ranked.into_iter().map(|ranked| ranked as u32)
}

impl<const L: usize> Group<L> {
    /// The calibration is folded in, so that sums are those of the calibrated logit.
    fn new(model: &Model, first: usize) -> Self {
        let slopes: Vec<f64> = model.calibration().iter().skip(first).take(L).map(|of| of.map.slope).collect();
        let rows = |idf: &[f32], weights: &Array2<f32>| -> Vec<Row<L>> {
            let mut rows: Vec<Row<L>> = idf.iter().map(|idf| Row { idf: *idf, ..Row::default() }).collect();
            for (lane, (slope, weights)) in slopes.iter().zip(weights.rows().into_iter().skip(first)).enumerate() {
                for (row, weight) in rows.iter_mut().zip(weights) {
                    row.adds.0[lane] = (slope * f64::from(row.idf) * f64::from(*weight)) as f32;
                }
            }
            rows
        };
        let vocabulary = model.vocabulary();
        let n_words = vocabulary.words.len();
        let own = rows(&vocabulary.idf_words, &model.word_weights);
        let (of_words, of_pairs) = own.split_at(n_words);
        let (idf_words, idf_pairs) = vocabulary.idf_words.split_at(n_words);
        let word = |number: u32| {
            let (key, own) = (word_key(number, vocabulary.words.get(number as usize)), of_words[number as usize]);
            Word { key, number, own, ..Word::default() }
        };
        let words: Table<Word<L>> = by_frequency(idf_words).map(word).collect();
        let mut places = vec![0; n_words];
        words.iter().for_each(|(place, word)| places[word.number as usize] = place);
        let pair = |number: u32| {
            let [first, second] = vocabulary.pairs[number as usize].map(|word| places[word as usize]);
            Pair { key: joined(first, second), number, own: of_pairs[number as usize] }
        };
        let pairs: Table<Pair<L>> = by_frequency(idf_pairs).map(pair).collect();
        Group {
            filter: PairFilter::new(of_pairs.len(), pairs.iter().map(|(_, pair)| hash(pair.key))),
            words,
            pairs,
            subwords: rows(&vocabulary.idf_subwords, &model.subword_weights),
        }
    }
}

#[expect(clippy::needless_range_loop, reason = "loops over lanes, whose number is known, become straight code")]
impl<const L: usize> Lanes for Group<L> {
    fn read(&self, scorer: &Scorer, text: &str, scratch: &mut Scratch) -> Result<()> {
        scorer.read_text(text, scratch, &self.words)?;
        self.complete(&mut scratch.sentence);
        Ok(())
    }

    fn find(&self, key: Key) -> Option<u32> {
        self.words.find(key)
    }

    fn n_places(&self) -> u32 {
        self.words.n_places()
    }

    fn complete(&self, Sentence { tokens, words, pairs, others, candidates, places }: &mut Sentence) {
        let n_places = self.n_places();
        words.clear();
        pairs.clear();
        others.clear();
        candidates.resize(tokens.len(), 0);
        let (mut last, mut n_candidates) = (ABSENT, 0);
        for token in tokens {
            if *token < n_places {
                words.push(ranked(self.words.get(*token).number, *token));
                if last < n_places {
                    let key = joined(last, *token);
                    // Written in any case: a branch that goes either way costs more.
                    candidates[n_candidates] = key;
                    n_candidates += usize::from(self.filter.may_hold(hash(key)));
                }
            } else {
                others.push(*token - n_places);
            }
            last = *token;
        }
        places.clear();
        self.pairs.find_all(&candidates[..n_candidates], places);
        let there = places.iter().filter(|place| **place != ABSENT);
        pairs.extend(there.map(|place| ranked(self.pairs.get(*place).number, *place)));
        words.sort_unstable();
        pairs.sort_unstable();
    }

    fn sum(&self, sentence: &Sentence, unknown: &[Inside]) -> Sums {
        let (mut square, mut inside) = (0.0, [0.0; L]);
        let mut own = Own { norm: 0.0, sums: [0.0; L] };
        for (place, n) in runs(&sentence.words) {
            let word = self.words.get(place);
            square += n as f64 * f64::from(word.square);
            for lane in 0..L {
                inside[lane] += n as f64 * f64::from(word.inside.0[lane]);
            }
            own.add(&word.own, n);
        }
        for number in &sentence.others {
            let word = &unknown[*number as usize];
            square += f64::from(word.square);
            for lane in 0..L {
                inside[lane] += f64::from(word.adds[lane]);
            }
        }
        for (place, n) in runs(&sentence.pairs) {
            own.add(&self.pairs.get(place).own, n);
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
            found.adds.iter_mut().zip(adds.0).for_each(|(sum, add)| *sum += count * add);
        }
        found
    }

    fn set_inside(&mut self, words: &[Inside]) {
        for word in self.words.iter_mut() {
            let inside = &words[word.number as usize];
            word.square = inside.square;
            word.inside.0.copy_from_slice(&inside.adds[..L]);
        }
    }

    fn word(&self, place: u32, lane: usize) -> (f32, f32, u64) {
        let word = self.words.get(place);
        (word.own.adds.0[lane], word.inside.0[lane], ranked(word.number, place))
    }

    fn pair(&self, first: u32, second: u32, lane: usize) -> Option<(f32, u64)> {
        let place = self.pairs.find(joined(first, second))?;
        let pair = self.pairs.get(place);
        Some((pair.own.adds.0[lane], ranked(pair.number, place)))
    }
}
