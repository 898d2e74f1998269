//! The rows of each outlet, weighed and with their articles: what every estimate starts from.

use rayon::prelude::*;

use super::params::Wire;
use super::result::{ALL_VOICES, OutletSummary, Sampling};
use crate::corpus::{Categories, Population, cluster};
use crate::error::{Error, ErrorKind, Result};
use crate::evaluation::Predictions;
use crate::stats::{Design, Unit, renumber};

/// Most distinct voices that shares are split by: more are no voices.
const MOST_VOICES: usize = 12;

/// Rows, by outlet.
pub(super) struct Cells<'a> {
    pub population: &'a Population,
    pub predictions: &'a Predictions,
    /// In alphabetical order.
    pub outlets: Vec<Outlet>,
    /// The voices by name, [`ALL_VOICES`] first.
    pub voices: Vec<Voice>,
    /// Weight of each row: 1, or less where it is wire copy that counts once.
    pub weights: Vec<f64>,
    pub sampling: Sampling,
    pub n_without_outlet: usize,
    pub n_wire: usize,
    pub too_many_voices: Option<usize>,
}

/// One outlet's rows.
pub(super) struct Outlet {
    pub name: String,
    pub rows: Vec<usize>,
    /// The article of each of `rows`, dense from 0.
    pub articles: Vec<u32>,
}

/// A voice to split by; `code` is its place among the population's names, `None` for all of them.
pub(super) struct Voice {
    pub name: String,
    code: Option<u32>,
}

impl<'a> Cells<'a> {
    /// # Errors
    /// [`ErrorKind::NoOutlets`], [`ErrorKind::PartlyDrawn`] if some coded rows have a `pi` and others not.
    pub fn new(population: &'a Population, predictions: &'a Predictions, wire: Wire) -> Result<Self> {
        let corpus = &population.corpus;
        let n_rows = corpus.n_rows();
        let (by_name, n_without_outlet) = population.by_outlet()?;
        if predictions.proba.dim() != (n_rows, corpus.frames.len()) {
            let n_left = predictions.proba.nrows();
            return Err(ErrorKind::LengthMismatch {
                left: "the predictions",
                n_left,
                right: "the rows",
                n_right: n_rows,
            }
            .into());
        }
        let (weights, n_wire) = weigh(population.wires.as_ref().filter(|_| wire == Wire::Once), n_rows);
        let articles = cluster(corpus.articles.as_ref(), n_rows);
        let outlets = by_name
            .into_par_iter()
            .map(|(name, rows)| {
                let articles = renumber(rows.iter().map(|row| articles[*row]));
                Outlet { name: name.to_owned(), rows, articles }
            })
            .collect();
        let (voices, too_many_voices) = voices(population.voices.as_ref());
        let sampling = sampling(population)?;
        Ok(Cells {
            population,
            predictions,
            outlets,
            voices,
            weights,
            sampling,
            n_without_outlet,
            n_wire,
            too_many_voices,
        })
    }

    pub fn design(&self) -> Design {
        if self.sampling == Sampling::Known { Design::Known } else { Design::SimpleRandom }
    }

    pub fn is_coded(&self) -> bool {
        self.sampling != Sampling::NothingCoded
    }

    pub fn gold(&self, row: usize, frame: usize) -> Option<f64> {
        self.population.corpus.codes[(row, frame)].as_bool().map(|present| f64::from(u8::from(present)))
    }

    pub fn is_in(&self, row: usize, voice: &Voice) -> bool {
        let Some(code) = voice.code else { return true };
        self.population.voices.as_ref().is_some_and(|voices| voices.of_row[row] == Some(code))
    }

    /// The rows of an outlet in a voice, coded or not, with what the model says of a frame.
    pub fn units(&self, outlet: &Outlet, voice: &Voice, frame: usize) -> Vec<Unit> {
        let rows = outlet.rows.iter().zip(&outlet.articles).filter(|(row, _)| self.is_in(**row, voice));
        rows.map(|(row, article)| Unit {
            prediction: self.predictions.proba[(*row, frame)],
            gold: self.gold(*row, frame),
            pi: self.population.pi[*row].unwrap_or(1.0),
            weight: self.weights[*row],
            cluster: *article,
        })
        .collect()
    }

