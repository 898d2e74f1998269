//! p-values of many tests at once.

use serde::{Deserialize, Serialize};

/// How p-values are adjusted for the number of tests in their family.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adjustment {
    /// Benjamini & Hochberg (1995): the false discovery rate, for tests that are independent or positively dependent.
    #[default]
    BenjaminiHochberg,
    /// Benjamini & Yekutieli (2001): the false discovery rate, whatever the dependence.
    BenjaminiYekutieli,
    /// Holm (1979): the chance of any false finding, whatever the dependence.
    Holm,
}

impl Adjustment {
    /// Its name in a sentence.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Adjustment::BenjaminiHochberg => "Benjamini-Hochberg",
            Adjustment::BenjaminiYekutieli => "Benjamini-Yekutieli",
            Adjustment::Holm => "Holm",
        }
    }

    /// Adjusted p-values in the order given, each in [0, 1]; a test survives at a rate when its adjusted p is at most that rate.
    ///
    /// With the p-values ascending, of m: Benjamini-Hochberg is `min_{k ≥ i} p_k m / k`, Benjamini-Yekutieli the same times
    /// `Σ 1/k`, Holm `max_{k ≤ i} p_k (m − k + 1)`.
    #[must_use]
    pub fn adjust(self, p: &[f64]) -> Vec<f64> {
        let m = p.len();
        let mut order: Vec<usize> = (0..m).collect();
        order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
        let mut adjusted = vec![0.0; m];
        if self == Adjustment::Holm {
            let mut most: f64 = 0.0;
            for (k, test) in order.into_iter().enumerate() {
                most = most.max(p[test] * (m - k) as f64).min(1.0);
                adjusted[test] = most;
            }
            return adjusted;
        }
        let penalty = match self {
            Adjustment::BenjaminiYekutieli => (1..=m).map(|k| 1.0 / k as f64).sum(),
            _ => 1.0,
        };
        let mut least: f64 = 1.0;
        for (k, test) in order.into_iter().enumerate().rev() {
            least = least.min(penalty * p[test] * m as f64 / (k + 1) as f64);
            adjusted[test] = least;
        }
        adjusted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        found.iter().zip(expected).for_each(|(a, b)| assert!((a - b).abs() < 1e-9, "{found:?}"));
    }

    #[test]
    fn fifteen_published_p_values() {
        // The example of Benjamini & Hochberg (1995), adjusted by statsmodels 0.15, `multipletests`.
        let p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216, 0.222, 0.251, 0.269, 0.275, 0.34];
        let bh = [
            0.015,
            0.06,
            0.126,
            0.126,
            0.126,
            0.15,
            0.158_571_428_571_428_56,
            0.294_642_857_142_857_14,
            0.294_642_857_142_857_14,
            0.294_642_857_142_857_14,
            0.294_642_857_142_857_14,
            0.294_642_857_142_857_14,
            0.294_642_857_142_857_14,
            0.294_642_857_142_857_14,
            0.34,
        ];
        check(&Adjustment::BenjaminiHochberg.adjust(&p), &bh);
        let holm = [0.015, 0.112, 0.507, 0.507, 0.507, 0.6, 0.666, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
        check(&Adjustment::Holm.adjust(&p), &holm);
        let by = Adjustment::BenjaminiYekutieli.adjust(&p);
        check(&by[..3], &[0.049_773_434_898_434_9, 0.199_093_739_593_739_6, 0.418_096_853_146_853_24]);
        check(&by[5..8], &[0.497_734_348_984_349, 0.526_176_311_783_462_7, 0.977_692_471_219_257_1]);
        check(&by[14..], &[1.0]);
    }

    #[test]
    fn order_and_edges() {
        check(&Adjustment::BenjaminiHochberg.adjust(&[0.04, 0.01]), &[0.04, 0.02]);
        check(&Adjustment::Holm.adjust(&[0.04, 0.01]), &[0.04, 0.02]);
        assert!(Adjustment::Holm.adjust(&[]).is_empty());
    }
}
