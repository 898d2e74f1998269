//! The rows: whose they are, how they were coded, in which words, and what is odd about them.

use serde::Serialize;

use super::format::{decimal, log_ratio, percent, points_interval};
use super::table::Table;
use crate::comparison::{Comparison, Sampling};
use crate::report::layout::{count, counted};

/// Most rows in a table of words.
const MOST_WORDS: usize = 1200;
/// Most label-error suspects shown.
const MOST_SUSPECTS: usize = 100;

#[derive(Serialize)]
pub(super) struct PopulationView {
    totals: String,
    sampling: &'static str,
    outlets: Table,
    sources: Table,
    model_sha256: Option<String>,
    /// Where voices are known.
    voices: Option<Table>,
    calibration: Option<Table>,
    n_off: usize,
    words: Option<Table>,
    suspects: Option<Table>,
    drift: Option<Table>,
    n_unlike: usize,
}

pub(super) fn population(comparison: &Comparison) -> PopulationView {
    PopulationView {
        totals: totals(comparison),
        sampling: match comparison.sampling {
            Sampling::NothingCoded => "No row is coded.",
            Sampling::AssumedRandom => {
                "The rows do not say how those that are coded were drawn, so each outlet’s are taken for a simple \
                 random sample of its rows."
            }
            Sampling::Known => "The coded rows were drawn with known probabilities (pi), by which they are weighted.",
        },
        outlets: outlets(comparison),
        sources: sources(comparison),
        model_sha256: comparison.model_sha256.clone(),
        voices: filled(voices(comparison)),
        calibration: filled(calibration(comparison)),
        n_off: comparison.calibration.iter().filter(|one| one.is_off).count(),
        words: filled(words(comparison)),
        suspects: filled(suspects(comparison)),
        drift: filled(drift(comparison)),
        n_unlike: comparison.drift.iter().filter(|drift| drift.is_unlike).count(),
    }
}

fn filled(table: Table) -> Option<Table> {
    Some(table).filter(|table| !table.is_empty())
}

fn totals(comparison: &Comparison) -> String {
    let sum = |of: fn(&crate::comparison::OutletSummary) -> usize| comparison.outlets.iter().map(of).sum::<usize>();
    format!(
        "{} of {} in {}; {} in {}.",
        counted(sum(|o| o.n_sentences), "sentence", "sentences"),
        counted(sum(|o| o.n_articles), "article", "articles"),
        counted(comparison.outlets.len(), "outlet", "outlets"),
        counted(sum(|o| o.n_coded), "coded row", "coded rows"),
        counted(sum(|o| o.n_coded_articles), "article", "articles"),
    )
}

fn outlets(comparison: &Comparison) -> Table {
    let rows = comparison.outlets.iter().map(|outlet| {
        let numbers = [outlet.n_sentences, outlet.n_articles, outlet.n_coded, outlet.n_coded_articles];
        std::iter::once(outlet.outlet.clone()).chain(numbers.map(count)).collect()
    });
    let columns = ["Outlet", "#Sentences", "#Articles", "#Coded rows", "#Articles with a coded row"];
    Table::new("outlets-table", "Rows of each outlet", &columns).all(rows)
}

fn sources(comparison: &Comparison) -> Table {
    let rows = comparison.sources.iter().map(|source| {
        let split = source.split.clone().map_or_else(|| "all".to_owned(), |split| format!("split {split}"));
        vec![source.name.clone(), count(source.n_rows), split, source.sha256.clone()]
    });
    Table::new("sources-table", "Files", &["File", "#Rows", "Used", "SHA-256 of its text"]).all(rows)
}

fn voices(comparison: &Comparison) -> Table {
    let mut columns = vec!["Outlet".to_owned()];
    columns.extend(comparison.voices.iter().skip(1).map(|voice| format!("#{voice}")));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let rows = comparison.outlets.iter().filter(|outlet| !outlet.voices.is_empty()).map(|outlet| {
        std::iter::once(outlet.outlet.clone())
            .chain(outlet.voices.iter().skip(1).map(|share| percent(*share)))
            .collect()
    });
    Table::new("voices-table", "Share of each outlet’s sentences in each voice", &columns).all(rows)
}

fn calibration(comparison: &Comparison) -> Table {
    let rows = comparison.calibration.iter().map(|one| {
        let off = &one.calibration_in_the_large;
        vec![
            one.outlet.clone(),
            one.frame.clone(),
            points_interval(off.value, off.low, off.high),
            count(off.n),
            (if one.is_off { "off" } else { "" }).to_owned(),
        ]
    });
    let columns = ["Outlet", "Frame", "#Mean probability minus coded share, in points", "#Coded rows", "Verdict"];
    Table::new("calibration-table", "Calibration in the large, by outlet", &columns).all(rows).choice(1)
}

fn words(comparison: &Comparison) -> Table {
    let rows = comparison.words.iter().map(|word| {
        vec![
            word.outlet.clone(),
            word.word.clone(),
            log_ratio(word.log_odds_ratio, word.low, word.high),
            decimal(Some(word.z), 1),
            count(word.n),
            count(word.n_articles),
        ]
    });
    let columns = ["Outlet", "Word", "#Log odds ratio", "#z", "#Times", "#Articles"];
    Table::new("words-table", "Words that tell each outlet from the others", &columns)
        .rows(rows, MOST_WORDS, "comparison.json")
        .choice(0)
}

fn suspects(comparison: &Comparison) -> Table {
    let label = |present: bool| (if present { "there" } else { "not there" }).to_owned();
    let rows = comparison.suspects.iter().map(|suspect| {
        vec![
            suspect.id.clone(),
            suspect.outlet.clone(),
            suspect.frame.clone(),
            label(suspect.coded),
            label(!suspect.coded),
            percent(suspect.proba),
            suspect.text.clone(),
        ]
    });
    let columns = ["Row", "Outlet", "Frame", "Coder", "Model", "#Probability", "Sentence"];
    Table::new("suspects-table", "Coded rows whose label the model doubts, most doubtful first", &columns)
        .rows(rows, MOST_SUSPECTS, "comparison.json")
        .choice(2)
}

fn drift(comparison: &Comparison) -> Table {
    let mut columns = vec!["Outlet".to_owned(), "#Unknown words".to_owned(), "#Of training rows".to_owned()];
    columns.extend(comparison.frames.iter().map(|frame| format!("#Distance, {frame}")));
    columns.push("Verdict".to_owned());
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let rows = comparison.drift.iter().map(|drift| {
        let mut row = vec![
            drift.outlet.clone(),
            drift.unknown_words.map_or_else(|| "–".to_owned(), percent),
            percent(drift.unknown_words_in_training),
        ];
        row.extend(drift.score_distance.iter().map(|distance| decimal(Some(*distance), 2)));
        row.push((if drift.is_unlike { "unlike" } else { "" }).to_owned());
        row
    });
    Table::new("drift-table", "How each outlet’s rows compare with those that trained the model", &columns).all(rows)
}
