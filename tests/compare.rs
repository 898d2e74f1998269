//! `compare` and `study` from the outside: numbers against formulas written anew, refusals with their words, files as
//! promised.

#![allow(clippy::unwrap_used, clippy::format_push_string, clippy::format_collect, clippy::manual_is_multiple_of)]

mod support;

use std::collections::BTreeMap;

use support::{Folder, rows, trained};

/// A row of a CSV by the names of its columns.
type Record = BTreeMap<String, String>;

/// Rows of two outlets with probabilities: `n` a row alone in its article, each coded with probability by its place,
/// the gold label mostly what the probability says.
fn scored(n: usize, is_coded: impl Fn(usize) -> bool, more: &str, cell: impl Fn(usize) -> String) -> String {
    let mut csv = format!("id,text,outlet,doc_id,labels,p_blame,predicted{more}\n");
    for i in 0..n {
        let outlet = if i % 2 == 0 { "Harbour Wire" } else { "Evening Comet" };
        let proba = f64::from(u32::try_from(i * 37 % 101).unwrap()) / 100.0;
        let gold = (i * 53 % 97) as f64 / 97.0 < 0.2 + 0.6 * proba;
        let label = if !is_coded(i) {
            ""
        } else if gold {
            "blame"
        } else {
            "none"
        };
        let predicted = if proba >= 0.6 { "blame" } else { "none" };
        csv += &format!("r{i},Sentence number {i}.,{outlet},a{i},{label},{proba},{predicted}{}\n", cell(i));
    }
    csv
}

/// A CSV as one map a row, by the names of its columns.
fn table(csv: &[u8]) -> Vec<Record> {
    let rows = rows(csv);
    rows[1..].iter().map(|row| rows[0].iter().cloned().zip(row.iter().cloned()).collect()).collect()
}

fn share<'a>(shares: &'a [Record], outlet: &str, frame: &str, estimator: &str) -> &'a Record {
    let wanted = |row: &&Record| {
        row["outlet"] == outlet && row["frame"] == frame && row["estimator"] == estimator && row["voice"] == "all"
    };
    shares.iter().find(wanted).unwrap_or_else(|| panic!("no {estimator} share of {outlet}"))
}

fn number(row: &Record, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} is {:?}", row[column]))
}

#[test]
fn corrected_shares_are_ppi_s() {
    let folder = Folder::with_rows(scored(400, |i| i % 7 < 2, "", |_| String::new()));
    folder.succeeds(&["compare", "rows.csv", "-o", "out"]);
    let shares = table(&folder.read("out/shares.csv"));
    let input = table(&folder.read("rows.csv"));
    for outlet in ["Harbour Wire", "Evening Comet"] {
        // The estimate of Angelopoulos, Duchi & Zrnic, from the rows and nothing else.
        let own: Vec<_> = input.iter().filter(|row| row["outlet"] == outlet).collect();
        let proba = |row: &Record| number(row, "p_blame");
        let (coded, open): (Vec<&Record>, Vec<&Record>) =
            own.iter().copied().partition(|row| !row["labels"].is_empty());
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let y: Vec<f64> = coded.iter().map(|row| f64::from(u8::from(row["labels"] == "blame"))).collect();
        let (f, u): (Vec<f64>, Vec<f64>) =
            (coded.iter().map(|row| proba(row)).collect(), open.iter().map(|row| proba(row)).collect());
        let all: Vec<f64> = own.iter().map(|row| proba(row)).collect();
        let (n, big_n) = (y.len() as f64, u.len() as f64);
        let covariance = y.iter().zip(&f).map(|(y, f)| y * f).sum::<f64>() / n - mean(&y) * mean(&f);
        let variance = all.iter().map(|x| (x - mean(&all)).powi(2)).sum::<f64>() / (n + big_n - 1.0);
        let lambda = (covariance / ((1.0 + n / big_n) * variance)).clamp(0.0, 1.0);
        assert!(lambda > 0.2, "the probabilities must be of use for this to show anything: {lambda}");
        let expected = lambda * mean(&u) + mean(&y) - lambda * mean(&f);

        let corrected = share(&shares, outlet, "blame", "corrected");
        assert!((number(corrected, "estimate") - expected).abs() < 1e-9, "{corrected:?}, not {expected}");
        assert!((number(share(&shares, outlet, "blame", "coded"), "estimate") - mean(&y)).abs() < 1e-12);
        let predicted = own.iter().filter(|row| row["predicted"] == "blame").count() as f64 / own.len() as f64;
        let counted = share(&shares, outlet, "blame", "counted");
        assert!((number(counted, "estimate") - predicted).abs() < 1e-12);
        assert_eq!(
            (counted["low"].as_str(), counted["high"].as_str()),
            ("", ""),
            "no interval knows the model's errors"
        );
        assert_eq!(corrected["n_coded"], y.len().to_string());
        assert!(number(corrected, "effective_n") > n, "predictions that help are worth rows");
        assert!(number(corrected, "low") < expected && expected < number(corrected, "high"));
    }
    let differences = table(&folder.read("out/differences.csv"));
    let corrected = differences.iter().find(|row| row["estimator"] == "corrected").unwrap();
    let expected = number(share(&shares, &corrected["outlet_a"], "blame", "corrected"), "estimate")
        - number(share(&shares, &corrected["outlet_b"], "blame", "corrected"), "estimate");
    assert!((number(corrected, "estimate") - expected).abs() < 1e-12);
    assert_eq!(corrected["p"], corrected["p_adjusted"], "a single test needs no adjustment");
}

