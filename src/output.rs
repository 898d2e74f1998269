//! Files that appear whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};

/// A file that is written beside its target and takes the target's place when it is complete.
///
/// A run that is killed, or that fails, leaves the old file as it was. Devices and pipes cannot be replaced, so those are
/// written to as they are.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    sink: BufWriter<Sink>,
}

#[derive(Debug)]
enum Sink {
    Beside(NamedTempFile),
    Direct(File),
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Beside(file) => file.write(bytes),
            Sink::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Beside(file) => file.flush(),
            Sink::Direct(file) => file.flush(),
        }
    }
}

impl AtomicFile {
    /// Opens a file to take `target`'s place. Called before long work, so that a target that cannot be written fails first.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if the folder is missing or cannot be written to.
    pub fn create(target: &Path) -> Result<Self> {
        let failed = |source| Error::io("write there", source).in_file(&target.display().to_string());
        // Writing through a link must change what it points to, not replace the link.
        let target = std::fs::canonicalize(target).unwrap_or_else(|_| target.to_owned());
        let existing = std::fs::metadata(&target).ok();
        if existing.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            return Err(failed(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory; name a file in it")));
        }
        let sink = if existing.as_ref().is_some_and(|meta| !meta.is_file()) {
            Sink::Direct(File::options().write(true).open(&target).map_err(failed)?)
        } else {
            if existing.as_ref().is_some_and(|meta| meta.permissions().readonly()) {
                return Err(failed(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only")));
            }
            let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if !folder.is_dir() {
                let missing = format!("there is no folder {}", folder.display());
                return Err(failed(io::Error::new(io::ErrorKind::NotFound, missing)));
            }
            let mut builder = Builder::new();
            builder.prefix(".framescope-").suffix(".partial");
            #[cfg(unix)]
            builder.permissions(existing.map_or_else(new_file_permissions, |meta| meta.permissions()));
            Sink::Beside(builder.tempfile_in(folder).map_err(failed)?)
        };
        Ok(AtomicFile { target, sink: BufWriter::with_capacity(1 << 18, sink) })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), for example when the disk is full; the target is then as it was.
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.write_all(bytes).map_err(|source| write_error(source, &self.target))
    }

    /// Puts the file in its target's place.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); the target is then as it was.
    pub fn commit(self) -> Result<()> {
        let AtomicFile { target, sink } = self;
        let sink = sink.into_inner().map_err(|error| write_error(error.into_error(), &target))?;
        match sink {
            Sink::Direct(_) => Ok(()),
            Sink::Beside(file) => file.persist(&target).map(drop).map_err(|error| write_error(error.error, &target)),
        }
    }
}

fn write_error(source: io::Error, target: &Path) -> Error {
    Error::io("write it (the file that was there before, if any, is unchanged)", source)
        .in_file(&target.display().to_string())
}

/// What the user's umask would give a new file; temporary files are private otherwise.
#[cfg(unix)]
fn new_file_permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::Permissions::from_mode(0o666)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_file_stays_until_commit() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("out.csv");
        std::fs::write(&target, "old").unwrap();
        let mut file = AtomicFile::create(&target).unwrap();
        file.write_all(b"new").unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
        file.commit().unwrap();
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
        drop(AtomicFile::create(&target).unwrap());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "an abandoned file leaves nothing behind");
    }

    #[test]
    fn a_missing_folder_fails_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let error = AtomicFile::create(&folder.path().join("no/out.csv")).unwrap_err();
        assert!(error.to_string().contains("cannot write there"), "{error}");
    }
}
