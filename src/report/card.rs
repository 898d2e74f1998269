//! The model card.

use std::fmt::Write as _;

use super::distillation::distillation_lines;
use super::evaluation::evaluation_table;
use super::layout::{count, counted, csv, table};
use super::schema::FEATURES;
use crate::corpus::decimal;
use crate::error::Result;
use crate::features::Names;
use crate::model::{ClassWeight, EncoderSummary, Model, Prior};

/// What the model was trained on, with which settings, how good it is on rows it had not seen, and its hash.
///
/// After Mitchell et al. (2019), Model Cards for Model Reporting: details, intended use, training data, settings,
/// quantitative analyses, caveats. What only its makers know (whom it may harm, how it does elsewhere) they must add.
#[must_use]
pub fn card_table(model: &Model, name: &str) -> String {
    let metadata = model.metadata();
    let mut out = String::new();
    let _ = writeln!(out, "{name}");
    let _ = writeln!(out, "  sha256  {}", metadata.sha256);
    let _ = writeln!(out, "  format {}, written by framescope {}", metadata.format, metadata.framescope_version);

    intended_use(&mut out, model);
    data(&mut out, model);
    frames(&mut out, model);
    settings(&mut out, model);
    if let Some(summary) = &metadata.encoder {
        encoder(&mut out, model, summary);
    }
    heaviest(&mut out, model);
    if let Some(distillation) = &metadata.training.distillation {
        out.push_str(&distillation_lines(distillation));
    }
    out.push_str(match &metadata.training.distillation {
        Some(distillation) if distillation.is_unchecked() => {
            "\nOut of fold, against the decisions of its teacher, not of coders: rows scored by models that had not seen their group\n\n"
        }
        _ => "\nOut of fold: rows scored by models that had not seen their group\n\n",
    });
    out.push_str(&evaluation_table(&metadata.training.evaluation));
    caveats(&mut out, model);
    out
}

fn intended_use(out: &mut String, model: &Model) {
    let _ = writeln!(
        out,
        "\nIntended use\n  To score sentences like those it was trained on for {}, one by one or in large numbers.\n  \
         Not for verdicts on single persons, nor on an outlet by counting what it predicts: code some of that outlet's sentences.",
        model.frames().names().join(", "),
    );
}

fn caveats(out: &mut String, model: &Model) {
    let training = &model.metadata().training;
    let held_out = training.group.unit();
    let (scores, calibrated) = match &training.distillation {
        Some(distillation) if distillation.is_unchecked() => (
            format!(
                "are against the decisions of its teacher, with {held_out} held out; what coders say of your text, measure"
            ),
            "follow those of its teacher on rows that nobody coded".to_owned(),
        ),
        distillation => {
            let judging =
                distillation.as_ref().map_or("the training rows", |_| "those of the training rows that judge");
            (
                format!(
                    "are of rows like the training rows, with {held_out} held out; on text from elsewhere expect less, and measure it"
                ),
                format!(
                    "are calibrated to the share of each frame among {judging}; where a frame is rarer or more common, they are off"
                ),
            )
        }
    };
    let _ = writeln!(
        out,
        "\nCaveats\n  The scores above {scores}:\n  framescope evaluate YOUR_CODED_ROWS.csv.\n  Probabilities {calibrated}.\n  {}",
        match model.metadata().encoder {
            None =>
                "It weighs words, and does not know meaning: irony, negation across a clause and who does what to whom escape it.",
            Some(_) => {
                "Its encoder has read far more than the training rows, and has their biases too; irony and who does what to whom may escape it."
            }
        },
    );
}

fn data(out: &mut String, model: &Model) {
    let training = &model.metadata().training;
    let _ = writeln!(out, "\nTrained on {}", counted(training.n_rows, "coded row", "coded rows"));
    for source in &training.sources {
        let _ =
            writeln!(out, "  {} ({}), sha256 {}", source.name, counted(source.n_rows, "row", "rows"), source.sha256);
    }
    let groups: Vec<String> = [
        (training.n_articles, "article", "articles"),
        (training.n_stories, "story", "stories"),
        (training.n_outlets, "outlet", "outlets"),
    ]
    .into_iter()
    .filter_map(|(n, one, many)| Some(counted(n?, one, many)))
    .collect();
    if !groups.is_empty() {
        let _ = writeln!(out, "  {}", groups.join(", "));
    }
    let left_out = training.left_out;
    for (n, why) in [
        (left_out.empty_text, "with an empty text"),
        (left_out.not_coded, "not coded"),
        (left_out.other_split, "of another split"),
    ] {
        if n > 0 {
            let _ = writeln!(out, "  left out: {} {why}", counted(n, "row", "rows"));
        }
    }
}

fn frames(out: &mut String, model: &Model) {
    let training = &model.metadata().training;
    out.push_str("\nFrames\n\n");
    let frames: Vec<Vec<String>> = training
        .frames
        .iter()
        .zip(model.calibration())
        .map(|(frame, calibration)| {
            vec![
                frame.frame.clone(),
                count(frame.n_present),
                count(frame.n_absent),
                frame.alpha.to_string(),
                frame.iterations.to_string(),
                format!("{:.1e}", frame.gradient_norm),
                format!("{:.4}", calibration.map.slope),
                format!("{:.4}", calibration.map.intercept),
                format!("{:.4}", calibration.threshold),
            ]
        })
        .collect();
    out.push_str(&table(
        &["frame", "with", "without", "alpha", "steps", "gradient", "Platt slope", "Platt intercept", "threshold"],
        &frames,
    ));
}

