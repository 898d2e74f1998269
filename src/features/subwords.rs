//! The character n-grams inside one word.

use std::ops::Range;

/// Calls `emit` with each subword of a word: its character n-grams, with one space of padding on both sides, from `min` to
/// `max` characters long. A word shorter than `min` with its padding is emitted whole.
///
/// Source: the `char_wb` analyser of scikit-learn, whose n-grams these are.
pub(crate) fn subwords(word: &str, min: usize, max: usize, mut emit: impl FnMut(&str)) {
    subword_spans(word, min, max, |padded, span| emit(&padded[span]));
}

/// Does the same, but emits a text and where in it the subword stands. The text goes on for [`SLACK`] bytes behind the padded word, so that
/// a reader may load more than it needs.
pub(crate) fn subword_spans(word: &str, min: usize, max: usize, emit: impl FnMut(&str, Range<usize>)) {
    if max == 0 {
        return;
    }
    let mut padded = String::with_capacity(word.len() + 2 + SLACK);
    padded.push(' ');
    padded.push_str(word);
    let end = padded.len() + 1;
    padded.extend(std::iter::repeat_n(' ', 1 + SLACK));
    if word.is_ascii() {
        // Every byte is a character: no need to look for their starts.
        cut(&padded, end, |i| i, min, max, emit);
    } else {
        let starts: Vec<usize> = padded[..end].char_indices().map(|(at, _)| at).chain([end]).collect();
        cut(&padded, starts.len() - 1, |i| starts[i], min, max, emit);
    }
}

/// Spaces behind the text that [`subword_spans`] emits.
const SLACK: usize = 16;

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
