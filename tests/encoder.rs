//! Models with a sentence encoder: trained, kept out of what they are judged on, saved, scored and explained.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use framescope::comparison::{CompareParams, Drift};
use framescope::corpus::GroupBy;
use framescope::evaluation::Metric;
use framescope::features::encoder::TuningParams;
use framescope::features::{Documents, Lexicon, SentenceEncoder, Tokenizer};
use framescope::model::{ClassWeight, Contribution, Prior};
use framescope::predict::{PredictOptions, predict};
use framescope::report::{card_table, explanation_csv, explanation_header, explanation_json};
use framescope::stats::{Bootstrap, sigmoid};
use framescope::study::study;
use framescope::training::{CrossFitted, DenseParams, Progress, Silent, cross_fit, cross_validate, train};
use framescope::{Corpus, CorpusOptions, ErrorKind, Model, Population, Scorer, TrainParams};
use support::encoder::Hashed;
use support::{Folder, rows};

const DIM: usize = 32;

fn corpus(n: usize) -> Corpus {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/labels/framing-en.csv").to_owned();
    Corpus::read(&[path], &CorpusOptions::default()).unwrap().select(&(0..n).collect::<Vec<_>>())
}

/// Little work, and one penalty and length.
fn params(encoder: &Arc<Hashed>) -> TrainParams {
    let dense = DenseParams { encoder: encoder.clone(), weights: vec![2.0], alone: false, fine_tune: None };
    TrainParams {
        alphas: vec![1.0],
        n_folds: 3,
        leakage: false,
        bootstrap: Bootstrap { n_replicates: 0, ..Bootstrap::default() },
        dense: Some(dense),
        ..TrainParams::default()
    }
}

fn with_dense(params: &TrainParams, change: impl FnOnce(&mut DenseParams)) -> TrainParams {
    let mut params = params.clone();
    change(params.dense.as_mut().unwrap());
    params
}

fn tuning() -> TuningParams {
    let mut tuning = TuningParams::default();
    tuning.0.checkpoints = Some(PathBuf::from("kept"));
    tuning
}

fn encoder() -> Arc<Hashed> {
    Arc::new(Hashed::new(DIM))
}

/// All settings to choose from, `alone` and fine-tuned.
fn kinds(encoder: &Arc<Hashed>) -> Vec<(&'static str, TrainParams)> {
    let plain = params(encoder);
    let many = TrainParams { alphas: vec![3.0, 0.3], ..with_dense(&plain, |dense| dense.weights = vec![0.5, 4.0]) };
    let alone = TrainParams { alphas: vec![3.0, 0.3], ..with_dense(&plain, |dense| dense.alone = true) };
    let tuned = with_dense(&plain, |dense| dense.fine_tune = Some(tuning()));
    vec![("one setting", plain), ("four settings", many), ("alone", alone), ("fine-tuned", tuned)]
}