#[test]
fn headers_are_the_contract_and_json_has_the_same_numbers() {
    let folder = Folder::with_rows(scored(200, |i| i % 3 == 0, "", |_| String::new()));
    let run = folder.succeeds(&["compare", "rows.csv", "-o", "out", "--format", "json"]);
    let csv = folder.read("out/shares.csv");
    let header = "outlet,frame,voice,estimator,estimate,low,high,level,n_sentences,n_articles,n_coded,effective_n";
    assert_eq!(rows(&csv)[0].join(","), header);
    let shares = table(&csv);
    let differences = rows(&folder.read("out/differences.csv"));
    let header = "outlet_a,outlet_b,frame,voice,estimator,estimate,low,high,p,p_adjusted,n_stories";
    assert_eq!(differences[0].join(","), header);
    assert_eq!(run.stdout, folder.read("out/comparison.json"));
    let json: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let listed = json["shares"].as_array().unwrap();
    assert_eq!(listed.len(), shares.len());
    let is_same = |row: &&Record, of: &serde_json::Value| {
        ["outlet", "frame", "voice", "estimator"].iter().all(|column| row[*column] == of[*column].as_str().unwrap())
    };
    for of in listed {
        let row = shares.iter().find(|row| is_same(row, of)).unwrap_or_else(|| panic!("{of} has no row"));
        assert_eq!(number(row, "estimate"), of["estimate"].as_f64().unwrap());
        assert_eq!(row["low"].parse::<f64>().ok(), of["low"].as_f64());
    }
    // Each kind in the order of the JSON, those with an interval first.
    let estimators: Vec<&str> = shares.iter().map(|row| row["estimator"].as_str()).collect();
    assert_eq!(estimators, ["coded", "corrected", "coded", "corrected", "counted", "counted"]);
}

#[test]
fn nothing_coded_is_marked_everywhere() {
    let folder = Folder::with_rows(scored(60, |_| false, "", |_| String::new()));
    let run = folder.succeeds(&["compare", "rows.csv", "-o", "out"]);
    assert!(run.text().contains("counted (uncorrected)"), "{}", run.text());
    assert!(run.stderr.contains("Uncorrected: no row is coded"), "{}", run.stderr);
    assert!(run.stderr.contains("framescope sample"), "it says what would be enough");
    let shares = table(&folder.read("out/shares.csv"));
    assert!(shares.iter().all(|row| row["estimator"] == "counted" && row["low"].is_empty() && row["n_coded"] == "0"));
    let differences = table(&folder.read("out/differences.csv"));
    assert!(differences.iter().all(|row| row["estimator"] == "counted" && row["p"].is_empty()));
    let json: serde_json::Value = serde_json::from_slice(&folder.read("out/comparison.json")).unwrap();
    assert_eq!(json["is_corrected"], false);
    let report = String::from_utf8(folder.read("out/report.html")).unwrap();
    assert!(report.contains("Uncorrected"));
}

