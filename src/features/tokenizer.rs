//! Text to tokens, by the `tokenizers` crate, at most once per distinct chunk of text.

use std::ops::Range;

use tokenizers::models::wordlevel::WordLevel;
use tokenizers::normalizers::{Lowercase, NFKC, Replace, Sequence};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{
    Normalizer as _, NormalizerWrapper, OffsetReferential, OffsetType, PreTokenizedString, PreTokenizer as _,
};

use super::pieces::{Piece, pieces};
use crate::error::{Error, ErrorKind, Result};

/// A normalizer and a pre-tokenizer of Hugging Face's `tokenizers`.
///
/// The default applies NFKC, straightens curly quotes and lower-cases; then cuts at white space and makes every
/// punctuation mark a token of its own. Neither looks across white space, which is what lets [`Tokenizer::tokens`]
/// work chunk by chunk.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    reference: tokenizers::Tokenizer,
    /// Whether the reference is the default one, whose work on plain chunks [`scan_plain`] does too.
    is_default: bool,
}

impl Default for Tokenizer {
    fn default() -> Self {
        let mut steps: Vec<NormalizerWrapper> = vec![NFKC.into()];
        for (curly, straight) in [("‘", "'"), ("’", "'"), ("“", "\""), ("”", "\"")] {
            steps.push(Replace::new(curly, straight).expect("a literal pattern compiles").into());
        }
        steps.push(Lowercase.into());
        let mut tokenizer = tokenizers::Tokenizer::new(WordLevel::default());
        tokenizer
            .with_normalizer(Some(Sequence::new(steps)))
            .expect("no tokens were added that a normalizer could break")
            .with_pre_tokenizer(Some(BertPreTokenizer));
        Tokenizer { reference: tokenizer, is_default: true }
    }
}

/// A token and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The normalised text.
    pub text: String,
    /// The bytes of the original that it stands for, on character boundaries.
    pub span: Range<usize>,
    /// Whether the original begins with a capital letter.
    pub capital: bool,
}

impl Tokenizer {
    /// The tokenizer as `tokenizer.json`, which Python's `tokenizers` loads too (its vocabulary is empty: framescope
    /// keeps its own).
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String> {
        self.reference.to_string(false).map_err(|error| ErrorKind::Tokenizer(error.to_string()).into())
    }

    /// The tokenizer that this version makes, if `json` says the same as its own. Nothing is made from the JSON: one
    /// of somebody else's may hold a thousand patterns to compile, or make any word of any other.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if this version's cannot be written as JSON.
    pub(crate) fn own_from_json(json: &str) -> Result<Option<Self>> {
        let own = Tokenizer::default();
        let expected = own.to_json()?;
        let parse = |json: &str| serde_json::from_str::<serde_json::Value>(json).ok();
        // JSON that says the same may be longer, by white space and escapes; what is far longer is not even parsed.
        let same = json.len() <= 4 * expected.len() && parse(json) == parse(&expected);
        Ok(same.then_some(own))
    }

    /// Reads what [`Tokenizer::to_json`] wrote, or other `tokenizer.json` that you trust: it may hold patterns that
    /// take long to compile.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if it is something else.
    pub fn from_json(json: &str) -> Result<Self> {
        let bad = |error: tokenizers::Error| Error::from(ErrorKind::Tokenizer(error.to_string()));
        let mut tokenizer =
            Tokenizer { reference: tokenizers::Tokenizer::from_bytes(json).map_err(bad)?, is_default: false };
        tokenizer.is_default = tokenizer.to_json()? == Tokenizer::default().to_json()?;
        Ok(tokenizer)
    }

    /// The tokens of a whole text with their spans: the slow, plain way, which the fast one must agree with.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if the crate fails.
    pub fn tokens_with_spans(&self, text: &str) -> Result<Vec<Token>> {
        let bad = |error: tokenizers::Error| Error::from(ErrorKind::Tokenizer(error.to_string()));
        let mut pieces = PreTokenizedString::from(text);
        if let Some(normalizer) = self.reference.get_normalizer() {
            pieces.normalize(|piece| normalizer.normalize(piece)).map_err(bad)?;
        }
        if let Some(pre_tokenizer) = self.reference.get_pre_tokenizer() {
            pre_tokenizer.pre_tokenize(&mut pieces).map_err(bad)?;
        }
        let splits = pieces.get_splits(OffsetReferential::Original, OffsetType::Byte);
        Ok(splits
            .into_iter()
            .filter(|(token, ..)| !token.is_empty())
            .map(|(token, (start, end), _)| Token {
                text: token.to_owned(),
                span: start..end,
                capital: text
                    .get(start..end)
                    .and_then(|original| original.chars().next())
                    .is_some_and(char::is_uppercase),
            })
            .collect())
    }

    /// Calls `emit` with each token of one chunk, a stretch of text without white space, and whether it begins with a
    /// capital letter.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if the crate fails.
    pub(crate) fn tokenize_chunk(&self, chunk: &str, mut emit: impl FnMut(&str, bool)) -> Result<()> {
        if !self.scan(chunk, &mut emit) {
            self.tokens_with_spans(chunk)?.iter().for_each(|token| emit(&token.text, token.capital));
        }
        Ok(())
    }

    /// Does the same without the crate, where the chunk is plain enough for that; else `false`, and nothing is
    /// emitted.
    pub(crate) fn scan(&self, chunk: &str, emit: impl FnMut(&str, bool)) -> bool {
        let plain = self.is_default && (chunk.is_ascii() || chunk.chars().all(is_plain));
        if plain {
            scan_plain(chunk, emit);
        }
        plain
    }

