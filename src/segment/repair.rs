//! Mends what scraping broke: entities, mojibake, leftover markup, hard-wrapped lines. Everything else stays as it was.

use std::borrow::Cow;
use std::ops::Range;

use encoding_rs::WINDOWS_1252;

use super::edits::{Repair, Repaired};
use super::marks::floor;
use crate::corpus::Markup;

/// Elements that end a line of text, and those that do not. A name that is in neither list is no tag but text in angle brackets.
const BLOCKS: [&str; 38] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "br",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "li",
    "main",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "table",
    "td",
    "th",
    "tr",
    "ul",
];
const INLINES: [&str; 35] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "button", "cite", "code", "data", "del", "em", "font", "i", "iframe", "img",
    "input", "ins", "label", "link", "mark", "meta", "picture", "q", "s", "small", "source", "span", "strike",
    "strong", "sub", "sup", "time", "u", "video",
];
/// Elements whose content is no text.
const HIDDEN: [&str; 6] = ["noscript", "script", "style", "svg", "template", "title"];

/// Rounds of repair: a mended entity may open a tag, and a tag taken out may close another. Text that needs more is left
/// as it stands after the last.
const MAX_ROUNDS: usize = 8;

/// `source` with every repair made that this module knows.
pub(super) fn repair(source: &str) -> Repaired<'_> {
    let mut repaired = Repaired::new(source);
    repair_all(&mut repaired, Markup::Plain);
    repaired
}

/// Makes every further repair.
pub(super) fn repair_all(repaired: &mut Repaired<'_>, written_in: Markup) {
    for _ in 0..MAX_ROUNDS {
        let text = repaired.text();
        let mut edits = Vec::new();
        if memchr::memchr(b'&', text.as_bytes()).is_some() {
            entities(text, &mut edits);
        }
        mojibake(text, &mut edits);
        if memchr::memchr2(b'<', b'>', text.as_bytes()).is_some() {
            markup(text, written_in, &mut edits);
        }
        if edits.is_empty() {
            break;
        }
        repaired.apply(apart(edits));
    }
    for _ in 0..MAX_ROUNDS {
        let edits = wraps(repaired.text());
        if edits.is_empty() {
            break;
        }
        repaired.apply(edits);
    }
}

/// Sorts edits, and of two that overlap keeps the first; the other is found again in the next round.
fn apart(mut edits: Vec<Repair>) -> Vec<Repair> {
    edits.sort_by_key(|edit| edit.at);
    let mut end = 0;
    edits.retain(|edit| {
        let keep = edit.at >= end;
        if keep {
            end = edit.at + edit.len;
        }
        keep
    });
    edits
}

fn entities(text: &str, edits: &mut Vec<Repair>) {
    for at in memchr::memchr_iter(b'&', text.as_bytes()) {
        if let Some((len, character)) = entity(&text[at..]) {
            edits.push(Repair { at, len, text: character });
        }
    }
}

/// The entity that `text` begins with, through `&amp;quot;` and `& mdash;`: its length and what it stands for.
fn entity(text: &str) -> Option<(usize, String)> {
    /// Names that translation engines set a space before.
    const SPACED: [&str; 14] = [
        "amp", "apos", "hellip", "laquo", "ldquo", "lsquo", "mdash", "nbsp", "ndash", "quot", "raquo", "rdquo",
        "rsquo", "shy",
    ];
    let body = &text[1..];
    let name = body.trim_start_matches(' ');
    let n_spaces = body.len() - name.len();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '#';
    let length = name.bytes().take(33).take_while(|byte| is_name(char::from(*byte))).count();
    if n_spaces > 1 || !name[length..].starts_with(';') || (n_spaces == 1 && !SPACED.contains(&&name[..length])) {
        return None;
    }
    let decoded = decode(&name[..length])?;
    let used = 1 + n_spaces + length + 1;
    if decoded == "&"
        && let Some((more, inner)) = entity(&format!("&{}", &text[used..(used + 40).min(floor(text, used + 40))]))
    {
        return Some((used + more - 1, inner));
    }
    Some((used, decoded))
}

/// What `&name;` stands for.
fn decode(name: &str) -> Option<String> {
    let number = name.strip_prefix('#').map(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    });
    match number {
        // Numbers that browsers read as windows-1252.
        Some(Ok(code @ 0x80..=0x9F)) => Some(WINDOWS_1252.decode_without_bom_handling(&[code as u8]).0.into_owned())
            .filter(|c| !c.contains(char::is_control)),
        Some(Ok(code)) => char::from_u32(code).filter(|c| *c == '\n' || !c.is_control()).map(String::from),
        Some(Err(_)) => None,
        None => {
            let whole = format!("&{name};");
            match html_escape::decode_html_entities(&whole) {
                Cow::Borrowed(_) => None,
                Cow::Owned(decoded) => Some(decoded),
            }
        }
    }
}

