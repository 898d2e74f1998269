//! Out-of-fold decision values of every setting, and what is chosen from them.

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;

use super::features::{Features, Fits};
use super::params::TrainParams;
use super::progress::Progress;
use super::settings::Settings;
use super::subsample::subsample;
use crate::calibration::Calibration;
use crate::corpus::{Corpus, Folds};
use crate::error::Result;
use crate::evaluation::{Predictions, average_precision};
use crate::features::{FeatureMatrix, Operand, SentenceEncoder, Vocabulary};
use crate::model::{FrameFit, Point};

/// Decision values of rows from models that did not see their group.
#[derive(Debug, Clone)]
pub(crate) struct OutOfFold<'a> {
    corpus: &'a Corpus,
    folds: &'a Folds,
    /// The rows that have values, in their order.
    rows: Vec<usize>,
    settings: Settings,
    /// For each frame, the settings that were fitted, each with a value for each of `rows`.
    decisions: Vec<Vec<(usize, Vec<f64>)>>,
    /// The subsample whose values choose the setting; these ones themselves when `None`.
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
    /// For each frame, the settings that were fitted, each with its weights and the intercept last.
    pub points: Vec<Vec<(usize, Point)>>,
    /// The encoder whose vectors were among the features, if there was one.
    pub encoder: Option<Arc<dyn SentenceEncoder>>,
}

/// What was chosen for one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Choice {
    /// Its penalty, and the length of an encoder's vectors.
    pub setting: usize,
    pub calibration: Calibration,
}

/// Fits every frame on every fold's training rows in every setting, penalties strongest first, each from the solution before.
///
/// Where there are many rows, a subsample of them tries all settings, and all of them only those that it chooses. Vocabulary and
/// idf come from the training rows of the fold, and so does what an encoder learns, so that nothing of a held-out row is known. With `keep` the fits themselves are kept
/// too. `stage` is what the run is called.
pub(crate) fn out_of_fold<'a>(
    corpus: &'a Corpus,
    features: &Features,
    folds: &'a Folds,
    params: &TrainParams,
    (stage, progress): (&str, &dyn Progress),
    keep: bool,
) -> Result<OutOfFold<'a>> {
    let settings = params.settings();
    let run = |rows: Vec<usize>, wanted: &[Vec<usize>], stage: &str, keep: bool| {
        let steps = wanted.iter().map(Vec::len).max().unwrap_or_default();
        progress.begin(stage, corpus.frames.names(), folds.n_folds * steps);
        let fitted = Fitting { corpus, features, folds, params, settings: &settings, progress, wanted, keep }.run(rows);
        progress.end();
        fitted
    };
    let all: Vec<usize> = (0..corpus.n_rows()).collect();
    let path = vec![(0..settings.len()).collect(); corpus.frames.len()];
    let some = if settings.len() > 1 { subsample(corpus, folds, params, &[&corpus.articles]) } else { None };
    let Some(some) = some else { return run(all, &path, stage, keep) };

    let chosen = if settings.lengths().len() > 1 { "alpha and the encoder's weight" } else { "alpha" };
    let told = format!("{stage}, {chosen} on {} of {} rows", some.len(), all.len());
    let chooser = run(some, &path, &told, false)?;
    let mut wanted: Vec<Vec<usize>> = vec![Vec::new(); corpus.frames.len()];
    for except in (0..folds.n_folds).map(Some).chain([None]) {
        wanted.iter_mut().enumerate().for_each(|(j, wanted)| wanted.push(chooser.best_setting(j, except)));
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
    features: &'b Features,
    folds: &'a Folds,
    params: &'b TrainParams,
    settings: &'b Settings,
    progress: &'b dyn Progress,
    /// For each frame, the settings to fit, in order.
    wanted: &'b [Vec<usize>],
    keep: bool,
}

