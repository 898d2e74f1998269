//! `framescope predict`: rows in, the same rows with probabilities out.

use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::args::{Common, PredictArgs};
use super::console;
use crate::error::Error;
use crate::model::Scorer;
use crate::output::AtomicFile;
use crate::predict::{PredictOptions, PredictReport, predict};

pub(super) fn run(args: &PredictArgs, common: &Common) -> anyhow::Result<()> {
    let output = args
        .output_format(common.format)
        .ok_or_else(|| Error::parameter("--format", "table", "csv or json: predict writes rows"))?;
    if args.output.extension().is_some_and(|extension| extension == "gz" || extension == "zst") {
        let found = args.output.display();
        return Err(Error::parameter("--output", found, "a name without .gz or .zst: output is not compressed").into());
    }
    let mut options = PredictOptions {
        read: args.input.read_options()?,
        output,
        overwrite_columns: args.overwrite_columns,
        ..PredictOptions::default()
    };
    if let Some(threads) = common.threads {
        options.n_threads = threads.into();
    }
    let (model, _) = console::load(args.model.as_deref())?;
    let scorer = Scorer::new(model);
    let bar = progress_bar(args, common);
    let show = |report: &PredictReport| {
        bar.set_position(report.n_bytes);
        bar.set_message(HumanCount(report.n_rows).to_string());
    };

    let started = std::time::Instant::now();
    let result = if args.output == Path::new("-") {
        let mut out = BufWriter::new(io::stdout().lock());
        let write = |bytes: &[u8]| out.write_all(bytes).map_err(|source| Error::io("write to stdout", source));
        predict(&scorer, &args.files, &options, write, show).and_then(|report| {
            out.flush().map_err(|source| Error::io("write to stdout", source))?;
            Ok(report)
        })
    } else {
        let mut file = AtomicFile::create(&args.output)?;
        predict(&scorer, &args.files, &options, |bytes| file.write_all(bytes), show).and_then(|report| {
            file.commit()?;
            Ok(report)
        })
    };
    bar.finish_and_clear();
    let report = result?;

    if report.n_empty > 0 {
        let message = format!("{} of {} rows have an empty text and were not scored", report.n_empty, report.n_rows);
        console::warn(common, &message);
    }
    let seconds = started.elapsed().as_secs_f64();
    let rate = HumanCount((report.n_rows as f64 / seconds.max(1e-9)) as u64);
    console::note(common, &format!("{} rows in {seconds:.2} s, {rate} rows/s", HumanCount(report.n_rows)));
    Ok(())
}

/// A bar over the bytes of the input, which give an ETA where the files tell their size; hidden where nobody would see it.
fn progress_bar(args: &PredictArgs, common: &Common) -> ProgressBar {
    if !console::shows_progress(common) {
        return ProgressBar::hidden();
    }
    // The bar counts bytes of text, of which a compressed file does not tell how many it holds.
    let compressed = |path: &Path| path.extension().is_some_and(|extension| extension == "gz" || extension == "zst");
    let size = |path: &String| {
        let path = Path::new(path);
        std::fs::metadata(path).ok().filter(|_| !compressed(path)).map(|meta| meta.len())
    };
    let (bar, template) = match args.files.iter().map(size).sum::<Option<u64>>() {
        Some(total) => (ProgressBar::new(total), "{wide_bar} {msg} rows  {bytes}/{total_bytes}  {elapsed} eta {eta}"),
        None => (ProgressBar::new_spinner(), "{spinner} {msg} rows  {bytes}  {elapsed}"),
    };
    bar.with_style(ProgressStyle::with_template(template).expect("the template is valid"))
}
