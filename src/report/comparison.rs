//! A comparison as tables for people and as tidy CSV for notebooks.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::layout::{count, counted, csv, csv_rows, number, percent, points, table};
use super::schema::{DIFFERENCES, SHARES, STUDY_PREDICTIONS};
use crate::comparison::{ALL_VOICES, Comparison, Estimator, Share, ShareDifference};
use crate::corpus::{Categories, Population, decimal};
use crate::error::Result;
use crate::evaluation::Predictions;
use crate::stats::{Adjustment, MIN_CLUSTERS};

/// Outlets and differences shown in a table; the others are in the CSV and the JSON.
const MOST_ROWS: usize = 15;

/// Shares as tidy CSV, one outlet, frame, voice and estimator a row, with the columns of [`SHARES`]. Rows with an
/// interval come first, then those of coded rows without one, then counted shares; each in the order of
/// [`Comparison::shares`].
///
/// `estimate`, `low` and `high` are shares in [0, 1]; `low` and `high` are empty where there is no interval,
/// `effective_n` where nothing is coded. `voice` is `all` where shares are not split.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn shares_csv(comparison: &Comparison) -> Result<String> {
    let row = |share: &Share| {
        vec![
            share.outlet.clone(),
            share.frame.clone(),
            share.voice.clone(),
            share.estimator.name().to_owned(),
            decimal(share.estimate),
            number(share.low),
            number(share.high),
            decimal(share.level),
            share.n_sentences.to_string(),
            share.n_articles.to_string(),
            share.n_coded.to_string(),
            number(share.effective_n),
        ]
    };
    csv(&SHARES, comparison.shares.iter().map(row))
}

/// Differences as tidy CSV with the columns of [`DIFFERENCES`]: `estimate` is the share of `outlet_a` minus that of
/// `outlet_b`, in [−1, 1]; `n_stories` is 0 except for estimators within stories. Rows with an interval come first,
/// then those without; each in the order of [`Comparison::differences`].
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn differences_csv(comparison: &Comparison) -> Result<String> {
    let row = |difference: &ShareDifference| {
        vec![
            difference.outlet_a.clone(),
            difference.outlet_b.clone(),
            difference.frame.clone(),
            difference.voice.clone(),
            difference.estimator.name().to_owned(),
            decimal(difference.estimate),
            number(difference.low),
            number(difference.high),
            number(difference.p),
            number(difference.p_adjusted),
            difference.n_stories.unwrap_or(0).to_string(),
        ]
    };
    csv(&DIFFERENCES, comparison.differences.iter().map(row))
}

/// The rows with their predictions, in their order, with the columns of [`STUDY_PREDICTIONS`]. A cell is empty where
/// the rows do not say it, `labels` where not every frame is coded.
///
/// # Errors
/// [`ErrorKind::Csv`](crate::ErrorKind::Csv) if it cannot be written.
pub fn predictions_csv(population: &Population, predictions: &Predictions) -> Result<String> {
    let corpus = &population.corpus;
    let frames = &corpus.frames;
    let name = |categories: &Option<Categories>, row: usize| {
        categories.as_ref().map_or_else(String::new, |categories| categories.name(row).to_owned())
    };
    let rows = (0..corpus.n_rows()).map(|row| {
        let codes = corpus.codes.row(row);
        let labels = if codes.iter().all(|code| code.as_bool().is_some()) {
            frames.join(codes.iter().map(|code| code.as_bool() == Some(true)))
        } else {
            String::new()
        };
        let mut cells = vec![population.ids[row].clone(), corpus.texts[row].clone()];
        let columns = [&corpus.outlets, &corpus.articles, &corpus.stories, &population.voices, &population.wires];
        cells.extend(columns.map(|column| name(column, row)));
        cells.extend([labels, number(population.pi[row])]);
        cells.extend(predictions.proba.row(row).iter().map(|p| format!("{p:.6}")));
        cells.push(frames.join(predictions.predicted.row(row).iter().copied()));
        cells
    });
    csv_rows(std::iter::once(STUDY_PREDICTIONS.header(frames.names())).chain(rows))
}

/// The comparison as tables: shares frame by frame, differences that survive, ranks; all voices together.
#[must_use]
pub fn comparison_table(comparison: &Comparison) -> String {
    let mut out = String::new();
    let voices = comparison.voices.len().saturating_sub(1);
    let rows: usize = comparison.outlets.iter().map(|outlet| outlet.n_sentences).sum();
    let coded: usize = comparison.outlets.iter().map(|outlet| outlet.n_coded).sum();
    let _ = writeln!(
        out,
        "{} of {}, {} of them coded{}",
        counted(rows, "sentence", "sentences"),
        counted(comparison.outlets.len(), "outlet", "outlets"),
        count(coded),
        if voices > 0 { format!("; {} voices apart in shares.csv", count(voices)) } else { String::new() },
    );
    for frame in &comparison.frames {
        shares_of_frame(&mut out, comparison, frame);
    }
    if comparison.is_corrected && comparison.outlets.len() > 1 {
        surviving(&mut out, comparison);
        ranks(&mut out, comparison);
    }
    out
}

