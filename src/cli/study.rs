//! `framescope study`: coded rows in; model, predictions, comparison and report out.

use super::args::Common;
use super::compare::{self, tell, write_comparison};
use super::comparing::StudyArgs;
use super::console::{self, OutputFolder};
use super::inputs::{folder_not_stdout, stdin_once};
use super::models::with_encoder;
use super::page::{Findings, agreement};
use super::progress::Bars;
use super::train::{save_tuned, warn_constant, warn_left_out};
use crate::corpus::{LeftOut, Population};
use crate::report::predictions_csv;
use crate::study::study;

/// The files that a study has beside those of a comparison.
const MODEL: &str = "model.safetensors";
const PREDICTIONS: &str = "predictions.csv";

pub(super) fn run(args: &StudyArgs, common: &Common) -> anyhow::Result<()> {
    stdin_once(args.coded.files.iter().chain(&args.comparing.coders).map(String::as_str))?;
    folder_not_stdout(Some(&args.output))?;
    let comparing = args.comparing.params(common.seed)?;
    let bootstrap = args.comparing.bootstrap(common.seed);
    let training = args.training.train_params(common.seed, args.folds, bootstrap)?;
    let training = with_encoder(training, &args.encoder, &args.tuning, common.seed)?;
    let mut folder = OutputFolder::create(&args.output, &[&[MODEL, PREDICTIONS][..], &compare::FILES].concat())?;
    let options = args.corpus_options()?;
    let agreement = agreement(args.comparing.coders.as_ref(), &options.read, bootstrap, common)?;
    let population = Population::read(&args.coded.files, &options, None)?;
    warn_left_out(common, LeftOut { not_coded: 0, ..population.corpus.left_out });

    let study = study(population, &training, &comparing, &Bars::new(common))?;
    warn_constant(common, &study.trained.left_out);
    save_tuned(&study.trained.model, study.trained.encoder.as_deref(), &args.output.join(MODEL))?;
    folder.write(MODEL, &study.trained.model.to_bytes()?)?;
    folder.write(PREDICTIONS, predictions_csv(&study.population, &study.predictions)?.as_bytes())?;
    let scorer = study.trained.scorer()?;
    let findings = Findings {
        comparison: &study.comparison,
        population: &study.population,
        predictions: &study.predictions,
        scorer: Some((&scorer, MODEL)),
        evaluation: Some(&scorer.model().metadata().training.evaluation),
        agreement: agreement.as_ref(),
        bootstrap,
    };
    write_comparison(&mut folder, &findings)?;
    // Before anything is printed: a reader that goes away takes nothing with it.
    let written = folder.commit()?;
    tell(&study.comparison, common)?;
    console::note(common, &written);
    Ok(())
}
