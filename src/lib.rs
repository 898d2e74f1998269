#![doc = include_str!("../README.md")]
//!
//! # The rooms
//!
//! Data walks one way, from rows to results, one room a step. A room imports only what stands above it in this list;
//! [`stats`] is a shelf that all may take from.
//!
//! - [`corpus`]: how do files become rows, and rows folds?
//! - [`segment`]: how do articles become sentences?
//! - [`features`]: how do sentences become vectors?
//! - [`calibration`]: how do scores become probabilities and decisions?
//! - [`evaluation`]: how good are they, and how sure is that?
//! - [`model`]: the estimator, the artefact, the compiled scorer, and what each word contributes.
//! - [`training`]: the rooms before at work together, from coded rows to a model.
//! - [`predict`]: a model on rows by the million.
//! - [`comparison`]: how do outlets differ, and how sure is that?
//! - [`study`]: all of it at once, from coded rows to a comparison.
//! - [`report`]: results as tables, JSON and CSV, and what stands in their columns.

pub mod calibration;
#[cfg(feature = "cli")]
pub mod cli;
pub mod comparison;
pub mod corpus;
mod error;
pub mod evaluation;
pub mod features;
pub mod model;
mod output;
mod parallel;
pub mod predict;
pub mod report;
pub mod segment;
pub mod stats;
pub mod study;
pub mod training;

pub use comparison::{CompareParams, Comparison};
pub use corpus::{Code, Corpus, CorpusOptions, Frames, GroupBy, Population};
pub use error::{Error, ErrorKind, Place, Result};
pub use evaluation::{Agreement, Evaluation, Metric};
pub use features::FeatureMatrix;
pub use model::{Explanation, LogisticParams, Model, Scorer, Scratch};
pub use output::AtomicFile;
pub use segment::Segmenter;
pub use stats::Estimate;
pub use training::TrainParams;
