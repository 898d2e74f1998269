//! The estimator's options, checked as linfa checks its hyperparameters.

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How the rows of the two classes weigh against each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeight {
    /// Both classes weigh the same in sum: a row counts `n / (2 n_class)` times. Frames are usually rare.
    #[default]
    Balanced,
    /// Every row weighs the same.
    None,
}

/// What is believed of the weights before any row is seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prior {
    /// A feature that is more frequent in one class than in the other may have a larger weight: it is penalised by
    /// `(w / s)²` with `s` in proportion to `1 + |r|`, where r is the log ratio of its mean value in the two classes.
    /// README, "How good is it", shows what that is worth.
    ///
    /// Source: the log-count ratio of Wang & Manning (2012), ACL, 90–94, used as the scale of a prior.
    #[default]
    LogOdds,
    /// All weights are penalised alike: ridge, as in scikit-learn.
    Uniform,
}

/// Options of [`LogisticParams`], in range once checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogisticValidParams {
    /// L2 penalty on the weights (not the intercept), on the summed log loss: scikit-learn's `1/C`. Default `0.3`.
    pub alpha: f64,
    /// Class weights. Default balanced.
    pub class_weight: ClassWeight,
    /// The shape of the penalty. Default log-odds.
    pub prior: Prior,
    /// Newton steps after which the fit is given up. Default `100`.
    pub max_iterations: usize,
    /// The fit is done when the gradient's norm is this share of its norm at zero weights. Default `1e-3`.
    pub tolerance: f64,
}

impl Default for LogisticValidParams {
    fn default() -> Self {
        LogisticValidParams {
            alpha: 0.3,
            class_weight: ClassWeight::default(),
            prior: Prior::default(),
            max_iterations: 100,
            tolerance: 1e-3,
        }
    }
}

/// L2-regularised logistic regression, one per frame: options, not checked yet.
///
/// Use it as every linfa algorithm: `params.fit(&dataset)?` with a [`FeatureMatrix`](crate::features::FeatureMatrix) as records and
/// [`Codes`](crate::corpus::Codes) as targets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LogisticParams(pub LogisticValidParams);

impl LogisticParams {
    /// Sets the penalty; see [`LogisticValidParams::alpha`].
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.0.alpha = alpha;
        self
    }

    /// Sets the class weights; see [`LogisticValidParams::class_weight`].
    #[must_use]
    pub fn class_weight(mut self, class_weight: ClassWeight) -> Self {
        self.0.class_weight = class_weight;
        self
    }

    /// Sets the shape of the penalty; see [`LogisticValidParams::prior`].
    #[must_use]
    pub fn prior(mut self, prior: Prior) -> Self {
        self.0.prior = prior;
        self
    }

    /// Sets the limit of Newton steps; see [`LogisticValidParams::max_iterations`].
    #[must_use]
    pub fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.0.max_iterations = max_iterations;
        self
    }

    /// Sets the stopping rule; see [`LogisticValidParams::tolerance`].
    #[must_use]
    pub fn tolerance(mut self, tolerance: f64) -> Self {
        self.0.tolerance = tolerance;
        self
    }
}

impl ParamGuard for LogisticParams {
    type Checked = LogisticValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&LogisticValidParams> {
        let params = &self.0;
        if !params.alpha.is_finite() || params.alpha <= 0.0 {
            return Err(Error::parameter("alpha", params.alpha, "a number above 0"));
        }
        if !params.tolerance.is_finite() || params.tolerance <= 0.0 || params.tolerance >= 1.0 {
            return Err(Error::parameter("tolerance", params.tolerance, "a number between 0 and 1"));
        }
        if params.max_iterations == 0 {
            return Err(Error::parameter("max-iterations", params.max_iterations, "1 or more"));
        }
        Ok(params)
    }

    fn check(self) -> Result<LogisticValidParams> {
        self.check_ref()?;
        Ok(self.0)
    }
}
