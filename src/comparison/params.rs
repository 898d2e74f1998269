//! The options of a comparison.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::stats::Adjustment;

/// What becomes of a sentence that several rows share word for word (`wire_id`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wire {
    /// It counts once: each of its m rows weighs 1/m.
    #[default]
    Once,
    /// Every row counts.
    Keep,
}

/// How to compare. [`Default`] is the one place where the numbers stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareParams {
    /// Confidence level of all intervals. Default 0.95.
    pub level: f64,
    /// How p-values of differences are adjusted. Default Benjamini-Hochberg.
    pub adjustment: Adjustment,
    /// What becomes of wire copy. Default once.
    pub wire: Wire,
    /// Seed of the bootstrap of words and of the draws behind ranks. Default 0.
    pub seed: u64,
    /// Times that articles are drawn anew for the intervals of distinctive words. Default 400.
    pub n_replicates: usize,
    /// Draws behind the probability of being the highest. Default 4000.
    pub n_draws: usize,
    /// Most distinctive words listed for an outlet. Default 12.
    pub n_words: usize,
    /// Weight of the Dirichlet prior of distinctive words, in words of text. Default 1000.
    pub prior_words: f64,
    /// Most label-error suspects listed. Default 50.
    pub n_suspects: usize,
    /// Most example sentences for an outlet and frame. Default 2.
    pub n_examples: usize,
}

impl Default for CompareParams {
    fn default() -> Self {
        CompareParams {
            level: 0.95,
            adjustment: Adjustment::default(),
            wire: Wire::default(),
            seed: 0,
            n_replicates: 400,
            n_draws: 4000,
            n_words: 12,
            prior_words: 1000.0,
            n_suspects: 50,
            n_examples: 2,
        }
    }
}

impl CompareParams {
    /// Checks every option.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn check(self) -> Result<Self> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::parameter("level", self.level, "a number between 0 and 1, such as 0.95"));
        }
        if !(self.prior_words > 0.0 && self.prior_words.is_finite()) {
            return Err(Error::parameter("prior-words", self.prior_words, "a number above 0"));
        }
        Ok(self)
    }
}
