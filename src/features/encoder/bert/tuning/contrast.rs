//! What contrastive fine-tuning minimises: rows that share a frame should lie close, rows that share none apart.

use ndarray::{Array2, ArrayView2};

/// What is to become of the cosine of two rows' vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pair {
    /// They share a frame: 1.
    Alike,
    /// One has a frame, and they share none: 0.
    Apart,
    /// Neither has a frame, which makes no kind of its own; or what would decide it is not coded: nothing.
    Open,
}

/// What two rows' labels say of them as a pair.
pub(super) fn pair(a: &[Option<bool>], b: &[Option<bool>]) -> Pair {
    let both = || a.iter().zip(b);
    if both().any(|(a, b)| *a == Some(true) && *b == Some(true)) {
        return Pair::Alike;
    }
    // A frame that one has and the other may have leaves it open.
    let may_share = both().any(|pair| matches!(pair, (Some(true) | None, None) | (None, Some(true))));
    let has = |labels: &[Option<bool>]| labels.contains(&Some(true));
    if may_share || !(has(a) || has(b)) { Pair::Open } else { Pair::Apart }
}

/// The mean over pairs of `(cos - target)²`, pairs of either kind weighing one half in sum, and its gradient with respect to the vectors.
///
/// `vectors` has shape (n_rows, dim), each of length 1. Without pairs of one kind only the other counts; without any, all is 0.
///
/// Source: the loss of Reimers & Gurevych (2019), Sentence-BERT, EMNLP, 3982–3992, as Tunstall et al. (2022), Efficient few-shot
/// learning without prompts, arXiv:2209.11055, use it, over all pairs of a batch instead of drawn ones.
pub(super) fn contrast(vectors: ArrayView2<'_, f32>, labels: &[&[Option<bool>]]) -> (f64, Array2<f32>) {
    let n = labels.len();
    let cosines = vectors.dot(&vectors.t());
    let kinds = Array2::from_shape_fn((n, n), |(i, j)| if i == j { Pair::Open } else { pair(labels[i], labels[j]) });
    let count = |wanted| kinds.iter().filter(|kind| **kind == wanted).count();
    let (n_alike, n_apart) = (count(Pair::Alike), count(Pair::Apart));
    let kinds_there = u8::from(n_alike > 0) + u8::from(n_apart > 0);
    let weight = |n: usize| 1.0 / (f64::from(kinds_there) * n as f64);
    let (of_alike, of_apart) = (weight(n_alike), weight(n_apart));
    let mut loss = 0.0;
    let slopes = Array2::from_shape_fn((n, n), |at| {
        let (target, weight) = match kinds[at] {
            Pair::Open => return 0.0,
            Pair::Alike => (1.0, of_alike),
            Pair::Apart => (0.0, of_apart),
        };
        let miss = f64::from(cosines[at]) - target;
        loss += weight * miss * miss;
        // Each pair stands there twice, once for each of its rows.
        (4.0 * weight * miss) as f32
    });
    (loss, slopes.dot(&vectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Option<bool> = Some(true);
    const NO: Option<bool> = Some(false);

    #[test]
    fn pairs_are_what_the_labels_say() {
        assert_eq!(pair(&[YES, NO], &[YES, YES]), Pair::Alike);
        assert_eq!(pair(&[YES, NO], &[NO, YES]), Pair::Apart);
        assert_eq!(pair(&[YES, NO], &[NO, NO]), Pair::Apart);
        assert_eq!(pair(&[NO, NO], &[NO, NO]), Pair::Open);
        assert_eq!(pair(&[YES, NO], &[None, NO]), Pair::Open);
        assert_eq!(pair(&[YES, YES], &[None, YES]), Pair::Alike);
        assert_eq!(pair(&[None, YES], &[None, NO]), Pair::Open);
    }

    #[test]
    fn the_gradient_is_the_slope_of_the_loss() {
        let labels: [&[Option<bool>]; 5] = [&[YES, NO], &[YES, YES], &[NO, NO], &[NO, YES], &[NO, NO]];
        let vectors = Array2::from_shape_fn((5, 3), |(i, j)| ((i * 3 + j) as f32 * 1.7).sin());
        let (_, gradient) = contrast(vectors.view(), &labels);
        for at in [(0, 0), (1, 2), (2, 1), (4, 0)] {
            let loss_at = |step: f32| {
                let mut moved = vectors.clone();
                moved[at] += step;
                contrast(moved.view(), &labels).0
            };
            let slope = (loss_at(1e-2) - loss_at(-1e-2)) / 2e-2;
            assert!((slope - f64::from(gradient[at])).abs() < 1e-3, "{at:?}: {slope} is not {}", gradient[at]);
        }
    }

    #[test]
    fn without_a_pair_there_is_nothing_to_learn() {
        let labels: [&[Option<bool>]; 2] = [&[NO], &[NO]];
        let (loss, gradient) = contrast(Array2::ones((2, 3)).view(), &labels);
        assert_eq!((loss, gradient), (0.0, Array2::zeros((2, 3))));
    }
}
