//! `framescope distill`: a teacher, rows that nobody coded and coded ones in; a student and how good it is out.

use std::path::Path;

use ndarray::{Array2, Axis};
use serde::Serialize;

use super::args::{Common, DistillArgs, Format, expecting};
use super::console;
use super::inputs::{not_an_input, stdin_once};
use super::models;
use super::progress::Bars;
use super::train::{warn_constant, warn_left_out};
use crate::corpus::{Corpus, CorpusOptions, LeftOut};
use crate::error::{Error, Result};
use crate::evaluation::{Contestant, DistillationReport};
use crate::model::{Distillation, EncoderSummary, Metadata, Model, Scorer, Unused};
use crate::output::AtomicFile;
use crate::report::{distillation_csv, distillation_table, to_json};
use crate::training::{Distilled, Gold, Progress as _, Teacher, Unlabelled, distill, test_standings};

/// Rows that the teacher scores between two steps of progress.
const CHUNK: usize = 8192;

/// All there is to tell, for programs.
#[derive(Serialize)]
struct Told<'a> {
    model: &'a Metadata,
    report: &'a DistillationReport,
}

pub(super) fn run(args: &DistillArgs, common: &Common) -> anyhow::Result<()> {
    let bootstrap = args.intervals.bootstrap(common.seed)?;
    let params = args.params(common.seed, bootstrap)?;
    let inputs =
        || args.unlabelled.iter().chain(&args.gold).chain(&args.test).map(String::as_str).chain(args.teacher.to_str());
    stdin_once(inputs())?;
    if args.output == Path::new("-") {
        return Err(Error::parameter("--output", "-", "a file for the student: stdout gets its scores").into());
    }
    not_an_input(&args.output, inputs(), "the inputs, which the student")?;
    // A place that cannot be written is found before the work, not after it.
    let mut file = AtomicFile::create(&args.output)?;
    let (scorer, path) = models::scorer(Some(&args.teacher), &args.encoder)?;
    let model = scorer.model().clone();
    let encoder = model.metadata().encoder.as_ref().map(described);
    // Its own name alone: where it lies is nobody's business.
    let name = Path::new(&path).file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let teacher = Teacher::new(&model, &name, encoder.as_deref());
    let options = expecting(None, Some(model.frames()), args.input.read_options()?)?;
    let options = CorpusOptions { frames_owner: Some("the teacher".to_owned()), ..options };
    let coded = |files: &[String]| -> Result<Option<Corpus>> {
        let corpus = (!files.is_empty()).then(|| Corpus::read(files, &options)).transpose()?;
        warn_left_out(common, corpus.as_ref().map(|corpus| corpus.left_out).unwrap_or_default());
        Ok(corpus)
    };
    let (gold, test) = (coded(&args.gold)?, coded(&args.test)?);
    let rows = CorpusOptions { uncoded: true, ignore_codes: true, ..options.clone() };
    let rows = Corpus::read(&args.unlabelled, &rows)?;
    warn_left_out(common, LeftOut { not_coded: 0, ..rows.left_out });
    let rows = Unlabelled::new(&rows, gold.as_ref(), test.as_ref());
    tell_unused(common, rows.unused);
    let judging = match &gold {
        Some(gold) => teacher.judges(gold, &params)?,
        None => Vec::new(),
    };
    if let Some(gold) = &gold {
        tell_judging(common, gold.n_rows(), judging.len());
    }
    let n_known = teacher.n_seen(&rows.corpus);
    if n_known > 0 {
        let message = format!(
            "{n_known} unlabelled rows trained the teacher: it is surer of these than of others, and so will be its student"
        );
        console::warn(common, &message);
    }

    let opinions = score(&scorer, &rows.corpus.texts, common)?;
    let on_gold = match &gold {
        Some(gold) if !judging.is_empty() => Some(scorer.predictions(&gold.select(&judging).texts)?),
        _ => None,
    };
    let gold = gold.as_ref().map(|corpus| Gold { corpus, teacher: on_gold.as_ref() });
    let distilled = distill(&teacher, &rows, opinions.view(), gold, &params, &Bars::new(common))?;
    let Distilled { model: student, ngrams, left_out, mut report } = distilled;
    warn_constant(common, &left_out);
    if let Some(test) = &test {
        let judged = |model: &Model| Scorer::new(model.clone())?.predictions(&test.texts);
        let mut models = vec![
            (Contestant::Teacher, model.frames(), scorer.predictions(&test.texts)?),
            (Contestant::Student, student.frames(), judged(&student)?),
        ];
        if let Some(ngrams) = &ngrams {
            models.push((Contestant::Ngrams, ngrams.frames(), judged(ngrams)?));
        }
        let standings = test_standings(test, &student, &models, bootstrap)?;
        if standings.n_seen > 0 {
            let message = format!(
                "{} of the {} test rows trained the teacher or stand in --gold: the scores on them flatter; name rows that none has seen",
                standings.n_seen, standings.n_rows
            );
            console::warn(common, &message);
        }
        report.test = Some(standings);
    }
    let bytes = student.to_bytes()?;
    file.write_all(&bytes)?;
    file.commit()?;
    print(common, &student, &report)?;
    console::note(common, &format!("wrote {} ({:.1} MB)", args.output.display(), bytes.len() as f64 / 1e6));
    Ok(())
}

