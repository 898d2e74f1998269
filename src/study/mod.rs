//! A study: from rows of which some are coded to a model, its evaluation and a comparison, all of it held out.
//!
//! [`study`] trains on the coded rows with grouped folds, predicts every row by models that had not seen its group, coded or not, and [compares](crate::comparison) the outlets. Next room: [`report`](crate::report).

use std::sync::Arc;

use rayon::prelude::*;

use crate::comparison::{CompareParams, Comparison, compare};
use crate::corpus::{Corpus, Folds, GroupBy, Population, join_same_texts};
use crate::error::{ErrorKind, Result};
use crate::evaluation::Predictions;
use crate::model::Scorer;
use crate::training::{CrossFitted, FoldModel, Progress, Remembering, TrainParams, Trained, cross_fit};

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
    let CrossFitted { trained, out_of_fold, fold_models, folds, group } = cross_fit(&corpus, training, progress)?;
    let fold_of_row = folds_everywhere(&population.corpus, &coded, &folds, group)?;
    if !trained.left_out.is_empty() {
        let keep: Vec<bool> =
            corpus.frames.names().iter().map(|frame| trained.model.frames().find(frame).is_some()).collect();
        population.corpus = population.corpus.with_frames(&keep)?;
    }
    let predictions = everywhere(&population.corpus, &coded, &out_of_fold, fold_models, &fold_of_row, progress)?;
    let comparison = compare(&population, &predictions, Some(&trained.model), comparing)?;
    Ok(Study { trained, population, predictions, comparison })
}

/// For each row the fold that left out its group, or a row with its text; `None` for groups without a coded row.
fn folds_everywhere(corpus: &Corpus, coded: &[usize], folds: &Folds, group: GroupBy) -> Result<Vec<Option<u32>>> {
    let groups = join_same_texts(&group.groups(corpus)?, &corpus.texts);
    let n_groups = groups.iter().max().map_or(0, |last| *last as usize + 1);
    let mut fold_of_group = vec![None; n_groups];
    for (row, fold) in coded.iter().zip(&folds.of_row) {
        fold_of_group[groups[*row] as usize].get_or_insert(*fold);
    }
    Ok(groups.into_iter().map(|group| fold_of_group[group as usize]).collect())
}

/// Coded rows keep their out-of-fold predictions. The others are predicted alike: by the model that left out their group where it has coded
/// rows, and elsewhere by all fold models, with the mean of the probabilities and the frames that most of them predict.
fn everywhere(
    corpus: &Corpus,
    coded: &[usize],
    out_of_fold: &Predictions,
    mut fold_models: Vec<FoldModel>,
    fold_of_row: &[Option<u32>],
    progress: &dyn Progress,
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
    let texts: Vec<String> = others.iter().map(|row| corpus.texts[*row].clone()).collect();
    let encoders: Vec<_> = fold_models.iter_mut().filter_map(|of_fold| of_fold.encoder.as_mut()).collect();
    if let Some(first) = encoders.first().map(|first| Arc::clone(first))
        && encoders.iter().all(|encoder| Arc::ptr_eq(encoder, &first))
    {
        // One that learned from no fold encodes the rows once for all of them.
        let remembering = Remembering::of(&first, &texts, progress)?;
        encoders.into_iter().for_each(|encoder| *encoder = Arc::clone(&remembering));
    }
    let by_model: Vec<Predictions> = fold_models
        .into_par_iter()
        .map(|FoldModel { model, encoder }| Scorer::compiled(model, encoder)?.predictions(&texts))
        .collect::<Result<_>>()?;
    for (i, row) in others.into_iter().enumerate() {
        let judges = match fold_of_row[row] {
            Some(fold) => &by_model[fold as usize..=fold as usize],
            None => &by_model[..],
        };
        for frame in 0..corpus.frames.len() {
            let sum: f64 = judges.iter().map(|predictions| predictions.proba[(i, frame)]).sum();
            let votes = judges.iter().filter(|predictions| predictions.predicted[(i, frame)]).count();
            all.proba[(row, frame)] = sum / judges.len() as f64;
            all.predicted[(row, frame)] = 2 * votes > judges.len();
        }
    }
    Ok(all)
}
