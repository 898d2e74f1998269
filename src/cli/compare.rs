//! `framescope compare`: rows of several outlets in, shares that hold and a report out.

use super::args::{Common, Format};
use super::comparing::CompareArgs;
use super::console::{self, OutputFolder};
use super::inputs::{folder_not_stdout, model_name, stdin_once};
use super::models;
use super::page::{Findings, agreement, page};
use super::progress::Stage;
use crate::comparison::{Comparison, PopulationPredictions, compare, predictions};
use crate::corpus::{CorpusOptions, Population};
use crate::report::{comparison_table, differences_csv, shares_csv, to_json};

/// The files that every comparison has.
pub(super) const FILES: [&str; 4] = ["report.html", "shares.csv", "differences.csv", "comparison.json"];

pub(super) fn run(args: &CompareArgs, common: &Common) -> anyhow::Result<()> {
    stdin_once(
        args.files
            .iter()
            .chain(&args.coded)
            .chain(&args.comparing.coders)
            .map(String::as_str)
            .chain(model_name(args.model.as_deref())),
    )?;
    folder_not_stdout(args.output.as_deref())?;
    let params = args.comparing.params(common.seed)?;
    let mut folder = args.output.as_deref().map(|path| OutputFolder::create(path, &FILES)).transpose()?;
    let (scorer, name) = models::scorer(args.model.as_deref(), &args.encoder)?;
    let options = args.corpus_options(args.model.is_some().then(|| scorer.frames()))?;

    let stage = Stage::begin(common, "reading");
    let mut population = Population::read(&args.files, &options, Some(scorer.frames()))?;
    if let Some(coded) = &args.coded {
        let frames = Some(population.corpus.frames.clone());
        let owner = Some("the rows compared".to_owned());
        let options = CorpusOptions { frames, frames_owner: owner, ..options.clone() };
        let coded_rows = Population::read(std::slice::from_ref(coded), &options, None)?;
        population.take_codes(&coded_rows).map_err(|error| error.in_file(coded))?;
    }
    stage.next("scoring");
    let PopulationPredictions { predictions, is_models, at_one_half } = predictions(&population, &scorer, &name)?;
    stage.next("comparing");
    let comparison = compare(&population, &predictions, is_models.then(|| scorer.model()), &params)?;
    stage.end();

    if args.model.is_some() && !is_models {
        console::warn(
            common,
            &format!("the rows' p_ columns are not what {name} gives them; they are taken as they are"),
        );
    }

    if at_one_half {
        let hint = "name the model with --model, or keep the predicted column";
        console::warn(
            common,
            &format!("the rows have no predicted column: counted shares take 0.5 for every threshold; {hint}"),
        );
    }
    if let Some(folder) = &mut folder {
        let bootstrap = args.comparing.bootstrap(common.seed);
        let agreement = agreement(args.comparing.coders.as_ref(), &options.read, bootstrap, common)?;
        let findings = Findings {
            comparison: &comparison,
            population: &population,
            predictions: &predictions,
            scorer: is_models.then_some((&scorer, name.as_str())),
            evaluation: None,
            agreement: agreement.as_ref(),
            bootstrap,
        };
        write_comparison(folder, &findings)?;
    }
    // Before anything is printed: a reader that goes away takes nothing with it.
    let written = folder.map(OutputFolder::commit).transpose()?;
    tell(&comparison, common)?;
    if let Some(written) = written {
        console::note(common, &written);
    }
    Ok(())
}

/// Writes [`FILES`].
pub(super) fn write_comparison(folder: &mut OutputFolder, findings: &Findings<'_>) -> crate::Result<()> {
    let comparison = findings.comparison;
    let [report, shares, differences, json] = FILES;
    folder.write(report, page(findings)?.as_bytes())?;
    folder.write(shares, shares_csv(comparison)?.as_bytes())?;
    folder.write(differences, differences_csv(comparison)?.as_bytes())?;
    folder.write(json, to_json(comparison)?.as_bytes())
}

/// Prints the comparison in the form asked for, and its notes.
pub(super) fn tell(comparison: &Comparison, common: &Common) -> crate::Result<()> {
    let format = common.format.unwrap_or(Format::Table);
    let text = match format {
        Format::Table => comparison_table(comparison),
        Format::Json => to_json(comparison)?,
        Format::Csv => shares_csv(comparison)?,
    };
    console::print(format, &text)?;
    console::notes(common, &comparison.notes);
    Ok(())
}
