//! Fits on rows of two kinds: those that are held out in turn, to choose and to judge by, and others that only teach.

use std::borrow::Cow;

use ndarray::{ArrayView2, Axis};
use rayon::prelude::*;

use super::features::to_train_on;
use super::params::TrainParams;
use super::progress::Progress;
use crate::calibration::Calibration;
use crate::corpus::{Corpus, Folds};
use crate::error::Result;
use crate::evaluation::{Predictions, average_precision};
use crate::features::{FeatureMatrix, Lexicon, Operand, Vocabulary};
use crate::model::{Beliefs, FittedLogistic, FrameFit, Problems};

/// Fits that walk down side by side: each holds some vectors as long as the vocabulary.
const SIDE_BY_SIDE: usize = 12;

/// What a fit is made with, as places among what there is to choose from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Setting {
    pub mix: usize,
    pub alpha: usize,
}

/// The rows, and how they are taken.
#[derive(Clone, Copy)]
pub(super) struct Mixture<'a> {
    /// Of the judged rows, then of the others.
    pub lexicon: &'a Lexicon,
    /// Rows that are held out in turn, with the codes to choose by.
    pub judged: &'a Corpus,
    /// What is learned of them, NaN where nothing; shape (n_judged, n_frames).
    pub targets: ArrayView2<'a, f64>,
    /// Whether that is a model's opinion, which the probabilities then follow.
    pub are_opinions: bool,
    pub folds: &'a Folds,
    /// What is learned of the others, shape (n_others, n_frames).
    pub opinions: ArrayView2<'a, f64>,
    /// Weights of the others.
    pub weights: &'a [f64],
    /// The fold that each of the others keeps out of.
    pub keeps_out: &'a [Option<u32>],
    /// How many times as much as the judged rows the others weigh; empty where each row counts alike.
    pub mixes: &'a [f64],
    pub params: &'a TrainParams,
    pub progress: &'a dyn Progress,
}

/// Penalties to fit for one frame under one mix, strongest first, each from the solution before.
#[derive(Debug, Clone)]
pub(super) struct Track {
    pub frame: usize,
    pub mix: usize,
    pub alphas: Vec<usize>,
}

/// Decision values of the judged rows, by fits that did not see their group.
pub(super) struct Values<'a> {
    mixture: Mixture<'a>,
    /// For each frame, what was fitted, each with a value for each judged row.
    of_frame: Vec<Vec<(Setting, Vec<f64>)>>,
    /// Share of words that the other folds' vocabulary does not hold.
    pub unknown_words: f64,
}

/// What one fold gives.
struct FoldRun {
    /// The judged rows that were held out.
    held_out: Vec<usize>,
    decisions: Vec<(usize, Setting, Vec<f64>)>,
    n_words: usize,
    n_unknown: usize,
}

/// A vocabulary with the fits over it.
pub(super) struct Fits {
    pub vocabulary: Vocabulary,
    pub fitted: FittedLogistic,
}

impl<'a> Mixture<'a> {
    /// Tracks of every frame under every mix, along all penalties.
    pub(super) fn all_tracks(&self) -> Vec<Track> {
        let alphas: Vec<usize> = (0..self.params.alphas.len()).collect();
        let track = |mix: usize| move |frame: usize| (frame, mix);
        let pairs = (0..self.mixes.len().max(1)).flat_map(|mix| (0..self.judged.frames.len()).map(track(mix)));
        pairs.map(|(frame, mix)| Track { frame, mix, alphas: alphas.clone() }).collect()
    }