/// UTF-8 that was read as windows-1252, perhaps twice.
fn mojibake(text: &str, edits: &mut Vec<Repair>) {
    // The characters that the first byte of a two- to four-byte sequence turns into stand between U+00C2 and U+00F4: in UTF-8
    // they all begin with 0xC3.
    for at in memchr::memchr_iter(0xC3, text.as_bytes()) {
        if !matches!(text.as_bytes()[at + 1], 0x82..=0xB4) || edits.last().is_some_and(|edit| at < edit.at + edit.len) {
            continue;
        }
        if let Some((len, character)) = misread(&text[at..]) {
            edits.push(Repair { at, len, text: character });
        }
    }
}

/// The character whose bytes the text's first characters are, where it is one that news is written with: Latin letters and marks (`Ã©`, `Â«`),
/// typographic marks (`â€œ`), ligatures (`ï¬`), emoji (`ðŸ`). Other sequences are valid too, but stand in text as it was meant: `Spaß“`.
fn misread(text: &str) -> Option<(usize, String)> {
    let mut bytes = [0; 4];
    let mut wanted = 4;
    let mut len = 0;
    for (n, c) in text.chars().take(4).enumerate() {
        if n == wanted {
            break;
        }
        let Some(byte) = windows_1252_byte(c) else { break };
        if n == 0 {
            wanted = match byte {
                0xC2 | 0xC3 | 0xC5 | 0xC6 | 0xCB => 2,
                0xE2 | 0xEF => 3,
                0xF0 => 4,
                _ => return None,
            };
        } else if !(0x80..=0xBF).contains(&byte) {
            break;
        }
        bytes[n] = byte;
        len += c.len_utf8();
        if n + 1 == wanted {
            let c = std::str::from_utf8(&bytes[..wanted]).ok()?.chars().next()?;
            let is_likely = matches!(c, 'Œ' | 'œ' | 'Š' | 'š' | 'Ž' | 'ž' | 'Ÿ' | 'ƒ' | 'ˆ' | '˜' | '\u{A0}'..='\u{FF}' | '\u{2000}'..='\u{22FF}' | '\u{FB00}'..='\u{FB04}' | '\u{FEFF}' | '\u{1F300}'..='\u{1FAFF}');
            return is_likely.then(|| (len, c.to_string()));
        }
    }
    // The third byte of a closing quote, 0x9D, is no windows-1252 character, and some programs drop it.
    let rest = text.strip_prefix("â€")?;
    let next = rest.chars().next();
    (next.is_none_or(|c| c.is_whitespace() || c.is_ascii_punctuation())).then(|| ("â€".len(), "”".to_owned()))
}

fn windows_1252_byte(c: char) -> Option<u8> {
    match c {
        // Bytes without a character of their own come through as control characters.
        '\u{81}' | '\u{8D}' | '\u{8F}' | '\u{90}' | '\u{9D}' | '\u{A0}'..='\u{FF}' => Some(c as u8),
        _ if c.is_ascii() => None,
        _ => {
            let mut buffer = [0; 4];
            let (bytes, _, failed) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
            (!failed && bytes.len() == 1).then(|| bytes[0])
        }
    }
}

fn markup(text: &str, written_in: Markup, edits: &mut Vec<Repair>) {
    let mut from = 0;
    let mut tags = Tags { is_page: written_in == Markup::Html, ..Tags::default() };
    let may_be_cut = ATTRIBUTES.iter().any(|name| memchr::memmem::find(text.as_bytes(), name.as_bytes()).is_some());
    while let Some(found) = memchr::memchr2(b'<', b'>', &text.as_bytes()[from..]) {
        let at = from + found;
        from = at + 1;
        let tag = if text.as_bytes()[at] == b'<' { tags.tag(&text[at..]) } else { None };
        let edit = match tag {
            Some((len, replacement)) => Repair { at, len, text: replacement.to_owned() },
            None if may_be_cut && text.as_bytes()[at] == b'>' => match attributes_before(text, at) {
                Some(cut) => Repair { at: cut.start, len: cut.len(), text: String::new() },
                None => continue,
            },
            None => continue,
        };
        from = edit.at + edit.len;
        edits.push(edit);
    }
}