#[test]
fn few_coded_articles_give_no_interval() {
    // Eight coded rows of Harbour Wire, four of Evening Comet.
    let is_coded = |i: usize| (i % 2 == 0 && i < 16) || (i % 2 == 1 && i < 8);
    let folder = Folder::with_rows(scored(100, is_coded, "", |_| String::new()));
    let run = folder.succeeds(&["compare", "rows.csv", "-o", "out"]);
    assert!(run.stderr.contains("fewer than 5 coded articles: Evening Comet (4)"), "{}", run.stderr);
    let shares = table(&folder.read("out/shares.csv"));
    assert_eq!(share(&shares, "Evening Comet", "blame", "corrected")["low"], "");
    assert_ne!(share(&shares, "Harbour Wire", "blame", "corrected")["low"], "");
    let differences = table(&folder.read("out/differences.csv"));
    assert!(differences.iter().all(|row| row["p"].is_empty()), "nothing can be tested against four articles");
}

#[test]
fn known_probabilities_weigh() {
    // Rows with high probabilities are coded five times as often; unweighted, the share would be far too high.
    let is_coded = |i: usize| if i * 37 % 101 >= 60 { true } else { i % 5 == 0 };
    let pi = |i: usize| if i * 37 % 101 >= 60 { ",1".to_owned() } else { ",0.2".to_owned() };
    let folder = Folder::with_rows(scored(400, is_coded, ",pi", pi))
        .with("plain.csv", scored(400, is_coded, "", |_| String::new()));
    let estimate = |file: &str, estimator: &str| {
        let run = folder.succeeds(&["compare", file, "--format", "csv", "-q"]);
        number(share(&table(&run.stdout), "Harbour Wire", "blame", estimator), "estimate")
    };
    let all = folder.succeeds(&["compare", "rows.csv"]);
    assert!(all.stderr.contains("drawn with known probabilities"), "{}", all.stderr);
    assert!(estimate("plain.csv", "coded") - estimate("rows.csv", "coded") > 0.05);
    let sum =
        |row: &Record| (number(row, "pi").recip(), f64::from(u8::from(row["labels"] == "blame")) / number(row, "pi"));
    let input = table(&folder.read("rows.csv"));
    let own = input.iter().filter(|row| row["outlet"] == "Harbour Wire" && !row["labels"].is_empty()).map(sum);
    let (weights, present) = own.fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
    assert!((estimate("rows.csv", "coded") - present / weights).abs() < 1e-12);
}

#[test]
fn rows_picked_by_another_rule_are_refused() {
    let some = |i: usize| if i < 50 { ",0.5".to_owned() } else { ",".to_owned() };
    let folder = Folder::with_rows(scored(100, |_| true, ",pi", some));
    folder.fails(&["compare", "rows.csv"], &["50 of 100 coded rows have no pi", "\"r50\"", "framescope sample"]);
    folder.fails(&["compare", "rows.csv", "-o", "out"], &["50 of 100 coded rows have no pi"]);
    for bad in ["0", "1.5", "keyword"] {
        let folder = Folder::with_rows(scored(100, |_| true, ",pi", |_| format!(",{bad}")));
        folder.fails(&["compare", "rows.csv"], &["rows.csv, line 2, column \"pi\"", bad, "above 0 and at most 1"]);
    }
}

#[test]
fn wire_copy_counts_once() {
    // Ten copies of one blaming sentence, in ten articles, beside ten sentences of an outlet's own.
    let mut csv = "text,outlet,doc_id,p_blame,predicted,wire_id\n".to_owned();
    for i in 0..10 {
        csv += &format!(
            "The same sentence.,Harbour Wire,a{i},0.9,blame,w1\nOwn sentence {i}.,Harbour Wire,a{i},0.1,none,\n"
        );
    }
    let folder = Folder::with_rows(csv);
    let counted = |args: &[&str]| {
        let run = folder.succeeds(&[&["compare", "rows.csv", "--format", "csv", "-q"], args].concat());
        number(share(&table(&run.stdout), "Harbour Wire", "blame", "counted"), "estimate")
    };
    assert!((counted(&[]) - 1.0 / 11.0).abs() < 1e-12);
    assert!((counted(&["--wire", "keep"]) - 0.5).abs() < 1e-12);
}

#[test]
fn voices_stand_apart() {
    let voice = |i: usize| if i % 3 == 0 { ",quoted".to_owned() } else { ",editorial".to_owned() };
    let folder = Folder::with_rows(scored(300, |i| i % 4 < 2, ",voice", voice));
    let shares = table(&folder.succeeds(&["compare", "rows.csv", "--format", "csv", "-q"]).stdout);
    let n = |voice: &str| {
        let row = shares
            .iter()
            .find(|r| r["voice"] == voice && r["estimator"] == "corrected" && r["outlet"] == "Harbour Wire");
        number(row.unwrap(), "n_sentences")
    };
    assert_eq!(n("all"), n("quoted") + n("editorial"));
}

