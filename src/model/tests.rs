//! The estimator against its oracle, the scorer against the matrix, the artefact against itself.

use linfa::DatasetBase;
use linfa::traits::{Fit, Predict};
use ndarray::{Array1, Array2, Axis};
use rand::RngExt as _;

use super::*;
use crate::corpus::{Code, Codes, Corpus, CorpusOptions, Frames};
use crate::error::ErrorKind;
use crate::features::{Documents, FeatureMatrix, Lexicon, Names, Tokenizer};
use crate::stats::{Bootstrap, fit_dense_logistic, rng, sigmoid};
use crate::training::{Silent, TrainParams, train};

const N_SAMPLES: usize = 120;
const N_FEATURES: usize = 6;

/// A small dense problem with planted weights, in which about `prevalence` of the rows have the frame.
fn dense_problem(prevalence: f64, seed: u64) -> (Vec<Vec<f32>>, Vec<bool>) {
    let mut rng = rng(seed, "dense problem", 0);
    let planted = [1.5, -2.0, 0.5, 0.0, 0.0, 1.0];
    let shift = (prevalence / (1.0 - prevalence)).ln();
    let rows: Vec<Vec<f32>> =
        (0..N_SAMPLES).map(|_| (0..N_FEATURES).map(|_| rng.random_range(-1.0_f32..1.0)).collect()).collect();
    let labels = rows
        .iter()
        .map(|row| {
            let z: f64 = row.iter().zip(planted).map(|(x, w)| f64::from(*x) * w).sum();
            rng.random_range(0.0..1.0) < sigmoid(z + shift)
        })
        .collect();
    (rows, labels)
}

fn codes(labels: &[bool]) -> Codes {
    Array2::from_shape_fn((labels.len(), 1), |(i, _)| Code::from(labels[i]))
}

/// The estimator as plain ridge, solved tightly.
fn ridge(alpha: f64) -> LogisticParams {
    LogisticParams::default().alpha(alpha).class_weight(ClassWeight::None).prior(Prior::Uniform).tolerance(1e-10)
}

fn objective(rows: &[Vec<f32>], labels: &[bool], alpha: f64, weights: &Array1<f64>, intercept: f64) -> f64 {
    let loss: f64 = rows
        .iter()
        .zip(labels)
        .map(|(row, label)| {
            let z: f64 = row.iter().zip(weights).map(|(x, w)| f64::from(*x) * w).sum::<f64>() + intercept;
            let margin = if *label { z } else { -z };
            (1.0 + (-margin).exp()).ln()
        })
        .sum();
    loss + 0.5 * alpha * weights.dot(weights)
}

#[test]
fn agrees_with_linfa_logistic_at_both_prevalences() {
    for (prevalence, seed) in [(0.2, 1), (0.8, 2)] {
        let (rows, labels) = dense_problem(prevalence, seed);
        let share = labels.iter().filter(|label| **label).count() as f64 / N_SAMPLES as f64;
        assert!((share - prevalence).abs() < 0.15, "the problem is as skewed as it should be: {share}");
        for alpha in [0.1, 1.0, 10.0] {
            let dataset = DatasetBase::new(FeatureMatrix::from_dense_rows(&rows), codes(&labels));
            let ours = ridge(alpha).fit(&dataset).unwrap();

            let x = Array2::from_shape_fn((N_SAMPLES, N_FEATURES), |(i, j)| f64::from(rows[i][j]));
            let oracle = fit_dense_logistic(x.view(), Array1::from(labels.clone()).view(), alpha, 1e-8).unwrap();
            for (w, v) in ours.weights.row(0).iter().zip(&oracle.coefficients) {
                assert!((w - v).abs() < 1e-4, "prevalence {prevalence}, alpha {alpha}: {w} is not {v}");
            }
            assert!((ours.intercepts[0] - oracle.intercept).abs() < 1e-4);

            let (a, b) = (
                objective(&rows, &labels, alpha, &ours.weights.row(0).to_owned(), ours.intercepts[0]),
                objective(&rows, &labels, alpha, &oracle.coefficients, oracle.intercept),
            );
            assert!((a - b).abs() < 1e-8 * b, "objective {a} is not {b}");
            assert!((ours.fits[0].objective - a).abs() < 1e-9 * a, "the reported objective is the objective");
        }
    }
}

