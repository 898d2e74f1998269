//! One row with its predictions, as bytes.

use serde_json::{Map, Value};

use crate::corpus::{Frames, Header, Row, TableFormat};
use crate::error::{Error, ErrorKind, Result};

/// The layout of what is written.
pub type OutputFormat = TableFormat;

/// What is appended to a row: `None` where its text is empty.
pub(super) type Predicted<'a> = Option<(&'a [f64], &'a str)>;

/// Knows which input columns are kept and what is appended.
#[derive(Debug, Clone)]
pub(super) struct Encoder {
    format: OutputFormat,
    kept: Vec<usize>,
    names: Vec<String>,
    added: Vec<String>,
    replaces: bool,
}

impl Encoder {
    /// # Errors
    /// [`ErrorKind::ColumnExists`] if an output column is in the input, unless `overwrite`.
    pub(super) fn new(header: &Header, frames: &Frames, format: OutputFormat, overwrite: bool) -> Result<Self> {
        let mut added: Vec<String> = frames.names().iter().map(|frame| format!("p_{frame}")).collect();
        added.push("predicted".to_owned());
        let columns: Vec<String> = added.iter().filter(|name| header.find(name).is_some()).cloned().collect();
        let replaces = !columns.is_empty();
        if replaces && !overwrite {
            return Err(ErrorKind::ColumnExists { columns }.into());
        }
        let kept: Vec<usize> = (0..header.names().len()).filter(|i| !added.contains(&header.names()[*i])).collect();
        let names = kept.iter().map(|i| header.names()[*i].clone()).collect();
        Ok(Encoder { format, kept, names, added, replaces })
    }

    /// The first line; nothing for JSON Lines.
    pub(super) fn header(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if let TableFormat::Delimited(delimiter) = self.format {
            let mut writer = writer(&mut out, delimiter);
            writer.write_record(self.names.iter().chain(&self.added)).map_err(|error| failed(&error))?;
            writer.flush().map_err(|source| Error::io("format the header", source))?;
        }
        Ok(out)
    }

    /// Appends rows to `out`.
    pub(super) fn rows<'a>(
        &self,
        out: &mut Vec<u8>,
        rows: impl Iterator<Item = (&'a Row, Predicted<'a>)>,
    ) -> Result<()> {
        match self.format {
            TableFormat::Delimited(delimiter) => {
                let mut writer = writer(out, delimiter);
                let mut cell = Vec::with_capacity(16);
                for (row, predicted) in rows {
                    for column in &self.kept {
                        writer
                            .write_field(row.fields.get(*column).unwrap_or_default())
                            .map_err(|error| failed(&error))?;
                    }
                    for j in 0..self.added.len() - 1 {
                        cell.clear();
                        if let Some((proba, _)) = predicted {
                            write_proba(&mut cell, proba[j]);
                        }
                        writer.write_field(&cell).map_err(|error| failed(&error))?;
                    }
                    writer.write_field(predicted.map_or("", |(_, label)| label)).map_err(|error| failed(&error))?;
                    writer.write_record(None::<&[u8]>).map_err(|error| failed(&error))?;
                }
                writer.flush().map_err(|source| Error::io("format a row", source))
            }
            TableFormat::JsonLines => {
                for (row, predicted) in rows {
                    self.object(out, row, predicted)?;
                }
                Ok(())
            }
        }
    }

    fn object(&self, out: &mut Vec<u8>, row: &Row, predicted: Predicted<'_>) -> Result<()> {
        let json = |text: &str| Value::from(text).to_string();
        // An object from JSON Lines goes on as it was written, numbers and spacing included.
        let start = out.len();
        if row.object.is_empty() || self.replaces {
            let object: Map<String, Value> = if row.object.is_empty() {
                let pair = |(name, column): (&String, &usize)| (name.clone(), Value::from(row.get(*column)));
                self.names.iter().zip(&self.kept).map(pair).collect()
            } else {
                let mut object: Map<String, Value> = serde_json::from_str(&row.object)
                    .map_err(|error| ErrorKind::NotAnObject { message: error.to_string() })?;
                object.retain(|name, _| !self.added.contains(name));
                object
            };
            out.extend_from_slice(Value::Object(object).to_string().as_bytes());
        } else {
            out.extend_from_slice(row.object.as_bytes());
        }
        out.truncate(out.trim_ascii_end().len() - 1);
        out.truncate(out.trim_ascii_end().len());
        let mut first = out[start..].trim_ascii() == b"{";
        for (j, name) in self.added.iter().enumerate() {
            out.extend_from_slice(if std::mem::take(&mut first) { b"" } else { b"," });
            out.extend_from_slice(json(name).as_bytes());
            out.push(b':');
            match predicted {
                None => out.extend_from_slice(b"null"),
                Some((_, label)) if j + 1 == self.added.len() => out.extend_from_slice(json(label).as_bytes()),
                Some((proba, _)) => write_proba(out, proba[j]),
            }
        }
        out.extend_from_slice(b"}\n");
        Ok(())
    }
}

/// Six decimals: more than any sample supports, and no last-bit noise in the file.
fn write_proba(out: &mut Vec<u8>, proba: f64) {
    // Three times as fast as the standard formatter, which finds the shortest exact digits first.
    let mut rest = (proba * 1e6).round() as u32;
    let mut digits = *b"0.000000";
    for at in [7, 6, 5, 4, 3, 2, 0] {
        digits[at] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&digits);
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
    fn probabilities_have_six_decimals() {
        for proba in [0.0, 1.0, 0.5, 0.123_456_4, 0.000_000_9, 0.999_999_4, 0.999_999_6] {
            let mut out = Vec::new();
            write_proba(&mut out, proba);
            assert_eq!(String::from_utf8(out).unwrap(), format!("{proba:.6}"));
        }
    }
}