/// What one fold gives.
struct FoldRun {
    /// Places of the held-out rows among all rows of the run.
    places: Vec<usize>,
    /// By frame and wanted setting, the decision values of the held-out rows.
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
        let empty = |wanted: &Vec<usize>| wanted.iter().map(|setting| (*setting, vec![0.0; rows.len()])).collect();
        let mut decisions: Vec<Vec<(usize, Vec<f64>)>> = self.wanted.iter().map(empty).collect();
        for run in &per_fold {
            for ((_, all), values) in decisions.iter_mut().flatten().zip(run.decisions.iter().flatten()) {
                run.places.iter().zip(values).for_each(|(place, z)| all[*place] = *z);
            }
        }
        let total = |count: fn(&FoldRun) -> usize| per_fold.iter().map(count).sum::<usize>() as f64;
        let unknown_words = total(|run| run.n_unknown) / total(|run| run.n_words).max(1.0);
        let fits = per_fold.into_iter().filter_map(|run| run.fit).collect();
        let (corpus, folds, settings) = (self.corpus, self.folds, self.settings.clone());
        Ok(OutOfFold { corpus, folds, rows, settings, decisions, chooser: None, unknown_words, fits })
    }

    fn fold(&self, rows: &[usize], k: usize) -> Result<FoldRun> {
        let Fitting { features, params, .. } = self;
        let (train, places): (Vec<usize>, Vec<usize>) =
            (0..rows.len()).partition(|place| self.folds.of_row[rows[*place]] as usize != k);
        let [train, test] =
            [train, places.clone()].map(|places| places.into_iter().map(|i| rows[i]).collect::<Vec<_>>());
        let encoded = features.vectors.as_ref().map(|vectors| vectors.without(k));
        let vocabulary = features.vocabulary(&train, params);
        let matrix = features.training_matrix(&vocabulary, &train, encoded, params);
        let held_out = features.matrix(&vocabulary, &test, encoded, params);
        let path = self.path((k, &train), matrix, held_out)?;
        let (mut n_words, mut n_unknown) = (0, 0);
        if let Some(lexicon) = &features.lexicon {
            let known = vocabulary.knows(lexicon.documents(), params.features.0.names);
            let tokens = || test.iter().flat_map(|row| lexicon.documents().tokens(*row));
            (n_words, n_unknown) = (tokens().count(), tokens().filter(|token| !known.is_known(**token)).count());
        }
        let encoder = encoded.and_then(|encoded| encoded.encoder.clone());
        let fit = self.keep.then_some(FoldFit { vocabulary, points: path.points, encoder });
        Ok(FoldRun { places, decisions: path.decisions, n_words, n_unknown, fit })
    }

    /// Fits all frames on the training rows of fold `k`, setting by setting.
    fn path(
        &self,
        (k, train): (usize, &[usize]),
        mut matrix: FeatureMatrix,
        mut held_out: FeatureMatrix,
    ) -> Result<Path> {
        let n_frames = self.wanted.len();
        let mut path = Path { decisions: vec![Vec::new(); n_frames], points: vec![Vec::new(); n_frames] };
        let encoded = self.features.vectors.as_ref().map(|vectors| vectors.without(k));
        for (number, length) in self.settings.lengths().iter().enumerate() {
            let of_length = |wanted: &Vec<usize>| -> Vec<usize> {
                wanted.iter().copied().filter(|setting| self.settings.length(*setting) == number).collect()
            };
            let wanted: Vec<Vec<usize>> = self.wanted.iter().map(of_length).collect();
            if wanted.iter().all(Vec::is_empty) {
                continue;
            }
            matrix.set_dense_length(*length);
            held_out.set_dense_length(*length);
            let fits = Fits::new(self.corpus, train, &matrix, encoded, self.params)?;
            self.walk(&wanted, &fits, &held_out, &mut path)?;
        }
        Ok(path)
    }

    /// Fits all frames in settings that differ in the penalty alone, strongest first.
    fn walk(&self, wanted: &[Vec<usize>], fits: &Fits<'_>, held_out: &FeatureMatrix, path: &mut Path) -> Result<()> {
        for step in 0..wanted.iter().map(Vec::len).max().unwrap_or_default() {
            let (frames, settings): (Vec<usize>, Vec<usize>) =
                wanted.iter().enumerate().filter_map(|(j, wanted)| Some((j, *wanted.get(step)?))).unzip();
            let start = |j: usize| path.points[j].last().filter(|_| step > 0).map(|(_, point)| point);
            let wanted =
                frames.iter().zip(&settings).map(|(j, setting)| (*j, self.settings.alpha(*setting), start(*j)));
            let fitted: Vec<FrameFit> = fits.fit(&wanted.collect::<Vec<_>>())?;
            let weights: Vec<Cow<'_, [f64]>> =
                fitted.iter().map(|fit| held_out.to_columns(&fit.point[..fit.point.len() - 1])).collect();
            let operands: Vec<Operand<'_>> = weights.iter().map(|v| Operand { v, scale: None }).collect();
            let products = held_out.products(&operands);
            for (((j, setting), fit), mut z) in frames.into_iter().zip(settings).zip(fitted).zip(products) {
                let intercept = fit.point[fit.point.len() - 1];
                z.iter_mut().for_each(|z| *z += intercept);
                path.decisions[j].push(z);
                // Without `keep` only the next fit's start is needed.
                if !self.keep {
                    path.points[j].clear();
                }
                path.points[j].push((setting, fit.point));
                self.progress.step(j);
            }
        }
        Ok(())
    }
}