#[test]
fn class_weights_are_row_weights() {
    let (rows, labels) = dense_problem(0.2, 3);
    let n_present = labels.iter().filter(|label| **label).count() as f32;
    let n = N_SAMPLES as f32;
    let weights: Array1<f32> =
        labels.iter().map(|label| if *label { n / (2.0 * n_present) } else { n / (2.0 * (n - n_present)) }).collect();
    let matrix = FeatureMatrix::from_dense_rows(&rows);
    let balanced = ridge(1.0).class_weight(ClassWeight::Balanced);
    let by_class = balanced.fit(&DatasetBase::new(matrix.clone(), codes(&labels))).unwrap();
    let by_row = ridge(1.0).fit(&DatasetBase::new(matrix, codes(&labels)).with_weights(weights)).unwrap();
    for (a, b) in by_class.weights.iter().zip(&by_row.weights) {
        assert!((a - b).abs() < 1e-5, "{a} {b}");
    }
}

#[test]
fn a_row_weighted_twice_is_two_rows_and_one_not_coded_is_none() {
    let (rows, labels) = dense_problem(0.5, 4);
    let twice: Vec<usize> = (0..N_SAMPLES).chain(0..10).collect();
    let repeated = DatasetBase::new(
        FeatureMatrix::from_dense_rows(&twice.iter().map(|i| rows[*i].clone()).collect::<Vec<_>>()),
        codes(&twice.iter().map(|i| labels[*i]).collect::<Vec<_>>()),
    );
    let weights = Array1::from_shape_fn(N_SAMPLES + 1, |i| if i < 10 { 2.0 } else { 1.0 });
    let mut with_stranger = rows.clone();
    with_stranger.push(vec![9.0; N_FEATURES]);
    let mut masked = codes(&labels);
    masked.push(Axis(0), Array1::from(vec![Code::NotCoded]).view()).unwrap();
    let weighted = DatasetBase::new(FeatureMatrix::from_dense_rows(&with_stranger), masked).with_weights(weights);
    let (a, b) = (ridge(1.0).fit(&repeated).unwrap(), ridge(1.0).fit(&weighted).unwrap());
    for (a, b) in a.weights.iter().zip(&b.weights) {
        assert!((a - b).abs() < 1e-8, "{a} {b}");
    }
}

#[test]
fn the_prior_only_rescales_the_penalty() {
    // With the penalty all but gone, both priors must find the same solution.
    let (rows, labels) = dense_problem(0.5, 5);
    let positive: Vec<Vec<f32>> = rows.iter().map(|row| row.iter().map(|x| x + 1.0).collect()).collect();
    let dataset = DatasetBase::new(FeatureMatrix::from_dense_rows(&positive), codes(&labels));
    let uniform = ridge(1e-7).fit(&dataset).unwrap();
    let log_odds = ridge(1e-7).prior(Prior::LogOdds).fit(&dataset).unwrap();
    for (a, b) in uniform.weights.iter().zip(&log_odds.weights) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
    let strong = ridge(30.0).fit(&dataset).unwrap();
    let shaped = ridge(30.0).prior(Prior::LogOdds).fit(&dataset).unwrap();
    assert!(strong.weights.iter().zip(&shaped.weights).any(|(a, b)| (a - b).abs() > 1e-3), "a strong one does differ");
}

