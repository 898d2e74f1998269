//! The threshold that decides.

/// The probability from which predicting the frame gives the best F1 on these rows.
///
/// `proba` and `gold` have length n_samples. The threshold lies midway between the lowest score that is predicted and the next
/// one below, so that rounding cannot flip a row; among equally good ones the highest wins. Without a row that has the
/// frame, or without rows, it is 0.5.
///
/// Source: Lipton, Elkan & Naryanaswamy (2014), ECML PKDD: the F1-optimal rule thresholds the probability.
#[must_use]
pub fn best_f1_threshold(proba: &[f64], gold: &[bool]) -> f64 {
    let mut order: Vec<(f64, bool)> = proba.iter().copied().zip(gold.iter().copied()).collect();
    order.sort_by(|a, b| b.0.total_cmp(&a.0));
    let n_present = gold.iter().filter(|present| **present).count() as f64;
    let (mut best, mut threshold) = (0.0, 0.5);
    let mut tp = 0.0;
    for (i, (p, present)) in order.iter().enumerate() {
        tp += f64::from(u8::from(*present));
        let next = order.get(i + 1).map(|(p, _)| *p);
        if next == Some(*p) {
            continue;
        }
        let f1 = 2.0 * tp / (n_present + (i + 1) as f64);
        if f1 > best {
            (best, threshold) = (f1, (p + next.unwrap_or(0.0)) / 2.0);
        }
    }
    threshold
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // Predicting the top three gives F1 = 2·2/(2 + 3) = 0.8; the top one 2/3; all four 2·2/6.
        let threshold = best_f1_threshold(&[0.9, 0.7, 0.5, 0.1], &[true, false, true, false]);
        assert!((threshold - 0.3).abs() < 1e-15);
    }

    #[test]
    fn ties_are_taken_together() {
        let threshold = best_f1_threshold(&[0.6, 0.6, 0.2], &[true, false, false]);
        assert!((threshold - 0.4).abs() < 1e-15);
    }

    #[test]
    fn nothing_to_find() {
        assert_eq!(best_f1_threshold(&[], &[]), 0.5);
        assert_eq!(best_f1_threshold(&[0.9], &[false]), 0.5);
    }
}
