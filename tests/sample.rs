//! Rows drawn to be coded: what is written, what it promises, and what is refused.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use framescope::comparison::{Sample, SampleParams, sample};
use framescope::stats::{Design, Reliance, Unit, corrected_mean};
use framescope::{CorpusOptions, Population};
use ndarray::Array2;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use support::{Folder, Run, rows, trained};

const HEADER: &str = "id,text,outlet,doc_id,p_calm,p_war,note\n";
/// `sample` from `rows.csv` to `to_code.csv`.
const SAMPLE: [&str; 5] = ["sample", "rows.csv", "-o", "to_code.csv", "--per-outlet"];

/// Lines of `n` scored rows, five an article: most are surely without a frame, some surely with, some in doubt.
fn lines(outlet: &str, n: usize) -> Vec<String> {
    lines_of(outlet, n, |_| 4)
}

/// The same, with the frame of war rarer the higher the number that `rare` gives an article.
fn lines_of(outlet: &str, n: usize, rare: fn(usize) -> i32) -> Vec<String> {
    let mut rng = ChaCha8Rng::seed_from_u64(outlet.bytes().map(u64::from).sum());
    (0..n)
        .map(|i| {
            let mut p = |rare: i32| rng.random_range(0.0_f64..1.0).powi(rare);
            let (calm, war) = (p(8), p(rare(i / 5)));
            format!("{outlet}{i},\"Row {i}, they say\",{outlet},{outlet}-{},{calm:.6},{war:.6},n{i}\n", i / 5)
        })
        .collect()
}

fn scored(outlets: &[(&str, usize)]) -> String {
    HEADER.to_owned() + &outlets.iter().map(|(outlet, n)| lines(outlet, *n).concat()).collect::<String>()
}

fn population(csv: &str) -> Population {
    let folder = Folder::with_rows(csv);
    Population::read(&[folder.path("rows.csv").display().to_string()], &CorpusOptions::default(), None).unwrap()
}

fn draw(population: &Population, params: &SampleParams) -> Sample {
    sample(population, &population.scores.as_ref().unwrap().proba, params).unwrap()
}

fn json(run: &Run) -> serde_json::Value {
    serde_json::from_slice(&run.stdout).unwrap()
}

/// Σ 1/π of each outlet's rows; `outlet` and `pi` are the columns.
fn expanded(rows: &[Vec<String>], outlet: usize, pi: usize) -> BTreeMap<String, f64> {
    let mut sums = BTreeMap::new();
    for row in rows {
        *sums.entry(row[outlet].clone()).or_default() += 1.0 / row[pi].parse::<f64>().unwrap();
    }
    sums
}

// -------------------------------------------------------------------------------------------------------- what is
// written

#[test]
fn drawn_rows_keep_their_columns_and_order_and_stand_for_all() {
    let folder =
        Folder::with_rows(scored(&[("A", 300), ("B", 40), ("C", 7)]) + "x,,A,,0.1,0.1,\ny,No outlet,,,0.1,0.1,\n");
    let run = folder.succeeds(&[&SAMPLE[..], &["20"]].concat());
    for says in [
        "do not have p_calm, p_war: a coder who sees",
        "1 rows name no outlet",
        "1 rows have an empty text",
        "forecasts",
    ] {
        assert!(run.stderr.contains(says), "{says} in {}", run.stderr);
    }
    assert!(run.text().starts_with("47 of 347 rows drawn"), "{}", run.text());
    let drawn = rows(&folder.read("to_code.csv"));
    assert_eq!(drawn[0], ["id", "text", "outlet", "doc_id", "note", "labels", "pi"]);
    let input = rows(&folder.read("rows.csv"));
    let mut at = 1;
    for row in &drawn[1..] {
        at += input[at..].iter().position(|other| other[0] == row[0]).expect("rows stand in input order") + 1;
        let same = [0, 1, 2, 3, 6].map(|column| input[at - 1][column].clone());
        assert_eq!(row[..5], same);
        assert_eq!(row[5], "");
    }
    let expected = [("A", 300.0), ("B", 40.0), ("C", 7.0)];
    for ((outlet, sum), (name, n)) in expanded(&drawn[1..], 2, 6).into_iter().zip(expected) {
        assert!(outlet == name && (sum - n).abs() < 1e-9, "{outlet}: {sum}");
    }
    assert_eq!(
        drawn[1..].iter().filter(|row| row[2] == "C").map(|row| row[6].as_str()).collect::<BTreeSet<_>>(),
        BTreeSet::from(["1.0"])
    );
}

