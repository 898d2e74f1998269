//! Predictions for a population: those that its rows carry, or a model's; never by a model that had seen the coded rows.

use std::collections::BTreeMap;

use crate::corpus::{Population, RowScores};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::Predictions;
use crate::model::Scorer;

/// More than these shares of the coded rows, of all and of any outlet, are no sentences that every corpus has.
const MOST_SEEN: f64 = 0.01;
const MOST_SEEN_IN_OUTLET: f64 = 0.05;
/// Probabilities are written with six decimals; two that differ by less are the same.
const SAME: f64 = 2e-6;
/// Rows that are scored again to tell whose probabilities they carry.
const MOST_TRIED: usize = 200;
/// The threshold where rows carry probabilities without decisions, and nothing says which model they are from.
const THRESHOLD: f64 = 0.5;

/// Predictions for all rows of a population, and where they come from.
#[derive(Debug, Clone)]
pub struct PopulationPredictions {
    /// Probabilities and decisions.
    pub predictions: Predictions,
    /// Whether they are the model's: just made, or carried by the rows and equal to what it gives them.
    pub is_models: bool,
    /// Whether decisions were made at one half, for want of a `predicted` column and of a known model.
    pub at_one_half: bool,
}

/// Predictions for all rows.
///
/// Rows that carry `p_<frame>` keep them, and their `predicted` column; without one, the model's thresholds decide if the probabilities
/// are its own, else one half. Other rows are scored.
///
/// # Errors
/// [`ErrorKind::NotHeldOut`] if the predictions are of a model that was trained on coded rows, which are to correct them: known by the files'
/// hashes and by the texts. [`ErrorKind::Parameter`] if rows are to be scored for other frames than the model's.
pub fn predictions(population: &Population, scorer: &Scorer, model: &str) -> Result<PopulationPredictions> {
    let corpus = &population.corpus;
    let is_models = match &population.scores {
        None => true,
        Some(scores) => are_its_own(population, scores, scorer)?,
    };
    if is_models && let Some((n_seen, n_coded)) = seen(population, scorer) {
        return Err(ErrorKind::NotHeldOut { n_seen, n_coded, model: model.to_owned() }.into());
    }
    let Some(scores) = &population.scores else {
        let predictions = score(population, scorer)?;
        return Ok(PopulationPredictions { predictions, is_models, at_one_half: false });
    };
    let threshold = |frame: &String| match scorer.frames().find(frame) {
        Some(own) if is_models => scorer.model().calibration()[own].threshold,
        _ => THRESHOLD,
    };
    let thresholds: Vec<f64> = corpus.frames.names().iter().map(threshold).collect();
    let decided = || {
        let mut predicted = scores.proba.mapv(|_| false);
        for ((row, frame), decision) in predicted.indexed_iter_mut() {
            *decision = scores.proba[(row, frame)] >= thresholds[frame];
        }
        predicted
    };
    let at_one_half = scores.predicted.is_none() && !is_models;
    let predicted = scores.predicted.clone().unwrap_or_else(decided);
    Ok(PopulationPredictions {
        predictions: Predictions { proba: scores.proba.clone(), predicted },
        is_models,
        at_one_half,
    })
}

/// The model's predictions for all rows, whether it had seen them or not.
///
/// # Errors
/// [`ErrorKind::Parameter`] if the population's frames are not the model's, in its order.
pub fn score(population: &Population, scorer: &Scorer) -> Result<Predictions> {
    let (wanted, known) = (&population.corpus.frames, scorer.frames());
    if wanted != known {
        let expected =
            format!("the model's, {}, or rows that carry a p_<frame> column for each", known.names().join(","));
        return Err(Error::parameter("frames", wanted.names().join(","), &expected));
    }
    scorer.predictions(&population.corpus.texts)
}

/// Coded rows that the model was trained on, of how many, if they are too many to be chance.
fn seen(population: &Population, scorer: &Scorer) -> Option<(usize, usize)> {
    let (corpus, model) = (&population.corpus, scorer.model());
    let mut of_outlet: BTreeMap<Option<u32>, (usize, usize)> = BTreeMap::new();
    for row in population.coded_rows() {
        let outlet = corpus.outlets.as_ref().and_then(|outlets| outlets.of_row[row]);
        let (seen, coded) = of_outlet.entry(outlet).or_default();
        *seen += usize::from(model.has_seen(&corpus.texts[row]));
        *coded += 1;
    }
    let total = |part: fn(&(usize, usize)) -> usize| of_outlet.values().map(part).sum::<usize>();
    let (n_seen, n_coded) = (total(|of| of.0), total(|of| of.1));
    let same_file = model.metadata().training.trained_on(&corpus.sources).is_some();
    let too_many = |(seen, coded): &(usize, usize), most: f64| *seen as f64 > most * *coded as f64;
    let in_outlet = of_outlet.values().any(|of| of.0 > 1 && too_many(of, MOST_SEEN_IN_OUTLET));
    (n_seen > 0 && (same_file || in_outlet || too_many(&(n_seen, n_coded), MOST_SEEN))).then_some((n_seen, n_coded))
}

/// Whether most of the probabilities that rows carry are what the model gives them, for the frames that both have. Coded rows are tried
/// first, then others.
fn are_its_own(population: &Population, scores: &RowScores, scorer: &Scorer) -> Result<bool> {
    let corpus = &population.corpus;
    let columns: Vec<(usize, usize)> = (corpus.frames.names().iter().enumerate())
        .filter_map(|(column, frame)| Some((column, scorer.frames().find(frame)?)))
        .collect();
    let rows: Vec<usize> = population.coded_rows().into_iter().chain(0..corpus.n_rows()).take(MOST_TRIED).collect();
    let texts: Vec<&str> = rows.iter().map(|row| corpus.texts[*row].as_str()).collect();
    let own = scorer.predictions(&texts)?.proba;
    let is_same = |(i, row): &(usize, &usize)| {
        columns.iter().all(|(column, of_model)| (scores.proba[(**row, *column)] - own[(*i, *of_model)]).abs() < SAME)
    };
    Ok(!columns.is_empty() && 2 * rows.iter().enumerate().filter(is_same).count() > rows.len())
}
