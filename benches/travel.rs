//! How well models travel to news they have not seen, and what makes them: `cargo bench --bench travel`.
//!
//! Trains on labels/framing-en.csv under one setting at a time and prints macro-F1 and mean average precision: held out by story inside the
//! file, and on real news that trained nothing, which is read from beside the project where it is there (labels/README.md says what
//! it is and where it comes from). Writes models/learning-curve.csv and .svg; `-- --draw` draws the chart anew from the table,
//! `-- --bundled` judges the bundled model alone, with intervals, and `-- --judge MODEL.safetensors` another one, whose encoder, if it has
//! one, lies beside it (then with `--features encoder`). As a test it runs on a few rows and writes nothing.

#![allow(clippy::print_stdout)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use framescope::evaluation::Predictions;
use framescope::features::Names;
use framescope::features::encoder::open;
use framescope::model::{ClassWeight, Prior};
use framescope::stats::{Bootstrap, sigmoid};
use framescope::training::{Silent, train};
use framescope::{Corpus, CorpusOptions, Evaluation, GroupBy, Metric, Model, Scorer, TrainParams};
use plotters::prelude::*;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const SIZES: [usize; 6] = [250, 500, 1000, 2000, 4000, 8000];
const DRAWS: u64 = 3;
/// Dark enough on white, and told apart without red and green. Source: Okabe & Ito (2008), Color Universal Design.
const COLOURS: [RGBColor; 3] = [RGBColor(0, 114, 178), RGBColor(213, 94, 0), BLACK];

fn main() {
    let told = |word: &str| std::env::args().any(|arg| arg == word);
    let models = Path::new(ROOT).join("models");
    if told("--draw") {
        return draw(&models).expect("the chart can be written");
    }
    if told("--bundled") {
        let bundled = Model::bundled().expect("the bundled model loads");
        return tell(&Scorer::new(bundled).expect("it needs no encoder"), &elsewhere());
    }
    if let Some(path) = std::env::args().skip_while(|arg| arg != "--judge").nth(1) {
        return tell(&scorer(Path::new(&path)), &elsewhere());
    }
    let whole = told("--bench");
    let ours = read(&Path::new(ROOT).join("labels/framing-en.csv"));
    let (ours, elsewhere) = if whole { (ours, elsewhere()) } else { (sample(&ours, 300, 0), Vec::new()) };

    println!("Macro-F1 / mean average precision; {} rows train\n", ours.n_rows());
    print!("{:<44} {:>13}", "", "other stories");
    elsewhere.iter().for_each(|set| print!(" {:>15}", format!("{} ({})", set.name, set.rows.n_rows())));
    println!();
    ablate(&ours, &elsewhere);
    if elsewhere.is_empty() {
        return;
    }
    println!("\nWithout one register");
    for register in registers(&ours).values().collect::<BTreeSet<_>>() {
        line(&format!("  {register}"), &without_register(&ours, register), &ngrams(), &elsewhere);
    }
    tabulate(&learning_curve(&ours, &elsewhere), &elsewhere, &models).expect("the table can be written");
    draw(&models).expect("the chart can be written");
}

/// A model from a file, with the encoder that was fine-tuned for it.
fn scorer(path: &Path) -> Scorer {
    let compiled = Model::load(path).and_then(|model| {
        if model.metadata().encoder.is_none() {
            return Scorer::new(model);
        }
        let beside = path.with_extension("encoder").display().to_string();
        Scorer::with_encoder(model, open(&beside, None)?)
    });
    compiled.unwrap_or_else(|error| panic!("{error}"))
}

/// A model on every set, with intervals.
fn tell(scorer: &Scorer, elsewhere: &[Elsewhere]) {
    for set in elsewhere {
        let predictions = scorer.predictions(&set.rows.texts).expect("news can be tokenised");
        let evaluation = predictions.judge(&set.rows, Bootstrap::default()).expect("the rows have the model's frames");
        let text = |metric| evaluation.macro_average.get(metric).expect("every frame occurs").to_text(3);
        let n = set.rows.n_rows();
        println!("{:<10} {n:>6} {}   {}", set.name, text(Metric::F1), text(Metric::AveragePrecision));
    }
}

