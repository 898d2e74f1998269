//! Each outlet's share of each frame: counted, coded and corrected.

use rayon::prelude::*;

use super::cells::{Cells, Outlet, Voice, distinct};
use super::result::{Estimator, Share};
use crate::stats::{CorrectedMean, Design, Proportion, Reliance, corrected_mean};

/// What is known of one outlet, frame and voice.
pub(super) struct Cell {
    /// `None` where the outlet has no row in this voice, and neither has anything below.
    pub counted: Option<f64>,
    pub coded: Option<CorrectedMean>,
    pub corrected: Option<CorrectedMean>,
    n_sentences: usize,
    n_articles: usize,
}

/// All cells, voice by voice, frame by frame, outlet by outlet.
pub(super) struct Grid(Vec<Vec<Vec<Cell>>>);

impl Grid {
    pub fn new(cells: &Cells<'_>) -> Self {
        let n_frames = cells.population.corpus.frames.len();
        let of_frame = |voice: &Voice, frame: usize| -> Vec<Cell> {
            cells.outlets.par_iter().map(|outlet| Cell::new(cells, outlet, voice, frame)).collect()
        };
        Grid(cells.voices.iter().map(|voice| (0..n_frames).map(|frame| of_frame(voice, frame)).collect()).collect())
    }

    /// The cells of all outlets.
    pub fn outlets(&self, voice: usize, frame: usize) -> &[Cell] {
        &self.0[voice][frame]
    }

    pub fn shares(&self, cells: &Cells<'_>, level: f64) -> Vec<Share> {
        let mut shares = Vec::new();
        for (voice, of_voice) in cells.voices.iter().zip(&self.0) {
            for (frame, of_frame) in cells.population.corpus.frames.names().iter().zip(of_voice) {
                for (outlet, cell) in cells.outlets.iter().zip(of_frame) {
                    shares.extend(cell.shares(&outlet.name, frame, &voice.name, level));
                }
            }
        }
        shares
    }
}

impl Cell {
    fn new(cells: &Cells<'_>, outlet: &Outlet, voice: &Voice, frame: usize) -> Self {
        let units = cells.units(outlet, voice, frame);
        let alone = Reliance::Power(0.0);
        Cell {
            counted: corrected_mean(&cells.counted(outlet, voice, frame), Design::SimpleRandom, alone)
                .map(|mean| mean.value),
            coded: corrected_mean(&units, cells.design(), alone),
            corrected: corrected_mean(&units, cells.design(), Reliance::Tuned),
            n_sentences: units.len(),
            n_articles: distinct(units.iter().map(|unit| unit.cluster)),
        }
    }

    /// The share by one estimator, with its variance where the data support an interval.
    pub fn proportion(&self, estimator: Estimator) -> Option<Proportion> {
        self.mean(estimator)?.proportion()
    }

    /// Articles with a coded row.
    pub fn n_coded_articles(&self) -> usize {
        self.coded.map_or(0, |mean| mean.n_coded_clusters)
    }

    fn mean(&self, estimator: Estimator) -> Option<&CorrectedMean> {
        match estimator {
            Estimator::Coded => self.coded.as_ref(),
            Estimator::Corrected => self.corrected.as_ref(),
            _ => None,
        }
    }

    /// The share by one estimator, with or without an interval.
    pub fn value(&self, estimator: Estimator) -> Option<f64> {
        match estimator {
            Estimator::Counted => self.counted,
            _ => self.mean(estimator).map(|mean| mean.value.clamp(0.0, 1.0)),
        }
    }

    fn shares(&self, outlet: &str, frame: &str, voice: &str, level: f64) -> Vec<Share> {
        let share = |estimator| {
            let interval = self.proportion(estimator).map(|proportion| proportion.interval(level));
            Some(Share {
                outlet: outlet.to_owned(),
                frame: frame.to_owned(),
                voice: voice.to_owned(),
                estimator,
                estimate: self.value(estimator)?,
                low: interval.map(|(low, _)| low),
                high: interval.map(|(_, high)| high),
                level,
                n_sentences: self.n_sentences,
                n_articles: self.n_articles,
                n_coded: self.coded.map_or(0, |mean| mean.n_coded),
                n_coded_articles: self.n_coded_articles(),
                effective_n: self.effective_n(estimator),
            })
        };
        [Estimator::Counted, Estimator::Coded, Estimator::Corrected].into_iter().filter_map(share).collect()
    }

    /// `n · (variance of coding alone) / (variance reached)`. Source: Broska, Howes & van Loon (2024).
    fn effective_n(&self, estimator: Estimator) -> Option<f64> {
        let (coded, reached) = (self.coded?, self.mean(estimator)?);
        let gain = if reached.variance > 0.0 { coded.variance / reached.variance } else { 1.0 };
        Some(coded.n_coded as f64 * gain)
    }
}
