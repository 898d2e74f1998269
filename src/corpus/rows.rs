//! Rows as they stand in a file, many at a time, in one piece of text.

use super::table::TableFormat;

/// Marks a position as one in the decoded text.
const DECODED: usize = 1 << (usize::BITS - 1);

/// Some rows of a table, in order, with their lines. Reading into the same one again costs no allocation.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The rows as they are written, one behind the other.
    pub(super) text: String,
    /// Fields that do not read as they are written: with doubled quotes, or out of JSON.
    decoded: String,
    fields: Vec<Field>,
    spans: Vec<Span>,
    /// Fields that belong to a row in `spans`.
    n_taken: usize,
    format: TableFormat,
}

/// Where a field's content stands.
#[derive(Debug, Clone, Copy)]
struct Field {
    start: usize,
    end: usize,
}

#[derive(Debug, Clone, Copy)]
struct Span {
    start: usize,
    end: usize,
    first_field: usize,
    end_field: usize,
    line: u64,
    is_canonical: bool,
}

impl Default for Rows {
    /// No row.
    fn default() -> Self {
        Rows {
            text: String::new(),
            decoded: String::new(),
            fields: Vec::new(),
            spans: Vec::new(),
            n_taken: 0,
            format: TableFormat::CSV,
        }
    }
}

impl Rows {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Row `index`, counted from 0 and below [`Rows::len`].
    #[must_use]
    pub fn row(&self, index: usize) -> Row<'_> {
        Row { rows: self, span: &self.spans[index] }
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> + Clone {
        self.spans.iter().map(|span| Row { rows: self, span })
    }

    /// Forgets all rows; those to come are of a file of this layout.
    pub(super) fn clear(&mut self, format: TableFormat) {
        self.text.clear();
        self.decoded.clear();
        self.fields.clear();
        self.spans.clear();
        self.n_taken = 0;
        self.format = format;
    }

    /// Adds a field to the row to come that reads as it is written, at these bytes of the text.
    pub(super) fn push_field(&mut self, start: usize, end: usize) {
        self.fields.push(Field { start, end });
    }

    /// Adds a field to the row to come whose content `decode` makes of the text.
    pub(super) fn push_decoded(&mut self, decode: impl FnOnce(&str, &mut String)) {
        let start = self.decoded.len();
        decode(&self.text, &mut self.decoded);
        self.fields.push(Field { start: start | DECODED, end: self.decoded.len() | DECODED });
    }

    /// Fields of all rows.
    pub(super) fn n_fields(&self) -> usize {
        self.n_taken
    }

    /// Fields added since the last row.
    pub(super) fn n_pending(&self) -> usize {
        self.fields.len() - self.n_taken
    }

    /// Makes a row of the fields added: its bytes in the text, its line, and whether it is written as CSV that is
    /// rewritten would be.
    pub(super) fn push_row(&mut self, start: usize, end: usize, line: u64, is_canonical: bool) {
        let (first_field, end_field) = (self.n_taken, self.fields.len());
        self.spans.push(Span { start, end, first_field, end_field, line, is_canonical });
        self.n_taken = end_field;
    }
}

/// One row as it stands in the file.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    rows: &'a Rows,
    span: &'a Span,
}

impl<'a> Row<'a> {
    /// The field at `column`, empty if the row has no such column.
    #[must_use]
    pub fn get(self, column: usize) -> &'a str {
        let fields = &self.rows.fields[self.span.first_field..self.span.end_field];
        match fields.get(column) {
            None => "",
            Some(Field { start, end }) if start & DECODED != 0 => &self.rows.decoded[start ^ DECODED..end ^ DECODED],
            Some(Field { start, end }) => &self.rows.text[*start..*end],
        }
    }

    /// How many fields it has.
    #[must_use]
    pub fn n_fields(self) -> usize {
        self.span.end_field - self.span.first_field
    }

    /// The line on which it starts, from 1.
    #[must_use]
    pub fn line(self) -> u64 {
        self.span.line
    }

    /// The JSON object as written, for input that is JSON Lines.
    #[must_use]
    pub fn object(self) -> Option<&'a str> {
        (self.rows.format == TableFormat::JsonLines).then(|| self.as_written())
    }

    /// The row as CSV with this delimiter, without a line end, where it is written as the `csv` crate would write it.
    pub(super) fn canonical(self, delimiter: u8) -> Option<&'a str> {
        let same = self.span.is_canonical && self.rows.format == TableFormat::Delimited(delimiter);
        same.then(|| self.as_written())
    }

    fn as_written(self) -> &'a str {
        &self.rows.text[self.span.start..self.span.end]
    }
}
