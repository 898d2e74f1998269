//! One article at a time: text in, sentences with their places, voice and speaker out.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::edits::{Repair, Repaired, replace};
use super::furniture::{Furniture, furniture};
use super::html::{self, PageFacts};
use super::lines::{LineKey, lines};
use super::repair::repair;
use super::sentences::Splitter;
use super::speech::direct_speech;
use super::voice::{Spoken, Voice, voices};
use super::words::{Word, words};
use crate::corpus::Markup;

/// A sentence of an article, or a line of its furniture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// The sentence, repaired.
    pub text: String,
    /// Where it stands in the article as given, in bytes.
    pub span: Range<usize>,
    /// What reads otherwise there: making these repairs in the slice gives `text`. Places count from the start of the article.
    pub repairs: Vec<Repair>,
    /// The number of its line in the article, counted from 0 over all lines that hold text, furniture included.
    pub line: usize,
    /// Whose voice it is; for furniture, the outlet's.
    pub voice: Voice,
    /// Who speaks, in the article's words; empty where it does not say, and for the outlet's own voice.
    pub speaker: String,
    /// Why it is no part of the story, if it is not.
    pub furniture: Option<Furniture>,
}

impl Sentence {
    /// The sentence, made again from the article as given: the slice at its place with its repairs. `None` if `source` is another article, which
    /// has no text at that place.
    #[must_use]
    pub fn text_in(&self, source: &str) -> Option<String> {
        let slice = source.get(self.span.clone())?;
        let within = |repair: &Repair| Some(Repair { at: repair.at.checked_sub(self.span.start)?, ..repair.clone() });
        let repairs: Vec<Repair> = self.repairs.iter().map(within).collect::<Option<_>>()?;
        let fits = repairs.last().is_none_or(|last| slice.len() >= last.at + last.len);
        fits.then(|| replace(slice, &repairs))
    }
}

/// An article in pieces.
#[derive(Debug, Clone, Default)]
pub struct Segmented {
    /// Sentences and lines of furniture, in the order of the article.
    pub sentences: Vec<Sentence>,
    /// The title, outlet and date that a web page states, each empty where it does not.
    pub stated: [String; 3],
    /// The words of each sentence of the story.
    pub(super) words: Vec<Vec<Word>>,
    /// The keys of all lines.
    pub(super) line_keys: Vec<LineKey>,
}

/// Segments articles. One serves one thread.
pub struct Segmenter {
    splitter: Splitter,
}

impl std::fmt::Debug for Segmenter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Segmenter").finish_non_exhaustive()
    }
}

impl Segmenter {
    /// For articles in a language, by its ISO 639-1 code; languages that are not known are split as their nearest kin, or as English.
    /// Verbs of reporting are known for English alone: elsewhere a sentence is quoted or editorial.
    #[must_use]
    pub fn new(language: &str) -> Self {
        Segmenter { splitter: Splitter::new(language) }
    }

    /// Takes an article apart. Any text is accepted; one without a letter has no sentences.
    pub fn segment(&mut self, source: &str, markup: Markup) -> Segmented {
        let (repaired, facts) = match markup {
            Markup::Plain => (repair(source), PageFacts::default()),
            Markup::Html => html::article(source),
        };
        Segmented { stated: [facts.title, facts.site, facts.date], ..self.segment_repaired(&repaired) }
    }

    fn segment_repaired(&mut self, repaired: &Repaired<'_>) -> Segmented {
        let text = repaired.text();
        let lines = lines(text);
        let line_keys: Vec<LineKey> = lines.iter().map(|line| LineKey::new(&text[line.clone()])).collect();
        let furniture = furniture(text, &lines, &line_keys);

        let paragraphs: Vec<Range<usize>> =
            lines.iter().zip(&furniture).filter(|(_, why)| why.is_none()).map(|(line, _)| line.clone()).collect();
        let (mut ranges, mut line_of) = (Vec::new(), Vec::new());
        for (i, line) in lines.iter().enumerate().filter(|(i, _)| furniture[*i].is_none()) {
            self.splitter.split(text, line.clone(), &mut ranges);
            line_of.resize(ranges.len(), i);
        }
        let speech = direct_speech(text, &paragraphs, &ranges);
        let words: Vec<Vec<Word>> = ranges.iter().map(|range| words(&text[range.clone()])).collect();
        let spoken: Vec<Spoken<'_>> = ranges
            .iter()
            .zip(&words)
            .zip(&line_of)
            .map(|((range, words), line)| Spoken {
                text: &text[range.clone()],
                start: range.start,
                words,
                paragraph: *line,
            })
            .collect();
        let mut voices = voices(&spoken, &speech).into_iter();

        let mut story = ranges.into_iter().zip(line_of).peekable();
        let mut sentences = Vec::with_capacity(story.len() + lines.len() - paragraphs.len());
        for (i, line) in lines.into_iter().enumerate() {
            if furniture[i].is_some() {
                sentences.push(sentence(repaired, line, i, (Voice::Editorial, String::new()), furniture[i]));
            }
            while let Some((range, _)) = story.next_if(|(_, line)| *line == i) {
                let voice = voices.next().expect("every sentence has a voice");
                sentences.push(sentence(repaired, range, i, voice, None));
            }
        }
        Segmented { sentences, words, line_keys, ..Segmented::default() }
    }
}

fn sentence(
    repaired: &Repaired<'_>,
    range: Range<usize>,
    line: usize,
    (voice, speaker): (Voice, String),
    furniture: Option<Furniture>,
) -> Sentence {
    let span = repaired.source_start(range.start)..repaired.source_end(range.end);
    Sentence {
        text: repaired.text()[range].to_owned(),
        repairs: repaired.repairs_within(span.clone()).to_vec(),
        span,
        line,
        voice,
        speaker,
        furniture,
    }
}
