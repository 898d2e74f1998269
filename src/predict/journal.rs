//! What is known to be complete in a folder of outputs, so that a batch that was interrupted can go on.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::jobs::Job;
use super::pipeline::PredictOptions;
use crate::corpus::input::hex;
use crate::error::{Error, Result};
use crate::model::Scorer;

/// The journal's name in the folder; hidden, so that it is never taken for rows.
pub(super) const NAME: &str = ".framescope-journal.jsonl";

/// A line for each output that was completed: by what it was made from, with which settings, and what it was then.
///
/// An output counts as complete while its input, the settings and its own bytes still have the hashes of its last
/// line. The journal only grows, by one write a line, so that several runs may share it; a line that a kill cut off is
/// no line, and its output is made again.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    settings: String,
    entries: BTreeMap<String, Entry>,
}

/// One line. All hashes are SHA-256 in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    /// The output's name in the folder.
    output: String,
    /// Of the file of rows as it is, compressed or not.
    input_sha256: String,
    /// Of the output.
    output_sha256: String,
    /// Of the model and the options.
    settings_sha256: String,
    #[serde(flatten)]
    done: Done,
}

/// What was done for an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Rows written.
    pub n_rows: u64,
    /// Of these, rows whose text is empty.
    pub n_empty: u64,
}

impl Journal {
    /// Reads the journal of `folder`, if there is one, for runs with this model and these options.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if it is there and cannot be read.
    pub fn open(folder: &Path, scorer: &Scorer, options: &PredictOptions) -> Result<Self> {
        let path = folder.join(NAME);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(Error::io("read the journal", source).in_file(&path.display().to_string())),
        };
        let lines = bytes.split(|byte| *byte == b'\n');
        let entries = lines.filter_map(|line| serde_json::from_slice::<Entry>(line).ok());
        Ok(Journal {
            entries: entries.map(|entry| (entry.output.clone(), entry)).collect(),
            settings: settings_hash(scorer, options),
            path,
        })
    }

    /// What was done for a job's output if it is complete, and `None` if it is to be made.
    #[must_use]
    pub fn complete(&self, job: &Job) -> Option<Done> {
        let entry = self.entries.get(&job.name).filter(|entry| entry.settings_sha256 == self.settings(job))?;
        // A file that cannot be read is not complete; whoever makes the output says why.
        let is = |path: &Path, hash: &str| file_hash(path).is_ok_and(|found| found == hash);
        (is(Path::new(&job.input), &entry.input_sha256) && is(&job.output, &entry.output_sha256)).then_some(entry.done)
    }

    /// Notes that a job's output is complete. `input_sha256` is what [`file_hash`] said before its rows were read, so
    /// that an input that changes meanwhile is scored again.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub fn note(&mut self, job: &Job, input_sha256: String, output_sha256: String, done: Done) -> Result<()> {
        let entry =
            Entry { output: job.name.clone(), input_sha256, output_sha256, settings_sha256: self.settings(job), done };
        let json = serde_json::to_string(&entry).expect("entries are strings and a number");
        // The line before may have been cut off, by whoever wrote it.
        let line = format!("\n{json}\n");
        File::options()
            .create(true)
            .append(true)
            .open(&self.path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .map_err(|source| Error::io("write the journal", source).in_file(&self.path.display().to_string()))?;
        self.entries.insert(job.name.clone(), entry);
        Ok(())
    }

    /// The hash of the settings that make this job's output.
    fn settings(&self, job: &Job) -> String {
        hex(&Sha256::digest(format!("{} {:?}", self.settings, job.format)))
    }
}

/// The hash of all that decides what is written for a row.
fn settings_hash(scorer: &Scorer, options: &PredictOptions) -> String {
    let PredictOptions { read, output: _, overwrite_columns, select, n_threads: _ } = options;
    let version = env!("CARGO_PKG_VERSION");
    let model = &scorer.model().metadata().sha256;
    hex(&Sha256::digest(format!("{version} {model} {read:?} {overwrite_columns} {select:?}")))
}

/// SHA-256 of a file as it is.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io).
pub fn file_hash(path: &Path) -> Result<String> {
    let mut digest = Sha256::new();
    File::open(path)
        .and_then(|mut file| io::copy(&mut file, &mut digest))
        .map_err(|source| Error::io("read it", source).in_file(&path.display().to_string()))?;
    Ok(hex(&digest.finalize()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::RowFile;
    use crate::model::Model;
    use crate::predict::{OutputFormat, jobs};

    fn done(n_rows: u64) -> Done {
        Done { n_rows, n_empty: 0 }
    }

    #[test]
    fn an_output_is_complete_until_something_changes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let scorer = Scorer::new(Model::bundled().unwrap()).unwrap();
        let options = PredictOptions::default();
        let open = |options: &PredictOptions| Journal::open(folder.path(), &scorer, options).unwrap();
        let files = [RowFile { path: at("in.csv").to_str().unwrap().into(), name: "out.csv".into() }];
        let job = jobs(&files, folder.path(), None).unwrap().remove(0);
        std::fs::write(at("in.csv"), "text\na\n").unwrap();
        std::fs::write(&job.output, "made").unwrap();

        let mut journal = open(&options);
        assert_eq!(journal.complete(&job), None);
        let hashes = || (file_hash(&at("in.csv")).unwrap(), file_hash(&job.output).unwrap());
        let (input, output) = hashes();
        journal.note(&job, input, output, done(1)).unwrap();
        assert_eq!(open(&options).complete(&job), Some(done(1)));

        let other = PredictOptions { select: Some(vec!["text".into()]), ..options.clone() };
        assert_eq!(open(&other).complete(&job), None);
        let as_json = Job { format: OutputFormat::JsonLines, ..job.clone() };
        assert_eq!(open(&options).complete(&as_json), None);
        for (name, was) in [("in.csv", "text\na\n"), ("out.csv", "made")] {
            std::fs::write(at(name), "other").unwrap();
            assert_eq!(open(&options).complete(&job), None, "{name} has changed");
            std::fs::write(at(name), was).unwrap();
        }
        assert_eq!(open(&options).complete(&job), Some(done(1)));

        // A line that was cut off costs itself alone.
        File::options().append(true).open(at(NAME)).unwrap().write_all(b"{\"output\":\"x").unwrap();
        let mut journal = open(&options);
        assert_eq!(journal.complete(&job), Some(done(1)));
        let (input, output) = hashes();
        journal.note(&job, input, output, done(2)).unwrap();
        assert_eq!(open(&options).complete(&job), Some(done(2)));
    }
}
