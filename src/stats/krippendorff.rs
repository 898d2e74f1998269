//! Krippendorff's alpha: how far coders agree beyond what chance would give.

use std::collections::BTreeMap;

/// Alpha for nominal values, 1 for full agreement, 0 for what chance gives, below 0 for less.
///
/// `units` holds, for each unit, the values of those who coded it, in any order; a unit that fewer than two have coded counts for
/// nothing. `weights`, of the same length, says how often each unit counts: all 1 for the estimate, the times it was drawn in a
/// bootstrap. `None` if no unit has two values, or if all values are equal: alpha is not defined where nothing varies.
///
/// `α = 1 − Dₒ/Dₑ` with `Dₒ = 1 − Σ_c o_cc / n` and `Dₑ = 1 − Σ_c n_c (n_c − 1) / (n (n − 1))`, where each ordered pair of values within
/// a unit of m values adds `1/(m − 1)` to its coincidence `o_ck`, `n_c = Σ_k o_ck` and `n = Σ_c n_c`.
///
/// # Panics
/// If `weights` is not as long as `units`.
///
/// Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
#[must_use]
pub fn krippendorff_alpha<V: Ord>(units: &[Vec<V>], weights: &[f64]) -> Option<f64> {
    assert_eq!(units.len(), weights.len(), "each unit needs its weight");
    let mut totals: BTreeMap<&V, f64> = BTreeMap::new();
    let mut agreed = 0.0;
    for (values, weight) in units.iter().zip(weights) {
        let m = values.len() as f64;
        if values.len() < 2 {
            continue;
        }
        let mut counts: BTreeMap<&V, f64> = BTreeMap::new();
        values.iter().for_each(|value| *counts.entry(value).or_default() += 1.0);
        for (value, count) in counts {
            *totals.entry(value).or_default() += weight * count;
            agreed += weight * count * (count - 1.0) / (m - 1.0);
        }
    }
    let n: f64 = totals.values().sum();
    let expected = n * (n - 1.0) - totals.values().map(|c| c * (c - 1.0)).sum::<f64>();
    (expected > 0.0).then(|| 1.0 - (n - agreed) * (n - 1.0) / expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Coders in rows, units in columns, 0 for not coded.
    fn alpha<const N: usize>(coders: &[[u8; N]]) -> Option<f64> {
        let of_unit = |i: usize| coders.iter().map(|values| values[i]).filter(|value| *value > 0).collect();
        krippendorff_alpha(&(0..N).map(of_unit).collect::<Vec<Vec<u8>>>(), &[1.0; N])
    }

    #[test]
    fn published_values() {
        // Wikipedia, "Krippendorff's alpha", three coders of fifteen units; and Krippendorff (2011), four of twelve. The values
        // to more digits are those of the package fast-krippendorff.
        let wikipedia = [
            [0, 0, 0, 0, 0, 3, 4, 1, 2, 1, 1, 3, 3, 0, 3],
            [1, 0, 2, 1, 3, 3, 4, 3, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 2, 1, 3, 4, 4, 0, 2, 1, 1, 3, 3, 0, 4],
        ];
        assert!((alpha(&wikipedia).unwrap() - 0.691_358_024_691_358).abs() < 1e-12);
        let krippendorff = [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
            [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
        ];
        assert!((alpha(&krippendorff).unwrap() - 0.743_421_052_631_579).abs() < 1e-12);
    }

    #[test]
    fn at_the_edges() {
        assert_eq!(alpha(&[[1, 2, 1], [1, 2, 1]]), Some(1.0));
        assert_eq!(alpha(&[[1, 1], [1, 1]]), None, "nothing varies");
        assert_eq!(alpha(&[[1, 2], [0, 0]]), None, "nothing is coded twice");
        assert!(alpha(&[[1, 2], [2, 1]]).unwrap() < 0.0);
        assert_eq!(krippendorff_alpha::<u8>(&[], &[]), None);
    }

    #[test]
    fn a_unit_weighted_twice_is_two_units() {
        let units = [vec![1, 1], vec![1, 2], vec![2, 2, 1]];
        let twice: Vec<Vec<i32>> = units.iter().chain(&units[..1]).cloned().collect();
        assert_eq!(krippendorff_alpha(&units, &[2.0, 1.0, 1.0]), krippendorff_alpha(&twice, &[1.0; 4]));
    }
}
