//! Comparing: rows of several outlets with predictions in, shares and differences that hold out.
//!
//! In comes a [`Population`](crate::corpus::Population), of which people have coded a few rows, and predictions for all of them. Out goes a
//! [`Comparison`]: for each outlet and frame the share that counting gives, the share among coded rows, and the share that corrects
//! the one by the other, with articles as clusters; differences, ranks, distinctive words; and in words what the numbers do not
//! support. Which rows to code for that, [`sample`] draws. The estimator is [`stats::corrected_mean`](crate::stats::corrected_mean). Next room: [`report`](crate::report).

mod cells;
mod compare;
mod differences;
mod drift;
mod forecast;
mod notes;
mod params;
mod predicted;
mod ranks;
mod result;
mod sampling;
mod shares;
mod strata;
mod suspects;
mod words;

pub use compare::compare;
pub use drift::Drift;
pub use forecast::{Forecast, Needed};
pub use params::{CompareParams, Wire};
pub use predicted::{PopulationPredictions, predictions, score};
pub use ranks::{Rank, Ranking};
pub use result::{
    ALL_VOICES, Comparison, Estimator, Example, Family, Note, OutletCalibration, OutletSummary, Sampling, Share,
    ShareDifference,
};
pub use sampling::{CodedRows, Drawn, OutletDraw, Sample, SampleParams, StratumDraw, sample};
pub use suspects::Suspect;
pub use words::DistinctiveWord;
