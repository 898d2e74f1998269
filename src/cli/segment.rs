//! `framescope segment`: articles in, sentences out.

use indicatif::HumanCount;

use super::args::{CHUNK_ARTICLES, Common, SegmentArgs, chunk_needs_json, rows_format};
use super::console;
use super::inputs::{few, stdin_once};
use super::progress::{Meter, total_bytes};
use crate::corpus::Articles;
use crate::segment::{SegmentProgress, SegmentReport, segment};

pub(super) fn run(args: &SegmentArgs, common: &Common) -> anyhow::Result<()> {
    chunk_needs_json(args.chunk, common)?;
    stdin_once(args.files.iter().chain(&args.manifest).map(String::as_str))?;
    let options = args.options(rows_format(&args.output, common.format)?, common.threads)?;
    let articles = Articles::open(&args.files, args.input.options(args.manifest.clone())?)?;
    let total = total_bytes(&args.files, args.input.layout.encoding.as_deref());
    let mut meter = Meter::new(total, "articles", args.chunk.unwrap_or(CHUNK_ARTICLES), common);
    let mut n_read = 0;
    let show = |progress| match progress {
        SegmentProgress::Read { n_articles, n_bytes } => {
            n_read = n_bytes;
            meter.tell(Some("read"), n_articles, n_bytes);
        }
        SegmentProgress::Written { n_articles } => meter.tell(Some("written"), n_articles, n_read),
    };
    let started = std::time::Instant::now();
    let result = console::write_rows(&args.output, |write| segment(articles, &options, write, show));
    meter.end();
    let report = result?;
    warn(&report, args, common);
    let seconds = started.elapsed().as_secs_f64();
    console::note(common, &summary(&report, seconds));
    Ok(())
}

fn warn(report: &SegmentReport, args: &SegmentArgs, common: &Common) {
    let warn = |n: u64, message: &dyn Fn() -> String| {
        if n > 0 {
            console::warn(common, &message());
        }
    };
    let n = HumanCount(report.n_articles);
    let notes = &report.notes;
    warn(notes.passed_over.len() as u64, &|| {
        let hint = "in folders only .txt and .html files are read";
        format!(
            "passed over {}: {hint}; name tables themselves, or a manifest with --manifest",
            few(&notes.passed_over)
        )
    });
    warn(notes.not_in_manifest.len() as u64, &|| {
        format!("the manifest says nothing of {}", few(&notes.not_in_manifest))
    });
    warn(notes.not_in_inputs.len() as u64, &|| {
        format!("the manifest names {}, which is not among the articles", few(&notes.not_in_inputs))
    });
    warn(report.n_empty, &|| format!("{} of {n} articles have no sentence, and so no row", HumanCount(report.n_empty)));
    warn(report.n_without_outlet, &|| {
        let hint = "give it in an outlet column, or with --manifest file,outlet,date";
        format!("{} of {n} articles have no outlet; {hint}", HumanCount(report.n_without_outlet))
    });
    warn(report.n_undated, &|| {
        format!(
            "{} of {n} articles have no date; their stories are found by their words alone",
            HumanCount(report.n_undated)
        )
    });
    warn(report.bad_dates.0, &|| {
        let hint = "dates begin as 2026-03-01 does; these count as unknown when stories are found";
        format!(
            "{} of {n} articles have a date such as {:?}; {hint}",
            HumanCount(report.bad_dates.0),
            report.bad_dates.1
        )
    });
    warn(report.n_same_doc_id, &|| {
        let hint = "their rows count as one article";
        format!("{} of {n} articles have the doc_id of an earlier one; {hint}", HumanCount(report.n_same_doc_id))
    });
    let n_foreign = report.foreign.values().sum();
    warn(n_foreign, &|| {
        let list: Vec<String> = report.foreign.iter().map(|(name, n)| format!("{n} {name}")).collect();
        let bundled = if args.language == "en" { "the bundled model, the voices" } else { "the sentences" };
        let hint = format!("{bundled} and the scores of a model for another language are not to be trusted on them");
        format!(
            "{} of {n} articles are not in the language {:?}: {}; {hint}",
            HumanCount(n_foreign),
            args.language,
            list.join(", ")
        )
    });
}

fn summary(report: &SegmentReport, seconds: f64) -> String {
    let voices: Vec<String> = report
        .voices
        .iter()
        .map(|(voice, n)| format!("{} {:.0} %", voice.as_str(), 100.0 * *n as f64 / report.n_sentences as f64))
        .collect();
    let furniture: Vec<String> =
        report.furniture.iter().map(|(reason, n)| format!("{n} {}", reason.as_str())).collect();
    let n_furniture: u64 = report.furniture.values().sum();
    let mut lines = vec![format!(
        "{} articles, {} sentences{}, {} in wire copy; stories told by several articles: {}",
        HumanCount(report.n_articles),
        HumanCount(report.n_sentences),
        if voices.is_empty() { String::new() } else { format!(" ({})", voices.join(", ")) },
        HumanCount(report.n_wire),
        HumanCount(report.n_shared_stories),
    )];
    if n_furniture > 0 {
        lines.push(format!("{} pieces of furniture: {}", HumanCount(n_furniture), furniture.join(", ")));
    }
    let rate = report.n_bytes as f64 / 1e6 / seconds.max(1e-9);
    lines.push(format!("{:.1} MB in {seconds:.2} s, {rate:.1} MB/s", report.n_bytes as f64 / 1e6));
    lines.join("\n")
}
