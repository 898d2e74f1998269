//! Which stretches of an article are direct speech.

use std::ops::Range;

use super::marks::floor;
use super::reporting::Report;
use super::words::{Word, words};

/// Finds the stretches of `text` inside quotation marks, marks excluded, in order and apart.
///
/// `paragraphs` are the lines of the story, `sentences` all of their sentences. Marks of any kind are read by what
/// stands on either side of them before their shape, since scraped text mixes and turns them. A quotation that is
/// still open where its paragraph ends goes on if the next one begins with an opening mark, as is usual for long ones;
/// else its closing mark was lost, and it is taken to end with an attribution behind a dash, or with the sentence in
/// which it began.
pub(super) fn direct_speech(text: &str, paragraphs: &[Range<usize>], sentences: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut open: Option<usize> = None;
    for (i, paragraph) in paragraphs.iter().enumerate() {
        let piece = &text[paragraph.clone()];
        // An open quotation that goes on here has its mark set again.
        let mut skip_first = open.is_some();
        if let Some(start) = &mut open {
            *start = paragraph.start;
        }
        let mut single_until = 0;
        for offset in marks(piece) {
            let Some(c) = piece[offset..].chars().next() else { continue };
            if !may_quote(c) {
                continue;
            }
            let at = paragraph.start + offset;
            let before = piece[..offset].chars().next_back();
            let after = piece[offset + c.len_utf8()..].chars().next();
            if is_single(c) {
                if open.is_none() && at >= single_until && opens_single(c, before, after) {
                    let start = at + c.len_utf8();
                    if let Some(length) = single_end(&text[start..paragraph.end]) {
                        spans.push(start..start + length);
                        single_until = start + length;
                    }
                }
                continue;
            }
            if std::mem::take(&mut skip_first) && offset == 0 {
                open = Some(at + c.len_utf8());
                continue;
            }
            match (role(c, before, after), open) {
                (Role::Open | Role::Either, None) => {
                    open = Some(at + c.len_utf8());
                }
                (Role::Close | Role::Either, Some(start)) => {
                    spans.push(start..at);
                    open = None;
                }
                // A second opening mark is a quotation within, or the first was never closed; a lone closing mark says
                // nothing.
                (Role::Open, Some(_)) | (Role::Close, None) => {}
            }
        }
        let goes_on = paragraphs.get(i + 1).is_some_and(|next| text[next.clone()].starts_with(['“', '"', '„', '«']));
        if let Some(start) = open {
            if goes_on {
                spans.push(start..paragraph.end);
            } else {
                spans.push(start..lost_end(text, start, paragraph, sentences));
                open = None;
            }
        }
    }
    spans.retain(|span| span.start < span.end);
    spans.sort_by_key(|span| span.start);
    // A quotation within one in single marks, or across its end, is one with it.
    spans.dedup_by(|next, last| {
        let meet = next.start < last.end;
        last.end = if meet { last.end.max(next.end) } else { last.end };
        meet
    });
    spans
}

/// Where quotation marks may stand: at the bytes that they begin with.
fn marks(paragraph: &str) -> Vec<usize> {
    let bytes = paragraph.as_bytes();
    let mut marks: Vec<usize> = memchr::memchr3_iter(b'"', 0xC2, 0xE2, bytes).collect();
    // Apostrophes are everywhere; a quotation in straight single marks begins behind a blank or a mark.
    let opens = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    if memchr::memchr_iter(b'\'', bytes).any(opens) {
        marks.extend(memchr::memchr_iter(b'\'', bytes));
        marks.sort_unstable();
    }
    marks
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Open,
    Close,
    Either,
}

fn may_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '‟' | '«' | '»') || is_single(c)
}

fn is_single(c: char) -> bool {
    matches!(c, '\'' | '‘' | '’')
}

fn role(c: char, before: Option<char>, after: Option<char>) -> Role {
    let blank_before =
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '—' | '–' | '-' | '‘' | '\''));
    let blank_after = after.is_none_or(|c| {
        c.is_whitespace() || matches!(c, ')' | ']' | ',' | '.' | ';' | ':' | '!' | '?' | '—' | '–' | '’' | '\'')
    });
    // Inches and seconds.
    if c == '"' && before.is_some_and(|c| c.is_ascii_digit()) && blank_after {
        return Role::Close;
    }
    match (blank_before, blank_after) {
        (true, false) => Role::Open,
        (false, true) => Role::Close,
        _ => match c {
            '“' | '„' | '«' => Role::Open,
            '”' | '»' => Role::Close,
            _ => Role::Either,
        },
    }
}

