//! Runs over many files that are killed, or meet each other: what is complete stays, and whoever comes next goes on.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::jobs::{is_partial, scene};
use super::support::{Folder, command, contents};

const N_KILLS: usize = 50;
pub const N_FILES: usize = 12;
const RESUME: [&str; 6] = ["predict", "in", "-o", "out/", "--resume", "-q"];

/// Twelve files of rows, and what an undisturbed run makes of them.
pub fn batch() -> (Folder, BTreeMap<String, Vec<u8>>) {
    let folder = scene();
    let rows = String::from_utf8(folder.read("rows.csv")).unwrap();
    std::fs::create_dir(folder.path("in")).unwrap();
    for i in 0..N_FILES {
        std::fs::write(folder.path(&format!("in/{i}.csv")), rows.replace("week", &format!("week {i} and"))).unwrap();
    }
    folder.succeeds(&["predict", "in", "-o", "undisturbed/", "-q"]);
    let mut whole = contents(&folder.path("undisturbed"));
    whole.retain(|name, _| is_result(name));
    assert_eq!(whole.len(), N_FILES);
    (folder, whole)
}

pub fn is_result(name: &str) -> bool {
    !is_partial(name) && name != ".framescope-journal.jsonl"
}

fn start(folder: &Folder) -> Child {
    command(&folder.path(""), &RESUME).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn a_killed_batch_goes_on_where_it_was() {
    let (folder, whole) = batch();
    let started = Instant::now();
    folder.succeeds(&RESUME);
    let pace = started.elapsed().as_secs_f64();
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let (mut n_kills, mut n_ended, mut n_resumed, mut n_partial) = (0, 0, 0, 0);
    let mut n_before = 0;
    while n_kills < N_KILLS {
        let mut child = start(&folder);
        std::thread::sleep(Duration::from_secs_f64(rng.random_range(0.15 * pace..0.7 * pace)));
        child.kill().unwrap();
        let was_killed = child.wait().unwrap().signal() == Some(9);
        let left = contents(&folder.path("out"));
        n_partial = left.keys().filter(|name| is_partial(name)).count();
        let results: BTreeMap<_, _> = left.into_iter().filter(|(name, _)| is_result(name)).collect();
        for (name, bytes) in &results {
            assert!(whole[name] == *bytes, "{name} is not what an undisturbed run makes");
        }
        n_resumed += usize::from(was_killed && 0 < n_before && n_before < results.len());
        (n_kills, n_ended) = (n_kills + usize::from(was_killed), n_ended + usize::from(!was_killed));
        assert!(n_ended < 4 * N_KILLS, "only {n_kills} kills met a run");
        n_before = results.len();
        if !was_killed {
            assert_eq!(n_before, N_FILES, "a run that ended by itself has done all that was left");
            std::fs::remove_dir_all(folder.path("out")).unwrap();
            std::fs::create_dir(folder.path("out")).unwrap();
            n_before = 0;
        }
    }
    println!(
        "predict --resume: {N_KILLS} runs killed, {n_resumed} of them went on with what others had begun, {n_ended} ended; \
         {n_partial} partial files in the last folder"
    );
    assert!(n_resumed > 0, "no killed run had gone on with another's work");
    let run = folder.run(&RESUME);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let mut left = contents(&folder.path("out"));
    left.retain(|name, _| is_result(name));
    assert!(left == whole);
}

#[test]
fn two_runs_over_one_folder_complete_it_and_share_its_journal() {
    let (folder, whole) = batch();
    for status in [start(&folder), start(&folder)].map(|mut child| child.wait().unwrap()) {
        assert!(status.success(), "{status}");
    }
    let mut left = contents(&folder.path("out"));
    left.retain(|name, _| is_result(name));
    assert!(left == whole);
    let run = folder.succeeds(&RESUME[..5]);
    assert!(run.stderr.contains("0 of 12 files scored, 12 complete already"), "{}", run.stderr);
}