fn shares_of_frame(out: &mut String, comparison: &Comparison, frame: &str) {
    let own = comparison.shares.iter().filter(|share| share.voice == ALL_VOICES && share.frame == frame);
    let by_outlet: BTreeMap<(Estimator, &str), &Share> =
        own.map(|share| ((share.estimator, share.outlet.as_str()), share)).collect();
    let of = |estimator: Estimator, outlet: &str| by_outlet.get(&(estimator, outlet)).copied();
    let mut outlets: Vec<(&str, &Share)> = comparison
        .outlets
        .iter()
        .filter_map(|o| {
            let best = of(Estimator::Corrected, &o.outlet).or_else(|| of(Estimator::Counted, &o.outlet))?;
            Some((o.outlet.as_str(), best))
        })
        .collect();
    let n_hidden = outlets.len().saturating_sub(MOST_ROWS);
    if n_hidden > 0 {
        // Those about which most is known stay.
        outlets.sort_by(|a, b| b.1.n_coded.cmp(&a.1.n_coded).then(b.1.n_sentences.cmp(&a.1.n_sentences)));
        outlets.truncate(MOST_ROWS);
    }
    outlets.sort_by(|a, b| b.1.estimate.total_cmp(&a.1.estimate));
    let interval = |share: Option<&Share>| {
        share.map_or_else(|| "–".to_owned(), |share| percent(share.estimate, share.low.zip(share.high)))
    };
    let rows: Vec<Vec<String>> = outlets
        .iter()
        .map(|(outlet, share)| {
            let counted = percent(of(Estimator::Counted, outlet).map_or(f64::NAN, |share| share.estimate), None);
            let mut row = vec![(*outlet).to_owned(), count(share.n_sentences), count(share.n_articles)];
            if comparison.is_corrected {
                let corrected = of(Estimator::Corrected, outlet);
                row.extend([
                    count(share.n_coded),
                    counted,
                    interval(of(Estimator::Coded, outlet)),
                    interval(corrected),
                    corrected.and_then(|s| s.effective_n).map_or_else(|| "–".into(), |n| count(n.round() as usize)),
                ]);
            } else {
                row.push(counted);
            }
            row
        })
        .collect();
    let header: &[&str] = if comparison.is_corrected {
        &["outlet", "sentences", "articles", "coded", "counted", "coded alone", "corrected", "effective n"]
    } else {
        &["outlet", "sentences", "articles", "counted (uncorrected)"]
    };
    let _ = writeln!(out, "\n{frame}, share of sentences:\n");
    out.push_str(&table(header, &rows));
    if n_hidden > 0 {
        let _ = writeln!(out, "and {} more; shares.csv has all.", count(n_hidden));
    }
}

fn surviving(out: &mut String, comparison: &Comparison) {
    let adjustment: Adjustment = comparison.params.adjustment;
    let level = comparison.params.level;
    let family = comparison
        .families
        .iter()
        .find(|family| family.estimator == Estimator::Corrected && family.voice == ALL_VOICES);
    let Some(family) = family else {
        let _ = writeln!(
            out,
            "\nNo difference can be tested: two outlets with {MIN_CLUSTERS} coded articles each would be enough to begin."
        );
        return;
    };
    let _ = writeln!(
        out,
        "\nDifferences of corrected shares: {} of {} survive {} at {:.0} %.",
        count(family.n_surviving),
        counted(family.n_tests, "test", "tests"),
        adjustment.name(),
        100.0 * (1.0 - level),
    );
    let mut found: Vec<&ShareDifference> = comparison
        .differences
        .iter()
        .filter(|d| d.estimator == Estimator::Corrected && d.voice == ALL_VOICES && d.survives(level))
        .collect();
    if found.is_empty() {
        return;
    }
    found.sort_by(|a, b| b.estimate.abs().total_cmp(&a.estimate.abs()));
    let rows: Vec<Vec<String>> = found
        .iter()
        .take(MOST_ROWS)
        .map(|d| {
            let (first, second) =
                if d.estimate > 0.0 { (&d.outlet_a, &d.outlet_b) } else { (&d.outlet_b, &d.outlet_a) };
            let bounds =
                d.low.zip(d.high).map(|(low, high)| if d.estimate > 0.0 { (low, high) } else { (-high, -low) });
            let p = d.p_adjusted.map_or_else(|| "–".to_owned(), p_value);
            vec![format!("{first} over {second}"), d.frame.clone(), points(d.estimate.abs(), bounds), p]
        })
        .collect();
    out.push('\n');
    out.push_str(&table(&["", "frame", "points", "p adjusted"], &rows));
    if found.len() > MOST_ROWS {
        let _ = writeln!(out, "and {} more; differences.csv has all.", count(found.len() - MOST_ROWS));
    }
}

/// `0.012`, or `< 0.001`.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

fn ranks(out: &mut String, comparison: &Comparison) {
    for ranking in comparison.rankings.iter().filter(|ranking| ranking.is_supported) {
        let Some(first) = ranking.ranks.first() else { continue };
        let possible = ranking.ranks.iter().filter(|rank| rank.first == 1).count();
        let _ = writeln!(
            out,
            "{}: {} is highest with probability {:.2}; {} of {} may be.",
            ranking.frame,
            first.outlet,
            first.p_highest,
            count(possible),
            counted(ranking.ranks.len(), "outlet", "outlets"),
        );
    }
}
