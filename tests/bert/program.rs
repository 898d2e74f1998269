//! The program with an encoder: each verb, the vectors that it keeps, and what it says when the encoder is not the right one.

use super::support::{Folder, coded_csv, contents, train};
use super::tiny::{self, Kind};

/// A folder with coded rows and the encoder `tiny`.
fn folder() -> Folder {
    let folder = Folder::new().with("coded.csv", coded_csv());
    tiny::write(&folder.path("tiny"), Kind::Mean);
    folder
}

const WITH: [&str; 3] = ["coded.csv", "--encoder", "tiny"];
const TUNING: [&str; 6] = ["--fine-tune", "--layers", "1", "--epochs", "1", "--folds"];

fn trained(more: &[&str]) -> Folder {
    let folder = folder();
    folder.succeeds(&train(&[&WITH[..], more, &["--no-cache"]].concat()));
    folder
}

#[test]
fn every_verb_scores_with_a_frozen_encoder() {
    let folder = trained(&[]);
    let inspected = folder.succeeds(&["inspect", "m.safetensors"]);
    assert!(inspected.text().contains("Sentence encoder\n  tiny, sha256 "), "{}", inspected.text());
    let with =
        |args: &[&'static str]| [args, &["--model", "m.safetensors", "--encoder", "tiny", "--no-cache"]].concat();
    let predicted = folder.succeeds(&with(&["predict", "coded.csv"]));
    assert_eq!(predicted.rows().len(), 61);
    let judged = folder.succeeds(&with(&["evaluate", "coded.csv", "-q", "--n-bootstrap", "0"]));
    assert!(judged.text().contains("macro"));
    let explained = folder.succeeds(&with(&["explain", "--text", "They will attack."]));
    assert!(explained.text().contains("approximate"), "{}", explained.text());

    // Each text has the probability that it has alone.
    let rows = predicted.rows();
    let alone = folder.succeeds_with(&with(&["predict", "-"]), format!("text\n{}\n", rows[7][0]).as_bytes()).rows();
    for (a, b) in rows[7][2..5].iter().zip(&alone[1][1..4]) {
        let (a, b): (f64, f64) = (a.parse().unwrap(), b.parse().unwrap());
        assert!((a - b).abs() < 1e-4, "{a} among others, {b} alone");
    }
}

#[test]
fn a_fine_tuned_encoder_lies_beside_its_model_and_is_found_there() {
    let folder = trained(&[&TUNING[..], &["2"]].concat());
    assert!(folder.path("m.encoder/model.safetensors").is_file());
    assert!(folder.path("m.encoder/1_Pooling/config.json").is_file());
    let first = folder.succeeds(&["predict", "coded.csv", "--model", "m.safetensors", "--no-cache"]);
    // What it was made from is not what it is.
    folder.fails(
        &["predict", "coded.csv", "--model", "m.safetensors", "--encoder", "tiny", "--no-cache"],
        &["the model was trained with"],
    );
    std::fs::rename(folder.path("m.encoder"), folder.path("away")).unwrap();
    folder.fails(
        &["predict", "coded.csv", "--model", "m.safetensors"],
        &["the model was trained with the encoder tiny", "say by --encoder where it is, or lay it at m.encoder"],
    );
    let given =
        folder.succeeds(&["predict", "coded.csv", "--model", "m.safetensors", "--encoder", "away", "--no-cache"]);
    assert_eq!(given.stdout, first.stdout);
}

#[test]
fn threads_do_not_move_a_byte() {
    let bytes = |threads: &str| {
        let folder = trained(&[&TUNING[..], &["2", "--threads", threads]].concat());
        (folder.read("m.safetensors"), contents(&folder.path("m.encoder")))
    };
    let one = bytes("1");
    assert!(one == bytes("3"), "three threads train another model than one");
}

#[test]
fn the_encoder_alone_and_the_student_of_one() {
    let folder = trained(&["--encoder-only"]);
    let coded = coded_csv();
    let (header, lines) = coded.split_once('\n').unwrap();
    let beginning = |word: &str| {
        let lines: Vec<String> = lines.lines().map(|line| format!("{word} {line}")).collect();
        format!("{header}\n{}\n", lines.join("\n"))
    };
    let folder = folder.with("rows.csv", beginning("Then")).with("unseen.csv", beginning("Now"));
    let text = folder.succeeds(&["inspect", "m.safetensors"]).text().to_owned();
    assert!(text.contains("tiny"), "{text}");
    folder.succeeds(&[
        "distill",
        "--teacher",
        "m.safetensors",
        "--encoder",
        "tiny",
        "--no-cache",
        "--unlabelled",
        "rows.csv",
        "--gold",
        "unseen.csv",
        "-o",
        "student.safetensors",
        "-q",
        "--n-bootstrap",
        "0",
        "--alpha",
        "1",
    ]);
    let card = folder.succeeds(&["inspect", "student.safetensors"]).text().to_owned();
    assert!(card.contains("tiny"), "the student's card names its teacher's encoder:\n{card}");
    // The student needs none.
    folder.succeeds(&["predict", "coded.csv", "--model", "student.safetensors"]);
}

#[test]
fn vectors_are_kept_and_taken() {
    let folder = folder();
    folder.succeeds(&train(&[&WITH[..], &["--cache", "kept"]].concat()));
    let model = folder.read("m.safetensors");
    let kept = std::fs::read_dir(folder.path("kept")).unwrap().next().unwrap().unwrap().path();
    let segments = contents(&kept);
    assert_eq!(segments.len(), 1, "sixty rows are one segment");
    folder.succeeds(&train(&[&WITH[..], &["--cache", "kept"]].concat()));
    assert!(folder.read("m.safetensors") == model, "kept vectors make another model");
    assert!(contents(&kept) == segments, "a second run encoded something");
}

#[test]
fn a_study_and_a_comparison_take_one() {
    let rows: String = coded_csv()
        .lines()
        .enumerate()
        .map(
            |(i, line)| {
                if i == 0 { format!("{line},outlet,doc_id\n") } else { format!("{line},o{},d{}\n", i % 2, i / 2) }
            },
        )
        .collect();
    let folder = folder().with("rows.csv", rows);
    folder.succeeds(&[
        "study",
        "rows.csv",
        "--encoder",
        "tiny",
        "--no-cache",
        "-o",
        "study",
        "-q",
        "--no-leakage",
        "--alpha",
        "1",
    ]);
    let page = String::from_utf8(contents(&folder.path("study"))["report.html"].clone()).unwrap();
    assert!(page.contains("approximate"), "the page says that explanations are approximate");
    let bare = coded_csv().lines().skip(1).zip(0..).fold("text,outlet,doc_id\n".to_owned(), |all, (line, i)| {
        format!("{all}{},o{},d{}\n", line.rsplit_once(',').unwrap().0, i % 2, i / 2)
    });
    let folder = folder.with("bare.csv", bare);
    folder.succeeds(&[
        "compare",
        "bare.csv",
        "--model",
        "study/model.safetensors",
        "--encoder",
        "tiny",
        "--no-cache",
        "-o",
        "out",
        "-q",
    ]);
    assert!(contents(&folder.path("out")).contains_key("shares.csv"));
}

#[test]
fn wrong_arguments_are_told() {
    let folder = trained(&[]).with("plain.csv", coded_csv());
    folder.fails_usage(&["train", "coded.csv", "-o", "x.safetensors", "--fine-tune"], &["--encoder"]);
    folder.fails_usage(
        &["train", "coded.csv", "-o", "-", "--encoder", "tiny", "--fine-tune"],
        &["a file for the model: the fine-tuned encoder is laid beside it"],
    );
    folder.fails(
        &["train", "coded.csv", "-o", "x.safetensors", "--encoder", "nobody/nothing"],
        &["nobody/nothing, revision main, is neither a folder nor in the hub's cache"],
    );
    folder.fails_usage(
        &["predict", "plain.csv", "--encoder", "tiny"],
        &["nothing: the model was trained without an encoder"],
    );
    folder.fails_usage(
        &["train", "coded.csv", "-o", "x.safetensors", "--encoder", "tiny", "--encoder-weight", "0"],
        &["encoder-weight"],
    );
}
