//! Reading, scoring and writing at the same time, with a fixed number of batches under way.

use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::encode::{Encoder, OutputFormat};
use crate::corpus::{Header, ReadOptions, Rows, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Scorer, Scratch};
use crate::parallel::in_order;

/// How to read, score and write.
#[derive(Debug, Clone)]
pub struct PredictOptions {
    /// Layout, encoding and column names of the input.
    pub read: ReadOptions,
    /// Layout of the output.
    pub output: OutputFormat,
    /// Replace `p_<frame>` and `predicted` columns that the input has already, instead of failing.
    pub overwrite_columns: bool,
    /// Write these columns alone, in this order.
    pub select: Option<Vec<String>>,
    /// Threads that score, 1 or more. The output does not depend on it.
    pub n_threads: usize,
}

impl Default for PredictOptions {
    fn default() -> Self {
        PredictOptions {
            read: ReadOptions::default(),
            output: OutputFormat::CSV,
            overwrite_columns: false,
            select: None,
            n_threads: thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PredictReport {
    /// Rows written.
    pub n_rows: u64,
    /// Of these, rows whose text is empty, and which were not scored.
    pub n_empty: u64,
    /// Bytes of the input, decompressed, up to the last row written.
    pub n_bytes: u64,
}

/// Rows on their way through. Batches are used again, so that memory does not grow with the input.
#[derive(Debug, Default)]
struct Batch {
    rows: Rows,
    /// The rows as they are written.
    bytes: Vec<u8>,
    n_empty: u64,
    /// Bytes of the input up to the last row.
    n_bytes: u64,
}

/// Scores the rows of some files, and hands the output to `write` in order, in pieces that end with a row.
///
/// All files must have the same columns. `progress` hears of the total after each piece. Memory is bounded by the
/// number of threads and the longest row, whatever the number of rows.
///
/// # Errors
/// Whatever reading gives, with file and line; [`ErrorKind::OtherColumns`], [`ErrorKind::ColumnExists`],
/// [`ErrorKind::NoRows`]; [`ErrorKind::MissingColumn`] for a selected column that is not there; and what `write`
/// returns. After an error nothing more is written.
pub fn predict(
    scorer: &Scorer,
    paths: &[String],
    options: &PredictOptions,
    write: impl FnMut(&[u8]) -> Result<()>,
    progress: impl FnMut(&PredictReport),
) -> Result<PredictReport> {
    predict_tables(scorer, paths.iter().map(|path| Table::open(path, &options.read)), options, write, progress)
}

/// Does the same with tables from anywhere, opened one after the other.
///
/// # Errors
/// As [`predict`].
pub fn predict_tables(
    scorer: &Scorer,
    mut tables: impl Iterator<Item = Result<Table>> + Send,
    options: &PredictOptions,
    mut write: impl FnMut(&[u8]) -> Result<()>,
    mut progress: impl FnMut(&PredictReport),
) -> Result<PredictReport> {
    let n_threads = options.n_threads.max(1);
    let first =
        tables.next().ok_or_else(|| Error::parameter("input", "nothing", "at least one file, or - for stdin"))??;
    let text = first.header().text(&options.read.columns).map_err(|error| error.in_file(first.name()))?;
    let encoder = Encoder::new(first.header(), scorer, options).map_err(|error| error.in_file(first.name()))?;

    let (free_sender, free) = channel();
    let mut header = Some(encoder.header());
    let mut report = PredictReport::default();
    let (expected, name) = (first.header().clone(), first.name().to_owned());
    let mut reader = Reader { free, expected, name, table: Some(first), others: tables, any: false, n_bytes: 0 };
    let worker = || {
        let mut worker = Worker { scorer, encoder: &encoder, text, scratch: Scratch::default(), proba: Vec::new() };
        move |mut batch| worker.score(&mut batch).map(|()| batch)
    };
    in_order(
        n_threads,
        || reader.next(),
        worker,
        |batch| {
            // Not before there is a row: a file that cannot be read leaves no output at all.
            if let Some(header) = header.take_if(|_| !batch.rows.is_empty()) {
                write(&header)?;
            }
            write(&batch.bytes)?;
            report.n_rows += batch.rows.len() as u64;
            report.n_empty += batch.n_empty;
            report.n_bytes = batch.n_bytes;
            progress(&report);
            // The reader is gone once it has read everything.
            let _ = free_sender.send(batch);
            Ok(())
        },
    )?;
    Ok(report)
}

/// Reads batch by batch, from one table after the other.
struct Reader<I> {
    /// Batches to be used again.
    free: Receiver<Batch>,
    /// The first table's header and name.
    expected: Header,
    name: String,
    table: Option<Table>,
    others: I,
    any: bool,
    /// Bytes of the tables before this one.
    n_bytes: u64,
}

impl<I: Iterator<Item = Result<Table>>> Reader<I> {
    fn next(&mut self) -> Result<Option<Batch>> {
        if self.table.is_none() {
            match self.others.next() {
                Some(table) => self.table = Some(self.checked(table?)?),
                None if self.any => return Ok(None),
                None => return Err(Error::from(ErrorKind::NoRows { purpose: "score".into() }).in_file(&self.name)),
            }
        }
        let Some(table) = &mut self.table else { return Ok(None) };
        let mut batch = self.free.try_recv().unwrap_or_default();
        let more = table.read(&mut batch.rows)?;
        self.any |= more;
        batch.n_bytes = self.n_bytes + table.n_bytes();
        if !more {
            self.n_bytes = batch.n_bytes;
            self.table = None;
        }
        Ok(Some(batch))
    }

    fn checked(&self, table: Table) -> Result<Table> {
        if *table.header() == self.expected {
            return Ok(table);
        }
        Err(Error::from(ErrorKind::OtherColumns {
            other: self.name.clone(),
            found: table.header().names().to_vec(),
            expected: self.expected.names().to_vec(),
        })
        .in_file(table.name()))
    }
}

/// One thread's part: what it needs again for every batch.
struct Worker<'a> {
    scorer: &'a Scorer,
    encoder: &'a Encoder<'a>,
    /// The column that holds the sentence.
    text: usize,
    scratch: Scratch,
    /// Probabilities of the batch's rows, of shape (n_rows, n_frames); a row that is not scored has NaN.
    proba: Vec<f64>,
}

impl Worker<'_> {
    fn score(&mut self, batch: &mut Batch) -> Result<()> {
        let n_frames = self.scorer.frames().len();
        self.proba.clear();
        self.proba.resize(n_frames * batch.rows.len(), 0.0);
        let text = self.text;
        let texts = batch.rows.iter().map(|row| Some(row.get(text)).filter(|text| !text.trim_start().is_empty()));
        self.scorer.proba_of(texts, &mut self.scratch, &mut self.proba)?;
        batch.bytes.clear();
        let mut n_empty = 0;
        let scored = self.proba.chunks_exact(n_frames).map(|proba| {
            let scored = Some(proba).filter(|proba| !proba[0].is_nan());
            n_empty += u64::from(scored.is_none());
            scored
        });
        self.encoder.rows(&mut batch.bytes, batch.rows.iter().zip(scored))?;
        batch.n_empty = n_empty;
        Ok(())
    }
}
