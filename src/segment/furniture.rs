//! Lines that are no part of the story. Precision comes first: a rule takes a line only if it is hardly ever a sentence of a story.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::lines::LineKey;
use super::rules::Line;

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
pub(super) fn furniture(text: &str, lines: &[Range<usize>], keys: &[LineKey]) -> Vec<Option<Furniture>> {
    let facts: Vec<Line<'_>> = lines.iter().map(|line| Line::new(&text[line.clone()])).collect();
    let mut out: Vec<Option<Furniture>> = facts.iter().map(Line::alone).collect();
    repeats(&facts, keys, &mut out);
    names(text, &facts, &mut out);
    in_context(&facts, &mut out);
    out
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
fn in_context(lines: &[Line<'_>], out: &mut [Option<Furniture>]) {
    for i in 0..lines.len() {
        let line = &lines[i];
        if out[i].is_some() {
            continue;
        }
        let before = i.checked_sub(1).filter(|j| out[*j].is_some()).map(|j| &lines[j]);
        if let Some(before) = before {
            if before.opens_link() && !line.stops && line.n_words <= 30 {
                out[i] = Some(Furniture::ReadAlso);
            } else if before.has(&["duration:"])
                && before.is_player()
                && line.n_words <= 12
                && !line.reports()
                && one_sentence(line.text)
            {
                out[i] = Some(Furniture::Player);
            }
        }
    }
}

/// Captions that are a name alone; the story has the name in its sentences.
fn names(text: &str, lines: &[Line<'_>], out: &mut [Option<Furniture>]) {
    // Each name is looked for in all of the text; an article has a few pictures, not thousands.
    const MOST: usize = 20;
    let is_name = |i: &usize| *i > 0 && lines[*i].n_words >= 2 && lines[*i].is_name();
    let candidates: Vec<usize> = (0..lines.len()).filter(|i| out[*i].is_none()).filter(is_name).take(MOST).collect();
    for i in candidates {
        let elsewhere = memchr::memmem::find_iter(text.as_bytes(), lines[i].text.as_bytes()).nth(1).is_some();
        if elsewhere && memchr::memmem::find(text.as_bytes(), lines[i].lower.as_bytes()).is_none() {
            out[i] = Some(Furniture::Caption);
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
        is("(Reporting by Ana Oru; editing by P. Dunne)", "source");
        is("Want the Courier in your inbox every day? Sign up here.", "prompt");
        is("©Ⱥ", "source");
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
            "Skip Townsend, a retired colonel, said the war would last years.",
            "Western sanctions contributed to this crisis, Oru said.",
            "The meeting will resume on Tuesday, the ministry said. (Reuters)",
            "Copyright law must be reformed, the minister told the court.",
            "(c) the parties shall withdraw all heavy weapons by equal distances;",
            "Reporting by the council showed that the missile came from the south.",
            "Writing by hand helps memory, researchers found.",
            "Play video games less, doctors told parents.",
            "Source: The ministry says 100,000 troops are near the border.",
            "Follow useful leads, the detective told his men.",
            "Share this burden, Oru urged the council.",
            "Subscribe to that theory and sanctions look pointless.",
            "Advertisement spending fell 12 percent last year, the company said.",
            "The views expressed by the general do not necessarily reflect those of the army, a spokesman said.",
            "\"You will find the memo in your inbox,\" Oru wrote to his aide.",
            "NATO rejects Russian demands (again)",
            "Russia/Ukraine war",
            "From Talan with Love",
            "By 2030",
            "More.",
            "Artists sue Getty Images",
            "Originally published in 1949, the novel became a bestseller again.",
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