/// Reads tags one after the other. What was once looked for to the end of the text, and is not there, is not looked for again.
#[derive(Debug, Default)]
struct Tags {
    /// In a page every tag is one; in a text what stands in angle brackets may be text.
    is_page: bool,
    no_comment_end: bool,
    no_tag_end: bool,
    no_hidden_end: [bool; HIDDEN.len()],
}

impl Tags {
    /// The tag, comment or hidden element that `text` begins with: its length and what it becomes.
    fn tag(&mut self, text: &str) -> Option<(usize, &'static str)> {
        if let Some(comment) = text.strip_prefix("<!--") {
            let end = if self.no_comment_end { None } else { comment.find("-->") };
            self.no_comment_end = end.is_none();
            return end.map(|end| ("<!--".len() + end + "-->".len(), ""));
        }
        if text.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("<!doctype")) {
            let end = if self.no_tag_end { None } else { text.find('>') };
            self.no_tag_end = end.is_none();
            return end.map(|end| (end + 1, "\n\n"));
        }
        let (name, closes) = tag_name(text)?;
        let hidden = HIDDEN.iter().position(|hidden| *hidden == name);
        let replacement = if BLOCKS.contains(&&*name) {
            "\n\n"
        } else if INLINES.contains(&&*name) || hidden.is_some() || (self.is_page && name.contains('-')) {
            ""
        } else {
            return None;
        };
        let end = tag_end(text)?;
        let attributes = text[1 + usize::from(closes) + name.len()..end - 1].trim_end_matches('/').trim();
        if !self.is_page && !attributes.is_empty() && !attributes.contains('=') {
            return None;
        }
        let Some(hidden) = hidden.filter(|_| !closes && !text[..end].ends_with("/>")) else {
            return Some((end, replacement));
        };
        if self.no_hidden_end[hidden] {
            return None;
        }
        let close = format!("</{name}");
        let found = memchr::memchr_iter(b'<', &text.as_bytes()[end..])
            .map(|at| end + at)
            .find(|at| text.get(*at..at + close.len()).is_some_and(|found| found.eq_ignore_ascii_case(&close)));
        self.no_hidden_end[hidden] = found.is_none();
        found.and_then(|at| tag_end(&text[at..]).map(|end| (at + end, "\n\n")))
    }
}

/// The name of the tag that `text` begins with, in lower case, and whether it closes an element.
pub(super) fn tag_name(text: &str) -> Option<(String, bool)> {
    let inner = text[1..].strip_prefix('/');
    let closes = inner.is_some();
    let inner = inner.unwrap_or(&text[1..]);
    let length = inner.bytes().take(32).take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
    let after = inner[length..].chars().next()?;
    if !inner.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    (after.is_whitespace() || after == '>' || after == '/').then(|| (inner[..length].to_ascii_lowercase(), closes))
}

/// The offset past the `>` that closes the tag at the start of `text`; quoted attributes may hold others.
fn tag_end(text: &str) -> Option<usize> {
    const LONGEST: usize = 1 << 14;
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate().take(LONGEST) {
        match (byte, quote) {
            (b'"' | b'\'', None) if text.as_bytes()[at - 1] == b'=' => quote = Some(byte),
            (_, Some(open)) if byte == open => quote = None,
            (b'>', None) => return Some(at + 1),
            (b'<', None) if at > 0 => return None,
            _ => {}
        }
    }
    None
}

const ATTRIBUTES: [&str; 5] = [" alt=", " title=", " width=", " class=", " src="];

/// The end of an image tag whose beginning is lost, such as `.jpg” alt=”A title” />`, that the `>` at `end` closes.
fn attributes_before(text: &str, end: usize) -> Option<Range<usize>> {
    const SUFFIXES: [&str; 6] = [".jpg", ".jpeg", ".png", ".gif", ".webp", ".svg"];
    const QUOTES: [char; 6] = ['"', '\'', '”', '“', '’', '‘'];
    const LONGEST: usize = 300;
    let window = floor(text, end.saturating_sub(LONGEST));
    let line = text[window..end].rfind(['\n', '>', '<']).map_or(window, |at| window + at + 1);
    let before = &text[line..end];
    let attribute = ATTRIBUTES.iter().filter_map(|name| before.find(name)).min()?;
    // What is cut is the rest of a tag, and no sentence ends in it.
    if before[attribute..].contains(". ") {
        return None;
    }
    let head = before[..attribute].trim_end_matches(QUOTES);
    let suffix = SUFFIXES.iter().find(|suffix| head.ends_with(**suffix))?;
    let file = head.len() - suffix.len();
    // The rest of the file's address goes too, as far as it hangs together.
    let start = head[..file]
        .rfind(char::is_whitespace)
        .map_or(0, |at| at + head[at..].chars().next().map_or(1, char::len_utf8));
    Some(line + start.min(file)..end + 1)
}

