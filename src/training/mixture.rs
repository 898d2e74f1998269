//! Fits on rows of two kinds, coded ones and others with a teacher's opinions, some of which are held out in turn to choose and to judge by.

use std::borrow::Cow;

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::features::to_train_on;
use super::params::TrainParams;
use super::progress::Progress;
use crate::calibration::Calibration;
use crate::corpus::{Corpus, Frames};
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

/// What is learned of the rows of one kind.
#[derive(Clone, Copy)]
pub(super) struct Lessons<'a> {
    /// How likely each row has each frame, NaN where nobody says; shape (n_rows, n_frames).
    pub targets: &'a Array2<f64>,
    /// Weights of the rows.
    pub weights: &'a [f64],
}

/// Rows by which settings and calibration are chosen, and fits are judged.
#[derive(Clone, Copy)]
pub(super) struct Judges<'a> {
    /// Their places among all rows; each of them has a fold.
    pub rows: &'a [usize],
    /// Their codes to choose by.
    pub corpus: &'a Corpus,
    /// Probabilities that calibrated ones are to follow instead of the codes, shape (n_judges, n_frames).
    pub proba: Option<&'a Array2<f64>>,
}

/// The rows, and how they are taken.
#[derive(Clone, Copy)]
pub(super) struct Mixture<'a> {
    /// Of the coded rows, then of the others: so are all rows counted here.
    pub lexicon: &'a Lexicon,
    /// Codes, as certainties.
    pub coded: Lessons<'a>,
    /// Opinions of the others.
    pub others: Lessons<'a>,
    /// The fold that each row keeps out of; a row without one always teaches.
    pub fold_of: &'a [Option<u32>],
    pub n_folds: usize,
    pub judges: Judges<'a>,
    /// How many times as much as the coded rows the others weigh; empty where there are only others.
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

/// Decision values of the judges, by fits that did not see their group.
pub(super) struct Values<'a> {
    mixture: Mixture<'a>,
    /// For each frame, what was fitted, each with a value for each judge.
    of_frame: Vec<Vec<(Setting, Vec<f64>)>>,
    /// Share of words that the other folds' vocabulary does not hold.
    pub unknown_words: f64,
}

