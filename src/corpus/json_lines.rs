//! One JSON object a line, cut into rows.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::feed::Cutter;
use super::input::n_characters;
use super::json_object::JsonObject;
use super::rows::Rows;
use super::table::TableFormat;
use crate::error::{Error, ErrorKind, Result};

/// Fields after which a piece of work is large enough, however short its text.
const MAX_FIELDS: usize = 1 << 16;

/// Cuts lines that hold an object each.
#[derive(Debug, Default)]
pub(super) struct JsonLines {
    /// The keys of the first object, in its order; no later one may have others.
    pub columns: Vec<String>,
    /// The same, to be asked for one.
    known: BTreeSet<String>,
    /// The object being read, since fields are added beside the text it stands in.
    object: String,
    n_cut: usize,
    /// Bytes in which no line ends.
    n_searched: usize,
    /// Lines so far.
    line: u64,
}

impl Cutter for JsonLines {
    fn format(&self) -> TableFormat {
        TableFormat::JsonLines
    }

    fn restart(&mut self) {
        (self.n_cut, self.n_searched) = (0, 0);
    }

    fn cut(&mut self, rows: &mut Rows, max_rows: usize, at_end: bool) -> Result<()> {
        // Fields of missing keys take no text, so that rows by the thousand could be many fields each.
        while rows.len() < max_rows && (rows.is_empty() || rows.n_fields() < MAX_FIELDS) {
            let end = match memchr::memchr(b'\n', &rows.text.as_bytes()[self.n_searched..]) {
                Some(n) => self.n_searched + n + 1,
                None if at_end && self.n_cut < rows.text.len() => rows.text.len(),
                None => {
                    self.n_searched = rows.text.len();
                    break;
                }
            };
            let line = &rows.text[self.n_cut..end];
            self.line += 1;
            let object = line.trim();
            if !object.is_empty() {
                let start = self.n_cut + line.len() - line.trim_start().len();
                let span = (start, start + object.len());
                let mut copy = std::mem::take(&mut self.object);
                copy.clear();
                copy.push_str(line);
                let pushed = parse(&copy).and_then(|object| self.push_fields(&object, rows));
                self.object = copy;
                pushed.map_err(|error| error.at_line(self.line))?;
                rows.push_row(span.0, span.1, self.line, false);
            }
            (self.n_cut, self.n_searched) = (end, end);
        }
        Ok(())
    }

    fn n_cut(&self) -> usize {
        self.n_cut
    }
}

impl JsonLines {
    /// Keys that are missing, and null, are empty fields; a value that is no string is a field as it is written.
    fn push_fields(&mut self, object: &JsonObject<'_>, rows: &mut Rows) -> Result<()> {
        if self.columns.is_empty() {
            self.columns = object.keys_in_order();
            self.known = self.columns.iter().cloned().collect();
        }
        if let Some(key) = object.keys().find(|key| !self.known.contains(*key)) {
            return Err(ErrorKind::UnexpectedKey { key: key.clone(), columns: self.columns.clone() }.into());
        }
        for column in &self.columns {
            let value = object.get(column).filter(|value| *value != "null");
            let text = value.map(text_of).transpose().map_err(|error| error.in_column(column))?.unwrap_or_default();
            rows.push_decoded(|_, out| out.push_str(&text));
        }
        Ok(())
    }
}

/// What a string says, or any other value as it is written.
fn text_of(value: &str) -> Result<Cow<'_, str>> {
    if !value.starts_with('"') {
        return Ok(value.into());
    }
    // What is wrong inside a string, such as half a surrogate pair, is found only here.
    serde_json::from_str(value).map(Cow::Owned).map_err(|error| not_an_object(message(&error, None)))
}

fn parse(line: &str) -> Result<JsonObject<'_>> {
    serde_json::from_str(line.trim()).map_err(|error| {
        // Another value than an object is told by its kind, which takes a second look.
        not_an_object(match serde_json::from_str(line.trim()) {
            Ok(Value::Object(_)) | Err(_) => message(&error, Some(line)),
            Ok(other) => format!("found {}", kind_name(&other)),
        })
    })
}

fn not_an_object(message: String) -> Error {
    ErrorKind::NotAnObject { message }.into()
}

/// What the JSON reader says of a line, without its own line number: to it every line is the first, and begins past
/// any indent. `None` for a part of a line, whose place in it is not known.
fn message(error: &serde_json::Error, line: Option<&str>) -> String {
    let message = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let (Some(what), Some(line)) = (message.strip_suffix(&place), line) else {
        return message.strip_suffix(&place).unwrap_or(&message).to_owned();
    };
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
