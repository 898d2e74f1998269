//! A text with repairs, which remembers where in the source every byte of it came from.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A piece of the source that reads otherwise in the text: `len` bytes at byte `at` became `text`.
///
/// Serialises as `[at, len, text]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(usize, usize, String)", into = "(usize, usize, String)")]
pub struct Repair {
    /// Where the piece starts in the source, in bytes.
    pub at: usize,
    /// Its length there, in bytes.
    pub len: usize,
    /// What it became; empty where it was taken out.
    pub text: String,
}

impl From<(usize, usize, String)> for Repair {
    fn from((at, len, text): (usize, usize, String)) -> Self {
        Repair { at, len, text }
    }
}

impl From<Repair> for (usize, usize, String) {
    fn from(Repair { at, len, text }: Repair) -> Self {
        (at, len, text)
    }
}

/// A source after its repairs.
#[derive(Debug, Clone)]
pub(super) struct Repaired<'a> {
    text: Cow<'a, str>,
    /// Sorted, apart from one another.
    repairs: Vec<Repair>,
    /// For each repair, where its replacement starts in `text`.
    starts: Vec<usize>,
}

impl<'a> Repaired<'a> {
    /// The source as it is.
    pub(super) fn new(source: &'a str) -> Self {
        Repaired { text: Cow::Borrowed(source), repairs: Vec::new(), starts: Vec::new() }
    }

    /// The text as repaired so far.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The source offset at which what stands at `at` begins.
    pub(super) fn source_start(&self, at: usize) -> usize {
        // Of the repairs that begin here, those that took text out lie before it.
        let after = self.starts.partition_point(|start| *start <= at);
        let Some(i) = after.checked_sub(1) else { return at };
        let (start, repair) = (self.starts[i], &self.repairs[i]);
        if at < start + repair.text.len() {
            repair.at
        } else {
            at - (start + repair.text.len()) + repair.at + repair.len
        }
    }

    /// The source offset at which what stands before `at` ends.
    pub(super) fn source_end(&self, at: usize) -> usize {
        let after = self.starts.partition_point(|start| *start < at);
        let Some(i) = after.checked_sub(1) else { return at };
        let (start, repair) = (self.starts[i], &self.repairs[i]);
        repair.at + repair.len + at.saturating_sub(start + repair.text.len())
    }

    /// The repairs that lie within a range of the source.
    pub(super) fn repairs_within(&self, source: Range<usize>) -> &[Repair] {
        let from = self.repairs.partition_point(|repair| repair.at < source.start);
        let to = self.repairs.partition_point(|repair| repair.at + repair.len <= source.end);
        &self.repairs[from..to.max(from)]
    }

    /// Applies further repairs, given in offsets of the present text, sorted and apart.
    pub(super) fn apply(&mut self, edits: Vec<Repair>) {
        if edits.is_empty() {
            return;
        }
        let text = replace(&self.text, &edits);
        let mut merged: Vec<Repair> = Vec::with_capacity(self.repairs.len() + edits.len());
        let mut old = std::mem::take(&mut self.repairs).into_iter().zip(std::mem::take(&mut self.starts)).peekable();
        let mut edits = edits.into_iter().peekable();
        // What is swept over: bytes of the text so far minus bytes of the source.
        let (mut text_at, mut source_at) = (0, 0);
        while old.peek().is_some() || edits.peek().is_some() {
            let begin =
                old.peek().map_or(usize::MAX, |(_, start)| *start).min(edits.peek().map_or(usize::MAX, |e| e.at));
            source_at += begin - text_at;
            // One group: everything that touches what is in it already.
            let (mut end, mut at) = (begin, begin);
            let (from, mut replacement) = (source_at, String::new());
            loop {
                if let Some((repair, start)) = old.next_if(|(_, start)| *start < end || *start == begin) {
                    end = end.max(start + repair.text.len());
                    source_at = repair.at + repair.len;
                    text_at = start + repair.text.len();
                } else if let Some(edit) = edits.next_if(|edit| edit.at < end || edit.at == begin) {
                    replacement.push_str(&self.text[at..edit.at]);
                    replacement.push_str(&edit.text);
                    at = edit.at + edit.len;
                    end = end.max(at);
                } else {
                    break;
                }
            }
            replacement.push_str(&self.text[at..end]);
            source_at += end - text_at.max(begin);
            text_at = end;
            merged.push(Repair { at: from, len: source_at - from, text: replacement });
        }
        let mut shift = 0isize;
        self.starts = merged
            .iter()
            .map(|repair| {
                let start = repair.at.wrapping_add_signed(shift);
                shift += repair.text.len().cast_signed() - repair.len.cast_signed();
                start
            })
            .collect();
        self.repairs = merged;
        self.text = Cow::Owned(text);
    }
}

