//! The report of `compare` and `study`: what stands in the comparison, and what the coded rows say of the predictions.

use super::args::Common;
use super::console;
use crate::comparison::Comparison;
use crate::corpus::{Population, Ratings, RatingsOptions, ReadOptions};
use crate::error::Result;
use crate::evaluation::{Agreement, Evaluation, Predictions, Scored, agree, curves};
use crate::model::Scorer;
use crate::report::{ReportInput, card_table, report_html};
use crate::stats::Bootstrap;

/// What a report is made from.
pub(super) struct Findings<'a> {
    pub comparison: &'a Comparison,
    pub population: &'a Population,
    pub predictions: &'a Predictions,
    /// The model that made the predictions, with the name of its card; `None` where it is unknown.
    pub scorer: Option<(&'a Scorer, &'a str)>,
    /// How good the predictions are on the coded rows, where that is known already; measured here otherwise.
    pub evaluation: Option<&'a Evaluation>,
    pub agreement: Option<&'a Agreement>,
    pub bootstrap: Bootstrap,
}

/// The page, in bytes.
pub(super) fn page(findings: &Findings<'_>) -> Result<String> {
    let coded = findings.population.coded_rows();
    let corpus = findings.population.corpus.select(&coded);
    let part = Predictions {
        proba: findings.predictions.proba.select(ndarray::Axis(0), &coded),
        predicted: findings.predictions.predicted.select(ndarray::Axis(0), &coded),
    };
    let measured = match findings.evaluation {
        None if !coded.is_empty() => Some(part.judge(&corpus, findings.bootstrap)?),
        _ => None,
    };
    let scored = Scored {
        frames: &corpus.frames,
        codes: &corpus.codes,
        proba: part.proba.view(),
        predicted: part.predicted.view(),
        clusters: &corpus.clusters(),
        outlets: corpus.outlets.as_ref(),
    };
    let explained = |(scorer, _): (&Scorer, &str)| {
        let examples = findings.comparison.examples.iter();
        examples.map(|example| scorer.explain(&example.text).map(Some)).collect::<Result<Vec<_>>>()
    };
    let files: Vec<&str> = findings.comparison.sources.iter().map(|source| source.name.as_str()).collect();
    report_html(&ReportInput {
        title: &format!("Frames by outlet: {}", files.join(", ")),
        comparison: findings.comparison,
        evaluation: findings.evaluation.or(measured.as_ref()),
        curves: &if coded.is_empty() { Vec::new() } else { curves(&scored) },
        explanations: &findings.scorer.map_or_else(|| Ok(Vec::new()), explained)?,
        agreement: findings.agreement,
        card: findings.scorer.map(|(scorer, name)| card_table(scorer.model(), name)),
    })
}

/// The agreement of several coders of the same units, where a file of theirs is named.
pub(super) fn agreement(
    coders: Option<&String>,
    read: &ReadOptions,
    bootstrap: Bootstrap,
    common: &Common,
) -> Result<Option<Agreement>> {
    let Some(path) = coders else { return Ok(None) };
    let options = RatingsOptions { read: read.clone(), ..RatingsOptions::default() };
    let ratings = Ratings::read(std::slice::from_ref(path), &options)?;
    if ratings.n_not_coded > 0 {
        console::warn(common, &format!("{path}: {} rows left out: not coded (empty labels)", ratings.n_not_coded));
    }
    Ok(Some(agree(&ratings, None, bootstrap)))
}
