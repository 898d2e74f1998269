//! Rows out of CSV, TSV or JSON Lines, some at a time, with their line numbers.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::columns::{ColumnNames, Header};
use super::delimited::Delimited;
use super::feed::Feed;
use super::input::{self, Utf8Stream, display_name};
use super::json_lines::JsonLines;
use super::rows::Rows;
use crate::error::{ErrorKind, Result};

/// The layout of a file of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableFormat {
    /// Fields separated by the given byte, quoted as in RFC 4180, under a header.
    Delimited(u8),
    /// One JSON object per line.
    JsonLines,
}

impl TableFormat {
    /// Comma-separated values.
    pub const CSV: TableFormat = TableFormat::Delimited(b',');
    /// Tab-separated values.
    pub const TSV: TableFormat = TableFormat::Delimited(b'\t');

    /// The format that a file name's extension says, below any `.gz` or `.zst`; CSV when it says nothing.
    #[must_use]
    pub fn from_path(path: &str) -> Self {
        match extension(&without_compression(Path::new(path))).as_deref() {
            Some("tsv" | "tab") => TableFormat::TSV,
            Some("jsonl" | "ndjson" | "json") => TableFormat::JsonLines,
            _ => TableFormat::CSV,
        }
    }
}

/// Whether a file's name says that it is compressed.
pub(crate) fn is_compressed(path: &Path) -> bool {
    extension(path).is_some_and(|name| ["gz", "zst", "zstd"].contains(&&*name))
}

/// A file's path without the `.gz`, `.zst` or `.zstd` that it may end with.
pub(crate) fn without_compression(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    while is_compressed(&path) {
        path.set_extension("");
    }
    path
}

fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_lowercase())
}

/// How input files are to be read.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The recognised columns' names.
    pub columns: ColumnNames,
    /// The layout; by the file's extension when `None`.
    pub format: Option<TableFormat>,
    /// A WHATWG encoding label; UTF-8, strictly, when `None`.
    pub encoding: Option<String>,
}

/// A file of rows, read from the top.
#[derive(Debug)]
pub struct Table {
    name: String,
    header: Header,
    source: Source,
    /// Rows that were read with the header, and not handed out yet.
    first: Option<Rows>,
}

#[derive(Debug)]
enum Source {
    Delimited(Feed<Delimited>),
    JsonLines(Feed<JsonLines>),
}

impl Source {
    fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<bool> {
        match self {
            Source::Delimited(feed) => feed.read(rows, max_rows),
            Source::JsonLines(feed) => feed.read(rows, max_rows),
        }
    }
}

impl Table {
    /// Opens `path` (`-` is stdin) and reads its header.
    ///
    /// # Errors
    /// What opening gives, and for the header [`ErrorKind::EmptyFile`], [`ErrorKind::DuplicateColumn`],
    /// [`ErrorKind::NotUtf8`].
    pub fn open(path: &str, options: &ReadOptions) -> Result<Self> {
        Table::open_with(path, options, false).map_err(|error| error.in_file(display_name(path)))
    }

    /// Opens `path` as [`Table::open`] does, and hashes it while it is read.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn open_hashed(path: &str, options: &ReadOptions) -> Result<Self> {
        Table::open_with(path, options, true).map_err(|error| error.in_file(display_name(path)))
    }

    /// Reads a table from anywhere, as [`Table::open_hashed`] reads a file: compressed or not. `name` is what messages
    /// call it, and its extension says the layout if `options` do not.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn from_reader(name: &str, reader: impl Read + Send + 'static, options: &ReadOptions) -> Result<Self> {
        input::decode(Box::new(reader), options.encoding.as_deref())
            .and_then(|stream| Table::new(name, stream.with_digest(), options))
            .map_err(|error| error.in_file(name))
    }

    fn open_with(path: &str, options: &ReadOptions, hashed: bool) -> Result<Self> {
        let stream = input::open(path, options.encoding.as_deref())?;
        Table::new(path, if hashed { stream.with_digest() } else { stream }, options)
    }

    fn new(path: &str, stream: Utf8Stream, options: &ReadOptions) -> Result<Self> {
        let mut source = match options.format.unwrap_or_else(|| TableFormat::from_path(path)) {
            TableFormat::Delimited(delimiter) => Source::Delimited(Feed::new(stream, Delimited::new(delimiter))),
            TableFormat::JsonLines => Source::JsonLines(Feed::new(stream, JsonLines::default())),
        };
        let mut rows = Rows::default();
        if !source.read(&mut rows, 1)? {
            return Err(ErrorKind::EmptyFile { text: options.columns.text.clone() }.into());
        }
        let (names, first) = match &mut source {
            Source::Delimited(feed) => {
                let header = rows.row(0);
                feed.cutter.n_columns = Some(header.n_fields());
                ((0..header.n_fields()).map(|column| header.get(column).to_owned()).collect(), None)
            }
            Source::JsonLines(feed) => (feed.cutter.columns.clone(), Some(rows)),
        };
        Ok(Table { name: display_name(path).to_owned(), header: Header::new(names)?, source, first })
    }

    /// The file as messages call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the next rows into `rows`, as many as make a good piece of work; `false` at the end of the file.
    ///
    /// # Errors
    /// [`ErrorKind::RaggedRow`], [`ErrorKind::UnclosedQuote`], [`ErrorKind::NotAnObject`],
    /// [`ErrorKind::UnexpectedKey`], or what the stream gives; each with the file and the line, and once all rows
    /// before are read.
    pub fn read(&mut self, rows: &mut Rows) -> Result<bool> {
        if let Some(first) = self.first.take() {
            *rows = first;
            return Ok(true);
        }
        self.source.read(rows, usize::MAX).map_err(|error| error.in_file(&self.name))
    }

    /// Bytes of text read so far, decompressed and decoded.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        match &self.source {
            Source::Delimited(feed) => feed.n_bytes(),
            Source::JsonLines(feed) => feed.n_bytes(),
        }
    }

    /// SHA-256 of what has been read, when opened by [`Table::open_hashed`] or [`Table::from_reader`].
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        match &self.source {
            Source::Delimited(feed) => feed.sha256(),
            Source::JsonLines(feed) => feed.sha256(),
        }
    }
}
