//! How rows and articles are read.

use clap::{Args, ValueEnum};

use crate::corpus::{ArticleOptions, ColumnNames, CorpusOptions, Frames, ReadOptions, TableFormat};
use crate::error::{Error, Result};

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
