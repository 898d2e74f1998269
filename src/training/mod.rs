//! Training: coded rows in, a [`Model`](crate::model::Model) with its own out-of-fold evaluation out.
//!
//! Here the rooms before are put to work together: folds from [`corpus`](crate::corpus), vectors from [`features`](crate::features),
//! fits from [`model`](crate::model), maps and thresholds from [`calibration`](crate::calibration), numbers from
//! [`evaluation`](crate::evaluation). Nothing of a run but the summary enters the artefact.

mod alone;
mod cross_fit;
mod cross_validate;
mod features;
mod finish;
mod params;
mod progress;
mod settings;
mod subsample;
mod train;
mod vectors;

pub use cross_validate::{CrossValidated, cross_validate};
pub use params::{DenseParams, TrainParams};
pub use progress::{Progress, Silent};
pub use train::{CrossFitted, FoldModel, Trained, cross_fit, train};

pub(crate) use vectors::Remembering;
