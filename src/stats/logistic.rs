//! `linfa-logistic`, fenced: the only file that calls it.
//!
//! It is right where its input is dense and small: the calibration map, and the oracle of our own estimator. Four habits
//! of version 0.8.1 stop here: it takes the *majority* class as positive, so that signs flip for rare frames; it returns
//! `Ok` when the solver ran out of iterations; it ignores weights; it is dense, so that the caller must keep it small.

use linfa::DatasetBase;
use linfa::prelude::Fit;
use linfa_logistic::LogisticRegression;
use ndarray::{Array1, ArrayView1, ArrayView2};

use super::sigmoid;
use crate::error::{Error, ErrorKind, Result};

/// A fitted dense logistic regression, always oriented so that `true` is the positive class.
#[derive(Debug, Clone, PartialEq)]
pub struct DenseLogistic {
    /// One coefficient per column.
    pub coefficients: Array1<f64>,
    /// The intercept, which is not penalised.
    pub intercept: f64,
    /// Euclidean norm of the gradient of the objective where the solver stopped.
    pub gradient_norm: f64,
}

/// Minimises `Σ log(1 + exp(-yᵢ zᵢ)) + α/2 ‖w‖²` with `z = X w + b`, `y` in {-1, 1}.
///
/// `x` has shape (n_samples, n_features), `y` length n_samples with both classes in it. The norm of the gradient at the
/// solution is at most `tolerance` times the number of samples.
///
/// # Errors
/// [`ErrorKind::NotConverged`] if it is not; [`ErrorKind::LengthMismatch`]; [`ErrorKind::DenseLogistic`] for what the solver refuses,
/// such as a single class.
pub fn fit_dense_logistic(
    x: ArrayView2<'_, f64>,
    y: ArrayView1<'_, bool>,
    alpha: f64,
    tolerance: f64,
) -> Result<DenseLogistic> {
    const MAX_ITERATIONS: u64 = 500;
    if x.nrows() != y.len() {
        return Err(ErrorKind::LengthMismatch { left: "x", n_left: x.nrows(), right: "y", n_right: y.len() }.into());
    }
    let wanted = tolerance * x.nrows() as f64;
    let fitted = LogisticRegression::default()
        .alpha(alpha)
        .with_intercept(true)
        .max_iterations(MAX_ITERATIONS)
        .gradient_tolerance(wanted * 0.1)
        .fit(&DatasetBase::new(x.to_owned(), y.to_owned()))?;
    let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
    let coefficients = fitted.params() * sign;
    let intercept = fitted.intercept() * sign;

    let mut gradient = &coefficients * alpha;
    let mut gradient_intercept = 0.0;
    for (row, present) in x.rows().into_iter().zip(y) {
        let residual = sigmoid(row.dot(&coefficients) + intercept) - f64::from(u8::from(*present));
        gradient.scaled_add(residual, &row);
        gradient_intercept += residual;
    }
    let gradient_norm = (gradient.dot(&gradient) + gradient_intercept * gradient_intercept).sqrt();
    if gradient_norm.is_nan() || gradient_norm > wanted {
        return Err(Error::from(ErrorKind::NotConverged {
            iterations: MAX_ITERATIONS as usize,
            gradient_norm,
            wanted,
        }));
    }
    Ok(DenseLogistic { coefficients, intercept, gradient_norm })
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn true_is_positive_at_both_prevalences() {
        let x = array![[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]];
        for y in [array![false, false, true, false, false, true], array![false, true, true, false, true, true]] {
            let fit = fit_dense_logistic(x.view(), y.view(), 0.1, 1e-6).unwrap();
            assert!(fit.coefficients[0] > 0.0, "more x, more true: {fit:?}");
            let mean: f64 =
                x.column(0).iter().map(|x| sigmoid(fit.coefficients[0] * x + fit.intercept)).sum::<f64>() / 6.0;
            let share = y.iter().filter(|y| **y).count() as f64 / 6.0;
            assert!((mean - share).abs() < 1e-4, "an unpenalised intercept makes the means agree: {mean} {share}");
        }
    }

    #[test]
    fn lengths_must_agree() {
        let error = fit_dense_logistic(array![[0.0]].view(), array![true, false].view(), 1.0, 1e-6).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::LengthMismatch { n_left: 1, n_right: 2, .. }));
    }
}
