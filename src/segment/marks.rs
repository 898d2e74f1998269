//! Quotation marks and brackets, and where characters begin.

/// Whether a character is used as a quotation mark.
pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»' | '‹' | '›' | '\'' | '‘' | '’' | '‚')
}

/// Whether a mark may stand before the first word of a sentence.
pub(super) fn is_opening_mark(c: char) -> bool {
    matches!(
        c,
        '"' | '“'
            | '„'
            | '«'
            | '‹'
            | '\''
            | '‘'
            | '‚'
            | '('
            | '['
            | '{'
            | '”'
            | '»'
            | '¿'
            | '¡'
            | '*'
            | '•'
            | '—'
            | '–'
            | '-'
    )
}

/// Whether a mark may stand behind the last word of a sentence.
pub(super) fn is_closing_mark(c: char) -> bool {
    matches!(c, '"' | '”' | '»' | '›' | '\'' | '’' | ')' | ']' | '}')
}

/// The last character boundary at or before `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
