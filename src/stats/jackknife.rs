//! The cluster jackknife: each article is left out once, with all its rows.

use rayon::prelude::*;

use super::{Estimate, MIN_CLUSTERS, t_quantile};

/// Estimates of several statistics of the same rows, each with a jackknife interval, which covers better than a
/// bootstrap where clusters are few.
///
/// `clusters` gives each row its cluster, numbered densely from 0. `statistics` takes the rows' weights (all 1 for the
/// point estimates, 0 for the rows left out) and returns as many values on each call, `None` where a value is
/// undefined.
///
/// The interval is `θ ± t·s` with `s² = (G − 1)/G · Σ_g (θ₍g₎ − θ̄)²` over the G clusters, θ₍g₎ being the statistic
/// without cluster g and θ̄ their mean, and t the `(1 + level)/2` quantile of Student's t with G − 1 degrees of
/// freedom. It does not heed the statistic's range. A statistic undefined on the data themselves gives `None`; there
/// is no interval with fewer than 5 clusters, or if leaving out any of them makes the statistic undefined.
///
/// Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 11; for alpha, Hughes (2021),
/// krippendorffsalpha, The R Journal 13(1).
pub fn jackknife<F>(level: f64, clusters: &[u32], statistics: F) -> Vec<Option<Estimate>>
where
    F: Fn(&[f64]) -> Vec<Option<f64>> + Sync,
{
    let n = clusters.len();
    let n_clusters = clusters.iter().max().map_or(0, |last| *last as usize + 1);
    let points = statistics(&vec![1.0; n]);
    let n_left_out = if n_clusters < MIN_CLUSTERS { 0 } else { n_clusters };
    let without: Vec<Vec<Option<f64>>> = (0..n_left_out)
        .into_par_iter()
        .map(|g| {
            let weight = |cluster: &u32| f64::from(u8::from(*cluster as usize != g));
            statistics(&clusters.iter().map(weight).collect::<Vec<f64>>())
        })
        .collect();
    let t = t_quantile(f64::midpoint(1.0, level), n_clusters as f64 - 1.0);
    let estimate = |(s, value): (usize, Option<f64>)| {
        let value = value?;
        let values: Option<Vec<f64>> = without.iter().map(|values| values[s]).collect();
        let margin = values.filter(|values| !values.is_empty()).map(|values| t * standard_error(&values));
        let (low, high) = (margin.map(|margin| value - margin), margin.map(|margin| value + margin));
        Some(Estimate { value, low, high, level, n, n_clusters })
    };
    points.into_iter().enumerate().map(estimate).collect()
}

/// The jackknife's standard error from the values with one cluster left out each.
fn standard_error(values: &[f64]) -> f64 {
    let g = values.len() as f64;
    let mean = values.iter().sum::<f64>() / g;
    ((g - 1.0) / g * values.iter().map(|value| (value - mean).powi(2)).sum::<f64>()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64]) -> impl Fn(&[f64]) -> Vec<Option<f64>> + Sync + '_ {
        |weights| {
            let total: f64 = weights.iter().sum();
            vec![Some(values.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total)]
        }
    }

    /// For a mean the jackknife is the textbook's interval: s/√n with n − 1 degrees of freedom. SciPy 1.17:
    /// `ttest_1samp(values, 0).confidence_interval()`.
    #[test]
    fn of_a_mean_it_is_students_interval() {
        let values = [1.0, 2.0, 4.0, 4.0, 5.0, 8.0];
        let estimate = jackknife(0.95, &[0, 1, 2, 3, 4, 5], mean(&values))[0].clone().unwrap();
        assert!((estimate.low.unwrap() - 1.429_418_164_364_685_4).abs() < 1e-9);
        assert!((estimate.high.unwrap() - 6.570_581_835_636_315).abs() < 1e-9);
        assert_eq!((estimate.value, estimate.n, estimate.n_clusters), (4.0, 6, 6));
    }

    #[test]
    fn no_interval_where_there_is_none() {
        let few = jackknife(0.95, &[0, 1, 2, 3, 3], mean(&[1.0, 2.0, 3.0, 4.0, 5.0]));
        assert_eq!(few[0].clone().unwrap().low, None, "four clusters");
        // Undefined as soon as the first row is left out.
        let first = |weights: &[f64]| vec![(weights[0] > 0.0).then_some(1.0), None];
        let estimates = jackknife(0.95, &[0, 1, 2, 3, 4, 5], first);
        assert_eq!(estimates[0].clone().unwrap().high, None);
        assert_eq!(estimates[1], None);
        assert!(jackknife(0.95, &[], |_| Vec::new()).is_empty());
    }
}
