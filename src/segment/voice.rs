//! Who speaks in a sentence: somebody quoted, somebody whose words are reported, or the outlet.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::attribution::{Speaker, find_attribution};
use super::words::Word;

/// Whose voice a sentence is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Voice {
    /// Direct speech: inside a quotation, or for the most part, also where the quotation began sentences earlier.
    Quoted,
    /// Reported speech, or a claim whose words are only partly quoted.
    Attributed,
    /// The outlet's own.
    Editorial,
}

impl Voice {
    /// The word that stands in the column.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Voice::Quoted => "quoted",
            Voice::Attributed => "attributed",
            Voice::Editorial => "editorial",
        }
    }
}

/// Above this share of a sentence's words in direct speech it is quoted.
const QUOTED_SHARE: f64 = 0.5;
/// The same for a sentence that begins with a whole quotation, which nothing follows but who said it.
const WITH_BARE_TAIL: f64 = 0.15;
/// The same where a quotation stands behind a colon, up to the end.
const AFTER_COLON: f64 = 0.3;
/// What is longer, in words, is no sentence, and only its beginning is searched for who says it.
const LONGEST: usize = 300;

/// What is asked of a sentence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spoken<'a> {
    pub(super) text: &'a str,
    /// Where it begins in the article.
    pub(super) start: usize,
    pub(super) words: &'a [Word],
    /// The number of its paragraph.
    pub(super) paragraph: usize,
}

/// Voice and speaker of each sentence of an article, in order. `speech` are the stretches of direct speech.
pub(super) fn voices(sentences: &[Spoken<'_>], speech: &[Range<usize>]) -> Vec<(Voice, String)> {
    let mut out: Vec<(Voice, Option<String>)> = Vec::with_capacity(sentences.len());
    // Who spoke last, for "he said".
    let mut last: Option<&str> = None;
    let mut from = 0;
    for (i, sentence) in sentences.iter().enumerate() {
        let end = sentence.start + sentence.text.len();
        from += speech[from..].iter().take_while(|span| span.end <= sentence.start).count();
        let spans: Vec<Range<usize>> = speech[from..]
            .iter()
            .take_while(|span| span.start < end)
            .map(|span| span.start.max(sentence.start) - sentence.start..span.end.min(end) - sentence.start)
            .collect();
        let (voice, speaker) = voice(sentence.text, sentence.words, &spans);
        let name = speaker.map(|speaker| match speaker {
            Speaker::Named(name) => name,
            Speaker::Pronoun(pronoun) => last.unwrap_or(pronoun),
        });
        if let Some(name) = name {
            last = Some(name);
            // The sentences of this quotation that came before the words that say whose it is.
            for j in (0..i).rev().take_while(|j| sentences[*j].paragraph == sentence.paragraph) {
                match &mut out[j] {
                    (Voice::Quoted, speaker @ None) => *speaker = Some(name.to_owned()),
                    _ => break,
                }
            }
        }
        let goes_on = i > 0 && out[i - 1].0 == Voice::Quoted && sentences[i - 1].paragraph == sentence.paragraph;
        let speaker = match (voice, name) {
            (Voice::Quoted, None) if goes_on => out[i - 1].1.clone(),
            _ => name.map(str::to_owned),
        };
        out.push((voice, speaker));
    }
    // A quotation in a paragraph of its own goes on with the speaker before it.
    let mut last = String::new();
    out.into_iter()
        .map(|(voice, speaker)| {
            let speaker = match (voice, speaker) {
                (Voice::Editorial, _) => return (voice, String::new()),
                (Voice::Quoted, None) => last.clone(),
                (_, speaker) => speaker.unwrap_or_default(),
            };
            if !speaker.is_empty() {
                last.clone_from(&speaker);
            }
            (voice, speaker)
        })
        .collect()
}

fn voice<'a>(sentence: &'a str, words: &[Word], spans: &[Range<usize>]) -> (Voice, Option<Speaker<'a>>) {
    let mut spans_left = spans.iter().peekable();
    let outside: Vec<Word> = words
        .iter()
        .filter(|word| {
            while spans_left.next_if(|span| span.end <= word.start).is_some() {}
            !spans_left.peek().is_some_and(|span| span.contains(&word.start))
        })
        .copied()
        .collect();
    let share = (words.len() - outside.len()) as f64 / words.len().max(1) as f64;
    let found = find_attribution(sentence, &outside[..outside.len().min(LONGEST)], spans);
    let bare_tail = found.as_ref().is_some_and(|found| found.is_bare_tail) && share > WITH_BARE_TAIL;
    let after_colon = share > AFTER_COLON
        && spans.last().is_some_and(|span| {
            let head = sentence[..span.start].trim_end_matches(|c: char| !c.is_alphanumeric() && c != ':');
            head.ends_with(':') && !sentence[span.end..].contains(char::is_alphanumeric)
        });
    if share > QUOTED_SHARE || bare_tail || after_colon {
        return (Voice::Quoted, found.and_then(|found| found.speaker));
    }
    match found {
        Some(found) => (Voice::Attributed, found.speaker),
        None if spans.iter().any(|span| is_claim(&sentence[span.clone()])) => (Voice::Attributed, None),
        None => (Voice::Editorial, None),
    }
}

/// Whether words in quotation marks are somebody's, rather than a title: two at least, the first in lower case.
fn is_claim(quoted: &str) -> bool {
    quoted.starts_with(|c: char| c.is_lowercase()) && quoted.split_whitespace().count() >= 2
}
