//! How good the model is on the coded rows.

use serde::Serialize;

use super::charts::{Chart, FIRST, Frame, INK, Named, Side, chart};
use super::curves::{precision_recall, reliability, thresholds};
use super::format::{NONE, decimal, percent, score};
use super::table::Table;
use crate::corpus::GroupBy;
use crate::error::Result;
use crate::evaluation::{Evaluation, FrameCurve, FrameEvaluation, Leakage, LeakageScore, Metric, Scores};
use crate::report::evaluation::rows_of;
use crate::report::layout::{count, counted};
use crate::stats::Estimate;

/// The metrics shown, with what they are called.
const METRICS: [(Metric, &str); 9] = [
    (Metric::Precision, "#Precision"),
    (Metric::Recall, "#Recall"),
    (Metric::F1, "#F1"),
    (Metric::AveragePrecision, "#Average precision"),
    (Metric::RocAuc, "#ROC AUC"),
    (Metric::Mcc, "#MCC"),
    (Metric::Brier, "#Brier"),
    (Metric::LogLoss, "#Log loss"),
    (Metric::CalibrationError, "#Calibration error"),
];

#[derive(Serialize)]
pub(super) struct ModelView {
    rests_on: String,
    scores: Table,
    frames: Vec<FrameView>,
    leakage: Option<LeakageView>,
}

/// A frame's charts, each with its numbers.
#[derive(Serialize)]
struct FrameView {
    frame: String,
    prevalence: Option<String>,
    reliability: Chart,
    reliability_table: Table,
    precision_recall: Option<(Chart, Table)>,
    thresholds: Option<(Chart, Table)>,
}

#[derive(Serialize)]
struct LeakageView {
    /// The rows, as the beginning of a sentence.
    which: String,
    chart: Chart,
    table: Table,
}

pub(super) fn model(evaluation: &Evaluation, curves: &[FrameCurve]) -> Result<ModelView> {
    let frames = evaluation.frames.iter().enumerate();
    Ok(ModelView {
        rests_on: format!(
            "{} in {}; intervals from drawing these anew {} times, whole.",
            counted(evaluation.n_rows, "row", "rows"),
            counted(evaluation.n_clusters, "article", "articles"),
            count(evaluation.bootstrap.n_replicates),
        ),
        scores: scores(evaluation),
        frames: frames
            .map(|(i, frame)| view(i, frame, curves.iter().find(|curve| curve.frame == frame.frame)))
            .collect::<Result<_>>()?,
        leakage: evaluation.leakage.as_ref().map(leakage).transpose()?,
    })
}

fn scores(evaluation: &Evaluation) -> Table {
    let mut columns = vec!["Frame", "#Rows with it", "#Rows"];
    columns.extend(METRICS.map(|(_, name)| name));
    let row = |name: &str, n: [String; 2], scores: &Scores| -> Vec<String> {
        let [with, all] = n;
        let values = METRICS.iter().map(|(metric, _)| score(scores.get(*metric)));
        [name.to_owned(), with, all].into_iter().chain(values).collect()
    };
    let mut rows: Vec<Vec<String>> = evaluation
        .frames
        .iter()
        .map(|frame| {
            let n = [count(frame.n_present), count(frame.n_present + frame.n_absent)];
            row(&frame.frame, n, &frame.scores)
        })
        .collect();
    let none = || [NONE, NONE].map(str::to_owned);
    rows.push(row("mean of frames", none(), &evaluation.macro_average));
    rows.push(row("all decisions", none(), &evaluation.micro_average));
    Table::new("scores-table", "Scores on the coded rows", &columns).all(rows)
}

