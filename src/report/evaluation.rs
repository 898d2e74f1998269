//! An evaluation, to be read in ten seconds or loaded into a data frame.

use std::fmt::Write as _;

use super::layout::{count, counted, csv, long, number, short, table};
use super::schema::EVALUATION;
use crate::corpus::GroupBy;
use crate::error::Result;
use crate::evaluation::{Drawn, Evaluation, FrameEvaluation, Leakage, Metric, Scores};
use crate::stats::{Estimate, MIN_CLUSTERS};

/// Outlets shown in a table; the others are in the JSON and the CSV.
const MOST_OUTLETS: usize = 15;

/// The evaluation as tables: frames with averages, leakage, frames mistaken for each other, outlets.
#[must_use]
pub fn evaluation_table(evaluation: &Evaluation) -> String {
    let mut out = scores_table(evaluation);
    let _ = writeln!(out, "\n{}; {}.", counted(evaluation.n_rows, "row", "rows"), intervals(evaluation));
    if let Some(lines) = leakage_lines(evaluation) {
        out.push_str(&lines);
    }
    out.push_str("\nRows with the gold frame on the left that were predicted the frame above:\n\n");
    let names = &evaluation.co_occurrence.names;
    let mut header = vec!["gold"];
    header.extend(names.iter().map(String::as_str));
    let confusion: Vec<Vec<String>> = names
        .iter()
        .zip(&evaluation.co_occurrence.predicted)
        .map(|(name, row)| std::iter::once(name.clone()).chain(row.iter().map(|n| count(*n))).collect())
        .collect();
    out.push_str(&table(&header, &confusion));
    if !evaluation.outlets.is_empty() {
        out.push_str(&outlets_table(evaluation));
    }
    out
}

fn intervals(evaluation: &Evaluation) -> String {
    let bootstrap = evaluation.bootstrap;
    let unit = if evaluation.n_clusters == evaluation.n_rows { ["row", "rows"] } else { ["article", "articles"] };
    let clusters = counted(evaluation.n_clusters, unit[0], unit[1]);
    if bootstrap.n_replicates == 0 {
        "no intervals were asked for".to_owned()
    } else if evaluation.n_clusters < MIN_CLUSTERS {
        format!("no intervals: {clusters}, and {MIN_CLUSTERS} are the least that supports one")
    } else {
        let draws = count(bootstrap.n_replicates);
        format!("{:.0} % intervals from {draws} draws of {clusters}", 100.0 * bootstrap.level)
    }
}

fn scores_table(evaluation: &Evaluation) -> String {
    let row = |name: &str, n: String, scores: &Scores| {
        let short = |metric| short(scores.get(metric));
        let long = |metric| long(scores.get(metric));
        vec![
            name.to_owned(),
            n,
            short(Metric::Precision),
            short(Metric::Recall),
            long(Metric::F1),
            long(Metric::AveragePrecision),
            short(Metric::RocAuc),
            short(Metric::Mcc),
            short(Metric::Brier),
            short(Metric::LogLoss),
            short(Metric::CalibrationError),
        ]
    };
    let mut rows: Vec<Vec<String>> = evaluation
        .frames
        .iter()
        .map(|frame| {
            row(&frame.frame, format!("{} of {}", count(frame.n_present), count(n_coded(frame))), &frame.scores)
        })
        .collect();
    rows.push(row("macro", String::new(), &evaluation.macro_average));
    rows.push(row("micro", String::new(), &evaluation.micro_average));
    table(
        &[
            "frame",
            "gold",
            "precision",
            "recall",
            "F1",
            "average precision",
            "ROC AUC",
            "MCC",
            "Brier",
            "log loss",
            "ECE",
        ],
        &rows,
    )
}

fn n_coded(frame: &FrameEvaluation) -> usize {
    frame.n_present + frame.n_absent
}

fn leakage_lines(evaluation: &Evaluation) -> Option<String> {
    let leakage = evaluation.leakage.as_ref()?;
    let mut out = format!("\nLeakage: {}, with folds that hold out\n\n", rows_of(leakage));
    let rows: Vec<Vec<String>> = leakage
        .scores
        .iter()
        .map(|score| {
            let what = match score.group {
                GroupBy::Row => "single rows (random)".to_owned(),
                group => format!("whole {}", group.unit()),
            };
            let (n_groups, n_folds) = (count(score.n_groups), count(score.n_folds));
            vec![what, n_groups, n_folds, long(score.macro_f1.as_ref()), long(score.mean_average_precision.as_ref())]
        })
        .collect();
    out.push_str(&table(&["", "groups", "folds", "macro F1", "mean average precision"], &rows));
    out.push_str("A fall from one line to the next is owed to rows that resemble training rows, and to groups unlike any trained on.\n");
    Some(out)
}