/// Coded rows that train nothing.
struct Elsewhere {
    name: &'static str,
    rows: Corpus,
}

fn read(path: &Path) -> Corpus {
    let paths = [path.to_str().expect("the path is UTF-8").to_owned()];
    Corpus::read(&paths, &CorpusOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Real rows from beside the project, and the two keys whose texts are there.
fn elsewhere() -> Vec<Elsewhere> {
    let data = Path::new(ROOT).join("../shared/data");
    let absent = ["plv_train.csv", "seeds", "articles_1800.csv"]
        .map(|name| data.join(name))
        .into_iter()
        .find(|path| !path.exists());
    if let Some(path) = absent {
        println!("ABSENT: {} is not here, so nothing is judged on real news\n", path.display());
        return Vec::new();
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut sets = vec![Elsewhere { name: "PLV", rows: read(&data.join("plv_train.csv")) }];
    for (name, source, articles) in [
        ("seeds", "seeds", vec![data.join("seeds")]),
        ("US news", "articles_1800", vec![data.join("articles_1800.csv")]),
    ] {
        let file = folder.path().join(format!("{source}.csv"));
        keyed(source, &articles, &file);
        sets.push(Elsewhere { name, rows: read(&file) });
    }
    sets
}

/// Writes the rows of a key with the sentences that `segment` finds where it says they stand.
fn keyed(source: &str, articles: &[PathBuf], file: &Path) {
    let segmented = file.with_extension("sentences.csv");
    let done = Command::new(env!("CARGO_BIN_EXE_framescope"))
        .arg("segment")
        .args(articles)
        .arg("-o")
        .arg(&segmented)
        .args(["--quiet", "--keep-boilerplate"])
        .status();
    assert!(done.expect("the program runs").success(), "{source} cannot be segmented");
    let table = |path: &Path| -> Vec<BTreeMap<String, String>> {
        let reader = csv::Reader::from_path(path).expect("the table is there");
        reader.into_deserialize().collect::<Result<_, _>>().expect("the table is a CSV")
    };
    let place = |row: &BTreeMap<String, String>| [&row["doc_id"], &row["start"], &row["end"]].map(String::clone);
    let sentences: BTreeMap<_, _> = table(&segmented).iter().map(|row| (place(row), row["text"].clone())).collect();
    let mut writer = csv::Writer::from_path(file).expect("the table can be written");
    writer.write_record(["text", "labels", "doc_id"]).expect("the table can be written");
    for row in table(&Path::new(ROOT).join("tests/key/frames.csv")).iter().filter(|row| row["source"] == source) {
        let text = sentences.get(&place(row)).unwrap_or_else(|| panic!("no sentence at {:?}", place(row)));
        writer.write_record([text, &row["labels"], &row["doc_id"]]).expect("the table can be written");
    }
    writer.flush().expect("the table can be written");
}

/// The options with which n-grams learn the labels alone.
fn ngrams() -> TrainParams {
    let bootstrap = Bootstrap { n_replicates: 0, ..Bootstrap::default() };
    let mut params = TrainParams { group: Some(GroupBy::StoryId), leakage: false, bootstrap, ..TrainParams::default() };
    params.features.0.names = Names::Mask;
    params
}

fn with(change: impl FnOnce(&mut TrainParams)) -> TrainParams {
    let mut params = ngrams();
    change(&mut params);
    params
}

fn model(rows: &Corpus, params: &TrainParams) -> Model {
    train(rows, params, &Silent).unwrap_or_else(|error| panic!("{error}")).model
}

/// Macro-F1 and mean average precision of decisions about some rows.
fn judge(predictions: &Predictions, rows: &Corpus) -> [f64; 2] {
    let bootstrap = Bootstrap { n_replicates: 0, ..Bootstrap::default() };
    headline(&predictions.judge(rows, bootstrap).expect("the rows have the model's frames"))
}

fn headline(evaluation: &Evaluation) -> [f64; 2] {
    let value = |metric| evaluation.macro_average.get(metric).expect("every frame occurs").value;
    [Metric::F1, Metric::AveragePrecision].map(value)
}

/// Trains, and judges on every set.
fn scores(rows: &Corpus, params: &TrainParams, elsewhere: &[Elsewhere]) -> Vec<[f64; 2]> {
    let model = model(rows, params);
    let mut scores = vec![headline(&model.metadata().training.evaluation)];
    let scorer = Scorer::new(model).expect("it needs no encoder");
    for set in elsewhere {
        scores.push(judge(&scorer.predictions(&set.rows.texts).expect("news can be tokenised"), &set.rows));
    }
    scores
}

fn print_line(name: &str, scores: &[Option<[f64; 2]>]) {
    print!("{name:<44}");
    for (i, score) in scores.iter().enumerate() {
        let cell = score.map_or_else(String::new, |[f1, ap]| format!("{f1:.3} / {ap:.3}"));
        print!(" {cell:>width$}", width = if i == 0 { 13 } else { 15 });
    }
    println!();
}

fn line(name: &str, rows: &Corpus, params: &TrainParams, elsewhere: &[Elsewhere]) {
    print_line(name, &scores(rows, params, elsewhere).into_iter().map(Some).collect::<Vec<_>>());
}

fn ablate(ours: &Corpus, elsewhere: &[Elsewhere]) {
    line("n-grams from the labels alone", ours, &ngrams(), elsewhere);
    println!("\nOne setting changed");
    let changed: [(&str, TrainParams); 10] = [
        ("  names kept, not masked", with(|params| params.features.0.names = Names::Keep)),
        ("  uniform prior (ridge)", with(|params| params.logistic.0.prior = Prior::Uniform)),
        ("  no pairs of words", with(|params| params.features.0.max_words = 1)),
        ("  no subwords", with(|params| params.features.0.max_subword = 0)),
        ("  words and pairs weigh as subwords do", with(|params| params.features.0.word_weight = 1.0)),
        ("  words and pairs of two sentences or more", with(|params| params.features.0.min_df = 2)),
        ("  classes weigh as they are", with(|params| params.logistic.0.class_weight = ClassWeight::None)),
        ("  alpha 10 for every frame", with(|params| params.alphas = vec![10.0])),
        ("  alpha 1 for every frame", with(|params| params.alphas = vec![1.0])),
        ("  alpha 0.03 for every frame", with(|params| params.alphas = vec![0.03])),
    ];
    for (name, params) in changed {
        line(name, ours, &params, elsewhere);
    }

    println!("\nOther texts or weights");
    line("  numbers masked too (digits read as 0)", &digits_as_zero(ours), &ngrams(), &zeroed(elsewhere));
    // Inside the file the held-out rows would hold their outlet's word too.
    let mut outlet_word: Vec<_> = scores(&with_outlet_word(ours), &ngrams(), elsewhere).into_iter().map(Some).collect();
    outlet_word[0] = None;
    print_line("  the outlet as a word, in training only", &outlet_word);
    line("  every outlet weighs the same", &outlets_alike(ours), &ngrams(), elsewhere);

    println!("\nOther thresholds");
    let model = model(ours, &ngrams());
    let shares: Vec<f64> = (0..ours.frames.len()).map(|j| ours.counts(j).0 as f64 / ours.n_rows() as f64).collect();
    let thresholds: Vec<f64> = model.calibration().iter().map(|calibration| calibration.threshold).collect();
    let scorer = Scorer::new(model).expect("it needs no encoder");
    let judged = |decide: &dyn Fn(&Predictions, usize) -> Vec<bool>| -> Vec<Option<[f64; 2]>> {
        let of_set = |set: &Elsewhere| {
            let mut predictions = scorer.predictions(&set.rows.texts).expect("news can be tokenised");
            for j in 0..shares.len() {
                let decisions = decide(&predictions, j);
                predictions.predicted.column_mut(j).iter_mut().zip(decisions).for_each(|(cell, yes)| *cell = yes);
            }
            Some(judge(&predictions, &set.rows))
        };
        std::iter::once(None).chain(elsewhere.iter().map(of_set)).collect()
    };
    let at_half = |predictions: &Predictions, j: usize| predictions.proba.column(j).iter().map(|p| *p >= 0.5).collect();
    print_line("  0.5 for every frame", &judged(&at_half));
    let shifted = |predictions: &Predictions, j: usize| {
        let proba: Vec<f64> = predictions.proba.column(j).to_vec();
        reweighed(&proba, shares[j]).into_iter().map(|p| p >= thresholds[j]).collect()
    };
    print_line("  probabilities moved to the set's prevalence", &judged(&shifted));
}

/// Probabilities for a prevalence that is estimated from themselves.
///
/// Source: Saerens, Latinne & Decaestecker (2002), Neural Computation 14, 21–41.
fn reweighed(proba: &[f64], trained: f64) -> Vec<f64> {
    let logit = |p: f64| (p / (1.0 - p)).ln();
    let mut share = trained;
    let mut moved = proba.to_vec();
    for _ in 0..200 {
        let shift = logit(share) - logit(trained);
        moved = proba.iter().map(|p| sigmoid(logit(*p) + shift)).collect();
        share = moved.iter().sum::<f64>() / moved.len() as f64;
    }
    moved
}

fn digits_as_zero(rows: &Corpus) -> Corpus {
    let zero = |text: &String| text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    Corpus { texts: rows.texts.iter().map(zero).collect(), ..rows.clone() }
}

fn zeroed(elsewhere: &[Elsewhere]) -> Vec<Elsewhere> {
    elsewhere.iter().map(|set| Elsewhere { name: set.name, rows: digits_as_zero(&set.rows) }).collect()
}

fn stories(rows: &Corpus) -> Vec<u32> {
    let of_row = &rows.stories.as_ref().expect("our rows name their stories").of_row;
    of_row.iter().map(|story| story.expect("every row of ours has a story")).collect()
}

fn outlets(rows: &Corpus) -> Vec<u32> {
    let of_row = &rows.outlets.as_ref().expect("our rows name their outlets").of_row;
    of_row.iter().map(|outlet| outlet.expect("every row of ours has an outlet")).collect()
}

/// A word that takes up what is the outlet's style and not the frame's, and is not there when news is scored.
fn with_outlet_word(rows: &Corpus) -> Corpus {
    let texts = rows.texts.iter().zip(outlets(rows)).map(|(text, outlet)| format!("{text} zzoutlet{outlet}zz"));
    Corpus { texts: texts.collect(), ..rows.clone() }
}

fn outlets_alike(rows: &Corpus) -> Corpus {
    let outlets = outlets(rows);
    let mut counts: BTreeMap<u32, f32> = BTreeMap::new();
    outlets.iter().for_each(|outlet| *counts.entry(*outlet).or_default() += 1.0);
    let even = rows.n_rows() as f32 / counts.len() as f32;
    Corpus { weights: outlets.iter().map(|outlet| even / counts[outlet]).collect(), ..rows.clone() }
}

/// Register by outlet, from labels/outlets.csv.
fn registers(rows: &Corpus) -> BTreeMap<u32, String> {
    let names = &rows.outlets.as_ref().expect("our rows name their outlets").names;
    let reader = csv::Reader::from_path(Path::new(ROOT).join("labels/outlets.csv")).expect("the outlets are listed");
    let listed = reader.into_deserialize().map(|row: Result<BTreeMap<String, String>, _>| row.expect("a CSV"));
    let register: BTreeMap<String, String> =
        listed.map(|row| (row["outlet"].clone(), row["register"].clone())).collect();
    (0..).zip(names).map(|(i, name)| (i, register[name].clone())).collect()
}

fn without_register(rows: &Corpus, register: &str) -> Corpus {
    let registers = registers(rows);
    let outlets = outlets(rows);
    rows.select(&(0..rows.n_rows()).filter(|row| registers[&outlets[*row]] != register).collect::<Vec<_>>())
}

/// About `n` rows: whole stories, in an order that depends on the draw.
fn sample(rows: &Corpus, n: usize, draw: u64) -> Corpus {
    let stories = stories(rows);
    let mut order: Vec<u32> = stories.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    order.shuffle(&mut ChaCha8Rng::seed_from_u64(draw));
    let mut chosen = Vec::new();
    for story in order {
        if chosen.len() >= n {
            break;
        }
        chosen.extend((0..rows.n_rows()).filter(|row| stories[*row] == story));
    }
    chosen.sort_unstable();
    rows.select(&chosen)
}

/// A point of the curve: rows that trained, and mean average precision on each set, averaged over the draws.
struct Point {
    n_rows: usize,
    mean_average_precision: Vec<f64>,
}

fn learning_curve(ours: &Corpus, elsewhere: &[Elsewhere]) -> Vec<Point> {
    println!("\nLearning curve: rows that train (whole stories, mean of {DRAWS} draws)");
    let mut curve = Vec::new();
    for n in SIZES.into_iter().filter(|n| *n < ours.n_rows()).chain([ours.n_rows()]) {
        let draws = if n == ours.n_rows() { 1 } else { DRAWS };
        let runs: Vec<Vec<[f64; 2]>> =
            (0..draws).map(|draw| scores(&sample(ours, n, draw), &ngrams(), elsewhere)).collect();
        let mean: Vec<[f64; 2]> = (0..runs[0].len())
            .map(|set| [0, 1].map(|k| runs.iter().map(|run| run[set][k]).sum::<f64>() / draws as f64))
            .collect();
        print_line(&format!("  {n}"), &mean.iter().copied().map(Some).collect::<Vec<_>>());
        curve.push(Point { n_rows: n, mean_average_precision: mean.iter().skip(1).map(|score| score[1]).collect() });
    }
    curve
}

/// The chart of the table, each line with its name at its end.
fn draw(models: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let mut lines: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
    for row in csv::Reader::from_path(models.join("learning-curve.csv"))?.into_deserialize() {
        let (n_rows, set, score): (f64, String, f64) = row?;
        lines.entry(set).or_default().push(((n_rows / SIZES[0] as f64).log2(), score));
    }
    let mut lines: Vec<(String, Vec<(f64, f64)>)> = lines.into_iter().collect();
    lines.sort_by(|a, b| b.1[b.1.len() - 1].1.total_cmp(&a.1[a.1.len() - 1].1));

    let path = models.join("learning-curve.svg");
    let area = SVGBackend::new(&path, (680, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let font = ("sans-serif", 15);
    let mut chart = ChartBuilder::on(&area)
        .margin(14)
        .margin_right(90)
        .x_label_area_size(46)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..5.4, 0.1..0.9)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .label_style(font)
        .x_labels(6)
        .x_desc("rows that train (each step doubles them)")
        .y_desc("mean average precision")
        .x_label_formatter(&|steps: &f64| format!("{:.0}", SIZES[0] as f64 * steps.exp2()))
        .draw()?;
    let mut free = f64::INFINITY;
    for (i, (name, points)) in lines.into_iter().enumerate() {
        let colour = COLOURS[i % COLOURS.len()];
        let (x, y) = points[points.len() - 1];
        // A name keeps clear of the one above it.
        let at = y.min(free);
        free = at - 0.05;
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
        chart.draw_series(LineSeries::new(points, colour.stroke_width(2)))?;
        let label = Text::new(name, (10, -7), font.into_font().color(&colour));
        chart.draw_series([EmptyElement::at((x, at)) + label])?;
    }
    area.present()?;
    println!("\nwrote models/learning-curve.svg");
    Ok(())
}

fn tabulate(curve: &[Point], elsewhere: &[Elsewhere], models: &Path) -> Result<(), csv::Error> {
    let mut table = csv::Writer::from_path(models.join("learning-curve.csv"))?;
    table.write_record(["n_rows", "set", "mean_average_precision"])?;
    for point in curve {
        for (set, score) in elsewhere.iter().zip(&point.mean_average_precision) {
            table.write_record([point.n_rows.to_string(), set.name.to_owned(), format!("{score:.4}")])?;
        }
    }
    Ok(table.flush()?)
}
