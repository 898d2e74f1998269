//! The statistics shelf: intervals, bootstrap, distributions, agreement of coders, seeded random numbers, a small logistic regression.
//!
//! Every room may take from here; nothing here knows of text.

mod bootstrap;
mod corrected;
mod distributions;
mod estimate;
mod jackknife;
mod krippendorff;
mod logistic;
mod multiplicity;
mod proportion;

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};

pub use bootstrap::{Bootstrap, MIN_CLUSTERS, Replicate};
pub(crate) use bootstrap::{LANES, percentile_bounds, quantile};
pub use corrected::{CorrectedMean, Design, Reliance, Unit, corrected_mean};
pub use distributions::{normal_quantile, t_quantile, t_two_sided_p};
pub use estimate::Estimate;
pub use jackknife::jackknife;
pub use krippendorff::{ReliabilityData, masi_distance};
pub use logistic::{DenseLogistic, fit_dense_logistic};
pub use multiplicity::Adjustment;
pub use proportion::{Difference, Proportion};

/// A generator that depends on nothing but the seed, the purpose and the index, so that neither the number of threads nor
/// the order of calls can change what is drawn.
#[must_use]
pub(crate) fn rng(seed: u64, purpose: &str, index: u64) -> ChaCha8Rng {
    let mut digest = Sha256::new();
    digest.update(seed.to_le_bytes());
    digest.update(index.to_le_bytes());
    digest.update(purpose.as_bytes());
    ChaCha8Rng::from_seed(digest.finalize().into())
}

/// Dense numbers from 0, in order of first appearance.
pub(crate) fn renumber<T: Ord>(values: impl Iterator<Item = T>) -> Vec<u32> {
    let mut dense: BTreeMap<T, u32> = BTreeMap::new();
    values
        .map(|value| {
            let next = dense.len() as u32;
            *dense.entry(value).or_insert(next)
        })
        .collect()
}

/// The logistic function `1 / (1 + exp(-z))`, in [0, 1].
///
/// Computed by `libm` rather than the system's library, so that every machine gets the same bits.
#[must_use]
pub fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + libm::exp(-z))
    } else {
        let e = libm::exp(z);
        e / (1.0 + e)
    }
}

/// The logistic loss `log(1 + exp(-m))` of a margin `m`, without overflow.
#[must_use]
pub(crate) fn log_loss_of_margin(m: f64) -> f64 {
    if m >= 0.0 { libm::log1p(libm::exp(-m)) } else { libm::log1p(libm::exp(m)) - m }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmoid_at_the_edges() {
        assert_eq!(sigmoid(0.0), 0.5);
        assert_eq!(sigmoid(800.0), 1.0);
        assert_eq!(sigmoid(-800.0), 0.0);
        assert!((sigmoid(1.0) + sigmoid(-1.0) - 1.0).abs() < 1e-15);
        assert!((log_loss_of_margin(-800.0) - 800.0).abs() < 1e-12);
        assert!((log_loss_of_margin(0.0) - std::f64::consts::LN_2).abs() < 1e-15);
    }
}