/// Which rows the leakage was measured on.
pub(in crate::report) fn rows_of(leakage: &Leakage) -> String {
    match leakage.drawn {
        None => "the same rows".to_owned(),
        Some(Drawn { n_rows, whole: GroupBy::Row }) => format!("{} of the rows, drawn", count(n_rows)),
        Some(Drawn { n_rows, whole }) => format!("{} of the rows, drawn in whole {}", count(n_rows), whole.unit()),
    }
}

fn outlets_table(evaluation: &Evaluation) -> String {
    let mut out =
        String::from("\nPer outlet: F1, and calibration in the large (mean probability minus gold share):\n\n");
    let mut header = vec!["outlet".to_owned(), "rows".to_owned(), "articles".to_owned()];
    for frame in &evaluation.frames {
        header.push(format!("F1 {}", frame.frame));
        header.push("calibration".to_owned());
    }
    let rows: Vec<Vec<String>> = evaluation
        .outlets
        .iter()
        .take(MOST_OUTLETS)
        .map(|outlet| {
            let mut row = vec![outlet.outlet.clone(), count(outlet.n_rows), count(outlet.n_clusters)];
            for frame in &outlet.frames {
                row.push(short(frame.scores.get(Metric::F1)));
                row.push(signed(frame.scores.get(Metric::CalibrationInTheLarge)));
            }
            row
        })
        .collect();
    out.push_str(&table(&header.iter().map(String::as_str).collect::<Vec<_>>(), &rows));
    if let Some(more) = evaluation.outlets.len().checked_sub(MOST_OUTLETS).filter(|more| *more > 0) {
        let _ = writeln!(out, "and {}; --format csv or json has all.", counted(more, "more outlet", "more outlets"));
    }
    out
}

fn signed(estimate: Option<&Estimate>) -> String {
    let Some(estimate) = estimate else { return "–".to_owned() };
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!("{:+.3} [{low:+.3}, {high:+.3}]", estimate.value),
        _ => format!("{:+.3}", estimate.value),
    }
}

/// The evaluation as tidy CSV, one metric a row, with the columns of [`EVALUATION`]; rows with an interval come first.
///
/// `scope` is `frame`, `macro`, `micro`, `outlet`, `outlet_macro` or `holding_out_<group>`. Undefined metrics have no
/// row; low and high are empty where there is no interval.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn evaluation_csv(evaluation: &Evaluation) -> Result<String> {
    let mut rows = Vec::new();
    let mut push = |scope: &str, outlet: &str, frame: &str, metric: &str, estimate: &Estimate| {
        let mut row = [scope, outlet, frame, metric].map(str::to_owned).to_vec();
        row.extend([Some(estimate.value), estimate.low, estimate.high, Some(estimate.level)].map(number));
        row.extend([estimate.n, estimate.n_clusters].map(|n| n.to_string()));
        rows.push(row);
    };
    let mut scores = |scope: &str, outlet: &str, frame: &str, scores: &Scores| {
        for metric in Metric::ALL {
            if let Some(estimate) = scores.get(metric) {
                push(scope, outlet, frame, metric.name(), estimate);
            }
        }
    };
    for frame in &evaluation.frames {
        scores("frame", "", &frame.frame, &frame.scores);
    }
    scores("macro", "", "", &evaluation.macro_average);
    scores("micro", "", "", &evaluation.micro_average);
    for outlet in &evaluation.outlets {
        for frame in &outlet.frames {
            scores("outlet", &outlet.outlet, &frame.frame, &frame.scores);
        }
        scores("outlet_macro", &outlet.outlet, "", &outlet.macro_average);
    }
    for score in evaluation.leakage.iter().flat_map(|leakage| &leakage.scores) {
        let scope = format!("holding_out_{}", score.group.unit());
        for (metric, estimate) in
            [(Metric::F1, &score.macro_f1), (Metric::AveragePrecision, &score.mean_average_precision)]
        {
            if let Some(estimate) = estimate {
                push(&scope, "", "", metric.name(), estimate);
            }
        }
    }
    csv(&EVALUATION, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_leakage_was_measured_on_is_told() {
        let told = |drawn| rows_of(&Leakage { drawn, scores: Vec::new() });
        let drawn = |whole| told(Some(Drawn { n_rows: 20_003, whole }));
        assert_eq!(told(None), "the same rows");
        assert_eq!(drawn(GroupBy::Row), "20,003 of the rows, drawn");
        assert_eq!(drawn(GroupBy::DocId), "20,003 of the rows, drawn in whole articles");
        assert_eq!(drawn(GroupBy::StoryId), "20,003 of the rows, drawn in whole stories");
    }
}
