//! CSV and its relatives, cut into rows where they stand: no byte is copied that reads as it is written.
//!
//! The rules are those of the `csv` crate, which a property test holds this to: a quote counts only as the first byte
//! of a field, a doubled quote inside a quoted field is a literal one, what follows the closing quote belongs to the
//! field, and CR, LF and CRLF all end a row. Blank lines are no rows.

use super::feed::Cutter;
use super::input::n_characters;
use super::rows::Rows;
use super::table::TableFormat;
use crate::error::{Error, ErrorKind, Result};

/// Cuts delimited text.
#[derive(Debug)]
pub(super) struct Delimited {
    delimiter: u8,
    /// Fields that every row must have; `None` for the header.
    pub n_columns: Option<usize>,
    state: State,
    /// Where the next byte to look at stands.
    at: usize,
    /// Where the row begins.
    row: usize,
    /// Where the field begins.
    field: usize,
    written: Written,
    is_canonical: bool,
    /// The line of `row`, from 1.
    line: u64,
    /// Line breaks in the row so far.
    n_breaks: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    BetweenRows,
    FieldStart,
    Unquoted,
    Quoted,
    QuoteInQuoted,
}

/// How a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Plain,
    Quoted,
    /// With doubled quotes inside its quotes.
    Doubled,
    /// With more behind its closing quote.
    Trailed,
}

impl Delimited {
    pub(super) fn new(delimiter: u8) -> Self {
        Delimited {
            delimiter,
            n_columns: None,
            state: State::BetweenRows,
            at: 0,
            row: 0,
            field: 0,
            written: Written::Plain,
            is_canonical: true,
            line: 1,
            n_breaks: 0,
        }
    }

    /// Takes the field that ends before `self.at`.
    fn end_field(&mut self, rows: &mut Rows) {
        let (start, end) = (self.field, self.at);
        let bytes = &rows.text.as_bytes()[start..end];
        match self.written {
            Written::Plain => {
                self.is_canonical &= memchr::memchr(b'"', bytes).is_none();
                rows.push_field(start, end);
            }
            Written::Quoted => {
                self.n_breaks += n_line_breaks(bytes);
                self.is_canonical &= needs_quotes(&bytes[1..bytes.len() - 1], self.delimiter);
                rows.push_field(start + 1, end - 1);
            }
            Written::Doubled | Written::Trailed => {
                self.n_breaks += n_line_breaks(bytes);
                self.is_canonical &= self.written == Written::Doubled;
                rows.push_decoded(|text, out| unquote(&text[start..end], out));
            }
        }
        self.written = Written::Plain;
    }

    /// Takes the row that ends before `self.at`.
    fn end_row(&mut self, rows: &mut Rows) -> Result<()> {
        self.end_field(rows);
        let found = rows.n_pending();
        if let Some(expected) = self.n_columns.filter(|n| *n != found) {
            let hint = if found > expected {
                "; quote fields that hold the delimiter, or name the delimiter with --delimiter"
            } else {
                "; give every row all its fields, empty where there is nothing"
            };
            let kind = ErrorKind::RaggedRow { expected, found, hint: hint.into() };
            return Err(Error::from(kind).at_line(self.line));
        }
        rows.push_row(self.row, self.at, self.line, self.is_canonical);
        self.line += self.n_breaks;
        self.row = self.at;
        self.state = State::BetweenRows;
        Ok(())
    }

    /// The quote that opens the current field, and is never closed.
    fn unclosed(&self, text: &str) -> Error {
        let before = &text[self.row..self.field];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let character = n_characters(&before.as_bytes()[line_start..]) + 1;
        Error::from(ErrorKind::UnclosedQuote { character }).at_line(self.line + n_line_breaks(before.as_bytes()))
    }
}

impl Cutter for Delimited {
    fn format(&self) -> TableFormat {
        TableFormat::Delimited(self.delimiter)
    }

    fn restart(&mut self) {
        // The line is that of the row to come, which is cut anew.
        *self = Delimited { n_columns: self.n_columns, line: self.line, ..Delimited::new(self.delimiter) };
    }

    fn cut(&mut self, rows: &mut Rows, max_rows: usize, at_end: bool) -> Result<()> {
        while self.at < rows.text.len() {
            let bytes = &rows.text.as_bytes()[self.at..];
            match self.state {
                State::BetweenRows if rows.len() == max_rows => return Ok(()),
                State::BetweenRows => match bytes[0] {
                    byte @ (b'\n' | b'\r') => {
                        self.line += u64::from(byte == b'\n');
                        self.at += 1;
                        self.row = self.at;
                    }
                    _ => {
                        self.field = self.row;
                        (self.is_canonical, self.n_breaks) = (true, 0);
                        self.state = State::FieldStart;
                    }
                },
                State::FieldStart if bytes[0] == b'"' => {
                    self.written = Written::Quoted;
                    self.at += 1;
                    self.state = State::Quoted;
                }
                State::FieldStart => self.state = State::Unquoted,
                State::Quoted => match memchr::memchr(b'"', bytes) {
                    None => self.at = rows.text.len(),
                    Some(n) => {
                        self.at += n + 1;
                        self.state = State::QuoteInQuoted;
                    }
                },
                State::QuoteInQuoted if bytes[0] == b'"' => {
                    self.written = Written::Doubled;
                    self.at += 1;
                    self.state = State::Quoted;
                }
                State::QuoteInQuoted if !matches!(bytes[0], b'\n' | b'\r') && bytes[0] != self.delimiter => {
                    self.written = Written::Trailed;
                    self.state = State::Unquoted;
                }
                State::Unquoted | State::QuoteInQuoted => {
                    let Some(n) = memchr::memchr3(self.delimiter, b'\n', b'\r', bytes) else {
                        self.at = rows.text.len();
                        break;
                    };
                    self.at += n;
                    if bytes[n] == self.delimiter {
                        self.end_field(rows);
                        self.at += 1;
                        self.field = self.at;
                        self.state = State::FieldStart;
                    } else {
                        self.end_row(rows)?;
                    }
                }
            }
        }
        match self.state {
            State::BetweenRows => Ok(()),
            _ if !at_end => Ok(()),
            State::Quoted => Err(self.unclosed(&rows.text)),
            State::FieldStart | State::Unquoted | State::QuoteInQuoted => self.end_row(rows),
        }
    }

