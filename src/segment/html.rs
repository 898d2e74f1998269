//! A web page's article: `dom_smoothie` says which text belongs to it, and that text is found again in the page's source,
//! so that every sentence keeps its place there.

use std::ops::Range;

use dom_smoothie::{Config, Readability, TextMode};

use super::edits::{Repair, Repaired};
use super::lines::lines;
use super::repair::{repair_all, tag_name};
use crate::corpus::Markup;

/// Pages of news have some thousand elements, some dozen deep. What is far beyond that is broken or hostile; the parser would take
/// very long over the one, and run out of stack on the other.
const MOST_ELEMENTS: usize = 50_000;
const DEEPEST: usize = 300;
const LARGEST: usize = 16 << 20;
const MOST_ENTITIES: usize = 50_000;

/// What a page says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PageFacts {
    pub(super) title: String,
    pub(super) site: String,
    pub(super) date: String,
}

/// The article of a page. Where none is found the whole text of the page stands, from which furniture is taken later.
pub(super) fn article(source: &str) -> (Repaired<'_>, PageFacts) {
    let mut repaired = Repaired::new(source);
    // In a page's source a line break is a blank like any other.
    repaired.apply(
        memchr::memchr2_iter(b'\n', b'\r', source.as_bytes())
            .map(|at| Repair { at, len: 1, text: " ".to_owned() })
            .collect(),
    );
    repair_all(&mut repaired, Markup::Html);
    let config = Config { text_mode: TextMode::Formatted, max_elements_to_parse: MOST_ELEMENTS, ..Config::default() };
    let n_entities = memchr::memchr_iter(b'&', source.as_bytes()).count();
    if source.len() > LARGEST || n_entities > MOST_ENTITIES || depth(source) > DEEPEST {
        return (repaired, PageFacts::default());
    }
    let Some(article) = Readability::new(source, None, Some(config)).ok().and_then(|mut page| page.parse().ok()) else {
        return (repaired, PageFacts::default());
    };
    let facts = PageFacts {
        title: article.title.trim().to_owned(),
        site: article.site_name.unwrap_or_default().trim().to_owned(),
        date: article.published_time.unwrap_or_default().trim().to_owned(),
    };
    if let Some(kept) = find(repaired.text(), &article.text_content) {
        let outside = outside(&kept, repaired.text().len());
        repaired.apply(outside);
    }
    (repaired, facts)
}

/// How deep the elements of a page lie in each other, at most; those that a parser closes by itself do not count.
fn depth(source: &str) -> usize {
    const SHALLOW: [&str; 19] = [
        "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p",
        "source", "td", "tr", "wbr",
    ];
    let mut open: Vec<String> = Vec::new();
    let mut deepest = 0;
    for at in memchr::memchr_iter(b'<', source.as_bytes()) {
        let Some((name, closes)) = tag_name(&source[at..]).filter(|(name, _)| !name.is_empty()) else { continue };
        if SHALLOW.contains(&&*name) {
            continue;
        }
        if !closes {
            open.push(name);
            deepest = deepest.max(open.len());
            if deepest > DEEPEST {
                break;
            }
        } else if let Some(at) = open.iter().rposition(|other| *other == name) {
            open.truncate(at);
        }
    }
    deepest
}