#[test]
fn coded_rows_go_through_compare() {
    let folder = Folder::with_rows(scored(&[("A", 300), ("B", 200)]));
    folder.succeeds(&[&SAMPLE[..], &["40", "-q"]].concat());
    let mut coded = String::new();
    for (i, row) in rows(&folder.read("to_code.csv")).iter().enumerate() {
        let label = if i == 0 { "labels" } else { ["none", "war", "calm;war"][i % 3] };
        let _ = writeln!(coded, "{},\"{}\",{},{},{},{label},{}", row[0], row[1], row[2], row[3], row[4], row[6]);
    }
    let folder = folder.with("coded.csv", coded);
    let run = folder.succeeds(&[
        "compare",
        "rows.csv",
        "--coded",
        "coded.csv",
        "--format",
        "json",
        "--n-bootstrap",
        "20",
        "-q",
    ]);
    assert_eq!(json(&run)["sampling"], "known");
}

#[test]
fn a_model_scores_what_has_no_scores_in_every_layout() {
    let folder = trained();
    let mut csv = "text,outlet,labels,pi,n\n".to_owned();
    for (i, (text, _)) in support::coded_rows().iter().enumerate() {
        let _ = writeln!(csv, "\"{text}\",{},,,{i}", ["A", "B"][i % 2]);
    }
    let args = ["sample", "-", "--model", "m.safetensors", "--per-outlet", "10", "-q"];
    let drawn = folder.succeeds_with(&args, csv.as_bytes()).rows();
    assert_eq!(drawn[0], ["text", "outlet", "labels", "n", "pi"], "labels stay, pi is replaced");
    assert_eq!(drawn.len(), 21);

    let run = folder.succeeds_with(&[&args[..], &["--format", "json"]].concat(), csv.as_bytes());
    let lines: Vec<serde_json::Value> = run.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, row) in lines.iter().zip(&drawn[1..]) {
        assert_eq!((line["text"].as_str().unwrap(), line["labels"].as_str().unwrap()), (row[0].as_str(), ""));
        assert_eq!(line["pi"].as_f64().unwrap(), row[4].parse::<f64>().unwrap(), "the same digits");
    }
    folder.succeeds_with(&[&args[..], &["-o", "s.tsv"]].concat(), csv.as_bytes());
    assert!(folder.read("s.tsv").starts_with(b"text\toutlet\tlabels\tn\tpi\n"));

    let run = folder.succeeds_with(&args[..args.len() - 1], csv.as_bytes());
    assert!(run.stderr.contains("20 of 60 rows drawn"), "beside rows the table goes to stderr: {}", run.stderr);
}

#[test]
fn scores_are_kept_when_asked_for_and_objects_as_they_are() {
    let line =
        |i| format!("{{\"text\": \"t{i}\", \"outlet\":\"A\",\"p_x\":0.{i}5, \"big\":12345678901234567890123}}\n");
    let folder = Folder::new().with("rows.jsonl", (0..9).map(line).collect::<String>());
    folder.succeeds(&["sample", "rows.jsonl", "--per-outlet", "9", "--with-scores", "-o", "s.jsonl", "-q"]);
    let text = String::from_utf8(folder.read("s.jsonl")).unwrap();
    let first =
        "{\"text\": \"t0\", \"outlet\":\"A\",\"p_x\":0.05, \"big\":12345678901234567890123,\"labels\":\"\",\"pi\":1.0}";
    assert_eq!(text.lines().next().unwrap(), first);
}

#[test]
fn codes_in_flag_columns_get_no_labels_column_beside_them() {
    let folder = Folder::with_rows("text,outlet,p_x,x\na,A,0.2,1\nb,A,0.2,\nc,A,0.3,\n");
    let run = folder.succeeds(&["sample", "rows.csv", "--per-outlet", "9", "-q"]);
    assert_eq!(run.rows(), [["text", "outlet", "x", "pi"], ["b", "A", "", "1.0"], ["c", "A", "", "1.0"]]);
}

