//! A number that never travels alone.

use serde::{Deserialize, Serialize};

/// A point estimate with its interval and how both came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The estimate on the data as they are.
    pub value: f64,
    /// Lower bound of the interval; `None` where the data do not support one.
    pub low: Option<f64>,
    /// Upper bound of the interval.
    pub high: Option<f64>,
    /// Confidence level of the interval, such as 0.95.
    pub level: f64,
    /// Rows that the estimate rests on.
    pub n: usize,
    /// Clusters (articles, or rows where none are named) that were resampled.
    pub n_clusters: usize,
}

impl Estimate {
    /// `0.742 [0.711, 0.770]`, or `0.742` without an interval.
    #[must_use]
    pub fn to_text(&self, decimals: usize) -> String {
        match (self.low, self.high) {
            (Some(low), Some(high)) => {
                format!("{:.decimals$} [{low:.decimals$}, {high:.decimals$}]", self.value)
            }
            _ => format!("{:.decimals$}", self.value),
        }
    }
}
