//! `framescope train`: coded rows in, a model and its out-of-fold scores out.

use std::path::Path;

use super::args::{Common, Format, TrainArgs};
use super::console;
use super::evaluate::print_evaluation;
use super::inputs::{not_an_input, stdin_once};
use super::models::{folder_beside, with_encoder};
use super::progress::Bars;
use crate::corpus::{Corpus, LeftOut};
use crate::error::Error;
use crate::features::SentenceEncoder;
use crate::model::Model;
use crate::output::AtomicFile;
use crate::report::{evaluation_table, to_json};
use crate::training::{Trained, train};

pub(super) fn run(args: &TrainArgs, common: &Common) -> anyhow::Result<()> {
    let params = args.training.train_params(common.seed, args.folds, args.intervals.bootstrap(common.seed)?)?;
    let is_piped = args.output == Path::new("-");
    if is_piped && args.tuning.fine_tune {
        let expected = "a file for the model: the fine-tuned encoder is laid beside it";
        return Err(Error::parameter("--output", "- with --fine-tune", expected).into());
    }
    if is_piped && common.format.is_some_and(|format| format != Format::Table) {
        let expected = "a file for the model: with the model on stdout, the scores are a table on stderr";
        return Err(Error::parameter("--output", "- with --format", expected).into());
    }
    let files = || args.coded.files.iter().map(String::as_str);
    stdin_once(files())?;
    not_an_input(&args.output, files(), "the coded rows, which the model")?;
    let params = with_encoder(params, &args.encoder, &args.tuning, common.seed)?;
    // A place that cannot be written is found before the work, not after it.
    let mut file = if is_piped { None } else { Some(AtomicFile::create(&args.output)?) };
    let corpus = Corpus::read(&args.coded.files, &args.coded.corpus_options(None)?)?;
    warn_left_out(common, corpus.left_out);

    let trained = train(&corpus, &params, &Bars::new(common))?;
    warn_constant(common, &trained.left_out);
    let Trained { model, encoder, .. } = trained;
    for (frame, calibration) in model.frames().names().iter().zip(model.calibration()) {
        if calibration.map.slope == 0.0 {
            let message = format!(
                "frame {frame:?} shows no signal out of fold: every row gets the same probability, and none is predicted unless it is above 0.5"
            );
            console::warn(common, &message);
        }
    }
    let bytes = model.to_bytes()?;
    save_tuned(&model, encoder.as_deref(), &args.output)?;
    if let Some(mut file) = file.take() {
        file.write_all(&bytes)?;
        file.commit()?;
    } else {
        console::print_bytes(&bytes)?;
    }
    let evaluation = &model.metadata().training.evaluation;
    match common.format.unwrap_or(Format::Table) {
        // The model has stdout.
        _ if is_piped => console::note(common, evaluation_table(evaluation).trim_end()),
        Format::Json => console::print(Format::Json, &to_json(model.metadata())?)?,
        format => print_evaluation(evaluation, format)?,
    }
    let summary = &model.metadata().training;
    console::note(
        common,
        &format!(
            "wrote {} ({:.1} MB, {} features; {} folds held out whole {})",
            if is_piped { "the model to stdout".into() } else { args.output.display().to_string() },
            bytes.len() as f64 / 1e6,
            model.vocabulary().n_features().iter().sum::<usize>(),
            summary.n_folds,
            summary.group.unit(),
        ),
    );
    Ok(())
}

/// Lays an encoder that was fine-tuned for a model beside it.
pub(super) fn save_tuned(model: &Model, encoder: Option<&dyn SentenceEncoder>, path: &Path) -> crate::Result<()> {
    let is_tuned = model.metadata().encoder.as_ref().is_some_and(|summary| summary.fine_tuned.is_some());
    match encoder {
        Some(encoder) if is_tuned => encoder.save(&folder_beside(path)),
        _ => Ok(()),
    }
}

/// Tells which frames were not trained.
pub(super) fn warn_constant(common: &Common, left_out: &[String]) {
    for frame in left_out {
        console::warn(common, &format!("frame {frame:?} was left out: it has too few rows of one class"));
    }
}

/// Tells how many rows take no part.
pub(super) fn warn_left_out(common: &Common, left_out: LeftOut) {
    for (n, why) in [(left_out.not_coded, "not coded (empty labels)"), (left_out.empty_text, "without text")] {
        if n > 0 {
            console::warn(common, &format!("{n} rows left out: {why}"));
        }
    }
}
