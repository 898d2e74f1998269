//! The arguments of each verb, but for those that compare, which stand with their verbs.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::{ArticleArgs, CodedArgs, EncoderArgs, InputArgs, IntervalArgs, TrainingArgs, TuningArgs};
use crate::corpus::{ColumnNames, ReadOptions};
use crate::error::Result;
use crate::predict::OutputFormat;
use crate::segment::{SegmentOptions, StoryParams};
use crate::training::TrainParams;

/// Articles between two lines of progress in JSON.
pub const CHUNK_ARTICLES: u64 = 1_000;
/// Rows between two lines of progress in JSON.
pub const CHUNK_ROWS: u64 = 100_000;

/// Arguments of `segment`.
#[derive(Debug, Args)]
#[command(
    after_help = "Each sentence comes with its place in the article as given, its voice, which is quoted (direct speech), attributed (reported \
speech) or editorial (the outlet's own), its speaker, its story, what other outlets have word for word, and what was mended. Other columns of \
the articles pass through. `framescope schema segment` tells what each column means.

Articles come from .txt and .html files, folders of them, and tables with a text column (or an html column) and, where they are known, \
outlet, doc_id, date and story_id.",
    group = ArgGroup::new("articles").required(true).multiple(true).args(["files", "manifest"])
)]
pub struct SegmentArgs {
    /// Text files, web pages, folders of them, tables of articles; - is a table on stdin
    #[arg(value_name = "ARTICLES")]
    pub files: Vec<String>,
    /// A table that says of each file what its outlet and date are: file,outlet,date; also doc_id, story_id, or
    /// anything to pass on. Without ARTICLES, its files are read
    #[arg(long, value_name = "MANIFEST.csv")]
    pub manifest: Option<String>,
    /// Where the rows are written, as CSV, TSV or JSON Lines by the extension [default: stdout]
    #[arg(long, short, value_name = "SENTENCES.csv", default_value = "-", hide_default_value = true)]
    pub output: PathBuf,
    /// Write the lines that were taken for furniture too, with the reason in a boilerplate column
    #[arg(long)]
    pub keep_boilerplate: bool,
    /// The articles' language, as an ISO 639-1 code. Attributed voice is known in English alone
    #[arg(long, value_name = "CODE", default_value_t = SegmentOptions::default().language)]
    pub language: String,
    /// Articles of one story lie at most so many days apart
    #[arg(long, value_name = "N", default_value_t = StoryParams::default().days, help_heading = "Stories")]
    pub story_days: u32,
    /// How similar two articles of one story are, from 0 to 1 (cosine of their tf-idf vectors)
    #[arg(long, value_name = "X", default_value_t = StoryParams::default().similarity, help_heading = "Stories")]
    pub story_similarity: f64,
    /// Articles between two lines of progress
    #[arg(
        long,
        value_name = "ARTICLES",
        value_parser = clap::value_parser!(u64).range(1..),
        help = format!("Articles between two lines of --progress json [default: {CHUNK_ARTICLES}]")
    )]
    pub chunk: Option<u64>,
    /// How tables are read
    #[command(flatten)]
    pub input: ArticleArgs,
}

impl SegmentArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn options(&self, output: OutputFormat, threads: Option<u16>) -> Result<SegmentOptions> {
        let mut options = SegmentOptions {
            output,
            keep_boilerplate: self.keep_boilerplate,
            language: self.language.clone(),
            stories: StoryParams { days: self.story_days, similarity: self.story_similarity },
            ..SegmentOptions::default()
        };
        if let Some(threads) = threads {
            options.n_threads = threads.into();
        }
        options.check()
    }
}

/// Arguments of `train`.
#[derive(Debug, Args)]
#[command(
    after_help = "Prints the out-of-fold scores: each row is judged by a model that saw neither it nor its group, \
with penalty, calibration and threshold chosen without it."
)]
pub struct TrainArgs {
    /// The coded rows
    #[command(flatten)]
    pub coded: CodedArgs,
    /// Where the model is written; - is stdout, and the scores then go to stderr
    #[arg(long, short, value_name = "MODEL.safetensors")]
    pub output: PathBuf,
    /// Folds
    #[arg(long, value_name = "N", default_value_t = TrainParams::default().n_folds, help_heading = "Training")]
    pub folds: usize,
    /// The training
    #[command(flatten)]
    pub training: TrainingArgs,
    /// The intervals
    #[command(flatten)]
    pub intervals: IntervalArgs,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
    /// How it is used
    #[command(flatten)]
    pub tuning: TuningArgs,
}

/// Arguments of `evaluate`.
#[derive(Debug, Args)]
#[command(
    after_help = "With --model (or the bundled model) the rows must not have trained it; framescope warns when the model \
remembers the file. With --cross-validate the training itself is judged, choices and all, in nested folds."
)]
pub struct EvaluateArgs {
    /// The coded rows
    #[command(flatten)]
    pub coded: CodedArgs,
    /// The model; - is stdin [default: the bundled one]
    #[arg(long, value_name = "MODEL.safetensors", conflicts_with = "cross_validate")]
    pub model: Option<PathBuf>,
    /// Judge the training instead of a model, in so many folds
    #[arg(long, value_name = "FOLDS")]
    pub cross_validate: Option<usize>,
    /// The training
    #[command(flatten)]
    pub training: TrainingArgs,
    /// The intervals
    #[command(flatten)]
    pub intervals: IntervalArgs,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
    /// How it is used
    #[command(flatten)]
    pub tuning: TuningArgs,
}

