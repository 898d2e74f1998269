//! Nested cross-validation: the whole of training, choices and all, judged on rows it never saw.

use super::params::TrainParams;
use super::progress::{Progress, Silent};
use super::train::{leakage, learnable, other_folds, train};
use crate::corpus::{Corpus, Folds, GroupBy};
use crate::error::Result;
use crate::evaluation::{Evaluation, Predictions};
use crate::stats::Bootstrap;

/// Trains on all folds but one and scores that one, for each fold in turn; then again under every other grouping, for the
/// leakage; where there are more than [`TrainParams::max_path_rows`] rows, under every grouping, on so many of them.
///
/// Penalty, calibration and threshold are chosen by an inner cross-validation, so that the scores owe nothing to the rows they
/// are judged on. Each outer training costs as much as [`train`]; where an encoder is fine-tuned, they are under the given grouping alone.
///
/// # Errors
/// As [`train`], and [`ErrorKind::TooFewGroups`](crate::ErrorKind::TooFewGroups) when the outer training rows leave too few groups for the inner folds.
pub fn cross_validate(corpus: &Corpus, params: &TrainParams, progress: &dyn Progress) -> Result<CrossValidated> {
    let params = params.clone().check()?;
    params.suit(corpus)?;
    let group = params.group.unwrap_or_else(|| GroupBy::natural(corpus));
    let (corpus, own, left_out) = learnable(corpus, group, &params)?;
    // Every fold and grouping asks for the same rows.
    let params = params.remembering(&corpus.texts, progress)?;
    let mut evaluation = nested(&corpus, group, &own, &params, progress)?.judge(&corpus, params.bootstrap)?;
    if params.leakage && !params.fine_tunes() {
        evaluation.leakage = leakage(&corpus, (group, &own), &evaluation, &params, |rows, params, other, folds| {
            nested(rows, other, folds, params, progress)?.judge(rows, params.bootstrap)
        })?;
    }
    Ok(CrossValidated { evaluation, left_out })
}

/// What a nested cross-validation gives.
#[derive(Debug, Clone, PartialEq)]
pub struct CrossValidated {
    /// The scores.
    pub evaluation: Evaluation,
    /// Frames left out because they are constant, when that was allowed.
    pub left_out: Vec<String>,
}

fn nested(
    corpus: &Corpus,
    group: GroupBy,
    folds: &Folds,
    params: &TrainParams,
    progress: &dyn Progress,
) -> Result<Predictions> {
    let mut predictions = Predictions::zeros(corpus.n_rows(), corpus.frames.len());
    let track = format!("holding out {}", group.unit());
    progress.begin("nested cross-validation", &[track], folds.n_folds);
    for k in 0..folds.n_folds {
        let (inside, outside) = folds.split(k);
        let part = corpus.select(&inside);
        let n_folds = other_folds(&part, group, params).map_or(params.n_folds, |folds| folds.n_folds);
        let inner = TrainParams {
            group: Some(group),
            n_folds,
            leakage: false,
            // A frame too rare for an inner training fails by name; dropping it there would leave its column empty.
            allow_constant: false,
            bootstrap: Bootstrap { n_replicates: 0, ..params.bootstrap },
            ..params.clone()
        };
        let scorer = train(&part, &inner.in_outer_fold(k), &Silent)?.scorer()?;
        let held_out = scorer.predictions(&corpus.select(&outside).texts)?;
        for (i, row) in outside.into_iter().enumerate() {
            predictions.proba.row_mut(row).assign(&held_out.proba.row(i));
            predictions.predicted.row_mut(row).assign(&held_out.predicted.row(i));
        }
        progress.step(0);
    }
    progress.end();
    Ok(predictions)
}
