//! One frame's fit on features that other solvers can be given, by benches/peers: the same matrix, targets and
//! penalty.
//!
//!     cargo bench --bench solver -- CODED.csv [FOLDER]
//!     cargo bench --bench solver -- once CODED.csv
//!
//! Fits the first frame of the coded rows with the penalty that is round, as theirs is; prints as one JSON object how
//! long that took and where it ended, and writes into FOLDER, little-endian and without headers, the matrix written
//! out by rows (data.f64, indices.u32, indptr.u64), the targets (targets.f64), and the weights with the intercept last
//! (solution.f64). `once` does what a scikit-learn pipeline does: features of all rows, and one fit of every frame
//! by the same penalty (alpha is 1/C), but no folds, no choice of the penalty, no calibration and no scores.
//! Without arguments, as a test, it fits a few generated rows, and holds the objective against the one
//! computed from the rows written out.

#![allow(clippy::print_stdout)]
#![allow(clippy::disallowed_methods, reason = "the fit is timed")]

mod support;

use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use framescope::corpus::{Code, Codes, Corpus, CorpusOptions};
use framescope::features::{Documents, FeatureMatrix, FeatureValidParams, Lexicon, Tokenizer, Vocabulary};
use framescope::model::{ClassWeight, FittedLogistic, LogisticParams, Prior};
use linfa::DatasetBase;
use linfa::traits::Fit as _;

/// The estimator's default.
const ALPHA: f64 = 0.3;
/// What scikit-learn calls C = 10.
const ALPHA_OF_PEER: f64 = 0.1;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    match &args[..] {
        [once, coded] if once == "once" => measure_once(coded),
        [coded, folder] => measure(coded, Some(Path::new(folder))),
        [coded] => measure(coded, None),
        [] => test(),
        _ => panic!("expected CODED.csv [FOLDER], or once CODED.csv"),
    }
}

/// A problem, and its solution.
struct Fitted {
    dataset: DatasetBase<FeatureMatrix, Codes>,
    solution: FittedLogistic,
    took: Duration,
}

fn matrix_of(texts: &[String]) -> FeatureMatrix {
    let features = FeatureValidParams::default();
    let documents = Documents::new(&Tokenizer::default(), texts).expect("the texts can be tokenised");
    let lexicon = Lexicon::new(documents, &features);
    let rows: Vec<usize> = (0..texts.len()).collect();
    Vocabulary::fit(&lexicon, &rows, &features).transform(&lexicon, &rows, &features)
}

fn fit(texts: &[String], present: &[bool]) -> Fitted {
    let matrix = matrix_of(texts);
    let codes = Codes::from_shape_fn((texts.len(), 1), |(row, _)| Code::from(present[row]));
    let params = LogisticParams::default().alpha(ALPHA).prior(Prior::Uniform).class_weight(ClassWeight::Balanced);
    let started = Instant::now();
    let dataset = DatasetBase::new(matrix.by_use(), codes);
    let solution = params.fit(&dataset).expect("the codes have both classes, and noise");
    Fitted { took: started.elapsed(), dataset, solution }
}

fn measure(coded: &str, folder: Option<&Path>) {
    let corpus = read(coded);
    let codes = corpus.codes.column(0).into_iter().map(|code| code.as_bool());
    let present: Vec<bool> = codes.map(|code| code.expect("every row is coded")).collect();
    let fitted = fit(&corpus.texts, &present);
    let write = |folder| write(&fitted, folder).unwrap_or_else(|error| panic!("{}: {error}", Path::display(folder)));
    let n_entries = folder.map(write);
    let (matrix, report) = (&fitted.dataset.records, &fitted.solution.fits[0]);
    let facts = serde_json::json!({
        "frame": corpus.frames.names()[0],
        "n_samples": matrix.n_samples(),
        "n_features": matrix.n_features(),
        "n_entries": n_entries,
        "alpha": ALPHA,
        "seconds": fitted.took.as_secs_f64(),
        "iterations": report.iterations,
        "objective": report.objective,
    });
    println!("{facts}");
}

