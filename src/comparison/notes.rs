//! What must be said beside the numbers: refusals, assumptions, warnings, each with what would be enough.

use super::cells::Cells;
use super::drift::Drift;
use super::ranks::Ranking;
use super::result::{Note, OutletCalibration, OutletSummary, Sampling};
use crate::stats::MIN_CLUSTERS;

/// Names listed before "and N more".
const MOST_NAMES: usize = 6;

fn note(code: &'static str, is_warning: bool, text: String) -> Note {
    Note { code, is_warning, text }
}

/// The first few names, and how many more there are.
pub(super) fn listed(names: &[String], between: &str) -> String {
    let shown = names.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join(between);
    match names.len().saturating_sub(MOST_NAMES) {
        0 => shown,
        more => format!("{shown}{between}and {more} more"),
    }
}

/// All notes, what withholds numbers before what explains them.
pub(super) fn notes(
    cells: &Cells<'_>,
    outlets: &[OutletSummary],
    calibration: &[OutletCalibration],
    rankings: &[Ranking],
    drift: &[Drift],
) -> Vec<Note> {
    let mut notes = Vec::new();
    sampling(&mut notes, cells, outlets);
    for ranking in rankings.iter().filter(|ranking| !ranking.is_supported && outlets.len() > 1) {
        let enough = ranking.n_coded_needed.map_or_else(
            || format!("code rows of at least two outlets, in {MIN_CLUSTERS} articles each"),
            |n| format!("about {n} coded rows an outlet would tell the clearest pair apart, if it is as far apart as it now looks"),
        );
        notes.push(note(
            "no-ranking",
            true,
            format!("{}: no ranking, since no two outlets can be told apart; {enough}.", ranking.frame),
        ));
    }
    miscalibrated(&mut notes, calibration);
    let unlike: Vec<String> = drift.iter().filter(|d| d.is_unlike).map(|d| d.outlet.clone()).collect();
    if !unlike.is_empty() {
        notes.push(note(
            "drift",
            true,
            format!(
                "{} of {} outlets are unlike the rows that trained the model, in their words or in the distribution of its scores: {}. \
                 Expect more errors there; coded rows of theirs correct the shares, and would train a better model.",
                unlike.len(),
                drift.len(),
                listed(&unlike, ", "),
            ),
        ));
    }
    population(&mut notes, cells);
    notes
}

fn miscalibrated(notes: &mut Vec<Note>, calibration: &[OutletCalibration]) {
    let size = |off: &OutletCalibration| off.calibration_in_the_large.value.abs();
    let mut off: Vec<&OutletCalibration> = calibration.iter().filter(|off| off.is_off).collect();
    off.sort_by(|a, b| size(b).total_cmp(&size(a)));
    if off.is_empty() {
        return;
    }
    let named: Vec<String> = off
        .iter()
        .map(|off| format!("{}, {} by {}", off.outlet, off.frame, signed(&off.calibration_in_the_large)))
        .collect();
    notes.push(note(
        "miscalibrated",
        true,
        format!(
            "On coded rows the model's mean probability is off by more than its interval in {} of {} outlets and frames: {}. Counted shares \
             mislead there. Corrected shares make up for it; more coded rows of such outlets in the training would mend the model.",
            off.len(),
            calibration.len(),
            listed(&named, "; "),
        ),
    ));
}

fn sampling(notes: &mut Vec<Note>, cells: &Cells<'_>, outlets: &[OutletSummary]) {
    let n_coded: usize = outlets.iter().map(|outlet| outlet.n_coded).sum();
    match cells.sampling {
        Sampling::NothingCoded => {
            notes.push(note(
                "uncorrected",
                true,
                "Uncorrected: no row is coded, so these shares count what the model predicts, its errors included, and have no interval. \
                 Draw rows with `framescope sample ROWS.csv --per-outlet 60 -o to_code.csv`, code them, and compare again with \
                 `--coded to_code.csv`."
                    .into(),
            ));
            return;
        }
        Sampling::AssumedRandom if outlets.iter().all(|outlet| outlet.n_coded == outlet.n_sentences) => notes.push(note(
            "all-coded",
            false,
            "Every row is coded, so the model has nothing to add: corrected shares are those of the coded rows, and the counted ones show how far \
             it errs."
                .into(),
        )),
        Sampling::AssumedRandom => notes.push(note(
            "assumed-random",
            true,
            format!(
                "The {n_coded} coded rows have no pi, so each outlet's are taken for a simple random sample of its rows. If they were picked in \
                 any other way (by a keyword, by their score, because they were striking), the coded and corrected shares do not hold: \
                 draw rows with `framescope sample`, which writes pi."
            ),
        )),
        Sampling::Known => notes.push(note(
            "known-probabilities",
            false,
            format!("The {n_coded} coded rows were drawn with known probabilities (pi), by which they are weighted."),
        )),
    }
    let short: Vec<&OutletSummary> = outlets.iter().filter(|outlet| outlet.n_coded_articles < MIN_CLUSTERS).collect();
    if !short.is_empty() {
        let names: Vec<String> =
            short.iter().map(|outlet| format!("{} ({})", outlet.outlet, outlet.n_coded_articles)).collect();
        notes.push(note(
            "few-coded-articles",
            true,
            format!(
                "No interval and no test for outlets with fewer than {MIN_CLUSTERS} coded articles: {}. Code rows in {MIN_CLUSTERS} articles for an \
                 interval at all, and some 60 rows for a useful one.",
                listed(&names, ", "),
            ),
        ));
    }
}

fn population(notes: &mut Vec<Note>, cells: &Cells<'_>) {
    if cells.n_wire > 0 {
        notes.push(note(
            "wire-once",
            false,
            format!(
                "{} rows are wire copy, shared word for word or nearly with other rows; each such sentence counts once in all, spread \
                 over the rows that have it.",
                cells.n_wire
            ),
        ));
    }
    if cells.population.corpus.articles.is_none() {
        notes.push(note(
            "no-articles",
            true,
            "No column names the article (doc_id), so every row counts as an article of its own; sentences of one article resemble each \
             other, and intervals that do not know it are too narrow."
                .into(),
        ));
    }
    if cells.n_without_outlet > 0 {
        notes.push(note(
            "no-outlet",
            true,
            format!("{} rows name no outlet and take no part.", cells.n_without_outlet),
        ));
    }
    if let Some(n) = cells.too_many_voices {
        notes.push(note(
            "many-voices",
            true,
            format!("The voice column holds {n} different values, too many to split shares by; it is left alone."),
        ));
    }
    let empty = cells.population.corpus.left_out.empty_text;
    if empty > 0 {
        notes.push(note("empty-text", false, format!("{empty} rows have an empty text and take no part.")));
    }
}

fn signed(estimate: &crate::stats::Estimate) -> String {
    let points = |x: f64| format!("{:+.1}", 100.0 * x);
    match (estimate.low, estimate.high) {
        (Some(low), Some(high)) => format!("{} points [{}, {}]", points(estimate.value), points(low), points(high)),
        _ => format!("{} points", points(estimate.value)),
    }
}
