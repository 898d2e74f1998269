//! The options of fine-tuning, checked as linfa checks its hyperparameters.

use std::path::PathBuf;

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How an encoder is fine-tuned; in range once [`TuningParams`] has checked it. [`Default`] is the one place where the numbers stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TuningValidParams {
    /// Most passes over the rows, or over as many draws of them as make ten steps where there are fewer. Default 6.
    pub max_epochs: usize,
    /// Sentences of a step, each of which makes a pair with every other. Default 32.
    pub batch: usize,
    /// Step length of AdamW at its highest, after a tenth of the steps; it falls to nothing at the last. Default `1e-4`.
    pub learning_rate: f64,
    /// Layers that learn, from the last one back; those before stay as they are, and are computed once. Default 3.
    pub n_layers: usize,
    /// Share of the rows, in whole articles, held out to find the epoch at which to stop; 0 for all epochs. Default 0.1.
    pub held_out: f64,
    /// Seed of batches and held-out rows.
    pub seed: u64,
    /// Where to keep what has been reached after each epoch, so that a killed run goes on from there; nowhere when `None`.
    #[serde(skip)]
    pub checkpoints: Option<PathBuf>,
}

impl Default for TuningValidParams {
    fn default() -> Self {
        TuningValidParams {
            max_epochs: 6,
            batch: 32,
            learning_rate: 1e-4,
            n_layers: 3,
            held_out: 0.1,
            seed: 0,
            checkpoints: None,
        }
    }
}

impl TuningValidParams {
    /// What the result depends on.
    #[cfg(feature = "encoder")]
    pub(crate) fn without_checkpoints(&self) -> Self {
        TuningValidParams { checkpoints: None, ..self.clone() }
    }

    /// Rows drawn in an epoch, where there are `n_rows`: a handful of rows is not learned in a handful of steps.
    #[must_use]
    pub(crate) fn n_draws(&self, n_rows: usize) -> usize {
        const MIN_STEPS: usize = 10;
        n_rows.max(MIN_STEPS * self.batch)
    }

    /// Steps that `n_rows` rows take at most.
    #[must_use]
    pub fn n_steps(&self, n_rows: usize) -> usize {
        self.max_epochs * self.n_draws(n_rows).div_ceil(self.batch)
    }
}

/// How an encoder is fine-tuned, not checked yet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TuningParams(pub TuningValidParams);

impl ParamGuard for TuningParams {
    type Checked = TuningValidParams;
    type Error = Error;

    fn check_ref(&self) -> Result<&TuningValidParams> {
        let params = &self.0;
        if params.max_epochs == 0 {
            return Err(Error::parameter("epochs", params.max_epochs, "1 or more"));
        }
        if params.batch < 2 {
            return Err(Error::parameter("batch", params.batch, "2 or more, since pairs are learned from"));
        }
        if !(params.learning_rate > 0.0 && params.learning_rate <= 1.0) {
            return Err(Error::parameter("learning-rate", params.learning_rate, "a number above 0, at most 1"));
        }
        if params.n_layers == 0 {
            return Err(Error::parameter("layers", params.n_layers, "1 or more"));
        }
        if !(0.0..=0.5).contains(&params.held_out) {
            return Err(Error::parameter("held-out", params.held_out, "a number from 0 to 0.5"));
        }
        Ok(params)
    }

    fn check(self) -> Result<TuningValidParams> {
        self.check_ref()?;
        Ok(self.0)
    }
}
