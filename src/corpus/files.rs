//! The files that a user names one by one, by their folder or by a pattern.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::table::without_compression;
use crate::error::{Error, Result};

/// What marks a name as a pattern.
const WILDCARDS: [char; 3] = ['*', '?', '['];

/// What the names of files end with that are taken from folders, below any `.gz` or `.zst`.
pub const EXTENSIONS: [&str; 5] = [".csv", ".tsv", ".tab", ".jsonl", ".ndjson"];

/// Files of rows, in the order in which they were named; those of a folder or of a pattern by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFiles {
    /// The files.
    pub files: Vec<RowFile>,
    /// What else is in folders: files of other extensions, links to folders, pipes.
    pub passed_over: Vec<String>,
    /// Whether a folder or a pattern was named, which may stand for any number of files.
    pub is_many: bool,
}

/// A file of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFile {
    /// Where it is, as messages call it; `-` is stdin.
    pub path: String,
    /// Its name below the folder that was named, or below the part of a pattern without wildcards; its own name
    /// otherwise.
    pub name: PathBuf,
}

impl RowFiles {
    /// Finds the files of rows that `paths` name: files as they are; those in folders at any depth whose extension
    /// says that they hold rows ([`EXTENSIONS`]); and all that match a pattern (`*`, `?`, `[a-z]`, and `**` for any
    /// depth). In folders and patterns, hidden files are no input, nor is the output: that file, or what lies in that
    /// folder.
    ///
    /// A file that is not there is found all the same, and fails when it is opened.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) for a folder that cannot be listed, one without a file of rows, a
    /// pattern that matches nothing and a name of rows that is not UTF-8;
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a pattern that is none.
    pub fn find(paths: &[String], output: Option<&Path>) -> Result<Self> {
        let output = output.and_then(|output| std::fs::canonicalize(output).ok());
        let mut found = RowFiles::default();
        for path in paths {
            if path != "-" && Path::new(path).is_dir() {
                found.is_many = true;
                found.add_folder(path, output.as_deref())?;
            } else if path.contains(WILDCARDS) && !Path::new(path).exists() {
                found.is_many = true;
                found.add_pattern(path, output.as_deref())?;
            } else {
                let name = Path::new(path).file_name().map_or_else(|| path.into(), PathBuf::from);
                found.files.push(RowFile { path: path.clone(), name });
            }
        }
        Ok(found)
    }

    fn add_folder(&mut self, folder: &str, output: Option<&Path>) -> Result<()> {
        let mut paths = Vec::new();
        walk(Path::new(folder), &holds_rows, output, &mut paths, &mut self.passed_over)?;
        if paths.is_empty() {
            let message = format!("there is no file of rows in it: {}, also .gz or .zst", EXTENSIONS.join(", "));
            return Err(not_found(&message).in_file(folder));
        }
        self.add(paths, Path::new(folder));
        Ok(())
    }

    fn add_pattern(&mut self, pattern: &str, output: Option<&Path>) -> Result<()> {
        // A dot at the start of a name is looked for below: this crate does so by unwrapping names that are not UTF-8.
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        let matches = glob::glob_with(pattern, options)
            .map_err(|error| Error::parameter("input", pattern, &format!("a file or a pattern ({error})")))?;
        // Matches come without `.` in their path.
        let is_fixed = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(WILDCARDS);
        let parts = Path::new(pattern).components().filter(|part| *part != Component::CurDir);
        let fixed: PathBuf = parts.take_while(is_fixed).collect();
        let is_output = |path: &Path| lies_in(path, output, &fixed);
        let (mut paths, mut n_outputs) = (Vec::new(), 0);
        for path in matches {
            let path = path.map_err(|error| {
                let folder = error.path().display().to_string();
                Error::io("list it", error.into()).in_file(&folder)
            })?;
            let name = path.strip_prefix(&fixed).unwrap_or(&path);
            if !path.is_file() || name.iter().any(is_hidden) {
            } else if is_output(&path) {
                n_outputs += 1;
            } else {
                paths.push(utf8(&path)?);
            }
        }
        if paths.is_empty() {
            let message = match n_outputs {
                0 => "no file matches; it was read as a pattern, in which * ? and [ stand for other characters",
                _ => "all files that match lie in the folder for outputs; name another",
            };
            return Err(not_found(message).in_file(pattern));
        }
        self.add(paths, &fixed);
        Ok(())
    }

