//! Out-of-fold decision values along the path of penalties, and what is chosen from them.

use std::borrow::Cow;

use ndarray::Axis;
use rayon::prelude::*;

use super::params::TrainParams;
use super::progress::Progress;
use super::subsample::subsample;
use crate::calibration::Calibration;
use crate::corpus::{Corpus, Folds};
use crate::error::Result;
use crate::evaluation::{Predictions, average_precision};
use crate::features::{FeatureMatrix, Lexicon, Operand, Vocabulary};
use crate::model::{FrameFit, Problems};

/// Decision values of rows from models that did not see their group.
#[derive(Debug, Clone)]
pub(crate) struct OutOfFold<'a> {
    corpus: &'a Corpus,
    folds: &'a Folds,
    /// The rows that have values, in their order.
    rows: Vec<usize>,
    /// For each frame, the penalties that were fitted, as indices into the path, each with a value for each of `rows`.
    decisions: Vec<Vec<(usize, Vec<f64>)>>,
    /// The subsample whose values choose the penalty; these ones themselves when `None`.
    chooser: Option<Box<OutOfFold<'a>>>,
    /// Share of words that the other folds' vocabulary does not hold.
    pub unknown_words: f64,
    /// What was fitted on all folds but one, for each of them; empty unless it was asked for.
    pub fits: Vec<FoldFit>,
}

/// What was fitted on all folds but one.
#[derive(Debug, Clone)]
pub(crate) struct FoldFit {
    pub vocabulary: Vocabulary,
    /// For each frame, the penalties that were fitted, as indices into the path, each with its weights and the intercept last.
    pub points: Vec<Vec<(usize, Vec<f64>)>>,
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
/// Where there are many rows, a subsample of them walks the path, and all of them only where one of its choices lies. Vocabulary and
/// idf come from the training rows of the fold, so that nothing of a held-out row is known. With `keep` the fits themselves are kept
/// too. `stage` is what the run is called.
pub(crate) fn out_of_fold<'a>(
    corpus: &'a Corpus,
    lexicon: &Lexicon,
    folds: &'a Folds,
    params: &TrainParams,
    (stage, progress): (&str, &dyn Progress),
    keep: bool,
) -> Result<OutOfFold<'a>> {
    let run = |rows: Vec<usize>, wanted: &[Vec<usize>], stage: &str, keep: bool| {
        let steps = wanted.iter().map(Vec::len).max().unwrap_or_default();
        progress.begin(stage, corpus.frames.names(), folds.n_folds * steps);
        let fitted = Fitting { corpus, lexicon, folds, params, progress, wanted, keep }.run(rows);
        progress.end();
        fitted
    };
    let all: Vec<usize> = (0..corpus.n_rows()).collect();
    let path = vec![(0..params.alphas.len()).collect(); corpus.frames.len()];
    let some = if params.alphas.len() > 1 { subsample(corpus, folds, params, &[&corpus.articles]) } else { None };
    let Some(some) = some else { return run(all, &path, stage, keep) };

    let told = format!("{stage}, alpha on {} of {} rows", some.len(), all.len());
    let chooser = run(some, &path, &told, false)?;
    let mut wanted: Vec<Vec<usize>> = vec![Vec::new(); corpus.frames.len()];
    for except in (0..folds.n_folds).map(Some).chain([None]) {
        wanted.iter_mut().enumerate().for_each(|(j, wanted)| wanted.push(chooser.best_alpha(j, except)));
    }
    for wanted in &mut wanted {
        wanted.sort_unstable();
        wanted.dedup();
    }
    Ok(OutOfFold { chooser: Some(Box::new(chooser)), ..run(all, &wanted, stage, keep)? })
}

/// What all folds share.
struct Fitting<'a, 'b> {
    corpus: &'a Corpus,
    lexicon: &'b Lexicon,
    folds: &'a Folds,
    params: &'b TrainParams,
    progress: &'b dyn Progress,
    /// For each frame, the penalties to fit.
    wanted: &'b [Vec<usize>],
    keep: bool,
}

/// What one fold gives.
struct FoldRun {
    /// Places of the held-out rows among all rows of the run.
    places: Vec<usize>,
    /// By frame and wanted penalty, the decision values of the held-out rows.
    decisions: Vec<Vec<Vec<f64>>>,
    /// Words of the held-out rows, and those of them that the other rows do not hold.
    n_words: usize,
    n_unknown: usize,
    fit: Option<FoldFit>,
}

