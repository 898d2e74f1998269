//! What can be typed. Numbers take their defaults from the library, so that help cannot drift from what is done.

use std::path::{Path, PathBuf};

use clap::builder::styling::Styles;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use super::comparing::{CompareArgs, StudyArgs};
use super::sampling::SampleArgs;
use super::schema::SchemaArgs;
use crate::corpus::{ArticleOptions, ColumnNames, CorpusOptions, Frames, GroupBy, ReadOptions, TableFormat};
use crate::error::{Error, Result};
use crate::features::{FeatureParams, FeatureValidParams, Names};
use crate::model::{ClassWeight, LogisticParams, LogisticValidParams, Prior};
use crate::predict::OutputFormat;
use crate::segment::{SegmentOptions, StoryParams};
use crate::stats::Bootstrap;
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

/// How files of rows are laid out.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct LayoutArgs {
    /// The layout of the input [default: by the file's extension, csv for stdin]
    #[arg(long, value_enum, value_name = "LAYOUT")]
    pub input_format: Option<Layout>,
    /// The byte between fields, where it is neither comma nor tab
    #[arg(long, value_name = "CHAR", conflicts_with = "input_format")]
    pub delimiter: Option<char>,
    /// The encoding of the input, such as windows-1252 [default: UTF-8, strictly]
    #[arg(long, value_name = "LABEL")]
    pub encoding: Option<String>,
}

impl LayoutArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// A usage error if the delimiter is no single byte, or would be mistaken for a quote or a line break.
    fn read_options(&self, columns: ColumnNames) -> Result<ReadOptions> {
        let delimiter = self.delimiter.map(|delimiter| {
            u8::try_from(delimiter).ok().filter(|byte| byte.is_ascii() && !b"\"\r\n\0".contains(byte)).ok_or_else(
                || {
                    Error::parameter(
                        "--delimiter",
                        format!("{delimiter:?}"),
                        "one ASCII character, no quote and no line break",
                    )
                },
            )
        });
        let delimiter = delimiter.transpose()?.map(TableFormat::Delimited);
        let format = delimiter.or(self.input_format.map(Into::into));
        Ok(ReadOptions { columns, format, encoding: self.encoding.clone() })
    }
}

/// How input is read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct InputArgs {
    /// The layout
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// The column that holds the sentences
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().text)]
    pub text_column: String,
    /// The column that holds the ';'-joined frames
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().labels)]
    pub labels_column: String,
    /// The column that identifies rows
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().id)]
    pub id_column: String,
    /// The column that names the outlet
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().outlet)]
    pub outlet_column: String,
    /// The column that names the article
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().doc_id)]
    pub doc_id_column: String,
    /// The column that names the story
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().story_id)]
    pub story_id_column: String,
    /// The column that holds row weights
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().weight)]
    pub weight_column: String,
    /// The column that names the part of the data
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().split)]
    pub split_column: String,
}

/// The layouts of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Layout {
    /// Comma-separated values
    Csv,
    /// Tab-separated values
    Tsv,
    /// One JSON object a line
    Jsonl,
}

impl From<Layout> for TableFormat {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::Csv => TableFormat::CSV,
            Layout::Tsv => TableFormat::TSV,
            Layout::Jsonl => TableFormat::JsonLines,
        }
    }
}

impl InputArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// A usage error if the delimiter cannot be one.
    pub fn read_options(&self) -> Result<ReadOptions> {
        self.layout.read_options(ColumnNames {
            text: self.text_column.clone(),
            labels: self.labels_column.clone(),
            id: self.id_column.clone(),
            outlet: self.outlet_column.clone(),
            doc_id: self.doc_id_column.clone(),
            story_id: self.story_id_column.clone(),
            weight: self.weight_column.clone(),
            split: self.split_column.clone(),
            ..ColumnNames::default()
        })
    }
}

