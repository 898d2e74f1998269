//! Out-of-fold decision values along the path of penalties, and what is chosen from them.

use ndarray::{Array3, Axis};
use rayon::prelude::*;

use super::params::TrainParams;
use super::progress::Progress;
use crate::calibration::Calibration;
use crate::corpus::{Corpus, Folds};
use crate::error::Result;
use crate::evaluation::{Predictions, average_precision};
use crate::features::{FeatureMatrix, Lexicon, Vocabulary};
use crate::model::{FrameFit, fit_frame};

/// Decision values of every row from models that did not see its group, of shape (n_alphas, n_rows, n_frames).
#[derive(Debug, Clone)]
pub(crate) struct OutOfFold<'a> {
    pub corpus: &'a Corpus,
    pub folds: &'a Folds,
    pub alphas: &'a [f64],
    pub decisions: Array3<f64>,
    /// Share of words that the other folds' vocabulary does not hold.
    pub unknown_words: f64,
    /// What was fitted on all folds but one, for each of them; empty unless it was asked for.
    pub fits: Vec<FoldFit>,
}

/// What was fitted on all folds but one.
#[derive(Debug, Clone)]
pub(crate) struct FoldFit {
    pub vocabulary: Vocabulary,
    /// For each frame and penalty, the weights with the intercept last.
    pub points: Vec<Vec<Vec<f64>>>,
}

/// What was chosen for one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    /// Index into the path.
    pub alpha: usize,
    pub calibration: Calibration,
}

/// Fits every frame on every fold's training rows along the path of penalties, strongest first, each from the solution before.
///
/// Vocabulary and idf come from the training rows of the fold, so that nothing of a held-out row is known. With `keep` the fits themselves
/// are kept too.
pub(crate) fn out_of_fold<'a>(
    corpus: &'a Corpus,
    lexicon: &Lexicon,
    folds: &'a Folds,
    params: &'a TrainParams,
    progress: &dyn Progress,
    keep: bool,
) -> Result<OutOfFold<'a>> {
    let n_frames = corpus.frames.len();
    let per_fold: Vec<FoldRun> = (0..folds.n_folds)
        .into_par_iter()
        .map(|k| {
            let (train, test) = folds.split(k);
            let features = &params.features.0;
            let vocabulary = Vocabulary::fit(lexicon, &train, features);
            let matrix = vocabulary.transform(lexicon, &train, features);
            let held_out = vocabulary.transform(lexicon, &test, features);
            let paths: Vec<Path> = (0..n_frames)
                .into_par_iter()
                .map(|j| path(corpus, &train, &matrix, &held_out, j, params, progress, keep))
                .collect::<Result<_>>()?;
            let known = vocabulary.knows(lexicon.documents(), features.names);
            let tokens = || test.iter().flat_map(|row| lexicon.documents().tokens(*row));
            let (n_words, n_unknown) = (tokens().count(), tokens().filter(|token| !known.is_known(**token)).count());
            let (decisions, points) = paths.into_iter().map(|path| (path.decisions, path.points)).unzip();
            let fit = keep.then_some(FoldFit { vocabulary, points });
            Ok(FoldRun { test, decisions, n_words, n_unknown, fit })
        })
        .collect::<Result<_>>()?;
    let mut decisions = Array3::zeros((params.alphas.len(), corpus.n_rows(), n_frames));
    for run in &per_fold {
        for (j, of_alphas) in run.decisions.iter().enumerate() {
            for (a, values) in of_alphas.iter().enumerate() {
                run.test.iter().zip(values).for_each(|(row, z)| decisions[(a, *row, j)] = *z);
            }
        }
    }
    let total = |count: fn(&FoldRun) -> usize| per_fold.iter().map(count).sum::<usize>() as f64;
    let unknown_words = total(|run| run.n_unknown) / total(|run| run.n_words).max(1.0);
    let fits = per_fold.into_iter().filter_map(|run| run.fit).collect();
    Ok(OutOfFold { corpus, folds, alphas: &params.alphas, decisions, unknown_words, fits })
}

/// What one fold gives.
struct FoldRun {
    test: Vec<usize>,
    /// By frame and penalty, the decision values of `test`.
    decisions: Vec<Vec<Vec<f64>>>,
    /// Words of the held-out rows, and those of them that the other rows do not hold.
    n_words: usize,
    n_unknown: usize,
    fit: Option<FoldFit>,
}