/// The third feature is in every row, the others are in fewer and fewer, so that no feature keeps its place.
#[test]
fn columns_by_use_give_the_same_weights() {
    let (mut rows, labels) = dense_problem(0.4, 9);
    for (i, row) in rows.iter_mut().enumerate() {
        let share = [4, 3, 1, 6, 2, 5];
        row.iter_mut().zip(share).for_each(|(x, n)| *x = if i % n == 0 { *x + 1.5 } else { 0.0 });
    }
    let plain = FeatureMatrix::from_dense_rows(&rows);
    let by_use = plain.clone().by_use();
    let ones = vec![1.0; N_SAMPLES];
    let nearly = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-7);
    for prior in [Prior::Uniform, Prior::LogOdds] {
        let params = ridge(1.0).prior(prior);
        let problem = |matrix| Problems::new(matrix, codes(&labels).view(), &ones, &params.0).unwrap();
        let fit = |matrix, start| problem(matrix).fit(&[(0, 1.0, start)]).unwrap().remove(0);
        let (here, there) = (fit(&plain, None), fit(&by_use, None));
        assert!(nearly(&here.point, &there.point), "{prior:?}: {:?} {:?}", here.point, there.point);
        assert!(!nearly(&here.point, &by_use.to_columns(&here.point)), "{prior:?}: the order does matter");

        // From the solution there is nothing to be done; from a mix-up of its entries there would be.
        let again = fit(&by_use, Some(&here.point));
        assert_eq!(again.report.iterations, 0, "{prior:?}");
        assert!(nearly(&again.point, &here.point), "{prior:?}");
    }
}

#[test]
fn no_convergence_is_an_error() {
    let (rows, labels) = dense_problem(0.5, 6);
    let dataset = DatasetBase::new(FeatureMatrix::from_dense_rows(&rows), codes(&labels));
    let error = ridge(1e-3).max_iterations(1).fit(&dataset).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotConverged { iterations: 1, .. }), "{error}");
}

#[test]
fn options_out_of_range_are_refused() {
    let (rows, labels) = dense_problem(0.5, 7);
    let dataset = DatasetBase::new(FeatureMatrix::from_dense_rows(&rows), codes(&labels));
    for params in [ridge(0.0), ridge(f64::NAN), ridge(1.0).tolerance(0.0), ridge(1.0).max_iterations(0)] {
        let error = params.fit(&dataset).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { .. }), "{error}");
    }
    let too_few = dataset.with_weights(Array1::ones(N_SAMPLES - 1));
    let error = ridge(1.0).fit(&too_few).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::LengthMismatch { right: "the weights", .. }), "{error}");
    let constant = DatasetBase::new(FeatureMatrix::from_dense_rows(&rows), codes(&[true; N_SAMPLES]));
    assert!(matches!(ridge(1.0).fit(&constant).unwrap_err().kind(), ErrorKind::ConstantFrame { .. }));
}

#[test]
fn predicts_as_every_linfa_model() {
    let (rows, labels) = dense_problem(0.5, 8);
    let dataset = DatasetBase::new(FeatureMatrix::from_dense_rows(&rows), codes(&labels));
    let fitted = ridge(1.0).fit(&dataset).unwrap();
    let proba: Array2<f64> = fitted.predict(&dataset);
    assert_eq!(proba.dim(), (N_SAMPLES, 1));
    assert_eq!(proba, fitted.decision_function(&dataset.records).mapv(sigmoid));
    let right = proba.iter().zip(&labels).filter(|(p, label)| (**p > 0.5) == **label).count();
    assert!(right > N_SAMPLES * 6 / 10, "{right}");
}

fn corpus() -> Corpus {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/labels/framing-en.csv").to_owned();
    let corpus = Corpus::read(&[path], &CorpusOptions::default()).unwrap();
    corpus.select(&(0..200).collect::<Vec<_>>())
}

fn quick() -> TrainParams {
    let bootstrap = Bootstrap { n_replicates: 0, ..Bootstrap::default() };
    TrainParams { alphas: vec![1.0], leakage: false, bootstrap, ..TrainParams::default() }
}

/// A model of few rows, ready to score.
pub(super) fn quick_scorer() -> Scorer {
    train(&corpus(), &quick(), &Silent).unwrap().scorer().unwrap()
}

