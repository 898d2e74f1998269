//! The files of a batch, scored one after the other.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::jobs::Job;
use super::journal::{Done, Journal, file_hash};
use super::pipeline::{PredictOptions, PredictReport, predict};
use crate::corpus::input::hex;
use crate::error::{Error, Result};
use crate::model::Scorer;
use crate::output::{AtomicFile, make_folder};

/// Many files, each with an output of its own in a folder, which has a [`Journal`] of them.
#[derive(Debug, Clone, Copy)]
pub struct Batch<'a> {
    /// What scores the rows.
    pub scorer: &'a Scorer,
    /// How files are read and written; the layout of each output is its job's.
    pub options: &'a PredictOptions,
    /// The folder that the jobs were planned for; it is made if it is not there.
    pub folder: &'a Path,
    /// Pass over jobs whose output is complete, as the journal knows it.
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
    /// The same, and the batch ends with this error.
    Stopped(&'a Error),
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

impl Batch<'_> {
    /// Scores the rows of each job into its output.
    ///
    /// Every output appears whole or not at all. A job that cannot be read, or whose output cannot be opened, fails,
    /// and the next one is done.
    ///
    /// # Errors
    /// What a failed job gives, with `fail_fast`; [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) and
    /// [`ErrorKind::UnknownEncoding`](crate::ErrorKind::UnknownEncoding), since the options are wrong for all jobs
    /// alike; and [`ErrorKind::Io`](crate::ErrorKind::Io) where an output that could be opened, or the journal, cannot
    /// be written, as when the disk is full.
    pub fn run(&self, jobs: &[Job], progress: &mut impl BatchProgress) -> Result<BatchReport> {
        let is_new = !self.folder.exists();
        make_folder(self.folder)?;
        let result = self.score_all(jobs, progress);
        if result.is_err() && is_new {
            // Only an empty folder can be removed so; what is complete stays.
            let _ = std::fs::remove_dir(self.folder);
        }
        result
    }

    fn score_all(&self, jobs: &[Job], progress: &mut impl BatchProgress) -> Result<BatchReport> {
        let mut journal = Journal::open(self.folder, self.scorer, self.options)?;
        let mut report = BatchReport::default();
        for job in jobs {
            if let Some(done) = Some(job).filter(|_| self.resume).and_then(|job| journal.complete(job)) {
                report.n_complete += 1;
                progress.job(job, &Outcome::Complete(done));
                continue;
            }
            match self.score(job, progress) {
                Ok((scored, [input_sha256, output_sha256])) => {
                    let done = Done { n_rows: scored.n_rows, n_empty: scored.n_empty };
                    journal.note(job, input_sha256, output_sha256, done)?;
                    report.n_scored += 1;
                    report.rows.n_rows += scored.n_rows;
                    report.rows.n_empty += scored.n_empty;
                    report.rows.n_bytes += scored.n_bytes;
                    progress.job(job, &Outcome::Scored(scored));
                }
                Err(Failure::OfJob(error)) if !self.fail_fast && !error.is_usage() => {
                    report.n_failed += 1;
                    progress.job(job, &Outcome::Failed(&error));
                }
                Err(Failure::OfJob(error) | Failure::OfAll(error)) => {
                    progress.job(job, &Outcome::Stopped(&error));
                    return Err(error);
                }
            }
        }
        Ok(report)
    }

    /// Scores one file; gives the hashes of what was read and what was written.
    fn score(&self, job: &Job, progress: &mut impl BatchProgress) -> Result<(PredictReport, [String; 2]), Failure> {
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
        let options = PredictOptions { output: job.format, ..self.options.clone() };
        let result = predict(self.scorer, std::slice::from_ref(&job.input), &options, write, tell);
        let report = result.map_err(|error| if is_written { Failure::OfJob(error) } else { Failure::OfAll(error) })?;
        file.commit().map_err(Failure::OfAll)?;
        Ok((report, [input_sha256, hex(&digest.finalize())]))
    }
}

/// Whether the others have a chance.
enum Failure {
    OfJob(Error),
    /// The disk is full, say.
    OfAll(Error),
}
