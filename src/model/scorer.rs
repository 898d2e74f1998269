//! The model compiled for speed: what a word adds to each frame's logit is looked up, not computed.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use rayon::prelude::*;

use super::artifact::Model;
use super::encoder::DenseLogits;
use super::lanes::{Inside, Lanes, MAX_LANES, Sums, compile};
use super::lookup::{StringNumbers, key, key_in};
use super::reading::{Scratch, Subwords};
use crate::corpus::Frames;
use crate::error::Result;
use crate::evaluation::Predictions;
use crate::features::{NAME, SentenceEncoder, subword_spans};
use crate::stats::sigmoid;

/// A model ready to score. Shared by threads; each brings its own [`Scratch`].
#[derive(Debug)]
pub struct Scorer {
    model: Model,
    /// What the model adds, eight frames a group.
    pub(super) groups: Vec<Box<dyn Lanes>>,
    /// What is above the places of the vocabulary's words; those of other words are from there on.
    pub(super) n_places: u32,
    /// The words of the vocabulary that are too long to be their own keys.
    pub(super) long: HashMap<Box<str>, u32, FixedState>,
    /// The place of the stand-in for names, if the vocabulary holds it.
    pub(super) name: Option<u32>,
    subwords: StringNumbers,
    /// Intercepts of the calibrated logit.
    intercepts: Vec<f64>,
    /// What the encoder's vectors add, if the model has one.
    pub(super) dense: Option<DenseLogits>,
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
    ///
    /// # Errors
    /// [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if the model was trained with a sentence encoder.
    pub fn new(model: Model) -> Result<Self> {
        Scorer::compiled(model, None)
    }

    /// Compiles a model with the sentence encoder that it was trained with.
    ///
    /// # Errors
    /// [`ErrorKind::Encoder`](crate::ErrorKind::Encoder) if the model was trained with another one or without.
    pub fn with_encoder(model: Model, encoder: Arc<dyn SentenceEncoder>) -> Result<Self> {
        Scorer::compiled(model, Some(encoder))
    }

    /// Compiles a model with its encoder, if it has one.
    pub(crate) fn compiled(model: Model, encoder: Option<Arc<dyn SentenceEncoder>>) -> Result<Self> {
        let dense = DenseLogits::new(&model, encoder)?;
        let vocabulary = model.vocabulary();
        let folded = |(calibration, intercept): (&crate::calibration::Calibration, &f64)| {
            calibration.map.slope * intercept + calibration.map.intercept
        };
        let long = (0..).zip(vocabulary.words.iter()).filter(|(_, word)| key(word).is_none());
        let firsts: Vec<usize> = (0..model.frames().len()).step_by(MAX_LANES).collect();
        let (groups, subwords): (Vec<Box<dyn Lanes>>, _) = rayon::join(
            || firsts.into_par_iter().map(|first| compile(&model, first)).collect(),
            || StringNumbers::new(&vocabulary.subwords),
        );
        let mut scorer = Scorer {
            n_places: groups[0].n_places(),
            groups,
            name: None,
            long: long.map(|(number, word)| (word.into(), number)).collect(),
            subwords,
            intercepts: model.calibration().iter().zip(&model.intercepts).map(folded).collect(),
            dense,
            model,
        };
        scorer.name = scorer.find(NAME);
        let words = &scorer.model.vocabulary().words;
        let found: Vec<Vec<Inside>> = (0..words.len())
            .into_par_iter()
            .map_init(Subwords::default, |subwords, word| {
                scorer.subwords_of(words.get(word), subwords);
                scorer.groups.iter().map(|group| group.look_inside(&subwords.columns)).collect()
            })
            .collect();
        for (g, group) in scorer.groups.iter_mut().enumerate() {
            group.set_inside(&found.iter().map(|of_groups| of_groups[g]).collect::<Vec<_>>());
        }
        Ok(scorer)
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

    /// The sentence encoder that it scores with, if the model was trained with one.
    #[must_use]
    pub fn encoder(&self) -> Option<&Arc<dyn SentenceEncoder>> {
        self.dense.as_ref().map(DenseLogits::encoder)
    }

    /// Writes the calibrated logit of each frame into `logits`, of length n_frames. Any text will do; one without a word of the
    /// vocabulary and without a known subword gets the intercepts, and what an encoder makes of it. With an encoder
    /// [`Scorer::logits_of`] is many times as fast for many texts.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`](crate::ErrorKind::Tokenizer) if the tokenizer fails, and what the encoder gives.
    pub fn logits(&self, text: &str, scratch: &mut Scratch, logits: &mut [f64]) -> Result<()> {
        self.logits_of(std::iter::once(Some(text)), scratch, logits)
    }

    /// Writes the calibrated logits of some texts into `logits`, of shape (n_texts, n_frames), row by row. The row of a `None`
    /// becomes NaN. An encoder gets all texts at once.
    ///
    /// # Errors
    /// As [`Scorer::logits`].
    pub fn logits_of<'t>(
        &self,
        texts: impl Iterator<Item = Option<&'t str>> + Clone,
        scratch: &mut Scratch,
        logits: &mut [f64],
    ) -> Result<()> {
        let n_frames = self.intercepts.len();
        for (text, logits) in texts.clone().zip(logits.chunks_exact_mut(n_frames)) {
            match text {
                Some(text) => self.ngram_logits(text, scratch, logits)?,
                None => logits.fill(f64::NAN),
            }
        }
        let Some(dense) = &self.dense else { return Ok(()) };
        let added = dense.of(&texts.clone().flatten().collect::<Vec<_>>())?;
        let scored = texts.zip(logits.chunks_exact_mut(n_frames)).filter(|(text, _)| text.is_some());
        for ((_, logits), added) in scored.zip(added.rows()) {
            logits.iter_mut().zip(added).for_each(|(logit, add)| *logit += add);
        }
        Ok(())
    }