/// Line breaks inside sentences, where lines were wrapped at a fixed width.
fn wraps(text: &str) -> Vec<Repair> {
    const WIDTHS: Range<usize> = 40..110;
    let mut breaks = Vec::new();
    let (mut n_within, mut n_other) = (0, 0);
    for at in memchr::memchr_iter(b'\n', text.as_bytes()) {
        let line = text[..at].rsplit('\n').next().unwrap_or_default().trim_end();
        let rest = &text[at + 1..];
        let next = rest.split('\n').next().unwrap_or_default();
        if line.trim().is_empty() || next.trim().is_empty() {
            continue;
        }
        // A wrapped line is full, and would not have held the next line's first word.
        let full = WIDTHS.contains(&line.chars().count());
        if full
            && !line.ends_with(['.', '!', '?', '"', '”', ':', '…', '»'])
            && next.starts_with(|c: char| c.is_lowercase())
        {
            n_within += 1;
        } else if !full && line.chars().count() >= WIDTHS.end {
            n_other += 1;
        }
        if full {
            let start = line.len() + (at - text[..at].rsplit('\n').next().unwrap_or_default().len());
            let indent = next.len() - next.trim_start().len();
            breaks.push(Repair { at: start, len: at + 1 + indent - start, text: " ".to_owned() });
        }
    }
    if n_within >= 3 && n_other == 0 { breaks } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repaired(source: &str) -> String {
        repair(source).text().to_owned()
    }

    #[test]
    fn entities_are_read_however_often_they_were_escaped() {
        assert_eq!(repaired("&quot;No,&quot; he said &amp;mdash; twice."), "\"No,\" he said — twice.");
        assert_eq!(repaired("each case, & mdash; he said"), "each case, — he said");
        assert_eq!(repaired("&amp;amp;quot;x&#8217;s&#x2019;&#146;"), "\"x’s’’");
        assert_eq!(repaired("AT&T; R&D; Q&A & more &unknown; &;"), "AT&T; R&D; Q&A & more &unknown; &;");
    }

    #[test]
    fn mojibake_is_read_as_it_was_meant() {
        assert_eq!(repaired("â€œRed linesâ€\u{9d}, itâ€™s said"), "“Red lines”, it’s said");
        assert_eq!(repaired("â€œRed linesâ€, cafÃ© â€” Ã¼ber"), "“Red lines”, café — über");
        assert_eq!(repaired("Ã¢â‚¬Å“twiceÃ¢â‚¬â„¢"), "“twice’");
        for meant in ["„Das macht Spaß“", "BEYONCÉ’S", "“CAFÉ”", "“I am his fiancé…”", "SÃO PAULO", "IRMÃ"]
        {
            assert_eq!(repaired(meant), meant);
        }
        assert_eq!(repaired("château, Ångström, Ärger, São Tomé, ça"), "château, Ångström, Ärger, São Tomé, ça");
    }

    #[test]
    fn markup_goes_and_other_angle_brackets_stay() {
        assert_eq!(repaired("<p>One <b>two</b>.</p><p>Three<br/>four</p>").trim(), "One two.\n\n\n\nThree\n\nfour");
        assert_eq!(repaired("a <…> b, x < y > z, <unknown>"), "a <…> b, x < y > z, <unknown>");
        assert_eq!(repaired("a<script>if (a<b) {}</script>b"), "a\n\nb");
        let broken = "threats to the North .jpg” alt=”The head of “the body”” /> The end.";
        assert_eq!(repaired(broken), "threats to the North  The end.");
        let meant = "See the photo.jpg” alt=”tank here. The army lost 40 tanks. Profits were > 5 percent.";
        assert_eq!(repaired(meant), meant);
        assert_eq!(repaired("He wrote <I do not know> and <b and c>."), "He wrote <I do not know> and <b and c>.");
        assert_eq!(repaired("it is 5 > 4 and says alt= nothing"), "it is 5 > 4 and says alt= nothing");
    }

    #[test]
    fn wrapped_lines_are_joined_where_all_are_wrapped() {
        let line = "The committee that was to have met on the following day did";
        let wrapped = format!(
            "{line}\nnot meet, and the committee that was to have met the day after\nmet, but did not do what the committee of the day before had\nbeen asked to do.\n\nNext."
        );
        assert_eq!(repaired(&wrapped).lines().count(), 3);
        let lines = "Headline of the day\nThe council met on Monday.\nThe council met on Tuesday.\nAll went home";
        assert_eq!(repaired(lines), lines);
    }
}
