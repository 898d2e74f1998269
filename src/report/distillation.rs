//! A student beside its teacher, to be read in ten seconds or loaded into a data frame.

use std::fmt::Write as _;

use super::layout::{count, counted, csv, long, number, percent, short, table};
use super::schema::DISTILLATION;
use crate::error::Result;
use crate::evaluation::{Basis, Contestant, DistillationReport, Fidelity, Metric, Scores, SideBySide, Standing};
use crate::model::{Distillation, Unused};
use crate::stats::Estimate;

/// What must be said where no coded row took part.
const UNCHECKED: &str = "Nothing was checked against coded rows: the scores of this model tell how well it repeats its teacher, not \
                         how well either does. `framescope evaluate CODED.csv --model STUDENT` tells that.";

/// The report as tables: teacher, student and n-grams on coded rows, then the agreement of student and teacher.
#[must_use]
pub fn distillation_table(report: &DistillationReport, distillation: &Distillation) -> String {
    let mut out = String::new();
    if let Some(gold) = &report.gold {
        let judged = gold.n_seen > 0 && !distillation.is_unchecked();
        let unseen = if judged { " that the teacher had not seen" } else { "" };
        let _ = writeln!(out, "On the {} learned from{unseen}:\n", counted(gold.n_rows, "coded row", "coded rows"));
        out.push_str(&scores(gold));
        out.push_str(&gold_caveat(gold));
    }
    if let Some(test) = &report.test {
        let between = if out.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{between}On {} kept apart:\n", counted(test.n_rows, "coded row", "coded rows"));
        out.push_str(&scores(test));
        if test.n_seen > 0 {
            let _ = writeln!(
                out,
                "{} of these rows trained the student or its teacher: the scores above flatter them.",
                count(test.n_seen)
            );
        }
    }
    let between = if out.is_empty() { "" } else { "\n" };
    let _ = writeln!(out, "{between}{}\n", agreement_heading(&report.agreement));
    out.push_str(&agreement(&report.agreement, report.ngrams_agreement.as_ref()));
    let _ = writeln!(out, "\n{}", learned_from(distillation));
    if distillation.is_unchecked() {
        let _ = writeln!(out, "{UNCHECKED}");
    }
    out
}

/// What the card of a student says of its teacher.
pub(super) fn distillation_lines(distillation: &Distillation) -> String {
    let teacher = &distillation.teacher;
    let mut out = format!("\nDistilled from {}\n  sha256  {}\n", teacher.name, teacher.sha256);
    if let Some(encoder) = &teacher.encoder {
        let _ = writeln!(out, "  with the sentence encoder {encoder}");
    }
    for source in &teacher.sources {
        let split = source.split.as_ref().map(|split| format!(", split {split:?}")).unwrap_or_default();
        let _ = writeln!(out, "  which was trained on {}{split}, sha256 {}", source.name, source.sha256);
    }
    for source in &distillation.unlabelled {
        let rows = counted(source.n_rows, "row", "rows");
        let _ = writeln!(out, "  its opinions of {} ({rows}), sha256 {}", source.name, source.sha256);
    }
    if let Some(license) = &distillation.license {
        let _ = writeln!(out, "  licence of these rows: {license}");
    }
    let _ = writeln!(out, "  {}", learned_from(distillation));
    let _ = match distillation.n_judging {
        0 => writeln!(out, "  {UNCHECKED}"),
        n => writeln!(
            out,
            "  {} by which all of this was chosen and is judged, which the teacher had not seen",
            counted(n, "coded row", "coded rows")
        ),
    };
    let _ = writeln!(out, "\n{}\n", agreement_heading(&distillation.agreement));
    out.push_str(&agreement(&distillation.agreement, None));
    out
}

/// The rows of each kind, and what they weigh.
fn learned_from(distillation: &Distillation) -> String {
    let Distillation { n_unlabelled, n_held_out, choice_rows, .. } = distillation;
    let chosen = choice_rows.map(|n| format!(", {} of them to choose with", count(n))).unwrap_or_default();
    let mut out = format!(
        "Learned from {} that nobody coded{chosen}; {} held out to compare on",
        counted(*n_unlabelled, "row", "rows"),
        count(*n_held_out)
    );
    let Unused { empty_text, in_gold, in_test, copies } = distillation.unused;
    for (n, why) in [
        (empty_text, "without text"),
        (in_gold, "among the coded rows"),
        (in_test, "among the test rows"),
        (copies, "with the text of an earlier row"),
    ] {
        if n > 0 {
            let _ = write!(out, ", {} {why} left out", count(n));
        }
    }
    let mixes: Vec<String> =
        distillation.frames.iter().filter_map(|frame| Some(format!("{} {}", frame.frame, frame.mix?))).collect();
    if mixes.is_empty() {
        return out + ".";
    }
    let tried: Vec<String> = distillation.mixes.iter().map(f64::to_string).collect();
    let how = if distillation.is_unchecked() { ", which nobody chose" } else { "" };
    let among = if tried.len() > 1 { format!(", chosen among {}", tried.join(", ")) } else { how.to_owned() };
    let _ = write!(out, ". Their weight beside the coded rows{among}: {}.", mixes.join(", "));
    out
}