    fn add(&mut self, paths: Vec<String>, folder: &Path) {
        self.files.extend(paths.into_iter().map(|path| {
            let name = Path::new(&path).strip_prefix(folder).unwrap_or(Path::new(&path)).to_owned();
            RowFile { path, name }
        }));
    }
}

/// Whether a file's extension says that it holds rows, in a folder where other files lie too. A `.json` file may hold
/// anything.
fn holds_rows(path: &str) -> bool {
    let path = without_compression(Path::new(path));
    let extension = path.extension().map(|name| format!(".{}", name.to_string_lossy().to_lowercase()));
    extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Whether a path is the output (canonical), or lies in it, where the output lies in `folder` and is not `folder`
/// itself.
fn lies_in(path: &Path, output: Option<&Path>, folder: &Path) -> bool {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let is_below = |output: &&Path| {
        std::fs::canonicalize(folder).is_ok_and(|folder| folder != **output && output.starts_with(folder))
    };
    output.filter(is_below).is_some_and(|output| std::fs::canonicalize(path).is_ok_and(|path| path.starts_with(output)))
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Adds the files in a folder that are wanted, at any depth and in the order of their names, to `found`, and the
/// others to `passed_over`. Hidden files, and the output (canonical), are neither.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) for a folder that cannot be listed, and a wanted name that is not UTF-8.
pub(super) fn walk(
    folder: &Path,
    is_wanted: &dyn Fn(&str) -> bool,
    output: Option<&Path>,
    found: &mut Vec<String>,
    passed_over: &mut Vec<String>,
) -> Result<()> {
    let failed = |source| Error::io("list it", source).in_file(&folder.display().to_string());
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()
        .map_err(failed)?;
    entries.sort();
    for path in entries {
        let is_output = || output.is_some_and(|output| std::fs::canonicalize(&path).is_ok_and(|path| path == output));
        if path.file_name().is_some_and(is_hidden) || is_output() {
            continue;
        }
        let name = path.to_string_lossy();
        // A link to a folder may lead back up, and a pipe may have nobody at its other end.
        if path.is_dir() && !path.is_symlink() {
            walk(&path, is_wanted, output, found, passed_over)?;
        } else if path.is_file() && is_wanted(&name) {
            found.push(utf8(&path)?);
        } else {
            passed_over.push(name.into_owned());
        }
    }
    Ok(())
}

fn utf8(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let source = std::io::Error::new(std::io::ErrorKind::InvalidFilename, "its name is not UTF-8; rename it");
        Error::io("read it", source).in_file(&path.display().to_string())
    })
}

