//! A student, its teacher, and rows enough to choose by some of them.

use ndarray::{Array2, Axis};

use crate::corpus::{Categories, Code, Corpus, Frames, LeftOut};
use crate::evaluation::{Metric, Predictions};
use crate::model::{Model, Scorer};
use crate::stats::Bootstrap;
use crate::training::{DistillParams, Distilled, Gold, Silent, Teacher, TrainParams, Unlabelled, distill, train};

/// Articles of three sentences from the `first` on. A word tells the frame, but for one label in ten.
fn corpus(first: usize, n_rows: usize) -> Corpus {
    let mut state = first as u64 + 1;
    let mut next = |n: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % n
    };
    let rows: Vec<(String, bool)> = (0..n_rows)
        .map(|i| {
            let words: Vec<u64> = (0..8).map(|_| next(90)).collect();
            let text: Vec<String> = words.iter().map(|word| format!("word{word}")).collect();
            let talks = words.iter().any(|word| *word < 8) != (next(10) == 0);
            (format!("{} {}", text.join(" "), first + i), talks)
        })
        .collect();
    Corpus {
        codes: Array2::from_shape_fn((n_rows, 1), |(i, _)| Code::from(rows[i].1)),
        texts: rows.into_iter().map(|(text, _)| text).collect(),
        frames: Frames::new(vec!["talk".into()]).unwrap(),
        weights: vec![1.0; n_rows],
        outlets: None,
        articles: Some(Categories {
            names: (0..n_rows / 3).map(|article| format!("{first}-{article}")).collect(),
            of_row: (0..n_rows as u32).map(|row| Some(row / 3)).collect(),
        }),
        stories: None,
        sources: Vec::new(),
        left_out: LeftOut::default(),
    }
}

fn params(max_path_rows: usize) -> DistillParams {
    let bootstrap = Bootstrap { n_replicates: 0, ..Bootstrap::default() };
    let train = TrainParams { alphas: vec![3.0, 1.0], bootstrap, leakage: false, n_folds: 3, ..TrainParams::default() };
    DistillParams {
        train: TrainParams { max_path_rows, max_parallel_rows: max_path_rows, ..train },
        mixes: vec![1.0, 10.0],
        ..DistillParams::default()
    }
}

/// A teacher of many rows, opinions of others, and a student by these with or without a few coded rows.
fn run(teacher: &Model, with_gold: bool, max_path_rows: usize, n_threads: usize) -> Distilled {
    let gold = corpus(10_000, 60);
    let n_rows = if with_gold { 450 } else { 900 };
    let rows = Unlabelled::new(&corpus(20_000, n_rows), with_gold.then_some(&gold), None);
    let opinions = Scorer::new(teacher.clone()).unwrap().predictions(&rows.corpus.texts).unwrap().proba;
    let gold = with_gold.then_some(Gold { corpus: &gold, teacher: None });
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
    let teacher = Teacher::new(teacher, "teacher", None);
    let params = params(max_path_rows);
    pool.install(|| distill(&teacher, &rows, opinions.view(), gold, &params, &Silent)).unwrap()
}

fn average_precision(model: &Model, test: &Corpus) -> f64 {
    let judged = Scorer::new(model.clone()).unwrap().predictions(&test.texts).unwrap();
    let bootstrap = Bootstrap { n_replicates: 0, ..Bootstrap::default() };
    judged.judge(test, bootstrap).unwrap().frames[0].scores.get(Metric::AveragePrecision).unwrap().value
}

#[test]
fn a_student_is_better_than_its_few_coded_rows_also_where_few_rows_choose() {
    let teacher = train(&corpus(0, 900), &params(20_000).train, &Silent).unwrap().model;
    let test = corpus(30_000, 300);
    for max_path_rows in [20_000, 150] {
        let Distilled { model, ngrams, report, .. } = run(&teacher, true, max_path_rows, 2);
        let kept = model.metadata().training.distillation.clone().unwrap();
        assert_eq!((kept.n_unlabelled, kept.n_held_out), (360, 90));
        assert_eq!(kept.choice_rows, (max_path_rows == 150).then_some(150));
        let (student, alone) = (average_precision(&model, &test), average_precision(&ngrams.unwrap(), &test));
        assert!(student > alone + 0.03, "{max_path_rows}: {student} {alone}");
        assert!(report.gold.unwrap().standings[0].evaluation.is_none(), "nobody scored these with the teacher");
        let alike = |of: &crate::evaluation::Fidelity| of.frames[0].agreement.as_ref().unwrap().value;
        assert!(alike(&report.agreement) > alike(&report.ngrams_agreement.unwrap()));
    }
    for max_path_rows in [20_000, 150] {
        let Distilled { model, .. } = run(&teacher, false, max_path_rows, 2);
        let training = &model.metadata().training;
        let kept = training.distillation.as_ref().unwrap();
        assert!(kept.is_unchecked() && kept.frames[0].mix.is_none() && training.n_rows == 0);
        // More than were asked for, as a choice among few rows with the frame would be none.
        assert_eq!(kept.choice_rows.is_some_and(|n| n < kept.n_unlabelled), max_path_rows == 150);
        let (student, taught) = (average_precision(&model, &test), average_precision(&teacher, &test));
        assert!(student > taught - 0.1, "{max_path_rows}: {student} {taught}");
        // What the student learned from was not coded: whoever codes it may correct the student by it.
        assert!(!model.has_seen(&corpus(20_000, 900).texts[0]) && model.has_seen(&corpus(0, 900).texts[0]));
    }
}

#[test]
fn threads_do_not_move_a_byte() {
    let teacher = train(&corpus(0, 300), &params(20_000).train, &Silent).unwrap().model;
    for (with_gold, max_path_rows) in [(true, 20_000), (true, 150), (false, 150)] {
        let [one, three] = [1, 3].map(|n| run(&teacher, with_gold, max_path_rows, n).model.to_bytes().unwrap());
        assert!(one == three, "{with_gold} {max_path_rows}");
    }
}

#[test]
fn opinions_that_are_none_are_refused() {
    let teacher = train(&corpus(0, 300), &params(20_000).train, &Silent).unwrap().model;
    let rows = Unlabelled::new(&corpus(20_000, 30), None, None);
    let teacher = Teacher::new(&teacher, "teacher", None);
    let refused =
        |opinions: Array2<f64>| distill(&teacher, &rows, opinions.view(), None, &params(9), &Silent).unwrap_err();
    let error = refused(Array2::from_elem((30, 1), 1.5)).to_string();
    assert!(error.contains("probabilities, from 0 to 1"), "{error}");
    let error = refused(Array2::from_elem((29, 1), 0.5)).to_string();
    assert!(error.contains("29"), "{error}");
    let some = Array2::from_elem((30, 2), 0.5).select(Axis(1), &[0, 1]);
    assert!(refused(some).to_string().contains("the teacher's frames"));
}

#[test]
fn what_the_teacher_says_of_coded_rows_must_be_of_these() {
    let model = train(&corpus(0, 300), &params(20_000).train, &Silent).unwrap().model;
    let (gold, rows) = (corpus(10_000, 60), Unlabelled::new(&corpus(20_000, 60), None, None));
    let teacher = Teacher::new(&model, "teacher", None);
    for (shape, says) in [((59, 1), "59"), ((60, 2), "the teacher's frames")] {
        let predictions = Predictions::zeros(shape.0, shape.1);
        let gold = Gold { corpus: &gold, teacher: Some(&predictions) };
        let opinions = Array2::from_elem((60, 1), 0.5);
        let error = distill(&teacher, &rows, opinions.view(), Some(gold), &params(9), &Silent).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}
