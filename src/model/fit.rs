//! The estimator as linfa knows estimators.

use linfa::DatasetBase;
use linfa::traits::{Fit, PredictInplace};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

use super::newton::{Objective, Point, Solution, Stopping, minimise};
use super::params::{ClassWeight, LogisticValidParams, Prior};
use super::vectors::{change, collect, dot};
use crate::corpus::{Code, Codes};
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

/// Frames to be fitted over one matrix, with what does not depend on the penalty worked out once.
#[derive(Debug)]
pub(crate) struct Problems<'a> {
    matrix: &'a FeatureMatrix,
    stopping: Stopping,
    frames: Vec<Problem>,
}

/// One frame's part.
#[derive(Debug)]
struct Problem {
    /// 1 where the frame is present, 0 elsewhere; length n_samples.
    targets: Vec<f64>,
    /// Weights of the rows by class, 0 where not coded; length n_samples.
    weights: Vec<f64>,
    scale: Option<Vec<f64>>,
}

impl<'a> Problems<'a> {
    /// One problem for each column of `codes`, of shape (n_samples, n_frames); `row_weights` has length n_samples. Rows not coded for a
    /// frame are left out of its problem.
    ///
    /// # Errors
    /// [`ErrorKind::ConstantFrame`] if all coded rows of a frame agree.
    pub(crate) fn new(
        matrix: &'a FeatureMatrix,
        codes: ArrayView2<'_, Code>,
        row_weights: &[f32],
        params: &LogisticValidParams,
    ) -> Result<Self> {
        let mut frames: Vec<Problem> = codes
            .columns()
            .into_iter()
            .map(|codes| Problem::new(codes, row_weights, params.class_weight))
            .collect::<Result<_>>()?;
        if params.prior == Prior::LogOdds {
            for (problem, codes) in frames.iter_mut().zip(codes.columns()) {
                problem.scale = Some(log_odds_scale(matrix, codes, row_weights));
            }
        }
        let stopping = Stopping { tolerance: params.tolerance, max_iterations: params.max_iterations };
        Ok(Problems { matrix, stopping, frames })
    }

    /// Fits some of the frames, each by its own penalty and from its own point if one is given: (column, penalty, start).
    ///
    /// # Errors
    /// [`ErrorKind::NotConverged`], of the first frame that did not.
    pub(crate) fn fit(&self, wanted: &[(usize, f64, Option<&Point>)]) -> Result<Vec<FrameFit>> {
        let starts: Vec<Option<Point>> =
            wanted.iter().map(|(.., start)| Some(self.matrix.to_columns((*start)?).into_owned())).collect();
        let objectives: Vec<Objective<'_>> = wanted
            .iter()
            .zip(&starts)
            .map(|((frame, alpha, _), start)| {
                let Problem { targets, weights, scale } = &self.frames[*frame];
                Objective { targets, weights, alpha: *alpha, scale: scale.as_deref(), start: start.as_ref() }
            })
            .collect();
        let solutions = minimise(self.matrix, &objectives, self.stopping)?;
        let fit = |solution: Solution| FrameFit {
            point: self.matrix.to_features(solution.point),
            report: FitReport {
                iterations: solution.iterations,
                gradient_norm: solution.gradient_norm,
                objective: solution.objective,
            },
        };
        Ok(solutions.into_iter().map(fit).collect())
    }
}

impl Problem {
    fn new(codes: ArrayView1<'_, Code>, row_weights: &[f32], class_weight: ClassWeight) -> Result<Self> {
        let mass = |wanted: Code| -> f64 {
            let of_class = codes.iter().zip(row_weights).filter(|(code, _)| **code == wanted);
            of_class.map(|(_, weight)| f64::from(*weight)).sum()
        };
        let (present, absent) = (mass(Code::Present), mass(Code::Absent));
        if present <= 0.0 || absent <= 0.0 {
            let count = |wanted| codes.iter().filter(|code| **code == wanted).count();
            return Err(Error::from(ErrorKind::ConstantFrame {
                frame: String::new(),
                n_present: count(Code::Present),
                n_absent: count(Code::Absent),
                needed: 1,
                whereabouts: " of weight above 0".into(),
            }));
        }
        let (for_present, for_absent) = match class_weight {
            ClassWeight::Balanced => ((present + absent) / (2.0 * present), (present + absent) / (2.0 * absent)),
            ClassWeight::None => (1.0, 1.0),
        };
        let class_weight = |code: &Code| match code {
            Code::Present => for_present,
            Code::Absent => for_absent,
            Code::NotCoded => 0.0,
        };
        let weights = codes.iter().zip(row_weights).map(|(code, weight)| class_weight(code) * f64::from(*weight));
        let targets = codes.iter().map(|code| f64::from(u8::from(*code == Code::Present)));
        Ok(Problem { targets: targets.collect(), weights: weights.collect(), scale: None })
    }
}

/// How large each weight is expected to be: `1 + |r|`, with a mean square of 1 within each block of features; 1 in blocks whose values
/// count nothing, and so have no odds.
///
/// `r = ln((pⱼ + ε)/(n₁ + ε)) − ln((qⱼ + ε)/(n₀ + ε))`, where p and q sum the feature over the rows with and without the frame, and n₁
/// and n₀ count them, all by row weight.
fn log_odds_scale(matrix: &FeatureMatrix, codes: ArrayView1<'_, Code>, row_weights: &[f32]) -> Vec<f64> {
    // About a tenth of one occurrence in a sentence of usual length; chosen by cross-validation, and not sensitive.
    const EPSILON: f64 = 0.05;
    let of_class = |wanted: Code| -> Vec<f64> {
        let weight = |(code, weight): (&Code, &f32)| if *code == wanted { f64::from(*weight) } else { 0.0 };
        codes.iter().zip(row_weights).map(weight).collect()
    };
    let weights = [Code::Present, Code::Absent].map(of_class);
    let [n_present, n_absent]: [f64; 2] = weights.each_ref().map(|weights| weights.iter().sum());
    let sums = matrix.transposed_products(&weights.each_ref().map(|weights| &weights[..]));
    let offset = libm::log((n_absent + EPSILON) / (n_present + EPSILON));
    let mut scale = collect(matrix.n_features(), |j| {
        // A matrix of the caller's may hold negative values; a mean below 0 has no logarithm.
        let (p, q) = (sums[0][j].max(0.0), sums[1][j].max(0.0));
        1.0 + (libm::log((p + EPSILON) / (q + EPSILON)) + offset).abs()
    });
    let mut end = 0;
    for columns in matrix.counting_blocks() {
        scale[end..columns.start].fill(1.0);
        end = columns.end;
        let block = &mut scale[columns];
        let mean_square = dot(block, block) / block.len().max(1) as f64;
        change(block, |_, s| *s /= mean_square.sqrt());
    }
    scale[end..].fill(1.0);
    scale
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
