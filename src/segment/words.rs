//! The words of a sentence, each looked up once.

use std::ops::Range;

use super::lexicon::{Entry, FNV_START, fnv, look_up};

/// A word of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) start: usize,
    pub(super) end: usize,
    /// The hash of the word in lower case, without a possessive ending.
    pub(super) hash: u64,
    pub(super) entry: Entry,
    pub(super) is_upper: bool,
    pub(super) is_possessive: bool,
}

impl Word {
    pub(super) fn range(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// The words of `text`: letters and digits, with apostrophes, hyphens and stops inside (`Talan's`, `U.S`, `vice-premier`).
pub(super) fn words(text: &str) -> Vec<Word> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(text.len() / 5 + 1);
    let mut at = 0;
    while at < bytes.len() {
        let (c, len) = character(text, at);
        if !(c.is_ascii_alphanumeric() || !c.is_ascii() && c.is_alphanumeric()) {
            at += len;
            continue;
        }
        let word = word(text, at, c);
        at = word.end;
        out.push(word);
    }
    out
}

fn character(text: &str, at: usize) -> (char, usize) {
    let byte = text.as_bytes()[at];
    if byte.is_ascii() {
        return (char::from(byte), 1);
    }
    let c = text[at..].chars().next().expect("there is a character at every boundary");
    (c, c.len_utf8())
}

fn word(text: &str, start: usize, first: char) -> Word {
    let bytes = text.as_bytes();
    let (mut at, mut hash) = (start, FNV_START);
    // The hash before the last apostrophe.
    let mut stem = None;
    loop {
        while let Some(byte) = bytes.get(at).filter(|byte| byte.is_ascii_alphanumeric()) {
            hash = fnv(hash, byte.to_ascii_lowercase());
            at += 1;
        }
        if at == bytes.len() {
            break;
        }
        let (c, len) = character(text, at);
        if c.is_alphanumeric() {
            let mut buffer = [0; 4];
            hash = c.to_lowercase().fold(hash, |hash, c| c.encode_utf8(&mut buffer).bytes().fold(hash, fnv));
        } else if matches!(c, '\'' | '’' | '-' | '.')
            && at + len < bytes.len()
            && character(text, at + len).0.is_alphanumeric()
        {
            if c == '\'' || c == '’' {
                stem = Some((hash, at + len));
            }
            hash = fnv(hash, if c == '’' { b'\'' } else { c as u8 });
        } else {
            break;
        }
        at += len;
    }
    let possessive = stem.filter(|(_, from)| text[*from..at].eq_ignore_ascii_case("s"));
    let hash = possessive.map_or(hash, |(stem, _)| stem);
    Word {
        start,
        end: at,
        hash,
        entry: look_up(hash),
        is_upper: first.is_uppercase(),
        is_possessive: possessive.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::lexicon::hash;

    #[test]
    fn marks_inside_words_belong_to_them() {
        let text = "The vice-premier's U.S. visit -- \"3.5 hours\"… É.";
        let words: Vec<&str> = words(text).into_iter().map(|word| &text[word.range()]).collect();
        assert_eq!(words, ["The", "vice-premier's", "U.S", "visit", "3.5", "hours", "É"]);
    }

    #[test]
    fn hashes_ignore_case_and_possessives() {
        let of = |text: &str| words(text).into_iter().map(|word| word.hash).collect::<Vec<_>>();
        assert_eq!(of("Talan’s ÉLAN don’t"), of("TALAN élan don't"));
        assert_eq!(of("Talan"), [hash("talan")]);
    }
}
