//! The estimator as linfa knows estimators.

use linfa::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2};

use super::newton::Point;
use super::params::LogisticValidParams;
use super::problems::Problems;
use crate::corpus::Codes;
use crate::error::{Error, ErrorKind, Result};
use crate::features::FeatureMatrix;
use crate::stats::sigmoid;

/// One fitted logistic regression per frame.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedLogistic {
    /// Weights of shape (n_frames, n_features).
    pub weights: Array2<f64>,
    /// Intercepts, length n_frames.
    pub intercepts: Array1<f64>,
    /// How each frame's fit ended.
    pub fits: Vec<FitReport>,
}

/// How one frame's fit ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FitReport {
    /// Newton steps taken.
    pub iterations: usize,
    /// Euclidean norm of the gradient at the solution.
    pub gradient_norm: f64,
    /// Value of the objective at the solution.
    pub objective: f64,
}

/// One frame's fit: weights by feature with the intercept last, and how it ended.
#[derive(Debug, Clone)]
pub(crate) struct FrameFit {
    pub point: Point,
    pub report: FitReport,
}

impl Fit<FeatureMatrix, Codes, Error> for LogisticValidParams {
    type Object = FittedLogistic;

    /// Fits every frame. Records of shape (n_samples, n_features), targets (n_samples, n_frames); the dataset's weights are honoured.
    fn fit(&self, dataset: &DatasetBase<FeatureMatrix, Codes>) -> Result<FittedLogistic> {
        let (matrix, codes) = (&dataset.records, &dataset.targets);
        let n = matrix.n_samples();
        let row_weights = dataset.weights().map_or_else(|| vec![1.0; n], <[f32]>::to_vec);
        for (right, n_right) in [("the targets", codes.nrows()), ("the weights", row_weights.len())] {
            if n_right != n {
                return Err(ErrorKind::LengthMismatch { left: "the records", n_left: n, right, n_right }.into());
            }
        }
        let problems = Problems::new(matrix, codes.view(), &row_weights, self)?;
        let fits = problems.fit(&(0..codes.ncols()).map(|j| (j, self.alpha, None)).collect::<Vec<_>>())?;
        Ok(FittedLogistic::from_frames(&fits, matrix.n_features()))
    }
}

impl FittedLogistic {
    pub(crate) fn from_frames(fits: &[FrameFit], n_features: usize) -> Self {
        FittedLogistic {
            weights: Array2::from_shape_fn((fits.len(), n_features), |(j, k)| fits[j].point[k]),
            intercepts: fits.iter().map(|fit| fit.point[n_features]).collect(),
            fits: fits.iter().map(|fit| fit.report).collect(),
        }
    }

    /// From points alone, the intercept last, where the fits' reports are not kept.
    pub(crate) fn from_points(points: &[Point]) -> Self {
        let n_features = points.first().map_or(0, |point| point.len() - 1);
        FittedLogistic {
            weights: Array2::from_shape_fn((points.len(), n_features), |(j, k)| points[j][k]),
            intercepts: points.iter().map(|point| point[n_features]).collect(),
            fits: Vec::new(),
        }
    }

    /// Decision values `z = X w + b`, of shape (n_samples, n_frames).
    #[must_use]
    pub fn decision_function(&self, matrix: &FeatureMatrix) -> Array2<f64> {
        let mut z = Array2::zeros((matrix.n_samples(), self.intercepts.len()));
        for (j, mut column) in z.columns_mut().into_iter().enumerate() {
            let weights = self.weights.row(j).to_vec();
            column.assign(&Array1::from(matrix.product(&weights)));
            column += self.intercepts[j];
        }
        z
    }
}

impl PredictInplace<FeatureMatrix, Array2<f64>> for FittedLogistic {
    /// Writes `1 / (1 + exp(-z))`, not calibrated, into `y` of shape (n_samples, n_frames).
    fn predict_inplace<'a>(&'a self, x: &'a FeatureMatrix, y: &mut Array2<f64>) {
        y.assign(&self.decision_function(x).mapv(sigmoid));
    }

    fn default_target(&self, x: &FeatureMatrix) -> Array2<f64> {
        Array2::zeros((x.n_samples(), self.intercepts.len()))
    }
}
