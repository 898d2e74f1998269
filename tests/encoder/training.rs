//! How an encoder takes part in training, and what it never sees there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;

use framescope::comparison::{CompareParams, Drift};
use framescope::corpus::GroupBy;
use framescope::evaluation::Metric;
use framescope::study::study;
use framescope::training::{CrossFitted, Progress, Silent, cross_fit, cross_validate, train};
use framescope::{CorpusOptions, Population, Scorer, TrainParams};

use crate::support::Folder;
use crate::{corpus, encoder, kinds, params, tuning, with_dense};

/// The scores out of fold tell whether a setting was chosen by them: the best of several lengths is as good as any of them alone.
#[test]
fn the_length_is_chosen_out_of_fold_frame_by_frame() {
    let corpus = corpus(180);
    let given = encoder();
    let ap = |params: &TrainParams| -> (Vec<f64>, Vec<f64>) {
        let model = train(&corpus, params, &Silent).unwrap().model;
        let metadata = model.metadata();
        let scores = metadata.training.evaluation.frames.iter();
        let of_frame = scores.map(|frame| frame.scores.get(Metric::AveragePrecision).unwrap().value).collect();
        (of_frame, metadata.encoder.as_ref().unwrap().weights.clone())
    };
    let lengths = [0.01, 1.0, 30.0];
    let each = lengths.map(|length| ap(&with_dense(&params(&given), |dense| dense.weights = vec![length])).0);
    let (_, chosen) = ap(&with_dense(&params(&given), |dense| dense.weights = vec![30.0, 0.01, 1.0]));
    for (j, chosen) in chosen.iter().enumerate() {
        let worst = lengths.iter().zip(&each).min_by(|a, b| a.1[j].total_cmp(&b.1[j])).unwrap().0;
        assert!(lengths.contains(chosen) && chosen != worst, "{chosen} for {j}, of {each:?}");
    }
}

/// Remembers what a run said that it did, with the steps that it announced and those that it took.
#[derive(Default)]
struct Stages(Mutex<Vec<(String, usize, usize)>>);

impl Progress for Stages {
    fn begin(&self, stage: &str, tracks: &[String], steps: usize) {
        self.0.lock().unwrap().push((stage.to_owned(), tracks.len() * steps, 0));
    }

    fn step(&self, _: usize) {
        self.0.lock().unwrap().last_mut().unwrap().2 += 1;
    }

    fn end(&self) {}
}

#[test]
fn an_encoder_is_fine_tuned_for_each_fold_without_it() {
    let corpus = corpus(180);
    let given = encoder();
    let mut params = with_dense(&params(&given), |dense| dense.fine_tune = Some(tuning()));
    (params.group, params.leakage) = (Some(GroupBy::StoryId), true);
    let stages = Stages::default();
    let CrossFitted { trained, fold_models, folds, .. } = cross_fit(&corpus, &params, &stages).unwrap();
    let tuned = given.tuned.lock().unwrap().clone();
    assert_eq!((tuned.len(), fold_models.len()), (4, 3));
    for (k, tuned) in tuned.iter().enumerate() {
        let (outside, inside) = if k < 3 { folds.split(k) } else { ((0..corpus.n_rows()).collect(), Vec::new()) };
        let texts: Vec<&String> = outside.iter().map(|row| &corpus.texts[*row]).collect();
        assert_eq!(tuned.texts.iter().collect::<Vec<_>>(), texts, "fold {k}");
        let seen: BTreeSet<&String> = tuned.texts.iter().collect();
        assert!(!inside.iter().any(|row| seen.contains(&corpus.texts[*row])), "fold {k} was seen");
        let stories = corpus.stories.as_ref().unwrap();
        let groups: BTreeMap<Option<u32>, u32> =
            outside.iter().map(|row| stories.of_row[*row]).zip(tuned.groups.iter().copied()).collect();
        let same = |(row, group): (&usize, &u32)| groups[&stories.of_row[*row]] == *group;
        assert!(outside.iter().zip(&tuned.groups).all(same), "groups are those that folds hold out whole");
        let name = if k < 3 { format!("kept/fold-{}", k + 1) } else { "kept/all".into() };
        assert_eq!(tuned.checkpoints, Some(PathBuf::from(name)));
    }
    let identities: BTreeSet<String> = (fold_models.iter())
        .map(|of_fold| (&of_fold.model, of_fold.encoder.as_ref().unwrap()))
        .chain([(&trained.model, trained.encoder.as_ref().unwrap())])
        .map(|(model, encoder)| {
            let summary = model.metadata().encoder.as_ref().unwrap();
            assert_eq!(&summary.identity, encoder.identity());
            assert_eq!(summary.fine_tuned.as_ref().unwrap().checkpoints, None);
            encoder.identity().sha256.clone()
        })
        .collect();
    assert_eq!(identities.len(), 4, "each model has an encoder of its own");
    assert_eq!(trained.model.metadata().training.evaluation.leakage, None, "which would take as much work again");

    let stages = stages.0.into_inner().unwrap();
    let of = |name: &str| stages.iter().filter(|(stage, ..)| stage == name).cloned().collect::<Vec<_>>();
    let steps = tuning().0.n_steps(folds.split(1).0.len());
    assert_eq!(of("fine-tuning without fold 2 of 3"), [("fine-tuning without fold 2 of 3".into(), steps, steps)]);
    assert_eq!((of("fine-tuning on all rows").len(), of("encoding").len()), (1, 4));
    assert!(stages.iter().all(|(_, announced, taken)| taken == announced), "{stages:?}");
}

