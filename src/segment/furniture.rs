//! Lines that are no part of the story. Precision comes first: a rule takes a line only if it is hardly ever a sentence of a story.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use serde::{Deserialize, Serialize};

use super::lexicon::Class;
use super::lines::LineKey;
use super::words::words;

/// Why a line was taken for furniture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Furniture {
    /// A title or a paragraph that the article has already.
    Repeat,
    /// A date, a time or a place on a line of its own.
    Dateline,
    /// Who wrote it, or who speaks next in a transcript.
    Byline,
    /// What stands under a picture, and whose picture it is.
    Caption,
    /// Controls and titles of a video or audio player.
    Player,
    /// "Read also", and the title of the link after it.
    ReadAlso,
    /// Asks the reader to share, subscribe, comment or click; advertisements.
    Prompt,
    /// Where the text comes from, and whose it is.
    Source,
    /// What the site thinks of what it publishes.
    Disclaimer,
    /// Lines without a word, or with an address alone.
    Separator,
    /// A line that recurs across the articles of the outlet.
    Recurring,
}

impl Furniture {
    /// The word that stands in the column.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Furniture::Repeat => "repeat",
            Furniture::Dateline => "dateline",
            Furniture::Byline => "byline",
            Furniture::Caption => "caption",
            Furniture::Player => "player",
            Furniture::ReadAlso => "read_also",
            Furniture::Prompt => "prompt",
            Furniture::Source => "source",
            Furniture::Disclaimer => "disclaimer",
            Furniture::Separator => "separator",
            Furniture::Recurring => "recurring",
        }
    }
}

/// For each line of `text`, why it is furniture, if it is.
///
/// Lines are judged until nothing changes, so that a story whose furniture is gone keeps what is left.
pub(super) fn furniture(text: &str, lines: &[Range<usize>], keys: &[LineKey]) -> Vec<Option<Furniture>> {
    let facts: Vec<Line<'_>> = lines.iter().map(|line| Line::new(&text[line.clone()])).collect();
    let mut out: Vec<Option<Furniture>> = facts.iter().map(Line::alone).collect();
    repeats(&facts, keys, &mut out);
    loop {
        let before = out.clone();
        in_context(text, &facts, &mut out);
        if out == before {
            return out;
        }
    }
}

/// What tells furniture wherever it stands in a line; lines without any of these are not searched for phrases.
static SIGNS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .kind(Some(AhoCorasickKind::DFA))
        .build([
            "opinion",
            "views expressed",
            "our readers",
            "inbox",
            "newsletter",
            "privacy policy",
            "robot",
            "sign up",
            "news faster",
            "contribut",
            "rights reserved",
            "©",
            "to play or pause",
            "see the video",
            "arrows for volume",
            "duration:",
        ])
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