fn with_names(names: Names) -> TrainParams {
    let mut params = quick();
    params.features.0.names = names;
    params
}

#[test]
fn who_is_named_changes_no_score_where_names_are_masked() {
    let corpus = corpus();
    let [here, there] = ["Zyx accused Qwrt of lying, Zyx's aide said.", "Vyk accused Drwl of lying, Vyk's aide said."];
    let scorer = |names| train(&corpus, &with_names(names), &Silent).unwrap().scorer().unwrap();
    let masked = scorer(Names::Mask);
    assert_eq!(masked.score(here).unwrap(), masked.score(there).unwrap());
    assert_ne!(
        masked.score(here).unwrap(),
        masked.score(&here.to_lowercase()).unwrap(),
        "a small letter makes no name"
    );
    assert_eq!(
        masked.score("ACCUSED OF").unwrap(),
        masked.score("accused of").unwrap(),
        "a word known without its capital is no name"
    );
    let names = masked.explain(here).unwrap().names;
    assert_eq!(names.iter().filter(|name| **name).count(), 3, "{names:?}");
    let keeps = scorer(Names::Keep);
    assert_ne!(keeps.score(here).unwrap(), keeps.score(there).unwrap(), "kept names have spellings");
    let words = |scorer: &Scorer| scorer.model().features(0).filter(|feature| feature.kind == "word").count();
    assert!(words(&masked) < words(&keeps));
}

#[test]
fn scorer_and_explanation_agree_with_the_matrix() {
    scorer_agrees_with_the_matrix(&quick());
    for (min_df, max_features) in [(1, 1_000_000), (3, 1_000_000), (1, 1), (150, 50)] {
        let mut params = with_names(Names::Mask);
        (params.features.0.min_df, params.features.0.max_features) = (min_df, max_features);
        scorer_agrees_with_the_matrix(&params);
    }
}

/// Any number of frames: fewer lanes, more lanes, and two groups of them.
#[test]
fn scorer_and_explanation_agree_with_the_matrix_for_any_number_of_frames() {
    let corpus = corpus();
    for n_frames in [1, 2, 5, 9] {
        let columns: Vec<usize> = (0..n_frames).map(|j| j % corpus.frames.len()).collect();
        let names = (0..n_frames).map(|j| format!("frame-{j}")).collect();
        let repeated = Corpus {
            codes: corpus.codes.select(Axis(1), &columns),
            frames: Frames::new(names).unwrap(),
            ..corpus.clone()
        };
        model_agrees_with_the_matrix(&repeated, &train(&repeated, &quick(), &Silent).unwrap().model);
    }
}

/// One that keeps marks together, which is not known without asking the crate.
#[test]
fn scorer_and_explanation_agree_with_the_matrix_for_another_tokenizer() {
    let corpus = corpus();
    let mut model = train(&corpus, &quick(), &Silent).unwrap().model;
    let mut json: serde_json::Value = serde_json::from_str(&model.tokenizer.to_json().unwrap()).unwrap();
    json["pre_tokenizer"] = serde_json::json!({ "type": "Whitespace" });
    let other = Tokenizer::from_json(&json.to_string()).unwrap();
    assert_eq!(other.tokens("He said: “No…”").unwrap(), ["he", "said", ":", "\"", "no", "...\""]);
    model.tokenizer = other;
    model_agrees_with_the_matrix(&corpus, &model);
}

fn scorer_agrees_with_the_matrix(params: &TrainParams) {
    let corpus = corpus();
    model_agrees_with_the_matrix(&corpus, &train(&corpus, params, &Silent).unwrap().model);
}

