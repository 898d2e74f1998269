//! Where sentences end. `sentencex` decides whether a stop ends one (its lists know abbreviations, initials, numbers); here
//! stands what it is not asked, or gets wrong in news: quotations, brackets, missing blanks, stray stops.

use std::ops::Range;

use sentencex::languages::Language;

use super::lexicon::Class;
use super::lines::trim;
use super::marks::{floor, is_closing_mark, is_opening_mark, is_quote};
use super::reporting::Form;
use super::words::words;

/// Bytes on either side of a stop that are looked at.
const CONTEXT: usize = 80;

/// Finds the sentences of one language.
pub(super) struct Splitter {
    language: Box<dyn Language>,
    english: bool,
    /// Holds the context of a stop that marks stand behind.
    context: String,
}

impl Splitter {
    /// `code` is an ISO 639-1 code, such as `en`.
    pub(super) fn new(code: &str) -> Self {
        Splitter { language: sentencex::language_factory(code), english: code == "en", context: String::new() }
    }

    /// Appends the sentences of a line of `text` to `out`, in order; together they cover all of the line but blanks.
    pub(super) fn split(&mut self, text: &str, line: Range<usize>, out: &mut Vec<Range<usize>>) {
        let piece = &text[line.clone()];
        let n_before = out.len();
        let mut start = 0;
        let mut push = |start: usize, end: usize| {
            let sentence = trim(piece, start..end);
            if !sentence.is_empty() {
                out.push(line.start + sentence.start..line.start + sentence.end);
            }
        };
        let terminators = Terminators::new(piece);
        let mut at = 0;
        while let Some(found) = terminators.next(at) {
            let stop = extend(piece, found);
            at = stop.end;
            if let Some(boundary) = self.boundary(piece, &stop) {
                push(start, boundary);
                start = boundary;
                at = at.max(boundary);
            }
        }
        push(start, piece.len());
        if self.english {
            split_after_quotations(text, n_before, out);
        }
        join_fragments(text, n_before, out);
    }

    /// Where the sentence that `stop` may end does end.
    fn boundary(&mut self, text: &str, stop: &Range<usize>) -> Option<usize> {
        let closed = stop.end + closing(&text[stop.end..]);
        let rest = &text[closed..];
        let after = rest.trim_start();
        let Some(next) = after.chars().next() else { return Some(text.len()) };
        let blank = after.len() < rest.len();
        let first = next_letter(after);
        if text[..stop.end].ends_with(is_unspaced_terminator) {
            return Some(closed);
        }
        if !blank {
            return unspaced(text, stop, closed);
        }
        // A stop that stands alone, or is followed by a comma, was left over when something was taken out.
        if matches!(next, '.' | '!' | '?' | '…') && !after.starts_with("...") {
            return None;
        }
        if matches!(next, ',' | ';' | ':' | ')' | ']')
            || first.is_some_and(char::is_lowercase) && !is_opening_bullet(next)
        {
            return None;
        }
        if self.english && is_followed_by_its_word(&text[..stop.start], after) {
            return None;
        }
        let mark = text[stop.clone()].chars().next()?;
        let quoted = text[stop.end..closed].contains(is_quote);
        if quoted && self.english && starts_attribution(after, mark == '.') {
            return None;
        }
        if mark == '.'
            && stop.len() == 1
            && let Some(ends) = self.small_word(text, stop.start, after)
        {
            return ends.then_some(closed);
        }
        // A window is enough for the lists, and keeps a text of stops alone from costing the square of its length.
        let from = floor(text, stop.start.saturating_sub(CONTEXT));
        let token = text[from..stop.start].rsplit(char::is_whitespace).next().unwrap_or_default();
        let decided =
            if closed == stop.end && !after.starts_with(is_opening_mark) && !token.starts_with(is_opening_mark) {
                let window = &text[from..floor(text, stop.end + CONTEXT)];
                self.language.find_boundary(window, stop.start - from, stop.end - from)
            } else {
                // Marks would hide the words on either side from the lists.
                self.context.clear();
                self.context.push_str(&text[from..stop.start - token.len()]);
                self.context.push_str(token.trim_start_matches(is_opening_mark));
                let start = self.context.len();
                self.context.push_str(&text[stop.clone()]);
                let here = (start, self.context.len());
                self.context.push(' ');
                let follower = after.trim_start_matches(is_opening_mark);
                self.context.push_str(&follower[..floor(follower, CONTEXT)]);
                self.language.find_boundary(&self.context, here.0, here.1)
            };
        decided.map(|_| closed)
    }

