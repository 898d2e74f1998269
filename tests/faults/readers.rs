//! Readers of stdout that go away: no failure, no word, and files are as they would be.

use std::process::Stdio;

use super::jobs::{self, scene, strs};
use super::support::{Folder, command, contents, leave_early};

/// Runs it with a stdout that nobody reads, and gives exit code and stderr.
fn unread(folder: &Folder, args: &[&str]) -> (Option<i32>, String) {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = command(&folder.path(""), args).stdin(Stdio::null()).stdout(writer).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

const QUIET_END: (Option<i32>, String) = (Some(0), String::new());

#[test]
fn a_reader_that_leaves_in_the_middle_is_no_failure() {
    let folder = scene();
    for args in [
        &["predict", "rows.csv"][..],
        &["segment", "rows.csv"],
        &["segment", "rows.csv", "--threads", "1", "--format", "json"],
        &["explain", "rows.csv"],
        &["explain", "rows.csv", "--format", "json"],
        &["explain", "rows.csv", "--format", "csv"],
        &["sample", "rows.csv", "--per-outlet", "580", "-o", "-", "--with-scores"],
        &["inspect", "--format", "csv"],
    ] {
        let n_bytes = folder.succeeds(args).stdout.len();
        assert!(n_bytes > 1 << 16, "{args:?} writes {n_bytes} bytes, which a pipe may hold");
        assert_eq!(leave_early(&folder, args), QUIET_END, "{args:?}");
    }
}

#[test]
fn a_reader_that_never_came_is_no_failure() {
    let folder = scene();
    for args in [
        &["predict", "rows.csv"][..],
        &["segment", "rows.csv"],
        &["explain", "--text", "Talks go on"],
        &["sample", "rows.csv", "--per-outlet", "10", "-o", "-"],
        &["compare", "rows.csv", "--format", "csv"],
        &["compare", "rows.csv", "--format", "json"],
        &["compare", "rows.csv"],
        &["evaluate", "rows.csv", "--n-bootstrap", "0", "-q"],
        &["inspect"],
        &["--help"],
        &["train", "--help"],
        &["--version"],
    ] {
        assert_eq!(unread(&folder, args), QUIET_END, "{args:?}");
    }
}

#[test]
fn files_are_complete_though_nobody_reads_the_table() {
    let folder = scene();
    for job in [jobs::train(), jobs::compare(), jobs::study(), jobs::sample()] {
        let new = job.outputs(&folder);
        for has_old in [false, true] {
            job.put_old(&folder.path("out"), has_old);
            assert_eq!(unread(&folder, &strs(&job.args("out"))), QUIET_END, "{}", job.verb);
            assert!(contents(&folder.path("out")) == new, "{}", job.verb);
        }
        job.put_old(&folder.path("out"), false);
    }
}