/// Where the lines of `wanted` stand in `text`, in order, compared by letters and digits alone. `None` if much of it cannot be
/// found: then the page is laid out in a way that this does not follow. Up to a tenth of the letters may be missing: labels that the reader view
/// makes up, or puts elsewhere.
fn find(text: &str, wanted: &str) -> Option<Vec<Range<usize>>> {
    let (haystack, places) = key(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    let (mut n_found, mut n_all, mut from) = (0, 0, 0);
    for line in lines(wanted) {
        let (needle, _) = key(&wanted[line]);
        n_all += needle.len();
        if needle.is_empty() {
            continue;
        }
        let Some(at) = memchr::memmem::find(&haystack.as_bytes()[from..], needle.as_bytes()) else { continue };
        n_found += needle.len();
        let start = places[from + at];
        from += at + needle.len();
        let last = places[from - 1];
        // Marks at either end belong to the line that they stand in.
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[last..].find('\n').map_or(text.len(), |at| last + at);
        let start = line_start + text[line_start..start].trim_end_matches(|c: char| !c.is_alphanumeric()).len();
        let end = text[last..line_end].char_indices().skip(1).find(|(_, c)| c.is_alphanumeric());
        found.push(start..end.map_or(line_end, |(at, _)| last + at));
    }
    (n_all > 0 && n_found * 10 >= n_all * 9).then_some(found)
}

/// Letters and digits, in lower case, and for each byte the offset of the character that it came from.
fn key(text: &str) -> (String, Vec<usize>) {
    let mut key = String::with_capacity(text.len());
    let mut places = Vec::with_capacity(text.len());
    for (at, c) in text.char_indices().filter(|(_, c)| c.is_alphanumeric()) {
        key.extend(c.to_lowercase());
        places.resize(key.len(), at);
    }
    (key, places)
}

/// Edits that leave only `kept`, each piece on lines of its own.
fn outside(kept: &[Range<usize>], length: usize) -> Vec<Repair> {
    let mut edits = Vec::new();
    let mut at = 0;
    for range in kept.iter().cloned().chain(std::iter::once(length..length)) {
        if range.start > at {
            edits.push(Repair { at, len: range.start - at, text: "\n\n".to_owned() });
        }
        at = at.max(range.end);
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!DOCTYPE html><html><head><title>Ferry talks resume | Harbour Wire</title>
<meta property="og:site_name" content="Harbour Wire"><meta property="article:published_time" content="2026-03-01T08:00:00Z">
<script>var x = "<p>not text</p>";</script></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li></ul></nav>
<article><h1>Ferry talks resume</h1>
<p>The two ministers met on <b>Monday</b> in the old customs house, and agreed to open the strait to ferries &mdash; by June, if the
weather allows, and by August if it does not, their offices said in a note to the press.</p>
<p>&ldquo;We have no time to lose,&rdquo; said the harbour master, who had waited for the ferries for eleven years, and had written to
both capitals every month of them without an answer from either.</p>
<p>The strait has been closed since the collision of two tankers, for which either side blames the other, and which an inquiry that
was to have ended in the spring of last year has yet to explain, although its members have met forty times, in five cities,
under three chairmen, none of whom has said a word in public.</p></article>
<footer>Copyright 2026 Harbour Wire</footer></body></html>"#;

    #[test]
    fn the_article_is_found_in_its_page() {
        let (article, facts) = article(PAGE);
        assert_eq!(facts.site, "Harbour Wire");
        assert_eq!(facts.date, "2026-03-01T08:00:00Z");
        assert!(facts.title.starts_with("Ferry talks resume"));
        let text = article.text();
        assert!(!text.contains("World") && !text.contains("not text") && !text.contains("Copyright"), "{text}");
        let start = text.find("The two ministers").unwrap();
        let end = start + text[start..].find("ferries —").unwrap() + "ferries —".len();
        let source = &PAGE[article.source_start(start)..article.source_end(end)];
        assert!(
            source.starts_with("The two ministers met on <b>Monday</b>") && source.ends_with("ferries &mdash;"),
            "{source}"
        );
        assert!(text.contains("“We have no time to lose,” said"), "{text}");
    }

    #[test]
    fn a_page_without_a_bottom_is_taken_whole() {
        let page = format!("{}<p>It rained. The river rose.</p>", "<b>".repeat(100_000));
        assert_eq!(article(&page).0.text().trim(), "It rained. The river rose.");
        let page = format!("{}<p>It rained.</p>{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
        assert_eq!(article(&page).0.text().trim(), "It rained.");
    }

    #[test]
    fn a_page_without_an_article_is_taken_whole() {
        let (text, _) = article("<p>Two words.</p>");
        assert_eq!(text.text().trim(), "Two words.");
    }
}
