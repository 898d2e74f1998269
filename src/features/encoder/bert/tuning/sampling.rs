//! Which rows are learned from, and in what order.

use std::collections::{BTreeMap, BTreeSet};

use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::features::encoder::{TuningRows, TuningValidParams};

/// Rows to learn from, and those held out: whole groups, drawn by seed until they have their share of the rows. Nothing is held out
/// where it would leave a single group to learn from.
pub(super) fn hold_out(rows: &TuningRows<'_>, params: &TuningValidParams) -> (Vec<usize>, Vec<usize>) {
    let mut groups: Vec<u32> = rows.groups.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    groups.shuffle(&mut generator(params.seed, 0));
    let wanted = params.held_out * rows.texts.len() as f64;
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    rows.groups.iter().for_each(|group| *sizes.entry(*group).or_default() += 1);
    let (mut taken, mut n) = (BTreeSet::new(), 0);
    for group in &groups[..groups.len().saturating_sub(1)] {
        // Never more than half: a group may be as large as all others.
        if n as f64 >= wanted || 2 * (n + sizes[group]) > rows.texts.len() {
            continue;
        }
        n += sizes[group];
        taken.insert(*group);
    }
    (0..rows.texts.len()).partition(|row| !taken.contains(&rows.groups[*row]))
}

/// The batches of an epoch, in which every frame, and having none, is as likely as the others on the
/// scale of the root of its frequency.
pub(super) fn epoch(
    labels: &[Vec<Option<bool>>],
    train: &[usize],
    params: &TuningValidParams,
    epoch: usize,
) -> Vec<Vec<usize>> {
    let n_frames = labels.first().map_or(0, Vec::len);
    // The last kind is that of rows without a frame.
    let kinds = |row: usize| {
        let carried = |frame: &usize| labels[row][*frame] == Some(true);
        let frames: Vec<usize> = (0..n_frames).filter(carried).collect();
        if frames.is_empty() { vec![n_frames] } else { frames }
    };
    let mut counts = vec![0_usize; n_frames + 1];
    train.iter().flat_map(|row| kinds(*row)).for_each(|kind| counts[kind] += 1);
    let weight = |row: &usize| {
        let rarest = kinds(*row).into_iter().map(|kind| counts[kind]).min().unwrap_or(1);
        1.0 / (rarest.max(1) as f64).sqrt()
    };
    let ends: Vec<f64> = train
        .iter()
        .scan(0.0, |end, row| {
            *end += weight(row);
            Some(*end)
        })
        .collect();
    let total = ends.last().copied().unwrap_or_default();
    let mut random = generator(params.seed, epoch as u64 + 1);
    // One draw in each of as many equal parts of the weight, in another order: no row comes much more often than it should.
    let n = params.n_draws(train.len());
    let mut draws: Vec<usize> = (0..n)
        .map(|k| {
            let at = (k as f64 + random.random::<f64>()) / n as f64 * total;
            train[ends.partition_point(|end| *end <= at).min(train.len() - 1)]
        })
        .collect();
    draws.shuffle(&mut random);
    draws.chunks(params.batch).map(<[usize]>::to_vec).collect()
}

/// A generator of its own for each purpose.
fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    random.set_stream(stream);
    random
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    #[test]
    fn whole_groups_are_held_out_and_rare_frames_drawn_more_often() {
        let texts = vec!["x"; 200];
        let labels = Array2::from_shape_fn((200, 2), |(i, j)| Some(if j == 0 { i % 20 == 0 } else { i % 2 == 1 }));
        let groups: Vec<u32> = (0..200).map(|i| i / 10).collect();
        let rows = TuningRows { texts: &texts, labels: labels.view(), groups: &groups };
        let params = TuningValidParams { held_out: 0.2, ..TuningValidParams::default() };
        let all: Vec<Vec<Option<bool>>> = labels.rows().into_iter().map(|row| row.to_vec()).collect();
        let (train, held_out) = hold_out(&rows, &params);
        assert_eq!((train.len(), held_out.len()), (160, 40));
        assert!(train.iter().all(|row| held_out.iter().all(|out| groups[*row] != groups[*out])));

        let count = |batches: &[Vec<usize>]| batches.iter().flatten().filter(|row| *row % 20 == 0).count();
        let params = TuningValidParams { batch: 16, ..params };
        let drawn: Vec<Vec<usize>> = (0..20).flat_map(|k| epoch(&all, &train, &params, k)).collect();
        let share = count(&drawn) as f64 / (20.0 * 160.0);
        assert!(share > 0.08 && share < 0.25, "rows of the rare frame are {share} of the draws, and 0.05 of the rows");
        assert!(drawn.iter().all(|batch| batch.len() == 16), "160 rows make ten batches");
        assert_ne!(epoch(&all, &train, &params, 0), epoch(&all, &train, &params, 1));
    }

    #[test]
    fn one_group_is_not_held_out() {
        let labels = Array2::from_elem((4, 1), Some(true));
        let rows = TuningRows { texts: &["x"; 4], labels: labels.view(), groups: &[7; 4] };
        assert_eq!(hold_out(&rows, &TuningValidParams::default()).0.len(), 4);
    }
}