fn opens_single(c: char, before: Option<char>, after: Option<char>) -> bool {
    c != '’'
        && before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | '—' | '–'))
        && after.is_some_and(char::is_alphanumeric)
}

/// Where a quotation in single marks ends that begins with `text`. Their closing mark is the apostrophe too: behind an
/// s and before a blank it closes only if nothing else does, before another quotation begins.
fn single_end(text: &str) -> Option<usize> {
    let mut unsure = None;
    for (at, c) in text.char_indices().filter(|(_, c)| is_single(*c)) {
        let before = text[..at].chars().next_back();
        let after = text[at + c.len_utf8()..].chars().next();
        if opens_single(c, before, after) {
            break;
        }
        if c == '‘' || after.is_some_and(char::is_alphanumeric) || before.is_none_or(char::is_whitespace) {
            continue;
        }
        if before == Some('s') && after == Some(' ') {
            unsure = unsure.or(Some(at));
        } else {
            return Some(at);
        }
    }
    unsure
}

/// Where a quotation ends whose closing mark was lost.
fn lost_end(text: &str, start: usize, paragraph: &Range<usize>, sentences: &[Range<usize>]) -> usize {
    let rest = &text[start..paragraph.end];
    let dash = rest.match_indices(['—', '–']).find(|(at, dash)| {
        let before = rest[..*at].trim_end().chars().next_back();
        let after = rest[at + dash.len()..].trim_start();
        let end = floor(after, 80);
        let strong = |word: &Word| word.entry.form.is_some_and(|form| form.report == Report::Strong);
        let reports = words(&after[..end]).iter().take(4).any(strong);
        before.is_some_and(|c| matches!(c, ',' | '.' | '!' | '?')) && reports
    });
    if let Some((at, _)) = dash {
        return start + at;
    }
    let sentence = sentences.partition_point(|sentence| sentence.end <= start);
    sentences.get(sentence).map_or(paragraph.end, |sentence| sentence.end.min(paragraph.end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(paragraphs: &[&str]) -> Vec<String> {
        let text = paragraphs.join("\n");
        let mut at = 0;
        let ranges: Vec<Range<usize>> = paragraphs
            .iter()
            .map(|paragraph| {
                let range = at..at + paragraph.len();
                at = range.end + 1;
                range
            })
            .collect();
        let mut sentences = Vec::new();
        let mut splitter = crate::segment::sentences::Splitter::new("en");
        ranges.iter().for_each(|range| splitter.split(&text, range.clone(), &mut sentences));
        direct_speech(&text, &ranges, &sentences).into_iter().map(|span| text[span].to_owned()).collect()
    }

    #[test]
    fn marks_of_every_kind_pair() {
        assert_eq!(spans(&["“We go,” he said. \"They stay.\" «No.» „So?“"]), ["We go,", "They stay.", "No.", "So?"]);
        assert_eq!(spans(&["He called it \"unsatisfactory,” but stayed."]), ["unsatisfactory,"]);
        assert_eq!(spans(&["The ‘Red Lines’ of Talan’s men, and ministers’ fears."]), ["Red Lines"]);
        assert_eq!(spans(&["He said 'no' and didn't go, the drivers' union said."]), ["no"]);
        assert_eq!(spans(&["“He's ‘gone’,” she said; a 5\" gun."]), ["He's ‘gone’,"]);
    }

    #[test]
    fn long_quotations_go_on() {
        assert_eq!(spans(&["He said: \"One. Two.", "\"Three,\" he added. Four."]), ["One. Two.", "Three,"]);
    }

    #[test]
    fn quotations_that_cross_are_one() {
        assert_eq!(spans(&["'a “b' c” d"]), ["a “b' c"]);
        assert_eq!(spans(&["He said 'she said “no” twice', and “left”."]), ["she said “no” twice", "left"]);
    }

    #[test]
    fn lost_marks_end_somewhere() {
        assert_eq!(spans(&["He said “they are near. He left."]), ["they are near."]);
        assert_eq!(spans(&["“They are near. Go, — he said last April."]), ["They are near. Go, "]);
    }
}
