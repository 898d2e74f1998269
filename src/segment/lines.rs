//! A text's lines, each a paragraph or a piece of furniture.

use std::ops::Range;

use super::lexicon::{FNV_START, fnv};

/// The lines of `text` that hold anything, without the blanks at their ends.
pub(super) fn lines(text: &str) -> Vec<Range<usize>> {
    let mut out = Vec::with_capacity(text.len() / 200 + 1);
    let mut from = 0;
    // Beside the line feed, the separators of Unicode end a line, and so does a lone carriage return.
    let is_break = |c: char| matches!(c, '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}');
    let mut push = |range: Range<usize>| {
        let trimmed = trim(text, range);
        if !trimmed.is_empty() {
            out.push(trimmed);
        }
    };
    // Line feeds are looked for at memory speed, and the rare others only where there are any.
    let rare = memchr::memchr2(0x0B, 0x0C, text.as_bytes()).is_some()
        || ["\u{85}", "\u{2028}", "\u{2029}"]
            .iter()
            .any(|c| memchr::memmem::find(text.as_bytes(), c.as_bytes()).is_some());
    if rare {
        for (at, c) in text.match_indices(is_break) {
            push(from..at);
            from = at + c.len();
        }
    } else {
        for at in memchr::memchr2_iter(b'\n', b'\r', text.as_bytes()) {
            push(from..at);
            from = at + 1;
        }
    }
    push(from..text.len());
    out
}

/// `range` without blanks, and without invisible characters, at both ends.
pub(super) fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let blank = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}')
    };
    let piece = &text[range.clone()];
    let start = range.start + (piece.len() - piece.trim_start_matches(blank).len());
    let end = start + text[start..range.end].trim_end_matches(blank).len();
    start..end
}

/// Hashes of what a line says: of a short one whatever its case, blanks and marks, of a long one as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineKey {
    /// Of its letters and digits.
    pub(super) exact: u64,
    /// The same with all digits alike, so that `Updated at 8:40` recurs.
    pub(super) shape: u64,
}

impl LineKey {
    pub(super) fn new(line: &str) -> Self {
        /// In bytes. A headline in capitals is the same headline; nobody sets a paragraph in capitals.
        const LONG: usize = 240;
        if line.len() > LONG {
            let word = |bytes: &[u8]| bytes.iter().fold(0, |word: u64, byte| word << 8 | u64::from(*byte));
            let hash = line
                .as_bytes()
                .chunks(8)
                .fold(FNV_START, |hash, bytes| (hash ^ word(bytes)).wrapping_mul(FNV_START | 1).rotate_left(29));
            return LineKey { exact: hash, shape: hash };
        }
        let (mut shape, mut digits) = (FNV_START, FNV_START);
        let mut buffer = [0; 4];
        for c in line.chars() {
            if c.is_ascii_alphabetic() {
                shape = fnv(shape, (c as u8).to_ascii_lowercase());
            } else if c.is_ascii_digit() {
                shape = fnv(shape, b'0');
                digits = fnv(digits, c as u8);
            } else if !c.is_ascii() && c.is_alphanumeric() {
                for c in c.to_lowercase() {
                    shape = c.encode_utf8(&mut buffer).bytes().fold(shape, fnv);
                }
            }
        }
        LineKey { exact: shape ^ digits.rotate_left(32), shape }
    }
}