fn gold_caveat(gold: &SideBySide) -> String {
    let shown = |contestant| gold.standings.iter().any(|one| one.contestant == contestant && one.evaluation.is_some());
    let mut out = String::new();
    if gold.standings.iter().any(|one| one.basis == Basis::Stored) {
        out.push_str("The teacher's scores are those of its own training on these files, out of fold.\n");
    }
    if shown(Contestant::Student) {
        if gold.n_seen > 0 {
            let _ = writeln!(
                out,
                "{} that trained the teacher, or stand in a group of such rows, taught the student too and cannot judge.",
                counted(gold.n_seen, "more row", "more rows")
            );
        }
        return out;
    }
    let _ = writeln!(
        out,
        "The student is not shown: all {} trained the teacher, or stand in a group of such rows, and what it remembers of them its student \
         knows.",
        counted(gold.n_rows, "row", "rows")
    );
    if !shown(Contestant::Teacher) {
        out.push_str("Neither is the teacher, whose own scores are of other files.\n");
    }
    out
}

fn scores(side_by_side: &SideBySide) -> String {
    let shown = || side_by_side.standings.iter().filter_map(|one| Some((one, one.evaluation.as_ref()?)));
    let row = |frame: &str, standing: &Standing, scores: &Scores| {
        let long = |metric| long(scores.get(metric));
        let [precision, recall] = [Metric::Precision, Metric::Recall].map(|metric| short(scores.get(metric)));
        let model = match standing.contestant {
            Contestant::Ngrams => "n-grams alone",
            other => other.name(),
        };
        vec![frame.to_owned(), model.to_owned(), precision, recall, long(Metric::F1), long(Metric::AveragePrecision)]
    };
    let n_frames = shown().next().map_or(0, |(_, evaluation)| evaluation.frames.len());
    let mut rows = Vec::new();
    for j in 0..n_frames {
        for (standing, evaluation) in shown() {
            if let Some(frame) = evaluation.frames.get(j) {
                rows.push(row(&frame.frame, standing, &frame.scores));
            }
        }
    }
    for (standing, evaluation) in shown() {
        rows.push(row("macro", standing, &evaluation.macro_average));
    }
    table(&["frame", "model", "precision", "recall", "F1", "average precision"], &rows)
}

fn agreement_heading(agreement: &Fidelity) -> String {
    if agreement.n_rows == 0 {
        return "No row was held out to compare student and teacher on.".into();
    }
    let unit = if agreement.n_clusters == agreement.n_rows { ["row", "rows"] } else { ["article", "articles"] };
    let rows = counted(agreement.n_rows, "row", "rows");
    let clusters = counted(agreement.n_clusters, unit[0], unit[1]);
    let of = if unit[0] == "row" { String::new() } else { format!(" of {clusters}") };
    format!("Student and teacher on {rows}{of} from which the student did not learn:")
}

fn agreement(agreement: &Fidelity, ngrams: Option<&Fidelity>) -> String {
    if agreement.n_rows == 0 {
        return String::new();
    }
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| percent(share, None));
    let mut header = vec!["frame", "teacher predicts", "student predicts", "alike", "alpha", "mean difference"];
    if ngrams.is_some() {
        header.push("n-grams alone: alike");
    }
    let rows = agreement.frames.iter().enumerate().map(|(j, frame)| {
        let mut row = vec![
            frame.frame.clone(),
            share(frame.teacher_share),
            share(frame.student_share),
            long(frame.agreement.as_ref()),
            long(frame.alpha.as_ref()),
            long(frame.mean_difference.as_ref()),
        ];
        if let Some(ngrams) = ngrams {
            row.push(short(ngrams.frames.get(j).and_then(|frame| frame.agreement.as_ref())));
        }
        row
    });
    table(&header, &rows.collect::<Vec<Vec<String>>>())
}

/// The report as tidy CSV, one number a row, with the columns of [`DISTILLATION`]; rows with an interval come first.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn distillation_csv(report: &DistillationReport) -> Result<String> {
    let mut rows = Vec::new();
    let mut push = |scope: &str, model: Contestant, frame: &str, metric: &str, estimate: &Estimate| {
        let mut row = [scope, model.name(), frame, metric].map(str::to_owned).to_vec();
        row.extend([Some(estimate.value), estimate.low, estimate.high, Some(estimate.level)].map(number));
        row.extend([estimate.n, estimate.n_clusters].map(|n| n.to_string()));
        rows.push(row);
    };
    for (scope, side_by_side) in [("gold", &report.gold), ("test", &report.test)] {
        for standing in side_by_side.iter().flat_map(|one| &one.standings) {
            let Some(evaluation) = &standing.evaluation else { continue };
            let frames = evaluation.frames.iter().map(|frame| (frame.frame.as_str(), &frame.scores));
            for (frame, scores) in frames.chain([("", &evaluation.macro_average)]) {
                for metric in Metric::ALL {
                    if let Some(estimate) = scores.get(metric) {
                        push(scope, standing.contestant, frame, metric.name(), estimate);
                    }
                }
            }
        }
    }
    for (model, fidelity) in
        [(Contestant::Student, Some(&report.agreement)), (Contestant::Ngrams, report.ngrams_agreement.as_ref())]
    {
        for frame in fidelity.iter().flat_map(|fidelity| &fidelity.frames) {
            for (metric, estimate) in
                [("agreement", &frame.agreement), ("alpha", &frame.alpha), ("mean_difference", &frame.mean_difference)]
            {
                if let Some(estimate) = estimate {
                    push("agreement", model, &frame.frame, metric, estimate);
                }
            }
        }
    }
    csv(&DISTILLATION, rows)
}
