//! Rows written again as they were read, without some columns and with others appended.

use serde_json::{Map, Value};

use super::columns::Header;
use super::delimited::needs_quotes;
use super::rows::Row;
use super::table::TableFormat;
use crate::error::{ErrorKind, Result};

/// What the bytes of an appended cell are, which JSON Lines must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cell {
    /// There are none: an empty field, or null.
    Nothing,
    /// A number.
    Number,
    /// UTF-8 text.
    Text,
}

/// Knows which input columns are kept and what is appended.
#[derive(Debug, Clone)]
pub(crate) struct Rewriter {
    format: TableFormat,
    kept: Vec<usize>,
    names: Vec<String>,
    left_out: Vec<String>,
    added: Vec<String>,
}

impl Rewriter {
    /// Input columns that are in `without`, or have the name of an added one, are left out.
    pub(crate) fn new(header: &Header, without: &[String], added: Vec<String>, format: TableFormat) -> Self {
        let is_out = |name: &String| without.contains(name) || added.contains(name);
        let names = header.names();
        let (kept, names): (Vec<usize>, Vec<String>) =
            (0..names.len()).map(|i| (i, names[i].clone())).filter(|(_, name)| !is_out(name)).unzip();
        let left_out = header.names().iter().filter(|name| is_out(name)).cloned().collect();
        Rewriter { format, kept, names, left_out, added }
    }

    /// The first line; nothing for JSON Lines.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let TableFormat::Delimited(delimiter) = self.format {
            for (i, name) in self.names.iter().chain(&self.added).enumerate() {
                push_cell(&mut out, delimiter, i == 0, |out| out.extend_from_slice(name.as_bytes()));
            }
            out.push(b'\n');
        }
        out
    }

    /// Appends rows to `out`. `write` appends the j-th added cell of a row, and says what it is.
    pub(crate) fn rows<'a, T>(
        &self,
        out: &mut Vec<u8>,
        rows: impl Iterator<Item = (Row<'a>, T)>,
        write: impl Fn(&T, usize, &mut Vec<u8>) -> Cell,
    ) -> Result<()> {
        match self.format {
            TableFormat::Delimited(delimiter) => {
                for (row, what) in rows {
                    match row.canonical(delimiter).filter(|_| self.left_out.is_empty()) {
                        Some(text) => out.extend_from_slice(text.as_bytes()),
                        None => self.kept.iter().enumerate().for_each(|(i, column)| {
                            let field = row.get(*column).as_bytes();
                            push_cell(out, delimiter, i == 0, |out| out.extend_from_slice(field));
                        }),
                    }
                    for j in 0..self.added.len() {
                        push_cell(out, delimiter, j == 0 && self.kept.is_empty(), |out| {
                            write(&what, j, out);
                        });
                    }
                    out.push(b'\n');
                }
                Ok(())
            }
            TableFormat::JsonLines => {
                let mut cell = Vec::new();
                for (row, what) in rows {
                    let mut first = self.open_object(out, row)?;
                    for (j, name) in self.added.iter().enumerate() {
                        out.extend_from_slice(if std::mem::take(&mut first) { b"" } else { b"," });
                        out.extend_from_slice(json(name).as_bytes());
                        out.push(b':');
                        cell.clear();
                        match write(&what, j, &mut cell) {
                            Cell::Nothing => out.extend_from_slice(b"null"),
                            Cell::Number => out.extend_from_slice(&cell),
                            Cell::Text => out.extend_from_slice(json(&String::from_utf8_lossy(&cell)).as_bytes()),
                        }
                    }
                    out.extend_from_slice(b"}\n");
                }
                Ok(())
            }
        }
    }

    /// Writes the row as an object that is not closed yet; `true` if it has no key.
    fn open_object(&self, out: &mut Vec<u8>, row: Row<'_>) -> Result<bool> {
        let start = out.len();
        match row.object() {
            // An object from JSON Lines goes on as it was written, numbers and spacing included.
            Some(object) if self.left_out.is_empty() => out.extend_from_slice(object.as_bytes()),
            Some(object) => {
                let mut object: Map<String, Value> = serde_json::from_str(object)
                    .map_err(|error| ErrorKind::NotAnObject { message: error.to_string() })?;
                object.retain(|name, _| !self.left_out.contains(name));
                out.extend_from_slice(Value::Object(object).to_string().as_bytes());
            }
            None => {
                let pair = |(name, column): (&String, &usize)| (name.clone(), Value::from(row.get(*column)));
                let object: Map<String, Value> = self.names.iter().zip(&self.kept).map(pair).collect();
                out.extend_from_slice(Value::Object(object).to_string().as_bytes());
            }
        }
        out.truncate(out.trim_ascii_end().len() - 1);
        out.truncate(out.trim_ascii_end().len());
        Ok(out[start..].trim_ascii() == b"{")
    }
}

