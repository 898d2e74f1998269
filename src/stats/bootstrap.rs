//! The cluster bootstrap: articles are drawn, and all their rows come along.

use rand::RngExt as _;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Estimate, rng};

/// Fewest clusters for which an interval is given.
pub const MIN_CLUSTERS: usize = 5;
/// An interval needs this share of the replicates to define the statistic.
const MIN_DEFINED: f64 = 0.9;

/// Replicates that [`Bootstrap::estimate_together`] works out at once.
pub(crate) const LANES: usize = 8;

/// Settings of a percentile cluster bootstrap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bootstrap {
    /// How many times the clusters are drawn anew. `0` gives no intervals.
    pub n_replicates: usize,
    /// Confidence level of the intervals.
    pub level: f64,
    /// Seed of the draws.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Bootstrap { n_replicates: 1000, level: 0.95, seed: 0 }
    }
}

/// How often each row counts in one replicate; length n_rows.
pub type Replicate = Vec<f64>;

impl Bootstrap {
    /// Estimates of several statistics of the same rows, each with a percentile interval.
    ///
    /// `clusters` gives each row its cluster, numbered densely from 0. `statistics` takes the rows' weights (all 1 for the
    /// point estimates) and returns as many values on each call, `None` where a value is undefined. A replicate draws as many
    /// clusters as there are, with replacement. The bounds are the `(1 ± level)/2` quantiles, linearly interpolated.
    ///
    /// A statistic undefined on the data themselves gives `None`. There is no interval with fewer than 5
    /// clusters, or if more than a tenth of the replicates leave the statistic undefined.
    ///
    /// Source: Davison & Hinkley (1997), Bootstrap Methods and their Application, 3.8; Efron (1979) for the percentile method.
    pub fn estimate<F>(&self, clusters: &[u32], statistics: F) -> Vec<Option<Estimate>>
    where
        F: Fn(&[f64]) -> Vec<Option<f64>> + Sync,
    {
        let n_clusters = clusters.iter().max().map_or(0, |last| *last as usize + 1);
        let points = statistics(&vec![1.0; clusters.len()]);
        let weights = |replicate: usize| -> Replicate {
            let times = self.draw(n_clusters, replicate as u64);
            clusters.iter().map(|cluster| f64::from(times[*cluster as usize])).collect()
        };
        let replicates: Vec<Vec<Option<f64>>> =
            (0..self.n_drawn(n_clusters)).into_par_iter().map(|replicate| statistics(&weights(replicate))).collect();
        self.summarise(points, &replicates, clusters.len(), n_clusters)
    }

    /// The same for statistics that work on several replicates at once, of which each is a lane: a walk over many rows then fetches
    /// each row once for all of them. `statistics` takes how often each cluster counts in each lane, and returns the values of each
    /// lane. The replicates, and so the bounds, are those of [`Bootstrap::estimate`].
    pub(crate) fn estimate_together<F>(&self, clusters: &[u32], statistics: F) -> Vec<Option<Estimate>>
    where
        F: Fn(&[[f32; LANES]]) -> [Vec<Option<f64>>; LANES] + Sync,
    {
        let n_clusters = clusters.iter().max().map_or(0, |last| *last as usize + 1);
        let [points, ..] = statistics(&vec![[1.0; LANES]; n_clusters]);
        let n_drawn = self.n_drawn(n_clusters);
        let together = |group: usize| {
            let mut draws = vec![[0.0; LANES]; n_clusters];
            let lanes = group * LANES..n_drawn.min((group + 1) * LANES);
            for (lane, replicate) in lanes.clone().enumerate() {
                let times = self.draw(n_clusters, replicate as u64);
                draws.iter_mut().zip(times).for_each(|(draws, times)| draws[lane] = times);
            }
            statistics(&draws).into_iter().take(lanes.len()).collect::<Vec<_>>()
        };
        let replicates: Vec<Vec<Option<f64>>> =
            (0..n_drawn.div_ceil(LANES)).into_par_iter().map(together).collect::<Vec<_>>().concat();
        self.summarise(points, &replicates, clusters.len(), n_clusters)
    }

    fn n_drawn(&self, n_clusters: usize) -> usize {
        if n_clusters < MIN_CLUSTERS { 0 } else { self.n_replicates }
    }

