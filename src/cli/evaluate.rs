//! `framescope evaluate`: coded rows and a model in, or a way to train; scores out.

use super::args::{Common, EvaluateArgs, Format};
use super::console;
use super::inputs::{model_name, stdin_once};
use super::models::{self, with_encoder};
use super::progress::Bars;
use super::train::{warn_constant, warn_left_out};
use crate::corpus::{Corpus, SourceFile};
use crate::evaluation::Evaluation;
use crate::model::Model;
use crate::report::{evaluation_csv, evaluation_table, to_json};
use crate::stats::Bootstrap;
use crate::training::cross_validate;

pub(super) fn run(args: &EvaluateArgs, common: &Common) -> anyhow::Result<()> {
    stdin_once(args.coded.files.iter().map(String::as_str).chain(model_name(args.model.as_deref())))?;
    let bootstrap = args.intervals.bootstrap(common.seed)?;
    let evaluation = match args.cross_validate {
        Some(n_folds) => {
            let params = args.training.train_params(common.seed, n_folds, bootstrap)?;
            let params = with_encoder(params, &args.encoder, &args.tuning, common.seed)?;
            let corpus = Corpus::read(&args.coded.files, &args.coded.corpus_options(None)?)?;
            warn_left_out(common, corpus.left_out);
            let validated = cross_validate(&corpus, &params, &Bars::new(common))?;
            warn_constant(common, &validated.left_out);
            validated.evaluation
        }
        None => judge_model(args, common, bootstrap)?,
    };
    print_evaluation(&evaluation, common.format.unwrap_or(Format::Table))?;
    Ok(())
}

fn judge_model(args: &EvaluateArgs, common: &Common, bootstrap: Bootstrap) -> anyhow::Result<Evaluation> {
    let (scorer, name) = models::scorer(args.model.as_deref(), &args.encoder)?;
    let corpus = Corpus::read(&args.coded.files, &args.coded.corpus_options(Some(scorer.frames()))?)?;
    warn_left_out(common, corpus.left_out);
    warn_trained_on(
        common,
        scorer.model(),
        &name,
        &corpus.sources,
        "these scores flatter it; use --cross-validate for honest ones",
    );
    Ok(scorer.predictions(&corpus.texts)?.judge(&corpus, bootstrap)?)
}

/// Warns of a file from which the model has learned; `so` says what that means here.
pub(super) fn warn_trained_on(common: &Common, model: &Model, name: &str, sources: &[SourceFile], so: &str) {
    if let Some(source) = model.metadata().training.trained_on(sources) {
        console::warn(common, &format!("{name} was trained on {}: {so}", source.name));
    }
}

/// Prints an evaluation in the form asked for.
pub(super) fn print_evaluation(evaluation: &Evaluation, format: Format) -> crate::Result<()> {
    let text = match format {
        Format::Table => evaluation_table(evaluation),
        Format::Json => to_json(evaluation)?,
        Format::Csv => evaluation_csv(evaluation)?,
    };
    console::print(format, &text)
}
