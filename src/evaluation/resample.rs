//! Intervals by the method that suits the number of articles or units.

use serde::{Deserialize, Serialize};

use crate::stats::{Bootstrap, Estimate, MIN_CLUSTERS, jackknife, renumber};

/// Below so many articles or units the jackknife covers better than a bootstrap.
const JACKKNIFE_BELOW: usize = 50;

/// The lowest and the highest value of a statistic.
pub(crate) type Range = [f64; 2];
/// The range of alpha.
pub(crate) const AT_MOST_1: Range = [f64::NEG_INFINITY, 1.0];
/// The range of a share.
pub(crate) const SHARE: Range = [0.0, 1.0];
/// No limits.
pub(crate) const ANY: Range = [f64::NEG_INFINITY, f64::INFINITY];

/// Where an interval comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntervalMethod {
    /// Each article or unit was left out once; Student's t.
    Jackknife,
    /// Articles or units were drawn anew; percentiles.
    Bootstrap,
    /// There is none: none was asked for, or there are fewer than 5 articles or units.
    None,
}

/// Some units, to be resampled by their clusters.
#[derive(Debug)]
pub(crate) struct Resample {
    /// The cluster of each unit, dense from 0.
    clusters: Vec<u32>,
    bootstrap: Bootstrap,
}

impl Resample {
    pub(crate) fn new(clusters: impl Iterator<Item = u32>, bootstrap: Bootstrap) -> Self {
        Resample { clusters: renumber(clusters), bootstrap }
    }

    pub(crate) fn n_clusters(&self) -> usize {
        self.clusters.iter().max().map_or(0, |last| *last as usize + 1)
    }

    pub(crate) fn method(&self) -> IntervalMethod {
        let n_clusters = self.n_clusters();
        if self.bootstrap.n_replicates == 0 || n_clusters < MIN_CLUSTERS {
            IntervalMethod::None
        } else if n_clusters < JACKKNIFE_BELOW {
            IntervalMethod::Jackknife
        } else {
            IntervalMethod::Bootstrap
        }
    }

    /// Estimates of statistics that never leave `range`, which a jackknife does not know by itself.
    pub(crate) fn estimate<F>(&self, range: Range, statistics: F) -> Vec<Option<Estimate>>
    where
        F: Fn(&[f64]) -> Vec<Option<f64>> + Sync,
    {
        let mut estimates = match self.method() {
            IntervalMethod::Jackknife => jackknife(self.bootstrap.level, &self.clusters, statistics),
            _ => self.bootstrap.estimate(&self.clusters, statistics),
        };
        estimates.iter_mut().flatten().for_each(|estimate| bound(estimate, range));
        estimates
    }
}

/// Ends the interval where the statistic's range ends.
pub(crate) fn bound(estimate: &mut Estimate, range: Range) {
    estimate.low = estimate.low.map(|low| low.max(range[0]));
    estimate.high = estimate.high.map(|high| high.min(range[1]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_method_follows_the_number_of_clusters() {
        let method =
            |n: u32, n_replicates| Resample::new(0..n, Bootstrap { n_replicates, ..Bootstrap::default() }).method();
        assert_eq!([method(0, 9), method(4, 9), method(80, 0)], [IntervalMethod::None; 3]);
        assert_eq!([method(5, 9), method(49, 9)], [IntervalMethod::Jackknife; 2]);
        assert_eq!(method(50, 9), IntervalMethod::Bootstrap);
    }

    #[test]
    fn intervals_stay_within_the_statistics_range() {
        let resample = Resample::new([7, 7, 3, 9, 1, 4].into_iter(), Bootstrap::default());
        assert_eq!(resample.n_clusters(), 5);
        let estimates = resample.estimate(SHARE, |weights| {
            let share = |flags: [f64; 6]| {
                let sum: f64 = flags.iter().zip(weights).map(|(flag, weight)| flag * weight).sum();
                Some(sum / weights.iter().sum::<f64>())
            };
            vec![share([1.0, 0.0, 0.0, 0.0, 0.0, 0.0]), share([1.0, 1.0, 1.0, 1.0, 0.0, 1.0])]
        });
        assert_eq!(estimates[0].as_ref().unwrap().low, Some(0.0));
        assert_eq!(estimates[1].as_ref().unwrap().high, Some(1.0));
    }
}
