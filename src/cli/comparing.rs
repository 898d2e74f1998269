//! The options of `compare` and `study`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::{CodedArgs, EncoderArgs, InputArgs, TrainingArgs, TuningArgs, expecting};
use crate::comparison::{CompareParams, Wire};
use crate::corpus::{ColumnNames, CorpusOptions, Frames, ReadOptions};
use crate::error::Result;
use crate::stats::{Adjustment, Bootstrap};
use crate::training::TrainParams;

/// Columns that only comparisons read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct PopulationArgs {
    /// The column that says whose voice a sentence is
    #[arg(long = "voice-column", value_name = "NAME", default_value_t = ColumnNames::default().voice)]
    pub voice: String,
    /// The column that sentences share which several rows have word for word
    #[arg(long = "wire-id-column", value_name = "NAME", default_value_t = ColumnNames::default().wire_id)]
    pub wire_id: String,
    /// The column that holds the probability with which a coded row was drawn
    #[arg(long = "pi-column", value_name = "NAME", default_value_t = ColumnNames::default().pi)]
    pub pi: String,
}

impl PopulationArgs {
    /// Adds these columns' names to those of all input.
    #[must_use]
    pub fn read_options(&self, read: ReadOptions) -> ReadOptions {
        let columns = ColumnNames {
            voice: self.voice.clone(),
            wire_id: self.wire_id.clone(),
            pi: self.pi.clone(),
            ..read.columns
        };
        ReadOptions { columns, ..read }
    }
}

/// How outlets are compared.
#[derive(Debug, Args)]
#[command(next_help_heading = "Comparison")]
pub struct ComparingArgs {
    /// How p-values are adjusted for the number of differences tested
    #[arg(long, value_enum, default_value = "bh")]
    pub adjust: Adjust,
    /// Wire copy, sentences with the same wire_id, counts once in all, or every time
    #[arg(long, value_enum, default_value = "once")]
    pub wire: WireCounts,
    /// Confidence level
    #[arg(long, value_name = "X", default_value_t = CompareParams::default().level)]
    pub level: f64,
    /// Labels by several coders of the same units (unit,coder,labels), for the agreement in the report
    #[arg(long, value_name = "CODERS.csv")]
    pub coders: Option<String>,
    /// Times that articles are drawn anew for the intervals of distinctive words, and of scores in the report
    #[arg(long, value_name = "N", default_value_t = CompareParams::default().n_replicates)]
    pub n_bootstrap: usize,
}

/// Adjustments of p-values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Adjust {
    /// Benjamini-Hochberg: the false discovery rate
    Bh,
    /// Benjamini-Yekutieli: the same, whatever the dependence
    By,
    /// Holm: the chance of any false finding
    Holm,
}

/// What becomes of wire copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WireCounts {
    /// Each sentence weighs 1 in all, spread over the rows that have it
    Once,
    /// Each row weighs 1
    Keep,
}

impl ComparingArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn params(&self, seed: u64) -> Result<CompareParams> {
        CompareParams {
            level: self.level,
            adjustment: match self.adjust {
                Adjust::Bh => Adjustment::BenjaminiHochberg,
                Adjust::By => Adjustment::BenjaminiYekutieli,
                Adjust::Holm => Adjustment::Holm,
            },
            wire: match self.wire {
                WireCounts::Once => Wire::Once,
                WireCounts::Keep => Wire::Keep,
            },
            seed,
            n_replicates: self.n_bootstrap,
            ..CompareParams::default()
        }
        .check()
    }

    /// The bootstrap of scores.
    #[must_use]
    pub fn bootstrap(&self, seed: u64) -> Bootstrap {
        Bootstrap { n_replicates: self.n_bootstrap, level: self.level, seed }
    }
}