    fn summarise(
        &self,
        points: Vec<Option<f64>>,
        replicates: &[Vec<Option<f64>>],
        n: usize,
        n_clusters: usize,
    ) -> Vec<Option<Estimate>> {
        points
            .into_iter()
            .enumerate()
            .map(|(s, value)| {
                let (low, high) = self.bounds(replicates.iter().filter_map(|values| values[s]).collect());
                Some(Estimate { value: value?, low, high, level: self.level, n, n_clusters })
            })
            .collect()
    }

    /// How often each cluster is drawn.
    fn draw(&self, n_clusters: usize, replicate: u64) -> Vec<f32> {
        let mut rng = rng(self.seed, "bootstrap", replicate);
        let mut times = vec![0.0; n_clusters];
        for _ in 0..n_clusters {
            times[rng.random_range(0..n_clusters)] += 1.0;
        }
        times
    }

    fn bounds(&self, values: Vec<f64>) -> (Option<f64>, Option<f64>) {
        if self.n_replicates == 0 || (values.len() as f64) < MIN_DEFINED * self.n_replicates as f64 {
            return (None, None);
        }
        let (low, high) = percentile_bounds(values, self.level);
        (Some(low), Some(high))
    }
}

/// The `(1 ± level)/2` quantiles of a statistic's replicates, of which there is at least one.
pub(crate) fn percentile_bounds(mut values: Vec<f64>, level: f64) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - level) / 2.0;
    (quantile(&values, tail), quantile(&values, 1.0 - tail))
}

/// The `q` quantile of sorted values, linear between the two nearest (type 7 of Hyndman & Fan 1996). `values` is not empty.
pub(crate) fn quantile(values: &[f64], q: f64) -> f64 {
    let at = q * (values.len() - 1) as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    values[below] + (values[above] - values[below]) * (at - at.floor())
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

    #[test]
    fn quantiles_by_hand() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.5), 2.5);
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.0), 1.0);
        assert_eq!(quantile(&[7.0], 0.9), 7.0);
    }

    #[test]
    fn few_clusters_give_no_interval() {
        let estimates = Bootstrap::default().estimate(&[0, 0, 1, 1, 2, 3], mean(&[0.0, 1.0, 0.0, 1.0, 1.0, 0.0]));
        let estimate = estimates[0].clone().unwrap();
        assert_eq!((estimate.value, estimate.low, estimate.n_clusters), (0.5, None, 4));
    }

    #[test]
    fn replicates_together_are_as_one_by_one() {
        let values: Vec<f64> = (0..60).map(|i| f64::from(i * 37 % 11)).collect();
        let clusters: Vec<u32> = (0..60).map(|i| i / 4).collect();
        for n_replicates in [0, 5, 100, 101] {
            let bootstrap = Bootstrap { n_replicates, ..Bootstrap::default() };
            let together = bootstrap.estimate_together(&clusters, |draws| {
                std::array::from_fn(|lane| {
                    let weights: Vec<f64> = clusters.iter().map(|c| f64::from(draws[*c as usize][lane])).collect();
                    mean(&values)(&weights)
                })
            });
            assert_eq!(together, bootstrap.estimate(&clusters, mean(&values)));
        }
    }

    #[test]
    fn rows_of_one_article_are_no_extra_evidence() {
        let values: Vec<f64> = (0..40).map(|i| f64::from(i % 2)).collect();
        let rows: Vec<u32> = (0..40).collect();
        let width = |clusters: &[u32], values: &[f64]| {
            let e = Bootstrap::default().estimate(clusters, mean(values))[0].clone().unwrap();
            e.high.unwrap() - e.low.unwrap()
        };
        let alone = width(&rows, &values);
        // Each row five times over, five rows an article: the same information.
        let copied: Vec<f64> = values.iter().flat_map(|v| [*v; 5]).collect();
        let articles: Vec<u32> = rows.iter().flat_map(|r| [*r; 5]).collect();
        assert!((width(&articles, &copied) - alone).abs() < 1e-12);
        let pretended: Vec<u32> = (0..200).collect();
        assert!(width(&pretended, &copied) < 0.6 * alone);
    }
}