impl<'a> Fitting<'a, '_> {
    fn run(&self, rows: Vec<usize>) -> Result<OutOfFold<'a>> {
        let fold = |k: usize| self.fold(&rows, k);
        // Folds side by side keep more cores busy, but each holds its own matrix: many rows take them one after the other, and the
        // cores share the products.
        let per_fold: Vec<FoldRun> = if rows.len() > self.params.max_parallel_rows {
            (0..self.folds.n_folds).map(fold).collect::<Result<_>>()?
        } else {
            (0..self.folds.n_folds).into_par_iter().map(fold).collect::<Vec<_>>().into_iter().collect::<Result<_>>()?
        };
        let empty = |wanted: &Vec<usize>| wanted.iter().map(|alpha| (*alpha, vec![0.0; rows.len()])).collect();
        let mut decisions: Vec<Vec<(usize, Vec<f64>)>> = self.wanted.iter().map(empty).collect();
        for run in &per_fold {
            for ((_, all), values) in decisions.iter_mut().flatten().zip(run.decisions.iter().flatten()) {
                run.places.iter().zip(values).for_each(|(place, z)| all[*place] = *z);
            }
        }
        let total = |count: fn(&FoldRun) -> usize| per_fold.iter().map(count).sum::<usize>() as f64;
        let unknown_words = total(|run| run.n_unknown) / total(|run| run.n_words).max(1.0);
        let fits = per_fold.into_iter().filter_map(|run| run.fit).collect();
        Ok(OutOfFold { corpus: self.corpus, folds: self.folds, rows, decisions, chooser: None, unknown_words, fits })
    }

    fn fold(&self, rows: &[usize], k: usize) -> Result<FoldRun> {
        let Fitting { lexicon, params, .. } = self;
        let (train, places): (Vec<usize>, Vec<usize>) =
            (0..rows.len()).partition(|place| self.folds.of_row[rows[*place]] as usize != k);
        let [train, test] =
            [train, places.clone()].map(|places| places.into_iter().map(|i| rows[i]).collect::<Vec<_>>());
        let features = &params.features.0;
        let vocabulary = Vocabulary::fit(lexicon, &train, features);
        let matrix = training_matrix(lexicon, &vocabulary, &train, params);
        let held_out = vocabulary.transform(lexicon, &test, features);
        let path = self.path(&train, &matrix, &held_out)?;
        drop(matrix);
        let known = vocabulary.knows(lexicon.documents(), features.names);
        let tokens = || test.iter().flat_map(|row| lexicon.documents().tokens(*row));
        let (n_words, n_unknown) = (tokens().count(), tokens().filter(|token| !known.is_known(**token)).count());
        let fit = self.keep.then_some(FoldFit { vocabulary, points: path.points });
        Ok(FoldRun { places, decisions: path.decisions, n_words, n_unknown, fit })
    }

    /// Fits all frames, penalty by penalty.
    fn path(&self, train: &[usize], matrix: &FeatureMatrix, held_out: &FeatureMatrix) -> Result<Path> {
        let n_frames = self.wanted.len();
        let mut path = Path { decisions: vec![Vec::new(); n_frames], points: vec![Vec::new(); n_frames] };
        let problems = problems(self.corpus, train, matrix, self.params)?;
        for step in 0..self.wanted.iter().map(Vec::len).max().unwrap_or_default() {
            let (frames, alphas): (Vec<usize>, Vec<usize>) =
                self.wanted.iter().enumerate().filter_map(|(j, wanted)| Some((j, *wanted.get(step)?))).unzip();
            let start = |j: usize| path.points[j].last().map(|(_, point)| point);
            let fits: Vec<FrameFit> = problems.fit(
                &frames
                    .iter()
                    .zip(&alphas)
                    .map(|(j, alpha)| (*j, self.params.alphas[*alpha], start(*j)))
                    .collect::<Vec<_>>(),
            )?;
            let weights: Vec<Cow<'_, [f64]>> =
                fits.iter().map(|fit| held_out.to_columns(&fit.point[..fit.point.len() - 1])).collect();
            let operands: Vec<Operand<'_>> = weights.iter().map(|v| Operand { v, scale: None }).collect();
            let products = held_out.products(&operands);
            for (((j, alpha), fit), mut z) in frames.into_iter().zip(alphas).zip(fits).zip(products) {
                let intercept = fit.point[fit.point.len() - 1];
                z.iter_mut().for_each(|z| *z += intercept);
                path.decisions[j].push(z);
                // Without `keep` only the next fit's start is needed.
                if !self.keep {
                    path.points[j].clear();
                }
                path.points[j].push((alpha, fit.point));
                self.progress.step(j);
            }
        }
        Ok(path)
    }
}