    /// Whether a stop behind a word in lower case ends the sentence, where that is sure: words that the lists know as abbreviations of titles, months
    /// and states are words when they are written small, and what is abbreviated in lower case stands before its number.
    fn small_word(&self, text: &str, stop: usize, after: &str) -> Option<bool> {
        /// What is abbreviated in lower case too.
        const SMALL: [&str; 28] = [
            "al", "approx", "c", "ca", "cf", "ch", "ed", "eds", "esp", "est", "etc", "ext", "ff", "fig", "g", "incl",
            "m", "no", "nos", "op", "p", "para", "pg", "pp", "v", "viz", "vol", "vs",
        ];
        if !self.english {
            return None;
        }
        let head = &text[floor(text, stop.saturating_sub(CONTEXT))..stop];
        let word = head.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let preceded = head[..head.len() - word.len()].chars().next_back();
        if word.is_empty() || preceded == Some('.') || !word.starts_with(char::is_lowercase) {
            return None;
        }
        let number = after.starts_with(|c: char| c.is_numeric());
        let capital = after.starts_with(|c: char| c.is_uppercase() || is_opening_mark(c));
        match word {
            "no" | "nos" => Some(!number),
            _ if SMALL.contains(&word) => number.then_some(false),
            _ => capital.then_some(true),
        }
    }
}

/// A stop with no blank behind it ends a sentence only where a word ends before it and another begins after it.
fn unspaced(text: &str, stop: &Range<usize>, closed: usize) -> Option<usize> {
    let head = &text[floor(text, stop.start.saturating_sub(CONTEXT))..stop.start];
    let before = head.rsplit(char::is_whitespace).next().unwrap_or_default();
    let token = text[closed..floor(text, closed + CONTEXT)].split(char::is_whitespace).next().unwrap_or_default();
    let address = |part: &str| part.contains(['@', '/', '\\']) || part.contains("www");
    if address(token) || address(before) {
        return None;
    }
    let word = token.trim_start_matches(is_opening_mark);
    let opens = word.len() < token.len();
    let mut letters = word.chars();
    let capital = letters.next().is_some_and(char::is_uppercase);
    let goes_on = letters.next().is_none_or(|c| c.is_lowercase() || c.is_whitespace() || c == '\'' || c == '’');
    if !(capital && goes_on) {
        return None;
    }
    // Two lower-case letters at least: initials, U.S.A. and file names are none of it.
    let mut last = before.chars().rev();
    let ends_word = before.ends_with(is_closing_mark)
        || last.next().is_some_and(char::is_lowercase) && last.next().is_some_and(char::is_lowercase);
    let quoted = closed > stop.end;
    // "Yahoo.Com" and the like: a second stop within the same token, without a blank.
    let is_name =
        !opens && !quoted && matches!(word.trim_end_matches(|c: char| !c.is_alphabetic()), "Com" | "Org" | "Net");
    ((ends_word || quoted) && !is_name).then_some(closed)
}

/// Finds the ends that sentences may have.
#[derive(Clone, Copy)]
struct Terminators<'a> {
    text: &'a str,
    /// Whether there are others than those of ASCII.
    has_others: bool,
}

