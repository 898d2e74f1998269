//! An encoder's vectors without n-grams: few columns, all of them full, which is what linfa-logistic is made for.

use ndarray::{Array1, Array2, ArrayView1, Axis};

use crate::corpus::{Code, Codes};
use crate::error::Result;
use crate::model::{FitReport, FrameFit};
use crate::stats::{fit_dense_logistic, log_loss_of_margin};

/// Norm of the gradient at the solution, at most, times the number of rows. Far below what moves a decision, and within what the solver's
/// line search can tell from rounding.
const TOLERANCE: f64 = 1e-5;

/// All frames over one array of vectors.
#[derive(Debug)]
pub(super) struct Alone {
    /// Shape (n_rows, dim).
    vectors: Array2<f64>,
    codes: Codes,
}

impl Alone {
    /// `codes`, of shape (n_rows, n_frames), are those of the given rows of `vectors`.
    pub(super) fn new(vectors: &Array2<f32>, rows: &[usize], codes: Codes) -> Self {
        Alone { vectors: vectors.select(Axis(0), rows).mapv(f64::from), codes }
    }

    /// Fits a frame to the rows that are coded for it, each for as much as any other.
    ///
    /// # Errors
    /// As [`fit_dense_logistic`].
    pub(super) fn fit(&self, frame: usize, alpha: f64) -> Result<FrameFit> {
        let codes = self.codes.column(frame);
        let coded: Vec<usize> = (0..codes.len()).filter(|row| codes[*row] != Code::NotCoded).collect();
        let present: Array1<bool> = coded.iter().map(|row| codes[*row] == Code::Present).collect();
        let some = (coded.len() < codes.len()).then(|| self.vectors.select(Axis(0), &coded));
        let vectors = some.as_ref().unwrap_or(&self.vectors).view();
        let fit = fit_dense_logistic(vectors, present.view(), alpha, TOLERANCE)?;
        let loss = |(row, present): (ArrayView1<'_, f64>, &bool)| {
            let z = row.dot(&fit.coefficients) + fit.intercept;
            log_loss_of_margin(if *present { z } else { -z })
        };
        let losses: f64 = vectors.rows().into_iter().zip(&present).map(loss).sum();
        let mut point = fit.coefficients.to_vec();
        point.push(fit.intercept);
        Ok(FrameFit {
            point,
            report: FitReport {
                iterations: 0,
                gradient_norm: fit.gradient_norm,
                objective: losses + 0.5 * alpha * fit.coefficients.dot(&fit.coefficients),
            },
        })
    }
}
