//! Rows written again as they were read, without some columns and with others appended.

use serde_json::{Map, Value};

use super::columns::Header;
use super::table::{Row, TableFormat};
use crate::error::{Error, ErrorKind, Result};

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
    pub(crate) fn header(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if let TableFormat::Delimited(delimiter) = self.format {
            let mut writer = writer(&mut out, delimiter);
            writer.write_record(self.names.iter().chain(&self.added)).map_err(|error| failed(&error))?;
            writer.flush().map_err(|source| Error::io("format the header", source))?;
        }
        Ok(out)
    }

    /// Appends rows to `out`. `write` puts the j-th added cell of a row into an empty buffer, and says what it is.
    pub(crate) fn rows<'a, T>(
        &self,
        out: &mut Vec<u8>,
        rows: impl Iterator<Item = (&'a Row, T)>,
        write: impl Fn(&T, usize, &mut Vec<u8>) -> Cell,
    ) -> Result<()> {
        let mut cell = Vec::with_capacity(16);
        match self.format {
            TableFormat::Delimited(delimiter) => {
                let mut writer = writer(out, delimiter);
                for (row, what) in rows {
                    for column in &self.kept {
                        let field = row.fields.get(*column).unwrap_or_default();
                        writer.write_field(field).map_err(|error| failed(&error))?;
                    }
                    for j in 0..self.added.len() {
                        cell.clear();
                        write(&what, j, &mut cell);
                        writer.write_field(&cell).map_err(|error| failed(&error))?;
                    }
                    writer.write_record(None::<&[u8]>).map_err(|error| failed(&error))?;
                }
                writer.flush().map_err(|source| Error::io("format a row", source))
            }
            TableFormat::JsonLines => {
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
    fn open_object(&self, out: &mut Vec<u8>, row: &Row) -> Result<bool> {
        // An object from JSON Lines goes on as it was written, numbers and spacing included.
        let start = out.len();
        if row.object.is_empty() || !self.left_out.is_empty() {
            let object: Map<String, Value> = if row.object.is_empty() {
                let pair = |(name, column): (&String, &usize)| (name.clone(), Value::from(row.get(*column)));
                self.names.iter().zip(&self.kept).map(pair).collect()
            } else {
                let mut object: Map<String, Value> = serde_json::from_str(&row.object)
                    .map_err(|error| ErrorKind::NotAnObject { message: error.to_string() })?;
                object.retain(|name, _| !self.left_out.contains(name));
                object
            };
            out.extend_from_slice(Value::Object(object).to_string().as_bytes());
        } else {
            out.extend_from_slice(row.object.as_bytes());
        }
        out.truncate(out.trim_ascii_end().len() - 1);
        out.truncate(out.trim_ascii_end().len());
        Ok(out[start..].trim_ascii() == b"{")
    }
}

fn json(text: &str) -> String {
    Value::from(text).to_string()
}

fn writer(out: &mut Vec<u8>, delimiter: u8) -> csv::Writer<&mut Vec<u8>> {
    csv::WriterBuilder::new().delimiter(delimiter).flexible(true).buffer_capacity(1 << 16).from_writer(out)
}

fn failed(error: &csv::Error) -> Error {
    ErrorKind::Csv(error.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_and_come_and_the_rest_stays() {
        let header = Header::new(["id", "p_x", "text", "pi"].map(str::to_owned).to_vec()).unwrap();
        let mut row = Row { fields: ["7", "0.5", "a, b", ""].map(str::as_bytes).to_vec().into(), ..Row::default() };
        let write = |format, row: &Row| {
            let rewriter = Rewriter::new(&header, &["p_x".into()], vec!["labels".into(), "pi".into()], format);
            let mut out = rewriter.header().unwrap();
            rewriter
                .rows(&mut out, std::iter::once((row, 0.25)), |pi, j, cell| {
                    if j == 1 {
                        cell.extend_from_slice(pi.to_string().as_bytes());
                    }
                    if j == 1 { Cell::Number } else { Cell::Text }
                })
                .unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(write(TableFormat::CSV, &row), "id,text,labels,pi\n7,\"a, b\",,0.25\n");
        let object = "{\"id\":\"7\",\"text\":\"a, b\",\"labels\":\"\",\"pi\":0.25}\n";
        assert_eq!(write(TableFormat::JsonLines, &row), object);
        row.object = r#"{"id": 7.0, "text": "a", "p_x": 1}"#.into();
        let object = "{\"id\":7.0,\"text\":\"a\",\"labels\":\"\",\"pi\":0.25}\n";
        assert_eq!(write(TableFormat::JsonLines, &row), object);
    }
}
