//! Some of the rows, for what is too much work on all of them.

use hashbrown::HashMap;
use rand::seq::SliceRandom;

use super::params::TrainParams;
use crate::corpus::{Categories, Code, Corpus, Folds};
use crate::stats::rng;

/// Rows of each class that must be left for every frame when a fold is held out, or as many as all rows leave.
const MIN_PER_CLASS: usize = 100;

/// About [`TrainParams::max_path_rows`] rows, in row order, drawn by the seed, those of one unit together (the first of `units` that a row
/// belongs to, itself where it belongs to none); `None` where there are no more than that.
///
/// Each row keeps the fold that it has among all rows, so that whatever the folds hold out whole is held out whole here. Where a frame is
/// rare, units are drawn until every fold's training rows hold 100 rows with it and 100 without.
pub(super) fn subsample(
    corpus: &Corpus,
    folds: &Folds,
    params: &TrainParams,
    units: &[&Option<Categories>],
) -> Option<Vec<usize>> {
    let n = corpus.n_rows();
    if n <= params.max_path_rows {
        return None;
    }
    let mut rows_of = grouped(n, units);
    rows_of.shuffle(&mut rng(params.seed, "rows that choose the penalty", 0));

    let mut all = Tally::new(corpus, folds);
    (0..n).for_each(|row| all.add(row));
    let mut drawn = Tally::new(corpus, folds);
    let mut rows = Vec::new();
    for unit in rows_of {
        if rows.len() >= params.max_path_rows && drawn.is_enough(&all) {
            break;
        }
        unit.iter().for_each(|row| drawn.add(*row));
        rows.extend(unit);
    }
    rows.sort_unstable();
    (rows.len() < n).then_some(rows)
}

