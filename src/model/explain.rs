//! What each word of a sentence adds to the logit: exact, not an approximation, since the model is linear in its n-grams. What an encoder
//! makes of a sentence is not the sum of anything; there each word's part is what the logit loses without the word.

use std::ops::Range;

use ndarray::Array2;
use serde::Serialize;

use super::lanes::{Inside, MAX_LANES};
use super::reading::Scratch;
use super::scorer::Scorer;
use crate::error::{Error, Result};
use crate::features::{Token, sublinear};
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
    /// Whether [`Contribution::context`] tells only about what each token does: where the model has a sentence encoder.
    pub approximate: bool,
    /// One entry a frame, in column order.
    pub frames: Vec<FrameExplanation>,
}

/// One frame's logit taken apart: the intercept, all contributions and the remainder sum to it.
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
    /// What the encoder makes of the sentence and no token's [`Contribution::context`] accounts for; 0 without an encoder.
    pub remainder: f64,
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
    /// What the encoder's part of the logit loses when the token is left out of the text (occlusion); 0 without an encoder.
    ///
    /// Source: Zeiler & Fergus (2014), Visualizing and Understanding Convolutional Networks, ECCV; for words Li, Monroe & Jurafsky (2016),
    /// arXiv:1612.08220.
    pub context: f64,
}

impl Contribution {
    /// The sum of its parts.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.word + self.pairs + self.subwords + self.context
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
    /// Takes the logits of a sentence apart. With an encoder it reads the sentence once more for each token.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`](crate::ErrorKind::Tokenizer) if the tokenizer fails, and what the encoder gives.
    pub fn explain(&self, text: &str) -> Result<Explanation> {
        let tokens = self.tokenizer().tokens_with_spans(text)?;
        let mut scratch = Scratch::default();
        self.read_tokens(&tokens, &mut scratch);
        let sentence = &scratch.sentence;
        let unknown: Vec<&[Inside]> = scratch.unknown().take(self.groups.len()).collect();
        let occluded = self.occluded(text, &tokens)?;
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
                Contribution { word, pairs, subwords: scales.subwords * f64::from(inside), context: 0.0 }
            };
            let mut words: Vec<Contribution> = sentence.tokens.iter().enumerate().map(of_token).collect();
            let intercept = self.intercepts()[j];
            let mut logit = intercept + words.iter().map(Contribution::total).sum::<f64>();
            let mut remainder = 0.0;
            if let Some(occluded) = &occluded {
                // The text as it is comes first.
                let of_variants = occluded.column(j);
                let whole = of_variants[0];
                words
                    .iter_mut()
                    .zip(of_variants.iter().skip(1))
                    .for_each(|(word, without)| word.context = whole - without);
                remainder = whole - words.iter().map(|word| word.context).sum::<f64>();
                logit += whole;
            }
            let proba = sigmoid(logit);
            let predicted = proba >= self.model().calibration()[j].threshold;
            FrameExplanation { frame: frame.clone(), intercept, logit, proba, predicted, remainder, words }
        });
        Ok(Explanation {
            text: text.to_owned(),
            approximate: occluded.is_some(),
            names: tokens.iter().map(|token| self.is_name(token)).collect(),
            frames: frames.collect(),
            tokens: tokens.into_iter().map(|token| token.span).collect(),
        })
    }

    /// What the encoder adds to each frame's logit for the text as it is, and then for it without each of its tokens: shape
    /// (1 + n_tokens, n_frames). `None` without an encoder.
    fn occluded(&self, text: &str, tokens: &[Token]) -> Result<Option<Array2<f64>>> {
        /// Variants that are encoded together; more of a long text would take memory by the square of its length.
        const VARIANTS: usize = 512;
        let Some(dense) = &self.dense else { return Ok(None) };
        let without = |Token { span, .. }: &Token| {
            [text.get(..span.start), text.get(span.end..)].map(Option::unwrap_or_default).concat()
        };
        let mut all = dense.of(&[text])?;
        for tokens in tokens.chunks(VARIANTS) {
            let variants: Vec<String> = tokens.iter().map(without).collect();
            let added = dense.of(&variants.iter().map(String::as_str).collect::<Vec<_>>())?;
            added
                .rows()
                .into_iter()
                .try_for_each(|row| all.push_row(row))
                .map_err(|error| Error::encoder(error.to_string()))?;
        }
        Ok(Some(all))
    }
}
