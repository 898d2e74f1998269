//! What must be said beside the numbers: refusals, assumptions, warnings, each with what would be enough.

use std::collections::BTreeMap;

use super::cells::{Cells, Outlet};
use super::differences::MOST_OUTLETS;
use super::drift::Drift;
use super::ranks::Ranking;
use super::result::{Note, OutletCalibration, Sampling};
use super::shares::Grid;
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

/// Outlets with too few coded articles: by name alone where every frame lacks them, else with the frames that do.
fn short_of_articles(cells: &Cells<'_>, grid: &Grid) -> Vec<String> {
    let frames = cells.population.corpus.frames.names();
    let name = |(place, outlet): (usize, &Outlet)| -> Vec<String> {
        let n_coded = |frame| grid.outlets(0, frame)[place].n_coded_articles();
        let lacking: Vec<(&String, usize)> = (frames.iter().enumerate())
            .map(|(j, frame)| (frame, n_coded(j)))
            .filter(|(_, n)| *n < MIN_CLUSTERS)
            .collect();
        if lacking.len() == frames.len() {
            let n = lacking.iter().map(|(_, n)| *n).max().unwrap_or_default();
            return vec![format!("{} ({n})", outlet.name)];
        }
        lacking.iter().map(|(frame, n)| format!("{}, {frame} ({n})", outlet.name)).collect()
    };
    cells.outlets.iter().enumerate().flat_map(name).collect()
}

/// All notes, what withholds numbers before what explains them.
pub(super) fn notes(
    cells: &Cells<'_>,
    grid: &Grid,
    calibration: &[OutletCalibration],
    rankings: &[Ranking],
    drift: Option<&[Drift]>,
) -> Vec<Note> {
    let mut notes = Vec::new();
    sampling(&mut notes, cells, grid);
    if drift.is_none() && cells.is_coded() {
        notes.push(note(
            "unknown-model",
            true,
            "Which model the rows' probabilities come from is not known here, so nothing could check that it had not seen the coded rows. If it had, \
             the corrected shares are corrected too little; `framescope study` predicts every coded row by models that had not seen it."
                .into(),
        ));
    }
    let drift = drift.unwrap_or_default();
    for ranking in rankings.iter().filter(|ranking| !ranking.is_supported) {
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
    let tested = calibration.iter().filter(|one| one.calibration_in_the_large.low.is_some());
    let by_chance: f64 = tested.map(|one| 1.0 - one.calibration_in_the_large.level).sum();
    let named: Vec<String> = off
        .iter()
        .map(|off| format!("{}, {} by {}", off.outlet, off.frame, signed(&off.calibration_in_the_large)))
        .collect();
    notes.push(note(
        "miscalibrated",
        true,
        format!(
            "On coded rows the model's mean probability is off by more than its interval in {} of {} outlets and frames (chance would give some {:.0}): \
             {}. Counted shares mislead there. Corrected shares make up for it; more coded rows of such outlets in the training would mend the model.",
            off.len(),
            calibration.len(),
            by_chance.ceil(),
            listed(&named, "; "),
        ),
    ));
}

fn sampling(notes: &mut Vec<Note>, cells: &Cells<'_>, grid: &Grid) {
    let n_coded = cells.population.coded_rows().len();
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
        Sampling::AssumedRandom if cells.population.corpus.codes.iter().all(|code| code.as_bool().is_some()) => notes.push(note(
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
    let drawn = (0..cells.weights.len()).filter(|row| cells.population.pi[*row].is_some());
    let skipped = drawn.filter(|row| !cells.population.corpus.is_coded(*row)).count();
    if skipped > 0 {
        notes.push(note(
            "drawn-not-coded",
            true,
            format!(
                "{skipped} rows have a pi and no labels: they were drawn and not coded. If it was the hard ones that were skipped, the shares do not hold; \
                 code them too (\"none\" where there is no frame)."
            ),
        ));
    }
    let names = short_of_articles(cells, grid);
    if !names.is_empty() {
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
    let mut spellings: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for outlet in &cells.outlets {
        let plain: String = outlet.name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        spellings.entry(plain).or_default().push(outlet.name.clone());
    }
    for names in spellings.values().filter(|names| names.len() > 1) {
        notes.push(note(
            "outlet-names",
            true,
            format!(
                "{} count as different outlets, though only capitals or spaces tell them apart.",
                names.join(" and ")
            ),
        ));
    }
    if cells.outlets.len() > MOST_OUTLETS {
        notes.push(note(
            "many-outlets",
            true,
            format!(
                "{} outlets make more pairs than can be told; differences are left out. Compare {MOST_OUTLETS} outlets or fewer.",
                cells.outlets.len()
            ),
        ));
    }
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
