//! Files that appear whole or not at all.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tempfile::{Builder, NamedTempFile};

use crate::error::{Error, Result};

/// How the name of a file begins and ends that is not complete yet: hidden, and of no extension that is read.
const PARTIAL: (&str, &str) = (".framescope-", ".partial");

/// A partial file that nobody holds is taken away when it is older than this.
const STALE: Duration = Duration::from_hours(24);

/// A file that is written beside its target and takes the target's place when it is complete.
///
/// A run that is killed, or that fails, leaves the old file as it was. So does a machine that loses its power: the
/// bytes are on the disk before the file takes its place. Which of the two files is there afterwards is then up to
/// the file system, which is not asked to put the change of name on the disk at once.
///
/// A killed run leaves `.framescope-??????.partial` beside the target. Files of such a name are taken away by the
/// first file that a later process creates in the folder, once they are a day old and no process holds them: each is
/// locked while it is written. Where the file system knows no locks, they stay.
///
/// Devices and pipes cannot be replaced, so those are written to as they are.
#[derive(Debug)]
pub struct AtomicFile {
    target: PathBuf,
    /// The target as it was given, for messages.
    name: String,
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
    /// Opens a file to take `target`'s place. Called before long work, so that a target that cannot be written fails
    /// first.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io) if the folder is missing or cannot be written to.
    pub fn create(target: &Path) -> Result<Self> {
        let name = target.display().to_string();
        let failed = |source| Error::io("write there", source).in_file(&name);
        // Writing through a link must change what it points to, not replace the link.
        let target = std::fs::canonicalize(target).unwrap_or_else(|_| aim(target));
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
            builder.prefix(PARTIAL.0).suffix(PARTIAL.1);
            #[cfg(unix)]
            builder.permissions(new_file_permissions());
            let file = builder.tempfile_in(folder).map_err(failed)?;
            if let Some(existing) = &existing {
                // As they are: those of a new file are cut down by the umask.
                file.as_file().set_permissions(existing.permissions()).map_err(failed)?;
            }
            // What cannot be locked is written all the same: the lock only tells others that it is in use.
            let _ = file.as_file().try_lock();
            remove_stale(folder, file.as_file());
            Sink::Beside(file)
        };
        Ok(AtomicFile { target, name, sink: BufWriter::with_capacity(1 << 18, sink) })
    }

    /// Appends bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), for example when the disk is full; the target is then as it was.
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<()> {
        self.sink.write_all(bytes).map_err(|source| self.failed(source))
    }

    /// Puts the file in its target's place.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); the target is then as it was.
    pub fn commit(self) -> Result<()> {
        AtomicFile::commit_all(vec![self])
    }

    /// Puts files in their targets' places once all of them are complete.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); all targets are then as they were, but where a target itself refuses
    /// to be replaced, as a mount point does: those before it are new.
    pub(crate) fn commit_all(mut files: Vec<Self>) -> Result<()> {
        // A disk may be full, or a quota used up, only when the last bytes are to reach it.
        files.iter_mut().try_for_each(AtomicFile::complete)?;
        files.into_iter().try_for_each(AtomicFile::replace)
    }

    /// Brings all that was written to the disk.
    fn complete(&mut self) -> Result<()> {
        let done = self.sink.flush().and_then(|()| match self.sink.get_ref() {
            Sink::Beside(file) => file.as_file().sync_all(),
            Sink::Direct(_) => Ok(()),
        });
        done.map_err(|source| self.failed(source))
    }

    fn replace(self) -> Result<()> {
        match self.sink.into_parts().0 {
            Sink::Direct(_) => Ok(()),
            Sink::Beside(file) => {
                file.persist(&self.target).map(drop).map_err(|error| not_replaced(error.error, &self.name))
            }
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        match self.sink.get_ref() {
            Sink::Beside(_) => not_replaced(source, &self.name),
            Sink::Direct(_) => Error::io("write it", source).in_file(&self.name),
        }
    }
}

/// Makes a folder for outputs, and those above it, if they are not there.
///
/// # Errors
/// [`ErrorKind::Io`](crate::ErrorKind::Io), with the folder.
pub(crate) fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path)
        .map_err(|source| Error::io("make the folder", source).in_file(&path.display().to_string()))
}

fn not_replaced(source: io::Error, name: &str) -> Error {
    Error::io("write it (the file that was there before, if any, is unchanged)", source).in_file(name)
}

/// Where a link leads that leads to nothing yet; the path itself if it is none.
fn aim(path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    std::fs::read_link(path).map_or_else(|_| path.to_owned(), |aim| folder.join(aim))
}

/// Takes away what killed runs left in `folder` long ago, as far as that can be done; once for each folder, since
/// runs over many files would otherwise list it for each of them.
fn remove_stale(folder: &Path, just_made: &File) {
    static SEEN: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());
    if !SEEN.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned()) {
        return;
    }
    // The new file's time is now by the clock that gave the others theirs, which need not be this machine's.
    let Ok(now) = just_made.metadata().and_then(|meta| meta.modified()) else { return };
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.filter_map(io::Result::ok) {
        let name = entry.file_name();
        let is_partial = name.to_str().is_some_and(|name| name.starts_with(PARTIAL.0) && name.ends_with(PARTIAL.1));
        if is_partial && let Ok(held) = hold_stale(&entry, now) {
            // Whoever may remove it will do so another time where this user may not.
            let _ = std::fs::remove_file(entry.path());
            drop(held);
        }
    }
}

/// A file's lock, if the file is old and no other process holds it.
fn hold_stale(entry: &std::fs::DirEntry, now: SystemTime) -> io::Result<File> {
    // Of the entry itself: to open a pipe would be to wait for its other end, and a link's aim is not ours.
    let meta = entry.metadata()?;
    let age = now.duration_since(meta.modified()?).unwrap_or_default();
    if !meta.is_file() || age <= STALE {
        return Err(io::ErrorKind::Other.into());
    }
    // Exclusive locks ask for a file that can be written to on some networks' file systems.
    let file = File::options().write(true).open(entry.path())?;
    file.try_lock()?;
    Ok(file)
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

    #[cfg(unix)]
    #[test]
    fn links_stay_and_permissions_too() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let (link, aim) = (folder.path().join("link.csv"), folder.path().join("aim.csv"));
        std::os::unix::fs::symlink("aim.csv", &link).unwrap();
        for mode in [None, Some(0o666), Some(0o640)] {
            if let Some(mode) = mode {
                std::fs::set_permissions(&aim, std::fs::Permissions::from_mode(mode)).unwrap();
            }
            AtomicFile::create(&link).unwrap().commit().unwrap();
            assert!(link.is_symlink() && !aim.is_symlink(), "{mode:?}");
            let found = std::fs::metadata(&aim).unwrap().permissions().mode() & 0o777;
            assert!(mode.is_none_or(|mode| mode == found), "{mode:?} {found:o}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_one_file_cannot_be_completed_none_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let files = [&folder.path().join("out.csv"), Path::new("/dev/full")].map(|target| {
            let mut file = AtomicFile::create(target).unwrap();
            file.write_all(b"new").unwrap();
            file
        });
        let error = AtomicFile::commit_all(files.into()).unwrap_err();
        assert!(error.to_string().starts_with("/dev/full: cannot write it: No space left"), "{error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
