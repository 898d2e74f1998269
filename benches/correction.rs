//! What correction is worth: each outlet held out of training, some of its rows coded, and the share that all its gold labels give as the truth.
//!
//!     cargo bench --bench correction                 the bundled labels
//!     cargo bench --bench correction -- CODED.csv    other rows, with outlet and doc_id columns
//!
//! Prints, for each way to come by an outlet's share, how often its 95 % interval holds the truth, how far it is off, and how wide the
//! interval is, over draws of rows to code.

#![allow(clippy::print_stdout)]

use framescope::corpus::{Corpus, CorpusOptions, GroupBy, folds};
use framescope::stats::{Bootstrap, Design, Proportion, Reliance, Unit, corrected_mean};
use framescope::training::{Silent, TrainParams, cross_fit};
use rand::SeedableRng as _;
use rand::seq::index::sample;
use rand_chacha::ChaCha8Rng;

/// Rows coded in each outlet.
const CODED: usize = 60;
/// Outlets with fewer rows are left out: a sample must leave something to estimate.
const MIN_ROWS: usize = 150;
const DRAWS: u64 = 300;
const LEVEL: f64 = 0.95;

fn main() {
    let mut args = std::env::args().skip(1).filter(|arg| !arg.starts_with("--"));
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/labels/framing-en.csv");
    // As one of the benches that `cargo test` runs once, a single draw of few rows shows that it works.
    let is_test = std::env::args().any(|arg| arg == "--test") || !std::env::args().any(|arg| arg == "--bench");
    let path = args.next().unwrap_or_else(|| default.to_owned());
    let mut corpus =
        Corpus::read(std::slice::from_ref(&path), &CorpusOptions::default()).expect("the rows can be read");
    if is_test {
        corpus = corpus.select(&(0..corpus.n_rows().min(600)).collect::<Vec<_>>());
    }
    let proba = held_out(&corpus);
    println!("{} rows of {path}; each outlet predicted by models that had not seen it", corpus.n_rows());
    let n_draws = if is_test { 2 } else { DRAWS };
    for (frame, name) in corpus.frames.names().iter().enumerate() {
        let outlets = outlets(&corpus, &proba, frame, if is_test { CODED + 5 } else { MIN_ROWS });
        let rows: Vec<usize> = outlets.iter().map(Vec::len).collect();
        println!(
            "\n{name}: {} outlets of {rows:?} rows, {CODED} of each coded at random, {n_draws} draws",
            outlets.len()
        );
        println!("{:<34}{:>10}{:>14}{:>12}", "", "coverage", "mean error", "mean width");
        for (method, estimate) in METHODS {
            let found = judge(&outlets, n_draws, estimate);
            println!(
                "{method:<34}{:>8.1} %{:>7.1} points{:>12.1}",
                100.0 * found.coverage,
                100.0 * found.error,
                100.0 * found.width
            );
        }
    }
}

/// A row with its gold label, before some labels are hidden.
type Gold = (Unit, bool);
/// An outlet's share, from rows of which some are coded.
type Estimate = fn(&[Unit], &[Gold]) -> Proportion;

const METHODS: [(&str, Estimate); 3] = [
    ("counting what is predicted", |_, rows| {
        let unit = |(unit, predicted): &Gold| Unit { gold: Some(f64::from(u8::from(*predicted))), ..*unit };
        share(&rows.iter().map(unit).collect::<Vec<_>>(), Reliance::Power(0.0))
    }),
    ("the coded rows alone", |units, _| share(units, Reliance::Power(0.0))),
    ("corrected", |units, _| share(units, Reliance::Tuned)),
];

fn share(units: &[Unit], reliance: Reliance) -> Proportion {
    let mean = corrected_mean(units, Design::SimpleRandom, reliance).expect("some rows are coded");
    mean.proportion().expect("they stand in five articles or more")
}

struct Held {
    proba: ndarray::Array2<f64>,
    predicted: ndarray::Array2<bool>,
}

fn held_out(corpus: &Corpus) -> Held {
    let n_outlets = corpus.outlets.as_ref().expect("the rows have an outlet column").names.len();
    let params = |n_folds| TrainParams {
        group: Some(GroupBy::Outlet),
        n_folds,
        leakage: false,
        bootstrap: Bootstrap { n_replicates: 0, ..Bootstrap::default() },
        ..TrainParams::default()
    };
    // Outlets that share a sentence share a fold, so that there may be fewer.
    let n_folds = (2..=n_outlets).rev().find(|n_folds| folds(corpus, GroupBy::Outlet, *n_folds, 0).is_ok());
    let params = params(n_folds.expect("two folds of outlets can be made"));
    let predictions = cross_fit(corpus, &params, &Silent).expect("every frame can be learned").out_of_fold;
    Held { proba: predictions.proba, predicted: predictions.predicted }
}

/// The rows of each outlet that has enough of them.
fn outlets(corpus: &Corpus, held: &Held, frame: usize, least: usize) -> Vec<Vec<Gold>> {
    let outlets = corpus.outlets.as_ref().expect("the rows have an outlet column");
    let articles = corpus.clusters();
    let mut rows: Vec<Vec<Gold>> = vec![Vec::new(); outlets.names.len()];
    for (row, article) in articles.iter().enumerate() {
        let (Some(outlet), Some(gold)) = (outlets.of_row[row], corpus.codes[(row, frame)].as_bool()) else { continue };
        let unit = Unit {
            prediction: held.proba[(row, frame)],
            gold: Some(f64::from(u8::from(gold))),
            pi: 1.0,
            weight: 1.0,
            cluster: *article,
        };
        rows[outlet as usize].push((unit, held.predicted[(row, frame)]));
    }
    rows.retain(|rows| rows.len() >= least);
    rows
}

struct Judged {
    coverage: f64,
    error: f64,
    width: f64,
}

fn judge(outlets: &[Vec<Gold>], n_draws: u64, estimate: Estimate) -> Judged {
    let (mut hits, mut error, mut width, mut n) = (0.0, 0.0, 0.0, 0.0);
    for (number, rows) in outlets.iter().enumerate() {
        let truth = rows.iter().filter_map(|(unit, _)| unit.gold).sum::<f64>() / rows.len() as f64;
        for draw in 0..n_draws {
            let mut rng = ChaCha8Rng::seed_from_u64((number as u64) << 32 | draw);
            let mut units: Vec<Unit> = rows.iter().map(|(unit, _)| Unit { gold: None, ..*unit }).collect();
            for row in sample(&mut rng, rows.len(), CODED) {
                units[row].gold = rows[row].0.gold;
            }
            let share = estimate(&units, rows);
            let (low, high) = share.interval(LEVEL);
            hits += f64::from(u8::from(low <= truth && truth <= high));
            error += (share.value - truth).abs();
            width += high - low;
            n += 1.0;
        }
    }
    Judged { coverage: hits / n, error: error / n, width: width / n }
}
