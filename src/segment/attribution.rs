//! Finds the words that say whose words a sentence reports, and the speaker that they name.

use std::ops::Range;

use super::lexicon::{Class, hash};
use super::reporting::{Form, Report, Shape};
use super::words::Word;

/// Whom the words name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Speaker<'a> {
    /// A name or a description, such as `Kremlin spokesman Oru`.
    Named(&'a str),
    /// `he`, `she`, `they`.
    Pronoun(&'a str),
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribution<'a> {
    pub(super) speaker: Option<Speaker<'a>>,
    /// Whether the words do no more than name the speaker of a quotation that the sentence begins with.
    pub(super) is_bare_tail: bool,
}

const ACCORDING: u64 = hash("according");
const AND: u64 = hash("and");
const AS: u64 = hash("as");
const BY: u64 = hash("by");
const OF: u64 = hash("of");
const ON: u64 = hash("on");
const OTHERS: u64 = hash("others");
const THAT: u64 = hash("that");
const HOW: u64 = hash("how");
const TO: u64 = hash("to");
const WHO: u64 = hash("who");
const WHICH: u64 = hash("which");
/// Verbs that stand before their subject.
const SAID: [u64; 6] = [hash("said"), hash("says"), hash("added"), hash("explained"), hash("wrote"), hash("noted")];
const TOLD: u64 = hash("told");
const BE: [u64; 5] = [hash("was"), hash("were"), hash("been"), hash("is"), hash("are")];
const POLICE: [&str; 4] = ["police", "people", "parliament", "congress"];
const BUT: u64 = hash("but");
const INNER: [u64; 4] = [hash("for"), hash("in"), hash("on"), hash("with")];

/// The attribution in a sentence. `words` are those outside of direct speech, which is `spans`.
pub(super) fn find_attribution<'a>(
    sentence: &'a str,
    words: &[Word],
    spans: &[Range<usize>],
) -> Option<Attribution<'a>> {
    let clause = Clause { sentence, words, spans };
    if let Some(label) = clause.label() {
        return Some(label);
    }
    let mut best: Option<(Report, Attribution<'a>)> = None;
    for (i, word) in words.iter().enumerate() {
        let found = if word.hash == ACCORDING && clause.hash(i + 1) == Some(TO) {
            let speaker = clause.following(i + 2).map(Speaker::Named);
            Some((Report::Strong, Attribution { speaker, is_bare_tail: clause.follows_quotation(word.start) }))
        } else if word.entry.is(Class::Hedge) {
            Some((Report::Weak, Attribution { speaker: None, is_bare_tail: false }))
        } else {
            word.entry.form.filter(|form| clause.reports(i, *form)).map(|form| {
                (form.report, Attribution { speaker: clause.speaker(i), is_bare_tail: clause.is_bare_tail(i) })
            })
        };
        // What names a speaker counts, of these the surest verb, of these the first.
        let rank = |(report, found): &(Report, Attribution<'a>)| (found.speaker.is_some(), *report);
        if let Some(found) = found
            && best.as_ref().is_none_or(|best| rank(&found) > rank(best))
        {
            best = Some(found);
        }
    }
    best.map(|(_, found)| Attribution { speaker: found.speaker.filter(is_somebody), ..found })
}

/// A sentence with its words outside of direct speech.
#[derive(Clone, Copy)]
struct Clause<'a, 'w> {
    sentence: &'a str,
    words: &'w [Word],
    spans: &'w [Range<usize>],
}

impl<'a> Clause<'a, '_> {
    fn hash(&self, i: usize) -> Option<u64> {
        self.words.get(i).map(|word| word.hash)
    }

    /// What stands between word `i` and the one before it.
    fn gap(&self, i: usize) -> &'a str {
        &self.sentence[self.words[i - 1].end..self.words[i].start]
    }

    /// Whether word `i` follows the one before it in one phrase: behind a blank, or the stop of an abbreviation.
    fn joins(&self, i: usize) -> bool {
        matches!(self.gap(i), " " | ". " | "\u{A0}" | "' " | "’ ")
    }

    /// Whether only marks and blanks stand between a quotation and `at`.
    fn follows_quotation(&self, at: usize) -> bool {
        let before = self.spans.partition_point(|span| span.end < at);
        before > 0 && !self.sentence[self.spans[before - 1].end..at].contains(char::is_alphanumeric)
    }

    /// Whether word `i` is the verb of what goes on behind a quotation with its subject first: `“We are ready,” Oru wrote`.
    fn continues_quotation(&self, i: usize) -> bool {
        const MOST_WORDS: usize = 6;
        let before = self.spans.partition_point(|span| span.end < self.words[i].start);
        let Some(span) = before.checked_sub(1).map(|j| &self.spans[j]) else { return false };
        let between = &self.sentence[span.end..self.words[i].start];
        let ends_speech = self.sentence[..span.end].trim_end().ends_with([',', '?', '!', '.', '—']);
        ends_speech && !between.contains([',', ';', ':']) && between.split_whitespace().count() <= MOST_WORDS + 1
    }

    fn text(&self, from: usize, to: usize) -> &'a str {
        &self.sentence[self.words[from].start..self.words[to - 1].end]
    }

    /// Whether the form of a reporting verb at word `i` reports.
    fn reports(&self, i: usize, form: Form) -> bool {
        const SUPPORTED_WITHIN: usize = 90;
        let word = self.words[i];
        // A capital is a name ("Ford Hopes"), but in headlines, where most words have one.
        if word.is_upper && i > 0 && !self.is_headline() {
            return false;
        }
        let after_quotation = self.follows_quotation(word.start);
        let before = i.checked_sub(1).filter(|_| !after_quotation).map(|j| self.words[j]);
        // "Nobody was told": somebody is spoken to.
        if word.hash == TOLD && before.is_some_and(|before| BE.contains(&before.hash)) {
            return false;
        }
        // "the accused", "Talan's continued refusal": no verb stands there.
        if before.is_some_and(|before| (before.entry.is(Class::Determiner) || before.is_possessive) && self.joins(i)) {
            return false;
        }
        let infinitive = before.is_some_and(|before| before.entry.is(Class::BeforeInfinitive));
        let quotation_follows = || {
            let after = self.spans.partition_point(|span| span.start <= word.end);
            self.spans.get(after).is_some_and(|span| span.start < word.end + SUPPORTED_WITHIN)
        };
        let near = |within: usize, wanted: &[u64]| {
            self.words[i + 1..].iter().take(within).any(|word| wanted.contains(&word.hash))
        };
        let supported = || {
            after_quotation
                || self.continues_quotation(i)
                || self.hash(i + 1) == Some(AS)
                || near(2, &[THAT, HOW])
                || (self.describes(i) && near(16, &[AS, HOW]))
                || quotation_follows()
        };
        match (form.shape, form.report) {
            (Shape::Third | Shape::Past, Report::Strong) => true,
            (Shape::Participle, Report::Strong) => self.participle_reports(i, before),
            (Shape::Base, Report::Strong) => {
                i > 0
                    && !infinitive
                    && before.is_some_and(|before| !before.entry.is(Class::ClauseHead) || before.hash == WHO)
            }
            (Shape::Third | Shape::Past | Shape::Participle, Report::Weak) => supported() || self.calls_on(i),
            (Shape::Base, Report::Weak) => {
                i > 0 && !infinitive && supported() && before.is_some_and(|before| !before.entry.is(Class::ClauseHead))
            }
        }
    }

    /// Whether a participle tells what somebody says: behind a mark (`, warning of war`), or behind a noun with what is said (`a letter accusing the
    /// council`); `warning shots` are something else.
    fn participle_reports(&self, i: usize, before: Option<Word>) -> bool {
        let Some(before) = before.filter(|_| self.joins(i)) else { return true };
        let says = |next: &Word| {
            next.is_upper
                || next.entry.is(Class::Determiner)
                || next.entry.is(Class::Pronoun)
                || matches!(next.hash, THAT | OF)
                || next.hash == hash("about")
                || next.hash == hash("against")
        };
        before.hash == AS || (!matches!(before.hash, OF | BY) && self.words.get(i + 1).is_some_and(says))
    }

    /// `described ... as`, `views ... as`, `sees ... as`.
    fn describes(&self, i: usize) -> bool {
        let stem = self.text(i, i + 1);
        ["describ", "view", "see", "saw", "characteri", "dismiss", "cite", "label", "tout", "quot"]
            .iter()
            .any(|head| stem.starts_with(head))
    }

    /// `called on the council to`.
    fn calls_on(&self, i: usize) -> bool {
        self.text(i, i + 1).starts_with("call") && self.hash(i + 1) == Some(ON)
    }

    /// Whether most words have a capital, as in the titles of English papers.
    fn is_headline(&self) -> bool {
        let n_upper = self.words.iter().filter(|word| word.is_upper).count();
        self.words.len() >= 4 && 3 * n_upper >= 2 * self.words.len()
    }

    /// The speaker of the verb at word `i`.
    fn speaker(&self, i: usize) -> Option<Speaker<'a>> {
        let after_quotation = self.follows_quotation(self.words[i].start);
        let next = self.words.get(i + 1);
        if (after_quotation || i == 0) && next.is_some_and(|next| !next.entry.is(Class::AfterName)) {
            return self.following(i + 1).map(|name| named(name, next));
        }
        // "The lines are near, said the chairman of the council."
        if i > 0
            && SAID.contains(&self.words[i].hash)
            && self.gap(i).trim_end().ends_with([',', '—', '–', '-'])
            && next
                .is_some_and(|next| next.is_upper || next.entry.is(Class::Determiner) || next.entry.is(Class::Pronoun))
            && let Some(end) = self.phrase_after(i + 1).filter(|end| self.ends_clause(*end))
        {
            return Some(named(self.text(i + 1, end), next));
        }
        self.subject(i).or_else(|| self.topic(i))
    }

    fn following(&self, from: usize) -> Option<&'a str> {
        self.phrase_after(from).map(|end| self.text(from, end))
    }

    /// Past which word the noun phrase that begins at word `from` ends.
    fn phrase_after(&self, from: usize) -> Option<usize> {
        const MOST: usize = 12;
        let mut end = from;
        while end < self.words.len() && end - from < MOST {
            let word = self.words[end];
            let is_day = word.entry.is(Class::Calendar) && word.is_upper;
            let is_verb = end > from
                && word.entry.form.is_some_and(|form| {
                    form.shape == Shape::Past || form.shape == Shape::Third && form.report == Report::Strong
                });
            if (end > from && !self.joins(end)) || word.entry.is(Class::AfterName) || is_day || is_verb {
                break;
            }
            end += 1;
        }
        (end > from).then_some(end)
    }

    /// Whether the sentence, or a piece between marks, ends before word `end`.
    fn ends_clause(&self, end: usize) -> bool {
        end == self.words.len()
            || !self.joins(end)
            || self.words[end].entry.is(Class::Calendar)
            || matches!(self.words[end].hash, ON | AS)
            || INNER.contains(&self.words[end].hash)
    }

    /// The subject of the verb at word `verb`.
    fn subject(&self, verb: usize) -> Option<Speaker<'a>> {
        let is_adverb = |i: usize| {
            let word = &self.sentence[self.words[i].range()];
            word.len() > 4 && word.ends_with("ly")
        };
        let mut end = verb;
        while end > 0 && self.joins(end) && (self.words[end - 1].entry.is(Class::Auxiliary) || is_adverb(end - 1)) {
            end -= 1;
        }
        if end == 0 {
            return None;
        }
        if !self.joins(end) {
            return self.before_aside(end);
        }
        let start = self.phrase_before(end);
        if start < end {
            return Some(named(self.text(start, end), self.words.get(start)));
        }
        // "Oru, who said": what stands before the relative.
        if self.words[end - 1].hash == WHO && end >= 2 {
            let start = self.phrase_before(end - 1);
            return (start < end - 1).then(|| named(self.text(start, end - 1), self.words.get(start)));
        }
        None
    }

    /// The subject before an aside between commas that ends before word `end`: "Oru, the spokesman, said", "Oru, who was there, said". An
    /// aside that is a name is the subject itself: "The spokesman, Ana Oru, said".
    fn before_aside(&self, end: usize) -> Option<Speaker<'a>> {
        if !self.gap(end).trim().starts_with(',') {
            return None;
        }
        let comma = (1..end).rev().find(|i| self.gap(*i).trim().starts_with(','));
        let Some(aside) = comma else {
            let start = self.phrase_before(end);
            return (start < end).then(|| named(self.text(start, end), self.words.get(start)));
        };
        if self.words[aside..end].iter().all(|word| word.is_upper) {
            return Some(Speaker::Named(self.text(aside, end)));
        }
        // A relative clause may hold commas of its own.
        let relative = (1..end).rev().find(|i| matches!(self.words[*i].hash, WHO | WHICH) && !self.joins(*i));
        let head = relative.unwrap_or(aside).min(aside);
        let start = self.phrase_before(head);
        (start < head).then(|| named(self.text(start, head), self.words.get(start)))
    }

    /// The first word of the phrase that ends before word `end`.
    fn phrase_before(&self, end: usize) -> usize {
        const MOST: usize = 14;
        let mut start = end;
        while start > 0 && end - start < MOST {
            let word = self.words[start - 1];
            if start < end {
                let after = self.spans.partition_point(|span| span.start < word.end);
                let cut = self.spans.get(after).is_some_and(|span| span.end <= self.words[start].start);
                if cut || !self.joins(start) {
                    break;
                }
            }
            let links_names = word.hash == AND
                && start < end
                && start >= 2
                && self.words[start - 2].is_upper
                && (self.words[start].is_upper || self.words[start].hash == OTHERS);
            // Inside a phrase these belong to it ("the spokesman for the ministry"); at the head of the sentence they do not.
            let is_inner = INNER.contains(&word.hash) && start > 1 && start < end;
            if word.entry.is(Class::ClauseHead) && !links_names && !is_inner {
                break;
            }
            start -= 1;
        }
        // "In November Putin said".
        while start < end
            && (self.words[start].entry.is(Class::Calendar)
                || self.sentence[self.words[start].range()].starts_with(char::is_numeric))
        {
            start += 1;
        }
        start
    }

    /// Whom the sentence is about, for a second verb ("Oru met Vale and warned of a war"): the name that it begins with.
    fn topic(&self, verb: usize) -> Option<Speaker<'a>> {
        let coordinated = (1..=verb).rev().take(3).any(|i| matches!(self.words[i - 1].hash, AND | BUT));
        if !coordinated {
            return None;
        }
        let first = self.words.iter().take(verb).position(|word| !word.entry.is(Class::ClauseHead))?;
        if self.words[first].entry.is(Class::Pronoun) {
            return Some(Speaker::Pronoun(self.text(first, first + 1)));
        }
        // A run of capitals, in which behind the first a word may be lower-case ("Presidential spokesman Oru").
        let mut end = first;
        for i in first..verb {
            if i > first && !self.joins(i) {
                break;
            }
            if self.words[i].is_upper {
                end = i + 1;
            } else if i != first + 1 || !self.words.get(i + 1).is_some_and(|next| next.is_upper) {
                break;
            }
        }
        (end > first).then(|| Speaker::Named(self.text(first, end)))
    }

    /// Whether the quotation at the head of the sentence is followed by its attribution, whose verb is word `verb`, and that by no further report.
    fn is_bare_tail(&self, verb: usize) -> bool {
        const MOST_BEFORE: usize = 8;
        let Some(first) = self.spans.first().filter(|span| span.start <= 4 && span.end < self.words[verb].start) else {
            return false;
        };
        let ends_speech = self.sentence[..first.end].trim_end().ends_with([',', '?', '!', '.', '—']);
        let near = self.words[..verb].iter().filter(|word| word.start > first.end).count() <= MOST_BEFORE;
        let further = self.words[verb + 1..].iter().any(|word| {
            word.hash == THAT
                || word.hash == hash("referring")
                || word.entry.form.is_some_and(|form| form.report == Report::Strong && form.shape != Shape::Base)
        });
        ends_speech && near && !further
    }

    /// A headline that names its source before a colon: `Premier: no talks before spring`.
    fn label(&self) -> Option<Attribution<'a>> {
        const MOST: usize = 3;
        let colon = self
            .words
            .iter()
            .skip(1)
            .take(MOST)
            .position(|word| self.sentence[..word.start].trim_end().ends_with(':'))?
            + 1;
        let stops = self.sentence.trim_end_matches(['”', '"', '’', '\'', ')']).ends_with('.');
        let is_name = self.words[..colon].iter().any(|word| word.is_upper) && self.words[0].is_upper;
        (is_name && !stops && !self.sentence.ends_with(':'))
            .then(|| Attribution { speaker: Some(Speaker::Named(self.text(0, colon))), is_bare_tail: false })
    }
}