fn not_found(message: &str) -> Error {
    Error::io("read it", std::io::Error::new(std::io::ErrorKind::NotFound, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files, and the path of a name in it.
    fn folder(names: &[&str]) -> (tempfile::TempDir, impl Fn(&str) -> String) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_owned();
        let at = move |name: &str| root.join(name).to_str().unwrap().to_owned();
        for name in names {
            std::fs::create_dir_all(Path::new(&at(name)).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        (folder, at)
    }

    fn names(found: &RowFiles) -> Vec<&str> {
        found.files.iter().map(|file| file.name.to_str().unwrap()).collect()
    }

    #[test]
    fn folders_and_patterns_are_walked_in_order_and_what_is_no_input_is_left_out() {
        let (_folder, at) = folder(&[
            "b.csv",
            "a/x.jsonl.gz",
            "a/y.txt",
            "a/z.json",
            "out/b.csv",
            ".hidden.csv",
            "a/.framescope-1.partial",
        ]);
        let out = PathBuf::from(at("out"));
        let found = RowFiles::find(&[at("")], Some(&out)).unwrap();
        assert_eq!(names(&found), ["a/x.jsonl.gz", "b.csv"]);
        assert_eq!(found.passed_over, [at("a/y.txt"), at("a/z.json")]);
        assert!(found.is_many);
        let found = RowFiles::find(&[at("")], Some(Path::new(&at("b.csv")))).unwrap();
        assert_eq!(names(&found), ["a/x.jsonl.gz", "out/b.csv"], "a file that is written is not read");

        let found = RowFiles::find(&[at("*/[xy].*")], None).unwrap();
        assert_eq!(names(&found), ["a/x.jsonl.gz", "a/y.txt"], "a pattern takes what it matches");
        let found = RowFiles::find(&[at("*.csv")], None).unwrap();
        assert_eq!(names(&found), ["b.csv"], "but for hidden files");
        let found = RowFiles::find(&[at("**/*.csv"), "-".into(), "no/such.csv".into()], Some(&out)).unwrap();
        assert_eq!(names(&found), ["b.csv", "-", "such.csv"]);
    }

    #[test]
    fn names_begin_behind_the_part_of_a_pattern_that_is_fixed() {
        let (_folder, at) = folder(&["news/a.csv", "news/b/c.csv"]);
        for pattern in [at("news/**/*.csv"), at("./news/**/*.csv"), at("news/./**/*.csv")] {
            assert_eq!(names(&RowFiles::find(&[pattern], None).unwrap()), ["a.csv", "b/c.csv"]);
        }
        // The folder of the inputs, and one above it, may be that of the outputs.
        for output in [at("news"), at("")] {
            let found = RowFiles::find(&[at("news/**/*.csv")], Some(Path::new(&output))).unwrap();
            assert_eq!(names(&found), ["a.csv", "b/c.csv"]);
        }
        let error = RowFiles::find(&[at("news/b/*.csv"), at("*/b/*.csv")], Some(Path::new(&at("news/b")))).unwrap_err();
        assert!(
            error.to_string().ends_with("all files that match lie in the folder for outputs; name another"),
            "{error}"
        );
    }

    #[test]
    fn nothing_to_find_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_str().unwrap().to_owned();
        let error = RowFiles::find(std::slice::from_ref(&name), None).unwrap_err();
        let says = "there is no file of rows in it: .csv, .tsv, .tab, .jsonl, .ndjson, also .gz or .zst";
        assert_eq!(error.to_string(), format!("{name}: cannot read it: {says}"));
        let error = RowFiles::find(&[format!("{name}/*.csv")], None).unwrap_err();
        assert!(error.to_string().contains("no file matches; it was read as a pattern"), "{error}");
        let error = RowFiles::find(&["a***b".into()], None).unwrap_err();
        assert!(error.to_string().starts_with("input is a***b; expected a file or a pattern"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_end_and_odd_names_are_passed_over() {
        use std::os::unix::ffi::OsStrExt as _;

        let (folder, at) = folder(&["a.csv"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("up")).unwrap();
        std::fs::write(folder.path().join(OsStr::from_bytes(b"\xff.pdf")), "").unwrap();
        let found = RowFiles::find(&[at("")], None).unwrap();
        assert_eq!((names(&found), found.passed_over.len()), (vec!["a.csv"], 2));
        let found = RowFiles::find(&[at("*.csv")], None).unwrap();
        assert_eq!(names(&found), ["a.csv"]);
        std::fs::write(folder.path().join(OsStr::from_bytes(b"\xff.csv")), "").unwrap();
        let error = RowFiles::find(&[at("")], None).unwrap_err();
        assert!(error.to_string().ends_with("its name is not UTF-8; rename it"), "{error}");
    }
}