impl<'a> Terminators<'a> {
    fn new(text: &'a str) -> Self {
        // The others begin with 0xE2 0x80 (…), 0xE2 0x81, 0xE3 or 0xEF (。！？), 0xD8 or 0xDB (؟ ۔), 0xE0 (।), 0xD6 (։), 0xE1 (። ။); curly quotes with 0xE2 0x80 too.
        let rare = |byte: &u8| matches!(byte, 0xD6 | 0xD8 | 0xDB | 0xE0 | 0xE1 | 0xE3 | 0xEF);
        let has_others = text.as_bytes().iter().any(rare)
            || memchr::memmem::find(text.as_bytes(), "…".as_bytes()).is_some()
            || memchr::memmem::find(text.as_bytes(), b"\xE2\x81").is_some()
            || text.contains('‼');
        Terminators { text, has_others }
    }

    /// The next one at or after `from`.
    fn next(self, from: usize) -> Option<Range<usize>> {
        if !self.has_others {
            return memchr::memchr3(b'.', b'!', b'?', &self.text.as_bytes()[from..]).map(|at| from + at..from + at + 1);
        }
        let (at, c) = self.text[from..].char_indices().find(|(_, c)| is_terminator(*c))?;
        Some(from + at..from + at + c.len_utf8())
    }
}

fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '‼' | '⁇' | '⁈' | '⁉' | '؟' | '۔' | '।' | '॥') || is_unspaced_terminator(c)
}

/// Those that need no blank behind them.
fn is_unspaced_terminator(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '።' | '։' | '။')
}

/// The whole run, over blanks too (`. . .`, `? !`, ` .`).
fn extend(text: &str, mut run: Range<usize>) -> Range<usize> {
    loop {
        let rest = &text[run.end..];
        let after = rest.trim_start_matches([' ', '\t', '\u{A0}']);
        match after.chars().next() {
            Some(c) if is_terminator(c) && (after.len() == rest.len() || is_stray(after)) => {
                run.end = text.len() - after.len() + c.len_utf8();
            }
            _ => return run,
        }
    }
}

/// Whether the terminator that `text` begins with stands alone: a blank, the end, or another like it comes next.
fn is_stray(text: &str) -> bool {
    let mut chars = text.chars().skip(1);
    chars.next().is_none_or(|c| c.is_whitespace() || is_terminator(c))
}

/// Bytes of the quotes and brackets that close right here.
fn closing(text: &str) -> usize {
    let mut end = 0;
    loop {
        let rest = &text[end..];
        let Some(c) = rest.chars().next() else { return end };
        let next = rest[c.len_utf8()..].chars().next();
        let closes = match c {
            '”' | '’' | '»' | ')' | ']' | '}' | '›' => true,
            // Of a straight quote or one that was turned around, a letter behind it says that it opens.
            '"' | '\'' | '“' | '‘' => next.is_none_or(|c| !c.is_alphanumeric()),
            _ => false,
        };
        if !closes {
            return end;
        }
        end += c.len_utf8();
    }
}

/// Whether the stop after `before` belongs to a title, which a name follows whatever its first word ("Dr. No"), or to a time of the day before
/// its day or its zone ("3 p.m. Monday", "9 a.m. ET").
fn is_followed_by_its_word(before: &str, after: &str) -> bool {
    const TITLES: [&str; 26] = [
        "Adm", "Amb", "Capt", "Cmdr", "Col", "Dr", "Fr", "Gen", "Gov", "Govs", "Hon", "Lt", "Maj", "Messrs", "Mr",
        "Mrs", "Ms", "Prof", "Rep", "Reps", "Rev", "Sen", "Sens", "Sgt", "Supt", "Mme",
    ];
    let before = &before[floor(before, before.len().saturating_sub(CONTEXT))..];
    let after = &after[..floor(after, CONTEXT)];
    let token = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '.')).next().unwrap_or_default();
    let next = after.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let is_time = token.eq_ignore_ascii_case("a.m") || token.eq_ignore_ascii_case("p.m");
    if is_time {
        let zone = (2..=4).contains(&next.len()) && next.bytes().all(|b| b.is_ascii_uppercase()) && next.ends_with('T');
        return zone || words(next).first().is_some_and(|word| word.entry.is(Class::Calendar));
    }
    TITLES.contains(&token) && next.starts_with(char::is_uppercase)
}

