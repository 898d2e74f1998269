//! `framescope train`: coded rows in, a model and its out-of-fold scores out.

use super::args::{Common, Format, TrainArgs};
use super::console::{self, Bars};
use super::evaluate::print_evaluation;
use crate::corpus::{Corpus, LeftOut};
use crate::error::Error;
use crate::output::AtomicFile;
use crate::training::train;

pub(super) fn run(args: &TrainArgs, common: &Common) -> anyhow::Result<()> {
    let params = args.training.train_params(common.seed, args.folds, args.intervals.bootstrap(common.seed)?)?;
    if args.output.as_os_str() == "-" {
        return Err(Error::parameter("--output", "-", "a file: the scores go to stdout").into());
    }
    let same = |input: &String| {
        std::fs::canonicalize(input).ok().is_some_and(|input| Some(input) == std::fs::canonicalize(&args.output).ok())
    };
    if let Some(input) = args.coded.files.iter().find(|input| same(input)) {
        return Err(Error::parameter(
            "--output",
            input,
            "another file than the coded rows, which the model would replace",
        )
        .into());
    }
    // A place that cannot be written is found before the work, not after it.
    let mut file = AtomicFile::create(&args.output)?;
    let corpus = Corpus::read(&args.coded.files, &args.coded.corpus_options(None)?)?;
    warn_left_out(common, corpus.left_out);

    let trained = train(&corpus, &params, &Bars::new(common))?;
    warn_constant(common, &trained.left_out);
    let model = trained.model;
    for (frame, calibration) in model.frames().names().iter().zip(model.calibration()) {
        if calibration.map.slope == 0.0 {
            let message = format!(
                "frame {frame:?} shows no signal out of fold: every row gets the same probability, and none is predicted unless it is above 0.5"
            );
            console::warn(common, &message);
        }
    }
    let bytes = model.to_bytes()?;
    file.write_all(&bytes)?;
    file.commit()?;

    match common.format.unwrap_or(Format::Table) {
        Format::Json => console::print(Format::Json, &crate::report::to_json(model.metadata())?)?,
        format => print_evaluation(&model.metadata().training.evaluation, format)?,
    }
    let summary = &model.metadata().training;
    console::note(
        common,
        &format!(
            "wrote {} ({:.1} MB, {} features; {} folds held out whole {})",
            args.output.display(),
            bytes.len() as f64 / 1e6,
            model.vocabulary().n_features().iter().sum::<usize>(),
            summary.n_folds,
            summary.group.unit(),
        ),
    );
    Ok(())
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
