//! Targets that refuse, columns that are taken, readers that leave, arguments that are wrong.

mod support;

use std::process::Stdio;

use support::{Folder, LEAST_WORK, coded_csv, command, leave_early, train};

const TAKEN: &str = "text,predicted,p_dialogue,outlet\nTalks go on,mine,0.5,A\n";

#[test]
fn output_columns_that_exist_are_named() {
    let folder = Folder::with_rows(TAKEN);
    folder.fails(
        &["predict", "rows.csv", "-o", "s.csv"],
        &[
            "rows.csv: the input already has columns \"p_dialogue\", \"predicted\"",
            "--overwrite-columns to replace them",
        ],
    );
    let folder = Folder::new().with("rows.jsonl", "{\"text\":\"a\",\"predicted\":\"x\"}\n");
    folder.fails(
        &["predict", "rows.jsonl", "-o", "s.jsonl"],
        &["rows.jsonl: the input already has a column \"predicted\"", "--overwrite-columns to replace it"],
    );
}

#[test]
fn output_columns_are_replaced_on_request() {
    let folder = Folder::with_rows(TAKEN);
    let rows = folder.succeeds(&["predict", "rows.csv", "--overwrite-columns", "-q"]).rows();
    assert_eq!(rows[0], ["text", "outlet", "p_accusation", "p_dialogue", "p_escalation", "predicted"]);
    assert_eq!(rows[1][..2], ["Talks go on", "A"]);
    assert_ne!(rows[1][5], "mine");

    let folder = Folder::new().with("rows.jsonl", "{\"predicted\":\"mine\",\"text\":\"Talks go on\",\"n\":1.50}\n");
    let args = ["predict", "rows.jsonl", "--overwrite-columns", "--format", "json", "-q"];
    let text = folder.succeeds(&args).text().to_owned();
    assert_eq!(text.matches("\"predicted\"").count(), 1, "{text}");
    assert!(!text.contains("mine"), "{text}");
}

#[test]
fn a_target_in_a_missing_folder_is_refused_before_the_work() {
    let folder = Folder::with_rows("text,labels\nTalks go on,none\n");
    folder.fails(&["predict", "rows.csv", "-o", "no/s.csv"], &["no/s.csv: cannot write there: "]);
    // The labels would fail too; the target is looked at first.
    folder.fails(&["train", "rows.csv", "-o", "no/m.safetensors"], &["no/m.safetensors: cannot write there: "]);
}

#[test]
fn a_folder_is_no_target() {
    let folder = Folder::with_rows("text,labels\nTalks go on,none\n");
    std::fs::create_dir(folder.path("out")).unwrap();
    for args in [["segment", "rows.csv", "-o", "out"], ["train", "rows.csv", "-o", "out"]] {
        folder.fails(&args, &["out: cannot write there: it is a directory; name a file in it"]);
    }
}

#[test]
fn a_read_only_target_stays_as_it_is() {
    let folder = Folder::with_rows("text\nTalks go on\n").with("s.csv", "keep\n");
    let mut permissions = std::fs::metadata(folder.path("s.csv")).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(folder.path("s.csv"), permissions).unwrap();
    folder.fails(&["predict", "rows.csv", "-o", "s.csv"], &["s.csv: cannot write there: it is read-only"]);
}

#[test]
fn a_target_is_replaced_whole_or_not_at_all() {
    let folder = Folder::with_rows("text\nTalks go on\n").with("s.csv", "keep\n").with("bad.csv", "text\na\nb,c\n");
    folder.fails(&["predict", "bad.csv", "-o", "s.csv"], &["bad.csv, line 3: "]);
    folder.fails(&["predict", "rows.csv", "bad.csv", "-o", "s.csv"], &["bad.csv, line 3: "]);
    assert_eq!(folder.read("s.csv"), b"keep\n");
    folder.succeeds(&["predict", "rows.csv", "-o", "s.csv", "-q"]);
    assert_eq!(support::rows(&folder.read("s.csv"))[1][0], "Talks go on");
    assert_eq!(folder.contents().len(), 3, "no partial file stays");
}

