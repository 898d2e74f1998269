//! Judging: probabilities and decisions beside gold labels in, an [`Evaluation`] with intervals out.
//!
//! [`Scored`] borrows probabilities and decisions of shape (n_rows, n_frames) with the rows' codes; it does not know how they
//! were made, so that the same numbers come out for out-of-fold scores, held-back files and other people's predictions.
//! [`agree`] takes [`Ratings`](crate::corpus::Ratings) of several coders instead, and gives an [`Agreement`].
//! Next rooms: [`model`](crate::model) keeps the result in the artefact, [`report`](crate::report) prints it.

mod agree;
mod agreement;
mod curves;
mod evaluate;
mod fidelity;
mod leakage;
mod metrics;
mod resample;
mod standings;

pub use agree::agree;
pub use agreement::{
    Agreement, CoderLabels, CoderSummary, DisputedUnit, FrameEstimate, ModelAgreement, ModelCodes, PairAgreement,
    PerFrame,
};
pub use curves::{FrameCurve, RecallPoint, ThresholdPoint, curves};
pub use evaluate::{
    CoOccurrence, Counts, Evaluation, FrameEvaluation, OutletEvaluation, Predictions, ReliabilityBin, Scored, Scores,
    evaluate,
};
pub use fidelity::{Fidelity, FrameFidelity, fidelity};
pub use leakage::{Drawn, Leakage, LeakageScore};
pub use metrics::{Metric, average_precision};
pub use resample::IntervalMethod;
pub use standings::{Basis, Contestant, DistillationReport, SideBySide, Standing};