/// Arguments of `agree`.
#[derive(Debug, Args)]
#[command(
    after_help = "Either one file holds the rows of all coders, with columns unit, coder and labels; or each file holds one \
coder's rows, with labels and a unit (or id) column, and the coder is the file's name. Columns text and doc_id are used where \
they are.

Agreement is Krippendorff's alpha: of each frame (nominal), and of label sets (with the MASI distance; none is a set of its own). \
Intervals draw articles where doc_id names them, and units otherwise; below 50 of them they come from a jackknife with Student's t, \
above from a bootstrap."
)]
pub struct AgreeArgs {
    /// Files of rows coded by several coders, or one file for each coder; - is stdin
    #[arg(required = true, value_name = "CODED.csv")]
    pub files: Vec<String>,
    /// A model to stand beside the coders; `bundled` is the bundled one
    #[arg(long, value_name = "MODEL.safetensors")]
    pub model: Option<PathBuf>,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
    /// The column that says what was coded
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().unit, help_heading = "Input")]
    pub unit_column: String,
    /// The column that says who coded it
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().coder, help_heading = "Input")]
    pub coder_column: String,
    /// The intervals
    #[command(flatten)]
    pub intervals: IntervalArgs,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
}

impl AgreeArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// A usage error if the delimiter cannot be one.
    pub fn read_options(&self) -> Result<ReadOptions> {
        let mut options = self.input.read_options()?;
        options.columns.unit.clone_from(&self.unit_column);
        options.columns.coder.clone_from(&self.coder_column);
        Ok(options)
    }
}

/// Arguments of `predict`.
#[derive(Debug, Args)]
#[command(
    after_help = "Appends p_<frame>, a calibrated probability, for each frame in model order, and predicted, the frames \
whose probability reaches their threshold, joined by ';' (none if there is none). All other columns pass through. \
Rows keep their order; a row with an empty text gets empty cells.

Folders are searched for .csv, .tsv, .tab, .jsonl and .ndjson files at any depth, also .gz or .zst; patterns (*, ?, \
[a-z], ** for any depth) take whatever they match, and are quoted so that the shell leaves them alone. With a folder as \
--output, each file gets an output of its own name there, and .framescope-journal.jsonl in it keeps the hashes that \
--resume goes by. A file that fails is told of, its output stays as it was, the others are scored, and the exit code is 1.

Examples:
  framescope predict news.csv -o scored.csv
  framescope predict news/ -o scored/ --resume
  framescope predict 'news/2026-*/*.csv.gz' -o scored/ --select id,p_escalation
  zcat news.csv.gz | framescope predict - --format json | head"
)]
pub struct PredictArgs {
    /// Files of rows, folders of them, or patterns of their names; - is stdin. What goes into one output must have the same
    /// columns
    #[arg(required = true, value_name = "ROWS.csv")]
    pub files: Vec<String>,
    /// The model; - is stdin [default: the bundled one]
    #[arg(long, value_name = "MODEL.safetensors")]
    pub model: Option<PathBuf>,
    /// Where the rows are written, as CSV, TSV or JSON Lines by the extension; a folder that is there, or a name that ends
    /// with /, gets a file for each input [default: stdout]
    #[arg(long, short, value_name = "OUT.csv", default_value = "-", hide_default_value = true)]
    pub output: PathBuf,
    /// Replace p_<frame> and predicted columns that the input has already
    #[arg(long)]
    pub overwrite_columns: bool,
    /// Write these columns alone, in this order: columns of the input, p_<frame> and predicted
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,…")]
    pub select: Option<Vec<String>>,
    /// Go on with a folder of outputs: files that are complete, by the hashes of input, output, model and options, are
    /// passed over
    #[arg(long, help_heading = "Many files")]
    pub resume: bool,
    /// Stop at the first file that cannot be scored, instead of going on with the others
    #[arg(long, help_heading = "Many files")]
    pub fail_fast: bool,
    /// Rows between two lines of progress
    #[arg(
        long,
        value_name = "ROWS",
        value_parser = clap::value_parser!(u64).range(1..),
        help = format!("Rows between two lines of --progress json [default: {CHUNK_ROWS}]")
    )]
    pub chunk: Option<u64>,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "The contributions of a frame and its intercept sum to the logit of its probability. Each is made of the \
word's own weight, half of each pair with a neighbour, and the subwords inside the word.",
    group = ArgGroup::new("sentences").required(true).args(["files", "text"])
)]
pub struct ExplainArgs {
    /// Files of rows; - is stdin
    #[arg(value_name = "ROWS.csv")]
    pub files: Vec<String>,
    /// A sentence, instead of files
    #[arg(long)]
    pub text: Option<String>,
    /// The model; - is stdin [default: the bundled one]
    #[arg(long, value_name = "MODEL.safetensors")]
    pub model: Option<PathBuf>,
    /// Show only the N largest contributions of each frame [default: 10 in a table, all in csv and json]
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(
    after_help = "--format csv writes every feature with its weight instead; `framescope schema inspect` tells what each column means."
)]
pub struct InspectArgs {
    /// The model; - is stdin [default: the bundled one]
    #[arg(value_name = "MODEL.safetensors")]
    pub model: Option<PathBuf>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  framescope completions bash > ~/.local/share/bash-completion/completions/framescope
  framescope completions fish > ~/.config/fish/completions/framescope.fish
  framescope completions zsh > \"${fpath[1]}/_framescope\"")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  framescope man | man -l -
  framescope man -o ~/.local/share/man/man1")]
pub struct ManArgs {
    /// A folder that gets a page for each verb, made if it is not there [default: the page of framescope itself is
    /// printed]
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,
}
