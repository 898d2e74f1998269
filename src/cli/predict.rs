//! `framescope predict`: rows in, the same rows with probabilities out.

use std::path::Path;
use std::time::Instant;

use indicatif::HumanCount;

use super::args::{CHUNK_ROWS, Common, PredictArgs, chunk_needs_json, rows_format, rows_layout};
use super::batch;
use super::console;
use super::inputs::{model_name, stdin_once, warn_passed_over};
use super::models;
use super::progress::{Meter, total_bytes};
use crate::corpus::{RowFiles, TableFormat};
use crate::error::{Error, Result};
use crate::predict::{PredictOptions, PredictReport, jobs, predict};

pub(super) fn run(args: &PredictArgs, common: &Common) -> anyhow::Result<()> {
    chunk_needs_json(args.chunk, common)?;
    stdin_once(args.files.iter().map(String::as_str).chain(model_name(args.model.as_deref())))?;
    // Rows never go to a folder that happens to be called `-`.
    let output = Some(args.output.as_path()).filter(|output| *output != Path::new("-"));
    let found = RowFiles::find(&args.files, output)?;
    let is_batch = is_folder(args, &found)?;
    let output = if is_batch { TableFormat::CSV } else { rows_format(&args.output, common.format)? };
    let mut options = PredictOptions {
        read: args.input.read_options()?,
        output,
        overwrite_columns: args.overwrite_columns,
        select: args.select.clone(),
        ..PredictOptions::default()
    };
    if let Some(threads) = common.threads {
        options.n_threads = threads.into();
    }
    let files: Vec<String> = found.files.iter().map(|file| file.path.clone()).collect();
    let plan = if is_batch { Some(jobs(&found.files, &args.output, rows_layout(common.format)?)?) } else { None };
    warn_passed_over(common, &found.passed_over);
    let (scorer, _) = models::scorer(args.model.as_deref(), &args.encoder)?;
    let total = total_bytes(&files, args.input.layout.encoding.as_deref());
    let mut meter = Meter::new(total, "rows", args.chunk.unwrap_or(CHUNK_ROWS), common);
    let started = Instant::now();
    let result = match &plan {
        Some(jobs) => batch::run(args, common, &scorer, &options, jobs, &mut meter),
        None => console::write_rows(&args.output, |write| {
            let show = |report: &PredictReport| meter.tell(None, report.n_rows, report.n_bytes);
            Ok((predict(&scorer, &files, &options, write, show)?, None))
        }),
    };
    meter.end();
    let (report, failed) = result?;
    tell(&report, started, common);
    failed.map_or(Ok(()), Err)
}

/// Whether each file gets an output of its own in a folder: `--output` is one, or its name ends as one's does.
fn is_folder(args: &PredictArgs, found: &RowFiles) -> Result<bool> {
    let name = args.output.to_string_lossy();
    let is_folder = name != "-" && (args.output.is_dir() || name.ends_with(std::path::is_separator));
    for (flag, is_given) in [("--resume", args.resume), ("--fail-fast", args.fail_fast)] {
        if is_given && !is_folder {
            let found = format!("given with --output {name}");
            return Err(Error::parameter(flag, found, "a folder of outputs, such as --output scored/"));
        }
    }
    let is_unclear = name != "-" && args.output.extension().is_none() && !args.output.exists();
    if !is_folder && found.is_many && is_unclear {
        return Err(Error::parameter(
            "--output",
            &name,
            &format!("{name}/ for a folder with an output for each file, or {name}.csv for one file with all rows"),
        ));
    }
    Ok(is_folder)
}

/// Says what was done, and warns of rows that could not be scored.
fn tell(report: &PredictReport, started: Instant, common: &Common) {
    if report.n_empty > 0 {
        let (n, all) = (HumanCount(report.n_empty), HumanCount(report.n_rows));
        console::warn(common, &format!("{n} of {all} rows have an empty text and were not scored"));
    }
    if report.n_rows == 0 {
        // Of many files each was complete, or failed; both are told.
        return;
    }
    let seconds = started.elapsed().as_secs_f64();
    let rate = HumanCount((report.n_rows as f64 / seconds.max(1e-9)) as u64);
    console::note(common, &format!("{} rows in {seconds:.2} s, {rate} rows/s", HumanCount(report.n_rows)));
}
