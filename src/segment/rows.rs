//! Sentences as rows of a table.

use serde_json::{Map, Value};

use super::segmenter::Sentence;
use crate::corpus::TableFormat;
use crate::error::{Error, ErrorKind, Result};

/// The columns of a row, in order; `boilerplate` only where furniture is kept.
pub(super) const COLUMNS: [&str; 15] = [
    "id",
    "text",
    "outlet",
    "doc_id",
    "date",
    "paragraph",
    "sentence",
    "start",
    "end",
    "voice",
    "speaker",
    "story_id",
    "wire_id",
    "repairs",
    "boilerplate",
];

/// What a row says beside its sentence.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    pub(super) id: String,
    pub(super) outlet: &'a str,
    pub(super) doc_id: &'a str,
    pub(super) date: &'a str,
    /// The numbers of the paragraph and the sentence in the story, from 1; `None` for furniture. That is null in JSON
    /// and 0 in CSV, where an empty cell would turn the column into fractions in a data frame.
    pub(super) number: Option<(u32, u32)>,
    pub(super) story_id: &'a str,
    pub(super) wire_id: &'a str,
    /// Why it is no part of the story; empty for sentences.
    pub(super) boilerplate: &'static str,
    pub(super) others: &'a [String],
}

/// Writes rows in one layout.
#[derive(Debug, Clone)]
pub(super) struct RowWriter {
    format: TableFormat,
    keep_boilerplate: bool,
    others: Vec<String>,
}

impl RowWriter {
    /// # Errors
    /// [`ErrorKind::ColumnTaken`] where a column that is passed on has the name of one that is made.
    pub(super) fn new(format: TableFormat, keep_boilerplate: bool, others: &[String]) -> Result<Self> {
        let writer = RowWriter { format, keep_boilerplate, others: others.to_vec() };
        let columns: Vec<String> = others.iter().filter(|name| writer.columns().contains(&&***name)).cloned().collect();
        if columns.is_empty() { Ok(writer) } else { Err(ErrorKind::ColumnTaken { columns }.into()) }
    }

    fn columns(&self) -> &'static [&'static str] {
        &COLUMNS[..COLUMNS.len() - usize::from(!self.keep_boilerplate)]
    }

    /// The first line; nothing for JSON Lines.
    pub(super) fn header(&self) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        if let TableFormat::Delimited(delimiter) = self.format {
            let mut csv = csv::WriterBuilder::new().delimiter(delimiter).from_writer(&mut out);
            let names = self.columns().iter().copied().chain(self.others.iter().map(String::as_str));
            csv.write_record(names).map_err(|error| failed(&error))?;
            csv.flush().map_err(|source| Error::io("format the header", source))?;
        }
        Ok(out)
    }

    pub(super) fn keeps_boilerplate(&self) -> bool {
        self.keep_boilerplate
    }

    /// Appends rows to `out`.
    pub(super) fn rows<'a>(
        &self,
        rows: impl Iterator<Item = (Place<'a>, &'a Sentence)>,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        match self.format {
            TableFormat::Delimited(delimiter) => {
                let mut csv = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
                for (place, sentence) in rows {
                    self.fields(&place, sentence, |field| csv.write_field(field).map_err(|error| failed(&error)))?;
                    csv.write_record(None::<&[u8]>).map_err(|error| failed(&error))?;
                }
                csv.flush().map_err(|source| Error::io("format a row", source))
            }
            TableFormat::JsonLines => {
                for (place, sentence) in rows {
                    let line = Value::Object(self.object(&place, sentence)?).to_string();
                    out.extend_from_slice(line.as_bytes());
                    out.push(b'\n');
                }
                Ok(())
            }
        }
    }

    /// Hands each field of a row, in order, to `write`.
    fn fields(&self, place: &Place<'_>, sentence: &Sentence, mut write: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let (paragraph, number) = place.number.unwrap_or_default();
        write(&place.id)?;
        write(&sentence.text)?;
        write(place.outlet)?;
        write(place.doc_id)?;
        write(place.date)?;
        write(&paragraph.to_string())?;
        write(&number.to_string())?;
        write(&sentence.span.start.to_string())?;
        write(&sentence.span.end.to_string())?;
        write(if place.number.is_some() { sentence.voice.as_str() } else { "" })?;
        write(if place.number.is_some() { &sentence.speaker } else { "" })?;
        write(place.story_id)?;
        write(place.wire_id)?;
        write(&if sentence.repairs.is_empty() { String::new() } else { json(&sentence.repairs)?.to_string() })?;
        if self.keep_boilerplate {
            write(place.boilerplate)?;
        }
        place.others.iter().try_for_each(|other| write(other))
    }

    fn object(&self, place: &Place<'_>, sentence: &Sentence) -> Result<Map<String, Value>> {
        let names: Vec<&str> = self.columns().iter().copied().chain(self.others.iter().map(String::as_str)).collect();
        let mut object = Map::with_capacity(names.len());
        self.fields(place, sentence, |field| {
            object.insert(names[object.len()].to_owned(), Value::from(field));
            Ok(())
        })?;
        let number = |n: Option<u32>| n.map_or(Value::Null, Value::from);
        object["paragraph"] = number(place.number.map(|(paragraph, _)| paragraph));
        object["sentence"] = number(place.number.map(|(_, sentence)| sentence));
        object["start"] = Value::from(sentence.span.start);
        object["end"] = Value::from(sentence.span.end);
        object["repairs"] = json(&sentence.repairs)?;
        Ok(object)
    }
}

fn json(repairs: &[super::edits::Repair]) -> Result<Value> {
    serde_json::to_value(repairs).map_err(|error| ErrorKind::NotAnObject { message: error.to_string() }.into())
}

fn failed(error: &csv::Error) -> Error {
    ErrorKind::Csv(error.to_string()).into()
}