/// One frame's fits on one fold, penalty by penalty.
struct Path {
    /// Decision values on the held-out rows.
    decisions: Vec<Vec<f64>>,
    points: Vec<Vec<f64>>,
}

#[expect(clippy::too_many_arguments, reason = "one call, and each is a thing of its own")]
fn path(
    corpus: &Corpus,
    train: &[usize],
    matrix: &FeatureMatrix,
    held_out: &FeatureMatrix,
    j: usize,
    params: &TrainParams,
    progress: &dyn Progress,
    keep: bool,
) -> Result<Path> {
    let mut path = Path { decisions: Vec::new(), points: Vec::new() };
    for alpha in &params.alphas {
        let fit = fit_rows(corpus, train, matrix, j, *alpha, params, path.points.last())?;
        progress.step(j);
        let (intercept, weights) = fit.point.split_last().expect("a point has an intercept");
        let mut z = held_out.product(weights);
        z.iter_mut().for_each(|z| *z += intercept);
        path.decisions.push(z);
        // Without `keep` only the next fit's start is needed.
        if !keep {
            path.points.clear();
        }
        path.points.push(fit.point);
    }
    Ok(path)
}

/// Fits frame `j` on some rows, whose vectors are `matrix`.
pub(crate) fn fit_rows(
    corpus: &Corpus,
    rows: &[usize],
    matrix: &FeatureMatrix,
    j: usize,
    alpha: f64,
    params: &TrainParams,
    start: Option<&Vec<f64>>,
) -> Result<FrameFit> {
    let codes = corpus.codes.column(j).select(Axis(0), rows);
    let weights: Vec<f32> = rows.iter().map(|row| corpus.weights[*row]).collect();
    let logistic = params.logistic.clone().alpha(alpha);
    fit_frame(matrix, codes.view(), &weights, &logistic.0, start)
}

impl OutOfFold<'_> {
    /// Chooses, from the rows outside fold `except` (all of them when `None`), each frame's penalty by average precision, and fits its
    /// calibration there. Among equally good penalties the strongest wins.
    pub(crate) fn choose(&self, except: Option<usize>) -> Result<Vec<Choice>> {
        (0..self.corpus.frames.len())
            .map(|j| {
                let coded: Vec<(usize, bool)> = (0..self.corpus.n_rows())
                    .filter(|row| except.is_none_or(|k| self.folds.of_row[*row] as usize != k))
                    .filter_map(|row| Some((row, self.corpus.codes[(row, j)].as_bool()?)))
                    .collect();
                let gold: Vec<bool> = coded.iter().map(|(_, gold)| *gold).collect();
                let values =
                    |a: usize| -> Vec<f64> { coded.iter().map(|(row, _)| self.decisions[(a, *row, j)]).collect() };
                let mut best = (0, f64::NEG_INFINITY);
                for a in 0..self.alphas.len() {
                    let score = average_precision(&values(a), &gold).unwrap_or(0.0);
                    if score > best.1 {
                        best = (a, score);
                    }
                }
                Ok(Choice { alpha: best.0, calibration: Calibration::fit(&values(best.0), &gold)? })
            })
            .collect()
    }

    /// Predictions for every row with penalty, calibration and threshold chosen without the row's own fold, so that none of them was
    /// fitted to a row that it is judged on.
    pub(crate) fn cross_fitted(&self) -> Result<Predictions> {
        let shape = (self.corpus.n_rows(), self.corpus.frames.len());
        let mut predictions = Predictions::zeros(shape.0, shape.1);
        for k in 0..self.folds.n_folds {
            let choices = self.choose(Some(k))?;
            for row in (0..shape.0).filter(|row| self.folds.of_row[*row] as usize == k) {
                for (j, choice) in choices.iter().enumerate() {
                    let proba = choice.calibration.map.proba(self.decisions[(choice.alpha, row, j)]);
                    predictions.proba[(row, j)] = proba;
                    predictions.predicted[(row, j)] = proba >= choice.calibration.threshold;
                }
            }
        }
        Ok(predictions)
    }
}
