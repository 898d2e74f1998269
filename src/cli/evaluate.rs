//! `framescope evaluate`: coded rows and a model in, or a way to train; scores out.

use super::args::{Common, EvaluateArgs, Format};
use super::console::{self, Bars};
use super::train::{warn_constant, warn_left_out};
use crate::corpus::Corpus;
use crate::evaluation::Evaluation;
use crate::model::Scorer;
use crate::report::{evaluation_csv, evaluation_table, to_json};
use crate::stats::Bootstrap;
use crate::training::cross_validate;

pub(super) fn run(args: &EvaluateArgs, common: &Common) -> anyhow::Result<()> {
    let bootstrap = args.intervals.bootstrap(common.seed)?;
    let evaluation = match args.cross_validate {
        Some(n_folds) => {
            let params = args.training.train_params(common.seed, n_folds, bootstrap)?;
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
    let (model, name) = console::load(args.model.as_deref())?;
    let corpus = Corpus::read(&args.coded.files, &args.coded.corpus_options(Some(model.frames()))?)?;
    warn_left_out(common, corpus.left_out);
    if let Some(source) = model.metadata().training.trained_on(&corpus.sources) {
        let message = format!(
            "{name} was trained on {}: these scores flatter it; use --cross-validate for honest ones",
            source.name
        );
        console::warn(common, &message);
    }
    Ok(Scorer::new(model).predictions(&corpus.texts)?.judge(&corpus, bootstrap)?)
}

/// Prints an evaluation in the form asked for.
pub(super) fn print_evaluation(evaluation: &Evaluation, format: Format) -> crate::Result<()> {
    console::print(&match format {
        Format::Table => evaluation_table(evaluation),
        Format::Json => to_json(evaluation)?,
        Format::Csv => evaluation_csv(evaluation)?,
    })
}