/// Whether what follows a quotation is its attribution with the speaker first (`Premier Vale asked`), not a sentence of its own.
///
/// After a full stop (`strict`) only a bare one is believed, which ends with its verb.
fn starts_attribution(after: &str, strict: bool) -> bool {
    const MOST_WORDS: usize = 6;
    const MOST_BYTES: usize = 120;
    let after = &after[..floor(after, MOST_BYTES)];
    let words = words(after);
    for (i, word) in words.iter().take(MOST_WORDS).enumerate() {
        let gap = if i == 0 { " " } else { &after[words[i - 1].end..word.start] };
        if !matches!(gap, " " | ". ") {
            return false;
        }
        let is_verb = word.entry.form.is_some_and(Form::tells) || !strict && &after[word.range()] == "asked";
        if i > 0 && is_verb {
            let rest = &after[word.end..];
            return if strict { !rest.starts_with(' ') } else { !rest.starts_with(" that ") };
        }
        let links = word.entry.is(Class::Determiner) || matches!(&after[word.range()], "de" | "al" | "van" | "bin");
        if !(word.is_upper || links) {
            return false;
        }
    }
    false
}

fn next_letter(text: &str) -> Option<char> {
    text.chars().find(|c| !is_opening_mark(*c) && !c.is_whitespace())
}

fn is_opening_bullet(c: char) -> bool {
    matches!(c, '•' | '*' | '■' | '▪')
}

/// Splits where a quotation that has no stop ends, and a capitalised word follows that stands at the head of sentences and
/// nowhere else: `… already “very, very close” The “red lines” …`.
fn split_after_quotations(text: &str, from: usize, out: &mut Vec<Range<usize>>) {
    const HEADS: [&str; 16] = [
        "A", "An", "But", "He", "However", "If", "It", "She", "That", "The", "There", "These", "They", "This", "Those",
        "We",
    ];
    const LEAST_BEFORE: usize = 20;
    for sentence in out.split_off(from) {
        let mut start = sentence.start;
        let marks = memchr::memchr3_iter(b'"', 0xC2, 0xE2, &text.as_bytes()[sentence.clone()]);
        for at in marks.map(|at| sentence.start + at) {
            let Some(mark) = text[at..].chars().next().filter(|c| matches!(c, '”' | '"' | '»')) else { continue };
            let end = at + mark.len_utf8();
            let Some(after) = text[end..sentence.end].strip_prefix(' ') else { continue };
            let word = after.split(' ').next().unwrap_or_default();
            let lower = after[word.len()..].trim_start().starts_with(|c: char| c.is_lowercase() || is_opening_mark(c));
            let in_word = text[start..at].chars().next_back().is_some_and(char::is_lowercase);
            if in_word && HEADS.contains(&word) && lower && at - start > LEAST_BEFORE {
                out.push(start..end);
                start = end + 1;
            }
        }
        out.push(start..sentence.end);
    }
}

/// Joins to the sentence before it what is none: a bare date, marks alone, or a name that a dateline lost, as the last words of
/// a line.
fn join_fragments(text: &str, from: usize, out: &mut Vec<Range<usize>>) {
    let sentences = out.split_off(from);
    let n = sentences.len();
    for (i, sentence) in sentences.into_iter().enumerate() {
        let fragment = &text[sentence.clone()];
        let n_words = fragment.split_whitespace().take(4).count();
        let joins = !fragment.contains(char::is_alphanumeric)
            || (n_words <= 3 && is_bare_date(fragment))
            || (n_words == 1 && i + 1 == n && is_name_elsewhere(text, fragment));
        match out[from..].last() {
            Some(_) if joins => out.last_mut().expect("a sentence was just seen").end = sentence.end,
            _ => out.push(sentence),
        }
    }
}

/// `November 19.`, `Nov. 19, 2021`.
fn is_bare_date(fragment: &str) -> bool {
    let (mut n_months, mut n_numbers) = (0, 0);
    for word in words(fragment) {
        if word.entry.is(Class::Calendar) {
            n_months += 1;
        } else if fragment[word.range()].bytes().all(|b| b.is_ascii_digit()) {
            n_numbers += 1;
        } else {
            return false;
        }
    }
    n_months == 1 && n_numbers >= 1
}

