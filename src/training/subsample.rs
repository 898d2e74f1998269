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

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::corpus::{Categories, Frames, GroupBy, LeftOut, folds};
    use crate::stats::Bootstrap;
    use crate::training::{Silent, train};

    const N_ROWS: usize = 600;

    /// Articles of three sentences. A word tells the frame, but for one label in ten; the second frame is rare.
    fn corpus() -> Corpus {
        let mut state = 1_u64;
        let mut next = |n: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % n
        };
        let rows: Vec<(String, [bool; 2])> = (0..N_ROWS)
            .map(|i| {
                let words: Vec<u64> = (0..8).map(|_| next(60)).collect();
                let text = words.iter().map(|word| format!("word{word}")).collect::<Vec<_>>().join(" ");
                let talks = words.iter().any(|word| *word < 8) != (next(10) == 0);
                (format!("{text} {i}"), [talks, i % 40 == 0])
            })
            .collect();
        Corpus {
            codes: Array2::from_shape_fn((N_ROWS, 2), |(i, j)| Code::from(rows[i].1[j])),
            texts: rows.into_iter().map(|(text, _)| text).collect(),
            frames: Frames::new(vec!["talk".into(), "rare".into()]).unwrap(),
            weights: vec![1.0; N_ROWS],
            outlets: None,
            articles: Some(Categories {
                names: (0..N_ROWS / 3).map(|article| article.to_string()).collect(),
                of_row: (0..N_ROWS as u32).map(|row| Some(row / 3)).collect(),
            }),
            stories: None,
            sources: Vec::new(),
            left_out: LeftOut::default(),
        }
    }

    fn params(max_path_rows: usize) -> TrainParams {
        TrainParams { max_path_rows, ..TrainParams::default() }
    }

    #[test]
    fn articles_are_drawn_whole_by_the_seed() {
        let corpus = corpus().with_frames(&[true, false]).unwrap();
        let folds = folds(&corpus, GroupBy::DocId, 5, 0).unwrap();
        assert_eq!(subsample(&corpus, &folds, &params(N_ROWS)), None);
        let rows = subsample(&corpus, &folds, &params(N_ROWS * 3 / 4)).unwrap();
        assert!((N_ROWS * 3 / 4..N_ROWS * 3 / 4 + 3).contains(&rows.len()), "{}", rows.len());
        assert!(rows.is_sorted());
        assert!(rows.chunks(3).all(|rows| rows[0] % 3 == 0 && rows[2] == rows[0] + 2), "articles have three rows");
        assert_eq!(subsample(&corpus, &folds, &params(N_ROWS * 3 / 4)), Some(rows.clone()));
        let other = TrainParams { seed: 1, ..params(N_ROWS * 3 / 4) };
        assert_ne!(subsample(&corpus, &folds, &other), Some(rows));
    }

    #[test]
    fn a_rare_frame_gets_more_rows() {
        let corpus = corpus();
        let folds = folds(&corpus, GroupBy::DocId, 5, 0).unwrap();
        // All rows hold 15 of the rare frame, and the folds leave fewer; the subsample must leave as many.
        let rows = subsample(&corpus, &folds, &params(30)).unwrap_or_else(|| (0..N_ROWS).collect());
        let rare = rows.iter().filter(|row| *row % 40 == 0).count();
        assert!(rare >= 12 && rows.len() > 300, "{rare} of {} rows", rows.len());
    }

    /// Above the limit, with columns numbered by use and folds one after the other.
    #[test]
    fn threads_do_not_move_a_byte_above_the_limit() {
        let corpus = corpus().with_frames(&[true, false]).unwrap();
        let bootstrap = Bootstrap { n_replicates: 20, ..Bootstrap::default() };
        let params = TrainParams { bootstrap, ..params(N_ROWS * 3 / 4) };
        let trained = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| train(&corpus, &params, &Silent)).unwrap().model
        };
        let (one, three) = (trained(1), trained(3));
        assert_eq!(one.to_bytes().unwrap(), three.to_bytes().unwrap());

        let training = &one.metadata().training;
        let n = training.alpha_rows.expect("there are more rows than choose the penalty");
        assert!((N_ROWS * 3 / 4..N_ROWS).contains(&n), "{n}");
        let leakage = training.evaluation.leakage.as_ref().expect("rows and articles can be held out");
        assert_eq!(leakage.n_rows, Some(n));
        assert_eq!(leakage.scores.iter().map(|one| one.group).collect::<Vec<_>>(), [GroupBy::Row, GroupBy::DocId]);
        // What is fitted on all rows is as good as where all rows choose the penalty.
        let whole = train(&corpus, &TrainParams { max_path_rows: N_ROWS, ..params.clone() }, &Silent).unwrap().model;
        assert_eq!(whole.metadata().training.alpha_rows, None);
        let ap = |model: &crate::Model| {
            let scores = &model.metadata().training.evaluation.macro_average;
            scores.get(crate::evaluation::Metric::AveragePrecision).unwrap().value
        };
        assert!((ap(&one) - ap(&whole)).abs() < 0.02, "{} {}", ap(&one), ap(&whole));
    }
}
