//! Predictions for a population: those that its rows carry, or a model's; never by a model that had seen the coded rows.

use crate::corpus::{Population, RowScores};
use crate::error::{ErrorKind, Result};
use crate::evaluation::Predictions;
use crate::model::Scorer;

/// A file of which more than this share of coded rows trained the model is not held out; fewer may be sentences that every corpus has.
const MOST_SEEN: f64 = 0.01;
/// Probabilities are written with six decimals; two that differ by less are the same.
const SAME: f64 = 2e-6;
/// The threshold where rows carry probabilities without decisions, and nothing says which model they are from.
const THRESHOLD: f64 = 0.5;

/// Predictions for all rows, and whether decisions were made at one half for want of better.
///
/// Rows that carry `p_<frame>` keep them, and their `predicted` column; without one, the scorer's thresholds decide where its frames are
/// the rows', else one half. Other rows are scored.
///
/// # Errors
/// [`ErrorKind::NotHeldOut`] if the scorer's model was trained on coded rows that it is to be corrected by: by the files' hashes, by the
/// texts, and for probabilities that the rows carry, by their being the model's own.
pub fn predictions(population: &Population, scorer: &Scorer, model: &str) -> Result<(Predictions, bool)> {
    let is_own = scorer.frames() == &population.corpus.frames;
    match &population.scores {
        None => {
            if let Some((n_seen, n_coded)) = seen(population, scorer) {
                return Err(ErrorKind::NotHeldOut { n_seen, n_coded, model: model.to_owned() }.into());
            }
            Ok((scorer.predictions(&population.corpus.texts)?, false))
        }
        Some(scores) => {
            if let Some((n_seen, n_coded)) = seen(population, scorer)
                && is_own
                && are_its_own(population, scores, scorer)?
            {
                return Err(ErrorKind::NotHeldOut { n_seen, n_coded, model: model.to_owned() }.into());
            }
            let threshold = |frame: usize| {
                if is_own { scorer.model().calibration()[frame].threshold } else { THRESHOLD }
            };
            let predicted = scores.predicted.clone().unwrap_or_else(|| {
                let mut predicted = scores.proba.mapv(|_| false);
                for ((row, frame), decision) in predicted.indexed_iter_mut() {
                    *decision = scores.proba[(row, frame)] >= threshold(frame);
                }
                predicted
            });
            let at_one_half = scores.predicted.is_none() && !is_own;
            Ok((Predictions { proba: scores.proba.clone(), predicted }, at_one_half))
        }
    }
}

/// Coded rows that the model was trained on, of how many, if they are too many to be chance.
fn seen(population: &Population, scorer: &Scorer) -> Option<(usize, usize)> {
    let (corpus, model) = (&population.corpus, scorer.model());
    let coded = population.coded_rows();
    let n_seen = coded.iter().filter(|row| model.has_seen(&corpus.texts[**row])).count();
    let same_file = model.metadata().training.trained_on(&corpus.sources).is_some();
    let too_many = n_seen as f64 > MOST_SEEN * coded.len() as f64 || (same_file && n_seen > 0);
    too_many.then_some((n_seen, coded.len()))
}

/// Whether most of the probabilities of the seen coded rows are what the model gives them.
fn are_its_own(population: &Population, scores: &RowScores, scorer: &Scorer) -> Result<bool> {
    const MOST_TRIED: usize = 200;
    let corpus = &population.corpus;
    let rows: Vec<usize> = population
        .coded_rows()
        .into_iter()
        .filter(|row| scorer.model().has_seen(&corpus.texts[*row]))
        .take(MOST_TRIED)
        .collect();
    let texts: Vec<&str> = rows.iter().map(|row| corpus.texts[*row].as_str()).collect();
    let own = scorer.predictions(&texts)?.proba;
    let same = rows
        .iter()
        .zip(own.rows())
        .filter(|(row, own)| scores.proba.row(**row).iter().zip(own).all(|(a, b)| (a - b).abs() < SAME));
    Ok(2 * same.count() > rows.len())
}