/// The rows of each unit, in order of the units' first rows.
pub(super) fn grouped(n_rows: usize, units: &[&Option<Categories>]) -> Vec<Vec<usize>> {
    let mut numbers: HashMap<(usize, u32), usize> = HashMap::new();
    let mut rows_of: Vec<Vec<usize>> = Vec::new();
    for row in 0..n_rows {
        let of_row = |categories: &&Option<Categories>| categories.as_ref().and_then(|all| all.of_row[row]);
        let unit = units.iter().enumerate().find_map(|(kind, categories)| Some((kind, of_row(categories)?)));
        let number = unit.map_or(rows_of.len(), |unit| *numbers.entry(unit).or_insert(rows_of.len()));
        if number == rows_of.len() {
            rows_of.push(Vec::new());
        }
        rows_of[number].push(row);
    }
    rows_of
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
    use std::sync::Mutex;

    use ndarray::Array2;

    use super::*;
    use crate::corpus::{Frames, GroupBy, LeftOut, folds};
    use crate::evaluation::Drawn;
    use crate::stats::Bootstrap;
    use crate::training::{Progress, Silent, cross_validate, train};

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
        TrainParams { max_path_rows, max_parallel_rows: max_path_rows, ..TrainParams::default() }
    }

    /// Remembers what a run said that it did.
    #[derive(Default)]
    struct Stages(Mutex<Vec<String>>);

    impl Progress for Stages {
        fn begin(&self, stage: &str, _: &[String], _: usize) {
            self.0.lock().unwrap().push(stage.to_owned());
        }

        fn step(&self, _: usize) {}

        fn end(&self) {}
    }

    #[test]
    fn articles_are_drawn_whole_by_the_seed() {
        let corpus = corpus().with_frames(&[true, false]).unwrap();
        let folds = folds(&corpus, GroupBy::DocId, 5, 0).unwrap();
        let units = [&corpus.articles];
        assert_eq!(subsample(&corpus, &folds, &params(N_ROWS), &units), None);
        let rows = subsample(&corpus, &folds, &params(N_ROWS * 3 / 4), &units).unwrap();
        assert!((N_ROWS * 3 / 4..N_ROWS * 3 / 4 + 3).contains(&rows.len()), "{}", rows.len());
        assert!(rows.is_sorted());
        assert!(rows.chunks(3).all(|rows| rows[0] % 3 == 0 && rows[2] == rows[0] + 2), "articles have three rows");
        assert_eq!(subsample(&corpus, &folds, &params(N_ROWS * 3 / 4), &units), Some(rows.clone()));
        let other = TrainParams { seed: 1, ..params(N_ROWS * 3 / 4) };
        assert_ne!(subsample(&corpus, &folds, &other, &units), Some(rows));
    }

    /// Rows 0 to 2 belong to one story, 3 and 4 to another, of which row 4 is in an article of its own; 5 to 8 only to articles; 9 to nothing.
    #[test]
    fn a_row_goes_with_its_story_else_with_its_article() {
        let categories = |of_row: [Option<u32>; 10]| Some(Categories { names: Vec::new(), of_row: of_row.to_vec() });
        let stories = categories([Some(0), Some(0), Some(0), Some(1), Some(1), None, None, None, None, None]);
        let articles =
            categories([Some(0), Some(1), Some(1), Some(2), Some(3), Some(4), Some(4), Some(1), Some(1), None]);
        let by_story: [&[usize]; 5] = [&[0, 1, 2], &[3, 4], &[5, 6], &[7, 8], &[9]];
        assert_eq!(grouped(10, &[&stories, &articles]), by_story);
        let by_article: [&[usize]; 6] = [&[0], &[1, 2, 7, 8], &[3], &[4], &[5, 6], &[9]];
        assert_eq!(grouped(10, &[&articles]), by_article);
        assert_eq!(grouped(3, &[&None]), [[0], [1], [2]]);
    }

    #[test]
    fn a_rare_frame_gets_more_rows() {
        let corpus = corpus();
        let folds = folds(&corpus, GroupBy::DocId, 5, 0).unwrap();
        // All rows hold 15 of the rare frame, and the folds leave fewer; the subsample must leave as many.
        let rows =
            subsample(&corpus, &folds, &params(30), &[&corpus.articles]).unwrap_or_else(|| (0..N_ROWS).collect());
        let rare = rows.iter().filter(|row| *row % 40 == 0).count();
        assert!(rare >= 12 && rows.len() > 300, "{rare} of {} rows", rows.len());
    }

    #[test]
    fn a_nested_cross_validation_draws_for_the_leakage_alone() {
        let corpus = corpus().with_frames(&[true, false]).unwrap();
        let bootstrap = Bootstrap { n_replicates: 0, ..Bootstrap::default() };
        let params = TrainParams { alphas: vec![1.0], bootstrap, ..params(N_ROWS * 3 / 4) };
        let evaluation = cross_validate(&corpus, &params, &Silent).unwrap().evaluation;
        assert_eq!(evaluation.n_rows, N_ROWS);
        let leakage = evaluation.leakage.expect("rows and articles can be held out");
        assert_eq!(leakage.drawn, Some(Drawn { n_rows: N_ROWS * 3 / 4, whole: GroupBy::DocId }));
        let groups: Vec<(GroupBy, usize)> = leakage.scores.iter().map(|one| (one.group, one.n_groups)).collect();
        assert_eq!(groups, [(GroupBy::Row, N_ROWS * 3 / 4), (GroupBy::DocId, N_ROWS / 4)]);
        assert!(leakage.scores.iter().all(|one| one.macro_f1.is_some()));
    }

    /// Above the limit, with columns numbered by use and folds one after the other.
    #[test]
    fn threads_do_not_move_a_byte_above_the_limit() {
        let corpus = corpus().with_frames(&[true, false]).unwrap();
        let bootstrap = Bootstrap { n_replicates: 20, ..Bootstrap::default() };
        // Articles have three rows: more than the limit are drawn.
        let params = TrainParams { bootstrap, ..params(N_ROWS * 3 / 4 - 1) };
        let stages = Stages::default();
        let trained = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| train(&corpus, &params, &stages)).unwrap().model
        };
        let (one, three) = (trained(1), trained(3));
        assert_eq!(one.to_bytes().unwrap(), three.to_bytes().unwrap());

        let training = &one.metadata().training;
        let n = training.alpha_rows.expect("there are more rows than choose the penalty");
        assert!((N_ROWS * 3 / 4..N_ROWS).contains(&n), "{n}");
        let leakage = training.evaluation.leakage.as_ref().expect("rows and articles can be held out");
        assert_eq!(leakage.drawn, Some(Drawn { n_rows: n, whole: GroupBy::DocId }));
        assert_eq!(leakage.scores.iter().map(|one| one.group).collect::<Vec<_>>(), [GroupBy::Row, GroupBy::DocId]);
        assert_eq!(leakage.scores[1].n_groups, n / 3);
        let stages = stages.0.into_inner().unwrap();
        assert!(stages.iter().any(|stage| stage == "cross-validating, alpha on 450 of 600 rows"), "{stages:?}");
        assert!(stages.iter().any(|stage| stage == "holding out rows"), "what was drawn is not drawn from: {stages:?}");
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