/// Arguments of `compare`.
#[derive(Debug, Args)]
#[command(
    after_help = "For each outlet and frame three shares stand side by side: counted, what the model predicts; coded, among the coded rows alone; \
corrected, the model's predictions of all rows mended by its errors on the coded ones. Only the last two have intervals, in which articles \
(doc_id) are the units. Coded rows are those whose labels are not empty. They must be drawn at random: with pi, the probability that \
`framescope sample` wrote, by that; without, the draw is taken for a simple random one within each outlet, and the output says so. They must not \
have trained the model: `framescope study` is for rows that should do both.

Rows that carry p_<frame> columns keep them (and predicted) as they are; other rows are scored.

-o DIR gets shares.csv, differences.csv, comparison.json and report.html.
  shares.csv       an outlet, frame, voice and estimator a row; shares are in [0, 1], and low and high empty where there is no interval
  differences.csv  two outlets, a frame, voice and estimator a row: the share of outlet_a minus that of outlet_b, with p_adjusted within all
                   pairs and frames of an estimator and voice
Rows with an interval stand first. `framescope schema compare` tells what each column means."
)]
pub struct CompareArgs {
    /// Files of rows with a text and an outlet column; - is stdin
    #[arg(required = true, value_name = "ROWS.csv")]
    pub files: Vec<String>,
    /// Labels and pi of rows that were drawn from ROWS and coded elsewhere, matched by id, or by text where there is
    /// none
    #[arg(long, value_name = "CODED.csv")]
    pub coded: Option<String>,
    /// The model; - is stdin [default: the bundled one]
    #[arg(long, value_name = "MODEL.safetensors")]
    pub model: Option<PathBuf>,
    /// The folder that gets the files, made if it is not there [default: only the table is printed]
    #[arg(long, short, value_name = "DIR")]
    pub output: Option<PathBuf>,
    /// The codebook: frames to expect where rows carry p_<frame>, and the 0/1 columns where there is no labels column
    #[arg(long, value_delimiter = ',', value_name = "FRAME,…")]
    pub frames: Option<Vec<String>>,
    /// How outlets are compared
    #[command(flatten)]
    pub comparing: ComparingArgs,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
    /// More columns
    #[command(flatten)]
    pub population: PopulationArgs,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
}

impl CompareArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn corpus_options(&self, model_frames: Option<&Frames>) -> Result<CorpusOptions> {
        let read = self.population.read_options(self.input.read_options()?);
        Ok(CorpusOptions { uncoded: true, ..expecting(self.frames.as_deref(), model_frames, read)? })
    }
}

/// Arguments of `study`.
#[derive(Debug, Args)]
#[command(
    after_help = "Trains on the coded rows, predicts every coded row by models that had not seen its group and every other row by the mean of the \
same models, and compares the outlets: one command from coded rows to a report. The model written is the one of all coded rows, for other \
news.

-o DIR gets report.html, shares.csv, differences.csv and comparison.json, as `framescope compare --help` describes them; \
predictions.csv, with p_<frame> and predicted for each row; and model.safetensors. `framescope schema study` tells what each column means."
)]
pub struct StudyArgs {
    /// The rows, coded or not
    #[command(flatten)]
    pub coded: CodedArgs,
    /// The folder that gets the files, made if it is not there
    #[arg(long, short, value_name = "DIR")]
    pub output: PathBuf,
    /// Folds
    #[arg(long, value_name = "N", default_value_t = TrainParams::default().n_folds, help_heading = "Training")]
    pub folds: usize,
    /// The training
    #[command(flatten)]
    pub training: TrainingArgs,
    /// How outlets are compared
    #[command(flatten)]
    pub comparing: ComparingArgs,
    /// More columns
    #[command(flatten)]
    pub population: PopulationArgs,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
    /// How it is used
    #[command(flatten)]
    pub tuning: TuningArgs,
}

impl StudyArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn corpus_options(&self) -> Result<CorpusOptions> {
        let options = self.coded.corpus_options(None)?;
        Ok(CorpusOptions {
            read: self.population.read_options(options.read),
            uncoded: true,
            ignore_scores: true,
            ..options
        })
    }
}
