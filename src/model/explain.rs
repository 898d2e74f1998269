//! What each word of a sentence adds to the logit: exact, not an approximation, since the model is linear.

use std::ops::Range;

use serde::Serialize;

use super::lanes::{Inside, MAX_LANES};
use super::reading::Scratch;
use super::scorer::Scorer;
use crate::error::Result;
use crate::features::sublinear;
use crate::stats::sigmoid;

/// A sentence and what its words contribute to each frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// The sentence.
    pub text: String,
    /// Where its tokens stand, as byte ranges of the text.
    pub tokens: Vec<Range<usize>>,
    /// Whether each token was read as the one word that stands for names, where the model masks them.
    pub names: Vec<bool>,
    /// One entry a frame, in column order.
    pub frames: Vec<FrameExplanation>,
}

/// One frame's logit taken apart: the intercept and all contributions sum to it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FrameExplanation {
    /// The frame.
    pub frame: String,
    /// The logit of a sentence that holds nothing.
    pub intercept: f64,
    /// Logit of the calibrated probability.
    pub logit: f64,
    /// The calibrated probability.
    pub proba: f64,
    /// Whether the probability reaches the frame's threshold.
    pub predicted: bool,
    /// One entry a token, in order.
    pub words: Vec<Contribution>,
}

/// What one token adds to one frame's logit, by where it comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Contribution {
    /// The word's own weight. A word that occurs several times shares its sum equally among them.
    pub word: f64,
    /// Half of each pair with a neighbour.
    pub pairs: f64,
    /// The subwords inside it.
    pub subwords: f64,
}

impl Contribution {
    /// The sum of its parts.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.word + self.pairs + self.subwords
    }
}

impl Explanation {
    /// The text of token `i`.
    #[must_use]
    pub fn token(&self, i: usize) -> &str {
        self.text.get(self.tokens[i].clone()).unwrap_or_default()
    }
}

impl Scorer {
    /// Takes the logits of a sentence apart.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`](crate::ErrorKind::Tokenizer) if the tokenizer fails.
    pub fn explain(&self, text: &str) -> Result<Explanation> {
        let tokens = self.tokenizer().tokens_with_spans(text)?;
        let mut scratch = Scratch::default();
        self.read_tokens(&tokens, &mut scratch);
        let sentence = &scratch.sentence;
        let unknown: Vec<&[Inside]> = scratch.unknown().take(self.groups.len()).collect();
        let scales = self.scales(&self.groups[0].sum(sentence, unknown[0]));
        // What one of several occurrences adds; `all` is sorted.
        let share = |add: f32, rank: u64, all: &[u64]| {
            let tf = all.partition_point(|other| *other <= rank) - all.partition_point(|other| *other < rank);
            scales.words * f64::from(add) * sublinear(tf) / tf as f64
        };
        let frames = self.frames().names().iter().enumerate().map(|(j, frame)| {
            let (g, lane) = (j / MAX_LANES, j % MAX_LANES);
            let group = &self.groups[g];
            let pair = |pair: &[u32]| {
                group.pair(pair[0], pair[1], lane).map_or(0.0, |(add, rank)| 0.5 * share(add, rank, &sentence.pairs))
            };
            let halves: Vec<f64> = sentence.tokens.windows(2).map(pair).collect();
            let half = |i: Option<usize>| i.and_then(|i| halves.get(i)).copied().unwrap_or(0.0);
            let of_token = |(i, token): (usize, &u32)| {
                let (word, inside) = match token.checked_sub(self.n_places) {
                    None => {
                        let (own, inside, rank) = group.word(*token, lane);
                        (share(own, rank, &sentence.words), inside)
                    }
                    Some(number) => (0.0, unknown[g][number as usize].adds[lane]),
                };
                let pairs = half(Some(i)) + half(i.checked_sub(1));
                Contribution { word, pairs, subwords: scales.subwords * f64::from(inside) }
            };
            let words: Vec<Contribution> = sentence.tokens.iter().enumerate().map(of_token).collect();
            let intercept = self.intercepts()[j];
            let logit = intercept + words.iter().map(Contribution::total).sum::<f64>();
            let proba = sigmoid(logit);
            let predicted = proba >= self.model().calibration()[j].threshold;
            FrameExplanation { frame: frame.clone(), intercept, logit, proba, predicted, words }
        });
        Ok(Explanation {
            text: text.to_owned(),
            names: tokens.iter().map(|token| self.is_name(token)).collect(),
            frames: frames.collect(),
            tokens: tokens.into_iter().map(|token| token.span).collect(),
        })
    }
}