#[test]
fn the_forecast_has_three_forms() {
    let folder = Folder::with_rows(scored(&[("A", 300), ("B", 12)]));
    let args = [&SAMPLE[..], &["30", "--half-width", "0.08", "-q"]].concat();
    let table = folder.succeeds(&args);
    assert!(table.text().contains("more than there are"), "{}", table.text());
    let run = folder.succeeds(&[&args[..], &["--format", "csv"]].concat()).rows();
    assert_eq!(run[0], framescope::report::schema::FORECAST.header(&[]));
    assert_eq!(run.len(), 1 + 2 * 2 * 2);
    assert_eq!(run[1][..3], ["A", "calm", "coded"]);
    let drawn = json(&folder.succeeds(&[&args[..], &["--format", "json"]].concat()));
    let a = &drawn["outlets"][0];
    assert_eq!(
        (a["n_rows"].as_u64(), a["n_drawn"].as_u64(), a["n_articles"].as_u64()),
        (Some(300), Some(30), Some(60))
    );
    let strata = a["strata"].as_array().unwrap();
    assert_eq!(strata.iter().map(|stratum| stratum["n_drawn"].as_u64().unwrap()).sum::<u64>(), 30);
    let forecast = &a["forecasts"][1];
    let needed = |by: &str| forecast["needed"][by].as_u64().unwrap();
    assert!(forecast["corrected"].as_f64() <= forecast["coded"].as_f64() && needed("corrected") <= needed("coded"));
    assert!(drawn["outlets"][1]["forecasts"][1]["coded"].is_null(), "three articles give no interval");

    // As many rows as were said to be needed buy what was asked for, and hardly more; so does leaving the number out.
    let n = needed("corrected").to_string();
    let again = json(&folder.succeeds(&[&SAMPLE[..], &[&n, "-q", "--format", "json"]].concat()));
    let half = again["outlets"][0]["forecasts"][1]["corrected"].as_f64().unwrap();
    assert!((0.075..=0.08).contains(&half), "{half}");
    let args = ["sample", "rows.csv", "--half-width", "0.08", "-o", "to_code.csv", "--format", "json"];
    let run = folder.succeeds(&args);
    for forecast in json(&run)["outlets"][0]["forecasts"].as_array().unwrap() {
        assert!(forecast["corrected"].as_f64().unwrap() <= 0.08, "{forecast}");
    }
    assert!(run.stderr.contains("is not enough for a half-width of 0.08, from: B."), "{}", run.stderr);
    assert_eq!(json(&run)["outlets"][1]["n_drawn"], 12);
}

#[test]
fn whole_articles_are_drawn_whole() {
    let folder = Folder::with_rows(scored(&[("A", 300), ("B", 13)]));
    folder.succeeds(&[&SAMPLE[..], &["12", "--whole-articles", "-q"]].concat());
    let drawn = rows(&folder.read("to_code.csv"));
    let mut articles: BTreeMap<(String, String), (usize, f64)> = BTreeMap::new();
    for row in &drawn[1..] {
        let article = articles.entry((row[2].clone(), row[3].clone())).or_default();
        *article = (article.0 + 1, row[6].parse().unwrap());
    }
    for (outlet, n_drawn, n_articles) in [("A", 12, 60.0), ("B", 3, 3.0)] {
        let of_outlet: Vec<_> = articles.iter().filter(|((name, _), _)| name == outlet).collect();
        assert_eq!(of_outlet.len(), n_drawn);
        let sum: f64 = of_outlet.iter().map(|(_, (_, pi))| 1.0 / pi).sum();
        assert!((sum - n_articles).abs() < 1e-9, "{sum}");
        assert!(of_outlet.iter().all(|((_, doc), (n, _))| *n == if doc == "B-2" { 3 } else { 5 }));
    }
}

// --------------------------------------------------------------------------------------------------------- what it
// promises

