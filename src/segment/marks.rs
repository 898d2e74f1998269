//! Quotation marks and brackets.

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
