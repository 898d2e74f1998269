//! The options of a training run.

use std::sync::Arc;

use linfa::ParamGuard;

use crate::corpus::GroupBy;
use crate::error::{Error, Result};
use crate::features::encoder::TuningParams;
use crate::features::{FeatureParams, SentenceEncoder};
use crate::model::{LogisticParams, MAX_LENGTH};
use crate::stats::Bootstrap;

/// How to train. [`Default`] is the one place where the numbers stand.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainParams {
    /// Options of the features.
    pub features: FeatureParams,
    /// Options of the estimator; its `alpha` gives way to `alphas`.
    pub logistic: LogisticParams,
    /// Penalties to choose from, out of fold and for each frame by itself; a single one is used as it is.
    pub alphas: Vec<f64>,
    /// Rows above which the penalties are chosen on about so many of them, drawn in whole articles; all rows are then fitted with what was
    /// chosen. So many are drawn, in whole stories where rows name them, to be scored under other groupings, too. Where a frame is rare,
    /// more are drawn. Default 20,000: more would take most of the time.
    pub max_path_rows: usize,
    /// Rows above which folds are fitted one after the other, so that memory is that of one, on vectors stored by use. Default 25,000, which
    /// leaves what is drawn for the path side by side.
    pub max_parallel_rows: usize,
    /// What folds hold out whole; the article where the rows name one, else the row, when `None`.
    pub group: Option<GroupBy>,
    /// Folds, 2 or more. Default 5.
    pub n_folds: usize,
    /// Seed of the folds. Default 0.
    pub seed: u64,
    /// Train without frames that have too few rows of one class, instead of failing.
    pub allow_constant: bool,
    /// Whether to score under other groupings too, to show what near copies are worth.
    pub leakage: bool,
    /// Intervals of the out-of-fold scores.
    pub bootstrap: Bootstrap,
    /// A sentence encoder whose vectors are a block of features too; n-grams alone when `None`.
    pub dense: Option<DenseParams>,
}

/// How the vectors of a sentence encoder take part.
#[derive(Debug, Clone)]
pub struct DenseParams {
    /// The encoder.
    pub encoder: Arc<dyn SentenceEncoder>,
    /// Lengths of its vectors, beside a block of subwords of length 1, to choose from out of fold and for each frame by itself.
    pub weights: Vec<f64>,
    /// Without n-grams: linfa-logistic on the vectors as they are, which takes every row for as much as any other.
    pub alone: bool,
    /// Fine-tune the encoder first, anew for each fold without the rows held out.
    pub fine_tune: Option<TuningParams>,
}

impl DenseParams {
    /// Lengths that are tried when nothing else is asked for.
    pub const WEIGHTS: [f64; 3] = [1.0, 2.0, 4.0];
}

impl PartialEq for DenseParams {
    fn eq(&self, other: &Self) -> bool {
        let all = |params: &DenseParams| (params.encoder.identity().clone(), params.alone, params.fine_tune.clone());
        all(self) == all(other) && self.weights == other.weights
    }
}

impl Default for TrainParams {
    fn default() -> Self {
        TrainParams {
            features: FeatureParams::default(),
            logistic: LogisticParams::default(),
            alphas: vec![10.0, 3.0, 1.0, 0.3, 0.1],
            max_path_rows: 20_000,
            max_parallel_rows: 25_000,
            group: None,
            n_folds: 5,
            seed: 0,
            allow_constant: false,
            leakage: true,
            bootstrap: Bootstrap::default(),
            dense: None,
        }
    }
}

impl TrainParams {
    /// Checks every option and sorts the penalties, strongest first, as warm starts want them.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn check(mut self) -> Result<Self> {
        self.features.check_ref()?;
        if self.alphas.is_empty() {
            return Err(Error::parameter("alpha", "empty", "at least one number above 0"));
        }
        for alpha in &self.alphas {
            self.logistic.clone().alpha(*alpha).check_ref()?;
        }
        self.alphas.sort_by(|a, b| b.total_cmp(a));
        self.alphas.dedup();
        if self.n_folds < 2 {
            return Err(Error::parameter("folds", self.n_folds, "2 or more"));
        }
        if !(self.bootstrap.level > 0.0 && self.bootstrap.level < 1.0) {
            return Err(Error::parameter("level", self.bootstrap.level, "a number between 0 and 1"));
        }
        if let Some(dense) = &mut self.dense {
            if dense.weights.is_empty() || !dense.weights.iter().all(|weight| *weight > 0.0 && *weight <= MAX_LENGTH) {
                let found = format!("{:?}", dense.weights);
                return Err(Error::parameter(
                    "encoder-weight",
                    found,
                    &format!("numbers above 0, at most {MAX_LENGTH}"),
                ));
            }
            dense.weights.sort_by(f64::total_cmp);
            dense.weights.dedup();
            dense.fine_tune.as_ref().map(ParamGuard::check_ref).transpose()?;
        }
        Ok(self)
    }
}
