//! Platt scaling.

use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::round_significant;
use crate::error::{ErrorKind, Result};
use crate::stats::{fit_dense_logistic, sigmoid};

/// Penalty on the slope, for scores of unit variance: enough to keep the map finite when the scores separate the classes.
const ALPHA: f64 = 0.01;
const TOLERANCE: f64 = 1e-7;

/// The map `p = 1 / (1 + exp(-(slope · z + intercept)))` from a decision value to a probability; never falling.
///
/// Source: Platt (1999), in Advances in Large Margin Classifiers, 61–74.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlattMap {
    /// Factor on the decision value, at least 0. At 0 the scores carried no signal out of fold.
    pub slope: f64,
    /// Added to it.
    pub intercept: f64,
}

impl PlattMap {
    /// Fits the map by logistic regression of the gold labels on the decision values, both of length n_samples.
    ///
    /// Where the frame is rarer among higher scores the slope is 0 and every row gets the frame's share; likewise for constant
    /// scores. With a single class the map is constant too, at `(n_present + 1) / (n + 2)`.
    ///
    /// # Errors
    /// [`ErrorKind::LengthMismatch`]; [`ErrorKind::NotConverged`] if the regression fails.
    pub fn fit(decisions: &[f64], gold: &[bool]) -> Result<Self> {
        let n = decisions.len();
        if n != gold.len() {
            let (left, right) = ("the decision values", "the gold labels");
            return Err(ErrorKind::LengthMismatch { left, n_left: n, right, n_right: gold.len() }.into());
        }
        let n_present = gold.iter().filter(|present| **present).count();
        let share = (n_present as f64 + 1.0) / (n as f64 + 2.0);
        let constant = PlattMap { slope: 0.0, intercept: round_significant(libm::log(share / (1.0 - share))) };

        let mean = decisions.iter().sum::<f64>() / n.max(1) as f64;
        let variance = decisions.iter().map(|z| (z - mean) * (z - mean)).sum::<f64>() / n.max(1) as f64;
        let sd = variance.sqrt();
        if n_present == 0 || n_present == n || sd < 1e-12 {
            return Ok(constant);
        }
        let x = Array2::from_shape_fn((n, 1), |(i, _)| (decisions[i] - mean) / sd);
        let fit = fit_dense_logistic(x.view(), Array1::from(gold.to_vec()).view(), ALPHA, TOLERANCE)?;
        let slope = fit.coefficients[0] / sd;
        if slope <= 0.0 {
            return Ok(constant);
        }
        Ok(PlattMap { slope: round_significant(slope), intercept: round_significant(fit.intercept - slope * mean) })
    }

    /// The probability at decision value `z`.
    #[must_use]
    pub fn proba(&self, z: f64) -> f64 {
        sigmoid(self.slope * z + self.intercept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_probability_is_the_share() {
        let z: Vec<f64> = (0..200).map(|i| f64::from(i) / 20.0 - 7.0).collect();
        let gold: Vec<bool> = (0..200).map(|i| (i * 7919) % 200 < i / 2).collect();
        let map = PlattMap::fit(&z, &gold).unwrap();
        let mean = z.iter().map(|z| map.proba(*z)).sum::<f64>() / 200.0;
        let share = gold.iter().filter(|g| **g).count() as f64 / 200.0;
        assert!(map.slope > 0.0);
        assert!((mean - share).abs() < 1e-4, "{mean} {share}");
    }

    #[test]
    fn scores_against_the_labels_carry_no_signal() {
        let z = [3.0, 2.0, 1.0, 0.0, -1.0, -2.0];
        let gold = [false, false, false, true, true, true];
        let map = PlattMap::fit(&z, &gold).unwrap();
        assert_eq!(map.slope, 0.0);
        assert!((map.proba(9.0) - 0.5).abs() < 1e-6);
    }

    #[test]
    fn separated_and_single_class_scores_stay_finite() {
        let map = PlattMap::fit(&[-2.0, -1.0, 1.0, 2.0], &[false, false, true, true]).unwrap();
        assert!(map.slope.is_finite() && map.proba(2.0) > 0.9);
        let one = PlattMap::fit(&[1.0, 2.0], &[true, true]).unwrap();
        assert!((one.proba(0.0) - 0.75).abs() < 1e-6);
    }
}
