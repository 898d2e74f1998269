//! Rows out of CSV, TSV or JSON Lines, one at a time, with their line numbers.

use std::io::{BufRead, BufReader};
use std::path::Path;

use csv::ByteRecord;
use serde_json::{Map, Value};

use super::columns::{ColumnNames, Header};
use super::input::{self, Utf8Stream, display_name};
use super::quotes::n_characters;
use crate::error::{Error, ErrorKind, Result};

const BUFFER: usize = 256 * 1024;

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
        let mut path = Path::new(path);
        let has = |path: &Path, names: &[&str]| {
            path.extension()
                .and_then(|extension| extension.to_str())
                .is_some_and(|extension| names.contains(&extension.to_lowercase().as_str()))
        };
        while has(path, &["gz", "zst", "zstd"]) {
            path = path.file_stem().map_or(Path::new(""), Path::new);
        }
        if has(path, &["tsv", "tab"]) {
            TableFormat::TSV
        } else if has(path, &["jsonl", "ndjson", "json"]) {
            TableFormat::JsonLines
        } else {
            TableFormat::CSV
        }
    }
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

/// One row as it stands in the file.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The fields, in the header's order. Valid UTF-8, since the stream is checked.
    pub fields: ByteRecord,
    /// The line on which the row starts, from 1.
    pub line: u64,
    /// The JSON object as written, for input that is JSON Lines; empty otherwise.
    pub object: String,
}

