//! A study: from rows of which some are coded to a model, its evaluation and a comparison, all of it held out.
//!
//! [`study`] trains on the coded rows with grouped folds, predicts each of them by models that had not seen its group and every other row by the
//! same models' mean, and [compares](crate::comparison) the outlets. Next room: [`report`](crate::report).

use rayon::prelude::*;

use crate::comparison::{CompareParams, Comparison, compare};
use crate::corpus::{Corpus, Population};
use crate::error::{ErrorKind, Result};
use crate::evaluation::Predictions;
use crate::model::{Model, Scorer};
use crate::training::{CrossFitted, Progress, TrainParams, Trained, cross_fit};

/// What a study gives.
#[derive(Debug, Clone)]
pub struct Study {
    /// The model of all coded rows, with its out-of-fold evaluation inside.
    pub trained: Trained,
    /// The rows, without frames that could not be learned.
    pub population: Population,
    /// Out-of-fold predictions for all rows, coded or not.
    pub predictions: Predictions,
    /// The comparison of their outlets.
    pub comparison: Comparison,
}

/// Trains on the coded rows of a population, predicts all of them out of fold, and compares its outlets.
///
/// # Errors
/// As [`train`](crate::training::train) and [`compare`]; [`ErrorKind::NothingCoded`] if no row is coded.
pub fn study(
    mut population: Population,
    training: &TrainParams,
    comparing: &CompareParams,
    progress: &dyn Progress,
) -> Result<Study> {
    let coded = population.coded_rows();
    if coded.is_empty() {
        let why = "none is coded (an empty label cell; write \"none\" for coded rows without a frame)";
        return Err(ErrorKind::NothingCoded { n_rows: population.corpus.n_rows(), why: why.into() }.into());
    }
    let corpus = population.corpus.select(&coded);
    let CrossFitted { trained, out_of_fold, fold_models } = cross_fit(&corpus, training, progress)?;
    if !trained.left_out.is_empty() {
        let keep: Vec<bool> =
            corpus.frames.names().iter().map(|frame| trained.model.frames().find(frame).is_some()).collect();
        population.corpus = population.corpus.with_frames(&keep)?;
    }
    let predictions = everywhere(&population.corpus, &coded, &out_of_fold, fold_models)?;
    let comparison = compare(&population, &predictions, Some(&trained.model), comparing)?;
    Ok(Study { trained, population, predictions, comparison })
}

/// Coded rows keep their out-of-fold predictions; the others get the mean of the fold models' probabilities, and the frames that most of
/// these models predict.
fn everywhere(
    corpus: &Corpus,
    coded: &[usize],
    out_of_fold: &Predictions,
    fold_models: Vec<Model>,
) -> Result<Predictions> {
    let mut all = Predictions::zeros(corpus.n_rows(), corpus.frames.len());
    let mut is_coded = vec![false; corpus.n_rows()];
    for (i, row) in coded.iter().enumerate() {
        is_coded[*row] = true;
        all.proba.row_mut(*row).assign(&out_of_fold.proba.row(i));
        all.predicted.row_mut(*row).assign(&out_of_fold.predicted.row(i));
    }
    let others: Vec<usize> = (0..corpus.n_rows()).filter(|row| !is_coded[*row]).collect();
    if others.is_empty() {
        return Ok(all);
    }
    let texts: Vec<&str> = others.iter().map(|row| corpus.texts[*row].as_str()).collect();
    let n_models = fold_models.len();
    let by_model: Vec<Predictions> =
        fold_models.into_par_iter().map(|model| Scorer::new(model).predictions(&texts)).collect::<Result<_>>()?;
    for (i, row) in others.into_iter().enumerate() {
        for frame in 0..corpus.frames.len() {
            let sum: f64 = by_model.iter().map(|predictions| predictions.proba[(i, frame)]).sum();
            let votes = by_model.iter().filter(|predictions| predictions.predicted[(i, frame)]).count();
            all.proba[(row, frame)] = sum / n_models as f64;
            all.predicted[(row, frame)] = 2 * votes > n_models;
        }
    }
    Ok(all)
}