/// Which coded rows are read.
#[derive(Debug, Args)]
pub struct CodedArgs {
    /// Files of coded rows; - is stdin
    #[arg(required = true, value_name = "CODED.csv")]
    pub files: Vec<String>,
    /// The codebook: frames to expect, in this order. Names the 0/1 columns where there is no labels column
    #[arg(long, value_delimiter = ',', value_name = "FRAME,…")]
    pub frames: Option<Vec<String>>,
    /// Keep only rows whose split column says this
    #[arg(long, value_name = "VALUE")]
    pub split: Option<String>,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
}

impl CodedArgs {
    /// As the library takes it; `model_frames` are the frames to expect when none are given.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn corpus_options(&self, model_frames: Option<&Frames>) -> Result<CorpusOptions> {
        let options = expecting(self.frames.as_deref(), model_frames, self.input.read_options()?)?;
        Ok(CorpusOptions { split: self.split.clone(), ..options })
    }
}

/// Reading with the frames of `--frames`, or else those of a model.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for names that cannot be frames.
pub fn expecting(given: Option<&[String]>, model: Option<&Frames>, read: ReadOptions) -> Result<CorpusOptions> {
    let given = given.map(|names| Frames::new(names.to_vec())).transpose()?;
    Ok(CorpusOptions {
        read,
        frames_owner: (given.is_none() && model.is_some()).then(|| "the model".to_owned()),
        frames: given.or_else(|| model.cloned()),
        ..CorpusOptions::default()
    })
}

/// Settings of the training, shared by `train` and `evaluate --cross-validate`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Training")]
pub struct TrainingArgs {
    /// What folds hold out whole [default: doc_id where the rows have it, else none]
    #[arg(long, value_enum)]
    pub group: Option<Group>,
    /// Penalties to choose from out of fold, on about 20,000 rows where there are more; one number is used as it is; `auto` is the
    /// default path
    #[arg(long, value_delimiter = ',', value_name = "ALPHA,…", default_value = "auto", allow_negative_numbers = true)]
    pub alpha: Vec<String>,
    /// Weigh the rows of both classes alike in sum, or not
    #[arg(long, value_enum, default_value = "balanced")]
    pub class_weight: Balance,
    /// The shape of the penalty: features that tell the classes apart are held less, or all alike
    #[arg(long, value_enum, default_value = "log-odds")]
    pub prior: PriorShape,
    /// Train the other frames when one has too few rows of a class
    #[arg(long)]
    pub allow_constant: bool,
    /// Longest run of words that is a feature
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().max_words)]
    pub max_words: usize,
    /// Shortest subword, in characters
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().min_subword)]
    pub min_subword: usize,
    /// Longest subword; 0 for no subwords
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().max_subword)]
    pub max_subword: usize,
    /// Sentences that must hold a word or a pair
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().min_df)]
    pub min_df: usize,
    /// Sentences that must hold a subword
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().min_df_subword)]
    pub min_df_subword: usize,
    /// Most features of each kind
    #[arg(long, value_name = "N", default_value_t = FeatureValidParams::default().max_features)]
    pub max_features: usize,
    /// Weight of words and pairs beside subwords
    #[arg(long, value_name = "X", default_value_t = FeatureValidParams::default().word_weight)]
    pub word_weight: f64,
    /// Whether a name is a word like others, or one word stands for all names
    #[arg(long, value_enum, default_value = "keep")]
    pub names: NamesAre,
    /// Newton steps before a fit is given up
    #[arg(long, value_name = "N", default_value_t = LogisticValidParams::default().max_iterations)]
    pub max_iterations: usize,
    /// A fit is done when its gradient has shrunk by this factor
    #[arg(long, value_name = "X", default_value_t = LogisticValidParams::default().tolerance)]
    pub tolerance: f64,
    /// Do not score under other groupings, which is done on about 20,000 rows where there are more
    #[arg(long)]
    pub no_leakage: bool,
}

/// What folds hold out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Group {
    /// Nothing: single rows, at random
    None,
    /// Articles
    DocId,
    /// Stories
    StoryId,
    /// Outlets
    Outlet,
}