    /// What words, pairs and subwords make of the logits.
    #[inline]
    fn ngram_logits(&self, text: &str, scratch: &mut Scratch, logits: &mut [f64]) -> Result<()> {
        self.groups[0].read(self, text, scratch)?;
        let of_groups = logits.chunks_mut(MAX_LANES).zip(self.intercepts.chunks(MAX_LANES));
        for ((group, unknown), (logits, intercepts)) in self.groups.iter().zip(scratch.unknown()).zip(of_groups) {
            let sums = group.sum(&scratch.sentence, unknown);
            let scales = self.scales(&sums);
            for (j, (logit, intercept)) in logits.iter_mut().zip(intercepts).enumerate() {
                *logit = intercept + scales.words * sums.own[j] + scales.subwords * sums.inside[j];
            }
        }
        Ok(())
    }

    /// Writes the calibrated probability of each frame into `proba`, of length n_frames.
    ///
    /// # Errors
    /// As [`Scorer::logits`].
    pub fn proba(&self, text: &str, scratch: &mut Scratch, proba: &mut [f64]) -> Result<()> {
        self.proba_of(std::iter::once(Some(text)), scratch, proba)
    }

    /// Writes the calibrated probabilities of some texts into `proba`, of shape (n_texts, n_frames), row by row. The row of a `None`
    /// becomes NaN.
    ///
    /// # Errors
    /// As [`Scorer::logits`].
    pub fn proba_of<'t>(
        &self,
        texts: impl Iterator<Item = Option<&'t str>> + Clone,
        scratch: &mut Scratch,
        proba: &mut [f64],
    ) -> Result<()> {
        self.logits_of(texts, scratch, proba)?;
        proba.iter_mut().for_each(|p| *p = sigmoid(*p));
        Ok(())
    }

    /// The decision on each frame at these probabilities, in column order.
    pub fn decide<'a>(&'a self, proba: &'a [f64]) -> impl Iterator<Item = bool> + 'a {
        proba.iter().zip(self.model.calibration()).map(|(p, calibration)| *p >= calibration.threshold)
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
            self.proba_of(texts.iter().map(|text| Some(text.as_ref())), &mut scratch, proba)
        })?;
        for (proba, mut predicted) in predictions.proba.rows().into_iter().zip(predictions.predicted.rows_mut()) {
            let proba = proba.to_slice().expect("rows of a standard array are contiguous");
            predicted.iter_mut().zip(self.decide(proba)).for_each(|(cell, decision)| *cell = decision);
        }
        Ok(predictions)
    }

    /// Replaces the columns by those of a word's subwords.
    pub(super) fn subwords_of(&self, word: &str, Subwords { padded, keys, places, columns }: &mut Subwords) {
        let params = &self.model.metadata.features;
        keys.clear();
        columns.clear();
        subword_spans(word, params.min_subword, params.max_subword, padded, |text, span| {
            match key_in(text.as_bytes(), span.clone()) {
                Some(key) => keys.push(key),
                None => columns.extend(self.subwords.find_long(&text[span])),
            }
        });
        self.subwords.find_all(keys, places, columns);
        columns.sort_unstable();
    }

    /// What the blocks of a sentence with these sums are multiplied by.
    pub(super) fn scales(&self, sums: &Sums) -> Scales {
        let inverse = |square: f64| if square > 0.0 { 1.0 / square.sqrt() } else { 0.0 };
        Scales { words: self.model.metadata.features.word_weight * inverse(sums.norm), subwords: inverse(sums.square) }
    }
}
