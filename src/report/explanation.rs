//! Explanations as tidy CSV.

use serde_json::{Value, json};

use super::layout::csv;
use crate::error::Result;
use crate::model::{Contribution, Explanation, FrameExplanation};

/// Columns of [`explanation_csv`].
pub const EXPLANATION_COLUMNS: [&str; 11] =
    ["id", "frame", "proba", "predicted", "token", "start", "end", "word", "pairs", "subwords", "contribution"];

/// One row a frame and token, and one a frame for the intercept (token `(intercept)`, no span): the contributions of a frame sum to the
/// logit of its `proba`. `start` and `end` are byte offsets into the text. Each explanation comes with the id of its row. Of each frame
/// the `top` tokens with the largest contributions are kept, in the order of the text; all of them when `None`.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn explanation_csv(explanations: &[(String, Explanation)], top: Option<usize>) -> Result<String> {
    let mut rows = Vec::new();
    for (id, explanation) in explanations {
        for frame in &explanation.frames {
            let mut row = |token: &str, start: String, end: String, parts: [f64; 3], total: f64| {
                let [word, pairs, subwords] = parts.map(|x| x.to_string());
                rows.push(vec![
                    id.clone(),
                    frame.frame.clone(),
                    frame.proba.to_string(),
                    u8::from(frame.predicted).to_string(),
                    token.to_owned(),
                    start,
                    end,
                    word,
                    pairs,
                    subwords,
                    total.to_string(),
                ]);
            };
            row("(intercept)", String::new(), String::new(), [0.0; 3], frame.intercept);
            for i in strongest(&frame.words, top) {
                let (span, parts) = (&explanation.tokens[i], &frame.words[i]);
                let values = [parts.word, parts.pairs, parts.subwords];
                row(explanation.token(i), span.start.to_string(), span.end.to_string(), values, parts.total());
            }
        }
    }
    csv(&EXPLANATION_COLUMNS, rows)
}

/// Explanations for JSON: an array with the id, the text, and for each frame its logit taken apart, token by token; of each frame the `top`
/// tokens with the largest contributions, all of them when `None`.
#[must_use]
pub fn explanation_json(explanations: &[(String, Explanation)], top: Option<usize>) -> Value {
    let word = |explanation: &Explanation, i: usize, parts: &Contribution| {
        json!({
            "token": explanation.token(i),
            "start": explanation.tokens[i].start,
            "end": explanation.tokens[i].end,
            "word": parts.word,
            "pairs": parts.pairs,
            "subwords": parts.subwords,
            "contribution": parts.total(),
        })
    };
    let frame = |explanation: &Explanation, frame: &FrameExplanation| {
        let words = strongest(&frame.words, top).into_iter().map(|i| word(explanation, i, &frame.words[i]));
        json!({
            "frame": frame.frame,
            "proba": frame.proba,
            "predicted": frame.predicted,
            "logit": frame.logit,
            "intercept": frame.intercept,
            "words": words.collect::<Vec<_>>(),
        })
    };
    let one = |(id, explanation): &(String, Explanation)| {
        let frames: Vec<Value> = explanation.frames.iter().map(|one| frame(explanation, one)).collect();
        json!({ "id": id, "text": explanation.text, "frames": frames })
    };
    explanations.iter().map(one).collect()
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