#[test]
fn a_failed_training_keeps_the_old_model() {
    let folder = Folder::with_rows("text,labels\na,x;;y\n").with("m.safetensors", "the old model");
    folder.fails(&train(&["rows.csv"]), &["rows.csv, line 2, column \"labels\""]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told() {
    let folder = Folder::with_rows("text\nTalks go on\n").with("coded.csv", coded_csv());
    let full = "No space left on device";
    folder.fails(&["predict", "rows.csv", "-o", "/dev/full"], &["/dev/full: cannot write it: ", full]);
    let args = [&["train", "coded.csv", "-o", "/dev/full"][..], &LEAST_WORK].concat();
    folder.fails(&args, &["/dev/full: cannot write it: ", full]);

    for args in [&["predict", "rows.csv", "-q"][..], &["inspect"], &["explain", "--text", "Talks go on"]] {
        let stdout = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = command(&folder.path(""), args).stdout(stdout).stderr(Stdio::piped()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}: {stderr}");
        assert!(stderr.starts_with("error: cannot write to stdout: ") && stderr.contains(full), "{args:?}: {stderr}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    // More than any pipe holds, so that the writer must notice.
    let folder =
        Folder::with_rows(format!("text\n{}", "Both sides agreed to meet in the harbour hall.\n".repeat(40_000)));
    for args in [&["predict", "rows.csv"][..], &["predict", "rows.csv", "--threads", "1", "--format", "json"]] {
        assert_eq!(leave_early(&folder, args), (Some(0), String::new()), "{args:?}");
    }
    assert_eq!(leave_early(&folder, &["inspect", "--format", "csv"]), (Some(0), String::new()));
}

#[test]
fn wrong_arguments_exit_with_2() {
    let folder = Folder::with_rows("text,labels\nTalks go on,dialogue\n");
    for (args, says) in [
        (&["predict", "rows.csv", "--no-such-flag"][..], "--no-such-flag"),
        (&["predict"], "ROWS.csv"),
        (&["prefict", "rows.csv"], "prefict"),
        (&["train", "rows.csv"], "--output"),
        (&["predict", "rows.csv", "--format", "table"], "--format is table; expected csv or json"),
        (&["predict", "rows.csv", "--format", "xml"], "xml"),
        (&["predict", "rows.csv", "--delimiter", "\""], "--delimiter is '\"'; expected one ASCII character"),
        (&["predict", "rows.csv", "--delimiter", "é"], "--delimiter is 'é'"),
        (&["predict", "rows.csv", "--delimiter", ";;"], "--delimiter"),
        (&["predict", "rows.csv", "--threads", "0"], "--threads"),
        (&["predict", "rows.csv", "--encoding", "latin-99"], "unknown encoding \"latin-99\""),
        (&["explain"], "--text"),
        (&["evaluate", "rows.csv", "--level", "1.5"], "--level is 1.5; expected a number between 0 and 1"),
        (&["evaluate", "rows.csv", "--cross-validate", "1"], "folds is 1; expected 2 or more"),
        (&["evaluate", "rows.csv", "--cross-validate", "5", "--model", "m"], "--cross-validate"),
        (&["train", "rows.csv", "-o", "m", "--alpha", "strong"], "--alpha is strong; expected auto, or numbers"),
        (&["train", "rows.csv", "-o", "m", "--alpha", "-1"], "alpha is -1; expected "),
        (&["train", "rows.csv", "-o", "m", "--frames", "a,none"], "frames is \"none\""),
        (&["train", "rows.csv", "-o", "m", "--frames", "a,a"], "frames is \"a\"; expected each frame once"),
        (&["train", "rows.csv", "-o", "m", "--group", "outlet"], "group is outlet; expected"),
    ] {
        folder.fails_usage(args, &[says]);
    }
}

#[test]
fn help_and_version_are_no_failures() {
    let folder = Folder::new();
    for args in [&["--help"][..], &["train", "--help"], &["--version"]] {
        let run = folder.succeeds(args);
        assert!(run.text().contains("framescope"), "{args:?}: {}", run.text());
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn too_few_articles_for_the_folds_is_told() {
    let mut rows = String::from("text,labels,doc_id\n");
    for (i, line) in coded_csv().lines().skip(1).enumerate() {
        rows.push_str(&[line, ",", ["d1", "d2", "d3"][i % 3], "\n"].concat());
    }
    let folder = Folder::with_rows(rows);
    folder.fails(&train(&["rows.csv"]), &["3 articles cannot fill 5 folds", "ask for 3 folds or fewer"]);
}
