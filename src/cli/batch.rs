//! `framescope predict` with a folder of outputs: file by file, with what is complete passed over, and what is bad
//! told of.

use std::path::Path;

use anyhow::bail;
use indicatif::HumanCount;
use sha2::{Digest as _, Sha256};

use super::Exit;
use super::args::{Common, PredictArgs};
use super::console;
use super::events::Event;
use super::progress::Meter;
use crate::error::{Error, Result};
use crate::model::Scorer;
use crate::output::AtomicFile;
use crate::predict::{Job, Journal, PredictOptions, PredictReport, file_hash, predict};

/// Scores each file, and says of all together what was done.
pub(super) fn run(
    args: &PredictArgs,
    common: &Common,
    scorer: &Scorer,
    options: &PredictOptions,
    jobs: &[Job],
    meter: &mut Meter,
) -> anyhow::Result<PredictReport> {
    make_folder(&args.output)?;
    let mut journal = Journal::open(&args.output, scorer, options)?;
    let mut total = PredictReport::default();
    let (mut n_complete, mut n_failed) = (0, 0);
    for job in jobs {
        if args.resume && journal.n_rows_complete(job).is_some() {
            n_complete += 1;
            tell(common, job, "complete", None, None);
            meter.pass(&job.input);
            continue;
        }
        let options = PredictOptions { output: job.format, ..options.clone() };
        match score(scorer, &options, job, meter) {
            Ok((report, [input_sha256, output_sha256])) => {
                journal.complete(job, input_sha256, output_sha256, report.n_rows)?;
                total.n_rows += report.n_rows;
                total.n_empty += report.n_empty;
                total.n_bytes += report.n_bytes;
                tell(common, job, "scored", Some(report.n_rows), None);
            }
            Err(Failure::Input(error)) if !args.fail_fast => {
                n_failed += 1;
                tell(common, job, "failed", None, Some(&error.to_string()));
            }
            // What cannot be written for one file cannot be for the next either.
            Err(Failure::Input(error) | Failure::Output(error)) => return Err(error.into()),
        }
        meter.next_file();
    }
    let n_scored = jobs.len() - n_complete - n_failed;
    let complete = if n_complete > 0 { format!(", {} complete already", count(n_complete)) } else { String::new() };
    console::note(common, &format!("{} of {} files scored{complete}", count(n_scored), count(jobs.len())));
    if n_failed > 0 {
        bail!(
            "{} of {} files could not be scored, and their outputs are as they were; mend them and run this again with --resume",
            count(n_failed),
            count(jobs.len()),
        );
    }
    Ok(total)
}

fn count(n: usize) -> HumanCount {
    HumanCount(n as u64)
}

/// Which side of a job went wrong.
enum Failure {
    Input(Error),
    Output(Error),
}

/// Scores one file; gives the hashes of what was read and what was written.
fn score(
    scorer: &Scorer,
    options: &PredictOptions,
    job: &Job,
    meter: &mut Meter,
) -> Result<(PredictReport, [String; 2]), Failure> {
    let input_sha256 = file_hash(Path::new(&job.input)).map_err(Failure::Input)?;
    make_folder(job.output.parent().unwrap_or(Path::new("."))).map_err(Failure::Output)?;
    let mut file = AtomicFile::create(&job.output).map_err(Failure::Output)?;
    let (mut digest, mut is_written) = (Sha256::new(), true);
    let write = |bytes: &[u8]| {
        digest.update(bytes);
        file.write_all(bytes).inspect_err(|_| is_written = false)
    };
    let show = |report: &PredictReport| meter.tell(None, report.n_rows, report.n_bytes);
    let result = predict(scorer, std::slice::from_ref(&job.input), options, write, show);
    let report = result.map_err(|error| if is_written { Failure::Input(error) } else { Failure::Output(error) })?;
    file.commit().map_err(Failure::Output)?;
    Ok((report, [input_sha256, format!("{:x}", digest.finalize())]))
}

fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path)
        .map_err(|source| Error::io("make the folder", source).in_file(&path.display().to_string()))
}

/// Tells of one file: of each in JSON, and of those that failed in any form.
fn tell(common: &Common, job: &Job, status: &str, rows: Option<u64>, message: Option<&str>) {
    if common.is_json() {
        if message.is_some() || !common.quiet {
            let output = job.output.to_string_lossy();
            Event::File { input: &job.input, output: &output, status, rows, message }.emit();
        }
    } else if let Some(message) = message {
        console::error(message, Exit::Failed, false);
    }
}
