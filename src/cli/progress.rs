//! How far long work is: bars on a terminal, lines elsewhere, JSON where it is asked for.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use indicatif::{HumanCount, MultiProgress, ProgressBar, ProgressStyle};

use super::args::Common;
use super::console;
use super::events::{Event, Extent};
use crate::corpus::is_compressed;
use crate::training::Progress;

/// Whether a live display makes sense.
fn is_live(common: &Common) -> bool {
    !common.quiet && !common.is_json() && io::stderr().is_terminal()
}

/// A spinner that tells what is being done.
#[derive(Debug)]
pub(super) struct Stage {
    bar: ProgressBar,
    is_json: bool,
}

impl Stage {
    pub(super) fn begin(common: &Common, what: &'static str) -> Self {
        let bar = if is_live(common) {
            let style = ProgressStyle::with_template("{spinner} {msg}  {elapsed}").expect("the template is valid");
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        } else {
            ProgressBar::hidden()
        };
        let stage = Stage { bar, is_json: common.emits_events() };
        stage.next(what);
        stage
    }

    /// Goes on with something else.
    pub(super) fn next(&self, what: &'static str) {
        self.bar.set_message(what);
        if self.is_json {
            Event::Stage { stage: what }.emit();
        }
    }

    pub(super) fn end(self) {
        self.bar.finish_and_clear();
    }
}

/// Counts rows or articles of some files, and bytes, which give an ETA where the files tell their size.
#[derive(Debug)]
pub(super) struct Meter {
    bar: ProgressBar,
    unit: &'static str,
    total_bytes: Option<u64>,
    /// Lines of JSON come each time that so many more are done.
    chunk: Option<u64>,
    stage: Option<&'static str>,
    /// How many were done in this stage when the last line came.
    n_told: u64,
    /// What it said.
    told: (u64, u64),
    /// Counts of files that are behind.
    before: (u64, u64),
    /// Counts in this file.
    now: (u64, u64),
}

impl Meter {
    /// A meter of files with `total_bytes` of text, where that is known, which tells of each `chunk` where JSON is asked
    /// for.
    pub(super) fn new(total_bytes: Option<u64>, unit: &'static str, chunk: u64, common: &Common) -> Self {
        let bar = match total_bytes {
            _ if !is_live(common) => ProgressBar::hidden(),
            Some(total) => styled(
                ProgressBar::new(total),
                &format!("{{wide_bar}} {{msg}} {unit}  {{bytes}}/{{total_bytes}}  {{elapsed}} eta {{eta}}"),
            ),
            None => styled(ProgressBar::new_spinner(), &format!("{{spinner}} {{msg}} {unit}  {{bytes}}  {{elapsed}}")),
        };
        let chunk = common.emits_events().then_some(chunk.max(1));
        Meter { bar, unit, total_bytes, chunk, stage: None, n_told: 0, told: (0, 0), before: (0, 0), now: (0, 0) }
    }

    /// So many are done of the current file, and so many of its bytes read.
    pub(super) fn tell(&mut self, stage: Option<&'static str>, done: u64, bytes: u64) {
        if stage != self.stage {
            self.tell_rest();
            (self.stage, self.n_told, self.told) = (stage, 0, (0, 0));
        }
        self.now = (done, bytes);
        let (done, bytes) = self.all();
        self.bar.set_position(bytes);
        let count = HumanCount(done);
        self.bar.set_message(stage.map_or_else(|| count.to_string(), |stage| format!("{stage} {count}")));
        if self.chunk.is_some_and(|chunk| done / chunk > self.n_told / chunk) {
            self.emit();
        }
    }

    /// The next file begins, and what is told of it is added to what was told before.
    pub(super) fn next_file(&mut self) {
        self.before = self.all();
        self.now = (0, 0);
    }

    /// A file is passed over; the bar goes on as if it had been read, and none of its rows count.
    pub(super) fn pass(&mut self, file: &str) {
        self.now = (0, text_bytes(Path::new(file)).unwrap_or(0));
        self.next_file();
        // Rows that were told of before it failed are told of no more.
        self.n_told = self.n_told.min(self.before.0);
        self.bar.set_position(self.before.1);
    }

