//! Krippendorff's alpha: how far coders agree beyond what chance would give.

use std::collections::{BTreeMap, BTreeSet};

/// What several coders made of the same units, compiled once so that alpha can be had again for any weights.
///
/// Values are numbered densely, and a unit keeps only how often each was given to it and how far its values lie apart.
/// Units that fewer than two have coded pair no values and are dropped.
///
/// `α = 1 − Dₒ/Dₑ` with `Dₒ = (1/n) Σ_u Σ_ck n_uc n_uk δ_ck / (m_u − 1)` and `Dₑ = Σ_ck n_c n_k δ_ck / (n (n − 1))`,
/// where `n_uc` counts the value c in the unit u, which has `m_u` values, `n_c = Σ_u n_uc`, `n = Σ_c n_c`, and δ is
/// the distance of two values.
///
/// Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.
#[derive(Debug, Clone, PartialEq)]
pub struct ReliabilityData {
    /// Units given, pairable or not.
    n_units: usize,
    n_values: usize,
    /// `δ_ck` of shape (n_values, n_values), row by row.
    distances: Vec<f64>,
    units: Vec<PairableUnit>,
    /// Value and count, unit after unit.
    counts: Vec<(u32, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
struct PairableUnit {
    /// Its place among all units, and so its weight's.
    index: u32,
    /// The end of its part of the counts, which begins where that of the unit before ends.
    end: u32,
    /// `Σ_ck n_uc n_uk δ_ck / (m_u − 1)`.
    disagreement: f64,
}

impl ReliabilityData {
    /// Compiles units, each with the values of those who coded it, in any order. `distance` is 0 for equal values and
    /// symmetric: 0 or 1 for nominal values, `(c − k)²` for intervals, `((c − k)/(c + k))²` for ratios,
    /// [`masi_distance`] for sets.
    #[must_use]
    pub fn new<V: Ord>(units: &[Vec<V>], distance: impl Fn(&V, &V) -> f64) -> Self {
        let pairable = || units.iter().enumerate().filter(|(_, values)| values.len() > 1);
        let values: Vec<&V> = pairable().flat_map(|(_, values)| values).collect::<BTreeSet<_>>().into_iter().collect();
        let number: BTreeMap<&V, u32> = values.iter().zip(0..).map(|(value, i)| (*value, i)).collect();
        let distances: Vec<f64> = values.iter().flat_map(|c| values.iter().map(|k| distance(c, k))).collect();
        let n_values = values.len();
        let (mut compiled, mut all_counts) = (Vec::new(), Vec::new());
        for (index, values) in pairable() {
            let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
            values.iter().for_each(|value| *counts.entry(number[value]).or_default() += 1.0);
            let apart = |(c, n): (&u32, &f64)| -> f64 {
                let row = &distances[*c as usize * n_values..];
                counts.iter().map(|(k, other)| n * other * row[*k as usize]).sum()
            };
            let disagreement = counts.iter().map(apart).sum::<f64>() / (values.len() - 1) as f64;
            all_counts.extend(counts);
            compiled.push(PairableUnit { index: index as u32, end: all_counts.len() as u32, disagreement });
        }
        ReliabilityData { n_units: units.len(), n_values, distances, units: compiled, counts: all_counts }
    }

    /// Compiles units whose values are equal or not, and nothing between.
    #[must_use]
    pub fn nominal<V: Ord>(units: &[Vec<V>]) -> Self {
        ReliabilityData::new(units, |c, k| f64::from(u8::from(c != k)))
    }

    /// Alpha: 1 for full agreement, 0 for what chance gives, below 0 for less.
    ///
    /// `weights`, as long as the units were, says how often each counts: all 1 for the estimate, the times it was
    /// drawn in a bootstrap, 0 where a jackknife leaves it out. `totals` is space for one number a value, so that
    /// replicates need none of their own. `None` if no unit has two values, or if all values are equal: alpha is not
    /// defined where nothing varies.
    ///
    /// # Panics
    /// If there are not as many weights as units.
    #[must_use]
    pub fn alpha(&self, weights: &[f64], totals: &mut Vec<f64>) -> Option<f64> {
        assert_eq!(self.n_units, weights.len(), "each unit needs its weight");
        totals.clear();
        totals.resize(self.n_values, 0.0);
        let (mut observed, mut start) = (0.0, 0);
        for unit in &self.units {
            let weight = weights[unit.index as usize];
            let counts = &self.counts[start..unit.end as usize];
            counts.iter().for_each(|(value, count)| totals[*value as usize] += weight * count);
            observed += weight * unit.disagreement;
            start = unit.end as usize;
        }
        let n: f64 = totals.iter().sum();
        let mut expected = 0.0;
        for (c, n_c) in totals.iter().enumerate() {
            let row = &self.distances[c * self.n_values..];
            expected += n_c * totals.iter().zip(row).map(|(n_k, distance)| n_k * distance).sum::<f64>();
        }
        (expected > 0.0).then(|| 1.0 - (n - 1.0) * observed / expected)
    }
}

/// How far two sets lie apart: `1 − J·M`, with the Jaccard index J and M = 1 for equal sets, 2/3 if one holds the
/// other, 1/3 if they overlap otherwise, 0 if they share nothing. Two empty sets are equal; an empty set and another
/// share nothing, so that "none" may be written as the empty set.
///
/// Values equal those of NLTK 3.10 (`masi_distance`); NLTK up to 3.9 rounds M to 0.67 and 0.33.
///
/// Source: Passonneau (2006), Measuring Agreement on Set-Valued Items (MASI), LREC.
#[must_use]
pub fn masi_distance<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    if a == b {
        return 0.0;
    }
    let shared = a.intersection(b).count();
    let monotonicity = if shared == a.len().min(b.len()) { 2.0 / 3.0 } else { 1.0 / 3.0 };
    1.0 - shared as f64 / (a.len() + b.len() - shared) as f64 * monotonicity
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIKIPEDIA: [[u8; 15]; 3] = [
        [0, 0, 0, 0, 0, 3, 4, 1, 2, 1, 1, 3, 3, 0, 3],
        [1, 0, 2, 1, 3, 3, 4, 3, 0, 0, 0, 0, 0, 0, 0],
        [0, 0, 2, 1, 3, 4, 4, 0, 2, 1, 1, 3, 3, 0, 4],
    ];
    const KRIPPENDORFF: [[u8; 12]; 4] = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ];

