//! Platt scaling.

use ndarray::{Array1, Array2};
use serde::{Deserialize, Serialize};

use super::round_significant;
use crate::error::{ErrorKind, Result};
use crate::stats::{fit_dense_logistic, log_loss_of_margin, sigmoid};

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

    /// Fits the map so that its probabilities are near others, by the same loss: each of `proba`, in [0, 1], counts as a share of a row
    /// with the frame and the rest as one without. Both have length n_samples.
    ///
    /// The edges are those of [`PlattMap::fit`]; constant scores get the mean of `proba`.
    ///
    /// # Errors
    /// [`ErrorKind::LengthMismatch`]; [`ErrorKind::NotConverged`] if Newton's method fails.
    pub fn fit_to(decisions: &[f64], proba: &[f64]) -> Result<Self> {
        let n = decisions.len();
        if n != proba.len() {
            let (left, right) = ("the decision values", "the probabilities");
            return Err(ErrorKind::LengthMismatch { left, n_left: n, right, n_right: proba.len() }.into());
        }
        let share = (proba.iter().sum::<f64>() + 1.0) / (n as f64 + 2.0);
        let base = libm::log(share / (1.0 - share));
        let constant = PlattMap { slope: 0.0, intercept: round_significant(base) };
        let mean = decisions.iter().sum::<f64>() / n.max(1) as f64;
        let sd = (decisions.iter().map(|z| (z - mean) * (z - mean)).sum::<f64>() / n.max(1) as f64).sqrt();
        if sd < 1e-12 {
            return Ok(constant);
        }
        let rows: Vec<(f64, f64)> = decisions.iter().zip(proba).map(|(z, p)| ((z - mean) / sd, *p)).collect();
        let (slope, intercept) = newton(&rows, base)?;
        let slope = slope / sd;
        if slope <= 0.0 {
            return Ok(constant);
        }
        Ok(PlattMap { slope: round_significant(slope), intercept: round_significant(intercept - slope * mean) })
    }

    /// The probability at decision value `z`.
    #[must_use]
    pub fn proba(&self, z: f64) -> f64 {
        sigmoid(self.slope * z + self.intercept)
    }
}

/// Slope and intercept of the probabilities, as (x, p), from slope 0 and the given intercept.
fn newton(rows: &[(f64, f64)], intercept: f64) -> Result<(f64, f64)> {
    /// Far more than a convex problem of two numbers takes.
    const MAX_ITERATIONS: usize = 100;
    let value = |(a, b): (f64, f64)| -> f64 {
        let loss = |(x, p): &(f64, f64)| {
            let z = a * x + b;
            p * log_loss_of_margin(z) + (1.0 - p) * log_loss_of_margin(-z)
        };
        rows.iter().map(loss).sum::<f64>() + 0.5 * ALPHA * a * a
    };
    let wanted = TOLERANCE * rows.len() as f64;
    let (mut at, mut gradient_norm) = ((0.0, intercept), f64::INFINITY);
    for _ in 0..MAX_ITERATIONS {
        let (mut ga, mut gb, mut haa, mut hab, mut hbb) = (ALPHA * at.0, 0.0, ALPHA, 0.0, 0.0);
        for (x, p) in rows {
            let q = sigmoid(at.0 * x + at.1);
            let (residual, bend) = (q - p, q * (1.0 - q));
            (ga, gb) = (ga + residual * x, gb + residual);
            (haa, hab, hbb) = (haa + bend * x * x, hab + bend * x, hbb + bend);
        }
        gradient_norm = ga.hypot(gb);
        if gradient_norm <= wanted {
            return Ok(at);
        }
        let det = haa * hbb - hab * hab;
        let (da, db) = ((hab * gb - hbb * ga) / det, (hab * ga - haa * gb) / det);
        let (before, mut length) = (value(at), 1.0);
        while value((at.0 + length * da, at.1 + length * db)) > before && length > 1e-6 {
            length *= 0.5;
        }
        at = (at.0 + length * da, at.1 + length * db);
    }
    Err(ErrorKind::NotConverged { iterations: MAX_ITERATIONS, gradient_norm, wanted }.into())
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

    #[test]
    fn probabilities_of_a_map_give_the_map_back() {
        let z: Vec<f64> = (0..400).map(|i| f64::from(i) / 40.0 - 6.0).collect();
        let proba: Vec<f64> = z.iter().map(|z| sigmoid(1.7 * z + 0.4)).collect();
        let map = PlattMap::fit_to(&z, &proba).unwrap();
        // But for the little that the penalty takes.
        assert!((1.69..1.7).contains(&map.slope) && (map.intercept - 0.4).abs() < 0.01, "{map:?}");
        let falling: Vec<f64> = proba.iter().map(|p| 1.0 - p).collect();
        assert_eq!(PlattMap::fit_to(&z, &falling).unwrap().slope, 0.0);
    }

    /// Certain probabilities are labels.
    #[test]
    fn certain_probabilities_are_labels() {
        let z: Vec<f64> = (0..200).map(|i| f64::from(i) / 20.0 - 7.0).collect();
        let gold: Vec<bool> = (0..200).map(|i| (i * 7919) % 200 < i / 2).collect();
        let certain: Vec<f64> = gold.iter().map(|gold| f64::from(u8::from(*gold))).collect();
        let (soft, hard) = (PlattMap::fit_to(&z, &certain).unwrap(), PlattMap::fit(&z, &gold).unwrap());
        assert!((soft.slope - hard.slope).abs() < 1e-4 && (soft.intercept - hard.intercept).abs() < 1e-4);
    }
}
