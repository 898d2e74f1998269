//! Reading, scoring and writing at the same time, with a fixed number of batches under way.

use std::collections::BTreeMap;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::encode::{Encoder, OutputFormat};
use crate::corpus::{ReadOptions, Row, Table};
use crate::error::{Error, ErrorKind, Result};
use crate::model::{Scorer, Scratch};

/// A batch is full at this many rows, or at this many bytes of them.
const BATCH_ROWS: usize = 512;
const BATCH_BYTES: usize = 1 << 18;

/// How to read, score and write.
#[derive(Debug, Clone)]
pub struct PredictOptions {
    /// Layout, encoding and column names of the input.
    pub read: ReadOptions,
    /// Layout of the output.
    pub output: OutputFormat,
    /// Replace `p_<frame>` and `predicted` columns that the input has already, instead of failing.
    pub overwrite_columns: bool,
    /// Threads that score, 1 or more. The output does not depend on it.
    pub n_threads: usize,
}

impl Default for PredictOptions {
    fn default() -> Self {
        PredictOptions {
            read: ReadOptions::default(),
            output: OutputFormat::CSV,
            overwrite_columns: false,
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
    sequence: u64,
    rows: Vec<Row>,
    n_rows: usize,
    /// The column that holds the sentence.
    text: usize,
    bytes: Vec<u8>,
    n_empty: u64,
    n_bytes: u64,
}

/// Scores the rows of some files, and hands the output to `write` in order, in pieces that end with a row.
///
/// All files must have the same columns. `progress` hears of the total after each piece. Memory is bounded by the number of threads and
/// the longest row, whatever the number of rows.
///
/// # Errors
/// Whatever reading gives, with file and line; [`ErrorKind::OtherColumns`], [`ErrorKind::ColumnExists`], [`ErrorKind::NoRows`]; and what
/// `write` returns. After an error nothing more is written.
pub fn predict(
    scorer: &Scorer,
    paths: &[String],
    options: &PredictOptions,
    mut write: impl FnMut(&[u8]) -> Result<()>,
    mut progress: impl FnMut(&PredictReport),
) -> Result<PredictReport> {
    let n_threads = options.n_threads.max(1);
    let n_batches = 2 * n_threads + 2;
    let mut tables = paths.iter().map(|path| Table::open(path, &options.read));
    let first =
        tables.next().ok_or_else(|| Error::parameter("input", "nothing", "at least one file, or - for stdin"))??;
    let encoder = Encoder::new(first.header(), scorer.frames(), options.output, options.overwrite_columns)
        .map_err(|error| error.in_file(first.name()))?;

    let text = first.header().text(&options.read.columns).map_err(|error| error.in_file(first.name()))?;

    thread::scope(|scope| {
        // Channels live inside the scope: when this side returns early they close, and every thread ends.
        let (free_sender, free) = bounded::<Batch>(n_batches);
        let (work_sender, work) = bounded::<Batch>(n_batches);
        let (done_sender, done) = bounded::<Result<Batch, (u64, Error)>>(n_batches + 1);
        for _ in 0..n_batches {
            free_sender.send(Batch::default()).expect("the channel has room for all batches");
        }
        let failed = done_sender.clone();
        scope.spawn(move || {
            let mut reader = Reader { free, work: work_sender, sequence: 0, text };
            let result = reader.read_all(first, tables);
            if let Err(error) = result {
                // Nobody listens any more if writing failed first.
                let _ = failed.send(Err((reader.sequence, error)));
            }
        });
        for _ in 0..n_threads {
            let (work, done, encoder) = (work.clone(), done_sender.clone(), encoder.clone());
            scope.spawn(move || score_batches(scorer, &encoder, &work, &done));
        }
        drop((work, done_sender));

        let mut report = PredictReport::default();
        let mut header = Some(encoder.header()?);
        // Batches come back in any order, and leave in order.
        let mut waiting: BTreeMap<u64, Result<Batch>> = BTreeMap::new();
        let mut next = 0;
        for result in done {
            match result {
                Ok(batch) => waiting.insert(batch.sequence, Ok(batch)),
                Err((sequence, error)) => waiting.insert(sequence, Err(error)),
            };
            while let Some(batch) = waiting.remove(&next) {
                let batch = batch?;
                // Not before there is a row: a file that cannot be read leaves no output at all.
                if let Some(header) = header.take_if(|_| batch.n_rows > 0) {
                    write(&header)?;
                }
                write(&batch.bytes)?;
                report.n_rows += batch.n_rows as u64;
                report.n_empty += batch.n_empty;
                report.n_bytes = batch.n_bytes;
                progress(&report);
                next += 1;
                // The reader is gone once it has read everything.
                let _ = free_sender.send(batch);
            }
        }
        Ok(report)
    })
}

struct Reader {
    free: Receiver<Batch>,
    work: Sender<Batch>,
    sequence: u64,
    text: usize,
}

impl Reader {
    fn read_all(&mut self, first: Table, others: impl Iterator<Item = Result<Table>>) -> Result<()> {
        let expected = first.header().clone();
        let (name, mut any, mut n_bytes) = (first.name().to_owned(), false, 0);
        for table in std::iter::once(Ok(first)).chain(others) {
            let mut table = table?;
            if *table.header() != expected {
                return Err(Error::from(ErrorKind::OtherColumns {
                    other: name,
                    found: table.header().names().to_vec(),
                    expected: expected.names().to_vec(),
                })
                .in_file(table.name()));
            }
            let mut more = true;
            while more {
                // A closed channel means that writing has failed, and said so itself.
                let Ok(mut batch) = self.free.recv() else { return Ok(()) };
                more = fill(&mut batch, &mut table)?;
                any |= batch.n_rows > 0;
                batch.text = self.text;
                batch.n_bytes = n_bytes + table.n_bytes();
                batch.sequence = self.sequence;
                self.sequence += 1;
                if self.work.send(batch).is_err() {
                    return Ok(());
                }
            }
            n_bytes += table.n_bytes();
        }
        if !any {
            return Err(Error::from(ErrorKind::NoRows { purpose: "score".into() }).in_file(&name));
        }
        Ok(())
    }
}

/// Fills a batch; `false` when the table has no more rows.
fn fill(batch: &mut Batch, table: &mut Table) -> Result<bool> {
    batch.n_rows = 0;
    let mut n_bytes = 0;
    while batch.n_rows < BATCH_ROWS && n_bytes < BATCH_BYTES {
        if batch.rows.len() == batch.n_rows {
            batch.rows.push(Row::default());
        }
        let row = &mut batch.rows[batch.n_rows];
        if !table.read(row)? {
            return Ok(false);
        }
        n_bytes += row.fields.as_slice().len();
        batch.n_rows += 1;
    }
    Ok(true)
}

fn score_batches(
    scorer: &Scorer,
    encoder: &Encoder,
    work: &Receiver<Batch>,
    done: &Sender<Result<Batch, (u64, Error)>>,
) {
    let mut scratch = Scratch::default();
    let mut labels = Labels::default();
    for mut batch in work {
        let sequence = batch.sequence;
        let scored = score_batch(scorer, encoder, &mut batch, &mut scratch, &mut labels);
        if done.send(scored.map(|()| batch).map_err(|error| (sequence, error))).is_err() {
            return;
        }
    }
}

/// The `predicted` cell for each combination of frames met so far.
type Labels = hashbrown::HashMap<Vec<bool>, String>;

fn score_batch(
    scorer: &Scorer,
    encoder: &Encoder,
    batch: &mut Batch,
    scratch: &mut Scratch,
    labels: &mut Labels,
) -> Result<()> {
    let n_frames = scorer.frames().len();
    let rows = &batch.rows[..batch.n_rows];
    let mut proba = vec![0.0; n_frames * rows.len()];
    let mut keys: Vec<Option<Vec<bool>>> = Vec::with_capacity(rows.len());
    for (row, proba) in rows.iter().zip(proba.chunks_exact_mut(n_frames)) {
        let text = row.get(batch.text);
        if text.trim_start().is_empty() {
            keys.push(None);
            continue;
        }
        scorer.proba(text, scratch, proba)?;
        let key: Vec<bool> = scorer.decide(proba).collect();
        if !labels.contains_key(&key) {
            labels.insert(key.clone(), scorer.frames().join(key.iter().copied()));
        }
        keys.push(Some(key));
    }
    batch.n_empty = keys.iter().filter(|key| key.is_none()).count() as u64;
    batch.bytes.clear();
    let predicted = rows
        .iter()
        .zip(proba.chunks_exact(n_frames))
        .zip(&keys)
        .map(|((row, proba), key)| (row, key.as_ref().map(|key| (proba, labels[key].as_str()))));
    encoder.rows(&mut batch.bytes, predicted)
}