/// All frames' fits on one fold.
struct Path {
    /// By frame and wanted setting, the decision values on the held-out rows.
    decisions: Vec<Vec<Vec<f64>>>,
    points: Vec<Vec<(usize, Point)>>,
}

impl OutOfFold<'_> {
    /// Rows that the settings are chosen on, where these are not all.
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

    /// The setting of frame `j` with the best average precision on the rows outside fold `except`. Among equally good ones the strongest
    /// penalty wins, and then the shortest length.
    fn best_setting(&self, j: usize, except: Option<usize>) -> usize {
        let (coded, gold) = self.coded(j, except);
        let mut best = (self.decisions[j][0].0, f64::NEG_INFINITY);
        for (setting, values) in &self.decisions[j] {
            let values: Vec<f64> = coded.iter().map(|place| values[*place]).collect();
            let score = average_precision(&values, &gold).unwrap_or(0.0);
            let is_stronger = self.settings.rank(*setting) < self.settings.rank(best.0);
            if score > best.1 || (score >= best.1 && is_stronger) {
                best = (*setting, score);
            }
        }
        best.0
    }

    /// The decision values of frame `j` in one of its settings.
    fn values(&self, j: usize, setting: usize) -> &[f64] {
        let fitted = self.decisions[j].iter().find(|(fitted, _)| *fitted == setting);
        &fitted.expect("every setting that the subsample may choose was fitted on all rows").1
    }

    /// Chooses each frame's setting, from the rows outside fold `except` (all of them when `None`), and fits its calibration there.
    pub(crate) fn choose(&self, except: Option<usize>) -> Result<Vec<Choice>> {
        let choice = |j: usize| {
            let setting = self.chooser.as_deref().unwrap_or(self).best_setting(j, except);
            let (coded, gold) = self.coded(j, except);
            let values: Vec<f64> = coded.iter().map(|place| self.values(j, setting)[*place]).collect();
            Ok(Choice { setting, calibration: Calibration::fit(&values, &gold)? })
        };
        (0..self.corpus.frames.len()).into_par_iter().map(choice).collect::<Vec<_>>().into_iter().collect()
    }

    /// Predictions for every row with setting, calibration and threshold chosen without the row's own fold, so that none of them was
    /// fitted to a row that it is judged on.
    pub(crate) fn cross_fitted(&self) -> Result<Predictions> {
        let shape = (self.corpus.n_rows(), self.corpus.frames.len());
        let mut predictions = Predictions::zeros(shape.0, shape.1);
        for k in 0..self.folds.n_folds {
            let choices = self.choose(Some(k))?;
            for row in (0..shape.0).filter(|row| self.folds.of_row[*row] as usize == k) {
                for (j, choice) in choices.iter().enumerate() {
                    let proba = choice.calibration.map.proba(self.values(j, choice.setting)[row]);
                    predictions.proba[(row, j)] = proba;
                    predictions.predicted[(row, j)] = proba >= choice.calibration.threshold;
                }
            }
        }
        Ok(predictions)
    }
}