    /// Calls `emit` with the pieces of a text, in order, until it fails.
    ///
    /// # Errors
    /// Those of `emit`.
    #[inline]
    pub(crate) fn pieces(&self, text: &str, emit: impl FnMut(Piece) -> Result<()>) -> Result<()> {
        pieces(text, self.is_default, emit)
    }

    /// The tokens of a text.
    ///
    /// # Errors
    /// [`ErrorKind::Tokenizer`] if the crate fails.
    pub fn tokens(&self, text: &str) -> Result<Vec<String>> {
        let mut tokens = Vec::new();
        for chunk in chunks(text) {
            self.tokenize_chunk(chunk, |token, _| tokens.push(token.to_owned()))?;
        }
        Ok(tokens)
    }
}

/// Characters that the default normalizer changes one by one, if at all: ASCII, curly quotes and dashes, which are
/// nearly all that English news is made of.
fn is_plain(c: char) -> bool {
    c.is_ascii() || matches!(c, '‘' | '’' | '“' | '”' | '–' | '—')
}

/// What the default tokenizer makes of a chunk of plain characters, some twenty times faster than the crate; a
/// property test holds the two together.
fn scan_plain(chunk: &str, mut emit: impl FnMut(&str, bool)) {
    // Words are nearly all ASCII and short: they are lower-cased on the stack.
    let mut buffer = [0; 64];
    let mut word = |text: &str, emit: &mut dyn FnMut(&str, bool)| {
        let capital = text.as_bytes()[0].is_ascii_uppercase();
        match buffer.get_mut(..text.len()) {
            Some(lower) => {
                lower.copy_from_slice(text.as_bytes());
                lower.make_ascii_lowercase();
                emit(std::str::from_utf8(lower).expect("lower-casing ASCII keeps it ASCII"), capital);
            }
            None => emit(&text.to_ascii_lowercase(), capital),
        }
    };
    let mut start = 0;
    for (at, c) in chunk.char_indices() {
        let end = at + c.len_utf8();
        let mark = match c {
            '‘' | '’' => "'",
            '“' | '”' => "\"",
            c if c.is_ascii_punctuation() || !c.is_ascii() => &chunk[at..end],
            _ => continue,
        };
        if start < at {
            word(&chunk[start..at], &mut emit);
        }
        emit(mark, false);
        start = end;
    }
    if start < chunk.len() {
        word(&chunk[start..], &mut emit);
    }
}

/// The stretches of a text between white space, as Unicode defines it.
pub(crate) fn chunks(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn punctuation_and_quotes() {
        let tokenizer = Tokenizer::default();
        assert_eq!(
            tokenizer.tokens("“Don’t,” the U.S. said: ﬁne!").unwrap(),
            ["\"", "don", "'", "t", ",", "\"", "the", "u", ".", "s", ".", "said", ":", "fine", "!"]
        );
        assert!(tokenizer.tokens(" \t\n").unwrap().is_empty());
    }

    #[test]
    fn json_round_trip_is_stable() {
        let json = Tokenizer::default().to_json().unwrap();
        let again = Tokenizer::from_json(&json).unwrap();
        assert_eq!(again.to_json().unwrap(), json);
        assert_eq!(again.tokens("A “b”.").unwrap(), ["a", "\"", "b", "\"", "."]);
        assert!(Tokenizer::from_json("{}").is_err());
    }

    #[test]
    fn only_the_own_tokenizer_is_taken_from_an_artefact() {
        let json = Tokenizer::default().to_json().unwrap();
        let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let spaced = serde_json::to_string_pretty(&value).unwrap();
        assert_ne!(spaced, json);
        let own = Tokenizer::own_from_json(&spaced).unwrap().expect("white space changes nothing");
        assert_eq!(own.tokens("A “b”.").unwrap(), ["a", "\"", "b", "\"", "."]);
        value["pre_tokenizer"] = serde_json::json!({ "type": "Whitespace" });
        assert!(Tokenizer::from_json(&value.to_string()).is_ok());
        for foreign in [&value.to_string(), "", "{}", "[", &json[1..], &format!("{}{json}", " ".repeat(1 << 20))] {
            assert!(Tokenizer::own_from_json(foreign).unwrap().is_none(), "{foreign}");
        }
    }

    proptest! {
        #[test]
        fn chunkwise_is_the_same_as_whole(text in any::<String>()) {
            let tokenizer = Tokenizer::default();
            let whole: Vec<(String, bool)> =
                tokenizer.tokens_with_spans(&text).unwrap().into_iter().map(|t| (t.text, t.capital)).collect();
            let mut by_chunk = Vec::new();
            for chunk in chunks(&text) {
                tokenizer.tokenize_chunk(chunk, |token, capital| by_chunk.push((token.to_owned(), capital))).unwrap();
            }
            prop_assert_eq!(by_chunk, whole);
        }

        #[test]
        fn plain_scan_is_what_the_crate_does(text in "[ -~‘’“”–—\\x01\\x7F]{0,60}") {
            let tokenizer = Tokenizer::default();
            let crates: Vec<(String, bool)> =
                tokenizer.tokens_with_spans(&text).unwrap().into_iter().map(|t| (t.text, t.capital)).collect();
            let mut scanned = Vec::new();
            for chunk in chunks(&text) {
                prop_assert!(tokenizer.scan(chunk, |token, capital| scanned.push((token.to_owned(), capital))));
            }
            prop_assert_eq!(scanned, crates);
        }

        #[test]
        fn spans_lie_on_characters_in_order(text in "\\PC{0,40}") {
            let mut end = 0;
            for token in Tokenizer::default().tokens_with_spans(&text).unwrap() {
                prop_assert!(token.span.start >= end || token.span.start <= token.span.end);
                prop_assert!(text.get(token.span.clone()).is_some());
                end = token.span.end;
            }
        }
    }
}
