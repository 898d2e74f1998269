//! What the faults happen to: each verb that writes files, on the same small rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::support::{Folder, LEAST_WORK, coded_rows, contents};

/// A verb with its arguments, and the files that it writes.
pub struct Job {
    pub verb: &'static str,
    /// Arguments but for the target.
    args: Vec<&'static str>,
    /// What `-o` is given, in the folder for outputs: a file's name, or nothing where the verb fills a folder.
    target: &'static str,
    pub files: &'static [&'static str],
}

/// `compare` writes these.
const COMPARED: [&str; 4] = ["comparison.json", "differences.csv", "report.html", "shares.csv"];
/// `study` writes these.
const STUDIED: [&str; 6] =
    ["comparison.json", "differences.csv", "model.safetensors", "predictions.csv", "report.html", "shares.csv"];

/// What stands in a file before a run that is to replace it.
pub const OLD: &[u8] = b"what was there before\n";

pub fn predict() -> Job {
    Job { verb: "predict", args: vec!["predict", "rows.csv", "-q"], target: "s.csv", files: &["s.csv"] }
}

/// The same on more rows, so that most of its time is writing.
pub fn predict_many() -> Job {
    Job { args: vec!["predict", "many.csv", "-q"], ..predict() }
}

pub fn train() -> Job {
    let args = [&["train", "rows.csv"][..], &LEAST_WORK].concat();
    Job { verb: "train", args, target: "m.safetensors", files: &["m.safetensors"] }
}

pub fn compare() -> Job {
    let args = vec!["compare", "rows.csv", "-q", "--n-bootstrap", "0"];
    Job { verb: "compare", args, target: "", files: &COMPARED }
}

pub fn study() -> Job {
    let args = [&["study", "rows.csv", "--folds", "2"][..], &LEAST_WORK].concat();
    Job { verb: "study", args, target: "", files: &STUDIED }
}

pub fn sample() -> Job {
    let args = vec!["sample", "rows.csv", "-q", "--per-outlet", "300"];
    Job { verb: "sample", args, target: "to_code.csv", files: &["to_code.csv"] }
}

pub fn segment() -> Job {
    let args = vec!["segment", "rows.csv", "-q"];
    Job { verb: "segment", args, target: "sentences.csv", files: &["sentences.csv"] }
}

pub fn all() -> [Job; 6] {
    [predict(), train(), compare(), study(), sample(), segment()]
}

impl Job {
    /// The arguments with which the outputs come into `folder`.
    pub fn args(&self, folder: &str) -> Vec<String> {
        let target = if self.target.is_empty() { folder.to_owned() } else { format!("{folder}/{}", self.target) };
        self.args.iter().map(|arg| (*arg).to_owned()).chain(["-o".to_owned(), target]).collect()
    }

    /// Runs it undisturbed, and gives what it writes.
    pub fn outputs(&self, scene: &Folder) -> BTreeMap<String, Vec<u8>> {
        std::fs::create_dir_all(scene.path("undisturbed")).unwrap();
        scene.succeeds(&strs(&self.args("undisturbed")));
        let outputs = contents(&scene.path("undisturbed"));
        assert!(outputs.keys().eq(self.files), "{} writes {:?}", self.verb, outputs.keys());
        std::fs::remove_dir_all(scene.path("undisturbed")).unwrap();
        outputs
    }

    /// Puts an old file in each file's place, or none.
    pub fn put_old(&self, folder: &Path, has_old: bool) {
        for file in self.files {
            let path = folder.join(file);
            if has_old {
                std::fs::write(path, OLD).unwrap();
            } else if path.exists() {
                std::fs::remove_file(path).unwrap();
            }
        }
    }

    /// The files as [`Job::put_old`] makes them.
    pub fn old(&self) -> BTreeMap<String, Vec<u8>> {
        self.files.iter().map(|file| ((*file).to_owned(), OLD.to_vec())).collect()
    }
}

pub fn strs(args: &[String]) -> Vec<&str> {
    args.iter().map(String::as_str).collect()
}

/// Whether a file of this name is hidden, and taken for no input and no result.
pub fn is_partial(name: &str) -> bool {
    name.starts_with(".framescope-") && name.ends_with(".partial")
}

/// A folder with `rows.csv`, half of it coded, which every verb can use, and with `many.csv`, the same rows thirty
/// times.
pub fn scene() -> Folder {
    let sentences = coded_rows();
    let mut csv = String::from("id,text,outlet,doc_id,labels\n");
    for i in 0..1800 {
        let (text, label) = &sentences[i * 7 % sentences.len()];
        let outlet = ["Harbour Wire", "Evening Comet", "Strait Observer"][i / 4 % 3];
        let (text, label) = (text.trim_end_matches('.'), if i % 2 == 0 { label } else { "" });
        writeln!(csv, "r{i},{text} in week {}.,{outlet},a{},{label}", i / 60, i / 4).unwrap();
    }
    let (header, rows) = csv.split_at(1 + csv.find('\n').unwrap());
    let folder = Folder::new().with("many.csv", header.to_owned() + &rows.repeat(30)).with("rows.csv", &csv);
    std::fs::create_dir(folder.path("out")).unwrap();
    folder
}
