//! What is to be fitted: of each frame, what is known or believed of the rows, and how much each counts.

use ndarray::{Array2, ArrayView2};

use super::fit::{FitReport, FrameFit};
use super::newton::{Objective, Point, Solution, Stopping, minimise};
use super::params::{ClassWeight, LogisticValidParams, Prior};
use super::vectors::{change, collect, dot};
use crate::corpus::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::features::FeatureMatrix;

/// Rows of one kind, in the order of the matrix.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beliefs<'a> {
    /// How likely each row has each frame, in [0, 1], NaN where nobody says; shape (n_samples, n_frames).
    pub targets: ArrayView2<'a, f64>,
    /// Weights of the rows, length n_samples.
    pub weights: &'a [f64],
}

/// Codes as beliefs: 1 or 0, NaN where nobody coded.
pub(crate) fn certainties(codes: ArrayView2<'_, Code>) -> Array2<f64> {
    codes.mapv(|code| code.as_bool().map_or(f64::NAN, |present| f64::from(u8::from(present))))
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
    /// How likely the frame is present in each row, as the balance of the classes moves it; length n_samples.
    targets: Vec<f64>,
    /// Weights of the rows, balanced, 0 where nothing is known; length n_samples.
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
        let targets = certainties(codes);
        let weights: Vec<f64> = row_weights.iter().map(|weight| f64::from(*weight)).collect();
        let coded = Beliefs { targets: targets.view(), weights: &weights };
        let frames: Vec<(usize, Option<f64>)> = (0..codes.ncols()).map(|j| (j, None)).collect();
        Problems::mixed(matrix, coded, None, &frames, params)
    }

    /// One problem for each wanted (frame, mix), over the rows of `judged` and then, where there are some, those of `others`, whose
    /// total weight, before classes are balanced, is brought to `mix` times that of the judged rows, or stays where there is no mix. The classes of the judged rows are balanced, and
    /// those of the others weigh what they weigh there: so the same decision value means the same probability among both.
    ///
    /// A row that has the frame with probability t counts as a share t of a row that has it and a share 1 − t of one that has not:
    /// its loss is `c (t a₁ log(1 + exp(-z)) + (1 - t) a₀ log(1 + exp(z)))` with the weights a₁ and a₀ of the two classes, which is the
    /// loss of a row of weight `c (t a₁ + (1 - t) a₀)` at `t a₁ / (t a₁ + (1 - t) a₀)`.
    ///
    /// # Errors
    /// [`ErrorKind::ConstantFrame`] if all rows of a kind agree on a frame for certain.
    pub(crate) fn mixed(
        matrix: &'a FeatureMatrix,
        judged: Beliefs<'_>,
        others: Option<Beliefs<'_>>,
        wanted: &[(usize, Option<f64>)],
        params: &LogisticValidParams,
    ) -> Result<Self> {
        let problem = |(j, mix): &(usize, Option<f64>)| -> Result<Problem> {
            let mut gathered = Gathered::default();
            let known = Known::of(judged, *j)?;
            let class_weights = match params.class_weight {
                ClassWeight::Balanced => known.balance(),
                ClassWeight::None => [1.0, 1.0],
            };
            gathered.add(judged, *j, class_weights, 1.0);
            if let Some(others) = others {
                let share =
                    mix.map_or(Ok(1.0), |mix| Known::of(others, *j).map(|those| mix * known.total() / those.total()))?;
                gathered.add(others, *j, class_weights, share);
            }
            let Gathered { targets, weights, masses } = gathered;
            let scale = (params.prior == Prior::LogOdds).then(|| log_odds_scale(matrix, &masses));
            Ok(Problem { targets, weights, scale })
        };
        let stopping = Stopping { tolerance: params.tolerance, max_iterations: params.max_iterations };
        Ok(Problems { matrix, stopping, frames: wanted.iter().map(problem).collect::<Result<_>>()? })
    }

    /// Fits some of the problems, each by its own penalty and from its own point if one is given: (place, penalty, start).
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

/// One frame's rows, kind after kind.
#[derive(Default)]
struct Gathered {
    targets: Vec<f64>,
    weights: Vec<f64>,
    /// How much of each row's weight speaks for the frame, and how much against it, before they are balanced.
    masses: [Vec<f64>; 2],
}