    /// The decisions on the same rows, as if each were a coder's.
    pub fn counted(&self, outlet: &Outlet, voice: &Voice, frame: usize) -> Vec<Unit> {
        let rows = outlet.rows.iter().zip(&outlet.articles).filter(|(row, _)| self.is_in(**row, voice));
        rows.map(|(row, article)| Unit {
            prediction: 0.0,
            gold: Some(f64::from(u8::from(self.predictions.predicted[(*row, frame)]))),
            pi: 1.0,
            weight: self.weights[*row],
            cluster: *article,
        })
        .collect()
    }

    pub fn summary(&self, outlet: &Outlet) -> OutletSummary {
        let coded: Vec<(usize, u32)> = (outlet.rows.iter().copied().zip(outlet.articles.iter().copied()))
            .filter(|(row, _)| self.population.corpus.is_coded(*row))
            .collect();
        let share = |voice: &Voice| {
            outlet.rows.iter().filter(|row| self.is_in(**row, voice)).count() as f64 / outlet.rows.len() as f64
        };
        OutletSummary {
            outlet: outlet.name.clone(),
            n_sentences: outlet.rows.len(),
            n_articles: distinct(outlet.articles.iter().copied()),
            n_coded: coded.len(),
            n_coded_articles: distinct(coded.iter().map(|(_, article)| *article)),
            voices: if self.voices.len() > 1 { self.voices.iter().map(share).collect() } else { Vec::new() },
        }
    }
}

/// How many different articles there are.
pub(super) fn distinct(articles: impl Iterator<Item = u32>) -> usize {
    let mut seen: Vec<u32> = articles.collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

fn weigh(wires: Option<&Categories>, n_rows: usize) -> (Vec<f64>, usize) {
    let Some(wires) = wires else { return (vec![1.0; n_rows], 0) };
    let mut times = vec![0_usize; wires.names.len()];
    wires.of_row.iter().flatten().for_each(|wire| times[*wire as usize] += 1);
    let shared = |wire: &Option<u32>| wire.map_or(1, |wire| times[wire as usize]);
    let n_wire = wires.of_row.iter().filter(|wire| shared(wire) > 1).count();
    (wires.of_row.iter().map(|wire| 1.0 / shared(wire) as f64).collect(), n_wire)
}

fn voices(found: Option<&Categories>) -> (Vec<Voice>, Option<usize>) {
    let mut voices = vec![Voice { name: ALL_VOICES.to_owned(), code: None }];
    let Some(found) = found else { return (voices, None) };
    if found.names.len() > MOST_VOICES {
        return (voices, Some(found.names.len()));
    }
    let mut named: Vec<(&String, u32)> = found.names.iter().zip(0..).filter(|(name, _)| *name != ALL_VOICES).collect();
    named.sort();
    voices.extend(named.into_iter().map(|(name, code)| Voice { name: name.clone(), code: Some(code) }));
    (voices, None)
}

/// Either every coded row says how it was drawn, or none does.
fn sampling(population: &Population) -> Result<Sampling> {
    let has_outlet = |row: &usize| population.corpus.outlets.as_ref().is_some_and(|of| of.of_row[*row].is_some());
    let coded: Vec<usize> = population.coded_rows().into_iter().filter(has_outlet).collect();
    let with = coded.iter().filter(|row| population.pi[**row].is_some()).count();
    if coded.is_empty() {
        Ok(Sampling::NothingCoded)
    } else if with == 0 {
        Ok(Sampling::AssumedRandom)
    } else if with == coded.len() {
        Ok(Sampling::Known)
    } else {
        let first = coded.iter().find(|row| population.pi[**row].is_none()).expect("one has none");
        let id = population.ids[*first].clone();
        Err(Error::from(ErrorKind::PartlyDrawn { n_coded: coded.len(), n_without: coded.len() - with, id }))
    }
}