/// Class weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Balance {
    /// Both classes weigh the same
    Balanced,
    /// Every row weighs the same
    None,
}

/// What becomes of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NamesAre {
    /// Words like others
    Keep,
    /// One word: capitalised words that the training rows do not hold without a capital too. Travels better to other news; for
    /// languages that write only names with capitals
    Mask,
}

/// Shapes of the penalty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PriorShape {
    /// By the log ratio of a feature's frequency in the two classes
    LogOdds,
    /// Ridge
    Uniform,
}

impl TrainingArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn train_params(&self, seed: u64, n_folds: usize, bootstrap: Bootstrap) -> Result<TrainParams> {
        let alphas = match &self.alpha[..] {
            [auto] if auto == "auto" => TrainParams::default().alphas,
            given => given
                .iter()
                .map(|alpha| {
                    alpha.parse().map_err(|_| Error::parameter("--alpha", alpha, "auto, or numbers joined by commas"))
                })
                .collect::<Result<_>>()?,
        };
        let class_weight = match self.class_weight {
            Balance::Balanced => ClassWeight::Balanced,
            Balance::None => ClassWeight::None,
        };
        let prior = match self.prior {
            PriorShape::LogOdds => Prior::LogOdds,
            PriorShape::Uniform => Prior::Uniform,
        };
        TrainParams {
            features: FeatureParams(FeatureValidParams {
                max_words: self.max_words,
                min_subword: self.min_subword,
                max_subword: self.max_subword,
                min_df: self.min_df,
                min_df_subword: self.min_df_subword,
                max_features: self.max_features,
                word_weight: self.word_weight,
                names: match self.names {
                    NamesAre::Keep => Names::Keep,
                    NamesAre::Mask => Names::Mask,
                },
            }),
            logistic: LogisticParams::default()
                .class_weight(class_weight)
                .prior(prior)
                .max_iterations(self.max_iterations)
                .tolerance(self.tolerance),
            alphas,
            max_path_rows: TrainParams::default().max_path_rows,
            max_parallel_rows: TrainParams::default().max_parallel_rows,
            group: self.group.map(|group| match group {
                Group::None => GroupBy::Row,
                Group::DocId => GroupBy::DocId,
                Group::StoryId => GroupBy::StoryId,
                Group::Outlet => GroupBy::Outlet,
            }),
            n_folds,
            seed,
            allow_constant: self.allow_constant,
            leakage: !self.no_leakage,
            bootstrap,
        }
        .check()
    }
}

/// Settings of the intervals.
#[derive(Debug, Args)]
#[command(next_help_heading = "Intervals")]
pub struct IntervalArgs {
    /// Times that articles are drawn anew; 0 for no intervals
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().n_replicates)]
    pub n_bootstrap: usize,
    /// Confidence level
    #[arg(long, value_name = "X", default_value_t = Bootstrap::default().level)]
    pub level: f64,
}

impl IntervalArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn bootstrap(&self, seed: u64) -> Result<Bootstrap> {
        if !(self.level > 0.0 && self.level < 1.0) {
            return Err(Error::parameter("--level", self.level, "a number between 0 and 1, such as 0.95"));
        }
        Ok(Bootstrap { n_replicates: self.n_bootstrap, level: self.level, seed })
    }
}

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
    /// A table that says of each file what its outlet and date are: file,outlet,date; also doc_id, story_id, or anything to pass on.
    /// Without ARTICLES, its files are read
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
    /// Articles between two lines of --progress json [default: 1000]
    #[arg(long, value_name = "ARTICLES", value_parser = clap::value_parser!(u64).range(1..))]
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

