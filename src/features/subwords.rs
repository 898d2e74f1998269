//! The character n-grams inside one word.

use std::ops::Range;

/// Calls `emit` with each subword of a word: its character n-grams, with one space of padding on both sides, from `min` to
/// `max` characters long. A word shorter than `min` with its padding is emitted whole.
///
/// Source: the `char_wb` analyser of scikit-learn, whose n-grams these are.
pub(crate) fn subwords(word: &str, min: usize, max: usize, mut emit: impl FnMut(&str)) {
    subword_spans(word, min, max, &mut String::new(), |padded, span| emit(&padded[span]));
}

/// Does the same, but emits a text and where in it the subword stands. The text goes on for [`SLACK`] bytes behind the padded word. `padded`
/// is a buffer.
pub(crate) fn subword_spans(
    word: &str,
    min: usize,
    max: usize,
    padded: &mut String,
    emit: impl FnMut(&str, Range<usize>),
) {
    /// One space of padding, and slack.
    const BEHIND: &str = "                 ";
    const { assert!(BEHIND.len() == 1 + SLACK) };
    if max == 0 {
        return;
    }
    padded.clear();
    padded.push(' ');
    padded.push_str(word);
    let end = padded.len() + 1;
    padded.push_str(BEHIND);
    if word.is_ascii() {
        // Every byte is a character: no need to look for their starts.
        cut(padded, end, |i| i, min, max, emit);
    } else {
        let starts: Vec<usize> = padded[..end].char_indices().map(|(at, _)| at).chain([end]).collect();
        cut(padded, starts.len() - 1, |i| starts[i], min, max, emit);
    }
}

/// Bytes that a text may be continued by so that a reader may load more than it needs.
pub(crate) const SLACK: usize = 16;

/// Emits the n-grams of a padded word of `n` characters, of which the i-th starts at byte `start(i)`.
fn cut(
    padded: &str,
    n: usize,
    start: impl Fn(usize) -> usize,
    min: usize,
    max: usize,
    mut emit: impl FnMut(&str, Range<usize>),
) {
    if n < min {
        emit(padded, 0..start(n));
        return;
    }
    for length in min..=max.min(n) {
        for first in 0..=n - length {
            emit(padded, start(first)..start(first + length));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(word: &str, min: usize, max: usize) -> Vec<String> {
        let mut all = Vec::new();
        subwords(word, min, max, |s| all.push(s.to_owned()));
        all
    }

    #[test]
    fn as_char_wb_cuts_them() {
        assert_eq!(of("war", 3, 4), [" wa", "war", "ar ", " war", "war "]);
        assert_eq!(of("né", 4, 6), [" né "]);
        assert_eq!(of(",", 4, 6), [" , "]);
        assert_eq!(of("x", 3, 0), Vec::<String>::new());
    }
}
