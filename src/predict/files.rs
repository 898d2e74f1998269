//! The files of a batch, scored one after the other.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::batch::Job;
use super::journal::{Done, Journal, file_hash};
use super::pipeline::{PredictOptions, PredictReport, predict};
use crate::corpus::input::hex;
use crate::error::{Error, Result};
use crate::model::Scorer;
use crate::output::AtomicFile;

/// How a batch is worked on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchOptions {
    /// Pass over jobs whose output is complete, as [`Journal`] knows it.
    pub resume: bool,
    /// Stop at the first job that fails, instead of going on with the others.
    pub fail_fast: bool,
}

/// What became of a job.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// Its output is complete now.
    Scored(PredictReport),
    /// Its output was complete before; what was done then.
    Complete(Done),
    /// Its rows could not be scored; its output is as it was.
    Failed(&'a Error),
}

/// Listens to a batch.
pub trait BatchProgress {
    /// So many rows of a job are scored.
    fn rows(&mut self, job: &Job, report: &PredictReport);
    /// A job is over.
    fn job(&mut self, job: &Job, outcome: &Outcome<'_>);
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// Outputs made.
    pub n_scored: usize,
    /// Outputs that were complete before.
    pub n_complete: usize,
    /// Jobs that failed.
    pub n_failed: usize,
    /// Rows of the outputs made.
    pub rows: PredictReport,
}

/// Scores the rows of each job into its output in `folder`, which is made if it is not there, and keeps its journal.
///
/// Every output appears whole or not at all. A job that cannot be read, or whose output cannot be opened, fails, and
/// the next one is done.
///
/// # Errors
/// What a failed job gives, where `batch.fail_fast` asks for that;
/// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) and
/// [`ErrorKind::UnknownEncoding`](crate::ErrorKind::UnknownEncoding), since the options are wrong for all jobs alike;
/// and [`ErrorKind::Io`](crate::ErrorKind::Io) where an output that could be opened, or the journal, cannot be
/// written, as when the disk is full.
pub fn predict_files(
    scorer: &Scorer,
    jobs: &[Job],
    folder: &Path,
    options: &PredictOptions,
    batch: BatchOptions,
    progress: &mut impl BatchProgress,
) -> Result<BatchReport> {
    let is_new = !folder.exists();
    make_folder(folder)?;
    let result = score_all(scorer, jobs, folder, options, batch, progress);
    if result.is_err() && is_new {
        // Only an empty folder can be removed so; what is complete stays.
        let _ = std::fs::remove_dir(folder);
    }
    result
}

fn score_all(
    scorer: &Scorer,
    jobs: &[Job],
    folder: &Path,
    options: &PredictOptions,
    batch: BatchOptions,
    progress: &mut impl BatchProgress,
) -> Result<BatchReport> {
    let mut journal = Journal::open(folder, scorer, options)?;
    let mut report = BatchReport::default();
    for job in jobs {
        if let Some(done) = journal.complete(job).filter(|_| batch.resume) {
            report.n_complete += 1;
            progress.job(job, &Outcome::Complete(done));
            continue;
        }
        let options = PredictOptions { output: job.format, ..options.clone() };
        match score(scorer, job, &options, progress) {
            Ok((scored, [input_sha256, output_sha256])) => {
                let done = Done { n_rows: scored.n_rows, n_empty: scored.n_empty };
                journal.note(job, input_sha256, output_sha256, done)?;
                report.n_scored += 1;
                report.rows.n_rows += scored.n_rows;
                report.rows.n_empty += scored.n_empty;
                report.rows.n_bytes += scored.n_bytes;
                progress.job(job, &Outcome::Scored(scored));
            }
            Err(Failure::OfJob(error)) if !batch.fail_fast && !error.is_usage() => {
                report.n_failed += 1;
                progress.job(job, &Outcome::Failed(&error));
            }
            Err(Failure::OfJob(error) | Failure::OfAll(error)) => return Err(error),
        }
    }
    Ok(report)
}

/// Whether the others have a chance.
enum Failure {
    OfJob(Error),
    /// The disk is full, say.
    OfAll(Error),
}

/// Scores one file; gives the hashes of what was read and what was written.
fn score(
    scorer: &Scorer,
    job: &Job,
    options: &PredictOptions,
    progress: &mut impl BatchProgress,
) -> Result<(PredictReport, [String; 2]), Failure> {
    // Before its rows are read: an input that changes meanwhile is then scored again.
    let input_sha256 = file_hash(Path::new(&job.input)).map_err(Failure::OfJob)?;
    make_folder(job.output.parent().unwrap_or(Path::new("."))).map_err(Failure::OfJob)?;
    let mut file = AtomicFile::create(&job.output).map_err(Failure::OfJob)?;
    let (mut digest, mut is_written) = (Sha256::new(), true);
    let write = |bytes: &[u8]| {
        digest.update(bytes);
        file.write_all(bytes).inspect_err(|_| is_written = false)
    };
    let tell = |report: &PredictReport| progress.rows(job, report);
    let result = predict(scorer, std::slice::from_ref(&job.input), options, write, tell);
    let report = result.map_err(|error| if is_written { Failure::OfJob(error) } else { Failure::OfAll(error) })?;
    file.commit().map_err(Failure::OfAll)?;
    Ok((report, [input_sha256, hex(&digest.finalize())]))
}

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path)
        .map_err(|source| Error::io("make the folder", source).in_file(&path.display().to_string()))
}
