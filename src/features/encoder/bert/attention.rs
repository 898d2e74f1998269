//! Attention within one sentence, and its gradient.
//!
//! Source: Vaswani et al. (2017), Attention is all you need, NeurIPS 30, formula 1, with several heads.

use std::ops::Range;
use std::sync::Arc;

use super::lanes::{add_scaled, change, softmax, total, wide};

/// Where each sentence's tokens stand, one behind the other.
#[derive(Debug, Clone)]
pub(super) struct Spans(Arc<[Range<usize>]>);

impl Spans {
    /// Of sentences with these numbers of tokens, none of them 0.
    pub(super) fn new(lengths: impl IntoIterator<Item = usize>) -> Self {
        let mut end = 0;
        let span = |length: usize| {
            end += length;
            end - length..end
        };
        Spans(lengths.into_iter().map(span).collect())
    }

    /// How many sentences there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        self.0.iter().cloned()
    }
}

/// One head's queries, already divided by the root of their length, keys and values, and what the tokens make of one another.
struct Head {
    /// Tokens, and numbers of each in a head.
    n: usize,
    width: usize,
    /// Of shape (n, width).
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
    /// The keys once more, of shape (width, n).
    turned: Vec<f32>,
    /// Of shape (n, n): how much each token takes from each.
    shares: Vec<f32>,
}

impl Head {
    fn new(n: usize, width: usize) -> Self {
        let rows = || vec![0.0; n * width];
        Head { n, width, queries: rows(), keys: rows(), values: rows(), turned: rows(), shares: vec![0.0; n * n] }
    }

    /// Takes head `h` out of all: rows of queries, keys and values of all heads, and their biases.
    #[inline(always)]
    fn fill(&mut self, (qkv, bias): (&[f32], &[f32]), h: usize) {
        let all = bias.len() / 3;
        let (n, width) = (self.n, self.width);
        let Head { queries, keys, values, turned, shares, .. } = self;
        let scale = 1.0 / (width as f32).sqrt();
        for (part, out) in [&mut *queries, keys, values].into_iter().enumerate() {
            let at = part * all + h * width;
            let factor = if part == 0 { scale } else { 1.0 };
            for i in 0..n {
                let (row, out) = (&qkv[i * 3 * all..], &mut out[i * width..(i + 1) * width]);
                change(out, &row[at..at + width], &bias[at..at + width], |_, x, b| (x + b) * factor);
            }
        }
        for j in 0..n {
            for d in 0..width {
                turned[d * n + j] = keys[j * width + d];
            }
        }
        for i in 0..n {
            let shares = &mut shares[i * n..(i + 1) * n];
            shares.fill(0.0);
            for d in 0..width {
                add_scaled(shares, queries[i * width + d], &turned[d * n..(d + 1) * n]);
            }
            softmax(shares);
        }
    }
}

/// Writes the context of each token, of shape (n_tokens, width), from rows of queries, keys and values, of shape (n_tokens, 3 · width), and
/// their biases.
pub(super) fn forward(rows: (&[f32], &[f32]), n_heads: usize, out: &mut [f32]) {
    let all = rows.1.len() / 3;
    let mut head = Head::new(out.len() / all, all / n_heads);
    let (n, width) = (head.n, head.width);
    wide(
        #[inline(always)]
        || {
            for h in 0..n_heads {
                head.fill(rows, h);
                let at = h * width..(h + 1) * width;
                for i in 0..n {
                    let out = &mut out[i * all..(i + 1) * all][at.clone()];
                    for j in 0..n {
                        add_scaled(out, head.shares[i * n + j], &head.values[j * width..(j + 1) * width]);
                    }
                }
            }
        },
    );
}

/// Writes the gradients of the rows, given those of the contexts.
pub(super) fn backward(rows: (&[f32], &[f32]), n_heads: usize, grad: &[f32], out: &mut [f32]) {
    let all = rows.1.len() / 3;
    let mut head = Head::new(grad.len() / all, all / n_heads);
    let (n, width) = (head.n, head.width);
    let scale = 1.0 / (width as f32).sqrt();
    let (mut for_queries, mut for_keys, mut for_values) =
        (vec![0.0; n * width], vec![0.0; n * width], vec![0.0; n * width]);
    let mut for_shares = vec![0.0; n];
    wide(
        #[inline(always)]
        || {
            for h in 0..n_heads {
                head.fill(rows, h);
                for_queries.fill(0.0);
                for_keys.fill(0.0);
                for_values.fill(0.0);
                for i in 0..n {
                    let grad = &grad[i * all + h * width..][..width];
                    let shares = &head.shares[i * n..(i + 1) * n];
                    for j in 0..n {
                        let value = &head.values[j * width..(j + 1) * width];
                        for_shares[j] = total(width, |d| grad[d] * value[d]);
                        add_scaled(&mut for_values[j * width..(j + 1) * width], shares[j], grad);
                    }
                    let mean = total(n, |j| shares[j] * for_shares[j]);
                    let query = &head.queries[i * width..(i + 1) * width];
                    for j in 0..n {
                        let for_score = shares[j] * (for_shares[j] - mean);
                        let at = j * width..(j + 1) * width;
                        add_scaled(&mut for_queries[i * width..(i + 1) * width], for_score, &head.keys[at.clone()]);
                        add_scaled(&mut for_keys[at], for_score, query);
                    }
                }
                for (part, (values, factor)) in
                    [(&for_queries, scale), (&for_keys, 1.0), (&for_values, 1.0)].into_iter().enumerate()
                {
                    let at = part * all + h * width;
                    for (out, values) in out.chunks_exact_mut(3 * all).zip(values.chunks_exact(width)) {
                        out[at..at + width].iter_mut().zip(values).for_each(|(out, g)| *out = g * factor);
                    }
                }
            }
        },
    );
}
