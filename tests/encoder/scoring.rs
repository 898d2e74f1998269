//! What a model with an encoder makes of texts, and what it says of itself.

use std::sync::Arc;

use framescope::features::{Documents, Lexicon, SentenceEncoder, Tokenizer};
use framescope::model::{ClassWeight, Contribution, Prior};
use framescope::predict::{PredictOptions, predict};
use framescope::report::{card_table, explanation_csv, explanation_header, explanation_json};
use framescope::stats::sigmoid;
use framescope::training::{Silent, cross_validate, train};
use framescope::{ErrorKind, Model, Scorer, TrainParams};

use crate::support::encoder::Hashed;
use crate::support::{Folder, rows};
use crate::{DIM, corpus, encoder, kinds, params, with_dense};

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
        let is_alone = kind.ends_with("alone");
        assert!(summary.weights.iter().all(|length| if is_alone { *length == 1.0 } else { lengths.contains(length) }));
        assert_eq!((summary.alone, scorer.model().vocabulary().n_features() == [0, 0]), (is_alone, is_alone));
        assert_eq!(summary.fine_tuned.is_some(), kind.starts_with("fine-tuned"));
        assert_eq!(&summary.identity == given.identity(), !kind.starts_with("fine-tuned"));
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
            kind.starts_with("fine-tuned"),
            "{card}"
        );
    }
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
