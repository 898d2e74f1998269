//! From rows and predictions to a comparison.

use rayon::prelude::*;

use super::cells::{Cells, Outlet};
use super::differences::{adjust, differences};
use super::drift::drift;
use super::notes::notes;
use super::params::CompareParams;
use super::ranks::rankings;
use super::result::{Comparison, Example, OutletCalibration};
use super::shares::Grid;
use super::suspects::suspects;
use super::words::distinctive_words;
use crate::corpus::Population;
use crate::error::Result;
use crate::evaluation::Predictions;
use crate::features::{Documents, Tokenizer};
use crate::model::Model;
use crate::stats::{Estimate, Reliance, Unit, corrected_mean};

/// Outlets for which example sentences are kept.
const MOST_EXAMPLE_OUTLETS: usize = 40;
/// Longest example, in bytes.
const LONGEST_EXAMPLE: usize = 400;

/// Compares the outlets of a population.
///
/// `predictions` are of the population's rows, in order, and for coded rows they must come from models that had not seen them. `model`
/// is the one that made them, where it is known: its training rows are what drift is measured against.
///
/// # Errors
/// [`ErrorKind::NoOutlets`](crate::ErrorKind::NoOutlets), [`ErrorKind::PartlyDrawn`](crate::ErrorKind::PartlyDrawn),
/// [`ErrorKind::LengthMismatch`](crate::ErrorKind::LengthMismatch), [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
pub fn compare(
    population: &Population,
    predictions: &Predictions,
    model: Option<&Model>,
    params: &CompareParams,
) -> Result<Comparison> {
    let params = params.clone().check()?;
    let cells = Cells::new(population, predictions, params.wire)?;
    let grid = Grid::new(&cells);
    let mut differences = differences(&cells, &grid, params.level);
    let families = adjust(&mut differences, params.adjustment, params.level);
    let rankings = rankings(&cells, &grid, &differences, params.level, (params.seed, params.n_draws));
    let tokenizer = Tokenizer::default();
    let documents = Documents::new(&tokenizer, &population.corpus.texts)?;
    let calibration = calibration(&cells, params.level);
    let drifts =
        model.filter(|model| model.frames() == &population.corpus.frames).map(|model| drift(&cells, &documents, model));
    let outlets: Vec<_> = cells.outlets.par_iter().map(|outlet| cells.summary(outlet)).collect();
    Ok(Comparison {
        framescope_version: env!("CARGO_PKG_VERSION"),
        is_corrected: cells.is_coded(),
        sampling: cells.sampling,
        sources: population.corpus.sources.clone(),
        model_sha256: model.map(|model| model.metadata().sha256.clone()),
        notes: notes(&cells, &grid, &calibration, &rankings, drifts.as_deref()),
        frames: population.corpus.frames.names().to_vec(),
        voices: cells.voices.iter().map(|voice| voice.name.clone()).collect(),
        shares: grid.shares(&cells, params.level),
        words: distinctive_words(&cells, &documents, &params),
        suspects: suspects(&cells, params.n_suspects),
        examples: examples(&cells, params.n_examples),
        outlets,
        differences,
        families,
        rankings,
        calibration,
        drift: drifts.unwrap_or_default(),
        params,
    })
}

/// Mean probability minus gold share on each outlet's coded rows, weighted by design, with Student's t over its articles.
fn calibration(cells: &Cells<'_>, level: f64) -> Vec<OutletCalibration> {
    let mut found = Vec::new();
    for outlet in &cells.outlets {
        for (frame, name) in cells.population.corpus.frames.names().iter().enumerate() {
            let off = |unit: Unit| Unit { gold: unit.gold.map(|gold| unit.prediction - gold), prediction: 0.0, ..unit };
            let units: Vec<Unit> = cells.units(outlet, &cells.voices[0], frame).into_iter().map(off).collect();
            let Some(mean) = corrected_mean(&units, cells.design(), Reliance::Power(0.0)) else { continue };
            let interval = mean.interval(level);
            let estimate = Estimate {
                value: mean.value,
                low: interval.map(|(low, _)| low),
                high: interval.map(|(_, high)| high),
                level,
                n: mean.n_coded,
                n_clusters: mean.n_coded_clusters,
            };
            let is_off = interval.is_some_and(|(low, high)| low > 0.0 || high < 0.0);
            found.push(OutletCalibration {
                outlet: outlet.name.clone(),
                frame: name.clone(),
                calibration_in_the_large: estimate,
                is_off,
            });
        }
    }
    found
}

/// For the outlets with most rows, predicted sentences with the highest probabilities, each from another article.
fn examples(cells: &Cells<'_>, most: usize) -> Vec<Example> {
    let corpus = &cells.population.corpus;
    let mut largest: Vec<&Outlet> = cells.outlets.iter().collect();
    largest.sort_by(|a, b| b.rows.len().cmp(&a.rows.len()).then_with(|| a.name.cmp(&b.name)));
    largest.truncate(MOST_EXAMPLE_OUTLETS);
    largest.sort_by(|a, b| a.name.cmp(&b.name));
    let mut examples = Vec::new();
    for outlet in largest {
        for (frame, name) in corpus.frames.names().iter().enumerate() {
            let proba = |row: usize| cells.predictions.proba[(row, frame)];
            let mut rows: Vec<(usize, u32)> = (outlet.rows.iter().copied().zip(outlet.articles.iter().copied()))
                .filter(|(row, _)| cells.predictions.predicted[(*row, frame)])
                .filter(|(row, _)| corpus.texts[*row].len() <= LONGEST_EXAMPLE)
                .collect();
            rows.sort_by(|a, b| proba(b.0).total_cmp(&proba(a.0)).then(a.0.cmp(&b.0)));
            let mut told: Vec<u32> = Vec::new();
            for (row, article) in rows {
                if told.len() == most {
                    break;
                }
                if told.contains(&article) {
                    continue;
                }
                told.push(article);
                examples.push(Example {
                    outlet: outlet.name.clone(),
                    frame: name.clone(),
                    id: cells.population.ids[row].clone(),
                    text: corpus.texts[row].clone(),
                    proba: proba(row),
                    gold: corpus.codes[(row, frame)].as_bool(),
                });
            }
        }
    }
    examples
}
