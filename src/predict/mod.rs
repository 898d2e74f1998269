//! Applying: rows in, the same rows with probabilities and decisions out, in order and without holding them all.
//!
//! [`predict`] overlaps reading, scoring and writing over all cores. Each row keeps its columns as they are and gets `p_<frame>` for
//! each frame in model order, then `predicted`. Rows whose text is empty get empty cells and are counted.

mod encode;
mod pipeline;

pub use encode::OutputFormat;
pub use pipeline::{PredictOptions, PredictReport, predict, predict_tables};
