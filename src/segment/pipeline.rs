//! From articles to rows. They are taken apart in one walk and written in a second, since the rows of the first article depend on the last.

use std::collections::BTreeMap;
use std::thread;

use serde::{Deserialize, Serialize};
use whatlang::Lang;

use super::collection::{ArticleFacts, Collection, Plan, SentenceFacts};
use super::copies::sketch;
use super::furniture::Furniture;
use super::language::{LANGUAGES, by_code, detect};
use super::rows::{Place, RowWriter};
use super::segmenter::{Segmenter, Sentence};
use super::spool::{Kept, Spool};
use super::stories::{StoryFacts, StoryParams};
use super::terms::story_terms;
use super::voice::Voice;
use crate::corpus::{Article, ArticleNotes, Articles, TableFormat};
use crate::error::{Error, ErrorKind, Result};
use crate::parallel::in_order;

/// Up to so many bytes of articles wait in memory for their rows, and more in a temporary file.
const SPOOL_IN_MEMORY: usize = 64 << 20;
/// A line that begins with a longer sentence is prose, however often it recurs.
const LONGEST_RECURRING: usize = 400;
/// Articles are handed to the workers in batches of this size, in bytes.
const BATCH_BYTES: usize = 1 << 17;
/// And from the workers' point of view in so many articles, when rows are written.
const BATCH_ARTICLES: usize = 32;

/// How articles become rows.
#[derive(Debug, Clone)]
pub struct SegmentOptions {
    /// Layout of the rows.
    pub output: TableFormat,
    /// Write furniture too, with the reason in the column `boilerplate`.
    pub keep_boilerplate: bool,
    /// ISO 639-1 code of the articles' language.
    pub language: String,
    /// What makes a story.
    pub stories: StoryParams,
    /// Threads, 1 or more. The rows do not depend on it.
    pub n_threads: usize,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        SegmentOptions {
            output: TableFormat::CSV,
            keep_boilerplate: false,
            language: "en".to_owned(),
            stories: StoryParams::default(),
            n_threads: thread::available_parallelism().map_or(1, usize::from),
        }
    }
}