impl Gathered {
    /// Adds rows, whose classes (absent, present) weigh so much more than others do, and all of them `share` times what they are given.
    fn add(&mut self, rows: Beliefs<'_>, j: usize, [for_absent, for_present]: [f64; 2], share: f64) {
        for (t, c) in rows.targets.column(j).iter().zip(rows.weights) {
            let (t, c) = if t.is_nan() { (0.0, 0.0) } else { (*t, c * share) };
            let balanced = t * for_present + (1.0 - t) * for_absent;
            self.targets.push(t * for_present / balanced);
            self.weights.push(balanced * c);
            self.masses[0].push(c * t);
            self.masses[1].push(c * (1.0 - t));
        }
    }
}

/// What is known of a frame in rows of one kind: how much of their weight speaks against it and for it.
struct Known([f64; 2]);

impl Known {
    fn of(rows: Beliefs<'_>, j: usize) -> Result<Self> {
        let column = rows.targets.column(j);
        let known = || column.iter().zip(rows.weights).filter(|(t, _)| !t.is_nan());
        let present: f64 = known().map(|(t, c)| c * t).sum();
        let absent: f64 = known().map(|(t, c)| c * (1.0 - t)).sum();
        if present <= 0.0 || absent <= 0.0 {
            let n_present = known().filter(|(t, _)| **t > 0.5).count();
            return Err(Error::from(ErrorKind::ConstantFrame {
                frame: String::new(),
                n_present,
                n_absent: known().count() - n_present,
                needed: 1,
                whereabouts: " of weight above 0".into(),
            }));
        }
        Ok(Known([absent, present]))
    }

    fn total(&self) -> f64 {
        self.0.iter().sum()
    }

    /// Class weights by which both classes weigh the same.
    fn balance(&self) -> [f64; 2] {
        self.0.map(|weight| self.total() / (2.0 * weight))
    }
}

