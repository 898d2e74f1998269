//! Processes killed at random moments: each target is as it was, or as the undisturbed run writes it, and nothing in
//! between.
//!
//! Half of the moments lie anywhere in a run; a quarter in its end, where files take their places; and for a quarter
//! the run is watched, and killed when the first of its files has just done so.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::jobs::{self, Job, OLD, is_partial, scene, strs};
use super::support::{Folder, command, contents};

const N_KILLS: usize = 50;
const SIGKILL: i32 = 9;

#[test]
fn a_killed_predict_leaves_the_old_file_or_the_new() {
    kill_at_random(&jobs::predict_many());
}

#[test]
fn a_killed_training_leaves_the_old_model_or_the_new() {
    kill_at_random(&jobs::train());
}

#[test]
fn a_killed_comparison_leaves_each_file_old_or_new() {
    kill_at_random(&jobs::compare());
}

/// Counts of target files.
#[derive(Debug, Default)]
struct Tally {
    old: usize,
    absent: usize,
    new: usize,
    /// Runs of which some files were new and some not.
    mixed: usize,
}

fn kill_at_random(job: &Job) {
    let scene = scene();
    let new = job.outputs(&scene);
    let inputs = scene.contents();
    let mut pace = Pace::of(job, &scene);
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (mut tally, mut n_kills, mut n_runs, mut n_missed) = (Tally::default(), 0, 0, 0);
    while n_kills < N_KILLS {
        n_runs += 1;
        assert!(n_runs < 20 * N_KILLS, "{}: only {n_kills} of {n_runs} kills met a run", job.verb);
        let has_old = n_kills % 2 == 0;
        job.put_old(&scene.path("out"), has_old);
        let mut child = start(job, &scene);
        let moment = match n_kills / 2 % 4 {
            0 | 2 => Some(rng.random_range(0.0..pace.whole)),
            // A run may end before whoever watches it has his turn.
            3 if n_missed < 3 => None,
            _ => Some(rng.random_range(pace.late..pace.whole)),
        };
        match moment {
            Some(moment) => pace.wait(moment, &mut child),
            None => wait_for_first(job, &scene, &mut child),
        }
        child.kill().unwrap();
        // A run that had ended by itself was not killed, and says nothing.
        if child.wait().unwrap().signal() != Some(SIGKILL) {
            n_missed += 1;
            continue;
        }
        (n_kills, n_missed) = (n_kills + 1, 0);
        tally.take(job, has_old, &contents(&scene.path("out")), &new);
        if n_kills % 10 == 0 {
            // Other processes on the machine come and go.
            pace = Pace::of(job, &scene);
        }
    }
    let n_partial = contents(&scene.path("out")).keys().filter(|name| is_partial(name)).count();
    let Tally { old, absent, new: n_new, mixed } = tally;
    println!(
        "{}: {N_KILLS} of {n_runs} runs of some {:.0} ms killed; files old {old}, absent {absent}, new {n_new}; \
         some new and some not in {mixed} runs; {n_partial} partial files stayed",
        job.verb,
        1e3 * pace.whole,
    );
    assert_eq!(tally.old + tally.absent + tally.new, N_KILLS * job.files.len());
    assert!(tally.old >= 5 && tally.absent >= 5, "kills came too late to show anything: {tally:?}");
    assert!(n_partial > 0, "no kill met a file that was being written: {tally:?}");
    assert_eq!(scene.contents(), inputs, "nothing beside the folder for outputs has changed");

    // What killed runs left is in nobody's way.
    scene.succeeds(&strs(&job.args("out")));
    let mut left = contents(&scene.path("out"));
    left.retain(|name, _| !is_partial(name));
    assert!(left == new, "{}: a run after the kills writes what an undisturbed one does", job.verb);
}

impl Tally {
    /// Counts the files, and holds each to be one of the three.
    fn take(&mut self, job: &Job, has_old: bool, left: &BTreeMap<String, Vec<u8>>, new: &BTreeMap<String, Vec<u8>>) {
        let mut n_new = 0;
        for file in job.files {
            match left.get(*file) {
                Some(bytes) if *bytes == new[*file] => n_new += 1,
                Some(bytes) if has_old && bytes == OLD => self.old += 1,
                None if !has_old => self.absent += 1,
                found => panic!(
                    "{file} has {:?} bytes; expected {} of the new one, or what was there before ({has_old})",
                    found.map(Vec::len),
                    new[*file].len()
                ),
            }
        }
        self.new += n_new;
        self.mixed += usize::from(0 < n_new && n_new < job.files.len());
        for name in left.keys().filter(|name| !job.files.contains(&name.as_str())) {
            assert!(is_partial(name), "{name} could be mistaken for a result");
        }
    }
}

/// How long an undisturbed run takes, in seconds.
struct Pace {
    whole: f64,
    /// A little before the first file takes its place.
    late: f64,
}

impl Pace {
    /// The middle of three runs.
    fn of(job: &Job, scene: &Folder) -> Self {
        let mut runs = [(); 3].map(|()| Pace::once(job, scene));
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (whole, placed) = runs[1];
        job.put_old(&scene.path("out"), false);
        Pace { whole, late: placed - 0.05 * whole }
    }

    /// Waits until the moment, or the end of the run, which is then what is expected of the next.
    fn wait(&mut self, moment: f64, child: &mut Child) {
        let started = Instant::now();
        while started.elapsed().as_secs_f64() < moment {
            if child.try_wait().unwrap().is_some() {
                let whole = started.elapsed().as_secs_f64();
                *self = Pace { whole, late: self.late * whole / self.whole };
                return;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    fn once(job: &Job, scene: &Folder) -> (f64, f64) {
        job.put_old(&scene.path("out"), false);
        let started = Instant::now();
        let mut child = start(job, scene);
        wait_for_first(job, scene, &mut child);
        let placed = started.elapsed();
        let status = child.wait().unwrap();
        assert!(status.success(), "{}: {status}", job.verb);
        (started.elapsed().as_secs_f64(), placed.as_secs_f64())
    }
}

/// Waits until the first of the files has taken its place, or the run has ended.
fn wait_for_first(job: &Job, scene: &Folder, child: &mut Child) {
    let numbers =
        || job.files.iter().map(|file| std::fs::metadata(scene.path("out").join(file)).ok().map(|meta| meta.ino()));
    let before: Vec<Option<u64>> = numbers().collect();
    while numbers().eq(before.iter().copied()) && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
}

fn start(job: &Job, scene: &Folder) -> Child {
    command(&scene.path(""), &strs(&job.args("out")))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