/// All frames' fits on one fold.
struct Path {
    /// By frame and wanted penalty, the decision values on the held-out rows.
    decisions: Vec<Vec<Vec<f64>>>,
    points: Vec<Vec<(usize, Vec<f64>)>>,
}

/// The vectors of some rows to train on.
///
/// Above [`TrainParams::max_parallel_rows`] rows the columns are stored by use, which moves the last bits of the fit.
pub(crate) fn training_matrix(
    lexicon: &Lexicon,
    vocabulary: &Vocabulary,
    rows: &[usize],
    params: &TrainParams,
) -> FeatureMatrix {
    let matrix = vocabulary.transform(lexicon, rows, &params.features.0);
    if rows.len() > params.max_parallel_rows { matrix.by_use() } else { matrix }
}

/// The fits of all frames on some rows, whose vectors [`training_matrix`] gave.
pub(crate) fn problems<'a>(
    corpus: &Corpus,
    rows: &[usize],
    matrix: &'a FeatureMatrix,
    params: &TrainParams,
) -> Result<Problems<'a>> {
    let codes = corpus.codes.select(Axis(0), rows);
    let weights: Vec<f32> = rows.iter().map(|row| corpus.weights[*row]).collect();
    Problems::new(matrix, codes.view(), &weights, &params.logistic.0)
}

impl OutOfFold<'_> {
    /// Rows that the penalties are chosen on, where these are not all.
    pub(crate) fn n_choosing(&self) -> Option<usize> {
        self.chooser.as_ref().map(|chooser| chooser.rows.len())
    }

    /// Places of the rows outside fold `except` (all of them when `None`) that are coded for frame `j`, and their codes.
    fn coded(&self, j: usize, except: Option<usize>) -> (Vec<usize>, Vec<bool>) {
        (self.rows.iter().enumerate())
            .filter(|(_, row)| except.is_none_or(|k| self.folds.of_row[**row] as usize != k))
            .filter_map(|(place, row)| Some((place, self.corpus.codes[(*row, j)].as_bool()?)))
            .unzip()
    }

    /// The penalty of frame `j` with the best average precision on the rows outside fold `except`. Among equally good ones the strongest wins.
    fn best_alpha(&self, j: usize, except: Option<usize>) -> usize {
        let (coded, gold) = self.coded(j, except);
        let mut best = (self.decisions[j][0].0, f64::NEG_INFINITY);
        for (alpha, values) in &self.decisions[j] {
            let values: Vec<f64> = coded.iter().map(|place| values[*place]).collect();
            let score = average_precision(&values, &gold).unwrap_or(0.0);
            if score > best.1 {
                best = (*alpha, score);
            }
        }
        best.0
    }

    /// The decision values of frame `j` under one of its penalties.
    fn values(&self, j: usize, alpha: usize) -> &[f64] {
        let fitted = self.decisions[j].iter().find(|(fitted, _)| *fitted == alpha);
        &fitted.expect("every penalty that the subsample may choose was fitted on all rows").1
    }

    /// Chooses each frame's penalty, from the rows outside fold `except` (all of them when `None`), and fits its calibration there.
    pub(crate) fn choose(&self, except: Option<usize>) -> Result<Vec<Choice>> {
        let choice = |j: usize| {
            let alpha = self.chooser.as_deref().unwrap_or(self).best_alpha(j, except);
            let (coded, gold) = self.coded(j, except);
            let values: Vec<f64> = coded.iter().map(|place| self.values(j, alpha)[*place]).collect();
            Ok(Choice { alpha, calibration: Calibration::fit(&values, &gold)? })
        };
        (0..self.corpus.frames.len()).into_par_iter().map(choice).collect::<Vec<_>>().into_iter().collect()
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
                    let proba = choice.calibration.map.proba(self.values(j, choice.alpha)[row]);
                    predictions.proba[(row, j)] = proba;
                    predictions.predicted[(row, j)] = proba >= choice.calibration.threshold;
                }
            }
        }
        Ok(predictions)
    }
}
