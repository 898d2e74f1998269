//! What is measured of coders' agreement with each other, and a model's with them.

use serde::{Deserialize, Serialize};

use super::evaluate::Predictions;
use super::resample::IntervalMethod;
use crate::corpus::LabelSet;
use crate::stats::{Bootstrap, Estimate};

/// One number a frame, and one for the label sets as wholes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PerFrame {
    /// The frames, in column order.
    pub frames: Vec<FrameEstimate>,
    /// The label sets; for alpha with the MASI distance, for agreement the share of equal sets.
    pub label_set: Option<Estimate>,
}

/// A frame's number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FrameEstimate {
    /// The frame.
    pub frame: String,
    /// Its estimate; `None` where it is undefined.
    pub estimate: Option<Estimate>,
}

/// What one coder did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CoderSummary {
    /// The coder.
    pub coder: String,
    /// Units coded.
    pub n_units: usize,
    /// Where the intervals come from.
    pub interval: IntervalMethod,
    /// The share of the coder's units with each frame, and last with `none`.
    pub shares: Vec<FrameEstimate>,
}

/// Two coders on the units that both have coded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAgreement {
    /// The two.
    pub coders: [String; 2],
    /// Units that both have coded.
    pub n_units: usize,
    /// Where the intervals come from.
    pub interval: IntervalMethod,
    /// Krippendorff's alpha.
    pub alpha: PerFrame,
    /// The share of the units that both coded alike.
    pub agreement: PerFrame,
}

/// A unit on which coders differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisputedUnit {
    /// The unit.
    pub unit: String,
    /// Its sentence, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub text: Option<String>,
    /// Its article, where known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub doc_id: Option<String>,
    /// The mean MASI distance of two of its coders, from 0 to 1.
    pub disagreement: f64,
    /// What each of its coders gave.
    pub labels: Vec<CoderLabels>,
    /// What the model gives, where there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<String>,
}

/// One coder's labels of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoderLabels {
    /// The coder.
    pub coder: String,
    /// Frames joined by `;`, or `none`.
    pub labels: String,
}

/// A model beside the coders, on the units that two or more of them have coded and that have a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelAgreement {
    /// The model, as messages call it.
    pub name: String,
    /// What it did, in the coders' terms.
    pub summary: CoderSummary,
    /// The model with each coder; the model stands first.
    pub pairs: Vec<PairAgreement>,
    /// Alpha of two coders, averaged over the pairs for which it is defined.
    pub coders_mean: PerFrame,
    /// Alpha of the model and a coder, averaged over the coders for whom it is defined.
    pub model_mean: PerFrame,
    /// The model's mean minus the coders'.
    pub difference: PerFrame,
}

/// Everything that was measured of some coders' agreement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// Units coded by two coders or more, on which all but the coders' shares rests.
    pub n_units: usize,
    /// Units coded only once.
    pub n_units_once: usize,
    /// Whether intervals resample articles; single units otherwise.
    pub by_article: bool,
    /// Articles, or units, that the intervals resample.
    pub n_clusters: usize,
    /// Settings of the intervals.
    pub bootstrap: Bootstrap,
    /// Where the intervals of [`Agreement::alpha`] come from; pairs and coders with fewer units say it themselves.
    pub interval: IntervalMethod,
    /// Krippendorff's alpha of all coders.
    pub alpha: PerFrame,
    /// Each coder, in alphabetical order.
    pub coders: Vec<CoderSummary>,
    /// Each pair of coders, in the coders' order.
    pub pairs: Vec<PairAgreement>,
    /// Units that not all of their coders coded alike.
    pub n_disputed: usize,
    /// The 20 of them with the largest mean distance; of equals those with more coders, then the first.
    pub disputed: Vec<DisputedUnit>,
    /// A model beside the coders.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<ModelAgreement>,
}

/// What a model makes of the units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelCodes {
    /// The model, as messages call it.
    pub name: String,
    /// For each unit the frames that it gives; `None` where there is no text.
    pub labels: Vec<Option<LabelSet>>,
}

impl ModelCodes {
    /// Puts predictions at their places: row i of `predictions` is of the unit `units[i]`, of `n_units`.
    #[must_use]
    pub fn new(name: String, n_units: usize, units: &[usize], predictions: &Predictions) -> Self {
        let mut labels = vec![None; n_units];
        for (unit, row) in units.iter().zip(predictions.predicted.rows()) {
            labels[*unit] = Some((0..).zip(row).filter(|(_, given)| **given).map(|(column, _)| column).collect());
        }
        ModelCodes { name, labels }
    }
}
