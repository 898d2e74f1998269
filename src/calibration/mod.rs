//! Calibrating: out-of-fold scores in, a probability map and a threshold per frame out.
//!
//! Works on plain slices of scores and gold labels, so that it cannot see the rows a score was fitted to; whoever calls it
//! must hand it scores from models that did not train on those rows. Next room: [`evaluation`](crate::evaluation).

mod platt;
mod threshold;

pub use platt::PlattMap;
pub use threshold::best_f1_threshold;

use serde::{Deserialize, Serialize};

use crate::error::Result;

/// How one frame's decision value becomes a probability and a decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// From decision value to probability.
    pub map: PlattMap,
    /// The frame is predicted where the probability is at least this.
    pub threshold: f64,
}

impl Calibration {
    /// Fits map and threshold to out-of-fold decision values. Where these carry no signal the threshold is 0.5.
    ///
    /// All arguments have length n_samples.
    ///
    /// # Errors
    /// As [`PlattMap::fit`].
    pub fn fit(decisions: &[f64], gold: &[bool]) -> Result<Self> {
        let map = PlattMap::fit(decisions, gold)?;
        if map.slope == 0.0 {
            // Without signal the best F1 is had by predicting every row, which says nothing of any of them.
            return Ok(Calibration { map, threshold: 0.5 });
        }
        let proba: Vec<f64> = decisions.iter().map(|z| map.proba(*z)).collect();
        Ok(Calibration { map, threshold: round_significant(best_f1_threshold(&proba, gold)) })
    }
}

impl Calibration {
    /// Fits the map to another model's probabilities, and the threshold to its decisions, by F1. Where the decision values carry no signal
    /// of either the threshold is 0.5.
    ///
    /// All arguments have length n_samples.
    ///
    /// # Errors
    /// As [`PlattMap::fit_to`].
    pub fn fit_to(decisions: &[f64], proba: &[f64], predicted: &[bool]) -> Result<Self> {
        let map = PlattMap::fit_to(decisions, proba)?;
        if map.slope == 0.0 {
            return Ok(Calibration { map, threshold: 0.5 });
        }
        let own: Vec<f64> = decisions.iter().map(|z| map.proba(*z)).collect();
        Ok(Calibration { map, threshold: round_significant(best_f1_threshold(&own, predicted)) })
    }
}

/// Rounds to six significant digits.
///
/// What is fitted by library code may differ in its last bits from one processor to the next; rounded, it is the same
/// everywhere, and so are the bytes of the artefact.
fn round_significant(value: f64) -> f64 {
    format!("{value:.5e}").parse().expect("a number printed by Rust parses")
}
