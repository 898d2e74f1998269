//! The report for a browser: one HTML file that needs nothing beside it and asks nothing of the network.
//!
//! Each section's file puts results into words, tables and charts, and the template lays them out. Whatever comes from
//! rows passes the template's escaping, or that of plotters inside charts; only the crate's own style and script, and
//! finished charts, are let through as they are.

mod agreement;
mod charts;
mod curves;
mod examples;
mod format;
mod model;
mod population;
mod shares;
mod table;
mod verdict;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::comparison::{Comparison, Note};
use crate::error::{Error, Result};
use crate::evaluation::{Agreement, Evaluation, FrameCurve};
use crate::model::Explanation;

const TEMPLATE: &str = include_str!("report.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// What a report is made of.
#[derive(Debug, Clone)]
pub struct ReportInput<'a> {
    /// The heading.
    pub title: &'a str,
    /// The comparison.
    pub comparison: &'a Comparison,
    /// How good the predictions are on the coded rows; `None` where no row is coded.
    pub evaluation: Option<&'a Evaluation>,
    /// The curves of the same rows; empty where no row is coded.
    pub curves: &'a [FrameCurve],
    /// One for each of the comparison's examples, in order; `None`, or a shorter list, where a sentence cannot be taken
    /// apart.
    pub explanations: &'a [Option<Explanation>],
    /// How far coders agree; `None` where no row is coded twice.
    pub agreement: Option<&'a Agreement>,
    /// The model card as text; `None` where the model is unknown.
    pub card: Option<String>,
}

/// What the template reads.
#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    version: &'a str,
    level: String,
    policy: String,
    style: &'static str,
    script: &'static str,
    is_corrected: bool,
    verdict: String,
    warnings: Vec<Vec<Part<'a>>>,
    notes: Vec<Vec<Part<'a>>>,
    shares: shares::SharesView,
    differences: shares::DifferencesView,
    rankings: Vec<shares::RankingView>,
    population: population::PopulationView,
    model: Option<model::ModelView>,
    agreement: Option<agreement::AgreementTables>,
    examples: Vec<examples::OutletExamples>,
    /// Whether what words add to the examples is only about so.
    is_approximate: bool,
    card: Option<&'a str>,
    adjustment: &'static str,
}

/// A stretch of a note: words, or a command.
#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
    is_code: bool,
}

/// Notes set commands between backticks; a name that holds one of its own is at worst set as code.
fn parts(note: &Note) -> Vec<Part<'_>> {
    note.text.split('`').enumerate().map(|(i, text)| Part { text, is_code: i % 2 == 1 }).collect()
}

/// The report as one HTML page. The same input gives the same bytes.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) if a chart cannot be drawn or the template cannot be filled.
pub fn report_html(input: &ReportInput<'_>) -> Result<String> {
    let comparison = input.comparison;
    let notes =
        |is_warning| comparison.notes.iter().filter(move |note| note.is_warning == is_warning).map(parts).collect();
    let page = Page {
        title: input.title,
        version: comparison.framescope_version,
        level: format!("{:.0} %", 100.0 * comparison.params.level),
        policy: policy(),
        style: STYLE,
        script: SCRIPT,
        is_corrected: comparison.is_corrected,
        verdict: verdict::verdict(comparison),
        warnings: notes(true),
        notes: notes(false),
        shares: shares::shares(comparison)?,
        differences: shares::differences(comparison),
        rankings: shares::rankings(comparison),
        population: population::population(comparison),
        model: input.evaluation.map(|evaluation| model::model(evaluation, input.curves)).transpose()?,
        agreement: input.agreement.map(agreement::tables),
        examples: examples::examples(&comparison.examples, input.explanations),
        is_approximate: input.explanations.iter().flatten().any(|explanation| explanation.approximate),
        card: input.card.as_deref(),
        adjustment: comparison.params.adjustment.name(),
    };
    let failed = |error: minijinja::Error| Error::io("fill the template of the report", std::io::Error::other(error));
    let mut environment = Environment::new();
    // The name's ending turns escaping on.
    environment.add_template("report.html", TEMPLATE).map_err(failed)?;
    let template = environment.get_template("report.html").map_err(failed)?;
    template.render(Serde(&page)).map_err(failed)
}

/// Nothing may be loaded, and no script may run but the one whose hash this is: should markup from a row ever slip
/// through, it stays dead.
fn policy() -> String {
    let hash = base64::encode(Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; \
         base-uri 'none'; form-action 'none'"
    )
}
