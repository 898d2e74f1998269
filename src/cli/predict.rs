//! `framescope predict`: rows in, the same rows with probabilities out.

use indicatif::HumanCount;

use super::args::{Common, PredictArgs, rows_format};
use super::console;
use crate::model::Scorer;
use crate::predict::{PredictOptions, PredictReport, predict};

pub(super) fn run(args: &PredictArgs, common: &Common) -> anyhow::Result<()> {
    let output = rows_format(&args.output, common.format)?;
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
    let bar = console::bytes_bar(&args.files, "rows", common);
    let show = |report: &PredictReport| {
        bar.set_position(report.n_bytes);
        bar.set_message(HumanCount(report.n_rows).to_string());
    };

    let started = std::time::Instant::now();
    let result = console::write_rows(&args.output, |write| predict(&scorer, &args.files, &options, write, show));
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
