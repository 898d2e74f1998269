//! The files that a user names one by one, by their folder or by a pattern.

use std::path::{Component, Path, PathBuf};

use super::table::TableFormat;
use crate::error::{Error, Result};

/// What marks a name as a pattern.
const WILDCARDS: [char; 3] = ['*', '?', '['];

/// Files of rows, in the order in which they were named; those of a folder or of a pattern by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFiles {
    /// The files.
    pub files: Vec<RowFile>,
    /// Files of folders whose extension is none of rows, and links to folders.
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
    /// Finds the files of rows that `paths` name: files as they are, those in folders at any depth whose extension
    /// says that they hold rows, and all that match a pattern (`*`, `?`, `[a-z]`, and `**` for any depth). Hidden
    /// files and what lies in the folder `except` are no input.
    ///
    /// A file that is not there is found all the same, and fails when it is opened.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) for a folder that cannot be listed, one without a file of rows, a
    /// pattern that matches nothing and a name that is not UTF-8;
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a pattern that is none.
    pub fn find(paths: &[String], except: Option<&Path>) -> Result<Self> {
        let except = except.and_then(|folder| std::fs::canonicalize(folder).ok());
        let mut found = RowFiles::default();
        for path in paths {
            if path != "-" && Path::new(path).is_dir() {
                found.is_many = true;
                found.add_folder(path, except.as_deref())?;
            } else if path.contains(WILDCARDS) && !Path::new(path).exists() {
                found.is_many = true;
                found.add_pattern(path, except.as_deref())?;
            } else {
                let name = Path::new(path).file_name().map_or_else(|| path.into(), PathBuf::from);
                found.files.push(RowFile { path: path.clone(), name });
            }
        }
        Ok(found)
    }

    fn add_folder(&mut self, folder: &str, except: Option<&Path>) -> Result<()> {
        let mut paths = Vec::new();
        let is_wanted = |path: &str| TableFormat::named_by(path).is_some();
        walk(Path::new(folder), &is_wanted, except, &mut paths, &mut self.passed_over)?;
        if paths.is_empty() {
            return Err(
                not_found("there is no file of rows in it: .csv, .tsv or .jsonl, also .gz or .zst").in_file(folder)
            );
        }
        self.add(paths, Path::new(folder));
        Ok(())
    }

    fn add_pattern(&mut self, pattern: &str, except: Option<&Path>) -> Result<()> {
        let options = glob::MatchOptions {
            case_sensitive: true,
            require_literal_separator: true,
            require_literal_leading_dot: true,
        };
        let matches = glob::glob_with(pattern, options)
            .map_err(|error| Error::parameter("input", pattern, &format!("a file or a pattern ({error})")))?;
        let mut paths = Vec::new();
        for path in matches {
            let path = path.map_err(|error| {
                let folder = error.path().display().to_string();
                Error::io("list it", error.into()).in_file(&folder)
            })?;
            let is_out =
                || except.is_some_and(|except| std::fs::canonicalize(&path).is_ok_and(|path| path.starts_with(except)));
            if path.is_file() && !is_out() {
                paths.push(utf8(&path)?);
            }
        }
        if paths.is_empty() {
            return Err(not_found("no file matches this pattern").in_file(pattern));
        }
        let is_fixed = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(WILDCARDS);
        let fixed: PathBuf = Path::new(pattern).components().take_while(is_fixed).collect();
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

/// Adds the files in a folder that are wanted, at any depth and in the order of their names, to `found`, and the
/// others to `passed_over`. Hidden files, and what lies in the folder `except` (canonical), are neither.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io) for a folder that cannot be listed, and a name that is not UTF-8.
pub(super) fn walk(
    folder: &Path,
    is_wanted: &dyn Fn(&str) -> bool,
    except: Option<&Path>,
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
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            continue;
        }
        let name = utf8(&path)?;
        // A link to a folder may lead back up.
        if path.is_dir() && path.is_symlink() {
            passed_over.push(name);
        } else if path.is_dir() {
            if except.is_none() || std::fs::canonicalize(&path).ok().as_deref() != except {
                walk(&path, is_wanted, except, found, passed_over)?;
            }
        } else if is_wanted(&name) {
            found.push(name);
        } else {
            passed_over.push(name);
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

    fn names(found: &RowFiles) -> Vec<&str> {
        found.files.iter().map(|file| file.name.to_str().unwrap()).collect()
    }

    #[test]
    fn folders_and_patterns_are_walked_in_order_and_what_is_no_input_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        for name in ["b.csv", "a/x.jsonl.gz", "a/y.txt", "out/b.csv", ".hidden.csv", "a/.framescope-1.partial"] {
            std::fs::create_dir_all(Path::new(&at(name)).parent().unwrap()).unwrap();
            std::fs::write(at(name), "").unwrap();
        }
        let out = PathBuf::from(at("out"));
        let found = RowFiles::find(&[at("")], Some(&out)).unwrap();
        assert_eq!(names(&found), ["a/x.jsonl.gz", "b.csv"]);
        assert_eq!(found.passed_over, [at("a/y.txt")]);
        assert!(found.is_many);

        let found = RowFiles::find(&[at("*/[xy].*")], None).unwrap();
        assert_eq!(names(&found), ["a/x.jsonl.gz", "a/y.txt"], "a pattern takes what it matches");
        let found = RowFiles::find(&[at("**/*.csv"), "-".into(), "no/such.csv".into()], Some(&out)).unwrap();
        assert_eq!(names(&found), ["b.csv", "-", "such.csv"]);
    }

    #[test]
    fn nothing_to_find_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().to_str().unwrap().to_owned();
        let error = RowFiles::find(std::slice::from_ref(&name), None).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{name}: cannot read it: there is no file of rows in it: .csv, .tsv or .jsonl, also .gz or .zst")
        );
        let error = RowFiles::find(&[format!("{name}/*.csv")], None).unwrap_err();
        assert!(error.to_string().ends_with("no file matches this pattern"), "{error}");
        let error = RowFiles::find(&["a***b".into()], None).unwrap_err();
        assert!(error.to_string().starts_with("input is a***b; expected a file or a pattern"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_in_a_circle_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "").unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("up")).unwrap();
        let found = RowFiles::find(&[folder.path().to_str().unwrap().to_owned()], None).unwrap();
        assert_eq!(names(&found), ["a.csv"]);
        assert_eq!(found.passed_over.len(), 1);
    }
}