impl SegmentOptions {
    /// Checks what can be checked.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a language without rules, or a similarity that is none.
    pub fn check(self) -> Result<Self> {
        if by_code(&self.language).is_none() {
            let codes: Vec<&str> = LANGUAGES.iter().map(|(code, _)| *code).collect();
            return Err(Error::parameter(
                "--language",
                format!("{:?}", self.language),
                &format!("one of {}", codes.join(", ")),
            ));
        }
        if !(0.0..=1.0).contains(&self.stories.similarity) {
            return Err(Error::parameter("--story-similarity", self.stories.similarity, "a number from 0 to 1"));
        }
        Ok(self)
    }
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SegmentReport {
    /// Articles read.
    pub n_articles: u64,
    /// Of these, articles without a sentence.
    pub n_empty: u64,
    /// Bytes of articles read.
    pub n_bytes: u64,
    /// Sentences written.
    pub n_sentences: u64,
    /// Sentences by voice.
    pub voices: BTreeMap<Voice, u64>,
    /// Lines, and sentences of recurring lines, that were taken for furniture, by reason.
    pub furniture: BTreeMap<Furniture, u64>,
    /// Stories told by more than one article.
    pub n_shared_stories: u64,
    /// Sentences that other outlets have too.
    pub n_wire: u64,
    /// Articles in other languages than the one asked for, by the language's English name.
    pub foreign: BTreeMap<&'static str, u64>,
    /// Articles that no outlet is known of.
    pub n_without_outlet: u64,
    /// Articles whose date cannot be read, and the first such date; empty dates do not count.
    pub bad_dates: (u64, String),
    /// Articles without a date.
    pub n_undated: u64,
    /// Articles that share their `doc_id` with one before.
    pub n_same_doc_id: u64,
    /// What the inputs were found to be.
    pub notes: ArticleNotes,
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SegmentProgress {
    /// So many articles, with so many bytes, have been taken apart.
    Read {
        /// Articles.
        n_articles: u64,
        /// Bytes.
        n_bytes: u64,
    },
    /// So many articles' rows have been written.
    Written {
        /// Articles.
        n_articles: u64,
    },
}

/// An article between the two walks.
#[derive(Debug, Serialize, Deserialize)]
struct Spooled {
    outlet: String,
    date: String,
    others: Vec<String>,
    sentences: Vec<Sentence>,
}

/// What a worker hands on.
struct Piece {
    spooled: Spooled,
    facts: ArticleFacts,
    lang: Option<Lang>,
    bad_date: Option<String>,
    is_undated: bool,
    n_bytes: u64,
}

/// Takes articles apart and hands the rows to `write` in order, in pieces that end with a row.
///
/// The inputs are read once. What the rows need from all of the articles (stories, copies, recurring lines) is held in memory, a few kilobytes an
/// article; the sentences wait in memory too while they are few, and in a temporary file from then on. The same articles give the same rows at any
/// number of threads.
///
/// # Errors
/// Whatever reading gives; [`ErrorKind::ColumnTaken`], [`ErrorKind::NoArticles`]; and what `write` returns.
pub fn segment(
    mut articles: Articles,
    options: &SegmentOptions,
    mut write: impl FnMut(&[u8]) -> Result<()>,
    mut progress: impl FnMut(SegmentProgress),
) -> Result<SegmentReport> {
    let n_threads = options.n_threads.max(1);
    let writer = RowWriter::new(options.output, options.keep_boilerplate, articles.other_columns())?;
    let language = by_code(&options.language);
    let mut report = SegmentReport { notes: articles.notes().clone(), ..SegmentReport::default() };

    let mut spool = Spool::new(SPOOL_IN_MEMORY);
    let mut collection = Collection::default();
    let take = || {
        let mut segmenter = Segmenter::new(&options.language);
        move |batch: Vec<(Article, u64)>| -> Result<Vec<Piece>> {
            Ok(batch.into_iter().map(|(article, n_bytes)| take_apart(&mut segmenter, article, n_bytes)).collect())
        }
    };
    let read = || {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while bytes < BATCH_BYTES {
            let Some(article) = articles.read()? else { break };
            bytes += article.source.len();
            batch.push((article, articles.n_bytes()));
        }
        Ok((!batch.is_empty()).then_some(batch))
    };
    let mut keep = |piece: Piece| {
        report.n_articles += 1;
        report.n_bytes = piece.n_bytes;
        report.n_without_outlet += u64::from(piece.facts.outlet.is_empty());
        report.n_undated += u64::from(piece.is_undated);
        if let Some(date) = piece.bad_date {
            report.bad_dates.0 += 1;
            if report.bad_dates.0 == 1 {
                report.bad_dates.1 = date;
            }
        }
        if let Some(foreign) = piece.lang.filter(|lang| Some(*lang) != language) {
            *report.foreign.entry(foreign.eng_name()).or_default() += 1;
        }
        collection.push(piece.facts);
        progress(SegmentProgress::Read { n_articles: report.n_articles, n_bytes: report.n_bytes });
        let n_bytes = piece.spooled.sentences.iter().map(|sentence| sentence.text.len() + 100).sum();
        spool.push(piece.spooled, n_bytes)
    };
    in_order(n_threads, read, take, |pieces| pieces.into_iter().try_for_each(&mut keep))?;
    if report.n_articles == 0 {
        return Err(ErrorKind::NoArticles.into());
    }

    let plan = collection.finish(&options.stories);
    count(&plan, &mut report);
    let mut kept = spool.into_pieces()?.enumerate();
    let read = || {
        let batch: Vec<(usize, Result<Kept<Spooled>>)> = kept.by_ref().take(BATCH_ARTICLES).collect();
        Ok((!batch.is_empty()).then_some(batch))
    };
    let format = || {
        let (plan, writer) = (&plan, &writer);
        move |articles: Vec<(usize, Result<Kept<Spooled>>)>| {
            let mut batch = Batch::default();
            for (article, kept) in articles {
                batch.add(plan, writer, article, &kept?.open()?)?;
            }
            Ok(batch)
        }
    };
    write(&writer.header()?)?;
    let mut n_articles = 0;
    in_order(n_threads, read, format, |batch: Batch| {
        n_articles += batch.n_articles;
        for (voice, n) in batch.voices {
            *report.voices.entry(voice).or_default() += n;
            report.n_sentences += n;
        }
        for (reason, n) in batch.furniture {
            *report.furniture.entry(reason).or_default() += n;
        }
        progress(SegmentProgress::Written { n_articles });
        write(&batch.rows)
    })?;
    Ok(report)
}

fn count(plan: &Plan, report: &mut SegmentReport) {
    let mut doc_ids: Vec<&str> = plan.doc_ids.iter().map(String::as_str).collect();
    doc_ids.sort_unstable();
    report.n_same_doc_id = (doc_ids.len() - doc_ids.chunk_by(|a, b| a == b).count()) as u64;
    let mut stories: Vec<&str> = plan.story_ids.iter().map(String::as_str).collect();
    stories.sort_unstable();
    report.n_shared_stories = stories.chunk_by(|a, b| a == b).filter(|story| story.len() > 1).count() as u64;
    report.n_wire = plan.all_fates().iter().filter(|fate| fate.copy_of.is_some()).count() as u64;
    let has_story = |article: &usize| plan.fates(*article).iter().any(super::collection::Fate::is_story);
    report.n_empty = (0..plan.doc_ids.len()).filter(|article| !has_story(article)).count() as u64;
}

fn take_apart(segmenter: &mut Segmenter, mut article: Article, n_bytes: u64) -> Piece {
    let segmented = segmenter.segment(&article.source, article.markup);
    let [_, site, date] = segmented.stated;
    if article.outlet.is_empty() {
        article.outlet = site;
    }
    if article.date.is_empty() {
        article.date = date;
    }
    let sentences = segmented.sentences;
    let mut words = segmented.words.iter();
    let mut lines: Vec<(u32, u64)> = Vec::new();
    let mut facts = Vec::with_capacity(sentences.len());
    for sentence in &sentences {
        let line = sentence.line as u32;
        let is_furniture = sentence.furniture.is_some();
        let sketch = if is_furniture { None } else { words.next().and_then(|words| sketch(words)) };
        facts.push(SentenceFacts { line, is_furniture, sketch });
        if !is_furniture
            && sentence.text.len() <= LONGEST_RECURRING
            && lines.last().is_none_or(|(last, _)| *last != line)
        {
            lines.push((line, segmented.line_keys[sentence.line].shape));
        }
    }
    let story = sentences.iter().filter(|sentence| sentence.furniture.is_none()).map(|sentence| &*sentence.text);
    let lang = detect(story.zip(segmented.words.iter().map(Vec::as_slice)));
    let day = day(&article.date);
    let facts = ArticleFacts {
        doc_id: article.doc_id,
        outlet: article.outlet.clone(),
        story_id: article.story_id,
        story: StoryFacts { terms: story_terms(segmented.words.iter().flatten()), day },
        sentences: facts,
        lines,
    };
    let is_undated = article.date.is_empty();
    let bad_date = (day.is_none() && !is_undated).then(|| article.date.clone());
    let spooled = Spooled { outlet: article.outlet, date: article.date, others: article.others, sentences };
    Piece { spooled, facts, lang, bad_date, is_undated, n_bytes }
}

/// The day of a date that begins as ISO 8601 has it, counted from 1970-01-01.
fn day(date: &str) -> Option<i32> {
    let date: jiff::civil::Date = date.trim().get(..10)?.parse().ok()?;
    let span = date.since(jiff::civil::Date::constant(1970, 1, 1)).ok()?;
    Some(span.get_days())
}

/// Rows of some articles, and what they are.
#[derive(Debug, Default)]
struct Batch {
    rows: Vec<u8>,
    n_articles: u64,
    voices: BTreeMap<Voice, u64>,
    furniture: BTreeMap<Furniture, u64>,
}

impl Batch {
    fn add(&mut self, plan: &Plan, writer: &RowWriter, article: usize, spooled: &Spooled) -> Result<()> {
        let (mut paragraph, mut last_line) = (0, None);
        let fates = plan.fates(article);
        let wire_ids: Vec<String> = fates.iter().map(|fate| plan.wire_id(fate)).collect();
        let mut rows = Vec::with_capacity(fates.len());
        for ((sentence, fate), wire_id) in spooled.sentences.iter().zip(fates).zip(&wire_ids) {
            let reason = sentence.furniture.or(fate.recurs.then_some(Furniture::Recurring));
            let number = match reason {
                None => {
                    paragraph += u32::from(last_line.replace(sentence.line) != Some(sentence.line));
                    *self.voices.entry(sentence.voice).or_default() += 1;
                    Some((paragraph, fate.number))
                }
                Some(reason) => {
                    *self.furniture.entry(reason).or_default() += 1;
                    if !writer.keeps_boilerplate() {
                        continue;
                    }
                    None
                }
            };
            let place = Place {
                id: plan.row_id(article, fate),
                outlet: &spooled.outlet,
                doc_id: &plan.doc_ids[article],
                date: &spooled.date,
                number,
                story_id: &plan.story_ids[article],
                wire_id,
                boilerplate: reason.map_or("", Furniture::as_str),
                others: &spooled.others,
            };
            rows.push((place, sentence));
        }
        self.n_articles += 1;
        writer.rows(rows.into_iter(), &mut self.rows)
    }
}