    /// Units of coders in rows and units in columns, with 0 for not coded.
    fn units<const N: usize>(coders: &[[u8; N]]) -> Vec<Vec<u8>> {
        let of_unit = |i: usize| coders.iter().map(|values| values[i]).filter(|value| *value > 0).collect();
        (0..N).map(of_unit).collect()
    }

    fn all(data: &ReliabilityData) -> Option<f64> {
        data.alpha(&vec![1.0; data.n_units], &mut Vec::new())
    }

    fn nominal<const N: usize>(coders: &[[u8; N]]) -> Option<f64> {
        all(&ReliabilityData::nominal(&units(coders)))
    }

    /// Wikipedia, "Krippendorff's alpha", three coders of fifteen units; and Krippendorff (2011), four of twelve. The
    /// values to more digits are those of the package fast-krippendorff.
    #[test]
    fn published_values() {
        let near = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap() - expected).abs() < 1e-9, "{found:?} is not {expected}");
        };
        let interval = |c: &u8, k: &u8| (f64::from(*c) - f64::from(*k)).powi(2);
        let ratio = |c: &u8, k: &u8| ((f64::from(*c) - f64::from(*k)) / f64::from(c + k)).powi(2);
        near(nominal(&WIKIPEDIA), 0.691_358_024_691_358);
        near(all(&ReliabilityData::new(&units(&WIKIPEDIA), interval)), 0.810_844_892_812_105_9);
        near(all(&ReliabilityData::new(&units(&WIKIPEDIA), ratio)), 0.808_943_670_784_247_1);
        near(nominal(&KRIPPENDORFF), 0.743_421_052_631_579);
        near(all(&ReliabilityData::new(&units(&KRIPPENDORFF), interval)), 0.849_107_142_857_143);
        near(all(&ReliabilityData::new(&units(&KRIPPENDORFF), ratio)), 0.797_402_774_711_612_1);
    }

    fn sets(units: &[&[&str]]) -> Vec<Vec<BTreeSet<String>>> {
        let set = |cell: &&str| cell.split(';').filter(|name| *name != "none").map(str::to_owned).collect();
        units.iter().map(|cells| cells.iter().map(set).collect()).collect()
    }

    /// NLTK 3.10.4, `AnnotationTask(data, distance=masi_distance).alpha()`, with `frozenset({"none"})` for none.
    #[test]
    fn masi_alpha_is_nltks() {
        let units = sets(&[
            &["x", "x", "x;y"],
            &["none", "x", "none"],
            &["x;y", "y;z"],
            &["y", "y", "y"],
            &["z", "x;z"],
            &["none", "none"],
            &["x;y;z", "x;y"],
        ]);
        let alpha = all(&ReliabilityData::new(&units, masi_distance)).unwrap();
        assert!((alpha - 0.439_175_257_731_958_53).abs() < 1e-12, "{alpha}");
    }

    #[test]
    fn masi_by_hand() {
        let distance = |a: &str, b: &str| {
            let both = sets(&[&[a, b]]).remove(0);
            assert_eq!(masi_distance(&both[0], &both[1]), masi_distance(&both[1], &both[0]));
            masi_distance(&both[0], &both[1])
        };
        assert_eq!([distance("none", "none"), distance("x;y", "y;x")], [0.0, 0.0]);
        assert_eq!([distance("none", "x"), distance("none", "x;y"), distance("x", "y")], [1.0, 1.0, 1.0]);
        assert!((distance("x", "x;y") - 2.0 / 3.0).abs() < 1e-15, "subset: 1 - 1/2 * 2/3");
        assert!((distance("x;y", "y;z") - 8.0 / 9.0).abs() < 1e-15, "overlap: 1 - 1/3 * 1/3");
    }

    #[test]
    fn at_the_edges() {
        assert_eq!(nominal(&[[1, 2, 1], [1, 2, 1]]), Some(1.0));
        assert_eq!(nominal(&[[1, 1], [1, 1]]), None, "nothing varies");
        assert_eq!(nominal(&[[1, 2], [0, 0]]), None, "nothing is coded twice");
        assert!(nominal(&[[1, 2], [2, 1]]).unwrap() < 0.0);
        assert_eq!(all(&ReliabilityData::nominal::<u8>(&[])), None);
    }

    #[test]
    fn a_unit_weighted_twice_is_two_units_and_one_weighted_0_is_none() {
        let alpha = |units: &[Vec<i32>], weights: &[f64]| {
            // Space that another call has left full.
            ReliabilityData::nominal(units).alpha(weights, &mut vec![9.0; 5])
        };
        let units = [vec![1, 1], vec![3], vec![1, 2], vec![2, 2, 1]];
        let twice: Vec<Vec<i32>> = units.iter().chain(&units[..1]).cloned().collect();
        assert_eq!(alpha(&units, &[2.0, 1.0, 1.0, 1.0]), alpha(&twice, &[1.0; 5]));
        assert_eq!(alpha(&units, &[0.0, 1.0, 1.0, 1.0]), alpha(&units[1..], &[1.0; 3]));
    }
}