#[test]
fn differences_within_stories_are_told() {
    // In every story the first outlet blames and the second does not; stories differ wildly in how much there is to
    // blame.
    let mut csv = "text,outlet,doc_id,story_id,labels,p_blame,predicted\n".to_owned();
    for story in 0..12 {
        for k in 0..10 {
            let base = story % 6;
            for (outlet, extra) in [("Harbour Wire", 3), ("Evening Comet", 0)] {
                let blames = k < base + extra;
                let (label, proba) = if blames { ("blame", 0.8) } else { ("none", 0.2) };
                csv +=
                    &format!("Text {story} {k} {outlet}.,{outlet},{outlet}{story},s{story},{label},{proba},{label}\n");
            }
        }
    }
    let folder = Folder::with_rows(csv);
    folder.succeeds(&["compare", "rows.csv", "-o", "out", "-q"]);
    let differences = table(&folder.read("out/differences.csv"));
    let of = |estimator: &str| differences.iter().find(|row| row["estimator"] == estimator).unwrap();
    let within = of("corrected_within_stories");
    assert_eq!(within["n_stories"], "12");
    assert!(
        (number(within, "estimate") + 0.3).abs() < 1e-9,
        "Evening Comet minus Harbour Wire, in each story: {within:?}"
    );
    let width = |row: &Record| number(row, "high") - number(row, "low");
    assert!(of("corrected")["n_stories"] == "0" && width(of("corrected")) > 0.1);
}

#[test]
fn a_model_is_not_corrected_by_its_own_training_rows() {
    let folder = trained();
    let coded = String::from_utf8(folder.read("coded.csv")).unwrap();
    let with_outlets = |header: &str, i: usize, line: &str| match i {
        0 => format!("{line},{header}\n"),
        _ => format!("{line},{}\n", ["Harbour Wire", "Evening Comet"][i % 2]),
    };
    let rows: String = coded.lines().enumerate().map(|(i, line)| with_outlets("outlet", i, line)).collect();
    let folder = folder.with("rows.csv", rows);
    let says = ["60 of the 60 coded rows trained m.safetensors", "framescope study"];
    folder.fails(&["compare", "rows.csv", "--model", "m.safetensors"], &says);
    // The model's own probabilities, carried by the rows, are as little held out.
    folder.succeeds(&["predict", "rows.csv", "--model", "m.safetensors", "-o", "scored.csv", "-q"]);
    folder.fails(&["compare", "scored.csv", "--model", "m.safetensors"], &says);
    // A model that has not seen them may be corrected by them.
    let others: String = coded.replace("Norvia", "Sandora").replace("General Oru", "Colonel Adebi");
    let others: String = others.lines().map(|line| line.replace(".,", " again.,") + "\n").collect();
    let folder = folder.with("others.csv", others);
    folder.succeeds(&[
        "train",
        "others.csv",
        "-o",
        "other.safetensors",
        "--n-bootstrap",
        "0",
        "--no-leakage",
        "-q",
        "--alpha",
        "1",
    ]);
    folder.succeeds(&["compare", "rows.csv", "--model", "other.safetensors", "-q"]);
}

#[test]
fn codes_may_come_from_another_file() {
    let all = scored(100, |_| false, "", |_| String::new());
    let drawn: String = scored(100, |_| true, ",pi", |_| ",0.2".to_owned())
        .lines()
        .enumerate()
        .filter(|(i, _)| i % 5 == 0)
        .map(|(_, line)| format!("{line}\n"))
        .collect();
    let folder = Folder::with_rows(all).with("drawn.csv", &drawn);
    let run = folder.succeeds(&["compare", "rows.csv", "--coded", "drawn.csv", "--format", "csv"]);
    let shares = table(&run.stdout);
    let n: f64 = ["Harbour Wire", "Evening Comet"]
        .map(|outlet| number(share(&shares, outlet, "blame", "corrected"), "n_coded"))
        .iter()
        .sum();
    assert_eq!(n, (drawn.lines().count() - 1) as f64);
    assert!(run.stderr.contains("known probabilities"), "{}", run.stderr);
    let folder = folder.with("drawn.csv", drawn.replace("\nr9,", "\nq9,"));
    folder
        .fails(&["compare", "rows.csv", "--coded", "drawn.csv"], &["drawn.csv", "\"q9\"", "matches 0 rows by its id"]);
}

