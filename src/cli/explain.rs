//! `framescope explain`: sentences in, the contribution of each word out.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::args::{Common, ExplainArgs, Format};
use super::console;
use super::inputs::{model_name, stdin_once};
use super::models;
use crate::corpus::{Rows, Table};
use crate::error::{Error, ErrorKind};
use crate::model::{Explanation, FrameExplanation};
use crate::report::{explanation_csv, explanation_header, explanation_json, strongest};

/// Said once for each sentence of a model with an encoder.
const APPROXIMATE: &str = "approximate: an encoder reads the sentence as a whole; a word's context is what the logit loses without the word, and\n\
                           the remainder what no word accounts for";
/// Words shown a frame in a table.
const TOP: usize = 10;

pub(super) fn run(args: &ExplainArgs, common: &Common) -> anyhow::Result<()> {
    stdin_once(args.files.iter().map(String::as_str).chain(model_name(args.model.as_deref())))?;
    let (scorer, _) = models::scorer(args.model.as_deref(), &args.encoder)?;
    let format = common.format.unwrap_or(Format::Table);
    if format == Format::Csv {
        console::print(format, &explanation_header(scorer.encoder().is_some())?)?;
    }
    if let Some(text) = &args.text {
        show("", &scorer.explain(text)?, format, args.top)?;
        return Ok(());
    }
    let options = args.input.read_options()?;
    for path in &args.files {
        let mut table = Table::open(path, &options)?;
        let text = table.header().text(&options.columns).map_err(|error| error.in_file(table.name()))?;
        let id = table.header().find(&options.columns.id);
        let mut rows = Rows::default();
        let mut any = false;
        while table.read(&mut rows)? {
            any = true;
            for row in rows.iter() {
                let line = row.line().to_string();
                show(id.map_or(&line, |id| row.get(id)), &scorer.explain(row.get(text))?, format, args.top)?;
            }
        }
        if !any {
            return Err(Error::from(ErrorKind::NoRows { purpose: "explain".into() }).in_file(table.name()).into());
        }
    }
    Ok(())
}

/// Prints one explanation, so that none is held longer than it takes.
fn show(id: &str, explanation: &Explanation, format: Format, top: Option<usize>) -> crate::Result<()> {
    let text = match format {
        Format::Csv => explanation_csv(id, explanation, top)?,
        Format::Json => format!("{}\n", explanation_json(id, explanation, top)),
        Format::Table => page(id, explanation, top.unwrap_or(TOP)),
    };
    console::print(format, &text)
}

/// The sentence once per frame with its words tinted, and the words that decide, heaviest first.
fn page(id: &str, explanation: &Explanation, top: usize) -> String {
    let mut out = String::new();
    if !id.is_empty() {
        let _ = writeln!(out, "{id}");
    }
    if explanation.approximate {
        let _ = writeln!(out, "{APPROXIMATE}");
    }
    for frame in &explanation.frames {
        let bold = Style::new().bold();
        let verdict = if frame.predicted { "predicted" } else { "not predicted" };
        let FrameExplanation { logit, intercept, remainder, .. } = frame;
        let _ = write!(
            out,
            "{bold}{}{bold:#}  probability {:.3}, {verdict}; logit {logit:+.3} = intercept {intercept:+.3}",
            frame.frame, frame.proba,
        );
        let from_words = logit - intercept - remainder;
        let _ = if explanation.approximate {
            writeln!(out, ", {from_words:+.3} from words and {remainder:+.3} remainder")
        } else {
            writeln!(out, " and {from_words:+.3} from words")
        };
        let _ = writeln!(out, "  {}", tinted(explanation, frame));
        let mut order = strongest(&frame.words, Some(top));
        order.sort_by(|a, b| frame.words[*b].total().abs().total_cmp(&frame.words[*a].total().abs()));
        for i in order {
            let parts = frame.words[i];
            let token = explanation.token(i);
            let token = if explanation.names[i] { format!("{token} (a name)") } else { token.to_owned() };
            let _ = write!(
                out,
                "  {:+.3}  {:<20} word {:+.3}  pairs {:+.3}  subwords {:+.3}",
                parts.total(),
                token,
                parts.word,
                parts.pairs,
                parts.subwords,
            );
            let _ =
                if explanation.approximate { writeln!(out, "  context {:+.3}", parts.context) } else { writeln!(out) };
        }
    }
    out
}

/// The sentence with the words that speak for the frame in green and those that speak against it in red, from a tenth
/// of the strongest contribution on.
fn tinted(explanation: &Explanation, frame: &FrameExplanation) -> String {
    let strongest = frame.words.iter().map(|word| word.total().abs()).fold(0.0, f64::max);
    let (mut out, mut end) = (String::new(), 0);
    let between =
        |from: usize, to: usize| explanation.text.get(from..to).unwrap_or_default().replace(['\n', '\r'], " ");
    for (span, word) in explanation.tokens.iter().zip(&frame.words) {
        let share = word.total() / strongest.max(f64::MIN_POSITIVE);
        let style = match share {
            s if s >= 0.5 => AnsiColor::Green.on_default().bold(),
            s if s >= 0.1 => AnsiColor::Green.on_default(),
            s if s <= -0.5 => AnsiColor::Red.on_default().bold(),
            s if s <= -0.1 => AnsiColor::Red.on_default(),
            _ => Style::new(),
        };
        // One character may give several tokens; its text is written once.
        let start = span.start.max(end);
        out.push_str(&between(end, start));
        let _ = write!(out, "{style}{}{style:#}", between(start, span.end.max(start)));
        end = span.end.max(end);
    }
    out.push_str(&between(end, explanation.text.len()));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Contribution;

    fn explanation(approximate: bool) -> Explanation {
        let context = if approximate { 0.25 } else { 0.0 };
        let frame = FrameExplanation {
            frame: "a".into(),
            intercept: -1.0,
            logit: 1.0 + 3.0 * context,
            proba: 0.7,
            predicted: true,
            remainder: 2.0 * context,
            words: vec![Contribution { word: 1.0, pairs: 0.5, subwords: 0.5, context }, Contribution::default()],
        };
        let (tokens, names) = (vec![0..4, 5..7], vec![false; 2]);
        Explanation { text: "Rage on".into(), tokens, names, approximate, frames: vec![frame] }
    }

    #[test]
    fn an_approximate_explanation_says_so_and_closes_its_sum() {
        let plain = anstream::adapter::strip_str(&page("r1", &explanation(false), 1)).to_string();
        assert_eq!(
            plain,
            "r1\na  probability 0.700, predicted; logit +1.000 = intercept -1.000 and +2.000 from words\n  Rage on\n  \
             +2.000  Rage                 word +1.000  pairs +0.500  subwords +0.500\n"
        );
        let approximate = anstream::adapter::strip_str(&page("r1", &explanation(true), 1)).to_string();
        let lines: Vec<&str> = approximate.lines().collect();
        assert!(lines[1].starts_with("approximate: an encoder reads the sentence as a whole"), "{approximate}");
        assert!(
            lines[3].ends_with("logit +1.750 = intercept -1.000, +2.250 from words and +0.500 remainder"),
            "{approximate}"
        );
        assert!(lines[5].starts_with("  +2.250  Rage ") && lines[5].ends_with("context +0.250"), "{approximate}");
    }
}
