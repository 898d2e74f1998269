//! The rows that choose the penalty, where there are more than that takes.

use rand::seq::SliceRandom;

use super::params::TrainParams;
use crate::corpus::{Code, Corpus, Folds};
use crate::stats::rng;

/// Rows of each class that must be left for every frame when a fold is held out, or as many as all rows leave.
const MIN_PER_CLASS: usize = 100;

/// About [`TrainParams::max_path_rows`] rows, in row order, drawn by the seed in whole articles (rows where none is named); `None` where
/// there are no more than that.
///
/// Each row keeps the fold that it has among all rows, so that whatever the folds hold out whole is held out whole here. Where a frame is
/// rare, articles are drawn until every fold's training rows hold 100 rows with it and 100 without.
pub(super) fn subsample(corpus: &Corpus, folds: &Folds, params: &TrainParams) -> Option<Vec<usize>> {
    let n = corpus.n_rows();
    if n <= params.max_path_rows {
        return None;
    }
    let articles = corpus.clusters();
    let n_articles = articles.iter().max().map_or(0, |last| *last as usize + 1);
    let mut rows_of: Vec<Vec<usize>> = vec![Vec::new(); n_articles];
    articles.iter().enumerate().for_each(|(row, article)| rows_of[*article as usize].push(row));
    rows_of.shuffle(&mut rng(params.seed, "rows that choose the penalty", 0));

    let mut all = Tally::new(corpus, folds);
    (0..n).for_each(|row| all.add(row));
    let mut drawn = Tally::new(corpus, folds);
    let mut rows = Vec::new();
    for article in rows_of {
        if rows.len() >= params.max_path_rows && drawn.is_enough(&all) {
            break;
        }
        article.iter().for_each(|row| drawn.add(*row));
        rows.extend(article);
    }
    rows.sort_unstable();
    (rows.len() < n).then_some(rows)
}

/// How many rows of weight above 0 have each code.
struct Tally<'a> {
    corpus: &'a Corpus,
    folds: &'a Folds,
    /// For each frame the rows without and with it, by fold.
    counts: Vec<[Vec<usize>; 2]>,
}

impl<'a> Tally<'a> {
    fn new(corpus: &'a Corpus, folds: &'a Folds) -> Self {
        let empty = [vec![0; folds.n_folds], vec![0; folds.n_folds]];
        Tally { corpus, folds, counts: vec![empty; corpus.frames.len()] }
    }

    fn add(&mut self, row: usize) {
        if self.corpus.weights[row] <= 0.0 {
            return;
        }
        for (counts, code) in self.counts.iter_mut().zip(self.corpus.codes.row(row)) {
            if *code != Code::NotCoded {
                counts[usize::from(*code == Code::Present)][self.folds.of_row[row] as usize] += 1;
            }
        }
    }

    /// For each frame and class, the fewest rows that are left when one fold is held out.
    fn left(&self) -> impl Iterator<Item = usize> + '_ {
        self.counts
            .iter()
            .flatten()
            .map(|by_fold| by_fold.iter().sum::<usize>() - by_fold.iter().max().copied().unwrap_or_default())
    }

    fn is_enough(&self, all: &Tally<'_>) -> bool {
        self.left().zip(all.left()).all(|(drawn, all)| drawn >= all.min(MIN_PER_CLASS))
    }
}