fn json(text: &str) -> String {
    Value::from(text).to_string()
}

/// Appends what `write` writes as a field, behind a delimiter unless it is the first one of its row.
fn push_cell(out: &mut Vec<u8>, delimiter: u8, first: bool, write: impl FnOnce(&mut Vec<u8>)) {
    if !first {
        out.push(delimiter);
    }
    let start = out.len();
    write(out);
    if needs_quotes(&out[start..], delimiter) {
        let field = out.split_off(start);
        out.push(b'"');
        for byte in field {
            if byte == b'"' {
                out.push(byte);
            }
            out.push(byte);
        }
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{ReadOptions, Rows, Table};

    fn rewritten(input: &str, from: TableFormat, to: TableFormat) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), input).unwrap();
        let options = ReadOptions { format: Some(from), ..ReadOptions::default() };
        let mut table = Table::open(file.path().to_str().unwrap(), &options).unwrap();
        let rewriter = Rewriter::new(table.header(), &["p_x".into()], vec!["labels".into(), "pi".into()], to);
        let (mut rows, mut out) = (Rows::default(), rewriter.header());
        while table.read(&mut rows).unwrap() {
            let write = |pi: &f64, j: usize, out: &mut Vec<u8>| {
                if j == 1 {
                    out.extend_from_slice(pi.to_string().as_bytes());
                }
                if j == 1 { Cell::Number } else { Cell::Text }
            };
            rewriter.rows(&mut out, rows.iter().map(|row| (row, 0.25)), write).unwrap();
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_go_and_come_and_the_rest_stays() {
        let (csv, jsonl) = (TableFormat::CSV, TableFormat::JsonLines);
        let rows = "id,p_x,text,pi\n7,0.5,\"a, b\",\n";
        assert_eq!(rewritten(rows, csv, csv), "id,text,labels,pi\n7,\"a, b\",,0.25\n");
        let object = "{\"id\":\"7\",\"text\":\"a, b\",\"labels\":\"\",\"pi\":0.25}\n";
        assert_eq!(rewritten(rows, csv, jsonl), object);
        let object = "{\"id\":7.0,\"text\":\"a\",\"labels\":\"\",\"pi\":0.25}\n";
        assert_eq!(rewritten(r#"{"id": 7.0, "text": "a", "p_x": 1}"#, jsonl, jsonl), object);
    }

    #[test]
    fn quotes_are_those_that_are_needed() {
        let rows = "id,text\n\"1\",\"a \"\"b\"\"\"\n2,5\" gun\n3,\"x\" y\n4,\"p;q\"\n";
        let expected = "id,text,labels,pi\n1,\"a \"\"b\"\"\",,0.25\n2,\"5\"\" gun\",,0.25\n3,x y,,0.25\n4,p;q,,0.25\n";
        assert_eq!(rewritten(rows, TableFormat::CSV, TableFormat::CSV), expected);
        let expected = expected.replace(',', ";").replace("p;q", "\"p;q\"");
        assert_eq!(rewritten(rows, TableFormat::CSV, TableFormat::Delimited(b';')), expected);
    }
}