#[test]
fn an_outlet_s_rows_do_not_depend_on_threads_or_on_other_outlets() {
    let folder = Folder::with_rows(scored(&[("A", 300), ("B", 200), ("C", 90)]));
    let bytes = |name: &str, more: &[&str]| {
        folder.succeeds(&[&["sample", name, "--per-outlet", "25", "-q"], more].concat()).stdout
    };
    let one = bytes("rows.csv", &["--threads", "1"]);
    assert_eq!(one, bytes("rows.csv", &["--threads", "2"]));
    assert_ne!(one, bytes("rows.csv", &["--seed", "6"]));

    let mut others = [lines("C", 90), lines("B", 200), lines("A", 300)].map(Vec::into_iter);
    let mut mixed = HEADER.to_owned();
    while others.iter().any(|lines| lines.len() > 0) {
        mixed.extend(others.iter_mut().filter_map(Iterator::next));
    }
    std::fs::write(folder.path("mixed.csv"), mixed).unwrap();
    let sorted = |bytes: &[u8]| rows(bytes).into_iter().skip(1).collect::<BTreeSet<_>>();
    assert_eq!(sorted(&one), sorted(&bytes("mixed.csv", &[])));
    let alone: String = HEADER.to_owned() + &lines("B", 200).concat();
    std::fs::write(folder.path("alone.csv"), alone).unwrap();
    let of_b = sorted(&one).into_iter().filter(|row| row[2] == "B").collect::<BTreeSet<_>>();
    assert_eq!(of_b, sorted(&bytes("alone.csv", &[])));
}

#[test]
fn inclusion_is_what_pi_says_and_totals_are_unbiased() {
    const DRAWS: u64 = 3000;
    let population = population(&scored(&[("A", 90), ("B", 40)]));
    let n_rows = population.corpus.n_rows();
    // Something that the scores know nothing of, and something that they know well.
    let quantities: [Vec<f64>; 2] = [
        (0..n_rows).map(|row| f64::from(u8::from(row % 7 < 2))).collect(),
        population.scores.as_ref().unwrap().proba.column(1).to_vec(),
    ];
    for whole_articles in [false, true] {
        let per_outlet = Some(if whole_articles { 5 } else { 20 });
        let mut times = vec![0.0; n_rows];
        let mut pis = vec![0.0; n_rows];
        let mut totals = [0.0; 2];
        for seed in 0..DRAWS {
            let params = SampleParams { per_outlet, whole_articles, seed, ..SampleParams::default() };
            for drawn in draw(&population, &params).drawn {
                times[drawn.row] += 1.0 / DRAWS as f64;
                pis[drawn.row] = drawn.pi;
                totals.iter_mut().zip(&quantities).for_each(|(t, y)| *t += y[drawn.row] / drawn.pi / DRAWS as f64);
            }
        }
        for (row, (found, pi)) in times.iter().zip(&pis).enumerate() {
            // Four and a half standard errors, of 130 rows.
            let error = (pi * (1.0 - pi) / DRAWS as f64).sqrt();
            assert!((found - pi).abs() <= 4.5 * error + 1e-9, "row {row}: {found}, not {pi}");
        }
        for (total, y) in totals.iter().zip(&quantities) {
            let truth: f64 = y.iter().sum();
            assert!((total - truth).abs() < 0.02 * truth, "{total}, not {truth}");
        }
    }
}

/// Mean half-widths of the intervals that coding alone and correction give, and what was forecast. Codes follow the
/// probabilities.
fn half_widths(whole_articles: bool, per_outlet: usize, rare: fn(usize) -> i32) -> [[f64; 2]; 2] {
    const DRAWS: u64 = 300;
    let population = population(&(HEADER.to_owned() + &lines_of("A", 1500, rare).concat()));
    let proba: &Array2<f64> = &population.scores.as_ref().unwrap().proba;
    let articles = population.corpus.clusters();
    let mut found = [0.0; 2];
    let mut forecast = [0.0; 2];
    for seed in 0..DRAWS {
        let params = SampleParams { per_outlet: Some(per_outlet), whole_articles, seed, ..SampleParams::default() };
        let sample = draw(&population, &params);
        let of_war = &sample.outlets[0].forecasts[1];
        forecast = [of_war.coded.unwrap(), of_war.corrected.unwrap()];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let unit =
            |row: usize| Unit { prediction: proba[(row, 1)], gold: None, pi: 1.0, weight: 1.0, cluster: articles[row] };
        let mut units: Vec<Unit> = (0..articles.len()).map(unit).collect();
        for drawn in &sample.drawn {
            units[drawn.row].gold = Some(f64::from(u8::from(rng.random_range(0.0..1.0) < proba[(drawn.row, 1)])));
            units[drawn.row].pi = drawn.pi;
        }
        for (half, reliance) in found.iter_mut().zip([Reliance::Power(0.0), Reliance::Tuned]) {
            let (low, high) =
                corrected_mean(&units, Design::Known, reliance).unwrap().proportion().unwrap().interval(0.95);
            *half += (high - low) / 2.0 / DRAWS as f64;
        }
    }
    [found, forecast]
}