    /// Fits the tracks on all folds but one, with some of the others, for each fold in turn. `stage` is what the run is called.
    pub(super) fn out_of_fold(self, others: &[usize], tracks: &[Track], stage: &str) -> Result<Values<'a>> {
        let n_frames = self.judged.frames.len();
        let steps = |j: usize| tracks.iter().filter(|track| track.frame == j).map(|track| track.alphas.len()).sum();
        let most: usize = (0..n_frames).map(steps).max().unwrap_or_default();
        self.progress.begin(stage, self.judged.frames.names(), self.folds.n_folds * most);
        let fold = |k: usize| self.fold(k, others, tracks);
        let n_rows = self.judged.n_rows() + others.len();
        // Many rows take the folds one after the other, so that memory is that of one.
        let runs: Vec<FoldRun> = if n_rows > self.params.max_parallel_rows {
            (0..self.folds.n_folds).map(fold).collect::<Result<_>>()?
        } else {
            (0..self.folds.n_folds).into_par_iter().map(fold).collect::<Vec<_>>().into_iter().collect::<Result<_>>()?
        };
        self.progress.end();
        let mut of_frame: Vec<Vec<(Setting, Vec<f64>)>> = vec![Vec::new(); n_frames];
        for track in tracks {
            let settings = track.alphas.iter().map(|alpha| Setting { mix: track.mix, alpha: *alpha });
            of_frame[track.frame].extend(settings.map(|setting| (setting, vec![0.0; self.judged.n_rows()])));
        }
        for (frame, setting, run, values) in
            runs.iter().flat_map(|run| run.decisions.iter().map(move |(frame, setting, z)| (*frame, *setting, run, z)))
        {
            let found = of_frame[frame].iter_mut().find(|(other, _)| *other == setting);
            let (_, all) = found.expect("every fold fits every track");
            run.held_out.iter().zip(values).for_each(|(row, z)| all[*row] = *z);
        }
        let total = |count: fn(&FoldRun) -> usize| runs.iter().map(count).sum::<usize>() as f64;
        let unknown_words = total(|run| run.n_unknown) / total(|run| run.n_words).max(1.0);
        Ok(Values { mixture: self, of_frame, unknown_words })
    }

    /// Fits each frame with its setting on all rows.
    pub(super) fn fit(&self, settings: &[Setting]) -> Result<Fits> {
        let (judged, others) =
            ((0..self.judged.n_rows()).collect::<Vec<_>>(), (0..self.weights.len()).collect::<Vec<_>>());
        let (vocabulary, matrix) = self.features(&judged, &others);
        let track =
            |(frame, setting): (usize, &Setting)| Track { frame, mix: setting.mix, alphas: vec![setting.alpha] };
        let tracks: Vec<Track> = settings.iter().enumerate().map(track).collect();
        let mut fits: Vec<Option<FrameFit>> = vec![None; settings.len()];
        self.walk(&matrix, &judged, &others, &tracks, |frame, _, fit| fits[frame] = Some(fit.clone()))?;
        let fits: Vec<FrameFit> = fits.into_iter().map(|fit| fit.expect("each frame has one track")).collect();
        Ok(Fits { vocabulary, fitted: FittedLogistic::from_frames(&fits, matrix.n_features()) })
    }

    fn fold(&self, k: usize, others: &[usize], tracks: &[Track]) -> Result<FoldRun> {
        let (train, held_out) = self.folds.split(k);
        let others: Vec<usize> =
            others.iter().copied().filter(|row| self.keeps_out[*row].is_none_or(|fold| fold as usize != k)).collect();
        let (vocabulary, matrix) = self.features(&train, &others);
        let features = &self.params.features.0;
        let there = vocabulary.transform(self.lexicon, &held_out, features);
        let mut decisions = Vec::new();
        self.walk(&matrix, &train, &others, tracks, |frame, setting, fit| {
            let (intercept, weights) = fit.point.split_last().expect("a point has an intercept");
            let weights: Cow<'_, [f64]> = there.to_columns(weights);
            let mut z = there.products(&[Operand { v: &weights, scale: None }]).pop().unwrap_or_default();
            z.iter_mut().for_each(|z| *z += intercept);
            decisions.push((frame, setting, z));
        })?;
        drop(matrix);
        let known = vocabulary.knows(self.lexicon.documents(), features.names);
        let tokens = || held_out.iter().flat_map(|row| self.lexicon.documents().tokens(*row));
        let (n_words, n_unknown) = (tokens().count(), tokens().filter(|token| !known.is_known(**token)).count());
        Ok(FoldRun { held_out, decisions, n_words, n_unknown })
    }

    /// The vocabulary of some judged rows and some others, and their vectors in that order.
    fn features(&self, judged: &[usize], others: &[usize]) -> (Vocabulary, FeatureMatrix) {
        let n_judged = self.judged.n_rows();
        let rows: Vec<usize> = judged.iter().copied().chain(others.iter().map(|row| n_judged + row)).collect();
        let vocabulary = Vocabulary::fit(self.lexicon, &rows, &self.params.features.0);
        let matrix = vocabulary.transform(self.lexicon, &rows, &self.params.features.0);
        let matrix = to_train_on(matrix, self.params);
        (vocabulary, matrix)
    }

    /// Fits the tracks over the vectors of these rows, and hands on each fit.
    fn walk(
        &self,
        matrix: &FeatureMatrix,
        judged: &[usize],
        others: &[usize],
        tracks: &[Track],
        mut take: impl FnMut(usize, Setting, &FrameFit),
    ) -> Result<()> {
        let of_judged = self.targets.select(Axis(0), judged);
        let judged_weights: Vec<f64> = judged.iter().map(|row| f64::from(self.judged.weights[*row])).collect();
        let of_others = self.opinions.select(Axis(0), others);
        let weights: Vec<f64> = others.iter().map(|row| self.weights[*row]).collect();
        let judged = Beliefs { targets: of_judged.view(), weights: &judged_weights };
        let others = (!others.is_empty()).then_some(Beliefs { targets: of_others.view(), weights: &weights });
        for tracks in tracks.chunks(SIDE_BY_SIDE) {
            let wanted: Vec<(usize, Option<f64>)> =
                tracks.iter().map(|track| (track.frame, self.mixes.get(track.mix).copied())).collect();
            let problems = Problems::mixed(matrix, judged, others, &wanted, &self.params.logistic.0)?;
            let mut points: Vec<Option<Vec<f64>>> = vec![None; tracks.len()];
            for step in 0..tracks.iter().map(|track| track.alphas.len()).max().unwrap_or_default() {
                let (places, alphas): (Vec<usize>, Vec<usize>) =
                    tracks.iter().enumerate().filter_map(|(at, track)| Some((at, *track.alphas.get(step)?))).unzip();
                let asked: Vec<_> = places
                    .iter()
                    .zip(&alphas)
                    .map(|(at, alpha)| (*at, self.params.alphas[*alpha], points[*at].as_ref()))
                    .collect();
                let fits = problems.fit(&asked)?;
                for ((at, alpha), fit) in places.into_iter().zip(alphas).zip(fits) {
                    let Track { frame, mix, .. } = tracks[at];
                    take(frame, Setting { mix, alpha }, &fit);
                    points[at] = Some(fit.point);
                    self.progress.step(frame);
                }
            }
        }
        Ok(())
    }
}