/// How large each weight is expected to be: `1 + |r|`, with a mean square of 1 within each block of features.
///
/// `r = ln((pⱼ + ε)/(n₁ + ε)) − ln((qⱼ + ε)/(n₀ + ε))`, where p and q sum the feature over the rows with and without the frame, and n₁
/// and n₀ count them, all by row weight; `masses` has the weights of both, length n_samples each.
fn log_odds_scale(matrix: &FeatureMatrix, masses: &[Vec<f64>; 2]) -> Vec<f64> {
    // About a tenth of one occurrence in a sentence of usual length; chosen by cross-validation, and not sensitive.
    const EPSILON: f64 = 0.05;
    let [n_present, n_absent]: [f64; 2] = masses.each_ref().map(|masses| masses.iter().sum());
    let sums = matrix.transposed_products(&masses.each_ref().map(|masses| &masses[..]));
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

#[cfg(test)]
mod tests {
    use ndarray::{Array2, Axis, array, concatenate};
    use rand::RngExt as _;

    use super::*;
    use crate::model::LogisticParams;
    use crate::stats::rng;

    const N: usize = 60;

    /// Rows of four numbers, of which the first two tell the frame, but not always.
    fn rows() -> (Vec<Vec<f32>>, Vec<bool>) {
        let mut rng = rng(3, "rows", 0);
        let rows: Vec<Vec<f32>> = (0..N).map(|_| (0..4).map(|_| rng.random_range(-1.0_f32..1.0)).collect()).collect();
        let labels = rows.iter().map(|row| row[0] - row[1] + rng.random_range(-0.7_f32..0.7) > 0.3).collect();
        (rows, labels)
    }

    fn certain(labels: &[bool]) -> Array2<f64> {
        Array2::from_shape_fn((labels.len(), 1), |(i, _)| f64::from(u8::from(labels[i])))
    }

    fn tight(class_weight: ClassWeight, prior: Prior) -> LogisticValidParams {
        LogisticParams::default().class_weight(class_weight).prior(prior).tolerance(1e-10).0
    }

    fn fit(
        rows: &[Vec<f32>],
        judged: (&Array2<f64>, &[f64]),
        others: Option<(&Array2<f64>, &[f64], Option<f64>)>,
        params: &LogisticValidParams,
    ) -> Point {
        let matrix = FeatureMatrix::from_dense_rows(rows);
        let beliefs = |targets, weights| Beliefs { targets, weights };
        let added = others.map(|(targets, weights, _)| beliefs(targets.view(), weights));
        let mix = others.and_then(|(.., mix)| mix);
        let problems = Problems::mixed(&matrix, beliefs(judged.0.view(), judged.1), added, &[(0, mix)], params);
        problems.unwrap().fit(&[(0, 0.5, None)]).unwrap().remove(0).point
    }

    fn nearly(a: &[f64], b: &[f64]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-6)
    }

    #[test]
    fn certain_opinions_are_codes_to_the_bit() {
        let (rows, labels) = rows();
        let matrix = FeatureMatrix::from_dense_rows(&rows);
        let weights: Vec<f32> = (0..N).map(|i| 0.5 + (i % 3) as f32).collect();
        let doubles: Vec<f64> = weights.iter().map(|weight| f64::from(*weight)).collect();
        let codes = Array2::from_shape_fn((N, 1), |(i, _)| Code::from(labels[i]));
        for prior in [Prior::LogOdds, Prior::Uniform] {
            let params = tight(ClassWeight::None, prior);
            let coded = Problems::new(&matrix, codes.view(), &weights, &params).unwrap();
            let coded = coded.fit(&[(0, 0.5, None)]).unwrap().remove(0).point;
            // As two kinds of rows, neither of which is balanced, they are what they are as one.
            let (one, two) = (certain(&labels[..40]), certain(&labels[40..]));
            let split = fit(&rows, (&one, &doubles[..40]), Some((&two, &doubles[40..], None)), &params);
            assert_eq!(split, coded, "{prior:?}");
        }
    }

    /// A row that has the frame with probability 1/4 is a quarter of a row with it and three quarters of one without.
    #[test]
    fn a_doubtful_row_is_a_share_of_two_certain_ones() {
        let (rows, labels) = rows();
        let mut doubtful = certain(&labels);
        let mut weights = vec![1.0; N];
        (doubtful[(0, 0)], doubtful[(1, 0)]) = (0.25, 0.9);
        for class_weight in [ClassWeight::Balanced, ClassWeight::None] {
            for prior in [Prior::LogOdds, Prior::Uniform] {
                let params = tight(class_weight, prior);
                let soft = fit(&rows, (&doubtful, &weights), None, &params);
                let twice: Vec<Vec<f32>> = rows.iter().chain(&rows[..2]).cloned().collect();
                let mut targets = concatenate![Axis(0), certain(&labels), array![[1.0], [1.0]]];
                (targets[(0, 0)], targets[(1, 0)]) = (0.0, 0.0);
                (weights[0], weights[1]) = (0.75, 0.1);
                let hard = fit(&twice, (&targets, &[&weights[..], &[0.25, 0.9]].concat()), None, &params);
                assert!(nearly(&soft, &hard), "{class_weight:?} {prior:?}: {soft:?} {hard:?}");
                (weights[0], weights[1]) = (1.0, 1.0);
            }
        }
    }

    #[test]
    fn a_mix_is_what_the_others_weigh() {
        let (rows, labels) = rows();
        let (one, two) = (certain(&labels[..30]), certain(&labels[30..]).mapv(|t| 0.2 + 0.5 * t));
        let weights = vec![1.0; 30];
        let params = tight(ClassWeight::Balanced, Prior::LogOdds);
        let mixed = |mix| fit(&rows, (&one, &weights), Some((&two, &weights, Some(mix))), &params);
        let alone = fit(&rows[..30], (&one, &weights), None, &params);
        assert!(nearly(&mixed(1e-9), &alone), "next to nothing: {:?} {alone:?}", mixed(1e-9));
        assert!(!nearly(&mixed(1.0), &alone));
        let heavier = vec![5.0; 30];
        let heavy = fit(&rows, (&one, &weights), Some((&two, &heavier, Some(2.0))), &params);
        assert!(nearly(&heavy, &mixed(2.0)), "the sum is what counts");
    }

    #[test]
    fn rows_that_are_certain_of_one_class_cannot_be_balanced() {
        let matrix = FeatureMatrix::from_dense_rows(&[vec![1.0], vec![2.0]]);
        let (targets, weights) = (array![[1.0], [1.0]], [1.0, 1.0]);
        let judged = Beliefs { targets: targets.view(), weights: &weights };
        let error = Problems::mixed(&matrix, judged, None, &[(0, None)], &LogisticValidParams::default()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::ConstantFrame { n_present: 2, n_absent: 0, .. }), "{error}");
    }
}