    fn n_cut(&self) -> usize {
        self.row
    }
}

/// Whether the `csv` crate puts quotes around such a field; its reader then gives the same field back.
pub(super) fn needs_quotes(field: &[u8], delimiter: u8) -> bool {
    field.iter().any(|byte| *byte == delimiter || matches!(byte, b'"' | b'\n' | b'\r'))
}

fn n_line_breaks(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// The content of a field that begins with a quote.
fn unquote(field: &str, out: &mut String) {
    let mut rest = &field[1..];
    while let Some((before, after)) = rest.split_once('"') {
        out.push_str(before);
        rest = after;
        match rest.strip_prefix('"') {
            // Behind the closing quote every quote is literal.
            None => break,
            Some(after) => {
                out.push('"');
                rest = after;
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::corpus::Row;

    /// Cuts a text that arrives in pieces ending at these bytes; what ended it early comes last.
    fn cut(text: &str, delimiter: u8, ends: &[usize]) -> (Rows, Result<()>) {
        let mut cutter = Delimited::new(delimiter);
        let mut rows = Rows::default();
        rows.clear(cutter.format());
        cutter.restart();
        for end in ends {
            rows.text.push_str(&text[rows.text.len()..*end]);
            cutter.cut(&mut rows, usize::MAX, false).unwrap();
        }
        rows.text.push_str(&text[rows.text.len()..]);
        let outcome = cutter.cut(&mut rows, usize::MAX, true);
        (rows, outcome)
    }

    fn lines(text: &str) -> Vec<u64> {
        cut(text, b',', &[]).0.iter().map(Row::line).collect()
    }

    #[test]
    fn rows_are_placed_past_blank_lines_and_line_breaks_in_quotes() {
        assert_eq!(lines("a,b\r\n1,2\r\n\r\n\n\"3\r\n4\",5\n,\n\"\"\n6"), [1, 2, 5, 7, 8, 9]);
        assert_eq!(lines("\n\r\n\na\n\"x\n\"\" y\n\" z\nb"), [4, 5, 8]);
        assert_eq!(lines("old\rmac\r"), [1, 1]);
    }

    #[test]
    fn an_open_quote_is_placed() {
        for (text, line, character) in
            [("a,b\n1,\"never\nclosed, 3\n", 2, 3), ("é,\"x", 1, 3), ("\"\"\"x", 1, 1), ("\"a\nb é\",\"x", 2, 6)]
        {
            let error = cut(text, b',', &[]).1.unwrap_err();
            assert_eq!(error.place().line, Some(line), "{text:?}");
            let ErrorKind::UnclosedQuote { character: found } = error.kind() else { panic!("{error}") };
            assert_eq!(*found, character, "{text:?}");
        }
    }

    #[test]
    fn a_row_stays_as_written_where_it_would_be_written_so() {
        let written = |text: &str| cut(text, b',', &[]).0.row(0).canonical(b',').map(str::to_owned);
        for text in ["a,b", "\"a,b\",c", "\"a \"\"b\"\"\",", "\"\n\"", ",,", "a b;c"] {
            assert_eq!(written(text).as_deref(), Some(text));
        }
        for text in ["\"a\",b", "5\" gun", "\"a\" b", "\"\""] {
            assert_eq!(written(text), None, "{text}");
        }
        assert!(cut("a,b", b',', &[]).0.row(0).canonical(b'\t').is_none(), "another delimiter, other quotes");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn any_text_is_cut_as_the_csv_crate_does(
            text in "[a;é,,,\"\"\"\"\n\n\r ]{0,40}",
            delimiter in prop::sample::select(vec![b',', b';']),
            ends in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ) {
            let mut ends: Vec<usize> = ends.iter().map(|end| end.index(text.len() + 1)).collect();
            ends.retain(|end| text.is_char_boundary(*end));
            ends.sort_unstable();
            let (rows, outcome) = cut(&text, delimiter, &ends);
            let mut reader = csv::ReaderBuilder::new()
                .delimiter(delimiter)
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let expected: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
            // The crate makes a row of what an open quote swallows.
            prop_assert_eq!(rows.len() + usize::from(outcome.is_err()), expected.len());
            for (row, expected) in rows.iter().zip(&expected) {
                let found: Vec<&str> = (0..row.n_fields()).map(|column| row.get(column)).collect();
                prop_assert_eq!(&found, &expected.iter().collect::<Vec<_>>());
                let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
                writer.write_record(&found).unwrap();
                let written = String::from_utf8(writer.into_inner().unwrap()).unwrap();
                if let Some(canonical) = row.canonical(delimiter).filter(|text| !text.is_empty()) {
                    prop_assert_eq!(canonical, written.strip_suffix('\n').unwrap());
                }
            }
        }
    }
}
