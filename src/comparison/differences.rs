//! Differences between all outlets, and within the stories that two of them tell.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::cells::Cells;
use super::result::{Estimator, Family, ShareDifference};
use super::shares::{Cell, Grid};
use crate::stats::{Adjustment, MIN_CLUSTERS, t_quantile, t_two_sided_p};

/// With more outlets than this their pairs are more than anyone reads, and more than memory may hold; then there are no differences.
pub(super) const MOST_OUTLETS: usize = 500;

/// Differences of all pairs of outlets, in each voice, frame and estimator, without adjusted p-values.
pub(super) fn differences(cells: &Cells<'_>, grid: &Grid, level: f64) -> Vec<ShareDifference> {
    let estimators: &[Estimator] = if cells.is_coded() {
        &[Estimator::Counted, Estimator::Coded, Estimator::Corrected]
    } else {
        &[Estimator::Counted]
    };
    if cells.outlets.len() > MOST_OUTLETS {
        return Vec::new();
    }
    let mut jobs = Vec::new();
    for voice in 0..cells.voices.len() {
        for frame in 0..cells.population.corpus.frames.len() {
            jobs.extend(estimators.iter().map(|estimator| (voice, frame, *estimator)));
        }
    }
    let mut all: Vec<ShareDifference> = jobs
        .into_par_iter()
        .flat_map_iter(|(voice, frame, estimator)| {
            let (name, of_voice) = (&cells.population.corpus.frames.names()[frame], &cells.voices[voice].name);
            let outlets = grid.outlets(voice, frame);
            pairs(outlets.len()).filter_map(move |(a, b)| {
                let estimate = outlets[a].value(estimator)? - outlets[b].value(estimator)?;
                let tested = outlets[a]
                    .proportion(estimator)
                    .zip(outlets[b].proportion(estimator))
                    .map(|(first, second)| first.minus(&second, level));
                Some(ShareDifference {
                    outlet_a: cells.outlets[a].name.clone(),
                    outlet_b: cells.outlets[b].name.clone(),
                    frame: name.clone(),
                    voice: of_voice.clone(),
                    estimator,
                    estimate,
                    low: tested.map(|difference| difference.low),
                    high: tested.map(|difference| difference.high),
                    p: tested.map(|difference| difference.p),
                    p_adjusted: None,
                    n_stories: None,
                })
            })
        })
        .collect();
    if cells.population.corpus.stories.is_some() {
        all.extend(within_stories(cells, grid, level));
    }
    all
}

fn pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(move |a| (a + 1..n).map(move |b| (a, b)))
}

/// Adjusts p-values within families: one estimator in one voice, over all pairs and frames.
pub(super) fn adjust(differences: &mut [ShareDifference], adjustment: Adjustment, level: f64) -> Vec<Family> {
    let mut families: BTreeMap<(Estimator, String), Vec<usize>> = BTreeMap::new();
    for (i, difference) in differences.iter().enumerate().filter(|(_, difference)| difference.p.is_some()) {
        families.entry((difference.estimator, difference.voice.clone())).or_default().push(i);
    }
    families
        .into_iter()
        .map(|((estimator, voice), tests)| {
            let p: Vec<f64> = tests.iter().filter_map(|i| differences[*i].p).collect();
            for (i, adjusted) in tests.iter().zip(adjustment.adjust(&p)) {
                differences[*i].p_adjusted = Some(adjusted);
            }
            let n_surviving = tests.iter().filter(|i| differences[**i].survives(level)).count();
            Family { estimator, voice, n_tests: tests.len(), n_surviving }
        })
        .collect()
}

/// One outlet's part of a story.
#[derive(Debug, Clone, Copy, Default)]
struct Telling {
    outlet: usize,
    weight: f64,
    counted: f64,
    corrected: f64,
    is_coded: bool,
}

/// The sum over stories of one pair's differences.
#[derive(Debug, Clone, Copy, Default)]
struct Paired {
    n: usize,
    counted: f64,
    corrected: f64,
    squares: f64,
    /// Stories with a coded row of the first outlet, and of the second.
    coded: [usize; 2],
}