#[test]
fn forecasts_foretell_the_intervals() {
    // Articles all alike, and of two kinds.
    let kinds: [fn(usize) -> i32; 2] = [|_| 4, |article| if article % 4 == 0 { 1 } else { 9 }];
    for (kind, rare) in kinds.into_iter().enumerate() {
        for (whole_articles, per_outlet) in [(false, 40), (false, 400), (true, 40)] {
            let [found, forecast] = half_widths(whole_articles, per_outlet, rare);
            for (found, forecast) in found.iter().zip(forecast) {
                let what = format!("kind {kind}, whole {whole_articles}, {per_outlet}: {found}, forecast {forecast}");
                // The forecast is of the variance, and the mean of half-widths a little less than that of its root.
                assert!((0.92..=1.03).contains(&(found / forecast)), "{what}");
            }
        }
    }
}

// ------------------------------------------------------------------------------------------------- rows coded already

/// The rows with labels and pi of those that were drawn, as a join in a spreadsheet gives them.
fn joined(folder: &Folder, label: impl Fn(&str) -> Option<(&'static str, String)>) -> String {
    let drawn: BTreeMap<String, String> =
        rows(&folder.read("to_code.csv"))[1..].iter().map(|row| (row[0].clone(), row[6].clone())).collect();
    let mut out = String::new();
    for (i, line) in String::from_utf8(folder.read("rows.csv")).unwrap().lines().enumerate() {
        let id = line.split(',').next().unwrap();
        let (labels, pi) = if i == 0 {
            ("labels", "pi".to_owned())
        } else if let Some(pi) = drawn.get(id) {
            ("war", pi.clone())
        } else {
            ("", String::new())
        };
        let (labels, pi) = label(id).unwrap_or((labels, pi));
        let _ = writeln!(out, "{line},{labels},{pi}");
    }
    out
}

#[test]
fn an_earlier_draw_is_filled_up() {
    let folder = Folder::with_rows(scored(&[("A", 300), ("B", 200)]));
    folder.succeeds(&[&SAMPLE[..], &["20", "-q"]].concat());
    let earlier: BTreeSet<String> = rows(&folder.read("to_code.csv"))[1..].iter().map(|row| row[0].clone()).collect();
    let coded = joined(&folder, |_| None);
    let folder = folder.with("rows.csv", coded);
    let run = folder.succeeds(&[&SAMPLE[..], &["50", "--keep-coded", "--seed", "9"]].concat());
    assert!(run.stderr.contains("40 rows are coded already and stay in the draw"), "{}", run.stderr);
    let drawn = rows(&folder.read("to_code.csv"));
    assert_eq!(drawn[0], ["id", "text", "outlet", "doc_id", "note", "labels", "pi"]);
    assert_eq!(drawn.len(), 101);
    let labelled: BTreeSet<String> =
        drawn[1..].iter().filter(|row| row[5] == "war").map(|row| row[0].clone()).collect();
    assert_eq!(labelled, earlier);
    for (sum, n) in expanded(&drawn[1..], 2, 6).into_values().zip([300.0, 200.0]) {
        assert!((sum - n).abs() < 1e-9);
    }
    // A smaller draw than the earlier one leaves it as it is.
    let run = folder.succeeds(&["sample", "rows.csv", "--per-outlet", "20", "--keep-coded", "-q"]);
    assert_eq!(run.rows().len(), 41);
}

#[test]
fn coded_rows_stand_aside_with_a_warning() {
    let folder = Folder::with_rows(scored(&[("A", 60)]));
    folder.succeeds(&[&SAMPLE[..], &["20", "-q"]].concat());
    let folder = Folder::with_rows(joined(&folder, |_| None));
    let run = folder.succeeds(&["sample", "rows.csv", "--per-outlet", "60"]);
    assert!(run.stderr.contains("warning: 20 rows are coded already and stand aside"), "{}", run.stderr);
    assert!(run.stderr.contains("cannot be a basis for inference"), "{}", run.stderr);
    assert_eq!(run.rows().len(), 41);
    assert!(run.rows()[1..].iter().all(|row| row[5].is_empty() && row[6] == "1.0"));
}

#[test]
fn rows_picked_by_another_rule_cannot_stay() {
    let first = Folder::with_rows(scored(&[("A", 300)]));
    first.succeeds(&[&SAMPLE[..], &["20", "-q"]].concat());
    let drawn: BTreeSet<String> = rows(&first.read("to_code.csv"))[1..].iter().map(|row| row[0].clone()).collect();
    let other = (0..300).map(|i| format!("A{i}")).find(|id| !drawn.contains(id)).unwrap();
    let args = [&SAMPLE[..], &["50", "--keep-coded"]].concat();

    let folder = Folder::with_rows(joined(&first, |id| (id == other).then(|| ("calm", String::new()))));
    let says = [format!("the coded rows of \"A\" cannot stay in the draw: {other:?} has no pi")];
    let more = ["known probabilities", "Without --keep-coded they stand aside", "--coded-at-random"];
    folder.fails(&args, &[&[says[0].as_str()], &more[..]].concat());
    let run = folder.succeeds(&[&args[..], &["--coded-at-random"]].concat());
    assert!(
        run.stderr.contains("warning: 21 rows are coded already and stay in the draw, on your word"),
        "{}",
        run.stderr
    );

    let folder = Folder::with_rows(joined(&first, |id| (id == other).then(|| ("calm", "0.0123".into()))));
    folder.fails(&args, &["0.0123 ", "in one stratum (", &other]);
}

// ------------------------------------------------------------------------------------------------------------------
// errors

#[test]
fn what_cannot_be_drawn_from_is_refused() {
    let folder = Folder::with_rows("text,p_x\na,0.5\n");
    folder.fails(&[&SAMPLE[..], &["20"]].concat(), &["no row names its outlet", "--outlet-column"]);
    let folder = Folder::with_rows("text,outlet,p_x\na,A,0.5\n");
    folder.fails(
        &[&SAMPLE[..], &["20", "--whole-articles"]].concat(),
        &["no column names the rows' articles", "--doc-id-column"],
    );
    folder.fails(&["sample", "rows.csv", "gone.csv", "--per-outlet", "3"], &["gone.csv: cannot open it"]);
    let folder = Folder::with_rows("text,outlet,p_x,pi\na,A,0.5,\nb,A,0.5,often\n");
    let says = ["rows.csv, line 3, column \"pi\": cannot read \"often\"", "above 0 and at most 1"];
    folder.fails(&[&SAMPLE[..], &["20"]].concat(), &says);
    let folder = Folder::with_rows("text,outlet,p_x\na,A,0.5\nb,A,1.5\n");
    folder.fails(&[&SAMPLE[..], &["20"]].concat(), &["rows.csv, line 3, column \"p_x\": cannot read \"1.5\""]);
    let folder = Folder::with_rows("text,outlet,p_x\n");
    folder.fails(
        &[&SAMPLE[..], &["20"]].concat(),
        &["rows.csv: there are no rows below the header; nothing to draw from"],
    );
    let folder = Folder::with_rows("text,outlet,p_x,labels\na,A,0.5,x\n");
    folder.fails(&[&SAMPLE[..], &["20"]].concat(), &["there is no row to draw: all 1 rows", "--keep-coded"]);
    let folder = Folder::with_rows("text,outlet,p_x\na,A,0.5\n").with("more.csv", "outlet,text,p_x\nA,b,0.5\n");
    let args = ["sample", "rows.csv", "more.csv", "--per-outlet", "3", "-o", "s.csv"];
    folder.fails(&args, &["more.csv: the columns differ from those of rows.csv"]);
}

#[test]
fn arguments_that_make_no_sense_are_usage_errors() {
    let folder = Folder::with_rows("text,outlet,p_x\na,A,0.5\n");
    for (args, says) in [
        (&["--per-outlet", "0"][..], "per-outlet is 0; expected at least 1"),
        (&["--half-width", "5"], "half-width is 5; expected a share between 0 and 1"),
        (&["--per-outlet", "5", "--level", "95"], "level is 95; expected"),
        (&[], "<--per-outlet <N>|--half-width <X>>"),
        (&["--per-outlet", "5", "--whole-articles", "--keep-coded"], "cannot be used with"),
        (&["--per-outlet", "5", "--coded-at-random"], "--keep-coded"),
    ] {
        folder.fails_usage(&[&["sample", "rows.csv", "-o", "s.csv"], args].concat(), &[says]);
    }
}
