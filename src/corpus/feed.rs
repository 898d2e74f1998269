//! From a stream of text to whole rows, a bounded piece at a time, whatever the layout.

use super::input::Utf8Stream;
use super::rows::Rows;
use super::table::TableFormat;
use crate::error::{Error, Result};

/// Bytes of text that rows are cut from at a time; a longer row gets as many as it needs.
const PIECE: usize = 1 << 16;

/// Cuts text into rows.
pub(super) trait Cutter {
    /// What it cuts.
    fn format(&self) -> TableFormat;

    /// Forgets where it was: the text that [`Cutter::cut`] gets next begins behind the last row.
    fn restart(&mut self);

    /// Goes on cutting `rows.text` from where the last call stopped, until there are `max_rows` rows or the text ends.
    /// The text may go on in the next call, unless `at_end`.
    ///
    /// # Errors
    /// What is wrong with the row behind those that were cut, with its line.
    fn cut(&mut self, rows: &mut Rows, max_rows: usize, at_end: bool) -> Result<()>;

    /// Where the last whole row ends, in bytes of `rows.text`.
    fn n_cut(&self) -> usize;
}

/// Reads a stream row by row.
#[derive(Debug)]
pub(super) struct Feed<C> {
    stream: Utf8Stream,
    pub cutter: C,
    /// What was read behind the last row handed out.
    rest: String,
    at_end: bool,
    /// What ended the stream early; told once all rows before it are handed out.
    failed: Option<Error>,
    n_bytes: u64,
}

impl<C: Cutter> Feed<C> {
    pub(super) fn new(stream: Utf8Stream, cutter: C) -> Self {
        Feed { stream, cutter, rest: String::new(), at_end: false, failed: None, n_bytes: 0 }
    }

    /// Puts the next rows into `rows`, at most `max_rows` of them; `false` if there are no more.
    ///
    /// # Errors
    /// What the stream and the cutter give, once all rows before are handed out.
    pub(super) fn read(&mut self, rows: &mut Rows, max_rows: usize) -> Result<bool> {
        rows.clear(self.cutter.format());
        std::mem::swap(&mut rows.text, &mut self.rest);
        self.cutter.restart();
        let mut wanted = PIECE;
        loop {
            self.fill(&mut rows.text, wanted);
            // The row that an error cuts off is no row.
            let is_whole = self.at_end && self.failed.is_none();
            if let Err(error) = self.cutter.cut(rows, max_rows, is_whole) {
                self.failed = Some(error);
                self.at_end = true;
                rows.text.truncate(self.cutter.n_cut());
                break;
            }
            if !rows.is_empty() || self.at_end {
                break;
            }
            wanted = 2 * rows.text.len().max(PIECE);
        }
        let n_cut = self.cutter.n_cut();
        self.rest.push_str(&rows.text[n_cut..]);
        rows.text.truncate(n_cut);
        self.n_bytes += n_cut as u64;
        if !rows.is_empty() {
            return Ok(true);
        }
        self.rest.clear();
        self.failed.take().map_or(Ok(false), Err)
    }

    fn fill(&mut self, text: &mut String, wanted: usize) {
        while text.len() < wanted && !self.at_end {
            match self.stream.append(text) {
                Ok(n) => self.at_end = n == 0,
                Err(error) => {
                    self.failed = Some(error);
                    self.at_end = true;
                }
            }
        }
    }

    /// Bytes of text in the rows handed out so far.
    pub(super) fn n_bytes(&self) -> u64 {
        self.n_bytes
    }

    /// SHA-256 of what has been read, if the stream is hashed.
    pub(super) fn sha256(&self) -> Option<String> {
        self.stream.sha256()
    }
}