/// What the rules ask of a line.
struct Line<'a> {
    text: &'a str,
    /// In lower case, blanks single, curly apostrophes straight; of a long line only what begins it is of any use, and that is all there is.
    lower: String,
    n_words: usize,
    /// Whether it ends as a sentence does.
    stops: bool,
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

    fn new(text: &'a str) -> Self {
        const HEAD: usize = 40;
        let n_words = memchr::memchr_iter(b' ', text.as_bytes()).count() + 1;
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
        phrases.iter().any(|phrase| self.lower.starts_with(phrase))
    }

    fn is(&self, phrases: &[&str]) -> bool {
        let bare = self.lower.trim_matches(|c: char| !c.is_alphanumeric());
        phrases.contains(&bare)
    }

    fn has(&self, phrases: &[&str]) -> bool {
        self.signed && phrases.iter().any(|phrase| self.lower.contains(phrase))
    }

    /// What the line says of itself.
    fn alone(&self) -> Option<Furniture> {
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
        let opinions =
            self.has(&["opinions expressed", "views expressed", "opinion expressed", "we remind our readers"]);
        let owner = self.has(&[
            "necessarily reflect",
            "necessarily represent",
            "not represent the",
            "not reflect the",
            "not mean that we agree",
            "are their own",
            "of the author",
            "those of the",
            "his own",
            "her own",
        ]);
        (opinions && owner && self.n_words <= Self::LONG)
            || self.starts(&["disclaimer:", "editor's note:", "editors' note:"])
    }

    fn is_source(&self) -> bool {
        let names_only = || {
            let (mut n, mut slashes) = (0, false);
            for part in self.text.split_whitespace().flat_map(|word| word.split_inclusive('/')) {
                slashes |= part.ends_with('/');
                n += 1;
                if part.chars().count() > 11 || part.ends_with(['.', ',', ':']) {
                    return false;
                }
            }
            slashes && n <= 6 && self.n_words <= 4 && !self.text.contains("//") && !self.text.contains(char::is_numeric)
        };
        let contributed = self.has(&[
            "contributed to this",
            "contributed reporting",
            "contributed from",
            "contributed to the report",
        ]) || (self.lower.ends_with(" contributed.") && self.n_words <= 8);
        self.is(&["original source", "source link", "original article", "original story", "via", "source", "sources"])
            || self.starts(&[
                "copyright",
                "©",
                "(c) ",
                "source:",
                "original source:",
                "contributing:",
                "reporting by",
                "editing by",
                "writing by",
                "additional reporting",
                "this article originally appeared",
                "this article was originally",
                "this story originally appeared",
                "this story was originally",
                "originally published",
                "this article first appeared",
                "this material may not be published",
                "reprinted with permission",
                "republished with permission",
            ])
            || self.has(&["all rights reserved", "©"])
            || contributed
            || names_only()
    }

    fn is_player(&self) -> bool {
        self.starts(&[
            "space to play",
            "play the video",
            "play video",
            "play audio",
            "media player",
            "video player",
            "duration:",
            "watch live",
            "listen live",
            "this video can not be played",
            "this video cannot be played",
            "your browser does not support",
        ]) || self.has(&["to play or pause", "can't see the video?", "arrows for volume"])
            || self.is(&[
                "video", "audio", "listen", "watch", "youtube", "loading", "play", "pause", "live", "unmute", "mute",
            ])
    }

    fn is_caption(&self) -> bool {
        const AGENCIES: [&str; 12] = [
            "ap",
            "ap photo",
            "reuters",
            "afp",
            "epa",
            "epa-efe",
            "getty",
            "getty images",
            "tass",
            "xinhua",
            "shutterstock",
            "file photo",
        ];
        const TAIL: usize = 48;
        let from = self.text.len() - self.text.len().min(TAIL);
        let from = (from..=self.text.len()).find(|at| self.text.is_char_boundary(*at)).unwrap_or(from);
        let tail = || self.text[from..].to_lowercase();
        // A credit in brackets at the end: "(AP: Name)", "(AP Photo/Name)", "(Reuters)".
        let bracket = self.text.ends_with(')')
            && tail().rsplit_once('(').is_some_and(|(_, inside)| {
                let inside = inside.trim_end_matches(')');
                let name = inside.split([':', '/']).next().unwrap_or_default().trim();
                AGENCIES.contains(&name) || inside.starts_with("photo")
            });
        let credit = || {
            let tail = tail();
            let end = tail.trim_end_matches(|c: char| !c.is_alphanumeric());
            [
                "getty images",
                "via getty",
                "/ap",
                "/afp",
                "/reuters",
                "/getty",
                "/epa",
                "ap photo",
                "via ap",
                "via reuters",
                "via afp",
                "shutterstock",
            ]
            .iter()
            .any(|name| end.ends_with(name))
        };
        bracket
            || (!self.stops && credit())
            || self.starts(&[
                "photo:",
                "photos:",
                "photo by",
                "photograph:",
                "photograph by",
                "image:",
                "image credit",
                "picture:",
                "credit:",
                "photo credit",
                "enlarge this image",
                "toggle caption",
                "file photo",
                "caption:",
                "( photos:",
                "(photos:",
                "[photo",
                "next image",
                "prev image",
            ])
            || self.is(&[
                "photo",
                "photos",
                "image",
                "images",
                "gallery",
                "slideshow",
                "pullquote",
                "enlarge",
                "caption",
                "interactive",
            ])
    }

    fn is_prompt(&self) -> bool {
        self.starts(&[
            "subscribe to",
            "subscribe now",
            "subscribe on",
            "subscribe for",
            "sign up for",
            "sign up to",
            "sign up here",
            "sign up now",
            "sign up today",
            "follow us",
            "follow @",
            "- follow",
            "share this",
            "share on",
            "share via",
            "click here",
            "tap here",
            "click to",
            "leave a reply",
            "leave a comment",
            "comments are closed",
            "comments closed",
            "post a comment",
            "your email address",
            "required fields",
            "save my name",
            "join the conversation",
            "join the discussion",
            "join our",
            "download our app",
            "download the",
            "get our newsletter",
            "like us on",
            "advertisement",
            "story continued below",
            "story continues below",
            "article continues below",
            "continue reading",
            "continued below",
            "please enable javascript",
            "enable javascript",
            "skip to",
            "return to the top",
            "back to top",
            "don't see the graphic",
            "view comments",
            "show comments",
            "load more",
            "print this",
            "email this",
            "support our journalism",
            "this is a developing story; check back",
        ]) && (!self.stops || self.n_words <= 25)
            || self.is(&[
                "share",
                "tweet",
                "email",
                "print",
                "comments",
                "comment",
                "close",
                "menu",
                "search",
                "login",
                "log in",
                "register",
                "newsletter",
                "newsletters",
                "ad",
                "ads",
                "sponsored",
                "sponsored content",
                "facebook",
                "twitter",
                "whatsapp",
                "linkedin",
                "pinterest",
                "reddit",
                "telegram",
                "copy link",
                "link copied",
                "save",
                "bookmark",
                "skip",
                "more",
                "next",
                "previous",
                "read comments",
                "trending",
            ])
    }

    fn is_prompt_of_any_length(&self) -> bool {
        self.n_words <= Self::LONG
            && self.has(&[
                "delivered to your inbox",
                "in your inbox",
                "sign up for our newsletter",
                "subscribe to our newsletter",
                "you agree to our privacy policy",
                "please verify you're not a robot",
                "sign up for daily",
                "news faster than anyone",
            ])
    }

    fn is_read_also(&self) -> bool {
        self.opens_link()
            || (!self.stops
                && self.n_words > 1
                && self.starts(&[
                    "read also:",
                    "read more:",
                    "see also:",
                    "also read:",
                    "related:",
                    "more:",
                    "read:",
                    "watch:",
                    "must read:",
                    "also see:",
                    "see more:",
                    "recommended:",
                    "read next:",
                    "more from",
                    "special coverage:",
                    "related story:",
                    "related article:",
                ]))
    }

    /// Whether the line only announces a link on the next.
    fn opens_link(&self) -> bool {
        self.is(&[
            "read also",
            "read more",
            "see also",
            "also read",
            "related",
            "related articles",
            "related stories",
            "related article",
            "related story",
            "related news",
            "related topics",
            "more on this",
            "more on this story",
            "more on this topic",
            "read next",
            "up next",
            "recommended",
            "recommended stories",
            "you may also like",
            "you might also like",
            "most read",
            "most popular",
            "don't miss",
            "further reading",
            "also on",
            "more stories",
            "top stories",
            "read more about",
        ])
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
        let agency = place.ends_with(')') && place.rsplit_once('(').is_some_and(|(_, inside)| inside.len() <= 12);
        let first = place.split([' ', ',']).next().unwrap_or_default();
        self.n_words <= 8
            && (ends_open || agency)
            && first.chars().count() > 2
            && first.chars().all(|c| c.is_uppercase() || !c.is_alphabetic())
            && !self.stops
    }

    fn is_byline(&self) -> bool {
        const LINKS: [&str; 14] =
            ["and", "of", "the", "for", "in", "via", "with", "at", "de", "van", "von", "bin", "al", "by"];
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
            "from ",
        ]
        .iter()
        .find_map(|head| self.lower.starts_with(head).then(|| self.text.get(head.len()..)).flatten());
        let names = |text: &str| {
            text.split([' ', ',', '|', '/', ';']).filter(|word| !word.is_empty()).all(|word| {
                word.starts_with(|c: char| c.is_uppercase() || c == '@' || !c.is_alphabetic())
                    || LINKS.contains(&&*word.to_lowercase())
            })
        };
        // A speaker's label in a transcript: "DAVID OKORO, HOST:".
        let label = self.text.ends_with(':')
            && self.n_words <= 5
            && self.text.chars().filter(|c| c.is_alphabetic()).count() > 3
            && self.text.chars().all(|c| !c.is_alphabetic() || c.is_uppercase());
        label || (self.n_words <= 12 && !self.stops && rest.is_some_and(names))
    }

    /// A person or a place by name, and nothing else.
    fn is_name(&self) -> bool {
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

/// Lines that stand a second time. Short ones may be refrains.
fn repeats(lines: &[Line<'_>], keys: &[LineKey], out: &mut [Option<Furniture>]) {
    const LEAST_WORDS: usize = 5;
    let mut seen = hashbrown::HashSet::with_hasher(foldhash::fast::FixedState::default());
    for ((line, key), out) in lines.iter().zip(keys).zip(out) {
        if out.is_none() && line.n_words >= LEAST_WORDS && !seen.insert(key.exact) {
            *out = Some(Furniture::Repeat);
        }
    }
}

/// What a line is by the lines beside it.
fn in_context(text: &str, lines: &[Line<'_>], out: &mut [Option<Furniture>]) {
    for i in 0..lines.len() {
        let line = &lines[i];
        if out[i].is_some() {
            continue;
        }
        let before = i.checked_sub(1).filter(|j| out[*j].is_some()).map(|j| &lines[j]);
        if let Some(before) = before {
            if before.opens_link() && !line.stops && line.n_words <= 30 {
                out[i] = Some(Furniture::ReadAlso);
            } else if before.has(&["duration:"]) && before.is_player() && line.n_words <= 25 && one_sentence(line.text)
            {
                out[i] = Some(Furniture::Player);
            }
        }
        // A picture's caption that is a name alone; the story has the name in its sentences.
        if out[i].is_none() && i > 0 && line.is_name() && line.n_words >= 2 {
            let elsewhere = memchr::memmem::find_iter(text.as_bytes(), line.text.as_bytes()).count() > 1;
            if elsewhere && !text.contains(&line.lower) {
                out[i] = Some(Furniture::Caption);
            }
        }
    }
}

/// Whether no stop stands inside the line.
fn one_sentence(line: &str) -> bool {
    let body = line.trim_end_matches(|c: char| !c.is_alphanumeric());
    !body.contains(['!', '?']) && !body.contains(". ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Vec<Option<&'static str>> {
        let text = lines.join("\n");
        let lines = crate::segment::lines::lines(&text);
        let keys: Vec<LineKey> = lines.iter().map(|line| LineKey::new(&text[line.clone()])).collect();
        furniture(&text, &lines, &keys).into_iter().map(|found| found.map(Furniture::as_str)).collect()
    }

    #[track_caller]
    fn is(line: &str, reason: &str) {
        assert_eq!(of(&[line]), [Some(reason)], "{line}");
    }

    #[test]
    fn furniture_is_known_by_itself() {
        is("Saturday 20 November 2021", "dateline");
        is("MONDAY, MAR 02, 2026 - 07:00 AM", "dateline");
        is("Updated at 8:40 p.m. ET", "dateline");
        is("Published at", "dateline");
        is("TALAN CITY, March 2 (HW) -", "dateline");
        is("By Ana Oru and Bel Vale", "byline");
        is("Authored by Cam Dole via,", "byline");
        is("HW via Getty Images", "caption");
        is("The two premiers shook hands at the ministry in Norvia.(AP: Dana Eck)", "caption");
        is(
            "Space to play or pause, M to mute, left and right arrows to search, up and down arrows for volume.",
            "player",
        );
        is("Read also: Ferries sail again", "read_also");
        is("Subscribe to the Courier Get news first", "prompt");
        is("Comments are closed.", "prompt");
        is("HW / eck", "source");
        is("Ana Oru of the Harbour Wire contributed to this report.", "source");
        is("Copyright © 2026 Harbour Wire, LLC.", "source");
        is(
            "The opinions expressed by columnists are their own and do not represent the views of the Ledger.",
            "disclaimer",
        );
        is("* * *", "separator");
    }

    #[test]
    fn sentences_of_stories_stay() {
        let story = [
            "By the time the ministers arrived, the hall was empty.",
            "Video of the raid was shown on Monday.",
            "Share prices fell.",
            "Related charges were dropped in May.",
            "Follow the money, he said.",
            "Sign-up fees rose to 20 francs at midnight, the union said.",
            "The copyright law was changed in 2019.",
            "May 9 is a holiday in Talan, where shops close at noon.",
            "Source close to the premier say otherwise.",
            "Peace or war?",
            "Comments by the premier drew protest.",
            "Read his letter again.",
        ];
        assert_eq!(of(&story), vec![None; story.len()]);
    }

    #[test]
    fn context_tells_link_titles_and_captions() {
        let lines = [
            "Premier Vale to visit Talan in spring",
            "Premier Vale will visit Talan, said Bel Vale.",
            "Read also:",
            "Tout est possible, même au carrefour",
            "Play the video. Duration: 45 seconds",
            "Refugees wait at the border.",
            "Bel Vale",
            "Premier Vale to visit Talan in spring",
            "What comes next",
        ];
        let expected = [
            None,
            None,
            Some("read_also"),
            Some("read_also"),
            Some("player"),
            Some("player"),
            Some("caption"),
            Some("repeat"),
            None,
        ];
        assert_eq!(of(&lines), expected);
    }
}
