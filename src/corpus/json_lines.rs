//! One JSON object a line, cut into rows.

use serde_json::{Map, Value};

use super::feed::Cutter;
use super::input::n_characters;
use super::rows::Rows;
use super::table::TableFormat;
use crate::error::{ErrorKind, Result};

/// Cuts lines that hold an object each.
#[derive(Debug, Default)]
pub(super) struct JsonLines {
    /// The keys of the first object, in its order; no later one may have others.
    pub columns: Vec<String>,
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
        while rows.len() < max_rows {
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
                let map = parse(line).map_err(|error| error.at_line(self.line))?;
                self.push_fields(&map, rows).map_err(|error| error.at_line(self.line))?;
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
    /// Keys that are missing, and null, are empty fields.
    fn push_fields(&mut self, map: &Map<String, Value>, rows: &mut Rows) -> Result<()> {
        if self.columns.is_empty() {
            self.columns = map.keys().cloned().collect();
        }
        if let Some(key) = map.keys().find(|key| !self.columns.contains(key)) {
            return Err(ErrorKind::UnexpectedKey { key: key.clone(), columns: self.columns.clone() }.into());
        }
        for column in &self.columns {
            rows.push_decoded(|_, out| match map.get(column) {
                None | Some(Value::Null) => {}
                Some(Value::String(text)) => out.push_str(text),
                Some(other) => out.push_str(&other.to_string()),
            });
        }
        Ok(())
    }
}

fn parse(line: &str) -> Result<Map<String, Value>> {
    let message = match serde_json::from_str(line.trim()) {
        Ok(Value::Object(map)) => return Ok(map),
        Ok(other) => format!("found {}", kind_name(&other)),
        Err(error) => message(&error, line),
    };
    Err(ErrorKind::NotAnObject { message }.into())
}

/// What the JSON reader says of a line, without its own line number: to it every line is the first, and begins past
/// any indent.
fn message(error: &serde_json::Error, line: &str) -> String {
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
