//! From coded rows to a model.

use std::borrow::Cow;
use std::sync::Arc;

use rayon::prelude::*;

use super::cross_fit::{Choice, out_of_fold};
use super::features::Features;
use super::finish::{Fitted, encoder_summary};
use super::params::TrainParams;
use super::progress::Progress;
use super::settings::Settings;
use super::subsample::subsample;
use crate::corpus::{Categories, Code, Corpus, Folds, GroupBy, folds};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::{Drawn, Evaluation, Leakage, LeakageScore, Predictions};
use crate::features::{SentenceEncoder, Tokenizer};
use crate::model::{
    ClassWeight, FittedLogistic, FrameSummary, LogisticValidParams, Model, Parts, Prior, Profile, Scorer,
    TrainingSummary, text_digests,
};
use crate::stats::quantile;

/// What a training run leaves: the model, and what should be said about the run.
#[derive(Debug, Clone)]
pub struct Trained {
    /// The model, with its out-of-fold evaluation inside.
    pub model: Model,
    /// The encoder that the model scores with, if it was trained with one: the given one, or what fine-tuning made of it.
    pub encoder: Option<Arc<dyn SentenceEncoder>>,
    /// Frames left out because they are constant, when that was allowed.
    pub left_out: Vec<String>,
}

impl Trained {
    /// The model, ready to score.
    ///
    /// # Errors
    /// None that a training leaves.
    pub fn scorer(self) -> Result<Scorer> {
        Scorer::compiled(self.model, self.encoder)
    }
}

/// The model of all folds but one.
#[derive(Debug, Clone)]
pub struct FoldModel {
    /// The model.
    pub model: Model,
    /// The encoder that it scores with, if there is one, which has not learned from the fold either.
    pub encoder: Option<Arc<dyn SentenceEncoder>>,
}

/// A training run with what it fitted on the way: for rows that are judged and rows that are scored by the same kind
/// of model.
#[derive(Debug, Clone)]
pub struct CrossFitted {
    /// The model of all rows.
    pub trained: Trained,
    /// Of the rows trained on, by models that had not seen their group; penalty, map and threshold are chosen from the
    /// other folds' scores.
    pub out_of_fold: Predictions,
    /// The models of all folds but one, in order of the fold left out. A row that nobody coded is to be predicted as
    /// the coded ones were, by the model that left out its group where the group has coded rows, and by the mean of
    /// all of them elsewhere. Source: Zrnic & Candès (2024), Cross-prediction-powered inference, PNAS 121(15).
    pub fold_models: Vec<FoldModel>,
    /// The fold of each row trained on.
    pub folds: Folds,
    /// What the folds left out whole.
    pub group: GroupBy,
}

/// Trains a model: chooses each frame's penalty out of fold, fits probability map and threshold to the same
/// out-of-fold scores, judges them cross-fitted, and refits on all rows.
///
/// With a sentence encoder the length of its vectors is chosen as the penalty is. If it is fine-tuned, that is done anew for each fold
/// without the fold's rows, so that all of this holds for it too; there are then no scores under other groupings, each of which would
/// take as much again.
///
/// The result depends on rows, options and seed alone, to the bit, whatever the number of threads.
///
/// # Errors
/// [`ErrorKind::Parameter`], [`ErrorKind::TooFewGroups`], [`ErrorKind::ConstantFrame`], [`ErrorKind::NotConverged`],
/// [`ErrorKind::Encoder`].
pub fn train(corpus: &Corpus, params: &TrainParams, progress: &dyn Progress) -> Result<Trained> {
    run(corpus, params, progress, false).map(|run| run.trained)
}

/// Trains as [`train`] does, and keeps the models of the folds.
///
/// # Errors
/// As [`train`].
pub fn cross_fit(corpus: &Corpus, params: &TrainParams, progress: &dyn Progress) -> Result<CrossFitted> {
    run(corpus, params, progress, true)
}

/// Trains as [`train`] does, and keeps how each row was judged.
pub(super) fn judged(corpus: &Corpus, params: &TrainParams, progress: &dyn Progress) -> Result<CrossFitted> {
    run(corpus, params, progress, false)
}

