//! Explanations as tidy CSV and JSON.

use std::ops::Range;

use serde_json::{Value, json};

use super::layout::csv_rows;
use super::schema::{CONTEXT_COLUMN, EXPLANATIONS};
use crate::corpus::decimal;
use crate::error::Result;
use crate::model::{Contribution, Explanation, FrameExplanation};

/// The header of the rows that [`explanation_csv`] gives: the columns of [`EXPLANATIONS`], without `context` where the model has no
/// encoder.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn explanation_header(has_encoder: bool) -> Result<String> {
    let mut header = EXPLANATIONS.header(&[]);
    header.retain(|name| has_encoder || name != CONTEXT_COLUMN);
    csv_rows([header])
}

/// One row a frame and token, and one a frame for the intercept (token `(intercept)`, from 0 to 0): the contributions
/// of a frame sum to the logit of its `proba`. With an encoder there is one more a frame, `(remainder)`, which closes the
/// sum. `start` and `end` are byte offsets into the text. Of each frame the
/// `top` tokens with the largest contributions are kept, in the order of the text; all of them when `None`. `name` is
/// 1 where the token was read as the one word that stands for names. Without a header.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn explanation_csv(id: &str, explanation: &Explanation, top: Option<usize>) -> Result<String> {
    let mut rows = Vec::new();
    for frame in &explanation.frames {
        let mut row = |token: &str, span: &Range<usize>, parts: [f64; 4], total: f64, name: bool| {
            let [word, pairs, subwords, context] = parts.map(decimal);
            let mut cells = vec![
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
            ];
            cells.extend(explanation.approximate.then_some(context));
            rows.push(cells);
        };
        row("(intercept)", &(0..0), [0.0; 4], frame.intercept, false);
        if explanation.approximate {
            row("(remainder)", &(0..0), [0.0, 0.0, 0.0, frame.remainder], frame.remainder, false);
        }
        for i in strongest(&frame.words, top) {
            let (span, parts) = (&explanation.tokens[i], &frame.words[i]);
            let values = [parts.word, parts.pairs, parts.subwords, parts.context];
            row(explanation.token(i), span, values, parts.total(), explanation.names[i]);
        }
    }
    csv_rows(rows)
}

/// An explanation for a line of JSON Lines: an object with the id, the text, and for each frame its logit taken apart,
/// token by token; of each frame the `top` tokens with the largest contributions, all of them when `None`. With an encoder it says that
/// it is approximate, and has `context` a token and `remainder` a frame.
#[must_use]
pub fn explanation_json(id: &str, explanation: &Explanation, top: Option<usize>) -> Value {
    let word = |i: usize, parts: &Contribution| {
        let mut word = json!({
            "token": explanation.token(i),
            "start": explanation.tokens[i].start,
            "end": explanation.tokens[i].end,
            "word": parts.word,
            "pairs": parts.pairs,
            "subwords": parts.subwords,
            "contribution": parts.total(),
            "name": explanation.names[i],
        });
        if explanation.approximate {
            word["context"] = json!(parts.context);
        }
        word
    };
    let frame = |frame: &FrameExplanation| {
        let words: Vec<Value> = strongest(&frame.words, top).into_iter().map(|i| word(i, &frame.words[i])).collect();
        let mut told = json!({
            "frame": frame.frame,
            "proba": frame.proba,
            "predicted": frame.predicted,
            "logit": frame.logit,
            "intercept": frame.intercept,
            "words": words,
        });
        if explanation.approximate {
            told["remainder"] = json!(frame.remainder);
        }
        told
    };
    let frames: Vec<Value> = explanation.frames.iter().map(frame).collect();
    let mut told = json!({ "id": id, "text": explanation.text, "frames": frames });
    if explanation.approximate {
        told["approximate"] = json!(true);
    }
    told
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
