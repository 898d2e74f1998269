//! Places CSV records and quotes in their file: the line on which each record starts, and a quote that is never closed,
//! which CSV parsers read as one very long field.

use std::collections::VecDeque;

/// Follows CSV quoting through a stream of bytes, by the rules of the `csv` crate: a quote counts only as the first
/// byte of a field, a doubled quote inside a quoted field is a literal one.
#[derive(Debug)]
pub(crate) struct QuoteWatch {
    delimiter: u8,
    state: State,
    line: u64,
    /// Characters since the last line break.
    characters: usize,
    opened: (u64, usize),
    /// Lines on which the records start that have been fed, but not asked for yet.
    records: VecDeque<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    RecordStart,
    FieldStart,
    Unquoted,
    Quoted,
    QuoteInQuoted,
}

impl QuoteWatch {
    pub(crate) fn new(delimiter: u8) -> Self {
        QuoteWatch {
            delimiter,
            state: State::RecordStart,
            line: 1,
            characters: 0,
            opened: (0, 0),
            records: VecDeque::new(),
        }
    }

    /// The line, from 1, on which the next record starts; each call steps one record on.
    ///
    /// The `csv` crate's own position is where it began to look for the record: on the line before it after CRLF, and
    /// above any blank lines.
    pub(crate) fn next_record(&mut self) -> Option<u64> {
        self.records.pop_front()
    }

    /// The line and character (both from 1) of the quote that is open after all bytes fed so far.
    pub(crate) fn open_quote(&self) -> Option<(u64, usize)> {
        (self.state == State::Quoted).then_some(self.opened)
    }

    /// Takes the next bytes of the stream, which must not split a character.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // Most bytes are text inside a field: jump to the next one that can change the state.
            let jump = match self.state {
                State::Quoted => memchr::memchr2(b'"', b'\n', bytes),
                State::Unquoted => memchr::memchr3(self.delimiter, b'\n', b'\r', bytes),
                State::RecordStart | State::FieldStart | State::QuoteInQuoted => Some(0),
            };
            let Some(at) = jump else {
                self.characters += n_characters(bytes);
                return;
            };
            self.characters += n_characters(&bytes[..at]);
            self.step(bytes[at]);
            bytes = &bytes[at + 1..];
        }
    }

    fn step(&mut self, byte: u8) {
        // Blank lines are no records.
        if self.state == State::RecordStart && !matches!(byte, b'\n' | b'\r') {
            self.records.push_back(self.line);
        }
        if byte == b'\n' {
            self.line += 1;
            self.characters = 0;
        } else {
            self.characters += usize::from(starts_character(byte));
        }
        self.state = match (self.state, byte) {
            (State::RecordStart | State::FieldStart, b'"') => {
                self.opened = (self.line, self.characters);
                State::Quoted
            }
            (State::Quoted, b'"') => State::QuoteInQuoted,
            (State::Quoted, _) | (State::QuoteInQuoted, b'"') => State::Quoted,
            (_, b'\n' | b'\r') => State::RecordStart,
            (_, byte) if byte == self.delimiter => State::FieldStart,
            _ => State::Unquoted,
        };
    }
}

/// Characters in a piece of UTF-8.
pub(crate) fn n_characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| starts_character(**byte)).count()
}

fn starts_character(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(text: &str) -> Option<(u64, usize)> {
        let whole = {
            let mut watch = QuoteWatch::new(b',');
            watch.feed(text.as_bytes());
            watch.open_quote()
        };
        let mut bytewise = QuoteWatch::new(b',');
        for byte in text.bytes() {
            bytewise.feed(&[byte]);
        }
        assert_eq!(whole, bytewise.open_quote(), "the answer must not depend on how the stream is cut");
        whole
    }

    #[test]
    fn closed_quotes_are_not_reported() {
        assert_eq!(watch("a,b\n\"x, \"\"y\"\"\nz\",2\n"), None);
        assert_eq!(watch("a,b\n5\" gun,he said \"no\"\n"), None);
        assert_eq!(watch("\"\"\n"), None);
    }

    #[test]
    fn records_are_placed_past_blank_lines_and_line_breaks_in_quotes() {
        let mut watch = QuoteWatch::new(b',');
        watch.feed(b"a,b\r\n1,2\r\n\r\n\n\"3\r\n4\",5\n,\n\"\"\n6");
        assert_eq!(std::iter::from_fn(|| watch.next_record()).collect::<Vec<_>>(), [1, 2, 5, 7, 8, 9]);
    }

    #[test]
    fn open_quote_is_placed() {
        assert_eq!(watch("a,b\n1,\"never\nclosed, 3\n"), Some((2, 3)));
        assert_eq!(watch("é,\"x"), Some((1, 3)));
        assert_eq!(watch("\"\"\"x"), Some((1, 1)));
    }
}
