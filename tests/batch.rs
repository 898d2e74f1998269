//! Many files of rows: folders and patterns in, a folder out, what is complete passed over, what is bad told of.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use support::Folder;

const ROWS: &str = "id,text\n1,Both sides agreed to talk.\n2,The minister blamed the rebels.\n";

/// A folder `in` with three files at two depths, one of them compressed, and one that is no table.
fn three() -> Folder {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.path("in/deep")).unwrap();
    let folder = folder.with("in/a.csv", ROWS).with("in/deep/b.tsv", ROWS.replace(',', "\t"));
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, ROWS.as_bytes()).unwrap();
    folder.with("in/c.csv.gz", gz.finish().unwrap()).with("in/notes.txt", "no rows")
}

/// Every file below a folder, hidden ones too, by its path from there.
fn below(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

fn names(files: &BTreeMap<String, Vec<u8>>) -> Vec<&str> {
    files.keys().map(String::as_str).collect()
}

const JOURNAL: &str = ".framescope-journal.jsonl";

#[test]
fn a_folder_becomes_a_folder() {
    let folder = three();
    let run = folder.succeeds(&["predict", "in", "-o", "out/"]);
    assert!(run.stderr.contains("3 of 3 files scored\n6 rows in "), "{}", run.stderr);
    assert!(run.stderr.contains("warning: passed over in/notes.txt: from folders only"), "{}", run.stderr);
    let out = below(&folder.path("out"));
    assert_eq!(names(&out), [JOURNAL, "a.csv", "c.csv", "deep/b.tsv"]);
    // Each is what it is by itself.
    for (input, output) in [("in/a.csv", "a.csv"), ("in/c.csv.gz", "c.csv")] {
        assert_eq!(folder.succeeds(&["predict", input]).stdout, out[output], "{input}");
    }
    let alone = folder.succeeds(&["predict", "in/deep/b.tsv", "-o", "alone.tsv"]);
    assert_eq!((alone.text(), folder.read("alone.tsv")), ("", out["deep/b.tsv"].clone()));

    // A folder that is there needs no slash, and its own outputs are no inputs.
    std::fs::create_dir(folder.path("in/scored")).unwrap();
    folder.succeeds(&["predict", "in", "-o", "in/scored", "-q"]);
    folder.succeeds(&["predict", "in", "-o", "in/scored", "-q"]);
    assert_eq!(below(&folder.path("in/scored")).len(), 4);
}

#[test]
fn a_pattern_needs_no_shell() {
    let folder = three();
    folder.succeeds(&["predict", "in/**/*.[ct]sv", "-o", "out/", "-q", "--format", "json"]);
    assert_eq!(names(&below(&folder.path("out"))), [JOURNAL, "a.jsonl", "deep/b.jsonl"]);
    folder.succeeds(&["predict", "in/*.csv*", "-o", "one.csv", "-q"]);
    assert_eq!(support::rows(&folder.read("one.csv")).len(), 5, "a pattern into one file joins the rows");
    folder.fails(
        &["predict", "in/*.xml", "-o", "out/"],
        &["in/*.xml: cannot read it: no file matches; it was read as a pattern"],
    );
}

#[test]
fn what_is_complete_is_passed_over_by_content() {
    let folder = three();
    let resume = ["predict", "in", "-o", "out/", "--resume"];
    folder.succeeds(&["predict", "in", "-o", "out/", "-q"]);
    let before = below(&folder.path("out"));
    let says = |expected: &str| {
        let run = folder.succeeds(&resume);
        assert!(run.stderr.contains(expected), "{expected}, not\n{}", run.stderr);
    };
    says("0 of 3 files scored, 3 complete already\n");
    assert!(below(&folder.path("out")) == before, "nothing is touched");

    // An output that is gone, one that is cut short, and one that was made from other rows.
    std::fs::remove_file(folder.path("out/c.csv")).unwrap();
    std::fs::write(folder.path("out/a.csv"), &before["a.csv"][..20]).unwrap();
    says("2 of 3 files scored, 1 complete already\n");
    assert_eq!(below(&folder.path("out"))["a.csv"], before["a.csv"]);
    std::fs::write(folder.path("in/a.csv"), ROWS.replace("rebels", "generals")).unwrap();
    says("1 of 3 files scored, 2 complete already\n");
    assert_ne!(below(&folder.path("out"))["a.csv"], before["a.csv"]);

    // Other settings make other outputs.
    let run = folder.succeeds(&["predict", "in", "-o", "out/", "--resume", "--select", "id,predicted"]);
    assert!(run.stderr.contains("3 of 3 files scored\n"), "{}", run.stderr);
    assert!(folder.read("out/a.csv").starts_with(b"id,predicted\n1,dialogue\n"));
    // A new name for the same rows is a new file.
    std::fs::rename(folder.path("in/a.csv"), folder.path("in/z.csv")).unwrap();
    let run = folder.succeeds(&["predict", "in", "-o", "out/", "--resume", "--select", "id,predicted"]);
    assert!(run.stderr.contains("1 of 3 files scored, 2 complete already\n"), "{}", run.stderr);
}

#[test]
fn one_bad_file_does_not_stop_the_rest() {
    let folder = three().with("in/a.csv", "id,text\n1,\"never closed\n");
    std::fs::create_dir(folder.path("out")).unwrap();
    let folder = folder.with("out/a.csv", "as it was\n");
    let run = folder.run(&["predict", "in", "-o", "out", "--threads", "1"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("error: in/a.csv, line 2: the quote opened at character 3"), "{}", run.stderr);
    assert!(run.stderr.contains("2 of 3 files scored\n"), "{}", run.stderr);
    assert!(run.stderr.ends_with("run this again with --resume\n"), "{}", run.stderr);
    let out = below(&folder.path("out"));
    assert_eq!(names(&out), [JOURNAL, "a.csv", "c.csv", "deep/b.tsv"]);
    assert_eq!(out["a.csv"], b"as it was\n");

    let folder = folder.with("in/a.csv", ROWS);
    let run = folder.succeeds(&["predict", "in", "-o", "out", "--resume"]);
    assert!(run.stderr.contains("1 of 3 files scored, 2 complete already\n"), "{}", run.stderr);

    let folder = three().with("in/a.csv", "id,words\n1,a\n");
    let run = folder.run(&["predict", "in", "-o", "out/", "--fail-fast", "-q"]);
    assert_eq!((run.code, run.stderr.lines().count()), (1, 1), "{}", run.stderr);
    assert!(run.stderr.starts_with("error: in/a.csv: no column \"text\""), "{}", run.stderr);
    assert!(!folder.path("out").exists(), "a.csv is the first, and a folder with nothing in it is taken away");
}

#[test]
fn nothing_is_written_over_an_input() {
    let folder = three();
    let before = below(&folder.path("in"));
    folder.fails_usage(
        &["predict", "in", "-o", "in"],
        &["--output is in; expected another folder than that of the input"],
    );
    folder.fails_usage(&["predict", "in/a.csv", "in", "-o", "out/"], &["in/a.csv and in/a.csv would both be a.csv"]);
    folder.fails_usage(&["predict", "-", "-o", "out/"], &["--output is out/, a folder, and stdin is no file"]);
    folder.fails_usage(&["predict", "in", "-o", "out"], &["expected out/ for a folder", "or out.csv for one file"]);
    for flag in ["--resume", "--fail-fast"] {
        let says = format!("{flag} is given with --output out.csv; expected a folder of outputs");
        folder.fails_usage(&["predict", "in/a.csv", "-o", "out.csv", flag], &[&says]);
    }
    folder.fails_usage(&["predict", "in/a.csv", "-o", "OUT.CSV.GZ"], &["a name without .gz or .zst"]);
    assert!(below(&folder.path("in")) == before);
}

#[test]
fn a_pattern_names_outputs_from_where_its_wildcards_begin() {
    let folder = three();
    for (pattern, output) in [("./in/*.csv", "one"), ("in/./*.csv", "two"), ("in/../in/*.csv", "three")] {
        folder.succeeds(&["predict", pattern, "-o", &format!("{output}/"), "-q"]);
        assert_eq!(names(&below(&folder.path(output))), [JOURNAL, "a.csv"]);
    }
    folder.succeeds(&["predict", "in/*.csv", "-o", ".", "-q"]);
    assert_eq!(folder.read("a.csv"), folder.read("one/a.csv"));
    folder.fails_usage(&["predict", "in/*.csv", "-o", "in/"], &["where in/a.csv would be written over"]);
}

#[test]
fn one_output_for_all_is_no_input_of_the_next_run() {
    let folder = three();
    std::fs::remove_dir_all(folder.path("in/deep")).unwrap();
    for _ in 0..2 {
        folder.succeeds(&["predict", "in", "-o", "in/all.csv", "-q"]);
        assert_eq!(support::rows(&folder.read("in/all.csv")).len(), 5);
    }
    std::fs::create_dir(folder.path("-")).unwrap();
    let run = folder.succeeds(&["predict", "in/a.csv", "-o", "-", "-q"]);
    assert_eq!(run.rows().len(), 3, "a folder called - is not stdout");
}

#[test]
fn another_model_or_layout_makes_other_outputs() {
    let folder = three().with("coded.csv", support::coded_csv());
    folder.succeeds(&support::train(&["coded.csv"]));
    let run = |more: &[&str]| folder.succeeds(&[&["predict", "in", "-o", "out/", "--resume"], more].concat()).stderr;
    assert!(run(&[]).contains("3 of 3 files scored\n"));
    assert!(run(&["--model", "m.safetensors"]).contains("3 of 3 files scored\n"));
    assert!(run(&["--model", "m.safetensors", "--threads", "1"]).contains("3 complete already"));
    assert!(run(&["--model", "m.safetensors", "--format", "json"]).contains("3 of 3 files scored\n"));
    assert_eq!(names(&below(&folder.path("out"))).len(), 7);
}

#[test]
fn wrong_options_are_told_once_and_empty_texts_in_any_case() {
    let folder = three();
    folder.fails_usage(&["predict", "in", "-o", "out/", "-q", "--encoding", "latin-99"], &["unknown encoding"]);
    folder.fails_usage(&["predict", "in", "-o", "out/", "-q", "--select", "id,id"], &["--select is \"id\" twice"]);

    let folder = folder.with("in/a.csv", "id,text\n1,\n2,Talks go on\n").with("in/b.csv", "id,words\n1,a\n");
    let run = folder.run(&["predict", "in", "-o", "out/"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("warning: 1 of 6 rows have an empty text"), "{}", run.stderr);
    let lines: Vec<&str> = run.stderr.lines().filter(|line| line.starts_with("error: ")).collect();
    assert_eq!(lines.len(), 2, "{}", run.stderr);
    assert!(lines[0].starts_with("error: in/b.csv: no column \"text\""), "{}", lines[0]);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_waited_for() {
    let folder = three();
    let made = std::process::Command::new("mkfifo").arg(folder.path("in/pipe.csv")).status().unwrap();
    assert!(made.success());
    let run = folder.succeeds(&["predict", "in", "-o", "out/"]);
    assert!(run.stderr.contains("passed over in/notes.txt, in/pipe.csv: from folders only"), "{}", run.stderr);
    folder.fails_usage(&["predict", "in/pipe.csv", "-o", "out/"], &["in/pipe.csv is no file; expected a file"]);
}

#[test]
fn an_output_that_cannot_be_opened_is_one_that_failed() {
    let folder = three();
    std::fs::create_dir_all(folder.path("out/a.csv")).unwrap();
    let run = folder.run(&["predict", "in", "-o", "out"]);
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("error: out/a.csv: cannot write there: it is a directory"), "{}", run.stderr);
    assert!(run.stderr.contains("2 of 3 files scored\n"), "{}", run.stderr);
}
