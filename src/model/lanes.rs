//! What words, pairs and subwords add to the logits, compiled for up to eight frames side by side.
//!
//! A word's idf, norm and weights stand together in one row, and the number of frames is known to the compiler: a memory access costs
//! more than the arithmetic on what it brings.

use std::fmt::Debug;

use ndarray::ArrayView1;

use super::artifact::Model;
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

/// A sentence as numbers.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    /// Its words in order; numbers from the vocabulary's end on are unknown words.
    pub tokens: Vec<u32>,
    /// The words of the vocabulary, sorted, each as often as it occurs.
    pub words: Vec<u32>,
    /// The pairs of the vocabulary, likewise.
    pub pairs: Vec<u32>,
}

/// Some frames' part of a model.
pub(super) trait Lanes: Debug + Send + Sync {
    /// Sums up a sentence. `unknown` has what lies inside words outside the vocabulary, in order of their numbers.
    fn sum(&self, sentence: &Sentence, unknown: &[Inside]) -> Sums;

    /// Sums up the subwords of a word: their columns, sorted, each as often as it occurs.
    fn look_inside(&self, subwords: &[u32]) -> Inside;

    /// Sets what lies inside the words of the vocabulary.
    fn set_inside(&mut self, words: &[Inside]);

    /// What lies inside a word of the vocabulary.
    fn inside(&self, word: u32) -> Inside;

    /// What one unit of a word adds to a frame.
    fn word(&self, word: u32, lane: usize) -> f32;

    /// What one unit of a pair adds to a frame.
    fn pair(&self, pair: u32, lane: usize) -> f32;
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
    words: Vec<WordRow<L>>,
    pairs: Vec<Row<L>>,
    subwords: Vec<Row<L>>,
}

#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
struct WordRow<const L: usize> {
    own: Row<L>,
    square: f32,
    inside: [f32; L],
}

/// An idf, and what one unit adds to each frame.
#[derive(Debug, Clone, Copy)]
struct Row<const L: usize> {
    idf: f32,
    adds: [f32; L],
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
                let mut adds = [0.0; L];
                for ((add, slope), weight) in adds.iter_mut().zip(&slopes).zip(weights.iter().skip(first)) {
                    *add = (slope * f64::from(*idf) * f64::from(*weight)) as f32;
                }
                Row { idf: *idf, adds }
            };
            idf.iter().zip(weights.columns()).map(row).collect()
        };
        let vocabulary = model.vocabulary();
        let mut own = rows(&vocabulary.idf_words, &model.word_weights);
        let pairs = own.split_off(vocabulary.n_words());
        Group {
            words: own.into_iter().map(|own| WordRow { own, square: 0.0, inside: [0.0; L] }).collect(),
            pairs,
            subwords: rows(&vocabulary.idf_subwords, &model.subword_weights),
        }
    }
}

#[expect(clippy::needless_range_loop, reason = "loops over lanes, whose number is known, become straight code")]
impl<const L: usize> Lanes for Group<L> {
    fn sum(&self, sentence: &Sentence, unknown: &[Inside]) -> Sums {
        let (mut square, mut inside) = (0.0, [0.0; L]);
        for token in &sentence.tokens {
            match self.words.get(*token as usize) {
                Some(row) => {
                    square += f64::from(row.square);
                    for lane in 0..L {
                        inside[lane] += f64::from(row.inside[lane]);
                    }
                }
                None => {
                    let row = &unknown[*token as usize - self.words.len()];
                    square += f64::from(row.square);
                    for lane in 0..L {
                        inside[lane] += f64::from(row.adds[lane]);
                    }
                }
            }
        }
        let mut own = Own { norm: 0.0, sums: [0.0; L] };
        for run in sentence.words.chunk_by(|a, b| a == b) {
            own.add(&self.words[run[0] as usize].own, run.len());
        }
        for run in sentence.pairs.chunk_by(|a, b| a == b) {
            own.add(&self.pairs[run[0] as usize], run.len());
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
        for (row, inside) in self.words.iter_mut().zip(words) {
            row.square = inside.square;
            row.inside.copy_from_slice(&inside.adds[..L]);
        }
    }

    fn inside(&self, word: u32) -> Inside {
        let row = &self.words[word as usize];
        let mut inside = Inside { square: row.square, ..Inside::default() };
        inside.adds[..L].copy_from_slice(&row.inside);
        inside
    }

    fn word(&self, word: u32, lane: usize) -> f32 {
        self.words[word as usize].own.adds[lane]
    }

    fn pair(&self, pair: u32, lane: usize) -> f32 {
        self.pairs[pair as usize].adds[lane]
    }
}