impl Row {
    /// The field at `column`, empty if the row is too short.
    #[must_use]
    pub fn get(&self, column: usize) -> &str {
        self.fields.get(column).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

/// A file of rows, read from the top.
#[derive(Debug)]
pub struct Table {
    name: String,
    header: Header,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Delimited(Box<csv::Reader<Utf8Stream>>),
    JsonLines(Box<JsonLines>),
}

#[derive(Debug)]
struct JsonLines {
    lines: BufReader<Utf8Stream>,
    /// The first object, which the header was taken from.
    next: Option<Row>,
    line: u64,
    n_bytes: u64,
}

impl Table {
    /// Opens `path` (`-` is stdin) and reads its header.
    ///
    /// # Errors
    /// What opening gives, and for the header [`ErrorKind::EmptyFile`], [`ErrorKind::DuplicateColumn`], [`ErrorKind::NotUtf8`].
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

    fn open_with(path: &str, options: &ReadOptions, hashed: bool) -> Result<Self> {
        let format = options.format.unwrap_or_else(|| TableFormat::from_path(path));
        let quotes = match format {
            TableFormat::Delimited(delimiter) => Some(delimiter),
            TableFormat::JsonLines => None,
        };
        let mut stream = input::open(path, options.encoding.as_deref(), quotes)?;
        if hashed {
            stream = stream.with_digest();
        }
        let empty = || Error::from(ErrorKind::EmptyFile { text: options.columns.text.clone() });
        let (names, source) = match format {
            TableFormat::Delimited(delimiter) => {
                let mut reader =
                    csv::ReaderBuilder::new().delimiter(delimiter).buffer_capacity(BUFFER).from_reader(stream);
                let names: Vec<String> = match reader.headers() {
                    Ok(headers) => headers.iter().map(str::to_owned).collect(),
                    Err(error) => return Err(csv_error(error, &mut reader)),
                };
                // The header is a record too.
                reader.get_mut().next_record_line();
                if let Some(unclosed) = reader.get_ref().unclosed_quote() {
                    return Err(unclosed);
                }
                if names.is_empty() {
                    return Err(empty());
                }
                (names, Source::Delimited(Box::new(reader)))
            }
            TableFormat::JsonLines => {
                let mut lines = BufReader::with_capacity(BUFFER, stream);
                let mut line = 0;
                let (object, map) = next_object(&mut lines, &mut line)?.ok_or_else(empty)?;
                let names: Vec<String> = map.keys().cloned().collect();
                let fields = fields_of(&map, &names).map_err(|error| error.at_line(line))?;
                let next = Some(Row { fields, line, object });
                let n_bytes = next.as_ref().map_or(0, |row| row.object.len() as u64 + 1);
                (names, Source::JsonLines(Box::new(JsonLines { lines, next, line, n_bytes })))
            }
        };
        Ok(Table { name: display_name(path).to_owned(), header: Header::new(names)?, source })
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

    /// Reads the next row into `row`; `false` at the end of the file.
    ///
    /// # Errors
    /// [`ErrorKind::RaggedRow`], [`ErrorKind::UnclosedQuote`], [`ErrorKind::NotAnObject`], [`ErrorKind::UnexpectedKey`], or what the
    /// stream gives; each with the file and the line.
    pub fn read(&mut self, row: &mut Row) -> Result<bool> {
        let read = match &mut self.source {
            Source::Delimited(reader) => match reader.read_byte_record(&mut row.fields) {
                Ok(more) => {
                    row.line = reader.get_mut().next_record_line().unwrap_or_default();
                    // A quote still open when the input has ended can only be this last row's.
                    reader.get_ref().unclosed_quote().map_or(Ok(more), Err)
                }
                Err(error) => Err(csv_error(error, reader)),
            },
            Source::JsonLines(json) => {
                let JsonLines { lines, next, line, n_bytes } = &mut **json;
                if let Some(first) = next.take() {
                    *row = first;
                    return Ok(true);
                }
                next_object(lines, line)
                    .and_then(|found| {
                        let Some((object, map)) = found else { return Ok(false) };
                        row.fields = fields_of(&map, self.header.names())?;
                        row.line = *line;
                        *n_bytes += object.len() as u64 + 1;
                        row.object = object;
                        Ok(true)
                    })
                    .map_err(|error| error.at_line(*line))
            }
        };
        read.map_err(|error| error.in_file(&self.name))
    }

    /// Bytes of text read so far, decompressed and decoded.
    #[must_use]
    pub fn n_bytes(&self) -> u64 {
        match &self.source {
            Source::Delimited(reader) => reader.position().byte(),
            Source::JsonLines(json) => json.n_bytes,
        }
    }

    /// SHA-256 of what has been read, when opened by [`Table::open_hashed`].
    #[must_use]
    pub fn sha256(&self) -> Option<String> {
        match &self.source {
            Source::Delimited(reader) => reader.get_ref().sha256(),
            Source::JsonLines(json) => json.lines.get_ref().sha256(),
        }
    }
}

fn csv_error(error: csv::Error, reader: &mut csv::Reader<Utf8Stream>) -> Error {
    // The field counts of a row that swallowed the rest of the file would mislead.
    if let Some(unclosed) = reader.get_ref().unclosed_quote() {
        return unclosed;
    }
    let placed = match error.into_kind() {
        csv::ErrorKind::Io(source) => return Error::io("read it", source),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let hint = if len > expected_len {
                "; quote fields that hold the delimiter, or name the delimiter with --delimiter"
            } else {
                "; give every row all its fields, empty where there is nothing"
            };
            Error::from(ErrorKind::RaggedRow {
                expected: expected_len as usize,
                found: len as usize,
                hint: hint.into(),
            })
        }
        other => ErrorKind::Csv(format!("{other:?}")).into(),
    };
    match reader.get_mut().next_record_line() {
        Some(line) => placed.at_line(line),
        None => placed,
    }
}

/// The next line that is not blank, as text and as an object.
fn next_object(lines: &mut impl BufRead, line: &mut u64) -> Result<Option<(String, Map<String, Value>)>> {
    let mut text = String::new();
    loop {
        text.clear();
        *line += 1;
        let n = lines.read_line(&mut text).map_err(|source| Error::io("read it", source))?;
        if n == 0 {
            return Ok(None);
        }
        let trimmed = text.trim();
        if trimmed.is_empty() {
            continue;
        }
        return match serde_json::from_str(trimmed) {
            Ok(Value::Object(map)) => Ok(Some((trimmed.to_owned(), map))),
            Ok(other) => {
                let message = format!("found {}", kind_name(&other));
                Err(Error::from(ErrorKind::NotAnObject { message }).at_line(*line))
            }
            Err(error) => {
                let message = json_message(&error, &text);
                Err(Error::from(ErrorKind::NotAnObject { message }).at_line(*line))
            }
        };
    }
}

/// What the JSON reader says of a line, without its own line number: to it every line is the first, and begins past
/// any indent.
fn json_message(error: &serde_json::Error, line: &str) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let Some(what) = message.strip_suffix(&place) else { return message };
    let indent = line.len() - line.trim_start().len();
    let character = n_characters(&line.as_bytes()[..(indent + error.column()).min(line.len())]);
    format!("{what} at character {character} of the line")
}

fn kind_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn fields_of(map: &Map<String, Value>, columns: &[String]) -> Result<ByteRecord> {
    if let Some(key) = map.keys().find(|key| !columns.contains(key)) {
        return Err(ErrorKind::UnexpectedKey { key: key.clone(), columns: columns.to_vec() }.into());
    }
    let mut record = ByteRecord::new();
    for column in columns {
        match map.get(column) {
            None | Some(Value::Null) => record.push_field(b""),
            Some(Value::String(text)) => record.push_field(text.as_bytes()),
            Some(other) => record.push_field(other.to_string().as_bytes()),
        }
    }
    Ok(record)
}
