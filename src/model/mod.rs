//! Fitting and scoring: the estimator, the artefact, the compiled scorer.
//!
//! [`LogisticParams`] fit a [`FeatureMatrix`](crate::features::FeatureMatrix) of shape (n_samples, n_features) to
//! [`Codes`](crate::corpus::Codes) of shape (n_samples, n_frames), through linfa's traits. A [`Model`] is what a
//! training leaves behind, saved as one `.safetensors` file; [`Scorer`] compiles it, and gives calibrated
//! probabilities in [0, 1] and the exact contribution of each word. Next rooms: [`training`](crate::training) makes a
//! model, [`predict`](crate::predict) applies it.

mod artifact;
mod cache;
mod distillation;
mod encoder;
mod explain;
mod fit;
mod lanes;
mod loading;
mod lookup;
mod newton;
mod params;
mod problems;
mod reading;
mod scorer;
mod summary;
mod tables;
mod vectors;

pub use artifact::{FORMAT, Feature, Model};
pub use distillation::{Distillation, FrameMix, MAX_NOTE, TeacherSummary, Unused};
pub use encoder::EncoderSummary;
pub use explain::{Contribution, Explanation, FrameExplanation};
pub use fit::{FitReport, FittedLogistic};
pub use params::{ClassWeight, LogisticParams, LogisticValidParams, Prior};
pub use reading::Scratch;
pub use scorer::Scorer;
pub use summary::{FrameSummary, Metadata, Profile, TrainingSummary};

#[cfg(test)]
mod tests;

pub(crate) use artifact::{Parts, text_digests};
pub(crate) use encoder::MAX_LENGTH;
pub(crate) use fit::FrameFit;
pub(crate) use newton::Point;
pub(crate) use problems::{Beliefs, Problems, certainties};
