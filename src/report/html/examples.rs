//! Example sentences, each word tinted by what it adds.

use serde::Serialize;

use super::format::percent;
use crate::comparison::Example;
use crate::model::{Explanation, FrameExplanation};
use crate::report::strongest;

/// Steps of tint; a word below the first has none.
const STEPS: f64 = 5.0;
/// Words named below a sentence.
const N_NAMED: usize = 4;

/// The examples of one outlet.
#[derive(Debug, Serialize)]
pub(super) struct OutletExamples {
    outlet: String,
    sentences: Vec<Sentence>,
}

#[derive(Debug, Serialize)]
struct Sentence {
    frame: String,
    id: String,
    proba: String,
    coder: &'static str,
    pieces: Vec<Piece>,
    /// The strongest words with their sign, for those who do not see tints.
    named: String,
}

/// A stretch of text and the class of its tint, empty for none.
#[derive(Debug, PartialEq, Serialize)]
struct Piece {
    text: String,
    class: String,
}

pub(super) fn examples(examples: &[Example], explanations: &[Option<Explanation>]) -> Vec<OutletExamples> {
    let mut outlets: Vec<OutletExamples> = Vec::new();
    for (i, example) in examples.iter().enumerate() {
        let explanation = explanations.get(i).and_then(Option::as_ref);
        let sentence = sentence(example, explanation);
        match outlets.last_mut().filter(|last| last.outlet == example.outlet) {
            Some(last) => last.sentences.push(sentence),
            None => outlets.push(OutletExamples { outlet: example.outlet.clone(), sentences: vec![sentence] }),
        }
    }
    outlets
}

fn sentence(example: &Example, explanation: Option<&Explanation>) -> Sentence {
    let told =
        explanation.and_then(|whole| Some((whole, whole.frames.iter().find(|frame| frame.frame == example.frame)?)));
    let plain = || vec![Piece { text: example.text.clone(), class: String::new() }];
    Sentence {
        frame: example.frame.clone(),
        id: example.id.clone(),
        proba: percent(example.proba),
        coder: match example.gold {
            Some(true) => "a coder found it too",
            Some(false) => "a coder did not find it",
            None => "not coded",
        },
        pieces: told.map_or_else(plain, |(whole, frame)| pieces(whole, frame)),
        named: told.map_or_else(String::new, |(whole, frame)| named(whole, frame)),
    }
}

/// The text cut at its tinted tokens.
fn pieces(explanation: &Explanation, frame: &FrameExplanation) -> Vec<Piece> {
    let most = frame.words.iter().map(|word| word.total().abs()).fold(0.0, f64::max);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |text: &str, class: String| match pieces.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if class.is_empty() && last.class.is_empty() => last.text.push_str(text),
        _ => pieces.push(Piece { text: text.to_owned(), class }),
    };
    let mut end = 0;
    for (span, word) in explanation.tokens.iter().zip(&frame.words) {
        let step = if most > 0.0 { (STEPS * word.total().abs() / most).round() } else { 0.0 };
        let (Some(gap), Some(token)) = (explanation.text.get(end..span.start), explanation.text.get(span.clone()))
        else {
            continue;
        };
        push(gap, String::new());
        let side = if word.total() > 0.0 { "for" } else { "against" };
        push(token, if step >= 1.0 { format!("{side} t{step}") } else { String::new() });
        end = span.end;
    }
    push(explanation.text.get(end..).unwrap_or_default(), String::new());
    pieces
}

fn named(explanation: &Explanation, frame: &FrameExplanation) -> String {
    let words = strongest(&frame.words, Some(N_NAMED)).into_iter();
    let name = |i: usize| {
        let total = frame.words[i].total();
        format!("{} {}{:.2}", explanation.token(i), if total < 0.0 { '−' } else { '+' }, total.abs())
    };
    words.map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Contribution;

    #[test]
    fn pieces_join_to_the_text() {
        let word = |word: f64| Contribution { word, ..Contribution::default() };
        let frame = FrameExplanation {
            frame: "a".into(),
            intercept: 0.0,
            logit: 0.7,
            proba: 0.7,
            predicted: true,
            remainder: 0.0,
            words: vec![word(1.0), word(0.01), word(-0.5)],
        };
        let text = "Rage, she “said”.";
        let explanation = Explanation {
            text: text.into(),
            tokens: vec![0..4, 6..9, 13..17],
            names: vec![false; 3],
            approximate: false,
            frames: vec![frame.clone()],
        };
        let pieces = pieces(&explanation, &frame);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), text);
        let classes: Vec<&str> = pieces.iter().map(|piece| piece.class.as_str()).collect();
        assert_eq!(classes, ["for t5", "", "against t3", ""]);
        assert_eq!(named(&explanation, &frame), "Rage +1.00, she +0.01, said −0.50");
    }
}
