//! How much of a score is owed to rows that have a near copy among the training rows.

use serde::{Deserialize, Serialize};

use super::evaluate::Evaluation;
use super::metrics::Metric;
use crate::corpus::{Folds, GroupBy};
use crate::stats::Estimate;

/// The same rows scored out of fold, with folds that keep other things together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leakage {
    /// The rows that were drawn for it; all of them when `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<Drawn>,
    /// One entry a grouping, from the most generous (rows) to the strictest the columns allow.
    pub scores: Vec<LeakageScore>,
}

/// Some of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// How many.
    pub n_rows: usize,
    /// What was drawn whole, where the rows name it.
    pub whole: GroupBy,
}

/// Out-of-fold scores under one grouping.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeakageScore {
    /// What each fold held out whole.
    pub group: GroupBy,
    /// Distinct groups.
    pub n_groups: usize,
    /// Folds: fewer than asked for where there are fewer groups, so that less is trained on.
    pub n_folds: usize,
    /// Macro-averaged F1, if defined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub macro_f1: Option<Estimate>,
    /// Macro-averaged average precision, if defined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean_average_precision: Option<Estimate>,
}

impl LeakageScore {
    /// Takes the two headline numbers from an evaluation.
    #[must_use]
    pub fn new(group: GroupBy, folds: &Folds, evaluation: &Evaluation) -> Self {
        let get = |metric| evaluation.macro_average.get(metric).cloned();
        LeakageScore {
            group,
            n_groups: folds.n_groups,
            n_folds: folds.n_folds,
            macro_f1: get(Metric::F1),
            mean_average_precision: get(Metric::AveragePrecision),
        }
    }
}
