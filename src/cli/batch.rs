//! `framescope predict` with a folder of outputs: what is told of each file, and of all of them.

use anyhow::anyhow;
use indicatif::HumanCount;

use super::Exit;
use super::args::{Common, PredictArgs};
use super::console;
use super::events::Event;
use super::progress::Meter;
use crate::model::Scorer;
use crate::predict::{Batch, BatchProgress, Job, Outcome, PredictOptions, PredictReport};

/// Scores each file. Gives the rows of all, and why not all is well.
pub(super) fn run(
    args: &PredictArgs,
    common: &Common,
    scorer: &Scorer,
    options: &PredictOptions,
    jobs: &[Job],
    meter: &mut Meter,
) -> crate::Result<(PredictReport, Option<anyhow::Error>)> {
    let (resume, fail_fast) = (args.resume, args.fail_fast);
    let batch = Batch { scorer, options, folder: &args.output, resume, fail_fast };
    let report = batch.run(jobs, &mut Teller { common, meter })?;
    let count = |n: usize| HumanCount(n as u64);
    let all = count(jobs.len());
    let complete = match report.n_complete {
        0 => String::new(),
        n => format!(", {} complete already", count(n)),
    };
    console::note(common, &format!("{} of {all} files scored{complete}", count(report.n_scored)));
    let failed = (report.n_failed > 0).then(|| {
        let hint = "their outputs are as they were; mend them and run this again with --resume";
        anyhow!("{} of {all} files could not be scored, and {hint}", count(report.n_failed))
    });
    Ok((report.rows, failed))
}

/// Tells of each file in JSON, and of those that fail in any form.
struct Teller<'a> {
    common: &'a Common,
    meter: &'a mut Meter,
}

impl BatchProgress for Teller<'_> {
    fn rows(&mut self, _job: &Job, report: &PredictReport) {
        self.meter.tell(None, report.n_rows, report.n_bytes);
    }

    fn job(&mut self, job: &Job, outcome: &Outcome<'_>) {
        let (status, rows, message) = match outcome {
            Outcome::Scored(report) => ("scored", Some(report.n_rows), None),
            Outcome::Complete(done) => ("complete", Some(done.n_rows), None),
            Outcome::Failed(error) | Outcome::Stopped(error) => ("failed", None, Some(error.to_string())),
        };
        if self.common.is_json() {
            if message.is_some() || !self.common.quiet {
                let (output, message) = (job.output.to_string_lossy(), message.as_deref());
                Event::File { input: &job.input, output: &output, status, rows, message }.emit();
            }
        } else if let Outcome::Failed(error) = outcome {
            self.meter.suspend(|| console::error(&error.to_string(), Exit::Failed, false));
        }
        match outcome {
            Outcome::Scored(_) => self.meter.next_file(),
            Outcome::Complete(_) | Outcome::Failed(_) | Outcome::Stopped(_) => self.meter.pass(&job.input),
        }
        if matches!(outcome, Outcome::Stopped(error) if !error.is_usage()) {
            let hint = "stopped; what is complete stays, and --resume goes on behind it";
            self.meter.suspend(|| console::note(self.common, hint));
        }
    }
}
