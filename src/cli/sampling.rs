//! The options of `sample`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::args::{EncoderArgs, InputArgs, expecting};
use crate::comparison::{CodedRows, SampleParams};
use crate::corpus::{ColumnNames, CorpusOptions, Frames};
use crate::error::Result;

/// Arguments of `sample`.
#[derive(Debug, Args)]
#[command(
    after_help = "Draws rows at random, so that each outlet's share of every frame can be estimated from them, and \
says beforehand about how sure the estimates will be. Within an outlet, rows are told apart by their most probable \
frame and its probability (below 0.1, from 0.1, from 0.5), and more are drawn where the model is unsure: rare frames \
are met more often than by drawing blindly, and pi, the probability with which each row was drawn, makes up for \
that. Rows that already carry p_<frame> columns are told apart by these, other rows by the model.

The rows written have all columns of the input, a labels column to fill in (frames joined by ';', none for no \
frame), and pi. Columns with a model's scores are left out, since a coder who sees them is led by them. Code every \
row that was drawn. Then:

  framescope sample news.csv --per-outlet 60 -o to_code.csv      draw, then fill in the labels of to_code.csv
  framescope compare news.csv --coded to_code.csv -o report      estimate the shares

With --half-width, the rows that each outlet and frame would need for it are told too; without --per-outlet, so many \
are drawn. --whole-articles draws articles with all their sentences: quicker to code, for their context is read \
once, and less sure by the same number of sentences.

Rows that are coded already stand aside, unless --keep-coded says that they are from an earlier draw and carry its \
pi: then each stratum is filled up. Rows that were picked in any other way, for being striking or by a keyword, have \
no place in a draw.

The forecast goes to stdout if the rows go to a file (--format json or csv for all of it), else to stderr. \
`framescope schema sample` tells what its columns mean.",
    group = ArgGroup::new("how many").required(true).multiple(true).args(["per_outlet", "half_width"])
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that can be typed")]
pub struct SampleArgs {
    /// Files of rows with the same columns, a text and an outlet among them; - is stdin
    #[arg(required = true, value_name = "ROWS.csv")]
    pub files: Vec<String>,
    /// Rows, or articles with --whole-articles, to draw from each outlet; all where there are fewer
    #[arg(long, value_name = "N")]
    pub per_outlet: Option<usize>,
    /// The half-width that intervals of corrected shares should have: 0.05 is 5 points
    #[arg(long, value_name = "X")]
    pub half_width: Option<f64>,
    /// Draw articles (doc_id) with all their rows
    #[arg(long)]
    pub whole_articles: bool,
    /// Keep rows that are coded already in the draw; they must carry the pi of an earlier `framescope sample` with
    /// the same model
    #[arg(long, conflicts_with = "whole_articles")]
    pub keep_coded: bool,
    /// Vouch that the coded rows are a simple random sample of their outlet's rows, whether they carry pi or not
    #[arg(long, requires = "keep_coded")]
    pub coded_at_random: bool,
    /// Write p_<frame> and predicted columns of the input too
    #[arg(long)]
    pub with_scores: bool,
    /// The model; - is stdin [default: the bundled one]
    #[arg(long, value_name = "MODEL.safetensors")]
    pub model: Option<PathBuf>,
    /// Where the drawn rows are written, as CSV, TSV or JSON Lines by the extension [default: stdout]
    #[arg(long, short, value_name = "TO_CODE.csv", default_value = "-", hide_default_value = true)]
    pub output: PathBuf,
    /// Confidence level of the intervals
    #[arg(long, value_name = "X", default_value_t = SampleParams::default().level)]
    pub level: f64,
    /// The codebook: frames to expect where rows carry p_<frame>, and the 0/1 columns where there is no labels column
    #[arg(long, value_delimiter = ',', value_name = "FRAME,…")]
    pub frames: Option<Vec<String>>,
    /// How the files are read
    #[command(flatten)]
    pub input: InputArgs,
    /// The column that holds the probability with which a row was drawn, and gets it
    #[arg(long, value_name = "NAME", default_value_t = ColumnNames::default().pi, help_heading = "Input")]
    pub pi_column: String,
    /// The sentence encoder
    #[command(flatten)]
    pub encoder: EncoderArgs,
}

impl SampleArgs {
    /// As the library takes it.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn params(&self, seed: u64) -> Result<SampleParams> {
        SampleParams {
            per_outlet: self.per_outlet,
            half_width: self.half_width,
            whole_articles: self.whole_articles,
            coded: match (self.keep_coded, self.coded_at_random) {
                (false, _) => CodedRows::StandAside,
                (true, false) => CodedRows::WereDrawn,
                (true, true) => CodedRows::AreRandom,
            },
            level: self.level,
            seed,
        }
        .check()
    }

    /// How the rows are read; `model_frames` are those of a model that was named.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter).
    pub fn corpus_options(&self, model_frames: Option<&Frames>) -> Result<CorpusOptions> {
        let mut read = self.input.read_options()?;
        read.columns.pi.clone_from(&self.pi_column);
        Ok(CorpusOptions { uncoded: true, ..expecting(self.frames.as_deref(), model_frames, read)? })
    }
}