/// A single word in lower case is nobody's name, unless it is a plural ("critics").
fn is_somebody(speaker: &Speaker<'_>) -> bool {
    match speaker {
        Speaker::Pronoun(_) => true,
        Speaker::Named(name) => {
            name.contains([' ', '-'])
                || name.contains(char::is_uppercase)
                || name.ends_with('s')
                || POLICE.contains(name)
        }
    }
}

fn named<'a>(name: &'a str, first: Option<&Word>) -> Speaker<'a> {
    let is_pronoun = first.is_some_and(|first| first.entry.is(Class::Pronoun) && first.end - first.start == name.len());
    if is_pronoun { Speaker::Pronoun(name) } else { Speaker::Named(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::words::words;

    #[track_caller]
    fn speaker(sentence: &str) -> Option<String> {
        let found = find_attribution(sentence, &words(sentence), &[]);
        found.map(|found| match found.speaker {
            Some(Speaker::Named(name) | Speaker::Pronoun(name)) => name.to_owned(),
            None => String::new(),
        })
    }

    #[track_caller]
    fn says(sentence: &str, who: &str) {
        assert_eq!(speaker(sentence).as_deref(), Some(who), "{sentence}");
    }

    #[test]
    fn speakers_stand_before_and_behind_their_verbs() {
        says("Premier Ana Oru said the talks had failed.", "Premier Ana Oru");
        says("The lines are near, said the chairman of the council on Monday.", "the chairman of the council");
        says("Talan has since accused Norvia of lying.", "Talan");
        says("According to the foreign ministry, nothing is planned.", "the foreign ministry");
        says("In November Oru acknowledged a mistake.", "Oru");
        says("He added that it was late.", "He");
        says("Vale, the premier of Talan, denied it.", "Vale");
        says("Mr. Oru, who was a general when Talan fell, told the hall of his fears.", "Mr. Oru");
        says("The ministry's head, Ana Oru, warned of war.", "Ana Oru");
        says("Mr. Oru met Mr. Vale at the ministry and warned of war.", "Mr. Oru");
        says("Trade talks will go on, but critics say they are late.", "critics");
        says("The EU called on Talan to end it.", "The EU");
        says("Ana Oru was quoted by the agency as saying it was late.", "Ana Oru");
        says("The council, Gen. Oru, the head of the army, told reporters.", "Gen. Oru");
        says("Premier: no talks before spring", "Premier");
        says("President Oru Says West Takes Warnings Lightly", "President Oru");
    }

    #[test]
    fn events_are_no_reports() {
        for sentence in [
            "Russia signed the treaty on Monday.",
            "The accused man left the court.",
            "The United States is far away.",
            "They met to say goodbye.",
            "Talan's continued refusal led nowhere.",
            "The premier called a meeting.",
            "Fears of a war grew, raising claims of neglect.",
            "Nobody was told.",
            "Two cutters exchanged warning shots off the coast.",
            "The army maintained contact with the south.",
        ] {
            assert_eq!(speaker(sentence), None, "{sentence}");
        }
    }
}
