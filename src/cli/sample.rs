//! `framescope sample`: rows in, those to code out, and what coding them is expected to buy.

use std::path::Path;

use super::args::{Common, Format, rows_format};
use super::console;
use super::inputs::{model_name, stdin_once};
use super::models;
use super::progress::Stage;
use super::sampling::SampleArgs;
use crate::comparison::{Sample, sample, score};
use crate::corpus::{Cell, Population, RawRows, Rewriter, decimal};
use crate::report::{sample_csv, sample_table, to_json};

pub(super) fn run(args: &SampleArgs, common: &Common) -> anyhow::Result<()> {
    stdin_once(args.files.iter().map(String::as_str).chain(model_name(args.model.as_deref())))?;
    let params = args.params(common.seed)?;
    let is_piped = args.output == Path::new("-");
    // Where rows and forecast do not share stdout, the format asked for is that of the forecast.
    let layout = rows_format(&args.output, common.format.filter(|_| is_piped))?;
    let (model, _) = console::load(args.model.as_deref())?;
    let options = args.corpus_options(args.model.is_some().then(|| model.frames()))?;

    let stage = Stage::begin(common, "reading");
    let (sample, left_out) = console::write_rows(&args.output, |write| {
        let (population, raw) = Population::read_with_rows(&args.files, &options, Some(model.frames()))?;
        stage.next("scoring");
        let proba = match &population.scores {
            Some(scores) => scores.proba.clone(),
            None => score(&population, &models::compiled(model, args.model.as_deref(), &args.encoder)?)?.proba,
        };
        stage.next("drawing");
        let sample = sample(&population, &proba, &params)?;
        let left_out = if args.with_scores { Vec::new() } else { raw.score_columns() };
        let columns = &options.read.columns;
        let has_codes = |name: &String| raw.header.find(name).is_some();
        // Codes in 0/1 columns stay there: beside a labels column they would not be read.
        let is_labelled = has_codes(&columns.labels) || sample.frames.iter().any(has_codes);
        let added: Vec<String> =
            [&columns.labels, &columns.pi].into_iter().skip(usize::from(is_labelled)).cloned().collect();
        let n_added = added.len();
        write_drawn(&sample, &raw, &Rewriter::new(&raw.header, &left_out, added, layout), n_added, write)?;
        Ok((sample, left_out))
    })?;
    stage.end();

    if !left_out.is_empty() {
        let names = left_out.join(", ");
        let why = "a coder who sees a model's scores is led by them; --with-scores keeps them";
        console::note(common, &format!("the rows to code do not have {names}: {why}"));
    }
    let format = common.format.filter(|_| !is_piped).unwrap_or(Format::Table);
    let text = match format {
        Format::Table => sample_table(&sample),
        Format::Json => to_json(&sample)?,
        Format::Csv => sample_csv(&sample)?,
    };
    if is_piped {
        console::note(common, text.trim_end());
    } else {
        console::print(format, &text)?;
    }
    console::notes(common, &sample.notes);
    Ok(())
}

/// Writes the drawn rows, with an empty cell for labels where there was no column, and `pi` with all its digits.
fn write_drawn(
    sample: &Sample,
    raw: &RawRows,
    rewriter: &Rewriter,
    n_added: usize,
    write: &mut dyn FnMut(&[u8]) -> crate::Result<()>,
) -> crate::Result<()> {
    let mut out = rewriter.header();
    let rows = sample.drawn.iter().map(|drawn| (raw.row(drawn.row), drawn.pi));
    rewriter.rows(&mut out, rows, |pi, j, cell| {
        if j + 1 < n_added {
            return Cell::Text;
        }
        cell.extend_from_slice(decimal(*pi).as_bytes());
        Cell::Number
    })?;
    write(&out)
}
