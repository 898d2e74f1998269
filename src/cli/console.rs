//! What a person sees: results on stdout; notes, warnings and errors on stderr.

use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};

use super::Exit;
use super::args::{Common, Format};
use super::events::Event;
use crate::comparison::Note;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::output::{AtomicFile, make_folder};

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Prints why the run failed, in one line.
pub(super) fn error(message: &str, exit: Exit, is_json: bool) {
    if is_json {
        Event::Error { message, exit_code: exit as u8 }.emit();
    } else {
        say(&format!("{RED}error:{RED:#} {message}"));
    }
}

/// Prints a warning unless quiet.
pub(super) fn warn(common: &Common, message: &str) {
    tell(common, &Event::Warning { message }, &format!("{YELLOW}warning:{YELLOW:#} {message}"));
}

/// Prints a note unless quiet.
pub(super) fn note(common: &Common, message: &str) {
    tell(common, &Event::Note { message }, message);
}

/// Emits the event, or says the same in a line, unless quiet.
fn tell(common: &Common, event: &Event<'_>, line: &str) {
    if common.emits_events() {
        event.emit();
    } else if !common.quiet {
        say(line);
    }
}

/// Prints what must be said beside a result.
pub(super) fn notes(common: &Common, notes: &[Note]) {
    for told in notes {
        if told.is_warning {
            warn(common, &told.text);
        } else {
            note(common, &told.text);
        }
    }
}

fn say(line: &str) {
    // When stderr is gone there is nobody to tell.
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Writes a result to stdout. A table loses its colours where stdout is no terminal; what programs read is written as
/// it stands, since cells may hold control characters of their own.
pub(super) fn print(format: Format, text: &str) -> Result<()> {
    match format {
        Format::Table => write_out(anstream::stdout().lock(), text.as_bytes()),
        Format::Json | Format::Csv => print_bytes(text.as_bytes()),
    }
}

/// Writes bytes to stdout as they are.
pub(super) fn print_bytes(bytes: &[u8]) -> Result<()> {
    write_out(io::stdout().lock(), bytes)
}

fn write_out(mut out: impl io::Write, bytes: &[u8]) -> Result<()> {
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|source| Error::io("write to stdout", source))
}

/// The model at `path`, or the bundled one, with the name that messages call it.
pub(super) fn load(path: Option<&Path>) -> Result<(Model, String)> {
    match path {
        None => Ok((Model::bundled()?, "bundled model framing-en".to_owned())),
        Some(path) if path == Path::new("-") => {
            Ok((Model::from_reader(io::stdin()).map_err(|error| error.in_file("stdin"))?, "stdin".to_owned()))
        }
        Some(path) => Ok((Model::load(path)?, path.display().to_string())),
    }
}

/// Runs `work`, which writes rows, with stdout or with a file that takes the target's place once it is complete.
pub(super) fn write_rows<T>(
    target: &Path,
    work: impl FnOnce(&mut dyn FnMut(&[u8]) -> Result<()>) -> Result<T>,
) -> Result<T> {
    if target == Path::new("-") {
        let failed = |source| Error::io("write to stdout", source);
        let mut out = BufWriter::new(io::stdout().lock());
        let done = work(&mut |bytes| out.write_all(bytes).map_err(failed))?;
        out.flush().map_err(failed)?;
        return Ok(done);
    }
    let mut file = AtomicFile::create(target)?;
    let done = work(&mut |bytes| file.write_all(bytes))?;
    file.commit()?;
    Ok(done)
}

/// Files of a folder that appear together, once all of them are complete.
#[derive(Debug)]
pub(super) struct OutputFolder {
    path: PathBuf,
    /// Folders that were made by this run, the innermost first, which then takes them away again if it fails.
    made: Vec<PathBuf>,
    files: Vec<(String, AtomicFile)>,
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        self.files.clear();
        for made in &self.made {
            // Only an empty folder can be removed so; what cannot be stays.
            let _ = std::fs::remove_dir(made);
        }
    }
}

impl OutputFolder {
    /// Makes the folder if it is not there, and opens files of these names, so that a place that cannot be written
    /// fails before long work.
    pub(super) fn create(path: &Path, names: &[impl AsRef<str>]) -> Result<Self> {
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let made = path.ancestors().take_while(is_missing).map(Path::to_owned).collect();
        let mut folder = OutputFolder { path: path.to_owned(), made, files: Vec::new() };
        make_folder(path)?;
        for name in names.iter().map(AsRef::as_ref) {
            folder.files.push((name.to_owned(), AtomicFile::create(&path.join(name))?));
        }
        Ok(folder)
    }

    /// Writes a file of the folder, which takes its place when the folder is committed.
    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<()> {
        let file = self.files.iter_mut().find(|(known, _)| *known == name);
        file.expect("only files are written that the folder was made with").1.write_all(bytes)
    }

    /// Puts all files in their places, and says which.
    pub(super) fn commit(mut self) -> Result<String> {
        let (names, files): (Vec<String>, Vec<AtomicFile>) = std::mem::take(&mut self.files).into_iter().unzip();
        AtomicFile::commit_all(files)?;
        Ok(format!("wrote {} in {}", names.join(", "), self.path.display()))
    }
}