/// Whether a single word also stands, with its capital, behind a lower-case word: then it is a name, and no sentence.
fn is_name_elsewhere(text: &str, fragment: &str) -> bool {
    let name = fragment.trim_matches(|c: char| !c.is_alphanumeric());
    // Names stand near the head of an article as a rule, and a text may have a great many lines that end like this.
    let text = &text[..floor(text, 1 << 15)];
    name.starts_with(char::is_uppercase)
        && fragment.ends_with('.')
        && memchr::memmem::find_iter(text.as_bytes(), name.as_bytes()).any(|at| {
            let before = text[..at].strip_suffix(' ').and_then(|before| before.chars().next_back());
            before.is_some_and(char::is_lowercase)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        Splitter::new("en").split(text, 0..text.len(), &mut out);
        out.into_iter().map(|range| &text[range]).collect()
    }

    #[track_caller]
    fn splits(parts: &[&str]) {
        assert_eq!(split(&parts.join(" ")), parts);
    }

    #[test]
    fn abbreviations_do_not_end_sentences() {
        splits(&[
            "Mr. Oru met Gen. Vale in the U.S. on Nov. 19.",
            "Sen. J. D. Arno and Talan Inc. paid $3.5 million to No. 10.",
        ]);
        splits(&["He said no.", "Moscow refused.", "They told me.", "Police left at 3 p.m. Monday."]);
        splits(&["They met (Sept. 11) in “St. Ives” with Vale (Jan. 5).", "It cost approx. 5 crowns."]);
        splits(&["It ended in 2014.", "10 people stayed in the U.S.", "The rest left."]);
    }

    #[test]
    fn a_quotation_is_split_inside() {
        splits(&["“We are open.", "We are ready,” he said.", "“Are you?” Premier Vale asked.", "“No.”", "“Yes!”"]);
        splits(&[
            "\"We are open.",
            "We are ready,\" he said.",
            "\"Go!\" she cried.",
            "\"Why?\"",
            "The hall was still.",
        ]);
        splits(&["‘It is so.’", "Then: «We will see.»", "He left (it was late).", "(It is not.)", "Dr. No left."]);
    }

    #[test]
    fn stops_without_blanks_and_blanks_without_stops() {
        assert_eq!(
            split("He left.The hall was “still.”They sang."),
            ["He left.", "The hall was “still.”", "They sang."]
        );
        splits(&["The region. .", "His words of June. , which he had up. for improvement, stayed."]);
        assert_eq!(split("Write to Ann.Lee@post.example or see www.Post.Example/A.Html now.").len(), 1);
        splits(&["The lines are “very, very close”", "The “red lines” that he drew are near."]);
    }

    #[test]
    fn fragments_that_are_no_sentences_are_joined() {
        splits(&["\"A shallow attitude,\" he said. November 19.", "Nothing came of it.", "Never."]);
        splits(&["They asked what moved Talan at night.", "They guess at its intentions. Talan."]);
    }

    #[test]
    fn attributions_are_told_from_sentences() {
        assert!(starts_attribution("Premier Vale asked the hall.", false));
        assert!(starts_attribution("Mr. Oru said.", true));
        assert!(!starts_attribution("Mr. Oru said on Friday that he would go.", true));
        assert!(!starts_attribution("The hall was still, he said.", true));
        assert!(!starts_attribution("Officials in Talan, who said", false));
    }

    #[test]
    fn other_languages_have_their_own_lists() {
        let text = "Das ist z. B. Herr Dr. Vogt. Er kam am 3. Mai.";
        let mut out = Vec::new();
        Splitter::new("de").split(text, 0..text.len(), &mut out);
        assert_eq!(out.len(), 2, "{out:?}");
        let text = "彼は言った。私たちは行く。もう遅い。";
        out.clear();
        Splitter::new("ja").split(text, 0..text.len(), &mut out);
        assert_eq!(out.len(), 3, "{out:?}");
    }
}