#[test]
fn what_is_missing_is_said() {
    let folder = Folder::with_rows("text,p_blame\nA sentence.,0.4\n");
    folder.fails(&["compare", "rows.csv"], &["no row names its outlet", "--outlet-column"]);
    let folder = Folder::with_rows("text,outlet,p_blame\nA sentence.,Wire,1.4\n");
    folder.fails(&["compare", "rows.csv"], &["line 2, column \"p_blame\"", "\"1.4\"", "from 0 to 1"]);
    let folder = Folder::with_rows("text,outlet,labels,p_blame\nA sentence.,Wire,blam,0.4\n");
    folder.fails(
        &["compare", "rows.csv"],
        &["unknown frame \"blam\"", "the rows' p_ columns", "did you mean \"blame\"?"],
    );
    let folder = Folder::with_rows("text,outlet\n");
    folder.fails(&["compare", "rows.csv"], &["rows.csv", "no rows below the header"]);
    let folder = Folder::with_rows("text,outlet,p_blame\nA sentence.,Wire,0.4\n");
    folder.fails_usage(&["compare", "rows.csv", "--level", "95"], &["level is 95", "between 0 and 1"]);
}

#[test]
fn the_same_bytes_on_any_number_of_threads() {
    let folder = Folder::with_rows(scored(300, |i| i % 3 == 0, "", |_| String::new()));
    folder.succeeds(&["compare", "rows.csv", "-o", "one", "--threads", "1", "-q"]);
    folder.succeeds(&["compare", "rows.csv", "-o", "four", "--threads", "4", "-q"]);
    for file in ["shares.csv", "differences.csv", "comparison.json", "report.html"] {
        assert!(folder.read(&format!("one/{file}")) == folder.read(&format!("four/{file}")), "{file}");
    }
}

#[test]
fn a_study_holds_its_rows_out() {
    // Every third row is left open; three outlets take turns.
    let coded = support::coded_rows();
    let mut csv = "id,text,outlet,doc_id,labels\n".to_owned();
    for (i, (text, label)) in coded.iter().enumerate() {
        let outlet = ["Harbour Wire", "Evening Comet", "Baltic Ledger"][i % 3];
        let label = if i % 5 == 4 { "" } else { *label };
        csv += &format!("r{i},{text},{outlet},a{i},{label}\n");
    }
    let folder = Folder::with_rows(csv);
    let fast = ["--alpha", "1", "--no-leakage", "--n-bootstrap", "50"];
    let run = folder.succeeds(&[&["study", "rows.csv", "-o", "out"][..], &fast].concat());
    assert!(run.stderr.contains("wrote "), "{}", run.stderr);
    let predictions = table(&folder.read("out/predictions.csv"));
    assert_eq!(predictions.len(), coded.len());
    assert_eq!(predictions.iter().filter(|row| row["labels"].is_empty()).count(), coded.len() / 5);
    // In-sample probabilities would be surer of the coder's label than those out of fold, on average.
    folder.succeeds(&["predict", "rows.csv", "--model", "out/model.safetensors", "-o", "in_sample.csv", "-q"]);
    let loss = |rows: &[Record]| -> f64 {
        let own = rows.iter().filter(|row| !row["labels"].is_empty() && row["labels"] != "none");
        own.map(|row| 1.0 - number(row, &format!("p_{}", row["labels"]))).sum()
    };
    assert!(loss(&predictions) > 1.1 * loss(&table(&folder.read("in_sample.csv"))));
    let shares = table(&folder.read("out/shares.csv"));
    let corrected = share(&shares, "Harbour Wire", "dialogue", "corrected");
    assert_eq!(corrected["n_sentences"], "20");
    assert_eq!(corrected["n_coded"], "16");
    let again = folder.succeeds(&[&["study", "rows.csv", "-o", "again", "--threads", "1"][..], &fast].concat());
    assert_eq!(run.stdout, again.stdout);
    for file in ["shares.csv", "predictions.csv", "model.safetensors", "report.html"] {
        assert!(folder.read(&format!("out/{file}")) == folder.read(&format!("again/{file}")), "{file}");
    }
}

#[test]
fn a_study_without_codes_is_refused() {
    let folder = Folder::with_rows("text,outlet,labels\nA sentence.,Wire,\n");
    folder
        .fails(&["study", "rows.csv", "-o", "out"], &["none of the 1 rows can be used", "not coded", "write \"none\""]);
}