fn print(common: &Common, student: &Model, report: &DistillationReport) -> Result<()> {
    let metadata = student.metadata();
    let distillation: Option<&Distillation> = metadata.training.distillation.as_ref();
    let format = common.format.unwrap_or(Format::Table);
    let text = match format {
        Format::Table => distillation.map(|distillation| distillation_table(report, distillation)).unwrap_or_default(),
        Format::Json => to_json(&Told { model: metadata, report })?,
        Format::Csv => distillation_csv(report)?,
    };
    console::print(format, &text)
}

/// The teacher's probabilities of all rows, of shape (n_rows, n_frames), told of as they are made.
fn score(scorer: &Scorer, texts: &[String], common: &Common) -> Result<Array2<f64>> {
    let bars = Bars::new(common);
    bars.begin("the teacher scores", &[format!("{} rows", texts.len())], texts.len().div_ceil(CHUNK));
    let mut proba = Array2::zeros((texts.len(), scorer.frames().len()));
    for (texts, mut rows) in texts.chunks(CHUNK).zip(proba.axis_chunks_iter_mut(Axis(0), CHUNK)) {
        rows.assign(&scorer.predictions(texts)?.proba);
        bars.step(0);
    }
    bars.end();
    Ok(proba)
}

/// A sentence encoder in words, for the student's card.
fn described(EncoderSummary { identity, fine_tuned, .. }: &EncoderSummary) -> String {
    let revision = identity.revision.as_ref().map(|revision| format!(", revision {revision}")).unwrap_or_default();
    let tuned = if fine_tuned.is_some() { ", fine-tuned on its rows" } else { "" };
    format!("{}{revision}{tuned}, sha256 {}", identity.name, identity.sha256)
}

/// Tells which coded rows judge, and warns where none does: what the teacher remembers of the others would flatter its student.
fn tell_judging(common: &Common, n_rows: usize, n_judging: usize) {
    let n_seen = n_rows - n_judging;
    if n_judging == 0 {
        let message = format!(
            "all {n_rows} coded rows trained the teacher, or stand in groups of such rows: they teach the student and cannot judge it, \
             whose settings and probabilities follow the teacher instead; name others too in --gold, such as a part of the stories that the teacher was not trained on"
        );
        console::warn(common, &message);
    } else if n_seen > 0 {
        let message = format!(
            "{n_seen} of {n_rows} coded rows trained the teacher, or stand in groups of such rows: they teach, and the other {n_judging} \
             judge"
        );
        console::note(common, &message);
    }
}

/// Tells which unlabelled rows take no part.
fn tell_unused(common: &Common, unused: Unused) {
    let Unused { empty_text: _, in_gold, in_test, copies } = unused;
    for (n, why) in [
        (in_gold, "their text is among the coded rows"),
        (in_test, "their text is among the test rows"),
        (copies, "their text stands in an earlier row"),
    ] {
        if n > 0 {
            console::note(common, &format!("{n} unlabelled rows left out: {why}"));
        }
    }
}
