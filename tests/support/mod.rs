//! A folder of fixtures, and the program run inside it.

// Each test binary uses its own part of this, and a test that cannot set its scene may panic.
#![allow(dead_code, clippy::unwrap_used)]

pub mod encoder;
pub mod forge;

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What a run left.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl Run {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).expect("output is UTF-8")
    }

    /// Rows of a CSV on stdout, header first.
    pub fn rows(&self) -> Vec<Vec<String>> {
        rows(&self.stdout)
    }
}

/// Rows of a CSV, header first.
pub fn rows(csv: &[u8]) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv);
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// A temporary folder. The program runs inside it, so that messages name files as the tests do.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    /// A folder with one file, `rows.csv`.
    pub fn with_rows(bytes: impl AsRef<[u8]>) -> Self {
        Folder::new().with("rows.csv", bytes)
    }

    pub fn with(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
        std::fs::write(self.path(name), bytes).unwrap();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Every file and folder with its contents, strays and hidden ones too.
    pub fn contents(&self) -> BTreeMap<String, Vec<u8>> {
        contents(self.0.path())
    }

    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, b"")
    }

    /// Runs the program with `stdin`, and checks what holds for every run: it ends by itself, without a panic.
    pub fn run_with(&self, args: &[&str], stdin: &[u8]) -> Run {
        let mut child = command(self.0.path(), args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let stdin = stdin.to_vec();
        // A program that fails early does not read all of it, which is not this test's concern.
        let feeder = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        let stderr = String::from_utf8(output.stderr).expect("messages are UTF-8");
        assert!(!stderr.contains("panicked"), "{args:?} panicked:\n{stderr}");
        let code = output.status.code().unwrap_or_else(|| panic!("{args:?} was killed by a signal:\n{stderr}"));
        Run { code, stdout: output.stdout, stderr }
    }

    pub fn succeeds(&self, args: &[&str]) -> Run {
        self.succeeds_with(args, b"")
    }

    pub fn succeeds_with(&self, args: &[&str], stdin: &[u8]) -> Run {
        let run = self.run_with(args, stdin);
        assert_eq!(run.code, 0, "{args:?} failed:\n{}", run.stderr);
        run
    }

    /// Runs what must fail with exit code 1, one line on stderr that holds all of `says`, nothing on stdout, and every
    /// file as it was.
    pub fn fails(&self, args: &[&str], says: &[&str]) -> Run {
        self.fails_with(args, b"", 1, says)
    }

    /// As [`Folder::fails`], for arguments that are wrong: exit code 2.
    pub fn fails_usage(&self, args: &[&str], says: &[&str]) -> Run {
        self.fails_with(args, b"", 2, says)
    }

    pub fn fails_with(&self, args: &[&str], stdin: &[u8], code: i32, says: &[&str]) -> Run {
        let before = self.contents();
        let run = self.run_with(args, stdin);
        assert_eq!(run.code, code, "exit code of {args:?}; stderr:\n{}", run.stderr);
        for part in says {
            assert!(run.stderr.contains(part), "{args:?} should say {part:?}, but says:\n{}", run.stderr);
        }
        assert!(run.stderr.starts_with("error: "), "{args:?} says:\n{}", run.stderr);
        if code == 1 {
            assert_eq!(run.stderr.lines().count(), 1, "an error is told once, in one line:\n{}", run.stderr);
        }
        assert_eq!(run.text(), "", "stdout of {args:?}, which failed");
        let after = self.contents();
        assert_eq!(
            before.keys().collect::<Vec<_>>(),
            after.keys().collect::<Vec<_>>(),
            "{args:?} failed and left something behind"
        );
        assert!(before == after, "{args:?} failed and changed a file");
        run
    }
}

/// Every file and folder in `folder` with its contents, strays and hidden ones too.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entry = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let bytes = if entry.path().is_dir() { Vec::new() } else { std::fs::read(entry.path()).unwrap() };
        (entry.file_name().into_string().unwrap(), bytes)
    };
    std::fs::read_dir(folder).unwrap().map(entry).collect()
}

/// The program, to be run in `folder`, without colours whatever the caller's environment says.
pub fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_framescope"));
    command.current_dir(folder).args(args).env_remove("CLICOLOR_FORCE").env("NO_COLOR", "1");
    command
}

/// Options of whatever trains, for its least work.
pub const LEAST_WORK: [&str; 6] = ["--n-bootstrap", "0", "--no-leakage", "-q", "--alpha", "1"];

/// `train` with its least work.
pub fn train<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "-o", "m.safetensors"], &LEAST_WORK[..], more].concat()
}

/// Reads a little of stdout, closes it, and gives exit code and stderr.
pub fn leave_early(folder: &Folder, args: &[&str]) -> (Option<i32>, String) {
    let mut child = command(&folder.path(""), args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program is built");
    let mut stdout = child.stdout.take().expect("stdout is piped");
    stdout.read_exact(&mut [0; 4]).expect("it writes something");
    drop(stdout);
    let output = child.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Sixty coded sentences, as (text, label), with fifteen rows of each frame and fifteen of none.
pub fn coded_rows() -> Vec<(String, &'static str)> {
    const SUBJECTS: [&str; 5] = ["Norvia", "The Talan ministry", "General Oru", "The border council", "Premier Vale"];
    const PREDICATES: [(&str, [&str; 3]); 4] = [
        ("escalation", ["threatened to shell the port", "massed troops on the ridge", "issued a final ultimatum"]),
        ("dialogue", ["agreed to new talks", "offered a ceasefire deal", "welcomed the mediation"]),
        ("accusation", ["blamed Talan for the fire", "accused the press of lies", "condemned the raid as a crime"]),
        ("none", ["opened a school on Monday", "reported a wet autumn", "sold tickets for the fair"]),
    ];
    let mut rows = Vec::new();
    for (label, predicates) in PREDICATES {
        for subject in SUBJECTS {
            rows.extend(predicates.iter().map(|predicate| (format!("{subject} {predicate}."), label)));
        }
    }
    rows
}

/// [`coded_rows`] as a CSV with the columns `text` and `labels`, each label as `relabel` has it.
pub fn coded_csv_with(relabel: impl Fn(&str) -> String) -> String {
    let lines = coded_rows().into_iter().map(|(text, label)| format!("{text},{}\n", relabel(label)));
    std::iter::once("text,labels\n".to_owned()).chain(lines).collect()
}

pub fn coded_csv() -> String {
    coded_csv_with(str::to_owned)
}

/// A folder with `coded.csv` and the model `m.safetensors` trained from it.
pub fn trained() -> Folder {
    let folder = Folder::new().with("coded.csv", coded_csv());
    folder.succeeds(&train(&["coded.csv"]));
    folder
}