/// How tables of articles are read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct ArticleArgs {
    /// The layout
    #[command(flatten)]
    pub layout: LayoutArgs,
    /// The column that holds the articles
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().text)]
    pub text_column: String,
    /// The column that holds web pages, read where there is no text
    #[arg(long, value_name = "NAME", default_value_t = ArticleOptions::default().html)]
    pub html_column: String,
    /// The column that identifies articles
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().doc_id)]
    pub doc_id_column: String,
    /// The column that names the outlet
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().outlet)]
    pub outlet_column: String,
    /// The column that holds the date, which begins as 2026-03-01 does
    #[arg(long, value_name = "NAME", default_value_t = ArticleOptions::default().date)]
    pub date_column: String,
    /// The column that names the story, where it is known already
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().story_id)]
    pub story_id_column: String,
}

impl ArticleArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// A usage error if the delimiter cannot be one.
    pub fn options(&self, manifest: Option<String>) -> Result<ArticleOptions> {
        let columns = ColumnNames {
            text: self.text_column.clone(),
            doc_id: self.doc_id_column.clone(),
            outlet: self.outlet_column.clone(),
            story_id: self.story_id_column.clone(),
            ..ColumnNames::default()
        };
        Ok(ArticleOptions {
            read: self.layout.read_options(columns)?,
            date: self.date_column.clone(),
            html: self.html_column.clone(),
            manifest,
        })
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
    /// Where the model is written
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
    /// The model [default: the bundled one]
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
whose probability reaches their threshold, joined by ';' (none if there is none). All other columns pass through. Rows keep \
their order; a row with an empty text gets empty cells."
)]
pub struct PredictArgs {
    /// Files of rows with the same columns; - is stdin
    #[arg(required = true, value_name = "ROWS.csv")]
    pub files: Vec<String>,
    /// The model [default: the bundled one]
    #[arg(long, value_name = "MODEL.safetensors")]
    pub model: Option<PathBuf>,
    /// Where the rows are written, as CSV, TSV or JSON Lines by the extension [default: stdout]
    #[arg(long, short, value_name = "OUT.csv", default_value = "-", hide_default_value = true)]
    pub output: PathBuf,
    /// Replace p_<frame> and predicted columns that the input has already
    #[arg(long)]
    pub overwrite_columns: bool,
    /// Write these columns alone, in this order: columns of the input, p_<frame> and predicted
    #[arg(long, value_delimiter = ',', value_name = "COLUMN,…")]
    pub select: Option<Vec<String>>,
    /// Go on with a folder of outputs: files that are complete, by the hashes of input, output, model and options, are passed over
    #[arg(long, help_heading = "Many files")]
    pub resume: bool,
    /// Stop at the first file that cannot be scored, instead of going on with the others
    #[arg(long, help_heading = "Many files")]
    pub fail_fast: bool,
    /// Rows between two lines of --progress json [default: 100000]
    #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u64).range(1..))]
    pub chunk: Option<u64>,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
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
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a format that is none of rows, and a name that promises compression.
pub fn rows_format(output: &Path, format: Option<Format>) -> Result<OutputFormat> {
    if output.extension().is_some_and(|extension| extension == "gz" || extension == "zst") {
        let found = output.display();
        return Err(Error::parameter("--output", found, "a name without .gz or .zst: output is not compressed"));
    }
    match format {
        Some(Format::Table) => Err(Error::parameter("--format", "table", "csv or json: this verb writes rows")),
        Some(Format::Json) => Ok(OutputFormat::JsonLines),
        Some(Format::Csv) => Ok(OutputFormat::CSV),
        None => Ok(OutputFormat::from_path(&output.to_string_lossy())),
    }
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
    /// The model [default: the bundled one]
    #[arg(long, value_name = "MODEL.safetensors")]
    pub model: Option<PathBuf>,
    /// Show only the N largest contributions of each frame [default: 10 in a table, all in csv and json]
    #[arg(long, value_name = "N")]
    pub top: Option<usize>,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
}

/// Arguments of `inspect`.
#[derive(Debug, Args)]
#[command(
    after_help = "--format csv writes every feature with its weight instead; `framescope schema inspect` tells what each column means."
)]
pub struct InspectArgs {
    /// The model [default: the bundled one]
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
    /// A folder that gets a page for each verb, made if it is not there [default: the page of framescope itself is printed]
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,
}
