//! Disks that are full, and targets that are read-only.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

use super::batches::{N_FILES, batch, is_result};
use super::jobs::{self, Job, OLD, is_partial, scene, strs};
use super::support::{Folder, Run, contents};

const FILLER: &str = "filler";
const PAGE: u64 = 4096;

/// A megabyte of memory as a disk, mounted as `disk` in a folder until it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Folder) -> Self {
        let path = folder.path("disk");
        std::fs::create_dir_all(&path).unwrap();
        mount(["-t", "tmpfs", "-o", "size=1m", "tmpfs"].map(OsStr::new), &path);
        Disk(path)
    }

    fn make_read_only(&self) {
        mount(["-o", "remount,ro"].map(OsStr::new), &self.0);
    }

    /// Fills it until only so many bytes are free.
    fn leave(&self, n_bytes: u64) {
        let mut filler = File::create(self.0.join(FILLER)).unwrap();
        let mut n_filled = 0;
        while let Ok(n) = filler.write(&[0; PAGE as usize]) {
            n_filled += n as u64;
        }
        filler.set_len(n_filled - n_bytes).unwrap();
    }

    /// What is on it beside the filler.
    fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        let mut contents = contents(&self.0);
        contents.remove(FILLER);
        contents
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What is mounted in a namespace goes with it in any case.
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

fn mount<const N: usize>(options: [&OsStr; N], place: &PathBuf) {
    let output = Command::new("mount").args(options).arg(place).output().unwrap();
    assert!(output.status.success(), "mount {options:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Holds a run to have failed with one line, which names one of the files and says all of `says`.
fn failed(run: &Run, job: &Job, folder: &str, says: &[&str]) {
    assert_eq!(run.code, 1, "{}: {}", job.verb, run.stderr);
    assert_eq!(run.text(), "", "{} failed and writes to stdout", job.verb);
    let names_target = job.files.iter().any(|file| run.stderr.starts_with(&format!("error: {folder}/{file}: ")));
    assert!(names_target, "{}: {}", job.verb, run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    for part in says {
        assert!(run.stderr.contains(part), "{} should say {part:?}: {}", job.verb, run.stderr);
    }
}

#[test]
#[ignore = "mounts file systems: unshare --user --map-root-user --mount cargo test --test faults -- --ignored"]
fn a_full_disk_leaves_all_files_as_they_were() {
    for job in jobs::all() {
        let scene = scene();
        let new = job.outputs(&scene);
        for has_old in [true, false] {
            let disk = Disk::mount(&scene);
            let mut n_failed = 0;
            // From hardly any room to enough, so that it runs out in each of the files.
            let done = [1, 2, 4, 8, 16, 32, 64, 192].map(|n| n * PAGE).into_iter().find(|n_free| {
                job.put_old(&disk.0, has_old);
                disk.leave(*n_free);
                let before = disk.contents();
                let run = scene.run(&strs(&job.args("disk")));
                if run.code == 0 {
                    assert!(disk.contents() == new, "{}", job.verb);
                    return true;
                }
                failed(&run, &job, "disk", &["cannot write it", "is unchanged", "No space left on device"]);
                assert!(disk.contents() == before, "{} failed and changed a file, or left one", job.verb);
                n_failed += 1;
                false
            });
            println!(
                "{}: {n_failed} runs without room, old files there: {has_old}; done with {done:?} bytes",
                job.verb
            );
            assert!(n_failed > 0 && done.is_some(), "{} always has room, or never", job.verb);
        }
    }
}

#[test]
#[ignore = "mounts file systems: unshare --user --map-root-user --mount cargo test --test faults -- --ignored"]
fn a_batch_without_room_stops_and_goes_on_when_there_is_some() {
    let (scene, _) = batch();
    let args = ["predict", "in", "-o", "disk/", "--select", "id,p_dialogue", "--resume"];
    let disk = Disk::mount(&scene);
    disk.leave(40 * PAGE);
    let run = scene.run(&args);
    assert_eq!(run.code, 1, "{}", run.stderr);
    let told = run.stderr.lines().last().unwrap();
    assert!(told.starts_with("error: disk/") && told.contains("No space left on device"), "{}", run.stderr);
    let before: BTreeMap<_, _> = disk.contents().into_iter().filter(|(name, _)| is_result(name)).collect();
    assert!(!before.is_empty() && before.len() < N_FILES, "{} files had room", before.len());
    assert!(disk.contents().keys().all(|name| !is_partial(name)));

    std::fs::remove_file(disk.0.join(FILLER)).unwrap();
    let run = scene.succeeds(&args);
    let done = format!("{} of {N_FILES} files scored, {} complete already", N_FILES - before.len(), before.len());
    assert!(run.stderr.contains(&done), "{done}: {}", run.stderr);
    let after = disk.contents();
    assert!(before.iter().all(|(name, bytes)| after[name] == *bytes));
}

#[test]
#[ignore = "mounts file systems: unshare --user --map-root-user --mount cargo test --test faults -- --ignored"]
fn a_full_disk_gets_no_new_folder() {
    for job in [jobs::compare(), jobs::study()] {
        let scene = scene();
        let disk = Disk::mount(&scene);
        disk.leave(2 * PAGE);
        failed(&scene.run(&strs(&job.args("disk/new/place"))), &job, "disk/new/place", &["No space left on device"]);
        assert!(disk.contents().is_empty(), "{} leaves {:?}", job.verb, disk.contents().keys());
    }
}

#[test]
#[ignore = "mounts file systems: unshare --user --map-root-user --mount cargo test --test faults -- --ignored"]
fn a_read_only_disk_is_told() {
    for job in jobs::all() {
        let scene = scene();
        let disk = Disk::mount(&scene);
        job.put_old(&disk.0, true);
        disk.make_read_only();
        failed(&scene.run(&strs(&job.args("disk"))), &job, "disk", &["cannot write there: Read-only file system"]);
        assert!(disk.contents() == job.old(), "{}", job.verb);
    }
}

#[test]
#[ignore = "mounts file systems: unshare --user --map-root-user --mount cargo test --test faults -- --ignored"]
fn a_target_that_cannot_be_replaced_keeps_its_bytes() {
    for job in [jobs::predict(), jobs::train(), jobs::segment(), jobs::sample()] {
        let scene = scene();
        let target = scene.path("out").join(job.files[0]);
        job.put_old(&scene.path("out"), true);
        // As containers have single files of their host.
        mount([OsStr::new("--bind"), target.as_os_str()], &target);
        let _mounted = Disk(target.clone());
        failed(&scene.run(&strs(&job.args("out"))), &job, "out", &["is unchanged", "Device or resource busy"]);
        assert!(contents(&scene.path("out")) == job.old(), "{}", job.verb);
    }
}

#[test]
fn where_one_target_is_read_only_all_stay_as_they_were() {
    for job in jobs::all() {
        let scene = scene();
        job.put_old(&scene.path("out"), true);
        let target = scene.path("out").join(job.files.last().unwrap());
        let mut permissions = std::fs::metadata(&target).unwrap().permissions();
        permissions.set_readonly(true);
        std::fs::set_permissions(&target, permissions).unwrap();
        failed(&scene.run(&strs(&job.args("out"))), &job, "out", &["cannot write there: it is read-only"]);
        assert!(contents(&scene.path("out")) == job.old(), "{}", job.verb);
        assert_eq!(std::fs::read(&target).unwrap(), OLD);
    }
}
