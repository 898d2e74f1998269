//! Which outlet is highest, as far as the data can say.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rayon::prelude::*;
use serde::Serialize;

use super::cells::Cells;
use super::result::{ALL_VOICES, Estimator, ShareDifference};
use super::shares::Grid;
use crate::stats::{Adjustment, Proportion, normal_quantile, rng};

/// The outlets' order in one frame, by corrected share.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ranking {
    /// The frame.
    pub frame: String,
    /// Whether at least two outlets can be told apart. Where not, there are no ranks.
    pub is_supported: bool,
    /// Outlets with an interval, highest share first; empty where no order is supported.
    pub ranks: Vec<Rank>,
    /// Coded rows an outlet needs, about, for the clearest difference to survive, where nothing is supported now.
    pub n_coded_needed: Option<usize>,
}

/// One outlet's place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rank {
    /// The outlet.
    pub outlet: String,
    /// Its corrected share.
    pub estimate: f64,
    /// The highest place it may have, 1 being the highest share.
    pub first: usize,
    /// The lowest place it may have.
    pub last: usize,
    /// Share of draws in which it is the highest.
    pub p_highest: f64,
}

/// Ranks for each frame.
///
/// An outlet's place lies below the number of outlets that are higher, and above the number that are lower, by differences that survive
/// Holm's adjustment among the frame's pairs: then all rank intervals of a frame hold at once at the level. Source: Mogstad, Romano, Shaikh &
/// Wilhelm (2024), Review of Economic Studies 91(1). The probability of being the highest draws each share from a normal with its own variance.
pub(super) fn rankings(
    cells: &Cells<'_>,
    grid: &Grid,
    differences: &[ShareDifference],
    level: f64,
    (seed, n_draws): (u64, usize),
) -> Vec<Ranking> {
    if !cells.is_coded() || cells.outlets.len() < 2 {
        return Vec::new();
    }
    let place: BTreeMap<&str, usize> =
        cells.outlets.iter().enumerate().map(|(place, outlet)| (outlet.name.as_str(), place)).collect();
    let frames = cells.population.corpus.frames.names();
    frames
        .iter()
        .enumerate()
        .map(|(j, frame)| {
            let tests: Vec<&ShareDifference> = differences
                .iter()
                .filter(|d| {
                    d.estimator == Estimator::Corrected && d.voice == ALL_VOICES && d.frame == *frame && d.p.is_some()
                })
                .collect();
            let shares: Vec<(usize, Proportion)> = grid
                .outlets(0, j)
                .iter()
                .enumerate()
                .filter_map(|(outlet, cell)| Some((outlet, cell.proportion(Estimator::Corrected)?)))
                .collect();
            let adjusted = Adjustment::Holm.adjust(&tests.iter().filter_map(|test| test.p).collect::<Vec<_>>());
            let (mut above, mut below) = (vec![0; cells.outlets.len()], vec![0; cells.outlets.len()]);
            let mut is_supported = false;
            for (test, _) in tests.iter().zip(adjusted).filter(|(_, p)| *p <= 1.0 - level) {
                let (a, b) = (place[test.outlet_a.as_str()], place[test.outlet_b.as_str()]);
                let (higher, lower) = if test.estimate > 0.0 { (a, b) } else { (b, a) };
                above[lower] += 1;
                below[higher] += 1;
                is_supported = true;
            }
            let p_highest = if is_supported { highest(&shares, seed, j, n_draws) } else { Vec::new() };
            let mut ranks: Vec<Rank> = shares
                .iter()
                .zip(p_highest)
                .map(|((outlet, share), p_highest)| Rank {
                    outlet: cells.outlets[*outlet].name.clone(),
                    estimate: share.value,
                    first: 1 + above[*outlet],
                    last: shares.len() - below[*outlet],
                    p_highest,
                })
                .collect();
            ranks.sort_by(|a, b| b.estimate.total_cmp(&a.estimate));
            let n_coded_needed = if is_supported { None } else { needed(cells, grid, j, &tests, level) };
            Ranking { frame: frame.clone(), is_supported, ranks, n_coded_needed }
        })
        .collect()
}

/// The share of draws in which each share is the highest.
fn highest(shares: &[(usize, Proportion)], seed: u64, frame: usize, n_draws: usize) -> Vec<f64> {
    const BLOCK: usize = 250;
    let blocks: Vec<Vec<usize>> = (0..n_draws.div_ceil(BLOCK))
        .into_par_iter()
        .map(|block| {
            let mut rng = rng(seed, "highest share", (frame << 32 | block) as u64);
            let mut wins = vec![0; shares.len()];
            for _ in 0..BLOCK.min(n_draws - block * BLOCK) {
                let mut best = (0, f64::NEG_INFINITY);
                for (i, (_, share)) in shares.iter().enumerate() {
                    let z = normal_quantile(rng.random_range(f64::EPSILON..1.0));
                    let drawn = share.value + z * share.variance.sqrt();
                    if drawn > best.1 {
                        best = (i, drawn);
                    }
                }
                wins[best.0] += 1;
            }
            wins
        })
        .collect();
    (0..shares.len()).map(|i| blocks.iter().map(|wins| wins[i]).sum::<usize>() as f64 / n_draws as f64).collect()
}

/// Intervals shrink with the root of the rows coded: how many the clearest pair needs until its interval leaves out 0 at the level that
/// Holm's adjustment asks of the first of so many tests.
fn needed(cells: &Cells<'_>, grid: &Grid, frame: usize, tests: &[&ShareDifference], level: f64) -> Option<usize> {
    let tail = (1.0 - level) / 2.0;
    let wider = normal_quantile(1.0 - tail / tests.len().max(1) as f64) / normal_quantile(1.0 - tail);
    let ratio = |test: &ShareDifference| Some(0.5 * (test.high? - test.low?) / test.estimate.abs());
    let best = tests.iter().filter_map(|test| ratio(test)).filter(|r| r.is_finite()).min_by(f64::total_cmp)?;
    let n_coded: Vec<usize> =
        grid.outlets(0, frame).iter().filter_map(|cell| cell.coded.map(|mean| mean.n_coded)).collect();
    let typical = n_coded.iter().sum::<usize>() as f64 / cells.outlets.len().max(1) as f64;
    Some((typical * (wider * best).max(1.0).powi(2)).ceil() as usize)
}
