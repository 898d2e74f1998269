//! Whether an outlet's rows are like those that trained the model.

use rayon::prelude::*;
use serde::Serialize;

use super::cells::{Cells, Outlet};
use crate::features::Documents;
use crate::model::Model;

/// A word share of unknown words this many times that of the training rows is unlike them.
const UNKNOWN_RATIO: f64 = 1.5;
/// A distance between distributions this far above what chance gives is unlike the training rows.
const DISTANCE: f64 = 0.15;
/// The 5 % point of Kolmogorov's distribution: times `1/√n` the distance that chance gives n articles.
const KOLMOGOROV: f64 = 1.36;

/// How one outlet's rows compare with the rows that trained the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drift {
    /// The outlet.
    pub outlet: String,
    /// Share of the words of its rows, those that trained the model left out, that the vocabulary does not know; `None` where no row is left, or the model
    /// has no vocabulary.
    pub unknown_words: Option<f64>,
    /// The same of training rows that a model of the other folds read.
    pub unknown_words_in_training: f64,
    /// Largest gap between its distribution of probabilities and that of the training rows out of fold, by frame, in [0, 1].
    pub score_distance: Vec<f64>,
    /// Whether its words or its probabilities are unlike those of the training rows.
    pub is_unlike: bool,
}

/// Compares each outlet's words and probabilities with the profile of the training rows that the model carries.
pub(super) fn drift(cells: &Cells<'_>, documents: &Documents, model: &Model) -> Vec<Drift> {
    let profile = &model.metadata().training.profile;
    let reads_words = model.vocabulary().n_words() > 0;
    let known = model.vocabulary().knows(documents, model.metadata().features.names);
    let of_outlet = |outlet: &Outlet| {
        let (mut n, mut unknown) = (0_usize, 0_usize);
        let unseen = |row: &&usize| !model.has_seen(&cells.population.corpus.texts[**row]);
        for row in outlet.rows.iter().filter(unseen) {
            let tokens = documents.tokens(*row);
            n += tokens.len();
            unknown += tokens.iter().filter(|token| !known.is_known(**token)).count();
        }
        let n_articles = super::cells::distinct(outlet.articles.iter().copied()) as f64;
        let unknown_words = (n > 0 && reads_words).then(|| unknown as f64 / n as f64);
        let score_distance: Vec<f64> = (profile.proba_deciles.iter().enumerate())
            .map(|(frame, deciles)| distance(cells, outlet, frame, deciles))
            .collect();
        let far = DISTANCE + KOLMOGOROV / n_articles.sqrt();
        Drift {
            outlet: outlet.name.clone(),
            unknown_words,
            unknown_words_in_training: profile.unknown_words,
            is_unlike: unknown_words.is_some_and(|share| share > UNKNOWN_RATIO * profile.unknown_words)
                || score_distance.iter().any(|distance| *distance > far),
            score_distance,
        }
    };
    cells.outlets.par_iter().map(of_outlet).collect()
}

/// The largest gap, at the training rows' deciles, between the two distribution functions.
fn distance(cells: &Cells<'_>, outlet: &Outlet, frame: usize, deciles: &[f64]) -> f64 {
    let n = outlet.rows.len() as f64;
    let gap = |(k, decile): (usize, &f64)| {
        let proba = |row: &usize| cells.predictions.proba[(*row, frame)];
        let below = outlet.rows.iter().filter(|row| proba(row) <= *decile).count() as f64;
        (below / n - (k + 1) as f64 / (deciles.len() + 1) as f64).abs()
    };
    deciles.iter().enumerate().map(gap).fold(0.0, f64::max)
}
