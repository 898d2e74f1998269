//! What the model remembers of its making: the facts behind the card that `inspect` prints.

use serde::{Deserialize, Serialize};

use super::distillation::Distillation;
use super::encoder::EncoderSummary;
use super::params::LogisticValidParams;
use crate::calibration::Calibration;
use crate::corpus::{Frames, GroupBy, LeftOut, NO_FRAME, SourceFile};
use crate::evaluation::{CoOccurrence, Counts, Evaluation, FrameEvaluation};
use crate::features::FeatureValidParams;

/// How a model was trained, and how good it was on rows it had not seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingSummary {
    /// The files, with the hashes of their text.
    pub sources: Vec<SourceFile>,
    /// Rows trained on.
    pub n_rows: usize,
    /// Rows of the files that were not.
    pub left_out: LeftOut,
    /// Distinct articles, where the rows name them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub n_articles: Option<usize>,
    /// Distinct stories, where the rows name them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub n_stories: Option<usize>,
    /// Distinct outlets, where the rows name them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub n_outlets: Option<usize>,
    /// What the folds held out whole.
    pub group: GroupBy,
    /// Folds.
    pub n_folds: usize,
    /// Penalties tried.
    pub alphas: Vec<f64>,
    /// Rows on which they were chosen, where these were not all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alpha_rows: Option<usize>,
    /// Seed of folds and bootstrap.
    pub seed: u64,
    /// Options of the estimator; `alpha` there is overruled per frame.
    pub logistic: LogisticValidParams,
    /// The frames, in column order.
    pub frames: Vec<FrameSummary>,
    /// Scores out of fold, thresholds and calibration cross-fitted.
    pub evaluation: Evaluation,
    /// What the rows look like to models that had not seen them.
    pub profile: Profile,
    /// The teacher, where the model learned from the opinions of one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub distillation: Option<Distillation>,
}

impl TrainingSummary {
    /// The first of some files that the model was trained on, by itself or through its teacher, unless another part of it was named by its split column.
    #[must_use]
    pub fn trained_on<'a>(&self, sources: &'a [SourceFile]) -> Option<&'a SourceFile> {
        let other_part = |known: &SourceFile, source: &SourceFile| {
            known.split.is_some() && source.split.is_some() && known.split != source.split
        };
        let of_teacher = self.distillation.iter().flat_map(|distillation| &distillation.teacher.sources);
        let known: Vec<&SourceFile> = self.sources.iter().chain(of_teacher).collect();
        sources
            .iter()
            .find(|source| known.iter().any(|known| known.sha256 == source.sha256 && !other_part(known, source)))
    }

    /// Says what no training of these frames leaves, if there is such a thing. Reports then need not look again before
    /// they add or line up.
    pub(super) fn fault(&self, frames: &Frames) -> Option<&'static str> {
        /// Rows are below 2³².
        const MOST: usize = u32::MAX as usize;
        let evaluation = &self.evaluation;
        let are_ours = |found: &mut dyn Iterator<Item = &String>| found.eq(frames.names());
        let table = |frames: &[FrameEvaluation]| are_ours(&mut frames.iter().map(|frame| &frame.frame));
        let counted = |frames: &[FrameEvaluation]| {
            frames.iter().all(|frame| {
                let Counts { true_positive, false_positive, false_negative, true_negative } = frame.counts;
                let cells = [true_positive, false_positive, false_negative, true_negative];
                frame.n_present.max(frame.n_absent) <= MOST && cells.iter().all(|n| *n <= MOST)
            })
        };
        let CoOccurrence { names, predicted, gold } = &evaluation.co_occurrence;
        let (none, square) = (NO_FRAME.to_owned(), |rows: &[Box<[usize]>]| {
            rows.len() == names.len() && rows.iter().all(|row| row.len() == names.len())
        });
        if !are_ours(&mut self.frames.iter().map(|frame| &frame.frame)) {
            return Some("the training should have a summary of each frame, in column order");
        }
        if !table(&evaluation.frames) || !evaluation.outlets.iter().all(|outlet| table(&outlet.frames)) {
            return Some("the evaluation should have the scores of each frame, in column order");
        }
        if !names.iter().eq(frames.names().iter().chain([&none])) || !square(predicted) || !square(gold) {
            return Some(
                "the evaluation's table of frames predicted for others should have a row and a column for each frame and for none",
            );
        }
        let summed = |frame: &FrameSummary| frame.n_present.max(frame.n_absent) <= MOST;
        if !self.frames.iter().all(summed)
            || !counted(&evaluation.frames)
            || !evaluation.outlets.iter().all(|outlet| counted(&outlet.frames))
        {
            return Some("counts of rows should be below 2³²");
        }
        if self.profile.proba_deciles.len() != frames.len() {
            return Some("the profile should have the deciles of each frame");
        }
        self.distillation.as_ref().and_then(|distillation| distillation.fault(frames))
    }
}

/// What other rows are compared with, to tell whether they are like the training rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Share of words that the vocabulary of the other folds does not hold; names do not count where they are masked.
    pub unknown_words: f64,
    /// The nine deciles of each frame's probability out of fold, in column order of the frames.
    pub proba_deciles: Vec<[f64; 9]>,
}

/// One frame's part of the summary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameSummary {
    /// The frame.
    pub frame: String,
    /// Rows coded with it.
    pub n_present: usize,
    /// Rows coded without it.
    pub n_absent: usize,
    /// The penalty chosen.
    pub alpha: f64,
    /// Newton steps of the final fit; 0 for an encoder without n-grams, which linfa-logistic fits without telling its steps.
    pub iterations: usize,
    /// Norm of the gradient where the final fit stopped.
    pub gradient_norm: f64,
}

/// Everything in the artefact that is not a tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// Version of the artefact's layout.
    pub format: u32,
    /// Version of the crate that wrote it.
    pub framescope_version: String,
    /// The frames, in column order.
    pub frames: Frames,
    /// Options of the features.
    pub features: FeatureValidParams,
    /// The sentence encoder whose vectors are features too, if there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub encoder: Option<EncoderSummary>,
    /// The normalizer and pre-tokenizer, as `tokenizer.json`.
    pub tokenizer: serde_json::Value,
    /// Probability map and threshold per frame.
    pub calibration: Vec<Calibration>,
    /// How the model was made.
    pub training: TrainingSummary,
    /// SHA-256, in hexadecimal, of the metadata's JSON up to this field, which is the last, and of all tensors in
    /// order of their names.
    pub sha256: String,
}
