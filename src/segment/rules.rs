//! What a line says of itself: a rule for each kind of furniture.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::furniture::Furniture;
use super::lexicon::Class;
use super::marks::floor;
use super::phrases;
use super::reporting::Form;
use super::words::words;

/// What tells furniture wherever it stands in a line; lines without any of these are not searched for phrases.
static SIGNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build(phrases::SIGNS.iter())
        .expect("a few phrases make a small automaton")
});

fn lower_case(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !lower.is_empty() {
            lower.push(' ');
        }
        if word.is_ascii() {
            lower.push_str(word);
            let from = lower.len() - word.len();
            lower[from..].make_ascii_lowercase();
        } else {
            lower.extend(word.chars().map(|c| if c == '’' { '\'' } else { c }).flat_map(char::to_lowercase));
        }
    }
    lower
}

/// News agencies, and what stands for them under pictures.
const AGENCIES: [&str; 16] = [
    "ap",
    "ap photo",
    "reuters",
    "afp",
    "dpa",
    "ansa",
    "efe",
    "epa",
    "epa-efe",
    "getty",
    "getty images",
    "tass",
    "upi",
    "xinhua",
    "shutterstock",
    "file photo",
];

/// What the rules ask of a line.
pub(super) struct Line<'a> {
    pub(super) text: &'a str,
    /// In lower case, blanks single, curly apostrophes straight; of a long line only what begins it is of any use, and that is all there is.
    pub(super) lower: String,
    pub(super) n_words: usize,
    /// Whether it ends as a sentence does.
    pub(super) stops: bool,
    /// Whether it holds one of [`SIGNS`].
    signed: bool,
}

impl<'a> Line<'a> {
    /// Lines longer than this are prose; only disclaimers and copyright lines may be longer.
    const SHORT: usize = 40;
    /// And those not longer than this.
    const LONG: usize = 120;
    /// Up to this many words all of a line is looked at; of a longer one its first and its last words.
    const LABEL: usize = 14;

    pub(super) fn new(text: &'a str) -> Self {
        const HEAD: usize = 40;
        let n_words = match memchr::memmem::find(text.as_bytes(), b"  ") {
            None => memchr::memchr_iter(b' ', text.as_bytes()).count() + 1,
            Some(_) => text.split(' ').filter(|word| !word.is_empty()).count(),
        };
        let signed = n_words <= Self::LONG && SIGNS.is_match(text);
        let lower = if signed || n_words <= Self::LABEL {
            lower_case(text)
        } else {
            lower_case(&text[..text.char_indices().nth(HEAD).map_or(text.len(), |(at, _)| at)])
        };
        let stops = text.trim_end_matches(['"', '”', '\'', '’', ')', ' ']).ends_with(['.', '!', '?', '…']);
        Line { text, lower, n_words, stops, signed }
    }

    fn is_short(&self) -> bool {
        self.n_words <= Self::SHORT
    }

