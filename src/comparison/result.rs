//! What a comparison says, as data: the same numbers in every form that is written.

use serde::Serialize;

use super::drift::Drift;
use super::params::CompareParams;
use super::ranks::Ranking;
use super::suspects::Suspect;
use super::words::DistinctiveWord;
use crate::corpus::SourceFile;
use crate::stats::Estimate;

/// The voice of numbers that are not split by voice.
pub const ALL_VOICES: &str = "all";

/// How a share was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Estimator {
    /// The share of rows that the model predicts to carry the frame: uncorrected, and without an interval, since none that could be
    /// given would know of the model's errors.
    Counted,
    /// The share among coded rows, weighted by design.
    Coded,
    /// Predictions of all rows, corrected by the coded ones.
    Corrected,
    /// The mean difference within stories that both outlets tell, of counted shares.
    CountedWithinStories,
    /// The same of corrected values.
    CorrectedWithinStories,
}

impl Estimator {
    /// The name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Estimator::Counted => "counted",
            Estimator::Coded => "coded",
            Estimator::Corrected => "corrected",
            Estimator::CountedWithinStories => "counted_within_stories",
            Estimator::CorrectedWithinStories => "corrected_within_stories",
        }
    }
}

/// One outlet's share of sentences with a frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Share {
    /// The outlet.
    pub outlet: String,
    /// The frame.
    pub frame: String,
    /// The voice, or [`ALL_VOICES`].
    pub voice: String,
    /// How it was come by: counted, coded or corrected.
    pub estimator: Estimator,
    /// The share, in [0, 1].
    pub estimate: f64,
    /// Lower bound; `None` where the data support no interval.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
    /// Confidence level of the interval.
    pub level: f64,
    /// Sentences of the outlet in this voice.
    pub n_sentences: usize,
    /// Their articles.
    pub n_articles: usize,
    /// Those of the sentences that are coded for the frame.
    pub n_coded: usize,
    /// Articles with a coded sentence: what the interval rests on.
    pub n_coded_articles: usize,
    /// Coded rows that coding alone would need for the variance reached; `None` where nothing is coded.
    pub effective_n: Option<f64>,
}

/// The first outlet's share minus the second's.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShareDifference {
    /// The first outlet.
    pub outlet_a: String,
    /// The second.
    pub outlet_b: String,
    /// The frame.
    pub frame: String,
    /// The voice, or [`ALL_VOICES`].
    pub voice: String,
    /// How the shares were come by.
    pub estimator: Estimator,
    /// Share of a minus share of b, in [−1, 1].
    pub estimate: f64,
    /// Lower bound; `None` where the data support no interval.
    pub low: Option<f64>,
    /// Upper bound.
    pub high: Option<f64>,
    /// Two-sided p-value of no difference.
    pub p: Option<f64>,
    /// The same, adjusted within its family.
    pub p_adjusted: Option<f64>,
    /// Stories that both outlets tell, for differences within stories.
    pub n_stories: Option<usize>,
}

impl ShareDifference {
    /// Whether it survives the adjustment at a level such as 0.95.
    #[must_use]
    pub fn survives(&self, level: f64) -> bool {
        self.p_adjusted.is_some_and(|p| p <= 1.0 - level)
    }
}

/// Tests that are adjusted together: all differences by one estimator in one voice, over all frames.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Family {
    /// The estimator.
    pub estimator: Estimator,
    /// The voice.
    pub voice: String,
    /// Tests in the family.
    pub n_tests: usize,
    /// Tests that survive at the comparison's level.
    pub n_surviving: usize,
}

/// An outlet and its rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutletSummary {
    /// The outlet.
    pub outlet: String,
    /// Its sentences.
    pub n_sentences: usize,
    /// Its articles.
    pub n_articles: usize,
    /// Its coded sentences.
    pub n_coded: usize,
    /// Its articles with a coded sentence.
    pub n_coded_articles: usize,
    /// Share of its sentences in each voice, in the order of [`Comparison::voices`]; empty where voices are unknown.
    pub voices: Vec<f64>,
}

/// How far the mean probability is off, on coded rows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutletCalibration {
    /// The outlet.
    pub outlet: String,
    /// The frame.
    pub frame: String,
    /// Mean probability minus gold share.
    pub calibration_in_the_large: Estimate,
    /// Whether the interval leaves out 0.
    pub is_off: bool,
}

/// A sentence that shows what a share is made of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    /// The outlet.
    pub outlet: String,
    /// The frame.
    pub frame: String,
    /// The row.
    pub id: String,
    /// The sentence.
    pub text: String,
    /// Probability of the frame.
    pub proba: f64,
    /// Whether a coder found the frame too; `None` where nobody looked.
    pub gold: Option<bool>,
}

/// What the rows say of how they were drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sampling {
    /// No row is coded.
    NothingCoded,
    /// Coded rows have no `pi`: assumed to be drawn from their outlet's rows with equal chances.
    AssumedRandom,
    /// Coded rows have their `pi`.
    Known,
}

/// Something that a reader must know before using the numbers: what is the matter, and what would be enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// A short name of the kind of note.
    pub code: &'static str,
    /// Whether numbers are withheld or marked because of it, rather than merely explained.
    pub is_warning: bool,
    /// The note, in one or two sentences.
    pub text: String,
}

/// A comparison of outlets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Version of the crate that made it.
    pub framescope_version: &'static str,
    /// Whether shares are corrected by coded rows. Where not, nothing here estimates what a coder would find.
    pub is_corrected: bool,
    /// How the coded rows were drawn.
    pub sampling: Sampling,
    /// The options.
    pub params: CompareParams,
    /// The files, with the hashes of their text.
    pub sources: Vec<SourceFile>,
    /// Hash of the model whose predictions these are, where it is known.
    pub model_sha256: Option<String>,
    /// What must be known before the numbers are used.
    pub notes: Vec<Note>,
    /// The frames.
    pub frames: Vec<String>,
    /// [`ALL_VOICES`], then the voices that shares are split by.
    pub voices: Vec<String>,
    /// The outlets, in alphabetical order.
    pub outlets: Vec<OutletSummary>,
    /// Shares, by voice, frame, outlet and estimator.
    pub shares: Vec<Share>,
    /// Differences, by voice, frame, estimator and pair.
    pub differences: Vec<ShareDifference>,
    /// The families of tests.
    pub families: Vec<Family>,
    /// Ranks of corrected shares, frame by frame.
    pub rankings: Vec<Ranking>,
    /// Calibration in the large on coded rows.
    pub calibration: Vec<OutletCalibration>,
    /// Words that tell an outlet from the others.
    pub words: Vec<DistinctiveWord>,
    /// Coded rows whose label may be wrong, most doubtful first.
    pub suspects: Vec<Suspect>,
    /// How each outlet's rows compare with those that trained the model; empty where the model is unknown.
    pub drift: Vec<Drift>,
    /// Sentences with high probabilities.
    pub examples: Vec<Example>,
}