/// The logits of a model by the formula: its n-grams' matrix and the encoder's vectors, times its weights.
fn expected_logits(model: &Model, encoder: &dyn SentenceEncoder, texts: &[String]) -> Vec<Vec<f64>> {
    let features = &model.metadata().features;
    let lexicon = Lexicon::new(Documents::new(&Tokenizer::default(), texts).unwrap(), features);
    let matrix = model.vocabulary().transform(&lexicon, &(0..texts.len()).collect::<Vec<_>>(), features);
    let vectors = encoder.encode(&texts.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
    let intercepts = Scorer::with_encoder(model.clone(), Arc::new(Hashed::of(encoder.identity().clone()))).unwrap();
    let of_frame = |j: usize| -> Vec<f64> {
        let weights: Vec<f64> = model.features(j).map(|feature| f64::from(feature.weight)).collect();
        let slope = model.calibration()[j].map.slope;
        let dense = |i: usize| -> f64 {
            let weights = model.dense_weights().row(j).to_owned();
            vectors.row(i).iter().zip(weights).map(|(x, w)| f64::from(*x) * f64::from(w)).sum()
        };
        let ngrams = matrix.product(&weights).into_iter().enumerate();
        ngrams.map(|(i, z)| slope * (z + dense(i)) + intercepts.intercepts()[j]).collect()
    };
    (0..model.frames().len()).map(of_frame).collect()
}

#[test]
fn saved_loaded_and_scored_a_model_is_what_its_matrix_says() {
    let corpus = corpus(180);
    let given = encoder();
    for (kind, params) in kinds(&given) {
        let trained = train(&corpus, &params, &Silent).unwrap();
        let encoder = trained.encoder.clone().unwrap();
        let bytes = trained.model.to_bytes().unwrap();
        let loaded = Model::from_bytes(&bytes).unwrap();
        assert_eq!(loaded.metadata(), trained.model.metadata(), "{kind}");
        assert_eq!(loaded.to_bytes().unwrap(), bytes, "{kind}");

        let mut texts = corpus.texts[..40].to_vec();
        texts.extend(["", "zzyzx qwrtp", "He said “no”, he said."].map(str::to_owned));
        let expected = expected_logits(&loaded, &*encoder, &texts);
        let scorer = Scorer::with_encoder(loaded, encoder).unwrap();
        let proba = scorer.predictions(&texts).unwrap().proba;
        for (j, logits) in expected.iter().enumerate() {
            for (i, logit) in logits.iter().enumerate() {
                let (found, text) = (proba[(i, j)], &texts[i]);
                assert!((found - sigmoid(*logit)).abs() < 1e-6, "{kind}, {text:?}: {found}, not {}", sigmoid(*logit));
                assert!((scorer.score(text).unwrap()[j] - found).abs() < 1e-9, "{kind}, {text:?} by itself");
            }
        }

        let summary = scorer.model().metadata().encoder.as_ref().unwrap();
        let lengths = params.dense.as_ref().unwrap().weights.clone();
        let is_alone = kind == "alone";
        assert!(summary.weights.iter().all(|length| if is_alone { *length == 1.0 } else { lengths.contains(length) }));
        assert_eq!((summary.alone, scorer.model().vocabulary().n_features() == [0, 0]), (is_alone, is_alone));
        assert_eq!(summary.fine_tuned.is_some(), kind == "fine-tuned");
        assert_eq!(&summary.identity == given.identity(), kind != "fine-tuned");
        let logistic = &scorer.model().metadata().training.logistic;
        assert_eq!(
            (logistic.class_weight == ClassWeight::None, logistic.prior == Prior::Uniform),
            (is_alone, is_alone)
        );
        let card = card_table(scorer.model(), "m");
        assert!(card.contains("\nSentence encoder\n  hashed-words, revision main, sha256 0000"), "{card}");
        assert_eq!(card.contains("  alone: without words"), is_alone, "{card}");
        assert_eq!(
            card.contains("  fine-tuned on the training rows: at most 6 epochs"),
            kind == "fine-tuned",
            "{card}"
        );
    }
}

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

#[test]
fn an_encoder_that_does_not_fit_is_refused() {
    let corpus = corpus(180);
    let given = encoder();
    let model = train(&corpus, &params(&given), &Silent).unwrap().model;
    let plain = train(&corpus, &TrainParams { dense: None, ..params(&given) }, &Silent).unwrap();
    assert!(plain.encoder.is_none() && plain.model.dense_weights().dim() == (3, 0));
    let refused = |result: framescope::Result<Scorer>, says: &[&str]| {
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Encoder(_)), "{error}");
        let message = error.to_string();
        assert!(says.iter().all(|says| message.contains(says)), "{message}");
    };
    let needs = ["was trained with the encoder hashed-words (sha256 000000000000…, 32 numbers)", "--encoder"];
    refused(Scorer::new(model.clone()), &needs);
    let other = Hashed::new(DIM + 1);
    refused(Scorer::with_encoder(model.clone(), Arc::new(other)), &["32 numbers", "33 numbers", "which is another"]);
    let mut identity = given.identity().clone();
    identity.sha256 = "f".repeat(64);
    refused(Scorer::with_encoder(model, Arc::new(Hashed::of(identity))), &["000000000000…", "ffffffffffff…"]);
    refused(Scorer::with_encoder(plain.model, given.clone()), &["was trained without an encoder; leave it out"]);

    let mut weighted = corpus.clone();
    weighted.weights[7] = 0.5;
    let alone = with_dense(&params(&given), |dense| dense.alone = true);
    let error = train(&weighted, &alone, &Silent).unwrap_err();
    assert!(error.to_string().contains("the weight of a row is 0.5; expected 1 throughout"), "{error}");
    assert!(cross_validate(&weighted, &alone, &Silent).unwrap_err().to_string().contains("expected 1 throughout"));
    train(&weighted, &params(&given), &Silent).unwrap();
}