/// `text` with `repairs` made, whose offsets are the text's own, sorted and apart.
pub(super) fn replace(text: &str, repairs: &[Repair]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for repair in repairs {
        out.push_str(&text[at..repair.at]);
        out.push_str(&repair.text);
        at = repair.at + repair.len;
    }
    out.push_str(&text[at..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repair(at: usize, len: usize, text: &str) -> Repair {
        Repair { at, len, text: text.to_owned() }
    }

    #[test]
    fn offsets_lead_back_to_the_source() {
        let source = "a &mdash; b<b>c</b> d";
        let mut repaired = Repaired::new(source);
        repaired.apply(vec![repair(2, 7, "—"), repair(11, 3, ""), repair(15, 4, "")]);
        assert_eq!(repaired.text(), "a — bc d");
        assert_eq!(repaired.source_start(2), 2);
        assert_eq!(repaired.source_end(5), 9);
        // Between b and c: b ends before the tag, c begins after it.
        assert_eq!((repaired.source_end(7), repaired.source_start(7)), (11, 14));
        assert_eq!(&source[repaired.source_start(6)..repaired.source_end(8)], "b<b>c");
        assert_eq!(repaired.repairs_within(10..15), [repair(11, 3, "")]);
    }

    #[test]
    fn repairs_of_repairs_are_one() {
        let source = "x &lt;b&gt;y";
        let mut repaired = Repaired::new(source);
        repaired.apply(vec![repair(2, 4, "<"), repair(7, 4, ">")]);
        assert_eq!(repaired.text(), "x <b>y");
        repaired.apply(vec![repair(2, 3, "")]);
        assert_eq!(repaired.text(), "x y");
        assert_eq!(repaired.repairs, [repair(2, 9, "")]);
    }

    fn edits(max: usize) -> impl Strategy<Value = Vec<(usize, usize, String)>> {
        prop::collection::vec((0..6usize, 0..4usize, "[xyz]{0,3}"), 0..max)
    }

    fn place(gaps: Vec<(usize, usize, String)>, length: usize) -> Vec<Repair> {
        let mut at = 0;
        let mut out: Vec<Repair> = Vec::new();
        for (gap, len, text) in gaps {
            // Two edits at one place, of which the first takes nothing out, are one edit.
            at += gap + 1;
            if at + len > length {
                break;
            }
            out.push(Repair { at, len, text });
            at += len;
        }
        out
    }

    proptest! {
        #[test]
        fn any_rounds_of_edits_make_one(rounds in prop::collection::vec(edits(6), 1..4)) {
            let source = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnop";
            let mut repaired = Repaired::new(source);
            for round in rounds {
                let edits = place(round, repaired.text().len());
                let expected = replace(repaired.text(), &edits);
                repaired.apply(edits);
                prop_assert_eq!(repaired.text(), &expected);
                prop_assert_eq!(replace(source, &repaired.repairs), expected);
                for (i, start) in repaired.starts.iter().enumerate() {
                    prop_assert_eq!(replace(&source[..repaired.repairs[i].at], &repaired.repairs[..i]).len(), *start);
                }
            }
        }
    }
}
