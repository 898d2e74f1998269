//! What can be typed. Numbers take their defaults from the library, so that help cannot drift from what is done.

mod distill;
mod encoder;
mod input;
mod training;
mod verbs;

use std::path::Path;

use clap::builder::styling::Styles;
use clap::{Args, Parser, Subcommand, ValueEnum};

pub use distill::DistillArgs;
pub use encoder::{EncoderArgs, TuningArgs};
pub use input::{ArticleArgs, CodedArgs, InputArgs, expecting};
pub use training::{IntervalArgs, TrainingArgs};
pub use verbs::{
    AgreeArgs, CHUNK_ARTICLES, CHUNK_ROWS, CompletionsArgs, EvaluateArgs, ExplainArgs, InspectArgs, ManArgs,
    PredictArgs, SegmentArgs, TrainArgs,
};

use super::comparing::{CompareArgs, StudyArgs};
use super::sampling::SampleArgs;
use super::schema::SchemaArgs;
use crate::corpus::is_compressed;
use crate::error::{Error, Result};
use crate::predict::OutputFormat;
use crate::training::TrainParams;

/// Learn rhetorical framing from coded sentences, and score news with it.
///
/// Rows come as CSV, TSV or JSON Lines, also compressed with gzip or Zstandard; `-` is stdin. Only a `text` column is
/// required. Frames stand in one `labels` column, joined by ';' (`none` is coded without a frame, an empty cell is not
/// coded), or in one 0/1 column per frame. Results go to stdout, progress and warnings to stderr.
#[derive(Debug, Parser)]
#[command(name = "framescope", version, propagate_version = true, styles = STYLES, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
    /// Options of every verb
    #[command(flatten)]
    pub common: Common,
}

const STYLES: Styles = Styles::styled();

const EXAMPLES: &str = "Examples:
  framescope segment articles/ -o sentences.csv             take articles apart into sentences
  framescope predict news.csv -o scored.csv                 score with the bundled model
  framescope predict news/ -o scored/ --resume              a folder of tables, file by file
  framescope study coded.csv -o study                       from coded rows to a report on their outlets
  framescope sample news.csv --per-outlet 60 -o drawn.csv   draw rows to code, by which outlets can be compared
  framescope compare news.csv --coded drawn.csv -o report   compare outlets by all rows and a coded sample
  framescope train coded.csv -o my.safetensors              learn from your own labels
  framescope evaluate held_back.csv --model my.safetensors  judge it on rows it has not seen
  framescope agree anna.csv zoe.csv                         see how far two coders agree
  framescope explain --text \"Both sides agreed to talk.\"    see which words decide

Exit codes: 0 done (also where a reader of the output goes away), 1 failed, 2 wrong usage.";

/// Options that mean the same on every verb.
#[derive(Debug, Args)]
pub struct Common {
    /// How results are written [default: a table; csv where rows are written]
    #[arg(long, global = true, value_enum, help_heading = "Common options")]
    pub format: Option<Format>,
    /// Seed of everything random: folds and bootstrap
    #[arg(long, global = true, default_value_t = TrainParams::default().seed, help_heading = "Common options")]
    pub seed: u64,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Common options")]
    pub threads: Option<u16>,
    /// No progress and no warnings; errors are still told
    #[arg(long, short, global = true, help_heading = "Common options")]
    pub quiet: bool,
    /// How stderr tells of progress, warnings and errors
    #[arg(long, global = true, value_enum, default_value = "auto", help_heading = "Common options")]
    pub progress: ProgressForm,
}

impl Common {
    /// Whether programs read stderr.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.progress == ProgressForm::Json
    }

    /// Whether progress, notes and warnings are events for programs.
    #[must_use]
    pub fn emits_events(&self) -> bool {
        self.is_json() && !self.quiet
    }
}

/// The form of what stderr says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// For people: bars on a terminal, lines elsewhere
    Auto,
    /// For programs: one object a line, with an event of progress, stage, file, note, warning or error
    Json,
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// Everything, for programs; JSON Lines where rows are written
    Json,
    /// One value a row, for data frames
    Csv,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Take articles apart into sentences, each with its place, voice and speaker
    Segment(SegmentArgs),
    /// Learn frames from coded rows, and write a model
    Train(TrainArgs),
    /// Judge a model, or the training itself by cross-validation, on coded rows
    Evaluate(EvaluateArgs),
    /// Learn a model's opinions of uncoded rows, for a small model nearly as good
    Distill(DistillArgs),
    /// Measure how far coders agree, and a model with them
    Agree(AgreeArgs),
    /// Add each frame's probability and the predicted frames to rows
    Predict(PredictArgs),
    /// Draw the rows to code, by which outlets can be compared
    Sample(SampleArgs),
    /// Compare outlets by share of frames, corrected by coded rows
    Compare(CompareArgs),
    /// From coded rows to model, predictions, comparison and report at once
    Study(StudyArgs),
    /// Show what each word of a sentence contributes
    Explain(ExplainArgs),
    /// Print a model's card: data, settings, scores, hash
    Inspect(InspectArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write those of all verbs
    Man(ManArgs),
    /// Tell what stands in the columns that are written
    Schema(SchemaArgs),
}

/// Refuses `--chunk` where no line would come of it.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
pub fn chunk_needs_json(chunk: Option<u64>, common: &Common) -> Result<()> {
    match chunk {
        Some(chunk) if !common.is_json() => {
            let found = format!("{chunk} without --progress json");
            Err(Error::parameter("--chunk", found, "both: it says how often a line of JSON comes"))
        }
        _ => Ok(()),
    }
}

/// The layout in which a verb that writes rows is to write them to `output`.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a format that is none of rows, and a name that promises
/// compression.
pub fn rows_format(output: &Path, format: Option<Format>) -> Result<OutputFormat> {
    if is_compressed(output) {
        let found = output.display();
        return Err(Error::parameter("--output", found, "a name without .gz or .zst: output is not compressed"));
    }
    Ok(rows_layout(format)?.unwrap_or_else(|| OutputFormat::from_path(&output.to_string_lossy())))
}

/// The layout of rows that `--format` asks for, if it asks for one.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a format that is none of rows.
pub fn rows_layout(format: Option<Format>) -> Result<Option<OutputFormat>> {
    match format {
        Some(Format::Table) => Err(Error::parameter("--format", "table", "csv or json: this verb writes rows")),
        Some(Format::Json) => Ok(Some(OutputFormat::JsonLines)),
        Some(Format::Csv) => Ok(Some(OutputFormat::CSV)),
        None => Ok(None),
    }
}
