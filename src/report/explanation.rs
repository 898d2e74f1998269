//! Explanations as tidy CSV.

use std::ops::Range;

use serde_json::{Value, json};

use super::layout::csv_rows;
use super::schema::EXPLANATIONS;
use crate::corpus::decimal;
use crate::error::Result;
use crate::model::{Contribution, Explanation, FrameExplanation};

/// The header of the rows that [`explanation_csv`] gives: the columns of [`EXPLANATIONS`].
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn explanation_header() -> Result<String> {
    csv_rows([EXPLANATIONS.header(&[])])
}

/// One row a frame and token, and one a frame for the intercept (token `(intercept)`, from 0 to 0): the contributions
/// of a frame sum to the logit of its `proba`. `start` and `end` are byte offsets into the text. Of each frame the
/// `top` tokens with the largest contributions are kept, in the order of the text; all of them when `None`. `name` is
/// 1 where the token was read as the one word that stands for names. Without a header.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn explanation_csv(id: &str, explanation: &Explanation, top: Option<usize>) -> Result<String> {
    let mut rows = Vec::new();
    for frame in &explanation.frames {
        let mut row = |token: &str, span: &Range<usize>, parts: [f64; 3], total: f64, name: bool| {
            let [word, pairs, subwords] = parts.map(decimal);
            rows.push(vec![
                id.to_owned(),
                frame.frame.clone(),
                decimal(frame.proba),
                u8::from(frame.predicted).to_string(),
                token.to_owned(),
                span.start.to_string(),
                span.end.to_string(),
                word,
                pairs,
                subwords,
                decimal(total),
                u8::from(name).to_string(),
            ]);
        };
        row("(intercept)", &(0..0), [0.0; 3], frame.intercept, false);
        for i in strongest(&frame.words, top) {
            let (span, parts) = (&explanation.tokens[i], &frame.words[i]);
            let values = [parts.word, parts.pairs, parts.subwords];
            row(explanation.token(i), span, values, parts.total(), explanation.names[i]);
        }
    }
    csv_rows(rows)
}

/// An explanation for a line of JSON Lines: an object with the id, the text, and for each frame its logit taken apart,
/// token by token; of each frame the `top` tokens with the largest contributions, all of them when `None`.
#[must_use]
pub fn explanation_json(id: &str, explanation: &Explanation, top: Option<usize>) -> Value {
    let word = |i: usize, parts: &Contribution| {
        json!({
            "token": explanation.token(i),
            "start": explanation.tokens[i].start,
            "end": explanation.tokens[i].end,
            "word": parts.word,
            "pairs": parts.pairs,
            "subwords": parts.subwords,
            "contribution": parts.total(),
            "name": explanation.names[i],
        })
    };
    let frame = |frame: &FrameExplanation| {
        let words: Vec<Value> = strongest(&frame.words, top).into_iter().map(|i| word(i, &frame.words[i])).collect();
        json!({
            "frame": frame.frame,
            "proba": frame.proba,
            "predicted": frame.predicted,
            "logit": frame.logit,
            "intercept": frame.intercept,
            "words": words,
        })
    };
    let frames: Vec<Value> = explanation.frames.iter().map(frame).collect();
    json!({ "id": id, "text": explanation.text, "frames": frames })
}

/// Positions of the `top` largest contributions by size, in the order of the text.
#[must_use]
pub fn strongest(words: &[Contribution], top: Option<usize>) -> Vec<usize> {
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by(|a, b| words[*b].total().abs().total_cmp(&words[*a].total().abs()));
    order.truncate(top.unwrap_or(usize::MAX));
    order.sort_unstable();
    order
}
