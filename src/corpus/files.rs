//! The files that a user names one by one, by their folder or by a pattern.

use std::ffi::{OsStr, OsString};
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
        if output.is_some() && std::fs::canonicalize(folder).ok().as_deref() == output {
            // The outputs would be inputs of the next run.
            return Err(Error::parameter("--output", folder, "another folder than that of the input"));
        }
        let mut paths = Vec::new();
        let walk = Walk { is_wanted: &holds_rows, output, passed_over: Some(&mut self.passed_over) };
        walk.into(Path::new(folder), usize::MAX, &mut paths)?;
        if paths.is_empty() {
            let message = format!("there is no file of rows in it: {}, also .gz or .zst", EXTENSIONS.join(", "));
            return Err(not_found(&message).in_file(folder));
        }
        self.add(paths, Path::new(folder));
        Ok(())
    }

    fn add_pattern(&mut self, pattern: &str, output: Option<&Path>) -> Result<()> {
        let has_wildcard = |part: &Component<'_>| part.as_os_str().to_string_lossy().contains(WILDCARDS);
        let parts: Vec<_> = Path::new(pattern).components().filter(|part| *part != Component::CurDir).collect();
        let n_fixed = parts.iter().position(has_wildcard).unwrap_or_default();
        let (fixed, rest) = parts.split_at(n_fixed);
        let (fixed, rest): (PathBuf, PathBuf) = (fixed.iter().collect(), rest.iter().collect());
        let compiled = glob::Pattern::new(&rest.to_string_lossy())
            .map_err(|error| Error::parameter("input", pattern, &format!("a file or a pattern ({error})")))?;
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let matches = |path: &str| {
            let name = Path::new(path).strip_prefix(&fixed).unwrap_or(Path::new(path));
            compiled.matches_path_with(name, options)
        };
        // No deeper than anything can match: the whole of a disk may lie below.
        let is_deep = rest.iter().any(|part| part == "**");
        let depth = if is_deep { usize::MAX } else { rest.iter().count() };
        let mut paths = Vec::new();
        if fixed.as_os_str().is_empty() || fixed.is_dir() {
            Walk { is_wanted: &matches, output, passed_over: None }.into(&fixed, depth, &mut paths)?;
        }
        if paths.is_empty() {
            let message = "no file matches; it was read as a pattern, in which * ? and [ stand for other characters, and \
                           neither links to folders nor the folder for outputs are searched";
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

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// What is looked for in folders.
pub(super) struct Walk<'a> {
    /// Whether a file of this path is.
    pub is_wanted: &'a dyn Fn(&str) -> bool,
    /// What is to be written (canonical), which is never found.
    pub output: Option<&'a Path>,
    /// Gets what is not wanted.
    pub passed_over: Option<&'a mut Vec<String>>,
}

impl Walk<'_> {
    /// Adds the files in `folder` that are wanted, in the order of their names, to `found`; at any depth of at most
    /// `depth` names. Hidden files are neither wanted nor passed over.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) for a folder that cannot be listed, and a wanted name that is not
    /// UTF-8.
    pub(super) fn into(mut self, folder: &Path, depth: usize, found: &mut Vec<String>) -> Result<()> {
        self.step(folder, depth, found)
    }

    fn step(&mut self, folder: &Path, depth: usize, found: &mut Vec<String>) -> Result<()> {
        let failed = |source| Error::io("list it", source).in_file(&folder.display().to_string());
        // A path without a folder in it lies here.
        let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let mut names: Vec<OsString> = std::fs::read_dir(listed)
            .map_err(failed)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<std::io::Result<_>>()
            .map_err(failed)?;
        names.sort();
        for name in names {
            let path = folder.join(&name);
            let is_output = |output: &Path| std::fs::canonicalize(&path).is_ok_and(|path| path == output);
            if is_hidden(&name) || self.output.is_some_and(is_output) {
                continue;
            }
            let shown = path.to_string_lossy();
            // A link to a folder may lead back up, and a pipe may have nobody at its other end.
            if path.is_dir() && !path.is_symlink() {
                if depth > 1 {
                    self.step(&path, depth - 1, found)?;
                }
            } else if path.is_file() && (self.is_wanted)(&shown) {
                found.push(utf8(&path)?);
            } else if let Some(passed_over) = &mut self.passed_over {
                passed_over.push(shown.into_owned());
            }
        }
        Ok(())
    }
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
        // The folder of the inputs, and one above it, may be that of the outputs, but what is below is not searched.
        for output in [at("news"), at("")] {
            let found = RowFiles::find(&[at("news/**/*.csv")], Some(Path::new(&output))).unwrap();
            assert_eq!(names(&found), ["a.csv", "b/c.csv"]);
        }
        let error = RowFiles::find(&[at("*/b/*.csv")], Some(Path::new(&at("news/b")))).unwrap_err();
        assert!(error.to_string().ends_with("nor the folder for outputs are searched"), "{error}");
        let error = RowFiles::find(&[at("news")], Some(Path::new(&at("news")))).unwrap_err();
        assert!(error.to_string().ends_with("expected another folder than that of the input"), "{error}");
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

    // Other systems refuse such names.
    #[cfg(target_os = "linux")]
    #[test]
    fn links_in_a_circle_end_and_odd_names_are_passed_over() {
        use std::os::unix::ffi::OsStrExt as _;

        let (folder, at) = folder(&["a.csv"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("up")).unwrap();
        std::fs::write(folder.path().join(OsStr::from_bytes(b"\xff.pdf")), "").unwrap();
        let found = RowFiles::find(&[at("")], None).unwrap();
        assert_eq!((names(&found), found.passed_over.len()), (vec!["a.csv"], 2));
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        let found = RowFiles::find(&[at("*.csv"), at("**/*.csv"), at("*/*/*.csv")], None);
        assert!(found.unwrap_err().to_string().contains("*/*/*.csv: cannot read it: no file matches"));
        let found = RowFiles::find(&[at("**/*.csv")], None).unwrap();
        assert_eq!(names(&found), ["a.csv"]);
        std::fs::write(folder.path().join(OsStr::from_bytes(b"\xff.csv")), "").unwrap();
        let error = RowFiles::find(&[at("")], None).unwrap_err();
        assert!(error.to_string().ends_with("its name is not UTF-8; rename it"), "{error}");
    }
}