fn view(number: usize, frame: &FrameEvaluation, curve: Option<&FrameCurve>) -> Result<FrameView> {
    let name = &frame.frame;
    let bins = frame.reliability.iter().enumerate().filter(|(_, bin)| bin.n > 0).map(|(i, bin)| {
        let range = format!("{}0 to {}0\u{a0}%", i, i + 1).replace("00 to", "0 to");
        vec![range, count(bin.n), percent(bin.mean_proba), percent(bin.share)]
    });
    let columns = ["Probability", "#Rows", "#Mean probability", "#Share with the frame"];
    let reliability_table =
        Table::new(format!("reliability-table-{number}"), format!("Reliability of {name}"), &columns).all(bins);
    Ok(FrameView {
        frame: name.clone(),
        prevalence: curve.and_then(|curve| curve.prevalence).map(percent),
        reliability: reliability(number, frame)?,
        reliability_table,
        precision_recall: curve
            .filter(|curve| !curve.precision_recall.is_empty())
            .map(|curve| Ok::<_, crate::Error>((precision_recall(number, curve)?, recall_table(number, curve))))
            .transpose()?,
        thresholds: curve
            .filter(|curve| curve.prevalence.is_some())
            .map(|curve| Ok::<_, crate::Error>((thresholds(number, curve)?, threshold_table(number, curve))))
            .transpose()?,
    })
}

fn recall_table(number: usize, curve: &FrameCurve) -> Table {
    let rows = curve
        .precision_recall
        .iter()
        .map(|point| vec![decimal(Some(point.threshold), 3), percent(point.recall), percent(point.precision)]);
    let caption = format!("Precision and recall of {} from the top score down", curve.frame);
    Table::new(format!("recall-table-{number}"), caption, &["#Score reached", "#Recall", "#Precision"]).all(rows)
}

fn threshold_table(number: usize, curve: &FrameCurve) -> Table {
    let rows =
        curve.thresholds.iter().step_by(5).map(|point| {
            [Some(point.threshold), point.precision, point.recall, point.f1].map(|x| decimal(x, 2)).to_vec()
        });
    let caption = format!("Precision, recall and F1 of {} in steps of 0.05", curve.frame);
    Table::new(format!("threshold-table-{number}"), caption, &["#Threshold", "#Precision", "#Recall", "#F1"]).all(rows)
}

fn held_out(score: &LeakageScore) -> String {
    match score.group {
        GroupBy::Row => "single rows (random)".to_owned(),
        group => format!("whole {}", group.unit()),
    }
}

fn leakage(leakage: &Leakage) -> Result<LeakageView> {
    let rows = leakage.scores.iter().map(|one| {
        vec![
            held_out(one),
            count(one.n_groups),
            count(one.n_folds),
            score(one.macro_f1.as_ref()),
            score(one.mean_average_precision.as_ref()),
        ]
    });
    let columns = ["Folds hold out", "#Groups", "#Folds", "#Mean F1", "#Mean average precision"];
    let which = rows_of(leakage);
    let which = format!("{}{}", which[..1].to_uppercase(), &which[1..]);
    let comma = if leakage.drawn.is_some() { "," } else { "" };
    let table = Table::new("leakage-table", format!("{which}{comma} under other folds"), &columns).all(rows);
    Ok(LeakageView { which, chart: leakage_bars(leakage)?, table })
}

fn leakage_bars(leakage: &Leakage) -> Result<Chart> {
    let n = leakage.scores.len() as f64;
    let named = Named {
        id: "leakage",
        title: "Mean F1 by what the folds hold out",
        description: "A bar for each way to make folds, the most generous first. The table below holds the numbers.",
    };
    let frame = Frame {
        size: (680, 66 + 34 * leakage.scores.len() as u32),
        space: (160, 160, 54),
        x: (0.0, 1.0),
        y: (-0.5, n - 0.5),
    };
    chart(&named, &frame, |plot| {
        plot.x_axis(&[0.0, 0.2, 0.4, 0.6, 0.8, 1.0], |tick| format!("{tick:.1}"), "mean F1")?;
        for (i, one) in leakage.scores.iter().enumerate() {
            let y = n - 1.0 - i as f64;
            plot.text(&held_out(one), (0.0, y), Side::Left, 12, INK)?;
            let Some(f1) = &one.macro_f1 else { continue };
            plot.bar([(0.0, y - 0.28), (f1.value, y + 0.28)], FIRST)?;
            if let Estimate { low: Some(low), high: Some(high), .. } = f1 {
                plot.line(vec![(*low, y), (*high, y)], INK, 1)?;
                plot.tick((*low, y), 4, INK)?;
                plot.tick((*high, y), 4, INK)?;
            }
            plot.text(&score(Some(f1)), (1.0, y), Side::Right, 14, INK)?;
        }
        Ok(())
    })
}
