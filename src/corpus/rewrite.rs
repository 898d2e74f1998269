//! Rows written again as they were read, without some columns and with others appended.

use std::borrow::Cow;

use serde_json::Value;

use super::columns::Header;
use super::delimited::needs_quotes;
use super::json_object::JsonObject;
use super::rows::Row;
use super::table::TableFormat;
use crate::error::{Error, ErrorKind, Result, nearest};

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

/// Where the cells of an output column come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// This column of the input.
    Input(usize),
    /// This one of the appended columns.
    Added(usize),
}

/// Knows what is written, in which order.
#[derive(Debug, Clone)]
pub(crate) struct Rewriter {
    format: TableFormat,
    columns: Vec<(String, Origin)>,
    /// Columns of the input.
    n_input: usize,
    /// How many columns stand first that are a row of the input as it is: all of them in their order, or 0.
    n_whole: usize,
}

impl Rewriter {
    /// Input columns that are in `without`, or have the name of an added one, are left out.
    pub(crate) fn new(header: &Header, without: &[String], added: Vec<String>, format: TableFormat) -> Self {
        let kept = |(_, name): &(usize, &String)| !without.contains(name) && !added.contains(name);
        let input = header.names().iter().enumerate().filter(kept);
        let input = input.map(|(i, name)| (name.clone(), Origin::Input(i))).collect::<Vec<_>>();
        let added = added.into_iter().enumerate().map(|(j, name)| (name, Origin::Added(j)));
        Rewriter::with(input.into_iter().chain(added).collect(), header.names().len(), format)
    }

    fn with(columns: Vec<(String, Origin)>, n_input: usize, format: TableFormat) -> Self {
        let is_whole = (0..n_input).all(|i| columns.get(i).is_some_and(|(_, origin)| *origin == Origin::Input(i)));
        Rewriter { format, columns, n_input, n_whole: if is_whole { n_input } else { 0 } }
    }

    /// Writes these of its columns alone, in this order.
    ///
    /// # Errors
    /// [`ErrorKind::MissingColumn`] for one that it does not have; [`ErrorKind::Parameter`] for one that stands twice.
    pub(crate) fn select(self, names: &[String]) -> Result<Self> {
        let mut columns: Vec<(String, Origin)> = Vec::new();
        for name in names {
            if columns.iter().any(|(other, _)| other == name) {
                return Err(Error::parameter("--select", format!("{name:?} twice"), "each column once"));
            }
            let found = self.columns.iter().find(|(other, _)| other == name).ok_or_else(|| {
                let found: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
                let hint = "; --select takes the columns that would be written without it".to_owned();
                let nearest = nearest(name, found.iter().map(String::as_str));
                Error::from(ErrorKind::MissingColumn { name: name.clone(), found, nearest, hint })
            })?;
            columns.push(found.clone());
        }
        Ok(Rewriter::with(columns, self.n_input, self.format))
    }

    /// The first line; nothing for JSON Lines.
    pub(crate) fn header(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let TableFormat::Delimited(delimiter) = self.format {
            for (i, (name, _)) in self.columns.iter().enumerate() {
                self.push_cell(&mut out, delimiter, i, |out| out.extend_from_slice(name.as_bytes()));
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
                    let whole = row.canonical(delimiter).filter(|_| self.n_whole > 0);
                    out.extend_from_slice(whole.unwrap_or_default().as_bytes());
                    let n_done = if whole.is_some() { self.n_whole } else { 0 };
                    for (i, (_, origin)) in self.columns.iter().enumerate().skip(n_done) {
                        self.push_cell(out, delimiter, i, |out| match *origin {
                            Origin::Input(column) => out.extend_from_slice(row.get(column).as_bytes()),
                            Origin::Added(j) => drop(write(&what, j, out)),
                        });
                    }
                    out.push(b'\n');
                }
                Ok(())
            }
            TableFormat::JsonLines => {
                for (row, what) in rows {
                    self.json_row(out, row, |j, cell| write(&what, j, cell))?;
                }
                Ok(())
            }
        }
    }

    fn json_row(&self, out: &mut Vec<u8>, row: Row<'_>, write: impl Fn(usize, &mut Vec<u8>) -> Cell) -> Result<()> {
        // An object from JSON Lines goes on as it was written, numbers and spacing included.
        let whole = row.object().filter(|_| self.n_whole > 0);
        let object = row.object().filter(|_| self.n_whole == 0).map(read_object).transpose()?;
        let open = whole.map_or("{", |whole| whole.strip_suffix('}').unwrap_or(whole).trim_end());
        out.extend_from_slice(open.as_bytes());
        let mut cell = Vec::new();
        for (name, origin) in self.columns.iter().skip(if whole.is_some() { self.n_whole } else { 0 }) {
            if out.last() != Some(&b'{') {
                out.push(b',');
            }
            let value = match *origin {
                Origin::Input(column) => match &object {
                    Some(object) => Cow::from(object.get(name).unwrap_or("null")),
                    None => json(row.get(column)).into(),
                },
                Origin::Added(j) => {
                    cell.clear();
                    match write(j, &mut cell) {
                        Cell::Nothing => "null".into(),
                        Cell::Number => String::from_utf8_lossy(&cell),
                        Cell::Text => json(&String::from_utf8_lossy(&cell)).into(),
                    }
                }
            };
            out.extend_from_slice(json(name).as_bytes());
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }

    /// Appends what `write` writes as field `i`, behind a delimiter unless it is the first one of its row.
    fn push_cell(&self, out: &mut Vec<u8>, delimiter: u8, i: usize, write: impl FnOnce(&mut Vec<u8>)) {
        if i > 0 {
            out.push(delimiter);
        }
        let start = out.len();
        write(out);
        // A row that is one empty field would be a blank line, which readers pass over.
        let is_blank = self.columns.len() == 1 && out.len() == start;
        if is_blank || needs_quotes(&out[start..], delimiter) {
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
}

fn read_object(object: &str) -> Result<JsonObject<'_>> {
    serde_json::from_str(object).map_err(|error| ErrorKind::NotAnObject { message: error.to_string() }.into())
}

fn json(text: &str) -> String {
    Value::from(text).to_string()
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