#[test]
fn an_explanation_says_that_it_is_approximate_and_its_parts_close_the_sum() {
    let corpus = corpus(240);
    let given = encoder();
    let scorer = train(&corpus, &params(&given), &Silent).unwrap().scorer().unwrap();
    let text = "Moscow accused NATO of lying, but said it remained open to talks.";
    let proba = scorer.score(text).unwrap();
    let explanation = scorer.explain(text).unwrap();
    assert!(explanation.approximate);
    for (j, frame) in explanation.frames.iter().enumerate() {
        assert!((frame.proba - proba[j]).abs() < 1e-9, "{} {}", frame.proba, proba[j]);
        let sum: f64 = frame.intercept + frame.remainder + frame.words.iter().map(Contribution::total).sum::<f64>();
        assert!((sum - frame.logit).abs() < 1e-9);
        // A word left out takes its n-grams with it, so that only the encoder's part can be compared.
        let (span, word) = (&explanation.tokens[1], &frame.words[1]);
        let without = format!("{}{}", &text[..span.start], &text[span.end..]);
        let dense = |text: &str| -> f64 {
            let vector = given.encode(&[text]).unwrap();
            let weights = scorer.model().dense_weights().row(j).mapv(f64::from);
            scorer.model().calibration()[j].map.slope * vector.row(0).mapv(f64::from).dot(&weights)
        };
        assert!((word.context - (dense(text) - dense(&without))).abs() < 1e-9);
        assert!(word.context != 0.0 && frame.remainder != 0.0);
    }

    let csv = explanation_header(true).unwrap() + &explanation_csv("r", &explanation, Some(2)).unwrap();
    let table = rows(csv.as_bytes());
    let schema = rows(&Folder::new().succeeds(&["schema", "explanations", "--format", "csv"]).stdout);
    let columns: Vec<&String> = schema[1..].iter().map(|row| &row[1]).collect();
    assert_eq!(table[0].iter().collect::<Vec<_>>(), columns);
    assert_eq!(table.len(), 1 + 3 * 4, "an intercept, a remainder and two words a frame");
    assert_eq!((table[2][4].as_str(), &table[2][10]), ("(remainder)", &table[2][12]));
    let json = explanation_json("r", &explanation, None);
    assert_eq!(json["approximate"], true);
    assert!(json["frames"][0]["remainder"].is_f64() && json["frames"][0]["words"][0]["context"].is_f64());
}

#[test]
fn a_stream_of_rows_is_scored_as_texts_are() {
    let corpus = corpus(180);
    let given = encoder();
    let scorer = train(&corpus, &params(&given), &Silent).unwrap().scorer().unwrap();
    let folder = Folder::with_rows("id,text\n1,Both sides agreed to talk.\n2, \n3,Troops massed at the border.\n");
    let path = folder.path("rows.csv").to_str().unwrap().to_owned();
    let before = *given.n_encoded.lock().unwrap();
    let mut out = Vec::new();
    let write = |bytes: &[u8]| {
        out.extend_from_slice(bytes);
        Ok(())
    };
    let report = predict(&scorer, &[path], &PredictOptions::default(), write, |_| {}).unwrap();
    assert_eq!((report.n_rows, report.n_empty, *given.n_encoded.lock().unwrap() - before), (3, 1, 2));
    let table = rows(&out);
    assert!(table[2][2..].iter().all(String::is_empty), "{table:?}");
    for (row, text) in [(1, "Both sides agreed to talk."), (3, "Troops massed at the border.")] {
        for (j, proba) in scorer.score(text).unwrap().into_iter().enumerate() {
            assert!((table[row][2 + j].parse::<f64>().unwrap() - proba).abs() < 2e-6, "{table:?}");
        }
    }
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