/// The out-of-fold predictions of a run are those of its fold models, so that rows without codes are predicted by the same kind of model.
#[test]
fn fold_models_give_the_predictions_out_of_fold() {
    let corpus = corpus(180);
    for (kind, params) in kinds(&encoder()) {
        let CrossFitted { out_of_fold, fold_models, folds, .. } = cross_fit(&corpus, &params, &Silent).unwrap();
        for (k, of_fold) in fold_models.into_iter().enumerate() {
            let scorer = Scorer::with_encoder(of_fold.model, of_fold.encoder.unwrap()).unwrap();
            let (_, inside) = folds.split(k);
            let found = scorer.predictions(&corpus.select(&inside).texts).unwrap().proba;
            for (i, row) in inside.iter().enumerate() {
                let gap = (&found.row(i) - &out_of_fold.proba.row(*row)).mapv(f64::abs).sum();
                assert!(gap < 1e-5, "{kind}, fold {k}, row {row}: off by {gap}");
            }
        }
    }
}

#[test]
fn threads_do_not_move_a_byte() {
    let corpus = corpus(180);
    for (kind, params) in kinds(&encoder()) {
        let params = TrainParams { max_parallel_rows: 100, ..params };
        let bytes = |n_threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
            pool.install(|| train(&corpus, &params, &Silent)).unwrap().model.to_bytes().unwrap()
        };
        assert_eq!(bytes(1), bytes(4), "{kind}");
    }
}

#[test]
fn rows_are_encoded_once_however_often_they_are_scored() {
    let corpus = corpus(180);
    let given = encoder();
    let leaking = TrainParams { leakage: true, max_path_rows: 140, n_folds: 2, ..params(&given) };
    train(&corpus, &leaking, &Silent).unwrap();
    assert_eq!(*given.n_encoded.lock().unwrap(), corpus.n_rows());
    let nested = cross_validate(&corpus, &leaking, &Silent).unwrap().evaluation;
    assert_eq!(*given.n_encoded.lock().unwrap(), 2 * corpus.n_rows());
    assert!(nested.leakage.is_some_and(|leakage| leakage.scores.len() > 1));
}

#[test]
fn a_nested_cross_validation_fine_tunes_inside_of_its_folds() {
    let corpus = corpus(180);
    let given = encoder();
    let mut params = with_dense(&params(&given), |dense| dense.fine_tune = Some(tuning()));
    (params.n_folds, params.leakage) = (2, true);
    let evaluation = cross_validate(&corpus, &params, &Silent).unwrap().evaluation;
    assert_eq!((evaluation.n_rows, evaluation.leakage), (corpus.n_rows(), None));
    let tuned = given.tuned.lock().unwrap().clone();
    let names: Vec<String> = tuned.iter().map(|one| one.checkpoints.as_ref().unwrap().display().to_string()).collect();
    let expected =
        ["outer-1/fold-1", "outer-1/fold-2", "outer-1/all", "outer-2/fold-1", "outer-2/fold-2", "outer-2/all"];
    assert_eq!(names, expected.map(|name| format!("kept/{name}")));
    // All rows of the inner trainings are those outside the outer fold, whose own rows no encoder saw.
    let [first, second] = [&tuned[2], &tuned[5]].map(|all| all.texts.iter().collect::<BTreeSet<_>>());
    assert!(first.is_disjoint(&second));
    assert!(tuned[..2].iter().all(|fold| fold.texts.iter().all(|text| first.contains(text))));
}

/// Rows that nobody coded are predicted by all fold models, which share an encoder that learned nothing, and each have one that did.
#[test]
fn a_study_encodes_uncoded_rows_once_unless_folds_have_encoders_of_their_own() {
    let folder = Folder::new();
    let labels = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/labels/framing-en.csv")).unwrap();
    let coded: Vec<&str> = labels.lines().take(181).collect();
    let column = coded[0].split(',').position(|name| name == "text").unwrap();
    let mut open = csv::Writer::from_path(folder.path("open.csv")).unwrap();
    open.write_record(["text", "outlet", "labels"]).unwrap();
    for row in csv::Reader::from_reader(labels.as_bytes()).records().skip(1000).take(60) {
        open.write_record([&row.unwrap()[column], "Elsewhere", ""]).unwrap();
    }
    open.flush().unwrap();
    drop(open);
    let folder = folder.with("coded.csv", coded.join("\n"));
    let paths = ["coded.csv", "open.csv"].map(|name| folder.path(name).to_str().unwrap().to_owned());
    let options = CorpusOptions { uncoded: true, ..CorpusOptions::default() };
    for (kind, n_of_coded, n_of_open) in [("one setting", 1, 1), ("alone", 1, 1), ("fine-tuned", 4, 3)] {
        let given = encoder();
        let params = kinds(&given).into_iter().find(|(name, _)| *name == kind).unwrap().1;
        let population = Population::read(&paths, &options, None).unwrap();
        let comparing = CompareParams { n_replicates: 20, n_draws: 100, ..CompareParams::default() };
        let study = study(population, &params, &comparing, &Silent).unwrap();
        assert_eq!(*given.n_encoded.lock().unwrap(), 180 * n_of_coded + 60 * n_of_open, "{kind}");
        assert!(study.predictions.proba.iter().all(|proba| *proba > 0.0 && *proba < 1.0), "{kind}");
        let drift = &study.comparison.drift;
        let is_elsewhere = |drift: &&Drift| drift.outlet == "Elsewhere";
        let unknown = drift.iter().find(is_elsewhere).unwrap().unknown_words;
        assert_eq!(unknown.is_none(), kind == "alone", "no vocabulary, no words outside it");
        study.trained.scorer().unwrap();
    }
}