fn settings(out: &mut String, model: &Model) {
    let metadata = model.metadata();
    let training = &metadata.training;
    let _ = writeln!(out, "\nSettings");
    if !is_alone(model) {
        ngrams(out, model);
    }
    let class_weight = match training.logistic.class_weight {
        ClassWeight::Balanced => "balanced",
        ClassWeight::None => "none",
    };
    let prior = match training.logistic.prior {
        Prior::LogOdds => "log-odds",
        Prior::Uniform => "uniform",
    };
    let alphas: Vec<String> = training.alphas.iter().map(f64::to_string).collect();
    let tolerance = training.logistic.tolerance;
    let how = if is_alone(model) {
        "every row for as much as any other, by linfa-logistic".to_owned()
    } else {
        format!("prior {prior}, class weights {class_weight}, tolerance {tolerance}")
    };
    let _ = writeln!(out, "  logistic regression per frame, {how}");
    let _ = writeln!(
        out,
        "  alpha from {} by average precision{} over {} folds that hold out whole {}, seed {}",
        alphas.join(", "),
        training
            .alpha_rows
            .map(|n| format!(" on {} drawn in whole articles", counted(n, "row", "rows")))
            .unwrap_or_default(),
        training.n_folds,
        training.group.unit(),
        training.seed,
    );
}

/// Whether an encoder does without words, pairs and subwords.
fn is_alone(model: &Model) -> bool {
    model.metadata().encoder.as_ref().is_some_and(|encoder| encoder.alone)
}

fn ngrams(out: &mut String, model: &Model) {
    let features = &model.metadata().features;
    let vocabulary = model.vocabulary();
    let _ = writeln!(
        out,
        "  words: runs of 1 to {}, min_df {}, {} words and {} pairs, weight {}",
        features.max_words,
        features.min_df,
        count(vocabulary.n_words()),
        count(vocabulary.n_pairs()),
        features.word_weight,
    );
    let _ = writeln!(
        out,
        "  subwords: {} to {} characters, min_df {}, {} of them",
        features.min_subword,
        features.max_subword,
        features.min_df_subword,
        count(vocabulary.n_features()[1]),
    );
    let names = match features.names {
        Names::Keep => "names are words like others",
        Names::Mask => {
            "names are masked: one word stands for all capitalised words that training rows do not hold without a capital too"
        }
    };
    let _ = writeln!(out, "  {names}");
}

/// Which encoder, how long its vectors are beside the n-grams, and whether it learned from the rows.
fn encoder(out: &mut String, model: &Model, summary: &EncoderSummary) {
    let EncoderSummary { identity, weights, alone, fine_tuned } = summary;
    let revision = identity.revision.as_ref().map(|revision| format!(", revision {revision}")).unwrap_or_default();
    let sha256 = identity.sha256.get(..12).unwrap_or(&identity.sha256);
    let _ = writeln!(out, "\nSentence encoder\n  {}{revision}, sha256 {sha256}…", identity.name);
    let _ = writeln!(
        out,
        "  vectors of {} numbers, from the first {} tokens of a sentence",
        count(identity.dim),
        count(identity.max_tokens),
    );
    if *alone {
        let _ = writeln!(out, "  alone: without words, pairs and subwords");
    } else {
        let names = model.frames().names().iter().zip(weights);
        let lengths: Vec<String> = names.map(|(frame, length)| format!("{length} for {frame}")).collect();
        let _ = writeln!(out, "  length beside subwords of length 1: {}", lengths.join(", "));
    }
    let _ = match fine_tuned {
        None => writeln!(out, "  as it was: not fine-tuned"),
        Some(tuning) => writeln!(
            out,
            "  fine-tuned on the training rows: at most {} epochs, batches of {}, learning rate {}, {} layers, {} held out, seed {}",
            tuning.max_epochs, tuning.batch, tuning.learning_rate, tuning.n_layers, tuning.held_out, tuning.seed,
        ),
    };
}

fn heaviest(out: &mut String, model: &Model) {
    if is_alone(model) {
        return;
    }
    out.push_str("\nHeaviest words and pairs\n\n");
    for (j, frame) in model.frames().names().iter().enumerate() {
        let names: Vec<String> = model.heaviest_words(j, 10).into_iter().map(|(name, _)| name).collect();
        let _ = writeln!(out, "  {frame:<14}{}", names.join(" · "));
    }
}

/// Features and weights as tidy CSV with the columns of [`FEATURES`]: every feature of every frame, in column order.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn feature_csv(model: &Model) -> Result<String> {
    let rows = model.frames().names().iter().enumerate().flat_map(|(j, frame)| {
        model.features(j).map(move |feature| {
            let (idf, weight) = (decimal(feature.idf), decimal(feature.weight));
            vec![frame.clone(), feature.kind.to_owned(), feature.name, idf, weight]
        })
    });
    csv(&FEATURES, rows)
}