/// Mean differences within the stories that both outlets tell, each story counting once; pairs with fewer than five such stories are left
/// out.
///
/// A story's difference is that of the outlets' means there: of decisions, and of pseudo-values, which are unbiased for what a coder would
/// find in the story. The interval is Student's t over stories, given where each outlet has coded rows in at least five
/// of them.
fn within_stories(cells: &Cells<'_>, grid: &Grid, level: f64) -> Vec<ShareDifference> {
    let frames = cells.population.corpus.frames.names();
    let one = |frame: usize| -> Vec<ShareDifference> {
        let mut paired: BTreeMap<(usize, usize), Paired> = BTreeMap::new();
        for story in tellings(cells, grid.outlets(0, frame), frame).values() {
            for (i, a) in story.iter().enumerate() {
                for b in &story[i + 1..] {
                    let pair = paired.entry((a.outlet, b.outlet)).or_default();
                    let corrected = a.corrected / a.weight - b.corrected / b.weight;
                    pair.n += 1;
                    pair.counted += a.counted / a.weight - b.counted / b.weight;
                    pair.corrected += corrected;
                    pair.squares += corrected * corrected;
                    pair.coded[0] += usize::from(a.is_coded);
                    pair.coded[1] += usize::from(b.is_coded);
                }
            }
        }
        let enough = paired.into_iter().filter(|(_, pair)| pair.n >= MIN_CLUSTERS);
        enough.flat_map(|(outlets, pair)| report(cells, outlets, &frames[frame], &pair, level)).collect()
    };
    (0..frames.len()).into_par_iter().map(one).collect::<Vec<_>>().concat()
}

/// Per story, its outlets in order with their sums.
fn tellings(cells: &Cells<'_>, outlets: &[Cell], frame: usize) -> BTreeMap<u32, Vec<Telling>> {
    let Some(stories) = &cells.population.corpus.stories else { return BTreeMap::new() };
    let mut tellings: BTreeMap<u32, Vec<Telling>> = BTreeMap::new();
    for (number, (outlet, cell)) in cells.outlets.iter().zip(outlets).enumerate() {
        let all = cells.units(outlet, &cells.voices[0], frame);
        for (row, unit) in outlet.rows.iter().zip(all) {
            let Some(story) = stories.of_row[*row] else { continue };
            let told = tellings.entry(story).or_default();
            if told.last().is_none_or(|telling| telling.outlet != number) {
                told.push(Telling { outlet: number, ..Telling::default() });
            }
            let telling = told.last_mut().expect("one was pushed");
            telling.weight += unit.weight;
            telling.counted += unit.weight * f64::from(u8::from(cells.predictions.predicted[(*row, frame)]));
            telling.corrected += unit.weight * cell.corrected.as_ref().map_or(0.0, |mean| mean.pseudo_value(&unit));
            telling.is_coded |= unit.gold.is_some();
        }
    }
    tellings
}

fn report(cells: &Cells<'_>, (a, b): (usize, usize), frame: &str, pair: &Paired, level: f64) -> Vec<ShareDifference> {
    let n = pair.n as f64;
    let mean = pair.corrected / n;
    let deviation = ((pair.squares / n - mean * mean).max(0.0) * n / (n - 1.0) / n).sqrt();
    let supported = pair.coded.iter().all(|coded| *coded >= MIN_CLUSTERS) && deviation > 0.0;
    let half = supported.then(|| deviation * t_quantile(0.5 + level / 2.0, n - 1.0));
    let difference = |estimator, estimate: f64| ShareDifference {
        outlet_a: cells.outlets[a].name.clone(),
        outlet_b: cells.outlets[b].name.clone(),
        frame: frame.to_owned(),
        voice: cells.voices[0].name.clone(),
        estimator,
        estimate,
        low: None,
        high: None,
        p: None,
        p_adjusted: None,
        n_stories: Some(pair.n),
    };
    let mut out = vec![difference(Estimator::CountedWithinStories, pair.counted / n)];
    if pair.coded.iter().all(|coded| *coded > 0) {
        out.push(ShareDifference {
            low: half.map(|half| (mean - half).max(-1.0)),
            high: half.map(|half| (mean + half).min(1.0)),
            p: half.map(|_| t_two_sided_p(mean / deviation, n - 1.0)),
            ..difference(Estimator::CorrectedWithinStories, mean.clamp(-1.0, 1.0))
        });
    }
    out
}
