//! Training: coded rows in, a [`Model`](crate::model::Model) with its own out-of-fold evaluation out.
//!
//! Here the rooms before are put to work together: folds from [`corpus`](crate::corpus), vectors from [`features`](crate::features),
//! fits from [`model`](crate::model), maps and thresholds from [`calibration`](crate::calibration), numbers from
//! [`evaluation`](crate::evaluation). Nothing of a run but the summary enters the artefact.

mod alone;
mod cross_fit;
mod cross_validate;
mod distill;
mod features;
mod finish;
mod mixture;
mod params;
mod progress;
mod settings;
mod standing;
mod student;
mod subsample;
mod train;
mod unlabelled;
mod vectors;

pub use cross_validate::{CrossValidated, cross_validate};
pub use distill::{DistillParams, Distilled, Gold, distill};
pub use params::{DenseParams, TrainParams};
pub use progress::{Progress, Silent};
pub use standing::{Teacher, test_standings};
pub use train::{CrossFitted, FoldModel, Trained, cross_fit, train};
pub use unlabelled::Unlabelled;

pub(crate) use vectors::Remembering;

#[cfg(test)]
mod tests;