fn model_agrees_with_the_matrix(corpus: &Corpus, model: &Model) {
    let params = model.metadata().features.clone();
    let mut texts = corpus.texts.clone();
    texts.extend(
        [
            "",
            "zzyzx qwrtp",
            "He said he said he said.",
            "Zyx met <name> Élodie, RIOT Zyx Zyx.",
            "“Quoted” — naïve ﬁnale…",
        ]
        .map(str::to_owned),
    );
    let lexicon = Lexicon::new(Documents::new(&model.tokenizer, &texts).unwrap(), &params);
    let matrix = model.vocabulary().transform(&lexicon, &(0..texts.len()).collect::<Vec<_>>(), &params);

    let scorer = Scorer::new(model.clone()).unwrap();
    let mut scratch = Scratch::default();
    let mut logits = vec![0.0; scorer.frames().len()];
    for j in 0..scorer.frames().len() {
        let weights: Vec<f64> = model.features(j).map(|feature| f64::from(feature.weight)).collect();
        let map = model.calibration()[j].map;
        let z = matrix.product(&weights);
        for (i, text) in texts.iter().enumerate() {
            let expected = map.slope * (z[i] + model.intercepts[j]) + map.intercept;
            scorer.logits(text, &mut scratch, &mut logits).unwrap();
            assert!((logits[j] - expected).abs() < 1e-5, "{text:?}: {} is not {expected}", logits[j]);

            let explanation = scorer.explain(text).unwrap();
            let frame = &explanation.frames[j];
            let sum = frame.intercept + frame.words.iter().map(Contribution::total).sum::<f64>();
            assert!((sum - logits[j]).abs() < 1e-9, "{text:?}: contributions sum to {sum}, the logit is {}", logits[j]);
            assert_eq!(explanation.tokens.len(), frame.words.len());
            assert_eq!(explanation.tokens.len(), explanation.names.len());
        }
    }
}

#[test]
fn scores_do_not_depend_on_what_was_scored_before() {
    let (corpus, scorer) = (corpus(), quick_scorer());
    let together = scorer.predictions(&corpus.texts).unwrap();
    for (i, text) in corpus.texts.iter().enumerate().rev() {
        assert_eq!(together.proba.row(i).to_vec(), scorer.score(text).unwrap());
    }
}

#[test]
fn saved_and_loaded_is_the_same_model() {
    let model = train(&corpus(), &quick(), &Silent).unwrap().model;
    let bytes = model.to_bytes().unwrap();
    let loaded = Model::from_bytes(&bytes).unwrap();
    assert_eq!(loaded.to_bytes().unwrap(), bytes);
    assert_eq!(loaded.metadata(), model.metadata());
    let text = "Officials threatened to recall the envoy.";
    let score = |model| Scorer::new(model).unwrap().score(text).unwrap();
    assert_eq!(score(loaded), score(model));
}

#[test]
fn the_bundled_model_has_its_own_hash() {
    let file = Model::load(concat!(env!("CARGO_MANIFEST_DIR"), "/models/framing-en.safetensors")).unwrap();
    assert_eq!(file.metadata().sha256, Model::bundled().unwrap().metadata().sha256);
}

#[test]
fn no_single_changed_byte_goes_unnoticed() {
    let bytes = train(&corpus(), &quick(), &Silent).unwrap().model.to_bytes().unwrap();
    let mut rng = rng(0, "tampering", 0);
    for _ in 0..200 {
        let mut tampered = bytes.clone();
        let at = rng.random_range(0..bytes.len());
        tampered[at] ^= 1 << rng.random_range(0..8);
        let error = Model::from_bytes(&tampered).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Artifact { .. }), "byte {at}: {error}");
        let cut = Model::from_bytes(&bytes[..at]).unwrap_err();
        assert!(matches!(cut.kind(), ErrorKind::Artifact { .. }), "cut at {at}: {cut}");
    }
}

#[test]
fn an_artefact_whose_options_or_strings_no_training_gives_is_refused() {
    let model = train(&corpus(), &quick(), &Silent).unwrap().model;
    let refused = |model: &Model| Model::from_bytes(&model.to_bytes().unwrap()).unwrap_err().to_string();
    let mut shorter = model.clone();
    shorter.metadata.features.min_subword = 0;
    shorter.sign().unwrap();
    assert!(refused(&shorter).contains("min-subword"), "{}", refused(&shorter));
}
