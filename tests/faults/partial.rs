//! What killed runs leave: no input, no result, and gone after a day.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use super::jobs::is_partial;
use super::support::{Folder, command, contents};

const HOUR: Duration = Duration::from_hours(1);

/// A run that has begun to write `news/s.csv`, and waits for its rows.
struct Waiting {
    child: Child,
    partial: PathBuf,
}

impl Waiting {
    fn start(folder: &Folder) -> Self {
        // Names alone: the run may take old files away while they are looked at.
        let partials = || {
            let paths = std::fs::read_dir(folder.path("news")).unwrap().map(|entry| entry.unwrap().path());
            let is_ours = |path: &PathBuf| path.file_name().is_some_and(|name| is_partial(&name.to_string_lossy()));
            paths.filter(is_ours).collect::<Vec<_>>()
        };
        // Old files are taken away once the new one is made and locked: when this one goes, the run waits.
        let canary = folder.path("news/.framescope-canary.partial");
        std::fs::write(&canary, "").unwrap();
        set_age(&canary, 25 * HOUR);
        let before = partials();
        let child = command(&folder.path(""), &["predict", "-", "-o", "news/s.csv", "-q"])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        wait_until_gone(&canary);
        let partial = partials().into_iter().find(|partial| !before.contains(partial)).expect("a partial file");
        Waiting { child, partial }
    }

    /// Kills it, and gives the file that stays.
    fn kill(mut self) -> PathBuf {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        assert!(self.partial.exists());
        self.partial
    }

    fn finish(mut self) {
        self.child.stdin.take().unwrap().write_all(b"text\nTalks go on\n").unwrap();
        assert!(self.child.wait().unwrap().success());
        assert!(!self.partial.exists());
    }
}

fn wait_until_gone(path: &Path) {
    let started = Instant::now();
    while path.exists() {
        assert!(started.elapsed() < Duration::from_mins(1), "{} is still there", path.display());
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn newsroom() -> Folder {
    let folder = Folder::with_rows("text\nTalks go on\n");
    std::fs::create_dir(folder.path("news")).unwrap();
    folder.with(
        "news/talks.txt",
        "The two ministers met in the old customs house and agreed to open the strait by June.\n",
    )
}

fn set_age(path: &PathBuf, age: Duration) {
    std::fs::File::options().write(true).open(path).unwrap().set_modified(SystemTime::now() - age).unwrap();
}

#[test]
fn a_partial_file_is_never_taken_for_input() {
    let folder = newsroom();
    let args = ["segment", "news", "-o", "-"];
    // Which of the lines on stderr tells how long it took is of no interest here.
    let told =
        |stderr: &str| stderr.lines().filter(|line| !line.contains("MB/s")).map(str::to_owned).collect::<Vec<_>>();
    let before = folder.succeeds(&args);
    assert_eq!(before.rows().len(), 2, "{}", before.text());
    let partial = Waiting::start(&folder).kill();
    // As if the run had been killed later.
    std::fs::write(partial, "text,outlet\nThe talks are off.,Harbour Wire\n").unwrap();
    let after = folder.succeeds(&args);
    assert_eq!(after.text(), before.text());
    assert_eq!(told(&after.stderr), told(&before.stderr), "a hidden file is not worth a word");
}

#[test]
fn partial_files_go_when_they_are_a_day_old() {
    let folder = newsroom();
    let old = Waiting::start(&folder).kill();
    set_age(&old, 25 * HOUR);
    let young = Waiting::start(&folder);
    // The next run in the folder takes it away, even one that is killed.
    wait_until_gone(&old);
    let young = young.kill();
    set_age(&young, 23 * HOUR);
    folder.succeeds(&["predict", "rows.csv", "-o", "news/s.csv", "-q"]);
    assert!(young.exists(), "it may belong to a run on another machine");
    set_age(&young, 25 * HOUR);
    folder.fails(&["predict", "talks.csv", "-o", "news/s.csv"], &["talks.csv: cannot open it"]);
    assert!(!young.exists());
    assert_eq!(contents(&folder.path("news")).into_keys().collect::<Vec<_>>(), ["s.csv", "talks.txt"]);
}

#[test]
fn a_run_of_more_than_a_day_keeps_its_partial_file() {
    let folder = newsroom();
    let long = Waiting::start(&folder);
    set_age(&long.partial, 50 * HOUR);
    folder.succeeds(&["predict", "rows.csv", "-o", "news/other.csv", "-q"]);
    long.finish();
    assert_eq!(folder.read("news/s.csv"), folder.read("news/other.csv"));
}

#[test]
fn only_partial_files_of_our_own_are_taken_away() {
    let folder = newsroom()
        .with("news/.framescope-notes.txt", "keep\n")
        .with("news/my.partial", "keep\n")
        .with("news/framescope-1.partial", "keep\n")
        .with("elsewhere.csv", "keep\n");
    for name in [".framescope-notes.txt", "my.partial", "framescope-1.partial"] {
        set_age(&folder.path("news").join(name), 50 * HOUR);
    }
    set_age(&folder.path("elsewhere.csv"), 50 * HOUR);
    let news = folder.path("news");
    std::fs::create_dir(news.join(".framescope-folder.partial")).unwrap();
    std::os::unix::fs::symlink(folder.path("elsewhere.csv"), news.join(".framescope-link.partial")).unwrap();
    // A run that opened this to lock it would wait for ever.
    let pipe = news.join(".framescope-pipe.partial");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    assert!(Command::new("touch").args(["-t", "202001010000"]).arg(&pipe).status().unwrap().success());
    let names = |folder: &Folder| {
        let entries = std::fs::read_dir(folder.path("news")).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let before = names(&folder);
    folder.succeeds(&["predict", "rows.csv", "-o", "news/s.csv", "-q"]);
    let after: Vec<String> = names(&folder).into_iter().filter(|name| name != "s.csv").collect();
    assert_eq!(after, before);
    assert_eq!(folder.read("elsewhere.csv"), b"keep\n");
}
