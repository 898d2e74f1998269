//! What a person sees: results on stdout; progress, warnings and errors on stderr.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::args::Common;
use crate::comparison::Note;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::output::AtomicFile;
use crate::training::Progress;

const RED: Style = AnsiColor::Red.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();

/// Prints the error, with what led to it, in one line.
pub(super) fn error(error: &anyhow::Error) {
    say(&format!("{RED}error:{RED:#} {error:#}"));
}

/// Prints a warning unless quiet.
pub(super) fn warn(common: &Common, message: &str) {
    if !common.quiet {
        say(&format!("{YELLOW}warning:{YELLOW:#} {message}"));
    }
}

/// Prints a note unless quiet.
pub(super) fn note(common: &Common, message: &str) {
    if !common.quiet {
        say(message);
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

/// Writes a result to stdout; colours are dropped when it is not a terminal.
pub(super) fn print(text: &str) -> Result<()> {
    let mut out = anstream::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|source| Error::io("write to stdout", source))
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
    /// Whether it was made by this run, which then takes it away again if it fails.
    is_new: bool,
    files: Vec<AtomicFile>,
    names: Vec<&'static str>,
}

impl Drop for OutputFolder {
    fn drop(&mut self) {
        self.files.clear();
        if self.is_new {
            // Only an empty folder can be removed so; what cannot be stays.
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

impl OutputFolder {
    /// Makes the folder if it is not there, so that a place that cannot be written fails before long work.
    pub(super) fn create(path: &Path) -> Result<Self> {
        let failed = |source| Error::io("make the folder", source).in_file(&path.display().to_string());
        let is_new = !path.exists();
        std::fs::create_dir_all(path).map_err(failed)?;
        Ok(OutputFolder { path: path.to_owned(), is_new, files: Vec::new(), names: Vec::new() })
    }

    /// Writes a file of the folder, which takes its place when the folder is committed.
    pub(super) fn write(&mut self, name: &'static str, bytes: &[u8]) -> Result<()> {
        let mut file = AtomicFile::create(&self.path.join(name))?;
        file.write_all(bytes)?;
        self.files.push(file);
        self.names.push(name);
        Ok(())
    }

    /// Puts all files in their places, and says which.
    pub(super) fn commit(mut self) -> Result<String> {
        std::mem::take(&mut self.files).into_iter().try_for_each(AtomicFile::commit)?;
        Ok(format!("wrote {} in {}", self.names.join(", "), self.path.display()))
    }
}

/// A spinner that tells what is being done.
pub(super) fn stage(common: &Common, what: &'static str) -> ProgressBar {
    if !shows_progress(common) {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{spinner} {msg}  {elapsed}").expect("the template is valid");
    let bar = ProgressBar::new_spinner().with_style(style).with_message(what);
    bar.enable_steady_tick(Duration::from_millis(100));
    bar
}

/// A bar over the bytes of some files, which give an ETA where the files tell their size; hidden where nobody would see it.
pub(super) fn bytes_bar(files: &[String], unit: &str, common: &Common) -> ProgressBar {
    if !shows_progress(common) {
        return ProgressBar::hidden();
    }
    // The bar counts bytes of text, of which a compressed file does not tell how many it holds.
    let compressed = |path: &Path| path.extension().is_some_and(|extension| extension == "gz" || extension == "zst");
    let size = |path: &String| {
        let path = Path::new(path);
        std::fs::metadata(path).ok().filter(|meta| meta.is_file() && !compressed(path)).map(|meta| meta.len())
    };
    let (bar, template) = match files.iter().map(size).sum::<Option<u64>>() {
        Some(total) => (
            ProgressBar::new(total),
            format!("{{wide_bar}} {{msg}} {unit}  {{bytes}}/{{total_bytes}}  {{elapsed}} eta {{eta}}"),
        ),
        None => (ProgressBar::new_spinner(), format!("{{spinner}} {{msg}} {unit}  {{bytes}}  {{elapsed}}")),
    };
    bar.with_style(ProgressStyle::with_template(&template).expect("the template is valid"))
}

/// Whether a live display makes sense.
pub(super) fn shows_progress(common: &Common) -> bool {
    !common.quiet && io::stderr().is_terminal()
}

/// One bar a track, on stderr, while a training runs; a line a stage where stderr is no terminal.
#[derive(Debug)]
pub(super) struct Bars {
    live: bool,
    quiet: bool,
    tracks: Mutex<Vec<ProgressBar>>,
}

impl Bars {
    pub(super) fn new(common: &Common) -> Self {
        Bars { live: shows_progress(common), quiet: common.quiet, tracks: Mutex::default() }
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &str, tracks: &[String], steps: usize) {
        if !self.live {
            if !self.quiet {
                say(&format!("{stage}: {}", tracks.join(", ")));
            }
            return;
        }
        let style = ProgressStyle::with_template("{prefix:24} {wide_bar} {pos}/{len}  {elapsed_precise} eta {eta}")
            .expect("the template is valid");
        let group = MultiProgress::new();
        let mut bars = self.tracks.lock().expect("no thread panics while it holds the bars");
        *bars = tracks
            .iter()
            .map(|track| {
                let bar = ProgressBar::new(steps as u64).with_style(style.clone());
                let bar = group.add(bar.with_prefix(format!("{stage} {track}")));
                bar.enable_steady_tick(Duration::from_millis(200));
                bar
            })
            .collect();
    }

    fn step(&self, track: usize) {
        if let Some(bar) = self.tracks.lock().expect("no thread panics while it holds the bars").get(track) {
            bar.inc(1);
        }
    }

    fn end(&self) {
        let mut bars = self.tracks.lock().expect("no thread panics while it holds the bars");
        bars.drain(..).for_each(|bar| bar.finish_and_clear());
    }
}