fn run(corpus: &Corpus, params: &TrainParams, progress: &dyn Progress, keep: bool) -> Result<CrossFitted> {
    let mut params = params.clone().check()?;
    params.suit(corpus)?;
    let group = params.group.unwrap_or_else(|| GroupBy::natural(corpus));
    let (corpus, folds, left_out) = learnable(corpus, group, &params)?;
    let corpus = &*corpus;
    let tokenizer = Tokenizer::default();
    let given = params.dense.as_ref().map(|dense| Arc::clone(&dense.encoder));
    let leaks = params.leakage && !params.fine_tunes();
    if leaks && corpus.n_rows() > params.max_path_rows {
        // Those drawn to be scored under other groupings are encoded with all the others.
        params = params.remembering(&corpus.texts, progress)?;
    }
    let features = Features::new(corpus, &tokenizer, (group, &folds), &params, progress, keep)?;

    let scores = out_of_fold(corpus, &features, &folds, &params, ("cross-validating", progress), keep)?;
    let out_of_fold_predictions = scores.cross_fitted()?;
    let mut evaluation = out_of_fold_predictions.judge(corpus, params.bootstrap)?;
    if leaks {
        // Of the rows drawn for it, if it is not all of them: the same for every grouping.
        let mut of_drawn: Option<Features> = None;
        evaluation.leakage = leakage(corpus, (group, &folds), &evaluation, &params, |rows, params, other, folds| {
            if !std::ptr::eq(rows, corpus) && of_drawn.is_none() {
                of_drawn = Some(Features::new(rows, &tokenizer, (other, folds), params, progress, false)?);
            }
            let features = of_drawn.as_ref().unwrap_or(&features);
            let stage = format!("holding out {}", other.unit());
            let scores = out_of_fold(rows, features, folds, params, (&stage, progress), false)?;
            scores.cross_fitted()?.judge(rows, params.bootstrap)
        })?;
    }

    let choices = scores.choose(None)?;
    let settings = params.settings();
    let fitted = Fitted::on_all_rows(corpus, features, group, (&params, &choices), progress)?;
    let training = TrainingSummary {
        profile: profile(&out_of_fold_predictions, scores.unknown_words),
        alpha_rows: scores.n_choosing(),
        ..summary(corpus, &params, group, &folds, (&choices, &settings), &fitted.logistic, evaluation)
    };
    let trained_on = text_digests(&corpus.texts);
    let parts = |Fitted { vocabulary, logistic, encoder }: Fitted, choices: &[Choice]| Parts {
        frames: corpus.frames.clone(),
        features: params.features.0.clone(),
        encoder: encoder.map(|encoder| encoder_summary(&*encoder, &params, choices)),
        tokenizer: tokenizer.clone(),
        vocabulary,
        weights: logistic.weights,
        intercepts: logistic.intercepts.to_vec(),
        calibration: choices.iter().map(|choice| choice.calibration).collect(),
        training: training.clone(),
        trained_on: trained_on.clone(),
    };
    // Not one that only remembers these rows.
    let for_others =
        |tuned: &Option<Arc<dyn SentenceEncoder>>| if params.fine_tunes() { tuned.clone() } else { given.clone() };
    let encoder = for_others(&fitted.encoder);
    let model = Model::new(parts(fitted, &choices))?;
    let fold_models = (0..scores.fits.len())
        .into_par_iter()
        .map(|k| {
            let choices = scores.choose(Some(k))?;
            let fitted = Fitted::without_fold(scores.fits[k].clone(), &choices);
            let encoder = for_others(&fitted.encoder);
            Ok(FoldModel { model: Model::new(parts(fitted, &choices))?, encoder })
        })
        .collect::<Result<_>>()?;
    let trained = Trained { model, encoder, left_out };
    drop(scores);
    Ok(CrossFitted { trained, out_of_fold: out_of_fold_predictions, fold_models, folds, group })
}

pub(super) fn summary(
    corpus: &Corpus,
    params: &TrainParams,
    group: GroupBy,
    folds: &Folds,
    (choices, settings): (&[Choice], &Settings),
    fitted: &FittedLogistic,
    evaluation: Evaluation,
) -> TrainingSummary {
    let frame = |(j, name): (usize, &String)| {
        let (n_present, n_absent) = corpus.counts(j);
        let report = fitted.fits[j];
        FrameSummary {
            frame: name.clone(),
            n_present,
            n_absent,
            alpha: settings.alpha(choices[j].setting),
            iterations: report.iterations,
            gradient_norm: report.gradient_norm,
        }
    };
    let mut logistic = params.logistic.0.clone();
    if params.is_encoder_alone() {
        // linfa-logistic knows of neither.
        logistic = LogisticValidParams { class_weight: ClassWeight::None, prior: Prior::Uniform, ..logistic };
    }
    let distinct = |categories: &Option<Categories>| categories.as_ref().map(|categories| categories.names.len());
    TrainingSummary {
        sources: corpus.sources.clone(),
        n_rows: corpus.n_rows(),
        left_out: corpus.left_out,
        n_articles: distinct(&corpus.articles),
        n_stories: distinct(&corpus.stories),
        n_outlets: distinct(&corpus.outlets),
        group,
        n_folds: folds.n_folds,
        alphas: params.alphas.clone(),
        alpha_rows: None,
        seed: params.seed,
        logistic,
        frames: corpus.frames.names().iter().enumerate().map(frame).collect(),
        evaluation,
        profile: Profile::default(),
        distillation: None,
    }
}

/// Rounded, so that the last bits of a sum or an exponential cannot move the artefact's bytes.
pub(super) fn profile(out_of_fold: &Predictions, unknown_words: f64) -> Profile {
    let rounded = |x: f64| (x * 1e6).round() / 1e6;
    let deciles = |mut proba: Vec<f64>| -> [f64; 9] {
        proba.sort_by(f64::total_cmp);
        std::array::from_fn(|k| rounded(quantile(&proba, (k + 1) as f64 / 10.0)))
    };
    Profile {
        unknown_words: rounded(unknown_words),
        proba_deciles: out_of_fold.proba.columns().into_iter().map(|column| deciles(column.to_vec())).collect(),
    }
}

