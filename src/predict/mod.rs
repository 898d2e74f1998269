//! Applying: rows in, the same rows with probabilities and decisions out, in order and without holding them all.
//!
//! [`predict`] overlaps reading, scoring and writing over all cores. Each row keeps its columns as they are and gets
//! `p_<frame>` for each frame in model order, then `predicted`. Rows whose text is empty get empty cells and are
//! counted. Of many files each has an output of its own: [`jobs`] names them, a [`Batch`] makes them, and a
//! [`Journal`] knows which are complete.

mod batch;
mod encode;
mod jobs;
mod journal;
mod pipeline;

pub use batch::{Batch, BatchProgress, BatchReport, Outcome};
pub use encode::OutputFormat;
pub use jobs::{Job, jobs};
pub use journal::{Done, Journal, file_hash};
pub use pipeline::{PredictOptions, PredictReport, predict, predict_tables};