    fn starts(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| self.rest_after(phrase).is_some())
    }

    /// What follows a phrase that the line begins with; the phrase must not end inside a word.
    fn rest_after(&self, phrase: &str) -> Option<&str> {
        let rest = self.lower.strip_prefix(phrase)?;
        let in_word = phrase.ends_with(char::is_alphanumeric) && rest.starts_with(char::is_alphanumeric);
        (!in_word).then_some(rest)
    }

    /// Whether the line is one of some labels. With a full stop it is a sentence.
    fn is(&self, phrases: &[&str]) -> bool {
        let bare = self.lower.trim_matches(|c: char| !c.is_alphanumeric());
        !self.text.ends_with('.') && phrases.contains(&bare)
    }

    /// Whether somebody says something in it, which furniture never does.
    pub(super) fn reports(&self) -> bool {
        words(self.text).iter().any(|word| word.entry.form.is_some_and(Form::tells))
    }

    /// Whether all words are names, or link names.
    fn names(text: &str) -> bool {
        const LINKS: [&str; 18] = [
            "and",
            "of",
            "the",
            "for",
            "in",
            "via",
            "with",
            "at",
            "de",
            "van",
            "von",
            "bin",
            "al",
            "by",
            "editing",
            "writing",
            "reporting",
            "additional",
        ];
        let parts = || text.split([' ', ',', '|', '/', ';', '(', ')']).filter(|word| !word.is_empty());
        let is_name = |word: &str| word.starts_with(|c: char| c.is_uppercase() || c == '@');
        parts().any(is_name)
            && parts().all(|word| {
                is_name(word) || !word.contains(char::is_alphabetic) || LINKS.contains(&&*word.to_lowercase())
            })
    }

    pub(super) fn has(&self, phrases: &[&str]) -> bool {
        self.signed && phrases.iter().any(|phrase| self.lower.contains(phrase))
    }

    /// What the line says of itself.
    pub(super) fn alone(&self) -> Option<Furniture> {
        if !self.text.contains(char::is_alphabetic) || self.is_address() {
            return (self.n_words <= 6 || self.is_address()).then_some(Furniture::Separator);
        }
        if self.is_disclaimer() {
            return Some(Furniture::Disclaimer);
        }
        if !self.is_short() {
            return self.is_prompt_of_any_length().then_some(Furniture::Prompt);
        }
        if self.is_source() {
            Some(Furniture::Source)
        } else if self.is_player() {
            Some(Furniture::Player)
        } else if self.is_caption() {
            Some(Furniture::Caption)
        } else if self.is_prompt() || self.is_prompt_of_any_length() {
            Some(Furniture::Prompt)
        } else if self.is_read_also() {
            Some(Furniture::ReadAlso)
        } else if self.is_dateline() {
            Some(Furniture::Dateline)
        } else if self.is_byline() {
            Some(Furniture::Byline)
        } else {
            None
        }
    }

    fn is_address(&self) -> bool {
        self.n_words == 1
            && (self.starts(&["http://", "https://", "www."]) || self.text.contains('@') && self.text.contains('.'))
    }

    fn is_disclaimer(&self) -> bool {
        let opinions = self.has(&phrases::DISCLAIMER_INSIDE);
        let owner = self.has(&phrases::DISCLAIMER_OWNER);
        (opinions && owner && self.n_words <= Self::LONG && !self.reports())
            || self.starts(&["disclaimer:", "editor's note:", "editors' note:"])
    }

    fn is_source(&self) -> bool {
        // "ABC / son", "dpa/AFP": who filed it.
        let filed = || {
            let parts: Vec<&str> = self.text.split('/').collect();
            let blanks = self.text.contains(" / ");
            let is_short =
                |part: &&str| (1..=11).contains(&part.trim().len()) && !part.trim().contains([' ', '.', ',', ':']);
            (2..=3).contains(&parts.len())
                && parts.iter().all(is_short)
                && !self.text.contains(char::is_numeric)
                && (blanks || parts.iter().all(|part| AGENCIES.contains(&&*part.to_lowercase())))
        };
        // "Reporting by Ana Oru; editing by P. Dunne", "Copyright 2026 Harbour Wire".
        let bare = self.text.trim_start_matches('(');
        let credits = phrases::CREDIT_HEADS.iter().any(|head| {
            let len = head.len();
            bare.get(..len).is_some_and(|found| found.eq_ignore_ascii_case(head)) && Self::names(&bare[len..])
        });
        let owned = ["copyright", "(c)", "©"].iter().any(|head| {
            let begins = self.text.get(..head.len()).is_some_and(|found| found.eq_ignore_ascii_case(head));
            begins && {
                let rest = self.text[head.len()..].trim_start_matches(['©', ' ', ':']);
                rest.starts_with(|c: char| c.is_uppercase() || c.is_numeric())
            }
        });
        let contributed =
            self.has(&phrases::SOURCE_INSIDE) || (self.n_words <= 8 && self.lower.ends_with(" contributed."));
        self.is(&phrases::SOURCE_WHOLE)
            || (self.starts(&phrases::SOURCE_HEADS) && (self.n_words <= 8 || !self.stops) && !self.reports())
            || (self.n_words <= 6 && !self.stops && self.starts(&["source:", "original source:"]))
            || (self.has(&["all rights reserved", "©"]) && !self.reports())
            || credits
            || (owned && !self.reports())
            || contributed
            || filed()
    }

    pub(super) fn is_player(&self) -> bool {
        self.starts(&phrases::PLAYER_HEADS)
            || self.has(&["to play or pause", "can't see the video?", "arrows for volume"])
            || self.is(&phrases::PLAYER_WHOLE)
    }

    fn is_caption(&self) -> bool {
        // A credit in brackets at the end: "(AP: Name)", "(AP Photo/Name)", "(Reuters)".
        let bracket =
            self.text.strip_suffix(')').and_then(|line| line.rsplit_once('(')).is_some_and(|(before, inside)| {
                let inside = inside.to_lowercase();
                let name = inside.split([':', '/']).next().unwrap_or_default().trim();
                // Behind a full stop a bare agency is where the story came from, and stands in its last line.
                let is_bare = name.len() == inside.trim().len();
                let is_agency = AGENCIES.contains(&name) && !(is_bare && before.trim_end().ends_with('.'));
                !inside.contains(')') && (is_agency || inside.starts_with("photo"))
            });
        let credit = || {
            const TAIL: usize = 48;
            let tail = self.text[floor(self.text, self.text.len().saturating_sub(TAIL))..].to_lowercase();
            let end = tail.trim_end_matches(|c: char| !c.is_alphanumeric());
            let barred = end.rsplit_once('|').is_some_and(|(_, name)| AGENCIES.contains(&name.trim()));
            barred || phrases::CREDIT_TAILS.iter().any(|name| end.ends_with(name))
        };
        bracket || (!self.stops && credit()) || self.starts(&phrases::CAPTION_HEADS) || self.is(&phrases::CAPTION_WHOLE)
    }

    fn is_prompt(&self) -> bool {
        const MOST_WORDS_OF_SENTENCE: usize = 7;
        let asks = self.starts(&phrases::PROMPT_HEADS) && (!self.stops || self.n_words <= MOST_WORDS_OF_SENTENCE);
        (asks && !self.reports()) || self.is(&phrases::PROMPT_WHOLE)
    }

    fn is_prompt_of_any_length(&self) -> bool {
        let inbox = self.has(&["in your inbox", "to your inbox"])
            && self.has(&["sign up", "newsletter", "subscribe", "delivered", "every day", "daily", "every morning"]);
        self.n_words <= Self::LONG && (inbox || self.has(&phrases::PROMPT_INSIDE)) && !self.reports()
    }

    fn is_read_also(&self) -> bool {
        self.opens_link() || (!self.stops && self.n_words > 1 && self.starts(&phrases::READ_ALSO_HEADS))
    }

    /// Whether the line only announces a link on the next.
    pub(super) fn opens_link(&self) -> bool {
        self.is(&phrases::OPENS_LINK_WHOLE)
    }

    fn is_dateline(&self) -> bool {
        if self.n_words > 14 {
            return false;
        }
        let update = [
            "updated",
            "published",
            "posted",
            "last updated",
            "last modified",
            "first published",
            "published on",
            "- updated",
            "—updated",
            "— updated",
        ];
        let (mut n_dates, mut n_numbers, mut n_other) = (0, 0, 0);
        for word in words(self.text) {
            let is_date = word.entry.is(Class::Calendar);
            let word = self.text[word.range()].to_lowercase();
            if word.bytes().next().is_some_and(|b| b.is_ascii_digit()) {
                n_numbers += 1;
            } else if is_date || is_short_day(&word) {
                n_dates += 1;
            } else if !matches!(
                &*word,
                "am" | "pm"
                    | "a.m"
                    | "p.m"
                    | "et"
                    | "est"
                    | "edt"
                    | "gmt"
                    | "utc"
                    | "bst"
                    | "cet"
                    | "msk"
                    | "ist"
                    | "pt"
                    | "pst"
                    | "pdt"
                    | "at"
                    | "on"
                    | "of"
                    | "the"
                    | "updated"
                    | "published"
                    | "posted"
                    | "last"
                    | "modified"
                    | "first"
                    | "date"
                    | "time"
                    | "local"
            ) {
                n_other += 1;
            }
        }
        let only_date = n_other == 0 && n_numbers > 0 && (n_dates > 0 || self.text.contains(['-', '/', ':', '.']));
        let update_line = self.starts(&update) && n_other == 0;
        let ago =
            n_other <= 2 && n_numbers == 1 && self.lower.trim_end_matches('.').ends_with(" ago") && self.n_words <= 4;
        only_date || update_line || ago || self.is_place()
    }

    /// `MOSCOW, Nov 19 (Reuters) -`, `JAKARTA -`.
    fn is_place(&self) -> bool {
        let place = self.text.trim_end_matches(['-', '–', '—', ' ']);
        let ends_open = place.len() < self.text.len();
        let agency = place.strip_suffix(')').and_then(|place| place.rsplit_once('(')).is_some_and(|(_, inside)| {
            AGENCIES.contains(&&*inside.to_lowercase())
                || (inside.len() <= 4 && inside.bytes().all(|b| b.is_ascii_uppercase()))
        });
        let first = place.split([' ', ',']).next().unwrap_or_default();
        self.n_words <= 8
            && (ends_open || agency)
            && first.chars().count() > 2
            && first.chars().all(|c| c.is_uppercase() || !c.is_alphabetic())
            && !self.stops
    }

    fn is_byline(&self) -> bool {
        let rest = [
            "by ",
            "by: ",
            "authored by ",
            "written by ",
            "reported by ",
            "posted by ",
            "story by ",
            "author: ",
            "authors: ",
        ]
        .iter()
        .find_map(|head| self.lower.starts_with(head).then(|| self.text.get(head.len()..)).flatten());
        // A speaker's label in a transcript: "DAVID OKORO, HOST:".
        let label = self.text.ends_with(':')
            && self.n_words <= 5
            && self.text.chars().filter(|c| c.is_alphabetic()).count() > 3
            && self.text.chars().all(|c| !c.is_alphabetic() || c.is_uppercase());
        label || (self.n_words <= 12 && !self.stops && rest.is_some_and(Self::names))
    }

    /// A person or a place by name, and nothing else.
    pub(super) fn is_name(&self) -> bool {
        (1..=4).contains(&self.n_words)
            && !self.stops
            && self.text.split(' ').all(|word| {
                word.starts_with(char::is_uppercase)
                    && word.chars().all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '’' | '\''))
            })
    }
}

fn is_short_day(word: &str) -> bool {
    matches!(word, "mon" | "tue" | "tues" | "wed" | "thu" | "thur" | "thurs" | "fri" | "sat" | "sun")
}