/// The corpus without frames that cannot be learned, with its folds.
///
/// A frame can be learned when the training rows of every fold have both classes, among rows of weight above 0.
pub(super) fn learnable<'a>(
    corpus: &'a Corpus,
    group: GroupBy,
    params: &TrainParams,
) -> Result<(Cow<'a, Corpus>, Folds, Vec<String>)> {
    let folds = folds(corpus, group, params.n_folds, params.seed)?;
    let constant = |j: usize| -> Option<Error> {
        let rows_with = |wanted: Code| {
            let rows = corpus.codes.column(j).into_iter().zip(&corpus.weights).zip(&folds.of_row);
            rows.filter(move |((code, weight), _)| **code == wanted && **weight > 0.0).map(|(_, fold)| *fold)
        };
        let (n_present, n_absent) = (rows_with(Code::Present).count(), rows_with(Code::Absent).count());
        let lacking = (0..folds.n_folds as u32).find(|k| {
            rows_with(Code::Present).all(|fold| fold == *k) || rows_with(Code::Absent).all(|fold| fold == *k)
        })?;
        let whereabouts = if n_present >= 2 && n_absent >= 2 {
            format!(", but those of one class are all in fold {} (whole {} are held out)", lacking + 1, group.unit())
        } else {
            String::new()
        };
        let frame = corpus.frames.names()[j].clone();
        Some(ErrorKind::ConstantFrame { frame, n_present, n_absent, needed: 2, whereabouts }.into())
    };
    let mut keep = Vec::new();
    for j in 0..corpus.frames.len() {
        match constant(j) {
            Some(error) if !params.allow_constant => return Err(error),
            found => keep.push(found.is_none()),
        }
    }
    let dropped = corpus.frames.names().iter().zip(&keep).filter(|(_, keep)| !**keep);
    let left_out: Vec<String> = dropped.map(|(name, _)| name.clone()).collect();
    let kept = if left_out.is_empty() { Cow::Borrowed(corpus) } else { Cow::Owned(corpus.clone().with_frames(&keep)?) };
    Ok((kept, folds, left_out))
}

/// Scores under every grouping that the columns allow, from rows to outlets; `None` where there is only one. `judge`
/// evaluates the training of some rows by some options under some folds; the run's own evaluation is at hand.
///
/// Where there are more rows than [`TrainParams::max_path_rows`], all groupings are judged on so many of them, or more
/// where a frame is rare. They are drawn in whole stories, or articles, since a copy of which only one half is drawn
/// is a copy no more.
pub(super) fn leakage(
    corpus: &Corpus,
    (group, own): (GroupBy, &Folds),
    evaluation: &Evaluation,
    params: &TrainParams,
    mut judge: impl FnMut(&Corpus, &TrainParams, GroupBy, &Folds) -> Result<Evaluation>,
) -> Result<Option<Leakage>> {
    let places = subsample(corpus, own, params, &[&corpus.stories, &corpus.articles]);
    let some = places.as_ref().map(|places| corpus.select(places));
    let rows = some.as_ref().unwrap_or(corpus);
    // What was drawn is not drawn from again.
    let params = TrainParams { max_path_rows: params.max_path_rows.max(rows.n_rows()), ..params.clone() };
    let mut scores = Vec::new();
    for other in [GroupBy::Row, GroupBy::DocId, GroupBy::StoryId, GroupBy::Outlet] {
        if other == group && some.is_none() {
            scores.push(LeakageScore::new(group, own, evaluation));
            continue;
        }
        let Some(mut folds) = other_folds(rows, other, &params) else { continue };
        if let Some(places) = places.as_ref().filter(|_| other == group) {
            // The rows were drawn so that these folds can be learned from.
            let of_row = places.iter().map(|place| own.of_row[*place]).collect();
            folds = Folds { of_row, n_folds: own.n_folds, ..folds };
        }
        match judge(rows, &params, other, &folds) {
            Ok(evaluation) => scores.push(LeakageScore::new(other, &folds, &evaluation)),
            // Few outlets, or few rows with a frame, may leave a fold without it; that grouping then has no score.
            Err(error) if matches!(error.kind(), ErrorKind::ConstantFrame { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let whole = [(&corpus.stories, GroupBy::StoryId), (&corpus.articles, GroupBy::DocId)];
    let whole = whole.into_iter().find(|(categories, _)| categories.is_some()).map_or(GroupBy::Row, |(_, unit)| unit);
    let drawn = some.map(|some| Drawn { n_rows: some.n_rows(), whole });
    Ok((scores.len() > 1).then_some(Leakage { drawn, scores }))
}

/// Folds by another grouping, fewer of them where there are fewer groups.
pub(super) fn other_folds(corpus: &Corpus, group: GroupBy, params: &TrainParams) -> Option<Folds> {
    if !group.is_in(corpus) {
        return None;
    }
    (2..=params.n_folds).rev().find_map(|n_folds| folds(corpus, group, n_folds, params.seed).ok())
}
