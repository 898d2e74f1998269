//! Several runs on one target at once: one of them wins, whole.

use std::process::{Child, Stdio};

use super::jobs::{self, Job, scene, strs};
use super::support::{Folder, command, contents};

/// Starts them all before any has ended, and expects each to succeed.
fn at_once(folder: &Folder, runs: &[Vec<String>]) {
    let start = |args: &Vec<String>| {
        command(&folder.path(""), &strs(args))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<Child> = runs.iter().map(start).collect();
    for (child, args) in children.into_iter().zip(runs) {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && stderr.is_empty(), "{args:?}: {}: {stderr}", output.status);
    }
}

/// Runs a job `n` times at once on two inputs, from an empty folder and over old files, and expects each file to be
/// what one of the inputs gives.
fn one_wins(job: &Job, n: usize) {
    let folder = scene();
    let rows = String::from_utf8(folder.read("rows.csv")).unwrap();
    // Fewer rows, so that one output is no longer than where the other would have gone on.
    let fewer: Vec<&str> = rows.lines().take(1000).collect();
    let folder = folder.with("fewer.csv", fewer.join("\n"));
    let on = |input: &str, target: &str| -> Vec<String> {
        job.args(target).into_iter().map(|arg| if arg == "rows.csv" { input.to_owned() } else { arg }).collect()
    };
    let of = |input: &str| {
        std::fs::create_dir_all(folder.path(input).with_extension("")).unwrap();
        folder.succeeds(&strs(&on(input, input.trim_end_matches(".csv"))));
        contents(&folder.path(input).with_extension(""))
    };
    let possible = [of("rows.csv"), of("fewer.csv")];
    for file in job.files {
        assert!(possible[0][*file] != possible[1][*file], "{file} is the same for both inputs, which shows nothing");
    }
    for has_old in [false, true] {
        job.put_old(&folder.path("out"), has_old);
        let runs: Vec<Vec<String>> = (0..n).map(|i| on(["rows.csv", "fewer.csv"][i % 2], "out")).collect();
        at_once(&folder, &runs);
        let left = contents(&folder.path("out"));
        assert!(left.keys().eq(job.files), "{} leaves {:?}", job.verb, left.keys());
        for (file, bytes) in &left {
            assert!(possible.iter().any(|one| one[file] == *bytes), "{file} is what neither run writes");
        }
    }
}

#[test]
fn of_eight_predicts_on_one_target_one_wins() {
    one_wins(&jobs::predict(), 8);
}

#[test]
fn of_two_trainings_on_one_target_one_wins() {
    one_wins(&jobs::train(), 2);
}

#[test]
fn of_two_comparisons_in_one_folder_one_wins_each_file() {
    one_wins(&jobs::compare(), 2);
}