/// What one fold gives.
struct FoldRun {
    /// The judges that were held out, by their places among the judges.
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
    fn frames(&self) -> &'a Frames {
        &self.judges.corpus.frames
    }

    /// Tracks of every frame under every mix, along all penalties.
    pub(super) fn all_tracks(&self) -> Vec<Track> {
        let alphas: Vec<usize> = (0..self.params.alphas.len()).collect();
        let track = |mix: usize| move |frame: usize| (frame, mix);
        let pairs = (0..self.mixes.len().max(1)).flat_map(|mix| (0..self.frames().len()).map(track(mix)));
        pairs.map(|(frame, mix)| Track { frame, mix, alphas: alphas.clone() }).collect()
    }

    /// Fits the tracks on all folds but one, with some of the others, for each fold in turn. `stage` is what the run is called.
    pub(super) fn out_of_fold(self, others: &[usize], tracks: &[Track], stage: &str) -> Result<Values<'a>> {
        let n_frames = self.frames().len();
        let steps = |j: usize| tracks.iter().filter(|track| track.frame == j).map(|track| track.alphas.len()).sum();
        let most: usize = (0..n_frames).map(steps).max().unwrap_or_default();
        self.progress.begin(stage, self.frames().names(), self.n_folds * most);
        let fold = |k: usize| self.fold(k, others, tracks);
        let n_rows = self.coded.weights.len() + others.len();
        // Many rows take the folds one after the other, so that memory is that of one.
        let runs: Vec<FoldRun> = if n_rows > self.params.max_parallel_rows {
            (0..self.n_folds).map(fold).collect::<Result<_>>()?
        } else {
            (0..self.n_folds).into_par_iter().map(fold).collect::<Vec<_>>().into_iter().collect::<Result<_>>()?
        };
        self.progress.end();
        let mut of_frame: Vec<Vec<(Setting, Vec<f64>)>> = vec![Vec::new(); n_frames];
        for track in tracks {
            let settings = track.alphas.iter().map(|alpha| Setting { mix: track.mix, alpha: *alpha });
            of_frame[track.frame].extend(settings.map(|setting| (setting, vec![0.0; self.judges.rows.len()])));
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
        let all = |lessons: Lessons<'_>| (0..lessons.weights.len()).collect::<Vec<_>>();
        let (coded, others) = (all(self.coded), all(self.others));
        let (vocabulary, matrix) = self.features(&coded, &others);
        let track =
            |(frame, setting): (usize, &Setting)| Track { frame, mix: setting.mix, alphas: vec![setting.alpha] };
        let tracks: Vec<Track> = settings.iter().enumerate().map(track).collect();
        let mut fits: Vec<Option<FrameFit>> = vec![None; settings.len()];
        self.walk(&matrix, &coded, &others, &tracks, |frame, _, fit| fits[frame] = Some(fit.clone()))?;
        let fits: Vec<FrameFit> = fits.into_iter().map(|fit| fit.expect("each frame has one track")).collect();
        Ok(Fits { vocabulary, fitted: FittedLogistic::from_frames(&fits, matrix.n_features()) })
    }

    fn fold(&self, k: usize, others: &[usize], tracks: &[Track]) -> Result<FoldRun> {
        let n_coded = self.coded.weights.len();
        let is_in = |row: usize| self.fold_of[row] == Some(k as u32);
        let coded: Vec<usize> = (0..n_coded).filter(|row| !is_in(*row)).collect();
        let others: Vec<usize> = others.iter().copied().filter(|row| !is_in(n_coded + row)).collect();
        let held_out: Vec<usize> = (0..self.judges.rows.len()).filter(|at| is_in(self.judges.rows[*at])).collect();
        let held_out_rows: Vec<usize> = held_out.iter().map(|at| self.judges.rows[*at]).collect();
        let (vocabulary, matrix) = self.features(&coded, &others);
        let features = &self.params.features.0;
        let there = vocabulary.transform(self.lexicon, &held_out_rows, features);
        let mut decisions = Vec::new();
        self.walk(&matrix, &coded, &others, tracks, |frame, setting, fit| {
            let (intercept, weights) = fit.point.split_last().expect("a point has an intercept");
            let weights: Cow<'_, [f64]> = there.to_columns(weights);
            let mut z = there.products(&[Operand { v: &weights, scale: None }]).pop().unwrap_or_default();
            z.iter_mut().for_each(|z| *z += intercept);
            decisions.push((frame, setting, z));
        })?;
        drop(matrix);
        let known = vocabulary.knows(self.lexicon.documents(), features.names);
        let tokens = || held_out_rows.iter().flat_map(|row| self.lexicon.documents().tokens(*row));
        let (n_words, n_unknown) = (tokens().count(), tokens().filter(|token| !known.is_known(**token)).count());
        Ok(FoldRun { held_out, decisions, n_words, n_unknown })
    }

    /// The vocabulary of some coded rows and some others, and their vectors in that order.
    fn features(&self, coded: &[usize], others: &[usize]) -> (Vocabulary, FeatureMatrix) {
        let n_coded = self.coded.weights.len();
        let rows: Vec<usize> = coded.iter().copied().chain(others.iter().map(|row| n_coded + row)).collect();
        let vocabulary = Vocabulary::fit(self.lexicon, &rows, &self.params.features.0);
        let matrix = vocabulary.transform(self.lexicon, &rows, &self.params.features.0);
        let matrix = to_train_on(matrix, self.params);
        (vocabulary, matrix)
    }

    /// Fits the tracks over the vectors of these rows, and hands on each fit.
    fn walk(
        &self,
        matrix: &FeatureMatrix,
        coded: &[usize],
        others: &[usize],
        tracks: &[Track],
        mut take: impl FnMut(usize, Setting, &FrameFit),
    ) -> Result<()> {
        let of_rows = |lessons: Lessons<'_>, rows: &[usize]| {
            (lessons.targets.select(Axis(0), rows), rows.iter().map(|row| lessons.weights[*row]).collect::<Vec<f64>>())
        };
        let kinds = [of_rows(self.coded, coded), of_rows(self.others, others)];
        let mut kinds = kinds
            .iter()
            .filter(|(_, weights)| !weights.is_empty())
            .map(|(targets, weights)| Beliefs { targets: targets.view(), weights });
        let first = kinds.next().expect("a fold leaves rows to learn from");
        let second = kinds.next();
        for tracks in tracks.chunks(SIDE_BY_SIDE) {
            let wanted: Vec<(usize, Option<f64>)> =
                tracks.iter().map(|track| (track.frame, self.mixes.get(track.mix).copied())).collect();
            let problems = Problems::mixed(matrix, first, second, &wanted, &self.params.logistic.0)?;
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
    fn is_in(&self, at: usize, k: usize) -> bool {
        self.mixture.fold_of[self.mixture.judges.rows[at]] == Some(k as u32)
    }

    /// Judges outside fold `except` (all of them when `None`) that are coded for frame `j`, and their codes.
    fn coded(&self, j: usize, except: Option<usize>) -> (Vec<usize>, Vec<bool>) {
        let Judges { rows, corpus, .. } = self.mixture.judges;
        (0..rows.len())
            .filter(|at| except.is_none_or(|k| !self.is_in(*at, k)))
            .filter_map(|at| Some((at, corpus.codes[(at, j)].as_bool()?)))
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
            let excepts = (0..self.mixture.n_folds).map(Some).chain([None]);
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
        if let Some(proba) = self.mixture.judges.proba {
            let proba: Vec<f64> = rows.iter().map(|at| proba[(*at, j)]).collect();
            return Calibration::fit_to(&values, &proba, &gold);
        }
        Calibration::fit(&values, &gold)
    }

    fn of(&self, j: usize, setting: Setting) -> &[f64] {
        let found = self.of_frame[j].iter().find(|(other, _)| *other == setting);
        &found.expect("every setting that may be chosen was fitted").1
    }

    /// Predictions for every judge, with setting (by `chooser`), map and threshold chosen without its own fold.
    pub(super) fn cross_fitted(&self, chooser: &Values<'_>) -> Result<Predictions> {
        let Mixture { judges, n_folds, .. } = self.mixture;
        let n_frames = self.of_frame.len();
        let mut predictions = Predictions::zeros(judges.rows.len(), n_frames);
        for k in 0..n_folds {
            for j in 0..n_frames {
                let setting = chooser.best(j, Some(k));
                let calibration = self.calibrate(j, setting, Some(k))?;
                let values = self.of(j, setting);
                for at in (0..judges.rows.len()).filter(|at| self.is_in(*at, k)) {
                    let proba = calibration.map.proba(values[at]);
                    predictions.proba[(at, j)] = proba;
                    predictions.predicted[(at, j)] = proba >= calibration.threshold;
                }
            }
        }
        Ok(predictions)
    }
}
