//! What precision a draw buys, as far as the model's probabilities can tell before anything is coded.

use serde::Serialize;

use super::strata::{Stratum, allocate, coarsen};
use crate::stats::{MIN_CLUSTERS, Proportion};

/// What is expected of one outlet and frame once the drawn rows are coded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// The frame.
    pub frame: String,
    /// The expected share: the mean probability.
    pub share: f64,
    /// Half the width of the interval that coding alone would give; `None` where it would give none, in fewer than
    /// five articles.
    pub coded: Option<f64>,
    /// The same for the corrected share, if the model is as good on these rows as its probabilities say.
    pub corrected: Option<f64>,
    /// What the wanted half-width would take, where one was asked for.
    pub needed: Option<Needed>,
}

/// Rows, or articles, to draw from an outlet for a half-width; `None` where all there are would not be enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Needed {
    /// By coding alone.
    pub coded: Option<usize>,
    /// By correction.
    pub corrected: Option<usize>,
}

/// How the share is to be estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Coding,
    Correction,
}

/// One outlet's rows or articles, ready to be drawn from.
pub(super) struct Plan {
    /// The finest strata.
    pub strata: Vec<Stratum>,
    /// The outlet's mean probability of each frame.
    pub shares: Vec<f64>,
    /// For each frame the sum over articles of (Σᵢ (pᵢ − P))².
    pub between: Vec<f64>,
    pub n_rows: usize,
    pub n_articles: usize,
    pub level: f64,
}

impl Plan {
    /// The strata for so many units, and how many to draw from each.
    pub fn allocate(&self, n: usize) -> (Vec<Stratum>, Vec<usize>) {
        let strata = coarsen(self.strata.clone(), n);
        let drawn = allocate(&strata, n);
        (strata, drawn)
    }

    /// Units to draw from.
    pub fn n_units(&self) -> usize {
        self.strata.iter().map(|stratum| stratum.units.len()).sum()
    }

    /// Half the width of the interval expected for one frame if n_h units are drawn from stratum h of A_h.
    ///
    /// Codes are taken to be present with the model's probabilities p. Let M be the outlet's rows, i the rows of a
    /// unit, and z their Σᵢ (pᵢ − P). Of coding alone the variance is
    /// `V = Σ_h (A_h/M)² mean_h (Σᵢ pᵢ(1 − pᵢ) + z²) / n_h + (Σ_articles z² − Σ_units z²) / M²`, whose last part is 0
    /// where units are articles, and else what rows of one article have in common. About the strata's own means it
    /// would be less, for rows alone `Σ_h W_h² p̄_h(1 − p̄_h) / n_h`; but a comparison knows each row's `pi` and not
    /// its stratum, and its intervals are to be foretold. Corrected the variance is
    /// `V = Σ_h (A_h/M)² mean_h Σᵢ pᵢ(1 − pᵢ) / n_h + Σ_articles z² / M²`, whose last part is Var(p)/M where every
    /// row is an article of its own. For whole articles, sums over their rows are the design effect: rows with like
    /// probabilities tell less.
    ///
    /// The interval is a [`Proportion`]'s, made as comparisons make it: the variance grown by G/(G − k) for G
    /// articles, which are about as many as units are drawn, and k = 1, or 2 numbers fitted to the codes where
    /// predictions correct; they do not where that is no gain.
    pub fn half_width(&self, frame: usize, strata: &[Stratum], drawn: &[usize], by: By) -> Option<f64> {
        let n_articles = drawn.iter().sum::<usize>().min(self.n_articles);
        if n_articles < MIN_CLUSTERS {
            return None;
        }
        let m_squared = (self.n_rows as f64).powi(2);
        let (mut code, mut spread) = (0.0, self.between[frame] / m_squared);
        for (stratum, n_h) in strata.iter().zip(drawn) {
            let (sums, a) = (&stratum.sums[frame], stratum.units.len() as f64);
            let scale = a * a / *n_h as f64 / m_squared;
            code += scale * sums.code / a;
            spread += scale * sums.z_squared / a - sums.z_squared / m_squared;
        }
        let g = n_articles as f64;
        let share = |variance: f64, k: f64| Proportion {
            value: self.shares[frame].clamp(0.0, 1.0),
            variance: variance * g / (g - k),
            df: g - k,
        };
        let alone = share(code + spread, 1.0);
        let corrected = share(code + self.between[frame] / m_squared, 2.0);
        let is_corrected = by == By::Correction && corrected.variance <= alone.variance;
        let (low, high) = if is_corrected { corrected } else { alone }.interval(self.level);
        Some((high - low) / 2.0)
    }

    /// The fewest units that give a half-width of at most `wanted`, by bisection; `None` if all of them do not.
    pub fn needed(&self, frame: usize, wanted: f64, by: By) -> Option<usize> {
        let is_enough = |n: usize| {
            let (strata, drawn) = self.allocate(n);
            self.half_width(frame, &strata, &drawn, by).is_some_and(|half| half <= wanted)
        };
        let (mut few, mut enough) = (0, self.n_units());
        if !is_enough(enough) {
            return None;
        }
        while enough - few > 1 {
            let n = usize::midpoint(few, enough);
            if is_enough(n) {
                enough = n;
            } else {
                few = n;
            }
        }
        Some(enough)
    }

    /// What is expected of a frame.
    pub fn forecast(
        &self,
        (j, name): (usize, &str),
        strata: &[Stratum],
        drawn: &[usize],
        wanted: Option<f64>,
    ) -> Forecast {
        Forecast {
            frame: name.to_owned(),
            share: self.shares[j],
            coded: self.half_width(j, strata, drawn, By::Coding),
            corrected: self.half_width(j, strata, drawn, By::Correction),
            needed: wanted.map(|wanted| Needed {
                coded: self.needed(j, wanted, By::Coding),
                corrected: self.needed(j, wanted, By::Correction),
            }),
        }
    }
}