    /// Does what writes to stderr, with the bar out of its way.
    pub(super) fn suspend(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Takes the bar away; the last line of JSON says how many there were.
    pub(super) fn end(mut self) {
        self.bar.finish_and_clear();
        self.tell_rest();
    }

    fn all(&self) -> (u64, u64) {
        (self.before.0 + self.now.0, self.before.1 + self.now.1)
    }

    fn tell_rest(&mut self) {
        if self.chunk.is_some() && self.all() != self.told {
            self.emit();
        }
    }

    fn emit(&mut self) {
        let (done, bytes) = self.all();
        (self.n_told, self.told) = (done, (done, bytes));
        let (stage, unit, total_bytes) = (self.stage, self.unit, self.total_bytes);
        Event::Progress(&Extent { stage, unit, done, total: None, bytes: Some(bytes), total_bytes }).emit();
    }
}

/// The bytes of text in some files, which a bar can go by; `None` where one does not tell, or holds another encoding.
pub(super) fn total_bytes(files: &[String], encoding: Option<&str>) -> Option<u64> {
    let is_text = encoding.is_none();
    files.iter().map(|file| text_bytes(Path::new(file)).filter(|_| is_text)).sum()
}

/// The bytes of text in a file; `None` for a compressed file, which does not tell, and for pipes.
fn text_bytes(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().filter(|meta| meta.is_file() && !is_compressed(path)).map(|meta| meta.len())
}

fn styled(bar: ProgressBar, template: &str) -> ProgressBar {
    bar.with_style(ProgressStyle::with_template(template).expect("the template is valid"))
}

/// One bar a track, on stderr, while a training runs; a line a stage where stderr is no terminal.
#[derive(Debug)]
pub(super) struct Bars<'a> {
    common: &'a Common,
    tracks: Mutex<Vec<Track>>,
}

#[derive(Debug)]
struct Track {
    bar: ProgressBar,
    /// The stage and what of it this track does.
    name: String,
    done: u64,
    steps: u64,
}

impl<'a> Bars<'a> {
    pub(super) fn new(common: &'a Common) -> Self {
        Bars { common, tracks: Mutex::default() }
    }

    fn tracks(&self) -> MutexGuard<'_, Vec<Track>> {
        self.tracks.lock().expect("no thread panics while it holds the bars")
    }
}

impl Progress for Bars<'_> {
    fn begin(&self, stage: &str, tracks: &[String], steps: usize) {
        if !is_live(self.common) && !self.common.is_json() {
            console::note(self.common, &format!("{stage}: {}", tracks.join(", ")));
            return;
        }
        let group = MultiProgress::new();
        let track = |track: &String| {
            let (name, steps) = (format!("{stage} {track}"), steps as u64);
            if !is_live(self.common) {
                return Track { bar: ProgressBar::hidden(), name, done: 0, steps };
            }
            let template = "{prefix:24} {wide_bar} {pos}/{len}  {elapsed_precise} eta {eta}";
            let bar = group.add(styled(ProgressBar::new(steps), template).with_prefix(name.clone()));
            bar.enable_steady_tick(Duration::from_millis(200));
            Track { bar, name, done: 0, steps }
        };
        *self.tracks() = tracks.iter().map(track).collect();
    }

    fn step(&self, track: usize) {
        let mut tracks = self.tracks();
        let Some(track) = tracks.get_mut(track) else { return };
        track.bar.inc(1);
        track.done += 1;
        if self.common.emits_events() {
            let (stage, done, total) = (Some(track.name.as_str()), track.done, Some(track.steps));
            Event::Progress(&Extent { stage, unit: "steps", done, total, ..Extent::default() }).emit();
        }
    }

    fn end(&self) {
        self.tracks().drain(..).for_each(|track| track.bar.finish_and_clear());
    }
}
