//! What is tried for each frame: every penalty with every length of an encoder's vectors.

use super::params::TrainParams;
use crate::corpus::Corpus;
use crate::error::{Error, Result};

/// Settings by number: all penalties with the first length, strongest first, then with the next one, so that each fit can start from
/// the one before.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Settings {
    alphas: Vec<f64>,
    lengths: Vec<f64>,
}

impl Settings {
    pub(super) fn len(&self) -> usize {
        self.alphas.len() * self.lengths.len()
    }

    /// Lengths of the encoder's vectors, shortest first; a single one where there is nothing to choose.
    pub(super) fn lengths(&self) -> &[f64] {
        &self.lengths
    }

    pub(super) fn alpha(&self, setting: usize) -> f64 {
        self.alphas[setting % self.alphas.len()]
    }

    /// The number of its length.
    pub(super) fn length(&self, setting: usize) -> usize {
        setting / self.alphas.len()
    }

    /// The smaller of two settings is to be taken if both are as good: the stronger penalty, then the shorter vectors.
    pub(super) fn rank(&self, setting: usize) -> (usize, usize) {
        (setting % self.alphas.len(), self.length(setting))
    }
}

impl TrainParams {
    /// The settings to choose from; penalties must be sorted, and lengths, as [`TrainParams::check`] leaves them.
    pub(super) fn settings(&self) -> Settings {
        let lengths =
            self.dense.as_ref().filter(|dense| !dense.alone).map_or_else(|| vec![1.0], |dense| dense.weights.clone());
        Settings { alphas: self.alphas.clone(), lengths }
    }

    /// Whether there are no n-grams.
    pub(super) fn is_encoder_alone(&self) -> bool {
        self.dense.as_ref().is_some_and(|dense| dense.alone)
    }

    /// Whether training changes the encoder.
    pub(super) fn fine_tunes(&self) -> bool {
        self.dense.as_ref().is_some_and(|dense| dense.fine_tune.is_some())
    }

    /// Refuses rows that cannot be trained on in this way.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for weights where an encoder stands alone.
    pub(super) fn suit(&self, corpus: &Corpus) -> Result<()> {
        match corpus.weights.iter().find(|weight| **weight != 1.0) {
            Some(weight) if self.is_encoder_alone() => Err(Error::parameter(
                "the weight of a row",
                weight,
                "1 throughout where an encoder stands alone: linfa-logistic takes every row for as much as any other; \
                 leave the weights out, or train with n-grams too",
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn penalties_are_walked_within_a_length_and_ties_go_to_the_strongest() {
        let settings = Settings { alphas: vec![10.0, 1.0], lengths: vec![1.0, 2.0, 4.0] };
        let all: Vec<(f64, usize)> = (0..settings.len()).map(|i| (settings.alpha(i), settings.length(i))).collect();
        assert_eq!(all, [(10.0, 0), (1.0, 0), (10.0, 1), (1.0, 1), (10.0, 2), (1.0, 2)]);
        let mut order: Vec<usize> = (0..settings.len()).collect();
        order.sort_by_key(|i| settings.rank(*i));
        assert_eq!(order, [0, 2, 4, 1, 3, 5]);
        assert_eq!(TrainParams::default().settings().len(), TrainParams::default().alphas.len());
    }
}
