//! The whole way, twice: the same rows, settings and seed give the same bytes, at any number of threads.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn labels() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/labels/framing-en.csv").to_owned()
}

fn framescope(folder: &Path, args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_framescope")).args(args).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The first rows of the bundled labels, as a file of their own.
fn some_rows(folder: &Path, n: usize) -> PathBuf {
    let path = folder.join("rows.csv");
    let mut reader = csv::Reader::from_path(labels()).unwrap();
    let mut writer = csv::Writer::from_path(&path).unwrap();
    writer.write_record(reader.headers().unwrap()).unwrap();
    for row in reader.records().take(n) {
        writer.write_record(&row.unwrap()).unwrap();
    }
    writer.flush().unwrap();
    path
}

#[test]
fn bytes_do_not_depend_on_threads_or_runs() {
    let folder = tempfile::tempdir().unwrap();
    some_rows(folder.path(), 300);
    let run = |threads: &str, name: &str| {
        let model = format!("{name}.safetensors");
        let train = ["train", "rows.csv", "-o", &model, "--group", "doc_id", "--n-bootstrap", "50", "--quiet"];
        let table = framescope(folder.path(), &[&train[..], &["--threads", threads]].concat()).stdout;
        let out = format!("{name}.csv");
        let input = labels();
        let predict = ["predict", &input, "--model", &model, "-o", &out, "--quiet", "--threads", threads];
        framescope(folder.path(), &predict);
        let evaluate = ["evaluate", &input, "--model", &model, "--n-bootstrap", "50", "--format", "json", "-q"];
        let scores = framescope(folder.path(), &[&evaluate[..], &["--threads", threads]].concat()).stdout;
        let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
        (read(&model), read(&out), table, scores)
    };
    let first = run("1", "a");
    assert!(first == run("2", "b"), "two threads");
    assert!(first == run("5", "c"), "five threads");
    assert!(first == run("1", "d"), "again");
}

#[test]
fn another_seed_is_another_run() {
    let folder = tempfile::tempdir().unwrap();
    some_rows(folder.path(), 300);
    let table = |seed: &str| {
        let args =
            ["train", "rows.csv", "-o", "m.safetensors", "--n-bootstrap", "50", "-q", "--no-leakage", "--seed", seed];
        framescope(folder.path(), &args).stdout
    };
    assert_ne!(table("0"), table("1"));
}

#[test]
fn predictions_keep_every_row_and_column() {
    let folder = tempfile::tempdir().unwrap();
    framescope(folder.path(), &["predict", &labels(), "-o", "out.csv", "-q"]);
    let rows = |path: &Path| -> Vec<csv::StringRecord> {
        csv::ReaderBuilder::new().has_headers(false).from_path(path).unwrap().records().map(Result::unwrap).collect()
    };
    let (before, after) = (rows(Path::new(&labels())), rows(&folder.path().join("out.csv")));
    assert_eq!(before.len(), after.len());
    let n_columns = before[0].len();
    assert_eq!(
        after[0].iter().skip(n_columns).collect::<Vec<_>>(),
        ["p_accusation", "p_dialogue", "p_escalation", "predicted"]
    );
    for (before, after) in before.iter().zip(&after) {
        assert!(before.iter().eq(after.iter().take(n_columns)));
    }
    for row in &after[1..] {
        let proba: Vec<f64> = (0..3).map(|j| row[n_columns + j].parse().unwrap()).collect();
        assert!(proba.iter().all(|p| (0.0..=1.0).contains(p)));
        assert!(!row[n_columns + 3].is_empty());
    }
}

/// Labels of one's own join ours by naming both files, whatever columns they lack.
#[test]
fn own_labels_join_the_bundled_ones() {
    let folder = tempfile::tempdir().unwrap();
    some_rows(folder.path(), 300);
    let own = "text,labels\nThe wardens zorbled the strikers at dawn.,escalation\n\
               Wardens zorbled a printer and zorbled his son.,escalation\n\
               The zorbling of the clerks went on all night.,escalation\n";
    fs::write(folder.path().join("own.csv"), own).unwrap();
    let train = |files: &[&str], model: &str| {
        let options = [
            "-o",
            model,
            "--group",
            "story_id",
            "--names",
            "mask",
            "--n-bootstrap",
            "0",
            "--no-leakage",
            "--format",
            "json",
            "-q",
        ];
        let summary = framescope(folder.path(), &[&["train"][..], files, &options[..]].concat()).stdout;
        serde_json::from_slice::<serde_json::Value>(&summary).unwrap()["training"].clone()
    };
    let (alone, both) = (train(&["rows.csv"], "a.safetensors"), train(&["rows.csv", "own.csv"], "b.safetensors"));
    assert_eq!(both["n_rows"], 303);
    assert_eq!(both["n_stories"], alone["n_stories"]);
    assert_eq!(both["sources"][1]["name"], "own.csv");

    let escalation = |model: &str| -> f64 {
        let text = "They were zorbled.";
        let explained = ["explain", "--model", model, "--text", text, "--format", "json"];
        let explained: serde_json::Value =
            serde_json::from_slice(&framescope(folder.path(), &explained).stdout).unwrap();
        let frames = explained["frames"].as_array().unwrap();
        frames.iter().find(|frame| frame["frame"] == "escalation").unwrap()["proba"].as_f64().unwrap()
    };
    let (without, with) = (escalation("a.safetensors"), escalation("b.safetensors"));
    assert!(with > without + 0.05, "a word of one's own is learned: {without} {with}");
}

#[test]
fn layouts_give_the_same_predictions() {
    let folder = tempfile::tempdir().unwrap();
    let rows = some_rows(folder.path(), 40);
    let mut reader = csv::Reader::from_path(&rows).unwrap();
    let header = reader.headers().unwrap().clone();
    let (mut tsv, mut jsonl) =
        (csv::WriterBuilder::new().delimiter(b'\t').from_path(folder.path().join("rows.tsv")).unwrap(), String::new());
    tsv.write_record(&header).unwrap();
    for row in reader.records() {
        let row = row.unwrap();
        tsv.write_record(&row).unwrap();
        let object: serde_json::Map<_, _> =
            header.iter().zip(row.iter()).map(|(name, cell)| (name.to_owned(), cell.into())).collect();
        jsonl += &serde_json::Value::Object(object).to_string();
        jsonl.push('\n');
    }
    tsv.flush().unwrap();
    fs::write(folder.path().join("rows.jsonl"), jsonl).unwrap();
    let predict = |input: &str, output: &str| {
        framescope(folder.path(), &["predict", input, "-o", output, "-q"]);
        fs::read_to_string(folder.path().join(output)).unwrap()
    };
    let csv = predict("rows.csv", "a.csv");
    assert_eq!(csv, predict("rows.tsv", "b.csv"));
    assert_eq!(csv, predict("rows.jsonl", "c.csv"));
    let objects = predict("rows.jsonl", "d.jsonl");
    assert_eq!(objects, predict("rows.csv", "e.jsonl"));
    let first: serde_json::Value = serde_json::from_str(objects.lines().next().unwrap()).unwrap();
    assert!(first["p_dialogue"].is_f64() && first["predicted"].is_string());
}

#[test]
fn frames_in_columns_train_the_same_model_as_frames_in_one() {
    let folder = tempfile::tempdir().unwrap();
    let rows = some_rows(folder.path(), 300);
    let mut reader = csv::Reader::from_path(rows).unwrap();
    let header = reader.headers().unwrap().clone();
    let labels_at = header.iter().position(|name| name == "labels").unwrap();
    let frames = ["accusation", "dialogue", "escalation"];
    let mut wide = csv::Writer::from_path(folder.path().join("wide.csv")).unwrap();
    wide.write_record(["text", "doc_id"].into_iter().chain(frames)).unwrap();
    for row in reader.records() {
        let row = row.unwrap();
        let flags = frames.map(|frame| if row[labels_at].split(';').any(|label| label == frame) { "1" } else { "0" });
        let at = |name: &str| &row[header.iter().position(|other| other == name).unwrap()];
        wide.write_record([at("text"), at("doc_id")].into_iter().chain(flags)).unwrap();
    }
    wide.flush().unwrap();
    let quick = ["--n-bootstrap", "0", "--no-leakage", "-q", "--format", "json"];
    let summary = |file: &str, more: &[&str]| -> serde_json::Value {
        let args = [&["train", file, "-o", "m.safetensors"], &quick[..], more].concat();
        serde_json::from_slice(&framescope(folder.path(), &args).stdout).unwrap()
    };
    let joined = summary("rows.csv", &[]);
    let columns = summary("wide.csv", &["--frames", "accusation,dialogue,escalation"]);
    assert_eq!(joined["calibration"], columns["calibration"]);
    assert_eq!(joined["training"]["frames"], columns["training"]["frames"]);
}

#[test]
fn nested_cross_validation_leaves_a_constant_frame_out_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let mut rows = csv::Writer::from_path(folder.path().join("rows.csv")).unwrap();
    rows.write_record(["text", "labels"]).unwrap();
    for i in 0..90 {
        let (text, label) = if i % 2 == 0 { ("They agreed to talk", "dialogue") } else { ("Rain fell again", "none") };
        let label = if i == 7 { "rare" } else { label };
        rows.write_record([format!("{text} on day {i}."), label.to_owned()]).unwrap();
    }
    rows.flush().unwrap();
    let args = ["evaluate", "rows.csv", "--cross-validate", "3", "--n-bootstrap", "0", "--format", "json"];
    let allowed = framescope(folder.path(), &[&args[..], &["--allow-constant"]].concat());
    assert!(String::from_utf8_lossy(&allowed.stderr).contains("frame \"rare\" was left out"));
    let scores: serde_json::Value = serde_json::from_slice(&allowed.stdout).unwrap();
    let frames: Vec<&str> = scores["frames"].as_array().unwrap().iter().map(|f| f["frame"].as_str().unwrap()).collect();
    assert_eq!(frames, ["dialogue"]);

    let refused =
        Command::new(env!("CARGO_BIN_EXE_framescope")).args(args).current_dir(folder.path()).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("frame \"rare\" has 1 positive"));
}