impl Values<'_> {
    /// Judged rows outside fold `except` (all of them when `None`) that are coded for frame `j`, and their codes.
    fn coded(&self, j: usize, except: Option<usize>) -> (Vec<usize>, Vec<bool>) {
        let Mixture { judged, folds, .. } = self.mixture;
        (0..judged.n_rows())
            .filter(|row| except.is_none_or(|k| folds.of_row[*row] as usize != k))
            .filter_map(|row| Some((row, judged.codes[(row, j)].as_bool()?)))
            .unzip()
    }

    /// The setting of frame `j` with the best average precision on the rows outside fold `except`. Among equally good ones the
    /// smallest mix wins, and then the strongest penalty.
    pub(super) fn best(&self, j: usize, except: Option<usize>) -> Setting {
        let (rows, gold) = self.coded(j, except);
        let mut best = (self.of_frame[j][0].0, f64::NEG_INFINITY);
        for (setting, values) in &self.of_frame[j] {
            let values: Vec<f64> = rows.iter().map(|row| values[*row]).collect();
            let score = average_precision(&values, &gold).unwrap_or(0.0);
            if score > best.1 {
                best = (*setting, score);
            }
        }
        best.0
    }

    /// The settings that the rows outside any one fold, or all rows, choose, as tracks to fit on more rows.
    pub(super) fn chosen_tracks(&self) -> Vec<Track> {
        let mut tracks: Vec<Track> = Vec::new();
        for j in 0..self.of_frame.len() {
            let excepts = (0..self.mixture.folds.n_folds).map(Some).chain([None]);
            let mut settings: Vec<Setting> = excepts.map(|except| self.best(j, except)).collect();
            settings.sort_unstable();
            settings.dedup();
            for group in settings.chunk_by(|a, b| a.mix == b.mix) {
                let alphas = group.iter().map(|setting| setting.alpha).collect();
                tracks.push(Track { frame: j, mix: group[0].mix, alphas });
            }
        }
        tracks
    }

    /// Map and threshold of frame `j` under a setting, from the rows outside fold `except`.
    pub(super) fn calibrate(&self, j: usize, setting: Setting, except: Option<usize>) -> Result<Calibration> {
        let (rows, gold) = self.coded(j, except);
        let all = self.of(j, setting);
        let values: Vec<f64> = rows.iter().map(|row| all[*row]).collect();
        if self.mixture.are_opinions {
            let proba: Vec<f64> = rows.iter().map(|row| self.mixture.targets[(*row, j)]).collect();
            return Calibration::fit_to(&values, &proba, &gold);
        }
        Calibration::fit(&values, &gold)
    }

    fn of(&self, j: usize, setting: Setting) -> &[f64] {
        let found = self.of_frame[j].iter().find(|(other, _)| *other == setting);
        &found.expect("every setting that may be chosen was fitted").1
    }

    /// Predictions for every judged row, with setting (by `chooser`), map and threshold chosen without the row's own fold.
    pub(super) fn cross_fitted(&self, chooser: &Values<'_>) -> Result<Predictions> {
        let Mixture { judged, folds, .. } = self.mixture;
        let mut predictions = Predictions::zeros(judged.n_rows(), judged.frames.len());
        for k in 0..folds.n_folds {
            let (_, held_out) = folds.split(k);
            for j in 0..judged.frames.len() {
                let setting = chooser.best(j, Some(k));
                let calibration = self.calibrate(j, setting, Some(k))?;
                let values = self.of(j, setting);
                for row in &held_out {
                    let proba = calibration.map.proba(values[*row]);
                    predictions.proba[(*row, j)] = proba;
                    predictions.predicted[(*row, j)] = proba >= calibration.threshold;
                }
            }
        }
        Ok(predictions)
    }
}