fn measure_once(coded: &str) {
    let corpus = read(coded);
    let solution = fit_once(&corpus.texts, corpus.codes);
    println!("{}", serde_json::json!({ "n_features": solution.weights.ncols(), "n_frames": solution.fits.len() }));
}

fn fit_once(texts: &[String], codes: Codes) -> FittedLogistic {
    let dataset = DatasetBase::new(matrix_of(texts).by_use(), codes);
    LogisticParams::default().alpha(ALPHA_OF_PEER).fit(&dataset).expect("the codes have both classes, and noise")
}

fn read(coded: &str) -> Corpus {
    Corpus::read(&[coded.to_owned()], &CorpusOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Writes all files, and returns the entries of the matrix.
fn write(fitted: &Fitted, folder: &Path) -> io::Result<u64> {
    let create = |name| fs::File::create(folder.join(name)).map(BufWriter::new);
    let (mut data, mut indices, mut indptr) = (create("data.f64")?, create("indices.u32")?, create("indptr.u64")?);
    let matrix = &fitted.dataset.records;
    let mut end = 0_u64;
    indptr.write_all(&end.to_le_bytes())?;
    for i in 0..matrix.n_samples() {
        let row = matrix.row(i);
        for (column, value) in &row {
            data.write_all(&value.to_le_bytes())?;
            indices.write_all(&(*column as u32).to_le_bytes())?;
        }
        end += row.len() as u64;
        indptr.write_all(&end.to_le_bytes())?;
    }
    let mut targets = create("targets.f64")?;
    for code in &fitted.dataset.targets {
        targets.write_all(&target(*code).to_le_bytes())?;
    }
    let mut solution = create("solution.f64")?;
    for weight in fitted.solution.weights.row(0).iter().chain(&fitted.solution.intercepts) {
        solution.write_all(&weight.to_le_bytes())?;
    }
    [data, indices, indptr, targets, solution].iter_mut().try_for_each(io::Write::flush)?;
    Ok(end)
}

fn target(code: Code) -> f64 {
    f64::from(u8::from(code == Code::Present))
}

fn test() {
    let (texts, present) = support::labelled(200);
    let fitted = fit(&texts, &present);
    let (by_rows, reported) = (objective(&fitted), fitted.solution.fits[0].objective);
    assert!((by_rows / reported - 1.0).abs() < 1e-9, "{by_rows} by the rows written out, {reported} by the solver");
    let once =
        fit_once(&texts, Codes::from_shape_fn((texts.len(), 2), |(row, j)| Code::from(present[row] != (j == 1))));
    assert_eq!((once.fits.len(), once.weights.ncols()), (2, fitted.solution.weights.ncols()));
    assert!(
        once.weights.row(0).iter().zip(once.weights.row(1)).all(|(a, b)| (a + b).abs() < 1e-2),
        "one frame is the other's absence"
    );
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let n_entries = write(&fitted, folder.path()).expect("the temporary folder has room");
    let length = |name: &str| folder.path().join(name).metadata().expect("the file was written").len();
    assert_eq!((length("data.f64"), length("indices.u32")), (8 * n_entries, 4 * n_entries));
    assert_eq!((length("indptr.u64"), length("targets.f64")), (8 * 201, 8 * 200));
}

/// `Σ cᵢ log(1 + exp(-yᵢ zᵢ)) + α/2 ‖w‖²`, from the rows written out.
fn objective(fitted: &Fitted) -> f64 {
    let (matrix, codes) = (&fitted.dataset.records, fitted.dataset.targets.column(0));
    let weights = fitted.solution.weights.row(0);
    let n = matrix.n_samples() as f64;
    let n_present = codes.iter().map(|code| target(*code)).sum::<f64>();
    let loss = |i: usize| {
        let z = fitted.solution.intercepts[0] + matrix.row(i).iter().map(|(j, x)| weights[*j] * x).sum::<f64>();
        let (sign, n_class) = if codes[i] == Code::Present { (1.0, n_present) } else { (-1.0, n - n_present) };
        n / (2.0 * n_class) * (-sign * z).exp().ln_1p()
    };
    (0..matrix.n_samples()).map(loss).sum::<f64>() + 0.5 * ALPHA * weights.dot(&weights)
}
