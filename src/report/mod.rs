//! Reporting: typed results in, text out. No arithmetic here.
//!
//! Each result has three forms, named as `--format` names them: a table for people, JSON with everything, and tidy CSV
//! with one value a row. What the columns of the CSV are called and say stands in [`schema`].

mod agreement;
mod card;
mod comparison;
mod distillation;
mod evaluation;
mod explanation;
mod html;
mod layout;
mod sample;
pub mod schema;

pub use agreement::{agreement_csv, agreement_table};
pub use card::{card_table, feature_csv};
pub use comparison::{comparison_table, differences_csv, predictions_csv, shares_csv};
pub use distillation::{distillation_csv, distillation_table};
pub use evaluation::{evaluation_csv, evaluation_table};
pub use explanation::{explanation_csv, explanation_header, explanation_json, strongest};
pub use html::{ReportInput, report_html};
pub use sample::{sample_csv, sample_table};

use serde::Serialize;

use crate::error::{Error, Result};

/// Any result as JSON, indented, with a line break at the end.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) if a value cannot be written as JSON.
pub fn to_json(result: &impl Serialize) -> Result<String> {
    let json = serde_json::to_string_pretty(result);
    json.map(|json| json + "\n").map_err(|error| Error::io("write the result as JSON", error.into()))
}
