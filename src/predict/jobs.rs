//! Many files of rows, each with an output of its own in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::encode::OutputFormat;
use super::journal;
use crate::corpus::{RowFile, TableFormat, without_compression};
use crate::error::{Error, Result};

/// One file of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The rows.
    pub input: String,
    /// The output's name below the folder of all outputs, with `/` between its parts.
    pub name: String,
    /// The output.
    pub output: PathBuf,
    /// Its layout.
    pub format: OutputFormat,
}

/// Gives each of `files` an output in `folder`: under its own name, without `.gz` or `.zst`, since output is not
/// compressed, and with the extension of `format` where one is asked for.
///
/// # Errors
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) if two files would have one output; if an output would be
/// written over an input, or outside the folder, or where its journal is; and for stdin and pipes, which have no name
/// in a folder, or can be read only once.
pub fn jobs(files: &[RowFile], folder: &Path, format: Option<OutputFormat>) -> Result<Vec<Job>> {
    let canonical = |path: &Path| std::fs::canonicalize(path).ok();
    let inputs: BTreeSet<PathBuf> = files.iter().filter_map(|file| canonical(Path::new(&file.path))).collect();
    let mut by_output: BTreeMap<OsString, &str> = BTreeMap::new();
    let refused = |found: String, expected: &str| Error::parameter("--output", found, expected);
    files
        .iter()
        .map(|file| {
            let (path, shown) = (&file.path, folder.display());
            if path == "-" || is_no_file(Path::new(path)) {
                let name = if path == "-" { "stdin" } else { path };
                return Err(refused(
                    format!("{shown}, a folder, and {name} is no file"),
                    "a file for the rows: only files have names in a folder, and are read as often as that takes",
                ));
            }
            let mut name = without_compression(&file.name);
            if let Some(format) = format {
                name.set_extension(if format == TableFormat::JsonLines { "jsonl" } else { "csv" });
            }
            let is_plain = name.components().all(|part| matches!(part, Component::Normal(_)));
            if !is_plain || name.as_os_str() == journal::NAME {
                let found = format!("{shown}, where {path} would be {}", name.display());
                return Err(refused(found, "a name of its own in the folder for each input"));
            }
            let output = folder.join(&name);
            let target = canonical(&output).unwrap_or_else(|| output.clone());
            if inputs.contains(&target) {
                let found = format!("{shown}, where {} would be written over", output.display());
                return Err(refused(found, "another folder than that of the input"));
            }
            if is_no_file(&target) {
                let found = format!("{shown}, where {} is no file", output.display());
                return Err(refused(found, "a folder whose files can be replaced"));
            }
            if let Some(other) = by_output.insert(key(&target), path) {
                let found = format!("{shown}, where {other} and {path} would both be {}", name.display());
                return Err(refused(found, "a name of its own in the folder for each input"));
            }
            let parts: Vec<_> = name.iter().map(|part| part.to_string_lossy()).collect();
            Ok(Job {
                input: path.clone(),
                name: parts.join("/"),
                format: format.unwrap_or_else(|| TableFormat::from_path(path)),
                output,
            })
        })
        .collect()
}

/// Whether a path leads to a pipe or a device. What is a folder, or is not there, is told of when it is opened.
fn is_no_file(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

/// What two paths share that lead to one file, also where names in capitals are no others.
fn key(path: &Path) -> OsString {
    if cfg!(any(target_os = "macos", windows)) { path.to_string_lossy().to_lowercase().into() } else { path.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> RowFile {
        RowFile { path: path.into(), name: Path::new(path).into() }
    }

    #[test]
    fn outputs_are_named_after_inputs() {
        let files = [file("a.csv.gz"), file("b/a.tsv"), file("c.ndjson"), file("notes.txt")];
        let planned = jobs(&files, Path::new("out"), None).unwrap();
        let names: Vec<&str> = planned.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["a.csv", "b/a.tsv", "c.ndjson", "notes.txt"]);
        assert_eq!(planned[1].format, TableFormat::TSV);
        assert_eq!(planned[1].output, Path::new("out/b/a.tsv"));
        let planned = jobs(&files, Path::new("out"), Some(TableFormat::JsonLines)).unwrap();
        assert_eq!(planned[0].name, "a.jsonl");
        assert_eq!(planned[0].format, TableFormat::JsonLines);
    }

    #[test]
    fn two_inputs_never_share_an_output() {
        let error = jobs(&[file("a.csv"), file("a.csv.gz")], Path::new("out"), None).unwrap_err();
        assert!(error.to_string().contains("where a.csv and a.csv.gz would both be a.csv"), "{error}");
        let error = jobs(&[file("-")], Path::new("out"), None).unwrap_err();
        assert!(error.to_string().contains("stdin is no file"), "{error}");
        let outside = RowFile { path: "../a.csv".into(), name: "../a.csv".into() };
        for file in [outside, file(journal::NAME)] {
            let error = jobs(&[file], Path::new("out"), None).unwrap_err();
            assert!(error.to_string().contains("a name of its own in the folder"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn outputs_that_are_one_file_by_a_link_are_told() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "text\n").unwrap();
        std::os::unix::fs::symlink("a.csv", folder.path().join("b.csv")).unwrap();
        let error = jobs(&[file("no/a.csv"), file("no/b.csv")].map(bare), folder.path(), None).unwrap_err();
        assert!(error.to_string().contains("would both be b.csv"), "{error}");
    }

    #[cfg(unix)]
    fn bare(file: RowFile) -> RowFile {
        RowFile { name: file.name.file_name().unwrap().into(), ..file }
    }

    #[test]
    fn an_input_is_never_an_output() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "text\n").unwrap();
        let files = [RowFile { path: path.to_str().unwrap().into(), name: "a.csv".into() }];
        let error = jobs(&files, folder.path(), None).unwrap_err();
        assert!(error.to_string().contains("would be written over"), "{error}");
    }
}
